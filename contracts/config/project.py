"""`configs/<project>/project.yaml`: what a project is, as typed values.

Each section goes, whole and alone, to the step that is named like it, so that a
changed number reruns only the steps that read it.
"""

from __future__ import annotations

import fnmatch
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts import expressions
from contracts.config.loading import load_model
from contracts.errors import ConfigError

Fraction = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class Section(BaseModel):
    """Base of all sections: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
    of categories, the rest share one out-of-vocabulary slot.
    """

    column: str
    kind: FeatureKind
    known: str
    vocabulary: int = Field(default=1000, ge=1, le=100_000)


class TimeConfig(Section):
    """Event time of an example: a timestamp column plus minutes (an expression)."""

    column: str
    plus_minutes: str | None = None


class SpanConfig(Section):
    """How rows group into spans: by calendar day or month of the event time, by the
    integers of a column, or not at all (all rows are span 1)."""

    by: Literal["day", "month", "column", "none"] = "none"
    column: str | None = None

    @model_validator(mode="after")
    def _column_named(self) -> SpanConfig:
        if (self.by == "column") != (self.column is not None):
            raise ValueError("spans: 'column' belongs to 'by: column', and only there")
        return self


class SplitConfig(Section):
    """Shares of eval (early stopping) and test (the gates); the rest trains.

    `by: time` gives the most recent examples to test, the ones before them to eval.
    `by: hash` decides by the example id, or by the group when `group_by` is set.
    """

    by: Literal["time", "hash"] = "hash"
    eval: Fraction = 0.1
    test: Fraction = 0.2

    @model_validator(mode="after")
    def _something_trains(self) -> SplitConfig:
        if self.eval + self.test >= 1 or min(self.eval, self.test) <= 0:
            raise ValueError(
                f"split: eval {self.eval} and test {self.test} must each be above 0 "
                "and together below 1, or nothing is left to train"
            )
        return self


class LabelConfig(Section):
    """The label as an expression over columns, or a column of classes.

    `classes` names them in order of their index: false, true for an expression.
    `available_after_minutes` is an expression: minutes from the event to the label.
    """

    expression: str | None = None
    column: str | None = None
    classes: list[str] = Field(min_length=2, max_length=1000)
    available_after_minutes: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> LabelConfig:
        if (self.expression is None) == (self.column is None):
            raise ValueError("label: give either 'expression' or 'column'")
        if self.expression is not None and len(self.classes) != 2:
            raise ValueError("label: an expression is true or false: name two classes")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("label: a class appears twice in 'classes'")
        return self

    def columns(self) -> set[str]:
        """Return the raw columns that the label is computed from."""
        used = set(expressions.columns_of(self.expression or ""))
        return used if self.expression else {str(self.column)}


class DataConfig(Section):
    """Where rows come from and how they become examples.

    `source` is a path relative to the config folder (a glob is allowed), or
    `package://NAME/path` for a file inside an installed package.
    `id` lists the columns that identify an example; empty means all columns.
    `derived` adds columns by expressions, each known when its inputs are.
    """

    source: str
    format: Literal["csv", "parquet"] = "csv"
    header: list[str] | None = None
    null_values: list[str] = ["", "NA"]
    id: list[str] = []
    time: TimeConfig | None = None
    spans: SpanConfig = SpanConfig()
    split: SplitConfig = SplitConfig()
    group_by: str | None = None
    derived: dict[str, str] = {}
    max_corrupt_fraction: Fraction = 0.01
    label: LabelConfig

    @model_validator(mode="after")
    def _time_is_there(self) -> DataConfig:
        needs = [self.spans.by in ("day", "month"), self.split.by == "time"]
        if any(needs) and self.time is None:
            raise ValueError(
                "data: spans by day or month and a split by time need time"
            )
        return self


class ScheduleConfig(Section):
    """What `canario run` plays: the spans of the first training run, the spans that
    arrive after it (one run each), and the span whose rows become requests."""

    first: list[int] = Field(default=[1], min_length=1)
    then: list[int] = []
    replay: int | None = None

    @model_validator(mode="after")
    def _in_order(self) -> ScheduleConfig:
        order = [*self.first, *self.then, *([self.replay] if self.replay else [])]
        if order != sorted(set(order)):
            raise ValueError(f"schedule: spans must increase, found {order}")
        return self


class SliceConfig(Section):
    """A named subset for metrics: the values of a column, or ranges of it.

    `edges` [0, 6, 12] makes [0, 6), [6, 12), and [12, inf); `labels` names them.
    `top` keeps the most frequent values and pools the others as "other".
    """

    name: Name
    column: str
    edges: list[float] | None = None
    labels: list[str] | None = None
    top: int = Field(default=20, ge=1, le=200)

    @model_validator(mode="after")
    def _edges_ascend(self) -> SliceConfig:
        if self.edges is not None and self.edges != sorted(set(self.edges)):
            raise ValueError(f"slice {self.name}: edges must increase: {self.edges}")
        if self.labels is not None and len(self.labels) != len(self.edges or []):
            raise ValueError(f"slice {self.name}: one label for each edge")
        return self


class ValidateConfig(Section):
    """Blocking severity and the schema file, relative to the config folder.

    `min_examples` counts rows of the train split; below it nothing is trained.
    """

    schema_file: str = "schema.pbtxt"
    block_on: Literal["error", "warning"] = "error"
    min_examples: int = Field(default=100, ge=1)


class TrainConfig(Section):
    """Hyper-parameters. Sizes in units, rates per step, dropout as a share.

    `steps` trains a fixed number of batches instead of epochs with early stopping.
    """

    hidden: list[Annotated[int, Field(ge=1, le=8192)]] = [64, 32]
    embedding: int = Field(default=8, ge=1, le=512)
    epochs: int = Field(default=10, ge=1, le=10_000)
    steps: int | None = Field(default=None, ge=1)
    eval_steps: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=512, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    patience: int = Field(default=3, ge=1)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    l2: float = Field(default=1e-4, ge=0)
    seed: int = 17
    overfit_check: bool = True


class MustPass(Section):
    """Rows that a candidate may never get wrong: a CSV beside the config, with the
    raw columns and a column `label`."""

    name: Name
    file: str


class EvaluateConfig(Section):
    """The offline gate. Metric values and margins are absolute (0.01 = one point).

    `margin_over_trivial`: how much better than the best trivial model.
    `max_drop`, `slice_max_drop`: how much worse than the baseline it may be, overall
    and in a slice with at least `slice_min_examples` labelled examples.
    `threshold`: score from which the positive class is predicted (binary).
    """

    metric: Literal["auc", "accuracy", "log_loss", "f1"] = "auc"
    threshold: Fraction = 0.5
    margin_over_trivial: float = Field(default=0.0, ge=0)
    max_drop: float = Field(default=0.005, ge=0)
    slice_max_drop: float = Field(default=0.05, ge=0)
    slice_min_examples: int = Field(default=300, ge=1)
    on_tie: Literal["bless", "refuse"] = "bless"
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    must_pass: list[MustPass] = []


class InfraConfig(Section):
    """What serving may cost: memory in MiB, load in seconds, latency in ms."""

    memory_mib: int = Field(default=2048, ge=16)
    load_seconds: float = Field(default=60, gt=0)
    p99_ms: float = Field(default=100, gt=0)
    golden_rows: int = Field(default=100, ge=1, le=10_000)
    tolerance: float = Field(default=1e-6, gt=0)


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
    slices: list[SliceConfig] = []
    validation: ValidateConfig = ValidateConfig()
    train: TrainConfig = TrainConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    infra: InfraConfig = InfraConfig()

    @model_validator(mode="after")
    def _consistent(self) -> ProjectConfig:
        if self.predict_at not in self.moments:
            raise ValueError(f"predict_at '{self.predict_at}' is not in {self.moments}")
        for feature in self.features:
            _refuse_leak(feature, self.moments, self.predict_at)
        if self.task is Task.BINARY and len(self.data.label.classes) != 2:
            raise ValueError("a binary task has two classes")
        names = [s.name for s in self.slices]
        if len(set(names)) != len(names):
            raise ValueError(f"a slice name appears twice: {names}")
        for name, text in self.data.derived.items():
            try:
                expressions.parse(text)
            except ConfigError as error:
                raise ValueError(f"data.derived.{name}: {error}") from None
        return self

    def feature_columns(self, columns: list[str]) -> list[Feature]:
        """Expand globs against the real columns, in the config's order.

        Raises ConfigError when a feature matches no column.
        """
        return expand(self.features, columns)


def expand(features: list[Feature], columns: list[str]) -> list[Feature]:
    """Replace glob features by one feature a column. Raises ConfigError."""
    found: list[Feature] = []
    for feature in features:
        names = [c for c in columns if fnmatch.fnmatchcase(c, feature.column)]
        if not names:
            raise ConfigError(
                f"features: no column {feature.column}; there are {', '.join(columns)}"
            )
        found += [feature.model_copy(update={"column": name}) for name in names]
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


def _refuse_leak(feature: Feature, moments: list[str], predict_at: str) -> None:
    """The leak guard: a feature must exist when the prediction is asked for."""
    if feature.known not in moments:
        raise ValueError(
            f"feature {feature.column}: known '{feature.known}' is not in {moments}"
        )
    if moments.index(feature.known) > moments.index(predict_at):
        raise ValueError(
            f"feature {feature.column} leaks: it is known at '{feature.known}', the "
            f"prediction is made at '{predict_at}'. Remove it from features."
        )
