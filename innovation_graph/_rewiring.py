"""Random and lattice-like graphs with the degrees of a network: what it is compared with."""

from collections.abc import Iterator

import numpy as np

from innovation_graph._igraph import graph_of, igraph, seeded
from innovation_graph.network import Network

__all__ = ["lattice_graphs", "random_graphs"]

_SWAPS = 10  # a link; mixing needs a few
_LATTICE_TRIALS = 500  # a link; most fail near the end, when the ends of links are near already


def random_graphs(network: Network, references: int, seed: int) -> Iterator[igraph.Graph]:
    """Yield graphs with the same degrees after about ten random swaps a link.

    Of a network with most of all possible links the missing ones are swapped: that is the same, but
    few swaps of links would find a free pair.
    """
    start, dense, trials = _start(network)
    for number in np.random.default_rng(seed).integers(2**62, size=references):
        graph = start.copy()
        # All of one graph is drawn before it is handed over: whoever takes it may draw for themselves.
        with seeded(int(number)):
            if graph.ecount() > 1:
                graph.rewire(n=trials)
        yield graph.complementer(loops=False) if dense else graph


def lattice_graphs(network: Network, lattices: int, seed: int) -> Iterator[igraph.Graph]:
    """Yield graphs with the same degrees whose links join places that are near on a ring.

    The places are put on a ring in random order; two links swap ends where this brings the ends of
    links nearer together, or no farther apart.
    """
    start, dense, _ = _start(network)
    rng = np.random.default_rng(seed)
    for _ in range(lattices):
        links = _latticised(start, rng, _LATTICE_TRIALS * start.ecount(), towards=-1 if dense else 1)
        graph = igraph.Graph(start.vcount(), links)
        yield graph.complementer(loops=False) if dense else graph


def _start(network: Network) -> tuple[igraph.Graph, bool, int]:
    graph = graph_of(network, weights=False)
    pairs = network.n_places * (network.n_places - 1) / 2
    dense = 2 * graph.ecount() > pairs
    if dense:
        graph = graph.complementer(loops=False)
    free = 1 - graph.ecount() / max(1, pairs)  # at least a half; a swap needs two free pairs
    return graph, dense, round(_SWAPS * graph.ecount() / free**2)


def _latticised(graph: igraph.Graph, rng: np.random.Generator, trials: int, *, towards: int) -> list[tuple[int, int]]:
    links: list[tuple[int, int]] = graph.get_edgelist()
    if len(links) < 2:
        return links
    n = graph.vcount()
    seat = rng.permutation(n)
    apart = np.abs(np.subtract.outer(seat, seat))
    distance = (towards * np.minimum(apart, n - apart)).tolist()
    linked = [set(around) for around in graph.get_adjlist()]
    for one, other, turned in _draws(rng, trials, len(links)):
        a, b = links[one]
        c, d = links[other][::-1] if turned else links[other]
        if a in (c, d) or b in (c, d) or d in linked[a] or b in linked[c]:
            continue
        if distance[a][d] + distance[c][b] > distance[a][b] + distance[c][d]:
            continue
        links[one], links[other] = (a, d), (c, b)
        for place, before, after in ((a, b, d), (b, a, c), (c, d, b), (d, c, a)):
            linked[place].remove(before)
            linked[place].add(after)
    return links


def _draws(rng: np.random.Generator, trials: int, links: int) -> Iterator[tuple[int, int, int]]:
    drawn = rng.integers([links, links, 2], size=(trials, 3))
    return zip(*drawn.T.tolist(), strict=True)
