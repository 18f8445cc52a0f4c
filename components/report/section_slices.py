"""Slices: the gate's metric of every subset, as a forest plot in a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.report import text
from components.report.collect import Artifacts


@dataclass(frozen=True)
class SliceRow:
    """One slice; positions in percent of the axis that all slices share."""

    name: str
    examples: str
    candidate: str
    baseline: str
    difference: str
    status: str
    mark: str
    passed: bool
    low: float | None
    high: float | None
    at: float | None
    baseline_at: float | None


@dataclass(frozen=True)
class SliceSection:
    """The rows, the ticks of their common axis, and where all examples lie on it."""

    metric: str
    lead: str
    has_baseline: bool
    rows: list[SliceRow]
    ticks: list[tuple[float, str]]
    overall_at: float | None


def build(found: Artifacts) -> SliceSection | None:
    """Return the section, None when there are no slices with a value."""
    slices = found.evaluation.get("slices") or []
    overall = found.evaluation.get("overall", {})
    metric = str(found.evaluation.get("metric", "auc"))
    centre = (overall.get("candidate") or {}).get(metric)
    values = [value for item in [*slices, overall] for value in _values(item, metric)]
    if not slices or not values:
        return None
    margin = 0.04 * (max(values) - min(values)) or 0.01
    low, high = min(values) - margin, max(values) + margin

    def place(value: Any) -> float | None:
        known = text.is_number(value)
        return round(100 * (value - low) / (high - low), 2) if known else None

    return SliceSection(
        metric=text.label(metric),
        lead=_lead(slices, overall, text.label(metric)),
        has_baseline=bool(overall.get("baseline")),
        rows=[_row(item, metric, place) for item in slices],
        ticks=[(place(tick) or 0.0, name) for tick, name in round_ticks(low, high)],
        overall_at=place(centre),
    )


def round_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return three to seven round numbers between `low` and `high`, with their text."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = max(factor * power for factor in (1, 2, 5) if factor * power <= rough)
    places = max(0, -math.floor(math.log10(step)))
    first, last = math.ceil(low / step), math.floor(high / step)
    return [(n * step, f"{n * step:.{places}f}") for n in range(first, last + 1)]


def _values(item: Mapping[str, Any], metric: str) -> list[float]:
    found = [(item.get(arm) or {}).get(metric) for arm in ("candidate", "baseline")]
    numbers: list[Any] = [*found, *(item.get("interval") or [])]
    return [float(value) for value in numbers if text.is_number(value)]


def _row(
    item: Mapping[str, Any], metric: str, place: Callable[[Any], float | None]
) -> SliceRow:
    candidate = (item.get("candidate") or {}).get(metric)
    baseline = (item.get("baseline") or {}).get(metric)
    low, high = item.get("interval") or (None, None)
    status, passed = str(item.get("status") or ""), item.get("passed") is not False
    return SliceRow(
        name=text.short(item.get("slice", ""), 34),
        examples=text.number(item.get("examples"), 9),
        candidate=text.fixed(candidate),
        baseline=text.fixed(baseline),
        difference=text.signed(text.difference(candidate, baseline)),
        status=status,
        mark=_mark(status, passed),
        passed=passed,
        low=place(low),
        high=place(high),
        at=place(candidate),
        baseline_at=place(baseline),
    )


def _mark(status: str, passed: bool) -> str:
    """Return a tick for a slice that was held against the baseline and stood."""
    if not passed:
        return "✕"
    return "✓" if status in ("", "held") else ""


def _lead(
    slices: Sequence[Mapping[str, Any]], overall: Mapping[str, Any], metric: str
) -> str:
    worse = [str(s.get("slice")) for s in slices if s.get("passed") is False]
    said = f"{metric} of {text.plural(len(slices), 'slice')}."
    if worse:
        return f"{said} Worse than allowed: {', '.join(map(text.short, worse))}."
    held = "None is worse than the baseline by more than allowed."
    return f"{said} {held}" if overall.get("baseline") else said
