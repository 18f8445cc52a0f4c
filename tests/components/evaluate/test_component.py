import inspect

from components import images
from components.evaluate.component import evaluate
from components.evaluate.evaluate import run


def test_the_adapter_has_every_parameter_of_the_step():
    adapter = inspect.signature(evaluate.python_func).parameters
    assert list(adapter) == list(inspect.signature(run).parameters)


def test_the_adapter_runs_in_the_image_with_tensorflow():
    container = evaluate.component_spec.implementation.container
    assert container.image == images.TRAIN
    assert evaluate.component_spec.outputs["Output"].type == "Boolean"
