"""`configs/<project>/project.yaml`: what a project is, as typed values.

Each section goes, whole and alone, to the step that is named like it, so that a
changed number reruns only the steps that read it.
"""

from __future__ import annotations

import fnmatch
from collections import Counter
from enum import StrEnum
from pathlib import Path

from pydantic import Field, model_validator

from contracts.artifacts import RESERVED
from contracts.config.data import (
    DataConfig,
    LabelConfig,
    ScheduleConfig,
    SpanConfig,
    SplitConfig,
    TimeConfig,
)
from contracts.config.loading import load_model
from contracts.config.section import Mistake, Name, Section
from contracts.config.steps import (
    EvaluateConfig,
    InfraConfig,
    MustPass,
    TrainConfig,
    ValidateConfig,
)
from contracts.errors import ConfigError

__all__ = [
    "DataConfig",
    "EvaluateConfig",
    "Feature",
    "FeatureKind",
    "InfraConfig",
    "LabelConfig",
    "MustPass",
    "ProjectConfig",
    "ScheduleConfig",
    "Section",
    "SliceConfig",
    "SpanConfig",
    "SplitConfig",
    "Task",
    "TimeConfig",
    "TrainConfig",
    "ValidateConfig",
    "expand",
    "load_project",
]


class Task(StrEnum):
    """What the model predicts."""

    BINARY = "binary"
    MULTICLASS = "multiclass"


class FeatureKind(StrEnum):
    """How a column enters the model."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"


class Feature(Section):
    """One input of the model, or several by a glob (`pixel_*`).

    `known` is the moment from which the value exists; `vocabulary` caps the number
    of categories, the rest share one out-of-vocabulary slot; the statistics that it is
    made of list a thousand.
    """

    column: str
    kind: FeatureKind
    known: str
    vocabulary: int = Field(default=1000, ge=1, le=1000)


class SliceConfig(Section):
    """A named subset for metrics: the values of a column, or ranges of it.

    `edges` [0, 6, 12] makes [0, 6), [6, 12), and [12, inf); `labels` names them.
    `top` keeps the most frequent values and pools the others as "other".
    """

    name: Name
    column: str
    edges: list[float] | None = Field(default=None, min_length=1)
    labels: list[str] | None = None
    top: int = Field(default=20, ge=1, le=200)

    @model_validator(mode="after")
    def _edges_ascend(self) -> SliceConfig:
        if self.edges is not None and self.edges != sorted(set(self.edges)):
            raise Mistake(f"edges must increase, found {self.edges}", "edges")
        if self.labels is None:
            return self
        if len(self.labels) != len(self.edges or []):
            raise Mistake("give one label for each of 'edges'", "labels")
        if len(set(self.labels)) != len(self.labels):
            raise Mistake(f"a label appears twice: {self.labels}", "labels")
        return self


class ProjectConfig(Section):
    """A whole project. Raises pydantic.ValidationError on contradictions."""

    project: Name
    question: str
    task: Task
    data: DataConfig
    schedule: ScheduleConfig = ScheduleConfig()
    moments: list[str] = Field(min_length=1)
    predict_at: str
    features: list[Feature] = Field(min_length=1)
    slices: list[SliceConfig] = Field(default=[])
    validation: ValidateConfig = ValidateConfig()
    train: TrainConfig = TrainConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    infra: InfraConfig = InfraConfig()

    @model_validator(mode="after")
    def _consistent(self) -> ProjectConfig:
        if self.predict_at not in self.moments:
            raise Mistake(
                f"'{self.predict_at}' is none of {self.moments}", "predict_at"
            )
        if self.task is Task.BINARY and len(self.data.label.classes) != 2:
            raise Mistake("a binary task has two", "data", "label", "classes")
        must_pass = [item.name for item in self.evaluate.must_pass]
        _refuse_twice([s.name for s in self.slices], "slices")
        _refuse_twice(must_pass, "evaluate", "must_pass")
        _refuse_twice([f.column for f in self.features], "features")
        _refuse_twice(self.moments, "moments")
        return self

    @model_validator(mode="after")
    def _no_leak(self) -> ProjectConfig:
        """The leak guard: a feature must exist when the prediction is asked for."""
        for index, feature in enumerate(self.features):
            at = ("features", index, "known")
            if feature.known not in self.moments:
                raise Mistake(f"'{feature.known}' is none of {self.moments}", *at)
            if self._is_later(feature.known):
                raise Mistake(
                    f"feature {feature.column} leaks: it is known at "
                    f"'{feature.known}', the prediction is made at "
                    f"'{self.predict_at}'. Remove it from features.",
                    *at,
                )
            for column in fnmatch.filter(self.data.of_label(), feature.column):
                own = column == self.data.label.column
                what = "the label" if own else "computed from the label"
                raise Mistake(f"{feature.column} is {what}", *at[:2], "column")
        return self

    def _is_later(self, moment: str) -> bool:
        return self.moments.index(moment) > self.moments.index(self.predict_at)

    def feature_columns(self, columns: list[str]) -> list[Feature]:
        """Expand globs against the real columns, in the config's order.

        Raises ConfigError when a feature matches no column or two match one.
        """
        return expand(self.features, columns)


def expand(features: list[Feature], columns: list[str]) -> list[Feature]:
    """Replace glob features by one feature a column; canario's own are none.

    Raises ConfigError when a feature matches no column or two match one.
    """
    columns = [column for column in columns if column not in RESERVED]
    found: list[Feature] = []
    for feature in features:
        names = [c for c in columns if fnmatch.fnmatchcase(c, feature.column)]
        if not names:
            raise ConfigError(
                f"features: no column {feature.column}; there are {', '.join(columns)}"
            )
        found += [feature.model_copy(update={"column": name}) for name in names]
    twice = [n for n, times in Counter(f.column for f in found).items() if times > 1]
    if twice:
        raise ConfigError(f"features: {', '.join(twice)} is named twice, see the globs")
    return found


def load_project(folder: Path) -> ProjectConfig:
    """Read `folder`/project.yaml. Raises ConfigError with file, line and reason."""
    config = load_model(folder / "project.yaml", ProjectConfig)
    if config.project != folder.resolve().name:
        raise ConfigError(
            f"{folder / 'project.yaml'}: project '{config.project}' lies in folder "
            f"'{folder.name}'; they must have one name"
        )
    return config


def _refuse_twice(names: list[str], *at: str) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise Mistake(f"'{name}' appears twice", *at, index)
