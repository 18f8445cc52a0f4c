"""Column names: one spelling for the config, the requests and the expressions.

A raw name becomes an identifier, because expressions and globs take nothing else:

    sepal length (cm)  ->  sepal_length_cm     150      ->  c150
    temp [°C]          ->  temp_C              (empty)  ->  column_3 (its position)
    label              ->  label_              (a name that canario itself uses)

A name that is one already stays as it is.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from contracts.artifacts import RESERVED
from contracts.errors import DataError

__all__ = ["expand_header", "identifiers", "require"]

_MAX_COLUMNS = 10_000
_REPEATED = re.compile(r"(.*)\*(\d+)")


def identifiers(raw: Sequence[str], where: str) -> list[str]:
    """Return the column names for a raw header, in its order.

    Raises DataError when there are too many columns or two have the same name.
    """
    if len(raw) > _MAX_COLUMNS:
        raise DataError(
            f"{where}: {len(raw)} columns; at most {_MAX_COLUMNS} are read. "
            "Is this the right delimiter?"
        )
    names = [_identifier(name, place) for place, name in enumerate(raw, start=1)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        same = [old for old, new in zip(raw, names, strict=True) if new == twice[0]]
        raise DataError(
            f"{where}: column '{twice[0]}' appears {len(same)} times "
            f"(as {', '.join(map(repr, same))}); rename or remove one"
        )
    return names


def expand_header(header: Sequence[str]) -> list[str]:
    """Expand `pixel_*64` in a given header to pixel_0 ... pixel_63.

    Raises DataError when that makes more columns than are read.
    """
    names: list[str] = []
    for item in header:
        repeated = _REPEATED.fullmatch(item)
        if repeated is None:
            names.append(item)
            continue
        count = int(repeated[2][:9])
        if count > _MAX_COLUMNS:
            raise DataError(f"data.header: {item} is more than {_MAX_COLUMNS} columns")
        names += [f"{repeated[1]}{index}" for index in range(count)]
    return names


def require(columns: Sequence[str], wanted: Mapping[str, Iterable[str]]) -> None:
    """Check that every wanted name or glob exists; keys say who wants it.

    Raises DataError that lists all that are missing and what exists.
    """
    missing = [
        f"{role}: no column '{name}'{_hint(name, columns)}"
        for role, names in wanted.items()
        for name in names
        if name not in columns and not fnmatch.filter(columns, name)
    ]
    if missing:
        there = ", ".join(columns[:60]) + (", ..." if len(columns) > 60 else "")
        raise DataError("\n".join([*missing, f"there are: {there}"]))


def _identifier(raw: str, place: int) -> str:
    plain = _folded(raw).strip()
    name = plain
    if not f"x{plain}".isidentifier():
        kept = "".join(c if f"x{c}".isidentifier() else " " for c in plain)
        name = "_".join(kept.split()).rstrip("_")
    if not name.strip("_"):
        return f"column_{place}"
    if not name[0].isalpha():
        name = _folded(f"c{name}")
    return f"{name}_" if name in RESERVED else name


def _folded(text: str) -> str:
    """Return the form that Python itself folds identifiers to."""
    return unicodedata.normalize("NFKC", text)


def _hint(name: str, columns: Sequence[str]) -> str:
    renamed = _identifier(name, 0)
    if renamed != name and renamed in columns:
        return f" (it is called '{renamed}' here)"
    close = difflib.get_close_matches(name, columns, n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""
