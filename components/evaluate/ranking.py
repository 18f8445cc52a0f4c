"""What only the order of the scores decides: AUC, ROC and precision-recall curves."""

from __future__ import annotations

import numpy as np

from components.evaluate.counts import ratio
from components.evaluate.values import Groups

UNBALANCED_BELOW = 0.2
"""Rarer positives than this and AUC is optimistic: false alarms are divided by a great
many negatives, so the precision-recall curve is shown (Saito & Rehmsmeier 2015)."""
MAX_POINTS = 200
_BANDS = (
    (0.9, "excellent"),
    (0.8, "good"),
    (0.7, "acceptable"),
    (0.6, "poor"),
    (0.5, "bad"),
)


def placements(positive: np.ndarray, scores: np.ndarray, groups: Groups) -> np.ndarray:
    """Return for each example the share of the other class it is ordered rightly to.

    For a positive: negatives of its group with a lower score; for a negative:
    positives with a higher one; ties count half. `positive` (n,) bool, `scores` (n,).
    NaN where a group has no example of the other class. These are the structural
    components of DeLong, DeLong & Clarke-Pearson 1988; one sort, as in Sun & Xu 2014.
    """
    order = np.lexsort((scores, groups.codes))
    code, score, hit = groups.codes[order], scores[order], positive[order]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (code[1:] != code[:-1]) | (score[1:] != score[:-1])
    tie_start = np.flatnonzero(fresh)
    tie = np.cumsum(fresh) - 1  # which run of equal scores each row is in
    edges = np.append(tie_start, len(order))
    first = np.searchsorted(code, np.arange(len(groups.keys) + 1))  # rows of a group

    def on_side(of: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Count rows `of` a class that score below, tie, and lie in the group."""
        before = np.concatenate([[0], np.cumsum(of)])
        below = before[edges[tie]] - before[first[code]]
        tied = before[edges[tie + 1]] - before[edges[tie]]
        return below, tied, before[first[code + 1]] - before[first[code]]

    below, tied, negatives = on_side(~hit)
    beaten = ratio(below + tied / 2, negatives)
    below, tied, positives = on_side(hit)
    above = ratio(positives - below - tied / 2, positives)
    result = np.empty(len(order))
    result[order] = np.where(hit, beaten, above)
    return result


def auc(positive: np.ndarray, scores: np.ndarray, groups: Groups) -> np.ndarray:
    """Return the exact area under the ROC curve of each group, shape (groups,).

    It is the probability that a positive outranks a negative, ties half (Mann-Whitney
    U); NaN for a group with one class.
    """
    share = np.where(positive, placements(positive, scores, groups), 0.0)
    return np.asarray(ratio(groups.sums(share), groups.sums(positive)))


def auc_band(value: float) -> str:
    """Name an AUC: from .9 excellent, .8 good, .7 acceptable, .6 poor, .5 bad."""
    for bound, name in _BANDS:
        if value >= bound:
            return name
    return "worse than chance"


def curves(
    positive: np.ndarray, scores: np.ndarray
) -> tuple[list[list[float]], list[list[float]]]:
    """Return ROC points [fpr, tpr] and precision-recall points [recall, precision].

    One point a distinct score, from the strictest threshold on, thinned evenly to
    `MAX_POINTS`. Both classes must be present.
    """
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    hits = np.cumsum(positive[order])[last]
    alarms = last + 1
    tpr = hits / hits[-1]
    fpr = (alarms - hits) / (alarms[-1] - hits[-1])
    kept = _evenly(fpr + tpr, MAX_POINTS - 1)
    roc = np.column_stack([fpr, tpr])[kept]
    pr = np.column_stack([tpr, hits / alarms])[kept]
    return [[0.0, 0.0], *roc.tolist()], pr.tolist()


def calibration(
    outcome: np.ndarray, scores: np.ndarray, bins: int = 10
) -> list[list[float]]:
    """Return [mean predicted, observed rate, count] of each non-empty bin.

    Bins are equally wide over [0, 1]; `outcome` (n,) bool, `scores` (n,) probabilities.
    """
    index = np.clip((scores * bins).astype(np.int64), 0, bins - 1)
    binned = Groups(index, [str(i) for i in range(bins)])
    sizes = binned.sizes()
    table = np.column_stack(
        [ratio(binned.sums(scores), sizes), ratio(binned.sums(outcome), sizes), sizes]
    )
    return list(table[sizes > 0].tolist())


def _evenly(position: np.ndarray, points: int) -> np.ndarray:
    """Return indices of at most `points` rising positions, the last one among them."""
    if len(position) <= points:
        return np.arange(len(position))
    wanted = np.linspace(position[0], position[-1], points)
    return np.unique(np.searchsorted(position, wanted))
