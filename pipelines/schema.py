"""`canario schema`: the curated schema of a project, and who vouches for it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from components import images
from components.validate import schema_state
from contracts.config import load_project, load_rollout
from contracts.errors import BadInput, EnvironmentFault
from contracts.storage import write_text
from pipelines import parameters
from pipelines.local.environments import ROOT, environments
from pipelines.parameters import Project


def read_schema(folder: Path) -> tuple[str, str]:
    """Return (state, text) of a project's schema. Raises BadInput when it has none."""
    path = _path(folder)
    if not path.exists():
        raise BadInput(f"{path}: not there; `canario run` shows an inferred one")
    text = path.read_text()
    return schema_state.state_of(text), text


def approve_schema(folder: Path, who: str, day: date) -> Path:
    """Mark the schema as read and approved by `who`. Raises BadInput."""
    _, text = read_schema(folder)
    write_text(_path(folder), schema_state.approve(text, who, day))
    return _path(folder)


def infer_for(folder: Path) -> Path:
    """Infer a schema from a project's first spans and put it into its folder.

    TFDV lives in an environment of its own, so this runs there. Raises DataError when
    the data cannot be read, EnvironmentFault when TFDV fails.
    """
    config = load_project(folder)
    project = Project(folder, config, load_rollout(folder), folder)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        with contextlib.redirect_stdout(sys.stderr):  # a log, not our result
            _ingest(project, place)
        _infer(place / "examples", place / "schema.pbtxt")
        write_text(_path(folder), (place / "schema.pbtxt").read_text())
    return _path(folder)


def _ingest(project: Project, place: Path) -> None:
    from components.ingest.ingest import run as ingest

    ingest(
        project=project.config.project,
        source=project.source,
        source_digest="",
        data=project.config.data.model_dump(mode="json"),
        required=parameters.required_columns(project.config),
        spans=project.config.schedule.first,
        replay_spans=[],
        ledger_uri=str(place / "ledger"),
        new_version=False,
        examples=place / "examples",
        traffic=place / "traffic",
    )


def _infer(examples: Path, target: Path) -> None:
    python = environments()[images.VALIDATE].python
    command = [
        str(python),
        "-m",
        "components.validate.infer",
        str(examples),
        str(target),
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no output"]
        raise EnvironmentFault(f"schema inference stopped: {last[0]}")


def _path(folder: Path) -> Path:
    return folder / load_project(folder).validation.schema_file
