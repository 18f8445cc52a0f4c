from types import SimpleNamespace as Namespace

import pytest

from components.train.component import train
from components.transform import transform
from contracts.config.project import TrainConfig
from contracts.features import Constants, Features
from tests.components.transform import tiny

TRAIN = {
    "hidden": [16],
    "embedding": 4,
    "epochs": 3,
    "batch_size": 64,
    "learning_rate": 0.01,
    "dropout": 0.1,
    "l2": 0.001,
    "seed": 17,
}


@pytest.fixture
def config():
    return TrainConfig.model_validate(TRAIN)


@pytest.fixture(scope="session")
def shop_graph(tmp_path_factory):
    """The tiny shop, transformed once."""
    folder = tiny.write(tmp_path_factory.mktemp("train-shop"))
    transform.run(
        str(folder / "examples"),
        str(folder / "statistics"),
        tiny.FEATURES,
        tiny.CLASSES,
        20,
        str(folder / "graph"),
    )
    return folder / "graph"


@pytest.fixture(scope="session")
def constants(shop_graph):
    return Constants.load(shop_graph)


@pytest.fixture(scope="session")
def examples(shop_graph):
    return Features.load(shop_graph, "train")


@pytest.fixture(scope="session")
def evaluation(shop_graph):
    return Features.load(shop_graph, "eval")


@pytest.fixture(scope="session")
def train_model():
    """Run the step through its interface, with changed parameters."""

    def run(graph, model, **changes):
        train.python_func(
            transform_graph=Namespace(path=str(graph)),
            task="binary",
            classes=tiny.CLASSES,
            threshold=0.4,
            train=TRAIN | changes,
            model=Namespace(path=str(model)),
        )
        return model

    return run


@pytest.fixture(scope="session")
def model(shop_graph, tmp_path_factory, train_model):
    """The model folder of one run, for tests that only look at it."""
    return train_model(shop_graph, tmp_path_factory.mktemp("model") / "model")
