"""The rollout as a pure function: where we stand and what was seen give what to do.

Nothing here reads a clock, a file or a server, so a rollout can be replayed look by
look, and a benchmark decides by the same code as production.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from components.deploy import timeline, wording
from components.deploy.observation import Observation
from components.deploy.plan import Plan
from components.deploy.policy import Judgement, judge
from components.deploy.state import OBSERVING, Phase, State
from components.deploy.tallies import absorb
from contracts.decisions import StepShare


class Do(StrEnum):
    """What the shell has to do to the world. Each may be repeated."""

    NOTHING = "nothing"
    SET_TRAFFIC = "set_traffic"
    PROMOTE = "promote"
    SETTLE = "settle"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True)
class Action:
    """One thing to do; weight and mirror (percent) are for SET_TRAFFIC."""

    do: Do = Do.NOTHING
    weight: float = 0
    mirror: float = 0


@dataclass(frozen=True)
class Decision:
    """The next state, the way there, and why. The state's `weight` is what is asked
    for; the shell replaces it by what it reads back."""

    state: State
    action: Action
    reasons: list[str]


def step(
    plan: Plan, state: State, seen: Observation | None = None, approved: bool = False
) -> Decision:
    """Decide the next move.

    `seen` is the next window while the rollout looks at traffic (None: there will be
    no more); `approved` answers a step's `pause`. Raises ValueError when it ended.
    """
    if state.phase in OBSERVING:
        return _look(plan, state, seen, approved)
    if state.phase is Phase.INITIALIZING:
        return _move(state, Phase.VALIDATING, Action(Do.SET_TRAFFIC), [wording.DARK])
    if state.phase is Phase.VALIDATING:
        return _enter(plan, state, 0, [wording.READY])
    if state.phase is Phase.PROMOTING:
        return _move(state, Phase.FINALISING, Action(Do.PROMOTE, 100), state.reasons)
    if state.phase is Phase.FINALISING:
        return _move(state, Phase.SUCCEEDED, Action(Do.SETTLE, 100), state.reasons)
    if state.phase is Phase.ROLLING_BACK:
        return _move(state, Phase.FAILED, Action(Do.ROLL_BACK), state.reasons)
    raise ValueError(f"the rollout has ended: {state.phase}")


def resume(state: State) -> State:
    """Return a halted rollout to its step, or the state as it is.

    What was gathered while stable was broken says nothing about the canary: the
    evidence starts anew, the traffic goes on behind the last window.
    """
    if not (state.phase is Phase.HALTED and state.resumes):
        return state
    changes = {"phase": Phase.PROGRESSING, "tallies": {}, "reasons": []}
    return state.model_copy(update={**changes, "resumes": False})


def _look(
    plan: Plan, state: State, seen: Observation | None, approved: bool
) -> Decision:
    counted = _count(plan, state, seen) if seen else state
    judged = judge(plan, counted.tallies, counted.requests)
    decision = _decide(plan, counted, seen, judged, approved)
    entry = timeline.entry(plan, counted, decision.state, judged, decision.reasons)
    recorded = [*counted.timeline, entry]
    state = decision.state.model_copy(update={"timeline": recorded})
    return Decision(state, decision.action, decision.reasons)


def _count(plan: Plan, state: State, seen: Observation) -> State:
    here = state.steps[state.step]
    share = StepShare(
        weight=state.weight,
        requests=here.requests + seen.requests,
        canary_requests=here.canary_requests + seen.canary_requests,
    )
    return state.model_copy(
        update={
            "window": seen.window,
            "time": seen.time,
            "steps": [*state.steps[: state.step], share],
            "requests": state.requests + seen.requests,
            "canary_requests": state.canary_requests + seen.canary_requests,
            "harmed_requests": state.harmed_requests + seen.harmed_requests,
            "tallies": absorb(plan, state.tallies, seen),
        }
    )


def _decide(
    plan: Plan,
    state: State,
    seen: Observation | None,
    judged: Judgement,
    approved: bool,
) -> Decision:
    if seen is not None and not seen.stable_ready:
        return _halt(state, [wording.STABLE_NOT_READY])
    if seen is not None and not seen.canary_ready:
        return _end(state, Phase.ROLLING_BACK, [wording.CANARY_NOT_READY])
    if judged.harm >= plan.threshold:
        return _end(state, Phase.ROLLING_BACK, wording.harm(plan, state, judged))
    if judged.stable_broken:
        return _halt(state, wording.stable_broken(plan, state, judged))
    if seen is None:
        return _undecided(plan, state, judged, wording.TRAFFIC_ENDED)
    waits_for = blockers(plan, state, seen, judged)
    onwards = not waits_for and (approved or not plan.step(state.step).pause)
    if onwards and state.step == len(plan.config.steps) - 1:
        return _end(state, Phase.PROMOTING, wording.earned(plan, state, judged))
    if state.time >= plan.config.deadline_minutes:
        return _undecided(plan, state, judged, wording.DEADLINE)
    if onwards:
        return _enter(plan, state, state.step + 1, [wording.step_done(plan, state)])
    if not waits_for:
        return _stay(plan, state, Phase.WAITING_PROMOTION, [wording.approval(state)])
    return _stay(plan, state, Phase.PROGRESSING, waits_for)


def blockers(
    plan: Plan, state: State, seen: Observation | None, judged: Judgement
) -> list[str]:
    """Return what keeps the rollout at its step, as sentences; empty to go on."""
    wants, here = plan.step(state.step), state.steps[state.step]
    found = []
    if seen is not None and not seen.canary_requests:
        found.append(wording.NO_DATA)
    if here.canary_requests < wants.min_requests:
        found.append(wording.few_requests(here, wants))
    if state.time - state.entered < wants.min_minutes:
        found.append(wording.early(state, wants))
    if judged.harm >= plan.suspicion:
        found.append(wording.suspicion(plan, judged))
    found += [wording.held(plan, name) for name in judged.held]
    found += [wording.canary_broken(plan, name) for name in judged.canary_broken]
    needed = plan.gating(state.step)
    if judged.asked:
        needed = plan.gates
        answers = [metric for metric in needed if metric.margin]
        found += [] if answers else [wording.asked(name) for name in judged.asked]
    names = {metric.name for metric in needed}
    closed = [g for g in judged.gates if g.metric in names and not g.open]
    return found + [wording.closed(plan, state, gate) for gate in closed]


def _undecided(plan: Plan, state: State, judged: Judgement, why: str) -> Decision:
    """Conclude without a conclusion, as `when_undecided` says."""
    missing = blockers(plan, state, None, judged) or [wording.approval(state)]
    reasons = [wording.undecided(plan, state, why), *missing]
    if plan.config.when_undecided == "promote":
        return _end(state, Phase.PROMOTING, reasons)
    if plan.config.when_undecided == "roll_back":
        return _end(state, Phase.ROLLING_BACK, reasons)
    return _end(state, Phase.HALTED, reasons)


def _halt(state: State, reasons: list[str]) -> Decision:
    """Stop where we stand: the canary may be the only healthy copy."""
    halted = state.model_copy(update={"resumes": True})
    return _end(halted, Phase.HALTED, reasons)


def _end(state: State, phase: Phase, reasons: list[str]) -> Decision:
    return _move(
        state.model_copy(update={"reasons": reasons}), phase, Action(), reasons
    )


def _enter(plan: Plan, state: State, index: int, reasons: list[str]) -> Decision:
    wants = plan.step(index)
    entered = state.model_copy(
        update={
            "step": index,
            "weight": wants.weight,
            "entered": state.time,
            "steps": [
                *state.steps,
                StepShare(weight=wants.weight, requests=0, canary_requests=0),
            ],
        }
    )
    action = Action(Do.SET_TRAFFIC, wants.weight, wants.mirror)
    return _move(entered, Phase.PROGRESSING, action, reasons)


def _stay(plan: Plan, state: State, phase: Phase, reasons: list[str]) -> Decision:
    """Hold the step; ask again for a weight that somebody changed behind our back."""
    wants = plan.step(state.step)
    if state.weight == wants.weight:
        return _move(state, phase, Action(), reasons)
    asked = state.model_copy(update={"weight": wants.weight})
    action = Action(Do.SET_TRAFFIC, wants.weight, wants.mirror)
    return _move(asked, phase, action, reasons)


def _move(state: State, phase: Phase, action: Action, reasons: list[str]) -> Decision:
    return Decision(state.model_copy(update={"phase": phase}), action, reasons)
