"""The last steps of scoring on arrays: normalised indicators in, score of a node out, for many tables at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import UnknownNameError
from innovation_graph.index import aggregation, weighting
from innovation_graph.index.scores import Scores
from innovation_graph.index.spec import IndexSpec

__all__ = ["Tree", "checked_node", "groups", "leaves", "tree"]

_Array = NDArray[np.float64]
_SLACK = 1e-12


def groups(scores: Scores) -> Iterator[pd.Index]:
    """Yield the places of each group that was scored on its own; all of them if there are no groups."""
    index = scores.scores.index
    about = scores.inputs.get("places")
    if scores.spec.apart is None or about is None:
        yield index
        return
    group = about[scores.spec.apart].reindex(index)
    for name in pd.unique(group.to_numpy()):
        yield index[(group == name).to_numpy()]


def leaves(spec: IndexSpec, code: str) -> list[str]:
    """Return the indicators below a node, in order; of an indicator, itself."""
    return [leaf for child in spec.children.get(code, []) for leaf in leaves(spec, child)] or [code]


def checked_node(spec: IndexSpec, node: str | None) -> str:
    """Return the node, by default the root."""
    if node is None:
        return spec.root
    if node not in spec.children:
        raise UnknownNameError("node of the index", node, spec.children)
    return node


@dataclass(frozen=True, eq=False)
class Tree:
    """How the normalised indicators of a group of places become its scores.

    Parameters
    ----------
    spec : IndexSpec
        The definition.
    weights : mapping of str to numpy.ndarray
        Of the children of each node: shape (children,), or (places, children) where each place has its own.
    node : str
        The node that is scored.
    rescaled : tuple of float, optional
        Ends of the range onto which the scores of the group are mapped.
    """

    spec: IndexSpec
    weights: Mapping[str, _Array]
    node: str
    rescaled: tuple[float, float] | None = None

    @property
    def own_weights(self) -> bool:
        """Whether each place has weights of its own (benefit of the doubt)."""
        return self.spec.weighting.method == "bod"

    @property
    def linear(self) -> bool:
        """Whether the raw node is a weighted sum of the indicators."""
        inside = set(leaves(self.spec, self.node))
        below = [code for code in self.spec.children if inside.issuperset(leaves(self.spec, code))]
        return self.own_weights or all(self.spec.how(code).method == "arithmetic" for code in below)

    def raw(self, x: _Array, weights: Mapping[str, _Array] | None = None) -> _Array:
        """Return the node before rescaling, shape (..., places), of indicators (..., places, indicators)."""
        weights = self.weights if weights is None else weights
        return self._climb(x, lambda code, children: self._join(code, children, weights[code]))[self.node]

    def raw_of_profiles(self, profiles: _Array, table: _Array) -> _Array:
        """Return the raw node of profiles (m, indicators), each compared with the places of the table as it is.

        The profile of a place of the table gives the score of that place, whatever the aggregation.
        """
        known = self._climb(table, lambda code, children: self._join(code, children, self.weights[code]))

        def join(code: str, children: _Array) -> _Array:
            if self.spec.how(code).method != "copeland":
                return self._join(code, children, self.weights[code])
            others = np.stack([known[child] for child in self.spec.children[code]], axis=-1)
            return _beaten(children, others, self.weights[code])

        return self._climb(profiles, join)[self.node]

    def scale(self, raw: _Array) -> tuple[_Array, _Array]:
        """Return factor and constant that turn raw scores (..., places) of the whole group into finished ones."""
        if self.rescaled is None:
            return np.ones(raw.shape[:-1]), np.zeros(raw.shape[:-1])
        low, high = self.rescaled
        bottom = np.nanmin(raw, axis=-1)
        span = np.nanmax(raw, axis=-1) - bottom
        factor = np.divide(high - low, span, out=np.zeros_like(span), where=span > 0)
        return factor, np.where(span > 0, low - factor * bottom, high)

    def score(self, x: _Array, weights: Mapping[str, _Array] | None = None) -> _Array:
        """Return the finished scores of the group."""
        raw = self.raw(x, weights)
        factor, constant = self.scale(raw)
        return np.asarray(raw * factor[..., None] + constant[..., None])

    def shares(self, x: _Array) -> _Array:
        """Return the weight of each indicator in the raw node of each place, (places, indicators); linear nodes only.

        An indicator that a place lacks has 0: its weight moves to its siblings.
        """
        local: dict[str, _Array] = {}

        def join(code: str, children: _Array) -> _Array:
            parts = self.weights[code] * ~np.isnan(children)
            if not self.own_weights:
                parts /= np.maximum(parts.sum(axis=-1, keepdims=True), np.finfo(float).tiny)
            local.update((child, parts[:, place]) for place, child in enumerate(self.spec.children[code]))
            return self._join(code, children, self.weights[code])

        self._climb(x, join)
        reach = {self.node: np.ones(len(x))}
        for code in sorted(self.spec.children, key=lambda each: self.spec.depth[each]):
            if code in reach:
                reach |= {child: reach[code] * local[child] for child in self.spec.children[code]}
        return np.stack([reach.get(code, np.zeros(len(x))) for code in self.spec.codes], axis=-1)

    def _climb(self, x: _Array, join: Callable[[str, _Array], _Array]) -> dict[str, _Array]:
        values = {code: x[..., column] for column, code in enumerate(self.spec.codes)}
        for code, below in self.spec.children.items():
            values[code] = join(code, np.stack([values[child] for child in below], axis=-1))
        return values

    def _join(self, code: str, children: _Array, weights: _Array) -> _Array:
        if self.own_weights:
            return np.asarray((weights * children).sum(axis=-1))
        return aggregation.combine(children, weights, self.spec.how(code))


def _beaten(profiles: _Array, others: _Array, weights: _Array) -> _Array:
    """Return what `copeland` gives profiles that are compared with all the others."""
    own = weights / weights.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        theirs = weights * ~np.isnan(others)
        theirs = theirs / theirs.sum(axis=-1, keepdims=True)
    ahead = np.sign(profiles[:, None, :] - others)
    lead = np.where(np.isnan(ahead), 0.0, ahead * np.minimum(own, theirs)).sum(axis=-1)
    return np.asarray(np.where(np.abs(lead) > _SLACK, np.sign(lead), 0.0).sum(axis=-1) / max(1, len(others) - 1))


def tree(scores: Scores, places: pd.Index, node: str | None = None) -> Tree:
    """Return the tree of a group of places, with the weights that their scores were made with.

    Parameters
    ----------
    scores : Scores
        The result of an index.
    places : pandas.Index
        One group of `groups`.
    node : str, optional
        Code of a node; default: the root.

    Returns
    -------
    Tree
        Its `score` of the normalised values of the places gives their scores again.

    Raises
    ------
    UnknownNameError
        If there is no such node.
    """
    spec = scores.spec
    node = checked_node(spec, node)
    values = scores.steps["normalised"].loc[places].join(scores.steps["aggregated"].loc[places])
    weights: dict[str, _Array] = {}
    for code, below in spec.children.items():
        children = values[below]
        if spec.weighting.method == "bod":
            weights[code] = weighting.benefit_of_the_doubt(children)[1].to_numpy()
        else:
            given = pd.Series({child: spec.parts[child].weight for child in below})
            weights[code] = weighting.weigh(children, spec.weighting.method, given).to_numpy()
    rescaling = spec.rescaling
    mapped = rescaling is not None and spec.depth[node] in rescaling.levels
    return Tree(spec, weights, node, (rescaling.low, rescaling.high) if rescaling is not None and mapped else None)
