"""Files to one table, with the way back from every row to its file and line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from components.ingest.names import expand_header, identifiers
from components.ingest.quarantine import Quarantine
from components.ingest.rows import (
    BadRow,
    Rows,
    find_rows,
    first_row,
    join_quoted,
    unreadable,
)
from components.ingest.sources import read_bytes
from contracts.config import DataConfig
from contracts.errors import DataError

__all__ = ["RawTable", "read_tables"]

_BLOCK = 4 << 20  # bytes; more than the longest row that is let through
_MAX_HEADER = 1 << 20  # characters
_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class RawTable:
    """A table and where its rows came from: file number and row within that file.

    CSV columns are text until `components.ingest.columns` has looked at them.
    """

    table: pa.Table
    files: list[Rows]
    file: np.ndarray  # (rows,)
    row: np.ndarray  # (rows,)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def without(self, bad: dict[int, BadRow], quarantine: Quarantine) -> RawTable:
        """Move the `bad` rows into quarantine and return the others."""
        for row, why in bad.items():
            quarantine.add(self.files[self.file[row]], int(self.row[row]), why)
        if not bad:
            return self
        keep = np.ones(len(self), bool)
        keep[list(bad)] = False
        kept = self.table.filter(pa.array(keep))
        return RawTable(kept, self.files, self.file[keep], self.row[keep])

    def with_table(self, table: pa.Table) -> RawTable:
        """Return the same rows with other columns."""
        return RawTable(table, self.files, self.file, self.row)


def read_tables(
    paths: list[Path], config: DataConfig, quarantine: Quarantine
) -> RawTable:
    """Read all files into one table; rows that cannot be read go to quarantine.

    Raises DataError when a file is not what the config says, holds no row, or has
    other columns than the first.
    """
    parts = [_read(path, config, quarantine) for path in paths]
    columns = parts[0].table.column_names
    for part, path in zip(parts, paths, strict=True):
        _same_columns(path, part.table.column_names, paths[0], columns)
    tables = [part.table.select(columns) for part in parts]
    return RawTable(
        pa.concat_tables(tables, promote_options="permissive"),
        [part.files[0] for part in parts],
        np.concatenate([np.full(len(p), i) for i, p in enumerate(parts)]),
        np.concatenate([part.row for part in parts]),
    )


def _same_columns(path: Path, found: list[str], first: Path, wanted: list[str]) -> None:
    other = sorted(set(found) ^ set(wanted))
    if other:
        raise DataError(
            f"{path}: its columns differ from those of {first.name}: "
            f"{', '.join(other[:10])}. Files of one source have the same columns."
        )


def _read(path: Path, config: DataConfig, quarantine: Quarantine) -> RawTable:
    if config.format == "parquet":
        return _read_parquet(path)
    return _read_csv(path, config, quarantine)


def _read_parquet(path: Path) -> RawTable:
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: expected Parquet ({reason})") from None
    if not table.num_rows:
        raise DataError(f"{path}: the file has columns but no rows")
    table = table.rename_columns(identifiers(table.column_names, str(path)))
    index, nowhere = np.arange(table.num_rows), np.zeros(table.num_rows, np.int64)
    rows = Rows(str(path), b"", nowhere, nowhere, index + 1)
    return RawTable(table, [rows], nowhere, index)


def _read_csv(path: Path, config: DataConfig, quarantine: Quarantine) -> RawTable:
    names, lines = _header(find_rows(str(path), read_bytes(path)), config)
    if not len(lines):
        raise DataError(f"{path}: the file has a header but no rows")
    # A second, careful look is needed when a stray quote hides in an even number.
    for careful in (False, True):
        rows, torn = join_quoted(lines, config.delimiter, len(names), careful)
        bad = unreadable(rows) | torn
        clean = np.delete(np.arange(len(rows)), list(bad))
        parsed = _parse(rows.take(clean), names, config)
        if parsed is not None:
            table, wrong = parsed
            bad |= {int(clean[place]): why for place, why in wrong.items()}
            for row, why in bad.items():
                quarantine.add(rows, row, why)
            kept = np.delete(clean, list(wrong))
            return RawTable(table, [rows], np.zeros(len(kept), np.int64), kept)
    raise DataError(f"{path}: its quotes do not fit together; is this CSV?")


def _header(rows: Rows, config: DataConfig) -> tuple[list[str], Rows]:
    """Return the column names and the rows below the header."""
    if config.header is not None:
        return identifiers(expand_header(config.header), "data.header"), rows
    if not len(rows):
        raise DataError(f"{rows.name}: the file holds empty lines only")
    where = f"{rows.name}, line {rows.line[0]}"
    if len(rows.text(0)) > _MAX_HEADER:
        raise DataError(f"{where}: a header of more than {_MAX_HEADER} characters")
    if "\ufffd" in rows.text(0):
        raise DataError(f"{where}: the header is not UTF-8; save the file as UTF-8")
    first = first_row(rows, config.delimiter)
    if first is None:
        raise DataError(f"{where}: a quote in the header does not close")
    names, lines = first
    other = max(_DELIMITERS, key=rows.text(0).count)
    if len(names) == 1 and rows.text(0).count(other):
        raise DataError(
            f"{where}: one column when split at {config.delimiter!r}, but there are "
            f"{rows.text(0).count(other)} {other!r}. Set data.delimiter: {other!r}"
        )
    return identifiers(names, where), rows.take(np.arange(lines, len(rows)))


def _parse(
    rows: Rows, names: list[str], config: DataConfig
) -> tuple[pa.Table, dict[int, BadRow]] | None:
    """Parse rows to text columns, and name those with another number of fields.

    None when pyarrow finds other rows than we did.
    """
    text = rows.joined()
    if not text:
        return pa.table({name: pa.nulls(0, pa.string()) for name in names}), {}
    try:
        table, wrong = _parse_csv(text, names, config, in_parallel=True)
        if wrong:  # rows are numbered only when they are read one after the other
            table, wrong = _parse_csv(text, names, config, in_parallel=False)
    except pa.ArrowInvalid:
        return None
    found = {
        int(row.number) - 1: BadRow(
            "fields", f"{row.actual_columns} fields, expected {len(names)}"
        )
        for row in wrong
    }
    return (table, found) if table.num_rows + len(wrong) == len(rows) else None


def _parse_csv(
    text: bytes, names: list[str], config: DataConfig, *, in_parallel: bool
) -> tuple[pa.Table, list[Any]]:
    wrong: list[Any] = []

    def skip(row: Any) -> str:
        wrong.append(row)
        return "skip"

    table = pyarrow.csv.read_csv(
        pa.BufferReader(text),
        read_options=pyarrow.csv.ReadOptions(
            column_names=names, block_size=_BLOCK, use_threads=in_parallel
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=config.delimiter,
            newlines_in_values=b'"' in text,
            invalid_row_handler=skip,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=config.null_values,
            strings_can_be_null=True,
            check_utf8=False,  # checked above
        ),
    )
    return table, wrong
