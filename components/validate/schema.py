"""The curated schema: parsing it, and refusing what TFDV would silently ignore."""

from __future__ import annotations

from typing import Any

from components.validate.library import schema_pb2, text_format
from contracts.errors import ConfigError

__all__ = [
    "SERVING",
    "TRAINING",
    "distance",
    "environment_of",
    "measuring",
    "parse_schema",
    "set_threshold",
    "threshold_of",
]

TRAINING = "TRAINING"
SERVING = "SERVING"
"""Environments. Requests carry no label and nothing that is known only later: such a
feature says `not_in_environment: "SERVING"`, and its absence there is no anomaly."""

_SOURCES = schema_pb2.HistogramSelection
_NEVER = 2.0
"""A threshold that no distance reaches: L-infinity and Jensen-Shannon end at 1."""


def parse_schema(text: str, where: str) -> schema_pb2.Schema:
    """Parse a schema in text format; `where` names its file in messages.

    Raises ConfigError with the line of a syntax error, and for a comparator that
    TFDV accepts but that never fires: infinity_norm on numbers measures 0.
    """
    try:
        schema = text_format.Parse(text, schema_pb2.Schema())
    except text_format.ParseError as error:
        place = f"{where}:{error.GetLine()}" if error.GetLine() else where
        raise ConfigError(f"{place}: not a TFDV schema: {error}") from None
    for feature in schema.feature:
        _refuse_idle_comparators(feature, where)
    return schema


def environment_of(schema: schema_pb2.Schema, name: str) -> str | None:
    """Return `name` when the schema knows environments, else None (all features)."""
    return name if name in schema.default_environment else None


def measuring(schema: schema_pb2.Schema) -> schema_pb2.Schema:
    """Return a copy that measures every feature, also where nothing is compared.

    The report shows all distances; a comparator added here has a threshold that
    nothing exceeds, and that `threshold_of` tells apart.
    """
    copy = schema_pb2.Schema()
    copy.CopyFrom(schema)
    for feature in copy.feature:
        for comparator in (feature.drift_comparator, feature.skew_comparator):
            if not comparator.ListFields():
                narrow = feature.type == schema_pb2.INT
                set_threshold(feature, comparator, _NEVER, narrow)
    return copy


def set_threshold(feature: Any, comparator: Any, value: float, narrow: bool) -> None:
    """Fill a comparator in with the distance that fits the feature.

    Text: L-infinity. Numbers: Jensen-Shannon divergence of deciles, since one huge
    value squeezes all others into the first of ten equal bins, and two samples of one
    lognormal distribution are then 0.3 apart (deciles: 0.04, 10,000 rows each). For
    `narrow` numbers (weekdays, counts, classes) the bins: deciles of few values tie,
    and 31 and 30 days of weekdays would be 0.2 apart (bins: 0.01).
    """
    part = distance(feature, comparator)
    part.threshold = value
    if feature.type != schema_pb2.BYTES:
        part.source.type = _SOURCES.STANDARD if narrow else _SOURCES.QUANTILES


def distance(feature: Any, comparator: Any) -> Any:
    """Return the part of a comparator that fits a feature's type."""
    if feature.type == schema_pb2.BYTES:
        return comparator.infinity_norm
    return comparator.jensen_shannon_divergence


def threshold_of(measurement: Any) -> float | None:
    """Return the threshold of a measurement; None where the schema sets none."""
    return None if measurement.threshold >= _NEVER else measurement.threshold


def _refuse_idle_comparators(feature: Any, where: str) -> None:
    if feature.type == schema_pb2.BYTES:
        return
    for name in ("drift_comparator", "skew_comparator"):
        if getattr(feature, name).HasField("infinity_norm"):
            kind = schema_pb2.FeatureType.Name(feature.type)
            raise ConfigError(
                f"{where}: feature {feature.name}: {name} infinity_norm compares "
                f"categories and would never fire on {kind}; expected "
                "jensen_shannon_divergence"
            )
