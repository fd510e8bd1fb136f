"""Steps of the projection on blocks of rows, shared by the network of all works and those by period."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph.incidence import Block
from innovation_graph.network import Network

__all__ = ["Totals", "dense_links", "network_of", "pair_weights", "shares_of", "totals_of"]


class Totals:
    """Running totals of the place table."""

    def __init__(self, n_places: int) -> None:
        self.works = np.zeros(n_places)
        self.solo = np.zeros(n_places)
        self.fractional = np.zeros(n_places)
        self.rows = 0
        self.sites = 0
        self.located = 0

    def add(self, other: "Totals") -> None:
        """Add those of other rows."""
        self.works += other.works
        self.solo += other.solo
        self.fractional += other.fractional
        self.rows += other.rows
        self.sites += other.sites
        self.located += other.located


def pair_weights(counting: str, largest: int) -> NDArray[np.float64]:
    """Return the weight of a pair by the number of places of the work."""
    n = np.maximum(np.arange(largest + 1), 2).astype(np.float64)  # works of one place have no pair to weigh
    if counting == "fractional":
        return 1.0 / (n - 1.0)
    if counting == "whole_normalised":
        return 2.0 / (n * (n - 1.0))
    return np.ones(len(n))


def shares_of(block: Block) -> NDArray[np.float64]:
    """Return the shares of some rows, or say that there are none."""
    if block.share is None:
        raise ValueError("counting='share' needs an incidence with shares: incidence.stream(..., shares=True)")
    return block.share


def totals_of(tools: ModuleType, block: Block, n_places: int) -> Totals:
    """Count the works of the places in some rows."""
    totals = Totals(n_places)
    tools.totals(block.ptr, block.place, totals.works, totals.solo, totals.fractional)
    totals.rows = len(block.work)
    totals.sites, totals.located = block.sites, block.located_sites
    return totals


def dense_links(
    tools: ModuleType, block: Block, counting: str, weight: NDArray[np.float64], n_places: int
) -> NDArray[np.float64]:
    """Sum the links of some rows above the diagonal of a dense matrix."""
    matrix = np.zeros((n_places, n_places))
    if counting == "share":
        tools.dense_shares(block.ptr, block.place, shares_of(block), matrix)
    else:
        tools.dense_pairs(block.ptr, block.place, weight, matrix)
    return matrix


def network_of(places: pd.DataFrame, upper: sparse.csr_array, totals: Totals, provenance: Mapping[str, Any]) -> Network:
    """Put links, totals and row counts together; the links are set read-only."""
    for buffer in (upper.data, upper.indices, upper.indptr):
        buffer.flags.writeable = False  # the network then takes them as they are
    table = places.assign(works=totals.works, solo_works=totals.solo, fractional_works=totals.fractional)
    counts = {"works_located": totals.rows, "works_linking": totals.rows - int(totals.solo.sum())}
    return Network(table, upper, {**provenance, **counts})
