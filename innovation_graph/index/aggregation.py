"""Aggregation: the children of a node become its value.

For values x with weights w that sum to 1:

===================  =========================================================  =================================
method               value                                                      takes
===================  =========================================================  =================================
`arithmetic`         sum w x                                                    any value; full compensation
`geometric`          exp sum w log x                                            above 0
`harmonic`           1 / sum (w / x)                                            above 0; least compensation
`power`              (sum w x^p)^(1/p)                                          0 and above (p < 0: above 0)
`mazziotta_pareto`   m - sd^2 / m, m and sd weighted                            mean above 0; punishes imbalance
`owa`                sum v_j x_(j), x_(1) the largest; w plays no part          any value
`copeland`           (wins - losses) / (n - 1) over the other places            any value; -1 to 1
===================  =========================================================  =================================

A place beats another in `copeland` if the children in which it is better weigh more than those in which it
is worse; ties count half on both sides.

One rule for what is missing: a value needs children with at least a share `availability` of the weight; the
weights of those that are there are scaled up to 1. With `count` the share is that of the number of children, as COINr
has it (its default is an availability of 0). With `owa` the ordered weights are stretched over them.

References
----------
OECD and JRC (2008), Handbook on constructing composite indicators, step 7; Mazziotta and Pareto (2013), Methods for
constructing composite indices; Yager (1988), On ordered weighted averaging aggregation operators; Munda and
Nardo (2009), Noncompensatory/nonlinear composite indicators for ranking countries.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index.spec import Aggregation

__all__ = ["METHODS", "POSITIVE", "aggregate", "combine", "needs_positive"]

_Array = NDArray[np.float64]
_SLACK = 1e-12

POSITIVE: tuple[str, ...] = ("geometric", "harmonic")
"""Methods that take values above 0 only."""


def aggregate(
    values: pd.DataFrame, weights: Sequence[float] | pd.Series | None = None, how: Aggregation | str = "arithmetic"
) -> pd.Series:
    """Aggregate the columns of a table.

    Parameters
    ----------
    values : pandas.DataFrame
        Place x child.
    weights : sequence of float or pandas.Series, optional
        One a child, above 0, in order or by name; scaled to sum 1. Default: equal.
    how : Aggregation or str
        Method and its parameters, or the name of a method with its defaults.

    Returns
    -------
    pandas.Series
        One value a place; NaN where too little is available.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    ScoringError
        If weights or parameters do not fit, or a value is one that the method cannot take; the message names child
        and place.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": [1.0, 4.0], "b": [4.0, 4.0]}, index=["x", "y"])
    >>> aggregate(table, how="geometric").round(9).tolist()
    [2.0, 4.0]
    """
    how = Aggregation(method=how) if isinstance(how, str) else how
    if how.method not in METHODS:
        raise UnknownNameError("aggregation", how.method, METHODS)
    if wrong := how.wrong():
        raise ScoringError(f"aggregation {how.method}: expected {wrong}")
    w = _weights(values, weights)
    x = values.to_numpy(dtype=np.float64)
    above = needs_positive(how)
    bad = x <= 0 if above else (x < 0) & (how.method == "power")
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ScoringError(
            f"{values.columns[column]}, place {values.index[row]}: {how.method} needs values "
            f"{'above 0' if above else 'from 0 on'}, got {x[row, column]:g}; "
            "normalise to a range above 0 (min-max with low = 1, say) or aggregate arithmetically"
        )
    out = combine(x, w, how)
    if how.method == "mazziotta_pareto":
        mean = combine(x, w, Aggregation(availability=how.availability, count=how.count))
        if (mean <= 0).any():
            place = values.index[np.flatnonzero(mean <= 0)[0]]
            raise ScoringError(f"place {place}: mazziotta_pareto needs a mean above 0 over {list(values.columns)[:6]}")
    return pd.Series(out, index=values.index)


def needs_positive(how: Aggregation) -> bool:
    """Tell whether a method takes values above 0 only."""
    return how.method in POSITIVE or (how.method == "power" and how.power < 0)


def combine(x: _Array, weights: _Array, how: Aggregation) -> _Array:
    """Aggregate arrays along the last axis, by the rule for what is missing.

    Parameters
    ----------
    x : numpy.ndarray
        Shape (..., places, children).
    weights : numpy.ndarray
        Above 0, shape (children,), or (..., 1, children) for weights that differ between tables.
    how : Aggregation
        Method and its parameters.

    Returns
    -------
    numpy.ndarray
        Shape (..., places).
    """
    there = ~np.isnan(x)
    present = weights * there
    total = present.sum(axis=-1, keepdims=True)
    share = there.mean(axis=-1) if how.count else total[..., 0] / weights.sum(axis=-1)
    enough = (share >= how.availability - _SLACK) & (total[..., 0] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        out = METHODS[how.method](x, present / total, how)
    return np.where(enough, out, np.nan)


def _sum(w: _Array, x: _Array) -> _Array:
    return np.asarray(np.where(w > 0, w * x, 0.0).sum(axis=-1))


def _arithmetic(x: _Array, w: _Array, how: Aggregation) -> _Array:  # noqa: ARG001 - all methods are called alike
    return _sum(w, x)


def _geometric(x: _Array, w: _Array, how: Aggregation) -> _Array:  # noqa: ARG001 - all methods are called alike
    return np.exp(_sum(w, np.log(x)))


def _harmonic(x: _Array, w: _Array, how: Aggregation) -> _Array:  # noqa: ARG001 - all methods are called alike
    return 1 / _sum(w, 1 / x)


def _power(x: _Array, w: _Array, how: Aggregation) -> _Array:
    return np.asarray(_sum(w, x**how.power) ** (1 / how.power))


def _mazziotta_pareto(x: _Array, w: _Array, how: Aggregation) -> _Array:  # noqa: ARG001 - all methods are called alike
    mean = _sum(w, x)
    return np.where(mean > 0, mean - _sum(w, (x - mean[..., None]) ** 2) / mean, np.nan)


def _owa(x: _Array, w: _Array, how: Aggregation) -> _Array:  # noqa: ARG001 - all methods are called alike
    ordered = -np.sort(-x, axis=-1)  # missing values come last
    n = np.sum(~np.isnan(x), axis=-1, keepdims=True)
    v = np.concatenate([[0.0], np.cumsum(how.owa or np.ones(x.shape[-1]))])
    grid = np.linspace(0, 1, len(v))
    place = np.arange(x.shape[-1])
    ends = [np.interp(np.minimum((place + step) / n, 1.0), grid, v / v[-1]) for step in (0, 1)]
    return _sum(ends[1] - ends[0], ordered)


def _copeland(x: _Array, w: _Array, how: Aggregation) -> _Array:  # noqa: ARG001 - all methods are called alike
    lead = np.zeros((*x.shape[:-1], x.shape[-2]))
    for child in range(x.shape[-1]):
        column, weight = x[..., child], np.maximum(w[..., child], 0)
        difference = column[..., :, None] - column[..., None, :]
        largest = np.nanmax(np.abs(column), axis=-1, keepdims=True, initial=0)[..., None]
        difference = np.where(np.abs(difference) > _SLACK * largest, np.sign(difference), 0 * difference)
        lead += np.where(np.isnan(difference), 0.0, difference * np.minimum(weight[..., :, None], weight[..., None, :]))
    decided = np.where(np.abs(lead) > _SLACK, np.sign(lead), 0.0)
    return np.asarray(decided.sum(axis=-1) / max(1, x.shape[-2] - 1))


METHODS: dict[str, Callable[[_Array, _Array, Aggregation], _Array]] = {
    "arithmetic": _arithmetic,
    "geometric": _geometric,
    "harmonic": _harmonic,
    "power": _power,
    "mazziotta_pareto": _mazziotta_pareto,
    "owa": _owa,
    "copeland": _copeland,
}
"""On arrays of shape (..., places, children), with weights of the same shape that sum to 1, 0 where x is missing."""


def _weights(values: pd.DataFrame, weights: Sequence[float] | pd.Series | None) -> _Array:
    if weights is None:
        return np.ones(values.shape[1])
    if isinstance(weights, pd.Series):
        weights = weights.reindex(values.columns)
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != (values.shape[1],) or not (w > 0).all() or not np.isfinite(w).all():
        raise ScoringError(
            f"expected {values.shape[1]} weights above 0, one for each of {list(values.columns)[:6]}, got {w.tolist()}"
        )
    return w
