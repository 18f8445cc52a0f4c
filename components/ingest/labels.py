"""Labels: the class of each row, and when it becomes known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.ingest.derive import add_minutes, compute
from components.ingest.rows import BadRow
from contracts.config import DataConfig
from contracts.errors import ConfigError, DataError

_INT64 = 2.0**63

__all__ = ["label_classes", "label_times"]


def label_classes(
    table: pa.Table, config: DataConfig
) -> tuple[pa.ChunkedArray, dict[int, BadRow]]:
    """Return the class index of each row (int32, null when unknown) and bad rows.

    A row is bad when its label is none of the classes. Numbers match by value ("1"
    is 1.0), true and false in any case, texts exactly.
    Raises ConfigError when an expression is not true or false, and DataError when
    the classes are not numbers though the column is.
    """
    label = config.label
    if label.expression is not None:
        values = compute(table, "data.label.expression", label.expression)
        if not pa.types.is_boolean(values.type):
            raise ConfigError(
                f"data.label.expression '{label.expression}': expected true or false, "
                f"found {values.type} values"
            )
        return values.cast(pa.int32()), {}
    column = table[str(label.column)]
    known = pa.array(_known(str(label.column), column, label.classes), column.type)
    index = pc.index_in(column, value_set=known)
    unknown = pc.and_(pc.is_null(index), pc.is_valid(column)).to_numpy()
    named = ", ".join(label.classes[:10])
    bad = {
        row: BadRow("label", f"label {column[row].as_py()!r} is not one of {named}")
        for row in np.flatnonzero(unknown).tolist()
    }
    return index.cast(pa.int32()), bad


def label_times(
    table: pa.Table,
    times: pa.ChunkedArray,
    labels: pa.ChunkedArray,
    config: DataConfig,
) -> pa.ChunkedArray:
    """Return when each label becomes known: event time plus the config's minutes.

    Null without a label or an event time. Raises ConfigError, DataError.
    """
    if config.label.available_after_minutes is not None:
        key = "data.label.available_after_minutes"
        text = config.label.available_after_minutes
        times = add_minutes(times, table, key, text)
    return pc.if_else(pc.is_valid(labels), times, None)


def _known(name: str, column: pa.ChunkedArray, classes: list[str]) -> list[Any]:
    """Return the classes as values of the column's type, in their order."""
    if pa.types.is_string(column.type):
        return list(classes)
    if pa.types.is_timestamp(column.type):
        raise DataError(f"data.label.column {name}: holds times, expected classes")
    parse = _truth if pa.types.is_boolean(column.type) else _number
    known = [parse(text) for text in classes]
    whole = pa.types.is_integer(column.type)
    for text, value in zip(classes, known, strict=True):
        if value is None or (whole and not _is_int64(value)):
            raise DataError(
                f"data.label.column {name}: holds {column.type} values, so class "
                f"'{text}' never occurs; name the classes as the file does"
            )
    return [int(value) for value in known if value is not None] if whole else known


def _is_int64(number: float) -> bool:
    return float(number).is_integer() and abs(number) < _INT64


def _truth(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
