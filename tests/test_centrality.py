import warnings
from fractions import Fraction
from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from innovation_graph import Network, centrality, hub_indicators
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.sources.networks import read_matrix
from tests.zoo import ZOO, build

every_animal = pytest.mark.parametrize("name", ZOO)


@st.composite
def networks(draw, largest=9):
    n = draw(st.integers(0, largest))
    links = list(combinations(range(n), 2))
    weights = draw(st.lists(st.sampled_from([0, 0, 1, 2, 3, 5, 8]), min_size=len(links), max_size=len(links)))
    return build(n, [(i, j, weight) for (i, j), weight in zip(links, weights, strict=True)])


def part_is_unique(network):
    """Whether only one component has most places and most weight, so that positions do not decide."""
    graph = network.to_networkx()
    sizes = [(len(part), graph.subgraph(part).size("weight")) for part in nx.connected_components(graph)]
    return sizes.count(max(sizes, default=(0, 0))) < 2


@every_animal
@pytest.mark.parametrize("measure", centrality.MEASURES)
def test_every_measure_on_every_graph(name, measure):
    animal = ZOO[name]
    values = centrality.MEASURES[measure](animal.network)
    assert values.name == measure
    pd.testing.assert_index_equal(values.index, animal.network.ids)
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    if measure in animal.known:
        np.testing.assert_allclose(values, np.array(animal.known[measure], dtype=float), rtol=1e-9, atol=1e-12)


@every_animal
def test_table_holds_all_measures_in_order(name):
    network = ZOO[name].network
    table = centrality.table(network)
    assert list(table.columns) == list(centrality.MEASURES)
    pd.testing.assert_index_equal(table.index, network.ids)
    chosen = centrality.table(network, ["harmonic", "degree"])
    pd.testing.assert_frame_equal(chosen, table[["harmonic", "degree"]])
    assert table["degree"].dtype == table["core_number"].dtype == np.int64


def by_networkx(network):
    graph = network.to_networkx()
    n = len(graph)
    return {
        "degree": dict(graph.degree),
        "strength": dict(graph.degree(weight="weight")),
        "pagerank": nx.pagerank(graph, tol=1e-15, max_iter=10_000),
        "betweenness": nx.betweenness_centrality(graph, normalized=False),
        "closeness": nx.closeness_centrality(graph, wf_improved=False),
        "harmonic": {place: value / max(1, n - 1) for place, value in nx.harmonic_centrality(graph).items()},
        "core_number": nx.core_number(graph),
    }


@given(networks())
def test_against_networkx(network):
    for name, expected in by_networkx(network).items():
        got = centrality.MEASURES[name](network)
        np.testing.assert_allclose(got, [expected[place] for place in network.ids], rtol=1e-9, atol=1e-12, err_msg=name)


def weighted_paths(network):
    """Exact betweenness, closeness and harmonic, lengths 1 / weight, by Floyd and Warshall in fractions."""
    n = network.n_places
    weight = network.adjacency.toarray()
    length = [[None if i != j else Fraction(0) for j in range(n)] for i in range(n)]
    for i, j in np.argwhere(weight):
        length[i][j] = 1 / Fraction(float(weight[i, j]))
    for k in range(n):
        for i in range(n):
            for j in range(n):
                if length[i][k] is not None and length[k][j] is not None:
                    via = length[i][k] + length[k][j]
                    length[i][j] = via if length[i][j] is None else min(length[i][j], via)

    def count(i, j):
        if i == j:
            return 1
        last = [
            k
            for k in np.flatnonzero(weight[:, j])
            if length[i][k] is not None and length[i][k] + 1 / Fraction(float(weight[k, j])) == length[i][j]
        ]
        return sum(count(i, k) for k in last)

    between = [
        sum(
            Fraction(count(i, v) * count(v, j), count(i, j))
            for i, j in combinations(range(n), 2)
            if v not in (i, j) and length[i][j] is not None and length[i][v] is not None
            and length[i][v] + length[v][j] == length[i][j]
        )
        for v in range(n)
    ]  # fmt: skip
    unit = Fraction(float(network.total_weight)) / max(1, network.n_links)
    reach = [[unit * d for j, d in enumerate(row) if d is not None and j != i] for i, row in enumerate(length)]
    closeness = [len(row) / sum(row) if row else 0 for row in reach]
    harmonic = [sum(1 / d for d in row) / max(1, n - 1) for row in reach]
    return [np.array([float(value) for value in values]) for values in (between, closeness, harmonic)]


@given(networks(largest=6))
def test_weighted_paths_against_exact_fractions(network):
    between, close, harmonic = weighted_paths(network)
    np.testing.assert_allclose(centrality.betweenness(network, weighted=True), between, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(centrality.closeness(network, weighted=True), close, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(centrality.harmonic(network, weighted=True), harmonic, rtol=1e-9, atol=1e-12)


@given(networks())
def test_eigenvector_solves_its_equation_in_the_largest_component(network):
    values = centrality.eigenvector(network).to_numpy()
    if network.n_links == 0:
        assert (values == 0).all()
        return
    inside = np.flatnonzero(values > 0)
    parts = list(nx.connected_components(network.to_networkx()))
    assert set(network.ids[inside]) in parts
    assert len(inside) == max(map(len, parts))
    matrix = network.adjacency.toarray()[np.ix_(inside, inside)]
    largest = np.linalg.eigvalsh(matrix)[-1]
    np.testing.assert_allclose(matrix @ values[inside], largest * values[inside], atol=1e-9)
    assert np.linalg.norm(values) == pytest.approx(1, abs=1e-12)
    assert centrality.eigenvector(network, norm="max").max() == 1
    assert centrality.eigenvector(network, norm="sum").sum() == pytest.approx(1, abs=1e-12)


def test_eigenvector_of_equally_large_parts_takes_the_heavier_one_then_the_first():
    lighter_first = build(4, [(0, 1, 1), (2, 3, 5)])
    assert centrality.eigenvector(lighter_first, norm="max").tolist() == [0, 0, 1, 1]
    equal = build(4, [(0, 3, 2), (1, 2, 2)])
    assert centrality.eigenvector(equal, norm="max").tolist() == pytest.approx([1, 0, 0, 1])


@pytest.mark.parametrize("n", [500, 501, 900])
def test_eigenvector_of_large_graphs_in_closed_form(n):
    star = centrality.eigenvector(build(n, [(0, i) for i in range(1, n)]))
    np.testing.assert_allclose(star, [0.5**0.5, *[(2 * (n - 1)) ** -0.5] * (n - 1)], rtol=1e-9)
    # All places alike: the start vector is the answer.
    half = n // 2
    both = centrality.eigenvector(build(2 * half, [(i, half + (i + k) % half) for i in range(half) for k in range(40)]))
    np.testing.assert_allclose(both, (2 * half) ** -0.5, rtol=1e-9)


def test_eigenvector_gives_the_same_bytes_every_time():
    rng = np.random.default_rng(3)
    n = 700
    ends = rng.integers(0, n, (4000, 2))
    network = Network.from_edges(
        pd.DataFrame(ends, columns=["source", "target"]), [str(i) for i in range(n)], weight=None
    )
    first = centrality.eigenvector(network)
    centrality.eigenvector(Network(network.places.iloc[:600], network.upper[:600][:, :600]))
    assert first.equals(centrality.eigenvector(network))


def test_eigenvector_warns_where_two_parts_are_equally_strong():
    network = build(4, [(0, 1, 1e6), (2, 3, 1e6), (1, 2, 1e-3)])
    with pytest.warns(RuntimeWarning, match="two largest eigenvalues"):
        centrality.eigenvector(network)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        centrality.eigenvector(build(4, [(0, 1, 1e6), (2, 3, 1e6), (1, 2, 1e3)]))


@given(networks(), st.randoms(use_true_random=False))
def test_permuting_places_permutes_every_result(network, random):
    assume(part_is_unique(network))
    order = list(range(network.n_places))
    random.shuffle(order)
    moved = Network.from_matrix(network.adjacency.toarray()[np.ix_(order, order)], network.ids[order].tolist())
    expected = centrality.table(network).iloc[order]
    pd.testing.assert_frame_equal(centrality.table(moved), expected, rtol=1e-9, atol=1e-12)
    pd.testing.assert_frame_equal(centrality.ranks(centrality.table(moved)), centrality.ranks(expected))


@given(networks(), st.sampled_from([1e-6, 0.1, 3.0, 1e6]))
def test_scaling_all_weights_changes_strength_only(network, factor):
    scaled = Network(network.places, network.upper * factor)
    before, after = centrality.table(network), centrality.table(scaled)
    pd.testing.assert_series_equal(after.pop("strength"), before.pop("strength") * factor)
    pd.testing.assert_frame_equal(after, before, rtol=1e-9, atol=1e-12)
    for measure in (centrality.betweenness, centrality.closeness, centrality.harmonic):
        pd.testing.assert_series_equal(measure(scaled, weighted=True), measure(network, weighted=True), atol=1e-12)


def test_pagerank_by_solving_its_equations():
    network = ZOO["weighted, two parts"].network
    weights = network.adjacency.toarray()
    n = len(weights)
    for damping in (0, 0.5, 0.85, 0.99):
        walk = weights / weights.sum(axis=0)
        expected = np.linalg.solve(np.eye(n) - damping * walk, np.full(n, (1 - damping) / n))
        np.testing.assert_allclose(centrality.pagerank(network, damping=damping), expected, rtol=1e-9)
    with pytest.raises(NetworkError, match="damping must be at least 0 and below 1, not 1"):
        centrality.pagerank(network, damping=1)


def test_names_that_do_not_exist():
    network = ZOO["pair"].network
    with pytest.raises(UnknownNameError, match="unknown measure 'fame'; known: betweenness"):
        centrality.table(network, ["degree", "fame"])
    with pytest.raises(UnknownNameError, match="unknown norm 'l7'; known: l2, max, sum"):
        centrality.eigenvector(network, norm="l7")


def test_ranks_share_the_best_and_see_through_rounding_noise():
    table = pd.DataFrame({"a": [0.1 + 0.2, 0.3, 0.5, 0.1], "b": [0, 0, 0, 0], "c": [1.0, 1 + 1e-9, 1 - 1e-9, 2]})
    ranks = centrality.ranks(table)
    assert ranks["a"].tolist() == [2, 2, 1, 4]
    assert ranks["b"].tolist() == [1, 1, 1, 1]
    assert ranks["c"].tolist() == [3, 2, 4, 1]
    assert centrality.ranks(table.iloc[:0]).shape == (0, 3)


@given(st.lists(st.integers(-3, 3)))
def test_ranks_against_pandas(values):
    table = pd.DataFrame({"x": np.array(values, dtype=float)})
    expected = table.rank(ascending=False, method="min").astype("int64")
    pd.testing.assert_frame_equal(centrality.ranks(table), expected)


def test_indicators_cover_all_hubs_and_nothing_else():
    matrix = np.zeros((5, 5))
    for i, j, weight in [(0, 1, 3), (1, 2, 4), (0, 3, 100), (3, 4, 50)]:
        matrix[i, j] = matrix[j, i] = weight
    network = Network.from_matrix(matrix, ["boston", "london", "paris", "smallville", "beijing"])
    hubs = ["absent", "beijing", "boston", "london", "paris"]
    papers = hub_indicators.indicator_17(network, hubs)
    # Over hubs there are only boston - london - paris: a weighted star.
    assert papers.tolist() == pytest.approx([0, 0, 0.5**0.5 * 3 / 5, 0.5**0.5, 0.5**0.5 * 4 / 5], abs=1e-12)
    assert papers.index.tolist() == hubs
    assert papers.name == "indicator_17"
    patents = hub_indicators.indicator_18(network, hubs)
    assert patents.tolist() == [0, 0, 1, 2, 1]
    assert patents.dtype == np.int64
    pd.testing.assert_series_equal(hub_indicators.indicator_18(network), centrality.degree(network), check_names=False)
    pd.testing.assert_series_equal(
        hub_indicators.indicator_17(network), centrality.eigenvector(network), check_names=False
    )


def test_indicator_17_follows_networkx_eigenvector_numpy():
    rng = np.random.default_rng(17)
    matrix = np.triu(rng.integers(1, 500, (30, 30)), 1)
    network = Network.from_matrix(matrix + matrix.T)
    expected = nx.eigenvector_centrality_numpy(network.to_networkx(), weight="weight")
    np.testing.assert_allclose(hub_indicators.indicator_17(network), [expected[i] for i in network.ids], rtol=1e-9)


def test_indicators_refuse_hubs_of_another_world():
    network = ZOO["pair"].network
    with pytest.raises(NetworkError, match=r"none of the 2 hubs .* ids like 'x', got ids like 'place-1'"):
        hub_indicators.indicator_17(network, ["x", "y"])
    with pytest.raises(NetworkError, match="named twice"):
        hub_indicators.indicator_18(network, ["place-1", "place-1"])
    assert hub_indicators.indicator_18(ZOO["empty"].network, ["x", "y"]).tolist() == [0, 0]


def test_published_centralities_of_ncses(real_data):
    network = read_matrix(real_data / "ncses" / "5019.csv").threshold(50)
    published = pd.read_csv(real_data / "ncses" / "4958.csv").set_index("country")
    table = centrality.table(network)
    table["eigenvector"] = centrality.eigenvector(network, norm="max")
    table, ranks = (
        frame.set_axis(network.names, axis=0).loc[published.index] for frame in (table, centrality.ranks(table))
    )
    columns = {
        "degree": "degree",
        "strength": "strength",
        "betweenness": "betweenness_centrality",
        "closeness": "closeness_centrality",
        "pagerank": "weighted_pagerank",
        "eigenvector": "weighted_eigenvector_centrality",
    }
    assert len(published) == 48
    assert set(network.names) - set(published.index) == set(network.names[(centrality.degree(network) == 0)])
    for ours, theirs in columns.items():
        # Half a unit of the second digit, and the noise of the last binary one where a value ends in 5.
        assert (np.abs(table[ours] - published[theirs]) <= 0.005 + 1e-9).all(), ours
        assert ranks[ours].tolist() == published[f"{theirs}_rank_"].tolist(), ours
    assert table["degree"].tolist() == published["degree"].tolist()
    assert table["strength"].tolist() == published["strength"].tolist()
