"""Backbone: the links that carry the structure of a dense network.

Every rule takes a network and returns one with all places and fewer links; `provenance["backbone"]`
names the rule, its limits and how many links of what weight it chose from. `disparity`,
`noise_corrected` and `doubly_stochastic` return what the rule of that name looks at, link by link.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.special import ndtr, ndtri

from innovation_graph._noise import scores_and_deviations
from innovation_graph._partners import heavier_links
from innovation_graph._scaling import doubly_stochastic_weights
from innovation_graph.errors import RecipeError
from innovation_graph.network import Network

__all__ = [
    "BACKBONES",
    "disparity",
    "disparity_filter",
    "doubly_stochastic",
    "doubly_stochastic_filter",
    "maximum_spanning_tree",
    "noise_corrected",
    "noise_corrected_filter",
    "readable",
    "threshold",
    "top_k",
]

_TIE = 1e-9  # normalised weights that differ by less than this, relative to them, are equal


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


def noise_corrected(network: Network) -> pd.DataFrame:
    r"""Compare every link with the weight its two places would share by chance, with a standard deviation.

    Weights are counts of events. Each of the :math:`n = \sum_i k_i` ends of events belongs to a place, of
    strength :math:`k_i`; under the null hypothesis :math:`w_{ij}` is binomial of n draws. With
    :math:`\kappa = n / k_i k_j`, so that :math:`\kappa w_{ij}` is observed over expected weight,

    .. math:: \textrm{score} = \frac{\kappa w_{ij} - 1}{\kappa w_{ij} + 1}

    which is -1 where there is nothing, 0 where the weight is as expected, and below 1. The probability
    of the binomial has a beta prior with the mean and variance of a hypergeometric draw,
    :math:`\mu = k_i k_j / n^2` and :math:`\sigma^2 = k_i k_j (n - k_i)(n - k_j) / n^4 (n - 1)`, hence a
    posterior mean p; the variance of the weight, :math:`n p (1 - p)`, is carried over to the score by
    its slope, :math:`2 (\kappa + w \kappa') / (\kappa w + 1)^2` with
    :math:`\kappa' = 1 / k_i k_j - n (k_i + k_j) / (k_i k_j)^2`.

    Parameters
    ----------
    network : Network
        Its weights are taken as counts, so that scaling them changes the standard deviations: ten
        times the weights are ten times the evidence. Undirected as in the paper: each link is seen
        once from either end, so n is twice the total weight.

    Returns
    -------
    pandas.DataFrame
        The links in network order: `source`, `target`, `weight`, `score`, `standard_deviation` (of the
        score) and `p_value`, the probability that a normal score of this mean and deviation is below 0.
        Where the deviation is 0, p is 0 for a positive score and 1 otherwise.

    Raises
    ------
    NetworkError
        If there are links but their total weight is below 1: such weights are no counts.

    Notes
    -----
    The moments give the second parameter of the prior as :math:`\mu (1 - \mu)^2 / \sigma^2 - (1 - \mu)`.
    The program that came with the paper has :math:`1 - \mu^2` in place of :math:`(1 - \mu)^2`, which makes
    deviations smaller by about the share :math:`\mu / 2`, little in networks of many places.

    A ratio is all the score knows: two places of few events that share one of them come out far above
    expectation, and surely so. Where links of one event are many, combine it with `threshold`.

    References
    ----------
    Coscia and Neffke (2017), Network backboning with noisy data, ICDE.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> square = Network.from_matrix([[0, 9, 0, 1], [9, 0, 1, 0], [0, 1, 0, 9], [1, 0, 9, 0]])
    >>> noise_corrected(square)[["weight", "score", "p_value"]].round(3).values.tolist()
    [[9.0, 0.565, 0.0], [1.0, -0.429, 0.827], [1.0, -0.429, 0.827], [9.0, 0.565, 0.0]]
    """
    score, deviation = scores_and_deviations(network)
    return network.links().assign(
        score=score, standard_deviation=deviation, p_value=ndtr(-_in_deviations(score, deviation))
    )


def noise_corrected_filter(network: Network, alpha: float = 0.05, *, delta: float | None = None) -> Network:
    """Keep the links that are heavier than chance would have them, by the noise-corrected test.

    Parameters
    ----------
    network : Network
        Any network of counts.
    alpha : float
        Links with a p-value below it are kept; 0 to 1.
    delta : float, optional
        Instead of alpha, as in the paper: links whose score is above delta standard deviations are
        kept. 1.28, 1.64 and 2.32 are about alpha 0.1, 0.05 and 0.01.

    Returns
    -------
    Network
        All places, fewer links; `provenance["backbone"]` names the rule.

    Raises
    ------
    RecipeError
        If alpha is not between 0 and 1, or delta no number.
    NetworkError
        If the weights are no counts, see `noise_corrected`.
    """
    if not 0 <= alpha <= 1:
        raise RecipeError(f"alpha must lie between 0 and 1, not {alpha}")
    if delta is not None and not np.isfinite(delta):
        raise RecipeError(f"delta must be a number of standard deviations, not {delta}")
    limits = {"alpha": alpha} if delta is None else {"delta": delta}
    keep = _in_deviations(*scores_and_deviations(network)) > (-ndtri(alpha) if delta is None else delta)
    return network.keep_links(keep, backbone=_rule(network, "noise corrected", **limits))


def doubly_stochastic(network: Network) -> pd.DataFrame:
    """Scale the weights so that those of every place add up to 1: large and small places weigh the same.

    The normalised weight of a link is x_i w_ij x_j with one positive factor x a place. There is at most one
    such scaling, and it exists only if every link can be part of disjoint pairs and rings of links that
    cover all linked places (total support). A place whose only partner has other partners rules it out:
    it would need all of this partner, and nothing would be left for the others.

    Parameters
    ----------
    network : Network
        Any network; isolates have no weights to scale.

    Returns
    -------
    pandas.DataFrame
        The links in network order: `source`, `target`, `weight` and `normalised` in 0 to 1; unchanged
        when all weights are scaled.

    Raises
    ------
    NetworkError
        If the scaling does not exist, with a link that rules it out, or is not found in 10,000 steps.

    References
    ----------
    Sinkhorn and Knopp (1967), Concerning nonnegative matrices and doubly stochastic matrices; Slater (2009),
    A two-stage algorithm for extracting the multiscale backbone of complex weighted networks, PNAS 106(26);
    Knight, Ruiz and Ucar (2014), A symmetry preserving algorithm for matrix scaling.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> triangle = Network.from_matrix([[0, 8, 2], [8, 0, 1], [2, 1, 0]])
    >>> doubly_stochastic(triangle)["normalised"].round(6).tolist()
    [0.5, 0.5, 0.5]
    """
    return network.links().assign(normalised=doubly_stochastic_weights(network))


def doubly_stochastic_filter(network: Network, share: float | None = None) -> Network:
    """Add links by falling doubly stochastic weight until everything that is connected is connected.

    Parameters
    ----------
    network : Network
        Any network that can be scaled; each component is to be connected by itself, isolates stay isolates.
    share : float, optional
        Instead: add links until this share of all links is there; 0 to 1.

    Returns
    -------
    Network
        All places, fewer links; links that are equal to the last one (to a billionth) are kept too.
        `provenance["backbone"]` names the rule.

    Raises
    ------
    RecipeError
        If the share is not between 0 and 1.
    NetworkError
        If the scaling does not exist, see `doubly_stochastic`.
    """
    if share is not None and not 0 <= share <= 1:
        raise RecipeError(f"share must lie between 0 and 1, not {share}")
    weight = doubly_stochastic_weights(network)
    if share is None:
        last = weight[_tree_of(network, weight)].min(initial=np.inf)
    else:
        wanted = round(share * len(weight))
        last = np.sort(weight)[-wanted] if wanted else np.inf
    limits = {} if share is None else {"share": share}
    return network.keep_links(weight >= last * (1 - _TIE), backbone=_rule(network, "doubly stochastic", **limits))


def top_k(network: Network, k: int = 5, *, both: bool = False) -> Network:
    """Keep the links that are among the k heaviest of a place.

    Parameters
    ----------
    network : Network
        Any network.
    k : int
        Number of links a place; a link is among the k heaviest if fewer than k links of the place are
        heavier. So all links that tie for the last rank are kept, and a place may keep more than k.
    both : bool
        False: among the k heaviest of at least one of its two places, so that no linked place loses
        all its links. True: of both.

    Returns
    -------
    Network
        All places, fewer links; `provenance["backbone"]` names the rule.

    Raises
    ------
    RecipeError
        If k is no whole number from 0 on.
    """
    if not (k >= 0 and k == int(k)):
        raise RecipeError(f"k must be a whole number from 0 on, not {k}")
    at_first, at_second = heavier_links(network)
    keep = (at_first < k) & (at_second < k) if both else (at_first < k) | (at_second < k)
    rule = "k heaviest of both ends" if both else "k heaviest of an end"
    return network.keep_links(keep, backbone=_rule(network, rule, k=int(k)))


def threshold(network: Network, minimum: float = 2.0) -> Network:
    """Keep the links of at least a given weight.

    Parameters
    ----------
    network : Network
        Any network.
    minimum : float
        Smallest weight to keep, compared with the exact weights; the default leaves out pairs of
        places that have but one work in common (whole counting).

    Returns
    -------
    Network
        As `Network.threshold`; `provenance["backbone"]` names the rule.

    Raises
    ------
    RecipeError
        If the minimum is no number.
    """
    if not np.isfinite(minimum):
        raise RecipeError(f"minimum must be a number, not {minimum}")
    rule = _rule(network, "threshold", minimum=minimum)
    return network.keep_links(network.upper.data >= minimum, minimum=minimum, backbone=rule)


BACKBONES: dict[str, Callable[[Network], Network]] = {
    "disparity": disparity_filter,
    "noise_corrected": noise_corrected_filter,
    "doubly_stochastic": doubly_stochastic_filter,
    "maximum_spanning_tree": maximum_spanning_tree,
    "readable": readable,
    "top_k": top_k,
    "threshold": threshold,
}
"""The rules by name, each with its defaults."""


def _p_values(network: Network) -> NDArray[np.float64]:
    first, second, weight = network.pairs
    degree = np.diff(network.adjacency.indptr)
    strength = network.adjacency.sum(axis=1)
    # w / s may exceed 1 by a rounding error where one link makes up the whole strength.
    ends = [np.maximum(0.0, 1 - weight / strength[end]) ** (degree[end] - 1) for end in (first, second)]
    return np.asarray(np.minimum(*ends))


def _in_deviations(score: NDArray[np.float64], deviation: NDArray[np.float64]) -> NDArray[np.float64]:
    without = np.where(score > 0, np.inf, -np.inf)
    return np.divide(score, deviation, out=without, where=deviation > 0)


def _in_tree(network: Network) -> NDArray[np.bool_]:
    return _tree_of(network, network.upper.data)


def _tree_of(network: Network, weight: NDArray[np.float64]) -> NDArray[np.bool_]:
    # Ranks instead of weights: no two are equal, so the tree is unique and ties fall to the first link.
    cost = np.empty(len(weight))
    cost[np.argsort(-weight, kind="stable")] = np.arange(1, len(weight) + 1)
    upper = network.upper
    tree = minimum_spanning_tree(sparse.csr_array((cost, upper.indices, upper.indptr), shape=upper.shape))
    return np.isin(cost, tree.data)


def _rule(network: Network, name: str, **limits: float) -> dict[str, str | float]:
    return {"rule": name, **limits, "of_links": network.n_links, "of_weight": network.total_weight}
