"""A first schema from data."""

import random

import pytest

from components.validate.schema_state import state_of
from contracts.errors import DataError


def sample(rows, seed=1, price=10.0):
    rng = random.Random(seed)
    return {
        "price": [rng.gauss(price, 2) for _ in range(rows)],
        "size": [rng.choice("SML") for _ in range(rows)],
        "name": [f"item {rng.randrange(90)}" for _ in range(rows)],
        "label": [rng.randrange(2) for _ in range(rows)],
    }


def datasets(rows=200, **spans):
    return {"split-train": sample(rows), "split-test": sample(rows, 2), **spans}


def test_a_schema_without_a_reader_is_inferred(tfdv):
    text = tfdv("infer_text", datasets=datasets())
    assert text.splitlines()[0] == (
        "# state: inferred - approve with: canario schema approve shop"
    )
    assert state_of(text) == "inferred"


def test_it_accepts_the_next_sample_and_refuses_another_type(tfdv):
    text = tfdv("infer_text", datasets=datasets())
    assert tfdv("check", columns=sample(200, seed=3), schema_text=text) == []
    wrong = {**sample(200, seed=3), "price": [1] * 200}
    assert [a["feature"] for a in tfdv("check", columns=wrong, schema_text=text)] == [
        "price"
    ]


def test_only_text_that_repeats_itself_is_closed(tfdv):
    """90 names in 200 rows: a third of them are seen once, so more will come."""
    text = tfdv("infer_text", datasets=datasets())
    assert 'value: "S"' in text
    assert "item" not in text


def test_a_closed_column_refuses_a_tenth_of_new_values_not_a_hundredth(tfdv):
    text = tfdv("infer_text", datasets=datasets())
    few, many = sample(200), sample(200)
    few["size"][:2], many["size"][:20] = ["XL"] * 2, ["XL"] * 20
    assert tfdv("check", columns=few, schema_text=text) == []
    (anomaly,) = tfdv("check", columns=many, schema_text=text)
    assert anomaly["short"] == "Unexpected string values"


def test_infinity_is_not_a_number_to_train_on(tfdv):
    text = tfdv("infer_text", datasets=datasets())
    wrong = {**sample(200), "price": [float("inf"), *[1.5] * 199]}
    assert [a["feature"] for a in tfdv("check", columns=wrong, schema_text=text)] == [
        "price"
    ]


def test_zeros_and_ones_may_count_further_tomorrow(tfdv):
    text = tfdv("infer_text", datasets={"split-train": {"n": [0, 1] * 20}})
    assert tfdv("check", columns={"n": [0, 1, 2]}, schema_text=text) == []


def test_an_empty_split_does_not_switch_the_warnings_off(tfdv):
    text = tfdv("infer_text", datasets=datasets() | {"split-test": {"size": []}})
    sides = {"reference": sample(200), "current": sample(200, price=30.0)}
    (anomaly,) = tfdv("compare", **sides, schema_text=text)["anomalies"]
    assert (anomaly["feature"], anomaly["severity"]) == ("price", "WARNING")


def test_a_few_huge_values_are_no_drift(tfdv):
    """Two samples of one lognormal distribution: in TFDV's ten bins 0.6 apart."""
    rng = random.Random(3)
    first, second = ([rng.lognormvariate(0, 2) for _ in range(1000)] for _ in "ab")
    text = tfdv("infer_text", datasets={"split-train": {"x": first}})
    sides = {"reference": {"x": first}, "current": {"x": second}}
    assert tfdv("compare", **sides, schema_text=text)["anomalies"] == []
    bins = text.replace("QUANTILES", "STANDARD")
    assert len(tfdv("compare", **sides, schema_text=bins)["anomalies"]) == 1


def test_requests_need_no_label(tfdv):
    text = tfdv("infer_text", datasets=datasets())
    request = {k: v for k, v in sample(200).items() if k != "label"}
    arguments = {"columns": request, "schema_text": text, "environment": "SERVING"}
    assert tfdv("check", **arguments) == []


def test_spans_that_differ_raise_the_threshold(tfdv):
    """The same two months, seen before, are no news; a third, far away, is."""
    first, second = sample(2000), sample(2000, seed=2, price=12.0)
    history = {"span-1": first, "span-2": second, "split-train": first}
    text = tfdv("infer_text", datasets=history)
    calm = tfdv("compare", reference=first, current=second, schema_text=text)
    (price,) = (m for m in calm["measured"] if m["feature"] == "price")
    assert price["value"] > 0.12
    assert calm["anomalies"] == []
    assert price["threshold"] == pytest.approx(1.5 * price["value"], abs=0.005)


def test_a_running_number_is_not_compared(tfdv):
    first, second = sample(500), sample(500)
    first["row"], second["row"] = list(range(500)), list(range(500, 1000))
    history = {"span-1": first, "span-2": second, "split-train": first}
    text = tfdv("infer_text", datasets=history)
    found = tfdv("compare", reference=first, current=second, schema_text=text)
    assert {m["feature"] for m in found["measured"] if m["threshold"] is None} == {
        "row"
    }


def test_from_the_command_line(tfdv, write_examples, tmp_path):
    folder, out = write_examples({("train", 1): sample(50)}), tmp_path / "s.pbtxt"
    assert tfdv("infer_main", arguments=[str(folder), str(out)]) == 0
    assert tfdv("parse", text=out.read_text()) == ["label", "name", "price", "size"]


def test_the_command_line_says_what_it_needs(tfdv, tmp_path):
    assert tfdv("infer_main", arguments=[]) == 2
    nothing = [str(tmp_path), str(tmp_path / "s.pbtxt")]
    assert tfdv("infer_main", arguments=nothing) == DataError.exit_code
