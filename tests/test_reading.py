"""Files of any kind become lines and rows; what is damaged, endless or no text is refused where it stands."""

import csv
import datetime as dt
import gzip
import io
import json
import random
import tracemalloc
import zipfile
from collections import deque

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innovation_graph.errors import FormatError, RecipeError
from innovation_graph.sources import _grouped
from innovation_graph.sources._grouped import grouped
from innovation_graph.sources._input import Broken
from innovation_graph.sources._reading import Reading, day, year
from innovation_graph.sources._rows import read_rows
from innovation_graph.sources._streams import LONGEST_LINE, Member, check_encoding, members, open_bytes, read_lines
from innovation_graph.sources._work import Work

COLUMNS = {"id": ("ID", "Key"), "name": ("Full name",), "more": ("More",)}
TABLE = [["ID", "Full-Name", "Other"], ["1", "Zürich; a", "x"], ["2", "北京", "y"]]
ROWS = [{"id": "1", "name": "Zürich; a", "more": ""}, {"id": "2", "name": "北京", "more": ""}]


@pytest.fixture
def reading(tmp_path):
    return Reading(tmp_path)


def rejects(reading):
    reading.rejects.flush()
    path = reading.folder / "rejects.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def rows(path, reading, required=("id", "name"), **options):
    return [
        row
        for member in members(path)
        for _, row in read_rows(member, reading, COLUMNS, required, what="a table", **options)
    ]


def text(separator=",", table=TABLE):
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(table)
    return out.getvalue()


def as_workbook(path, table=TABLE):
    book = openpyxl.Workbook()
    for row in table:
        book.active.append(row)
    book.save(path)


def as_parquet(path):
    columns = dict(zip(TABLE[0], zip(*TABLE[1:], strict=True), strict=True))
    pq.write_table(pa.table({name: list(values) for name, values in columns.items()}), path)


def zipped(path, name="inner.csv", content=None, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        archive.writestr("__MACOSX/._inner.csv", "noise")
        archive.writestr(name, text() if content is None else content)


WRITERS = {
    "a.csv": lambda path: path.write_text(text(), "utf-8"),
    "marked.csv": lambda path: path.write_text(text(), "utf-8-sig"),
    "semicolons.csv": lambda path: path.write_text(text(";"), "utf-8"),
    "tabs.txt": lambda path: path.write_text(text("\t"), "utf-8"),
    "utf16.csv": lambda path: path.write_text(text("\t"), "utf-16"),
    "note.csv": lambda path: path.write_text('"About, this; file"\n\n' + text(), "utf-8"),
    "a.csv.gz": lambda path: path.write_bytes(gzip.compress(text().encode())),
    "a.zip": zipped,
    "a.xlsx": as_workbook,
    "a.parquet": as_parquet,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_table_gives_the_same_rows(name, tmp_path, reading):
    WRITERS[name](tmp_path / name)
    assert rows(tmp_path / name, reading) == ROWS
    assert reading.lines == 2
    assert rejects(reading) == []


def test_another_encoding_has_to_be_named(tmp_path, reading):
    path = tmp_path / "chinese.csv"
    path.write_text(text(), "gb18030")
    assert rows(path, reading) == []
    assert [reject["line"] for reject in rejects(reading)] == [2, 3]
    assert "name the encoding of the file (--encoding gb18030, say)" in rejects(reading)[0]["reason"]
    reading.encoding = "gb18030"
    assert rows(path, reading) == ROWS
    for name in ("klingon", "rot13"):  # the second is a codec, but none of text
        with pytest.raises(RecipeError, match=name):
            check_encoding(name)


def test_rows_of_another_width_are_refused_one_by_one(tmp_path, reading):
    path = tmp_path / "a.csv"
    path.write_text("ID,Full name\n1,a\n2\n3,c,\n4,d,e\n\n5,e\n", "utf-8")
    assert [row["id"] for row in rows(path, reading)] == ["1", "3", "5"]
    assert [(reject["line"], reject["reason"][:7]) for reject in rejects(reading)] == [(3, "1 cells"), (5, "3 cells")]


def test_missing_columns_are_named(tmp_path, reading):
    path = tmp_path / "a.csv"
    path.write_text("Key,Name\n1,a\n", "utf-8")
    with pytest.raises(FormatError, match=r"got columns 'Key, Name'.*Missing: Full name"):
        rows(path, reading)


def test_the_sheets_of_a_workbook_are_named(tmp_path, reading):
    path = tmp_path / "a.xlsx"
    as_workbook(path, [["Notes"], ["made by hand"]])
    book = openpyxl.load_workbook(path)
    book.active.title = "About"
    for row in TABLE:
        book.create_sheet(f"Table {row[0]}").append(row)
    book.save(path)
    with pytest.raises(
        FormatError, match=r"columns 'Notes'\. .* The sheet 'About' was read, the others are 'Table ID', 'T"
    ):
        rows(path, reading)
    as_workbook(path, [["Notes"]])
    with pytest.raises(FormatError, match=r"what to export\.$"):
        rows(path, reading)


def test_lines_of_no_use_are_skipped_and_the_rest_is_read(tmp_path, reading):
    path = tmp_path / "a.csv"
    path.write_bytes(b"ID,Full name\n1,a\n2,\0\n3," + b"x" * (10 << 20) + b"\n4,d\n5,\xff\n6,f\n")
    tracemalloc.start()
    assert [row["id"] for row in rows(path, reading)] == ["1", "4", "6"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    found = [(reject["line"], reject["reason"]) for reject in rejects(reading)]
    assert [line for line, _ in found] == [3, 4, 6]
    assert "NUL" in found[0][1]
    assert f"{(10 << 20) + 3:,} characters" in found[1][1]
    assert peak < 8 * LONGEST_LINE


def test_a_quotation_mark_that_never_closes_is_found(tmp_path, reading):
    path = tmp_path / "a.csv"
    path.write_text('ID,Full name\n1,a\n2,"b\n' + "3,c\n" * 2_000_000, "utf-8")
    assert rows(path, reading)[0]["id"] == "1"
    assert "quotation mark" in rejects(reading)[0]["reason"]
    assert rejects(reading)[0]["reason"].startswith("lines 3 to ")


@pytest.mark.parametrize("packed", ["gz", "zip"])
def test_a_small_file_that_unpacks_without_end_is_stopped(packed, tmp_path):
    path = tmp_path / f"bomb.{packed}"
    if packed == "gz":
        with gzip.open(path, "wb", 9) as file:
            for _ in range(256):
                file.write(bytes(1 << 20))
    else:
        zipped(path, content=bytes(256 << 20))
    with open_bytes(members(path)[0]) as stream, pytest.raises(Broken, match="no data file"):
        deque(iter(lambda: stream.read(1 << 20), b""), maxlen=0)


def test_a_workbook_that_unpacks_without_end_is_refused(tmp_path, reading):
    path = tmp_path / "bomb.xlsx"
    zipped(path, "xl/worksheets/sheet1.xml", bytes(256 << 20))
    with pytest.raises(FormatError, match="a sound workbook"):
        rows(path, reading)


def test_a_cell_far_off_the_table_does_not_fill_the_memory(tmp_path, reading):
    book = openpyxl.Workbook()
    for row in TABLE:
        book.active.append(row)
    book.active.cell(1_000, 100).value = "stray"
    book.save(tmp_path / "near.xlsx")
    assert rows(tmp_path / "near.xlsx", reading)[: len(ROWS)] == ROWS
    book.active.cell(1 << 20, 1 << 14).value = "stray"
    book.save(tmp_path / "far.xlsx")
    with pytest.raises(FormatError, match="17,179,869,184 cells up to the last one"):
        rows(tmp_path / "far.xlsx", reading)


def test_the_list_of_an_archive_is_read_once_and_names_each_file_once(tmp_path, reading, monkeypatch):
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(50):
            archive.writestr(f"{number:04}.csv", text())
    found = members(path)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert len([row for one in found for row in read_rows(one, reading, COLUMNS, ("id",), what="a table")]) == 100
    monkeypatch.undo()
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("0007.csv", text())
    with pytest.raises(FormatError, match=r"each file in it once, got '0007\.csv'"):
        members(path)


def test_files_without_a_name_in_an_archive_are_left_out(tmp_path, reading):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", text())
        archive.writestr("x", "y")
    content = path.read_bytes()
    entry = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    # The name is one byte long; say that it is none, and that a comment of one byte follows.
    path.write_bytes(content[: entry + 28] + b"\0\0\0\0\1\0" + content[entry + 34 :])
    assert rows(path, reading) == ROWS


@pytest.mark.parametrize("name", ["a.csv.gz", "a.zip", "a.xlsx", "a.parquet"])
@given(at=st.floats(0, 1, exclude_max=True), is_cut=st.booleans(), bits=st.integers(1, 255))
def test_cut_and_spoilt_files_end_in_a_message(name, tmp_path_factory, at, is_cut, bits):
    folder = tmp_path_factory.mktemp("spoilt")
    WRITERS[name](folder / name)
    content = bytearray((folder / name).read_bytes())
    cut = int(at * len(content))
    if is_cut:
        del content[cut:]
    else:
        content[cut] ^= bits
    (folder / name).write_bytes(bytes(content))
    reading = Reading(folder)
    try:
        found = rows(folder / name, reading)
    except (Broken, FormatError):
        return
    if name != "a.parquet":  # it has no checksums of its own
        assert found == ROWS or reading.rejects.count or len(found) < 2 or name == "a.xlsx"


def test_wrong_files_are_named_as_what_they_are(tmp_path):
    with pytest.raises(FormatError, match="a folder"):
        members(tmp_path)
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 100 + bytes(9000))
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(Broken, match="empty"):
        list(read_lines(Member(tmp_path / "empty.csv"), print))
    with pytest.raises(Broken, match="binary data"):
        list(read_lines(Member(tmp_path / "binary.csv"), print))
    with pytest.raises(FormatError, match="a zip archive"):
        members(tmp_path / "cut.zip")


def test_cells_of_workbooks_are_what_people_see(tmp_path, reading):
    as_workbook(
        tmp_path / "a.xlsx", [["ID", "Full name", "More"], [7, dt.date(2023, 1, 31), 0.5], [True, None, "=1+1"]]
    )
    found = rows(tmp_path / "a.xlsx", reading)
    assert found[0] == {"id": "7", "name": "2023-01-31", "more": "0.5"}
    assert found[1]["name"] == ""
    with pytest.raises(FormatError, match="a sheet 'None such'"):
        rows(tmp_path / "a.xlsx", reading, sheet="None such")


def test_dates_and_years():
    assert [day(text).isoformat() for text in ("20230131", "2023-01-31", "2023/01/31", "20230100")] == [
        "2023-01-31",
        "2023-01-31",
        "2023-01-31",
        "2023-01-01",
    ]
    assert (day(""), year(""), year("2023-05")) == (None, None, 2023)
    for wrong in ("31.01.2023", "20231301", "soon"):
        with pytest.raises(ValueError, match="no day"):
            day(wrong)
    with pytest.raises(ValueError, match="no year"):
        year("MMXX")


def test_a_row_that_is_no_work_is_refused_and_the_rest_goes_on(reading):
    def make(number):
        if number == 2:
            raise ValueError("two is no work")
        return Work(str(number), "paper", [])

    works = list(reading.works(enumerate(range(5), start=10), make))
    assert [(work.work_id, work.line) for work in works] == [("0", 10), ("1", 11), ("3", 13), ("4", 14)]
    assert [(reject["line"], reject["reason"]) for reject in rejects(reading)] == [(12, "two is no work")]


@pytest.mark.parametrize("in_memory", [10, 10_000])
def test_rows_are_brought_together_in_memory_and_on_the_disk(in_memory, tmp_path, monkeypatch):
    monkeypatch.setattr(_grouped, "_IN_MEMORY", in_memory)
    draw = random.Random(5)  # noqa: S311
    tables = {
        name: [(line, {"key": str(draw.randrange(200)), "value": f"ü{line}"}) for line in range(1, size)]
        for name, size in (("a", 700), ("b", 300), ("c", 1))
    }
    wanted = {}
    for name, entries in tables.items():
        for line, row in entries:
            wanted.setdefault(row["key"], {"a": [], "b": [], "c": []})[name].append((line, row))
    found = list(grouped(tables, "key", tmp_path))
    assert dict(found) == wanted
    assert len(found) == len(wanted)
    assert list(tmp_path.iterdir()) == []
