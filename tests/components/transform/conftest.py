import pytest

from components.transform import transform
from contracts.features import Constants, Features
from tests.components.transform import tiny


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return tiny.write(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def run_transform(shop, tmp_path):
    """Run the step; return the folder it wrote."""

    def run(folder=shop, features=tiny.FEATURES, golden_rows=20):
        transform.run(
            str(folder / "examples"),
            str(folder / "statistics"),
            features,
            tiny.CLASSES,
            golden_rows,
            str(tmp_path / "graph"),
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
