"""The noise-corrected score of every link and its standard deviation; `backbone.noise_corrected` has the formulas."""

import numpy as np
from numpy.typing import NDArray

from innovation_graph.errors import NetworkError
from innovation_graph.network import Network

__all__ = ["scores_and_deviations"]


def scores_and_deviations(network: Network) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both in network order, or refuse weights that are no counts."""
    first, second, weight = network.pairs
    if 0 < network.total_weight < 1:
        raise NetworkError(
            f"noise correction takes weights as counts, and they add up to {network.total_weight:.6g}: expected at "
            "least 1; use whole counting, or another rule"
        )
    strength = network.adjacency.sum(axis=1)
    n = strength.sum()
    a, b = strength[first], strength[second]
    ratio = weight / a * (n / b)
    mean = a / n * (b / n)
    variance = mean * (1 - a / n) * (1 - b / n) / (n - 1)
    prior = mean * (1 - mean) / variance - 1  # sum of both parameters of the prior
    probability = (mean * prior + weight) / (prior + n)
    slope = 2 * (n / a / b + weight / a / b - ratio * (1 / a + 1 / b)) / (ratio + 1) ** 2
    deviation = np.sqrt(n * probability * (1 - probability)) * np.abs(slope)
    return (ratio - 1) / (ratio + 1), deviation
