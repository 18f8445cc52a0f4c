"""From sound rows to examples: identity, version, split, and the files they lie in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.ingest import hashing, splits
from components.ingest.ledger import Ledger
from contracts import artifacts
from contracts.artifacts import Manifest, SpanRecord, Split
from contracts.config import DataConfig
from contracts.storage import write_text

__all__ = ["Examples", "Identity", "identify", "label_and_split", "versions", "write"]

_ROLES = (*splits.ROLES, Split.REPLAY)


@dataclass(frozen=True)
class Identity:
    """Hashes of each row, shape (rows,), uint64: all raw columns, the id, the group."""

    rows: np.ndarray
    keys: np.ndarray
    groups: np.ndarray | None


@dataclass(frozen=True)
class Examples:
    """Rows in the order of span, split, time and id; span and split code of each."""

    table: pa.Table
    spans: np.ndarray
    codes: np.ndarray


def identify(table: pa.Table, columns: list[str], config: DataConfig) -> Identity:
    """Hash every row over the raw `columns`, its id columns, and its group."""
    rows = hashing.hash_rows(table, columns)
    keys = hashing.hash_rows(table, config.id) if config.id else rows
    if config.group_by is None:
        return Identity(rows, keys, None)
    # A row without a group is a group of its own.
    known = table[config.group_by].is_valid().to_numpy()
    groups = hashing.hash_rows(table, [config.group_by])
    return Identity(rows, keys, np.where(known, groups, keys))


def versions(
    table: pa.Table, rows: np.ndarray, ledger: Ledger, new_version: bool
) -> dict[int, SpanRecord]:
    """Look every span up in the ledger. Raises SpanConflict."""
    numbers = table[artifacts.SPAN].to_numpy()
    labelled = table[artifacts.LABEL].is_valid().to_numpy()
    records = {}
    for span in np.unique(numbers).tolist():
        inside = numbers == span
        count, known = int(inside.sum()), int((inside & labelled).sum())
        digest = hashing.digest(rows[inside])
        records[span] = SpanRecord(
            span=span,
            version=ledger.record(span, digest, new_version),
            rows=count,
            labelled=known,
            unlabelled=count - known,
            digest=digest,
        )
    return records


def label_and_split(
    table: pa.Table,
    identity: Identity,
    records: dict[int, SpanRecord],
    spans: list[int],
    config: DataConfig,
) -> Examples:
    """Give every row its id, version and split: of `spans` train, eval or test, of
    others replay. Raises DataError when a split cannot serve its purpose."""
    numbers = table[artifacts.SPAN].to_numpy()
    times = table[artifacts.EVENT_TIME].cast(pa.int64()).fill_null(0).to_numpy()
    codes = _codes(table, identity, times, np.isin(numbers, spans), config)
    ids = hashing.example_ids(identity.keys, identity.rows, numbers)
    version = np.zeros(len(numbers), np.int32)
    for span, record in records.items():
        version[numbers == span] = record.version

    table = table.append_column(artifacts.EXAMPLE_ID, hashing.as_hex(ids))
    table = table.append_column(artifacts.VERSION, pa.array(version))
    others = [name for name in table.column_names if name not in artifacts.RESERVED]
    order = np.lexsort((ids, times, codes, numbers))
    ordered = table.select([*artifacts.RESERVED, *others]).take(order)
    return Examples(ordered, numbers[order], codes[order])


def write(
    folder: Path, made: Examples, records: list[SpanRecord], about: dict[str, Any]
) -> None:
    """Write some spans, one file for each split they have rows in, and the manifest.

    `about` holds the manifest's other fields. Raises EnvironmentFault on a full disk.
    """
    counts: dict[str, int] = {}
    for record in records:
        begin, end = np.searchsorted(made.spans, [record.span, record.span + 1])
        codes = made.codes[begin:end]
        for code, role in enumerate(_ROLES):
            first, last = begin + np.searchsorted(codes, [code, code + 1])
            if first == last:
                continue
            file = artifacts.span_file(folder, role, record.span, record.version)
            file.parent.mkdir(exist_ok=True)
            pq.write_table(made.table.slice(first, last - first), file)
            counts[role] = counts.get(role, 0) + int(last - first)
    columns = {
        field.name: "float64" if field.type == pa.float64() else str(field.type)
        for field in made.table.schema
        if field.name not in artifacts.RESERVED
    }
    manifest = Manifest(spans=records, splits=counts, columns=columns, **about)
    text = manifest.model_dump_json(indent=1) + "\n"
    write_text(folder / artifacts.MANIFEST, text)


def _codes(
    table: pa.Table,
    identity: Identity,
    times: np.ndarray,
    learnt: np.ndarray,
    config: DataConfig,
) -> np.ndarray:
    """Return the split of each row as its place in `_ROLES`, shape (rows,)."""
    codes = np.full(len(learnt), _ROLES.index(Split.REPLAY), np.int8)
    groups = None if identity.groups is None else identity.groups[learnt]
    keys = identity.keys[learnt]
    codes[learnt] = splits.assign(config.split, keys, groups, times[learnt])
    labels = table[artifacts.LABEL].fill_null(-1).to_numpy()
    splits.check(codes[learnt], labels[learnt], config.label.classes)
    return codes
