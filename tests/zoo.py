"""A zoo of small graphs whose centralities are known in closed form; every measure runs on every one."""

from dataclasses import dataclass, field

import numpy as np

from innovation_graph import Network

DAMPING = 0.85
NAN = float("nan")
AMONG_PARTNERS = ("clustering", "weighted_clustering", "local_efficiency")


@dataclass(frozen=True)
class Animal:
    """A graph and what is known about it: values of measures by name, one a place."""

    network: Network
    known: dict[str, object] = field(default_factory=dict)


def build(n, links):
    """Make a network of n places from (i, j, weight) or (i, j)."""
    matrix = np.zeros((n, n))
    for i, j, *weight in links:
        matrix[i, j] = matrix[j, i] = weight[0] if weight else 1
    return Network.from_matrix(matrix)


def clique(places):
    return [(i, j) for i in places for j in places if i < j]


def _complete(n, weight=1):
    return Animal(
        build(n, [(i, j, weight) for i, j in clique(range(n))]),
        {
            "degree": [n - 1] * n,
            "degree_normalised": [1] * n,
            "strength": [(n - 1) * weight] * n,
            "eigenvector": [n**-0.5] * n,
            "pagerank": [1 / n] * n,
            "betweenness": [0] * n,
            "closeness": [1] * n,
            "harmonic": [1] * n,
            "core_number": [n - 1] * n,
            "constraint": [(2 * n - 3) ** 2 / (n - 1) ** 3] * n,
            "hierarchy": [0 if n > 2 else 1] * n,
            "effective_size": [1] * n,
            "efficiency": [1 / (n - 1)] * n,
            **{name: [1 if n > 2 else NAN] * n for name in AMONG_PARTNERS},
            "s_core": [(n - 1) * weight] * n,
            "eccentricity": [1] * n,
        },
    )


def _star(leaves):
    n, d = leaves + 1, DAMPING
    centre = (1 - d) / n * (1 + d * leaves) / (1 - d**2)
    return Animal(
        build(n, [(0, i) for i in range(1, n)]),
        {
            "degree": [leaves] + [1] * leaves,
            "strength": [leaves] + [1] * leaves,
            "eigenvector": [0.5**0.5] + [(2 * leaves) ** -0.5] * leaves,
            "pagerank": [centre] + [(1 - centre) / leaves] * leaves,
            "betweenness": [leaves * (leaves - 1) / 2] + [0] * leaves,
            "closeness": [1] + [leaves / (1 + 2 * (leaves - 1))] * leaves,
            "harmonic": [1] + [(1 + (leaves - 1) / 2) / leaves] * leaves,
            "core_number": [1] * n,
            "constraint": [1 / leaves] + [1] * leaves,
            "hierarchy": [0] + [1] * leaves,
            "effective_size": [leaves] + [1] * leaves,
            "efficiency": [1] * n,
            **{name: [0] + [NAN] * leaves for name in AMONG_PARTNERS},
            "s_core": [1] * n,
            "eccentricity": [1] + [2] * leaves,
        },
    )


def _weighted_star(weights):
    n, weights = len(weights) + 1, np.array(weights, dtype=float)
    return Animal(
        build(n, [(0, i + 1, weight) for i, weight in enumerate(weights)]),
        {
            "degree": [n - 1] + [1] * (n - 1),
            "strength": [weights.sum(), *weights],
            "eigenvector": [0.5**0.5, *(weights / np.sqrt(2 * (weights**2).sum()))],
            "betweenness": [(n - 1) * (n - 2) / 2] + [0] * (n - 1),
            "constraint": [(weights**2).sum() / weights.sum() ** 2] + [1] * (n - 1),
            "effective_size": [n - 1] + [1] * (n - 1),
            **{name: [0] + [NAN] * (n - 1) for name in AMONG_PARTNERS},
            "s_core": [weights.max(), *weights],
        },
    )


def _path(n):
    distance = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    inverse = np.where(distance > 0, 1 / np.maximum(distance, 1), 0)
    place = np.arange(1, n + 1)
    return Animal(
        build(n, [(i, i + 1) for i in range(n - 1)]),
        {
            "degree": [1, *[2] * (n - 2), 1],
            "eigenvector": np.sqrt(2 / (n + 1)) * np.sin(np.pi * place / (n + 1)),
            "betweenness": [i * (n - 1 - i) for i in range(n)],
            "closeness": (n - 1) / distance.sum(axis=1),
            "harmonic": inverse.sum(axis=1) / (n - 1),
            "core_number": [1] * n,
            "constraint": [1, *[1 / 2] * (n - 2), 1],
            "hierarchy": [1, *[0] * (n - 2), 1],
            "effective_size": [1, *[2] * (n - 2), 1],
            "efficiency": [1] * n,
            **{name: [NAN, *[0] * (n - 2), NAN] for name in AMONG_PARTNERS},
            "s_core": [1] * n,
            "eccentricity": [max(i, n - 1 - i) for i in range(n)],
        },
    )


def _cycle_of_six():
    return Animal(
        build(6, [(i, (i + 1) % 6) for i in range(6)]),
        {
            "degree": [2] * 6,
            "eigenvector": [6**-0.5] * 6,
            "pagerank": [1 / 6] * 6,
            "betweenness": [2] * 6,
            "closeness": [5 / 9] * 6,
            "harmonic": [2 / 3] * 6,
            "core_number": [2] * 6,
            "constraint": [1 / 2] * 6,
            "hierarchy": [0] * 6,
            "effective_size": [2] * 6,
            "efficiency": [1] * 6,
            **{name: [0] * 6 for name in AMONG_PARTNERS},
            "s_core": [2] * 6,
            "eccentricity": [3] * 6,
        },
    )


def _barbell(m):
    """Two cliques of m places, joined by a link between places m - 1 and m."""
    n, d = 2 * m, DAMPING
    value = ((m - 1) + np.sqrt((m - 1) ** 2 + 4)) / 2
    eigen = np.array([1] * (m - 1) + [value - (m - 2)])
    eigen = np.r_[eigen, eigen[::-1]]
    bridge = ((1 - d) / n + d / (2 * (m - 1))) / (1 - d / m + d / (m - 1))
    other = (0.5 - bridge) / (m - 1)

    def mirrored(inner, end):
        return [inner] * (m - 1) + [end] * 2 + [inner] * (m - 1)

    return Animal(
        build(n, [*clique(range(m)), *clique(range(m, n)), (m - 1, m)]),
        {
            "degree": mirrored(m - 1, m),
            "eigenvector": eigen / np.linalg.norm(eigen),
            "pagerank": mirrored(other, bridge),
            "betweenness": mirrored(0, m * (m - 1)),
            "closeness": mirrored((n - 1) / (m + 1 + 3 * (m - 1)), (n - 1) / (m + 2 * (m - 1))),
            "harmonic": mirrored((m - 1 + 1 / 2 + (m - 1) / 3) / (n - 1), (m + (m - 1) / 2) / (n - 1)),
            "core_number": [m - 1] * n,
            "effective_size": mirrored(1, m - (m - 1) * (m - 2) / m),
            "efficiency": mirrored(1 / (m - 1), 1 - (m - 1) * (m - 2) / m**2),
            **{name: mirrored(1, (m - 2) / m) for name in AMONG_PARTNERS},
            "s_core": [m - 1] * n,
            "eccentricity": mirrored(3, 2),
        },
    )


def _triangle_and_pair():
    return Animal(
        build(5, [*clique(range(2, 5)), (0, 1)]),
        {
            "degree": [1, 1, 2, 2, 2],
            "degree_normalised": [1 / 4, 1 / 4, 1 / 2, 1 / 2, 1 / 2],
            "eigenvector": [0, 0, *[3**-0.5] * 3],
            "pagerank": [1 / 5] * 5,
            "betweenness": [0] * 5,
            "closeness": [1] * 5,
            "harmonic": [1 / 4, 1 / 4, 1 / 2, 1 / 2, 1 / 2],
            "core_number": [1, 1, 2, 2, 2],
            "constraint": [1, 1, 9 / 8, 9 / 8, 9 / 8],
            "hierarchy": [1, 1, 0, 0, 0],
            "effective_size": [1] * 5,
            **{name: [NAN, NAN, 1, 1, 1] for name in AMONG_PARTNERS},
            "s_core": [1, 1, 2, 2, 2],
            "eccentricity": [1] * 5,
        },
    )


def _triangle_and_isolate():
    alone = (1 - DAMPING) / (4 - DAMPING)
    return Animal(
        build(4, clique(range(1, 4))),
        {
            "degree": [0, 2, 2, 2],
            "strength": [0, 2, 2, 2],
            "eigenvector": [0, *[3**-0.5] * 3],
            "pagerank": [alone, *[(1 - alone) / 3] * 3],
            "closeness": [0, 1, 1, 1],
            "harmonic": [0, 2 / 3, 2 / 3, 2 / 3],
            "core_number": [0, 2, 2, 2],
            "constraint": [NAN, 9 / 8, 9 / 8, 9 / 8],
            "hierarchy": [NAN, 0, 0, 0],
            "efficiency": [NAN, 1 / 2, 1 / 2, 1 / 2],
            **{name: [NAN, 1, 1, 1] for name in AMONG_PARTNERS},
            "s_core": [0, 2, 2, 2],
            "eccentricity": [NAN, 1, 1, 1],
        },
    )


def _wheel(rim):
    """A place linked to all of a cycle: among themselves its partners lie up to half the cycle apart."""
    n = rim + 1
    steps = [min(i, rim - i) for i in range(1, rim)]
    return Animal(
        build(n, [*((0, i) for i in range(1, n)), *((1 + i, 1 + (i + 1) % rim) for i in range(rim))]),
        {
            "core_number": [3] * n,
            "effective_size": [rim - 2] + [3 - 4 / 3] * rim,
            "clustering": [2 / (rim - 1)] + [2 / 3] * rim,
            "weighted_clustering": [2 / (rim - 1)] + [2 / 3] * rim,
            "local_efficiency": [sum(1 / d for d in steps) / (rim - 1)] + [(4 + 2 * 0.5) / 6] * rim,
            "s_core": [3] * n,
            "eccentricity": [1] + [2] * rim,
        },
    )


def _isolates(n):
    names = [
        "degree",
        "degree_normalised",
        "strength",
        "eigenvector",
        "betweenness",
        "closeness",
        "harmonic",
        "core_number",
        "s_core",
    ]
    undefined = [
        "constraint",
        "hierarchy",
        "effective_size",
        "efficiency",
        "eccentricity",
        *AMONG_PARTNERS,
    ]
    known = {**{name: [0] * n for name in names}, **{name: [NAN] * n for name in undefined}}
    return Animal(build(n, []), {**known, "pagerank": [1 / n] * n if n else []})


ZOO: dict[str, Animal] = {
    "empty": _isolates(0),
    "single place": _isolates(1),
    "isolates": _isolates(3),
    "pair": _complete(2, weight=7),
    "complete": _complete(5),
    "complete, weight 0.25": _complete(6, weight=0.25),
    "star": _star(5),
    "weighted star": _weighted_star([1, 2, 3]),
    "path": _path(5),
    "even path": _path(6),
    "cycle": _cycle_of_six(),
    "barbell": _barbell(4),
    "wheel": _wheel(9),
    "triangle and pair": _triangle_and_pair(),
    "triangle and isolate": _triangle_and_isolate(),
    "weighted, two parts": Animal(
        build(8, [(0, 1, 3), (1, 2, 0.5), (0, 2, 8), (2, 3, 2), (3, 4, 2), (5, 6, 9), (6, 7, 1e-3)])
    ),
}
