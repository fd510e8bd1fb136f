"""Countries: every name that published sources print is found, and nothing else."""

import csv
import re
import zipfile

import pytest

from innovation_graph._data import data_path
from innovation_graph.errors import UnknownNameError
from innovation_graph.places import countries
from innovation_graph.places.text import city_keys, fold, slug


@pytest.mark.parametrize(
    ("printed", "iso2"),
    [
        ("Peoples R China", "CN"),
        ("P.R. China", "CN"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("united states of america", "US"),
        ("England", "GB"),
        ("Scotland", "GB"),
        ("Wales", "GB"),
        ("North Ireland", "GB"),
        ("UK", "GB"),
        ("Ireland", "IE"),
        ("South Korea", "KR"),
        ("North Korea", "KP"),
        ("Korea, Republic of", "KR"),
        ("Russia", "RU"),
        ("Russian Federation", "RU"),
        ("Turkey", "TR"),
        ("Türkiye", "TR"),
        ("Turkiye", "TR"),
        ("Czech Republic", "CZ"),
        ("Viet Nam", "VN"),
        ("Georgia", "GE"),
        ("Cote d'Ivoire", "CI"),
        ("Côte d’Ivoire", "CI"),
        ("Bosnia and Herzegovina", "BA"),
        ("Saint Lucia", "LC"),
        ("The Netherlands", "NL"),
        ("Guinea", "GN"),
        ("Papua New Guinea", "PG"),
        ("Niger", "NE"),
        ("Nigeria", "NG"),
        ("Dominica", "DM"),
        ("Dominican Republic", "DO"),
        ("Democratic Republic of the Congo", "CD"),
        ("Republic of the Congo", "CG"),
        ("Namibia", "NA"),
        ("Hong Kong", "HK"),
        ("Macau", "MO"),
        ("Taiwan", "TW"),
        ("德国", "DE"),
    ],
)
def test_names_as_sources_print_them(printed, iso2):
    assert countries.code(printed) == iso2
    assert countries.code_or_name(f" {printed} ") == iso2


@pytest.mark.parametrize("text", ["", "Atlantis", "GA 30332 USA", "Republic", "CN", "New Guinea"])
def test_nothing_is_guessed(text):
    assert countries.code(text) is None


def test_codes_and_names():
    assert countries.code_or_name("na") == "NA"
    assert countries.name("NA") == "Namibia"
    assert countries.name("JP", "zh") == "日本"
    with pytest.raises(UnknownNameError, match="'ZZ'"):
        countries.name("ZZ")


def test_table():
    table = countries.table()
    assert table.index.is_unique
    assert table["iso3"].is_unique
    assert table.loc["NA", "name_en"] == "Namibia"
    assert not table[["iso3", "name_en", "name_zh", "continent"]].eq("").any(axis=None)
    table.loc["NA", "name_en"] = "changed"
    assert countries.name("NA") == "Namibia"


def test_no_two_countries_share_a_name():
    owners = {}
    for iso2, row in countries.table().iterrows():
        for text in {row["name_en"], row["name_zh"], *filter(None, row["aliases"].split("|"))}:
            assert owners.setdefault(fold(text), iso2) == iso2, text


def test_continents_agree_with_the_hubs():
    continent = countries.table()["continent"]
    with data_path("hubs.csv").open(encoding="utf-8", newline="") as file:
        for hub in csv.DictReader(file):
            assert continent[hub["country"]] == hub["continent"], hub["name_en"]


def test_published_country_tables(real_data):
    for name, column in (("5019", 2), ("10060", 2), ("4958", 2)):
        with (real_data / "ncses" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))[1:]
        found = [countries.code(row[column]) for row in rows]
        assert None not in found
        assert len(set(found)) == len(found) >= 48


def test_published_country_codes(real_data):
    archive = real_data / "openalex_countries_1990_2023" / "WrldCo_years.zip"
    with zipfile.ZipFile(archive) as file:
        lines = file.read("WrldCo2023.net").decode("utf-8-sig").splitlines()
    codes = re.findall(r'^\d+ "(\w\w)"', "\n".join(lines), flags=re.MULTILINE)
    assert len(codes) > 200
    # The Netherlands Antilles and Serbia and Montenegro are no more.
    assert set(codes) - set(countries.table().index) <= {"AN", "CS"}


def test_countries_of_web_of_science_addresses(real_data):
    names = set()
    for path in sorted((real_data / "wos_csss").glob("savedrecs_*.txt")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for record in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                for address in re.sub(r"\[.*?\]", "", record["C1"] or "").split(";"):
                    last = address.rsplit(",", 1)[-1].strip().rstrip(".")
                    names.add("USA" if last.endswith(" USA") else last)
    names.discard("")
    assert len(names) > 70
    assert {name for name in names if countries.code(name) is None} == set()


@pytest.mark.parametrize(
    ("text", "folded", "readable"),
    [
        ("Göteborg", "goteborg", "goteborg"),
        ("Xi'an", "xian", "xian"),
        ("Xi\u2019an", "xian", "xian"),
        ("Saint-Denis", "st denis", "saint-denis"),
        ("St. Louis", "st louis", "st-louis"),
        ("The Hague", "hague", "the-hague"),
        ("Łódź", "lodz", "lodz"),
        ("Tromsø", "tromso", "tromso"),
        ("\u0130STANBUL", "istanbul", "istanbul"),
        ("Straße", "strasse", "strasse"),
        ("A & B", "a and b", "a-and-b"),
        ("Đà Nẵng", "da nang", "da-nang"),
        ("서울", "서울", "서울"),
        ("東京", "東京", "東京"),
        ("が", "が", "が"),
        ("  -- ", "", ""),
    ],
)
def test_folding(text, folded, readable):
    assert fold(text) == folded
    assert slug(text) == readable


def test_words_for_city_are_taken_off_only_where_they_are_no_part_of_a_name():
    assert city_keys("Goyang-si", "KR") == ["goyang si", "goyang"]
    assert city_keys("大阪市", "JP")[-1] == "大阪"
    assert city_keys("Kansas City", "US") == ["kansas city"]
    assert city_keys("Mexico City", "MX") == ["mexico city", "mexico"]
    assert city_keys("Shi", "CN") == ["shi"]
