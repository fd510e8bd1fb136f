"""Shortest paths, the same measures twice: igraph where the network is small, compiled loops where it is large."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from innovation_graph.network import Network

__all__ = ["Numbered", "betweenness", "closeness", "dependencies", "eccentricity", "harmonic", "in_chunks"]

_SMALL = 300_000_000  # entries met by one search from each place: igraph needs a second, numba as long to load
_CHUNKS = 32  # a fixed number, each with sums of its own: the same bytes for any number of threads
_BATCH = 64  # sources that share a search, one bit each
_LANDMARKS = 64

_Ints: TypeAlias = NDArray[np.integer[Any]]
_Floats: TypeAlias = NDArray[np.float64]


def betweenness(network: Network, *, weighted: bool, blocs: _Ints | None = None) -> _Floats:
    """Count the shortest paths through each place; with blocs, only those between places of different blocs."""
    if _large(network):
        return dependencies(network, np.arange(network.n_places), weighted=weighted, blocs=blocs)[0] / 2
    graph, lengths = _igraph(network), _lengths(network, weighted=weighted)
    if blocs is None:
        return np.array(graph.betweenness(weights=lengths), dtype=np.float64)
    total = np.zeros(network.n_places)
    for bloc in np.unique(blocs[np.diff(network.adjacency.indptr) > 0]):  # no path starts at an isolate
        inside = blocs == bloc
        ends = {"sources": np.flatnonzero(inside).tolist(), "targets": np.flatnonzero(~inside).tolist()}
        if ends["targets"]:
            total += graph.betweenness(weights=lengths, **ends)
    return total


def dependencies(
    network: Network, sources: _Ints, *, weighted: bool, blocs: _Ints | None = None
) -> tuple[_Floats, _Floats]:
    """Sum, over the sources, the share of shortest paths from there that pass each place; and its squares."""
    n = network.n_places
    if not _large(network, len(sources)) and blocs is None:
        graph, lengths = _igraph(network), _lengths(network, weighted=weighted)
        out, squares = np.zeros(n), np.zeros(n)
        for source in sources.tolist():
            # igraph halves what it finds, as each pair is met from both ends.
            found = 2 * np.array(graph.betweenness(weights=lengths, sources=[source]))
            out += found
            squares += found**2
        return out, squares
    from innovation_graph.engine import paths  # noqa: PLC0415 - numba is slow to load

    numbered = Numbered.of(network.adjacency)
    labels = np.empty(0, dtype=np.int64) if blocs is None else blocs[numbered.order].astype(np.int64)
    starts = numbered.rank[sources].astype(np.int64)
    matrix = _without_detours(numbered.matrix) if weighted else numbered.matrix

    def search(first: int, last: int) -> tuple[_Floats, _Floats]:
        sums = np.zeros(n), np.zeros(n)
        if weighted:
            paths.weighted_dependencies(*_rows(matrix), matrix.data, starts[first:last], labels, *sums)
        else:
            paths.dependencies(*_rows(matrix), starts[first:last], numbered.first, numbered.last, labels, *sums)
        return sums

    out, squares = np.zeros(n), np.zeros(n)
    for part in in_chunks(search, len(starts)):
        out += part[0]
        squares += part[1]
    return out[numbered.rank], squares[numbered.rank]


def closeness(network: Network, *, weighted: bool) -> _Floats:
    """Inverse of the mean distance to the other places of the component; NaN for isolates."""
    if _large(network):
        sums = _distances(network, weighted=weighted)
        with np.errstate(invalid="ignore"):
            return np.asarray(sums.others / sums.total)
    lengths = _lengths(network, weighted=weighted)
    return np.array(_igraph(network).closeness(weights=lengths, normalized=True), dtype=np.float64)


def harmonic(network: Network, *, weighted: bool) -> _Floats:
    """Mean inverse distance to all other places; NaN for a single place."""
    if _large(network):
        return _distances(network, weighted=weighted).inverse / max(1, network.n_places - 1)
    lengths = _lengths(network, weighted=weighted)
    return np.array(_igraph(network).harmonic_centrality(weights=lengths, normalized=True), dtype=np.float64)


def eccentricity(network: Network, *, weighted: bool) -> _Floats:
    """Distance to the farthest place of the component; 0 for isolates."""
    if _large(network):
        return _distances(network, weighted=weighted).farthest
    lengths = _lengths(network, weighted=weighted)
    return np.array(_igraph(network).eccentricity(weights=lengths), dtype=np.float64)


def in_chunks(work: Callable[[int, int], Any], n: int, threads: int | None = None) -> list[Any]:
    """Call `work(first, last)` for consecutive ranges of 0..n, at once on several threads; results in order."""
    cuts = np.linspace(0, n, min(n, _CHUNKS) + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads or min(os.cpu_count() or 1, 8)) as pool:
        return list(pool.map(work, cuts[:-1], cuts[1:]))


@dataclass(frozen=True)
class Numbered:
    """A network in the order that suits searches: by component, places with most partners first; with lengths."""

    matrix: sparse.csr_array
    order: NDArray[np.intp]
    rank: NDArray[np.intp]
    first: NDArray[np.int64]  # of each place: where its component begins and ends
    last: NDArray[np.int64]

    @classmethod
    def of(cls, full: sparse.csr_array) -> "Numbered":
        from innovation_graph.engine import paths  # noqa: PLC0415 - numba is slow to load

        _, component = connected_components(full, directed=False)
        order = np.lexsort((-np.diff(full.indptr), component))
        rank = np.empty(len(order), dtype=np.intp)
        rank[order] = np.arange(len(order))
        lengths = full.data.mean() / full.data
        out = (np.empty(len(order) + 1, dtype=np.int64), np.empty(full.nnz, dtype=np.int32), np.empty(full.nnz))
        paths.renumbered(*_rows(full), lengths, order, rank, *out)
        sizes = np.bincount(component)
        ends = np.cumsum(sizes)
        matrix = sparse.csr_array((out[2], out[1], out[0]), shape=full.shape)
        return cls(matrix, order, rank, np.repeat(ends - sizes, sizes), np.repeat(ends, sizes))


@dataclass(frozen=True)
class _Sums:
    """What the distances of a place to the others of its component add up to, in network order."""

    others: NDArray[np.int64]
    total: _Floats
    inverse: _Floats
    farthest: _Floats


def _distances(network: Network, *, weighted: bool) -> _Sums:
    from innovation_graph.engine import paths  # noqa: PLC0415 - numba is slow to load

    numbered = Numbered.of(network.adjacency)
    n = network.n_places
    total, inverse, farthest = np.zeros(n), np.zeros(n), np.zeros(n)
    if weighted:
        matrix = _without_detours(numbered.matrix)
        sources = np.arange(n)

        def route(first: int, last: int) -> None:
            paths.weighted_distances(
                *_rows(matrix), matrix.data, sources[first:last], total, inverse, farthest
            )  # each source fills in its own place

        in_chunks(route, n)
    else:
        batches = _batches(numbered)

        def spread(first: int, last: int) -> tuple[NDArray[np.int64], _Floats, NDArray[np.int64]]:
            sums = np.zeros(n, dtype=np.int64), np.zeros(n), np.zeros(n, dtype=np.int64)
            paths.distances(*_rows(numbered.matrix), batches[first:last], numbered.first, numbered.last, *sums)
            return sums

        for part in in_chunks(spread, len(batches)):
            total += part[0]
            inverse += part[1]
            farthest = np.maximum(farthest, part[2])
    others = numbered.last - numbered.first - 1
    rank = numbered.rank
    return _Sums(others[rank], total[rank], inverse[rank], farthest[rank])


def _batches(numbered: Numbered) -> NDArray[np.int64]:
    starts = np.unique(numbered.first)
    ends = np.unique(numbered.last)
    cuts = [np.arange(start, end, _BATCH) for start, end in zip(starts, ends, strict=True) if end - start > 1]
    first = np.concatenate(cuts)
    return np.column_stack((first, np.minimum(first + _BATCH, numbered.last[first])))


def _without_detours(lengths: sparse.csr_array) -> sparse.csr_array:
    """Leave out links that are longer than another way from end to end: no shortest path takes them.

    First those longer than a path of two steps, then those longer than a way through one of the places that stand
    first. Networks of strengths mostly lose nine links of ten and more, and the searches are as much quicker.
    """
    from innovation_graph.engine import paths  # noqa: PLC0415 - numba is slow to load

    def two_steps(first: int, last: int) -> None:
        paths.longer_than_detour(*_rows(lengths), lengths.data, first, last, longer)

    def landmarks(first: int, last: int) -> None:
        paths.longer_than_any(*_rows(lengths), lengths.data, away, first, last, longer)

    longer = np.zeros(lengths.nnz, dtype=bool)
    in_chunks(two_steps, lengths.shape[0])
    lengths = _dropped(lengths, longer)
    marks = np.arange(min(_LANDMARKS, lengths.shape[0]))
    away = np.empty((lengths.shape[0], len(marks)))
    paths.routes(*_rows(lengths), lengths.data, marks, away)
    longer = np.zeros(lengths.nnz, dtype=bool)
    in_chunks(landmarks, lengths.shape[0])
    return _dropped(lengths, longer)


def _dropped(lengths: sparse.csr_array, longer: NDArray[np.bool_]) -> sparse.csr_array:
    """Leave out the links that are marked, be it from one end only."""
    rows = np.repeat(np.arange(lengths.shape[0], dtype=np.int32), np.diff(lengths.indptr))
    marked = sparse.csr_array((longer.astype(np.int8), lengths.indices, lengths.indptr), shape=lengths.shape)
    keep = ~(longer | sparse.csr_array(marked.T).data.astype(bool))
    return sparse.csr_array((lengths.data[keep], (rows[keep], lengths.indices[keep])), shape=lengths.shape)


def _large(network: Network, searches: int | None = None) -> bool:
    return (network.n_places if searches is None else searches) * 2 * network.n_links > _SMALL


def _rows(matrix: sparse.csr_array) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32, copy=False)


def _igraph(network: Network) -> Any:
    from innovation_graph._igraph import graph_of  # noqa: PLC0415 - igraph is loaded only when asked for

    return graph_of(network, weights=False)


def _lengths(network: Network, *, weighted: bool) -> list[float] | None:
    weight = network.upper.data
    return (weight.mean() / weight).tolist() if weighted and len(weight) else None
