"""Openness of ties against loops over the links, closed forms, and published networks."""

import json
import math
from collections import Counter, defaultdict
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innovation_graph import Network, international
from innovation_graph.errors import NetworkError, RecipeError, UnknownNameError
from innovation_graph.international import NO_GROUP, bilateral, bilateral_table, openness, top_partners
from innovation_graph.similarity import association_strength
from innovation_graph.sources.networks import group_by, read_matrix, read_vosviewer
from tests.zoo import ZOO

CODES = ["CN", "US", "DE", None]


def network_of(countries, links, **columns):
    ids = [f"p{i}" for i in range(len(countries))]
    places = pd.DataFrame({"country": pd.array(countries, dtype="str"), **columns}, index=ids)
    matrix = np.zeros((len(ids),) * 2)
    for i, j, weight in links:
        matrix[i, j] = matrix[j, i] = weight
    return Network.from_matrix(matrix, places)


@st.composite
def networks(draw, codes=CODES, largest=8):
    n = draw(st.integers(0, largest))
    countries = draw(st.lists(st.sampled_from(codes), min_size=n, max_size=n))
    pairs = list(combinations(range(n), 2))
    weights = draw(st.lists(st.sampled_from([0, 0, 1, 2, 3, 5.5]), min_size=len(pairs), max_size=len(pairs)))
    degrees = st.lists(st.sampled_from([math.nan, -80, 0, 0.3, 40, 41]), min_size=n, max_size=n)
    links = [(i, j, weight) for (i, j), weight in zip(pairs, weights, strict=True)]
    return network_of(countries, links, lat=draw(degrees), lon=draw(degrees))


def way(a, b):
    """Return the distance in km by the angle between two vectors, which is no haversine."""

    def vector(lat, lon):
        phi, lam = math.radians(lat), math.radians(lon)
        return np.array([math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)])

    u, v = vector(*a), vector(*b)
    return 6371.0088 * math.atan2(np.linalg.norm(np.cross(u, v)), u @ v)


def rows_of(network):
    """List (partner, weight) of each place."""
    rows = defaultdict(list)
    for source, target, weight in network.links().itertuples(index=False):
        rows[source].append((target, weight))
        rows[target].append((source, weight))
    return rows


def divided(part, whole):
    return part / whole if whole else math.nan


def by_hand(network, place):
    """The definitions, link by link."""
    country = {key: None if pd.isna(value) else value for key, value in network.places["country"].items()}
    spot = {key: tuple(row) for key, row in network.places[["lat", "lon"]].astype(float).iterrows()}
    ties = rows_of(network)[place]
    known = [(c, w) for other, w in ties if (c := country[other]) and country[place]]
    abroad = [(c, w) for c, w in known if c != country[place]]
    weight, foreign = sum(w for _, w in known), sum(w for _, w in abroad)
    of = Counter()
    for code, w in abroad:
        of[code] += w
    p = [w / foreign for w in of.values()]
    shannon = sum(x * math.log(1 / x) for x in p) if p else math.nan
    long = [(way(spot[place], spot[other]), w) for other, w in ties if not np.isnan([*spot[place], *spot[other]]).any()]
    seen = sum(w for _, w in long)
    return {
        "domestic_share": divided(weight - foreign, weight),
        "international_share": divided(foreign, weight),
        "domestic_tie_share": divided(len(known) - len(abroad), len(known)),
        "international_tie_share": divided(len(abroad), len(known)),
        "unknown_share": divided(sum(w for _, w in ties) - weight, sum(w for _, w in ties)),
        "partner_countries": len(of),
        "shannon": shannon,
        "effective_countries": math.exp(shannon),
        "simpson": sum(x * (1 - x) for x in p) if p else math.nan,
        "ei_index": divided(2 * len(abroad) - len(known), len(known)),
        "ei_index_weighted": divided(foreign - (weight - foreign), weight),
        "far_share": divided(sum(w for km, w in long if km > 5000), seen),
        "near_share": divided(sum(w for km, w in long if km < 100), seen),
        "mean_km": divided(sum(km * w for km, w in long), seen),
    }


@settings(max_examples=40)
@given(networks())
def test_openness_equals_the_definitions(network):
    table = openness(network)
    assert list(table.columns) == list(international.OPENNESS) == list(international.MEASURES)
    pd.testing.assert_index_equal(table.index, network.ids)
    for place in network.ids:
        expected = by_hand(network, place)
        np.testing.assert_allclose(
            table.loc[place].astype(float), [expected[name] for name in table], rtol=1e-9, atol=1e-12
        )


@settings(max_examples=40)
@given(networks(), st.randoms(use_true_random=False))
def test_laws_of_openness(network, random):
    table = openness(network)
    order = list(range(network.n_places))
    random.shuffle(order)
    turned = Network.from_matrix(network.adjacency[order][:, order], network.places.iloc[order])
    pd.testing.assert_frame_equal(openness(turned).loc[network.ids], table, rtol=1e-9)
    scaled = Network.from_matrix(network.adjacency * 7, network.places)
    pd.testing.assert_frame_equal(openness(scaled), table, rtol=1e-9)
    several = table[table["partner_countries"] > 0]
    assert (several["effective_countries"] <= several["partner_countries"] + 1e-9).all()
    assert (several["effective_countries"] >= 1).all()


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("measure", international.MEASURES)
def test_every_measure_on_every_graph(name, measure):
    network = ZOO[name].network  # knows neither countries nor coordinates
    values = international.MEASURES[measure](network)
    assert values.name == measure
    pd.testing.assert_index_equal(values.index, network.ids)
    linked = network.adjacency.sum(axis=1) > 0
    if measure == "partner_countries":
        assert (values == 0).all()
    elif measure == "unknown_share":
        np.testing.assert_array_equal(values, np.where(linked, 1, np.nan))
    else:
        assert values.isna().all()


@pytest.mark.parametrize("k", [1, 2, 5, 40])
def test_diversity_of_equal_shares(k):
    network = network_of(["home", *(f"c{i}" for i in range(k))], [(0, i + 1, 3) for i in range(k)])
    row = openness(network).iloc[0]
    assert row["partner_countries"] == k
    assert row["shannon"] == pytest.approx(math.log(k), abs=1e-12)
    assert row["effective_countries"] == pytest.approx(k)
    assert row["simpson"] == pytest.approx(1 - 1 / k)
    assert (row["international_share"], row["ei_index"]) == (1, 1)


def test_e_i_index_and_limits():
    network = network_of(["CN", "CN", "CN", "CN", "US"], [(0, 1, 1), (0, 2, 1), (0, 3, 1), (0, 4, 9)])
    row = openness(network).iloc[0]
    assert row["ei_index"] == pytest.approx((1 - 3) / (1 + 3))
    assert row["ei_index_weighted"] == pytest.approx((9 - 3) / (9 + 3))
    assert openness(network)["ei_index"].iloc[1] == -1


def test_distances_of_known_length():
    degree = 2 * math.pi * 6371.0088 / 360
    network = network_of(["A", "B", "C"], [(0, 1, 3), (0, 2, 1)], lat=[0, 0.5, 90], lon=[0, 0, 0])
    row = openness(network).iloc[0]
    assert (row["near_share"], row["far_share"]) == (0.75, 0.25)
    assert row["mean_km"] == pytest.approx((3 * 0.5 + 90) / 4 * degree)


def test_column_and_blocs():
    places = {"iso2": ["CN", "TW", "US"]}
    network = network_of(["CN", "CN", "US"], [(0, 1, 4), (0, 2, 1)], **places)
    assert openness(network)["international_share"].iloc[0] == pytest.approx(0.2)
    assert openness(network, by="iso2")["international_share"].iloc[0] == 1
    blocs = openness(network, by={"greater": ["CN"], "rest": "p2"})
    pd.testing.assert_frame_equal(blocs, openness(network))
    partly = openness(network, by={"one": ["p0", "p1"]})
    assert partly["unknown_share"].tolist() == [0.2, 0, 1]
    assert partly["international_share"].iloc[0] == 0


@settings(max_examples=40)
@given(networks(codes=["CN", "US", "DE", None]))
def test_bilateral_equals_the_definition(network):
    group = network.places["country"].fillna(NO_GROUP)
    strength = dict(zip(network.ids, network.adjacency.sum(axis=1), strict=True))
    sums, ties, expected = Counter(), Counter(), Counter()
    for source, target, weight in network.links().itertuples(index=False):
        sums[frozenset((group[source], group[target]))] += weight
        ties[frozenset((group[source], group[target]))] += 1
    for i, j in combinations(network.ids, 2):
        expected[frozenset((group[i], group[j]))] += strength[i] * strength[j] / 2
    square, counted = bilateral(network), bilateral(network, of="ties")
    assert sorted(square.index) == sorted(set(group)) == sorted(square.columns)
    for a in square.index:
        for b in square.index:
            assert square.loc[a, b] == pytest.approx(sums[frozenset((a, b))])
            assert counted.loc[a, b] == ties[frozenset((a, b))]
    assert np.triu(square).sum() == pytest.approx(network.total_weight)
    table = bilateral_table(network)
    assert len(table) == len(sums)
    assert table["weight"].is_monotonic_decreasing
    for row in table.itertuples():
        pair = frozenset((row.group_a, row.group_b))
        by_chance = expected[pair] / network.total_weight
        assert (row.ties, row.weight) == (ties[pair], pytest.approx(sums[pair]))
        assert row.share == pytest.approx(sums[pair] / network.total_weight)
        assert (row.expected, row.ratio) == (pytest.approx(by_chance), pytest.approx(sums[pair] / by_chance))


def test_ratio_of_single_places_is_association_strength():
    network = network_of(list("ABCD"), [(0, 1, 3), (0, 3, 1), (1, 2, 2), (2, 3, 5)])
    similar = {(a, b): w for a, b, w in association_strength(network).links().itertuples(index=False)}
    table = bilateral_table(network)
    code = dict(zip("ABCD", network.ids, strict=True))
    for row in table.itertuples():
        assert row.ratio == pytest.approx(similar[code[row.group_a], code[row.group_b]])


def test_blocs_keep_their_order_and_the_rest():
    network = network_of(["US", "CN", "DE", "FR"], [(0, 1, 5), (2, 3, 2), (1, 2, 1)])
    square = bilateral(network, {"US": "US", "China": "CN", "p3 alone": "p3"})
    assert square.columns.tolist() == ["US", "China", "p3 alone", NO_GROUP]
    assert square.loc["p3 alone", NO_GROUP] == 2
    assert bilateral(network, "continent").columns.tolist() == [NO_GROUP]


@settings(max_examples=40)
@given(networks(), st.integers(1, 4))
def test_top_partners_equal_a_sort(network, n):
    table = top_partners(network, n)
    country = network.places["country"]
    position = {place: i for i, place in enumerate(network.ids)}
    rows = []
    for place in network.ids:
        ties = sorted(rows_of(network)[place], key=lambda tie: (-tie[1], position[tie[0]]))
        total = sum(w for _, w in ties)
        rows += [(place, i, partner, w, w / total) for i, (partner, w) in enumerate(ties[:n], start=1)]
    found = table[["place", "rank", "partner", "weight", "share"]].itertuples(index=False, name=None)
    assert [(*row[:4], pytest.approx(row[4])) for row in rows] == list(found)
    for row in table.itertuples():
        a, b = country[row.place], country[row.partner]
        assert pd.isna(row.partner_country) if pd.isna(b) else row.partner_country == b
        assert row.domestic is pd.NA if pd.isna(a) or pd.isna(b) else row.domestic == (a == b)


def test_partners_of_some():
    network = network_of(["CN", "US", "CN"], [(0, 1, 2), (1, 2, 2)], name_en=["Beijing", "Boston", "Wuhan"])
    assert top_partners(network, places="Boston")["partner"].tolist() == ["p0", "p2"]
    assert top_partners(network, 1, ["CN"])["place"].tolist() == ["p0", "p2"]
    assert top_partners(network, 1, ["CN"]).equals(top_partners(network, 1, ["p2", "p0"]))


def test_errors_say_what_to_do():
    network = network_of(["CN", "US"], [(0, 1, 2)])
    with pytest.raises(
        UnknownNameError, match=r"unknown column of the place table 'nation'; known: continent, country"
    ):
        openness(network, by="nation")
    with pytest.raises(NetworkError, match="'p0' belongs to two blocs, 'a' and 'b'"):
        bilateral(network, {"a": "CN", "b": ["US", "p0"]})
    with pytest.raises(UnknownNameError, match="unknown place 'XX'"):
        openness(network, by={"a": "XX"})
    with pytest.raises(UnknownNameError, match="unknown sum 'links'; known: ties, weight"):
        bilateral(network, of="links")
    with pytest.raises(RecipeError, match="at least 1, not 0"):
        top_partners(network, 0)


def test_real_cities_of_two_countries(real_data):
    path = real_data / "covid_organisations" / "network.json"
    cities = group_by(read_vosviewer(path), "address")
    square, ties = bilateral(cities), bilateral(cities, of="ties")
    assert ties.loc["CN", "US"] == 164
    content = json.loads(path.read_text(encoding="utf-8"))["network"]
    city = {item["id"]: item["address"] for item in content["items"]}
    weight, total = 0, 0
    for link in content["links"]:
        a, b = city[link["source_id"]], city[link["target_id"]]
        total += link["strength"] if a != b else 0
        ends = {a.split(", ")[1], b.split(", ")[1]}
        weight += link["strength"] if ends == {"China", "United States"} else 0
    assert square.loc["CN", "US"] == weight > 0
    assert np.triu(square).sum() == pytest.approx(total)
    # One place a country: the table is the matrix.
    countries = sorted(cities.places["country"].unique())
    merged = cities.aggregate(pd.DataFrame(index=countries), cities.places["country"])
    np.testing.assert_allclose(merged.adjacency.toarray(), square.to_numpy() - np.diag(np.diag(square)))


def test_real_matrix_of_countries_has_no_domestic_tie(real_data):
    network = read_matrix(real_data / "ncses" / "5019.csv")
    table = openness(network)
    linked = table["partner_countries"] > 0
    assert (table["international_share"][linked] == 1).all()
    # Every place is a country: as many partner countries as partners.
    assert table["partner_countries"].tolist() == np.diff(network.adjacency.indptr).tolist()
