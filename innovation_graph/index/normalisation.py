"""Normalisation: indicators of different units made comparable.

For an indicator x of direction s (1: more is better, -1: less is better), over the places that have a value:

==============  ==========================================================  ==================================
method          s = 1; for s = -1 the mirror image unless stated            range
==============  ==========================================================  ==================================
`z`             centre + spread s (x - mean) / sd                           mean centre, sd spread
`minmax`        low + (high - low) (x - min) / (max - min)                  low to high
`goalposts`     as min-max with two fixed values, cut at both ends          low to high
`percentile`    low + (high - low) (number of worse places) / (n - 1)       low to high
`rank`          number of places that are not better, itself included       1 to n
`best`          high x / max; s = -1: high min / x                          above 0 to high
`share`         high x / sum, x from 0 on; s = -1: the negative             0 to high, sum high
`target`        1 - (target - x) / (target - min), cut at 1, scaled; all    low to high
                high if the worst place has met the target
`none`          s x                                                         as given
==============  ==========================================================  ==================================

The mean and sd of `z` are over the places; sd divides by n, or with ddof = 1 by n - 1. What COINr and its like do
otherwise: they turn the sign of x first if s = -1, which makes `best` a different measure there; give ties in `rank`
the worst place's number; and leave `target` and `goalposts` uncut on request, which `minmax` with anchors does here.

With `anchors` (those of a base edition) `z` and `minmax` use fixed values instead of those of the table, so that
editions can be compared; what lies beyond the anchors then lies outside low and high. `share` takes the column
`total` of the anchors, such as the world total, if there is one: shares then need not sum to `high`. Missing stays
missing.

References
----------
OECD and JRC (2008), Handbook on constructing composite indicators, step 5.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index.spec import Normalisation

__all__ = ["METHODS", "anchors", "normalise", "takes_constant"]

_Array = NDArray[np.float64]
_ANCHORED = {"z": ("mean", "sd"), "minmax": ("minimum", "maximum")}
_TOTAL = "total"


def normalise(
    values: pd.DataFrame,
    how: Normalisation | str = "z",
    *,
    directions: Mapping[str, int] | None = None,
    goalposts: Mapping[str, tuple[float, float]] | None = None,
    targets: Mapping[str, float] | None = None,
    fixed: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Make the indicators of a table comparable.

    Parameters
    ----------
    values : pandas.DataFrame
        Place x indicator.
    how : Normalisation or str
        Method and its parameters, or the name of a method with its defaults.
    directions : mapping, optional
        1 or -1 by indicator; default 1.
    goalposts, targets : mapping, optional
        By indicator, for the methods of that name.
    fixed : pandas.DataFrame, optional
        What `anchors` gave for another table, indexed by indicator.

    Returns
    -------
    pandas.DataFrame
        Same shape and labels; more is always better.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    ScoringError
        If a parameter is out of its range, an indicator is constant, has fewer than two values, or values that the
        method cannot take, or a goalpost, target or anchor is missing; the message names indicator and place.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"papers": [1.0, 2.0, 3.0]}, index=["a", "b", "c"])
    >>> normalise(table, "minmax")["papers"].tolist()
    [0.0, 0.5, 1.0]
    """
    how = Normalisation(method=how) if isinstance(how, str) else how
    if how.method not in METHODS:
        raise UnknownNameError("normalisation", how.method, METHODS)
    if wrong := how.wrong():
        raise ScoringError(f"normalisation {how.method}: expected {wrong}")
    x = values.to_numpy(dtype=np.float64)
    sign = np.array([(directions or {}).get(name, 1) for name in values.columns], dtype=np.float64)
    extra: dict[str, Any] = {}
    if how.method == "goalposts":
        extra["posts"] = np.array([_given(goalposts, name, "goalposts") for name in values.columns]).reshape(-1, 2).T
    elif how.method == "target":
        extra["target"] = np.array([_given(targets, name, "target") for name in values.columns], dtype=np.float64)
    elif fixed is not None and how.method in _ANCHORED:
        extra["fixed"] = _fixed(fixed, values.columns, _ANCHORED[how.method])
    elif fixed is not None and how.method == "share" and _TOTAL in fixed.columns:
        extra["fixed"] = _totals(fixed, values)
    if not takes_constant(how, fixed):
        _refuse_constant(values, how.method)
    if how.method == "best":
        _refuse(values, x <= 0, "best", "values above 0")
    if how.method == "share":
        _refuse(values, x < 0, "share", "values from 0 on")
    out = METHODS[how.method](x, sign, how, **extra)
    return pd.DataFrame(out, index=values.index, columns=values.columns)


def takes_constant(how: Normalisation, fixed: pd.DataFrame | None = None) -> bool:
    """Tell whether an indicator may be the same everywhere, because no value of the table sets the scale."""
    anchored = fixed is not None and (how.method in _ANCHORED or (how.method == "share" and _TOTAL in fixed.columns))
    return how.method in ("none", "goalposts") or anchored


def anchors(values: pd.DataFrame, *, ddof: int = 0) -> pd.DataFrame:
    """Return what later editions can be normalised with.

    Parameters
    ----------
    values : pandas.DataFrame
        Place x indicator, of the base edition.
    ddof : int
        Degrees of freedom that the standard deviation loses.

    Returns
    -------
    pandas.DataFrame
        `mean`, `sd`, `minimum`, `maximum`, `total` by indicator.
    """
    columns = {"mean": values.mean(), "sd": values.std(ddof=ddof), "minimum": values.min(), "maximum": values.max()}
    return pd.DataFrame({**columns, _TOTAL: values.sum()}).rename_axis("indicator")


def _z(x: _Array, sign: _Array, how: Normalisation, fixed: _Array | None = None) -> _Array:
    if fixed is not None:
        mean, sd = fixed
    else:
        mean, sd = np.nanmean(x, axis=-2, keepdims=True), np.nanstd(x, axis=-2, ddof=how.ddof, keepdims=True)
    return np.asarray(how.centre + how.spread * sign * (x - mean) / sd)


def _between(x: _Array, low: _Array, high: _Array, sign: _Array, how: Normalisation) -> _Array:
    share = np.where(sign > 0, x - low, high - x) / (high - low)
    return how.low + (how.high - how.low) * share


def _minmax(x: _Array, sign: _Array, how: Normalisation, fixed: _Array | None = None) -> _Array:
    low, high = fixed if fixed is not None else (np.nanmin(x, -2, keepdims=True), np.nanmax(x, -2, keepdims=True))
    return _between(x, low, high, sign, how)


def _goalposts(x: _Array, sign: _Array, how: Normalisation, posts: _Array) -> _Array:
    return np.clip(_between(x, posts[0], posts[1], sign, how), how.low, how.high)


def _not_worse(x: _Array, sign: _Array) -> tuple[_Array, _Array]:
    """Return for each value how many places are worse, and how many there are."""
    ranks = stats.rankdata(sign * x, method="min", axis=-2, nan_policy="omit")
    return ranks - 1, np.sum(~np.isnan(x), axis=-2, keepdims=True)


def _percentile(x: _Array, sign: _Array, how: Normalisation) -> _Array:
    worse, n = _not_worse(x, sign)
    return how.low + (how.high - how.low) * worse / (n - 1)


def _rank(x: _Array, sign: _Array, how: Normalisation) -> _Array:  # noqa: ARG001 - all methods are called alike
    better, n = _not_worse(x, -sign)
    return np.asarray(n - better)


def _best(x: _Array, sign: _Array, how: Normalisation) -> _Array:
    share = np.where(sign > 0, x / np.nanmax(x, -2, keepdims=True), np.nanmin(x, -2, keepdims=True) / x)
    return np.asarray(how.high * share)


def _share(x: _Array, sign: _Array, how: Normalisation, fixed: _Array | None = None) -> _Array:
    total = np.nansum(x, -2, keepdims=True) if fixed is None else fixed
    return np.asarray(sign * how.high * x / total)


def _target(x: _Array, sign: _Array, how: Normalisation, target: _Array) -> _Array:
    worst = np.where(sign > 0, np.nanmin(x, -2, keepdims=True), np.nanmax(x, -2, keepdims=True))
    met = sign * (worst - target) >= 0
    share = np.where(met, 1.0 + 0 * x, 1 - (target - x) / np.where(met, 1.0, target - worst))
    return how.low + (how.high - how.low) * np.minimum(share, 1.0)


def _none(x: _Array, sign: _Array, how: Normalisation) -> _Array:  # noqa: ARG001 - all methods are called alike
    return sign * x


METHODS: dict[str, Callable[..., _Array]] = {
    "z": _z,
    "minmax": _minmax,
    "goalposts": _goalposts,
    "percentile": _percentile,
    "rank": _rank,
    "best": _best,
    "share": _share,
    "target": _target,
    "none": _none,
}
"""On arrays of shape (..., places, indicators), with signs of shape (indicators,)."""


def _given(table: Mapping[str, Any] | None, name: str, what: str) -> Any:
    value = (table or {}).get(name)
    if value is None:
        raise ScoringError(f"indicator {name}: the normalisation {what!r} needs its {what}; add it to the definition")
    if what == "goalposts" and not value[0] < value[1]:
        raise ScoringError(f"indicator {name}: goalposts must be (lower, upper), not {tuple(value)}")
    return value


def _fixed(table: pd.DataFrame, names: pd.Index, columns: tuple[str, str]) -> _Array:
    missing = [name for name in names if name not in table.index]
    if missing:
        raise ScoringError(f"no anchors for the indicators {', '.join(missing)}; make them with normalisation.anchors")
    first, second = (table.loc[names, column].to_numpy(dtype=np.float64) for column in columns)
    width = second if columns[0] == "mean" else second - first
    if not (width > 0).all():
        raise ScoringError(f"anchors of {', '.join(names[~(width > 0)])}: {columns[1]} leaves no width")
    return np.stack([first, second])


def _totals(table: pd.DataFrame, values: pd.DataFrame) -> _Array:
    missing = [name for name in values.columns if name not in table.index]
    if missing:
        raise ScoringError(f"the anchors have no {_TOTAL} of the indicators {', '.join(missing)}")
    totals = table.loc[values.columns, _TOTAL].to_numpy(dtype=np.float64)
    bad = ~(totals > 0)
    if bad.any():
        name = values.columns[np.flatnonzero(bad)[0]]
        raise ScoringError(f"indicator {name}: the {_TOTAL} must be above 0, got {totals[bad][0]:g}")
    return totals


def _refuse_constant(values: pd.DataFrame, method: str) -> None:
    for name, column in values.items():
        known = column.dropna()
        if len(known) < 2 or known.min() == known.max():
            got = "no value" if known.empty else f"{len(known)} values, all {known.iloc[0]:g}"
            raise ScoringError(f"indicator {name}: {method} needs two different values, got {got}; leave it out")


def _refuse(values: pd.DataFrame, bad: NDArray[np.bool_], method: str, needs: str) -> None:
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ScoringError(
            f"indicator {values.columns[column]}, place {values.index[row]}: {method} needs {needs}, "
            f"got {values.to_numpy(dtype=np.float64)[row, column]:g}"
        )
