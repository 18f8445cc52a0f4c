"""Trivial models beside every model; and the table of metrics as a whole."""

import numpy as np
import pytest
from sklearn import metrics as reference

from components.evaluate.metrics import measure
from components.evaluate.values import Groups, Prediction


def all_zeros(positives, examples):
    labels = np.zeros(examples, dtype=int)
    labels[:positives] = 1
    answers = Prediction(np.tile([1.0, 0.0], (examples, 1)), np.zeros(examples, int))
    return measure(labels, answers, Groups.whole(examples))


@pytest.mark.parametrize(
    ("what", "positives", "accuracy"),
    [
        ("defects", 3, 0.997),
        ("ill", 10, 0.99),
        ("wake word", 33, 0.967),
        ("86 of 1,000", 86, 0.914),
    ],
)
def test_all_zeros_is_accurate_and_useless(what, positives, accuracy):
    table = all_zeros(positives, 1000)
    assert table["accuracy"][0] == pytest.approx(accuracy), what
    assert table["recall"][0] == 0
    assert table["f1"][0] == 0
    assert table["auc"][0] == 0.5


@pytest.fixture
def three_classes():
    rng = np.random.default_rng(3)
    labels = rng.choice(3, 500, p=[0.7, 0.2, 0.1])
    scores = rng.dirichlet(np.ones(3), 500) + 0.5 * np.eye(3)[labels]
    probabilities = scores / scores.sum(axis=1, keepdims=True)
    return labels, Prediction(probabilities, probabilities.argmax(axis=1))


def test_binary_metrics_are_those_of_scikit_learn(three_classes):
    labels, (three, _, _) = three_classes
    labels = (labels > 0).astype(int)
    two = np.column_stack([three[:, 0], 1 - three[:, 0]])
    said = (two[:, 1] >= 0.4).astype(int)
    table = measure(labels, Prediction(two, said), Groups.whole(500), beta=2)
    assert table["log_loss"][0] == pytest.approx(reference.log_loss(labels, two))
    assert table["f_beta"][0] == pytest.approx(
        reference.fbeta_score(labels, said, beta=2)
    )
    assert table["recall"][0] == pytest.approx(reference.recall_score(labels, said))
    assert table["accuracy"][0] == pytest.approx((labels == said).mean())


def test_macro_metrics_are_those_of_scikit_learn(three_classes):
    labels, (scores, said, _) = three_classes
    table = measure(labels, Prediction(scores, said), Groups.whole(500))
    area = reference.roc_auc_score(labels, scores, multi_class="ovr")
    assert table["auc"][0] == pytest.approx(area)
    macro = reference.f1_score(labels, said, average="macro")
    assert table["f1"][0] == pytest.approx(macro)
    micro = reference.f1_score(labels, said, average="micro")
    assert table["f1_micro"][0] == pytest.approx(micro)


def test_a_class_that_a_group_lacks_is_left_out_of_its_mean(three_classes):
    labels, answers = three_classes
    groups = Groups((labels == 2).astype(int), ["others", "only class 2"])
    table = measure(labels, answers, groups)
    assert np.isnan(table["auc"][1])
    assert table["recall"][1] == (answers.decisions[labels == 2] == 2).mean()


def test_a_certain_and_wrong_answer_costs_a_finite_loss():
    answers = Prediction(np.array([[1.0, 0.0]]), np.array([0]))
    table = measure(np.array([1]), answers, Groups.whole(1))
    assert table["log_loss"][0] == pytest.approx(-np.log(1e-7))
