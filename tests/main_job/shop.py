"""A small shop whose parcels come late: four months of data that a test can break."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
ROWS_A_MONTH = 1500
CITIES = ("Lima", "Oslo", "Pune")

PROJECT = """
project: shop
question: Will this parcel come late?
task: binary
data:
  source: parcels.csv
  id: [parcel]
  time: {column: sent}
  spans: {by: column, column: month}
  split: {by: time, eval: 0.15, test: 0.25}
  label:
    expression: days > 3
    classes: [on_time, late]
    available_after_minutes: days * 600
schedule: {first: [1, 2], then: [3], replay: 4}
moments: [sent, arrived]
predict_at: sent
features:
  - {column: weight, kind: numeric, known: sent}
  - {column: hour, kind: numeric, known: sent}
  - {column: city, kind: categorical, known: sent}
slices:
  - {name: city, column: city}
validation: {min_examples: 100}
train: {hidden: [16], epochs: 6, batch_size: 64, learning_rate: 0.01, seed: 3}
evaluate: {slice_min_examples: 100, margin_over_trivial: 0.01, max_drop: 0.05,
           slice_max_drop: 0.2}
infra: {golden_rows: 20, p99_ms: 1000}
"""

ROLLOUT = """
alpha: 0.01
window_minutes: 720
deadline_minutes: 100000
latency_objective_ms: 150
max_requests: 1500
steps:
  - {weight: 20, min_requests: 60, mirror: 60}
  - {weight: 50, min_requests: 150, evidence: non_inferior, mirror: 100}
  - {weight: 100}
metrics:
  - {name: error, objective: 0.05, gating: true}
  - {name: slow, objective: 0.2, by_slice: false}
  - {name: "null", objective: 0.05}
  - {name: wrong, share: 4, margin: 0.1, gating: true}
"""


@dataclass(frozen=True)
class Shop:
    """A project folder and a build folder of its own."""

    home: Path

    @property
    def config(self) -> Path:
        """The project's folder."""
        return self.home / "configs" / "shop"

    @property
    def data(self) -> Path:
        """The CSV file."""
        return self.config / "parcels.csv"

    def command(self, *words: str) -> list[str]:
        """Return the command line for `canario WORDS` on this shop."""
        places = ["--configs", str(self.home / "configs")]
        places += ["--build", str(self.home / "build")]
        return [sys.executable, "-m", "pipelines.cli", *words, *places]

    def run(self, *options: str) -> tuple[int, dict[str, Any], str]:
        """Run the schedule; return (exit code, summary or {}, what stderr said)."""
        command = self.command("run", "shop", "--json", *options)
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
        )
        summary = json.loads(done.stdout) if done.stdout.strip() else {}
        return done.returncode, summary, done.stderr

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text in a config file; the text must be there once."""
        path = self.config / file
        text = path.read_text()
        assert text.count(old) == 1, f"{file}: {text.count(old)} times {old!r}"
        path.write_text(text.replace(old, new))


def open_shop(home: Path, seed: int = 5) -> Shop:
    """Make the project and its data below `home`."""
    shop = Shop(home)
    shop.config.mkdir(parents=True)
    (shop.config / "project.yaml").write_text(PROJECT)
    (shop.config / "rollout.yaml").write_text(ROLLOUT)
    with shop.data.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["parcel", "sent", "month", "hour", "weight", "city", "days"])
        writer.writerows(_rows(np.random.default_rng(seed)))
    return shop


def _rows(random: np.random.Generator) -> list[list[object]]:
    """Late when heavy in one city, when light in another: no straight line fits."""
    rows: list[list[object]] = []
    for month in (1, 2, 3, 4):
        minutes = np.sort(random.integers(0, 28 * 1440, ROWS_A_MONTH))
        for minute in minutes:
            city = CITIES[random.integers(len(CITIES))]
            weight = float(random.normal())
            pull = {"Lima": 2.5, "Oslo": -2.5, "Pune": 0.0}[city] * weight
            late = random.random() < 1 / (1 + np.exp(-(pull - 1.0)))
            day, rest = divmod(int(minute), 1440)
            hour, left = divmod(rest, 60)
            sent = f"2025-{month:02}-{day + 1:02}T{hour:02}:{left:02}:00"
            parcel = f"p{len(rows):05}"
            days = round(4 + random.random() if late else 1 + random.random(), 2)
            rows.append([parcel, sent, month, hour, round(weight, 4), city, days])
    return rows
