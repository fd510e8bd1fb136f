"""The works behind a tie against loops over plain lists; as many as the weight of the tie."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import located_at, random_works

from innovation_graph import incidence, places, project
from innovation_graph import records as records_module
from innovation_graph.drilldown import works_between, works_of
from innovation_graph.errors import NetworkError, RecipeError, RecordsError, UnknownNameError
from innovation_graph.records import Records, read_records
from innovation_graph.samples import sample_records
from innovation_graph.selection import Selection
from innovation_graph.sources.openalex import ingest

LOOKUP = [0, 0, 1, 2, -1, 1]
ORGANISATION = ["Acme", "Beta", "Gamma", None, "Delta", "Gamma"]
LOCATED = located_at(LOOKUP, 4)
PEOPLE = [f"Person {i}" for i in range(200)]


def records_of(works, lookup=LOOKUP, *, kept=True, **columns):
    """Build records of works: lists of (actor, address) or (actor, address, role)."""
    full = [sorted({(role[0] if role else 0, actor, at) for actor, at, *role in sites}) for sites in works]
    rows = [(i, actor, role, at) for i, sites in enumerate(full) for role, actor, at in sites]
    flat = np.array(rows, dtype=np.int32).reshape(-1, 4)
    n = len(works)
    table = {
        "work_id": pa.array([f"W{i:03}" for i in range(n)], pa.string()),
        "title": pa.array([f"Title {i}" if i % 2 else None for i in range(n)], pa.string()),
        "kind": pa.array(["paper"] * n, pa.string()),
        "year": pa.array([[2021, None, 2020][i % 3] for i in range(n)], pa.int16()),
        "n_actors": pa.array([len({site[0] for site in sites}) for sites in works], pa.int32()),
        "retracted": pa.array([False] * n, pa.bool_()),
        "truncated": pa.array([False] * n, pa.bool_()),
        **columns,
    }
    sites = pa.table({name: flat[:, i] for i, name in enumerate(["work", "actor", "role", "address"])})
    names = [ORGANISATION[i] if i < len(ORGANISATION) else None for i in range(len(lookup))]
    addresses = pa.table(
        {"organisation": pa.array(names, pa.string()), "text": [f"text {i}" for i in range(len(lookup))]}
    )
    actors = pa.table({"actor_id": [f"A{i}" for i in range(len(PEOPLE))], "name": PEOPLE}) if kept else None
    return Records.from_tables(pa.table(table), sites, addresses, actors=actors)


def by_hand(works, wanted):
    """List the works in all places wanted: (year or 9999, id, actors, organisations of each, places)."""
    rows = []
    for i, sites in enumerate(works):
        ordered = sorted(set(sites))
        here = {LOOKUP[at] for _, at in sites if at >= 0} - {-1}
        if set(wanted) <= here:
            actors = "; ".join(dict.fromkeys(f"Person {actor}" for actor, _ in ordered))
            named = [(LOOKUP[at], ORGANISATION[at] or f"text {at}") for _, at in ordered if at >= 0]
            of = ["; ".join(dict.fromkeys(name for where, name in named if where == place)) for place in wanted]
            rows.append(([2021, 9999, 2020][i % 3], f"W{i:03}", actors, len({a for a, _ in sites}), *of, len(here)))
    return sorted(rows)


def listed(table):
    columns = [name for name in table.columns if name not in ("title", "kind", "type")]
    table = table[["year", "work_id", *(name for name in columns if name not in ("year", "work_id"))]]
    return list(table.assign(year=table["year"].fillna(9999)).itertuples(index=False, name=None))


work_lists = st.lists(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 5)), min_size=1, max_size=6), max_size=12
)  # fmt: skip


@settings(max_examples=15)
@given(work_lists)
def test_works_equal_the_definition(works):
    records = records_of(works)
    network = project(incidence.stream(records, LOCATED))
    for a, b in [(0, 1), (1, 0), (1, 2), (0, 3)]:
        table = works_between(records, LOCATED, None, f"p{a}", f"p{b}")
        assert listed(table) == by_hand(works, [a, b])
        assert len(table) == network.adjacency[a, b]
    for place in range(4):
        table = works_of(records, LOCATED, None, f"Place {place}")
        assert listed(table) == by_hand(works, [place])
        assert len(table) == network.places["works"].iloc[place]
    titles = works_of(records, LOCATED, None, "p0")
    for row in titles.itertuples():
        number = int(row.work_id[1:])
        assert row.title == f"Title {number}" if number % 2 else pd.isna(row.title)


def test_columns_of_no_works():
    table = works_between(records_of([]), LOCATED, None, "p0", "p1")
    assert table.columns.tolist() == [
        "work_id", "title", "year", "kind", "type", "actors", "n_actors", "organisations_a", "organisations_b",
        "places",
    ]  # fmt: skip
    assert len(table) == 0
    assert works_of(records_of([]), LOCATED, None, "p0").columns.tolist()[-2:] == ["organisations", "places"]


def test_limit_keeps_the_first():
    works = [[(0, 0), (1, 2)]] * 7
    table = works_between(records_of(works), LOCATED, None, "p0", "p1")
    assert table["work_id"].tolist() == ["W002", "W005", "W000", "W003", "W006", "W001", "W004"]
    for limit in (0, 1, 4, 7, 9):
        some = works_between(records_of(works), LOCATED, None, "p0", "p1", limit=limit)
        pd.testing.assert_frame_equal(some, table.head(limit))


def test_roles_of_the_selection():
    # An applicant in place 0; an inventor, who is the same person, and another in place 1.
    works = [[(7, 0, 1), (7, 2, 2), (8, 2, 2)], [(5, 1, 1), (6, 2, 1)]]
    records = records_of(works, kind=pa.array(["patent"] * 2))
    assert len(works_between(records, LOCATED, Selection(actors="applicants"), "p0", "p1")) == 1
    both = works_between(records, LOCATED, Selection(actors="both"), "p0", "p1").set_index("work_id")["actors"]
    assert both.to_dict() == {"W000": "Person 7; Person 8", "W001": "Person 5; Person 6"}
    inventors = works_of(records, LOCATED, Selection(actors="inventors"), "p1")
    assert inventors["actors"].tolist() == ["Person 7; Person 8"]
    assert inventors["organisations"].tolist() == ["Gamma"]
    of_2021 = works_of(records, LOCATED, Selection(years=(2021, 2021), actors="both"), "p0")
    assert of_2021["work_id"].tolist() == ["W000"]


def test_actors_that_were_not_kept():
    table = works_of(records_of([[(0, 0), (1, 3)]], kept=False), LOCATED, None, "p2")
    assert table["actors"].isna().all()
    assert table["n_actors"].tolist() == [2]
    assert table["organisations"].tolist() == ["text 3"]


def test_places_that_are_authors():
    records = records_of([[(0, 0), (1, 3)], [(0, 2), (2, 2)], [(1, 1), (2, -1)]])
    located = places.locate(records, places.open_set("author"))
    table = works_between(records, located, None, "A1", "A2")
    assert table["work_id"].tolist() == ["W002"]
    assert (table["organisations_a"].iloc[0], pd.isna(table["organisations_b"].iloc[0])) == ("Beta", True)
    assert table["places"].tolist() == [2]


def test_works_of_a_family_are_one():
    works = [[(0, 0)], [(1, 2)], [(0, 0), (1, 2)]]
    family = pa.array(["F", "F", None], pa.string())
    records = records_of(works, family=family)
    table = works_between(records, LOCATED, Selection(one_per="family"), "p0", "p1")
    network = project(incidence.stream(records, LOCATED, Selection(one_per="family")))
    assert len(table) == network.adjacency[0, 1] == 2
    assert table["n_actors"].tolist() == [2, 2]
    assert table["organisations_b"].tolist() == ["Gamma", "Gamma"]


@pytest.mark.parametrize("threads", [1, 3])
def test_pieces_change_nothing(threads, monkeypatch, tmp_path):
    works = random_works(np.random.default_rng(4), 300, 6)
    expected = by_hand(works, [0, 1])
    monkeypatch.setattr(records_module, "_ROWS_PER_GROUP", 30)
    on_disk = records_of(works).write(tmp_path / "records")
    assert on_disk.n_batches > 10
    assert listed(works_between(on_disk, LOCATED, None, "p0", "p1", threads=threads)) == expected
    assert listed(works_between(on_disk, LOCATED, None, "p0", "p1", limit=5, threads=threads)) == expected[:5]


def test_errors_say_what_to_do():
    records = records_of([[(0, 0), (1, 2)]])
    with pytest.raises(UnknownNameError, match="unknown place 'Atlantis'; known: p0, p1, p2, p3"):
        works_between(records, LOCATED, None, "p0", "Atlantis")
    with pytest.raises(NetworkError, match="'p0' and 'Place 0' are one; see works_of"):
        works_between(records, LOCATED, None, "p0", "Place 0")
    with pytest.raises(RecipeError, match="limit must be 0 or more, not -1"):
        works_of(records, LOCATED, None, "p0", limit=-1)
    with pytest.raises(RecordsError, match="places were found for 1 keys, but these records have 6"):
        works_of(records, located_at([0], 1), None, "p0")


def test_sample_has_the_weight_of_every_tie_asked_for():
    records = sample_records()
    located = places.locate(records, places.gihi2024())
    for selection in (
        Selection(kind="paper"),
        Selection(kind="paper", years=(2023, 2023)),
        Selection(kind="patent", actors="both"),
    ):
        network = project(incidence.stream(records, located, selection))
        pairs = [
            ("Beijing", "Boston"),
            ("tokyo", "kyoto-osaka-kobe"),
            ("new-york", "London"),
            ("montreal", "mexico-city"),
        ]
        for a, b in pairs:
            table = works_between(records, located, selection, a, b)
            assert len(table) == network.adjacency[network.position(a), network.position(b)]
            assert table["work_id"].is_unique
            assert (table["places"] >= 2).all()
            assert table["organisations_a"].notna().all()
            assert table["organisations_b"].notna().all()
        assert len(works_of(records, located, selection, "Beijing")) == network.places.loc["beijing", "works"]


def test_real_works_of_two_countries(real_data, tmp_path):
    path = real_data / "openalex" / "openalex-works-pages.json"
    works = [work for page in json.loads(path.read_text("utf-8")) for work in page["results"]]
    ingest(path, tmp_path / "out", keep_actors=True)
    records = read_records(tmp_path / "out")
    countries = places.locate(records, places.open_set("country"))
    table = works_between(records, countries, None, "US", "GB").set_index("work_id")

    def codes(work):
        named = {code for each in work["authorships"] for code in each["countries"]}
        return named | {i["country_code"] for each in work["authorships"] for i in each["institutions"]} - {None}

    theirs = {work["id"].rpartition("/")[2]: work for work in works if {"US", "GB"} <= codes(work)}
    assert set(table.index) == set(theirs)
    assert len(theirs) > 1
    for key, work in theirs.items():
        row = table.loc[key]
        assert row["title"] == work["title"]
        assert row["year"] == work["publication_year"]
        assert row["places"] == len(codes(work))
        assert row["n_actors"] == len(work["authorships"])
        names = [each["author"]["display_name"] for each in work["authorships"]]
        assert row["actors"].split("; ") == names
        british = {
            i["display_name"] for a in work["authorships"] for i in a["institutions"] if i["country_code"] == "GB"
        }
        assert british <= set(row["organisations_b"].split("; "))
