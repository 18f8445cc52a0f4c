"""Rollouts, told as stories: each test is one."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.deploy.observation import Pairs, Stratum, key
from components.deploy.phases import Do, resume, step
from components.deploy.state import Phase, State
from contracts.decisions import RolloutDecision
from tests.components.deploy.stories import (
    METRICS,
    STEPS,
    does,
    look,
    plan,
    play,
    progressing,
    window,
)

Rates = tuple[float, float]
PREDICTION = {"name": "prediction", "on_evidence": "hold"}
COVERAGE = {"name": "unlabelled", "on_evidence": "hold"}


def test_a_good_candidate_is_promoted() -> None:
    state = play(plan())
    assert state.phase is Phase.SUCCEEDED
    assert [share.weight for share in state.steps] == [10, 50, 100]
    assert "not worse than stable by 5 points" in " ".join(state.reasons)


def test_the_phases_come_in_their_order() -> None:
    state, seen, asked = State(), [], []
    while not state.ended:
        decision = look(plan(), state)
        state = decision.state
        seen.append(state.phase.value)
        asked.append(does(decision).value)
    assert list(dict.fromkeys(seen)) == [
        "validating",
        "progressing",
        "promoting",
        "finalising",
        "succeeded",
    ]
    assert asked[-2:] == ["promote", "settle"]


def test_requests_are_counted_by_step() -> None:
    state = play(plan())
    result = state.result()
    assert result.requests == sum(share.requests for share in result.steps)
    assert result.canary_requests == sum(s.canary_requests for s in result.steps)
    first = result.steps[0]
    assert first.canary_requests == first.requests / 10


def test_wrong_on_one_slice_is_rolled_back_by_name() -> None:
    strata = {
        key("wrong"): [Stratum(20, 5, 80, 16)],
        key("wrong", "city=Oslo"): [Stratum(4, 4, 16, 3)],
        key("wrong", "city=Lima"): [Stratum(16, 1, 64, 13)],
    }
    state = play(plan(), strata=strata, pairs={})
    assert state.phase is Phase.FAILED
    assert "wrong city=Oslo" in state.reasons[0]
    assert "Lima" not in state.reasons[0]


def test_a_rollback_asks_for_it_once_and_keeps_the_reason() -> None:
    decision = look(plan(), progressing(plan()), error=(0.5, 0.0))
    assert decision.state.phase is Phase.ROLLING_BACK
    decision = step(plan(), decision.state)
    assert (does(decision), decision.state.phase) == (Do.ROLL_BACK, Phase.FAILED)
    assert decision.state.result().decision is RolloutDecision.ROLLED_BACK
    assert "error: canary" in " ".join(decision.reasons)


def test_harm_at_full_traffic_still_rolls_back() -> None:
    state = progressing(plan())
    while state.weight < 100:
        state = look(plan(), state).state
    state = play(plan(), state, error=(0.6, 0.0), windows=5)
    assert state.phase is Phase.FAILED


def test_unhealthy_stable_halts_instead_of_blaming_the_canary() -> None:
    state = play(plan(), error=(0.3, 0.3))
    assert state.phase is Phase.HALTED
    assert "stable is unhealthy: error" in state.reasons[0]
    assert state.weight == 10


def test_a_halt_resumes_with_fresh_evidence() -> None:
    halted = play(plan(), error=(0.3, 0.3))
    state = resume(halted)
    assert (state.phase, state.tallies) == (Phase.PROGRESSING, {})
    assert play(plan(), state).phase is Phase.SUCCEEDED
    assert resume(play(plan())).phase is Phase.SUCCEEDED


@pytest.mark.parametrize(
    ("canary", "stable", "phase"),
    [
        (False, True, Phase.ROLLING_BACK),
        (True, False, Phase.HALTED),
        (False, False, Phase.HALTED),
    ],
)
def test_who_is_not_ready(canary: bool, stable: bool, phase: Phase) -> None:
    state = progressing(plan())
    ready = {"canary_ready": canary, "stable_ready": stable}
    assert look(plan(), state, **ready).state.phase is phase


def test_no_data_is_not_good_data() -> None:
    silent = {"canary_requests": 0, "requests": 0, "strata": {}, "pairs": {}}
    decision = look(plan(), progressing(plan()), **silent)
    assert decision.state.phase is Phase.PROGRESSING
    assert "no data is not good data" in decision.reasons[0]


def test_without_labels_it_holds_until_the_deadline() -> None:
    unlabelled = {"strata": {}, "pairs": {key("error"): Pairs(200, 0, 0)}}
    state = play(plan(), **unlabelled)
    assert state.phase is Phase.FAILED
    assert state.time == 6000
    assert "undecided" in state.reasons[0]
    assert "wrong: not shown" in state.reasons[1]
    assert "nothing of it was seen" in state.reasons[1]


def test_what_was_missing_is_said_with_a_number() -> None:
    state = play(plan(deadline_minutes=120))
    missing = [reason for reason in state.reasons if "wrong: not shown" in reason]
    assert re.search(r"about [\d,]+ more requests would show it", missing[0])


@pytest.mark.parametrize(
    ("choice", "phase"),
    [
        ("roll_back", Phase.FAILED),
        ("promote", Phase.SUCCEEDED),
        ("hold", Phase.HALTED),
    ],
)
def test_the_plan_decides_what_nothing_else_did(choice: str, phase: Phase) -> None:
    state = play(plan(deadline_minutes=120, when_undecided=choice))
    assert state.phase is phase
    assert resume(state).phase is phase


def test_the_end_of_the_traffic_is_no_conclusion() -> None:
    state = play(plan(), windows=2)
    ended = step(plan(), state, None).state
    assert ended.phase is Phase.ROLLING_BACK
    assert "the traffic ended at step 2 of 3 (50 %)" in ended.reasons[0]


def _with_labels_lost(stable: float) -> dict[str, object]:
    """Half of the canary's labels never come, and those that do look bad."""
    lost = [Stratum(10, 5, 90, round(90 * stable))]
    seen = window(0, 10, wrong=(0.9, 0.2))
    return {"strata": {**seen.strata, key("unlabelled"): lost}, "pairs": seen.pairs}


def test_quality_is_not_believed_when_the_arms_are_labelled_differently() -> None:
    watching = plan(metrics=[*METRICS, COVERAGE])
    state = progressing(watching)
    coverage = {"strata": {key("unlabelled"): [Stratum(50, 40, 50, 0)]}, "pairs": {}}
    state = look(watching, state, **coverage).state
    decision = look(watching, state, **_with_labels_lost(0.01))
    assert decision.state.phase is Phase.PROGRESSING
    assert "different rates" in " ".join(decision.reasons)
    assert look(plan(), progressing(plan()), **_with_labels_lost(0.01)).state.phase is (
        Phase.ROLLING_BACK
    )


def _shifted(number: int) -> dict[str, object]:
    seen = window(number, 10)
    shift = {key("prediction"): Pairs(100, 40, 2)}
    return {"strata": seen.strata, "pairs": {**seen.pairs, **shift}}


def test_a_shift_of_predictions_asks_and_the_labels_answer() -> None:
    watching = plan(metrics=[*METRICS, PREDICTION])
    first = look(watching, progressing(watching), **_shifted(0))
    assert first.state.step == 0  # without the shift the step would be done
    assert "wrong: not shown" in " ".join(first.reasons)
    state = play(watching, first.state, **_shifted(1))
    assert state.phase is Phase.SUCCEEDED


def test_a_shift_that_no_label_can_answer_holds() -> None:
    watching = plan(metrics=[METRICS[0], PREDICTION])
    state = play(watching, **_shifted(0))
    assert state.phase is Phase.FAILED
    assert "no label says who is right" in " ".join(state.reasons)


def test_evidence_that_shall_hold_does_not_roll_back() -> None:
    holding = [METRICS[0], {**METRICS[1], "on_evidence": "hold"}]
    decision = look(plan(metrics=holding), progressing(plan()), wrong=(0.9, 0.1))
    assert decision.state.phase is Phase.PROGRESSING
    assert "held as configured" in " ".join(decision.reasons)


def test_a_canary_above_its_objective_waits() -> None:
    above = {"strata": {key("error"): [Stratum(100, 30, 0, 0)]}, "pairs": {}}
    decision = look(plan(), progressing(plan()), **above)
    assert decision.state.phase is Phase.PROGRESSING
    assert "error: the canary is above 5 %" in decision.reasons


def test_suspicion_gives_no_more_traffic() -> None:
    odd = {"strata": {}, "pairs": {key("error"): Pairs(100, 10, 0)}}
    decision = look(plan(), progressing(plan()), **odd)
    assert decision.state.step == 0
    assert "error: harm suspected" in " ".join(decision.reasons)


def test_the_step_before_all_traffic_always_asks_for_proof() -> None:
    assert [m.name for m in plan().gating(1)] == ["error", "wrong"]
    assert plan().gating(0) == []
    assert [m.name for m in plan(waive=["wrong"]).gating(1)] == ["error"]


def test_a_waived_metric_is_not_waited_for() -> None:
    silent = {"strata": {}, "pairs": {key("error"): Pairs(200, 0, 0)}}
    assert play(plan(waive=["wrong"]), **silent).phase is Phase.SUCCEEDED


def test_a_step_lasts_its_minutes() -> None:
    slow = [{**STEPS[0], "min_minutes": 200}, *STEPS[1:]]
    state = play(plan(steps=slow), windows=3)
    assert (state.step, state.time) == (0, 180)
    assert look(plan(steps=slow), state).state.step == 1


def test_a_pause_waits_for_a_person() -> None:
    asking = plan(steps=[{**STEPS[0], "pause": True}, *STEPS[1:]])
    state = play(asking, windows=5)
    assert state.phase is Phase.WAITING_PROMOTION
    assert look(asking, state, approved=True).state.step == 1
    assert look(asking, state, error=(0.9, 0)).state.phase is Phase.ROLLING_BACK
    assert "waits for approval" in play(asking, state).reasons[1]


def test_a_weight_changed_behind_our_back_is_asked_for_again() -> None:
    state = progressing(plan()).model_copy(update={"weight": 7.0})
    few = window(0, 7, canary_requests=5)
    decision = step(plan(), state, few)
    assert (does(decision), decision.action.weight) == (Do.SET_TRAFFIC, 10)
    assert decision.state.steps[0].weight == 7


def test_a_rollout_that_ended_decides_no_more() -> None:
    with pytest.raises(ValueError, match="ended: succeeded"):
        step(plan(), play(plan()))


def test_the_timeline_can_be_drawn_and_stays_small() -> None:
    timeline = play(plan(), error=(0.9, 0.0)).timeline
    last = timeline[-1]
    assert last["evidence"] >= last["threshold"] == 100
    assert last["next_phase"] == "rolling_back"
    assert last["top"][0]["key"] == "error|"
    assert {gate["metric"] for gate in last["gates"]} == {"error", "wrong"}
    assert len(json.dumps(timeline, allow_nan=False)) < 4000 * len(timeline)


rates = st.tuples(st.sampled_from([0.0, 0.1, 0.9]), st.sampled_from([0.0, 0.1]))
worlds = st.lists(
    st.tuples(rates, rates, st.integers(0, 40), st.booleans()), min_size=1, max_size=12
)


@settings(max_examples=30)
@given(worlds, st.sampled_from(["roll_back", "promote", "hold"]))
def test_whatever_is_seen_there_is_an_answer(
    seen: list[tuple[Rates, Rates, int, bool]], undecided: str
) -> None:
    """It always ends, says why, and its state survives being written and read."""
    asking, state = plan(when_undecided=undecided), progressing(plan())
    for wrong, error, canary, ready in seen:
        if state.phase is not Phase.PROGRESSING:
            break
        state = look(
            asking,
            state,
            wrong=wrong,
            error=error,
            canary_requests=canary,
            canary_ready=ready or canary > 10,
        ).state
        assert State.model_validate_json(state.model_dump_json()) == state
    while not state.ended:
        state = step(asking, state, None).state
    assert state.result().reasons
