"""Text to rows: where each one begins and ends, and which cannot be read.

pyarrow parses fast but stops at the first byte that is not UTF-8, swallows the rest
of the file after a stray quote, and does not know line numbers when it works in
parallel. So the lines are found here, the bad ones are taken out with their reason,
and what pyarrow gets is clean.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from contracts.errors import DataError

__all__ = ["BadRow", "Rows", "find_rows", "first_row", "join_quoted", "unreadable"]

_MAX_ROW_BYTES = 1 << 20
"""A row longer than 1 MiB is a lost line break, not data."""
_MAX_ROW_LINES = 1000
_MAX_HEADER_LINES = 20
_SHOWN = 300
_NEWLINE, _QUOTE, _NUL, _ASCII_END = 10, 34, 0, 128
_BINARY = {
    b"\x1f\x8b": "gzip (call it .gz)",
    b"PK\x03\x04": "a zip archive or a spreadsheet (.xlsx)",
    b"PAR1": "Parquet (set data.format: parquet)",
    b"\xff\xfe": "UTF-16 text (save it as UTF-8)",
    b"\xfe\xff": "UTF-16 text (save it as UTF-8)",
}


@dataclass(frozen=True)
class BadRow:
    """Why a row cannot be used; `kind` groups reasons for counting."""

    kind: str
    reason: str


@dataclass(frozen=True)
class Rows:
    """Rows of one file: `data[start:end]`, beginning on `line` (1-based).

    The three arrays have shape (rows,), int64.
    """

    name: str
    data: bytes
    start: np.ndarray
    end: np.ndarray
    line: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def take(self, index: np.ndarray) -> Rows:
        """Return the rows at `index` (positions or a mask)."""
        picked = self.start[index], self.end[index], self.line[index]
        return Rows(self.name, self.data, *picked)

    def text(self, row: int, limit: int | None = None) -> str:
        """Return a row as text; bytes that are not UTF-8 show as a placeholder."""
        start, end = int(self.start[row]), int(self.end[row])
        stop = end if limit is None else min(end, start + limit)
        return self.data[start:stop].decode("utf-8", "replace")

    def shown(self, row: int) -> str:
        """Return the beginning of a row, for a person to recognise it."""
        return self.text(row, _SHOWN)

    def joined(self) -> bytes:
        """Return all rows with line breaks between; neighbours in one piece."""
        if not len(self):
            return b""
        breaks = np.flatnonzero(self.start[1:] != self.end[:-1] + 1) + 1
        first = np.concatenate([[0], breaks])
        last = np.concatenate([breaks - 1, [len(self) - 1]])
        view = memoryview(self.data)
        pieces = zip(self.start[first].tolist(), self.end[last].tolist(), strict=True)
        return b"\n".join([view[start:end] for start, end in pieces])


def find_rows(name: str, data: bytes) -> Rows:
    """Return the lines that are not empty. LF, CRLF and CR all end a line.

    Raises DataError when the file is empty or is not text.
    """
    if not data:
        raise DataError(f"{name}: the file is empty (0 bytes)")
    data = data.removeprefix(b"\xef\xbb\xbf")  # the mark that spreadsheets write
    _refuse_binary(name, data)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    end = np.flatnonzero(np.frombuffer(data, np.uint8) == _NEWLINE)
    if not data.endswith(b"\n"):
        end = np.append(end, len(data))
    start = np.concatenate([[0], end[:-1] + 1])
    line = np.arange(1, len(end) + 1)
    return Rows(name, data, start, end, line).take(end > start)


def unreadable(rows: Rows) -> dict[int, BadRow]:
    """Return the rows that are too long, hold a NUL or are not UTF-8."""
    found: dict[int, BadRow] = {}
    for row in _rows_with_invalid_utf8(rows):
        found[row] = BadRow("encoding", "not UTF-8 (perhaps Latin-1)")
    if b"\0" in rows.data:
        where = np.frombuffer(rows.data, np.uint8) == _NUL
        for row in _rows_at(rows, np.flatnonzero(where)):
            found[row] = BadRow("encoding", "holds a NUL byte")
    for row in np.flatnonzero(rows.end - rows.start > _MAX_ROW_BYTES).tolist():
        size = int(rows.end[row] - rows.start[row])
        found[row] = BadRow("length", f"{size} bytes; at most {_MAX_ROW_BYTES}")
    return found


def join_quoted(
    rows: Rows, delimiter: str, fields: int, careful: bool
) -> tuple[Rows, dict[int, BadRow]]:
    """Join lines that one quoted field spans; name those whose quote never closes.

    Only lines with an odd number of quotes are looked at, or with any quote when
    `careful`. Two lines are joined when together they have the right number of
    fields: so a stray quote costs its own line and not the rest of the file.
    """
    quotes = np.frombuffer(rows.data, np.uint8) == _QUOTE
    places = np.flatnonzero(quotes)
    counts = np.searchsorted(places, rows.end) - np.searchsorted(places, rows.start)
    odd = np.flatnonzero(counts % 2 == 1)
    suspects = np.flatnonzero(counts > 0) if careful else odd
    end, bad = rows.end.copy(), {}
    swallowed = np.zeros(len(rows), bool)
    for row in suspects.tolist():
        if swallowed[row] or _fields(rows.text(row), delimiter) is not None:
            continue
        closing = odd[np.searchsorted(odd, row, side="right") :][:1]
        last = int(closing[0]) if len(closing) else row
        text = rows.data[rows.start[row] : rows.end[last]]
        fits = last - row <= _MAX_ROW_LINES and len(text) <= _MAX_ROW_BYTES
        if last > row and fits and _width(text, delimiter) == fields:
            end[row] = rows.end[last]
            swallowed[row + 1 : last + 1] = True
        else:
            bad[row] = BadRow("quote", "a quote opens and does not close")
    kept = np.flatnonzero(~swallowed)
    joined = Rows(rows.name, rows.data, rows.start, end, rows.line).take(kept)
    place = np.cumsum(~swallowed) - 1
    return joined, {int(place[row]): reason for row, reason in bad.items()}


def _fields(text: str, delimiter: str) -> list[str] | None:
    """Split one row; None when its quotes do not close."""
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None


def first_row(rows: Rows, delimiter: str) -> tuple[list[str], int] | None:
    """Split the first row; return its fields and the lines that it takes.

    None when its quotes do not close within some lines.
    """
    for last in range(min(len(rows), _MAX_HEADER_LINES)):
        text = rows.data[rows.start[0] : rows.end[last]].decode("utf-8", "replace")
        fields = _fields(text, delimiter)
        if fields is not None:
            return fields, last + 1
    return None


def _width(text: bytes, delimiter: str) -> int:
    return len(_fields(text.decode("utf-8", "replace"), delimiter) or [])


def _refuse_binary(name: str, data: bytes) -> None:
    kind = next((k for magic, k in _BINARY.items() if data.startswith(magic)), None)
    if kind is not None:
        raise DataError(f"{name}: expected CSV text, found {kind}")
    if b"\0" in data[:4096]:
        raise DataError(
            f"{name}: expected CSV text, found binary data "
            f"(a NUL byte at offset {data.index(0)})"
        )


def _rows_with_invalid_utf8(rows: Rows) -> Iterator[int]:
    try:
        rows.data.decode()
    except UnicodeDecodeError:
        high = np.frombuffer(rows.data, np.uint8) >= _ASCII_END
        for row in _rows_at(rows, np.flatnonzero(high)):
            try:
                rows.data[rows.start[row] : rows.end[row]].decode()
            except UnicodeDecodeError:
                yield row


def _rows_at(rows: Rows, offsets: np.ndarray) -> list[int]:
    found = np.unique(np.searchsorted(rows.start, offsets, side="right") - 1)
    return list(map(int, found))
