"""Artifacts: the order of examples, and files that any reader can parse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from contracts.artifacts import (
    MANIFEST,
    Manifest,
    SpanRecord,
    Split,
    read_examples,
    read_json,
    span_file,
    write_json,
)


def write_span(examples: Path, split: Split, span: int, version: int = 1) -> None:
    path = span_file(examples, split, span, version)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"span": [span], "version": [version]}), path)


def test_a_span_has_one_place(tmp_path: Path) -> None:
    place = span_file(tmp_path, Split.TRAIN, 7, 2)
    assert place == tmp_path / "split-train" / "span-7-v2.parquet"


def test_spans_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for span in (10, 9, 100, 1, -2):
        write_span(tmp_path, Split.TRAIN, span)
    table = read_examples(tmp_path, Split.TRAIN)
    assert table["span"].to_pylist() == [-2, 1, 9, 10, 100]


def test_versions_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for version in (10, 9):
        write_span(tmp_path, Split.TRAIN, 1, version)
    table = read_examples(tmp_path, Split.TRAIN, ["version"])
    assert table["version"].to_pylist() == [9, 10]
    assert table.column_names == ["version"]


def test_splits_do_not_mix(tmp_path: Path) -> None:
    write_span(tmp_path, Split.TRAIN, 1)
    write_span(tmp_path, Split.TEST, 2)
    assert read_examples(tmp_path, Split.TEST)["span"].to_pylist() == [2]


def test_an_absent_split_is_an_empty_table(tmp_path: Path) -> None:
    table = read_examples(tmp_path, Split.REPLAY, ["a", "b"])
    assert table.column_names == ["a", "b"]
    assert table.num_rows == 0
    assert read_examples(tmp_path, Split.REPLAY).num_rows == 0


def test_a_manifest_comes_back(tmp_path: Path) -> None:
    span = SpanRecord(
        span=1, version=2, rows=5, labelled=4, unlabelled=1, digest="ab" * 32
    )
    manifest = Manifest(
        project="shop",
        source="shop.csv",
        source_digest="cd" * 32,
        spans=[span],
        splits={"train": 4},
        columns={"price": "double"},
        classes=["gone", "back"],
    )
    (tmp_path / MANIFEST).write_text(manifest.model_dump_json())
    assert Manifest.load(tmp_path) == manifest


def test_a_manifest_with_unknown_keys_is_refused(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"rows": 3}')
    with pytest.raises(ValidationError, match="rows"):
        Manifest.load(tmp_path)


def test_json_comes_back_with_numpy_made_plain(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"auc": np.float64(0.5), "roc": np.eye(2)})
    found = read_json(tmp_path / "a.json")
    assert found == {"auc": 0.5, "roc": [[1.0, 0.0], [0.0, 1.0]]}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("nan")])
def test_what_no_other_reader_parses_is_refused(value: float, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"auc": value})
    assert json.loads((tmp_path / "a.json").read_text()) == []
