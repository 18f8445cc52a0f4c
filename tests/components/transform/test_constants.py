"""Constants come from the statistics, and bad features are refused by name."""

import pytest

from components.transform.constants import derive
from contracts.config.project import Feature
from contracts.errors import ConfigError, DataError

NUMBER = {"count": 4, "missing": 0, "mean": 5.0, "std": 2.0}
TEXT = {"count": 9, "missing": 1, "top": [["b", 5], ["c", 3], ["a", 1]]}
COLUMNS = {"x": "double", "c": "string", "t": "timestamp[us]", "label": "int32"}


def derived(column, kind, counted, columns=COLUMNS, **more):
    feature = Feature(column=column, kind=kind, known="order", **more)
    return derive([feature], columns, {"features": counted})


def test_mean_deviation_and_gaps_are_the_statistics():
    found = derived("x", "numeric", {"x": NUMBER | {"missing": 1}}).numeric[0]
    assert (found.mean, found.std, found.missing) == (5.0, 2.0, True)


@pytest.mark.parametrize("std", [0.0, 1e-12, 1e-300])
def test_a_constant_column_is_divided_by_one(std):
    counted = {"x": NUMBER | {"std": std}}
    assert derived("x", "numeric", counted).numeric[0].std == 1.0


def test_a_column_without_any_value_is_all_missing():
    counted = {"x": {"count": 0, "missing": 4, "mean": None, "std": None}}
    found = derived("x", "numeric", counted).numeric[0]
    assert (found.mean, found.std, found.missing) == (0.0, 1.0, True)


def test_the_vocabulary_keeps_the_most_frequent_values_in_order():
    found = derived("c", "categorical", {"c": TEXT}, vocabulary=2)
    assert found.categorical[0].vocabulary == ["b", "c"]
    assert found.categorical[0].slots == 4


def test_booleans_counted_as_integers_get_their_texts():
    counted = {"c": {"count": 3, "missing": 0, "top": [["1", 2], ["0", 1]]}}
    found = derived("c", "categorical", counted, columns={"c": "bool"})
    assert found.categorical[0].vocabulary == ["false", "true"]


def test_a_glob_does_not_reach_the_label():
    statistics = {"x": NUMBER, "label": NUMBER}
    columns = {"x": "double", "label": "int32"}
    found = derived("*", "numeric", statistics, columns)
    assert found.numeric_names == ["x"]


@pytest.mark.parametrize(
    ("column", "kind", "counted", "message"),
    [
        ("fare", "numeric", {}, "no column fare"),
        ("label", "numeric", {}, "no column label"),
        ("c", "numeric", {}, "c is declared numeric but its column holds string"),
        ("t", "categorical", {}, r"t is declared categorical .* hour\(...\)"),
        ("x", "categorical", {"x": NUMBER}, "x is declared categorical, .* fractions"),
    ],
)
def test_a_feature_that_cannot_be_one_is_a_config_error(column, kind, counted, message):
    with pytest.raises(ConfigError, match=message):
        derived(column, kind, counted)


@pytest.mark.parametrize(
    ("counted", "message"),
    [({}, "lack x"), ({"x": NUMBER | {"mean": None}}, "x: its mean .* infinity")],
)
def test_statistics_that_do_not_suffice_are_a_data_error(counted, message):
    with pytest.raises(DataError, match=message):
        derived("x", "numeric", counted)


def test_a_column_named_twice_is_refused():
    features = [Feature(column=c, kind="numeric", known="order") for c in ("x", "*")]
    with pytest.raises(ConfigError, match="x is named twice"):
        derive(features, {"x": "double"}, {"features": {"x": NUMBER}})
