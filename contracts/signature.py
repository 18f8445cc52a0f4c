"""What a served model takes and gives, and how rows become its inputs.

One conversion for evaluation, serving and replay: a second one would be a skew. A
missing number is NaN and a missing text is empty, and the model treats both as
missing. Every input has shape (rows,); `probabilities` has shape (rows, classes).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from contracts.artifacts import SIGNATURE
from contracts.config.project import Task
from contracts.errors import BadInput

PROBABILITIES = "probabilities"


class TensorSpec(BaseModel):
    """One input by its V2 name: FP32 for numbers, BYTES for text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    datatype: Literal["FP32", "BYTES"]


class Signature(BaseModel):
    """The interface of a served model; lies beside the SavedModel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: Task
    inputs: list[TensorSpec]
    classes: list[str]
    threshold: float

    @classmethod
    def load(cls, model: Path) -> Self:
        """Read it from a model folder. Raises FileNotFoundError."""
        return cls.model_validate_json((model / SIGNATURE).read_text())

    def from_table(self, table: pa.Table) -> dict[str, np.ndarray]:
        """Return the inputs of each row of `table`, arrays of shape (rows,)."""
        return {spec.name: _from_column(table[spec.name], spec) for spec in self.inputs}

    def from_rows(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
        """Return the inputs of JSON rows, arrays of shape (rows,).

        Keys that are no input are ignored: requests carry ids and slice columns.
        Raises BadInput that names the row and the field.
        """
        return {
            spec.name: _from_values(
                [_field(row, i, spec) for i, row in enumerate(rows)], spec
            )
            for spec in self.inputs
        }

    def decide(self, probabilities: np.ndarray) -> np.ndarray:
        """Return class indices, shape (rows,), for probabilities (rows, classes)."""
        if self.task is Task.BINARY:
            return (probabilities[:, 1] >= self.threshold).astype(np.int64)
        return np.asarray(np.argmax(probabilities, axis=1))


def _from_column(column: pa.ChunkedArray, spec: TensorSpec) -> np.ndarray:
    if spec.datatype == "BYTES":
        texts = pc.cast(column, pa.string()).fill_null("")
        return np.asarray(texts.to_numpy(zero_copy_only=False), dtype=object)
    numbers = pc.cast(column, pa.float64()).fill_null(np.nan)
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float32)


def _field(row: Mapping[str, Any], index: int, spec: TensorSpec) -> Any:
    if not isinstance(row, Mapping):
        raise BadInput(f"instances[{index}]: expected an object with named fields")
    if spec.name not in row:
        raise BadInput(f"instances[{index}]: field '{spec.name}' is missing")
    value = row[spec.name]
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if spec.datatype == "FP32" and not (value is None or number):
        raise BadInput(
            f"instances[{index}].{spec.name}: expected a number or null, "
            f"found {value!r:.60}"
        )
    if spec.datatype == "BYTES" and not isinstance(
        value, (str, int, float, type(None))
    ):
        raise BadInput(
            f"instances[{index}].{spec.name}: expected text or null, "
            f"found {type(value).__name__}"
        )
    return value


def _from_values(values: list[Any], spec: TensorSpec) -> np.ndarray:
    if spec.datatype == "BYTES":
        texts = ["" if value is None else str(value) for value in values]
        return np.asarray(texts, dtype=object)
    return np.asarray([np.nan if v is None else v for v in values], dtype=np.float32)
