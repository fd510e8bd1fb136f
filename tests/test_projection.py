"""Incidence and projection against loops over plain lists, whatever the machinery, the pieces and the threads."""

from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import located_at, random_works, records_of
from scipy import sparse

from innovation_graph import engine, incidence, projection
from innovation_graph import records as records_module
from innovation_graph.errors import FormatError, RecordsError, UnknownNameError
from innovation_graph.records import ROLES
from innovation_graph.selection import ACTORS, Selection

WEIGHT = {
    "whole": lambda _: 1.0,
    "fractional": lambda n: 1.0 / (n - 1),
    "whole_normalised": lambda n: 2.0 / (n * (n - 1)),
}


def shares_by_hand(sites, lookup):
    actors = sorted({actor for actor, _ in sites})
    share = defaultdict(float)
    for actor in actors:
        own = [address for who, address in sites if who == actor]
        for address in own:
            if address >= 0 and lookup[address] >= 0:
                share[lookup[address]] += 1 / len(actors) / len(own)
    return share


def by_hand(works, lookup, n_places, counting):
    """Sum the definition, work for work and pair for pair."""
    matrix = np.zeros((n_places, n_places))
    totals = np.zeros((n_places, 3))
    for sites in works:
        share = shares_by_hand(sites, lookup)
        here = sorted(share)
        for p in here:
            totals[p] += [1, len(here) == 1, 1 / len(here)]
        for i, j in combinations(here, 2):
            matrix[i, j] += share[i] * share[j] if counting == "share" else WEIGHT[counting](len(here))
    return matrix + matrix.T, totals


def check(network, works, lookup, counting):
    matrix, totals = by_hand(works, lookup, network.n_places, counting)
    np.testing.assert_allclose(network.adjacency.toarray(), matrix, rtol=1e-12)
    columns = network.places[["works", "solo_works", "fractional_works"]]
    np.testing.assert_allclose(columns.to_numpy(), totals, rtol=1e-12)


@pytest.fixture(params=["small", "kernels"])
def machinery(request, monkeypatch):
    monkeypatch.setattr(engine, "_SMALL", 0 if request.param == "kernels" else 10**12)


@pytest.fixture(params=["dense", "sparse"])
def form(request, monkeypatch):
    monkeypatch.setattr(projection, "_DENSE_PLACES", 0 if request.param == "sparse" else 10**6)


@pytest.mark.usefixtures("machinery", "form")
@pytest.mark.parametrize("counting", projection.COUNTING)
def test_links_equal_the_definition(counting, monkeypatch):
    rng = np.random.default_rng(3)
    works = random_works(rng, 400, 300)
    lookup = rng.integers(-1, 130, 300).tolist()
    records, located = records_of(works, 300), located_at(lookup, 130)
    stream = incidence.stream(records, located, shares=counting == "share")
    check(projection.project(stream, counting=counting), works, lookup, counting)
    stored = incidence.build(records, located)
    check(projection.project(stored, counting=counting), works, lookup, counting)
    monkeypatch.setattr(incidence, "_ROWS_PER_BLOCK", 37)
    assert projection.project(stored, counting=counting, threads=1) == projection.project(
        stored, counting=counting, threads=3
    )


@pytest.mark.usefixtures("machinery", "form")
@pytest.mark.parametrize("rows", [1, 7, 100, 10**6])
def test_size_of_the_pieces_and_number_of_threads_change_nothing(rows, monkeypatch, tmp_path):
    rng = np.random.default_rng(rows)
    works = random_works(rng, 120, 40)
    lookup = rng.integers(-1, 12, 40).tolist()
    monkeypatch.setattr(records_module, "_ROWS_PER_GROUP", rows)
    on_disk = records_of(works, 40).write(tmp_path / "records")
    assert on_disk.n_batches >= min(len(works), sum(map(len, works)) // rows) // 2
    located = located_at(lookup, 12)
    results = [
        projection.project(incidence.stream(on_disk, located), counting="fractional", threads=threads)
        for threads in (1, 2, 5)
    ]
    check(results[0], works, lookup, "fractional")
    assert results[0] == results[1] == results[2]


@settings(max_examples=30)
@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 9)), min_size=1, max_size=12), max_size=12))
def test_laws_of_projection(sites):
    works = [sorted(set(work)) for work in sites]
    lookup = [0, 0, 1, 2, 3, -1, 4, 5, -1, 5]
    located = located_at(lookup, 6)
    whole, turned, *halves = (
        incidence.build(records_of(part, 10), located) for part in (works, works[::-1], works[::2], works[1::2])
    )
    linking = [work for work in works if len(shares_by_hand(work, lookup)) > 1]
    for counting in projection.COUNTING:
        network = projection.project(whole, counting=counting)
        check(network, works, lookup, counting)
        # Rows of a work sum as documented.
        sums = network.adjacency.sum(axis=1)
        if counting == "fractional":
            linked = network.places["works"].to_numpy() - network.places["solo_works"].to_numpy()
            np.testing.assert_allclose(sums, linked, atol=1e-12)
        if counting == "whole_normalised":
            assert network.total_weight == pytest.approx(len(linking))
        # The order of works changes nothing, and two halves add up to the whole.
        matrix = network.adjacency.toarray()
        other = projection.project(turned, counting=counting).adjacency.toarray()
        np.testing.assert_allclose(other, matrix, rtol=1e-12)
        parts = [projection.project(half, counting=counting).adjacency.toarray() for half in halves]
        np.testing.assert_allclose(sum(parts), matrix, rtol=1e-12, atol=1e-15)


def test_incidence_matrix_has_the_order_of_the_works_table():
    works = [[(0, 1), (1, 1)], [(0, -1)], [(0, 0), (0, 1), (1, 2)]]
    made = incidence.build(records_of(works, 3), located_at([2, 0, -1], 3))
    expected = np.array([[1.0, 0, 0], [0, 0, 0], [0.25, 0, 0.25]])
    np.testing.assert_allclose(made.matrix.toarray(), expected)
    assert made.rows.located_sites == 4
    assert repr(made) == "<Incidence: 2 located works of 3 x 3 places, 3 entries>"


def test_selection_by_kind_year_type_field_and_team():
    works = [[(0, 0), (1, 1)]] * 6
    records = records_of(
        works,
        2,
        kind=["paper", "paper", "paper", "patent", "paper", "paper"],
        year=[2020, 2021, None, 2022, 2022, 2023],
        type=["article", "review", None, "grant", "article", "article"],
        fields=[["physics"], ["physics", "biology"], None, ["ai"], [], ["biology"]],
        n_actors=[1, 2, 3, 4, 30, 6],
        retracted=[True, False, False, False, False, False],
    )

    def chosen(**wanted):
        return np.flatnonzero(Selection(**wanted).mask(records)).tolist()

    assert chosen() == [0, 1, 2, 3, 4, 5]
    assert chosen(kind="paper") == [0, 1, 2, 4, 5]
    assert chosen(years=(2021, 2022)) == [1, 3, 4]
    assert chosen(types=("article", "grant")) == [0, 3, 4, 5]
    assert chosen(fields=("biology",)) == [1, 5]
    assert chosen(fields=("biology", "physics"), kind="paper", years=(2021, 2023)) == [1, 5]
    assert chosen(max_actors=4, min_actors=2) == [1, 2, 3]
    assert chosen(drop_retracted=True) == [1, 2, 3, 4, 5]
    network = projection.project(
        incidence.stream(records, located_at([0, 1], 2), Selection(kind="paper", max_actors=25))
    )
    assert network.total_weight == 4
    assert network.provenance["works_selected"] == 4
    assert network.provenance["works_read"] == 6
    with pytest.raises(
        RecordsError, match=r"no work has fields 'chemistry'; the records have 'ai', 'biology', 'physics'"
    ):
        chosen(fields=("chemistry",))


@pytest.mark.usefixtures("machinery")
def test_applicants_and_inventors_link_apart():
    import pyarrow as pa

    from innovation_graph.records import Records

    works = pa.table(
        {
            "work_id": ["P1"],
            "kind": ["patent"],
            "n_actors": pa.array([2], pa.int32()),
            "retracted": [False],
            "truncated": [False],
        }
    )
    sites = pa.table({"work": [0] * 5, "actor": [0, 1, 0, 1, 2], "role": [1, 1, 2, 2, 2], "address": [0, 1, 2, 2, 1]})
    records = Records.from_tables(works, sites, pa.table({"text": ["a", "b", "c"]}))
    located = located_at([0, 1, 2], 3)
    assert records.roles == ("applicant", "inventor")

    def links(actors):
        stream = incidence.stream(records, located, Selection(actors=actors), shares=True)
        return {
            (row.source, row.target): row.weight
            for row in projection.project(stream, counting="share").links().itertuples()
        }

    assert links("applicants") == links("default") == {("p0", "p1"): pytest.approx(1 / 4)}
    assert links("inventors") == {("p1", "p2"): pytest.approx(2 / 9)}
    # Five actors: two applicants, three inventors; each has a fifth.
    assert links("both") == {
        ("p0", "p1"): pytest.approx(1 / 5 * 2 / 5),
        ("p0", "p2"): pytest.approx(1 / 5 * 2 / 5),
        ("p1", "p2"): pytest.approx(2 / 5 * 2 / 5),
    }


@pytest.mark.usefixtures("machinery", "form")
def test_actors_of_two_roles_with_one_number_are_two():
    # Applicant 0 at two addresses, inventor 0 at one: neighbours in the table, but not the same.
    made = records_of([[(0, 0, 1), (0, 1, 1), (0, 2, 2)]], 3, kind=["patent"])
    stream = incidence.stream(made, located_at([0, 1, 2], 3), Selection(actors="both"), shares=True)
    np.testing.assert_allclose(stream.collect().matrix.toarray(), [[0.25, 0.25, 0.5]])


@pytest.mark.usefixtures("machinery", "form")
@pytest.mark.parametrize("actors", ["authors", "applicants", "inventors", "both", "default"])
@pytest.mark.parametrize("counting", ["whole", "share"])
def test_pieces_without_a_site_of_the_wanted_role(actors, counting, monkeypatch, tmp_path):
    rng = np.random.default_rng(8)
    papers = random_works(rng, 40, 20)
    patents = [[(a, at, int(rng.integers(1, 3))) for a, at in work] for work in random_works(rng, 40, 20)]
    codes = [ROLES.index(role) for role in ACTORS[actors]]
    lookup = rng.integers(-1, 6, 20).tolist()
    monkeypatch.setattr(records_module, "_ROWS_PER_GROUP", 30)
    made = records_of([*papers, *patents], 20).write(tmp_path / "records")
    # By hand an actor is a pair of role and number.
    wanted = [
        [((role, a), at) for a, at, role in [(*site, 0)[:3] for site in work] if role in codes]
        for work in [*papers, *patents]
    ]
    stream = incidence.stream(made, located_at(lookup, 6), Selection(actors=actors), shares=True)
    network = projection.project(stream, counting=counting, threads=2)
    check(network, [work for work in wanted if work], lookup, counting)
    assert network.provenance["sites_selected"] == sum(map(len, wanted))
    assert network.provenance["sites_located"] == sum(at >= 0 and lookup[at] >= 0 for work in wanted for _, at in work)


@pytest.mark.parametrize("shares", [True, False])
def test_written_and_read_incidence_are_equal(shares, tmp_path):
    rng = np.random.default_rng(4)
    made = incidence.build(
        records_of(random_works(rng, 50, 30), 30), located_at(rng.integers(-1, 9, 30).tolist(), 9), shares=shares
    )
    made.write(tmp_path / "incidence")
    read = incidence.read_incidence(tmp_path / "incidence")
    for one, other in zip(made.rows, read.rows, strict=True):
        np.testing.assert_array_equal(one, other)
    assert dict(read.info) == dict(made.info)
    assert read.places.equals(made.places.rename_axis("place_id"))
    assert projection.project(read) == projection.project(made)
    with pytest.raises(FormatError, match=r"incidence.json, rows.parquet and places.parquet"):
        incidence.read_incidence(tmp_path)
    with pytest.raises(ValueError, match="read-only"):
        made.rows.place[0] = 3


@pytest.mark.parametrize(("column", "values"), [("place", [0, 9, 1]), ("place", [0, -1, 1]), ("work", [0, 0, 7]),
                                                ("work", [1, 0, 1]), ("work", [-1, 0, 1])])  # fmt: skip
def test_spoilt_incidence_never_reaches_the_kernels(column, values, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = incidence.build(records_of([[(0, 0), (1, 1)], [(0, 1)]], 2), located_at([0, 1], 2), shares=False)
    made.write(tmp_path / "i")
    table = pq.read_table(tmp_path / "i/rows.parquet")
    at = table.column_names.index(column)
    spoilt = table.set_column(at, column, pa.array(values, pa.int32()))
    pq.write_table(spoilt, tmp_path / "i/rows.parquet")
    with pytest.raises(FormatError, match=r"rows.parquet: expected works below 2 and places below 2"):
        incidence.read_incidence(tmp_path / "i")


def test_no_works_at_all_give_an_empty_network():
    network = projection.project(incidence.stream(records_of([], 0), located_at([], 2)))
    assert (network.n_places, network.n_links) == (2, 0)


def test_errors_name_what_is_wrong():
    records, located = records_of([[(0, 0)]], 1), located_at([0], 1)
    with pytest.raises(UnknownNameError, match="counting rule 'full'; known: fractional, share"):
        projection.project(incidence.stream(records, located), counting="full")
    with pytest.raises(ValueError, match="needs an incidence with shares"):
        projection.project(incidence.stream(records, located), counting="share")
    with pytest.raises(RecordsError, match="places were found for 2 keys, but these records have 1"):
        incidence.stream(records, located_at([0, 0], 1))
    with pytest.raises(RecordsError, match="did not keep who they are"):
        incidence.stream(records, located_at([0], 1, by="actor"))
    for wrong, message in (
        ({"actors": "owners"}, "actors='owners' is unknown"),
        ({"years": (2023, 2019)}, "years must be"),
        ({"max_actors": 0}, "max_actors=0 leave no work"),
        ({"min_actors": 3, "max_actors": 2}, "leave no work"),
    ):
        with pytest.raises(RecordsError, match=message):
            Selection(**wrong)


def test_authors_as_places_give_the_published_author_network(real_data):
    """Web of Science records at author level against the VOSviewer files made from them: every link, every count."""
    import csv

    import pyarrow as pa

    from innovation_graph.places import locate, open_set
    from innovation_graph.records import Records

    works = []
    for path in sorted((real_data / "wos_csss").glob("savedrecs_*.txt")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            works += [[" ".join(name.split()).lower() for name in row["AF"].split(";") if name.strip()] for row in rows]
    names = sorted({name for work in works for name in work})
    number = {name: i for i, name in enumerate(names)}
    sites = [(i, actor) for i, work in enumerate(works) for actor in sorted({number[name] for name in work})]
    n = len(works)
    records = Records.from_tables(
        pa.table(
            {
                "work_id": [str(i) for i in range(n)],
                "kind": ["paper"] * n,
                "n_actors": pa.array([len(work) for work in works], pa.int32()),
                "retracted": [False] * n,
                "truncated": [False] * n,
            }
        ),
        pa.table(
            {
                "work": [i for i, _ in sites],
                "actor": [actor for _, actor in sites],
                "role": [0] * len(sites),
                "address": [-1] * len(sites),
            }
        ),
        pa.table({"text": pa.array([], pa.string())}),
        actors=pa.table({"name": names}),
    )
    located = locate(records, open_set("author"))
    network = projection.project(incidence.stream(records, located, Selection(max_actors=25)))
    names = network.places["name_en"].tolist()
    documents = dict(zip(names, network.places["works"], strict=True))
    links = {frozenset((names[i], names[j])): w for i, j, w in zip(*network.pairs, strict=True)}
    with (real_data / "wos_csss/vosviewer_map.txt").open(encoding="utf-8-sig", newline="") as file:
        published = {row["id"]: row for row in csv.DictReader(file, delimiter="\t")}
    assert len(published) == 2234
    assert sum(documents[row["label"]] == int(row["weight<Documents>"]) for row in published.values()) == 2234
    equal = 0
    with (real_data / "wos_csss/vosviewer_network.txt").open(encoding="utf-8-sig") as file:
        for line in file:
            a, b, weight = line.split()
            equal += links[frozenset((published[a]["label"], published[b]["label"]))] == float(weight)
    assert equal == 15675
    chosen = {row["label"] for row in published.values()}
    assert sum(pair <= chosen for pair in links) == 15675


def test_matrix_of_ones_where_shares_were_not_asked_for():
    made = incidence.build(records_of([[(0, 0), (1, 1)]], 2), located_at([0, 1], 2), shares=False)
    assert sparse.issparse(made.matrix)
    assert made.matrix.toarray().tolist() == [[1.0, 1.0]]
