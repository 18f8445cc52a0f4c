"""Why two datasets may differ: tags that tell a person where to look first.

Three causes are told apart by what they leave in the statistics. They are hints for
a person, not a diagnosis, and a difference may have several.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["SAMPLING", "SOURCE", "TIME", "probable_causes"]

SAMPLING = "faulty sampling"
SOURCE = "different source"
TIME = "trend, seasonality or time"

_ROWS_RATIO = 2.0
"""Consecutive spans of one source rarely halve or double."""
_SHARE = 0.01
"""A category with 1 % of the rows does not vanish or appear by chance."""
_MISSING_STEP = 0.05
"""A jump of missing values by 5 points: somebody stopped filling the column in."""
_RANGE_STEP = 0.5
"""Values beyond the known range by half its width: another unit or another place."""


def probable_causes(
    current: Mapping[str, Any], reference: Mapping[str, Any], rows_ratio: float = 1.0
) -> list[str]:
    """Return the causes that the two described features (to_json) point at.

    `rows_ratio` is the current number of rows by the reference's, for datasets that
    should be of one size. Time is named when nothing else is.
    """
    new, lost = _categories_only_in(current, reference), _lost(current, reference)
    signs = {
        SAMPLING: lost or not 1 / _ROWS_RATIO < rows_ratio < _ROWS_RATIO,
        SOURCE: new or _jumped(current, reference) or _out_of_range(current, reference),
    }
    return [cause for cause, seen in signs.items() if seen] or [TIME]


def _categories_only_in(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether text value with at least 1 % of the rows of one is absent from other."""
    if "STRING" not in (one["type"], other["type"]) or not one["count"]:
        return False
    known = {value for value, _ in other.get("top", [])}
    return any(
        count / one["count"] >= _SHARE and value not in known
        for value, count in one.get("top", [])
    )


def _lost(current: Mapping[str, Any], reference: Mapping[str, Any]) -> bool:
    return _categories_only_in(reference, current)


def _jumped(current: Mapping[str, Any], reference: Mapping[str, Any]) -> bool:
    step = current["missing_fraction"] - reference["missing_fraction"]
    return abs(float(step)) >= _MISSING_STEP


def _out_of_range(current: Mapping[str, Any], reference: Mapping[str, Any]) -> bool:
    edges = [side.get(end) for side in (current, reference) for end in ("min", "max")]
    if any(edge is None for edge in edges):
        return False
    low, high, known_low, known_high = map(float, edges)  # type: ignore[arg-type]
    room = _RANGE_STEP * (known_high - known_low)
    return low < known_low - room or high > known_high + room
