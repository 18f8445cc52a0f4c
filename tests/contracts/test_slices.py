"""Slices: which rows carry which name."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from contracts.config import SliceConfig
from contracts.errors import ConfigError
from contracts.slices import assign, key, top_values


def config(**values: Any) -> SliceConfig:
    return SliceConfig(name="part", column="c", **values)


def names(column: Any, top: list[str] | None = None, **values: Any) -> list[str]:
    found: list[str] = assign(pa.table({"c": column}), config(**values), top).tolist()
    return found


def test_a_slice_has_one_spelling() -> None:
    assert key("carrier", "UA") == "carrier=UA"


def test_edges_belong_to_the_range_they_open() -> None:
    hours = [0, 8.9, 9, 20, 21, 1e9]
    assert names(hours, edges=[0, 9, 21]) == [
        "[0, 9)",
        "[0, 9)",
        "[9, 21)",
        "[9, 21)",
        "[21, inf)",
        "[21, inf)",
    ]


def test_labels_name_the_ranges() -> None:
    found = names([3, 12], edges=[0, 9], labels=["night", "day"])
    assert found == ["night", "day"]


def test_below_the_first_edge_is_other_and_null_is_missing() -> None:
    found = names([-1, None, float("nan"), 0], edges=[0])
    assert found == ["other", "missing", "missing", "[0, inf)"]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["UA", None, "AA"], ["UA", "missing", "AA"]),
        ([7, None], ["7", "missing"]),
        ([7.0, None], ["7", "missing"]),
        ([True, False], ["true", "false"]),
        ([None, None], ["missing", "missing"]),
        (pa.chunked_array([["a"], [None, "b"]]), ["a", "missing", "b"]),
    ],
)
def test_values_stand_for_themselves(column: Any, expected: list[str]) -> None:
    assert names(column) == expected


def test_what_is_not_on_top_is_other() -> None:
    assert names(["a", "b", None, "c"], ["a"]) == ["a", "other", "missing", "other"]
    assert names(["a"], []) == ["other"]


def test_the_top_is_the_most_frequent_then_the_alphabet() -> None:
    table = pa.table({"c": ["b", "a", "c", "c", None, None, None]})
    assert top_values(table, config(top=2)) == ["c", "a"]
    assert top_values(table, config()) == ["c", "a", "b"]


def test_edges_have_no_top() -> None:
    assert top_values(pa.table({"c": [1]}), config(edges=[0])) is None


def test_no_rows_give_no_names() -> None:
    assert names(pa.array([], pa.int64()), edges=[0]) == []
    assert names(pa.array([], pa.string())) == []


def test_a_record_batch_is_a_table_too() -> None:
    batch = pa.record_batch({"c": ["a", None]})
    assert assign(batch, config()).tolist() == ["a", "missing"]


def test_an_absent_column_is_named_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match="slice part: no column c; there are a, b"):
        assign(pa.table({"a": [1], "b": [2]}), config())


def test_edges_on_texts_are_refused() -> None:
    with pytest.raises(ConfigError, match="slice part: edges need numbers, c is str"):
        names(["x"], edges=[0])
