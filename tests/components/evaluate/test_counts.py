"""Counts, and the metrics that are ratios of them, against worked examples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.evaluate import counts as by_counts
from components.evaluate.counts import Counts, confusion, f_beta, f_beta_of_rates
from components.evaluate.metrics import measure
from components.evaluate.values import Groups, Prediction

# TN 905, FN 18, FP 9, TP 68: 86 of 1,000 products have a defect.
LABELS = np.repeat([0, 1, 0, 1], [905, 18, 9, 68])
DECISIONS = np.repeat([0, 0, 1, 1], [905, 18, 9, 68])
FOUR_CLASSES = np.array([[9, 1, 0, 0], [1, 15, 3, 1], [5, 0, 24, 1], [0, 4, 1, 15]])


@pytest.fixture
def defects():
    counts = Counts.of(LABELS, DECISIONS, 2, Groups.whole(1000))
    return Counts(*(int(count[0, 1]) for count in counts))


def test_binary_confusion(defects):
    assert defects == Counts(tp=68, fp=9, fn=18, tn=905)
    assert confusion(LABELS, DECISIONS, 2).tolist() == [[905, 9], [18, 68]]
    assert confusion(LABELS, DECISIONS, 2).sum(axis=1).tolist() == [914, 86]


def test_precision_and_recall(defects):
    assert by_counts.precision(defects) == 68 / 77 == pytest.approx(0.883117, abs=5e-7)
    assert by_counts.recall(defects) == 68 / 86 == pytest.approx(0.790698, abs=5e-7)


@pytest.mark.parametrize(
    ("precision", "recall", "f1"),
    [(88.3, 79.1, 83.447), (97.0, 7.3, 13.578)],
)
def test_f1_of_rates(precision, recall, f1):
    assert f_beta_of_rates(precision, recall) == pytest.approx(f1, abs=5e-4)


def test_f1_from_counts_is_not_the_f1_of_rounded_rates(defects):
    assert 100 * f_beta(defects) == pytest.approx(83.436, abs=5e-4)


@pytest.mark.parametrize(
    ("defect", "precision", "recall", "f1"),
    [
        ("scratch", 82.1, 99.2, 89.8),
        ("dent", 92.1, 99.5, 95.7),
        ("pit mark", 85.3, 98.7, 91.5),
        ("discoloration", 72.1, 97.0, 82.7),
    ],
)
def test_f1_of_rare_classes(defect, precision, recall, f1):
    assert round(float(f_beta_of_rates(precision, recall)), 1) == f1, defect


def test_one_vs_rest_of_four_classes():
    counts = Counts.of_confusion(FOUR_CLASSES)
    assert counts.tp.tolist() == [9, 15, 24, 15]
    assert counts.fp.tolist() == [6, 5, 4, 2]
    assert counts.fn.tolist() == [1, 5, 6, 5]
    assert counts.tn.tolist() == [64, 55, 46, 58]


def test_rates_of_four_classes():
    counts = Counts.of_confusion(FOUR_CLASSES)
    assert by_counts.precision(counts).round(3).tolist() == [0.6, 0.75, 0.857, 0.882]
    assert by_counts.recall(counts).round(3).tolist() == [0.9, 0.75, 0.8, 0.75]
    assert f_beta(counts).round(3).tolist() == [0.72, 0.75, 0.828, 0.811]


def test_accuracy_is_the_share_on_the_diagonal():
    assert FOUR_CLASSES.sum() == 80
    assert np.trace(FOUR_CLASSES) / FOUR_CLASSES.sum() == 63 / 80 == 0.7875


def test_identities_of_specificity_npv_and_fr(defects):
    assert by_counts.specificity(defects) == pytest.approx(0.99015, abs=5e-6)
    assert by_counts.negative_predictive_value(defects) == pytest.approx(0.98050, 5e-6)
    assert by_counts.mean_false(defects) == 13.5
    f1 = 68 / (68 + 13.5)
    assert f1 == pytest.approx(float(f_beta(defects))) == pytest.approx(0.83436, 5e-6)


def test_accuracy_of_the_defect_model():
    answers = Prediction(np.eye(2)[DECISIONS], DECISIONS)
    assert measure(LABELS, answers, Groups.whole(1000))["accuracy"] == [0.973]


@pytest.mark.parametrize(
    ("beta", "expected"),
    [(1, 0.83436), (2, 5 * 68 / (5 * 68 + 4 * 18 + 9)), (0, 68 / 77)],
)
def test_f_beta_weighs_recall(defects, beta, expected):
    assert f_beta(defects, beta) == pytest.approx(expected, abs=5e-6)
    rates = by_counts.precision(defects), by_counts.recall(defects)
    assert f_beta_of_rates(*rates, beta) == pytest.approx(float(f_beta(defects, beta)))


def test_an_undefined_ratio_is_nan_not_zero():
    nothing = Counts(0, 0, 0, 10)
    assert np.isnan(by_counts.precision(nothing))
    assert np.isnan(f_beta(nothing))
    assert f_beta(Counts(0, 0, 3, 7)) == 0  # every positive missed is a measurement


examples = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 4)),
    min_size=1,
    max_size=60,
)


@given(examples)
def test_counts_of_every_class_and_group_sum_to_its_examples(rows):
    labels, decisions, codes = np.array(rows).T
    groups = Groups(codes, list("abcde"))
    counts = Counts.of(labels, decisions, 4, groups)
    assert all((count >= 0).all() for count in counts)
    assert (sum(counts) == groups.sizes()[:, None]).all()


@given(examples)
def test_a_group_counts_as_if_it_were_alone(rows):
    labels, decisions, codes = np.array(rows).T
    alone = codes == codes[0]
    table = confusion(labels[alone], decisions[alone], 4)
    grouped = Counts.of(labels, decisions, 4, Groups(codes, list("abcde")))
    expected = Counts.of_confusion(table)
    assert all((g[codes[0]] == e).all() for g, e in zip(grouped, expected, strict=True))
