"""Which slices a row belongs to: one definition for every stage.

The offline gate, the rollout and the monitoring all call `assign`, so that a slice
means the same rows everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contracts.config.project import SliceConfig
from contracts.errors import ConfigError

MISSING = "missing"
OTHER = "other"

__all__ = ["MISSING", "OTHER", "assign", "key", "top_values"]


def key(name: str, value: str) -> str:
    """Return the one spelling of a slice: `carrier=UA`."""
    return f"{name}={value}"


def top_values(table: pa.Table, config: SliceConfig) -> list[str] | None:
    """Return the values that stand for themselves; None when edges define them."""
    if config.edges is not None:
        return None
    counts = pc.value_counts(pc.cast(_column(table, config), pa.string()).drop_null())
    pairs = [(item["values"].as_py(), item["counts"].as_py()) for item in counts]
    pairs.sort(key=lambda pair: (-pair[1], pair[0]))
    return [value for value, _ in pairs[: config.top]]


def assign(
    table: pa.Table, config: SliceConfig, top: Sequence[str] | None = None
) -> np.ndarray:
    """Return the slice value of each row, shape (rows,), dtype object.

    `top` comes from `top_values` of the training data; without it every value stands
    for itself. Raises ConfigError when the column does not exist, or has edges and is
    not numeric.
    """
    column = _column(table, config)
    if config.edges is not None:
        return _ranges(column, config)
    texts = pc.cast(column, pa.string()).fill_null(MISSING)
    values = np.asarray(texts.to_numpy(zero_copy_only=False), dtype=object)
    if top is None:
        return values
    kept = np.isin(values.astype(str), [*top, MISSING])
    return np.where(kept, values, OTHER)


def _ranges(column: pa.ChunkedArray, config: SliceConfig) -> np.ndarray:
    edges = np.asarray(config.edges, dtype=float)
    labels = config.labels or [
        f"[{a:g}, {b:g})" for a, b in zip(edges, [*edges[1:], np.inf], strict=True)
    ]
    numbers = _numbers(column, config)
    index = np.searchsorted(edges, numbers, side="right") - 1
    named = np.asarray([*labels, OTHER], dtype=object)[
        np.where(index < 0, len(labels), index)
    ]
    return np.where(np.isnan(numbers), MISSING, named)


def _numbers(column: pa.ChunkedArray, config: SliceConfig) -> np.ndarray:
    try:
        numbers = pc.cast(column, pa.float64()).fill_null(np.nan)
    except pa.ArrowException as error:
        raise ConfigError(
            f"slice {config.name}: edges need numbers, {config.column} is "
            f"{column.type} ({error})"
        ) from None
    return np.asarray(numbers.to_numpy(zero_copy_only=False))


def _column(table: pa.Table, config: SliceConfig) -> pa.ChunkedArray:
    if config.column not in table.column_names:
        raise ConfigError(
            f"slice {config.name}: no column {config.column}; "
            f"there are {', '.join(table.column_names)}"
        )
    column = table[config.column]
    if isinstance(column, pa.Array):  # a record batch gives an array
        return pa.chunked_array([column])
    return column
