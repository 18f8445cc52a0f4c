"""Rows of CSV files: nothing swallows its neighbours, and lines are counted right."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.ingest.quarantine import Quarantine
from components.ingest.tables import read_tables
from contracts.config import DataConfig
from contracts.errors import DataError
from tests.components.ingest.helpers import config


def read(tmp_path, content, **changes):
    """Return rows as text, and (line, kind) of what was put aside."""
    file = tmp_path / "raw.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    quarantine = Quarantine()
    data = DataConfig.model_validate(config(file, **changes))
    found = read_tables([file], data, quarantine)
    quarantine.save(tmp_path)
    rows = [tuple(row.values()) for row in found.table.to_pylist()]
    return rows, [(line, kind) for _, line, kind, _, _ in quarantine._rows]


def test_sound_rows_are_read_as_they_are(tmp_path):
    assert read(tmp_path, "a,y\n1,no\n2,\n") == ([("1", "no"), ("2", None)], [])


@pytest.mark.parametrize(
    "content",
    [
        "a,y\r\n1,no\r\n2,yes\r\n",
        "a,y\r1,no\r2,yes",
        "\ufeffa,y\n1,no\n2,yes",
        "\n\na,y\n\n1,no\n2,yes\n\n\n",
        'a,y\n"1",no\n2,"yes"\n',
        " a , y \n1,no\n2,yes",
    ],
)
def test_spellings_of_one_file_are_one_table(tmp_path, content):
    assert read(tmp_path, content) == ([("1", "no"), ("2", "yes")], [])


def test_a_wrong_number_of_fields_is_put_aside_with_its_line(tmp_path):
    rows, bad = read(tmp_path, "a,y\n1,no\n\n1,2,3\n2,yes\n5\n6,no\n")
    assert rows == [("1", "no"), ("2", "yes"), ("6", "no")]
    assert bad == [(4, "fields"), (6, "fields")]


def test_latin_1_rows_among_utf_8_are_put_aside(tmp_path):
    rows, bad = read(tmp_path, "a,y\nñ,no\n".encode() + b"\xf1,no\n2,yes\n")
    assert rows == [("ñ", "no"), ("2", "yes")]
    assert bad == [(3, "encoding")]


def test_a_quoted_field_may_span_lines(tmp_path):
    rows, bad = read(tmp_path, 'a,y\n"two\nlines, ""so""",no\n2,yes\n')
    assert rows == [('two\nlines, "so"', "no"), ("2", "yes")]
    assert bad == []


def test_rows_below_a_joined_row_keep_their_line_numbers(tmp_path):
    _, bad = read(tmp_path, 'a,y\n"two\nlines",no\n1,2,3\n')
    assert bad == [(4, "fields")]


@pytest.mark.parametrize("stray", ['"open,no', 'x"y,"no', '"a"b"c,no', '1,"'])
def test_a_stray_quote_costs_its_own_line_only(tmp_path, stray):
    rows, bad = read(tmp_path, f"a,y\n1,no\n{stray}\n2,yes\n3,no\n")
    assert rows == [("1", "no"), ("2", "yes"), ("3", "no")]
    assert bad == [(3, "quote")]


def test_two_stray_quotes_do_not_make_a_pair(tmp_path):
    rows, bad = read(tmp_path, 'a,y\n"x,no\n1,no\n2,yes\n"z,no\n3,no\n')
    assert rows == [("1", "no"), ("2", "yes"), ("3", "no")]
    assert bad == [(2, "quote"), (5, "quote")]


def test_a_quote_inside_a_field_is_a_character(tmp_path):
    rows, bad = read(tmp_path, 'a,y\n5" pipe,no\n2,yes\n')
    assert rows == [('5" pipe', "no"), ("2", "yes")]
    assert bad == []


def test_a_huge_line_is_put_aside_and_shown_short(tmp_path):
    rows, bad = read(tmp_path, "a,y\n1,no\n" + "x" * (2 << 20) + ",no\n2,yes\n")
    assert rows == [("1", "no"), ("2", "yes")]
    assert bad == [(3, "length")]
    assert (tmp_path / "quarantine.jsonl").stat().st_size < 1000


def test_a_nul_byte_far_down_costs_its_line(tmp_path):
    sound = b"a,y\n" + b"1,no\n" * 2000
    rows, bad = read(tmp_path, sound + b"\0,no\n2,yes\n")
    assert len(rows) == 2001
    assert bad == [(2002, "encoding")]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter_is_read_when_the_config_says_so(tmp_path, delimiter):
    text = f"a{delimiter}y\n1,5{delimiter}no\n"
    assert read(tmp_path, text, delimiter=delimiter) == ([("1,5", "no")], [])


def test_a_name_in_the_header_may_span_lines(tmp_path):
    rows, bad = read(tmp_path, '"a\nb",y\n1,no\n2\n')
    assert rows == [("1", "no")]
    assert bad == [(4, "fields")]


def test_a_given_header_leaves_every_line_a_row(tmp_path):
    rows, _ = read(tmp_path, "1,2,no\n3,4,yes\n", header=["p_*2", "y"])
    assert rows == [("1", "2", "no"), ("3", "4", "yes")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", r"the file is empty \(0 bytes\)"),
        (b"\n\n", "holds empty lines only"),
        (b"a,y\n", "a header but no rows"),
        (b"a,y,a\n1,2,3\n", r"column 'a' appears 2 times \(as 'a', 'a'\)"),
        (b"a;y\n1;no\n", "Set data.delimiter: ';'"),
        (b'"a,y\n1,no\n', "a quote in the header does not close"),
        (b"gr\xf6\xdfe,y\n1,no\n", "the header is not UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "found binary data"),
        (b"PK\x03\x04\x14\0", "a zip archive or a spreadsheet"),
        (b"PAR1\x15\x04", "found Parquet"),
        (b"\x1f\x8b\x08\0", "found gzip"),
        ("a,y\n1,no\n".encode("utf-16"), "UTF-16"),
        (b"x" * (2 << 20) + b"\n1\n", "a header of more than"),
    ],
)
def test_a_file_that_is_no_csv_is_refused(tmp_path, content, says):
    with pytest.raises(DataError, match=says):
        read(tmp_path, content)


texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r\ufeff", max_codepoint=0x2FF),
    max_size=8,
)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=30))
def test_whatever_a_csv_writer_writes_is_read_back(tmp_path_factory, rows):
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "y"), *rows])
    folder = tmp_path_factory.mktemp("csv")
    found, bad = read(folder, stream.getvalue(), null_values=[])
    assert found == rows
    assert bad == []


@given(
    st.lists(
        st.sampled_from(["1,no", '"q",no', '"', "1,2,3", 'a"b,"', '""', "x", '"a\n']),
        max_size=12,
    )
)
def test_no_line_is_lost_or_read_twice(tmp_path_factory, lines):
    folder = tmp_path_factory.mktemp("csv")
    body = "".join(line + "\n" for line in lines)
    rows, bad = read(folder, f"a,y\nfirst,no\n{body}last,yes\n")
    taken = [line for line, _ in bad]
    assert rows[0] == ("first", "no")
    assert rows[-1] == ("last", "yes")
    assert len(rows) + len(bad) <= 2 + body.count("\n")
    assert len(set(taken)) == len(taken)


def test_many_rows_in_parallel_keep_their_order(tmp_path):
    count = 300_000  # several blocks
    body = "".join(f"{i},no\n" for i in range(count))
    rows, bad = read(tmp_path, f"a,y\n{body}1,2,3\n")
    assert bad == [(count + 2, "fields")]
    assert (np.array([row[0] for row in rows], int) == np.arange(count)).all()
