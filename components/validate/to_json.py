"""TFDV statistics to plain values, so that nobody else needs TFDV.

Every number is finite; what cannot be said (the mean of nothing, or of infinity)
is null, and buckets that reach infinity are left out.
"""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from components.validate.library import statistics_pb2
from components.validate.statistics import TOP_VALUES

__all__ = ["describe"]

_TYPES = statistics_pb2.FeatureNameStatistics.Type
_HISTOGRAMS = statistics_pb2.Histogram.HistogramType


def describe(table: pa.Table, statistics: Any) -> dict[str, Any]:
    """Return {"examples", "features": {column: {...}}} of one dataset.

    `table` is what `statistics` counted; its integer columns with at most 1,000
    values are counted by value here, because TFDV lists values of text only.
    """
    dataset = statistics.datasets[0]
    features = {
        feature.path.step[0]: _feature(feature, table[feature.path.step[0]])
        for feature in dataset.features
    }
    return {"examples": table.num_rows, "features": features}


def _feature(feature: Any, column: pa.ChunkedArray) -> dict[str, Any]:
    missing = column.null_count
    if feature.WhichOneof("stats") == "num_stats":
        missing = feature.num_stats.common_stats.num_missing  # counts NaN, too
    described = {
        "type": _TYPES.Name(feature.type),
        "count": len(column) - missing,
        "missing": missing,
        "missing_fraction": missing / len(column) if len(column) else 0.0,
    }
    if feature.WhichOneof("stats") == "string_stats":
        return described | _strings(feature.string_stats)
    return described | _integers(column) | _numbers(feature.num_stats)


def _strings(stats: Any) -> dict[str, Any]:
    return {"unique": stats.unique, "top": _ranked(_pairs(stats.top_values))}


def _pairs(values: Any) -> list[tuple[str, int]]:
    return [(item.value, round(item.frequency)) for item in values]


def _integers(column: pa.ChunkedArray) -> dict[str, Any]:
    if not pa.types.is_integer(column.type):
        return {}
    counts = pc.value_counts(column.combine_chunks().drop_null())
    if len(counts) > TOP_VALUES:
        return {}
    values = counts.field("values").to_pylist()
    pairs = list(zip(values, counts.field("counts").to_pylist(), strict=True))
    return {"top": [[str(value), count] for value, count in _ranked(pairs)]}


def _ranked(pairs: list[tuple[Any, int]]) -> list[list[Any]]:
    """Most frequent first; equal counts in the order of the values."""
    return [list(pair) for pair in sorted(pairs, key=lambda p: (-p[1], p[0]))]


def _numbers(stats: Any) -> dict[str, Any]:
    seen = stats.common_stats.num_non_missing > 0
    described: dict[str, Any] = {
        key: _finite(value) if seen else None
        for key, value in (
            ("mean", stats.mean),
            ("std", stats.std_dev),
            ("min", stats.min),
            ("max", stats.max),
            ("median", stats.median),
        )
    }
    buckets = {h.type: h.buckets for h in stats.histograms}
    deciles = buckets.get(_HISTOGRAMS.Value("QUANTILES"), [])
    edges = [b.low_value for b in deciles[:1]] + [b.high_value for b in deciles]
    return described | {
        "zeros": stats.num_zeros,
        "quantiles": edges if all(map(math.isfinite, edges)) else [],
        "histogram": [
            [b.low_value, b.high_value, round(b.sample_count, 2)]
            for b in buckets.get(_HISTOGRAMS.Value("STANDARD"), [])
            if math.isfinite(b.low_value) and math.isfinite(b.high_value)
        ],
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
