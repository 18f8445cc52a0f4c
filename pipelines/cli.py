"""`canario`, the one front door. Commands parse, call, and print; nothing else.

Exit codes: 0 done, 1 a gate refused, 2 bad input, 3 a fault of the environment (or of
ours, with its traceback), 130 interrupted.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from contracts.errors import BadInput, CanarioError

app = typer.Typer(
    help="From raw data to a model on canary, and back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
schema_app = typer.Typer(help="The curated expectations on a project's data.")
runs_app = typer.Typer(help="What ran, and what differed.")
app.add_typer(schema_app, name="schema")
app.add_typer(runs_app, name="runs")

_CONFIGS = Path("configs")
_BUILD = Path("build")
ProjectName = Annotated[str, typer.Argument(help="a folder of configs/")]
Json = Annotated[bool, typer.Option("--json", help="print JSON for programs")]
Configs = Annotated[Path, typer.Option(help="where project folders lie")]
Build = Annotated[Path, typer.Option(help="where results go")]


@app.command()
def run(
    project: ProjectName,
    plant: Annotated[
        str, typer.Option(help="break the candidate: wrong-on-slice, slow or nulls")
    ] = "",
    new_version: Annotated[
        bool, typer.Option(help="accept changed spans as new versions")
    ] = False,
    as_json: Json = False,
    configs: Configs = _CONFIGS,
    build: Build = _BUILD,
) -> None:
    """Train, judge and roll out a project, as its schedule says."""
    from pipelines import story, terminal

    # Bound to the stream of now: kfp prints, and its output goes to a log.
    console = Console(file=sys.stderr if as_json else sys.stdout)
    audience: story.Audience = (
        terminal.Silent() if as_json else terminal.Terminal(console)
    )
    opened = story.open_project(project, configs, build)
    told = story.tell(opened, audience, _now, plant, new_version)
    if as_json:
        _print_json(told.summary())
    else:
        terminal.closing(told, console)
    if told.error:
        raise told.error


@runs_app.callback(invoke_without_command=True)
def runs(
    context: typer.Context,
    project: Annotated[
        str | None, typer.Option(help="only the runs of this project")
    ] = None,
    as_json: Json = False,
    build: Build = _BUILD,
) -> None:
    """List the runs, oldest first."""
    from pipelines import runs as records
    from pipelines import tables

    if context.invoked_subcommand:
        return
    found = records.load_all(build, project)
    if not found and not as_json:
        raise BadInput(f"no runs in {build}; start one: canario run PROJECT")
    _show(as_json, [r.summary() for r in found], tables.runs_table(found))


@runs_app.command()
def diff(
    a: Annotated[str, typer.Argument(help="a run id, or its beginning")],
    b: Annotated[str, typer.Argument(help="another one")],
    as_json: Json = False,
    build: Build = _BUILD,
) -> None:
    """Say what differs between two runs: parameters, code, data, results."""
    from pipelines import runs as records
    from pipelines import tables

    first, second = (records.find(build, run_id) for run_id in (a, b))
    rows = records.differences(first, second)
    _show(as_json, rows, tables.diff_table(first.run_id, second.run_id, rows))


@app.command(name="compile")
def compile_command(
    out: Annotated[Path, typer.Option(help="the file to write")] = Path(
        "build/training.yaml"
    ),
    as_json: Json = False,
) -> None:
    """Write the training pipeline as KFP's IR YAML, after checking its portability."""
    from pipelines.compiling import compile_training

    digest = compile_training(out)
    _show(as_json, {"pipeline": str(out), "digest": digest}, f"{out}  sha256:{digest}")


@app.command()
def serve(
    project: ProjectName,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8080,
    as_json: Json = False,
    build: Build = _BUILD,
) -> None:
    """Serve the live model on loopback: V1 and V2 REST."""
    from pipelines.serving import command, examples

    argv = command(project, build, port)
    if as_json:
        _print_json({"command": argv, "requests": examples(project, build, port)})
    else:
        for line in examples(project, build, port):
            print(line, flush=True)
    sys.stdout.flush()
    os.execv(argv[0], argv)


@app.command()
def new(
    name: ProjectName,
    source: Annotated[Path, typer.Option("--from", help="a CSV file")],
    label: Annotated[str, typer.Option(help="the column to predict")],
    time: Annotated[
        str | None, typer.Option(help="the column of the event time")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="rows of one group stay in one split")
    ] = None,
    as_json: Json = False,
    configs: Configs = _CONFIGS,
) -> None:
    """Make a project folder from a data file; it runs as it is."""
    from pipelines.scaffold import new_project
    from pipelines.schema import infer_for

    folder = new_project(name, source, label, time, group, configs)
    try:
        infer_for(folder)
    except BaseException:
        shutil.rmtree(folder)  # half a project would stand in the way of the next try
        raise
    told = f"{folder} is there. Read project.yaml, then: canario run {name}"
    _show(as_json, {"folder": str(folder)}, told)


@schema_app.command()
def approve(
    project: ProjectName,
    by: Annotated[str, typer.Option(help="who has read it")],
    as_json: Json = False,
    configs: Configs = _CONFIGS,
) -> None:
    """Say that a person has read an inferred schema and it makes sense."""
    from pipelines.schema import approve_schema

    path = approve_schema(configs / project, by, _now().date())
    _show(
        as_json, {"schema": str(path), "state": "approved"}, f"{path}: approved by {by}"
    )


@schema_app.command()
def show(
    project: ProjectName, as_json: Json = False, configs: Configs = _CONFIGS
) -> None:
    """Print a project's schema and whether somebody approved it."""
    from pipelines.schema import read_schema

    state, text = read_schema(configs / project)
    _show(as_json, {"state": state, "schema": text}, f"# {state}\n{text}")


def main() -> NoReturn:
    """Run the command line; every error ends in a sentence and its exit code."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        app(standalone_mode=False)
    except typer.Exit as error:
        sys.exit(error.exit_code)
    except CanarioError as error:
        print(f"canario: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        message = "interrupted; finished steps are kept, run again to continue"
        print(f"canario: {message}", file=sys.stderr)
        sys.exit(130)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"canario: {where}{error.strerror or error}", file=sys.stderr)
        sys.exit(CanarioError.exit_code)
    except Exception as error:
        sys.exit(_usage_or_bug(error))
    sys.exit(0)


def _usage_or_bug(error: Exception) -> int:
    """Say what is wrong; a bug shows its traceback, and 1 would mean a refusal."""
    show = getattr(error, "format_message", None)  # click's and typer's usage errors
    if show is None:
        traceback.print_exception(error)
        return CanarioError.exit_code
    print(f"canario: {show()}", file=sys.stderr)
    return 2


def _terminated(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


def _now() -> datetime:
    return datetime.now(UTC)


def _show(as_json: bool, value: Any, text: Any) -> None:
    if as_json:
        _print_json(value)
    else:
        Console().print(text, soft_wrap=isinstance(text, str), markup=False)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, default=str))


if __name__ == "__main__":
    main()
