"""Types of columns, found by looking at every value.

A reader that guesses from its first block takes a column for whole numbers and then
stumbles over row 100,000. So a column is read as text and becomes, in this order,
int64, float64, bool or timestamp[us] (UTC, naive) when every value is one; when
nearly every value is a number or a time (`_NEARLY_ALL`), the others are corrupt; else
it stays text. NaN is missing, infinity is corrupt.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.ingest.rows import BadRow
from contracts.errors import DataError

__all__ = ["finite", "typed"]

_NEARLY_ALL = 0.99
"""One wrong value in a hundred is a fault of the row; more, and it is a text column."""
_MOST = 0.5
"""The same for columns that the config calculates with: they must be numbers."""
_PARSED = (
    pa.int64(),
    pa.float64(),
    pa.bool_(),
    pa.timestamp("us"),
    pa.timestamp("us", "UTC"),
)
_PROBE = 32  # rows
_SAMPLE = 1000  # rows, spread over the column
_SAMPLE_ERROR = 0.2
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9:.]+)?(Z|[+-][0-9:]+)?$"
_TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_dictionary)
_INTERVALS = (pa.types.is_date, pa.types.is_timestamp)
_Found = tuple[pa.ChunkedArray, np.ndarray]


def typed(
    table: pa.Table, calculated: Collection[str], text: bool
) -> tuple[pa.Table, dict[int, BadRow]]:
    """Give every column its type; return the rows with a value that does not fit.

    `calculated` are the columns that expressions read. `text` says that the columns
    are text (CSV); otherwise they are reduced to the five types above.
    Raises DataError for a column of another type, such as a list.
    """
    columns: dict[str, pa.ChunkedArray] = {}
    bad: dict[int, BadRow] = {}
    for name in table.column_names:
        column = table[name]
        if text:
            share = _MOST if name in calculated else _NEARLY_ALL
            found, misfits = _parse(column, share)
        else:
            found, misfits = _reduce(name, column), np.array([], np.int64)
        found, infinite = finite(found)
        for row in np.union1d(misfits, infinite).tolist():
            value = str(column[row].as_py())[:40]
            reason = f"column {name}: {value!r} where {found.type} is expected"
            bad.setdefault(row, BadRow("type", reason))
        columns[name] = found
    return pa.table(columns), bad


def _parse(column: pa.ChunkedArray, share: float) -> _Found:
    if column.null_count == len(column):
        return column, np.array([], np.int64)
    for target in _PARSED:
        try:
            pc.cast(column.slice(0, _PROBE), target)  # a cast that fails is slow
            found = pc.cast(column, target)
        except pa.ArrowInvalid:
            continue
        if pa.types.is_timestamp(target):
            found = found.cast(pa.timestamp("us"))
        return found, np.array([], np.int64)
    return _parse_nearly(column, share)


def _parse_nearly(column: pa.ChunkedArray, share: float) -> _Found:
    """Look at each distinct text once; blanks around numbers and times are dropped."""
    known = column.drop_null()
    sample = known.take(np.arange(0, len(known), len(known) // _SAMPLE + 1))
    for pattern, convert in ((_NUMBER, _numbers), (_TIME, _times)):
        if _looks_like(pattern, *_distinct(sample)) < share - _SAMPLE_ERROR:
            continue
        texts, index = _distinct(column)
        if _looks_like(pattern, texts, index) < share:
            continue
        looks = pc.match_substring_regex(texts, pattern)
        values = convert(pc.if_else(looks, texts, None)).take(index)
        misfits = pc.and_(pc.is_null(values), pc.is_valid(index))
        rows = np.flatnonzero(misfits.to_numpy(zero_copy_only=False))
        if len(rows) <= (1 - share) * len(known):
            return pa.chunked_array([values]), rows
    return column, np.array([], np.int64)


def _distinct(column: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """Return the distinct texts without blanks around, and the index of each row."""
    encoded = pc.dictionary_encode(column).unify_dictionaries()
    index = pa.concat_arrays([chunk.indices for chunk in encoded.chunks])
    return pc.utf8_trim_whitespace(encoded.chunk(0).dictionary), index


def _looks_like(pattern: str, texts: pa.Array, index: pa.Array) -> float:
    """Return the share of the values, other than nulls, that match `pattern`."""
    looks = pc.match_substring_regex(texts, pattern).take(index)
    return pc.mean(looks.cast(pa.float64())).as_py() or 0.0


def _numbers(texts: pa.Array) -> pa.Array:
    unsigned = pc.replace_substring_regex(texts, r"^\+", "")
    try:
        return pc.cast(unsigned, pa.int64())
    except pa.ArrowInvalid:
        return pc.cast(unsigned, pa.float64())


def _times(texts: pa.Array) -> pa.Array:
    return pa.array([_time(text) for text in texts.to_pylist()], pa.timestamp("us"))


def _time(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def finite(column: pa.ChunkedArray) -> _Found:
    """Turn NaN to null, and infinity to null with its rows named."""
    if not pa.types.is_floating(column.type):
        return column, np.array([], np.int64)
    infinite = pc.fill_null(pc.is_inf(column), False)
    rows = np.flatnonzero(infinite.to_numpy())
    kept = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    return kept, rows


def _reduce(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Reduce a Parquet column to one of the five types."""
    kind = column.type
    try:
        if any(test(kind) for test in _TEXTS) or pa.types.is_null(kind):
            return pc.cast(column, pa.string())
        if any(test(kind) for test in _INTERVALS):
            zoned = pa.types.is_timestamp(kind) and kind.tz is not None
            utc = (
                column.cast(pa.timestamp("us", "UTC"), safe=False) if zoned else column
            )
            return utc.cast(pa.timestamp("us"), safe=False)
        if pa.types.is_integer(kind):
            return column.cast(pa.int64())
        if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return column.cast(pa.float64())
        if pa.types.is_boolean(kind):
            return column
    except pa.ArrowInvalid as error:
        raise DataError(f"column {name}: {error}") from None
    raise DataError(
        f"column {name}: type {kind} is not read; expected numbers, text, bool or time"
    )
