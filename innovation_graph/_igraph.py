"""The one door to igraph: conversion, and a random generator that is lent and given back."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import igraph

if TYPE_CHECKING:
    from innovation_graph.network import Network

__all__ = ["graph_of", "igraph", "seeded"]


def graph_of(network: "Network", *, weights: bool = True) -> igraph.Graph:
    """Convert a network: vertices in its order, edges in the order of `Network.pairs`."""
    first, second, weight = network.pairs
    # A plain iterator of int pairs is the quickest way in; see benchmarks/.
    graph = igraph.Graph(network.n_places, zip(first.tolist(), second.tolist(), strict=True))
    if weights:
        graph.es["weight"] = weight.tolist()
    return graph


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let igraph draw from a generator of its own inside the block; the caller's random state stays as it is."""
    igraph.set_random_number_generator(random.Random(seed))  # noqa: S311 - no secret depends on it
    try:
        yield
    finally:
        igraph.set_random_number_generator(random)
