"""Results as tables for the terminal: one for each step of a run."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from contracts import artifacts
from pipelines.runs import RunRecord

_SHOWN = ("auc", "log_loss", "accuracy", "precision", "recall", "f1", "base_rate")


def run_tables(record: RunRecord) -> list[RenderableType]:
    """Return one table for each step of a run that left something to show."""
    root = Path(record.parameters["run_root"])
    tables: list[RenderableType] = []
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


def runs_table(records: Sequence[RunRecord]) -> Table:
    """Return the list of runs, oldest first."""
    table = _table(
        "runs", "run", "project", "spans", "wall s", "executed", "cached", "result"
    )
    table.columns[0].no_wrap = True  # people copy it
    for record in records:
        done, total = record.executed(), len(record.tasks)
        ran = "all" if len(done) == total else ", ".join(done) or "nothing"
        table.add_row(
            record.run_id,
            record.project,
            spans_in_words(record.spans),
            f"{record.wall_s:.1f}",
            ran,
            str(sum(t.cached for t in record.tasks)),
            _result(record),
        )
    return table


def diff_table(a: str, b: str, rows: Sequence[dict[str, Any]]) -> Table:
    """Return a table of what differs between two runs."""
    table = _table("differences", "kind", "what", a, b)
    for row in rows:
        cells = [_cell(row[key]) for key in ("kind", "what", "a", "b")]
        table.add_row(*cells)
    return table


def _data_table(manifest: artifacts.Manifest) -> RenderableType:
    table = _table("ingest: spans", "span", "version", "rows", "labelled", "no label")
    for span in manifest.spans:
        counts = (span.rows, span.labelled, span.unlabelled)
        table.add_row(str(span.span), str(span.version), *(f"{n:,}" for n in counts))
    splits = ", ".join(f"{name} {n:,}" for name, n in manifest.splits.items())
    return _noted(table, f"splits: {splits}; corrupt rows: {manifest.corrupt:,}")


def _validation_table(record: RunRecord, statistics: dict[str, Any]) -> RenderableType:
    table = _verdict_table("validate: anomalies", record, "validation")
    for item in statistics["anomalies"][:8]:
        where = f"{item['dataset']}.{item['feature']}"
        table.add_row(item["severity"].lower(), escape(f"{where}: {item['short']}"))
    text = ", ".join(
        f"{d['feature']} {d['value']:.3f} (span {d['span']})"
        for d in _largest_drift(record, statistics)
    )
    return _noted(table, f"largest drift: {escape(text)}" if text else "")


def _largest_drift(record: RunRecord, statistics: dict[str, Any]) -> list[Any]:
    """Return the three features of the model that moved most between two spans."""
    patterns = [feature["column"] for feature in record.parameters["features"]]
    ranked = sorted(statistics["drift"], key=lambda d: float(d["value"]))
    most = {item["feature"]: item for item in ranked}
    used = [f for f in most if any(fnmatch.fnmatchcase(f, p) for p in patterns)]
    return sorted((most[f] for f in used), key=lambda d: -float(d["value"]))[:3]


def _training_table(history: dict[str, Any]) -> RenderableType:
    table = _table("train: learning curve", "epoch", "loss", "eval loss", "eval metric")
    for point in history["epochs"][-6:]:
        metric = point.get("eval_auc", point.get("eval_accuracy"))
        values = (point.get("loss"), point.get("eval_loss"), metric)
        table.add_row(f"{point['epoch']:g}", *(_cell(value) for value in values))
    return _noted(table, escape(str(history.get("diagnosis", ""))))


def _evaluation_tables(
    record: RunRecord, found: dict[str, Any]
) -> list[RenderableType]:
    overall = found["overall"]
    models = {"candidate": overall["candidate"], "baseline": overall.get("baseline")}
    models |= overall.get("trivial", {})
    models = {name: values for name, values in models.items() if values}
    table = _table("evaluate: test split", "metric", *models)
    for metric in (m for m in _SHOWN if m in overall["candidate"]):
        table.add_row(
            metric, *(_cell(values.get(metric)) for values in models.values())
        )
    tables: list[RenderableType] = [table]
    tables += [_verdict_table("evaluate: blessing", record, "blessing")]
    slices = [s for s in found["slices"] if s.get("candidate")]
    if slices:
        tables.insert(1, _slice_table(found["metric"], slices))
    return tables


def _slice_table(metric: str, slices: list[dict[str, Any]]) -> RenderableType:
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
    return _noted(table, f"worst of {len(slices)} by {metric}")


def _rollout_table(rollout: dict[str, Any]) -> RenderableType:
    table = _table("deploy: rollout", "step", "requests", "on the canary", "share")
    for step in rollout["steps"]:
        n, canary = step["requests"], step["canary_requests"]
        share = f"{100 * canary / n:.1f} %" if n else ""
        table.add_row(f"{step['weight']:g} %", f"{n:,}", f"{canary:,}", share)
    colour = "green" if rollout["decision"] == "promoted" else "red"
    reasons = escape("; ".join(rollout["reasons"]))
    return _noted(table, f"[{colour}]{rollout['decision']}[/]: {reasons}")


def _verdict_table(title: str, record: RunRecord, gate: str) -> Table:
    table = _table(title, "verdict", "reason")
    verdict = record.verdicts.get(gate)
    if verdict:
        word = "[green]passed" if verdict.passed else "[red]refused"
        for reason in verdict.reasons:
            table.add_row(word, escape(reason))
            word = ""
    return table


def _noted(table: Table, note: str) -> RenderableType:
    """Put a line below a table; a caption would be as narrow as the table."""
    return Group(table, Padding(note, (0, 0, 1, 1)))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None)
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
        return record.error["type"]
    if refused := record.refusal():
        return f"{refused.gate} refused"
    return str(record.rollout["decision"]) if record.rollout else "done"


def spans_in_words(spans: Sequence[int]) -> str:
    """Return `span 7` or `spans 1 to 7`."""
    if len(spans) == 1:
        return f"span {spans[0]}"
    return f"spans {min(spans)} to {max(spans)}"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    return "" if value is None else escape(str(value))


def _number(value: Any) -> float:
    return float(value) if value is not None else float("inf")
