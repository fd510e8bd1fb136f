"""Incidence: which works have a site in which places."""

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph._files import check_head, new_folder, write_json
from innovation_graph.engine import engine
from innovation_graph.errors import FormatError, RecordsError
from innovation_graph.families import one_per_family
from innovation_graph.places import Located, cities_of_places, unlocated
from innovation_graph.records import ROLES, Records
from innovation_graph.selection import Selection

__all__ = ["Block", "Incidence", "IncidenceStream", "build", "read_incidence", "stream"]

_ROWS_PER_BLOCK = 1 << 20
_FORMAT = "innovation-graph incidence"
_VERSION = 1
_MARKER = "incidence.json"

T = TypeVar("T")


class Block(NamedTuple):
    """Consecutive rows of an incidence: works with at least one located site.

    `place[ptr[r]:ptr[r + 1]]` are the distinct places of work `work[r]`, rising; `share` goes with `place`. The
    sites are those of selected works; more of them may be without a place.
    """

    work: NDArray[np.int32]
    ptr: NDArray[np.integer[Any]]
    place: NDArray[np.int32]
    share: NDArray[np.float64] | None
    sites: int
    located_sites: int


@dataclass(frozen=True, eq=False)
class Incidence:
    """Works x places, with the author (or applicant) share of each place.

    Parameters
    ----------
    places : pandas.DataFrame
        Place table, in the order of the columns.
    rows : Block
        Works with at least one place, in the order of the works table.
    n_works : int
        Number of works of the records; those without a row have no place, or were not selected.
    info : mapping
        Where it comes from and row counts.
    """

    places: pd.DataFrame
    rows: Block
    n_works: int
    info: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for part in self.rows[:4]:
            if isinstance(part, np.ndarray):
                part.flags.writeable = False

    @property
    def engine(self) -> ModuleType:
        """Which machinery suits its size."""
        return engine(len(self.rows.place))

    def __repr__(self) -> str:
        """Say how large it is."""
        return (
            f"<Incidence: {len(self.rows.work):,} located works of {self.n_works:,} x {len(self.places):,} places, "
            f"{len(self.rows.place):,} entries>"
        )

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """Shares (1 where they were not asked for), shape (n_works, n_places), rows of the works table."""
        sizes = np.zeros(self.n_works + 1, dtype=np.int64)
        sizes[self.rows.work + 1] = np.diff(self.rows.ptr)
        share = self.rows.share if self.rows.share is not None else np.ones(len(self.rows.place))
        return sparse.csr_array((share, self.rows.place, np.cumsum(sizes)), shape=(self.n_works, len(self.places)))

    def write(self, path: Path | str) -> None:
        """Write to a folder: `rows.parquet` (work, place, share), `places.parquet` and `incidence.json`.

        Parameters
        ----------
        path : str or Path
            Name of the folder; it appears only when everything is written.
        """
        with new_folder(path, marker=_MARKER, known=(_MARKER, "rows.parquet", "places.parquet")) as folder:
            work = np.repeat(self.rows.work, np.diff(self.rows.ptr))
            columns: dict[str, NDArray[Any]] = {"work": work, "place": self.rows.place}
            if self.rows.share is not None:
                columns["share"] = self.rows.share
            pq.write_table(pa.table(columns), folder / "rows.parquet", compression="zstd")
            places = self.places.rename_axis("place_id").reset_index()
            pq.write_table(pa.Table.from_pandas(places, preserve_index=False), folder / "places.parquet")
            counts = {"works": self.n_works, "sites": self.rows.sites, "located_sites": self.rows.located_sites}
            head = {"format": _FORMAT, "version": _VERSION, "counts": counts, "info": dict(self.info)}
            write_json(folder / _MARKER, head)

    def map_blocks(self, function: Callable[[Block], T], *, threads: int | None = None) -> Iterator[T]:
        """Apply a function to pieces of the rows, in threads; results come in order."""
        work, ptr, place, share, sites, located = self.rows
        cuts = range(0, max(len(work), 1), _ROWS_PER_BLOCK)

        def task(start: int) -> T:
            stop = min(start + _ROWS_PER_BLOCK, len(work))
            a, b = int(ptr[start]), int(ptr[stop])
            piece = share[a:b] if share is not None else None
            counted = (sites, located) if start == 0 else (0, 0)
            return function(Block(work[start:stop], ptr[start : stop + 1] - a, place[a:b], piece, *counted))

        yield from _in_order(task, cuts, threads)


@dataclass(frozen=True, eq=False)
class IncidenceStream:
    """The incidence of records with places, made piece by piece.

    Memory: one row group of sites a thread, one integer an address, one byte a work. `project` keeps besides one
    matrix for up to 512 places; for more places the works that link, four bytes a place and eight a work.

    Parameters
    ----------
    records : Records
        Works and sites; if the selection has `one_per`, already merged.
    located : Located
        The places of the addresses (or actors) of these records.
    selection : Selection
        Which works and whose sites.
    shares : bool
        Whether shares are needed (one more column to read).
    """

    records: Records
    located: Located
    selection: Selection = field(default_factory=Selection)
    shares: bool = False

    @property
    def places(self) -> pd.DataFrame:
        """Place table, in the order of the columns."""
        return self.located.places

    @property
    def engine(self) -> ModuleType:
        """Which machinery suits its size."""
        return engine(self.records.n_sites)

    @cached_property
    def keep(self) -> NDArray[np.bool_]:
        """Mask of the selected works."""
        merged = self.selection.one_per is not None
        return self.selection.bounds(self.records) if merged else self.selection.mask(self.records)

    @property
    def info(self) -> dict[str, Any]:
        """Where it comes from and how many works were selected, and before that merged."""
        merged = self.records.info["families"] if self.selection.one_per is not None else {}
        return {
            "source": self.records.info.get("source", "unknown"),
            "synthetic": self.records.synthetic,
            "places": self.located.name,
            **({} if self.located.catchment_km is None else {"catchment_km": self.located.catchment_km}),
            **({} if self.located.rule is None else asdict(self.located.rule)),
            **self.selection.describe(),
            "works_read": self.records.n_works,
            "sites_read": self.records.n_sites,
            **merged,
            "works_selected": int(self.keep.sum()),
        }

    @property
    def n_works(self) -> int:
        """Number of works of the records."""
        return self.records.n_works

    def unlocated(self) -> pd.DataFrame:
        """List the addresses of the selected works and sites that have no place; see `places.unlocated`."""
        return unlocated(self.records, self.located, works=self.keep, roles=self.selection.roles)

    def cities_of_places(self) -> pd.DataFrame:
        """List the cities of the selected works and sites by place; see `places.cities_of_places`."""
        return cities_of_places(self.records, self.located, works=self.keep, roles=self.selection.roles)

    def collect(self, *, threads: int | None = None) -> Incidence:
        """Read everything and return it as an `Incidence`."""

        def own(block: Block) -> Block:
            share = None if block.share is None else block.share.copy()
            return Block(
                block.work.copy(), block.ptr.copy(), block.place.copy(), share, block.sites, block.located_sites
            )

        blocks = list(self.map_blocks(own, threads=threads))
        return Incidence(self.places, _joined(blocks, shares=self.shares), self.n_works, self.info)

    def map_blocks(self, function: Callable[[Block], T], *, threads: int | None = None) -> Iterator[T]:
        """Apply a function to the rows of each piece of the sites, in threads; results come in order.

        The arrays of a block are reused: the function copies what it keeps.
        """
        n_places = len(self.places)
        located = self.located
        # One entry more at the front, for the key -1; places count up to n_places, which means none.
        lookup = np.concatenate([np.array([-1], dtype=np.int32), located.lookup])
        lookup[lookup < 0] = n_places
        key_name = "actor" if located.by == "actor" else "address"
        wanted = self.selection.roles
        foreign = [name for name in self.records.roles if name not in wanted]
        columns = ["work", key_name]
        mixed = self.shares and len(set(wanted) & set(self.records.roles)) > 1
        if foreign or mixed:
            columns.append("role")
        if self.shares and key_name != "actor":
            columns.append("actor")
        allowed = np.array([name in wanted for name in ROLES])
        keep = self.keep
        scratch = threading.local()

        def task(batch: int) -> T:
            if not hasattr(scratch, "file"):
                scratch.file = self.records.open_sites()
                scratch.buffers = _Buffers(self.engine, n_places)
            sites = dict(zip(columns, self.records.read_sites(batch, columns, file=scratch.file), strict=True))
            if foreign:
                good = allowed[sites["role"]]
                sites = {name: values[good] for name, values in sites.items()}
            actor = sites["actor"] if self.shares else None
            if actor is not None and mixed:
                # Numbers may repeat between roles: applicant 0 is not inventor 0.
                actor = actor.astype(np.int64) * len(ROLES) + sites["role"]
            return function(scratch.buffers.rows(sites["work"], sites[key_name], actor, lookup, keep))

        yield from _in_order(task, range(self.records.n_batches), threads)


def stream(
    records: Records, located: Located, selection: Selection | None = None, *, shares: bool = False
) -> IncidenceStream:
    """Prepare the incidence of records with places without reading anything yet, unless works are to be merged.

    With `selection.one_per` the works are merged first, in memory: the works of the incidence are then the merged
    ones. They keep the addresses and actors of the records, so `located` holds for them too.

    Parameters
    ----------
    records : Records
        Works and sites.
    located : Located
        What `places.locate` gave for these records.
    selection : Selection, optional
        Which works and whose sites; default all.
    shares : bool
        Whether the shares of the places are needed (for `counting="share"`).

    Returns
    -------
    IncidenceStream
        To be projected, or collected into an `Incidence`.

    Raises
    ------
    RecordsError
        If `located` was made for other records, or places are actors and the records did not keep who they are.
    """
    selection = selection or Selection()
    if located.by == "actor":
        if records.actors is None:
            raise RecordsError(
                "places are actors, but these records did not keep who they are; ingest with --keep-authors"
            )
        expected = len(records.actors)
    else:
        expected = records.n_addresses
    if len(located.lookup) != expected:
        raise RecordsError(f"places were found for {len(located.lookup)} keys, but these records have {expected}")
    if selection.one_per is not None:
        records = one_per_family(records, selection.mask(records))
    return IncidenceStream(records, located, selection, shares)


def build(
    records: Records,
    located: Located,
    selection: Selection | None = None,
    *,
    shares: bool = True,
    threads: int | None = None,
) -> Incidence:
    """Read the sites once and keep which works have a site in which places.

    Parameters
    ----------
    records : Records
        Works and sites.
    located : Located
        What `places.locate` gave for these records.
    selection : Selection, optional
        Which works and whose sites; default all.
    shares : bool
        Whether to compute author shares: each of the A actors of a work has 1/A, split evenly over the
        actor's sites; what falls on unlocated sites is lost, so the shares of a work sum to at most 1.
    threads : int, optional
        Default: as many as there are processors, at most 8. The result does not depend on it.

    Returns
    -------
    Incidence
        Rows in the order of the works table.
    """
    return stream(records, located, selection, shares=shares).collect(threads=threads)


def read_incidence(path: Path | str) -> Incidence:
    """Read an incidence folder written by `Incidence.write`.

    Parameters
    ----------
    path : str or Path
        The folder.

    Returns
    -------
    Incidence
        Equal to the one that was written.

    Raises
    ------
    FormatError
        If a file is missing or not what it should be.
    """
    folder = Path(path)
    try:
        head = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        table = pq.read_table(folder / "rows.parquet")
        places = pq.read_table(folder / "places.parquet").to_pandas().set_index("place_id")
        entry, place = table["work"].to_numpy(), table["place"].to_numpy()
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise FormatError(folder, expected=f"{_MARKER}, rows.parquet and places.parquet", got=str(error)) from error
    check_head(head, folder / _MARKER, _FORMAT, _VERSION, keys=("counts", "info"))
    counts = head["counts"]
    # Compiled loops trust these numbers.
    order = entry.astype(np.int64) * (len(places) + 1) + place
    if (
        len(entry)
        and not (entry[0] >= 0 and entry[-1] < counts["works"] and place.min() >= 0 and place.max() < len(places))
    ) or np.any(np.diff(order) <= 0):
        expected = f"works below {counts['works']} and places below {len(places)}, both rising"
        raise FormatError(folder / "rows.parquet", expected=expected, got="other rows")
    work, first = np.unique(entry, return_index=True)
    share = table["share"].to_numpy().copy() if "share" in table.column_names else None
    rows = Block(work, np.append(first, len(entry)), place.copy(), share, counts["sites"], counts["located_sites"])
    return Incidence(places, rows, counts["works"], head["info"])


class _Buffers:
    """What one thread needs to turn sites into rows; used again for each piece."""

    def __init__(self, tools: ModuleType, n_places: int) -> None:
        self.tools = tools
        self.mark = np.full(n_places + 1, -1, dtype=np.int32)
        self.slot = np.zeros(n_places + 1, dtype=np.int64)
        self.size = -1

    def rows(
        self,
        work: NDArray[Any],
        key: NDArray[Any],
        actor: NDArray[Any] | None,
        lookup: NDArray[np.int32],
        keep: NDArray[np.bool_],
    ) -> Block:
        if len(work) > self.size:
            self.size = len(work)
            self.work = np.empty(self.size + 1, dtype=np.int32)
            self.place = np.empty(self.size + 1, dtype=np.int32)
            self.ptr = np.empty(self.size + 1, dtype=np.int64)
            self.share = np.empty(self.size if actor is not None else 0)
        n_rows, n_entries, sites, located = self.tools.compact(
            work, key, lookup, keep, self.mark, self.work, self.ptr, self.place
        )
        row_work, ptr, place = self.work[:n_rows], self.ptr[: n_rows + 1], self.place[:n_entries]
        share = None
        if actor is not None:
            share = self.share[:n_entries]
            self.tools.row_shares(work, actor, key, lookup, row_work, ptr, place, self.slot, share)
        return Block(row_work, ptr, place, share, int(sites), int(located))


def _in_order(task: Callable[[int], T], numbers: range, threads: int | None) -> Iterator[T]:
    count = min(threads or min(os.cpu_count() or 1, 8), len(numbers))
    if count <= 1:
        yield from map(task, numbers)
        return
    with ThreadPoolExecutor(count) as pool:
        yield from pool.map(task, numbers)


def _joined(blocks: list[Block], *, shares: bool) -> Block:
    ends = np.cumsum([0, *(len(block.place) for block in blocks)])
    pointers = [block.ptr[1:] + end for block, end in zip(blocks, ends, strict=False)]
    empty = np.empty(0, dtype=np.int32)
    share = np.concatenate([np.empty(0), *(b.share for b in blocks if b.share is not None)]) if shares else None
    return Block(
        np.concatenate([empty, *(block.work for block in blocks)]),
        np.concatenate([np.zeros(1, dtype=np.int64), *pointers]),
        np.concatenate([empty, *(block.place for block in blocks)]),
        share,
        sum(block.sites for block in blocks),
        sum(block.located_sites for block in blocks),
    )
