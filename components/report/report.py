"""One self-contained page about a run: what was decided, and everything it rests on.

The page needs no network, no script and no font of its own. Equal artifacts give
equal bytes, so a report can be cached like any other result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from components.report import (
    section_data,
    section_quality,
    section_rollout,
    section_serving,
    section_slices,
    section_training,
    text,
)
from components.report.collect import Artifacts, collect
from components.report.figures import style
from components.report.story import tell
from contracts.storage import write_text

_HERE = Path(__file__).parent
_SECTIONS: dict[str, Callable[[Artifacts], Any]] = {
    "data": section_data.build,
    "training": section_training.build,
    "quality": section_quality.build,
    "slices": section_slices.build,
    "serving": section_serving.build,
    "rollout": section_rollout.build,
    "tasks": section_serving.tasks,
}


def run(run_root: str, status: Mapping[str, Any], html: str | Path) -> None:
    """Write the report of the run whose artifacts lie below `run_root` to `html`.

    `status` has KFP's final status: state, error_message, ... Whatever is missing or
    damaged is left out and named. Raises EnvironmentFault when the disk is full.
    """
    found = collect(Path(run_root))
    page = render(found, status)
    write_text(Path(html), page)
    print(f"report: {len(page) / 1e6:.2f} MB", *found.problems, sep="\n")


def render(found: Artifacts, status: Mapping[str, Any]) -> str:
    """Return the page. Pure: the same artifacts and status give the same text."""
    problems = list(found.problems)
    with style():
        sections = {
            name: _built(name, build, found, problems)
            for name, build in _SECTIONS.items()
        }
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            sections,
            header=header(found),
            story=tell(found, status),
            problems=problems,
            css=Markup((_HERE / "style.css").read_text()),
        )
    )


def _built(
    name: str,
    build: Callable[[Artifacts], Any],
    found: Artifacts,
    problems: list[str],
) -> Any:
    """Build one section; one that cannot be built must not cost the reader the rest,
    least of all the reason why the run failed."""
    try:
        return build(found)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as e:
        problems.append(f"section {name}: {type(e).__name__}: {e}")
        return None


def header(found: Artifacts) -> dict[str, Any]:
    """Return project, question and the facts that tell this run from others."""
    record, manifest = found.run, found.manifest
    arrived = [span.span for span in manifest.spans] if manifest else []
    known = {
        "run": record.run_id,
        "spans": text.spans(record.spans or arrived),
        "examples": manifest and f"{sum(s.rows for s in manifest.spans):,}",
        "predicts": manifest and _classes(manifest.classes),
        "data": manifest and manifest.source_digest[:12],
        "planted": record.parameters.get("plant"),
    }
    return {
        "project": record.project or (manifest.project if manifest else "run"),
        "question": record.question,
        "facts": [(name, str(value)) for name, value in known.items() if value],
    }


def _classes(names: list[str]) -> str:
    few = len(names) <= 4
    return " / ".join(map(text.short, names)) if few else f"{len(names)} classes"


def breakable(name: str) -> Markup:
    """Return a name that may go on in the next line after an underscore."""
    return escape(name).replace("_", Markup("_<wbr>"))


def heat(share: float) -> str:
    """Return the colour of 0..1 as CSS: white to a dark blue, even in grey."""
    share = min(max(share, 0.0), 1.0)
    low, high = (247, 250, 252), (8, 69, 120)
    mixed = [round(a + (b - a) * share) for a, b in zip(low, high, strict=True)]
    return "#" + "".join(f"{value:02x}" for value in mixed)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Return the template engine: everything from data is escaped."""
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "svg": Markup,  # drawn by us, with escaped text
        "heat": heat,
        "distance": lambda value: text.fixed(value, 3),
        "percent": text.percent,
        "label": text.label,
        "breakable": breakable,
    }
    return environment
