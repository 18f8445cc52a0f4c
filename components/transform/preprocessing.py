"""The preprocessing as Keras layers: the one code path of training and serving.

Shapes: n rows, d numeric features, c categorical features.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
from keras import layers, ops

from contracts.features import Constants
from contracts.signature import inputs_of_table

__all__ = ["apply", "build", "save"]

_ROWS = 65_536  # rows a call: bounds the memory of texts as Python objects
_SHARED = re.compile(r'("shared_object_id": )(\d+)')
_NEVER_IN_DATA = "\0never seen"


def build(constants: Constants) -> keras.Model:
    """Return the model from raw inputs to features.

    Inputs: a dict from TensorSpec.argument to float32 (n,) (NaN is missing) or string
    (n,) ("" is missing). Outputs: {"numeric": float32 (n, d), "categorical": int32
    (n, c)}. Numbers: z = (x - mean) / std, 0 where x is missing or infinite, then one
    missing indicator for each number that had gaps in training. Texts: 0 for a value
    not seen in training, 1..n for the vocabulary, n + 1 for missing.
    """
    keras.utils.clear_session()  # layers are numbered from one, whoever came before
    inputs = {
        spec.argument: keras.Input((), name=spec.argument, dtype=_DTYPES[spec.datatype])
        for spec in constants.inputs
    }
    # A model of its own, so that no column's name meets the name of an operation.
    features = _features(constants)(list(inputs.values()))
    return keras.Model(inputs, features, name="preprocessing")


def save(model: keras.Model, path: Path) -> None:
    """Write `model` so that the same model gives the same bytes.

    Keras notes when it saved, and calls shared objects by their addresses; with that
    gone, a step that runs again with an equal result does not make the steps after it
    run again.
    """
    model.save(path)
    with zipfile.ZipFile(path) as saved:
        parts = {name: saved.read(name) for name in sorted(saved.namelist())}
    metadata = json.loads(parts["metadata.json"])
    metadata["date_saved"] = "1980-01-01@00:00:00"
    parts["metadata.json"] = json.dumps(metadata).encode()
    seen: dict[str, str] = {}
    parts["config.json"] = _SHARED.sub(
        lambda found: f"{found[1]}{seen.setdefault(found[2], str(len(seen)))}",
        parts["config.json"].decode(),
    ).encode()
    with zipfile.ZipFile(path, "w") as plain:
        for name, content in parts.items():
            plain.writestr(zipfile.ZipInfo(name), content)


def apply(
    model: keras.Model, constants: Constants, table: pa.Table
) -> tuple[np.ndarray, np.ndarray]:
    """Return numeric float32 (n, d) and categorical int32 (n, c) of `table`."""
    parts = [
        model(inputs_of_table(table.slice(start, _ROWS), constants.inputs))
        for start in range(0, max(1, table.num_rows), _ROWS)
    ]
    numeric = np.concatenate([part["numeric"].numpy() for part in parts])
    return numeric, np.concatenate([part["categorical"].numpy() for part in parts])


_DTYPES = {"FP32": "float32", "BYTES": "string"}


def _features(constants: Constants) -> keras.Model:
    inputs = [
        keras.Input((), name=f"raw_{i}", dtype=_DTYPES[spec.datatype])
        for i, spec in enumerate(constants.inputs)
    ]
    numbers, texts = inputs[: len(constants.numeric)], inputs[len(constants.numeric) :]
    if not texts:
        numeric = _numeric(numbers, constants)
        categorical = ops.cast(numeric[:, :0], "int32")  # (n, 0)
    elif not numbers:
        categorical = _categorical(texts, constants)
        numeric = ops.cast(categorical[:, :0], "float32")  # (n, 0)
    else:
        numeric = _numeric(numbers, constants)
        categorical = _categorical(texts, constants)
    outputs = {"numeric": numeric, "categorical": categorical}
    return keras.Model(inputs, outputs, name="features")


def _numeric(numbers: list[Any], constants: Constants) -> Any:
    raw = ops.stack(numbers, axis=1)  # (n, numbers)
    present = ops.isfinite(raw)
    mean = np.asarray([n.mean for n in constants.numeric], np.float32)
    # A factor, because TensorFlow turns a division by a constant into one when it
    # optimises the graph for serving, and the last bit would differ.
    scale = np.asarray([1 / n.std for n in constants.numeric], np.float32)
    z = ops.where(present, (raw - mean) * scale, 0.0)
    gaps = [i for i, n in enumerate(constants.numeric) if n.missing]
    if not gaps:
        return z
    missing = 1.0 - ops.cast(ops.take(present, gaps, axis=1), "float32")
    return ops.concatenate([z, missing], axis=1)  # (n, d)


def _categorical(texts: list[Any], constants: Constants) -> Any:
    ids = [
        layers.StringLookup(
            # Missing comes last, so that known values count from 1.
            vocabulary=[*part.vocabulary, ""],
            oov_token=_NEVER_IN_DATA,
            name=f"ids_{i}",
        )(text)
        for i, (text, part) in enumerate(zip(texts, constants.categorical, strict=True))
    ]
    return ops.cast(ops.stack(ids, axis=1), "int32")  # (n, c)
