"""`canario new`: a config that runs as it is, from files nobody here prepared."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.artifacts import Manifest
from contracts.config import load_project, load_rollout
from contracts.errors import BadInput, DataError
from pipelines.scaffold import new_project
from tests.pipelines.scaffolded import IRIS, PLANES, WEATHER, Project, numbers, write


def test_iris_has_four_numbers_and_three_classes(tmp_path):
    project = Project(tmp_path, IRIS, "virginica")
    assert set(project.kinds.values()) == {"numeric"}
    assert list(project.kinds) == ["c150", "c4", "setosa", "versicolor"]
    assert project.config.data.label.classes == ["0", "1", "2"]
    assert project.config.task == "multiclass"
    assert project.manifest.spans[0].labelled == 150


def test_planes_leave_out_what_cannot_be_learnt_from_and_say_why(tmp_path):
    project = Project(tmp_path, PLANES, "engine", group="model")
    assert project.kinds == {
        "year": "numeric",
        "type": "categorical",
        "manufacturer": "categorical",
        "engines": "categorical",
        "seats": "numeric",
    }
    assert project.config.data.id == ["tailnum"]
    assert project.config.data.group_by == "model"
    for reason in (
        "# not tailnum: an id or free text: 3,322 values in 3,322 rows",
        "# not speed: 99% of it is missing",
        "# not model: named by --group",
    ):
        assert reason in project.text


def test_weather_with_its_time_gets_months_and_a_rollout(tmp_path):
    project = Project(tmp_path, WEATHER, "origin", time="time_hour")
    schedule = project.config.schedule
    assert schedule.first == list(range(201301, 201311))
    assert (schedule.then, schedule.replay) == ([201311], 201312)
    assert project.config.data.split.by == "time"
    assert Manifest.load(tmp_path / "traffic").splits == {"replay": 2159}
    assert load_rollout(project.folder).max_requests == 2159
    for reason in (
        "# not year: always the same value",
        "# not month: another value in each span",
        "# not wind_gust: 80% of it is missing",
    ):
        assert reason in project.text


def test_seconds_since_1970_are_a_time_too(tmp_path):
    header, rows = numbers(800)
    timed = [[*row, 1356998400 + 3600 * i] for i, row in enumerate(rows)]
    file = write(tmp_path / "raw.csv", [*header, "t"], timed)
    project = Project(tmp_path, file, "y", time="t")
    assert project.config.data.spans.by == "none"
    assert project.config.data.split.by == "time"
    assert "fewer than 4 days with 200 rows" in project.text


def test_days_are_spans_when_months_are_too_few(tmp_path):
    header, rows = numbers(2000)
    timed = [[*row, f"2013-01-{1 + i // 400:02d}"] for i, row in enumerate(rows)]
    file = write(tmp_path / "raw.csv", [*header, "day"], timed)
    project = Project(tmp_path, file, "y", time="day")
    schedule = project.config.schedule
    assert project.config.data.spans.by == "day"
    assert schedule.first == [20130101, 20130102, 20130103]
    assert (schedule.then, schedule.replay) == ([20130104], 20130105)


def test_few_moments_are_no_reason_to_split_by_time(tmp_path):
    header, rows = numbers(300)
    timed = [[*row, f"2013-01-0{1 + i // 150}"] for i, row in enumerate(rows)]
    file = write(tmp_path / "raw.csv", [*header, "day"], timed)
    assert Project(tmp_path, file, "y", time="day").config.data.split.by == "hash"


def test_a_rare_positive_class_lowers_the_threshold(tmp_path):
    rows = [[i % 97, "bad" if i % 20 == 0 else "Good"] for i in range(400)]
    project = Project(tmp_path, write(tmp_path / "r.csv", ["x", "y"], rows), "y")
    assert project.config.data.label.classes == ["Good", "bad"]
    assert project.config.evaluate.threshold == 0.05


def test_placeholders_in_numbers_count_as_missing(tmp_path):
    header, rows = numbers(200)
    rows[3][0], rows[4][0], rows[5][0] = "?", "NULL", "n/a"
    project = Project(tmp_path, write(tmp_path / "r.csv", header, rows), "y")
    assert project.config.data.null_values == ["", "NA", "?", "NULL", "n/a"]
    assert project.manifest.columns["x"] == "float64"


def test_a_word_again_and_again_among_numbers_is_missing(tmp_path):
    header, rows = numbers(200)
    for row in rows[::20]:
        row[0] = "k.A."
    project = Project(tmp_path, write(tmp_path / "r.csv", header, rows), "y")
    assert project.config.data.null_values == ["", "NA", "k.A."]
    assert project.kinds == {"x": "numeric"}


def test_a_few_numbers_among_words_are_categories(tmp_path):
    rows = [["abc0"[i % 4 % 3 if i % 9 == 0 else 3], i * 0.1, "yn"[i % 2]] for i in R]
    file = write(tmp_path / "r.csv", ["holiday", "x", "y"], rows)
    project = Project(tmp_path, file, "y")
    assert project.kinds == {"holiday": "categorical", "x": "numeric"}


def test_other_delimiters_are_found(tmp_path):
    header, rows = numbers(200)
    lines = [header, *rows]
    for name, mark in {"semicolon": ";", "tab": "\t", "bar": "|"}.items():
        place = tmp_path / name
        place.mkdir()
        text = "\n".join(mark.join(map(str, line)) for line in lines)
        (place / "raw.csv").write_text(text)
        project = Project(place, place / "raw.csv", "y")
        assert project.config.data.delimiter == mark


def test_parquet_is_looked_at_too(tmp_path):
    header, rows = numbers(200, ("a number", "the class"))
    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    pq.write_table(pa.table(columns, names=header), tmp_path / "raw.parquet")
    project = Project(tmp_path, tmp_path / "raw.parquet", "the class")
    assert project.config.data.format == "parquet"
    assert project.kinds == {"a_number": "numeric"}


def test_a_family_of_numbers_is_one_glob(tmp_path):
    rows = [[*range(i, i + 10), "ab"[i % 2]] for i in range(100)]
    header = [f"pixel {i}" for i in range(10)] + ["y"]
    project = Project(tmp_path, write(tmp_path / "r.csv", header, rows), "y")
    assert project.kinds == {"pixel_*": "numeric"}


def test_a_column_that_says_the_label_in_other_words_is_left_out(tmp_path):
    rows = [[i % 99 + 0.5, "ab"[i % 2], i % 2 + 10] for i in range(200)]
    file = write(tmp_path / "r.csv", ["x", "y", "code_of_y"], rows)
    project = Project(tmp_path, file, "y")
    assert project.kinds == {"x": "numeric"}
    assert "# not code_of_y: says the same as the label" in project.text


def test_truth_values_are_classes_and_categories(tmp_path):
    rows = [[i % 3 == 0, i % 2 == 0, i * 0.7] for i in range(200)]
    file = write(tmp_path / "r.csv", ["flag", "y", "x"], rows)
    project = Project(tmp_path, file, "y")
    assert project.config.data.label.classes == ["false", "true"]
    assert project.kinds == {"flag": "categorical", "x": "numeric"}
    assert project.manifest.spans[0].labelled == 200


def test_slices_are_the_small_categories_with_names_of_their_own(tmp_path):
    rows = [["ab"[i % 2], "xyz"[i % 3], "pq"[i % 4 // 2], i * 0.1] for i in range(300)]
    file = write(tmp_path / "r.csv", ["y", "Größe", "2nd Kind", "n"], rows)
    project = Project(tmp_path, file, "y")
    slices = [(s.name, s.column, s.top) for s in project.config.slices]
    assert slices == [("c2nd_kind", "c2nd_Kind", 2), ("gre", "Größe", 3)]


def test_the_label_may_be_called_label(tmp_path):
    header, rows = numbers(200, ("event time", "label"))
    project = Project(tmp_path, write(tmp_path / "r.csv", header, rows), "label")
    assert project.config.data.label.column == "label_"
    assert project.kinds == {"event_time_": "numeric"}
    assert "event time is event_time_, label is label_" in project.text


R = range(300)
NASTY = [
    'a "quoted" name',
    "it's: {a} [trap], #1 & *2 | > % @ `",
    "naïve 年龄 🦜",
    "two\nlines",
    "trailing: ",
    "- dash",
    "null",
    "yes",
    "span",
    "\\backslash\\",
    "{{ jinja }} {% raw %}",
]


@pytest.mark.parametrize("name", NASTY)
def test_nasty_names_survive_as_columns_classes_and_files(tmp_path, name):
    header, rows = numbers(200, (name, f"label of {name}"))
    classes = {"high": name, "low": f"not {name}"}
    rows = [
        [value, classes[label], name if value < 0.3 else "z"] for value, label in rows
    ]
    plain = name.replace("/", "").replace("\n", "")
    file = write(tmp_path / f"{plain}.csv", [*header, f"{name} 2"], rows)
    project = Project(tmp_path, file, f"label of {name}")
    assert set(project.config.data.label.classes) == set(classes.values())
    assert sorted(project.kinds.values()) == ["categorical", "numeric"]
    assert project.manifest.spans[0].labelled == 200


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@given(texts, st.lists(texts.map(str.strip), min_size=2, max_size=2, unique=True))
def test_any_text_is_kept_by_the_config(tmp_path_factory, column, classes):
    rows = [[classes[i % 2], i * 0.37] for i in range(60)]
    folder = tmp_path_factory.mktemp("any")
    file = write(folder / "raw.csv", [f"y{column}", "x"], rows)
    try:
        made = new_project("any", file, f"y{column}", None, None, folder / "configs")
    except (BadInput, DataError):
        return  # a NUL, a number, a missing value: refused in words
    read = load_project(made).data.label.classes
    assert sorted(map(_same, read)) == sorted(map(_same, classes))


def _same(text):
    """Numbers and truth values are spelt in one way; CR and CRLF are line breaks."""
    try:
        return str(float(text))
    except ValueError:
        return text.lower().replace("\r\n", "\n").replace("\r", "\n")


def test_a_relative_file_is_written_down_absolutely(tmp_path, monkeypatch):
    header, rows = numbers(100)
    write(tmp_path / "raw.csv", header, rows)
    monkeypatch.chdir(tmp_path)
    folder = new_project("p", Path("raw.csv"), "y", None, None, Path("configs"))
    assert load_project(folder).data.source == str(tmp_path / "raw.csv")


def test_small_tables_get_more_epochs_and_wider_limits(tmp_path):
    small = Project(tmp_path, IRIS, "virginica").config
    header, rows = numbers(20_000)
    other = tmp_path / "large"
    other.mkdir()
    large = Project(other, write(other / "raw.csv", header, rows), "y").config
    assert small.train.epochs > large.train.epochs
    assert small.train.batch_size < large.train.batch_size
    assert small.evaluate.max_drop > large.evaluate.max_drop
    assert small.validation.min_examples < 100 < large.validation.min_examples


def test_groups_that_come_back_are_split_by_hash(tmp_path):
    """By time they would all end in one split: each has rows among the newest."""
    file = tmp_path / "visits.csv"
    lines = ["day,patient,pulse,ill"]
    for row in range(4000):
        day = f"2025-{1 + row // 800:02}-{1 + row % 28:02}"
        lines.append(f"{day},p{row % 50},{row * 7 % 90},{'yes' if row % 3 else 'no'}")
    file.write_text("\n".join(lines) + "\n")
    project = Project(tmp_path, file, "ill", time="day", group="patient")
    data = project.config.data
    assert (data.split.by, data.group_by, data.spans.by) == ("hash", "patient", "month")
