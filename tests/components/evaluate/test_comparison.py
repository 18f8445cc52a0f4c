"""When a candidate may ship. Each row of the tables is a story."""

import math

import numpy as np
import pytest

from components.evaluate.comparison import (
    Compared,
    SliceStatus,
    against_baseline,
    against_trivial,
    compare,
    findings,
    of_slice,
)
from components.evaluate.values import Groups, Prediction
from contracts.config import EvaluateConfig

CONFIG = EvaluateConfig(
    margin_over_trivial=0.01,
    max_drop=0.02,
    slice_max_drop=0.05,
    slice_min_examples=300,
)


def row(gain, noise=0.01, examples=1000, where="overall"):
    bounds = (gain - noise, gain + noise)
    return Compared(where, "baseline", "auc", examples, 0.7 + gain, 0.7, gain, bounds)


@pytest.mark.parametrize(
    ("story", "gain", "on_tie", "passed"),
    [
        ("beats it by more than the margin", 0.03, "bless", True),
        ("beats it by exactly the margin", 0.73 - 0.72, "bless", True),
        ("beats it by less than the margin", 0.009, "bless", False),
        ("is the trivial model", 0.0, "bless", False),
        ("is worse than the trivial model", -0.1, "bless", False),
        ("has the margin, but within noise", 0.01, "refuse", False),
        ("has the margin beyond noise", 0.03, "refuse", True),
        ("cannot be measured", math.nan, "bless", False),
    ],
)
def test_candidate_and_trivial_model(story, gain, on_tie, passed):
    config = CONFIG.model_copy(update={"on_tie": on_tie})
    assert against_trivial(row(gain), config).passed is passed, story


@pytest.mark.parametrize(
    ("story", "gain", "on_tie", "passed"),
    [
        ("is better", 0.03, "bless", True),
        ("is the same", 0.0, "bless", True),
        ("drops within the limit", -0.019, "bless", True),
        ("drops by exactly the limit", 0.70 - 0.72, "bless", True),
        ("drops beyond the limit", -0.021, "bless", False),
        ("is the same, and ties stay with production", 0.0, "refuse", False),
        ("is better within noise, which is a tie", 0.009, "refuse", False),
        ("is better beyond noise", 0.011, "refuse", True),
        ("cannot be measured", math.nan, "bless", False),
    ],
)
def test_candidate_and_baseline(story, gain, on_tie, passed):
    config = CONFIG.model_copy(update={"on_tie": on_tie})
    assert against_baseline(row(gain), config).passed is passed, story


@pytest.mark.parametrize(
    ("story", "compared", "status"),
    [
        ("better", row(0.1), SliceStatus.HELD),
        ("drop within the limit", row(-0.05), SliceStatus.HELD),
        ("drop beyond the limit", row(-0.06), SliceStatus.WORSE),
        ("large drop, larger noise", row(-0.06, noise=0.07), SliceStatus.HELD),
        ("one example too few", row(-0.5, examples=299), SliceStatus.TOO_SMALL),
        ("just enough examples", row(-0.5, examples=300), SliceStatus.WORSE),
        ("one class only", row(math.nan), SliceStatus.UNDEFINED),
    ],
)
def test_slice_against_baseline(story, compared, status):
    assert of_slice(compared, CONFIG) is status, story


def test_a_refusal_says_metric_values_difference_interval_limit_and_n():
    finding = against_baseline(row(-0.021), CONFIG)
    assert finding.reason == (
        "overall: auc 0.6790, baseline 0.7000: worse by 0.0210 [0.0110, 0.0310] on "
        "1,000 examples; may be worse by at most 0.02"
    )


def test_one_bad_slice_refuses_a_better_mean():
    slices = [row(-0.2, where="carrier=UA"), row(0.3, where="carrier=B6")]
    found = findings([row(0.3)], row(0.1), slices, CONFIG)
    assert [f.passed for f in found] == [True, True, False]
    assert found[-1].reason.startswith("carrier=UA: auc 0.5000")


def test_slices_that_held_are_counted():
    slices = [row(0.1), row(-0.5, examples=10), row(-0.01)]
    found = findings([row(0.3)], row(0.1), slices, CONFIG)
    assert found[-1].reason == (
        "2 slices within 0.05 of the baseline or within noise, 1 too small to gate "
        "(below 300 examples)"
    )


def test_without_baseline_trivial_models_decide():
    found = findings([row(0.3), row(0.001)], None, [], CONFIG)
    assert [f.passed for f in found] == [True, False, True]
    assert "no baseline" in found[-1].reason


LABELS = np.array([0, 1, 0, 1, 1, 0])


def answers(scores, threshold=0.5):
    scores = np.array(scores)
    said = (scores >= threshold).astype(int)
    return Prediction(np.column_stack([1 - scores, scores]), said)


@pytest.mark.parametrize("metric", ["auc", "accuracy", "log_loss", "f1", "f_beta"])
def test_gain_is_positive_for_the_better_model_in_every_metric(metric):
    better = answers([0.1, 0.9, 0.2, 0.8, 0.6, 0.3])
    worse = answers([0.1, 0.4, 0.6, 0.8, 0.3, 0.7])
    config, whole = EvaluateConfig(metric=metric), Groups.whole(6)
    up = compare(LABELS, better, ("baseline", worse), whole, config)[0]
    down = compare(LABELS, worse, ("baseline", better), whole, config)[0]
    assert up.gain > 0
    assert down.gain == -up.gain
    assert down.interval == pytest.approx([-b for b in reversed(up.interval)])
    assert up.interval[0] < up.gain


def test_models_are_compared_on_the_same_examples_of_each_group():
    model = answers([0.1, 0.9, 0.2, 0.8, 0.6, 0.3])
    groups = Groups(np.array([0, 0, 1, 1, 1, 1]), ["a", "b"])
    rows = compare(LABELS, model, ("baseline", model), groups, EvaluateConfig())
    assert [(r.where, r.examples, r.gain) for r in rows] == [("a", 2, 0), ("b", 4, 0)]
