"""How far each feature moved from span to span.

The values are TFDV's where the schema asked for them; the others are computed here
from the statistics, so that every feature has a row:

    numbers     Kolmogorov-Smirnov: largest gap between the two cumulative shares
    categories  total variation: half the sum of the absolute differences of shares

Both lie between 0 (equal) and 1 (nothing in common).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from components.report.text import is_number

SPAN = "span-"
_MEASURES = {
    "jensen_shannon_divergence": "Jensen-Shannon",
    "infinity_norm": "L-infinity",
    "l_infinity": "L-infinity",
    "normalized_abs_difference": "abs. difference",
}
FULL = 0.3
"""The computed distance at which a cell has its full colour."""


@dataclass(frozen=True)
class Cell:
    """One feature in one span against the span before. `heat` in 0..1 colours it."""

    value: float | None
    heat: float = 0.0
    over: bool = False


@dataclass(frozen=True)
class Row:
    """One feature: its distances, and the threshold of the schema if it has one."""

    feature: str
    measure: str
    threshold: float | None
    cells: list[Cell]

    @property
    def worst(self) -> float:
        """The largest heat of the row."""
        return max((cell.heat for cell in self.cells), default=0.0)


def span_names(statistics: Mapping[str, Any]) -> list[int]:
    """Return the spans that have statistics, ascending."""
    names = statistics.get("datasets", {})
    found = [n.removeprefix(SPAN) for n in names if n.startswith(SPAN)]
    return sorted(int(name) for name in found if name.isdecimal())


def rows(statistics: Mapping[str, Any], features: Sequence[str]) -> list[Row]:
    """Return one row a feature; cell i compares span i + 1 with span i."""
    order = span_names(statistics)
    given = _given(statistics.get("drift", []))
    return [_row(statistics, name, order, given.get(name, {})) for name in features]


def distance(first: Mapping[str, Any], second: Mapping[str, Any]) -> float | None:
    """Return the distance of two feature statistics; None when one has no values."""
    if first.get("top") and second.get("top"):
        return _total_variation(first["top"], second["top"])
    if first.get("histogram") and second.get("histogram"):
        return _kolmogorov_smirnov(first["histogram"], second["histogram"])
    return None


def _given(items: Sequence[Mapping[str, Any]]) -> dict[str, dict[int, Any]]:
    found: dict[str, dict[int, Any]] = {}
    for item in items:
        span = str(item.get("span", "")).removeprefix(SPAN)
        if span.isdecimal() and is_number(item.get("value")):
            found.setdefault(str(item.get("feature")), {})[int(span)] = item
    return found


def _row(
    statistics: Mapping[str, Any],
    feature: str,
    order: list[int],
    given: Mapping[int, Mapping[str, Any]],
) -> Row:
    if given:
        first = next(iter(given.values()))
        measure = str(first.get("measure", ""))
        return Row(
            feature=feature,
            measure=_MEASURES.get(measure, measure),
            threshold=first.get("threshold"),
            cells=[_given_cell(given.get(span)) for span in order[1:]],
        )
    data = [
        statistics["datasets"][f"{SPAN}{span}"]["features"].get(feature, {})
        for span in order
    ]
    values = [distance(a, b) for a, b in pairwise(data)]
    measure = "Kolmogorov-Smirnov" if _numeric(data) else "total variation"
    cells = [Cell(v, min((v or 0.0) / FULL, 1.0)) for v in values]
    return Row(feature=feature, measure=measure, threshold=None, cells=cells)


def _numeric(data: Sequence[Mapping[str, Any]]) -> bool:
    return any(d.get("histogram") for d in data) and not any(d.get("top") for d in data)


def _given_cell(item: Mapping[str, Any] | None) -> Cell:
    if item is None:
        return Cell(None)
    value, threshold = float(item["value"]), item.get("threshold")
    limit = float(threshold) if threshold else FULL / 2
    # Half the colour at the threshold: what is below it stays pale.
    heat = min(value / (2 * limit), 1.0)
    return Cell(value, heat, over=bool(threshold) and value > limit)


def _total_variation(first: Any, second: Any) -> float:
    p, q = _shares(first), _shares(second)
    return 0.5 * sum(abs(p.get(k, 0.0) - q.get(k, 0.0)) for k in sorted({*p, *q}))


def _shares(top: Sequence[Sequence[Any]]) -> dict[str, float]:
    total = sum(count for _, count in top) or 1
    return {str(value): count / total for value, count in top}


def _kolmogorov_smirnov(first: Any, second: Any) -> float:
    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    edges = np.unique(np.concatenate([one[:, :2], two[:, :2]]))
    edges = edges[np.isfinite(edges)]
    return float(np.abs(_cumulative(one, edges) - _cumulative(two, edges)).max())


def _cumulative(histogram: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Share of values up to each of `at`, straight within a bucket."""
    low, high, count = histogram.T
    width = np.maximum(high - low, 1e-12)
    inside = np.clip((at[:, None] - low) / width, 0.0, 1.0)  # (edges, buckets)
    return np.asarray((inside * count).sum(axis=1) / max(count.sum(), 1.0))
