"""Exports of the Lens: scholarly works and patents told apart by what they hold; neither has places."""

import csv
import json
from datetime import date

import pytest
from adapting import collect
from hypothesis import given
from hypothesis import strategies as st

from innovation_graph.errors import InnovationGraphError
from innovation_graph.records import read_records
from innovation_graph.sources._input import Broken
from innovation_graph.sources.ingesting import ingest
from innovation_graph.sources.lens import ADAPTER, _family

_SCHOLARLY = (
    "Lens ID,Title,Date Published,Publication Year,Publication Type,Source Title,ISSNs,Publisher,Source Country,"
    "Author/s,Abstract,Volume,Issue Number,Start Page,End Page,Fields of Study,Keywords,MeSH Terms,Chemicals,DOI"
)
_PATENT = (
    "#,Jurisdiction,Kind,Display Key,Lens ID,Publication Date,Publication Year,Application Number,Application Date,"
    "Priority Numbers,Earliest Priority Date,Title,Abstract,Applicants,Inventors,Owners,URL,Document Type,"
    "Simple Family Size,Simple Family Members,Extended Family Size,Extended Family Members,CPC Classifications,"
    "IPCR Classifications,Legal Status"
)
SCHOLARLY, PATENT = _SCHOLARLY.split(","), _PATENT.split(",")
PAPERS = [
    {
        "Lens ID": "100-004-910-081-14X",
        "Title": "=cmd|' /C calc'!A0",
        "Date Published": "2021-03-04",
        "Publication Year": "2021",
        "Publication Type": "journal article",
        "Author/s": "Wang Y; Li X; Wang Y",
        "Fields of Study": "Physics; Optics",
    },
    {
        "Lens ID": "100-004-910-081-151",
        "Title": "<script>alert(1)</script>",
        "Publication Year": "2020",
        "Publication Type": "preprint",
        "Author/s": "Müller K",
    },
]
PATENTS = [
    {
        "#": "1",
        "Jurisdiction": "US",
        "Kind": "B2",
        "Display Key": "US 10000000 B2",
        "Lens ID": "051-680-222-111-999",
        "Publication Date": "2018-06-19",
        "Publication Year": "2018",
        "Application Date": "2015-03-10",
        "Title": "=cmd|' /C calc'!A0",
        "Abstract": "A laser.",
        "Applicants": "RAYTHEON CO;;MIT;;RAYTHEON CO",
        "Inventors": "MARRON JOSEPH;;LI WEI;;LI WEI",
        "Document Type": "Granted Patent",
        "Simple Family Members": "WO 2016/144528 A1;;US 2016/0266243 A1;;US 10000000 B2",
        "CPC Classifications": "G01S17/89;;G01S7/4912",
        "IPCR Classifications": "G01S 17/89;;G01S7/491",
    },
    {
        "Jurisdiction": "WO",
        "Kind": "A1",
        "Display Key": "WO 2016/144528 A1",
        "Lens ID": "051-680-222-111-99X",
        "Publication Date": "2016-09-15",
        "Publication Year": "2016",
        "Title": "<script>alert(1)</script>",
        "Applicants": "RAYTHEON CO",
        "Inventors": "MARRON JOSEPH",
        "Document Type": "Patent Application",
        "Simple Family Members": "US 10000000 B2;;WO 2016/144528 A1;;US 2016/0266243  A1",
    },
]


def write(path, header, rows):
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *([row.get(name, "") for name in header] for row in rows)])
    return path


def valid(path):
    """Two scholarly works."""
    return write(path, SCHOLARLY, PAPERS)


def valid_patents(path):
    """A grant and its PCT application."""
    return write(path, PATENT, PATENTS)


def read(path, folder):
    works, reading = collect(ADAPTER, [path], folder / "records")
    rejects = folder / "records" / "rejects.jsonl"
    found = [json.loads(line) for line in rejects.read_text("utf-8").splitlines()] if rejects.exists() else []
    return works, reading, found


def test_scholarly_works(tmp_path):
    (first, second), reading, rejects = read(valid(tmp_path / "l.csv"), tmp_path)
    assert not rejects
    assert reading.lines == 2
    assert (first.work_id, first.kind, first.type, first.year) == (
        "100-004-910-081-14X",
        "paper",
        "journal article",
        2021,
    )
    assert [(actor.name, actor.role, actor.addresses) for actor in first.actors] == [
        ("Wang Y", "author", ()),
        ("Li X", "author", ()),
        ("Wang Y", "author", ()),
    ]
    assert first.fields == ["Physics", "Optics"]
    assert first.title == "=cmd|' /C calc'!A0"
    assert second.notes == ("Lens scholarly exports have no addresses",)


def test_patents(tmp_path):
    (grant, pct), _, rejects = read(valid_patents(tmp_path / "l.csv"), tmp_path)
    assert not rejects
    assert (grant.kind, grant.type, grant.office, grant.year) == ("patent", "grant", "US", 2018)
    assert (grant.filed, grant.published) == (date(2015, 3, 10), date(2018, 6, 19))
    assert (grant.ipc, grant.cpc) == (["G01S17/89", "G01S7/491"], ["G01S17/89", "G01S7/4912"])
    assert [(actor.role, actor.name) for actor in grant.actors] == [
        ("applicant", "RAYTHEON CO"),
        ("applicant", "MIT"),
        ("inventor", "MARRON JOSEPH"),
        ("inventor", "LI WEI"),
        ("inventor", "LI WEI"),
    ]
    assert grant.text == "A laser."
    assert (pct.type, pct.office, pct.filed) == ("pct", "WO", None)
    assert grant.family == pct.family == "US 10000000 B2"
    assert grant.notes == ("Lens patent exports have no addresses",)


@given(st.lists(st.from_regex(r"\A[A-Z]{2} [0-9]{1,6} [AB][12]?\Z"), min_size=1, max_size=6, unique=True), st.randoms())
def test_all_members_of_a_family_find_the_same_name(keys, rng):
    names = set()
    for key in keys:
        others = rng.sample(keys, len(keys))
        names.add(_family(key, ";;".join(others)))
        names.add(_family(key, ";;".join(other for other in others if other != key)) if len(keys) > 1 else min(keys))
    assert names == {min(keys)}


KINDS = {
    ("US", "Granted Patent"): "grant",
    ("CN", "Limited Patent"): "utility_model",
    ("US", "Amended Patent"): "grant",
    ("US", "Design Right"): "design",
    ("US", "Plant Patent"): "plant",
    ("EP", "Patent Application"): "application",
    ("WO", "Patent Application"): "pct",
    ("WO", "Amended Application"): "pct",
    ("EP", "Search Report"): None,
    ("EP", ""): None,
}


@pytest.mark.parametrize(("office", "document"), KINDS)
def test_document_types(tmp_path, office, document):
    row = {**PATENTS[0], "Jurisdiction": office, "Document Type": document}
    (work,), _, _ = read(write(tmp_path / "l.csv", PATENT, [row]), tmp_path)
    assert work.type == KINDS[office, document]
    assert ("document of the Lens that is no application and no grant: no type" in work.notes) == (work.type is None)
    none = {"Design Right": "design patent", "Plant Patent": "plant patent", "Limited Patent": "utility model"}
    assert [note for note in work.notes if note in none.values()] == ([none[document]] if document in none else [])


def test_rows_that_are_no_records_are_refused(tmp_path):
    rows = [
        {**PATENTS[0], "Lens ID": "US 1"},
        {**PATENTS[0], "Jurisdiction": "Germany"},
        {**PATENTS[0], "Jurisdiction": ""},
        {**PATENTS[0], "Publication Date": "tomorrow"},
        {**PATENTS[0], "Application Date": "2015-31-31"},
        PATENTS[1],
    ]
    works, reading, rejects = read(write(tmp_path / "l.csv", PATENT, rows), tmp_path)
    assert [work.type for work in works] == ["pct"]
    assert [(each["line"], each["reason"].split(",")[0]) for each in rejects] == [
        (2, "Lens ID 'US 1'"),
        (3, "jurisdiction 'Germany'"),
        (4, "a patent without jurisdiction"),
        (5, "publication date 'tomorrow'"),
        (6, "application date '2015-31-31'"),
    ]
    assert reading.lines == 6


DAMAGED = {
    "cut": lambda data: data[:-90],
    "utf-16 without mark": lambda data: data.decode("utf-8-sig").encode("utf-16-le"),
    "swapped": lambda data: data.replace(b"Lens ID", b"L").replace(b"Title", b"Lens ID").replace(b"L,", b"Title,", 1),
    "missing": lambda data: data.replace(b"Publication Year", b"Y"),
    "NUL": lambda data: data.replace(b"script", b"scr\0pt"),
    "long": lambda data: data + b"x" * 10_000_000 + b"\r\n",
    "empty": lambda _: b"",
    "zip": lambda _: b"PK\x03\x04" + b"\0" * 99,
    "other table": lambda _: b"a,b\n1,2\n",
}


@pytest.mark.parametrize("make", [valid, valid_patents])
@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_refused_or_written_down(tmp_path, name, make):
    good = make(tmp_path / "l.csv")
    expected, _, _ = read(good, tmp_path)
    (tmp_path / "bad.csv").write_bytes(DAMAGED[name](good.read_bytes()))
    try:
        works, _, rejects = read(tmp_path / "bad.csv", tmp_path)
    except (InnovationGraphError, Broken):
        return
    assert rejects
    assert all(work in expected for work in works)


def test_latin_text_needs_its_encoding(tmp_path):
    data = valid(tmp_path / "l.csv").read_bytes().decode("utf-8-sig").encode("cp1252")
    (tmp_path / "l.csv").write_bytes(data)
    works, _, rejects = read(tmp_path / "l.csv", tmp_path)
    assert len(works) == 1
    assert "name the encoding" in rejects[0]["reason"]
    works, _ = collect(ADAPTER, [tmp_path / "l.csv"], tmp_path / "more", encoding="cp1252")
    assert works[1].actors[0].name == "Müller K"


def test_records_from_an_export(tmp_path):
    summary = ingest("lens", valid_patents(tmp_path / "l.csv"), tmp_path / "out", resolve=False, types=["grant"])
    assert (summary.lines, summary.works, summary.left_out_type, summary.sites) == (2, 1, 1, 5)
    assert summary.unlocated == 5
    assert summary.notes == {"Lens patent exports have no addresses": 1}
    work = read_records(tmp_path / "out").works.to_pylist()[0]
    assert (work["family"], work["n_actors"], work["filed"]) == ("US 10000000 B2", 2, date(2015, 3, 10))
