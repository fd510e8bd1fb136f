r"""The common scale of weighted sums: how many points of a node a standard deviation of an indicator is.

Relations between printed scores give the ranges of all weighted sums relative to that of the root. The range R of the
root itself, in units of z, takes more: counts that can be decoded (their spread is then known), or an assumption on
how the indicators inside the lowest nodes correlate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index._print_checks import cell
from innovation_graph.index.audit import Audit
from innovation_graph.index.decoding import Decoding

__all__ = ["Scale", "common_scale", "hidden_bounds", "implied_correlations", "relative_ranges"]

_Bounds = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Scale:
    """The range of the root's weighted sum in units of z, and those of all nodes relative to it.

    Parameters
    ----------
    low, value, high : float
        Range of the root's weighted sum: bounds and the value used.
    relative : mapping of str to tuple of float
        Range of each node's weighted sum by that of the root: low, value, high.
    width : float
        Points between the last and the first place of a node.
    shares : mapping of str to tuple of (str, float)
        Node and share of each indicator.
    method : str
        `counts` or `correlation`.
    assumptions : tuple of str
        What the bounds rest on.
    """

    low: float
    value: float
    high: float
    relative: Mapping[str, _Bounds]
    width: float
    shares: Mapping[str, tuple[str, float]]
    method: str
    assumptions: tuple[str, ...]

    def __post_init__(self) -> None:
        """Close the mappings to writing."""
        object.__setattr__(self, "relative", MappingProxyType(dict(self.relative)))
        object.__setattr__(self, "shares", MappingProxyType(dict(self.shares)))

    def __repr__(self) -> str:
        """Say where the range lies."""
        return f"<Scale by {self.method}: range of the root {self.value:.3f} ({self.low:.3f} to {self.high:.3f})>"

    def points(self, code: str) -> _Bounds:
        """Return the points that one unit makes: of a node's weighted sum in it, or of an indicator's z in its node.

        Parameters
        ----------
        code : str
            A printed node, or an indicator below one.

        Returns
        -------
        tuple of float
            Low, value, high.

        Raises
        ------
        UnknownNameError
            If the code is neither.
        """
        node, share = self.shares.get(code, (code, 1.0))
        if node not in self.relative:
            raise UnknownNameError("node or indicator with a scale", code, [*self.relative, *self.shares])
        low, value, high = self.relative[node]
        unit = share * self.width
        return unit / (self.high * high), unit / (self.value * value), unit / (self.low * low)


def common_scale(
    audit: Audit,
    *,
    decodings: Mapping[str, tuple[Decoding, Mapping[str, str]]] | None = None,
    correlation: tuple[float, float] = (0.0, 1.0),
) -> Scale:
    r"""Find the range R of the root's weighted sum.

    With decoded counts: a unit of count j makes :math:`s_j = 40\,w_j / (r\,\sigma_j)` points of a node of range r
    (40 the width of the scale, :math:`w_j` the share of the indicator, :math:`\sigma_j` its standard deviation over all
    places), so r follows from each count on its own, and R from r by the relations.

    Without: a weighted sum of z-scores has the variance :math:`S + (1 - S) \bar\rho` with
    :math:`S = \sum_j w_j^2` and the mean correlation :math:`\bar\rho` of its indicators. Against the spread of the
    printed scores this bounds R from each lowest node; all bounds must hold together.

    Parameters
    ----------
    audit : Audit
        Relations and values.
    decodings : mapping, optional
        Node to its decoding and the indicator code of each count. Default: use `correlation`.
    correlation : tuple of float
        Lowest and highest mean correlation assumed inside each lowest node, -1 to 1.

    Returns
    -------
    Scale
        With its assumptions.

    Raises
    ------
    ScoringError
        If no R meets all bounds, or the indicator of a count lies in another node.
    """
    relative = relative_ranges(audit)
    shares = _shares(audit, relative)
    published, roofs = audit.published, hidden_bounds(audit)[1]
    general = (
        "z-scores with the population standard deviation over all places scored together, nodes by weighted means",
        "equal weights inside the lowest printed nodes, as in the definition",
    )
    if decodings:
        method = "counts"
        bounds = [
            bound
            for node, (decoding, codes) in decodings.items()
            for bound in _by_counts(audit, roofs, node, decoding, codes, relative, shares)
        ]
        certain = [_by_correlation(audit, roofs, lowest, relative, shares, (-1.0, 1.0)) for lowest in _lowest(shares)]
        low = max(*(bound[0] for bound in bounds), *(bound[0] for bound in certain))
        high = min(*(bound[2] for bound in bounds), *(bound[1] for bound in certain))
        value = float(np.mean([bound[1] for bound in bounds]))
        if not low <= value <= high:
            raise ScoringError(
                f"counts decoded in {', '.join(decodings)} contradict each other or the spread of other nodes: "
                f"range {value:.3f}, bounds {low:.3f} to {high:.3f}; they are not those of these indicators"
            )
        each = ", ".join(f"{bound[1]:.3f}" for bound in bounds)
        own = [
            f"counts decoded in {', '.join(decodings)} are those of the indicators; alone they give the range {each}",
            "places that are not printed have between none and as many as their score could hide",
            "no weighted sum spreads more than if its indicators correlated fully",
        ]
    else:
        method = "correlation"
        found = {node: _by_correlation(audit, roofs, node, relative, shares, correlation) for node in _lowest(shares)}
        low, high = max(bound[0] for bound in found.values()), min(bound[1] for bound in found.values())
        if low > high:
            needs = max(found, key=lambda node: found[node][0]), min(found, key=lambda node: found[node][1])
            raise ScoringError(
                f"no common scale has mean correlations of {correlation[0]:g} to {correlation[1]:g} in all nodes: "
                f"{needs[0]} needs a range above {low:.3f}, {needs[1]} one below {high:.3f}; widen the bounds"
            )
        value = float(np.sqrt(low * high))
        own = [
            f"the indicators inside each lowest node correlate by {correlation[0]:g} to {correlation[1]:g} on average",
            "the value used is the geometric mean of the bounds",
        ]
    width = published.high - published.low
    return Scale(low, value, high, relative, width, shares, method, (*general, *own))


def implied_correlations(audit: Audit, scale: Scale) -> pd.DataFrame:
    """Return the mean correlation of the indicators inside each lowest node that a scale implies.

    Parameters
    ----------
    audit : Audit
        Relations and values.
    scale : Scale
        The common scale.

    Returns
    -------
    pandas.DataFrame
        `low`, `value`, `high` by node; outside of -1 to 1 the scale or its assumptions are wrong.
    """
    rows, roofs = {}, hidden_bounds(audit)[1]
    for node in _lowest(scale.shares):
        squares = _squares(scale.shares, node)
        spread = _spread(audit, roofs, node)
        low, value, high = (
            ((sd * scale.relative[node][1] * total / scale.width) ** 2 - squares) / (1 - squares)
            if squares < 1
            else np.nan
            for sd, total in ((spread[0], scale.low), (float(np.mean(spread)), scale.value), (spread[1], scale.high))
        )
        rows[node] = (low, value, high)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["low", "value", "high"]).rename_axis("node")


def hidden_bounds(audit: Audit) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the lowest and the highest score that each place could have where none is printed; else missing.

    A place left out of a list of the first n is not above its last; a child cannot be higher than its parent
    allows with all other children at the bottom; and a parent lies between what its children can make it.
    """
    published, values = audit.published, audit.scores
    spec = published.spec
    hidden = values.isna()
    low = values.fillna(published.low)
    high = values.fillna(published.high)
    for ranks in published.ranks.values():
        for code in [code for code in ranks if sorted(ranks[code]) == list(range(1, len(ranks) + 1))]:
            last = float(values[code].reindex(ranks.index).min()) + published.half
            left_out = hidden[code] & ~hidden.index.isin(ranks.index)
            high[code] = high[code].where(~left_out, high[code].clip(upper=last))
    for parent in [code for code in spec.children if code in audit.relations]:  # from the lowest nodes up
        relation = audit.relations[parent]
        ends = relation.implied(low) - relation.permitted, relation.implied(high) + relation.permitted
        low[parent] = low[parent].where(~hidden[parent], np.maximum(low[parent], ends[0]))
        high[parent] = high[parent].where(~hidden[parent], np.minimum(high[parent], ends[1]))
    for parent in reversed([code for code in spec.children if code in audit.relations]):
        relation = audit.relations[parent]
        floor = relation.intercept + published.low * float(relation.coefficients.sum())
        for child, b in relation.coefficients.items():
            top = published.low + (high[parent] - floor + relation.permitted) / b
            high[child] = high[child].where(~hidden[child], np.minimum(high[child], top.clip(lower=published.low)))
    return low.where(hidden), high.where(hidden)


def relative_ranges(audit: Audit) -> dict[str, _Bounds]:
    """Return the range of each weighted sum by that of the root: low, value, high."""
    spec = audit.published.spec
    if spec.root not in audit.relations:
        raise ScoringError(f"no relation of {spec.root} with its children is known: nothing can be propagated")
    found: dict[str, _Bounds] = {spec.root: (1.0, 1.0, 1.0)}
    for parent in sorted(audit.relations, key=lambda code: spec.depth[code]):
        relation = audit.relations[parent]
        weights = {child: spec.parts[child].weight for child in relation.coefficients.index}
        for child, weight in weights.items():
            share = weight / sum(weights.values())
            b = float(relation.coefficients[child])
            ends = [float(side[child]) if pd.notna(side[child]) else b for side in (relation.low, relation.high)]
            low, value, high = found[parent]
            found[child] = (low * ends[0] / share, value * b / share, high * ends[1] / share)
    return found


def _shares(audit: Audit, relative: Mapping[str, _Bounds]) -> dict[str, tuple[str, float]]:
    spec = audit.published.spec
    shares: dict[str, tuple[str, float]] = {}
    for node in [node for node in relative if node not in audit.relations]:
        below = spec.children.get(node, [])
        if not below or any(child not in spec.codes for child in below):
            continue
        total = sum(spec.parts[child].weight for child in below)
        shares |= {child: (node, spec.parts[child].weight / total) for child in below}
    return shares


def _lowest(shares: Mapping[str, tuple[str, float]]) -> list[str]:
    return list(dict.fromkeys(node for node, _ in shares.values()))


def _squares(shares: Mapping[str, tuple[str, float]], node: str) -> float:
    return sum(share**2 for of, share in shares.values() if of == node)


def _spread(audit: Audit, roofs: pd.DataFrame, node: str) -> tuple[float, float]:
    """Return bounds of the standard deviation over all places, those not printed included."""
    column, top = audit.scores[node], roofs[node]
    lowest = column.fillna(audit.published.low)
    highest = column.fillna(top.clip(upper=column.mean()))
    ends = sorted([float(lowest.std(ddof=0)), float(highest.std(ddof=0))])
    return ends[0], ends[1]


def _by_correlation(  # noqa: PLR0917 - what the caller knows, in order
    audit: Audit,
    roofs: pd.DataFrame,
    node: str,
    relative: Mapping[str, _Bounds],
    shares: Mapping[str, tuple[str, float]],
    correlation: tuple[float, float],
) -> tuple[float, float]:
    squares, spread = _squares(shares, node), _spread(audit, roofs, node)
    width = audit.published.high - audit.published.low
    ends = [np.sqrt(max(0.0, squares + (1 - squares) * mean)) for mean in correlation]
    return (
        float(ends[0] * width / (spread[1] * relative[node][2])),
        float(ends[1] * width / (spread[0] * relative[node][0])),
    )


def _by_counts(  # noqa: PLR0917 - what the caller knows, in order
    audit: Audit,
    roofs: pd.DataFrame,
    node: str,
    decoding: Decoding,
    codes: Mapping[str, str],
    relative: Mapping[str, _Bounds],
    shares: Mapping[str, tuple[str, float]],
) -> list[_Bounds]:
    published, bounds = audit.published, []
    hidden = roofs[node].dropna()
    rows = decoding.alternatives
    nearest = rows.loc[rows["off"].abs().groupby(rows["place"]).idxmin()].set_index("place")
    for count, code in codes.items():
        if shares.get(code, ("", 0.0))[0] != node:
            raise ScoringError(f"indicator {code} is not among those of {node}: {list(shares)}")
        step = {side: cell(decoding.steps, count, side) for side in ("low", "step", "high")}
        most = np.floor((hidden.to_numpy(dtype=np.float64) - published.low + published.half) / step["step"])
        by_place = rows.groupby("place")[count]
        spreads = [
            float(np.std(np.concatenate([seen.to_numpy(dtype=np.float64), unseen])))
            for seen in (by_place.min(), by_place.max())
            for unseen in (np.zeros(len(hidden)), most)
        ]
        used = float(np.std(np.concatenate([nearest[count].to_numpy(dtype=np.float64), np.zeros(len(hidden))])))
        unit = (published.high - published.low) * shares[code][1]
        low, value, high = relative[node]
        bounds.append(
            (
                unit / (step["high"] * max(spreads) * high),
                unit / (step["step"] * used * value),
                unit / (step["low"] * min(spreads) * low),
            )
        )
    return bounds
