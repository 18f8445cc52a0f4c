"""Ingest: raw files become examples with id, span, version, label and split.

    files -> rows -> columns with types -> event time, span -> label, id, split
      |        |            |                    |               |
      +--------+------------+-- quarantine ------+---------------+   examples/, traffic/

Both outputs are written into folders beside their final places and renamed at the end
(atomic_directory), and the ledger of spans comes last of all. So Ctrl-C, `kill -9` or
a full disk leave the old artifacts or the new ones, never half of either, and a rerun
does the whole work again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from components.ingest import examples as making
from components.ingest.columns import typed
from components.ingest.derive import add_derived, calculated_columns
from components.ingest.labels import label_classes, label_times
from components.ingest.ledger import Ledger
from components.ingest.names import require
from components.ingest.quarantine import Quarantine
from components.ingest.sources import resolve
from components.ingest.spans import event_times, span_numbers, timeless, without_span
from components.ingest.tables import RawTable, read_tables
from contracts import artifacts
from contracts.artifacts import SpanRecord
from contracts.config import DataConfig
from contracts.errors import DataError
from contracts.storage import atomic_directory

__all__ = ["run"]


def run(
    project: str,
    source: str,
    source_digest: str,
    data: dict[str, Any],
    required: list[str],
    spans: list[int],
    replay_spans: list[int],
    ledger_uri: str,
    new_version: bool,
    examples: str | Path,
    traffic: str | Path,
) -> None:
    """Write the rows of `spans` to `examples` and those of `replay_spans` to `traffic`.

    Args:
        project: Name, for the manifest.
        source: Absolute path, glob, or package://NAME/path.
        source_digest: Digest of the source's bytes, for the manifest.
        data: The config's section `data`.
        required: Columns, or globs of columns, that later steps read.
        spans: Spans to learn from; train, eval and test are drawn from all together.
        replay_spans: Spans whose rows become live requests.
        ledger_uri: Storage with the project's `spans.json`.
        new_version: Whether changed content of a known span is a new version.
        examples: Folder to write, with splits train, eval and test.
        traffic: Folder to write, with the split replay.

    Raises:
        DataError: The files are not what the config says, or too many rows are corrupt.
        ConfigError: An expression does not fit the columns.
        SpanConflict: A span is known with other content, and `new_version` is false.
        EnvironmentFault: The disk is full or a file cannot be read.
    """
    config = DataConfig.model_validate(data)
    quarantine = Quarantine()
    table, raw_columns = _read(resolve(source), config, required, quarantine)
    table = _of_spans(table, spans, replay_spans)
    identity = making.identify(table, raw_columns, config)
    ledger = Ledger(ledger_uri)
    records = making.versions(table, identity.rows, ledger, new_version)
    made = making.label_and_split(table, identity, records, spans, config)

    about = {
        "project": project,
        "source": source,
        "source_digest": source_digest,
        "classes": config.label.classes,
    }
    learnt = [records[span] for span in spans]
    replayed = [records[span] for span in replay_spans]
    with (
        atomic_directory(Path(examples)) as new_examples,
        atomic_directory(Path(traffic)) as new_traffic,
    ):
        making.write(new_examples, made, learnt, about | {"corrupt": len(quarantine)})
        quarantine.save(new_examples)
        making.write(new_traffic, made, replayed, about)
    ledger.save()
    _print([*learnt, *replayed], len(quarantine))


def _read(
    paths: list[Path],
    config: DataConfig,
    required: list[str],
    quarantine: Quarantine,
) -> tuple[pa.Table, list[str]]:
    """Return all sound rows of the source with span, times and label, and the names
    of the raw columns."""
    found = read_tables(paths, config, quarantine)
    total = len(found) + len(quarantine)
    columns = found.table.column_names
    calculated = calculated_columns(config)
    wanted = _named_columns(config) | calculated
    require(columns, wanted)
    require([*columns, *config.derived], {"features and slices": required})

    names = {name for read in calculated.values() for name in read}
    table, bad = typed(found.table, names, text=config.format == "csv")
    found = found.with_table(table).without(bad, quarantine)
    quarantine.judge(total, config.max_corrupt_fraction)
    found = _with_times(found, config, quarantine)
    quarantine.judge(total, config.max_corrupt_fraction)
    found = _with_labels(found, config, quarantine)
    quarantine.judge(total, config.max_corrupt_fraction)
    return found.table, columns


def _named_columns(config: DataConfig) -> dict[str, set[str]]:
    named: dict[str, list[str | None]] = {
        "data.id": [*config.id],
        "data.time.column": [config.time.column] if config.time else [],
        "data.spans.column": [config.spans.column],
        "data.group_by": [config.group_by],
        "data.label.column": [config.label.column],
    }
    return {key: {name for name in names if name} for key, names in named.items()}


def _with_times(
    found: RawTable, config: DataConfig, quarantine: Quarantine
) -> RawTable:
    """Add event_time and span; rows without one that is needed are put aside."""
    times = event_times(found.table, config)
    numbers = span_numbers(found.table, times, config)
    bad = without_span(numbers, config) | timeless(times, config)
    table = found.table.append_column(artifacts.EVENT_TIME, times)
    table = table.append_column(artifacts.SPAN, numbers)
    return found.with_table(table).without(bad, quarantine)


def _with_labels(
    found: RawTable, config: DataConfig, quarantine: Quarantine
) -> RawTable:
    """Add derived columns, label and label_time; rows of no class are put aside."""
    table = add_derived(found.table, config.derived)
    labels, bad = label_classes(table, config)
    known = label_times(table, table[artifacts.EVENT_TIME], labels, config)
    table = table.append_column(artifacts.LABEL, labels)
    table = table.append_column(artifacts.LABEL_TIME, known)
    return found.with_table(table).without(bad, quarantine)


def _of_spans(table: pa.Table, spans: list[int], replay_spans: list[int]) -> pa.Table:
    """Keep the rows of the wanted spans.

    Raises DataError when one has no rows, or is wanted for both.
    """
    wanted = [*spans, *replay_spans]
    twice = sorted(set(spans) & set(replay_spans))
    if twice:
        raise DataError(f"span {twice[0]} is to be both learnt from and replayed")
    numbers = table[artifacts.SPAN].to_numpy()
    there = np.unique(numbers).tolist()
    missing = [str(span) for span in wanted if span not in there]
    if missing:
        listed = ", ".join(map(str, there[:50])) + (", ..." if len(there) > 50 else "")
        raise DataError(
            f"no rows of span {', '.join(missing)}; the source has spans {listed}. "
            "See schedule and data.spans in project.yaml."
        )
    return table.filter(pa.array(np.isin(numbers, wanted)))


def _print(records: list[SpanRecord], corrupt: int) -> None:
    for record in records:
        print(
            f"span {record.span} version {record.version}: {record.rows:,} rows, "
            f"{record.labelled:,} labelled, {record.unlabelled:,} unlabelled"
        )
    print(f"{corrupt:,} corrupt rows")
