"""Incidence: which works have a site in which places."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph.engine import engine
from innovation_graph.errors import RecordsError
from innovation_graph.places import Located
from innovation_graph.records import ROLES, Records

__all__ = ["ACTORS", "Block", "Incidence", "IncidenceStream", "Selection", "build", "stream"]

ACTORS: dict[str, tuple[str, ...]] = {
    "authors": ("author",),
    "applicants": ("applicant",),
    "inventors": ("inventor",),
    "both": ("applicant", "inventor"),
    "default": ("author", "applicant"),
}
"""Whose sites count, by the name used in recipes."""

_ROWS_PER_BLOCK = 1 << 20

T = TypeVar("T")


@dataclass(frozen=True)
class Selection:
    """Which works and whose sites to use; None means no restriction.

    Parameters
    ----------
    kind : str, optional
        "paper" or "patent".
    years : tuple of int, optional
        First and last year, both included.
    types, fields : tuple of str, optional
        Works of one of these types; works in at least one of these fields.
    min_actors, max_actors : int, optional
        Bounds on the number of authors (papers) or applicants (patents). VOSviewer drops papers of more than 25.
    actors : str
        Whose sites link, see `ACTORS`; "default" is authors of papers and applicants of patents.
    """

    kind: str | None = None
    years: tuple[int, int] | None = None
    types: tuple[str, ...] | None = None
    fields: tuple[str, ...] | None = None
    min_actors: int | None = None
    max_actors: int | None = None
    actors: str = "default"

    def mask(self, records: Records) -> NDArray[np.bool_]:
        """Return a mask of the works that are selected, in the order of the works table.

        Parameters
        ----------
        records : Records
            The works.

        Returns
        -------
        numpy.ndarray
            Boolean, shape (n_works,). A work of unknown year or type fails a test on it.

        Raises
        ------
        RecordsError
            If a type, field or kind does not occur at all, with those that do.
        """
        keep = np.ones(records.n_works, dtype=bool)

        def column(name: str) -> pa.ChunkedArray:
            return records.works_columns([name])[name]

        if self.kind is not None:
            keep &= _is_in("kind", column("kind"), (self.kind,))
        if self.years is not None:
            year = column("year")
            low, high = self.years
            inside = pc.and_(pc.greater_equal(year, low), pc.less_equal(year, high))
            keep &= pc.fill_null(inside, fill_value=False).to_numpy()
        if self.types is not None:
            keep &= _is_in("type", column("type"), self.types)
        if self.fields is not None:
            keep &= _has_field(column("fields"), self.fields)
        if self.min_actors is not None or self.max_actors is not None:
            actors = column("n_actors").to_numpy()
            keep &= (actors >= (self.min_actors or 0)) & (actors <= (self.max_actors or np.iinfo(np.int32).max))
        return keep

    def describe(self) -> dict[str, Any]:
        """Return the restrictions that are set, as JSON values."""
        found = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
        return {key: value for key, value in found.items() if value is not None}


class Block(NamedTuple):
    """Consecutive rows of an incidence: works with at least one located site.

    `place[ptr[r]:ptr[r + 1]]` are the distinct places of work `work[r]`, rising; `share` goes with `place`.
    """

    work: NDArray[np.int32]
    ptr: NDArray[np.integer[Any]]
    place: NDArray[np.int32]
    share: NDArray[np.float64] | None
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

    def map_blocks(self, function: Callable[[Block], T], *, threads: int | None = None) -> Iterator[T]:
        """Apply a function to pieces of the rows, in threads; results come in order."""
        work, ptr, place, share, located = self.rows
        cuts = range(0, max(len(work), 1), _ROWS_PER_BLOCK)

        def task(start: int) -> T:
            stop = min(start + _ROWS_PER_BLOCK, len(work))
            a, b = int(ptr[start]), int(ptr[stop])
            piece = share[a:b] if share is not None else None
            counted = located if start == 0 else 0
            return function(Block(work[start:stop], ptr[start : stop + 1] - a, place[a:b], piece, counted))

        yield from _in_order(task, cuts, threads)


@dataclass(frozen=True, eq=False)
class IncidenceStream:
    """The incidence of records with places, made piece by piece and never held whole.

    Memory: one row group of sites a thread, one integer an address, one bit a work.

    Parameters
    ----------
    records : Records
        Works and sites.
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
        return self.selection.mask(self.records)

    @property
    def info(self) -> dict[str, Any]:
        """Where it comes from and how many works were selected."""
        return {
            "source": self.records.info.get("source", "unknown"),
            "synthetic": self.records.synthetic,
            "places": self.located.name,
            **({} if self.located.catchment_km is None else {"catchment_km": self.located.catchment_km}),
            **self.selection.describe(),
            "works_read": self.records.n_works,
            "sites_read": self.records.n_sites,
            "works_selected": int(self.keep.sum()),
        }

    @property
    def n_works(self) -> int:
        """Number of works of the records."""
        return self.records.n_works

    def collect(self, *, threads: int | None = None) -> Incidence:
        """Read everything and return it as an `Incidence`."""

        def own(block: Block) -> Block:
            share = None if block.share is None else block.share.copy()
            return Block(block.work.copy(), block.ptr.copy(), block.place.copy(), share, block.located_sites)

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
        wanted = ACTORS[self.selection.actors]
        foreign = [name for name in self.records.roles if name not in wanted]
        columns = ["work", key_name]
        if foreign:
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
            return function(scratch.buffers.rows(sites["work"], sites[key_name], actor, lookup, keep))

        yield from _in_order(task, range(self.records.n_batches), threads)


def stream(
    records: Records, located: Located, selection: Selection | None = None, *, shares: bool = False
) -> IncidenceStream:
    """Prepare the incidence of records with places without reading anything yet.

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
        If `located` was made for other records, or the selection names actors that do not exist.
    """
    selection = selection or Selection()
    if selection.actors not in ACTORS:
        raise RecordsError(f"actors={selection.actors!r} is unknown; known: {', '.join(ACTORS)}")
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


class _Buffers:
    """What one thread needs to turn sites into rows; used again for each piece."""

    def __init__(self, tools: ModuleType, n_places: int) -> None:
        self.tools = tools
        self.mark = np.full(n_places + 1, -1, dtype=np.int32)
        self.slot = np.zeros(n_places + 1, dtype=np.int64)
        self.size = 0

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
        n_rows, n_entries, located = self.tools.compact(
            work, key, lookup, keep, self.mark, self.work, self.ptr, self.place
        )
        row_work, ptr, place = self.work[:n_rows], self.ptr[: n_rows + 1], self.place[:n_entries]
        share = None
        if actor is not None:
            share = self.share[:n_entries]
            self.tools.row_shares(work, actor, key, lookup, row_work, ptr, place, self.slot, share)
        return Block(row_work, ptr, place, share, int(located))


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
        sum(block.located_sites for block in blocks),
    )


def _is_in(name: str, column: pa.ChunkedArray, wanted: tuple[str, ...]) -> NDArray[np.bool_]:
    _check_known(name, pc.unique(column), wanted)
    mask = pc.fill_null(pc.is_in(column, value_set=pa.array(wanted, column.type)), fill_value=False)
    return np.asarray(mask.to_numpy())


def _has_field(column: pa.ChunkedArray, wanted: tuple[str, ...]) -> NDArray[np.bool_]:
    values = pc.list_flatten(column)
    _check_known("fields", pc.unique(values), wanted)
    rows = pc.list_parent_indices(column).to_numpy()
    hits = pc.is_in(values, value_set=pa.array(wanted, values.type)).to_numpy()
    mask = np.zeros(len(column), dtype=bool)
    mask[rows[hits]] = True
    return mask


def _check_known(name: str, found: pa.Array, wanted: tuple[str, ...]) -> None:
    known = sorted(value for value in found.to_pylist() if value is not None)
    missing = [value for value in wanted if value not in known]
    if missing:
        shown = ", ".join(map(repr, known[:12])) or "none at all"
        raise RecordsError(f"no work has {name} {', '.join(map(repr, missing))}; the records have {shown}")
