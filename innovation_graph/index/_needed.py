"""What a place needs in one node of a published index to pass another place."""

from dataclasses import dataclass

import pandas as pd

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index._print_checks import cell
from innovation_graph.index.audit import Audit

__all__ = ["Needed", "needed", "printed_ranks"]


@dataclass(frozen=True)
class Needed:
    """What a place needs in one node to pass another; see `needed`.

    `value` lies between `low` and `high` by rounding; `change` is from the printed score. `reachable`: whether the
    value lies within the scale, that is, does not ask for more than the best place has (or less than the last).
    """

    place: str
    node: str
    to_pass: str
    at: str
    printed: float
    value: float
    low: float
    high: float
    change: float
    reachable: bool
    ahead: bool

    def __str__(self) -> str:
        """Say it in a sentence."""
        span = f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f} by rounding)"
        if self.ahead:
            fall = f"as long as its {self.node} is above {span}" if self.reachable else f"whatever its {self.node}"
            return (
                f"{self.place} is ahead of {self.to_pass} in {self.at} and stays so {fall}; printed {self.printed:.2f}"
            )
        if not self.reachable:
            return (
                f"impossible within the scale: {self.place} would need {self.node} = {span} to pass {self.to_pass} in "
                f"{self.at}; printed {self.printed:.2f}"
            )
        return (
            f"{self.place} passes {self.to_pass} in {self.at} with {self.node} above {span}; printed {self.printed:.2f}"
        )


def needed(audit: Audit, place: str, node: str, to_pass: str, *, at: str | None = None) -> Needed:
    r"""Return the score that a place needs in one node to draw level with another place, all else unchanged.

    .. math:: x = x_0 + (P_{other} - P_{place}) / B

    with B the product of the coefficients from the node up to where both are compared.

    Parameters
    ----------
    audit : Audit
        Relations and values.
    place, to_pass : str
        Both places.
    node : str
        The node that changes.
    at : str, optional
        The node in which they are compared, `node` itself or above it; default: the root.

    Returns
    -------
    Needed
        In points of today's scale; print it for a sentence.

    Raises
    ------
    UnknownNameError
        If a place or a node is unknown.
    ScoringError
        If a score is not printed, or `at` does not lie above `node`.
    """
    published, values = audit.published, audit.scores
    at = published.spec.root if at is None else at
    for code in (node, at):
        if code not in values.columns:
            raise UnknownNameError("published node", code, values.columns)
    for name in (place, to_pass):
        if name not in values.index:
            raise UnknownNameError("place", name, values.index)
    for name, code in ((place, node), (place, at), (to_pass, at)):
        if pd.isna(cell(values, name, code)):
            raise ScoringError(f"{code} of {name} is not printed in any table")
    low, b, high = _path(audit, node, at)
    gap, slack = cell(values, to_pass, at) - cell(values, place, at), 2 * published.half
    now = cell(values, place, node)
    ends = [
        now + (gap + off) / slope + side
        for off, side in ((-slack, -published.half), (slack, published.half))
        for slope in (low, high)
    ]
    value = now + gap / b
    order = printed_ranks(audit, at)
    return Needed(
        place,
        node,
        to_pass,
        at,
        now,
        value,
        min(ends),
        max(ends),
        value - now,
        reachable=published.low <= value <= published.high,
        ahead=gap < 0 or (gap == 0 and bool(order.fillna(0)[place] < order.fillna(0)[to_pass])),
    )


def _path(audit: Audit, node: str, at: str) -> tuple[float, float, float]:
    parent = {part.code: part.parent for part in audit.published.spec.members}
    low = b = high = 1.0
    code = node
    while code != at:
        above = parent[code]
        if above is None or above not in audit.relations:
            raise ScoringError(f"{at} does not lie above {node}, or a relation between them is not known")
        relation = audit.relations[above]
        slope = float(relation.coefficients[code])
        b *= slope
        low *= slope if pd.isna(relation.low[code]) else float(relation.low[code])
        high *= slope if pd.isna(relation.high[code]) else float(relation.high[code])
        code = above
    return low, b, high


def printed_ranks(audit: Audit, code: str) -> pd.Series:
    """Return the rank of each place in a node from whichever table prints it."""
    ranks = pd.Series(pd.NA, index=audit.scores.index, dtype="Int64")
    for table in audit.published.ranks.values():
        if code in table.columns:
            ranks = ranks.fillna(table[code].astype("Int64").reindex(ranks.index))
    return ranks
