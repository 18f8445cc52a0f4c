"""Statistics against the schema and against each other.

`find` asks three questions: does each dataset fit the schema, did a span drift from
the span before it, and does the test split (the most recent rows) differ from the
train split. TFDV calls every finding an ERROR; three are WARNINGs here, because they
harm no training run: distances between datasets, a column that the schema does not
know, which no model reads until a person adds it, and a split without rows (too few
rows to train are the verdict's business).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from components.validate import schema as schemas
from components.validate.causes import probable_causes
from components.validate.library import anomalies_pb2, tfdv
from components.validate.tables import span_names, span_number
from components.validate.verdict import ERROR, WARNING, Anomaly, Kind, Severity

__all__ = ["compare", "find", "schema_anomalies"]

_TYPES = anomalies_pb2.AnomalyInfo.Type
_MEASURES = {
    "L_INFTY": "infinity_norm",
    "JENSEN_SHANNON_DIVERGENCE": "jensen_shannon_divergence",
    "NORMALIZED_ABSOLUTE_DIFFERENCE": "normalized_abs_difference",
}
_MEASURE_TYPES = anomalies_pb2.DriftSkewInfo.Measurement.Type
_MOST_EXPECTED = 5


def find(
    statistics: Mapping[str, Any], described: Mapping[str, Any], schema: Any
) -> tuple[list[Anomaly], list[dict[str, Any]], list[dict[str, Any]]]:
    """Return anomalies, drift measurements and skew measurements of all datasets.

    `statistics` and `described` (to_json) are keyed by dataset. Spans come first,
    the newest one first of all.
    """
    spans = span_names(list(statistics))
    order = [*reversed(spans), *(name for name in statistics if name not in spans)]
    anomalies = [
        found for name in order for found in schema_anomalies(statistics[name], schema)
    ]
    pairs = [*zip(spans[1:], spans[:-1], strict=True), ("split-test", "split-train")]
    measured: dict[str, list[dict[str, Any]]] = {"drift": [], "skew": []}
    for current, reference in pairs:
        kind: Kind = "drift" if current in spans else "skew"
        sides = statistics[current], statistics[reference]
        values, found = compare(*sides, schema, kind)
        texts = described[current], described[reference]
        anomalies += [_with_causes(anomaly, *texts) for anomaly in found]
        measured[kind] += values
    return anomalies, measured["drift"], measured["skew"]


def schema_anomalies(
    statistics: Any, schema: Any, environment: str = schemas.TRAINING
) -> list[Anomaly]:
    """Hold one dataset against the schema, as training or as serving sees it."""
    dataset = statistics.datasets[0]
    if not dataset.num_examples:
        text = "expected at least one example, found none"
        return [Anomaly(dataset.name, "", WARNING, "No examples", text)]
    found = tfdv.validate_statistics(
        statistics, schema, environment=schemas.environment_of(schema, environment)
    )
    return _anomalies(found, schema, dataset.name)


def compare(
    current: Any, reference: Any, schema: Any, kind: Kind
) -> tuple[list[dict[str, Any]], list[Anomaly]]:
    """Measure how far `current` lies from `reference`, and what exceeds a threshold.

    Text by the L-infinity distance max|x_i - y_i| of the shares of its values (exact
    up to 1,000 values), numbers by the Jensen-Shannon divergence (base 2, 0 to 1) of
    TFDV's histograms. A measurement without a threshold in the schema has None.
    """
    now, then = current.datasets[0], reference.datasets[0]
    if not now.num_examples or not then.num_examples:
        return [], []
    complete = schemas.measuring(schema)
    environment = schemas.environment_of(schema, schemas.TRAINING)
    if kind == "drift":
        found = tfdv.validate_statistics(
            current, complete, environment, previous_statistics=reference
        )
    else:
        found = tfdv.validate_statistics(
            reference, complete, environment, serving_statistics=current
        )
    anomalies = _anomalies(found, schema, now.name, kind, then.name)
    return _measurements(found, now.name, then.name, kind), anomalies


def _measurements(
    found: Any, current: str, reference: str, kind: str
) -> list[dict[str, Any]]:
    names: dict[str, Any] = {"current": current, "reference": reference}
    if kind == "drift":
        names = {"span": span_number(current), "against": span_number(reference)}
    return [
        {"feature": info.path.step[0], **names}
        | {"measure": _MEASURES[_MEASURE_TYPES.Name(item.type)], "value": item.value}
        | {"threshold": schemas.threshold_of(item)}
        for info in found.drift_skew_info
        for item in getattr(info, f"{kind}_measurements")
    ]


def _anomalies(
    found: Any,
    schema: Any,
    dataset: str,
    kind: Kind = "schema",
    against: str = "",
) -> list[Anomaly]:
    """Return one anomaly for each reason of the kind that was asked for."""
    items = [(info.path.step[0], info) for info in found.anomaly_info.values()]
    if found.HasField("dataset_anomaly_info"):
        items.append(("", found.dataset_anomaly_info))
    return [
        Anomaly(
            dataset,
            feature,
            _severity(info, reason),
            reason.short_description,
            reason.description.strip() + _expected(feature, reason, schema),
            kind,
            against,
        )
        for feature, info in sorted(items, key=lambda item: item[0])
        for reason in info.reason
        if _is_comparison(reason) == (kind != "schema")
    ]


def _is_comparison(reason: Any) -> bool:
    return str(_TYPES.Name(reason.type)).startswith("COMPARATOR_")


def _severity(info: Any, reason: Any) -> Severity:
    mild = _is_comparison(reason) or _TYPES.Name(reason.type) == "SCHEMA_NEW_COLUMN"
    warned = info.severity == anomalies_pb2.AnomalyInfo.WARNING
    return WARNING if mild or warned else ERROR


def _expected(feature: str, reason: Any, schema: Any) -> str:
    """Name the values that a closed domain allows: TFDV names only what it found."""
    if _TYPES.Name(reason.type) != "ENUM_TYPE_UNEXPECTED_STRING_VALUES":
        return ""
    values = list(tfdv.get_domain(schema, feature).value)
    rest = len(values) - _MOST_EXPECTED
    more = f" and {rest} more" if rest > 0 else ""
    return f" Expected: {', '.join(values[:_MOST_EXPECTED])}{more}"


def _with_causes(
    anomaly: Anomaly, current: Mapping[str, Any], reference: Mapping[str, Any]
) -> Anomaly:
    sides = [side["features"].get(anomaly.feature) for side in (current, reference)]
    if None in sides:
        return anomaly
    rows = current["examples"], reference["examples"]
    ratio = rows[0] / rows[1] if anomaly.kind == "drift" else 1.0
    return replace(anomaly, causes=probable_causes(sides[0], sides[1], ratio))
