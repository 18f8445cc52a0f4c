"""Run records: what a run read, did, decided and measured, and how two runs differ."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from contracts import artifacts
from contracts.decisions import Verdict
from contracts.errors import BadInput, CanarioError
from contracts.storage import write_text
from pipelines.local.tasks import TaskRecord

RECORD = "run.json"
_GATES = {"validate": "validation", "evaluate": "blessing", "infra_validate": "infra"}


class TaskSummary(BaseModel):
    """One task: what ran, what was remembered, and why."""

    model_config = ConfigDict(extra="forbid")

    name: str
    status: str
    cached: bool
    reconciled: bool
    seconds: float
    why: list[str]
    key: dict[str, Any]
    outputs: dict[str, str]


class RunRecord(BaseModel):
    """One run: code, data, parameters and results, each by digest."""

    model_config = ConfigDict(extra="forbid")

    run_id: str
    project: str
    question: str = ""
    spans: list[int]
    started: datetime
    wall_s: float = 0.0
    parameters: dict[str, Any]
    tasks: list[TaskSummary] = []
    verdicts: dict[str, Verdict] = {}
    metrics: dict[str, Any] = {}
    rollout: dict[str, Any] | None = None
    error: dict[str, str] | None = None

    @classmethod
    def begin(cls, question: str, arguments: dict[str, Any], now: datetime) -> Self:
        """Open the record of a run that starts `now` to answer `question`."""
        return cls(
            run_id=arguments["run_id"],
            question=question,
            project=arguments["project"],
            spans=arguments["spans"],
            started=now,
            parameters=arguments,
        )

    def update(self, tasks: Sequence[TaskRecord], error: CanarioError | None) -> Self:
        """Take over what the tasks did and left so far; return self."""
        run_root = Path(self.parameters["run_root"])
        self.tasks = [_summary(task) for task in tasks]
        self.verdicts = _verdicts(
            run_root, {t.name for t in tasks if t.status == "done"}
        )
        if (
            path := run_root / "evaluate" / "evaluation" / artifacts.EVALUATION
        ).exists():
            self.metrics = artifacts.read_json(path)["overall"]["candidate"]
        if (path := run_root / "deploy" / "result" / artifacts.ROLLOUT).exists():
            self.rollout = artifacts.read_json(path)
        if error is not None:
            self.error = {"type": type(error).__name__, "message": str(error)}
        return self

    def save(self, run_root: Path) -> None:
        """Write the record. Raises EnvironmentFault when the disk is full."""
        write_text(run_root / RECORD, self.model_dump_json(indent=1) + "\n")

    def executed(self) -> list[str]:
        """Return the tasks that really ran, in order."""
        return [t.name for t in self.tasks if not t.cached and not t.reconciled]

    def refusal(self) -> Verdict | None:
        """Return the verdict of the gate that said no."""
        found = [v for v in self.verdicts.values() if not v.passed]
        return found[0] if found else None

    def summary(self) -> dict[str, Any]:
        """Return what programs read of a run in summary.json."""
        return {
            "run_id": self.run_id,
            "project": self.project,
            "spans": self.spans,
            "wall_s": self.wall_s,
            "executed": self.executed(),
            "cached": [t.name for t in self.tasks if t.cached],
            "reconciled": [t.name for t in self.tasks if t.reconciled],
            "verdicts": {
                name: {"passed": v.passed, "reasons": v.reasons}
                for name, v in self.verdicts.items()
            },
            "metrics": self.metrics,
            "error": self.error,
        }


def load_all(build: Path, project: str | None = None) -> list[RunRecord]:
    """Return the records below `build`, of one project or all, oldest first."""
    paths = build.glob(f"*/runs/*/{RECORD}")
    found = [load(p) for p in paths if project in (None, p.parents[2].name)]
    return sorted(found, key=lambda r: (r.started, r.run_id))


def load(path: Path) -> RunRecord:
    """Read one record. Raises BadInput when it is damaged."""
    try:
        return RunRecord.model_validate_json(path.read_text())
    except ValueError as error:
        raise BadInput(f"{path}: not a run record ({error})") from None


def find(build: Path, run_id: str) -> RunRecord:
    """Return the run whose id is, or starts with, `run_id`. Raises BadInput."""
    records = load_all(build)
    found = [r for r in records if r.run_id == run_id]
    found = found or [r for r in records if r.run_id.startswith(run_id)]
    if len(found) != 1:
        known = ", ".join(r.run_id for r in records) or "none yet"
        raise BadInput(f"run '{run_id}': {len(found)} runs match; there are: {known}")
    return found[0]


def differences(a: RunRecord, b: RunRecord) -> list[dict[str, Any]]:
    """Return rows {kind, what, a, b} of everything in which two runs differ.

    Kinds: parameter, code, environment, data (inputs by content), metric, rollout,
    verdict.
    """
    rows = []
    for name, left, right in _pairs(_flat(a.parameters), _flat(b.parameters)):
        if name.split(".")[0] not in ("run_id", "run_root", "workspace_uri"):
            rows.append({"kind": "parameter", "what": name, "a": left, "b": right})
    keys_a = {t.name: t.key for t in a.tasks}
    keys_b = {t.name: t.key for t in b.tasks}
    for step in sorted(keys_a.keys() & keys_b.keys()):
        for kind in ("code", "environment", "inputs"):
            left, right = keys_a[step].get(kind), keys_b[step].get(kind)
            if left != right and step != "report":
                label = "data" if kind == "inputs" else kind
                for what, x, y in _pairs(_flat({step: left}), _flat({step: right})):
                    rows.append({"kind": label, "what": what, "a": x, "b": y})
    for name, left, right in _pairs(_flat(a.metrics), _flat(b.metrics)):
        rows.append({"kind": "metric", "what": name, "a": left, "b": right})
    ends = [_flat({"rollout": _end(record.rollout)}) for record in (a, b)]
    for name, left, right in _pairs(*ends):
        rows.append({"kind": "rollout", "what": name, "a": left, "b": right})
    passed_a = {name: v.passed for name, v in a.verdicts.items()}
    passed_b = {name: v.passed for name, v in b.verdicts.items()}
    for name, left, right in _pairs(passed_a, passed_b):
        rows.append({"kind": "verdict", "what": name, "a": left, "b": right})
    return rows


def _summary(task: TaskRecord) -> TaskSummary:
    return TaskSummary(
        name=task.name,
        status=task.status,
        cached=task.cached,
        reconciled=task.reconciled,
        seconds=task.seconds,
        why=task.why,
        key=task.parts.model_dump() if task.parts else {},
        outputs=task.outputs,
    )


def _end(rollout: dict[str, Any] | None) -> dict[str, Any]:
    keys = ("decision", "requests", "canary_requests", "harmed_requests")
    return {key: rollout[key] for key in keys} if rollout else {}


def _verdicts(run_root: Path, done: set[str]) -> dict[str, Verdict]:
    found = {}
    for step, gate in _GATES.items():
        path = run_root / step / "verdict"
        if step in done and path.exists():
            found[gate] = Verdict.load(path)
    return found


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        items: dict[str, Any] = {}
        for key, item in value.items():
            items |= _flat(item, f"{prefix}.{key}" if prefix else str(key))
        return items
    if isinstance(value, list):
        return {prefix: json.dumps(value)}
    return {prefix: value}


def _pairs(a: dict[str, Any], b: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    names = sorted(a.keys() | b.keys())
    return [(n, a.get(n), b.get(n)) for n in names if a.get(n) != b.get(n)]
