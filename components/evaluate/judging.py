"""Puts measurements and rules together: evaluation.json's content and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.evaluate import comparison, document
from components.evaluate.comparison import Compared, Finding, compare
from components.evaluate.counts import confusion
from components.evaluate.must_pass import Outcome
from components.evaluate.values import Groups, Prediction
from contracts.config import EvaluateConfig
from contracts.decisions import Gate, Verdict
from contracts.signature import Signature

CANDIDATE = "candidate"
BASELINE = "baseline"


@dataclass(frozen=True)
class Contest:
    """Everyone's answers to the same examples; `baseline` is None in a first run."""

    labels: np.ndarray
    slices: list[Groups]
    candidate: Prediction
    baseline: Prediction | None
    trivial: Mapping[str, Prediction]
    must_pass: Sequence[Outcome] = ()


def judge(
    contest: Contest, signature: Signature, config: EvaluateConfig
) -> tuple[dict[str, Any], Verdict]:
    """Return evaluation.json's content and the verdict. Pure."""
    labels, ours, theirs = contest.labels, contest.candidate, contest.baseline
    whole = Groups.whole(len(labels))
    beside = [
        compare(labels, ours, (name, answers), whole, config)[0]
        for name, answers in contest.trivial.items()
    ]
    against = theirs and compare(labels, ours, (BASELINE, theirs), whole, config)[0]
    by_slice: list[Compared] = []
    rows: list[dict[str, Any]] = []
    for groups in contest.slices:
        compared = theirs and compare(labels, ours, (BASELINE, theirs), groups, config)
        by_slice += compared or []
        rows += document.slice_rows(labels, ours, theirs, groups, compared, config)
    found = [
        *_answered(ours),
        *(outcome.finding for outcome in contest.must_pass),
        *comparison.findings(beside, against, by_slice, config),
    ]
    result = _describe(contest, signature, config) | {
        "slices": rows,
        "comparison": _compared(beside, against, config),
    }
    blessing = _blessing(found, beside, against, config)
    result["comparison"] |= {"blessed": blessing.passed, "reasons": blessing.reasons}
    return document.finite(result), blessing


def _describe(
    contest: Contest, signature: Signature, config: EvaluateConfig
) -> dict[str, Any]:
    labels, ours, theirs = contest.labels, contest.candidate, contest.baseline
    measured = document.overall(labels, ours, config)
    table = confusion(labels, ours.decisions, len(signature.classes))
    return {
        "examples": len(labels),
        "task": signature.task.value,
        "classes": signature.classes,
        "threshold": signature.threshold,
        "metric": config.metric,
        "beta": config.beta,
        "confidence": config.confidence,
        "overall": {
            "candidate": measured,
            "baseline": theirs and document.overall(labels, theirs, config),
            "trivial": {
                name: document.overall(labels, answers, config)
                for name, answers in contest.trivial.items()
            },
        },
        "intervals": document.intervals(labels, ours, config),
        "reading": document.reading(measured),
        "confusion": table.tolist(),
        "per_class": document.per_class(labels, ours, signature.classes),
        **document.plots(labels, ours),
        "must_pass": [
            outcome.model_dump() | {"passed": outcome.finding.passed}
            for outcome in contest.must_pass
        ],
    }


def _compared(
    beside: Sequence[Compared], against: Compared | None, config: EvaluateConfig
) -> dict[str, Any]:
    return {
        "metric": config.metric,
        "trivial": {row.other: _numbers(row) for row in beside},
        "baseline": against and _numbers(against),
        "limits": {
            "margin_over_trivial": config.margin_over_trivial,
            "max_drop": config.max_drop,
            "slice_max_drop": config.slice_max_drop,
            "slice_min_examples": config.slice_min_examples,
            "on_tie": config.on_tie,
        },
    }


def _numbers(row: Compared) -> dict[str, Any]:
    return {
        "candidate": row.candidate,
        "other": row.against,
        "gain": row.gain,
        "interval": list(row.interval),
    }


def _blessing(
    found: Sequence[Finding],
    beside: Sequence[Compared],
    against: Compared | None,
    config: EvaluateConfig,
) -> Verdict:
    """Bless when every finding passed. A refusal lists only what refused."""
    refused = [finding.reason for finding in found if not finding.passed]
    rows = [*beside, *([against] if against else [])]
    measured = {"metric": config.metric, "candidate": rows[0].candidate}
    measured |= {row.other: row.against for row in rows}
    return Verdict(
        gate=Gate.BLESSING,
        passed=not refused,
        reasons=refused or [finding.reason for finding in found],
        measured=document.finite(measured | {"examples": rows[0].examples}),
    )


def _answered(candidate: Prediction) -> list[Finding]:
    if not candidate.invalid:
        return []
    return [
        Finding(
            False,
            f"no finite probability for {candidate.invalid:,} of "
            f"{len(candidate.decisions):,} examples; none is allowed",
        )
    ]
