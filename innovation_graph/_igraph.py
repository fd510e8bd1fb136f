"""The one door to igraph: conversion, and a random generator that is lent and given back."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import igraph

if TYPE_CHECKING:
    from innovation_graph.network import Network

__all__ = ["graph_of", "igraph", "seeded"]

# igraph has one generator per process and no way to ask which one it is: so blocks take turns, and
# a block inside another one gives back the generator of the outer one.
_turn = threading.RLock()
_lent: list[Any] = [random]


def graph_of(network: "Network", *, weights: bool = True) -> igraph.Graph:
    """Convert a network: vertices in its order, edges in the order of `Network.pairs`."""
    first, second, weight = network.pairs
    # Python's own ints go in quicker than an array, which igraph would turn into such ints one by one.
    graph = igraph.Graph(network.n_places, zip(first.tolist(), second.tolist(), strict=True))
    if weights:
        graph.es["weight"] = weight.tolist()
    return graph


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let igraph draw from a generator of its own inside the block, the same numbers for the same seed.

    Python's `random` is neither read nor moved. Afterwards igraph draws from the module `random`
    again, which is what it does after import; a caller who had lent igraph another generator must
    lend it again, because igraph does not tell which one it has.
    """
    with _turn:
        _lent.append(random.Random(seed))  # noqa: S311 - no secret depends on it
        igraph.set_random_number_generator(_lent[-1])
        try:
            yield
        finally:
            _lent.pop()
            igraph.set_random_number_generator(_lent[-1])
