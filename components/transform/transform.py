"""Transform: raw examples to features, once, with the layers that serve later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.transform import preprocessing
from components.transform.constants import derive
from contracts.artifacts import (
    LABEL,
    PREPROCESSING,
    STATISTICS,
    Manifest,
    Split,
    read_examples,
    read_json,
)
from contracts.config.project import Feature
from contracts.errors import DataError
from contracts.features import Constants, Features, Golden
from contracts.storage import atomic_directory

__all__ = ["golden_indices", "run"]

_SPLITS = (Split.TRAIN, Split.EVAL, Split.TEST)


def run(
    examples: str,
    statistics: str,
    features: list[dict[str, Any]],
    classes: list[str],
    golden_rows: int,
    transform_graph: str,
) -> None:
    """Write constants, preprocessing, golden rows and the features of each split.

    Raises ConfigError for a feature that cannot be one, DataError when a split has
    no labelled examples or the train split has one class only.
    """
    chosen = [Feature.model_validate(feature) for feature in features]
    counted = read_json(Path(statistics) / STATISTICS)["datasets"]["split-train"]
    manifest = Manifest.load(Path(examples))
    constants = derive(chosen, manifest.columns, counted)
    model = preprocessing.build(constants)
    with atomic_directory(Path(transform_graph)) as folder:
        for split in _SPLITS:
            table = _labelled(Path(examples), split, constants)
            made = _materialise(model, constants, table)
            made.save(folder, split)
            if split is Split.TRAIN:
                _check_classes(made, classes)
                golden = _golden(table, made, golden_rows)
            print(f"{split}: {len(made.label):,} labelled examples", flush=True)
        constants.model_copy(update={"golden": golden}).save(folder)
        preprocessing.save(model, folder / PREPROCESSING)
    print(_summary(constants, counted["examples"]), flush=True)


def golden_indices(features: Features, count: int) -> np.ndarray:
    """Choose `count` rows (or all there are), always the same ones.

    Half are rows at the extremes of a feature column: smallest and largest numbers,
    rows with a missing value (indicator 1, or the highest id), values outside the
    vocabulary (id 0). The rest are evenly spaced.
    """
    rows = len(features.label)
    parts = [part for part in (features.numeric, features.categorical) if part.size]
    extremes = [pick(part, axis=0) for part in parts for pick in (np.argmin, np.argmax)]
    edges = np.unique(np.concatenate(extremes))
    kept = edges[
        np.linspace(0, len(edges) - 1, min(len(edges), count // 2)).astype(int)
    ]
    spaced = np.linspace(0, rows - 1, min(count, rows)).astype(int)
    rest = spaced[~np.isin(spaced, kept)]
    return np.sort(np.concatenate([kept, rest[: count - len(kept)]]))


def _labelled(examples: Path, split: Split, constants: Constants) -> pa.Table:
    columns = [spec.name for spec in constants.inputs]
    table = read_examples(examples, split, [*columns, LABEL])
    labelled = table.filter(pc.is_valid(table[LABEL]))
    if not labelled.num_rows:
        raise DataError(
            f"split {split}: none of its {table.num_rows:,} examples has a label. "
            "Add spans, or change the shares in data.split."
        )
    return labelled


def _materialise(model: Any, constants: Constants, table: pa.Table) -> Features:
    numeric, categorical = preprocessing.apply(model, constants, table)
    return Features(numeric, categorical, table[LABEL].to_numpy().astype(np.int32))


def _check_classes(features: Features, classes: list[str]) -> None:
    found = np.unique(features.label)
    if len(found) < 2:
        raise DataError(
            f"label: every labelled example of the train split is "
            f"'{classes[found[0]]}'; a model needs at least two classes to tell apart"
        )


def _golden(table: pa.Table, features: Features, count: int) -> Golden:
    indices = golden_indices(features, count)
    rows = table.drop_columns([LABEL]).take(indices).to_pylist()
    return Golden(
        rows=[{name: _plain(value) for name, value in row.items()} for row in rows],
        numeric=features.numeric[indices].tolist(),
        categorical=features.categorical[indices].tolist(),
    )


def _plain(value: Any) -> Any:
    """JSON has no NaN and no infinity; the transform takes both for missing."""
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _summary(constants: Constants, examples: int) -> str:
    values = sum(len(part.vocabulary) for part in constants.categorical)
    return (
        f"{len(constants.numeric)} numeric and {len(constants.categorical)} "
        f"categorical features ({values:,} values), constants from the statistics of "
        f"{examples:,} training examples"
    )
