"""One cold taxi run against TFX's chain: the same rows, the same training steps.

    python benchmarks/bench_tfx.py [--rounds 3] [--python PATH]

Both start from chicago_taxi.csv (15,002 rows) with nothing cached and end with a pushed
model: ingest, statistics, schema, validation, transform, 200 training and 50 evaluation
steps of batch 40, evaluation by slice, push. canario also fits the trivial models,
checks that the network can overfit, and replays golden rows through the real predictor.
TFX 1.16.0 needs Python 3.10 and an environment of its own, made on first use.

Result: see README.md, "Measured".
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).resolve().parents[1]
TFX_VENV = ROOT / ".venv-tfx"
TFX = [
    "tfx==1.16.0",
    "dill==0.3.9",
    "tf-keras==2.16.0",
    "setuptools<81",
    "pip",
    "wheel",
]


class Cost(NamedTuple):
    """Wall seconds and peak memory in MiB of a process tree.

    `largest_mib` is the resident memory of the largest process, `tree_mib` the sum over
    all processes with shared pages counted once (PSS).
    """

    seconds: float
    largest_mib: float
    tree_mib: float


def main() -> int:
    """Run both in turn; print a table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--python", default=shutil.which("python3.10"))
    args = parser.parse_args()
    if args.python is None:
        print("bench_tfx: skipped, TFX 1.16.0 needs python3.10 and there is none")
        return 0
    _install(args.python)
    pairs = [(_canario(), _tfx()) for _ in range(args.rounds)]
    ours, theirs = zip(*pairs, strict=True)
    result = {
        "canario": _medians(ours),
        "tfx": _medians(theirs),
        "ratio": statistics.median(t.seconds / c.seconds for c, t in pairs),
    }
    print(json.dumps(result, indent=1))
    return 0


def _install(python: str) -> None:
    if (TFX_VENV / "bin" / "tfx").exists():
        return
    uv = str(ROOT / ".venv-setup" / "bin" / "uv")
    subprocess.run([uv, "venv", "-q", "-p", python, str(TFX_VENV)], check=True)
    install = [uv, "pip", "install", "-q", "--compile-bytecode", "-p", str(TFX_VENV)]
    subprocess.run([*install, *TFX], check=True)


def _canario() -> Cost:
    with tempfile.TemporaryDirectory() as build:
        command = [
            sys.executable,
            "-m",
            "pipelines.cli",
            "run",
            "taxi",
            "--build",
            build,
        ]
        return _measure(command, dict(os.environ))


def _tfx() -> Cost:
    with tempfile.TemporaryDirectory() as work:
        data = Path(work) / "data"
        data.mkdir()
        shutil.copy(ROOT / "configs/taxi/data/chicago_taxi.csv", data)
        script = ROOT / "benchmarks/tfx_chain/run_chain.py"
        command = [str(TFX_VENV / "bin" / "python"), str(script), str(data), work]
        path = f"{TFX_VENV / 'bin'}:{os.environ['PATH']}"
        return _measure(command, {**os.environ, "PATH": path})


def _measure(command: list[str], env: dict[str, str]) -> Cost:
    """Run a command to its end. Raises CalledProcessError when it fails."""
    started = time.monotonic()
    peaks = [0.0, 0.0]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        watcher = threading.Thread(target=_watch, args=(process.pid, peaks))
        watcher.start()
        code = process.wait()
        watcher.join()
        log.seek(0)
        if code != 0:
            sys.stderr.buffer.write(log.read()[-2000:])
            raise subprocess.CalledProcessError(code, command)
    return Cost(time.monotonic() - started, *peaks)


def _watch(pid: int, peaks: list[float]) -> None:
    """Poll the tree's memory until the process is gone."""
    while True:
        try:
            root = psutil.Process(pid)
            sizes = []
            for process in (root, *root.children(recursive=True)):
                try:
                    memory = process.memory_full_info()
                    sizes.append((memory.rss / 2**20, memory.pss / 2**20))
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            if root.status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.NoSuchProcess:
            return
        peaks[0] = max(peaks[0], *(rss for rss, _ in sizes))
        peaks[1] = max(peaks[1], sum(pss for _, pss in sizes))
        time.sleep(0.25)


def _medians(costs: tuple[Cost, ...]) -> dict[str, float]:
    columns = zip(*costs, strict=True)
    return {
        name: round(statistics.median(values), 2)
        for name, values in zip(Cost._fields, columns, strict=True)
    }


if __name__ == "__main__":
    sys.exit(main())
