"""The shell: what it remembers, what it does to the world, and that it can die."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.rollout_simulation import Candidate, Simulation, World
from components.deploy.backends import Backend
from components.deploy.deploy import carry_out, run
from components.deploy.observation import Observation
from components.deploy.order import Order
from components.deploy.state import State
from contracts.artifacts import MANIFEST, ROLLOUT, Manifest, read_json
from contracts.config import RolloutConfig, SliceConfig
from contracts.decisions import RolloutDecision
from contracts.errors import BadInput, EnvironmentFault
from contracts.registry import ModelStatus, Registry
from contracts.storage import LocalStorage, Storage
from tests.components.deploy.stories import METRICS

NOON = datetime(2013, 8, 1, 12, tzinfo=UTC)
PLAN = RolloutConfig.model_validate(
    {
        "steps": [
            {"weight": 10, "min_requests": 20, "mirror": 100},
            {"weight": 50, "min_requests": 100, "mirror": 100},
            {"weight": 100, "min_requests": 50},
        ],
        "metrics": [METRICS[0], {**METRICS[1], "margin": 0.1}],
        "window_minutes": 180,
        "deadline_minutes": 100_000,
    }
)
GOOD = Candidate("good")
BAD = Candidate("bad", carrier=0, flipped=True)


class Killed(Exception):
    """What stands for kill -9: nothing after it runs."""


class Mortal(Simulation):
    """A backend that dies at its `dies_at`-th call, before or after acting."""

    calls = 0
    dies_at = -1
    log: list[str]

    def set_traffic(self, weight: float, mirror: float) -> float:
        self._live("set_traffic")
        return super().set_traffic(weight, mirror)

    def observe(self) -> Observation | None:
        seen = super().observe()
        self._live("observe")
        return seen

    def promote(self) -> None:
        self._live("promote")

    def roll_back(self) -> None:
        self._live("roll_back")

    def close(self) -> None:
        self.log.append("close")

    def _live(self, call: str) -> None:
        self.log.append(call)
        self.calls += 1
        if self.calls == self.dies_at:
            raise Killed(call)


class Town:
    """A workspace with a live model, a candidate, and traffic that never happened."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.storage = LocalStorage(root / "workspace")
        self.registry = Registry(self.storage)
        self.history: dict[int, tuple[float, float]] = {}
        self.log: list[str] = []
        self.said: list[str] = []
        for name in ("stable", "candidate"):
            (root / name / "1").mkdir(parents=True)
            (root / name / "1" / "saved_model.pb").write_text(name)
        replay(root / "traffic", 4000)
        self.registry.push(root / "stable", "s" * 64, "r1", [1], NOON)
        self.registry.settle("s" * 64, ModelStatus.LIVE, NOON, ["first"])

    def order(self, **changes: object) -> Order:
        order = Order(
            project="flights",
            model=self.root / "candidate",
            traffic=self.root / "traffic",
            evaluation=self.root / "evaluation",
            baseline_uri=str(self.root / "stable"),
            baseline_digest="s" * 64,
            slices=[SliceConfig(name="carrier", column="carrier", top=12)],
            rollout=PLAN,
            plant="",
            spans=[1, 2],
            run_id="r2",
        )
        return replace(order, **changes)  # type: ignore[arg-type]

    def carry_out(
        self, order: Order, candidate: Candidate = GOOD, dies_at: int = -1
    ) -> tuple[RolloutDecision, bool]:
        @contextmanager
        def backend(order: Order, storage: Storage) -> Iterator[Backend]:
            found = Mortal(World(), candidate, 3, 4000, self.history)
            found.dies_at, found.log = dies_at, self.log
            try:
                yield found
            finally:
                found.close()

        result, acted = carry_out(
            order, self.storage, backend, lambda: NOON, self.said.append
        )
        self.result = result
        return result.decision, acted

    def statuses(self) -> list[str]:
        return [record.status.value for record in self.registry.records()]

    def state(self, order: Order) -> State:
        return State.model_validate_json(
            self.storage.read(f"{order.prefix}/state.json")
        )


def replay(folder: Path, requests: int) -> None:
    """Write a traffic artifact; the requests themselves are simulated."""
    manifest = Manifest(
        project="flights",
        source="-",
        source_digest="-",
        spans=[],
        splits={"replay": requests},
        columns={},
        classes=["on_time", "late"],
    )
    folder.mkdir()
    (folder / MANIFEST).write_text(manifest.model_dump_json())


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def test_a_good_candidate_becomes_live(town: Town) -> None:
    assert town.carry_out(town.order()) == (RolloutDecision.PROMOTED, True)
    assert town.statuses() == ["retired", "live"]
    assert town.log[-2:] == ["promote", "close"]


def test_a_bad_candidate_is_taken_back(town: Town) -> None:
    assert town.carry_out(town.order(), BAD) == (RolloutDecision.ROLLED_BACK, True)
    assert town.statuses() == ["live", "rolled_back"]
    assert "wrong carrier=0" in town.registry.records()[1].reasons[0]
    assert town.log[-2:] == ["roll_back", "close"]


def test_the_second_time_nothing_is_done(town: Town) -> None:
    town.carry_out(town.order(), BAD)
    first, calls = town.result, len(town.log)
    assert town.carry_out(town.order(), GOOD) == (RolloutDecision.ROLLED_BACK, False)
    assert (town.result, len(town.log)) == (first, calls)


def test_each_look_says_one_line(town: Town) -> None:
    town.carry_out(town.order())
    looks = [line for line in town.said if line.startswith("window")]
    assert len(looks) == len(town.result.timeline)
    assert "10 %  canary" in looks[0]
    assert "of 100" in looks[0]


@pytest.mark.parametrize("candidate", [GOOD, BAD], ids=["good", "bad"])
def test_killed_at_every_call_it_ends_as_if_nothing_had_been(
    town: Town, tmp_path: Path, candidate: Candidate
) -> None:
    twin = Town(tmp_path / "twin")
    twin.carry_out(twin.order(), candidate)
    for attempt in range(500):
        try:
            # Early, but a call later every now and then, or no step would be taken.
            town.carry_out(town.order(), candidate, dies_at=3 + attempt % 2)
            break
        except Killed:
            town.history = {
                k: v
                for k, v in town.history.items()
                if k <= (town.state(town.order()).window or 0)
            }
    assert town.result == twin.result
    assert town.log.count("close") > len(town.result.timeline) / 2
    assert town.statuses() == twin.statuses()


def test_a_drill_leaves_the_registry_alone(town: Town) -> None:
    drill = town.order(plant="nulls")
    assert town.carry_out(drill, BAD) == (RolloutDecision.ROLLED_BACK, True)
    assert town.statuses() == ["live"]
    assert drill.rollout_id != town.order().rollout_id


def test_a_drill_needs_something_to_fall_back_on(town: Town) -> None:
    with pytest.raises(BadInput, match="no baseline to roll back to"):
        town.carry_out(town.order(plant="slow", baseline_uri=""))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"baseline_uri": "", "baseline_digest": ""}, "no stable model"),
        ({"rollout": None}, "no rollout plan"),
        ({"baseline_digest": "same"}, "byte for byte"),
    ],
)
def test_without_a_question_there_is_no_rollout(
    town: Town, changes: dict[str, object], reason: str
) -> None:
    order = town.order(**changes)
    if order.baseline_digest == "same":
        order = town.order(baseline_digest=order.digest)
    assert town.carry_out(order) == (RolloutDecision.PROMOTED, True)
    assert reason in town.result.reasons[0]
    assert (town.statuses(), town.log) == (["retired", "live"], [])
    assert town.carry_out(order) == (RolloutDecision.PROMOTED, False)


def test_a_state_of_another_version_is_named(town: Town) -> None:
    order = town.order()
    town.storage.write(f"{order.prefix}/state.json", b'{"phase": "dreaming"}')
    with pytest.raises(EnvironmentFault, match="Delete the folder to begin"):
        town.carry_out(order)


def test_no_traffic_is_said(town: Town) -> None:
    replay(town.root / "silence", 0)
    town.carry_out(town.order(traffic=town.root / "silence"))
    assert "no traffic to judge by" in town.result.reasons[0]


def test_a_live_candidate_that_fails_another_plan_hands_back(town: Town) -> None:
    town.carry_out(town.order())
    other = town.order(rollout=PLAN.model_copy(update={"alpha": 0.02}))
    town.history = {}
    assert town.carry_out(other, BAD)[0] is RolloutDecision.ROLLED_BACK
    assert town.statuses() == ["live", "rolled_back"]


def test_a_pause_is_answered_by_a_file(town: Town) -> None:
    first, *rest = PLAN.steps
    asking = PLAN.model_copy(
        update={"steps": [first.model_copy(update={"pause": True}), *rest]}
    )
    order = town.order(rollout=asking)
    town.storage.write(f"{order.prefix}/approved-1", b"")
    assert town.carry_out(order)[0] is RolloutDecision.PROMOTED
    unanswered = town.order(rollout=asking, run_id="r3", baseline_digest="t" * 64)
    town.history = {}
    town.carry_out(unanswered)
    assert "waits for approval" in town.result.reasons[1]


def test_the_slices_of_the_evaluation_bound_the_plan(town: Town) -> None:
    slices = [{"name": "carrier", "column": "carrier"}]
    order = Order.read(slices=slices, rollout={}, **_rest(town))
    assert replace(order, rollout=PLAN).plan().slice_count == 22
    (town.root / "evaluation").mkdir()
    known = '{"slices": [{"slice": "carrier=UA"}, {"slice": "carrier=AA"}]}'
    (town.root / "evaluation" / "evaluation.json").write_text(known)
    assert replace(order, rollout=PLAN).plan().slice_count == 4


def _rest(town: Town) -> dict[str, object]:
    kept = town.order().__dict__
    return {k: kept[k] for k in Order.__match_args__ if k not in ("slices", "rollout")}


def test_run_writes_the_result_and_may_be_repeated(town: Town) -> None:
    given = {**_rest(town), "baseline_uri": "", "baseline_digest": ""}
    given |= {"slices": [], "rollout": {}, "workspace_uri": str(town.storage.root)}
    given |= {k: str(given[k]) for k in ("model", "traffic", "evaluation")}
    result = town.root / "deploy" / "result"
    assert run(**given, result=str(result)) == ("promoted", True)  # type: ignore[arg-type]
    assert run(**given, result=str(result)) == ("promoted", False)  # type: ignore[arg-type]
    assert read_json(result / ROLLOUT)["decision"] == "promoted"
