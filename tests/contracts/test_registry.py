"""The registry: what is live, and what a candidate is compared with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.registry import ModelStatus, Registry
from contracts.storage import LocalStorage

NOON = datetime(2013, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(LocalStorage(tmp_path / "workspace"))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("0.5")
    return tmp_path / "model"


def push(
    registry: Registry,
    model: Path,
    name: str,
    spans: list[int],
    status: ModelStatus | None = ModelStatus.LIVE,
    hours: int = 0,
) -> None:
    moment = NOON + timedelta(hours=hours)
    registry.push(model, name * 32, f"run-{name}", spans, moment)
    if status:
        registry.settle(name * 32, status, moment, ["because"])


def statuses(registry: Registry) -> dict[str, str]:
    return {r.run_id: r.status.value for r in registry.records()}


def baseline(registry: Registry, before_span: int) -> str | None:
    found = registry.baseline(before_span)
    return found.run_id if found else None


def test_an_empty_registry(registry: Registry) -> None:
    assert registry.records() == []
    assert registry.live() is None
    assert registry.baseline(7) is None


def test_a_pushed_model_is_a_candidate_below_its_digest(
    registry: Registry, model: Path, tmp_path: Path
) -> None:
    record = registry.push(model, "ab" * 32, "run-1", [1, 2], NOON)
    assert record.status is ModelStatus.CANDIDATE
    assert record.key == "models/" + "ab" * 8
    assert (tmp_path / "workspace" / record.key / "weights").read_text() == "0.5"
    assert registry.records() == [record]
    assert registry.live() is None


def test_pushing_twice_changes_nothing(registry: Registry, model: Path) -> None:
    push(registry, model, "ab", [1])
    again = registry.push(model, "ab" * 32, "run-later", [1], NOON)
    assert again.status is ModelStatus.LIVE
    assert [r.run_id for r in registry.records()] == ["run-ab"]


def test_one_model_is_live(registry: Registry, model: Path) -> None:
    push(registry, model, "aa", [1])
    push(registry, model, "bb", [1, 2])
    assert statuses(registry) == {"run-aa": "retired", "run-bb": "live"}
    live = registry.live()
    assert live
    assert live.run_id == "run-bb"


def test_a_rollback_leaves_the_live_model_live(registry: Registry, model: Path) -> None:
    push(registry, model, "aa", [1])
    push(registry, model, "bb", [1, 2], ModelStatus.ROLLED_BACK)
    assert statuses(registry) == {"run-aa": "live", "run-bb": "rolled_back"}
    assert registry.records()[1].reasons == ["because"]


def test_the_baseline_saw_earlier_spans_only(registry: Registry, model: Path) -> None:
    push(registry, model, "aa", [1, 2])
    push(registry, model, "bb", [1, 2, 3])
    assert baseline(registry, 4) == "run-bb"
    assert baseline(registry, 3) == "run-aa"
    assert baseline(registry, 2) is None


@pytest.mark.parametrize("status", [None, ModelStatus.ROLLED_BACK])
def test_the_baseline_was_promoted(
    status: ModelStatus | None, registry: Registry, model: Path
) -> None:
    push(registry, model, "aa", [1])
    push(registry, model, "bb", [1, 2], status)
    assert baseline(registry, 3) == "run-aa"


def test_of_those_promoted_on_one_span_the_last_is_the_baseline(
    registry: Registry, model: Path
) -> None:
    for hours, name in enumerate(("aa", "bb", "cc")):
        push(registry, model, name, [1, 2], hours=hours)
    assert baseline(registry, 3) == "run-cc"
    registry.settle("cc" * 32, ModelStatus.ROLLED_BACK, NOON, ["late regret"])
    assert baseline(registry, 3) == "run-bb"


def test_an_unknown_model_cannot_be_settled(registry: Registry, model: Path) -> None:
    push(registry, model, "aa", [1])
    with pytest.raises(KeyError, match="no model cccccccccccccccc in"):
        registry.settle("c" * 64, ModelStatus.LIVE, NOON, [])
    assert statuses(registry) == {"run-aa": "live"}


def test_the_records_survive_the_process(
    registry: Registry, model: Path, tmp_path: Path
) -> None:
    push(registry, model, "aa", [1])
    reopened = Registry(LocalStorage(tmp_path / "workspace"))
    assert reopened.records() == registry.records()
    assert reopened.records()[0].changed_at == NOON
