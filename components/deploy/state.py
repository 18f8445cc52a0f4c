"""Where a rollout stands: everything that a restart needs, as JSON."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from components.deploy.tallies import Tallies
from contracts.decisions import RolloutDecision, RolloutResult, StepShare


class Phase(StrEnum):
    """The phases of a rollout, in their order."""

    INITIALIZING = "initializing"
    """Nothing is up yet."""
    VALIDATING = "validating"
    """Both models are up, the candidate dark: 0 % of the traffic."""
    PROGRESSING = "progressing"
    """The candidate has the weight of a step and is being judged."""
    WAITING_PROMOTION = "waiting_promotion"
    """A step is done and a person is asked before the next one; still judged."""
    PROMOTING = "promoting"
    """The candidate becomes stable."""
    FINALISING = "finalising"
    """It is stable; the registry has to say so."""
    SUCCEEDED = "succeeded"
    ROLLING_BACK = "rolling_back"
    """All traffic returns to stable."""
    FAILED = "failed"
    HALTED = "halted"
    """Stopped where it stood, because nobody may be blamed or asked."""


OBSERVING = frozenset({Phase.PROGRESSING, Phase.WAITING_PROMOTION})
ENDED = {
    Phase.SUCCEEDED: RolloutDecision.PROMOTED,
    Phase.FAILED: RolloutDecision.ROLLED_BACK,
    Phase.HALTED: RolloutDecision.HALTED,
}


class State(BaseModel):
    """One rollout. `weight` is what the backend really holds, in percent; `entered`
    and `time` are minutes of event time; `steps` has the requests of each step so far;
    `resumes` says that a halt may be continued by running again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phase: Phase = Phase.INITIALIZING
    step: int = 0
    weight: float = 0
    window: int | None = None
    time: float = 0
    entered: float = 0
    steps: list[StepShare] = []
    requests: int = 0
    canary_requests: int = 0
    harmed_requests: int = 0
    tallies: Tallies = {}
    reasons: list[str] = []
    resumes: bool = False
    timeline: list[dict[str, Any]] = []

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to do."""
        return self.phase in ENDED

    def result(self) -> RolloutResult:
        """Return the recorded end. Raises KeyError while the rollout goes on."""
        return RolloutResult(
            decision=ENDED[self.phase],
            reasons=self.reasons,
            steps=self.steps,
            requests=self.requests,
            canary_requests=self.canary_requests,
            harmed_requests=self.harmed_requests,
            timeline=self.timeline,
        )
