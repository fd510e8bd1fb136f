"""A whole table of addresses resolved, and the list of what was decided for each distinct text."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from innovation_graph.places.resolver import Resolution, Resolver
from innovation_graph.records import SCHEMAS

__all__ = ["resolve_addresses"]

_ASKED = ("text", "organisation", "city", "region", "country")
_ORGANISATION = ("organisation", "ror", "type")
_PLACE = ("city", "region", "country", "geonames_id", "lat", "lon")
_FOUND = {
    **{f"found_{name}": SCHEMAS["addresses"].field(name).type for name in (*_ORGANISATION, *_PLACE)},
    "score": pa.float64(),
    "reason": pa.string(),
    "addresses": pa.int64(),
}


def resolve_addresses(addresses: pa.Table, resolver: Resolver) -> tuple[pa.Table, pa.Table]:
    """Find organisation and city of the addresses that do not say where they are.

    Parameters
    ----------
    addresses : pyarrow.Table
        As in `records.SCHEMAS["addresses"]`. Rows with coordinates, or with a city and its GeoNames id, stay
        as they are; each distinct text of the others is resolved once.
    resolver : Resolver
        Decides.

    Returns
    -------
    addresses : pyarrow.Table
        The same rows. Where something was found: organisation, ror and type if they were null; city, region,
        country, geonames_id, lat and lon together. A country alone fills a null.
    resolved : pyarrow.Table
        One row for each distinct input, in the order of their first address: text, organisation, city, region,
        country as they came; `found_organisation`, `found_ror`... as decided; score (0 to 1), reason, addresses
        (how many rows).
    """
    have_point = pc.and_(pc.is_valid(addresses["lat"]), pc.is_valid(addresses["lon"]))
    have_city = pc.and_(pc.is_valid(addresses["geonames_id"]), pc.is_valid(addresses["city"]))
    open_rows = np.flatnonzero(~pc.or_(have_point, have_city).to_numpy(zero_copy_only=False))
    asked = list(zip(*(addresses[name].take(pa.array(open_rows)).to_pylist() for name in _ASKED), strict=True))
    count: dict[tuple[str | None, ...], int] = {}
    for key in asked:
        count[key] = count.get(key, 0) + 1
    found = {key: _resolve(resolver, key) for key in count}
    resolver.save()
    columns = {name: addresses[name].to_pylist() for name in SCHEMAS["addresses"].names}
    for row, key in zip(open_rows.tolist(), asked, strict=True):
        _fill(columns, row, found[key])
    table = pa.table(columns, schema=SCHEMAS["addresses"])
    return table, _decisions(count, found)


def _resolve(resolver: Resolver, key: tuple[str | None, ...]) -> Resolution:
    text, organisation, city, region, country = key
    return resolver.resolve(text, organisation=organisation, city=city, region=region, country=country)


def _fill(columns: dict[str, list[Any]], row: int, found: Resolution) -> None:
    if columns["ror"][row] is None:
        for name in _ORGANISATION:
            if columns[name][row] is None:
                columns[name][row] = getattr(found, name)
    if found.city is not None:
        for name in _PLACE:
            columns[name][row] = getattr(found, name)
    elif columns["country"][row] is None:
        columns["country"][row] = found.country


def _decisions(count: dict[tuple[str | None, ...], int], found: dict[tuple[str | None, ...], Resolution]) -> pa.Table:
    schema = pa.schema([*((name, pa.string()) for name in _ASKED), *_FOUND.items()])
    rows = [
        dict(zip(schema.names, (*key, *found[key][: len(Resolution._fields)], number), strict=True))
        for key, number in count.items()
    ]
    return pa.Table.from_pylist(rows, schema=schema)
