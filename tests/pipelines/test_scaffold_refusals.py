"""`canario new` on what cannot work: a sentence, and no folder."""

from pathlib import Path

import pytest

from contracts.errors import BadInput
from pipelines.scaffold import new_project
from tests.pipelines.scaffolded import (
    CANCER,
    IRIS,
    PLANES,
    WEATHER,
    WINE,
    numbers,
    write,
)


def constant(value):
    return ["x", "y"], [[i * 0.1, value] for i in range(100)]


VARIED = [["a", i, "2013-01-02"] for i in range(50)]
REFUSED = {
    "a header shorter than the rows": (
        CANCER,
        "malignant",
        {},
        "31 fields, expected 4",
    ),
    "wine too": (WINE, "class_0", {}, "14 fields, expected 5"),
    "a label that is not there": (PLANES, "engin", {}, "--label engin: .* engine"),
    "a quantity": (IRIS, "setosa", {}, "43 different numbers .* look like a quantity"),
    "many numbers": (WEATHER, "temp", {}, "173 different numbers"),
    "an id": (PLANES, "tailnum", {}, "3322 different texts"),
    "a constant": (WEATHER, "year", {}, "every value is 2013"),
    "a time": (
        (["y"], [["2013-01-01"], ["2013-01-02"]] * 50),
        "y",
        {},
        "holds times",
    ),
    "one class": (constant("a"), "y", {}, "every value is 'a'; expected at least 2"),
    "no label": (constant(""), "y", {}, "no row has a value"),
    "too few rows": (numbers(20), "y", {}, "20 rows have one; at least 50"),
    "nothing to learn from": (
        (["y", "k", "id"], [["ab"[i % 2], 7, i] for i in range(100)]),
        "y",
        {},
        r"0 columns to learn from.*k: always the same value",
    ),
    "a time that is none": (
        PLANES,
        "engine",
        {"time": "manufacturer"},
        "manufacturer: expected ISO 8601 times",
    ),
    "years as times": (PLANES, "engine", {"time": "seats"}, "seats: expected ISO"),
    "a time with gaps": (
        (["y", "x", "t"], [["a", 1, "2013-01-01"], ["b", 2, ""]] * 50 + VARIED),
        "y",
        {"time": "t"},
        "33.3% of the rows have no time",
    ),
    "few different rows": (
        (["x", "y"], [[i % 7, "ab"[i % 2]] for i in range(100)]),
        "y",
        {},
        "100 rows, but only 14 different ones",
    ),
    "few groups": (PLANES, "type", {"group": "engine"}, "6 groups; at least 20"),
    "the label as group": (PLANES, "engine", {"group": "engine"}, "it is the label"),
    "no header": (
        (["1", "2"], [[i, i % 2] for i in range(100)]),
        "2",
        {},
        "the first line holds numbers",
    ),
    "decimal commas": (
        (["x", "y"], [[f"{i},5", "ab"[i % 2]] for i in range(100)]),
        "y",
        {},
        "decimal comma",
    ),
    "a missing file": (Path("none.csv"), "y", {}, "none.csv: no such file"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused_and_leaves_no_folder(tmp_path, case):
    file, label, options, says = REFUSED[case]
    if not isinstance(file, Path):
        file = write(tmp_path / "raw.csv", *file)
    options = {"time": None, "group": None} | options
    with pytest.raises(BadInput, match=f"(?s){says}"):
        new_project("p", file, label, configs=tmp_path / "configs", **options)
    assert not list((tmp_path / "configs").glob("*"))


@pytest.mark.parametrize("name", ["", "P", "1p", "../p", "p q", "p" * 41, "é"])
def test_a_bad_name_is_refused(tmp_path, name):
    with pytest.raises(BadInput, match="project name"):
        new_project(name, IRIS, "virginica", None, None, tmp_path)


def test_a_folder_that_exists_is_left_alone(tmp_path):
    (tmp_path / "p").mkdir()
    with pytest.raises(BadInput, match="exists already"):
        new_project("p", IRIS, "virginica", None, None, tmp_path)
    assert list((tmp_path / "p").iterdir()) == []
