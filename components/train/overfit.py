"""The overfit check: a model that cannot learn a handful by heart will not learn.

1, 10 and 100 examples are driven to near zero loss with the architecture that is to
be trained, without dropout and penalty. What nobody could learn is left out first:
of examples with equal features one remains, and of the others those that resemble
their neighbours most in their label (edited nearest neighbours: Wilson, IEEE SMC-2,
1972). So noisy labels do not stop a run; dead inputs, a net without capacity and a
wrong learning rate do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from components.train.body import cross_entropy
from contracts.config.project import TrainConfig
from contracts.errors import DataError
from contracts.features import Constants, Features

__all__ = ["Handful", "check", "choose"]

_SIZES = (1, 10, 100)
_SAMPLE = 1000  # examples that the handful is chosen from
_NEIGHBOURS = 0.1  # share of the sample that an example is compared with
_NEAR_ZERO = 0.02  # mean cross-entropy in nats: the label has probability 0.98
_STEPS = 2000  # whole-batch steps; flights need 20, and 2,000 take half a second
_RATE = 0.01  # at least: the check asks whether it can be learnt, not how fast


class Handful(NamedTuple):
    """Examples with features that differ, and what was seen while choosing them."""

    examples: Features
    sampled: int
    contradictory: int
    dead: list[str]


def choose(train: Features, constants: Constants, seed: int) -> Handful:
    """Choose up to 100 examples with different features, classes taking turns.

    `contradictory` counts sampled examples that share all features with one of
    another label; `dead` names the features that have one value in all of them.
    """
    draw = np.random.default_rng(seed)
    sample = train.take(draw.permutation(len(train.label))[:_SAMPLE])
    keys = np.hstack([sample.numeric.view(np.int32), sample.categorical])
    distinct, first, group = np.unique(
        keys, axis=0, return_index=True, return_inverse=True
    )
    found = sample.take(first)
    other = sample.label != found.label[group]
    contradictory = np.isin(group, group[other])
    names = constants.numeric_names + constants.categorical_names
    dead = [
        name
        for name, column in zip(names, distinct.T, strict=True)
        if (column == column[0]).all()
    ]
    mixed = found.take(draw.permutation(len(found.label)))
    chosen = mixed.take(_in_turns(mixed.label, _typical(mixed))[: max(_SIZES)])
    return Handful(chosen, len(sample.label), int(contradictory.sum()), dead)


def check(
    body: keras.Model, handful: Handful, config: TrainConfig
) -> list[dict[str, float]]:
    """Return examples, steps and loss reached for 1, 10 and 100 examples.

    The body's weights are afterwards what they were. Raises DataError with a
    diagnosis when a loss stays above 0.02 for 2,000 steps, or when all examples
    look the same.
    """
    available = len(handful.examples.label)
    if available < 2:
        raise DataError(
            f"overfit check: the {handful.sampled:,} examples looked at have equal "
            f"features; every input is dead: {', '.join(handful.dead[:5])}"
        )
    rate = max(config.learning_rate, _RATE)
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(body.trainable_variables)
    variables = [*body.trainable_variables, *optimizer.variables]
    before = [variable.numpy() for variable in variables]
    drive = _driver(body, optimizer, handful.examples)
    results: list[dict[str, float]] = []
    for size in sorted({min(size, available) for size in _SIZES}):
        steps, loss = drive(tf.cast(tf.range(available) < size, tf.float32))
        results.append({"examples": size, "steps": int(steps), "loss": float(loss)})
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        if not float(loss) <= _NEAR_ZERO:
            raise DataError(_diagnosis(results[-1], handful, config, rate))
    return results


def _typical(examples: Features) -> np.ndarray:
    """Return the share of each example's nearest others that have its label, (n,)."""
    numeric, labels = np.clip(examples.numeric, -10, 10), examples.label
    squares = (numeric**2).sum(axis=1)
    apart = squares[:, None] + squares - 2 * numeric @ numeric.T  # (n, n)
    for column in examples.categorical.T:
        apart += 2.0 * (column[:, None] != column)
    np.fill_diagonal(apart, np.inf)
    nearest = max(1, int(_NEIGHBOURS * len(labels)))
    others = np.argpartition(apart, nearest - 1, axis=1)[:, :nearest]
    return np.asarray((labels[others] == labels[:, None]).mean(axis=1))


def _in_turns(labels: np.ndarray, typical: np.ndarray) -> np.ndarray:
    """Return the order in which classes take turns, the most typical ones first."""
    by_class = np.lexsort((-typical, labels))
    _, starts, counts = np.unique(
        labels[by_class], return_index=True, return_counts=True
    )
    turn = np.empty(len(labels), dtype=int)
    turn[by_class] = np.arange(len(labels)) - np.repeat(starts, counts)
    return np.lexsort((labels, turn))


def _driver(
    body: keras.Model, optimizer: Any, examples: Features
) -> Callable[[Any], tuple[Any, Any]]:
    """Return the function from weights (n,), 0 or 1, to steps done and loss."""
    numeric, ids, labels = [tf.constant(part) for part in examples]
    variables = body.trainable_variables

    @tf.function
    def drive(weights: Any) -> tuple[Any, Any]:
        step, loss = tf.constant(0), tf.constant(np.inf, tf.float32)
        while step < _STEPS and loss > _NEAR_ZERO:
            with tf.GradientTape() as tape:
                logits = body([numeric, ids], training=False)
                total = tf.reduce_sum(cross_entropy(logits, labels) * weights)
                loss = total / tf.reduce_sum(weights)
            optimizer.apply(tape.gradient(loss, variables), variables)
            step += 1
        return step, loss

    return drive  # type: ignore[no-any-return]


def _diagnosis(
    result: dict[str, float], handful: Handful, config: TrainConfig, rate: float
) -> str:
    size, loss = int(result["examples"]), result["loss"]
    text = (
        f"overfit check: {size} example(s) with different features were not learnt by "
        f"heart: loss {loss:.3g} after {int(result['steps'])} steps, expected "
        f"{_NEAR_ZERO} at most."
    )
    if handful.dead:
        text += f" Dead inputs, one value everywhere: {', '.join(handful.dead[:5])}."
    if handful.contradictory:
        text += (
            f" {handful.contradictory:,} of {handful.sampled:,} examples have equal "
            "features and different labels."
        )
    if not np.isfinite(loss) or rate > 10 * _RATE:
        return f"{text} The learning rate {rate:g} is too large: lower it."
    return (
        f"{text} The network {config.hidden} is too small for the features, or a "
        "feature has extreme values. Enlarge train.hidden, or set "
        "train.overfit_check: false to train all the same."
    )
