"""The step from features to a model folder."""

import shutil

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from components.train.train import run
from components.transform import transform
from contracts.artifacts import read_json
from contracts.config.project import Task
from contracts.errors import DataError
from contracts.features import Constants
from contracts.signature import Signature
from tests.components.train.conftest import TRAIN
from tests.components.transform import tiny


@pytest.fixture(scope="module")
def history(model):
    return read_json(model / "history.json")


def weights_of(model):
    reader = tf.train.load_checkpoint(str(model / "1" / "variables" / "variables"))
    names = [n for n in reader.get_variable_to_shape_map() if "VARIABLE_VALUE" in n]
    assert len(names) == 7
    return [reader.get_tensor(name) for name in sorted(names)]


def test_the_folder_holds_what_the_contract_says(model):
    names = sorted(path.name for path in model.iterdir())
    assert names == ["1", "golden.json", "history.json", "signature.json"]


def test_the_signature_carries_task_classes_and_threshold(model):
    found = Signature.load(model)
    assert (found.task, found.classes, found.threshold) == (
        Task.BINARY,
        tiny.CLASSES,
        0.4,
    )


def test_the_history_holds_curves_check_diagnosis_and_parameters(history):
    assert len(history["epochs"]) == 3
    assert set(history["epochs"][0]) == {
        *("epoch", "step", "loss", "eval_loss", "eval_auc", "seconds")
    }
    assert [check["examples"] for check in history["overfit_check"]] == [1, 10, 100]
    assert history["diagnosis"].startswith(("good fit", "under-fit", "over-fit"))
    # amount, year, gap; colour, day, gift as 3 + 4 + 2 numbers: 12 inputs of 16 units.
    tables = 5 * 3 + 9 * 4 + 4 * 2
    assert history["parameters"] == tables + (12 * 16 + 16) + (16 + 1)
    assert history["hyperparameters"]["hidden"] == TRAIN["hidden"]


def test_the_same_inputs_and_seed_give_the_same_model(
    shop_graph, model, train_model, tmp_path, history
):
    again = train_model(shop_graph, tmp_path / "model")
    golden = (again / "golden.json").read_bytes()
    assert golden == (model / "golden.json").read_bytes()
    for old, new in zip(weights_of(model), weights_of(again), strict=True):
        np.testing.assert_array_equal(old, new)
    repeated = read_json(again / "history.json")
    assert repeated["overfit_check"] == history["overfit_check"]


def test_running_twice_replaces_the_model(shop_graph, model, train_model, tmp_path):
    again = shutil.copytree(model, tmp_path / "model")
    train_model(shop_graph, again, seed=2, epochs=1, overfit_check=False)
    assert (again / "golden.json").read_bytes() != (model / "golden.json").read_bytes()
    assert len(read_json(again / "history.json")["epochs"]) == 1


def test_a_failed_check_leaves_no_model(shop_graph, train_model, tmp_path):
    with pytest.raises(DataError, match="overfit check"):
        train_model(shop_graph, tmp_path / "model", hidden=[1], learning_rate=1e30)
    assert not list(tmp_path.iterdir())


def numbers_alone(folder):
    """Write a transformed folder of three classes and names that no graph takes."""
    draw = np.random.default_rng(1)
    columns = ["pixel 0", "class"]

    def table(rows):
        label = draw.integers(0, 3, rows).astype(np.int32)
        values = {name: label + draw.normal(0, 0.5, rows) for name in columns}
        return pa.table(values | {"label": label})

    tiny.write(folder, {split: table(rows) for split, rows in tiny.SIZES.items()})
    features = [{"column": c, "kind": "numeric", "known": "x"} for c in columns]
    inputs = [str(folder / name) for name in ("examples", "statistics")]
    transform.run(*inputs, features, CLASSES, 9, str(folder / "graph"))
    return folder / "graph"


CLASSES = ["a", "b", "c"]


def test_several_classes_and_odd_names_are_trained_and_served(tmp_path):
    graph, model = numbers_alone(tmp_path), tmp_path / "model"
    assert Constants.load(graph).numeric_names == ["pixel 0", "class"]
    run(str(graph), "multiclass", CLASSES, 0.5, TRAIN, str(model))
    assert read_json(model / "history.json")["epochs"][-1]["eval_accuracy"] > 0.5
    golden = read_json(model / "golden.json")
    assert np.shape(golden["probabilities"]) == (9, 3)
