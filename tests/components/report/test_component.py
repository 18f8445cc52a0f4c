"""The adapter as kfp runs it: the exit handler of a pipeline."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kfp import dsl, local
from kfp.dsl.executor import Executor
from kfp.local import config

from components import images
from components.report.component import report
from tests.components.report import sample
from tests.source_tree import ROOT


def executed(tmp_path: Path, status: dict[str, Any]) -> str:
    """Run the adapter as kfp's executor does in a container."""
    html = tmp_path / "out" / "html"
    artifact = {
        "name": "html",
        "uri": str(html),
        "type": {"schemaTitle": "system.HTML"},
    }
    values = {"run_root": str(tmp_path / "run"), "status": status}
    given = {
        "inputs": {"parameterValues": values},
        "outputs": {
            "artifacts": {"html": {"artifacts": [artifact]}},
            "outputFile": str(tmp_path / "out" / "executor_output.json"),
        },
    }
    Executor(given, function_to_execute=report.python_func).execute()
    return html.read_text()


def test_the_executor_hands_the_final_status_over(tmp_path: Path) -> None:
    failed = {"state": "FAILED", "error": {"message": "pod was evicted"}}
    sample.write(tmp_path / "run/examples/manifest.json", sample.manifest())
    text = executed(tmp_path, failed)
    assert "Failed in validate" in text
    assert "pod was evicted" in text


@pytest.mark.parametrize("state", ["SUCCEEDED", "COMPLETE", "anything"])
def test_any_other_state_is_no_failure(state: str, tmp_path: Path) -> None:
    made = sample.rollout(np.random.default_rng(1))
    sample.write(tmp_path / "run/rollout.json", made)
    text = executed(tmp_path, {"state": state})
    assert '<span class="decision good">Promoted</span>' in text


@dsl.component(base_image=images.BASE, install_kfp_package=False)
def broken() -> None:
    """Fail."""
    raise ValueError("no such column")


def test_kfps_local_runner_runs_it_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dsl.pipeline(name="handled")
    def handled(run_root: str) -> None:
        with dsl.ExitHandler(report(run_root=run_root)):
            broken()

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    # What local.init sets is global; this gives it back after the test.
    monkeypatch.setattr(config.LocalExecutionConfig, "instance", None)
    runner = local.SubprocessRunner(use_venv=False)
    outputs = tmp_path / "outputs"
    local.init(runner, pipeline_root=str(outputs), raise_on_error=False)
    handled(run_root=str(tmp_path))
    (page,) = outputs.rglob("html")
    assert "Failed in ingest" in page.read_text()
