"""Requests that never happened: traffic with a known truth, for judging a judge.

Shaped like the flights replay: a base rate that swings with the hour and drifts with
the days, slices of very different size, labels that come hours late, and two models
that disagree on some answers even when they are equally good.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from components.deploy.observation import ALL, Observation, Pairs, Stratum, key

CARRIERS = np.array([17.9, 16.1, 15.4, 14.9, 10, 6.5, 6.2, 4.3, 3.7, 1.6, 1.3, 2.1])
"""Shares of traffic of slices carrier=0 ... carrier=11, in percent (August 2013)."""
ORIGINS = np.array([0.36, 0.33, 0.31])
_SLICERS = {"carrier": CARRIERS / CARRIERS.sum(), "origin": ORIGINS}
SLICE_COUNT = len(CARRIERS) + len(ORIGINS)
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Candidate:
    """What is true of the candidate. Rates are shares of requests.

    `worse` points more wrong answers (0.08 = 8) within carrier=`carrier` (-1: in all
    slices); `flipped` answers there are turned round instead.
    """

    name: str
    worse: float = 0.0
    carrier: int = -1
    flipped: bool = False
    slow: float = 0.002
    null: float = 0.0
    error: float = 0.001


@dataclass(frozen=True)
class World:
    """What is true of the traffic. `discordant`: share of requests where two equally
    good models differ; `stable_*`: rates of the model in production."""

    window_requests: int = 160
    window_minutes: float = 180
    wrong: float = 0.23
    swing: float = 0.08
    drift: float = 0.05
    discordant: float = 0.08
    label_delay: float = 1.2
    stable_slow: float = 0.002
    stable_error: float = 0.001


@dataclass
class Answers:
    """One window's requests, arrays of shape (n,); `due`: the window of the label."""

    window: int
    slices: dict[str, NDArray[np.int64]]
    to_canary: Bools
    mirrored: Bools
    wrong: tuple[Bools, Bools]
    """Wrong by canary, by stable."""
    due: NDArray[np.int64]


@dataclass
class Simulation:
    """A backend without servers. `history` remembers how each window was split, as
    a payload log would: a new simulation with the same one can resume."""

    world: World
    candidate: Candidate
    seed: int
    max_requests: int
    history: dict[int, tuple[float, float]] = field(default_factory=dict)
    weight: float = 0
    mirror: float = 0
    window: int = -1
    sent: int = 0
    pending: list[Answers] = field(default_factory=list)

    def prepare(self) -> None:
        """Nothing has to come up."""

    def set_traffic(self, weight: float, mirror: float) -> float:
        """Split the coming windows."""
        self.weight, self.mirror = weight, mirror
        return weight

    def observe(self) -> Observation | None:
        """Return the next window; None when all requests were sent."""
        return self._next() if self.sent < self.max_requests else None

    def resume_at(self, window: int) -> None:
        """Play the windows up to `window` again, unseen, split as they were."""
        while self.window < window:
            self.weight, self.mirror = self.history[self.window + 1]
            self._next()

    def promote(self) -> None:
        """Nothing has to change."""

    def roll_back(self) -> None:
        """Nothing has to change."""

    def close(self) -> None:
        """Nothing is held."""

    def _next(self) -> Observation:
        self.window += 1
        self.history[self.window] = self.weight, self.mirror
        rng = np.random.default_rng((self.seed, self.window))
        n = int(rng.poisson(self.world.window_requests))
        self.sent += n
        answers = self._answers(rng, n)
        self.pending.append(answers)
        strata: dict[str, list[Stratum]] = defaultdict(list)
        pairs: dict[str, Pairs] = {}
        harmed = self._operational(rng, answers, strata, pairs)
        harmed += self._labels(strata, pairs)
        return Observation(
            window=self.window,
            time=(self.window + 1) * self.world.window_minutes,
            requests=n,
            canary_requests=int(answers.to_canary.sum()),
            harmed_requests=harmed,
            labels_pending=sum(len(a.due) for a in self.pending),
            strata=strata,
            pairs=pairs,
        )

    def _answers(self, rng: np.random.Generator, n: int) -> Answers:
        world, fault = self.world, self.candidate
        slices = {
            name: rng.choice(len(shares), n, p=shares)
            for name, shares in _SLICERS.items()
        }
        hour = 2 * np.pi * (self.window % 6) / 6
        swing = world.swing * np.sin(hour) + world.drift * np.sin(self.window / 25)
        draw = rng.random(n)
        rate = world.wrong + swing
        stable = draw < rate
        # Where they differ, each is right half of the time: equally good.
        only_stable = stable & (draw > rate - world.discordant / 2)
        only_canary = ~stable & (draw < rate + world.discordant / 2)
        canary = (stable & ~only_stable) | only_canary
        hit = (slices["carrier"] == fault.carrier) | (fault.carrier < 0)
        if fault.flipped:
            canary = np.where(hit, ~stable, canary)
        elif fault.worse:
            spare = 1 - rate - world.discordant / 2
            more = hit & ~stable & (rng.random(n) < fault.worse / spare)
            canary = canary | more
        return Answers(
            window=self.window,
            slices=slices,
            to_canary=rng.random(n) < self.weight / 100,
            mirrored=rng.random(n) < self.mirror / 100,
            wrong=(canary, stable),
            due=self.window + rng.poisson(world.label_delay, n),
        )

    def _operational(
        self,
        rng: np.random.Generator,
        seen: Answers,
        strata: dict[str, list[Stratum]],
        pairs: dict[str, Pairs],
    ) -> int:
        """Count errors, slow answers and nulls; return how many the canary gave."""
        n, fault, harmed = len(seen.due), self.candidate, np.zeros(len(seen.due), bool)
        rates = {
            "error": (fault.error, self.world.stable_error),
            "slow": (fault.slow, self.world.stable_slow),
            "null": (fault.null, 0.0),
        }
        for metric, (canary_rate, stable_rate) in rates.items():
            bad = rng.random(n) < canary_rate, rng.random(n) < stable_rate
            _count(metric, seen, bad, np.ones(n, bool), strata, pairs)
            harmed |= bad[0]
        differ = seen.wrong[0] != seen.wrong[1]
        pairs[key("disagree")] = Pairs(
            int(seen.mirrored.sum()), int((differ & seen.mirrored).sum()), 0
        )
        return int((harmed & seen.to_canary).sum())

    def _labels(self, strata: dict[str, list[Stratum]], pairs: dict[str, Pairs]) -> int:
        """Count the labels that arrive now, by the window of their request."""
        harmed = 0
        for answers in self.pending:
            now = answers.due == self.window
            if now.any():
                _count("wrong", answers, answers.wrong, now, strata, pairs)
                harmed += int((answers.wrong[0] & answers.to_canary & now).sum())
        self.pending = [a for a in self.pending if (a.due > self.window).any()]
        return harmed


def _count(
    metric: str,
    seen: Answers,
    bad: tuple[Bools, Bools],
    kept: Bools,
    strata: dict[str, list[Stratum]],
    pairs: dict[str, Pairs],
) -> None:
    """Add the strata and pairs of one metric, overall and by slice."""
    canary = kept & seen.to_canary & ~seen.mirrored
    stable = kept & ~seen.to_canary & ~seen.mirrored
    both = kept & seen.mirrored
    columns = (
        *(canary, canary & bad[0], stable, stable & bad[1]),
        *(both, both & bad[0] & ~bad[1], both & bad[1] & ~bad[0]),
        both & bad[0] & bad[1],
    )
    for name, codes in {"": np.zeros(len(kept), int), **seen.slices}.items():
        size = len(_SLICERS[name]) if name else 1
        table = np.stack([np.bincount(codes[c], minlength=size) for c in columns])
        for code, counts in enumerate(table.T.tolist()):
            full = key(metric, f"{name}={code}" if name else ALL)
            if counts[0] + counts[2]:
                strata[full].append(Stratum(*counts[:4]))
            if counts[4]:
                old = pairs.get(full, Pairs(0, 0, 0))
                pairs[full] = Pairs(*np.add(old, counts[4:]).tolist())
