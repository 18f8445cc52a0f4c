"""The e-process: its oracles, and that it is one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom, multinomial, nchypergeom_fisher

from components.deploy.evidence import (
    GRID,
    against_rate,
    log_ratios,
    margin_shift,
    mixed,
    paired,
    paired_margin,
)

ORACLES = [
    ([(100, 10, 900, 45)], 1.779713),
    ([(100, 10, 900, 45)] * 2, 7.859833),
    ([(100, 10, 900, 45)] * 5, 1128.502152),
    ([(100, 5, 900, 45)], 0.186573),
    ([(100, 5, 900, 45)] * 20, 0.048468),
    ([(100, 0, 900, 0)], 1.0),
]
arms = st.tuples(st.integers(0, 30), st.integers(1, 30), st.integers(0, 60))


@pytest.mark.parametrize(("strata", "expected"), ORACLES)
def test_oracles_of_the_design(strata: list[tuple[int, ...]], expected: float) -> None:
    evidence = np.exp(mixed(log_ratios(strata).sum(axis=0)))
    assert evidence == pytest.approx(expected, abs=5e-7)


@given(arms)
def test_the_mean_under_equality_is_one(arms: tuple[int, int, int]) -> None:
    """Exactly, for every alternative: no simulation is needed to trust the level."""
    n_canary, n_stable, bad = arms[0], arms[1], min(arms[2], arms[0] + arms[1])
    x = np.arange(max(0, bad - n_stable), min(n_canary, bad) + 1)
    strata = [(n_canary, k, n_stable, bad - k) for k in x]
    chance = hypergeom(n_canary + n_stable, bad, n_canary).pmf(x)
    assert chance @ np.exp(log_ratios(strata)) == pytest.approx(np.ones(24))


@given(arms, st.floats(0.1, 3))
def test_the_mean_at_the_margin_is_one(
    arms: tuple[int, int, int], margin: float
) -> None:
    n_canary, n_stable, bad = arms[0], arms[1], min(arms[2], arms[0] + arms[1])
    x = np.arange(max(0, bad - n_stable), min(n_canary, bad) + 1)
    strata = [(n_canary, k, n_stable, bad - k) for k in x]
    truth = nchypergeom_fisher(n_canary + n_stable, bad, n_canary, np.exp(margin))
    chance = truth.pmf(x) if len(x) > 1 else np.ones(1)
    ratios = np.exp(log_ratios(strata, -GRID, margin))
    assert chance @ ratios == pytest.approx(np.ones(24), rel=1e-6)


def test_a_worse_truth_than_the_margin_gives_less_evidence() -> None:
    worse = nchypergeom_fisher(200, 60, 100, np.exp(0.8))
    x = np.arange(61)
    strata = [(100, k, 100, 60 - k) for k in x]
    assert (worse.pmf(x) @ np.exp(log_ratios(strata, -GRID, 0.5)) < 1).all()


@given(st.integers(0, 80))
def test_pairs_have_mean_one_under_equality(discordant: int) -> None:
    x = np.arange(discordant + 1)
    ratios = np.exp(paired(x, discordant - x, GRID))
    assert binom(discordant, 0.5).pmf(x) @ ratios == pytest.approx(np.ones(24))


@given(st.floats(0.01, 0.3), st.floats(0, 0.3))
def test_pairs_at_the_margin_have_mean_one(margin: float, stable_only: float) -> None:
    """Whatever share of the pairs is discordant."""
    n = 3
    chances = (margin + stable_only, stable_only, 1 - margin - 2 * stable_only)
    total = np.zeros(24)
    for canary in range(n + 1):
        for stable in range(n + 1 - canary):
            counts = (canary, stable, n - canary - stable)
            weight = multinomial(n, chances).pmf(counts)
            total += weight * np.exp(paired_margin((n, canary, stable), margin))
    assert total == pytest.approx(np.ones(24))


@given(st.integers(0, 60), st.floats(0.001, 0.6))
def test_a_rate_at_its_objective_has_mean_one(n: int, rate: float) -> None:
    x = np.arange(n + 1)
    for shifts in (GRID, -GRID):
        ratios = np.exp([against_rate(n, int(k), rate, shifts) for k in x])
        assert binom(n, rate).pmf(x) @ ratios == pytest.approx(np.ones(24))


@given(st.lists(arms, min_size=1, max_size=6), st.integers(0, 6))
def test_merging_is_addition(rows: list[tuple[int, int, int]], cut: int) -> None:
    strata = [(a, min(a, b, c), b, min(b, c)) for a, b, c in rows]
    parts = log_ratios(strata[:cut]).sum(axis=0) + log_ratios(strata[cut:]).sum(axis=0)
    assert parts == pytest.approx(log_ratios(strata).sum(axis=0))


def test_looking_sixty_times_keeps_the_level() -> None:
    """Equal arms, weights 5, 25, 50 %, a base rate that drifts: Simpson's trap."""
    random = np.random.default_rng(5)
    runs, looks = 1000, 60
    weight = np.repeat([0.05, 0.25, 0.5], looks // 3)
    base = np.linspace(0.2, 0.3, looks)
    n_canary = random.binomial(200, weight, (runs, looks))
    n_stable = 200 - n_canary
    bad = random.binomial(n_canary, base), random.binomial(n_stable, base)
    strata = np.stack([n_canary, bad[0], n_stable, bad[1]], axis=-1)
    ratios = log_ratios(strata.reshape(-1, 4)).reshape(runs, looks, -1)
    evidence = np.exp(mixed(ratios.cumsum(axis=1)))
    # At most 1 % is promised; 18 of 1000 lie 2.5 standard errors above it.
    assert (evidence.max(axis=1) >= 100).sum() <= 18
    assert (evidence.max(axis=1) >= 10).sum() <= 124


def test_a_worse_slice_is_caught_soon() -> None:
    """20 % against 28 %: the power, in canary requests of the slice."""
    random = np.random.default_rng(6)
    needed = []
    for _ in range(60):
        n_canary = random.binomial(200, np.repeat([0.05, 0.25, 0.5], 20))
        bad = random.binomial(n_canary, 0.28), random.binomial(200 - n_canary, 0.2)
        strata = np.stack([n_canary, bad[0], 200 - n_canary, bad[1]], axis=-1)
        shown = mixed(log_ratios(strata).cumsum(axis=0)) >= np.log(10_000)
        needed.append(n_canary.cumsum()[shown.argmax()] if shown.any() else np.inf)
    assert np.median(needed) < 900


def test_large_windows_stay_exact() -> None:
    """Two million requests, beyond the table of factorials."""
    strata = [(1_000_000, 510, 1_000_000, 500)]
    x = np.arange(1011)
    chance = hypergeom(2_000_000, 1010, 1_000_000).logpmf(x)
    total = np.logaddexp.reduce(chance + GRID[3] * x)
    expected = 510 * GRID[3] - total
    assert log_ratios(strata)[0, 3] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("row", [(5, 6, 5, 0), (5, 0, 5, 6), (5, -1, 5, 0)])
def test_counts_that_cannot_be_are_refused(row: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="more bad outcomes"):
        log_ratios([row])


def test_a_margin_in_points_as_odds() -> None:
    assert np.exp(margin_shift(0.2, 0.05)) == pytest.approx(4 / 3)
    with pytest.raises(ValueError, match="cannot get worse"):
        margin_shift(0.98, 0.05)
