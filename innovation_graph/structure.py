"""Structure of the position: holes between the partners of a place, how they hang together, cores, reach.

Every measure takes a network and returns a Series indexed by place id, in the order of the network.
Where a place has too few partners for a measure to mean anything, its value is NaN and not 0, which
on these scales would be a finding: an isolate with constraint 0 would pass for the freest broker of
all. None changes when all weights are scaled, except `s_core`.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph import _paths, _triads
from innovation_graph.network import Network

__all__ = [
    "MEASURES",
    "clustering",
    "constraint",
    "eccentricity",
    "effective_size",
    "efficiency",
    "hierarchy",
    "local_efficiency",
    "s_core",
    "weighted_clustering",
]


def constraint(network: Network) -> pd.Series:
    r"""Measure how far the links of a place lead back to the same partners (Burt).

    .. math:: c_i = \sum_{j} c_{ij}, \qquad c_{ij} = \Big(p_{ij} + \sum_{q} p_{iq} p_{qj}\Big)^2

    over the partners j of i, with the share :math:`p_{ij} = w_{ij} / s_i` of the strength of i that
    goes to j, and q other than i and j. A low value means that the partners have little to do with
    each other: the place stands between them.

    Parameters
    ----------
    network : Network
        Any network; weights count.

    Returns
    -------
    pandas.Series
        Above 0, up to 1 for one partner; a place with two or three partners who work together can
        exceed 1 (9/8 in a triangle). NaN for isolates, who have nobody to be constrained by.

    References
    ----------
    Burt (1992), Structural Holes; Burt (2004), Structural holes and good ideas.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> path = Network.from_matrix([[0, 1, 0], [1, 0, 1], [0, 1, 0]], ["left", "middle", "right"])
    >>> constraint(path).tolist()
    [1.0, 0.5, 1.0]
    """
    rows, parts = _constraint_parts(network)
    return _series(network, "constraint", _where(_degree(network) > 0, _row_sums(network, rows, parts)))


def hierarchy(network: Network) -> pd.Series:
    r"""Measure how far the constraint of a place comes from a single partner (Coleman-Theil disorder).

    .. math:: h_i = \frac{1}{k_i \ln k_i} \sum_j r_{ij} \ln r_{ij}, \qquad r_{ij} = c_{ij} k_i / c_i

    over the :math:`k_i` partners j, with :math:`c_{ij}` and :math:`c_i` as in `constraint`.

    Parameters
    ----------
    network : Network
        Any network; weights count.

    Returns
    -------
    pandas.Series
        0 (all partners constrain alike) to 1 (one does it all); 1 for one partner, by Burt's
        convention, as the formula is undefined there; NaN for isolates.

    References
    ----------
    Burt (1992), Structural Holes, p. 70.
    """
    rows, parts = _constraint_parts(network)
    degree = _degree(network)
    ratio = parts * (degree / _row_sums(network, rows, parts, empty=1.0))[rows]
    disorder = _row_sums(network, rows, ratio * np.log(ratio))
    values = _where(degree > 1, disorder / np.where(degree > 1, degree * np.log(np.maximum(degree, 2)), 1))
    values[degree == 1] = 1
    # Equal shares sum to 0 but for the noise of the logarithms, which may fall below it.
    return _series(network, "hierarchy", np.maximum(values, 0))


def effective_size(network: Network) -> pd.Series:
    r"""Count the partners of each place, less what they are redundant by (Burt).

    .. math:: e_i = \sum_j \Big(1 - \sum_q p_{iq} m_{jq}\Big)

    over the partners j of i and q other than i and j, with :math:`p_{iq} = w_{iq} / s_i` and
    :math:`m_{jq}` the weight of the link of j and q over that of the strongest link of j. With equal
    weights it is the number of partners less their mean number of links to each other (Borgatti).

    Parameters
    ----------
    network : Network
        Any network; weights count.

    Returns
    -------
    pandas.Series
        From 1 up to the number of partners; NaN for isolates, as in networkx.

    References
    ----------
    Burt (1992), Structural Holes; Borgatti (1997), Structural holes: unpacking Burt's redundancy measures.
    """
    return _series(network, "effective_size", _where(_degree(network) > 0, _effective(network)))


def efficiency(network: Network) -> pd.Series:
    """Divide the effective size by the number of partners.

    Parameters
    ----------
    network : Network
        Any network; weights count.

    Returns
    -------
    pandas.Series
        Above 0 to 1; NaN for isolates.

    References
    ----------
    Burt (1992), Structural Holes.
    """
    degree = _degree(network)
    return _series(network, "efficiency", _where(degree > 0, _effective(network) / np.maximum(degree, 1)))


def clustering(network: Network) -> pd.Series:
    """Share of the pairs of partners of a place that are linked.

    Parameters
    ----------
    network : Network
        Any network; weights play no part.

    Returns
    -------
    pandas.Series
        0 to 1; NaN for places with fewer than two partners, who have no such pair (networkx says 0).

    References
    ----------
    Watts and Strogatz (1998), Collective dynamics of small-world networks.
    """
    degree = _degree(network)
    rows, shared = _shared_partners(network)
    pairs = degree * (degree - 1)
    values = _row_sums(network, rows, shared) / np.maximum(pairs, 1)
    return _series(network, "clustering", _where(degree > 1, values))


def weighted_clustering(network: Network) -> pd.Series:
    r"""Do as `clustering` does, each pair of partners counting by the mean weight of its two links (Barrat).

    .. math:: \frac{1}{s_i (k_i - 1)} \sum_{j, h} \frac{w_{ij} + w_{ih}}{2}

    over ordered pairs j, h of partners of i that are linked; the weight of the link of j and h plays
    no part. Above `clustering` where the strong links are the ones in triangles.

    Parameters
    ----------
    network : Network
        Any network; weights count.

    Returns
    -------
    pandas.Series
        0 to 1; NaN for places with fewer than two partners.

    References
    ----------
    Barrat, Barthelemy, Pastor-Satorras and Vespignani (2004), The architecture of complex weighted
    networks, PNAS 101(11).
    """
    degree = _degree(network)
    rows, shared = _shared_partners(network)
    weight = network.adjacency.data
    share = _row_sums(network, rows, weight * shared) / _row_sums(network, rows, weight, empty=1.0)
    return _series(network, "weighted_clustering", _where(degree > 1, share / np.maximum(degree - 1, 1)))


def local_efficiency(network: Network) -> pd.Series:
    r"""Mean inverse distance between the partners of a place, along links between these partners only.

    .. math:: \frac{1}{k_i (k_i - 1)} \sum_{j \neq h} \frac{1}{d_{jh}}

    Says how well the partners could do without the place. Paths that leave the circle of partners do
    not count (other authors let them). Not below `clustering`, which counts only distances of 1.

    Parameters
    ----------
    network : Network
        Any network; weights play no part.

    Returns
    -------
    pandas.Series
        0 to 1; partners that cannot reach each other add 0; NaN for places with fewer than two partners.

    References
    ----------
    Latora and Marchiori (2001), Efficient behavior of small-world networks, PRL 87.
    """
    return _series(network, "local_efficiency", _triads.local_efficiency(network.adjacency))


def s_core(network: Network) -> pd.Series:
    """Largest s such that the place lies in a group whose places all have strength s or more inside it.

    Found by taking away, again and again, the place with the smallest strength among those left: a
    place gets the largest of these smallest strengths up to its own turn. With weights 1 this is the
    core number. Eidsaa and Almaas write that the s-core is what remains when all places of strength
    up to s are gone; a place lies in all of these up to, and not including, its own value here.

    Parameters
    ----------
    network : Network
        Any network; weights count.

    Returns
    -------
    pandas.Series
        In the unit of the weights, at most the strength; 0 for isolates.

    References
    ----------
    Eidsaa and Almaas (2013), s-core network decomposition: a generalization of k-core analysis to
    weighted networks, Phys. Rev. E 88.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> network = Network.from_matrix([[0, 4, 4, 1], [4, 0, 4, 0], [4, 4, 0, 0], [1, 0, 0, 0]])
    >>> s_core(network).tolist()
    [8.0, 8.0, 8.0, 1.0]
    """
    return _series(network, "s_core", _triads.s_cores(network.adjacency))


def eccentricity(network: Network, *, weighted: bool = False) -> pd.Series:
    """Distance to the farthest place of the same component.

    Parameters
    ----------
    network : Network
        Any network.
    weighted : bool
        False: distance is the number of links. True: a link is as long as mean weight / weight, as in
        `centrality.closeness`.

    Returns
    -------
    pandas.Series
        From 1 on if unweighted, above 0 if weighted; small values are central, so that isolates, who
        reach nobody, get NaN and not 0.

    References
    ----------
    Hage and Harary (1995), Eccentricity and centrality in networks.
    """
    values = _paths.eccentricity(network, weighted=weighted)
    return _series(network, "eccentricity", _where(_degree(network) > 0, values))


MEASURES: dict[str, Callable[[Network], pd.Series]] = {
    "constraint": constraint,
    "hierarchy": hierarchy,
    "effective_size": effective_size,
    "efficiency": efficiency,
    "clustering": clustering,
    "weighted_clustering": weighted_clustering,
    "local_efficiency": local_efficiency,
    "s_core": s_core,
    "eccentricity": eccentricity,
}
"""The measures by name, each with its defaults."""


def _constraint_parts(network: Network) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the row of each link and the constraint its partner puts on that place."""
    full = network.adjacency
    rows, strength = _ends(full)
    indirect = _triads.on_links(full, full.data / strength[full.indices], full.data)
    return rows, ((full.data + indirect) / strength[rows]) ** 2


def _effective(network: Network) -> NDArray[np.float64]:
    full = network.adjacency
    rows, strength = _ends(full)
    strongest = np.zeros(network.n_places)
    np.maximum.at(strongest, rows, full.data)
    redundant = _triads.on_links(full, np.ones(full.nnz), full.data / strongest[full.indices])
    return _degree(network) - _row_sums(network, rows, full.data / strength[rows] * redundant)


def _shared_partners(network: Network) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    full = network.adjacency
    ones = np.ones(full.nnz)
    return _ends(full)[0], _triads.on_links(full, ones, ones)


def _ends(full: sparse.csr_array) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    return np.repeat(np.arange(full.shape[0]), np.diff(full.indptr)), full.sum(axis=1)


def _degree(network: Network) -> NDArray[np.int64]:
    return np.asarray(np.diff(network.adjacency.indptr), dtype=np.int64)


def _row_sums(
    network: Network, rows: NDArray[np.intp], values: NDArray[np.float64], *, empty: float = 0.0
) -> NDArray[np.float64]:
    """Add up by rows; `empty` stands where there is nothing to add, so that one can divide by it."""
    sums = np.bincount(rows, values, minlength=network.n_places)
    return np.where(_degree(network) > 0, sums, empty)


def _where(defined: NDArray[np.bool_], values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(defined, values, np.nan)


def _series(network: Network, name: str, values: NDArray[np.float64]) -> pd.Series:
    return pd.Series(values, index=network.ids, name=name)
