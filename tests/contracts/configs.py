"""A small project and a small plan to make mistakes in."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.config import ProjectConfig, RolloutConfig, load_project, load_rollout
from contracts.errors import ConfigError

PROJECT = """\
project: shop
question: Will the customer come back?
task: binary
data:
  source: shop.csv
  time: {column: bought_at}
  derived: {total: price * pieces}
  label:
    expression: returns > 0
    classes: [gone, back]
schedule: {first: [1, 2], then: [3], replay: 4}
moments: [order, delivery]
predict_at: order
features:
  - {column: total, kind: numeric, known: order}
  - {column: city, kind: categorical, known: order}
slices:
  - {name: age, column: age, edges: [0, 18, 65], labels: [child, adult, old]}
train: {epochs: 5, learning_rate: 1e-3}
"""

ROLLOUT = """\
deadline_minutes: 60
steps:
  - {weight: 5, evidence: no_harm}
  - {weight: 50}
  - {weight: 100}
metrics:
  - {name: error, objective: 0.02, gating: true}
  - {name: wrong, margin: 0.03, gating: true}
"""


def project(folder: Path, text: str | bytes = PROJECT) -> ProjectConfig:
    """Load `text` as the project.yaml of a project called shop."""
    place = folder / "shop"
    place.mkdir(exist_ok=True)
    data = text if isinstance(text, bytes) else text.encode()
    (place / "project.yaml").write_bytes(data)
    return load_project(place)


def rollout(folder: Path, text: str = ROLLOUT) -> RolloutConfig:
    """Load `text` as a rollout.yaml."""
    (folder / "rollout.yaml").write_text(text)
    return load_rollout(folder)


def changed(text: str, old: str, new: str) -> str:
    """Return `text` with its one `old` replaced."""
    assert text.count(old) == 1
    return text.replace(old, new)


def refusal(folder: Path, text: str | bytes) -> str:
    """Return what is said about a wrong project.yaml, from `project.yaml` on."""
    with pytest.raises(ConfigError) as caught:
        project(folder, text)
    return str(caught.value).replace(f"{folder}/shop/", "")
