"""Two predictors on loopback, and a span of requests replayed through them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import uvloop

from components.deploy.backends.local import traffic as replay
from components.deploy.backends.local.client import Answer, Client, Job
from components.deploy.backends.local.look import look
from components.deploy.backends.local.outcomes import CANARY, STABLE, Outcomes
from components.deploy.backends.local.payload import Payload
from components.deploy.backends.local.routing import share
from components.deploy.backends.local.traffic import Integers
from components.deploy.observation import Observation
from contracts import slices
from contracts.config import RolloutConfig, SliceConfig
from contracts.errors import ConfigError
from contracts.predictor_process import PredictorProcess
from contracts.signature import Signature
from contracts.storage import Storage

__all__ = ["LocalBackend"]

_READY_SECONDS = 120.0
_LEAST_PATIENCE = 2.0  # seconds; then a request has failed
_ROUTE, _MIRROR = 0, 1


class LocalBackend:
    """Serves `stable` and `candidate` and replays the requests of `traffic`.

    The windows follow each other as fast as the servers answer; time is event time.
    A `plant` puts a fault into the candidate. The payload log lies in `storage` below
    `prefix`. Reading the traffic raises DataError or ConfigError when it does not
    fit the models or the slices.
    """

    def __init__(
        self,
        *,
        stable: Path,
        candidate: Path,
        traffic: Path,
        plan: RolloutConfig,
        slices: Sequence[SliceConfig],
        storage: Storage,
        prefix: str,
        plant: str = "",
    ) -> None:
        signatures = [Signature.load(model) for model in (stable, candidate)]
        inputs = [spec.name for signature in signatures for spec in signature.inputs]
        self._plan = plan
        self._traffic = replay.load(traffic, inputs, plan, slices)
        self._outcomes = Outcomes(self._traffic)
        self._payload = Payload(storage, prefix)
        self._window = -1
        self._weight = self._mirror = 0.0
        module, extra = _candidate(plant, self._traffic, slices)
        self._logs = tempfile.TemporaryDirectory(prefix="canario-predictors-")
        logs = Path(self._logs.name)
        self._servers = [
            PredictorProcess(stable, "stable", logs / "stable.log"),
            PredictorProcess(candidate, "canary", logs / "canary.log", module, extra),
        ]
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._client: Client | None = None

    def prepare(self) -> None:
        """Start both servers at once and wait for both. Raises EnvironmentFault."""
        for server in self._servers:
            server.start()
        for server in self._servers:
            server.wait_ready(_READY_SECONDS)

    def set_traffic(self, weight: float, mirror: float) -> float:
        """Route the coming windows; return `weight`, which always holds here."""
        self._weight, self._mirror = weight, mirror
        return weight

    def observe(self) -> Observation | None:
        """Send the next window's requests and return what is known then.

        After the last request there are windows with labels alone; None when the
        last label has come. Raises EnvironmentFault when the log cannot be written.
        """
        if self._window >= self._traffic.last_window:
            return None
        if self._window < 0:
            self._payload.clear()  # of a rollout that began and was not recorded
        self._window += 1
        rows = self._traffic.of_window(self._window)
        if len(rows):
            self._send(rows)
        found = look(self._traffic, self._outcomes, self._plan, self._window)
        found.stable_ready = self._servers[STABLE].alive
        found.canary_ready = self._servers[CANARY].alive
        return found

    def resume_at(self, window: int) -> None:
        """Continue after `window`: what was sent until then comes from the log."""
        self._payload.clear(after=window)
        for one in range(window + 1):
            self._payload.read(self._traffic, self._outcomes, one)
        self._window = window

    def promote(self) -> None:
        """Let the candidate be stable: all traffic is its own, the old one ends."""
        self._weight, self._mirror = 100.0, 0.0
        old, new = self._servers
        self._servers = [new, new]
        if old is not new:
            old.stop()

    def roll_back(self) -> None:
        """Give stable all traffic and end the candidate."""
        self._weight, self._mirror = 0.0, 0.0
        self._servers[CANARY].stop()

    def close(self) -> None:
        """End the servers and the connections. May be repeated."""
        try:
            if self._client:
                self._runner.run(self._client.close())
                self._client = None
            self._runner.close()
        finally:
            for server in self._servers:
                server.stop()
            self._logs.cleanup()

    def _send(self, rows: Integers) -> None:
        keys, seed = self._traffic.keys[rows], self._plan.seed
        to_canary = share(keys, self._weight, seed, _ROUTE)
        mirrored = share(keys, self._mirror, seed, _MIRROR)
        self._outcomes.to_canary[rows] = to_canary
        self._outcomes.mirrored[rows] = mirrored
        urls = [server.predict_url for server in self._servers]
        jobs = []
        for row, own, both, body in zip(
            rows.tolist(),
            np.where(to_canary, CANARY, STABLE).tolist(),
            mirrored.tolist(),
            self._traffic.bodies(rows),
            strict=True,
        ):
            for arm in (own, 1 - own)[: 1 + both]:
                jobs.append(Job(row, arm, urls[arm], body))
        answers = self._runner.run(self._ask(jobs))
        self._outcomes.add(answers)
        self._payload.write(self._traffic, self._outcomes, self._window, answers)

    async def _ask(self, jobs: list[Job]) -> list[Answer]:
        if self._client is None:  # its connections belong to the running loop
            patience = max(_LEAST_PATIENCE, 5 * self._plan.latency_objective_ms / 1000)
            self._client = Client(self._plan.concurrency, patience)
        return await self._client.send(jobs)


def _candidate(
    plant: str, traffic: replay.Traffic, configs: Sequence[SliceConfig]
) -> tuple[str, list[str]]:
    """Return the candidate's server module and flags; a plant makes it a drill.

    wrong-on-slice hits the most frequent value of the first slice over values.
    Raises ConfigError when there is none.
    """
    if not plant:
        return "serving.predictor", []
    flags = ["--plant", plant]
    if plant == "wrong-on-slice":
        for config in configs:
            if values := slices.top_values(traffic.table, config):
                flags += ["--plant-slice", slices.key(config.column, values[0])]
                break
        else:
            raise ConfigError(
                "plant wrong-on-slice: the project has no slice over the values of a "
                "column; add one under `slices`"
            )
    return "serving.drill", flags
