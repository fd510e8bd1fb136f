"""The steps of scoring on many tables at once: arrays of shape (replicates, places, indicators or children).

Every function does what its namesake of one table does, for all replicates together; the place of values that are
missing is the same in all of them. What cannot be scored is told by masks, not raised.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from innovation_graph.index import aggregation, normalisation
from innovation_graph.index.spec import Aggregation, Imputation, Normalisation, Rescaling, Treatment

__all__ = ["METHODS", "aggregate", "constant", "fill", "normalise", "rank", "rescale", "treat"]

METHODS: dict[str, tuple[str, ...]] = {
    "imputation": ("none", "mean", "median", "group_mean", "group_median"),
    "treatment": ("none", "winsorise", "log", "box_cox"),
    "normalisation": ("z", "minmax", "goalposts", "percentile", "rank", "best", "share", "target", "none"),
    "weighting": ("given", "equal"),
    "aggregation": ("arithmetic", "geometric", "harmonic", "power", "mazziotta_pareto", "owa", "copeland"),
}
"""What is done here; any other method is left to `scoring.score`."""

_TIE = 1e-12

_Floats = NDArray[np.float64]
_Flags = NDArray[np.bool_]


def fill(x: _Floats, how: Imputation, groups: NDArray[np.object_] | None) -> _Floats:
    """Fill what is missing; all methods but "nearest", which looks at all indicators at once."""
    holes = np.isnan(x[0]).any(axis=0)
    if how.method == "none" or not holes.any():
        return x
    statistic = np.nanmean if how.method.endswith("mean") else np.nanmedian
    x = x.copy()
    for column in np.flatnonzero(holes):
        given = x[:, :, column]
        missing = np.isnan(given[0])
        filled = given.copy()
        filled[:, missing] = statistic(given, axis=1)[:, None]
        for group in set(groups[missing]) if how.method.startswith("group") and groups is not None else ():
            own = groups == group
            if not missing[own].all():
                filled[:, missing & own] = statistic(given[:, own], axis=1)[:, None]
        x[:, :, column] = filled
    return x


def treat(x: _Floats, how: Treatment) -> _Floats:
    """Treat the indicators that need it, replicate by replicate."""
    if how.method == "none":
        return x
    out = x.copy()
    patterns, which = np.unique(~np.isnan(x[0]).T, axis=0, return_inverse=True)
    for number, known in enumerate(patterns):
        own = np.flatnonzero(which.ravel() == number)
        values = np.ascontiguousarray(np.swapaxes(x[:, known][:, :, own], 1, 2)).reshape(-1, int(known.sum()))
        skew, rough = _shape(values, how)
        if rough.any():
            values[rough] = _treated(values[rough], skew[rough], how)
            back = np.swapaxes(values.reshape(len(x), len(own), -1), 1, 2)
            out[np.ix_(np.arange(len(x)), known, own)] = back
    return out


def constant(x: _Floats) -> _Flags:
    """Tell which columns of which replicate have no two different values, shape (replicates, columns)."""
    high, low = np.fmax.reduce(x, axis=-2), np.fmin.reduce(x, axis=-2)
    return np.asarray(~(high > low))


def normalise(x: _Floats, sign: _Floats, how: Normalisation, extra: dict[str, _Floats]) -> tuple[_Floats, _Flags, str]:
    """Make indicators comparable; also tell which replicates cannot be, by indicator, and why."""
    bad: _Flags = np.zeros((len(x), x.shape[-1]), dtype=np.bool_)
    why = f"constant, and normalisation {how.method} needs two different values"
    if how.method not in ("none", "goalposts") and "fixed" not in extra:
        bad = constant(x)
    if how.method == "best" and not bad.any():
        bad, why = np.any(x <= 0, axis=-2), "not above 0 everywhere, which normalisation best needs"
    if how.method == "share" and not bad.any():
        bad, why = np.any(x < 0, axis=-2), "below 0 somewhere, where normalisation share needs values from 0 on"
    with np.errstate(divide="ignore", invalid="ignore"):
        if how.method == "percentile":
            worse, n = _worse(x, sign)
            return how.low + (how.high - how.low) * worse / (n - 1), bad, why
        if how.method == "rank":
            better, n = _worse(x, -sign)
            return np.asarray(n - better), bad, why
        return normalisation.METHODS[how.method](x, sign, how, **extra), bad, why


def aggregate(x: _Floats, weights: _Floats, how: Aggregation) -> tuple[_Floats, _Flags]:
    """Aggregate children, weights of shape (replicates, 1, children); also tell which replicates cannot be."""
    if aggregation.needs_positive(how):
        bad = (x <= 0).any(axis=(-2, -1))
    elif how.method == "power":
        bad = (x < 0).any(axis=(-2, -1))
    else:
        bad = np.zeros(len(x), dtype=np.bool_)
    if how.method in ("arithmetic", "geometric") and not np.isnan(x).any():
        with np.errstate(divide="ignore", invalid="ignore"):
            y = x if how.method == "arithmetic" else np.log(x)
            out = (y * weights).sum(axis=-1)
        return (out if how.method == "arithmetic" else np.exp(out)), np.broadcast_to(bad, len(out))
    if how.method == "copeland":
        x = np.broadcast_to(x, (max(len(x), len(weights)), *x.shape[1:]))
    out = aggregation.combine(x, weights, how)
    if how.method == "mazziotta_pareto":
        mean = aggregation.combine(x, weights, Aggregation(availability=how.availability, count=how.count))
        bad = (mean <= 0).any(axis=-1)
    return out, np.broadcast_to(bad, len(out))


def rescale(scores: _Floats, how: Rescaling) -> _Floats:
    """Map the scores of each replicate by min-max onto a range, shape (replicates, places)."""
    low, high = (reduced.reduce(scores, axis=-1, keepdims=True) for reduced in (np.fmin, np.fmax))
    span = high - low
    with np.errstate(divide="ignore", invalid="ignore"):
        mapped = how.low + (how.high - how.low) * (scores - low) / span
    return np.where((span == 0) & ~np.isnan(scores), how.high, mapped)


def rank(scores: _Floats, ties: str) -> _Floats:
    """Rank the places of each replicate, the largest score first; NaN where a score is missing."""
    missing = np.isnan(scores)
    order = np.argsort(-scores, axis=-1, kind="stable")
    falling = np.take_along_axis(scores, order, axis=-1)
    slack = _TIE * np.max(np.where(missing, 0.0, np.abs(scores)), axis=-1, keepdims=True, initial=0)
    # A missing score, which stands behind the others, is a level of its own.
    starts = np.ones(scores.shape, dtype=np.bool_)
    starts[:, 1:] = ~(-np.diff(falling, axis=-1) <= slack)
    if ties == "dense":
        level = np.cumsum(starts, axis=-1).astype(np.float64)
    else:
        place = np.arange(scores.shape[-1])
        first = np.maximum.accumulate(np.where(starts, place, 0), axis=-1) + 1
        ends = np.ones_like(starts)
        ends[:, :-1] = starts[:, 1:]
        last = np.minimum.accumulate(np.where(ends, place, len(place))[:, ::-1], axis=-1)[:, ::-1] + 1
        level = {"min": first, "max": last, "average": (first + last) / 2}[ties].astype(np.float64)
    out = np.empty_like(scores)
    np.put_along_axis(out, order, level, axis=-1)
    return np.where(missing, np.nan, out)


def _worse(x: _Floats, sign: _Floats) -> tuple[_Floats, _Floats]:
    """Return for each value how many places are worse, and how many there are."""
    turned = np.ascontiguousarray(np.swapaxes(sign * x, -1, -2))
    order = np.argsort(turned, axis=-1)
    rising = np.take_along_axis(turned, order, axis=-1)
    starts = np.zeros(turned.shape, dtype=np.int64)
    starts[..., 1:] = np.where(rising[..., 1:] > rising[..., :-1], np.arange(1, turned.shape[-1]), 0)
    worse = np.empty_like(turned)
    np.put_along_axis(worse, order, np.maximum.accumulate(starts, axis=-1).astype(np.float64), axis=-1)
    missing = np.isnan(turned)
    if missing.any():
        worse[missing] = np.nan
    n = np.sum(~missing, axis=-1).astype(np.float64)[..., None, :]
    return np.swapaxes(worse, -1, -2), n


def _shape(values: _Floats, how: Treatment) -> tuple[_Floats, _Flags]:
    """Return the skewness of each row, and whether the row needs treatment."""
    n = values.shape[-1]
    if n < 4:
        return np.full(len(values), np.nan), np.zeros(len(values), dtype=np.bool_)
    centred = values - values.mean(axis=-1, keepdims=True)
    squared = centred**2
    m2 = squared.mean(axis=-1)
    # The sums of the adjusted moments, without a second pass for each; a constant row has none.
    with np.errstate(divide="ignore", invalid="ignore"):
        noise = np.finfo(np.float64).eps * values.mean(axis=-1)
        flat = (np.ptp(values, axis=-1) == 0) | (m2 <= noise**2)
        skew = np.sqrt((n - 1.0) * n) / (n - 2.0) * (squared * centred).mean(axis=-1) / m2**1.5
        excess = (squared**2).mean(axis=-1) / m2**2
        kurtosis = 1.0 / (n - 2) / (n - 3) * ((n**2 - 1.0) * excess - 3 * (n - 1) ** 2.0)
    skew = np.where(flat, np.nan, skew)
    return skew, ~flat & (np.abs(skew) > how.max_skew) & (np.abs(kurtosis) > how.max_kurtosis)


def _treated(values: _Floats, skew: _Floats, how: Treatment) -> _Floats:
    out = np.empty_like(values)
    left = np.arange(len(values))
    if how.method == "winsorise":
        rising = np.sort(values, axis=-1)
        for points in range(1, min(how.max_points, values.shape[-1] - 1) + 1):
            x = values[left]
            top, bottom = rising[left, -1 - points, None], rising[left, points, None]
            cut = np.where(skew[left, None] > 0, np.minimum(x, top), np.maximum(x, bottom))
            fine = ~_shape(cut, how)[1]
            out[left[fine]] = cut[fine]
            left = left[~fine]
            if not len(left):
                return out
    side = np.where(skew[left] >= 0, 1.0, -1.0)[:, None]
    y = side * values[left]
    y = y - y.min(axis=-1, keepdims=True) + np.ptp(y, axis=-1, keepdims=True) / 100
    mapped = np.stack([stats.boxcox(row)[0] for row in y]) if how.method == "box_cox" else np.log(y)
    out[left] = side * mapped
    return out
