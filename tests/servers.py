"""Fixtures of tests that start servers: one worker that has imported TensorFlow, and
one tiny model, built in a fork of it, so that the test process imports neither."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts import processes


@pytest.fixture(scope="session")
def warm_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Start a warm worker; yields its socket, ready or still importing."""
    folder = tmp_path_factory.mktemp("worker")
    command = [sys.executable, "-m", "pipelines.local.worker"]
    command += ["--socket", str(folder / "socket"), "--preload", "tests.preload"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=log) as worker,
    ):
        yield folder / "socket"
        worker.kill()  # the kernel tells its children


@pytest.fixture
def warm(warm_worker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this test start its servers as forks of the worker."""
    monkeypatch.setenv(processes.WARM_SOCKET, str(warm_worker))


@pytest.fixture(scope="module")
def warm_module(warm_worker: Path) -> Iterator[None]:
    """The same for a whole module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(processes.WARM_SOCKET, str(warm_worker))
        yield


@pytest.fixture(scope="session")
def tiny_models(
    warm_worker: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Build the tiny model of tests/tiny_model.py and one that finds all later."""
    root = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(processes.WARM_SOCKET, str(warm_worker))
        builds = [
            processes.start(
                "tests.tiny_model", [str(root / name), shift], {}, root / f"{name}.log"
            )
            for name, shift in (("stable", "0"), ("candidate", "0.2"))
        ]
    for build, log in zip(builds, ("stable.log", "candidate.log"), strict=True):
        while (code := build.poll()) is None:
            time.sleep(0.02)
        assert code == 0, (root / log).read_text()
    return root / "stable", root / "candidate"


@pytest.fixture(scope="session")
def tiny_model(tiny_models: tuple[Path, Path]) -> Path:
    return tiny_models[0]
