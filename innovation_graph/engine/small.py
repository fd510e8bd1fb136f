"""The steps of `kernels` in numpy and scipy, function by function: nothing to compile, right for small inputs."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["compact", "dense_pairs", "dense_shares", "linking", "links", "row_shares", "totals"]

_Ints: TypeAlias = NDArray[np.integer[Any]]
_Floats: TypeAlias = NDArray[np.float64]


def compact(
    work: _Ints,
    key: _Ints,
    lookup: _Ints,
    keep: NDArray[np.bool_],
    mark: _Ints,
    out_work: _Ints,
    out_ptr: _Ints,
    out_place: _Ints,
) -> tuple[int, int, int, int]:
    """Turn sites into rows; return the numbers of rows, of entries, of sites of kept works and of located ones."""
    base = len(mark)
    place = lookup[key + 1]
    good = (place != base - 1) & keep[work]
    codes = np.unique(work[good].astype(np.int64) * base + place[good])
    of_work, places = np.divmod(codes, base)
    works, sizes = np.unique(of_work, return_counts=True)
    out_work[: len(works)] = works
    out_ptr[0] = 0
    out_ptr[1 : len(works) + 1] = np.cumsum(sizes)
    out_place[: len(places)] = places
    return len(works), len(places), int(keep[work].sum()), int(good.sum())


def row_shares(
    work: _Ints,
    actor: _Ints,
    key: _Ints,
    lookup: _Ints,
    row_work: _Ints,
    ptr: _Ints,
    place: _Ints,
    slot: _Ints,
    out: _Floats,
) -> None:
    """Give each place of each row its share: an actor of A has 1/A, split evenly over the actor's sites."""
    base = len(slot)
    new_work = np.diff(work, prepend=-1) != 0
    new_actor = new_work | (np.diff(actor, prepend=-1) != 0)
    actor_run, work_run = np.cumsum(new_actor) - 1, np.cumsum(new_work) - 1
    actors = np.bincount(work_run[new_actor])[work_run]
    part = 1.0 / (actors * np.bincount(actor_run)[actor_run])
    entry = np.repeat(row_work.astype(np.int64), np.diff(ptr)) * base + place
    site = work.astype(np.int64) * base + lookup[key + 1]
    counted = np.isin(site, entry)
    out[:] = np.bincount(np.searchsorted(entry, site[counted]), weights=part[counted], minlength=len(out))


def totals(ptr: _Ints, place: _Ints, works: _Floats, solo: _Floats, fractional: _Floats) -> None:
    """Count for each place its works, those without another place, and 1/n of each."""
    sizes = np.diff(ptr)
    works += np.bincount(place, minlength=len(works))
    solo += np.bincount(place[ptr[:-1][sizes == 1]], minlength=len(works))
    fractional += np.bincount(place, weights=np.repeat(1.0 / sizes, sizes), minlength=len(works))


def linking(
    ptr: _Ints, place: _Ints, share: _Floats, out_size: _Ints, out_place: _Ints, out_share: _Floats
) -> tuple[int, int]:
    """Copy the rows of two and more places; return the numbers of rows and of entries."""
    sizes = np.diff(ptr)
    entries = np.repeat(sizes > 1, sizes)
    rows, filled = int((sizes > 1).sum()), int(entries.sum())
    out_size[:rows] = sizes[sizes > 1]
    out_place[:filled] = place[entries]
    if len(share):
        out_share[:filled] = share[entries]
    return rows, filled


def dense_pairs(ptr: _Ints, place: _Ints, weight: _Floats, out: _Floats) -> None:
    """Add `weight[n]` to all pairs of the n places of each row, above the diagonal of a dense matrix."""
    out += links(ptr, place, weight, np.empty(0), len(out)).toarray()


def dense_shares(ptr: _Ints, place: _Ints, share: _Floats, out: _Floats) -> None:
    """Add the product of the two shares to all pairs of places of each row, above the diagonal."""
    out += links(ptr, place, np.empty(0), share, len(out)).toarray()


def links(
    ptr: _Ints,
    place: _Ints,
    weight: _Floats,
    share: _Floats,
    n_places: int,
    threads: int | None = None,  # noqa: ARG001 - the compiled twin takes it
) -> sparse.csr_array:
    """Sum over the rows `weight[n]` (where there are shares: their product) for all pairs of the n places."""
    shape = (len(ptr) - 1, n_places)
    ones = np.ones(len(place))
    sizes = np.diff(ptr)
    left, right = (share, share) if len(share) else (np.repeat(weight[sizes], sizes), ones)
    product = sparse.csr_array((left, place, ptr), shape=shape).T.tocsr() @ sparse.csr_array(
        (right, place, ptr), shape=shape
    )
    upper = sparse.csr_array(sparse.triu(product, k=1))
    upper.sort_indices()
    return upper
