"""A gate metric with, for every example, how much that example moves it.

Each metric here is a smooth function of means over examples, so its sampling variance
is the sum of squared deviations of the single examples (the infinitesimal jackknife,
Efron 1982). For AUC this is exactly the variance of DeLong, DeLong & Clarke-Pearson
1988, for a mean the usual s^2 / n, for F-beta the delta method. Two models judged on
the same examples are compared by subtracting their deviations, which keeps the
covariance: for AUC, the paired DeLong test.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from components.evaluate.counts import Counts, f_beta, ratio
from components.evaluate.metrics import POSITIVE, losses, nan_mean
from components.evaluate.ranking import placements
from components.evaluate.values import Groups, Prediction

LOWER_IS_BETTER = frozenset({"log_loss"})


class Estimate(NamedTuple):
    """`value` (groups,) and `deviation` (n,): the variance of a group's value is the
    sum of the squares over its examples. NaN where there are too few to tell."""

    value: np.ndarray
    deviation: np.ndarray


def estimate(
    metric: str,
    labels: np.ndarray,
    prediction: Prediction,
    groups: Groups,
    beta: float = 1.0,
) -> Estimate:
    """Estimate auc, accuracy, log_loss, f1 or f_beta in every group.

    Values equal those of `metrics.measure`. Raises KeyError for another metric.
    """
    match metric:
        case "auc":
            return _auc(labels, prediction, groups)
        case "accuracy":
            return _mean((labels == prediction.decisions).astype(float), groups)
        case "log_loss":
            return _mean(losses(labels, prediction), groups)
        case "f1":
            return _f_beta(labels, prediction, groups, 1.0)
        case "f_beta":
            return _f_beta(labels, prediction, groups, beta)
    raise KeyError(f"no estimate of {metric}")


def _mean(values: np.ndarray, groups: Groups) -> Estimate:
    sizes = groups.sizes()
    mean = ratio(groups.sums(values), sizes)
    scale = _pair_root(sizes)
    return Estimate(mean, (values - mean[groups.codes]) * scale[groups.codes])


def _auc(labels: np.ndarray, prediction: Prediction, groups: Groups) -> Estimate:
    classes = prediction.probabilities.shape[1]
    chosen = [POSITIVE] if classes == 2 else range(classes)
    areas, moves = zip(
        *(
            _auc_of_class(labels == k, prediction.probabilities[:, k], groups)
            for k in chosen
        ),
        strict=True,
    )
    area = np.stack(areas, axis=1)
    defined = (~np.isnan(area)).sum(axis=1)
    total = np.where(np.isnan(area[groups.codes]), 0.0, np.stack(moves, axis=1))
    return Estimate(nan_mean(area), ratio(total.sum(axis=1), defined[groups.codes]))


def _auc_of_class(positive: np.ndarray, scores: np.ndarray, groups: Groups) -> Estimate:
    share = placements(positive, scores, groups)
    hits = groups.sums(positive)
    area = ratio(groups.sums(np.where(positive, share, 0.0)), hits)
    same_class = np.where(
        positive, hits[groups.codes], (groups.sizes() - hits)[groups.codes]
    )
    return Estimate(area, (share - area[groups.codes]) * _pair_root(same_class))


def _f_beta(
    labels: np.ndarray, prediction: Prediction, groups: Groups, beta: float
) -> Estimate:
    classes = prediction.probabilities.shape[1]
    counts = Counts.of(labels, prediction.decisions, classes, groups)
    scores = f_beta(counts, beta)
    weight = beta**2
    bottom = (1 + weight) * counts.tp + weight * counts.fn + counts.fp
    counted = ~np.isnan(scores)
    if classes == 2:
        counted[:, 1 - POSITIVE] = False
    # Of F = sum(top) / sum(bottom) an example moves (top_i - F bottom_i) / sum(bottom).
    # It enters the sums of two classes only: the actual and the predicted one.
    pull = np.where(counted, ratio(scores, bottom), 0.0)
    lift = np.where(counted, ratio(1 + weight, bottom), 0.0)
    actual, said = (groups.codes, labels), (groups.codes, prediction.decisions)
    right = labels == prediction.decisions
    move = np.where(
        right,
        lift[actual] - (1 + weight) * pull[actual],
        -weight * pull[actual] - pull[said],
    )
    sizes = groups.sizes()
    unbiased = (sizes * _pair_root(sizes) / counted.sum(axis=1).clip(1))[groups.codes]
    return Estimate(nan_mean(np.where(counted, scores, np.nan)), move * unbiased)


def _pair_root(sizes: np.ndarray) -> np.ndarray:
    """Return 1 / sqrt(n (n - 1)), NaN below two examples."""
    pairs = np.asarray(sizes, dtype=float) * (sizes - 1)
    return np.asarray(ratio(1.0, np.sqrt(np.maximum(pairs, 0.0))))
