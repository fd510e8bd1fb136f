"""Places: who is where, and what is left out."""

import csv
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innovation_graph._data import data_path
from innovation_graph.errors import (
    FormatError,
    InnovationGraphError,
    RecipeError,
    RecordsError,
    UnknownNameError,
)
from innovation_graph.places import Places, get, gihi2024, locate, open_set, read_places, unlocated
from innovation_graph.places.regions import region_code
from innovation_graph.places.sphere import EARTH_RADIUS_KM, great_circle_km, mean_points
from innovation_graph.records import SCHEMAS, Records

HUBS = gihi2024()
BAY_AREA = "guangdong-hong-kong-macao-greater-bay-area"


def addresses(*rows):
    names = SCHEMAS["addresses"].names
    return pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows], schema=SCHEMAS["addresses"])


def at(city=None, region=None, country=None, lat=None, lon=None, **more):
    return {"city": city, "region": region, "country": country, "lat": lat, "lon": lon, **more}


def found(places, *rows):
    located = locate(addresses(*rows), places)
    names = [located.places.index[row] if row >= 0 else None for row in located.lookup.tolist()]
    how = list(located.reasons)
    return names, [how[code] for code in located.reason.tolist()]


def one(row, places=HUBS):
    (name,), (reason,) = found(places, row)
    return name, reason


def districts():
    with data_path("districts.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def hub_names():
    with data_path("hubs.csv").open(encoding="utf-8", newline="") as file:
        return {row["hub_id"]: row["name_en"] for row in csv.DictReader(file)}


# The set of the index


def test_hubs_have_readable_unique_ids():
    table = HUBS.table
    assert len(table) == 120
    assert len(HUBS.districts) == 374
    assert table.index.is_unique
    assert table.index.str.fullmatch(r"[a-z]+(-[a-z]+)*").all()
    names = dict(zip(table["name_en"], table.index, strict=True))
    assert names["Beijing"] == "beijing"
    assert names["San Francisco - San Jose"] == "san-francisco-san-jose"
    assert names["Göteborg"] == "goteborg"
    assert names["São Paulo"] == "sao-paulo"
    assert names["Xi'an"] == "xian"
    assert names["Minneapolis - Saint Paul"] == "minneapolis-saint-paul"
    assert names["Guangdong - Hong Kong - Macao Greater Bay Area"] == BAY_AREA
    assert table.loc["cambridge", "iso2"] == "GB"


def test_hub_table_columns():
    table = HUBS.table
    assert list(table.columns) == ["name_en", "name_zh", "country", "iso2", "continent", "tier", "lat", "lon"]
    assert not table.isna().any(axis=None)
    assert tuple(table.loc["taipei", ["name_zh", "country", "iso2", "tier"]]) == ("台北", "CN", "TW", "main")
    assert tuple(table.loc[BAY_AREA, ["country", "iso2"]]) == ("CN", "CN")
    assert table["tier"].value_counts().to_dict() == {"main": 108, "mini": 12}


def test_hub_positions_lie_where_the_name_says():
    table = HUBS.table
    centres = {(hub_names()[row["hub_id"]], row["district"]): row for row in districts()}
    for hub, district in (
        ("New York", "New York City"),
        ("Paris", "Paris"),
        ("Tokyo", "Tokyo"),
        ("Toronto", "Toronto"),
    ):
        row = table[table["name_en"] == hub].iloc[0]
        centre = centres[hub, district]
        assert (row["lat"], row["lon"]) == (float(centre["lat"]), float(centre["lon"]))
    # Half way between the two cities of the name, not drawn north by Santa Rosa.
    bay = table.loc["san-francisco-san-jose"]
    parts = [centres["San Francisco - San Jose", city] for city in ("San Francisco", "San Jose")]
    ways = [great_circle_km(bay["lat"], bay["lon"], float(p["lat"]), float(p["lon"])) for p in parts]
    assert ways[0] == pytest.approx(ways[1], abs=0.01)
    assert sum(ways) == pytest.approx(
        great_circle_km(*[float(p[key]) for p in parts for key in ("lat", "lon")]), abs=0.01
    )
    # The Bay Area's name lists no cities only: the middle of all eleven.
    area = table.loc[BAY_AREA]
    assert 22.2 < area["lat"] < 23.12
    assert 112.4 < area["lon"] < 114.5


def test_places_do_not_change():
    table = HUBS.table
    table.loc["beijing", "name_en"] = "changed"
    assert HUBS.table.loc["beijing", "name_en"] == "Beijing"
    with pytest.raises(AttributeError, match="immutable"):
        HUBS.name = "other"
    with pytest.raises(TypeError):
        HUBS.groups["HK"] = "HK"


# Closed sets: every district is found in three ways


def every_district(**keep):
    rows, expected = [], []
    for row in districts():
        full = at(row["district"], row["admin1_geonames"], row["iso2"], float(row["lat"]), float(row["lon"]))
        full["geonames_id"] = int(row["geonames_id"])
        rows.append({key: full[key] for key in keep["columns"]})
        expected.append(hub_names()[row["hub_id"]])
    names, reasons = found(HUBS if keep.get("catchment", True) else gihi2024(0), *rows)
    table = HUBS.table["name_en"]
    return sum(name is not None and table[name] == hub for name, hub in zip(names, expected, strict=True)), reasons


def test_every_district_centre_by_id():
    right, reasons = every_district(columns=["geonames_id"])
    assert right == 374
    assert set(reasons) == {"geonames"}


def test_every_district_centre_by_name_region_and_point():
    right, reasons = every_district(columns=["city", "region", "country", "lat", "lon"], catchment=False)
    assert right == 374
    assert set(reasons) == {"name"}


def test_every_district_centre_by_point_alone():
    right, reasons = every_district(columns=["country", "lat", "lon"])
    assert right == 374
    assert set(reasons) == {"catchment"}


def test_names_without_point_or_state_are_never_given_to_another_hub():
    rows = districts()
    names, _ = found(HUBS, *(at(row["district"], country=row["iso2"]) for row in rows))
    wrong = [
        (row["district"], name)
        for row, name in zip(rows, names, strict=True)
        if name is not None and HUBS.table["name_en"][name] != hub_names()[row["hub_id"]]
    ]
    assert wrong == []
    left = {row["district"] for row, name in zip(rows, names, strict=True) if name is None}
    assert {"Arlington", "Aurora", "Glendale", "Pasadena", "Richmond"} <= left
    assert len(left) < 20


# Closed sets: cities by hand


@pytest.mark.parametrize(
    ("row", "place", "reason"),
    [
        (at("Stanford", "California", "US", 37.42411, -122.16608), "san-francisco-san-jose", "catchment"),
        (at("Bethesda", "Maryland", "US", 38.98067, -77.10026), "baltimore-washington", "catchment"),
        (at("Garching", "Bavaria", "DE", 48.24896, 11.65101), "munich", "catchment"),
        (at("Cambridge", "England", "GB"), "cambridge", "name"),
        (at("Cambridge", "Massachusetts", "US"), "boston", "name"),
        (at("Cambridge", "MA", "US"), "boston", "name"),
        (at("Cambridge", "US-MA", "US"), "boston", "name"),
        (at("Cambridge", "US_MA", "US"), "boston", "name"),
        (at("Cambridge", "Maryland", "US"), None, "none"),
        (at("Cambridge", "Ontario", "CA"), None, "none"),
        (at("Arlington", "Virginia", "US"), "baltimore-washington", "name"),
        (at("Arlington", "TX", "US"), "dallas-fort-worth", "name"),
        (at("Arlington", "Massachusetts", "US", 42.41537, -71.15644), "boston", "catchment"),
        (at("Arlington", None, "US"), None, "none"),
        (at("Arlington", None, "US", 32.73, -97.11), "dallas-fort-worth", "name"),
        (at("Vancouver", "Washington", "US"), "portland", "name"),
        (at("Vancouver", "British Columbia", "CA"), "vancouver", "name"),
        (at("Vancouver", "BC", "CA"), "vancouver", "name"),
        (at("Richmond", "Virginia", "US", 37.55376, -77.46026), None, "none"),
        (at("Richmond", "California", "US"), "san-francisco-san-jose", "name"),
        (at("Richmond", "B.C.", "CA"), "vancouver", "name"),
        (at("Pasadena", "Calif.", "US"), "los-angeles-long-beach-anaheim", "name"),
        (at("Pasadena", "Texas", "US"), "houston", "name"),
        (at("Washington", "District of Columbia", "US"), "baltimore-washington", "name"),
        (at("Washington", "Washington, D.C.", "US"), "baltimore-washington", "name"),
        (at("Washington", "Pennsylvania", "US", 40.17396, -80.24617), None, "none"),
        (at("Hong Kong", None, "HK"), BAY_AREA, "name"),
        (at("Hong Kong", None, "CN"), BAY_AREA, "name"),
        (at("Sha Tin", None, "HK", 22.38333, 114.18333), BAY_AREA, "catchment"),
        (at("Macau", None, "MO"), BAY_AREA, "name"),
        (at("Taipei", None, "TW"), "taipei", "name"),
        (at("Taipei", "Taiwan", "TW", 25.04, 121.56), "taipei", "name"),
        (at("Kaohsiung", None, "TW", 22.61626, 120.31333), None, "none"),
        (at("Saint-Louis", "Grand Est", "FR", 47.58473, 7.5628), None, "none"),
        (at("Weil am Rhein", None, "DE", 47.59331, 7.62082), None, "none"),
        (at("Riehen", None, "CH", 47.57884, 7.64683), "basel", "catchment"),
        (at("Annemasse", None, "FR", 46.19439, 6.23775), None, "none"),
        (at("Frankfurt (Oder)", "Brandenburg", "DE", 52.34714, 14.55062), None, "none"),
        (at("Frankfurt", None, "DE"), "frankfurt", "name"),
        (at("Suzhou", "Jiangsu", "CN"), "suzhou", "name"),
        (at("Suzhou", "Anhui", "CN"), None, "none"),
        (at("Suzhou", None, "CN", 33.63611, 116.97889), None, "none"),
        (at("Wien", None, "AT"), "vienna", "name"),
        (at("Gothenburg", None, "SE"), "goteborg", "name"),
        (at("München", None, "DE"), "munich", "name"),
        (at("New York", "NY", "US"), "new-york", "name"),
        (at("Bombay", None, "IN"), "mumbai", "name"),
        (at("北京", None, "中国"), "beijing", "name"),
        (at("Seongnam", None, "South Korea"), "seoul", "name"),
        (at("Manhattan", "Kansas", "US"), None, "none"),
        (at("Manhattan", None, "US"), None, "none"),
        (at("Manhattan", "New York", "US"), "new-york", "name"),
        (at("Windhoek", None, "NA", -22.55941, 17.08323), None, "none"),
        (at("Boston", None, None, 42.35843, -71.05977), None, "none"),
        (at(None, None, None, geonames_id=4930956), "boston", "geonames"),
        (at("Nowhere", None, "US", 42.36, -71.06, geonames_id=1), "boston", "catchment"),
        (at("Boston", "MA", "XX"), None, "none"),
        (at(None, None, "US", float("nan"), float("nan")), None, "none"),
        (at(None, None, "US", 142.36, -71.06), None, "none"),
        (at(), None, "none"),
    ],
)
def test_city(row, place, reason):
    assert one(row) == (place, reason)


def test_catchment_can_be_turned_off():
    stanford = at("Stanford", "California", "US", 37.42411, -122.16608)
    assert one(stanford, gihi2024(0)) == (None, "none")
    assert one(at("San Jose", "California", "US"), gihi2024(0)) == ("san-francisco-san-jose", "name")


def test_catchment_ends_at_its_radius():
    # Due north of Geneva's centre the angle is the difference of latitudes.
    inside, outside = (46.20222 + math.degrees(km / EARTH_RADIUS_KM) for km in (24.999, 25.001))
    assert one(at(country="CH", lat=inside, lon=6.14569)) == ("geneva", "catchment")
    assert one(at(country="CH", lat=outside, lon=6.14569)) == (None, "none")


def test_no_addresses():
    for places in (HUBS, open_set("city"), open_set("country"), open_set("organisation")):
        located = locate(addresses(), places)
        assert located.n_located == len(located.lookup) == 0


def test_missing_columns_count_as_null():
    located = locate(pa.table({"country": ["US"], "lat": [42.36], "lon": [-71.06]}), HUBS)
    assert located.places.index[located.lookup[0]] == "boston"


# Closed sets: laws


coordinate = st.tuples(st.floats(20, 50), st.floats(-125, 140))
somewhere = st.builds(
    lambda point, country, city, region: at(city, region, country, *point),
    st.one_of(coordinate, st.just((None, None)), st.sampled_from([(37.6, -122.1), (40.7, -74.1), (22.5, 114.1)])),
    st.sampled_from(["US", "CN", "HK", "JP", "CA", None]),
    st.sampled_from(["Cambridge", "Arlington", "Vancouver", "Aurora", "Hong Kong", "Tokyo", "X", None]),
    st.sampled_from(["MA", "TX", "Illinois", "BC", "nonsense", None]),
)


@settings(max_examples=60)
@given(st.lists(somewhere, min_size=1, max_size=12), st.floats(0, 300), st.floats(0, 300))
def test_a_larger_catchment_never_loses_an_address(rows, a, b):
    small, large = sorted((a, b))
    table = addresses(*rows)
    narrow, wide = locate(table, gihi2024(small)), locate(table, gihi2024(large))
    inside = narrow.lookup >= 0
    assert np.array_equal(narrow.lookup[inside], wide.lookup[inside])


@settings(max_examples=40)
@given(st.lists(somewhere, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_addresses_changes_nothing(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    for places in (HUBS, open_set("city"), open_set("country")):
        names = dict(zip(map(str, rows), found(places, *rows)[0], strict=True))
        assert [names[str(row)] for row in shuffled] == found(places, *shuffled)[0]


def test_nearest_district_against_brute_force():
    rng = np.random.default_rng(7)
    centres = districts()
    picks = rng.integers(0, len(centres), 3000)
    points = [
        (
            float(centres[i]["lat"]) + rng.normal(0, 0.3),
            float(centres[i]["lon"]) + rng.normal(0, 0.3),
            centres[j]["iso2"],
        )
        for i, j in zip(picks, np.where(rng.random(3000) < 0.8, picks, rng.permutation(picks)), strict=True)
    ]
    names, _ = found(HUBS, *(at(country=iso2, lat=lat, lon=lon) for lat, lon, iso2 in points))
    group = {"HK": "CN", "MO": "CN", "TW": "CN"}
    ids = dict(zip(HUBS.table["name_en"], HUBS.table.index, strict=True))

    def law_of_cosines(lat1, lon1, lat2, lon2):
        a, b, c = math.radians(lat1), math.radians(lat2), math.radians(lon2 - lon1)
        inner = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(c)
        return EARTH_RADIUS_KM * math.acos(max(-1.0, min(1.0, inner)))

    expected = []
    for lat, lon, iso2 in points:
        ways = [
            (law_of_cosines(lat, lon, float(row["lat"]), float(row["lon"])), row["hub_id"])
            for row in centres
            if group.get(row["iso2"], row["iso2"]) == group.get(iso2, iso2)
        ]
        km, hub = min(ways)
        expected.append(ids[hub_names()[hub]] if km <= 25 else None)
    assert names == expected
    assert 500 < sum(name is not None for name in names) < 2700


# A user's own places


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "mine.csv"
    path.write_bytes(text.encode(encoding))
    return path


MINE = """place_id,name,country,lat,lon,radius_km,district,region,geonames_id,name_zh,note
ruhr,Ruhr,Germany,51.4556,7.0116,12,Essen,,,鲁尔,x
ruhr,Ruhr,DE,51.5136,7.4653,,Dortmund,,2935517,,
windhoek,Windhoek,NA,-22.5594,17.0832,100,,,,,
london,London,CA,42.9834,-81.2330,0,,ON,,,
springfield,Springfield,US,39.8017,-89.6437,,,Illinois,,,
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_read_places(tmp_path, encoding):
    places = read_places(write(tmp_path, MINE, encoding))
    assert (places.name, places.kind) == ("mine", "districts")
    table = places.table
    assert list(table.index) == ["ruhr", "windhoek", "london", "springfield"]
    assert tuple(table.loc["ruhr", ["name_en", "name_zh", "iso2", "continent"]]) == (
        "Ruhr",
        "鲁尔",
        "DE",
        "Europe",
    )
    assert table.loc["windhoek", "iso2"] == "NA"
    assert table.loc["ruhr", "lon"] == pytest.approx((7.0116 + 7.4653) / 2, abs=0.001)
    assert places.districts["district"].tolist() == ["Essen", "Dortmund", "Windhoek", "London", "Springfield"]


@pytest.mark.parametrize(
    ("row", "place", "reason"),
    [
        (at("Essen", None, "DE"), "ruhr", "name"),
        (at("Dortmund", None, "DE", 51.5, 7.4), "ruhr", "name"),
        (at(geonames_id=2935517), "ruhr", "geonames"),
        (at("Bottrop", None, "DE", 51.5236, 6.9285), "ruhr", "catchment"),  # 9.5 km from Essen
        (
            at("Duisburg", None, "DE", 51.4325, 6.7652),
            None,
            "none",
        ),  # 17 km from Essen, beyond its own radius
        (
            at("Hagen", None, "DE", 51.3608, 7.4717),
            "ruhr",
            "catchment",
        ),  # 17 km from Dortmund, within the default
        (at("Okahandja", None, "NA", -21.9833, 16.9167), "windhoek", "catchment"),  # 66 km
        (at("London", "Ontario", "CA"), "london", "name"),
        (at(None, None, "CA", 42.99, -81.23), None, "none"),  # radius 0
        (at("London", None, "GB"), None, "none"),
        (at("Springfield", "IL", "US"), "springfield", "name"),
        (at("Springfield", "MA", "US"), None, "none"),
    ],
)
def test_own_places(tmp_path, row, place, reason):
    assert one(row, read_places(write(tmp_path, MINE))) == (place, reason)


def test_nearest_wins_among_different_radii(tmp_path):
    text = "place_id,name,country,lat,lon,radius_km\nbig,Big,FR,45,3,200\nsmall,Small,FR,45,4,30\n"
    places = read_places(write(tmp_path, text))
    assert one(at(country="FR", lat=45, lon=3.9), places)[0] == "small"
    # 55 km from Small, beyond its radius: the wider one reaches it although it is no nearer.
    assert one(at(country="FR", lat=45, lon=4.7), places)[0] == "big"


HEADER = "place_id,name,country,lat,lon"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("place_id,name,lat,lon\n", "line 1: expected columns place_id.*missing: country"),
        ("place_id;name;country;lat;lon\n", "separated by commas"),
        ("", "line 1: .*an empty file"),
        (HEADER + "\n", "expected at least one place"),
        (HEADER + "\na,A,Atlantis,1,2\n", "line 2: expected a country, got 'Atlantis'"),
        (
            HEADER + "\na,A,FR,1,2\nb,B,FR,91,2\n",
            "line 3: expected a number from -90 to 90 in column 'lat'.*'91'",
        ),
        (HEADER + "\na,A,FR,1,-181\n", "column 'lon'"),
        (HEADER + '\na,A,FR,"48,5",2\n', "decimal point, got '48,5'"),
        (HEADER + "\na,A,FR,,2\n", "column 'lat'.*got nothing"),
        (HEADER + "\na,A,FR,nan,2\n", "column 'lat'.*'nan'"),
        (HEADER + "\n,A,FR,1,2\n", "a value in column 'place_id'"),
        (HEADER + "\na,,FR,1,2\n", "a value in column 'name'"),
        (HEADER + "\na,A,FR,1,2\nb,B,FR,1,2\n", "line 3: expected another point than in line 2"),
        (
            HEADER + "\na,A,FR,1,2\na,B,FR,1,3\n",
            "line 3: expected the name 'A', as in line 2.*column `district`",
        ),
        (HEADER + "\na,A,FR,1\n", "line 2: expected 5 fields, got fewer"),
        (HEADER + "\na,A,FR,1,2,3\n", "line 2: expected 5 fields, got more"),
        (HEADER + ",radius_km\na,A,FR,1,2,-1\n", "column 'radius_km'"),
        (HEADER + ",geonames_id\na,A,FR,1,2,x7\n", "GeoNames id"),
        (
            HEADER + ",geonames_id\na,A,FR,1,2,7\nb,B,FR,1,3,7\n",
            "line 3: expected another GeoNames id than in line 2",
        ),
    ],
)
def test_read_places_says_what_is_wrong(tmp_path, text, message):
    with pytest.raises(FormatError, match=message) as caught:
        read_places(write(tmp_path, text))
    assert "mine.csv" in str(caught.value)


def test_read_places_of_another_encoding(tmp_path):
    with pytest.raises(FormatError, match="UTF-8"):
        read_places(write(tmp_path, HEADER + "\na,Zürich,CH,1,2\n", "latin-1"))


def test_get(tmp_path):
    assert get("gihi2024").catchment_km == 25
    assert get("gihi2024", 0).catchment_km == 0
    assert [get(kind).kind for kind in ("author", "city", "country", "organisation")] == [
        "author",
        "city",
        "country",
        "organisation",
    ]
    assert get(write(tmp_path, MINE), 3).catchment_km == 3
    with pytest.raises(
        UnknownNameError, match=r"'gihi2025'; known: author, city, clusters, country, gihi2024, organisation"
    ):
        get("gihi2025")
    with pytest.raises(RecipeError, match="no districts"):
        get("country", 10)
    for radius in (-1, float("nan"), float("inf")):
        with pytest.raises(RecipeError, match="catchment"):
            gihi2024(radius)
    with pytest.raises(InnovationGraphError, match="kind of places 'planet'"):
        open_set("planet")


def test_to_csv(tmp_path):
    HUBS.to_csv(tmp_path / "places.csv")
    assert (tmp_path / "places.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    back = pd.read_csv(tmp_path / "places.csv", encoding="utf-8-sig", index_col="place_id", keep_default_na=False)
    assert back["name_zh"].tolist() == HUBS.table["name_zh"].tolist()
    assert np.array_equal(back[["lat", "lon"]].to_numpy(), HUBS.table[["lat", "lon"]].to_numpy())


# Open sets


def test_countries_as_places():
    rows = [
        at(country="de", lat=50, lon=8),
        at(country="DE", lat=50, lon=10),
        at(country="NA"),
        at(country="?"),
        at(),
    ]
    located = locate(addresses(*rows), open_set("country"))
    assert list(located.places.index) == ["DE", "NA"]
    assert located.lookup.tolist() == [0, 0, 1, -1, -1]
    germany = located.places.loc["DE"]
    assert tuple(germany[["name_en", "name_zh", "country", "iso2", "continent"]]) == (
        "Germany",
        "德国",
        "DE",
        "DE",
        "Europe",
    )
    assert germany["lon"] == 9
    assert np.isnan(located.places.loc["NA", "lat"])
    assert located.reasons == {
        "none": 2, "geonames": 0, "name": 0, "catchment": 0, "key": 3, "cluster": 0, "noise": 0,
    }  # fmt: skip


def test_cities_as_places():
    rows = [
        at("Cambridge", "England", "GB", geonames_id=2653941),
        at("Cambridge", "Massachusetts", "US", 42.3, -71.1, geonames_id=4931972),
        at("CAMBRIDGE", "massachusetts", "US", 42.5, -71.1),  # the same city by what it prints
        at("Cambridge", "Maryland", "US"),
        at("Cambridge", None, "US"),
        at("Köln", None, "DE", geonames_id=2886242),
        at("Cologne", None, "DE", geonames_id=2886242),
        at("Cologne", None, "DE", geonames_id=2886242),
        at("Cologne", None, None),
        at(None, None, "DE"),
    ]
    located = locate(addresses(*rows), open_set("city"))
    assert list(located.places.index) == [
        "cambridge-gb-2653941",
        "cambridge-maryland-us",
        "cambridge-us",
        "cambridge-us-4931972",
        "cologne-de-2886242",
    ]
    assert located.lookup.tolist() == [0, 3, 3, 1, 2, 4, 4, 4, -1, -1]
    assert located.places.loc["cologne-de-2886242", "name_en"] == "Cologne"
    assert located.places.loc["cambridge-us-4931972", "lat"] == pytest.approx(42.4)


def test_organisations_as_places():
    rows = [
        {"organisation": "Harvard", "ror": "03vek6s52", "country": "US", "lat": 42.0, "lon": -71.0},
        {
            "organisation": "Harvard University",
            "ror": "03vek6s52",
            "country": "US",
            "lat": 42.0,
            "lon": -71.0,
        },
        {"organisation": "Harvard University", "ror": "03vek6s52", "country": "US"},
        {"organisation": "Acme", "organisation_id": "I7", "country": "FR"},
        {"organisation": "Acme S.A.", "country": "FR"},
        {"organisation": "ACME SA", "country": "FR"},
        {"organisation": "Acme SA", "country": "BE"},
        {"organisation": "北京大学"},
        {"organisation": "--"},
        {"country": "FR"},
    ]
    located = locate(addresses(*rows), open_set("organisation"))
    assert list(located.places.index) == ["03vek6s52", "I7", "acme-sa-be", "acme-sa-fr", "北京大学"]
    assert located.lookup.tolist() == [0, 0, 0, 1, 3, 3, 2, 4, -1, -1]
    assert located.places["name_en"].tolist()[:2] == ["Harvard University", "Acme"]
    assert located.places["iso2"].fillna("").tolist() == ["US", "FR", "BE", "FR", ""]


def make(site_rows, rows, actors=None):
    n_works = max(work for work, _, _ in site_rows) + 1
    works = pa.table(
        {
            "work_id": [f"w{i}" for i in range(n_works)],
            "kind": ["paper"] * n_works,
            "n_actors": [1] * n_works,
            "retracted": [False] * n_works,
            "truncated": [False] * n_works,
        }
    )
    columns = dict(zip(("work", "actor", "address"), zip(*site_rows, strict=True), strict=True))
    sites = pa.table({**{name: list(values) for name, values in columns.items()}, "role": [0] * len(site_rows)})
    return Records.from_tables(works, sites, addresses(*rows), actors=actors)


def test_authors_as_places():
    actors = pa.table({"actor_id": ["a1", None, "a3", "a1"], "name": ["Ada", "Bob", None, "Ada L."]})
    records = make([(0, 0, -1), (0, 1, 0), (1, 2, 0), (1, 3, 0)], [at(country="US")], actors)
    located = locate(records, open_set("author"))
    assert located.by == "actor"
    assert list(located.places.index) == ["a1", "actor-1", "a3"]
    assert located.places["name_en"].tolist() == ["Ada", "Bob", "a3"]
    assert located.lookup.tolist() == [0, 1, 2, 0]
    assert len(unlocated(records, located)) == 0
    for source in (make([(0, 0, -1)], []), records.addresses):
        with pytest.raises(RecordsError, match="actors table"):
            locate(source, open_set("author"))


def test_located_is_read_only():
    located = locate(addresses(at("Boston", "MA", "US")), HUBS)
    assert located.lookup.dtype == np.int32
    assert repr(located) == "<Located: 1 of 1 by address in 120 places (name 1)>"
    with pytest.raises(ValueError, match="read-only"):
        located.lookup[0] = 3


# What is left out


def brute_unlocated(records, located):
    rows = records.addresses.to_pylist()
    sites, works = {}, {}
    for work, address in records.site_batches(["work", "address"]):
        for w, a in zip(work.tolist(), address.tolist(), strict=True):
            if a < 0:
                key = ("(no affiliation)", None, None)
            elif located.lookup[a] < 0:
                row = rows[a]
                key = (row["text"] or row["organisation"], row["city"], row["country"])
            else:
                continue
            sites[key] = sites.get(key, 0) + 1
            works.setdefault(key, set()).add(w)
    return {(*key, sites[key], len(works[key])) for key in sites}


def test_unlocated():
    rows = [
        at("Boston", "MA", "US", text="MIT"),
        at("Nowhere", None, "US", text="Lab"),
        at("Nowhere", "XX", "US", organisation="Lab"),
        at("Else", None, None, text="Lab"),
        at(None, None, None, text="=cmd()"),
        at(None, None, "FR", text="unused"),
        at(None, None, "FR"),
    ]
    sites = [
        (0, 0, 0),
        (0, 1, 1),
        (0, 1, 2),
        (0, 2, -1),
        (1, 0, 2),
        (1, 1, -1),
        (1, 2, -1),
        (2, 0, 3),
        (3, 0, 4),
        (3, 1, 6),
    ]
    records = make(sites, rows)
    table = unlocated(records, locate(records, HUBS))
    assert list(table.columns) == ["text", "city", "country", "sites", "works"]
    assert table["text"].fillna("").tolist() == ["(no affiliation)", "Lab", "=cmd()", "Lab", ""]
    assert table["sites"].tolist() == [3, 3, 1, 1, 1]
    assert table["works"].tolist() == [2, 2, 1, 1, 1]
    assert table["city"].isna().tolist() == [True, False, True, False, True]


def test_unlocated_against_brute_force(monkeypatch):
    rng = np.random.default_rng(11)
    texts, cities, countries = ["A", "B", None], ["Boston", "Nowhere", None], ["US", "FR", None]
    rows = [
        at(
            cities[i % 3],
            None,
            countries[i // 3 % 3],
            text=texts[i // 9 % 3],
            organisation=texts[i // 27 % 3],
        )
        for i in range(81)
    ]
    work = np.sort(rng.integers(0, 400, 3000))
    sites = [(int(w), k, int(a)) for k, (w, a) in enumerate(zip(work, rng.integers(-1, 80, 3000), strict=True))]
    monkeypatch.setattr("innovation_graph.records._ROWS_PER_GROUP", 256)
    records = make(sites, rows)
    assert records.n_batches > 5
    located = locate(records, HUBS)
    table = unlocated(records, located)
    assert {tuple(None if pd.isna(v) else v for v in row) for row in table.itertuples(index=False)} == brute_unlocated(
        records, located
    )
    assert table["works"].is_monotonic_decreasing


def test_nothing_is_left_out():
    records = make([(0, 0, 0)], [at("Boston", "MA", "US", text="MIT")])
    assert len(unlocated(records, locate(records, HUBS))) == 0


# Regions and the sphere


@pytest.mark.parametrize(
    ("iso2", "text", "code"),
    [
        ("US", "Massachusetts", "MA"),
        ("US", "MA", "MA"),
        ("US", "us-ma", "MA"),
        ("US", "US_MA", "MA"),
        ("US", "D.C.", "DC"),
        ("US", "Washington", "WA"),
        ("US", "Washington State", "WA"),
        ("CA", "Ontario", "08"),
        ("CA", "CA-ON", "08"),
        ("CA", "Québec", "10"),
        ("AU", "New South Wales", "02"),
        ("AU", "WA", "08"),
        ("GB", "Northern Ireland", "NIR"),
        ("CN", "Jiangsu Province", "04"),
        ("CN", "Ningxia Hui Autonomous Region", "21"),
        ("CN", "Beijing Shi", "22"),
        ("US", "Ontario", None),
        ("DE", "Bavaria", None),
    ],
)
def test_regions(iso2, text, code):
    assert region_code(iso2, text) == code


def test_every_region_code_of_the_districts_is_known():
    for row in districts():
        if row["iso2"] in ("AU", "CA", "CN", "GB", "US"):
            assert region_code(row["iso2"], row["admin1_geonames"]) == row["admin1_geonames"]


def test_great_circle():
    quarter = math.pi * EARTH_RADIUS_KM / 2
    assert great_circle_km(0, 0, 90, 17) == pytest.approx(quarter)
    assert great_circle_km(0, -45, 0, 45) == pytest.approx(quarter)
    assert great_circle_km(10, 20, -10, -160) == pytest.approx(2 * quarter)
    assert great_circle_km(60, 179.5, 60, -179.5) == pytest.approx(
        2 * EARTH_RADIUS_KM * math.asin(math.cos(math.radians(60)) * math.sin(math.radians(0.5)))
    )
    assert great_circle_km([1, 2], [3, 4], [1, 2], [3, 4]).tolist() == [0, 0]
    assert np.isnan(great_circle_km(np.nan, 0, 0, 0))


def test_mean_points():
    lat, lon = mean_points([0, 0, 10, 5, np.nan, 1], [179, -179, 0, 0, 0, 0], np.array([0, 0, 1, 3, 3, -1]), 4)
    assert lat.tolist() == pytest.approx([0, 10, np.nan, 5], nan_ok=True)
    assert abs(lon[0]) == pytest.approx(180)
    assert lon[1:].tolist() == pytest.approx([0, np.nan, 0], nan_ok=True)


# Real organisations


@pytest.fixture(scope="module")
def institutions(real_data):
    table = pd.read_csv(real_data / "ror" / "institutions.csv", keep_default_na=False)
    columns = {
        "organisation": "name",
        "city": "city",
        "region": "sub",
        "country": "cc",
        "lat": "lat",
        "lon": "lng",
    }
    return pa.table(
        {name: table[column].to_numpy() for name, column in columns.items()}
        | {"ror": table["ror"].to_numpy(), "geonames_id": table["geonames"].to_numpy()}
    )


def test_real_organisations_by_name_and_id_agree(institutions):
    by_id = locate(institutions, HUBS)
    named = locate(institutions.drop_columns(["geonames_id"]), HUBS)
    assert by_id.reasons["geonames"] > 15_000
    assert by_id.reasons["catchment"] > 4_000
    assert np.array_equal(by_id.lookup, named.lookup)


def test_real_names_alone_are_rarely_wrong(institutions):
    truth = locate(institutions, HUBS).lookup
    for columns, at_most in ((["region"], 0.005), ([], 0.001)):
        located = locate(institutions.drop_columns(["geonames_id", "lat", "lon", *columns]), HUBS)
        taken = located.lookup >= 0
        assert np.mean(located.lookup[taken] != truth[taken]) < at_most
        assert np.count_nonzero(taken) > 0.95 * np.count_nonzero(locate(institutions, gihi2024(0)).lookup >= 0)


@pytest.mark.parametrize(
    ("organisation", "country", "hub"),
    [
        ("Stanford University", "US", "san-francisco-san-jose"),
        ("National Institutes of Health", "US", "baltimore-washington"),
        ("Technical University of Munich", "DE", "munich"),
        ("University of Cambridge", "GB", "cambridge"),
        ("Massachusetts Institute of Technology", "US", "boston"),
        ("University of Hong Kong", "HK", BAY_AREA),
        ("University of Macau", "MO", BAY_AREA),
        ("National Taiwan University", "TW", "taipei"),
        ("Tsinghua University", "CN", "beijing"),
        ("ETH Zurich", "CH", "zurich"),
        ("University of Geneva", "CH", "geneva"),
        ("Cornell University", "US", "ithaca"),
        ("Yale University", "US", "new-york"),
        ("Princeton University", "US", None),
        ("Uppsala University", "SE", None),
    ],
)
def test_real_organisations_by_hand(institutions, organisation, country, hub):
    asked = (("organisation", organisation), ("country", country))
    rows = np.logical_and(*(np.array(institutions[name].to_pylist()) == text for name, text in asked))
    located = locate(institutions.filter(pa.array(rows)), HUBS)
    assert [None if row < 0 else located.places.index[row] for row in located.lookup.tolist()] == [hub]


def test_an_open_set_is_of_the_class():
    assert isinstance(open_set("city"), Places)
    assert len(open_set("city").table) == 0
