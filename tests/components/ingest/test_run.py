"""Ingest as a whole: what lies in examples/, traffic/ and the ledger."""

import json
import random
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contracts.artifacts import Manifest, Split, read_examples
from contracts.errors import SpanConflict
from tests.components.ingest.helpers import LABEL, table_text

DAILY = {"time": {"column": "when"}, "spans": {"by": "day"}}
DAYS = [20130101 + day for day in range(8)]
RISING = {"by": "time", "eval": 0.1, "test": 0.2}


def test_every_row_becomes_one_example(workshop):
    manifest = workshop.ingest(table_text(100))
    table = workshop.everything()
    assert sorted(table["x"].to_pylist()) == list(range(100))
    assert len(set(table["example_id"].to_pylist())) == 100
    assert sum(manifest.splits.values()) == 100


def test_columns_have_the_types_of_the_contract(workshop):
    workshop.ingest(table_text(), derived={"half": "x / 2", "big": "x > 9"})
    assert {f.name: str(f.type) for f in workshop.split(Split.TRAIN).schema} == {
        "example_id": "string",
        "span": "int32",
        "version": "int32",
        "event_time": "timestamp[us]",
        "label": "int32",
        "label_time": "timestamp[us]",
        "x": "int64",
        "y": "string",
        "when": "timestamp[us]",
        "half": "double",
        "big": "bool",
    }


def test_the_manifest_is_the_table_of_contents(workshop):
    manifest = workshop.ingest(table_text(64), learn=DAYS[:7], replay=DAYS[7:], **DAILY)
    assert [record.span for record in manifest.spans] == DAYS[:7]
    assert {record.rows for record in manifest.spans} == {8}
    assert sum(manifest.splits.values()) == 56
    assert manifest.columns == {"x": "int64", "y": "string", "when": "timestamp[us]"}
    assert (manifest.project, manifest.source_digest) == ("tiny", "d1")
    assert manifest.classes == LABEL["classes"]


def test_replayed_rows_are_traffic_in_the_order_of_time(workshop):
    rows = table_text(64).splitlines()
    shuffled = [rows[0], *random.Random(1).sample(rows[1:], 64)]
    workshop.ingest("\n".join(shuffled), learn=DAYS[:6], replay=DAYS[6:], **DAILY)
    traffic = read_examples(workshop.traffic, Split.REPLAY)
    assert traffic["x"].to_pylist() == list(range(48, 64))
    assert Manifest.load(workshop.traffic).splits == {"replay": 16}
    assert not set(workshop.everything()["x"].to_pylist()) & set(range(48, 64))


def test_without_replay_traffic_is_there_and_empty(workshop):
    workshop.ingest(table_text())
    assert Manifest.load(workshop.traffic).spans == []
    assert read_examples(workshop.traffic, Split.REPLAY).num_rows == 0


def test_by_time_the_newest_rows_of_all_spans_are_test(workshop):
    workshop.ingest(table_text(64), learn=DAYS, split=RISING, **DAILY)
    assert sorted(workshop.split(Split.TEST)["x"].to_pylist()) == list(range(51, 64))
    assert sorted(workshop.split(Split.EVAL)["x"].to_pylist()) == list(range(45, 51))


def test_rows_without_label_stay_and_are_counted(workshop):
    rows = table_text(40) + "40,,2013-01-06 00:00:00\n41,NA,2013-01-06 00:00:00\n"
    (record,) = workshop.ingest(rows).spans
    assert (record.rows, record.labelled, record.unlabelled) == (42, 40, 2)
    assert workshop.everything()["label"].null_count == 2


def test_labels_are_known_after_their_time(workshop):
    label = LABEL | {"available_after_minutes": "x * 2"}
    workshop.ingest(table_text(), time={"column": "when"}, label=label)
    assert workshop.everything().num_rows > 0
    for row in workshop.everything().to_pylist():
        assert row["label_time"] - row["event_time"] == timedelta(minutes=2 * row["x"])


@pytest.mark.parametrize("by", ["hash", "time"])
def test_groups_are_whole(workshop, by):
    lines = [
        f"{i % 25},{'no' if i % 2 else 'yes'},{1356998400 + i}" for i in range(200)
    ]
    content = "\n".join(["g,y,t", *lines])
    workshop.ingest(content, group_by="g", time={"column": "t"}, split={"by": by})
    groups = [set(workshop.split(s)["g"].to_pylist()) for s in list(Split)[:3]]
    assert all(groups)
    assert sum(map(len, groups)) == len(set.union(*groups)) == 25


def test_a_row_without_group_is_a_group_of_its_own(workshop):
    lines = [f",{'no' if i % 2 else 'yes'},{i}" for i in range(200)]
    workshop.ingest("\n".join(["g,y,i", *lines]), group_by="g")
    assert workshop.split(Split.TRAIN).num_rows > 100
    assert workshop.split(Split.TEST).num_rows > 10


def test_the_order_of_the_file_changes_nothing(workshop):
    rows = table_text(64).splitlines()
    before = _files(workshop, "\n".join(rows))
    shuffled = random.Random(1).sample(rows[1:], 64)
    assert _files(workshop, "\n".join([rows[0], *shuffled])) == before


def _files(workshop, content):
    workshop.ingest(content)
    found = sorted(workshop.examples.rglob("*.*"))
    return {path.name + path.parent.name: path.read_bytes() for path in found}


def test_a_second_run_replaces_the_first(workshop):
    workshop.ingest(table_text(40))
    (workshop.examples / "left-over").write_text("old")
    workshop.ingest(table_text(40))
    assert not (workshop.examples / "left-over").exists()


def test_a_known_span_keeps_its_version_and_a_changed_one_is_refused(workshop):
    assert workshop.ingest(table_text(40)).spans[0].version == 1
    assert workshop.ingest(table_text(40)).spans[0].version == 1
    with pytest.raises(SpanConflict, match=r"span 1 .*--new-version"):
        workshop.ingest(table_text(41))
    assert workshop.ingest(table_text(41), new_version=True).spans[0].version == 2
    assert set(workshop.everything()["version"].to_pylist()) == {2}
    assert workshop.ingest(table_text(40)).spans[0].version == 1


def test_a_refused_span_leaves_artifacts_and_ledger_alone(workshop):
    workshop.ingest(table_text(40))
    before = (workshop.examples / "manifest.json").read_text()
    ledger = (workshop.ledger / "spans.json").read_text()
    with pytest.raises(SpanConflict):
        workshop.ingest(table_text(41))
    assert (workshop.examples / "manifest.json").read_text() == before
    assert (workshop.ledger / "spans.json").read_text() == ledger


def test_new_rows_of_another_span_leave_a_span_alone(workshop):
    workshop.ingest(table_text(40), learn=DAYS[:5], **DAILY)
    more = workshop.ingest(table_text(64), learn=DAYS, **DAILY)
    assert {record.version for record in more.spans} == {1}
    ledger = json.loads((workshop.ledger / "spans.json").read_text())
    assert list(ledger) == [str(day) for day in DAYS]


def test_a_column_that_gets_fractions_later_leaves_old_spans_alone(workshop):
    workshop.ingest(table_text(40), learn=DAYS[:5], **DAILY)
    fractions = table_text(40) + "0.5,no,2013-01-07 00:00:00\n"
    manifest = workshop.ingest(fractions, learn=[*DAYS[:5], DAYS[6]], **DAILY)
    assert {record.version for record in manifest.spans} == {1}
    assert manifest.columns["x"] == "float64"


def test_corrupt_rows_are_put_aside_with_line_reason_and_text(workshop):
    rows = table_text(400) + "1,2\n5,maybe,2013-01-01\nx,no,2013-01-01\n"
    manifest = workshop.ingest(rows)
    assert manifest.corrupt == 3
    assert [(r["line"], r["kind"], r["text"]) for r in workshop.quarantined()] == [
        (402, "fields", "1,2"),
        (403, "label", "5,maybe,2013-01-01"),
        (404, "type", "x,no,2013-01-01"),
    ]
    assert workshop.quarantined()[0]["file"] == str(workshop.source)
    assert "expected 3" in workshop.quarantined()[0]["reason"]


def test_several_files_are_one_source_whatever_their_column_order(workshop):
    first = "x,y\n" + "".join(f"{i},no\n" for i in range(50))
    second = "y,x\n" + "".join(f"yes,{i}.5\n" for i in range(50))
    for name, text in {"a": first, "b": second}.items():
        (workshop.folder / f"part-{name}.csv").write_text(text)
    workshop.ingest(source=workshop.folder / "part-*.csv")
    rows = workshop.everything().select(["x", "y"]).to_pylist()
    assert sorted(row["x"] for row in rows) == [i / 2 for i in range(100)]
    assert {row["y"] for row in rows if row["x"] % 1} == {"yes"}


def test_copies_of_a_row_are_examples_in_one_split(workshop):
    workshop.ingest("x,y\n" + "1,no\n" * 3 + "".join(f"{i},yes\n" for i in range(90)))
    splits = [workshop.split(s)["y"].to_pylist().count("no") for s in list(Split)[:3]]
    assert sorted(splits) == [0, 0, 3]


def test_parquet_is_read_like_csv(workshop):
    times = [datetime(2013, 1, 1) + timedelta(hours=i) for i in range(40)]
    numbers = pa.array(range(40), pa.int16())
    answers = pa.array(["no", "yes"] * 20).dictionary_encode()
    raw = pa.table({"a number": numbers, "y": answers, "when": times})
    source = workshop.folder / "raw.parquet"
    pq.write_table(raw, source)
    workshop.ingest(source=source, format="parquet", time={"column": "when"})
    table = workshop.everything()
    assert sorted(table["a_number"].to_pylist()) == list(range(40))
    assert sorted(table["event_time"].to_pylist()) == times


def test_a_label_column_of_that_very_name_is_moved_aside(workshop):
    rows = table_text().replace("x,y,when", "x,label,when")
    workshop.ingest(rows, label=LABEL | {"column": "label_"})
    (row, *_) = workshop.everything().to_pylist()
    assert LABEL["classes"][row["label"]] == row["label_"]


def test_the_step_log_has_one_line_a_span(workshop, capsys):
    workshop.ingest(table_text(40) + "40,,\n")
    assert capsys.readouterr().out.splitlines() == [
        "span 1 version 1: 41 rows, 40 labelled, 1 unlabelled",
        "0 corrupt rows",
    ]
