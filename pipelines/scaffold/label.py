"""What the label is: classes, and which of them is rare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from contracts.errors import BadInput

if TYPE_CHECKING:
    from components.ingest.profile import Column

__all__ = ["Label", "describe_label"]

_MOST_CLASSES = 50
_ROWS_A_NUMBER = 10
"""Numbers with fewer rows each are a quantity, not classes."""


@dataclass(frozen=True)
class Label:
    """The label column; `counts` are the rows of each class."""

    column: str
    classes: list[str]
    counts: list[int]
    unlabelled: int

    @property
    def rows(self) -> int:
        """Return how many rows have a label."""
        return sum(self.counts)

    @property
    def binary(self) -> bool:
        """Return whether there are two classes; the second is the positive one."""
        return len(self.classes) == 2


def describe_label(column: Column) -> Label:
    """Return the classes of a label column in a natural order.

    Raises BadInput when it holds no classes: times, one value, none, too many, or a
    quantity.
    """
    _refuse_no_classes(column)
    counts = np.bincount(column.codes[column.codes >= 0], minlength=column.distinct)
    order = sorted(range(column.distinct), key=lambda i: column.values[i])
    return Label(
        column=column.name,
        classes=[_class_name(column.values[i]) for i in order],
        counts=[int(counts[i]) for i in order],
        unlabelled=int((column.codes < 0).sum()),
    )


def _refuse_no_classes(column: Column) -> None:
    where = f"label {column.name}"
    if column.distinct == 0:
        raise BadInput(f"{where}: no row has a value; nothing can be learnt")
    if column.distinct == 1:
        only = column.values[0]
        raise BadInput(f"{where}: every value is {only!r}; expected at least 2 classes")
    if column.kind.startswith("timestamp"):
        raise BadInput(f"{where}: holds times, expected classes")
    number = column.kind in ("int64", "float64")
    quantity = number and (
        column.distinct > _MOST_CLASSES
        or column.present < _ROWS_A_NUMBER * column.distinct
    )
    if quantity:
        middle = sorted(column.values)[len(column.values) // 2]
        raise BadInput(
            f"{where}: {column.distinct} different numbers in {column.present:,} rows "
            "look like a quantity, and canario predicts classes. Write a column of "
            f"classes into the file, for example whether {column.name} > {middle:g}."
        )
    if column.distinct > min(_MOST_CLASSES, column.present // 2):
        raise BadInput(
            f"{where}: {column.distinct} different texts in {column.present:,} rows; "
            f"expected 2 to {_MOST_CLASSES} classes. Is this an id or free text?"
        )


def _class_name(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
