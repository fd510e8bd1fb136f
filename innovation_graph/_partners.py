"""Partners of a place by rank."""

import numpy as np
from numpy.typing import NDArray

from innovation_graph.network import Network

__all__ = ["heavier_links"]


def heavier_links(network: Network) -> list[NDArray[np.int64]]:
    """Count for each link, at its first and at its second place, the heavier links of that place."""
    first, second, weight = network.pairs
    place = np.concatenate([first, second])
    both = np.tile(weight, 2)
    order = np.lexsort((-both, place))
    place, both = place[order], both[order]
    at = np.arange(len(order))
    new_place = np.r_[True, place[1:] != place[:-1]][: len(order)]
    lighter = new_place | np.r_[True, both[1:] != both[:-1]][: len(order)]
    start = np.maximum.accumulate(np.where(new_place, at, 0))
    heavier = np.empty(len(order), dtype=np.int64)
    heavier[order] = np.maximum.accumulate(np.where(lighter, at, 0)) - start
    return np.split(heavier, 2)
