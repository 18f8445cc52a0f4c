"""A first look at a file that nobody described yet, for `canario new`.

Reads it exactly as ingest will, and says of every column what it holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.ingest.columns import typed
from components.ingest.hashing import hash_rows
from components.ingest.quarantine import Quarantine
from components.ingest.rows import find_rows, first_row
from components.ingest.sources import read_bytes, resolve
from components.ingest.spans import event_times
from components.ingest.tables import read_tables
from contracts.config import DataConfig
from contracts.errors import BadInput

__all__ = ["Column", "Profile", "profile"]

_DELIMITERS = (",", ";", "\t", "|")
_ALWAYS_NULL = ["", "NA"]
_PLACEHOLDERS = {
    *("N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "Null", "null", "None", "none"),
    *("?", "-", "--", ".", "unknown", "Unknown", "missing", "\\N"),
}
_NUMBER = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
_DECIMAL_COMMA = r"^\s*[+-]?[0-9]+,[0-9]+\s*$"
_MOSTLY = 0.5
_FEW_WORDS = 2
_MANY_NUMBERS = 20
_MANY = 1000


@dataclass(frozen=True)
class Column:
    """What one column holds.

    `kind` is int64, float64, string, bool or timestamp[us]. `codes` numbers the
    distinct values of the rows, -1 where missing, shape (rows,); `values` are the
    distinct values in the order of their numbers, the first thousand of them.
    `consecutive` says that whole numbers leave no gap between least and greatest.
    """

    name: str
    raw: str
    kind: str
    missing: float
    distinct: int
    values: list[Any]
    codes: np.ndarray
    mean_length: float
    consecutive: bool

    @property
    def present(self) -> int:
        """Return how many rows have a value."""
        return int((self.codes >= 0).sum())


@dataclass(frozen=True)
class Profile:
    """A whole file: how to read it, and its columns in order."""

    path: Path
    format: str
    delimiter: str
    null_values: list[str]
    corrupt: int
    columns: list[Column]
    table: pa.Table

    @property
    def rows(self) -> int:
        """Return how many rows could be read."""
        return int(self.table.num_rows)

    @property
    def different_rows(self) -> int:
        """Return how many rows are left when each is counted once."""
        return len(np.unique(hash_rows(self.table, self.table.column_names)))

    def times(self, column: str) -> np.ndarray:
        """Return a column as event times, datetime64[us], NaT where missing.

        Raises DataError when it holds no times.
        """
        config = _reading(self.path, time={"column": column})
        times = event_times(self.table, config)
        return np.asarray(times.to_numpy(zero_copy_only=False), "datetime64[us]")


def profile(path: Path, max_corrupt: float) -> Profile:
    """Read a CSV or Parquet file and describe its columns.

    The delimiter is the one that gives the header the most fields, and placeholders
    such as `?` or `NULL` count as missing where a column is numbers otherwise.
    Raises DataError when it cannot be read or more than `max_corrupt` of the rows
    are corrupt, BadInput when numbers are written with a decimal comma.
    """
    (path,) = resolve(str(path))
    form = "parquet" if path.suffix.lower() in (".parquet", ".pq") else "csv"
    delimiter, raw = _header(path) if form == "csv" else (",", [])
    quarantine = Quarantine()
    config = _reading(path, format=form, delimiter=delimiter)
    found = read_tables([path], config, quarantine)
    nulls = _ALWAYS_NULL
    if form == "csv":
        nulls = [*_ALWAYS_NULL, *_placeholders(found.table)]
    total = len(found) + len(quarantine)
    table = _without(found.table, nulls) if form == "csv" else found.table
    table, bad = typed(table, (), text=form == "csv")
    found = found.with_table(table).without(bad, quarantine)
    quarantine.judge(total, max_corrupt)
    names = zip(table.column_names, raw or pq.read_schema(path).names, strict=True)
    columns = [_column(name, old, found.table[name]) for name, old in names]
    return Profile(path, form, delimiter, nulls, len(quarantine), columns, found.table)


def _reading(path: Path, **changes: Any) -> DataConfig:
    """Return a config that reads `path`; its label is not looked at."""
    label = {"column": "-", "classes": ["0", "1"]}
    return DataConfig.model_validate({"source": str(path), "label": label, **changes})


def _header(path: Path) -> tuple[str, list[str]]:
    """Return the delimiter and the raw names of the first line."""
    rows = find_rows(str(path), read_bytes(path))
    split = {mark: (first_row(rows, mark) or ([], 0))[0] for mark in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda mark: len(split[mark]))
    names = split[delimiter]
    if names and all(re.match(_NUMBER, name) for name in names):
        raise BadInput(
            f"{path}: the first line holds numbers ({', '.join(names)[:60]}), expected "
            "the names of the columns. Put a line with names on top."
        )
    return delimiter, names


def _placeholders(table: pa.Table) -> list[str]:
    """Return the texts that stand for "missing" in columns of numbers.

    That is a known placeholder, or a word without digits that comes again and again
    among many different numbers (`k.A.`).
    """
    found: set[str] = set()
    for name in table.column_names:
        counts = pc.value_counts(table[name].drop_null())
        texts, amounts = counts.field(0), counts.field(1).to_numpy()
        number = pc.match_substring_regex(texts, _NUMBER).to_numpy(False)
        if amounts[number].sum() <= _MOSTLY * amounts.sum():
            _refuse_decimal_comma(name, texts)
            continue
        others = texts.filter(pa.array(~number)).to_pylist()
        words = not any(re.search(r"[0-9]", text) for text in others)
        again = len(others) <= _FEW_WORDS and (amounts[~number] > 1).all()
        quantity = number.sum() >= _MANY_NUMBERS
        if set(others) <= _PLACEHOLDERS or (words and again and quantity):
            found |= set(others)
    return sorted(found)


def _refuse_decimal_comma(name: str, texts: pa.Array) -> None:
    comma = pc.match_substring_regex(texts, _DECIMAL_COMMA).to_numpy(False)
    if len(comma) and comma.mean() > _MOSTLY:
        example = texts.filter(pa.array(comma))[0].as_py()
        raise BadInput(
            f"column {name}: numbers with a decimal comma ({example!r}). Export the "
            "file with a decimal point."
        )


def _without(table: pa.Table, nulls: list[str]) -> pa.Table:
    """Turn the texts in `nulls` to null, as reading with them would."""
    known = pa.array(nulls)
    columns = {
        name: pc.if_else(pc.is_in(table[name], value_set=known), None, table[name])
        for name in table.column_names
    }
    return pa.table(columns)


def _column(name: str, raw: str, column: pa.ChunkedArray) -> Column:
    encoded = pc.dictionary_encode(column).unify_dictionaries()
    chunks = [chunk.indices.fill_null(-1).to_numpy() for chunk in encoded.chunks]
    codes = np.concatenate([np.zeros(0, np.int32), *chunks])
    values = encoded.chunk(0).dictionary if chunks else pa.array([], column.type)
    length, consecutive = None, False
    if pa.types.is_string(column.type):
        length = pc.mean(pc.utf8_length(column)).as_py()
    if pa.types.is_integer(column.type) and len(values):
        ends = pc.min_max(values).as_py()
        consecutive = ends["max"] - ends["min"] + 1 == len(values)
    return Column(
        name=name,
        raw=raw,
        kind="float64" if pa.types.is_floating(column.type) else str(column.type),
        missing=float((codes < 0).mean()) if len(codes) else 0.0,
        distinct=len(values),
        values=values.slice(0, _MANY).to_pylist(),
        codes=codes,
        mean_length=length or 0.0,
        consecutive=consecutive,
    )
