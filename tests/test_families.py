"""One work a family, against loops over plain lists."""

from collections import Counter, defaultdict
from datetime import date
from itertools import chain

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import located_at

from innovation_graph import incidence, projection
from innovation_graph.errors import RecordsError
from innovation_graph.families import _pair, one_per_family
from innovation_graph.records import SCHEMAS, Records
from innovation_graph.selection import Selection

AUTHOR, APPLICANT, INVENTOR = 0, 1, 2
# Rows 1 and 2, 4 and 5 are one organisation by name; row 6 has no name at all.
ADDRESSES = [
    {"organisation": "Acme Ltd.", "text": "Boston"},
    {"organisation": "Bolt", "text": "Berlin"},
    {"organisation": "BOLT", "text": "Munich"},
    {"organisation": "Crane"},
    {"text": "Ōsaka Univ"},
    {"text": "osaka univ."},
    {"city": "Nowhere"},
]
NAMES = ["acme ltd", "bolt", "bolt", "crane", "osaka univ", "osaka univ", ""]
PLACE = [0, 1, 2, 3, 4, 4, -1]


def patents(rows, actors=None):
    """Build records of patents from dictionaries; `sites` are (role, actor, address)."""
    works, sites = [], []
    for number, given_row in enumerate(rows):
        row = {"work_id": f"P{number}", "kind": "patent", "retracted": False, "truncated": False, **given_row}
        own = sorted(row.pop("sites"))
        row.setdefault("n_actors", len({actor for role, actor, _ in own if role != INVENTOR}))
        works.append(row)
        sites += [{"work": number, "role": role, "actor": actor, "address": at} for role, actor, at in own]
    table = pa.Table.from_pylist(works, SCHEMAS["works"])
    return Records.from_tables(
        table,
        pa.Table.from_pylist(sites, SCHEMAS["sites"]),
        pa.Table.from_pylist(ADDRESSES, SCHEMAS["addresses"]),
        actors=None if actors is None else pa.Table.from_pylist(actors, SCHEMAS["actors"]),
        source="made",
        synthetic=True,
    )


def sites_of(records):
    found = defaultdict(list)
    for columns in records.site_batches(["work", "role", "actor", "address"]):
        for work, role, actor, address in zip(*(column.tolist() for column in columns), strict=True):
            found[work].append((role, actor, address))
    return found


def test_a_family_becomes_one_work():
    rows = [
        {"family": "F", "type": "application", "year": 2021, "published": date(2021, 5, 1), "office": "US",
         "title": "late", "sites": [(APPLICANT, 0, 2), (APPLICANT, 1, 3), (INVENTOR, 2, 4)],
         "ipc": ["B", "A"], "fields": ["x"]},
        {"family": None, "type": "grant", "year": 2020, "sites": [(APPLICANT, 0, 0)], "ipc": ["A", "A"]},
        {"family": "F", "type": "pct", "year": 2020, "published": date(2020, 5, 1), "office": "WO", "title": "early",
         "sites": [(APPLICANT, 0, 0), (APPLICANT, 1, 1), (INVENTOR, 2, 5)], "ipc": ["C", "B"], "truncated": True},
        {"family": "G", "type": "grant", "year": 2023, "sites": [(APPLICANT, 0, 0)], "fields": ["y"], "n_actors": 7},
        {"family": None, "type": "pct", "year": 2020, "sites": [(INVENTOR, 0, -1)]},
    ]  # fmt: skip
    merged = one_per_family(patents(rows))
    # The family stands where the work stands that was published first.
    assert merged.works["work_id"].to_pylist() == ["P1", "P2", "P3", "P4"]
    assert merged.works.select(["office", "title", "year", "type"]).to_pylist()[1] == {
        "office": "WO", "title": "early", "year": 2020, "type": "pct"
    }  # fmt: skip
    assert merged.works["ipc"].to_pylist() == [["A", "A"], ["C", "B", "A"], None, None]
    assert merged.works["fields"].to_pylist() == [None, ["x"], ["y"], None]
    assert merged.works["n_actors"].to_pylist() == [1, 3, 7, 0]
    assert merged.works["truncated"].to_pylist() == [False, True, False, False]
    assert sites_of(merged) == {
        0: [(APPLICANT, 0, 0)],
        # Acme, Bolt in two cities, Crane; the inventor at two spellings of one text.
        1: [(APPLICANT, 0, 0), (APPLICANT, 1, 1), (APPLICANT, 1, 2), (APPLICANT, 2, 3),
            (INVENTOR, 3, 4), (INVENTOR, 3, 5)],
        2: [(APPLICANT, 0, 0)],
        3: [(INVENTOR, 0, -1)],
    }  # fmt: skip
    assert merged.info["families"] == {
        "works_read": 5, "sites_read": 9, "works_before": 5, "works_after": 4, "families_merged": 1
    }  # fmt: skip
    assert merged.synthetic
    assert merged.info["source"] == "made"


@pytest.mark.parametrize(
    ("members", "first"),
    [
        ([("grant", 2021, None), ("pct", 2020, None)], 1),
        ([("grant", 2021, None), ("pct", 2021, date(2021, 12, 30))], 1),  # the year alone: its last day
        ([("grant", 2021, None), ("application", 2021, date(2021, 12, 31))], 0),
        ([("application", 2021, None), ("pct", 2021, None), ("grant", 2021, None)], 2),
        ([("application", 2021, None), (None, 2021, None), ("pct", 2021, None)], 2),
        ([("grant", None, None), ("application", 2999, None)], 1),
        ([("grant", None, None), ("grant", None, None)], 0),
        ([("grant", None, date(1899, 1, 1)), ("grant", 1899, None)], 0),
    ],
)
def test_who_stands_for_the_family(members, first):
    rows = [{"family": "F", "type": kind, "year": year, "published": day, "sites": []} for kind, year, day in members]
    assert one_per_family(patents(rows)).works["work_id"].to_pylist() == [f"P{first}"]


def test_actors_with_rows_of_their_own():
    actors = [
        {"actor_id": "a", "name": "Li Wei"},
        {"actor_id": "b", "name": "Li Wei"},  # another
        {"actor_id": None, "name": "BOLT"},
        {"actor_id": None, "name": "Bolt"},  # the same
        {"actor_id": None, "name": None},  # known by addresses
        {"actor_id": None, "name": ""},
        {"actor_id": None, "name": None},  # nothing known
        {"actor_id": None, "name": None},
    ]
    rows = [
        {"family": "F", "sites": [(APPLICANT, 2, 1), (APPLICANT, 4, 4), (APPLICANT, 6, -1), (INVENTOR, 0, 0)]},
        {"family": "F", "sites": [(APPLICANT, 3, -1), (APPLICANT, 5, 5), (APPLICANT, 7, 6),
                                  (INVENTOR, 0, 3), (INVENTOR, 1, 0)]},
    ]  # fmt: skip
    merged = one_per_family(patents(rows, actors))
    assert sites_of(merged)[0] == [
        (APPLICANT, 2, 1), (APPLICANT, 4, 4), (APPLICANT, 4, 5), (APPLICANT, 6, -1), (APPLICANT, 7, 6),
        (INVENTOR, 0, 0), (INVENTOR, 0, 3), (INVENTOR, 1, 0),
    ]  # fmt: skip
    assert merged.works["n_actors"].to_pylist() == [4]
    assert merged.actors.equals(patents(rows, actors).actors)


def test_namesakes_in_one_work_stay_apart():
    one = {"family": "F", "sites": [(INVENTOR, 0, 4), (INVENTOR, 1, 5), (INVENTOR, 2, -1)]}
    other = {"family": "F", "sites": [(INVENTOR, 7, 5), (INVENTOR, 8, -1), (INVENTOR, 9, -1)]}
    found = sites_of(one_per_family(patents([one, other])))[0]
    assert found == [(INVENTOR, 0, 4), (INVENTOR, 0, 5), (INVENTOR, 1, 5), (INVENTOR, 2, -1), (INVENTOR, 3, -1)]


SITES = st.lists(
    st.tuples(st.sampled_from([APPLICANT, INVENTOR]), st.integers(0, 3), st.integers(-1, 6)), max_size=5, unique=True
)
ROW = st.fixed_dictionaries(
    {
        "family": st.sampled_from([None, "", "F", "G", "H"]),
        "type": st.sampled_from(["grant", "application", "pct", None]),
        "year": st.none() | st.integers(2020, 2022),
        "published": st.none() | st.dates(date(2020, 12, 30), date(2021, 1, 2)),
        "ipc": st.none() | st.lists(st.sampled_from("ABC"), max_size=3),
        "fields": st.none() | st.lists(st.sampled_from("xy"), max_size=2),
        "sites": SITES,
        "more": st.integers(0, 3),
    }
)


@st.composite
def many(draw, names=None):
    rows = draw(st.lists(ROW, max_size=7))
    for row in rows:
        more = row.pop("more")
        row["n_actors"] = max(len({actor for role, actor, _ in row["sites"] if role == APPLICANT}), more)
    if names is None:
        return patents(rows)
    actor = st.fixed_dictionaries({"actor_id": st.none() | st.just("known"), "name": st.sampled_from(names)})
    return patents(rows, draw(st.lists(actor, min_size=4, max_size=4)))


def slow_age(row):
    if row["published"]:
        return row["published"]
    return date(row["year"], 12, 31) if row["year"] else date.max


def slow_families(records, keep):
    """Return the members of each family, the first first."""
    rows, groups = records.works.to_pylist(), defaultdict(list)
    for number, row in enumerate(rows):
        if keep[number]:
            groups[row["family"] or number].append(number)
    types = ["grant", "pct", "application", None]
    ordered = [
        sorted(group, key=lambda n: (slow_age(rows[n]), types.index(rows[n]["type"]), n)) for group in groups.values()
    ]
    return sorted(ordered)


def slow_people(records, members):
    """Return {(role, what is known of an actor): how many} and the addresses of each."""
    counts, places = Counter(), defaultdict(set)
    sites = sites_of(records)
    table = records.actors.to_pylist() if records.actors is not None else None
    addresses = defaultdict(set)
    for number in members:
        for _, actor, address in sites[number]:
            addresses[actor].add(address)
    for number in members:
        mine = defaultdict(set)
        for role, actor, address in sites[number]:
            mine[role, actor].add(address)
        here = Counter()
        for (role, actor), own in mine.items():
            if table is None:
                who = frozenset(NAMES[address] for address in own if address >= 0) - {""}
            elif table[actor]["actor_id"] is not None:
                who = actor
            else:
                who = table[actor]["name"].lower()
            here[role, who] += 1
            places[role, who] |= own
        counts |= here if table is None else Counter(dict.fromkeys(here, 1))
    return counts, places


@settings(max_examples=150)
@given(many() | many(["Bo", "bo", "Cy"]), st.lists(st.booleans(), min_size=7, max_size=7))
def test_families_against_loops(records, keep):
    keep = np.array(keep[: records.n_works], dtype=bool)
    rows = records.works.to_pylist()
    families = slow_families(records, keep)
    merged = one_per_family(records, keep)
    found = merged.works.to_pylist()
    assert [row["work_id"] for row in found] == [rows[group[0]]["work_id"] for group in families]
    sites, old = sites_of(merged), sites_of(records)
    for number, (group, row) in enumerate(zip(families, found, strict=True)):
        if len(group) == 1:
            assert row == rows[group[0]]
            assert sites[number] == old[group[0]]
            continue
        for name in ("ipc", "fields"):
            lists = [rows[member][name] for member in group if rows[member][name] is not None]
            assert row[name] == (list(dict.fromkeys(chain(*lists))) if lists else None)
        counts, places = slow_people(records, group)
        links = sum(count for (role, _), count in counts.items() if role != INVENTOR)
        assert row["n_actors"] == max(links, *(rows[member]["n_actors"] for member in group))
        for role in (APPLICANT, INVENTOR):
            mine = [site for site in sites[number] if site[0] == role]
            assert len(mine) == len(set(mine))
            assert len({actor for _, actor, _ in mine}) == sum(n for (r, _), n in counts.items() if r == role)
            known = {at for (r, _), own in places.items() if r == role for at in own} - {-1}
            assert {at for _, _, at in mine} - {-1} == known
    assert merged.info["families"]["works_before"] == keep.sum()
    assert merged.info["families"]["families_merged"] == sum(len(group) > 1 for group in families)


def sites_table(records):
    rows = [(work, actor, role, at) for work, sites in sites_of(records).items() for role, actor, at in sites]
    return pa.table([list(column) for column in zip(*rows, strict=True)] or [[]] * 4, SCHEMAS["sites"].names).cast(
        SCHEMAS["sites"]
    )


def tables(records):
    return records.works, sites_table(records), records.addresses


@given(many() | many(["Bo", "bo", "Cy", None]))
def test_merging_twice_is_merging_once(records):
    once = one_per_family(records)
    twice = one_per_family(once)
    assert tables(once) == tables(twice)
    assert twice.info["families"]["families_merged"] == 0


@given(many())
def test_families_of_one_change_nothing(records):
    names = pa.array([f"F{n}" if n % 2 else None for n in range(records.n_works)], pa.string())
    works = records.works.set_column(records.works.schema.get_field_index("family"), "family", names)
    records = Records.from_tables(works, sites_table(records), records.addresses)
    merged = one_per_family(records)
    assert tables(merged) == tables(records)
    located = located_at(PLACE, 5)
    one = projection.project(incidence.stream(records, located, Selection(min_actors=2)))
    two = projection.project(incidence.stream(records, located, Selection(min_actors=2, one_per="family")))
    assert (one.adjacency != two.adjacency).nnz == 0
    assert two.provenance["works_read"] == one.provenance["works_read"]


def shuffled(records, order):
    """Put works into another order."""
    old = sites_of(records)
    rows = [(new, role, actor, at) for new, number in enumerate(order) for role, actor, at in old[number]]
    columns = {name: [row[place] for row in rows] for place, name in enumerate(("work", "role", "actor", "address"))}
    sites = pa.table({column.name: pa.array(columns[column.name], column.type) for column in SCHEMAS["sites"]})
    works = records.works.take(pa.array(order, pa.int64()))
    return Records.from_tables(works, sites, records.addresses, actors=records.actors)


@given(
    many() | many(["Bo", "bo", "Cy", None]),
    st.randoms(use_true_random=False),
    st.sampled_from(["applicants", "inventors", "both"]),
)
def test_the_order_of_works_does_not_change_the_network(records, random, actors):
    order = list(range(records.n_works))
    random.shuffle(order)
    located = located_at(PLACE, 5)
    selection = Selection(actors=actors, min_actors=2, one_per="family")
    for counting in projection.COUNTING:
        one, two = (
            projection.project(incidence.stream(made, located, selection, shares=True), counting=counting)
            for made in (records, shuffled(records, order))
        )
        np.testing.assert_allclose(one.adjacency.toarray(), two.adjacency.toarray(), rtol=1e-12)


def test_a_mask_that_does_not_fit_is_refused():
    with pytest.raises(RecordsError, match=r"shape \(2,\), but there are 1 works"):
        one_per_family(patents([{"sites": []}]), np.ones(2, dtype=bool))


def test_merged_records_can_be_written(tmp_path):
    rows = [{"family": "F", "sites": [(APPLICANT, 0, at)]} for at in (0, 1)]
    stored = one_per_family(patents(rows)).write(tmp_path / "records")
    assert stored.info["families"]["works_after"] == 1
    assert stored.n_works == 1


def test_nothing_left_is_no_error():
    merged = one_per_family(patents([{"family": "F", "sites": [(APPLICANT, 0, 1)]}]), np.zeros(1, dtype=bool))
    assert (merged.n_works, merged.n_sites, merged.n_addresses) == (0, 0, len(ADDRESSES))


def test_pairs_keep_their_order_where_numbers_are_large():
    one, other = np.array([0, 2**40, 2**40, 5]), np.array([2**40, 7, 2**40, 0])
    assert np.argsort(_pair(one, other)).tolist() == [0, 3, 1, 2]
