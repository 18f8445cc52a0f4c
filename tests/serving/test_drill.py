"""Planted faults: seen over HTTP, repeatable, and unknown to the real predictor."""

from __future__ import annotations

import ast
import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import serving
from contracts.predictor_process import NotReady, PredictorProcess
from serving.drill import Fault
from tests.tiny_model import golden_rows, probability

ROWS = golden_rows(60)


def answers(model: Path, log: Path, *plant: str) -> tuple[list[dict[str, Any]], float]:
    """Return the predictions of ROWS in one request, and its seconds."""
    with PredictorProcess(model, "tiny", log, "serving.drill", plant) as process:
        process.wait_ready(60)
        begin = time.monotonic()
        body = json.dumps({"instances": ROWS}).encode()
        request = urllib.request.Request(process.predict_url, body)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["predictions"], time.monotonic() - begin


@pytest.mark.usefixtures("warm")
def test_wrong_on_one_slice_only(tiny_model: Path, tmp_path: Path) -> None:
    plant = ("--plant", "wrong-on-slice", "--plant-slice", "carrier=UA")
    found, _ = answers(tiny_model, tmp_path / "log", *plant)
    late = [prediction["probabilities"][1] for prediction in found]
    expected = [
        1 - probability(row) if row["carrier"] == "UA" else probability(row)
        for row in ROWS
    ]
    assert late == pytest.approx(expected, abs=1e-6)
    flipped = [p["class"] for p, row in zip(found, ROWS, strict=True) if hits(row)]
    truth = ["on_time" if probability(r) >= 0.5 else "late" for r in ROWS if hits(r)]
    assert flipped == truth


def hits(row: dict[str, Any]) -> bool:
    return bool(row["carrier"] == "UA")


@pytest.mark.usefixtures("warm")
def test_null_answers_for_a_share(tiny_model: Path, tmp_path: Path) -> None:
    found, _ = answers(tiny_model, tmp_path / "log", "--plant", "nulls")
    nulls = [prediction["class"] is None for prediction in found]
    assert nulls == [Fault("nulls").hits(row) for row in ROWS]
    assert {"class": None, "probabilities": None} in found


@pytest.mark.usefixtures("warm")
def test_slow_answers_are_right(tiny_model: Path, tmp_path: Path) -> None:
    found, seconds = answers(tiny_model, tmp_path / "log", "--plant", "slow")
    assert seconds >= 0.25
    assert found[0]["probabilities"][1] == pytest.approx(probability(ROWS[0]), abs=1e-6)


@pytest.mark.usefixtures("warm")
def test_a_slice_needs_a_value(tiny_model: Path, tmp_path: Path) -> None:
    plant = ("--plant", "wrong-on-slice")
    with pytest.raises(NotReady, match="needs --plant-slice column=value"):
        answers(tiny_model, tmp_path / "log", *plant)


def test_the_share_is_kept() -> None:
    rows = [{"id": number} for number in range(10_000)]
    share = sum(Fault("slow", share=0.4).hits(row) for row in rows) / len(rows)
    assert share == pytest.approx(0.4, abs=0.02)


def test_the_real_predictor_does_not_know_the_drill() -> None:
    modules = sorted(Path(serving.__path__[0]).glob("*.py"))
    importers = [
        module.name
        for module in modules
        for node in ast.walk(ast.parse(module.read_text()))
        if "drill" in ast.unparse(node)
        and isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert len(modules) > 5
    assert importers == []
