"""Where addresses are: by the identifier of their organisation, else by the source, else by their text."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from innovation_graph._csv import write_csv
from innovation_graph.errors import RecipeError
from innovation_graph.places.decisions import resolve_addresses
from innovation_graph.places.resolver import Resolver
from innovation_graph.records import SCHEMAS
from innovation_graph.sources.institutions import PLACE_COLUMNS, Institutions

__all__ = ["Placed", "place", "resolver_of"]


class Placed(NamedTuple):
    """Addresses with places, and the number of site rows by where these come from."""

    addresses: pa.Table
    nowhere: int
    by_institutions: int
    by_source: int
    by_resolver: int
    named_only: int
    unmatched: int
    """Distinct organisations that the institutions do not have."""


def place(
    addresses: pa.Table,
    sites: NDArray[np.int64],
    institutions: Institutions | None,
    resolver: Callable[[], Resolver] | None,
    folder: Path,
) -> Placed:
    """Find the places of addresses.

    Parameters
    ----------
    addresses : pyarrow.Table
        As in records, with what the source itself says of places.
    sites : numpy.ndarray
        Number of site rows of each address.
    institutions : Institutions, optional
        Where organisations are.
    resolver : callable, optional
        Makes the resolver for the addresses that still have no place, if there are any; what it decided goes to
        `resolved.csv`.
    folder : Path
        Where that file goes.
    """
    addresses, origin, unmatched = _by_identifier(addresses, institutions)
    if resolver is not None and not (had_point := _has_point(addresses)).all():
        addresses, decisions = resolve_addresses(addresses, resolver())
        whole = decisions.to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get)  # numbers stay whole beside gaps
        write_csv(whole, folder / "resolved.csv", index=False)
        origin[~had_point & _has_point(addresses)] = 3
    origin[(origin == 2) & ~_has_point(addresses) & ~_given(addresses, "geonames_id")] = 4
    nowhere, by_institutions, by_source, by_resolver, named_only = (
        np.bincount(origin, weights=sites, minlength=5).astype(int).tolist()
    )
    return Placed(addresses, nowhere, by_institutions, by_source, by_resolver, named_only, int(unmatched.sum()))


def resolver_of(
    institutions: Institutions | None, *, parents: bool, threshold: float, cache: Path | str | None
) -> Callable[[], Resolver]:
    """Return what makes a resolver that knows the names of institutions; it takes seconds to load.

    RecipeError if the threshold is no score.
    """
    if not 0 <= threshold <= 1:
        raise RecipeError(f"threshold must lie between 0 and 1, got {threshold}")
    names = institutions.table if institutions is not None else None
    return lambda: Resolver(names, parents=parents, threshold=threshold, cache=cache)


def _by_identifier(
    addresses: pa.Table, institutions: Institutions | None
) -> tuple[pa.Table, NDArray[np.int8], NDArray[np.bool_]]:
    """Give addresses the places of their organisations.

    Parameters
    ----------
    addresses : pyarrow.Table
        As in records, with what the source itself says of places.
    institutions : Institutions, optional
        Where organisations are; what it says of country goes before the source's own, and if it knows a city
        or coordinates the whole place is taken from it.

    Returns
    -------
    tuple
        The addresses; for each where the place comes from (0 nowhere, 1 institutions, 2 the source); for each
        whether it names an organisation that `institutions` does not have.
    """
    origin = np.where(_is_placed(addresses), 2, 0).astype(np.int8)
    if institutions is None:
        return addresses, origin, np.zeros(len(addresses), dtype=bool)
    rows = institutions.rows(addresses["ror"].to_pylist(), addresses["organisation_id"].to_pylist())
    found = institutions.table.take(pa.array(rows, mask=rows < 0))
    placed = _is_placed(found)
    origin[placed] = 1
    columns: dict[str, Any] = {name: addresses[name] for name in addresses.column_names}
    for name in PLACE_COLUMNS:
        columns[name] = pc.if_else(pa.array(placed), found[name], addresses[name])
    for name in ("country", "type", "organisation"):
        first, second = (found, addresses) if name == "country" else (addresses, found)
        columns[name] = pc.coalesce(first[name], second[name])
    is_organisation = pc.or_(pc.is_valid(addresses["ror"]), pc.is_valid(addresses["organisation_id"])).to_numpy()
    return (
        pa.table(columns, schema=SCHEMAS["addresses"]),
        origin,
        cast("NDArray[np.bool_]", is_organisation & (rows < 0)),
    )


def _has_point(table: pa.Table) -> NDArray[np.bool_]:
    return _given(table, "lat") & _given(table, "lon")


def _is_placed(table: pa.Table) -> NDArray[np.bool_]:
    return _given(table, "city") | _has_point(table)


def _given(table: pa.Table, column: str) -> NDArray[np.bool_]:
    return np.asarray(pc.is_valid(table[column]), dtype=bool)
