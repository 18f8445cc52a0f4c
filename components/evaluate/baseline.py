"""Finds the baseline model and makes sure that it is the one that was meant."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contracts import digests
from contracts.errors import EnvironmentFault
from contracts.storage import LocalStorage, open_storage


@contextmanager
def opened(uri: str, digest: str) -> Iterator[Path]:
    """Yield the baseline's folder: in place, or downloaded for the block's time.

    Raises EnvironmentFault when it is not there or its content is not `digest`.
    """
    storage = open_storage(uri)
    with tempfile.TemporaryDirectory() as scratch:
        if isinstance(storage, LocalStorage):
            folder = storage.root
        else:
            folder = Path(scratch) / "baseline"
            storage.download("", folder)
        _verify(folder, uri, digest)
        yield folder


def _verify(folder: Path, uri: str, digest: str) -> None:
    try:
        found = digests.of_path(folder)
    except FileNotFoundError:
        raise EnvironmentFault(
            f"baseline {uri}: nothing there. Restore the workspace, or remove the "
            "model from its registry to start without a baseline."
        ) from None
    if found != digest:
        raise EnvironmentFault(
            f"baseline {uri}: content has digest {found[:16]}, the registry says "
            f"{digest[:16]}; it was changed after it was blessed. Restore it."
        )
