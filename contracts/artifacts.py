"""How artifacts lie on disk. Steps write and read through these, never by hand.

examples/    manifest.json, split-<split>/span-<span>-v<version>.parquet,
             quarantine.jsonl (rows that could not be read, with line and reason)
statistics/  <name>.pb and statistics.json; names: span-<n>, split-<split>
transform/   transform.json (constants), preprocessing.keras,
             features-<split>.npz (numeric, categorical, label)
model/       1/ (SavedModel; KServe and TF Serving look for the number),
             signature.json, golden.json, history.json
evaluation/  evaluation.json, predictions.npz
rollout/     rollout.json
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from contracts.storage import json_default, write_text

EXAMPLE_ID = "example_id"
SPAN = "span"
VERSION = "version"
EVENT_TIME = "event_time"
LABEL = "label"
LABEL_TIME = "label_time"
RESERVED = (EXAMPLE_ID, SPAN, VERSION, EVENT_TIME, LABEL, LABEL_TIME)
"""Columns that ingest adds: hex id (16 characters), int32, int32, timestamp[us] or
null, int32 class index or null, timestamp[us] when the label becomes known or null."""

MANIFEST = "manifest.json"
QUARANTINE = "quarantine.jsonl"
STATISTICS = "statistics.json"
TRANSFORM = "transform.json"
PREPROCESSING = "preprocessing.keras"
SAVED_MODEL = "1"
SIGNATURE = "signature.json"
GOLDEN = "golden.json"
HISTORY = "history.json"
EVALUATION = "evaluation.json"
PREDICTIONS = "predictions.npz"
ROLLOUT = "rollout.json"


class Split(StrEnum):
    """Roles of examples: train fits, eval stops early, test is for the gates, and
    replay holds spans that have not arrived yet and are sent as live requests."""

    TRAIN = "train"
    EVAL = "eval"
    TEST = "test"
    REPLAY = "replay"


class SpanRecord(BaseModel):
    """What is known of one ingested span."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    span: int
    version: int
    rows: int
    labelled: int
    unlabelled: int
    digest: str


class Manifest(BaseModel):
    """The table of contents of an examples artifact."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: str
    source: str
    source_digest: str
    spans: list[SpanRecord]
    splits: dict[str, int]
    columns: dict[str, str]
    classes: list[str]
    corrupt: int = 0

    @classmethod
    def load(cls, examples: Path) -> Self:
        """Read the manifest of an examples folder. Raises FileNotFoundError."""
        return cls.model_validate_json((examples / MANIFEST).read_text())


def read_examples(
    examples: Path, split: Split, columns: list[str] | None = None
) -> pa.Table:
    """Read one split, spans in order. An absent split gives an empty table."""
    files = sorted(
        (examples / f"split-{split}").glob("span-*.parquet"), key=_span_of_file
    )
    if not files:
        return pa.table({name: pa.nulls(0) for name in columns or []})
    return pa.concat_tables([pq.read_table(file, columns=columns) for file in files])


def span_file(examples: Path, split: Split, span: int, version: int) -> Path:
    """Return where the rows of one span of one split lie."""
    return examples / f"split-{split}" / f"span-{span}-v{version}.parquet"


def read_json(path: Path) -> Any:
    """Read a JSON artifact. Raises FileNotFoundError."""
    return json.loads(path.read_text())


def write_json(path: Path, value: Any) -> None:
    """Write a JSON artifact whole. NaN is refused: a reader could not parse it."""
    text = json.dumps(value, indent=1, default=json_default, allow_nan=False)
    write_text(path, text + "\n")


def _span_of_file(path: Path) -> tuple[int, int]:
    """Return (span, version) of `span-<span>-v<version>`."""
    span, version = path.stem.removeprefix("span-").rsplit("-v", 1)
    return int(span), int(version)
