"""Compiled loops over shortest paths: breadth first where links count as steps, Dijkstra where they have lengths.

Places are numbered so that each component is a range `first[p]..last[p]`, the places with most partners first
(`_paths` sees to it): scans that stop early then stop soonest. Every function releases the interpreter lock and
adds to arrays of its own, so that sums do not depend on the number of threads.
"""

# Compiled functions take arrays of known types and return nothing that a reader of signatures would need.
# ruff: noqa: ANN001, ANN201, ANN202, PLR0912, PLR0915

import numpy as np
from numba import njit

__all__ = [
    "dependencies",
    "distances",
    "longer_than_any",
    "longer_than_detour",
    "renumbered",
    "routes",
    "weighted_dependencies",
    "weighted_distances",
]

_SAME = 1e-10  # lengths that differ by less, relatively, are the same: that much is the noise of adding them up


@njit(cache=True, nogil=True)
def renumbered(ptr, idx, values, order, rank, out_ptr, out_idx, out_values):
    """Put the places of a symmetric matrix into another order; the columns of each row rise."""
    cursor = np.empty(order.size, np.int64)
    out_ptr[0] = 0
    for v in range(order.size):
        cursor[v] = out_ptr[v]
        out_ptr[v + 1] = out_ptr[v] + ptr[order[v] + 1] - ptr[order[v]]
    for v in range(order.size):  # by columns, so that nothing need be sorted
        for e in range(ptr[order[v]], ptr[order[v] + 1]):
            w = rank[idx[e]]
            out_idx[cursor[w]] = v
            out_values[cursor[w]] = values[e]
            cursor[w] += 1


@njit(cache=True, nogil=True)
def _ones(word):
    """Count the bits that are set."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True, nogil=True)
def distances(ptr, idx, batch, part_first, part_last, total, inverse, farthest):
    """Add up, for each place, its distances in steps to the sources of some batches, and their inverses.

    A batch is up to 64 sources of one component, `batch[b] = (first, last)`, each of them one bit. As distance is
    symmetric, a place counts the bits that reach it; nothing is scanned once all bits are everywhere.
    """
    n = ptr.size - 1
    seen, front, fresh = np.zeros(n, np.uint64), np.zeros(n, np.uint64), np.zeros(n, np.uint64)
    queue, touched = np.empty(n, np.int64), np.empty(n, np.int64)
    one = np.uint64(1)
    nothing = np.uint64(0)
    for b in range(batch.shape[0]):
        source, stop = batch[b, 0], batch[b, 1]
        first, last = part_first[source], part_last[source]
        for v in range(first, last):
            seen[v] = front[v] = nothing
        full = nothing
        filled = 0
        effort = 0
        for v in range(source, stop):
            bit = one << np.uint64(v - source)
            full |= bit
            seen[v] = front[v] = bit
            queue[filled] = v
            filled += 1
            effort += ptr[v + 1] - ptr[v]
        missing = (last - first - 1) * filled
        entries = ptr[last] - ptr[first]
        depth = 0
        while missing > 0:
            depth += 1
            met = 0
            if 4 * effort < entries:
                for k in range(filled):
                    bits = front[queue[k]]
                    for e in range(ptr[queue[k]], ptr[queue[k] + 1]):
                        v = idx[e]
                        new = bits & ~seen[v]
                        if new != nothing:
                            if fresh[v] == nothing:
                                touched[met] = v
                                met += 1
                            fresh[v] |= new
            else:
                for v in range(first, last):
                    want = full & ~seen[v]
                    if want == nothing:
                        continue
                    got = nothing
                    for e in range(ptr[v], ptr[v + 1]):
                        got |= front[idx[e]]
                        if got & want == want:
                            break
                    got &= want
                    if got != nothing:
                        touched[met] = v
                        met += 1
                        fresh[v] = got
            for k in range(filled):
                front[queue[k]] = nothing
            effort = 0
            for k in range(met):
                v = touched[k]
                seen[v] |= fresh[v]
                front[v] = fresh[v]
                count = _ones(fresh[v])
                fresh[v] = nothing
                total[v] += depth * count
                inverse[v] += count / depth
                farthest[v] = max(farthest[v], depth)
                missing -= count
                effort += ptr[v + 1] - ptr[v]
            if met == 0:  # the rest lies in another component
                break
            filled = met
            queue, touched = touched, queue


@njit(cache=True, nogil=True)
def dependencies(ptr, idx, sources, part_first, part_last, bloc, out, squares):
    """Add to each place the paths through it from each source, as shares of the shortest ones (Brandes).

    Only targets of another bloc than the source count; without blocs (length 0) all do. Between two levels the
    links are scanned from the side that has fewer of them, and none once all places are reached.
    """
    n = ptr.size - 1
    level_of = np.full(n, -1, np.int32)
    paths, hand = np.zeros(n), np.zeros(n)  # `hand` holds what one level hands to the next, 0 elsewhere
    depends = np.zeros(n)
    queue = np.empty(n, np.int64)
    start = np.empty(n + 1, np.int64)
    effort = np.empty(n + 1, np.int64)
    for source in sources:
        first, last = part_first[source], part_last[source]
        for v in range(first, last):
            level_of[v] = -1
        level_of[source] = 0
        paths[source] = 1.0
        queue[0] = source
        filled = 1
        depth = 0
        start[0] = 0
        start[1] = 1
        effort[0] = ptr[source + 1] - ptr[source]
        rest = ptr[last] - ptr[first] - effort[0]
        while filled < last - first:
            if effort[depth] <= rest + (last - first):
                for k in range(start[depth], start[depth + 1]):
                    u = queue[k]
                    for e in range(ptr[u], ptr[u + 1]):
                        v = idx[e]
                        if level_of[v] < 0:
                            level_of[v] = depth + 1
                            paths[v] = paths[u]
                            queue[filled] = v
                            filled += 1
                        elif level_of[v] == depth + 1:
                            paths[v] += paths[u]
            else:
                for k in range(start[depth], start[depth + 1]):
                    hand[queue[k]] = paths[queue[k]]
                for v in range(first, last):
                    if level_of[v] < 0:
                        found = 0.0
                        for e in range(ptr[v], ptr[v + 1]):
                            found += hand[idx[e]]
                        if found > 0.0:
                            level_of[v] = depth + 1
                            paths[v] = found
                            queue[filled] = v
                            filled += 1
                for k in range(start[depth], start[depth + 1]):
                    hand[queue[k]] = 0.0
            depth += 1
            start[depth + 1] = filled
            effort[depth] = 0
            for k in range(start[depth], filled):
                effort[depth] += ptr[queue[k] + 1] - ptr[queue[k]]
            rest -= effort[depth]
        for k in range(start[depth], filled):
            depends[queue[k]] = 0.0
        for d in range(depth - 1, 0, -1):  # the source itself lies inside no path
            for k in range(start[d + 1], start[d + 2]):
                w = queue[k]
                counts = 1.0 if bloc.size == 0 or bloc[w] != bloc[source] else 0.0
                hand[w] = (counts + depends[w]) / paths[w]
            if effort[d] <= effort[d + 1]:
                for k in range(start[d], start[d + 1]):
                    v = queue[k]
                    found = 0.0
                    for e in range(ptr[v], ptr[v + 1]):
                        found += hand[idx[e]]
                    depends[v] = found * paths[v]
            else:
                for k in range(start[d], start[d + 1]):
                    depends[queue[k]] = 0.0
                for k in range(start[d + 1], start[d + 2]):
                    w = queue[k]
                    for e in range(ptr[w], ptr[w + 1]):
                        if level_of[idx[e]] == d:
                            depends[idx[e]] += hand[w]
                for k in range(start[d], start[d + 1]):
                    depends[queue[k]] *= paths[queue[k]]
            for k in range(start[d + 1], start[d + 2]):
                hand[queue[k]] = 0.0
            for k in range(start[d], start[d + 1]):
                out[queue[k]] += depends[queue[k]]
                squares[queue[k]] += depends[queue[k]] ** 2


@njit(cache=True, nogil=True)
def longer_than_detour(ptr, idx, length, first, last, longer):
    """Mark the links of some places that are longer than a path of two steps: no shortest path uses them.

    A link is looked at, and marked, from the end with more partners only.
    """
    n = ptr.size - 1
    away = np.full(n, np.inf)
    for i in range(first, last):
        for e in range(ptr[i], ptr[i + 1]):
            away[idx[e]] = length[e]
        degree = ptr[i + 1] - ptr[i]
        for e in range(ptr[i], ptr[i + 1]):
            j = idx[e]
            other = ptr[j + 1] - ptr[j]
            if other > degree or (other == degree and j > i):
                continue
            limit = length[e] * (1.0 - 10.0 * _SAME)
            for f in range(ptr[j], ptr[j + 1]):
                if away[idx[f]] + length[f] < limit:
                    longer[e] = True
                    break
        for e in range(ptr[i], ptr[i + 1]):
            away[idx[e]] = np.inf


@njit(cache=True, nogil=True)
def longer_than_any(ptr, idx, length, away, first, last, longer):
    """Mark the links that are longer than a way through one of some landmarks; `away` are distances to these."""
    for i in range(first, last):
        for e in range(ptr[i], ptr[i + 1]):
            j = idx[e]
            if j < i:
                limit = length[e] * (1.0 - 10.0 * _SAME)
                for k in range(away.shape[1]):
                    if away[i, k] + away[j, k] < limit:
                        longer[e] = True
                        break


@njit(cache=True, nogil=True)
def _sift_up(keys, items, at):
    key, item = keys[at], items[at]
    while at > 0:
        above = (at - 1) >> 1
        if keys[above] <= key:
            break
        keys[at], items[at] = keys[above], items[above]
        at = above
    keys[at], items[at] = key, item


@njit(cache=True, nogil=True)
def _sift_down(keys, items, size):
    """Move the last entry to the top, and down to where it belongs."""
    key, item = keys[size], items[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and keys[below + 1] < keys[below]:
            below += 1
        if keys[below] >= key:
            break
        keys[at], items[at] = keys[below], items[below]
        at = below
    keys[at], items[at] = key, item


@njit(cache=True, nogil=True)
def _dijkstra(ptr, idx, length, source, away, paths, settled, order, before, n_before, keys, items):
    """Settle the places of the component by rising distance; return how many. `before` lists the last steps."""
    away[source] = 0.0
    paths[source] = 1.0
    n_before[source] = 0
    keys[0], items[0] = 0.0, source
    size = 1
    filled = 0
    while size > 0:
        u = items[0]
        size -= 1
        _sift_down(keys, items, size)
        if settled[u]:
            continue
        settled[u] = True
        order[filled] = u
        filled += 1
        for e in range(ptr[u], ptr[u + 1]):
            v = idx[e]
            if settled[v]:
                continue
            reach = away[u] + length[e]
            margin = _SAME * reach
            if reach < away[v] - margin:
                away[v] = reach
                paths[v] = paths[u]
                before[ptr[v]] = u
                n_before[v] = 1
                keys[size], items[size] = reach, v
                _sift_up(keys, items, size)
                size += 1
            elif reach <= away[v] + margin:
                paths[v] += paths[u]
                before[ptr[v] + n_before[v]] = u
                n_before[v] += 1
    return filled


@njit(cache=True, nogil=True)
def routes(ptr, idx, length, sources, out):
    """Write the distances from each source into a column; infinite outside its component."""
    n = ptr.size - 1
    away, paths, settled = np.full(n, np.inf), np.zeros(n), np.zeros(n, np.bool_)
    order, before, n_before = np.empty(n, np.int64), np.empty(idx.size, np.int64), np.zeros(n, np.int64)
    keys, items = np.empty(idx.size + 2), np.empty(idx.size + 2, np.int64)
    for k in range(sources.size):
        _dijkstra(ptr, idx, length, sources[k], away, paths, settled, order, before, n_before, keys, items)
        out[:, k] = away
        away[:] = np.inf
        settled[:] = False


@njit(cache=True, nogil=True)
def weighted_dependencies(ptr, idx, length, sources, bloc, out, squares):
    """Do as `dependencies` does, for links that have lengths."""
    n = ptr.size - 1
    away, paths, settled = np.full(n, np.inf), np.zeros(n), np.zeros(n, np.bool_)
    order, before, n_before = np.empty(n, np.int64), np.empty(idx.size, np.int64), np.zeros(n, np.int64)
    keys, items = np.empty(idx.size + 2), np.empty(idx.size + 2, np.int64)
    depends = np.zeros(n)
    for source in sources:
        filled = _dijkstra(ptr, idx, length, source, away, paths, settled, order, before, n_before, keys, items)
        for k in range(filled - 1, 0, -1):
            w = order[k]
            counts = 1.0 if bloc.size == 0 or bloc[w] != bloc[source] else 0.0
            share = (counts + depends[w]) / paths[w]
            for e in range(ptr[w], ptr[w] + n_before[w]):
                depends[before[e]] += paths[before[e]] * share
            out[w] += depends[w]
            squares[w] += depends[w] ** 2
        for k in range(filled):
            v = order[k]
            away[v], settled[v], depends[v] = np.inf, False, 0.0


@njit(cache=True, nogil=True)
def weighted_distances(ptr, idx, length, sources, total, inverse, farthest):
    """Add up the distances of each source to the places of its component, and their inverses."""
    n = ptr.size - 1
    away, paths, settled = np.full(n, np.inf), np.zeros(n), np.zeros(n, np.bool_)
    order, before, n_before = np.empty(n, np.int64), np.empty(idx.size, np.int64), np.zeros(n, np.int64)
    keys, items = np.empty(idx.size + 2), np.empty(idx.size + 2, np.int64)
    for source in sources:
        filled = _dijkstra(ptr, idx, length, source, away, paths, settled, order, before, n_before, keys, items)
        for k in range(1, filled):
            total[source] += away[order[k]]
            inverse[source] += 1.0 / away[order[k]]
        farthest[source] = away[order[filled - 1]]
        for k in range(filled):
            v = order[k]
            away[v], settled[v] = np.inf, False
