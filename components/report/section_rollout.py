"""The rollout: what was asked for, what was seen, and what decided.

Reads the timeline that deploy records, one entry a look. An entry that lacks a key is
drawn without it: the file of an unfinished or older rollout is no reason to show none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from components.report import text
from components.report.collect import Artifacts
from components.report.figures_rollout import Timeline, timeline
from contracts.decisions import RolloutResult

_LOWEST = 1e-6
_CARRIERS = 3
_MUCH = 1_000_000

Look = Mapping[str, Any]


@dataclass(frozen=True)
class StepRow:
    """One step of the plan as it was carried out."""

    weight: str
    requests: str
    canary: str
    share: str
    lasted: str
    looks: str
    harmed: str
    ended: str


@dataclass(frozen=True)
class LookRow:
    """One look: the counts so far, the evidence, and what came of it."""

    time: str
    weight: str
    requests: str
    canary: str
    harmed: str
    evidence: str
    carrier: str
    counts: str
    reason: str


@dataclass(frozen=True)
class GateRow:
    """One claim that had to be shown, at the last look."""

    metric: str
    claim: str
    evidence: str
    shown: bool
    counts: str


@dataclass(frozen=True)
class RolloutSection:
    """Everything the template shows of the rollout."""

    lead: str
    facts: list[tuple[str, str]]
    figure: str
    steps: list[StepRow]
    gates: list[GateRow]
    looks: list[LookRow]


def build(found: Artifacts) -> RolloutSection | None:
    """Return the section, None when nothing was rolled out."""
    result = found.rollout
    if result is None:
        return None
    looks = [look for look in result.timeline if text.is_number(look.get("time"))]
    return RolloutSection(
        lead=_lead(result, looks),
        facts=_facts(result, looks),
        figure=timeline(_drawn(result, looks)) if looks else "",
        steps=_steps(result, looks),
        gates=[_gate(gate) for gate in (looks[-1].get("gates") or [] if looks else [])],
        looks=[_look(look) for look in looks],
    )


def _lead(result: RolloutResult, looks: Sequence[Look]) -> str:
    if not result.requests:
        return "No traffic was needed for the decision."
    share = result.canary_requests / result.requests
    said = (
        f"The candidate answered {result.canary_requests:,} of {result.requests:,} "
        f"requests ({text.percent(share)})"
    )
    if looks:
        lasted = text.duration(looks[-1]["time"])
        said += f" in {lasted} of event time, judged {len(looks):,} times"
    return said + "."


def _facts(result: RolloutResult, looks: Sequence[Look]) -> list[tuple[str, str]]:
    harmed = result.harmed_requests
    facts = [
        ("requests", f"{result.requests:,}"),
        ("answered by the canary", f"{result.canary_requests:,}"),
        ("answered badly by it", f"{harmed:,}"),
        ("of all requests", text.percent(harmed / max(result.requests, 1), 2)),
    ]
    if looks:
        last = looks[-1]
        facts.append(("evidence of harm", _evidence(last.get("evidence"))))
        facts.append(("needed to roll back", text.number(last.get("threshold"))))
    return facts


def _drawn(result: RolloutResult, looks: Sequence[Look]) -> Timeline:
    gates = dict.fromkeys(
        f"{gate['metric']} {gate['claim']}"
        for look in looks
        for gate in look.get("gates") or []
    )
    return Timeline(
        time=[float(look["time"]) for look in looks],
        weight=[float(look.get("weight") or 0) for look in looks],
        share=_carried(looks),
        evidence=[_log10(look.get("evidence")) for look in looks],
        carriers={name: _parts(looks, key) for key, name in _carriers(looks).items()},
        gates={name: _shown(looks, name) for name in gates},
        threshold=_log10(looks[-1].get("threshold")),
        decision=result.decision.value.replace("_", " "),
    )


def _carried(looks: Sequence[Look]) -> list[float | None]:
    """Return the share of each window's requests that the canary got, in percent."""
    shares: list[float | None] = []
    before: Look = {}
    for look in looks:
        seen = (look.get("requests") or 0) - (before.get("requests") or 0)
        canary = (look.get("canary_requests") or 0) - (
            before.get("canary_requests") or 0
        )
        shares.append(100 * canary / seen if seen > 0 else None)
        before = look
    return shares


def _carriers(looks: Sequence[Look]) -> dict[str, str]:
    """Return the keys that at any look carried the most evidence, with their names."""
    most: dict[str, float] = {}
    for look in looks:
        for item in look.get("top") or []:
            key, part = str(item.get("key")), float(item.get("part") or 0)
            most[key] = max(part, most.get(key, 0.0))
    ranked = sorted(most, key=lambda key: (-most[key], key))[:_CARRIERS]
    return {key: named(key) for key in ranked}


def named(key: str) -> str:
    """Return a (metric, slice) key as people say it: `wrong, carrier=UA`."""
    metric, _, slice_key = key.partition("|")
    return f"{metric}, {slice_key}" if slice_key else f"{metric}, all requests"


def _parts(looks: Sequence[Look], key: str) -> list[float | None]:
    found = [
        {str(item.get("key")): item.get("part") for item in look.get("top") or []}
        for look in looks
    ]
    return [_log10(parts.get(key)) for parts in found]


def _shown(looks: Sequence[Look], name: str) -> list[float | None]:
    found = [
        {
            f"{g['metric']} {g['claim']}": g.get("evidence")
            for g in look.get("gates") or []
        }
        for look in looks
    ]
    return [_log10(values.get(name)) for values in found]


def _log10(value: Any) -> float | None:
    return math.log10(max(float(value), _LOWEST)) if text.is_number(value) else None


def _steps(result: RolloutResult, looks: Sequence[Look]) -> list[StepRow]:
    by_step = {
        int(step): list(group)
        for step, group in groupby(looks, key=lambda look: look.get("step") or 0)
    }
    rows, started, harmed = [], 0.0, 0
    for index, step in enumerate(result.steps):
        mine = by_step.get(index, [])
        end = float(mine[-1]["time"]) if mine else started
        bad = int(mine[-1].get("harmed_requests") or 0) if mine else harmed
        rows.append(
            StepRow(
                weight=f"{step.weight:g} %",
                requests=f"{step.requests:,}",
                canary=f"{step.canary_requests:,}",
                share=text.percent(step.canary_requests / max(step.requests, 1)),
                lasted=text.duration(end - started) if mine else text.DASH,
                looks=f"{len(mine):,}",
                harmed=f"{bad - harmed:,}" if mine else text.DASH,
                ended=_ended(result, looks, mine),
            )
        )
        started, harmed = end, bad
    return rows


def _ended(result: RolloutResult, looks: Sequence[Look], mine: Sequence[Look]) -> str:
    """Return why a step was left; of the last one the first reason of the verdict."""
    if not mine:
        return ""
    last = mine[-1] is looks[-1]
    return result.reasons[0] if last else str(mine[-1].get("reason") or "")


def _gate(gate: Mapping[str, Any]) -> GateRow:
    return GateRow(
        metric=str(gate.get("metric")),
        claim=str(gate.get("claim")),
        evidence=_evidence(gate.get("evidence")),
        shown=bool(gate.get("open")),
        counts=_counts(gate),
    )


def _look(look: Look) -> LookRow:
    top: Mapping[str, Any] = next(iter(look.get("top") or []), {})
    return LookRow(
        time=text.duration(look["time"]),
        weight=f"{float(look.get('weight') or 0):g} %",
        requests=text.number(look.get("requests"), 9),
        canary=text.number(look.get("canary_requests"), 9),
        harmed=text.number(look.get("harmed_requests"), 9),
        evidence=_evidence(look.get("evidence")),
        carrier=named(str(top["key"])) if top.get("key") else text.DASH,
        counts=_counts(top),
        reason=str(look.get("reason") or ""),
    )


def _evidence(value: Any) -> str:
    """Return an e-value; beyond a million the exponent says nothing more."""
    if text.is_number(value) and value > _MUCH:
        return f"> {_MUCH:,}"
    return text.number(value)


def _counts(item: Mapping[str, Any]) -> str:
    """Return `canary 12 of 90, stable 40 of 810` from [bad, seen] of both arms."""
    said = [
        f"{arm} {item[arm][0]:,} of {item[arm][1]:,}"
        for arm in ("canary", "stable")
        if item.get(arm)
    ]
    pairs = item.get("pairs")
    if pairs and pairs[0]:
        of, canary, stable = pairs
        said.append(
            f"of {of:,} mirrored the canary alone {canary:,}, stable {stable:,}"
        )
    return ", ".join(said)
