"""The values of the steps after ingest: validation, training, evaluation, serving."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from contracts.config.section import FileName, Fraction, Name, Section

__all__ = [
    "EvaluateConfig",
    "InfraConfig",
    "MustPass",
    "TrainConfig",
    "ValidateConfig",
]


class ValidateConfig(Section):
    """Blocking severity and the schema file, relative to the config folder.

    `min_examples` counts rows of the train split; below it nothing is trained.
    """

    schema_file: FileName = "schema.pbtxt"
    block_on: Literal["error", "warning"] = "error"
    min_examples: int = Field(default=100, ge=1)


class TrainConfig(Section):
    """Hyper-parameters. Sizes in units, rates per step, dropout as a share.

    `steps` trains a fixed number of batches instead of epochs with early stopping.
    """

    hidden: list[Annotated[int, Field(ge=1, le=8192)]] = Field(default=[64, 32])
    embedding: int = Field(default=8, ge=1, le=512)
    epochs: int = Field(default=10, ge=1, le=10_000)
    steps: int | None = Field(default=None, ge=1)
    eval_steps: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=512, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    patience: int = Field(default=3, ge=1)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    l2: float = Field(default=1e-4, ge=0)
    seed: int = Field(default=17, ge=0, lt=2**32)
    overfit_check: bool = True


class MustPass(Section):
    """Rows that a candidate may never get wrong: a CSV beside the config, with every
    input of the model (derived columns too) and a column `label`."""

    name: Name
    file: FileName


class EvaluateConfig(Section):
    """The offline gate. Metric values and margins are absolute (0.01 = one point).

    `margin_over_trivial`: how much better than the best trivial model.
    `max_drop`, `slice_max_drop`: how much worse than the baseline it may be, overall
    and in a slice with at least `slice_min_examples` labelled examples.
    `threshold`: score from which the positive class is predicted (binary).
    `beta`: how many times as much recall weighs as precision in the metric f_beta.
    """

    metric: Literal["auc", "accuracy", "log_loss", "f1", "f_beta"] = "auc"
    beta: float = Field(default=1.0, gt=0)
    threshold: Fraction = 0.5
    margin_over_trivial: float = Field(default=0.0, ge=0)
    max_drop: float = Field(default=0.005, ge=0)
    slice_max_drop: float = Field(default=0.05, ge=0)
    slice_min_examples: int = Field(default=300, ge=1)
    on_tie: Literal["bless", "refuse"] = "bless"
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    must_pass: list[MustPass] = Field(default=[])


class InfraConfig(Section):
    """What serving may cost: memory in MiB, load in seconds, latency in ms."""

    memory_mib: int = Field(default=2048, ge=16)
    load_seconds: float = Field(default=60, gt=0)
    p99_ms: float = Field(default=100, gt=0)
    golden_rows: int = Field(default=100, ge=1, le=10_000)
    tolerance: float = Field(default=1e-6, gt=0)
