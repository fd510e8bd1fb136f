"""Communities: groups of places with more links inside than expected, found in several ways.

=====================  ================================================================================
algorithm              looks for
=====================  ================================================================================
`leiden`               more weight inside than expected: modularity, association strength or a constant
`louvain`              more weight inside than expected: modularity; older, may leave torn communities
`infomap`              groups that a walker enters seldom and stays in for long: the map equation
`walktrap`             places from which short walks end alike; one tree of merges
`label_propagation`    what the partners of a place mostly are; quick, and coarse
`hierarchical`         places with strong links relative to their sizes; one tree of merges
=====================  ================================================================================

All use the weights, none changes when all weights are scaled (beyond rounding), and each isolate is a
community of its own. Where chance plays, the best of several runs is kept; `stability` tells how far
runs differ. In a dense network, where every place works with every other, infomap and label propagation
often find a single community: the differences are in the weights, and too small for them.
"""

from collections.abc import Callable
from typing import Any, Literal

import pandas as pd

from innovation_graph._overlap import as_labels
from innovation_graph._searches import DRAWN, best_of, draws, modularity_of, options_of
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.network import Network
from innovation_graph.partition import Partition, canonical, names, read_partition

__all__ = [
    "ALGORITHMS",
    "Partition",
    "find",
    "hierarchical",
    "infomap",
    "label_propagation",
    "leiden",
    "louvain",
    "modularity",
    "names",
    "read_partition",
    "walktrap",
]


def find(network: Network, algorithm: str = "leiden", *, seed: int = 0, **options: Any) -> Partition:
    """Find communities with any of the algorithms.

    Parameters
    ----------
    network : Network
        Any network.
    algorithm : str
        A name in `ALGORITHMS`.
    seed : int
        Seed of the random generator; without effect where no chance plays.
    **options : object
        The other parameters of that function.

    Returns
    -------
    Partition
        Every place in one community.

    Raises
    ------
    UnknownNameError
        If there is no such algorithm, or it has no such option.

    Examples
    --------
    >>> import pandas as pd
    >>> from innovation_graph import Network
    >>> links = pd.DataFrame({"source": list("abacd"), "target": list("bccde")})
    >>> find(Network.from_edges(links, weight=None), "walktrap", steps=3).labels.tolist()
    [1, 1, 1, 2, 2]
    """
    if algorithm not in ALGORITHMS:
        raise UnknownNameError("algorithm", algorithm, ALGORITHMS)
    function = ALGORITHMS[algorithm]
    chosen = {**options, "seed": seed} if algorithm in DRAWN else options
    return function(network, **options_of(algorithm, function, chosen))


def leiden(
    network: Network,
    *,
    resolution: float = 1.0,
    objective: Literal["modularity", "association_strength", "cpm"] = "modularity",
    seed: int = 0,
    runs: int = 10,
) -> Partition:
    r"""Find communities with the Leiden algorithm; the best of several runs is kept.

    ========================  ======================================================================
    objective                 made as large as possible, over pairs i, j of the same community
    ========================  ======================================================================
    `"modularity"`            :math:`\frac{1}{2m} \sum_{ij} (c_{ij} - \gamma k_i k_j / 2m)`
    `"association_strength"`  :math:`\sum_{i<j} (2 m c_{ij} / k_i k_j - \gamma)`, as VOSviewer does
    `"cpm"`                   :math:`\sum_{i<j} (c_{ij} / \bar{c} - \gamma)`, the constant Potts model
    ========================  ======================================================================

    with weights :math:`c`, strengths :math:`k`, total weight :math:`m`, resolution :math:`\gamma` and
    :math:`\bar{c}`, the mean weight over all pairs of places that have links, pairs without a link
    included. The first lets large places weigh more, the second treats all places alike, the third
    sets large places, whose links are all strong, apart from the small ones: with "cpm" at resolution 2
    the best division has communities at least twice as dense as the network, and less than that between them.

    Parameters
    ----------
    network : Network
        Any network; each isolate is a community of its own.
    resolution : float
        Larger values give more and smaller communities; 0 gives the components.
    objective : {"modularity", "association_strength", "cpm"}
        See the table.
    seed : int
        The same seed gives the same communities; Python's and igraph's random state stay as they are.
    runs : int
        Number of runs, each until nothing improves; more runs never make the objective worse.

    Returns
    -------
    Partition
        Every place in one community.

    Raises
    ------
    UnknownNameError
        If there is no such objective.
    RecipeError
        If the resolution is negative or no number, or runs is below 1.

    References
    ----------
    Traag, Waltman and van Eck (2019), From Louvain to Leiden; Waltman, van Eck and Noyons (2010), A
    unified approach to mapping and clustering of bibliometric networks; Traag, Van Dooren and Nesterov
    (2011), Narrow scope for resolution-limit-free community detection.

    Examples
    --------
    >>> import pandas as pd
    >>> from innovation_graph import Network
    >>> links = pd.DataFrame({"source": list("abacd"), "target": list("bccde")})
    >>> leiden(Network.from_edges(links, weight=None)).labels.tolist()
    [1, 1, 1, 2, 2]
    """
    options = {"objective": objective, "resolution": float(resolution)}
    return _partition(network, "leiden", options, runs=runs, seed=seed)


def louvain(network: Network, *, resolution: float = 1.0, seed: int = 0, runs: int = 10) -> Partition:
    """Find communities with the Louvain algorithm; the best of several runs is kept.

    Makes the same modularity as large as possible as `leiden` does and rarely does better; for
    comparison with studies that used it.

    Parameters
    ----------
    network : Network
        Any network; each isolate is a community of its own.
    resolution : float
        Larger values give more and smaller communities.
    seed : int
        The same seed gives the same communities.
    runs : int
        Number of runs.

    Returns
    -------
    Partition
        Objective: modularity at this resolution.

    Raises
    ------
    RecipeError
        If the resolution is negative or no number, or runs is below 1.

    References
    ----------
    Blondel, Guillaume, Lambiotte and Lefebvre (2008), Fast unfolding of communities in large networks.
    """
    return _partition(network, "louvain", {"resolution": float(resolution)}, runs=runs, seed=seed)


def infomap(network: Network, *, seed: int = 0, runs: int = 10) -> Partition:
    r"""Find the communities that describe a random walk in the fewest bits; the best of several runs is kept.

    The walker follows links in proportion to their weights. The length of the code, in bits a step,
    is the map equation of two levels,

    .. math:: L = H(q) \sum_c q_c + \sum_c p_c H_c

    with the rates :math:`q_c` at which the walk leaves community c, their entropy :math:`H(q)`, the
    rates :math:`p_c` at which the book of c is used (visits and exits), and the entropy :math:`H_c` of
    that use.

    Parameters
    ----------
    network : Network
        Any network; each isolate is a community of its own.
    seed : int
        The same seed gives the same communities.
    runs : int
        Number of runs.

    Returns
    -------
    Partition
        Objective: minus the length of the code.

    Raises
    ------
    RecipeError
        If runs is below 1.

    References
    ----------
    Rosvall and Bergstrom (2008), Maps of random walks on complex networks reveal community structure.
    """
    return _partition(network, "infomap", {}, runs=runs, seed=seed)


def label_propagation(network: Network, *, seed: int = 0, runs: int = 10) -> Partition:
    """Let each place take the label that weighs most among its partners, until none changes.

    A run stops at the first such state it meets. Of several runs the one with the largest modularity
    is kept, because the rule itself likes a single community best.

    Parameters
    ----------
    network : Network
        Any network; each isolate is a community of its own.
    seed : int
        The same seed gives the same communities.
    runs : int
        Number of runs.

    Returns
    -------
    Partition
        Objective: share of the weight that lies inside communities, 0 to 1.

    Raises
    ------
    RecipeError
        If runs is below 1.

    References
    ----------
    Raghavan, Albert and Kumara (2007), Near linear time algorithm to detect community structures;
    Barber and Clark (2009), Detecting network communities by propagating labels under constraints.
    """
    return _partition(network, "label_propagation", {}, runs=runs, seed=seed)


def walktrap(network: Network, *, steps: int = 4, communities: int | None = None) -> Partition:
    """Merge the places from which random walks of a few steps end at the same places.

    Nothing is drawn: the distance of two places is computed, and the two linked communities that
    raise the squared distances least (Ward) are merged again and again.

    Parameters
    ----------
    network : Network
        Any network; each isolate is a community of its own.
    steps : int
        Length of the walks.
    communities : int, optional
        Number of communities, isolates not counted; default: the number with the largest modularity.

    Returns
    -------
    Partition
        Objective: modularity, of all cuts of the tree the largest one if `communities` is not given.

    Raises
    ------
    RecipeError
        If `steps` is below 1, or there cannot be so many communities: components are never joined.

    References
    ----------
    Pons and Latapy (2005), Computing communities in large networks using random walks.
    """
    return _partition(network, "walktrap", {"steps": steps, "communities": communities})


def hierarchical(network: Network, *, communities: int | None = None) -> Partition:
    """Merge the places that work together most for their sizes, by average linkage.

    The distance of two places is 1 / (1 + s) with the association strength s: 1 without a link, 1/2
    where the link is as strong as expected, near 0 where it is far stronger. That of two communities
    is the mean over all their pairs. Nothing is drawn; which of equally near pairs is merged first hangs
    on the order of the places. A division into fewer communities joins whole communities of one into more,
    which suits nested modes.

    Average linkage, because it goes by sizes as maps do, whereas greedy merging by modularity gives only
    a worse modularity than `leiden`; association strength, because raw weights would join large places.

    Parameters
    ----------
    network : Network
        Any network of up to 5,000 places with links; each isolate is a community of its own.
    communities : int, optional
        Number of communities, isolates not counted; default: the number with the largest modularity.

    Returns
    -------
    Partition
        Objective: modularity, of all cuts of the tree the largest one if `communities` is not given.

    Raises
    ------
    RecipeError
        If there cannot be so many communities: components are never joined.
    NetworkError
        If there are too many places.

    References
    ----------
    Sokal and Michener (1958), A statistical method for evaluating systematic relationships.
    """
    return _partition(network, "hierarchical", {"communities": communities})


ALGORITHMS: dict[str, Callable[..., Partition]] = {
    "leiden": leiden,
    "louvain": louvain,
    "infomap": infomap,
    "walktrap": walktrap,
    "label_propagation": label_propagation,
    "hierarchical": hierarchical,
}


def modularity(network: Network, labels: pd.Series, *, resolution: float = 1.0) -> float | None:
    """Weight inside communities above what strengths alone would give, as a share of all weight.

    Parameters
    ----------
    network : Network
        Any network.
    labels : pandas.Series
        Community of each place, indexed by place id, in any order; further places do not matter.
    resolution : float
        Factor of the expected weight.

    Returns
    -------
    float or None
        -0.5 to 1 at resolution 1; None if there are no links.

    Raises
    ------
    NetworkError
        If a place has no label, or several.

    References
    ----------
    Newman and Girvan (2004), Finding and evaluating community structure in networks.
    """
    aligned = as_labels(labels, "the partition").reindex(network.ids)
    missing = network.ids[aligned.isna()]
    if len(missing):
        raise NetworkError(f"{len(missing)} places have no label, the first is {missing[0]!r}")
    return modularity_of(network, pd.factorize(aligned)[0], resolution) if network.n_links else None


def _partition(
    network: Network, algorithm: str, options: dict[str, Any], *, runs: int | None = None, seed: int = 0
) -> Partition:
    best, objective = best_of(draws(network, algorithm, runs=1 if runs is None else runs, seed=seed, **options))
    labels = pd.Series(canonical(best), index=network.ids)
    return Partition(
        labels=labels,
        quality={"modularity": modularity(network, labels), "objective": objective},
        parameters={"algorithm": algorithm, **options, **({} if runs is None else {"runs": runs})},
        seed=seed,
        provenance=network.provenance,
    )
