"""The whole step on files: real SavedModels, real Parquet, the documented layout."""

import shutil

import numpy as np
import pytest

from components.evaluate.evaluate import run
from contracts import artifacts, digests
from contracts.artifacts import Split
from contracts.decisions import Gate, Verdict
from contracts.errors import ConfigError, DataError, EnvironmentFault
from tests.components.evaluate import world

EVALUATE = {
    "metric": "auc",
    "margin_over_trivial": 0.02,
    "slice_max_drop": 0.1,
    "slice_min_examples": 100,
}
ROWS = 1200


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    root = tmp_path_factory.mktemp("world")
    world.write_statistics(root / "statistics")
    test = world.flights(ROWS, seed=2)
    world.write_test_split(root / "examples", test)
    graph = root / "transform_graph"
    world.write_features(graph, Split.TEST, test)
    world.write_features(graph, Split.TRAIN, world.flights(2000, seed=1))
    world.write_model(root / "good", world.SLOPES)
    world.write_model(root / "weak", {**world.SLOPES, "B6": 0.0})
    world.write_model(root / "wrong on UA", {**world.SLOPES, "UA": 0.0})
    world.write_model(root / "trivial", dict.fromkeys(world.CARRIERS, 1.0))
    world.write_model(root / "null on UA", {**world.SLOPES, "UA": np.nan})
    return root


@pytest.fixture
def judged(files, tmp_path):
    """Run the step; return (blessed, verdict, evaluation, predictions)."""

    def judged(model, baseline="", must_pass=(), **changes):
        arguments = {
            "examples": files / "examples",
            "statistics": files / "statistics",
            "transform_graph": files / "transform_graph",
            "model": str(files / model),
            "baseline_uri": str(files / baseline) if baseline else "",
            "baseline_digest": digests.of_path(files / baseline) if baseline else "",
            "task": "binary",
            "classes": world.CLASSES,
            "slices": [{"name": "carrier", "column": "carrier"}],
            "must_pass": list(must_pass),
            "evaluate": EVALUATE,
            "evaluation": tmp_path / "evaluation",
            "verdict": tmp_path / "verdict",
        } | changes
        blessed = run(**arguments)
        evaluation = artifacts.read_json(tmp_path / "evaluation" / artifacts.EVALUATION)
        scores = np.load(tmp_path / "evaluation" / artifacts.PREDICTIONS)
        return blessed, Verdict.load(tmp_path / "verdict"), evaluation, scores

    return judged


def test_a_first_model_that_learned_something_is_blessed(judged):
    blessed, verdict, evaluation, _ = judged("good")
    assert blessed
    assert verdict.passed
    assert verdict.gate is Gate.BLESSING
    assert evaluation["overall"]["baseline"] is None
    assert evaluation["comparison"]["trivial"]["logistic_regression"]["gain"] > 0.02
    assert {s["status"] for s in evaluation["slices"]} == {"no baseline"}


def test_a_first_model_that_learned_nothing_is_refused(judged):
    blessed, verdict, _, _ = judged("trivial")
    assert not blessed
    assert "logistic regression" in verdict.reasons[0]


def test_a_model_as_good_as_its_baseline_is_blessed(judged):
    blessed, _, evaluation, _ = judged("good", baseline="good")
    assert blessed
    assert evaluation["comparison"]["baseline"]["gain"] == 0
    assert evaluation["baseline_digest"]


def test_a_model_wrong_on_one_slice_is_refused_by_its_name(judged):
    lenient = EVALUATE | {"max_drop": 0.2}
    blessed, verdict, _, _ = judged("wrong on UA", baseline="good", evaluate=lenient)
    assert not blessed
    assert [reason.split(":")[0] for reason in verdict.reasons] == ["carrier=UA"]


def test_a_better_mean_with_one_must_pass_failure_is_refused(judged):
    rows = [
        {"hour": 2.0, "carrier": "UA", "label": "late"},
        {"hour": "2.0", "carrier": "B6", "label": "late"},
    ]
    blessed, verdict, evaluation, _ = judged(
        "good", baseline="weak", must_pass=[{"name": "hub", "rows": rows}]
    )
    assert evaluation["comparison"]["baseline"]["gain"] > 0.05
    assert not blessed
    assert len(verdict.reasons) == 1
    assert verdict.reasons[0].startswith("must-pass hub: 1 of 2 rows wrong (row 2 is")


def test_missing_answers_are_refused_and_counted(judged):
    blessed, verdict, evaluation, _ = judged("null on UA")
    united = next(s for s in evaluation["slices"] if s["slice"] == "carrier=UA")
    assert not blessed
    assert verdict.reasons[0].startswith(
        f"no finite probability for {united['examples']} of 1,080 examples"
    )


def test_predictions_lie_beside_the_evaluation(judged):
    _, _, evaluation, scores = judged("good", baseline="weak")
    assert set(scores) == {"example_id", "label", "candidate", "baseline"}
    assert len(scores["example_id"]) == evaluation["examples"] == ROWS * 9 // 10
    assert scores["candidate"].shape == scores["baseline"].shape == (1080,)
    right = (scores["candidate"] >= 0.5) == scores["label"]
    assert right.mean() == evaluation["overall"]["candidate"]["accuracy"]


def test_a_second_run_replaces_what_the_first_left(judged):
    first = judged("trivial")[2]
    second = judged("good")[2]
    assert first["comparison"]["blessed"] is False
    assert second["comparison"]["blessed"] is True


def test_one_edited_threshold_changes_the_verdict(judged):
    assert judged("weak", baseline="good", evaluate=EVALUATE)[0] is False
    lenient = EVALUATE | {"max_drop": 0.5, "slice_max_drop": 0.5}
    assert judged("weak", baseline="good", evaluate=lenient)[0] is True


def test_rows_beyond_one_batch_keep_their_order(judged, monkeypatch):
    whole = judged("good")[3]["candidate"]
    monkeypatch.setattr("components.evaluate.scoring._BATCH", 7)
    np.testing.assert_allclose(judged("good")[3]["candidate"], whole, rtol=1e-6)


def test_a_baseline_that_is_gone_is_an_environment_fault(judged, files):
    with pytest.raises(EnvironmentFault, match="nothing there"):
        judged("good", baseline_uri=str(files / "gone"), baseline_digest="ab")


def test_a_baseline_that_was_changed_is_an_environment_fault(judged, files, tmp_path):
    shutil.copytree(files / "good", tmp_path / "touched")
    (tmp_path / "touched" / "signature.json").write_text("{}")
    with pytest.raises(EnvironmentFault, match="changed after it was blessed"):
        judged(
            "good",
            baseline_uri=f"file://{tmp_path}/touched",
            baseline_digest=digests.of_path(files / "good"),
        )


def test_a_folder_without_model_is_an_environment_fault(judged):
    with pytest.raises(EnvironmentFault, match="not a model folder"):
        judged("statistics")


def test_a_model_of_other_classes_is_a_config_error(judged):
    with pytest.raises(ConfigError, match="candidate predicts binary"):
        judged("good", classes=["early", "late"])


def test_features_of_other_examples_are_refused(judged, files, tmp_path):
    other = tmp_path / "graph"
    for split, seed in ((Split.TRAIN, 1), (Split.TEST, 3)):
        world.write_features(other, split, world.flights(ROWS, seed))
    with pytest.raises(DataError, match="made from other examples"):
        judged("good", transform_graph=other)
    assert not (tmp_path / "verdict").exists()
