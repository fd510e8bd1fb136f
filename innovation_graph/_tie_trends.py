"""Which ties rise and fall over several times; the public door is `change`."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph import _trend_tests
from innovation_graph._over_time import axis_of, ties_of
from innovation_graph.errors import NetworkError, RecipeError
from innovation_graph.network import Network

__all__ = ["declining", "emerging", "mann_kendall", "trends"]

_Floats = NDArray[np.float64]


def mann_kendall(values: pd.DataFrame) -> pd.DataFrame:
    r"""Test many series for a trend that rises or falls, whatever its shape.

    With :math:`S = \sum_{i<j} \mathrm{sign}(x_j - x_i)` over the n times, and groups of t equal values,

    .. math:: \mathrm{Var}(S) = \frac{n (n - 1) (2 n + 5) - \sum t (t - 1) (2 t + 5)}{18}, \quad
              z = \frac{S - \mathrm{sign}(S)}{\sqrt{\mathrm{Var}(S)}}

    and p from the normal distribution, two-sided; good from about eight times on, and careful below. The test
    takes the times for independent: overlapping windows, and series that swing slowly, make p too small.

    Parameters
    ----------
    values : pandas.DataFrame
        One row a series, one column a time, in the order of the times. Values that differ by less than 1e-12 of
        the largest one of their series are equal.

    Returns
    -------
    pandas.DataFrame
        Same index: `s`, its `variance`, Kendall's `tau` (tau-b, -1 to 1; NA if the series is constant), `z`,
        `p_value` (1 if constant), `q_value`, the p-value adjusted for the number of series by Benjamini and
        Hochberg, and `slope`, the median of the slopes between all pairs of times (Theil and Sen) in units a year:
        0 where most pairs of values are equal, as in a series that is mostly 0.

    Raises
    ------
    NetworkError
        If a value is missing or not finite, or the order is not that of the times.

    References
    ----------
    Mann (1945), Nonparametric tests against trend; Kendall (1975), Rank correlation methods; Sen (1968), Estimates
    of the regression coefficient based on Kendall's tau; Benjamini and Hochberg (1995).

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame([[1, 2, 3, 5], [2, 2, 2, 2]], columns=["2018", "2019", "2020", "2022"])
    >>> mann_kendall(table)[["s", "tau", "slope"]]
       s  tau  slope
    0  6  1.0    1.0
    1  0  NaN    0.0
    """
    axis = axis_of(values.columns)
    series = np.ascontiguousarray(values.to_numpy(dtype=np.float64).T)
    if not np.isfinite(series).all():
        row = int(np.flatnonzero(~np.isfinite(series).all(axis=0))[0])
        raise NetworkError(f"series {values.index[row]!r} has a value that is missing or not finite; put 0 for no tie")
    return _tests(series, axis).set_index(values.index)


def trends(networks: Mapping[str, Network], *, relative: bool = False) -> pd.DataFrame:
    """Test every tie for a trend over the times.

    Parameters
    ----------
    networks : mapping of str to Network
        In the order of the times.
    relative : bool
        False: the weights are tested; in a network that grows most of them rise. True: their shares in the total
        weight of each time, so that only a tie that grows more than the whole rises; 0 at a time without ties.

    Returns
    -------
    pandas.DataFrame
        One row for each tie that ever was, in the order of the places: `source`, `target`, the columns of
        `mann_kendall`, and the tested values, one column a time. A tie that is absent weighs 0.

    Raises
    ------
    NetworkError
        If there is no network, or the order is not that of the times.

    See Also
    --------
    mann_kendall : The test, and what it takes for granted.
    """
    ties = ties_of(networks)
    values = ties.shares() if relative else ties.weight
    return pd.concat([ties.ends(), _tests(values, ties.axis), pd.DataFrame(values.T, columns=ties.times)], axis=1)


def emerging(
    networks: Mapping[str, Network],
    n: int | None = 50,
    *,
    recent: int | None = None,
    alpha: float | None = 0.05,
    minimum: float = 10,
) -> pd.DataFrame:
    r"""List the ties that grow more than the whole network, best first.

    A tie is emerging if its share in the total weight rises (Mann-Kendall test, q-value below `alpha` among all
    ties) and it weighs at least `minimum` a time in the recent times. With r, its mean weight in the recent times,
    and e, what r would be had it kept its share in the weight of the earlier times, the score is

    .. math:: \log_2 \frac{r + m}{e + m}

    where m is `minimum`: 1 means about twice as heavy as expected. The added m keeps ties that came from nothing
    in reach of the others, and light ones, whose ratios are mostly chance, from the top.

    Parameters
    ----------
    networks : mapping of str to Network
        In the order of the times, of equal length each.
    n : int or None
        Length of the list; None for all.
    recent : int, optional
        Number of recent times; default: the last third, rounded, at least one.
    alpha : float or None
        False discovery rate, 0 to 1. Four times or fewer can never pass 0.05, and of many ties hardly one does with
        fewer than about eight times; None lists any tie whose share rises, significant or not.
    minimum : float
        Weight a time, above 0. From a source that shows only ties above a limit take at least that limit: else
        ties that have just crossed it lead the list.

    Returns
    -------
    pandas.DataFrame
        `source`, `target`, `score`, mean weights a time `earlier`, `recent` and `expected` (e), `gain` (recent -
        expected), `since` (first time of the tie), and `tau`, `q_value` of the share. Equal scores stand in the
        order of the places.

    Raises
    ------
    NetworkError
        If there are fewer than two networks, the order is not that of the times, or there are too few times for
        any trend to be significant at `alpha`.
    RecipeError
        If a number is out of range.

    See Also
    --------
    declining : The contrary.
    """
    return _movers(networks, n, recent, alpha, minimum, sign=1)


def declining(
    networks: Mapping[str, Network],
    n: int | None = 50,
    *,
    recent: int | None = None,
    alpha: float | None = 0.05,
    minimum: float = 10,
) -> pd.DataFrame:
    """List the ties that fall behind the whole network, those that fall most first.

    The share of such a tie in the total weight falls, and it would weigh at least `minimum` a time in the recent
    times had it kept its share. It may still have gained weight.

    Parameters
    ----------
    networks : mapping of str to Network
        In the order of the times, of equal length each.
    n : int or None
        Length of the list; None for all.
    recent : int, optional
        As for `emerging`.
    alpha : float or None
        As for `emerging`.
    minimum : float
        As for `emerging`.

    Returns
    -------
    pandas.DataFrame
        The columns of `emerging`; the scores are negative, the lowest first.

    Raises
    ------
    NetworkError
        As for `emerging`.
    RecipeError
        As for `emerging`.

    See Also
    --------
    emerging : The contrary, and the score.
    """
    return _movers(networks, n, recent, alpha, minimum, sign=-1)


def _movers(
    networks: Mapping[str, Network],
    n: int | None,
    recent: int | None,
    alpha: float | None,
    minimum: float,
    *,
    sign: int,
) -> pd.DataFrame:
    ties = ties_of(networks, least=2)
    count = len(ties.axis)
    recent = max(1, round(count / 3)) if recent is None else recent
    if not 1 <= recent < count:
        raise RecipeError(f"recent must be a number of times from 1 to {count - 1}, not {recent}")
    if not 0 < minimum < np.inf:
        raise RecipeError(f"minimum must be a number above 0, not {minimum}")
    if n is not None and n < 0:
        raise RecipeError(f"n must be a number of ties from 0 on, not {n}")
    _check_alpha(alpha, count)
    tests = _tests(ties.shares(), ties.axis)
    total = ties.weight.sum(axis=1)
    old, new = ties.weight[:-recent], ties.weight[-recent:]
    share = old.sum(axis=0) / max(total[:-recent].sum(), np.finfo(float).tiny)
    expected, now = share * total[-recent:].mean(), new.mean(axis=0)
    score = np.log2((now + minimum) / (expected + minimum))
    moves = (sign * tests["tau"].to_numpy() > 0) & (sign * score > 0) & ((now if sign > 0 else expected) >= minimum)
    if alpha is not None:
        moves &= tests["q_value"].to_numpy() < alpha
    table = ties.ends().assign(
        score=score,
        earlier=old.mean(axis=0),
        recent=now,
        expected=expected,
        gain=now - expected,
        since=np.array(ties.times, dtype="object")[(ties.weight > 0).argmax(axis=0)],
        tau=tests["tau"],
        q_value=tests["q_value"],
    )
    rows = np.flatnonzero(moves)
    order = rows[np.argsort(-sign * score[rows], kind="stable")]
    return table.iloc[order[:n]].reset_index(drop=True).astype({"since": "str"})


def _check_alpha(alpha: float | None, count: int) -> None:
    if alpha is None:
        return
    if not 0 < alpha <= 1:
        raise RecipeError(f"alpha must lie between 0 and 1, not {alpha}")
    least = _trend_tests.smallest_p(count)
    if least >= alpha:
        raise NetworkError(
            f"with {count} times no trend can be significant: the smallest p is {least:.2g}, alpha is {alpha:g}; "
            "take shorter periods, or alpha=None to list ties by their score alone"
        )


def _tests(values: _Floats, axis: _Floats) -> pd.DataFrame:
    s, variance, tau, z, p = _trend_tests.mann_kendall(values)
    return pd.DataFrame(
        {
            "s": s.astype(np.int64),
            "variance": variance,
            "tau": tau,
            "z": z,
            "p_value": p,
            "q_value": _trend_tests.benjamini_hochberg(p),
            "slope": _trend_tests.theil_sen(values, axis),
        }
    )
