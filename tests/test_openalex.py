"""OpenAlex works become records: every count is checked against a slow reading with the json module."""

import csv
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
import zlib
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innovation_graph.errors import FormatError
from innovation_graph.records import read_records
from innovation_graph.sources import _collect, _input
from innovation_graph.sources._addresses import Addresses
from innovation_graph.sources._merge import newest
from innovation_graph.sources._schema import Authorship
from innovation_graph.sources.openalex import ingest

PLOS = "openalex/works_retractions_plos1_2018.jsonl.gz"
PAGES = "openalex/openalex-works-pages.json"
BASE = "https://openalex.org/"


def institution(number, country="GB", **more):
    return {
        "id": f"{BASE}I{number}",
        "display_name": f"University {number} of Zürich",
        "ror": f"https://ror.org/0{number:08d}",
        "country_code": country,
        "type": "education",
        "lineage": [f"{BASE}I{number}"],
        **more,
    }


def author(number, *institutions, texts=(), countries=None):
    return {
        "author": {"id": f"{BASE}A{number}" if number else None, "display_name": f"Author {number}"},
        "institutions": list(institutions),
        "countries": sorted({i["country_code"] for i in institutions}) if countries is None else list(countries),
        "raw_author_name": f"A. {number}",
        "raw_affiliation_strings": list(texts),
    }


def work(number, *authors, **more):
    return {
        "id": f"{BASE}W{number}",
        "title": f"Work {number}",
        "publication_year": 2020,
        "type": "article",
        "authorships": list(authors),
        "is_retracted": False,
        "abstract_inverted_index": {"skipped": [0, 1], "\\u4e2d": [2]},
        **more,
    }


def some_works(count, seed=3):
    rng = random.Random(seed)  # noqa: S311  made-up data
    made = []
    for number in range(count):
        authors = []
        for name in range(rng.randrange(5)):
            homes = [institution(rng.randrange(30), rng.choice(["GB", "CN"])) for _ in range(rng.randrange(3))]
            texts = [f"Lab {rng.randrange(9)}, Ünttown"] if rng.random() < 0.5 else []
            authors.append(author(100 * number + name, *homes, texts=texts))
        made.append(work(number, *authors, publication_year=2015 + number % 8))
    return made


def lines(works):
    return b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in works)


def write(path, works):
    path.write_bytes(lines(works))
    return path


def rows(records):
    """Work -> its (actor, organisation, ROR, text if it has no organisation, country), row by row."""
    addresses = records.addresses.to_pylist()
    ids = records.works["work_id"].to_pylist()
    found = {work_id: [] for work_id in ids}
    for columns in records.site_batches(["work", "actor", "address"]):
        for number, actor, address in zip(*(column.tolist() for column in columns), strict=True):
            place = addresses[address] if address >= 0 else {}
            text = None if place.get("organisation_id") else place.get("text")
            found[ids[number]].append(
                (actor, place.get("organisation_id"), place.get("ror"), text, place.get("country"))
            )
    return found


def expected(works):
    """Do the same with the json objects alone."""
    found = {}
    for each in works:
        out = found[each["id"].removeprefix(BASE)] = []
        for position, one in enumerate(each["authorships"]):
            homes = list({i["id"]: i for i in one["institutions"]}.values())
            texts = list(dict.fromkeys(one.get("raw_affiliation_strings") or []))
            country = one["countries"][0] if one.get("countries") else None
            for home in homes:
                short = home["id"].removeprefix(BASE), home["ror"].removeprefix("https://ror.org/")
                out.append((position, *short, None, home["country_code"]))
            if not homes:
                out += [(position, None, None, text, country) for text in texts]
                if not texts:
                    out.append((position, None, None, None, country))
    return found


def first_seen(works):
    """Give an institution the country with which it comes first, as the address table does."""
    seen = {}
    for each in works:
        for one in each["authorships"]:
            for home in one["institutions"]:
                home["country_code"] = seen.setdefault(home["id"], home["country_code"])
    return works


def same(left, right):
    return (
        left.works.equals(right.works)
        and left.addresses.equals(right.addresses)
        and all(
            np.array_equal(a, b)
            for one, other in zip(
                left.site_batches(["work", "actor", "role", "address"]),
                right.site_batches(["work", "actor", "role", "address"]),
                strict=True,
            )
            for a, b in zip(one, other, strict=True)
        )
    )


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def rejects(folder):
    return [json.loads(line) for line in (folder / "rejects.jsonl").read_text(encoding="utf-8").splitlines()]


# --- real files ---------------------------------------------------------------------------------------------


def test_real_works_have_openalex_own_counts(real_data, tmp_path):
    with gzip.open(real_data / PLOS, "rt", encoding="utf-8") as file:
        works = [json.loads(line) for line in file]
    summary = ingest(real_data / PLOS, tmp_path / "out", keep_retracted=True)
    records = read_records(tmp_path / "out")
    assert (
        (summary.works, summary.lines, summary.rejects, summary.files)
        == (len(works), len(works), 0, 1)
        == (237, 237, 0, 1)
    )
    assert sum(records.works["n_actors"].to_pylist()) == sum(len(w["authorships"]) for w in works) == 1851
    found = rows(records)
    assert found == expected(works)
    assert summary.sites == records.n_sites == sum(map(len, expected(works).values()))
    homes = [i["ror"].rpartition("/")[2] for w in works for a in w["authorships"] for i in a["institutions"]]
    assert list(filter(None, records.addresses["ror"].to_pylist())) == list(dict.fromkeys(homes))
    assert len(set(homes)) == 386
    for each in works:
        mine = found[each["id"].removeprefix(BASE)]
        assert len({row[1] for row in mine} - {None}) == each["institutions_distinct_count"]
        assert len({row[4] for row in mine} - {None}) == each["countries_distinct_count"]
    assert records.works["year"].to_pylist() == [w["publication_year"] for w in works]
    assert records.works["title"].to_pylist() == [w["title"] for w in works]
    assert set(records.works["kind"].to_pylist()) == {"paper"}
    assert all(records.works["retracted"].to_pylist())


def test_retracted_works_are_left_out_by_default(real_data, tmp_path):
    summary = ingest(real_data / PLOS, tmp_path / "out")
    assert (summary.works, summary.left_out_retracted) == (0, 237)
    assert read_records(tmp_path / "out").n_addresses == 0


def test_real_pages(real_data, tmp_path):
    works = [w for page in json.loads((real_data / PAGES).read_text("utf-8")) for w in page["results"]]
    summary = ingest([real_data / PAGES], tmp_path / "out", keep_actors=True)
    records = read_records(tmp_path / "out")
    assert summary.works == len(works) == 34
    actors = records.actors["actor_id"].to_pylist()
    found = {key: [(actors[row[0]], *row[1:]) for row in value] for key, value in rows(records).items()}
    names = {
        w["id"].removeprefix(BASE): [(a["author"]["id"] or "").removeprefix(BASE) or None for a in w["authorships"]]
        for w in works
    }
    assert found == {key: [(names[key][row[0]], *row[1:]) for row in value] for key, value in expected(works).items()}
    listed = [name for each in names.values() for name in each]
    assert Counter(actors) == {name: 1 if name else listed.count(None) for name in listed}


@pytest.mark.parametrize("source", ["ror/institutions.csv", "openalex/openalex-institutions-pages.json"])
def test_real_places(real_data, tmp_path, source):
    """Cities of the sites, looked up in the file one by one."""
    works = [w for page in json.loads((real_data / PAGES).read_text("utf-8")) for w in page["results"]]
    text = (real_data / source).read_text("utf-8")
    if source.endswith(".csv"):
        table = csv.DictReader(text.splitlines())
        city_of = {f"https://ror.org/{row['ror']}": row["city"] for row in table}
        key, prefix, column = "ror", "https://ror.org/", "ror"
    else:
        city_of = {i["id"]: i["geo"]["city"] for page in json.loads(text) for i in page["results"]}
        key, prefix, column = "id", BASE, "organisation_id"
    summary = ingest(real_data / PAGES, tmp_path / "out", institutions=real_data / source)
    addresses = read_records(tmp_path / "out").addresses.to_pylist()
    mine = {prefix + each[column]: each["city"] for each in addresses if each[column]}
    homes = [i[key] for w in works for a in w["authorships"] for i in a["institutions"]]
    assert mine == {home: city_of.get(home) for home in homes}
    located = sum(home in city_of for home in homes)
    assert located > 400
    assert (summary.located_by_institutions, summary.located_by_source) == (located, 0)
    assert summary.unlocated == summary.sites - located
    assert summary.institutions_unmatched == len(set(homes) - set(city_of))


# --- containers ---------------------------------------------------------------------------------------------


def pages(works, size=4):
    return [{"meta": {"count": 3}, "results": works[i : i + size]} for i in range(0, len(works), size)]


CONTAINERS = {
    "lines": lines,
    "no last newline": lambda w: lines(w)[:-1],
    "blank lines and CRLF": lambda w: b"\r\n \n" + lines(w).replace(b"\n", b"\r\n\r\n"),
    "byte-order mark": lambda w: b"\xef\xbb\xbf" + lines(w),
    "gz": lambda w: gzip.compress(lines(w)),
    "gz in many members": lambda w: b"".join(gzip.compress(lines([each])) for each in w),
    "gz with padding": lambda w: gzip.compress(lines(w[:3])) + b"\0" * 99 + gzip.compress(lines(w[3:])) + b"\0" * 9,
    "one page": lambda w: json.dumps(pages(w, 99)[0]).encode(),
    "list of pages": lambda w: json.dumps(pages(w)).encode(),
    "page a line": lambda w: lines(pages(w)),
    "printed page": lambda w: json.dumps(pages(w, 99)[0], indent=2).encode(),
    "printed list of pages": lambda w: json.dumps(pages(w), indent=1).encode(),
    "printed list, gz": lambda w: gzip.compress(json.dumps(pages(w), indent="\t").encode()),
    "array of works": lambda w: json.dumps(w).encode(),
    "array, one a line": lambda w: b"[\n" + lines(w)[:-1].replace(b"}\n{", b"},\n{") + b"\n]\n",
    "page with works a line": lambda w: (
        b'{"meta": {}, "results": [\n' + lines(w)[:-1].replace(b"}\n{", b"},\n{") + b"]}"
    ),
}


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("small", [False, True])
def test_containers_give_equal_records(tmp_path, monkeypatch, name, small):
    works = first_seen(some_works(25))
    ingest(write(tmp_path / "plain", works), tmp_path / "one")
    assert rows(read_records(tmp_path / "one")) == expected(works)
    if small:  # borders everywhere
        monkeypatch.setattr(_input, "_BLOCK", 7)
        monkeypatch.setattr(_input, "_CHUNK", 3)
        monkeypatch.setattr(_collect, "_FLUSH_WORKS", 2)
    (tmp_path / "other").write_bytes(CONTAINERS[name](works))
    summary = ingest(tmp_path / "other", tmp_path / "two")
    assert summary.rejects == 0
    assert summary.lines == 25
    assert same(read_records(tmp_path / "one"), read_records(tmp_path / "two"))


def test_folder_of_parts(tmp_path):
    works = first_seen(some_works(30))
    for day, part in ((2, works[20:]), (1, works[:20])):
        folder = tmp_path / "data" / "works" / f"updated_date=2024-01-0{day}"
        folder.mkdir(parents=True)
        (folder / "part_000.gz").write_bytes(gzip.compress(lines(part)))
    (tmp_path / "data" / "works" / "manifest").write_text('{"entries": []}')
    (tmp_path / "data" / "RELEASE_NOTES.txt").write_text("none")
    (tmp_path / "data" / ".part.gz.swp").write_bytes(b"junk")
    summary = ingest([tmp_path / "data", tmp_path / "data" / "works"], tmp_path / "out")
    assert (summary.files, summary.works, summary.rejects) == (2, 30, 0)
    records = read_records(tmp_path / "out")
    assert records.works["work_id"].to_pylist() == [f"W{n}" for n in range(30)]
    assert rows(records) == expected(works)


# --- what a work gives --------------------------------------------------------------------------------------


def one_work(tmp_path, *authors, **more):
    options = {key: more.pop(key) for key in list(more) if key in {"keep_actors", "institutions"}}
    summary = ingest(write(tmp_path / "w.jsonl", [work(1, *authors, **more)]), tmp_path / "out", **options)
    return summary, read_records(tmp_path / "out")


def test_columns_of_works(tmp_path):
    medicine, physics = ({"field": {"display_name": name}, "display_name": "t"} for name in ("Medicine", "Physics"))
    more = {
        "primary_topic": physics,
        "topics": [medicine, physics, {"field": None}],
        "is_authors_truncated": True,
    }
    summary, records = one_work(tmp_path, author(1), author(2), **more, title=None, display_name="Shown")
    assert records.works.to_pylist() == [
        {
            "work_id": "W1",
            "kind": "paper",
            "year": 2020,
            "type": "article",
            "fields": ["Physics", "Medicine"],
            "family": None,
            "title": "Shown",
            "n_actors": 2,
            "retracted": False,
            "truncated": True,
            **dict.fromkeys(("office", "filed", "published", "ipc", "cpc")),
        }
    ]
    assert (summary.truncated, summary.truncated_works) == (1, ("W1",))
    assert records.info["ingest"] == summary.to_dict()


def test_author_without_institutions(tmp_path):
    _, records = one_work(
        tmp_path,
        author(1, texts=["Lab, Perth", " Lab, Perth ", "Mill, Perth"], countries=["AU"]),
        author(2, texts=["Here", "There"], countries=["AU", "NZ"]),
        author(3, countries=["FR"]),
        author(4),
        {"author": {}, "raw_affiliation_string": "Old style, Rome", "institutions": None},
    )
    assert rows(records)["W1"] == [
        (0, None, None, "Lab, Perth", "AU"),
        (0, None, None, "Mill, Perth", "AU"),
        (1, None, None, "Here; There", "AU"),
        (1, None, None, "Here; There", "NZ"),
        (2, None, None, None, "FR"),
        (3, None, None, None, None),
        (4, None, None, "Old style, Rome", None),
    ]


def test_institutions_without_identifier(tmp_path):
    homes = [
        institution(5, id=None),
        institution(6, id=None, ror=None),
        institution(7, ror="https://ror.org/nonsense"),
        institution(7),
        institution(8, id=None, ror=None, display_name=None, country_code=None),
    ]
    _, records = one_work(tmp_path, author(1, *homes, countries=[]))
    assert records.addresses.select(["organisation", "organisation_id", "ror"]).to_pylist() == [
        {"organisation": "University 5 of Zürich", "organisation_id": None, "ror": "000000005"},
        {"organisation": "University 6 of Zürich", "organisation_id": None, "ror": None},
        {"organisation": "University 7 of Zürich", "organisation_id": "I7", "ror": None},
    ]
    assert records.n_sites == 3


def test_places_of_institutions(tmp_path):
    (tmp_path / "places.csv").write_text(
        "ror,openalex,name,city,sub,cc,lat,lng,geonames\n"
        "000000001,,One,Bern,BE,CH,46.9,7.4,2661552\n"
        ",I2,Two,Windhoek,,NA,-22.5,17.0,\n"
        "000000003,,Three,,,HK,,,\n"
    )
    geo = {
        "city": "Paris",
        "region": None,
        "country_code": "FR",
        "geonames_city_id": "2988507",
        "latitude": 48.8,
        "longitude": 2.3,
    }
    summary, records = one_work(
        tmp_path,
        author(1, *(institution(n, "GB", geo=geo if n in (1, 3) else None) for n in (1, 2, 3, 4))),
        author(2, institution(4), institution(1)),
        author(3, texts=["somewhere"], countries=["DE"]),
        author(4),
        institutions=tmp_path / "places.csv",
    )
    columns = ["city", "region", "country", "lat", "lon", "geonames_id"]
    assert [tuple(row.values()) for row in records.addresses.select(columns).to_pylist()] == [
        ("Bern", "BE", "CH", 46.9, 7.4, 2661552),
        ("Windhoek", None, "NA", -22.5, 17.0, None),
        ("Paris", None, "HK", 48.8, 2.3, 2988507),
        (None, None, "GB", None, None, None),
        (None, None, "DE", None, None, None),
    ]
    assert (summary.located_by_institutions, summary.located_by_source, summary.unlocated) == (3, 1, 4)
    assert summary.institutions_unmatched == 1
    assert summary.sites == 8


def test_authors_are_kept_on_demand(tmp_path):
    works = [
        work(1, author(7, institution(1)), author(8, institution(2)), author(7, institution(3)), author(None)),
        work(2, author(None, institution(1)), author(8), author(8, institution(2))),
    ]
    ingest(write(tmp_path / "w.jsonl", works), tmp_path / "out", keep_actors=True)
    records = read_records(tmp_path / "out")
    assert records.actors.to_pylist() == [
        {"actor_id": "A7", "name": "Author 7"},
        {"actor_id": "A8", "name": "Author 8"},
        {"actor_id": None, "name": "Author None"},
        {"actor_id": None, "name": "Author None"},
    ]
    found = {key: [row[:2] for row in value] for key, value in rows(records).items()}
    assert found == {
        "W1": [(0, "I1"), (0, "I3"), (1, "I2"), (2, None)],
        "W2": [(3, "I1"), (1, "I2")],
    }
    assert records.works["n_actors"].to_pylist() == [4, 3]


# --- selection and versions ---------------------------------------------------------------------------------


def test_filters_count_what_they_leave_out(tmp_path):
    works = [
        work(1),
        work(2, publication_year=2018),
        work(3, publication_year=None),
        work(4, type="Review"),
        work(5, type="letter", is_retracted=True),
        work(6, is_retracted=True),
        work(7, type=None),
        work(8, publication_year=2021),
    ]
    path = write(tmp_path / "w.jsonl", works)
    summary = ingest(path, tmp_path / "out", years=(2020, 2021), types=["article", "REVIEW"])
    assert read_records(tmp_path / "out").works["work_id"].to_pylist() == ["W1", "W4", "W8"]
    assert (summary.left_out_year, summary.left_out_type, summary.left_out_retracted) == (2, 2, 1)
    assert ingest(path, tmp_path / "all", keep_retracted=True).works == 8


def test_later_version_wins(tmp_path):
    def version(number, name, date, **more):
        return work(number, title=name, updated_date=date, **more)

    first = [
        version(1, "new", "2024-05-02T10:00:00.000001"),
        version(2, "old", None),
        version(3, "equal, read first", "2024-01-01"),
        version(4, "stays: its newer version is retracted", "2024-01-01"),
        version(5, "newest is retracted", "2024-01-01"),
        version(6, "no date at all is oldest", "2001-01-01T00:00:00+02:00"),
    ]
    second = [
        version(1, "old", "2024-05-02T10:00:00"),
        version(2, "new", "1969-12-31"),
        version(3, "equal, read last", "2024-01-01T00:00:00Z"),
        version(5, "retracted", "2024-01-02", is_retracted=True),
        version(6, "x", "yesterday"),
    ]
    write(tmp_path / "a.jsonl", first)
    write(tmp_path / "b.jsonl", second)
    summary = ingest([tmp_path / "b.jsonl", tmp_path / "a.jsonl"], tmp_path / "out")
    titles = read_records(tmp_path / "out").works.select(["work_id", "title"]).to_pylist()
    assert [tuple(each.values()) for each in titles] == [
        ("W1", "new"),
        ("W4", "stays: its newer version is retracted"),
        ("W6", "no date at all is oldest"),
        ("W2", "new"),
        ("W3", "equal, read last"),
    ]
    assert (summary.duplicates, summary.left_out_retracted, summary.works) == (5, 1, 5)


def test_addresses_stand_in_the_order_of_kept_works(tmp_path):
    works = [
        work(1, author(1, institution(1)), author(2, institution(4)), updated_date="2024-01-01"),
        work(2, author(1, institution(3), institution(2))),
        work(1, author(1, institution(2)), author(2, institution(1)), updated_date="2024-01-02"),
    ]
    ingest(write(tmp_path / "w.jsonl", works), tmp_path / "out")
    records = read_records(tmp_path / "out")
    assert records.addresses["organisation_id"].to_pylist() == ["I3", "I2", "I1"]
    assert rows(records) == expected(works[1:])


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-2, 2)), max_size=25))
def test_newest_equals_a_dictionary(versions):
    best = {}
    for row, (key, date) in enumerate(versions):
        if key not in best or date >= best[key][0]:
            best[key] = (date, row)
    keys, dates = (np.array([pair[k] for pair in versions], dtype=np.int64) for k in (0, 1))
    assert np.flatnonzero(newest(keys, dates)).tolist() == sorted(row for _, row in best.values())


def test_order_of_lines_changes_no_row(tmp_path):
    works = first_seen(some_works(60))
    shuffled = random.Random(1).sample(works, len(works))  # noqa: S311  made-up data
    ingest(write(tmp_path / "w.jsonl", shuffled), tmp_path / "out")
    records = read_records(tmp_path / "out")
    assert rows(records) == expected(works)
    assert records.works["work_id"].to_pylist() == [each["id"].removeprefix(BASE) for each in shuffled]


def test_any_number_of_workers_gives_the_same_bytes(tmp_path):
    works = some_works(90)
    for number in range(3):
        part = [*works[30 * number : 30 * number + 30], works[(40 * number + 7) % 90], "no work"]
        write(tmp_path / f"{number}.jsonl", part)
    calls = []
    paths = sorted(tmp_path.glob("*.jsonl"))
    one = ingest(paths, tmp_path / "one", workers=1, keep_actors=True)
    two = ingest(paths, tmp_path / "two", workers=2, keep_actors=True, progress=lambda *now: calls.append(now))
    assert one == two
    assert (one.rejects, one.duplicates) == (3, 3)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert set(content(tmp_path / "one")) == {
        "works.parquet",
        "sites.parquet",
        "addresses.parquet",
        "actors.parquet",
        "records.json",
        "rejects.jsonl",
    }
    total = sum(path.stat().st_size for path in paths)
    assert calls[-1] == (total, total, 93)


def test_progress_of_one_process(tmp_path, monkeypatch):
    monkeypatch.setattr("innovation_graph.sources.openalex._TICK", -1.0)
    monkeypatch.setattr(_input, "_BLOCK", 1000)
    paths = [write(tmp_path / f"{number}.jsonl", some_works(20)) for number in range(2)]
    calls = []
    ingest(paths, tmp_path / "out", workers=1, progress=lambda *now: calls.append(now))
    total = sum(path.stat().st_size for path in paths)
    assert calls == sorted(calls)
    assert len(calls) > 10
    assert {call[1] for call in calls} == {total}
    assert calls[-1] == (total, total, 40)


# --- bad input ----------------------------------------------------------------------------------------------

W9 = b'{"id": "https://openalex.org/W9"'
BAD_LINES = {
    b"not json": "no JSON",
    W9 + b', "authorships": [': "no JSON",
    W9 + b', "title": "\xff\xfe", "authorships": []}': "no JSON: 'utf-8'",
    W9 + b', "title": "a\0b", "authorships": []}': "no JSON",
    W9 + b', "title": "\\ud800", "authorships": []}': "no JSON",
    b"\0\0\0\0": "no JSON",
    b'{"authorships": []}': "no id",
    b'{"id": 9, "authorships": []}': "Expected `str | null`",
    b'{"id": "https://openalex.org/A9", "authorships": []}': "not that of a work",
    b'{"id": "https://openalex.org/W9x", "authorships": []}': "not that of a work",
    b'{"id": "W99999999999999999999", "authorships": []}': "not that of a work",
    W9 + b"}": "no list of authors",
    W9 + b', "authorships": "Smith"}': "Expected `array`",
    W9 + b', "authorships": null}': "Expected `array`",
    W9 + b', "authorships": [{"institutions": 3}]}': "Expected `array | null`",
    W9 + b', "authorships": [{"institutions": [{"display_name": "\xe9"}]}]}': "no JSON",
    W9 + b', "authorships": [], "publication_year": 20203}': "year 20203",
    W9 + b', "authorships": [], "publication_year": "2020"}': "Expected `int | null`",
    b'{"x":' * 200_000: "nested without end",
    b"3": "Expected `object`",
    b'["W9"]': "Expected `object`",
}


@pytest.mark.parametrize("bad", BAD_LINES, ids=lambda bad: repr(bad[:60]))
def test_bad_line_goes_to_rejects_and_the_rest_goes_on(tmp_path, bad):
    good = some_works(4)
    path = tmp_path / "w.jsonl"
    path.write_bytes(lines(good[:2]) + b"\n" + bad + b"\n" + lines(good[2:]))
    summary = ingest(path, tmp_path / "out")
    assert (summary.works, summary.rejects, summary.lines) == (4, 1, 5)
    (reject,) = rejects(tmp_path / "out")
    assert (reject["file"], reject["line"]) == (str(path), 4)
    assert BAD_LINES[bad] in reject["reason"]
    assert reject["text"] == bad.decode("utf-8", "replace")[:200]
    assert rows(read_records(tmp_path / "out")) == expected(first_seen(good))


def test_no_rejects_no_file(tmp_path):
    ingest(write(tmp_path / "w.jsonl", some_works(3)), tmp_path / "out")
    assert not (tmp_path / "out" / "rejects.jsonl").exists()


def test_bad_results_of_a_page_are_named(tmp_path):
    (tmp_path / "p.json").write_bytes(lines([{"meta": {}, "results": [work(1), {"id": "W2"}, work(3), 7]}]))
    summary = ingest(tmp_path / "p.json", tmp_path / "out")
    assert (summary.works, summary.rejects, summary.lines) == (2, 2, 4)
    assert [each["reason"][:21] for each in rejects(tmp_path / "out")] == [
        "result 2 of the page:",
        "result 4 of the page:",
    ]


def test_line_of_ten_megabytes_is_a_line(tmp_path):
    big = work(2, author(1, institution(1)), abstract_inverted_index={"word" * 2_500_000: [1]})
    path = write(tmp_path / "w.jsonl", [work(1), big, work(3)])
    assert path.stat().st_size > 10_000_000
    summary = ingest(path, tmp_path / "out")
    assert (summary.works, summary.rejects, summary.sites) == (3, 0, 1)


def test_long_first_line_is_no_document(tmp_path, monkeypatch):
    path = write(tmp_path / "w.jsonl", [work(1), work(2)])
    for at in range(1, 90):  # wherever the first look ends
        monkeypatch.setattr(_input, "_HEAD", at)
        monkeypatch.setattr(_input, "_BLOCK", at)
        summary = ingest(path, tmp_path / "out")
        assert (summary.works, summary.rejects) == (2, 0)


def test_remembered_lists_are_bounded(monkeypatch):
    monkeypatch.setattr("innovation_graph.sources._addresses._REMEMBERED", 3)
    addresses = Addresses()
    decode = msgspec.json.Decoder(Authorship).decode
    authors = [decode(json.dumps(author(1, institution(n % 7), institution(n % 5)))) for n in range(40)]
    found = [addresses.of_author(one) for one in authors]
    assert len(addresses._lists) <= 3
    numbers = {}
    for n, pair in enumerate(found):
        assert pair == tuple(numbers.setdefault(k, len(numbers)) for k in dict.fromkeys((n % 7, n % 5)))


@pytest.mark.parametrize("last", [False, True])
def test_line_without_end_is_a_reject(tmp_path, monkeypatch, last):
    monkeypatch.setattr(_input, "_MAX_LINE", 5000)
    monkeypatch.setattr(_input, "_BLOCK", 512)
    monkeypatch.setattr(_input, "_HEAD", 512)
    path = tmp_path / "w.jsonl"
    path.write_bytes(lines([work(1)]) + b'{"id": "' + b"x" * 20_000 + (b"" if last else b"\n" + lines([work(2)])))
    summary = ingest(path, tmp_path / "out")
    assert (summary.works, summary.rejects) == (1 if last else 2, 1)
    (reject,) = rejects(tmp_path / "out")
    assert reject["line"] == 2
    assert "bytes" in reject["reason"]
    assert reject["text"].startswith('{"id": "xxx')


def readable(data):
    """Count the complete lines that zlib gives before the break, fed byte by byte."""
    inflater, text = zlib.decompressobj(wbits=31), b""
    try:
        for byte in data:
            text += inflater.decompress(bytes([byte]))
    except zlib.error:
        pass
    return text.count(b"\n")


@pytest.mark.parametrize("keep", [0.3, 0.8, 0.999])
def test_cut_gzip_keeps_what_is_readable(tmp_path, keep):
    data = gzip.compress(lines(some_works(300)))
    data = data[: int(len(data) * keep)]
    (tmp_path / "w.gz").write_bytes(data)
    summary = ingest(tmp_path / "w.gz", tmp_path / "out")
    assert summary.works == readable(data) > 20
    (reject,) = rejects(tmp_path / "out")
    assert reject["line"] == 0
    assert "end in the middle" in reject["reason"]


@pytest.mark.parametrize("damage", ["checksum", "middle", "junk behind"])
def test_damaged_gzip_keeps_what_is_readable(tmp_path, damage):
    data = bytearray(gzip.compress(lines(some_works(300))))
    if damage == "junk behind":
        data += b"junk"
    else:
        at = {"checksum": len(data) - 6, "middle": len(data) // 2}[damage]
        data[at : at + 4] = bytes(255 - byte for byte in data[at : at + 4])
    (tmp_path / "w.gz").write_bytes(data)
    summary = ingest(tmp_path / "w.gz", tmp_path / "out")
    found = rejects(tmp_path / "out")
    assert "damaged gzip data" in found[-1]["reason"]
    if damage == "middle":
        # Bits of the damaged block may still come out as text; what came before it is whole.
        assert 100 < summary.works <= readable(bytes(data))
    else:
        assert summary.works == 300
        assert len(found) == 1


USELESS = {
    "empty": (b"", "empty"),
    "blank": (b" \n\n", "empty"),
    "binary": (bytes(range(256)) * 50, "no JSON"),
    "text": (b"work,year\nW1,2020\n", "no JSON"),
    "parquet": (b"PAR1" + b"\0" * 50, "Parquet"),
    "zip": (b"PK\x03\x04" + b"\0" * 50, "zip"),
    "utf-16": ('{"id": "W1"}'.encode("utf-16"), "UTF-16"),
    "gz of nothing": (gzip.compress(b""), "empty"),
    "gz of junk": (b"\x1f\x8b\x08\x00junkjunkjunk", "damaged"),
    "no gz after all": (b"\x1f\x8bjunk", "end in the middle"),
    "cut document": (json.dumps([{"meta": {}, "results": []}], indent=1).encode()[:-3], "no JSON document"),
    "authors": (lines([{"id": BASE + "A1", "display_name": "X"}]), "not that of a work"),
    "empty array": (b"[]", "no record"),
}


@pytest.mark.parametrize("name", USELESS)
def test_file_without_a_single_work_is_an_error(tmp_path, name):
    data, reason = USELESS[name]
    path = tmp_path / "in" / "w.jsonl"
    path.parent.mkdir()
    path.write_bytes(data)
    with pytest.raises(FormatError, match=reason) as caught:
        ingest(path, tmp_path / "out")
    assert str(path) in str(caught.value)
    assert [each.name for each in tmp_path.iterdir()] == ["in"]
    # Beside a good file it is one reject (or, for records of another kind, one each) and no error.
    write(tmp_path / "in" / "good.jsonl", some_works(5))
    summary = ingest(tmp_path / "in", tmp_path / "out")
    assert (summary.works, summary.rejects) == (5, 0 if name == "empty array" else 1)


def test_document_has_a_largest_size(tmp_path, monkeypatch):
    monkeypatch.setattr(_input, "_MAX_DOCUMENT", 500)
    (tmp_path / "w.json").write_text(json.dumps(some_works(10), indent=1))
    with pytest.raises(FormatError, match="more than 500 bytes"):
        ingest(tmp_path / "w.json", tmp_path / "out")


def test_paths_that_are_not_there(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FormatError, match="nothing of that name"):
        ingest(tmp_path / "none.jsonl", tmp_path / "out")
    with pytest.raises(FormatError, match="a folder without any"):
        ingest(tmp_path / "empty", tmp_path / "out")
    with pytest.raises(FormatError, match="Name at least one path"):
        ingest([], tmp_path / "out")
    with pytest.raises(ValueError, match="workers"):
        ingest(tmp_path / "empty", tmp_path / "out", workers=0)
    with pytest.raises(ValueError, match="years"):
        ingest(tmp_path / "empty", tmp_path / "out", years=(2021, 2020))
    assert [each.name for each in tmp_path.iterdir()] == ["empty"]


# --- interruptions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["parts", "merge"])
def test_full_disk_leaves_the_old_records_and_nothing_else(tmp_path, monkeypatch, where):
    path = write(tmp_path / "w.jsonl", some_works(50))
    ingest(path, tmp_path / "out")
    before = content(tmp_path / "out")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    if where == "parts":
        monkeypatch.setattr(_collect.pa.ipc, "new_stream", full)
    else:
        monkeypatch.setattr("innovation_graph.records.RecordsWriter.add", full)
    with pytest.raises(OSError, match="No space left"):
        ingest(path, tmp_path / "out")
    assert content(tmp_path / "out") == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["out", "w.jsonl"]


SCRIPT = """
import sys
from innovation_graph.sources.openalex import ingest
if __name__ == "__main__":
    ingest(sys.argv[2:], sys.argv[1], workers=2 if len(sys.argv) > 3 else 1,
           progress=lambda done, total, works: works and print("reading", flush=True))
"""


def start(tmp_path, files):
    """Start a process with much to read and wait until it reads."""
    member = gzip.compress(lines(some_works(20)) * 2000)
    names = []
    for number in range(files):
        names.append(tmp_path / f"{number}.gz")
        names[-1].write_bytes(member * 60)  # more than ten seconds of reading
    (tmp_path / "run.py").write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, tmp_path / "run.py", tmp_path / "out", *names],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline() == "reading\n"
    return process


def left_over(tmp_path):
    return [each.name for each in tmp_path.iterdir() if "out" in each.name]


@pytest.mark.parametrize("files", [1, 2])
def test_interrupt_leaves_nothing(tmp_path, files):
    process = start(tmp_path, files)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes of the group
    _, errors = process.communicate(timeout=9)  # workers stop at once, not at the end of their files
    assert process.returncode != 0
    assert errors.count("KeyboardInterrupt") == 1  # the workers say nothing
    assert left_over(tmp_path) == []


def alive(group):
    found = Counter()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, process_group = status.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(process_group) == group and state != "Z":
            found[state] += 1
    return sum(found.values())


def holds_interrupts(process):
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    held = int(status["SigBlk"], 16) | int(status["SigIgn"], 16)
    return bool(held >> (signal.SIGINT - 1) & 1)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_killed_process_leaves_no_records_and_no_workers(tmp_path):
    process = start(tmp_path, 2)
    assert alive(process.pid) >= 3
    assert not holds_interrupts(process.pid)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) >= 2
    assert all(map(holds_interrupts, children))
    process.kill()
    process.communicate(timeout=30)
    deadline = time.monotonic() + 20
    while alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert alive(process.pid) == 0
    assert not (tmp_path / "out").exists()
