"""The two values that everything in this step passes around."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np


class Prediction(NamedTuple):
    """What one model says of n examples.

    `probabilities` (n, classes) float64, finite; `decisions` (n,) class indices, each
    model with its own threshold, as it serves; `invalid` counts the examples whose
    probabilities were not finite; zeros stand in for those.
    """

    probabilities: np.ndarray
    decisions: np.ndarray
    invalid: int = 0


class Groups(NamedTuple):
    """A partition of n examples: `codes` (n,) index into `keys`. One group with all
    examples is the overall case, so that nothing is computed in two ways."""

    codes: np.ndarray
    keys: list[str]

    @classmethod
    def whole(cls, examples: int) -> Self:
        """Return the partition with one group, "overall"."""
        return cls(np.zeros(examples, dtype=np.int64), ["overall"])

    @classmethod
    def of(cls, values: np.ndarray) -> Self:
        """Group equal texts, `values` (n,); a group is named by its text."""
        found, codes = np.unique(values.astype(str), return_inverse=True)
        return cls(codes, found.tolist())

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of `values` (n,) in each group, shape (groups,)."""
        return np.bincount(self.codes, weights=values, minlength=len(self.keys))

    def sizes(self) -> np.ndarray:
        """Return the number of examples in each group, shape (groups,)."""
        return np.bincount(self.codes, minlength=len(self.keys))
