"""YAML to pydantic with the line number of every mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from contracts.errors import ConfigError

_MAX_BYTES = 1 << 20
_MAX_NODES = 50_000
_Location = tuple[str | int, ...]
_Model = TypeVar("_Model", bound=BaseModel)


def load_model(path: Path, model: type[_Model]) -> _Model:
    """Read a YAML file into `model`.

    Raises ConfigError that lists every mistake as `file:line: where: what was
    found, what is allowed`.
    """
    value, lines = _read(path)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = [_sentence(path, lines, item) for item in error.errors()]
        raise ConfigError("\n".join(found)) from None


def _read(path: Path) -> tuple[Any, dict[_Location, int]]:
    try:
        text = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise ConfigError(f"{path}: no such file") from None
    if len(text) > _MAX_BYTES:
        raise ConfigError(f"{path}: larger than {_MAX_BYTES} bytes")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: dict[_Location, int] = {}
        if node is None:
            raise ConfigError(f"{path}: the file is empty")
        _walk(path, node, (), lines, [0])
        return yaml.safe_load(text), lines
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(f"{path}:{line}: not YAML: {problem}") from None
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ConfigError(f"{path}:1: not YAML: {error}") from None


def _walk(
    path: Path,
    node: yaml.Node,
    location: _Location,
    lines: dict[_Location, int],
    count: list[int],
) -> None:
    """Record the 1-based line of every key; refuse duplicates and alias bombs."""
    count[0] += 1
    if count[0] > _MAX_NODES:
        raise ConfigError(f"{path}: more than {_MAX_NODES} values")
    lines.setdefault(location, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                raise ConfigError(f"{path}:{line}: key '{name}' appears twice")
            seen.add(name)
            lines[(*location, name)] = line
            _walk(path, value, (*location, name), lines, count)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(path, value, (*location, index), lines, count)


def _sentence(path: Path, lines: dict[_Location, int], item: ErrorDetails) -> str:
    # A union puts the tag of the branch into the location: drop what has no line.
    location: _Location = ()
    for part in item["loc"]:
        location = (*location, part) if (*location, part) in lines else location
    missing = item["type"] == "missing"
    where = ".".join(str(p) for p in item["loc"]) or "the file"
    line = lines.get(location, 1)
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        message = "unknown key; see docs/config.md for the keys that exist"
    found = "" if missing or item["type"] == "value_error" else _found(item["input"])
    return f"{path}:{line}: {where}: {message}{found}"


def _found(value: Any) -> str:
    text = repr(value)
    return f" (found {text if len(text) <= 60 else text[:57] + '...'})"
