"""Find what a run left behind, wherever below its folder, and read it.

A run may have stopped anywhere, so every artifact may be missing; one that cannot be
read is named in `problems` and treated as missing.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.artifacts import (
    EVALUATION,
    HISTORY,
    LABEL,
    MANIFEST,
    PREDICTIONS,
    ROLLOUT,
    STATISTICS,
    TRANSFORM,
    Manifest,
    Split,
)
from contracts.decisions import RolloutResult, Verdict

RUN = "run.json"
ERROR_SUFFIX = ".error.json"
STEPS = (
    "ingest",
    "validate",
    "transform",
    "train",
    "evaluate",
    "infra_validate",
    "deploy",
)
_KNOWN = frozenset(
    {EVALUATION, HISTORY, MANIFEST, PREDICTIONS, ROLLOUT, RUN, STATISTICS, TRANSFORM}
)
_UNREADABLE = (OSError, ValueError, zipfile.BadZipFile)  # pydantic's is a ValueError


class Task(BaseModel):
    """What the runner noted of one task; `seconds` is the time it took this time."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    status: str = ""
    cached: bool = False
    reconciled: bool = False
    seconds: float | None = None
    why: list[str] = []


class RunNote(BaseModel):
    """The part of run.json that the report shows. A cluster keeps no such record."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    run_id: str = ""
    project: str = ""
    question: str = ""
    spans: list[int] = []
    parameters: dict[str, Any] = {}
    tasks: list[Task] | None = None
    error: dict[str, str] | None = None


@dataclass
class Artifacts:
    """What was found. Absent is None or empty; `verdicts` is keyed by gate.

    `manifest` is of the examples, `traffic` of the rows that are replayed as requests.
    `predictions` has the scores (n,) of each arm and `label` (n,), of a binary task.
    """

    manifest: Manifest | None = None
    traffic: Manifest | None = None
    statistics: dict[str, Any] = field(default_factory=dict)
    transform: dict[str, Any] = field(default_factory=dict)
    history: dict[str, Any] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=dict)
    predictions: dict[str, np.ndarray] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    rollout: RolloutResult | None = None
    run: RunNote = field(default_factory=RunNote)
    errors: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def collect(root: Path) -> Artifacts:
    """Read the newest artifact of each name below `root`.

    `errors` maps a task to the message of the error that it recorded. What lies in
    the folder of a step that run.json does not call done is of an earlier attempt.
    """
    found = Artifacts()
    done = _done(root / RUN)
    for path in sorted(_files(root), key=lambda p: (p.stat().st_mtime_ns, str(p))):
        step = path.relative_to(root).parts[0]
        if step in STEPS and done is not None and step not in done:
            continue
        try:
            if path.name == PREDICTIONS:
                found.predictions = _scores(path)
            else:
                _place(path, _load(path), found)
        except _UNREADABLE as error:
            found.problems.append(f"{path.relative_to(root)}: {_why(error)}")
    return found


def _done(record: Path) -> set[str] | None:
    """Return the steps that are done; None where nobody keeps a record."""
    try:
        tasks = RunNote.model_validate(_load(record)).tasks
    except _UNREADABLE:
        return None  # named among the problems when its turn comes
    return None if tasks is None else {t.name for t in tasks if t.status == "done"}


def _files(root: Path) -> Iterator[Path]:
    """Yield candidates; a SavedModel or a dot folder holds none of ours."""
    for folder, names, files in os.walk(root):
        hidden = [n for n in names if n.startswith(".")]
        names[:] = [] if "saved_model.pb" in files else sorted({*names} - {*hidden})
        for name in files:
            # A verdict is a file that Kubeflow names after the output of the step.
            if name in _KNOWN or name.endswith(ERROR_SUFFIX) or "verdict" in name:
                yield Path(folder) / name


def _load(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, found {type(value).__name__}")
    return value


def _scores(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        names = [n for n in (LABEL, "candidate", "baseline") if n in arrays]
        found = {name: arrays[name] for name in names}
    return {name: array for name, array in found.items() if array.ndim == 1}


def _place(path: Path, value: dict[str, Any], found: Artifacts) -> None:
    if path.name.endswith(ERROR_SUFFIX):
        task = path.name.removesuffix(ERROR_SUFFIX)
        found.errors[task] = str(value.get("message", "no message"))
    elif path.name == MANIFEST:
        manifest = Manifest.model_validate(value)
        if manifest.splits.get(Split.TRAIN):
            found.manifest = manifest
        elif manifest.splits.get(Split.REPLAY):
            found.traffic = manifest
    elif path.name == ROLLOUT:
        found.rollout = RolloutResult.model_validate(value)
    elif path.name == RUN:
        found.run = RunNote.model_validate(value)
    elif path.name in _KNOWN:
        setattr(found, path.stem, value)
    elif "gate" in value:
        verdict = Verdict.model_validate(value)
        found.verdicts[verdict.gate.value] = verdict


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return f"not readable: {error}"
