"""A predictor as a child process: start it, wait for it, watch it, stop it.

Steps may not import the request path, so they launch it by its command line.
"""

from __future__ import annotations

import http.client
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from contracts import processes
from contracts.errors import EnvironmentFault

__all__ = ["NotReady", "PredictorProcess", "free_port"]

HOST = "127.0.0.1"
_LAST_LINES = 8


class NotReady(EnvironmentFault):
    """A predictor ended, or its time was up, before it could answer.

    `code` is its exit code (negative: the signal), None when it still ran.
    """

    def __init__(self, message: str, code: int | None) -> None:
        super().__init__(message)
        self.code = code


class PredictorProcess:
    """One model server on a port of its own; use it in a `with` block."""

    def __init__(
        self,
        model_dir: Path,
        name: str,
        log: Path,
        module: str = "serving.predictor",
        extra: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        python: str = sys.executable,
    ) -> None:
        self.name = name
        self.log = log
        self.port = free_port()
        self._module = module
        self._env = dict(env or {})
        self._python = python
        self._child: processes.Child | None = None
        self._argv = ["--model-dir", str(model_dir.resolve()), "--model-name", name]
        self._argv += ["--http-port", str(self.port), "--host", HOST]
        self._argv += ["--die-with-parent", *extra]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process; returns before it is ready. A second call does nothing.

        Raises EnvironmentFault when there is no interpreter.
        """
        if not self.alive:
            self.log.unlink(missing_ok=True)
            self._child = processes.start(
                self._module, self._argv, self._env, self.log, self._python
            )

    def wait_ready(
        self, seconds: float, check: Callable[[], None] = lambda: None
    ) -> None:
        """Return once the model answers; `check` is called every few milliseconds.

        Raises NotReady with the last lines of the log, and what `check` raises.
        """
        deadline = time.monotonic() + seconds
        while not self._answers():
            check()
            code = self._child.poll() if self._child else None
            if code is not None:
                raise NotReady(
                    f"the server of {self.name} {_ending(code)} before it was ready. "
                    f"Its last words: {self.last_words()}",
                    code,
                )
            if time.monotonic() > deadline:
                raise NotReady(
                    f"the server of {self.name} was not ready after {seconds:g} s. "
                    f"Its last words: {self.last_words()}",
                    None,
                )
            time.sleep(0.01)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child is not None and self._child.poll() is None

    @property
    def predict_url(self) -> str:
        """The URL that takes V1 requests."""
        return f"http://{HOST}:{self.port}/v1/models/{self.name}:predict"

    def memory(self) -> processes.Memory:
        """Return what it holds in RAM, in MiB; zeros when it does not run."""
        if self._child is None:
            return processes.Memory(0.0, 0.0)
        return processes.memory(self._child.pid)

    def stop(self, grace_seconds: float = 5.0) -> int | None:
        """End the process and wait for it; return its exit code. May be repeated."""
        if self._child is None:
            return None
        return processes.stop(self._child, grace_seconds)

    def last_words(self) -> str:
        """Return the last lines of the log, for messages."""
        if not self.log.exists():
            return "none"
        lines = self.log.read_text(errors="replace").splitlines()
        said = [line for line in lines if line.strip()]
        return "\n".join(said[-_LAST_LINES:]) or "none"

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", f"/v2/models/{self.name}/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def free_port() -> int:
    """Return a TCP port of the loopback address that is free at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _ending(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
