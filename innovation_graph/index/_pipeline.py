"""Normalisation, aggregation, rescaling and ranks of many replicates that take the same methods."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.index import _batch, normalisation
from innovation_graph.index.spec import IndexSpec, Indicator

__all__ = ["Pipeline"]

_Floats = NDArray[np.float64]
_Reasons = NDArray[np.object_]


class Pipeline:
    """One combination of methods; indicators that do not move are prepared once.

    Parameters
    ----------
    spec : IndexSpec
        The definition with these methods.
    node : str
        Whose scores and ranks are wanted.
    filled : numpy.ndarray
        Nominal values after imputation, places that take part x indicators.
    moving : sequence of str
        Codes of the indicators whose values differ between replicates.
    rows : numpy.ndarray
        Positions of the places that take part among all places.
    divisors : mapping of str to numpy.ndarray
        Denominators of moving indicators.
    groups : numpy.ndarray or None
        Groups of the places that take part, for imputation.
    anchors : pandas.DataFrame or None
        Fixed values of a base edition.
    """

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        spec: IndexSpec,
        node: str,
        filled: _Floats,
        moving: Sequence[str],
        rows: NDArray[np.intp],
        divisors: dict[str, _Floats],
        groups: _Reasons | None,
        anchors: pd.DataFrame | None,
    ) -> None:
        self.spec, self.node, self.moving, self.rows = spec, node, list(moving), rows
        self.divisors, self.groups, self.anchors = divisors, groups, anchors
        still = [code for code in spec.codes if code not in set(self.moving)]
        self.reason = np.full(1, "", dtype=object)
        self.still = np.empty((1, len(rows), len(spec.codes)))
        if still:
            at = [spec.codes.index(code) for code in still]
            self.still[:, :, at] = self._normalised(filled[None][:, :, at], still, self.reason)

    def run(self, values: _Floats | None, weights: _Floats) -> tuple[_Floats, _Floats, _Reasons]:
        """Score replicates.

        Parameters
        ----------
        values : numpy.ndarray or None
            Raw values of the moving indicators, (replicates, all places, indicators).
        weights : numpy.ndarray
            Of nodes and indicators, (replicates or 1, members).

        Returns
        -------
        scores, ranks : numpy.ndarray
            Shape (replicates, places that take part).
        reasons : numpy.ndarray of str
            Why a replicate failed; empty where it did not.
        """
        n = len(weights) if values is None else len(values)
        reasons = np.repeat(self.reason, n)
        normalised = self.still if values is None else self._moved(values, reasons)
        nodes = self._nodes(normalised, weights, reasons)
        scores = nodes[self.node]
        how = self.spec.rescaling
        if how is not None and self.spec.depth[self.node] in how.levels:
            scores = _batch.rescale(scores, how)
        return scores, _batch.rank(scores, self.spec.ranking.ties), reasons

    def _moved(self, values: _Floats, reasons: _Reasons) -> _Floats:
        for code, bad in zip(self.moving, _batch.constant(values).T, strict=True):
            part = self.spec.parts[code]
            how = (part.normalisation if isinstance(part, Indicator) else None) or self.spec.normalisation
            if code not in self.divisors and not normalisation.takes_constant(how, self.anchors):
                _note(reasons, bad, f"indicator {code} is the same everywhere")
        x = values if len(self.rows) == values.shape[1] else values[:, self.rows]
        for code, sizes in self.divisors.items():
            x[:, :, self.moving.index(code)] /= sizes
        x = _batch.fill(x, self.spec.imputation, self.groups)
        x = self._normalised(x, self.moving, reasons)
        if len(self.moving) == len(self.spec.codes):
            return x
        out = np.repeat(self.still, len(x), axis=0)
        out[:, :, [self.spec.codes.index(code) for code in self.moving]] = x
        return out

    def _normalised(self, x: _Floats, codes: list[str], reasons: _Reasons) -> _Floats:
        """Treat and normalise the columns of these indicators."""
        x = _batch.treat(x, self.spec.treatment)
        parts = [self.spec.parts[code] for code in codes]
        hows = [part.normalisation or self.spec.normalisation for part in parts if isinstance(part, Indicator)]
        out = np.empty_like(x) if len(set(hows)) > 1 else x
        for how in dict.fromkeys(hows):
            at = [column for column, own in enumerate(hows) if own == how]
            own = [part for column, part in enumerate(parts) if column in at and isinstance(part, Indicator)]
            sign = np.array([part.direction for part in own], dtype=np.float64)
            extra: dict[str, _Floats] = {}
            if how.method == "goalposts":
                extra["posts"] = np.array([part.goalposts for part in own]).T
            elif how.method == "target":
                extra["target"] = np.array([part.target for part in own], dtype=np.float64)
            elif self.anchors is not None and how.method in ("z", "minmax"):
                names = ["mean", "sd"] if how.method == "z" else ["minimum", "maximum"]
                table = self.anchors.loc[[part.code for part in own], names]
                extra["fixed"] = table.to_numpy(dtype=np.float64).T
            elif self.anchors is not None and how.method == "share" and "total" in self.anchors.columns:
                extra["fixed"] = self.anchors.loc[[part.code for part in own], "total"].to_numpy(dtype=np.float64)
            alone = len(at) == x.shape[-1]
            made, bad, why = _batch.normalise(x if alone else x[:, :, at], sign, how, extra)
            for part, failed in zip(own, bad.T, strict=True):
                _note(reasons, failed, f"indicator {part.code} is {why}")
            if alone:
                return made
            out[:, :, at] = made
        return out

    def _nodes(self, normalised: _Floats, weights: _Floats, reasons: _Reasons) -> dict[str, _Floats]:
        spec, column = self.spec, {code: at for at, code in enumerate(self.spec.codes)}
        member = {part.code: at for at, part in enumerate(spec.members)}
        nodes: dict[str, _Floats] = {}
        for code, below in spec.children.items():
            if all(child in column for child in below):
                x = normalised[:, :, [column[child] for child in below]]
            else:
                parts = [nodes[child] if child in nodes else normalised[:, :, column[child]] for child in below]
                x = np.stack(np.broadcast_arrays(*parts), axis=-1)
            own = weights[:, None, [member[child] for child in below]]
            if spec.weighting.method == "equal":
                own = np.ones((1, 1, len(below)))
            how = spec.how(code)
            nodes[code], bad = _batch.aggregate(x, own / own.sum(axis=-1, keepdims=True), how)
            _note(reasons, bad, f"{code}: {how.method} aggregation of values that it does not take")
        return nodes


def _note(reasons: _Reasons, bad: NDArray[np.bool_], why: str) -> None:
    """Write down why replicates failed, the first reason of each."""
    if bad.any():
        first = np.broadcast_to(bad, reasons.shape) & (reasons == "")
        reasons[first] = why
