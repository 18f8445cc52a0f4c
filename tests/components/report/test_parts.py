"""The pure parts: distances, curves, axes, sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from components.report import curves, drift, figures_data, text
from components.report.collect import Artifacts, RunNote
from components.report.figures_rollout import Timeline, timeline
from components.report.section_data import build as build_data
from components.report.section_rollout import build as build_rollout
from components.report.section_slices import round_ticks
from components.report.section_training import diagnosis
from components.report.story import tell
from contracts.decisions import RolloutResult


def bars(*counts: int) -> dict[str, Any]:
    return {"histogram": [[i, i + 1, count] for i, count in enumerate(counts)]}


def words(**counts: int) -> dict[str, Any]:
    return {"top": [[name, count] for name, count in counts.items()]}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (bars(5, 5), bars(5, 5), 0.0),
        (bars(8, 2), bars(2, 8), 0.6),
        (bars(10, 0), bars(0, 10), 1.0),
        (words(a=5, b=5), words(a=50, b=50), 0.0),
        (words(a=8, b=2), words(b=8, c=2), 0.8),
        (words(a=1), {}, None),
    ],
)
def test_distances(first: Any, second: Any, expected: float | None) -> None:
    assert drift.distance(first, second) == pytest.approx(expected)


def test_a_histogram_of_one_value_has_a_distance() -> None:
    one, other = {"histogram": [[3, 3, 9]]}, {"histogram": [[4, 4, 9]]}
    assert drift.distance(one, other) == pytest.approx(1.0)


def statistics(**changes: Any) -> dict[str, Any]:
    sets = {f"span-{n}": {"features": {"x": bars(n, 4)}} for n in (2, 10, 9)}
    return {"datasets": sets, "drift": [], **changes}


def test_spans_are_in_the_order_of_numbers() -> None:
    assert drift.span_names(statistics()) == [2, 9, 10]
    (row,) = drift.rows(statistics(), ["x"])
    assert row.measure == "Kolmogorov-Smirnov"
    assert len(row.cells) == 2


def test_the_values_of_tfdv_come_first() -> None:
    item = {"feature": "x", "span": "span-9", "value": 0.3, "threshold": 0.2}
    given = statistics(drift=[item | {"measure": "jensen_shannon_divergence"}])
    (row,) = drift.rows(given, ["x"])
    assert (row.measure, row.threshold) == ("Jensen-Shannon", 0.2)
    assert [cell.value for cell in row.cells] == [0.3, None]
    assert row.cells[0].heat == pytest.approx(0.75)
    assert row.cells[0].over


def test_a_feature_that_came_later_has_no_distance_to_the_past() -> None:
    given = statistics()
    del given["datasets"]["span-2"]["features"]["x"]
    (row,) = drift.rows(given, ["x"])
    assert row.cells[0].value is None
    assert row.cells[1].value is not None


def test_ranked_curves_of_four_examples() -> None:
    label, scores = np.asarray([1, 0, 1, 0]), np.asarray([0.9, 0.8, 0.7, 0.1])
    roc, pr = curves.ranked(label, scores)
    assert roc == [[0, 0], [0, 0.5], [0.5, 0.5], [0.5, 1], [1, 1]]
    assert pr[0] == [0.5, 1.0]
    assert pr[-1] == [1.0, 0.5]


def test_one_class_cannot_be_ranked() -> None:
    assert curves.ranked(np.ones(3), np.arange(3.0)) == ([], [])


def test_calibration_counts_every_example_once() -> None:
    label, scores = np.asarray([1, 0, 1, 1]), np.asarray([0.0, 0.04, 0.55, 1.0])
    found = curves.calibration(label, scores)
    assert [row[2] for row in found] == [2, 1, 1]
    assert found[0] == pytest.approx([0.02, 0.5, 2])


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.66, 0.762, ["0.66", "0.68", "0.70", "0.72", "0.74", "0.76"]),
        (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0.6975, 0.7025, ["0.698", "0.699", "0.700", "0.701", "0.702"]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[str]) -> None:
    assert [name for _, name in round_ticks(low, high)] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, "3"),
        (1234567, "1,234,567"),
        (0.12345, "0.123"),
        (612.4, "612"),
        (6e-8, "6.0e-08"),
        (float("nan"), "–"),  # noqa: RUF001
        (True, "–"),  # noqa: RUF001
        ("7", "–"),  # noqa: RUF001
    ],
)
def test_numbers(value: Any, expected: str) -> None:
    assert text.number(value) == expected


def test_spans_read_as_ranges() -> None:
    assert text.spans([1, 2, 3, 5, 7, 8]) == "1-3, 5, 7-8"
    assert text.spans([]) == ""


def test_short_text_is_printable() -> None:
    assert text.short("a\x00b\u202ec\n", 9) == "a·b·c·"
    assert text.short("abcdefghij", 5) == "abcd…"


def epochs(*losses: float) -> dict[str, Any]:
    return {"epochs": [{"epoch": i + 1, "eval_loss": x} for i, x in enumerate(losses)]}


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ((0.6, 0.5, 0.55), "Epoch 2 is kept (eval loss 0.5000). After it"),
        ((0.6, 0.5, 0.5001), "Epoch 2 is kept (eval loss 0.5000)."),
        ((0.6, 0.5, 0.45), "still falling"),
        ((0.6, 0.5, 0.49999), "and level"),
    ],
)
def test_the_curves_are_read(losses: tuple[float, ...], expected: str) -> None:
    (sentence,) = diagnosis(epochs(*losses))
    assert expected in sentence


def test_a_recorded_diagnosis_wins() -> None:
    recorded = {"diagnosis": "good fit", **epochs(0.6, 0.5)}
    assert diagnosis(recorded) == ["Good fit"]


def test_an_overfit_check_that_fails_names_the_number() -> None:
    checks = [{"examples": 1, "loss": 0.001}, {"examples": 100, "loss": 0.7}]
    (sentence,) = diagnosis({"overfit_check": checks})
    assert "0.7 only on 100 examples" in sentence


def test_a_first_model_is_promoted_without_traffic() -> None:
    first = RolloutResult(decision="promoted", reasons=["the first model"])
    section = build_rollout(Artifacts(rollout=first))
    assert section is not None
    assert section.lead == "No traffic was needed for the decision."
    assert not section.figure


def test_evidence_of_zero_and_of_infinity_is_drawn_at_the_edge() -> None:
    looks = Timeline(
        time=[60.0, 120.0],
        weight=[5, 5],
        share=[None, 4.0],
        evidence=[-6.0, 12.0],
        carriers={"wrong": [None, 12.0]},
        gates={},
        threshold=2.0,
        decision="halted",
    )
    assert "halted" in timeline(looks)


def test_an_interrupted_run_is_unfinished_not_failed() -> None:
    story = tell(Artifacts(run=RunNote(run_id="r")), {"state": "CANCELLED"})
    assert (story.headline, story.error) == ("Unfinished", None)


def test_only_the_first_features_get_a_picture() -> None:
    features = {f"pixel_{i}": bars(1, i) for i in range(30)}
    both = {name: {"features": features} for name in ("split-train", "split-test")}
    section = build_data(Artifacts(statistics={"datasets": both}))
    assert section is not None
    assert (len(section.cards), section.cards_left_out) == (24, 6)
    assert section.sides == ("split train", "split test")


def test_a_long_tail_is_cut_at_the_last_decile() -> None:
    deciles = [0, 0, 0, 1, 2, 3, 4, 5, 6, 9, 900]
    assert figures_data._long_tailed({"quantiles": deciles})
    edges, mass = figures_data._deciles({"quantiles": deciles})
    assert edges[-1] == 9
    assert mass.sum() == pytest.approx(0.9)
    assert mass[0] == pytest.approx(0.3)
