"""The counts of a look, by hand: strata, pairs, harm and late labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.deploy.backends.local.client import Answer
from components.deploy.backends.local.look import look
from components.deploy.backends.local.outcomes import CANARY, STABLE, Outcomes
from components.deploy.backends.local.traffic import Traffic, load
from components.deploy.observation import Observation, Pairs, Stratum
from tests.components.deploy.replay_world import SLICES, plan, row, write

ROWS = [
    row(0, label=1, known=5, carrier="UA"),
    row(1, label=0, known=70, carrier="UA"),
    row(2, label=1, known=70, carrier="AA"),
    row(3, label=None, known=None, carrier="AA"),
    row(4, label=1, known=130, carrier="UA"),
    row(5, label=0, known=130, carrier="UA"),
    row(61, label=0, known=130, carrier="UA"),
]
TO_CANARY = [True, True, False, False, True, False, True]
MIRRORED = [False, False, False, False, True, True, False]
LATE, ON_TIME = "late", "on_time"
ANSWERS = [
    (0, CANARY, 200, 10, LATE),
    (1, CANARY, 200, 900, LATE),  # slow, and wrong when the label comes
    (2, STABLE, 500, 10, None),
    (3, STABLE, 200, 10, None),  # null
    (4, CANARY, 200, 10, ON_TIME),  # wrong when the label comes
    (4, STABLE, 200, 10, LATE),
    (5, CANARY, 200, 10, LATE),  # wrong, and nobody saw it
    (5, STABLE, 200, 900, LATE),
    (6, CANARY, 200, 10, LATE),  # wrong at 130 minutes
]


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> list[Observation]:
    traffic, outcomes = world(tmp_path_factory.mktemp("examples") / "examples")
    rules = plan(latency_objective_ms=100)
    return [look(traffic, outcomes, rules, window) for window in range(3)]


def world(folder: Path) -> tuple[Traffic, Outcomes]:
    traffic = load(write(folder, ROWS), ["minute", "carrier"], plan(), SLICES)
    outcomes = Outcomes(traffic)
    outcomes.to_canary[:], outcomes.mirrored[:] = TO_CANARY, MIRRORED
    outcomes.add(Answer(*answer, score=0.5) for answer in ANSWERS)
    return traffic, outcomes


def test_a_request_counts_once(looks: list[Observation]) -> None:
    first = looks[0]
    assert (first.requests, first.canary_requests, first.time) == (6, 3, 60)
    for metric in ("error", "slow", "null"):
        strata, pairs = first.strata[f"{metric}|"], first.pairs[f"{metric}|"]
        assert sum(row.n_canary + row.n_stable for row in strata) + pairs.n == 6


def test_failures_slowness_and_nulls(looks: list[Observation]) -> None:
    first = looks[0]
    assert first.strata["error|"] == [Stratum(2, 0, 2, 1)]
    assert first.strata["error|carrier=AA"] == [Stratum(0, 0, 2, 1)]
    assert first.strata["slow|"] == [Stratum(2, 1, 2, 0)]
    assert first.strata["null|"] == [Stratum(2, 0, 2, 1)]
    assert first.pairs["slow|"] == Pairs(2, 0, 1, 0)
    assert first.pairs["error|carrier=UA"] == Pairs(2, 0, 0, 0)
    assert "error|carrier=AA" not in first.pairs


def test_predictions_and_disagreements(looks: list[Observation]) -> None:
    first = looks[0]
    assert first.strata["prediction|"] == [Stratum(2, 2, 0, 0)]
    assert first.pairs["prediction|"] == Pairs(2, 0, 1, 1)
    assert first.pairs["prediction|class=on_time"] == Pairs(2, 1, 0, 0)
    assert first.pairs["disagree|"] == Pairs(2, 1, 0, 0)
    assert "disagree|" not in first.strata


def test_labels_count_when_they_arrive(looks: list[Observation]) -> None:
    assert looks[0].strata["wrong|"] == [Stratum(1, 0, 0, 0)]
    assert looks[1].strata["wrong|"] == [Stratum(1, 1, 0, 0)]
    assert looks[2].strata["wrong|"] == [Stratum(1, 1, 0, 0)]
    assert looks[2].pairs["wrong|"] == Pairs(2, 1, 0, 1)
    assert [one.labels_pending for one in looks] == [4, 3, 0]


def test_missing_labels_are_counted_once_overdue(looks: list[Observation]) -> None:
    unlabelled = [one.strata.get("unlabelled|") for one in looks]
    assert unlabelled == [None, None, [Stratum(3, 0, 3, 1)]]


def test_harm_is_what_the_canarys_clients_saw(looks: list[Observation]) -> None:
    # Row 1 was slow and later wrong: once. Row 4 and 6 turned out wrong.
    assert [one.harmed_requests for one in looks] == [1, 0, 2]
