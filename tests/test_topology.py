import math
import random
from collections import Counter
from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innovation_graph import Network, communities, topology
from innovation_graph._rewiring import lattice_graphs, random_graphs
from innovation_graph.errors import NetworkError, RecipeError, UnknownNameError
from innovation_graph.sources.networks import read_matrix
from tests.zoo import ZOO, build, clique

NAN = float("nan")
every_animal = pytest.mark.parametrize("name", ZOO)


@st.composite
def networks(draw, largest=9):
    n = draw(st.integers(0, largest))
    links = clique(range(n))
    weights = draw(st.lists(st.sampled_from([0, 0, 1, 2, 3, 5, 8]), min_size=len(links), max_size=len(links)))
    countries = draw(st.lists(st.sampled_from(["CN", "US", "FR", None]), min_size=n, max_size=n))
    network = build(n, [(i, j, weight) for (i, j), weight in zip(links, weights, strict=True)])
    return network.with_places(network.places.assign(country=pd.array(countries, dtype="str")))


def value(found):
    """A number to compare, NaN as None."""
    return None if math.isnan(found) else found


def largest_part(graph):
    parts = list(nx.connected_components(graph))
    places = list(graph)
    key = {min(map(places.index, part)): part for part in parts}
    first = min(key, key=lambda at: (-len(key[at]), -graph.subgraph(key[at]).size("weight"), at))
    return graph.subgraph(key[first])


KNOWN = {
    "empty": {"places": 0, "components": 0, "isolates": 0, "density": NAN, "mean_degree": NAN, "mean_clustering": NAN},
    "single place": {"components": 1, "largest_component_share": 1, "isolates": 1, "density": NAN, "mean_degree": 0},
    "isolates": {
        "components": 3,
        "largest_component_share": 1 / 3,
        "isolates": 3,
        "density": 0,
        "mean_path_length": NAN,
        "diameter": NAN,
        "transitivity": NAN,
        "mean_clustering": 0,
        "assortativity_degree": NAN,
        "assortativity_country_weighted": NAN,
        "top_10_reciprocity": NAN,
        "centralisation_degree": 0,
        "centralisation_closeness": NAN,
        "gini_strength": NAN,
        "top_10_strength_share": NAN,
    },
    "pair": {"density": 1, "mean_strength": 7, "diameter": 1, "transitivity": NAN, "centralisation_degree": NAN},
    "complete": {
        "density": 1,
        "mean_path_length": 1,
        "transitivity": 1,
        "mean_clustering": 1,
        "assortativity_degree": NAN,
        "top_10_reciprocity": 1,
        "centralisation_degree": 0,
        "centralisation_betweenness": 0,
        "centralisation_closeness": 0,
        "gini_strength": 0,
        "gini_eigenvector": 0,
        "top_10_strength_share": 1,
    },
    "complete, weight 0.25": {"total_weight": 15 / 4, "mean_strength": 5 / 4, "assortativity_strength": NAN},
    # Five leaves: 1/2 of the strength in the centre, sorted shares 1 1 1 1 1 5.
    "star": {
        "density": 1 / 3,
        "mean_path_length": (5 + 10 * 2) / 15,
        "diameter": 2,
        "transitivity": 0,
        "assortativity_degree": -1,
        "centralisation_degree": 1,
        "centralisation_betweenness": 1,
        "centralisation_closeness": 1,
        "gini_strength": (5 * 5 + (-5 - 3 - 1 + 1 + 3)) / 60,
    },
    "path": {"mean_path_length": (4 + 3 * 2 + 2 * 3 + 4) / 10, "diameter": 4, "mean_clustering": 0},
    "cycle": {"mean_path_length": 9 / 5, "diameter": 3, "assortativity_degree": NAN, "centralisation_betweenness": 0},
    # Two cliques of four: 8 triangles; paths of two links: 6 places of 3 pairs, 2 of 6.
    "barbell": {"transitivity": 3 * 8 / (6 * 3 + 2 * 6), "mean_clustering": (6 + 2 / 2) / 8, "components": 1},
    "triangle and pair": {"components": 2, "largest_component_share": 3 / 5, "diameter": 1, "mean_clustering": 3 / 5},
    "triangle and isolate": {"isolates": 1, "components": 2, "mean_path_length": 1, "gini_strength": 1 / 4},
}


@every_animal
def test_table_on_every_graph(name):
    found = topology.table(ZOO[name].network)
    assert list(found.index) == list(topology.MEASURES)
    assert list(found.columns) == ["value", "what"]
    assert found["value"].dtype == np.float64
    assert (found["what"].str.len() > 5).all()
    for measure, expected in KNOWN.get(name, {}).items():
        assert found.loc[measure, "value"] == pytest.approx(expected, nan_ok=True), measure


@given(networks())
@settings(max_examples=40)
def test_against_networkx(network):
    graph = network.to_networkx()
    found = topology.table(network)["value"]
    assert found["places"] == len(graph)
    assert found["links"] == graph.number_of_edges()
    assert found["total_weight"] == graph.size("weight")
    assert found["components"] == nx.number_connected_components(graph)
    assert found["isolates"] == nx.number_of_isolates(graph)
    if len(graph) > 1:
        assert found["density"] == pytest.approx(nx.density(graph))
    if len(graph):
        assert found["mean_clustering"] == pytest.approx(nx.average_clustering(graph))
        assert found["mean_degree"] == pytest.approx(np.mean([d for _, d in graph.degree]))
        assert found["mean_strength"] == pytest.approx(np.mean([d for _, d in graph.degree(weight="weight")]))
        part = largest_part(graph)
        assert found["largest_component_share"] == pytest.approx(len(part) / len(graph))
        if len(part) > 1:
            assert found["mean_path_length"] == pytest.approx(nx.average_shortest_path_length(part))
            assert found["diameter"] == nx.diameter(part)
        else:
            assert math.isnan(found["mean_path_length"])
            assert math.isnan(found["diameter"])
    if any(d > 1 for _, d in graph.degree):
        assert found["transitivity"] == pytest.approx(nx.transitivity(graph))
    else:
        assert math.isnan(found["transitivity"])
    if len({d for place, d in graph.degree if d}) > 1:
        assert found["assortativity_degree"] == pytest.approx(nx.degree_assortativity_coefficient(graph))


def correlation_by_loops(network, x, *, weighted):
    ends = []
    for row in network.links().itertuples():
        a, b = x[row.source], x[row.target]
        if not (math.isnan(a) or math.isnan(b)):
            ends += [(a, b), (b, a)] * (int(row.weight) if weighted else 1)
    if len({a for a, _ in ends}) < 2:
        return None
    return pytest.approx(np.corrcoef(np.array(ends).T)[0, 1], abs=1e-9)


@given(networks(), st.data())
@settings(max_examples=40)
def test_assortativity_against_repeated_links(network, data):
    strength = network.adjacency.sum(axis=1)
    drawn = st.lists(st.sampled_from([1.0, 2.0, 4.0, NAN]), min_size=network.n_places, max_size=network.n_places)
    own = pd.Series(data.draw(drawn), index=network.ids, dtype=float)
    for weighted in (False, True):
        by_strength = dict(zip(network.ids, strength, strict=True))
        found = topology.assortativity(network, "strength", weighted=weighted)
        assert value(found) == correlation_by_loops(network, by_strength, weighted=weighted)
        found = topology.assortativity(network, own.iloc[::-1], weighted=weighted)
        assert value(found) == correlation_by_loops(network, own, weighted=weighted)


@pytest.mark.parametrize("unit", [1e-250, 1e250])
def test_assortativity_in_any_unit(unit):
    network = build(5, [(0, 1, 4), (0, 2, 1), (1, 2, 3), (2, 3, 2), (3, 4, 7)])
    other = Network(network.places, network.upper * unit)
    for weighted in (False, True):
        expected = topology.assortativity(network, "strength", weighted=weighted)
        assert math.isfinite(expected)
        assert topology.assortativity(other, "strength", weighted=weighted) == pytest.approx(expected)


@given(networks())
@settings(max_examples=40)
def test_attribute_assortativity_against_networkx(network):
    country = network.places["country"]
    graph = network.to_networkx().subgraph(network.ids[country.notna()]).copy()
    graph.remove_nodes_from(list(nx.isolates(graph)))
    groups = {graph.nodes[place]["country"] for place in graph}
    for weighted in (False, True):
        found = value(topology.attribute_assortativity(network, weighted=weighted))
        if len(groups) < 2:
            assert found is None
            continue
        many = nx.MultiGraph()
        many.add_nodes_from(graph.nodes(data=True))
        for a, b, weight in graph.edges(data="weight"):
            many.add_edges_from([(a, b)] * (int(weight) if weighted else 1))
        expected = nx.attribute_assortativity_coefficient(many, "country")
        assert found == pytest.approx(expected, abs=1e-12)


def test_attribute_assortativity_in_closed_form():
    two = pd.Series(["a", "a", "b", "b"], index=[f"place-{i}" for i in range(1, 5)])
    apart, across = build(4, [(0, 1, 9), (2, 3, 9)]), build(4, [(0, 2), (1, 3)])
    assert topology.attribute_assortativity(apart, two) == pytest.approx(1)
    assert topology.attribute_assortativity(across, two) == pytest.approx(-1)
    mixed = build(4, [(0, 1, 9), (2, 3, 9), (0, 2, 2)])
    assert topology.attribute_assortativity(mixed, two) == pytest.approx((2 / 3 - 1 / 2) / (1 / 2))
    assert topology.attribute_assortativity(mixed, two, weighted=True) == pytest.approx((18 / 20 - 1 / 2) / (1 / 2))


@given(networks(), st.integers(1, 4))
@settings(max_examples=40)
def test_reciprocity_by_sets(network, k):
    matrix = network.adjacency.toarray()
    top = [{j for j in np.flatnonzero(row) if sum(row > row[j]) < k} for row in matrix]
    named = [(i, j) for i, partners in enumerate(top) for j in partners]
    found = topology.top_partner_reciprocity(network, k)
    if named:
        assert found == pytest.approx(sum(i in top[j] for i, j in named) / len(named))
    else:
        assert math.isnan(found)


@given(networks())
@settings(max_examples=40)
def test_centralisation_against_a_star(network):
    graph = network.to_networkx()
    for measure, of in (
        ("degree", lambda graph: dict(graph.degree)),
        ("betweenness", lambda graph: nx.betweenness_centrality(graph, normalized=False)),
        ("closeness", nx.closeness_centrality),
    ):
        part = largest_part(graph) if measure == "closeness" and len(graph) else graph
        found = topology.centralisation(network, measure)
        if len(part) < 3:
            assert math.isnan(found)
            continue
        values, star = list(of(part).values()), list(of(nx.star_graph(len(part) - 1)).values())
        assert found == pytest.approx(sum(max(values) - v for v in values) / sum(max(star) - v for v in star))


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=8))
def test_gini_is_half_the_mean_difference(values):
    n, total = len(values), sum(values)
    found = topology.gini(values)
    if total == 0:
        assert math.isnan(found)
    elif total > 1e-100:
        assert found == pytest.approx(sum(abs(a - b) for a in values for b in values) / (2 * n * total), abs=1e-12)


def test_top_strength_share():
    star = build(4, [(0, 1, 3), (0, 2, 2), (0, 3, 1)])  # strengths 6 3 2 1
    assert [topology.top_strength_share(star, k) for k in (1, 2, 3, 4, 99)] == [6 / 12, 9 / 12, 11 / 12, 1, 1]


@given(networks(), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_order_and_unit_change_nothing(network, shuffle):
    parts = list(nx.connected_components(network.to_networkx()))
    sizes = [(len(part), network.subset(list(part)).total_weight) for part in parts]
    if sizes.count(max(sizes, default=(0, 0))) > 1:
        return  # position decides which of two like components is the largest
    order = list(range(network.n_places))
    shuffle.shuffle(order)
    matrix = network.adjacency.toarray()[np.ix_(order, order)]
    other = Network.from_matrix(1000 * matrix, network.places.iloc[order])
    first, second = topology.table(network)["value"], topology.table(other)["value"]
    in_units = ["total_weight", "mean_strength"]
    pd.testing.assert_series_equal(1000 * first[in_units], second[in_units])
    pd.testing.assert_series_equal(first.drop(in_units), second.drop(in_units), atol=1e-9, rtol=1e-7)


def test_modularity_of_a_partition():
    network = ZOO["barbell"].network
    partition = communities.leiden(network)
    # 12 of 13 links inside, both halves alike.
    for given_as in (partition, partition.labels):
        found = topology.table(network, given_as)
        assert found.index[-1] == "modularity"
        assert found["value"].iloc[-1] == pytest.approx(12 / 13 - 1 / 2)
    isolated = ZOO["isolates"].network
    assert math.isnan(topology.table(isolated, communities.leiden(isolated))["value"].iloc[-1])


def test_errors():
    network = ZOO["star"].network
    with pytest.raises(UnknownNameError, match="unknown measure 'size'; known: degree, strength"):
        topology.assortativity(network, "size")
    with pytest.raises(UnknownNameError, match="unknown column of the place table 'region'"):
        topology.attribute_assortativity(network, "region")
    with pytest.raises(UnknownNameError, match="unknown measure 'size'; known: betweenness, closeness, degree"):
        topology.centralisation(network, "size")
    with pytest.raises(NetworkError, match="5 places have no value, the first is 'place-2'"):
        topology.assortativity(network, pd.Series([1.0], index=["place-1"]))
    twice = pd.Series(1.0, index=[*network.ids, "place-3"])
    for measure in (topology.assortativity, topology.attribute_assortativity):
        with pytest.raises(NetworkError, match="'place-3' has several values"):
            measure(network, twice)
    for wrong in ([1, -1], [1, NAN]):
        with pytest.raises(NetworkError, match="values from 0 on, and some are negative or missing"):
            topology.gini(wrong)
    for function, name in (
        (lambda: topology.top_partner_reciprocity(network, 0), "k"),
        (lambda: topology.top_strength_share(network, 1.5), "k"),
        (lambda: topology.small_world(network, references=0), "references"),
        (lambda: topology.rich_club(network, references=NAN), "references"),
    ):
        with pytest.raises(RecipeError, match=f"{name} must be a whole number from 1 on"):
            function()


# Random references


def simple_graphs(degrees):
    """Every graph with these degrees."""
    n = len(degrees)
    pairs = list(combinations(range(n), 2))
    for chosen in combinations(pairs, sum(degrees) // 2):
        count = Counter(end for pair in chosen for end in pair)
        if [count[place] for place in range(n)] == list(degrees):
            yield frozenset(chosen)


@pytest.mark.parametrize("missing", [False, True])
def test_every_graph_of_the_degrees_is_as_likely(missing):
    graph = nx.Graph([(0, 1), (0, 2), (0, 3), (1, 2), (1, 4), (3, 4), (4, 5)])
    graph = nx.complement(graph) if missing else graph
    network = build(6, [(min(pair), max(pair)) for pair in graph.edges])
    possible = list(simple_graphs([graph.degree[place] for place in range(6)]))
    draws = 4000
    found = Counter(
        frozenset(map(tuple, map(sorted, drawn.get_edgelist()))) for drawn in random_graphs(network, draws, 1)
    )
    assert set(found) == set(possible)
    expected = draws / len(possible)
    square = sum((found[each] - expected) ** 2 / expected for each in possible)
    freedom = len(possible) - 1
    assert square < freedom + 5 * math.sqrt(2 * freedom)  # five deviations; the same draws each time


@pytest.mark.parametrize("density", [0.1, 0.8])
@pytest.mark.parametrize("references", [random_graphs, lattice_graphs])
def test_references_keep_degrees_and_know_their_seed(references, density):
    graph = nx.gnp_random_graph(40, density, seed=1)
    network = build(40, graph.edges)
    state = random.getstate()
    drawn = list(references(network, 3, 5))
    assert random.getstate() == state
    for each in drawn:
        assert each.degree() == [graph.degree[place] for place in range(40)]
        assert each.is_simple()
    links = [each.get_edgelist() for each in drawn]
    assert links == [each.get_edgelist() for each in references(network, 3, 5)]
    assert links[0] != links[1]
    assert links != [each.get_edgelist() for each in references(network, 3, 6)]


@pytest.mark.parametrize(("degree", "random"), [(6, 0.3), (34, 0.05)])
def test_lattices_are_as_clustered_as_a_ring_lattice(degree, random):
    # Each place linked to its nearest: 3 (d - 2) / 4 (d - 1), more where the ends of the ring meet.
    graph = nx.random_regular_graph(degree, 50, seed=2)
    (lattice,) = lattice_graphs(build(50, [tuple(sorted(pair)) for pair in graph.edges]), 1, 0)
    found = lattice.transitivity_avglocal_undirected(mode="zero")
    ring = nx.average_clustering(nx.watts_strogatz_graph(50, degree, 0))
    assert found == pytest.approx(ring, rel=0.15)
    assert found > nx.average_clustering(graph) + random


def test_small_worlds_lie_between_lattices_and_random_graphs():
    found = {
        p: topology.small_world(build(100, nx.watts_strogatz_graph(100, 6, p, seed=3).edges), references=5)
        for p in (0, 0.1, 1)
    }
    assert found[0]["omega"] < -0.4
    assert abs(found[0.1]["omega"]) < 0.3
    assert found[1]["omega"] > 0.6
    assert found[0.1]["sigma"] > 3
    assert found[1]["sigma"] == pytest.approx(1, abs=0.4)
    small = found[0.1]
    sigma = (
        small["transitivity"] / small["random_transitivity"] / small["mean_path_length"] * small["random_path_length"]
    )
    omega = small["random_path_length"] / small["mean_path_length"]
    omega -= small["mean_clustering"] / small["lattice_clustering"]
    assert (small["sigma"], small["omega"]) == pytest.approx((sigma, omega))
    graph = nx.watts_strogatz_graph(100, 6, 0.1, seed=3)
    assert small["transitivity"] == pytest.approx(nx.transitivity(graph))
    assert small["mean_clustering"] == pytest.approx(nx.average_clustering(graph))
    assert small["mean_path_length"] == pytest.approx(nx.average_shortest_path_length(graph))


def test_the_most_clustered_lattice_counts():
    graph = nx.watts_strogatz_graph(60, 6, 0.3, seed=3)
    network = build(60, [tuple(sorted(pair)) for pair in graph.edges])
    drawn = [lattice.transitivity_avglocal_undirected(mode="zero") for lattice in lattice_graphs(network, 3, 0)]
    assert len(set(drawn)) > 1
    assert topology.small_world(network, references=1)["lattice_clustering"] == max(drawn)


@every_animal
def test_small_world_on_every_graph(name):
    network = ZOO[name].network
    found = topology.small_world(network, references=2)
    if not network.n_links:
        assert found.isna().all()
    elif name.startswith("complete"):
        assert (found["sigma"], found["omega"]) == pytest.approx((1, 0))  # no other graph has these degrees
    elif name == "star":
        assert math.isnan(found["sigma"])
        assert found["mean_path_length"] == found["random_path_length"]
    elif name == "triangle and isolate":
        assert found["sigma"] == pytest.approx(1)  # the isolate is left out


# Rich clubs


@given(networks())
@settings(max_examples=30)
def test_rich_club_against_networkx(network):
    found = topology.rich_club(network, references=1)
    graph = network.to_networkx()
    degrees = {0, *(d for _, d in graph.degree)}
    clubs = {k: [place for place, d in graph.degree if d > k] for k in sorted(degrees)}
    clubs = {k: club for k, club in clubs.items() if len(club) > 1}
    assert found.index.tolist() == list(clubs)
    assert found["places"].tolist() == [len(club) for club in clubs.values()]
    assert found["links"].tolist() == [graph.subgraph(club).number_of_edges() for club in clubs.values()]
    if network.n_links:
        by_networkx = nx.rich_club_coefficient(graph, normalized=False)
        assert found["coefficient"].tolist() == pytest.approx([by_networkx[k] for k in clubs])


@given(networks())
@settings(max_examples=30)
def test_weighted_rich_club_by_loops(network):
    found = topology.rich_club(network, weighted=True, references=1)
    graph = network.to_networkx()
    strength = dict(graph.degree(weight="weight"))
    falling = sorted((w for *_, w in graph.edges(data="weight")), reverse=True)
    expected = {}
    for s in sorted({0, *strength.values()}):
        club = [place for place in graph if strength[place] > s]
        inside = [w for *_, w in graph.subgraph(club).edges(data="weight")]
        if len(club) > 1:
            expected[s] = sum(inside) / sum(falling[: len(inside)]) if inside else NAN
    assert found.index.tolist() == list(expected)
    assert found["coefficient"].tolist() == pytest.approx(list(expected.values()), nan_ok=True)


def test_a_network_of_chance_has_no_rich_club_and_a_made_one_has():
    rng = np.random.default_rng(4)
    pairs = [pair for pair in clique(range(80)) if rng.random() < 0.15]
    plain = topology.rich_club(build(80, [(i, j, rng.integers(1, 9)) for i, j in pairs]), references=60)
    big = plain[plain["places"] >= 10]
    assert ((big["coefficient"] >= big["low"]) & (big["coefficient"] <= big["high"])).mean() > 0.8
    # Ten hubs that are all linked to one another by heavy links; chance would link six of ten pairs.
    around = [(i, j) for i, j in clique(range(10, 110)) if rng.random() < 0.06]
    spokes = [(i, 10 + (15 * i + j) % 100) for i in range(10) for j in range(15)]
    made = build(110, [*((i, j, 50) for i, j in clique(range(10))), *around, *spokes])
    for weighted in (False, True):
        top = topology.rich_club(made, weighted=weighted, references=60)
        top = top[top["places"] == 10].iloc[0]
        assert top["coefficient"] == 1
        assert top["high"] < 1
        assert top["ratio"] == pytest.approx(1 / top["reference"])
        assert top["ratio"] > 1.2


def test_weights_are_dealt_out_anew_even_where_no_other_graph_has_the_degrees():
    # A triangle with leaves at one corner: no two links can swap ends.
    network = build(8, [(1, 2, 1), *((0, i, i + 1) for i in range(1, 8))])
    plain, weighted = (topology.rich_club(network, weighted=weighted, references=20) for weighted in (False, True))
    assert plain["low"].equals(plain["high"])
    assert (weighted["low"] < weighted["high"]).any()


def test_rich_club_of_everybody_is_like_its_references():
    found = topology.rich_club(build(20, nx.gnp_random_graph(20, 0.3, seed=1).edges), references=5)
    assert found["ratio"].iloc[0] == 1
    assert (found["low"] <= found["reference"] + 1e-12).all()
    assert (found["reference"] <= found["high"] + 1e-12).all()
    pd.testing.assert_frame_equal(
        found, topology.rich_club(build(20, nx.gnp_random_graph(20, 0.3, seed=1).edges), references=5)
    )


# Real


def test_published_matrix_of_coauthorship(real_data):
    network = read_matrix(real_data / "ncses" / "5019.csv").threshold(50)
    graph = network.to_networkx()
    found = topology.table(network)["value"]
    assert found["density"] == pytest.approx(nx.density(graph))
    assert found["transitivity"] == pytest.approx(nx.transitivity(graph))
    assert found["assortativity_degree"] == pytest.approx(nx.degree_assortativity_coefficient(graph))
    assert found["assortativity_degree"] < 0  # large and small countries alike work with the large ones
    assert 0.4 < found["top_10_strength_share"] < 1
