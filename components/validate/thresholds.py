"""Thresholds for drift and skew that ordinary noise does not reach.

Distances between samples are never 0. The Jensen-Shannon divergence of two samples of
one distribution (normal, lognormal) was up to 0.04 at 10,000 rows, 0.09 at 1,000,
0.12 at 100, 0.36 at 10: the threshold is 0.1 + 10/n. The share of a category varies
by sqrt(1/2n) at most between two samples (one standard deviation), so L-infinity gets
0.05 + three times that.

Spans and splits that already differ more raise the threshold by half over what they
showed. A column that differs nearly wholly (a date, a running number) is not compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.validate import schema as schemas
from components.validate.anomalies import compare
from components.validate.library import schema_pb2
from components.validate.tables import span_names

__all__ = ["set_thresholds"]

_NARROW = 100
"""Whole numbers within such a range are compared by bins (schema.set_threshold)."""
_RAISED = 1.5
_UNLIKE = 0.6
"""A distance that, raised, would leave next to nothing to warn of."""


def set_thresholds(schema: Any, statistics: Mapping[str, Any]) -> None:
    """Give every feature of `schema`, in place, comparators for drift and skew.

    `statistics` holds all datasets by name. A threshold of 1 or more could never be
    exceeded: such a feature, or one of a tiny dataset, is left without comparators.
    """
    sizes = [item.datasets[0].num_examples for item in statistics.values()]
    rows = min([size for size in sizes if size] or [1])
    numeric, text = 0.1 + 10 / rows, 0.05 + 3 * (0.5 / rows) ** 0.5
    ranges = _ranges(statistics["split-train"])
    for feature in schema.feature:
        usual = text if feature.type == schema_pb2.BYTES else numeric
        narrow = feature.type == schema_pb2.INT and ranges[feature.name] <= _NARROW
        for comparator in (feature.drift_comparator, feature.skew_comparator):
            schemas.set_threshold(feature, comparator, round(usual, 2), narrow)
    _raise_to_history(schema, _largest_distances(schema, statistics))


def _ranges(statistics: Any) -> dict[str, float]:
    return {
        item.path.step[0]: item.num_stats.max - item.num_stats.min
        for item in statistics.datasets[0].features
    }


def _raise_to_history(schema: Any, largest: Mapping[str, float]) -> None:
    for feature in schema.feature:
        seen = largest.get(feature.name, 0.0)
        for name in ("drift_comparator", "skew_comparator"):
            part = schemas.distance(feature, getattr(feature, name))
            part.threshold = max(part.threshold, round(_RAISED * seen, 2))
            if seen >= _UNLIKE or part.threshold >= 1:
                feature.ClearField(name)


def _largest_distances(schema: Any, statistics: Mapping[str, Any]) -> dict[str, float]:
    """Return for each feature how far datasets that are compared lie apart at most."""
    spans = span_names(list(statistics))
    pairs = [*zip(spans[1:], spans[:-1], strict=True)]
    if "split-test" in statistics:
        pairs.append(("split-test", "split-train"))
    largest: dict[str, float] = {}
    for current, reference in pairs:
        sides = statistics[current], statistics[reference]
        for item in compare(*sides, schema, "skew")[0]:
            name = item["feature"]
            largest[name] = max(largest.get(name, 0.0), item["value"])
    return largest
