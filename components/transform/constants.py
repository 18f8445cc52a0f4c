"""The transform's constants, taken from the statistics of the train split.

The data is not read again: mean, standard deviation and values were counted once,
by the validate step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.artifacts import RESERVED
from contracts.config.project import Feature, FeatureKind, expand
from contracts.errors import ConfigError, DataError
from contracts.features import CategoricalConstants, Constants, NumericConstants

__all__ = ["derive"]

_NUMBERS = ("int", "uint", "float", "double", "halffloat", "bool")
_TEXTS = (*_NUMBERS, "string", "large_string")
_FLOAT32_STEP = 1e-7  # a spread below it relative to the mean is rounding, not data
_FLOAT32_TINY = 1e-30  # and below it its reciprocal is no float32
_TRUTH = {"0": "false", "1": "true"}  # statistics count booleans as integers


def derive(
    features: Sequence[Feature],
    columns: Mapping[str, str],
    statistics: Mapping[str, Any],
) -> Constants:
    """Return the constants of every feature.

    `columns` maps the examples' columns to their Arrow types, `statistics` is the
    dataset `split-train`. Raises ConfigError for an unknown, repeated or unsuitable
    column, DataError where the statistics lack what a feature needs.
    """
    raw = [name for name in columns if name not in RESERVED]
    chosen = expand(list(features), raw)
    for feature in chosen:
        _check_type(feature, columns[feature.column])
    return Constants(
        numeric=[
            _numeric(f, _counted(f, statistics))
            for f in chosen
            if f.kind is FeatureKind.NUMERIC
        ],
        categorical=[
            _categorical(f, columns[f.column], _counted(f, statistics))
            for f in chosen
            if f.kind is FeatureKind.CATEGORICAL
        ],
    )


def _check_type(feature: Feature, arrow_type: str) -> None:
    allowed = _NUMBERS if feature.kind is FeatureKind.NUMERIC else _TEXTS
    if arrow_type.rstrip("0123456789") in allowed:
        return
    advice = (
        "Derive a number from it, such as hour(...) or weekday(...)."
        if arrow_type.startswith(("timestamp", "date", "time"))
        else "Declare it categorical or leave it out."
    )
    raise ConfigError(
        f"features: {feature.column} is declared {feature.kind} but its column "
        f"holds {arrow_type}. {advice}"
    )


def _counted(feature: Feature, statistics: Mapping[str, Any]) -> Mapping[str, Any]:
    features: Mapping[str, Any] = statistics["features"]
    if feature.column not in features:
        raise DataError(
            f"statistics of the train split lack {feature.column}; "
            f"there are {', '.join(features)}. Run validate again."
        )
    counted: Mapping[str, Any] = features[feature.column]
    return counted


def _numeric(feature: Feature, counted: Mapping[str, Any]) -> NumericConstants:
    """A constant column gets std 1: z = 0 in training, and no division by zero."""
    mean, std = counted.get("mean"), counted.get("std")
    if not counted["count"]:
        mean, std = 0.0, 0.0
    if mean is None or std is None:
        raise DataError(
            f"feature {feature.column}: its mean in the train split is not a finite "
            "number, so it holds infinity. Clean the column or leave it out."
        )
    return NumericConstants(
        column=feature.column,
        mean=mean,
        std=std if std > max(_FLOAT32_STEP * abs(mean), _FLOAT32_TINY) else 1.0,
        missing=counted["missing"] > 0,
    )


def _categorical(
    feature: Feature, arrow_type: str, counted: Mapping[str, Any]
) -> CategoricalConstants:
    """The most frequent values, sorted, so that ids do not depend on counts."""
    if counted["count"] and "top" not in counted:
        raise ConfigError(
            f"features: {feature.column} is declared categorical, but it holds "
            f"fractions or more than 1000 different numbers. Declare it numeric."
        )
    values = [value for value, _ in counted.get("top", []) if value]
    if arrow_type == "bool":
        values = [_TRUTH.get(value, value) for value in values]
    kept = sorted(values[: feature.vocabulary])
    return CategoricalConstants(column=feature.column, vocabulary=kept)
