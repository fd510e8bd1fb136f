"""Compiled loops of the bootstrap: draw how often each set of places counts, and add up its links.

Thirty-two replicates go side by side, one a lane: a pair of places is looked up once for all of them, and its
counts, sixteen bits each, fill one cache line. The numbers drawn are those of `innovation_graph._resampling`: they
hang on the key of the replicate, the set and the digit, and on nothing else.
"""

# Compiled functions take arrays of known types and return nothing that a reader of signatures would need.
# ruff: noqa: ANN001, ANN201, ANN202
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np
from numba import njit

__all__ = ["LANES", "add_counts", "add_shares"]

LANES = 32

_WORDS = 8  # of four lanes each
_ROOM = 65_535  # largest count of a lane
_HEAVY = 1_024  # sets that may count more often are added one by one

# The generator splitmix64 (Steele, Lea and Flood 2014).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
# Unsigned numbers stay unsigned, and an unsigned index is not checked for counting from the end.
_0, _1, _11, _16, _27, _30, _31, _64 = (np.uint64(number) for number in (0, 1, 11, 16, 27, 30, 31, 64))
_LANE = np.uint64(_ROOM)


@njit(cache=True, nogil=True)
def _draw(works, row, keys, tables, times):
    """Write a Poisson number of mean `works` for each lane, one draw a binary digit."""
    low, start, cdf, guide_start, guide, shift = tables
    times[:] = 0
    digit = _0
    while works != _0:
        if works & _1:
            counter = (row * _64 + digit + _1) * _GOLDEN
            first, last, steps, bits = start[digit], start[digit + _1], guide_start[digit], shift[digit]
            for lane in range(LANES):
                z = keys[lane] + counter
                z = (z ^ (z >> _30)) * _FIRST
                z = (z ^ (z >> _27)) * _SECOND
                u = (z ^ (z >> _31)) >> _11
                at = first + guide[steps + (u >> bits)]
                while at < last and cdf[at] <= u:
                    at += _1
                times[lane] += np.int32(low[digit] + (at - first))
        works >>= _1
        digit += _1


@njit(cache=True, nogil=True)
def _unpack(packed, weight, out):
    for cell in range(packed.shape[0]):
        for word in range(_WORDS):
            four = packed[cell, word]
            if four != _0:
                for lane in range(4):
                    out[cell, 4 * word + lane] += weight * np.float64(four & _LANE)
                    four >>= _16
                packed[cell, word] = _0


@njit(cache=True, nogil=True)
def add_counts(begin, end, ptr, place, works, weight, base, keys, tables, packed, out):
    """Add the sets of rows begin to end - 1, all of one size, to `out`, shape (pairs above the diagonal, LANES).

    The pair p < q stands in line `base[p] + q` and weighs `weight`. `packed`, zeros of shape (pairs, 8), holds four
    counts a word for a while. All numbers but `place`, `weight` and `out` are unsigned.
    """
    times = np.zeros(LANES, dtype=np.int32)
    filled = np.zeros(LANES, dtype=np.int64)
    word = np.zeros(_WORDS, dtype=np.uint64)
    for row in range(begin, end):
        _draw(works[row], np.uint64(row), keys, tables, times)
        first, last = ptr[row], ptr[row + 1]
        most, full = 0, 0
        for lane in range(LANES):
            most = max(most, times[lane])
            full = max(full, filled[lane] + times[lane])
        if most > _HEAVY:
            for i in range(first, last):
                line = base[np.uint64(place[np.uint64(i)])]
                for j in range(i + 1, last):
                    cell = line + np.uint64(place[np.uint64(j)])
                    for lane in range(LANES):
                        out[cell, lane] += weight * times[lane]
            continue
        if full > _ROOM:
            _unpack(packed, weight, out)
            filled[:] = 0
        word[:] = 0
        for lane in range(LANES):
            filled[lane] += times[lane]
            word[lane >> 2] |= np.uint64(times[lane]) << np.uint64(16 * (lane & 3))
        # Eight words in registers: a loop over the array would read it again for every pair.
        a, b, c, d, e, f, g, h = word[0], word[1], word[2], word[3], word[4], word[5], word[6], word[7]
        for i in range(first, last):
            line = base[np.uint64(place[np.uint64(i)])]
            for j in range(i + 1, last):
                cell = line + np.uint64(place[np.uint64(j)])
                packed[cell, 0] += a
                packed[cell, 1] += b
                packed[cell, 2] += c
                packed[cell, 3] += d
                packed[cell, 4] += e
                packed[cell, 5] += f
                packed[cell, 6] += g
                packed[cell, 7] += h
    _unpack(packed, weight, out)


@njit(cache=True, nogil=True)
def add_shares(begin, end, ptr, place, share, works, base, keys, tables, out):
    """Add products of shares, where `add_counts` adds `weight`."""
    times = np.zeros(LANES, dtype=np.int32)
    for row in range(begin, end):
        _draw(works[row], np.uint64(row), keys, tables, times)
        first, last = ptr[row], ptr[row + 1]
        for i in range(first, last):
            line = base[np.uint64(place[np.uint64(i)])]
            for j in range(i + 1, last):
                cell = line + np.uint64(place[np.uint64(j)])
                product = share[np.uint64(i)] * share[np.uint64(j)]
                for lane in range(LANES):
                    out[cell, lane] += product * times[lane]
