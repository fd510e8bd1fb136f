"""Shares: one array over another."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["ratio"]


def ratio(part: ArrayLike, whole: ArrayLike) -> NDArray[np.float64]:
    """Divide two arrays of one length; NaN where there is nothing to divide by (0 or NaN)."""
    part, whole = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    result = np.full(len(whole), np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result
