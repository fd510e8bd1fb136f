"""Any table with a map of its columns: one table or several, joined, checked, and the packaged maps."""

import csv
import io
import json
import random
import re
import zipfile
from collections import defaultdict
from datetime import date

import openpyxl
import pandas as pd
import pytest
from adapting import collect
from hypothesis import given
from hypothesis import strategies as st

from innovation_graph._data import data_path
from innovation_graph.errors import FormatError, InnovationGraphError, RecipeError
from innovation_graph.sources import _grouped
from innovation_graph.sources._column_map import _Reader
from innovation_graph.sources._input import Broken
from innovation_graph.sources.ingesting import ingest
from innovation_graph.sources.tables import ADAPTER

MAP = """
kind = "paper"
[columns]
work_id = "ut"
year = "py"
type = "dt"
title = "ti"
fields = "sc"
actor = "author"
organisation = "affil"
city = "city"
country = "country"
lat = "lat"
lon = "lon"
"""
HEADER = "ut,py,dt,ti,sc,author,affil,city,country,lat,lon\n"
ROWS = (
    "W2,2021,Article,=cmd|' /C calc'!A0,Physics;Optics,Doe,Univ Aachen,Aachen,Germany,50.77,6.08\n"
    "W1,2020,Review,<script>alert(1)</script>,,Li,Tsinghua,Beijing,CN,39.9,116.4\n"
    "W2,2021,Article,=cmd|' /C calc'!A0,Physics,Roe,Univ Wien,Wien,AUT,,\n"
    "W2,2021,Article,=cmd|' /C calc'!A0,Physics,Doe,RWTH,Aachen,DEU,,\n"
)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def valid(path):
    """Two works at three places; the map lies beside the table."""
    write(path.with_suffix(".toml"), MAP)
    return write(path, HEADER + ROWS)


def read(files, folder, columns, **options):
    works, reading = collect(ADAPTER, files, folder / "records", columns=columns, **options)
    rejects = folder / "records" / "rejects.jsonl"
    found = [json.loads(line) for line in rejects.read_text("utf-8").splitlines()] if rejects.exists() else []
    return {work.work_id: work for work in works}, reading, found


def sites(work):
    return [
        (actor.role, actor.name, address.organisation, address.city, address.country, address.lat)
        for actor in work.actors
        for address in actor.addresses
    ]


def test_rows_of_a_work_are_gathered_wherever_they_stand(tmp_path):
    path = valid(tmp_path / "t.csv")
    works, reading, rejects = read([path], tmp_path, path.with_suffix(".toml"))
    assert list(works) == ["W2", "W1"]
    assert works["W2"].fields == ["Physics", "Optics"]
    assert works["W2"].title == "=cmd|' /C calc'!A0"
    assert (works["W2"].year, works["W2"].type, works["W2"].kind, works["W2"].line) == (2021, "Article", "paper", 2)
    assert sites(works["W2"]) == [
        ("author", "Doe", "Univ Aachen", "Aachen", "DE", 50.77),
        ("author", "Doe", "RWTH", "Aachen", "DE", None),
        ("author", "Roe", "Univ Wien", "Wien", "AT", None),
    ]
    assert [len(actor.addresses) for actor in works["W2"].actors] == [2, 1]
    assert sites(works["W1"]) == [("author", "Li", "Tsinghua", "Beijing", "CN", 39.9)]
    assert not rejects
    assert reading.lines == 2
    assert not any(work.notes for work in works.values())


def test_every_container_gives_the_same(tmp_path):
    path = valid(tmp_path / "t.csv")
    mapped = path.with_suffix(".toml")
    expected, _, _ = read([path], tmp_path, mapped)
    rows = list(csv.reader(io.StringIO(HEADER + ROWS)))
    write(tmp_path / "t.tsv", "\n".join("\t".join(row) for row in rows))
    (tmp_path / "t16.csv").write_bytes((HEADER + ROWS).encode("utf-16"))
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("inner.csv", HEADER + ROWS)
    book = openpyxl.Workbook()
    book.active.title = "first"
    sheet = book.create_sheet("data")
    for row in rows:
        sheet.append([float(cell) if cell.replace(".", "").isdecimal() else cell for cell in row])
        for cell in sheet[sheet.max_row]:
            cell.data_type = "s" if isinstance(cell.value, str) else "n"
    book.save(tmp_path / "t.xlsx")
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    frame["py"] = frame["py"].astype(int)
    frame["sc"] = frame["sc"].str.split(";")
    frame.to_parquet(tmp_path / "t.parquet")
    write(tmp_path / "sheet.toml", MAP.replace('kind = "paper"', 'kind = "paper"\nsheet = "data"'))
    for name in ("t.tsv", "t16.csv", "t.zip", "t.xlsx", "t.parquet"):
        works, _, rejects = read([tmp_path / name], tmp_path, tmp_path / "sheet.toml")
        assert works == expected, name
        assert not rejects


def test_parts_of_a_table_are_one_table(tmp_path):
    whole = valid(tmp_path / "whole.csv")
    expected, _, _ = read([whole], tmp_path, whole.with_suffix(".toml"))
    lines = ROWS.splitlines(keepends=True)
    parts = [write(tmp_path / f"part{n}.csv", HEADER + line) for n, line in enumerate(lines)]
    works, reading, _ = read(parts, tmp_path, whole.with_suffix(".toml"))
    assert works.keys() == expected.keys()
    assert {key: sites(work) for key, work in works.items()} == {key: sites(work) for key, work in expected.items()}
    assert reading.lines == 2


def test_bad_rows_are_refused_with_their_line_and_the_rest_goes_on(tmp_path):
    bad = (
        "W1,2020,,,,A,X,Bonn,DE,91,7\n"
        "W1,2020,,,,B,X,Bonn,DE,50.7,\n"
        "W1,2020,,,,C,X,Bonn,DE,Bonn,7\n"
        ",2020,,,,D,X,Bonn,DE,,\n"
        "W1,2020,,,,E,X,Bonn,Atlantis,,\n"
        "W3,June,,,,F,X,Bonn,DE,,\n"
        "W4,2021,,,,G,X,Bonn,DE\n"
        "W5,9999,,,,H,X,Bonn,DE,50.7,7.1\n"
    )
    path, mapped = write(tmp_path / "t.csv", HEADER + bad), write(tmp_path / "m.toml", MAP)
    works, reading, rejects = read([path], tmp_path, mapped)
    assert sorted((each["line"], each["reason"].split(",")[0]) for each in rejects) == [
        (2, "lat '91' and lon '7'"),
        (3, "lat '50.7' and lon ''"),
        (4, "lat 'Bonn' and lon '7'"),
        (5, "no work_id"),
        (7, "year 'June'"),
        (8, "9 cells instead of 11; is the file cut"),
    ]
    assert {each["file"] for each in rejects} == {str(path)}
    assert sites(works["W1"]) == [("author", "E", "X", "Bonn", None, None)]
    assert works["W1"].notes == ("country that is no name or code of one",)
    assert works["W5"].year is None
    assert works.keys() == {"W1", "W5"}
    assert reading.lines == 3  # W4 is no row, and a row without a work belongs to none


def test_rows_that_disagree_about_their_work_are_noted(tmp_path):
    rows = "W1,2020,Article,T,,A,X,Bonn,DE,,\nW1,2021,Article,,,B,X,Bonn,DE,,\n"
    path, mapped = write(tmp_path / "t.csv", HEADER + rows), write(tmp_path / "m.toml", MAP)
    works, _, _ = read([path], tmp_path, mapped)
    assert works["W1"].year == 2020
    assert works["W1"].notes == ("rows of a work differ in year: the first taken",)


def test_actors_are_rows_unless_they_are_named(tmp_path):
    mapped = write(tmp_path / "m.toml", 'kind = "paper"\n[columns]\nwork_id = "id"\norganisation = "org"\n')
    path = write(tmp_path / "t.csv", "id,org\nW1,A\nW1,A\nW1,B\n")
    works, _, _ = read([path], tmp_path, mapped)
    assert [actor.addresses[0].organisation for actor in works["W1"].actors] == ["A", "A", "B"]
    assert {actor.key for actor in works["W1"].actors} == {None}


PATENTS = """
kind = "patent"
separator = "|"
[columns]
work_id = "pn"
office = "cc"
type = [{ column = "kc", values = { A1 = "application", B1 = "grant" } }, "kind"]
filed = "ad"
published = "pd"
family = "fam"
ipc = "ipc"
cpc = "cpc"
role = { column = "who", values = { assignee = "applicant", inventor = "inventor" } }
actor_id = "who_id"
actor = { join = ["last", "first"] }
ror = "ror"
geonames_id = "geo"
city = "city"
country = { value = "JP" }
n_actors = "n"
retracted = "gone"
"""
PATENT_HEADER = "pn,cc,kc,kind,ad,pd,fam,ipc,cpc,who,who_id,last,first,ror,geo,city,n,gone\n"


def test_patents_have_dates_symbols_and_two_roles(tmp_path):
    rows = (
        "P1,jp,b1,,20200102,2023-04-05,F7,H01L 21/00|A61B0005047600,H01L21/02,assignee,11,Sony,,"
        "https://ror.org/0abcdef12,1850147,Tokyo,1,no\n"
        "P1,JP,B1,,,,,H01L21/00,,inventor,12,Sato,Ken,,,Osaka,,\n"
        "P1,JP,B1,,,,,,,inventor,12,Sato,Ken,,,Kobe,,\n"
        "P2,JP,,pct,9999-12-31,2022-01-01,,,,inventor,12,Sato,Ken,,,Osaka,,yes\n"
        "P3,JP,,B9,,,,,,inventor,12,Sato,Ken,,,Osaka,,\n"
        "P4,JP,B1,,,,,,,lawyer,13,Abe,,,,Osaka,,\n"
        "P5,Japan,B1,,,,,,,inventor,13,Abe,,,,Osaka,,\n"
        "P6,JP,B1,,,,,,,inventor,13,Abe,,,,Osaka,many,\n"
        "P7,JP,B1,,,,,,,inventor,13,Abe,,xyz,,Osaka,,\n"
        "P8,JP,B1,,,,,,,inventor,13,Abe,,,,Osaka,,perhaps\n"
    )
    path, mapped = write(tmp_path / "t.csv", PATENT_HEADER + rows), write(tmp_path / "m.toml", PATENTS)
    works, _, rejects = read([path], tmp_path, mapped)
    one = works["P1"]
    assert (one.kind, one.type, one.office, one.year) == ("patent", "grant", "JP", 2023)
    assert (one.filed, one.published, one.family) == (date(2020, 1, 2), date(2023, 4, 5), "F7")
    assert (one.ipc, one.cpc, one.n_actors) == (["H01L21/00", "A61B5/0476"], ["H01L21/02"], 1)
    assert [(actor.role, actor.name, actor.key, len(actor.addresses)) for actor in one.actors] == [
        ("applicant", "Sony", "11", 1),
        ("inventor", "Sato, Ken", "12", 2),
    ]
    address = one.actors[0].addresses[0]
    assert (address.ror, address.geonames_id, address.country) == ("0abcdef12", 1850147, "JP")
    assert (works["P2"].type, works["P2"].filed, works["P2"].retracted) == ("pct", None, True)
    reasons = {each["line"]: each["reason"].split(",")[0] for each in rejects}
    assert reasons == {
        6: "type 'B9'",
        7: "role '' of a patent",
        8: "office 'JAPAN'",
        9: "n_actors 'many'",
        10: "ror 'xyz'",
        11: "retracted 'perhaps'",
    }
    assert works["P4"].actors == works["P7"].actors == []


def test_a_column_may_say_the_kind(tmp_path):
    mapped = write(
        tmp_path / "m.toml", '[columns]\nwork_id="id"\nkind="k"\nrole="r"\ntype="t"\ncity="c"\ncountry={value="FR"}\n'
    )
    path = write(tmp_path / "t.csv", "id,k,r,t,c\nA,Paper,,Note,Lyon\nB,patent,inventor,Grant,Nice\nC,book,,,Metz\n")
    works, _, rejects = read([path], tmp_path, mapped)
    assert [(work.kind, work.type, work.actors[0].role) for work in works.values()] == [
        ("paper", "Note", "author"),
        ("patent", "grant", "inventor"),
    ]
    assert [each["reason"] for each in rejects] == ["kind 'book', which is neither paper nor patent"]


JOINED = """
kind = "patent"
[[table]]
files = "sites*"
columns = { work_id = "appln", actor_id = "person", role = { flags = { applicant = "a", inventor = "i" } } }
[[table]]
files = "who*"
columns = { actor_id = "person", actor = "name", location_id = "loc" }
[[table]]
files = "where*"
columns = { location_id = "loc", city = "city", country = "country", lat = "lat", lon = "lon" }
[[table]]
files = "more*"
columns = { work_id = "appln", title = "title", ipc = "ipc" }
"""


def joined_tables(rng, works=300, persons=60, places=20):
    """Make tables at random, and what an own slow join says of them."""
    where = [(f"L{n}", f"City {n}", "DE", n, n) for n in range(places)]
    who = [(n, f"Person {n}", f"L{rng.randrange(places + 3)}") for n in range(persons)]
    rows, expected = [], defaultdict(list)
    for work in range(works):
        for person in rng.sample(range(persons + 5), rng.randrange(1, 5)):
            a, i = rng.choice([(1, 0), (0, 2), (3, 1)])
            rows.append((work, person, a, i))
            place = next((p for k, _, p in who if k == person), None)
            city = next((c for k, c, *_ in where if k == place), None)
            name = f"Person {person}" if person < persons else None
            expected[f"{work}"] += [(role, str(person), name, city) for role in ("applicant",) * bool(a)]
            expected[f"{work}"] += [(role, str(person), name, city) for role in ("inventor",) * bool(i)]
    rng.shuffle(rows)
    more = [(n, f"Title {n}", f"H01L {n % 7 + 1}/00") for n in range(works + 10)]
    tables = {
        "sites.csv": ("appln,person,a,i", rows),
        "who.csv": ("person,name,loc", who),
        "where.csv": ("loc,city,country,lat,lon", where),
        "more.csv": ("appln,title,ipc", more),
    }
    return tables, expected


@pytest.mark.parametrize("in_memory", [1 << 19, 50])
def test_tables_are_joined_as_a_slow_join_does(tmp_path, monkeypatch, in_memory):
    monkeypatch.setattr(_grouped, "_IN_MEMORY", in_memory)
    tables, expected = joined_tables(random.Random(7))  # noqa: S311  made-up data
    for name, (header, rows) in tables.items():
        write(tmp_path / name, "\n".join([header, *(",".join(map(str, row)) for row in rows)]))
    files = [tmp_path / name for name in sorted(tables)]
    works, reading, rejects = read(files, tmp_path, write(tmp_path / "m.toml", JOINED))
    assert works.keys() == expected.keys()
    for key, work in works.items():
        found = [(a.role, a.key, a.name, a.addresses[0].city) for a in work.actors]
        assert sorted(found, key=str) == sorted(expected[key], key=str)
        lost = any(city is None for *_, city in expected[key])
        assert lost == any("their table does not have" in note for note in work.notes)
        assert work.title == f"Title {key}"
        assert work.ipc == [f"H01L{int(key) % 7 + 1}/00"]
    assert len(rejects) == 10
    assert {each["reason"] for each in rejects} == {"the first table (sites*) does not have this work"}
    assert reading.lines == len(expected) + 10


def test_order_of_actors_does_not_depend_on_the_memory(tmp_path, monkeypatch):
    tables, _ = joined_tables(random.Random(3))  # noqa: S311  made-up data
    for name, (header, rows) in tables.items():
        write(tmp_path / name, "\n".join([header, *(",".join(map(str, row)) for row in rows)]))
    files, mapped = [tmp_path / name for name in sorted(tables)], write(tmp_path / "m.toml", JOINED)
    expected, _, _ = read(files, tmp_path, mapped)
    monkeypatch.setattr(_grouped, "_IN_MEMORY", 10)
    found, _, _ = read(files, tmp_path, mapped)
    assert found == expected


@given(st.permutations(ROWS.splitlines(keepends=True)))
def test_the_order_of_rows_changes_no_site(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("rows")
    path, mapped = write(folder / "t.csv", HEADER + "".join(rows)), write(folder / "m.toml", MAP)
    works, _, _ = read([path], folder, mapped)
    assert {key: sorted(map(str, sites(work))) for key, work in works.items()} == {
        "W1": ["('author', 'Li', 'Tsinghua', 'Beijing', 'CN', 39.9)"],
        "W2": [
            "('author', 'Doe', 'RWTH', 'Aachen', 'DE', None)",
            "('author', 'Doe', 'Univ Aachen', 'Aachen', 'DE', 50.77)",
            "('author', 'Roe', 'Univ Wien', 'Wien', 'AT', None)",
        ],
    }


def test_one_damaged_file_does_not_take_the_others_along(tmp_path):
    good = valid(tmp_path / "good.csv")
    bad = write(tmp_path / "bad.csv", "something,else\n1,2\n")
    worse = tmp_path / "worse.csv"
    worse.write_bytes(b"")
    works, reading, rejects = read([bad, good, worse], tmp_path, good.with_suffix(".toml"))
    assert works.keys() == {"W1", "W2"}
    assert reading.rejects.damaged == 2
    assert {each["file"] for each in rejects} == {str(bad), str(worse)}


def test_misspelt_columns_are_told_once_and_clearly(tmp_path):
    path = valid(tmp_path / "t.csv")
    mapped = write(
        tmp_path / "m.toml", MAP.replace('"py"', '"citie"').replace('"author"', '"Autor"').replace('"dt"', '"?"')
    )
    with pytest.raises(FormatError) as caught:
        ingest("table", path, tmp_path / "out", columns=mapped, resolve=False)
    told = str(caught.value)
    assert told.count(str(path)) == told.count("expected") == told.count(" got ") == 1
    assert ".." not in told
    # `city` is near `citie`, but the map uses it.
    assert "Missing: citie, ?, Autor (did you mean 'author'?)." in told
    assert told.endswith(f"Correct the names in {mapped}.")


def test_the_sheets_of_a_workbook_are_named_if_columns_are_missing(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "notes"
    book.active.append(["made", "by", "hand"])
    sheet = book.create_sheet("data")
    for row in csv.reader(io.StringIO(HEADER + ROWS)):
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    mapped = write(tmp_path / "m.toml", MAP)
    message = r"The sheet 'notes' was read, the others are 'data'; name the right one in .*m\.toml \(sheet\)\.$"
    with pytest.raises(FormatError, match=message):
        ingest("table", tmp_path / "t.xlsx", tmp_path / "out", columns=mapped, resolve=False)


def test_files_that_no_table_takes_and_tables_without_a_file(tmp_path):
    mapped = write(tmp_path / "m.toml", JOINED)
    with pytest.raises(FormatError, match=r"a file called 'who\*' .*m\.toml"):
        read([write(tmp_path / "sites.csv", "appln,person,a,i\n1,1,1,0\n")], tmp_path, mapped)
    for name, (header, rows) in joined_tables(random.Random(1))[0].items():  # noqa: S311  made-up data
        write(tmp_path / name, "\n".join([header, *(",".join(map(str, row)) for row in rows)]))
    readme = write(tmp_path / "notes.csv", "appln\n1\n")
    files = [readme, *(tmp_path / f"{name}.csv" for name in ("sites", "who", "where", "more"))]
    works, reading, rejects = read(files, tmp_path, mapped)
    assert len(works) == 300
    assert reading.rejects.damaged == 1
    assert [each["file"] for each in rejects if each["line"] == 0] == [str(readme)]


BAD_MAPS = {
    "no toml": ("kind = ", "TOML"),
    "unknown key": ('kind="paper"\nsheets=1\n[columns]\nwork_id="a"\ncity="b"', "Did you mean 'sheet'"),
    "unknown column": ('kind="paper"\n[columns]\nwork_id="a"\norganization="b"', "Did you mean 'organisation'"),
    "unknown table key": ('kind="paper"\n[[table]]\nfile="x"\n[table.columns]\nwork_id="a"', "Did you mean 'files'"),
    "no columns": ('kind="paper"', "columns"),
    "both": ('kind="paper"\n[columns]\nwork_id="a"\n[[table]]\nfiles="x"', "either"),
    "no work": ('kind="paper"\n[columns]\ncity="a"', "work_id"),
    "no kind": ('[columns]\nwork_id="a"\ncity="b"', "kind"),
    "odd kind": ('kind="book"\n[columns]\nwork_id="a"\ncity="b"', "kind"),
    "no place": ('kind="paper"\n[columns]\nwork_id="a"\nactor="b"', "says where"),
    "half a coordinate": ('kind="paper"\n[columns]\nwork_id="a"\nlat="b"', "both lat and lon"),
    "no role": ('kind="patent"\n[columns]\nwork_id="a"\ncity="b"', "role"),
    "no files": ('kind="paper"\n[[table]]\n[table.columns]\nwork_id="a"\ncity="b"', "files"),
    "no key": (
        'kind="paper"\n[[table]]\nfiles="x"\ncolumns={work_id="a"}\n[[table]]\nfiles="y"\ncolumns={city="b"}',
        "work_id",
    ),
    "no partner": (
        'kind="paper"\n[[table]]\nfiles="x"\ncolumns={work_id="a"}\n[[table]]\nfiles="y"\ncolumns={actor_id="b",city="c"}',
        "actor_id in a table with work_id",
    ),
    "odd form": ('kind="paper"\n[columns]\nwork_id="a"\ncity={header="b"}', "city as"),
    "flags elsewhere": ('kind="paper"\n[columns]\nwork_id="a"\ncity={flags={x="b"}}', "city as"),
    "number": ('kind="paper"\n[columns]\nwork_id="a"\ncity=3', "city as"),
    "empty": ('kind="paper"\n[columns]\nwork_id="a"\ncity=""', "city as"),
    "constants": ('kind="paper"\n[columns]\nwork_id={value="a"}\ncity={value="b"}', "constants only"),
    "odd separator": ('kind="paper"\nseparator=1\n[columns]\nwork_id="a"\ncity="b"', "separator"),
    "empty separator": ('kind="paper"\nseparator=""\n[columns]\nwork_id="a"\ncity="b"', "separator"),
    "table of text": ('kind="paper"\ntable="x"', "table"),
    "columns of text": ('kind="paper"\ncolumns="x"', "columns"),
}


@pytest.mark.parametrize("name", BAD_MAPS)
def test_a_map_that_cannot_be_meant_is_refused_by_name(tmp_path, name):
    text, message = BAD_MAPS[name]
    path = write(tmp_path / "mine.toml", text)
    with pytest.raises(FormatError, match=message) as caught:
        ADAPTER.prepare(path)
    assert "mine.toml" in str(caught.value)


def test_a_map_is_needed_and_may_be_missing(tmp_path):
    with pytest.raises(RecipeError, match="map of columns"):
        ADAPTER.prepare(None)
    for path in (tmp_path / "none.toml", tmp_path, "nothing_of_that_name"):
        with pytest.raises(FormatError, match="map of columns in TOML"):
            ADAPTER.prepare(path)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_no_form_of_a_column_breaks_the_reading_of_maps(spec):
    try:
        get = _Reader("m.toml").getter("city", spec, {})
    except FormatError:
        return
    assert callable(get)


# Of every packaged map its files with a row in each, and what should come of it.
PACKAGED = {
    "wos": (
        """t.csv: UT=U1 | PY=2020 | DT=Article | TI=T | SC=Optics | Author=A | Organisation=MIT | Address=MIT, Boston |
        City=Boston | State=MA | Country=USA""",
        ("paper", "Article", "author", "US"),
    ),
    "scopus": (
        """t.csv: eid=U1 | coverDate=2020-03-01 | subtype=ar | subtypeDescription=Article | title=T | author_id=7 |
        author_name=A | affiliation_id=6 | affilname=MIT | affiliation_city=Boston |
        affiliation_country=United States""",
        ("paper", "Article", "author", "US"),
    ),
    "dimensions": (
        """publications.csv: id=U1 | year=2020 | type=article | title=T
        affiliations.csv: pub_id=U1 | researcher_id= | last_name=Doe | first_name=Jane | aff_id=grid.1 | aff_name=MIT |
        aff_raw_affiliation=MIT | aff_city=Boston | aff_state=MA | aff_country_code= | aff_country=United States""",
        ("paper", "article", "author", "US"),
    ),
    "lens": (
        """t.csv: lens_id=U1 | year_published=2020 | publication_type=journal article | title=T |
        fields_of_study=Optics | display_name=A | name=MIT | name_original=MIT, Boston |
        ror_id=https://ror.org/042nb2s44 | country_code=US""",
        ("paper", "journal article", "author", "US"),
    ),
    "crossref": (
        """t.csv: DOI=U1 | issued=2020-03 | type=journal-article | title=T | ORCID=0000-0001 | family=A | given=B |
        affiliation.name=MIT, Boston""",
        ("paper", "journal-article", "author", None),
    ),
    "openalex": (
        """works.csv: id=U1 | doi= | publication_year=2020 | type=article | title=T | is_retracted=False
        works_authorships.csv: work_id=U1 | author_position=first | author_id=A1 | institution_id=I1 |
        raw_affiliation_string=MIT, Boston
        institutions.csv: id=I1 | ror=https://ror.org/042nb2s44 | display_name=MIT | country_code=US | type=education
        institutions_geo.csv: institution_id=I1 | city=Boston | geonames_city_id=4930956 | region=Massachusetts |
        country_code=US | country=United States | latitude=42.3 | longitude=-71.1""",
        ("paper", "article", "author", "US"),
    ),
    "uspto": (
        """t.csv: patent_number=U1 | filing_date=2019-01-01 | grant_date=2020-03-01 | title=T | ipc=H01L21/00 | cpc= |
        role=assignee | name=A | city=Boston | state=MA | country=US""",
        ("patent", "grant", "applicant", "US"),
    ),
    "patentsview": (
        """g_patent.tsv: patent_id=U1 | patent_type=reissue | patent_date=2020-03-01 | patent_title=T
        g_assignee_disambiguated.tsv: patent_id=U1 | assignee_id=a | disambig_assignee_organization=MIT | location_id=l
        g_inventor_disambiguated.tsv: patent_id=U1 | inventor_id=i | disambig_inventor_name_last=A | location_id=l
        g_location_disambiguated.tsv: location_id=l | disambig_city=Boston | disambig_state=MA | disambig_country=US |
        latitude=42.3 | longitude=-71.1
        g_cpc_current.tsv: patent_id=U1 | cpc_group=H01L21/00""",
        ("patent", "grant", "applicant", "US"),
    ),
    "derwent": (
        """t.csv: Publication Number=U1 | Publication Country Code=US | Document Type=Application |
        Application Date=2019-01-01 | Publication Date=2020-03-01 | INPADOC Family ID=F | Title=T |
        IPC=H01L21/00 | CPC= | Role=Inventor | Name=A | Address=Boston, MA | Country=US""",
        ("patent", "application", "inventor", "US"),
    ),
    "regpat": (
        """t.csv: app_nbr=U1 | prio_year=2020 | ipc=H01L21/00 | role=inventor | person_id=7 | name=A |
        address=Boston, MA | reg_label=Massachusetts | ctry_code=US | lat=42.3 | lon=-71.1""",
        ("patent", "application", "inventor", "US"),
    ),
    "patstat": (
        """tls201_part01.csv: appln_id=U1 | appln_auth=US | appln_kind=W | appln_filing_date=2019-01-01 |
        earliest_publn_date=2020-03-01 | docdb_family_id=55 | granted=N
        tls202_part01.csv: appln_id=U1 | appln_title=T
        tls206_part01.csv: person_id=7 | person_name=MIT | person_address=Boston | person_ctry_code=US
        tls207_part01.csv: person_id=7 | appln_id=U1 | applt_seq_nr=1 | invt_seq_nr=0
        tls209_part01.csv: appln_id=U1 | ipc_class_symbol=H01L  21/00
        tls224_part01.csv: appln_id=U1 | cpc_class_symbol=H01L  21/00""",
        ("patent", "pct", "applicant", "US"),
    ),
}


def test_the_packaged_maps_are_those_tested_here():
    assert {path.stem for path in data_path("column_maps").glob("*.toml")} == PACKAGED.keys()


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_maps_read_their_tables(tmp_path, name):
    text, (kind, type_, role, country) = PACKAGED[name]
    pieces = re.split(r"^\s*([\w.]+): ", text, flags=re.MULTILINE)[1:]
    files = []
    for file, cells in zip(pieces[::2], pieces[1::2], strict=True):
        pairs = [cell.strip().split("=", 1) for cell in cells.split("|")]
        with (tmp_path / file).open("w", encoding="utf-8", newline="") as out:
            csv.writer(out, delimiter="\t" if file.endswith(".tsv") else ",").writerows(zip(*pairs, strict=True))
        files.append(tmp_path / file)
    works, _, rejects = read(files, tmp_path, name)
    assert not rejects
    work = works["U1"]
    address = work.actors[0].addresses[0]
    assert (work.kind, work.type, work.actors[0].role, address.country) == (kind, type_, role, country)
    assert work.year == 2020
    assert "Boston" in f"{address.city} {address.text}"
    assert work.title in {"T", None}
    assert not work.notes
    assert kind == "paper" or work.ipc + work.cpc
    assert data_path("column_maps").joinpath(f"{name}.toml").read_text("utf-8").startswith("# ")


DAMAGED = {
    "cut": lambda data: data[:-20],
    "utf-16 without mark": lambda data: data.decode().encode("utf-16-le"),
    "latin": lambda data: data.replace(b"Univ Wien", "Universität Wien".encode("latin-1")),
    "missing": lambda data: data.replace(b"lat,lon", b"latitude,lon"),
    "swapped": lambda data: data.replace(b"ut,py,", b"py,ut,"),
    "NUL": lambda data: data.replace(b"Physics", b"Phy\0sics"),
    "long": lambda data: data + b"W9," + b"x" * 10_000_000 + b"\n",
    "empty": lambda _: b"",
    "zip": lambda _: b"PK\x03\x04" + b"\0" * 99,
    "quote": lambda data: data.replace(b"Li", b'"Li'),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_refused_or_written_down(tmp_path, name):
    good = valid(tmp_path / "t.csv")
    expected, _, _ = read([good], tmp_path, good.with_suffix(".toml"))
    path = tmp_path / "bad.csv"
    path.write_bytes(DAMAGED[name](good.read_bytes()))
    try:
        works, _, rejects = read([path], tmp_path, good.with_suffix(".toml"))
    except (Broken, InnovationGraphError):
        return
    assert rejects or works == {}
    assert all(site in sites(expected[key]) for key, work in works.items() for site in sites(work))


def test_a_folder_for_a_file(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    mapped = write(tmp_path / "m.toml", MAP)
    with pytest.raises(FormatError, match="folder"):
        read([tmp_path / "folder.csv"], tmp_path, mapped)


def test_records_from_a_table(tmp_path):
    path = valid(tmp_path / "t.csv")
    done = []
    summary = ingest(
        "table",
        path,
        tmp_path / "out",
        resolve=False,
        columns=path.with_suffix(".toml"),
        progress=lambda *seen: done.append(seen),
    )
    assert (summary.lines, summary.works, summary.sites, summary.addresses) == (2, 2, 4, 4)
    assert (summary.located_by_source, summary.named_only, summary.unlocated) == (2, 2, 0)
    assert done[-1][:2] == (path.stat().st_size,) * 2
    swapped = write(tmp_path / "s.csv", (HEADER + ROWS).replace("ut,py", "py,ut"))
    with pytest.raises(FormatError, match=r"year 'W2'.*map of columns"):
        ingest("table", swapped, tmp_path / "no", resolve=False, columns=path.with_suffix(".toml"))
    assert not (tmp_path / "no").exists()
