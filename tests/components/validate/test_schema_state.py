"""Inferred until a person says otherwise."""

import datetime

import pytest

from components.validate.schema_state import approve, inferred_line, state_of
from contracts.errors import BadInput

INFERRED = f'{inferred_line("shop")}\n# a note\nfeature {{ name: "x" }}\n'
TODAY = datetime.date(2026, 11, 24)


def test_inferred_until_approved_and_all_else_stays():
    approved = approve(INFERRED, "Ana", TODAY)
    assert (state_of(INFERRED), state_of(approved)) == ("inferred", "approved")
    assert approved.splitlines()[0] == "# state: approved by Ana on 2026-11-24"
    assert approved.splitlines()[1:] == INFERRED.splitlines()[1:]


def test_a_schema_without_a_state_was_written_by_a_person():
    assert state_of('feature { name: "x" }') == "approved"
    assert approve("body\n", "Ana", TODAY).endswith("on 2026-11-24\nbody\n")


def test_approving_again_names_the_last_reader():
    twice = approve(approve(INFERRED, "Ana", TODAY), r"Bo \1", TODAY)
    assert twice.count("# state:") == 1
    assert twice.startswith(r"# state: approved by Bo \1 on")


@pytest.mark.parametrize("who", ["", "  ", "Ana\nfeature {}"])
def test_a_name_fits_on_one_line(who):
    with pytest.raises(BadInput, match="expected a name"):
        approve(INFERRED, who, TODAY)
