"""Our modules as syntax trees: what test_imports and test_structure look at."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("contracts", "components", "serving", "pipelines")


class Import(NamedTuple):
    """`name` is dotted down to what is imported: `from a.b import c` is a.b.c.

    `top` means that it happens when the module itself is imported.
    """

    name: str
    line: int
    top: bool

    def within(self, *packages: str) -> bool:
        return any(f"{self.name}.".startswith(f"{package}.") for package in packages)

    @property
    def ours(self) -> bool:
        return self.within(*ROOMS)

    @property
    def standard(self) -> bool:
        return self.name.split(".")[0] in sys.stdlib_module_names


@dataclass(frozen=True)
class Module:
    """One source file; `path` is relative to the root, with forward slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> list[Import]:
        return list(self._imports(self.tree, top=True))

    @property
    def room(self) -> str:
        return self.path.split("/")[0]

    @property
    def step(self) -> str:
        """The folder below components/; empty elsewhere."""
        parts = self.path.split("/")
        return parts[1] if parts[0] == "components" and len(parts) > 2 else ""

    @property
    def adapter(self) -> bool:
        return bool(self.step) and self.path.endswith("/component.py")

    def says(self, line: int, problem: str) -> str:
        return f"{self.path}:{line}: {problem}"

    def _imports(self, node: ast.AST, top: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (Import(a.name, child.lineno, top) for a in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = self._absolute(child)
                for alias in child.names:
                    yield Import(f"{base}.{alias.name}", child.lineno, top)
            elif not _type_checking(child):
                function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
                yield from self._imports(child, top and not function)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.path.split("/")[: -node.level]
        return ".".join([*package, *([node.module] if node.module else [])])


def modules(root: Path) -> list[Module]:
    """Return every source file of the four rooms, sorted by path."""
    files = (file for room in ROOMS for file in (root / room).rglob("*.py"))
    found = [(file.relative_to(root).as_posix(), file.read_text()) for file in files]
    return [Module(path, text) for path, text in sorted(found)]


def _type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
