import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.ingest.names import expand_header, identifiers, require
from contracts.artifacts import RESERVED
from contracts.errors import DataError


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("fare", "fare"),
        ("Fare_2", "Fare_2"),
        ("sepal length (cm)", "sepal_length_cm"),
        ("150", "c150"),
        ("_id", "c_id"),
        ("temp [°C]", "temp_C"),
        (" padded ", "padded"),
        ('a "quoted" one', "a_quoted_one"),
        ("año", "año"),
        ("年龄", "年龄"),
        ("x²", "x2"),
        ("", "column_1"),
        ("***", "column_1"),
        ("label", "label_"),
        ("event time", "event_time_"),
        ("span", "span_"),
    ],
)
def test_a_raw_name_becomes_an_identifier(raw, name):
    assert identifiers([raw], "file") == [name]


@given(st.text(max_size=30))
def test_every_name_is_an_identifier_and_stays_one(raw):
    (name,) = identifiers([raw], "file")
    assert name.isidentifier()
    assert name not in RESERVED
    assert identifiers([name], "file") == [name]


def test_equal_names_are_refused_with_what_they_were():
    with pytest.raises(DataError, match=r"'a_b' appears 2 times \(as 'a b', 'a-b'\)"):
        identifiers(["a b", "x", "a-b"], "file.csv")


def test_a_name_that_meets_a_reserved_one_is_refused():
    with pytest.raises(DataError, match="'label_' appears 2 times"):
        identifiers(["label", "label_"], "file.csv")


def test_too_many_columns_are_refused():
    with pytest.raises(DataError, match="10001 columns; at most 10000"):
        identifiers([f"c{i}" for i in range(10_001)], "file.csv")


def test_a_star_and_a_number_stand_for_many_names():
    assert expand_header(["p_*3", "digit"]) == ["p_0", "p_1", "p_2", "digit"]


def test_an_endless_star_is_refused():
    with pytest.raises(DataError, match="more than 10000 columns"):
        expand_header(["p*99999999999"])


def test_missing_columns_are_all_named_with_what_exists():
    with pytest.raises(DataError) as caught:
        require(["fare", "tips"], {"data.id": ["trip"], "features": ["fares", "x_*"]})
    assert str(caught.value).splitlines() == [
        "data.id: no column 'trip' (did you mean 'tips'?)",
        "features: no column 'fares' (did you mean 'fare'?)",
        "features: no column 'x_*'",
        "there are: fare, tips",
    ]


def test_the_old_spelling_is_answered_with_the_new_one():
    with pytest.raises(DataError, match=r"'label' \(it is called 'label_' here\)"):
        require(["label_"], {"data.label.column": ["label"]})


def test_names_and_globs_that_exist_are_fine():
    assert require(["p_0", "p_1", "a"], {"features": ["p_*", "a"]}) is None
