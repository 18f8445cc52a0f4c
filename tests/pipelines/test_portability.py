"""Every construct that a laptop and a cluster treat differently is found by name."""

from typing import NamedTuple

import pytest
from kfp import dsl
from kfp.dsl.base_component import BaseComponent
from kfp.pipeline_spec import pipeline_spec_pb2

from contracts.errors import ConfigError
from pipelines import portability
from pipelines.training import training


@dsl.component(base_image="python:3.13", install_kfp_package=False)
def flag() -> bool:
    return True


@dsl.component(base_image="python:3.13", install_kfp_package=False)
def word() -> str:
    return "it's"


@dsl.component(base_image="python:3.13", install_kfp_package=False)
def make(out: dsl.Output[dsl.Dataset]) -> None:
    pass


@dsl.component(base_image="python:3.13", install_kfp_package=False)
def take(item: str) -> None:
    pass


@dsl.component(base_image="python:3.13", packages_to_install=["six"])
def installs() -> None:
    pass


@dsl.container_component
def container() -> dsl.ContainerSpec:
    return dsl.ContainerSpec(image="python:3.13", command=["true"])


@dsl.pipeline
def on_text() -> None:
    with dsl.If(word().output == "yes"):
        flag()


@dsl.pipeline
def on_flag() -> None:
    with dsl.If(flag().output == True):  # noqa: E712
        flag()


@dsl.pipeline
def wide_loop() -> None:
    with dsl.ParallelFor(["a", "b", "c"]) as item:
        take(item=item)


@dsl.pipeline
def narrow_loop() -> None:
    with dsl.ParallelFor(["a", "b", "c"], parallelism=2) as item:
        take(item=item)


@dsl.pipeline
def one_of_artifacts() -> dsl.Dataset:
    with dsl.If(flag().output == True):  # noqa: E712
        first = make()
    with dsl.Else():
        second = make()
    return dsl.OneOf(first.outputs["out"], second.outputs["out"])


@dsl.pipeline
def imports() -> None:
    dsl.importer(artifact_uri="s3://bucket/key", artifact_class=dsl.Dataset)


@dsl.pipeline
def installing() -> None:
    installs()


@dsl.pipeline
def containers() -> None:
    container()


@dsl.pipeline
def with_memory() -> None:
    flag().set_memory_limit("1G")


class Case(NamedTuple):
    pipeline: BaseComponent
    rule: str


CASES = [
    Case(on_text, "condition-on-text"),
    Case(wide_loop, "loop-parallelism"),
    Case(one_of_artifacts, "oneof-artifact"),
    Case(imports, "importer"),
    Case(installing, "pip-install"),
    Case(containers, "container-component"),
    Case(with_memory, "resources"),
]


@pytest.mark.parametrize("case", CASES, ids=[c.rule for c in CASES])
def test_each_planted_gap_is_found(case: Case) -> None:
    found = portability.differences(case.pipeline.pipeline_spec)
    assert case.rule in {finding.rule for finding in found}


@pytest.mark.parametrize("pipeline", [on_flag, narrow_loop, training])
def test_a_portable_pipeline_has_no_finding(pipeline: BaseComponent) -> None:
    found = portability.differences(pipeline.pipeline_spec)
    assert found == []


def test_kubernetes_settings_are_named_with_their_task() -> None:
    platform = pipeline_spec_pb2.PlatformSpec()
    executors = platform.platforms["kubernetes"].deployment_spec.executors
    executors["exec-flag"].update({"nodeSelector": {"labels": {"gpu": "yes"}}})
    found = portability.differences(on_flag.pipeline_spec, platform)
    assert [(f.rule, f.task) for f in found] == [("platform-setting", "flag")]


def test_a_finding_refuses_to_compile() -> None:
    found = portability.differences(on_text.pipeline_spec)
    with pytest.raises(ConfigError, match="condition-on-text"):
        portability.refuse(found)
