"""Whether a person has read a schema: one comment line, kept inside the schema.

    # state: inferred - approve with: canario schema approve flights
    # state: approved by ana on 2026-11-24

A schema without such a line was written by a person, so it counts as approved.
Standard library only: the command line reads and approves without TFDV.
"""

from __future__ import annotations

import datetime
import re
from typing import Literal

from contracts.errors import BadInput

__all__ = ["State", "approve", "inferred_line", "state_of"]

State = Literal["inferred", "approved"]
_LINE = re.compile(r"^#\s*state:\s*(inferred|approved)\b.*$", re.MULTILINE)


def state_of(text: str) -> State:
    """Return the state that a schema's text declares."""
    found = _LINE.search(text)
    return "inferred" if found and found.group(1) == "inferred" else "approved"


def inferred_line(project: str) -> str:
    """Return the first line of a schema that nobody has read yet."""
    return f"# state: inferred - approve with: canario schema approve {project}"


def approve(text: str, who: str, date: datetime.date | str) -> str:
    """Return `text` with its state line set to approved; all else stays as it was.

    Raises BadInput when `who` is empty or does not fit on a line.
    """
    name = who.strip()
    if not name or not name.isprintable():
        raise BadInput(f"approve: expected a name on one line, found {who!r}")
    line = f"# state: approved by {name} on {date}"
    if _LINE.search(text):
        return _LINE.sub(lambda _: line, text, count=1)
    return f"{line}\n{text}"
