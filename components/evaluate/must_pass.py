"""Examples that matter more than the mean: one wrong answer refuses the candidate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from components.evaluate.comparison import Finding
from components.evaluate.values import Prediction
from contracts.artifacts import LABEL
from contracts.errors import BadInput, DataError
from contracts.signature import Signature

_SHOWN = 3  # failures spelled out in a reason; the evaluation holds all of them
Predict = Callable[[Mapping[str, np.ndarray]], Prediction]


class Failure(BaseModel):
    """A row (counted from 1) that got the wrong class; `probability` of the right."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    row: int
    expected: str
    predicted: str
    probability: float


class Outcome(BaseModel):
    """How a candidate did on one must-pass set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    rows: int
    failures: list[Failure]

    @property
    def finding(self) -> Finding:
        """Say whether the set held, and name the rows that did not."""
        if not self.failures:
            return Finding(True, f"must-pass {self.name}: all {self.rows} rows right")
        shown = "; ".join(
            f"row {f.row} is {f.expected}, predicted {f.predicted}"
            for f in self.failures[:_SHOWN]
        )
        more = "; ..." if len(self.failures) > _SHOWN else ""
        return Finding(
            False,
            f"must-pass {self.name}: {len(self.failures)} of {self.rows} rows wrong "
            f"({shown}{more}); none is allowed",
        )


def check(
    sets: Sequence[Mapping[str, Any]], signature: Signature, predict: Predict
) -> list[Outcome]:
    """Let the candidate predict each set {"name", "rows": [{column: value, "label"}]}.

    A row holds every input of the model, derived columns too. Where the model wants a
    number text is read as one (empty or NA: missing). Raises DataError that names the
    set, the row and the field.
    """
    return [_check(s["name"], s["rows"], signature, predict) for s in sets]


def _check(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    signature: Signature,
    predict: Predict,
) -> Outcome:
    where = f"must-pass {name}"
    if not rows:
        raise DataError(f"{where}: no rows; an empty set would hold for any model")
    expected = [_class_of(row, i, signature, where) for i, row in enumerate(rows, 1)]
    numbers = {spec.name for spec in signature.inputs if spec.datatype == "FP32"}
    typed = [_typed(row, i, numbers, where) for i, row in enumerate(rows, 1)]
    try:
        prediction = predict(signature.from_rows(typed))
    except BadInput as error:
        raise DataError(
            f"{where}: {error}. Rows count from 0 here; each needs every input of the "
            f"model: {', '.join(spec.name for spec in signature.inputs)}"
        ) from error
    wrong = np.flatnonzero(prediction.decisions != np.asarray(expected))
    failures = [
        Failure(
            row=int(i) + 1,
            expected=signature.classes[expected[i]],
            predicted=signature.classes[prediction.decisions[i]],
            probability=float(prediction.probabilities[i, expected[i]]),
        )
        for i in wrong
    ]
    return Outcome(name=name, rows=len(rows), failures=failures)


def _class_of(
    row: Mapping[str, Any], number: int, signature: Signature, where: str
) -> int:
    found = str(row.get(LABEL))
    if found not in signature.classes:
        raise DataError(
            f"{where}, row {number}: label {found!r} is no class; there are "
            f"{', '.join(signature.classes)}"
        )
    return signature.classes.index(found)


def _typed(
    row: Mapping[str, Any], number: int, numbers: set[str], where: str
) -> dict[str, Any]:
    """Read text as numbers where the model takes numbers: CSV knows text only."""
    typed = dict(row)
    for name in numbers & row.keys():
        value = row[name]
        if not isinstance(value, str):
            continue
        try:
            typed[name] = None if value in ("", "NA") else float(value)
        except ValueError:
            raise DataError(
                f"{where}, row {number}, {name}: expected a number, found {value!r}"
            ) from None
    return typed
