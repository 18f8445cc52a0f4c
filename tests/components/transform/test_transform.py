"""The step on real files: features, golden rows, refusals."""

import time

import keras
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from components.transform.transform import golden_indices
from contracts.artifacts import (
    LABEL,
    PREPROCESSING,
    STATISTICS,
    Split,
    read_json,
    write_json,
)
from contracts.errors import ConfigError, DataError
from contracts.features import Features
from contracts.signature import inputs_of_rows
from tests.components.transform import tiny


def test_only_labelled_rows_are_materialised_in_order(graph):
    for number, (split, size) in enumerate(tiny.SIZES.items()):
        table = tiny.rows(size, seed=number)
        labelled = table.filter(pc.is_valid(table[LABEL]))
        found = Features.load(graph, split)
        assert 0 < len(found.label) < size
        np.testing.assert_array_equal(found.label, labelled[LABEL].to_numpy())


def test_features_have_the_documented_shapes_and_types(features, constants):
    rows = len(features.label)
    assert constants.numeric_names == ["amount", "year", "amount is missing"]
    assert features.numeric.shape == (rows, 3)
    assert features.categorical.shape == (rows, 3)
    dtypes = [array.dtype for array in features]
    assert dtypes == [np.float32, np.int32, np.int32]


def test_constant_column_is_zero_and_gaps_are_marked(features):
    assert not features.numeric[:, 1].any()
    gaps = features.numeric[:, 2] == 1
    assert 0 < gaps.sum() < len(gaps)
    assert not features.numeric[gaps, 0].any()


def test_golden_rows_give_byte_equal_features_again(graph, constants):
    model = keras.saving.load_model(graph / "preprocessing.keras")
    golden = constants.golden
    assert len(golden.rows) == 20
    found = model(inputs_of_rows(golden.rows, constants.inputs))
    np.testing.assert_array_equal(found["numeric"], np.float32(golden.numeric))
    np.testing.assert_array_equal(found["categorical"], golden.categorical)


def test_golden_rows_hold_gaps_and_extremes(features, constants):
    amounts = [row["amount"] for row in constants.golden.rows]
    assert None in amounts
    assert {None} < {row["colour"] for row in constants.golden.rows}
    numeric = np.float32(constants.golden.numeric)
    np.testing.assert_array_equal(numeric.max(axis=0), features.numeric.max(axis=0))
    np.testing.assert_array_equal(numeric.min(axis=0), features.numeric.min(axis=0))


@pytest.mark.parametrize("count", [1, 2, 7, 100, 1000])
def test_golden_rows_are_as_many_as_asked_and_never_twice(features, count):
    found = golden_indices(features, count)
    assert len(np.unique(found)) == len(found) == min(count, len(features.label))


def test_running_twice_replaces_the_output_with_the_same_bytes(run_transform):
    """Or a comment in this step would make every step after it run again."""
    first = _content(run_transform())
    time.sleep(1.1)  # Keras notes when it saved, to the second
    assert _content(run_transform()) == first
    assert set(first) >= {"transform.json", PREPROCESSING}


def _content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_constants_come_from_the_statistics_and_not_from_the_data(
    run_transform, tmp_path
):
    folder = tiny.write(tmp_path / "shop")
    path = folder / "statistics" / STATISTICS
    statistics = read_json(path)
    amount = statistics["datasets"]["split-train"]["features"]["amount"]
    honest = Features.load(run_transform(folder), Split.EVAL).numeric[:, 0]
    amount["mean"] += amount["std"]
    write_json(path, statistics)
    moved = Features.load(run_transform(folder), Split.EVAL).numeric[:, 0]
    assert np.median(honest - moved) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("split", "label", "message"),
    [
        (Split.TRAIN, 1, "every labelled example of the train split is 'big'"),
        (Split.EVAL, None, "split eval: none of its 150 examples has a label"),
    ],
)
def test_labels_that_teach_nothing_are_refused_and_nothing_is_left(
    run_transform, tmp_path, split, label, message
):
    tables = {s: tiny.rows(n, seed=1) for s, n in tiny.SIZES.items()}
    labels = pa.array([label] * tiny.SIZES[split], pa.int32())
    place = tables[split].column_names.index(LABEL)
    tables[split] = tables[split].set_column(place, LABEL, labels)
    with pytest.raises(DataError, match=message):
        run_transform(tiny.write(tmp_path / "shop", tables))
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


def test_an_unknown_feature_column_is_refused_by_name(run_transform):
    unknown = {"column": "fare", "kind": "numeric", "known": "order"}
    with pytest.raises(ConfigError, match="no column fare; there are amount, year"):
        run_transform(features=[*tiny.FEATURES, unknown])
