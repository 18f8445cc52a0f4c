"""From a project's config to the arguments of one training run."""

from __future__ import annotations

import csv
import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts import digests, expressions
from contracts.config import ProjectConfig, RolloutConfig
from contracts.config.project import MustPass
from contracts.errors import ConfigError, DataError
from contracts.registry import Registry
from contracts.storage import open_storage

PLANTS = ("wrong-on-slice", "slow", "nulls")
_MAX_MUST_PASS = 1000


@dataclass(frozen=True)
class Project:
    """A loaded project: its folder, its values, and where its results go."""

    folder: Path
    config: ProjectConfig
    rollout: RolloutConfig
    workspace: Path

    @property
    def source(self) -> str:
        """Where the raw data lies: absolute, a glob, or `package://`."""
        source = self.config.data.source
        return source if "://" in source else str((self.folder / source).resolve())


def arguments(
    project: Project,
    spans: Sequence[int],
    replay_spans: Sequence[int],
    run_id: str,
    run_root: Path,
    source_digest: str,
    plant: str = "",
    new_version: bool = False,
) -> dict[str, Any]:
    """Return the pipeline arguments of a run over `spans`.

    The baseline is the last model promoted before the newest span (the resolver).
    Raises ConfigError when a file that the config names is missing or wrong.
    """
    config = project.config
    storage = open_storage(str(project.workspace))
    baseline = Registry(storage).baseline(max(spans))
    dumped = config.model_dump(mode="json")
    return {
        "project": config.project,
        "source": project.source,
        "source_digest": source_digest,
        "data": _without_none(dumped["data"]),
        "required": required_columns(config),
        "spans": list(spans),
        "replay_spans": list(replay_spans),
        "new_version": new_version,
        "schema_pbtxt": schema_text(project),
        "validation": _without_none(dumped["validation"]),
        "features": dumped["features"],
        "task": config.task.value,
        "classes": config.data.label.classes,
        "golden_rows": config.infra.golden_rows,
        "train": _without_none(dumped["train"]),
        "threshold": config.evaluate.threshold,
        "evaluate": _without_none({**dumped["evaluate"], "must_pass": []}),
        "slices": [_without_none(item) for item in dumped["slices"]],
        "must_pass": [_must_pass(project, item) for item in config.evaluate.must_pass],
        "baseline_uri": str(project.workspace / baseline.key) if baseline else "",
        "baseline_digest": baseline.digest if baseline else "",
        "infra": dumped["infra"],
        "rollout": _without_none(project.rollout.model_dump(mode="json")),
        "plant": plant,
        "workspace_uri": str(project.workspace),
        "run_root": str(run_root),
        "run_id": run_id,
    }


def required_columns(config: ProjectConfig) -> list[str]:
    """Return the columns (names and globs) that the raw data must have."""
    wanted = {feature.column for feature in config.features}
    wanted |= {item.column for item in config.slices} | set(config.data.id)
    wanted |= config.data.label.columns()
    for text in (
        *config.data.derived.values(),
        config.data.label.available_after_minutes,
    ):
        wanted |= set(expressions.columns_of(text)) if text else set()
    if config.data.group_by:
        wanted.add(config.data.group_by)
    derived = set(config.data.derived)
    return sorted(c for c in wanted if not _derived(c, derived))


def schema_text(project: Project) -> str:
    """Return the curated schema; empty when the project has none yet.

    Raises ConfigError when it is not text.
    """
    path = project.folder / project.config.validation.schema_file
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text; expected a schema") from None


def _derived(pattern: str, derived: set[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for name in derived)


def _must_pass(project: Project, item: MustPass) -> dict[str, Any]:
    path = project.folder / item.file
    where = f"{project.folder / 'project.yaml'}: must_pass {item.name}"
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream, strict=True))
    except (FileNotFoundError, IsADirectoryError):
        raise ConfigError(f"{where}: no file {path}") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{path}: expected CSV in UTF-8: {error}") from None
    if not rows or "label" not in rows[0]:
        raise DataError(f"{path}: needs rows and a column 'label'")
    if len(rows) > _MAX_MUST_PASS:
        raise DataError(
            f"{path}: {len(rows)} rows; at most {_MAX_MUST_PASS} are allowed"
        )
    for number, row in enumerate(rows, 1):
        if None in row or None in row.values():  # where DictReader puts what is amiss
            raise DataError(f"{path}, row {number}: not as many fields as the header")
    unknown = {row["label"] for row in rows} - set(project.config.data.label.classes)
    if unknown:
        raise DataError(f"{path}: label {sorted(unknown)[0]!r} is not a class")
    return {"name": item.name, "rows": rows}


def _without_none(value: Any) -> Any:
    """Drop unset keys: Kubeflow's parameters have no null inside dicts."""
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_none(item) for item in value]
    return value


def digest_of_source(paths: Sequence[Path]) -> str:
    """Return the digest of the files that a source stands for."""
    return digests.of_json([[path.name, digests.of_path(path)] for path in paths])
