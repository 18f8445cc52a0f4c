"""Training: how the model learned, and what that says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.report import figures_training, text
from components.report.collect import Artifacts

_FLAT = 0.002
"""Changes of the loss below this share of it count as none."""
_LEARNED = 0.05
"""Loss in nats below which a handful of examples counts as known by heart."""


@dataclass(frozen=True)
class TrainingSection:
    """Sentences and figures of the learning curves."""

    lead: str
    diagnosis: list[str]
    figures: list[str]


def build(found: Artifacts) -> TrainingSection | None:
    """Return the section, None when nothing was trained."""
    epochs = found.history.get("epochs", [])
    checks = found.history.get("overfit_check", [])
    if not found.history:
        return None
    best = kept_epoch(found.history)
    figures = []
    if epochs:
        figures.append(figures_training.losses(epochs, best))
        if name := _metric(epochs):
            figures.append(figures_training.metric(epochs, name))
    if checks:
        figures.append(figures_training.overfit(checks))
    parameters = found.history.get("parameters")
    size = f"{parameters:,} parameters, " if text.is_number(parameters) else ""
    lead = f"{size}{_length(epochs)}."
    return TrainingSection(
        lead[0].upper() + lead[1:], diagnosis(found.history), figures
    )


def _length(epochs: Sequence[Mapping[str, Any]]) -> str:
    """Return how long the training was; by steps it may end within an epoch."""
    last = epochs[-1] if epochs else {}
    done = last.get("epoch", len(epochs))
    said = "1 epoch" if done == 1 else f"{text.number(done, 2)} epochs"
    return (
        f"{said}, {last['step']:,} steps" if text.is_number(last.get("step")) else said
    )


def kept_epoch(history: Mapping[str, Any]) -> int | None:
    """Return the index of the epoch that is served: as recorded, or the one with the
    lowest eval loss."""
    epochs, kept = history.get("epochs", []), history.get("kept")
    if isinstance(kept, int) and 0 <= kept < len(epochs):
        return kept
    losses = [epoch.get("eval_loss") for epoch in epochs]
    known = [(loss, i) for i, loss in enumerate(losses) if text.is_number(loss)]
    return min(known)[1] if known else None


def diagnosis(history: Mapping[str, Any]) -> list[str]:
    """Say what the curves mean: one sentence on the fit, one on the overfit check."""
    said = [] if history.get("diagnosis") else _of_curves(history)
    recorded = str(history.get("diagnosis") or "")
    said += [recorded[0].upper() + recorded[1:]] if recorded else []
    return said + _of_check(history.get("overfit_check", []))


def _of_curves(history: Mapping[str, Any]) -> list[str]:
    epochs, best = history.get("epochs", []), kept_epoch(history)
    if best is None:
        return []
    kept, last = epochs[best], epochs[-1]
    loss, name = float(kept["eval_loss"]), text.number(kept.get("epoch", best + 1))
    rise = float(last.get("eval_loss") or loss) - loss
    if rise > _FLAT * loss:
        return [
            f"Epoch {name} is kept (eval loss {text.fixed(loss)}). After it the eval "
            f"loss rose by {text.fixed(rise)}: the model began to overfit and early "
            "stopping went back."
        ]
    if best < len(epochs) - 1 or len(epochs) == 1:
        return [f"Epoch {name} is kept (eval loss {text.fixed(loss)})."]
    gain = float(epochs[-2].get("eval_loss") or loss) - loss
    more = gain > _FLAT * loss
    return [
        f"The last epoch is the best (eval loss {text.fixed(loss)}), "
        + ("and it was still falling: more epochs may help." if more else "and level.")
    ]


def _of_check(checks: Sequence[Mapping[str, Any]]) -> list[str]:
    reached = [c for c in checks if text.is_number(c.get("loss"))]
    if not reached:
        return []
    worst = max(reached, key=lambda check: float(check["loss"]))
    many = text.plural(int(worst.get("examples", 0)), "example")
    if worst["loss"] <= _LEARNED:
        return ["It learns a handful of examples by heart: data and loss fit together."]
    return [
        f"It reaches a loss of {text.number(worst['loss'], 2)} only on {many}: either "
        "equal examples have different labels, or the model is too small."
    ]


def _metric(epochs: Sequence[Mapping[str, Any]]) -> str | None:
    names = [n for n in epochs[-1] if n.startswith("eval_") and n != "eval_loss"]
    return next((n for n in ("eval_auc", *names) if n in names), None)
