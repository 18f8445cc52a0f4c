"""Which interpreter stands in for which image, and how a task is started in it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from components import images
from contracts import digests
from contracts.errors import EnvironmentFault
from contracts.processes import WARM_SOCKET

ROOT = Path(__file__).resolve().parents[2]
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2"}
_EXECUTOR = "pipelines.local.step"


@dataclass(frozen=True)
class Environment:
    """An interpreter with what its image holds.

    A warm one imports `preload` before its first task and `idle` while it waits.
    """

    name: str
    python: Path
    lock: Path
    preload: tuple[str, ...]
    idle: tuple[str, ...] = ()

    def digest(self) -> str:
        """Return the digest of what a step finds installed."""
        return digests.of_json([digests.of_path(self.lock), self._python_version()])

    def _python_version(self) -> str:
        """Read it from the virtual environment: starting Python to ask is slow."""
        config = self.python.parent.parent / "pyvenv.cfg"
        if not config.exists():
            return platform.python_version()
        lines = config.read_text().splitlines()
        return next((x for x in lines if x.startswith("version")), config.name)


def environments(root: Path = ROOT) -> dict[str, Environment]:
    """Return the environment of each image name on this machine.

    Raises EnvironmentFault when the one for TFDV was not set up.
    """
    validate = root / ".venv-validate" / "bin" / "python"
    if not validate.exists():
        raise EnvironmentFault(f"{validate}: not there. Run `make setup`.")
    main_lock = root / "images/local/requirements.lock"
    base = Environment(
        "base",
        Path(sys.executable),
        main_lock,
        (_EXECUTOR,),
        ("components.deploy.deploy", "pyarrow.parquet", "matplotlib.figure"),
    )
    heavy = Environment(
        "tensorflow",
        Path(sys.executable),
        main_lock,
        ("tensorflow", "keras", _EXECUTOR),
        ("kserve", "sklearn.linear_model"),
    )
    tfdv = Environment(
        "validate",
        validate,
        root / "images/validate" / _validate_lock(),
        ("tensorflow_data_validation", _EXECUTOR),
    )
    # infra_validate and deploy import no TensorFlow: they start predictors that do.
    return {
        images.BASE: base,
        images.SERVING: base,
        images.TRAIN: heavy,
        images.VALIDATE: tfdv,
    }


def _validate_lock() -> str:
    library, version = platform.libc_ver()
    old = library == "glibc" and tuple(map(int, version.split("."))) < (2, 39)
    return "requirements-glibc236.lock" if old else "requirements.lock"


@dataclass
class WarmWorkers:
    """The workers of one `canario run`, started on first need and all together."""

    by_image: dict[str, Environment]
    root: Path = ROOT
    _folder: Path | None = None
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> WarmWorkers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes.values():
            _end(process)
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def start(self, images_to_come: Collection[str]) -> None:
        """Start the workers that these images need; their imports overlap."""
        if not hasattr(os, "fork") or sys.platform == "darwin":
            return  # forking after TensorFlow's import is safe on Linux only
        self._folder = self._folder or Path(tempfile.mkdtemp(prefix="canario-"))
        for environment in self._needed(images_to_come):
            if environment.name not in self._processes:
                self._processes[environment.name] = self._spawn(environment)

    def release(self, images_to_come: Collection[str]) -> None:
        """End the workers that these images do not need: memory back."""
        needed = {environment.name for environment in self._needed(images_to_come)}
        for name in self._processes.keys() - needed:
            _end(self._processes.pop(name))

    def _needed(self, images_to_come: Collection[str]) -> list[Environment]:
        found = [self.by_image[image] for image in images_to_come]
        if images.SERVING in images_to_come and images.TRAIN in self.by_image:
            found.append(self.by_image[images.TRAIN])  # predictors are forked there
        return found

    def run(
        self,
        image: str,
        argv: list[str],
        env: dict[str, str],
        log: Path,
        tick: Callable[[], None],
    ) -> int:
        """Run one task in the environment of `image`; return its exit code.

        `tick` is called several times a second while the task runs. Raises
        EnvironmentFault when the worker cannot be reached.
        """
        environment = self.by_image[image]
        env = {**_QUIET, **env}
        if self._folder and "tensorflow" in self._processes:
            env[WARM_SOCKET] = str(self._socket("tensorflow"))
        if environment.name not in self._processes:
            return self._run_cold(environment, argv, env, log, tick)
        request = {"module": _EXECUTOR, "argv": argv, "env": env, "log": str(log)}
        return self._run_warm(environment, request, tick)

    def _socket(self, name: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{name}.sock"

    def _spawn(self, environment: Environment) -> subprocess.Popen[bytes]:
        command = [str(environment.python), "-m", "pipelines.local.worker"]
        command += ["--socket", str(self._socket(environment.name))]
        command += ["--preload", *environment.preload, "--idle", *environment.idle]
        assert self._folder is not None
        with (self._folder / f"{environment.name}.log").open("wb") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.root,
                env=self._environ(_QUIET),
                start_new_session=True,  # Ctrl-C reaches the parent alone
            )

    def _run_warm(
        self, environment: Environment, request: object, tick: Callable[[], None]
    ) -> int:
        process = self._processes[environment.name]
        with socket.socket(socket.AF_UNIX) as connection:
            _connect(connection, self._socket(environment.name), process, tick)
            connection.sendall(json.dumps(request).encode() + b"\n")
            connection.settimeout(0.1)
            answer = b""
            while b'"exit"' not in answer or not answer.endswith(b"\n"):
                try:
                    chunk = connection.recv(65536)
                except TimeoutError:
                    tick()
                    continue
                if not chunk:
                    raise EnvironmentFault(self._obituary(environment))
                answer += chunk
        return int(json.loads(answer.splitlines()[-1])["exit"])

    def _run_cold(
        self,
        environment: Environment,
        argv: list[str],
        env: dict[str, str],
        log: Path,
        tick: Callable[[], None],
    ) -> int:
        command = [str(environment.python), "-m", _EXECUTOR]
        with log.open("ab") as stream:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=self.root,
                env=self._environ(env),
            )
            assert process.stdin is not None
            process.stdin.write(json.dumps(argv).encode())
            process.stdin.close()
            try:
                while process.poll() is None:
                    tick()
                    time.sleep(0.1)
            finally:
                if process.poll() is None:
                    process.terminate()
        return process.wait()

    def _environ(self, extra: dict[str, str]) -> dict[str, str]:
        return {**os.environ, **extra, "PYTHONPATH": str(self.root)}

    def _obituary(self, environment: Environment) -> str:
        assert self._folder is not None
        log = (self._folder / f"{environment.name}.log").read_text(errors="replace")
        last = log.strip().splitlines()[-1:] or ["no output"]
        return f"the {environment.name} interpreter died: {last[0]}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a worker, also one that still imports and would not read its input.

    What it forked has asked the kernel to be told of its parent's death.
    """
    if process.stdin:
        process.stdin.close()
    process.terminate()
    process.wait()


def _connect(
    connection: socket.socket,
    path: Path,
    process: subprocess.Popen[bytes],
    tick: Callable[[], None],
) -> None:
    """Connect as soon as the worker listens. Raises EnvironmentFault if it died."""
    while True:
        try:
            connection.connect(str(path))
            return
        except (FileNotFoundError, ConnectionRefusedError):
            if process.poll() is not None:
                raise EnvironmentFault(
                    f"{path.stem} interpreter did not start"
                ) from None
            tick()
            time.sleep(0.02)
