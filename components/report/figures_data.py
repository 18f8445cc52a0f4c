"""Features of two datasets drawn over each other: first and latest, train and test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from components.report.figures import BASELINE, CANDIDATE, canvas, svg
from components.report.text import short

_BARS = 6
_DECILES = 10
_FEW = 24
"""An integer column with at most this many values is drawn value by value."""


def feature(
    name: str, first: Mapping[str, Any], latest: Mapping[str, Any] | None
) -> str:
    """Draw one feature of one or two datasets.

    Each is a feature of statistics.json; categories show the shares of the most
    frequent ones, numbers their density (share of the values per unit).
    """
    sides = [side for side in (first, latest) if side]
    figure, axes = canvas(2.7, 1.3, (0.1, 0.24, 0.16, 0.06))
    if _by_value(first):
        _values(axes, sides)
    elif all(side.get("histogram") for side in sides):
        _densities(axes, sides)
    elif all(side.get("top") for side in sides):
        _categories(axes, sides)
    else:
        axes.set_xticks([])  # a dataset without a value
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    return svg(figure, f"feature {name}")


def _by_value(side: Mapping[str, Any]) -> bool:
    top = side.get("top") or []
    return side.get("type") == "INT" and 0 < len(top) <= _FEW


def _densities(axes: Axes, sides: Sequence[Mapping[str, Any]]) -> None:
    cut = any(_long_tailed(side) for side in sides)
    for index, side in enumerate(sides):
        edges, mass = _deciles(side) if cut else _buckets(side)
        if len(mass):
            _outline(axes, mass / np.diff(edges), edges, latest=index == 1)
    low, high = axes.get_xlim()
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.6g}")
    if max(abs(low), abs(high)) < 1e6:
        axes.locator_params(axis="x", nbins=4)
        return
    axes.set_xticks([low, high])  # labels of ten characters
    first, last = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")


def _long_tailed(side: Mapping[str, Any]) -> bool:
    """Say whether eight tenths of the values share a sixth of the range or less."""
    deciles = side.get("quantiles") or []
    if len(deciles) != _DECILES + 1:
        return False
    return bool(deciles[-2] - deciles[1] < (deciles[-1] - deciles[0]) / 6)


def _deciles(side: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return edges and shares up to the last decile; equal deciles count together."""
    deciles = np.asarray(side.get("quantiles") or [], dtype=float)
    edges, times = np.unique(deciles[:-1], return_counts=True)
    if len(edges) < 2:
        return np.empty(0), np.empty(0)
    mass = times[1:] / _DECILES
    mass[0] += (times[0] - 1) / _DECILES  # of many equal smallest values
    return edges, mass


def _buckets(side: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return edges and shares of the equally wide buckets that have a width."""
    low, high, count = np.asarray(side["histogram"], dtype=float).T
    real = high > low
    if not real.any():
        return np.empty(0), np.empty(0)
    edges = np.append(low[real], high[real][-1])
    return edges, count[real] / max(count.sum(), 1.0)


def _values(axes: Axes, sides: Sequence[Mapping[str, Any]]) -> None:
    found = [{float(v): float(c) for v, c in side.get("top") or []} for side in sides]
    values = sorted(set().union(*found))
    for index, counts in enumerate(found):
        share = np.asarray([counts.get(v, 0.0) for v in values])
        edges = np.arange(len(values) + 1) - 0.5
        _outline(axes, share / max(share.sum(), 1.0), edges, latest=index == 1)
    step = max(1, len(values) // 7)
    axes.set_xticks(
        range(0, len(values), step), [f"{value:g}" for value in values[::step]]
    )


def _outline(
    axes: Axes, heights: np.ndarray, edges: np.ndarray, *, latest: bool
) -> None:
    if latest:
        axes.stairs(heights, edges, color=CANDIDATE, linewidth=1.5)
    else:
        axes.stairs(heights, edges, color=BASELINE, alpha=0.3, fill=True)
    axes.set_ylim(0, max(1.08 * float(heights.max()), axes.get_ylim()[1]))


def _categories(axes: Axes, sides: Sequence[Mapping[str, Any]]) -> None:
    shares = [_shares(side) for side in sides]
    names = sorted(shares[0], key=lambda n: (-shares[0][n], n))[:_BARS]
    place = np.arange(len(names), dtype=float)
    one = np.asarray([shares[0][n] for n in names])
    axes.barh(place, one, height=0.8, color=BASELINE, alpha=0.3, linewidth=0)
    if len(shares) > 1:
        two = np.asarray([shares[1].get(n, 0.0) for n in names])
        axes.plot(two, place, "|", color=CANDIDATE, markersize=9, markeredgewidth=1.8)
        one = np.maximum(one, two)
    widest = max(float(one.max()), 1e-9)
    for row, name in enumerate(names):
        axes.text(one[row] + 0.04 * widest, row, short(name, 14), va="center")
    axes.set_xlim(0, 1.7 * widest)
    axes.set_ylim(_BARS - 0.4, -0.6)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.2g} %")
    axes.set_xticks([widest])


def _shares(side: Mapping[str, Any]) -> dict[str, float]:
    total = max(float(side.get("count") or 0), 1.0)
    return {str(value): count / total for value, count in side["top"]}
