from collections import Counter
from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innovation_graph import Network, centrality, roles
from innovation_graph.communities import leiden
from innovation_graph.errors import NetworkError, UnknownNameError
from tests.test_centrality import networks
from tests.test_structure import every_animal, forced
from tests.zoo import ZOO, build, clique


@st.composite
def grouped(draw, largest=8):
    network = draw(networks(largest=largest))
    labels = draw(st.lists(st.sampled_from(["EU", "US", "CN"]), min_size=network.n_places, max_size=network.n_places))
    return network, pd.Series(labels, index=network.ids, dtype="str")


@every_animal
def test_every_graph_with_its_communities(name):
    network = ZOO[name].network
    partition = leiden(network)
    isolated = centrality.degree(network) == 0
    spread = roles.participation(network, partition)
    assert (spread.isna() == isolated).all()
    assert spread.dropna().between(0, 1).all()
    assert (roles.within_module_z(network, partition).notna()).all()
    assert (roles.cartography(network, partition).isna() == isolated).all()
    assert (roles.gateway(network, partition) >= 0).all()
    for measure in (roles.participation, roles.within_module_z, roles.cartography, roles.gateway):
        pd.testing.assert_index_equal(measure(network, partition).index, network.ids)


@pytest.mark.parametrize("weighted", [False, True])
@settings(max_examples=30)
@given(grouped())
def test_participation_and_score_against_plain_loops(weighted, pair):
    network, labels = pair
    graph = network.to_networkx()
    within = {}
    spread = roles.participation(network, labels, weighted=weighted)
    for place in graph:
        to = Counter()
        for other in graph[place]:
            to[labels[other]] += graph[place][other]["weight"] if weighted else 1
        total = sum(to.values())
        within[place] = to[labels[place]]
        expected = 1 - sum((part / total) ** 2 for part in to.values()) if total else np.nan
        assert spread[place] == pytest.approx(expected, abs=1e-12, nan_ok=True)
    score = roles.within_module_z(network, labels, weighted=weighted)
    for place in graph:
        group = [within[other] for other in graph if labels[other] == labels[place]]
        deviation = np.std(group)
        expected = (within[place] - np.mean(group)) / deviation if deviation > 1e-9 else 0
        assert score[place] == pytest.approx(expected, abs=1e-9)


def test_one_group_per_partner_and_one_group_for_all():
    star = ZOO["star"].network
    own = pd.Series(list(star.ids), index=star.ids)
    assert roles.participation(star, own).tolist() == pytest.approx([1 - 1 / 5, *[0] * 5])
    same = pd.Series("x", index=star.ids)
    assert roles.participation(star, same).tolist() == [0] * 6
    # Strengths 5, 1, 1, 1, 1, 1: the deviation is root 5 times a third of 2.
    assert roles.within_module_z(star, same).tolist() == pytest.approx([5**0.5, *[-(5**-0.5)] * 5])


def test_named_roles():
    # A hub inside a group of ten, a place tied to its group and to four others evenly, and a pendant.
    links = [*((0, i) for i in range(1, 10)), (1, 2), (1, 10), (1, 12), (1, 14), (1, 16)]
    links += [(10, 11), (12, 13), (14, 15), (16, 17)]
    labels = np.repeat(["a", "b", "c", "d", "e"], [10, 2, 2, 2, 2])
    network = build(18, links)
    named = roles.cartography(network, pd.Series(labels, index=network.ids))
    assert named.iloc[[0, 1, 3, 10]].tolist() == ["provincial hub", "connector", "ultra-peripheral", "peripheral"]
    # 12 links: 2 inside, 2 to each of five other groups; and 10 to 1 inside: on and off the borders.
    borders = pd.Series([0.0, 0.05, 0.06, 0.62, 0.8, 0.81])
    assert roles._named(borders, roles._NO_HUB).tolist() == [
        "ultra-peripheral", "ultra-peripheral", "peripheral", "peripheral", "connector", "kinless",
    ]  # fmt: skip
    assert roles._named(pd.Series([0.3, 0.31, 0.75, 0.76]), roles._A_HUB).tolist() == [
        "provincial hub", "connector hub", "connector hub", "kinless hub",
    ]  # fmt: skip


def by_all_paths(network, labels, *, weighted=False):
    graph = network.to_networkx()
    for *_, link in graph.edges(data=True):
        link["length"] = 1 / link["weight"]
    found = dict.fromkeys(graph, 0.0)
    for a, b in combinations(graph, 2):
        if labels[a] == labels[b] or not nx.has_path(graph, a, b):
            continue
        paths = list(nx.all_shortest_paths(graph, a, b, weight="length" if weighted else None))
        for path in paths:
            for place in path[1:-1]:
                found[place] += 1 / len(paths)
    return [found[place] for place in network.ids]


@pytest.mark.parametrize("how", ["igraph", "compiled"])
@settings(max_examples=30)
@given(pair=grouped())
def test_gateway_against_all_paths(how, pair):
    network, labels = pair
    with forced(how):
        got = roles.gateway(network, labels)
    np.testing.assert_allclose(got, by_all_paths(network, labels), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("how", ["igraph", "compiled"])
def test_gateway_with_weights_against_all_paths(how):
    rng = np.random.default_rng(11)
    for _ in range(10):
        # Weights without ties in length, for networkx compares lengths exactly.
        matrix = np.triu(rng.lognormal(0, 1, (12, 12)) * (rng.random((12, 12)) < 0.4), 1)
        network = Network.from_matrix(matrix + matrix.T)
        labels = pd.Series(rng.choice(list("abc"), 12), index=network.ids)
        with forced(how):
            got = roles.gateway(network, labels, weighted=True)
        np.testing.assert_allclose(got, by_all_paths(network, labels, weighted=True), rtol=1e-9, atol=1e-9)


@given(networks())
def test_gateway_of_single_places_is_betweenness_and_of_one_group_nothing(network):
    own = pd.Series(list(network.ids), index=network.ids, dtype="str")
    between = centrality.betweenness(network)
    pd.testing.assert_series_equal(roles.gateway(network, own), between, check_names=False, atol=1e-9)
    assert (roles.gateway(network, pd.Series("x", index=network.ids, dtype="str")) == 0).all()


@settings(max_examples=30)
@given(grouped(), st.randoms(use_true_random=False))
def test_order_and_names_of_groups_play_no_part(pair, random):
    network, labels = pair
    order = list(range(network.n_places))
    random.shuffle(order)
    renamed = labels.map({"EU": "z", "US": "y", "CN": "x"}).iloc[order]
    for measure in (roles.participation, roles.within_module_z, roles.gateway):
        pd.testing.assert_series_equal(measure(network, labels), measure(network, renamed), atol=1e-9)


def test_groups_as_column_partition_and_series():
    network = build(9, [*clique(range(4)), *clique(range(4, 9)), (3, 4)])
    partition = leiden(network)
    table = network.places.assign(continent=["Asia"] * 4 + ["Europe"] * 5)
    network = network.with_places(table)
    by_column = roles.gateway(network, "continent")
    pd.testing.assert_series_equal(by_column, roles.gateway(network, partition))
    pd.testing.assert_series_equal(by_column, roles.gateway(network, table["continent"]))
    # All 20 pairs of the two continents pass both ends of the bridge, less those that end there.
    assert by_column.tolist() == [0, 0, 0, 15, 16, 0, 0, 0, 0]


def test_groups_that_do_not_fit():
    network = ZOO["path"].network
    with pytest.raises(UnknownNameError, match="unknown column of the place table 'planet'"):
        roles.gateway(network, "planet")
    with pytest.raises(NetworkError, match="5 of 5 places have no group, the first is 'place-1'"):
        roles.participation(network, "country")
    with pytest.raises(NetworkError, match="2 of 5 places have no group, the first is 'place-4'"):
        roles.within_module_z(network, pd.Series("x", index=network.ids[:3]))
    twice = pd.Series("x", index=[*network.ids, network.ids[0]])
    with pytest.raises(NetworkError, match="places with two groups"):
        roles.gateway(network, twice)
