"""Every mistake in a config: file, line, key, what is allowed, what was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.config import load_project, load_rollout
from contracts.errors import ConfigError
from tests.contracts.configs import (
    PROJECT,
    ROLLOUT,
    changed,
    project,
    refusal,
    rollout,
)

CONFIGS = Path(__file__).parents[2] / "configs"


def test_the_small_project_is_read(tmp_path: Path) -> None:
    config = project(tmp_path)
    assert config.train.learning_rate == 0.001
    assert config.slices[0].edges == [0, 18, 65]
    assert config.schedule.replay == 4


def test_the_small_plan_is_read(tmp_path: Path) -> None:
    assert [step.weight for step in rollout(tmp_path).steps] == [5, 50, 100]


@pytest.mark.parametrize(
    "file", sorted(CONFIGS.glob("*/project.yaml")), ids=lambda p: p.parent.name
)
def test_the_projects_of_the_repository_are_read(file: Path) -> None:
    assert load_project(file.parent).project == file.parent.name
    assert load_rollout(file.parent).steps[-1].weight == 100


UNKNOWN = [
    ("task: binary", "taks: binary", "3: unknown key 'taks', did you mean 'task'?"),
    ("task: binary", "task: binary\nbudget: 3", "4: unknown key 'budget'. Allowed"),
    ("  source:", "  sauce:", "5: data: unknown key 'sauce'"),
    ("{column: bought_at", "{columm: a, column: b", "6: data.time: unknown key"),
    ("{first:", "{frist: [1], first:", "11: schedule: unknown key 'frist'"),
    ("{column: city", "{colour: r, column: city", "16: features[1]: unknown key"),
    ("{name: age", "{nam: a, name: age", "18: slices[0]: unknown key 'nam'"),
    ("{epochs: 5", "{epoch: 5", "19: train: unknown key 'epoch', did you mean"),
    ("{epochs: 5", "{<<: 5", "19: train: unknown key '<<'"),
]


@pytest.mark.parametrize(("old", "new", "said"), UNKNOWN)
def test_an_unknown_key_at_any_level(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    assert f"project.yaml:{said}" in refusal(tmp_path, changed(PROJECT, old, new))


def test_an_unknown_key_lists_the_known_ones(tmp_path: Path) -> None:
    said = refusal(tmp_path, changed(PROJECT, "{column: city", "{colum: city"))
    assert "did you mean 'column'? Allowed here: column, kind, known" in said
    assert "project.yaml:16: features[1]: the key 'column' is missing" in said


TYPES = [
    ("epochs: 5", "epochs: five", 'epochs: expected a whole number, found "five"'),
    ("epochs: 5", 'epochs: "5"', 'epochs: expected a whole number, found "5"'),
    ("epochs: 5", "epochs: 5.5", "epochs: expected a whole number, found 5.5"),
    ("epochs: 5", "epochs: true", "epochs: expected a whole number, found true"),
    ("epochs: 5", "epochs: 0", "epochs: expected 1 or more, found 0"),
    ("epochs: 5", "epochs: 10001", "epochs: expected at most 10000, found 10001"),
    ("epochs: 5", "epochs: 12:30", 'epochs: expected a whole number, found "12:30'),
    ("epochs: 5", "dropout: 1", "dropout: expected less than 1, found 1"),
    ("epochs: 5", "overfit_check: 1", "overfit_check: expected true or false, fo"),
    ("epochs: 5", "hidden: 64", "hidden: expected a list, found 64"),
    ("epochs: 5", "hidden: [64, a]", 'hidden[1]: expected a whole number, found "a"'),
    ("1e-3", "0", "learning_rate: expected more than 0, found 0"),
    ("1e-3", "false", "learning_rate: expected a number, found false"),
    ("1e-3", ".nan", 'learning_rate: expected a number, found ".nan"'),
    ("1e-3", ".inf", 'learning_rate: expected a number, found ".inf"'),
    ("1e-3", "1e999", "learning_rate: expected a finite number, found Infinity"),
    ("1e-3", "!!float nan", "learning_rate: expected a finite number, found NaN"),
]


@pytest.mark.parametrize(("old", "new", "said"), TYPES)
def test_a_wrong_type_or_range(old: str, new: str, said: str, tmp_path: Path) -> None:
    expected = f"project.yaml:19: train.{said}"
    assert expected in refusal(tmp_path, changed(PROJECT, old, new))


VALUES = [
    ("project: shop", "project: Shop", "1: project: expected a name that matches"),
    ("task: binary", "task: ranking", "3: task: expected 'binary' or 'multiclass', f"),
    ("{column: bought_at}", "bought_at", "6: data.time: expected keys with values"),
    ("price * pieces", "7", "7: data.derived.total: expected text, found 7; put t"),
    ("price * pieces", "price **", "7: data.derived.total: 'price **' is not an exp"),
    ("returns > 0", "returns.max()", "9: data.label.expression: 'returns.max()'"),
    ("[gone, back]", "[gone, 1]", "10: data.label.classes[1]: expected text, found 1"),
    ("[gone, back]", "[gone]", "10: data.label.classes: expected at least 2 item(s)"),
    ("[gone, back]", "[a, b, c]", "10: data.label.classes: an expression is true or"),
    ("[gone, back]", "[a, a]", "10: data.label.classes: a class appears twice"),
    ("then: [3]", "then: [2]", "11: schedule: spans must increase from run to run"),
    ("replay: 4", "replay: 3", "11: schedule: spans must increase"),
    ("replay: 4", "replay: 0", "11: schedule: spans must increase"),
    ("predict_at: order", "predict_at: x", "13: predict_at: 'x' is none of ['order'"),
    ("total, kind", "city, kind", "16: features[1]: 'city' appears twice"),
    ("kind: numeric", "kind: text", "15: features[0].kind: expected 'numeric' or"),
    ("[0, 18, 65]", "[0, 65, 18]", "18: slices[0].edges: edges must increase, foun"),
    ("[0, 18, 65]", "[0, 0, 18]", "18: slices[0].edges: edges must increase"),
    ("[0, 18, 65]", "[]", "18: slices[0].edges: expected at least 1 item(s)"),
    ("old]", "old, x]", "18: slices[0].labels: give one label for each of 'edges'"),
    ("old]", "child]", "18: slices[0].labels: a label appears twice"),
]


@pytest.mark.parametrize(("old", "new", "said"), VALUES)
def test_a_value_that_is_not_allowed(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    assert f"project.yaml:{said}" in refusal(tmp_path, changed(PROJECT, old, new))


SECTIONS = [
    ("spans: {by: day, column: day}", "data.spans: 'column' belongs to 'by: column'"),
    ("spans: {by: week}", "data.spans.by: expected 'day', 'month', 'column' or 'none'"),
    ("split: {eval: 0.6, test: 0.5}", "data.split: eval 0.6 and test 0.5 must each"),
    ("split: {eval: 0.5, test: 0.5}", "data.split: eval 0.5 and test 0.5 must each"),
    ("split: {eval: 0, test: 0.5}", "data.split: eval 0.0 and test 0.5 must each"),
    ("split: {eval: 1.5}", "data.split.eval: expected at most 1, found 1.5"),
    ("derived: {span: price}", "data.derived.span: canario's own column"),
]


@pytest.mark.parametrize(("section", "said"), SECTIONS)
def test_a_section_that_contradicts_itself(
    section: str, said: str, tmp_path: Path
) -> None:
    text = changed(PROJECT, "derived: {total: price * pieces}", section)
    assert f"project.yaml:7: {said}" in refusal(tmp_path, text)


def test_a_time_split_needs_a_time(tmp_path: Path) -> None:
    text = changed(PROJECT, "time: {column: bought_at}", "split: {by: time}")
    assert "project.yaml:4: data: spans by day or month" in refusal(tmp_path, text)


def test_a_missing_section_is_reported_at_the_top(tmp_path: Path) -> None:
    text = changed(PROJECT, "predict_at: order\n", "")
    assert refusal(tmp_path, text) == "project.yaml:1: the key 'predict_at' is missing"


def test_all_mistakes_are_told_at_once_in_order_of_lines(tmp_path: Path) -> None:
    text = changed(PROJECT, "task: binary", "taks: binary")
    said = refusal(tmp_path, changed(text, "epochs: 5", "epochs: x"))
    assert [line.split(":")[1] for line in said.splitlines()] == ["1", "3", "19"]


def test_the_leak_guard_names_feature_and_moments(tmp_path: Path) -> None:
    text = changed(PROJECT, "categorical, known: order", "categorical, known: delivery")
    said = refusal(tmp_path, text)
    assert said.startswith("project.yaml:16: features[1].known: feature city leaks")
    assert "known at 'delivery', the prediction is made at 'order'" in said


def test_an_unknown_moment(tmp_path: Path) -> None:
    text = changed(PROJECT, "categorical, known: order", "categorical, known: payday")
    said = refusal(tmp_path, text)
    assert "features[1].known: 'payday' is none of ['order', 'delivery']" in said


@pytest.mark.parametrize("column", ["back", "b*"])
def test_the_label_is_no_feature(column: str, tmp_path: Path) -> None:
    text = changed(PROJECT, "expression: returns > 0", "column: back")
    said = refusal(tmp_path, changed(text, "column: city", f"column: '{column}'"))
    assert f"project.yaml:16: features[1].column: {column} is the label" in said


def test_what_is_computed_from_the_label_is_no_feature(tmp_path: Path) -> None:
    text = changed(PROJECT, "expression: returns > 0", "column: back")
    text = changed(
        text, "{total: price", "{twice: 2 * back, four: 2 * twice, total: price"
    )
    said = refusal(tmp_path, changed(text, "column: city", "column: four"))
    assert "features[1].column: four is computed from the label" in said


@pytest.mark.parametrize("path", ["../x.pbtxt", "/etc/passwd", "a/../../x", "", "."])
def test_a_file_outside_the_folder_is_refused(path: str, tmp_path: Path) -> None:
    text = f"{PROJECT}validation: {{schema_file: '{path}'}}\n"
    said = refusal(tmp_path, text)
    assert f"validation.schema_file: '{path}' is no file inside the project's" in said


def test_folder_and_project_have_one_name(tmp_path: Path) -> None:
    said = refusal(tmp_path, changed(PROJECT, "project: shop", "project: store"))
    assert "'store' lies in folder 'shop'" in said


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"project\.yaml: no such file"):
        load_project(tmp_path)


PLAN = [
    ("weight: 50", "weight: 150", "4: steps[1].weight: expected at most 100, found 15"),
    ("weight: 50", "weight: -1", "4: steps[1].weight: expected 0 or more, found -1"),
    (
        "weight: 50",
        "weight: 5",
        "2: steps: weights must increase from above 0: [5.0, 5",
    ),
    ("weight: 50", "weight: 4", "2: steps: weights must increase"),
    ("weight: 5,", "weight: 0,", "2: steps: weights must increase"),
    ("weight: 100", "weight: 99", "5: steps[2].weight: the last step must have weight"),
    ("weight: 50", "wait: 50", "4: steps[1]: unknown key 'wait'"),
    ("no_harm", "hope", "3: steps[0].evidence: expected 'no_harm' or 'non_inferior'"),
    ("name: wrong", "name: error", "6: metrics: a metric appears twice"),
    ("name: wrong", "name: null", "8: metrics[1].name: expected 'error', 'slow', 'n"),
    (" margin: 0.03,", "", "8: metrics[1]: metric wrong: gating needs a margin or"),
    ("_minutes: 60", "_minutes: 0", "1: deadline_minutes: expected more than 0"),
    ("_minutes: 60", "_minutes: 60\nwaive: [slow]", "2: waive[0]: slow is none of"),
]


@pytest.mark.parametrize(("old", "new", "said"), PLAN)
def test_a_plan_that_does_not_hold(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        rollout(tmp_path, changed(ROLLOUT, old, new))
    assert f"rollout.yaml:{said}" in str(caught.value)
