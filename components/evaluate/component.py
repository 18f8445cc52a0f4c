"""Kubeflow Pipelines interface of the offline gate."""

from kfp import dsl

from components import images
from components.artifact_types import (
    Evaluation,
    Examples,
    GateVerdict,
    ServedModel,
    Statistics,
    TransformGraph,
)


@dsl.component(base_image=images.TRAIN, install_kfp_package=False)
def evaluate(
    examples: dsl.Input[Examples],
    statistics: dsl.Input[Statistics],
    transform_graph: dsl.Input[TransformGraph],
    model: dsl.Input[ServedModel],
    baseline_uri: str,
    baseline_digest: str,
    task: str,
    classes: list,
    slices: list,
    must_pass: list,
    evaluate: dict,
    evaluation: dsl.Output[Evaluation],
    verdict: dsl.Output[GateVerdict],
) -> bool:
    """Judge the candidate; the result says whether it is blessed."""
    from components.evaluate.evaluate import run

    return run(
        examples=examples.path,
        statistics=statistics.path,
        transform_graph=transform_graph.path,
        model=model.path,
        baseline_uri=baseline_uri,
        baseline_digest=baseline_digest,
        task=task,
        classes=classes,
        slices=slices,
        must_pass=must_pass,
        evaluate=evaluate,
        evaluation=evaluation.path,
        verdict=verdict.path,
    )
