"""Data: what arrived, what the features look like, what moved, what broke a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.report import drift, figures_data, text
from components.report.collect import Artifacts
from contracts.artifacts import RESERVED, Manifest

MOST_CARDS = 24
"""Features that get a picture, inputs of the model first, then what moved most."""
MOST_ROWS = 60


@dataclass(frozen=True)
class SpanRow:
    """A span with bars: widths in percent of the largest span."""

    span: str
    rows: str
    labelled: str
    unlabelled: str
    share_unlabelled: str
    bar_labelled: float
    bar_unlabelled: float


@dataclass(frozen=True)
class Card:
    """One feature: picture, and the change of its summary in words."""

    name: str
    kind: str
    is_input: bool
    figure: str
    facts: list[tuple[str, str, str]]


@dataclass(frozen=True)
class DataSection:
    """Everything the template shows of the data."""

    lead: str
    spans: list[SpanRow] = field(default_factory=list)
    splits: list[tuple[str, str, float]] = field(default_factory=list)
    sides: tuple[str, str] | None = None
    cards: list[Card] = field(default_factory=list)
    cards_left_out: int = 0
    heat_spans: list[str] = field(default_factory=list)
    heat: list[drift.Row] = field(default_factory=list)
    heat_left_out: int = 0
    anomalies: list[dict[str, str]] = field(default_factory=list)
    anomalies_left_out: int = 0


def build(found: Artifacts) -> DataSection | None:
    """Return the section, None when neither manifest nor statistics were left."""
    if found.manifest is None and not found.statistics:
        return None
    inputs = _inputs(found.transform)
    names = _names(found.statistics, inputs)
    order = drift.span_names(found.statistics)
    heat = drift.rows(found.statistics, names) if len(order) > 1 else []
    moved = {row.feature: row.worst for row in heat}
    ranked = sorted(names, key=lambda n: (n not in inputs, -moved.get(n, 0.0)))
    sides = _sides(found.statistics, order)
    anomalies = _anomalies(found.statistics.get("anomalies", []))
    heat.sort(key=lambda row: (row.feature not in inputs, -row.worst))
    return DataSection(
        # What the model never sees may move as it likes: a month differs from the next.
        lead=_lead(found, [row for row in heat if row.feature in inputs] or heat),
        spans=_spans(found.manifest),
        splits=_splits(found.manifest),
        sides=(_title(sides[0]), _title(sides[1])) if sides else None,
        cards=[_card(found.statistics, n, sides, inputs) for n in ranked[:MOST_CARDS]]
        if sides
        else [],
        cards_left_out=max(0, len(ranked) - MOST_CARDS) if sides else 0,
        heat_spans=[f"{b}" for b in order[1:]],
        heat=heat[:MOST_ROWS],
        heat_left_out=max(0, len(heat) - MOST_ROWS),
        anomalies=anomalies[:MOST_ROWS],
        anomalies_left_out=max(0, len(anomalies) - MOST_ROWS),
    )


def _inputs(transform: Mapping[str, Any]) -> set[str]:
    both = [*transform.get("numeric", []), *transform.get("categorical", [])]
    return {item["column"] for item in both}


def _names(statistics: Mapping[str, Any], inputs: set[str]) -> list[str]:
    seen: dict[str, None] = {}
    for dataset in statistics.get("datasets", {}).values():
        seen.update(dict.fromkeys(dataset.get("features", {})))
    return [name for name in seen if name not in RESERVED or name in inputs]


def _sides(statistics: Mapping[str, Any], order: list[int]) -> tuple[str, str] | None:
    """Choose what to draw over each other: spans if there are two, else splits."""
    datasets = statistics.get("datasets", {})
    if len(order) > 1:
        return f"{drift.SPAN}{order[0]}", f"{drift.SPAN}{order[-1]}"
    splits = [n for n in ("split-train", "split-test", "split-eval") if n in datasets]
    if len(splits) > 1:
        return splits[0], splits[1]
    return next(((name, name) for name in datasets), None)


def _title(dataset: str) -> str:
    return dataset.replace("-", " ", 1)


def _card(
    statistics: Mapping[str, Any],
    name: str,
    sides: tuple[str, str] | None,
    inputs: set[str],
) -> Card:
    assert sides is not None
    first, latest = (
        statistics["datasets"][side]["features"].get(name, {}) for side in sides
    )
    second = latest if sides[0] != sides[1] else None
    return Card(
        name=text.short(name, 40),
        kind=str((first or latest).get("type", "")).lower(),
        is_input=name in inputs,
        figure=figures_data.feature(name, first, second),
        facts=_facts(first, latest),
    )


def _facts(
    first: Mapping[str, Any], latest: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """Return (name, first, latest) of the summary of a feature."""
    facts = [
        (key, text.compact(first.get(key)), text.compact(latest.get(key)))
        for key in ("mean", "std", "max", "unique")
        if text.is_number(first.get(key)) or text.is_number(latest.get(key))
    ]
    shares = [text.percent(side.get("missing_fraction")) for side in (first, latest)]
    return [*facts, ("missing", shares[0], shares[1])]


def _spans(manifest: Manifest | None) -> list[SpanRow]:
    if manifest is None:
        return []
    most = max((span.rows for span in manifest.spans), default=1) or 1
    return [
        SpanRow(
            span=f"{s.span}" + (f" v{s.version}" if s.version > 1 else ""),
            rows=f"{s.rows:,}",
            labelled=f"{s.labelled:,}",
            unlabelled=f"{s.unlabelled:,}",
            share_unlabelled=text.percent(s.unlabelled / max(s.rows, 1)),
            bar_labelled=100 * s.labelled / most,
            bar_unlabelled=100 * s.unlabelled / most,
        )
        for s in manifest.spans
    ]


def _splits(manifest: Manifest | None) -> list[tuple[str, str, float]]:
    if manifest is None:
        return []
    total = sum(manifest.splits.values()) or 1
    return [(k, f"{v:,}", 100 * v / total) for k, v in manifest.splits.items() if v]


def _anomalies(items: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return anomalies as texts, errors first."""
    keys = ("severity", "dataset", "feature", "short", "description")
    rows = [{key: str(item.get(key) or "") for key in keys} for item in items]
    return sorted(rows, key=lambda row: row["severity"] != "ERROR")


def _lead(found: Artifacts, heat: Sequence[drift.Row]) -> str:
    said = []
    if found.manifest is not None:
        arrived = found.manifest.spans
        rows = sum(span.rows for span in arrived)
        missing = sum(span.unlabelled for span in arrived)
        share = text.percent(missing / max(rows, 1))
        none = f"{missing:,} ({share}) have no label, and nobody trains on them"
        said.append(
            f"{rows:,} examples in {text.plural(len(arrived), 'span')}; "
            f"{none if missing else 'all have a label'}."
        )
        if found.manifest.corrupt:
            said.append(f"{found.manifest.corrupt:,} rows could not be read.")
    if found.traffic is not None:
        spans = text.spans([span.span for span in found.traffic.spans])
        rows = sum(found.traffic.splits.values())
        said.append(f"{rows:,} more of span {spans} are replayed as live requests.")
    if heat:
        top = max(heat, key=lambda row: row.worst)
        value = max(cell.value or 0.0 for cell in top.cells)
        said.append(
            f"The largest move from span to span: {text.short(top.feature)} "
            f"({top.measure} {text.number(value, 2)})."
        )
    count = len(found.statistics.get("anomalies", []))
    if found.statistics:
        said.append(f"{text.plural(count, 'anomaly') if count else 'No anomalies'}.")
    return " ".join(said)
