"""Addresses in a closed set of places: by id, by name, by distance."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from innovation_graph.places._columns import Coded, coded, coordinates, country_codes, geonames_ids
from innovation_graph.places._reasons import CATCHMENT, GEONAMES, NAME, NONE
from innovation_graph.places.regions import region_code
from innovation_graph.places.sets import Places
from innovation_graph.places.sphere import EARTH_RADIUS_KM, great_circle_km, unit_vectors
from innovation_graph.places.text import city_keys

__all__ = ["locate_in_districts"]

_SAME_NAME_KM = 60.0
"""How far from a district an address of the same city name may lie where regions cannot be compared."""

_Rows = NDArray[np.int64]


@dataclass(frozen=True)
class _Addresses:
    country: Coded
    region: Coded
    city: Coded
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]


def locate_in_districts(table: pa.Table, places: Places) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Return for each address the row of its place (-1: none) and the reason code."""
    addresses = _Addresses(country_codes(table), coded(table, "region"), coded(table, "city"), *coordinates(table))
    districts = places.districts
    district = _by_id(geonames_ids(table), districts["geonames_id"].fillna(0).to_numpy(np.int64))
    reason = np.where(district >= 0, GEONAMES, NONE).astype(np.uint8)
    for rule, code in ((_by_name, NAME), (_by_distance, CATCHMENT)):
        rows = np.flatnonzero((district < 0) & (addresses.country.codes >= 0))
        found = rule(rows, addresses, places)
        district[rows] = found
        reason[rows[found >= 0]] = code
    place = places.table.index.get_indexer(pd.Index(districts["place_id"]))
    return np.append(place, -1)[district].astype(np.int32), reason


def _by_id(ids: _Rows, known: _Rows) -> _Rows:
    order = np.argsort(known, kind="stable")
    at = np.searchsorted(known, ids, sorter=order)
    hit = order[np.minimum(at, len(known) - 1)]
    return np.where((ids > 0) & (known[hit] == ids), hit, -1)


@dataclass(frozen=True)
class _Offer:
    """What a name allows: districts it may mean, the one it means, the one to take without coordinates."""

    options: list[int]
    sure: int = -1
    bare: int = -1


class _Names:
    """The spellings of a set of places, by group of countries."""

    def __init__(self, places: Places) -> None:
        districts = places.districts
        self._groups = places.groups
        self._iso2 = districts["iso2"].tolist()
        self._admin1 = districts["admin1"].astype("object").where(districts["admin1"].notna(), None).tolist()
        self._place = districts["place_id"].tolist()
        self._spelled: dict[tuple[str, str], list[tuple[int, bool]]] = defaultdict(list)
        for row, name, alone in places.spellings.itertuples(index=False):
            self._spelled[self._group(self._iso2[row]), name].append((row, alone))

    def find(self, city: str, iso2: str) -> list[tuple[int, bool]]:
        """Return the districts of that name in the country, and whether the name alone settles which."""
        found = (self._spelled.get((self._group(iso2), key)) for key in city_keys(city, iso2))
        return next(filter(None, found), [])

    def offer(self, city: str, region: str | None, iso2: str) -> _Offer:
        """Weigh the region where it can be compared."""
        code = region_code(iso2, region) if region else None
        equal, free = [], []
        for row, alone in self.find(city, iso2):
            if code is None or self._admin1[row] is None or self._iso2[row] != iso2:
                free.append((row, alone))
            elif self._admin1[row] == code:
                equal.append(row)
        if equal:
            return _Offer(equal, sure=equal[0] if self._one_place(equal) else -1)
        options = [row for row, _ in free]
        settled = options and self._one_place(options) and any(alone for _, alone in free)
        return _Offer(options, bare=options[0] if settled else -1)

    def _group(self, iso2: str) -> str:
        return self._groups.get(iso2, iso2)

    def _one_place(self, rows: list[int]) -> bool:
        return len({self._place[row] for row in rows}) == 1


def _by_name(rows: _Rows, addresses: _Addresses, places: Places) -> _Rows:
    result = np.full(len(rows), -1, dtype=np.int64)
    names, city, region, country = _Names(places), addresses.city, addresses.region, addresses.country
    # Most cities of the world are in no district: they are put aside before regions are looked at.
    at = np.flatnonzero(city.codes[rows] >= 0)
    pair = city.codes[rows[at]] * len(country.texts) + country.codes[rows[at]]
    distinct, which = np.unique(pair, return_inverse=True)
    printed = [divmod(key, len(country.texts)) for key in distinct.tolist()]
    known = [bool(names.find(city.texts[a], country.texts[b])) for a, b in printed]
    keep = np.array(known, dtype=bool)[which]
    at, pair = at[keep], pair[keep]
    if not len(at):
        return result
    rows = rows[at]
    triple = pair * (len(region.texts) + 1) + region.codes[rows] + 1
    distinct, which = np.unique(triple, return_inverse=True)
    offers = []
    for key in distinct.tolist():
        both, c = divmod(key, len(region.texts) + 1)
        a, b = divmod(both, len(country.texts))
        offers.append(names.offer(city.texts[a], region.texts[c - 1] if c else None, country.texts[b]))
    width = max(1, *(len(offer.options) for offer in offers))
    options = np.array([offer.options + [-1] * (width - len(offer.options)) for offer in offers])[which]
    sure = np.array([offer.sure for offer in offers])[which]
    bare = np.array([offer.bare for offer in offers])[which]
    lat, lon = addresses.lat[rows], addresses.lon[rows]
    near = np.where(np.isfinite(lat), _nearest(options, lat, lon, places), bare)
    result[at] = np.where(sure >= 0, sure, near)
    return result


def _nearest(options: _Rows, lat: NDArray[np.float64], lon: NDArray[np.float64], places: Places) -> _Rows:
    """Choose the nearest of each row's options within the distance that a shared name allows."""
    districts = places.districts
    centre_lat, centre_lon = (np.append(districts[name].to_numpy(), np.nan) for name in ("lat", "lon"))
    best = np.full(len(options), -1, dtype=np.int64)
    least = np.full(len(options), np.nextafter(_SAME_NAME_KM, np.inf))
    for option in options.T:
        distance = great_circle_km(lat, lon, centre_lat[option], centre_lon[option])
        nearer = distance < least  # never true for NaN
        best[nearer], least[nearer] = option[nearer], distance[nearer]
    return best


def _by_distance(rows: _Rows, addresses: _Addresses, places: Places) -> _Rows:
    from scipy.spatial import cKDTree  # noqa: PLC0415 - slow to load

    districts, groups = places.districts, places.groups
    radius = districts["radius_km"].fillna(places.catchment_km).to_numpy()
    group_of = np.array([groups.get(iso2, iso2) for iso2 in districts["iso2"]], dtype="str")
    group_of_country = np.array([groups.get(iso2, iso2) for iso2 in addresses.country.texts], dtype="str")
    centres = unit_vectors(districts["lat"], districts["lon"])
    best = np.full(len(rows), -1, dtype=np.int64)
    known = np.flatnonzero(np.isfinite(addresses.lat[rows]))
    codes = addresses.country.codes[rows[known]]
    for group in np.unique(group_of[radius > 0]).tolist():
        inside = known[(group_of_country == group)[codes]]
        if not len(inside):
            continue
        points = unit_vectors(addresses.lat[rows[inside]], addresses.lon[rows[inside]])
        least = np.full(len(inside), np.inf)
        # Districts of one radius at a time: of these the nearest decides whether any reaches the point.
        for reach in np.unique(radius[(group_of == group) & (radius > 0)]).tolist():
            members = np.flatnonzero((group_of == group) & (radius == reach))
            chord, nearest = cKDTree(centres[members]).query(points)
            distance = 2 * EARTH_RADIUS_KM * np.arcsin(np.clip(chord / 2, 0, 1))
            nearer = (distance <= reach) & (distance < least)
            best[inside[nearer]] = members[nearest[nearer]]
            least[nearer] = distance[nearer]
    return best
