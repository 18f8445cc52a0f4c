"""Verdicts: what a gate said, why, and what it measured."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from contracts.storage import write_text


class Gate(StrEnum):
    """The gates of a training run, in their order."""

    VALIDATION = "validation"
    BLESSING = "blessing"
    INFRA = "infra"


class Verdict(BaseModel):
    """What one gate decided. `reasons` is never empty: a yes has reasons too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gate: Gate
    passed: bool
    reasons: list[str] = Field(min_length=1)
    measured: dict[str, Any] = Field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the verdict as JSON. Raises EnvironmentFault on a full disk."""
        write_text(path, self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a verdict. Raises FileNotFoundError, pydantic.ValidationError."""
        return cls.model_validate_json(path.read_text())


class RolloutDecision(StrEnum):
    """How a rollout ended."""

    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    HALTED = "halted"


class StepShare(BaseModel):
    """What one step of a rollout carried. `weight` in percent of requests."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: float
    requests: int
    canary_requests: int


class RolloutResult(BaseModel):
    """The recorded end of a rollout.

    `harmed_requests` counts requests that the canary answered badly: failed, null,
    slower than the objective, or wrong once the label was there.
    """

    model_config = ConfigDict(extra="forbid")

    decision: RolloutDecision
    reasons: list[str] = Field(min_length=1)
    steps: list[StepShare] = Field(default_factory=list)
    requests: int = 0
    canary_requests: int = 0
    harmed_requests: int = 0
    timeline: list[dict[str, Any]] = Field(default_factory=list)
