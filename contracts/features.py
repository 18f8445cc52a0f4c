"""What transform leaves for train and evaluate: constants, golden rows, features."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from contracts.artifacts import TRANSFORM, Split, read_json, write_json
from contracts.signature import TensorSpec

__all__ = [
    "CategoricalConstants",
    "Constants",
    "Features",
    "Golden",
    "NumericConstants",
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NumericConstants(_Part):
    """z = (x - mean) / std; `missing` adds a column that is 1 where x is missing."""

    column: str
    mean: float
    std: float
    missing: bool


class CategoricalConstants(_Part):
    """Ids: 0 never seen in training, 1..n the vocabulary, n + 1 missing."""

    column: str
    vocabulary: list[str]

    @property
    def slots(self) -> int:
        """Return how many different ids there are."""
        return len(self.vocabulary) + 2


class Golden(_Part):
    """Raw training rows and what training made of them.

    `numeric` (rows, d) and `categorical` (rows, c) are rows of the features that the
    model is trained on; whoever transforms `rows` again must get the same.
    """

    rows: list[dict[str, Any]] = []
    numeric: list[list[float]] = []
    categorical: list[list[int]] = []


class Constants(_Part):
    """Everything that the transform knows; lies in transform.json."""

    numeric: list[NumericConstants]
    categorical: list[CategoricalConstants]
    golden: Golden = Golden()

    @property
    def inputs(self) -> list[TensorSpec]:
        """Return the raw inputs: first the numbers, then the texts."""
        numbers = [TensorSpec(name=n.column, datatype="FP32") for n in self.numeric]
        texts = [TensorSpec(name=c.column, datatype="BYTES") for c in self.categorical]
        return numbers + texts

    @property
    def numeric_names(self) -> list[str]:
        """Name the columns of the numeric features, missing indicators last."""
        missing = [f"{n.column} is missing" for n in self.numeric if n.missing]
        return [n.column for n in self.numeric] + missing

    @property
    def categorical_names(self) -> list[str]:
        """Name the columns of the categorical features."""
        return [c.column for c in self.categorical]

    @classmethod
    def load(cls, transform_graph: Path) -> Self:
        """Read them from a transform artifact. Raises FileNotFoundError."""
        return cls.model_validate(read_json(transform_graph / TRANSFORM))

    def save(self, transform_graph: Path) -> None:
        """Write them. Raises EnvironmentFault on a full disk."""
        write_json(transform_graph / TRANSFORM, self.model_dump(mode="json"))


class Features(NamedTuple):
    """The labelled examples of a split: `numeric` float32 (n, d), `categorical`
    int32 (n, c), `label` int32 (n,), in the order of read_examples."""

    numeric: np.ndarray
    categorical: np.ndarray
    label: np.ndarray

    def take(self, rows: np.ndarray) -> Features:
        """Return the examples at the indices `rows`."""
        return Features(*(array[rows] for array in self))

    @classmethod
    def load(cls, transform_graph: Path, split: Split) -> Features:
        """Read a split's features. Raises FileNotFoundError."""
        with np.load(transform_graph / f"features-{split}.npz") as arrays:
            return cls(*(arrays[name] for name in cls._fields))

    def save(self, transform_graph: Path, split: Split) -> None:
        """Write them uncompressed: reading takes milliseconds then."""
        np.savez(transform_graph / f"features-{split}.npz", **self._asdict())
