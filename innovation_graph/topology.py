"""Topology: the network as a whole, each measure a function of its own that returns one number.

A measure that has no value for a network (a mean of nothing, a correlation of equal values) is NaN:
of the empty network and of isolates nearly all are, numbers and sums of places and links are 0.
"""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

from innovation_graph import centrality, communities
from innovation_graph._against_chance import check_count, ratio, rich_club, small_world
from innovation_graph._mixing import assortativity, attribute_assortativity
from innovation_graph._partners import heavier_links
from innovation_graph._spectral import largest_component
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.network import Network
from innovation_graph.partition import Partition

__all__ = [
    "MEASURES",
    "assortativity",
    "attribute_assortativity",
    "centralisation",
    "components",
    "density",
    "diameter",
    "gini",
    "isolates",
    "largest_component_share",
    "mean_clustering",
    "mean_degree",
    "mean_path_length",
    "mean_strength",
    "rich_club",
    "small_world",
    "table",
    "top_partner_reciprocity",
    "top_strength_share",
    "transitivity",
]


def density(network: Network) -> float:
    """Divide the number of links by the number of possible links, n (n - 1) / 2.

    Parameters
    ----------
    network : Network
        Any network.

    Returns
    -------
    float
        0 to 1; NaN with fewer than two places.
    """
    return ratio(2 * network.n_links, network.n_places * (network.n_places - 1))


def components(network: Network) -> int:
    """Count the connected components; an isolate is one of its own.

    Parameters
    ----------
    network : Network
        Any network.

    Returns
    -------
    int
        0 for the empty network.
    """
    return int(connected_components(network.adjacency, directed=False)[0]) if network.n_places else 0


def largest_component_share(network: Network) -> float:
    """Return the share of all places that lie in the largest component.

    Parameters
    ----------
    network : Network
        Any network.

    Returns
    -------
    float
        Above 0, at most 1; NaN without places.
    """
    return ratio(len(_core(network)), network.n_places)


def isolates(network: Network) -> int:
    """Count the places without a link.

    Parameters
    ----------
    network : Network
        Any network.

    Returns
    -------
    int
        0 to the number of places.
    """
    return int((np.diff(network.adjacency.indptr) == 0).sum())


def mean_degree(network: Network) -> float:
    """Mean number of partners of a place, isolates included.

    Parameters
    ----------
    network : Network
        Any network.

    Returns
    -------
    float
        0 to n - 1; NaN without places.
    """
    return ratio(2 * network.n_links, network.n_places)


def mean_strength(network: Network) -> float:
    """Mean of the summed link weights of a place, isolates included.

    Parameters
    ----------
    network : Network
        Any network.

    Returns
    -------
    float
        In the unit of the weights; NaN without places.
    """
    return ratio(2 * network.total_weight, network.n_places)


def mean_path_length(network: Network) -> float:
    """Mean number of steps between two places of the largest component.

    The largest component has most places; of several, it is the one with the largest total weight,
    of several still, the one with the place that stands first.

    Parameters
    ----------
    network : Network
        Any network; weights play no part.

    Returns
    -------
    float
        1 or more; NaN without links.
    """
    return float(_core_graph(network).average_path_length(directed=False)) if network.n_links else np.nan


def diameter(network: Network) -> float:
    """Largest number of steps between two places of the largest component (as in `mean_path_length`).

    Parameters
    ----------
    network : Network
        Any network; weights play no part.

    Returns
    -------
    float
        A whole number from 1 on; NaN without links.
    """
    return float(_core_graph(network).diameter(directed=False)) if network.n_links else np.nan


def transitivity(network: Network) -> float:
    """Return the share of pairs of partners of a place that are partners of each other, over all pairs.

    Three times the number of triangles over the number of paths of two links.

    Parameters
    ----------
    network : Network
        Any network; weights play no part.

    Returns
    -------
    float
        0 to 1; NaN if no place has two partners.
    """
    return float(_graph(network).transitivity_undirected(mode="nan"))


def mean_clustering(network: Network) -> float:
    """Mean over all places of the share of pairs of their partners that are partners of each other.

    Parameters
    ----------
    network : Network
        Any network; weights play no part.

    Returns
    -------
    float
        0 to 1; a place with fewer than two partners counts as 0; NaN without places.

    References
    ----------
    Watts and Strogatz (1998), Collective dynamics of 'small-world' networks.
    """
    return float(_graph(network).transitivity_avglocal_undirected(mode="zero")) if network.n_places else np.nan


def top_partner_reciprocity(network: Network, k: int = 10) -> float:
    """Share of the places' k heaviest partners that have them among their own k heaviest.

    Parameters
    ----------
    network : Network
        Any network.
    k : int
        Number of partners a place, from 1 on. A place with fewer names them all; partners that tie for
        the last rank are all named.

    Returns
    -------
    float
        0 to 1; high where ties are among equals, low where the small name the large; NaN without links.

    Raises
    ------
    RecipeError
        If k is no whole number from 1 on.
    """
    check_count("k", k)
    named, back = (at < k for at in heavier_links(network))
    return ratio(2 * int((named & back).sum()), int(named.sum() + back.sum()))


def centralisation(network: Network, measure: Literal["degree", "betweenness", "closeness"] = "degree") -> float:
    r"""How far one place stands out: the sum of differences to the most central place, over that of a star.

    .. math:: C = \frac{\sum_i (\max_j c_j - c_i)}{\textrm{the same for a star of n places}}

    The star has (n - 1)(n - 2) for degree, (n - 1)^2 (n - 2) / 2 for betweenness and
    (n - 1)(n - 2) / (2n - 3) for closeness.

    Parameters
    ----------
    network : Network
        Any network; weights play no part.
    measure : {"degree", "betweenness", "closeness"}
        Closeness is that of the largest component only, compared with a star of its size.

    Returns
    -------
    float
        0 (all alike) to 1 (a star); NaN with fewer than three places, for closeness in the largest component.

    Raises
    ------
    UnknownNameError
        If there is no such measure.

    References
    ----------
    Freeman (1979), Centrality in social networks: conceptual clarification.
    """
    of = {"degree": centrality.degree, "betweenness": centrality.betweenness, "closeness": centrality.closeness}
    if measure not in of:
        raise UnknownNameError("measure", measure, of)
    values = of[measure](network).to_numpy(dtype=np.float64)
    if measure == "closeness":
        values = values[_core(network)]
    n = len(values)
    star = {
        "degree": (n - 1) * (n - 2),
        "betweenness": (n - 1) ** 2 * (n - 2) / 2,
        "closeness": (n - 1) * (n - 2) / (2 * n - 3),
    }[measure]
    return float((values.max() - values).sum() / star) if n > 2 else np.nan


def gini(values: ArrayLike) -> float:
    r"""How unequally something is spread over places: half their mean difference over their mean.

    .. math:: G = \frac{\sum_i (2 i - n - 1) x_i}{n \sum_i x_i}, \quad x \textrm{ rising}

    Parameters
    ----------
    values : array_like
        One number a place, none negative; isolates belong to them.

    Returns
    -------
    float
        0 (all alike) to 1 - 1/n (one place has all); NaN without values, and if all are 0.

    Raises
    ------
    NetworkError
        If a value is negative or NA.
    """
    x = np.sort(np.asarray(values, dtype=np.float64))
    if not (x >= 0).all():
        raise NetworkError("a Gini coefficient takes values from 0 on, and some are negative or missing")
    n = len(x)
    return ratio(float((2 * np.arange(1, n + 1) - n - 1) @ x), n * float(x.sum()))


def top_strength_share(network: Network, k: int = 10) -> float:
    """Share of all strength that the k strongest places have.

    Parameters
    ----------
    network : Network
        Any network.
    k : int
        Number of places, from 1 on; with fewer places it is all of them.

    Returns
    -------
    float
        Above 0, at most 1; NaN without links.

    Raises
    ------
    RecipeError
        If k is no whole number from 1 on.
    """
    check_count("k", k)
    strength = np.sort(network.adjacency.sum(axis=1))
    return ratio(float(strength[-k:].sum()), float(strength.sum()))


MEASURES: dict[str, tuple[Callable[[Network], float], str]] = {
    "places": (lambda network: network.n_places, "places, isolates included"),
    "links": (lambda network: network.n_links, "linked pairs of places"),
    "total_weight": (lambda network: network.total_weight, "sum of the weights of all links"),
    "density": (density, "links over possible links"),
    "components": (components, "connected components, isolates included"),
    "largest_component_share": (largest_component_share, "share of the places in the largest component"),
    "isolates": (isolates, "places without a link"),
    "mean_degree": (mean_degree, "partners of a place"),
    "mean_strength": (mean_strength, "summed link weights of a place"),
    "mean_path_length": (mean_path_length, "steps between two places of the largest component"),
    "diameter": (diameter, "most steps between two places of the largest component"),
    "transitivity": (transitivity, "share of pairs of partners that are partners, over all pairs"),
    "mean_clustering": (mean_clustering, "share of pairs of partners that are partners, mean over places"),
    "assortativity_degree": (assortativity, "correlation of degrees at the ends of links"),
    "assortativity_strength": (
        lambda network: assortativity(network, "strength", weighted=True),
        "correlation of strengths at the ends of links, weighted",
    ),
    "assortativity_country": (attribute_assortativity, "links inside countries, 0 as by chance, 1 all"),
    "assortativity_country_weighted": (
        lambda network: attribute_assortativity(network, weighted=True),
        "weight inside countries, 0 as by chance, 1 all",
    ),
    "assortativity_continent": (
        lambda network: attribute_assortativity(network, "continent"),
        "links inside continents, 0 as by chance, 1 all",
    ),
    "assortativity_continent_weighted": (
        lambda network: attribute_assortativity(network, "continent", weighted=True),
        "weight inside continents, 0 as by chance, 1 all",
    ),
    "top_10_reciprocity": (top_partner_reciprocity, "share of ten largest partners that name the place back"),
    "centralisation_degree": (centralisation, "0 all alike, 1 a star"),
    "centralisation_betweenness": (
        lambda network: centralisation(network, "betweenness"),
        "0 all alike, 1 a star",
    ),
    "centralisation_closeness": (
        lambda network: centralisation(network, "closeness"),
        "0 all alike, 1 a star; largest component",
    ),
    "gini_strength": (lambda network: gini(centrality.strength(network)), "0 all alike, near 1 one place has all"),
    "gini_eigenvector": (
        lambda network: gini(centrality.eigenvector(network)),
        "0 all alike, near 1 one place has all",
    ),
    "top_10_strength_share": (top_strength_share, "share of all strength in the ten strongest places"),
}
"""The measures of `table` by name, in its order: function and what it tells."""


def table(network: Network, partition: Partition | pd.Series | None = None) -> pd.DataFrame:
    """Compute all measures of `MEASURES`, each with its defaults.

    Small-world measures and rich clubs need random references and are asked for by themselves.

    Parameters
    ----------
    network : Network
        Any network.
    partition : Partition or pandas.Series, optional
        Communities, for their `modularity` in a last row: a partition, or labels indexed by place id.

    Returns
    -------
    pandas.DataFrame
        One row a measure, indexed by `measure`: `value` (float, NaN if there is none) and `what` it tells.

    Raises
    ------
    NetworkError
        If a place has no community.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> network = Network.from_matrix([[0, 4, 2], [4, 0, 0], [2, 0, 0]], ["beijing", "boston", "paris"])
    >>> table(network).loc[["density", "mean_path_length", "centralisation_degree"], "value"].round(3).tolist()
    [0.667, 1.333, 1.0]
    """
    rows: list[tuple[str, float, str]] = [(name, measure(network), what) for name, (measure, what) in MEASURES.items()]
    if partition is not None:
        labels = partition.labels if isinstance(partition, Partition) else partition
        quality = communities.modularity(network, labels)
        what = "weight inside the communities above what strengths alone would give"
        rows.append(("modularity", np.nan if quality is None else quality, what))
    names, values, whats = zip(*rows, strict=True)
    index = pd.Index(names, name="measure", dtype="str")
    columns = {"value": np.array(values, dtype=np.float64), "what": np.array(whats, dtype=object)}
    return pd.DataFrame(columns, index=index).astype({"what": "str"})


def _core(network: Network) -> NDArray[np.intp]:
    return largest_component(network) if network.n_places else np.zeros(0, dtype=np.intp)


def _graph(network: Network) -> Any:
    from innovation_graph._igraph import graph_of  # noqa: PLC0415 - igraph is loaded only when asked for

    return graph_of(network, weights=False)


def _core_graph(network: Network) -> Any:
    return _graph(network).induced_subgraph(_core(network).tolist())
