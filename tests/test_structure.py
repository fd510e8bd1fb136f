from contextlib import contextmanager
from itertools import combinations, permutations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innovation_graph import Network, _paths, _triads, centrality, structure
from tests.test_centrality import networks
from tests.zoo import ZOO

every_animal = pytest.mark.parametrize("name", ZOO)
BORDERS = [
    (_paths, ["_SMALL"]),
    (_triads, ["_DENSE", "_SMALL", "_SMALL_CORES", "_SMALL_GRAPH", "_SMALL_EGO", "_WIDE"]),
]


@contextmanager
def forced(how):
    """Use the machinery of large networks ("compiled"), or that of middling ones ("sparse"), on small ones."""
    with pytest.MonkeyPatch.context() as patch:
        for module, names in BORDERS:
            for name in names:
                if how == "compiled" or (how == "sparse" and name == "_DENSE"):
                    patch.setattr(module, name, 0)
        yield


every_machinery = pytest.mark.parametrize("how", ["dense", "sparse", "compiled"])


@every_machinery
@every_animal
@pytest.mark.parametrize("measure", structure.MEASURES)
def test_every_measure_on_every_graph(name, measure, how):
    animal = ZOO[name]
    with forced(how):
        values = structure.MEASURES[measure](animal.network)
    assert values.name == measure
    assert values.dtype == np.float64
    pd.testing.assert_index_equal(values.index, animal.network.ids)
    needed = {"s_core": 0, "clustering": 2, "weighted_clustering": 2, "local_efficiency": 2}.get(measure, 1)
    assert (values.notna() == (centrality.degree(animal.network) >= needed)).all()
    assert (values.dropna() >= 0).all()
    if measure in animal.known:
        np.testing.assert_allclose(values, np.array(animal.known[measure], dtype=float), rtol=1e-9, atol=1e-12)


def theil(graph, place):
    parts = np.array([nx.local_constraint(graph, place, other, weight="weight") for other in graph[place]])
    if len(parts) < 2:
        return 1 if len(parts) else np.nan
    ratio = parts / parts.mean()
    return (ratio * np.log(ratio)).sum() / (len(parts) * np.log(len(parts)))


def barrat(graph, place):
    found = sum(
        (graph[place][a]["weight"] + graph[place][b]["weight"]) / 2
        for a, b in permutations(graph[place], 2)
        if graph.has_edge(a, b)
    )
    k = graph.degree(place)
    return found / (graph.degree(place, weight="weight") * (k - 1)) if k > 1 else np.nan


def farthest(graph, place):
    steps = nx.single_source_shortest_path_length(graph, place)
    return max(steps.values()) or np.nan


def by_networkx(network):
    graph = network.to_networkx()
    # By the definition, place by place: the quicker form of networkx 3.6 divides by the maximum of the wrong place.
    size = nx.effective_size(graph, nodes=list(graph), weight="weight")
    held = nx.constraint(graph, weight="weight") if len(graph) else {}
    several = {place: graph.degree(place) > 1 for place in graph}
    return {
        "constraint": held,
        "hierarchy": {place: theil(graph, place) for place in graph},
        "effective_size": size,
        "efficiency": {place: value / max(1, graph.degree(place)) for place, value in size.items()},
        "clustering": {p: value if several[p] else np.nan for p, value in nx.clustering(graph).items()},
        "weighted_clustering": {place: barrat(graph, place) for place in graph},
        "local_efficiency": {
            place: nx.global_efficiency(graph.subgraph(graph[place])) if several[place] else np.nan for place in graph
        },
        "eccentricity": {place: farthest(graph, place) for place in graph},
    }


@every_machinery
@settings(max_examples=30)
@given(network=networks())
def test_against_networkx_and_plain_loops(how, network):
    expected = by_networkx(network)
    assert set(expected) == set(structure.MEASURES) - {"s_core"}
    with forced(how):
        for name, values in expected.items():
            got = structure.MEASURES[name](network)
            wanted = [values[place] for place in network.ids]
            np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-9, err_msg=name)


def test_effective_size_of_equal_weights_is_borgattis():
    graph = nx.gnm_random_graph(30, 120, seed=4)
    network = Network.from_matrix(nx.to_numpy_array(graph))
    expected = [nx.effective_size(graph)[place] for place in graph]
    np.testing.assert_allclose(structure.effective_size(network), expected, rtol=1e-12)


@every_machinery
@settings(max_examples=30)
@given(network=networks(largest=7))
def test_s_core_against_every_group(how, network):
    matrix = network.adjacency.toarray()
    n = network.n_places
    best = np.zeros(n)
    for size in range(1, n + 1):
        for group in combinations(range(n), size):
            inside = matrix[np.ix_(group, group)].sum(axis=1).min()
            best[list(group)] = np.maximum(best[list(group)], inside)
    with forced(how):
        np.testing.assert_allclose(structure.s_core(network), best, atol=1e-12)


@settings(max_examples=30)
@given(networks())
def test_cores_of_equal_weights_are_the_same(network):
    equal = Network(network.places, network.upper.sign())
    with forced("compiled"):
        assert centrality.core_number(network).tolist() == structure.s_core(equal).tolist()
    assert centrality.core_number(network).tolist() == structure.s_core(equal).tolist()


@settings(max_examples=30)
@given(networks(), st.randoms(use_true_random=False))
def test_permuting_places_permutes_every_result(network, random):
    order = list(range(network.n_places))
    random.shuffle(order)
    moved = Network.from_matrix(network.adjacency.toarray()[np.ix_(order, order)], network.ids[order].tolist())
    for measure in structure.MEASURES.values():
        expected = measure(network).iloc[order]
        pd.testing.assert_series_equal(measure(moved), expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=30)
@given(networks(), st.sampled_from([1e-6, 0.1, 3.0, 1e6]))
def test_scaling_all_weights_changes_s_core_only(network, factor):
    scaled = Network(network.places, network.upper * factor)
    for name, measure in structure.MEASURES.items():
        expected = measure(network) * (factor if name == "s_core" else 1)
        pd.testing.assert_series_equal(measure(scaled), expected, rtol=1e-9, atol=1e-9)
    far = structure.eccentricity(scaled, weighted=True)
    pd.testing.assert_series_equal(far, structure.eccentricity(network, weighted=True), rtol=1e-9)


@every_machinery
def test_eccentricity_with_weights(how):
    # Lengths are mean weight / weight: 2/1 and 2/3 along a path of three places.
    network = Network.from_matrix([[0, 1, 0, 0], [1, 0, 3, 0], [0, 3, 0, 0], [0, 0, 0, 0]])
    with forced(how):
        far = structure.eccentricity(network, weighted=True)
    np.testing.assert_allclose(far, [8 / 3, 2, 8 / 3, np.nan], rtol=1e-12)


@settings(max_examples=30)
@given(networks())
def test_partners_do_no_worse_than_their_links(network):
    assert (structure.local_efficiency(network) >= structure.clustering(network) - 1e-12).sum() == (
        centrality.degree(network) > 1
    ).sum()


@every_machinery
def test_middling_networks_of_all_shapes(how):
    shapes = [
        nx.barabasi_albert_graph(70, 4, seed=1),
        nx.disjoint_union(nx.wheel_graph(40), nx.grid_2d_graph(4, 5)),
        nx.connected_caveman_graph(5, 7),
    ]
    rng = np.random.default_rng(5)
    for graph in shapes:
        matrix = np.triu(nx.to_numpy_array(graph) * rng.lognormal(0, 2, (len(graph), len(graph))), 1)
        network = Network.from_matrix(matrix + matrix.T)
        with forced(how):
            for name, values in by_networkx(network).items():
                got = structure.MEASURES[name](network)
                np.testing.assert_allclose(got, [values[p] for p in network.ids], rtol=1e-9, atol=1e-9, err_msg=name)
