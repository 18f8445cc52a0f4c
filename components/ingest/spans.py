"""Event times, and the spans that rows belong to."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.ingest.derive import add_minutes
from components.ingest.rows import BadRow
from contracts.config import DataConfig
from contracts.errors import DataError

__all__ = ["event_times", "span_numbers", "timeless", "without_span"]

_TIME = pa.timestamp("us")
_MILLISECONDS_FROM = 1e11  # in seconds: the year 5138
_SECONDS_FROM = 1e8  # March 1973; smaller numbers are years or days, not seconds
_DATES = (19000101, 21001231)
_LAST_SECOND = 253_402_300_799  # 9999-12-31 23:59:59
_LARGEST_SPAN = 2**31 - 1


def event_times(table: pa.Table, config: DataConfig) -> pa.ChunkedArray:
    """Return the event time of each row, timestamp[us] in UTC without a zone.

    The column holds ISO 8601 times, dates as yyyymmdd, or seconds or milliseconds
    since 1970. All null without `data.time`. Raises DataError for anything else.
    """
    if config.time is None:
        return pa.chunked_array([pa.nulls(table.num_rows, _TIME)])
    times = _times(config.time.column, table[config.time.column])
    if config.time.plus_minutes is None:
        return times
    return add_minutes(times, table, "data.time.plus_minutes", config.time.plus_minutes)


def span_numbers(
    table: pa.Table, times: pa.ChunkedArray, config: DataConfig
) -> pa.ChunkedArray:
    """Return the span of each row, int32, null where there is none.

    A day is the number yyyymmdd, a month yyyymm, a column its own whole numbers from
    0 upwards, and without spans every row is 1. Raises DataError for a span column
    that does not hold numbers.
    """
    match config.spans.by:
        case "day":
            numbers = _day_numbers(times)
        case "month":
            numbers = pc.add(pc.multiply(pc.year(times), 100), pc.month(times))
        case "column":
            numbers = _whole(str(config.spans.column), table)
        case _:
            ones = np.ones(table.num_rows, np.int64)
            numbers = pa.chunked_array([ones])
    fits = pc.and_(pc.greater_equal(numbers, 0), pc.less_equal(numbers, _LARGEST_SPAN))
    return pc.if_else(fits, numbers, None).cast(pa.int32())


def timeless(times: pa.ChunkedArray, config: DataConfig) -> dict[int, BadRow]:
    """Return the rows without an event time when spans or the split need one."""
    if config.spans.by not in ("day", "month") and config.split.by != "time":
        return {}
    column = config.time.column if config.time else ""
    reason = f"column {column} gives no event time"
    return {row: BadRow("time", reason) for row in _null_rows(times)}


def without_span(numbers: pa.ChunkedArray, config: DataConfig) -> dict[int, BadRow]:
    """Return the rows that belong to no span."""
    where = config.spans.column or (config.time and config.time.column)
    reason = f"column {where} gives no span from 0 to {_LARGEST_SPAN}"
    return {row: BadRow("span", reason) for row in _null_rows(numbers)}


def _null_rows(column: pa.ChunkedArray) -> list[int]:
    return list(map(int, np.flatnonzero(column.is_null().to_numpy())))


def _times(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.type == _TIME:
        return column
    if column.null_count == len(column):
        return pa.chunked_array([pa.nulls(len(column), _TIME)])
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise _no_time(name, column)
    largest = pc.max(pc.abs(column)).as_py()
    if largest <= _DATES[1] and pc.min(column).as_py() >= _DATES[0]:
        return _dates(column)
    if largest < _SECONDS_FROM:
        raise _no_time(name, column)
    scale = 1e3 if largest >= _MILLISECONDS_FROM else 1.0
    seconds = pc.divide(column.cast(pa.float64()), scale)
    inside = pc.less_equal(pc.abs(seconds), _LAST_SECOND)
    microseconds = pc.round(pc.multiply(pc.if_else(inside, seconds, None), 1e6))
    return microseconds.cast(pa.int64()).cast(_TIME)


def _dates(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = column.cast(pa.int64()).cast(pa.string())
    times = pc.strptime(texts, format="%Y%m%d", unit="us", error_is_null=True)
    # strptime takes the 31st of February for the 3rd of March.
    return pc.if_else(pc.equal(_day_numbers(times), column), times, None)


def _day_numbers(times: pa.ChunkedArray) -> pa.ChunkedArray:
    days = pc.add(pc.multiply(pc.month(times), 100), pc.day(times))
    return pc.add(pc.multiply(pc.year(times), 10_000), days)


def _no_time(name: str, column: pa.ChunkedArray) -> DataError:
    found = column.drop_null()[0].as_py()
    return DataError(
        f"data.time.column {name}: expected ISO 8601 times (2013-01-31 08:00), dates "
        f"as 20130131, or seconds since 1970; found {found!r}"
    )


def _whole(name: str, table: pa.Table) -> pa.ChunkedArray:
    column = table[name]
    if pa.types.is_integer(column.type):
        return column
    if not pa.types.is_floating(column.type):
        found = next(iter(column.drop_null().slice(0, 1).to_pylist()), None)
        raise DataError(
            f"data.spans.column {name}: expected whole numbers, found {found!r}"
        )
    whole = pc.equal(pc.floor(column), column)
    small = pc.less_equal(pc.abs(column), float(_LARGEST_SPAN))
    return pc.if_else(pc.and_(whole, small), column, None).cast(pa.int64())
