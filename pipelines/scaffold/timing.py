"""Spans and a schedule out of a time column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from contracts.errors import BadInput

if TYPE_CHECKING:
    from components.ingest.profile import Column, Profile

__all__ = ["Timing", "describe_time", "without_time"]

_MAX_TIMELESS = 0.01
_ENOUGH_SPANS = 4  # two to learn from, one that arrives, one that is replayed
_MOST_SPANS = 26
_ROWS_A_SPAN = 200
_STUB = 0.25  # of the median span: the data begins or ends within it
_DISTINCT_TIMES = 20
_MOST_AT_ONCE = 0.05
_MINUTES = {"month": 31 * 1440, "day": 1440}


@dataclass(frozen=True)
class Timing:
    """How rows group into spans.

    `requests` are the rows of the replayed span; `starts` is the span of each row,
    shape (rows,), None when all rows are one.
    """

    column: str | None
    by: str
    split: str
    first: list[int]
    then: list[int]
    replay: int | None
    requests: int
    span_minutes: int
    remark: str
    starts: np.ndarray | None = None


def without_time() -> Timing:
    """Return the timing of a file without a time: one span, split by hash."""
    remark = "no --time was given: all rows are span 1"
    return Timing(None, "none", "hash", [1], [], None, 0, _MINUTES["day"], remark)


def describe_time(profile: Profile, column: Column) -> Timing:
    """Return spans by month or day when there are enough, and else one span.

    The last span is replayed, the one before it arrives after the first training.
    Raises BadInput when rows lack a time, DataError when the column holds none.
    """
    times = profile.times(column.name)
    missing = float(np.isnat(times).mean())
    if missing > _MAX_TIMELESS:
        raise BadInput(
            f"--time {column.name}: {missing:.1%} of the rows have no time, at most "
            f"{_MAX_TIMELESS:.0%} may lack one. Fill it in, or leave --time out."
        )
    for by, unit in (("month", "M8[M]"), ("day", "M8[D]")):
        timing = _in_spans(column.name, by, times.astype(unit))
        if timing is not None:
            return timing
    split = "time" if _spread(times) else "hash"
    remark = f"fewer than {_ENOUGH_SPANS} days with {_ROWS_A_SPAN} rows: one span"
    day = _MINUTES["day"]
    return Timing(column.name, "none", split, [1], [], None, 0, day, remark)


def _in_spans(column: str, by: str, starts: np.ndarray) -> Timing | None:
    """Return a schedule over months or days; None when there are too few."""
    spans, counts = np.unique(starts[~np.isnat(starts)], return_counts=True)
    whole = counts >= _STUB * np.median(counts)
    if whole.sum() < _ENOUGH_SPANS or np.median(counts) < _ROWS_A_SPAN:
        return None
    numbers = [_number(span) for span in spans[whole]][-_MOST_SPANS:]
    left = len(spans) - len(numbers)
    *first, arrives, replayed = numbers
    return Timing(
        column=column,
        by=by,
        split="time",
        first=first,
        then=[arrives],
        replay=replayed,
        requests=int(counts[whole][-1]),
        span_minutes=_MINUTES[by],
        remark=f"{len(spans)} {by}s" + (f", {left} left out" if left else ""),
        starts=starts,
    )


def _number(start: np.datetime64) -> int:
    """Return 201301 for a month, 20130131 for a day."""
    return int(str(start).replace("-", ""))


def _spread(times: np.ndarray) -> bool:
    """Return whether the rows can be cut by time: not all at a few moments."""
    _, counts = np.unique(times[~np.isnat(times)], return_counts=True)
    few = len(counts) < _DISTINCT_TIMES
    return not few and bool(counts.max() <= _MOST_AT_ONCE * len(times))
