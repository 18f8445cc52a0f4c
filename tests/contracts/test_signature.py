"""A row gives the same inputs whether it comes from Parquet or from a request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.config.project import Task
from contracts.errors import BadInput
from contracts.signature import Signature, TensorSpec

INPUTS = [
    TensorSpec(name="fare", datatype="FP32"),
    TensorSpec(name="company", datatype="BYTES"),
]
BINARY = Signature(
    task=Task.BINARY, inputs=INPUTS, classes=["low", "high"], threshold=0.35
)


@given(
    column=st.one_of(
        st.lists(st.none() | st.text(max_size=4), min_size=1),
        st.lists(st.none() | st.integers(-(2**62), 2**62), min_size=1),
        st.lists(st.none() | st.floats(allow_infinity=False), min_size=1),
        st.lists(st.none() | st.booleans(), min_size=1),
    )
)
def test_texts_are_the_same_from_both_sides(column: list[Any]) -> None:
    _same(pa.table({"fare": pa.nulls(len(column)), "company": column}))


@given(
    column=st.one_of(
        st.lists(st.none() | st.integers(-(2**62), 2**62), min_size=1),
        st.lists(st.none() | st.floats(), min_size=1),
        st.lists(st.none() | st.booleans(), min_size=1),
    )
)
def test_numbers_are_the_same_from_both_sides(column: list[Any]) -> None:
    _same(pa.table({"fare": column, "company": pa.nulls(len(column))}))


def _same(table: pa.Table) -> None:
    rows = json.loads(json.dumps(table.to_pylist()))
    one, other = BINARY.from_table(table), BINARY.from_rows(rows)
    assert one["company"].tolist() == other["company"].tolist()
    np.testing.assert_array_equal(one["fare"], other["fare"], strict=True)


def test_a_whole_number_is_one_category_in_every_dress() -> None:
    found = BINARY.from_rows([{"fare": 1, "company": v} for v in (7, 7.0, "7")])
    assert found["company"].tolist() == ["7", "7", "7"]
    table = pa.table({"fare": [1, 1], "company": [7.0, None]})
    assert BINARY.from_table(table)["company"].tolist() == ["7", ""]


def test_inputs_are_flat_arrays_and_other_keys_are_ignored() -> None:
    row = {"fare": 2, "company": "x", "example_id": "00ff"}
    found = BINARY.from_rows([row, row])
    assert {name: (a.shape, a.dtype) for name, a in found.items()} == {
        "fare": ((2,), np.float32),
        "company": ((2,), object),
    }


def test_no_rows_give_empty_inputs() -> None:
    assert [a.shape for a in BINARY.from_rows([]).values()] == [(0,), (0,)]


REFUSED = [
    ({"company": "x"}, r"instances\[1\]: field 'fare' is missing"),
    ({"fare": "12", "company": "x"}, r"instances\[1\].fare: expected a number or nu"),
    ({"fare": [1], "company": "x"}, r"instances\[1\].fare: expected a number or null"),
    ({"fare": 1, "company": ["x"]}, r"instances\[1\].company: expected text or null"),
    ({"fare": 10**400, "company": "x"}, r"instances\[1\].fare: .* more than 64 bits"),
    ({"fare": 1, "company": 2**63}, r"instances\[1\].company: .* more than 64 bits"),
    ([1, "x"], r"instances\[1\]: expected an object with named fields"),
]


@pytest.mark.parametrize(("row", "said"), REFUSED)
def test_a_wrong_row_is_named(row: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        BINARY.from_rows([{"fare": 1, "company": "x"}, row])


def test_the_threshold_decides_and_belongs_to_the_second_class() -> None:
    probabilities = np.array([[0.66, 0.34], [0.65, 0.35], [0.1, 0.9]])
    assert BINARY.decide(probabilities).tolist() == [0, 1, 1]


def test_of_many_classes_the_likeliest_wins() -> None:
    many = BINARY.model_copy(update={"task": Task.MULTICLASS})
    assert many.decide(np.array([[0.2, 0.5, 0.3], [0.4, 0.3, 0.3]])).tolist() == [1, 0]


def test_a_signature_comes_back_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "signature.json").write_text(BINARY.model_dump_json())
    assert Signature.load(tmp_path) == BINARY
