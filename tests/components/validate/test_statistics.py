"""Tables to numbers that every later step reads."""

import datetime
import statistics as exact

import pyarrow as pa
import pytest

from components.validate.tables import read_datasets
from contracts.errors import DataError


def test_planted_tenth_of_missing_values_is_found(tfdv):
    ages = [None if row % 10 == 0 else row for row in range(200)]
    age = tfdv("describe", columns={"age": ages})["features"]["age"]
    assert (age["count"], age["missing"], age["missing_fraction"]) == (180, 20, 0.10)


def test_whole_numbers_with_gaps_stay_whole(tfdv):
    features = tfdv("describe", columns={"n": [1, None, 3]})["features"]
    assert features["n"]["type"] == "INT"


def test_mean_and_deviation_are_exact(tfdv):
    values = [0.25, 1.5, 9.0, -3.0, 0.0]
    found = tfdv("describe", columns={"x": values})["features"]["x"]
    assert found["mean"] == pytest.approx(exact.mean(values), rel=1e-12)
    assert found["std"] == pytest.approx(exact.pstdev(values), rel=1e-12)
    assert (found["min"], found["max"], found["zeros"]) == (-3.0, 9.0, 1)


def test_deciles_of_a_line_are_its_tenths(tfdv):
    found = tfdv("describe", columns={"x": [float(n) for n in range(1001)]})
    quantiles = found["features"]["x"]["quantiles"]
    assert quantiles == pytest.approx([100.0 * n for n in range(11)], abs=10)


def test_histogram_counts_every_value(tfdv):
    found = tfdv("describe", columns={"x": [float(n) for n in range(500)]})
    counts = [count for _, _, count in found["features"]["x"]["histogram"]]
    assert len(counts) == 10
    assert sum(counts) == pytest.approx(500, abs=1)


def test_texts_come_most_frequent_first_and_ties_in_order(tfdv):
    found = tfdv("describe", columns={"c": ["b", "a", "z", "z", None]})
    assert found["features"]["c"]["top"] == [["z", 2], ["a", 1], ["b", 1]]
    assert found["features"]["c"]["unique"] == 3


def test_few_whole_numbers_are_counted_by_value_many_are_not(tfdv):
    columns = {"few": [3, 3, 1] * 400, "many": list(range(1200))}
    features = tfdv("describe", columns=columns)["features"]
    assert features["few"]["top"] == [["3", 800], ["1", 400]]
    assert "top" not in features["many"]


def test_nothing_has_no_mean(tfdv):
    found = tfdv("describe", columns={"x": [1.0, 2.0], "e": [float("nan")] * 2})
    empty = found["features"]["e"]
    assert (empty["count"], empty["missing"]) == (0, 2)
    assert (empty["mean"], empty["quantiles"], empty["histogram"]) == (None, [], [])


def test_infinity_does_not_reach_the_numbers(tfdv):
    found = tfdv("describe", columns={"x": [1.0, 2.0, float("inf")]})["features"]["x"]
    assert (found["max"], found["mean"], found["quantiles"]) == (None, None, [])
    assert len(found["histogram"]) == 10


def test_datasets_are_spans_and_splits(write_examples):
    folder = write_examples(
        {
            ("train", 1): {"x": [1, 2]},
            ("train", 2): {"x": [3]},
            ("eval", 2): {"x": [4]},
        }
    )
    rows = {name: len(table) for name, table in read_datasets(folder).items()}
    spans = {"span-1": 2, "span-2": 2}
    assert rows == {**spans, "split-train": 3, "split-eval": 1, "split-test": 0}


def test_identifiers_and_times_are_left_out_and_booleans_are_numbers(write_examples):
    noon = datetime.datetime(2013, 1, 1, 12)
    columns = {"example_id": ["a"], "event_time": [noon], "seen": [noon]}
    folder = write_examples({("train", 1): {**columns, "ok": [True], "label": [1]}})
    table = read_datasets(folder)["span-1"]
    assert table.to_pydict() == {"ok": [1], "label": [1]}


def test_spans_keep_their_types_and_splits_take_the_widest(write_examples):
    cells = {("train", 1): {"x": [1, 2]}, ("train", 2): {"x": [0.5], "new": ["a"]}}
    datasets = read_datasets(write_examples(cells))
    assert datasets["span-1"].schema.field("x").type == pa.int64()
    assert datasets["split-train"].to_pydict() == {
        "x": [1.0, 2.0, 0.5],
        "new": [None, None, "a"],
    }


def test_no_examples_is_said(tmp_path):
    with pytest.raises(DataError, match="found no examples"):
        read_datasets(tmp_path)
