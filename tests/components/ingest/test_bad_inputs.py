"""Whatever is wrong ends in the right sentence and class, and leaves nothing."""

import errno
import os
import random

import pyarrow.parquet as pq
import pytest

from components.ingest.ledger import Ledger
from contracts.errors import BadInput, ConfigError, DataError, EnvironmentFault
from tests.components.ingest.helpers import LABEL, table_text

SOUND = table_text(100)
ROWS = SOUND.splitlines()
GARBAGE = ["%$#,&&", "lorem ipsum dolor", ",,,,,,", "1;2;3", '"', "\x01\x02,\x03"]
DAILY = {"time": {"column": "when"}, "spans": {"by": "day"}}


def with_garbage(share):
    rng = random.Random(5)
    lines = ROWS + [rng.choice(GARBAGE) for _ in range(round(100 * share))]
    return "\n".join(lines)


def one_in_ten(column, value):
    """Overwrite one column in every tenth row."""
    lines = [line.split(",") for line in ROWS]
    for line in lines[1::10]:
        line[column] = value
    return "\n".join(",".join(line) for line in lines)


OVER_X = LABEL | {"column": None, "expression": "x > 50"}
CASES = {
    "a label column that is missing": (
        SOUND.replace("x,y,when", "x,z,when"),
        {},
        DataError,
        r"data.label.column: no column 'y'.*\nthere are: x, z, when",
    ),
    "a label expression over a missing column": (
        SOUND,
        {"label": OVER_X | {"expression": "fare > 1"}},
        DataError,
        "data.label.expression: no column 'fare'",
    ),
    "a time column that is missing": (
        SOUND,
        {"time": {"column": "date"}},
        DataError,
        "data.time.column: no column 'date'",
    ),
    "an id column that is missing": (
        SOUND,
        {"id": ["key"]},
        DataError,
        "data.id: no column 'key'",
    ),
    "a group column that is missing": (
        SOUND,
        {"group_by": "user"},
        DataError,
        "data.group_by: no column 'user'",
    ),
    "a span column that is missing": (
        SOUND,
        {"spans": {"by": "column", "column": "week"}},
        DataError,
        "data.spans.column: no column 'week'",
    ),
    "a feature that is missing": (
        SOUND,
        {"required": ["fare"]},
        DataError,
        "features and slices: no column 'fare'",
    ),
    "a glob of features that fits nothing": (
        SOUND,
        {"required": ["pixel_*"]},
        DataError,
        r"no column 'pixel_\*'",
    ),
    "an empty file": ("", {}, DataError, "the file is empty"),
    "a header only": ("x,y,when\n", {}, DataError, "a header but no rows"),
    "a column twice": (
        SOUND.replace("x,y,when", "x,y,y"),
        {},
        DataError,
        "column 'y' appears 2 times",
    ),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(99), {}, DataError, "binary data"),
    "one row in ten is garbage": (
        with_garbage(0.1),
        {},
        DataError,
        r"10 of 110 rows are corrupt \(9.09%\), allowed is 1.00%.*fields",
    ),
    "one row in ten is in Latin-1": (
        one_in_ten(1, "\xf1").encode("latin-1"),
        {},
        DataError,
        "10 with bytes that are not text.*iconv -f latin1",
    ),
    "text in one of ten numbers that the label is made of": (
        one_in_ten(0, "oops"),
        {"label": OVER_X},
        DataError,
        "10 with text where numbers are",
    ),
    "one label in ten is no class": (
        one_in_ten(1, "maybe"),
        {},
        DataError,
        "10 with a label that is not one of the classes",
    ),
    "one row in ten has no time": (
        one_in_ten(2, ""),
        DAILY,
        DataError,
        "10 with no",
    ),
    "every row is of another width": (
        "x,y,when\n" + "1,no\n" * 9,
        {"max_corrupt_fraction": 1.0},
        DataError,
        "9 of 9 rows are corrupt",
    ),
    "one class": (
        SOUND.replace("yes", "no"),
        {},
        DataError,
        "split train: all its labelled rows are 'no'",
    ),
    "no label at all": (
        SOUND.replace("yes", "").replace("no", ""),
        {},
        DataError,
        "none of 100 rows has a label",
    ),
    "too few rows for three splits": (
        "x,y,when\n1,no,\n2,yes,\n",
        {},
        DataError,
        "has no labelled rows",
    ),
    "a span that does not exist": (
        SOUND,
        DAILY | {"learn": [20130101, 20140101]},
        DataError,
        "no rows of span 20140101; the source has spans 20130101, 20130102",
    ),
    "a span that is learnt from and replayed": (
        SOUND,
        {"learn": [1], "replay": [1]},
        DataError,
        "span 1 is to be both learnt from and replayed",
    ),
    "an expression over text": (
        SOUND,
        {"derived": {"twice": "y * 2"}},
        ConfigError,
        "data.derived.twice",
    ),
    "a derived column that exists": (
        SOUND,
        {"derived": {"x": "x * 2"}},
        ConfigError,
        "data.derived.x: a column of that name exists",
    ),
    "text for Parquet": (SOUND, {"format": "parquet"}, DataError, "expected Parquet"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_ends_in_a_sentence_and_leaves_nothing(workshop, case):
    content, changes, error, says = CASES[case]
    with pytest.raises(error, match=f"(?s){says}") as caught:
        workshop.ingest(content, **changes)
    assert caught.value.exit_code == 2
    assert workshop.left_behind() == []


def test_a_missing_file_is_named(workshop):
    with pytest.raises(BadInput, match=r"raw.csv: no such file"):
        workshop.ingest()
    assert workshop.left_behind() == []


def test_files_with_other_columns_are_named(workshop):
    (workshop.folder / "part-1.csv").write_text("x,y\n1,no\n")
    (workshop.folder / "part-2.csv").write_text("x,z\n1,no\n")
    with pytest.raises(DataError, match=r"part-2.csv: its columns differ.*: y, z"):
        workshop.ingest(source=workshop.folder / "part-*.csv")


def test_an_old_artifact_survives_bad_input(workshop):
    workshop.ingest(SOUND)
    before = sorted(workshop.left_behind())
    with pytest.raises(DataError):
        workshop.ingest("x,y,when\n")
    assert sorted(workshop.left_behind()) == before
    assert workshop.everything().num_rows == 100


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_a_fault_and_leaves_nothing(workshop, monkeypatch, number):
    def full(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(EnvironmentFault, match="the disk is full"):
        workshop.ingest(SOUND)
    assert workshop.left_behind() == []


def test_an_interrupt_while_writing_leaves_nothing(workshop, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pq, "write_table", interrupt)
        with pytest.raises(KeyboardInterrupt):
            workshop.ingest(SOUND)
    assert workshop.left_behind() == []
    assert workshop.ingest(SOUND).spans[0].version == 1


def test_an_interrupt_before_the_ledger_is_mended_by_a_rerun(workshop, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "save", interrupt)
        with pytest.raises(KeyboardInterrupt):
            workshop.ingest(SOUND)
    assert not (workshop.ledger / "spans.json").exists()
    assert workshop.ingest(SOUND).spans[0].version == 1
    assert (workshop.ledger / "spans.json").exists()
