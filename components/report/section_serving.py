"""Serving costs against their limits, and where the time of the run went."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from components.report import text
from components.report.collect import Artifacts, Task
from contracts.decisions import Gate

_GAUGES = (
    ("ready_seconds", "Start to ready", "s", "load_seconds"),
    ("load_seconds", "of which load", "s", ""),
    ("warm_up_seconds", "of which warm-up", "s", ""),
    ("peak_mib", "Memory at peak", "MiB", "memory_mib"),
    ("v1_p50_ms", "Latency over V1, median", "ms", ""),
    ("v1_p99_ms", "Latency over V1, 99th percentile", "ms", "p99_ms"),
    ("v2_p50_ms", "Latency over V2, median", "ms", ""),
    ("v2_p99_ms", "Latency over V2, 99th percentile", "ms", "p99_ms"),
    ("v1_difference", "Golden rows over V1, largest difference", "", "tolerance"),
    ("v2_difference", "Golden rows over V2, largest difference", "", "tolerance"),
)
"""Key of the verdict, name, unit, and key of the limit in the config ("": none)."""


@dataclass(frozen=True)
class Gauge:
    """One measured cost; bars in percent of the scale, which ends beyond the limit."""

    name: str
    value: str
    limit: str
    bar: float
    limit_at: float | None
    over: bool


@dataclass(frozen=True)
class ServingSection:
    """Costs with limits, and whatever else was measured."""

    gauges: list[Gauge]
    others: str


@dataclass(frozen=True)
class TaskRow:
    """One task of the run and its share of the time."""

    name: str
    how: str
    seconds: str
    bar: float
    why: str


def build(found: Artifacts) -> ServingSection | None:
    """Return the section, None when the model was never loaded in a server."""
    verdict = found.verdicts.get(Gate.INFRA)
    if verdict is None:
        return None
    measured = dict(verdict.measured)
    limits = found.run.parameters.get("infra") or {}
    gauges = [
        _gauge(name, unit, measured.pop(key), limits.get(limit))
        for key, name, unit, limit in _GAUGES
        if text.is_number(measured.get(key))
    ]
    others = [
        f"{key.replace('_', ' ')} {text.number(value)}"
        for key, value in measured.items()
        if text.is_number(value)
    ]
    return ServingSection(gauges, ", ".join(others))


def tasks(found: Artifacts) -> list[TaskRow]:
    """Return the tasks of the run in their order; the report itself is not over."""
    rows = [task for task in found.run.tasks or [] if task.name != "report"]
    longest = max((task.seconds or 0.0 for task in rows), default=0.0) or 1.0
    return [
        TaskRow(
            name=task.name,
            how=_how(task),
            seconds=text.seconds(task.seconds),
            bar=100 * (task.seconds or 0.0) / longest,
            why="; ".join(task.why),
        )
        for task in rows
    ]


def _gauge(name: str, unit: str, value: float, limit: Any) -> Gauge:
    known = text.is_number(limit) and limit > 0
    scale = max(value, 1.15 * limit) if known else math.inf  # no limit, no bar
    return Gauge(
        name=name,
        value=f"{text.number(value)} {unit}".strip(),
        limit=f"{text.number(limit)} {unit}".strip() if known else "",
        bar=round(100 * value / scale, 2),
        limit_at=round(100 * limit / scale, 2) if known else None,
        over=known and value > limit,
    )


def _how(task: Task) -> str:
    if task.status in ("failed", "running"):
        return task.status
    if task.cached:
        return "cached"
    return "found done" if task.reconciled else "ran"
