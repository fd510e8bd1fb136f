"""Clusters: dense places found from coordinates, whatever the order of the rows."""

import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innovation_graph import incidence, projection
from innovation_graph.errors import RecipeError, RecordsError
from innovation_graph.places import ClusterRule, Places, cluster_set, clusters, find_clusters, get, locate, unlocated
from innovation_graph.places.sphere import EARTH_RADIUS_KM
from innovation_graph.records import SCHEMAS, Records

KM = 180 / math.pi / EARTH_RADIUS_KM  # degrees of latitude

# Slow code of its own


def way(a, b):
    """Return the distance in km by the angle between two vectors, which is no haversine."""

    def vector(lat, lon):
        phi, lam = math.radians(lat), math.radians(lon)
        return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)

    u, v = vector(*a), vector(*b)
    across = math.hypot(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])
    return EARTH_RADIUS_KM * math.atan2(across, u[0] * v[0] + u[1] * v[1] + u[2] * v[2])


def flood(starts, near):
    """Return the connected components, from any function that names neighbours."""
    seen, parts = set(), []
    for start in starts:
        if start in seen:
            continue
        part, todo = set(), [start]
        while todo:
            at = todo.pop()
            if at not in part:
                part.add(at)
                todo.extend(near(at))
        seen |= part
        parts.append(part)
    return parts


def slow(points, weights, rule):
    """Find clusters by the definition, every pair of points looked at."""
    n = len(points)
    km = [[way(a, b) for b in points] for a in points]
    heavy = [sum(weights[j] for j in range(n) if km[i][j] <= rule.radius_km) >= rule.min_weight for i in range(n)]
    dense = [i for i in range(n) if heavy[i]]
    parts = flood(dense, lambda i: [j for j in dense if km[i][j] <= rule.radius_km])
    core_part = {i: k for k, part in enumerate(parts) for i in part}
    members = [set(part) for part in parts]
    for i in set(range(n)) - set(dense):
        nearest = min(dense, key=lambda j: km[i][j], default=None)
        if nearest is not None and km[i][nearest] <= rule.radius_km:
            members[core_part[nearest]].add(i)

    def touching(a):
        return [
            b
            for b in range(len(members))
            if rule.merge_km > 0 and min(km[i][j] for i in members[a] for j in members[b]) <= rule.merge_km
        ]

    merged = [set.union(*(members[k] for k in group)) for group in flood(range(len(members)), touching)]
    merged.sort(key=lambda part: (-sum(weights[i] for i in part), min(points[i] for i in part)))
    label = [-1] * n
    for k, part in enumerate(merged):
        for i in part:
            label[i] = k
    return label


def find(points, weights, rule):
    lat, lon = np.array(points, dtype=float).reshape(-1, 2).T
    return find_clusters(lat, lon, np.array(weights, dtype=float), rule).tolist()


def scattered(seed, n, centre, spread_km):
    """Return points around a centre, and whole weights."""
    rng = np.random.default_rng(seed)
    lat = np.clip(centre[0] + rng.uniform(-1, 1, n) * spread_km * KM, -90, 90)
    lon = centre[1] + rng.uniform(-1, 1, n) * spread_km * KM / max(math.cos(math.radians(centre[0])), 0.01)
    lon = (lon + 180) % 360 - 180
    return list(zip(lat.tolist(), lon.tolist(), strict=True)), rng.integers(1, 6, n).tolist()


CENTRES = [(0.0, 0.0), (52.0, 13.0), (-33.9, 179.99), (-41.0, -180.0), (69.0, 18.0), (89.9, 40.0)]
CASES = st.tuples(
    st.integers(0, 2**32 - 1), st.integers(1, 45), st.sampled_from(CENTRES), st.sampled_from([15.0, 40.0, 90.0])
)
RULES = st.builds(
    ClusterRule,
    radius_km=st.sampled_from([6.0, 15.0, 30.0]),
    min_weight=st.integers(1, 25),
    merge_km=st.sampled_from([0.0, 5.0, 12.0, 40.0]),
)


@given(CASES, RULES)
@settings(max_examples=150)
def test_against_every_pair_looked_at(case, rule):
    points, weights = scattered(*case)
    assert find(points, weights, rule) == slow(points, weights, rule)


def test_the_cases_above_hold_what_they_should():
    several = merged = noise = shared = 0
    for seed in range(60):
        points, weights = scattered(seed, 40, CENTRES[seed % 6], 60.0)
        apart, joined = (slow(points, weights, ClusterRule(15.0, 12, km)) for km in (0.0, 14.0))
        several += max(apart) > 0
        merged += max(joined) < max(apart)
        noise += min(apart) < 0
        # Points of two clusters within the radius: at least one of them is not dense.
        pairs = ((i, j) for i in range(40) for j in range(i) if 0 <= apart[i] != apart[j] >= 0)
        shared += any(way(points[i], points[j]) <= 15 for i, j in pairs)
    assert min(several, merged, noise, shared) > 5


# Laws


@given(CASES, RULES, st.floats(-180, 180), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_order_and_turning_the_globe_change_nothing(case, rule, turn, random):
    points, weights = scattered(*case)
    label = find(points, weights, rule)
    order = list(range(len(points)))
    random.shuffle(order)
    assert find([points[i] for i in order], [weights[i] for i in order], rule) == [label[i] for i in order]
    turned = [(lat, (lon + turn + 540) % 360 - 180) for lat, lon in points]
    # Equally heavy clusters may change numbers with their westernmost point: the parts stay.
    assert parts(find(turned, weights, rule)) == parts(label)


def parts(label):
    return {frozenset(i for i, k in enumerate(label) if k == value) for value in set(label) if value >= 0}


@given(CASES, RULES)
@settings(max_examples=60)
def test_a_weight_is_so_many_points_at_one_spot(case, rule):
    points, weights = scattered(*case)
    label = find(points, weights, rule)
    rows = [i for i, weight in enumerate(weights) for _ in range(weight)]
    assert find([points[i] for i in rows], [1] * len(rows), rule) == [label[i] for i in rows]


@given(CASES, RULES)
@settings(max_examples=40)
def test_more_weight_asked_for_never_takes_in_more_points(case, rule):
    points, weights = scattered(*case)
    rare = ClusterRule(rule.radius_km, rule.min_weight + 5, rule.merge_km)
    inside, fewer = np.array(find(points, weights, rule)) >= 0, np.array(find(points, weights, rare)) >= 0
    assert not np.any(fewer & ~inside)


# By hand


def test_nothing_gives_nothing():
    assert find([], [], ClusterRule()) == []
    assert find([(1, 2)], [99], ClusterRule()) == [-1]
    assert find([(1, 2)], [100], ClusterRule()) == [0]


def row(*km, lat=10.0):
    """Return points along a meridian."""
    return [(lat + x * KM, 20.0) for x in km]


def test_a_point_between_two_clusters_goes_to_the_nearer():
    rule = ClusterRule(10, 10, 0)
    points, weights = row(-2, 0, 9, 17, 20), [6, 4, 1, 4, 6]
    for order in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 4, 0, 3, 1]):
        label = find([points[i] for i in order], [weights[i] for i in order], rule)
        assert [label[order.index(i)] for i in range(5)] == [1, 1, 0, 0, 0]
    # Heavy enough with its neighbours, it joins the two.
    assert find(points, [6, 4, 2, 4, 6], rule) == [0, 0, 0, 0, 0]


def test_borders_are_the_nearest_points_dense_or_not():
    points, weights = row(-2, 0, 9, 13, 22, 24), [6, 4, 1, 1, 4, 6]
    assert find(points, weights, ClusterRule(10, 10, 0)) == [0, 0, 0, 1, 1, 1]
    assert find(points, weights, ClusterRule(10, 10, 3.9)) == [0, 0, 0, 1, 1, 1]
    assert find(points, weights, ClusterRule(10, 10, 4.1)) == [0, 0, 0, 0, 0, 0]
    # Merging goes on through others, and noise in between does not help.
    chain = row(0, 14, 28, 42)
    assert find(chain, [10, 10, 10, 10], ClusterRule(10, 10, 15)) == [0, 0, 0, 0]
    assert find(chain, [10, 1, 1, 10], ClusterRule(10, 10, 15)) == [0, -1, -1, 1]


def test_heavier_clusters_come_first():
    assert find(row(0, 100, 200), [10, 30, 30], ClusterRule(10, 10)) == [2, 0, 1]


@pytest.mark.parametrize(
    "values",
    [
        {"radius_km": 0},
        {"radius_km": -1},
        {"radius_km": math.nan},
        {"radius_km": 5000},
        {"min_weight": 0},
        {"min_weight": 1.5},
        {"min_weight": math.nan},
        {"merge_km": -1},
        {"merge_km": math.inf},
    ],
)
def test_rules_that_mean_nothing(values):
    with pytest.raises(RecipeError, match=next(iter(values))):
        ClusterRule(**values)


# Many points


def crowd(n=6000):
    """Return three round crowds far apart, and loners."""
    rng = np.random.default_rng(3)
    centres = np.array([(40.0, 10.0), (40.0, 179.999), (-60.0, 30.0)])
    which = rng.integers(0, 3, n)
    lat = centres[which, 0] + rng.normal(0, 4, n) * KM
    lon = centres[which, 1] + rng.normal(0, 4, n) * KM / np.cos(np.radians(lat))
    alone = np.arange(50)
    lat, lon = np.append(lat, 60 + 0.5 * (alone // 10)), np.append(lon, 100 + alone % 10 * 1.0)
    return lat, (lon + 180) % 360 - 180, np.append(which, np.full(50, -1))


def test_points_become_cells_where_neighbourhoods_are_too_many(monkeypatch):
    lat, lon, truth = crowd()
    weight, rule = np.ones(len(lat)), ClusterRule(15, 200)
    exact = find_clusters(lat, lon, weight, rule)
    monkeypatch.setattr(clusters, "_MOST_PAIRS", 50_000)
    assert clusters._expected_pairs(lat, lon, 15) > 5_000_000
    _, cell_lat, cell_lon, heavy = clusters._in_cells(*clusters._distinct(lat, lon, weight)[1:], 15)
    assert len(cell_lat) < 1500
    assert clusters._expected_pairs(cell_lat, cell_lon, 15) <= 50_000
    assert heavy.sum() == len(lat)
    coarse = find_clusters(lat, lon, weight, rule)
    # Clusters are numbered by weight: compare each with where its points were drawn.
    for label in (exact, coarse):
        assert len({(a, b) for a, b in zip(label.tolist(), truth.tolist(), strict=True) if a >= 0}) == 3
        assert np.all(label[truth < 0] == -1)
    assert np.mean(exact == coarse) > 0.995
    order = np.random.default_rng(5).permutation(len(lat))
    assert np.array_equal(find_clusters(lat[order], lon[order], weight, rule), coarse[order])


def test_cells_keep_every_point_within_reach():
    rng = np.random.default_rng(8)
    lat, lon = np.degrees(np.arcsin(rng.uniform(-1, 1, 20_000))), rng.uniform(-180, 180, 20_000)
    lat[:4], lon[:4] = [90, -90, 89.99, 0], [0, 0, 180, -180]
    cell = clusters._cells(lat, lon, 300.0)
    mean_lat, mean_lon = clusters.weighted_means(lat, lon, np.ones(len(lat)), cell)
    far = [
        way(a, b)
        for a, b in zip(zip(lat, lon, strict=True), zip(mean_lat[cell], mean_lon[cell], strict=True), strict=True)
    ]
    assert max(far) < 1.5 * 300
    sphere = 4 * math.pi * EARTH_RADIUS_KM**2
    assert len(mean_lat) == pytest.approx(sphere / 300**2, rel=0.05)


def test_merging_in_pieces(monkeypatch):
    rng = np.random.default_rng(4)
    points = np.radians(rng.uniform(0, 2, (400, 2)))
    label = rng.integers(-1, 60, 400)
    whole = clusters._joined(points, label, 3.0)
    assert 1 < len(set(whole.tolist())) < 61
    monkeypatch.setattr(clusters, "_MOST_PAIRS", 7)
    assert np.array_equal(clusters._joined(points, label, 3.0), whole)


# Records


def records(site_rows, rows):
    names = SCHEMAS["addresses"].names
    addresses = pa.Table.from_pylist([{name: r.get(name) for name in names} for r in rows], schema=SCHEMAS["addresses"])
    n_works = max((work for work, _, _ in site_rows), default=-1) + 1
    works = pa.table(
        {
            "work_id": pa.array([f"w{i}" for i in range(n_works)], pa.string()),
            "kind": pa.array(["paper"] * n_works, pa.string()),
            "n_actors": pa.array([9] * n_works, pa.int32()),
            "retracted": pa.array([False] * n_works, pa.bool_()),
            "truncated": pa.array([False] * n_works, pa.bool_()),
        }
    )
    columns = list(zip(*site_rows, strict=True)) if site_rows else [[], [], []]
    sites = pa.table(
        {
            "work": pa.array(columns[0], pa.int32()),
            "actor": pa.array(columns[1], pa.int32()),
            "role": pa.array([0] * len(site_rows), pa.int8()),
            "address": pa.array(columns[2], pa.int32()),
        }
    )
    return Records.from_tables(works, sites, addresses)


def weighed(*rows):
    """Return records in which each address stands in as many works as it weighs."""
    sites = [(0, i, address) for i, address in enumerate(a for a, r in enumerate(rows) for _ in range(r["weight"]))]
    return records([(k, 0, address) for k, _, address in sorted((i, 0, a) for _, i, a in sites)], rows)


def at(city, country, x, weight, **more):
    """Return an address on a meridian, x km from the equator."""
    return {"city": city, "country": country, "lat": x * KM, "lon": 20.0, "weight": weight, **more}


RULE = ClusterRule(15, 10)


def named(*rows):
    located = locate(weighed(*rows), cluster_set(RULE))
    return [located.places.index[k] if k >= 0 else None for k in located.lookup.tolist()], located


def test_clusters_as_places():
    ids, located = named(
        at("Altdorf", "DE", 0, 6, text="A"),
        at("Neustadt", "DE", 5, 4, text="B"),
        at("Faraway", "FR", 300, 9, text="C"),
        {"city": "Altdorf", "country": "DE", "weight": 3, "text": "D"},
        at("Altdorf", "DE", 0, 0, text="E"),
        at("Großdorf", "AT", 600, 20, text="F"),
    )
    assert ids == ["altdorf-neustadt-de"] * 2 + [None, None, None, "grossdorf-at"]
    assert located.reasons == {
        "none": 2, "geonames": 0, "name": 0, "catchment": 0, "key": 0, "cluster": 3, "noise": 1,
    }  # fmt: skip
    assert repr(located) == "<Located: 3 of 6 by address in 2 places (cluster 3; noise 1)>"
    assert (located.name, located.rule, located.by) == ("clusters", RULE, "address")
    table = located.places
    assert list(table.columns) == ["name_en", "name_zh", "country", "iso2", "continent", "tier", "lat", "lon"]
    assert tuple(table.loc["altdorf-neustadt-de", ["name_en", "country", "iso2", "continent"]]) == (
        "Altdorf - Neustadt", "DE", "DE", "Europe",
    )  # fmt: skip
    # The mean is weighted: 4 tenths of the way.
    assert table.loc["altdorf-neustadt-de", "lat"] == pytest.approx(2 * KM, abs=1e-5)
    assert table.loc["altdorf-neustadt-de", "lon"] == 20


def test_noise_is_listed_with_what_hangs_on_it():
    made = weighed(at("A", "DE", 0, 20, text="in"), at("B", "DE", 90, 3, text="noise"), {"weight": 2, "text": "where"})
    table = unlocated(made, locate(made, cluster_set(RULE)))
    assert table[["text", "sites"]].to_numpy().tolist() == [["noise", 3], ["where", 2]]


def test_a_second_city_stands_in_the_name_if_it_is_large():
    def name(*rows):
        return named(*rows)[1].places["name_en"].tolist()

    assert name(at("A", "DE", 0, 80), at("B", "DE", 1, 20)) == ["A - B"]
    assert name(at("A", "DE", 0, 81), at("B", "DE", 1, 19)) == ["A"]
    assert name(at("A", "DE", 0, 40), at("B", "DE", 1, 35), at("C", "DE", 2, 25)) == ["A - B"]
    # Equally large: by alphabet.
    assert name(at("B", "DE", 0, 10), at("A", "DE", 1, 10)) == ["A - B"]
    # Addresses without a city have no vote.
    assert name(at("A", "DE", 0, 10), at(None, "DE", 1, 90), at("B", "DE", 1, 3)) == ["A - B"]
    # One city is not joined with itself: other spellings, with an id of its own or none.
    assert name(at("Köln", "DE", 0, 30, geonames_id=2886242), at("Cologne", "DE", 1, 20, geonames_id=2886242)) == [
        "Köln"
    ]
    assert name(at("KOLN", "DE", 0, 20), at("Köln", "DE", 1, 30)) == ["Köln"]
    assert name(at("Bonn", "DE", 0, 20, region="NRW"), at("Bonn", "DE", 1, 30, geonames_id=7)) == ["Bonn"]


def test_countries_and_names_of_clusters():
    ids, located = named(at("Basel", "CH", 0, 10), at("Lörrach", "DE", 8, 9), at("Huningue", "FR", 3, 2))
    assert set(ids) == {"basel-lorrach-ch"}
    assert located.places["iso2"].tolist() == ["CH"]
    assert named(at("B", "FR", 0, 5), at("A", "DE", 1, 5))[1].places["iso2"].tolist() == ["DE"]
    ids, located = named({"country": "DE", "lat": -12.344, "lon": -7.0, "weight": 10})
    assert ids == ["12-21-s-7-00-w-de"]
    assert located.places["name_en"].tolist() == ["12°21\N{PRIME} S 7°00\N{PRIME} W"]
    ids, located = named(at("--", None, 0, 10))
    assert ids == ["0-00-n-20-00-e"]
    assert located.places["iso2"].isna().all()


def test_ids_are_unique_and_do_not_hang_on_the_order():
    rows = [
        at("Springfield", "US", 0, 10, region="IL"),
        at("Springfield", "US", 500, 30, region="MA"),
        at("Springfield", "US", 1000, 20, region="MO"),
        at("Springfield 2", "US", 1500, 90),
        at("Cambridge", "GB", 2000, 10),
        at("Cambridge", "US", 2500, 10),
    ]
    ids, located = named(*rows)
    assert len(set(ids)) == 6
    assert ids[1] == "springfield-us"
    assert ids[2] == "springfield-us-2"
    assert ids[0] == "springfield-us-3"
    assert ids[3:] == ["springfield-2-us", "cambridge-gb", "cambridge-us"]
    backwards, again = named(*rows[::-1])
    assert backwards == ids[::-1]
    pd.testing.assert_frame_equal(located.places, again.places)
    assert located.places.index.is_monotonic_increasing


@given(st.integers(0, 2**32 - 1), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_order_of_addresses_changes_nothing(seed, random):
    rng = np.random.default_rng(seed)
    rows = [
        at(
            str(rng.choice(["A", "B", "Ä", "C"])),
            str(rng.choice(["DE", "FR"])),
            float(rng.uniform(0, 300)),
            int(rng.integers(0, 5)),
        )
        for _ in range(60)
    ]
    order = list(range(60))
    random.shuffle(order)
    ids, located = named(*rows)
    mixed, again = named(*[rows[i] for i in order])
    assert mixed == [ids[i] for i in order]
    pd.testing.assert_frame_equal(located.places, again.places)


def test_no_coordinates_no_clusters():
    for made in (weighed({"city": "A", "country": "DE", "weight": 50}), records([], [])):
        located = locate(made, get("clusters"))
        assert len(located.places) == 0
        assert located.n_located == 0


def test_addresses_alone_are_refused():
    with pytest.raises(RecordsError, match="'clusters' need the whole records"):
        locate(weighed(at("A", "DE", 0, 20)).addresses, get("clusters"))


def test_a_network_of_clusters():
    rows = [at("A", "DE", 0, 0), at("A", "DE", 3, 0), at("B", "FR", 100, 0), at("C", "FR", 300, 0)]
    sites = [(w, k, a) for w in range(12) for k, a in enumerate((0, 1, 2, 3) if w < 3 else (0, 2))]
    made = records(sites, rows)
    located = locate(made, cluster_set(RULE))
    network = projection.project(incidence.stream(made, located))
    assert list(network.ids) == ["a-de", "b-fr"]
    assert network.upper.toarray().tolist() == [[0, 12], [0, 0]]
    assert network.provenance["places"] == "clusters"


def test_get():
    assert get("clusters").rule == ClusterRule(15.0, 100, 5.0)
    assert get("clusters", radius_km=13, min_weight=2000, merge_km=0).rule == ClusterRule(13, 2000, 0)
    assert repr(get("clusters")) == "<Places clusters: wherever there are 100 sites within 15 km, merged at 5 km>"
    with pytest.raises(RecipeError, match="no districts"):
        get("clusters", 25)
    with pytest.raises(RecipeError, match=r"radius_km, merge_km say what a cluster is.*'gihi2024'"):
        get("gihi2024", radius_km=15, merge_km=5)
    with pytest.raises(RecipeError, match="min_weight"):
        get("clusters", min_weight=-3)
    for kind, rule in (("clusters", None), ("city", ClusterRule())):
        with pytest.raises(RecipeError, match="need a rule"):
            Places("mine", kind, rule=rule)


def test_the_library_is_loaded_only_when_needed():
    code = "import sys, innovation_graph.places as p; p.get('clusters'); sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Real organisations


def test_clusters_of_organisations_are_those_that_are_known(real_data):
    table = pd.read_csv(real_data / "ror" / "institutions.csv", keep_default_na=False, dtype="str")
    rows = [
        {"city": city, "country": country, "lat": float(lat), "lon": float(lon), "weight": 1}
        for city, country, lat, lon in table[["city", "cc", "lat", "lng"]].itertuples(index=False)
        if lat and lon
    ]
    located = locate(weighed(*rows), get("clusters", min_weight=20))
    names = located.places["name_en"]
    # As WIPO calls them.
    assert {"Boston - Cambridge", "Macao - Zhuhai", "Beijing", "Seoul"} <= set(names)
    place = {}
    for row, k in zip(rows, located.lookup.tolist(), strict=True):
        place.setdefault((row["city"], row["country"]), set()).add(names.iloc[k] if k >= 0 else None)
    assert place["Yokohama", "JP"] == place["Tokyo", "JP"] == {"Tokyo"}
    assert place["Hong Kong", "HK"] == place["Shenzhen", "CN"]
    assert place["San Jose", "US"] == place["Palo Alto", "US"] == place["San Francisco", "US"]
    assert place["Stanford", "US"] != place["Los Angeles", "US"]
    assert located.reasons["noise"] > 10_000
