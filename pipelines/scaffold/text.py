"""The config files as text: templates, and values written so that YAML keeps them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from pathlib import Path

import yaml

from pipelines.scaffold.plan import Plan

__all__ = ["render"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*( [A-Za-z0-9_]+)*")
_NOT_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_WIDTH = 88
_ANY_REQUESTS = 8000
_SHOWN = 20  # classes and renamed columns in a comment


def render(template: str, plan: Plan) -> str:
    """Return the text of `template` (project.yaml or rollout.yaml) for a plan."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # YAML, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "yaml": _scalar,
        "yaml_list": _list,
        "comment": _comment,
    }
    return environment.get_template(f"{template}.j2").render(
        plan=plan,
        profile=plan.profile,
        label=plan.label,
        timing=plan.timing,
        columns=plan.columns,
        requests=plan.timing.requests or _ANY_REQUESTS,
        counted=_counted(plan),
        renamed=_renamed(plan),
    )


def _scalar(value: object) -> str:
    """Write a value so that YAML reads exactly it, plainly where that is safe."""
    if not isinstance(value, str):
        return str(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT:
        return value
    quoted = yaml.dump(value, default_style='"', allow_unicode=True, width=10**9)
    return str(quoted).rstrip("\n")


def _list(values: Iterable[object], indent: int | None = None) -> str:
    """Write a list; with an indent after its key, and on many lines if need be."""
    items = [_scalar(value) for value in values]
    one = "[" + ", ".join(items) + "]"
    if indent is None:
        return one
    if len(one) + indent + len(" classes: ") <= _WIDTH:
        return f" {one}"
    return "".join(f"\n{' ' * (indent + 2)}- {item}" for item in items)


def _comment(text: str, indent: int) -> str:
    mark = f"{' ' * indent}# "
    wrapped = textwrap.wrap(
        text,
        width=_WIDTH,
        initial_indent=mark,
        subsequent_indent=mark,
        break_on_hyphens=False,
    )
    return "\n".join(wrapped)


def _counted(plan: Plan) -> list[str]:
    """Say how many rows each class has."""
    label = plan.label
    counts = [
        f"{_scalar(name[:40])} {count:,}"
        for name, count in zip(label.classes, label.counts, strict=True)
    ]
    unlabelled = [f"unlabelled {label.unlabelled:,}"] if label.unlabelled else []
    return [*_shortened(counts), *unlabelled]


def _renamed(plan: Plan) -> list[str]:
    """Say which columns have another name here than in the file."""
    renamed = [column for column in plan.profile.columns if column.raw != column.name]
    return _shortened([f"{_scalar(c.raw[:40])} is {c.name}" for c in renamed])


def _shortened(items: list[str]) -> list[str]:
    more = len(items) - _SHOWN
    return items if more <= 0 else [*items[:_SHOWN], f"{more} more"]
