"""Linear relations between printed columns: found in spite of misprints, judged by what rounding permits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize

from innovation_graph.errors import ScoringError

__all__ = ["Relation", "relate"]

_Array = NDArray[np.float64]
_STARTS = 100
_KEPT_STARTS = 5
_STEPS = 50
_SLACK = 1e-9
_NEAR = 3.0


@dataclass(frozen=True, eq=False)
class Relation:
    """A printed parent as a linear function of its printed children.

    Parameters
    ----------
    parent : str
        Code of the node.
    intercept : float
        Constant of the relation.
    coefficients : pandas.Series
        One a child.
    low, high : pandas.Series
        Ends of what rounding permits for each coefficient, by child; NaN if no coefficients suit all places kept.
    residuals : pandas.Series
        Printed minus implied, for every place whose parent and children are printed.
    permitted : float
        Largest residual that rounding of parent and children can make, given the coefficients.
    fits : pandas.Series of bool
        Whether each place is among those that one set of coefficients suits within rounding.
    """

    parent: str
    intercept: float
    coefficients: pd.Series
    low: pd.Series
    high: pd.Series
    residuals: pd.Series
    permitted: float
    fits: pd.Series

    def implied(self, children: pd.DataFrame) -> pd.Series:
        """Return what the children say the parent is; NaN where a child is missing."""
        value: pd.Series = self.intercept + children[list(self.coefficients.index)] @ self.coefficients
        return value


def relate(parent: pd.Series, children: pd.DataFrame, half: float, *, seed: int = 0) -> Relation:
    r"""Find the linear relation that most places follow, and who does not.

    Start: least trimmed squares, the smallest sum over the better half of the squared residuals, which up to
    half of the places may spoil, in the parent or in a child. Then, until nothing changes: keep the places with
    :math:`|e| \le h (1 + \sum_k |b_k|)`, all that rounding by h can do, and fit them by least squares. A set of
    places fits if there is :math:`(a, b \ge 0)` such that true values within h of what is printed exist at each:
    :math:`P - h \le a + \sum_k b_k (x_k + h)` and :math:`a + \sum_k b_k (x_k - h) \le P + h`. Places just
    beyond the bound, the nearest first, are taken in again as long as this linear programme has a solution; its
    ends are those of each coefficient.

    Parameters
    ----------
    parent : pandas.Series
        Printed scores of the node.
    children : pandas.DataFrame
        Printed scores of its children, same places; rows with a missing value play no part.
    half : float
        Half a unit of the last printed digit.
    seed : int
        Of the draws that the trimmed fit starts from.

    Returns
    -------
    Relation
        With residuals of all places that have parent and children.

    Raises
    ------
    ScoringError
        If there are too few places, or one child is a linear function of the others.
    """
    table = children.assign(_parent=parent.reindex(children.index)).dropna()
    y = table.pop("_parent").to_numpy(dtype=np.float64)
    x = np.column_stack([np.ones(len(table)), table.to_numpy(dtype=np.float64)])
    n, p = x.shape
    if n < p + 2:
        raise ScoringError(f"{parent.name}: {n} places with parent and children are too few for {p} coefficients")
    spread = x.std(axis=0)
    spread[0] = 1.0
    if np.linalg.matrix_rank((x - x.mean(axis=0) * (np.arange(p) > 0)) / np.where(spread > 0, spread, 1.0)) < p:
        raise ScoringError(f"{parent.name}: the children {list(children.columns)} do not vary freely; leave some out")
    found = _settled(x, y, _trimmed(x, y, seed), half)
    kept = _taken_in(x, y, found, half)
    found = np.linalg.lstsq(x[kept], y[kept])[0]
    residuals = y - x @ found
    permitted = half * (1 + float(np.abs(found[1:]).sum()))
    low, high = _ends(x, y, kept, half)
    names = table.columns
    return Relation(
        str(parent.name),
        float(found[0]),
        pd.Series(found[1:], index=names),
        pd.Series(low, index=names),
        pd.Series(high, index=names),
        pd.Series(residuals, index=table.index, name=parent.name),
        permitted,
        pd.Series(kept, index=table.index, name="fits"),
    )


def _trimmed(x: _Array, y: _Array, seed: int) -> _Array:
    """Return coefficients of least trimmed squares (Rousseeuw and Van Driessen 2006, without nesting)."""
    n, p = x.shape
    half = (n + p + 1) // 2
    rng = np.random.default_rng(seed)
    draws = np.stack([rng.choice(n, p, replace=False) for _ in range(_STARTS)])
    starts = np.linalg.pinv(x[draws]) @ y[draws][..., None]
    tried = sorted(
        (_concentrated(x, y, start[:, 0], half, steps=2) for start in starts), key=lambda found: (found[0], *found[1])
    )
    best = [_concentrated(x, y, found, half, steps=_STEPS) for _, found in tried[:_KEPT_STARTS]]
    return min(best, key=lambda found: found[0])[1]


def _concentrated(x: _Array, y: _Array, start: _Array, half: int, *, steps: int) -> tuple[float, _Array]:
    found, before = start, np.inf
    total = np.inf
    for _ in range(steps):
        nearest = np.argsort(np.abs(y - x @ found), kind="stable")[:half]
        found = np.asarray(np.linalg.lstsq(x[nearest], y[nearest])[0], dtype=np.float64)
        total = float(((y[nearest] - x[nearest] @ found) ** 2).sum())
        if total >= before:
            break
        before = total
    return total, found


def _settled(x: _Array, y: _Array, found: _Array, half: float) -> _Array:
    kept = np.zeros(len(y), dtype=bool)
    for _ in range(_STEPS):
        now = np.abs(y - x @ found) <= half * (1 + np.abs(found[1:]).sum()) + _SLACK
        if (now == kept).all() or now.sum() < x.shape[1] + 1:
            break
        kept = now
        found = np.linalg.lstsq(x[kept], y[kept])[0]
    return found


def _taken_in(x: _Array, y: _Array, found: _Array, half: float) -> NDArray[np.bool_]:
    off, permitted = np.abs(y - x @ found), half * (1 + float(np.abs(found[1:]).sum()))
    kept = off <= permitted + _SLACK
    near = np.flatnonzero(~kept & (off <= _NEAR * permitted))
    for row in near[np.argsort(off[near], kind="stable")]:
        kept[row] = True
        if not _programme(x, y, kept, half, np.zeros(x.shape[1])).success:
            kept[row] = False
    return kept


def _ends(x: _Array, y: _Array, kept: NDArray[np.bool_], half: float) -> tuple[_Array, _Array]:
    ends = np.full((2, x.shape[1] - 1), np.nan)
    for child in range(1, x.shape[1]):
        for row, sign in enumerate((1.0, -1.0)):
            solved = _programme(x, y, kept, half, sign * (np.arange(x.shape[1]) == child))
            if solved.success:
                ends[row, child - 1] = sign * solved.fun
    return ends[0], ends[1]


def _programme(x: _Array, y: _Array, kept: NDArray[np.bool_], half: float, cost: _Array) -> Any:
    move = half * (np.arange(x.shape[1]) > 0)
    upper = np.vstack([x[kept] - move, -(x[kept] + move)])
    limit = np.concatenate([y[kept] + half, half - y[kept]]) + _SLACK
    bounds = [(None, None)] + [(0, None)] * (x.shape[1] - 1)
    return optimize.linprog(cost, A_ub=upper, b_ub=limit, bounds=bounds, method="highs")
