"""What a rollout remembers of its traffic: small, exact, and mergeable by addition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from components.deploy.evidence import GRID, log_ratios, margin_shift
from components.deploy.observation import ALL, Observation, Pairs, Stratum, key
from components.deploy.plan import TWO_SIDED, Plan

_ENOUGH_TO_KNOW_A_RATE = 100


class Tally(BaseModel):
    """Counts and log likelihood ratios of one (metric, slice), shape (24,) each.

    `harm` looks for a higher rate, `less` for a lower one (two-sided metrics only),
    `margin` is evidence against "worse by the margin" (gating metrics only). The
    mirrored requests need no ratios: theirs follow from the totals.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    n_canary: int = 0
    x_canary: int = 0
    n_stable: int = 0
    x_stable: int = 0
    pairs: Pairs = Pairs(0, 0, 0)
    harm: list[float] = Field(default_factory=lambda: [0.0] * len(GRID))
    less: list[float] = []
    margin: list[float] = []

    @property
    def canary(self) -> tuple[int, int]:
        """Requests that the canary answered, and bad ones, mirrored or not."""
        n, alone, _, both = self.pairs
        return self.n_canary + n, self.x_canary + alone + both

    @property
    def stable(self) -> tuple[int, int]:
        """Requests that stable answered, and bad ones, mirrored or not."""
        n, _, alone, both = self.pairs
        return self.n_stable + n, self.x_stable + alone + both


Tallies = dict[str, Tally]


def absorb(plan: Plan, tallies: Tallies, seen: Observation) -> Tallies:
    """Return the tallies with one observation added; keys in order of first sight.

    Raises ValueError when a request counts in a stratum and as a pair.
    """
    _refuse_twice(seen)
    found = dict(tallies)
    for name in [*seen.strata, *seen.pairs]:
        if name not in found and plan.watches(*split(name)):
            found[name] = Tally()
    strata = {name: rows for name, rows in seen.strata.items() if name in found}
    harm = _summed(strata, GRID)
    less = _summed(_only(strata, TWO_SIDED), -GRID)
    margin = _margins(plan, found, strata)
    for name in {**strata, **seen.pairs}:
        if name in found:
            old, counts = found[name], np.sum(strata.get(name, [(0,) * 4]), axis=0)
            n_canary, x_canary, n_stable, x_stable = (int(count) for count in counts)
            more = seen.pairs.get(name, Pairs(0, 0, 0))
            found[name] = Tally(
                n_canary=old.n_canary + n_canary,
                x_canary=old.x_canary + x_canary,
                n_stable=old.n_stable + n_stable,
                x_stable=old.x_stable + x_stable,
                pairs=Pairs(*(a + b for a, b in zip(old.pairs, more, strict=True))),
                harm=_plus(old.harm, harm.get(name)),
                less=_plus(old.less, less.get(name)),
                margin=_plus(old.margin, margin.get(name)),
            )
    return found


def _refuse_twice(seen: Observation) -> None:
    """Of what is known at once, no more can be counted than there were requests."""
    for metric in ("error", "slow", "null"):
        rows = seen.strata.get(key(metric), [])
        counted = sum(row.n_canary + row.n_stable for row in rows)
        counted += seen.pairs.get(key(metric), Pairs(0, 0, 0)).n
        if counted > seen.requests:
            raise ValueError(
                f"window {seen.window}: {metric} counts {counted} of {seen.requests} "
                "requests; a mirrored request belongs to the pairs only"
            )


def split(name: str) -> tuple[str, str]:
    """Return metric and slice of a key."""
    metric, _, slice_key = name.partition("|")
    return metric, slice_key


def _only(
    strata: dict[str, list[Stratum]], metrics: frozenset[str]
) -> dict[str, list[Stratum]]:
    return {name: rows for name, rows in strata.items() if split(name)[0] in metrics}


def _summed(
    strata: dict[str, list[Stratum]],
    shifts: np.ndarray,
    nulls: Sequence[float] | None = None,
) -> dict[str, np.ndarray]:
    """Add up the log ratios of each key's strata; `nulls` has one value a key."""
    if not strata:
        return {}
    owner = np.repeat(np.arange(len(strata)), [len(rows) for rows in strata.values()])
    null = 0.0 if nulls is None else np.asarray(nulls)[owner]
    flat = [row for rows in strata.values() for row in rows]
    total = np.zeros((len(strata), len(shifts)))
    np.add.at(total, owner, log_ratios(flat, shifts, null))
    return dict(zip(strata, total, strict=True))


def _margins(
    plan: Plan, before: Tallies, strata: dict[str, list[Stratum]]
) -> dict[str, np.ndarray]:
    """Evidence against "worse by the margin", of all requests of the gating metrics.

    The margin is given in points; the odds ratio that it means depends on stable's
    rate, which is taken from the looks before this one: a null hypothesis has to be
    fixed before the data that test it.
    """
    kept, nulls = {}, []
    for metric in plan.config.metrics:
        name = key(metric.name, ALL)
        if not (metric.gating and metric.margin and name in strata):
            continue
        old = before[name]
        n, bad = old.stable
        rate = (bad + 0.5) / (n + 1)
        if n >= _ENOUGH_TO_KNOW_A_RATE and rate + metric.margin < 1:
            kept[name] = strata[name]
            nulls.append(margin_shift(rate, metric.margin))
    return _summed(kept, -GRID, nulls)


def _plus(old: list[float], more: np.ndarray | None) -> list[float]:
    if more is None:
        return old
    added: list[float] = (more + np.asarray(old) if old else more).tolist()
    return added
