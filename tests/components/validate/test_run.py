"""The whole step on tiny examples, and the schemas of the projects."""

import json
from pathlib import Path

import pytest

from components.validate.schema_state import state_of
from contracts.decisions import Verdict
from contracts.errors import ConfigError
from tests.components.validate.conftest import ROOT

CURATED = """# A person wrote this comment; it stays.
feature { name: "x" type: INT presence { min_fraction: 1 min_count: 1 } }
feature {
  name: "c" type: BYTES string_domain { name: "c" value: "a" value: "b" }
  drift_comparator { infinity_norm { threshold: 0.1 } }
}
"""
OLD = {"x": [1, 2, 3, 4], "c": ["a", "b", "a", "b"]}
NEW = {"x": [5, 6, 7, 8], "c": ["a", "a", "a", "b"]}
CELLS = {("train", 1): OLD, ("eval", 2): NEW, ("test", 2): NEW}


@pytest.fixture
def step(tfdv, write_examples, tmp_path):
    def run(cells, text=CURATED, **validation):
        section = {"min_examples": 1, **validation}
        out = {"out": str(tmp_path / "out"), "schema_pbtxt": text}
        passed = tfdv(
            "run", examples=str(write_examples(cells)), validation=section, **out
        )
        verdict = Verdict.load(tmp_path / "out" / "verdict")
        assert verdict.passed is passed
        return verdict

    return run


def statistics(tmp_path):
    return json.loads((tmp_path / "out" / "statistics" / "statistics.json").read_text())


def test_good_examples_pass_and_leave_statistics_of_every_dataset(step, tfdv, tmp_path):
    assert step(CELLS).passed
    names = {"span-1", "span-2", "split-train", "split-eval", "split-test"}
    assert statistics(tmp_path)["datasets"].keys() == names
    protos = {file.stem: str(file) for file in (tmp_path / "out").rglob("*.pb")}
    assert protos.keys() == names
    assert tfdv("rows_of_proto", path=protos["span-2"]) == 8


def test_the_curated_schema_is_used_as_it_is(step, tmp_path):
    step(CELLS)
    assert (tmp_path / "out" / "schema" / "schema.pbtxt").read_text() == CURATED


def test_without_a_schema_one_is_inferred(step, tmp_path):
    verdict = step(CELLS, text="")
    text = (tmp_path / "out" / "schema" / "schema.pbtxt").read_text()
    assert (state_of(text), verdict.measured["schema_state"]) == (
        "inferred",
        "inferred",
    )


def test_drift_and_skew_are_reported_and_pass(step, tmp_path):
    assert step(CELLS).passed
    found = statistics(tmp_path)
    (drift,) = (item for item in found["drift"] if item["feature"] == "c")
    assert (drift["span"], drift["against"], drift["value"]) == (2, 1, 0.25)
    assert [(s["current"], s["reference"]) for s in found["skew"]] == [
        ("split-test", "split-train")
    ] * 2
    (anomaly,) = found["anomalies"]
    assert (anomaly["kind"], anomaly["severity"]) == ("drift", "WARNING")


def test_drift_stops_the_run_where_warnings_block(step):
    (reason,) = step(CELLS, block_on="warning").reasons
    assert reason.startswith("span-2, feature c: High Linfty distance")


def test_a_new_category_in_the_newest_span_stops_the_run(step):
    wrong = {**NEW, "c": ["a", "b", "ZZ", "b"]}
    verdict = step({**CELLS, ("test", 2): wrong})
    assert not verdict.passed
    assert verdict.reasons[0].startswith("span-2, feature c: Unexpected string values")


def test_an_old_evil_is_known(step):
    wrong = {**OLD, "c": ["a", "ZZ", "b", "b"]}
    cells = {("train", 1): OLD, ("eval", 1): wrong, ("test", 2): NEW}
    verdict = step(cells)
    assert verdict.passed
    assert verdict.measured["anomalies"]["error"] > 0


def test_too_few_examples(step):
    (reason,) = step(CELLS, min_examples=5).reasons
    assert reason.startswith("split-train has 4 examples, expected at least 5")


def test_a_split_without_rows_is_no_accident(step, tmp_path):
    step({("train", 1): OLD})
    found = statistics(tmp_path)
    assert found["datasets"]["split-test"]["examples"] == 0
    assert (found["drift"], found["skew"]) == ([], [])


def test_a_single_row(step):
    assert step({("train", 1): {"x": [1], "c": ["a"]}}).passed


def test_running_twice_replaces(step, tmp_path):
    step(CELLS)
    step({("train", 7): OLD})
    assert sorted(p.stem for p in (tmp_path / "out").rglob("span-*.pb")) == ["span-7"]


def test_a_syntax_error_is_named_with_its_line(step):
    with pytest.raises(ConfigError, match=r"configs/shop/schema.pbtxt:2: not a TFDV"):
        step(CELLS, text='feature { name: "x" }\nfeature [ name')


@pytest.mark.parametrize(
    "path",
    sorted(ROOT.glob("configs/*/schema.pbtxt")),
    ids=lambda p: Path(p).parent.name,
)
def test_the_schemas_of_the_projects_parse_and_are_approved(tfdv, path):
    text = path.read_text()
    assert "label" in tfdv("parse", text=text)
    assert state_of(text) == "approved"
