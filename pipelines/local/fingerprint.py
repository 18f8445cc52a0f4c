"""What code a step runs: the digest of every source file it can import.

Followed through the import statements (also those inside functions), from the step's
`component.py` on. A step that starts a predictor by name runs `serving/` too, so
its image says so in `_STARTED`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from components import images
from contracts import digests

_ROOMS = ("contracts", "components", "serving")
_SHOWN = (".j2", ".css")
_STARTED = {images.SERVING: ("serving.predictor", "serving.drill")}

_FROM = re.compile(r"^\s*from\s+([\w.]+)\s+import\s+(\([^)]*\)|[^\n]+)", re.M)
_COMMENT = re.compile(r"#[^\n]*")
_IMPORT = re.compile(r"^\s*import\s+([^\n]+)", re.M)


def of_step(name: str, image: str, root: Path) -> str:
    """Return the code digest of the step `name` that runs in `image`."""
    start = [f"components.{name}.component", *_STARTED.get(image, ())]
    shown = [p for s in _SHOWN for p in root.glob(f"components/{name}/*{s}")]
    files = sorted(closure(start, root).union(shown))
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
                waiting += _imports(path)
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


@lru_cache(maxsize=4096)
def _imports(path: Path) -> tuple[str, ...]:
    """Return every module that `path` may import, also inside functions.

    Read with expressions instead of `ast`, which took a second for all steps. A line
    of a docstring that looks like an import costs a file too many, never one too few.
    """
    text = _COMMENT.sub("", path.read_text())
    modules = []
    for module, names in _FROM.findall(text):
        found = re.findall(r"[\w.]+", names)
        modules += [module, *(f"{module}.{name}" for name in found)]
    for names in _IMPORT.findall(text):
        modules += re.findall(r"[\w.]+", names)
    return tuple(modules)


@lru_cache(maxsize=4096)
def _digest(path: Path) -> str:
    return digests.of_path(path)
