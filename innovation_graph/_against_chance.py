"""Measures of the network as a whole that mean something only beside random graphs of the same degrees."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph._spectral import largest_component
from innovation_graph.errors import RecipeError
from innovation_graph.network import Network

__all__ = ["check_count", "ratio", "rich_club", "small_world"]

_LATTICES = 3


def small_world(network: Network, *, references: int = 10, seed: int = 0) -> pd.Series:
    r"""Compare the largest component with random and with lattice-like graphs of the same degrees.

    .. math:: \sigma = \frac{T / T_{random}}{L / L_{random}}, \qquad
              \omega = \frac{L_{random}}{L} - \frac{C}{C_{lattice}}

    with transitivity T, mean clustering C and mean path length L. Above 1, sigma says small world; omega
    is near 0 in a small world, towards 1 in a random graph and towards -1 in a lattice. In a dense
    network both say little: there is hardly a path longer than two steps, and chance alone clusters.

    Random graphs come from about ten random swaps a link; their values are means over the graphs,
    path lengths over the pairs that are connected. Three lattices come from random orders of the places on
    a ring by swaps that bring the ends of links together; the highest clustering found counts.

    Parameters
    ----------
    network : Network
        Any network; weights play no part. The lattices take about a millisecond a link, and room for all
        pairs of places: meant for some thousand places at most.
    references : int
        Number of random graphs, from 1 on.
    seed : int
        Seed of the random generators.

    Returns
    -------
    pandas.Series
        `transitivity`, `random_transitivity`, `mean_path_length`, `random_path_length`, `mean_clustering`,
        `lattice_clustering`, `sigma` and `omega`. Sigma and omega are NaN where their denominator is 0, all
        are NaN without links; a transitivity without a place of two partners is 0 here.

    Raises
    ------
    RecipeError
        If `references` is no whole number from 1 on.

    References
    ----------
    Humphries and Gurney (2008), Network 'small-world-ness', PLoS ONE 3; Telesford, Joyce, Hayasaka,
    Burdette and Laurienti (2011), The ubiquity of small-world networks, Brain Connectivity 1; lattices
    and random graphs: Maslov and Sneppen (2002); Sporns and Zwi (2004).
    """
    check_count("references", references)
    names = ["transitivity", "random_transitivity", "mean_path_length", "random_path_length"]
    names += ["mean_clustering", "lattice_clustering", "sigma", "omega"]
    if not network.n_links:
        return pd.Series(np.nan, index=pd.Index(names, name="measure"), name="value")
    from innovation_graph._igraph import graph_of  # noqa: PLC0415 - igraph is slow to load
    from innovation_graph._rewiring import lattice_graphs, random_graphs  # noqa: PLC0415 - igraph is slow to load

    rows = largest_component(network)
    core = Network(network.places.iloc[rows], network.upper[rows][:, rows])
    t, length, c = _small_world_values(graph_of(core, weights=False))
    drawn = np.array([_small_world_values(graph) for graph in random_graphs(core, references, seed)])
    t_random, l_random, _ = drawn.mean(axis=0).tolist()
    c_lattice = max(_small_world_values(graph)[2] for graph in lattice_graphs(core, _LATTICES, seed))
    sigma = ratio(ratio(t, t_random), ratio(length, l_random))
    omega = ratio(l_random, length) - ratio(c, c_lattice)
    found = [t, t_random, length, l_random, c, c_lattice, sigma, omega]
    return pd.Series(found, index=pd.Index(names, name="measure"), name="value")


def rich_club(network: Network, *, weighted: bool = False, references: int = 100, seed: int = 0) -> pd.DataFrame:
    r"""Ask of ever richer clubs whether their members work with one another more than chance would have it.

    Unweighted, the club of k are the places of more than k partners, and the coefficient is its density.
    Weighted, the club of s are the places of a strength above s, and the coefficient is the weight of the
    E links inside it over that of the E heaviest links of the network:

    .. math:: \phi(k) = \frac{2 E_{>k}}{N_{>k} (N_{>k} - 1)}, \qquad
              \phi^w(s) = \frac{W_{>s}}{\sum_{l=1}^{E_{>s}} w_l}, \quad w \textrm{ falling}

    Both rise with k by themselves, so they are read as a ratio to random references: about ten random
    swaps a link, degrees as they are; weighted, the weights are dealt out anew among them.
    As strengths then differ, the club of a reference is the same number of its own strongest places.

    Parameters
    ----------
    network : Network
        Any network.
    weighted : bool
        Which of the two.
    references : int
        Number of references, from 1 on.
    seed : int
        Seed of the random generators.

    Returns
    -------
    pandas.DataFrame
        One row a club, from all linked places to the smallest of two or more, by rising `richness` (k or s: 0, and
        every value that occurs): `places` and `links` of the club, `coefficient`, `reference` (mean
        of the references), `low` and `high` (their 2.5 and 97.5 percentiles) and `ratio`
        (coefficient / reference). A ratio outside low / reference to high / reference would be rare by
        chance. NaN where a club has no links to compare: weighted coefficients without a link, ratios to 0.

    Raises
    ------
    RecipeError
        If `references` is no whole number from 1 on.

    References
    ----------
    Colizza, Flammini, Serrano and Vespignani (2006), Detecting rich-club ordering in complex networks,
    Nature Physics 2; Opsahl, Colizza, Panzarasa and Ramasco (2008), Prominence and control: the
    weighted rich-club effect, Physical Review Letters 101.
    """
    check_count("references", references)
    from innovation_graph._rewiring import random_graphs  # noqa: PLC0415 - igraph is slow to load

    first, second, weight = network.pairs
    richness = network.adjacency.sum(axis=1) if weighted else np.diff(network.adjacency.indptr)
    levels, sizes = _club_sizes(richness)
    links, found = _club_coefficients(richness, first, second, weight if weighted else None, sizes)
    drawn = np.empty((references, len(sizes)))
    rng = np.random.default_rng([seed, 1])  # other numbers than those of the graphs
    for row, graph in enumerate(random_graphs(network, references, seed)):
        ends = np.array(graph.get_edgelist(), dtype=np.intp).reshape(-1, 2).T
        dealt = weight[rng.permutation(len(weight))] if weighted else None
        drawn[row] = _club_coefficients(_richness(ends, dealt, network.n_places), ends[0], ends[1], dealt, sizes)[1]
    reference, low, high = _spread(drawn)
    columns = {
        "places": sizes,
        "links": links,
        "coefficient": found,
        "reference": reference,
        "low": low,
        "high": high,
        "ratio": np.divide(found, reference, out=np.full(len(found), np.nan), where=reference > 0),
    }
    return pd.DataFrame(columns, index=pd.Index(levels, name="richness"))


def check_count(name: str, number: int) -> None:
    """Refuse what is no whole number from 1 on."""
    if not (number >= 1 and number == int(number)):
        raise RecipeError(f"{name} must be a whole number from 1 on, not {number}")


def _club_sizes(richness: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the levels, 0 and every one that occurs, and how many places are above; clubs of two or more."""
    levels = np.unique(np.append(richness, 0))
    sizes = len(richness) - np.searchsorted(np.sort(richness), levels, side="right")
    return levels[sizes > 1], sizes[sizes > 1]


def _club_coefficients(
    richness: NDArray[Any],
    first: NDArray[Any],
    second: NDArray[Any],
    weight: NDArray[np.float64] | None,
    sizes: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return links and coefficient of the clubs of so many richest places; of equally rich the first ones."""
    rank = np.empty(len(richness), dtype=np.int64)
    rank[np.argsort(-richness, kind="stable")] = np.arange(len(richness))
    joins = np.maximum(rank[first], rank[second])  # the link is in every club of more places than that
    within = np.cumsum(np.bincount(joins, minlength=len(richness)))[sizes - 1]
    if weight is None:
        return within, 2 * within / (sizes * (sizes - 1))
    inside = np.cumsum(np.bincount(joins, weight, minlength=len(richness)))[sizes - 1]
    heaviest = np.append(0, np.cumsum(np.sort(weight)[::-1]))[within]
    return within, np.divide(inside, heaviest, out=np.full(len(sizes), np.nan), where=within > 0)


def ratio(part: float, whole: float) -> float:
    """Return part over whole, NaN if there is no whole."""
    return part / whole if whole > 0 else np.nan


def _small_world_values(graph: Any) -> tuple[float, float, float]:
    return (
        graph.transitivity_undirected(mode="zero"),
        graph.average_path_length(directed=False),
        graph.transitivity_avglocal_undirected(mode="zero"),
    )


def _richness(ends: NDArray[np.intp], weight: NDArray[np.float64] | None, n_places: int) -> NDArray[Any]:
    return np.bincount(np.ravel(ends), None if weight is None else np.tile(weight, 2), n_places)


def _spread(drawn: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean and percentiles of each column over the rows that have a value; NaN where none has."""
    out = np.full((3, drawn.shape[1]), np.nan)
    there = ~np.isnan(drawn).all(axis=0)
    out[0, there] = np.nanmean(drawn[:, there], axis=0)
    out[1:, there] = np.nanpercentile(drawn[:, there], [2.5, 97.5], axis=0)
    return out[0], out[1], out[2]
