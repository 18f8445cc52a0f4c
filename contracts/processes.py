"""Child processes that run a module of ours: a fresh interpreter, or a warm fork.

Importing TensorFlow takes seconds. When CANARIO_WARM_SOCKET names the Unix socket of
a worker that has imported it already, the worker is asked for a fork instead: one
JSON line {"module", "argv", "env", "log"}, answered by {"pid": n} at once and by
{"exit": code} when the child is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from contracts.errors import EnvironmentFault

__all__ = ["WARM_SOCKET", "Child", "Memory", "memory", "start", "stop"]

WARM_SOCKET = "CANARIO_WARM_SOCKET"
_ROOT = Path(__file__).resolve().parents[1]
_LISTEN_SECONDS = 5.0  # until a worker that was just started has its socket
_ANSWER_SECONDS = 60.0  # until it has imported everything


class Child(Protocol):
    """A running process of ours."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        ...


class Memory(NamedTuple):
    """What a process holds in RAM, in MiB: now, and at most so far."""

    rss: float
    peak: float


def start(
    module: str,
    argv: Sequence[str],
    env: Mapping[str, str],
    log: Path,
    python: str = sys.executable,
) -> Child:
    """Run `module`'s main with `argv`; stdout and stderr are appended to `log`.

    `env` is added to this process's environment. Raises EnvironmentFault when the
    interpreter does not exist or the warm worker does not answer.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    worker = os.environ.get(WARM_SOCKET)
    if worker:
        return _Forked(worker, module, argv, env, log)
    return _Spawned(python, module, argv, env, log)


def stop(child: Child, grace_seconds: float) -> int | None:
    """End a child: SIGTERM, and SIGKILL after `grace_seconds`; return its exit code."""
    for number, patience in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 10.0)):
        if child.poll() is not None:
            break
        # It may be gone before whoever reaps it has said so.
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, number)
        deadline = time.monotonic() + patience
        while child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
    return child.poll()


def memory(pid: int) -> Memory:
    """Return a process's memory; zeros when it is gone.

    Linux counts the peak itself (VmHWM); elsewhere `ps` knows only the present.
    """
    status = Path(f"/proc/{pid}/status")
    if sys.platform == "linux":
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        except OSError:
            return Memory(0.0, 0.0)
        kib = [int(lines.get(k, "0").split()[0]) for k in ("VmRSS", "VmHWM")]
        return Memory(kib[0] / 1024, kib[1] / 1024)
    found = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True
    )
    mib = int(found.stdout.strip() or 0) / 1024
    return Memory(mib, mib)


class _Spawned:
    """A fresh interpreter, in a session of its own: Ctrl-C is for the parent."""

    def __init__(
        self,
        python: str,
        module: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        log: Path,
    ) -> None:
        paths = [str(_ROOT), os.environ.get("PYTHONPATH", "")]
        search = os.pathsep.join(path for path in paths if path)
        try:
            with log.open("ab") as output:
                self._process = subprocess.Popen(
                    [python, "-m", module, *argv],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env={**os.environ, "PYTHONPATH": search, **env},
                    start_new_session=True,
                )
        except (FileNotFoundError, PermissionError) as error:
            raise EnvironmentFault(
                f"{python}: no interpreter to start {module} with "
                f"({error.strerror}). Run `make setup`."
            ) from error
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.poll()


class _Forked:
    """A fork of the warm worker, which tells over the socket how it ended."""

    def __init__(
        self,
        worker: str,
        module: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        log: Path,
    ) -> None:
        request = {
            "module": module,
            "argv": list(argv),
            "env": dict(env),
            "log": str(log.resolve()),
        }
        self._lines = b""
        self._code: int | None = None
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.settimeout(_ANSWER_SECONDS)
        try:
            _connect(self._connection, worker)
            self._connection.sendall(json.dumps(request).encode() + b"\n")
            while b"\n" not in self._lines:
                if not (data := self._connection.recv(4096)):
                    raise ConnectionError("it hung up")
                self._lines += data
        except OSError as error:
            self._connection.close()
            raise EnvironmentFault(
                f"{worker}: the warm worker did not start {module}: {error}"
            ) from error
        self._connection.setblocking(False)
        first, self._lines = self._lines.split(b"\n", 1)
        self.pid = int(json.loads(first)["pid"])

    def poll(self) -> int | None:
        while self._code is None:
            try:
                data = self._connection.recv(4096)
            except BlockingIOError:
                return None
            except ConnectionError:
                data = b""
            self._lines += data
            if b"\n" in self._lines:
                self._code = int(json.loads(self._lines)["exit"])
            elif not data:  # the worker is gone, and its children with it
                self._code = -signal.SIGKILL
        self._connection.close()
        return self._code


def _connect(connection: socket.socket, worker: str) -> None:
    deadline = time.monotonic() + _LISTEN_SECONDS
    while True:
        try:
            connection.connect(worker)
            return
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
