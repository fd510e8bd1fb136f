"""Dendrograms: the cut of a sequence of merges that has the largest modularity, or a given number of parts."""

import numpy as np
from numpy.typing import NDArray

from innovation_graph.network import Network

__all__ = ["Dendrogram"]


class Dendrogram:
    """A sequence of merges of places into ever larger parts; row t makes part n + t out of two others.

    The places are strung in an order in which every part is an unbroken run, so that two places are
    in one part from the largest merge between them on.
    """

    def __init__(self, merges: NDArray[np.int64], n: int) -> None:
        self.n_merges = len(merges)
        self._merges = merges
        after = np.full(n, -1, dtype=np.int64)
        joined = np.full(n, self.n_merges, dtype=np.int64)  # the merge between a place and the next one in line
        first, last = np.arange(n + self.n_merges), np.arange(n + self.n_merges)
        for step, (a, b) in enumerate(merges.tolist()):
            after[last[a]], joined[last[a]] = first[b], step
            first[n + step], last[n + step] = first[a], last[b]
        merged = np.zeros(n + self.n_merges, dtype=bool)
        merged[merges.ravel()] = True
        order: list[int] = []
        for root in np.flatnonzero(~merged):
            place = int(first[root])
            while place >= 0:
                order.append(place)
                place = int(after[place])
        self._order = np.array(order, dtype=np.int64)
        self._gaps = joined[self._order]

    def cut(self, merges: int) -> NDArray[np.int64]:
        """Return the part of each place after so many merges."""
        labels = np.zeros(len(self._order), dtype=np.int64)
        labels[self._order[1:]] = np.cumsum(self._gaps[:-1] >= merges)
        return labels

    def modularities(self, network: Network) -> NDArray[np.float64]:
        """Return the modularity after 0, 1, 2 ... merges of the places of a network."""
        first, second, weight = network.pairs
        strength = network.adjacency.sum(axis=1)
        shares = np.concatenate([strength / strength.sum(), np.zeros(self.n_merges)])
        growth = np.zeros(self.n_merges)
        for step, (a, b) in enumerate(self._merges):
            shares[len(strength) + step] = shares[a] + shares[b]
            growth[step] = 2 * shares[a] * shares[b]
        inside = np.bincount(self._joins(first, second), weight / weight.sum(), minlength=self.n_merges + 1)
        start = (shares[: len(strength)] ** 2).sum()
        steps = inside[: self.n_merges] - growth
        return np.asarray(np.concatenate([[0.0], np.cumsum(steps)]) - start)

    def _joins(self, first: NDArray[np.int32], second: NDArray[np.int32]) -> NDArray[np.int64]:
        # Largest gap between two positions, from the largest gaps of all runs of 1, 2, 4 ... positions.
        position = np.empty(len(self._order), dtype=np.int64)
        position[self._order] = np.arange(len(self._order))
        low = np.minimum(position[first], position[second])
        high = np.maximum(position[first], position[second])
        joins = np.zeros(len(low), dtype=np.int64)
        level = np.frexp((high - low).astype(float))[1] - 1
        runs = self._gaps
        for power in range(int(level.max(initial=-1)) + 1):
            here = level == power
            joins[here] = np.maximum(runs[low[here]], runs[high[here] - 2**power])
            runs = np.maximum(runs[: -(2**power)], runs[2**power :])
        return joins
