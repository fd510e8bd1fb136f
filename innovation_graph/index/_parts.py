"""What indicators add to a node, on arrays: exactly where it is a weighted sum, else as Shapley values."""

import numpy as np
from numpy.typing import NDArray

from innovation_graph.errors import ScoringError
from innovation_graph.index._shapley import shapley
from innovation_graph.index._tree import Tree, leaves

__all__ = ["between", "linear", "split"]

_Array = NDArray[np.float64]


def linear(own: Tree, x: _Array, rows: NDArray[np.bool_], *, zero: bool) -> tuple[_Array, _Array]:
    """Return contributions (places, indicators) of a weighted sum and their base, against zero or the mean of rows."""
    factor, constant = own.scale(own.raw(x))
    parts = factor * own.shares(x) * np.nan_to_num(x)
    if zero:
        return parts, constant
    mean = parts[rows].mean(axis=0)
    return parts - mean, constant + mean.sum()


def split(own: Tree, x: _Array, rows: NDArray[np.bool_], known: NDArray[np.bool_], seed: int) -> tuple[_Array, _Array]:
    """Return Shapley values (places, indicators) against the mean profile of rows, and the score of that profile."""
    factor, constant = own.scale(own.raw(x))
    mean = x[rows].mean(axis=0)
    parts = np.zeros_like(x)
    for row in np.flatnonzero(known):
        parts[row] = factor * between(own, x, x[row], mean, seed)
    return parts, factor * own.raw_of_profiles(mean[None, :], x)[0] + constant


def between(own: Tree, table: _Array, there: _Array, start: _Array, seed: int) -> _Array:
    """Return Shapley values of the raw node between two profiles, the places of the table as they are."""
    inside = np.flatnonzero(np.isin(own.spec.codes, leaves(own.spec, own.node)))
    if np.isnan([there[inside], start[inside]]).any():
        raise ScoringError(f"{own.node} is no weighted sum, so missing values cannot be explained; impute them first")
    players = inside[there[inside] != start[inside]]

    def value(coalitions: NDArray[np.bool_]) -> _Array:
        profiles = np.repeat(start[None, :], len(coalitions), axis=0)
        profiles[:, players] = np.where(coalitions, there[players], start[players])
        return own.raw_of_profiles(profiles, table)

    out = np.zeros(len(there))
    if len(players):
        out[players] = shapley(value, len(players), seed=seed)
    if np.isnan(out).any():
        raise ScoringError(f"{own.node} has no value between the two profiles; normalise to a range further above 0")
    return out
