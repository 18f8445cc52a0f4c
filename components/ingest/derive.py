"""Columns and times that the config computes from others."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from components.ingest.columns import finite
from contracts import expressions
from contracts.config import DataConfig
from contracts.errors import ConfigError, DataError

__all__ = ["add_derived", "add_minutes", "calculated_columns", "compute"]

_MICROSECONDS = 60e6  # in a minute


def calculated_columns(config: DataConfig) -> dict[str, set[str]]:
    """Return the raw columns that each expression of the config reads."""
    after_minutes = config.label.available_after_minutes
    texts = {
        "data.label.expression": config.label.expression,
        "data.label.available_after_minutes": after_minutes,
        "data.time.plus_minutes": config.time and config.time.plus_minutes,
        **{f"data.derived.{name}": text for name, text in config.derived.items()},
    }
    own = set(config.derived)
    return {
        key: set(expressions.columns_of(text)) - own
        for key, text in texts.items()
        if text
    }


def add_derived(table: pa.Table, derived: dict[str, str]) -> pa.Table:
    """Add the derived columns; each may read those before it.

    A result that is no number (0 / 0, 1 / 0) is null. Raises ConfigError for a name
    that exists already and for an expression that does not fit the columns.
    """
    for name, text in derived.items():
        key = f"data.derived.{name}"
        if name in table.column_names:
            raise ConfigError(f"{key}: a column of that name exists already")
        column, _ = finite(compute(table, key, text))
        table = table.append_column(name, column)
    return table


def compute(table: pa.Table, key: str, text: str) -> pa.ChunkedArray:
    """Evaluate the expression at config key `key` over `table`, one value a row.

    Results are int64, float64, bool, string or timestamp[us]. Raises ConfigError.
    """
    try:
        values = expressions.evaluate(text, table)
    except ConfigError as error:
        raise ConfigError(f"{key}: {error}") from None
    if pa.types.is_integer(values.type):
        values = values.cast(pa.int64())
    return values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])


def add_minutes(
    times: pa.ChunkedArray, table: pa.Table, key: str, text: str
) -> pa.ChunkedArray:
    """Return `times` plus the minutes that an expression gives for each row.

    Raises ConfigError when it gives no numbers, DataError when a sum leaves the
    calendar.
    """
    minutes = compute(table, key, text)
    if not (pa.types.is_integer(minutes.type) or pa.types.is_floating(minutes.type)):
        raise ConfigError(f"{key}: expected minutes, found {minutes.type} values")
    microseconds = pc.round(pc.multiply(minutes.cast(pa.float64()), _MICROSECONDS))
    try:
        whole = finite(microseconds)[0].cast(pa.int64())
        return pc.add_checked(times, whole.cast(pa.duration("us")))
    except pa.ArrowInvalid as error:
        raise DataError(f"{key}: minutes beyond the calendar ({error})") from None
