"""From a config folder to arguments: what a person may have got wrong in its files."""

from pathlib import Path

import pytest

from contracts.config import load_project, load_rollout
from contracts.errors import BadInput
from pipelines import parameters
from pipelines.parameters import Project
from tests.contracts.configs import PROJECT, ROLLOUT

SET = "evaluate: {must_pass: [{name: hub, file: hub.csv}]}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "shop"
    place.mkdir()
    (place / "project.yaml").write_text(PROJECT + SET)
    (place / "rollout.yaml").write_text(ROLLOUT)
    return place


def arguments(folder: Path) -> dict[str, object]:
    build = folder.parent / "build"
    project = Project(folder, load_project(folder), load_rollout(folder), build)
    return parameters.arguments(project, [1], [], "r", build / "r", "digest")


def test_the_rows_of_a_must_pass_set_are_read(folder: Path) -> None:
    (folder / "hub.csv").write_bytes(b"\xef\xbb\xbfcity,label\nOslo,back\n")
    rows = [{"city": "Oslo", "label": "back"}]
    assert arguments(folder)["must_pass"] == [{"name": "hub", "rows": rows}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no file"),
        (b"", "needs rows and a column 'label'"),
        (b"city\nOslo\n", "needs rows and a column 'label'"),
        (b"city,label\nOslo,gone\nBergen\n", "row 2: not as many fields"),
        (b"city,label\nOslo,back,3\n", "row 1: not as many fields"),
        (b"city,label\nOslo,maybe\n", "label 'maybe' is not a class"),
        (b"city,label\n\xd8lo,back\n", "expected CSV in UTF-8"),
        (b'city,label\n"Oslo,back\n', "expected CSV in UTF-8"),
        (b"city,label\n" + 1001 * b"Oslo,back\n", "at most 1000"),
    ],
)
def test_a_wrong_must_pass_file_is_refused(
    content: bytes | None, said: str, folder: Path
) -> None:
    if content is not None:
        (folder / "hub.csv").write_bytes(content)
    with pytest.raises(BadInput, match=said):
        arguments(folder)


def test_a_schema_that_is_no_text_is_refused(folder: Path) -> None:
    (folder / "schema.pbtxt").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="not UTF-8 text"):
        arguments(folder)
