"""Requests in their order, labels in their windows, arms by id alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from components.deploy.backends.local.routing import keys_of, share
from components.deploy.backends.local.traffic import NEVER, Traffic, load
from contracts.digests import of_bytes
from contracts.errors import DataError
from tests.components.deploy.replay_world import SLICES, plan, requests, row, write

INPUTS = ["minute", "carrier"]
KEYS = keys_of([of_bytes(str(i).encode())[:16] for i in range(20_000)])


def loaded(folder: Path, rows: list[dict[str, object]], **changes: object) -> Traffic:
    return load(write(folder, rows), INPUTS, plan(**changes), SLICES)


def test_windows_follow_event_time(tmp_path: Path) -> None:
    made = [125.0, 0.0, 59.9, 60.0]
    traffic = loaded(tmp_path, [row(minutes, 1, minutes) for minutes in made])
    assert traffic.window.tolist() == [0, 0, 1, 2]
    assert traffic.of_window(0).tolist() == [0, 1]
    assert traffic.of_window(7).tolist() == []


def test_a_label_belongs_to_the_window_in_which_it_arrives(tmp_path: Path) -> None:
    rows = [row(0, 1, 179.9), row(1, 0, 180), row(2, None, None), row(3, 1, -5)]
    traffic = loaded(tmp_path, rows)
    assert traffic.label.tolist() == [1, 0, -1, 1]
    assert traffic.label_window.tolist() == [2, 3, NEVER, 0]
    assert traffic.due.tolist() == [3, 3, 3, 3]
    assert traffic.last_window == 3


def test_requests_without_a_time_come_at_a_steady_pace(tmp_path: Path) -> None:
    rows = [row(None, 1, None, name=str(i)) for i in range(250)]
    traffic = loaded(tmp_path, rows)
    assert np.bincount(traffic.window).tolist() == [100, 100, 50]
    assert (traffic.label_window == traffic.window).all()


def test_only_so_many_requests_as_the_plan_says(tmp_path: Path) -> None:
    traffic = loaded(tmp_path, requests(30), max_requests=12)
    assert len(traffic.ids) == traffic.table.num_rows == 12


def test_rare_slice_values_are_pooled(tmp_path: Path) -> None:
    carriers = ["UA"] * 5 + ["AA"] * 4 + ["B6"] * 3 + ["DL"] * 2 + ["ZZ"] + [None]
    rows = [row(i, 0, i, carrier=carrier) for i, carrier in enumerate(carriers)]
    traffic = loaded(tmp_path, rows)
    assert dict(
        zip(traffic.slice_keys, traffic.members.sum(axis=1).tolist(), strict=True)
    ) == {
        "": 16,
        "carrier=AA": 4,
        "carrier=B6": 3,
        "carrier=UA": 5,
        "carrier=missing": 1,
        "carrier=other": 3,
    }


def test_bodies_carry_the_inputs_as_json(tmp_path: Path) -> None:
    rows = [row(0, 0, 0, 5.5), row(1, 0, 1, float("nan"), None)]
    bodies = loaded(tmp_path, rows).bodies(np.arange(2))
    assert [json.loads(body)["instances"] for body in bodies] == [
        [{"minute": 5.5, "carrier": "UA"}],
        [{"minute": None, "carrier": None}],
    ]


def test_nothing_to_replay(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no rows to replay"):
        loaded(tmp_path, [])


@pytest.mark.parametrize("percent", [0, 5, 25.5, 100])
def test_a_share_is_kept(percent: float) -> None:
    found = 100 * share(KEYS, percent, 17, 0).mean()
    assert found == pytest.approx(percent, abs=0.7)


def test_a_larger_share_keeps_the_smaller_one() -> None:
    assert not (share(KEYS, 5, 17, 0) & ~share(KEYS, 25, 17, 0)).any()


def test_purposes_and_seeds_choose_independently() -> None:
    route = share(KEYS, 25, 17, 0)
    for other in (share(KEYS, 50, 17, 1), share(KEYS, 50, 18, 0)):
        assert (route & other).mean() == pytest.approx(0.125, abs=0.01)
