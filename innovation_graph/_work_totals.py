"""Totals of works that links of joint works are measured against, checked: one place, all places."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import NetworkError
from innovation_graph.network import Network

__all__ = ["MissingTotalsError", "Totals", "joint_works", "located_works", "place_works"]


class MissingTotalsError(NetworkError):
    """The network does not carry what its links are to be divided by."""


class Totals(NamedTuple):
    """Works of each place, in network order (NaN only for places without a link), and of all places together."""

    places: NDArray[np.float64]
    world: float


def place_works(network: Network, totals: pd.Series | None = None) -> NDArray[np.float64]:
    """Return the works of each place: the given ones by place id, or `works` of the place table."""
    return _checked(network, network.places["works"] if totals is None else totals, "works")


def located_works(network: Network, totals: pd.Series | None = None, world: float | None = None) -> Totals:
    """Return the works of each place and the number of works with a place (`works_located`)."""
    works = place_works(network, totals)
    return Totals(works, _number(network, works, world, "works_located", "works"))


def joint_works(network: Network, totals: pd.Series | None = None, world: float | None = None) -> Totals:
    """Return the works with a partner of each place and the number of works with several places (`works_linking`)."""
    what = "works with a partner"
    if totals is None:
        totals = network.places["works"] - network.places["solo_works"]
    works = _checked(network, totals, what)
    return Totals(works, _number(network, works, world, "works_linking", what))


def _checked(network: Network, totals: pd.Series, what: str) -> NDArray[np.float64]:
    source = network.provenance
    counting = source.get("counting", "whole")
    if counting != "whole":
        raise MissingTotalsError(f"weights must be works in common (whole counting), not of {counting!r} counting")
    if "weights" in source:
        raise MissingTotalsError(f"weights must be works in common, not {source['weights']!r}")
    if "inside_links" in source:
        raise MissingTotalsError(
            "weights must be works in common; added up from smaller places they count a work several times. "
            "Project the records onto the larger places instead"
        )
    if not totals.index.is_unique:
        raise NetworkError(f"totals name places twice: {list(totals.index[totals.index.duplicated()][:5])}")
    values = totals.reindex(network.ids).to_numpy(dtype=np.float64, na_value=np.nan)
    linked = np.diff(network.adjacency.indptr) > 0
    bad = np.flatnonzero(linked & ~((values > 0) & (values < np.inf)))
    if len(bad):
        raise MissingTotalsError(
            f"{len(bad)} places with links have no number of {what}, the first is {network.ids[bad[0]]!r}; "
            "give them as totals, a Series by place id, or in the place table"
        )
    first, second, weight = network.pairs
    bad = np.flatnonzero(weight > np.minimum(values[first], values[second]))
    if len(bad):
        a, b = first[bad[0]], second[bad[0]]
        raise NetworkError(
            f"{network.ids[a]} - {network.ids[b]} have {weight[bad[0]]:,.6g} works in common, but {values[a]:,.6g} and "
            f"{values[b]:,.6g} {what}; totals and weights must come from the same works, counted whole"
        )
    return values


def _number(network: Network, totals: NDArray[np.float64], world: float | None, key: str, what: str) -> float:
    value = network.provenance.get(key) if world is None else world
    if value is None:
        raise MissingTotalsError(f"the provenance of the network has no {key!r}; give the number as world")
    largest = totals.max(initial=0, where=~np.isnan(totals))
    if not largest <= float(value) < np.inf:
        raise NetworkError(
            f"world must count the {what} of all places, but it is {value:,.6g} and one place has {largest:,.6g}"
        )
    return float(value)
