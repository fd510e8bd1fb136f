"""Cities of other lists -> hubs: which hub a printed city lies in."""

from collections import defaultdict
from functools import cache

import pandas as pd

from innovation_graph._data import data_path
from innovation_graph.places.sets import gihi2024
from innovation_graph.places.text import fold, slug

__all__ = ["hubs_of"]

_PARTS = " - "


def hubs_of(cities: pd.DataFrame, *, city: str = "city", country: str = "country") -> pd.DataFrame:
    """Find the hub of each city of a list.

    In this order: the alias table `city_to_hub.csv`, the names of the hubs, the names of their districts. A name of
    several parts ("Shenzhen - Hong Kong - Guangzhou") is in the hub in which all parts are that are in any. Country
    codes are ISO 3166 of two letters; HK, MO and TW count as CN.

    Parameters
    ----------
    cities : pandas.DataFrame
        One row a city.
    city, country : str
        Names of the columns; without a country column the name must be that of one hub only.

    Returns
    -------
    pandas.DataFrame
        In the same rows: `city`, `country`, `place_id` (missing if there is none), `how`: "alias", "hub",
        "district", "parts", "none" or "several" (hubs; none is taken).
    """
    lands = cities[country].tolist() if country in cities.columns else [None] * len(cities)
    rows = []
    for name, land in zip(cities[city].astype(str), lands, strict=True):
        code = str(land).upper() if land is not None and not pd.isna(land) else None
        found, how = _hub(name, gihi2024().groups.get(code, code) if code is not None else None)
        rows.append((name, code, found, how))
    return pd.DataFrame(rows, columns=["city", "country", "place_id", "how"], index=cities.index)


def _hub(name: str, land: str | None) -> tuple[str | None, str]:
    found_in = {how: _among(table, fold(name), land) for how, table in _tables()}
    if land is None and len(set().union(*found_in.values())) > 1:
        return None, "several"
    for how, found in found_in.items():
        if len(found) == 1:
            return found.pop(), how
        if found:
            return None, "several"
    parts = name.replace("\u2013", _PARTS).split(_PARTS)  # an en dash also parts names
    if len(parts) < 2:
        return None, "none"
    hubs = {hub for hub, _ in (_hub(part.strip(), land) for part in parts) if hub is not None}
    return (hubs.pop(), "parts") if len(hubs) == 1 else (None, "several" if hubs else "none")


def _among(table: dict[tuple[str, str], set[str]], key: str, land: str | None) -> set[str]:
    if land is not None:
        return set(table.get((key, land), ()))
    return {hub for (known, _), hubs in table.items() if known == key for hub in hubs}


@cache
def _tables() -> tuple[tuple[str, dict[tuple[str, str], set[str]]], ...]:
    hubs = gihi2024()
    table, districts, spellings = hubs.table, hubs.districts, hubs.spellings
    country = table["country"]
    aliases: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in pd.read_csv(data_path("city_to_hub.csv"), keep_default_na=False).itertuples():
        aliases[fold(str(row.city)), str(row.country)].add(slug(str(row.hub)))
    named: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name in ("name_en", "name_zh"):
        for place, text in table[name].items():
            named[fold(text), country[str(place)]].add(str(place))
    inside: dict[tuple[str, str], set[str]] = defaultdict(set)
    homes = districts["place_id"].tolist()
    for row, key in zip(spellings["row"].tolist(), spellings["name"].tolist(), strict=True):
        place = str(homes[row])
        inside[key, country[place]].add(place)
    return ("alias", aliases), ("hub", named), ("district", inside)
