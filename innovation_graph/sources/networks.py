"""Ready networks: readers by format, and places merged by what a column or a table says of them.

If at least nine in ten labels of a network are alpha-2 codes or names of countries, the places get `country`, `iso2`,
`name_zh` and `continent`, and a code is replaced by the English name; labels that are none (a total, a union) stay as
they are. Fewer may be cities, states or people that are called like a country.
"""

from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph._links import sealed
from innovation_graph.errors import FormatError, NetworkError, RecipeError, UnknownNameError
from innovation_graph.network import PLACE_COLUMNS, Network
from innovation_graph.places import countries
from innovation_graph.sources._cells import folded, plain, readable_ids, shown, strict_rows
from innovation_graph.sources._streams import Member
from innovation_graph.sources.edges import read_edges
from innovation_graph.sources.graphs import read_gexf, read_graphml
from innovation_graph.sources.matrices import read_matrix, read_matrixmarket, read_npz
from innovation_graph.sources.pajek import read_pajek
from innovation_graph.sources.slices import read_slices, write_slices
from innovation_graph.sources.vosviewer import read_vosviewer

__all__ = [
    "FORMATS",
    "group_by",
    "join_places",
    "read_edges",
    "read_gexf",
    "read_graphml",
    "read_matrix",
    "read_matrixmarket",
    "read_npz",
    "read_pajek",
    "read_slices",
    "read_vosviewer",
    "write_slices",
]

FORMATS: dict[str, Callable[..., Network]] = {
    "matrix": read_matrix,
    "edges": read_edges,
    "vosviewer": read_vosviewer,
    "pajek": read_pajek,
    "graphml": read_graphml,
    "gexf": read_gexf,
    "npz": read_npz,
    "matrixmarket": read_matrixmarket,
}
"""Readers by the name of their format; each takes a path first."""

# What is true of a group if it is true of each of its places; numbers of works are not.
_COUNTRY = ("country", "iso2")
_SHARED = ("name_zh", "country", "iso2", "continent", "tier", "lat", "lon")


def group_by(network: Network, column: str) -> Network:
    """Merge the places that share a value in a column of the place table, such as an address.

    Parameters
    ----------
    network : Network
        As from `read_vosviewer` or `join_places`.
    column : str
        Name of the column, or several parted by commas: "city,country" keeps the Cambridges of two countries
        apart. Values of one column that look like "City, Country" give the name of the city and, as `country`
        and `iso2`, the code of the country; so does a column `country`. "country" is read off the first column
        with "City, Country" in most places if there is no country; `provenance["country_from"]` names it.

    Returns
    -------
    Network
        One place a value, in the order of the values; weights between groups add up. Of the other columns of
        `PLACE_COLUMNS`, those about places and not about works keep what all places of a group share.
        `provenance["inside_links"]` and `["inside_weight"]` count what lay inside the groups.

    Raises
    ------
    UnknownNameError
        If there is no such column.
    NetworkError
        If a place has no value there, or one city stands in two countries.
    """
    return _merged(network, column)


def _merged(network: Network, column: str, alone: Collection[str] = ()) -> Network:
    table, notes = network.places, {"group_by": column}
    if "country" in column.split(",") and table["country"].isna().all():
        table, found = _with_country_of_texts(table)
        notes |= {"country_from": found} if found else {}
    names = [column] if column in table else [name.strip() for name in column.split(",")]
    lonely = table.index.isin(list(alone))
    parts = []
    for name in names:
        if name not in table:
            raise UnknownNameError("column", name, table.columns)
        # A place that no table knows is a group of its own name.
        values = _texts(table[name]).where(~lonely, network.names)
        parts.append([_as_key(name, text) for text in values.fillna("")])
        without = network.ids[values.isna() | (values.str.strip() == "")]
        if len(without):
            raise NetworkError(
                f"{len(without)} of {network.n_places} places have no {name!r}, the first is {without[0]!r}; "
                "give them one (import --places), or group by another column or several (city,country)"
            )
    keys = list(zip(*parts, strict=True))
    distinct = sorted(set(keys))
    rank = {key: i for i, key in enumerate(distinct)}
    of = np.array([rank[key] for key in keys])
    if column.casefold() == "city":
        _check_one_country(network, column, of)
    places = pd.DataFrame({name: _shared(table[name], of, len(distinct)) for name in _SHARED})
    about = [_named(names, key) for key in distinct]
    codes = pd.Series([code for _, code in about], dtype="str")
    places["country"] = codes.where(codes.notna(), places["country"])
    places["iso2"] = codes.where(codes.notna(), places["iso2"])
    places.insert(0, "name_en", [name for name, _ in about])
    known = [None if pd.isna(code) else str(code) for code in places["country"]]
    places.index = pd.Index(readable_ids(places["name_en"].tolist(), known), dtype="str", name="place_id")
    merged = network.aggregate(places, places.index[of].tolist())
    return Network(merged.places, merged.upper, {**merged.provenance, **notes})


def _with_country_of_texts(table: pd.DataFrame) -> tuple[pd.DataFrame, str | None]:
    """Fill the country from the first column that has "City, Country" in most places, if there is one."""
    for name in table.columns:
        texts = table[name].astype("str").fillna("")
        codes = pd.Series([_named([""], (text,))[1] for text in texts], index=table.index, dtype="str")
        if codes.notna().mean() > 0.5:
            return table.assign(country=codes), str(name)
    return table, None


def _texts(column: pd.Series) -> pd.Series:
    """Return values as text; whole numbers without a decimal point, also where one is missing."""
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    return column.astype("str")


def _as_key(column: str, text: str) -> str:
    text = text.strip()
    return countries.code_or_name(text) or text if column in _COUNTRY else text


def _named(columns: list[str], key: tuple[str, ...]) -> tuple[str, str | None]:
    """Return the name and the country code of a group."""
    parts = dict(zip(columns, key, strict=True))
    land = next((parts.pop(name) for name in _COUNTRY if name in parts), None)
    if land is not None:
        code = countries.code_or_name(land)
        return next(iter(parts.values()), countries.name(code) if code else land), code
    if len(key) > 1:
        return ", ".join(key), None
    city, _, country = key[0].rpartition(",")
    code = countries.code(country)
    return (city.strip(), code) if city and code else (key[0], None)


def _shared(column: pd.Series, of: NDArray[np.int64], n: int) -> pd.Series:
    """Return the one value of each group; missing where there are several or none."""
    values = column.reset_index(drop=True).dropna()
    groups = values.groupby(of[values.index])
    return groups.first().where(groups.min() == groups.max()).reindex(range(n))


def _check_one_country(network: Network, column: str, of: NDArray[np.int64]) -> None:
    table = network.places
    land = table["country"].reset_index(drop=True).dropna()
    groups = land.groupby(of[land.index])
    several = groups.min() != groups.max()
    if several.any():
        group = several.index[several][0]
        raise NetworkError(
            f"{table[column].iloc[int(np.flatnonzero(of == group)[0])]!r} stands in several countries: "
            f"{sorted(set(land[of[land.index] == group]))}; group by {column},country"
        )


def join_places(
    network: Network,
    table: Path | str,
    *,
    group_by: str | None = None,
    unmatched: Literal["error", "drop", "keep"] = "error",
) -> Network:
    """Add columns of a table to the places of a network, and merge the places by them if wished.

    Parameters
    ----------
    network : Network
        Between organisations, say.
    table : str or Path
        UTF-8 text with a header, separated by commas, semicolons or tabs. The first column has names of places
        as in the network: the English name, the id, or the id of the imported file; letter case and punctuation
        are ignored if nothing fits exactly. The other columns are added, and take the place of those of the same
        name; a column `country` of names or codes becomes codes and fills `iso2`.
    group_by : str, optional
        Columns to merge by, as for `group_by`: "city,country", "country"... None: nothing is merged.
    unmatched : {"error", "drop", "keep"}
        What becomes of places that are not in the table. Kept places stay as they are, alone.

    Returns
    -------
    Network
        `provenance` has `places_table`, `unmatched_places` (a number), the first of them (`unmatched`), and
        `unused_rows` of the table; where places were dropped `dropped_links` and `dropped_weight`.

    Raises
    ------
    FormatError
        If the table is malformed or says two things of one name.
    NetworkError
        If places are not in the table, and nothing is said of them.
    RecipeError
        If `unmatched` is none of the three.
    UnknownNameError
        If there is no column to merge by.
    """
    if unmatched not in {"error", "drop", "keep"}:
        raise RecipeError(f"unmatched must be error, drop or keep, not {unmatched!r}")
    path = Path(table)
    names, columns = _place_columns(path)
    at = _matches(network, names)
    without = network.ids[at < 0]
    if len(without) == network.n_places:
        raise NetworkError(
            f"none of the {len(without)} places is in the first column of {path}, the first place is "
            f"{network.names.iloc[0]!r}; that column must name places as the network does"
        )
    if len(without) and unmatched == "error":
        raise NetworkError(
            f"{len(without)} of {network.n_places} places are not in the first column of {path}, "
            f"among them {network.names[without[:5]].tolist()}; add them, or drop or keep them (unmatched)"
        )
    notes = {
        "places_table": path.name,
        "unmatched_places": len(without),
        "unmatched": network.names[without[:10]].tolist(),
        "unused_rows": len(set(range(len(names))) - set(at.tolist())),
    }
    places = network.places
    for name in columns:
        given = columns[name].reindex(at).set_axis(network.ids)
        old = places[name] if name in places else pd.Series(index=network.ids, dtype=given.dtype)
        # A place that is kept keeps what was known of it.
        places[name] = given.where(at >= 0, old)
    joined = Network(places, network.upper, {**network.provenance, **notes})
    if len(without) and unmatched == "drop":
        joined = _only(joined, at >= 0)
    if group_by is None:
        return joined
    return _merged(joined, group_by, alone=set(without))


def _place_columns(path: Path) -> tuple[list[str], pd.DataFrame]:
    """Read a table of places: their names, and the other columns."""
    header, rows = strict_rows(Member(path), expected="a table of places: a column of names, then others, such as city")
    if len(header) < 2 or len(set(header)) < len(header) or "" in header or "place_id" in header[1:]:
        expected = "a column of names, then others with different headings, none of them place_id"
        raise FormatError(path, expected=expected, got=f"columns {shown(header)}", row=1)
    seen: dict[str, list[str]] = {}
    for line, row in rows:
        name, about = row[0].strip(), [cell.strip() for cell in row[1:]]
        if seen.setdefault(name, about) != about:
            raise FormatError(path, expected="each name once", got=f"{shown(name)} with other values", row=line)
    columns = pd.DataFrame(list(seen.values()), columns=header[1:], dtype="str").apply(plain)
    for name in map(str, columns):
        if PLACE_COLUMNS.get(name) is float and not pd.api.types.is_numeric_dtype(columns[name]):
            got = shown(columns[name].dropna().iloc[0])
            raise FormatError(path, expected=f"numbers in column {name!r}", got=got)
    if "country" in columns:
        land = columns["country"].astype("str")
        codes = land.map(countries.code_or_name, na_action="ignore").astype("str")
        columns["country"] = codes.where(codes.notna(), land)
        if "iso2" not in columns:
            columns["iso2"] = codes
    return list(seen), columns


def _matches(network: Network, names: list[str]) -> NDArray[np.int64]:
    """Return the row of each place in a list of names; -1 where there is none."""
    exact = {name: i for i, name in enumerate(names)}
    often = Counter(map(folded, names))
    loose = {key: i for i, name in enumerate(names) if often[key := folded(name)] == 1 and key}
    places = network.places
    own = f"{network.provenance.get('format')}_id"
    candidates = [network.names.tolist(), network.ids.tolist()]
    found = []
    for i, keys in enumerate(zip(*candidates, strict=True)):
        tries = [exact.get(key) for key in (*keys, *([str(places[own].iloc[i])] if own in places else []))]
        tries += [loose.get(folded(key)) for key in keys]
        found.append(next((row for row in tries if row is not None), -1))
    return np.array(found, dtype=np.int64)


def _only(network: Network, mask: NDArray[np.bool_]) -> Network:
    rows = np.flatnonzero(mask)
    upper = sealed(network.upper[rows][:, rows])
    lost = {
        "dropped_links": network.n_links - upper.nnz,
        "dropped_weight": network.total_weight - float(upper.data.sum()),
    }
    return Network(network.places[mask], upper, {**network.provenance, **lost})
