"""docs/config.md lists exactly the keys and defaults that the models have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from contracts.config import load_model, project, rollout
from contracts.errors import ConfigError
from contracts.expressions import parse

PAGE = Path(__file__).parents[2] / "docs" / "config.md"
MODELS: dict[str, type[BaseModel]] = {
    "project.yaml": project.ProjectConfig,
    "data": project.DataConfig,
    "data.time": project.TimeConfig,
    "data.spans": project.SpanConfig,
    "data.split": project.SplitConfig,
    "data.label": project.LabelConfig,
    "schedule": project.ScheduleConfig,
    "features": project.Feature,
    "slices": project.SliceConfig,
    "validation": project.ValidateConfig,
    "train": project.TrainConfig,
    "evaluate": project.EvaluateConfig,
    "evaluate.must_pass": project.MustPass,
    "infra": project.InfraConfig,
    "rollout.yaml": rollout.RolloutConfig,
    "steps": rollout.StepConfig,
    "metrics": rollout.MetricConfig,
}


def rows(heading: str) -> dict[str, str]:
    """Return the keys of a section's table and the text of their defaults."""
    section = re.split(r"^##+ ", PAGE.read_text(), flags=re.MULTILINE)
    found = [text for text in section if text.startswith(f"`{heading}`\n")]
    assert len(found) == 1
    lines = re.findall(r"^\| `(\w+)` \|(.*)\|$", found[0], re.MULTILINE)
    return {key: rest.split(" | ")[1].strip() for key, rest in lines}


def default(cell: str) -> Any:
    words = {"required": PydanticUndefined, "none": None}
    return words[cell] if cell in words else yaml.safe_load(cell.strip("`"))


@pytest.mark.parametrize("heading", MODELS)
def test_every_key_is_explained_with_its_default(heading: str) -> None:
    fields = MODELS[heading].model_fields
    sections = {k for k, f in fields.items() if isinstance(f.default, BaseModel)}
    written = rows(heading)
    assert list(written) == list(fields)
    assert {k for k, cell in written.items() if cell == "section"} == sections
    for key in set(fields) - sections:
        assert float_or_same(default(written[key])) == fields[key].default


def float_or_same(value: Any) -> Any:
    """PyYAML reads 1e-6 as text; our loader does not."""
    number = isinstance(value, str) and re.fullmatch(r"\d+e-\d+", value)
    return float(value) if number else value


def test_no_model_is_left_out() -> None:
    found = {
        model
        for module in (project, rollout)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, project.Section)
    }
    assert found - set(MODELS.values()) == {project.Section}


def test_the_functions_are_listed() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("a.b")
    functions = str(caught.value).split("and/or/not, ")[1].split(", ")
    assert all(f"`{name}(" in PAGE.read_text() for name in functions)


def test_the_limits_are_those_of_the_loader(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("x" * (128 * 1024 + 1))
    with pytest.raises(ConfigError, match="larger than 128 KiB"):
        load_model(tmp_path / "a.yaml", project.ProjectConfig)
    assert "128 KiB, 20,000 values and 20 levels" in PAGE.read_text()
