"""`canario serve`: the live model behind the real predictor, on loopback."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from contracts import artifacts
from contracts.errors import BadInput
from contracts.registry import ModelRecord, Registry
from contracts.signature import Signature
from contracts.storage import open_storage

HOST = "127.0.0.1"


def command(project: str, build: Path, port: int) -> list[str]:
    """Return the predictor's command line. Raises BadInput without a live model."""
    model = build / project / _live(project, build).key
    options = {
        "model-dir": model,
        "model-name": project,
        "http-port": port,
        "host": HOST,
    }
    argv = [sys.executable, "-m", "serving.predictor"]
    for name, value in options.items():
        argv += [f"--{name}", str(value)]
    return argv


def examples(project: str, build: Path, port: int) -> list[str]:
    """Return ready curl commands for V1 and V2, with a row of the training data."""
    model = build / project / _live(project, build).key
    row = artifacts.read_json(model / artifacts.GOLDEN)["rows"][0]
    specs = Signature.load(model).inputs
    instance = {spec.name: row[spec.name] for spec in specs}
    inputs = [
        {
            "name": spec.name,
            "shape": [1],
            "datatype": spec.datatype,
            "data": [_v2_value(instance[spec.name], spec.datatype)],
        }
        for spec in specs
    ]
    base = f"http://{HOST}:{port}"
    bodies = {
        f"{base}/v1/models/{project}:predict": {"instances": [instance]},
        f"{base}/v2/models/{project}/infer": {"inputs": inputs},
    }
    header = "-H 'Content-Type: application/json'"
    return [
        f"curl {url} {header} -d '{_shell(json.dumps(body))}'"
        for url, body in bodies.items()
    ]


def _v2_value(value: object, datatype: str) -> object:
    """Texts travel as texts, also when the column holds numbers."""
    if datatype == "BYTES":
        return "" if value is None else str(value)
    return value


def _live(project: str, build: Path) -> ModelRecord:
    record = Registry(open_storage(str((build / project).resolve()))).live()
    if record is None:
        raise BadInput(f"no live model of '{project}'; first: canario run {project}")
    return record


def _shell(text: str) -> str:
    return text.replace("'", "'\\''")
