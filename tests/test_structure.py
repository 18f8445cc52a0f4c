"""Sizes, clocks and chance: what makes a file readable and a run repeatable."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.source_tree import ROOT, Module, modules

FILE_LINES = 300
FUNCTION_LINES = 60

# Longer than FUNCTION_LINES on purpose.
LONG = {
    # It is the pipeline: one line a parameter, one call a step, in order.
    ("pipelines/training.py", "training"),
}

# Clocks and chance are arguments (so that a run can be repeated and a test can choose
# them). Measuring a duration with time.monotonic or perf_counter is no clock.
CHANCE = (
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "numpy.random",
    "os.urandom",
    "random",
    "secrets",
    "time.gmtime",
    "time.localtime",
    "time.time",
    "time.time_ns",
    "uuid.uuid1",
    "uuid.uuid4",
)
# Made from a seed, or a type to annotate with.
SEEDED = (
    "numpy.random.Generator",
    "numpy.random.PCG64",
    "numpy.random.Philox",
    "numpy.random.SeedSequence",
    "numpy.random.default_rng",
    "random.Random",
)
# Who may look at the clock all the same.
CLOCKS = {
    # A model goes live at a moment of the real world. `run` takes a clock; this is
    # the one it has when a pipeline, which cannot pass functions, calls it.
    ("components/deploy/deploy.py", "datetime.datetime.now"),
}

Rule = Callable[[Module], Iterable[str]]


def files_are_short(module: Module) -> Iterator[str]:
    lines = len(module.text.splitlines())
    if lines > FILE_LINES:
        yield module.says(FILE_LINES, f"{lines} lines, at most {FILE_LINES}")


def functions_are_short(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES and (module.path, node.name) not in LONG:
            yield module.says(node.lineno, f"{node.name} has {lines} lines")


def clocks_and_seeds_are_arguments(module: Module) -> Iterator[str]:
    """Rule 7, for the rooms whose results are compared."""
    if module.room not in ("contracts", "components"):
        return
    for node, name in _names(module.tree):
        seeded = name in SEEDED and not _is_call_without_seed(module.tree, node)
        allowed = seeded or (module.path, name) in CLOCKS
        if _within(name, CHANCE) and not allowed:
            yield module.says(node.lineno, f"{name} is an argument, not a call")


def _names(tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """Yield the outermost dotted names that are read, with imports resolved."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for a in node.names:
                head = a.name.split(".")[0]
                known[a.asname or head] = a.name if a.asname else head
        elif isinstance(node, ast.ImportFrom) and node.module:
            for a in node.names:
                known[a.asname or a.name] = f"{node.module}.{a.name}"
    inner = {n.value for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and node not in inner:
            head, *rest = _dotted(node)
            if head in known:
                yield node, ".".join([known[head], *rest])


def _dotted(node: ast.expr) -> list[str]:
    """Return the parts of a name like a.b.c; one empty part for anything else."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [*_dotted(node.value), node.attr]
    return [""]


def _is_call_without_seed(tree: ast.Module, function: ast.expr) -> bool:
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call))
    return any(c.func is function and not (c.args or c.keywords) for c in calls)


def _within(name: str, names: Iterable[str]) -> bool:
    return any(f"{name}.".startswith(f"{each}.") for each in names)


RULES: list[Rule] = [
    files_are_short,
    functions_are_short,
    clocks_and_seeds_are_arguments,
]


@pytest.fixture(scope="module")
def tree() -> list[Module]:
    return modules(ROOT)


@pytest.mark.parametrize("rule", RULES)
def test_the_tree_keeps_the_rule(rule: Rule, tree: list[Module]) -> None:
    assert [problem for module in tree for problem in rule(module)] == []


def test_no_exception_is_left_over(tree: list[Module]) -> None:
    functions = {
        (m.path, n.name)
        for m in tree
        for n in ast.walk(m.tree)
        if isinstance(n, ast.FunctionDef)
    }
    names = {(m.path, name) for m in tree for _, name in _names(m.tree)}
    assert set(LONG) <= functions
    assert set(CLOCKS) <= names


PLANTED = [
    (files_are_short, "x = 1\n" * 301),
    (functions_are_short, "def f():\n" + " x = 1\n" * 60),
    (functions_are_short, "class A:\n async def f(self):\n" + "  x = 1\n" * 60),
    *[
        (clocks_and_seeds_are_arguments, source)
        for source in (
            "from datetime import datetime\nx = datetime.now()",
            "import datetime as dt\nx = dt.datetime.now(dt.UTC)",
            "from datetime import date\ndef f(day=date.today): pass",
            "import time\nx = time.time()",
            "from time import time_ns as now\nx = now()",
            "import random\nx = random.random()",
            "from random import shuffle\nshuffle([])",
            "import numpy as np\nnp.random.seed(3)",
            "import numpy as np\nx = np.random.default_rng()",
            "import numpy.random\nx = numpy.random.rand(3)",
            "import random\nx = random.Random()",
            "import uuid\nx = uuid.uuid4().hex",
        )
    ],
]


@pytest.mark.parametrize(("rule", "source"), PLANTED)
def test_a_planted_violation_is_found(rule: Rule, source: str, tmp_path: Path) -> None:
    file = tmp_path / "components" / "step" / "step.py"
    file.parent.mkdir(parents=True)
    file.write_text(source + "\n")
    found = [problem for module in modules(tmp_path) for problem in rule(module)]
    assert len(found) == 1
    assert found[0].startswith("components/step/step.py:")


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n" * 300,
        "def f():\n" + " x = 1\n" * 59,
        "import time\nx = time.monotonic()",
        "import numpy as np\nx = np.random.default_rng(17)",
        "import numpy as np\ndef f(rng: np.random.Generator): return rng.random()",
        "import random\nx = random.Random(17).random()",
        "def f(random): return random.random()",
        "from datetime import datetime\nx = datetime.fromisoformat('2013-01-01')",
    ],
)
def test_what_is_allowed_passes(source: str) -> None:
    module = Module("components/step/step.py", source)
    assert [problem for rule in RULES for problem in rule(module)] == []
