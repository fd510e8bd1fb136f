"""Records: who made which work, and at which addresses; three tables in a folder of Parquet files.

===================  ==============================================================================
`works.parquet`      one row a work
`sites.parquet`      one row for each work, actor and address; rows of a work stand together, in the
                     order of the works; inside a work first by role, rows of an actor together
`addresses.parquet`  one row for each distinct organisation and address text
`actors.parquet`     optional: one row for each distinct author or applicant
`records.json`       format, version, source, options, counts; `synthetic: true` where it applies
===================  ==============================================================================

A site points to an address by its row number, so a place is looked for once per distinct address.
`address = -1` says that the actor gave none. An actor without any address still has one site row.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from innovation_graph._files import check_head, new_folder, write_json
from innovation_graph._record_tables import (
    ROLES,
    SCHEMAS,
    as_numpy,
    check_file,
    check_sites,
    check_sites_file,
    conform,
    cut,
    ranges,
)
from innovation_graph.errors import FormatError, RecordsError

__all__ = ["ROLES", "SCHEMAS", "Records", "RecordsWriter", "read_records"]

_FORMAT = "innovation-graph records"
_VERSION = 2
_MARKER = "records.json"
_OURS = (_MARKER, *(f"{name}.parquet" for name in SCHEMAS), "rejects.jsonl", "resolved.csv")
_ROWS_PER_GROUP = 1 << 20
_TABLES = ("works", "sites", "addresses")


@dataclass(frozen=True, eq=False)
class Records:
    """Works, sites and addresses, on disk or in memory.

    Parameters
    ----------
    info : mapping
        What `records.json` holds; it is copied and can then only be read.
    folder : Path, optional
        Where the tables lie; None if they are in memory. Use `read_records` or `Records.from_tables`.
    """

    info: Mapping[str, Any]
    folder: Path | None = None
    _tables: dict[str, pa.Table] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Close `info` to writing."""
        object.__setattr__(self, "info", MappingProxyType(dict(self.info)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel and be copied with `info` as a dictionary: a view of one cannot."""
        return type(self), (dict(self.info), self.folder, self._tables)

    @classmethod
    def from_tables(
        cls,
        works: pa.Table,
        sites: pa.Table,
        addresses: pa.Table,
        *,
        actors: pa.Table | None = None,
        source: str = "tables",
        synthetic: bool = False,
    ) -> Self:
        """Build records in memory; missing nullable columns are filled with nulls, types are cast.

        Parameters
        ----------
        works, sites, addresses, actors : pyarrow.Table
            As in `SCHEMAS`.
        source : str
            Where they come from, for the provenance.
        synthetic : bool
            Whether the data are made up.

        Returns
        -------
        Records
            Checked against the schema.

        Raises
        ------
        RecordsError
            If a column is missing, has a wrong type, or the tables do not fit together.
        """
        tables = {"works": works, "sites": sites, "addresses": addresses}
        if actors is not None:
            tables["actors"] = actors
        tables = {name: conform(name, table) for name, table in tables.items()}
        n_actors = len(actors) if actors is not None else None
        check_sites(tables["sites"], len(works), len(addresses), n_actors, first_work=0)
        counts = {name: len(table) for name, table in tables.items()}
        info = {"format": _FORMAT, "version": _VERSION, "source": source, "synthetic": synthetic, "counts": counts}
        return cls(info=info, _tables=tables)

    def __repr__(self) -> str:
        """Say how much there is and where it comes from."""
        synthetic = ", synthetic" if self.synthetic else ""
        return (
            f"<Records: {self.n_works:,} works, {self.n_sites:,} sites, {self.n_addresses:,} addresses; "
            f"{self.info.get('source', '?')}{synthetic}>"
        )

    @property
    def n_works(self) -> int:
        """Number of works."""
        return int(self.info["counts"]["works"])

    @property
    def n_sites(self) -> int:
        """Number of site rows."""
        return int(self.info["counts"]["sites"])

    @property
    def n_addresses(self) -> int:
        """Number of distinct addresses."""
        return int(self.info["counts"]["addresses"])

    @property
    def synthetic(self) -> bool:
        """Whether the records are made up."""
        return bool(self.info.get("synthetic", False))

    @cached_property
    def works(self) -> pa.Table:
        """The works table, read on first use."""
        return self._table("works")

    @cached_property
    def addresses(self) -> pa.Table:
        """The addresses table, read on first use."""
        return self._table("addresses")

    @cached_property
    def actors(self) -> pa.Table | None:
        """The actors table, or None if the identity of actors was not kept."""
        return self._table("actors") if "actors" in self.info["counts"] else None

    @cached_property
    def roles(self) -> tuple[str, ...]:
        """Roles that occur, in the order of `ROLES`."""
        if self.n_sites == 0:
            return ()
        if self.folder is None:
            codes = set(self._tables["sites"]["role"].unique().to_pylist())
        else:
            codes = set()
            for low, high in ranges(pq.ParquetFile(self.folder / "sites.parquet").metadata, "role"):
                codes |= set(range(low, high + 1))
        return tuple(name for code, name in enumerate(ROLES) if code in codes)

    def works_columns(self, columns: Sequence[str]) -> pa.Table:
        """Read only some columns of the works table."""
        if self.folder is None or "works" in self.__dict__:
            return self.works.select(list(columns))
        return pq.read_table(self.folder / "works.parquet", columns=list(columns))

    @cached_property
    def n_batches(self) -> int:
        """Number of pieces in which the sites can be read; a work is never split between two."""
        return len(self._batch_rows)

    def read_sites(
        self, batch: int, columns: Sequence[str], *, file: pq.ParquetFile | None = None
    ) -> list[NDArray[Any]]:
        """Read some columns of one piece of the sites table.

        Parameters
        ----------
        batch : int
            Number of the piece, from 0 to `n_batches` - 1.
        columns : sequence of str
            Names of columns.
        file : pyarrow.parquet.ParquetFile, optional
            What `open_sites` gave; a thread that reads many pieces keeps its own.

        Returns
        -------
        list of numpy.ndarray
            One array a column.
        """
        if self.folder is None:
            start, stop = self._batch_rows[batch]
            table = self._tables["sites"].slice(start, stop - start).select(list(columns))
        else:
            handle = file or pq.ParquetFile(self.folder / "sites.parquet")
            table = handle.read_row_group(batch, columns=list(columns), use_threads=False)
        return [as_numpy(table[name]) for name in columns]

    def open_sites(self) -> pq.ParquetFile | None:
        """Open the sites file, or return None if the sites are in memory."""
        return None if self.folder is None else pq.ParquetFile(self.folder / "sites.parquet")

    def site_batches(self, columns: Sequence[str]) -> Iterator[list[NDArray[Any]]]:
        """Yield the pieces of the sites table one after the other."""
        file = self.open_sites()
        for batch in range(self.n_batches):
            yield self.read_sites(batch, columns, file=file)

    def write(self, path: Path | str) -> "Records":
        """Write to a folder and return the records read back from there.

        Parameters
        ----------
        path : str or Path
            Name of the folder; it appears only when everything is written.

        Returns
        -------
        Records
            Backed by the folder.
        """
        with RecordsWriter(path, source=str(self.info["source"]), synthetic=self.synthetic) as writer:
            pieces = [self.read_sites(batch, SCHEMAS["sites"].names) for batch in range(self.n_batches)]
            sites = (
                pa.concat_tables([pa.table(dict(zip(SCHEMAS["sites"].names, piece, strict=True))) for piece in pieces])
                if pieces
                else SCHEMAS["sites"].empty_table()
            )
            writer.add(self.works, sites)
            extra = {key: value for key, value in self.info.items() if key not in ("format", "version", "counts")}
            writer.finish(self.addresses, actors=self.actors, info=extra)
        return read_records(path)

    @cached_property
    def _batch_rows(self) -> list[tuple[int, int]]:
        if self.folder is not None:
            metadata = pq.ParquetFile(self.folder / "sites.parquet").metadata
            ends = np.cumsum([metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]).tolist()
            return list(zip([0, *ends[:-1]], ends, strict=True)) if ends else []
        return list(cut(as_numpy(self._tables["sites"]["work"]), _ROWS_PER_GROUP))

    def _table(self, name: str) -> pa.Table:
        if self.folder is None:
            return self._tables[name]
        return pq.read_table(self.folder / f"{name}.parquet")


class RecordsWriter:
    """Write records piece by piece; the folder appears under its name only when all is written.

    Parameters
    ----------
    path : str or Path
        Name of the folder.
    source : str
        Where the records come from.
    synthetic : bool
        Whether they are made up.
    """

    def __init__(self, path: Path | str, *, source: str, synthetic: bool = False) -> None:
        self._path = Path(path)
        self._source = source
        self._synthetic = synthetic
        self._metadata = {"innovation_graph.synthetic": "true"} if synthetic else {}
        self._works = 0
        self._sites = 0
        self._top_address = -1
        self._top_actor = -1
        self._pending: list[pa.Table] = []
        self._pending_rows = 0
        self._finished = False

    def __enter__(self) -> Self:
        """Open a temporary folder beside the final one."""
        with ExitStack() as stack:
            self.folder = stack.enter_context(new_folder(self._path, marker=_MARKER, known=_OURS))
            self._works_file = stack.enter_context(self._open("works", compression="zstd"))
            # Row numbers rise by small steps (delta), addresses are near random: both decode at memory speed.
            layout = {"work": "DELTA_BINARY_PACKED", "actor": "DELTA_BINARY_PACKED", "address": "PLAIN"}
            compression = {"work": "none", "actor": "zstd", "role": "zstd", "address": "lz4"}
            self._sites_file = stack.enter_context(
                self._open("sites", compression=compression, use_dictionary=["role"], column_encoding=layout)
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the folder its final name, or remove it if something went wrong, also while closing its files."""
        if kind is None and not self._finished:
            error = RecordsError("RecordsWriter.finish(addresses) was not called before the end of the block")
            self._stack.__exit__(type(error), error, None)
            raise error
        self._stack.__exit__(kind, error, trace)

    @property
    def n_works(self) -> int:
        """Number of works written so far: the row number that the next work will have."""
        return self._works

    def add(self, works: pa.Table, sites: pa.Table) -> None:
        """Append works and their sites.

        Parameters
        ----------
        works : pyarrow.Table
            As in `SCHEMAS`.
        sites : pyarrow.Table
            As in `SCHEMAS`; `work` counts from the first work ever written, not from this piece.

        Raises
        ------
        RecordsError
            If a table breaks the schema or the order of rows.
        """
        works, sites = conform("works", works), conform("sites", sites)
        address, actor = check_sites(sites, self._works + len(works), None, None, first_work=self._works)
        self._top_address = max(self._top_address, address)
        self._top_actor = max(self._top_actor, actor)
        self._works_file.write_table(works)
        self._works += len(works)
        self._sites += len(sites)
        self._pending.append(sites)
        self._pending_rows += len(sites)
        if self._pending_rows >= _ROWS_PER_GROUP:
            self._flush(last=False)

    def finish(
        self, addresses: pa.Table, *, actors: pa.Table | None = None, info: Mapping[str, Any] | None = None
    ) -> None:
        """Write the addresses and the description.

        Parameters
        ----------
        addresses, actors : pyarrow.Table
            As in `SCHEMAS`.
        info : mapping, optional
            More entries for `records.json` (options, counts of what was left out).

        Raises
        ------
        RecordsError
            If a table breaks the schema, or a site points beyond the addresses or the actors.
        """
        self._flush(last=True)
        addresses = conform("addresses", addresses)
        if self._top_address >= len(addresses):
            raise RecordsError(
                f"sites point to address {self._top_address}, but there are only {len(addresses)} addresses"
            )
        if actors is not None and self._top_actor >= len(actors):
            raise RecordsError(f"sites point to actor {self._top_actor}, but there are only {len(actors)} actors")
        self._write_table("addresses", addresses)
        counts = {"works": self._works, "sites": self._sites, "addresses": len(addresses)}
        if actors is not None:
            self._write_table("actors", conform("actors", actors))
            counts["actors"] = len(actors)
        base = {
            "format": _FORMAT,
            "version": _VERSION,
            "source": self._source,
            "synthetic": self._synthetic,
            "counts": counts,
        }
        write_json(self.folder / _MARKER, {**(info or {}), **base})
        self._finished = True

    def _open(self, name: str, **options: Any) -> pq.ParquetWriter:
        schema = SCHEMAS[name].with_metadata(self._metadata)
        return pq.ParquetWriter(self.folder / f"{name}.parquet", schema, **options)

    def _write_table(self, name: str, table: pa.Table) -> None:
        table = table.replace_schema_metadata(self._metadata)
        pq.write_table(table, self.folder / f"{name}.parquet", compression="zstd")

    def _flush(self, *, last: bool) -> None:
        if not self._pending:
            return
        table = pa.concat_tables(self._pending)
        pieces = list(cut(as_numpy(table["work"]), _ROWS_PER_GROUP))
        keep = table.slice(0, 0)
        if not last:
            # The last piece may still grow; a group of full size is worth waiting for.
            start, stop = pieces.pop()
            keep = table.slice(start, stop - start)
        for start, stop in pieces:
            self._sites_file.write_table(table.slice(start, stop - start), row_group_size=stop - start)
        self._pending = [keep] if len(keep) else []
        self._pending_rows = len(keep)


def read_records(path: Path | str) -> Records:
    """Open a folder of records and check it at the door.

    Parameters
    ----------
    path : str or Path
        A folder written by `Records.write`, by `RecordsWriter` or by `innovation-graph ingest`.

    Returns
    -------
    Records
        Backed by the folder; tables are read when they are needed.

    Raises
    ------
    FormatError
        If a file is missing, of another format or version, or the tables do not fit together.
    """
    folder = Path(path)
    marker = folder / _MARKER
    hint = "Make one with `innovation-graph ingest`."
    if not marker.is_file():
        raise FormatError(folder, expected=f"a folder of records with {_MARKER}", got=_what_is(folder), hint=hint)
    try:
        info = json.loads(marker.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FormatError(marker, expected="JSON", got=str(error), hint=hint) from error
    check_head(info, marker, _FORMAT, _VERSION, keys=("counts",), hint=hint)
    for name in (*_TABLES, *(["actors"] if "actors" in info["counts"] else [])):
        check_file(folder / f"{name}.parquet", name, int(info["counts"][name]))
    check_sites_file(folder / "sites.parquet", info["counts"])
    return Records(info=info, folder=folder)


def _what_is(path: Path) -> str:
    if not path.exists():
        return "nothing of that name"
    return "a folder without it" if path.is_dir() else "a file"
