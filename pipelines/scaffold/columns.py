"""Which columns become features, which do not and why, and which make slices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from contracts.errors import BadInput

if TYPE_CHECKING:
    from components.ingest.profile import Column, Profile

__all__ = ["Columns", "Input", "Slice", "find", "sort_columns"]

_MOSTLY_MISSING = 0.5
_FREE_TEXT = 50  # characters on average
_ROWS_A_TEXT = 5  # with fewer rows each, texts are ids: nothing can be learnt of one
_FEW_NUMBERS = range(3, 13)
_ROWS_A_CODE = 50
_NEARLY_ALL = 0.98
_FAMILY = 8  # columns that differ in their number only
_MOST_INPUTS = 1500  # lines; config files have a limit
_ID = re.compile(r"(^|_)(id|ids|uuid|guid|key|index|idx|no|nr|number)(_|$)", re.I)
_SLICE_VALUES = range(2, 21)
_MOST_SLICES = 3


@dataclass(frozen=True)
class Input:
    """One line of `features`: a column or a glob, its kind, and a remark."""

    column: str
    kind: str
    remark: str


@dataclass(frozen=True)
class Slice:
    """One line of `slices`."""

    name: str
    column: str
    top: int


@dataclass(frozen=True)
class Columns:
    """What became of the columns.

    `left_out` has a reason for each name; `id` is a column that names every row.
    """

    inputs: list[Input]
    left_out: dict[str, str]
    slices: list[Slice]
    id: str | None


def find(profile: Profile, given: str, option: str) -> Column:
    """Return the column called `given`, here or in the file. Raises BadInput."""
    for column in profile.columns:
        if given in (column.name, column.raw, column.raw.strip()):
            return column
    there = ", ".join(column.name for column in profile.columns[:60])
    raise BadInput(f"{option} {given}: {profile.path} has no such column, but {there}")


def sort_columns(
    profile: Profile, label: Column, roles: dict[str, str], spans: np.ndarray | None
) -> Columns:
    """Decide about every column that has no role yet; `spans` is the span of each row.

    Raises BadInput when none is left to learn from, or too many are.
    """
    free = [column for column in profile.columns if column.name not in roles]
    families = _families(free, [column.name for column in profile.columns])
    inputs: list[Input] = []
    left_out = dict(roles)
    kept: list[Column] = []
    for column in free:
        family = families.get(column.name)
        if family is not None:
            if family not in inputs:
                inputs.append(family)
            continue
        reason = _why_not(column, label) or _why_not_later(column, spans)
        if reason is not None:
            left_out[column.name] = reason
            continue
        inputs.append(_input(column))
        kept.append(column)
    if not inputs or len(inputs) > _MOST_INPUTS:
        reasons = "; ".join(f"{name}: {why}" for name, why in left_out.items())
        raise BadInput(
            f"{profile.path}: {len(inputs)} columns to learn from, expected 1 to "
            f"{_MOST_INPUTS} ({reasons[:2000]})"
        )
    ids = [column.name for column in free if _names_every_row(column, profile.rows)]
    names = [name for name in ids if name in left_out]
    return Columns(inputs, left_out, _slices(kept), names[0] if names else None)


def _names_every_row(column: Column, rows: int) -> bool:
    return column.kind in ("int64", "string") and column.distinct == rows


def _why_not(column: Column, label: Column) -> str | None:
    """Return why a column cannot be a feature; None when it can."""
    if column.distinct == 0:
        return "has no values"
    if column.missing > _MOSTLY_MISSING:
        return f"{column.missing:.0%} of it is missing"
    if column.distinct == 1:
        return "always the same value"
    if column.kind.startswith("timestamp"):
        return "a time; add what matters of it to data.derived, as weekday(...)"
    if _says_the_same(column, label):
        return "says the same as the label, in other words"
    if column.kind == "string":
        return _why_no_category(column)
    numbered = column.kind == "int64" and column.distinct == column.present
    if numbered and (column.consecutive or _ID.search(column.name)):
        return "another number in every row: an id"
    return None


def _why_not_later(column: Column, spans: np.ndarray | None) -> str | None:
    """Return why a column has nothing to say about the next span, like its month."""
    if spans is None:
        return None
    known = (column.codes >= 0) & ~np.isnat(spans)
    pairs = np.stack([spans[known].astype(np.int64), column.codes[known]])
    pairs, counts = np.unique(pairs, axis=1, return_counts=True)
    # Months of another time zone begin some hours off, hence "nearly".
    largest = np.lexsort((counts, pairs[0]))  # the last of each span
    last = np.append(np.diff(pairs[0][largest]) != 0, True)
    usual = largest[last]
    nearly = counts[usual].sum() >= _NEARLY_ALL * counts.sum()
    if nearly and len(np.unique(pairs[1][usual])) == len(usual):
        return "another value in each span: the next one is unknown"
    return None


def _why_no_category(column: Column) -> str | None:
    if column.mean_length > _FREE_TEXT:
        return f"free text, {column.mean_length:.0f} characters on average"
    if column.present < _ROWS_A_TEXT * column.distinct:
        rows = f"{column.distinct:,} values in {column.present:,} rows"
        return f"an id or free text: {rows}"
    return None


def _says_the_same(column: Column, label: Column) -> bool:
    if column.distinct != label.distinct:
        return False
    both = (column.codes >= 0) & (label.codes >= 0)
    pairs = np.stack([column.codes[both], label.codes[both]])
    return bool(np.unique(pairs, axis=1).shape[1] == label.distinct)


def _input(column: Column) -> Input:
    missing = len(column.codes) - column.present
    gaps = f", {missing:,} missing" if missing else ""
    values = f"{column.distinct:,} values{gaps}"
    code = column.kind == "int64" and column.distinct in _FEW_NUMBERS
    if code and column.present >= _ROWS_A_CODE * column.distinct:
        return Input(column.name, "categorical", f"{values}; numeric if it counts")
    if column.kind in ("string", "bool"):
        return Input(column.name, "categorical", values)
    return Input(column.name, "numeric", values)


def _families(free: Sequence[Column], names: Sequence[str]) -> dict[str, Input]:
    """Return one glob line for number columns like pixel_0 ... pixel_63, by member."""
    members: dict[str, list[Column]] = {}
    for column in free:
        match = re.fullmatch(r"(.*?)[0-9]+", column.name)
        if match and column.kind in ("int64", "float64"):
            members.setdefault(match[1], []).append(column)
    found: dict[str, Input] = {}
    for prefix, columns in members.items():
        whole = sum(name.startswith(prefix) for name in names) == len(columns)
        sound = all(column.missing <= _MOSTLY_MISSING for column in columns)
        if len(columns) >= _FAMILY and whole and sound:
            line = Input(f"{prefix}*", "numeric", f"{len(columns)} columns")
            found |= {column.name: line for column in columns}
    return found


def _slices(columns: Sequence[Column]) -> list[Slice]:
    """Return slices by the categories with the fewest values."""
    fit = [c for c in columns if c.kind != "float64" and c.distinct in _SLICE_VALUES]
    slices: list[Slice] = []
    for column in sorted(fit, key=lambda c: c.distinct)[:_MOST_SLICES]:
        name = re.sub(r"[^a-z0-9_-]", "", column.name.lower()).lstrip("0123456789_-")
        if not name or name in {each.name for each in slices}:
            name = f"slice-{len(slices) + 1}"
        slices.append(Slice(name[:40], column.name, min(column.distinct, 10)))
    return slices
