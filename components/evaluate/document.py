"""evaluation.json: what was measured, for the report, the rollout and people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from components.evaluate import counts as by_counts
from components.evaluate.comparison import Compared, SliceStatus, of_slice
from components.evaluate.counts import Counts
from components.evaluate.estimates import LOWER_IS_BETTER, estimate
from components.evaluate.intervals import normal, wilson
from components.evaluate.metrics import POSITIVE, Metrics, class_aucs, measure
from components.evaluate.ranking import (
    UNBALANCED_BELOW,
    auc_band,
    calibration,
    curves,
)
from components.evaluate.values import Groups, Prediction
from contracts.config import EvaluateConfig

Document = dict[str, Any]


def overall(
    labels: np.ndarray, prediction: Prediction, config: EvaluateConfig
) -> Document:
    """Return the metrics of one model over all examples, name -> number."""
    whole = Groups.whole(len(labels))
    return _row(measure(labels, prediction, whole, config.beta), 0)


def intervals(
    labels: np.ndarray, prediction: Prediction, config: EvaluateConfig
) -> Document:
    """Return metric -> [low, high] at the config's confidence.

    Wilson for proportions; DeLong for AUC, the delta method for F and a normal mean
    for the log loss (see `estimates`).
    """
    whole = Groups.whole(len(labels))
    hits = int((labels == prediction.decisions).sum())
    table = {"accuracy": wilson(hits, len(labels), config.confidence)}
    if prediction.probabilities.shape[1] == 2:
        counts = Counts.of(labels, prediction.decisions, 2, whole).of_class(POSITIVE)
        table |= {
            name: wilson(part, total, config.confidence)[0]
            for name, (part, total) in _proportions(counts).items()
        }
    for metric in ("auc", "log_loss", "f1", "f_beta"):
        table[metric] = gate_intervals(metric, labels, prediction, whole, config)[0]
    return {name: bounds.tolist() for name, bounds in table.items()}


def gate_intervals(
    metric: str,
    labels: np.ndarray,
    prediction: Prediction,
    groups: Groups,
    config: EvaluateConfig,
) -> np.ndarray:
    """Return the interval of a gate metric in every group, shape (groups, 2)."""
    if metric == "accuracy":
        hits = groups.sums(labels == prediction.decisions)
        return wilson(hits, groups.sizes(), config.confidence)
    found = estimate(metric, labels, prediction, groups, config.beta)
    highest = math.inf if metric in LOWER_IS_BETTER else 1.0
    return normal(found, groups, config.confidence, highest)


def slice_rows(
    labels: np.ndarray,
    candidate: Prediction,
    baseline: Prediction | None,
    groups: Groups,
    compared: Sequence[Compared] | None,
    config: EvaluateConfig,
) -> list[Document]:
    """Return one row a slice of one partition, the largest slices first.

    `compared` holds the candidate beside the baseline in each of `groups`.
    """
    ours = measure(labels, candidate, groups, config.beta)
    theirs = baseline and measure(labels, baseline, groups, config.beta)
    bounds = gate_intervals(config.metric, labels, candidate, groups, config).tolist()
    rows = []
    for i, name in enumerate(groups.keys):
        pair = compared[i] if compared else None
        state = of_slice(pair, config) if pair else SliceStatus.NO_BASELINE
        rows.append(
            {
                "slice": name,
                "examples": int(ours["examples"][i]),
                "candidate": _row(ours, i),
                "baseline": _row(theirs, i) if theirs else None,
                "interval": bounds[i],
                "gain": pair and pair.gain,
                "gain_interval": pair and list(pair.interval),
                "status": state.value,
                "passed": state is not SliceStatus.WORSE,
            }
        )
    return sorted(rows, key=lambda row: (-row["examples"], row["slice"]))


def per_class(
    labels: np.ndarray, prediction: Prediction, classes: Sequence[str]
) -> list[Document]:
    """Return the one-vs-rest row of each class: counts, P, R, F1, AUC."""
    table = by_counts.confusion(labels, prediction.decisions, len(classes))
    counts = Counts.of_confusion(table)
    columns = {
        "examples": counts.tp + counts.fn,
        **counts._asdict(),
        "precision": by_counts.precision(counts),
        "recall": by_counts.recall(counts),
        "f1": by_counts.f_beta(counts),
        "auc": class_aucs(labels, prediction, Groups.whole(len(labels)))[0],
    }
    return [{"class": name} | _row(columns, i) for i, name in enumerate(classes)]


def plots(labels: np.ndarray, prediction: Prediction) -> Document:
    """Return the points of ROC, precision-recall and calibration.

    With more than two classes there is no single ROC, and calibration is about the
    predicted class: how often it is right at which probability.
    """
    if prediction.probabilities.shape[1] > 2:
        chosen = prediction.probabilities.max(axis=1)
        right = labels == prediction.decisions
        return {"roc": [], "pr": [], "calibration": calibration(right, chosen)}
    positive = labels == POSITIVE
    scores = prediction.probabilities[:, POSITIVE]
    roc, pr = curves(positive, scores)
    return {"roc": roc, "pr": pr, "calibration": calibration(positive, scores)}


def reading(measured: Mapping[str, Any]) -> Document:
    """Say how to read the overall metrics: the AUC's band, and whether the classes
    are so unbalanced that the precision-recall curve must be shown beside it."""
    rate = measured.get("base_rate")
    return {
        "auc_band": auc_band(measured["auc"]),
        "unbalanced": rate is not None and rate < UNBALANCED_BELOW,
        "unbalanced_below": UNBALANCED_BELOW,
    }


def finite(value: Any) -> Any:
    """Replace NaN and infinity by null, all the way down: JSON has neither."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value


def _proportions(counts: Counts) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    tp, fp, fn, tn = counts
    return {
        "precision": (tp, tp + fp),
        "recall": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "npv": (tn, tn + fn),
        "base_rate": (tp + fn, tp + fp + fn + tn),
        "predicted_rate": (tp + fp, tp + fp + fn + tn),
    }


def _row(columns: Metrics, index: int) -> Document:
    return {name: column[index].item() for name, column in columns.items()}
