"""Which arm answers a request: decided by its id alone, so that it can be repeated.

Raising the weight moves requests to the canary and none back: whoever was served by
it stays there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["keys_of", "share"]

_PARTS = 10_000  # hundredths of a percent


def keys_of(ids: Sequence[str]) -> NDArray[np.uint64]:
    """Return request ids (16 hex characters) as numbers, shape (rows,)."""
    return np.fromiter((int(i, 16) for i in ids), np.uint64, len(ids))


def share(
    keys: NDArray[np.uint64], percent: float, seed: int, purpose: int
) -> NDArray[np.bool_]:
    """Choose `percent` of the requests, the same ones whenever asked.

    Different `purpose` numbers choose independently of each other.
    """
    salt = _mixed(np.asarray([2 * seed + purpose], dtype=np.uint64))
    return _mixed(keys ^ salt) % np.uint64(_PARTS) < round(percent * _PARTS / 100)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64 bits: the finaliser of SplitMix64 (Steele, Lea & Flood 2014)."""
    with np.errstate(over="ignore"):
        values = values + np.uint64(0x9E3779B97F4A7C15)
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return values ^ (values >> np.uint64(31))
