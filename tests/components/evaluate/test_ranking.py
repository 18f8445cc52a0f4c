"""ROC, AUC with its bands, precision-recall where classes are unbalanced."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from components.evaluate.ranking import auc, auc_band, calibration, curves, placements
from components.evaluate.values import Groups

# Scores from a small set, so that ties are frequent.
rows = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40)


def pairs_won(positive, scores):
    """AUC by its meaning: every positive against every negative."""
    wins = [
        (p > n) + (p == n) / 2
        for p in scores[positive].tolist()
        for n in scores[~positive].tolist()
    ]
    return sum(wins) / len(wins) if wins else np.nan


def split(values):
    return np.array([v[0] for v in values]), np.array([v[1] for v in values])


@given(rows)
def test_auc_is_the_share_of_pairs_in_order(values):
    positive, scores = split(values)
    found = auc(positive, scores, Groups.whole(len(values)))[0]
    assert found == pytest.approx(pairs_won(positive, scores), abs=1e-12, nan_ok=True)


@given(rows, st.randoms(use_true_random=False))
def test_auc_of_a_group_does_not_see_the_others(values, random):
    positive, scores = split(values)
    codes = np.array([random.randrange(3) for _ in values])
    found = auc(positive, scores, Groups(codes, ["a", "b", "c"]))
    for group in range(3):
        mine = codes == group
        expected = pairs_won(positive[mine], scores[mine])
        assert found[group] == pytest.approx(expected, abs=1e-12, nan_ok=True)


@given(rows, st.permutations(range(40)))
def test_order_of_the_examples_does_not_matter(values, order):
    positive, scores = split(values)
    mixed = np.array([i for i in order if i < len(values)])
    whole = Groups.whole(len(values))
    before, after = (
        placements(positive, scores, whole)[mixed],
        placements(positive[mixed], scores[mixed], whole),
    )
    np.testing.assert_array_equal(before, after)


def test_auc_of_many_examples_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    positive = rng.random(5000) < 0.2
    scores = np.round(rng.normal(size=5000) + positive, 2)
    found = auc(positive, scores, Groups.whole(5000))[0]
    assert found == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (1.0, "excellent"),
        (0.9, "excellent"),
        (0.89, "good"),
        (0.8, "good"),
        (0.79, "acceptable"),
        (0.7, "acceptable"),
        (0.69, "poor"),
        (0.6, "poor"),
        (0.59, "bad"),
        (0.5, "bad"),
        (0.49, "worse than chance"),
    ],
)
def test_auc_bands(value, band):
    assert auc_band(value) == band


def test_curves_by_hand():
    positive = np.array([True, False, True, False])
    roc, pr = curves(positive, np.array([0.9, 0.8, 0.8, 0.1]))
    assert roc == [[0, 0], [0, 0.5], [0.5, 1], [1, 1]]
    assert pr == [[0.5, 1], [1, 2 / 3], [1, 0.5]]


def test_curves_keep_ends_and_area_in_200_points():
    rng = np.random.default_rng(2)
    positive = rng.random(20_000) < 0.1
    scores = rng.normal(size=20_000) + positive
    roc, pr = curves(positive, scores)
    assert len(pr) <= len(roc) <= 200
    assert roc[0] == [0, 0]
    assert roc[-1] == [1, 1]
    area = np.trapezoid(*np.array(roc).T[::-1])
    assert area == pytest.approx(
        auc(positive, scores, Groups.whole(20_000))[0], abs=1e-3
    )


def test_calibration_by_hand():
    outcome = np.array([True, False, True, True])
    bins = calibration(outcome, np.array([0.11, 0.19, 1.0, 0.96]))
    assert bins == [[pytest.approx(0.15), 0.5, 2], [pytest.approx(0.98), 1.0, 2]]
