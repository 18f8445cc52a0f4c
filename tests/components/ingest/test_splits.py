import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.ingest.hashing import hash_rows
from components.ingest.splits import assign, check
from contracts.config.project import SplitConfig
from contracts.errors import DataError

TRAIN, EVAL, TEST = 0, 1, 2


def hashes(values):
    return hash_rows(pa.table({"value": values}), ["value"])


def split(by, rows, groups=None, times=None, **shares):
    keys = hashes(np.arange(rows))
    times = np.arange(rows) if times is None else np.array(times, np.int64)
    return assign(SplitConfig(by=by, **shares), keys, groups, times)


@pytest.mark.parametrize("by", ["hash", "time"])
@pytest.mark.parametrize(("eval_", "test"), [(0.1, 0.2), (0.25, 0.05)])
def test_shares_are_what_the_config_says(by, eval_, test):
    counts = np.bincount(split(by, 20_000, eval=eval_, test=test), minlength=3)
    assert counts / 20_000 == pytest.approx([1 - eval_ - test, eval_, test], abs=0.01)


def test_by_time_the_most_recent_rows_are_test():
    codes = split("time", 10, times=[9, 8, 7, 6, 5, 4, 3, 2, 1, 0], eval=0.2, test=0.1)
    assert codes.tolist() == [TEST, EVAL, EVAL] + [TRAIN] * 7


def test_rows_of_one_time_stay_together():
    codes = split("time", 10, times=[1] * 5 + [2] * 5, eval=0.1, test=0.1)
    assert codes.tolist() == [TRAIN] * 5 + [TEST] * 5


@given(st.lists(st.integers(0, 8), min_size=1, max_size=60), st.data())
@pytest.mark.parametrize("by", ["hash", "time"])
def test_groups_never_straddle_splits(by, members, data):
    times = data.draw(
        st.lists(st.integers(0, 50), min_size=len(members), max_size=len(members))
    )
    codes = split(by, len(members), groups=hashes(members), times=times)
    for group in set(members):
        assert len(set(codes[np.array(members) == group].tolist())) == 1


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 99)), min_size=1))
def test_by_time_nothing_that_trains_is_younger_than_test_begins(rows):
    groups, times = (np.array(column) for column in zip(*rows, strict=True))
    codes = split("time", len(rows), groups=hashes(groups), times=times)
    latest = {g: times[groups == g].max() for g in set(groups.tolist())}
    tested = [latest[g] for g, code in zip(groups, codes, strict=True) if code == TEST]
    trained = times[codes == TRAIN]
    assert tested
    assert trained.max(initial=-1) < min(tested)


@given(st.integers(1, 200))
def test_by_hash_a_row_keeps_its_split_when_others_arrive(before):
    keys = hashes(np.arange(300))
    config, times = SplitConfig(by="hash"), np.zeros(300, np.int64)
    few = assign(config, keys[:before], None, times[:before])
    assert (few == assign(config, keys, None, times)[:before]).all()


@pytest.mark.parametrize(
    ("codes", "labels", "says"),
    [
        ([0, 0, 1, 2], [-1, -1, -1, -1], "none of 4 rows has a label"),
        ([0, 0, 0, 2], [0, 1, 0, 1], "split eval has no labelled rows"),
        ([0, 0, 1, 2], [0, 1, 0, -1], "split test has no labelled rows"),
        ([2, 2, 1, 2], [0, 1, 0, 1], "split train has no labelled rows"),
        ([0, 0, 1, 2], [1, 1, 0, 0], "all its labelled rows are 'yes'"),
        ([0, 0, 1, 2], [1, -1, 0, 0], "all its labelled rows are 'yes'"),
    ],
)
def test_a_split_that_cannot_serve_is_refused(codes, labels, says):
    with pytest.raises(DataError, match=says):
        check(np.array(codes), np.array(labels), ["no", "yes"])


def test_sound_splits_pass():
    codes, labels = np.array([0, 0, 0, 1, 2]), np.array([0, 1, -1, 0, 1])
    assert check(codes, labels, ["no", "yes"]) is None
