"""Explanations: what each indicator adds to a score, and why one place stands above another.

The rule depends on the aggregation of the node that is explained and of those below it.

- All arithmetic (or benefit of the doubt, with each place's own weights): the contribution of an indicator is weight x
  normalised value x factor of the rescaling, exactly. What is the same for all places is the base.
- Otherwise there is no such sum. The contribution is the Shapley value: the change of the score when the indicator
  goes from the reference to the place, the mean over the orders in which the indicators may change. Up to ten
  indicators all orders count, beyond 64 seeded ones.

Either way base and contributions add up to the score. A missing indicator contributes 0, its weight moves to its
siblings.

References
----------
Shapley (1953), A value for n-person games; OECD and JRC (2008), Handbook on constructing composite indicators, step 9.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index._parts import between, linear, split
from innovation_graph.index._tree import checked_node, groups, leaves, tree
from innovation_graph.index.scores import Scores

__all__ = ["Contributions", "contributions", "peers", "say", "strengths", "why"]


@dataclass(frozen=True, eq=False)
class Contributions:
    """What makes the scores of a node.

    Parameters
    ----------
    node : str
        Its code.
    against : str
        What the contributions are measured against.
    linear : bool
        Whether they are weight x value; otherwise they are Shapley values.
    base : pandas.Series
        Score of what they are measured against, by place.
    indicators : pandas.DataFrame
        Place x indicator; base and row sum make the score. Missing for places without a score.
    nodes : pandas.DataFrame
        Place x node below: the sums of their indicators.
    """

    node: str
    against: str
    linear: bool
    base: pd.Series
    indicators: pd.DataFrame
    nodes: pd.DataFrame


def contributions(
    scores: Scores, node: str | None = None, *, against: str | Sequence[str] = "mean", seed: int = 0
) -> Contributions:
    """Split the scores of a node into what its indicators add.

    Parameters
    ----------
    scores : Scores
        The result of an index.
    node : str, optional
        Code of a node; default: the root.
    against : str or sequence of str
        "mean": the mean of the places with a score. "zero": a normalised value of 0 everywhere, so that
        contributions are weight x value; only where the aggregation is arithmetic. Else the ids of places, whose
        mean is taken. For non-linear aggregations the mean is the place with mean normalised values, whose score is
        not the mean score.
    seed : int
        Of the orders that are drawn if there are more than ten indicators and the aggregation is not linear.

    Returns
    -------
    Contributions
        In the units of the finished scores. Groups of `apart` are explained each on its own; "mean" is that of
        the group.

    Raises
    ------
    UnknownNameError
        If there is no such node or place.
    ScoringError
        If "zero" is asked for and there is no sum, places of several groups are to be compared, or values are
        missing where the aggregation is not linear.
    """
    node = checked_node(scores.spec, node)
    chosen = [] if isinstance(against, str) and against in ("mean", "zero") else _ids(scores, against)
    parts, base, is_sum = [], [], True
    for group in groups(scores):
        own, places = tree(scores, group, node), group
        is_sum = own.linear
        if against == "zero" and not is_sum:
            raise ScoringError(f"{node} is no weighted sum: contributions against 'zero' do not exist; take 'mean'")
        if any(place not in places for place in chosen):
            places = places[:0] if not set(chosen) & set(places) else _refuse_groups(scores)
        x = scores.steps["normalised"].loc[places].to_numpy(dtype=np.float64)
        if not len(x):
            continue
        known = ~np.isnan(own.raw(x))
        rows = (places.isin(chosen) if chosen else np.ones(len(x), dtype=bool)) & known
        if chosen and rows.sum() < len(chosen):
            raise ScoringError(f"{places[places.isin(chosen) & ~known][0]} has no score of {node}")
        made, start = linear(own, x, rows, zero=against == "zero") if is_sum else split(own, x, rows, known, seed)
        made[~known] = np.nan
        parts.append(pd.DataFrame(made, index=places, columns=scores.spec.codes))
        base.append(pd.Series(np.where(known, start, np.nan), index=places))
    order = [place for place in scores.scores.index if any(place in table.index for table in parts)]
    inside = leaves(scores.spec, node)
    table = pd.concat(parts).loc[order, inside]
    below = [code for code in scores.scores.columns if code != node and set(leaves(scores.spec, code)) <= set(inside)]
    sums = {code: table[leaves(scores.spec, code)].sum(axis=1, skipna=False) for code in below}
    what = against if isinstance(against, str) else f"mean of {', '.join(chosen)}"
    nodes = pd.DataFrame(sums, index=table.index)
    return Contributions(node, what, is_sum, pd.concat(base).loc[order].rename("base"), table, nodes)


def why(scores: Scores, first: str, second: str, node: str | None = None, *, seed: int = 0) -> pd.DataFrame:
    """Say why one place stands above another, or below it: what each indicator adds to the difference.

    Parameters
    ----------
    scores : Scores
        The result of an index.
    first, second : str
        Ids of two places.
    node : str, optional
        Code of a node; default: the root.
    seed : int
        See `contributions`.

    Returns
    -------
    pandas.DataFrame
        By indicator, what speaks most for the first place on top: `name`, `parent`, the values as given
        (`value_first`, `value_second`), as normalised, and `contribution`, whose sum is the score of the first
        less that of the second. The same places the other way round give the same numbers with the other sign.

    Raises
    ------
    UnknownNameError
        If there is no such place or node.
    ScoringError
        If the places were scored in different groups, or one of them has no score.
    """
    spec, node = scores.spec, checked_node(scores.spec, node)
    places = _group_of(scores, [first, second], node)
    own = tree(scores, places, node)
    x = scores.steps["normalised"].loc[places].to_numpy(dtype=np.float64)
    one, two = (places.tolist().index(place) for place in (first, second))
    if own.linear:
        made, _ = linear(own, x, np.ones(len(x), dtype=bool), zero=True)
        difference = made[one] - made[two]
    else:
        factor, _ = own.scale(own.raw(x))
        forth = between(own, x, x[one], x[two], seed)
        back = between(own, x, x[two], x[one], seed)
        difference = factor * (forth - back) / 2  # drawn orders would not give the same both ways
    table = pd.DataFrame(
        {
            "name": [spec.parts[code].name for code in spec.codes],
            "parent": [spec.parts[code].parent for code in spec.codes],
            "value_first": scores.steps["raw"].loc[first].to_numpy(),
            "value_second": scores.steps["raw"].loc[second].to_numpy(),
            "normalised_first": x[one],
            "normalised_second": x[two],
            "contribution": difference,
        },
        index=pd.Index(spec.codes, name="indicator"),
    )
    return table.loc[leaves(spec, node)].sort_values("contribution", ascending=False, kind="stable")


def strengths(
    scores: Scores,
    place: str,
    node: str | None = None,
    *,
    against: str | Sequence[str] = "mean",
    top: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the indicators that lift a place most above others, and those that pull it most below them.

    Parameters
    ----------
    scores : Scores
        The result of an index.
    place : str
        Its id.
    node : str, optional
        Code of a node; default: the root.
    against : str or sequence of str
        "mean", or the ids of places such as those that `peers` finds; see `contributions`.
    top : int
        At most so many of each side.
    seed : int
        See `contributions`.

    Returns
    -------
    pandas.DataFrame
        By indicator, strengths first, the largest on top: `side` ("strength" or "weakness"), `name`, `parent`,
        `value`, `reference` (mean of the others' values as given), `contribution` in units of the score.
        Indicators that make no difference are neither.

    Raises
    ------
    UnknownNameError
        If there is no such place or node.
    ScoringError
        As `contributions`.
    """
    _group_of(scores, [place], checked_node(scores.spec, node))
    chosen = _ids(scores, against) if against != "mean" else _group_of(scores, [place], scores.spec.root).tolist()
    own = contributions(scores, node, against=against, seed=seed).indicators
    if place not in own.index:
        _refuse_groups(scores)
    row = own.T[place]
    slack = 1e-12 * row.abs().max()
    best = row[row > slack].sort_values(ascending=False, kind="stable")[:top]
    worst = row[row < -slack].sort_values(kind="stable")[:top]
    both = pd.concat([best, worst])
    raw, parts = scores.steps["raw"], scores.spec.parts
    return pd.DataFrame(
        {
            "side": ["strength"] * len(best) + ["weakness"] * len(worst),
            "name": [parts[str(code)].name for code in both.index],
            "parent": [parts[str(code)].parent for code in both.index],
            "value": raw.loc[place, both.index].to_numpy(),
            "reference": raw.loc[chosen, both.index].mean().to_numpy(),
            "contribution": both.to_numpy(),
        },
        index=both.index.rename("indicator"),
    )


def peers(scores: Scores, place: str, k: int = 10) -> pd.DataFrame:
    r"""Return the places whose profiles are nearest.

    .. math:: d(x, y)^2 = \sum_j w_j (x_j - y_j)^2

    over the normalised indicators that both places have; w_j is the share of the indicator in the root by the weights
    of the definition, scaled to sum 1 over these.

    Parameters
    ----------
    scores : Scores
        The result of an index.
    place : str
        Its id.
    k : int
        How many.

    Returns
    -------
    pandas.DataFrame
        By place id, the nearest first, ties in the order of the scores: `distance`, `score`, `rank` of the root.
        Only places of the same group.

    Raises
    ------
    UnknownNameError
        If there is no such place.
    """
    places = _group_of(scores, [place], scores.spec.root)
    x = scores.steps["normalised"].loc[places]
    weight = pd.Series(scores.spec.effective_weights())
    squares = (x - x.loc[place]) ** 2
    both = squares.notna().mul(weight, axis=1).sum(axis=1)
    distance = ((squares.mul(weight, axis=1).sum(axis=1) / both.where(both > 0)) ** 0.5).drop(place)
    near = distance.sort_values(kind="stable")[:k]
    root = scores.spec.root
    table = {"distance": near, "score": scores.scores.loc[near.index, root], "rank": scores.ranks.loc[near.index, root]}
    return pd.DataFrame(table).rename_axis("place_id")


def say(
    scores: Scores,
    first: str,
    second: str,
    node: str | None = None,
    *,
    names: pd.DataFrame | None = None,
    top: int = 3,
    seed: int = 0,
) -> str:
    """Say in words why one place stands above another.

    Parameters
    ----------
    scores : Scores
        The result of an index.
    first, second : str
        Ids of two places.
    node : str, optional
        Code of a node; default: the root.
    names : pandas.DataFrame, optional
        `name_en` and `name_zh` by place id; default: the place table that the scores were made with, else the ids.
    top : int
        At most so many indicators for and against.
    seed : int
        See `contributions`.

    Returns
    -------
    str
        A few English sentences, Chinese names in brackets, every number taken from `why`. The higher place comes
        first, whichever was named first.

    Raises
    ------
    UnknownNameError
        If there is no such place or node.
    ScoringError
        As `why`.
    """
    node = checked_node(scores.spec, node)
    _group_of(scores, [first, second], node)
    if _of(scores, second, node) > _of(scores, first, node):
        first, second = second, first
    table = why(scores, first, second, node, seed=seed)
    names = scores.inputs.get("places") if names is None else names
    one, two = _name(names, first), _name(names, second)
    own, other = _of(scores, first, node), _of(scores, second, node)
    gap = float(table["contribution"].sum())
    ranks = "rank {} and {}".format(*scores.ranks.loc[[first, second], node])
    what = _titled(scores, node)
    level = abs(gap) <= 1e-9 * max(1.0, abs(own))
    lead = "level with" if level else f"{gap:.2f} above"
    lines = [f"{what}: {one} scores {own:.2f}, {lead} {two} with {other:.2f} ({ranks})."]
    below = [code for code in scores.spec.children[node] if code in scores.spec.children]
    if below:
        sums = {code: table["contribution"].reindex(leaves(scores.spec, code)).sum() for code in below}
        listed = ", ".join(f"{_titled(scores, code)} {value:+.2f}" for code, value in sums.items())
        lines.append(f"Of the difference come from {listed}.")
    slack = 1e-12 * max(1.0, table["contribution"].abs().max())
    for words, side in (
        ("Most speaks for it", table[table["contribution"] > slack][:top]),
        ("Against it", table[table["contribution"] < -slack][::-1][:top]),
    ):
        if len(side):
            lines.append(f"{words}: {'; '.join(_compared(scores, str(code), side.loc[code]) for code in side.index)}.")
    return " ".join(lines)


def _of(scores: Scores, place: str, node: str) -> float:
    return float(scores.scores[node][place])


def _ids(scores: Scores, places: str | Sequence[str]) -> list[str]:
    ids = [places] if isinstance(places, str) else list(places)
    for place in ids:
        if place not in scores.scores.index:
            raise UnknownNameError("place with a score", place, scores.scores.index)
    if not ids:
        raise ScoringError("no places to compare with were given; name some, or take 'mean'")
    return ids


def _group_of(scores: Scores, places: Sequence[str], node: str) -> pd.Index:
    ids = _ids(scores, places)
    group = next(found for found in groups(scores) if ids[0] in found)
    if any(place not in group for place in ids):
        _refuse_groups(scores)
    for place in ids:
        if np.isnan(_of(scores, place, node)):
            raise ScoringError(f"{place} has no score of {node}: too many of its values are missing")
    return group


def _refuse_groups(scores: Scores) -> Any:
    raise ScoringError(
        f"these places were scored in different groups of {scores.spec.apart!r}; their scores cannot be compared"
    )


def _name(names: pd.DataFrame | None, place: str) -> str:
    if names is None or place not in names.index or "name_en" not in names.columns:
        return place
    english = str(names["name_en"][place])
    chinese = names["name_zh"][place] if "name_zh" in names.columns else None
    return f"{english} ({chinese})" if isinstance(chinese, str) and chinese else english


def _titled(scores: Scores, code: str) -> str:
    return f"{code} {scores.spec.parts[code].name}"


def _compared(scores: Scores, code: str, row: pd.Series) -> str:
    unit = getattr(scores.spec.parts[code], "unit", None)
    values = " against ".join("none" if pd.isna(row[name]) else _short(row[name]) for name in _VALUES)
    return f"{_titled(scores, code)} ({values}{f' {unit}' if unit else ''}) {row['contribution']:+.2f}"


_VALUES = ("value_first", "value_second")


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or float(value).is_integer() else f"{value:.4g}"
