"""Digests: equal exactly when the content is."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import digests

KEYS = st.sampled_from(["a", "b", "é", "", "10", "9"])
SCALARS = st.none() | st.booleans() | st.integers() | KEYS | st.floats()
INNER = st.lists(SCALARS, max_size=3) | st.dictionaries(KEYS, SCALARS, max_size=3)


@given(value=st.dictionaries(KEYS, SCALARS | INNER))
def test_the_order_of_keys_does_not_matter(value: dict[str, Any]) -> None:
    turned = dict(reversed(value.items()))
    assert digests.of_json(value) == digests.of_json(turned)


@given(number=st.integers(-(2**53), 2**53))
def test_a_whole_float_is_the_integer(number: int) -> None:
    value, parsed = {"a": [number]}, {"a": (float(number),)}
    assert digests.of_json(value) == digests.of_json(parsed)


DIFFERENT = [
    (1, 2),
    (1, "1"),
    (1, True),
    (0, None),
    (1.5, 1),
    ([1, 2], [2, 1]),
    ([1], 1),
    ({"a": 1}, {"b": 1}),
    ({"a": None}, {}),
    (["ab"], ["a", "b"]),
]


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_different_values_differ(a: Any, b: Any) -> None:
    assert digests.of_json(a) != digests.of_json(b)


def test_a_file_has_the_digest_of_its_bytes(tmp_path: Path) -> None:
    data = b"x" * (2 << 20) + b"y"
    (tmp_path / "a").write_bytes(data)
    assert digests.of_path(tmp_path / "a") == hashlib.sha256(data).hexdigest()
    assert digests.of_bytes(data) == hashlib.sha256(data).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "f" / "sub").mkdir(parents=True)
    (tmp_path / "f" / "a").write_text("1")
    (tmp_path / "f" / "sub" / "b").write_text("2")
    return tmp_path / "f"


def test_a_folder_has_the_digest_of_its_content_wherever_it_lies(folder: Path) -> None:
    before = digests.of_path(folder)
    assert digests.of_path(folder.rename(folder.with_name("moved"))) == before


@pytest.mark.parametrize("change", ["content", "name", "depth", "more", "less"])
def test_any_change_in_a_folder_shows(change: str, folder: Path) -> None:
    before = digests.of_path(folder)
    match change:
        case "content":
            (folder / "sub" / "b").write_text("3")
        case "name":
            (folder / "a").rename(folder / "c")
        case "depth":
            (folder / "sub" / "b").rename(folder / "b")
        case "more":
            (folder / "sub" / "c").touch()
        case "less":
            (folder / "a").unlink()
    assert digests.of_path(folder) != before


def test_nothing_has_no_digest(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        digests.of_path(tmp_path / "nothing")
