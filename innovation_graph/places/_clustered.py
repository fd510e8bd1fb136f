"""Addresses in the clusters that their coordinates form, and the names of these clusters."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from innovation_graph.places._columns import coded, coordinates, country_codes
from innovation_graph.places._open import city_groups, most_frequent
from innovation_graph.places._reasons import CLUSTER, NOISE, NONE
from innovation_graph.places.clusters import ClusterRule, find_clusters, weighted_means
from innovation_graph.places.sets import place_table
from innovation_graph.places.text import fold, slug
from innovation_graph.records import Records

__all__ = ["locate_in_clusters"]

_LARGE = 0.2
"""Share of a cluster's weight from which a second city stands in its name."""


@dataclass(frozen=True)
class _City:
    name: str
    iso2: str
    weight: float


def locate_in_clusters(
    records: Records, rule: ClusterRule
) -> tuple[pd.DataFrame, NDArray[np.int32], NDArray[np.uint8]]:
    """Return the clusters, the row of each address (-1: none) and the reason codes."""
    addresses = records.addresses
    weight = _sites(records)
    lat, lon = coordinates(addresses)
    rows = np.flatnonzero(np.isfinite(lat) & (weight > 0))
    found = find_clusters(lat[rows], lon[rows], weight[rows], rule)
    inside, cluster = rows[found >= 0], found[found >= 0]
    reason = np.full(len(addresses), NONE, dtype=np.uint8)
    reason[rows] = np.where(found >= 0, CLUSTER, NOISE)
    table, row = _table(addresses.take(pa.array(inside)), cluster, weight[inside])
    lookup = np.full(len(addresses), -1, dtype=np.int32)
    lookup[inside] = row[cluster]
    return table, lookup, reason


def _sites(records: Records) -> NDArray[np.float64]:
    """Return the number of site rows of each address."""
    sites = np.zeros(records.n_addresses)
    for (address,) in records.site_batches(["address"]):
        sites += np.bincount(address[address >= 0], minlength=len(sites))
    return sites


def _table(
    addresses: pa.Table, cluster: NDArray[np.int64], weight: NDArray[np.float64]
) -> tuple[pd.DataFrame, NDArray[np.int32]]:
    """Return the clusters sorted by id, and the row of each."""
    n = int(cluster.max(initial=-1)) + 1
    lat, lon = weighted_means(*coordinates(addresses), weight, cluster)
    iso2 = most_frequent(cluster, country_codes(addresses), n, weight)
    names = [
        _name(cities) or _point(north, east)
        for cities, north, east in zip(_cities(addresses, cluster, weight, n), lat, lon, strict=True)
    ]
    ids = _ids(names, iso2)
    columns = {"name_en": names, "country": iso2, "iso2": iso2, "lat": lat.round(5), "lon": lon.round(5)}
    by_id = sorted(range(n), key=ids.__getitem__)
    row = np.empty(n, dtype=np.int32)
    row[by_id] = np.arange(n)
    return place_table(columns, ids).iloc[by_id], row


def _cities(addresses: pa.Table, cluster: NDArray[np.int64], weight: NDArray[np.float64], n: int) -> list[list[_City]]:
    """Return the cities of each cluster, the heaviest first, of equally heavy ones the first by alphabet."""
    city, country = coded(addresses, "city"), country_codes(addresses)
    group, ids = city_groups(addresses, city, country)
    spelled = most_frequent(group, city, len(ids), weight)
    iso2 = most_frequent(group, country, len(ids), weight)
    at = np.flatnonzero(group >= 0)
    pairs, which = np.unique(cluster[at] * (len(ids) + 1) + group[at], return_inverse=True)
    parts: list[dict[tuple[str, str], list[_City]]] = [defaultdict(list) for _ in range(n)]
    for pair, heavy in zip(pairs.tolist(), np.bincount(which, weights=weight[at]).tolist(), strict=True):
        of, number = divmod(pair, len(ids) + 1)
        name, code = spelled[number] or "", iso2[number] or ""
        # Two cities of one name in a country, in one cluster: one city that some addresses tell less about.
        parts[of][fold(name), code].append(_City(name, code, heavy))
    return [sorted(map(_one, cities.values()), key=_rank) for cities in parts]


def _one(cities: list[_City]) -> _City:
    first = min(cities, key=_rank)
    return _City(first.name, first.iso2, sum(city.weight for city in cities))


def _rank(city: _City) -> tuple[float, str, str]:
    return -city.weight, city.name, city.iso2


def _name(cities: list[_City]) -> str:
    """Name a cluster after its heaviest city, and the second if that one is large."""
    whole = sum(city.weight for city in cities)
    named = [city for city in cities if slug(city.name)]
    large = [city.name for city in named[1:2] if city.weight >= _LARGE * whole]
    return " - ".join([city.name for city in named[:1]] + large)


def _point(lat: float, lon: float) -> str:
    """Write a position in degrees and minutes."""
    parts = []
    for value, (plus, minus) in ((lat, "NS"), (lon, "EW")):
        degrees, minutes = divmod(round(abs(value) * 60), 60)
        parts.append(f"{degrees}\N{DEGREE SIGN}{minutes:02}\N{PRIME} {minus if value < 0 else plus}")
    return " ".join(parts)


def _ids(names: list[str], iso2: list[str | None]) -> list[str]:
    """Make an id of name and country; of equal ones the heaviest cluster's is bare, the others are numbered."""
    ids: dict[str, None] = {}
    for name, code in zip(names, iso2, strict=True):
        plain = "-".join(filter(None, (slug(name), (code or "").lower())))
        candidate, number = plain, 1
        while candidate in ids:
            number += 1
            candidate = f"{plain}-{number}"
        ids[candidate] = None
    return list(ids)
