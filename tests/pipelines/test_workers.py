"""Warm interpreters: forked tasks, errors that come back, no process left behind."""

import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from components import images
from contracts.errors import EnvironmentFault
from pipelines.local.environments import Environment, WarmWorkers, environments

SOURCE = """
def step(path: str) -> bool:
    import os
    with open(path, "w") as out:
        out.write(f"{os.getpid()} {os.environ['COLOUR']}")
    return True
"""
BAD = """
def step(path: str) -> bool:
    from contracts.errors import DataError
    raise DataError("no rows")
"""


@pytest.fixture(scope="module")
def workers() -> Iterator[WarmWorkers]:
    base = environments()[images.BASE]
    with WarmWorkers({images.BASE: base}) as started:
        started.start([images.BASE])
        yield started


def _run(workers: WarmWorkers, source: str, folder: Path, **env: str) -> int:
    given = {
        "inputs": {"parameterValues": {"path": str(folder / "said")}},
        "outputs": {
            "parameters": {"Output": {"outputFile": str(folder / "Output")}},
            "outputFile": str(folder / "output.json"),
        },
    }
    argv = [
        source,
        "--executor_input",
        json.dumps(given),
        "--function_to_execute",
        "step",
    ]
    return workers.run(images.BASE, argv, env, folder / "log", lambda: None)


def test_a_task_runs_in_a_process_of_its_own(
    workers: WarmWorkers, tmp_path: Path
) -> None:
    assert _run(workers, SOURCE, tmp_path, COLOUR="red") == 0
    pid, colour = (tmp_path / "said").read_text().split()
    assert int(pid) != os.getpid()
    assert colour == "red"
    assert json.loads((tmp_path / "output.json").read_text()) == {
        "parameterValues": {"Output": True}
    }


def test_an_intended_error_comes_back_by_name(
    workers: WarmWorkers, tmp_path: Path
) -> None:
    target = tmp_path / "error.json"
    assert _run(workers, BAD, tmp_path, CANARIO_ERROR_FILE=str(target)) == 2
    assert json.loads(target.read_text()) == {"type": "DataError", "message": "no rows"}


def test_an_unexpected_error_leaves_its_traceback_in_the_log(
    workers: WarmWorkers, tmp_path: Path
) -> None:
    assert _run(workers, "def step(path: str) -> bool:\n    1 / 0\n", tmp_path) == 1
    assert "ZeroDivisionError" in (tmp_path / "log").read_text()


def test_a_cold_interpreter_does_the_same(tmp_path: Path) -> None:
    with WarmWorkers({images.BASE: environments()[images.BASE]}) as cold:
        assert _run(cold, SOURCE, tmp_path, COLOUR="blue") == 0
    assert (tmp_path / "said").read_text().endswith("blue")


def test_an_interpreter_that_cannot_start_is_a_fault(tmp_path: Path) -> None:
    base = environments()[images.BASE]
    broken = Environment("base", base.python, base.lock, ("no_such_module",))
    with WarmWorkers({images.BASE: broken}) as workers:
        workers.start([images.BASE])
        with pytest.raises(EnvironmentFault, match="base"):
            _run(workers, SOURCE, tmp_path, COLOUR="red")


def test_hanging_up_ends_the_task(workers: WarmWorkers, tmp_path: Path) -> None:
    """The worker lives on; the exception closes the connection to it."""
    waits = SOURCE.replace("return True", "import time; time.sleep(60)")

    def stop_when_it_runs() -> None:
        if (tmp_path / "said").exists() and (tmp_path / "said").read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workers.run(
            images.BASE,
            _argv(waits, tmp_path),
            {"COLOUR": "red"},
            tmp_path / "log",
            stop_when_it_runs,
        )
    assert _gone(int((tmp_path / "said").read_text().split()[0]))


def test_hanging_up_before_asking_harms_nobody(
    workers: WarmWorkers, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(workers._socket("base")))
    assert _run(workers, SOURCE, tmp_path, COLOUR="green") == 0


def test_closing_ends_the_tasks_that_still_run(tmp_path: Path) -> None:
    waits = SOURCE.replace("return True", "import time; time.sleep(60)")

    class Stop(Exception):
        pass

    def stop_when_it_runs() -> None:
        if (tmp_path / "said").exists() and (tmp_path / "said").read_text():
            raise Stop

    argv = _argv(waits, tmp_path)
    with WarmWorkers({images.BASE: environments()[images.BASE]}) as workers:
        workers.start([images.BASE])
        with pytest.raises(Stop):
            workers.run(
                images.BASE,
                argv,
                {"COLOUR": "red"},
                tmp_path / "log",
                stop_when_it_runs,
            )
    pid = int((tmp_path / "said").read_text().split()[0])
    assert _gone(pid)


def _argv(source: str, folder: Path) -> list[str]:
    given = {
        "inputs": {"parameterValues": {"path": str(folder / "said")}},
        "outputs": {"parameters": {}, "outputFile": str(folder / "output.json")},
    }
    return [
        source,
        "--executor_input",
        json.dumps(given),
        "--function_to_execute",
        "step",
    ]


def _gone(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return True
        time.sleep(0.05)
    return False
