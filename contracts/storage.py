"""The one seam to stored bytes: a URI in, files out.

`file://` and plain paths are served here. A store for another scheme implements
`Storage` and is added to `_OPENERS`; nobody else needs to know. What makes object
stores different is in the interface already: there is no rename and no append, so
a write is one whole object and a directory is a key prefix.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from contracts.errors import BadInput, EnvironmentFault

_STAGING = ".writing-"
"""Beginning of the names under which things lie until they are whole."""

__all__ = ["LocalStorage", "Storage", "atomic_directory", "open_storage", "write_text"]


class Storage(Protocol):
    """Objects under one root URI; keys are relative, with forward slashes."""

    uri: str

    def read(self, key: str) -> bytes:
        """Return one object. Raises FileNotFoundError when it is not there."""
        ...

    def write(self, key: str, data: bytes) -> None:
        """Write one object whole: a reader sees the old or the new, never half."""
        ...

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`, sorted."""
        ...

    def download(self, prefix: str, target: Path) -> None:
        """Copy everything under `prefix` into the folder `target`."""
        ...

    def upload(self, source: Path, prefix: str) -> None:
        """Copy a file or folder under `prefix`."""
        ...

    def delete(self, prefix: str) -> None:
        """Remove everything under `prefix`; nothing there is no error."""
        ...


class LocalStorage:
    """A folder of this machine as storage."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.uri = str(root)

    def read(self, key: str) -> bytes:
        """Return the file's bytes. Raises FileNotFoundError."""
        return self._path(key).read_bytes()

    def write(self, key: str, data: bytes) -> None:
        """Write to a temporary name, then rename. Raises EnvironmentFault."""
        _write_bytes(self._path(key), data)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield relative file names below the root, without what is being written.

        They are sorted as text, as object stores do it.
        """
        found = (path for path in self.root.rglob("*") if path.is_file())
        names = sorted(path.relative_to(self.root).as_posix() for path in found)
        for key in names:
            if key.startswith(prefix) and f"/{_STAGING}" not in f"/{key}":
                yield key

    def download(self, prefix: str, target: Path) -> None:
        """Copy the file or folder `prefix` to `target`. Raises FileNotFoundError."""
        source = self._path(prefix)
        with disk_faults(target):
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                _copy_file(source, target)
            else:
                _copy_tree(source, target)

    def upload(self, source: Path, prefix: str) -> None:
        """Copy `source` (file or folder) so that it appears whole or not at all."""
        if source.is_file():
            self.write(prefix, source.read_bytes())
            return
        with atomic_directory(self._path(prefix)) as staging:
            _copy_tree(source, staging)

    def delete(self, prefix: str) -> None:
        """Remove a file or folder."""
        _remove(self._path(prefix))

    def _path(self, key: str) -> Path:
        if Path(key).is_absolute() or ".." in Path(key).parts:
            raise BadInput(f"{key}: not a key below {self.uri}")
        return self.root / key


def open_storage(uri: str) -> Storage:
    """Open the storage behind `uri`.

    Raises BadInput for a scheme that no store is registered for.
    """
    scheme = urlsplit(uri).scheme if "://" in uri else "file"
    opener = _OPENERS.get(scheme)
    if opener is None:
        known = ", ".join(sorted(_OPENERS))
        raise BadInput(f"{uri}: no storage for scheme '{scheme}'; known: {known}")
    return opener(uri)


def _open_local(uri: str) -> Storage:
    if "://" not in uri:
        return LocalStorage(Path(uri))
    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost") or not parts.path:
        raise BadInput(f"{uri}: write file:///absolute/path")
    return LocalStorage(Path(unquote(parts.path)))


_OPENERS: dict[str, Callable[[str], Storage]] = {"file": _open_local}


@contextlib.contextmanager
def disk_faults(path: Path) -> Iterator[None]:
    """Turn a full or read-only disk into a sentence.

    Raises EnvironmentFault naming `path`; other OSErrors pass.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EnvironmentFault(
                f"{path}: the disk is full; nothing half-written was left. "
                "Free some space and run again."
            ) from error
        if error.errno in (errno.EROFS, errno.EACCES):
            raise EnvironmentFault(
                f"{path}: not writable ({error.strerror}). Check the permissions."
            ) from error
        raise


@contextlib.contextmanager
def atomic_directory(target: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `target` when the block ends well.

    An older `target` is replaced; on an exception it stays, and nothing else does.
    Raises EnvironmentFault when the disk is full.
    """
    with disk_faults(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=_STAGING, dir=target.parent))
    staging, replaced = work / "new", work / "old"
    try:
        with disk_faults(target):
            staging.mkdir()
            yield staging
            if os.path.lexists(target):
                target.rename(replaced)
            staging.rename(target)
    except BaseException:
        if os.path.lexists(replaced):
            replaced.rename(target)
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to a temporary name, then rename. Raises EnvironmentFault."""
    _write_bytes(path, text.encode())


def _write_bytes(path: Path, data: bytes) -> None:
    with disk_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=_STAGING, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _copy_tree(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True, copy_function=_copy_file)


def _copy_file(source: str | Path, target: str | Path) -> None:
    """Copy one file; copytree would hide a full disk in a list of texts."""
    with disk_faults(Path(target)):
        shutil.copyfile(source, target)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def json_default(value: Any) -> Any:
    """Serialise what numpy leaves in results. Raises TypeError for the rest."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
