"""`canario run`: the runs of a project's schedule, one after the other."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from components import images
from contracts import artifacts
from contracts.config import load_project, load_rollout
from contracts.errors import (
    BadInput,
    CanarioError,
    EnvironmentFault,
    GateRefused,
    by_name,
)
from contracts.storage import disk_faults, open_storage
from pipelines import parameters
from pipelines.local.environments import WarmWorkers, environments
from pipelines.local.tasks import Listener
from pipelines.parameters import Project
from pipelines.runs import RunRecord

SUMMARY = "summary.json"
REPORT = "report.html"


class Audience(Listener, Protocol):
    """Somebody who is told how the story goes."""

    def run_begins(self, number: int, total: int, spans: Sequence[int]) -> None:
        """Tell that a run begins."""
        ...

    def run_ended(self, record: RunRecord) -> None:
        """Tell how a run ended."""
        ...


@dataclass
class Story:
    """What happened: the runs in order, and why it stopped early, if it did."""

    project: str
    folder: Path
    wall_s: float = 0.0
    runs: list[RunRecord] = field(default_factory=list)
    error: CanarioError | None = None

    def summary(self) -> dict[str, Any]:
        """Return the content of summary.json."""
        rollout = self.runs[-1].rollout if self.runs else None
        keys = ("decision", "reasons", "steps")
        counts = ("requests", "canary_requests", "harmed_requests")
        return {
            "project": self.project,
            "wall_s": self.wall_s,
            "runs": [record.summary() for record in self.runs],
            "rollout": {k: rollout[k] for k in (*keys, *counts)} if rollout else None,
            "error": str(self.error) if self.error else None,
            "report": str(self.folder / REPORT),
        }


def open_project(name: str, configs: Path, build: Path) -> Project:
    """Load `configs/<name>`; its workspace lies in `build` under the project's name.

    Raises ConfigError with file and line, BadInput when there is no such project.
    """
    folder = configs / name
    if not (folder / "project.yaml").exists():
        known = sorted(p.parent.name for p in configs.glob("*/project.yaml"))
        listed = ", ".join(known) or "none"
        raise BadInput(
            f"no project '{name}' in {configs}; there are: {listed}. "
            "Make one: canario new NAME --from file.csv --label COLUMN"
        )
    config = load_project(folder)
    rollout = load_rollout(folder)
    return Project(folder, config, rollout, (build / config.project).resolve())


def tell(
    project: Project,
    audience: Audience,
    now: Callable[[], datetime],
    plant: str = "",
    new_version: bool = False,
) -> Story:
    """Run the project's schedule; return what happened, also when it stopped early.

    Writes summary.json and report.html into the workspace. Raises BadInput before
    anything is started when the arguments contradict the config.
    """
    chapters = _chapters(project, plant)
    story = Story(project.config.project, project.workspace)
    started = time.monotonic()
    with _alone(project.workspace), WarmWorkers(environments()) as workers:
        # Even if all else is remembered deploy looks; if nothing is, all will run.
        remembers = (project.workspace / "cache").exists()
        workers.start([images.BASE] if remembers else workers.by_image)
        source_digest = _source_digest(project)
        for number, (spans, replay) in enumerate(chapters, 1):
            last = number == len(chapters)
            audience.run_begins(number, len(chapters), spans)
            record = _run(
                project,
                spans,
                replay,
                source_digest,
                plant if last else "",
                new_version,
                workers,
                audience,
                now,
                last,
            )
            story.runs.append(record)
            audience.run_ended(record)
            story.error = _stops(record)
            if story.error:
                break
    story.wall_s = round(time.monotonic() - started, 3)
    _publish(story)
    return story


@contextlib.contextmanager
def _alone(workspace: Path) -> Iterator[None]:
    """Hold the workspace: two runs of one project would undo each other's rollout.

    The kernel lets go of the lock when the process ends, however it ends. Raises
    EnvironmentFault when another run holds it.
    """
    with disk_faults(workspace):
        workspace.mkdir(parents=True, exist_ok=True)
        handle = (workspace / ".lock").open("w")
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EnvironmentFault(
                f"{workspace}: another run of this project is at work. Wait for it, or "
                "give this one a folder of its own: --build FOLDER"
            ) from None
        yield


def _chapters(project: Project, plant: str) -> list[tuple[list[int], list[int]]]:
    """Return (spans, replayed spans) of each run. Raises BadInput."""
    schedule = project.config.schedule
    spans = list(schedule.first)
    runs = [list(spans)]
    for arriving in schedule.then:
        spans = [*spans, arriving]
        runs.append(spans)
    replay = [schedule.replay] if schedule.replay is not None else []
    if plant and plant not in parameters.PLANTS:
        raise BadInput(f"--plant {plant}: known are {', '.join(parameters.PLANTS)}")
    if plant and not (replay and schedule.then):
        raise BadInput(
            f"--plant {plant}: {project.config.project} has no rollout to break; its "
            "schedule needs 'then' and 'replay'"
        )
    return [(run, replay if i == len(runs) - 1 else []) for i, run in enumerate(runs)]


def _run(
    project: Project,
    spans: list[int],
    replay: list[int],
    source_digest: str,
    plant: str,
    new_version: bool,
    workers: WarmWorkers,
    audience: Audience,
    now: Callable[[], datetime],
    last: bool,
) -> RunRecord:
    # kfp takes a third of a second to import: only who runs needs it.
    from pipelines.local.runner import run_pipeline
    from pipelines.training import training

    run_id = _run_id(project.workspace, now(), spans)
    arguments = parameters.arguments(
        project,
        spans,
        replay,
        run_id,
        project.workspace / "runs" / run_id,
        source_digest,
        plant,
        new_version,
    )
    return run_pipeline(
        training,
        arguments,
        project.config.question,
        project.workspace,
        workers,
        audience,
        now,
        last,
    )


def _run_id(workspace: Path, moment: datetime, spans: Sequence[int]) -> str:
    base = f"{moment:%Y%m%d-%H%M%S}-s{max(spans)}"
    taken = (workspace / "runs" / base).exists()
    return f"{base}-{moment:%f}" if taken else base


def _source_digest(project: Project) -> str:
    from components.ingest import sources

    return parameters.digest_of_source(sources.resolve(project.source))


def _stops(record: RunRecord) -> CanarioError | None:
    """Return why no further run may start; None when all went well."""
    if record.error:
        return by_name(record.error["type"])(record.error["message"])
    if refused := record.refusal():
        return GateRefused(f"{refused.gate}: " + "; ".join(refused.reasons))
    if record.rollout and record.rollout["decision"] != "promoted":
        decision, reasons = record.rollout["decision"], record.rollout["reasons"]
        return GateRefused(f"rollout {decision}: " + "; ".join(reasons))
    return None


def _publish(story: Story) -> None:
    """Put the newest report and the summary where people and programs look."""
    artifacts.write_json(story.folder / SUMMARY, story.summary())
    newest = Path(story.runs[-1].parameters["run_root"]) / "report" / "html"
    if newest.exists():
        open_storage(str(story.folder)).write(REPORT, newest.read_bytes())
