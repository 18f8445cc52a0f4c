"""The exception tree: exit codes, and names that travel between processes."""

from __future__ import annotations

import pytest

from contracts import errors

EXIT_CODES = {
    "CanarioError": 3,
    "BadInput": 2,
    "ConfigError": 2,
    "DataError": 2,
    "SpanConflict": 2,
    "GateRefused": 1,
    "EnvironmentFault": 3,
}


@pytest.mark.parametrize(("name", "code"), EXIT_CODES.items())
def test_every_error_has_its_exit_code(name: str, code: int) -> None:
    assert errors.by_name(name).__name__ == name
    assert errors.by_name(name).exit_code == code


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert {*EXIT_CODES, "by_name"} == set(errors.__all__)
    assert all(name in (errors.__doc__ or "") for name in EXIT_CODES)


@pytest.mark.parametrize(
    "name", ["", "ValueError", "by_name", "annotations", "__doc__"]
)
def test_an_unknown_name_is_a_plain_error(name: str) -> None:
    assert errors.by_name(name) is errors.CanarioError
