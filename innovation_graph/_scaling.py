"""Scaling of a symmetric matrix to row sums of 1 (Sinkhorn and Knopp), and whether there is such a scaling."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components, maximum_bipartite_matching

from innovation_graph.errors import NetworkError
from innovation_graph.network import Network

__all__ = ["doubly_stochastic_weights"]

_STEPS = 10_000
_CLOSE = 1e-12


def doubly_stochastic_weights(network: Network) -> NDArray[np.float64]:
    """Return the weights of the links, in network order, scaled so that those of each linked place add up to 1."""
    first, second, weight = network.pairs
    if not len(weight):
        return weight
    linked = np.flatnonzero(np.diff(network.adjacency.indptr))
    matrix = network.adjacency[linked][:, linked] / weight.max()
    _check_support(matrix, network, linked)
    factor = np.zeros(network.n_places)
    factor[linked] = _factors(matrix)
    return np.asarray(factor[first] * (weight / weight.max()) * factor[second])


def _factors(matrix: sparse.csr_array) -> NDArray[np.float64]:
    # A step in the logarithm halves the error of the row sums in all directions but those of two sides
    # that have links only to one another, which the products of factors do not feel.
    factor: NDArray[np.float64] = 1 / np.sqrt(matrix.sum(axis=1))
    for _ in range(_STEPS):
        sums = factor * (matrix @ factor)
        if np.abs(sums - 1).max() < _CLOSE * max(10, len(factor)):
            return factor
        factor = factor / np.sqrt(sums)
    raise NetworkError(
        f"the doubly stochastic scaling was not found in {_STEPS:,} steps: a sum of weights is still off by "
        f"{np.abs(sums - 1).max():.2g}; the weights are too unequal, use another rule"
    )


def _check_support(matrix: sparse.csr_array, network: Network, linked: NDArray[np.intp]) -> None:
    """Refuse a matrix with an entry that lies on no positive diagonal.

    With a perfect matching of rows to columns, entry (i, j) lies on one if i can be reached from the
    row that is matched to column j: so if both are in one strong component of the matched matrix.
    """
    row_of = maximum_bipartite_matching(matrix, perm_type="row")
    refusal = "there is no doubly stochastic scaling: "
    advice = "; leave out places with few links (Network.subset), or use another rule"
    names = network.names.to_numpy()[linked]
    alone = np.flatnonzero(row_of < 0)
    if len(alone):
        raise NetworkError(
            f"{refusal}the linked places cannot all be covered by disjoint pairs and rings of links, "
            f"{len(alone)} stay over, one of them {names[alone[0]]!r}{advice}"
        )
    entries = matrix.tocoo()
    rows, columns = entries.coords
    # Column j becomes the row it is matched to.
    graph = sparse.csr_array((np.ones(len(rows)), (rows, row_of[columns])), shape=matrix.shape)
    _, component = connected_components(graph, connection="strong")
    bad = np.flatnonzero(component[rows] != component[row_of[columns]])
    if len(bad):
        one, other = names[rows[bad[0]]], names[columns[bad[0]]]
        raise NetworkError(
            f"{refusal}{len(bad) // 2} of {len(rows) // 2} links, the first between {one!r} and {other!r}, would "
            f"have to become 0, because other places have no other partners{advice}"
        )
