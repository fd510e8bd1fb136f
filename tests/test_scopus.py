"""Scopus: CSV of three ages, BibTeX of two, authors tied to their affiliations."""

import csv
from dataclasses import replace

import openpyxl
import pytest
from adapting import collect

from innovation_graph.errors import FormatError
from innovation_graph.sources._input import Broken
from innovation_graph.sources._printed_address import read_address
from innovation_graph.sources.scopus import ADAPTER

INESC = "INESC TEC, Institute for Systems and Computer Engineering, Technology and Science, Porto, Portugal"
PORTO = "Faculty of Engineering, University of Porto, Porto, 4200-465, Portugal"
DONGHUA = "College of Mechanical Engineering, Donghua University, Shanghai, 201620, China"
KENTUCKY = "Department of Psychology, University of Kentucky, 171 Funkhouser Drive, Lexington, KY, United States"

COLUMNS = [
    "Authors",
    "Author full names",
    "Author(s) ID",
    "Title",
    "Year",
    "Source title",
    "DOI",
    "Link",
    "Affiliations",
    "Authors with affiliations",
    "Abstract",
    "Document Type",
    "EID",
]
ROWS = [
    {
        "Authors": "Barros B.J.; Cunha J.P.S.; Barros B.",
        "Author full names": "Barros, Beatriz (59277033000); Cunha, João (57216759664); Barros, Bruno (1)",
        "Author(s) ID": "59277033000; 57216759664; 1",
        "Title": "=cmd|' /C calc'!A0 and <script>alert(1)</script>; a \"review\"",
        "Year": "2024",
        "Source title": "Frontiers",
        "DOI": "10.3389/one",
        "Link": "https://www.scopus.com/inward/record.uri?eid=2-s2.0-85193513384&doi=10.3389",
        "Affiliations": f"{INESC}; {PORTO}",
        "Authors with affiliations": "; ".join(
            (f"Barros B.J., {INESC}", f"Cunha J.P.S., {INESC}, {PORTO}", f"Barros B., {PORTO}")
        ),
        "Abstract": "The human brain;\nremains a mystery.",
        "Document Type": "Review",
        "EID": "2-s2.0-85193513384",
    },
    {
        "Authors": "Sun Y.; Bao J.",
        "Author full names": "Sun, Yicheng (57221863276); Bao, Jinsong (7201398425)",
        "Author(s) ID": "57221863276; 7201398425",
        "Title": "Not to be believed",
        "Year": "2023",
        "DOI": "10.1016/two",
        "Affiliations": DONGHUA,
        "Authors with affiliations": f"Sun Y., {DONGHUA}; Bao J., {DONGHUA}",
        "Document Type": "Retracted",
        "EID": "2-s2.0-85162753116",
    },
]


def valid_csv(path, *, rows=ROWS, columns=COLUMNS, encoding="utf-8-sig"):
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, columns, quoting=csv.QUOTE_ALL, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def valid_excel(path, *, rows=ROWS):
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    for row in rows:
        book.active.append([row.get(name, "") for name in COLUMNS])
        for cell in book.active[book.active.max_row]:
            cell.data_type = "s"
    book.save(path)
    return path


def valid_bibtex(path):
    path.write_text(
        "\ufeffScopus\nEXPORT DATE: 27 November 2023\n\n"
        "@ARTICLE{Barros2024,\n\tauthor = {Barros, Beatriz J. and Cunha, João P. S.},\n"
        "\ttitle = {=cmd|' /C calc'!A0 and <script>alert(1)</script>},\n\tyear = {2024},\n\tjournal = {Frontiers},\n"
        "\tpages = {1 – 174},\n\tdoi = {10.3389/one},\n"
        "\turl = {https://www.scopus.com/inward/record.uri?eid=2-s2.0-85193513384&doi=10.3389%2fone},\n"
        f"\taffiliations = {{{INESC}; {PORTO}}},\n"
        "\tabstract = {We need {braces}, 50\\% more.},\n"
        "\tauthor_keywords = {Oceans; Plastics},\n"
        "\ttype = {Review},\n\tsource = {Scopus},\n\tnote = {Cited by: 4}\n}\n\n"
        "@BOOK{20231,\n\ttitle = {Nobody wrote this},\n\tyear = {2023},\n"
        "\turl = {https://www.scopus.com/inward/record.uri?eid=2-s2.0-85165627975},\n\ttype = {Book},\n"
        "\tsource = {Scopus}\n}\n\n"
        "@ARTICLE{DAmbrosio20171339,\nauthor={D'Ambrosio, A.a , Aria, M.a b , Iorio, C.b },\n"
        "title={As it was before 2018},\nyear={2017},\n"
        "url={https://www.scopus.com/inward/record.uri?eid=2-s2.0-84993929598&doi=1},\n"
        f"affiliation={{{DONGHUA}; {KENTUCKY}}},\ndocument_type={{Article}},\nsource={{Scopus}},\n}}\n",
        encoding="utf-8",
    )
    return path


VALID = {"scopus.csv": valid_csv, "scopus.xlsx": valid_excel, "scopus.bib": valid_bibtex}


def read(path, tmp_path, **options):
    works, reading = collect(ADAPTER, [path], tmp_path / "x", **options)
    return [replace(work, line=0) for work in works], reading


def address(text):
    return read_address(text, departments_first=True)


@pytest.mark.parametrize("name", ["scopus.csv", "scopus.xlsx"])
def test_authors_have_their_affiliations(tmp_path, name):
    (one, two), reading = read(VALID[name](tmp_path / name), tmp_path)
    assert (reading.lines, reading.rejects.count) == (2, 0)
    inesc, porto, donghua = map(address, (INESC, PORTO, DONGHUA))
    assert (porto.organisation, porto.city, porto.country) == ("University of Porto", "Porto", "PT")
    assert (donghua.organisation, donghua.city, donghua.country) == ("Donghua University", "Shanghai", "CN")
    assert (inesc.city, inesc.country, inesc.text) == ("Porto", "PT", INESC)
    assert [(a.name, a.key, a.addresses) for a in one.actors] == [
        ("Barros, Beatriz", "59277033000", (inesc,)),
        ("Cunha, João", "57216759664", (inesc, porto)),
        ("Barros, Bruno", "1", (porto,)),
    ]
    assert (one.work_id, one.year, one.type, one.retracted) == ("2-s2.0-85193513384", 2024, "Review", False)
    assert (one.title, one.notes, one.n_actors) == (ROWS[0]["Title"], (), 3)
    assert (two.retracted, two.notes) == (True, ())


def test_before_2023_names_were_parted_by_commas(tmp_path):
    row = {
        "Authors": "Strickland J.C., van de Lile J.A., Stoops W.W.",
        "Author(s) ID": "11;22;33;",
        "Title": "Discounting",
        "Year": "2017",
        "Affiliations": f"{KENTUCKY}; {DONGHUA}",
        "Authors with affiliations": (
            f"Strickland, J.C., {KENTUCKY}; van de Lile, J.A., {DONGHUA}, {KENTUCKY}; Stoops, W.W., {DONGHUA}"
        ),
        "Link": "https://www.scopus.com/inward/record.uri?eid=2-s2.0-85017393306&doi=10.1016",
    }
    columns = [name for name in COLUMNS if name not in {"Author full names", "EID"}]
    (work,), _ = read(valid_csv(tmp_path / "a.csv", rows=[row], columns=columns), tmp_path)
    kentucky, donghua = address(KENTUCKY), address(DONGHUA)
    assert (kentucky.organisation, kentucky.city, kentucky.region) == ("University of Kentucky", "Lexington", "KY")
    assert [(a.name, a.key, a.addresses) for a in work.actors] == [
        ("Strickland J.C.", "11", (kentucky,)),
        ("van de Lile J.A.", "22", (donghua, kentucky)),
        ("Stoops W.W.", "33", (donghua,)),
    ]
    assert (work.work_id, work.notes) == ("2-s2.0-85017393306", ())


def test_without_the_list_of_affiliations_countries_part_them(tmp_path):
    row = {
        **ROWS[0],
        "Authors with affiliations": (
            f"Barros B.J., {INESC}, {PORTO}; Cunha J.P.S., Georgia Tech, Atlanta, Georgia, United States, "
            "Tbilisi State University, Tbilisi, Georgia; Barros B."
        ),
    }
    columns = [name for name in COLUMNS if name != "Affiliations"]
    (work,), _ = read(valid_csv(tmp_path / "a.csv", rows=[row], columns=columns), tmp_path)
    assert [[a.text for a in actor.addresses] for actor in work.actors] == [
        [INESC, PORTO],
        ["Georgia Tech, Atlanta, Georgia, United States", "Tbilisi State University, Tbilisi, Georgia"],
        [],
    ]
    assert [(a.city, a.country) for a in work.actors[1].addresses] == [("Atlanta", "US"), ("Tbilisi", "GE")]
    assert work.notes == ("part of an author's address that is not among the affiliations, cut at countries",)


def test_affiliations_without_authors_are_everybodys(tmp_path):
    row = {**ROWS[0], "Authors with affiliations": "", "Author(s) ID": "1; 2", "Author full names": ""}
    (work,), _ = read(valid_csv(tmp_path / "a.csv", rows=[row]), tmp_path)
    assert [a.addresses for a in work.actors] == [(address(INESC), address(PORTO))] * 3
    assert [a.key for a in work.actors] == [None] * 3
    assert [a.name for a in work.actors] == ["Barros B.J.", "Cunha J.P.S.", "Barros B."]
    assert work.notes == ("author identifiers do not match the authors", "authors tied to all addresses")


def test_an_affiliation_with_a_semicolon(tmp_path):
    split = "Laboratory A; Laboratory B, University of Porto, Porto, Portugal"
    row = {**ROWS[1], "Affiliations": split, "Authors with affiliations": f"Sun Y., {split}; Bao J., {split}"}
    (work,), _ = read(valid_csv(tmp_path / "a.csv", rows=[row]), tmp_path)
    assert [[(a.text, a.country) for a in actor.addresses] for actor in work.actors] == [
        [("Laboratory A", None), ("Laboratory B, University of Porto, Porto, Portugal", "PT")]
    ] * 2
    assert work.notes == ("no known country in an address",)


def test_bibtex(tmp_path):
    (one, two, three), reading = read(valid_bibtex(tmp_path / "scopus.bib"), tmp_path)
    assert (reading.lines, reading.rejects.count) == (3, 0)
    assert [(a.name, a.key) for a in one.actors] == [("Barros, Beatriz J.", None), ("Cunha, João P. S.", None)]
    assert [a.addresses for a in one.actors] == [(address(INESC), address(PORTO))] * 2
    assert (one.work_id, one.year, one.type, one.notes) == (
        "2-s2.0-85193513384",
        2024,
        "Review",
        ("authors tied to all addresses",),
    )
    assert one.text == "We need braces, 50% more."
    assert (two.work_id, two.actors, two.notes) == ("2-s2.0-85165627975", [], ("no address",))
    assert [a.name for a in three.actors] == ["D'Ambrosio, A.", "Aria, M.", "Iorio, C."]
    assert [a.city for a in three.actors[0].addresses] == ["Shanghai", "Lexington"]


@pytest.mark.parametrize(
    ("text", "organisation", "city", "region", "country"),
    [
        ("School of Medicine, Stanford University, Stanford, 94305, CA, United States", 1, "Stanford", "CA", "US"),
        ("Duke University, Durham, NC 27708, Trent Hall, United States", 0, "Durham", "NC", "US"),
        ("School of Physics, Georgia Tech, Atlanta, Georgia 30332, United States", 1, "Atlanta", "Georgia", "US"),
        ("Ryerson University, Toronto, ON M5B 2K3, 350 Victoria Street, Canada", 0, "Toronto", "ON", "CA"),
        ("School of Mechanical Engineering, QUT, Brisbane, 4000, QLD, Australia", 1, "Brisbane", "QLD", "AU"),
        ("Department of Physics, University of Oxford, Oxford, OX1 3PU, United Kingdom", 1, "Oxford", None, "GB"),
        ("Plymouth Marine Laboratory, Devon, Plymouth, PL1 3DH, United Kingdom", 0, "Plymouth", None, "GB"),
        ("Institute of Physics, Chinese Academy of Sciences, Beijing, 100190, China", 1, "Beijing", "Beijing", "CN"),
        ("School of Life Science, Wuhan University, Wuhan, Hubei, China", 1, "Wuhan", "Hubei", "CN"),
        ("Universidad Nacional de Colombia, Cr. 45 26-85, Bogotá, 111311, Colombia", 0, "Bogotá", None, "CO"),
        ("Geocomputation Group, Department of Geography, University of Zurich, Switzerland", 2, None, None, "CH"),
        ("Utrecht University, Netherlands", 0, None, None, "NL"),
        ("Donghua University, 2999 Renmin North Road, Songjiang District, 201620, China", 0, None, None, "CN"),
        ("Atlantis University", 0, None, None, None),
    ],
)
def test_addresses(text, organisation, city, region, country):
    found = address(text)
    assert found.organisation == text.split(", ")[organisation]
    assert (found.city, found.region, found.country) == (city, region, country)


@pytest.mark.parametrize("name", VALID)
def test_a_cut_file_loses_its_end_and_says_so(tmp_path, name):
    whole = VALID[name](tmp_path / name)
    complete, _ = read(whole, tmp_path)
    content = whole.read_bytes()
    cut = tmp_path / f"cut_{name}"
    for share in (0.2, 0.5, 0.8, 0.99):
        cut.write_bytes(content[: int(len(content) * share)])
        try:
            works, reading = read(cut, tmp_path)
        except (Broken, FormatError):
            continue
        assert works == complete[: len(works)]
        assert len(works) < len(complete)
        assert reading.rejects.count


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 5000,
        b"PK\x03\x04nothing",
        b"PT\tAU\tC1\tPY\nJ\tLi, A\tX, Rome, Italy\t2020\n",
        b"Authors,Title,Year\nLi A.,No affiliations,2020\n",
        b"@article{ WOS:1,\nAuthor = {Li, A},\nYear = {2020},\nUnique-ID = {WOS:1},\n}\n",
    ],
)
def test_files_that_are_none(tmp_path, content):
    path = tmp_path / "scopus.csv"
    path.write_bytes(content)
    with pytest.raises((FormatError, Broken)):
        collect(ADAPTER, [path], tmp_path / "x")


def test_bad_rows_are_named_and_the_rest_goes_on(tmp_path):
    bad = [{**ROWS[0], "Year": "soon"}, {**ROWS[0], "EID": "", "DOI": "", "Link": ""}]
    works, reading = read(valid_csv(tmp_path / "a.csv", rows=[*bad, *ROWS]), tmp_path)
    assert (len(works), reading.lines, reading.rejects.count) == (2, 4, 2)
    rejects = (tmp_path / "x/rejects.jsonl").read_text().splitlines()
    assert "no year" in rejects[0]
    assert "neither an EID" in rejects[1]
