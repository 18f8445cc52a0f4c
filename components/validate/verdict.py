"""From anomalies to the verdict of the validation gate: plain values, no TFDV.

What blocks: an ERROR in the newest span (that is what just arrived) or in
`split-train` (that is what the model would learn). Older spans were judged when they
arrived; their anomalies are reported and block nobody. Drift and skew are WARNINGs:
a season is no reason to stop training, on the contrary. With `block_on: warning`
warnings of the newest span and of the train split, and skew, block as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from components.validate.schema_state import State
from contracts.config import ValidateConfig
from contracts.decisions import Gate, Verdict

__all__ = [
    "ERROR",
    "WARNING",
    "Anomaly",
    "Case",
    "Kind",
    "Severity",
    "judge",
    "to_plain",
]

Severity = Literal["ERROR", "WARNING"]
Kind = Literal["schema", "drift", "skew"]
ERROR: Severity = "ERROR"
WARNING: Severity = "WARNING"
_TRAIN = "split-train"
_MOST_REASONS = 20


@dataclass(frozen=True)
class Anomaly:
    """One feature of one dataset that is not as expected.

    `feature` is "" when it is about the whole dataset; `against` names the dataset
    that drift and skew were measured against.
    """

    dataset: str
    feature: str
    severity: Severity
    short: str
    description: str
    kind: Kind = "schema"
    against: str = ""
    causes: list[str] = field(default_factory=list)

    def blocks(self, newest: str, block_on: str) -> bool:
        """Say whether this stops a run; `newest` is the newest span's dataset."""
        if self.severity == WARNING and block_on == "error":
            return False
        return self.kind == "skew" or self.dataset in (newest, _TRAIN)


def to_plain(anomaly: Anomaly) -> dict[str, Any]:
    """Return an anomaly as it stands in statistics.json."""
    return asdict(anomaly)


@dataclass(frozen=True)
class Case:
    """What a verdict is about: the project, its config and schema, and its data.

    `examples` are the rows of each dataset, `newest` is the newest span's dataset.
    """

    project: str
    config: ValidateConfig
    state: State
    examples: Mapping[str, int]
    newest: str

    @property
    def schema_file(self) -> str:
        """Where the user finds the schema."""
        return f"configs/{self.project}/{self.config.schema_file}"


def judge(anomalies: Sequence[Anomaly], case: Case) -> Verdict:
    """Decide whether these examples may train a model, with readable reasons."""
    block_on = case.config.block_on
    blocking = [a for a in anomalies if a.blocks(case.newest, block_on)]
    against = _too_few(case) + [_reason(group, case) for group in _grouped(blocking)]
    severities = [anomaly.severity for anomaly in anomalies]
    return Verdict(
        gate=Gate.VALIDATION,
        passed=not against,
        reasons=_shortened(against) or _why_passed(anomalies, case),
        measured={
            "examples": dict(case.examples),
            "anomalies": {
                "error": severities.count(ERROR),
                "warning": severities.count(WARNING),
                "blocking": len(blocking),
            },
            "schema_state": case.state,
        },
    )


def _too_few(case: Case) -> list[str]:
    found, wanted = case.examples.get(_TRAIN, 0), case.config.min_examples
    if found >= wanted:
        return []
    return [
        f"{_TRAIN} has {found:,} examples, expected at least {wanted:,} "
        "(validation.min_examples). Add spans, or lower the limit if so few suffice."
    ]


def _grouped(anomalies: Sequence[Anomaly]) -> list[list[Anomaly]]:
    """Bring the same finding in several datasets together."""
    groups: dict[tuple[str, str, str], list[Anomaly]] = {}
    for anomaly in anomalies:
        key = (anomaly.feature, anomaly.kind, anomaly.short)
        groups.setdefault(key, []).append(anomaly)
    return list(groups.values())


def _reason(group: Sequence[Anomaly], case: Case) -> str:
    first = next((a for a in group if a.dataset == case.newest), group[0])
    others = [a.dataset for a in group if a.dataset != first.dataset]
    also = f" (also {', '.join(others)})" if others else ""
    found = f"{first.short}: {first.description.rstrip('. ')}"
    return f"{_where(first)}{also}: {found}. {_advice(first, case)}"


def _where(anomaly: Anomaly) -> str:
    feature = f", feature {anomaly.feature}" if anomaly.feature else ""
    return f"{anomaly.dataset}{feature}"


def _advice(anomaly: Anomaly, case: Case) -> str:
    if anomaly.kind != "schema":
        causes = " or ".join(anomaly.causes) or "unknown"
        return (
            f"Probable cause: {causes}. If this is how the world is now, raise the "
            f"threshold in {case.schema_file}."
        )
    span = anomaly.dataset if anomaly.dataset != _TRAIN else "the span it came with"
    return (
        f"If the data is right, edit {case.schema_file}; if it is wrong, quarantine "
        f"{span}: take it out of the schedule until a corrected version is there."
    )


def _why_passed(anomalies: Sequence[Anomaly], case: Case) -> list[str]:
    spans = sum(name.startswith("span-") for name in case.examples)
    number = "1 span" if spans == 1 else f"{spans} spans"
    reasons = [
        f"{case.examples[_TRAIN]:,} training examples, {number}: no anomaly of "
        f"severity {case.config.block_on} in {case.newest} and {_TRAIN}"
    ]
    if case.state == "inferred":
        reasons.append(
            "the schema is inferred and nobody has approved it: read it, then "
            f"canario schema approve {case.project}"
        )
    if anomalies:
        first = [group[0] for group in _grouped(anomalies)[:3]]
        named = "; ".join(f"{_where(item)}: {item.short}" for item in first)
        reasons.append(f"anomalies that do not block: {len(anomalies)}, first {named}")
    return reasons


def _shortened(reasons: list[str]) -> list[str]:
    rest = len(reasons) - _MOST_REASONS
    if rest <= 0:
        return reasons
    return [*reasons[:_MOST_REASONS], f"and {rest} more: see statistics.json"]
