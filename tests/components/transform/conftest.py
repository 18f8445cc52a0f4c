from types import SimpleNamespace as Namespace

import pytest

from components.transform.component import transform
from contracts.features import Constants, Features
from tests.components.transform import tiny


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return tiny.write(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def run_transform(shop, tmp_path):
    """Run the step through its interface; return the folder it wrote."""

    def run(folder=shop, features=tiny.FEATURES, golden_rows=20):
        transform.python_func(
            examples=Namespace(path=str(folder / "examples")),
            statistics=Namespace(path=str(folder / "statistics")),
            features=features,
            classes=tiny.CLASSES,
            golden_rows=golden_rows,
            transform_graph=Namespace(path=str(tmp_path / "graph")),
        )
        return tmp_path / "graph"

    return run


@pytest.fixture
def graph(run_transform):
    return run_transform()


@pytest.fixture
def constants(graph):
    return Constants.load(graph)


@pytest.fixture
def features(graph):
    return Features.load(graph, "train")
