"""Losses, AUC and the diagnosis of planted curves."""

import math
import re

import numpy as np
import pytest

from components.train.curves import accuracy, auc, diagnose, log_loss, prior_loss

LABELS = np.asarray([0, 0, 1, 1])


def curve(losses, eval_losses):
    pairs = zip(losses, eval_losses, strict=True)
    return [
        {"epoch": i + 1, "loss": loss, "eval_loss": eval_loss}
        for i, (loss, eval_loss) in enumerate(pairs)
    ]


@pytest.mark.parametrize(
    ("losses", "eval_losses", "said"),
    [
        ([0.693, 0.692, 0.692], [0.693, 0.693, 0.693], "under-fit: .* hardly below"),
        ([0.60, 0.50, 0.42], [0.61, 0.52, 0.45], "under-fit: both .* Train longer"),
        (
            [0.50, 0.30, 0.10],
            [0.52, 0.45, 0.60],
            "over-fit: after epoch 2 .* by 0.1500",
        ),
        ([0.50, 0.42, 0.419], [0.51, 0.44, 0.439], "good fit: .* levelled off at 0.4"),
        ([0.52, 0.519], [0.615, 0.614], "good fit"),
        ([0.02, 0.01], [0.051, 0.053], "good fit"),
        ([0.50], [0.51], "good fit"),
    ],
)
def test_planted_curves_are_named(losses, eval_losses, said):
    found = diagnose(curve(losses, eval_losses), prior=math.log(2))
    assert re.match(said, found)


def test_guessing_costs_the_entropy():
    assert prior_loss(LABELS) == pytest.approx(math.log(2))
    assert prior_loss(np.asarray([2, 2, 2])) == 0


def test_log_loss_of_even_logits_is_the_log_of_the_classes():
    assert log_loss(np.zeros((4, 3)), LABELS) == pytest.approx(math.log(3))


def test_log_loss_of_huge_logits_is_finite():
    assert log_loss(np.asarray([[1e4, -1e4]]), np.asarray([1])) == pytest.approx(2e4)


@pytest.mark.parametrize(
    ("scores", "area"),
    [
        ([0.1, 0.2, 0.3, 0.4], 1.0),
        ([0.4, 0.3, 0.2, 0.1], 0.0),
        ([0.5, 0.5, 0.5, 0.5], 0.5),
        ([0.1, 0.4, 0.35, 0.8], 0.75),
        ([0.1, 0.4, 0.4, 0.8], 0.875),
    ],
)
def test_auc_is_the_share_of_ordered_pairs(scores, area):
    assert auc(np.asarray(scores), LABELS) == area


def test_auc_of_one_class_is_not_defined():
    assert auc(np.asarray([0.1, 0.2]), np.asarray([1, 1])) is None


def test_accuracy_counts_the_largest_logit():
    logits = np.asarray([[2.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    assert accuracy(logits, LABELS) == 0.75
