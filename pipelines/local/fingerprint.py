"""What code a step runs: the digest of every source file it can import.

Followed through the import statements (also those inside functions), from the step's
`component.py` on. A step that starts a predictor by name runs `serving/` too, so
its image says so in `_STARTED`.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

from components import images
from contracts import digests

_ROOMS = ("contracts", "components", "serving")
_STARTED = {images.SERVING: ("serving.predictor", "serving.drill")}


def of_step(name: str, image: str, root: Path) -> str:
    """Return the code digest of the step `name` that runs in `image`."""
    start = [f"components.{name}.component", *_STARTED.get(image, ())]
    files = sorted(closure(start, root))
    return digests.of_json(
        [[path.relative_to(root).as_posix(), _digest(path)] for path in files]
    )


def closure(modules: list[str], root: Path) -> set[Path]:
    """Return the source files below `root` that `modules` import, themselves too."""
    found: set[Path] = set()
    waiting = list(modules)
    while waiting:
        for path in _files(waiting.pop(), root):
            if path not in found:
                found.add(path)
                waiting += _imports(path, root)
    return found


def _files(module: str, root: Path) -> list[Path]:
    """Return the files that importing `module` executes: packages, then itself."""
    parts = module.split(".")
    if parts[0] not in _ROOMS:
        return []
    files = []
    for depth in range(1, len(parts) + 1):
        base = root.joinpath(*parts[:depth])
        files += [
            p for p in (base / "__init__.py", base.with_suffix(".py")) if p.exists()
        ]
    return files


def _imports(path: Path, root: Path) -> list[str]:
    modules = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            modules += [node.module]
            modules += [f"{node.module}.{alias.name}" for alias in node.names]
    return modules


@lru_cache(maxsize=4096)
def _digest(path: Path) -> str:
    return digests.of_path(path)


@lru_cache(maxsize=4096)
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())
