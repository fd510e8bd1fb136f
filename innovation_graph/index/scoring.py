"""Scoring: values and a definition in, scores with every step out."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from innovation_graph._ranks import rank
from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index import aggregation, normalisation, preparation, treatment, weighting
from innovation_graph.index._tree import leaves
from innovation_graph.index.scores import INPUTS, Scores, read_parts
from innovation_graph.index.spec import Aggregation, IndexSpec, Indicator, Node, Normalisation, checked

__all__ = ["check", "read_scores", "regenerate", "rescale", "score"]

_TIES = ("min", "max", "average", "dense")
_LOW_IS_REACHED = ("minmax", "percentile", "target")  # by the worst place, whatever the values
_APART = "places were scored within groups of "


def score(
    spec: IndexSpec,
    values: pd.DataFrame,
    *,
    places: pd.DataFrame | None = None,
    denominators: pd.DataFrame | None = None,
    anchors: pd.DataFrame | None = None,
    partial: bool = False,
) -> Scores:
    """Score places: screening, denomination, imputation, treatment, normalisation, aggregation, rescaling, ranks.

    Parameters
    ----------
    spec : IndexSpec
        The definition.
    values : pandas.DataFrame
        Place x indicator, columns named by the codes of the definition; other columns are ignored and noted.
    places : pandas.DataFrame, optional
        Place table, for the columns that the definition names (`apart`, groups of imputation).
    denominators : pandas.DataFrame, optional
        Place x size, if indicators are to be divided.
    anchors : pandas.DataFrame, optional
        Fixed values of a base edition, see `normalisation.anchors`.
    partial : bool
        Whether to score what can be scored when indicators are missing altogether. Nodes that lack some are
        named in `Scores.partial`, those that lack all are left out, the root is the highest node that is left.

    Returns
    -------
    Scores
        In the order of the places that take part. A group of `apart` is scored on its own: normalised, rescaled
        and ranked within.

    Raises
    ------
    ScoringError
        If the definition, its methods and the values do not fit together; see `check`.
    """
    spec, missing, notes = _fitting(spec, values, partial=partial)
    check(spec, values, anchors)
    values = values[spec.codes].astype(np.float64)
    if spec.apart is None:
        parts = {"": _score(spec, values, places, denominators, anchors)}
    else:
        group, parts = _column(places, spec.apart, values.index), {}
        for name in pd.unique(group.to_numpy()):
            try:
                parts[str(name)] = _score(spec, values[group == name], places, denominators, anchors)
            except ScoringError as error:
                raise ScoringError(f"{spec.apart} {name}: {error}") from error
    return _joined(spec, values, parts, missing, notes)


def regenerate(scores: Scores, **changes: Any) -> Scores:
    """Score the same raw values again, with some parts of the definition changed.

    Parameters
    ----------
    scores : Scores
        Earlier scores.
    **changes : object
        Parts of `IndexSpec` to put in place of its own.

    Returns
    -------
    Scores
        Equal to the earlier ones if nothing is changed. Of partial scores the indicators that were missing stay out,
        and are named as before.
    """
    spec = scores.spec.replace(**changes) if changes else scores.spec
    given: dict[str, Any] = dict(scores.inputs)
    made = score(spec, scores.steps["raw"], **given)
    partial = {code: list(absent) for code, absent in scores.partial.items() if code in made.spec.children}
    earlier = [note for note in scores.notes if not note.startswith(_APART)]
    return replace(made, partial=partial, notes=(*earlier, *made.notes))


def read_scores(path: Path | str) -> Scores:
    """Read a folder that `Scores.write` wrote, by scoring its values with its definition once more.

    Parameters
    ----------
    path : str or Path
        The folder.

    Returns
    -------
    Scores
        Equal to those that were written.

    Raises
    ------
    FormatError
        If a file is missing or not what it should be.
    """
    folder = Path(path)
    spec, tables, head = read_parts(folder)
    given: dict[str, Any] = {name: tables.get(name) for name in INPUTS}
    made = score(spec, tables["raw"], **given)
    return replace(made, partial=head["partial"], notes=tuple(head["notes"]))


def check(spec: IndexSpec, values: pd.DataFrame, anchors: pd.DataFrame | None = None) -> None:
    """Refuse what cannot be scored, before anything is computed.

    Parameters
    ----------
    spec : IndexSpec
        The definition.
    values : pandas.DataFrame
        Place x indicator.
    anchors : pandas.DataFrame, optional
        Fixed values of a base edition; indicators that they normalise may be constant.

    Raises
    ------
    UnknownNameError
        If a method does not exist.
    ScoringError
        If the definition makes no sense (see `spec.checked`), a place or an indicator comes twice, an indicator is
        missing, no number, without any value or constant, or a method takes no values of the range that normalisation
        is sure to give; the message names indicator and place.
    """
    checked(spec, spec.name)
    for what, name, known in (
        ("imputation", spec.imputation.method, preparation.IMPUTATIONS),
        ("treatment", spec.treatment.method, treatment.METHODS),
        ("weighting", spec.weighting.method, (*weighting.METHODS, "bod")),
        ("rule for ties", spec.ranking.ties, _TIES),
        *(("normalisation", how.method, normalisation.METHODS) for how in _normalisations(spec)),
        *(("aggregation", how.method, aggregation.METHODS) for how in _aggregations(spec)),
    ):
        if name not in known:
            raise UnknownNameError(what, name, known)
    if not values.index.is_unique:
        raise ScoringError(f"places named twice: {list(values.index[values.index.duplicated()][:5])}")
    absent = [name for name in spec.codes if name not in values.columns]
    if absent:
        raise ScoringError(f"indicators missing from the values: {', '.join(absent)}; add them or score partially")
    twice = [name for name in spec.codes if isinstance(values[name], pd.DataFrame)]
    if twice:
        raise ScoringError(f"indicators twice among the columns of the values: {', '.join(twice)}")
    for part, how in zip(spec.indicators, _normalisations(spec), strict=True):
        free = part.denominator is not None or normalisation.takes_constant(how, anchors)
        _check_column(part.code, values[part.code], may_be_constant=free)
        _check_positive(spec, part, how, fixed=normalisation.takes_constant(how, anchors))


def _check_positive(spec: IndexSpec, part: Indicator, how: Normalisation, *, fixed: bool) -> None:
    """Refuse an indicator that is sure to give a node a value not above 0 where its aggregation needs one."""
    above = [part.parent]
    while (parent := spec.parts[above[-1]].parent) is not None:
        above.append(parent)
    around = how.method == "z" and how.centre <= 0
    reached = how.method in _LOW_IS_REACHED and how.low <= 0 and not fixed
    for code in above if around else above[:1] if reached else ():
        if aggregation.needs_positive(spec.how(code)):
            raise ScoringError(
                f"{spec.how(code).method} aggregation needs values above 0, but normalisation {how.method} gives "
                f"values {f'around {how.centre:g}' if around else f'from {how.low:g} on'} (indicator {part.code}, node "
                f"{code}); use minmax with low = 1, high = 100"
            )


def _check_column(code: str, given: pd.Series, *, may_be_constant: bool) -> None:
    column = pd.to_numeric(given, errors="coerce")
    wrong = column.isna() & given.notna()
    if wrong.any():
        place = given.index[wrong][0]
        raise ScoringError(f"indicator {code}, place {place}: expected a number, got {given[place]!r}")
    known = column.dropna()
    if np.isinf(known).any():
        raise ScoringError(f"indicator {code}, place {known.index[np.isinf(known)][0]}: the value is infinite")
    if known.empty:
        raise ScoringError(f"indicator {code} has no value at any place; leave it out or score partially")
    if known.min() == known.max() and not may_be_constant:
        raise ScoringError(f"indicator {code} is {known.iloc[0]:g} everywhere: it cannot be normalised")


def rescale(scores: pd.Series, low: float, high: float) -> pd.Series:
    """Map scores by min-max onto a range: the lowest place gets `low`, the highest `high`.

    Parameters
    ----------
    scores : pandas.Series
        Unrounded; missing stays missing.
    low, high : float
        Ends of the range.

    Returns
    -------
    pandas.Series
        Scores from `low` to `high`; all `high` if they are equal.
    """
    span = scores.max() - scores.min()
    if span == 0:
        return scores.mask(scores.notna(), high)
    mapped: pd.Series = low + (high - low) * (scores - scores.min()) / span
    return mapped


def _score(
    spec: IndexSpec,
    values: pd.DataFrame,
    places: pd.DataFrame | None,
    denominators: pd.DataFrame | None,
    anchors: pd.DataFrame | None,
) -> Scores:
    steps: dict[str, pd.DataFrame] = {"raw": values}
    kept, left_out = preparation.screen(values, spec.screening.minimum)
    if kept.empty:
        raise ScoringError(
            f"no place has values of {spec.screening.minimum:.0%} of the indicators, as the screening wants; "
            f"the most is {left_out.max():.0%}"
        )
    by = {part.code: part.denominator for part in spec.indicators if part.denominator is not None}
    if by and denominators is None:
        sizes = ", ".join(sorted(set(by.values())))
        raise ScoringError(f"the indicators {', '.join(by)} are to be divided by {sizes}: give denominators")
    steps["denominated"] = preparation.denominate(kept, by, denominators) if denominators is not None else kept
    group = spec.imputation.group
    groups = None if group is None else _column(places, group, kept.index)
    steps["imputed"], imputed = preparation.impute(steps["denominated"], spec.imputation, groups=groups)
    steps["treated"], report = treatment.treat(steps["imputed"], spec.treatment)
    steps["normalised"] = _normalised(spec, steps["treated"], anchors)
    nodes, weights = _aggregated(spec, steps["normalised"])
    steps["aggregated"] = nodes
    scores = nodes.copy()
    if spec.rescaling is not None:
        for code in nodes.columns:
            if spec.depth[code] in spec.rescaling.levels:
                scores[code] = rescale(nodes[code], spec.rescaling.low, spec.rescaling.high)
    ranks = scores.apply(rank, ties=spec.ranking.ties)
    inputs = {"places": places, "denominators": denominators, "anchors": anchors}
    return Scores(spec, steps, scores, ranks, imputed, weights, report, left_out=left_out, inputs=inputs)


def _normalised(spec: IndexSpec, values: pd.DataFrame, anchors: pd.DataFrame | None) -> pd.DataFrame:
    by_method: dict[Any, list[str]] = {}
    for part in spec.indicators:
        by_method.setdefault(part.normalisation or spec.normalisation, []).append(part.code)
    parts = [
        normalisation.normalise(
            values[codes],
            how,
            directions={part.code: part.direction for part in spec.indicators},
            goalposts={part.code: part.goalposts for part in spec.indicators if part.goalposts is not None},
            targets={part.code: part.target for part in spec.indicators if part.target is not None},
            fixed=anchors,
        )
        for how, codes in by_method.items()
    ]
    return pd.concat(parts, axis=1)[spec.codes]


def _aggregated(spec: IndexSpec, normalised: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    values, weights = normalised.copy(), {}
    for code, below in spec.children.items():
        children = values[below]
        if spec.weighting.method == "bod":
            values[code], own = weighting.benefit_of_the_doubt(children)
            weights[code] = own.mean()
            continue
        given = pd.Series({child: spec.parts[child].weight for child in below})
        weights[code] = weighting.weigh(children, spec.weighting.method, given)
        values[code] = aggregation.aggregate(children, weights[code], spec.how(code))
    top_down = sorted(spec.children, key=lambda code: spec.depth[code])
    return values[top_down], weights


def _fitting(
    spec: IndexSpec, values: pd.DataFrame, *, partial: bool
) -> tuple[IndexSpec, dict[str, list[str]], list[str]]:
    """Return the definition cut to what there is, what is missing below each node that stays, and notes."""
    extra = [str(name) for name in values.columns if name not in spec.codes]
    notes = [f"columns that are no indicators of the index: {', '.join(extra)}"] if extra else []
    if not partial:
        return spec, {}, notes
    there = {code for code in spec.codes if code in values.columns and values[code].notna().any()}
    if not there:
        raise ScoringError(f"none of the indicators has a value; expected some of {', '.join(spec.codes)}")
    below = {code: leaves(spec, code) for code in spec.children}
    missing = {code: [leaf for leaf in leaves if leaf not in there] for code, leaves in below.items()}
    kept = [node for node in spec.nodes if len(missing[node.code]) < len(below[node.code])]
    while len(top := [node for node in kept if spec.depth[node.code] == min(spec.depth[n.code] for n in kept)]) == 1:
        alive = [node for node in kept if node.parent == top[0].code]
        own = [part for part in spec.indicators if part.parent == top[0].code and part.code in there]
        if len(alive) != 1 or own:
            break
        kept = [node for node in kept if node is not top[0]]
    codes = {node.code for node in kept}
    nodes = tuple(node if node.parent in codes else _rooted(node) for node in kept)
    cut = spec.replace(nodes=nodes, indicators=tuple(part for part in spec.indicators if part.code in there))
    lacking = {code: leaves for code, leaves in missing.items() if leaves and code in codes}
    absent = [code for code in spec.codes if code not in there]
    if absent:
        rest = f"; scores of {', '.join(lacking)} rest on the others" if lacking else ""
        gone = [code for code in spec.children if code not in codes]
        none = f"; no scores of {', '.join(gone)}" if gone else ""
        notes.append(f"PARTIAL: no values of {', '.join(absent)}{rest}{none}")
    return cut, lacking, notes


def _rooted(node: Node) -> Node:
    return Node(code=node.code, name=node.name, name_zh=node.name_zh, aggregation=node.aggregation)


def _normalisations(spec: IndexSpec) -> list[Normalisation]:
    return [part.normalisation or spec.normalisation for part in spec.indicators]


def _aggregations(spec: IndexSpec) -> list[Aggregation]:
    return [node.aggregation or spec.aggregation for node in spec.nodes]


def _column(places: pd.DataFrame | None, name: str, index: pd.Index) -> pd.Series:
    if places is None or name not in places.columns:
        raise ScoringError(f"the definition needs the column {name!r} of the place table")
    column = places[name].reindex(index)
    if column.isna().any():
        raise ScoringError(f"the place table has no {name!r} for {index[column.isna()][0]!r}")
    return column


def _joined(
    spec: IndexSpec, values: pd.DataFrame, parts: dict[str, Scores], missing: Mapping[str, list[str]], notes: list[str]
) -> Scores:
    first = next(iter(parts.values()))
    order = values.index[values.index.isin([place for part in parts.values() for place in part.scores.index])]

    def stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
        return pd.concat(tables).loc[order]

    weights, treated, left_out = first.weights, first.treatment, first.left_out
    if len(parts) > 1:
        notes.append(f"{_APART}{spec.apart}; scores of different groups cannot be compared")
        treated = pd.concat({group: part.treatment for group, part in parts.items()}, names=["group"])
        left_out = pd.concat([part.left_out for part in parts.values()])
        if any(not own.equals(part.weights[code]) for part in parts.values() for code, own in weights.items()):
            weights = {f"{code} ({group})": own for group, part in parts.items() for code, own in part.weights.items()}
    steps = {name: stacked([part.steps[name] for part in parts.values()]) for name in first.steps if name != "raw"}
    return Scores(
        spec,
        {"raw": values, **steps},
        stacked([part.scores for part in parts.values()]),
        stacked([part.ranks for part in parts.values()]),
        stacked([part.imputed for part in parts.values()]),
        weights,
        treated,
        missing,
        left_out,
        first.inputs,
        tuple(notes),
    )
