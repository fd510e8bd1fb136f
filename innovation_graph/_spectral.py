"""The leading eigenvector of the largest component."""

import warnings
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import eigsh

from innovation_graph.network import Network

__all__ = ["largest_component", "leading_vector"]

_DENSE = 500  # up to here a dense eigensolver is quicker and exact
_TINY_GAP = 1e-6


def largest_component(network: Network) -> NDArray[np.intp]:
    """Return the rows of the largest component: most places, then largest weight, then first place."""
    n_components, component = connected_components(network.adjacency, directed=False)
    size = np.bincount(component, minlength=n_components)
    weight = np.bincount(component, network.adjacency.sum(axis=1), minlength=n_components)
    # Components are numbered by their first place, and lexsort is stable.
    best = np.lexsort((-weight, -size))[0]
    return np.flatnonzero(component == best)


def leading_vector(weights: sparse.csr_array) -> NDArray[np.float64]:
    """Return the eigenvector of the largest eigenvalue of a connected network, non-negative, norm 1."""
    n = weights.shape[0]
    scaled = weights / weights.data.max()
    if n <= _DENSE:
        with _blas().limit(limits=1, user_api="blas"):  # its threads cost more here than they bring
            values, vectors = linalg.eigh(scaled.toarray(), subset_by_index=[n - 2, n - 1])
    else:
        # ARPACK starts from chance unless told; strengths are close to the answer and never orthogonal to it.
        start = scaled.sum(axis=1)
        values, vectors = eigsh(scaled, k=2, which="LA", v0=start, ncv=min(n - 1, 40))
        order = np.argsort(values)
        values, vectors = values[order], vectors[:, order]
    if values[1] - values[0] < _TINY_GAP * values[1]:
        warnings.warn(
            "the two largest eigenvalues are all but equal: eigenvector centrality hangs on minute "
            "differences of weights; compare with pagerank",
            RuntimeWarning,
            stacklevel=3,
        )
    return np.asarray(np.abs(vectors[:, 1]))


@cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415 - it looks through all loaded libraries

    return ThreadpoolController()
