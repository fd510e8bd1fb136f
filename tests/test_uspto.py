"""US grants and applications in XML: against counts made by regular expressions, and against hostile files."""

import html
import io
import re
import zipfile
from collections import Counter
from datetime import date

import pytest
from adapting import collect
from hypothesis import given
from hypothesis import strategies as st

from innovation_graph.errors import FormatError
from innovation_graph.sources import _safe_xml
from innovation_graph.sources._input import Broken
from innovation_graph.sources._patent import country, document_type, filing_day, publication_id, publication_parts
from innovation_graph.sources.uspto import ADAPTER

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
CALC = "=cmd|&#x27; /C calc&#x27;!A0"


def person(tag, last, city, country, *, state="", extra=""):
    place = f"<city>{city}</city>{state and f'<state>{state}</state>'}<country>{country}</country>"
    return (
        f"<{tag}{extra}><addressbook><last-name>{last}</last-name><first-name>A.</first-name>"
        f"<address>{place}</address></addressbook></{tag.split()[0]}>"
    )


def assignee(name, city, country):
    return (
        f"<assignee><addressbook><orgname>{name}</orgname><role>03</role><address><city>{city}</city>"
        f"<country>{country}</country></address></addressbook></assignee>"
    )


def symbol(tag, *cells):
    section, main, subclass, group, subgroup = cells
    return (
        f"<{tag}><section>{section}</section><class>{main}</class><subclass>{subclass}</subclass>"
        f"<main-group>{group}</main-group><subgroup>{subgroup}</subgroup></{tag}>"
    )


def document(  # noqa: PLR0917
    number, kind, day, parties, assignees="", symbols="", claims="", *, root="us-patent-grant", subset="", title="T"
):
    front = root.replace("us-patent-", "us-bibliographic-data-")
    return (
        f'{HEAD}<!DOCTYPE {root} SYSTEM "x.dtd" [ {subset}]>\n<{root} lang="EN" country="US">\n<{front}>\n'
        f"<publication-reference><document-id><country>US</country><doc-number>{number}</doc-number>"
        f"<kind>{kind}</kind><date>{day}</date></document-id></publication-reference>\n"
        '<application-reference appl-type="utility"><document-id><country>US</country>'
        "<doc-number>10339710</doc-number><date>20030109</date></document-id></application-reference>\n"
        f"{claims}{symbols}<invention-title>{title}</invention-title>"
        "<us-references-cited><citation>of others <country>ZZ</country></citation></us-references-cited>\n"
        f"{parties}\n{assignees}</{front}>\n<abstract><p>About <b>a</b> thing.</p></abstract>\n"
        f"<description>Long &amp; dull.</description></{root}>\n"
    )


OLD = document(
    "06836899",
    "B1",
    "20050104",
    "<parties><applicants>"
    + person("applicant", "One", "Kyoto", "JP", extra=' app-type="applicant-inventor"')
    + person("applicant", "Two", "Austin", "US", state="TX", extra=' app-type="applicant-inventor"')
    + "</applicants><agents>"
    + person("agent", "Lawyer", "Nowhere", "unknown")
    + "</agents></parties>",
    f"<assignees>{assignee(CALC, 'Osaka', 'JP')}{assignee('Autre &#x26; Cie', 'Lyon', 'FR')}</assignees>",
    "<classification-ipc><edition>7</edition><main-classification>A45F  504</main-classification>"
    "<further-classification>C12N 1512</further-classification></classification-ipc>",
    '<priority-claims><priority-claim sequence="01"><country>JP</country><doc-number>2001-200</doc-number>'
    '<date>20010202</date></priority-claim><priority-claim sequence="02"><country>DE</country>'
    "<doc-number>100 1</doc-number><date>20010101</date></priority-claim></priority-claims>",
    subset="<!ENTITY US06836899-D00000.TIF SYSTEM 'US06836899-D00000.TIF' NDATA TIF> ",
    title="&lt;script&gt;alert(1)&lt;/script&gt; device",
)
NEW = document(
    "09000001",
    "B2",
    "20150407",
    "<us-parties><us-applicants>"
    '<us-applicant app-type="applicant" applicant-authority-category="assignee"><addressbook>'
    "<orgname>Applying Inc.</orgname><address><city>Waltham</city><state>MA</state><country>US</country></address>"
    "</addressbook></us-applicant></us-applicants><inventors>"
    + person("inventor", "Three", "Boston", "US", state="MA")
    + "</inventors></us-parties>",
    "",
    f"<classifications-ipcr>{symbol('classification-ipcr', 'H', '01', 'L', '21', '02')}</classifications-ipcr>"
    f"<classifications-cpc><main-cpc>{symbol('classification-cpc', 'H', '01', 'L', '21', '0206')}</main-cpc>"
    f"<further-cpc>{symbol('classification-cpc', 'Y', '02', 'E', '10', '50')}</further-cpc></classifications-cpc>",
)
APPLICATION = document(
    "20150123456",
    "A1",
    "20150507",
    f"<us-parties><inventors>{person('inventor', 'Four', 'Shenzhen', 'CN')}</inventors></us-parties>",
    root="us-patent-application",
)
LISTING = f'{HEAD}<!DOCTYPE sequence-cwu SYSTEM "x.dtd" [ ]>\n<sequence-cwu id="S"><x>acgt</x></sequence-cwu>\n'


def valid(path):
    path.write_text(OLD + NEW + LISTING + APPLICATION, encoding="utf-8")
    return path


def read(path, tmp_path):
    return collect(ADAPTER, [path], tmp_path / "out")


def reasons(tmp_path):
    rejects = tmp_path / "out" / "rejects.jsonl"
    return rejects.read_text(encoding="utf-8") if rejects.exists() else ""


def actors(work, role):
    return [actor for actor in work.actors if actor.role == role]


def test_grants_before_and_after_2012_and_applications(tmp_path):
    (old, new, application), reading = read(valid(tmp_path / "a.xml"), tmp_path)
    assert (reading.lines, reading.rejects.count) == (3, 0)
    assert [work.work_id for work in (old, new, application)] == ["US6836899B1", "US9000001B2", "US20150123456A1"]
    assert [work.type for work in (old, new, application)] == ["grant", "grant", "application"]
    assert {work.office for work in (old, new, application)} == {"US"}
    assert (old.year, old.published, old.filed) == (2005, date(2005, 1, 4), date(2003, 1, 9))
    assert old.title == "<script>alert(1)</script> device"
    assert old.text == "About a thing."
    assert old.ipc == ["A45F5/04", "C12N15/12"]
    assert (new.ipc, new.cpc) == (["H01L21/02"], ["H01L21/0206", "Y02E10/50"])
    assert [work.line for work in (old, new, application)] == [
        1,
        1 + OLD.count("\n"),
        1 + (OLD + NEW + LISTING).count("\n"),
    ]


def test_roles_and_places(tmp_path):
    (old, new, application), _ = read(valid(tmp_path / "a.xml"), tmp_path)
    first, second = actors(old, "applicant")
    assert first.addresses[0].organisation == "=cmd|' /C calc'!A0"
    assert (second.name, second.addresses[0].city, second.addresses[0].country) == ("Autre & Cie", "Lyon", "FR")
    kyoto, austin = (actor.addresses[0] for actor in actors(old, "inventor"))
    assert (kyoto.city, kyoto.region, kyoto.country, kyoto.organisation) == ("Kyoto", None, "JP", None)
    assert (austin.city, austin.region, austin.country, austin.text) == ("Austin", "TX", "US", "Austin, TX, US")
    assert actors(old, "inventor")[0].name == "A. One"
    assert [actor.name for actor in actors(new, "applicant")] == ["Applying Inc."]
    assert [actor.name for actor in actors(application, "applicant")] == ["A. Four"]
    assert old.notes == ()
    assert new.notes == ("no assignee: organisations that applied taken",)
    assert application.notes == ("no assignee or applicant: inventors counted as applicants",)


def test_family_is_the_earliest_claim_else_the_application(tmp_path):
    (old, new, _), _ = read(valid(tmp_path / "a.xml"), tmp_path)
    assert (old.family, new.family) == ("DE1001", "US10339710")


def test_weekly_archive_as_downloaded(tmp_path):
    path = tmp_path / "ipg050104.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ipg050104.xml", OLD + NEW)
        archive.writestr("ipg050104lst.txt", "a list")
    works, reading = read(path, tmp_path)
    assert (len(works), reading.rejects.count) == (2, 0)


def test_unknown_country_and_day_cost_no_work(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(
        NEW.replace(
            "<country>US</country></address></addressbook></inventor>",
            "<country>SU</country></address></addressbook></inventor>",
        ).replace("20030109", "20031309")
    )
    (work,), _ = read(path, tmp_path)
    assert actors(work, "inventor")[0].addresses[0].country is None
    assert work.filed is None
    assert set(work.notes) > {"country not recognised", "date of filing cannot be read"}


# --- real files, counted by regular expressions over the raw text -----------------------------------------------


def _raw(path):
    text = path.read_text(encoding="utf-8")
    return [piece for piece in re.split(r"(?=<\?xml )", text) if "<us-patent-grant" in piece]


def _all(pattern, text):
    return re.findall(pattern, text, re.DOTALL)


def _cells(tag, blocks):
    return Counter(
        " ".join(html.unescape(cell).split()) for block in blocks for cell in _all(f"<{tag}>(.*?)</{tag}>", block)
    )


@pytest.mark.parametrize(
    ("name", "count"),
    [("ipg050104.small", 25), ("ipg070102.small", 25), ("ipg100105.small", 25), ("ipg120327.196", 196)],
)
def test_real_grants_against_regular_expressions(real_data, tmp_path, name, count):
    path = real_data / "patents_uspto" / f"{name}.xml"
    works, reading = read(path, tmp_path)
    raw = _raw(path)
    assert len(works) == len(raw) == reading.lines == count
    assert reading.rejects.count == 0
    # The office says it twice: as the kind of the publication, and as the type of the application.
    asked = [_all(r'<application-reference appl-type="(\w+)"', piece)[0] for piece in raw]
    assert [work.type for work in works] == [{"design": "design", "plant": "plant"}.get(one, "grant") for one in asked]
    assert all(
        (f"{one} patent" in work.notes) == (one in {"design", "plant"}) for work, one in zip(works, asked, strict=True)
    )
    inventing = [_all(r"<applicant [^>]*applicant-inventor.*?</applicant>", piece) for piece in raw]
    assert [len(actors(work, "inventor")) for work in works] == [len(blocks) for blocks in inventing]
    blocks = [
        re.sub(r"<(nationality|residence)>.*?</\1>", "", block, flags=re.DOTALL) for one in inventing for block in one
    ]
    mine = [actor.addresses[0] for work in works for actor in actors(work, "inventor")]
    assert Counter(address.city for address in mine) == _cells("city", blocks)
    assert Counter(address.country for address in mine) == _cells("country", blocks)
    assert Counter(address.region for address in mine if address.region) == _cells("state", blocks)
    owning = [_all(r"<assignee>.*?</assignee>", piece) for piece in raw]
    owned = [(work, one) for work, one in zip(works, owning, strict=True) if one]
    assert all(len(actors(work, "applicant")) == len(one) for work, one in owned)
    organisations = Counter(
        actor.addresses[0].organisation
        for work, _ in owned
        for actor in actors(work, "applicant")
        if actor.addresses[0].organisation
    )
    assert organisations == _cells("orgname", [block for one in owning for block in one])
    persons = "no assignee: persons who applied taken, mostly the inventors"
    assert [persons in work.notes for work in works] == [not one for one in owning]
    by_treaty = ["<pct-or-regional-filing-data>" in piece for piece in raw]
    assert ["US patent from an international application" in work.notes for work in works] == by_treaty


def test_real_symbols_against_regular_expressions(real_data, tmp_path):
    of_2005, _ = read(real_data / "patents_uspto" / "ipg050104.small.xml", tmp_path)
    for work, piece in zip(of_2005, _raw(real_data / "patents_uspto" / "ipg050104.small.xml"), strict=True):
        block = _all(r"<classification-ipc>.*?</classification-ipc>", piece)[0]
        cells = _all(r"<(?:main|further)-classification>(.*?)</", block)
        # Columns: four of the subclass, three of the group, the rest of the subgroup.
        assert work.ipc == list(dict.fromkeys(f"{cell[:4]}{int(cell[4:7])}/{cell[7:]}" for cell in cells))
    of_2010, _ = read(real_data / "patents_uspto" / "ipg100105.small.xml", tmp_path)
    shown = 0
    for work, piece in zip(of_2010, _raw(real_data / "patents_uspto" / "ipg100105.small.xml"), strict=True):
        form = "".join(
            rf"<{tag}>([^<]*)</{tag}>\s*" for tag in ("section", "class", "subclass", "main-group", "subgroup")
        )
        assert set(work.ipc) == {f"{a}{b}{c}{d}/{e}" for a, b, c, d, e in _all(form, piece)}
        shown += len(work.ipc)
    assert shown == 37


# --- hostile and damaged files ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "subset",
    [
        '<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">',
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY % p SYSTEM "http://example.invalid/x.dtd"> %p;',
        '<!ENTITY a "x NDATA y">',
    ],
)
def test_documents_with_entities_are_not_opened(tmp_path, subset):
    path = tmp_path / "a.xml"
    bad = document("1", "B1", "20050104", "<parties/>", subset=subset, title="&a;&x;")
    path.write_text(OLD + bad + NEW)
    works, reading = read(path, tmp_path)
    assert [work.work_id for work in works] == ["US6836899B1", "US9000001B2"]
    assert reading.rejects.count == 1
    assert "document 1: the document declares entities" in reasons(tmp_path)


def test_declared_encoding_hides_nothing(tmp_path):
    path = tmp_path / "a.xml"
    hidden = OLD.replace("UTF-8", "UTF-7").replace("<!ENTITY", "+ADwAIQ-ENTITY")
    path.write_text(hidden + NEW)
    works, reading = read(path, tmp_path)
    assert [work.work_id for work in works] == ["US9000001B2"]
    assert reading.rejects.count == 1


def test_broken_documents_are_named_and_the_next_goes_on(tmp_path):
    path = tmp_path / "a.xml"
    broken = OLD.replace("</assignees>", "")
    nameless = NEW.replace("<date>20150407</date>", "")
    path.write_text(broken + nameless + "".join(NEW.splitlines(keepends=True)[:9]) + APPLICATION)
    works, reading = read(path, tmp_path)
    assert [work.type for work in works] == ["application"]
    assert (reading.lines, reading.rejects.count) == (4, 3)
    told = reasons(tmp_path)
    assert "document 06836899: the XML is not sound" in told
    assert "no number or date of publication" in told
    assert "document 09000001: the document is cut" in told
    assert f'"line": {1 + broken.count(chr(10))}, ' in told


def test_document_without_end_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(_safe_xml, "LONGEST_DOCUMENT", 1 << 19)
    path = tmp_path / "a.xml"
    path.write_text(OLD + NEW.replace("dull", "dull\n" * (1 << 18)) + APPLICATION)
    works, reading = read(path, tmp_path)
    assert [work.type for work in works] == ["grant", "application"]
    assert reading.rejects.count == 1
    assert works[1].line == 1 + (OLD + NEW).count("\n") + (1 << 18)


@pytest.mark.parametrize(
    "head", ["<PATDOC DTD='2.4'>", f"{HEAD}<!DOCTYPE PATDOC><PATDOC>", "<patent-application-publication>"]
)
def test_older_formats_are_named(tmp_path, head):
    path = tmp_path / "a.sgm"
    path.write_text(head + "<SDOBI></SDOBI>")
    with pytest.raises(FormatError, match=r"2001 to 2004.*PatentsView"):
        read(path, tmp_path)


@pytest.mark.parametrize("content", [b"", b"PATN\nWKU  038\n", b"\xff\xfe<\0?\0", b"\0" * 5000, b"Patent,Title\n1,2\n"])
def test_other_files_are_damaged(tmp_path, content):
    path = tmp_path / "a.xml"
    path.write_bytes(content)
    with pytest.raises((Broken, FormatError)):
        read(path, tmp_path)


def test_zip_bomb_folder_and_archive_of_nothing(tmp_path):
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.xml", "w") as file:
        file.write((HEAD + "<us-patent-grant>").encode())
        for _ in range(100):
            file.write(b" " * (1 << 20))
    with pytest.raises(Broken, match="unpack"):
        read(bomb, tmp_path)
    with pytest.raises(FormatError, match="folder"):
        read(tmp_path, tmp_path)
    with zipfile.ZipFile(tmp_path / "n.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    assert read(tmp_path / "n.zip", tmp_path)[0] == []


def test_every_cut_gives_the_documents_before_it(tmp_path):
    whole = (OLD + NEW + APPLICATION).encode()
    ends = [len(OLD.encode()), len((OLD + NEW).encode()), len(whole)]
    path = tmp_path / "a.xml"
    for size in range(10, len(whole), 61):
        path.write_bytes(whole[:size])
        works, _ = read(path, tmp_path)
        # The line end behind a document is no part of it.
        assert len(works) == sum(size >= end - 1 for end in ends), size


@given(st.integers(1, 400), st.integers(0, 3), st.sampled_from(["", "\n\n", "\ufeff"]))
def test_documents_do_not_depend_on_blocks(block, extra, between):
    pieces = [OLD, LISTING, *[NEW] * extra, APPLICATION]
    text = between.join(pieces).encode()

    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, block))

        def peek(self, _=0):
            return self.getvalue()

    found = list(_safe_xml.documents(Slow(text), lambda *_: None))
    assert b"".join(content for _, content in found) == text
    assert [line for line, _ in found] == [
        1 + (b"".join(c for _, c in found[:i])).count(b"\n") for i in range(len(found))
    ]
    assert len(found) == len(pieces)


def test_nothing_but_blanks_is_an_empty_file():
    with pytest.raises(Broken, match="empty"):
        list(_safe_xml.documents(io.BufferedReader(io.BytesIO(b" \n")), lambda *_: None))


# --- what all patents share -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("office", "kind", "expected"),
    [
        ("US", "B2", "grant"), ("US", "A1", "application"), ("US", "A", "grant"), ("US", "P1", "application"),
        ("EP", "A1", "application"), ("EP", "B1", "grant"), ("CN", "A", "application"), ("CN", "C", "grant"),
        ("US", "E1", "grant"), ("US", "S1", "design"), ("US", "P", "plant"), ("US", "P2", "plant"),
        ("US", "P3", "plant"), ("US", "P4", "application"), ("CN", "S", "design"), ("JP", "S", "design"),
        ("WO", "S", "design"), ("CN", "U", "utility_model"), ("JP", "U", "utility_model"),
        ("WO", "A1", "pct"), ("DE", "T2", None), ("EP", "", None),
    ],
)  # fmt: skip
def test_types_of_documents(office, kind, expected):
    assert document_type(office, kind) == expected


def test_numbers_countries_and_days():
    assert publication_id("US", "RE039000", "E1") == "USRE39000E1"
    assert publication_id("US", "weird-1", "X") == "USweird-1X"
    assert publication_parts("JP 2001-123456 A") == ("JP", "A")
    assert publication_parts("=cmd") is None
    assert country("omitted") == (None, ())
    assert [country(code)[0] for code in ("jp", "EL", "UK", "TW", "SU", "WO")] == ["JP", "GR", "GB", "TW", None, None]
    assert filing_day("0000-00-00")[0] is None


@pytest.mark.parametrize(("kind", "expected"), [("S1", "design"), ("P3", "plant"), ("E1", "grant"), ("H1", "grant")])
def test_grants_of_no_inventions_are_told_apart_and_counted(tmp_path, kind, expected):
    path = tmp_path / "a.xml"
    path.write_text(NEW.replace("<kind>B2</kind>", f"<kind>{kind}</kind>"), encoding="utf-8")
    (work,), _ = read(path, tmp_path)
    assert work.type == expected
    assert [note for note in work.notes if note.endswith(" patent")] == (
        [] if expected == "grant" else [f"{expected} patent"]
    )


def test_published_applications_for_plants_are_applications(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(APPLICATION.replace("<kind>A1</kind>", "<kind>P1</kind>"), encoding="utf-8")
    (work,), _ = read(path, tmp_path)
    assert (work.type, work.work_id) == ("application", "US20150123456P1")


def test_records_of_grants(tmp_path, monkeypatch):
    from innovation_graph.records import read_records
    from innovation_graph.sources import ingesting

    monkeypatch.setattr(ingesting, "SOURCES", {"uspto": ADAPTER})
    summary = ingesting.ingest("uspto", valid(tmp_path / "a.xml"), tmp_path / "records", resolve=False, types=["grant"])
    assert (summary.works, summary.left_out_type, summary.rejects) == (2, 1, 0)
    assert summary.notes == {"no assignee: organisations that applied taken": 1}
    works = read_records(tmp_path / "records").works.to_pylist()
    assert [work["work_id"] for work in works] == ["US6836899B1", "US9000001B2"]
    assert [work["fields"] for work in works] == [[], ["smart_chips"]]
    assert [work["n_actors"] for work in works] == [2, 1]
