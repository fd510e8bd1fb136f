"""Comparison of rankings: scipy, closed forms, and the published lists."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from innovation_graph._data import data_path
from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index import compare
from innovation_graph.places import gihi2024

GBA = "guangdong-hong-kong-macao-greater-bay-area"


def series(numbers, names="abcdefghijklmnopqrstuvwxyz"):
    return pd.Series(list(map(float, numbers)), index=list(names[: len(numbers)]))


@pytest.mark.parametrize(
    ("city", "country", "place"),
    [
        ("Shenzhen", "CN", GBA),
        ("Guangzhou", "CN", GBA),
        ("Hong Kong", "HK", GBA),
        ("Hong Kong", "CN", GBA),
        ("Shenzhen - Hong Kong - Guangzhou", "CN", GBA),
        ("Shenzhen–Hong Kong–Guangzhou", "CN", GBA),
        ("Macao - Zhuhai", "CN", GBA),
        ("Osaka", "JP", "kyoto-osaka-kobe"),
        ("San Francisco Bay Area", "US", "san-francisco-san-jose"),
        ("San Francisco", "US", "san-francisco-san-jose"),
        ("Washington", "US", "baltimore-washington"),
        ("Cambridge", "GB", "cambridge"),
        ("Cambridge", "US", "boston"),
        ("北京", "CN", "beijing"),
        ("Zürich", "CH", "zurich"),
        ("Taipei", "TW", "taipei"),
    ],
)
def test_hub_of_a_city(city, country, place):
    found = compare.hubs_of(pd.DataFrame({"city": [city], "country": [country]}))
    assert found["place_id"].tolist() == [place]


def test_cities_without_one_hub_are_said():
    cities = pd.DataFrame({"city": ["Atlantis", "Cambridge", "Tokyo - Osaka"], "country": ["US", None, "JP"]})
    found = compare.hubs_of(cities)
    assert found["place_id"].isna().all()
    assert found["how"].tolist() == ["none", "several", "several"]


def test_every_published_city_and_alias_has_a_hub():
    hubs = gihi2024().table.index
    for file, _, city, country in compare.PUBLISHED.values():
        table = pd.read_csv(data_path("other_indices") / f"{file}.csv", keep_default_na=False)
        assert compare.hubs_of(table, city=city, country=country)["place_id"].isin(hubs).all()
    aliases = pd.read_csv(data_path("city_to_hub.csv"))
    found = compare.hubs_of(aliases)
    assert (found["how"] == "alias").all()
    assert found["place_id"].isin(hubs).all()


def test_several_cities_in_a_hub():
    table = pd.DataFrame(
        {"city": ["Shenzhen", "Hong Kong", "Paris", "Atlantis", "Boston"], "country": ["CN"] * 2 + ["FR"] + ["US"] * 2}
    )
    table["rank"] = [15, 28, 6, 1, None]
    best, mean = (compare.to_hubs(table, "rank", combine=how) for how in ("min", "mean"))
    assert best["rank"].to_dict() == {GBA: 15, "paris": 6}
    assert mean["rank"][GBA] == 21.5
    assert best["n_cities"].tolist() == [2, 1]
    assert best["cities"][GBA] == "Shenzhen; Hong Kong"


def test_published_ranks():
    ranks = compare.published("gis100_2025")
    assert ranks[["san-francisco-san-jose", "beijing", GBA, "kyoto-osaka-kobe"]].tolist() == [1, 3, 15, 26]
    assert len(ranks) == 29  # 30 cities, two of them in one hub
    assert compare.published("wipo_clusters_2025").to_dict() == {GBA: 1, "tokyo": 2}
    assert compare.published("industrial_innovation_2025")["tokyo"] == 1


@settings(max_examples=40, deadline=None)
@given(
    x=st.lists(st.integers(0, 9), min_size=6, max_size=12).filter(lambda x: len(set(x)) > 2),
    seed=st.integers(0, 10**6),
)
def test_correlations_are_those_of_scipy(x, seed):
    y = np.random.default_rng(seed).normal(size=len(x))
    made = compare.agreement({"x": series(x), "y": series(y)}).iloc[0]
    assert made["n"] == len(x)
    assert made["spearman"] == pytest.approx(stats.spearmanr(x, y).statistic)
    assert made["kendall"] == pytest.approx(stats.kendalltau(x, y).statistic)
    assert made["weighted_tau"] == pytest.approx(stats.weightedtau(stats.rankdata(x), stats.rankdata(y)).statistic)


def test_ranks_count_from_the_best():
    scores = series([9, 7, 5, 3, 1])
    row = compare.agreement({"s": scores, "r": series([1, 2, 3, 4, 5])}, ranks=["r"], top=2).iloc[0]
    assert row[["spearman", "kendall", "weighted_tau", "overlap"]].tolist() == pytest.approx([1, 1, 1, 1])
    row = compare.agreement({"s": scores, "r": series([1, 2, 3, 4, 5])}, top=2).iloc[0]
    assert row[["spearman", "kendall", "weighted_tau", "overlap"]].tolist() == pytest.approx([-1, -1, -1, 0])


def test_leaders_weigh_more_in_weighted_tau():
    right = series(range(10, 0, -1))
    top, end = right.copy(), right.copy()
    top.iloc[[0, 1]], end.iloc[[8, 9]] = [9.0, 10.0], [1.0, 2.0]
    table = compare.agreement({"right": right, "top": top, "end": end}).set_index(["first", "second"])
    assert table.loc[("right", "top"), "kendall"] == table.loc[("right", "end"), "kendall"]
    assert table.loc[("right", "top"), "weighted_tau"] < table.loc[("right", "end"), "weighted_tau"]


def test_intervals_by_fisher():
    x = series([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    y = series([2, 1, 4, 3, 6, 5, 8, 7, 10, 9])
    row = compare.agreement({"x": x, "y": y}).iloc[0]
    r, tau = 1 - 6 * 10 / 990, 1 - 2 * 5 / 45
    half = 1.959963984540054 * np.sqrt((1 + r**2 / 2) / 7)
    assert row["spearman"] == pytest.approx(r)
    assert (row["spearman_low"], row["spearman_high"]) == pytest.approx(
        (np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half))
    )
    half = 1.959963984540054 * np.sqrt(0.437 / 6)
    assert row["kendall"] == pytest.approx(tau)
    assert (row["kendall_low"], row["kendall_high"]) == pytest.approx(
        (np.tanh(np.arctanh(tau) - half), np.tanh(np.arctanh(tau) + half))
    )
    wide = compare.agreement({"x": x, "y": y}, level=0.99).iloc[0]
    assert wide["spearman_low"] < row["spearman_low"]


def test_small_and_constant_samples_have_no_interval():
    row = compare.agreement({"x": series([1, 2, 3, 4]), "y": series([1, 3, 2, 4])}).iloc[0]
    assert row["spearman"] == pytest.approx(0.8)
    assert np.isnan(row["spearman_low"])
    assert "very few places" in row["note"]
    row = compare.agreement({"x": series([1, 2, 3, 4]), "y": series([1, 1, 1, 1])}).iloc[0]
    assert np.isnan(row["spearman"])
    row = compare.agreement({"x": series([1, 2]), "y": series([1, 2], "yz")}).iloc[0]
    assert (row["n"], row["overlap"]) == (0, 0)


def test_overlap_of_the_leaders():
    x = series([9, 8, 7, 6, 5, 4])
    y = series([9, 1, 7, 6, 5, 4])
    assert compare.agreement({"x": x, "y": y}, top=3).iloc[0]["overlap"] == pytest.approx(2 / 3)
    tied = series([9, 8, 8, 8, 1, 0])
    row = compare.agreement({"x": x, "t": tied}, top=2).iloc[0]
    assert row["overlap"] == pytest.approx(2 / 4)  # four places share the first two ranks
    short = compare.agreement({"x": x, "s": x[:2]}, cut=["s"]).iloc[0]
    assert (short["top"], short["overlap"]) == (2, 1)
    assert "s gives 2 places only" in short["note"]


def test_missing_places_and_values_are_left_out():
    x = series([1, 2, 3, np.nan, 5, 6, 7])
    y = series([7, 2, 3, 4, 5, 6], "bcdefg")
    row = compare.agreement({"x": x, "y": y}).iloc[0]
    both = ["b", "c", "e", "f", "g"]
    assert row["n"] == 5
    assert row["spearman"] == pytest.approx(stats.spearmanr(x[both], y[both]).statistic)


def test_disagreements():
    one, two = series([1, 2, 3, 4], "abcd"), series([10, 20, 30, 40, 50], "dbcaz")
    table = compare.disagreements(one, two, ranks=(True, True))
    assert table.index.tolist() == ["a", "d", "b", "c"]
    assert table["difference"].tolist() == [3, -3, 0, 0]
    assert table["rank_second"].tolist() == [4, 1, 2, 3]
    assert table["second"]["a"] == 40
    pd.testing.assert_frame_equal(
        compare.disagreements(-one, -two)[["rank_first", "rank_second", "difference"]],
        table[["rank_first", "rank_second", "difference"]],
    )


def test_relabelling_and_monotone_maps_change_nothing():
    rng = np.random.default_rng(0)
    x, y = series(rng.lognormal(size=20)), series(rng.lognormal(size=20))
    straight = compare.agreement({"x": x, "y": y})
    pd.testing.assert_frame_equal(straight, compare.agreement({"x": np.log(x[::-1]), "y": y * 7}))


def test_the_two_indices_agree_on_the_leaders():
    """Science ranks of the GIHI and overall ranks of the other: far from independent."""
    table = pd.read_csv(data_path("gihi2024") / "table05_science_centre.csv")
    hubs = gihi2024().table
    science = table.set_index(hubs.index[table["hub_id"] - 1])["rank"]
    row = compare.agreement(
        {"science": science, "gis100": compare.published("gis100_2025")}, ranks=["science", "gis100"], cut=["gis100"]
    ).iloc[0]
    assert row["n"] == compare.published("gis100_2025").index.isin(science.index).sum()
    assert row["spearman_low"] > 0


def test_errors():
    x = series([1, 2, 3])
    with pytest.raises(UnknownNameError, match="unknown measure 'z'; known: x, y"):
        compare.agreement({"x": x, "y": x}, ranks=["z"])
    with pytest.raises(ScoringError, match="names 'a' twice"):
        compare.agreement({"x": x, "y": series([1, 2], "aa")})
    with pytest.raises(ScoringError, match="between 0 and 1"):
        compare.agreement({"x": x, "y": x}, level=95)
    with pytest.raises(ScoringError, match="top = 0"):
        compare.agreement({"x": x, "y": x}, top=0)
    with pytest.raises(UnknownNameError, match="published index"):
        compare.published("gihi")
    with pytest.raises(UnknownNameError, match="unknown column 'score'"):
        compare.to_hubs(pd.DataFrame({"city": ["Paris"]}), "score")
    with pytest.raises(UnknownNameError, match="rule"):
        compare.to_hubs(pd.DataFrame({"city": ["Paris"], "rank": [1]}), "rank", combine="sum")
