"""PatentsView: tables of both generations, recognised by their columns, joined by the number of the patent."""

import csv
import io
import random
import zipfile
from datetime import date

import pytest
from adapting import collect

from innovation_graph.errors import FormatError
from innovation_graph.sources import _grouped
from innovation_graph.sources.patentsview import ADAPTER

PLACES = {"loc-k": ("Kyoto", "", "JP", "35.0116", "135.768"), "loc-a": ("Austin", "TX", "US", "30.2672", "-97.7431")}
CALC = "=cmd|' /C calc'!A0"
TABLES = {
    "g_patent": (
        "patent_id patent_type patent_date patent_title wipo_kind num_claims withdrawn filename",
        [
            ("6836899", "utility", "2005-01-04", "<script>alert(1)</script>", "B1", "9", "0", "a.xml"),
            ("9000001", "utility", "2015-04-07", 'A "quoted" title', "B2", "3", "0", "b.xml"),
            ("D656296", "design", "2012-03-27", "Snack", "S1", "1", "1", "c.xml"),
        ],
    ),
    "g_application": (
        "application_id patent_id patent_application_type filing_date series_code rule_47_flag",
        [
            ("10/339710", "6836899", "10", "2003-01-09", "10", "0"),
            ("14/000001", "9000001", "14", "1074-13-01", "14", "0"),
        ],
    ),
    "g_assignee_disambiguated": (
        (
            "patent_id assignee_sequence assignee_id disambig_assignee_individual_name_first "
            "disambig_assignee_individual_name_last disambig_assignee_organization assignee_type location_id"
        ),
        [
            ("6836899", "0", "as-1", "", "", CALC, "3", "loc-k"),
            ("9000001", "0", "as-2", "Ann", "Own", "", "4", "loc-a"),
        ],
    ),
    "g_inventor_disambiguated": (
        (
            "patent_id inventor_sequence inventor_id disambig_inventor_name_first disambig_inventor_name_last "
            "gender_code location_id"
        ),
        [
            ("6836899", "0", "in-1", "A.", "One", "M", "loc-k"),
            ("6836899", "1", "in-2", "B.", "Two", "F", "loc-a"),
            ("9000001", "0", "in-2", "B.", "Two", "F", "loc-a"),
            ("D656296", "0", "in-3", "C.", "Three", "", "gone"),
        ],
    ),
    "g_location_disambiguated": (
        "location_id disambig_city disambig_state disambig_country latitude longitude county state_fips county_fips",
        [(key, *place, "", "", "") for key, place in PLACES.items()],
    ),
    "g_ipc_at_issue": (
        "patent_id ipc_sequence classification_level section ipc_class subclass main_group subgroup",
        [
            ("6836899", "0", "A", "A", "45", "F", "5", "04"),
            ("6836899", "1", "A", "C", "12", "N", "015", "12"),
            ("9000001", "0", "A", "H", "1", "L", "21", "02"),
        ],
    ),
    "g_cpc_current": (
        "patent_id cpc_sequence cpc_section cpc_class cpc_subclass cpc_group cpc_type",
        [("9000001", "0", "H", "H01", "H01L", "H01L21/0206", "inventional")],
    ),
    "g_patent_abstract": ("patent_id patent_abstract", [("6836899", "About a\nthing.")]),
}
PREGRANT = {
    "pg_published_application": (
        (
            "pgpub_id application_id filing_date patent_type filing_type published_date wipo_kind series_code "
            "application_title application_abstract rule_47_flag filename"
        ),
        [
            (
                "20040098881",
                "10/339710",
                "2003-01-09",
                "utility",
                "",
                "2004-05-27",
                "A1",
                "10",
                "Early",
                "Text",
                "0",
                "x",
            )
        ],
    ),
    "pg_assignee_disambiguated": (
        TABLES["g_assignee_disambiguated"][0].replace("patent_id", "pgpub_id"),
        [("20040098881", "0", "as-1", "", "", "Osaka Works", "3", "loc-k")],
    ),
    "pg_location_disambiguated": TABLES["g_location_disambiguated"],
    "pg_cpc_at_issue": (
        TABLES["g_cpc_current"][0].replace("patent_id", "pgpub_id"),
        [("20040098881", "0", "A", "A45", "A45F", "A45F5/04", "inventional")],
    ),
}
OLD_TABLES = {
    "patent": (
        "id type number country date abstract title kind num_claims filename withdrawn",
        [("6836899", "utility", "6836899", "US", "2005-01-04", "About.", "Holder", "B1", "9", "a.xml", "0")],
    ),
    "application": (
        "id patent_id series_code number country date",
        [("10/339710", "6836899", "10", "10339710", "US", "2003-01-09")],
    ),
    "patent_assignee": ("patent_id assignee_id location_id", [("6836899", "as-1", "loc-k")]),
    "assignee": ("id type name_first name_last organization", [("as-1", "3", "", "", "Osaka Works")]),
    "patent_inventor": ("patent_id inventor_id location_id", [("6836899", "in-1", "loc-a")]),
    "inventor": ("id name_first name_last male_flag", [("in-1", "A.", "One", "1")]),
    "location": (
        "id city state country latitude longitude county state_fips county_fips",
        [(key, *place, "", "", "") for key, place in PLACES.items()],
    ),
    "ipcr": (
        "uuid patent_id classification_level section ipc_class subclass main_group subgroup",
        [("u", "6836899", "A", "A", "45", "F", "5", "04")],
    ),
    "cpc_current": (
        "uuid patent_id section_id subsection_id group_id subgroup_id category sequence",
        [("u", "6836899", "A", "A45", "A45F", "A45F5/0412", "inventional", "0")],
    ),
}


def text(header, rows):
    file = io.StringIO()
    writer = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([header.split(), *rows])
    return file.getvalue()


def write(folder, tables=None, **changed):
    folder.mkdir(exist_ok=True)
    files = []
    for name, content in {**(TABLES if tables is None else tables), **changed}.items():
        if content is not None:
            files.append(folder / f"{name}.tsv")
            files[-1].write_text(text(*content), encoding="utf-8")
    return files


def valid(path):
    write(path)
    return path


def read(files, tmp_path):
    return collect(ADAPTER, files, tmp_path / "out")


def reasons(tmp_path):
    rejects = tmp_path / "out" / "rejects.jsonl"
    return rejects.read_text(encoding="utf-8") if rejects.exists() else ""


def actors(work, role):
    return [actor for actor in work.actors if actor.role == role]


def test_the_tables_of_today(tmp_path):
    works, reading = read(write(tmp_path / "t"), tmp_path)
    first, second, design = works
    assert (reading.lines, reading.rejects.count) == (3, 0)
    assert [work.work_id for work in works] == ["US6836899B1", "US9000001B2", "USD656296S1"]
    assert (first.published, first.filed, first.year) == (date(2005, 1, 4), date(2003, 1, 9), 2005)
    assert (first.type, first.office, first.family) == ("grant", "US", "US10339710")
    assert (first.title, first.text) == ("<script>alert(1)</script>", "About a\nthing.")
    assert first.ipc == ["A45F5/04", "C12N15/12"]
    assert (second.ipc, second.cpc) == (["H01L21/02"], ["H01L21/0206"])
    assert second.title == 'A "quoted" title'
    assert (second.filed, second.notes) == (None, ("date of filing cannot be read",))
    assert [work.retracted for work in works] == [False, False, True]
    # A design without assignee: the inventor applied. Its place is not in the table.
    assert [actor.name for actor in actors(design, "applicant")] == ["C. Three"]
    assert design.notes == ("no assignee or applicant: inventors counted as applicants", "design patent")
    assert [work.type for work in works] == ["grant", "grant", "design"]
    assert actors(design, "inventor")[0].addresses == ()


@pytest.mark.parametrize(
    ("printed", "kind", "expected"),
    [
        ("Plant", "P2", "plant"),
        ("", "P3", "plant"),
        ("", "S1", "design"),
        ("reissue", "E1", "grant"),
        ("statutory invention registration", "H1", "grant"),
        ("utility", "B2", "grant"),
    ],
)
def test_designs_and_plants_are_no_grants_of_inventions(tmp_path, printed, kind, expected):
    header, rows = TABLES["g_patent"]
    row = (rows[0][0], printed, *rows[0][2:4], kind, *rows[0][5:])
    work = read(write(tmp_path / "t", g_patent=(header, [row])), tmp_path)[0][0]
    assert work.type == expected
    assert ("plant patent" in work.notes, "design patent" in work.notes) == (expected == "plant", expected == "design")


def test_places_come_with_coordinates_and_ids(tmp_path):
    first, second, _ = read(write(tmp_path / "t"), tmp_path)[0]
    (owner,) = actors(first, "applicant")
    address = owner.addresses[0]
    assert (owner.key, address.organisation, address.organisation_id) == ("as-1", CALC, "as-1")
    assert (address.city, address.region, address.country) == ("Kyoto", None, "JP")
    assert (address.lat, address.lon) == (35.0116, 135.768)
    assert [(actor.key, actor.name) for actor in actors(first, "inventor")] == [("in-1", "A. One"), ("in-2", "B. Two")]
    assert actors(second, "inventor")[0].addresses == actors(first, "inventor")[1].addresses
    person = actors(second, "applicant")[0]
    assert (person.name, person.addresses[0].organisation, person.addresses[0].region) == ("Ann Own", None, "TX")


def test_zip_archives_and_renamed_tables(tmp_path):
    plain, _ = read(write(tmp_path / "t"), tmp_path)
    packed = []
    for number, (name, content) in enumerate(TABLES.items()):
        packed.append(tmp_path / f"{number}.zip")
        with zipfile.ZipFile(packed[-1], "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{name[::-1]}.txt", text(*content))
    works, reading = read(packed, tmp_path)
    assert (works, reading.rejects.count) == (plain, 0)


def test_applications_before_grant_together_with_grants(tmp_path):
    files = write(tmp_path / "t") + write(tmp_path / "p", PREGRANT)
    works, reading = read(files, tmp_path)
    assert reading.rejects.count == 0
    early = next(work for work in works if work.type == "application")
    grant = next(work for work in works if work.work_id == "US6836899B1")
    assert (early.work_id, early.title, early.text) == ("US20040098881A1", "Early", "Text")
    assert (early.published, early.filed) == (date(2004, 5, 27), date(2003, 1, 9))
    assert early.cpc == ["A45F5/04"]
    assert early.family == grant.family


def test_the_tables_before_2022(tmp_path):
    (work,), reading = read(write(tmp_path / "t", OLD_TABLES), tmp_path)
    assert (work.work_id, work.filed, work.ipc, work.cpc) == (
        "US6836899B1",
        date(2003, 1, 9),
        ["A45F5/04"],
        ["A45F5/0412"],
    )
    assert (work.family, work.text) == ("US10339710", "About.")
    (owner,), (inventor,) = actors(work, "applicant"), actors(work, "inventor")
    assert (owner.name, owner.addresses[0].city) == ("Osaka Works", "Kyoto")
    # Four million names of inventors are not worth the memory.
    assert (inventor.key, inventor.name, inventor.addresses[0].city) == ("in-1", None, "Austin")
    assert reading.rejects.count == 1
    assert "not used" in reasons(tmp_path)
    assert "inventor.tsv" in reasons(tmp_path)


def test_order_of_rows_and_the_disk_change_nothing(tmp_path, monkeypatch):
    works, _ = read(write(tmp_path / "t"), tmp_path)
    expected = {work.work_id: work for work in works}
    shuffled = {}
    for name, (header, rows) in TABLES.items():
        mixed = random.Random(1).sample(rows, len(rows))  # noqa: S311
        # The order of persons is theirs, by their sequence.
        by_person = sorted(mixed, key=lambda row: (row[1], row[0]))
        shuffled[name] = (header, by_person if "inventor" in name else mixed)
    monkeypatch.setattr(_grouped, "_IN_MEMORY", 3)
    works, reading = read(write(tmp_path / "s", shuffled), tmp_path)
    for work in works:
        mine = expected[work.work_id]
        assert sorted(work.ipc) == sorted(mine.ipc)
        assert work.actors == mine.actors
        assert (work.filed, work.cpc, work.notes, work.title) == (mine.filed, mine.cpc, mine.notes, mine.title)
    assert {work.work_id for work in works} == set(expected)
    assert reading.lines == 3


@pytest.mark.parametrize(
    ("missing", "note"),
    [
        ("g_application", "no table of applications"),
        ("g_assignee_disambiguated", "no table of assignees"),
        ("g_inventor_disambiguated", "no table of inventors"),
        ("g_location_disambiguated", "no table of locations"),
        ("g_ipc_at_issue", "no table of IPC"),
        ("g_cpc_current", "no table of CPC"),
    ],
)
def test_missing_tables_are_noted(tmp_path, missing, note):
    works, _ = read(write(tmp_path / "t", **{missing: None}), tmp_path)
    assert len(works) == 3
    assert all(any(note in one for one in work.notes) for work in works)
    if missing == "g_assignee_disambiguated":
        assert not any(actors(work, "applicant") for work in works)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        (["g_patent"], "g_patent or pg_published_application"),
        (["g_assignee_disambiguated", "g_inventor_disambiguated"], "assignees or inventors"),
    ],
)
def test_tables_that_must_be_there_are_named(tmp_path, missing, told):
    files = write(tmp_path / "t", **dict.fromkeys(missing))
    with pytest.raises(FormatError, match=told):
        read(files, tmp_path)


def test_rows_of_other_patents_are_counted(tmp_path):
    header, rows = TABLES["g_patent"]
    works, reading = read(write(tmp_path / "t", g_patent=(header, rows[:1])), tmp_path)
    assert [work.work_id for work in works] == ["US6836899B1"]
    assert reading.rejects.count == 1
    assert "2 patents of other tables are not in the table of patents" in reasons(tmp_path)


def test_bad_rows_are_refused_and_the_rest_goes_on(tmp_path):
    header, rows = TABLES["g_patent"]
    bad = [("7", "utility", "soon", "T", "B1", "1", "0", "x"), ("8", "utility", "", "T", "B1", "1", "0", "x")]
    files = write(tmp_path / "t", g_patent=(header, [*bad, *rows]))
    with files[0].open("a", encoding="utf-8") as file:
        file.write("9\tutility\n")
    works, reading = read(files, tmp_path)
    assert (len(works), reading.rejects.count) == (3, 3)
    told = reasons(tmp_path)
    assert "'soon', which is no day" in told
    assert "no date of publication of patent '8'" in told
    assert "2 cells instead of 8" in told
    assert told.count("g_patent.tsv") == 3


@pytest.mark.parametrize("place", [("Nowhere", "", "XX", "91", "0"), ("Nowhere", "", "", "", "x")])
def test_impossible_places_keep_their_text(tmp_path, place):
    header, _ = TABLES["g_location_disambiguated"]
    rows = [("loc-k", *place, "", "", ""), ("loc-a", *PLACES["loc-a"], "", "", "")]
    (first, *_), _ = read(write(tmp_path / "t", g_location_disambiguated=(header, rows)), tmp_path)
    address = actors(first, "applicant")[0].addresses[0]
    assert (address.city, address.country, address.lat, address.lon) == ("Nowhere", None, None, None)


@pytest.mark.parametrize("content", [b"", b"\0\1\2" * 500, b"PK\x03\x04 broken", b"\x1f\x8b broken", b"x" * (1 << 23)])
def test_damaged_tables_are_written_down(tmp_path, content):
    files = write(tmp_path / "t")
    files[3].write_bytes(content)
    works, reading = read(files, tmp_path)
    assert len(works) == 3
    assert reading.rejects.count >= 1
    assert "g_inventor_disambiguated.tsv" in reasons(tmp_path)
    assert all("no table of inventors: assignees only" in work.notes for work in works)
