"""What ranks hang on: the index scored again without each indicator, each node, or each place.

A place that is left out changes the others' ranks too: means, extremes and imputed values are those of the set.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from innovation_graph._ranks import rank
from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index._groups import check_node, one_group
from innovation_graph.index.scores import Scores
from innovation_graph.index.scoring import score
from innovation_graph.index.spec import IndexSpec, Node

__all__ = ["KINDS", "LeftOut", "leave_out", "without"]

KINDS: tuple[str, ...] = ("indicator", "node", "place")
"""What can be left out, one at a time."""


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Ranks with one thing left out at a time, immutable.

    Parameters
    ----------
    kind : str
        What was left out: a name of `KINDS`.
    nominal : pandas.Series
        Score of each place with everything in.
    scores : pandas.DataFrame
        One row a place, one column a thing left out; NaN for a place without a score, and for a place left out.
    reasons : pandas.Series
        Why scoring failed, by thing left out; empty if it did not.
    """

    kind: str
    nominal: pd.Series
    scores: pd.DataFrame
    reasons: pd.Series

    def __repr__(self) -> str:
        """Say what was left out."""
        return f"<LeftOut: {self.scores.shape[1]:,} times one {self.kind}, {len(self.nominal):,} places>"

    def shifts(self) -> pd.DataFrame:
        """Return how many ranks each place moves up (above 0) or down.

        Returns
        -------
        pandas.DataFrame
            One row a place, one column a thing left out. Both ranks are among the places that have both scores,
            so that the gap which a place leaves is no move. NA for a place left out.
        """
        moved = {name: self._both(str(name)) for name in self.scores.columns}
        found = {name: both["before"] - both["after"] for name, both in moved.items()}
        return pd.DataFrame(found, index=self.nominal.index, columns=self.scores.columns).astype("Int64")

    def summary(self, movers: int = 3) -> pd.DataFrame:
        """Return how far ranks move for each thing left out, the most consequential first.

        Parameters
        ----------
        movers : int
            How many of the places that move most to name.

        Returns
        -------
        pandas.DataFrame
            Indexed by the thing left out: `places` compared; `mean_shift` and `max_shift`, absolute moves in ranks;
            `reversals`, pairs of places one of which was above the other and is below now, and `share` of all
            pairs; `kendall`, rank correlation tau-b with the nominal scores; `movers`, e.g. "Paris 12 -> 5"; `reason`
            if it could not be scored.
        """
        rows = {}
        for name in self.scores.columns:
            both, pairs = self._both(str(name)), self._swapped(str(name))
            n, moved = len(both), (both["before"] - both["after"]).abs()
            order = moved[moved > 0].sort_values(ascending=False, kind="stable").index[:movers]
            most = both.loc[order]
            told = "; ".join(
                f"{place} {before} -> {after}"
                for place, before, after in zip(most.index.astype(str), most["before"], most["after"], strict=True)
            )
            kendall = np.nan
            if n > 1 and (both.max() > both.min()).all():
                kendall = float(stats.kendalltau(both["before"].astype(int), both["after"].astype(int)).statistic)
            share = len(pairs) / (n * (n - 1) / 2) if n > 1 else np.nan
            worst = moved.max() if n else np.nan
            reason = self.reasons.get(name, "")
            rows[name] = (n, moved.mean() if n else np.nan, worst, len(pairs), share, kendall, told, reason)
        columns = ["places", "mean_shift", "max_shift", "reversals", "share", "kendall", "movers", "reason"]
        table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("left_out")
        return table.sort_values("mean_shift", ascending=False, kind="stable")

    def pairs(self) -> pd.DataFrame:
        """Return every pair of places that changes its order.

        Returns
        -------
        pandas.DataFrame
            `left_out`, `above` and `below`: the first place is above the second with everything in, and below it
            without that thing. Ties before or after are no reversals.
        """
        rows = [(name, *pair) for name in self.scores.columns for pair in self._swapped(str(name))]
        return pd.DataFrame(rows, columns=["left_out", "above", "below"], dtype="object")

    def _both(self, name: str) -> pd.DataFrame:
        both = pd.DataFrame({"before": self.nominal, "after": self.scores[name]}).dropna()
        return both.apply(rank)

    def _swapped(self, name: str) -> list[tuple[Any, Any]]:
        both = self._both(name)
        before, after = both["before"].to_numpy(dtype=np.int64), both["after"].to_numpy(dtype=np.int64)
        swapped = (before[:, None] < before) & (after[:, None] > after)
        ids = both.index
        return [(ids[first], ids[second]) for first, second in zip(*np.nonzero(swapped), strict=True)]


def leave_out(scores: Scores, kind: str = "indicator", *, node: str | None = None, group: str | None = None) -> LeftOut:
    """Score an index again without each indicator, node or place in turn.

    Weights of what stays are scaled up inside the node that loses something; a node that loses all its
    children goes too.

    Parameters
    ----------
    scores : Scores
        The nominal scores.
    kind : {"indicator", "node", "place"}
        What to leave out. Indicators and nodes without which the node looked at would be
        empty stay in.
    node : str, optional
        Whose ranks are looked at; default: the root. Only what lies below it is left out.
    group : str, optional
        Which group, if the definition scores groups apart.

    Returns
    -------
    LeftOut
        Scores without each. What cannot be scored (an indicator that is constant without a place) has its reason.

    Raises
    ------
    UnknownNameError
        If there is no such kind, node or group.
    ScoringError
        If the definition has groups and none is named.

    Notes
    -----
    The index is scored as many times as there are things to leave out, 0.02 to 0.2 seconds each.
    """
    if kind not in KINDS:
        raise UnknownNameError("kind of thing to leave out", kind, KINDS)
    scores = one_group(scores, group)
    spec, raw, top = scores.spec, scores.steps["raw"], check_node(scores, node)
    inputs: dict[str, Any] = dict(scores.inputs)
    nominal = scores.scores[top].astype("float64")
    if kind == "place":
        things = list(scores.scores.index)
    else:
        codes = spec.codes if kind == "indicator" else [part.code for part in spec.nodes]
        below = _below(spec, top)
        things = [code for code in codes if code in below and _survives(spec, code, top)]
    found, reasons = {}, {}
    for thing in things:
        try:
            if kind == "place":
                made = score(spec, raw.drop(index=thing), **inputs)
            else:
                smaller = without(spec, thing)
                made = score(smaller, raw[smaller.codes], **inputs)
            found[thing] = made.scores[top].reindex(nominal.index).astype("float64")
        except ScoringError as error:
            reasons[thing] = str(error)
            found[thing] = pd.Series(np.nan, index=nominal.index)
    table = pd.DataFrame(found, index=nominal.index)
    return LeftOut(kind, nominal, table, pd.Series(reasons, dtype="str", name="reason"))


def without(spec: IndexSpec, code: str) -> IndexSpec:
    """Return a definition without an indicator or a node and all below it.

    Parameters
    ----------
    spec : IndexSpec
        The definition.
    code : str
        Of an indicator, or of a node but the root.

    Returns
    -------
    IndexSpec
        Nodes that would be left without children go too; other weights stay as they are written.

    Raises
    ------
    UnknownNameError
        If there is no such code.
    ScoringError
        If nothing would be left.
    """
    if code not in spec.parts:
        raise UnknownNameError("indicator or node", code, spec.parts)
    gone = {code, *_below(spec, code)}
    for node, below in spec.children.items():  # from the leaves up
        if below and gone.issuperset(below):
            gone.add(node)
    if spec.root in gone:
        raise ScoringError(f"{spec.name} without {code} has no indicators")
    nodes: tuple[Node, ...] = tuple(node for node in spec.nodes if node.code not in gone)
    return spec.replace(nodes=nodes, indicators=tuple(part for part in spec.indicators if part.code not in gone))


def _below(spec: IndexSpec, code: str) -> set[str]:
    direct = spec.children.get(code, [])
    return {*direct, *(leaf for child in direct for leaf in _below(spec, child))}


def _survives(spec: IndexSpec, code: str, node: str) -> bool:
    try:
        return node in without(spec, code).parts
    except ScoringError:
        return False
