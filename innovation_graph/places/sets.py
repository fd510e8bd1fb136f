"""Places: a set of places and the rules that find them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph._data import data_path
from innovation_graph._files import new_file
from innovation_graph.errors import RecipeError, UnknownNameError
from innovation_graph.network import PLACE_COLUMNS
from innovation_graph.places import countries
from innovation_graph.places.clusters import ClusterRule
from innovation_graph.places.sphere import mean_points
from innovation_graph.places.text import city_keys, fold, slug

__all__ = ["CATCHMENT_KM", "OPEN_KINDS", "Places", "cluster_set", "gihi2024", "open_set", "place_table"]

CATCHMENT_KM = 25.0
"""How far from a district centre a site still counts, in km, unless told otherwise."""

OPEN_KINDS = ("author", "city", "country", "organisation")
"""Sets whose places are discovered: each author, city, country or organisation is its own place."""

_DISTRICT_COLUMNS = {
    "place_id": "str",
    "district": "str",
    "iso2": "str",
    "admin1": "str",
    "geonames_id": "Int64",
    "lat": "float64",
    "lon": "float64",
    "radius_km": "float64",
}


class Places:
    """A set of places, with the rules that find the place of an address; immutable.

    Parameters
    ----------
    name : str
        Name of the set, for the provenance of what is made with it.
    kind : {"districts", "author", "city", "clusters", "country", "organisation"}
        "districts": the set is closed, `table` lists its places and `districts` how they are found. The
        others are open: every author, city... that occurs is a place; `locate` discovers the table.
        "clusters": it finds them by `rule`.
    table : pandas.DataFrame, optional
        One row a place, indexed by `place_id`; columns name_en, name_zh, country, iso2, continent, tier, lat,
        lon as in `network.PLACE_COLUMNS`. Empty for an open set.
    districts : pandas.DataFrame, optional
        One row for each point that a place consists of: place_id, district (name), iso2, admin1 (GeoNames
        code of the state or province; NA if it does not matter), geonames_id, lat, lon (degrees), radius_km
        (NA: `catchment_km`).
    spellings : pandas.DataFrame, optional
        Names of the districts: row (row number of `districts`), name (folded), alone (whether name and
        country together settle which city is meant). Default: the district names, all of them alone.
    catchment_km : float
        Radius around districts that have none of their own, in km; 0: only the cities themselves.
    groups : mapping, optional
        Countries that count as one with another: code of a source -> code of the group.
    rule : ClusterRule, optional
        How clusters are found; only for kind "clusters".

    Raises
    ------
    RecipeError
        If the catchment is negative or not a number, or kind and rule do not go together.
    """

    __slots__ = ("_districts", "_spellings", "_table", "catchment_km", "groups", "kind", "name", "rule")

    name: str
    kind: str
    catchment_km: float
    groups: Mapping[str, str]
    rule: ClusterRule | None
    _table: pd.DataFrame
    _districts: pd.DataFrame
    _spellings: pd.DataFrame

    def __init__(
        self,
        name: str,
        kind: str,
        table: pd.DataFrame | None = None,
        districts: pd.DataFrame | None = None,
        spellings: pd.DataFrame | None = None,
        *,
        catchment_km: float = 0.0,
        groups: Mapping[str, str] | None = None,
        rule: ClusterRule | None = None,
    ) -> None:
        if not (np.isfinite(catchment_km) and catchment_km >= 0):
            raise RecipeError(f"the catchment is a radius in km, 0 or more, not {catchment_km!r}")
        if (kind == "clusters") != (rule is not None):
            raise RecipeError(
                f"places of kind 'clusters' need a rule, others have none; kind is {kind!r}, rule {rule!r}"
            )
        if districts is None:
            districts = pd.DataFrame(columns=list(_DISTRICT_COLUMNS))
        districts = districts[list(_DISTRICT_COLUMNS)].astype(_DISTRICT_COLUMNS).reset_index(drop=True)
        if spellings is None:
            names = districts["district"].tolist()
            spellings = _spelling_table(districts, range(len(names)), names, [True] * len(names))
        values = {
            "name": name,
            "kind": kind,
            "catchment_km": float(catchment_km),
            "groups": MappingProxyType(dict(groups or {})),
            "rule": rule,
            "_table": place_table({}) if table is None else table,
            "_districts": districts,
            "_spellings": spellings,
        }
        for key, value in values.items():
            object.__setattr__(self, key, value)

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: a set of places does not change."""
        raise AttributeError(f"Places are immutable; {name!r} cannot be set to {value!r}")

    def __repr__(self) -> str:
        """Say which set it is and how large."""
        if self.rule is not None:
            how = f"{self.rule.min_weight:,} sites within {self.rule.radius_km:g} km"
            return f"<Places {self.name}: wherever there are {how}, merged at {self.rule.merge_km:g} km>"
        if self.kind != "districts":
            return f"<Places {self.name}: every {self.kind} that occurs>"
        n, m = len(self._table), len(self._districts)
        return f"<Places {self.name}: {n} places, {m} districts, catchment {self.catchment_km:g} km>"

    @property
    def table(self) -> pd.DataFrame:
        """The places, indexed by `place_id`; a copy."""
        return self._table.copy()

    @property
    def districts(self) -> pd.DataFrame:
        """The points that the places consist of; a copy."""
        return self._districts.copy()

    @property
    def spellings(self) -> pd.DataFrame:
        """The folded names of the districts: row, name, alone; a copy."""
        return self._spellings.copy()

    def to_csv(self, path: Path | str) -> None:
        """Write the table of places as CSV, UTF-8 with a byte-order mark so that Excel shows every script.

        Parameters
        ----------
        path : str or Path
            The file; it appears only when everything is written.
        """
        with new_file(path) as aside:
            self._table.to_csv(aside, encoding="utf-8-sig", lineterminator="\n")


def gihi2024(catchment_km: float = CATCHMENT_KM) -> Places:
    """Return the 120 hubs (374 districts) of the Global Innovation Hubs Index 2024.

    A hub's `country` is the one of the index, which counts Hong Kong, Macao and Taipei as CN; its `iso2` is
    the code of its first district. Its position is the mean of the districts its name lists if each part of
    the name is one ("San Francisco - San Jose"), else the mean of all its districts, on the sphere.

    Parameters
    ----------
    catchment_km : float
        Radius around each district centre within which a site belongs to the hub, in km; 0 turns it off.

    Returns
    -------
    Places
        Of kind "districts", in the order of the index's list.

    Raises
    ------
    RecipeError
        If the catchment is negative or not a number.

    Examples
    --------
    >>> gihi2024()
    <Places gihi2024: 120 places, 374 districts, catchment 25 km>
    """
    groups = {"HK": "CN", "MO": "CN", "TW": "CN"}
    return Places("gihi2024", "districts", *_hubs(), catchment_km=catchment_km, groups=groups)


def open_set(kind: str) -> Places:
    """Return an open set: every author, city, country or organisation that occurs is its own place.

    Parameters
    ----------
    kind : {"author", "city", "country", "organisation"}
        What a place is.

    Returns
    -------
    Places
        With an empty table; `locate` discovers the places.

    Raises
    ------
    UnknownNameError
        If there is no such kind.

    Examples
    --------
    >>> open_set("country")
    <Places country: every country that occurs>
    """
    if kind not in OPEN_KINDS:
        raise UnknownNameError("kind of places", kind, OPEN_KINDS)
    return Places(kind, kind)


def cluster_set(rule: ClusterRule | None = None) -> Places:
    """Return a set whose places are found from the coordinates of the records: clusters of sites.

    Parameters
    ----------
    rule : ClusterRule, optional
        Radius, weight and distance; default `ClusterRule()`.

    Returns
    -------
    Places
        With an empty table; `locate` discovers the places.

    Examples
    --------
    >>> cluster_set(ClusterRule(radius_km=13, min_weight=2000))
    <Places clusters: wherever there are 2,000 sites within 13 km, merged at 5 km>
    """
    return Places("clusters", "clusters", rule=ClusterRule() if rule is None else rule)


def place_table(columns: Mapping[str, object], ids: Iterable[str] = ()) -> pd.DataFrame:
    """Bring columns into the form of a place table; what is missing is NA.

    Parameters
    ----------
    columns : mapping
        Some of name_en, name_zh, country, iso2, continent, tier, lat, lon. A missing continent is looked up.
    ids : iterable of str
        The place ids.

    Returns
    -------
    pandas.DataFrame
        Indexed by `place_id`, with all eight columns.
    """
    index = pd.Index(list(ids), dtype="str", name="place_id")
    kinds = {name: kind for name, kind in PLACE_COLUMNS.items() if not name.endswith("works")}
    table = pd.DataFrame(columns, index=index).reindex(columns=list(kinds))
    table = table.astype({name: "str" if kind is str else "float64" for name, kind in kinds.items()})
    if "continent" not in columns:
        table["continent"] = table["iso2"].map(countries.table()["continent"]).astype("str")
    return table


@cache
def _hubs() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the places, the districts and the spellings of the index; shared, since nobody changes them."""
    hubs = pd.read_csv(data_path("hubs.csv"), dtype={"hub_id": "int64"}, keep_default_na=False)
    text = {"district": "str", "iso2": "str", "admin1_geonames": "str"}
    rows = pd.read_csv(data_path("districts.csv"), dtype=text, keep_default_na=False)
    names = pd.read_csv(data_path("district_names.csv"), dtype={"name": "str"}, keep_default_na=False)
    ids = pd.Index([slug(hub) for hub in hubs["name_en"]])
    hub_of = pd.Index(hubs["hub_id"]).get_indexer(pd.Index(rows["hub_id"]))
    admin1 = rows["admin1_geonames"].where(rows["admin1_geonames"] != "")
    districts = rows.assign(place_id=ids[hub_of], admin1=admin1, radius_km=np.nan)
    row_of = pd.Index(rows["geonames_id"]).get_indexer(pd.Index(names["geonames_id"]))
    printed = _spelling_table(districts, row_of.tolist(), names["name"].tolist(), (names["alone"] == 1).tolist())
    first = pd.Series(districts["iso2"].to_numpy(), index=ids[hub_of])
    lat, lon = _positions(hubs["name_en"].tolist(), hub_of, districts, printed)
    columns = {name: hubs[name].to_numpy() for name in ("name_en", "name_zh", "country", "continent", "tier")}
    iso2 = first[~first.index.duplicated()].reindex(ids).to_numpy()
    table = place_table({**columns, "iso2": iso2, "lat": lat, "lon": lon}, ids)
    return table, districts, printed


def _positions(
    names: list[str], hub_of: NDArray[np.int64], districts: pd.DataFrame, spellings: pd.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean of the districts that a name lists, or of all if a part of the name is no district."""
    spelled: dict[tuple[int, str], set[int]] = defaultdict(set)
    for row, key, _ in spellings.itertuples(index=False):
        spelled[int(hub_of[row]), key].add(row)
    voice = hub_of.copy()
    for hub, name in enumerate(names):
        listed = [spelled[hub, fold(part)] for part in name.split(" - ")]
        if all(listed):
            others = set(np.flatnonzero(hub_of == hub).tolist()).difference(*listed)
            voice[list(others)] = -1
    lat, lon = mean_points(districts["lat"], districts["lon"], voice, len(names))
    return lat.round(5), lon.round(5)


def _spelling_table(
    districts: pd.DataFrame, rows: Iterable[int], names: Iterable[str], alone: Iterable[bool]
) -> pd.DataFrame:
    iso2 = districts["iso2"].tolist()
    entries = [
        (row, key, settled)
        for row, text, settled in zip(rows, names, alone, strict=True)
        for key in city_keys(text, iso2[row])
    ]
    table = pd.DataFrame(entries, columns=["row", "name", "alone"])
    return table.astype({"row": "int64", "name": "str", "alone": "bool"}).drop_duplicates(ignore_index=True)
