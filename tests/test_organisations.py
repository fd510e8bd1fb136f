"""Organisations behind places against loops over plain lists, and closed forms of concentration."""

from collections import Counter, defaultdict

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import located_at

from innovation_graph import incidence, places, project
from innovation_graph import records as records_module
from innovation_graph.errors import RecipeError, RecordsError
from innovation_graph.organisations import (
    KINDS,
    concentration,
    kinds,
    leading,
    organisations,
    organisations_in,
)
from innovation_graph.records import Records, read_records
from innovation_graph.samples import sample_records
from innovation_graph.selection import Selection
from innovation_graph.sources.openalex import ingest

# Address: (organisation, ror, type, country, place). "Acme" has two addresses in one place and one in another.
ADDRESSES = [
    ("Acme", None, "company", "US", 0),
    ("Acme", None, "company", "US", 0),
    ("Acme", None, "company", "US", 1),
    ("Tsinghua", "03cve4549", "education", "CN", 1),
    ("Tsinghua University", "03cve4549", "education", "CN", 1),
    ("Ministry", None, "Government", "CN", 0),
    ("Clinic", None, "healthcare", "CN", 0),
    ("Mystery", None, None, "CN", 1),
    (None, None, None, "CN", 0),
    ("Far away", None, "company", "DE", -1),
]
IDS = ["acme-us"] * 3 + ["03cve4549"] * 2 + ["ministry-cn", "clinic-cn", "mystery-cn", None, "far-away-de"]
KIND = {
    "acme-us": "company",
    "03cve4549": "university",
    "ministry-cn": "research_institute",
    "clinic-cn": "other",
    "mystery-cn": "unknown",
    None: "unknown",
}
LOCATED = located_at([row[4] for row in ADDRESSES], 3)


def records_of(works, addresses=ADDRESSES):
    """Build records of works (year, sites as (actor, role, address))."""
    rows = [(i, actor, role, at) for i, (_, sites) in enumerate(works) for role, actor, at in sorted(set(sites))]
    flat = np.array(rows, dtype=np.int32).reshape(-1, 4)
    table = {
        "work_id": pa.array([f"W{i}" for i in range(len(works))], pa.string()),
        "kind": pa.array(["patent"] * len(works), pa.string()),
        "year": pa.array([year for year, _ in works], pa.int16()),
        "n_actors": pa.array([1] * len(works), pa.int32()),
        "retracted": pa.array([False] * len(works), pa.bool_()),
        "truncated": pa.array([False] * len(works), pa.bool_()),
    }
    sites = pa.table({name: flat[:, i] for i, name in enumerate(["work", "actor", "role", "address"])})
    names = ["organisation", "ror", "type", "country"]
    columns = {name: pa.array([row[i] for row in addresses], pa.string()) for i, name in enumerate(names)}
    return Records.from_tables(pa.table(table), sites, pa.table(columns))


def by_hand(works, roles, by_year):
    """Count {(place, year): ({organisation: works}, {organisation: fractional}, works of the place)}."""
    found = defaultdict(lambda: (Counter(), Counter(), Counter()))
    for year, sites in works:
        here = defaultdict(set)
        for role, _, at in sites:
            if role in roles and at >= 0 and ADDRESSES[at][4] >= 0:
                here[f"p{ADDRESSES[at][4]}"].add(IDS[at])
        for place, names in here.items():
            whole, part, total = found[place, year if by_year else None]
            total["all"] += 1
            for name in names:
                whole[name] += 1
                part[name] += 1 / len(names)
    return found


def none(value):
    return None if pd.isna(value) else value


site_lists = st.lists(
    st.tuples(st.integers(1, 2), st.integers(0, 3), st.integers(-1, len(ADDRESSES) - 1)), min_size=1, max_size=7
).map(lambda sites: [(role, actor + 10 * role, at) for role, actor, at in sites])
work_lists = st.lists(st.tuples(st.sampled_from([2020, 2022, None]), site_lists), max_size=10)


@settings(max_examples=30)
@given(work_lists, st.sampled_from([("applicants", {1}), ("inventors", {2}), ("both", {1, 2})]), st.booleans())
def test_counts_equal_the_definition(works, who, by_year):
    actors, roles = who
    table = organisations(records_of(works), LOCATED, Selection(actors=actors), by_year=by_year)
    expected = by_hand(works, roles, by_year)
    assert ("year" in table.columns) == by_year
    seen = set()
    for row in table.to_dict("records"):
        key = row["place"], none(row.get("year", None))
        whole, part, total = expected[key]
        name = none(row["organisation"])
        seen.add((*key, name))
        assert row["works"] == whole[name]
        assert row["fractional_works"] == pytest.approx(part[name])
        assert row["share"] == pytest.approx(whole[name] / total["all"])
        assert row["kind"] == KIND[name]
        if name is None:
            assert row["rank"] is pd.NA or pd.isna(row["rank"])
        else:
            assert row["rank"] == 1 + sum(n > whole[name] for other, n in whole.items() if other is not None)
    assert seen == {(*key, name) for key, (whole, _, _) in expected.items() for name in whole}
    # Order: place, year, nameless last, works, fractional works, id.
    keys = [
        (
            row["place"],
            none(row.get("year", None)) or 9999,
            none(row["organisation"]) is None,
            -row["works"],
            -round(row["fractional_works"], 9),
            none(row["organisation"]) or "",
        )
        for row in table.to_dict("records")
    ]
    assert keys == sorted(keys)
    heads = concentration(table)
    assert [(row.place, none(getattr(row, "year", None))) for row in heads.itertuples()] == sorted(
        expected, key=lambda key: (key[0], key[1] or 9999)
    )
    shares = kinds(table)
    for row, share in zip(heads.to_dict("records"), shares.to_dict("records"), strict=True):
        _, part, total = expected[row["place"], none(row.get("year", None))]
        q = sorted((n for name, n in part.items() if name is not None), reverse=True)
        assert row["works"] == share["works"] == total["all"]
        assert row["organisations"] == len(q)
        assert row["named_share"] == pytest.approx(sum(q) / total["all"])
        for name in ("top10_share", "top20_share"):
            assert row[name] == pytest.approx(1 if q else np.nan, nan_ok=True)
        hhi = sum(n**2 for n in q) / sum(q) ** 2 if q else np.nan
        assert row["hhi"] == pytest.approx(hhi, nan_ok=True)
        for kind in ("university", "research_institute", "company", "other", "unknown"):
            whole = sum(n for name, n in part.items() if KIND[name] == kind)
            assert share[kind] == pytest.approx(whole / total["all"])


def test_closed_forms_of_concentration():
    # Place 0 has 40 organisations of one work each, place 1 one of 30 works and one of 10.
    names = [f"org {i:02}" for i in range(42)]
    addresses = [(name, None, "company", "US", 0 if i < 40 else 1) for i, name in enumerate(names)]
    works = [(2020, [(1, 0, i)]) for i in range(40)] + [(2020, [(1, 0, 40)])] * 30 + [(2020, [(1, 0, 41)])] * 10
    table = organisations(records_of(works, addresses), located_at([row[4] for row in addresses], 2))
    even, uneven = concentration(table).to_dict("records")
    assert (even["top10_share"], even["top20_share"]) == (pytest.approx(0.25), pytest.approx(0.5))
    assert even["hhi"] == pytest.approx(1 / 40)
    assert uneven["hhi"] == pytest.approx(0.75**2 + 0.25**2)
    assert leading(table, 3).groupby("place")["organisation"].agg(list).tolist() == [
        ["org-00-us", "org-01-us", "org-02-us"], ["org-40-us", "org-41-us"],
    ]  # fmt: skip
    assert leading(table, 3)["rank"].tolist() == [1, 1, 1, 1, 2]
    with pytest.raises(RecipeError, match="at least 1, not 0"):
        leading(table, 0)


def test_what_the_table_says_of_an_organisation():
    works = [(2020, [(1, 0, at)]) for at in range(len(ADDRESSES))]
    table = organisations(records_of(works), LOCATED).set_index(["place", "organisation"])
    tsinghua = table.loc[("p1", "03cve4549")]
    assert (tsinghua["name"], tsinghua["ror"], tsinghua["type"], tsinghua["works"]) == (
        "Tsinghua", "03cve4549", "education", 2,
    )  # fmt: skip
    assert table.loc[("p0", "acme-us"), "works"] == 2
    assert table.loc[("p1", "acme-us"), "works"] == 1
    own = organisations(records_of(works), LOCATED, kind_of={**KINDS, "Healthcare": "hospital"})
    assert own[own["organisation"] == "clinic-cn"]["kind"].tolist() == ["hospital"]
    assert kinds(own).set_index("place").loc["p0", "hospital"] == pytest.approx(1 / 5)


def test_of_types_that_differ_the_most_frequent_counts_and_of_equal_ones_the_first_by_alphabet():
    kinds_of = {"even": ["company", "archive"], "odd": ["archive", "company", None, "company"]}
    rows = [(name, None, kind, "US", 0) for name, types in kinds_of.items() for kind in types]
    records = records_of([(2020, [(1, 0, at) for at in range(len(rows))])], rows)
    table = organisations(records, located_at([0] * len(rows), 1))
    assert dict(zip(table["name"], table["type"], strict=True)) == {"even": "archive", "odd": "company"}


def test_organisations_in_places_can_be_linked():
    # Acme of place 0 with Tsinghua of place 1, twice; within place 0 Acme and the ministry.
    works = [(2020, [(1, 0, 0), (1, 1, 3)]), (2020, [(1, 0, 1), (1, 1, 4)]), (2020, [(1, 0, 0), (1, 1, 5)])]
    records = records_of(works)
    located = organisations_in(records, LOCATED)
    network = project(incidence.stream(records, located))
    links = list(network.links().itertuples(index=False, name=None))
    assert links == [("p0|acme-us", "p0|ministry-cn", 1), ("p0|acme-us", "p1|03cve4549", 2)]
    assert located.places.loc["p0|", "place"] == "p0"
    assert located.places["organisation"].isna().tolist().count(True) == 1
    assert located.lookup[-1] == -1


@pytest.mark.parametrize("threads", [1, 3])
def test_pieces_change_nothing(threads, monkeypatch, tmp_path):
    rng = np.random.default_rng(2)
    works = [
        (int(rng.integers(2019, 2024)), [(1, i, int(rng.integers(-1, 10))) for i in range(rng.integers(1, 6))])
        for _ in range(300)
    ]
    expected = organisations(records_of(works), LOCATED, by_year=True)
    monkeypatch.setattr(records_module, "_ROWS_PER_GROUP", 20)
    on_disk = records_of(works).write(tmp_path / "records")
    assert on_disk.n_batches > 10
    found = organisations(on_disk, LOCATED, by_year=True, threads=threads)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


def test_no_works_at_all():
    table = organisations(records_of([]), LOCATED, by_year=True)
    assert len(table) == len(concentration(table)) == len(kinds(table)) == len(leading(table)) == 0


def test_errors_say_what_to_do():
    with pytest.raises(RecordsError, match="these places are authors"):
        organisations(records_of([]), located_at([0], 1, by="actor"))
    with pytest.raises(RecordsError, match="places were found for 1 addresses, but these records have 10"):
        organisations(records_of([]), located_at([0], 1))


def test_sample_equals_a_loop():
    records = sample_records()
    located = places.locate(records, places.gihi2024())
    kind = records.works["kind"].to_pylist()
    own = records.addresses["organisation_id"].to_pylist()
    columns = [np.concatenate(part).tolist() for part in zip(*records.site_batches(["work", "role", "address"]), strict=True)]  # fmt: skip # noqa: E501
    hubs = located.lookup.tolist()
    pairs, ofhub = set(), set()
    for work, role, at in zip(*columns, strict=True):
        if kind[work] == "patent" and role == 1 and at >= 0 and hubs[at] >= 0:
            pairs.add((work, hubs[at], own[at]))
            ofhub.add((work, hubs[at]))
    whole, total = Counter(pair[1:] for pair in pairs), Counter(pair[1] for pair in ofhub)
    table = organisations(records, located, Selection(kind="patent"))
    number = located.places.index.get_indexer(table["place"])
    found = {(hub, none(name)): n for hub, name, n in zip(number, table["organisation"], table["works"], strict=True)}
    assert found == whole
    heads = concentration(table)
    assert heads["works"].tolist() == [total[i] for i in located.places.index.get_indexer(heads["place"])]
    assert ((kinds(table).drop(columns=["place", "works"]).sum(axis=1) - 1).abs() < 1e-9).all()


def test_real_institutions_of_countries(real_data, tmp_path):
    ingest(real_data / "openalex" / "openalex-works-pages.json", tmp_path / "out")
    records = read_records(tmp_path / "out")
    countries = places.locate(records, places.open_set("country"))
    table = organisations(records, countries)
    addresses = records.addresses.to_pylist()
    seen = defaultdict(set)
    for work, at in zip(*(np.concatenate(part).tolist() for part in zip(*records.site_batches(["work", "address"]), strict=True)), strict=True):  # fmt: skip # noqa: E501
        if at >= 0 and addresses[at]["country"] and (addresses[at]["ror"] or addresses[at]["organisation_id"]):
            seen[addresses[at]["country"], addresses[at]["ror"] or addresses[at]["organisation_id"]].add(work)
    named = table[table["organisation"].notna()]
    found = {(row.place, row.organisation): row.works for row in named.itertuples()}
    assert {key: found[key] for key in seen} == {key: len(works) for key, works in seen.items()}
    assert len(seen) > 100
    # The institutions of the file say their own type.
    types = {row["ror"]: row["type"] for row in addresses if row["ror"]}
    rors = named[named["ror"].notna()]
    assert [none(value) for value in rors["type"]] == [types[ror] for ror in rors["ror"]]
    assert {"university", "company", "research_institute"} <= set(rors["kind"])
