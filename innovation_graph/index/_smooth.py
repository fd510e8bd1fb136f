"""How much of one variable another explains along a curve: local linear regression."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["explained"]

_Floats = NDArray[np.float64]
_WIDTHS = np.geomspace(0.02, 4.0, 16)
_ALONE = 1e-9


def explained(x: _Floats, y: _Floats) -> float:
    """Return the share of the variance of y that a smooth curve over x explains, adjusted for the curve's freedom.

    At each point a line is fitted with Gaussian weights. Their width is one of sixteen from 0.02 to 4 standard
    deviations of x, or infinite (one line for all), that with the least generalised cross-validation.

    Parameters
    ----------
    x : numpy.ndarray
        At least two different values.
    y : numpy.ndarray
        Same length, not constant.

    Returns
    -------
    float
        1 - (residual variance) / (variance of y), both with their degrees of freedom; may be below 0.

    References
    ----------
    Fan and Gijbels (1996), Local polynomial modelling and its applications; Craven and Wahba (1979), Smoothing noisy
    data with spline functions.
    """
    n = len(x)
    unit = (x - x.mean()) / x.std()
    gap = unit[None, :] - unit[:, None]
    line = (1 + np.outer(unit, unit)) / n
    best, share = np.inf, float("nan")
    for hat in (line, *(_hat(gap, width) for width in _WIDTHS)):
        if hat is None:
            continue
        squares, trace = float(((y - hat @ y) ** 2).sum()), float(np.trace(hat))
        free = n - 2 * trace + float((hat**2).sum())
        if n - trace < 1e-6 or free < 1e-6:
            continue
        score = squares / (n - trace) ** 2
        if score < best:
            best, share = score, 1 - squares / free / float(y.var(ddof=1))
    return share


def _hat(gap: _Floats, width: float) -> _Floats | None:
    """Return the matrix that makes fitted from given values; none if a point stands alone at this width."""
    weight = np.exp(-((gap / width) ** 2) / 2)
    total, first, second = weight.sum(axis=1), (weight * gap).sum(axis=1), (weight * gap**2).sum(axis=1)
    determinant = total * second - first**2
    if (determinant <= _ALONE * total * second).any():
        return None
    return np.asarray(weight * (second[:, None] - first[:, None] * gap) / determinant[:, None])
