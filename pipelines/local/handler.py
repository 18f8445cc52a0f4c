"""How kfp's local runner executes a task here.

kfp 2.17's SubprocessRunner always takes its own interpreter and its cache key has no
content in it. This subclass of its task handler picks the interpreter by image, lays
outputs into `RUN/<task>/<output>`, and asks the content-addressed cache first.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kfp.local import status, subprocess_task_handler

from components import images
from contracts import digests
from contracts.errors import CanarioError, by_name
from pipelines.local import ERROR_FILE_VARIABLE, fingerprint
from pipelines.local.cache import Cache, Entry, KeyParts
from pipelines.local.environments import ROOT, WarmWorkers
from pipelines.local.tasks import Listener, TaskRecord

WHERE = frozenset(
    {
        "source",
        "baseline_uri",
        "workspace_uri",
        "ledger_uri",
        "run_id",
        "new_version",
        "status",
    }
)
"""Parameters that say where or when, not what: no part of a cache key. The content
behind `source` and `baseline_uri` is in the key through their digests."""


@dataclass
class RunContext:
    """What the tasks of one run share.

    `images` are those of the tasks to come, by task; `last` says that no run follows.
    """

    run_id: str
    run_root: Path
    cache: Cache
    workers: WarmWorkers
    listener: Listener
    cacheable: dict[str, bool]
    images: dict[str, str]
    last: bool
    save: Callable[[], None]
    tasks: list[TaskRecord] = field(default_factory=list)
    content: dict[str, str] = field(default_factory=dict)
    error: CanarioError | None = None

    def release(self, done: str) -> None:
        """Give back the interpreters that nothing after the task `done` needs."""
        if self.last:
            self.images.pop(done, None)
            self.workers.release(self.images.values())

    def digest_of(self, uri: str) -> str:
        """Return the content digest of an artifact of this run."""
        if uri not in self.content:
            self.content[uri] = digests.of_path(Path(uri))
        return self.content[uri]


@contextlib.contextmanager
def installed(context: RunContext) -> Iterator[None]:
    """Make kfp's SubprocessRunner execute tasks through `TaskHandler`."""
    handler = type("_Bound", (TaskHandler,), {"context": context})
    original = subprocess_task_handler.SubprocessTaskHandler
    subprocess_task_handler.SubprocessTaskHandler = handler
    try:
        yield
    finally:
        subprocess_task_handler.SubprocessTaskHandler = original


class TaskHandler(subprocess_task_handler.SubprocessTaskHandler):
    """One task: cache, or the right interpreter."""

    context: RunContext

    def run(self) -> status.Status:
        """Execute the task; return kfp's status."""
        source, arguments = _component(self.full_command)
        given = json.loads(_option(arguments, "--executor_input"))
        name = _option(arguments, "--function_to_execute")
        task = TaskRecord(name)
        self.context.tasks.append(task)
        folder = self.context.run_root / name
        original = Path(given["outputs"]["outputFile"])
        _move_outputs(given, folder)
        self.context.listener.started(task)
        self.context.save()
        started = time.monotonic()
        try:
            task.parts = self._key_parts(name, source, given)
            done = self._from_cache(task, given, folder) or self._execute(
                task, source, arguments, given, folder
            )
        except CanarioError as error:
            done = False
            self.context.error = self.context.error or error  # the report's comes last
        task.seconds = round(time.monotonic() - started, 3)
        task.status = "done" if done else "failed"
        if done:
            self._note_values(task, given)
            original.parent.mkdir(parents=True, exist_ok=True)
            if Path(given["outputs"]["outputFile"]).exists():
                shutil.copyfile(given["outputs"]["outputFile"], original)
        self.context.listener.finished(task)
        self.context.release(name)
        return status.Status.SUCCESS if done else status.Status.FAILURE

    def _from_cache(self, task: TaskRecord, given: Any, folder: Path) -> bool:
        assert task.parts is not None
        if not self.context.cacheable.get(task.name, True):
            task.why = ["acts on the world: never cached"]
            return False
        entry = self.context.cache.get(task.parts, folder)
        if entry is None:
            task.why = self.context.cache.why(task.parts)
            return False
        task.cached = True
        for output, content in entry.digests.items():
            self.context.content[str(folder / output)] = content
            task.outputs[output] = content
        _write_output(given, entry.executor_output, folder)
        return True

    def _execute(
        self,
        task: TaskRecord,
        source: str,
        arguments: list[str],
        given: Any,
        folder: Path,
    ) -> bool:
        # What only settles or reports needs no TensorFlow: it may be all that runs.
        light = task.name == "report" or not self.context.cacheable.get(task.name, True)
        coming = [images.BASE] if light else list(self.context.images.values())
        self.context.workers.start(coming)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        log = self.context.run_root / "logs" / f"{task.name}.log"
        log.parent.mkdir(exist_ok=True)
        log.unlink(missing_ok=True)
        error_file = log.with_suffix(".error.json")
        error_file.unlink(missing_ok=True)
        argv = [source, *_with_input(arguments, given)]
        env = {**self.env_vars, ERROR_FILE_VARIABLE: str(error_file)}
        started = time.monotonic()
        code = self.context.workers.run(
            self.image, argv, env, log, lambda: self.context.listener.ticked(task, log)
        )
        if code != 0:
            raise _error(error_file, task.name, log, code)
        self._remember(task, given, folder, time.monotonic() - started)
        return True

    def _remember(
        self, task: TaskRecord, given: Any, folder: Path, spent: float
    ) -> None:
        for output in given["outputs"].get("artifacts", {}):
            if (folder / output).exists():
                task.outputs[output] = self.context.digest_of(str(folder / output))
        if not self.context.cacheable.get(task.name, True) or task.parts is None:
            return
        entry = Entry(
            parts=task.parts,
            run_id=self.context.run_id,
            seconds=round(spent, 3),
            executor_output=_read_output(given, folder),
            digests=task.outputs,
        )
        self.context.cache.put(entry, folder)

    def _key_parts(self, name: str, source: str, given: Any) -> KeyParts:
        values = given.get("inputs", {}).get("parameterValues", {})
        artifacts = given.get("inputs", {}).get("artifacts", {})
        parameters = {
            k: digests.of_json(v) for k, v in values.items() if k not in WHERE
        }
        if "run_root" in parameters:  # reads the run: its content is the input
            seen = sorted(
                [t.name, t.status, t.outputs] for t in self.context.tasks[:-1]
            )
            parameters["run_root"] = digests.of_json([*seen, str(self.context.error)])
        return KeyParts(
            step=name,
            code=digests.of_json([fingerprint.of_step(name, self.image, ROOT), source]),
            environment=digests.of_json(
                [self.image, self.context.workers.by_image[self.image].digest()]
            ),
            parameters=parameters,
            inputs={
                key: self.context.digest_of(value["artifacts"][0]["uri"])
                for key, value in artifacts.items()
            },
        )

    def _note_values(self, task: TaskRecord, given: Any) -> None:
        output = Path(given["outputs"]["outputFile"])
        if output.exists():
            task.values = json.loads(output.read_text()).get("parameterValues", {})
        task.reconciled = task.values.get("acted") is False


def _component(command: list[str]) -> tuple[str, list[str]]:
    """Split kfp's shell command into the component's source and its arguments."""
    for index, part in enumerate(command):
        if '"$program_path/ephemeral_component.py"' in part:
            return command[index + 1], command[index + 2 :]
    raise CanarioError("kfp changed how it starts components; canario knows 2.17")


def _option(arguments: list[str], name: str) -> str:
    return arguments[arguments.index(name) + 1]


def _with_input(arguments: list[str], given: Any) -> list[str]:
    changed = list(arguments)
    changed[changed.index("--executor_input") + 1] = json.dumps(given)
    return changed


def _move_outputs(given: Any, folder: Path) -> None:
    """Point kfp's output places into `folder`: RUN/<task>/<output>."""
    outputs = given["outputs"]
    outputs["outputFile"] = str(folder / "executor_output.json")
    for name, item in outputs.get("parameters", {}).items():
        item["outputFile"] = str(folder / f"parameter-{name}")
    for name, item in outputs.get("artifacts", {}).items():
        item["artifacts"][0]["uri"] = str(folder / name)


def _read_output(given: Any, folder: Path) -> dict[str, Any]:
    """Return kfp's executor output with paths relative to the task's folder."""
    path = Path(given["outputs"]["outputFile"])
    text = path.read_text() if path.exists() else "{}"
    value: dict[str, Any] = json.loads(text.replace(f"{folder}/", "{folder}/"))
    return value


def _write_output(given: Any, value: dict[str, Any], folder: Path) -> None:
    text = json.dumps(value).replace("{folder}/", f"{folder}/")
    Path(given["outputs"]["outputFile"]).parent.mkdir(parents=True, exist_ok=True)
    Path(given["outputs"]["outputFile"]).write_text(text)


def _error(error_file: Path, name: str, log: Path, code: int) -> CanarioError:
    """Rebuild the error that a step recorded, or say where its log lies."""
    if error_file.exists():
        found = json.loads(error_file.read_text())
        return by_name(found["type"])(f"{name}: {found['message']}")
    last = (
        log.read_text(errors="replace").strip().splitlines()[-1:]
        if log.exists()
        else []
    )
    tail = f" ({last[0]})" if last else ""
    return CanarioError(f"{name}: stopped with exit code {code}{tail}. Its log: {log}")
