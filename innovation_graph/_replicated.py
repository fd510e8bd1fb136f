"""Measures of places by name or function, and the quick ones on dense replicates."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg, sparse

from innovation_graph import centrality
from innovation_graph._resampling import LANES, Replicates
from innovation_graph._spectral import largest_component
from innovation_graph.errors import NetworkError, RecipeError, UnknownNameError
from innovation_graph.network import Network

__all__ = ["Measure", "Measures", "fast_values", "named_measures", "values_of"]

Measure: TypeAlias = Callable[[Network], pd.Series]
Measures: TypeAlias = Sequence[str | Measure] | Mapping[str, Measure]

_Floats = NDArray[np.float64]


def named_measures(measures: Measures) -> dict[str, Measure]:
    """Return the measures by name.

    Parameters
    ----------
    measures : sequence of str or callable, or mapping of str to callable
        Names in `centrality.MEASURES`, or functions from a network to a Series.

    Returns
    -------
    dict of str to callable
        In the order given.

    Raises
    ------
    UnknownNameError
        If a name does not exist.
    RecipeError
        If there are none, two have one name, or a function has none of its own.
    """
    if isinstance(measures, str):
        raise RecipeError(f"measures must be a list of names or functions, not the text {measures!r}")
    if isinstance(measures, Mapping):
        pairs = list(measures.items())
    else:
        pairs = [(_name(measure), _function(measure)) for measure in measures]
    named = dict(pairs)
    if not named or len(named) < len(pairs):
        raise RecipeError(f"measures must be at least one, each of another name, not {[name for name, _ in pairs]}")
    return named


def _name(measure: str | Measure) -> str:
    name = measure if isinstance(measure, str) else getattr(measure, "__name__", "<lambda>")
    if name == "<lambda>":
        raise RecipeError(f"a function without a name ({measure!r}); give measures as a mapping of names to functions")
    return name


def _function(measure: str | Measure) -> Measure:
    if not isinstance(measure, str):
        return measure
    if measure not in centrality.MEASURES:
        raise UnknownNameError("measure", measure, centrality.MEASURES)
    return centrality.MEASURES[measure]


def values_of(measure: Measure, network: Network) -> pd.Series:
    """Compute a measure and check that it has one value a place, in network order."""
    values = measure(network)
    if not isinstance(values, pd.Series) or not values.index.equals(network.ids):
        got = f"{len(values)} values with other labels" if isinstance(values, pd.Series) else type(values).__name__
        raise NetworkError(f"{measure!r} must return a Series indexed by place in network order, got {got}")
    return values


def fast_values(
    made: Replicates, keys: NDArray[np.uint64], named: Mapping[str, Measure], network: Network, threads: int | None
) -> dict[str, _Floats]:
    """Compute the measures that dense replicates allow, in threads; leave out the others.

    Parameters
    ----------
    made : Replicates
        What makes the replicates.
    keys : numpy.ndarray of uint64
        One key a replicate.
    named : mapping of str to callable
        The measures.
    network : Network
        The network that is resampled.
    threads : int or None
        Number of threads.

    Returns
    -------
    dict of str to numpy.ndarray
        Values by name, shape (replicates, places).
    """
    kinds = {name: _FAST[measure] for name, measure in named.items() if made.dense and measure in _FAST}
    values = {name: np.zeros((len(keys), network.n_places)) for name in kinds}
    if not kinds or network.n_links == 0:
        return values
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only where needed

    first, second = made.ends

    def task(start: int) -> None:
        part = keys[start : start + LANES]
        for row, weight in enumerate(made.weights(part), start):
            matrix = np.zeros((network.n_places,) * 2)
            matrix[first, second] = weight
            matrix[second, first] = weight
            for name, kind in kinds.items():
                values[name][row] = kind(matrix, network)

    made.prepare()
    # Threads of the linear algebra beside those here would wait for each other.
    with (
        threadpool_limits(limits=1, user_api="blas"),
        ThreadPoolExecutor(threads or min(os.cpu_count() or 1, 8)) as pool,
    ):
        list(pool.map(task, range(0, len(keys), LANES)))
    return values


def _degree(matrix: _Floats, _: Network) -> _Floats:
    return np.asarray(np.count_nonzero(matrix, axis=1), dtype=np.float64)


def _degree_normalised(matrix: _Floats, network: Network) -> _Floats:
    return np.asarray(_degree(matrix, network) / max(1, network.n_places - 1))


def _strength(matrix: _Floats, _: Network) -> _Floats:
    return np.asarray(matrix.sum(axis=1))


def _eigenvector(matrix: _Floats, network: Network) -> _Floats:
    values = np.zeros(len(matrix))
    core = _core(matrix, network)
    if len(core) > 1:
        inside = matrix[np.ix_(core, core)]
        last = [len(core) - 1] * 2
        _, vectors = linalg.eigh(inside / inside.max(), subset_by_index=last, overwrite_a=True, check_finite=False)
        leading = np.abs(vectors[:, 0])
        values[core] = leading / linalg.norm(leading)
    return values


def _core(matrix: _Floats, network: Network) -> NDArray[np.intp]:
    """Return the largest component, as `centrality.eigenvector` chooses it; empty without links."""
    linked = matrix > 0
    degree = linked.sum(axis=1)
    reached = new = np.arange(len(matrix)) == degree.argmax()
    while new.any():
        new = linked[new].any(axis=0) & ~reached
        reached = reached | new
    if degree.max() == 0:
        return np.empty(0, dtype=np.intp)
    if 2 * reached.sum() > np.count_nonzero(degree):  # no other component can be as large
        return np.flatnonzero(reached)
    return largest_component(Network(network.places, sparse.csr_array(np.triu(matrix))))


_FAST: dict[Measure, Callable[[_Floats, Network], _Floats]] = {
    centrality.degree: _degree,
    centrality.degree_normalised: _degree_normalised,
    centrality.strength: _strength,
    centrality.eigenvector: _eigenvector,
}
