"""The model behind the server: loads once, answers V1 and V2."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from kserve import InferRequest, InferResponse, Model

from contracts.artifacts import GOLDEN, read_json
from contracts.errors import BadInput, DataError
from contracts.signature import Signature
from serving import savedmodel, tensors

__all__ = ["Predictor", "TooManyRows"]


class TooManyRows(BadInput):
    """One request asks for more rows than the server takes at once (413)."""


class Predictor(Model):
    """A SavedModel with its signature, called directly: never `model.predict`."""

    def __init__(
        self, name: str, model_dir: Path, max_rows: int = 10_000, threads: int = 1
    ) -> None:
        super().__init__(name)
        self.model_dir = model_dir
        self.max_rows = max_rows
        self.threads = threads
        self.signature: Signature
        self.infer: savedmodel.Infer

    def load(self) -> bool:
        """Load and warm up on the golden rows.

        Prints both durations in seconds as one JSON line for whoever measures.
        Raises DataError when the folder is not what a train step leaves.
        """
        begin = time.perf_counter()
        try:
            self.signature = Signature.load(self.model_dir)
            golden = read_json(self.model_dir / GOLDEN)["rows"]
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"{self.model_dir}: not a model folder: {error}") from error
        self.infer = savedmodel.load(self.model_dir, self.signature, self.threads)
        loaded = time.perf_counter()
        for rows in (golden[:1], golden):  # each shape is optimised on first sight
            self.infer(self.signature.from_rows(rows))
        timing = {
            "load_seconds": round(loaded - begin, 3),
            "warm_up_seconds": round(time.perf_counter() - loaded, 3),
        }
        print(json.dumps(timing), flush=True)
        self.ready = True
        return True

    async def predict(
        self,
        payload: dict[str, Any] | InferRequest,
        headers: Mapping[str, str] | None = None,
        response_headers: dict[str, str] | None = None,
    ) -> dict[str, Any] | InferResponse:
        """Answer a request of either protocol.

        V1 answers {"predictions": [{"class": name, "probabilities": [...]}]}, V2 the
        outputs `probabilities` FP32 (rows, classes) and `class` BYTES (rows,).
        Raises BadInput (400) naming row and field, TooManyRows (413).
        """
        if isinstance(payload, InferRequest):
            rows: Sequence[Any] = tensors.rows_of(payload, self.signature)
            probabilities, decisions = self._answer(rows)
            return tensors.response(payload, self.signature, probabilities, decisions)
        if not isinstance(payload, dict) or not isinstance(
            payload.get("instances"), list
        ):
            raise BadInput(
                'expected {"instances": [{"column": value, ...}, ...]}, '
                f"found {_describe(payload)}"
            )
        probabilities, decisions = self._answer(payload["instances"])
        classes = self.signature.classes
        return {
            "predictions": [
                {"class": classes[decision], "probabilities": row}
                for decision, row in zip(decisions, probabilities.tolist(), strict=True)
            ]
        }

    def get_input_types(self) -> list[dict[str, Any]]:
        """Return the V2 metadata of the inputs."""
        return tensors.input_types(self.signature)

    def get_output_types(self) -> list[dict[str, Any]]:
        """Return the V2 metadata of the outputs."""
        return tensors.output_types(self.signature)

    def _answer(self, rows: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
        """Return probabilities (rows, classes) and class indices (rows,)."""
        if not rows:
            raise BadInput("expected at least one row, found none")
        if len(rows) > self.max_rows:
            raise TooManyRows(f"{len(rows)} rows; at most {self.max_rows} a request")
        probabilities = self.infer(self.signature.from_rows(rows))
        return probabilities, self.signature.decide(probabilities)


def _describe(payload: Any) -> str:
    if isinstance(payload, dict):
        return f"an object with {', '.join(map(str, payload)) or 'nothing in it'}"
    return type(payload).__name__
