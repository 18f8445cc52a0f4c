import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.evaluate.estimates import estimate
from components.evaluate.intervals import (
    critical,
    normal,
    paired,
    paired_accuracy,
    wilson,
)
from components.evaluate.metrics import measure
from components.evaluate.values import Groups, Prediction

METRICS = ("auc", "accuracy", "log_loss", "f1", "f_beta")


def binary(scores):
    return Prediction(
        np.column_stack([1 - scores, scores]), (scores >= 0.5).astype(int)
    )


@pytest.fixture(scope="module")
def contest():
    """400 labels and two correlated models."""
    rng = np.random.default_rng(4)
    labels = (rng.random(400) < 0.3).astype(int)
    signal = labels + rng.normal(size=400)
    noisy = signal + rng.normal(size=400)
    return labels, *(binary(1 / (1 + np.exp(0.5 - s))) for s in (signal, noisy))


def drawn(model, rows):
    return Prediction(model.probabilities[rows], model.decisions[rows])


def three_way(labels, models):
    """The same contest with a third class, to exercise the macro averages."""
    third = np.arange(len(labels)) % 3 == 0
    hint = np.roll(models[0].probabilities[:, 1], 1) + 0.3 * third
    for model in models:
        wide = np.column_stack([model.probabilities, hint])
        scores = wide / wide.sum(axis=1, keepdims=True)
        yield Prediction(scores, scores.argmax(axis=1))


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)],
)
def test_wilson_known_values(successes, trials, low, high):
    assert wilson(successes, trials, 0.95) == pytest.approx([low, high], abs=5e-5)


@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0.51, 0.999))
def test_wilson_is_inside_the_unit_interval_and_around_the_share(n, share, confidence):
    successes = round(share * n)
    low, high = wilson(successes, n, confidence)
    assert 0 <= low <= successes / n + 1e-12
    assert successes / n - 1e-12 <= high <= 1


def test_wilson_without_trials_is_unknown():
    assert np.isnan(wilson([0], [0], 0.95)).all()


def test_variance_of_auc_is_delongs(contest):
    """Against the covariance formula of the paper, by double loop."""
    labels, *models = contest
    shares = [_kernel(labels == 1, m.probabilities[:, 1]) for m in models]
    over_positives = np.cov([k.mean(axis=1) for k in shares])
    over_negatives = np.cov([k.mean(axis=0) for k in shares])
    positives, negatives = shares[0].shape
    expected = over_positives / positives + over_negatives / negatives
    moves = [estimate("auc", labels, m, Groups.whole(400)).deviation for m in models]
    np.testing.assert_allclose(np.array(moves) @ np.array(moves).T, expected)


def _kernel(positive, scores):
    gaps = scores[positive][:, None] - scores[~positive][None, :]
    return (gaps > 0) + (gaps == 0) / 2


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("classes", [2, 3])
def test_variance_of_a_difference_is_that_of_the_bootstrap(contest, metric, classes):
    labels, *models = contest
    if classes == 3:
        models = list(three_way(labels, models))
        labels = np.where(np.arange(400) % 3 == 0, 2, labels)
    whole, rng = Groups.whole(400), np.random.default_rng(5)
    a, b = (estimate(metric, labels, m, whole, 2.0) for m in models)
    error = np.sqrt(((a.deviation - b.deviation) ** 2).sum())
    draws = [rng.integers(0, 400, 400) for _ in range(300)]
    values = [
        [estimate(metric, labels[d], drawn(m, d), whole, 2.0).value[0] for m in models]
        for d in draws
    ]
    assert error == pytest.approx(np.std(np.diff(values)), rel=0.15)


@pytest.mark.parametrize("metric", METRICS)
def test_an_estimate_has_the_value_of_the_table(contest, metric):
    labels, model, _ = contest
    groups = Groups(np.arange(400) % 3, ["a", "b", "c"])
    found = estimate(metric, labels, model, groups, 2.0).value
    np.testing.assert_allclose(found, measure(labels, model, groups, 2.0)[metric])


def test_a_model_beside_itself_differs_by_nothing(contest):
    labels, model, _ = contest
    whole = Groups.whole(400)
    mine = estimate("auc", labels, model, whole)
    assert paired(mine, mine, whole, 0.95).tolist() == [[0, 0]]


def test_pairing_is_what_makes_differences_visible(contest):
    labels, better, worse = contest
    whole = Groups.whole(400)
    a, b = (estimate("auc", labels, m, whole) for m in (better, worse))
    low, high = paired(a, b, whole, 0.95)[0]
    alone = [np.ptp(normal(e, whole, 0.95)[0]) for e in (a, b)]
    assert high - low < max(alone)


def test_paired_accuracy_by_hand():
    ours = np.array([True] * 90 + [False] * 10)
    theirs = np.array([True] * 80 + [False] * 10 + [True] * 2 + [False] * 8)
    won, lost = 11 / 102, 3 / 102
    half = critical(0.95) * np.sqrt((won + lost - (won - lost) ** 2) / 102)
    found = paired_accuracy(ours, theirs, Groups.whole(100), 0.95)[0]
    assert found == pytest.approx([won - lost - half, won - lost + half])


def test_paired_accuracy_without_discordant_examples_still_has_width():
    same = np.ones(50, dtype=bool)
    low, high = paired_accuracy(same, same, Groups.whole(50), 0.95)[0]
    assert low < 0 < high


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_paired_accuracy_stays_within_a_difference_of_shares(values):
    ours, theirs = np.array(values).T
    low, high = paired_accuracy(ours, theirs, Groups.whole(len(values)), 0.95)[0]
    assert -1 <= low <= high <= 1


def test_one_example_of_a_class_gives_no_interval():
    labels = np.array([1, 0, 0])
    found = estimate("auc", labels, binary(np.array([0.9, 0.2, 0.3])), Groups.whole(3))
    assert found.value[0] == 1
    assert np.isnan(normal(found, Groups.whole(3), 0.95)).all()
