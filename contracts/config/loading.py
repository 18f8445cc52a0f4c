"""YAML to pydantic with the line number of every mistake.

The dialect is YAML 1.2's core: `yes`, `no`, `12:30` and `2013-01-01` are text, 1e-3
is a number and 010 is ten. Types are not guessed either: "5" is no number and true
is not 1. So a value means what it looks like.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from contracts.config.mistakes import Location, sentence
from contracts.errors import ConfigError

__all__ = ["load_model"]

_MAX_BYTES = 1 << 17
_MAX_VALUES = 20_000
_MAX_DEPTH = 20
_Model = TypeVar("_Model", bound=BaseModel)


def load_model(path: Path, model: type[_Model]) -> _Model:
    """Read a YAML file into `model`.

    Raises ConfigError that lists every mistake as `file:line: where: what is
    allowed, what was found`.
    """
    tree = _Tree(path)
    value = tree.build(_compose(path), ())
    try:
        # JSON's strictness is the one we want: 1 is a float, "1" and true are not.
        return model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        found = [sentence(model, tree.lines, item) for item in error.errors()]
        lines = [f"{path}:{line}: {text}" for line, text in sorted(found)]
        raise ConfigError("\n".join(lines)) from None


class _Loader(yaml.SafeLoader):
    """PyYAML without YAML 1.1's guesses at dates, clocks, yes and no."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML's own name)


def _unicode(text: str) -> str:
    text.encode()  # half a surrogate pair raises here
    return text


_TAG = "tag:yaml.org,2002:"
_READ: dict[str, Callable[[str], Any]] = {
    "null": lambda _: None,
    "bool": lambda text: ["false", "true"].index(text.lower()) == 1,
    "int": int,
    "float": float,
    "str": _unicode,
}
_PLAIN = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+",
    "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?",
}
"""What an unquoted scalar has to look like, in order; anything else is text."""
for _name, _pattern in _PLAIN.items():
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"^(?:{_pattern})$"), None)


def _compose(path: Path) -> yaml.Node:
    try:
        with path.open("rb") as stream:
            text = stream.read(_MAX_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise ConfigError(f"{path}: no such file") from None
    if len(text) > _MAX_BYTES:
        raise ConfigError(f"{path}: larger than {_MAX_BYTES >> 10} KiB")
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise _not_yaml(path, error) from None
    except RecursionError:
        raise ConfigError(f"{path}: nested deeper than {_MAX_DEPTH} levels") from None
    if node is None:
        raise ConfigError(f"{path}: the file is empty")
    return node


def _not_yaml(path: Path, error: yaml.YAMLError) -> ConfigError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    if context := getattr(error, "context", None):
        problem = f"{context}, {problem}"
    if r"'\t'" in problem:
        problem += "; indent with spaces, not tabs"
    return ConfigError(f"{path}:{mark.line + 1 if mark else 1}: not YAML: {problem}")


class _Tree:
    """Plain values out of YAML nodes, and the 1-based line of each."""

    def __init__(self, path: Path) -> None:
        self.lines: dict[Location, int] = {}
        self._path = path
        self._count = 0

    def build(self, node: yaml.Node, at: Location) -> Any:
        """Return the node's value.

        Raises ConfigError for duplicate keys, keys that are no text, tags, and
        aliases that refer to themselves or multiply.
        """
        self._count += 1
        if self._count > _MAX_VALUES:
            raise self._error(node, f"more than {_MAX_VALUES} values")
        if len(at) > _MAX_DEPTH:
            raise self._error(node, f"nested deeper than {_MAX_DEPTH} levels")
        self.lines.setdefault(at, node.start_mark.line + 1)
        match node.tag.removeprefix(_TAG), node.value:
            case "map", [*pairs]:
                return self._mapping(pairs, at)
            case "seq", [*items]:
                return [self.build(item, (*at, i)) for i, item in enumerate(items)]
            case kind, str(text) if kind in _READ:
                return self._scalar(node, kind, text)
        raise self._error(node, f"the tag {node.tag} is not allowed")

    def _mapping(
        self, pairs: list[tuple[yaml.Node, yaml.Node]], at: Location
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, node in pairs:
            if not isinstance(key, yaml.ScalarNode) or key.tag != f"{_TAG}str":
                shown = key.value if isinstance(key, yaml.ScalarNode) else "?"
                raise self._error(key, f"key {shown} is not text; put it in quotes")
            inner = (*at, key.value)
            if key.value in found:
                first = self.lines[inner]
                raise self._error(
                    key, f"key '{key.value}' appears twice, first in line {first}"
                )
            self.lines[inner] = key.start_mark.line + 1
            found[key.value] = self.build(node, inner)
        return found

    def _scalar(self, node: yaml.Node, kind: str, text: str) -> Any:
        try:
            return _READ[kind](text)
        except ValueError:  # a tag that contradicts its value, 5,000 digits, \ud800
            raise self._error(node, f"{text[:40]!a} is no {kind}") from None

    def _error(self, node: yaml.Node, problem: str) -> ConfigError:
        return ConfigError(f"{self._path}:{node.start_mark.line + 1}: {problem}")
