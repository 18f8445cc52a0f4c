"""The local backend with two real predictors and a few hundred requests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.deploy.backends.local import LocalBackend
from components.deploy.backends.local.payload import SCHEMA
from components.deploy.observation import Observation
from contracts.config import SliceConfig
from contracts.errors import ConfigError, EnvironmentFault
from contracts.storage import LocalStorage
from tests.components.deploy.replay_world import SLICES, plan, requests, write
from tests.tiny_model import probability

COUNT = 240
ROWS = requests(COUNT)  # twelve an hour: twenty windows, and two for the last labels
Make = Callable[..., LocalBackend]


@pytest.fixture
def make(warm: None, tiny_models: tuple[Path, Path], tmp_path: Path) -> Iterator[Make]:
    """Open backends over the same requests and the same storage."""
    opened = []
    examples = write(tmp_path / "examples", ROWS)

    def open_backend(**changes: Any) -> LocalBackend:
        stable, candidate = tiny_models
        given: dict[str, Any] = {
            "stable": stable,
            "candidate": candidate,
            "traffic": examples,
            "plan": plan(),
            "slices": SLICES,
            "storage": LocalStorage(tmp_path / "store"),
            "prefix": "rollouts/r1",
        }
        opened.append(LocalBackend(**{**given, **changes}))
        return opened[-1]

    yield open_backend
    for backend in opened:
        backend.close()


def observed(backend: LocalBackend, looks: int | None = None) -> list[Observation]:
    """Return the next looks, all of them unless told how many."""
    found: list[Observation] = []
    while (looks is None or len(found) < looks) and (one := backend.observe()):
        found.append(one)
    return found


def payload(tmp_path: Path) -> pa.Table:
    files = sorted((tmp_path / "store" / "rollouts" / "r1" / "payload").iterdir())
    return pa.concat_tables([pq.read_table(file) for file in files])


def total(looks: list[Observation], metric: str) -> np.ndarray:
    """Return n and x of canary and stable in strata, then the four of the pairs."""
    strata = [row for one in looks for row in one.strata.get(f"{metric}|", [])]
    pairs = [one.pairs[f"{metric}|"] for one in looks if f"{metric}|" in one.pairs]
    return np.concatenate(
        [np.sum([(0,) * 4, *strata], axis=0), np.sum([(0,) * 4, *pairs], axis=0)]
    )


def test_every_request_is_answered_and_counted_once(make: Make, tmp_path: Path) -> None:
    backend = make()
    backend.prepare()
    assert backend.set_traffic(25, 50) == 25
    looks = observed(backend)
    assert [one.window for one in looks] == list(range(22))
    assert sum(one.requests for one in looks) == COUNT
    n_canary, _, n_stable, _, n_pairs, *_ = total(looks, "error")
    assert n_canary + n_stable + n_pairs == COUNT
    log = payload(tmp_path)
    assert log.schema == SCHEMA
    assert log.num_rows == COUNT + n_pairs == COUNT + sum(log["mirrored"].to_pylist())
    assert set(log["status"].to_pylist()) == {200}
    assert total(looks, "error")[[1, 3, 5, 6, 7]].tolist() == [0] * 5
    canary = sum(one.canary_requests for one in looks)
    assert canary / COUNT == pytest.approx(0.25, abs=0.08)
    assert n_pairs / COUNT == pytest.approx(0.5, abs=0.1)


def test_answers_are_the_models_and_labels_find_them(
    make: Make, tmp_path: Path
) -> None:
    backend = make()
    backend.prepare()
    backend.set_traffic(50, 100)
    looks = observed(backend)
    stable = np.array([probability(row) >= 0.5 for row in ROWS])
    canary = np.array([probability(row, 0.2) >= 0.5 for row in ROWS])
    label = np.array([-1 if row["label"] is None else row["label"] for row in ROWS])
    known = label >= 0
    alone = [known & (canary != label) & (stable == label)]
    alone += [known & (stable != label) & (canary == label)]
    alone += [known & (stable != label) & (canary != label)]
    expected = [known.sum(), *(part.sum() for part in alone)]
    assert total(looks, "wrong")[4:].tolist() == expected
    assert total(looks, "disagree")[5] == (stable != canary).sum() > 0
    assert [one.labels_pending for one in looks[-3:]] == [16, 5, 0]


def test_late_labels_come_in_their_windows(make: Make) -> None:
    backend = make()
    backend.prepare()
    backend.set_traffic(25, 0)
    looks = observed(backend)
    arrived = [
        sum(row.n_canary + row.n_stable for row in one.strata.get("wrong|", []))
        for one in looks
    ]
    due = [
        int((row["label_time"] - ROWS[0]["event_time"]).total_seconds() // 3600)
        for row in ROWS
        if row["label_time"]
    ]
    assert arrived == np.bincount(due, minlength=22).tolist()
    assert total(looks, "unlabelled")[[0, 2]].sum() == COUNT
    assert total(looks, "unlabelled")[[1, 3]].sum() == COUNT // 10


def test_a_resumed_rollout_sees_what_it_would_have_seen(make: Make) -> None:
    whole = make()
    whole.prepare()
    whole.set_traffic(25, 30)
    expected = observed(whole)
    whole.close()
    first = make()
    first.prepare()
    first.set_traffic(25, 30)
    observed(first, 6)  # the sixth look was not recorded any more
    first.close()
    second = make()
    second.prepare()
    second.set_traffic(25, 30)
    second.resume_at(4)
    assert observed(second) == expected[5:]
    assert len(expected) == 22


def test_a_lost_log_ends_the_rollout(make: Make) -> None:
    with pytest.raises(EnvironmentFault, match=r"window-000000.parquet: the log"):
        make().resume_at(3)


def test_planted_nulls_are_seen_in_the_canary_alone(make: Make) -> None:
    backend = make(plant="nulls")
    backend.prepare()
    backend.set_traffic(50, 0)
    n_canary, nulls, n_stable, stable_nulls, *_ = total(observed(backend), "null")
    assert nulls / n_canary == pytest.approx(0.4, abs=0.15)
    assert (n_canary + n_stable, stable_nulls) == (COUNT, 0)


def test_planted_wrong_answers_hit_one_slice(make: Make) -> None:
    backend = make(plant="wrong-on-slice")
    backend.prepare()
    backend.set_traffic(0, 100)
    looks = observed(backend)
    differ = {
        name: sum(one.pairs[key].canary_only for one in looks if key in one.pairs)
        for name in ("AA", "DL", "UA", "other")
        if (key := f"disagree|carrier={name}")
    }
    assert max(differ, key=differ.__getitem__) == "AA"
    assert differ["AA"] > 40


def test_a_dead_candidate_is_reported(make: Make) -> None:
    backend = make()
    backend.prepare()
    backend.set_traffic(100, 0)
    assert observed(backend, 1)[0].canary_ready
    backend.roll_back()
    backend.roll_back()
    backend.set_traffic(100, 0)  # nobody should: then requests fail
    seen = observed(backend, 1)[0]
    assert (seen.canary_ready, seen.stable_ready) == (False, True)
    assert seen.requests == 12
    assert seen.harmed_requests == 12 + seen.strata["wrong|"][0].x_canary
    assert seen.strata["error|"][0].x_canary == 12


def test_a_promoted_candidate_is_stable(make: Make) -> None:
    backend = make()
    backend.prepare()
    backend.promote()
    backend.promote()
    seen = observed(backend, 1)[0]
    assert (seen.canary_ready, seen.stable_ready) == (True, True)
    assert seen.canary_requests == seen.requests == 12
    assert seen.strata["error|"][0].x_canary == 0


def test_a_plant_needs_a_slice(make: Make) -> None:
    edges = [SliceConfig(name="minute", column="minute", edges=[0, 720])]
    with pytest.raises(ConfigError, match="no slice over the values"):
        make(plant="wrong-on-slice", slices=edges)


def test_a_model_that_does_not_come_up(
    make: Make, tiny_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "model").mkdir()
    shutil.copy(tiny_model / "signature.json", tmp_path / "model")
    with pytest.raises(EnvironmentFault, match="the server of canary ended"):
        make(candidate=tmp_path / "model").prepare()
