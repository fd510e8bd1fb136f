from itertools import combinations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from made import located_at, random_works, records_of
from test_centrality import networks

from innovation_graph import Network, Selection, centrality, incidence, places, project, robustness
from innovation_graph.errors import NetworkError, RecipeError, RecordsError, UnknownNameError
from innovation_graph.records import Records

TABLE = ["choice", "against", "measure", "places", "spearman", "kendall", "mean_rank_change", "largest_movers"]


def star(weights, ids):
    """A centre "hub" with one leaf a weight: the strengths of the leaves are the weights."""
    matrix = np.zeros((len(weights) + 1,) * 2)
    matrix[0, 1:] = matrix[1:, 0] = weights
    return Network.from_matrix(matrix, ["hub", *ids])


def leaf_strength(network):
    """Strength, 0 for the hub, so that only leaves differ."""
    return centrality.strength(network).where(network.ids != "hub", 0)


def tau_b(x, y):
    """Kendall's tau-b by counting pairs."""
    signs = [(np.sign(x[i] - x[j]), np.sign(y[i] - y[j])) for i, j in combinations(range(len(x)), 2)]
    agree = sum(a * b for a, b in signs)
    return agree / (sum(a != 0 for a, _ in signs) * sum(b != 0 for _, b in signs)) ** 0.5


def test_compare_by_hand():
    before, after = star([9, 7, 5, 3], "abcd"), star([3, 7, 9, 4], "abcd")
    table = robustness.compare({"old": before, "new": after}, [leaf_strength])
    assert table.columns.tolist() == TABLE
    row = table.iloc[0]
    assert (row["choice"], row["against"], row["measure"], row["places"]) == ("new", "old", "leaf_strength", 5)
    # a: 1 -> 4, b: 2 -> 2, c: 3 -> 1, d: 4 -> 3, hub stays fifth.
    assert row["spearman"] == pytest.approx(1 - 6 * (9 + 0 + 4 + 1) / (5 * 24))
    assert row["kendall"] == pytest.approx((6 - 4) / 10)
    assert row["mean_rank_change"] == 6 / 5
    assert row["largest_movers"] == "a 1 -> 4; c 3 -> 1; d 4 -> 3"
    moved = robustness.movers({"old": before, "new": after}, [leaf_strength])
    assert moved["place_id"].tolist() == ["a", "c", "d", "b", "hub"]
    assert moved["change"].tolist() == [-3, 2, 1, 0, 0]
    assert moved[["value_from", "value_to", "rank_from", "rank_to"]].iloc[0].tolist() == [9, 3, 1, 4]
    assert robustness.movers({"old": before, "new": after}, [leaf_strength], most=2)["place_id"].tolist() == ["a", "c"]


@settings(max_examples=40)
@given(networks(), networks())
def test_correlations_against_counting_pairs_and_pandas(one, other):
    n = min(one.n_places, other.n_places)
    if n == 0:
        return
    table = robustness.compare({"a": one, "b": other}, ["degree", "strength"])
    for _, row in table.iterrows():
        x, y = (centrality.MEASURES[row["measure"]](network).to_numpy()[:n].astype(float) for network in (one, other))
        assert row["places"] == n
        if len(set(x)) == 1 or len(set(y)) == 1:
            assert np.isnan(row["spearman"])
            assert np.isnan(row["kendall"])
        else:
            # Spearman's coefficient is that of mean ranks.
            mean_ranks = pd.DataFrame({"x": x, "y": y}).rank()
            assert row["spearman"] == pytest.approx(mean_ranks.corr().iloc[0, 1], abs=1e-12)
            assert row["kendall"] == pytest.approx(tau_b(x, y), abs=1e-12)
        best = pd.DataFrame({"x": x, "y": y}).rank(ascending=False, method="min")
        assert row["mean_rank_change"] == pytest.approx((best["x"] - best["y"]).abs().mean())


@settings(max_examples=25)
@given(networks())
def test_nothing_moves_when_weights_are_scaled(network):
    if network.n_places == 0:
        return
    scaled = Network(network.places, network.upper * 3)
    table = robustness.compare({"a": network, "b": scaled})
    assert (table["mean_rank_change"] == 0).all()
    assert (table["largest_movers"] == "").all()
    np.testing.assert_allclose(table[["spearman", "kendall"]].dropna(), 1)


def test_places_that_both_have_are_compared_by_name():
    one, other = star([9, 7, 5], ["a", "b", "c"]), star([1, 2, 3, 4], ["c", "x", "b", "a"])
    named = one.places.assign(name_en=["Hub", "Aachen", "Bonn", "Celle"])
    moved = robustness.movers({"one": one.with_places(named), "other": other}, {"leaf": leaf_strength})
    assert sorted(moved["place_id"]) == ["a", "b", "c", "hub"]
    assert moved.set_index("name").loc["Bonn", ["rank_from", "rank_to"]].tolist() == [2, 2]
    assert (moved["change"] == 0).all()


def test_baseline_and_order_of_rows():
    three = {"x": star([1, 2], "ab"), "y": star([2, 1], "ab"), "z": star([1, 2], "ab")}
    table = robustness.compare(three, ["degree", "strength"], baseline="y")
    assert table[["measure", "choice", "against"]].to_numpy().tolist() == [
        ["degree", "x", "y"],
        ["degree", "z", "y"],
        ["strength", "x", "y"],
        ["strength", "z", "y"],
    ]


def test_comparisons_that_cannot_be():
    one = star([1, 2], "ab")
    with pytest.raises(NetworkError, match=r"two networks of different names, got \['one'\]"):
        robustness.compare({"one": one})
    with pytest.raises(UnknownNameError, match="unknown baseline 'three'; known: one, two"):
        robustness.compare({"one": one, "two": one}, baseline="three")
    far = Network.from_matrix([[0, 1], [1, 0]], ["x", "y"])
    with pytest.raises(NetworkError, match=r"'one' and 'two' have no place in common: ids like \['hub'\] and \['x'\]"):
        robustness.compare({"one": one, "two": far})
    with pytest.raises(UnknownNameError, match="unknown measure 'fame'"):
        robustness.compare({"one": one, "two": one}, ["fame"])


# The choices


@pytest.fixture
def made():
    records = records_of(random_works(np.random.default_rng(3), 120, 9), 9)
    return records, located_at([0, 1, 2, 3, 4, 5, 6, 0, -1], 7)


def test_counting_rules(made):
    records, located = made
    stored = incidence.build(records, located)
    found = robustness.by_counting_rule(stored)
    assert found == {
        rule: project(stored, counting=rule) for rule in ("whole", "fractional", "whole_normalised", "share")
    }
    without = incidence.stream(records, located)
    assert list(robustness.by_counting_rule(without)) == ["whole", "fractional", "whole_normalised"]
    table = robustness.counting_rules(stored, ["degree", "strength"])
    assert set(table["against"]) == {"whole"}
    degree = table[table["measure"] == "degree"]
    assert degree["choice"].tolist() == ["fractional", "whole_normalised", "share"]
    assert (degree["mean_rank_change"] == 0).all()
    pd.testing.assert_frame_equal(table, robustness.compare(found, ["degree", "strength"], baseline="whole"))


def test_team_sizes(made):
    records, located = made
    authors = records.works["n_actors"].to_numpy()
    found = robustness.by_team_size(records, located, Selection(max_actors=1), [2, 8, None])
    assert list(found) == ["at most 2", "at most 8", "any size"]
    for network, limit in zip(found.values(), [2, 8, np.inf], strict=True):
        assert network.provenance["works_selected"] == (authors <= limit).sum()
    table = robustness.team_sizes(records, located, limits=[2, 8, None], measures=["strength"])
    assert table[["choice", "against"]].to_numpy().tolist() == [["at most 2", "any size"], ["at most 8", "any size"]]
    with pytest.raises(RecordsError, match="leave no work"):
        robustness.by_team_size(records, located, Selection(min_actors=3), [2, None])


def test_catchments(tmp_path):
    path = tmp_path / "towns.csv"
    path.write_text("place_id,name,country,lat,lon\na,A,DE,50,8\nb,B,DE,52,8\nc,C,DE,54,8\n", encoding="utf-8")
    # The fourth address lies 0.18 degrees of latitude, 20 km, north of town b.
    addresses = {
        "country": ["DE"] * 4,
        "city": ["A", "B", "C", "Village"],
        "lat": [50, 52, 54, 52.18],
        "lon": [8.0] * 4,
    }
    works = records_of([[(0, 0), (1, 1)], [(0, 0), (1, 3)], [(0, 3), (1, 2)]], 4)
    table = pa.table({**addresses, "lat": np.array(addresses["lat"], dtype=float)})
    sites = pa.table(
        dict(zip(["work", "actor", "address"], works.read_sites(0, ["work", "actor", "address"]), strict=True))
    )
    sites = sites.append_column("role", pa.array(np.zeros(len(sites), dtype=np.int8)))
    records = Records.from_tables(works.works, sites, table)
    found = robustness.by_catchment(records, path, [0, 10, 25])
    weights = {name: network.adjacency.toarray()[1].tolist() for name, network in found.items()}
    assert weights == {"0 km": [1, 0, 0], "10 km": [1, 0, 0], "25 km": [2, 0, 1]}
    compared = robustness.catchments(records, path, [0, 10, 25], measures=["strength"])
    assert compared["choice"].tolist() == ["0 km", "10 km"]
    assert compared["against"].tolist() == ["25 km"] * 2
    # a is second with 25 km (2, against 3 of b), and shares the first rank without.
    assert compared["largest_movers"].tolist() == ["A 2 -> 1"] * 2
    other = robustness.catchments(records, path, [0, 10], measures=["strength"])
    assert other["against"].tolist() == ["0 km"]
    with pytest.raises(RecipeError, match=r"baseline of 30 km is not among the radii \[0, 10\]"):
        robustness.catchments(records, path, [0, 10], baseline=30)
    with pytest.raises(RecipeError, match="have no districts"):
        robustness.catchments(records, "country", [0, 10])
    assert places.get(path, 25).catchment_km == 25
