"""What came of each request, by arm."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from components.deploy.backends.local.client import NO_ANSWER, Answer
from components.deploy.backends.local.traffic import Integers, Traffic

__all__ = ["CANARY", "STABLE", "Bools", "Outcomes"]

STABLE, CANARY = 0, 1
_OK = 200
_NONE = -1
Bools = NDArray[np.bool_]


class Outcomes:
    """Answers to n requests, arrays of shape (n, 2) with the columns stable, canary.

    `to_canary` (n,) says which arm answered the client, `mirrored` (n,) whether the
    other one was asked as well; `decision` is a class index, -1 for none.
    """

    def __init__(self, traffic: Traffic) -> None:
        n = len(traffic.ids)
        self._label = traffic.label
        self._index = {name: i for i, name in enumerate(traffic.classes)}
        self.to_canary = np.zeros(n, dtype=bool)
        self.mirrored = np.zeros(n, dtype=bool)
        self.status = np.full((n, 2), NO_ANSWER)
        self.latency = np.zeros((n, 2))
        self.decision = np.full((n, 2), _NONE)

    def add(self, answers: Iterable[Answer]) -> None:
        """Note answers; a class that the project does not know is no output."""
        for answer in answers:
            at = answer.row, answer.arm
            self.status[at] = answer.status
            self.latency[at] = answer.latency_ms
            self.decision[at] = self._index.get(answer.decision or "", _NONE)

    def error(self, rows: Integers) -> Bools:
        """Return which requests failed, by arm, shape (k, 2)."""
        return np.asarray(self.status[rows] != _OK)

    def null(self, rows: Integers) -> Bools:
        """Return which answers hold no output, shape (k, 2)."""
        return np.asarray(~self.error(rows) & ~self.decided(rows))

    def slow(self, rows: Integers, objective_ms: float) -> Bools:
        """Return which took longer than the objective, shape (k, 2)."""
        return np.asarray(self.latency[rows] > objective_ms)

    def decided(self, rows: Integers) -> Bools:
        """Return which answers name a class, shape (k, 2)."""
        return np.asarray(self.decision[rows] != _NONE)

    def wrong(self, rows: Integers) -> Bools:
        """Return which answers name another class than the label, shape (k, 2)."""
        differs = self.decision[rows] != self._label[rows, None]
        return np.asarray(differs & self.decided(rows))
