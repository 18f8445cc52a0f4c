"""A warm interpreter: imports what its image's steps need, then forks a task at a time.

TensorFlow takes three seconds to import and every step is a process of its own. One
worker per environment pays that once, while earlier steps run. The protocol is one
JSON line each way over a Unix socket:

    -> {"module": "serving.predictor", "argv": [...], "env": {...}, "log": "path"}
    <- {"pid": 4711}
    <- {"exit": 0}            when the child is gone; then the worker hangs up

A requester that hangs up first ends its child.
The worker stays single-threaded and runs no TensorFlow operation, so that forking is
safe. It ends, and its children with it, when its standard input closes.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_MAX_REQUEST = 4 << 20


def main(argv: list[str] | None = None) -> int:
    """Listen, import `--preload`, then serve until standard input closes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--preload", nargs="*", default=[])
    parser.add_argument("--idle", nargs="*", default=[])
    args = parser.parse_args(argv)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when we end
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(args.socket))
        server.listen(16)  # requests wait here while the imports run
        for module in args.preload:
            importlib.import_module(module)
        _Worker(server).serve(args.idle)
    return 0


class _Worker:
    """Accepts requests and reaps children in one thread."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self._children: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._wake, writer = socket.socketpair()
        for end in (self._wake, writer):
            end.setblocking(False)
        self._writer = writer
        signal.set_wakeup_fd(writer.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self, idle: list[str]) -> None:
        """Serve; import the modules in `idle` while nobody asks for anything."""
        for source in (self._server, self._wake, sys.stdin):
            self._selector.register(source, selectors.EVENT_READ)
        while True:
            events = self._selector.select(timeout=0 if idle else None)
            if not events and idle:
                importlib.import_module(idle.pop(0))
            for key, _ in events:
                if key.fileobj is sys.stdin and not os.read(0, 4096):
                    for pid in self._children:
                        _end(pid)
                    return
                if key.fileobj is self._server:
                    self._accept()
                elif key.data is not None:
                    self._hung_up(key.data)
            with contextlib.suppress(BlockingIOError):
                self._wake.recv(4096)
            self._reap()

    def _accept(self) -> None:
        connection, _ = self._server.accept()
        try:
            request = _read_line(connection)
        except (OSError, ValueError):  # it hung up before it had said what it wants
            connection.close()
            return
        pid = os.fork()
        if pid == 0:
            self._server.close()
            connection.close()
            _become(request)
        self._children[pid] = connection
        self._selector.register(connection, selectors.EVENT_READ, data=pid)
        _send(connection, {"pid": pid})

    def _hung_up(self, pid: int) -> None:
        """End a child whose requester is gone: nobody else would stop it."""
        self._selector.unregister(self._children[pid])
        _end(pid)

    def _reap(self) -> None:
        for pid in list(self._children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                connection = self._children.pop(pid)
                with contextlib.suppress(KeyError):  # it may have hung up before
                    self._selector.unregister(connection)
                _send(connection, {"exit": os.waitstatus_to_exitcode(status)})
                connection.close()


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def _become(request: dict[str, Any]) -> None:
    """Turn this forked child into the requested task; never returns."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _die_with_parent()
        with open(request["log"], "ab", buffering=0) as log:  # noqa: PTH123
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.environ.update(request.get("env", {}))
        module = importlib.import_module(request["module"])
        code = int(module.main(request["argv"]) or 0)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(bool(error.code))
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _read_line(connection: socket.socket) -> dict[str, Any]:
    data = b""
    while not data.endswith(b"\n") and len(data) < _MAX_REQUEST:
        chunk = connection.recv(65536)
        if not chunk:
            break
        data += chunk
    value: dict[str, Any] = json.loads(data)
    return value


def _send(connection: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # whoever asked may be gone
        connection.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
