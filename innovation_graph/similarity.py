"""Similarity: the weight of a link relative to what the sizes of its two places would give."""

from scipy import sparse

from innovation_graph.network import Network

__all__ = ["association_strength"]


def association_strength(network: Network) -> Network:
    r"""Divide each weight by the weight expected if links fell at random on places of these strengths.

    .. math:: s_{ij} = \frac{2 m \, c_{ij}}{k_i k_j}

    with weights :math:`c_{ij}`, strengths :math:`k_i = \sum_j c_{ij}` and
    :math:`m = \frac{1}{2} \sum_i k_i`. 1 means as strong as expected, 2 twice as strong.

    The totals here are sums over the links of *this* network: right for layouts and clustering, as
    VOSviewer does it. They are not the totals of an index of collaboration, which divides by numbers
    of works with at least one partner: a work of three places adds 2 to a strength but is one work.
    Indices made from strengths came out wrong by a factor of about 1.6 on published tables.

    Parameters
    ----------
    network : Network
        Any network; isolates stay isolates.

    Returns
    -------
    Network
        The same places and links with the association strength as weight; it does not change when
        all weights of the input are scaled. `provenance["weights"]` is `"association strength"`.

    References
    ----------
    van Eck and Waltman (2009), How to normalize cooccurrence data? An analysis of some well-known
    similarity measures, JASIST 60(8).

    Examples
    --------
    >>> from innovation_graph import Network
    >>> square = Network.from_matrix([[0, 3, 0, 1], [3, 0, 1, 0], [0, 1, 0, 3], [1, 0, 3, 0]])
    >>> association_strength(square).upper.data
    array([3., 1., 1., 3.])
    """
    first, second, weight = network.pairs
    strength = network.adjacency.sum(axis=1)
    # Each factor stays near 1, so that no product of large strengths overflows.
    similar = (weight / strength[first]) * (strength.sum() / strength[second])
    upper = sparse.csr_array((similar, network.upper.indices, network.upper.indptr), shape=network.upper.shape)
    return Network(network.places, upper, {**network.provenance, "weights": "association strength"})
