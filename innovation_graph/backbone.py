"""Backbone: the links that carry the structure of a dense network."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import minimum_spanning_tree

from innovation_graph.errors import RecipeError
from innovation_graph.network import Network

__all__ = ["disparity", "disparity_filter", "maximum_spanning_tree", "readable"]


def disparity(network: Network) -> pd.DataFrame:
    r"""Test every link against a random split of the strength of its places.

    A place of degree k and strength s spreads s uniformly at random over its k links under the null
    hypothesis; a link of weight w is then at least that strong with probability

    .. math:: p = (1 - w / s)^{k - 1}

    seen from this place. The smaller p of the two ends counts. Seen from a place of degree 1 a link
    says nothing (p = 1), so that a link between two such places is never significant.

    Parameters
    ----------
    network : Network
        Any network.

    Returns
    -------
    pandas.DataFrame
        The links in network order: `source`, `target`, `weight` and `p_value` in 0 to 1; unchanged
        when all weights are scaled.

    References
    ----------
    Serrano, Boguna and Vespignani (2009), Extracting the multiscale backbone of complex weighted
    networks, PNAS 106(16).

    Examples
    --------
    >>> from innovation_graph import Network
    >>> fan = Network.from_matrix([[0, 6, 3, 1], [6, 0, 0, 0], [3, 0, 0, 0], [1, 0, 0, 0]])
    >>> disparity(fan)["p_value"].round(2).tolist()
    [0.16, 0.49, 0.81]
    """
    return network.links().assign(p_value=_p_values(network))


def disparity_filter(network: Network, alpha: float = 0.05) -> Network:
    """Keep the links that are significant by the disparity test for at least one of their places.

    Parameters
    ----------
    network : Network
        Any network.
    alpha : float
        Links with a p-value below it are kept; 0 to 1.

    Returns
    -------
    Network
        All places, fewer links; `provenance["backbone"]` names the rule.

    Raises
    ------
    RecipeError
        If alpha is not between 0 and 1.

    See Also
    --------
    disparity : The p-values, and what happens at places with one link.
    """
    if not 0 <= alpha <= 1:
        raise RecipeError(f"alpha must lie between 0 and 1, not {alpha}")
    return network.keep_links(_p_values(network) < alpha, backbone=_rule(network, "disparity", alpha=alpha))


def maximum_spanning_tree(network: Network) -> Network:
    """Keep the heaviest links that connect everything that is connected, without a cycle.

    Parameters
    ----------
    network : Network
        Any network; each component gets a tree of its own, isolates stay isolates.

    Returns
    -------
    Network
        All places, (places - components) links. Of equally heavy links the one that stands first in
        network order is taken. `provenance["backbone"]` names the rule.
    """
    return network.keep_links(_in_tree(network), backbone=_rule(network, "maximum spanning tree"))


def readable(network: Network, links_per_place: float = 3.5) -> Network:
    """Keep as many links as an eye can follow: the maximum spanning tree and the most significant links.

    Links join the tree by rising p-value of the disparity test, of equal ones the heavier first,
    then the one that stands first in network order, until there are `links_per_place` times as many
    links as places.

    Parameters
    ----------
    network : Network
        Any network; one with fewer links stays whole.
    links_per_place : float
        Number of links over number of places that have a link. The tree is kept even if it has more.

    Returns
    -------
    Network
        All places, connected as before; `provenance["backbone"]` names the rule.

    Raises
    ------
    RecipeError
        If `links_per_place` is negative or no number.
    """
    if not 0 <= links_per_place < np.inf:
        raise RecipeError(f"links_per_place must be a number from 0 on, not {links_per_place}")
    linked = int((np.diff(network.adjacency.indptr) > 0).sum())
    wanted = round(links_per_place * linked)
    keep = _in_tree(network)
    order = np.lexsort((-network.pairs[2], _p_values(network)))
    keep[order[~keep[order]][: max(0, wanted - int(keep.sum()))]] = True
    rule = _rule(network, "maximum spanning tree and disparity", links_per_place=links_per_place)
    return network.keep_links(keep, backbone=rule)


def _p_values(network: Network) -> NDArray[np.float64]:
    first, second, weight = network.pairs
    degree = np.diff(network.adjacency.indptr)
    strength = network.adjacency.sum(axis=1)
    # w / s may exceed 1 by a rounding error where one link makes up the whole strength.
    ends = [np.maximum(0.0, 1 - weight / strength[end]) ** (degree[end] - 1) for end in (first, second)]
    return np.asarray(np.minimum(*ends))


def _in_tree(network: Network) -> NDArray[np.bool_]:
    _, _, weight = network.pairs
    # Ranks instead of weights: no two are equal, so the tree is unique and ties fall to the first link.
    cost = np.empty(len(weight))
    cost[np.argsort(-weight, kind="stable")] = np.arange(1, len(weight) + 1)
    upper = network.upper
    tree = minimum_spanning_tree(sparse.csr_array((cost, upper.indices, upper.indptr), shape=upper.shape))
    return np.isin(cost, tree.data)


def _rule(network: Network, name: str, **limits: float) -> dict[str, str | float]:
    return {"rule": name, **limits, "of_links": network.n_links, "of_weight": network.total_weight}
