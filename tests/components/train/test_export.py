"""The served model proves that it does what training did."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from components.train.export import check_parity
from components.transform import preprocessing
from contracts.artifacts import read_json
from contracts.errors import GateRefused
from contracts.features import Constants, Golden
from contracts.signature import Signature
from tests.components.transform import tiny


@pytest.fixture(scope="module")
def served(model):
    return tf.saved_model.load(str(model / "1"))


@pytest.fixture
def altered(shop_graph, tmp_path):
    """A copy of the graph whose preprocessing was changed after materialising."""

    def change(part, **update):
        graph = shutil.copytree(shop_graph, tmp_path / "graph")
        constants = Constants.load(graph)
        parts = list(getattr(constants, part))
        parts[0] = parts[0].model_copy(update=update)
        changed = constants.model_copy(update={part: parts})
        preprocessing.build(changed).save(graph / "preprocessing.keras")
        return graph

    return change


def answers(served, model, rows, name="serving_default"):
    inputs = Signature.load(model).from_rows(rows)
    return served.signatures[name](**{k: tf.constant(v) for k, v in inputs.items()})


def test_golden_rows_are_answered_as_training_answered(served, model):
    golden = read_json(model / "golden.json")
    assert len(golden["rows"]) == 20
    found = answers(served, model, golden["rows"])["probabilities"]
    assert found.numpy() == pytest.approx(np.asarray(golden["probabilities"]), abs=1e-6)
    assert found.numpy().sum(axis=1) == pytest.approx(np.ones(20))


def test_the_transform_can_be_asked_by_itself(served, model, constants):
    features = answers(served, model, constants.golden.rows, "transform")
    assert features["numeric"].numpy().tolist() == constants.golden.numeric
    assert features["categorical"].numpy().tolist() == constants.golden.categorical


def test_signatures_take_one_named_input_of_rows_a_feature(served):
    for name in ("serving_default", "transform"):
        _, specs = served.signatures[name].structured_input_signature
        assert sorted(specs) == sorted(f["column"] for f in tiny.FEATURES)
        assert {tuple(spec.shape) for spec in specs.values()} == {(None,)}
        assert specs["amount"].dtype == tf.float32
        assert specs["day"].dtype == tf.string


def test_whole_numbers_as_json_floats_are_the_same_day(served, model):
    row = {"amount": 30, "year": 2013, "colour": "Rojo", "day": 3, "gift": True}
    other = row | {"amount": 30.0, "day": 3.0, "gift": "true"}
    a, b = answers(served, model, [row, other])["probabilities"].numpy()
    assert a.tolist() == b.tolist()


@pytest.mark.parametrize(
    ("part", "update", "message"),
    [
        ("numeric", {"mean": 0.0}, "differ in amount: golden row .* apart where 1e-06"),
        ("categorical", {"vocabulary": ["Rojo", "Verde"]}, "differ in colour: golden"),
        ("numeric", {"missing": False}, "made 3 numeric .*amount is missing.* makes 2"),
    ],
)
def test_a_transform_changed_on_one_side_is_refused(
    altered, train_model, tmp_path, part, update, message
):
    graph = altered(part, **update)
    with pytest.raises(GateRefused, match=message):
        train_model(graph, tmp_path / "model", epochs=1, overfit_check=False)
    assert [path.name for path in tmp_path.iterdir()] == ["graph"]


def test_a_body_changed_on_one_side_is_refused(model, constants):
    expected = np.asarray(read_json(model / "golden.json")["probabilities"])
    signature = Signature.load(model)
    with pytest.raises(GateRefused, match=r"in probability of (small|big)"):
        check_parity(model, signature, constants, expected + 2e-6)


def test_a_feature_that_is_no_number_is_refused(model, constants):
    spoiled = np.full((20, 3), np.nan).tolist()
    golden = Golden(**constants.golden.model_dump() | {"numeric": spoiled})
    changed = constants.model_copy(update={"golden": golden})
    with pytest.raises(GateRefused, match=r"differ in amount: .* apart .* \(20 of 20"):
        check_parity(model, Signature.load(model), changed, np.zeros((20, 2)))
