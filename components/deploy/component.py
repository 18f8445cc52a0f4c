"""Kubeflow Pipelines interface of the rollout."""

from typing import NamedTuple

from kfp import dsl

from components import images
from components.artifact_types import Evaluation, Examples, Rollout, ServedModel


@dsl.component(base_image=images.SERVING, install_kfp_package=False)
def deploy(
    project: str,
    model: dsl.Input[ServedModel],
    traffic: dsl.Input[Examples],
    evaluation: dsl.Input[Evaluation],
    baseline_uri: str,
    baseline_digest: str,
    slices: list,
    rollout: dict,
    plant: str,
    spans: list,
    workspace_uri: str,
    run_id: str,
    result: dsl.Output[Rollout],
) -> NamedTuple("Outputs", decision=str, acted=bool):  # type: ignore[valid-type]
    """Roll the candidate out by evidence; say how it ended and if that is new."""
    from components.deploy.deploy import run

    return run(
        project=project,
        model=model.path,
        traffic=traffic.path,
        evaluation=evaluation.path,
        baseline_uri=baseline_uri,
        baseline_digest=baseline_digest,
        slices=slices,
        rollout=rollout,
        plant=plant,
        spans=spans,
        workspace_uri=workspace_uri,
        run_id=run_id,
        result=result.path,
    )
