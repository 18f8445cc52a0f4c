"""Which models were pushed, which one is live, and which one is the baseline.

One JSON object, `models/index.json`, in the project's workspace; the models lie
beside it under their digests. Only deploy writes it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from contracts.storage import Storage

_INDEX = "models/index.json"


class ModelStatus(StrEnum):
    """Where a pushed model stands. At most one is live."""

    CANDIDATE = "candidate"
    LIVE = "live"
    RETIRED = "retired"
    ROLLED_BACK = "rolled_back"


class ModelRecord(BaseModel):
    """One pushed model; `key` is its folder relative to the workspace."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: str
    key: str
    run_id: str
    spans: list[int]
    status: ModelStatus
    changed_at: datetime
    reasons: list[str] = []


_RECORDS = TypeAdapter(list[ModelRecord])


class Registry:
    """The models of one project, oldest first."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def records(self) -> list[ModelRecord]:
        """Return every pushed model, oldest first; none before the first push."""
        try:
            return _RECORDS.validate_json(self._storage.read(_INDEX))
        except FileNotFoundError:
            return []

    def live(self) -> ModelRecord | None:
        """Return the model that takes the traffic."""
        found = [r for r in self.records() if r.status is ModelStatus.LIVE]
        return found[-1] if found else None

    def baseline(self, before_span: int) -> ModelRecord | None:
        """Return the last model that was promoted and saw only earlier spans.

        A run over spans up to `before_span` is compared with what was in production
        when that span arrived, however often the run is repeated.
        """
        promoted = (ModelStatus.LIVE, ModelStatus.RETIRED)
        found = [
            record
            for record in self.records()
            if record.status in promoted and max(record.spans) < before_span
        ]
        return max(found, key=_seniority, default=None)

    def push(
        self, model: Path, digest: str, run_id: str, spans: list[int], now: datetime
    ) -> ModelRecord:
        """Copy a model into the workspace and record it as a candidate.

        A model that is there already keeps its record: pushing twice does no harm.
        """
        for record in self.records():
            if record.digest == digest:
                return record
        key = f"models/{digest[:16]}"
        self._storage.upload(model, key)
        record = ModelRecord(
            digest=digest,
            key=key,
            run_id=run_id,
            spans=spans,
            status=ModelStatus.CANDIDATE,
            changed_at=now,
        )
        self._save([*self.records(), record])
        return record

    def settle(
        self, digest: str, status: ModelStatus, now: datetime, reasons: list[str]
    ) -> None:
        """Give a pushed model its new status; a new live model retires the old one.

        Raises KeyError when no model has this digest.
        """
        records = self.records()
        if digest not in {record.digest for record in records}:
            raise KeyError(f"no model {digest[:16]} in {self._storage.uri}")
        settled = [_settled(r, digest, status, now, reasons) for r in records]
        self._save(settled)

    def _save(self, records: list[ModelRecord]) -> None:
        self._storage.write(_INDEX, _RECORDS.dump_json(records, indent=1))


def _seniority(record: ModelRecord) -> tuple[int, bool, datetime]:
    """Order promoted models: a model retires at the moment its successor goes live."""
    live = record.status is ModelStatus.LIVE
    return max(record.spans), live, record.changed_at


def _settled(
    record: ModelRecord,
    digest: str,
    status: ModelStatus,
    now: datetime,
    reasons: list[str],
) -> ModelRecord:
    if record.digest == digest:
        changes = {"status": status, "changed_at": now, "reasons": reasons}
        return record.model_copy(update=changes)
    if status is ModelStatus.LIVE and record.status is ModelStatus.LIVE:
        changes = {"status": ModelStatus.RETIRED, "changed_at": now}
        return record.model_copy(update=changes)
    return record
