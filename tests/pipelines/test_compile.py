"""The compiled pipeline: the same bytes every time, reviewed as a golden file."""

import ast
import re
from pathlib import Path

import pytest
from kfp import dsl
from kfp.dsl.types.type_utils import InconsistentTypeException

from components.artifact_types import Examples, ServedModel, Statistics
from pipelines.compiling import compile_training
from pipelines.training import training

GOLDEN = Path(__file__).parent / "golden" / "training.yaml"
STEPS = (
    "ingest",
    "validate",
    "transform",
    "train",
    "evaluate",
    "infra_validate",
    "deploy",
    "report",
)


def test_compiling_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first = compile_training(tmp_path / "a.yaml")
    assert compile_training(tmp_path / "b.yaml") == first
    assert (tmp_path / "a.yaml").read_bytes() == (tmp_path / "b.yaml").read_bytes()


def test_the_golden_file_is_what_compiles(tmp_path: Path) -> None:
    """After a wanted change: canario compile --out and the path of GOLDEN."""
    compile_training(tmp_path / "now.yaml")
    assert (tmp_path / "now.yaml").read_text() == GOLDEN.read_text()


@pytest.mark.parametrize("name", STEPS)
def test_an_adapter_takes_what_its_step_takes(name: str) -> None:
    """Read as text: some steps import libraries that this environment lacks."""
    folder = Path(__file__).resolve().parents[2] / "components" / name
    assert _parameters(folder / "component.py", name) == _parameters(
        folder / f"{name}.py", "run"
    )


def test_the_wrong_artifact_type_fails_when_compiling() -> None:
    @dsl.component(base_image="python:3.13", install_kfp_package=False)
    def give(model: dsl.Output[ServedModel]) -> None:
        pass

    @dsl.component(base_image="python:3.13", install_kfp_package=False)
    def take(examples: dsl.Input[Examples]) -> None:
        pass

    with pytest.raises(InconsistentTypeException, match="incompatible"):

        @dsl.pipeline
        def wrong() -> None:
            take(examples=give().outputs["model"])


def test_own_artifact_types_are_distinct() -> None:
    titles = {kind.schema_title for kind in (Examples, Statistics, ServedModel)}
    assert len(titles) == 3
    assert all(title.startswith("system.") for title in titles)


def test_every_gate_guards_what_follows() -> None:
    """Conditions compare bools, in the order validation, blessing, infra."""
    components = training.pipeline_spec.components
    conditions = [
        task.trigger_policy.condition
        for component in components.values()
        for task in component.dag.tasks.values()
        if task.trigger_policy.condition
    ]
    found = sorted(re.findall(r"--(\w[\w-]*)-Output", " ".join(conditions)))
    assert found == ["evaluate", "infra-validate", "validate"]
    assert all(condition.endswith("== true") for condition in conditions)


def test_only_deploy_is_never_remembered() -> None:
    components = training.pipeline_spec.components
    uncached = {
        name
        for component in components.values()
        for name, task in component.dag.tasks.items()
        if name in {s.replace("_", "-") for s in STEPS}
        and not task.caching_options.enable_cache
    }
    assert uncached == {"deploy"}


def _parameters(path: Path, function: str) -> list[str]:
    tree = ast.parse(path.read_text())
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == function
    ]
    assert len(found) == 1, f"{path} has no single function {function}"
    return sorted(argument.arg for argument in found[0].args.args)
