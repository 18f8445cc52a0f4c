"""The Keras preprocessing by itself: worked examples, names, edges."""

import math

import keras
import numpy as np
import pyarrow as pa
import pytest

from components.transform.preprocessing import apply, build
from contracts.features import CategoricalConstants, Constants, NumericConstants


def numeric(column="x", mean=0.0, std=1.0, missing=False):
    return NumericConstants(column=column, mean=mean, std=std, missing=missing)


def categorical(column="c", vocabulary=("Amarillo", "Rojo", "Verde")):
    return CategoricalConstants(column=column, vocabulary=list(vocabulary))


def features_of(columns, *parts):
    """Transform `columns` with constants; return (numeric, categorical)."""
    constants = Constants(
        numeric=[p for p in parts if isinstance(p, NumericConstants)],
        categorical=[p for p in parts if isinstance(p, CategoricalConstants)],
    )
    return apply(build(constants), constants, pa.table(columns))


def test_colours_count_from_one_and_unseen_and_missing_have_slots():
    texts = ["Amarillo", "Rojo", "Verde", "Azul", None, ""]
    _, ids = features_of({"c": texts}, categorical())
    assert ids[:, 0].tolist() == [1, 2, 3, 0, 4, 4]
    assert ids.dtype == np.int32


def test_standardised_numbers_have_mean_zero_and_deviation_one():
    x = np.random.default_rng(0).gamma(2.0, 30.0, 1000)
    z, _ = features_of({"x": x}, numeric(mean=x.mean(), std=x.std()))
    assert z.mean() == pytest.approx(0, abs=1e-6)
    assert z.std() == pytest.approx(1, abs=1e-6)
    assert z.dtype == np.float32


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -math.inf, 1e300])
def test_a_number_that_is_missing_or_infinite_is_zero_and_says_so(missing):
    parts = numeric("x", 5, 2, missing=True), numeric("y", 1, 1)
    z, _ = features_of({"x": [9.0, missing], "y": [3.0, missing]}, *parts)
    assert z.tolist() == [[2, 2, 0], [0, 0, 1]]


def test_a_small_scale_is_no_constant():
    x = np.asarray([1e-9, 2e-9, 3e-9])
    z, _ = features_of({"x": x}, numeric(mean=x.mean(), std=x.std()))
    assert z[:, 0] == pytest.approx([-1.2247449, 0, 1.2247449], rel=1e-5)


@pytest.mark.parametrize("name", ["stack", "cast", "class", "fare $", "a/b", "Größe"])
def test_any_column_name_works_beside_the_operations(name, tmp_path):
    constants = Constants(numeric=[numeric(name)], categorical=[categorical("where")])
    build(constants).save(tmp_path / "p.keras")
    loaded = keras.saving.load_model(tmp_path / "p.keras")
    table = pa.table({name: [7.0], "where": ["Rojo"]})
    z, ids = apply(loaded, constants, table)
    assert (z.tolist(), ids.tolist()) == ([[7.0]], [[2]])


def test_numbers_alone_give_no_categories():
    z, ids = features_of({"x": [1.0, 2.0]}, numeric())
    assert (z.shape, ids.shape) == ((2, 1), (2, 0))
    assert ids.dtype == np.int32


def test_categories_alone_give_no_numbers():
    z, ids = features_of({"c": ["Rojo", "Rojo"]}, categorical())
    assert (z.shape, ids.shape) == ((2, 0), (2, 1))
    assert z.dtype == np.float32


@pytest.mark.parametrize("text", ["two\nlines", " Rojo", "[UNK]", "\U0001f7e5"])
def test_odd_texts_survive_saving(text, tmp_path):
    constants = Constants(numeric=[], categorical=[categorical("c", [text])])
    build(constants).save(tmp_path / "p.keras")
    loaded = keras.saving.load_model(tmp_path / "p.keras")
    _, ids = apply(loaded, constants, pa.table({"c": [text, "other"]}))
    assert ids[:, 0].tolist() == [1, 0]
