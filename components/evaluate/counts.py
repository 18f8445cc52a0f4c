"""Confusion counts, and every metric that is a ratio of them.

Metrics take arrays of any shape (or plain numbers) and are NaN where they are not
defined, because 0 would claim a measurement. Formulas: Fawcett 2006, "An introduction
to ROC analysis"; F-beta: van Rijsbergen 1979.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np

from components.evaluate.values import Groups


class Counts(NamedTuple):
    """One-vs-rest counts, each of shape (groups, classes) or any other."""

    tp: np.ndarray
    fp: np.ndarray
    fn: np.ndarray
    tn: np.ndarray

    @classmethod
    def of(
        cls, labels: np.ndarray, decisions: np.ndarray, classes: int, groups: Groups
    ) -> Self:
        """Count all groups and classes in one pass; shapes (groups, classes)."""
        shape = (len(groups.keys), classes)

        def table(columns: np.ndarray, rows: np.ndarray | slice) -> np.ndarray:
            cells = groups.codes[rows] * classes + columns[rows]
            return np.bincount(cells, minlength=shape[0] * classes).reshape(shape)

        everyone = slice(None)
        hits = table(labels, labels == decisions)
        false_alarms = table(decisions, everyone) - hits
        misses = table(labels, everyone) - hits
        rest = groups.sizes()[:, None] - hits - false_alarms - misses
        return cls(hits, false_alarms, misses, rest)

    @classmethod
    def of_confusion(cls, confusion: np.ndarray) -> Self:
        """Return the counts of each class, shape (classes,), from an N x N table."""
        hits = np.diagonal(confusion)
        false_alarms, misses = (
            confusion.sum(axis=0) - hits,
            confusion.sum(axis=1) - hits,
        )
        return cls(
            hits, false_alarms, misses, confusion.sum() - hits - false_alarms - misses
        )

    def of_class(self, index: int) -> Self:
        """Return the counts of one class: the last axis is dropped."""
        return type(self)(*(count[..., index] for count in self))


def confusion(labels: np.ndarray, decisions: np.ndarray, classes: int) -> np.ndarray:
    """Return the N x N table: rows are the actual class, columns the predicted."""
    cells = np.asarray(labels, dtype=np.int64) * classes + decisions
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def ratio(numerator: Any, denominator: Any) -> Any:
    """Divide; NaN where the denominator is zero."""
    bottom = np.asarray(denominator, dtype=float)
    return np.divide(numerator, np.where(bottom == 0, np.nan, bottom))


def precision(counts: Counts) -> Any:
    """TP / (TP + FP): how many of the alarms are right."""
    return ratio(counts.tp, counts.tp + counts.fp)


def recall(counts: Counts) -> Any:
    """TP / (TP + FN), also called sensitivity or true positive rate."""
    return ratio(counts.tp, counts.tp + counts.fn)


def specificity(counts: Counts) -> Any:
    """TN / (TN + FP), also called true negative rate."""
    return ratio(counts.tn, counts.tn + counts.fp)


def negative_predictive_value(counts: Counts) -> Any:
    """TN / (TN + FN): how many of the all-clears are right."""
    return ratio(counts.tn, counts.tn + counts.fn)


def mean_false(counts: Counts) -> Any:
    """FR = (FN + FP) / 2, a count: F1 is TP / (TP + FR)."""
    return (counts.fn + counts.fp) / 2


def f_beta(counts: Counts, beta: float = 1.0) -> Any:
    """F-beta from counts; recall weighs `beta` times as much as precision.

    0 when every positive is missed, NaN when there are neither positives nor alarms.
    """
    weight = beta**2
    hits = (1 + weight) * counts.tp
    return ratio(hits, hits + weight * counts.fn + counts.fp)


def f_beta_of_rates(precision: Any, recall: Any, beta: float = 1.0) -> Any:
    """F-beta from a precision and a recall (both as shares or both in percent)."""
    weight = beta**2
    return ratio((1 + weight) * precision * recall, weight * precision + recall)
