"""Which content every span had, in `spans.json` of the project's workspace.

A span that arrives again with the same rows, in any order, keeps its version; with
other rows it is refused, or becomes the next version when the user says so.
"""

from __future__ import annotations

import json
from typing import Any

from contracts.errors import EnvironmentFault, SpanConflict
from contracts.storage import open_storage

__all__ = ["Ledger"]

_KEY = "spans.json"


class Ledger:
    """Versions of spans: {span: {version, digest, earlier: {version: digest}}}."""

    def __init__(self, uri: str) -> None:
        """Open the ledger below `uri`; a missing one is empty.

        Raises EnvironmentFault when it cannot be read, BadInput for an unknown store.
        """
        self._storage = open_storage(uri)
        self._spans: dict[str, dict[str, Any]] = {}
        try:
            self._spans = json.loads(self._storage.read(_KEY))
        except FileNotFoundError:
            return
        except ValueError as error:
            raise EnvironmentFault(
                f"{uri}/{_KEY}: not readable ({error}). Restore it from a backup, or "
                "delete it to number all spans from version 1 again."
            ) from None

    def record(self, span: int, digest: str, new_version: bool) -> int:
        """Return the version of a span with this content, and remember it.

        Raises SpanConflict when the span is known with other content and no new
        version was asked for.
        """
        known = self._spans.get(str(span))
        if known is None:
            self._spans[str(span)] = {"version": 1, "digest": digest, "earlier": {}}
            return 1
        versions = {known["digest"]: known["version"]}
        versions |= {old: int(number) for number, old in known["earlier"].items()}
        if digest in versions:
            return int(versions[digest])
        following = int(known["version"]) + 1
        if not new_version:
            raise SpanConflict(
                f"span {span} was ingested before with other content: version "
                f"{known['version']} has digest {known['digest'][:16]}, now it is "
                f"{digest[:16]}. The file was changed, or the config reads it in "
                "another way (header, null_values). Restore it, or run again with "
                f"--new-version to accept it as version {following}."
            )
        earlier = known["earlier"] | {str(known["version"]): known["digest"]}
        accepted = {"version": following, "digest": digest, "earlier": earlier}
        self._spans[str(span)] = accepted
        return following

    def save(self) -> None:
        """Write the ledger whole. Raises EnvironmentFault on a full disk."""
        ordered = dict(sorted(self._spans.items(), key=lambda item: int(item[0])))
        self._storage.write(_KEY, (json.dumps(ordered, indent=1) + "\n").encode())
