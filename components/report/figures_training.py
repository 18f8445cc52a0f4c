"""Learning curves, and the check that the model can learn a handful by heart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator, NullLocator

from components.report.figures import (
    BASELINE,
    CANDIDATE,
    FAINT,
    GOOD,
    canvas,
    svg,
)
from components.report.text import label, number

_SIZE = (3.4, 2.5)
_MARGINS = (0.5, 0.42, 0.12, 0.28)


def losses(epochs: Sequence[Mapping[str, Any]], best: int | None) -> str:
    """Draw training and eval loss by epoch; `best` is the index of the kept epoch."""
    figure, axes = canvas(*_SIZE, _MARGINS)
    x = [epoch.get("epoch", i + 1) for i, epoch in enumerate(epochs)]
    _curve(axes, x, [e.get("loss") for e in epochs], "train", FAINT, "s--")
    _curve(axes, x, [e.get("eval_loss") for e in epochs], "eval", CANDIDATE, "o-")
    if best is not None:
        axes.axvline(x[best], color=GOOD, linewidth=1, linestyle=":")
        axes.annotate(
            "kept",
            (x[best], 1),
            xycoords=("data", "axes fraction"),
            xytext=(-3 if 2 * best > len(x) else 3, -8),
            textcoords="offset points",
            ha="right" if 2 * best > len(x) else "left",
            color=GOOD,
        )
    axes.set_title("Loss by epoch")
    _finish(axes)
    return svg(figure, "loss by epoch")


def metric(epochs: Sequence[Mapping[str, Any]], name: str) -> str:
    """Draw one metric of the eval split by epoch, such as `eval_auc`."""
    figure, axes = canvas(*_SIZE, _MARGINS)
    x = [epoch.get("epoch", i + 1) for i, epoch in enumerate(epochs)]
    training = [e.get(name.removeprefix("eval_")) for e in epochs]
    if any(value is not None for value in training):
        _curve(axes, x, training, "train", FAINT, "s--")
    _curve(axes, x, [e.get(name) for e in epochs], "eval", CANDIDATE, "o-")
    shown = label(name.removeprefix("eval_"))
    axes.set_title(f"{shown[0].upper()}{shown[1:]} by epoch")
    _finish(axes)
    return svg(figure, f"{name} by epoch")


def overfit(checks: Sequence[Mapping[str, Any]]) -> str:
    """Draw the loss reached on 1, 10, 100 examples: a sound model gets near zero."""
    figure, axes = canvas(*_SIZE, (0.62, *_MARGINS[1:]))
    reached = np.asarray([float(check.get("loss") or 0) for check in checks])
    shown = np.maximum(reached, 1e-6)
    place = np.arange(len(checks))
    axes.vlines(place, 1e-6, shown, color=BASELINE, linewidth=1.2, alpha=0.5)
    axes.plot(place, shown, "o", color=BASELINE, markersize=7)
    for x, loss in zip(place, shown, strict=True):
        axes.annotate(
            number(float(loss), 2),
            (x, loss),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
        )
    axes.set_yscale("log")
    axes.set_ylim(1e-6, 10)
    axes.set_xlim(-0.6, len(checks) - 0.4)
    axes.set_xticks(place, [number(check.get("examples")) for check in checks])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_yticks([1e-6, 1e-4, 1e-2, 1], ["0.000001", "0.0001", "0.01", "1"])
    axes.grid(axis="y")
    axes.set_xlabel("examples to learn by heart")
    axes.set_title("Overfit check: loss reached")
    return svg(figure, "overfit check")


def _curve(
    axes: Any, x: Sequence[Any], y: Sequence[Any], label: str, color: str, mark: str
) -> None:
    values = [np.nan if value is None else float(value) for value in y]
    axes.plot(x, values, mark, color=color, label=label, markersize=4)


def _finish(axes: Any) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.grid(axis="y")
    axes.set_xlabel("epoch")
    axes.legend(loc="best")
