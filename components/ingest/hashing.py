"""Identities of rows: 64-bit hashes, made of whole columns at a time.

A value hashes the same whatever happens to other rows: 5 and 5.0 are one value, so a
column that turns from whole numbers to fractions when next month arrives keeps the
identities of this month. Text goes through BLAKE2b once per distinct value, numbers
through their float64 bits, and both through the finaliser of SplitMix64 (Steele, Lea
and Flood 2014, "Fast Splittable Pseudorandom Number Generators", doi
10.1145/2714064.2660195). Nothing here resists an attacker; two different rows among
a million share a hash with probability 3e-8.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["as_hex", "digest", "example_ids", "hash_rows", "shares"]

_NULL = np.uint64(0x6E756C6C)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SPLIT_SALT = np.uint64(0x73706C6974)
_EXACT = 1 << 53  # whole numbers above this have no float64 of their own


def hash_rows(table: pa.Table, columns: Sequence[str]) -> np.ndarray:
    """Return one hash a row over `columns`, shape (rows,), uint64.

    The order of the columns does not matter; their names do.
    """
    total = np.zeros(table.num_rows, np.uint64)
    for name in columns:
        total += _mix(_hash_column(table[name]) ^ _hash_text(name))
    return _mix(total)


def digest(rows: np.ndarray) -> str:
    """Return one SHA-256 over row hashes, the same in every order of the rows."""
    return hashlib.sha256(np.sort(rows).astype("<u8").tobytes()).hexdigest()


def shares(rows: np.ndarray) -> np.ndarray:
    """Map hashes evenly onto [0, 1): the place of a row in a split by hash."""
    return np.asarray((_mix(rows ^ _SPLIT_SALT) >> np.uint64(11)) * 2.0**-53)


def example_ids(keys: np.ndarray, rows: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Return one id a row, shape (rows,), uint64; `as_hex` spells them.

    An id is made of the span and the hash of the id columns (`keys`). Rows of one
    span with the same key are numbered in the order of their whole content (`rows`),
    so an id depends neither on the order of the file nor on other spans.
    """
    key = _mix(keys + _mix(spans.astype(np.uint64) + _GOLDEN))
    order = np.lexsort((rows, key))
    first = np.append(True, key[order][1:] != key[order][:-1])[: len(key)]
    begins = np.flatnonzero(first)
    lengths = np.diff(np.append(begins, len(key)))
    number = np.empty(len(key), np.uint64)
    number[order] = np.arange(len(key)) - np.repeat(begins, lengths)
    return _mix(key + number * _GOLDEN)


def as_hex(values: np.ndarray) -> pa.Array:
    """Spell 64-bit values as 16 hex characters; the order stays the same."""
    text = values.astype(">u8").tobytes().hex().encode()
    offsets = np.arange(len(values) + 1, dtype=np.int32) * 16
    return pa.StringArray.from_buffers(
        len(values), pa.py_buffer(offsets), pa.py_buffer(text)
    )


def _hash_column(column: pa.ChunkedArray) -> np.ndarray:
    kind = column.type
    if pa.types.is_string(kind):
        hashes = _hash_texts(column)
    elif pa.types.is_floating(kind):
        hashes = _hash_floats(_numpy(column))
    else:
        whole = column.cast(pa.int64())
        hashes = _hash_integers(_numpy(whole))
    valid = column.is_valid().to_numpy()
    return np.where(valid, hashes, _NULL)


def _numpy(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(column.fill_null(0).to_numpy())


def _hash_texts(column: pa.ChunkedArray) -> np.ndarray:
    encoded = pc.dictionary_encode(column).unify_dictionaries()
    if not encoded.num_chunks:
        return np.zeros(0, np.uint64)
    words = encoded.chunk(0).dictionary.to_pylist()
    hashes = np.array([_hash_text(word) for word in words] + [_NULL])
    index = [chunk.indices.fill_null(0).to_numpy() for chunk in encoded.chunks]
    return np.asarray(hashes[np.concatenate(index)])


def _hash_text(text: str) -> np.uint64:
    short = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(short, "little"))


def _hash_floats(values: np.ndarray) -> np.ndarray:
    return _mix((values + 0.0).view(np.uint64))  # + 0.0: minus zero is zero


def _hash_integers(values: np.ndarray) -> np.ndarray:
    exact = np.abs(values) <= _EXACT
    return np.where(
        exact,
        _hash_floats(values.astype(np.float64)),
        _mix(values.view(np.uint64) ^ _GOLDEN),
    )


def _mix(values: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser: every input bit moves half of the output bits."""
    mixed = values.astype(np.uint64) + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
