"""Golden rows over the wire, on one kept-alive connection."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import orjson

from components.infra_validate.dialects import Dialect, Rows

__all__ = ["Answers", "BadAnswer", "Wire", "replay"]

_TIMEOUT_SECONDS = 10.0


class BadAnswer(Exception):
    """The server failed, hung up or answered something that is no prediction."""


class Answers(NamedTuple):
    """Probabilities (rows, classes) and the latency of each request in ms."""

    probabilities: np.ndarray
    latencies: np.ndarray


class Wire:
    """One kept-alive connection to a predictor."""

    def __init__(self, host: str, port: int, model: str) -> None:
        self._connection = http.client.HTTPConnection(
            host, port, timeout=_TIMEOUT_SECONDS
        )
        self._model = model

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def ask(self, dialect: Dialect, body: bytes) -> tuple[list[Any], float]:
        """Return probabilities, one list a row, and the latency in ms.

        Raises BadAnswer when there is no answer or none with probabilities.
        """
        headers = {"Content-Type": "application/json"}
        path = dialect.path(self._model)
        begin = time.perf_counter()
        try:
            self._connection.request("POST", path, body, headers)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise BadAnswer(f"{dialect.name}: no answer ({error!r})") from error
        latency = 1000 * (time.perf_counter() - begin)
        try:
            if answer.status != http.HTTPStatus.OK:
                raise ValueError(f"status {answer.status}")
            return dialect.decode(orjson.loads(content)), latency
        except (ValueError, KeyError, TypeError, StopIteration) as error:
            said = content[:200].decode(errors="replace")
            raise BadAnswer(f"{dialect.name}: {error}, answer: {said}") from error


def replay(
    wire: Wire, dialect: Dialect, rows: Rows, size: int, check: Callable[[], None]
) -> Answers:
    """Send `rows` in requests of `size` rows, calling `check` after each.

    Raises BadAnswer, and what `check` raises.
    """
    probabilities: list[Any] = []
    latencies = []
    for start in range(0, len(rows), size):
        found, latency = wire.ask(dialect, dialect.encode(rows[start : start + size]))
        probabilities += found
        latencies.append(latency)
        check()
    try:
        table = np.asarray(probabilities, dtype=float)
    except ValueError as error:
        raise BadAnswer(f"{dialect.name}: rows of unequal length ({error})") from error
    return Answers(table, np.asarray(latencies))
