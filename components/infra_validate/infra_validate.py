"""Start the real predictor with the model and hold it to the declared limits.

Answers four questions with numbers: does it load in time, does it stay within the
memory, are its answers those of training (golden rows, over V1 and V2, single and in
batches), is it fast enough.
"""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from components.infra_validate.dialects import V1, V2, Dialect
from components.infra_validate.wire import BadAnswer, Wire, replay
from contracts.artifacts import GOLDEN, read_json
from contracts.config import InfraConfig
from contracts.decisions import Gate, Verdict
from contracts.errors import EnvironmentFault
from contracts.predictor_process import HOST, NotReady, PredictorProcess
from contracts.signature import Signature

__all__ = ["examine", "run"]

_NAME = "candidate"
_TIMED_REQUESTS = 300
_BATCH = 1000
_ENVIRONMENT = 3  # the predictor's exit code when the model is not to blame


class _TooBig(Exception):
    """The process holds more memory than the config allows."""


def run(model: Path | str, infra: dict[str, Any], verdict: Path | str) -> bool:
    """Write the infra verdict of the model folder `model`; return whether it passed.

    `infra` is an InfraConfig as JSON. Raises EnvironmentFault when no server could be
    started for a reason that is not the model's; refusals are verdicts.
    """
    limits = InfraConfig.model_validate(infra)
    with tempfile.TemporaryDirectory() as folder:
        found = examine(Path(model), limits, Path(folder) / "predictor.log")
    found.save(Path(verdict))
    return found.passed


def examine(model: Path, limits: InfraConfig, log: Path) -> Verdict:
    """Return the verdict on `model`; the server's output goes to `log`.

    Raises EnvironmentFault as `run` does.
    """
    measured: dict[str, Any] = {}
    process = PredictorProcess(model, _NAME, log)
    try:
        with process:
            _measure(process, model, limits, measured)
        reasons = _failings(measured, limits)
    except (NotReady, BadAnswer, _TooBig) as refusal:
        if getattr(refusal, "code", None) == _ENVIRONMENT:
            raise EnvironmentFault(str(refusal)) from refusal
        reasons = [str(refusal)]
    return Verdict(
        gate=Gate.INFRA,
        passed=not reasons,
        reasons=reasons or [_praise(measured, limits)],
        measured=measured,
    )


def _measure(
    process: PredictorProcess, model: Path, limits: InfraConfig, found: dict[str, Any]
) -> None:
    """Fill `found`. Raises NotReady, BadAnswer, _TooBig."""

    def check() -> None:
        memory = process.memory()
        found["peak_mib"] = round(max(memory.peak, found.get("peak_mib", 0.0)), 1)
        if found["peak_mib"] > limits.memory_mib:
            raise _TooBig(
                f"too big: {found['peak_mib']:.0f} MiB of memory, "
                f"{limits.memory_mib} MiB allowed (infra.memory_mib)"
            )

    begin = time.monotonic()
    process.wait_ready(limits.load_seconds, check)
    found["ready_seconds"] = round(time.monotonic() - begin, 3)
    found.update(_reported(process.log))
    signature = Signature.load(model)
    golden = read_json(model / GOLDEN)
    rows, expected = golden["rows"], np.asarray(golden["probabilities"])
    found["golden_rows"] = len(rows)
    wire = Wire(HOST, process.port, _NAME)
    try:
        for dialect in (V1(), V2(signature)):
            _compare(wire, dialect, rows, expected, check, found)
    finally:
        wire.close()


def _compare(
    wire: Wire,
    dialect: Dialect,
    rows: list[dict[str, Any]],
    expected: np.ndarray,
    check: Callable[[], None],
    found: dict[str, Any],
) -> None:
    """Note the differences to `expected` (rows, classes) and the latencies in ms.

    Single rows are sent often enough for a 99th percentile.
    """
    turns = math.ceil(_TIMED_REQUESTS / len(rows)) if dialect.name == "V1" else 1
    single = replay(wire, dialect, rows * turns, 1, check)
    batch = replay(wire, dialect, rows, _BATCH, check)
    name = dialect.name.lower()
    found[f"{name}_difference"] = max(
        _difference(single.probabilities, np.tile(expected, (turns, 1))),
        _difference(batch.probabilities, expected),
    )
    first, *others = single.latencies.tolist()
    p50, p99 = np.percentile(others or [first], [50, 99])
    found[f"{name}_first_ms"] = round(first, 2)
    found[f"{name}_p50_ms"] = round(float(p50), 2)
    found[f"{name}_p99_ms"] = round(float(p99), 2)
    found[f"{name}_requests"] = len(single.latencies) + len(batch.latencies)


def _difference(answered: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference of a probability, 1 (the most that there can be)
    when an answer has another shape or is null."""
    if answered.shape != expected.shape or np.isnan(answered).any():
        return 1.0
    return float(np.abs(answered - expected).max())


def _failings(measured: dict[str, Any], limits: InfraConfig) -> list[str]:
    """Return what the numbers are refused for, each in a sentence."""
    failings = []
    for name in ("v1", "v2"):
        difference, p99 = measured[f"{name}_difference"], measured[f"{name}_p99_ms"]
        if difference > limits.tolerance:
            failings.append(
                f"wrong answers over {name.upper()}: golden rows differ from training "
                f"by {difference:.2g}, allowed {limits.tolerance:g} (infra.tolerance)"
            )
        if p99 > limits.p99_ms:
            failings.append(
                f"too slow over {name.upper()}: p99 of single rows {p99:.1f} ms, "
                f"allowed {limits.p99_ms:g} ms (infra.p99_ms)"
            )
    return failings


def _praise(measured: dict[str, Any], limits: InfraConfig) -> str:
    return (
        f"ready in {measured['ready_seconds']:.1f} s, "
        f"{measured['peak_mib']:.0f} of {limits.memory_mib} MiB, "
        f"p99 {measured['v1_p99_ms']:.1f} of {limits.p99_ms:g} ms, "
        f"{measured['golden_rows']} golden rows agree over V1 and V2"
    )


def _reported(log: Path) -> dict[str, float]:
    """Return what the server says of its own start: load and warm-up in seconds."""
    for line in log.read_text(errors="replace").splitlines():
        if line.startswith("{") and "load_seconds" in line:
            return {str(key): float(value) for key, value in json.loads(line).items()}
    return {}
