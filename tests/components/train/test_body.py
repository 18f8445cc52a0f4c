"""The network: sizes, probabilities, and no regularisation outside of training."""

import keras
import numpy as np
import pytest

from components.train import body as network
from components.train.body import embedding_size, logits_of
from contracts.config.project import Task
from contracts.features import CategoricalConstants, Constants, NumericConstants


def built(constants, config, task=Task.BINARY, classes=2, **changes):
    keras.utils.set_random_seed(1)
    changed = config.model_copy(update=changes)
    return network.build(constants, task, classes, changed)


@pytest.mark.parametrize(
    ("slots", "largest", "size"), [(5, 8, 3), (4, 8, 2), (100, 8, 8), (2, 8, 1)]
)
def test_an_embedding_is_half_its_slots_and_capped(slots, largest, size):
    assert embedding_size(slots, largest) == size


def test_binary_probabilities_are_the_sigmoid(constants, examples, config):
    logits = logits_of(built(constants, config), *examples[:2])
    assert logits.shape == (len(examples.label), 2)
    late = np.exp(logits[:, 1]) / np.exp(logits).sum(axis=1)
    assert late == pytest.approx(1 / (1 + np.exp(-logits[:, 1])), rel=1e-5)
    assert not logits[:, 0].any()


def test_several_classes_have_a_free_logit_each(constants, examples, config):
    logits = logits_of(built(constants, config, Task.MULTICLASS, 4), *examples[:2])
    assert logits.shape == (len(examples.label), 4)
    assert np.ptp(logits, axis=0).all()


def test_dropout_and_penalty_do_not_reach_predictions(constants, examples, config):
    plain = built(constants, config, dropout=0.0, l2=0.0)
    heavy = built(constants, config, dropout=0.9, l2=10.0)
    heavy.set_weights(plain.get_weights())
    given = examples[:2]
    np.testing.assert_array_equal(logits_of(plain, *given), logits_of(heavy, *given))
    in_training = heavy(list(given), training=True).numpy()
    assert not np.allclose(in_training, logits_of(heavy, *given))


def test_the_penalty_is_l2_times_the_sum_of_squares(config):
    column = NumericConstants(column="x", mean=0, std=1, missing=False)
    constants = Constants(numeric=[column], categorical=[])
    body = built(constants, config, hidden=[1], l2=0.1)
    body.set_weights([np.float32(w) for w in ([[3]], [0], [[-4]], [0])])
    assert sum(float(loss) for loss in body.losses) == pytest.approx(0.1 * 25)


def test_categories_alone_make_a_model(config):
    part = CategoricalConstants(column="c", vocabulary=["a"])
    body = built(Constants(numeric=[], categorical=[part]), config)
    logits = logits_of(body, np.zeros((3, 0), np.float32), np.int32([[0], [1], [2]]))
    assert len(np.unique(logits[:, 1])) == 3


def test_many_rows_are_answered_in_pieces(monkeypatch, constants, examples, config):
    body = built(constants, config)
    whole = logits_of(body, *examples[:2])
    monkeypatch.setattr(network, "_ROWS", 100)
    assert logits_of(body, *examples[:2]) == pytest.approx(whole, abs=1e-6)
