"""What stops a run, and the sentences that say why."""

from dataclasses import replace

import pytest

from components.validate.verdict import ERROR, WARNING, Anomaly, Case, judge
from contracts.config import ValidateConfig

CASE = Case(
    project="shop",
    config=ValidateConfig(min_examples=10),
    state="approved",
    examples={"span-1": 50, "span-2": 50, "split-train": 80},
    newest="span-2",
)
WRONG = Anomaly("span-2", "fare", ERROR, "Unexpected data type", "FLOAT but got INT")
DRIFT = Anomaly(
    "span-2", "fare", WARNING, "High", "0.4 above 0.1", "drift", "span-1", ["bad luck"]
)
STRICT = replace(CASE, config=ValidateConfig(min_examples=10, block_on="warning"))


def test_nothing_wrong_passes_with_a_reason():
    verdict = judge([], CASE)
    assert verdict.passed
    assert "80 training examples, 2 spans" in verdict.reasons[0]


def test_an_error_in_the_newest_span_names_everything():
    verdict = judge([WRONG], CASE)
    assert not verdict.passed
    assert verdict.reasons == [
        "span-2, feature fare: Unexpected data type: FLOAT but got INT. If the data is "
        "right, edit configs/shop/schema.pbtxt; if it is wrong, quarantine span-2: "
        "take it out of the schedule until a corrected version is there."
    ]


@pytest.mark.parametrize(
    ("dataset", "passed"),
    [("split-train", False), ("span-1", True), ("split-eval", True)],
)
def test_what_the_model_would_learn_blocks_what_is_known_does_not(dataset, passed):
    assert judge([replace(WRONG, dataset=dataset)], CASE).passed is passed


def test_one_finding_in_two_datasets_is_one_reason():
    verdict = judge([replace(WRONG, dataset="split-train"), WRONG], CASE)
    assert len(verdict.reasons) == 1
    assert verdict.reasons[0].startswith("span-2, feature fare (also split-train):")


def test_drift_blocks_only_where_warnings_do():
    assert judge([DRIFT], CASE).passed
    (reason,) = judge([DRIFT], STRICT).reasons
    assert "Probable cause: bad luck" in reason
    assert "raise the threshold in configs/shop/schema.pbtxt" in reason


def test_old_drift_never_blocks_and_skew_does_where_warnings_do():
    assert judge([replace(DRIFT, dataset="span-1")], STRICT).passed
    assert not judge([replace(DRIFT, dataset="split-test", kind="skew")], STRICT).passed


def test_too_few_examples_are_refused_with_both_numbers():
    few = replace(CASE, examples={"split-train": 9})
    (reason,) = judge([], few).reasons
    assert "9 examples, expected at least 10" in reason


def test_a_guess_asks_to_be_read():
    verdict = judge([], replace(CASE, state="inferred"))
    assert verdict.passed
    assert "canario schema approve shop" in verdict.reasons[1]


def test_findings_that_do_not_block_are_counted():
    verdict = judge([DRIFT, replace(WRONG, dataset="span-1")], CASE)
    assert verdict.measured["anomalies"] == {"error": 1, "warning": 1, "blocking": 0}
    assert verdict.reasons[1].startswith("anomalies that do not block: 2, first span-2")


def test_a_flood_of_reasons_is_cut():
    flood = [replace(WRONG, feature=f"f{number}") for number in range(30)]
    reasons = judge(flood, CASE).reasons
    assert (len(reasons), reasons[-1]) == (21, "and 10 more: see statistics.json")
