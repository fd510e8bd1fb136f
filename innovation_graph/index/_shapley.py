"""Shapley values: a change split among those that make it, so that the parts add up to it."""

from collections.abc import Callable
from math import comb

import numpy as np
from numpy.typing import NDArray

__all__ = ["EXACT", "shapley"]

EXACT = 10
"""Up to so many players all coalitions are valued; beyond, orders are drawn."""

_Array = NDArray[np.float64]
_Value = Callable[[NDArray[np.bool_]], _Array]


def shapley(value: _Value, players: int, *, orders: int = 64, seed: int = 0) -> _Array:
    r"""Return what each player adds, the mean over the orders in which they may come in.

    .. math:: \phi_j = \sum_{S \not\ni j} \frac{|S|! (n - |S| - 1)!}{n!} \left( v(S \cup j) - v(S) \right)

    Parameters
    ----------
    value : callable
        Takes coalitions, boolean of shape (m, players), and returns their values, shape (m, ...).
    players : int
        How many there are.
    orders : int
        Beyond `EXACT` players: how many orders are drawn, half of them the reverses of the others. Their sum is
        exact all the same.
    seed : int
        Of the draws.

    Returns
    -------
    numpy.ndarray
        Shape (players, ...); the sum over the players is the value of all less that of none.

    References
    ----------
    Shapley (1953), A value for n-person games; Castro, Gomez and Tejada (2009), Polynomial calculation of the
    Shapley value based on sampling.
    """
    return _exact(value, players) if players <= EXACT else _drawn(value, players, orders, seed)


def _exact(value: _Value, players: int) -> _Array:
    number = np.arange(1 << players)
    inside = (number[:, None] >> np.arange(players)) & 1 == 1
    size = inside.sum(axis=1)
    worth = value(inside)
    out = np.zeros((players, *worth.shape[1:]))
    for player in range(players):
        without = number[~inside[:, player]]
        weight = np.array([1 / (players * comb(players - 1, int(n))) for n in size[without]])
        out[player] = np.tensordot(weight, worth[without | 1 << player] - worth[without], axes=1)
    return out


def _drawn(value: _Value, players: int, orders: int, seed: int) -> _Array:
    rng = np.random.default_rng(seed)
    half = [rng.permutation(players) for _ in range(max(1, orders // 2))]
    drawn = np.array([order for first in half for order in (first, first[::-1])])
    entry = np.argsort(drawn, axis=1)  # when each player comes in
    inside = entry[:, None, :] < np.arange(players + 1)[None, :, None]
    worth = value(inside.reshape(-1, players))
    step = np.diff(worth.reshape(len(drawn), players + 1, *worth.shape[1:]), axis=1)
    own = step[np.arange(len(drawn))[:, None], entry]
    return np.asarray(own.mean(axis=0))
