import os
import subprocess
import sys

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from scipy.sparse.csgraph import dijkstra

from innovation_graph import Network, _paths, _triads, centrality, roles, structure
from innovation_graph.errors import NetworkError
from tests.test_structure import every_animal, forced
from tests.zoo import ZOO

SHAPES = {
    "hubs": nx.barabasi_albert_graph(200, 3, seed=1),
    "dense": nx.gnm_random_graph(90, 2500, seed=2),
    "several parts": nx.gnm_random_graph(200, 170, seed=3),
    "grid": nx.convert_node_labels_to_integers(nx.grid_2d_graph(9, 13)),
    "long path": nx.path_graph(150),
    "star and cycle": nx.disjoint_union(nx.star_graph(80), nx.cycle_graph(71)),
    "more than two batches": nx.disjoint_union(nx.gnm_random_graph(140, 400, seed=6), nx.complete_graph(66)),
}
every_shape = pytest.mark.parametrize("shape", SHAPES)


def network_of(shape, weights="equal"):
    graph = SHAPES[shape]
    n = len(graph)
    rng = np.random.default_rng(7)
    drawn = {
        "equal": np.ones((n, n)),
        "few values": rng.choice([1, 2, 4], (n, n)),  # lengths 1, 1/2, 1/4: many paths are equally long
        "heavy tail": rng.pareto(1.2, (n, n)) + 1e-3,
    }[weights]
    matrix = np.triu(nx.to_numpy_array(graph) * drawn, 1)
    return Network.from_matrix(matrix + matrix.T)


@every_shape
def test_steps_against_networkx(shape):
    network = network_of(shape)
    graph = SHAPES[shape]
    n = len(graph)
    away = dict(nx.all_pairs_shortest_path_length(graph))
    expected = {
        "betweenness": list(nx.betweenness_centrality(graph, normalized=False).values()),
        "closeness": list(nx.closeness_centrality(graph, wf_improved=False).values()),
        "harmonic": [value / (n - 1) for value in nx.harmonic_centrality(graph).values()],
    }
    with forced("compiled"):
        for name, values in expected.items():
            got = centrality.MEASURES[name](network)
            np.testing.assert_allclose(got, values, rtol=1e-9, atol=1e-9, err_msg=name)
        far = structure.eccentricity(network).fillna(0)
    assert far.tolist() == [max(away[place].values()) for place in graph]


@every_shape
@pytest.mark.parametrize("weights", ["few values", "heavy tail"])
def test_lengths_against_igraph(shape, weights):
    network = network_of(shape, weights)
    measures = [centrality.betweenness, centrality.closeness, centrality.harmonic, structure.eccentricity]
    expected = [measure(network, weighted=True) for measure in measures]
    labels = pd.Series(np.arange(network.n_places) % 3, index=network.ids)
    between_groups = roles.gateway(network, labels, weighted=True)
    with forced("compiled"):
        for measure, values in zip(measures, expected, strict=True):
            got = measure(network, weighted=True)
            pd.testing.assert_series_equal(got, values, rtol=1e-9, atol=1e-9)
        pd.testing.assert_series_equal(roles.gateway(network, labels, weighted=True), between_groups, rtol=1e-9)


@every_animal
def test_every_graph_in_both_machineries(name):
    network = ZOO[name].network
    expected = centrality.table(network)
    with forced("compiled"):
        pd.testing.assert_frame_equal(centrality.table(network), expected, rtol=1e-9, atol=1e-12)
        assert centrality.betweenness(network, sample=2).shape == (network.n_places,)


@pytest.mark.parametrize("weights", ["few values", "heavy tail"])
def test_links_left_out_lie_on_no_shortest_path(weights):
    rng = np.random.default_rng(8)
    n = 150  # more places than there are landmarks
    drawn = rng.choice([1, 2, 4], (n, n)) if weights == "few values" else rng.pareto(1.2, (n, n)) + 1e-3
    matrix = np.triu(drawn * (rng.random((n, n)) < 0.5), 1)
    lengths = _paths.Numbered.of(Network.from_matrix(matrix + matrix.T).adjacency).matrix
    kept = _paths._without_detours(lengths)
    away = dijkstra(lengths)
    np.testing.assert_array_equal(dijkstra(kept), away)
    assert kept.nnz < lengths.nnz * (0.7 if weights == "few values" else 0.3)
    assert (kept != kept.T).nnz == 0
    rows, columns = lengths.nonzero()
    on_a_path = lengths.data <= away[rows, columns] * (1 + 1e-12)
    assert (kept[rows, columns][on_a_path] > 0).all()


def test_any_number_of_threads_gives_the_same_bytes(monkeypatch):
    network = network_of("hubs", "heavy tail")

    def everything():
        yield centrality.betweenness(network)
        yield centrality.harmonic(network)
        for measure in (centrality.betweenness, centrality.closeness, centrality.harmonic):
            yield measure(network, weighted=True)
        for measure in structure.MEASURES.values():
            yield measure(network)

    with forced("compiled"):
        found = []
        for threads in (1, 2, 5):
            monkeypatch.setattr(os, "cpu_count", lambda count=threads: count)
            found.append([values.to_numpy().tobytes() for values in everything()])
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("how", ["igraph", "compiled"])
@pytest.mark.parametrize("weighted", [False, True])
def test_sampled_betweenness_against_sums_over_pivots(how, weighted):
    network = network_of("several parts", "heavy tail")
    graph = network.to_networkx()
    for *_, link in graph.edges(data=True):
        link["length"] = 1 / link["weight"]
    n, k, seed = network.n_places, 40, 3
    pivots = network.ids[np.random.default_rng(seed).choice(n, k, replace=False)]
    through = pd.DataFrame({
        pivot: nx.betweenness_centrality_subset(graph, [pivot], list(graph), weight="length" if weighted else None)
        for pivot in pivots
    }).loc[network.ids]  # fmt: skip
    through *= 2  # networkx halves what it finds from one end
    with forced(how):
        found = centrality.betweenness_sampled(network, k, weighted=weighted, seed=seed)
        value = centrality.betweenness(network, weighted=weighted, sample=k, seed=seed)
    np.testing.assert_allclose(found["betweenness"], n / 2 * through.mean(axis=1), rtol=1e-9, atol=1e-9)
    spread = through.std(axis=1, ddof=1) / np.sqrt(k) * np.sqrt(1 - k / n)
    np.testing.assert_allclose(found["standard_error"], n / 2 * spread, rtol=1e-6, atol=1e-6)
    pd.testing.assert_series_equal(value, found["betweenness"])


def test_a_sample_of_all_is_exact():
    network = network_of("grid")
    found = centrality.betweenness_sampled(network, 1000)
    np.testing.assert_allclose(found["betweenness"], centrality.betweenness(network), rtol=1e-9)
    assert (found["standard_error"] == 0).all()
    with pytest.raises(NetworkError, match="at least 2 places"):
        centrality.betweenness(network, sample=1)


def test_the_standard_error_is_about_what_samples_differ_by():
    network = network_of("hubs")
    exact = centrality.betweenness(network)
    with forced("compiled"):
        samples = [centrality.betweenness_sampled(network, 60, seed=seed) for seed in range(60)]
    top = exact.nlargest(20).index
    errors = pd.concat([sample.loc[top, "betweenness"] - exact[top] for sample in samples], axis=1)
    claimed = pd.concat([sample.loc[top, "standard_error"] for sample in samples], axis=1).mean(axis=1)
    ratio = errors.std(axis=1) / claimed
    assert ratio.between(0.6, 1.5).all()
    assert abs((errors.mean(axis=1) / claimed).mean()) < 0.2


def test_products_on_links_are_the_same_three_ways():
    rng = np.random.default_rng(2)
    network = network_of("dense", "heavy tail")
    full = network.adjacency
    left, right = rng.normal(size=full.nnz), rng.normal(size=full.nnz)
    matrices = [np.zeros(full.shape), np.zeros(full.shape)]
    rows, columns = full.nonzero()
    for matrix, values in zip(matrices, (left, right), strict=True):
        matrix[rows, columns] = values
    expected = [matrices[0][i] @ matrices[1][j] for i, j in zip(rows, columns, strict=True)]
    for how in ("dense", "sparse", "compiled"):
        with forced(how):
            np.testing.assert_allclose(_triads.on_links(full, left, right), expected, rtol=1e-9, atol=1e-9)


def test_small_networks_do_not_load_numba():
    code = (
        "import sys, numpy as np\n"
        "from innovation_graph import Network, centrality, structure\n"
        "network = Network.from_matrix(np.ones((120, 120)))\n"
        "centrality.table(network)\n"
        "[measure(network) for measure in structure.MEASURES.values()]\n"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
