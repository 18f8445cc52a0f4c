"""Verdicts and rollout results: a decision has reasons, and comes back from disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from contracts.decisions import (
    Gate,
    RolloutDecision,
    RolloutResult,
    StepShare,
    Verdict,
)


@pytest.mark.parametrize("gate", list(Gate))
def test_a_verdict_comes_back(gate: Gate, tmp_path: Path) -> None:
    measured = {"auc": 0.7, "slices": {"carrier=UA": [0.6, None]}, "rows": 12}
    verdict = Verdict(gate=gate, passed=False, reasons=["too low"], measured=measured)
    verdict.save(tmp_path / "deep" / "verdict.json")
    assert Verdict.load(tmp_path / "deep" / "verdict.json") == verdict


@pytest.mark.parametrize("passed", [True, False])
def test_a_verdict_has_a_reason_either_way(passed: bool) -> None:
    with pytest.raises(ValidationError, match="at least 1 item"):
        Verdict(gate=Gate.INFRA, passed=passed, reasons=[])


def test_a_verdict_does_not_change_its_mind() -> None:
    verdict = Verdict(gate=Gate.INFRA, passed=False, reasons=["slow"])
    with pytest.raises(ValidationError, match="frozen"):
        verdict.passed = True  # type: ignore[misc]


def test_a_damaged_verdict_is_no_yes(tmp_path: Path) -> None:
    (tmp_path / "verdict.json").write_text('{"gate": "infra", "reasons": ["x"]}')
    with pytest.raises(ValidationError, match="passed"):
        Verdict.load(tmp_path / "verdict.json")


@pytest.mark.parametrize("decision", list(RolloutDecision))
def test_a_rollout_result_comes_back(decision: RolloutDecision) -> None:
    result = RolloutResult(
        decision=decision,
        reasons=["wrong on carrier=UA"],
        steps=[StepShare(weight=5, requests=1000, canary_requests=48)],
        requests=1000,
        canary_requests=48,
        harmed_requests=3,
        timeline=[{"window": 1, "evidence": 4.6}],
    )
    assert RolloutResult.model_validate_json(result.model_dump_json()) == result


def test_a_rollout_result_has_a_reason() -> None:
    with pytest.raises(ValidationError, match="at least 1 item"):
        RolloutResult(decision=RolloutDecision.HALTED, reasons=[])
