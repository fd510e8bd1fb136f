"""Compiled loops over pairs of partners of a place: common partners, paths between partners, cores.

`ptr` and `idx` are the rows of a symmetric matrix with rising columns; values stand in the same order as `idx`.
Every function releases the interpreter lock and writes to places of its own.
"""

# Compiled functions take arrays of known types and return nothing that a reader of signatures would need.
# ruff: noqa: ANN001, ANN201, ANN202

import numpy as np
from numba import njit

from innovation_graph.engine.paths import distances

__all__ = ["core_numbers", "local_efficiency", "mirrored", "on_links", "s_cores"]


@njit(cache=True, nogil=True)
def mirrored(ptr, idx):
    """Return for each entry (i, j) where (j, i) stands."""
    cursor = ptr[:-1].copy()
    out = np.empty(idx.size, ptr.dtype)
    for e in range(idx.size):
        out[e] = cursor[idx[e]]
        cursor[idx[e]] += 1
    return out


@njit(cache=True, nogil=True)
def on_links(ptr, idx, mirror, left, right, first, last, out):
    """Sum `left[i, q] * right[j, q]` over q for the links (i, j) and (j, i) of which i has more partners."""
    held = np.zeros((ptr.size - 1, 2))
    for i in range(first, last):
        for e in range(ptr[i], ptr[i + 1]):
            held[idx[e], 0] = left[e]
            held[idx[e], 1] = right[e]
        degree = ptr[i + 1] - ptr[i]
        for e in range(ptr[i], ptr[i + 1]):
            j = idx[e]
            other = ptr[j + 1] - ptr[j]
            if other > degree or (other == degree and j > i):
                continue
            there = 0.0
            back = 0.0
            for f in range(ptr[j], ptr[j + 1]):
                there += held[idx[f], 0] * right[f]
                back += held[idx[f], 1] * left[f]
            out[e] = there
            out[mirror[e]] = back
        for e in range(ptr[i], ptr[i + 1]):
            held[idx[e], 0] = held[idx[e], 1] = 0.0


@njit(cache=True, nogil=True)
def local_efficiency(ptr, idx, first, last, out):
    """Fill in the mean inverse distance between the partners of places, along links between partners only."""
    here = np.full(ptr.size - 1, -1, np.int64)
    for i in range(first, last):
        partners = idx[ptr[i] : ptr[i + 1]]
        k = partners.size
        if k < 2:
            out[i] = np.nan
            continue
        for a in range(k):
            here[partners[a]] = a
        inner_ptr = np.zeros(k + 1, np.int64)
        for a in range(k):
            count = 0
            for e in range(ptr[partners[a]], ptr[partners[a] + 1]):
                count += here[idx[e]] >= 0
            inner_ptr[a + 1] = inner_ptr[a] + count
        inner = np.empty(inner_ptr[k], np.int32)
        filled = 0
        for a in range(k):
            for e in range(ptr[partners[a]], ptr[partners[a] + 1]):
                if here[idx[e]] >= 0:
                    inner[filled] = here[idx[e]]
                    filled += 1
        for a in range(k):
            here[partners[a]] = -1
        batch = np.empty(((k + 63) // 64, 2), np.int64)
        for b in range(batch.shape[0]):
            batch[b, 0], batch[b, 1] = 64 * b, min(64 * b + 64, k)
        total, inverse, farthest = np.zeros(k, np.int64), np.zeros(k), np.zeros(k, np.int64)
        distances(inner_ptr, inner, batch, np.zeros(k, np.int64), np.full(k, k), total, inverse, farthest)
        out[i] = inverse.sum() / (k * (k - 1))


@njit(cache=True, nogil=True)
def core_numbers(ptr, idx):
    """Peel off the place with fewest partners left, again and again (Batagelj and Zaversnik)."""
    n = ptr.size - 1
    left = np.empty(n, np.int64)
    for v in range(n):
        left[v] = ptr[v + 1] - ptr[v]
    start = np.zeros(n + 1, np.int64)  # where the places with d partners left begin in `order`
    for v in range(n):
        start[min(left[v] + 1, n)] += 1
    for d in range(n):
        start[d + 1] += start[d]
    order, at, cursor = np.empty(n, np.int64), np.empty(n, np.int64), start.copy()
    for v in range(n):
        at[v] = cursor[left[v]]
        order[at[v]] = v
        cursor[left[v]] += 1
    for k in range(n):
        v = order[k]
        for e in range(ptr[v], ptr[v + 1]):
            u = idx[e]
            if left[u] > left[v]:  # swap it with the first of its kind, which then begins one later
                d = left[u]
                other = order[start[d]]
                order[at[u]], order[start[d]] = other, u
                at[other], at[u] = at[u], start[d]
                start[d] += 1
                left[u] = d - 1
    return left


@njit(cache=True, nogil=True)
def _down(heap, at, left, slot, size):
    item = heap[slot]
    while True:
        below = 2 * slot + 1
        if below >= size:
            break
        if below + 1 < size and left[heap[below + 1]] < left[heap[below]]:
            below += 1
        if left[heap[below]] >= left[item]:
            break
        heap[slot] = heap[below]
        at[heap[slot]] = slot
        slot = below
    heap[slot] = item
    at[item] = slot


@njit(cache=True, nogil=True)
def _up(heap, at, left, slot):
    item = heap[slot]
    while slot > 0:
        above = (slot - 1) >> 1
        if left[heap[above]] <= left[item]:
            break
        heap[slot] = heap[above]
        at[heap[slot]] = slot
        slot = above
    heap[slot] = item
    at[item] = slot


@njit(cache=True, nogil=True)
def s_cores(ptr, idx, weight, left):
    """Peel off the place with the smallest strength left, again and again; `left` are the strengths, and is spent."""
    n = ptr.size - 1
    out = np.zeros(n)
    heap, at = np.arange(n), np.arange(n)
    size = n
    for slot in range(n // 2 - 1, -1, -1):
        _down(heap, at, left, slot, size)
    level = 0.0
    while size > 0:
        v = heap[0]
        level = max(level, left[v])
        out[v] = level
        size -= 1
        heap[0] = heap[size]
        at[heap[0]] = 0
        at[v] = -1
        if size > 0:
            _down(heap, at, left, 0, size)
        for e in range(ptr[v], ptr[v + 1]):
            u = idx[e]
            if at[u] >= 0:
                left[u] -= weight[e]
                _up(heap, at, left, at[u])
    return out
