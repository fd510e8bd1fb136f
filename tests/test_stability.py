from itertools import combinations, pairwise, permutations

import igraph
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from innovation_graph import Network, _consensus, stability
from innovation_graph.communities import find, hierarchical, leiden, louvain, read_partition
from innovation_graph.errors import NetworkError, RecipeError, UnknownNameError
from innovation_graph.stability import Ensemble, agreement, compare, consensus, ensemble, place_stability
from tests.zoo import ZOO, build, clique

few = settings(max_examples=40)  # each example compares all pairs of runs
every_animal = pytest.mark.parametrize("name", ZOO)


def random_network(seed, n=60, share=0.2):
    rng = np.random.default_rng(seed)
    matrix = np.triu(rng.integers(1, 50, (n, n)) * (rng.random((n, n)) < share), 1)
    return Network.from_matrix(matrix + matrix.T)


def ring_of_cliques(cliques=6, size=5):
    n = cliques * size
    links = [link for k in range(cliques) for link in clique(range(size * k, size * k + size))]
    return build(n, links + [(size * k, (size * k + 2 * size - 1) % n) for k in range(cliques)])


def labelled(values):
    return pd.Series(values, index=[f"place-{i}" for i in range(len(values))])


@st.composite
def two_divisions(draw, least=0, largest=12, labels=4):
    n = draw(st.integers(least, largest))
    values = st.lists(st.integers(0, labels), min_size=n, max_size=n)
    return draw(values), draw(values)


@st.composite
def many_divisions(draw, least=1, places=7, labels=3):
    n = draw(st.integers(least, places))
    return draw(st.lists(st.lists(st.integers(0, labels), min_size=n, max_size=n), min_size=1, max_size=8))


# Compare


@given(two_divisions(least=2))
def test_compare_against_scikit_learn_and_igraph(pair):
    a, b = pair
    found = compare(labelled(a), labelled(b))
    assert found.index.tolist() == ["nmi", "adjusted_rand", "variation", "variation_normalised"]
    assert found["nmi"] == pytest.approx(metrics.normalized_mutual_info_score(a, b), abs=1e-9)
    assert found["nmi"] == pytest.approx(igraph.compare_communities(a, b, method="nmi"), abs=1e-9)
    assert found["adjusted_rand"] == pytest.approx(metrics.adjusted_rand_score(a, b), abs=1e-9)
    nats = igraph.compare_communities(a, b, method="vi")
    assert found["variation"] == pytest.approx(nats / np.log(2), abs=1e-9)
    assert found["variation_normalised"] == pytest.approx(nats / np.log(len(a)), abs=1e-9)


@given(two_divisions(least=2, largest=8))
def test_compare_by_counting_pairs_and_probabilities(pair):
    a, b = pair
    n = len(a)
    pairs = list(combinations(range(n), 2))
    together = [(a[i] == a[j], b[i] == b[j]) for i, j in pairs]
    both, first, second = (sum(map(test, together)) for test in (all, lambda t: t[0], lambda t: t[1]))
    chance = first * second / len(pairs)
    found = compare(labelled(a), labelled(b))
    if (first + second) / 2 != chance:
        assert found["adjusted_rand"] == pytest.approx((both - chance) / ((first + second) / 2 - chance))
    bits = 0.0
    for x, y in set(zip(a, b, strict=True)):
        p = sum(pair == (x, y) for pair in zip(a, b, strict=True)) / n
        bits -= p * (np.log2(p * n / a.count(x)) + np.log2(p * n / b.count(y)))
    assert found["variation"] == pytest.approx(bits, abs=1e-12)


@given(two_divisions(), st.randoms(use_true_random=False))
def test_numbers_of_communities_and_order_of_places_do_not_matter(pair, random):
    a, b = pair
    renamed = [f"community {9 - label}" for label in b]
    found = compare(labelled(a), labelled(b))
    shuffled = labelled(renamed).iloc[random.sample(range(len(b)), len(b))]
    assert compare(labelled(a), shuffled).tolist() == pytest.approx(found.tolist(), abs=1e-12)
    assert compare(labelled(b), labelled(a)).tolist() == pytest.approx(found.tolist(), abs=1e-12)
    assert compare(shuffled, shuffled).tolist() == [1, 1, 0, 0]
    assert 0 <= found["nmi"] <= 1
    assert 0 <= found["variation_normalised"] <= 1


def test_compare_at_the_ends():
    one, all_apart = labelled([1] * 8), labelled(range(8))
    assert compare(one, all_apart).tolist() == [0, 0, 3, 1]
    assert compare(labelled([]), labelled([])).tolist() == [1, 1, 0, 0]
    assert compare(labelled([4]), labelled([7])).tolist() == [1, 1, 0, 0]


def test_compare_takes_partitions():
    network = random_network(1)
    one, other = leiden(network, runs=1), hierarchical(network)
    assert compare(one, other).tolist() == compare(one.labels, other.labels).tolist()


def test_compare_refuses():
    one = labelled([1, 1, 2])
    with pytest.raises(
        NetworkError, match="the second partition must be about the same places: 1 are missing, the first is 'place-2'"
    ):
        compare(one, one.iloc[:2])
    with pytest.raises(NetworkError, match="1 are too many, the first is 'x'"):
        compare(one, pd.concat([one, pd.Series([1], index=["x"])]))
    with pytest.raises(NetworkError, match="the second partition has no label for 'place-1'"):
        compare(one, one.where(one.index != "place-1"))
    with pytest.raises(NetworkError, match="the first partition has several labels for 'a'"):
        compare(pd.Series([1, 2], index=["a", "a"]), one)
    with pytest.raises(NetworkError, match="must be a Partition or a Series of labels indexed by place id, not list"):
        compare([1, 1, 2], one)


# Ensemble


@every_animal
@pytest.mark.parametrize("algorithm", ["leiden", "louvain", "infomap", "label_propagation"])
def test_ensembles_of_every_graph(name, algorithm):
    network = ZOO[name].network
    runs = ensemble(network, runs=6, algorithm=algorithm, seed=2)
    assert runs.labels.shape == (6, network.n_places)
    assert runs.places.equals(network.ids)
    again = ensemble(network, runs=6, algorithm=algorithm, seed=2)
    np.testing.assert_array_equal(runs.labels, again.labels)
    found = consensus(runs, network)
    pd.testing.assert_index_equal(found.labels.index, network.ids)
    assert place_stability(found, runs)["in_community"].between(0, 1).all()


@pytest.mark.parametrize("objective", ["modularity", "association_strength", "cpm"])
def test_the_best_run_of_an_ensemble_is_what_leiden_chooses(objective):
    network = random_network(2, share=0.1)
    runs = ensemble(network, runs=12, seed=5, objective=objective, resolution=1.2)
    best = leiden(network, runs=12, seed=5, objective=objective, resolution=1.2)
    assert best.labels.tolist() in runs.labels.tolist()
    single = leiden(network, runs=1, seed=5, objective=objective, resolution=1.2)
    assert single.labels.tolist() == runs.labels[0].tolist()
    assert dict(runs.parameters) == {
        "algorithm": "leiden", "objective": objective, "resolution": 1.2, "runs": 12
    }  # fmt: skip


def test_distinct_partitions_and_how_often_they_occur():
    runs = Ensemble.of([[1, 1, 2], [5, 5, 9], ["a", "b", "b"], [2, 2, 1], [1, 2, 3]], ["x", "y", "z"])
    assert runs.labels.tolist() == [[1, 1, 2], [1, 1, 2], [2, 1, 1], [1, 1, 2], [1, 2, 3]]
    expected = pd.DataFrame(
        {"first_run": [0, 2, 4], "runs": [3, 1, 1], "share": [0.6, 0.2, 0.2], "communities": [2, 2, 3]}
    )
    pd.testing.assert_frame_equal(runs.distinct(), expected)
    assert runs.runs == 5
    assert repr(runs) == "<Ensemble: 5 runs, 3 places, 3 different partitions>"


def test_an_ensemble_of_partitions_made_elsewhere():
    network = random_network(3)
    made = [find(network, "louvain"), leiden(network), hierarchical(network).labels.iloc[::-1]]
    runs = Ensemble.of(made)
    assert runs.places.equals(network.ids)
    for row, one in zip(runs.labels, made, strict=True):
        assert compare(pd.Series(row, index=runs.places), one).tolist() == [1, 1, 0, 0]
    ordered = Ensemble.of(made, places=network.ids[::-1])
    np.testing.assert_array_equal(ordered.labels[0] == 1, (runs.labels[0] == 1)[::-1])


def test_ensembles_are_frozen_and_refuse():
    runs = ensemble(ZOO["barbell"].network, runs=3)
    with pytest.raises(ValueError, match="read-only"):
        runs.labels[0, 0] = 7
    with pytest.raises(AttributeError):
        runs.seed = 1
    with pytest.raises(TypeError):
        runs.parameters["runs"] = 1
    with pytest.raises(NetworkError, match="at least one partition"):
        Ensemble.of([])
    with pytest.raises(NetworkError, match=r"partition 2 has shape \(2,\), not one label for each of 3 places"):
        Ensemble.of([[1, 1, 2], [1, 2]], list("abc"))
    with pytest.raises(NetworkError, match="partition 2 must be about the same places"):
        Ensemble.of([labelled([1, 1]), labelled([1, 1, 2])])
    with pytest.raises(NetworkError, match="partition 1 must be a Partition or a Series"):
        Ensemble.of([[1, 1, 2]])
    with pytest.raises(NetworkError, match="place ids must be unique; repeated: 'a'"):
        Ensemble(np.ones((1, 3)), ["a", "b", "a"])
    with pytest.raises(NetworkError, match=r"labels of shape \(runs, 2\), runs >= 1, not \(2, 3\)"):
        Ensemble(np.ones((2, 3)), ["a", "b"])
    network = ZOO["barbell"].network
    with pytest.raises(RecipeError, match="walktrap draws nothing, all its runs would be equal; take one of leiden"):
        ensemble(network, algorithm="walktrap")
    with pytest.raises(UnknownNameError, match="unknown option of leiden 'steps'"):
        ensemble(network, steps=3)
    with pytest.raises(UnknownNameError, match="unknown algorithm 'x'"):
        ensemble(network, algorithm="x")
    with pytest.raises(RecipeError, match="runs >= 1, not 0"):
        ensemble(network, algorithm="infomap", runs=0)


@few
@given(many_divisions())
def test_agreement_is_the_mean_over_pairs_of_runs(rows):
    places = [f"place-{i}" for i in range(len(rows[0]))]
    pairs = [compare(labelled(a), labelled(b)) for a, b in combinations(rows, 2)]
    expected = pd.concat(pairs, axis=1).mean(axis=1).tolist() if pairs else [1, 1, 0, 0]
    assert agreement(Ensemble.of(rows, places)).tolist() == pytest.approx(expected, abs=1e-9)


# Consensus


def noisy_runs(seed, share, groups=4, size=10, runs=40):
    """Divide as planted, but put some places of each run anywhere."""
    rng = np.random.default_rng(seed)
    truth = np.arange(groups * size) % groups
    rows = []
    for _ in range(runs):
        row = truth.copy()
        moved = rng.random(len(row)) < share
        row[moved] = rng.integers(0, groups, moved.sum())
        rows.append(row)
    return Ensemble.of(rows, [f"place-{i}" for i in range(len(truth))]), labelled(truth)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25])
@pytest.mark.parametrize("threshold", [0.3, 0.5])
def test_consensus_finds_what_noisy_runs_have_in_common(share, threshold):
    runs, truth = noisy_runs(1, share)
    found = consensus(runs, threshold=threshold)
    assert compare(found, truth)["nmi"] == 1
    away = np.mean([compare(found, pd.Series(row, index=runs.places))["variation"] for row in runs.labels])
    assert found.quality["objective"] == pytest.approx(-away, abs=1e-9)
    assert found.quality["modularity"] is None
    assert (found.parameters["rounds"] == 0) == (share == 0)


def test_runs_that_agree_are_their_own_consensus():
    network = ring_of_cliques()
    runs = ensemble(network, runs=10)
    for method in ("reclustered", "medoid"):
        found = consensus(runs, network, method=method)
        assert found.labels.tolist() == leiden(network).labels.tolist()
        assert found.quality["objective"] == 0
        assert found.quality["modularity"] == leiden(network).quality["modularity"]


@few
@given(many_divisions())
def test_medoid_is_the_run_nearest_to_all(rows):
    places = [f"place-{i}" for i in range(len(rows[0]))]
    found = consensus(Ensemble.of(rows, places), method="medoid")
    away = [np.mean([compare(labelled(a), labelled(b))["variation"] for b in rows]) for a in rows]
    assert found.quality["objective"] == pytest.approx(-min(away), abs=1e-9)
    nearest = [row for row, distance in zip(rows, away, strict=True) if distance < min(away) + 1e-9]
    assert compare(labelled(nearest[0]), found).tolist() == [1, 1, 0, 0]


def test_consensus_of_many_places_looks_at_links_only(monkeypatch):
    network = ring_of_cliques()
    truth = leiden(network).labels
    rng = np.random.default_rng(4)
    rows = [np.where(rng.random(30) < 0.15, rng.integers(1, 7, 30), truth) for _ in range(30)]
    runs = Ensemble.of(rows, network.ids)
    every_pair = consensus(runs, network)
    monkeypatch.setattr(_consensus, "_ALL_PAIRS", 29)
    assert consensus(runs, network).labels.equals(truth)
    assert every_pair.labels.equals(truth)
    with pytest.raises(NetworkError, match="30 places needs the network: all pairs are too many above 29"):
        consensus(runs)


def test_an_undecided_place_goes_with_its_strongest_partner():
    # The last place is with the first two in two of five runs, with the next two in one, and else alone.
    rows = [[1, 1, 2, 2, 1], [1, 1, 2, 2, 1], [1, 1, 2, 2, 2], [1, 1, 2, 2, 3], [1, 1, 2, 2, 3]]
    runs = Ensemble.of(rows, list("abcde"))
    assert consensus(runs, threshold=0.5).labels.tolist() == [1, 1, 2, 2, 1]
    alone = Ensemble.of([[1, 1, 2], [1, 1, 2], [1, 2, 3]], list("abc"))
    assert consensus(alone).labels.tolist() == [1, 1, 2]


def test_consensus_says_when_runs_never_agree(monkeypatch):
    monkeypatch.setattr(_consensus, "_ROUNDS", 0)
    runs = Ensemble.of([[1, 1, 2], [1, 2, 2], [1, 2, 2]], list("abc"))
    with pytest.warns(RuntimeWarning, match="runs still differ after 0 rounds; the most frequent one is taken"):
        assert consensus(runs).labels.tolist() == [2, 1, 1]


def test_consensus_is_seeded_and_written_like_any_partition(tmp_path):
    network = random_network(5, share=0.08)
    runs = ensemble(network, runs=30)
    one, other = (consensus(runs, network, seed=3) for _ in range(2))
    assert one == other
    one.write(tmp_path / "c.csv")
    assert read_partition(tmp_path / "c.csv") == one


def test_consensus_refuses():
    network = ZOO["barbell"].network
    runs = ensemble(network, runs=2)
    with pytest.raises(UnknownNameError, match="unknown method 'mean'; known: medoid, reclustered"):
        consensus(runs, method="mean")
    for wrong in ({"threshold": 0}, {"threshold": 1.1}, {"runs": 0}):
        with pytest.raises(RecipeError, match="threshold above 0 and up to 1 and runs >= 1"):
            consensus(runs, **wrong)
    with pytest.raises(NetworkError, match="same places in the same order"):
        consensus(runs, ZOO["pair"].network)


# Stability of places


def best_matchings(reference, run):
    """Yield, for each best one-to-one matching of communities, the places that are in matched ones."""
    mine, theirs = sorted(set(reference)), sorted(set(run))
    padded = [*theirs, *[None] * len(mine)]
    found = []
    for order in set(permutations(padded, len(mine))):
        match = dict(zip(mine, order, strict=True))
        inside = [match[a] == b for a, b in zip(reference, run, strict=True)]
        jaccard = 0.0
        for a, b in match.items():
            here, there = (
                {i for i, x in enumerate(labels) if x == label} for labels, label in ((reference, a), (run, b))
            )
            jaccard += len(here & there) / len(here | there)
        found.append((sum(inside), round(jaccard, 9), inside))
    most = max(found)[:2]
    return [inside for *score, inside in found if tuple(score) == most]


@given(two_divisions(least=1, largest=7, labels=2))
def test_places_in_matched_communities_by_trying_all_matchings(pair):
    reference, run = pair
    found = place_stability(labelled(reference), Ensemble.of([run], labelled(run).index))
    assert found["in_community"].astype(bool).tolist() in best_matchings(reference, run)


@given(many_divisions())
def test_togetherness_with_fellows_by_counting(rows):
    reference = rows[0]
    found = place_stability(labelled(reference), Ensemble.of(rows, labelled(reference).index))
    for i, value in enumerate(found["with_fellows"]):
        fellows = [j for j in range(len(reference)) if j != i and reference[j] == reference[i]]
        if fellows:
            assert value == pytest.approx(np.mean([row[j] == row[i] for row in rows for j in fellows]))
        else:
            assert np.isnan(value)


def test_97_percent_of_runs():
    steady, moved = [1] * 5 + [2] * 5, [1] * 4 + [2] * 6
    runs = Ensemble.of([steady] * 97 + [moved] * 3, [f"place-{i}" for i in range(10)])
    found = place_stability(labelled(["a"] * 5 + ["b"] * 5), runs)
    assert found["community"].tolist() == ["a"] * 5 + ["b"] * 5
    assert found["in_community"].tolist() == [1] * 4 + [0.97] + [1] * 5
    assert found["with_fellows"].tolist() == pytest.approx([(3 + 0.97) / 4] * 4 + [0.97] + [1] * 5)


def test_joined_and_split_communities():
    reference = labelled([1, 1, 1, 2, 2])
    joined = place_stability(reference, Ensemble.of([[1] * 5], reference.index))
    assert joined["in_community"].tolist() == [1, 1, 1, 0, 0]
    split = place_stability(reference, Ensemble.of([[1, 1, 3, 2, 2]], reference.index))
    assert split["in_community"].tolist() == [1, 1, 0, 1, 1]


def test_stability_in_any_order_of_places_and_numbers():
    network = random_network(7, share=0.08)
    runs = ensemble(network, runs=20)
    partition = leiden(network)
    found = place_stability(partition, runs)
    shuffled = partition.labels.sample(frac=1, random_state=0)
    other = place_stability(10 - shuffled, runs)
    pd.testing.assert_frame_equal(other.drop(columns="community"), found.loc[shuffled.index].drop(columns="community"))
    with pytest.raises(NetworkError, match="the partition must be about the same places"):
        place_stability(shuffled.iloc[1:], runs)


# Resolutions


def test_scan_of_a_ring_of_cliques_shows_its_cliques_as_a_plateau():
    network = ring_of_cliques()
    scan = stability.resolution_scan(network, np.geomspace(0.1, 3, 15), runs=5)
    assert scan.index.name == "resolution"
    cliques = scan["communities"] == 6
    assert cliques.loc[0.7:2.0].all()
    assert scan.loc[cliques, "variation"].eq(0).all()
    assert scan.loc[cliques, "modularity"].to_numpy() == pytest.approx(60 / 66 - 1 / 6)
    assert scan.loc[cliques, "plateau"].iloc[0] > 0
    assert scan.loc[cliques, "plateau"].eq(scan.loc[cliques, "plateau"].iloc[0]).all()


def test_scan_says_what_the_single_steps_say():
    network = random_network(9, share=0.1)
    steps = [0.6, 1.0, 1.7]
    scan = stability.resolution_scan(network, steps, runs=8, seed=3, objective="association_strength")
    best = [leiden(network, resolution=step, runs=8, seed=3, objective="association_strength") for step in steps]
    for step, one in zip(steps, best, strict=True):
        runs = ensemble(network, runs=8, seed=3, resolution=step, objective="association_strength")
        row, between = scan.loc[step], agreement(runs)
        assert row["communities"] == one.n_communities
        assert row["communities_with_links"] == (one.sizes > 1).sum()
        assert row["modularity"] == pytest.approx(one.quality["modularity"])
        assert row["different"] == len(runs.distinct())
        assert (row["variation"], row["nmi"]) == pytest.approx((between["variation"], between["nmi"]))
    near = [compare(a, b)["nmi"] for a, b in pairwise(best)]
    assert scan["nmi_after"].tolist()[:2] == pytest.approx(near)
    assert scan["nmi_before"].tolist()[1:] == pytest.approx(near)
    assert np.isnan(scan["nmi_before"].iloc[0])
    assert np.isnan(scan["nmi_after"].iloc[-1])


def test_neighbours_on_a_plateau_are_alike_in_numbers_and_places():
    scan = stability.resolution_scan(random_network(1, n=30), np.linspace(0.6, 1.6, 16), runs=3)
    different_places = 0
    for (_, one), (_, other) in pairwise(scan.iterrows()):
        as_many = one["communities"] == other["communities"]
        if one["plateau"] > 0 and one["plateau"] == other["plateau"]:
            assert as_many
            assert one["nmi_after"] >= 0.95
        different_places += as_many and one["nmi_after"] < 0.95
    assert different_places > 0  # so that numbers alone would not have done
    assert scan["plateau"].max() > 0


def test_scan_takes_louvain_and_has_a_default():
    network = ring_of_cliques()
    scan = stability.resolution_scan(network, algorithm="louvain", runs=2)
    assert len(scan) == 21
    assert (scan.index[0], scan.index[10], scan.index[-1]) == (0.25, 1, 4)
    assert scan.loc[1.0, "communities"] == louvain(network).n_communities
    # One community for all says nothing, so it is no plateau.
    assert stability.resolution_scan(ZOO["complete"].network, runs=2)["plateau"].eq(0).all()
    assert stability.resolution_scan(ZOO["isolates"].network, [1, 2, 3], runs=2)["plateau"].eq(0).all()
    assert stability.resolution_scan(ZOO["empty"].network, [1], runs=2)["communities"].tolist() == [0]


@pytest.mark.parametrize(
    ("same", "expected"),
    [
        ([], [0]),
        ([True], [0, 0]),
        ([True, True], [1, 1, 1]),
        ([False, True, True, False, True, False, True, True, True], [0, 1, 1, 1, 0, 0, 2, 2, 2, 2]),
    ],
)
def test_plateaus_are_stretches_of_three_or_more(same, expected):
    assert stability._plateaus(same) == expected


def test_scan_refuses():
    network = ZOO["barbell"].network
    for wrong in ([], [1, 1], [2, 1], [1, float("nan")], [[1, 2]]):
        with pytest.raises(RecipeError, match="one or more resolutions that rise"):
            stability.resolution_scan(network, wrong)
    with pytest.raises(RecipeError, match="resolution >= 0"):
        stability.resolution_scan(network, [-1, 1])
    with pytest.raises(UnknownNameError, match="unknown option of infomap 'resolution'"):
        stability.resolution_scan(network, algorithm="infomap")
