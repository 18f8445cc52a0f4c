"""Sizes that follow from the number of rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.errors import BadInput
from pipelines.scaffold.columns import Columns
from pipelines.scaffold.label import Label
from pipelines.scaffold.timing import Timing

if TYPE_CHECKING:
    from components.ingest.profile import Column, Profile

__all__ = ["Plan", "check_size"]

_FEWEST_ROWS = 50
_FEWEST_GROUPS = 20
_SMALL = 1000
_STEPS = 1500  # batches that a small table needs until its loss levels off


@dataclass(frozen=True)
class Plan:
    """Everything that the config files say, and the sizes derived from it."""

    name: str
    profile: Profile
    label: Label
    group: str | None
    timing: Timing
    columns: Columns

    @property
    def shares(self) -> tuple[float, float]:
        """Shares of eval and test: larger where a tenth would be a handful."""
        return (0.15, 0.25) if self.small else (0.1, 0.2)

    @property
    def test_rows(self) -> int:
        """Return about how many labelled rows judge the model."""
        return max(1, round(self.label.rows * self.shares[1]))

    @property
    def train_rows(self) -> int:
        """Return about how many labelled rows train."""
        return max(1, round(self.label.rows * (1 - sum(self.shares))))

    @property
    def small(self) -> bool:
        """Return whether a tenth of the rows would be a handful."""
        return self.label.rows < _SMALL

    @property
    def min_examples(self) -> int:
        """Return the rows below which nothing is trained: a quarter of today's.

        The first run of a schedule sees fewer spans, and groups make splits uneven.
        """
        return max(10, self.train_rows // 4)

    @property
    def batch_size(self) -> int:
        """Return a power of two, so that an epoch has some 30 to 60 steps."""
        return int(min(1024, max(16, 2 ** round(math.log2(self.train_rows / 40)))))

    @property
    def steps(self) -> int:
        """Return the batches of an epoch."""
        return max(1, self.train_rows // self.batch_size)

    @property
    def epochs(self) -> int:
        """Return how often to go through the rows, at most."""
        return min(100, max(8, round(_STEPS / self.steps)))

    @property
    def patience(self) -> int:
        """Return epochs without progress: more where the eval loss is bumpy."""
        return max(3, self.epochs // 5)

    @property
    def metric(self) -> str:
        """Return what the gates compare: AUC needs two classes and no threshold."""
        return "auc" if self.label.binary else "accuracy"

    @property
    def max_drop(self) -> float:
        """Return how far chance moves the metric on the test rows.

        Two standard errors of a share at 0.9, a usual accuracy: 0.6 / sqrt(n).
        """
        return max(0.005, round(0.6 / math.sqrt(self.test_rows), 3))

    @property
    def slice_max_drop(self) -> float:
        """Return the same for a slice with a tenth of the rows."""
        return round(3 * self.max_drop, 3)

    @property
    def slice_min_examples(self) -> int:
        """Return the rows from which a slice decides."""
        return min(300, max(20, self.test_rows // 20))

    @property
    def threshold(self) -> float:
        """Return the score that calls the second class: its share when it is rare."""
        share = self.label.counts[-1] / self.label.rows
        return max(0.01, round(share, 2)) if share < 0.2 else 0.5


def check_size(profile: Profile, label: Label, group: Column | None) -> None:
    """Check that there is enough to train on, to stop at and to judge with.

    Copies of a row, and rows of a group, are all in one split: so different ones are
    counted. Raises BadInput.
    """
    if label.rows < _FEWEST_ROWS:
        raise BadInput(
            f"label {label.column}: {label.rows} rows have one; at least "
            f"{_FEWEST_ROWS} are needed to train a model and to judge it"
        )
    if profile.different_rows < _FEWEST_ROWS:
        raise BadInput(
            f"{profile.path}: {profile.rows:,} rows, but only {profile.different_rows} "
            f"different ones; at least {_FEWEST_ROWS} are needed, because copies of "
            "what trained cannot judge"
        )
    if group is not None and group.distinct < _FEWEST_GROUPS:
        raise BadInput(
            f"--group {group.name}: {group.distinct} groups; at least {_FEWEST_GROUPS} "
            "are needed, because a group is never divided between splits"
        )
