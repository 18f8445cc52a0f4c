"""The verdict table of infra_validate, each line with the real server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from components.infra_validate import infra_validate
from components.infra_validate.dialects import V1, V2
from components.infra_validate.infra_validate import examine, run
from contracts import processes
from contracts.config import InfraConfig
from contracts.decisions import Gate, Verdict
from contracts.errors import EnvironmentFault
from contracts.processes import WARM_SOCKET
from contracts.signature import Signature

pytestmark = pytest.mark.usefixtures("warm")
LIMITS: dict[str, Any] = {"memory_mib": 4096, "load_seconds": 60, "p99_ms": 5000}


@pytest.fixture
def broken(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model to break."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def judged(model: Path, tmp_path: Path, **limits: Any) -> Verdict:
    return examine(model, InfraConfig(**{**LIMITS, **limits}), tmp_path / "log")


def test_a_good_model_passes_with_numbers(tiny_model: Path, tmp_path: Path) -> None:
    assert run(str(tiny_model), LIMITS, str(tmp_path / "verdict.json"))
    verdict = Verdict.load(tmp_path / "verdict.json")
    assert (verdict.gate, verdict.passed) == (Gate.INFRA, True)
    assert "20 golden rows agree over V1 and V2" in verdict.reasons[0]
    found = verdict.measured
    assert found["v1_difference"] <= 1e-6 >= found["v2_difference"]
    assert 0 < found["v1_p50_ms"] <= found["v1_p99_ms"]
    assert found["v1_requests"] == 301
    assert found["peak_mib"] > 100
    assert found["load_seconds"] + found["warm_up_seconds"] < found["ready_seconds"]


def test_too_big(tiny_model: Path, tmp_path: Path) -> None:
    verdict = judged(tiny_model, tmp_path, memory_mib=64)
    assert not verdict.passed
    assert "64 MiB allowed (infra.memory_mib)" in verdict.reasons[0]
    assert verdict.measured["peak_mib"] > 64


def test_too_slow_to_load(tiny_model: Path, tmp_path: Path) -> None:
    verdict = judged(tiny_model, tmp_path, load_seconds=0.001)
    assert not verdict.passed
    assert "was not ready after 0.001 s" in verdict.reasons[0]


def test_too_slow_to_answer(tiny_model: Path, tmp_path: Path) -> None:
    verdict = judged(tiny_model, tmp_path, p99_ms=0.001)
    assert [reason[:18] for reason in verdict.reasons] == [
        "too slow over V1: ",
        "too slow over V2: ",
    ]


def test_other_answers_than_in_training(broken: Path, tmp_path: Path) -> None:
    golden = json.loads((broken / "golden.json").read_text())
    golden["probabilities"][3][0] += 0.01
    (broken / "golden.json").write_text(json.dumps(golden))
    verdict = judged(broken, tmp_path)
    assert "wrong answers over V1: golden rows differ" in verdict.reasons[0]
    assert verdict.measured["v2_difference"] == pytest.approx(0.01, abs=1e-5)


def test_a_model_that_cannot_be_loaded(broken: Path, tmp_path: Path) -> None:
    (broken / "1" / "saved_model.pb").write_bytes(b"not a graph")
    verdict = judged(broken, tmp_path)
    assert not verdict.passed
    assert "ended with code 2 before it was ready" in verdict.reasons[0]
    assert "not a readable SavedModel" in verdict.reasons[0]


def test_a_model_with_other_inputs_than_promised(broken: Path, tmp_path: Path) -> None:
    signature = json.loads((broken / "signature.json").read_text())
    signature["inputs"].pop()
    (broken / "signature.json").write_text(json.dumps(signature))
    verdict = judged(broken, tmp_path)
    assert "promises the inputs ['minute']" in verdict.reasons[0]


def test_no_process_is_left(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WARM_SOCKET)  # a fresh interpreter shows its command line
    verdict = judged(tiny_model, tmp_path, memory_mib=16)
    lines = [
        process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])
    ]
    assert "too big" in verdict.reasons[0]
    assert not any(str(tiny_model) in line for line in lines)


def test_a_missing_interpreter_is_no_verdict(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WARM_SOCKET, str(tmp_path / "nobody"))
    monkeypatch.setattr(processes, "_LISTEN_SECONDS", 0.1)
    with pytest.raises(EnvironmentFault, match="nobody: the warm worker did not start"):
        judged(tiny_model, tmp_path)


def test_a_null_answer_is_as_wrong_as_can_be() -> None:
    expected = np.array([[0.25, 0.75]])
    difference = infra_validate._difference
    assert difference(np.array([[0.25, np.nan]]), expected) == 1.0
    assert difference(np.array([np.nan]), expected) == 1.0
    assert difference(np.array([[0.2, 0.8]]), expected) == pytest.approx(0.05)


def test_both_protocols_say_the_same_rows(tiny_model: Path) -> None:
    rows = [{"minute": None, "carrier": "UA"}, {"minute": 5, "carrier": None}]
    tensors = json.loads(V2(Signature.load(tiny_model)).encode(rows))["inputs"]
    assert json.loads(V1().encode(rows)) == {"instances": rows}
    assert [t["data"] for t in tensors] == [[None, 5.0], ["UA", ""]]
