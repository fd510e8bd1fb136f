"""CSV tables: one line a row, no cell that a spreadsheet executes, every text can be had back."""

import csv
import re
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from innovation_graph._csv import as_written, write_csv

ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
AWKWARD = st.text("'=+-@\t\r\n ,;\"x\N{GREEK SMALL LETTER ALPHA}", max_size=8)
EXECUTED = ("=", "+", "-", "@", "\t", "\r", "\n")


def rows_of(table, **options):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        write_csv(table, path, **options)
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
        assert path.read_bytes().count(b"\n") == len(rows)
        assert b"\r" not in path.read_bytes()
    return rows


@given(st.lists(ANY | AWKWARD, min_size=1, max_size=5))
@example(["'=x", "''=x", "'", "''", "'x", "' x", " x", " =x"])
@example(["a\rb", "a\nb", "a\r\nb", "\r=x", "\n=x", "\r\n=x", "\n\n=x", "\nx", "'\n=x"])
def test_every_text_can_be_had_back(texts):
    rows = rows_of(pd.DataFrame({"text": texts, "number": range(len(texts))}), index=False)
    assert rows[0] == ["text", "number"]
    assert [row[1] for row in rows[1:]] == [str(number) for number in range(len(texts))]
    wanted = [re.sub(r"\r\n|\r|\n", " ", text) for text in texts]
    assert [as_written(row[0]) for row in rows[1:]] == wanted
    for row in rows[1:]:
        assert not row[0].lstrip(" ").startswith(EXECUTED)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("\t=1", "'\t=1"),
        ("\n=1", "' =1"),
        ("\r=1", "' =1"),
        (" =1", "' =1"),
        ("'=1", "''=1"),
        ("''@x", "'''@x"),
        ("'quoted'", "'quoted'"),
        ("two\r\nlines\rand\none", "two lines and one"),
    ],
)
def test_cells_are_text(text, cell):
    assert rows_of(pd.DataFrame({"text": [text]}), index=False)[1] == [cell]


def test_index_and_header_are_text_too():
    table = pd.DataFrame({"=a\rb": [-1.5]}, index=pd.Index(["+x\ny"], name="place\rid"))
    assert rows_of(table, synthetic=True) == [["place id", "'=a b", "synthetic_data"], ["'+x y", "-1.5", "yes"]]
