"""Predictors as child processes: fresh or warm, how they end, what they say."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contracts import processes
from contracts.errors import EnvironmentFault
from contracts.predictor_process import NotReady, PredictorProcess


@pytest.mark.usefixtures("warm")
def test_sigterm_ends_it_well(tiny_model: Path, tmp_path: Path) -> None:
    process = PredictorProcess(tiny_model, "tiny", tmp_path / "log")
    process.start()
    process.wait_ready(60)
    assert process.alive
    assert process.memory().peak >= process.memory().rss > 50
    assert process.stop() == 0
    assert (process.alive, process.memory().rss) == (False, 0.0)
    assert process.stop() == 0


def test_a_fresh_interpreter_serves_too(tiny_model: Path, tmp_path: Path) -> None:
    with PredictorProcess(tiny_model, "tiny", tmp_path / "log") as process:
        process.wait_ready(60)
    assert process.stop() == 0


@pytest.mark.usefixtures("warm")
def test_a_port_that_is_taken(tiny_model: Path, tmp_path: Path) -> None:
    process = PredictorProcess(tiny_model, "tiny", tmp_path / "log")
    with socket.socket() as other:
        other.bind(("127.0.0.1", process.port))
        with process, pytest.raises(NotReady, match="choose another") as error:
            process.wait_ready(60)
    assert error.value.code == 3


@pytest.mark.usefixtures("warm")
def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    with (
        PredictorProcess(tmp_path, "tiny", tmp_path / "log") as process,
        pytest.raises(NotReady, match="not a model folder") as error,
    ):
        process.wait_ready(60)
    assert error.value.code == 2


def test_no_interpreter(tmp_path: Path) -> None:
    process = PredictorProcess(tmp_path, "tiny", tmp_path / "log", python="/no/python")
    with pytest.raises(EnvironmentFault, match="/no/python: no interpreter"):
        process.start()


def test_a_worker_that_hangs_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(processes.WARM_SOCKET, str(tmp_path / "socket"))
    command = [sys.executable, "-c", _HANG_UP, str(tmp_path / "socket")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"listening\n"
        with pytest.raises(EnvironmentFault, match="it hung up"):
            processes.start("serving.predictor", [], {}, tmp_path / "log")


_HANG_UP = """
import socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.bind(sys.argv[1])
    server.listen()
    print("listening", flush=True)
    server.accept()[0].recv(9999)
"""
_PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c",
    "from serving.lifetime import die_with_parent; import time;"
    "die_with_parent(); print('asked', flush=True); time.sleep(60)"])
print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl(2)")
def test_a_child_dies_with_its_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    said = {parent.stdout.readline(), parent.stdout.readline()} - {b"asked\n"}
    parent.kill()
    parent.communicate()
    child = int(said.pop())
    deadline = time.monotonic() + 10
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_stop_insists(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN)\n"
    (tmp_path / "deaf.py").write_text(
        code + "print('deaf', flush=True)\ntime.sleep(60)"
    )
    env = {"PYTHONPATH": str(tmp_path)}
    child = processes.start("deaf", [], env, tmp_path / "log")
    while not (tmp_path / "log").read_text():
        time.sleep(0.01)
    assert processes.stop(child, grace_seconds=0.1) == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)
