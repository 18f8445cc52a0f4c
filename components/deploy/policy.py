"""What the tallies say: is harm shown, is stable to blame, may the rollout go on.

One e-value for each (metric, slice): that of its strata times that of its mirrored
pairs. A request is in one of them only, so the product is an e-value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from components.deploy.evidence import (
    GRID,
    Floats,
    against_rate,
    mixed,
    paired,
    paired_margin,
)
from components.deploy.observation import ALL, key
from components.deploy.plan import COVERAGE, LABELLED, QUESTIONS, TWO_SIDED, Plan
from components.deploy.tallies import Tallies, Tally, split
from contracts.config.rollout import MetricConfig

_NO_EVIDENCE = 0.0  # log of an e-value of 1
_NOTHING_SEEN = [_NO_EVIDENCE] * len(GRID)
_MODEST: Floats = np.exp(-GRID) / np.exp(-GRID).sum()
"""Prior over the odds ratios for quality, falling as 1 / theta: a worse model is worse
by a little, a fault multiplies a rate. It saves a tenth of the requests."""


@dataclass(frozen=True)
class Share:
    """Weighted evidence of one key: `log_e` is the key's own, `log_part` its part of
    the sum that is compared with 1 / alpha."""

    key: str
    log_e: float
    log_part: float


@dataclass(frozen=True)
class Gate:
    """One thing that must be shown: `open` once its evidence reaches 1 / alpha."""

    metric: str
    claim: str
    log_e: float
    open: bool
    compares: bool
    """Whether the claim is about both arms (a margin) or the canary's rate alone."""
    growth: float
    """Log evidence that a request has added so far, by the best alternative."""


@dataclass(frozen=True)
class Judgement:
    """All that a step of the rollout needs to know; sentences are for people."""

    harm: float
    shares: list[Share]
    carriers: list[str]
    stable_broken: list[str]
    canary_broken: list[str]
    held: list[str]
    asked: list[str]
    gates: list[Gate]


def judge(plan: Plan, tallies: Tallies, requests: int) -> Judgement:
    """Weigh everything seen so far. `requests` are all requests of both arms."""
    shares = _shares(plan, tallies)
    held = _held(plan, shares, tallies)
    believed = [s for s in shares if not _doubted(s.key, held)]
    harmful = [s for s in believed if plan.can_roll_back(split(s.key)[0])]
    harmful.sort(key=lambda share: -share.log_part)
    harm = _log_sum([share.log_part for share in harmful])
    asked = [name for name in held if name in QUESTIONS]
    return Judgement(
        harm=harm,
        shares=harmful,
        carriers=_carriers(harmful, plan.threshold, tallies),
        stable_broken=_broken(plan, tallies, canary=False),
        canary_broken=_broken(plan, tallies, canary=True),
        held=[name for name in held if name not in asked],
        asked=asked,
        gates=[
            gate
            for metric in plan.gates
            for gate in _gates(plan, tallies, metric, held, requests)
        ],
    )


def _shares(plan: Plan, tallies: Tallies) -> list[Share]:
    by_metric: dict[str, list[str]] = {}
    for name in tallies:
        by_metric.setdefault(split(name)[0], []).append(name)
    found = []
    for metric, names in by_metric.items():
        weights = plan.weights(metric, [split(name)[1] for name in names])
        logs = _log_e(plan, plan.metrics[metric], [tallies[name] for name in names])
        for name, weight, log_e in zip(names, weights, logs, strict=True):
            if weight:
                part = math.log(weight * plan.shares[metric]) + float(log_e)
                found.append(Share(name, float(log_e), part))
    return found


def _log_e(plan: Plan, metric: MetricConfig, tallies: list[Tally]) -> Floats:
    """Return the log e-value of each tally of one metric, shape (k,)."""
    if metric.name == "disagree":
        return np.array([_above(metric, *tally.canary) for tally in tallies])
    prior = _MODEST if metric.name in LABELLED else None
    more = mixed([tally.harm for tally in tallies], prior)
    more += _paired(tallies, GRID, prior)
    if metric.name not in TWO_SIDED:
        return more
    less = mixed([tally.less or _NOTHING_SEEN for tally in tallies])
    return mixed(np.stack([more, less + _paired(tallies, -GRID)], axis=-1))


def _paired(
    tallies: list[Tally], shifts: Floats, prior: Floats | None = None
) -> Floats:
    canary = [tally.pairs.canary_only for tally in tallies]
    stable = [tally.pairs.stable_only for tally in tallies]
    return mixed(paired(canary, stable, shifts), prior)


def _above(metric: MetricConfig, n: int, bad: int) -> float:
    """Return log evidence that a rate is above the metric's objective."""
    if metric.objective is None:
        return _NO_EVIDENCE
    return float(mixed(against_rate(n, bad, metric.objective, GRID)))


def _held(plan: Plan, shares: list[Share], tallies: Tallies) -> list[str]:
    """Return the metrics that call for a hold, each at its share of alpha."""
    found: list[str] = []
    for metric in plan.config.metrics:
        if metric.on_evidence == "hold":
            parts = [s.log_part for s in shares if split(s.key)[0] == metric.name]
            if _log_sum(parts) >= plan.threshold:
                found.append(metric.name)
    return found


def _doubted(name: str, held: list[str]) -> bool:
    """Labels that reach the arms at different rates prove nothing about quality."""
    return COVERAGE in held and split(name)[0] in LABELLED


def _carriers(shares: list[Share], threshold: float, tallies: Tallies) -> list[str]:
    """Return the keys that carry the evidence, where the canary is worst first.

    e-BH (Wang & Ramdas 2022) on the weighted e-values: the k strongest are named if
    each is at least 1 / (k alpha); if the sum alone is that large, the first is.
    """
    found = [
        count
        for count, share in enumerate(shares, start=1)
        if math.log(count) + share.log_part >= threshold
    ]
    named = [share.key for share in shares[: max(found, default=1)]]
    return sorted(named, key=lambda name: -_worse_by(tallies[name]))


def _worse_by(tally: Tally) -> float:
    """Return the difference of the arms' bad rates; a slice that is hit stands out."""
    (n_canary, x_canary), (n_stable, x_stable) = tally.canary, tally.stable
    return x_canary / max(n_canary, 1) - x_stable / max(n_stable, 1)


def _broken(plan: Plan, tallies: Tallies, canary: bool) -> list[str]:
    """Return the metrics whose objective one arm is shown to miss by itself.

    Several metrics share alpha equally; a disagreement is nobody's promise.
    """
    promises = [m for m in plan.config.metrics if m.objective and m.name != "disagree"]
    logs = {}
    for metric in promises:
        tally = tallies.get(key(metric.name, ALL), Tally())
        logs[metric.name] = _above(metric, *(tally.canary if canary else tally.stable))
    return [
        n for n, log_e in logs.items() if log_e - math.log(len(logs)) >= plan.threshold
    ]


def _gates(
    plan: Plan, tallies: Tallies, metric: MetricConfig, held: list[str], requests: int
) -> list[Gate]:
    believed = not _doubted(metric.name, held)
    found = []
    for claim, compares, logs in _claims(
        metric, tallies.get(key(metric.name, ALL), Tally())
    ):
        log_e = sum(float(mixed(log)) for log in logs) if believed else _NO_EVIDENCE
        growth = sum(float(log.max()) for log in logs) / max(requests, 1)
        shown = believed and log_e >= plan.threshold
        found.append(Gate(metric.name, claim, log_e, shown, compares, growth))
    return found


def _claims(
    metric: MetricConfig, tally: Tally
) -> Iterator[tuple[str, bool, list[Floats]]]:
    """Yield what must be shown, whether it compares the arms, and its log ratios."""
    if metric.margin:
        ratios = np.asarray(tally.margin or _NOTHING_SEEN)
        logs = [ratios, paired_margin(tally.pairs[:3], metric.margin)]
        yield f"not worse than stable by {100 * metric.margin:g} points", True, logs
    if metric.objective:
        against = against_rate(*tally.canary, metric.objective, -GRID)
        yield f"below {100 * metric.objective:g} %", False, [against]


def _log_sum(logs: list[float]) -> float:
    return float(np.logaddexp.reduce(logs)) if logs else -math.inf
