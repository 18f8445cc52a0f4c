"""Disproportionately important examples are a hard gate."""

import numpy as np
import pytest

from components.evaluate.must_pass import check
from components.evaluate.values import Prediction
from contracts.config import Task
from contracts.errors import DataError
from contracts.signature import Signature, TensorSpec

SIGNATURE = Signature(
    task=Task.BINARY,
    inputs=[
        TensorSpec(name="minute", datatype="FP32"),
        TensorSpec(name="carrier", datatype="BYTES"),
    ],
    classes=["on_time", "late"],
    threshold=0.5,
)


def evening_is_late(inputs):
    """Late from minute 1,000 on; a missing minute is on time."""
    late = (inputs["minute"] >= 1000).astype(float)
    return Prediction(np.column_stack([1 - late, late]), late.astype(int))


def row(minute, label, carrier="UA"):
    return {"minute": minute, "carrier": carrier, "label": label}


def outcome(*rows):
    return check([{"name": "hub", "rows": rows}], SIGNATURE, evening_is_late)[0]


def test_all_rows_right():
    found = outcome(row(1100, "late"), row(60, "on_time"), row(None, "on_time"))
    assert found.finding == (True, "must-pass hub: all 3 rows right")


def test_a_failure_names_the_set_and_the_row():
    found = outcome(row(60, "on_time"), row(60, "late"))
    assert [f.row for f in found.failures] == [2]
    assert found.finding == (
        False,
        "must-pass hub: 1 of 2 rows wrong (row 2 is late, predicted on_time); none is "
        "allowed",
    )


def test_many_failures_are_counted_and_all_kept():
    found = outcome(*[row(60, "late")] * 5)
    assert len(found.failures) == 5
    assert found.finding.reason.count("predicted") == 3


def test_text_from_a_csv_file_is_read_as_the_model_wants_it():
    found = outcome(row("1100", "late", 7), row("", "on_time"), row("NA", "on_time"))
    assert found.failures == []


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [row(60, "maybe")],
            "hub, row 1: label 'maybe' is no class; there are on_time",
        ),
        ([row("noon", "late")], "row 1, minute: expected a number, found 'noon'"),
        ([{"minute": 60, "label": "late"}], "field 'carrier' is missing"),
        ([], "must-pass hub: no rows"),
    ],
)
def test_bad_sets_are_refused_by_name(rows, message):
    with pytest.raises(DataError, match=message):
        outcome(*rows)
