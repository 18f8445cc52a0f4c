"""Progress while it works: one line for each task, and where things lie at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from pipelines.local.tasks import TaskRecord
from pipelines.runs import RunRecord
from pipelines.story import Story
from pipelines.tables import run_tables, spans_in_words

_TAIL = 4096


class Terminal:
    """Shows a story on a console; on a pipe only finished lines are printed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None

    def run_begins(self, number: int, total: int, spans: Sequence[int]) -> None:
        """Head a run."""
        self._console.rule(f"[bold]run {number} of {total} · {spans_in_words(spans)}")

    def run_ended(self, record: RunRecord) -> None:
        """Print the tables of a run."""
        self._stop()
        for table in run_tables(record):
            self._console.print(table)

    def started(self, task: TaskRecord) -> None:
        """Show which task works."""
        if self._console.is_terminal:
            self._status = self._console.status(task.name)
            self._status.start()

    def ticked(self, task: TaskRecord, log: Path) -> None:
        """Show the last line of the task's log."""
        if self._status:
            self._status.update(f"{task.name}  [dim]{escape(_last_line(log))}")

    def finished(self, task: TaskRecord) -> None:
        """Print one line for a finished task."""
        self._stop()
        mark = "[green]✓" if task.status == "done" else "[red]✗"
        how = _how(task.cached, task.reconciled)
        note = "" if task.cached or task.reconciled else "; ".join(task.why)
        line = f"{mark}[/] {task.name:<15}{how:<9}{task.seconds:>6.2f} s"
        self._console.print(f"{line}  [dim]{escape(note)}")

    def _stop(self) -> None:
        if self._status:
            self._status.stop()
            self._status = None


class Silent:
    """Shows nothing: for `--json`."""

    def run_begins(self, number: int, total: int, spans: Sequence[int]) -> None:
        """Say nothing."""

    def run_ended(self, record: RunRecord) -> None:
        """Say nothing."""

    def started(self, task: TaskRecord) -> None:
        """Say nothing."""

    def ticked(self, task: TaskRecord, log: Path) -> None:
        """Say nothing."""

    def finished(self, task: TaskRecord) -> None:
        """Say nothing."""


def closing(story: Story, console: Console) -> None:
    """Print where things lie and what to type next."""
    name = story.project
    console.print(f"\nreport    {story.folder / 'report.html'}")
    console.print(f"summary   {story.folder / 'summary.json'}")
    console.print("runs      canario runs   ·   canario runs diff A B")
    if story.error is None:
        console.print(f"serve     canario serve {name}")
    console.print(f"[bold]{len(story.runs)} run(s) in {story.wall_s:.1f} s")


def _how(cached: bool, reconciled: bool) -> str:
    if cached:
        return "cached"
    return "settled" if reconciled else "ran"


def _last_line(log: Path) -> str:
    try:
        with log.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - _TAIL))
            lines = stream.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    shown = [line for line in lines if line.strip() and "KFP Executor" not in line]
    return shown[-1][:100] if shown else ""
