"""Trend tests of many series at once: arrays with one row a time and one column a series."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

__all__ = ["benjamini_hochberg", "mann_kendall", "smallest_p", "theil_sen"]

_Floats = NDArray[np.float64]
_LEVELS = 1e12  # values that differ by less than this part of the largest one of their series are ties
_CELLS = 1 << 22


def mann_kendall(values: _Floats) -> tuple[_Floats, _Floats, _Floats, _Floats, _Floats]:
    """Return S, its variance corrected for ties, tau-b, z corrected for continuity and the two-sided p."""
    n, _ = values.shape
    largest = np.abs(values).max(axis=0, initial=0)
    levels = np.rint(np.divide(values, largest, out=np.zeros_like(values), where=largest > 0) * _LEVELS)
    s = np.zeros(values.shape[1])
    equal = np.zeros(values.shape)  # how many values of the series equal this one, itself included
    for time in range(n):
        s += np.sign(levels[time + 1 :] - levels[time]).sum(axis=0)
        equal += levels == levels[time]
    # A group of t ties takes t (t - 1) (2 t + 5) off the variance and t (t - 1) off the pairs: a t-th part for each.
    variance = (n * (n - 1) * (2 * n + 5) - ((equal - 1) * (2 * equal + 5)).sum(axis=0)) / 18
    pairs, untied = n * (n - 1) / 2, (n * (n - 1) - (equal - 1).sum(axis=0)) / 2
    varied = untied > 0
    tau = np.full(len(s), np.nan)
    tau[varied] = s[varied] / np.sqrt(pairs * untied[varied])
    z = np.zeros(len(s))
    z[varied] = (s[varied] - np.sign(s[varied])) / np.sqrt(variance[varied])
    return s, variance, tau, z, 2 * ndtr(-np.abs(z))


def smallest_p(n: int) -> float:
    """Return the p of a series of n values that only rises."""
    rising = np.arange(n, dtype=np.float64)[:, None]
    return float(mann_kendall(rising)[4][0])


def theil_sen(values: _Floats, axis: _Floats) -> _Floats:
    """Return the median of the slopes between all pairs of times; NA if there are fewer than two times."""
    i, j = np.triu_indices(len(axis), k=1)
    slopes = np.full(values.shape[1], np.nan)
    if not len(i):
        return slopes
    gap = axis[j] - axis[i]
    step = max(1, _CELLS // len(i))
    for start in range(0, len(slopes), step):
        series = np.ascontiguousarray(values[:, start : start + step].T)
        slopes[start : start + step] = np.median((series[:, j] - series[:, i]) / gap, axis=1, overwrite_input=True)
    return slopes


def benjamini_hochberg(p: _Floats) -> _Floats:
    """Return the false discovery rates at which each of several tests is significant."""
    if not len(p):
        return p
    from scipy.stats import false_discovery_control  # noqa: PLC0415 - slow to load

    return np.asarray(false_discovery_control(p))
