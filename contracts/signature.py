"""What a served model takes and gives, and how rows become its inputs.

One conversion for evaluation, serving and replay: a second one would be a skew. A
missing number is NaN and a missing text is empty, and the model treats both as
missing. A value has one text, however it arrived: 7, 7.0 and a nullable column's
7.0 are all "7"; true is "true", or 1 where a number is wanted. Every input has
shape (rows,); `probabilities` has shape (rows, classes).
"""

from __future__ import annotations

import functools
import hashlib
import keyword
import math
import re
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
_INT64 = 2**63


class TensorSpec(BaseModel):
    """One input by its V2 name: FP32 for numbers, BYTES for text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    datatype: Literal["FP32", "BYTES"]

    @property
    def argument(self) -> str:
        """The input's name inside the SavedModel, which takes identifiers only.

        A column that is one already keeps its name; others (`fare $`, `class`) get
        a digest of it. from_table and from_rows return inputs under this name.
        """
        return _argument(self.name)


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
        """Return the inputs of each row of `table`, arrays of shape (rows,).

        Raises BadInput when the table lacks a column.
        """
        return inputs_of_table(table, self.inputs)

    def from_rows(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
        """Return the inputs of JSON rows, arrays of shape (rows,).

        Keys that are no input are ignored: requests carry ids and slice columns.
        Raises BadInput that names the row and the field.
        """
        return inputs_of_rows(rows, self.inputs)

    def decide(self, probabilities: np.ndarray) -> np.ndarray:
        """Return class indices, shape (rows,), for probabilities (rows, classes)."""
        if self.task is Task.BINARY:
            return (probabilities[:, 1] >= self.threshold).astype(np.int64)
        return np.asarray(np.argmax(probabilities, axis=1))


@functools.cache
def _argument(name: str) -> str:
    plain = re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name)
    if plain and not keyword.iskeyword(name) and name != "self":
        return name
    return "input_" + hashlib.sha256(name.encode()).hexdigest()[:12]


def inputs_of_table(
    table: pa.Table, inputs: Sequence[TensorSpec]
) -> dict[str, np.ndarray]:
    """Return what `Signature.from_table` returns, before there is a signature."""
    for spec in inputs:
        if spec.name not in table.column_names:
            raise BadInput(
                f"column '{spec.name}' is missing; "
                f"there are {', '.join(table.column_names)}"
            )
    return {spec.argument: _from_column(table[spec.name], spec) for spec in inputs}


def inputs_of_rows(
    rows: Sequence[Mapping[str, Any]], inputs: Sequence[TensorSpec]
) -> dict[str, np.ndarray]:
    """Return what `Signature.from_rows` returns, before there is a signature."""
    return {
        spec.argument: _from_values(
            [_field(row, i, spec) for i, row in enumerate(rows)], spec
        )
        for spec in inputs
    }


def _from_column(column: pa.ChunkedArray, spec: TensorSpec) -> np.ndarray:
    if spec.datatype == "BYTES":
        return _texts_of(column)
    # safe=False: an integer above 2**53 is rounded, as it is when it comes as JSON.
    numbers = pc.cast(column, pa.float64(), safe=False).fill_null(np.nan)
    return _float32(numbers.to_numpy(zero_copy_only=False))


def _texts_of(column: pa.ChunkedArray) -> np.ndarray:
    if pa.types.is_floating(column.type):
        # Arrow and Python write fractions differently, so each distinct value goes
        # through the same function as values from JSON.
        codes = pc.dictionary_encode(column.combine_chunks(), null_encoding="encode")
        texts = np.asarray(
            [_text(value) for value in codes.dictionary.to_pylist()], dtype=object
        )
        return np.asarray(texts[codes.indices.to_numpy()])
    filled = pc.cast(column, pa.string()).fill_null("")
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=object)


def _text(value: Any) -> str:
    """Return the one text of a JSON value; empty when it is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _float32(numbers: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # too large becomes inf: missing to the model
        return np.asarray(numbers, dtype=np.float32)


def _field(row: Mapping[str, Any], index: int, spec: TensorSpec) -> Any:
    if not isinstance(row, Mapping):
        raise BadInput(f"instances[{index}]: expected an object with named fields")
    if spec.name not in row:
        raise BadInput(f"instances[{index}]: field '{spec.name}' is missing")
    value = row[spec.name]
    number = isinstance(value, (int, float, type(None)))
    if spec.datatype == "FP32" and not number:
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
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        raise BadInput(
            f"instances[{index}].{spec.name}: a whole number of more than 64 bits"
        )
    return value


def _from_values(values: list[Any], spec: TensorSpec) -> np.ndarray:
    if spec.datatype == "BYTES":
        return np.asarray([_text(value) for value in values], dtype=object)
    numbers = [math.nan if value is None else value for value in values]
    return _float32(np.asarray(numbers, dtype=np.float64))
