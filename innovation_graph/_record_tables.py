"""The tables of records: their schemas, and the checks at the door."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from innovation_graph.errors import RecordsError

__all__ = ["ROLES", "SCHEMAS", "as_numpy", "check_sites", "conform", "cut"]

ROLES: tuple[str, ...] = ("author", "applicant", "inventor")
"""Names of the role codes 0, 1, 2 of the sites table."""

SCHEMAS: dict[str, pa.Schema] = {
    "works": pa.schema(
        [
            pa.field("work_id", pa.string(), nullable=False),
            pa.field("kind", pa.string(), nullable=False),  # "paper" or "patent"
            ("year", pa.int16()),
            ("type", pa.string()),
            ("fields", pa.list_(pa.string())),  # none, one or several
            ("family", pa.string()),  # patent family
            ("title", pa.string()),
            pa.field("n_actors", pa.int32(), nullable=False),  # authors, or applicants of a patent
            pa.field("retracted", pa.bool_(), nullable=False),
            pa.field("truncated", pa.bool_(), nullable=False),  # the source cut the list of actors
        ]
    ),
    "sites": pa.schema(
        [
            pa.field("work", pa.int32(), nullable=False),  # row of the works table
            pa.field("actor", pa.int32(), nullable=False),  # row of the actors table, else number within the work
            pa.field("role", pa.int8(), nullable=False),  # see ROLES
            pa.field("address", pa.int32(), nullable=False),  # row of the addresses table, -1: none
        ]
    ),
    "addresses": pa.schema(
        [
            ("organisation", pa.string()),
            ("organisation_id", pa.string()),  # the source's own identifier
            ("ror", pa.string()),  # nine characters, without the address of the registry
            ("type", pa.string()),  # education, company, government...
            ("text", pa.string()),  # as printed in the source
            ("city", pa.string()),
            ("region", pa.string()),
            ("country", pa.string()),  # ISO 3166-1 alpha-2, as the source codes it
            ("geonames_id", pa.int32()),
            ("lat", pa.float64()),
            ("lon", pa.float64()),
        ]
    ),
    "actors": pa.schema([("actor_id", pa.string()), ("name", pa.string())]),
}
"""Columns and types of the tables; the order of columns is free on reading."""


def conform(name: str, table: pa.Table) -> pa.Table:
    """Return a table with the columns and types of its schema, or say what cannot be made to fit."""
    schema = SCHEMAS[name]
    unknown = set(table.column_names) - set(schema.names)
    if unknown:
        raise RecordsError(f"{name}: unknown columns {sorted(unknown)}; the schema has {schema.names}")
    columns = []
    for column in schema:
        if column.name not in table.column_names:
            if not column.nullable:
                raise RecordsError(f"{name}: column {column.name!r} is missing; the schema has {schema.names}")
            columns.append(pa.nulls(len(table), column.type))
            continue
        values = table[column.name]
        if values.null_count and not column.nullable:
            raise RecordsError(f"{name}: column {column.name!r} has {values.null_count} nulls, none are allowed")
        try:
            columns.append(values.cast(column.type))
        except pa.ArrowException as error:
            raise RecordsError(f"{name}: column {column.name!r} should be {column.type}: {error}") from error
    return pa.table(columns, schema=schema)


def check_sites(sites: pa.Table, n_works: int, n_addresses: int | None, *, first_work: int) -> int:
    """Check order and bounds of site rows; return the largest address."""
    if len(sites) == 0:
        return -1
    work, actor, role, address = (as_numpy(sites[name]) for name in SCHEMAS["sites"].names)
    if work[0] < first_work or work[-1] >= n_works or np.any(np.diff(work) < 0):
        raise RecordsError(
            f"sites: `work` must rise from {first_work} to at most {n_works - 1} "
            f"(rows of the works table), found {int(work.min())} to {int(work.max())} or a fall in between"
        )
    if role.min() < 0 or role.max() >= len(ROLES):
        raise RecordsError(f"sites: `role` must be one of {dict(enumerate(ROLES))}, found {int(role.max())}")
    if address.min() < -1 or (n_addresses is not None and address.max() >= n_addresses):
        raise RecordsError(
            f"sites: `address` must lie between -1 and {n_addresses}, "
            f"found {int(address.min())} to {int(address.max())}"
        )
    group = work.astype(np.int64) * len(ROLES) + role
    if np.any(np.diff(group) < 0):
        raise RecordsError("sites: inside a work the rows must be sorted by role")
    changes = np.ones(len(group), dtype=bool)
    changes[1:] = (np.diff(group) != 0) | (np.diff(actor) != 0)
    runs = np.stack([group[changes], actor[changes].astype(np.int64)], axis=1)
    order = np.lexsort((runs[:, 1], runs[:, 0]))
    ordered = runs[order]
    twice = np.flatnonzero(np.all(ordered[1:] == ordered[:-1], axis=1))
    if len(twice):
        at = ordered[twice[0]]
        raise RecordsError(
            "sites: rows of one actor must stand together; "
            f"actor {at[1]} of work {at[0] // len(ROLES)} comes in two runs"
        )
    return int(address.max())


def cut(work: NDArray[np.int32], rows: int) -> Iterator[tuple[int, int]]:
    """Cut sorted work numbers into pieces of about `rows` rows that never split a work."""
    start = 0
    while start < len(work):
        stop = min(start + rows, len(work))
        if stop < len(work):
            border = int(np.searchsorted(work, work[stop], side="left"))
            stop = border if border > start else int(np.searchsorted(work, work[stop], side="right"))
        yield start, stop
        start = stop


def as_numpy(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return a column as an array, without a copy where it lies in one piece."""
    if column.num_chunks == 1:
        return np.asarray(column.chunk(0).to_numpy(zero_copy_only=column.type != pa.bool_()))
    return np.asarray(column.to_numpy()) if column.num_chunks else np.empty(0, dtype=column.type.to_pandas_dtype())
