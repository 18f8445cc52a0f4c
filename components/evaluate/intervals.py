"""Confidence intervals of one model's metric and of the difference of two models.

All are two-sided, arrays of shape (..., 2), NaN where there are too few examples.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np

from components.evaluate.counts import ratio
from components.evaluate.estimates import Estimate
from components.evaluate.values import Groups


def critical(confidence: float) -> float:
    """Return z of a two-sided interval: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(successes: Any, trials: Any, confidence: float) -> np.ndarray:
    """Return the score interval of a proportion (Wilson 1927), inside [0, 1].

    NaN without trials. Unlike p +- z s it neither leaves [0, 1] nor shrinks to a
    point at 0 or 1.
    """
    z = critical(confidence)
    n = np.asarray(trials, dtype=float)
    share = ratio(successes, n)
    centre = share + ratio(z**2, 2 * n)
    half = z * np.sqrt(ratio(share * (1 - share), n) + ratio(z**2, 4 * n**2))
    scale = 1 + ratio(z**2, n)
    bounds = np.stack([centre - half, centre + half], axis=-1) / scale[..., None]
    return np.asarray(np.clip(bounds, 0.0, 1.0))  # what rounding leaves outside


def normal(
    estimate: Estimate, groups: Groups, confidence: float, highest: float = 1.0
) -> np.ndarray:
    """Return value +- z s, cut to [0, highest], shape (groups, 2)."""
    half = critical(confidence) * _error(estimate.deviation, groups)
    bounds = np.stack([estimate.value - half, estimate.value + half], axis=-1)
    return np.asarray(np.clip(bounds, 0.0, highest))


def paired(
    candidate: Estimate, other: Estimate, groups: Groups, confidence: float
) -> np.ndarray:
    """Return the interval of candidate - other on the same examples, (groups, 2)."""
    gain = candidate.value - other.value
    half = critical(confidence) * _error(candidate.deviation - other.deviation, groups)
    return np.stack([gain - half, gain + half], axis=-1)


def paired_accuracy(
    candidate_right: np.ndarray,
    other_right: np.ndarray,
    groups: Groups,
    confidence: float,
) -> np.ndarray:
    """Return the interval of a paired difference of accuracies, shape (groups, 2).

    The adjusted Wald interval of Bonett & Price 2012, which adds one to both
    discordant counts and so does not shrink to a point when few examples differ.
    `candidate_right` and `other_right` are (n,) bool.
    """
    total = groups.sizes() + 2
    won = (groups.sums(candidate_right & ~other_right) + 1) / total
    lost = (groups.sums(other_right & ~candidate_right) + 1) / total
    half = critical(confidence) * np.sqrt((won + lost - (won - lost) ** 2) / total)
    bounds = np.stack([won - lost - half, won - lost + half], axis=-1)
    return np.asarray(np.clip(bounds, -1.0, 1.0))


def _error(deviation: np.ndarray, groups: Groups) -> np.ndarray:
    return np.asarray(np.sqrt(groups.sums(deviation**2)))
