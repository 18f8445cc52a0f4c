"""Types are found by looking at every value, wherever it lies."""

from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.ingest.columns import typed
from contracts.errors import DataError

US = pa.timestamp("us")


def of_text(values, calculated=()):
    """Return the type and values found for a text column, and the bad rows."""
    table = pa.table({"c": pa.chunked_array([values], pa.string())})
    found, bad = typed(table, calculated, text=True)
    return found["c"].type, found["c"].to_pylist(), bad


@pytest.mark.parametrize(
    ("values", "kind", "found"),
    [
        (["1", None, "-2"], pa.int64(), [1, None, -2]),
        (["1", "2.5", "1e3"], pa.float64(), [1.0, 2.5, 1000.0]),
        (["+1", " 2", "3 "], pa.int64(), [1, 2, 3]),
        (["+.5", " 2"], pa.float64(), [0.5, 2.0]),
        (["nan", "1.5"], pa.float64(), [None, 1.5]),
        (["True", "false", None], pa.bool_(), [True, False, None]),
        (["2013-01-31"], US, [datetime(2013, 1, 31)]),
        (["2013-01-31 08:00:01.5"], US, [datetime(2013, 1, 31, 8, 0, 1, 500000)]),
        (["2013-01-31T08:00Z"], US, [datetime(2013, 1, 31, 8)]),
        (["2013-01-31T08:00+02:00"], US, [datetime(2013, 1, 31, 6)]),
        (["2013-01-31T08:00Z", "2013-02-01"], US, None),
        (["a", "1"], pa.string(), ["a", "1"]),
        (["1", "12:30"], pa.string(), ["1", "12:30"]),
        (["31/01/2013"], pa.string(), ["31/01/2013"]),
        ([None, None], pa.string(), [None, None]),
    ],
)
def test_a_column_is_what_all_its_values_are(values, kind, found):
    type_, list_, bad = of_text(values)
    assert type_ == kind
    assert bad == {}
    assert found is None or list_ == found


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["7"] * 100_000 + ["0.5"], pa.float64()),
        (["7"] * 99_000 + ["text"] * 2_000, pa.string()),
        ([None] * 100_000 + ["2013-01-31"], US),
    ],
)
def test_what_comes_late_counts_as_much(values, kind):
    assert of_text(values)[0] == kind


def test_one_text_among_hundred_numbers_is_corrupt():
    kind, values, bad = of_text(["5"] * 99 + ["oops"])
    assert (kind, values[-1]) == (pa.int64(), None)
    assert bad[99].reason == "column c: 'oops' where int64 is expected"


def test_one_text_among_hundred_times_is_corrupt():
    kind, _, bad = of_text(["2013-13-45"] + ["2013-01-31 08:00"] * 99)
    assert kind == US
    assert list(bad) == [0]


def test_a_column_that_is_calculated_with_must_be_numbers():
    values = ["1"] * 9 + ["garbage"]
    assert of_text(values)[0] == pa.string()
    kind, _, bad = of_text(values, calculated={"c"})
    assert kind == pa.int64()
    assert list(bad) == [9]


def test_infinity_is_corrupt():
    _, values, bad = of_text(["1.5", "inf", "-Infinity", "1e999"])
    assert values == [1.5, None, None, None]
    assert sorted(bad) == [1, 2, 3]


def test_garbage_at_the_top_does_not_hide_the_numbers():
    kind, _, bad = of_text(["# exported by hand"] + ["1.5"] * 5000)
    assert kind == pa.float64()
    assert list(bad) == [0]


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_whole_numbers_survive(values):
    texts = [None if value is None else str(value) for value in values]
    assert of_text(texts)[1] == values


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_fractions_survive(values):
    assert of_text([repr(value) for value in values])[1] == values


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pa.array([1], pa.int8()), pa.int64()),
        (pa.array([1.5], pa.float32()), pa.float64()),
        (pa.array([Decimal("1.5")]), pa.float64()),
        (pa.array(["a"]).dictionary_encode(), pa.string()),
        (pa.array(["a"], pa.large_string()), pa.string()),
        (pa.array([True]), pa.bool_()),
        (pa.array([None]), pa.string()),
        (pa.array([datetime(2013, 1, 31)], pa.timestamp("ns")), US),
        (pa.array([datetime(2013, 1, 31)], pa.timestamp("ms", "Asia/Tokyo")), US),
        (pa.array([15736], pa.date32()), US),
    ],
)
def test_parquet_columns_become_one_of_five_types(column, kind):
    found, bad = typed(pa.table({"c": column}), (), text=False)
    assert found["c"].type == kind
    assert bad == {}


def test_a_list_column_is_refused_by_name():
    table = pa.table({"tags": [["a"], ["b"]]})
    with pytest.raises(DataError, match=r"column tags: type list<.*> is not read"):
        typed(table, (), text=False)


def test_a_number_beyond_int64_is_refused_by_name():
    table = pa.table({"n": pa.array([2**64 - 1], pa.uint64())})
    with pytest.raises(DataError, match="column n: "):
        typed(table, (), text=False)
