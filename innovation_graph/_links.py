"""Place tables and arrays of links, checked: what `Network` is made of."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from innovation_graph.errors import NetworkError

__all__ = [
    "PLACE_COLUMNS",
    "as_places",
    "checked_upper",
    "group_positions",
    "kept",
    "of_edges",
    "of_matrix",
    "place_table",
    "same_links",
    "sealed",
    "upper_of_pairs",
]

PLACE_COLUMNS: dict[str, type] = {
    "name_en": str,
    "name_zh": str,
    "country": str,
    "iso2": str,
    "continent": str,
    "tier": str,
    "lat": float,
    "lon": float,
    "works": float,
    "solo_works": float,
    "fractional_works": float,
}
"""Columns of the place table. `country` is the group the places set puts a place in, `iso2` the
code of the sources; `works` counts works with a site in the place, `solo_works` those without any
other place, `fractional_works` gives each of the n places of a work 1/n. Unknown values are NA."""


def checked_upper(upper: sparse.csr_array, n_places: int) -> sparse.csr_array:
    """Return links above the diagonal in canonical form with read-only buffers, or say what is wrong.

    Buffers that are read-only are taken as they are, others are copied: who can write keeps an array of their own.
    """
    upper = sparse.csr_array(upper, dtype=np.float64)
    if upper.shape != (n_places, n_places):
        raise NetworkError(f"{n_places} places need links of shape {(n_places,) * 2}, not {upper.shape}")
    for name in ("data", "indices", "indptr"):
        if getattr(upper, name).flags.writeable:
            setattr(upper, name, getattr(upper, name).copy())
    if not upper.has_canonical_format:
        upper = upper.copy()
        upper.sum_duplicates()
    if upper.nnz and not (upper.data.min() > 0 and upper.data.max() < np.inf):  # false for NaN too
        bad = np.flatnonzero(~(np.isfinite(upper.data) & (upper.data > 0)))
        raise NetworkError(
            f"link weights must be finite and positive; {len(bad)} are not, the first is {upper.data[bad[0]]}"
        )
    # Indices rise inside a row, so that the first tells for all.
    rows = np.flatnonzero(np.diff(upper.indptr))
    if np.any(upper.indices[upper.indptr[rows]] <= rows):
        raise NetworkError("links must lie strictly above the diagonal; use Network.from_matrix for a full matrix")
    return sealed(upper)


def sealed(matrix: sparse.csr_array) -> sparse.csr_array:
    """Set the buffers of a matrix that nobody else holds read-only, so that a network takes them without a copy."""
    for buffer in (matrix.data, matrix.indices, matrix.indptr):
        buffer.flags.writeable = False
    return matrix


def kept(upper: sparse.csr_array, mask: NDArray[np.bool_]) -> sparse.csr_array:
    """Return some of the links; see `Network.keep_links`."""
    mask = np.asarray(mask)
    if mask.dtype != np.bool_ or mask.shape != (upper.nnz,):
        got = f"{mask.dtype} of shape {mask.shape}"
        raise NetworkError(f"the mask must be bool of shape {(upper.nnz,)}, one value a link, not {got}")
    indptr = np.concatenate([[0], np.cumsum(mask)])[upper.indptr].astype(upper.indptr.dtype)
    return sealed(sparse.csr_array((upper.data[mask], upper.indices[mask], indptr), shape=upper.shape))


def same_links(a: sparse.csr_array, b: sparse.csr_array) -> bool:
    """Tell whether two matrices in canonical form are equal."""
    return a.shape == b.shape and all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("indptr", "indices", "data")
    )


def group_positions(groups: Sequence[str] | pd.Series, ids: pd.Index, names: pd.Index) -> NDArray[np.intp]:
    """Return the row of the group of each place; see `Network.aggregate`."""
    if isinstance(groups, pd.Series):
        groups = groups.reindex(ids)
    if len(groups) != len(ids):
        raise NetworkError(f"{len(ids)} places need a group each, not {len(groups)}")
    of = names.get_indexer(pd.Index(groups))
    if np.any(of < 0):
        raise NetworkError(f"{int((of < 0).sum())} places belong to groups that are not in the new place table")
    return of


def of_matrix(
    matrix: pd.DataFrame | ArrayLike | sparse.sparray, places: pd.DataFrame | Sequence[str] | None
) -> tuple[pd.DataFrame, sparse.csr_array]:
    """Return places and links of a symmetric matrix; see `Network.from_matrix`."""
    if isinstance(matrix, pd.DataFrame):
        if not matrix.index.is_unique or set(matrix.index) != set(matrix.columns):
            odd = sorted(map(str, set(matrix.index) ^ set(matrix.columns)))[:5]
            raise NetworkError(
                f"rows and columns of the matrix must carry the same labels, each once; differing: {odd}"
            )
        if places is None:
            places = [str(label) for label in matrix.index]
        matrix = _numbers(matrix[matrix.index])
    if not sparse.issparse(matrix):
        dense = _numbers(matrix)
        if dense.ndim != 2:
            raise NetworkError(f"the matrix must have two dimensions, not {dense.ndim}")
        dense[np.isnan(dense)] = 0
        matrix = dense
    full = sparse.csr_array(matrix, dtype=np.float64)
    if full.shape[0] != full.shape[1]:
        raise NetworkError(f"the matrix must be square, not {full.shape}")
    table = as_places(places, full.shape[0])
    if len(table) != full.shape[0]:
        shape = (len(table),) * 2
        raise NetworkError(f"{len(table)} places need links of shape {shape}, not {full.shape}")
    bad = np.flatnonzero(~(np.isfinite(full.data) & (full.data >= 0)))
    if len(bad):
        i, j = int(np.searchsorted(full.indptr, bad[0], side="right")) - 1, int(full.indices[bad[0]])
        pair = f"{table.index[i]} - {table.index[j]} is {full.data[bad[0]]}"
        raise NetworkError(f"{pair}; weights must be finite and not negative")
    gap = sparse.coo_array(full - full.T)
    off = np.flatnonzero(gap.data)
    if len(off):
        i, j = int(gap.coords[0][off[0]]), int(gap.coords[1][off[0]])
        raise NetworkError(
            f"the matrix must be symmetric; {table.index[i]} - {table.index[j]} is {full[i, j]} one way "
            f"and {full[j, i]} the other way (use `edges` with a rule for directed data)"
        )
    upper = sparse.csr_array(sparse.triu(full, k=1))
    upper.eliminate_zeros()
    return table, sealed(upper)


def of_edges(
    edges: pd.DataFrame,
    places: pd.DataFrame | Sequence[str] | None,
    source: str,
    target: str,
    weight: str | None,
) -> tuple[pd.DataFrame, sparse.csr_array]:
    """Return places and links of a list of links; see `Network.from_edges`."""
    wanted = [source, target] + ([weight] if weight else [])
    missing = [name for name in wanted if name not in edges.columns]
    if missing:
        raise NetworkError(f"edges: columns {missing} are missing; found {list(edges.columns)}")
    empty = np.flatnonzero(edges[[source, target]].isna().any(axis=1))
    if len(empty):
        raise NetworkError(f"edges: row {empty[0]} has no {source} or {target}")
    ends = edges[[source, target]].astype("str")
    if places is None:
        places = sorted(set(ends[source]) | set(ends[target]))
    table = as_places(places)
    index = pd.Index(table.index.astype("str"))
    a, b = index.get_indexer(ends[source]), index.get_indexer(ends[target])
    unknown = sorted({*ends[source][a < 0], *ends[target][b < 0]})
    if unknown:
        raise NetworkError(f"edges name {len(unknown)} places that are not in the place table: {unknown[:5]}")
    values = np.ones(len(edges)) if weight is None else _numbers(edges[weight])
    if np.any(~np.isfinite(values) | (values < 0)):
        at = int(np.flatnonzero(~np.isfinite(values) | (values < 0))[0])
        raise NetworkError(f"edges: weight of row {at} is {values[at]}; weights must be finite and not negative")
    return table, upper_of_pairs(a, b, values, len(table))


def upper_of_pairs(
    a: NDArray[np.integer[Any]], b: NDArray[np.integer[Any]], weight: NDArray[np.float64], n: int
) -> sparse.csr_array:
    """Return links above the diagonal; repeated pairs add up, loops and zeros are dropped."""
    keep = (a != b) & (weight != 0)
    low, high = np.minimum(a, b)[keep], np.maximum(a, b)[keep]
    upper = sparse.csr_array(sparse.coo_array((weight[keep], (low, high)), shape=(n, n)))
    upper.sum_duplicates()
    return sealed(upper)


def as_places(places: pd.DataFrame | Sequence[str] | None, n: int | None = None) -> pd.DataFrame:
    """Return a place table: the given one, or one made from names or numbers."""
    if places is None:
        places = [f"place-{i + 1}" for i in range(n or 0)]
    if isinstance(places, pd.DataFrame):
        return places
    names = [str(name) for name in places]
    return pd.DataFrame({"name_en": names}, index=pd.Index(names, name="place_id"))


def _numbers(values: object) -> NDArray[np.float64]:
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise NetworkError(f"weights must be numbers: {error}") from error


def place_table(places: pd.DataFrame) -> pd.DataFrame:
    """Return the table with unique text ids and all of `PLACE_COLUMNS` in their types."""
    if not places.index.is_unique:
        twice = sorted(map(str, places.index[places.index.duplicated()]))[:5]
        raise NetworkError(f"place ids must be unique; repeated: {twice}")
    table = places.copy()
    table.index = pd.Index([str(name) for name in places.index], dtype="str", name="place_id")
    known = {}
    as_type: dict[type, Callable[[pd.Series], pd.Series]] = {
        str: lambda column: column.astype("str"),
        float: lambda column: pd.to_numeric(column).astype("float64"),
    }
    for name, kind in PLACE_COLUMNS.items():
        column = table[name] if name in table else pd.Series([None] * len(table), index=table.index, dtype="object")
        try:
            known[name] = as_type[kind](column)
        except (TypeError, ValueError) as error:
            raise NetworkError(f"column {name!r} of the place table must hold numbers: {error}") from error
    others = [name for name in table.columns if name not in PLACE_COLUMNS]
    return pd.concat([pd.DataFrame(known, index=table.index), table[others]], axis=1)
