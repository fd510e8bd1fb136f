"""An index that is scored in groups apart: one group at a time."""

from dataclasses import replace
from typing import Any

import pandas as pd

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index.scores import Scores
from innovation_graph.index.scoring import score
from innovation_graph.index.spec import IndexSpec

__all__ = ["check_node", "in_group", "one_group"]


def in_group(
    spec: IndexSpec, values: pd.DataFrame, places: pd.DataFrame | None, group: str | None
) -> tuple[IndexSpec, pd.DataFrame]:
    """Return a definition without `apart`, and the values of the places of one group.

    Parameters
    ----------
    spec : IndexSpec
        Any definition.
    values : pandas.DataFrame
        Place x indicator.
    places : pandas.DataFrame, optional
        Place table, with the column that `apart` names.
    group : str, optional
        The group; needed if there are several.

    Returns
    -------
    spec : IndexSpec
        The one given if it has no groups.
    values : pandas.DataFrame
        Rows of the group.

    Raises
    ------
    UnknownNameError
        If there is no such group.
    ScoringError
        If there are several groups and none is named, one is named and there are none, or the column is missing.
    """
    if spec.apart is None:
        if group is not None:
            raise ScoringError(f"group {group!r} was asked for, but {spec.name} scores all places together")
        return spec, values
    if places is None or spec.apart not in places.columns:
        raise ScoringError(f"the definition needs the column {spec.apart!r} of the place table")
    column = places[spec.apart].reindex(values.index)
    known = sorted(map(str, column.dropna().unique()))
    if group is None and len(known) != 1:
        raise ScoringError(
            f"{spec.name} scores groups of {spec.apart!r} apart, and they cannot be compared; name one of "
            f"{', '.join(known)}"
        )
    if group is not None and group not in known:
        raise UnknownNameError(f"group of {spec.apart}", group, known)
    return spec.replace(apart=None), values[(column.astype(str) == (group or known[0])).to_numpy()]


def one_group(scores: Scores, group: str | None) -> Scores:
    """Return the scores of one group of `apart`, as an index of its own; see `in_group`."""
    if scores.spec.apart is None and group is None:
        return scores
    inputs: dict[str, Any] = dict(scores.inputs)
    spec, values = in_group(scores.spec, scores.steps["raw"], inputs["places"], group)
    return replace(score(spec, values, **inputs), partial=scores.partial)


def check_node(scores: Scores, node: str | None) -> str:
    """Return the code of a node, the root by default; refuse what is none."""
    if node is None:
        return scores.spec.root
    if node not in scores.spec.children:
        raise UnknownNameError("node", node, scores.spec.children)
    return node
