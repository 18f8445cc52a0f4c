"""Writes the served model and proves that it transforms as training did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from contracts.artifacts import GOLDEN, SAVED_MODEL, SIGNATURE, write_json
from contracts.errors import GateRefused
from contracts.features import Constants, Golden
from contracts.signature import PROBABILITIES, Signature
from contracts.storage import write_text

__all__ = ["check_parity", "check_widths", "export", "golden_probabilities"]

_TOLERANCE = 1e-6
_DTYPES = {"FP32": tf.float32, "BYTES": tf.string}


class Served(tf.Module):
    """Preprocessing and body as one graph, from raw inputs to probabilities."""

    def __init__(self, preprocessing: keras.Model, body: keras.Model) -> None:
        super().__init__()
        self.preprocessing = preprocessing
        self.body = body

    def transform(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return numeric (n, d) and categorical (n, c) of raw inputs (n,)."""
        features: dict[str, Any] = self.preprocessing(inputs)
        return features

    def serve(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return probabilities (n, k) of raw inputs (n,)."""
        features = self.preprocessing(inputs)
        logits = self.body([features["numeric"], features["categorical"]])
        return {PROBABILITIES: tf.nn.softmax(logits, axis=1)}


def check_widths(preprocessing: keras.Model, constants: Constants) -> None:
    """Raise GateRefused unless serving makes as many features as training did."""
    for name, columns in (
        ("numeric", constants.numeric_names),
        ("categorical", constants.categorical_names),
    ):
        width = preprocessing.output[name].shape[1]
        if width != len(columns):
            raise GateRefused(
                f"training made {len(columns)} {name} features "
                f"({', '.join(columns)}), the preprocessing to be served makes "
                f"{width}. Transform the data again, then train."
            )


def export(
    folder: Path, preprocessing: keras.Model, body: keras.Model, signature: Signature
) -> None:
    """Write the SavedModel and signature.json into the model folder.

    Signatures: `serving_default` (probabilities) and `transform` (features), both
    with one named input of shape (n,) for each feature.
    """
    served = Served(preprocessing, body)
    specs = {
        spec.argument: tf.TensorSpec([None], _DTYPES[spec.datatype], spec.argument)
        for spec in signature.inputs
    }
    signatures = {
        "serving_default": tf.function(served.serve).get_concrete_function(specs),
        "transform": tf.function(served.transform).get_concrete_function(specs),
    }
    tf.saved_model.save(served, str(folder / SAVED_MODEL), signatures)
    write_text(folder / SIGNATURE, signature.model_dump_json(indent=1) + "\n")


def golden_probabilities(body: keras.Model, golden: Golden) -> np.ndarray:
    """Return probabilities (rows, k) from the training side's golden features.

    Nothing of the exported graph takes part: serving is held against these.
    """
    rows = len(golden.rows)
    numeric = np.reshape(np.asarray(golden.numeric, np.float32), (rows, -1))
    categorical = np.reshape(np.asarray(golden.categorical, np.int32), (rows, -1))
    logits = body([numeric, categorical])
    return np.asarray(tf.nn.softmax(logits, axis=1))


def check_parity(
    folder: Path, signature: Signature, constants: Constants, expected: np.ndarray
) -> None:
    """Replay the golden raw rows through the SavedModel as it lies on disk.

    Its features must equal the training side's and its probabilities `expected`, to
    1e-6; then golden.json is written. Raises GateRefused that names the feature.
    """
    golden = constants.golden
    loaded = tf.saved_model.load(str(folder / SAVED_MODEL))
    inputs = {k: tf.constant(v) for k, v in signature.from_rows(golden.rows).items()}
    features = loaded.signatures["transform"](**inputs)
    _compare(features["numeric"], golden.numeric, constants.numeric_names)
    _compare(features["categorical"], golden.categorical, constants.categorical_names)
    served = loaded.signatures["serving_default"](**inputs)[PROBABILITIES]
    names = [f"probability of {name}" for name in signature.classes]
    _compare(served, expected, names)
    content = {"rows": golden.rows, "probabilities": expected.tolist()}
    write_json(folder / GOLDEN, content)


def _compare(found: Any, expected: Any, names: list[str]) -> None:
    here = np.asarray(found, np.float64)  # (rows, columns)
    there = np.asarray(expected, np.float64)
    apart = np.nan_to_num(np.abs(here - there), nan=np.inf)
    if not (apart > _TOLERANCE).any():
        return
    row, column = np.unravel_index(np.argmax(apart), apart.shape)
    raise GateRefused(
        f"training and serving differ in {names[column]}: golden row {row} gives "
        f"{there[row, column]:.9g} in training and {here[row, column]:.9g} in the "
        f"exported model, {apart[row, column]:.3g} apart where {_TOLERANCE:g} is "
        f"allowed ({(apart > _TOLERANCE).any(axis=1).sum()} of {len(apart)} rows "
        "differ). The model was not written: transform the data again, then train."
    )
