"""The table of metrics of one model, for every group at once.

With two classes the metrics are about the second one, the positive. With more they are
macro averages: each class that the group holds counts the same, however rare.
"""

from __future__ import annotations

import numpy as np

from components.evaluate import counts as by_counts
from components.evaluate.counts import Counts, ratio
from components.evaluate.ranking import auc
from components.evaluate.values import Groups, Prediction

POSITIVE = 1
"""Index of the positive class of a binary task."""
_LOWEST = 1e-7
"""Probabilities are floored here in the logarithm: what float32 can tell from 1."""

Metrics = dict[str, np.ndarray]


def measure(
    labels: np.ndarray, prediction: Prediction, groups: Groups, beta: float = 1.0
) -> Metrics:
    """Return metric name -> values of shape (groups,), NaN where not defined.

    `labels` (n,) class indices; `beta` weighs recall in `f_beta`.
    """
    classes = prediction.probabilities.shape[1]
    counts = Counts.of(labels, prediction.decisions, classes, groups)
    sizes = groups.sizes()
    table = {
        "examples": sizes,
        "accuracy": ratio(counts.tp.sum(axis=1), sizes),
        "log_loss": ratio(groups.sums(losses(labels, prediction)), sizes),
    }
    if classes == 2:
        return table | _binary(labels, prediction, groups, counts.of_class(1), beta)
    return table | _macro(labels, prediction, groups, counts, beta)


def losses(labels: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Return -log of the probability given to each true class, shape (n,), in nats."""
    given = prediction.probabilities[np.arange(len(labels)), labels]
    return np.asarray(-np.log(np.maximum(given, _LOWEST)))


def present(labels: np.ndarray, classes: int, groups: Groups) -> np.ndarray:
    """Return which classes have labels, and not all of them, (groups, classes) bool."""
    counts = Counts.of(labels, labels, classes, groups)
    return np.asarray((counts.tp > 0) & (counts.tn > 0))


def class_aucs(
    labels: np.ndarray, prediction: Prediction, groups: Groups
) -> np.ndarray:
    """Return the one-vs-rest AUC of each class, shape (groups, classes)."""
    columns = prediction.probabilities.T
    return np.stack(
        [auc(labels == k, scores, groups) for k, scores in enumerate(columns)], axis=1
    )


def _binary(
    labels: np.ndarray,
    prediction: Prediction,
    groups: Groups,
    counts: Counts,
    beta: float,
) -> Metrics:
    scores = prediction.probabilities[:, POSITIVE]
    sizes = groups.sizes()
    return {
        "auc": auc(labels == POSITIVE, scores, groups),
        "precision": by_counts.precision(counts),
        "recall": by_counts.recall(counts),
        "f1": by_counts.f_beta(counts),
        "f_beta": by_counts.f_beta(counts, beta),
        "specificity": by_counts.specificity(counts),
        "npv": by_counts.negative_predictive_value(counts),
        "fr": by_counts.mean_false(counts),
        "base_rate": ratio(counts.tp + counts.fn, sizes),
        "predicted_rate": ratio(counts.tp + counts.fp, sizes),
        "mean_score": ratio(groups.sums(scores), sizes),
    }


def _macro(
    labels: np.ndarray,
    prediction: Prediction,
    groups: Groups,
    counts: Counts,
    beta: float,
) -> Metrics:
    hits = counts.tp.sum(axis=1)
    return {
        "auc": nan_mean(class_aucs(labels, prediction, groups)),
        "precision": nan_mean(by_counts.precision(counts)),
        "recall": nan_mean(by_counts.recall(counts)),
        "f1": nan_mean(by_counts.f_beta(counts)),
        "f_beta": nan_mean(by_counts.f_beta(counts, beta)),
        "f1_micro": ratio(2 * hits, 2 * hits + (counts.fp + counts.fn).sum(axis=1)),
    }


def nan_mean(values: np.ndarray) -> np.ndarray:
    """Average the defined values of each row; NaN where there is none."""
    defined = ~np.isnan(values)
    total = np.where(defined, values, 0.0).sum(axis=-1)
    return np.asarray(ratio(total, defined.sum(axis=-1)))
