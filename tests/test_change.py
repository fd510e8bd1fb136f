"""Change over time against loops over dictionaries, scipy's tests of single series, and planted trends."""

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from innovation_graph import Network, centrality, change
from innovation_graph._over_time import axis_of, in_years
from innovation_graph.errors import NetworkError, RecipeError, UnknownNameError
from innovation_graph.sources.networks import read_slices
from tests.zoo import ZOO, build

NAMES = ["ankara", "bonn", "cairo", "delhi", "essen", "fez"]


@st.composite
def some(draw, least=2, most=5):
    """Draw networks of several times, each over its own places in its own order."""
    slices = {}
    for year in range(2000, 2000 + draw(st.integers(least, most))):
        places = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=6))
        pairs = list(combinations(range(len(places)), 2))
        weights = draw(st.lists(st.sampled_from([0, 0, 1, 2, 5]), min_size=len(pairs), max_size=len(pairs)))
        matrix = np.zeros((len(places), len(places)))
        for (i, j), weight in zip(pairs, weights, strict=True):
            matrix[i, j] = matrix[j, i] = weight
        slices[str(year)] = Network.from_matrix(matrix, places)
    return slices


def as_dict(network):
    return {frozenset((row.source, row.target)): row.weight for row in network.links().itertuples()}


def series(rows, years=None):
    """Make networks in which tie k between place 0 and place k + 1 has the weights of row k."""
    times = [str(year) for year in years or range(2000, 2000 + len(rows[0]))]
    values = [[row[t] for row in rows] for t in range(len(times))]
    n = len(rows) + 1
    return {
        time: build(n, [(0, k + 1, w) for k, w in enumerate(weights) if w])
        for time, weights in zip(times, values, strict=True)
    }


def nan_equal(got, expected):
    np.testing.assert_allclose(np.array(got, dtype=float), np.array(expected, dtype=float), rtol=1e-12, atol=1e-15)


def over(value, of):
    return value / of if of else math.nan


# Times


def test_times_as_years():
    shown = {
        "2019": 2019.5,
        "2020-Q1": 2020.125,
        "2020Q4": 2020.875,
        "2020-q2": 2020.375,
        "2020-01": 2020 + 1 / 24,
        "2020-12": 2020 + 23 / 24,
        "2019-2021": 2020.5,
        "2020-2020": 2020.5,
    }
    for time, year in shown.items():
        assert in_years(time) == pytest.approx(year), time
    for time in (
        "total",
        "2021-2019",
        "2020-13",
        "2020-00",
        "2020-Q5",
        "20",
        "2020-02-32",
        "2020-1",
        "",
        "2019-2021-Q1",
    ):
        assert in_years(time) is None, time
    days = [f"2020-{month:02}-{day:02}" for month, day in [(1, 1), (1, 31), (2, 1), (6, 30), (12, 31)]]
    exact = [2020 + n / 366 for n in (0.5, 30.5, 31.5, 181.5, 365.5)]
    np.testing.assert_allclose(axis_of(days), exact, atol=2 / 365)


def test_unequal_spacing_and_unreadable_times():
    np.testing.assert_allclose(axis_of(["2019", "2022-2023", "2025-Q3"]), [2019.5, 2023, 2025.625])
    np.testing.assert_array_equal(axis_of(["first", "2019", "2001"]), [0, 1, 2])
    with pytest.raises(NetworkError, match="must come in the order of their times, but 2018 comes after 2019"):
        axis_of(["2017", "2019", "2018"])
    with pytest.raises(NetworkError, match="2019-2019 comes after 2019"):
        axis_of(["2019", "2019-2019"])
    rows = [[1, 2, 8], [8, 2, 1]]
    slopes = change.trends(series(rows, ["2000", "2001", "2004"]))["slope"].tolist()
    assert slopes == [np.median([1, 6 / 3, 7 / 4]), np.median([-6, -1 / 3, -7 / 4])]
    assert change.trends(series(rows, ["a", "b", "c"]))["slope"].tolist() == [3.5, -3.5]


# Ties of two networks


@settings(max_examples=30)
@given(some(least=2, most=2))
def test_ties_of_two_networks_against_dictionaries(networks):
    before, after = networks.values()
    old, new = as_dict(before), as_dict(after)
    table = change.tie_changes(before, after)
    got = {frozenset((r.source, r.target)): (r.before, r.after, r.change, r.status) for r in table.itertuples()}
    assert len(table) == len(got)
    assert got == {
        pair: (
            old.get(pair, 0),
            new.get(pair, 0),
            new.get(pair, 0) - old.get(pair, 0),
            "kept" if pair in old and pair in new else "new" if pair in new else "lost",
        )
        for pair in old.keys() | new.keys()
    }
    ids = [*before.ids, *(place for place in after.ids if place not in set(before.ids))]
    rank = {place: i for i, place in enumerate(ids)}
    rows = [(rank[r.source], rank[r.target]) for r in table.itertuples()]
    assert rows == sorted(rows)
    assert all(i < j for i, j in rows)

    kept, union = old.keys() & new.keys(), old.keys() | new.keys()
    low = sum(min(old.get(p, 0), new.get(p, 0)) for p in union)
    high = sum(max(old.get(p, 0), new.get(p, 0)) for p in union)
    whole = change.persistence(before, after)
    nan_equal(
        whole,
        [len(old), len(new), len(kept), len(new) - len(kept), len(old) - len(kept), over(len(kept), len(union)),
         over(len(kept), len(old)), over(len(new) - len(kept), len(new)), over(low, high)],
    )  # fmt: skip

    by_place = change.novelty(before, after)
    assert list(by_place.index) == ids
    for place, row in by_place.iterrows():
        was, comes = ({p: w for p, w in ties.items() if place in p} for ties in (old, new))
        fresh = comes.keys() - was.keys()
        stay = len(was.keys() & comes.keys())
        weight = sum(comes[p] for p in fresh)
        nan_equal(
            row,
            [len(was), len(comes), stay, len(fresh), len(was) - stay, over(len(fresh), len(comes)),
             over(stay, len(was)), over(weight, sum(comes.values()))],
        )  # fmt: skip


@pytest.mark.parametrize("name", ZOO)
def test_a_network_and_itself(name):
    network = ZOO[name].network
    assert (change.tie_changes(network, network)["status"] == "kept").all()
    whole = change.persistence(network, network)
    expected = 1 if network.n_links else math.nan
    nan_equal(whole[["jaccard", "kept_share", "weighted_jaccard"]], [expected] * 3)
    nan_equal(whole["novelty"], 0 if network.n_links else math.nan)
    assert change.trends({"2000": network, "2001": network, "2002": network})["p_value"].eq(1).all()


# Time lines and places


@settings(max_examples=25)
@given(some())
def test_timeline_against_sets(networks):
    table = change.timeline(networks)
    assert list(table.index) == list(networks)
    ids = {place for network in networks.values() for place in network.ids}
    earlier = None
    for time, network in networks.items():
        ties = as_dict(network)
        row = table.loc[time]
        linked = {place for pair in ties for place in pair}
        pairs = len(ids) * (len(ids) - 1) / 2
        nan_equal(
            row[["places", "ties", "weight", "density"]],
            [len(linked), len(ties), sum(ties.values()), over(len(ties), pairs)],
        )
        if earlier is None:
            assert row[["new", "lost", "kept", "jaccard", "ties_growth", "weight_growth"]].isna().all()
        else:
            kept = len(ties.keys() & earlier.keys())
            nan_equal(
                row[["new", "lost", "kept", "jaccard", "ties_growth", "weight_growth"]],
                [len(ties) - kept, len(earlier) - kept, kept, over(kept, len(ties.keys() | earlier.keys())),
                 over(len(ties), len(earlier)) - 1, over(sum(ties.values()), sum(earlier.values())) - 1],
            )  # fmt: skip
        earlier = ties


def test_growth_is_compound_and_a_year():
    networks = series([[1, 8], [4, 4], [2, 0], [0, 3]], ["2000", "2003"])
    table = change.place_growth(networks, ["strength"]).loc["strength"]
    nan_equal(table["growth"], [(15 / 7) ** (1 / 3) - 1, 1, 0, -1, math.nan])
    assert table["change"].tolist() == [8, 7, 0, -2, 3]
    assert table["rank_first"].tolist() == [1, 4, 2, 3, 5]
    assert table["rank_last"].tolist() == [1, 2, 3, 5, 4]
    assert table["rank_change"].tolist() == [0, 2, -1, -2, 1]
    assert change.timeline(networks)["weight_growth"].iloc[1] == pytest.approx((15 / 7) ** (1 / 3) - 1)
    # Ten percent a quarter are 46 percent a year; from the middle of 2019 to that of 2022-2023 it is 3.5 years.
    quarters = {"2020-Q1": build(2, [(0, 1, 10)]), "2020-Q2": build(2, [(0, 1, 11)])}
    assert change.timeline(quarters)["weight_growth"].iloc[1] == pytest.approx(1.1**4 - 1)
    spans = {"2019": build(2, [(0, 1, 1)]), "2022-2023": build(2, [(0, 1, 3)])}
    assert change.place_growth(spans, ["strength"])["growth"].tolist() == pytest.approx([3 ** (1 / 3.5) - 1] * 2)


@settings(max_examples=12)
@given(some())
def test_measures_of_every_time_stand_with_their_places(networks):
    names = ["degree", "strength", "betweenness"]
    table = change.measures_over_time(networks, names)
    ids = list(dict.fromkeys(place for network in networks.values() for place in network.ids))
    assert list(table.index) == [(place, time) for place in ids for time in networks]
    assert table.index.names == ["place_id", "time"]
    for time, network in networks.items():
        for name in names:
            values = centrality.MEASURES[name](network)
            for place in ids:
                assert table.loc[(place, time), name] == values.get(place, 0)
    if not ids:
        return  # a table without rows has no part for a measure
    growth = change.place_growth(networks, names)
    first, last = min(networks), max(networks)
    for name in names:
        np.testing.assert_array_equal(growth.loc[name, "first"], table[name].xs(first, level="time"))
        np.testing.assert_array_equal(growth.loc[name, "last"], table[name].xs(last, level="time"))
        for column in ("first", "last"):
            values = growth.loc[name, column]
            ranks = stats.rankdata(-values, method="min") if len(values) else values
            np.testing.assert_array_equal(growth.loc[name, f"rank_{column}"], ranks)


def test_measures_go_into_the_trend_test():
    networks = series([[3, 1, 4, 1, 5, 9], [2, 6, 5, 3, 5, 8]])
    table = change.measures_over_time(networks, ["strength"])["strength"].unstack()[list(networks)]  # noqa: PD010
    tested = change.mann_kendall(table)
    assert list(tested.index) == list(networks["2000"].ids)
    rows = [[5, 7, 9, 4, 10, 17], [3, 1, 4, 1, 5, 9], [2, 6, 5, 3, 5, 8]]
    assert tested["s"].tolist() == [by_hand(row, range(6))[0] for row in rows]


# Trends


def by_hand(values, axis):
    """Mann and Kendall, and Theil and Sen, by loops over pairs and groups."""
    n = len(values)
    pairs = list(combinations(range(n), 2))
    s = sum((values[j] > values[i]) - (values[j] < values[i]) for i, j in pairs)
    groups = [list(values).count(value) for value in set(values)]
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in groups)) / 18
    z = (s - (s > 0) + (s < 0)) / math.sqrt(variance) if variance else 0
    slopes = sorted((values[j] - values[i]) / (axis[j] - axis[i]) for i, j in pairs)
    middle = (slopes[(len(slopes) - 1) // 2] + slopes[len(slopes) // 2]) / 2
    return s, variance, z, math.erfc(abs(z) / math.sqrt(2)), middle


@settings(max_examples=60)
@given(st.integers(2, 12).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 4), min_size=n, max_size=n), min_size=1, max_size=6)
))  # fmt: skip
def test_trend_tests_against_loops_and_scipy(rows):
    years = np.cumsum([2000, *(1 + k % 3 for k in range(len(rows[0]) - 1))]).tolist()
    table = pd.DataFrame(rows, columns=[str(year) for year in years], index=[f"row {k}" for k in range(len(rows))])
    got = change.mann_kendall(table)
    assert list(got.index) == list(table.index)
    for row, result in zip(rows, got.itertuples(), strict=True):
        expected = by_hand(row, years)
        nan_equal([result.s, result.variance, result.z, result.p_value, result.slope], expected)
        if len(set(row)) == 1:
            assert (result.s, result.p_value) == (0, 1)
            assert math.isnan(result.tau)
            continue
        assert result.slope == pytest.approx(stats.theilslopes(row, years).slope)
        if len(row) > 2:  # scipy divides by n - 2
            kendall = stats.kendalltau(years, row, method="asymptotic")
            assert result.tau == pytest.approx(kendall.statistic)
            without_correction = math.erfc(abs(result.s) / math.sqrt(2 * result.variance))
            assert without_correction == pytest.approx(kendall.pvalue)
    p = got["p_value"].to_numpy()
    order = np.argsort(p)
    stepped = [min(1, *(p[order[j]] * len(p) / (j + 1) for j in range(i, len(p)))) for i in range(len(p))]
    nan_equal(got["q_value"].to_numpy()[order], stepped)


def test_p_is_near_the_exact_one():
    rng = np.random.default_rng(1)
    rows = np.array([rng.permutation(20) for _ in range(50)])
    got = change.mann_kendall(pd.DataFrame(rows))["p_value"]
    exact = [stats.kendalltau(range(20), row, method="exact").pvalue for row in rows]
    np.testing.assert_allclose(got, exact, atol=0.01)


def test_many_series_are_cut_into_pieces(monkeypatch):
    from innovation_graph import _trend_tests

    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.integers(0, 9, (40, 11)), columns=[str(y) for y in range(2000, 2011)])
    monkeypatch.setattr(_trend_tests, "_CELLS", 55 * 7)
    slopes = [stats.theilslopes(row, range(11)).slope for row in table.to_numpy()]
    np.testing.assert_allclose(change.mann_kendall(table)["slope"], slopes)


def test_noise_of_sums_makes_no_trend():
    row = [0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2, 0.3]
    assert len(set(row)) == 2
    assert change.mann_kendall(pd.DataFrame([row]))["p_value"].tolist() == [1]


@settings(max_examples=12)
@given(some(least=3), st.permutations(NAMES), st.lists(st.sampled_from([0.5, 1, 4]), min_size=5, max_size=5))
def test_laws_of_trends(networks, order, factors):
    def keyed(table):
        ends = [tuple(sorted(pair)) for pair in zip(table["source"], table["target"], strict=True)]
        index = pd.MultiIndex.from_tuples(ends, names=["a", "b"]) if ends else pd.MultiIndex.from_arrays([[], []])
        return table.drop(columns=["source", "target"]).set_axis(index, axis=0).sort_index()

    table = change.trends(networks)
    assert (table[list(networks)] > 0).any(axis=1).all()
    for time, network in networks.items():
        values = {frozenset((r["source"], r["target"])): r[time] for _, r in table.iterrows() if r[time]}
        assert values == as_dict(network)
    # The order of places changes nothing.
    everywhere = {time: Network.from_edges(n.links(), order) for time, n in networks.items()}
    pd.testing.assert_frame_equal(keyed(change.trends(everywhere)), keyed(table))
    # Turned weights turn signs; growth of the whole does not touch shares.
    scaled = {
        time: Network.from_edges(n.links().assign(weight=n.upper.data * factor), list(n.ids))
        for (time, n), factor in zip(networks.items(), factors, strict=False)
    }
    shares = change.trends(networks, relative=True)
    pd.testing.assert_frame_equal(change.trends(scaled, relative=True), shares)
    total = np.array([n.total_weight for n in networks.values()])
    expected = table[list(networks)] / np.where(total > 0, total, 1)
    np.testing.assert_allclose(shares[list(networks)], expected)


def test_a_share_that_stays_is_no_trend():
    grows = [[2**t for t in range(8)], [3 * 2**t for t in range(8)]]
    assert (change.trends(series(grows))["p_value"] < 0.01).all()
    assert (change.trends(series(grows), relative=True)["p_value"] == 1).all()


# Emerging ties


def planted(seed=4, n=12, times=20):
    """Draw ties that all grow alike, but for one that comes up from nothing and one that fades."""
    rng = np.random.default_rng(seed)
    growth = 1.08 ** np.arange(times)
    slices = {}
    for t in range(times):
        matrix = np.triu(rng.poisson(40 * growth[t], (n, n)), 1).astype(float)
        matrix[2, 7] = rng.poisson(max(0, t - 9) * 25 * growth[t])
        matrix[3, 5] = rng.poisson(60 * (times - t) / times * growth[t])
        slices[str(2000 + t)] = Network.from_matrix(matrix + matrix.T)
    return slices


def test_planted_ties_are_found_and_no_others():
    slices = planted()
    up, down = change.emerging(slices), change.declining(slices)
    ends = ["source", "target"]
    assert up[ends].to_numpy().tolist() == [["place-3", "place-8"]]
    assert down[ends].to_numpy().tolist() == [["place-4", "place-6"]]
    # General growth is no emergence, though nearly all ties grow.
    assert (change.trends(slices)["q_value"] < 0.05).mean() > 0.9
    assert up["since"].tolist() == ["2010"]


def test_the_score_is_what_it_says():
    rows = [[0, 0, 0, 20, 40, 60], [50, 50, 50, 50, 50, 50], [50, 50, 50, 130, 110, 90], [10, 9, 8, 7, 6, 5]]
    networks = series(rows)
    up = change.emerging(networks, recent=2, alpha=None, minimum=5).set_index("target")
    old_total, new_total = sum(sum(row[:4]) for row in rows), sum(sum(row[4:]) for row in rows)
    for k, target in enumerate(["place-2", "place-3", "place-4", "place-5"]):
        expected = sum(rows[k][:4]) / old_total * new_total / 2
        recent = sum(rows[k][4:]) / 2
        score = math.log2((recent + 5) / (expected + 5))
        if target in up.index:
            row = up.loc[target]
            nan_equal(row[["score", "earlier", "recent", "expected", "gain"]].tolist(),
                      [score, sum(rows[k][:4]) / 4, recent, expected, recent - expected])  # fmt: skip
    assert up.index[0] == "place-2"
    assert up["since"].iloc[0] == "2003"
    assert up["score"].is_monotonic_decreasing
    down = change.declining(networks, recent=2, alpha=None, minimum=5)
    assert list(down["target"]) == ["place-5", "place-3"]
    assert (down["score"] < 0).all()
    assert down["score"].is_monotonic_increasing
    # A tie that is gone has fallen, however light it is now.
    gone = change.declining(series([[30, 20, 10, 0, 0, 0], [50] * 6]), recent=2, alpha=None, minimum=5)
    assert gone[["target", "recent"]].to_numpy().tolist() == [["place-2", 0]]
    assert len(change.emerging(networks, 0, alpha=None)) == 0
    # Too light for the list, before and after.
    assert len(change.emerging(networks, alpha=None, minimum=1000)) == 0
    everything = change.emerging(networks, None, alpha=None, minimum=1e-3)
    assert list(everything["target"]) == ["place-2"]  # the share of place-4 rises in most pairs, but fell back


def test_errors_name_what_is_wrong():
    networks = series([[1, 2, 3], [3, 2, 1]])
    for call in (change.timeline, change.trends, change.measures_over_time):
        with pytest.raises(NetworkError, match="expected 1 or more times, got 0"):
            call({})
        with pytest.raises(NetworkError, match="2001 comes after 2002"):
            call(dict(reversed(networks.items())))
    for call in (change.place_growth, change.emerging, change.declining):
        with pytest.raises(NetworkError, match="expected 2 or more times, got 1"):
            call({"2000": networks["2000"]})
    with pytest.raises(NetworkError, match=r"with 3 times no trend can be significant: the smallest p is 0.3, alpha"):
        change.emerging(networks)
    for wrong, message in (
        ({"recent": 3}, "recent must be a number of times from 1 to 2, not 3"),
        ({"recent": 0}, "recent must be"),
        ({"minimum": 0}, "minimum must be a number above 0"),
        ({"minimum": math.nan}, "minimum must be a number above 0"),
        ({"alpha": 0}, "alpha must lie between 0 and 1"),
        ({"alpha": 1.5}, "alpha must lie between 0 and 1"),
        ({"n": -1}, "n must be a number of ties from 0 on"),
    ):
        with pytest.raises(RecipeError, match=message):
            change.emerging(networks, **wrong)
    with pytest.raises(UnknownNameError, match="unknown measure 'size'"):
        change.place_growth(networks, ["size"])
    with pytest.raises(RecipeError, match="expected at least one measure, got none"):
        change.place_growth(networks, [])
    with pytest.raises(NetworkError, match="series 'b' has a value that is missing or not finite"):
        change.mann_kendall(pd.DataFrame([[1, 2], [1, None]], index=["a", "b"]))


def test_networks_without_ties_or_places():
    empty = {"2000": build(0, []), "2001": build(0, [])}
    assert change.timeline(empty)["ties"].tolist() == [0, 0]
    assert len(change.trends(empty)) == len(change.measures_over_time(empty)) == 0
    apart = {str(year): build(3, []) for year in range(2000, 2010)}
    assert len(change.trends(apart, relative=True)) == len(change.emerging(apart)) == 0
    assert change.place_growth(apart, ["degree"])["growth"].isna().all()


# Real networks


@pytest.fixture(scope="module")
def countries(real_data):
    return read_slices("pajek", real_data / "openalex_countries_1990_2023/WrldCo_years.zip", directed="max")


def test_countries_of_34_years(countries):
    table = change.trends(countries)
    pair = table[(table["source"] == "cn") & (table["target"] == "us")].iloc[0]
    assert pair[["1990", "2010", "2019", "2023"]].tolist() == [884, 20580, 73485, 72794]
    values = pair[list(countries)].to_numpy(dtype=float)
    years = np.arange(1990, 2024)
    assert pair["slope"] == pytest.approx(stats.theilslopes(values, years).slope)
    assert pair["tau"] == pytest.approx(stats.kendalltau(years, values).statistic)
    # Some of all links, drawn at random, against scipy.
    for row in table.sample(40, random_state=3)[list(countries)].itertuples():
        series = np.array(row[1:])
        kendall = stats.kendalltau(years, series, method="asymptotic")
        assert table.loc[row.Index, "tau"] == pytest.approx(kendall.statistic)
        assert table.loc[row.Index, "slope"] == pytest.approx(stats.theilslopes(series, years).slope)


def test_emerging_countries_rise_in_share_by_least_squares_too(countries):
    total = np.array([network.total_weight for network in countries.values()])
    at = {time: as_dict(network) for time, network in countries.items()}
    for table, sign in ((change.emerging(countries), 1), (change.declining(countries), -1)):
        assert len(table) == 50
        for row in table.itertuples():
            pair = frozenset((row.source, row.target))
            share = np.array([at[time].get(pair, 0) for time in countries]) / total
            assert sign * stats.linregress(range(34), share).slope > 0
            assert row.since == next(time for time in countries if pair in at[time])


def test_quarters_of_collaborators(real_data):
    networks = read_slices(
        "edges", real_data / "github_innovation_graph/economy_collaborators.csv", time="year,quarter", directed="sum",
        source="source", target="destination", weight="weight", drop=["EU"],
    )  # fmt: skip
    table = change.timeline(networks)
    assert len(table) == 23
    np.testing.assert_allclose(np.diff(axis_of(table.index)), 0.25)
    ratio = networks["2020-Q2"].total_weight / networks["2020-Q1"].total_weight
    assert table["weight_growth"].iloc[1] == pytest.approx(ratio**4 - 1)
