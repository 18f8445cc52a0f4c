"""What happened to a task, and who is told. Free of kfp, which is slow to import."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pipelines.local.cache import KeyParts


@dataclass
class TaskRecord:
    """What happened to one task of a run; `why` says what made it run."""

    name: str
    cached: bool = False
    reconciled: bool = False
    seconds: float = 0.0
    status: str = "running"
    why: list[str] = field(default_factory=list)
    parts: KeyParts | None = None
    values: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)


class Listener(Protocol):
    """Somebody who wants to show progress."""

    def started(self, task: TaskRecord) -> None:
        """Tell that a task begins."""
        ...

    def ticked(self, task: TaskRecord, log: Path) -> None:
        """Tell that a task still runs; its log grows at `log`."""
        ...

    def finished(self, task: TaskRecord) -> None:
        """Tell that a task ended."""
        ...
