"""What a config file may look like before anybody asks what it means."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.contracts.configs import PROJECT, changed, project, refusal

NOT_YAML = [
    ("", "project.yaml: the file is empty"),
    ("# nothing but a remark\n", "project.yaml: the file is empty"),
    ("a: 1\n\tb: 2\n", "project.yaml:2: not YAML: while scanning for the next token"),
    ("a: 'open\n", "project.yaml:2: not YAML: while scanning a quoted scalar"),
    ("a: [1, 2\nb: 3\n", "project.yaml:2: not YAML: while parsing a flow sequence"),
    ("a: 1\n---\nb: 2\n", "project.yaml:2: not YAML: expected a single document"),
    ("a: *nobody\n", "project.yaml:1: not YAML: found undefined alias"),
    ("a: 1\na: 2\n", "project.yaml:2: key 'a' appears twice, first in line 1"),
    ("a: {b: 1,\n b: 2}\n", "project.yaml:2: key 'b' appears twice, first in line 1"),
    ("a: 1\n7: 2\n", "project.yaml:2: key 7 is not text; put it in quotes"),
    ("null: 1\n", "project.yaml:1: key null is not text"),
    ("true: 1\n", "project.yaml:1: key true is not text"),
    ("? [a, b]\n: 1\n", "project.yaml:1: key ? is not text"),
    ("? {a: b}\n: 1\n", "project.yaml:1: key ? is not text"),
    ("[1, 2]\n", "project.yaml:1: expected keys with values, found [1, 2]"),
    ("words\n", 'project.yaml:1: expected keys with values, found "words"'),
    ("~\n", "project.yaml:1: expected keys with values, found null"),
    ("a: !!python/name:os.system x\n", "project.yaml:1: the tag"),
    ("a: !!binary aGk=\n", "project.yaml:1: the tag"),
    ("a: !!int x\n", "project.yaml:1: 'x' is no int"),
    ("a: !!bool maybe\n", "project.yaml:1: 'maybe' is no bool"),
    ("a: " + "9" * 5000 + "\n", "project.yaml:1: '99999"),
    ('a: "\\ud800"\n', r"project.yaml:1: '\ud800' is no str"),
    (b"\x89PNG\r\n\x1a\n\x00", "project.yaml:1: not YAML: unacceptable character"),
    (b"\xff\xfe\x00\xd8", "project.yaml:1: not YAML: unacceptable character"),
    ("project: sh\xf6p\n".encode("latin-1"), "project.yaml:1: not YAML: unaccept"),
]


@pytest.mark.parametrize(("text", "said"), NOT_YAML)
def test_what_is_no_config(text: str | bytes, said: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, text).startswith(said)


def test_tabs_get_a_hint(tmp_path: Path) -> None:
    assert "indent with spaces, not tabs" in refusal(tmp_path, "a:\n\tb: 1\n")


def _bomb(layer: str) -> str:
    """Ten layers, each naming the one before nine times: 3.5 billion values."""
    lines = ["a0: &a0 [1]"]
    for i in range(10):
        lines.append(f"a{i + 1}: &a{i + 1} " + layer.replace("*", f"*a{i} "))
    return "\n".join(lines)


BOMBS = [
    _bomb("[" + ", ".join("*" * 9) + "]"),
    _bomb("{" + ", ".join(f"k{i}: *" for i in range(9)) + "}"),
    _bomb("{<<: [" + ", ".join("*" * 9) + "]}"),
    "a: &a [*a, *a]",
    "a: &a {x: *a, y: *a}",
    "a: " + "[" * 1_500,
    "a: " + "[" * 40 + "]" * 40,
    "a: [" + "1," * 21_000 + "1]",
    "a: " + "x" * 200_000,
]
LIMITS = ("more than 20000 values", "nested deeper than 20 levels", "128 KiB")


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_a_file_that_explodes_is_refused_quickly(text: str, tmp_path: Path) -> None:
    started = time.process_time()
    said = refusal(tmp_path, text)
    assert said.endswith(LIMITS)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "y", "2013-01-01", "1:30"])
def test_words_are_words(word: str, tmp_path: Path) -> None:
    config = project(tmp_path, changed(PROJECT, "gone, back", f"gone, {word}"))
    assert config.data.label.classes[1] == word


@pytest.mark.parametrize(
    ("written", "value"),
    [("1e-3", 1e-3), ("1.5E+2", 150), (".5", 0.5), ("3.", 3), ("+2", 2), ("010", 10)],
)
def test_numbers_are_numbers(written: str, value: float, tmp_path: Path) -> None:
    config = project(tmp_path, changed(PROJECT, "1e-3", written))
    assert config.train.learning_rate == value


def test_an_alias_repeats_a_value(tmp_path: Path) -> None:
    text = changed(PROJECT, "[order, delivery]", "[&now order, delivery]")
    config = project(tmp_path, changed(text, "predict_at: order", "predict_at: *now"))
    assert config.predict_at == "order"


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert project(tmp_path, b"\xef\xbb\xbf" + PROJECT.encode()).project == "shop"
