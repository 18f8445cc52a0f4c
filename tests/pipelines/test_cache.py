"""Results by content: what is a hit, what is a miss, and what is said about it."""

from pathlib import Path

import pytest

from contracts import digests
from pipelines.local.cache import Cache, Entry, KeyParts

PARTS = KeyParts(
    step="train",
    code="c1",
    environment="e1",
    parameters={"train": "p1"},
    inputs={"examples": "i1"},
)


@pytest.fixture
def remembered(tmp_path: Path) -> Cache:
    outputs = tmp_path / "run"
    (outputs / "model").mkdir(parents=True)
    (outputs / "model" / "weights").write_text("0.5")
    (outputs / "verdict").write_text("{}")
    cache = Cache(tmp_path / "cache")
    cache.put(_entry(outputs), outputs)
    return cache


def _entry(outputs: Path, parts: KeyParts = PARTS) -> Entry:
    names = ("model", "verdict")
    return Entry(
        parts=parts,
        run_id="r1",
        seconds=1.5,
        executor_output={"parameterValues": {"Output": True}},
        digests={name: digests.of_path(outputs / name) for name in names},
    )


def test_a_hit_places_the_outputs(remembered: Cache, tmp_path: Path) -> None:
    entry = remembered.get(PARTS, tmp_path / "next")
    assert entry is not None
    assert entry.executor_output == {"parameterValues": {"Output": True}}
    assert (tmp_path / "next" / "model" / "weights").read_text() == "0.5"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code": "c2"}, ["code"]),
        ({"environment": "e2"}, ["environment"]),
        ({"parameters": {"train": "p2"}}, ["parameter train"]),
        ({"inputs": {"examples": "i2"}}, ["input examples"]),
    ],
)
def test_any_changed_part_is_a_miss_and_is_named(
    remembered: Cache, tmp_path: Path, change: dict[str, object], said: list[str]
) -> None:
    parts = PARTS.model_copy(update=change)
    assert remembered.get(parts, tmp_path / "next") is None
    assert remembered.why(parts) == said


def test_a_deleted_output_is_a_miss(remembered: Cache, tmp_path: Path) -> None:
    kept = tmp_path / "cache" / "train" / PARTS.key() / "outputs"
    (kept / "verdict").unlink()
    assert remembered.get(PARTS, tmp_path / "next") is None
    assert remembered.why(PARTS) == ["outputs lost or damaged"]


def test_an_output_edited_in_place_is_a_miss(remembered: Cache, tmp_path: Path) -> None:
    # Outputs are hard links into the run's folder, so this edit reaches the cache.
    assert remembered.get(PARTS, tmp_path / "next") is not None
    (tmp_path / "next" / "verdict").write_text('{"passed": true}')
    assert remembered.get(PARTS, tmp_path / "again") is None


def test_the_first_time_says_so(tmp_path: Path) -> None:
    assert Cache(tmp_path).why(PARTS) == ["first time"]


@pytest.mark.parametrize("content", [b"", b"{half", b"\xff\xfe"])
def test_a_damaged_entry_is_a_miss(
    remembered: Cache, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "cache" / "train" / PARTS.key() / "entry.json").write_bytes(content)
    assert remembered.get(PARTS, tmp_path / "next") is None
    assert remembered.why(PARTS) == ["first time"]
