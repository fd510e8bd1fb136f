from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from innovation_graph import Network, centrality, similarity
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.sources.networks import read_matrix
from tests.zoo import ZOO, build

few = settings(max_examples=15)  # each example makes a dozen networks
WORKS_BASED = [name for name in similarity.SIMILARITIES if name != "association_strength"]


def from_works(works, n):
    """Build a whole-counted network of n places from works, each a set of places."""
    matrix = np.zeros((n, n))
    for work in works:
        for i, j in combinations(sorted(work), 2):
            matrix[i, j] += 1
            matrix[j, i] += 1
    places = pd.DataFrame(
        {
            "works": [float(sum(i in work for work in works)) for i in range(n)],
            "solo_works": [float(sum(work == {i} for work in works)) for i in range(n)],
        },
        index=[f"p{i}" for i in range(n)],
    )
    info = {"counting": "whole", "works_located": len(works), "works_linking": sum(len(work) > 1 for work in works)}
    return Network.from_matrix(matrix, places, provenance=info)


@st.composite
def worlds(draw, largest=6):
    n = draw(st.integers(2, largest))
    works = draw(st.lists(st.sets(st.integers(0, n - 1), min_size=1), max_size=25))
    return works, from_works(works, n)


def shared(works, i, j):
    return sum({i, j} <= work for work in works)


@few
@given(worlds())
def test_every_similarity_from_the_works_themselves(world):
    works, network = world
    table = similarity.table(network)
    assert list(table.columns) == ["source", "target", "weight", *similarity.SIMILARITIES]
    joint = [work for work in works if len(work) > 1]
    for row in table.to_dict("records"):
        i, j = int(row["source"][1:]), int(row["target"][1:])
        either = sum(bool({i, j} & work) for work in works)
        n_i, n_j = (sum(k in work for work in works) for k in (i, j))
        c_i, c_j = (sum(k in work for work in joint) for k in (i, j))
        common = shared(works, i, j)
        assert row["weight"] == common
        assert row["jaccard"] == pytest.approx(common / either, rel=1e-12)
        assert row["inclusion"] == pytest.approx(common / min(n_i, n_j), rel=1e-12)
        assert row["salton"] ** 2 == pytest.approx(common**2 / (n_i * n_j), rel=1e-12)
        assert row["affinity"] == pytest.approx(common * len(works) / (n_i * n_j), rel=1e-12)
        # Share of the partner among the joint works of a place, over its share among all joint works.
        assert row["collaboration_index"] == pytest.approx((common / c_i) / (c_j / len(joint)), rel=1e-12)
    assert (
        ((table[["salton", "jaccard", "inclusion"]] > 0) & (table[["salton", "jaccard", "inclusion"]] <= 1)).all().all()
    )
    noise = 1 + 1e-12
    assert (table["jaccard"] <= table["salton"] * noise).all()
    assert (table["salton"] <= table["inclusion"] * noise).all()


@pytest.mark.parametrize("name", ZOO)
def test_association_strength_against_the_formula(name):
    network = ZOO[name].network
    matrix = network.adjacency.toarray()
    strength = matrix.sum(axis=1)
    similar = similarity.association_strength(network).adjacency.toarray()
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            expected = matrix.sum() * matrix[i, j] / (strength[i] * strength[j]) if matrix[i, j] else 0
            assert similar[i, j] == pytest.approx(expected, rel=1e-12)


def test_association_strength_is_one_where_links_are_as_strengths_ask():
    # With the diagonal gone exact independence is out of reach; a complete graph has n / (n - 1).
    assert similarity.association_strength(ZOO["complete"].network).upper.data == pytest.approx([5 / 4] * 10)
    # A complete bipartite graph with weights a_i b_j: expected weights are half the real ones.
    cross = build(5, [(i, j, (i + 1) * (j + 1)) for i in range(2) for j in range(2, 5)])
    assert similarity.association_strength(cross).upper.data == pytest.approx([2] * 6)
    assert similarity.association_strength(cross).provenance["weights"] == "association strength"


@few
@given(worlds())
def test_places_links_and_provenance_stay(world):
    _, network = world
    for name, function in similarity.SIMILARITIES.items():
        similar = function(network)
        pd.testing.assert_frame_equal(similar.places, network.places)
        pd.testing.assert_frame_equal(similar.links().iloc[:, :2], network.links().iloc[:, :2])
        kept = dict(similar.provenance)
        assert kept.pop("weights") == name.replace("_", " ")
        number = {"affinity": "works_located", "collaboration_index": "works_linking"}.get(name)
        assert kept.pop("world", None) == (network.provenance[number] if number else None)
        assert kept == dict(network.provenance)


@few
@given(worlds(), st.sampled_from([2, 7]))
def test_repeating_all_works_changes_nothing(world, times):
    works, network = world
    repeated = from_works(works * times, network.n_places)
    pd.testing.assert_frame_equal(
        similarity.table(repeated).drop(columns="weight"), similarity.table(network).drop(columns="weight"), rtol=1e-12
    )


@few
@given(worlds(), st.randoms(use_true_random=False))
def test_permuting_places_permutes_every_similarity(world, random):
    _, network = world
    order = list(range(network.n_places))
    random.shuffle(order)
    matrix = network.adjacency.toarray()[np.ix_(order, order)]
    moved = Network.from_matrix(matrix, network.places.iloc[order], provenance=network.provenance)
    for function in similarity.SIMILARITIES.values():
        expected = function(network).adjacency.toarray()[np.ix_(order, order)]
        np.testing.assert_allclose(function(moved).adjacency.toarray(), expected, rtol=1e-12)


@few
@given(worlds())
def test_totals_given_are_those_of_the_place_table(world):
    _, network = world
    bare = Network.from_matrix(network.adjacency.toarray(), network.ids.tolist())
    works = network.places["works"].iloc[::-1]
    joint = works - network.places["solo_works"]
    given_ = {name: {"totals": works} for name in WORKS_BASED}
    given_["affinity"]["world"] = network.provenance["works_located"]
    given_["collaboration_index"] = {"totals": joint, "world": network.provenance["works_linking"]}
    for name, options in given_.items():
        expected = similarity.SIMILARITIES[name](network).upper.data
        np.testing.assert_array_equal(getattr(similarity, name)(bare, **options).upper.data, expected)


def test_a_subset_keeps_the_similarities_of_the_full_set():
    works = [{0, 1}, {0, 1, 2}, {0, 3}, {1}, {2, 3}, {0, 1, 3}, {3}]
    network = from_works(works, 4)
    full = similarity.table(network)
    part = similarity.table(network.subset(["p0", "p1"]))
    columns = ["weight", *WORKS_BASED]
    assert part[columns].to_numpy().tolist() == full.loc[[0], columns].to_numpy().tolist()


def test_probability_ratio_has_the_exact_bounds_of_a_poisson_count():
    works = [{0, 1}] * 3 + [{0, 2}] + [{1, 2}] * 12 + [{0}] * 20 + [{1}] * 8 + [{2}] * 30
    network = from_works(works, 3)
    for level in (0.8, 0.95, 0.99):
        table = similarity.probability_ratio(network, level=level)
        assert list(table.columns) == ["source", "target", "weight", "expected", "ratio", "low", "high"]
        np.testing.assert_allclose(table["ratio"], similarity.affinity(network).upper.data, rtol=1e-12)
        np.testing.assert_allclose(table["ratio"], table["weight"] / table["expected"], rtol=1e-12)
        tail = (1 - level) / 2
        # What defines the bounds: the count is just not unlikely if the truth lies there.
        np.testing.assert_allclose(stats.poisson.sf(table["weight"] - 1, table["low"] * table["expected"]), tail)
        np.testing.assert_allclose(stats.poisson.cdf(table["weight"], table["high"] * table["expected"]), tail)
        assert (table["low"] < table["ratio"]).all()
        assert (table["ratio"] < table["high"]).all()
    with pytest.raises(NetworkError, match="level must lie between 0 and 1, not 1"):
        similarity.probability_ratio(network, level=1)


@pytest.mark.parametrize("name", ZOO)
def test_table_leaves_out_what_has_no_totals_and_refuses_it_by_name(name):
    network = ZOO[name].network
    table = similarity.table(network)
    assert {"source", "target", "weight", "association_strength"} <= set(table.columns)
    assert len(table) == network.n_links
    if network.n_links:
        assert list(table.columns) == ["source", "target", "weight", "association_strength"]
        with pytest.raises(NetworkError, match=r"have no number of works, the first is 'place-.*give them as totals"):
            similarity.table(network, ["salton"])
    with pytest.raises(UnknownNameError, match="unknown similarity 'love'; known: affinity, association_strength"):
        similarity.table(network, ["love"])


def pair(weight, works, **info):
    return Network.from_matrix(
        [[0, weight], [weight, 0]], pd.DataFrame({"works": works}, index=["a", "b"]), provenance=info
    )


def test_names_are_taken_in_the_order_asked_for():
    table = similarity.table(pair(2, [4.0, 8.0]), ["inclusion", "jaccard"])
    assert table.columns.tolist() == ["source", "target", "weight", "inclusion", "jaccard"]
    assert table.iloc[0, 3:].tolist() == [0.5, 0.2]


@pytest.mark.parametrize("name", WORKS_BASED)
def test_other_weights_than_works_in_common_are_refused(name):
    function = similarity.SIMILARITIES[name]
    with pytest.raises(NetworkError, match=r"whole counting.*not of 'fractional' counting"):
        function(pair(2, [4.0, 8.0], counting="fractional", works_located=10))
    with pytest.raises(NetworkError, match="weights must be works in common, not 'jaccard'"):
        function(similarity.jaccard(pair(2, [4.0, 8.0], works_located=10)))
    merged = from_works([{0, 1}, {1, 2}, {0, 1, 2}], 3).aggregate(
        pd.DataFrame({"works": [3.0, 2.0], "solo_works": [0.0, 0.0]}, index=["x", "y"]), ["x", "x", "y"]
    )
    with pytest.raises(NetworkError, match="added up from smaller places they count a work several times"):
        function(merged)


def test_totals_that_cannot_be_those_of_the_links_are_refused():
    with pytest.raises(NetworkError, match=r"a - b have 9 works in common, but 4 and 10 works; totals and weights"):
        similarity.salton(pair(9, [4.0, 10.0]))
    with pytest.raises(NetworkError, match=r"a - b have 9 works in common, but 4 and 10 works"):
        similarity.table(pair(9, [4.0, 10.0]))
    for bad in (0, np.nan, np.inf, -3):
        with pytest.raises(NetworkError, match="1 places with links have no number of works, the first is 'b'"):
            similarity.inclusion(pair(1, [4.0, bad]))
    with pytest.raises(NetworkError, match="have no number of works with a partner"):
        similarity.collaboration_index(pair(1, [4.0, 4.0]), world=9)
    with pytest.raises(
        NetworkError, match="provenance of the network has no 'works_located'; give the number as world"
    ):
        similarity.affinity(pair(1, [4.0, 4.0]))
    with pytest.raises(NetworkError, match="world must count the works of all places, but it is 3 and one place has 4"):
        similarity.affinity(pair(1, [4.0, 4.0]), world=3)
    with pytest.raises(NetworkError, match="world must count"):
        similarity.affinity(pair(1, [4.0, 4.0]), world=np.inf)
    with pytest.raises(NetworkError, match=r"totals name places twice: \['a'\]"):
        similarity.salton(pair(1, [4.0, 4.0]), totals=pd.Series([1, 2, 3], index=["a", "a", "b"]))


def test_an_unlinked_place_needs_no_totals():
    places = pd.DataFrame({"works": [4.0, 9.0, np.nan]}, index=["a", "b", "c"])
    network = Network.from_matrix([[0, 3, 0], [3, 0, 0], [0, 0, 0]], places)
    assert similarity.salton(network).upper.data.tolist() == pytest.approx([0.5])


# Published index of collaboration


@pytest.fixture(scope="module")
def published_index(real_data):
    folder = real_data / "ncses"
    network = read_matrix(folder / "10060.csv")
    papers = pd.read_csv(folder / "10059.csv", keep_default_na=False).set_index("region_country_or_economy")
    international = papers["papers_involving_international_institutions_whole_"]
    totals = network.names.map(international)
    return similarity.collaboration_index(network, totals=totals, world=international["World"])


def test_published_index_of_collaboration_of_ncses(published_index, real_data):
    names = published_index.names
    published = pd.read_csv(real_data / "ncses" / "10062.csv").set_index("region_country_or_economy")
    published = published.drop(columns=["table_id", "row_id"])
    assert published.index.tolist() == names.tolist()
    gap = np.abs(published_index.adjacency.toarray() - published.to_numpy())
    pairs = np.triu_indices(60, 1)
    assert len(gap[pairs]) == 1770
    # Half a unit of the second digit.
    assert (gap[pairs] <= 0.005 + 1e-9).all()


def test_published_network_of_strong_ties_of_ncses(published_index, real_data):
    strong = published_index.keep_links(published_index.upper.data > 1)
    assert strong.n_links == 308
    published = pd.read_csv(real_data / "ncses" / "10063.csv").set_index("region_country_or_economy")
    table = centrality.table(strong)
    table, ranks = (
        frame.set_axis(strong.names, axis=0).loc[published.index] for frame in (table, centrality.ranks(table))
    )
    assert len(published) == 60
    columns = {
        "degree": ("degree", 0.0),
        "strength": ("strength", 0.5),
        "betweenness": ("betweenness_centrality", 0.5),
        "closeness": ("closeness_centrality", 0.5),
        "pagerank": ("weighted_pagerank", 0.005),
    }
    for ours, (theirs, half_a_digit) in columns.items():
        assert (np.abs(table[ours] - published[theirs]) <= half_a_digit + 1e-9).all(), ours
        assert ranks[ours].tolist() == published[f"{theirs}_rank_"].tolist(), ours
