"""Null model: whether two places share more works, or fewer, than chance would give them."""

import math
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph._work_totals import joint_works, located_works
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.incidence import Incidence, IncidenceStream
from innovation_graph.network import Network
from innovation_graph.projection import project

__all__ = ["hypergeometric"]

_AMONG = {"located": located_works, "linking": joint_works}
_MOST_PAIRS = 20_000_000  # some 6,300 places; a table of that many rows takes about 2 GB
_AT_ONCE = 1 << 18  # pairs whose tails are summed together, so that their arrays stay in the cache
_LARGEST = 2**53  # up to here a float64 counts exactly
_NOTHING = 1e-17  # share of a sum that no float64 can hold
_RESTS = np.array([0.0] + [math.lgamma(n + 1) - n * math.log(n) + n for n in range(1, 16)])


def hypergeometric(
    network: Network | Incidence | IncidenceStream,
    *,
    among: Literal["located", "linking"] = "located",
    totals: pd.Series | None = None,
    world: float | None = None,
    under: bool = True,
    alpha: float = 0.05,
) -> pd.DataFrame:
    r"""Test every pair of places against works that fall on each of them at random.

    If one place has :math:`n_i` and another :math:`n_j` of N works, each drawn by itself, the works X they have in
    common follow the hypergeometric distribution, with mean :math:`n_i n_j / N` and

    .. math:: P(X = x) = \binom{n_i}{x} \binom{N - n_i}{n_j - x} \Big/ \binom{N}{n_j}

    `p_over` is :math:`P(X \ge c)`, `p_under` is :math:`P(X \le c)` for c works in common, both
    exact (0 below 1e-308).
    A pair that shares nothing is a pair like any other: only so can a missing tie show.

    Which works count as N decides what is asked. Never all works of the world: those without a place of the set could
    not have been in common, and each of them would make all ties look stronger.

    - `"located"`: all works with a place of the set. Places that work alone come out as `"under"` with almost
      everybody; the ratio is that of `similarity.affinity`.
    - `"linking"`: works with several places only, and :math:`n_i` counts those of place i. It asks with whom a place
      works where it works with others: the better null model for ties. The ratio is that of
      `similarity.collaboration_index`.

    Neither model knows how many places a work has. If most have one (`"located"`) or two (`"linking"`), fewer pairs
    meet than independent draws would give, and most ratios lie below 1: the sum of `works_in_common`
    over the sum of `expected` tells how far. "Over" is then a cautious verdict, "under" an easy one.

    Parameters
    ----------
    network : Network or Incidence or IncidenceStream
        Weights are works in common (whole counting). An incidence is projected so.
    among : {"located", "linking"}
        Which works are drawn from.
    totals : pandas.Series, optional
        :math:`n_i` by place id; default: `works` of the place table, less `solo_works` for `"linking"`.
    world : float, optional
        N; default: `works_located` or `works_linking` of the provenance.
    under : bool
        True: all pairs of places with works are rows, at most 20 million (some 6,300 places). False: only links
        are rows, without `p_under` and `q_under`; `q_over` is the same, as a pair that shares nothing has
        `p_over` = 1 and counts among the tests all the same.
    alpha : float
        Largest expected share of false discoveries among the ties found on each side, above 0 and below 0.5.

    Returns
    -------
    pandas.DataFrame
        One row a pair, in network order: `source`, `target`, `works_in_common`, `expected`, `ratio` (observed over
        expected), `p_over`, `p_under`, `q_over`, `q_under` (false discovery rates of Benjamini and Hochberg over all
        pairs of places with works, each side by itself) and `tie`: "over" where `q_over` <= `alpha`, "under" where
        `q_under` <= `alpha`, else "". Places whose works are 0 or unknown are in no pair. The pairs of a place
        depend on each other; the procedure is exact for independent tests, and cautious for counts.

    Raises
    ------
    NetworkError
        If totals are missing or cannot be those of these links, counts are no whole numbers, there are too many
        pairs, or `alpha` is out of range.
    UnknownNameError
        If `among` is unknown.

    References
    ----------
    Tumminello, Micciche, Lillo, Piilo and Mantegna (2011), Statistically validated networks in bipartite complex
    systems, PLoS ONE 6(3); Benjamini and Hochberg (1995), Controlling the false discovery rate, JRSS B 57.

    Examples
    --------
    >>> import pandas as pd
    >>> from innovation_graph import Network
    >>> places = pd.DataFrame({"works": [8.0, 6.0, 5.0]}, index=["beijing", "boston", "paris"])
    >>> network = Network.from_matrix([[0, 5, 0], [5, 0, 2], [0, 2, 0]], places)
    >>> found = hypergeometric(network, world=20, alpha=0.2)
    >>> found[["source", "target", "works_in_common", "expected", "p_over", "p_under", "tie"]].round(3)
        source  target  works_in_common  expected  p_over  p_under    tie
    0  beijing  boston                5       2.4   0.018    0.999   over
    1  beijing   paris                0       2.0   1.000    0.051  under
    2   boston   paris                2       1.5   0.483    0.869
    """
    if among not in _AMONG:
        raise UnknownNameError("set of works", among, _AMONG)
    if not 0 < alpha < 0.5:
        raise NetworkError(f"alpha must lie above 0 and below 0.5, not {alpha}")
    if not isinstance(network, Network):
        network = project(network, counting="whole")
    works, number = _AMONG[among](network, totals, world)
    _check_counts(network, works, number)
    able = works > 0  # false for NaN
    pairs = int(able.sum()) * (int(able.sum()) - 1) // 2
    if under and pairs > _MOST_PAIRS:
        raise NetworkError(f"{pairs:,} pairs of places are too many for a table; under=False tests the links only")
    first, second, common = _all_pairs(network, np.flatnonzero(able)) if under else network.pairs
    either = works[first] + works[second] - common
    if either.max(initial=0) > number:
        worst = int(either.argmax())
        raise NetworkError(
            f"{network.ids[first[worst]]} and {network.ids[second[worst]]} together have {either[worst]:,.0f} works, "
            f"but there are only {number:,.0f} in all; totals and world must come from the same works"
        )
    expected = (works[first] / number) * works[second]
    over, below = _tails(common, works[first], works[second], number)
    columns: dict[str, NDArray[np.float64]] = {"p_over": over}
    columns |= {"p_under": below} if under else {}
    columns |= {f"q_{name[2:]}": _false_discovery_rates(p, pairs) for name, p in columns.items()}
    tie = np.where(columns["q_over"] <= alpha, "over", "")
    if under:
        tie = np.where(columns["q_under"] <= alpha, "under", tie)
    table = {"source": network.ids[first], "target": network.ids[second], "works_in_common": common.astype(np.int64)}
    return pd.DataFrame(
        {**table, "expected": expected, "ratio": common / expected, **columns, "tie": pd.array(tie, dtype="str")}
    )


def _check_counts(network: Network, works: NDArray[np.float64], number: float) -> None:
    counts = np.concatenate([network.upper.data, works[~np.isnan(works)], [number]])
    odd = np.flatnonzero((counts != np.round(counts)) | (counts < 0) | (counts >= _LARGEST))
    if len(odd):
        raise NetworkError(f"works must be whole numbers, but one of the counts is {counts[odd[0]]}")


def _all_pairs(
    network: Network, able: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return all pairs of some places in network order and the works they have in common."""
    a, b = np.triu_indices(len(able), 1)
    rank = np.full(network.n_places, -1)
    rank[able] = np.arange(len(able))
    i, j, weight = network.pairs
    row, column = rank[i], rank[j]
    common = np.zeros(len(a))
    # Row r of the triangle starts after the r longer rows above it.
    common[row * (2 * len(able) - row - 1) // 2 + column - row - 1] = weight
    return able[a], able[b], common


def _false_discovery_rates(p: NDArray[np.float64], tests: int) -> NDArray[np.float64]:
    """Adjust p-values by Benjamini and Hochberg; tests beyond those given have p = 1."""
    order = np.argsort(p, kind="stable")
    raised = p[order] * (tests / np.arange(1, len(p) + 1))
    rates = np.empty(len(p))
    rates[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return rates


def _tails(
    common: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64], number: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return P(X >= common) and P(X <= common) for a and b of number works.

    scipy.stats.hypergeom is as exact, but factorises N for every pair: minutes for a million of them.
    """
    over, under = np.empty(len(common)), np.empty(len(common))
    for start in range(0, len(common), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        over[part], under[part] = _tails_at_once(common[part], a[part], b[part], number)
    return over, under


def _tails_at_once(
    common: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64], number: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    here = _probability(common, a, b, number)
    # The tail that leads away from the mean is summed, the other one is its complement: so no small number is a
    # difference of large ones. A step up takes from the two cells of works of one place only, a step down from the
    # cells of works of both and of neither.
    up = common * number > a * b
    both, neither = common, number - a - b + common
    takes = np.where(up, a - common, both), np.where(up, b - common, neither)
    gives = np.where(up, both, a - common), np.where(up, neither, b - common)
    away = np.minimum(here * _falling_sum(*takes, *gives), 1.0)
    back = np.clip(1.0 - away + here, 0.0, 1.0)
    return np.where(up, away, back), np.where(up, back, away)


def _falling_sum(
    from_a: NDArray[np.float64], from_b: NDArray[np.float64], to_a: NDArray[np.float64], to_b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum the probabilities from here on outwards, in units of the first one."""
    total = np.ones(len(from_a))
    left, term, step = np.arange(len(from_a)), np.ones(len(from_a)), 0
    while len(left):
        ratio = (from_a - step) * (from_b - step) / ((to_a + step + 1) * (to_b + step + 1))
        term = term * ratio
        total[left] += term
        # Ratios fall, so that what is still to come is less than a geometric series.
        more = term * ratio > _NOTHING * total[left] * (1 - ratio)
        left, term, step = left[more], term[more], step + 1
        from_a, from_b, to_a, to_b = from_a[more], from_b[more], to_a[more], to_b[more]
    return total


def _probability(
    common: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64], number: float
) -> NDArray[np.float64]:
    """Return P(X = common).

    With log n! = n log n - n + h(n) the large parts of the factorials cancel but for the divergence of the four
    cells from their expected numbers. Differences of log-gamma functions would lose eight digits for a million works.
    """
    gap = common - (a / number) * b
    cells = (common, gap), (a - common, -gap), (b - common, -gap), (number - a - b + common, gap)
    margins = _rest(a) + _rest(number - a) + _rest(b) + _rest(number - b) - _rest(np.array([number]))
    logarithm = margins
    for cell, off in cells:
        share = -off / np.maximum(cell, 1)
        # An empty cell adds nothing; elsewhere share is expected / observed - 1.
        logarithm = logarithm - _rest(cell) + cell * np.log1p(np.where(cell > 0, share, 0))
    return np.asarray(np.exp(np.minimum(logarithm, 0.0)))


def _rest(n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log n! - n log n + n: a table for small numbers, the series of Stirling for others."""
    large = np.maximum(n, len(_RESTS))
    square = 1 / (large * large)
    series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / large
    small = _RESTS[np.minimum(n, len(_RESTS) - 1).astype(np.intp)]
    return np.where(n < len(_RESTS), small, 0.5 * np.log(2 * math.pi * large) + series)
