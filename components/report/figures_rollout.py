"""A rollout as it went: traffic, evidence and the decision, over event time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from components.report.figures import (
    BAD,
    CANDIDATE,
    FAINT,
    GOOD,
    INK,
    TRIVIAL,
    svg,
)
from components.report.text import short

_COLORS = ("#d55e00", "#0072b2", "#e69f00", "#cc79a7", "#009e73", "#56b4e9")
_DASHES = ("--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), "-", (0, (3, 4)))
_FLOOR, _CEILING = -3.0, 6.0
"""Powers of ten between which evidence is drawn; beyond, it is drawn at the edge."""
_END = {"promoted": GOOD, "rolled back": BAD}

Series = Mapping[str, Sequence[float | None]]


@dataclass(frozen=True)
class Timeline:
    """What the figure needs, one entry a look.

    `time` in minutes since the first request; `weight` and `share` in percent (asked
    for, and carried); `evidence` of harm, `carriers` (the (metric, slice) pairs with
    the most of it), `gates` (evidence of no harm by claim) and `threshold` are log10
    of e-values.
    """

    time: list[float]
    weight: list[float]
    share: list[float | None]
    evidence: list[float | None]
    carriers: Series
    gates: Series
    threshold: float | None
    decision: str


def timeline(data: Timeline) -> str:
    """Draw traffic above evidence, over the same event time in hours or days."""
    panels = 3 if data.gates else 2
    figure = Figure(figsize=(10.4, 0.5 + 2.05 * panels))
    rows = figure.subplots(panels, 1, sharex=True, gridspec_kw={"hspace": 0.3})
    figure.subplots_adjust(left=0.062, right=0.985, top=0.955, bottom=0.075)
    days = data.time[-1] >= 3 * 1440
    x = np.asarray(data.time) / (1440 if days else 60)
    _traffic(rows[0], x, data)
    _harm(rows[1], x, data)
    if data.gates:
        _permission(rows[2], x, data)
    end = _END.get(data.decision, TRIVIAL)
    for axes in rows:
        axes.axvline(x[-1], color=end, linewidth=1.4)
        axes.set_xlim(0, float(x[-1]) * 1.09 or 1.0)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=12))
    rows[0].text(x[-1] * 1.008, 45, data.decision, color=end, weight="bold")
    unit = "days" if days else "hours"
    rows[-1].set_xlabel(f"event time since the first request, {unit}")
    return svg(figure, "rollout timeline")


def _traffic(axes: Axes, x: np.ndarray, data: Timeline) -> None:
    # A weight holds from the end of the look before to the end of this one.
    edges = np.concatenate([[0.0], x])
    axes.stairs(data.weight, edges, fill=True, color=CANDIDATE, alpha=0.2)
    axes.stairs(data.weight, edges, color=CANDIDATE, linewidth=1.6)
    carried = [np.nan if share is None else share for share in data.share]
    axes.plot((edges[1:] + edges[:-1]) / 2, carried, ".", color=INK, markersize=3.5)
    for index in np.flatnonzero(np.diff([-1.0, *data.weight])):
        late = edges[index] > 0.93 * x[-1]  # no room before the end
        axes.annotate(
            f"{data.weight[index]:g} %",
            (edges[index], 106),
            xytext=(-3 if late else 3, 0),
            textcoords="offset points",
            ha="right" if late else "left",
            color=CANDIDATE,
            weight="bold",
        )
    axes.set_ylim(0, 125)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.grid(axis="y")
    axes.set_ylabel("% of requests")
    axes.set_title("Traffic of the canary: asked for (area), carried (dots)")


def _harm(axes: Axes, x: np.ndarray, data: Timeline) -> None:
    _threshold(axes, data.threshold, "harm is shown: roll back", BAD)
    _lines(axes, x, data.carriers)
    axes.plot(x, _bounded(data.evidence), color=INK, linewidth=2, label="all together")
    _finish(axes, data.threshold)
    axes.set_title("Evidence of harm (e-value)")


def _permission(axes: Axes, x: np.ndarray, data: Timeline) -> None:
    _threshold(axes, data.threshold, "shown harmless: may go on", GOOD)
    _lines(axes, x, data.gates)
    _finish(axes, data.threshold)
    axes.set_title("Evidence of no harm, by claim")


def _threshold(axes: Axes, at: float | None, label: str, color: str) -> None:
    if at is None:
        return
    axes.axhline(at, color=color, linewidth=1.2, linestyle=(0, (6, 3)))
    axes.annotate(
        f"{_power(at)}: {label}",
        (0, at),
        xytext=(4, 3),
        textcoords="offset points",
        color=color,
        zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5},
    )


def _lines(axes: Axes, x: np.ndarray, series: Series) -> None:
    for index, (name, values) in enumerate(series.items()):
        color, dash = _COLORS[index % 6], _DASHES[index % 6]
        axes.plot(
            x, _bounded(values), color=color, linestyle=dash, label=short(name, 48)
        )


def _finish(axes: Axes, threshold: float | None) -> None:
    low, high = axes.get_ylim()
    low, high = min(low, -1.0), max(high, (threshold or 0) + 0.8)
    axes.set_ylim(low, high)
    ticks = np.arange(np.ceil(low), np.floor(high) + 1)
    axes.yaxis.set_major_locator(FixedLocator(list(ticks[:: 1 + len(ticks) // 7])))
    axes.yaxis.set_major_formatter(lambda value, _: _power(value))
    axes.grid(axis="y")
    axes.axhline(0, color=FAINT, linewidth=0.8)
    if axes.get_legend_handles_labels()[0]:
        above = {"loc": "lower right", "bbox_to_anchor": (1.0, 0.97)}
        axes.legend(**above, ncols=4, fontsize=7.5, columnspacing=1.2, handlelength=2.4)


def _power(exponent: float) -> str:
    return f"{10.0**exponent:,.6g}"


def _bounded(values: Sequence[float | None]) -> np.ndarray:
    numbers = [np.nan if value is None else value for value in values]
    return np.asarray(np.clip(numbers, _FLOOR, _CEILING), dtype=float)
