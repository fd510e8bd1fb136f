"""Searches for communities on plain arrays: one draw at a time, and how good it is."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from innovation_graph._dendrogram import Dendrogram
from innovation_graph.errors import NetworkError, RecipeError, UnknownNameError
from innovation_graph.network import Network
from innovation_graph.similarity import association_strength

__all__ = ["DRAWN", "SEARCHES", "Search", "best_of", "draws", "modularity_of", "options_of"]

Labels = NDArray[np.int64]

_OBJECTIVES = ("modularity", "association_strength", "cpm")
_ALL_PAIRS = 5_000  # as many places have 100 MB of distances


@dataclass(frozen=True)
class Search:
    """How to find communities once, which find is better, and what the algorithm itself aims at."""

    draw: Callable[[], Labels]
    score: Callable[[Labels], float]
    objective: Callable[[Labels], float]


def draws(
    network: Network, algorithm: str, *, runs: int, seed: int, **options: Any
) -> list[tuple[Labels, float, float | None]]:
    """Run an algorithm several times: labels, score and objective of each run; a single run where nothing is drawn."""
    if runs < 1 or not 0 <= options.get("resolution", 0) < np.inf:
        needs = "resolution >= 0 and runs >= 1" if "resolution" in options else "runs >= 1"
        got = f"{options['resolution']} and {runs}" if "resolution" in options else f"{runs}"
        raise RecipeError(f"{algorithm} needs {needs}, not {got}")
    search = SEARCHES[algorithm](network, **options)
    if not network.n_links:
        return [(np.arange(network.n_places), 0.0, None)] * runs
    from innovation_graph._igraph import seeded  # noqa: PLC0415 - igraph is loaded only when asked for

    with seeded(seed):
        found = [search.draw() for _ in range(runs if algorithm in DRAWN else 1)]
    return [(labels, search.score(labels), search.objective(labels)) for labels in found]


def best_of(found: list[tuple[Labels, float, float | None]]) -> tuple[Labels, float | None]:
    """Return labels and objective of the first of the best runs."""
    labels, _, objective = max(found, key=lambda run: run[1])
    return labels, objective


def options_of(algorithm: str, function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all options of a function, given or default; refuse those that it does not have."""
    parts = inspect.signature(function).parameters.values()
    defaults = {part.name: part.default for part in parts if part.kind is part.KEYWORD_ONLY}
    for name in given:
        if name not in defaults:
            raise UnknownNameError(f"option of {algorithm}", name, defaults)
    return {**defaults, **given}


def modularity_of(network: Network, labels: Labels, resolution: float = 1.0) -> float:
    """Modularity of labels counted from 0; the network must have links."""
    weight = network.upper.data
    shares = np.bincount(labels, network.adjacency.sum(axis=1)) / (2 * weight.sum())
    return _share_inside(network, labels) - resolution * float((shares**2).sum())


def _leiden(network: Network, *, objective: str, resolution: float) -> Search:
    if objective not in _OBJECTIVES:
        raise UnknownNameError("objective", objective, _OBJECTIVES)
    by_modularity = objective == "modularity"
    weights = _scaled(network)
    if objective == "association_strength":
        weights = association_strength(network).upper.data
    elif objective == "cpm":
        linked = np.count_nonzero(np.diff(network.adjacency.indptr))
        weights = weights * (linked * (linked - 1) / 2 / max(1, network.n_links))
    graph, listed = _graph(network), weights.tolist()
    function = "modularity" if by_modularity else "CPM"

    def draw() -> Labels:
        found = graph.community_leiden(
            objective_function=function, weights=listed, resolution=resolution, n_iterations=-1
        )
        return np.array(found.membership)

    def score(labels: Labels) -> float:
        if by_modularity:
            return modularity_of(network, labels, resolution)
        first, second, _ = network.pairs
        sizes = np.bincount(labels)
        return float(weights[labels[first] == labels[second]].sum() - resolution * (sizes * (sizes - 1) / 2).sum())

    return Search(draw, score, score)


def _louvain(network: Network, *, resolution: float) -> Search:
    graph, weights = _graph(network), _scaled(network).tolist()

    def draw() -> Labels:
        return np.array(graph.community_multilevel(weights=weights, resolution=resolution).membership)

    def score(labels: Labels) -> float:
        return modularity_of(network, labels, resolution)

    return Search(draw, score, score)


def _infomap(network: Network) -> Search:
    graph, weights = _graph(network), _scaled(network).tolist()

    def draw() -> Labels:
        return np.array(graph.community_infomap(edge_weights=weights, trials=1).membership)

    def score(labels: Labels) -> float:
        return -_code_length(network, labels)

    return Search(draw, score, score)


def _label_propagation(network: Network) -> Search:
    graph, weights = _graph(network), _scaled(network).tolist()

    def draw() -> Labels:
        return np.array(graph.community_label_propagation(weights=weights).membership)

    return Search(draw, lambda labels: modularity_of(network, labels), lambda labels: _share_inside(network, labels))


def _walktrap(network: Network, *, steps: int, communities: int | None) -> Search:
    if steps < 1:
        raise RecipeError(f"walktrap needs steps >= 1, not {steps}")

    def merges(part: Network) -> NDArray[np.int64]:
        return np.array(_graph(part).community_walktrap(weights=_scaled(part).tolist(), steps=steps).merges)

    return _dendrogram_search(network, merges, communities, "walktrap")


def _hierarchical(network: Network, *, communities: int | None) -> Search:
    def merges(part: Network) -> NDArray[np.int64]:
        from scipy.cluster.hierarchy import average  # noqa: PLC0415 - loaded only when asked for

        n = part.n_places
        if n > _ALL_PAIRS:
            raise NetworkError(
                f"hierarchical compares all pairs of up to {_ALL_PAIRS:,} linked places, not of {n:,}; "
                "walktrap and leiden take more"
            )
        first, second, similar = association_strength(part).pairs
        distances = np.ones(n * (n - 1) // 2)
        row = first.astype(np.int64)
        distances[row * n - row * (row + 1) // 2 + second - row - 1] = 1 / (1 + similar)
        return np.asarray(average(distances)[:, :2].astype(np.int64))

    return _dendrogram_search(network, merges, communities, "hierarchical")


def _dendrogram_search(
    network: Network, merges: Callable[[Network], NDArray[np.int64]], communities: int | None, algorithm: str
) -> Search:
    linked = np.flatnonzero(np.diff(network.adjacency.indptr))
    components = connected_components(network.adjacency, directed=False)[0] - (network.n_places - len(linked))
    if communities is not None and communities not in range(components, len(linked) + 1):
        raise RecipeError(
            f"{algorithm} can make {components} to {len(linked)} communities of these {len(linked)} linked places "
            f"(components are never joined), not {communities}"
        )

    def draw() -> Labels:
        part = Network(network.places.iloc[linked], network.upper[linked][:, linked])
        # Average linkage goes on to join components, at the distance 1 of places without a link.
        tree = Dendrogram(merges(part)[: len(linked) - components].reshape(-1, 2), len(linked))
        count = len(linked) - communities if communities else int(np.argmax(tree.modularities(part)))
        labels = np.arange(network.n_places) + network.n_places
        labels[linked] = tree.cut(count)
        return np.unique(labels, return_inverse=True)[1]

    def score(labels: Labels) -> float:
        return modularity_of(network, labels)

    return Search(draw, score, score)


SEARCHES: dict[str, Callable[..., Search]] = {
    "leiden": _leiden,
    "louvain": _louvain,
    "infomap": _infomap,
    "walktrap": _walktrap,
    "label_propagation": _label_propagation,
    "hierarchical": _hierarchical,
}
DRAWN = ("leiden", "louvain", "infomap", "label_propagation")  # what chance plays a part in


def _graph(network: Network) -> Any:
    from innovation_graph._igraph import graph_of  # noqa: PLC0415 - igraph is loaded only when asked for

    return graph_of(network, weights=False)


def _scaled(network: Network) -> NDArray[np.float64]:
    weight: NDArray[np.float64] = network.upper.data
    return weight / weight.mean() if len(weight) else weight


def _share_inside(network: Network, labels: Labels) -> float:
    first, second, weight = network.pairs
    return float(weight[labels[first] == labels[second]].sum() / weight.sum())


def _code_length(network: Network, labels: Labels) -> float:
    first, second, weight = network.pairs
    visits = network.adjacency.sum(axis=1) / (2 * weight.sum())
    across = (labels[first] != labels[second]) * weight / (2 * weight.sum())
    n = labels.max() + 1
    leaving = np.bincount(labels[first], across, minlength=n) + np.bincount(labels[second], across, minlength=n)
    within = np.bincount(labels, visits, minlength=n)
    return float(
        _plogp(leaving.sum()) - 2 * _plogp(leaving).sum() - _plogp(visits).sum() + _plogp(leaving + within).sum()
    )


def _plogp(share: Any) -> Any:
    return share * np.log2(np.where(share > 0, share, 1))
