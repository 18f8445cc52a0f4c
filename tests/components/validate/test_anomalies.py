"""One dataset against the schema."""

import pytest

SCHEMA = """
default_environment: "TRAINING"
default_environment: "SERVING"
feature { name: "fare" type: FLOAT presence { min_fraction: 0.9 min_count: 1 } }
feature { name: "city" type: BYTES string_domain { name: "city" value: "Rom" } }
feature {
  name: "label" type: INT presence { min_count: 1 } not_in_environment: "SERVING"
}
"""
GOOD = {"fare": [1.5, 2.0], "city": ["Rom", "Rom"], "label": [0, 1]}


def found(tfdv, columns, environment="TRAINING"):
    anomalies = tfdv(
        "check", columns=columns, schema_text=SCHEMA, environment=environment
    )
    return [(a["feature"], a["severity"], a["short"]) for a in anomalies]


def test_data_that_fits_has_no_anomaly(tfdv):
    assert found(tfdv, GOOD) == []


def test_whole_numbers_where_fractions_are_expected(tfdv):
    wrong = found(tfdv, {**GOOD, "fare": [1, 2]})
    assert wrong == [("fare", "ERROR", "Unexpected data type")]


def test_numbers_where_text_is_expected(tfdv):
    wrong = found(tfdv, {**GOOD, "city": [1, 2]})
    assert wrong == [("city", "ERROR", "Unexpected data type")]


def test_unseen_category_names_what_was_found_and_expected(tfdv):
    columns = {**GOOD, "city": ["Rom", "Oslo"]}
    (anomaly,) = tfdv("check", columns=columns, schema_text=SCHEMA)
    assert (anomaly["feature"], anomaly["severity"]) == ("city", "ERROR")
    assert "Oslo (~50%). Expected: Rom" in anomaly["description"]


def test_missing_column(tfdv):
    without = {name: GOOD[name] for name in ("city", "label")}
    assert found(tfdv, without) == [("fare", "ERROR", "Column dropped")]


def test_too_many_gaps(tfdv):
    wrong = found(tfdv, {**GOOD, "fare": [1.5, None]})
    assert wrong == [("fare", "ERROR", "Column dropped")]


def test_a_column_that_nobody_knows_is_a_warning(tfdv):
    assert found(tfdv, {**GOOD, "new": [1, 2]}) == [("new", "WARNING", "New column")]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [("SERVING", []), ("TRAINING", [("label", "ERROR", "Column dropped")])],
)
def test_requests_carry_no_label(tfdv, environment, expected):
    request = {name: GOOD[name] for name in ("fare", "city")}
    assert found(tfdv, request, environment) == expected


def test_no_rows_is_an_anomaly_of_the_dataset(tfdv):
    empty = {name: [] for name in GOOD}
    assert found(tfdv, empty) == [("", "WARNING", "No examples")]
