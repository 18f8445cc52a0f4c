"""A tiny shop as ingest and validate would leave it: examples and statistics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contracts.artifacts import (
    LABEL,
    MANIFEST,
    STATISTICS,
    Manifest,
    Split,
    span_file,
    write_json,
)
from contracts.storage import write_text

CLASSES = ["small", "big"]
FEATURES: list[dict[str, Any]] = [
    {"column": "amount", "kind": "numeric", "known": "order"},
    {"column": "year", "kind": "numeric", "known": "order"},
    {"column": "colour", "kind": "categorical", "known": "order"},
    {"column": "day", "kind": "categorical", "known": "order"},
    {"column": "gift", "kind": "categorical", "known": "order"},
]
SIZES = {Split.TRAIN: 600, Split.EVAL: 150, Split.TEST: 150}


def rows(count: int, seed: int) -> pa.Table:
    """Orders whose label follows amount and colour, with noise and some gaps."""
    draw = np.random.default_rng(seed)
    amount = np.round(draw.gamma(2.0, 20.0, count), 2)
    colour = draw.choice(["Verde", "Rojo", "Amarillo"], count, p=[0.5, 0.3, 0.2])
    score = amount / 40 + (colour == "Rojo") + draw.normal(0, 0.3, count)
    gaps = draw.random((4, count)) < 0.1
    return pa.table(
        {
            "amount": pa.array(amount, mask=gaps[0]),
            "year": pa.array(np.full(count, 2013)),
            "colour": pa.array(colour.astype(object), mask=gaps[1]),
            "day": pa.array(draw.integers(0, 7, count), mask=gaps[2]),
            "gift": pa.array(draw.random(count) < 0.5),
            LABEL: pa.array((score > 1.3).astype(np.int32), mask=gaps[3]),
        }
    )


def statistics_of(table: pa.Table) -> dict[str, Any]:
    """Count what validate counts, as far as transform reads it."""
    return {
        "examples": table.num_rows,
        "features": {name: _feature(table[name]) for name in table.column_names},
    }


def write(folder: Path, tables: dict[Split, pa.Table] | None = None) -> Path:
    """Write `folder`/examples and `folder`/statistics."""
    made = tables or {
        split: rows(size, seed=i) for i, (split, size) in enumerate(SIZES.items())
    }
    for split, table in made.items():
        path = span_file(folder / "examples", split, 1, 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)
    schema = made[Split.TRAIN].schema
    manifest = Manifest(
        project="shop",
        source="shop.csv",
        source_digest="0",
        spans=[],
        splits={split: table.num_rows for split, table in made.items()},
        columns={field.name: str(field.type) for field in schema},
        classes=CLASSES,
    )
    write_text(folder / "examples" / MANIFEST, manifest.model_dump_json())
    counted = {"datasets": {"split-train": statistics_of(made[Split.TRAIN])}}
    write_json(folder / "statistics" / STATISTICS, counted)
    return folder


def _feature(column: pa.ChunkedArray) -> dict[str, Any]:
    described: dict[str, Any] = {
        "count": len(column) - column.null_count,
        "missing": column.null_count,
    }
    if pa.types.is_boolean(column.type):
        column = pc.cast(column, pa.int64())  # as validate does
    if not pa.types.is_floating(column.type):
        counts = pc.value_counts(pc.cast(column, pa.string()).drop_null()).to_pylist()
        pairs = [[item["values"], item["counts"]] for item in counts]
        described["top"] = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
    if pa.types.is_string(column.type):
        return described
    mean, std = pc.mean(column).as_py(), pc.stddev(column).as_py()
    return described | {"mean": mean, "std": std}
