"""One mistake in a config as a sentence: where, what is allowed, what was found."""

from __future__ import annotations

import difflib
import json
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from contracts.config.section import Mistake

Location = tuple[str | int, ...]
"""The way from the top of a file to a value: keys and list positions."""

_ALLOWED = {
    "bool_type": "true or false",
    "enum": "{expected}",
    "finite_number": "a finite number",
    "float_type": "a number",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "int_type": "a whole number",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "list_type": "a list",
    "dict_type": "keys with values",
    "literal_error": "{expected}",
    "model_type": "keys with values",
    "string_pattern_mismatch": "a name that matches {pattern}",
    "string_type": "text",
    "too_long": "at most {max_length} items",
    "too_short": "at least {min_length} item(s)",
}
"""What to write instead, by pydantic's error type; filled from the error's context."""


def sentence(
    model: type[BaseModel], lines: dict[Location, int], item: ErrorDetails
) -> tuple[int, str]:
    """Return the line and the description of one of pydantic's errors.

    `lines` holds the line of every value that the file has; a missing key is
    reported where its section begins.
    """
    at: Location = item["loc"]
    context = item.get("ctx", {})
    if isinstance(context.get("error"), Mistake):
        at = (*at, *context["error"].at)
    section, name = at[:-1], at[-1] if at else ""
    match item["type"]:
        case "missing":
            at, text = section, f"the key '{name}' is missing"
        case "extra_forbidden":
            at, text = section, _unknown(str(name), _keys(model, section))
        case "value_error":
            text = str(context["error"])
        case kind if kind in _ALLOWED:
            allowed = _ALLOWED[kind].format(**context)
            text = f"expected {allowed}, found {_shown(kind, item['input'])}"
        case _:
            text = f"{item['msg']}, found {_shown('', item['input'])}"
    line = _line(lines, item["loc"] if item["type"] == "extra_forbidden" else at)
    return line, f"{_where(at)}: {text}" if at else text


def _unknown(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    hint = f", did you mean '{close[0]}'?" if close else "."
    return f"unknown key '{name}'{hint} Allowed here: {', '.join(known)}"


def _keys(model: type[BaseModel], section: Location) -> list[str]:
    """Return the keys that the section at this location may have."""
    for part in section:
        if isinstance(part, str):
            model = _model_in(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside `Model | None`, `list[Model]` and the like."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(inner) for inner in get_args(annotation))
    return next((model for model in found if model), None)


def _line(lines: dict[Location, int], at: Location) -> int:
    while at and at not in lines:
        at = at[:-1]
    return lines.get(at, 1)


def _where(at: Location) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in at]
    return "".join(parts).removeprefix(".")


def _shown(kind: str, value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    short = text if len(text) <= 60 else text[:57] + "..."
    scalar = value is None or isinstance(value, (bool, int, float))
    return f"{short}; put text in quotes" if kind == "string_type" and scalar else short
