"""Globs of features against the columns that really exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.config import Feature, FeatureKind
from contracts.config.project import expand
from contracts.errors import ConfigError
from tests.contracts.configs import project


def features(*columns: str) -> list[Feature]:
    kind = FeatureKind.NUMERIC
    return [Feature(column=c, kind=kind, known="order", vocabulary=9) for c in columns]


def expanded(columns: list[str], *patterns: str) -> list[str]:
    return [feature.column for feature in expand(features(*patterns), columns)]


def test_a_glob_takes_every_column_of_its_form_in_their_order() -> None:
    found = expanded(["pixel_1", "age", "pixel_0"], "age", "pixel_*")
    assert found == ["age", "pixel_1", "pixel_0"]


def test_what_is_said_of_a_glob_holds_for_its_columns() -> None:
    assert expand(features("a*"), ["a1"]) == features("a1")


def test_globs_never_take_canarios_own_columns() -> None:
    own = ["example_id", "span", "version", "event_time", "label", "label_time"]
    assert expanded([*own, "price"], "*") == ["price"]


def test_a_feature_without_a_column_lists_those_that_exist() -> None:
    with pytest.raises(ConfigError, match="no column prize; there are price, city"):
        expanded(["price", "city"], "prize")


def test_one_column_is_one_feature() -> None:
    with pytest.raises(ConfigError, match="features: pixel_0 is named twice"):
        expanded(["pixel_0", "pixel_1"], "pixel_*", "pixel_0")


def test_a_project_expands_its_own(tmp_path: Path) -> None:
    found = project(tmp_path).feature_columns(["city", "total", "label"])
    assert [feature.column for feature in found] == ["total", "city"]
