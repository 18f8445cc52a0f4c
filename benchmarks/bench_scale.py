"""Ten times the rows: at most twice the time of a cold run.

    python benchmarks/bench_scale.py [--rounds 3]

Runs configs/taxi cold on its 15,002 rows, and on the same rows ten times over (copies
differ in one column, so that every row is an example of its own). The large one trains
1,000 steps instead of 200: logistic regression sees all rows and must still be beaten.

Result: see README.md, "Measured".
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPIES = 10


def main() -> int:
    """Time both sizes in turn; print medians and the ratio as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small", Path(folder) / "large"
        for place, copies in ((small, 1), (large, COPIES)):
            shutil.copytree(ROOT / "configs/taxi", place / "taxi")
            _repeat(place / "taxi" / "data" / "chicago_taxi.csv", copies)
        _train_longer(large / "taxi" / "project.yaml")
        pairs = [(_cold(small), _cold(large)) for _ in range(args.rounds)]
    few, many = zip(*pairs, strict=True)
    result = {
        "seconds_15k": round(statistics.median(few), 2),
        "seconds_150k": round(statistics.median(many), 2),
        "ratio": round(statistics.median(b / a for a, b in pairs), 2),
    }
    print(json.dumps(result, indent=1))
    return 0


def _repeat(path: Path, copies: int) -> None:
    """Write the rows `copies` times; trip_seconds tells the copies apart."""
    with path.open(newline="") as stream:
        header, *rows = list(csv.reader(stream))
    column = header.index("trip_seconds")
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        for copy in range(copies):
            for row in rows:
                seconds = row[column] and str(int(float(row[column])) + copy)
                writer.writerow([*row[:column], seconds, *row[column + 1 :]])


def _train_longer(path: Path) -> None:
    text = path.read_text()
    assert text.count("steps: 200") == 1
    path.write_text(text.replace("steps: 200", "steps: 1000"))


def _cold(configs: Path) -> float:
    with tempfile.TemporaryDirectory() as build:
        command = [sys.executable, "-m", "pipelines.cli", "run", "taxi"]
        command += ["--configs", str(configs), "--build", build]
        started = time.monotonic()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - started


if __name__ == "__main__":
    sys.exit(main())
