"""One value, one text: from Parquet or from JSON, through `contracts.signature`."""

import math

import numpy as np
import pyarrow as pa
import pytest

from contracts.config.project import Task
from contracts.errors import BadInput
from contracts.signature import Signature, TensorSpec


def signature(name: str, datatype: str) -> Signature:
    spec = TensorSpec(name=name, datatype=datatype)  # type: ignore[arg-type]
    return Signature(task=Task.BINARY, inputs=[spec], classes=["a", "b"], threshold=0.5)


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array([7, None]), ["7", ""]),
        (pa.array([7.0, None]), ["7", ""]),
        (pa.array([7.0, math.nan]), ["7", ""]),
        (pa.array([-0.0, 1e20]), ["0", "100000000000000000000"]),
        (pa.array([0.1, 1e-5]), ["0.1", "1e-05"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array(["7", None]), ["7", ""]),
        (pa.nulls(2), ["", ""]),
    ],
)
def test_a_value_has_one_text_in_parquet_and_in_json(column, texts):
    taken = signature("x", "BYTES")
    assert taken.from_table(pa.table({"x": column}))["x"].tolist() == texts
    rows = [{"x": value} for value in column.to_pylist()]
    assert taken.from_rows(rows)["x"].tolist() == texts


@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        (pa.array([True, False, None]), [1, 0, math.nan]),
        (pa.array([3, None]), [3, math.nan]),
        (pa.array([2**60]), [2.0**60]),
        (pa.array([1e300]), [math.inf]),
        (pa.nulls(1), [math.nan]),
    ],
)
def test_a_number_is_the_same_in_parquet_and_in_json(column, numbers):
    taken = signature("x", "FP32")
    from_table = taken.from_table(pa.table({"x": column}))["x"]
    from_rows = taken.from_rows([{"x": value} for value in column.to_pylist()])["x"]
    np.testing.assert_array_equal(from_table, np.float32(numbers))
    np.testing.assert_array_equal(from_rows, from_table)


def test_distinct_values_keep_their_rows_across_chunks():
    chunks = pa.chunked_array([[1.5, 2.0], [None, 1.5]])
    found = signature("x", "BYTES").from_table(pa.table({"x": chunks}))
    assert found["x"].tolist() == ["1.5", "2", "", "1.5"]


@pytest.mark.parametrize("name", ["fare", "trip_miles_2", "Grade"])
def test_an_identifier_keeps_its_name_in_the_graph(name):
    assert TensorSpec(name=name, datatype="FP32").argument == name


@pytest.mark.parametrize("name", ["fare $", "Größe", "a/b", "1st", "class", "self"])
def test_a_name_that_no_graph_takes_gets_a_digest(name):
    argument = TensorSpec(name=name, datatype="FP32").argument
    assert argument != name
    assert argument.isidentifier()
    assert argument.isascii()


def test_a_table_without_an_input_is_refused_by_name():
    with pytest.raises(BadInput, match="column 'fare' is missing; there are tips"):
        signature("fare", "FP32").from_table(pa.table({"tips": [1]}))
