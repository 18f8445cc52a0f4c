"""`configs/<project>/rollout.yaml`: how a candidate earns its traffic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from contracts.config.loading import load_model
from contracts.config.section import Mistake, Section

Percent = Annotated[float, Field(ge=0, le=100)]
MetricName = Literal[
    "error", "slow", "null", "disagree", "wrong", "prediction", "unlabelled"
]


class StepConfig(Section):
    """One step: `weight` percent of requests for the canary, left upwards after
    `min_requests` canary requests, `min_minutes` and the evidence asked for.

    `mirror` percent of the requests are answered by the other arm as well, unseen by
    the client. `pause` waits for a person's approval before the next step.
    """

    weight: Percent
    min_requests: int = Field(default=50, ge=0)
    min_minutes: float = Field(default=0, ge=0)
    evidence: Literal["no_harm", "non_inferior"] = "no_harm"
    mirror: Percent = 0
    pause: bool = False


class MetricConfig(Section):
    """One 0/1 outcome per request that the rollout watches.

    `share` of alpha (relative weight); `gating` metrics must be shown not worse by
    more than `margin` (absolute, 0.02 = two points) where a step asks for it;
    `objective` is the rate above which the arm breaks its promise by itself;
    `by_slice` watches every slice of the project as well as the whole.
    """

    name: MetricName
    share: float = Field(default=1, gt=0)
    margin: float | None = Field(default=None, gt=0, lt=1)
    objective: float | None = Field(default=None, gt=0, lt=1)
    gating: bool = False
    by_slice: bool = True
    on_evidence: Literal["roll_back", "hold"] = "roll_back"


class RolloutConfig(Section):
    """The plan. Times in minutes of event time, latency in milliseconds.

    The step before 100 % asks for non-inferiority of every gating metric, whatever
    it says itself, except of the metrics that `waive` names.
    """

    alpha: float = Field(default=0.01, gt=0, lt=0.5)
    steps: list[StepConfig] = Field(min_length=1)
    metrics: list[MetricConfig] = Field(min_length=1)
    window_minutes: float = Field(default=60, gt=0)
    deadline_minutes: float = Field(gt=0)
    when_undecided: Literal["hold", "roll_back", "promote"] = "roll_back"
    waive: list[MetricName] = Field(default=[])
    latency_objective_ms: float = Field(default=100, gt=0)
    max_requests: int = Field(default=10_000, ge=1)
    concurrency: int = Field(default=8, ge=1, le=256)
    seed: int = Field(default=17, ge=0, lt=2**32)

    @model_validator(mode="after")
    def _plan_holds(self) -> RolloutConfig:
        weights = [step.weight for step in self.steps]
        if weights != sorted(set(weights)) or weights[0] <= 0:
            raise Mistake(f"weights must increase from above 0: {weights}", "steps")
        if weights[-1] != 100:
            last = len(weights) - 1
            raise Mistake(
                f"the last step must have weight 100, found {weights[-1]:g}",
                *("steps", last, "weight"),
            )
        names = [metric.name for metric in self.metrics]
        if len(set(names)) != len(names):
            raise Mistake(f"a metric appears twice: {names}", "metrics")
        for index, metric in enumerate(self.metrics):
            if metric.gating and metric.margin is None and metric.objective is None:
                raise Mistake(
                    f"metric {metric.name}: gating needs a margin or an objective",
                    *("metrics", index),
                )
        for index, name in enumerate(self.waive):
            if name not in names:
                raise Mistake(f"{name} is none of {names}", "waive", index)
        return self


def load_rollout(folder: Path) -> RolloutConfig:
    """Read `folder`/rollout.yaml. Raises ConfigError with file, line and reason."""
    return load_model(folder / "rollout.yaml", RolloutConfig)
