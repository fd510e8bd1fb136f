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

from innovation_graph._spectral import largest_component, leading_vector
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.network import Network

__all__ = [
    "MEASURES",
    "betweenness",
    "closeness",
    "core_number",
    "degree",
    "degree_normalised",
    "eigenvector",
    "harmonic",
    "indicator_17",
    "indicator_18",
    "pagerank",
    "ranks",
    "strength",
    "table",
]

_TIE = 1e-12


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
    if network.n_links == 0:
        return _series(network, "pagerank", np.full(network.n_places, 1 / max(1, network.n_places)))
    graph = _graph(network)
    return _series(network, "pagerank", graph.pagerank(directed=False, damping=damping, weights="weight"))


def betweenness(network: Network, *, weighted: bool = False) -> pd.Series:
    """Count the shortest paths between other places that pass through each place.

    A pair with several shortest paths gives each its share. Not normalised; each pair counts once.

    Parameters
    ----------
    network : Network
        Any network.
    weighted : bool
        False: a path is as long as its number of links. True: a link is as long as 1 / weight.

    Returns
    -------
    pandas.Series
        0 to (n - 1)(n - 2) / 2; 0 for isolates.

    References
    ----------
    Freeman (1977), A set of measures of centrality based on betweenness; Brandes (2001).
    """
    return _series(network, "betweenness", _graph(network).betweenness(weights=_lengths(network, weighted=weighted)))


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
    values = _graph(network).closeness(weights=_lengths(network, weighted=weighted), normalized=True)
    return _series(network, "closeness", np.nan_to_num(np.array(values, dtype=np.float64)))


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
    values = _graph(network).harmonic_centrality(weights=_lengths(network, weighted=weighted), normalized=True)
    return _series(network, "harmonic", np.nan_to_num(np.array(values, dtype=np.float64)))


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
    return _series(network, "core_number", np.array(_graph(network).coreness(), dtype=np.int64))


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
    columns = {name: _rank(column.to_numpy(dtype=np.float64)) for name, column in values.items()}
    return pd.DataFrame(columns, index=values.index, columns=values.columns)


def indicator_17(papers: Network, hubs: Sequence[str] | None = None) -> pd.Series:
    """GIHI indicator 17: weighted eigenvector centrality in the network of joint papers.

    Parameters
    ----------
    papers : Network
        Weights are numbers of joint papers (whole counting); links to places that are no hubs are left out.
    hubs : sequence of str, optional
        Place ids of all hubs of the index; default: all places of the network.

    Returns
    -------
    pandas.Series
        One value a hub, in the order of `hubs`; non-negative, Euclidean norm 1; 0 for hubs that are
        absent from the network or lie outside its largest component.

    Raises
    ------
    NetworkError
        If a hub is named twice, or no hub is in the network.

    References
    ----------
    Global Innovation Hubs Index 2024, indicator 17.
    """
    return _over_hubs(papers, hubs, eigenvector).rename("indicator_17")


def indicator_18(patents: Network, hubs: Sequence[str] | None = None) -> pd.Series:
    """GIHI indicator 18: number of partner hubs in the network of joint patent applications.

    Parameters
    ----------
    patents : Network
        A link is at least one joint application; links to places that are no hubs are left out.
    hubs : sequence of str, optional
        Place ids of all hubs of the index; default: all places of the network.

    Returns
    -------
    pandas.Series
        One integer a hub, in the order of `hubs`; 0 for hubs that are absent or have no partner.

    Raises
    ------
    NetworkError
        If a hub is named twice, or no hub is in the network.

    References
    ----------
    Global Innovation Hubs Index 2024, indicator 18.
    """
    return _over_hubs(patents, hubs, degree).rename("indicator_18")


def _over_hubs(network: Network, hubs: Sequence[str] | None, measure: Callable[[Network], pd.Series]) -> pd.Series:
    if hubs is None:
        return measure(network)
    index = pd.Index(list(hubs), dtype="str", name="place_id")
    if not index.is_unique:
        raise NetworkError(f"hubs named twice: {list(index[index.duplicated()][:5])}")
    inside = np.flatnonzero(network.ids.isin(index))
    if network.n_places and len(index) and not len(inside):
        raise NetworkError(
            f"none of the {len(index)} hubs is a place of the network: expected ids like {index[0]!r}, "
            f"got ids like {network.ids[0]!r}. Build the network with the places set of the hubs."
        )
    among = Network(network.places.iloc[inside], network.upper[inside][:, inside], network.provenance)
    return measure(among).reindex(index, fill_value=0)


def _series(network: Network, name: str, values: ArrayLike) -> pd.Series:
    return pd.Series(np.asarray(values), index=network.ids, name=name)


def _graph(network: Network) -> Any:
    from innovation_graph._igraph import graph_of  # noqa: PLC0415 - igraph is loaded only when asked for

    return graph_of(network)


def _lengths(network: Network, *, weighted: bool) -> list[float] | None:
    weight = network.upper.data
    return (weight.mean() / weight).tolist() if weighted and len(weight) else None


def _rank(values: NDArray[np.float64]) -> NDArray[np.int64]:
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    order = np.argsort(-values, kind="stable")
    falling = values[order]
    starts = np.r_[True, -np.diff(falling) > _TIE * np.abs(falling).max()]
    out = np.empty(len(values), dtype=np.int64)
    out[order] = np.maximum.accumulate(np.where(starts, np.arange(1, len(values) + 1), 0))
    return out
