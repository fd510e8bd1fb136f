import json
import random

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from innovation_graph import Network, _igraph, _searches
from innovation_graph import partition as partition_module
from innovation_graph.communities import (
    ALGORITHMS,
    Partition,
    find,
    hierarchical,
    infomap,
    label_propagation,
    leiden,
    louvain,
    modularity,
    names,
    read_partition,
    walktrap,
)
from innovation_graph.errors import FormatError, NetworkError, RecipeError, UnknownNameError
from innovation_graph.sources.networks import read_vosviewer
from tests.zoo import ZOO, build, clique

every_animal = pytest.mark.parametrize("name", ZOO)
every_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)
TREES = [walktrap, hierarchical]


def random_network(seed, n=60, share=0.2):
    rng = np.random.default_rng(seed)
    matrix = np.triu(rng.integers(1, 50, (n, n)) * (rng.random((n, n)) < share), 1)
    return Network.from_matrix(matrix + matrix.T)


def brute_force_modularity(matrix, labels, resolution=1.0):
    twice, strength = matrix.sum(), matrix.sum(axis=1)
    return sum(
        matrix[i, j] - resolution * strength[i] * strength[j] / twice
        for i in range(len(matrix))
        for j in range(len(matrix))
        if labels[i] == labels[j]
    ) / twice  # fmt: skip


def all_partitions(n):
    """Yield every division of n places, as labels."""

    def grow(labels, used):
        if len(labels) == n:
            yield labels
            return
        for label in range(used + 1):
            yield from grow([*labels, label], max(used, label + 1))

    yield from grow([], 0)


# Leiden


@every_animal
@pytest.mark.parametrize("objective", ["modularity", "association_strength", "cpm"])
def test_every_graph_gets_a_canonical_partition(name, objective):
    network = ZOO[name].network
    partition = leiden(network, objective=objective)
    pd.testing.assert_index_equal(partition.labels.index, network.ids)
    sizes = partition.sizes.tolist()
    assert sum(sizes) == network.n_places
    assert sizes == sorted(sizes, reverse=True)
    assert sorted(set(partition.labels)) == list(range(1, partition.n_communities + 1))
    firsts = {size: [] for size in sizes}
    for community, size in enumerate(sizes, start=1):
        firsts[size].append(partition.labels.tolist().index(community))
    assert all(places == sorted(places) for places in firsts.values())
    parts = list(nx.connected_components(network.to_networkx()))
    for _, members in partition.labels.groupby(partition.labels):
        assert sum(not part.isdisjoint(members.index) for part in parts) == 1


@pytest.mark.parametrize("name", ["pair", "complete", "star", "path", "cycle", "barbell", "weighted, two parts"])
@pytest.mark.parametrize("resolution", [0.5, 1.0, 1.5])
def test_no_partition_at_all_is_better(name, resolution):
    network = ZOO[name].network
    matrix = network.adjacency.toarray()
    n = network.n_places
    candidates = list(all_partitions(n))
    best = max(brute_force_modularity(matrix, labels, resolution) for labels in candidates)
    found = leiden(network, resolution=resolution)
    assert found.quality["objective"] == pytest.approx(best, abs=1e-12)
    strength = matrix.sum(axis=1)
    similar = matrix * matrix.sum() / np.outer(strength, strength)
    best = max(
        sum(similar[i, j] - resolution for i in range(n) for j in range(i) if labels[i] == labels[j])
        for labels in candidates
    )
    found = leiden(network, resolution=resolution, objective="association_strength")
    assert found.quality["objective"] == pytest.approx(best, abs=1e-12)
    mean = matrix.sum() / (n * (n - 1))  # no isolates in these graphs
    pairs = [(i, j) for i in range(n) for j in range(i)]
    best = max(
        sum(matrix[i, j] / mean - resolution for i, j in pairs if labels[i] == labels[j]) for labels in candidates
    )
    found = leiden(network, resolution=resolution, objective="cpm")
    assert found.quality["objective"] == pytest.approx(best, abs=1e-12)
    for a in range(1, found.n_communities + 1):
        for b in range(1, a + 1):
            labels = found.labels.to_numpy()
            weights = [matrix[i, j] for i, j in pairs if {labels[i], labels[j]} == {a, b}]
            if a == b and weights:
                assert np.mean(weights) >= resolution * mean - 1e-12
            elif a != b:
                assert np.mean(weights) <= resolution * mean + 1e-12


def test_ring_of_cliques():
    cliques = [range(5 * k, 5 * k + 5) for k in range(6)]
    network = build(
        30, [*(link for c in cliques for link in clique(c)), *((5 * k, (5 * k + 9) % 30) for k in range(6))]
    )
    partition = leiden(network)
    assert partition.labels.tolist() == [k + 1 for k in range(6) for _ in range(5)]
    # 60 links inside, 6 between, all communities alike.
    assert partition.quality["modularity"] == pytest.approx(60 / 66 - 6 * (1 / 6) ** 2, abs=1e-12)


def test_numbers_go_by_size_then_by_first_place():
    network = build(9, [(0, 1), (2, 3), *clique([4, 5, 6])])
    assert leiden(network).labels.tolist() == [2, 2, 3, 3, 1, 1, 1, 4, 5]
    # Pair, isolate, pair, isolate...: enough of them for an unstable sort to show.
    mixed = leiden(build(120, [(3 * k, 3 * k + 1) for k in range(40)])).labels.tolist()
    assert mixed == [label for k in range(40) for label in (k + 1, k + 1, k + 41)]


def test_resolution_zero_gives_components():
    network = random_network(5, n=40, share=0.04)
    parts = list(nx.connected_components(network.to_networkx()))
    labels = leiden(network, resolution=0).labels
    found = {frozenset(members.index) for _, members in labels.groupby(labels)}
    assert found == set(map(frozenset, parts))


@pytest.mark.parametrize("resolution", [0.7, 1.0])
def test_modularity_against_networkx(resolution):
    network = random_network(1)
    partition = leiden(network, resolution=resolution)
    groups = [set(members.index) for _, members in partition.labels.groupby(partition.labels)]
    expected = nx.community.modularity(network.to_networkx(), groups, resolution=resolution)
    assert partition.quality["objective"] == pytest.approx(expected, abs=1e-12)
    assert modularity(network, partition.labels, resolution=resolution) == pytest.approx(expected, abs=1e-12)
    shuffled = partition.labels.sample(frac=1, random_state=1)
    assert modularity(network, shuffled) == pytest.approx(partition.quality["modularity"], abs=1e-12)
    with pytest.raises(NetworkError, match="1 places have no label, the first is 'place-60'"):
        modularity(network, partition.labels.iloc[:-1])
    with pytest.raises(NetworkError, match="the partition has several labels for 'place-1'"):
        modularity(network, pd.concat([partition.labels, partition.labels.iloc[:1]]))


def test_more_runs_are_never_worse():
    network = random_network(2)
    scores = [leiden(network, runs=runs, seed=4).quality["objective"] for runs in (1, 2, 5, 20)]
    assert scores == sorted(scores)


def test_same_seed_same_communities_whatever_the_caller_does():
    network = random_network(3, n=150, share=0.05)
    first = leiden(network, seed=7, runs=1)
    random.seed(99)
    igraph.Graph.Erdos_Renyi(50, m=100)
    np.random.default_rng(1).random()
    assert leiden(network, seed=7, runs=1) == first
    others = {tuple(leiden(network, seed=seed, runs=1).labels) for seed in range(8)}
    assert len(others) > 1  # so that the seed is known to matter


def test_random_state_of_the_caller_stays():
    state = random.getstate()
    numbers = np.random.get_state()[1].copy()  # noqa: NPY002 - the global state is what is looked at
    leiden(random_network(3))
    assert random.getstate() == state
    np.testing.assert_array_equal(np.random.get_state()[1], numbers)  # noqa: NPY002


def drawn_by_igraph():
    return igraph.Graph.Erdos_Renyi(40, m=80).get_edgelist()


def test_igraph_draws_from_the_callers_random_afterwards():
    random.seed(5)
    expected = drawn_by_igraph()
    random.seed(5)
    leiden(random_network(3))
    assert drawn_by_igraph() == expected


def test_the_lent_generator_comes_back_after_errors_and_inside_another_block():
    def tripped():
        with _igraph.seeded(1):
            raise KeyError

    random.seed(5)
    expected = drawn_by_igraph()
    random.seed(5)
    with pytest.raises(KeyError):
        tripped()
    assert drawn_by_igraph() == expected
    with _igraph.seeded(8):
        plain = drawn_by_igraph(), drawn_by_igraph()
    with _igraph.seeded(8):
        first = drawn_by_igraph()
        with _igraph.seeded(9):
            drawn_by_igraph()
        assert (first, drawn_by_igraph()) == plain


@pytest.mark.parametrize("wrong", [{"resolution": -1}, {"resolution": float("nan")}, {"runs": 0}])
def test_leiden_refuses(wrong):
    with pytest.raises(RecipeError, match="resolution >= 0 and runs >= 1"):
        leiden(ZOO["pair"].network, **wrong)


def test_leiden_knows_its_objectives():
    with pytest.raises(UnknownNameError, match="'potts'; known: association_strength, cpm, modularity"):
        leiden(ZOO["pair"].network, objective="potts")


def test_leiden_ranking_2015_against_vosviewer(real_data):
    network = read_vosviewer(real_data / "leiden2015" / "map.txt")
    theirs = network.places["cluster"].tolist()
    assert len(set(theirs)) == 16
    for objective, least in (("association_strength", 0.999), ("modularity", 0.95)):
        partition = leiden(network, resolution=1.2, objective=objective)
        assert partition.n_communities == 16
        assert igraph.compare_communities(partition.labels.tolist(), theirs, method="nmi") >= least


# All algorithms


def planted(*, inside=10.0, between=1.0, groups=4, size=12, share=0.15, seed=0):
    """Make groups with strong links inside and few or weak ones between; the members stand in turn."""
    rng = np.random.default_rng(seed)
    n = groups * size
    truth = np.arange(n) % groups
    same = truth[:, None] == truth
    chance = np.where(same, 1.0, share)
    matrix = np.triu(np.where(same, inside, between) * rng.uniform(0.8, 1.2, (n, n)) * (rng.random((n, n)) < chance), 1)
    return Network.from_matrix(matrix + matrix.T), (truth + 1).tolist()


def scrambled(network, seed=0):
    """Set the places of a network in another order."""
    order = np.random.default_rng(seed).permutation(network.n_places)
    return Network.from_matrix(network.adjacency.toarray()[np.ix_(order, order)], network.ids[order].tolist())


def divisions(labels):
    return {frozenset(members.index) for _, members in labels.groupby(labels)}


@every_animal
@every_algorithm
def test_every_algorithm_on_every_graph(name, algorithm):
    network = ZOO[name].network
    partition = find(network, algorithm)
    pd.testing.assert_index_equal(partition.labels.index, network.ids)
    sizes = partition.sizes.tolist()
    assert sizes == sorted(sizes, reverse=True)
    assert sorted(set(partition.labels)) == list(range(1, partition.n_communities + 1))
    parts = list(nx.connected_components(network.to_networkx()))
    assert all(sum(not part.isdisjoint(members) for part in parts) == 1 for members in divisions(partition.labels))
    assert partition.parameters["algorithm"] == algorithm
    assert partition.quality["modularity"] == modularity(network, partition.labels)
    assert (partition.quality["objective"] is None) == (network.n_links == 0)


@every_algorithm
def test_planted_groups_are_found_by_all(algorithm):
    network, truth = planted()
    assert find(network, algorithm).labels.tolist() == truth


@every_algorithm
def test_weights_alone_make_the_groups(algorithm):
    network, truth = planted(inside=30.0, share=1.0)
    assert network.n_links == 48 * 47 / 2
    assert find(network, algorithm).labels.tolist() == truth


@every_algorithm
def test_isolates_are_communities_of_their_own(algorithm):
    network, truth = planted(groups=3, size=6)
    matrix = np.zeros((22, 22))
    places = [i for i in range(22) if i % 6 != 2]
    matrix[np.ix_(places, places)] = network.adjacency.toarray()
    found = find(Network.from_matrix(matrix), algorithm).labels.to_numpy()
    assert found[places].tolist() == truth
    assert found[2::6].tolist() == [4, 5, 6, 7]


@every_algorithm
def test_ring_of_cliques_by_all(algorithm):
    links = [link for k in range(6) for link in clique(range(5 * k, 5 * k + 5))]
    network = build(30, links + [(5 * k, (5 * k + 9) % 30) for k in range(6)])
    assert find(network, algorithm).labels.tolist() == [k + 1 for k in range(6) for _ in range(5)]


@every_algorithm
@pytest.mark.parametrize("factor", [2.0**-60, 2.0**60, 3.7])
def test_scaling_the_weights_changes_nothing(algorithm, factor):
    network, _ = planted(inside=3.0)
    scaled = Network(network.places, network.upper * factor, network.provenance)
    one, other = find(network, algorithm, seed=5), find(scaled, algorithm, seed=5)
    assert divisions(one.labels) == divisions(other.labels)
    assert one.quality["objective"] == pytest.approx(other.quality["objective"], rel=1e-9)


def test_scaling_the_weights_changes_nothing_in_the_constant_potts_model():
    network = random_network(8, share=0.15)
    scaled = Network(network.places, network.upper * 2.0**60, network.provenance)
    assert leiden(network, objective="cpm") == leiden(scaled, objective="cpm")


@pytest.mark.parametrize("tree", TREES)
def test_order_of_places_changes_nothing_in_trees(tree):
    network, _ = planted(inside=2.0, share=0.4, seed=3)
    for communities in (None, 7):
        one, other = tree(network, communities=communities), tree(scrambled(network), communities=communities)
        assert divisions(one.labels) == divisions(other.labels)


@pytest.mark.parametrize("algorithm", ["louvain", "infomap", "label_propagation"])
def test_seeds_of_the_others(algorithm):
    network = random_network(3, n=150, share=0.05)
    draws = [find(network, algorithm, seed=seed, runs=1) for seed in range(10)]
    assert draws == [find(network, algorithm, seed=seed, runs=1) for seed in range(10)]
    assert len({tuple(draw.labels) for draw in draws}) > 1
    many = find(network, algorithm, seed=0, runs=10)
    better = "modularity" if algorithm == "label_propagation" else "objective"
    assert many.quality[better] >= draws[0].quality[better]


def test_find_hands_its_options_on():
    network = random_network(2)
    assert find(network) == leiden(network)
    assert find(network, "leiden", seed=3, resolution=1.3, objective="association_strength", runs=2) == leiden(
        network, seed=3, resolution=1.3, objective="association_strength", runs=2
    )
    assert find(network, "louvain", resolution=2, seed=1) == louvain(network, resolution=2, seed=1)
    assert find(network, "infomap", runs=1) == infomap(network, runs=1)
    assert find(network, "label_propagation", seed=2) == label_propagation(network, seed=2)
    assert find(network, "walktrap", seed=5, steps=2) == walktrap(network, steps=2)
    assert find(network, "hierarchical", seed=5, communities=9) == hierarchical(network, communities=9)


def test_find_refuses():
    pair = ZOO["pair"].network
    with pytest.raises(UnknownNameError, match="unknown algorithm 'spectral'; known: hierarchical, infomap"):
        find(pair, "spectral")
    with pytest.raises(UnknownNameError, match="unknown option of infomap 'resolution'; known: runs, seed"):
        find(pair, "infomap", resolution=2)
    for algorithm in ("louvain", "infomap", "label_propagation"):
        with pytest.raises(RecipeError, match=f"{algorithm} needs .*runs >= 1, not .*0"):
            find(pair, algorithm, runs=0)
    with pytest.raises(RecipeError, match="resolution >= 0"):
        louvain(ZOO["empty"].network, resolution=float("inf"))
    with pytest.raises(RecipeError, match="walktrap needs steps >= 1, not 0"):
        walktrap(pair, steps=0)
    parts = build(7, [(0, 1), (2, 3), (3, 4)])
    for communities in (1, 6, 0, 2.5):
        with pytest.raises(RecipeError, match=f"2 to 5 communities of these 5 linked places .*, not {communities}"):
            hierarchical(parts, communities=communities)
    assert hierarchical(parts, communities=2).labels.tolist() == [2, 2, 1, 1, 1, 3, 4]


def test_hierarchical_knows_its_limit(monkeypatch):
    monkeypatch.setattr(_searches, "_ALL_PAIRS", 5)
    assert hierarchical(ZOO["complete"].network).n_communities >= 1
    with pytest.raises(NetworkError, match="all pairs of up to 5 linked places, not of 6; walktrap and leiden take"):
        hierarchical(build(7, clique(range(6))))


@pytest.mark.parametrize("name", ["pair", "complete", "star", "path", "cycle", "barbell", "weighted, two parts"])
def test_louvain_is_honest_about_modularity(name):
    network = ZOO[name].network
    matrix = network.adjacency.toarray()
    found = louvain(network, resolution=1.2)
    assert found.quality["objective"] == pytest.approx(brute_force_modularity(matrix, found.labels.tolist(), 1.2))
    assert found.quality["objective"] >= brute_force_modularity(matrix, range(network.n_places), 1.2) - 1e-12


def map_equation(matrix, labels):
    """Bits a step of a walk over an undirected network, from the entropies of the code books."""

    def entropy(rates):
        return -sum(rate / sum(rates) * np.log2(rate / sum(rates)) for rate in rates if rate)

    twice = matrix.sum()
    groups = [[i for i, label in enumerate(labels) if label == group] for group in sorted(set(labels))]
    leave = [sum(matrix[i, j] for i in group for j in range(len(matrix)) if j not in group) / twice for group in groups]
    bits = sum(leave) * entropy(leave) if sum(leave) else 0
    for group, out in zip(groups, leave, strict=True):
        rates = [out, *(matrix[i].sum() / twice for i in group)]
        bits += sum(rates) * entropy(rates) if sum(rates) else 0
    return bits


@pytest.mark.parametrize("name", ["pair", "complete", "star", "path", "cycle", "barbell", "weighted, two parts"])
def test_infomap_finds_the_shortest_code(name):
    network = ZOO[name].network
    matrix = network.adjacency.toarray()
    shortest = min(map_equation(matrix, labels) for labels in all_partitions(network.n_places))
    assert infomap(network).quality["objective"] == pytest.approx(-shortest, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_code_length_against_igraph(seed):
    network, _ = planted(seed=seed, share=0.3)
    graph = network.to_igraph()
    theirs = graph.community_infomap(edge_weights="weight", trials=20)
    ours = infomap(network, runs=20)
    assert divisions(ours.labels) == divisions(pd.Series(theirs.membership, index=network.ids))
    assert ours.quality["objective"] == pytest.approx(-theirs.codelength, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_labels_that_were_propagated_are_those_of_most_partners(seed):
    network, _ = planted(inside=3.0, share=0.4, seed=seed)
    found = label_propagation(network, runs=1, seed=seed)
    matrix, labels = network.adjacency.toarray(), found.labels.to_numpy()
    for place, label in enumerate(labels):
        weights = np.bincount(labels, matrix[place])
        assert weights[label] >= weights.max() - 1e-9
    inside = sum(matrix[i, j] for i in range(48) for j in range(48) if labels[i] == labels[j])
    assert found.quality["objective"] == pytest.approx(inside / matrix.sum())


def test_hierarchical_against_scipy_on_written_out_distances():
    network = random_network(4, n=25, share=0.5)
    matrix = network.adjacency.toarray() * np.random.default_rng(1).uniform(0.9, 1.1)
    strength = matrix.sum(axis=1)
    pairs = [(i, j) for i in range(25) for j in range(i + 1, 25)]
    tree = linkage([1 / (1 + matrix.sum() * matrix[i, j] / strength[i] / strength[j]) for i, j in pairs], "average")
    for communities in range(1, 26):
        theirs = fcluster(tree, communities, "maxclust")
        ours = hierarchical(network, communities=communities)
        assert ours.n_communities == communities
        assert divisions(ours.labels) == divisions(pd.Series(theirs, index=network.ids))


@pytest.mark.parametrize("steps", [1, 4, 7])
def test_walktrap_against_igraph(steps):
    network, _ = planted(inside=2.0, share=0.4, seed=5)
    tree = network.to_igraph().community_walktrap(weights="weight", steps=steps)
    for communities in range(1, 49):
        theirs = pd.Series(tree.as_clustering(communities).membership, index=network.ids)
        assert divisions(walktrap(network, steps=steps, communities=communities).labels) == divisions(theirs)
    theirs = pd.Series(tree.as_clustering().membership, index=network.ids)
    assert divisions(walktrap(network, steps=steps).labels) == divisions(theirs)


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("share", [0.08, 0.2, 0.5])
def test_the_cut_has_the_largest_modularity_of_all(tree, share):
    network = random_network(6, n=20, share=share)
    linked = int((network.adjacency.sum(axis=1) > 0).sum())
    parts = nx.number_connected_components(network.to_networkx()) - (20 - linked)
    cuts = [tree(network, communities=k) for k in range(parts, linked + 1)]
    assert [cut.n_communities - (20 - linked) for cut in cuts] == list(range(parts, linked + 1))
    assert tree(network).quality["objective"] == max(cut.quality["objective"] for cut in cuts)
    for fine, coarse in zip(cuts[1:], cuts, strict=False):  # nested: each community lies in one of the coarser ones
        assert pd.concat([fine.labels, coarse.labels], axis=1).drop_duplicates().shape[0] == fine.n_communities


# Partition


def test_the_noun_is_the_same_from_both_modules():
    assert partition_module.Partition is Partition
    assert partition_module.read_partition is read_partition
    assert partition_module.names is names


@every_animal
def test_partition_written_and_read_is_equal(name, tmp_path):
    partition = leiden(ZOO[name].network, seed=3)
    partition.write(tmp_path / "communities.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["communities.csv", "communities.json"]
    again = read_partition(tmp_path / "communities.csv")
    assert again == partition
    assert again.seed == 3
    assert again.parameters["resolution"] == 1.0


def test_partition_keeps_place_ids_that_look_like_missing_values_or_numbers(tmp_path):
    labels = pd.Series([1, 1, 2, 2], index=["NA", "007", 'a,"b"', "北京"])
    partition = Partition(labels, {"modularity": None}, {}, 0, {"source": "Zürich"})
    partition.write(tmp_path / "x.csv")
    assert read_partition(tmp_path / "x.csv").labels.index.tolist() == labels.index.tolist()
    assert read_partition(tmp_path / "x.csv") == partition


def test_partitions_differ_in_any_part():
    one = leiden(ZOO["barbell"].network)
    assert one == leiden(ZOO["barbell"].network)
    assert one != leiden(ZOO["barbell"].network, seed=1)
    assert one != Partition(one.labels.iloc[::-1], one.quality, one.parameters, one.seed, one.provenance)
    assert one != "one"


def test_partition_refuses_labels_that_count_no_communities():
    for wrong in ([0, 1], [-1, 1], [1.5, 1], [np.nan, 1], [np.inf, 1], ["x", 1]):
        with pytest.raises(
            NetworkError, match=f"labels of a partition must be whole numbers from 1 on, not {wrong[0]!r}"
        ):
            Partition(pd.Series(wrong, index=["a", "b"]), {}, {}, 0)
    with pytest.raises(NetworkError, match="no place is in community 2; `canonical` numbers them"):
        Partition(pd.Series([1, 10**15], index=["a", "b"]), {}, {}, 0)
    with pytest.raises(NetworkError, match="'a' has several labels"):
        Partition(pd.Series([1, 2], index=["a", "a"]), {}, {}, 0)


def test_partition_is_frozen():
    partition = leiden(ZOO["barbell"].network)
    with pytest.raises(AttributeError):
        partition.seed = 5
    with pytest.raises(ValueError, match="read-only"):
        partition.labels.iloc[0] = 9
    with pytest.raises(TypeError):
        partition.quality["modularity"] = 1


def test_partition_says_what_it_is():
    assert repr(leiden(ZOO["isolates"].network)) == "<Partition: 3 places in 3 communities, no links, seed 0>"
    assert (
        repr(leiden(build(4, [(0, 1), (2, 3)]))) == "<Partition: 4 places in 2 communities, modularity 0.5000, seed 0>"
    )


def test_unreadable_partitions(tmp_path):
    path = tmp_path / "x.csv"
    with pytest.raises(FormatError, match=r"x\.csv: expected a partition, and x\.json beside it"):
        read_partition(path)
    leiden(ZOO["pair"].network).write(path)
    content = json.loads((tmp_path / "x.json").read_text())
    (tmp_path / "x.json").write_text(json.dumps({**content, "version": 99}))
    with pytest.raises(FormatError, match="got another format"):
        read_partition(path)
    (tmp_path / "x.json").write_text(json.dumps(content))
    path.write_text("place_id,community\na,one\n")
    with pytest.raises(FormatError, match="one"):
        read_partition(path)
    for table, message in (("a,0\nb,1", "whole numbers from 1 on, not 0"), ("a,1\na,1", "'a' has several labels")):
        path.write_text(f"place_id,community\n{table}\n")
        with pytest.raises(FormatError, match=f"expected the communities of a partition, got .*{message}"):
            read_partition(path)
    with pytest.raises(FormatError, match=r"ending in \.csv"):
        leiden(ZOO["pair"].network).write(tmp_path / "x")


def test_names_from_the_strongest_places():
    places = pd.DataFrame({"name_en": ["Bath", "London", "Paris", None, "Alone", "Oslo"]}, index=list("abcdef"))
    matrix = np.zeros((6, 6))
    for i, j, weight in [(0, 1, 5), (1, 2, 9), (0, 2, 1), (3, 5, 2)]:
        matrix[i, j] = matrix[j, i] = weight
    network = Network.from_matrix(matrix, places)
    partition = leiden(network, resolution=0.1)
    shown = names(partition, network)
    assert shown.tolist() == ["London, Paris ... (3)", "d, Oslo (2)", "Alone (1)"]
    assert shown.index.tolist() == [1, 2, 3]
    with pytest.raises(NetworkError, match="same places in the same order"):
        names(partition, ZOO["pair"].network)
    assert names(leiden(ZOO["empty"].network), ZOO["empty"].network).empty
    assert names(partition, network, n=1).tolist() == ["London ... (3)", "d ... (2)", "Alone (1)"]
    assert names(partition, network, n=5).tolist() == ["London, Paris, Bath (3)", "d, Oslo (2)", "Alone (1)"]
    with pytest.raises(RecipeError, match="n >= 1, not 0"):
        names(partition, network, n=0)


def test_chinese_names_where_there_are_some():
    places = pd.DataFrame(
        {"name_en": ["Beijing", "Boston", None], "name_zh": ["北京", None, None]}, index=["beijing", "boston", "x"]
    )
    network = Network.from_matrix([[0, 5, 1], [5, 0, 0], [1, 0, 0]], places)
    partition = leiden(network, resolution=0.1)
    assert names(partition, network, n=3, column="name_zh").tolist() == ["北京、Boston、x (3)"]
    assert names(partition, network, n=1, column="name_zh").tolist() == ["北京 ... (3)"]
    with pytest.raises(UnknownNameError, match="'name_de'; known: name_en, name_zh"):
        names(partition, network, column="name_de")
