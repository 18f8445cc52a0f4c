"""How good the model is: ROC, precision-recall and calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from components.report.figures import BASELINE, CANDIDATE, FAINT, TRIVIAL, canvas, svg

Curves = Mapping[str, Sequence[Sequence[float]]]
"""A curve of each model by name, as points [x, y]; `candidate` is always there."""

_MARGINS = (0.48, 0.42, 0.1, 0.28)
_LOOKS: dict[str, dict[str, Any]] = {
    "candidate": {"color": CANDIDATE, "linewidth": 1.8, "zorder": 3},
    "baseline": {"color": BASELINE, "linestyle": "--", "zorder": 2},
}


def roc(curves: Curves, areas: Mapping[str, float]) -> str:
    """Draw true against false positive rate; `areas` (AUC) go into the legend."""
    figure, axes = canvas(3.4, 3.1, _MARGINS)
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8, linestyle=":")
    _lines(axes, curves, areas)
    _square(axes, "false positive rate", "true positive rate", "ROC")
    axes.legend(loc="lower right", title="area")
    return svg(figure, "ROC curve")


def precision_recall(curves: Curves, base_rate: float | None) -> str:
    """Draw precision against recall; `base_rate` is what guessing reaches."""
    figure, axes = canvas(3.4, 3.1, _MARGINS)
    if base_rate is not None:
        axes.axhline(base_rate, color=FAINT, linewidth=0.8, linestyle=":")
        axes.text(0.01, base_rate + 0.015, "all called positive", color=FAINT)
    _lines(axes, curves, {})
    _square(axes, "recall", "precision", "Precision and recall")
    if len(curves) > 1:
        axes.legend(loc="upper right")
    return svg(figure, "precision-recall curve")


def calibration(curves: Curves) -> str:
    """Draw observed rate against mean prediction, [predicted, observed, count].

    The area of a point shows how many examples it stands for.
    """
    figure, axes = canvas(3.4, 3.1, _MARGINS)
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8, linestyle=":")
    for name, points in curves.items():
        table = np.asarray(points, dtype=float)
        look = _look(name)
        axes.plot(table[:, 0], table[:, 1], label=name, **look)
        if table.shape[1] > 2:
            area = 90 * table[:, 2] / max(table[:, 2].max(), 1)
            axes.scatter(table[:, 0], table[:, 1], s=area + 6, color=look["color"])
    _square(axes, "mean prediction", "observed rate", "Calibration")
    if len(curves) > 1:
        axes.legend(loc="upper left")
    return svg(figure, "calibration curve")


def _lines(axes: Axes, curves: Curves, areas: Mapping[str, float]) -> None:
    for name, points in curves.items():
        x, y = np.asarray(points, dtype=float)[:, :2].T
        area = areas.get(name)
        label = name if area is None else f"{area:.3f}  {name}"
        axes.plot(x, y, label=label, **_look(name))


def _look(name: str) -> dict[str, Any]:
    other = {"color": TRIVIAL, "linestyle": "-.", "linewidth": 1.0}
    return _LOOKS.get(name, other)


def _square(axes: Axes, x: str, y: str, title: str) -> None:
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.grid(visible=True)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_title(title)
