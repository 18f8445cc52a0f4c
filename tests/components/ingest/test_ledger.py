import json

import pytest

from components.ingest.ledger import Ledger
from contracts.errors import BadInput, EnvironmentFault, SpanConflict


@pytest.fixture
def ledger(tmp_path):
    """A ledger that knows span 7 with content aaa."""
    first = Ledger(str(tmp_path))
    first.record(7, "aaa", new_version=False)
    first.save()
    return Ledger(str(tmp_path))


def test_the_first_content_of_a_span_is_version_one(tmp_path):
    assert Ledger(str(tmp_path)).record(7, "aaa", new_version=False) == 1


def test_the_same_content_keeps_its_version(ledger):
    assert ledger.record(7, "aaa", new_version=True) == 1


def test_other_content_is_refused_with_both_digests_and_what_to_do(ledger):
    with pytest.raises(SpanConflict) as caught:
        ledger.record(7, "bbb", new_version=False)
    for word in ("span 7", "aaa", "bbb", "--new-version", "version 2"):
        assert word in str(caught.value)


def test_other_content_becomes_the_next_version_when_asked_for(ledger):
    assert ledger.record(7, "bbb", new_version=True) == 2
    assert ledger.record(7, "ccc", new_version=True) == 3


def test_earlier_content_is_still_known(tmp_path, ledger):
    ledger.record(7, "bbb", new_version=True)
    ledger.save()
    again = Ledger(str(tmp_path))
    assert again.record(7, "aaa", new_version=False) == 1
    assert again.record(7, "bbb", new_version=False) == 2


def test_nothing_is_written_before_save(tmp_path):
    Ledger(str(tmp_path)).record(7, "aaa", new_version=False)
    assert list(tmp_path.iterdir()) == []


def test_what_lies_in_the_workspace(tmp_path, ledger):
    ledger.record(10, "ddd", new_version=False)
    ledger.save()
    assert json.loads((tmp_path / "spans.json").read_text()) == {
        "7": {"version": 1, "digest": "aaa", "earlier": {}},
        "10": {"version": 1, "digest": "ddd", "earlier": {}},
    }


@pytest.mark.parametrize("content", [b"", b"{", b"\xff"])
def test_a_damaged_ledger_is_a_fault_that_says_what_to_do(tmp_path, content):
    (tmp_path / "spans.json").write_bytes(content)
    with pytest.raises(EnvironmentFault, match=r"spans.json: not readable.*Restore"):
        Ledger(str(tmp_path))


def test_an_unknown_store_is_refused():
    with pytest.raises(BadInput, match="no storage for scheme 'ftp'"):
        Ledger("ftp://host/spans")
