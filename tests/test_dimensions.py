"""Exports of Dimensions: authors, their printed affiliations and the standardised organisations brought together."""

import csv
import json
import zipfile

import openpyxl
import pytest
from adapting import collect
from hypothesis import given
from hypothesis import strategies as st

from innovation_graph.errors import InnovationGraphError
from innovation_graph.records import read_records
from innovation_graph.sources.dimensions import ADAPTER, _people
from innovation_graph.sources.ingesting import ingest

NOTE = ["About the data: Exported on Nov 20, 2025. Criteria: 'graphene' in title; abstract."]
HEADER = [
    "Rank",
    "Publication ID",
    "DOI",
    "Title",
    "Abstract",
    "PubYear",
    "Publication Type",
    "Authors",
    "Authors (Raw Affiliation)",
    "Corresponding Authors",
    "Authors Affiliations",
    "Research Organizations - standardized",
    "GRID IDs",
    "City of Research organization",
    "State of Research organization",
    "Country of Research organization",
    "Fields of Research (ANZSRC 2020)",
]
TWO = {
    "Rank": "500",
    "Publication ID": "pub.1000000001",
    "Title": "=cmd|' /C calc'!A0",
    "PubYear": "2021",
    "Publication Type": "Article",
    "Authors": "Smith, John; Doe, Jane",
    "Authors (Raw Affiliation)": "Smith, John (Dept. of Physics (Optics), University of Bonn, Bonn, Germany); "
    "Doe, Jane (MIT; Harvard (School of Law), Cambridge, MA, USA; Institut für Alles, Wien)",
    "Authors Affiliations": "Smith, John (University of Bonn); "
    "Doe, Jane (Massachusetts Institute of Technology; Harvard)",
    "Research Organizations - standardized": "University of Bonn; Massachusetts Institute of Technology; Harvard",
    "GRID IDs": "grid.10388.32; grid.116068.8; grid.38142.3c",
    "City of Research organization": "Bonn; Cambridge; Cambridge",
    "State of Research organization": "Massachusetts; Massachusetts",
    "Country of Research organization": "Germany; United States; United States",
    "Fields of Research (ANZSRC 2020)": "51 Physical Sciences; 5108 Quantum Physics",
}
ONE = {
    "Rank": "501",
    "Publication ID": "pub.1000000002",
    "Title": "<script>alert(1)</script>",
    "PubYear": "2020",
    "Publication Type": "Preprint",
    "Authors": "Li, Wei",
}


def table(*rows):
    return [NOTE, HEADER, *([row.get(name, "") for name in HEADER] for row in rows)]


def valid(path):
    """Two works; CSV or Excel by the name."""
    return write(path, TWO, ONE)


def write(path, *rows):
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in table(*rows):
            book.active.append(row)
            for cell in book.active[book.active.max_row]:
                cell.data_type = "s"
        book.save(path)
    else:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(table(*rows))
    return path


def read(path, folder):
    works, reading = collect(ADAPTER, [path], folder / "records")
    rejects = folder / "records" / "rejects.jsonl"
    found = [json.loads(line) for line in rejects.read_text("utf-8").splitlines()] if rejects.exists() else []
    return works, reading, found


def one(tmp_path, **changes):
    works, _, rejects = read(write(tmp_path / "d.csv", {**TWO, **changes}), tmp_path)
    assert not rejects
    return works[0]


def sites(work):
    return [
        [
            (place.organisation, place.organisation_id, place.city, place.region, place.country, place.text)
            for place in a
        ]
        for a in (actor.addresses for actor in work.actors)
    ]


@pytest.mark.parametrize("name", ["d.csv", "d.xlsx"])
def test_csv_and_excel(tmp_path, name):
    works, reading, rejects = read(valid(tmp_path / name), tmp_path)
    assert not rejects
    assert reading.lines == 2
    two, alone = works
    assert (two.work_id, two.kind, two.type, two.year) == ("pub.1000000001", "paper", "Article", 2021)
    assert two.title == "=cmd|' /C calc'!A0"
    assert two.fields == ["51 Physical Sciences", "5108 Quantum Physics"]
    assert [(actor.name, actor.role, actor.key) for actor in two.actors] == [
        ("Smith, John", "author", None),
        ("Doe, Jane", "author", None),
    ]
    bonn = "Dept. of Physics (Optics), University of Bonn, Bonn, Germany"
    assert sites(two) == [
        [("University of Bonn", "grid.10388.32", "Bonn", None, "DE", bonn)],
        [
            ("Massachusetts Institute of Technology", "grid.116068.8", "Cambridge", None, "US", None),
            ("Harvard", "grid.38142.3c", "Cambridge", None, "US", "Harvard (School of Law), Cambridge, MA, USA"),
            (None, None, None, None, None, "MIT"),
            (None, None, None, None, None, "Institut für Alles, Wien"),
        ],
    ]
    # States are fewer than organisations, and two printed affiliations may be that of the one left.
    assert two.notes == (
        "places of organisations unknown: lists of unequal length",
        "printed affiliations not tied to standardised organisations: both taken",
    )
    assert (alone.title, alone.type, alone.notes) == (
        "<script>alert(1)</script>",
        "Preprint",
        ("no affiliations",),
    )
    assert [actor.addresses for actor in alone.actors] == [()]


def test_zip_of_exports(tmp_path):
    valid(tmp_path / "d.csv")
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.write(tmp_path / "d.csv", "a/d.csv")
    assert read(tmp_path / "d.zip", tmp_path)[0] == read(tmp_path / "d.csv", tmp_path)[0]


def test_the_one_affiliation_left_is_that_of_the_one_organisation_left(tmp_path):
    work = one(
        tmp_path,
        **{
            "Authors": "Smith, John",
            "Authors (Raw Affiliation)": "Smith, John (Universität Bonn, Bonn)",
            "Authors Affiliations": "Smith, John (University of Bonn)",
        },
    )
    assert sites(work)[0][0][-1] == "Universität Bonn, Bonn"
    assert len(sites(work)[0]) == 1


def test_places_are_those_of_all_if_there_is_one_only(tmp_path):
    work = one(
        tmp_path,
        **{
            "City of Research organization": "Bonn",
            "Country of Research organization": "Germany",
            "GRID IDs": "grid.1; grid.2",
            "State of Research organization": "",
        },
    )
    places = {(org, own, city, land) for actor in sites(work) for org, own, city, _, land, _ in actor if org}
    assert places == {
        ("University of Bonn", None, "Bonn", "DE"),
        ("Massachusetts Institute of Technology", None, "Bonn", "DE"),
        ("Harvard", None, "Bonn", "DE"),
    }
    assert "places of organisations unknown: lists of unequal length" in work.notes


def test_export_for_mapping_names_organisations_without_their_authors(tmp_path):
    header = [
        "Publication ID",
        "Title",
        "PubYear",
        "Authors",
        "Authors Affiliations - Name of Research organization",
        "Authors Affiliations - Country of Research organization",
    ]
    row = ["pub.7", "T", "2020", "A, B; C, D", "Univ X; Univ Y", "France; China"]
    with (tmp_path / "d.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([NOTE, header, row])
    (work,), _, _ = read(tmp_path / "d.csv", tmp_path)
    assert [[(a.organisation, a.country) for a in actor.addresses] for actor in work.actors] == [
        [("Univ X", "FR"), ("Univ Y", "CN")]
    ] * 2
    assert work.notes == ("all authors tied to all organisations",)


def test_namesakes_keep_their_own_affiliations(tmp_path):
    work = one(
        tmp_path,
        **{
            "Authors": "Wang, Y; Li, X; Wang, Y",
            "Authors (Raw Affiliation)": "Wang, Y (A); Li, X (B); Wang, Y (C)",
            "Authors Affiliations": "Wang, Y (Univ A); Wang, Y (Univ C)",
        },
    )
    texts = [[text for *_, text in places] for places in sites(work)]
    assert texts == [["A"], ["B"], ["C"]]


def test_names_that_differ_between_columns(tmp_path):
    changes = {"Authors": "Smith, J.; Doe, J.", "Authors Affiliations": ""}
    assert [len(places) for places in sites(one(tmp_path, **changes))] == [1, 3]  # by position
    changes["Authors"] = "Smith, J.; Doe, J.; Roe, R."
    work = one(tmp_path, **changes)
    assert [len(places) for places in sites(work)] == [0, 0, 0]
    assert "authors named otherwise beside their affiliations: these left out" in work.notes


def test_brackets_that_do_not_match_do_not_mix_authors(tmp_path):
    work = one(
        tmp_path,
        **{
            "Authors (Raw Affiliation)": "Smith, John (Dept. (Optics, Univ Bonn, Bonn); Doe, Jane (MIT), Cambridge)",
            "Authors Affiliations": "",
        },
    )
    assert [[place[-1] for place in places] for places in sites(work)] == [
        ["Dept. (Optics, Univ Bonn, Bonn"],
        ["MIT), Cambridge"],
    ]
    changes = {"Authors": "Smith; Doe", "Authors (Raw Affiliation)": "S. (Dept. (Optics); D. (MIT)"}
    assert "brackets in the list of authors do not match" in one(tmp_path, **changes).notes


def test_a_cell_as_long_as_excel_allows_is_a_cut_list(tmp_path):
    long = "; ".join(f"Author, No{number}" for number in range(4000))[:32_767]
    work = one(tmp_path, Authors=long.ljust(32_767, "x"))
    assert work.truncated
    assert any("as long as Excel allows" in note for note in work.notes)
    assert not one(tmp_path, Authors=long.ljust(32_768, "x")).truncated


def test_rows_that_are_no_publications_are_refused(tmp_path):
    rows = [{**TWO, "Publication ID": "patent.7"}, {**TWO, "PubYear": "soon"}, {**TWO, "Publication ID": ""}, ONE]
    works, reading, rejects = read(write(tmp_path / "d.csv", *rows), tmp_path)
    assert [work.work_id for work in works] == ["pub.1000000002"]
    assert [(each["line"], each["reason"].split(",")[0]) for each in rejects] == [
        (3, "publication ID 'patent.7'"),
        (4, "year 'soon'"),
        (5, "publication ID ''"),
    ]
    assert reading.lines == 4


affiliation = st.recursive(
    st.text(
        st.characters(codec="utf-8", exclude_characters="();\r\n\0,", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1
    ),
    lambda inner: st.builds("{}({}; {}){}".format, inner, inner, inner, inner),
    max_leaves=6,
)


@given(st.lists(st.lists(affiliation, max_size=3), min_size=1, max_size=4))
def test_any_nesting_of_brackets_is_taken_apart_as_it_was_put_together(lists):
    lists = [[text.strip() for text in texts if text.strip()] for texts in lists]
    names = [f"Name{number}, A" for number in range(len(lists))]
    cell = "; ".join(f"{name} ({'; '.join(texts)})" for name, texts in zip(names, lists, strict=True))
    found = _people(cell, names, {})
    assert [person.name for person in found] == names
    assert [person.affiliations for person in found] == lists


DAMAGED = {
    "cut": lambda data: data[:-150],
    "utf-16 without mark": lambda data: data.decode("utf-8-sig").encode("utf-16-le"),
    "latin": lambda data: data.decode("utf-8-sig").encode("latin-1"),
    "swapped": lambda data: data.replace(b"Publication ID,DOI,Title", b"Title,DOI,Publication ID"),
    "missing": lambda data: data.replace(b"PubYear", b"Journal"),
    "NUL": lambda data: data.replace(b"Harvard", b"Har\0ard"),
    "long": lambda data: data + b"502,pub.3," + b"x" * 10_000_000 + b"\r\n",
    "empty": lambda _: b"",
    "zip": lambda _: b"PK\x03\x04" + b"\0" * 99,
    "other table": lambda _: b"a,b\n1,2\n",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_refused_or_written_down(tmp_path, name):
    good = valid(tmp_path / "d.csv")
    expected, _, _ = read(good, tmp_path)
    (tmp_path / "bad.csv").write_bytes(DAMAGED[name](good.read_bytes()))
    try:
        works, _, rejects = read(tmp_path / "bad.csv", tmp_path)
    except Exception as error:  # noqa: BLE001
        assert isinstance(error, InnovationGraphError) or type(error).__name__ == "Broken"  # noqa: PT017
        return
    assert rejects
    assert all(work in expected for work in works)


def test_records_from_an_export(tmp_path):
    summary = ingest("dimensions", valid(tmp_path / "d.xlsx"), tmp_path / "out", resolve=False)
    assert (summary.lines, summary.works, summary.sites, summary.unlocated) == (2, 2, 6, 3)
    assert summary.notes["no affiliations"] == 1
    addresses = read_records(tmp_path / "out").addresses.to_pylist()
    assert {each["country"] for each in addresses if each["organisation"]} == {"DE", "US"}
