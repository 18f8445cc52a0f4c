import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.ingest.hashing import as_hex, digest, example_ids, hash_rows, shares

cells = st.tuples(
    st.none() | st.integers(-3, 3), st.none() | st.sampled_from(["a", "b", ""])
)
tables = st.lists(cells, min_size=1, max_size=40)


def table_of(rows):
    numbers = pa.array([row[0] for row in rows], pa.int64())
    texts = pa.array([row[1] for row in rows], pa.string())
    return pa.table({"n": numbers, "t": texts})


def ids_of(rows, span=1):
    table = table_of(rows)
    content = hash_rows(table, ["n", "t"])
    keys = hash_rows(table, ["n"])
    return as_hex(
        example_ids(keys, content, np.full(len(rows), span, np.int32))
    ).to_pylist()


@given(tables)
def test_equal_rows_have_equal_hashes_and_others_do_not(rows):
    hashes = hash_rows(table_of(rows), ["n", "t"]).tolist()
    hash_of = dict(zip(rows, hashes, strict=True))
    assert [hash_of[row] for row in rows] == hashes
    assert len(set(hashes)) == len(set(rows))


@given(tables, st.randoms())
def test_a_digest_does_not_depend_on_the_order_of_rows(rows, random):
    shuffled = random.sample(rows, len(rows))
    before, after = (
        digest(hash_rows(table_of(r), ["n", "t"])) for r in (rows, shuffled)
    )
    assert before == after


@given(tables)
def test_a_digest_notices_one_more_copy_of_a_row(rows):
    more = [*rows, rows[0]]
    before, after = (digest(hash_rows(table_of(r), ["n", "t"])) for r in (rows, more))
    assert before != after


def test_the_order_of_columns_does_not_matter_but_their_names_do():
    table = pa.table({"a": [1, 2], "b": [2, 1]})
    assert (hash_rows(table, ["a", "b"]) == hash_rows(table, ["b", "a"])).all()
    assert hash_rows(table, ["a", "b"])[0] != hash_rows(table, ["a", "b"])[1]


def test_a_value_hashes_the_same_as_whole_number_and_as_fraction():
    whole = pa.table({"a": pa.array([5, 0, None], pa.int64())})
    fractions = pa.table({"a": [5.0, -0.0, None]})
    assert (hash_rows(whole, ["a"]) == hash_rows(fractions, ["a"])).all()


def test_neighbours_beyond_float_precision_differ():
    table = pa.table({"a": [2**53 + 1, 2**53 + 2, -(2**63)]})
    assert len(set(hash_rows(table, ["a"]).tolist())) == 3


def test_chunks_do_not_matter():
    one = pa.table({"t": pa.chunked_array([["a", "b", "a"]])})
    two = pa.table({"t": pa.chunked_array([["a"], [], ["b", "a"]])})
    assert (hash_rows(one, ["t"]) == hash_rows(two, ["t"])).all()


@given(tables)
def test_ids_are_unique_and_sixteen_hex_digits(rows):
    ids = ids_of(rows)
    assert len(set(ids)) == len(rows)
    assert all(len(i) == 16 and int(i, 16) >= 0 for i in ids)


@given(tables, st.randoms())
def test_the_same_rows_get_the_same_ids_in_any_order(rows, random):
    shuffled = random.sample(rows, len(rows))
    before = sorted(zip(rows, ids_of(rows), strict=True), key=repr)
    after = sorted(zip(shuffled, ids_of(shuffled), strict=True), key=repr)
    assert before == after


@given(tables)
def test_rows_of_other_keys_leave_an_id_alone(rows):
    stranger = (99, "z")
    assert ids_of([*rows, stranger])[: len(rows)] == ids_of(rows)


def test_an_id_belongs_to_its_span():
    assert set(ids_of([(1, "a")], span=1)) != set(ids_of([(1, "a")], span=2))


def test_hex_keeps_the_order():
    values = np.array([0, 255, 2**64 - 1], np.uint64)
    assert as_hex(values).to_pylist() == ["0" * 16, "0" * 14 + "ff", "f" * 16]


@pytest.mark.parametrize("step", [1, 1000])
def test_shares_are_even(step):
    table = pa.table({"a": np.arange(20_000) * step})
    counts, _ = np.histogram(shares(hash_rows(table, ["a"])), 20, (0, 1))
    # Chi-square with 19 degrees of freedom: above 43.8 in one of a thousand cases.
    assert ((counts - 1000) ** 2 / 1000).sum() < 43.8


def test_no_collisions_among_many_rows():
    table = pa.table({"a": np.arange(300_000), "b": np.arange(300_000) % 7})
    assert len(np.unique(hash_rows(table, ["a", "b"]))) == 300_000
