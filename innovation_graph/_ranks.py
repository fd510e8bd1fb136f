"""Ranks of exact values: the arithmetic's last bits make no difference."""

from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

__all__ = ["rank"]

_TIE = 1e-12


def rank(values: pd.Series, *, ties: Literal["min", "max", "average", "dense"] = "min") -> pd.Series:
    """Rank values, the largest first; missing values have no rank.

    Parameters
    ----------
    values : pandas.Series
        Not rounded. Neighbours that differ by less than 1e-12 of the largest absolute value are equal.
    ties : {"min", "max", "average", "dense"}
        What equal values get: the best of their ranks, the worst, the mean, or the best without gaps after.

    Returns
    -------
    pandas.Series
        From 1 on: integers (`Int64`, missing where the value is), or floats for "average".
    """
    known = values.dropna()
    x = known.to_numpy(dtype=np.float64)
    order = np.argsort(-x, kind="stable")
    falling = x[order]
    starts = np.r_[True, -np.diff(falling) > _TIE * np.abs(x).max(initial=0)] if len(x) else np.zeros(0, dtype=bool)
    level = np.empty(len(x), dtype=np.int64)
    level[order] = np.cumsum(starts)
    found: pd.Series = pd.Series(stats.rankdata(level, method=ties), index=known.index, name=values.name)
    found = found.reindex(values.index)
    return found if ties == "average" else found.astype("Int64")
