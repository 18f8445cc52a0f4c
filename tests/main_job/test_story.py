"""The main job on a small shop: each test is a chapter of the story.

They share one shop whose first run is paid once; a test that edits it copies it first.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.main_job.shop import ROOT, Shop, open_shop

pytestmark = pytest.mark.slow
STEPS = ["ingest", "validate", "transform", "train", "evaluate", "infra_validate"]


class First:
    """The shop after its first run, and what that run said."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.code, self.summary, self.stderr = shop.run()

    def copy(self, home: Path) -> Shop:
        """Return a twin elsewhere: its cache still hits, keys hold no paths."""
        shutil.copytree(self.shop.home, home, dirs_exist_ok=True)
        return Shop(home)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> First:
    return First(open_shop(tmp_path_factory.mktemp("first")))


def _executed(summary: dict[str, Any]) -> list[list[str]]:
    return [run["executed"] for run in summary["runs"]]


def test_two_runs_and_a_promoted_candidate(first: First) -> None:
    assert (first.code, first.stderr) == (0, "")
    assert [run["spans"] for run in first.summary["runs"]] == [[1, 2], [1, 2, 3]]
    assert first.summary["rollout"]["decision"] == "promoted"
    assert _executed(first.summary) == [[*STEPS, "deploy", "report"]] * 2


def test_each_gate_said_yes_with_reasons(first: First) -> None:
    assert len(first.summary["runs"]) == 2
    for run in first.summary["runs"]:
        assert set(run["verdicts"]) == {"validation", "blessing", "infra"}
        assert all(v["passed"] and v["reasons"] for v in run["verdicts"].values())


def test_the_traffic_follows_the_weights(first: First) -> None:
    steps = first.summary["rollout"]["steps"]
    assert [step["weight"] for step in steps][:2] == [20, 50]
    for step in steps[:2]:
        share = 100 * step["canary_requests"] / step["requests"]
        assert abs(share - step["weight"]) < 8


def test_the_files_for_people_and_programs_are_there(first: First) -> None:
    build = first.shop.home / "build" / "shop"
    on_disk = json.loads((build / "summary.json").read_text())
    assert on_disk["rollout"] == first.summary["rollout"]
    assert "<svg" in (build / "report.html").read_text()


def test_the_same_again_runs_nothing(first: First) -> None:
    code, summary, _ = first.shop.run()
    assert code == 0
    assert _executed(summary) == [[], []]
    assert summary["rollout"] == first.summary["rollout"]
    assert [run["metrics"] for run in summary["runs"]] == [
        run["metrics"] for run in first.summary["runs"]
    ]


def test_a_second_run_at_the_same_time_is_refused(first: First) -> None:
    with (first.shop.home / "build" / "shop" / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        code, summary, said = first.shop.run()
    assert (code, summary) == (3, {})
    assert "another run of this project is at work" in said


def test_one_parameter_reruns_what_depends_on_it(first: First, tmp_path: Path) -> None:
    shop = first.copy(tmp_path)
    shop.edit("project.yaml", "learning_rate: 0.01", "learning_rate: 0.02")
    _, summary, _ = shop.run()
    assert summary["runs"][0]["cached"] == ["ingest", "validate", "transform"]
    assert summary["runs"][0]["executed"][:2] == ["train", "evaluate"]


def test_changed_data_is_refused_until_it_is_a_new_version(
    first: First, tmp_path: Path
) -> None:
    shop = first.copy(tmp_path)
    text = shop.data.read_text()
    shop.data.write_text(text.replace("p00007,", "p90007,"))
    code, summary, said = shop.run()
    assert code == 2
    assert "--new-version" in said
    code, summary, _ = shop.run("--new-version")
    assert code == 0
    assert summary["runs"][0]["executed"][0] == "ingest"


@pytest.mark.parametrize("plant", ["wrong-on-slice", "slow", "nulls"])
def test_a_broken_candidate_is_rolled_back(first: First, plant: str) -> None:
    code, summary, said = first.shop.run("--plant", plant)
    rollout = summary["rollout"]
    assert (code, rollout["decision"]) == (1, "rolled_back")
    assert rollout["reasons"][0] in said
    assert 0 < rollout["harmed_requests"] <= rollout["canary_requests"]
    assert rollout["canary_requests"] < rollout["requests"]


def test_bad_data_stops_before_training(first: First, tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    text = shop.data.read_text().splitlines()
    column = text[0].split(",").index("weight")
    for index in range(1, len(text)):
        cells = text[index].split(",")
        cells[column] = f"w{index}"  # text where a number was: every row
        text[index] = ",".join(cells)
    shop.data.write_text("\n".join(text) + "\n")
    code, summary, said = shop.run()
    assert code in (1, 2)
    assert "weight" in said
    assert "train" not in summary["runs"][0]["executed"]


def test_runs_are_listed_and_compared(first: First, tmp_path: Path) -> None:
    ids = [run["run_id"] for run in first.summary["runs"]]
    build = ["--build", str(first.shop.home / "build")]
    base = first.shop.command()[:3]
    listed = subprocess.run(
        [*base, "runs", "--json", *build], cwd=ROOT, capture_output=True, check=True
    )
    assert set(ids) <= {run["run_id"] for run in json.loads(listed.stdout)}
    differs = subprocess.run(
        [*base, "runs", "diff", *ids, "--json", *build],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    rows = {
        (r["kind"], r["what"]): (r["a"], r["b"]) for r in json.loads(differs.stdout)
    }
    assert rows["parameter", "spans"] == ("[1, 2]", "[1, 2, 3]")
    assert any(kind == "metric" for kind, _ in rows)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_anywhere_a_rerun_ends_the_same(
    first: First, tmp_path: Path, how: signal.Signals
) -> None:
    """Stop at three moments, the last ones inside the rollout, then let it finish."""
    shop = open_shop(tmp_path)
    for marker in ("train/model", "logs/deploy.log", "rollouts"):
        _stop_when(shop, marker, how)
    code, summary, _ = shop.run()
    assert code == 0
    assert [r["metrics"] for r in summary["runs"]] == [
        r["metrics"] for r in first.summary["runs"]
    ]
    assert summary["rollout"]["decision"] == "promoted"


def _stop_when(shop: Shop, marker: str, how: signal.Signals) -> None:
    """Start a run and send it `how` once a path that ends in `marker` appears."""
    process = subprocess.Popen(
        shop.command("run", "shop", "--json"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    children: set[int] = set()
    for _ in range(1200):
        seen = list((shop.home / "build").rglob(marker.split("/")[-1]))
        if process.poll() is not None or any(str(p).endswith(marker) for p in seen):
            break
        time.sleep(0.1)
    if process.poll() is None:
        tree = psutil.Process(process.pid).children(recursive=True)
        children = {child.pid for child in tree}
        os.kill(process.pid, how)
    process.wait(timeout=60)
    assert _all_gone(children)


def _all_gone(pids: set[int]) -> bool:
    for _ in range(200):
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
