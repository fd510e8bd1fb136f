r"""What if: changes carried through a published index, exactly, by the relations that the audit found.

A change :math:`\Delta x` of a printed child in its own points moves its parent by :math:`b\,\Delta x`, and so on up to
the root, since the tables print linear maps of the weighted sums. Only then does min-max set in: if the first or the
last place of a node changes, the scores of everybody in this node move, its parent does not. All changes are in points
of today's scale.

Places that no table prints take part with bounds: what lists of the first n, parents and children leave them.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index._needed import Needed, needed, printed_ranks
from innovation_graph.index._outcome import Outcome, merged
from innovation_graph.index._scale import Scale, common_scale, hidden_bounds, implied_correlations
from innovation_graph.index.audit import Audit

__all__ = [
    "Needed",
    "Outcome",
    "Scale",
    "common_scale",
    "implied_correlations",
    "needed",
    "what_if",
    "what_if_indicators",
    "what_if_network",
    "z_changes",
]

_Array = NDArray[np.float64]
_SLACK = 1e-9


def what_if(audit: Audit, changes: pd.DataFrame) -> Outcome:
    """Carry changes of printed scores up to the root.

    Parameters
    ----------
    audit : Audit
        Relations and values.
    changes : pandas.DataFrame
        Place x node: points to add on today's scale; missing is 0. A change of a node comes on top of what the
        changes below it add.

    Returns
    -------
    Outcome
        Without any change: exactly what is printed.

    Raises
    ------
    UnknownNameError
        If a place was not scored or a node is not printed.
    ScoringError
        If a change is infinite.

    Examples
    --------
    >>> from innovation_graph.index.audit import audit
    >>> from innovation_graph.index.published import gihi2024
    >>> plus = pd.DataFrame({"C1": [8.0]}, index=["shanghai"])
    >>> float(what_if(audit(gihi2024()), plus).table().loc["shanghai", "change"].round(2))
    0.88
    """
    published, values = audit.published, audit.scores
    for what, given, known in (
        ("place", changes.index, values.index),
        ("published node", changes.columns, values.columns),
    ):
        strange = [name for name in given if name not in known]
        if strange:
            raise UnknownNameError(what, strange[0], known)
    moves = changes.reindex(index=values.index, columns=values.columns).astype("float64").fillna(0.0)
    if not np.isfinite(moves.to_numpy()).all():
        raise ScoringError("changes must be finite numbers of points")
    for parent in published.spec.children:  # from the lowest nodes up
        if parent in audit.relations:
            b = audit.relations[parent].coefficients
            moves[parent] += moves[list(b.index)] @ b
    floors, roofs = hidden_bounds(audit)
    parts = [_node(audit, str(code), moves[code], floors[code], roofs[code]) for code in values.columns]
    names = ("after", "low", "high", "ranks_before", "ranks", "best", "worst")
    tables = {
        name: pd.DataFrame({code: part[name] for code, part in zip(values, parts, strict=True)}) for name in names
    }
    scales = {code: part["scale"] for code, part in zip(values, parts, strict=True) if part["scale"] is not None}
    columns = ["bottom_low", "bottom_high", "top_low", "top_high"]
    rescaled = pd.DataFrame.from_dict(scales, orient="index", columns=columns).rename_axis("node")
    assumptions = (
        "relations between nodes are those found in the printed tables; nothing but the changes given moves",
        f"places not printed lie between {published.low:g} and what lists and parents allow",
    )
    return Outcome(before=values, rescaled=rescaled, assumptions=assumptions, **tables)


def _node(audit: Audit, code: str, moves: pd.Series, floors: pd.Series, roofs: pd.Series) -> dict[str, object]:
    published, before = audit.published, audit.scores[code]
    start = printed_ranks(audit, code).fillna(before.rank(ascending=False, method="min")).astype("Int64")
    start = start.where(before.notna())
    moved, slack = before + moves, 2 * published.half
    out = roofs.dropna().index
    floor, roof = floors[out] + moves[out], roofs[out] + moves[out]
    best, worst = _rank_bounds(moved, moves, start, floor, roof, moves[out], slack)
    # A printed rank counts places that are not printed: they stay where they are, as far as is known.
    ranked = start + _ranked(moved, start) - _ranked(before, start)
    ranked = ranked.where(ranked >= best, best).where(ranked <= worst, worst)
    ranks = {"ranks_before": start, "ranks": ranked, "best": best, "worst": worst}
    if not moves.any():
        return {"after": before, "low": before, "high": before, "scale": None, **ranks, "ranks": start}
    everyone = pd.concat([moved.dropna(), floor]), pd.concat([moved.dropna(), roof])
    bottom = float(everyone[0].min()), float(everyone[1].min())
    if len(out) and before.min() > published.low + published.half:
        # One of the places not printed was the last, at the very bottom of the scale.
        bottom = bottom[0], min(bottom[1], published.low + float(moves[out].max()))
    top = float(everyone[0].max()), float(everyone[1].max())
    ends = pd.concat(
        [
            published.low + (published.high - published.low) * (moved - low) / (high - low)
            for low in dict.fromkeys(bottom)
            for high in dict.fromkeys(top)
        ],
        axis=1,
    )
    low, high = ends.min(axis=1), ends.max(axis=1)
    off = max(abs(end - published.low) for end in bottom), max(abs(end - published.high) for end in top)
    scale = (*bottom, *top) if max(off) > published.half else None
    return {"after": (low + high) / 2, "low": low, "high": high, "scale": scale, **ranks}


def _above(moved: _Array, order: _Array, slack: float) -> NDArray[np.bool_]:
    """Return whether the place of a column is above that of a row; equal scores stand in the given order."""
    gap = moved[None, :] - moved[:, None]
    return (gap > _SLACK + slack) | ((np.abs(gap) <= _SLACK) & (slack == 0) & (order[None, :] < order[:, None]))


def _ranked(moved: pd.Series, start: pd.Series) -> pd.Series:
    known = moved.dropna().index
    above = _above(moved[known].to_numpy(), start[known].to_numpy(dtype=np.float64), 0.0)
    return pd.Series(1 + above.sum(axis=1), index=known).reindex(moved.index).astype("Int64")


def _rank_bounds(  # noqa: PLR0917 - what is known of places printed, then of the others
    moved: pd.Series,
    moves: pd.Series,
    start: pd.Series,
    floor: pd.Series,
    roof: pd.Series,
    hidden_moves: pd.Series,
    slack: float,
) -> tuple[pd.Series, pd.Series]:
    known = moved.dropna().index
    x, change = moved[known].to_numpy(), moves[known].to_numpy()
    order = start[known].to_numpy(dtype=np.float64)
    # Two places that move alike keep their printed order, whatever was rounded away.
    apart = np.abs(change[None, :] - change[:, None]) > _SLACK
    ordered = _above(x, order, 0.0)
    surely = np.where(apart, _above(x, order, slack), ordered)
    possibly = np.where(apart, x[None, :] > x[:, None] - slack, ordered)
    like = np.abs(hidden_moves.to_numpy()[None, :] - change[:, None]) <= _SLACK
    over = roof.to_numpy()[None, :] > x[:, None] + np.where(like, slack / 2 + _SLACK, -slack)
    best = 1 + surely.sum(axis=1) + (floor.to_numpy()[None, :] > x[:, None] + slack).sum(axis=1)
    worst = 1 + possibly.sum(axis=1) + over.sum(axis=1)
    sides = [pd.Series(side, index=known).reindex(moved.index).astype("Int64") for side in (best, worst)]
    return sides[0], sides[1]


def z_changes(before: pd.DataFrame, after: pd.DataFrame, *, ddof: int = 0) -> pd.DataFrame:
    """Return by how much z-scores change when indicators change, each side on its own mean and spread.

    Parameters
    ----------
    before, after : pandas.DataFrame
        Place x indicator, raw values of all places that are scored together. A place without a value on either side
        plays no part in the indicator and gets 0.
    ddof : int
        Degrees of freedom that the standard deviation loses.

    Returns
    -------
    pandas.DataFrame
        Place x indicator.

    Raises
    ------
    ScoringError
        If the labels differ, or an indicator is constant.
    """
    if not (before.index.equals(after.index) and before.columns.equals(after.columns)):
        raise ScoringError("before and after must have the same places and indicators in the same order")
    both = before.notna() & after.notna()
    sides = []
    for side in (before.astype("float64").where(both), after.astype("float64").where(both)):
        spread = side.std(ddof=ddof)
        if not (spread > 0).all():
            raise ScoringError(f"indicator {spread.index[~(spread > 0)][0]} has no spread: it has no z-scores")
        sides.append((side - side.mean()) / spread)
    return (sides[1] - sides[0]).fillna(0.0)


def what_if_indicators(
    audit: Audit, changes: pd.DataFrame, scale: Scale, *, spread: Mapping[str, float] | None = None
) -> Outcome:
    """Carry changes of indicators up to the root.

    Parameters
    ----------
    audit : Audit
        Relations and values.
    changes : pandas.DataFrame
        Place x indicator: changes of z; with `spread` changes of raw values. Missing is 0.
    scale : Scale
        From `common_scale`.
    spread : mapping of str to float, optional
        Standard deviation of raw indicators in the published distribution. Mean and spread then stay as they are:
        right for small changes of few places. With all raw values at hand, use `z_changes`.

    Returns
    -------
    Outcome
        With the value of the scale used; `low`, `high`, `best` and `worst` reach over its bounds.

    Raises
    ------
    UnknownNameError
        If a place or an indicator is unknown.
    ScoringError
        If a spread is not above 0.
    """
    z = changes.astype("float64").fillna(0.0)
    fixed: tuple[str, ...] = ()
    if spread is not None:
        for code in z.columns:
            if not spread.get(str(code), 0.0) > 0:
                raise ScoringError(
                    f"indicator {code}: expected a standard deviation above 0, got {spread.get(str(code))}"
                )
            z[code] = z[code] / spread[str(code)]
        fixed = ("mean and standard deviation of the indicators stay as they are",)
    runs = []
    for side in range(3):
        points = pd.DataFrame(0.0, index=z.index, columns=audit.scores.columns)
        for code in z.columns:
            factor = scale.points(str(code))[side]
            node = scale.shares[str(code)][0] if str(code) in scale.shares else str(code)
            points[node] += z[code] * factor
        runs.append(what_if(audit, points))
    return merged(runs, (*scale.assumptions, f"{scale!r}", *fixed))


def what_if_network(
    audit: Audit,
    table: pd.DataFrame,
    scale: Scale,
    *,
    indicators: Mapping[str, str] | None = None,
    ddof: int = 0,
) -> Outcome:
    """Carry a change of network positions up to the root: from indicators 17 and 18 to C1, ecosystem and overall score.

    Parameters
    ----------
    audit : Audit
        Relations and values.
    table : pandas.DataFrame
        One row a place, columns `<name>_before` and `<name>_after` for some of the indicators. Places that were not
        scored together with the others (mini hubs) are left out before z-scores are taken.
    scale : Scale
        From `common_scale`.
    indicators : mapping of str to str, optional
        Name to code; default `{"indicator_17": "17", "indicator_18": "18"}`.
    ddof : int
        Degrees of freedom that the standard deviation of z loses.

    Returns
    -------
    Outcome
        The network given is taken to spread over the places as the published one does; other indicators stay.

    Raises
    ------
    ScoringError
        If the table has no pair of columns, fewer than three places, or an indicator without spread.
    """
    names = {"indicator_17": "17", "indicator_18": "18"} if indicators is None else indicators
    there = {name: code for name, code in names.items() if {f"{name}_before", f"{name}_after"} <= set(table.columns)}
    if not there:
        raise ScoringError(
            f"expected columns <name>_before and <name>_after for some of {list(names)}, got {list(table)}"
        )
    rows = table.loc[[place for place in table.index if place in audit.scores.index]]
    if len(rows) < 3:
        raise ScoringError(f"{len(rows)} of {len(table)} places were scored in {audit.published.spec.name}; expected 3")
    before = rows[[f"{name}_before" for name in there]].set_axis(list(there.values()), axis=1)
    after = rows[[f"{name}_after" for name in there]].set_axis(list(there.values()), axis=1)
    missing = int((before.isna() | after.isna()).any(axis=1).sum())
    outcome = what_if_indicators(audit, z_changes(before, after, ddof=ddof), scale)
    notes = (
        f"z-scores of {', '.join(there)} over {len(rows)} of {len(audit.scores)} places scored, each side on its own",
        "the network given stands for the published one: a change of z there is a change of z here",
        *((f"{missing} places lack a value on one side: they keep their score",) if missing else ()),
    )
    return merged([outcome], notes)
