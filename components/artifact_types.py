"""Typed artifacts: wiring the wrong one into a step fails when compiling.

Kubeflow Pipelines accepts own types only as `system.NAME` or `google.NAME`, and imports
the class from here in the step, so an alias would compile and then fail.
"""

from kfp import dsl


class Examples(dsl.Artifact):
    """Parquet examples with id, span, version and split (contracts/artifacts.py)."""

    schema_title = "system.CanarioExamples"
    schema_version = "0.0.1"


class Statistics(dsl.Artifact):
    """TFDV statistics as protos and as plain JSON."""

    schema_title = "system.CanarioStatistics"
    schema_version = "0.0.1"


class DataSchema(dsl.Artifact):
    """The schema that the data was held against: `schema.pbtxt`."""

    schema_title = "system.CanarioDataSchema"
    schema_version = "0.0.1"


class TransformGraph(dsl.Artifact):
    """Constants, Keras preprocessing and the transformed examples."""

    schema_title = "system.CanarioTransformGraph"
    schema_version = "0.0.1"


class ServedModel(dsl.Artifact):
    """A SavedModel with its signature, golden rows and learning curves."""

    schema_title = "system.CanarioServedModel"
    schema_version = "0.0.1"


class Evaluation(dsl.Artifact):
    """Metrics of candidate, baseline and trivial models, overall and per slice."""

    schema_title = "system.CanarioEvaluation"
    schema_version = "0.0.1"


class GateVerdict(dsl.Artifact):
    """What a gate decided, with reasons (contracts/decisions.py)."""

    schema_title = "system.CanarioGateVerdict"
    schema_version = "0.0.1"


class Rollout(dsl.Artifact):
    """How a rollout went: decision, reasons, timeline."""

    schema_title = "system.CanarioRollout"
    schema_version = "0.0.1"
