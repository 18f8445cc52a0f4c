"""One TFDV process for all tests, and tiny examples folders."""

import importlib.util
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contracts.artifacts import MANIFEST, Manifest, Split, span_file
from contracts.errors import by_name

ROOT = Path(__file__).parents[3]
_SERVER = "tests.components.validate.tfdv_process"


def _interpreter():
    own = ROOT / ".venv-validate" / "bin" / "python"
    if own.exists():
        return str(own)
    if importlib.util.find_spec("tensorflow_data_validation"):
        return sys.executable
    return pytest.skip("no environment with TFDV: `make setup` makes .venv-validate")


@pytest.fixture(scope="session")
def tfdv(tmp_path_factory):
    """Call a function of tfdv_process: tfdv("check", columns=..., schema_text=...)."""
    log = tmp_path_factory.mktemp("tfdv") / "log"
    with (
        log.open("w") as stream,
        subprocess.Popen(
            [_interpreter(), "-W", "ignore", "-m", _SERVER],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
        ) as process,
    ):

        def call(name, **arguments):
            question = json.dumps({"call": name, "with": arguments})
            print(question, file=process.stdin, flush=True)
            line = process.stdout.readline()
            assert line, f"the TFDV process died:\n{log.read_text()[-3000:]}"
            answer = json.loads(line)
            if "error" in answer:
                raise by_name(answer["error"])(answer["message"])
            return answer["result"]

        yield call
        process.stdin.close()


@pytest.fixture
def write_examples(tmp_path):
    """Write {(split, span): columns} in the layout of the examples artifact."""

    def write(cells):
        folder = tmp_path / "examples"
        shutil.rmtree(folder, ignore_errors=True)
        rows = Counter()
        for (split, span), columns in cells.items():
            table = columns if isinstance(columns, pa.Table) else pa.table(columns)
            file = span_file(folder, Split(split), span, 1)
            file.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(table, file)
            rows[split] += len(table)
        manifest = Manifest(
            project="shop",
            source="sales.csv",
            source_digest="0" * 16,
            spans=[],
            splits=dict(rows),
            columns={},
            classes=["no", "yes"],
        )
        (folder / MANIFEST).write_text(manifest.model_dump_json())
        return folder

    return write
