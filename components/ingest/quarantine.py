"""Rows that could not be used: counted, kept with their reason, and limited."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from components.ingest.rows import BadRow, Rows
from contracts.artifacts import QUARANTINE
from contracts.errors import DataError
from contracts.storage import write_text

__all__ = ["Quarantine"]

_NAMED = 5
_MEANING = {
    "encoding": "bytes that are not text",
    "fields": "a wrong number of fields",
    "label": "a label that is not one of the classes",
    "length": "a line that never ends",
    "quote": "a quote that does not close",
    "span": "no span",
    "time": "no event time",
    "type": "text where numbers are",
}


class Quarantine:
    """What was put aside: file, line, kind, reason and the row's beginning."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, int, str, str, str]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, rows: Rows, row: int, why: BadRow) -> None:
        """Put row number `row` of a file aside."""
        line = int(rows.line[row])
        self._rows.append((rows.name, line, why.kind, why.reason, rows.shown(row)))

    def judge(self, total: int, limit: float) -> None:
        """Check the share of corrupt rows against the config.

        Raises DataError with the counts by kind and the first rows when more than
        `limit` (a share) of `total` rows were put aside, or all of them.
        """
        if len(self) <= limit * total and len(self) < total:
            return
        kinds = Counter(kind for _, _, kind, _, _ in self._rows)
        counts = [f"{n} with {_MEANING[kind]}" for kind, n in kinds.most_common()]
        first = [
            f"  {file}, line {line}: {reason}: {text[:80]}"
            for file, line, _, reason, text in sorted(self._rows)[:_NAMED]
        ]
        raise DataError(
            f"{len(self)} of {total} rows are corrupt ({len(self) / total:.2%}), "
            f"allowed is {limit:.2%} (data.max_corrupt_fraction): "
            + "\n".join([", ".join(counts), *first, *_advice(kinds)])
        )

    def save(self, folder: Path) -> None:
        """Write one JSON object a row, in the order of the files."""
        keys = ("file", "line", "kind", "reason", "text")
        lines = [
            json.dumps(dict(zip(keys, row, strict=True)), ensure_ascii=False) + "\n"
            for row in sorted(self._rows)
        ]
        write_text(folder / QUARANTINE, "".join(lines))


def _advice(kinds: Counter[str]) -> list[str]:
    match kinds.most_common(1)[0][0]:
        case "encoding":
            return ["Convert the file: iconv -f latin1 -t utf-8 FILE > NEW"]
        case "fields":
            return ["Does the header name every column? Is data.delimiter right?"]
        case _:
            return ["Mend the rows, or raise the limit if they may be lost."]
