"""Where places are drawn: a network layout for any network.

Coordinates are computed here, once, so that a page shows the same picture on every machine and at every
visit. Units are those of the screen at zoom 1: about `STEP` between neighbouring places, y growing
downwards.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from innovation_graph.errors import NetworkError

if TYPE_CHECKING:
    from innovation_graph.network import Network

__all__ = ["MOST_PLACES", "STEP", "kamada_kawai", "refuse_too_many"]

STEP = 60.0
"""Distance, in screen units, that one place has to itself on average."""

MOST_PLACES = 3_000
"""Kamada-Kawai needs all distances between places; beyond this a picture of dots says nothing either."""


def kamada_kawai(network: "Network", closeness: "Network | None" = None, *, seed: int = 0) -> NDArray[np.float64]:
    """Lay out a network so that places which work together more than chance stand near each other.

    The desired length of a link is its association strength to the power -1/2, between unlinked places the
    length of the shortest path (Kamada and Kawai 1989). The layout starts from classical scaling of these
    lengths; in the end places that stand too close are pushed apart. Components are laid out one by one and
    set side by side, the largest first; isolates stand in close rows beneath, on about a seventh of the
    height. The long axis lies flat; of the mirror images the one with east on the right and north at the
    top is taken, where coordinates are known.

    Parameters
    ----------
    network : Network
        The links to lay out; a backbone gives a readable picture, a dense network a ball.
    closeness : Network, optional
        Association strengths of the same places, over at least the links of `network`; default: computed
        from it.
    seed : int
        Seed of the tiny offsets which part places that the starting layout puts on one spot.

    Returns
    -------
    numpy.ndarray
        x and y, shape (n, 2), in the order of the network, centred on 0; the same for the same input.

    Raises
    ------
    NetworkError
        If the network has more than `MOST_PLACES` places, or `closeness` lacks a link.
    """
    refuse_too_many(network)
    length = _lengths(network, closeness)
    count, member = connected_components(length, directed=False)
    sizes = np.bincount(member, minlength=count)
    strength = network.adjacency.sum(axis=1)
    rng = np.random.default_rng(seed)
    blocks, rows = [], []
    for component in np.argsort(-sizes, kind="stable")[: int((sizes > 1).sum())]:
        inside = np.flatnonzero(member == component)
        rows.append(inside)
        compass = _compass(network.places.iloc[inside])
        blocks.append(_component(length[inside][:, inside], strength[inside], compass, rng))
    placed = np.empty((network.n_places, 2))
    if rows:
        placed[np.concatenate(rows)] = np.concatenate(_side_by_side(blocks))
    linked = (sizes > 1)[member]
    placed[~linked] = _beneath(placed[linked], int((~linked).sum()))
    if len(placed):
        placed -= (placed.min(axis=0) + placed.max(axis=0)) / 2
    return placed.round(1) + 0.0


def refuse_too_many(network: "Network") -> None:
    """Raise an error if a network is too large for a map.

    Parameters
    ----------
    network : Network
        The network.

    Raises
    ------
    NetworkError
        If it has more than `MOST_PLACES` places.
    """
    if network.n_places > MOST_PLACES:
        raise NetworkError(
            f"a map shows at most {MOST_PLACES:,} places, this network has {network.n_places:,}; keep fewer: "
            f"with Network.subset, for instance the strongest, or on the command line with --countries"
        )


def _lengths(network: "Network", closeness: "Network | None") -> sparse.csr_array:
    if closeness is None:
        from innovation_graph.similarity import association_strength  # noqa: PLC0415 - loaded when needed

        closeness = association_strength(network)
    first, second, _ = network.pairs
    strength = np.asarray(closeness.adjacency[first, second]).ravel() if len(first) else np.zeros(0)
    if np.any(strength <= 0):
        at = int(np.flatnonzero(strength <= 0)[0])
        pair = f"{network.ids[first[at]]} - {network.ids[second[at]]}"
        raise NetworkError(f"closeness has no link {pair}; give association strengths of all links that are laid out")
    # The square root and the bounds keep one extreme pair from squeezing everything else into a corner.
    length = np.clip((strength / np.median(strength)) ** -0.5, 0.35, 2.5) if len(strength) else strength
    upper = sparse.csr_array((length, (first, second)), shape=network.upper.shape)
    return sparse.csr_array(upper + upper.T)


def _component(
    length: sparse.csr_array,
    strength: NDArray[np.float64],
    compass: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    n = length.shape[0]
    if n == 1:
        return np.zeros((1, 2))
    if n == 2:
        return np.array([[-STEP / 2, 0.0], [STEP / 2, 0.0]])
    from innovation_graph._igraph import igraph  # noqa: PLC0415 - loaded when needed

    far = dijkstra(length, directed=False)
    start = _classical_scaling(far) + rng.normal(scale=0.01, size=(n, 2))
    half = sparse.coo_array(sparse.triu(length, k=1))
    graph = igraph.Graph(n, list(zip(half.coords[0].tolist(), half.coords[1].tolist(), strict=True)))
    drawn = graph.layout_kamada_kawai(seed=start.tolist(), weights=half.data.tolist(), maxiter=20 * n)
    spot = np.array(drawn.coords)
    spot -= spot.mean(axis=0)
    axes = np.linalg.svd(spot, full_matrices=False)[2]
    spot = spot @ axes.T
    for axis in (0, 1):
        if _leaning(spot[:, axis], compass[:, axis]) < 0:
            spot[:, axis] *= -1
    spot *= STEP * np.sqrt(n / 8) / np.sqrt((spot**2).sum(axis=1).mean())
    # Larger places have larger circles and names.
    return _spread(spot, STEP * (0.55 + 0.4 * np.sqrt(strength / strength.max())))


def _classical_scaling(far: NDArray[np.float64]) -> NDArray[np.float64]:
    squared = far**2
    centred = -0.5 * (squared - squared.mean(axis=0) - squared.mean(axis=1)[:, None] + squared.mean())
    values, vectors = sparse.linalg.eigsh(centred, k=2, v0=np.ones(len(far)) + np.arange(len(far)) / len(far))
    return np.asarray(vectors[:, ::-1] * np.sqrt(np.maximum(values[::-1], 0)))


def _compass(places: pd.DataFrame) -> NDArray[np.float64]:
    """Return how far east and south each place lies; 0 where that is not known."""
    known = places["lon"].notna() & places["lat"].notna()
    east, south = places["lon"].where(known, 0.0), -places["lat"].where(known, 0.0)
    return np.column_stack([(side - side[known].mean()).where(known, 0.0) for side in (east, south)])


def _leaning(along: NDArray[np.float64], compass: NDArray[np.float64]) -> float:
    lean = float(along @ compass)
    # Without coordinates, the first place goes to the left or the top: some rule must decide.
    return lean if abs(lean) > 1e-9 else -float(along[np.argmax(np.abs(along) > 1e-9)])


def _spread(spot: NDArray[np.float64], room: NDArray[np.float64], rounds: int = 80) -> NDArray[np.float64]:
    """Push places apart that stand closer than the mean of the room they need, a little at a time."""
    spot = spot.copy()
    for _ in range(rounds):
        pairs = np.sort(cKDTree(spot).query_pairs(float(room.max()), output_type="ndarray"), axis=1)
        a, b = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].T
        apart = spot[b] - spot[a]
        distance = np.maximum(np.hypot(*apart.T), 1e-9)
        lack = np.maximum((room[a] + room[b]) / 2 - distance, 0)
        if not np.any(lack > 0.01 * STEP):
            break
        push = apart * (0.3 * lack / distance)[:, None]
        np.add.at(spot, a, -push)
        np.add.at(spot, b, push)
    return spot


def _side_by_side(blocks: list[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Shift blocks, the largest first, into rows about half again as wide as the largest block."""
    extent = [block.max(axis=0) - block.min(axis=0) + [1.3 * STEP, 0.9 * STEP] for block in blocks]
    area = sum(float(wide * high) for wide, high in extent)
    limit = max(float(extent[0][0]) * 1.001, np.sqrt(1.5 * area))
    left = top = tall = 0.0
    moved = []
    for block, (wide, high) in zip(blocks, extent, strict=True):
        if left + wide > limit:
            left, top, tall = 0.0, top + tall, 0.0
        # A small block beside a tall one stands at mid-height, which looks less like a left-over.
        moved.append(block - block.min(axis=0) + [left, top + max(0.0, (tall - high) / 2)])
        left, tall = left + wide, max(tall, float(high))
    return moved


def _beneath(linked: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return spots of isolates, in full rows beneath the linked places; a square where there are none."""
    low, high = (linked.min(axis=0), linked.max(axis=0)) if len(linked) else (np.zeros(2), np.zeros(2))
    wide, tall = np.maximum(high - low, STEP)
    # Isolates say little: they share this part of the height, however many they are.
    step = min(0.6 * STEP, np.sqrt(0.14 * wide * tall / max(count, 1))) if len(linked) else STEP
    in_row = int(wide / step) + 1 if len(linked) else int(np.ceil(np.sqrt(count)))
    row, column = np.divmod(np.arange(count), max(in_row, 1))
    return np.column_stack([low[0] + step * column, high[1] + (0.8 * STEP if len(linked) else 0) + step * row])
