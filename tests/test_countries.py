"""Countries: every name that published sources print is found, and nothing else."""

import csv
import re
import zipfile
from collections import Counter

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
        ("中国香港", "HK"),
        ("中国香港特别行政区", "HK"),
        ("中国（香港）", "HK"),
        ("中国澳门", "MO"),
        ("中国澳门特别行政区", "MO"),
        ("中国台湾", "TW"),
        ("中国台湾省", "TW"),
        ("台灣", "TW"),
        ("中华人民共和国", "CN"),
        ("中国大陆", "CN"),
        ("联合王国", "GB"),
        ("英格兰", "GB"),
        ("大韩民国", "KR"),
        ("朝鲜民主主义人民共和国", "KP"),
        ("美利坚合众国", "US"),
        ("俄罗斯联邦", "RU"),
        ("德意志联邦共和国", "DE"),
        ("阿联酋", "AE"),
        ("澳洲", "AU"),
        ("刚果民主共和国", "CD"),
        ("刚果共和国", "CG"),
        ("多米尼加", "DO"),
        ("多米尼克", "DM"),
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


def test_published_country_table_of_the_whole_world(real_data):
    with (real_data / "ncses" / "10059.csv").open(encoding="utf-8-sig", newline="") as file:
        names = [row["region_country_or_economy"] for row in csv.DictReader(file)]
    assert len(names) > 150
    left = {name for name in names if countries.code(name) is None}
    assert left == {"Serbia and Montenegro", "Unassigned", "World"}


def test_published_country_codes(real_data):
    codes = set()
    with zipfile.ZipFile(real_data / "openalex_countries_1990_2023" / "WrldCo_years.zip") as file:
        for name in file.namelist():
            if name.endswith(".net"):
                codes.update(re.findall(r'^\d+ "(\w\w)"', file.read(name).decode("utf-8-sig"), flags=re.MULTILINE))
    assert len(codes) > 200
    left = {code for code in codes if countries.code_or_name(code) is None}
    # The Netherlands Antilles and Serbia and Montenegro are no more.
    assert left <= {"AN", "CS"}
    assert all(map(countries.former, left))


# Web of Science shortens names to sixteen letters, and prints those of the day.
WEB_OF_SCIENCE = """
AE U Arab Emirates|AG Antigua & Barbu|AS Amer Samoa|BA Bosnia & Herceg|BF Upper Volta|BJ Dahomey|BN Brunei
BY Byelarus|CD Dem Rep Congo|CD Zaire|CF Cent Afr Republ|CG Rep Congo|CI Cote Ivoire|CI Ivory Coast
CN Peoples R China|CV Cape Verde|CZ Czech Republic|DE Fed Rep Ger|DE Ger Dem Rep|DO Dominican Rep
FK Falkland Island|FO Faroe Islands|GE Rep of Georgia|GQ Equat Guinea|GW Guinea Bissau|KG Kyrgyzstan
KH Kampuchea|KN St Kitts & Nevi|LK Ceylon|MG Malagasy Republ|MH Marshall Island|MK Macedonia|MM Burma
MN Mongol Peo Rep|MO Macau|PF Fr Polynesia|PG Papua N Guinea|PM St Pierre & Miqu|PS Palestine|RU Russia
SR Surinam|ST Sao Tome & Prin|SZ Swaziland|TC Turks & Caicos|TJ Tadzhikistan|TL Timor Leste|TT Trinid & Tobago
TW Taiwan|VC St Vincent|VG Brit Virgin Isl|VN Vietnam|WS Western Samoa|ZA Bophuthatswana|ZA Transkei|ZW Rhodesia
"""
# Scopus, Dimensions, the World Bank, ISO 3166 and authors themselves.
ELSEWHERE = """
AT Österreich|BE België|BN Brunei Darussalam|BO Bolivia (Plurinational State of)|BS Bahamas, The
CD Democratic Republic Congo|CG Congo, Republic of the|CG Congo|CV Cabo Verde|CZ Czechia|CZ Česká republika
DE GDR|DE East Germany|DE West Germany|DZ Algérie|FM Micronesia, Fed. Sts.|GB Northern Ireland|GB U.K.|GB U K
HK Hong Kong SAR, China|IR Iran (Islamic Republic of)|KP DPR Korea|KR Korea (the Republic of)|LA Lao PDR
LT Republic of Lithuania|LY Libyan Arab Jamahiriya|MK Macedonia (FYROM)|NL Kingdom of the Netherlands
PS Gaza Strip|PS West Bank|QA State of Qatar|RU Россия|SX Sint Maarten (Dutch part)|SY Syrian Arab Republic
TL East Timor|TR Türkiye|TW Taiwan, R.O.C.|TW R.O.C.|US United States of America (the)|VA Vatican City State
VI Virgin Islands (U.S.)|VN Viet Nam|ZA Republic of South Africa|XK Republic of Kosovo
"""


@pytest.mark.parametrize(
    "entry", [*WEB_OF_SCIENCE.replace("\n", "|").split("|"), *ELSEWHERE.replace("\n", "|").split("|")]
)
def test_spellings_of_sources(entry):
    if entry:
        iso2, _, printed = entry.partition(" ")
        assert countries.code(printed) == countries.code(printed.upper()) == iso2


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Czechoslovakia", "CZ SK"),
        ("USSR", "AM AZ BY EE GE KG KZ LT LV MD RU TJ TM UA UZ"),
        ("U.S.S.R.", "AM AZ BY EE GE KG KZ LT LV MD RU TJ TM UA UZ"),
        ("SU", "AM AZ BY EE GE KG KZ LT LV MD RU TJ TM UA UZ"),
        ("YUGOSLAVIA", "BA HR ME MK RS SI XK"),
        ("Serbia Monteneg", "ME RS XK"),
        ("Neth Antilles", "BQ CW SX"),
        ("CS", "CZ ME RS SK XK"),
    ],
)
def test_states_that_fell_apart_have_successors_and_no_code(text, codes):
    assert countries.former(text) == tuple(codes.split())
    assert set(countries.former(text)) <= set(countries.table().index)
    assert countries.code_or_name(text) is None
    assert countries.from_printed(text) == (None, None)


def test_states_with_one_successor_and_states_of_today_are_not_former():
    for text in ("Ger Dem Rep", "Zaire", "Russia", "Serbia", "", "Atlantis", "DE"):
        assert countries.former(text) == ()


def test_old_codes():
    old = {"DD": "DE", "ZR": "CD", "BU": "MM", "TP": "TL", "UK": "GB", "el": "GR"}
    assert {code: countries.code_or_name(code) for code in old} == old
    # Offices and stand-ins are no countries.
    for text in ("EP", "WO", "EM", "EU", "XX", "unknown", "omitted"):
        assert countries.code_or_name(text) is None
    assert not countries._OLD_CODES.keys() & set(countries.table().index)
    assert set(countries._OLD_CODES.values()) <= set(countries.table().index)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MA 02139 USA", ("US", "MA")),
        ("MA 02139-4307 USA.", ("US", "MA")),
        ("IL USA", ("US", "IL")),
        (" GA 30332 USA ", ("US", "GA")),
        ("DC 20001 U.S.A.", ("US", "DC")),
        ("NY 10027 United States", ("US", "NY")),
        ("02139 USA", ("US", None)),
        ("USA", ("US", None)),
        ("PR 00936 USA", ("US", "PR")),
        ("CM USA", ("US", "MP")),
        ("AE USA", ("US", None)),
        ("ZZ USA", ("US", None)),
        ("England", ("GB", "England")),
        ("SCOTLAND", ("GB", "Scotland")),
        ("Wales", ("GB", "Wales")),
        ("North Ireland", ("GB", "Northern Ireland")),
        ("N Ireland", ("GB", "Northern Ireland")),
        ("UK", ("GB", None)),
        ("Ireland", ("IE", None)),
        ("Peoples R China", ("CN", None)),
        ("Taiwan", ("TW", None)),
        ("Georgia", ("GE", None)),
        ("MA", (None, None)),
        ("MA 02139", (None, None)),
        ("Boston USA", (None, None)),
        ("MA 02139 Canada", (None, None)),
        ("MA 02139 4307 1 USA", (None, None)),
        ("", (None, None)),
    ],
)
def test_tails_of_addresses(text, expected):
    assert countries.from_printed(text) == expected


def tails(real_data):
    """Return what stands last in each address of the fields C1 and RP, by the slow way."""
    counts = Counter()
    for path in sorted((real_data / "wos_csss").glob("savedrecs_*.txt")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for record in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                addresses = re.sub(r"\[.*?\]", "", record["C1"] or "").split(";")
                # Authors of one address are parted by the same sign: only the last of them has it.
                addresses += [part for part in (record["RP"] or "").split(";") if "(reprint author)" in part]
                counts.update(address.rsplit(",", 1)[-1].strip().rstrip(".") for address in addresses)
    del counts[""]
    return counts


def test_countries_of_web_of_science_addresses(real_data):
    counts = tails(real_data)
    assert len(counts) > 200
    found = {text: countries.from_printed(text) for text in counts}
    assert [text for text, (iso2, _) in found.items() if iso2 is None] == []
    assert len({iso2 for iso2, _ in found.values()}) > 70
    # The only American one without a state is a military post office.
    american = {text for text, (iso2, region) in found.items() if iso2 == "US" and region is None}
    assert american == {"AE USA"}
    assert all((iso2 == "US") == text.endswith("USA") for text, (iso2, _) in found.items())
    british = {text: region for text, (iso2, region) in found.items() if iso2 == "GB"}
    assert british == {"England": "England", "North Ireland": "Northern Ireland", "Scotland": "Scotland"}


def test_country_codes_of_patents(real_data):
    codes = set()
    for path in sorted((real_data / "patents_uspto").glob("*.xml")):
        codes.update(re.findall(r"<country>([^<]*)</country>", path.read_text(encoding="utf-8")))
    assert len(codes) > 30
    # Offices that are no countries, what is not known, and the Soviet Union.
    assert {code for code in codes if countries.code_or_name(code) is None} == {
        "EM", "EP", "SU", "WO", "omitted", "unknown",
    }  # fmt: skip


def test_country_codes_of_code_hosting(real_data):
    with (real_data / "github_innovation_graph" / "economy_collaborators.csv").open(encoding="utf-8-sig") as file:
        codes = {row[end] for row in csv.DictReader(file) for end in ("source", "destination")}
    assert {code for code in codes if countries.code_or_name(code) is None} == {"EU"}


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
