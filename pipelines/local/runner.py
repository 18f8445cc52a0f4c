"""One training run on this machine: the compiled pipeline through kfp.local."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from kfp import local
from kfp.dsl.base_component import BaseComponent

from contracts.errors import CanarioError
from pipelines.local.cache import Cache
from pipelines.local.environments import WarmWorkers
from pipelines.local.handler import RunContext, installed
from pipelines.local.tasks import Listener
from pipelines.runs import RunRecord


def run_pipeline(
    pipeline: BaseComponent,
    arguments: dict[str, Any],
    question: str,
    folder: Path,
    workers: WarmWorkers,
    listener: Listener,
    now: Callable[[], datetime],
    last: bool,
) -> RunRecord:
    """Run `pipeline` and return its record.

    `question` is what the project asks, `folder` its build folder, and no run follows
    the `last` one. The record lies in `runs/<run_id>/run.json`, also after a failure or
    Ctrl-C. An error of a task is in the record, not raised: it has been reported.
    """
    run_id = arguments["run_id"]
    run_root = Path(arguments["run_root"])
    run_root.mkdir(parents=True, exist_ok=True)
    record = RunRecord.begin(question, arguments, now())
    context = RunContext(
        run_id=run_id,
        run_root=run_root,
        cache=Cache(folder / "cache"),
        workers=workers,
        listener=listener,
        cacheable=_cacheable(pipeline),
        images=_images(pipeline),
        last=last,
        save=lambda: record.update(context.tasks, context.error).save(run_root),
    )
    started = time.monotonic()
    try:
        _execute(pipeline, arguments, context)
    finally:
        record.wall_s = round(time.monotonic() - started, 3)
        record.update(context.tasks, context.error).save(run_root)
    return record


def _execute(
    pipeline: BaseComponent, arguments: dict[str, Any], context: RunContext
) -> None:
    scratch = Path(tempfile.mkdtemp(prefix=".kfp-", dir=context.run_root))
    log = context.run_root / "logs" / "kfp.log"
    log.parent.mkdir(exist_ok=True)
    try:
        with warnings.catch_warnings(), log.open("w") as stream, installed(context):
            warnings.simplefilter("ignore")
            local.init(
                local.SubprocessRunner(use_venv=False),
                pipeline_root=str(scratch),
                raise_on_error=False,
            )
            with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
                pipeline(**arguments)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    unfinished = [t for t in context.tasks if t.status != "done"]
    if unfinished and context.error is None:
        context.error = CanarioError(f"{unfinished[0].name}: failed; see {log}")


def _cacheable(pipeline: BaseComponent) -> dict[str, bool]:
    """Return for each component whether the pipeline lets its results be remembered."""
    found: dict[str, bool] = {}
    spec = pipeline.pipeline_spec
    dags = [spec.root.dag, *(c.dag for c in spec.components.values())]
    for dag in dags:
        for task in dag.tasks.values():
            name = task.component_ref.name.removeprefix("comp-").replace("-", "_")
            found[name] = task.caching_options.enable_cache
    return found


def _images(pipeline: BaseComponent) -> dict[str, str]:
    """Return the image of each task."""
    executors = pipeline.pipeline_spec.deployment_spec["executors"]
    return {
        label.removeprefix("exec-").replace("-", "_"): executor["container"]["image"]
        for label, executor in executors.items()
    }
