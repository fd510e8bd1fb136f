"""Open sets: every country, city, organisation or author that occurs is a place."""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from innovation_graph.places import countries
from innovation_graph.places._columns import Coded, coded, coordinates, country_codes, geonames_ids
from innovation_graph.places._reasons import KEY, NONE
from innovation_graph.places.sets import Places, place_table
from innovation_graph.places.sphere import mean_points
from innovation_graph.places.text import fold, slug

__all__ = ["city_groups", "discover", "discover_authors", "most_frequent"]


def discover(table: pa.Table, places: Places) -> tuple[pd.DataFrame, NDArray[np.int32], NDArray[np.uint8]]:
    """Return the places that occur, the row of each address (-1: none) and the reason codes."""
    country = country_codes(table)
    if places.kind == "country":
        group, ids = country.codes, country.texts
        names = Coded(np.full(len(table), -1), [])
    elif places.kind == "city":
        names = coded(table, "city")
        group, ids = city_groups(table, names, country)
    else:
        names = coded(table, "organisation")
        group, ids = _organisation_keys(table, names, country)
    group, ids = _sorted(group, ids)
    reason = np.where(group >= 0, KEY, NONE).astype(np.uint8)
    lat, lon = mean_points(*coordinates(table), group, len(ids))
    iso2 = most_frequent(group, country, len(ids))
    columns: dict[str, object] = {"country": iso2, "iso2": iso2, "lat": lat.round(5), "lon": lon.round(5)}
    if places.kind == "country":
        known = countries.table().loc[ids]
        columns |= {"name_en": known["name_en"].to_numpy(), "name_zh": known["name_zh"].to_numpy()}
    else:
        spelling = most_frequent(group, names, len(ids))
        columns["name_en"] = [name or place for name, place in zip(spelling, ids, strict=True)]
    return place_table(columns, ids), group.astype(np.int32), reason


def discover_authors(actors: pa.Table) -> tuple[pd.DataFrame, NDArray[np.int32], NDArray[np.uint8]]:
    """Return the actors as places, the row of each actor and the reason codes."""
    ids, names = (actors[column].to_pylist() for column in ("actor_id", "name"))
    keys = [key or f"actor-{row}" for row, key in enumerate(ids)]
    # One id may stand in several rows of a source that tells its authors apart by name and id.
    lookup, distinct = pd.factorize(np.array(keys, dtype=object))
    first = np.zeros(len(distinct), dtype=np.int64)
    first[lookup[::-1]] = np.arange(len(keys))[::-1]
    name_en = [names[row] or keys[row] for row in first.tolist()]
    reason = np.full(len(keys), KEY, dtype=np.uint8)
    return place_table({"name_en": name_en}, distinct.tolist()), lookup.astype(np.int32), reason


def city_groups(table: pa.Table, city: Coded, country: Coded) -> tuple[NDArray[np.int64], list[str]]:
    """Return the city of each address (-1: none) and an id for each; see `locate` for what makes one city."""
    region = coded(table, "region")
    geonames = geonames_ids(table)
    folded_city, folded_region = _folded(city), _folded(region)
    # What the address prints, as one number; -1 if the city or the country is missing.
    n_regions, n_countries = len(region.texts) + 1, max(len(country.texts), 1)
    printed = (folded_city * n_regions + folded_region + 1) * n_countries + country.codes
    printed[(folded_city < 0) | (country.codes < 0)] = -1
    geonames = _lend_ids(geonames, printed)
    key = np.where(geonames > 0, geonames, np.where(printed >= 0, -2 - printed, -1))
    distinct, group = np.unique(key, return_inverse=True)
    group = group.astype(np.int64)
    spelling = most_frequent(group, city, len(distinct))
    iso2 = most_frequent(group, country, len(distinct))
    area = most_frequent(group, region, len(distinct))
    ids = []
    for number, name, state, code in zip(distinct.tolist(), spelling, area, iso2, strict=True):
        if number > 0:
            parts = [slug(name or ""), (code or "").lower(), str(number)]
        else:
            parts = [slug(name or ""), slug(state or ""), (code or "").lower()]
        ids.append("-".join(filter(None, parts)))
    group[key == -1] = -1
    return group, ids


def _lend_ids(geonames: NDArray[np.int64], printed: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give addresses without an id the only id that others with the same city, region and country have."""
    have = (geonames > 0) & (printed >= 0)
    pairs = np.unique(np.stack([printed[have], geonames[have]], axis=1), axis=0)
    if not len(pairs):
        return geonames
    text, first, times = np.unique(pairs[:, 0], return_index=True, return_counts=True)
    text, ids = text[times == 1], pairs[first[times == 1], 1]
    if not len(text):
        return geonames
    at = np.minimum(np.searchsorted(text, printed), len(text) - 1)
    return np.where((geonames <= 0) & (text[at] == printed), ids[at], geonames)


def _organisation_keys(table: pa.Table, names: Coded, country: Coded) -> tuple[NDArray[np.int64], list[str]]:
    ror, own = coded(table, "ror"), coded(table, "organisation_id")
    n_countries = len(country.texts) + 1
    pair = np.where(names.codes >= 0, names.codes * n_countries + country.codes + 1, -1)
    distinct, named = np.unique(pair, return_inverse=True)
    printed = []
    for number in distinct.tolist():
        name, code = divmod(number, n_countries)
        text = slug(names.texts[name]) if number >= 0 else ""
        printed.append("-".join(filter(None, (text, country.texts[code - 1].lower() if code else ""))) if text else "")
    ids = [*ror.texts, *own.texts, *printed, ""]
    group = np.where(own.codes >= 0, len(ror.texts) + own.codes, len(ror.texts) + len(own.texts) + named)
    group = np.where(ror.codes >= 0, ror.codes, group)
    empty = np.array([not text for text in ids])
    return np.where(empty[group], -1, group), ids


def _folded(column: Coded) -> NDArray[np.int64]:
    codes, _ = pd.factorize(np.array([fold(text) for text in column.texts], dtype=object))
    return column.recoded(np.asarray(codes, dtype=np.int64))


def _sorted(group: NDArray[np.int64], ids: list[str]) -> tuple[NDArray[np.int64], list[str]]:
    """Keep the ids that occur, sorted; equal ids become one place."""
    used = np.unique(group[group >= 0])
    kept = sorted({ids[row] for row in used.tolist()})
    place = {text: number for number, text in enumerate(kept)}
    of = np.full(len(ids) + 1, -1, dtype=np.int64)
    of[used] = [place[ids[row]] for row in used.tolist()]
    return of[group], kept


def most_frequent(
    group: NDArray[np.int64], column: Coded, n_groups: int, weight: NDArray[np.float64] | None = None
) -> list[str | None]:
    """Return the most frequent (or heaviest) value of each group; of equal ones the first by alphabet."""
    result: list[str | None] = [None] * n_groups
    rows = (group >= 0) & (column.codes >= 0)
    if not rows.any():
        return result
    order = sorted(range(len(column.texts)), key=column.texts.__getitem__)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    pairs, which = np.unique(group[rows] * len(order) + rank[column.codes[rows]], return_inverse=True)
    counts = np.bincount(which, weights=None if weight is None else weight[rows])
    of, value = np.divmod(pairs, len(order))
    best = np.lexsort((value, -counts, of))
    first = best[np.unique(of[best], return_index=True)[1]]
    for place, winner in zip(of[first].tolist(), value[first].tolist(), strict=True):
        result[place] = column.texts[order[winner]]
    return result
