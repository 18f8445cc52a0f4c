"""How the run went: how far it came, why it stopped, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from components.report.collect import STEPS, Artifacts, Task
from contracts.decisions import Gate, RolloutDecision, RolloutResult, Verdict

State = Literal["done", "cached", "refused", "failed", "absent"]
Tone = Literal["good", "bad", "hold", "plain"]

_GATE_OF = {
    "validate": Gate.VALIDATION,
    "evaluate": Gate.BLESSING,
    "infra_validate": Gate.INFRA,
}
_ASKS = {
    Gate.VALIDATION: ("Validation", "Is the data fit to train on?"),
    Gate.BLESSING: ("Blessing", "Is the candidate better than what there is?"),
    Gate.INFRA: ("Infra", "Does it serve the same answers, within its limits?"),
}
_ENDED: dict[RolloutDecision, tuple[str, Tone]] = {
    RolloutDecision.PROMOTED: ("Promoted", "good"),
    RolloutDecision.ROLLED_BACK: ("Rolled back", "bad"),
    RolloutDecision.HALTED: ("Halted", "hold"),
}


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline and where it stands."""

    name: str
    state: State


@dataclass(frozen=True)
class Banner:
    """What one gate said, for the top of the page."""

    title: str
    asks: str
    answer: str
    tone: Tone
    reasons: list[str]


@dataclass(frozen=True)
class Story:
    """The first screen of the page. `error` is None unless a step failed."""

    headline: str
    tone: Tone
    stages: list[Stage]
    banners: list[Banner]
    stopped_at: str | None
    error: str | None


def tell(found: Artifacts, status: Mapping[str, Any]) -> Story:
    """Read the story out of the artifacts and the pipeline's final status.

    `status["state"]` is FAILED or anything else: what a success is called differs
    between the runners of Kubeflow Pipelines.
    """
    stages = _stages(found)
    refused = next((s.name for s in stages if s.state == "refused"), None)
    failed = next((s.name for s in stages if s.state == "failed"), None)
    broke = status.get("state") == "FAILED" or bool(found.run.error)
    if (broke or found.errors) and refused is None and failed is None:
        failed = _first_missing(stages, found)
        stages = [_failing(s, failed) for s in stages]
    error = _error(found, status, failed) if failed or (broke and not refused) else None
    headline, tone = _headline(found, failed, refused, error)
    return Story(headline, tone, stages, banners(found), failed or refused, error)


def banners(found: Artifacts) -> list[Banner]:
    """Return the gates that spoke, in the order of the run."""
    spoke = [
        _banner(gate, found.verdicts[gate]) for gate in Gate if gate in found.verdicts
    ]
    return spoke + ([_rollout_banner(found.rollout)] if found.rollout else [])


def first_model(rollout: RolloutResult) -> bool:
    """Say whether there was nothing to compare with: deployed without a canary."""
    return not rollout.steps and not rollout.timeline


def _stages(found: Artifacts) -> list[Stage]:
    left = (
        found.manifest,
        found.statistics,
        found.transform,
        found.history,
        found.evaluation,
        found.verdicts.get(Gate.INFRA),
        found.rollout,
    )
    tasks = {task.name: task for task in found.run.tasks or []}
    pairs = zip(STEPS, left, strict=True)
    return [_stage(name, bool(artifact), tasks, found) for name, artifact in pairs]


def _stage(
    name: str, there: bool, tasks: Mapping[str, Task], found: Artifacts
) -> Stage:
    task = tasks.get(name, Task(name=name))
    verdict = found.verdicts.get(_GATE_OF[name]) if name in _GATE_OF else None
    state: State = "done" if there else "absent"
    if task.status == "failed" or (name in found.errors and not there):
        state = "failed"
    elif verdict is not None and not verdict.passed:
        state = "refused"
    elif there and task.cached:
        state = "cached"
    return Stage(name, state)


def _first_missing(stages: list[Stage], found: Artifacts) -> str | None:
    named = [stage.name for stage in stages if stage.name in found.errors]
    missing = [stage.name for stage in stages if stage.state == "absent"]
    return next(iter([*named, *missing]), None)


def _failing(stage: Stage, failed: str | None) -> Stage:
    return Stage(stage.name, "failed") if stage.name == failed else stage


def _error(found: Artifacts, status: Mapping[str, Any], failed: str | None) -> str:
    recorded = found.run.error or {}
    kind = f"{recorded['type']}: " if recorded.get("type") else ""
    return (
        (kind + str(recorded["message"]) if recorded.get("message") else "")
        or found.errors.get(failed or "", "")
        or str(status.get("error_message") or "")
        or "No reason was recorded; the log of the step has it."
    )


def _headline(
    found: Artifacts, failed: str | None, refused: str | None, error: str | None
) -> tuple[str, Tone]:
    if failed or error:
        return (f"Failed in {failed}" if failed else "Failed"), "bad"
    if refused:
        title, _ = _ASKS[_GATE_OF[refused]]
        return f"Refused by {title.lower()}", "bad"
    if found.rollout is None:
        return ("Trained, not deployed" if found.evaluation else "Unfinished"), "plain"
    return _ENDED[found.rollout.decision]


def _banner(gate: Gate, verdict: Verdict) -> Banner:
    title, asks = _ASKS[gate]
    answer = "passed" if verdict.passed else "refused"
    tone: Tone = "good" if verdict.passed else "bad"
    return Banner(title, asks, answer, tone, verdict.reasons)


def _rollout_banner(rollout: RolloutResult) -> Banner:
    answer, tone = _ENDED[rollout.decision]
    asks = "Did live traffic bear it out?"
    if first_model(rollout):
        asks = "Is there a model to compare with on live traffic?"
    return Banner("Rollout", asks, answer.lower(), tone, rollout.reasons)
