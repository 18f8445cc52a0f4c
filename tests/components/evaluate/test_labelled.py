"""Only the test split judges, and its slices are those of every other stage."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.evaluate.labelled import load
from contracts import slices
from contracts.artifacts import Split, span_file
from contracts.config import SliceConfig
from contracts.errors import DataError

CLASSES = ["on_time", "late"]
CARRIER = SliceConfig(name="carrier", column="carrier", top=2)
HOUR = SliceConfig(
    name="part", column="hour", edges=[0, 12], labels=["morning", "evening"]
)


def write(examples, labels, split=Split.TEST):
    rows = len(labels)
    table = pa.table(
        {
            "example_id": [f"{i:016x}" for i in range(rows)],
            "label": pa.array(labels, pa.int32()),
            "carrier": [["UA", "AA", "B6", None][i % 4] for i in range(rows)],
            "hour": pa.array([i % 24 for i in range(rows)], pa.int64()),
        }
    )
    file = span_file(examples, split, 1, 1)
    file.parent.mkdir(parents=True)
    pq.write_table(table, file)
    return examples


def statistics(top):
    return {"datasets": {"split-train": {"features": {"carrier": {"top": top}}}}}


COUNTED = statistics([["UA", 9], ["B6", 1], ["AA", 5]])


def read(examples, columns=("hour",), counted=COUNTED):
    return load(examples, columns, CLASSES, [CARRIER, HOUR], counted)


def test_only_labelled_rows_of_the_test_split_are_read(tmp_path):
    found = read(write(tmp_path, [0, 1, None, 1, None, 0]))
    assert found.labels.tolist() == [0, 1, 1, 0]
    assert [p.name for p in tmp_path.iterdir()] == ["split-test"]
    assert found.table["hour"].to_pylist() == [0, 1, 3, 5]


@pytest.mark.parametrize("config", [CARRIER, HOUR])
def test_slices_are_those_of_the_contract(tmp_path, config):
    found = read(write(tmp_path, [0, 1] * 20))
    groups = found.slices[[CARRIER, HOUR].index(config)]
    values = slices.assign(found.table, config, found.slice_values[config.name])
    mine = [groups.keys[code] for code in groups.codes]
    assert mine == [slices.key(config.name, value) for value in values]
    assert len(set(mine)) > 1


def test_rare_and_missing_values_have_slices_of_their_own(tmp_path):
    found = read(write(tmp_path, [0, 1] * 4))
    assert found.slices[0].keys == [
        "carrier=AA",
        "carrier=UA",
        "carrier=missing",
        "carrier=other",
    ]
    assert found.slices[0].sizes().tolist() == [2, 2, 2, 2]


def test_slice_values_are_the_most_frequent_of_the_training_data(tmp_path):
    found = read(write(tmp_path, [0, 1]), counted=statistics([["B6", 5], ["AA", 5]]))
    assert found.slice_values == {"carrier": ["AA", "B6"], "part": None}


def test_slice_values_from_statistics_are_those_from_the_data(tmp_path):
    names = np.random.default_rng(8).choice(["UA", "AA", "B6", "DL"], 50).tolist()
    counted = statistics([[name, names.count(name)] for name in sorted(set(names))])
    found = read(write(tmp_path, [0, 1]), counted=counted)
    expected = slices.top_values(pa.table({"carrier": names}), CARRIER)
    assert found.slice_values["carrier"] == expected


@pytest.mark.parametrize("counted", [{"datasets": {}}, statistics([["7.50", 3]])])
def test_without_usable_counts_the_judged_examples_are_counted(tmp_path, counted):
    found = read(write(tmp_path, [0, 1] * 4), counted=counted)
    assert found.slice_values["carrier"] == ["AA", "B6"]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 1, None], "2 of 3 examples are labelled, all of class late"),
        ([None, None], "0 of 2 examples are labelled; labels of at least two"),
        ([0, 1, 2], "label index 2, but there are 2 classes"),
        ([], "the test split is empty"),
    ],
)
def test_a_split_that_cannot_judge_is_refused(tmp_path, labels, message):
    with pytest.raises(DataError, match=message):
        read(write(tmp_path, labels))


def test_a_missing_split_is_refused(tmp_path):
    with pytest.raises(DataError, match="the test split is empty"):
        read(tmp_path)


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(DataError, match="the test split has no column distance"):
        read(write(tmp_path, [0, 1]), columns=["distance"])
