"""Interface of the train step."""

from kfp import dsl

from components import images
from components.artifact_types import ServedModel, TransformGraph


@dsl.component(base_image=images.TRAIN, install_kfp_package=False)
def train(
    transform_graph: dsl.Input[TransformGraph],
    task: str,
    classes: list,
    threshold: float,
    train: dict,
    model: dsl.Output[ServedModel],
) -> None:
    """Train a model and export it with its preprocessing inside.

    Args:
        transform_graph: Features, constants and preprocessing from transform.
        task: binary or multiclass.
        classes: Names of the label's classes, in order of their index.
        threshold: Score from which the positive class is predicted (binary).
        train: The section `train` of the project's config.
        model: The SavedModel, its signature, golden rows and learning curves.
    """
    from components.train.train import run

    return run(transform_graph.path, task, classes, threshold, train, model.path)
