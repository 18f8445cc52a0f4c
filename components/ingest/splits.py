"""Which split a row belongs to: by time or by hash, groups always whole."""

from __future__ import annotations

import numpy as np

from components.ingest.hashing import shares
from contracts.artifacts import Split
from contracts.config.project import SplitConfig
from contracts.errors import DataError

__all__ = ["ROLES", "assign", "check"]

ROLES = (Split.TRAIN, Split.EVAL, Split.TEST)
"""Splits by the codes that `assign` gives."""


def assign(
    config: SplitConfig,
    keys: np.ndarray,
    groups: np.ndarray | None,
    times: np.ndarray,
) -> np.ndarray:
    """Return the code in `ROLES` of each row, shape (rows,), int8.

    By hash the code depends on the group, or else on `keys` (the hash of the id
    columns), alone: a row keeps its split when others arrive, and copies of a row
    never straddle. By time the most recent share of rows is test and the share before
    it eval; a group goes where its latest row belongs, so nothing that trains is
    younger than the oldest time of test. Rows of equal time stay together.
    `times` are microseconds, `groups` hashes.
    """
    if config.by == "hash":
        place = shares(keys if groups is None else groups)
        bounds = config.test, config.test + config.eval
        code = np.where(place < bounds[0], 2, np.where(place < bounds[1], 1, 0))
        return code.astype(np.int8)
    latest = times if groups is None else _latest(times, groups)
    ordered = np.sort(latest)
    test_from = _begin(ordered, config.test)
    eval_from = _begin(ordered, config.test + config.eval)
    code = (latest >= eval_from).astype(np.int8) + (latest >= test_from)
    return code.astype(np.int8)


def check(codes: np.ndarray, labels: np.ndarray, classes: list[str]) -> None:
    """Check that every split has labelled rows, and train more than one class.

    `labels` are class indices, -1 where unknown. Raises DataError.
    """
    if not (labels >= 0).any():
        raise DataError(f"none of {len(labels)} rows has a label; is the label right?")
    for code, role in enumerate(ROLES):
        inside = codes == code
        if not (labels[inside] >= 0).any():
            raise DataError(
                f"split {role} has no labelled rows ({int(inside.sum())} of "
                f"{len(codes)} rows are in it); change data.split, or bring more rows"
            )
    trained = np.unique(labels[(codes == 0) & (labels >= 0)])
    if len(trained) == 1:
        raise DataError(
            f"split train: all its labelled rows are '{classes[int(trained[0])]}'; "
            "a model needs at least two classes to learn from"
        )


def _begin(ordered: np.ndarray, share: float) -> int:
    """Return the time from which the last `share` of the ordered rows begins."""
    place = len(ordered) - max(1, round(share * len(ordered)))
    return int(ordered[max(place, 0)])


def _latest(times: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return for each row the latest time within its group."""
    _, member = np.unique(groups, return_inverse=True)
    latest = np.full(member.max(initial=0) + 1, np.iinfo(np.int64).min)
    np.maximum.at(latest, member, times)
    return np.asarray(latest[member])
