"""International works against loops over plain dictionaries of the records."""

import gzip
import json
import math
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import located_at

from innovation_graph import incidence, places
from innovation_graph import records as records_module
from innovation_graph.copublication import (
    WORLD,
    cagr,
    copublication,
    countries_per_work,
    growth,
    openness_of_works,
    orientation,
)
from innovation_graph.errors import RecipeError, RecordsError, UnknownNameError
from innovation_graph.records import Records
from innovation_graph.samples import sample_records
from innovation_graph.selection import Selection
from innovation_graph.sources.openalex import ingest

COUNTRY = ["CN", "CN", "HK", "US", None, "DE"]
LOOKUP = [0, 1, 0, 2, 2, -1]


def records_of(works):
    """Build records of works (year, fields, sites as (actor, address))."""
    rows = [(i, actor, 0, at) for i, (_, _, sites) in enumerate(works) for actor, at in sorted(set(sites))]
    flat = np.array(rows, dtype=np.int32).reshape(-1, 4)
    table = pa.table(
        {
            "work_id": [f"W{i}" for i in range(len(works))],
            "kind": ["paper"] * len(works),
            "year": pa.array([year for year, _, _ in works], pa.int16()),
            "fields": pa.array([fields for _, fields, _ in works], pa.list_(pa.string())),
            "n_actors": pa.array([len({a for a, _ in sites}) for _, _, sites in works], pa.int32()),
            "retracted": [False] * len(works),
            "truncated": [False] * len(works),
        }
    ) if works else records_module.SCHEMAS["works"].empty_table()  # fmt: skip
    sites = pa.table({name: flat[:, i] for i, name in enumerate(["work", "actor", "role", "address"])})
    return Records.from_tables(table, sites, pa.table({"country": pa.array(COUNTRY, pa.string())}))


site_lists = st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 5)), min_size=1, max_size=5)
work_lists = st.lists(
    st.tuples(
        st.sampled_from([2020, 2021, 2023, None]),
        st.sampled_from([None, [], ["ai"], ["bio", "ai"], ["bio", "bio"]]),
        site_lists,
    ),
    max_size=12,
)


def by_hand(works, by, groups):
    """Count work for work: {(place, year, field): Counter of kinds}."""
    counts = defaultdict(Counter)
    for year, fields, sites in works:
        codes = {COUNTRY[at] for _, at in sites if at >= 0 and COUNTRY[at]}
        kind = ["unknown", "domestic", "international"][min(2, len({groups.get(code, code) for code in codes}))]
        where = {WORLD} | {f"p{LOOKUP[at]}" for _, at in sites if at >= 0 and LOOKUP[at] >= 0}
        for place in where:
            for field in set(fields or [None]) if "field" in by else [None]:
                counts[place, year if "year" in by else None, field][kind] += 1
    return counts


def found_in(table):
    def key(row, name):
        value = row.get(name)
        return None if value is None or pd.isna(value) else value

    return {(row["place"], key(row, "year"), key(row, "field")): row for row in table.to_dict("records")}


@settings(max_examples=40)
@given(work_lists, st.sampled_from([(), ("year",), ("field",), ("year", "field"), ("field", "year")]), st.booleans())
def test_counts_equal_the_definition(works, by, grouped):
    records, located = records_of(works), located_at(LOOKUP, 4)
    groups = {"HK": "CN"} if grouped else {}
    selection = Selection()  # the kind of no work at all would be an error
    table = copublication(records, located, selection, by=by, groups=groups)
    assert list(table.columns[: 1 + len(by)]) == ["place", *by]
    assert table["place"].unique().tolist() == ([WORLD, "p0", "p1", "p2", "p3"] if len(table) else [])
    expected, found = by_hand(works, by, groups), found_in(table)
    assert len(found) == len(table)
    assert set(expected) <= set(found)
    for key, row in found.items():
        kinds = expected.get(key, Counter())
        assert [row[name] for name in ("domestic", "international", "unknown")] == [
            kinds[name] for name in ("domestic", "international", "unknown")
        ]
        assert row["papers"] == kinds.total()
        known = kinds["domestic"] + kinds["international"]
        for name, whole in (("share", kinds.total()), ("share_known", known)):
            assert row[name] == pytest.approx(kinds["international"] / whole if whole else math.nan, nan_ok=True)
    numbers = countries_per_work(records, selection, groups=groups)
    for number, (_, _, sites) in zip(numbers, works, strict=True):
        codes = {COUNTRY[at] for _, at in sites if at >= 0 and COUNTRY[at]}
        assert number == len({groups.get(code, code) for code in codes})


def test_labels_are_sorted_and_missing_ones_last():
    works = [(2021, ["b"], [(0, 0)]), (None, None, [(0, 3)]), (2019, ["a", "b"], [(0, 0), (1, 3)])]
    table = copublication(records_of(works), by=("year", "field"))
    assert table["year"].tolist() == [2019] * 3 + [2021] * 3 + [pd.NA] * 3
    assert table["field"].fillna("none").tolist() == ["a", "b", "none"] * 3
    assert table["papers"].tolist() == [1, 1, 0, 0, 1, 0, 0, 0, 1]
    other = copublication(records_of(works), by=("field", "year"))
    assert other["field"].fillna("none").tolist() == ["a"] * 3 + ["b"] * 3 + ["none"] * 3


def test_pieces_change_nothing(monkeypatch, tmp_path):
    rng = np.random.default_rng(1)
    works = [
        (int(rng.integers(2019, 2024)), ["ai"], [(i, int(rng.integers(-1, 6))) for i in range(rng.integers(1, 6))])
        for _ in range(200)
    ]
    located = located_at(LOOKUP, 4)
    expected = copublication(records_of(works), located, by=("year", "field"))
    monkeypatch.setattr(records_module, "_ROWS_PER_GROUP", 20)
    on_disk = records_of(works).write(tmp_path / "records")
    assert on_disk.n_batches > 10
    for threads in (1, 3):
        found = copublication(on_disk, located, by=("year", "field"), threads=threads)
        pd.testing.assert_frame_equal(found, expected)


def test_growth_of_the_published_end_points():
    # The report prints 8.67 percent, which does not follow from its own numbers.
    assert round(100 * cagr(129_900, 979_800, 2022 - 2000), 2) == 9.62
    assert cagr(100, 121, 2) == pytest.approx(0.1)
    assert cagr(7, 7, 5) == 0
    assert cagr(7, 0, 5) == -1
    assert math.isnan(cagr(0, 7, 5))
    assert math.isnan(cagr(math.nan, 7, 5))
    assert math.isnan(cagr(7, math.nan, 5))
    with pytest.raises(RecipeError, match="more than 0 years"):
        cagr(1, 2, 0)
    with pytest.raises(RecipeError, match="values of 0 or more"):
        cagr(-1, 2, 3)


def test_growth_table():
    one, two = [(0, 0)], [(0, 0), (1, 3)]
    works = [(2020, ["ai"], two), *[(2022, ["ai"], two)] * 4, (2020, ["bio"], one), (2022, ["bio"], two)]
    works += [(2021, ["ai"], one)] * 9 + [(2020, None, one), (2022, None, one)]
    table = growth(copublication(records_of(works), by=("field", "year")))
    assert table["field"].fillna("none").tolist() == ["ai", "bio", "none"]
    assert table["international_growth"].fillna(-9).tolist() == [1.0, -9, -9]
    assert table["papers_growth"].tolist() == [1.0, 0.0, 0.0]
    assert table["share_first"].tolist() == [1, 0, 0]
    assert table["international_last"].tolist() == [4, 1, 0]
    turned = growth(copublication(records_of(works), by=("year", "field")))
    pd.testing.assert_frame_equal(turned, table[turned.columns])
    assert growth(copublication(records_of(works)), 2020, 2021)["papers_growth"].tolist() == [pytest.approx(2)]
    with pytest.raises(RecipeError, match=r"not 2020 and 2019; it has \[2020, 2021, 2022\]"):
        growth(copublication(records_of(works)), last=2019)
    with pytest.raises(RecipeError, match="needs a table by year"):
        growth(copublication(records_of(works), by=()))


def test_openness_of_works_is_not_that_of_ties():
    # Two hubs of one country and an author outside all hubs: no tie crosses a border, the paper does.
    works = [(2023, None, [(0, 0), (1, 1), (2, 5)]), (2023, None, [(0, 0), (1, 1)]), (2023, None, [(0, 4)])]
    table = openness_of_works(records_of(works), located_at(LOOKUP, 4))
    assert table["works"].tolist() == [2, 2, 1, 0]
    assert table["international_share"].fillna(-1).tolist() == [0.5, 0.5, 0, -1]
    assert table["unknown_share"].fillna(-1).tolist() == [0, 0, 1, -1]
    assert table.index.tolist() == ["p0", "p1", "p2", "p3"]


def test_orientation():
    share = pd.Series([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, np.nan], index=list("abcdefg"))
    kinds = orientation(share)
    assert kinds.iloc[:6].tolist() == ["inward"] * 2 + ["balanced"] * 2 + ["outward"] * 2
    assert kinds.isna().tolist() == [False] * 6 + [True]
    assert orientation(share, rule="mean", band=0.2).iloc[:6].tolist() == [
        "inward", "inward", "balanced", "balanced", "outward", "outward",
    ]  # fmt: skip
    assert set(orientation(share, rule="mean", band=0.9).dropna()) == {"balanced"}
    assert set(orientation(pd.Series([0.3, 0.3, 0.3]))) == {"balanced"}
    assert orientation(pd.Series([np.nan])).isna().all()
    with pytest.raises(UnknownNameError, match="unknown rule 'half'; known: mean, terciles"):
        orientation(share, rule="half")
    with pytest.raises(RecipeError, match="band must be at least 0 and below 1, not 1"):
        orientation(share, rule="mean", band=1)


def test_errors_say_what_to_do():
    records = records_of([(2020, None, [(0, 0)])])
    with pytest.raises(UnknownNameError, match="unknown division 'month'; known: field, year"):
        copublication(records, by=("month",))
    with pytest.raises(RecipeError, match=r"once, not \['year', 'year'\]"):
        copublication(records, by=("year", "year"))
    with pytest.raises(RecordsError, match="places were found for 3 keys, but these records have 6"):
        copublication(records, located_at([0, 0, 0], 1))


def test_families_are_merged_before_they_are_counted():
    works = [(2020, None, [(0, 0)]), (2021, None, [(0, 3)])]
    tables = records_of(works)
    both = tables.works.set_column(1, "kind", [["patent"] * 2]).set_column(5, "family", [["F", "F"]])
    merged = Records.from_tables(both, tables._tables["sites"], tables.addresses)
    apart = copublication(merged, located_at(LOOKUP, 4), Selection(kind="patent"), by=())
    as_one = copublication(merged, located_at(LOOKUP, 4), Selection(kind="patent", one_per="family"))
    assert apart["international"].sum() == 0
    assert as_one["year"].unique().tolist() == [2020]
    assert as_one["international"].tolist() == [1, 1, 0, 1, 0]


def test_countries_are_grouped_as_the_places_are():
    # Two authors in Hong Kong and Beijing: at home for the hubs of the GIHI, abroad for countries of the source.
    records = records_of([(2020, None, [(0, 0), (1, 2)])])
    hubs = replace(located_at(LOOKUP, 4), groups={"HK": "CN"})
    assert openness_of_works(records, hubs)["international_share"].dropna().unique().tolist() == [0]
    assert openness_of_works(records, hubs, groups={})["international_share"].dropna().unique().tolist() == [1]
    assert copublication(records, hubs)["international"].sum() == 0
    assert copublication(records)["international"].tolist() == [1]


@pytest.fixture(scope="module")
def sample():
    records = sample_records()
    return records, places.locate(records, places.gihi2024())


def test_sample_equals_a_loop(sample):
    records, located = sample
    works = records.works.select(["kind", "year"]).to_pylist()
    country = records.addresses["country"].to_pylist()
    codes, hubs = defaultdict(set), defaultdict(set)
    for work, role, at in zip(*(np.concatenate(c).tolist() for c in zip(*records.site_batches(["work", "role", "address"]))), strict=True):  # noqa: B905, E501  # fmt: skip
        if role == 0 and at >= 0:
            codes[work] |= {located.groups.get(country[at], country[at])} - {None}
            hubs[work] |= {int(located.lookup[at])} - {-1}
    papers, abroad, none = Counter(), Counter(), Counter()
    for row, work in enumerate(works):
        if work["kind"] == "paper":
            for hub in {-1} | hubs[row]:
                papers[hub, work["year"]] += 1
                abroad[hub, work["year"]] += len(codes[row]) > 1
                none[hub, work["year"]] += not codes[row]
    table = copublication(records, located)
    number = {place: i for i, place in enumerate(located.places.index)} | {WORLD: -1}
    assert len(table) == 121 * 5
    for row in table.itertuples():
        key = number[row.place], row.year
        assert (row.papers, row.international, row.unknown) == (papers[key], abroad[key], none[key])


def test_real_works_have_openalex_own_number_of_countries(real_data, tmp_path):
    path = real_data / "openalex" / "works_retractions_plos1_2018.jsonl.gz"
    ingest(path, tmp_path / "records", keep_retracted=True)
    records = records_module.read_records(tmp_path / "records")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        theirs = [json.loads(line)["countries_distinct_count"] for line in file]
    assert countries_per_work(records).tolist() == theirs
    table = copublication(records)
    assert table["papers"].sum() == 237
    assert table["international"].sum() == sum(number > 1 for number in theirs) > 0
    assert table["unknown"].sum() == theirs.count(0)
    # With countries as places: a paper is international there if it is in two of them.
    countries = places.locate(records, places.open_set("country"))
    own = openness_of_works(records, countries)
    sizes = incidence.build(records, countries, shares=False).matrix
    several = np.diff(sizes.indptr) > 1
    np.testing.assert_allclose(own["works"] * own["international_share"], sizes[several].sum(axis=0))
