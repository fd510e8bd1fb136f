"""Works of Crossref: answers of the API, JSON lines, files of the public data file."""

import gzip
import json
import zipfile

import pytest
from adapting import collect
from hypothesis import given
from hypothesis import strategies as st

from innovation_graph.errors import InnovationGraphError
from innovation_graph.records import read_records
from innovation_graph.sources._input import Broken
from innovation_graph.sources._reading import Reading
from innovation_graph.sources.crossref import ADAPTER, _works
from innovation_graph.sources.ingesting import ingest

WORKS = [
    {
        "DOI": "10.1000/ABC.1",
        "type": "journal-article",
        "title": ["=cmd|' /C calc'!A0", "another"],
        "published": {"date-parts": [[2021, 3, 4]]},
        "issued": {"date-parts": [[2020]]},
        "subject": ["Physics"],
        "author": [
            {
                "given": "Jane",
                "family": "Doe",
                "sequence": "first",
                "ORCID": "https://orcid.org/0000-0002-1825-009x",
                "affiliation": [
                    {
                        "name": "Technion",
                        "place": ["Haifa,  Israel"],
                        "id": [
                            {"id": "https://doi.org/10.13039/1", "id-type": "DOI"},
                            {"id": "https://ror.org/03qryx823", "id-type": "ROR", "asserted-by": "publisher"},
                        ],
                    },
                    {"name": "Dept. of Physics,\n University of Bonn, Bonn, Germany"},
                ],
            },
            {"name": "The Collaboration", "sequence": "additional", "affiliation": []},
        ],
    },
    {
        "DOI": "10.1000/2",
        "type": "proceedings-article",
        "title": ["<script>alert(1)</script>"],
        "issued": {"date-parts": [[None]]},
        "author": [{"family": "Li", "given": "Wei"}],
        "updated-by": [{"DOI": "10.1000/3", "type": "retraction", "source": "retraction-watch"}],
    },
    {
        "DOI": "10.1000/3",
        "type": "journal-article",
        "issued": {"date-parts": [[2022, 1]]},
        "update-to": [{"DOI": "10.1000/2", "type": "retraction"}],
    },
]


def valid(path):
    """One answer of the API with three works."""
    path.write_text(json.dumps(answer(WORKS)), encoding="utf-8")
    return path


def answer(works):
    return {"status": "ok", "message-type": "work-list", "message": {"total-results": 3, "items": works}}


def read(path, folder):
    works, reading = collect(ADAPTER, [path], folder / "records")
    rejects = folder / "records" / "rejects.jsonl"
    found = [json.loads(line) for line in rejects.read_text("utf-8").splitlines()] if rejects.exists() else []
    return works, reading, found


def without_lines(works):
    for work in works:
        work.line = 0
    return works


def test_works(tmp_path):
    (first, second, notice), reading, rejects = read(valid(tmp_path / "c.json"), tmp_path)
    assert not rejects
    assert reading.lines == 3
    assert (first.work_id, first.kind, first.type, first.year) == ("10.1000/abc.1", "paper", "journal-article", 2021)
    assert (first.title, first.fields) == ("=cmd|' /C calc'!A0", ["Physics"])
    jane, group = first.actors
    assert (jane.name, jane.key, jane.role) == ("Doe, Jane", "0000-0002-1825-009X", "author")
    assert [(a.organisation, a.ror, a.text) for a in jane.addresses] == [
        ("Technion", "03qryx823", "Technion, Haifa, Israel"),
        (None, None, "Dept. of Physics, University of Bonn, Bonn, Germany"),
    ]
    assert (group.name, group.key, group.addresses) == ("The Collaboration", None, ())
    assert first.notes == ("authors without affiliation beside others with one",)
    assert (second.year, second.retracted, second.notes) == (None, True, ("no affiliations in the record",))
    assert not first.retracted
    assert (notice.year, notice.retracted, notice.actors) == (2022, False, [])
    assert "notice of a retraction" in notice.notes[0]


FORMS = {
    "pretty": lambda: json.dumps(answer(WORKS), indent=2).encode(),
    "lines": lambda: b"\n".join(json.dumps(work).encode() for work in WORKS),
    "two answers": lambda: b"\n".join(json.dumps(answer(part)).encode() for part in (WORKS[:1], WORKS[1:])),
    "messages of one work": lambda: b"\n".join(
        json.dumps({"status": "ok", "message-type": "work", "message": work}).encode() for work in WORKS
    ),
    "array": lambda: json.dumps(WORKS).encode(),
    "public data file": lambda: gzip.compress(json.dumps({"items": WORKS}).encode()),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_works(tmp_path, name):
    expected, _, _ = read(valid(tmp_path / "c.json"), tmp_path)
    (tmp_path / "form").write_bytes(FORMS[name]())
    works, reading, rejects = read(tmp_path / "form", tmp_path)
    assert without_lines(works) == without_lines(expected)
    assert reading.lines == 3
    assert not rejects
    with zipfile.ZipFile(tmp_path / "form.zip", "w") as archive:
        archive.write(tmp_path / "form", "inner.json")
    if name != "public data file":
        works, _, _ = read(tmp_path / "form.zip", tmp_path)
        assert without_lines(works) == expected


def test_what_is_no_work_is_refused_and_the_rest_goes_on(tmp_path):
    bad = [
        {"type": "journal"},
        {"DOI": "doi:10.1/1"},
        {"DOI": 7},
        {"DOI": "10.1/1", "author": "Doe"},
        {"DOI": "10.1/1", "author": [{"affiliation": [{"name": 3}]}]},
    ]
    (tmp_path / "c.json").write_text(json.dumps({"items": [*bad, WORKS[0]]}))
    works, reading, rejects = read(tmp_path / "c.json", tmp_path)
    assert [work.work_id for work in works] == ["10.1000/abc.1"]
    assert [each["reason"].split(":")[0] for each in rejects] == [f"item {n} of the list" for n in range(1, 6)]
    assert {each["line"] for each in rejects} == {1}
    assert reading.lines == 6
    lines = [json.dumps(WORKS[0]), "{broken", json.dumps({"message": []}), json.dumps(WORKS[1])]
    (tmp_path / "c.json").write_text("\n".join(lines))
    works, reading, rejects = read(tmp_path / "c.json", tmp_path)
    assert [work.line for work in works] == [1, 4]
    assert [each["line"] for each in rejects][-2:] == [2, 3]
    assert reading.lines == 4


def test_nesting_without_end_and_empty_affiliations(tmp_path):
    deep = '{"DOI": "10.1/1", "x": ' + "[" * 100_000 + "1"
    empty = {"DOI": "10.1/2", "author": [{"affiliation": [{"name": " "}, {}, {"id": [{"id": "x"}]}]}, {}]}
    (tmp_path / "c.json").write_text(f"{deep}\n{json.dumps(empty)}\n")
    (work,), _, rejects = read(tmp_path / "c.json", tmp_path)
    assert [(actor.addresses, actor.name) for actor in work.actors] == [((), None), ((), None)]
    assert rejects[0]["line"] == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@given(st.sampled_from([*WORKS[0], "update-to", "updated-by", "items", "message"]), json_values)
def test_any_value_anywhere_is_a_work_or_a_reject(tmp_path_factory, name, value):
    reading = Reading(tmp_path_factory.mktemp("r"))
    works = list(_works(1, json.dumps({**WORKS[0], name: value}).encode(), reading))
    assert len(works) + reading.rejects.count == reading.lines


DAMAGED = {
    "cut": lambda data: data[:-20],
    "utf-16": lambda data: data.decode().encode("utf-16"),
    "latin": lambda data: data.replace(b"Bonn", "Köln".encode("latin-1")),
    "NUL": lambda data: data.replace(b"Bonn", b"Bo\0n"),
    "empty": lambda _: b"",
    "zip": lambda _: b"PK\x03\x04" + b"\0" * 99,
    "gzip": lambda data: gzip.compress(data)[:-12],
    "bomb": lambda _: gzip.compress(b"{" + b" " * (1 << 28)),
    "csv": lambda _: b"a,b\n1,2\n",
    "openalex": lambda _: b'{"id": "https://openalex.org/W1", "authorships": []}\n',
    "long": lambda data: data + b"\n" + b"x" * 10_000_000,
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_refused_or_written_down(tmp_path, name):
    good = valid(tmp_path / "c.json")
    expected, _, _ = read(good, tmp_path)
    (tmp_path / "bad.json").write_bytes(DAMAGED[name](good.read_bytes()))
    try:
        works, _, rejects = read(tmp_path / "bad.json", tmp_path)
    except (InnovationGraphError, Broken):
        return
    assert rejects
    assert all(work in expected for work in works)


def test_records_from_answers(tmp_path):
    summary = ingest("crossref", valid(tmp_path / "c.json"), tmp_path / "out", resolve=False, keep_actors=True)
    assert (summary.lines, summary.works, summary.left_out_retracted, summary.sites) == (3, 2, 1, 3)
    actors = read_records(tmp_path / "out").actors.to_pylist()
    assert actors[0] == {"actor_id": "0000-0002-1825-009X", "name": "Doe, Jane"}
