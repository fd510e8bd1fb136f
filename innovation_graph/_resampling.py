"""Resampling of works: equal sets of places collapsed without loss, and the links of replicates.

In the bootstrap with Poisson weights every work counts as often as a Poisson number of mean 1 says. Sums of
independent Poisson numbers are Poisson numbers: m works in the same places together count as often as one
Poisson number of mean m says, and the replicates have the same distribution as if works were drawn singly.

The number of a set is the sum of one draw for each binary digit of m (13 = 8 + 4 + 1), each by inversion of the
distribution function in double precision, so that a few small tables serve all m. The uniform numbers come from
a generator with counters (splitmix64): they hang on seed, replicate, set and digit only, hence not on the number
of threads, nor on how many replicates are made, nor on which machinery makes them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, special

from innovation_graph._counting import Totals, network_of, pair_weights, shares_of
from innovation_graph.incidence import Block, Incidence, IncidenceStream
from innovation_graph.network import Network

__all__ = ["DENSE_PLACES", "LANES", "PlaceSets", "Replicates", "collapse", "draw", "keys_of"]

DENSE_PLACES = 512
"""Up to here a replicate is held as one value a pair of places."""

LANES = 32
"""Replicates made at a time."""

_KERNEL_WORTH = 1_000_000_000  # pairs times replicates from which compiling pays
_FEW_CODES = 1 << 20  # sets are counted in a table up to this size, sorted above it
_DIGITS = 40
_BITS = 53  # of a uniform number

# The generator splitmix64 (Steele, Lea and Flood 2014).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)

_Ints = NDArray[np.integer[Any]]
_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PlaceSets:
    """Distinct sets of places and the number of works in each.

    Parameters
    ----------
    ptr, place : numpy.ndarray
        The places of set s are `place[ptr[s]:ptr[s + 1]]`, rising. Small sets come first, sets of one size in
        the order of their places.
    share : numpy.ndarray or None
        Shares, beside `place`. Works of the same places with other shares are another set.
    works : numpy.ndarray of int64
        Number of works with these places (and shares).
    n_places : int
        Number of places.
    """

    ptr: NDArray[np.int64]
    place: NDArray[np.int32]
    share: _Floats | None
    works: NDArray[np.int64]
    n_places: int

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of places of each set."""
        return np.diff(self.ptr)

    @property
    def n_pairs(self) -> int:
        """Number of pairs of places in all sets together."""
        return int((self.sizes * (self.sizes - 1) // 2).sum())


def collapse(source: Incidence | IncidenceStream, counting: str, *, threads: int | None = None) -> PlaceSets:
    """Collect the distinct sets of places; with counting "share", of places and shares.

    Parameters
    ----------
    source : Incidence or IncidenceStream
        A stream is read once, piece by piece.
    counting : str
        As for `project`.
    threads : int, optional
        As for `project`; the result does not depend on it.

    Returns
    -------
    PlaceSets
        The same for any order of the works.
    """
    n_places = len(source.places)

    def pieces(block: Block) -> dict[int, _Piece]:
        share = shares_of(block) if counting == "share" else None
        sizes = np.diff(block.ptr).astype(np.int32)
        order = np.argsort(sizes, kind="stable")
        found = {}
        ends = np.cumsum(np.bincount(sizes)).tolist()
        for size in np.flatnonzero(np.bincount(sizes)).tolist():
            entry = block.ptr[order[ends[size - 1] : ends[size]]][:, None] + np.arange(size)
            part = None if share is None else share[entry]
            found[size] = _distinct(_Piece(block.place[entry], part, np.ones(len(entry), np.int64)), n_places)
        return found

    by_size: dict[int, list[_Piece]] = {}
    for found in source.map_blocks(pieces, threads=threads):
        for size, piece in found.items():
            by_size.setdefault(size, []).append(piece)
    merged = [_distinct(_joined(by_size[size]), n_places) for size in sorted(by_size)]
    sizes = np.concatenate([np.zeros(1, np.int64), *(np.full(len(m.works), m.place.shape[1]) for m in merged)])
    share = None
    if counting == "share":
        share = np.concatenate([np.empty(0), *(m.share.ravel() for m in merged if m.share is not None)])
    return PlaceSets(
        np.cumsum(sizes),
        np.concatenate([np.empty(0, np.int32), *(m.place.ravel() for m in merged)]),
        share,
        np.concatenate([np.empty(0, np.int64), *(m.works for m in merged)]),
        n_places,
    )


class _Piece(NamedTuple):
    """Sets of one size, one a row."""

    place: NDArray[np.int32]
    share: _Floats | None
    works: NDArray[np.int64]


def _joined(pieces: list[_Piece]) -> _Piece:
    share = [piece.share for piece in pieces if piece.share is not None]
    return _Piece(
        np.concatenate([piece.place for piece in pieces]),
        np.concatenate(share) if share else None,
        np.concatenate([piece.works for piece in pieces]),
    )


def _distinct(piece: _Piece, n_places: int) -> _Piece:
    code, room = np.zeros(len(piece.works), dtype=np.int64), 1
    columns: list[tuple[_Ints, int]] = [(column, n_places) for column in piece.place.T]
    if piece.share is not None:
        values, number = np.unique(piece.share, return_inverse=True)
        columns += [(column, len(values)) for column in number.reshape(piece.share.shape).T]
    for column, base in columns:
        if room > np.iinfo(np.int64).max // max(base, 1):
            values, code = np.unique(code, return_inverse=True)
            room = len(values)
        code = code * base + column
        room *= base
    if room <= _FEW_CODES:
        works = np.bincount(code, piece.works, minlength=room)
        some = np.zeros(room, dtype=np.int64)
        some[code] = np.arange(len(code))  # any row of a code will do
        found = np.flatnonzero(works)
        rows, works = some[found], works[found]
    else:
        _, rows, of = np.unique(code, return_index=True, return_inverse=True)
        works = np.bincount(of, piece.works, minlength=len(rows))
    share = None if piece.share is None else piece.share[rows]
    return _Piece(piece.place[rows], share, works.astype(np.int64))


def keys_of(seed: int, replicates: int) -> NDArray[np.uint64]:
    """Return one key of the generator a replicate; more replicates leave the first ones as they are."""
    return np.asarray(np.random.SeedSequence(seed).generate_state(replicates, np.uint64), dtype=np.uint64)


class _Tables(NamedTuple):
    """Distribution functions of Poisson numbers of mean 1, 2, 4, ..., one after the other.

    Digit d starts at the number `low[d]`: `cdf[start[d] + k]` is the probability of at most low + k, in units of
    2^-53. `guide` tells for the first bits of a uniform number (without the last `shift[d]`) where to begin.
    """

    low: NDArray[np.uint64]
    start: NDArray[np.uint64]
    cdf: NDArray[np.uint64]
    guide_start: NDArray[np.uint64]
    guide: NDArray[np.uint64]
    shift: NDArray[np.uint64]


def _tables(works: NDArray[np.int64]) -> _Tables:
    used = int(np.bitwise_or.reduce(works)) if len(works) else 0
    low, shift = np.zeros((2, _DIGITS), dtype=np.uint64)
    parts: list[NDArray[np.uint64]] = []
    guides: list[NDArray[np.uint64]] = []
    for digit in range(_DIGITS):
        cdf, guide = np.empty((2, 0), dtype=np.uint64)
        if (used >> digit) & 1:
            mean = 1 << digit
            reach = int(10 * mean**0.5) + 20  # what lies beyond is less likely than the smallest uniform number
            low[digit] = max(0, mean - reach)
            cdf = np.ceil(special.pdtr(np.arange(low[digit], mean + reach), float(mean)) * 2.0**_BITS).astype(np.uint64)
            bits = max(10, int(4 * len(cdf)).bit_length())
            shift[digit] = _BITS - bits
            steps = np.arange(1 << bits, dtype=np.uint64) << shift[digit]
            guide = np.searchsorted(cdf, steps, side="right").astype(np.uint64)
        parts.append(cdf)
        guides.append(guide)
    starts = [np.cumsum([0, *map(len, lists)]).astype(np.uint64) for lists in (parts, guides)]
    return _Tables(low, starts[0], np.concatenate(parts), starts[1], np.concatenate(guides), shift)


def _uniform(keys: NDArray[np.uint64], counter: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = keys[None, :] + ((counter + np.uint64(1)) * _GOLDEN)[:, None]  # numbers beyond 2^64 wrap around
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return np.asarray((z ^ (z >> np.uint64(31))) >> np.uint64(64 - _BITS))


def draw(works: NDArray[np.int64], keys: NDArray[np.uint64], tables: _Tables | None = None) -> _Floats:
    """Draw how often each set counts in each replicate: Poisson numbers with the numbers of works as means.

    Parameters
    ----------
    works : numpy.ndarray of int64
        Number of works of each set.
    keys : numpy.ndarray of uint64
        Keys of the replicates.
    tables : _Tables, optional
        Those of these works, if they are at hand.

    Returns
    -------
    numpy.ndarray
        Whole numbers, shape (sets, replicates).
    """
    tables = tables or _tables(works)
    times = np.zeros((len(works), len(keys)))
    for digit in np.flatnonzero(np.diff(tables.start)):
        rows = np.flatnonzero((works >> digit) & 1)
        u = _uniform(keys, (rows * 64 + digit).astype(np.uint64))
        table = tables.cdf[tables.start[digit] : tables.start[digit + 1]]
        times[rows] += float(tables.low[digit]) + np.searchsorted(table, u, side="right")
    return times


class Replicates:
    """Links and networks of the replicates of one incidence.

    Parameters
    ----------
    sets : PlaceSets
        The collapsed incidence.
    counting : str
        Counting rule.
    replicates : int
        About how many will be made; whether to compile hangs on it.
    """

    def __init__(self, sets: PlaceSets, counting: str, replicates: int) -> None:
        self.sets = sets
        self.weight = pair_weights(counting, max(2, int(sets.sizes.max(initial=0))))
        self.dense = sets.n_places <= DENSE_PLACES
        self.compiled = self.dense and sets.n_pairs * replicates >= _KERNEL_WORTH
        self.tables = _tables(sets.works)

    @cached_property
    def ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions of the two places of each pair, in row order: all pairs up to `DENSE_PLACES`, else the linked."""
        if self.dense:
            first, second = np.triu_indices(self.sets.n_places, 1)
            return first, second
        return np.divmod(np.unique(self._entries[0]), self.sets.n_places)

    @cached_property
    def _entries(self) -> tuple[NDArray[np.int64], NDArray[np.int64], _Floats]:
        """Pair (as first * n + second), set and weight of every pair of every set."""
        sets, n = self.sets, self.sets.n_places
        parts: list[tuple[_Ints, _Ints, _Floats]] = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
        for size in np.unique(sets.sizes[sets.sizes > 1]).tolist():
            rows = np.flatnonzero(sets.sizes == size)
            i, j = np.triu_indices(size, 1)
            start = sets.ptr[rows][:, None]
            pair = sets.place[start + i].astype(np.int64) * n + sets.place[start + j]
            data = np.full(pair.shape, self.weight[size])
            if sets.share is not None:
                data = sets.share[start + i] * sets.share[start + j]
            parts.append((pair.ravel(), np.repeat(rows, len(i)), data.ravel()))
        pair, row, data = (np.concatenate(column) for column in zip(*parts, strict=True))
        return pair, row, data

    @cached_property
    def _matrix(self) -> sparse.csr_array:
        """Weight that each set gives to each pair, shape (pairs, sets)."""
        pair, row, data = self._entries
        first, second = self.ends
        line = np.searchsorted(first * self.sets.n_places + second, pair)
        return sparse.csr_array((data, (line, row)), shape=(len(first), len(self.sets.works)))

    def prepare(self) -> None:
        """Make what all threads share."""
        _ = self.ends
        _ = self._unsigned if self.compiled else self._matrix

    def times(self, keys: NDArray[np.uint64]) -> _Floats:
        """Return how often each set counts, shape (sets, replicates)."""
        return draw(self.sets.works, keys, self.tables)

    def weights(self, keys: NDArray[np.uint64]) -> _Floats:
        """Return the weights of the pairs in up to `LANES` replicates, shape (replicates, pairs)."""
        if self.compiled:
            return self._compiled_weights(keys)
        return np.ascontiguousarray((self._matrix @ self.times(keys)).T)

    def _compiled_weights(self, keys: NDArray[np.uint64]) -> _Floats:
        from innovation_graph.engine.resampling import add_counts, add_shares  # noqa: PLC0415 - numba is slow to load

        counted: Any = add_counts
        shared: Any = add_shares
        sets, n = self.sets, self.sets.n_places
        lanes = np.zeros(LANES, dtype=np.uint64)
        lanes[: len(keys)] = keys
        place = np.arange(n, dtype=np.int64)
        # The pair p < q stands in line base[p] + q; the base of the first place, -1, wraps around and back again.
        base = (place * (2 * n - place - 1) // 2 - place - 1).astype(np.uint64)
        rows, tables = self._unsigned, tuple(self.tables)
        out, packed = np.zeros((len(self.ends[0]), LANES)), np.zeros((len(self.ends[0]), 8), dtype=np.uint64)
        cuts = np.flatnonzero(np.diff(sets.sizes, prepend=0, append=0))
        for begin, end in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
            size = int(sets.sizes[begin])
            if size < 2:
                continue
            if sets.share is not None:
                shared(begin, end, *rows[:2], sets.share, rows[2], base, lanes, tables, out)
                continue
            counted(begin, end, *rows, self.weight[size], base, lanes, tables, packed, out)
        return np.ascontiguousarray(out[:, : len(keys)].T)

    @cached_property
    def _unsigned(self) -> tuple[NDArray[Any], ...]:
        sets = self.sets
        return sets.ptr.astype(np.uint64), sets.place, sets.works.astype(np.uint64)

    def networks(
        self, keys: NDArray[np.uint64], places: pd.DataFrame, provenance: Mapping[str, Any]
    ) -> Iterator[Network]:
        """Make the replicates as networks, one after the other, with the works of their places."""
        sets, sizes = self.sets, self.sets.sizes
        first, second = self.ends
        shape = (sets.n_places, sets.n_places)
        size_here = np.repeat(sizes, sizes)
        alone = size_here == 1
        at_once = LANES if self.dense else 1
        for row, key in enumerate(keys):
            if row % at_once == 0:
                weights = self.weights(keys[row : row + at_once])
            weight, times = weights[row % at_once], self.times(np.array([key]))[:, 0]
            linked = weight > 0
            upper = sparse.csr_array((weight[linked], (first[linked], second[linked])), shape=shape)
            totals, often = Totals(sets.n_places), np.repeat(times, sizes)
            totals.works += np.bincount(sets.place, often, minlength=sets.n_places)
            totals.fractional += np.bincount(sets.place, often / size_here, minlength=sets.n_places)
            totals.solo += np.bincount(sets.place[alone], often[alone], minlength=sets.n_places)
            totals.rows = int(times.sum())
            yield network_of(places, upper, totals, {**provenance, "replicate": row})
