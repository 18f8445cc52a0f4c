"""The requests of a replay, in the order in which they were made.

n requests; minutes of event time since the first one; window k holds the minutes
[k w, (k + 1) w) for a window of w minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.deploy.backends.local.routing import keys_of
from components.deploy.observation import ALL
from contracts import artifacts, slices
from contracts.artifacts import Manifest, Split, read_examples
from contracts.config import RolloutConfig, SliceConfig
from contracts.errors import DataError

__all__ = ["NEVER", "Traffic", "load"]

NEVER = np.iinfo(np.int64).max
"""The window of a label that does not come."""
_PACE = 100
"""Requests a window when the data do not say when they were made."""
_IN_TIME = 0.99
"""A label is late when it comes later than this share of labels."""

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Traffic:
    """n requests. `members` (slices, n) says who belongs to `slice_keys[i]`, where
    slice 0 is everybody; `label` is a class index, -1 when it never comes."""

    table: pa.Table
    classes: list[str]
    ids: list[str]
    keys: NDArray[np.uint64]
    window: Integers
    label: Integers
    label_window: Integers
    due: Integers
    slice_keys: list[str]
    members: NDArray[np.bool_]

    @property
    def last_window(self) -> int:
        """The window in which the last label arrives or is missed."""
        known = self.label_window[self.label_window != NEVER]
        return int(max([*known, *self.due], default=-1))

    def of_window(self, window: int) -> Integers:
        """Return the indices of the requests made in a window, shape (k,)."""
        low, high = np.searchsorted(self.window, [window, window + 1])
        return np.arange(low, high)

    def bodies(self, rows: Integers) -> list[bytes]:
        """Return the V1 body of each of these consecutive requests."""
        if not len(rows):
            return []
        part = self.table.slice(rows[0], len(rows))
        return [orjson.dumps({"instances": [row]}) for row in part.to_pylist()]


def load(
    examples: Path,
    inputs: Sequence[str],
    plan: RolloutConfig,
    configs: Sequence[SliceConfig],
) -> Traffic:
    """Read the first `plan.max_requests` rows of the replay split, by event time.

    Requests carry the columns `inputs` and those of the slices. Slice values are
    named by their frequency in the replayed rows: what traffic is made of decides
    which carriers are watched one by one. Raises DataError when there are no rows,
    ConfigError when a slice has no column.
    """
    carried = list(dict.fromkeys([*inputs, *(config.column for config in configs)]))
    found = read_examples(examples, Split.REPLAY, [*artifacts.RESERVED, *carried])
    if not found.num_rows:
        raise DataError(f"{examples}: no rows to replay (split {Split.REPLAY})")
    by_time = [(artifacts.EVENT_TIME, "ascending"), (artifacts.EXAMPLE_ID, "ascending")]
    table = found.sort_by(by_time).slice(0, plan.max_requests).combine_chunks()
    minutes, label_minutes = _minutes(table, plan.window_minutes)
    window = np.floor(minutes / plan.window_minutes).astype(np.int64)
    label = _column(table[artifacts.LABEL], -1)
    label_window = np.full(len(label), NEVER)
    known = label >= 0
    arrival = np.floor(label_minutes[known] / plan.window_minutes).astype(np.int64)
    label_window[known] = np.maximum(window[known], arrival)
    ids = table[artifacts.EXAMPLE_ID].to_pylist()
    slice_keys, members = _membership(table, configs)
    return Traffic(
        table=table.select(carried),
        classes=Manifest.load(examples).classes,
        ids=ids,
        keys=keys_of(ids),
        window=window,
        label=label,
        label_window=label_window,
        due=window + _patience(label_window[known] - window[known]),
        slice_keys=slice_keys,
        members=members,
    )


def _minutes(table: pa.Table, window_minutes: float) -> tuple[np.ndarray, np.ndarray]:
    """Return when each request was made and its label known, in minutes, (n,) each.

    Rows without a time come at a steady pace after those that have one; a label
    without a time is known at once.
    """
    made = _column(table[artifacts.EVENT_TIME], NEVER)
    known = _column(table[artifacts.LABEL_TIME], NEVER)
    timed = made != NEVER
    first = made[0] if timed.any() else 0
    minutes = np.where(timed, made - first, 0) / 60e6
    untimed = window_minutes * np.arange((~timed).sum()) / _PACE
    minutes[~timed] = untimed + (minutes.max() if timed.any() else 0)
    label_minutes = np.where(known == NEVER, minutes, (known - first) / 60e6)
    return minutes, label_minutes


def _column(column: pa.ChunkedArray, missing: int) -> Integers:
    return np.asarray(pc.cast(column, pa.int64()).fill_null(missing).to_numpy())


def _patience(delays: Integers) -> int:
    """Return how many windows a label may take before its request is unlabelled."""
    return int(np.ceil(np.quantile(delays, _IN_TIME))) if len(delays) else 0


def _membership(
    table: pa.Table, configs: Sequence[SliceConfig]
) -> tuple[list[str], NDArray[np.bool_]]:
    keys, rows = [ALL], [np.ones(table.num_rows, dtype=bool)]
    for config in configs:
        values = slices.assign(table, config, slices.top_values(table, config))
        for value in sorted(set(values)):
            keys.append(slices.key(config.name, value))
            rows.append(values == value)
    return keys, np.stack(rows)
