"""Mixing: whether places of a kind work with one another more than chance would have it."""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph import centrality
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.network import Network

__all__ = ["assortativity", "attribute_assortativity"]

_EQUAL = 1e-12  # a variance below this, in squares of the largest value, is rounding


def assortativity(
    network: Network, values: pd.Series | Literal["degree", "strength"] = "degree", *, weighted: bool = False
) -> float:
    """Correlate a number of the places over the two ends of links: whether the large work with the large.

    Pearson's correlation; each link counts once in either direction.

    Parameters
    ----------
    network : Network
        Any network.
    values : pandas.Series or {"degree", "strength"}
        One number a place, indexed by place id, in any order, or one of these measures. Links of a
        place whose value is NA are left out.
    weighted : bool
        Whether a link counts as much as its weight, or each as 1.

    Returns
    -------
    float
        -1 to 1; NaN without links, and if all ends have the same value.

    Raises
    ------
    UnknownNameError
        If there is no such measure.
    NetworkError
        If a place has no entry in the values, or several.

    References
    ----------
    Newman (2003), Mixing patterns in networks, Physical Review E 67; weighted: Leung and Chau (2007).
    """
    if isinstance(values, str):
        of = {"degree": centrality.degree, "strength": centrality.strength}
        if values not in of:
            raise UnknownNameError("measure", values, of)
        values = of[values](network)
    x = _aligned(values, network).to_numpy(dtype=np.float64, na_value=np.nan)
    first, second, share = _known_links(network, ~np.isnan(x), weighted=weighted)
    largest = max(np.abs(x[first]).max(initial=0), np.abs(x[second]).max(initial=0))
    if not largest:
        return np.nan
    # In units of the largest value, so that no square overflows or vanishes.
    a, b = x[first] / largest, x[second] / largest
    mean = share @ (a + b) / 2
    variance = share @ ((a - mean) ** 2 + (b - mean) ** 2) / 2
    if variance <= _EQUAL:
        return np.nan
    return float(share @ ((a - mean) * (b - mean)) / variance)


def attribute_assortativity(
    network: Network, attribute: pd.Series | str = "country", *, weighted: bool = False
) -> float:
    r"""Compare the links between places of the same group with what the groups' sizes would give.

    .. math:: r = \frac{\sum_c e_{cc} - \sum_c a_c^2}{1 - \sum_c a_c^2}

    with :math:`e_{cc}` the share of links inside group c and :math:`a_c` its share of link ends. 1: all
    links inside groups; 0: as many as by chance; below 0: fewer.

    Parameters
    ----------
    network : Network
        Any network.
    attribute : pandas.Series or str
        Group of each place, indexed by place id, in any order, or a column of the place table. Links of
        a place whose group is NA are left out.
    weighted : bool
        Whether a link counts as much as its weight, or each as 1.

    Returns
    -------
    float
        At least -1, at most 1; NaN without links, and if all ends are of one group.

    Raises
    ------
    UnknownNameError
        If there is no such column.
    NetworkError
        If a place has no entry in the attribute, or several.

    References
    ----------
    Newman (2003), Mixing patterns in networks, Physical Review E 67.
    """
    if isinstance(attribute, str):
        if attribute not in network.places:
            raise UnknownNameError("column of the place table", attribute, network.places.columns)
        attribute = network.places[attribute]
    code, groups = pd.factorize(_aligned(attribute, network))
    first, second, share = _known_links(network, code >= 0, weighted=weighted)
    if not len(share):
        return np.nan
    a, b = code[first], code[second]
    ends = (np.bincount(a, share, len(groups)) + np.bincount(b, share, len(groups))) / 2
    chance = (ends**2).sum()
    return float((share[a == b].sum() - chance) / (1 - chance)) if 1 - chance > _EQUAL else np.nan


def _known_links(
    network: Network, known: NDArray[np.bool_], *, weighted: bool
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Return the two ends of the links between known places, and the share of each among them."""
    first, second, weight = network.pairs
    there = known[first] & known[second]
    counts = weight[there] if weighted else np.ones(int(there.sum()))
    return first[there], second[there], counts / counts.sum()


def _aligned(values: pd.Series, network: Network) -> pd.Series:
    if values.index.has_duplicates:
        raise NetworkError(f"{values.index[values.index.duplicated()][0]!r} has several values")
    missing = network.ids.difference(values.index, sort=False)
    if len(missing):
        raise NetworkError(f"{len(missing)} places have no value, the first is {missing[0]!r}")
    return values.reindex(network.ids)
