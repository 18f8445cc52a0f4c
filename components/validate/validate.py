"""Validate examples: statistics, schema, anomalies, verdict.

Statistics are counted in memory, once for each span and each split; every later
step takes its numbers from them. The curated schema is the truth and is never
written here; without one, a schema is inferred and waits for approval.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from components.validate.anomalies import find
from components.validate.infer import infer_text
from components.validate.schema import parse_schema
from components.validate.schema_state import state_of
from components.validate.statistics import save, statistics_of
from components.validate.tables import newest_span, read_datasets
from components.validate.to_json import describe
from components.validate.verdict import Case, judge, to_plain
from contracts.artifacts import STATISTICS, Manifest
from contracts.config import ValidateConfig
from contracts.storage import atomic_directory, write_text

__all__ = ["SCHEMA", "run"]

SCHEMA = "schema.pbtxt"


def run(
    examples: Path | str,
    schema_pbtxt: str,
    validation: dict[str, Any],
    statistics: Path | str,
    schema: Path | str,
    verdict: Path | str,
) -> bool:
    """Write statistics and schema folders and the verdict file; return passed.

    `schema_pbtxt` is the text of the curated schema, "" to infer one. Raises
    DataError when there are no examples, ConfigError for a schema that cannot be
    parsed or compares what TFDV cannot, EnvironmentFault when the disk is full.
    """
    config = ValidateConfig.model_validate(validation)
    project = Manifest.load(Path(examples)).project
    counted, described = _count(Path(examples))
    text = schema_pbtxt if schema_pbtxt.strip() else infer_text(counted, project)
    parsed = parse_schema(text, f"configs/{project}/{config.schema_file}")
    anomalies, drift, skew = find(counted, described, parsed)
    rows = {name: item["examples"] for name, item in described.items()}
    case = Case(project, config, state_of(text), rows, newest_span(list(rows)))
    decided = judge(anomalies, case)
    plain = [to_plain(anomaly) for anomaly in anomalies]
    found = {"datasets": described, "drift": drift, "skew": skew, "anomalies": plain}
    _write_statistics(counted, found, Path(statistics))
    with atomic_directory(Path(schema)) as folder:
        write_text(folder / SCHEMA, text)
    decided.save(Path(verdict))
    counts = decided.measured["anomalies"].items()
    print(f"schema {case.state}, anomalies:", *(f"{name} {n}" for name, n in counts))
    print(*decided.reasons, sep="\n")
    return decided.passed


def _write_statistics(
    counted: dict[str, Any], found: dict[str, Any], target: Path
) -> None:
    with atomic_directory(target) as folder:
        for item in counted.values():
            save(item, folder)
        # Compact: half a million numbers, indented, would take Python 0.4 s.
        write_text(folder / STATISTICS, json.dumps(found, allow_nan=False))


def _count(examples: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the statistics of each dataset as protos and as plain values."""
    started = time.perf_counter()
    tables = read_datasets(examples)
    counted = {name: statistics_of(table, name) for name, table in tables.items()}
    described = {name: describe(tables[name], counted[name]) for name in tables}
    rows = sum(len(table) for name, table in tables.items() if name.startswith("span-"))
    columns = len(next(iter(tables.values())).column_names)
    seconds = time.perf_counter() - started
    print(
        f"counted {rows:,} rows x {columns} columns in {len(tables)} datasets, "
        f"{seconds:.1f} s: {', '.join(tables)}"
    )
    return counted, described
