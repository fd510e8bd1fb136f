"""Overlap of two divisions of the same places: how many places each pair of communities shares."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from innovation_graph.errors import NetworkError

__all__ = ["SAME", "Overlap", "agreement_of", "as_labels", "codes_of", "in_order", "overlap"]

SAME = {"nmi": 1.0, "adjusted_rand": 1.0, "variation": 0.0, "variation_normalised": 0.0}


@dataclass(frozen=True)
class Overlap:
    """Pairs of communities that share places, in rising order, the places they share and those each has."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    places: NDArray[np.int64]
    first_sizes: NDArray[np.int64]
    second_sizes: NDArray[np.int64]
    pair_of: NDArray[np.int64]

    def jaccard(self) -> NDArray[np.float64]:
        """Places in both communities of a pair as a share of those in either."""
        return self.places / (self.first_sizes[self.first] + self.second_sizes[self.second] - self.places)

    def matched(self) -> NDArray[np.bool_]:
        """Tell the pairs that match the two divisions one to one with as many places in common as possible.

        Of several such matchings the one with the largest sum of Jaccard indices is taken.
        """
        from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - slow to load

        k, m = len(self.first_sizes), len(self.second_sizes)
        # Whole places decide; the indices, less than 1 in sum, only where places are equal.
        worth = self.places + self.jaccard() / (min(k, m) + 1)
        graph = sparse.coo_array((np.ones(len(worth)), (self.first, self.second + k)), shape=(k + m, k + m))
        block = connected_components(graph, directed=False)[1][self.first]
        chosen: NDArray[np.bool_] = np.bincount(block)[block] == 1  # a pair that shares places with no other is matched
        left = np.flatnonzero(~chosen)
        left = left[np.argsort(block[left], kind="stable")]
        for pairs in np.split(left, np.flatnonzero(np.diff(block[left])) + 1) if len(left) else []:
            rows, row = np.unique(self.first[pairs], return_inverse=True)
            columns, column = np.unique(self.second[pairs], return_inverse=True)
            table = np.zeros((len(rows), len(columns)))
            table[row, column] = worth[pairs]
            best = dict(zip(*linear_sum_assignment(table, maximize=True), strict=True))
            chosen[pairs] = [best.get(i) == j for i, j in zip(row, column, strict=True)]
        return chosen


def overlap(first: NDArray[np.int64], second: NDArray[np.int64]) -> Overlap:
    """Count the places of each pair of communities; both labels are counted from 0, one a place."""
    first_sizes, second_sizes = np.bincount(first), np.bincount(second)
    keys, pair_of, places = np.unique(
        first.astype(np.int64) * max(1, len(second_sizes)) + second, return_inverse=True, return_counts=True
    )
    a, b = np.divmod(keys, max(1, len(second_sizes)))
    return Overlap(a, b, places, first_sizes, second_sizes, pair_of)


def as_labels(labels: object, what: str) -> pd.Series:
    """Return the labels of a partition, or a Series of labels, checked."""
    series = getattr(labels, "labels", labels)
    if not isinstance(series, pd.Series):
        raise NetworkError(
            f"{what} must be a Partition or a Series of labels indexed by place id, not {type(labels).__name__}"
        )
    if series.index.has_duplicates:
        raise NetworkError(f"{what} has several labels for {series.index[series.index.duplicated()][0]!r}")
    return series


def in_order(labels: pd.Series, places: pd.Index, what: str) -> pd.Series:
    """Return labels in the order of these places; refuse other places."""
    at = labels.index.get_indexer(places)
    missing, extra = places[at < 0], labels.index.difference(places, sort=False)
    for others, fault in ((missing, "missing"), (extra, "too many")):
        if len(others):
            raise NetworkError(
                f"{what} must be about the same places: {len(others)} are {fault}, the first is {others[0]!r}"
            )
    return labels.iloc[at]


def codes_of(labels: pd.Series, what: str) -> NDArray[np.int64]:
    """Count labels from 0, refuse missing ones."""
    codes = pd.factorize(labels)[0]
    if (codes < 0).any():
        raise NetworkError(f"{what} has no label for {labels.index[codes < 0][0]!r}")
    return codes.astype(np.int64, copy=False)


def agreement_of(first: NDArray[np.int64], second: NDArray[np.int64]) -> dict[str, float]:
    """Return the measures of `stability.compare`; both labels are counted from 0."""
    n = len(first)
    if n < 2:
        return dict(SAME)
    shared = overlap(first, second)
    if len(shared.places) == len(shared.first_sizes) == len(shared.second_sizes):
        return dict(SAME)
    a, b, both = (_entropy(sizes, n) for sizes in (shared.first_sizes, shared.second_sizes, shared.places))
    variation = max(0.0, 2 * both - a - b)
    return {
        "nmi": min(1.0, max(0.0, 2 * (a + b - both) / (a + b))),
        "adjusted_rand": _adjusted_rand(shared, n),
        "variation": variation,
        "variation_normalised": min(1.0, variation / float(np.log2(n))),
    }


def _entropy(sizes: NDArray[np.int64], n: int) -> float:
    return float(np.log2(n) - (sizes * np.log2(sizes)).sum() / n)


def _adjusted_rand(shared: Overlap, n: int) -> float:
    together, a, b = (
        float((sizes * (sizes - 1) / 2).sum()) for sizes in (shared.places, shared.first_sizes, shared.second_sizes)
    )
    expected = a * b / (n * (n - 1) / 2)
    return (together - expected) / ((a + b) / 2 - expected)
