"""Evaluation: the candidate against the baseline and against trivial models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.report import curves, figures_quality, text
from components.report.collect import Artifacts
from contracts.artifacts import LABEL

LOWER_IS_BETTER = frozenset({"log_loss", "loss", "brier", "ece", "rmse", "mae"})
_FIRST = ("auc", "accuracy", "log_loss", "precision", "recall", "f1")
_NOT_SHOWN = frozenset({"examples"})
_MOST_FAILURES = 5


@dataclass(frozen=True)
class MetricRow:
    """One metric of every model; `better` says who wins, "" when nobody can tell."""

    name: str
    is_gate: bool
    candidate: str
    interval: str
    baseline: str
    difference: str
    better: str
    trivial: list[str]


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix: rows are the truth. Cells are (count, share of the row)."""

    classes: list[str]
    rows: list[tuple[str, list[tuple[str, float, bool]]]]


@dataclass(frozen=True)
class MustPassRow:
    """One set of examples that no candidate may get wrong."""

    name: str
    rows: str
    passed: bool
    failures: list[str]


@dataclass(frozen=True)
class QualitySection:
    """Everything the template shows of the evaluation."""

    lead: str
    metric: str
    trivial: list[str]
    has_baseline: bool
    metrics: list[MetricRow]
    figures: list[str]
    matrix: Matrix | None
    per_class: list[dict[str, str]]
    must_pass: list[MustPassRow]


def build(found: Artifacts) -> QualitySection | None:
    """Return the section, None when nothing was evaluated."""
    data = found.evaluation
    if not data:
        return None
    overall, metric = data.get("overall", {}), str(data.get("metric", "auc"))
    classes = list(found.manifest.classes) if found.manifest else []
    trivial = overall.get("trivial") or {}
    return QualitySection(
        lead=_lead(data, metric),
        metric=text.label(metric),
        trivial=[name.replace("_", " ") for name in trivial],
        has_baseline=bool(overall.get("baseline")),
        metrics=metric_rows(overall, data.get("intervals", {}), metric),
        figures=_figures(found),
        matrix=_matrix(data.get("confusion") or [], classes),
        per_class=[_texts(row) for row in data.get("per_class") or []],
        must_pass=[_must_pass(item) for item in data.get("must_pass") or []],
    )


def metric_rows(
    overall: Mapping[str, Any], intervals: Mapping[str, Any], gate: str
) -> list[MetricRow]:
    """Return one row a metric, the gate's first, then the best known."""
    candidate = overall.get("candidate") or {}
    order = [gate, *_FIRST, *candidate]
    # With beta 1, the default, F beta is F1 again.
    hidden = {*_NOT_SHOWN} | (
        {"f_beta"} if candidate.get("f_beta") == candidate.get("f1") else set()
    )
    names = [n for n in dict.fromkeys(order) if n in candidate and n not in hidden]
    return [_metric_row(name, overall, intervals.get(name), gate) for name in names]


def _metric_row(
    name: str, overall: Mapping[str, Any], interval: Any, gate: str
) -> MetricRow:
    candidate = overall["candidate"][name]
    baseline = (overall.get("baseline") or {}).get(name)
    trivial = (overall.get("trivial") or {}).values()
    change = text.difference(candidate, baseline)
    return MetricRow(
        name=text.label(name),
        is_gate=name == gate,
        candidate=text.fixed(candidate),
        interval=f"{text.fixed(interval[0])} to {text.fixed(interval[1])}"
        if interval
        else "",
        baseline=text.fixed(baseline),
        difference=text.signed(change),
        better=_better(name, change),
        trivial=[text.fixed((model or {}).get(name)) for model in trivial],
    )


def _better(name: str, change: float | None) -> str:
    known = name in LOWER_IS_BETTER or name in _FIRST
    if not known or change is None or abs(change) < 5e-5:
        return ""
    return "better" if (change < 0) == (name in LOWER_IS_BETTER) else "worse"


def _figures(found: Artifacts) -> list[str]:
    overall = found.evaluation.get("overall", {})
    drawn = _curves(found)
    figures = []
    if points := drawn["roc"]:
        areas = {name: (overall.get(name) or {}).get("auc") for name in points}
        known = {name: area for name, area in areas.items() if text.is_number(area)}
        figures.append(figures_quality.roc(points, known))
    if points := drawn["pr"]:
        rate = (overall.get("candidate") or {}).get("base_rate")
        figures.append(figures_quality.precision_recall(points, rate))
    if points := drawn["calibration"]:
        figures.append(figures_quality.calibration(points))
    return figures


def _curves(found: Artifacts) -> dict[str, dict[str, Any]]:
    """Return the points of each figure by arm; empty where there are none."""
    drawn: dict[str, dict[str, Any]] = {}
    for kind in ("roc", "pr", "calibration"):
        points = found.evaluation.get(kind)
        drawn[kind] = {"candidate": points} if points else {}
    label, scores = (found.predictions.get(n) for n in (LABEL, "baseline"))
    if label is not None and scores is not None and drawn["roc"]:
        roc, pr = curves.ranked(label, scores)
        drawn["roc"] |= {"baseline": roc} if roc else {}
        drawn["pr"] |= {"baseline": pr} if pr else {}
        drawn["calibration"] |= {"baseline": curves.calibration(label, scores)}
    return drawn


def _matrix(confusion: Sequence[Sequence[int]], classes: list[str]) -> Matrix | None:
    if not confusion:
        return None
    names = (
        classes
        if len(classes) == len(confusion)
        else list(map(str, range(len(confusion))))
    )
    rows = []
    for i, counts in enumerate(confusion):
        total = sum(counts) or 1
        cells = [(f"{c:,}", c / total, i == j) for j, c in enumerate(counts)]
        rows.append((text.short(names[i]), cells))
    return Matrix([text.short(name) for name in names], rows)


def _must_pass(item: Mapping[str, Any]) -> MustPassRow:
    failures = [
        f"row {f.get('row')} is {f.get('expected')}, predicted {f.get('predicted')}"
        for f in item.get("failures") or []
    ]
    passed = item.get("passed") is not False
    return MustPassRow(
        name=str(item.get("name", "")),
        rows=text.number(item.get("rows"), 9),
        passed=passed,
        failures=failures[:_MOST_FAILURES],
    )


def _texts(row: Mapping[str, Any]) -> dict[str, str]:
    """Return a row of any shape as texts, for a table with its own keys as head."""
    return {
        str(key): text.number(value) if text.is_number(value) else _text(value)
        for key, value in row.items()
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return text.DASH if value is None else text.short(value, 120)


def _lead(data: Mapping[str, Any], metric: str) -> str:
    overall = data.get("overall", {})
    candidate = (overall.get("candidate") or {}).get(metric)
    parts = [
        f"{text.label(metric)} {text.fixed(candidate)} on "
        f"{text.number(data.get('examples'), 9)} examples that no training saw"
    ]
    baseline = (overall.get("baseline") or {}).get(metric)
    if text.is_number(baseline):
        parts.append(f"the baseline reaches {text.fixed(baseline)}")
    trivial = {
        n.replace("_", " "): m[metric]
        for n, m in (overall.get("trivial") or {}).items()
        if m and text.is_number(m.get(metric))
    }
    if trivial:
        choose = min if metric in LOWER_IS_BETTER else max
        best = choose(trivial, key=lambda n: trivial[n])
        parts.append(f"the best trivial model ({best}) {text.fixed(trivial[best])}")
    sentence = "; ".join(parts) + "."
    return sentence[0].upper() + sentence[1:]
