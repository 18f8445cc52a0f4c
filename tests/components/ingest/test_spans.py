from datetime import datetime

import pyarrow as pa
import pytest

from components.ingest.spans import event_times, span_numbers, timeless, without_span
from contracts.config import DataConfig
from contracts.errors import ConfigError, DataError
from tests.components.ingest.helpers import config


def settings(**changes):
    return DataConfig.model_validate(config("raw.csv", **changes))


def times_of(values, type_=None, plus_minutes=None, **columns):
    time = {"column": "t"} | ({"plus_minutes": plus_minutes} if plus_minutes else {})
    table = pa.table({"t": pa.chunked_array([pa.array(values, type_)]), **columns})
    return event_times(table, settings(time=time)).to_pylist()


JANUARY = datetime(2013, 1, 31, 8, 30)
SECONDS = 1359621000


@pytest.mark.parametrize(
    ("value", "kind", "time"),
    [
        (JANUARY, pa.timestamp("us"), JANUARY),
        (SECONDS, pa.int64(), JANUARY),
        (float(SECONDS), pa.float64(), JANUARY),
        (SECONDS * 1000, pa.int64(), JANUARY),
        (20130131, pa.int64(), datetime(2013, 1, 31)),
        (None, pa.string(), None),
    ],
)
def test_an_event_time_has_many_spellings(value, kind, time):
    assert times_of([value, None], kind) == [time, None]


def test_a_day_that_does_not_exist_has_no_time():
    assert times_of([20130131, 20130231]) == [datetime(2013, 1, 31), None]


def test_seconds_beyond_the_calendar_have_no_time():
    assert times_of([float(SECONDS), -1e18, 1e300])[1:] == [None, None]


def test_minutes_are_added():
    assert times_of([JANUARY], plus_minutes="m / 2", m=[90]) == [
        datetime(2013, 1, 31, 9, 15)
    ]


@pytest.mark.parametrize(
    ("values", "found"), [(["31/01/2013"], "'31/01/2013'"), ([2013, 2014], "2013")]
)
def test_what_is_no_time_is_refused_with_an_example(values, found):
    with pytest.raises(DataError, match=rf"column t: expected ISO 8601.*{found}"):
        times_of(values)


@pytest.mark.parametrize(
    ("minutes", "error", "says"),
    [
        (["late"], ConfigError, "expected minutes, found string values"),
        ([1e18], DataError, "beyond the calendar"),
    ],
)
def test_minutes_that_are_none_are_refused(minutes, error, says):
    with pytest.raises(error, match=rf"data.time.plus_minutes: .*{says}"):
        times_of([JANUARY], plus_minutes="m", m=minutes)


@pytest.mark.parametrize(
    ("by", "number"), [("day", 20130131), ("month", 201301), ("none", 1)]
)
def test_a_span_is_a_day_a_month_or_one(by, number):
    data = settings(time={"column": "t"}, spans={"by": by})
    table = pa.table({"t": pa.array([JANUARY], pa.timestamp("us"))})
    numbers = span_numbers(table, event_times(table, data), data)
    assert (numbers.to_pylist(), numbers.type) == ([number], pa.int32())


@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        ([7, 0, None], [7, 0, None]),
        ([7.0, 7.5, 1e300], [7, None, None]),
        ([-1, 2**31, 2**31 - 1], [None, None, 2**31 - 1]),
    ],
)
def test_a_span_column_gives_whole_numbers_from_zero(column, numbers):
    data = settings(spans={"by": "column", "column": "s"})
    table = pa.table({"s": column})
    found = span_numbers(table, event_times(table, data), data)
    assert found.to_pylist() == numbers
    assert list(without_span(found, data)) == [
        row for row, number in enumerate(numbers) if number is None
    ]


def test_a_span_column_of_text_is_refused():
    data = settings(spans={"by": "column", "column": "s"})
    table = pa.table({"s": ["jan"]})
    with pytest.raises(DataError, match=r"column s: expected whole numbers.*'jan'"):
        span_numbers(table, event_times(table, data), data)


@pytest.mark.parametrize(
    ("changes", "bad"),
    [({"spans": {"by": "day"}}, [1]), ({"split": {"by": "time"}}, [1]), ({}, [])],
)
def test_a_row_without_time_is_bad_only_where_time_is_needed(changes, bad):
    data = settings(time={"column": "t"}, **changes)
    times = pa.chunked_array([pa.array([JANUARY, None], pa.timestamp("us"))])
    assert list(timeless(times, data)) == bad
