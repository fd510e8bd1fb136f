"""Editions: why scores changed from one edition to the next, split into data, method and sample.

Three things may change between two editions: the values of the places (data), the definition with its anchors (method),
and which places take part (sample). Every mixture of old and new is scored, eight in all, and the effect of each of
the three is its Shapley value: the change when it goes from old to new, the mean over the six orders in which the
three may change. The effects always add up to the change. For an index that is linear in each of the three they are
the exact split in which what two of them do together is halved between them.

What only one edition has cannot be mixed: a place of one edition has its values, and so has an indicator, in all
mixtures it takes part in. So places that come or go are sample, indicators that come or go are method, and data is
only what changed at places and indicators that both have. Denominators belong to the data, the place table to the
sample. A place of one edition lacks the indicators of the other: unless the definition fills values, it has no score
in mixtures that need them.

References
----------
Shapley (1953), A value for n-person games; Shorrocks (2013), Decomposition procedures for distributional analysis: a
unified framework based on the Shapley value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import ScoringError
from innovation_graph.index._shapley import shapley
from innovation_graph.index._tree import Tree, groups, tree
from innovation_graph.index.scores import Scores
from innovation_graph.index.scoring import score

__all__ = ["EFFECTS", "SCREENING", "WEIGHTS", "Change", "change", "over_editions"]

EFFECTS: tuple[str, ...] = ("data", "method", "sample")
"""What may change."""

WEIGHTS = "(weights)"
"""Column of the data effect that goes through weights which are read from the data."""

SCREENING = "(screening)"
"""Column of the data effect that comes from other places that newly have enough values, or no longer."""

_Array = NDArray[np.float64]
_Tables = tuple[pd.DataFrame | None, pd.DataFrame | None]
_CHUNK = 1 << 21
_SLACK = 1e-9


@dataclass(frozen=True, eq=False)
class Change:
    """How the scores of the root changed between two editions.

    Parameters
    ----------
    table : pandas.DataFrame
        Places of both editions, in the order of the later: `before`, `after`, `change`, `data`, `method`, `sample`
        (the three add up to the change), `rank_before`, `rank_after`.
    indicators : pandas.DataFrame
        Place x indicator of either definition; the row sum is the data effect. `(weights)` holds what came
        through weights read from the data, if they are, `(screening)` what came through places with too few
        values in one of the editions.
    only : pandas.DataFrame
        Places with a score in one edition only: `edition` ("before" or "after"), `score`, `rank`.
    notes : tuple of str
        What a reader has to know.
    """

    table: pd.DataFrame
    indicators: pd.DataFrame
    only: pd.DataFrame
    notes: tuple[str, ...] = ()


def change(before: Scores, after: Scores, *, orders: int = 32, seed: int = 0) -> Change:
    """Split the change of every place's score between two editions.

    Parameters
    ----------
    before, after : Scores
        Two editions, each with its definition, values and what else was given. Indicators are the same if their
        codes are.
    orders : int
        Of more than ten indicators, how many orders are drawn to split the data effect where it is not the sum
        of what single indicators do (rescaling, non-linear aggregation).
    seed : int
        Of these draws; the three effects need no chance.

    Returns
    -------
    Change
        The data effect of an indicator is its Shapley value among the indicators, inside each of the four
        mixtures of method and sample. Without rescaling and missing values, in an arithmetic tree, it is the
        change of weight x normalised value, exactly.

    Raises
    ------
    ScoringError
        If no place has a score in both editions, or a mixture cannot be scored (an indicator that is constant in
        it, say); the message says which.
    """
    both = [place for place in after.scores.index if place in before.scores.index]
    if not both:
        raise ScoringError("no place has a score in both editions; are the places named alike?")
    editions = (before, after)
    mixed = {bits: _mixture(editions, bits) for bits in np.ndindex(2, 2, 2)}
    worth = {bits: made.scores[made.spec.root].reindex(both).to_numpy() for bits, made in mixed.items()}

    def value(coalitions: NDArray[np.bool_]) -> _Array:
        return np.stack([worth[tuple(map(int, row))] for row in coalitions])

    effects = shapley(value, len(EFFECTS))
    table = pd.DataFrame({"before": worth[0, 0, 0], "after": worth[1, 1, 1]}, index=pd.Index(both, name="place_id"))
    table["change"] = table["after"] - table["before"]
    table[list(EFFECTS)] = effects.T
    for name, edition in zip(("before", "after"), editions, strict=True):
        table[f"rank_{name}"] = edition.ranks[edition.spec.root].reindex(both)
    indicators = _of_indicators(mixed, both, orders, seed)
    left = table["data"] - indicators.sum(axis=1)
    if (left.abs() > _SLACK * table["after"].abs().max()).any():
        indicators[SCREENING] = left
    undefined = table.index[table["data"].isna()].tolist()
    notes = [f"{place}: some mixture of the editions gives no score, so there is no split" for place in undefined]
    return Change(table, indicators, _only(editions), (*_compared(editions), *notes))


def over_editions(editions: Mapping[str, Scores], *, orders: int = 32, seed: int = 0) -> pd.DataFrame:
    """Split the changes between several editions, each and the next.

    Parameters
    ----------
    editions : mapping of str to Scores
        By name ("2023", "2024"), the oldest first.
    orders, seed : int
        See `change`.

    Returns
    -------
    pandas.DataFrame
        The tables of `change` under one another, with `from`, `to` and `place_id` in front.

    Raises
    ------
    ScoringError
        If there are fewer than two editions, or as `change`.
    """
    names = list(editions)
    if len(names) < 2:
        raise ScoringError(f"expected two editions or more, got {len(names)}")
    tables = []
    for old, new in pairwise(names):
        table = change(editions[old], editions[new], orders=orders, seed=seed).table.reset_index()
        table.insert(0, "to", new)
        table.insert(0, "from", old)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _mixture(editions: tuple[Scores, Scores], bits: tuple[int, ...]) -> Scores:
    data, method, sample = bits
    if len({*bits}) == 1:
        return editions[data]
    taken = editions[sample].steps["raw"].index
    spec = editions[method].spec
    raw = _merged(editions[0].steps["raw"], editions[1].steps["raw"], data)
    sizes = _merged(*_inputs(editions, "denominators"), data)
    places = _merged(*_inputs(editions, "places"), sample)
    anchors = editions[method].inputs.get("anchors")
    names = ("old", "new")
    what = f"{names[data]} data, {names[method]} method, {names[sample]} places"
    absent = [code for code in spec.codes if raw is None or code not in raw.columns]
    if raw is None or absent:
        raise ScoringError(f"{what}: no values of {', '.join(absent)}")
    try:
        given: dict[str, Any] = {"places": places, "denominators": sizes, "anchors": anchors}
        return score(spec, raw.loc[taken, spec.codes], **given)
    except ScoringError as error:
        raise ScoringError(f"{what}: {error}") from error


def _inputs(editions: tuple[Scores, Scores], name: str) -> _Tables:
    return editions[0].inputs.get(name), editions[1].inputs.get(name)


def _merged(old: pd.DataFrame | None, new: pd.DataFrame | None, which: int) -> pd.DataFrame | None:
    """Return one of two tables, with the rows and columns that only the other has."""
    own, other = (new, old) if which else (old, new)
    if own is None or other is None:
        return other if own is None else own
    columns = [name for name in other.columns if name not in own.columns]
    rows = [place for place in other.index if place not in own.index]
    wide = own.join(other[columns]) if columns else own
    return pd.concat([wide, other.loc[rows]]) if rows else wide


def _of_indicators(mixed: Mapping[tuple[int, ...], Scores], both: list[str], orders: int, seed: int) -> pd.DataFrame:
    """Split the data effect: the mean over the orders of data, method and sample of the split in each mixture."""
    total = pd.DataFrame(0.0, index=pd.Index(both, name="place_id"), columns=[])
    for method, sample in np.ndindex(2, 2):
        old, new = mixed[0, method, sample], mixed[1, method, sample]
        share = (1 / 3) if method == sample else (1 / 6)
        part = _split(old, new, orders, seed).reindex(both) * share
        columns = [*total.columns, *(name for name in part.columns if name not in total.columns)]
        total = total.reindex(columns=columns, fill_value=0.0) + part.reindex(columns=columns, fill_value=0.0)
    return total


def _split(old: Scores, new: Scores, orders: int, seed: int) -> pd.DataFrame:
    """Split the change between scores of the same definition and places among the indicators."""
    spec = new.spec
    read = spec.weighting.method not in ("given", "equal")
    names = [*spec.codes, *([WEIGHTS] if read else [])]
    parts = []
    for places in groups(new):
        places = places.intersection(old.scores.index, sort=False)  # noqa: PLW2901 - screening depends on the data
        x, y = (made.steps["normalised"].loc[places].to_numpy(dtype=np.float64) for made in (old, new))
        first, second = tree(old, places), tree(new, places)
        moved = np.flatnonzero([*((x != y) & ~(np.isnan(x) & np.isnan(y))).any(axis=0), *([True] if read else [])])
        out = np.zeros((len(names), len(places)))
        if len(moved):
            pair = _Pair(first, second, x, y, moved, WEIGHTS in names)
            separable = first.linear and first.rescaled is None and not (np.isnan([x, y]).any() or read)
            out[moved] = shapley(pair.value, len(moved), orders=2 if separable else orders, seed=seed)
        parts.append(pd.DataFrame(out.T, index=places, columns=names))
    return pd.concat(parts)


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two tables of normalised values; some columns (and the weights) may be taken from the second."""

    first: Tree
    second: Tree
    x: _Array
    y: _Array
    moved: NDArray[np.intp]
    weights: bool

    def value(self, coalitions: NDArray[np.bool_]) -> _Array:
        size = max(1, _CHUNK // self.x.size)
        chunks = [self._value(coalitions[start : start + size]) for start in range(0, len(coalitions), size)]
        return np.concatenate(chunks)

    def _value(self, coalitions: NDArray[np.bool_]) -> _Array:
        taken = np.zeros((len(coalitions), self.x.shape[1] + 1), dtype=bool)
        taken[:, self.moved] = coalitions
        tables = np.where(taken[:, None, :-1], self.y, self.x)
        if not self.weights:
            return self.first.score(tables)
        out = np.empty(tables.shape[:-1])
        for own, rows in ((self.first, ~taken[:, -1]), (self.second, taken[:, -1])):
            out[rows] = self.first.score(tables[rows], own.weights)
        return out


def _only(editions: tuple[Scores, Scores]) -> pd.DataFrame:
    parts = []
    for name, edition, other in (("before", *editions), ("after", *editions[::-1])):
        alone = edition.scores.index.difference(other.scores.index, sort=False)
        root = edition.spec.root
        table = {"edition": name, "score": edition.scores.loc[alone, root], "rank": edition.ranks.loc[alone, root]}
        parts.append(pd.DataFrame(table, index=alone))
    return pd.concat(parts).rename_axis("place_id")


def _compared(editions: tuple[Scores, Scores]) -> list[str]:
    before, after = (edition.spec for edition in editions)
    notes = [
        f"indicators only {when}: {', '.join(codes)}"
        for when, codes in (
            ("before", [code for code in before.codes if code not in after.codes]),
            ("after", [code for code in after.codes if code not in before.codes]),
        )
        if codes
    ]
    if before.rescaling is not None or after.rescaling is not None:
        notes.append("scores are mapped onto a range by their extremes: other places' changes move every score")
    return notes
