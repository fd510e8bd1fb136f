import json
from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import located_at, random_works, records_of
from scipy import stats

from innovation_graph import _resampling, centrality, incidence, project
from innovation_graph.errors import FormatError, NetworkError, RecipeError, UnknownNameError
from innovation_graph.incidence import Block, Incidence
from innovation_graph.uncertainty import Uncertainty, bootstrap, read_uncertainty

RULES = ("whole", "fractional", "whole_normalised", "share")
WEIGHT = {"whole": lambda _: 1, "fractional": lambda n: 1 / (n - 1), "whole_normalised": lambda n: 2 / (n * (n - 1))}


def table_of(n_places):
    ids = pd.Index([f"p{i}" for i in range(n_places)], name="place_id")
    return pd.DataFrame({"name_en": [f"Place {i}" for i in range(n_places)]}, index=ids)


def incidence_of(sets, n_places, shares=None, **info):
    """Make an incidence of works given as tuples of places."""
    ptr = np.cumsum([0, *map(len, sets)])
    place = np.array([place for one in sets for place in one], dtype=np.int32)
    share = None if shares is None else np.array([s for one in shares for s in one], dtype=float)
    block = Block(np.arange(len(sets), dtype=np.int32), ptr, place, share, len(place), len(place))
    return Incidence(table_of(n_places), block, len(sets), info)


def random_incidence(seed, n_works, n_places, widest=5, shares=False):
    rng = np.random.default_rng(seed)
    size = np.minimum(rng.geometric(0.45, n_works), min(widest, n_places))
    popular = rng.dirichlet(np.full(n_places, 0.8))
    sets = [tuple(sorted(rng.choice(n_places, k, replace=False, p=popular).tolist())) for k in size]
    parts = [rng.choice([0.25, 0.5, 1.0], len(one)) / len(one) for one in sets] if shares else None
    return incidence_of(sets, n_places, parts)


def works_of(source, counting):
    """Yield for each work its pairs as (i, j, weight)."""
    _, ptr, place, share, *_ = source.rows
    for start, stop in pairwise(ptr):
        pairs = list(combinations(range(start, stop), 2))
        if counting == "share":
            yield [(place[a], place[b], share[a] * share[b]) for a, b in pairs]
        else:
            yield [(place[a], place[b], WEIGHT[counting](stop - start)) for a, b in pairs]


def contributions(source, counting):
    """What each work adds to the strength of each place, shape (works, places)."""
    out = np.zeros((len(source.rows.work), len(source.places)))
    for row, pairs in enumerate(works_of(source, counting)):
        for i, j, weight in pairs:
            out[row, i] += weight
            out[row, j] += weight
    return out


def plain_bootstrap(source, counting, replicates, seed):
    """Adjacency matrices, one a replicate, of works weighted one by one."""
    rng = np.random.default_rng(seed)
    n = len(source.places)
    dense = np.zeros((len(source.rows.work), n, n))
    for row, pairs in enumerate(works_of(source, counting)):
        for i, j, weight in pairs:
            dense[row, i, j] = dense[row, j, i] = weight
    return np.einsum("rw,wij->rij", rng.poisson(1.0, (replicates, len(dense))).astype(float), dense, optimize=True)


# Collapsing and drawing


@pytest.mark.parametrize("counting", RULES)
def test_collapse_counts_equal_sets_whatever_the_order(counting):
    source = random_incidence(1, 500, 30, widest=16, shares=True)
    _, ptr, place, share, *_ = source.rows
    rows = [(tuple(place[a:b].tolist()), tuple(share[a:b].tolist())) for a, b in pairwise(ptr)]
    expected = Counter(row if counting == "share" else row[0] for row in rows)
    sets = _resampling.collapse(source, counting)
    cut = list(zip(sets.ptr[:-1], sets.ptr[1:], strict=True))
    found = [tuple(sets.place[a:b].tolist()) for a, b in cut]
    if counting == "share":
        found = [(one, tuple(sets.share[a:b].tolist())) for one, (a, b) in zip(found, cut, strict=True)]
    assert dict(zip(found, sets.works.tolist(), strict=True)) == expected
    order = np.random.default_rng(2).permutation(len(rows))
    moved = incidence_of([rows[i][0] for i in order], 30, [rows[i][1] for i in order])
    again = _resampling.collapse(moved, counting)
    for name in ("ptr", "place", "works"):
        np.testing.assert_array_equal(getattr(sets, name), getattr(again, name))


def test_collapse_of_a_stream_and_of_many_pieces(monkeypatch):
    rng = np.random.default_rng(5)
    records = records_of(random_works(rng, 300, 12), 12)
    stream = incidence.stream(records, located_at([0, 1, 2, 3, 4, 5, 6, 0, 1, 2, -1, 3], 7), shares=True)
    for counting in RULES:
        whole = _resampling.collapse(stream, counting)
        stored = stream.collect()
        monkeypatch.setattr(incidence, "_ROWS_PER_BLOCK", 17)
        pieces = _resampling.collapse(stored, counting, threads=2)
        monkeypatch.undo()
        for name in ("ptr", "place", "works", *(["share"] if counting == "share" else [])):
            np.testing.assert_array_equal(getattr(whole, name), getattr(pieces, name))


def test_uniform_numbers_are_those_of_splitmix64():
    # Published test vector of the generator, seed 1234567.
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    key, counter = np.array([1234567], dtype=np.uint64), np.arange(4, dtype=np.uint64)
    assert _resampling._uniform(key, counter)[:, 0].tolist() == [value >> 11 for value in expected]


@pytest.mark.parametrize("works", [1, 2, 3, 13, 700, 2**20 + 5])
def test_draws_follow_the_poisson_law(works):
    drawn = _resampling.draw(np.full(50, works), _resampling.keys_of(works, 400)).ravel()
    law = stats.poisson(works)
    edges = np.unique(law.ppf(np.linspace(0.02, 0.98, 13)))
    share = np.diff(np.concatenate([[0], law.cdf(edges), [1]]))
    counted = np.diff(np.concatenate([[0], (drawn[:, None] <= edges).sum(axis=0), [len(drawn)]]))
    assert stats.chisquare(counted, share * len(drawn)).pvalue > 1e-3
    assert drawn.mean() == pytest.approx(works, abs=5 * (works / len(drawn)) ** 0.5)


@pytest.mark.parametrize("counting", RULES)
def test_compiled_and_plain_machinery_agree(counting):
    sets = [*[(0, 1)] * 5000, *[(1, 2, 3)] * 90, (0, 1, 2, 3, 4, 5, 6), (2,), (5, 6)]
    base = random_incidence(7, 300, 9, shares=True)
    ptr, place = base.rows.ptr, base.rows.place
    sets += [tuple(place[a:b].tolist()) for a, b in pairwise(ptr)]
    shares = np.random.default_rng(0).choice([0.25, 0.5], (len(sets), 9))
    source = incidence_of(sets, 9, [row[: len(one)] for row, one in zip(shares, sets, strict=True)])
    made = _resampling.Replicates(_resampling.collapse(source, counting), counting, 1)
    keys = _resampling.keys_of(4, _resampling.LANES)
    expected = made.weights(keys)
    assert not made.compiled
    made.compiled = True
    np.testing.assert_allclose(made.weights(keys), expected, rtol=1e-12)
    np.testing.assert_allclose(made.weights(keys[:3]), expected[:3], rtol=1e-12)


def test_compiled_counts_do_not_run_over():
    # 200 sets of 900 works that share one pair: far more than sixteen bits hold.
    sets = [(0, 1, 2 + i) for i in range(200)]
    collapsed = _resampling.collapse(incidence_of(sets, 202), "whole")
    collapsed.works[:] = 900
    made = _resampling.Replicates(collapsed, "whole", 1)
    keys = _resampling.keys_of(0, 5)
    expected = made.weights(keys)
    assert expected.max() > 2 * 2**16
    made.compiled = True
    np.testing.assert_array_equal(made.weights(keys), expected)


# The bootstrap itself


@pytest.mark.parametrize("counting", RULES)
def test_strength_has_the_moments_of_poisson_weights(counting):
    source = random_incidence(3, 400, 7, shares=True)
    found = bootstrap(source, ["strength"], counting=counting, replicates=8000, seed=1)
    part = contributions(source, counting)
    covariance = part.T @ part
    np.testing.assert_allclose(found.estimate["strength"], part.sum(axis=0), rtol=1e-12)
    values = found.replicates["strength"]
    error = np.sqrt(np.diag(covariance))
    # Five standard errors of a mean; of a covariance (no more than sqrt 2 for normal values).
    assert (np.abs(values.mean(axis=0) - part.sum(axis=0)) <= 5 * error / 8000**0.5).all()
    scale = np.outer(error, error)
    assert (np.abs(np.cov(values.T) - covariance) <= 5 * (2 / 8000) ** 0.5 * scale).all()


@pytest.mark.parametrize("counting", RULES)
def test_same_distribution_as_weights_drawn_work_by_work(counting):
    # Degrees vary where works are few, and only where they are many every replicate hangs together.
    few, many = random_incidence(11, 40, 9, shares=True), random_incidence(12, 150, 6, shares=True)
    replicates = 3000
    matrices = plain_bootstrap(few, counting, replicates, seed=9)
    plain = {"degree": (matrices > 0).sum(axis=2), "strength": matrices.sum(axis=2)}
    plain["eigenvector"] = np.abs(np.linalg.eigh(plain_bootstrap(many, counting, replicates, seed=8))[1][:, :, -1])
    for name, expected in plain.items():
        source = many if name == "eigenvector" else few
        values = bootstrap(source, [name], counting=counting, replicates=replicates, seed=2).replicates[name]
        spread = expected.std(axis=0)
        assert (np.abs(values.mean(axis=0) - expected.mean(axis=0)) <= 5 * spread * (2 / replicates) ** 0.5).all(), name
        np.testing.assert_allclose(np.cov(values.T), np.cov(expected.T), atol=0.12 * spread.max() ** 2, err_msg=name)
        for ours, theirs in zip(values.T, expected.T, strict=True):
            # Sums of decimals in another order are not equal to the last bit: round before ties are looked for.
            assert stats.ks_2samp(ours.round(9), theirs.round(9), method="asymp").pvalue > 1e-4, name


def test_degree_loses_the_links_that_rest_on_few_works():
    source = random_incidence(4, 60, 8)
    found = bootstrap(source, ["degree"], replicates=6000)
    matrix = sum_of_pairs(source)
    expected = -np.where(matrix > 0, np.exp(-matrix), 0).sum(axis=1)
    summary = found.summary("degree")
    assert (np.abs(summary["bias"] - expected) <= 5 * summary["standard_error"] / 6000**0.5).all()
    assert (found.summary("degree", interval="percentile")["high"] <= summary["estimate"]).all()
    assert (summary["low"] <= summary["estimate"]).all()
    assert (summary["estimate"] <= summary["high"]).all()
    assert (found.summary("degree", interval="basic")["low"] >= summary["estimate"]).all()


def sum_of_pairs(source):
    matrix = np.zeros((len(source.places),) * 2)
    for pairs in works_of(source, "whole"):
        for i, j, weight in pairs:
            matrix[i, j] += weight
            matrix[j, i] += weight
    return matrix


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.integers(1, 25), st.integers(2, 9), st.sampled_from(RULES))
def test_quick_measures_equal_those_of_the_replicate_networks(seed, n_works, n_places, counting):
    source = random_incidence(seed, n_works, n_places, widest=3, shares=True)
    seen = []

    def kept(network):
        seen.append(network)
        return centrality.strength(network)

    names = ["degree", "degree_normalised", "strength", "eigenvector"]
    found = bootstrap(source, [*names, kept], counting=counting, replicates=12, seed=seed)
    assert seen[0] == project(source, counting=counting)
    assert [network.provenance["replicate"] for network in seen[1:]] == list(range(12))
    for row, network in enumerate(seen[1:]):
        for name in names:
            expected = centrality.MEASURES[name](network)
            np.testing.assert_allclose(found.replicates[name][row], expected, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize(
    "sets",
    [
        # A star has the largest degree, the path more places, until it breaks.
        [(0, 1), (0, 2), (0, 3)] * 9 + [(4, 5), (5, 6), (6, 7), (7, 8)] * 2,
        # Two triangles: now the one is heavier, now the other.
        [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5)] * 4,
    ],
)
def test_eigenvector_of_replicates_in_parts(sets):
    seen = []

    def kept(network):
        seen.append(network)
        return centrality.degree(network)

    found = bootstrap(incidence_of(sets, 9), ["eigenvector", kept], replicates=60).replicates["eigenvector"]
    np.testing.assert_allclose(found, [centrality.eigenvector(network) for network in seen[1:]], rtol=1e-9, atol=1e-9)
    assert len(set((found > 0).argmax(axis=1))) > 1  # the largest part is not always the same


def test_replicate_networks_count_their_works():
    source = random_incidence(8, 200, 6)
    rows = []

    def works(network):
        rows.append(network.provenance["works_located"])
        return network.places["works"]

    columns = {
        "solo": lambda network: network.places["solo_works"],
        "fractional": lambda network: network.places["fractional_works"],
    }
    found = bootstrap(source, {"works": works, **columns}, replicates=600)
    sizes = np.diff(source.rows.ptr)
    solo = source.rows.place[np.repeat(sizes, sizes) == 1]
    for name, place in (("works", source.rows.place), ("solo", solo)):
        count, values = np.bincount(place, minlength=6), found.replicates[name]
        # Poisson numbers: mean and variance are the count.
        assert (np.abs(values.mean(axis=0) - count) <= 5 * np.sqrt(count / 600)).all()
        np.testing.assert_allclose(values.var(axis=0), count, rtol=5 * (2 / 600) ** 0.5)
    np.testing.assert_allclose(found.replicates["fractional"].sum(axis=1), rows[1:])


def test_more_places_than_fit_a_dense_matrix_change_nothing():
    rng = np.random.default_rng(0)
    sets = [tuple(sorted(rng.choice(9, rng.integers(1, 4), replace=False).tolist())) for _ in range(80)]
    few, many = (bootstrap(incidence_of(sets, n), replicates=40, seed=3) for n in (9, 600))
    for name in few.measures:
        np.testing.assert_allclose(many.replicates[name][:, :9], few.replicates[name], rtol=1e-9, atol=1e-9)
        assert (many.replicates[name][:, 9:] == 0).all()


def test_draws_hang_on_the_seed_alone():
    source = random_incidence(6, 300, 12)
    found = bootstrap(source, replicates=70, seed=5, threads=1)
    assert found == bootstrap(source, replicates=70, seed=5, threads=3)
    assert found != bootstrap(source, replicates=70, seed=6)
    fewer = bootstrap(source, ["strength"], replicates=33, seed=5)
    np.testing.assert_array_equal(fewer.replicates["strength"], found.replicates["strength"][:33])
    with pytest.raises(ValueError, match="read-only"):
        found.replicates["strength"][0, 0] = 1


def test_records_and_their_incidence_give_the_same():
    rng = np.random.default_rng(5)
    records = records_of(random_works(rng, 200, 9), 9)
    stream = incidence.stream(records, located_at([0, 1, 2, 3, 4, 5, 6, 0, -1], 7), shares=True)
    for counting in ("fractional", "share"):
        assert bootstrap(stream, counting=counting, replicates=9) == bootstrap(
            stream.collect(), counting=counting, replicates=9
        )


@pytest.mark.parametrize(("sets", "n_places"), [([], 0), ([], 3), ([(0,), (0,), (1,)], 3)])
def test_without_links_nothing_is_uncertain(sets, n_places):
    found = bootstrap(incidence_of(sets, n_places), ["degree", "strength", "eigenvector", "core_number"], replicates=5)
    for name in found.measures:
        summary = found.summary(name)
        assert len(summary) == n_places
        assert (summary.drop(columns=["rank", "rank_low", "rank_high"]) == 0).all(axis=None)
        assert (summary[["rank", "rank_low", "rank_high"]] == 1).all(axis=None)
        assert found.tiers(name)["tier"].tolist() == [1] * n_places


def test_intervals_cover_what_the_works_are_drawn_from():
    # Works are drawn from known frequencies of sets of places; each interval is asked whether it holds the truth.
    rng = np.random.default_rng(20)
    n, worlds = 6, 100
    sets = [one for k in (2, 3) for one in combinations(range(n), k)]
    expected = rng.gamma(0.8, 14, len(sets))
    matrix = np.zeros((n, n))
    for one, often in zip(sets, expected, strict=True):
        for i, j in combinations(one, 2):
            matrix[i, j] += often
            matrix[j, i] += often
    truth = {"strength": matrix.sum(axis=1), "eigenvector": np.abs(np.linalg.eigh(matrix)[1][:, -1])}
    hits = {name: np.zeros(n) for name in truth}
    for world in range(worlds):
        drawn = rng.poisson(expected)
        source = incidence_of([one for one, often in zip(sets, drawn, strict=True) for _ in range(often)], n)
        found = bootstrap(source, list(truth), replicates=150, seed=world, threads=1)
        for name, value in truth.items():
            summary = found.summary(name)
            hits[name] += (summary["low"] <= value) & (value <= summary["high"])
    for name, count in hits.items():
        # 0.95 within three binomial errors for the mean of places, as if they were but one; four for each.
        error = (0.95 * 0.05 / worlds) ** 0.5
        assert abs((count / worlds).mean() - 0.95) <= 3 * error, name
        assert (np.abs(count / worlds - 0.95) <= 4 * error).all(), name


# What is said about the replicates


def by_hand(values, estimate, names="abc", **provenance):
    ids = pd.Index(list(names), dtype="str", name="place_id")
    table = pd.DataFrame({"m": estimate}, index=ids)
    named = pd.Series([f"Place {name}" for name in names], index=ids, name="name", dtype="str")
    return Uncertainty(table, {"m": np.array(values, dtype=float)}, named, "whole", 0, provenance)


def test_summary_by_hand():
    found = by_hand([[8, 2, 1], [10, 3, 1], [12, 4, 1], [14, 5, 1]], [10, 4, 1])
    summary = found.summary("m", level=0.5)
    # Means are 11, 3.5 and 1; quartiles of the first are 9.5 and 12.5.
    assert summary["bias"].tolist() == [1, -0.5, 0]
    assert summary["standard_error"].tolist() == pytest.approx([(20 / 3) ** 0.5, (5 / 3) ** 0.5, 0])
    assert summary[["low", "high"]].to_numpy().tolist() == [[8.5, 11.5], [3.25, 4.75], [1, 1]]
    percentile = found.summary("m", 0.5, interval="percentile")
    assert percentile[["low", "high"]].to_numpy().tolist() == [[9.5, 12.5], [2.75, 4.25], [1, 1]]
    basic = found.summary("m", 0.5, interval="basic")
    assert basic[["low", "high"]].to_numpy().tolist() == [[7.5, 10.5], [3.75, 5.25], [1, 1]]
    assert summary[["rank", "rank_low", "rank_high"]].to_numpy().tolist() == [[1, 1, 1], [2, 2, 2], [3, 3, 3]]
    assert found.centred("m").mean().tolist() == [10, 4, 1]


def test_ranks_and_probabilities_look_at_each_replicate():
    # a beats b in three of four; c is equal to b once. No bias, so nothing is shifted.
    found = by_hand([[5, 3, 1], [5, 3, 1], [5, 3, 3], [1, 3, 3]], [4, 3, 2])
    assert found.probability_above("m", "a", "b") == 0.75
    assert found.probability_above("m", "b", "c") == 0.5 + 0.5 * 0.5
    matrix = found.probability_matrix("m")
    np.testing.assert_allclose(matrix + matrix.T, 1)
    assert found.probability_matrix("m", ["c", "a"]).loc["a", "c"] == 0.75
    summary = found.summary("m", level=0.98)
    assert summary["rank_low"].tolist() == [1, 1, 1]
    assert summary["rank_high"].tolist() == [3, 2, 3]


def test_tiers_start_where_the_leader_clearly_wins():
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 1, (4000, 6))
    estimate = np.array([2.0, 10.0, 9.5, 8.4, 6.4, 1.9])
    found = by_hand(estimate + noise - noise.mean(axis=0), estimate, "fabcde")
    tiers = found.tiers("m", 0.95)
    # One place beats another with probability 0.95 where they differ by 1.645 sqrt 2 = 2.33.
    assert tiers["tier"].to_dict() == {"a": 1, "b": 1, "c": 1, "d": 2, "f": 3, "e": 3}
    assert tiers["leader"].to_dict() == {"a": "a", "b": "a", "c": "a", "d": "d", "f": "f", "e": "f"}
    assert tiers.loc["c", "probability"] == pytest.approx(stats.norm.cdf(1.6 / 2**0.5), abs=0.02)
    assert tiers.loc["a", "probability"] == 0.5
    assert tiers.index.tolist() == list("fabcde")
    assert found.tiers("m", 0.6)["tier"].max() > 3


def test_bias_does_not_turn_an_order_around():
    # Place a loses two links in every replicate, b none; they never come closer than the estimate says.
    found = by_hand([[8, 9]] * 4, [10, 9], "ab")
    assert found.probability_above("m", "a", "b") == 1
    assert found.summary("m")["rank_low"].tolist() == [1, 2]


# Errors and files


def test_measures_that_do_not_fit():
    source = random_incidence(0, 20, 4)
    with pytest.raises(UnknownNameError, match="unknown measure 'fame'; known: betweenness"):
        bootstrap(source, ["fame"])
    with pytest.raises(RecipeError, match="not the text 'degree'"):
        bootstrap(source, "degree")
    with pytest.raises(RecipeError, match=r"at least one, each of another name, not \['degree', 'degree'\]"):
        bootstrap(source, ["degree", centrality.degree])
    with pytest.raises(RecipeError, match="at least one"):
        bootstrap(source, [])
    with pytest.raises(RecipeError, match="a function without a name"):
        bootstrap(source, [lambda network: -centrality.degree(network)])
    with pytest.raises(NetworkError, match="in network order, got 4 values with other labels"):
        bootstrap(source, {"reversed": lambda network: centrality.degree(network)[::-1]})
    with pytest.raises(NetworkError, match="got int"):
        bootstrap(source, {"links": lambda network: network.n_links})
    with pytest.raises(UnknownNameError, match="unknown counting rule 'half'"):
        bootstrap(source, counting="half")
    with pytest.raises(ValueError, match="needs an incidence with shares"):
        bootstrap(source, counting="share")
    with pytest.raises(RecipeError, match="replicates >= 2 and seed >= 0, not 1 and 0"):
        bootstrap(source, replicates=1)


def test_questions_that_do_not_fit():
    found = by_hand([[1, 2, 3]] * 3, [1, 2, 3])
    with pytest.raises(UnknownNameError, match="unknown measure 'n'; known: m"):
        found.summary("n")
    with pytest.raises(UnknownNameError, match="unknown interval 'exact'; known: basic, centred, percentile"):
        found.summary("m", interval="exact")
    with pytest.raises(RecipeError, match="level must lie between 0 and 1, not 95"):
        found.summary("m", 95)
    with pytest.raises(RecipeError, match=r"level must lie between 0\.5 and 1, not 0\.4"):
        found.tiers("m", 0.4)
    with pytest.raises(UnknownNameError, match="unknown place 'z'; known: a, b, c"):
        found.probability_above("m", "a", "z")


def test_written_and_read_again(tmp_path):
    source = random_incidence(2, 100, 5)
    marked = Incidence(source.places, source.rows, source.n_works, {"source": "made up", "synthetic": True})
    found = bootstrap(marked, replicates=30, seed=4)
    assert repr(found) == (
        "<Uncertainty: 30 replicates of 5 places, degree, strength, eigenvector, whole, seed 4, synthetic>"
    )
    found.write(tmp_path / "bars")
    found.write(tmp_path / "bars")
    assert read_uncertainty(tmp_path / "bars") == found
    table = pd.read_csv(tmp_path / "bars" / "summary.csv")
    assert table["synthetic_data"].tolist() == ["yes"] * 15
    assert table.columns[:4].tolist() == ["measure", "place_id", "name", "estimate"]
    strength = table[table["measure"] == "strength"].set_index("place_id")
    np.testing.assert_allclose(strength["high"], found.summary("strength")["high"])
    assert strength["tier"].tolist() == found.tiers("strength")["tier"].tolist()
    assert strength["name"].tolist() == [f"Place {i}" for i in range(5)]
    drawn = pq.read_table(tmp_path / "bars" / "replicates.parquet")
    assert drawn.schema.metadata == {b"innovation_graph.synthetic": b"true"}
    one = drawn.to_pandas().query("replicate == 7").set_index("place_id")["eigenvector"]
    assert one.tolist() == found.replicates["eigenvector"][7].tolist()


def test_folders_that_are_something_else(tmp_path):
    with pytest.raises(FormatError, match=r"expected uncertainty\.json, summary\.csv"):
        read_uncertainty(tmp_path)
    by_hand([[1, 2, 3]] * 3, [1, 2, 3]).write(tmp_path / "bars")
    head = json.loads((tmp_path / "bars" / "uncertainty.json").read_text(encoding="utf-8"))
    (tmp_path / "bars" / "uncertainty.json").write_text(json.dumps({**head, "replicates": 4}), encoding="utf-8")
    with pytest.raises(FormatError, match="cannot reshape"):
        read_uncertainty(tmp_path / "bars")
    (tmp_path / "bars" / "uncertainty.json").write_text(json.dumps({**head, "version": 9}), encoding="utf-8")
    with pytest.raises(FormatError, match="version 9"):
        read_uncertainty(tmp_path / "bars")
    (tmp_path / "bars" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match=r"notes\.txt"):
        by_hand([[1, 2, 3]] * 3, [1, 2, 3]).write(tmp_path / "bars")
