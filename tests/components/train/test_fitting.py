"""The loop: batches, schedule, early stopping, repeatability."""

from functools import partial
from itertools import count, islice

import keras
import numpy as np
import pytest

from components.train import body as network
from components.train.body import logits_of
from components.train.curves import log_loss
from components.train.fitting import Schedule, batches, fit
from contracts.config.project import Task, TrainConfig
from contracts.errors import DataError
from tests.components.train.conftest import TRAIN


@pytest.fixture(scope="module")
def fitted(constants, examples, evaluation):
    """Fit a new body with changed parameters; return (body, result)."""

    def train(**changes):
        config = TrainConfig.model_validate(TRAIN | changes)
        keras.utils.set_random_seed(config.seed)
        body = network.build(constants, Task.BINARY, 2, config)
        ticks = map(float, count())
        clock = partial(next, ticks)
        return body, fit(body, examples, evaluation, Task.BINARY, config, clock)

    return train


@pytest.fixture(scope="module")
def once(fitted):
    """One fit for all tests that only look at it."""
    return fitted(learning_rate=0.05)


def eval_loss(body, evaluation):
    return log_loss(logits_of(body, *evaluation[:2]), evaluation.label)


def test_an_epoch_sees_no_row_twice_and_the_next_is_another_order():
    first, second = np.asarray(list(islice(batches(10, 3, seed=1), 6))).reshape(2, 9)
    assert len(set(first)) == len(set(second)) == 9
    assert first.tolist() != second.tolist()


@pytest.mark.parametrize(
    ("changes", "rows", "plan"),
    [
        ({"epochs": 2, "batch_size": 30}, 100, (30, 3, [3, 3])),
        ({"epochs": 1, "batch_size": 300}, 100, (100, 1, [1])),
        ({"steps": 50, "batch_size": 40}, 4000, (40, 100, [20, 20, 10])),
        ({"steps": 40, "batch_size": 40}, 4000, (40, 100, [20, 20])),
    ],
)
def test_the_schedule_counts_batches(config, changes, rows, plan):
    assert Schedule.of(config.model_copy(update=changes), rows) == plan


def test_training_learns_from_epoch_to_epoch(once):
    _, result = once
    losses = [point["loss"] for point in result.points]
    assert len(losses) == 3
    assert losses[-1] < losses[0]
    assert result.points[-1]["eval_auc"] > 0.8
    assert [point["seconds"] for point in result.points] == [1, 2, 3]


def test_early_stopping_restores_the_best_weights(fitted, evaluation, capsys):
    body, result = fitted(
        epochs=40, patience=2, learning_rate=0.1, dropout=0.0, l2=0.0, hidden=[64]
    )
    losses = [point["eval_loss"] for point in result.points]
    assert result.kept == int(np.argmin(losses)) == len(losses) - 3
    assert len(losses) < 40
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1].startswith(f"epoch {len(losses)}: loss 0.")
    assert eval_loss(body, evaluation) == pytest.approx(min(losses), abs=1e-6)


def test_steps_are_done_exactly_and_the_last_weights_kept(fitted, evaluation, capsys):
    body, result = fitted(steps=50, patience=1)
    assert [point["step"] for point in result.points] == [20, 40, 50]
    assert result.kept == 2
    last = result.points[-1]["eval_loss"]
    assert eval_loss(body, evaluation) == pytest.approx(last, abs=1e-6)
    assert capsys.readouterr().out.startswith("step 20: loss 0.")


def test_eval_steps_bound_the_rows_that_are_looked_at(fitted, evaluation):
    body, result = fitted(steps=1, eval_steps=1, batch_size=64)
    rows = np.linspace(0, len(evaluation.label) - 1, 64).astype(int)
    expected = eval_loss(body, evaluation.take(rows))
    assert result.points[0]["eval_loss"] == pytest.approx(expected, abs=1e-6)


def test_the_same_seed_gives_the_same_curves_and_weights(once, fitted):
    (one, first), (two, second) = once, fitted(learning_rate=0.05)
    assert first == second
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_another_seed_gives_another_model(once, fitted):
    assert fitted(learning_rate=0.05, seed=2)[1] != once[1]


def test_a_loss_that_explodes_is_refused(fitted):
    with pytest.raises(DataError, match=r"loss is \S+ after .*Lower train.learning_"):
        fitted(learning_rate=1e30)
