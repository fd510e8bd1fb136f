"""Compiled loops. Arrays in, arrays filled; every function releases the interpreter lock.

A *row* is a work with at least one located site: `place[ptr[r]:ptr[r + 1]]` are its distinct places, rising.
"""

# Compiled functions take arrays of known types and return nothing that a reader of signatures would need.
# ruff: noqa: ANN001, ANN201, ANN202

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit
from scipy import sparse

__all__ = ["compact", "dense_pairs", "dense_shares", "linking", "links", "row_shares", "totals"]

_SMALL = 48  # rows up to here are sorted by insertion
_VISIT = 8  # what a visit costs, measured in pairs

# Position of the single bit that is set in a word: multiplied by a de Bruijn number, its six top bits differ.
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_BIT = np.zeros(64, dtype=np.int64)
for _position in range(64):
    _BIT[((1 << _position) * int(_DE_BRUIJN) & 0xFFFFFFFFFFFFFFFF) >> 58] = _position


@njit(cache=True, nogil=True)
def compact(work, key, lookup, keep, mark, out_work, out_ptr, out_place):
    """Turn sites into rows; return the numbers of rows, of entries, of sites of kept works and of located ones.

    `lookup[key + 1]` is the place of a site; the number of places (one too many) stands for none.
    `mark` holds for each place the last work seen; calls of one thread share it.
    """
    nowhere = mark.size - 1
    n_sites = work.size
    for site in range(n_sites):  # vector instructions gather; rows are then packed in place, never past the reading
        out_place[site] = lookup[key[site] + 1]
    rows = 0
    filled = 0
    counted = 0
    located = 0
    out_ptr[0] = 0
    site = 0
    while site < n_sites:
        this = work[site]
        start = filled
        here = 0
        first = site
        mark[nowhere] = this  # no branch for unlocated sites: their place is always marked
        while True:
            p = out_place[site]
            here += p != nowhere
            out_place[filled] = p
            filled += mark[p] != this
            mark[p] = this
            site += 1
            if site >= n_sites or work[site] != this:
                break
        kept = keep[this]
        counted += site - first if kept else 0
        located += here if kept else 0
        size = filled - start
        if size < 2 or not kept:
            counts = kept & (size == 1)
            filled = start + counts
            out_work[rows] = this
            rows += counts
            out_ptr[rows] = filled
            continue
        if size <= _SMALL:
            for i in range(start + 1, filled):
                p = out_place[i]
                j = i
                while j > start and out_place[j - 1] > p:
                    out_place[j] = out_place[j - 1]
                    j -= 1
                out_place[j] = p
        else:
            out_place[start:filled] = np.sort(out_place[start:filled])
        out_work[rows] = this
        rows += 1
        out_ptr[rows] = filled
    return rows, filled, counted, located


@njit(cache=True, nogil=True)
def row_shares(work, actor, key, lookup, row_work, ptr, place, slot, out):
    """Give each place of each row its share: an actor of A has 1/A, split evenly over the actor's sites."""
    out[:] = 0.0
    nowhere = slot.size - 1
    site = 0
    for row in range(row_work.size):
        this = row_work[row]
        while work[site] != this:
            site += 1
        for i in range(ptr[row], ptr[row + 1]):
            slot[place[i]] = i
        start = site
        actors = 0
        while site < work.size and work[site] == this:
            actors += site == start or actor[site] != actor[site - 1]
            site += 1
        first = start
        while first < site:
            last = first + 1
            while last < site and actor[last] == actor[first]:
                last += 1
            part = 1.0 / (actors * (last - first))
            for i in range(first, last):
                p = lookup[key[i] + 1]
                if p != nowhere:
                    out[slot[p]] += part
            first = last


@njit(cache=True, nogil=True)
def totals(ptr, place, works, solo, fractional):
    """Count for each place its works, those without another place, and 1/n of each."""
    for row in range(ptr.size - 1):
        start, stop = ptr[row], ptr[row + 1]
        part = 1.0 / (stop - start)
        for i in range(start, stop):
            works[place[i]] += 1
            fractional[place[i]] += part
        if stop - start == 1:
            solo[place[start]] += 1


@njit(cache=True, nogil=True)
def linking(ptr, place, share, out_size, out_place, out_share):
    """Copy the rows of two and more places; return the numbers of rows and of entries."""
    rows = 0
    filled = 0
    for row in range(ptr.size - 1):
        start, stop = ptr[row], ptr[row + 1]
        if stop - start < 2:
            continue
        for i in range(start, stop):
            out_place[filled] = place[i]
            if share.size:
                out_share[filled] = share[i]
            filled += 1
        out_size[rows] = stop - start
        rows += 1
    return rows, filled


@njit(cache=True, nogil=True)
def dense_pairs(ptr, place, weight, out):
    """Add `weight[n]` to all pairs of the n places of each row, above the diagonal of a dense matrix."""
    for row in range(ptr.size - 1):
        start, stop = ptr[row], ptr[row + 1]
        w = weight[stop - start]
        for i in range(start, stop - 1):
            line = out[place[i]]
            for j in range(i + 1, stop):
                line[place[j]] += w


@njit(cache=True, nogil=True)
def dense_shares(ptr, place, share, out):
    """Add the product of the two shares to all pairs of places of each row, above the diagonal."""
    for row in range(ptr.size - 1):
        start, stop = ptr[row], ptr[row + 1]
        for i in range(start, stop - 1):
            line = out[place[i]]
            for j in range(i + 1, stop):
                line[place[j]] += share[i] * share[j]


@njit(cache=True, nogil=True)
def _transpose(ptr, place, by_ptr, start, stop, size):
    """List for each place its visits: where it stands in a row, where that row stops, and how many places it has.

    Visits as the last of a row are left out. Returns the number of pairs in which each place comes first.
    """
    n_places = by_ptr.size - 1
    pairs = np.zeros(n_places, dtype=np.int64)
    for row in range(ptr.size - 1):
        for i in range(ptr[row], ptr[row + 1] - 1):
            by_ptr[place[i] + 1] += 1
            pairs[place[i]] += ptr[row + 1] - 1 - i
    for p in range(n_places):
        by_ptr[p + 1] += by_ptr[p]
    cursor = by_ptr[:-1].copy()
    for row in range(ptr.size - 1):
        for i in range(ptr[row], ptr[row + 1] - 1):
            at = cursor[place[i]]
            start[at] = i
            stop[at] = ptr[row + 1]
            size[at] = ptr[row + 1] - ptr[row]
            cursor[place[i]] = at + 1
    return pairs


@njit(cache=True, nogil=True)
def _fill(first, last, place, weight, share, visits, total, seen, counts, out_place, out_weight):
    """Write the links of places first..last-1 to later places (Gustavson's algorithm); return how many.

    `total` (zeros, one a place) sums the weights, `seen` (zero bits, one a place) remembers which places were
    met: reading it in order gives sorted links without a sort. With shares, a pair weighs their product.
    """
    by_ptr, begin, end, size = visits
    filled = 0
    shared = share.size > 0
    one = np.uint64(1)
    for p in range(first, last):
        for visit in range(by_ptr[p], by_ptr[p + 1]):
            w = share[begin[visit]] if shared else weight[size[visit]]
            for i in range(begin[visit] + 1, end[visit]):
                q = place[i]
                total[q] += w * share[i] if shared else w
                seen[q >> 6] |= one << np.uint64(q & 63)
        start = filled
        for word in range((p + 1) >> 6, seen.size):
            bits = seen[word]
            if bits == 0:
                continue
            seen[word] = 0
            while bits != 0:
                low = bits & (~bits + one)
                q = (word << 6) + _BIT[(low * _DE_BRUIJN) >> np.uint64(58)]
                bits ^= low
                out_place[filled] = q
                out_weight[filled] = total[q]
                total[q] = 0.0
                filled += 1
        counts[p] = filled - start
    return filled


@njit(cache=True, nogil=True)
def _move_down(values, start, end, n):
    for i in range(n if start != end else 0):
        values[end + i] = values[start + i]


def links(ptr, place, weight, share, n_places, threads=None):
    """Sum over the rows `weight[n]` (where there are shares: their product) for all pairs of the n places.

    Gustavson's algorithm on the transposed incidence, above the diagonal, in parallel over places: each link is
    summed by one thread in the order of the rows, so that the result does not depend on their number.
    """
    if len(ptr) == 1:
        return sparse.csr_array((n_places, n_places))
    ptr = ptr.astype(np.int32 if len(place) <= np.iinfo(np.int32).max else np.int64)
    n_visits = len(place) - (len(ptr) - 1)
    visits = (np.zeros(n_places + 1, dtype=np.int64), *(np.empty(n_visits, dtype=ptr.dtype) for _ in range(3)))
    pairs = _transpose(ptr, place, *visits)
    counts = np.zeros(n_places, dtype=np.int64)
    # A place has at most as many links as it has pairs, and as there are places after it. The room is taken at
    # once: memory that is never touched costs nothing, and touching it twice is what a sparse product is slow by.
    room = np.concatenate([[0], np.cumsum(np.minimum(pairs, np.arange(n_places - 1, -1, -1)))])
    indices, data = np.empty(room[-1], dtype=np.int32), np.empty(room[-1])
    threads = threads or min(os.cpu_count() or 1, 8)
    effort = np.cumsum(pairs + _VISIT * np.diff(visits[0]))
    cuts = np.searchsorted(effort, np.linspace(0, effort[-1], threads + 1)[1:-1])
    cuts = [0, *cuts.tolist(), n_places]

    def fill(part):
        first, last = cuts[part], cuts[part + 1]
        out = slice(room[first], room[last])
        total, seen = np.zeros(n_places), np.zeros((n_places >> 6) + 1, dtype=np.uint64)
        return _fill(first, last, place, weight, share, visits, total, seen, counts, indices[out], data[out])

    with ThreadPoolExecutor(threads) as pool:
        filled = list(pool.map(fill, range(threads)))
    end = 0
    for part, n in enumerate(filled):  # close the gaps between the parts, then give the rest back
        for values in (indices, data):
            _move_down(values, room[cuts[part]], end, n)
        end += n
    indices.resize(end, refcheck=False)
    data.resize(end, refcheck=False)
    indptr = np.zeros(n_places + 1, dtype=np.int32 if end <= np.iinfo(np.int32).max else np.int64)
    np.cumsum(counts, out=indptr[1:])  # of the kind of the indices, else scipy would widen these
    return sparse.csr_array((data, indices, indptr), shape=(n_places, n_places))
