"""The real server over real HTTP: V1, V2, bad requests, limits, its end."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.predictor_process import PredictorProcess
from tests.tiny_model import golden_rows, probability

ROW = {"minute": 720, "carrier": "UA"}
LIMITS = ["--max-rows", "30", "--max-bytes", "5000"]


@pytest.fixture(scope="module")
def server(
    warm_module: None, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PredictorProcess]:
    log = tmp_path_factory.mktemp("server") / "log"
    with PredictorProcess(tiny_model, "tiny", log, extra=LIMITS) as process:
        process.wait_ready(60)
        yield process


def call(
    server: PredictorProcess, path: str, body: Any = None, **headers: str
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    data = body if isinstance(body, (str, bytes)) or body is None else json.dumps(body)
    method = "GET" if body is None else "POST"
    connection.request(
        method, path, data, {"content-type": "application/json", **headers}
    )
    answer = connection.getresponse()
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content


def v1(server: PredictorProcess, rows: Any) -> tuple[int, Any]:
    return call(server, "/v1/models/tiny:predict", {"instances": rows})


def v2(server: PredictorProcess, *inputs: Any, **more: Any) -> tuple[int, Any]:
    return call(server, "/v2/models/tiny/infer", {"inputs": inputs, **more})


def tensor(name: str, datatype: str, data: list[Any], *rest: int) -> dict[str, Any]:
    shape = [len(data), *rest]
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


MINUTE = tensor("minute", "FP32", [720.0, 60.5])
CARRIERS = ["UA", "AA"]
CARRIER = tensor("carrier", "BYTES", CARRIERS)


def test_v1_answers_what_the_model_says(server: PredictorProcess) -> None:
    status, answer = v1(server, golden_rows())
    assert status == 200
    late = [p["probabilities"][1] for p in answer["predictions"]]
    assert late == pytest.approx([probability(row) for row in golden_rows()], abs=1e-6)
    assert [p["class"] for p in answer["predictions"]] == [
        "late" if p >= 0.5 else "on_time" for p in late
    ]


def test_v2_answers_the_same(server: PredictorProcess) -> None:
    status, answer = v2(server, MINUTE, CARRIER, id="r7")
    expected = [
        probability({"minute": 720.0, "carrier": "UA"}),
        probability({"minute": 60.5, "carrier": "AA"}),
    ]
    probabilities, classes = answer["outputs"]
    assert (status, answer["id"]) == (200, "r7")
    assert probabilities["shape"] == [2, 2]
    assert probabilities["data"][1::2] == pytest.approx(expected, abs=1e-6)
    assert classes == {**classes, "data": ["late", "on_time"], "shape": [2]}


@pytest.mark.parametrize(
    ("minute", "values"),
    [
        (tensor("minute", "INT64", [720, 1]), [720, 1]),
        (tensor("minute", "FP64", [[720.0], [1.0]], 1), [720, 1]),
        (tensor("minute", "BOOL", [True, False]), [1, 0]),
        (tensor("minute", "FP32", [None, 1.0]), [None, 1]),
    ],
)
def test_v2_takes_every_kind_of_number(
    server: PredictorProcess, minute: Any, values: list[Any]
) -> None:
    status, answer = v2(server, minute, CARRIER, outputs=[{"name": "probabilities"}])
    rows = [{"minute": v, "carrier": c} for v, c in zip(values, CARRIERS, strict=True)]
    assert status == 200
    assert [output["name"] for output in answer["outputs"]] == ["probabilities"]
    assert answer["outputs"][0]["data"][1::2] == pytest.approx(
        [probability(row) for row in rows], abs=1e-6
    )


def test_v2_metadata(server: PredictorProcess) -> None:
    status, found = call(server, "/v2/models/tiny")
    assert status == 200
    assert found["inputs"] == [
        {"name": "minute", "datatype": "FP32", "shape": [-1]},
        {"name": "carrier", "datatype": "BYTES", "shape": [-1]},
    ]
    assert found["outputs"] == [
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]},
        {"name": "class", "datatype": "BYTES", "shape": [-1]},
    ]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"instances": [ROW, {"minute": "x", "carrier": "UA"}]}, "instances[1].minute"),
        ({"instances": [{"minute": 1}]}, "instances[0]: field 'carrier' is missing"),
        ({"instances": [{**ROW, "carrier": ["UA"]}]}, "instances[0].carrier"),
        ({"instances": [[1, 2]]}, "expected an object"),
        ({"instances": []}, "at least one row"),
        ({"instances": ROW}, "to be a list"),
        ({}, "nothing in it"),
        ([ROW], "found list"),
        ('{"instances": [', "unexpected end of data"),
    ],
)
def test_a_bad_v1_request_is_told_why(
    server: PredictorProcess, body: Any, sentence: str
) -> None:
    status, answer = call(server, "/v1/models/tiny:predict", body)
    assert status == 400
    assert sentence in answer["error"]


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ([MINUTE], "input 'carrier' is missing; found minute"),
        ([MINUTE, {**CARRIER, "data": ["UA"]}], "promises 2 values, found 1"),
        ([MINUTE, {**CARRIER, "shape": [1, 2]}], "expected shape [rows]"),
        ([tensor("minute", "BYTES", ["a", "b"]), CARRIER], "expected datatype FP32"),
        ([tensor("minute", "FP32", [1.0, "b"]), CARRIER], "instances[1].minute"),
        ([tensor("minute", "FP32", [1.0]), CARRIER], "equally many rows"),
        ([{"name": "minute"}], "inputs.0.shape: Field required"),
    ],
)
def test_a_bad_v2_request_is_told_why(
    server: PredictorProcess, inputs: list[Any], sentence: str
) -> None:
    status, answer = v2(server, *inputs)
    assert status == 400
    assert sentence in answer["error"]


def test_too_many_rows(server: PredictorProcess) -> None:
    assert v1(server, [ROW] * 30)[0] == 200
    status, answer = v1(server, [ROW] * 31)
    assert (status, answer["error"]) == (413, "31 rows; at most 30 a request")


def test_too_long_a_body_announced(server: PredictorProcess) -> None:
    status, answer = call(server, "/v1/models/tiny:predict", " " * 5001)
    assert (status, answer["error"]) == (413, "the body is longer than 5000 bytes")


@pytest.mark.parametrize("path", ["/v1/models/tiny:predict", "/v2/models/tiny/infer"])
def test_too_long_a_body_in_chunks(server: PredictorProcess, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = {"content-type": "application/json"}
    connection.request(
        "POST", path, iter([b" " * 3000] * 2), headers, encode_chunked=True
    )
    assert connection.getresponse().status == 413
    connection.close()


def test_plain_curl_is_understood(server: PredictorProcess) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = {"instances": [ROW]}
    assert call(server, "/v1/models/tiny:predict", body, **form)[0] == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/models/other:predict", 404),
        ("/v1/models/tiny:explain", 501),
        ("/v2/repository/models/tiny/unload", 501),
        ("/nothing", 404),
    ],
)
def test_what_is_not_offered(server: PredictorProcess, path: str, status: int) -> None:
    assert call(server, path, {"instances": [ROW]})[0] == status
    assert call(server, "/v1/models/tiny") == (200, {"name": "tiny", "ready": True})


def test_only_loopback_is_served(server: PredictorProcess) -> None:
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.2", server.port)) != 0
        assert probe.connect_ex(("127.0.0.1", server.port)) == 0


def test_requests_are_not_logged(server: PredictorProcess) -> None:
    before = server.log.read_text()
    v1(server, [ROW])
    v1(server, "nonsense")
    assert server.log.read_text() == before
    assert "warm_up_seconds" in before


def test_help_needs_no_tensorflow() -> None:
    code = "import sys; from serving import predictor; predictor.parser();"
    code += "sys.exit('tensorflow' in sys.modules or 'kserve' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
