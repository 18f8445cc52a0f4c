"""Evidence that may be looked at any time: likelihood ratios of counts, exact.

Every function returns logarithms of likelihood ratios over a grid of alternatives.
Each column, by itself, is a supermartingale under its null hypothesis, so the mean
over the grid (`mixed`) is an e-process: it ever reaches 1/alpha with probability at
most alpha, however often one looks (Ville 1939). Data that arrive later are added:
merging is `+`. No normal approximation: ten errors are as valid as ten thousand.

Shapes: k rows (strata, keys) by t alternatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from components.deploy.logfactorial import log_factorial

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

GRID: Floats = np.log(np.geomspace(1.05, 20, 24))
"""Log odds ratios that harm may have, shape (24,); equal prior."""
STAKES: Floats = np.geomspace(0.01, 0.98, 24)
"""Bets on a difference of less than the margin, as shares of the largest safe one."""


def log_ratios(
    strata: ArrayLike, shifts: Floats = GRID, null: ArrayLike = 0.0
) -> Floats:
    """Return log P(x_C | b; null + shift) - log P(x_C | b; null), shape (k, t).

    `strata` is (k, 4): n_C, x_C, n_S, x_S. Given the bad outcomes b of both arms,
    x_C is hypergeometric when the arms are equal, and Fisher's noncentral
    hypergeometric when their log odds ratio is `null` (one, or one a row) plus a
    shift. Conditioning on b removes the base rate, so it may differ in every stratum
    (Mantel & Haenszel 1959). Raises ValueError for counts that cannot be.
    """
    table = np.asarray(strata, dtype=np.int64).reshape(-1, 4)
    n_canary, x_canary, n_stable, x_stable = table.T
    if (table < 0).any() or (x_canary > n_canary).any() or (x_stable > n_stable).any():
        raise ValueError(f"a stratum has more bad outcomes than requests: {table}")
    nulls = np.broadcast_to(np.asarray(null, dtype=float), len(table))
    found = np.zeros((len(table), len(shifts)))
    low, high = _support(table)
    telling = np.flatnonzero(high > low)
    if len(telling):
        found[telling] = _noncentral(table[telling], shifts, nulls[telling])
    return found


def paired(canary_only: ArrayLike, stable_only: ArrayLike, shifts: Floats) -> Floats:
    """Return log ratios of mirrored requests, shape (k, t).

    Only pairs with one bad answer count; it is the canary's with probability 1/2 if
    the arms are equal, theta / (1 + theta) if its odds are theta = exp(shift) times
    as high (McNemar's test, made sequential).
    """
    canary = np.asarray(canary_only, dtype=float).reshape(-1, 1)
    stable = np.asarray(stable_only, dtype=float).reshape(-1, 1)
    log_total = np.logaddexp(0, shifts)
    log_odds: Floats = canary * (shifts - log_total) - stable * log_total
    return np.asarray(log_odds + (canary + stable) * np.log(2))


def paired_margin(pairs: Sequence[int], margin: float) -> Floats:
    """Return log e-values against "worse by `margin` or more", shape (t,).

    `pairs` is n, canary only, stable only. D = (canary bad) - (stable bad) of a pair
    is -1, 0 or 1, and the null says E[D] >= margin. So 1 + stake (margin - D) has
    mean <= 1 under it and is never negative for stakes up to 1 / (1 - margin):
    a bet, whatever share of the pairs is discordant (Waudby-Smith & Ramdas 2024).
    The best stake is near margin / discordant share; the mixture need not know it.
    """
    n, canary, stable = pairs
    stakes = STAKES / (1 - margin)
    found: Floats = (
        canary * np.log1p(stakes * (margin - 1))
        + stable * np.log1p(stakes * (margin + 1))
        + (n - canary - stable) * np.log1p(stakes * margin)
    )
    return found


def against_rate(n: int, bad: int, rate: float, shifts: Floats) -> Floats:
    """Return binomial log ratios of `bad` in `n` against a fixed rate, shape (t,).

    Shifts are log odds ratios to `rate`: above 0 they look for a higher rate (a
    broken promise), below 0 for a lower one (permission).
    """
    null = np.log(rate) - np.log1p(-rate)
    logits = null + shifts
    found: Floats = bad * shifts - n * (np.logaddexp(0, logits) - np.logaddexp(0, null))
    return found


def margin_shift(rate: float, margin: float) -> float:
    """Return the log odds ratio that `margin` (absolute) means at a bad rate.

    Raises ValueError when rate + margin leaves (0, 1).
    """
    worse = rate + margin
    if not 0 < rate < worse < 1:
        raise ValueError(f"a rate of {rate} cannot get worse by {margin}")
    return float(np.log(worse / (1 - worse)) - np.log(rate / (1 - rate)))


def mixed(logs: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Return the log of the mean e-value along the last axis.

    `weights` (the prior) sum to at most 1; without them all count the same.
    """
    values = np.asarray(logs, dtype=float)
    if weights is None:
        weights = np.full(values.shape[-1], 1 / values.shape[-1])
    top = values.max(axis=-1)
    shares = np.exp(values - top[..., None]) * np.asarray(weights)
    found: Floats = top + np.log(shares.sum(axis=-1))
    return found


def _support(table: Integers) -> tuple[Integers, Integers]:
    """Return the smallest and the largest possible x_C of each stratum."""
    n_canary, x_canary, n_stable, x_stable = table.T
    bad = x_canary + x_stable
    return np.maximum(0, bad - n_stable), np.minimum(n_canary, bad)


def _noncentral(table: Integers, shifts: Floats, null: Floats) -> Floats:
    """Sum theta^x over the support, once for each shift: columns fit the cache."""
    low, high = _support(table)
    sizes = high - low + 1
    starts = np.cumsum(sizes) - sizes

    def spread(values: NDArray[Any]) -> NDArray[Any]:
        return np.repeat(values, sizes)

    n_canary, x_canary, n_stable, x_stable = table.T
    bad = x_canary + x_stable
    j = np.arange(sizes.sum()) - spread(starts - low)  # each possible x_C
    log_weight = -(
        log_factorial(j)
        + log_factorial(spread(n_canary) - j)
        + log_factorial(spread(bad) - j)
        + log_factorial(spread(n_stable - bad) + j)
    )
    # Relative to what was seen, so that the numbers stay small.
    away = (j - spread(x_canary)).astype(float)
    log_weight += spread(null) * away
    totals = np.empty((len(table), len(shifts) + 1))
    for column, shift in enumerate([0.0, *shifts]):
        terms = log_weight + away * shift
        top = np.maximum.reduceat(terms, starts)
        shares = np.exp(terms - spread(top))
        totals[:, column] = np.log(np.add.reduceat(shares, starts)) + top
    return totals[:, :1] - totals[:, 1:]
