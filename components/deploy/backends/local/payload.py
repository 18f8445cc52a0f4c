"""The payload log: one row an answer, one Parquet file a window.

It lets an interrupted rollout join the labels of requests that it sent before, and
stays for whoever wants to know later what the models answered.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from components.deploy.backends.local.client import Answer
from components.deploy.backends.local.outcomes import CANARY, Outcomes
from components.deploy.backends.local.traffic import Traffic
from contracts.errors import EnvironmentFault
from contracts.storage import Storage

__all__ = ["SCHEMA", "Payload"]

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("window", pa.int32()),
        ("arm", pa.string()),  # stable or canary
        ("mirrored", pa.bool_()),  # asked as well; the client saw the other answer
        ("status", pa.int16()),  # of HTTP; 0 without an answer
        ("latency_ms", pa.float32()),
        ("decision", pa.string()),  # class name, null without an output
        ("score", pa.float32()),
    ]
)
_ARMS = ("stable", "canary")


class Payload:
    """The log of one rollout, below `prefix` of a storage."""

    def __init__(self, storage: Storage, prefix: str) -> None:
        self._storage = storage
        self._prefix = f"{prefix}/payload"

    def clear(self, after: int = -1) -> None:
        """Forget the windows after number `after`: they will be sent again."""
        for name in list(self._storage.keys(f"{self._prefix}/window-")):
            if int(name.rsplit("-", 1)[1].removesuffix(".parquet")) > after:
                self._storage.delete(name)

    def write(
        self,
        traffic: Traffic,
        outcomes: Outcomes,
        window: int,
        answers: Sequence[Answer],
    ) -> None:
        """Write the answers to the requests of one window. Raises EnvironmentFault."""
        rows = [
            (
                traffic.ids[answer.row],
                window,
                _ARMS[answer.arm],
                bool(outcomes.to_canary[answer.row]) != (answer.arm == CANARY),
                answer.status,
                answer.latency_ms,
                answer.decision,
                answer.score,
            )
            for answer in answers
        ]
        columns = [list(column) for column in zip(*rows, strict=True)]
        arrays = [
            pa.array(values, field.type)
            for values, field in zip(columns, SCHEMA, strict=True)
        ]
        buffer = io.BytesIO()
        pq.write_table(pa.table(arrays, schema=SCHEMA), buffer)
        self._storage.write(self._name(window), buffer.getvalue())

    def read(self, traffic: Traffic, outcomes: Outcomes, window: int) -> None:
        """Fill in the outcomes of one window.

        Raises EnvironmentFault when the window was sent and its log is gone.
        """
        rows = traffic.of_window(window)
        if not len(rows):
            return
        try:
            data = self._storage.read(self._name(window))
        except FileNotFoundError:
            raise EnvironmentFault(
                f"{self._storage.uri}/{self._name(window)}: the log of requests that "
                "were sent already is gone, so this rollout cannot be continued. "
                "Delete its state to begin again."
            ) from None
        row_of = {traffic.ids[row]: int(row) for row in rows}
        for entry in pq.read_table(io.BytesIO(data)).to_pylist():
            row, arm = row_of[entry["id"]], _ARMS.index(entry["arm"])
            outcomes.mirrored[row] |= entry["mirrored"]
            outcomes.to_canary[row] = (arm == CANARY) != entry["mirrored"]
            outcomes.add([_answer(row, arm, entry)])

    def _name(self, window: int) -> str:
        return f"{self._prefix}/window-{window:06d}.parquet"


def _answer(row: int, arm: int, entry: dict[str, object]) -> Answer:
    return Answer(
        row,
        arm,
        int(str(entry["status"])),
        float(str(entry["latency_ms"])),
        None if entry["decision"] is None else str(entry["decision"]),
        float(str(entry["score"])),
    )
