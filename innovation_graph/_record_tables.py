"""The tables of records: their schemas, and the checks at the door."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from innovation_graph.errors import FormatError, RecordsError

__all__ = [
    "ROLES",
    "SCHEMAS",
    "as_numpy",
    "check_file",
    "check_sites",
    "check_sites_file",
    "conform",
    "cut",
    "ranges",
]

ROLES: tuple[str, ...] = ("author", "applicant", "inventor")
"""Names of the role codes 0, 1, 2 of the sites table."""

SCHEMAS: dict[str, pa.Schema] = {
    "works": pa.schema(
        [
            pa.field("work_id", pa.string(), nullable=False),
            pa.field("kind", pa.string(), nullable=False),  # "paper" or "patent"
            ("year", pa.int16()),
            ("type", pa.string()),  # of a patent: "grant", "application", "pct", "design", "utility_model"...
            ("fields", pa.list_(pa.string())),  # none, one or several
            ("family", pa.string()),  # patent family
            ("title", pa.string()),
            pa.field("n_actors", pa.int32(), nullable=False),  # authors, or applicants of a patent
            pa.field("retracted", pa.bool_(), nullable=False),
            pa.field("truncated", pa.bool_(), nullable=False),  # the source cut the list of actors
            ("office", pa.string()),  # patent office, WIPO ST.3: "US", "EP", "WO"...
            ("filed", pa.date32()),
            ("published", pa.date32()),  # of a grant: the day it was granted
            ("ipc", pa.list_(pa.string())),  # symbols as "H01L21/00"
            ("cpc", pa.list_(pa.string())),
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


def check_sites(
    sites: pa.Table, n_works: int, n_addresses: int | None, n_actors: int | None, *, first_work: int
) -> tuple[int, int]:
    """Check order and bounds of site rows (None: not known); return the largest address and the largest actor."""
    if len(sites) == 0:
        return -1, -1
    work, actor, role, address = (as_numpy(sites[name]) for name in SCHEMAS["sites"].names)
    if work[0] < first_work or work[-1] >= n_works or np.any(np.diff(work) < 0):
        raise RecordsError(
            f"sites: `work` must rise from {first_work} to at most {n_works - 1} "
            f"(rows of the works table), found {int(work.min())} to {int(work.max())} or a fall in between"
        )
    if role.min() < 0 or role.max() >= len(ROLES):
        raise RecordsError(f"sites: `role` must be one of {dict(enumerate(ROLES))}, found {int(role.max())}")
    for name, values, least, count in (("address", address, -1, n_addresses), ("actor", actor, 0, n_actors)):
        if values.min() < least or (count is not None and values.max() >= count):
            allowed = f"be at least {least}" if count is None else f"lie between {least} and {count - 1}"
            raise RecordsError(f"sites: `{name}` must {allowed}, found {int(values.min())} to {int(values.max())}")
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
    return int(address.max()), int(actor.max())


def check_file(path: Path, name: str, rows: int) -> None:
    """Check that a file has the columns of its schema and the number of rows that `records.json` says."""
    hint = "Ingest the source again."
    try:
        metadata = pq.read_metadata(path)
    except (OSError, pa.ArrowException) as error:
        raise FormatError(path, expected="a Parquet file", got=str(error), hint=hint) from error
    found = {column.name: column.type for column in metadata.schema.to_arrow_schema()}
    wanted = {column.name: column.type for column in SCHEMAS[name]}
    if found != wanted:
        different = sorted(
            f"{key}: {found.get(key, 'missing')} instead of {wanted.get(key, 'nothing')}"
            for key in found.keys() | wanted.keys()
            if found.get(key) != wanted.get(key)
        )
        raise FormatError(path, expected="the columns of the schema", got="; ".join(different), hint=hint)
    if metadata.num_rows != rows:
        raise FormatError(path, expected=f"{rows} rows (records.json)", got=f"{metadata.num_rows} rows", hint=hint)


def check_sites_file(path: Path, counts: Mapping[str, int]) -> None:
    """Check order and bounds of site rows by the statistics of the row groups."""
    metadata = pq.read_metadata(path)
    before = -1
    for low, high in ranges(metadata, "work"):
        if low <= before or high >= counts["works"]:
            raise FormatError(
                path,
                expected="row groups in the order of the works, none split between two groups",
                got=f"works {low} to {high} after work {before} of {counts['works']}",
                hint="Write it with RecordsWriter.",
            )
        before = high
    # Without a table of actors their numbers are free: they only tell the actors of a work apart.
    limits = {"address": (-1, counts["addresses"]), "actor": (0, counts.get("actors")), "role": (0, len(ROLES))}
    for name, (least, count) in limits.items():
        for low, high in ranges(metadata, name):
            if low < least or (count is not None and high >= count):
                raise FormatError(
                    path,
                    expected=f"column {name!r} from {least}" + (f" to {count - 1}" if count is not None else ""),
                    got=f"{low} to {high}",
                    hint="Ingest the source again.",
                )


def ranges(metadata: pq.FileMetaData, column: str) -> Iterator[tuple[int, int]]:
    """Yield the least and the largest value of a column in each row group."""
    index = metadata.schema.names.index(column)
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(index).statistics
        if statistics is None or not statistics.has_min_max:
            raise RecordsError(f"sites.parquet has no statistics of column {column!r}; write it with RecordsWriter")
        yield int(statistics.min), int(statistics.max)


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
