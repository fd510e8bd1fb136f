"""Weights of the children of a node: given, equal, or read from the data.

====================  ==================================================================================
method                weight of child j
====================  ==================================================================================
`given`               as in the definition
`equal`               1
`pca`                 sum over the principal components with eigenvalue above 1 (at least the first) of
                      its share of the variance x squared loading, scaled to sum 1 in the component; not rotated
`entropy`             1 - e_j, e_j the Shannon entropy of the min-max values over the places by log n
`critic`              sd_j x sum_k (1 - r_jk) of the min-max values
`correlation`         such that the squared correlations with the node are in the ratio of the given weights, or as
                      near to it (least squares of the shares) as weights from 0 on can bring them
`bod`                 benefit of the doubt: each place gets the weights that suit it best, so that no place
                      passes 1 with them; one linear programme a place
====================  ==================================================================================

All but `bod` are scaled to sum 1. Places with a missing child play no part in what is read from the data.

References
----------
OECD and JRC (2008), Handbook on constructing composite indicators, step 6; Zeleny (1982) for entropy; Diakoulaki,
Mavrotas and Papayannakis (1995), Determining objective weights in multiple criteria problems: the CRITIC method;
Becker, Saisana, Paruolo and Vandecasteele (2017), Weights and importance in composite indicators; Cherchye, Moesen,
Rogge and Van Puyenbroeck (2007), An introduction to "benefit of the doubt" composite indicators.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize

from innovation_graph.errors import ScoringError, UnknownNameError

__all__ = ["METHODS", "benefit_of_the_doubt", "weigh"]

_Array = NDArray[np.float64]
_NOTHING = 1e-12


def weigh(values: pd.DataFrame, method: str = "equal", given: Sequence[float] | pd.Series | None = None) -> pd.Series:
    """Return one weight for each child, sum 1.

    Parameters
    ----------
    values : pandas.DataFrame
        Place x child, normalised.
    method : str
        A name of `METHODS`; weights by place are made by `benefit_of_the_doubt`.
    given : sequence of float or pandas.Series, optional
        Weights of the definition, in order or by name; default: equal.

    Returns
    -------
    pandas.Series
        Weights from 0 to 1 by child.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    ScoringError
        If there are too few complete places, or a child is constant where the method divides by its spread.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": [0.0, 1.0, 0.0], "b": [0.0, 1.0, 0.5], "c": [1.0, 0.0, 0.3]})
    >>> weigh(table, "given", [3, 2, 5]).tolist()
    [0.3, 0.2, 0.5]
    """
    if method not in METHODS:
        raise UnknownNameError("weighting", method, METHODS)
    if isinstance(given, pd.Series):
        given = given.reindex(values.columns)
    start = np.ones(values.shape[1]) if given is None else np.asarray(given, dtype=np.float64)
    if start.shape != (values.shape[1],) or not (start > 0).all() or not np.isfinite(start).all():
        raise ScoringError(f"expected {values.shape[1]} weights above 0, got {start.tolist()}")
    if values.shape[1] == 1:
        return pd.Series([1.0], index=values.columns)
    x = values.dropna().to_numpy(dtype=np.float64)
    if method not in ("given", "equal"):
        if len(x) < 3:
            raise ScoringError(f"weighting {method} needs 3 places without a missing value, got {len(x)}")
        flat = np.ptp(x, axis=0) == 0
        if flat.any():
            raise ScoringError(
                f"{values.columns[np.flatnonzero(flat)[0]]} is constant: {method} finds no weight for it"
            )
    weights = METHODS[method](x, start / start.sum())
    if not weights.sum() > _NOTHING:
        raise ScoringError(f"weighting {method}: {', '.join(map(str, values.columns))} all correlate fully; use equal")
    return pd.Series(weights / weights.sum(), index=values.columns)


def benefit_of_the_doubt(values: pd.DataFrame, *, least_share: float = 0.0) -> tuple[pd.Series, pd.DataFrame]:
    r"""Score every place with the weights that suit it best.

    .. math:: \max_w \sum_j w_j x_{ij} \quad \text{such that} \quad \sum_j w_j x_{kj} \le 1 \;\forall k, \; w \ge 0

    Parameters
    ----------
    values : pandas.DataFrame
        Place x child, from 0 on, without missing values.
    least_share : float
        Every child makes up at least this share of the score, 0 to 1 / children; 0 lets a place ignore
        what it is bad at.

    Returns
    -------
    scores : pandas.Series
        0 to 1; 1 for places that nobody beats under their own weights, 0 for those that have 0 in all.
    weights : pandas.DataFrame
        Place x child; other weights may give the same score.

    Raises
    ------
    ScoringError
        If a value is missing or negative (the message names place and child), or the shares cannot be kept.
    """
    if not 0 <= least_share * values.shape[1] <= 1 + _NOTHING:
        raise ScoringError(
            f"least_share must be from 0 to 1 / {values.shape[1]}, the number of children, got {least_share:g}"
        )
    x = values.to_numpy(dtype=np.float64)
    bad = np.argwhere(~(x >= 0))
    if len(bad):
        row, column = bad[0]
        raise ScoringError(
            f"{values.columns[column]}, place {values.index[row]}: benefit of the doubt needs values from 0 on, "
            f"got {x[row, column]:g}; impute what is missing and normalise with min-max"
        )
    scores, weights = np.zeros(len(x)), np.zeros_like(x)
    for row, own in enumerate(x):
        shares = least_share * own - np.diag(own)  # least_share x score - w_j x_j <= 0
        found = optimize.linprog(
            -own,
            A_ub=np.vstack([x, shares if least_share else np.empty((0, x.shape[1]))]),
            b_ub=np.concatenate([np.ones(len(x)), np.zeros(x.shape[1] if least_share else 0)]),
            method="highs",
        )
        if not found.success:
            raise ScoringError(f"benefit of the doubt of {values.index[row]}: {found.message}")
        scores[row], weights[row] = 0.0 - found.fun, found.x
    return pd.Series(scores, index=values.index), pd.DataFrame(weights, index=values.index, columns=values.columns)


def _given(x: _Array, given: _Array) -> _Array:  # noqa: ARG001 - all methods are called alike
    return given


def _equal(x: _Array, given: _Array) -> _Array:  # noqa: ARG001 - all methods are called alike
    return np.ones(len(given))


def _pca(x: _Array, given: _Array) -> _Array:  # noqa: ARG001 - all methods are called alike
    values, vectors = np.linalg.eigh(np.corrcoef(x, rowvar=False))
    kept = (values > 1) | (np.arange(len(values)) == len(values) - 1)
    return np.asarray((vectors[:, kept] ** 2) @ values[kept])


def _unit(x: _Array) -> _Array:
    return np.asarray((x - x.min(axis=0)) / np.ptp(x, axis=0))


def _entropy(x: _Array, given: _Array) -> _Array:  # noqa: ARG001 - all methods are called alike
    share = _unit(x) / _unit(x).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(share > 0, share * np.log(share), 0.0)
    return np.asarray(1 + terms.sum(axis=0) / np.log(len(x)))


def _critic(x: _Array, given: _Array) -> _Array:  # noqa: ARG001 - all methods are called alike
    return np.asarray(_unit(x).std(axis=0, ddof=1) * (1 - np.corrcoef(x, rowvar=False)).sum(axis=1))


def _correlation(x: _Array, given: _Array) -> _Array:
    z = (x - x.mean(axis=0)) / x.std(axis=0)

    def gap(raw: _Array) -> float:
        weights = np.exp(raw - raw.max())
        node = z @ (weights / weights.sum())
        squared = np.array([np.corrcoef(column, node)[0, 1] ** 2 for column in z.T])
        return float(((squared / squared.sum() - given) ** 2).sum())

    # The start is the answer if the children do not correlate; a simplex needs no derivative.
    found = optimize.minimize(
        gap, np.log(given), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14, "maxiter": 20_000}
    )
    return np.asarray(np.exp(found.x - found.x.max()))


METHODS: dict[str, Callable[[_Array, _Array], _Array]] = {
    "given": _given,
    "equal": _equal,
    "pca": _pca,
    "entropy": _entropy,
    "critic": _critic,
    "correlation": _correlation,
}
"""On arrays of shape (places, children), with given weights that sum to 1."""
