"""Content digests: the identity of data, code and environments."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20


def of_bytes(data: bytes) -> str:
    """Return the SHA-256 of `data` in hex."""
    return hashlib.sha256(data).hexdigest()


def of_json(value: Any) -> str:
    """Return the digest of a JSON value, independent of key order.

    A whole float and the same integer are one value here, because parameters
    that travel through Kubeflow Pipelines come back as integers.
    """
    text = json.dumps(_whole(value), sort_keys=True, separators=(",", ":"))
    return of_bytes(text.encode())


def of_path(path: Path) -> str:
    """Return the digest of a file, or of a directory's names and contents.

    Raises FileNotFoundError when nothing lies at `path`.
    """
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
        listing = [[p.relative_to(path).as_posix(), of_path(p)] for p in files]
        return of_json(listing)
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {str(key): _whole(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_whole(item) for item in value]
    return value
