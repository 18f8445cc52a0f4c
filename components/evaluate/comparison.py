"""From measurements to a blessing with reasons: the rules of the offline gate.

1. Every probability of the candidate is a finite number.
2. No row of a must-pass set is wrong, however good the mean.
3. The candidate beats each trivial model by `margin_over_trivial`; always, so that a
   weak baseline cannot hide that nothing was learned.
4. Against the baseline, on the same examples, it is worse by `max_drop` at most.
5. In a slice with `slice_min_examples` labelled examples it is worse by
   `slice_max_drop` at most, or the drop is within noise: with dozens of slices some
   are below any limit by chance, so a refusal needs the limit passed *and* an
   interval of the difference without zero. Smaller slices are listed, not gated.
6. A tie is a difference whose interval contains zero. `on_tie: bless` lets 3 and 4
   decide (newer data is a reason of its own); `on_tie: refuse` wants the candidate
   better beyond noise than every other model.

Limits are inclusive: a drop of exactly `max_drop` is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from components.evaluate.estimates import LOWER_IS_BETTER, estimate
from components.evaluate.intervals import paired, paired_accuracy
from components.evaluate.values import Groups, Prediction
from contracts.config import EvaluateConfig

_ROUNDING = 1e-9  # 0.73 - 0.72 is a little more than 0.01 in floating point


@dataclass(frozen=True)
class Compared:
    """The candidate beside one other model in one group of examples.

    `gain` is positive where the candidate is better, whatever the metric's direction;
    `interval` is of the gain. NaN where the metric is not defined.
    """

    where: str
    other: str
    metric: str
    examples: int
    candidate: float
    against: float
    gain: float
    interval: tuple[float, float]

    @property
    def shown_better(self) -> bool:
        """Whether the gain is above zero beyond noise."""
        return self.interval[0] > 0

    @property
    def shown_worse(self) -> bool:
        """Whether the gain is below zero beyond noise."""
        return self.interval[1] < 0

    def sentence(self, rule: str) -> str:
        """Say metric, both values, difference with interval, n, and the rule."""
        theirs = self.other.replace("_", " ")
        low, high = self.interval
        if self.gain < 0:
            how, low, high = "worse", -high, -low
        else:
            how = "better"
        return (
            f"{self.where}: {self.metric} {self.candidate:.4f}, {theirs} "
            f"{self.against:.4f}: {how} by {abs(self.gain):.4f} "
            f"[{low:.4f}, {high:.4f}] on {self.examples:,} examples; {rule}"
        )


class SliceStatus(StrEnum):
    """What the gate says of one slice."""

    HELD = "held"
    WORSE = "worse"
    TOO_SMALL = "too small to gate"
    UNDEFINED = "metric not defined"
    NO_BASELINE = "no baseline"


class Finding(NamedTuple):
    """One rule's answer, with the sentence that says why."""

    passed: bool
    reason: str


def compare(
    labels: np.ndarray,
    candidate: Prediction,
    other: tuple[str, Prediction],
    groups: Groups,
    config: EvaluateConfig,
) -> list[Compared]:
    """Compare with the model `other` (name, prediction) in each of `groups`."""
    name, theirs = other
    metric, beta = config.metric, config.beta
    ours = estimate(metric, labels, candidate, groups, beta)
    reference = estimate(metric, labels, theirs, groups, beta)
    if metric == "accuracy":
        right = labels == candidate.decisions, labels == theirs.decisions
        bounds = paired_accuracy(*right, groups, config.confidence)
    else:
        bounds = paired(ours, reference, groups, config.confidence)
    gains = ours.value - reference.value
    if metric in LOWER_IS_BETTER:
        gains, bounds = -gains, -bounds[:, ::-1]
    return [
        Compared(
            key, name, metric, int(n), float(a), float(b), float(gain), (low, high)
        )
        for key, n, a, b, gain, (low, high) in zip(
            groups.keys,
            groups.sizes(),
            ours.value,
            reference.value,
            gains,
            bounds.tolist(),
            strict=True,
        )
    ]


def against_trivial(row: Compared, config: EvaluateConfig) -> Finding:
    """Rule 3: better than a trivial model by the margin."""
    margin = config.margin_over_trivial
    beaten = row.gain >= margin - _ROUNDING
    return _unless_tied(row, beaten, f"must be better by at least {margin:g}", config)


def against_baseline(row: Compared, config: EvaluateConfig) -> Finding:
    """Rule 4: not worse than production by more than the allowed drop."""
    kept = row.gain >= -config.max_drop - _ROUNDING
    return _unless_tied(
        row, kept, f"may be worse by at most {config.max_drop:g}", config
    )


def of_slice(row: Compared, config: EvaluateConfig) -> SliceStatus:
    """Rule 5, for one slice against the baseline."""
    if row.examples < config.slice_min_examples:
        return SliceStatus.TOO_SMALL
    if np.isnan(row.gain):
        return SliceStatus.UNDEFINED
    beyond_limit = row.gain < -config.slice_max_drop - _ROUNDING
    return SliceStatus.WORSE if beyond_limit and row.shown_worse else SliceStatus.HELD


def findings(
    trivial: Sequence[Compared],
    baseline: Compared | None,
    slices: Sequence[Compared],
    config: EvaluateConfig,
) -> list[Finding]:
    """Apply rules 3 to 6; `slices` are compared with the baseline."""
    found = [against_trivial(row, config) for row in trivial]
    if baseline is None:
        return [*found, Finding(True, "no baseline: compared with trivial models only")]
    found.append(against_baseline(baseline, config))
    rule = f"may be worse by at most {config.slice_max_drop:g} in a slice"
    states = [of_slice(row, config) for row in slices]
    worse = [
        Finding(False, row.sentence(rule))
        for row, state in zip(slices, states, strict=True)
        if state is SliceStatus.WORSE
    ]
    if worse or not states:
        return found + worse
    return [*found, Finding(True, _slices_held(states, config))]


def _slices_held(states: list[SliceStatus], config: EvaluateConfig) -> str:
    return (
        f"{states.count(SliceStatus.HELD)} slices within {config.slice_max_drop:g} of "
        f"the baseline or within noise, {states.count(SliceStatus.TOO_SMALL)} too "
        f"small to gate (below {config.slice_min_examples:,} examples)"
    )


def _unless_tied(
    row: Compared, passed: bool, rule: str, config: EvaluateConfig
) -> Finding:
    if passed and config.on_tie == "refuse" and not row.shown_better:
        return Finding(
            False, row.sentence("within noise is a tie, and on_tie says refuse")
        )
    return Finding(passed, row.sentence(rule))
