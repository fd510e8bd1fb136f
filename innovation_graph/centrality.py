"""Centrality: the position of every place in the network, each measure a function of its own.

Every measure takes a network and returns a Series indexed by place id, in the order of the network.
No measure changes when all weights are scaled, except `strength`. The defaults are the conventions
of the published US science statistics: paths are counted in steps (betweenness, closeness,
harmonic), strength, PageRank and eigenvector use the weights. Where weights are to count in paths,
they are strengths and not distances, so a link has the length (mean weight / weight).
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import linalg
from scipy.sparse.linalg import LinearOperator, cg

from innovation_graph import _paths, _triads
from innovation_graph._ranks import rank
from innovation_graph._spectral import largest_component, leading_vector
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.network import Network

__all__ = [
    "MEASURES",
    "betweenness",
    "betweenness_sampled",
    "closeness",
    "core_number",
    "degree",
    "degree_normalised",
    "eigenvector",
    "harmonic",
    "pagerank",
    "ranks",
    "strength",
    "table",
]

_STEADY = 1e-10


def degree(network: Network) -> pd.Series:
    """Count the partners of each place.

    Parameters
    ----------
    network : Network
        Any network.

    Returns
    -------
    pandas.Series
        Integers, 0 for isolates.
    """
    return _series(network, "degree", np.diff(network.adjacency.indptr).astype(np.int64))


def degree_normalised(network: Network) -> pd.Series:
    """Divide the number of partners by the number of possible partners, n - 1.

    Parameters
    ----------
    network : Network
        Any network.

    Returns
    -------
    pandas.Series
        0 to 1; 0 for isolates and for a single place.
    """
    return _series(network, "degree_normalised", degree(network).to_numpy() / max(1, network.n_places - 1))


def strength(network: Network) -> pd.Series:
    """Add up the weights of the links of each place.

    Parameters
    ----------
    network : Network
        Any network.

    Returns
    -------
    pandas.Series
        In the unit of the weights; 0 for isolates.
    """
    return _series(network, "strength", network.adjacency.sum(axis=1))


def eigenvector(network: Network, *, norm: Literal["l2", "max", "sum"] = "l2") -> pd.Series:
    """Weigh each place by the weights of its links times the centrality of its partners.

    The non-negative solution of A x = lambda x with the largest lambda, A being the weights inside
    the largest component. That is the component with most places; of several, the one with the
    largest total weight; of several still, the one with the place that stands first.

    Parameters
    ----------
    network : Network
        Any network.
    norm : {"l2", "max", "sum"}
        What is 1 in the result: the Euclidean norm, the largest value, or the sum.

    Returns
    -------
    pandas.Series
        0 to 1; 0 outside the largest component, and everywhere if there are no links.

    Raises
    ------
    UnknownNameError
        If there is no such norm.

    Warns
    -----
    RuntimeWarning
        If the two largest eigenvalues differ by less than a millionth: two parts of the network are
        then all but equally strong, and minute changes of weights move the centrality between them.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> star = Network.from_matrix([[0, 1, 1], [1, 0, 0], [1, 0, 0]], ["hub", "left", "right"])
    >>> eigenvector(star, norm="max").round(4).tolist()
    [1.0, 0.7071, 0.7071]
    """
    norms: dict[str, Callable[[NDArray[np.float64]], Any]] = {"l2": linalg.norm, "max": np.max, "sum": np.sum}
    if norm not in norms:
        raise UnknownNameError("norm", norm, norms)
    values = np.zeros(network.n_places)
    if network.n_links:
        core = largest_component(network)
        leading = leading_vector(network.adjacency[core][:, core])
        values[core] = leading / norms[norm](leading)
    return _series(network, "eigenvector", values)


def pagerank(network: Network, *, damping: float = 0.85) -> pd.Series:
    """Share of time a walker spends in each place who follows links in proportion to their weight.

    With probability 1 - `damping` the walker jumps to any place; from an isolate always.

    Parameters
    ----------
    network : Network
        Any network.
    damping : float
        Probability of following a link, 0 to below 1.

    Returns
    -------
    pandas.Series
        0 to 1, sum 1; isolates get the smallest value, all the same.

    Raises
    ------
    NetworkError
        If `damping` is out of range.

    References
    ----------
    Brin and Page (1998), The anatomy of a large-scale hypertextual Web search engine.
    """
    if not 0 <= damping < 1:
        raise NetworkError(f"damping must be at least 0 and below 1, not {damping}")
    return _series(network, "pagerank", _stationary(network, damping))


def betweenness(network: Network, *, weighted: bool = False, sample: int | None = None, seed: int = 0) -> pd.Series:
    """Count the shortest paths between other places that pass through each place.

    A pair with several shortest paths gives each its share. Not normalised; each pair counts once.

    Parameters
    ----------
    network : Network
        Any network.
    weighted : bool
        False: a path is as long as its number of links. True: a link is as long as 1 / weight.
    sample : int, optional
        Number of places, drawn by chance, from which paths are followed: an estimate, for networks
        where following them from all takes too long. Default: all, exact. See `betweenness_sampled`.
    seed : int
        Of the draw; the same seed gives the same values.

    Returns
    -------
    pandas.Series
        0 to (n - 1)(n - 2) / 2 (an estimate may exceed it); 0 for isolates.

    Raises
    ------
    NetworkError
        If the sample is smaller than 2.

    References
    ----------
    Freeman (1977), A set of measures of centrality based on betweenness; Brandes (2001).
    """
    if sample is not None:
        return betweenness_sampled(network, sample, weighted=weighted, seed=seed)["betweenness"]
    return _series(network, "betweenness", _paths.betweenness(network, weighted=weighted))


def betweenness_sampled(network: Network, sample: int, *, weighted: bool = False, seed: int = 0) -> pd.DataFrame:
    r"""Estimate betweenness from the paths that start at some places, drawn by chance without repetition.

    With the sum :math:`\delta_s(v)` of the shares of shortest paths from pivot s that pass v, n places
    and k pivots

    .. math:: \frac{n}{2k} \sum_s \delta_s(v), \qquad
              \text{standard error} \quad \frac{n}{2 \sqrt{k}} \, \sigma_v \sqrt{1 - k / n}

    where :math:`\sigma_v` is the standard deviation of :math:`\delta_s(v)` over the pivots. The estimate
    is unbiased. Where few pivots see v at all, it is skewed and the standard error itself a rough guess.

    Parameters
    ----------
    network : Network
        Any network.
    sample : int
        Number of pivots, at least 2; as many as there are places or more give the exact values.
    weighted : bool
        As in `betweenness`.
    seed : int
        Of the draw; the same seed gives the same values.

    Returns
    -------
    pandas.DataFrame
        `betweenness` and `standard_error`, one row a place, in network order.

    Raises
    ------
    NetworkError
        If the sample is smaller than 2.

    References
    ----------
    Brandes and Pich (2007), Centrality estimation in large networks.
    """
    if sample < 2:
        raise NetworkError(f"a sample of at least 2 places is needed to tell an error, not {sample}")
    n = network.n_places
    k = min(sample, n)
    pivots = np.sort(np.random.default_rng(seed).choice(n, k, replace=False))
    total, squares = _paths.dependencies(network, pivots, weighted=weighted)
    variance = np.maximum(squares - total**2 / max(k, 1), 0) / max(k - 1, 1)
    error = n / 2 * np.sqrt(variance / max(k, 1) * (1 - k / max(n, 1)))
    return pd.DataFrame({"betweenness": n / (2 * max(k, 1)) * total, "standard_error": error}, index=network.ids)


def closeness(network: Network, *, weighted: bool = False) -> pd.Series:
    """Inverse of the mean distance to the other places of the same component.

    Parameters
    ----------
    network : Network
        Any network.
    weighted : bool
        False: distance is the number of links. True: a link is as long as mean weight / weight
        (Opsahl, Agneessens and Skvoretz 2010), so that the result has no unit.

    Returns
    -------
    pandas.Series
        0 to 1 if unweighted, from 0 on if weighted; 0 for isolates. As it looks at one component
        only, places of a small component may come out high; `harmonic` does not have this.
    """
    return _series(network, "closeness", np.nan_to_num(_paths.closeness(network, weighted=weighted)))


def harmonic(network: Network, *, weighted: bool = False) -> pd.Series:
    """Mean inverse distance to all other places; a place that cannot be reached adds 0.

    Parameters
    ----------
    network : Network
        Any network.
    weighted : bool
        As in `closeness`.

    Returns
    -------
    pandas.Series
        0 to 1 if unweighted, from 0 on if weighted; 0 for isolates and for a single place.
    """
    return _series(network, "harmonic", np.nan_to_num(_paths.harmonic(network, weighted=weighted)))


def core_number(network: Network) -> pd.Series:
    """Largest k such that the place lies in a group whose places all have k partners inside it.

    Parameters
    ----------
    network : Network
        Any network; weights play no part.

    Returns
    -------
    pandas.Series
        Integers, 0 for isolates.
    """
    return _series(network, "core_number", _triads.core_numbers(network))


MEASURES: dict[str, Callable[[Network], pd.Series]] = {
    "degree": degree,
    "degree_normalised": degree_normalised,
    "strength": strength,
    "eigenvector": eigenvector,
    "pagerank": pagerank,
    "betweenness": betweenness,
    "closeness": closeness,
    "harmonic": harmonic,
    "core_number": core_number,
}
"""The measures of `table`, by name, in its order."""


def table(network: Network, measures: Sequence[str] | None = None) -> pd.DataFrame:
    """Compute several measures, each with its defaults.

    Parameters
    ----------
    network : Network
        Any network.
    measures : sequence of str, optional
        Names in `MEASURES`; default: all.

    Returns
    -------
    pandas.DataFrame
        One row a place, in network order, one column a measure, in the order asked for.

    Raises
    ------
    UnknownNameError
        If there is no such measure.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> network = Network.from_matrix([[0, 4, 2], [4, 0, 0], [2, 0, 0]], ["beijing", "boston", "paris"])
    >>> table(network, ["degree", "strength", "betweenness"])
              degree  strength  betweenness
    place_id
    beijing        2       6.0          1.0
    boston         1       4.0          0.0
    paris          1       2.0          0.0
    """
    names = list(MEASURES if measures is None else measures)
    for name in names:
        if name not in MEASURES:
            raise UnknownNameError("measure", name, MEASURES)
    return pd.DataFrame({name: MEASURES[name](network) for name in names}, index=network.ids)


def ranks(values: pd.DataFrame) -> pd.DataFrame:
    """Rank the places in every column, the largest value first; equal values share the best rank.

    Parameters
    ----------
    values : pandas.DataFrame
        As from `table`, not rounded. Values that differ by less than 1e-12 of the largest one of
        the column are equal: that much is the noise of the arithmetic.

    Returns
    -------
    pandas.DataFrame
        Integers from 1, same shape and labels.

    Examples
    --------
    >>> import pandas as pd
    >>> ranks(pd.DataFrame({"degree": [5, 7, 5, 1]}))["degree"].tolist()
    [2, 1, 2, 4]
    """
    columns = {name: rank(column.astype("float64")).to_numpy(dtype=np.int64) for name, column in values.items()}
    return pd.DataFrame(columns, index=values.index, columns=values.columns)


def _series(network: Network, name: str, values: ArrayLike) -> pd.Series:
    return pd.Series(np.asarray(values), index=network.ids, name=name)


def _stationary(network: Network, damping: float) -> NDArray[np.float64]:
    """Solve for the shares of the walker, then let it walk until none moves by more than the noise."""
    n = network.n_places
    full = network.adjacency
    strength = full.sum(axis=1)
    alone = strength == 0
    if alone.all():
        return np.full(n, 1 / max(1, n))
    # A walker on an isolate always jumps, so that all of them together return this much to every place.
    jump = (1 - damping) / (n - damping * alone.sum())
    root = np.where(alone, 0, 1 / np.sqrt(np.where(alone, 1, strength)))
    # Shares over the root of strength obey a symmetric, positive definite system: conjugate gradients halve
    # the error in every step, where the walk itself would need five in a network of two parts.
    system = LinearOperator((n, n), matvec=lambda x: x - damping * root * (full @ (root * x)), dtype=np.float64)
    start = (1 - alone.sum() * jump) * strength / strength.sum()
    solved, _ = cg(system, jump * root, x0=start * root, rtol=_STEADY, maxiter=100)
    values = np.where(alone, jump, solved / np.where(alone, 1, root))
    follow = damping * root**2
    steps = int(np.ceil(np.log(_STEADY * (1 - damping)) / np.log(damping))) if damping else 1
    for _ in range(steps):
        after = jump + full @ (follow * values)
        moved = np.abs(after - values) > _STEADY * (1 - damping) * after
        values = after
        if not moved.any():
            break
    return np.asarray(values / values.sum())
