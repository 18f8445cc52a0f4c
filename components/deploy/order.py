"""What is to be rolled out, over what, judged how: the input of the deploy step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from components.deploy.plan import Plan, slice_bound
from contracts import digests
from contracts.artifacts import EVALUATION, Manifest, Split, read_json
from contracts.config import RolloutConfig, SliceConfig


@dataclass(frozen=True)
class Order:
    """One rollout. `rollout` is None without a plan, `baseline_uri` and `plant` are
    empty when there is none."""

    project: str
    model: Path
    traffic: Path
    evaluation: Path
    baseline_uri: str
    baseline_digest: str
    slices: list[SliceConfig]
    rollout: RolloutConfig | None
    plant: str
    spans: list[int]
    run_id: str

    @classmethod
    def read(
        cls, slices: Sequence[dict[str, Any]], rollout: dict[str, Any], **rest: Any
    ) -> Self:
        """Parse the sections. Raises pydantic.ValidationError."""
        parsed = [SliceConfig.model_validate(item) for item in slices]
        plan = RolloutConfig.model_validate(rollout) if rollout else None
        return cls(slices=parsed, rollout=plan, **rest)

    @cached_property
    def digest(self) -> str:
        """The candidate's identity."""
        return digests.of_path(self.model)

    @cached_property
    def rollout_id(self) -> str:
        """The same order gives the same id; a first model is judged by no traffic."""
        what: dict[str, Any] = {"candidate": self.digest}
        if self.baseline_uri:
            what |= {
                "baseline": self.baseline_digest,
                "rollout": self.rollout.model_dump(mode="json") if self.rollout else {},
                "slices": [item.model_dump(mode="json") for item in self.slices],
                "traffic": digests.of_path(self.traffic) if self.requests else "",
                "plant": self.plant,
            }
        return digests.of_json(what)[:16]

    @property
    def prefix(self) -> str:
        """Where the rollout keeps what it knows, relative to the workspace."""
        return f"rollouts/{self.rollout_id}"

    @cached_property
    def requests(self) -> int:
        """How many requests there are to judge by."""
        try:
            return Manifest.load(self.traffic).splits.get(Split.REPLAY, 0)
        except FileNotFoundError:
            return 0

    def needs_no_rollout(self) -> str:
        """Return why the candidate may take all traffic at once; "" if it may not."""
        offline = "the offline gates alone have judged the candidate"
        if not self.baseline_uri:
            return "no stable model to protect: this is the first one"
        if self.digest == self.baseline_digest and not self.plant:
            return "the candidate is the baseline, byte for byte"
        if self.rollout is None:
            return f"no rollout plan: {offline}"
        if not self.requests:
            return f"no traffic to judge by (no span is replayed): {offline}"
        return ""

    def plan(self) -> Plan:
        """Return the plan. Raises ValueError when there is none."""
        if self.rollout is None:
            raise ValueError(f"{self.project} has no rollout plan")
        return Plan(self.rollout, self._slice_count())

    def _slice_count(self) -> int:
        """Count the slices that the traffic may show: those of the evaluation, and
        room for new ones, but no more than the config allows."""
        bound = slice_bound(self.slices)
        try:
            known = read_json(self.evaluation / EVALUATION).get("slices", [])
        except FileNotFoundError:
            return bound
        return min(bound, len(known) + 2 * len(self.slices)) if known else bound
