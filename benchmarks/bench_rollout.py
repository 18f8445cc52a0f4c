"""Who is rolled back, who slips through, and how soon: three ways to judge a canary.

    python benchmarks/bench_rollout.py [--seeds 50] [--json FILE]

Simulated requests (rollout_simulation.py) go through the very `step` that decides in
production, and through two ways that are common elsewhere, on the same traffic:

- thresholds: the canary's error rate above 1 % or more than 5 % slow answers in a
  window is a failed check; five failed checks roll back (an Argo Rollouts
  AnalysisTemplate or a Flagger Canary as their documentation writes them; neither
  sees labels).
- z-test: canary against stable, pooled over all windows, one-sided, each metric and
  slice at p < 0.01, at every look.

Plans. "flights": configs/flights/rollout.yaml, up to 8,000 requests, all mirrored.
"large": 25,000 canary requests over 5, 25 and 50 %, one in twenty mirrored; "split":
the same without mirroring. Slices are as large as the carriers of August's flights.

Result, 50 seeds, 92 s on 2 cores of an AMD EPYC, 2026-11-24, Python 3.11.7, numpy
2.4.6. Wrong: a good candidate not promoted, a bad one promoted. Caught after: canary
requests, median and 90th percentile.

| plan    | candidate            | canario            | thresholds    | z-test        |
|---------|----------------------|--------------------|---------------|---------------|
| flights | equal                | 0 %                | 0 %           | 90 % wrong    |
| flights | 18 % slice flipped   | 34, 118            | 100 % wrong   | 22, 102       |
| flights | 40 % slow            | 9, 13              | 73, 111       | 9, 13         |
| flights | 40 % nulls           | 9, 13              | 100 % wrong   | 10, 14        |
| large   | equal                | 0 %                | 0 %           | 100 % wrong   |
| large   | 10 % slice, 8 points | 6,189, 13,118      | 100 % wrong   | 109, 404      |
| large   | slow 0.2 % to 1 %    | 733, 1,577         | 100 % wrong   | 81, 194       |
| large   | nulls 0 to 1 %       | 343, 529           | 100 % wrong   | 60, 156       |
| large   | errors 0.1 to 1 %    | 517, 964           | 587, 917      | 81, 186       |
| split   | 10 % slice, 8 points | 10,282, 19,884     | 100 % wrong   | 109, 404      |

0 of 50 is at most 7 % (95 % Clopper-Pearson), 100 % at least 93 %. The z-test is quick
because it alarms at anything: it sends back what is equal as well. With --seeds 400
--only flights/equal/canario: 399 promoted, 1 rolled back (at most 1.4 %; 1 % promised).
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # started as a file, from anywhere

from benchmarks.rollout_alarms import Alarm, thresholds, z_test  # noqa: E402
from benchmarks.rollout_simulation import (  # noqa: E402
    SLICE_COUNT,
    Candidate,
    Simulation,
    World,
)
from components.deploy.phases import Do, step  # noqa: E402
from components.deploy.plan import Plan  # noqa: E402
from components.deploy.state import OBSERVING, State  # noqa: E402
from contracts.config import RolloutConfig, load_rollout  # noqa: E402


@dataclass(frozen=True)
class End:
    """How one simulated rollout ended; requests until then."""

    decision: str
    requests: int
    canary: int
    harmed: int


@dataclass(frozen=True)
class Scenario:
    """A plan, the traffic and one candidate."""

    plan: str
    world: World
    candidate: Candidate
    max_requests: int


def flights_plan() -> RolloutConfig:
    """Return the plan of the flights project."""
    return load_rollout(ROOT / "configs" / "flights")


def large_plan(mirror: float) -> RolloutConfig:
    """Return the plan with 25,000 canary requests, `mirror` percent mirrored."""
    flights = flights_plan()
    sizes = zip(flights.steps, (1_000, 5_000, 19_000, 0), strict=True)
    steps = [
        s.model_copy(update={"min_requests": n, "mirror": mirror}) for s, n in sizes
    ]
    forever = {"deadline_minutes": 1e9, "steps": steps}
    return flights.model_copy(update=forever)


PLANS = {
    "flights": flights_plan(),
    "large": large_plan(5),
    "split": large_plan(0),
}
SMALL = World()
LARGE = World(window_requests=1000, wrong=0.20)
SCENARIOS = [
    Scenario("flights", SMALL, candidate, 8_000)
    for candidate in (
        Candidate("equal"),
        Candidate("slice wrong", carrier=0, flipped=True),
        Candidate("40 % slow", slow=0.4),
        Candidate("40 % nulls", null=0.4),
    )
] + [
    Scenario("large", LARGE, candidate, 110_000)
    for candidate in (
        Candidate("equal"),
        Candidate("slice 8 pts worse", worse=0.08, carrier=4),
        Candidate("1 % slow", slow=0.01),
        Candidate("1 % nulls", null=0.01),
        Candidate("1 % errors", error=0.01),
    )
]
SCENARIOS.append(
    Scenario(
        "split", LARGE, Candidate("slice 8 pts worse", worse=0.08, carrier=4), 110_000
    )
)


def by_evidence(scenario: Scenario, traffic: Simulation) -> End:
    """Judge as canario does."""
    plan = Plan(PLANS[scenario.plan], SLICE_COUNT)
    state = State()
    while not state.ended:
        seen = traffic.observe() if state.phase in OBSERVING else None
        decision = step(plan, state, seen)
        state = decision.state
        if decision.action.do is Do.SET_TRAFFIC:
            traffic.set_traffic(decision.action.weight, decision.action.mirror)
    ended = state.result()
    undecided = any("undecided" in reason for reason in ended.reasons)
    name = "undecided" if undecided else ended.decision.value
    return End(name, ended.requests, ended.canary_requests, ended.harmed_requests)


def by_alarm(make: Callable[[], Alarm], scenario: Scenario, traffic: Simulation) -> End:
    """Walk the same steps; an alarm rolls back, the last step promotes."""
    alarm, requests, canary, harmed = make(), 0, 0, 0
    for wants in PLANS[scenario.plan].steps:
        traffic.set_traffic(wants.weight, 0)  # neither way compares mirrored answers
        here = 0
        while here < max(wants.min_requests, 1):
            seen = traffic.observe()
            if seen is None:
                return End("undecided", requests, canary, harmed)
            here += seen.canary_requests
            requests += seen.requests
            canary += seen.canary_requests
            harmed += seen.harmed_requests
            if alarm(seen):
                return End("rolled_back", requests, canary, harmed)
    return End("promoted", requests, canary, harmed)


JUDGES: dict[str, Callable[[Scenario, Simulation], End]] = {
    "canario": by_evidence,
    "thresholds": partial(by_alarm, thresholds),
    "z-test": partial(by_alarm, z_test),
}


def play(case: tuple[int, str, int]) -> End:
    """Play one scenario (by index) with one judge and one seed."""
    index, judge, seed = case
    scenario = SCENARIOS[index]
    traffic = Simulation(
        scenario.world, scenario.candidate, seed, scenario.max_requests
    )
    return JUDGES[judge](scenario, traffic)


def summary(scenario: Scenario, judge: str, ends: list[End]) -> dict[str, object]:
    """Return rates with 95 % Clopper-Pearson intervals, and what it cost.

    Wrong is a good candidate that is not promoted and a bad one that is.
    """
    counts = {
        name: sum(end.decision == name for end in ends)
        for name in ("promoted", "rolled_back", "undecided")
    }
    good = scenario.candidate.name == "equal"
    wrong = len(ends) - counts["promoted"] if good else counts["promoted"]
    interval = binomtest(wrong, len(ends)).proportion_ci(method="exact")
    caught = [end.canary for end in ends if end.decision == "rolled_back"]
    return {
        "plan": scenario.plan,
        "candidate": scenario.candidate.name,
        "judge": judge,
        **counts,
        "wrong_rate": wrong / len(ends),
        "interval": [round(interval.low, 4), round(interval.high, 4)],
        "canary_to_rollback_median": _quantile(caught, 0.5),
        "canary_to_rollback_p90": _quantile(caught, 0.9),
        "requests_median": statistics.median(end.requests for end in ends),
        "harmed_share_mean": round(
            statistics.mean(end.harmed / end.requests for end in ends), 4
        ),
    }


def _quantile(values: list[int], level: float) -> int | None:
    """Return an order statistic; None of nothing."""
    if not values:
        return None
    return sorted(values)[min(len(values) - 1, int(level * len(values)))]


def show(found: list[dict[str, object]], console: Console) -> None:
    """Print the comparison."""
    table = Table(title="Wrong: a good candidate not promoted, a bad one promoted")
    table.caption = (
        "caught after: canary requests, median and 90th percentile; "
        "harmed: share of all requests that the canary answered badly"
    )
    heads = ("plan", "candidate", "judge", "wrong", "95 %", "caught after", "harmed")
    for name in heads:
        table.add_column(name, no_wrap=True)
    for row in found:
        low, high = row["interval"]  # type: ignore[misc]
        median, p90 = row["canary_to_rollback_median"], row["canary_to_rollback_p90"]
        table.add_row(
            str(row["plan"]),
            str(row["candidate"]),
            str(row["judge"]),
            f"{row['wrong_rate']:.0%}",
            f"{low:.0%}-{high:.0%}",
            "-" if median is None else f"{median:,}, {p90:,}",
            f"{row['harmed_share_mean']:.1%}",
            end_section=row["judge"] == list(JUDGES)[-1],
        )
    console.print(table)


def main() -> int:
    """Play everything on two processes; print a table, and JSON where asked."""
    parser = argparse.ArgumentParser(description="Compare ways to judge a canary.")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="plan/candidate/judge contains this")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    started = perf_counter()
    cells = [
        (i, judge)
        for i, scenario in enumerate(SCENARIOS)
        for judge in JUDGES
        if args.only in f"{scenario.plan}/{scenario.candidate.name}/{judge}"
    ]
    cases = [(*cell, seed) for cell in cells for seed in range(args.seeds)]
    with ProcessPoolExecutor(args.processes) as pool:
        ends = list(pool.map(play, cases, chunksize=10))
    found = [
        summary(SCENARIOS[i], judge, ends[n * args.seeds : (n + 1) * args.seeds])
        for n, (i, judge) in enumerate(cells)
    ]
    console = Console(width=88)
    show(found, console)
    console.print(f"{args.seeds} seeds, {perf_counter() - started:.0f} s")
    if args.json:
        worlds = {"flights": asdict(SMALL), "large": asdict(LARGE)}
        args.json.write_text(json.dumps({"worlds": worlds, "rows": found}, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
