"""Indicators of hubs: a measure of position over all hubs of an index, and the two of the GIHI 2024."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from innovation_graph.centrality import degree, eigenvector
from innovation_graph.errors import NetworkError
from innovation_graph.network import Network

__all__ = ["indicator_17", "indicator_18", "over_hubs"]


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
    return over_hubs(papers, hubs, eigenvector).rename("indicator_17")


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
    return over_hubs(patents, hubs, degree).rename("indicator_18")


def over_hubs(network: Network, hubs: Sequence[str] | None, measure: Callable[[Network], pd.Series]) -> pd.Series:
    """Measure the network of the hubs of an index alone; hubs that are absent from it get 0.

    Parameters
    ----------
    network : Network
        Any network; links to places that are no hubs are left out.
    hubs : sequence of str, optional
        Place ids of all hubs of the index; default: all places of the network.
    measure : callable
        A measure of `MEASURES`.

    Returns
    -------
    pandas.Series
        One value a hub, in the order of `hubs`.

    Raises
    ------
    NetworkError
        If a hub is named twice, or no hub is in the network.
    """
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
