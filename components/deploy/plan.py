"""A rollout's config with what follows from it: shares of alpha, thresholds, gates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from components.deploy.observation import ALL
from contracts.config import RolloutConfig, SliceConfig
from contracts.config.rollout import MetricConfig, StepConfig

WHOLE = 1 / 3
"""Share of a metric's weight that watches all requests together; its slices share
the rest. A fault that hits everybody shows there first."""
TWO_SIDED = frozenset({"prediction", "unlabelled"})
"""Metrics where less is as strange as more."""
QUESTIONS = frozenset({"prediction", "disagree"})
"""A better model predicts differently: a shift asks, and the labels answer."""
COVERAGE = "unlabelled"
LABELLED = frozenset({"wrong"})
"""Metrics that are not believed when the arms are labelled at different rates."""


@dataclass(frozen=True)
class Plan:
    """The config, and how many slices a metric may have (weights are set before the
    data are seen, or the error level would not hold)."""

    config: RolloutConfig
    slice_count: int

    @cached_property
    def threshold(self) -> float:
        """Log of the evidence that decides: ln(1 / alpha)."""
        return math.log(1 / self.config.alpha)

    @property
    def suspicion(self) -> float:
        """Log of the evidence of harm at which no more traffic is given: the square
        root of what rolls back. It costs a good candidate a look now and then."""
        return self.threshold / 2

    @cached_property
    def metrics(self) -> dict[str, MetricConfig]:
        """The watched metrics by name."""
        return {metric.name: metric for metric in self.config.metrics}

    @cached_property
    def shares(self) -> dict[str, float]:
        """Share of alpha by metric: one sum for those that can roll back, one for
        those that can hold."""
        totals = dict.fromkeys(("roll_back", "hold"), 0.0)
        for metric in self.config.metrics:
            totals[metric.on_evidence] += metric.share
        return {m.name: m.share / totals[m.on_evidence] for m in self.config.metrics}

    def can_roll_back(self, metric: str) -> bool:
        """Whether evidence on this metric counts towards a rollback."""
        return self.metrics[metric].on_evidence == "roll_back"

    def watches(self, metric: str, slice_key: str) -> bool:
        """Whether the rollout looks at this metric in this slice."""
        found = self.metrics.get(metric)
        return found is not None and (slice_key == ALL or found.by_slice)

    def weights(self, metric: str, slices: list[str]) -> list[float]:
        """Return the weight of each slice of a metric, in order of first sight.

        They sum to at most 1 whatever arrives later; slices beyond `slice_count`
        get none.
        """
        if not (self.metrics[metric].by_slice and self.slice_count):
            return [1.0 if name == ALL else 0.0 for name in slices]
        each, left, found = (1 - WHOLE) / self.slice_count, self.slice_count, []
        for name in slices:
            found.append(WHOLE if name == ALL else each * (left > 0))
            left -= name != ALL
        return found

    def gating(self, step: int) -> list[MetricConfig]:
        """Return the metrics that must be shown harmless before step `step` ends.

        A step asks for it by `evidence: non_inferior`; the one before 100 % always.
        """
        steps = self.config.steps
        before_all = step == len(steps) - 2
        if not before_all and steps[step].evidence != "non_inferior":
            return []
        return self.gates

    @cached_property
    def gates(self) -> list[MetricConfig]:
        """The gating metrics that are not waived."""
        waived = self.config.waive
        return [m for m in self.config.metrics if m.gating and m.name not in waived]

    def step(self, index: int) -> StepConfig:
        """Return one step of the plan."""
        return self.config.steps[index]


def slice_bound(slices: list[SliceConfig]) -> int:
    """Return how many slices can appear at most, "other" and "missing" included."""
    return sum(
        2 + (config.top if config.edges is None else len(config.edges))
        for config in slices
    )
