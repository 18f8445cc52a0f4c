"""Interface of the validate step."""

from kfp import dsl

from components import images
from components.artifact_types import DataSchema, Examples, GateVerdict, Statistics


@dsl.component(base_image=images.VALIDATE, install_kfp_package=False)
def validate(
    examples: dsl.Input[Examples],
    schema_pbtxt: str,
    validation: dict,
    statistics: dsl.Output[Statistics],
    schema: dsl.Output[DataSchema],
    verdict: dsl.Output[GateVerdict],
) -> bool:
    """Count statistics and hold them against the schema; False stops the run.

    Args:
        examples: What ingest wrote.
        schema_pbtxt: Text of the curated schema; empty to infer one.
        validation: The section `validation` of the project's config.
        statistics: Protos and statistics.json of every span and split.
        schema: The schema that was used.
        verdict: The decision with its reasons.
    """
    from components.validate.validate import run

    return run(
        examples=examples.path,
        schema_pbtxt=schema_pbtxt,
        validation=validation,
        statistics=statistics.path,
        schema=schema.path,
        verdict=verdict.path,
    )
