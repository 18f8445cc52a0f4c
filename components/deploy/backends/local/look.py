"""The counts of one look: what a window's requests did, and which labels came.

k requests out of n, s slices; by arm means the columns stable, canary.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from components.deploy.backends.local.outcomes import CANARY, STABLE, Bools, Outcomes
from components.deploy.backends.local.traffic import NEVER, Integers, Traffic
from components.deploy.observation import ALL, Observation, Pairs, Stratum, key
from contracts import slices
from contracts.config import RolloutConfig

__all__ = ["look"]


def look(
    traffic: Traffic, outcomes: Outcomes, plan: RolloutConfig, window: int
) -> Observation:
    """Return what is known at the end of `window` and was not before.

    The result depends on the outcomes and the window alone, so a rollout that was
    interrupted sees what it would have seen.
    """
    made = traffic.of_window(window)
    labelled = np.flatnonzero(traffic.label_window == window)
    counts = _Counts(traffic, outcomes)
    for metric in plan.metrics:
        name, by_slice = metric.name, metric.by_slice
        if name == "error":
            counts.add(name, made, outcomes.error(made), by_slice)
        elif name == "slow":
            slow = outcomes.slow(made, plan.latency_objective_ms)
            counts.add(name, made, slow, by_slice)
        elif name == "null":
            counts.add(name, made, outcomes.null(made), by_slice)
        elif name == "wrong":
            counts.add_wrong(labelled, by_slice)
        elif name == "prediction":
            counts.add_predictions(made, by_slice)
        elif name == "disagree":
            counts.add_disagreements(made, by_slice)
        else:
            counts.add_unlabelled(np.flatnonzero(traffic.due == window), by_slice)
    late = (traffic.label_window > window) & (traffic.label_window != NEVER)
    return Observation(
        window=window,
        time=(window + 1) * plan.window_minutes,
        requests=len(made),
        canary_requests=int(outcomes.to_canary[made].sum()),
        harmed_requests=_harmed(outcomes, plan, made, labelled),
        labels_pending=int((late & (traffic.window <= window)).sum()),
        strata=counts.strata,
        pairs=counts.pairs,
    )


class _Counts:
    """Sums outcomes by slice: a request that both arms answered counts as a pair,
    another in the arm that answered it."""

    def __init__(self, traffic: Traffic, outcomes: Outcomes) -> None:
        self.traffic, self.outcomes = traffic, outcomes
        self.strata: dict[str, list[Stratum]] = {}
        self.pairs: dict[str, Pairs] = {}

    def add(
        self,
        metric: str,
        rows: Integers,
        bad: Bools,
        by_slice: bool,
        valid: Bools | None = None,
    ) -> None:
        """Count `bad` (k, 2) among the `valid` (k, 2) in every slice, or in all."""
        top = len(self.traffic.slice_keys) if by_slice else 1
        names, members = self.traffic.slice_keys[:top], self.traffic.members[:top, rows]
        valid = np.ones_like(bad) if valid is None else valid
        mirrored = self.outcomes.mirrored[rows]
        self._stratum(metric, names, members & ~mirrored, rows, bad & valid, valid)
        self._paired(metric, names, members & mirrored, bad, _both(valid))

    def add_wrong(self, rows: Integers, by_slice: bool) -> None:
        """Labels came: one stratum for each window in which the requests were made."""
        made = self.traffic.window[rows]
        for window in np.unique(made):
            some = rows[made == window]
            wrong, decided = self.outcomes.wrong(some), self.outcomes.decided(some)
            self.add("wrong", some, wrong, by_slice, decided)

    def add_predictions(self, rows: Integers, by_slice: bool) -> None:
        """Count answers other than the first class, and by slice those of each."""
        decision, decided = self.outcomes.decision[rows], self.outcomes.decided(rows)
        everybody = np.ones((1, len(rows)), dtype=bool)
        mirrored = self.outcomes.mirrored[rows]
        wanted = {ALL: decision > 0}
        if by_slice:
            for index, name in enumerate(self.traffic.classes):
                wanted[slices.key("class", name)] = decision == index
        for name, bad in wanted.items():
            single, both = everybody & ~mirrored, everybody & mirrored
            self._stratum("prediction", [name], single, rows, bad & decided, decided)
            self._paired("prediction", [name], both, bad, _both(decided))

    def add_disagreements(self, rows: Integers, by_slice: bool) -> None:
        """A mirrored request that the arms answer differently; none of them is to
        blame, so all are put down to the canary."""
        rows = rows[self.outcomes.mirrored[rows]]
        decision = self.outcomes.decision[rows]
        bad = np.zeros((len(rows), 2), dtype=bool)
        bad[:, CANARY] = decision[:, CANARY] != decision[:, STABLE]
        self.add("disagree", rows, bad, by_slice, self.outcomes.decided(rows))

    def add_unlabelled(self, rows: Integers, by_slice: bool) -> None:
        """Requests whose label is overdue; the label of a mirrored one belongs to
        the arm that answered the client, so there are no pairs."""
        top = len(self.traffic.slice_keys) if by_slice else 1
        names, members = self.traffic.slice_keys[:top], self.traffic.members[:top, rows]
        missing = self.traffic.label_window[rows] > self.traffic.due[rows]
        bad = np.stack([missing, missing], axis=1)
        self._stratum("unlabelled", names, members, rows, bad, np.ones_like(bad))

    def _stratum(
        self,
        metric: str,
        names: Sequence[str],
        members: Bools,
        rows: Integers,
        bad: Bools,
        valid: Bools,
    ) -> None:
        canary = self.outcomes.to_canary[rows]
        columns = [valid[:, CANARY] & canary, bad[:, CANARY] & canary]
        columns += [valid[:, STABLE] & ~canary, bad[:, STABLE] & ~canary]
        for name, found in _sums(names, members, columns):
            if found[0] or found[2]:
                self.strata.setdefault(key(metric, name), []).append(Stratum(*found))

    def _paired(
        self,
        metric: str,
        names: Sequence[str],
        members: Bools,
        bad: Bools,
        valid: Bools,
    ) -> None:
        canary, stable = bad[:, CANARY] & valid, bad[:, STABLE] & valid
        columns = [valid, canary & ~stable, stable & ~canary, canary & stable]
        for name, found in _sums(names, members, columns):
            if found[0]:
                old = self.pairs.get(key(metric, name), Pairs(0, 0, 0))
                total = (a + b for a, b in zip(old, found, strict=True))
                self.pairs[key(metric, name)] = Pairs(*total)


def _sums(
    names: Sequence[str], members: Bools, columns: Sequence[Bools]
) -> list[tuple[str, list[int]]]:
    """Return by slice how many of its `members` (s, k) each column (k,) holds."""
    table = members.astype(np.int64) @ np.stack(columns, axis=1).astype(np.int64)
    return list(zip(names, table.tolist(), strict=True))


def _both(valid: Bools) -> Bools:
    return valid[:, STABLE] & valid[:, CANARY]


def _harmed(
    outcomes: Outcomes, plan: RolloutConfig, made: Integers, labelled: Integers
) -> int:
    """Count clients whom the canary is now known to have served badly, each once."""

    def failed(rows: Integers) -> Bools:
        slow = outcomes.slow(rows, plan.latency_objective_ms)
        bad = outcomes.error(rows) | outcomes.null(rows) | slow
        return np.asarray(bad[:, CANARY])

    at_once = failed(made) & outcomes.to_canary[made]
    wrong = outcomes.wrong(labelled)[:, CANARY] & ~failed(labelled)
    return int(at_once.sum() + (wrong & outcomes.to_canary[labelled]).sum())
