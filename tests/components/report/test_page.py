"""The whole page: what is there is shown, what is not is absent, nothing is trusted."""

from __future__ import annotations

import json
import re
import shutil
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.report.report import run
from tests.components.report import sample

ENDED: dict[str, Any] = {"state": "COMPLETE", "error_message": None}
FAILED: dict[str, Any] = {"state": "FAILED", "error_message": "task train failed"}
LEAVE = {
    "ingest/examples/manifest.json": {"data"},
    "validate/statistics/statistics.json": {"data"},
    "train/model/history.json": {"training"},
    "evaluate/evaluation/evaluation.json": {"quality", "slices"},
    "infra_validate/verdict": {"serving"},
    "deploy/result/rollout.json": {"rollout"},
    "run.json": {"time"},
}
SECTIONS = set().union(*LEAVE.values())


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample.write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def whole(written: Path) -> str:
    return page(written)


def page(root: Path, status: dict[str, Any] = ENDED) -> str:
    target = root / "report" / "html"
    run(run_root=str(root), status=status, html=target)
    return target.read_text()


def ids(text: str) -> set[str]:
    return set(re.findall(r'<(?:section|div|table)[^>]* id="([\w-]+)"', text))


def test_a_whole_run_has_every_section(whole: str) -> None:
    assert ids(whole) >= SECTIONS
    assert {"verdicts", "drift", "metrics", "must-pass", "steps"} <= ids(whole)
    assert not {"failure", "problems"} & ids(whole)


@pytest.mark.parametrize("artifact", LEAVE)
def test_an_artifact_alone_gives_its_sections_alone(
    artifact: str, written: Path, tmp_path: Path
) -> None:
    (tmp_path / artifact).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(written / artifact, tmp_path / artifact)
    assert ids(page(tmp_path)) & SECTIONS == LEAVE[artifact]


def test_an_empty_folder_gives_a_page_that_says_where_it_stopped(
    tmp_path: Path,
) -> None:
    text = page(tmp_path, FAILED)
    assert "Failed in ingest" in text
    assert "task train failed" in text
    assert not SECTIONS & ids(text)


def test_the_headline_is_the_decision(whole: str) -> None:
    assert '<span class="decision good">Promoted</span>' in whole
    assert "Will this flight arrive more than 15 minutes late?" in whole
    assert "20130801-flights-7f3a" in whole


def test_a_failed_run_says_where_and_why(tmp_path: Path) -> None:
    error = {"type": "DataError", "message": "evaluate: split test has one class"}
    root = sample.stop_at(sample.write_run(tmp_path), "evaluate", error)
    text = page(root, FAILED)
    assert "Failed in evaluate" in text
    assert "DataError: evaluate: split test has one class" in text
    assert {"data", "training"} == ids(text) & {"data", "training", "quality"}


def test_a_failed_run_without_a_record_says_it_too(tmp_path: Path) -> None:
    root = sample.stop_at(sample.write_run(tmp_path), "train")
    (root / "run.json").unlink()
    sample.write(root / "logs/train.error.json", {"message": "no label varies"})
    text = page(root, FAILED)
    assert "Failed in train" in text
    assert "no label varies" in text


def test_a_refusing_gate_is_the_headline(tmp_path: Path) -> None:
    root = sample.stop_at(sample.write_run(tmp_path), "infra_validate")
    refusal = sample.verdict("blessing", passed=False)
    sample.write(root / "evaluate/verdict", refusal)
    text = page(root)
    assert '<span class="decision bad">Refused by blessing</span>' in text
    assert "failure" not in ids(text)


def test_results_of_an_earlier_attempt_are_not_shown(tmp_path: Path) -> None:
    root = sample.write_run(tmp_path)
    record = sample.run_record()
    sample.write(root / "run.json", record | {"tasks": record["tasks"][:4]})
    assert {"quality", "rollout"}.isdisjoint(ids(page(root)))


def test_a_damaged_artifact_is_named_and_left_out(tmp_path: Path) -> None:
    root = sample.write_run(tmp_path)
    (root / "evaluate/evaluation/evaluation.json").write_text("{")
    (root / "evaluate/evaluation/predictions.npz").write_bytes(b"PK no zip")
    text = page(root)
    assert "quality" not in ids(text)
    assert "evaluate/evaluation/evaluation.json: not readable" in text
    assert "predictions.npz: not readable" in text


def test_a_section_that_cannot_be_built_is_named(tmp_path: Path) -> None:
    root = sample.write_run(tmp_path)
    sample.write(root / "train/model/history.json", {"epochs": [{"eval_loss": "x"}]})
    text = page(root)
    assert "section training: ValueError" in text
    assert {"data", "quality", "rollout"} <= ids(text)


HOSTILE = "<script>alert('x')</script>$\\frac{1}$]]>-->\x07\u202e\u65e5"


def test_data_is_never_markup(tmp_path: Path) -> None:
    root = sample.write_run(tmp_path)
    for path in root.rglob("*"):
        if path.suffix == ".json" or path.name == "verdict":
            escaped = json.dumps(HOSTILE)[1:-1]
            path.write_text(path.read_text().replace("UA", escaped))
    sample.write(root / "run.json", sample.run_record() | {"question": HOSTILE})
    text = page(root)
    assert text.count("&lt;script&gt;") > 3
    assert {"script", "iframe"}.isdisjoint(tags(text))
    assert "\u202e" not in "".join(re.findall("<svg.*?</svg>", text, re.DOTALL))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def tags(text: str) -> dict[str, dict[str, str | None]]:
    parser = _Tags()
    parser.feed(text)
    return dict(parser.seen)


def test_the_page_needs_nothing_from_elsewhere(whole: str) -> None:
    links = re.findall(r'(?:href|src)="([^"]*)"', whole) + re.findall(
        r"url\(([^)]*)\)", whole
    )
    assert len(links) > 50
    assert all(link.startswith("#") for link in links)
    assert "@import" not in whole


def test_no_two_things_share_an_id(whole: str) -> None:
    found = re.findall(r' id="([^"]*)"', whole)
    assert len(found) > 20
    assert len(found) == len(set(found))


def test_equal_artifacts_give_equal_bytes(tmp_path: Path) -> None:
    pages = [page(sample.write_run(tmp_path / name)) for name in ("a", "b")]
    assert pages[0] == pages[1]


def test_seven_spans_of_fifteen_features_are_drawn_quickly(tmp_path: Path) -> None:
    root = sample.write_run(tmp_path, features=15)
    started = time.process_time()
    text = page(root)
    assert time.process_time() - started < 5  # 1.2 s on an idle core
    assert len(text) < 3_000_000


def test_a_rolled_back_rollout_shows_who_carried_the_evidence(tmp_path: Path) -> None:
    root = sample.write_run(tmp_path)
    made = sample.rollout(np.random.default_rng(3), "rolled_back")
    sample.write(root / "deploy/result/rollout.json", made)
    text = page(root)
    assert '<span class="decision bad">Rolled back</span>' in text
    assert "wrong, carrier=UA" in text
