"""Development modes: clustering, agreement with a published grouping, stability."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from printed_index import made
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index.audit import audit
from innovation_graph.index.modes import agreement, cluster, common_values, scalings, scan, stability
from innovation_graph.index.published import gihi2024


@pytest.fixture(scope="module")
def gihi():
    return audit(gihi2024())


def points(n=25, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(n, 3)), index=[f"p{i:02}" for i in range(n)], columns=list("ABC"))


def test_common_values_are_the_weighted_sums_on_one_scale():
    scores, tables = made(4, decimals=8)
    sums = scores.steps["aggregated"][["A", "B", "C"]]
    low, high = sums.min().min(), sums.max().max()
    expected = (sums - low) / (high - low) * 100
    found = common_values(audit(tables))
    pd.testing.assert_frame_equal(found, expected, check_names=False, atol=1e-4)


@pytest.mark.parametrize("linkage", ["single", "complete", "average", "ward"])
@pytest.mark.parametrize("distance", ["euclidean", "cityblock", "cosine"])
@pytest.mark.parametrize("n_modes", [2, 4, 7])
def test_same_groups_as_another_library(linkage, distance, n_modes):
    values = points(seed=n_modes)
    if linkage == "ward" and distance != "euclidean":
        with pytest.raises(ScoringError, match="linkage ward takes Euclidean distances"):
            cluster(values, n_modes, distance=distance, linkage=linkage)
        return
    found = cluster(values, n_modes, distance=distance, linkage=linkage)
    metric = "manhattan" if distance == "cityblock" else distance
    theirs = AgglomerativeClustering(n_modes, metric=metric, linkage=linkage).fit_predict(values.to_numpy())
    assert adjusted_rand_score(theirs, found.labels) == 1
    assert found.labels.nunique() == n_modes


def test_groups_do_not_depend_on_the_order_of_places():
    values = points()
    straight, turned = cluster(values), cluster(values[::-1])
    assert adjusted_rand_score(straight.labels, turned.labels.loc[values.index]) == 1
    # Correlation compares shapes: neither a factor nor a sum to all dimensions of a place counts.
    moved = values.mul(np.linspace(1, 3, len(values)), axis=0).add(np.linspace(-2, 2, len(values)), axis=0)
    assert adjusted_rand_score(straight.labels, cluster(moved).labels) == 1


@pytest.mark.parametrize("seed", range(6))
def test_best_matching_by_trying_all(seed):
    rng = np.random.default_rng(seed)
    published = pd.Series(rng.choice(list("wxyz"), 20))
    found = pd.Series(rng.integers(1, 5, 20))
    best = max(
        (found.map(dict(zip((1, 2, 3, 4), order, strict=True))) == published).sum() for order in permutations("wxyz")
    )
    result = agreement(found, published)
    assert result.matched == best == result.table["agrees"].sum()
    assert result.adjusted_rand == pytest.approx(adjusted_rand_score(published, found))


def test_eighteen_of_twenty_hubs_fall_into_their_mode(gihi):
    modes = gihi2024().modes
    found = cluster(common_values(gihi).loc[modes.index], 4, distance="correlation", linkage="complete")
    result = agreement(found.labels, modes)
    assert result.matched == 18
    apart = result.table[~result.table["agrees"]]
    assert set(apart.index) == {"seattle-tacoma-bellevue", "san-diego"}
    assert set(apart["found"]) == {"innovation economy"}
    assert found.merges.shape == (19, 4)
    assert found.profiles()["places"].sum() == 20


def test_scan_says_how_many_tries_reach_what(gihi):
    modes = gihi2024().modes
    table = scan(scalings(gihi), modes)
    assert table["tries"].eq(len(table)).all()
    assert len(table) == 4 * (6 * 4 + 3)
    best = table.iloc[0]
    assert best["matched"] == 18
    assert set(table.loc[table["matched"] == 18, "scaling"]) == {"common", "z"}
    assert set(table.loc[table["matched"] == 18, "distance"]) == {"correlation"}
    for row in table.itertuples():
        assert row.reached_by == (table["matched"] >= row.matched).sum()


def test_stability_of_well_parted_groups_and_of_the_published(gihi):
    modes = gihi2024().modes
    by_place, runs = stability(gihi, modes.index, replicates=10)
    assert (runs.groupby("kind").size() == pd.Series({"jackknife": 20, "noise": 10})).all()
    assert by_place.loc["tokyo"].tolist() == [1.0, 1.0]
    assert by_place.to_numpy().min() > 0.5
    again, _ = stability(gihi, modes.index, replicates=10)
    pd.testing.assert_frame_equal(by_place, again)
    # Each place is missing in one run of the jackknife, and counted in the others.
    assert set(runs.loc[runs["kind"] == "jackknife", "without"]) == set(modes.index)
    assert (runs.loc[runs["kind"] == "jackknife", "of"] == 19).all()


def test_messages(gihi):
    values = points(5)
    with pytest.raises(UnknownNameError, match="unknown distance 'euclid'"):
        cluster(values, distance="euclid")
    with pytest.raises(UnknownNameError, match="unknown linkage 'far'"):
        cluster(values, linkage="far")
    with pytest.raises(ScoringError, match="p02 lacks a dimension"):
        cluster(values.drop(index="p02").reindex(values.index))
    with pytest.raises(ScoringError, match="expected 1 to 5 groups of 5 places, got 6"):
        cluster(values, 6)
    with pytest.raises(ScoringError, match="p00 has no shape"):
        cluster(pd.DataFrame(1.0, index=values.index, columns=list("ABC")))
    with pytest.raises(ScoringError, match="no place in common"):
        agreement(pd.Series({"a": 1}), pd.Series({"b": "x"}))
    with pytest.raises(UnknownNameError, match="unknown node with a relation to the root '17'"):
        common_values(gihi, ["17"])
