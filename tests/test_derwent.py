"""Derwent Innovation: exports as CSV and Excel, addresses in one cell."""

import csv
import io
from datetime import date

import openpyxl
import pytest
from adapting import collect

from innovation_graph.errors import FormatError
from innovation_graph.sources._input import Broken
from innovation_graph.sources.derwent import ADAPTER, _parted

CALC = "=cmd|' /C calc'!A0"
HEADER = [
    "Publication Number",
    "Title - DWPI",
    "Title",
    "Abstract",
    "Assignee/Applicant",
    "Assignee - Original w/address",
    "Inventor",
    "Inventor - w/address",
    "Publication Date",
    "Application Date",
    "Publication Kind Code",
    "IPC - Current",
    "CPC - Current",
    "INPADOC Family ID",
    "DWPI Family Members",
]
ROWS = [
    [
        "US20150123456A1",
        "",
        "<script>alert(1)</script>",
        "About.",
        "Toyota Motor Co., Ltd. | Acme Inc.",
        "Toyota Motor Co., Ltd.,Toyota-shi,JP | Acme Inc.,San Jose,CA,US",
        "Sato Ken | Smith John A.",
        "Sato Ken,Nagoya,JP | Smith John A.,Portland,OR,US",
        "2015-05-07",
        "2013-10-31",
        "A1",
        "H01L002100 | H01M 10/0525",
        "H01L 21/0206",
        "55530000",
        "US20150123456A1 | JP2015000001A",
    ],
    [
        "CN1234567C",
        "Described title",
        "",
        "",
        CALC.replace("|", "/"),
        f"{CALC.replace('|', '/')}, 1 Keji Road, Nanshan, Shenzhen, CN",
        "",
        "",
        "2005-06-01",
        "31.12.2003",
        "C",
        "G06F  17/30",
        "",
        "",
        "WO2004000001A1 | CN1234567C | EP1500000A1",
    ],
    ["WO2012123456A1", "", "T", "", "", "", "Sole Ann", "Sole Ann,GB", "2012-09-20", "", "", "", "", "", ""],
]
PREAMBLE = [["Derwent Innovation Patent Export, 2024-01-01"], ["Search: SSTO=(x)", "Records: 3"], []]


def csv_text(header=None, rows=None, preamble=()):
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows([*preamble, header or HEADER, *(ROWS if rows is None else rows)])
    return file.getvalue()


def valid(path):
    path.write_text(csv_text(preamble=PREAMBLE), encoding="utf-8-sig", newline="")
    return path


def valid_workbook(path):
    book = openpyxl.Workbook()
    for row in [*PREAMBLE[:2], HEADER, *ROWS]:
        book.active.append(row)
    for cells in book.active.iter_rows():
        for cell in cells:
            cell.data_type = "s"  # no formula
    for line in range(4, 7):
        cell = book.active.cell(line, HEADER.index("Publication Date") + 1)
        cell.value = date.fromisoformat(cell.value)
    book.save(path)
    return path


def read(path, tmp_path):
    return collect(ADAPTER, [path], tmp_path / "out")


def reasons(tmp_path):
    rejects = tmp_path / "out" / "rejects.jsonl"
    return rejects.read_text(encoding="utf-8") if rejects.exists() else ""


def actors(work, role):
    return [actor for actor in work.actors if actor.role == role]


@pytest.mark.parametrize(("write", "name"), [(valid, "a.csv"), (valid_workbook, "a.xlsx")])
def test_exports(tmp_path, write, name):
    works, reading = read(write(tmp_path / name), tmp_path)
    first, second, _ = works
    assert (reading.lines, reading.rejects.count) == (3, 0)
    assert [work.work_id for work in works] == ["US20150123456A1", "CN1234567C", "WO2012123456A1"]
    assert [(work.type, work.office) for work in works] == [("application", "US"), ("grant", "CN"), ("pct", "WO")]
    assert (first.published, first.filed, first.year) == (date(2015, 5, 7), date(2013, 10, 31), 2015)
    assert (first.title, first.text, second.title) == ("<script>alert(1)</script>", "About.", "Described title")
    assert (first.ipc, first.cpc) == (["H01L21/00", "H01M10/0525"], ["H01L21/0206"])
    assert [work.family for work in works] == ["55530000", "CN1234567C", None]
    assert (second.filed, second.notes) == (None, ("date of filing cannot be read",))


@pytest.mark.parametrize(
    ("number", "kind", "expected"),
    [
        ("USD656296S1", "S1", "design"),
        ("CN301234567S", "", "design"),
        ("USPP022222P3", "P3", "plant"),
        ("USRE39000E1", "E1", "grant"),
    ],
)
def test_designs_and_plants_are_no_grants_of_inventions(tmp_path, number, kind, expected):
    path = tmp_path / "a.csv"
    header = ["Publication Number", "Publication Date", "Publication Kind Code", "Assignee/Applicant"]
    path.write_text(csv_text(header, [[number, "2012-03-27", kind, "Acme"]]))
    (work,), _ = read(path, tmp_path)
    assert work.type == expected
    assert [note for note in work.notes if note.endswith(" patent")] == (
        [] if expected == "grant" else [f"{expected} patent"]
    )


def test_names_and_places(tmp_path):
    (first, second, third), _ = read(valid(tmp_path / "a.csv"), tmp_path)
    toyota, acme = (actor.addresses[0] for actor in actors(first, "applicant"))
    assert (toyota.organisation, toyota.city, toyota.country) == ("Toyota Motor Co., Ltd.", "Toyota-shi", "JP")
    assert (acme.organisation, acme.city, acme.region, acme.country) == ("Acme Inc.", "San Jose", "CA", "US")
    ken, john = actors(first, "inventor")
    assert (ken.name, ken.addresses[0].city, ken.addresses[0].organisation) == ("Sato Ken", "Nagoya", None)
    assert (john.name, john.addresses[0].text, john.addresses[0].region) == ("Smith John A.", "Portland, OR, US", "OR")
    firm = actors(second, "applicant")[0]
    assert firm.name == CALC.replace("|", "/")
    # Street, district and city: which is which the text does not say.
    assert firm.addresses[0].city is None
    assert (firm.addresses[0].text, firm.addresses[0].country) == ("1 Keji Road, Nanshan, Shenzhen, CN", "CN")
    assert [actor.role for actor in third.actors] == ["applicant", "inventor"]
    assert third.notes == ("no assignee or applicant: inventors counted as applicants",)


@pytest.mark.parametrize(
    ("text", "known", "name", "city", "region", "country"),
    [
        ("Acme, Inc.,Waltham,MA,US", "", "Acme, Inc.", "Waltham", "MA", "US"),
        ("ACME, INC.,Waltham,MA,US", "Acme, Inc.", "ACME, INC.", "Waltham", "MA", "US"),
        ("Acme, Berlin, DE", "", "Acme", "Berlin", None, "DE"),
        ("Acme,Hauptstr. 1,10115 Berlin,DE", "", "Acme", None, None, "DE"),
        ("Acme,10115 Berlin,DE", "", "Acme", None, None, "DE"),
        ("Acme,Perth,Western Australia,AU", "", "Acme", "Perth", "Western Australia", "AU"),
        ("Acme,DE", "", "Acme", None, None, "DE"),
        ("Acme", "", "Acme", None, None, None),
        ("Acme,Atlantis", "", "Acme", None, None, None),
        ("", "", "", None, None, None),
    ],
)
def test_an_address_is_taken_apart_as_far_as_it_is_certain(text, known, name, city, region, country):  # noqa: PLR0917
    found, address, _ = _parted(text, known)
    assert (found, address.city, address.region, address.country) == (name, city, region, country)


def test_names_without_addresses_have_no_place(tmp_path):
    path = tmp_path / "a.csv"
    header = ["Publication Number", "Publication Date", "Assignee - DWPI", "Inventor - DWPI"]
    path.write_text(csv_text(header, [["US6000000A", "1999-12-07", "ACME", "SMITH J | DOE J"]]))
    (work,), _ = read(path, tmp_path)
    assert work.type == "grant"
    assert [actor.name for actor in work.actors] == ["ACME", "SMITH J", "DOE J"]
    assert actors(work, "applicant")[0].addresses[0].organisation == "ACME"
    assert actors(work, "inventor")[0].addresses == ()
    assert work.notes == ("applicants without addresses", "inventors without addresses")


def test_lists_of_unequal_length_are_not_aligned(tmp_path):
    row = list(ROWS[0])
    row[HEADER.index("Assignee/Applicant")] = "Acme Inc."
    path = tmp_path / "a.csv"
    path.write_text(csv_text(rows=[row]))
    (work,), _ = read(path, tmp_path)
    assert [actor.name for actor in actors(work, "applicant")] == ["Toyota Motor Co., Ltd.", "Acme Inc."]


def test_families_do_not_depend_on_the_order_of_members(tmp_path):
    index = HEADER.index("DWPI Family Members")
    other = list(ROWS[1])
    other[0], other[index] = "EP1500000A1", "EP1500000A1 2005-01-01 | WO2004000001A1 2004-01-01 | CN1234567C 2005-06-01"
    path = tmp_path / "a.csv"
    path.write_text(csv_text(rows=[ROWS[1], other]))
    one, two = read(path, tmp_path)[0]
    assert one.family == two.family == "CN1234567C"


def test_bad_rows_are_refused_and_the_rest_goes_on(tmp_path):
    bad = [["x1", *ROWS[0][1:]], [*ROWS[0][:8], "07/05/2015 noon", *ROWS[0][9:]], [*ROWS[0][:8], "", *ROWS[0][9:]]]
    path = tmp_path / "a.csv"
    path.write_text(csv_text(rows=[*bad, ["US1"], ROWS[0]]))
    works, reading = read(path, tmp_path)
    assert (len(works), reading.rejects.count) == (1, 4)
    told = reasons(tmp_path)
    for reason in ("which is none such as", "which is no day", "no publication date", "1 cells instead of 15"):
        assert reason in told


def test_kind_codes_that_tell_nothing_are_noted(tmp_path):
    row = list(ROWS[2])
    row[0] = "DE602004000001T2"
    path = tmp_path / "a.csv"
    path.write_text(csv_text(rows=[row]))
    (work,), _ = read(path, tmp_path)
    assert work.type is None
    assert "kind code 'T2' of DE tells no type" in work.notes


def test_swapped_columns_are_found_and_missing_ones_named(tmp_path):
    straight, _ = read(valid(tmp_path / "a.csv"), tmp_path)
    swapped = tmp_path / "b.csv"
    swapped.write_text(csv_text(HEADER[::-1], [row[::-1] for row in ROWS]), encoding="utf-8")
    again, _ = read(swapped, tmp_path)
    for one, two in zip(straight, again, strict=True):
        one.line = two.line = 0
    assert straight == again
    (tmp_path / "c.csv").write_text("Title,Publication Number\nx,US1A\n")
    with pytest.raises(FormatError, match=r"Missing: Assignee - Original w/address, Publication Date"):
        read(tmp_path / "c.csv", tmp_path)


@pytest.mark.parametrize("content", [b"", b"\0\1\2" * 500, b"x" * (1 << 23)])
def test_other_files_give_nothing(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises((Broken, FormatError)):
        read(path, tmp_path)


def test_a_line_without_end_costs_no_other_line(tmp_path):
    path = tmp_path / "a.csv"
    first, rest = csv_text().split("\r\n", 1)
    path.write_text(f"{first}\r\n{'x' * 10_000_000}\r\n{rest}", newline="")
    works, reading = read(path, tmp_path)
    assert (len(works), reading.rejects.count) == (3, 1)
    with pytest.raises(FormatError, match="folder"):
        read(tmp_path, tmp_path)
