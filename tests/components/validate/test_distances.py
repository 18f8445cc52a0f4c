"""Drift and skew: the distances, and the thresholds that make them warnings."""

import numpy as np
import pytest

from contracts.errors import ConfigError

CATEGORY = 'feature { name: "c" type: BYTES drift_comparator { infinity_norm {%s} } }'
NUMBER = (
    'feature { name: "x" type: FLOAT'
    " drift_comparator { jensen_shannon_divergence {%s} }"
    " skew_comparator { jensen_shannon_divergence {%s} } }"
)
TRAIN = {"c": ["x"] * 6 + ["y"] * 3 + ["z"]}
SERVE = {"c": ["x"] * 4 + ["y"] * 4 + ["w"] * 2}


def test_largest_difference_of_shares_is_a_fifth(tfdv):
    """train {x .6, y .3, z .1}, serve {x .4, y .4, w .2}: L-infinity 0.2."""
    schema_text = CATEGORY % "threshold: 0.1"
    found = tfdv("compare", reference=TRAIN, current=SERVE, schema_text=schema_text)
    assert found["measured"] == [
        {
            "feature": "c",
            "span": 2,
            "against": 1,
            "measure": "infinity_norm",
            "value": pytest.approx(0.2, abs=1e-12),
            "threshold": 0.1,
        }
    ]


@pytest.mark.parametrize(("threshold", "warnings"), [(0.19, 1), (0.21, 0)])
def test_above_the_threshold_warns_and_below_does_not(tfdv, threshold, warnings):
    schema_text = CATEGORY % f"threshold: {threshold}"
    found = tfdv("compare", reference=TRAIN, current=SERVE, schema_text=schema_text)
    assert [a["severity"] for a in found["anomalies"]] == ["WARNING"] * warnings


@pytest.mark.parametrize("kind", ["drift", "skew"])
def test_another_range_is_far_away(tfdv, kind):
    """U(0, 100) against U(5, 600), 100 values each, numpy's default_rng(0): 0.6983."""
    random = np.random.default_rng(0)
    near, far = random.uniform(0, 100, 100), random.uniform(5, 600, 100)
    sides = {"reference": {"x": near.tolist()}, "current": {"x": far.tolist()}}
    text = NUMBER % ("threshold: 0.3", "threshold: 0.3")
    found = tfdv("compare", **sides, schema_text=text, kind=kind)
    assert found["measured"][0]["value"] == pytest.approx(0.6983, abs=5e-5)
    assert [(a["feature"], a["kind"]) for a in found["anomalies"]] == [("x", kind)]


def test_equal_data_is_at_distance_zero(tfdv):
    sides = {"reference": TRAIN, "current": TRAIN}
    found = tfdv("compare", **sides, schema_text=CATEGORY % "threshold: 0.01")
    assert (found["measured"][0]["value"], found["anomalies"]) == (0.0, [])


def test_features_without_a_threshold_are_measured_and_never_warned_of(tfdv):
    schema_text = 'feature { name: "c" type: BYTES } feature { name: "x" type: INT }'
    near, far = {"c": ["a"] * 4, "x": [1, 2, 3, 4]}, {"c": ["b"] * 4, "x": [7, 8, 9, 9]}
    found = tfdv("compare", reference=near, current=far, schema_text=schema_text)
    distances = {item["feature"]: item["value"] for item in found["measured"]}
    assert distances == {"c": 1.0, "x": 1.0}
    assert {item["threshold"] for item in found["measured"]} == {None}
    assert found["anomalies"] == []


def test_nothing_is_compared_with_an_empty_dataset(tfdv):
    schema_text = CATEGORY % "threshold: 0.1"
    found = tfdv("compare", reference={"c": []}, current=TRAIN, schema_text=schema_text)
    assert found == {"measured": [], "anomalies": []}


def test_a_comparator_that_would_never_fire_is_refused(tfdv):
    idle = 'feature { name: "x" type: INT drift_comparator { infinity_norm {} } }'
    with pytest.raises(ConfigError, match="x: drift_comparator infinity_norm"):
        tfdv("parse", text=idle)
