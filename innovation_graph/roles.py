"""Roles: the position of a place between groups of places, be these communities, countries or any others.

Groups come as a `Partition`, as a Series of labels indexed by place id (in any order), or as the name
of a column of the place table, such as "country". Every place must have one.
"""

from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph import _paths
from innovation_graph.communities import Partition
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.network import Network

__all__ = ["Groups", "cartography", "gateway", "participation", "within_module_z"]

Groups: TypeAlias = Partition | pd.Series | str
"""What says which group each place belongs to."""

_HUB = 2.5  # Guimera and Amaral's borders, found by eye in unweighted networks
_NO_HUB = {"ultra-peripheral": 0.05, "peripheral": 0.62, "connector": 0.80, "kinless": np.inf}
_A_HUB = {"provincial hub": 0.30, "connector hub": 0.75, "kinless hub": np.inf}


def participation(network: Network, partition: Groups, *, weighted: bool = True) -> pd.Series:
    r"""Measure how evenly the links of a place are spread over the groups.

    .. math:: P_i = 1 - \sum_g (s_{ig} / s_i)^2

    with :math:`s_{ig}` the weight of the links of i to places of group g.

    Parameters
    ----------
    network : Network
        Any network.
    partition : Partition, pandas.Series or str
        Groups; see the module.
    weighted : bool
        True: weights are shared out. False: numbers of links, as Guimera and Amaral do.

    Returns
    -------
    pandas.Series
        0 (all in one group, be it the own one or another) to 1 - 1 / number of groups; NaN for isolates.

    Raises
    ------
    NetworkError
        If a place has no group.
    UnknownNameError
        If there is no such column.

    References
    ----------
    Guimera and Amaral (2005), Functional cartography of complex metabolic networks, Nature 433.

    Examples
    --------
    >>> import pandas as pd
    >>> from innovation_graph import Network
    >>> path = Network.from_matrix([[0, 3, 0], [3, 0, 1], [0, 1, 0]], ["rome", "paris", "boston"])
    >>> participation(path, pd.Series(["EU", "EU", "US"], path.ids)).tolist()
    [0.0, 0.375, 0.0]
    """
    to_groups = _to_groups(network, _codes(network, partition), weighted=weighted)
    total = to_groups.sum(axis=1)
    squares = to_groups.power(2).sum(axis=1)
    alone = total == 0
    values = 1 - squares / np.where(alone, 1, total) ** 2
    return _series(network, "participation", np.where(alone, np.nan, np.maximum(values, 0)))


def within_module_z(network: Network, partition: Groups, *, weighted: bool = True) -> pd.Series:
    """Score the strength of a place inside its own group against the other places of that group.

    The standard score: the strength inside less the mean of the group, over the standard deviation of the group (of the
    population: divided by the number of its places).

    Parameters
    ----------
    network : Network
        Any network.
    partition : Partition, pandas.Series or str
        Groups; see the module.
    weighted : bool
        True: weights are added up. False: links are counted, as Guimera and Amaral do.

    Returns
    -------
    pandas.Series
        Mean 0 in every group; 0 where all places of a group are alike, a single one too. An isolate
        has strength 0 and a score like any other place.

    Raises
    ------
    NetworkError
        If a place has no group.
    UnknownNameError
        If there is no such column.

    References
    ----------
    Guimera and Amaral (2005), Functional cartography of complex metabolic networks, Nature 433.
    """
    groups = _codes(network, partition)
    first, second, weight = network.pairs
    same = groups[first] == groups[second]
    add = weight[same] if weighted else np.ones(int(same.sum()))
    n = network.n_places
    inside = np.bincount(first[same], add, minlength=n) + np.bincount(second[same], add, minlength=n)
    by_group = pd.Series(inside).groupby(groups)
    off = inside - by_group.transform("mean").to_numpy()
    spread = np.sqrt(pd.Series(off**2).groupby(groups).transform("mean").to_numpy())
    # What is left of equal numbers after subtracting their mean is noise, not spread.
    alike = spread <= 1e-12 * by_group.transform("max").to_numpy()
    return _series(network, "within_module_z", np.where(alike, 0, off / np.where(alike, 1, spread)))


def cartography(network: Network, partition: Groups) -> pd.Series:
    """Name the role of each place by its links inside its group and across groups (Guimera and Amaral).

    ==================  ===================  ==================
    role                within_module_z      participation
    ==================  ===================  ==================
    ultra-peripheral    below 2.5            up to 0.05
    peripheral          below 2.5            up to 0.62
    connector           below 2.5            up to 0.80
    kinless             below 2.5            above 0.80
    provincial hub      2.5 and above        up to 0.30
    connector hub       2.5 and above        up to 0.75
    kinless hub         2.5 and above        above 0.75
    ==================  ===================  ==================

    To be read with caution: the borders were set by eye on metabolic networks, and links are counted,
    not weighed. With g groups participation cannot exceed 1 - 1 / g, so with up to four groups nothing is
    kinless, and in a dense network of few groups most places are connectors, whatever they do. In a
    group of n places no score exceeds the root of n - 1, so groups of up to seven have no hubs.

    Parameters
    ----------
    network : Network
        Any network.
    partition : Partition, pandas.Series or str
        Groups; see the module.

    Returns
    -------
    pandas.Series
        Names of roles; NA for isolates.

    Raises
    ------
    NetworkError
        If a place has no group.
    UnknownNameError
        If there is no such column.

    References
    ----------
    Guimera and Amaral (2005), Functional cartography of complex metabolic networks, Nature 433.
    """
    spread = participation(network, partition, weighted=False)
    hub = within_module_z(network, partition, weighted=False) >= _HUB
    names = np.where(hub, _named(spread, _A_HUB), _named(spread, _NO_HUB))
    return pd.Series(names, index=network.ids, name="role", dtype="str").mask(spread.isna())


def gateway(network: Network, groups: Groups, *, weighted: bool = False) -> pd.Series:
    """Count the shortest paths between places of different groups that pass through each place.

    Betweenness in which only pairs from two groups count: who the groups reach each other through. A
    path may pass through any group. A pair with several shortest paths gives each its share; each pair
    counts once. With every place a group of its own it is betweenness.

    Parameters
    ----------
    network : Network
        Any network.
    groups : Partition, pandas.Series or str
        Groups; see the module.
    weighted : bool
        False: a path is as long as its number of links. True: a link is as long as 1 / weight.

    Returns
    -------
    pandas.Series
        0 up to the number of pairs from two groups; 0 for isolates, and everywhere if there is one group.

    Raises
    ------
    NetworkError
        If a place has no group.
    UnknownNameError
        If there is no such column.

    References
    ----------
    Freeman (1977); Brandes (2008), On variants of shortest-path betweenness centrality and their
    generic computation; Flom, Friedman, Strauss and Neaigus (2004) count paths between two groups so.

    Examples
    --------
    >>> import pandas as pd
    >>> from innovation_graph import Network
    >>> star = Network.from_matrix([[0, 1, 1, 1], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]], list("abcd"))
    >>> gateway(star, pd.Series(["EU", "EU", "EU", "US"], star.ids)).tolist()
    [2.0, 0.0, 0.0, 0.0]
    """
    values = _paths.betweenness(network, weighted=weighted, blocs=_codes(network, groups))
    return _series(network, "gateway", values)


def _codes(network: Network, groups: Groups) -> NDArray[np.intp]:
    if isinstance(groups, str):
        if groups not in network.places:
            raise UnknownNameError("column of the place table", groups, network.places.columns)
        labels = network.places[groups]
    else:
        given = groups.labels if isinstance(groups, Partition) else groups
        if not given.index.is_unique:
            raise NetworkError(f"places with two groups: {list(given.index[given.index.duplicated()][:5])}")
        labels = given.reindex(network.ids)
    missing = network.ids[labels.isna().to_numpy()]
    if len(missing):
        raise NetworkError(
            f"{len(missing)} of {network.n_places} places have no group, the first is {missing[0]!r}: "
            "give it one, or leave it out with `Network.subset`"
        )
    return pd.factorize(labels)[0]


def _to_groups(network: Network, groups: NDArray[np.intp], *, weighted: bool) -> sparse.csr_array:
    n = network.n_places
    full = network.adjacency if weighted else network.adjacency.sign()
    shape = (n, int(groups.max(initial=-1)) + 1)
    return full @ sparse.csr_array((np.ones(n), groups, np.arange(n + 1)), shape=shape)


def _named(values: pd.Series, borders: dict[str, float]) -> NDArray[np.str_]:
    # Shares of whole numbers come out a rounding error off the border they lie on.
    at = np.searchsorted(list(borders.values()), values.to_numpy() - 1e-12)
    return np.array(list(borders))[np.minimum(at, len(borders) - 1)]


def _series(network: Network, name: str, values: NDArray[np.float64]) -> pd.Series:
    return pd.Series(values, index=network.ids, name=name)
