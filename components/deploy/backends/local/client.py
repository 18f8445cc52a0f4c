"""Sends requests to the two predictors and times the answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import aiohttp
import orjson

__all__ = ["NO_ANSWER", "Answer", "Client", "Job"]

NO_ANSWER = 0
"""The status of a request that was refused, cut off or not answered in time."""
_OK = 200


class Job(NamedTuple):
    """One request to one arm: the URL and the V1 body."""

    row: int
    arm: int
    url: str
    body: bytes


class Answer(NamedTuple):
    """What came back. `decision` is a class name, None without an output; `score` is
    the probability of the last class when there are two, else of the decision."""

    row: int
    arm: int
    status: int
    latency_ms: float
    decision: str | None
    score: float


class Client:
    """Kept-alive connections; `concurrency` requests are under way at once."""

    def __init__(self, concurrency: int, timeout_seconds: float) -> None:
        self._concurrency = concurrency
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            headers={"Content-Type": "application/json"},
        )

    async def close(self) -> None:
        """Hang up."""
        await self._session.close()

    async def send(self, jobs: Iterable[Job]) -> list[Answer]:
        """Send the jobs in their order; return the answers in the order they came."""
        queue, answers = iter(jobs), list[Answer]()

        async def work() -> None:
            for job in queue:
                answers.append(await self._ask(job))

        await asyncio.gather(*(work() for _ in range(self._concurrency)))
        return answers

    async def _ask(self, job: Job) -> Answer:
        begin = time.perf_counter()
        status, content = NO_ANSWER, b""
        try:
            async with self._session.post(job.url, data=job.body) as answer:
                content = await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError):
            pass
        latency_ms = 1000 * (time.perf_counter() - begin)
        decision, score = _output(content) if status == _OK else (None, 0.0)
        return Answer(job.row, job.arm, status, latency_ms, decision, score)


def _output(content: bytes) -> tuple[str | None, float]:
    """Return class and score of a V1 answer; no class when it holds no output."""
    try:
        prediction: dict[str, Any] = orjson.loads(content)["predictions"][0]
        decision, probabilities = prediction["class"], prediction["probabilities"]
        if not isinstance(decision, str) or None in probabilities:
            return None, 0.0
        return decision, _score(probabilities)
    except (ValueError, KeyError, IndexError, TypeError):
        return None, 0.0


def _score(probabilities: Sequence[float]) -> float:
    two = len(probabilities) == 2
    return float(probabilities[1] if two else max(probabilities))
