"""What the gate shows, and what it makes of it."""

import json

import numpy as np
import pytest

from components.evaluate.judging import Contest, judge
from components.evaluate.must_pass import Failure, Outcome
from components.evaluate.values import Groups, Prediction
from contracts.config import EvaluateConfig, Task
from contracts.decisions import Gate
from contracts.signature import Signature

CONFIG = EvaluateConfig(margin_over_trivial=0.05, max_drop=0.01, slice_max_drop=0.1)
SIGNATURE = Signature(
    task=Task.BINARY, inputs=[], classes=["on_time", "late"], threshold=0.5
)
N = 2000


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(6)
    labels = (rng.random(N) < 0.15).astype(int)
    carriers = rng.choice(["AA", "B6", "UA"], N, p=[0.5, 0.45, 0.05])
    return rng, labels, carriers


def predict(labels, strength, seed):
    """A model whose scores follow the labels with `strength` (n,) or number."""
    noise = np.random.default_rng(seed).normal(size=len(labels))
    scores = 1 / (1 + np.exp(2 - strength * labels - noise))
    return Prediction(np.column_stack([1 - scores, scores]), (scores >= 0.5) * 1)


@pytest.fixture
def contest(world):
    _, labels, carriers = world
    return Contest(
        labels=labels,
        slices=[Groups.of(np.char.add("carrier=", carriers))],
        candidate=predict(labels, 3.0, 1),
        baseline=predict(labels, 2.0, 2),
        trivial={"majority": predict(0 * labels, 0, 3)},
    )


def changed(contest, **changes):
    return Contest(**(vars(contest) | changes))


def test_a_better_candidate_is_blessed_with_reasons(contest):
    result, verdict = judge(contest, SIGNATURE, CONFIG)
    assert verdict.passed
    assert verdict.gate is Gate.BLESSING
    assert len(verdict.reasons) == 3
    assert result["comparison"]["blessed"] is True
    assert set(verdict.measured) >= {"metric", "candidate", "majority", "baseline"}


def test_trivial_models_stand_beside_every_model(contest):
    result, _ = judge(contest, SIGNATURE, CONFIG)
    assert set(result["overall"]) == {"candidate", "baseline", "trivial"}
    assert result["overall"]["trivial"]["majority"]["recall"] < 0.1
    alone, _ = judge(changed(contest, baseline=None), SIGNATURE, CONFIG)
    assert alone["overall"]["baseline"] is None
    assert "majority" in alone["overall"]["trivial"]


def test_a_candidate_no_better_than_trivial_is_refused_despite_its_baseline(contest):
    weak = changed(contest, trivial={"majority": contest.candidate})
    _, verdict = judge(weak, SIGNATURE, CONFIG)
    assert not verdict.passed
    assert len(verdict.reasons) == 1
    assert "must be better by at least 0.05" in verdict.reasons[0]


def test_a_slice_that_got_worse_refuses_a_better_mean(world, contest):
    _, labels, carriers = world
    broken = predict(labels, np.where(carriers == "B6", 0.5, 9.0), 1)
    weak = predict(labels, 1.0, 2)
    game = changed(contest, candidate=broken, baseline=weak)
    result, verdict = judge(game, SIGNATURE, CONFIG)
    assert result["comparison"]["baseline"]["gain"] > 0
    assert [r.split(":")[0] for r in verdict.reasons] == ["carrier=B6"]
    assert {s["slice"]: s["passed"] for s in result["slices"]} == {
        "carrier=AA": True,
        "carrier=B6": False,
        "carrier=UA": True,
    }


def test_small_slices_are_listed_not_gated(contest):
    result, _ = judge(contest, SIGNATURE, CONFIG)
    last = result["slices"][-1]
    assert last["slice"] == "carrier=UA"
    assert last["examples"] < CONFIG.slice_min_examples
    assert last["status"] == "too small to gate"


def test_one_must_pass_failure_refuses_a_better_mean(contest):
    wrong = Failure(row=3, expected="late", predicted="on_time", probability=0.1)
    hub = Outcome(name="hub", rows=5, failures=[wrong])
    result, verdict = judge(changed(contest, must_pass=[hub]), SIGNATURE, CONFIG)
    assert result["comparison"]["baseline"]["gain"] > 0.01
    assert not verdict.passed
    assert verdict.reasons == [hub.finding.reason]
    assert result["must_pass"][0]["passed"] is False


def test_answers_that_are_no_numbers_refuse(contest):
    silent = contest.candidate._replace(invalid=12)
    _, verdict = judge(changed(contest, candidate=silent), SIGNATURE, CONFIG)
    assert verdict.reasons == [
        "no finite probability for 12 of 2,000 examples; none is allowed"
    ]


@pytest.mark.parametrize("metric", ["auc", "accuracy", "log_loss", "f1", "f_beta"])
def test_any_metric_of_the_config_can_decide(contest, metric):
    config = CONFIG.model_copy(update={"metric": metric, "margin_over_trivial": 0})
    result, verdict = judge(contest, SIGNATURE, config)
    assert verdict.passed
    value = result["overall"]["candidate"][metric]
    assert result["comparison"]["baseline"]["candidate"] == pytest.approx(value)
    low, high = result["intervals"][metric]
    assert low < value < high


def test_what_is_not_defined_is_null_in_the_json(contest):
    lonely = Groups(np.arange(N), [f"id={i}" for i in range(N)])
    result, _ = judge(changed(contest, slices=[lonely]), SIGNATURE, CONFIG)
    text = json.dumps(result, allow_nan=False)
    assert json.loads(text)["slices"][0]["candidate"]["auc"] is None


@pytest.mark.parametrize(("positives", "unbalanced"), [(0.19, True), (0.2, False)])
def test_precision_recall_is_asked_for_when_positives_are_rare(
    contest, positives, unbalanced
):
    labels = (np.arange(N) < positives * N).astype(int)
    result, _ = judge(changed(contest, labels=labels), SIGNATURE, CONFIG)
    assert result["reading"]["unbalanced"] is unbalanced
    assert 0 < len(result["pr"]) <= 200


def test_a_rare_class_of_many_has_its_own_row():
    rng = np.random.default_rng(7)
    labels = rng.choice(3, N, p=[0.8, 0.15, 0.05])
    scores = rng.dirichlet(np.ones(3), N) + np.eye(3)[labels] * [1, 1, 0]
    said = scores.argmax(axis=1)
    candidate = Prediction(scores / scores.sum(axis=1, keepdims=True), said)
    names = Signature(
        task=Task.MULTICLASS, inputs=[], classes=["a", "b", "rare"], threshold=0.5
    )
    game = Contest(labels, [], candidate, None, {"majority": candidate})
    result, _ = judge(game, names, CONFIG.model_copy(update={"metric": "f1"}))
    rare = result["per_class"][2]
    assert rare["f1"] < 0.6 < result["overall"]["candidate"]["accuracy"]
    assert rare["tp"] + rare["fn"] == (labels == 2).sum()
    assert np.sum(result["confusion"]) == N
    assert result["roc"] == []
