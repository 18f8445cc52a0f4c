"""Curves of the baseline, from the answers that evaluation kept beside its summary.

evaluation.json has the candidate's; both arms gave a score to the same examples.
"""

from __future__ import annotations

import numpy as np

POINTS = 200
"""A curve on a screen needs no more points."""
_BINS = 10

Points = list[list[float]]


def ranked(label: np.ndarray, scores: np.ndarray) -> tuple[Points, Points]:
    """Return ROC [fpr, tpr] and precision-recall [recall, precision] points.

    `label` (n,) is 1 for positives, `scores` (n,) their predicted probability; one
    point a distinct score, strictest first, thinned to `POINTS`. Both are empty when
    a class is absent: nothing can be ranked.
    """
    positive = np.asarray(label) == 1
    if positive.all() or not positive.any():
        return [], []
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    hits = np.cumsum(positive[order])[last]
    called = last + 1
    recall, precision = hits / hits[-1], hits / called
    false = (called - hits) / (len(order) - hits[-1])
    kept = np.unique(np.linspace(0, len(last) - 1, POINTS).astype(int))
    roc = np.column_stack([false, recall])[kept].tolist()
    return [[0.0, 0.0], *roc], np.column_stack([recall, precision])[kept].tolist()


def calibration(label: np.ndarray, scores: np.ndarray) -> Points:
    """Return [mean predicted, observed rate, count] of ten equally wide bins."""
    bins = np.clip((scores * _BINS).astype(int), 0, _BINS - 1)
    count = np.bincount(bins, minlength=_BINS)
    there = count > 0
    mean = np.bincount(bins, scores, _BINS)[there] / count[there]
    rate = np.bincount(bins, label == 1, _BINS)[there] / count[there]
    table: Points = np.column_stack([mean, rate, count[there]]).tolist()
    return table
