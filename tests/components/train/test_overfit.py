"""The overfit check: what can be learnt by heart, and what is said if not."""

import keras
import numpy as np
import pytest

from components.train import body as network
from components.train.overfit import check, choose
from contracts.config.project import Task
from contracts.errors import DataError
from contracts.features import (
    CategoricalConstants,
    Constants,
    Features,
    NumericConstants,
)


def numbers(columns):
    parts = [
        NumericConstants(column=f"x{i}", mean=0, std=1, missing=False)
        for i in range(columns)
    ]
    return Constants(numeric=parts, categorical=[])


def features(rows, labels):
    numeric = np.asarray(rows, np.float32)
    none = np.zeros((len(labels), 0), np.int32)
    return Features(numeric, none, np.asarray(labels, np.int32))


def checked(handful, constants, config, **changes):
    changed = config.model_copy(update=changes)
    keras.utils.set_random_seed(1)
    body = network.build(constants, Task.BINARY, 2, changed)
    before = body.get_weights()
    results = check(body, handful, changed)
    for old, new in zip(before, body.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    return results


def test_one_ten_and_a_hundred_examples_are_learnt_by_heart(
    examples, constants, config
):
    handful = choose(examples, constants, seed=1)
    results = checked(handful, constants, config, dropout=0.9, l2=10.0)
    assert [result["examples"] for result in results] == [1, 10, 100]
    assert all(result["loss"] <= 0.02 for result in results)
    assert all(0 < result["steps"] < 1000 for result in results)


def test_classes_take_turns_even_if_one_is_rare():
    rare = features(np.arange(1000)[:, None], [1] * 3 + [0] * 997)
    chosen = choose(rare, numbers(1), seed=1).examples
    assert chosen.label[:8].tolist() == [0, 1, 0, 1, 0, 1, 0, 0]
    assert len(chosen.label) == 100


def test_contradictions_are_counted_and_left_out():
    rows, labels = [[1], [1], [1], [2], [3], [3]], [0, 1, 0, 1, 1, 1]
    handful = choose(features(rows, labels), numbers(1), seed=1)
    assert (handful.contradictory, handful.sampled) == (3, 6)
    assert sorted(handful.examples.numeric[:, 0].tolist()) == [1, 2, 3]


def test_inputs_with_one_value_are_named_dead():
    part = CategoricalConstants(column="c", vocabulary=["a"])
    constants = numbers(2).model_copy(update={"categorical": [part]})
    ids = np.asarray([[1], [1]], np.int32)
    given = features([[1, 5], [2, 5]], [0, 1])._replace(categorical=ids)
    assert choose(given, constants, seed=1).dead == ["x1", "c"]


def four_corners(rows, seed=1):
    """Labels that one straight line cannot part, and a third input that is dead."""
    x = np.random.default_rng(seed).choice([-1.0, 1.0], (rows, 2))
    x += np.random.default_rng(seed + 1).normal(0, 0.1, (rows, 2))
    return features(np.c_[x, np.ones(rows)], x[:, 0] * x[:, 1] > 0)


def test_noise_is_no_reason_to_stop(config):
    draw = np.random.default_rng(1)
    noise = features(draw.normal(size=(2000, 1)), draw.integers(0, 2, 2000))
    handful = choose(noise, numbers(1), seed=1)
    assert checked(handful, numbers(1), config, hidden=[64, 32])[-1]["examples"] == 100


def test_a_net_that_is_too_small_stops_the_run_and_says_why(config):
    handful = choose(four_corners(300), numbers(3), seed=1)
    with pytest.raises(
        DataError, match=r"were not learnt .* Dead .* x2\..*\[1\] is too"
    ):
        checked(handful, numbers(3), config, hidden=[1])


def test_contradictions_are_part_of_the_diagnosis(config):
    corners = four_corners(300)
    rows = np.vstack([corners.numeric, corners.numeric[:20]])
    mixed = features(rows, [*corners.label, *(1 - corners.label[:20])])
    handful = choose(mixed, numbers(3), seed=1)
    with pytest.raises(DataError, match="40 of 320 examples have equal features and"):
        checked(handful, numbers(3), config, hidden=[1])


def test_inputs_that_are_all_dead_stop_the_run(config):
    handful = choose(features(np.ones((50, 2)), [0, 1] * 25), numbers(2), seed=1)
    with pytest.raises(DataError, match=r"50 examples .* every input is dead: x0, x1"):
        checked(handful, numbers(2), config)


def test_a_learning_rate_that_explodes_is_named(examples, constants, config):
    handful = choose(examples, constants, seed=1)
    with pytest.raises(DataError, match=r"learning rate 1e\+30 is too large"):
        checked(handful, constants, config, learning_rate=1e30)
