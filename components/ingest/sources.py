"""Where raw bytes come from: a path, a glob, or a file of an installed package.

Nothing is executed on the way: a package is located, never imported.
"""

from __future__ import annotations

import glob
import gzip
import importlib.util
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from contracts.errors import DataError, EnvironmentFault

__all__ = ["read_bytes", "resolve"]

_PACKAGE = "package://"
_MAX_BYTES = 4 << 30
"""Unpacked size of one file, 4 GiB: a small archive can hold an endless file."""
_CHUNK = 1 << 24


def resolve(source: str) -> list[Path]:
    """Return the files behind `source`, sorted by name; at least one.

    Raises DataError when there is none, naming what was looked for.
    """
    if source.startswith(_PACKAGE):
        return [_in_package(source)]
    if "://" in source:
        raise DataError(
            f"data.source {source}: expected a path, a glob or {_PACKAGE}NAME/path"
        )
    path = Path(source)
    if path.is_file():
        return [path]
    if path.is_dir():
        raise DataError(f"data.source {source} is a folder; name files: {source}/*.csv")
    found = sorted(Path(name) for name in glob.glob(source))  # noqa: PTH207 (absolute)
    files = [path for path in found if path.is_file()]
    if not files:
        raise DataError(
            f"data.source {source}: no such file. A relative path starts at the "
            "folder of project.yaml."
        )
    return files


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file, unpacked when it is .gz or a .zip of one file.

    Raises DataError for an archive that is broken, locked, too big or holds several
    files, and EnvironmentFault when the file cannot be read at all.
    """
    opener = _OPENERS.get(path.suffix.lower(), _plain)
    try:
        return opener(path)
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(
            f"{path}: broken archive ({error}). Fetch the file again."
        ) from None
    except NotImplementedError as error:
        raise DataError(f"{path}: {error}. Pack it again, or unpack it.") from None
    except (PermissionError, FileNotFoundError) as error:
        raise EnvironmentFault(f"{path}: cannot be read ({error.strerror})") from None


def _in_package(source: str) -> Path:
    name, _, inside = source.removeprefix(_PACKAGE).partition("/")
    spec = importlib.util.find_spec(name) if name.isidentifier() else None
    if spec is None:
        raise DataError(
            f"data.source {source}: package '{name}' is not installed here. "
            f"Install it, or point data.source at a file."
        )
    for folder in spec.submodule_search_locations or []:
        root = Path(folder).resolve()
        path = (root / inside).resolve()
        if path.is_relative_to(root) and path.is_file():
            return path
    raise DataError(f"data.source {source}: package '{name}' has no file '{inside}'")


def _plain(path: Path) -> bytes:
    with path.open("rb") as stream:
        return _bounded(path, stream)


def _unzip(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if _is_data(m)]
        names = [member.filename for member in members]
        if len(members) != 1:
            raise DataError(
                f"{path}: expected one file in the archive, found {len(names)}: "
                f"{', '.join(names[:5]) or 'none'}. Unpack it and use a glob."
            )
        if members[0].flag_bits & 1:
            raise DataError(f"{path}: {names[0]} is locked with a password")
        with archive.open(members[0]) as stream:
            return _bounded(path, stream)


def _is_data(member: zipfile.ZipInfo) -> bool:
    hidden = member.filename.startswith("__MACOSX/")  # what macOS adds by itself
    return not member.is_dir() and not hidden


def _gunzip(path: Path) -> bytes:
    with gzip.open(path) as stream:
        return _bounded(path, stream)


def _bounded(path: Path, stream: IO[bytes] | gzip.GzipFile) -> bytes:
    chunks, size = [], 0
    while chunk := stream.read(_CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > _MAX_BYTES:
            raise DataError(
                f"{path}: larger than {_MAX_BYTES >> 30} GiB; split it into several "
                "files and use a glob"
            )
    return b"".join(chunks)


_OPENERS: dict[str, Callable[[Path], bytes]] = {".zip": _unzip, ".gz": _gunzip}
