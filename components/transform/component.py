"""Interface of the transform step."""

from kfp import dsl

from components import images
from components.artifact_types import Examples, Statistics, TransformGraph


@dsl.component(base_image=images.TRAIN, install_kfp_package=False)
def transform(
    examples: dsl.Input[Examples],
    statistics: dsl.Input[Statistics],
    features: list,
    classes: list,
    golden_rows: int,
    transform_graph: dsl.Output[TransformGraph],
) -> None:
    """Turn raw columns into features, with the layers that will serve the model.

    Args:
        examples: What ingest wrote.
        statistics: What validate counted; the only source of constants.
        features: The section `features` of the project's config.
        classes: Names of the label's classes, in order of their index.
        golden_rows: How many raw rows are kept with their features, to be replayed.
        transform_graph: Constants, Keras preprocessing, features of each split.
    """
    from components.transform.transform import run

    return run(
        examples.path,
        statistics.path,
        features,
        classes,
        golden_rows,
        transform_graph.path,
    )
