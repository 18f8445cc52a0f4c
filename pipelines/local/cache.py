"""Results by content: the same inputs, code, parameters and environment, once.

    cache/<step>/<key>/entry.json      what made the key, and digests of the outputs
    cache/<step>/<key>/outputs/...     the artifacts

The key holds digests, never paths or times: a file edited in place is a miss, and a
moved one is a hit. Entries whose files are gone or damaged are misses too.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from contracts import digests
from contracts.storage import atomic_directory

ENTRY = "entry.json"


class KeyParts(BaseModel):
    """What decides whether a step has to run; each value a digest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    step: str
    code: str
    environment: str
    parameters: dict[str, str]
    inputs: dict[str, str]

    def key(self) -> str:
        """Return the cache key."""
        return digests.of_json(self.model_dump())

    def differences(self, other: KeyParts) -> list[str]:
        """Name what differs from `other`, for people: `parameter train`."""
        found = []
        if self.code != other.code:
            found.append("code")
        if self.environment != other.environment:
            found.append("environment")
        for kind in ("parameters", "inputs"):
            mine, theirs = getattr(self, kind), getattr(other, kind)
            changed = [
                n for n in sorted({*mine, *theirs}) if mine.get(n) != theirs.get(n)
            ]
            found += [f"{kind[:-1]} {name}" for name in changed]
        return found


class Entry(BaseModel):
    """One remembered result. `outputs` are kfp's executor output, paths relative."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    parts: KeyParts
    run_id: str
    seconds: float
    executor_output: dict[str, Any]
    digests: dict[str, str]


class Cache:
    """The results of one project, below its build folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, parts: KeyParts, target: Path) -> Entry | None:
        """Place the remembered outputs into `target`; None when there are none.

        An entry that lost a file, or whose content changed, is no entry.
        """
        place = self._folder / parts.step / parts.key()
        try:
            entry = Entry.model_validate_json((place / ENTRY).read_text())
            found = {
                name: digests.of_path(place / "outputs" / name)
                for name in entry.digests
            }
        except (FileNotFoundError, ValueError):  # pydantic's is a ValueError
            return None
        if found != entry.digests:
            return None
        for name in entry.digests:
            _link(place / "outputs" / name, target / name)
        return entry

    def put(self, entry: Entry, outputs: Path) -> None:
        """Remember the outputs in the folder `outputs` under the entry's key."""
        with atomic_directory(
            self._folder / entry.parts.step / entry.parts.key()
        ) as new:
            for name in entry.digests:
                _link(outputs / name, new / "outputs" / name)
            text = json.dumps(entry.model_dump(mode="json"), indent=1)
            (new / ENTRY).write_text(text)

    def why(self, parts: KeyParts) -> list[str]:
        """Say what changed since the nearest remembered result of this step."""
        entries = (self._folder / parts.step).glob(f"*/{ENTRY}")
        newest = sorted(entries, key=lambda p: p.stat().st_mtime, reverse=True)[:20]
        found: list[list[str]] = []
        for path in newest:
            try:
                other = Entry.model_validate_json(path.read_text())
            except ValueError:
                continue
            found.append(parts.differences(other.parts) or ["outputs lost or damaged"])
        return min(found, key=len, default=["first time"])


def _link(source: Path, target: Path) -> None:
    """Give `target` the content of `source` without copying it where possible."""
    if target.is_dir():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link_file)
    else:
        _link_file(str(source), str(target))


def _link_file(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(source, target)
