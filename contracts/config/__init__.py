"""A project's values, read from `configs/<project>/` and checked at the door."""

from contracts.config.loading import load_model
from contracts.config.project import (
    DataConfig,
    EvaluateConfig,
    Feature,
    FeatureKind,
    InfraConfig,
    ProjectConfig,
    SliceConfig,
    Task,
    TrainConfig,
    ValidateConfig,
    load_project,
)
from contracts.config.rollout import RolloutConfig, load_rollout

__all__ = [
    "DataConfig",
    "EvaluateConfig",
    "Feature",
    "FeatureKind",
    "InfraConfig",
    "ProjectConfig",
    "RolloutConfig",
    "SliceConfig",
    "Task",
    "TrainConfig",
    "ValidateConfig",
    "load_model",
    "load_project",
    "load_rollout",
]
