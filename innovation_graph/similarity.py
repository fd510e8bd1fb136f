r"""Similarity: the weight of a link relative to what the sizes of its two places would give.

With c the works two places have in common, n the works of a place, C those of them that have a partner, N and
:math:`C_w` the same for all works together, and k the strength of a place:

======================  ===========================================  ===========================================
`association_strength`  :math:`2m\,c_{ij} / (k_i k_j)`               any weights; 1 as strong as links at random
`collaboration_index`   :math:`C_w\,c_{ij} / (C_i C_j)`              1 as strong as joint works at random
`affinity`              :math:`N\,c_{ij} / (n_i n_j)`                1 as strong as works at random
`salton`                :math:`c_{ij} / \sqrt{n_i n_j}`              0 to 1
`jaccard`               :math:`c_{ij} / (n_i + n_j - c_{ij})`        0 to 1
`inclusion`             :math:`c_{ij} / \min(n_i, n_j)`              0 to 1
======================  ===========================================  ===========================================

All but the first divide works by works. They need a network of whole counting (or, of unknown origin, one that can
be: no two places have more works in common than either has) and the totals of its places, and refuse anything
else. So each result has all links of the network, with positive and finite weights. Totals stay those of the full
set in a `subset` or `bloc`: the similarity of two places does not depend on who else is shown.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, special

from innovation_graph._work_totals import MissingTotalsError, joint_works, located_works, place_works
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.network import Network

__all__ = [
    "SIMILARITIES",
    "affinity",
    "association_strength",
    "collaboration_index",
    "inclusion",
    "jaccard",
    "probability_ratio",
    "salton",
    "table",
]


def association_strength(network: Network) -> Network:
    r"""Divide each weight by the weight expected if links fell at random on places of these strengths.

    .. math:: s_{ij} = \frac{2 m \, c_{ij}}{k_i k_j}

    with weights :math:`c_{ij}`, strengths :math:`k_i = \sum_j c_{ij}` and
    :math:`m = \frac{1}{2} \sum_i k_i`. 1 means as strong as expected, 2 twice as strong.

    The totals here are sums over the links of *this* network: right for layouts and clustering, as
    VOSviewer does it. They are not the totals of an index of collaboration, which divides by numbers
    of works with at least one partner: a work of three places adds 2 to a strength but is one work.
    Indices made from strengths came out wrong by a factor of about 1.6 on published tables.

    Parameters
    ----------
    network : Network
        Any network; isolates stay isolates.

    Returns
    -------
    Network
        The same places and links with the association strength as weight; it does not change when
        all weights of the input are scaled. `provenance["weights"]` is `"association strength"`.

    References
    ----------
    van Eck and Waltman (2009), How to normalize cooccurrence data? An analysis of some well-known
    similarity measures, JASIST 60(8).

    Examples
    --------
    >>> from innovation_graph import Network
    >>> square = Network.from_matrix([[0, 3, 0, 1], [3, 0, 1, 0], [0, 1, 0, 3], [1, 0, 3, 0]])
    >>> association_strength(square).upper.data
    array([3., 1., 1., 3.])
    """
    first, second, weight = network.pairs
    strength = network.adjacency.sum(axis=1)
    # Each factor stays near 1, so that no product of large strengths overflows.
    similar = (weight / strength[first]) * (strength.sum() / strength[second])
    return _weighted(network, similar, "association strength")


def collaboration_index(network: Network, *, totals: pd.Series | None = None, world: float | None = None) -> Network:
    r"""Divide the share of a partner in the joint works of a place by its share in all joint works.

    .. math:: s_{xy} = \frac{c_{xy} / C_x}{C_y / C_w}

    with :math:`c_{xy}` works in common, :math:`C_x` works of a place that have at least one other place and
    :math:`C_w` such works of all places. It is the same from both sides. 1 means as strong as the weight of
    the two among all joint works suggests, 2 twice as strong.

    Parameters
    ----------
    network : Network
        Weights are works in common (whole counting).
    totals : pandas.Series, optional
        :math:`C_x` by place id; default: `works` minus `solo_works` of the place table.
    world : float, optional
        :math:`C_w`; default: `works_linking` of the provenance.

    Returns
    -------
    Network
        The same places and links with the index as weight; `provenance["weights"]` is `"collaboration index"`.
        Where only strong ties are wanted, compare the exact weights: `keep_links(index.upper.data > 1)`.

    Raises
    ------
    NetworkError
        If totals are missing or cannot be those of these links, or weights are no works in common.

    References
    ----------
    National Science Board, Science and Engineering Indicators 2018, chapter 5; Fuchs, Sivertsen and
    Rousseau (2021), Measuring the relative intensity of collaboration within a network, Scientometrics 126.

    Examples
    --------
    >>> import pandas as pd
    >>> from innovation_graph import Network
    >>> pair = Network.from_matrix([[0, 6], [6, 0]], ["beijing", "boston"])
    >>> collaboration_index(pair, totals=pd.Series({"beijing": 20, "boston": 30}), world=200).upper.data
    array([2.])
    """
    joint, number = joint_works(network, totals, world)
    return _weighted(network, _ratio(network, joint, number), "collaboration index", world=number)


def affinity(network: Network, *, totals: pd.Series | None = None, world: float | None = None) -> Network:
    r"""Divide the works in common by those expected if every place took its works at random from all works.

    .. math:: s_{ij} = \frac{c_{ij}}{n_i n_j / N}

    It is known as probabilistic affinity or relative risk; `probability_ratio` gives the same numbers with bounds.
    As works of one place count in :math:`n_i` and N, it is high where both places work with others a lot at all:
    `collaboration_index` asks about joint works only.

    Parameters
    ----------
    network : Network
        Weights are works in common (whole counting).
    totals : pandas.Series, optional
        Works :math:`n_i` by place id; default: `works` of the place table.
    world : float, optional
        N, the number of works with a place of the set; default: `works_located` of the provenance.

    Returns
    -------
    Network
        The same places and links with the ratio as weight; `provenance["weights"]` is `"affinity"`.

    Raises
    ------
    NetworkError
        If totals are missing or cannot be those of these links, or weights are no works in common.

    References
    ----------
    Zitt, Bassecoulard and Okubo (2000), Shadows of the past in international cooperation, Scientometrics 47;
    Chinchilla-Rodriguez, Bu, Robinson-Garcia and Sugimoto (2021), An empirical review of the different variants of
    the probabilistic affinity index, Scientometrics 126.
    """
    works, number = located_works(network, totals, world)
    return _weighted(network, _ratio(network, works, number), "affinity", world=number)


def probability_ratio(
    network: Network, *, totals: pd.Series | None = None, world: float | None = None, level: float = 0.95
) -> pd.DataFrame:
    r"""List the links with works observed over works expected and its confidence bounds.

    The expected number is :math:`n_i n_j / N` as in `affinity`. The bounds are the exact ones of a Poisson count
    divided by it: from quantiles of :math:`\chi^2` with 2c and 2c + 2 degrees of freedom. They hold for links of one
    or two works, where bounds from logarithms do not; they take the totals as given, and are somewhat too wide where
    a place has a large share of all works (the count is then less variable than Poisson).

    Parameters
    ----------
    network : Network
        Weights are works in common (whole counting).
    totals, world : optional
        As in `affinity`.
    level : float
        Probability that the bounds hold the true ratio (at least), for one link looked at alone; above 0, below 1.

    Returns
    -------
    pandas.DataFrame
        The links in network order: `source`, `target`, `weight`, `expected`, `ratio`, `low`, `high`.

    Raises
    ------
    NetworkError
        If totals are missing or cannot be those of these links, weights are no works in common, or `level` is out
        of range.

    References
    ----------
    Garwood (1936), Fiducial limits for the Poisson distribution, Biometrika 28; Ulm (1990), A simple method to
    calculate the confidence interval of a standardized mortality ratio, American Journal of Epidemiology 131.

    Examples
    --------
    >>> import pandas as pd
    >>> from innovation_graph import Network
    >>> pair = Network.from_matrix([[0, 6], [6, 0]], ["beijing", "boston"])
    >>> ratio = probability_ratio(pair, totals=pd.Series({"beijing": 20, "boston": 30}), world=200)
    >>> ratio[["expected", "ratio", "low", "high"]].round(2).to_numpy().tolist()
    [[3.0, 2.0, 0.73, 4.35]]
    """
    if not 0 < level < 1:
        raise NetworkError(f"level must lie between 0 and 1, not {level}")
    works, number = located_works(network, totals, world)
    first, second, weight = network.pairs
    expected = (works[first] / number) * works[second]
    tail = (1 - level) / 2
    # A chi-square quantile with 2c degrees of freedom is twice that of a gamma of shape c.
    return network.links().assign(
        expected=expected,
        ratio=_ratio(network, works, number),
        low=special.gammaincinv(weight, tail) / expected,
        high=special.gammainccinv(weight + 1, tail) / expected,
    )


def salton(network: Network, *, totals: pd.Series | None = None) -> Network:
    r"""Divide the works in common by the geometric mean of the works of the two places (cosine).

    .. math:: s_{ij} = \frac{c_{ij}}{\sqrt{n_i n_j}}

    Parameters
    ----------
    network : Network
        Weights are works in common (whole counting).
    totals : pandas.Series, optional
        Works :math:`n_i` by place id; default: `works` of the place table.

    Returns
    -------
    Network
        The same places and links with weights above 0 to 1; 1 if the two have all their works in common.
        `provenance["weights"]` is `"salton"`.

    Raises
    ------
    NetworkError
        If totals are missing or cannot be those of these links, or weights are no works in common.

    References
    ----------
    Salton and McGill (1983), Introduction to Modern Information Retrieval.
    """
    return _overlap(network, totals, "salton", lambda c, a, b: c / np.sqrt(a) / np.sqrt(b))


def jaccard(network: Network, *, totals: pd.Series | None = None) -> Network:
    r"""Divide the works in common by the works of either place.

    .. math:: s_{ij} = \frac{c_{ij}}{n_i + n_j - c_{ij}}

    Parameters
    ----------
    network : Network
        Weights are works in common (whole counting).
    totals : pandas.Series, optional
        Works :math:`n_i` by place id; default: `works` of the place table.

    Returns
    -------
    Network
        The same places and links with weights above 0 to 1, never above those of `salton`.
        `provenance["weights"]` is `"jaccard"`.

    Raises
    ------
    NetworkError
        If totals are missing or cannot be those of these links, or weights are no works in common.

    References
    ----------
    Jaccard (1901), Etude comparative de la distribution florale dans une portion des Alpes et du Jura.
    """
    return _overlap(network, totals, "jaccard", lambda c, a, b: c / (a + b - c))


def inclusion(network: Network, *, totals: pd.Series | None = None) -> Network:
    r"""Divide the works in common by the works of the smaller place (overlap, Simpson's coefficient).

    .. math:: s_{ij} = \frac{c_{ij}}{\min(n_i, n_j)}

    Parameters
    ----------
    network : Network
        Weights are works in common (whole counting).
    totals : pandas.Series, optional
        Works :math:`n_i` by place id; default: `works` of the place table.

    Returns
    -------
    Network
        The same places and links with weights above 0 to 1, never below those of `salton`; 1 if all works
        of the smaller place are works of the larger one too. `provenance["weights"]` is `"inclusion"`.

    Raises
    ------
    NetworkError
        If totals are missing or cannot be those of these links, or weights are no works in common.

    References
    ----------
    Simpson (1943), Mammals and the nature of continents, American Journal of Science 241.
    """
    return _overlap(network, totals, "inclusion", lambda c, a, b: c / np.minimum(a, b))


SIMILARITIES: dict[str, Callable[[Network], Network]] = {
    "association_strength": association_strength,
    "collaboration_index": collaboration_index,
    "affinity": affinity,
    "salton": salton,
    "jaccard": jaccard,
    "inclusion": inclusion,
}
"""The similarities of `table`, by name, in its order."""


def table(network: Network, names: Sequence[str] | None = None) -> pd.DataFrame:
    """List the links with several similarities, each with the totals that the network carries.

    Parameters
    ----------
    network : Network
        Any network.
    names : sequence of str, optional
        Names in `SIMILARITIES`; default: all whose totals the network has. One that is not of whole counting, or
        carries no works, has association strength alone.

    Returns
    -------
    pandas.DataFrame
        The links in network order: `source`, `target`, `weight` and one column a similarity.

    Raises
    ------
    UnknownNameError
        If there is no such similarity.
    NetworkError
        If one that was asked for by name lacks its totals, or totals cannot be those of these links.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> table(Network.from_matrix([[0, 6], [6, 0]], ["beijing", "boston"]))
        source  target  weight  association_strength
    0  beijing  boston     6.0                   2.0
    """
    links = network.links()
    for name in SIMILARITIES if names is None else names:
        if name not in SIMILARITIES:
            raise UnknownNameError("similarity", name, SIMILARITIES)
        try:
            links[name] = SIMILARITIES[name](network).upper.data
        except MissingTotalsError:
            if names is not None:
                raise
    return links


def _weighted(network: Network, weight: NDArray[np.float64], name: str, **provenance: float) -> Network:
    upper = sparse.csr_array((weight, network.upper.indices, network.upper.indptr), shape=network.upper.shape)
    return Network(network.places, upper, {**network.provenance, **provenance, "weights": name})


def _ratio(network: Network, totals: NDArray[np.float64], number: float) -> NDArray[np.float64]:
    first, second, weight = network.pairs
    return np.asarray((weight / totals[first]) * (number / totals[second]))


def _overlap(
    network: Network,
    totals: pd.Series | None,
    name: str,
    formula: Callable[[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]],
) -> Network:
    works = place_works(network, totals)
    first, second, weight = network.pairs
    # Square roots may leave a value of 1 one rounding error above it.
    return _weighted(network, np.minimum(formula(weight, works[first], works[second]), 1.0), name)
