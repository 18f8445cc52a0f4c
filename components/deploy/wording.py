"""The sentences of a rollout: what was found, against what, and what is missing."""

from __future__ import annotations

import math

from components.deploy.observation import ALL, key
from components.deploy.plan import COVERAGE, Plan
from components.deploy.policy import Gate, Judgement
from components.deploy.state import State
from components.deploy.tallies import Tally, split
from contracts.config.rollout import StepConfig
from contracts.decisions import StepShare

DARK = "both models are up, the candidate dark"
READY = "the candidate is ready for traffic"
STABLE_NOT_READY = (
    "stable is not ready: nothing is changed, the canary may be the only healthy copy"
)
CANARY_NOT_READY = "the canary is not ready any more"
TRAFFIC_ENDED = "the traffic ended"
DEADLINE = "the deadline has passed"
NO_DATA = "no request reached the canary in this window, and no data is not good data"
_NAMED = 5  # carriers that a sentence names
_LARGEST = 1e12  # above this evidence only the exponent would grow
_READABLE = 1_000_000


def evidence(log_e: float) -> float:
    """Return an e-value for people and JSON: four digits, at most 1e12."""
    return float(f"{min(math.exp(min(log_e, 700)), _LARGEST):.4g}")


def spoken(log_e: float) -> str:
    """Return the e-value of a logarithm for people."""
    return number(evidence(log_e))


def number(value: float) -> str:
    """Return an e-value for people: three digits, whole from 100 up to a million."""
    if value >= _READABLE:
        return f"over {_READABLE:,}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def named(name: str) -> str:
    """Return a key as people say it: `wrong carrier=UA`."""
    metric, slice_key = split(name)
    return f"{metric} {slice_key}" if slice_key != ALL else metric


def harm(plan: Plan, state: State, judged: Judgement) -> list[str]:
    """Return why the canary is shown to do harm; the strongest carrier first."""
    strongest = judged.carriers[0]
    carried = ", ".join(named(name) for name in judged.carriers[:_NAMED])
    more = len(judged.carriers) - _NAMED
    carried += f" and {more} more" if more > 0 else ""
    return [
        f"harm shown at {state.weight:g} %: {carried}; evidence "
        f"{spoken(judged.harm)} of {spoken(plan.threshold)} needed",
        f"{named(strongest)}: {counts(state.tallies[strongest])}",
    ]


def suspicion(plan: Plan, judged: Judgement) -> str:
    """Return that harm is suspected, which is no reason for more traffic."""
    return (
        f"{named(judged.carriers[0])}: harm suspected (evidence "
        f"{spoken(judged.harm)} of {spoken(plan.threshold)})"
    )


def counts(tally: Tally) -> str:
    """Return the counts behind a key."""
    (n_canary, x_canary), (n_stable, x_stable) = tally.canary, tally.stable
    found = (
        f"canary {x_canary:,} bad of {n_canary:,}, stable {x_stable:,} of {n_stable:,}"
    )
    if not tally.pairs.n:
        return found
    return (
        f"{found}; of {tally.pairs.n:,} mirrored requests the canary alone was bad in "
        f"{tally.pairs.canary_only:,}, stable alone in {tally.pairs.stable_only:,}"
    )


def stable_broken(plan: Plan, state: State, judged: Judgement) -> list[str]:
    """Return which promise stable breaks: no canary can be blamed for it."""
    found = []
    for name in judged.stable_broken:
        n, bad = state.tallies[key(name, ALL)].stable
        found.append(
            f"stable is unhealthy: {name} in {bad:,} of {n:,}, "
            f"above the objective of {_percent(plan.metrics[name].objective)}; halted"
        )
    return found


def canary_broken(plan: Plan, name: str) -> str:
    """Return that the canary misses an objective that stable is not shown to miss."""
    return f"{name}: the canary is above {_percent(plan.metrics[name].objective)}"


def held(plan: Plan, name: str) -> str:
    """Return why a metric holds the rollout."""
    if name == COVERAGE:
        return (
            "unlabelled: labels reach the arms at different rates, "
            "so quality is not believed"
        )
    found = f"evidence of {spoken(plan.threshold)} or more against the canary"
    return f"{name}: {found}, held as configured"


def asked(name: str) -> str:
    """Return a question that no gating metric with a margin can answer."""
    return f"{name}: the canary answers differently, and no label says who is right"


def few_requests(here: StepShare, wants: StepConfig) -> str:
    """Return how many requests the step still lacks."""
    return f"{here.canary_requests:,} of {wants.min_requests:,} canary requests"


def early(state: State, wants: StepConfig) -> str:
    """Return how long the step has lasted."""
    return f"{state.time - state.entered:g} of {wants.min_minutes:g} minutes"


def approval(state: State) -> str:
    """Return what a pause waits for."""
    return f"step {state.step + 1} is done and waits for approval"


def closed(plan: Plan, state: State, gate: Gate) -> str:
    """Return what a gate lacks, and about how many more requests would show it."""
    tally = state.tallies.get(key(gate.metric, ALL), Tally())
    found = (
        f"{gate.metric}: not shown to be {gate.claim} "
        f"(evidence {spoken(gate.log_e)} of {spoken(plan.threshold)}"
    )
    if not tally.canary[0]:
        return f"{found}; nothing of it was seen yet)"
    if gate.growth <= 0 or gate.log_e >= plan.threshold:
        return f"{found}; more requests would not help as it looks)"
    more = math.ceil((plan.threshold - gate.log_e) / gate.growth)
    return f"{found}; about {more:,} more requests would show it)"


def step_done(plan: Plan, state: State) -> str:
    """Return why the next step may begin."""
    here = state.steps[state.step]
    shown = [metric.name for metric in plan.gating(state.step)]
    found = f"no harm shown in {here.canary_requests:,} canary requests"
    harmless = f"; {', '.join(shown)} shown harmless" if shown else ""
    return f"{found} at {state.weight:g} %{harmless}"


def earned(plan: Plan, state: State, judged: Judgement) -> list[str]:
    """Return why the candidate is promoted."""
    found = [
        f"no harm shown in {state.canary_requests:,} canary requests of "
        f"{state.requests:,} (evidence {spoken(judged.harm)} of "
        f"{spoken(plan.threshold)})"
    ]
    for gate in judged.gates:
        if gate.open:
            found.append(f"{gate.metric}: {gate.claim} ({_shown(state, gate)})")
    return found


def _shown(state: State, gate: Gate) -> str:
    """Return the counts of a gate: a rate by itself, or the arms side by side."""
    tally = state.tallies[key(gate.metric, ALL)]
    (n, bad), (n_stable, bad_stable) = tally.canary, tally.stable
    if not gate.compares:
        return f"{bad:,} of {n:,} answers"
    found = f"{bad:,} bad of {n:,}, stable {bad_stable:,} of {n_stable:,}"
    _, alone, stable_alone, _ = tally.pairs
    return f"{found}; {alone:,} against {stable_alone:,} where mirrored answers differ"


def undecided(plan: Plan, state: State, why: str) -> str:
    """Return how a rollout without a conclusion ends."""
    ends = {"hold": "holds", "roll_back": "rolls back", "promote": "promotes"}
    return (
        f"{why} at step {state.step + 1} of {len(plan.config.steps)} "
        f"({state.weight:g} %) after {state.requests:,} requests, undecided: "
        f"the plan {ends[plan.config.when_undecided]}"
    )


def _percent(rate: float | None) -> str:
    return f"{100 * (rate or 0):g} %"
