"""How V1 and V2 say the same rows and the same probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import orjson

from contracts.signature import PROBABILITIES, Signature

__all__ = ["V1", "V2", "Dialect", "Rows"]

Rows = Sequence[dict[str, Any]]


class Dialect(Protocol):
    """One of the two protocols."""

    name: str

    def path(self, model: str) -> str:
        """Return the path that takes predictions."""
        ...

    def encode(self, rows: Rows) -> bytes:
        """Return the request body of some rows."""
        ...

    def decode(self, answer: Any) -> list[Any]:
        """Return the probabilities, one list a row.

        Raises KeyError, TypeError, ValueError, StopIteration for other answers.
        """
        ...


class V1:
    """Rows as objects."""

    name = "V1"

    def path(self, model: str) -> str:
        """Return the path that takes predictions."""
        return f"/v1/models/{model}:predict"

    def encode(self, rows: Rows) -> bytes:
        """Return the request body of some rows."""
        return orjson.dumps({"instances": list(rows)})

    def decode(self, answer: Any) -> list[Any]:
        """Return the probabilities, one list a row."""
        return [prediction["probabilities"] for prediction in answer["predictions"]]


class V2:
    """Columns as named tensors."""

    name = "V2"

    def __init__(self, signature: Signature) -> None:
        self.signature = signature

    def path(self, model: str) -> str:
        """Return the path that takes predictions."""
        return f"/v2/models/{model}/infer"

    def encode(self, rows: Rows) -> bytes:
        """Return the request body of some rows."""
        columns = self.signature.from_rows(rows)
        inputs = [
            {
                "name": spec.name,
                "datatype": spec.datatype,
                "shape": [len(rows)],
                "data": [_plain(value) for value in columns[spec.argument].tolist()],
            }
            for spec in self.signature.inputs
        ]
        return orjson.dumps({"inputs": inputs})

    def decode(self, answer: Any) -> list[Any]:
        """Return the probabilities, one list a row."""
        output = next(o for o in answer["outputs"] if o["name"] == PROBABILITIES)
        return list(np.reshape(output["data"], output["shape"]).tolist())


def _plain(value: Any) -> Any:
    """JSON knows no NaN: a missing number is null."""
    return None if isinstance(value, float) and math.isnan(value) else value
