"""Scores examples with a SavedModel, the way it is served."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from components.evaluate.values import Prediction
from contracts.artifacts import SAVED_MODEL
from contracts.errors import EnvironmentFault
from contracts.signature import PROBABILITIES, Signature

_BATCH = 8192  # rows a call: large enough that the call itself costs nothing


class Scorer:
    """A loaded model folder: `signature` and `predict`."""

    def __init__(self, model: Path) -> None:
        """Load `model`. Raises EnvironmentFault when it is not a model folder."""
        try:
            self.signature = Signature.load(model)
            self._loaded = tf.saved_model.load(str(model / SAVED_MODEL))
        except (OSError, ValueError) as error:
            raise EnvironmentFault(
                f"{model}: not a model folder ({error}). Expected {SAVED_MODEL}/ and "
                "signature.json, as the train step leaves them."
            ) from error
        self._serve = self._loaded.signatures["serving_default"]

    def predict(self, inputs: Mapping[str, np.ndarray]) -> Prediction:
        """Predict from named inputs, each of shape (n,).

        Raises EnvironmentFault when the model answers with another number of classes.
        """
        rows = len(next(iter(inputs.values())))
        batches = [
            self._call({name: v[at : at + _BATCH] for name, v in inputs.items()})
            for at in range(0, rows, _BATCH)
        ]
        raw = np.concatenate(batches)
        if raw.shape != (rows, len(self.signature.classes)):
            raise EnvironmentFault(
                f"model answers with shape {raw.shape}; expected {rows} rows of "
                f"{len(self.signature.classes)} probabilities. Train it again."
            )
        finite = np.isfinite(raw).all(axis=1)
        probabilities = np.where(finite[:, None], raw, 0).astype(raw.dtype)
        # Decided before widening: the threshold is compared as serving compares it.
        decisions = self.signature.decide(probabilities)
        return Prediction(
            probabilities.astype(np.float64), decisions, int((~finite).sum())
        )

    def _call(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        tensors = {name: tf.constant(values) for name, values in inputs.items()}
        return np.asarray(self._serve(**tensors)[PROBABILITIES])
