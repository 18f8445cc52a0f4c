"""Probable causes of a difference."""

from components.validate.causes import SAMPLING, SOURCE, TIME, probable_causes

MONEY = {
    "type": "FLOAT",
    "count": 100,
    "missing_fraction": 0.0,
    "min": 0.0,
    "max": 100.0,
}
CITY = {
    "type": "STRING",
    "count": 100,
    "missing_fraction": 0.0,
    "top": [["Rom", 60], ["Oslo", 40]],
}


def test_the_same_values_in_other_shares_are_a_matter_of_time():
    moved = {**CITY, "top": [["Oslo", 70], ["Rom", 30]]}
    assert probable_causes(moved, CITY) == [TIME]


def test_half_the_rows_or_a_vanished_category_is_sampling():
    assert probable_causes(MONEY, MONEY, rows_ratio=0.4) == [SAMPLING]
    lost = {**CITY, "top": [["Rom", 100]]}
    assert probable_causes(lost, CITY) == [SAMPLING]


def test_values_from_elsewhere_are_another_source():
    assert probable_causes({**MONEY, "min": 5.0, "max": 600.0}, MONEY) == [SOURCE]
    assert probable_causes({**MONEY, "missing_fraction": 0.2}, MONEY) == [SOURCE]
    gained = {**CITY, "top": [["Rom", 50], ["Oslo", 40], ["Kyiv", 10]]}
    assert probable_causes(gained, CITY) == [SOURCE]


def test_a_rare_new_value_says_nothing():
    gained = {**CITY, "count": 1000, "top": [["Rom", 600], ["Oslo", 399], ["Kyiv", 1]]}
    assert probable_causes(gained, CITY) == [TIME]


def test_a_column_of_gaps_has_no_range():
    empty = {**MONEY, "count": 0, "missing_fraction": 1.0, "min": None, "max": None}
    assert probable_causes(empty, MONEY) == [SOURCE]
