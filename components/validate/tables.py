"""Examples as datasets: one per span and one per split, every file read once.

Both cuts are needed. Spans are what arrives together: drift and new anomalies are
questions about spans. Splits are what the model sees: the transform takes its
constants from `split-train`, and skew lies between train and test.

Left out are the reserved columns (except the label) and whatever is neither number
nor text. Timestamps go too: time only moves forward, so that every span would have
drifted; what repeats in it (hour, weekday) belongs into a derived column.
"""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from contracts.artifacts import LABEL, RESERVED, Split
from contracts.errors import DataError

__all__ = [
    "SPLITS",
    "newest_span",
    "read_datasets",
    "span_names",
    "span_number",
    "split_name",
]

SPLITS = (Split.TRAIN, Split.EVAL, Split.TEST)
_FILE = re.compile(r"span-(\d+)-v\d+\.parquet")
_HIDDEN = frozenset(RESERVED) - {LABEL}


def split_name(split: Split) -> str:
    """Return the name of a split's dataset: `split-train`."""
    return f"split-{split}"


def span_names(names: list[str]) -> list[str]:
    """Return the span datasets among `names`, oldest first."""
    return sorted((n for n in names if n.startswith("span-")), key=span_number)


def span_number(name: str) -> int:
    """Return 7 for the dataset `span-7`."""
    return int(name.removeprefix("span-"))


def newest_span(names: list[str]) -> str:
    """Return the span dataset with the highest number; "" when there is none."""
    return (span_names(names) or [""])[-1]


def read_datasets(examples: Path) -> dict[str, pa.Table]:
    """Read an examples folder into `span-<n>` and `split-<split>` tables.

    Columns are int64 (booleans too: 0 and 1), float64 or string. A span keeps the
    types that its own files have, so that a column that turned from float into int
    is seen; a split takes the widest. A split without files is an empty table.
    Raises DataError when there are no examples at all.
    """
    cells = _read_cells(examples)
    if not cells:
        raise DataError(
            f"{examples}: expected split-train/span-<n>-v<version>.parquet and its "
            "like, found no examples. Run ingest again."
        )
    everything = [table for _, _, table in cells]
    datasets = {
        f"span-{number}": _concatenate([t for _, span, t in cells if span == number])
        for number in sorted({span for _, span, _ in cells})
    }
    for split in SPLITS:
        mine = [table for name, _, table in cells if name is split]
        rows = mine or [everything[0].slice(0, 0)]
        datasets[split_name(split)] = _concatenate(rows)
    return datasets


def _read_cells(examples: Path) -> list[tuple[Split, int, pa.Table]]:
    cells = []
    for split in SPLITS:
        for file in sorted((examples / split_name(split)).glob("span-*.parquet")):
            if match := _FILE.fullmatch(file.name):
                cells.append((split, int(match.group(1)), _read(file)))
    return cells


def _read(file: Path) -> pa.Table:
    with pq.ParquetFile(file) as parquet:
        table = parquet.read()
    fields = [field for field in table.schema if field.name not in _HIDDEN]
    types = {f.name: t for f in fields if (t := _canonical(f.type)) is not None}
    return table.select(list(types)).cast(pa.schema(list(types.items())))


def _canonical(kind: pa.DataType) -> pa.DataType | None:
    """Map a column type to what is counted; None leaves the column out."""
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return pa.int64()
    if pa.types.is_floating(kind):
        return pa.float64()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pa.string()
    return None


def _concatenate(tables: list[pa.Table]) -> pa.Table:
    """Stack tables; a column that is absent from one of them is null there."""
    types: dict[str, pa.DataType] = {}
    for table in tables:
        for field in table.schema:
            types[field.name] = _wider(types.get(field.name, field.type), field.type)
    return pa.concat_tables([_aligned(table, types) for table in tables])


def _wider(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if one == other:
        return one
    numbers = {one, other} == {pa.int64(), pa.float64()}
    return pa.float64() if numbers else pa.string()


def _aligned(table: pa.Table, types: dict[str, pa.DataType]) -> pa.Table:
    columns = {
        name: table[name].cast(kind)
        if name in table.column_names
        else pa.nulls(len(table), kind)
        for name, kind in types.items()
    }
    return pa.table(columns)
