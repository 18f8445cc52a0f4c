"""What would behave differently on a laptop and on a cluster, found before it runs.

Each rule was seen with kfp 2.17.0: the local runner and the backend disagree about the
construct, mostly without a word. A finding names the rule and the task.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from google.protobuf import json_format

from contracts.errors import ConfigError

_LOCAL_PARALLELISM = 2


class Finding(NamedTuple):
    """One construct: the rule's name, the task, and what differs."""

    rule: str
    task: str
    difference: str


def differences(spec: Any, platform: Any = None) -> list[Finding]:
    """Return every construct of a compiled pipeline that is not portable.

    `spec` is a PipelineSpec message, `platform` a PlatformSpec or None.
    """
    pipeline = json_format.MessageToDict(spec)
    found = list(_control_flow(pipeline))
    found += _executors(pipeline)
    if platform is not None:
        found += _platform(json_format.MessageToDict(platform))
    return found


def refuse(findings: list[Finding]) -> None:
    """Raise ConfigError that lists the findings; none, nothing happens."""
    if findings:
        lines = [f"{f.rule}: task {f.task}: {f.difference}" for f in findings]
        raise ConfigError("the pipeline is not portable:\n" + "\n".join(lines))


def _control_flow(pipeline: dict[str, Any]) -> Iterator[Finding]:
    types = _parameter_types(pipeline)
    for name, dag in _dags(pipeline):
        for task_name, task in dag.get("tasks", {}).items():
            condition = task.get("triggerPolicy", {}).get("condition", "")
            yield from _condition(task_name, condition, types.get(name, {}))
            iterates = "parameterIterator" in task or "artifactIterator" in task
            limit = int(task.get("iteratorPolicy", {}).get("parallelismLimit", 0))
            if iterates and (limit == 0 or limit > _LOCAL_PARALLELISM):
                yield Finding(
                    "loop-parallelism",
                    task_name,
                    f"locally at most {_LOCAL_PARALLELISM} iterations run at a time; "
                    f"set parallelism={_LOCAL_PARALLELISM} or less",
                )
        for output, value in dag.get("outputs", {}).get("artifacts", {}).items():
            if len(value.get("artifactSelectors", [])) > 1:
                yield Finding(
                    "oneof-artifact",
                    name,
                    f"OneOf on artifact {output} raises locally; use a parameter",
                )


def _condition(task: str, condition: str, types: dict[str, str]) -> Iterator[Finding]:
    if "'" in re.sub(r"\['[^']*'\]", "", condition) and r"\'" in condition:
        yield Finding("condition-quote", task, "a quote in the constant fails the run")
    read = re.findall(r"parameter_values\['([^']+)'\]", condition)
    if any(types.get(name) == "STRING" for name in read):
        yield Finding(
            "condition-on-text",
            task,
            "a quote in the value skips both branches locally; compare a bool",
        )


def _executors(pipeline: dict[str, Any]) -> Iterator[Finding]:
    executors = pipeline.get("deploymentSpec", {}).get("executors", {})
    for label, executor in executors.items():
        task = label.removeprefix("exec-")
        if "importer" in executor:
            yield Finding(
                "importer",
                task,
                "its result is cached by address, not content; pass a uri and a digest",
            )
            continue
        container = executor.get("container", {})
        words = " ".join([*container.get("command", []), *container.get("args", [])])
        if "argostub/" in container.get("image", ""):
            yield Finding("volume-claim", task, "makes a volume on a cluster only")
        elif "executor_main" not in words:
            yield Finding("container-component", task, "refused by the local runner")
        if "pip install" in words:
            yield Finding(
                "pip-install", task, "needs an index at run time; use an image"
            )
        if "resources" in container:
            yield Finding(
                "resources", task, "cpu, memory, accelerator: ignored locally"
            )
        if "{{$.workspace_path}}" in words:
            yield Finding("workspace", task, "the folder is deleted after local runs")


def _platform(platform: dict[str, Any]) -> Iterator[Finding]:
    for settings in platform.get("platforms", {}).values():
        executors = settings.get("deploymentSpec", {}).get("executors", {})
        for label, values in executors.items():
            names = ", ".join(sorted(values))
            yield Finding(
                "platform-setting",
                label.removeprefix("exec-"),
                f"{names}: ignored locally",
            )
        if "workspace" in str(settings.get("pipelineConfig", {})):
            yield Finding(
                "workspace", "pipeline", "the folder is deleted after local runs"
            )


def _dags(pipeline: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "root", pipeline["root"].get("dag", {})
    for name, component in pipeline.get("components", {}).items():
        if "dag" in component:
            yield name, component["dag"]


def _parameter_types(pipeline: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return, for each dag, the type of every parameter that its tasks may compare.

    A condition reads `pipelinechannel--<task>-<output>`, or an input of the dag.
    """
    components = pipeline.get("components", {})
    found: dict[str, dict[str, str]] = {}
    for name, dag in _dags(pipeline):
        types: dict[str, str] = {}
        for task_name, task in dag.get("tasks", {}).items():
            outputs = components.get(task.get("componentRef", {}).get("name"), {})
            definitions = outputs.get("outputDefinitions", {}).get("parameters", {})
            for output, value in definitions.items():
                key = f"pipelinechannel--{task_name}-{output}"
                types[key] = value.get("parameterType", "")
            inner = outputs.get("inputDefinitions", {}).get("parameters", {})
            types |= {k: v.get("parameterType", "") for k, v in inner.items()}
        found[name] = types
    return found
