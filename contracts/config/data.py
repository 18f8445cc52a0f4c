"""The data's side of a project: where rows come from, spans, splits, the label."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from contracts import expressions
from contracts.artifacts import RESERVED
from contracts.config.section import Expression, Fraction, Mistake, Section

__all__ = [
    "DataConfig",
    "LabelConfig",
    "ScheduleConfig",
    "SpanConfig",
    "SplitConfig",
    "TimeConfig",
]


class TimeConfig(Section):
    """Event time of an example: a timestamp column plus minutes (an expression)."""

    column: str
    plus_minutes: Expression | None = None


class SpanConfig(Section):
    """How rows group into spans: by calendar day or month of the event time, by the
    integers of a column, or not at all (all rows are span 1)."""

    by: Literal["day", "month", "column", "none"] = "none"
    column: str | None = None

    @model_validator(mode="after")
    def _column_named(self) -> SpanConfig:
        if (self.by == "column") != (self.column is not None):
            raise ValueError("'column' belongs to 'by: column', and only there")
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
                f"eval {self.eval} and test {self.test} must each be above 0 "
                "and together below 1, or nothing is left to train"
            )
        return self


class LabelConfig(Section):
    """The label as an expression over columns, or a column of classes.

    `classes` names them in order of their index: false, true for an expression.
    `available_after_minutes` is an expression: minutes from the event to the label.
    """

    expression: Expression | None = None
    column: str | None = None
    classes: list[str] = Field(min_length=2, max_length=1000)
    available_after_minutes: Expression | None = None

    @model_validator(mode="after")
    def _one_source(self) -> LabelConfig:
        if (self.expression is None) == (self.column is None):
            raise ValueError("give either 'expression' or 'column'")
        if self.expression is not None and len(self.classes) != 2:
            raise Mistake("an expression is true or false: name two", "classes")
        if len(set(self.classes)) != len(self.classes):
            raise Mistake(f"a class appears twice: {self.classes}", "classes")
        return self

    def columns(self) -> set[str]:
        """Return the raw columns that the label is computed from."""
        if self.expression is None:
            return {str(self.column)}
        return set(expressions.columns_of(self.expression))


class DataConfig(Section):
    """Where rows come from and how they become examples.

    `source` is a path relative to the config folder (a glob is allowed), or
    `package://NAME/path` for a file inside an installed package; .gz and .zip (of one
    file) are unpacked. `header` names the columns of a file without header; `x_*3`
    stands for x_0, x_1, x_2. Names that are no identifiers become ones, and a name
    that canario uses gets an underscore: `label` is `label_` (components/ingest/names).
    `id` lists the columns that identify an example; empty means all columns.
    `derived` adds columns by expressions; the features say when each is known.
    """

    source: str
    format: Literal["csv", "parquet"] = "csv"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    header: list[str] | None = None
    null_values: list[str] = Field(default=["", "NA"])
    id: list[str] = Field(default=[])
    time: TimeConfig | None = None
    spans: SpanConfig = SpanConfig()
    split: SplitConfig = SplitConfig()
    group_by: str | None = None
    derived: dict[str, Expression] = Field(default={})
    max_corrupt_fraction: Fraction = 0.01
    label: LabelConfig

    def of_label(self) -> list[str]:
        """Return the label's column, and what is derived from it; [] without one."""
        found = [self.label.column] if self.label.column else []
        for name, text in self.derived.items():
            if not set(found).isdisjoint(expressions.columns_of(text)):
                found.append(name)
        return found

    @model_validator(mode="after")
    def _time_is_there(self) -> DataConfig:
        needs = [self.spans.by in ("day", "month"), self.split.by == "time"]
        if any(needs) and self.time is None:
            raise ValueError(
                "spans by day or month and a split by time need the key 'time'"
            )
        for name in self.derived:
            if name in RESERVED:
                raise Mistake("canario's own column; choose another", "derived", name)
        return self


class ScheduleConfig(Section):
    """What `canario run` plays: the spans of the first training run, the spans that
    arrive after it (one run each), and the span whose rows become requests."""

    first: list[int] = Field(default=[1], min_length=1)
    then: list[int] = Field(default=[])
    replay: int | None = None

    @model_validator(mode="after")
    def _in_order(self) -> ScheduleConfig:
        replay = [] if self.replay is None else [self.replay]
        order = [*self.first, *self.then, *replay]
        if order != sorted(set(order)):
            raise ValueError(f"spans must increase from run to run, found {order}")
        return self
