"""A small plan and windows of traffic, to tell rollouts with."""

from __future__ import annotations

from typing import Any

from components.deploy.observation import Observation, Pairs, Stratum, key
from components.deploy.phases import Decision, Do, step
from components.deploy.plan import Plan
from components.deploy.state import OBSERVING, State
from contracts.config import RolloutConfig

METRICS: list[dict[str, Any]] = [
    {"name": "error", "objective": 0.05, "gating": True},
    {"name": "wrong", "share": 4, "margin": 0.05, "gating": True},
]
STEPS: list[dict[str, Any]] = [
    {"weight": 10, "min_requests": 20, "mirror": 50},
    {"weight": 50, "min_requests": 100, "mirror": 50},
    {"weight": 100, "min_requests": 50},
]


def plan(**changes: Any) -> Plan:
    """Return a plan of three steps over errors and labels, changed as told."""
    values = {"steps": STEPS, "metrics": METRICS, "deadline_minutes": 6000, **changes}
    return Plan(RolloutConfig.model_validate(values), slice_count=4)


def window(number: int, weight: float, **changes: Any) -> Observation:
    """Return a window of 200 requests, 100 of them mirrored, both arms alike.

    `wrong` and `error` are bad rates of (canary, stable); `city` puts the wrong
    answers of the canary into one slice.
    """
    wrong = changes.pop("wrong", (0.2, 0.2))
    error = changes.pop("error", (0.0, 0.0))
    single = round(weight)  # unmirrored canary requests of 100
    values: dict[str, Any] = {
        "window": number,
        "time": 60.0 * (number + 1),
        "requests": 200,
        "canary_requests": round(2 * weight),
        "strata": {
            key("error"): [rows(single, *error)],
            key("wrong"): [rows(single, *wrong)],
        },
        "pairs": {
            key("error"): both(100, *error),
            key("wrong"): both(100, *wrong),
        },
    }
    return Observation.model_validate({**values, **changes})


def rows(canary: int, canary_rate: float, stable_rate: float) -> Stratum:
    """Return a stratum of 100 requests."""
    stable = 100 - canary
    return Stratum(
        canary, round(canary * canary_rate), stable, round(stable * stable_rate)
    )


def both(n: int, canary_rate: float, stable_rate: float) -> Pairs:
    """Return mirrored requests; the arms differ by three answers at least."""
    more = round(n * (canary_rate - stable_rate))
    apart = 3 if canary_rate else 0
    shared = round(n * min(canary_rate, stable_rate)) - apart
    return Pairs(n, max(more, 0) + apart, max(-more, 0) + apart, max(shared, 0))


def play(
    plan: Plan, state: State | None = None, windows: int = 100, **changes: Any
) -> State:
    """Drive the rollout with windows alike until it ends or has seen so many."""
    state = state or State()
    while not state.ended and (windows or state.phase not in OBSERVING):
        windows -= state.phase in OBSERVING
        state = look(plan, state, **changes).state
    return state


def look(plan: Plan, state: State, **changes: Any) -> Decision:
    """Take one step; windows follow each other, the weight is what is asked for."""
    seen = None
    approved = changes.pop("approved", False)
    if state.phase in OBSERVING:
        number = 0 if state.window is None else state.window + 1
        seen = window(number, state.weight, **changes)
    return step(plan, state, seen, approved)


def progressing(plan: Plan) -> State:
    """Return a rollout that has just entered its first step."""
    state = look(plan, look(plan, State()).state).state
    assert state.weight == plan.step(0).weight
    return state


def does(decision: Decision) -> Do:
    """Return what a decision asks of the world."""
    return decision.action.do
