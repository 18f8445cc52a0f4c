"""A small span of requests for the tiny model of tests/tiny_model.py."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from contracts.config import RolloutConfig, SliceConfig
from contracts.digests import of_bytes

START = datetime(2013, 8, 1)
CARRIERS = ["UA", "AA", "B6", "DL", "ZZ"]
SLICES = [SliceConfig(name="carrier", column="carrier", top=3)]
METRICS = ["error", "slow", "null", "wrong", "prediction", "unlabelled", "disagree"]


def plan(**changes: Any) -> RolloutConfig:
    """Hours as windows, an objective that no answer misses, every metric."""
    values: dict[str, Any] = {
        "window_minutes": 60,
        "deadline_minutes": 10_000,
        "latency_objective_ms": 60_000,
        "concurrency": 4,
        "steps": [{"weight": 25}, {"weight": 100}],
        "metrics": [{"name": name} for name in METRICS],
    }
    return RolloutConfig.model_validate({**values, **changes})


def requests(count: int, every_minutes: float = 5) -> list[dict[str, Any]]:
    """Rows with an id, a time, and a label that is known 90 minutes later."""
    return [
        row(
            made=every_minutes * i,
            label=None if i % 10 == 9 else i % 2,
            known=every_minutes * i + 90,
            minute=float(i * 37 % 1440),
            carrier=CARRIERS[i * i % 5],
            name=str(i),
        )
        for i in range(count)
    ]


def row(
    made: float | None,
    label: int | None,
    known: float | None,
    minute: float = 0.0,
    carrier: str | None = "UA",
    name: str = "",
) -> dict[str, Any]:
    """One request; times in minutes since the first of August."""
    has_label = label is not None and known is not None
    return {
        "example_id": of_bytes((name or str(made)).encode())[:16],
        "span": 8,
        "version": 1,
        "event_time": None if made is None else START + timedelta(minutes=made),
        "label": label,
        "label_time": START + timedelta(minutes=known or 0) if has_label else None,
        "minute": minute,
        "carrier": carrier,
    }


def write(folder: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Write an examples artifact whose replay split holds `rows`."""
    time = pa.timestamp("us")
    schema = pa.schema(
        [
            ("example_id", pa.string()),
            ("span", pa.int32()),
            ("version", pa.int32()),
            ("event_time", time),
            ("label", pa.int32()),
            ("label_time", time),
            ("minute", pa.float64()),
            ("carrier", pa.string()),
        ]
    )
    (folder / "split-replay").mkdir(parents=True)
    table = pa.Table.from_pylist(list(rows), schema=schema)
    pq.write_table(table, folder / "split-replay" / "span-8-v1.parquet")
    manifest = {
        "project": "tiny",
        "source": "made up",
        "source_digest": "",
        "spans": [],
        "splits": {"replay": len(rows)},
        "columns": {},
        "classes": ["on_time", "late"],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
