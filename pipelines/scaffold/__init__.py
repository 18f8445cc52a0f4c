"""`canario new`: a project folder from a data file that nobody described.

What can be counted is decided here (types, classes, spans, sizes) with its reason as a
comment; what only a person knows (when a value exists, what an error costs) gets a
default and a comment that says so.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.config import ProjectConfig, RolloutConfig, load_model
from contracts.errors import BadInput
from contracts.storage import atomic_directory, write_text
from pipelines.scaffold.columns import find, sort_columns
from pipelines.scaffold.label import describe_label
from pipelines.scaffold.plan import Plan, check_size
from pipelines.scaffold.text import render
from pipelines.scaffold.timing import describe_time, without_time

if TYPE_CHECKING:
    from components.ingest.profile import Profile

__all__ = ["new_project"]

_FILES: dict[str, type[ProjectConfig] | type[RolloutConfig]] = {
    "project.yaml": ProjectConfig,
    "rollout.yaml": RolloutConfig,
}
_NAME = r"[a-z][a-z0-9_-]{0,39}"


def new_project(
    name: str,
    file: Path,
    label: str,
    time: str | None,
    group: str | None,
    configs: Path,
) -> Path:
    """Write `configs`/`name` with project.yaml and rollout.yaml, and return it.

    The folder appears whole or not at all. Columns may be named as in the file.
    Raises BadInput for a bad name, a folder that exists, columns that do not, and a
    label that is no set of classes; DataError when the file cannot be read.
    """
    folder = configs / name
    if not re.fullmatch(_NAME, name):
        raise BadInput(
            f"project name '{name}': expected a small letter and then up to 39 of a-z, "
            "0-9, - and _"
        )
    if folder.exists():
        raise BadInput(f"{folder} exists already; remove it or choose another name")
    plan = _plan(name, file, label, time, group)
    with atomic_directory(folder) as staging:
        for written, model in _FILES.items():
            write_text(staging / written, render(written, plan))
            load_model(staging / written, model)
    return folder


def _plan(
    name: str, file: Path, label: str, time: str | None, group: str | None
) -> Plan:
    from components.ingest.profile import profile

    found: Profile = profile(file.absolute(), max_corrupt=0.01)
    label_column = find(found, label, "--label")
    roles = {label_column.name: "the label"}
    time_column = find(found, time, "--time") if time else None
    group_column = find(found, group, "--group") if group else None
    for column, role in ((time_column, "--time"), (group_column, "--group")):
        if column and column.name in roles:
            raise BadInput(f"{role} {column.name}: it is {roles[column.name]} already")
        if column:
            roles[column.name] = f"named by {role}"
    described = describe_label(label_column)
    check_size(found, described, group_column)
    timing = describe_time(found, time_column) if time_column else without_time()
    if group:  # groups that come back every month have no newest rows of their own
        timing = replace(timing, split="hash")
    return Plan(
        name=name,
        profile=found,
        label=described,
        group=group_column.name if group_column else None,
        timing=timing,
        columns=sort_columns(found, label_column, roles, timing.starts),
    )
