from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats

from innovation_graph import Network, Selection, incidence, places, project, similarity
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.null_model import hypergeometric
from innovation_graph.samples import sample_records

few = settings(max_examples=15)  # each example makes several networks


def network_of(matrix, works, world=None, **columns):
    n = len(works)
    table = pd.DataFrame({"works": np.array(works, dtype=float), **columns}, index=[f"p{i}" for i in range(n)])
    info = {"counting": "whole"} | ({} if world is None else {"works_located": world})
    return Network.from_matrix(np.array(matrix, dtype=float).reshape(n, n), table, provenance=info)


def pair(common, a, b, world):
    return network_of([[0, common], [common, 0]], [a, b], world)


@st.composite
def worlds(draw, largest=5):
    """Draw works, each a set of places, and the network they make."""
    n = draw(st.integers(2, largest))
    works = draw(st.lists(st.sets(st.integers(0, n - 1), min_size=1), min_size=1, max_size=20))
    matrix = [[sum({i, j} <= work for work in works) * (i != j) for j in range(n)] for i in range(n)]
    solo = [float(sum(work == {i} for work in works)) for i in range(n)]
    network = network_of(matrix, [sum(i in work for work in works) for i in range(n)], len(works), solo_works=solo)
    linking = sum(len(work) > 1 for work in works)
    return works, Network(network.places, network.upper, {**network.provenance, "works_linking": linking})


def exact_tails(common, a, b, world):
    """Tails of the hypergeometric distribution, counted in whole numbers."""
    a, b = max(a, b), min(a, b)  # the same, but small numbers are drawn from large ones
    ways = {x: comb(a, x) * comb(world - a, b - x) for x in range(max(0, a + b - world), min(a, b) + 1)}
    every = comb(world, b)
    over = Fraction(sum(way for x, way in ways.items() if x >= common), every)
    return over, Fraction(sum(way for x, way in ways.items() if x <= common), every)


@st.composite
def tables(draw):
    world = draw(st.one_of(st.integers(1, 12), st.integers(1, 400)))
    a, b = draw(st.integers(1, world)), draw(st.integers(1, world))
    return draw(st.integers(max(0, a + b - world), min(a, b))), a, b, world


@settings(max_examples=25)
@given(st.lists(tables(), min_size=8, max_size=8))
def test_tails_against_exact_fractions(cases):
    for common, a, b, world in cases:
        found = hypergeometric(pair(common, a, b, world)).iloc[0]
        over, under = exact_tails(common, a, b, world)
        assert found["p_over"] == pytest.approx(float(over), rel=1e-10)
        assert found["p_under"] == pytest.approx(float(under), rel=1e-10)
        assert found["expected"] == pytest.approx(float(Fraction(a * b, world)), rel=1e-12)
        assert found["ratio"] == pytest.approx(float(Fraction(common * world, a * b)), rel=1e-12)


@pytest.mark.parametrize("world", [10**6, 10**8])
@pytest.mark.parametrize("common", [0, 1, 4, 12, 40, 300])
def test_tails_of_large_numbers_against_exact_fractions(common, world):
    a, b = 300, 20_000
    found = hypergeometric(pair(common, a, b, world)).iloc[0]
    over, under = exact_tails(common, a, b, world)
    assert found["p_over"] == pytest.approx(float(over), rel=1e-9, abs=0)
    assert found["p_under"] == pytest.approx(float(under), rel=1e-9, abs=0)
    assert over < Fraction(1, 10**200) or common < 300  # the far tail is not lost


def test_tails_of_large_places_against_scipy():
    rng = np.random.default_rng(8)
    n, world = 40, 2_000_003
    works = np.round(10 ** rng.uniform(2, 5.6, n))
    expected = np.outer(works, works) / world
    common = np.triu(np.minimum(rng.poisson(expected * rng.choice([0.7, 1, 1.3], (n, n))), works), 1)
    common = np.minimum(common, works[:, None])
    found = hypergeometric(network_of(common + common.T, works, world))
    i, j = np.triu_indices(n, 1)
    over = stats.hypergeom.sf(common[i, j] - 1, world, works[i], works[j])
    under = stats.hypergeom.cdf(common[i, j], world, works[i], works[j])
    assert (under < 1e-100).any()
    assert (over < 1e-100).any()
    np.testing.assert_allclose(found["p_over"], over, rtol=1e-6)
    np.testing.assert_allclose(found["p_under"], under, rtol=1e-6)


@few
@given(worlds())
def test_rows_are_all_pairs_of_places_with_works(world):
    works, network = world
    found = hypergeometric(network)
    columns = ["source", "target", "works_in_common", "expected", "ratio"]
    assert list(found.columns) == [*columns, "p_over", "p_under", "q_over", "q_under", "tie"]
    active = [i for i in range(network.n_places) if any(i in work for work in works)]
    pairs = list(combinations(active, 2))
    assert found[["source", "target"]].to_numpy().tolist() == [[f"p{i}", f"p{j}"] for i, j in pairs]
    assert found["works_in_common"].tolist() == [sum({i, j} <= work for work in works) for i, j in pairs]


@few
@given(worlds())
def test_ratios_are_those_of_the_similarities(world):
    _, network = world
    for among, similar in (("located", similarity.affinity), ("linking", similarity.collaboration_index)):
        found = hypergeometric(network, among=among)
        linked = found[found["works_in_common"] > 0].reset_index(drop=True)
        expected = similar(network).links().rename(columns={"weight": "ratio"})
        pd.testing.assert_frame_equal(linked[["source", "target", "ratio"]], expected, rtol=1e-12)


@few
@given(worlds(), st.sampled_from([0.01, 0.2, 0.4]))
def test_false_discovery_rates_against_scipy(world, alpha):
    _, network = world
    found = hypergeometric(network, alpha=alpha)
    for side in ("over", "under"):
        expected = stats.false_discovery_control(found[f"p_{side}"], method="bh") if len(found) else []
        np.testing.assert_allclose(found[f"q_{side}"], expected, rtol=1e-12)
        assert ((found["tie"] == side) == (found[f"q_{side}"] <= alpha)).all()
    assert set(found["tie"]) <= {"over", "under", ""}


@few
@given(worlds())
def test_links_alone_have_the_same_rates_as_among_all_pairs(world):
    _, network = world
    every = hypergeometric(network, alpha=0.3)
    linked = every[every["works_in_common"] > 0].drop(columns=["p_under", "q_under"]).reset_index(drop=True)
    linked["tie"] = linked["tie"].where(linked["tie"] == "over", "")
    pd.testing.assert_frame_equal(hypergeometric(network, alpha=0.3, under=False), linked)


@few
@given(worlds(), st.randoms(use_true_random=False))
def test_permuting_places_permutes_the_result(world, random):
    _, network = world
    order = list(range(network.n_places))
    random.shuffle(order)
    matrix = network.adjacency.toarray()[np.ix_(order, order)]
    moved = Network.from_matrix(matrix, network.places.iloc[order], provenance=network.provenance)

    def by_pair(table):
        ends = [frozenset(pair) for pair in zip(table["source"], table["target"], strict=True)]
        return dict(zip(ends, table.drop(columns=["source", "target"]).itertuples(index=False), strict=True))

    before, after = by_pair(hypergeometric(network)), by_pair(hypergeometric(moved))
    assert before.keys() == after.keys()
    for ends, row in before.items():
        assert after[ends][:-1] == pytest.approx(row[:-1], rel=1e-9)
        assert after[ends][-1] == row[-1]


def test_all_pieces_of_many_pairs_are_put_together():
    n = 760  # more pairs than are summed at once
    works = np.arange(1, n + 1) * 10.0
    matrix = np.zeros((n, n))
    for i, j in [(0, 1), (3, 700), (758, 759), (400, 401)]:
        matrix[i, j] = matrix[j, i] = 5
    found = hypergeometric(network_of(matrix, works, 20_000))
    assert len(found) == n * (n - 1) // 2
    linked = found[found["works_in_common"] > 0]
    assert linked[["source", "target"]].to_numpy().tolist() == [
        ["p0", "p1"], ["p3", "p700"], ["p400", "p401"], ["p758", "p759"]
    ]  # fmt: skip
    for row in [0, 100_000, 262_143, 262_144, len(found) - 1]:
        pair_ = found.iloc[row]
        a, b = (int(works[int(pair_[end][1:])]) for end in ("source", "target"))
        under = stats.hypergeom.cdf(pair_["works_in_common"], 20_000, a, b)
        assert pair_["p_under"] == pytest.approx(under, rel=1e-8)


def test_places_of_no_or_unknown_works_are_in_no_pair():
    network = network_of(np.zeros((4, 4)), [5, 0, np.nan, 7], 20)
    assert hypergeometric(network)[["source", "target"]].to_numpy().tolist() == [["p0", "p3"]]
    assert len(hypergeometric(network_of([[0]], [5], 20))) == 0
    assert len(hypergeometric(network_of([], [], 20))) == 0


def test_an_incidence_is_counted_whole_first():
    records = sample_records()
    located = places.locate(records, places.gihi2024())
    works = incidence.build(records, located, Selection(kind="patent", years=(2023, 2023)), shares=False)
    expected = hypergeometric(project(works, counting="whole"), among="linking")
    pd.testing.assert_frame_equal(hypergeometric(works, among="linking"), expected)
    # Works in common, counted from the rows themselves.
    has = (works.matrix > 0).astype(int)
    common = (has.T @ has).toarray()
    rows = {place: row for row, place in enumerate(works.places.index)}
    ends = expected["source"].map(rows), expected["target"].map(rows)
    assert expected["works_in_common"].tolist() == common[ends].tolist()


def test_what_cannot_be_tested_is_refused():
    with pytest.raises(UnknownNameError, match="unknown set of works 'all'; known: linking, located"):
        hypergeometric(pair(1, 2, 2, 9), among="all")
    for alpha in (0, 0.5, np.nan):
        with pytest.raises(NetworkError, match=r"alpha must lie above 0 and below 0\.5"):
            hypergeometric(pair(1, 2, 2, 9), alpha=alpha)
    with pytest.raises(NetworkError, match=r"works must be whole numbers, but one of the counts is 1\.5"):
        hypergeometric(pair(1.5, 2, 2, 9))
    with pytest.raises(NetworkError, match=r"works must be whole numbers, but one of the counts is 9\.5"):
        hypergeometric(pair(1, 2, 2, 9.5))
    with pytest.raises(NetworkError, match="p0 and p1 together have 11 works, but there are only 10 in all"):
        hypergeometric(pair(1, 6, 6, 10))
    with pytest.raises(NetworkError, match="p0 and p1 together have 12 works, but there are only 10 in all"):
        hypergeometric(pair(0, 6, 6, 10))
    network = pair(1, 2, 2, 9)
    fractional = Network(network.places, network.upper, {"counting": "fractional", "works_located": 9})
    with pytest.raises(NetworkError, match="not of 'fractional' counting"):
        hypergeometric(fractional)
    with pytest.raises(NetworkError, match="no 'works_located'; give the number as world"):
        hypergeometric(network_of([[0, 1], [1, 0]], [2, 2]))
    many = pd.DataFrame({"works": np.ones(7000)}, index=[f"p{i}" for i in range(7000)])
    with pytest.raises(NetworkError, match=r"24,496,500 pairs of places are too many.*under=False"):
        hypergeometric(Network(many, sparse.csr_array((7000, 7000))), world=9000)
