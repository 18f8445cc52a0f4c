"""Storage: whole or not at all, also when the disk is full."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contracts import storage
from contracts.errors import BadInput, EnvironmentFault
from contracts.storage import (
    LocalStorage,
    atomic_directory,
    json_default,
    open_storage,
    write_text,
)


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine refuse every byte that is written or copied."""

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fdopen", refuse)
    monkeypatch.setattr(shutil, "copyfile", refuse)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "weights").write_bytes(b"\0\1")
    (folder / "signature.json").write_text("{}")
    return folder


@pytest.fixture
def store(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "store")


def tree(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


def test_a_directory_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "examples"
    with atomic_directory(target) as staging:
        (staging / "manifest.json").write_text("{}")
        assert not target.exists()
    assert tree(tmp_path) == ["deep", "deep/examples", "deep/examples/manifest.json"]


def test_everybody_may_read_a_directory(tmp_path: Path) -> None:
    with atomic_directory(tmp_path / "a"):
        pass
    write_text(tmp_path / "b", "text")
    assert (tmp_path / "a").stat().st_mode & 0o555 == 0o555
    assert (tmp_path / "b").stat().st_mode & 0o444 == 0o444


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_nothing(
    error: type[BaseException], tmp_path: Path
) -> None:
    with pytest.raises(error), atomic_directory(tmp_path / "a") as staging:
        _write_half(staging, error)
    assert tree(tmp_path) == []


def _write_half(staging: Path, error: type[BaseException]) -> None:
    (staging / "half").write_text("x")
    raise error


def test_an_exception_keeps_the_old_directory(tmp_path: Path) -> None:
    with atomic_directory(tmp_path / "a") as staging:
        (staging / "old").write_text("x")
    with pytest.raises(KeyError), atomic_directory(tmp_path / "a") as staging:
        _write_half(staging, KeyError)
    assert tree(tmp_path) == ["a", "a/old"]


@pytest.mark.parametrize("kind", ["directory", "file", "link"])
def test_what_was_there_is_replaced(kind: str, tmp_path: Path) -> None:
    target = tmp_path / "a"
    if kind == "directory":
        (target / "old").mkdir(parents=True)
    elif kind == "file":
        target.write_text("old")
    else:
        target.symlink_to(tmp_path / "nowhere")
    with atomic_directory(target) as staging:
        (staging / "new").write_text("x")
    assert tree(tmp_path) == ["a", "a/new"]


def test_a_rename_that_fails_brings_the_old_directory_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "old").mkdir(parents=True)
    rename = Path.rename

    def second_fails(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(errno.EIO, "broken")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", second_fails)
    with pytest.raises(OSError, match="broken"), atomic_directory(tmp_path / "a"):
        pass
    assert tree(tmp_path) == ["a", "a/old"]


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_named_and_leaves_the_old_text(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"old")
    with pytest.raises(EnvironmentFault, match=r"state\.json: the disk is full"):
        write_text(path, "new")
    assert path.read_bytes() == b"old"
    assert tree(tmp_path) == ["state.json"]


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_while_a_tree_is_copied(store: LocalStorage, model: Path) -> None:
    with pytest.raises(EnvironmentFault, match="the disk is full"):
        store.upload(model, "models/a")
    assert tree(store.root) == ["models"]


def test_a_full_disk_inside_the_block(tmp_path: Path) -> None:
    with (
        pytest.raises(EnvironmentFault, match="examples: the disk is full"),
        atomic_directory(tmp_path / "examples"),
    ):
        raise OSError(errno.ENOSPC, "full")
    assert tree(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_cannot_be_written(number: int, tmp_path: Path) -> None:
    with (
        pytest.raises(EnvironmentFault, match=r"not writable .* permissions"),
        storage.disk_faults(tmp_path),
    ):
        raise OSError(number, os.strerror(number))


def test_other_faults_keep_their_class(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), storage.disk_faults(tmp_path):
        tmp_path.read_bytes()


def test_objects_come_back(store: LocalStorage) -> None:
    store.write("models/index.json", b"[]")
    store.write("models/index.json", b"[1]")
    assert store.read("models/index.json") == b"[1]"


def test_an_absent_object(store: LocalStorage) -> None:
    with pytest.raises(FileNotFoundError):
        store.read("nothing")
    assert list(store.keys()) == []


def test_keys_are_sorted_as_text_and_filtered_by_prefix(store: LocalStorage) -> None:
    for key in ("b/2", "a/x", "a-b", "b/10", "ab"):
        store.write(key, b"")
    assert list(store.keys()) == ["a-b", "a/x", "ab", "b/10", "b/2"]
    assert list(store.keys("a")) == ["a-b", "a/x", "ab"]
    assert list(store.keys("b/1")) == ["b/10"]


def test_what_is_being_written_has_no_key(store: LocalStorage) -> None:
    with atomic_directory(store.root / "models" / "a") as staging:
        (staging / "weights").write_text("x")
        assert list(store.keys()) == []
    assert list(store.keys()) == ["models/a/weights"]


def test_a_folder_goes_up_and_comes_down(
    store: LocalStorage, model: Path, tmp_path: Path
) -> None:
    store.upload(model, "models/a")
    store.download("models/a", tmp_path / "down")
    assert tree(tmp_path / "down") == tree(model)
    assert (tmp_path / "down" / "1" / "weights").read_bytes() == b"\0\1"


def test_a_file_goes_up_and_comes_down(
    store: LocalStorage, model: Path, tmp_path: Path
) -> None:
    store.upload(model / "signature.json", "s.json")
    store.download("s.json", tmp_path / "deep" / "s.json")
    assert (tmp_path / "deep" / "s.json").read_text() == "{}"


def test_an_upload_replaces_the_whole_folder(store: LocalStorage, model: Path) -> None:
    store.write("models/a/stale", b"")
    store.upload(model, "models/a")
    assert list(store.keys()) == ["models/a/1/weights", "models/a/signature.json"]


def test_delete_takes_files_folders_and_nothing(store: LocalStorage) -> None:
    for key in ("a/1", "a/2", "b"):
        store.write(key, b"")
    for key in ("a", "b", "never"):
        store.delete(key)
    assert list(store.keys()) == []


@pytest.mark.parametrize("key", ["../secret", "a/../../secret", "/etc/passwd"])
def test_keys_stay_below_the_root(key: str, store: LocalStorage) -> None:
    with pytest.raises(BadInput, match="not a key below"):
        store.read(key)
    with pytest.raises(BadInput, match="not a key below"):
        store.write(key, b"")


@pytest.mark.parametrize("form", ["{}", "file://{}", "file://localhost{}"])
def test_local_addresses(form: str, tmp_path: Path) -> None:
    (tmp_path / "a b").write_text("found")
    uri = form.format(tmp_path)
    assert open_storage(uri).read("a b") == b"found"


def test_a_file_uri_may_be_quoted(tmp_path: Path) -> None:
    open_storage(f"file://{tmp_path}/a%20b").write("key", b"x")
    assert (tmp_path / "a b" / "key").read_bytes() == b"x"


def test_an_unknown_scheme_lists_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"no storage for scheme 'ftp'; known: file"):
        open_storage("ftp://host/a")


@pytest.mark.parametrize("uri", ["file://relative/path", "file://"])
def test_a_file_uri_without_absolute_path(uri: str) -> None:
    with pytest.raises(BadInput, match="write file:///absolute/path"):
        open_storage(uri)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.arange(3), [0, 1, 2]),
        (np.array([7]), [7]),
        (np.array(7), 7),
        (Path("a/b"), "a/b"),
    ],
)
def test_numpy_and_paths_become_json(value: Any, plain: Any) -> None:
    assert json_default(value) == plain


def test_what_is_not_json() -> None:
    with pytest.raises(TypeError, match="set is not JSON"):
        json_default({1})
