"""The code of a step is every source file that it can import."""

from pathlib import Path

import pytest

from components import images
from pipelines.local import fingerprint


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = {
        "contracts/__init__.py": "",
        "contracts/errors.py": "",
        "contracts/slices.py": "from contracts.errors import X",
        "contracts/unused.py": "",
        "components/__init__.py": "",
        "components/train/__init__.py": "",
        "components/train/component.py": (
            "def train():\n    from components.train.train import run\n"
        ),
        "components/train/train.py": "import numpy\nfrom contracts import slices\n",
        "serving/__init__.py": "",
        "serving/predictor.py": "",
        "serving/drill.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    fingerprint._digest.cache_clear()
    fingerprint._imports.cache_clear()
    return tmp_path


def _names(tree: Path) -> set[str]:
    found = fingerprint.closure(["components.train.component"], tree)
    return {path.relative_to(tree).as_posix() for path in found}


def test_the_closure_follows_imports_inside_functions(tree: Path) -> None:
    assert {"components/train/train.py", "contracts/errors.py"} <= _names(tree)


def test_a_comment_between_names_hides_none(tree: Path) -> None:
    names = "(  # noqa (all)\n    errors,  # first (of two)\n    unused,\n)"
    (tree / "components/train/train.py").write_text(f"from contracts import {names}\n")
    assert {"contracts/errors.py", "contracts/unused.py"} <= _names(tree)


def test_files_that_nobody_imports_do_not_count(tree: Path) -> None:
    assert "contracts/unused.py" not in _names(tree)


@pytest.mark.parametrize(
    ("changed", "image", "differs"),
    [
        ("contracts/errors.py", images.TRAIN, True),
        ("contracts/unused.py", images.TRAIN, False),
        ("serving/predictor.py", images.TRAIN, False),
        ("serving/predictor.py", images.SERVING, True),
    ],
)
def test_one_changed_line_changes_who_imports_it(
    tree: Path, changed: str, image: str, differs: bool
) -> None:
    before = fingerprint.of_step("train", image, tree)
    (tree / changed).write_text("# a line\n")
    fingerprint._digest.cache_clear()
    fingerprint._imports.cache_clear()
    assert (fingerprint.of_step("train", image, tree) != before) is differs
