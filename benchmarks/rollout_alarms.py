"""How canaries are judged elsewhere: fixed thresholds, and a z-test at every look."""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy.stats import norm

from components.deploy.observation import Observation, key

Alarm = Callable[[Observation], bool]

FAILED_CHECKS = 5
MAX_ERROR_RATE, MAX_SLOW_RATE = 0.01, 0.05
P_VALUE = 0.01


def thresholds() -> Alarm:
    """Return a check of the canary's error rate and latency, window by window."""
    failed = 0

    def alarm(seen: Observation) -> bool:
        nonlocal failed
        for metric, limit in (("error", MAX_ERROR_RATE), ("slow", MAX_SLOW_RATE)):
            row = seen.strata[key(metric)][0]
            if row.x_canary > limit * row.n_canary:
                failed += 1
                break
        return failed >= FAILED_CHECKS

    return alarm


def z_test() -> Alarm:
    """Return a test of pooled counts at every look, as dashboards do it."""
    pooled: dict[str, list[int]] = {}
    critical = norm.isf(P_VALUE)

    def alarm(seen: Observation) -> bool:
        worst = 0.0
        for name, rows in seen.strata.items():
            counts = pooled.setdefault(name, [0, 0, 0, 0])
            counts[:] = [sum(column) for column in zip(counts, *rows, strict=True)]
            worst = max(worst, _z(*counts))
        return worst > critical

    return alarm


def _z(n_canary: int, x_canary: int, n_stable: int, x_stable: int) -> float:
    if min(n_canary, n_stable) == 0:
        return 0.0
    rate = (x_canary + x_stable) / (n_canary + n_stable)
    variance = rate * (1 - rate) * (1 / n_canary + 1 / n_stable)
    difference = x_canary / n_canary - x_stable / n_stable
    return difference / math.sqrt(variance) if variance else 0.0
