"""Outlier treatment: indicators that a few places dominate.

An indicator is treated if both its skewness and its kurtosis (excess) are beyond their limits, in absolute value
and both adjusted for sample size (as spreadsheets compute them).

=================  =================================================================================
method             what is done
=================  =================================================================================
`none`             nothing
`winsorise`        on the side of the skew, the outermost 1, 2, ... `max_points` values are set to the
                   next one, until one of the two limits holds; if none suffices, `log`
`log`              log(x - min + (max - min) / 100): keeps order and direction, any sign of x;
                   a left-skewed indicator is mirrored before and after
`box_cox`          Box-Cox transformation of x - min + (max - min) / 100 by maximum likelihood, likewise
=================  =================================================================================

`winsorise` sets at most `max_points` values, on one side. COINr, whose defaults are these, sets tied values together,
so that it may set more, and looks for the side of the skew anew after each.

References
----------
Groeneveld and Meeden (1984); OECD and JRC (2008), Handbook on constructing composite indicators, step 3; Box and
Cox (1964), An analysis of transformations.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from innovation_graph.errors import UnknownNameError
from innovation_graph.index.spec import Treatment

__all__ = ["METHODS", "shape", "treat"]

METHODS: tuple[str, ...] = ("none", "winsorise", "log", "box_cox")
"""Names of the methods."""

_Array = NDArray[np.float64]


def shape(values: pd.DataFrame) -> pd.DataFrame:
    """Return skewness and excess kurtosis of every indicator, adjusted for sample size; NaN where undefined."""
    rows = {name: _moments(column.dropna().to_numpy(dtype=np.float64)) for name, column in values.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["skewness", "kurtosis"]).rename_axis("indicator")


def treat(values: pd.DataFrame, how: Treatment | str = "winsorise") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Treat the indicators that need it.

    Parameters
    ----------
    values : pandas.DataFrame
        Place x indicator; missing values stay missing.
    how : Treatment or str
        Method and its limits, or the name of a method with its defaults.

    Returns
    -------
    treated : pandas.DataFrame
        Same shape and labels.
    report : pandas.DataFrame
        By indicator: skewness and kurtosis before and after, what was done, how many points were set.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    """
    how = Treatment(method=how) if isinstance(how, str) else how
    if how.method not in METHODS:
        raise UnknownNameError("treatment", how.method, METHODS)
    out, rows = values.astype(np.float64), {}
    for name, column in values.items():
        known = column.notna().to_numpy()
        x = column.to_numpy(dtype=np.float64)[known]
        done, points, y = _treat(x, how)
        before, after = _moments(x), _moments(y)
        rows[name] = [*before, *after, done, points]
        if done != "none":
            filled = column.to_numpy(dtype=np.float64, copy=True)
            filled[known] = y
            out[name] = filled
    columns = ["skewness", "kurtosis", "skewness_after", "kurtosis_after", "treatment", "points"]
    return out, pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("indicator")


def _treat(x: _Array, how: Treatment) -> tuple[str, int, _Array]:
    if how.method == "none" or _fine(x, how):
        return "none", 0, x
    if how.method == "winsorise":
        for points in range(1, min(how.max_points, len(x) - 1) + 1):
            y = _winsorised(x, points)
            if _fine(y, how):
                return "winsorise", points, y
        return "log", 0, _log(x)
    return how.method, 0, _log(x) if how.method == "log" else _box_cox(x)


def _moments(x: _Array) -> tuple[float, float]:
    if len(x) < 4 or np.ptp(x) == 0:
        return np.nan, np.nan
    return float(stats.skew(x, bias=False)), float(stats.kurtosis(x, bias=False))


def _fine(x: _Array, how: Treatment) -> bool:
    skew, kurtosis = _moments(x)
    return not (abs(skew) > how.max_skew and abs(kurtosis) > how.max_kurtosis)


def _winsorised(x: _Array, points: int) -> _Array:
    order = np.sort(x)
    return np.asarray(np.minimum(x, order[-1 - points]) if _moments(x)[0] > 0 else np.maximum(x, order[points]))


def _shifted(x: _Array) -> tuple[_Array, float]:
    side = 1.0 if _moments(x)[0] >= 0 else -1.0
    y = side * x
    return y - y.min() + np.ptp(y) / 100, side


def _log(x: _Array) -> _Array:
    y, side = _shifted(x)
    return np.asarray(side * np.log(y))


def _box_cox(x: _Array) -> _Array:
    y, side = _shifted(x)
    found: Any = stats.boxcox(y)
    return np.asarray(side * found[0])
