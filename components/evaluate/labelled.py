"""The examples that judge: the labelled rows of the test split, and their slices.

The test split is read here and nowhere before: train fits, eval stops the training
early, test is for the final evaluation only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.evaluate.values import Groups
from contracts import slices as slicing
from contracts.artifacts import EXAMPLE_ID, LABEL, Split, read_examples
from contracts.config import SliceConfig
from contracts.errors import DataError


class Labelled(NamedTuple):
    """`table` with the labelled rows, `labels` (n,) class indices, `slices` one
    partition of the rows for each slice of the config, and in `slice_values` the
    values that have a slice of their own (None: ranges). The latter goes into the
    evaluation so that the rollout cuts the very same slices."""

    table: pa.Table
    labels: np.ndarray
    slices: list[Groups]
    slice_values: dict[str, list[str] | None]


def load(
    examples: Path,
    columns: Sequence[str],
    classes: Sequence[str],
    slices: Sequence[SliceConfig],
    statistics: Mapping[str, Any],
) -> Labelled:
    """Read the test split; `columns` are the models' inputs.

    The most frequent values of a slice's column, as counted in the `statistics` of the
    training data, are slices of their own; rarer and later ones are "other".

    Raises DataError when a column is missing, when there are no labelled examples, or
    when they hold one class only: nothing can be compared then.
    """
    rows = read_examples(examples, Split.TEST)
    wanted = [EXAMPLE_ID, LABEL, *columns, *(config.column for config in slices)]
    missing = [name for name in wanted if name not in rows.column_names]
    if rows.num_rows and missing:
        raise DataError(
            f"{examples}: the test split has no column {missing[0]}, which a model or "
            f"a slice reads; there are {', '.join(rows.column_names)}"
        )
    if not rows.num_rows:
        raise DataError(f"{examples}: the test split is empty; enlarge its share")
    table = rows.filter(pc.is_valid(rows[LABEL]))
    labels = np.asarray(pc.cast(table[LABEL], pa.int64()))
    _judgeable(labels, rows.num_rows, classes)
    features = (
        statistics["datasets"].get(f"split-{Split.TRAIN}", {}).get("features", {})
    )
    top = {s.name: _top(s, features.get(s.column, {}), table) for s in slices}
    groups = [_partition(table, config, top[config.name]) for config in slices]
    return Labelled(table, labels, groups, top)


def _top(
    config: SliceConfig, feature: Mapping[str, Any], table: pa.Table
) -> list[str] | None:
    """Return the values of `config` that stand for themselves; None for ranges."""
    present = slicing.top_values(table, config)
    if present is None:
        return None
    counts = {str(value): count for value, count in feature.get("top", [])}
    ranked = sorted(counts, key=lambda value: (-counts[value], value))[: config.top]
    # Statistics count no fractions, and would silently pool everything as "other".
    return ranked if set(ranked) & set(present) else present


def _partition(
    table: pa.Table, config: SliceConfig, top: Sequence[str] | None
) -> Groups:
    groups = Groups.of(slicing.assign(table, config, top))
    return groups._replace(keys=[slicing.key(config.name, k) for k in groups.keys])


def _judgeable(labels: np.ndarray, rows: int, classes: Sequence[str]) -> None:
    found = np.unique(labels)
    if len(found) and found[-1] >= len(classes):
        raise DataError(
            f"test split: label index {found[-1]}, but there are {len(classes)} "
            f"classes ({', '.join(classes)})"
        )
    if len(found) < 2:
        only = f", all of class {classes[found[0]]}" if len(found) else ""
        raise DataError(
            f"test split: {len(labels):,} of {rows:,} examples are labelled{only}; "
            "labels of at least two classes are needed to compare models. Enlarge "
            "the test share or add spans."
        )
