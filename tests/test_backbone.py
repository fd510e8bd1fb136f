import math
from fractions import Fraction
from functools import cache
from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innovation_graph import Network, _scaling
from innovation_graph.backbone import (
    BACKBONES,
    disparity,
    disparity_filter,
    doubly_stochastic,
    doubly_stochastic_filter,
    maximum_spanning_tree,
    noise_corrected,
    noise_corrected_filter,
    readable,
    threshold,
    top_k,
)
from innovation_graph.errors import NetworkError, RecipeError
from innovation_graph.sources.networks import read_vosviewer
from tests.zoo import ZOO, build, clique

few = settings(max_examples=40)  # each example makes several networks
every_animal = pytest.mark.parametrize("name", ZOO)


@st.composite
def weighted_networks(draw, largest=7):
    n = draw(st.integers(0, largest))
    links = clique(range(n))
    weights = draw(st.lists(st.sampled_from([0, 0, 1, 2, 3, 7, 20]), min_size=len(links), max_size=len(links)))
    return build(n, [(i, j, weight) for (i, j), weight in zip(links, weights, strict=True)])


def as_set(network):
    return set(network.links().itertuples(index=False, name=None))


def permuted(network, order):
    return Network.from_matrix(network.adjacency.toarray()[np.ix_(order, order)], list(network.ids[order]))


def unordered(links):
    return {(frozenset((source, target)), weight) for source, target, weight in links}


# Every rule


@every_animal
@pytest.mark.parametrize("rule", BACKBONES)
def test_every_rule_keeps_all_places_and_some_links(name, rule):
    network = ZOO[name].network
    if rule == "doubly_stochastic" and not has_total_support(network.adjacency.toarray()):
        with pytest.raises(NetworkError, match="there is no doubly stochastic scaling"):
            BACKBONES[rule](network)
        return
    if 0 < network.total_weight < 1 and rule == "noise_corrected":
        with pytest.raises(NetworkError, match="counts"):
            BACKBONES[rule](network)
        return
    kept = BACKBONES[rule](network)
    pd.testing.assert_frame_equal(kept.places, network.places)
    assert as_set(kept) <= as_set(network)
    head = kept.provenance["backbone"]
    assert head["of_links"] == network.n_links
    assert head["of_weight"] == network.total_weight


@settings(max_examples=20)
@given(weighted_networks(), st.randoms(use_true_random=False))
def test_rules_without_ties_by_position_ignore_the_order_of_places(network, random):
    order = list(range(network.n_places))
    random.shuffle(order)
    other = permuted(network, order)
    names = ["disparity", "noise_corrected", "top_k", "threshold"]
    if has_total_support(network.adjacency.toarray()):
        names.append("doubly_stochastic")
    for name in names:
        assert unordered(as_set(BACKBONES[name](other))) == unordered(as_set(BACKBONES[name](network))), name


# Disparity, tree and both


@few
@given(weighted_networks())
def test_disparity_against_the_integral(network):
    matrix = network.adjacency.toarray()
    expected = []
    for i, j in zip(*np.nonzero(np.triu(matrix)), strict=True):
        ends = []
        for place in (i, j):
            k = np.count_nonzero(matrix[place])
            share = matrix[i, j] / matrix[place].sum()
            # 1 - (k - 1) * integral of (1 - x)^(k - 2) from 0 to share, by the midpoint rule
            x = (np.arange(4000) + 0.5) / 4000 * share
            ends.append(1.0 if k == 1 else 1 - (k - 1) * np.sum((1 - x) ** (k - 2)) * share / 4000)
        expected.append(min(ends))
    found = disparity(network)
    np.testing.assert_allclose(found["p_value"], expected, atol=1e-5)
    pd.testing.assert_frame_equal(found.drop(columns="p_value"), network.links())


@every_animal
@pytest.mark.parametrize("alpha", [0, 0.05, 0.4, 1])
def test_disparity_filter_keeps_what_is_significant(name, alpha):
    network = ZOO[name].network
    links = disparity(network)
    kept = disparity_filter(network, alpha)
    expected = links[links["p_value"] < alpha].drop(columns="p_value").reset_index(drop=True)
    pd.testing.assert_frame_equal(kept.links(), expected)
    pd.testing.assert_frame_equal(kept.places, network.places)
    assert kept.provenance["backbone"]["of_links"] == network.n_links


def test_disparity_of_places_with_one_link():
    assert disparity(ZOO["pair"].network)["p_value"].tolist() == [1.0]
    # In a star only the centre has a say: (1 - 1/5)^4.
    assert disparity(ZOO["star"].network)["p_value"].tolist() == pytest.approx([0.8**4] * 5)
    with pytest.raises(RecipeError, match="alpha must lie between 0 and 1, not 5"):
        disparity_filter(ZOO["pair"].network, 5)


@few
@given(weighted_networks())
def test_maximum_spanning_tree_against_networkx(network):
    tree = maximum_spanning_tree(network)
    graph = network.to_networkx()
    expected = nx.maximum_spanning_tree(graph)
    assert tree.total_weight == expected.size("weight")
    assert tree.n_links == network.n_places - nx.number_connected_components(graph)
    assert nx.number_connected_components(tree.to_networkx()) == nx.number_connected_components(graph)
    assert set(map(tuple, tree.links().to_numpy())) <= set(map(tuple, network.links().to_numpy()))


def test_ties_of_the_tree_go_to_the_first_link():
    tree = maximum_spanning_tree(ZOO["complete"].network).links()
    assert tree[["source", "target"]].to_numpy().tolist() == [["place-1", f"place-{i}"] for i in range(2, 6)]


@few
@given(weighted_networks(), st.sampled_from([0, 0.5, 1, 1.5, 2, 3.5, 100]))
def test_readable_has_the_tree_and_as_many_links_as_asked(network, links_per_place):
    shown = readable(network, links_per_place)
    tree = maximum_spanning_tree(network)
    linked = int((network.adjacency.sum(axis=1) > 0).sum())
    assert shown.n_links == min(network.n_links, max(tree.n_links, round(links_per_place * linked)))
    kept, whole = set(map(tuple, shown.links().to_numpy())), set(map(tuple, network.links().to_numpy()))
    in_tree = set(map(tuple, tree.links().to_numpy()))
    assert in_tree <= kept <= whole
    p = {tuple(row[:3]): row[3] for row in disparity(network).to_numpy()}
    if kept > in_tree and kept < whole:
        assert max((p[link], -link[2]) for link in kept - in_tree) <= min((p[link], -link[2]) for link in whole - kept)


def test_readable_refuses():
    with pytest.raises(RecipeError, match="links_per_place must be a number from 0 on, not -1"):
        readable(ZOO["pair"].network, -1)


# Noise corrected


def noise_corrected_by_hand(matrix):
    """Score and variance of each link, in fractions, step by step as the paper has it."""
    places = range(len(matrix))
    w = [[Fraction(float(value)) for value in row] for row in matrix]
    n = sum(map(sum, w))
    out = []
    for i, j in combinations(places, 2):
        if not w[i][j]:
            continue
        out_i, in_j = sum(w[i]), sum(row[j] for row in w)
        kappa = n / (out_i * in_j)
        lift = w[i][j] * kappa
        score = (lift - 1) / (lift + 1)
        mu = out_i * in_j / n / n
        var = out_i * in_j * (n - out_i) * (n - in_j) / (n * n * (n - 1)) / n**2  # hypergeometric, over n^2
        alpha = mu * (mu * (1 - mu) / var - 1)
        beta = (1 - mu) * (mu * (1 - mu) / var - 1)
        # The prior has the moments it should have.
        assert alpha / (alpha + beta) == mu
        assert alpha * beta / ((alpha + beta) ** 2 * (alpha + beta + 1)) == var
        p = (alpha + w[i][j]) / (alpha + beta + n)
        kappa_slope = 1 / (out_i * in_j) - n * (out_i + in_j) / (out_i * in_j) ** 2
        slope = 2 * (kappa + w[i][j] * kappa_slope) / (lift + 1) ** 2
        out.append((score, n * p * (1 - p) * slope**2))
    return out


@few
@given(weighted_networks())
def test_noise_corrected_against_fractions(network):
    found = noise_corrected(network)
    pd.testing.assert_frame_equal(found[["source", "target", "weight"]], network.links())
    by_hand = noise_corrected_by_hand(network.adjacency.toarray())
    np.testing.assert_allclose(found["score"], [float(score) for score, _ in by_hand], atol=1e-12)
    deviation = [math.sqrt(variance) for _, variance in by_hand]
    np.testing.assert_allclose(found["standard_deviation"], deviation, rtol=1e-9, atol=1e-9)
    for (score, variance), p_value in zip(by_hand, found["p_value"], strict=True):
        if variance:
            expected = math.erfc(float(score) / math.sqrt(variance) / math.sqrt(2)) / 2
            assert p_value == pytest.approx(expected, rel=1e-8, abs=1e-12)


def test_slope_is_the_derivative_of_the_score():
    # One more unit between two places also adds to both strengths and, seen from one end, once to the total.
    def score(w, a, b, n):
        return (n * w / a / b - 1) / (n * w / a / b + 1)

    network = build(4, [(0, 1, 5), (0, 2, 2), (1, 2, 4), (2, 3, 3)])
    first = noise_corrected(network).iloc[0]
    a, b, n, h = 7, 9, 28, 1e-6
    numeric = (score(5 + h, a + h, b + h, n + h) - score(5 - h, a - h, b - h, n - h)) / (2 * h)
    (_, variance), *_ = noise_corrected_by_hand(network.adjacency.toarray())
    mu, var = Fraction(a * b, n * n), Fraction(a * b * (n - a) * (n - b), n**4 * (n - 1))
    size = mu * (1 - mu) / var - 1
    p = float((mu * size + 5) / (size + n))
    assert first["standard_deviation"] == pytest.approx(abs(numeric) * math.sqrt(n * p * (1 - p)), rel=1e-6)
    assert first["standard_deviation"] ** 2 == pytest.approx(float(variance), rel=1e-12)


def test_noise_corrected_scores_in_closed_form():
    # A complete graph of m places: a link has m / (m - 1) times its expected weight.
    assert noise_corrected(ZOO["complete"].network)["score"].to_numpy() == pytest.approx([1 / 9] * 10)
    # Alone with each other: twice as much as expected.
    assert noise_corrected(ZOO["pair"].network)["score"].tolist() == pytest.approx([1 / 3])


def test_more_evidence_is_more_certain():
    network = build(6, [(0, 1, 5), *clique(range(1, 6))])
    tenfold = Network.from_matrix(10 * network.adjacency.toarray())
    once, ten = noise_corrected(network), noise_corrected(tenfold)
    np.testing.assert_allclose(once["score"], ten["score"])
    assert (ten["standard_deviation"] < once["standard_deviation"]).all()
    # Deviations shrink about as the root of the evidence.
    np.testing.assert_allclose(once["standard_deviation"] / ten["standard_deviation"], 10**0.5, rtol=0.1)


@every_animal
@pytest.mark.parametrize("alpha", [0, 0.05, 0.4, 1])
def test_noise_corrected_filter_keeps_what_is_significant(name, alpha):
    network = ZOO[name].network
    links = noise_corrected(network)
    expected = links[links["p_value"] < alpha][["source", "target", "weight"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(noise_corrected_filter(network, alpha).links(), expected)


def test_delta_counts_deviations():
    network = build(8, [(0, 1, 9), (2, 3, 30), *((i, j, 1 + (i * j) % 5) for i, j in clique(range(1, 8)))])
    links = noise_corrected(network)
    for delta in (-1.0, 0.0, 1.28, 1.64, 2.32):
        kept = noise_corrected_filter(network, delta=delta)
        by_definition = links[links["score"] - delta * links["standard_deviation"] > 0]
        assert list(kept.links()["source"]) == list(by_definition["source"])
        assert kept.provenance["backbone"]["delta"] == delta
    alike = noise_corrected_filter(network, delta=1.6448536269514722)
    assert as_set(alike) == as_set(noise_corrected_filter(network, 0.05))
    assert 0 < alike.n_links < network.n_links


def test_a_deviation_of_nothing():
    # Strengths 20 and 20, weight 12, total 60: the slope of the score is 0, the score is positive.
    network = build(4, [(0, 1, 12), (0, 2, 8), (1, 2, 2), (1, 3, 6), (2, 3, 2)])
    assert network.adjacency.sum(axis=1)[:2].tolist() == [20, 20]
    assert network.adjacency.sum() == 60
    first = noise_corrected(network).iloc[0]
    assert first["standard_deviation"] == pytest.approx(0, abs=1e-15)
    assert first["score"] > 0
    assert first["p_value"] == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"alpha": 5}, "alpha must lie between 0 and 1, not 5"),
        ({"alpha": float("nan")}, "alpha must lie between 0 and 1, not nan"),
        ({"delta": float("nan")}, "delta must be a number of standard deviations, not nan"),
    ],
)
def test_noise_corrected_filter_refuses(wrong, message):
    with pytest.raises(RecipeError, match=message):
        noise_corrected_filter(ZOO["pair"].network, **wrong)


def test_noise_correction_needs_counts():
    with pytest.raises(NetworkError, match=r"weights as counts, and they add up to 0\.4: expected at least 1"):
        noise_corrected(build(3, [(0, 1, 0.25), (1, 2, 0.15)]))


# Doubly stochastic


def has_total_support(matrix):
    """Whether every link lies on a permutation without a zero, by trying the rows one after the other."""
    linked = matrix.any(axis=1)
    matrix = matrix[np.ix_(linked, linked)]
    places = range(len(matrix))

    @cache
    def fits(rows, columns):
        """Whether each of these rows can have a column of its own among these."""
        return not rows or any(matrix[rows[0], j] and fits(rows[1:], columns - {j}) for j in columns)

    return all(
        fits(tuple(place for place in places if place != i), frozenset(places) - {j})
        for i, j in zip(*np.nonzero(matrix), strict=True)
    )


@few
@given(weighted_networks(largest=6))
def test_the_scaling_exists_where_brute_force_says_so(network):
    matrix = network.adjacency.toarray()
    if not has_total_support(matrix):
        with pytest.raises(NetworkError, match=r"no doubly stochastic scaling.*use another rule"):
            doubly_stochastic(network)
        return
    found = doubly_stochastic(network)
    pd.testing.assert_frame_equal(found[["source", "target", "weight"]], network.links())
    if network.n_links:
        scaled = Network.from_edges(found, network.places, weight="normalised").adjacency.toarray()
        linked = matrix.any(axis=1)
        np.testing.assert_allclose(scaled.sum(axis=1)[linked], 1, atol=1e-10)
        # Scaled by factors of rows and columns: cross ratios of 2 x 2 blocks stay as they were.
        for i, j in combinations(range(len(matrix)), 2):
            for k, m in combinations(range(len(matrix)), 2):
                block = np.ix_([i, j], [k, m])
                if (matrix[block] > 0).all():
                    (a, b), (c, d) = matrix[block]
                    (p, q), (r, s) = scaled[block]
                    assert p * s / (q * r) == pytest.approx(a * d / (b * c), rel=1e-8)


@pytest.mark.parametrize("scale", [1e-9, 1, 1e12])
def test_scaling_in_closed_form(scale):
    # Three weights of a triangle always become 1/2.
    triangle = build(3, [(0, 1, 8 * scale), (0, 2, 2 * scale), (1, 2, scale)])
    assert doubly_stochastic(triangle)["normalised"].to_numpy() == pytest.approx([0.5] * 3)
    assert doubly_stochastic(ZOO["pair"].network)["normalised"].tolist() == pytest.approx([1])
    # A ring of four, weights a, b, c, d: opposite links are alike, p / (1 - p) = sqrt(a c / b d).
    ring = build(4, [(0, 1, 9 * scale), (1, 2, 2 * scale), (2, 3, 4 * scale), (0, 3, 2 * scale)])
    by_pair = doubly_stochastic(ring).set_index(["source", "target"])["normalised"]
    assert by_pair["place-1", "place-2"] == pytest.approx(3 / 4)
    assert by_pair["place-3", "place-4"] == pytest.approx(3 / 4)
    assert by_pair["place-1", "place-4"] == pytest.approx(1 / 4)
    assert by_pair["place-2", "place-3"] == pytest.approx(1 / 4)


def test_sizes_of_places_do_not_matter():
    rng = np.random.default_rng(3)
    matrix = np.triu(rng.random((30, 30)), 1)
    size = 10 ** rng.uniform(-3, 3, 30)
    plain = Network.from_matrix(matrix + matrix.T)
    sized = Network.from_matrix((matrix + matrix.T) * np.outer(size, size))
    np.testing.assert_allclose(
        doubly_stochastic(plain)["normalised"], doubly_stochastic(sized)["normalised"], rtol=1e-8
    )


def test_a_scaling_that_does_not_exist():
    with pytest.raises(NetworkError, match="cannot all be covered by disjoint pairs and rings of links, 4 stay over"):
        doubly_stochastic(ZOO["star"].network)
    triangle_and_leaf = build(4, [*clique(range(3)), (2, 3)])
    with pytest.raises(NetworkError, match=r"2 of 4 links, the first between 'place-1' and 'place-3'.*another rule"):
        doubly_stochastic(triangle_and_leaf)


def test_a_scaling_that_is_not_found(monkeypatch):
    monkeypatch.setattr(_scaling, "_STEPS", 3)
    with pytest.raises(NetworkError, match="not found in 3 steps: a sum of weights is still off by"):
        doubly_stochastic(build(4, [(0, 1, 9), (1, 2, 2), (2, 3, 4), (0, 3, 2), (0, 2, 1e-6), (1, 3, 5)]))


@few
@given(weighted_networks(largest=6))
def test_the_filter_adds_links_until_all_is_connected(network):
    if not has_total_support(network.adjacency.toarray()):
        return
    links = doubly_stochastic(network)
    graph = network.to_networkx()
    parts = nx.number_connected_components(graph)
    slow = nx.create_empty_copy(graph)
    for _, level in links.groupby(-links["normalised"].round(8)):  # heaviest first, equal ones together
        if nx.number_connected_components(slow) == parts:
            break
        slow.add_edges_from(zip(level["source"], level["target"], strict=True))
    kept = doubly_stochastic_filter(network)
    assert {frozenset(link[:2]) for link in as_set(kept)} == {frozenset(link) for link in slow.edges}


def test_the_filter_takes_a_share_and_all_that_tie():
    ring = build(4, [(0, 1, 9), (1, 2, 2), (2, 3, 4), (0, 3, 2)])
    for share, links in ((0, 0), (0.1, 0), (0.25, 2), (0.5, 2), (0.75, 4), (1, 4)):
        kept = doubly_stochastic_filter(ring, share)
        assert kept.n_links == links, share
        assert kept.provenance["backbone"]["share"] == share
    assert doubly_stochastic_filter(ring, 0.5).links()["weight"].tolist() == [9, 4]
    assert doubly_stochastic_filter(ring).n_links == 4
    # All links of a complete graph are alike.
    assert doubly_stochastic_filter(ZOO["complete"].network).n_links == 10
    with pytest.raises(RecipeError, match="share must lie between 0 and 1, not 2"):
        doubly_stochastic_filter(ring, 2)


# Heaviest links


@few
@given(weighted_networks(), st.integers(0, 7), st.booleans())
def test_top_k_against_sorting(network, k, both):
    matrix = network.adjacency.toarray()

    def among(i, j):
        return sum(matrix[i] > matrix[i, j]) < k

    expected = {
        (network.ids[i], network.ids[j])
        for i, j in combinations(range(len(matrix)), 2)
        if matrix[i, j] and (among(i, j) and among(j, i) if both else among(i, j) or among(j, i))
    }
    kept = top_k(network, k, both=both)
    assert {link[:2] for link in as_set(kept)} == expected
    assert kept.provenance["backbone"]["k"] == k


def test_top_k_in_closed_form():
    fan = build(4, [(0, 1, 3), (0, 2, 2), (0, 3, 1)])
    assert top_k(fan, 1).n_links == 3  # each leaf has its link
    assert top_k(fan, 1, both=True).links()["weight"].tolist() == [3]
    assert top_k(fan, 2, both=True).links()["weight"].tolist() == [3, 2]
    assert top_k(ZOO["complete"].network, 1, both=True).n_links == 10  # ties are kept
    for wrong in (-1, 1.5, float("nan")):
        with pytest.raises(RecipeError, match=f"k must be a whole number from 0 on, not {wrong}"):
            top_k(fan, wrong)


def test_threshold():
    network = build(4, [(0, 1, 1), (1, 2, 2), (2, 3, 2.5)])
    assert threshold(network).links()["weight"].tolist() == [2, 2.5]
    kept = threshold(network, 2.5)
    assert as_set(kept) == as_set(network.threshold(2.5))
    assert kept.provenance["minimum"] == kept.provenance["backbone"]["minimum"] == 2.5
    with pytest.raises(RecipeError, match="minimum must be a number, not nan"):
        threshold(network, float("nan"))


# Real


def test_leiden_ranking(real_data):
    network = read_vosviewer(real_data / "leiden2015" / "map.txt")
    kept = noise_corrected_filter(network, 0.01)
    assert 0 < kept.n_links < network.n_links
    scaled = doubly_stochastic_filter(network)
    # Connected with as few links as the falling weights allow: without the lightest of them it is not.
    weights = doubly_stochastic(network).set_index(["source", "target"])["normalised"]
    chosen = [weights[link[:2]] for link in as_set(scaled)]
    assert nx.is_connected(scaled.to_networkx()) == nx.is_connected(network.to_networkx())
    assert maximum_spanning_tree(network).n_links <= scaled.n_links
    assert min(chosen) > weights.drop([link[:2] for link in as_set(scaled)]).max()
