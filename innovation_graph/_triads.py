"""Sums over the partners that two linked places share, and cores: numpy where small, compiled loops where large."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph._paths import Numbered, in_chunks
from innovation_graph.network import Network

__all__ = ["core_numbers", "local_efficiency", "on_links", "s_cores"]

_TINY = 200  # places up to which one thread is enough
_DENSE = 1000  # places up to which a dense product is quickest
_SMALL = 50_000_000  # pairs of partners, summed over places, up to which a sparse product needs under a second
_SMALL_GRAPH = 1_000_000  # links that go into igraph in less time than numba needs to load
_SMALL_CORES = 20_000  # places up to which peeling in numpy needs under a second
_SMALL_EGO = 10_000_000_000  # operations of dense searches among partners
_SMALL_PLACES = 2000  # whose matrix is small enough to be held whole
_WIDE = 400  # partners of a place from which on these searches may take very many steps

_Floats = NDArray[np.float64]


def on_links(adjacency: sparse.csr_array, left: _Floats, right: _Floats) -> _Floats:
    """Return for each entry (i, j) the sum of left[i, q] * right[j, q] over the partners q of both, in its order."""
    n = adjacency.shape[0]
    degree = np.diff(adjacency.indptr)
    rows = np.repeat(np.arange(n), degree)
    if n <= _DENSE:
        dense = np.zeros((2, n, n))
        dense[0, rows, adjacency.indices] = left
        dense[1, rows, adjacency.indices] = right
        # Waiting for the threads of a matrix product takes longer than so small a product itself.
        product = np.einsum("iq,jq->ij", *dense) if n <= _TINY else dense[0] @ dense[1].T
        return np.asarray(product[rows, adjacency.indices])
    if (degree.astype(np.float64) ** 2).sum() <= _SMALL:
        sides = [sparse.csr_array((side, adjacency.indices, adjacency.indptr), shape=(n, n)) for side in (left, right)]
        ones = sparse.csr_array((np.ones(adjacency.nnz), adjacency.indices, adjacency.indptr), shape=(n, n))
        found = sparse.coo_array((sides[0] @ sides[1].T).multiply(ones))
        out = np.zeros(adjacency.nnz)
        keys = rows * n + adjacency.indices
        out[np.searchsorted(keys, found.row.astype(np.int64) * n + found.col)] = found.data
        return out
    from innovation_graph.engine import triads  # noqa: PLC0415 - numba is slow to load

    ptr, idx = _rows(adjacency)
    mirror = triads.mirrored(ptr, idx)
    out = np.zeros(adjacency.nnz)
    in_chunks(lambda first, last: triads.on_links(ptr, idx, mirror, left, right, first, last, out), n)
    return out


def local_efficiency(adjacency: sparse.csr_array) -> _Floats:
    """Return the mean inverse distance between the partners of each place, among themselves; NaN below two."""
    degree = np.diff(adjacency.indptr)
    if (
        len(degree) <= _SMALL_PLACES
        and degree.max(initial=0) <= _WIDE
        and (degree.astype(np.float64) ** 3).sum() <= _SMALL_EGO
    ):
        linked = adjacency.toarray() > 0
        return np.array([_efficiency(linked[np.ix_(row, row)]) for row in linked])
    from innovation_graph.engine import triads  # noqa: PLC0415 - numba is slow to load

    numbered = Numbered.of(adjacency)  # the searches stop soonest where places with many partners stand first
    ptr, idx = _rows(numbered.matrix)
    out = np.empty(len(degree))
    in_chunks(lambda first, last: triads.local_efficiency(ptr, idx, first, last, out), len(degree))
    return out[numbered.rank]


def core_numbers(network: Network) -> NDArray[np.int64]:
    """Return the largest k of a k-core that holds each place."""
    if network.n_links <= _SMALL_GRAPH:
        from innovation_graph._igraph import graph_of  # noqa: PLC0415 - igraph is loaded only when asked for

        return np.array(graph_of(network, weights=False).coreness(), dtype=np.int64)
    from innovation_graph.engine import triads  # noqa: PLC0415 - numba is slow to load

    return np.asarray(triads.core_numbers(*_rows(network.adjacency)))


def s_cores(adjacency: sparse.csr_array) -> _Floats:
    """Return the largest s of an s-core that holds each place."""
    n = adjacency.shape[0]
    left = np.asarray(adjacency.sum(axis=1), dtype=np.float64)
    if n > _SMALL_CORES:
        from innovation_graph.engine import triads  # noqa: PLC0415 - numba is slow to load

        return np.asarray(triads.s_cores(*_rows(adjacency), adjacency.data, left))
    out, level = np.zeros(n), 0.0
    for _ in range(n):
        place = int(np.argmin(left))
        level = max(level, float(left[place]))
        out[place] = level
        row = slice(adjacency.indptr[place], adjacency.indptr[place + 1])
        left[adjacency.indices[row]] -= adjacency.data[row]
        left[place] = np.inf
    return out


def _efficiency(linked: NDArray[np.bool_]) -> float:
    k = len(linked)
    if k < 2:
        return np.nan
    reached = linked | np.eye(k, dtype=bool)
    total, depth, front = float(linked.sum()), 1, linked
    while front.any() and not reached.all():
        depth += 1
        front = (front.astype(np.float32) @ linked.astype(np.float32) > 0) & ~reached
        reached |= front
        total += float(front.sum()) / depth
    return total / (k * (k - 1))


def _rows(matrix: sparse.csr_array) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32, copy=False)
