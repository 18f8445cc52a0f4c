"""A growing table of log n!, so that a look at hundreds of strata is a look-up."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_LARGEST_TABLE = 1 << 20
_table = np.zeros(1)


def log_factorial(n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return log n! of non-negative integers, same shape."""
    global _table
    largest = int(n.max(initial=0))
    if largest >= _LARGEST_TABLE:
        return np.asarray(np.vectorize(math.lgamma)(n + 1.0))
    if largest >= len(_table):
        size = 1 << max(10, largest.bit_length())
        _table = np.array([math.lgamma(i + 1.0) for i in range(size)])
    return np.asarray(_table[n])
