"""Consensus of many partitions on plain arrays."""

import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph._overlap import agreement_of
from innovation_graph._searches import draws
from innovation_graph.ensemble import Ensemble
from innovation_graph.errors import NetworkError
from innovation_graph.network import Network

__all__ = ["medoid", "reclustered"]

_ALL_PAIRS = 2_000
_ROUNDS = 50


def medoid(ensemble: Ensemble) -> NDArray[np.int64]:
    """Return the labels of the run that is nearest to all runs."""
    rows, counts = ensemble.counted()
    labels = ensemble.labels[rows] - 1
    away = np.zeros((len(rows), len(rows)))
    for i in range(len(rows)):
        for j in range(i):
            away[i, j] = away[j, i] = agreement_of(labels[i], labels[j])["variation"]
    # Rounded, so that the order in which equal distances are added decides nothing.
    nearest = int(np.argmin(np.round(away @ counts, 9)))
    found: NDArray[np.int64] = ensemble.labels[rows[nearest]]
    return found


def reclustered(
    ensemble: Ensemble, network: Network | None, threshold: float, runs: int, seed: int
) -> tuple[NDArray[np.int64], int]:
    """Return the labels that runs on the shares of common communities agree on, and the number of rounds."""
    n = len(ensemble.places)
    if n <= _ALL_PAIRS:
        first, second = np.triu_indices(n, 1)
    elif network is not None:
        first, second = (ends.astype(np.intp) for ends in network.pairs[:2])
    else:
        raise NetworkError(f"consensus of {n:,} places needs the network: all pairs are too many above {_ALL_PAIRS:,}")
    for done in range(_ROUNDS):
        rows, counts = ensemble.counted()
        if len(rows) == 1:
            return ensemble.labels[0], done
        together = np.zeros(len(first))
        for row, count in zip(rows, counts, strict=True):
            together += count * (ensemble.labels[row, first] == ensemble.labels[row, second])
        share = together / ensemble.runs
        kept = _kept(first, second, share, threshold, n)
        upper = sparse.csr_array((share[kept], (first[kept], second[kept])), shape=(n, n))
        shares = Network(pd.DataFrame(index=ensemble.places), upper)
        # Another seed each round: with the same one, undecided runs could go round in a circle.
        found = draws(shares, "leiden", runs=runs, seed=seed + done, objective="modularity", resolution=1.0)
        ensemble = Ensemble(np.array([labels for labels, _, _ in found]), ensemble.places)
    rows, counts = ensemble.counted()
    warnings.warn(
        f"runs still differ after {_ROUNDS} rounds; the most frequent one is taken", RuntimeWarning, stacklevel=3
    )
    return ensemble.labels[rows[int(np.argmax(counts))]], _ROUNDS


def _kept(
    first: NDArray[np.intp], second: NDArray[np.intp], share: NDArray[np.float64], threshold: float, n: int
) -> NDArray[np.intp]:
    strong = share >= threshold
    alone = np.ones(n, dtype=bool)
    alone[first[strong]] = alone[second[strong]] = False
    weaker = np.flatnonzero((share > 0) & ~strong & (alone[first] | alone[second]))
    weaker = weaker[np.argsort(-share[weaker], kind="stable")]
    ends = np.stack([first[weaker], second[weaker]], axis=1).ravel()
    place, at = np.unique(ends, return_index=True)  # the first, hence strongest, pair of each place
    chosen = weaker[at[alone[place]] // 2]
    return np.union1d(np.flatnonzero(strong), chosen)
