"""What learning curves say: losses, AUC, and a diagnosis in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

__all__ = ["Point", "accuracy", "auc", "diagnose", "log_loss", "prior_loss"]

Point = Mapping[str, float]
"""One point of the curves: epoch, step, loss, eval_loss, eval_auc or eval_accuracy,
seconds since the start."""

_MATTERS = 0.01  # differences below this part of the loss of guessing are noise


def log_loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean cross-entropy in nats of logits (n, k) and class indices (n,)."""
    top = logits.max(axis=1, keepdims=True)
    total = np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0]
    return float(np.mean(total - logits[np.arange(len(labels)), labels]))


def prior_loss(labels: np.ndarray) -> float:
    """Return the cross-entropy in nats of guessing by class frequency: the entropy."""
    shares = np.bincount(labels) / len(labels)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of rows whose largest logit is the label's."""
    return float(np.mean(logits.argmax(axis=1) == labels))


def auc(scores: np.ndarray, labels: np.ndarray) -> float | None:
    """Return the area under the ROC curve, ties counting half; None for one class.

    It is the Mann-Whitney statistic: the share of (positive, negative) pairs in which
    the positive scores higher (Hanley and McNeil, Radiology 143, 1982).
    """
    positives = int(labels.sum())
    negatives = len(labels) - positives
    if not positives or not negatives:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    middle_ranks = np.cumsum(counts) - (counts - 1) / 2
    ranks = middle_ranks[inverse][labels == 1].sum()
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))


def diagnose(points: Sequence[Point], prior: float) -> str:
    """Name the shape of the curves: under-fit, over-fit or good fit, and why.

    `prior` is the loss of guessing by class frequency. A constant distance between
    the curves is no over-fit: with a split by time the two sets are different days.
    """
    losses = [point["loss"] for point in points]
    evals = [point["eval_loss"] for point in points]
    best = int(np.argmin(evals))
    if losses[-1] > (1 - _MATTERS) * prior:
        return (
            f"under-fit: the training loss {losses[-1]:.4f} is hardly below "
            f"{prior:.4f}, the loss of guessing by class frequency. Give the model "
            "more capacity, better features or a larger learning rate."
        )
    rise = evals[-1] - evals[best]
    if rise > _MATTERS * prior and losses[-1] < losses[best]:
        return (
            f"over-fit: after epoch {points[best]['epoch']:.3g} the eval loss rose by "
            f"{rise:.4f} to {evals[-1]:.4f} while the training loss still fell to "
            f"{losses[-1]:.4f}. More dropout, l2 or data would help."
        )
    falls = [curve[-2] - curve[-1] for curve in (losses, evals) if len(curve) > 1]
    if falls and min(falls) > _MATTERS * prior:
        return (
            f"under-fit: both losses were still falling at the end (eval by "
            f"{falls[1]:.4f} in the last interval). Train longer."
        )
    return (
        f"good fit: the training loss {losses[-1]:.4f} is below {prior:.4f} of "
        f"guessing, and the eval loss levelled off at {evals[best]:.4f}."
    )
