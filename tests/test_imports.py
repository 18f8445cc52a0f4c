"""Who may import whom, checked on the real tree and on planted violations.

The rules keep three promises: the nouns depend on nobody, a step can be lifted out
alone, and pipelines compile where only kfp is installed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.source_tree import ROOT, Import, Module, modules

# What contracts/ may import at the top besides the standard library.
NOUNS_NEED = ("numpy", "pyarrow", "pydantic", "pydantic_core", "yaml")

# What pipelines/ may import at the top: nothing heavier than numpy, so that the
# command line starts at once and compiling needs kfp only.
ORDER_NEEDS = ("google.protobuf", "kfp", "numpy", "pydantic", "rich", "typer", "yaml")

ADAPTER_NEEDS = ("kfp.dsl", "components.images", "components.artifact_types", "typing")

# Pipelines import adapters only. Each exception is a part of a step that is cheap,
# free of kfp and wanted outside of a run.
PIPELINES_MAY = {
    # The digest of the raw data is a pipeline argument: it decides what is cached.
    ("pipelines/story.py", "components.ingest.sources"),
    # `canario new` looks at a file as ingest will read it, before there is a config.
    ("pipelines/scaffold/__init__.py", "components.ingest.profile"),
    # `canario new` infers a schema before there is any run to infer it in.
    ("pipelines/schema.py", "components.ingest.ingest"),
    ("pipelines/schema.py", "components.validate.schema_state"),
}

# Who alone may use a library (at any depth), and why nobody else may.
ONLY = {
    # It pins TensorFlow, pandas and pyarrow of its own.
    "tensorflow_data_validation": ("components/validate/",),
    # One place acts on a cluster.
    "kubernetes": ("components/deploy/",),
    "lightkube": ("components/deploy/",),
    # One place knows where bytes lie.
    "boto3": ("contracts/storage",),
    "botocore": ("contracts/storage",),
    "fsspec": ("contracts/storage",),
    "gcsfs": ("contracts/storage",),
    "google.cloud": ("contracts/storage",),
    "s3fs": ("contracts/storage",),
}

Rule = Callable[[Module], Iterable[str]]


def contracts_import_nobody(module: Module) -> Iterator[str]:
    """Rule 1."""
    if module.room != "contracts":
        return
    for found in module.imports:
        if found.ours and not found.within("contracts"):
            yield module.says(found.line, f"contracts imports {found.name}")
        if _foreign(found) and not found.within(*NOUNS_NEED):
            yield module.says(found.line, f"contracts needs {found.name} at the top")


def steps_stand_alone(module: Module) -> Iterator[str]:
    """Rule 2: contracts, the own package and images, never kfp."""
    if not module.step or module.adapter:
        return
    own = f"components.{module.step}"
    for found in module.imports:
        allowed = found.within("contracts", own, "components.images")
        if found.within("kfp", f"{own}.component"):
            yield module.says(found.line, f"a step imports {found.name}")
        elif found.ours and not allowed:
            yield module.says(found.line, f"step {module.step} imports {found.name}")


def adapters_are_thin(module: Module) -> Iterator[str]:
    """Rule 3: an interface at the top, the step inside a body of two statements."""
    if not module.adapter:
        return
    for found in module.imports:
        if found.within("__future__"):
            yield module.says(found.line, "kfp cannot read postponed annotations")
        elif found.top and not found.within(*ADAPTER_NEEDS):
            yield module.says(found.line, f"an adapter imports {found.name} at the top")
        elif found.ours and not found.top and found.name.split(".")[1] != module.step:
            yield module.says(found.line, f"an adapter calls {found.name}")
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef) and len(node.body) > 3:
            yield module.says(node.lineno, f"{node.name} does work: {len(node.body)}")


def pipelines_import_adapters_only(module: Module) -> Iterator[str]:
    """Rule 4."""
    if module.room != "pipelines":
        return
    for found in module.imports:
        adapter = found.name.split(".")[2:3] == ["component"]
        nouns = found.within("contracts", "pipelines", "components.images")
        if found.ours and not (adapter or nouns or _excepted(module, found)):
            yield module.says(found.line, f"pipelines import {found.name}")


def libraries_stay_in_their_room(module: Module) -> Iterator[str]:
    """Rules 5 and 6."""
    for found in module.imports:
        for library, places in ONLY.items():
            if found.within(library) and not module.path.startswith(places):
                yield module.says(found.line, f"only {places[0]} uses {library}")


def compiling_is_light(module: Module) -> Iterator[str]:
    """Rule 8; adapters are covered by rule 3."""
    if module.room != "pipelines":
        return
    for found in module.imports:
        if _foreign(found) and not found.within(*ORDER_NEEDS):
            yield module.says(found.line, f"pipelines need {found.name} at the top")


def serving_shares_the_transform_only(module: Module) -> Iterator[str]:
    """The request path imports contracts and components/transform."""
    if module.room != "serving":
        return
    for found in module.imports:
        if found.ours and not found.within(
            "contracts", "serving", "components.transform"
        ):
            yield module.says(found.line, f"serving imports {found.name}")


def _foreign(found: Import) -> bool:
    return found.top and not (found.ours or found.standard)


def _excepted(module: Module, found: Import) -> bool:
    return any(
        module.path == path and found.within(name) for path, name in PIPELINES_MAY
    )


RULES: list[Rule] = [
    contracts_import_nobody,
    steps_stand_alone,
    adapters_are_thin,
    pipelines_import_adapters_only,
    libraries_stay_in_their_room,
    compiling_is_light,
    serving_shares_the_transform_only,
]


@pytest.fixture(scope="module")
def tree() -> list[Module]:
    return modules(ROOT)


@pytest.mark.parametrize("rule", RULES)
def test_the_tree_keeps_the_rule(rule: Rule, tree: list[Module]) -> None:
    assert [problem for module in tree for problem in rule(module)] == []


def test_the_rules_see_every_room(tree: list[Module]) -> None:
    rooms = {module.room for module in tree}
    assert rooms == {"contracts", "components", "serving", "pipelines"}
    assert any(module.adapter for module in tree)


def test_no_exception_is_left_over(tree: list[Module]) -> None:
    used = {(m.path, i.name) for m in tree for i in m.imports}
    stale = [
        (path, name)
        for path, name in PIPELINES_MAY
        if not any(p == path and f"{n}.".startswith(f"{name}.") for p, n in used)
    ]
    assert stale == []


PLANTED = [
    (contracts_import_nobody, "contracts/a.py", "import components.train"),
    (contracts_import_nobody, "contracts/a.py", "def f():\n from serving import b"),
    (contracts_import_nobody, "contracts/b/a.py", "import pandas"),
    (contracts_import_nobody, "contracts/a.py", "from ..serving import model"),
    (contracts_import_nobody, "contracts/a.py", "try:\n import scipy\nfinally: pass"),
    (steps_stand_alone, "components/train/train.py", "from kfp import dsl"),
    (steps_stand_alone, "components/train/a.py", "def f():\n import kfp.dsl"),
    (steps_stand_alone, "components/train/a.py", "import components.ingest.ingest"),
    (steps_stand_alone, "components/train/a.py", "from components import ingest"),
    (steps_stand_alone, "components/train/a.py", "from serving import predictor"),
    (steps_stand_alone, "components/train/a.py", "from .component import train"),
    (steps_stand_alone, "components/train/a.py", "import components.training_tools"),
    (adapters_are_thin, "components/a/component.py", "import pyarrow"),
    (
        adapters_are_thin,
        "components/a/component.py",
        "from __future__ import annotations",
    ),
    (
        adapters_are_thin,
        "components/a/component.py",
        "def f():\n '''D.'''\n x = 1\n y = 2\n return x",
    ),
    (
        adapters_are_thin,
        "components/a/component.py",
        "def f():\n from components.b.b import run\n return run()",
    ),
    (pipelines_import_adapters_only, "pipelines/a.py", "import components.train.train"),
    (pipelines_import_adapters_only, "pipelines/a.py", "from serving import model"),
    (
        pipelines_import_adapters_only,
        "pipelines/schema.py",
        "def f():\n from components.validate import validate",
    ),
    (
        libraries_stay_in_their_room,
        "components/monitor/a.py",
        "def f():\n import tensorflow_data_validation as tfdv",
    ),
    (libraries_stay_in_their_room, "pipelines/a.py", "import kubernetes.client"),
    (libraries_stay_in_their_room, "components/ingest/a.py", "import boto3"),
    (
        libraries_stay_in_their_room,
        "components/ingest/a.py",
        "from google.cloud import storage",
    ),
    *[
        (compiling_is_light, "pipelines/local/a.py", f"import {library}")
        for library in ("tensorflow", "keras", "sklearn", "matplotlib", "kserve")
    ],
    (compiling_is_light, "pipelines/a.py", "from scipy import stats"),
    (compiling_is_light, "pipelines/a.py", "class A:\n import pandas"),
    (serving_shares_the_transform_only, "serving/a.py", "import pipelines.training"),
    (
        serving_shares_the_transform_only,
        "serving/a.py",
        "def f():\n from components.train import export",
    ),
]


@pytest.mark.parametrize(("rule", "path", "source"), PLANTED)
def test_a_planted_violation_is_found(
    rule: Rule, path: str, source: str, tmp_path: Path
) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(source + "\n")
    found = [problem for module in modules(tmp_path) for problem in rule(module)]
    assert len(found) == 1
    assert found[0].startswith(f"{path}:")


ALLOWED = [
    ("contracts/a.py", "import numpy\nimport pydantic_core\nimport json"),
    ("contracts/storage_s3.py", "def f():\n import boto3"),
    ("components/a/b.py", "import tensorflow\nfrom components.a import c"),
    ("components/validate/b.py", "import tensorflow_data_validation"),
    ("pipelines/a.py", "import typing as t\nif t.TYPE_CHECKING:\n import pandas"),
    ("pipelines/a.py", "def f():\n import matplotlib"),
    ("pipelines/a.py", "from components.train.component import train"),
    ("serving/a.py", "import kserve\nfrom components.transform import layers"),
    (
        "components/a/component.py",
        "from kfp import dsl\ndef f():\n from components.a.a import run\n return run()",
    ),
]


@pytest.mark.parametrize(("path", "source"), ALLOWED)
def test_what_is_allowed_passes(path: str, source: str) -> None:
    module = Module(path, source)
    assert [problem for rule in RULES for problem in rule(module)] == []
