from datetime import datetime

import pyarrow as pa
import pytest

from components.ingest.labels import label_classes, label_times
from contracts.config import DataConfig
from contracts.errors import ConfigError, DataError
from tests.components.ingest.helpers import config


def labels_of(column, classes, **label):
    label = label or {"column": "y"}
    data = DataConfig.model_validate(
        config("raw.csv", label={"classes": classes, **label})
    )
    found, bad = label_classes(pa.table({"y": column}), data)
    assert found.type == pa.int32()
    return found.to_pylist(), {row: why.reason for row, why in bad.items()}


@pytest.mark.parametrize(
    ("column", "classes", "indices"),
    [
        (["b", "a", None], ["a", "b"], [1, 0, None]),
        ([1, 0, None], ["0", "1"], [1, 0, None]),
        ([1.0, 0.5], ["0.5", "1"], [1, 0]),
        ([True, False], ["False", "True"], [1, 0]),
        ([2, 0], ["0.0", "1.0", "2.0"], [2, 0]),
    ],
)
def test_a_label_column_becomes_class_indices(column, classes, indices):
    assert labels_of(column, classes) == (indices, {})


def test_a_label_outside_the_classes_is_bad_and_named():
    indices, bad = labels_of(["a", "c", "b"], ["a", "b"])
    assert indices == [0, None, 1]
    assert bad == {1: "label 'c' is not one of a, b"}


def test_an_expression_is_false_or_true_and_null_stays_unknown():
    assert labels_of([16, 15, None], ["no", "yes"], expression="y > 15") == (
        [1, 0, None],
        {},
    )


def test_an_expression_that_gives_numbers_is_refused():
    with pytest.raises(ConfigError, match="expected true or false, found double"):
        labels_of([1], ["no", "yes"], expression="y / 2")


@pytest.mark.parametrize(
    ("column", "wrong"),
    [([1, 2], "one"), ([1, 2], "1.5"), ([1, 2], "1e300"), ([True], "1"), ([0.5], "x")],
)
def test_a_class_that_can_never_occur_is_refused(column, wrong):
    with pytest.raises(DataError, match=f"class '{wrong}' never occurs"):
        labels_of(column, ["true" if column == [True] else "1", wrong])


def test_times_are_no_classes():
    with pytest.raises(DataError, match="column y: holds times"):
        labels_of(pa.array([0], pa.timestamp("us")), ["a", "b"])


def test_a_label_is_known_after_its_minutes_and_never_without_a_label():
    label = {"expression": "y > 0", "available_after_minutes": "y + 1"}
    data = DataConfig.model_validate(
        config("raw.csv", label={"classes": ["no", "yes"], **label})
    )
    table = pa.table({"y": [59, None]})
    noon = pa.chunked_array([pa.array([datetime(2013, 1, 1, 12)] * 2, "timestamp[us]")])
    labels, _ = label_classes(table, data)
    found = label_times(table, noon, labels, data).to_pylist()
    assert found == [datetime(2013, 1, 1, 13), None]
