"""Periods: one network a year, or a window of years, from one reading of the incidence."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph._counting import Totals, dense_links, network_of, pair_weights, shares_of, totals_of
from innovation_graph._files import check_head
from innovation_graph.errors import FormatError, RecipeError, RecordsError, UnknownNameError
from innovation_graph.incidence import Block, Incidence, IncidenceStream
from innovation_graph.network import Network, read_network
from innovation_graph.projection import COUNTING
from innovation_graph.records import Records

__all__ = ["by_period", "read_periods"]

_DENSE_CELLS = 1 << 22  # one dense matrix a year while they take no more than 32 MB in all
_NO_YEAR = int(np.iinfo(np.int16).min)
_OF_ALL_TIMES = ("works_", "sites_", "years")


def by_period(
    incidence: Incidence | IncidenceStream,
    records: Records | None = None,
    *,
    window: int = 1,
    step: int = 1,
    counting: str = "whole",
    first: int | None = None,
    last: int | None = None,
    threads: int | None = None,
) -> dict[str, Network]:
    """Link places by the works they have in common, year by year or window by window.

    Windows are whole, as half a window cannot be compared with a whole one, and the last one ends at `last`: years
    left over at the beginning are left out (and counted). If `first` is given, windows start at `first`,
    `first + step`, ... instead, and the years left over are those at the end. A step below the window
    makes windows overlap, one above it leaves years out between them. With windows that do not overlap the
    networks add up to that of all their works: exactly for whole counting, up to rounding for the other rules.

    Parameters
    ----------
    incidence : Incidence or IncidenceStream
        Which works have a site in which places; read once. Few places need one matrix a year; for many, the rows
        of a stream are collected first, twelve bytes a work and four a place (twelve with shares), twice.
    records : Records, optional
        The records that a stored incidence was built from, for the years of their works. A stream knows its own,
        those of merged families if the selection has `one_per`.
    window : int
        Number of years of a network.
    step : int
        Years from the start of a window to the start of the next.
    counting : str
        As for `project`.
    first, last : int, optional
        First and last year; default: those of the located works. Without located works both are needed.
    threads : int, optional
        Default: as many as there are processors, at most 8. The result does not depend on it.

    Returns
    -------
    dict of str to Network
        By time, rising: "2019", of windows "2019-2021". All have the places of the incidence, isolates included,
        with `works`, `solo_works` and `fractional_works` of their period; a year without works gives a network
        without links. The provenance has `time`, `period` and `years` (both its first and last year, the second
        as if they had been selected), `works_located` and `works_linking` of the period, from a stream also
        `works_selected`; under `all_times` the `years` that were selected, the counts of the incidence, the located
        works among them, those `works_without_year`, and those `works_outside`, of years that belong to no period.

    Raises
    ------
    UnknownNameError
        If the counting rule does not exist.
    RecipeError
        If window or step are below 1, or no window fits between the first and the last year.
    RecordsError
        If a stored incidence comes without its records or with others, or no located work has a year.
    ValueError
        If shares are asked for and the incidence has none.

    Examples
    --------
    >>> import innovation_graph as ig
    >>> from innovation_graph.samples import sample_records
    >>> records = sample_records()
    >>> hubs = ig.places.locate(records, ig.places.gihi2024())
    >>> papers = ig.incidence.stream(records, hubs, ig.Selection(kind="paper"))
    >>> list(by_period(papers, window=3))
    ['2019-2021', '2020-2022', '2021-2023']
    """
    if counting not in COUNTING:
        raise UnknownNameError("counting rule", counting, COUNTING)
    if window < 1 or step < 1:
        raise RecipeError(f"window and step must be years from 1 on, not {window} and {step}")
    year = _years(incidence, records)
    n_years = len(np.unique(year))
    dense = len(incidence.places) ** 2 * n_years <= _DENSE_CELLS
    make = _Dense if dense else _Sparse
    slices = make(incidence, year, counting, threads)
    periods = _periods(slices.rows, window, step, first, last)
    selected = year[incidence.keep] if isinstance(incidence, IncidenceStream) else None
    given = dict(incidence.info)
    whole = {key: given.pop(key) for key in list(given) if key.startswith(_OF_ALL_TIMES)}
    inside = {y for start, stop in periods for y in range(start, stop + 1)}
    all_times = {
        **whole,
        "works_located": sum(slices.rows.values()),
        "works_without_year": slices.rows.get(_NO_YEAR, 0),
        "works_outside": sum(n for y, n in slices.rows.items() if y != _NO_YEAR and y not in inside),
    }
    networks = {}
    for start, stop in periods:
        time = str(start) if window == 1 else f"{start}-{stop}"
        notes = {**given, "counting": counting, "time": time, "all_times": all_times}
        notes["years"] = notes["period"] = [start, stop]
        if selected is not None:
            notes["works_selected"] = int(((selected >= start) & (selected <= stop)).sum())
        networks[time] = network_of(incidence.places, *slices.between(start, stop), notes)
    return networks


def read_periods(path: Path | str) -> dict[str, Network]:
    """Read networks of several times from a folder written by `write_slices`.

    Parameters
    ----------
    path : str or Path
        The folder, with `slices.json` and a network folder a time.

    Returns
    -------
    dict of str to Network
        By time, in the order they were written; equal to those that were written.

    Raises
    ------
    FormatError
        If a file is missing or not what it should be.
    """
    marker = Path(path) / "slices.json"
    hint = "Write one with `write_slices`, or with `innovation-graph import --slices`."
    try:
        head = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(path, expected="a folder with slices.json", got=str(error), hint=hint) from error
    check_head(head, marker, "innovation-graph slices", 1, keys=("times",), hint=hint)
    times = head["times"]
    if not isinstance(times, list) or not all(map(_names_a_folder, times)):
        raise FormatError(marker, expected="times that are names of folders", got=repr(times)[:80], hint=hint)
    return {time: read_network(Path(path) / time) for time in times}


def _names_a_folder(time: object) -> bool:
    """Tell whether a time is the name of a folder inside the one of the slices, and leads nowhere else."""
    return isinstance(time, str) and time not in ("", "..") and Path(time).name == time


def _years(incidence: Incidence | IncidenceStream, records: Records | None) -> NDArray[np.int16]:
    """Return the year of every work."""
    if isinstance(incidence, IncidenceStream):
        records = incidence.records
    elif records is None:
        raise RecordsError(
            "a stored incidence does not know the years of its works; give the records it was built from"
        )
    elif records.n_works != incidence.n_works:
        raise RecordsError(
            f"the incidence is of {incidence.n_works:,} works, but these records have {records.n_works:,}; "
            "if families were merged, use the records of the stream"
        )
    column = records.works_columns(["year"])["year"].fill_null(_NO_YEAR)
    return np.asarray(column.to_numpy())


def _periods(
    rows: dict[int, int], window: int, step: int, first: int | None, last: int | None
) -> list[tuple[int, int]]:
    known = sorted(set(rows) - {_NO_YEAR})
    if not known and (first is None or last is None):
        none = "no located work has a year" if rows else "no selected work has a place"
        raise RecordsError(f"{none}; give the first and the last year for networks without links")
    aligned_to_first = first is not None
    first = known[0] if first is None else first
    last = known[-1] if last is None else last
    starts = range(first, last - window + 2, step)
    if not starts:
        raise RecipeError(f"no window of {window} years fits between {first} and {last}")
    if not aligned_to_first:
        starts = range(last - window + 1, first - 1, -step)[::-1]
    return [(start, start + window - 1) for start in starts]


def _by_year(block: Block, year: NDArray[np.int16]) -> tuple[Block, NDArray[np.int16]]:
    """Sort rows by year, those of a year as they stood; also return their years."""
    of = year[block.work]
    order = np.argsort(of, kind="stable")
    sizes = np.diff(block.ptr)[order]
    ptr = np.concatenate([[0], np.cumsum(sizes)])
    entry = np.repeat(block.ptr[:-1][order] - ptr[:-1], sizes) + np.arange(ptr[-1])
    share = None if block.share is None else block.share[entry]
    return Block(block.work[order], ptr, block.place[entry], share, block.sites, block.located_sites), of[order]


def _cut(block: Block, start: int, stop: int) -> Block:
    a, b = int(block.ptr[start]), int(block.ptr[stop])
    share = None if block.share is None else block.share[a:b]
    return Block(block.work[start:stop], block.ptr[start : stop + 1] - a, block.place[a:b], share, 0, 0)


def _runs(years: NDArray[np.int16]) -> Iterator[tuple[int, int, int]]:
    """Yield each year of a sorted list and where it starts and stops."""
    if not len(years):
        return
    found, starts = np.unique(years, return_index=True)
    yield from zip(found.tolist(), starts.tolist(), [*starts[1:].tolist(), len(years)], strict=True)


class _Dense:
    """One matrix a year, filled while the rows go by; `rows` counts the located works by year."""

    def __init__(
        self, source: Incidence | IncidenceStream, year: NDArray[np.int16], counting: str, threads: int | None
    ) -> None:
        self.n_places, tools = len(source.places), source.engine
        weight = pair_weights(counting, self.n_places)

        def add(block: Block) -> list[tuple[int, NDArray[np.float64], Totals]]:
            ordered, years = _by_year(block, year)
            parts = []
            for of, start, stop in _runs(years):
                piece = _cut(ordered, start, stop)
                links = dense_links(tools, piece, counting, weight, self.n_places)
                parts.append((of, links, totals_of(tools, piece, self.n_places)))
            return parts

        self.rows: dict[int, int] = {}
        self.matrices: dict[int, NDArray[np.float64]] = {}
        self.totals: dict[int, Totals] = {}
        # Pieces are summed in their order, so that the last bit does not depend on the number of threads.
        for parts in source.map_blocks(add, threads=threads):
            for of, links, totals in parts:
                self.rows[of] = self.rows.get(of, 0) + totals.rows
                if of in self.matrices:
                    self.matrices[of] += links
                    self.totals[of].add(totals)
                else:
                    self.matrices[of], self.totals[of] = links, totals

    def between(self, first: int, last: int) -> tuple[sparse.csr_array, Totals]:
        matrix, totals = np.zeros((self.n_places, self.n_places)), Totals(self.n_places)
        for of in range(first, last + 1):
            if of in self.matrices:
                matrix += self.matrices[of]
                totals.add(self.totals[of])
        return sparse.csr_array(matrix), totals


class _Sparse:
    """All rows sorted by year, so that those of a period stand together; `rows` counts the located works by year."""

    def __init__(
        self, source: Incidence | IncidenceStream, year: NDArray[np.int16], counting: str, threads: int | None
    ) -> None:
        self.tools, self.counting, self.threads = source.engine, counting, threads
        self.n_places = len(source.places)
        stored = source.collect(threads=threads) if isinstance(source, IncidenceStream) else source
        self.block, self.years = _by_year(stored.rows, year)
        self.rows = {of: stop - start for of, start, stop in _runs(self.years)}

    def between(self, first: int, last: int) -> tuple[sparse.csr_array, Totals]:
        block = _cut(self.block, *np.searchsorted(self.years, [first, last + 1]).tolist())
        share = shares_of(block) if self.counting == "share" else np.empty(0)
        weight = pair_weights(self.counting, self.n_places)
        upper = self.tools.links(block.ptr, block.place, weight, share, self.n_places, self.threads)
        return upper, totals_of(self.tools, block, self.n_places)
