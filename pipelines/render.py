"""What a person sees in the terminal: progress while it works, a table per step."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from contracts import artifacts
from pipelines.local.handler import TaskRecord
from pipelines.runs import RunRecord
from pipelines.story import Story

_TAIL = 4096
_SHOWN = ("auc", "log_loss", "accuracy", "precision", "recall", "f1", "base_rate")


class Terminal:
    """Shows a story on a console; on a pipe only finished lines are printed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None

    def run_begins(self, number: int, total: int, spans: Sequence[int]) -> None:
        """Head a run."""
        self._console.rule(f"[bold]run {number} of {total} · {_spans(spans)}")

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


def run_tables(record: RunRecord) -> list[Table]:
    """Return one table for each step of a run that left something to show."""
    root = Path(record.parameters["run_root"])
    tables = []
    if (path := root / "ingest" / "examples" / artifacts.MANIFEST).exists():
        tables.append(_data_table(artifacts.Manifest.load(path.parent)))
    if (path := root / "validate" / "statistics" / artifacts.STATISTICS).exists():
        tables.append(_validation_table(record, artifacts.read_json(path)))
    if (path := root / "train" / "model" / artifacts.HISTORY).exists():
        tables.append(_training_table(artifacts.read_json(path)))
    if (path := root / "evaluate" / "evaluation" / artifacts.EVALUATION).exists():
        tables += _evaluation_tables(record, artifacts.read_json(path))
    if "infra" in record.verdicts:
        tables.append(_verdict_table("infra_validate", record, "infra"))
    if record.rollout:
        tables.append(_rollout_table(record.rollout))
    return tables


def closing(story: Story, console: Console) -> None:
    """Print where things lie and what to type next."""
    name = story.project
    console.print(f"\nreport    {story.folder / 'report.html'}")
    console.print(f"summary   {story.folder / 'summary.json'}")
    console.print("runs      canario runs   ·   canario runs diff A B")
    if story.error is None:
        console.print(f"serve     canario serve {name}")
    console.print(f"[bold]{len(story.runs)} run(s) in {story.wall_s:.1f} s")


def runs_table(records: Sequence[RunRecord]) -> Table:
    """Return the list of runs, oldest first."""
    table = _table(
        "runs", "run", "project", "spans", "wall s", "executed", "cached", "result"
    )
    for record in records:
        done = record.executed()
        cached = [t.name for t in record.tasks if t.cached]
        table.add_row(
            record.run_id,
            record.project,
            _spans(record.spans),
            f"{record.wall_s:.1f}",
            ", ".join(done) or "nothing",
            str(len(cached)),
            escape(_result(record)),
        )
    return table


def diff_table(a: str, b: str, rows: Sequence[dict[str, Any]]) -> Table:
    """Return a table of what differs between two runs."""
    table = _table("differences", "kind", "what", a, b)
    for row in rows:
        cells = [_cell(row[key]) for key in ("kind", "what", "a", "b")]
        table.add_row(*cells)
    return table


def _data_table(manifest: artifacts.Manifest) -> Table:
    table = _table("ingest: spans", "span", "version", "rows", "labelled", "no label")
    for span in manifest.spans:
        counts = (span.rows, span.labelled, span.unlabelled)
        table.add_row(str(span.span), str(span.version), *(f"{n:,}" for n in counts))
    splits = ", ".join(f"{name} {n:,}" for name, n in manifest.splits.items())
    table.caption = f"splits: {splits}; corrupt rows: {manifest.corrupt:,}"
    return table


def _validation_table(record: RunRecord, statistics: dict[str, Any]) -> Table:
    table = _verdict_table("validate: anomalies", record, "validation")
    for item in statistics["anomalies"][:8]:
        where = f"{item['dataset']}.{item['feature']}"
        table.add_row(item["severity"].lower(), escape(f"{where}: {item['short']}"))
    drift = sorted(statistics["drift"], key=lambda d: -d["value"])[:3]
    text = ", ".join(
        f"{d['feature']} {d['value']:.3f} (span {d['span']})" for d in drift
    )
    table.caption = f"largest drift: {escape(text)}" if text else None
    return table


def _training_table(history: dict[str, Any]) -> Table:
    table = _table("train: learning curve", "epoch", "loss", "eval loss", "eval metric")
    for point in history["epochs"][-6:]:
        metric = point.get("eval_auc", point.get("eval_accuracy"))
        values = (point.get("loss"), point.get("eval_loss"), metric)
        table.add_row(f"{point['epoch']:g}", *(_cell(value) for value in values))
    table.caption = escape(str(history.get("diagnosis", "")))
    return table


def _evaluation_tables(record: RunRecord, found: dict[str, Any]) -> list[Table]:
    overall = found["overall"]
    models = {"candidate": overall["candidate"], "baseline": overall.get("baseline")}
    models |= overall.get("trivial", {})
    models = {name: values for name, values in models.items() if values}
    table = _table("evaluate: test split", "metric", *models)
    for metric in (m for m in _SHOWN if m in overall["candidate"]):
        table.add_row(
            metric, *(_cell(values.get(metric)) for values in models.values())
        )
    tables = [table, _verdict_table("evaluate: blessing", record, "blessing")]
    slices = [s for s in found["slices"] if s.get("candidate")]
    if slices:
        tables.insert(1, _slice_table(found["metric"], slices))
    return tables


def _slice_table(metric: str, slices: list[dict[str, Any]]) -> Table:
    table = _table(
        "evaluate: slices", "slice", "examples", metric, "interval", "baseline"
    )
    ranked = sorted(slices, key=lambda s: _number(s["candidate"].get(metric)))
    for item in ranked[:6]:
        interval = item.get("interval") or ["", ""]
        baseline = (item.get("baseline") or {}).get(metric)
        table.add_row(
            escape(item["slice"]),
            f"{item['examples']:,}",
            _cell(item["candidate"].get(metric)),
            f"{_cell(interval[0])} to {_cell(interval[1])}",
            _cell(baseline),
        )
    table.caption = f"worst of {len(slices)} by {metric}"
    return table


def _rollout_table(rollout: dict[str, Any]) -> Table:
    table = _table("deploy: rollout", "step", "requests", "on the canary", "share")
    for step in rollout["steps"]:
        n, canary = step["requests"], step["canary_requests"]
        share = f"{100 * canary / n:.1f} %" if n else ""
        table.add_row(f"{step['weight']:g} %", f"{n:,}", f"{canary:,}", share)
    colour = "green" if rollout["decision"] == "promoted" else "red"
    reasons = escape("; ".join(rollout["reasons"]))
    table.caption = f"[{colour}]{rollout['decision']}[/]: {reasons}"
    return table


def _verdict_table(title: str, record: RunRecord, gate: str) -> Table:
    table = _table(title, "verdict", "reason")
    verdict = record.verdicts.get(gate)
    if verdict:
        word = "[green]passed" if verdict.passed else "[red]refused"
        for reason in verdict.reasons:
            table.add_row(word, escape(reason))
            word = ""
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None)
    table.caption_justify = "left"
    for index, column in enumerate(columns):
        text = index == 0 or column in (
            "reason",
            "verdict",
            "what",
            "executed",
            "result",
        )
        table.add_column(column, justify="left" if text else "right", style=None)
    return table


def _result(record: RunRecord) -> str:
    if record.error:
        return record.error["message"]
    if refused := record.refusal():
        return f"{refused.gate} refused: {refused.reasons[0]}"
    return str(record.rollout["decision"]) if record.rollout else "done"


def _spans(spans: Sequence[int]) -> str:
    if len(spans) == 1:
        return f"span {spans[0]}"
    return f"spans {min(spans)} to {max(spans)}"


def _how(cached: bool, reconciled: bool) -> str:
    if cached:
        return "cached"
    return "settled" if reconciled else "ran"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    return "" if value is None else escape(str(value))


def _number(value: Any) -> float:
    return float(value) if value is not None else float("inf")


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
