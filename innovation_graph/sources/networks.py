"""Ready networks: matrices, lists of links, and VOSviewer files -> Network."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import FormatError, NetworkError, RecipeError, UnknownNameError
from innovation_graph.network import PLACE_COLUMNS, Network
from innovation_graph.places import countries
from innovation_graph.sources._cells import (
    folded,
    number,
    read_rows,
    read_text,
    readable_ids,
)

__all__ = ["FORMATS", "group_by", "read_edges", "read_matrix", "read_vosviewer"]

_NONE = frozenset({"", "na", "n/a", "nan", "none", "null", "-", ".", ".."})
_DIRECTED_RULES = ("sum", "max", "mean")


def read_matrix(path: Path | str) -> Network:
    """Read a symmetric matrix from a text file with labels.

    The first row names the columns; the column whose entries fit these names labels the rows, and
    columns in front of it are ignored. Labels fit if they are the same letters and digits: `united_states`
    and "United States" do. Rows give the order and the names. The diagonal is dropped; an empty
    cell, `na`, `n/a`, `nan`, `none`, `null`, `-`, `.` and `..` mean no link.

    Parameters
    ----------
    path : str or Path
        UTF-8 text, separated by commas, semicolons or tabs.

    Returns
    -------
    Network
        One place a row.

    Raises
    ------
    FormatError
        If labels do not fit, a cell is neither a number from 0 on nor empty, or the matrix is not symmetric.
    """
    path = Path(path)
    header, rows = read_rows(path, expected="a matrix with column labels in the first row and row labels")
    at = _label_column(path, header, rows)
    labels = [row[at].strip() for _, row in rows]
    columns = {folded(name): i for i, name in enumerate(header) if i > at}
    keys = [folded(label) for label in labels]
    _check_labels(path, labels, header[at + 1 :])
    values = np.zeros((len(rows), len(rows)))
    for i, (line, row) in enumerate(rows):
        for j, key in enumerate(keys):
            cell = row[columns[key]].strip()
            if i != j and cell.casefold() not in _NONE:
                values[i, j] = number(cell, path, line, what=f"column {header[columns[key]]!r}")
    uneven = np.argwhere(np.triu(values != values.T))
    if len(uneven):
        i, j = uneven[0]
        raise FormatError(
            path,
            expected="a symmetric matrix",
            got=f"{values[i, j]:.15g} for {labels[i]} - {labels[j]} and {values[j, i]:.15g} the other way",
            hint="For directed data, write a list of links and import it as `edges` with a rule.",
            row=rows[i][0],
        )
    return Network.from_matrix(values, _places(labels), provenance=_provenance(path, "matrix"))


def read_edges(
    path: Path | str,
    *,
    source: str = "source",
    target: str = "target",
    weight: str | None = "weight",
    directed: Literal["sum", "max", "mean"] | None = None,
) -> Network:
    """Read a list of links from a text file with a header.

    Parameters
    ----------
    path : str or Path
        UTF-8 text, separated by commas, semicolons or tabs.
    source, target : str
        Columns with the two ends of a link; names of places.
    weight : str or None
        Column with the weight, 0 for no link; None gives each row weight 1.
    directed : {"sum", "max", "mean"}, optional
        What the two directions of a pair make together; rows of the same direction add up before, and
        a direction that is not in the file is 0. None: a pair that stands twice in the file is an error.

    Returns
    -------
    Network
        Places in the order of their names; links from a place to itself are dropped and counted in
        `provenance["loops"]`.

    Raises
    ------
    FormatError
        If columns are missing, a name is empty, a weight is no number from 0 on, or a pair stands twice.
    RecipeError
        If there is no such rule.
    """
    path = Path(path)
    if directed is not None and directed not in _DIRECTED_RULES:
        raise RecipeError(f"directed must be one of {', '.join(_DIRECTED_RULES)}, not {directed!r}")
    header, rows = read_rows(path, expected="a list of links with a header")
    wanted = [source, target] + ([weight] if weight else [])
    missing = [name for name in wanted if name not in header]
    if missing:
        hint = "Name the columns with source=, target= and weight=."
        raise FormatError(path, expected=f"columns {wanted}", got=f"columns {header}", hint=hint, row=1)
    at = [header.index(name) for name in wanted]
    pairs: dict[tuple[str, str], float] = {}
    loops = 0
    for line, row in rows:
        a, b = row[at[0]].strip(), row[at[1]].strip()
        if not a or not b:
            raise FormatError(path, expected="names of two places", got=f"{a!r} and {b!r}", row=line)
        value = number(row[at[2]], path, line, what=f"column {weight!r}") if weight else 1.0
        if directed is None and ((a, b) in pairs or (b, a) in pairs):
            hint = "Say what the two directions make together: directed=sum, max (listed both ways) or mean."
            raise FormatError(path, expected="each pair once", got=f"{a} - {b} again", hint=hint, row=line)
        loops += a == b
        pairs[a, b] = pairs.get((a, b), 0.0) + value
    names = sorted({name for pair in pairs for name in pair})
    position = {name: i for i, name in enumerate(names)}
    merged: dict[tuple[int, int], float] = {}
    for (a, b), value in pairs.items():
        i, j = sorted((position[a], position[b]))
        merged[i, j] = _merge(value, pairs.get((b, a), 0.0), directed)
    provenance = _provenance(path, "edges", loops=loops, **({"directed": directed} if directed else {}))
    ends = np.array(list(merged), dtype=np.int64).reshape(-1, 2)
    return _network(_places(names), ends, np.array(list(merged.values())), provenance)


def read_vosviewer(path: Path | str, network: Path | str | None = None) -> Network:
    """Read a network as VOSviewer saves it: one JSON file, or a map file and a network file.

    Parameters
    ----------
    path : str or Path
        The JSON file (`.json`), or the map file.
    network : str or Path, optional
        The network file; default: the file beside the map whose name has "network" for "map".

    Returns
    -------
    Network
        One place an item, named by its label. Other attributes of items (x, y, cluster, `weight<...>`,
        `score<...>`, address...) are columns of the place table, their identity is `vosviewer_id`.

    Raises
    ------
    FormatError
        If a file is missing or malformed, an item stands twice, or a link names an unknown item.
    """
    path = Path(path)
    if path.suffix.casefold() == ".json":
        items, ends, weights = _vosviewer_json(path)
    else:
        items, ends, weights = _vosviewer_text(path, network)
    ids = items["id"].astype("str")
    if not ids.is_unique:
        raise FormatError(path, expected="each item once", got=f"item {ids[ids.duplicated()].iloc[0]} again")
    at = pd.Index(ids).get_indexer(pd.Index(ends.ravel(), dtype="str")).reshape(-1, 2)
    if np.any(at < 0):
        link = int(np.argwhere(at < 0)[0][0])
        raise FormatError(path, expected="links between items", got=f"a link {ends[link, 0]} - {ends[link, 1]}")
    labels = items.get("label", ids)
    table = _places(labels.where(labels.notna(), ids).astype(str).tolist())
    for name in items.columns.drop(["id", "label"], errors="ignore"):
        column = _plain(items[name])
        if PLACE_COLUMNS.get(name) is float and not pd.api.types.is_numeric_dtype(column):
            raise FormatError(path, expected=f"numbers as {name!r} of items", got=f"{column.dropna().iloc[0]!r}")
        # These three names are taken by what the import itself says of a place.
        table[f"item_{name}" if name in {"place_id", "name_en", "vosviewer_id"} else name] = column.to_numpy()
    table["vosviewer_id"] = ids.to_numpy()
    return _network(table, at, weights, _provenance(path, "vosviewer"))


FORMATS: dict[str, Callable[..., Network]] = {
    "matrix": read_matrix,
    "edges": read_edges,
    "vosviewer": read_vosviewer,
}
"""Readers by the name of their format; each takes a path first."""


def group_by(network: Network, column: str) -> Network:
    """Merge the places that share a value in a column of the place table, such as an address.

    Parameters
    ----------
    network : Network
        As from `read_vosviewer`.
    column : str
        Name of the column. Values that look like "City, Country" give the name of the city and, as
        `country` and `iso2`, the code of the country.

    Returns
    -------
    Network
        One place a value, in the order of the values; weights between groups add up.
        `provenance["inside_links"]` and `["inside_weight"]` count what lay inside them.

    Raises
    ------
    UnknownNameError
        If there is no such column.
    NetworkError
        If a place has no value there.
    """
    table = network.places
    if column not in table:
        raise UnknownNameError("column", column, table.columns)
    values = table[column]
    without = network.ids[values.isna() | (values.astype("str").str.strip() == "")]
    if len(without):
        raise NetworkError(
            f"{len(without)} of {network.n_places} places have no {column!r}, the first is {without[0]!r}; "
            "give them one, or group by another column"
        )
    groups = values.astype("str").str.strip()
    distinct = sorted(set(groups))
    split = [text.rpartition(",") for text in distinct]
    found = [countries.code(country) for _, _, country in split]
    names = [
        city.strip() if code and city else text for text, (city, _, _), code in zip(distinct, split, found, strict=True)
    ]
    index = pd.Index(readable_ids(names, found), dtype="str", name="place_id")
    places = pd.DataFrame({"name_en": names, "country": found, "iso2": found}, index=index)
    of = dict(zip(distinct, index, strict=True))
    merged = network.aggregate(places, [of[text] for text in groups])
    return Network(merged.places, merged.upper, {**merged.provenance, "group_by": column})


def _merge(one: float, other: float, directed: str | None) -> float:
    if directed == "max":
        return max(one, other)
    return (one + other) / 2 if directed == "mean" else one + other


def _label_column(path: Path, header: list[str], rows: list[tuple[int, list[str]]]) -> int:
    columns = {folded(name) for name in header} - {""}
    fits = [sum(folded(row[i]) in columns for _, row in rows) for i in range(len(header))]
    best = int(np.argmax(fits))
    if fits[best] == 0:
        got = f"columns {header[:6]} and a first row {rows[0][1][:6]}"
        raise FormatError(path, expected="a column whose entries name the other columns", got=got, row=1)
    return best


def _check_labels(path: Path, rows: list[str], columns: list[str]) -> None:
    for what, labels in (("row", rows), ("column", columns)):
        keys = [folded(label) for label in labels]
        twice = sorted({label for label, key in zip(labels, keys, strict=True) if keys.count(key) > 1})
        if twice:
            raise FormatError(path, expected=f"each {what} label once", got=f"{twice[:5]} more than once")
    missing = [label for label in rows if folded(label) not in {folded(name) for name in columns}]
    beyond = [name for name in columns if folded(name) not in {folded(label) for label in rows}]
    if missing or beyond:
        got = f"rows without a column: {missing[:5]}; columns without a row: {beyond[:5]}"
        hint = "Letter case, spaces and punctuation are ignored; spell the rest alike."
        raise FormatError(path, expected="the same labels on rows and columns", got=got, hint=hint)


def _vosviewer_json(path: Path) -> tuple[pd.DataFrame, NDArray[Any], NDArray[np.float64]]:
    expected = "VOSviewer JSON: {network: {items: [{id, ...}], links: [{source_id, target_id}]}}"
    try:
        content = json.loads(read_text(path, expected=expected))
        items, links = content["network"]["items"], content["network"].get("links", [])
        table = pd.DataFrame([_flat(item) for item in items])
        ends = [(str(link["source_id"]), str(link["target_id"])) for link in links]
    except json.JSONDecodeError as error:
        hint = "The file may be cut short; save it again."
        raise FormatError(path, expected=expected, got=error.msg, hint=hint, row=error.lineno) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise FormatError(path, expected=expected, got=f"{type(error).__name__}: {error}") from error
    if not len(table) or "id" not in table or table["id"].isna().any():
        raise FormatError(path, expected=expected, got=f"{len(table)} items, not each with an id")
    weights = [_strength(link.get("strength", 1), path, link) for link in links]
    return table, np.array(ends, dtype=object).reshape(-1, 2), np.array(weights, dtype=np.float64)


def _strength(value: object, path: Path, link: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < np.inf:
        return float(value)
    raise FormatError(path, expected="a strength from 0 on", got=f"{value!r} in the link {link}")


def _flat(item: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in item.items():
        inner = {"weights": "weight", "scores": "score"}.get(key)
        flat.update({f"{inner}<{name}>": entry for name, entry in value.items()} if inner else {key: value})
    return flat


def _vosviewer_text(path: Path, network: Path | str | None) -> tuple[pd.DataFrame, NDArray[Any], NDArray[np.float64]]:
    header, rows = read_rows(path, expected="a VOSviewer map file with a column 'id'", separators="\t,;")
    if "id" not in header or len(set(header)) < len(header):
        raise FormatError(path, expected="different columns, one of them 'id'", got=f"columns {header}", row=1)
    items = pd.DataFrame([row for _, row in rows], columns=header, dtype="str")
    other = path.with_name(path.name.replace("map", "network")) if network is None else Path(network)
    if other == path or not other.exists():
        hint = "Give it with network=."
        raise FormatError(path, expected="a network file with the links beside the map", got="none", hint=hint)
    first, rest = read_rows(other, expected="lines of two ids and a strength", separators="\t,;", may_be_empty=True)
    ends, weights = [], []
    for line, row in [(1, first), *rest] if first else []:
        if len(row) not in {2, 3}:
            raise FormatError(other, expected="two ids and a strength", got=f"{len(row)} cells", row=line)
        ends.append((row[0].strip(), row[1].strip()))
        weights.append(number(row[2], other, line, what="the strength") if len(row) == 3 else 1.0)
    return items, np.array(ends, dtype=object).reshape(-1, 2), np.array(weights, dtype=np.float64)


def _plain(column: pd.Series) -> pd.Series:
    """Numbers if all are numbers, else text; nested values as JSON."""
    filled = column.replace("", None)
    if not any(isinstance(value, (bool, dict, list)) for value in filled):
        try:
            return pd.to_numeric(filled)
        except (TypeError, ValueError):
            pass
    texts = [
        value
        if isinstance(value, str)
        else None
        if pd.api.types.is_scalar(value) and pd.isna(value)
        else json.dumps(value)
        for value in filled
    ]
    return pd.Series(texts, index=column.index, dtype="str")


def _places(names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({"name_en": list(names)}, index=pd.Index(readable_ids(names), dtype="str", name="place_id"))


def _network(
    places: pd.DataFrame,
    ends: NDArray[np.integer[Any]],
    weights: NDArray[np.float64],
    provenance: dict[str, Any],
) -> Network:
    ids = places.index.to_numpy()
    links = pd.DataFrame({"source": ids[ends[:, 0]], "target": ids[ends[:, 1]], "weight": weights})
    return Network.from_edges(links, places, provenance=provenance)


def _provenance(path: Path, name: str, **more: object) -> dict[str, Any]:
    return {"source": f"{path.name} ({name})", "format": name, **more}
