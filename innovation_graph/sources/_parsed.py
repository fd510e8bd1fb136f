"""What a network file says, before it is a network: places, links, and which way the links run."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph._links import upper_of_pairs
from innovation_graph.errors import FormatError, RecipeError, UnknownNameError
from innovation_graph.network import PLACE_COLUMNS, Network
from innovation_graph.places import countries
from innovation_graph.sources._cells import readable_ids, shown
from innovation_graph.sources._streams import Member

__all__ = ["MAX_PLACES", "Parsed", "Rule", "built", "check_rule", "place_table", "without"]

Rule = Literal["sum", "max", "mean"]
"""What the two directions of a pair make together."""

MAX_PLACES = 5_000_000
"""More places than any table of them; a header that promises more is taken for an error."""

_RULES = ("sum", "max", "mean")
_KNOWN_SHARE = 0.9


@dataclass(frozen=True)
class Parsed:
    """Places and links as a file lists them.

    Parameters
    ----------
    labels : list of str
        One a place.
    first, second : numpy.ndarray
        Positions of the two ends of each link among the labels.
    weight : numpy.ndarray
        Finite weights from 0 on; 0 is no link.
    directed : numpy.ndarray of bool
        Which links have a direction.
    columns : pandas.DataFrame
        What else the file says of places, one row a label.
    ids : list of str, optional
        What the file itself calls the places in its links, where that is not the label.
    notes : dict
        What to add to the provenance.
    whole : bool
        Whether the file speaks of both directions of every pair, as a matrix does unless it is a triangle.
        Else a direction that is not in the file says nothing unless other pairs stand in both.
    """

    labels: list[str]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    weight: NDArray[np.float64]
    directed: NDArray[np.bool_]
    columns: pd.DataFrame = field(default_factory=pd.DataFrame)
    ids: list[str] | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    whole: bool = False


def check_rule(rule: str | None) -> None:
    """Refuse a rule that does not exist."""
    if rule is not None and rule not in _RULES:
        raise RecipeError(f"directed (--directed) must be one of {', '.join(_RULES)}, not {rule!r}")


def built(
    parsed: Parsed,
    path: Member,
    form: str,
    *,
    directed: str | None = None,
    places: pd.DataFrame | None = None,
    source: str | None = None,
) -> Network:
    """Make a network of what a file says.

    A pair with links in both directions of the same weight is one link of that weight. If the weights differ,
    or if some pairs stand in both directions and others in one, the data are directed: `directed` must say what
    the two directions make together. Links of the same direction, and links without one, add up.

    Parameters
    ----------
    parsed : Parsed
        What the file says.
    path : Member
        The file, for messages and for the provenance.
    form : str
        Name of the format.
    directed : {"sum", "max", "mean"}, optional
        The rule.
    places : pandas.DataFrame, optional
        Place table; default: made of the labels and columns.
    source : str, optional
        What the provenance names; default: the name of the file.

    Returns
    -------
    Network
        Its provenance counts `loops`, and where there are any `both_ways` (pairs) and
        `repeated_links` (rows beyond the first of their pair and direction).

    Raises
    ------
    FormatError
        If the data are directed and there is no rule, or the file lists no place.
    RecipeError
        If there is no such rule.
    """
    check_rule(directed)
    if not parsed.labels:
        raise FormatError(str(path), expected="places and links", got="no places")
    n = len(parsed.labels)
    proper = parsed.first != parsed.second
    arc, edge = proper & parsed.directed, proper & ~parsed.directed
    first, second, weight, counts = _one_way(parsed, arc, path, directed)
    upper = upper_of_pairs(
        np.concatenate([parsed.first[edge], first]),
        np.concatenate([parsed.second[edge], second]),
        np.concatenate([parsed.weight[edge], weight]),
        n,
    )
    low, high = np.minimum(parsed.first, parsed.second)[edge], np.maximum(parsed.first, parsed.second)[edge]
    counts["repeated_links"] += len(low) - len(np.unique(low * n + high))
    provenance = {
        "source": f"{source or path.file_name} ({form})",
        "format": form,
        "loops": int((~proper).sum()),
        **({"directed": directed} if directed and arc.any() else {}),
        **{name: count for name, count in counts.items() if count},
        **parsed.notes,
    }
    return Network(place_table(parsed, path, form) if places is None else places, upper, provenance)


def _one_way(
    parsed: Parsed, arc: NDArray[np.bool_], path: Member, rule: str | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], dict[str, int]]:
    """Make one link of the two directions of each pair."""
    n = len(parsed.labels)
    a, b, weight = parsed.first[arc], parsed.second[arc], parsed.weight[arc]
    keys, pair = np.unique(np.minimum(a, b) * n + np.maximum(a, b), return_inverse=True)
    # Row 0: from the place that is listed first, row 1: to it.
    sums, rows = np.zeros((2, len(keys))), np.zeros((2, len(keys)), dtype=np.int64)
    for way, mask in enumerate((a < b, a > b)):
        sums[way] = np.bincount(pair[mask], weights=weight[mask], minlength=len(keys))
        rows[way] = np.bincount(pair[mask], minlength=len(keys))
    both = np.logical_and(rows[0] > 0, rows[1] > 0)
    low, high = keys // n, keys % n
    counts = {
        "both_ways": int(both.sum()),
        "repeated_links": int(len(a) - (rows > 0).sum()),
    }
    if rule == "max":
        return low, high, sums.max(axis=0), counts
    if rule is not None:
        return low, high, sums.sum(axis=0) / (2 if rule == "mean" else 1), counts
    half = not both.any() and (not parsed.whole or bool((a < b).all() or (a > b).all()))
    if half:
        return low, high, sums.sum(axis=0), counts
    uneven = np.flatnonzero(~np.isclose(sums[0], sums[1], rtol=1e-12, atol=0))
    if len(uneven):
        at = next(iter(uneven[both[uneven]]), uneven[0])
        names = f"{shown(parsed.labels[low[at]])} - {shown(parsed.labels[high[at]])}"
        when = f" in {parsed.notes['time']}" if "time" in parsed.notes else ""
        raise FormatError(
            str(path),
            expected="links without direction, or the same weight both ways",
            got=f"{names} is {_said(sums[0, at], rows[0, at])} one way and {_said(sums[1, at], rows[1, at])} "
            f"the other way{when} ({len(uneven):,} of {len(keys):,} pairs differ)",
            hint="Say what the two directions make together with directed (--directed): sum, max or mean.",
        )
    return low, high, sums[0], counts


def _said(weight: float, rows: int) -> str:
    return f"{weight:.15g}" if rows else "missing"


def without(parsed: Parsed, names: Sequence[str]) -> Parsed:
    """Leave places out, with their links; `notes` name and count them.

    Raises
    ------
    UnknownNameError
        If no place has such a label.
    """
    if not names:
        return parsed
    for name in names:
        if name not in parsed.labels:
            raise UnknownNameError("place to leave out", name, parsed.labels)
    stays = np.array([label not in set(names) for label in parsed.labels])
    new = np.cumsum(stays) - 1
    kept = stays[parsed.first] & stays[parsed.second]
    return replace(
        parsed,
        labels=[label for label, stay in zip(parsed.labels, stays, strict=True) if stay],
        first=new[parsed.first[kept]],
        second=new[parsed.second[kept]],
        weight=parsed.weight[kept],
        directed=parsed.directed[kept],
        columns=parsed.columns[stays].reset_index(drop=True) if len(parsed.columns.columns) else parsed.columns,
        ids=None if parsed.ids is None else [one for one, stay in zip(parsed.ids, stays, strict=True) if stay],
        notes={**parsed.notes, "dropped": sorted(set(names)), "dropped_links": int((~kept).sum())},
    )


def place_table(parsed: Parsed, path: Member, form: str) -> pd.DataFrame:
    """Return the place table of the labels and columns of a file.

    If at least nine in ten labels are codes (alpha-2) or names of countries, and the file itself has no columns
    `country` and `iso2`, these are filled, with `name_zh` and `continent`, and a code is replaced by the English
    name; the other labels (a total, a union of countries, a country that is no more) stay as they are, without
    a country. Nine in ten, because cities, states of the USA or people may be called like a country, but seldom
    all of them.
    """
    table = pd.DataFrame({"name_en": parsed.labels}, dtype="str")
    # These names are taken by what the import itself says of a place.
    taken = {"place_id", "name_en", f"{form}_id"}
    for name, column in parsed.columns.items():
        if PLACE_COLUMNS.get(str(name)) is float and not pd.api.types.is_numeric_dtype(column):
            got = shown(column.dropna().iloc[0])
            raise FormatError(str(path), expected=f"numbers as {name!r} of places", got=got)
        table[f"item_{name}" if name in taken else name] = column.to_numpy()
    if parsed.ids is not None:
        table[f"{form}_id"] = parsed.ids
    if not {"country", "iso2"} & set(table):
        table = _with_countries(table)
    table.index = pd.Index(readable_ids(parsed.labels), dtype="str", name="place_id")
    return table


def _with_countries(table: pd.DataFrame) -> pd.DataFrame:
    labels = table["name_en"]
    codes = [countries.code_or_name(label) for label in labels]
    if sum(code is not None for code in codes) < _KNOWN_SHARE * len(codes):
        return table
    about = countries.table().reindex(codes)
    is_code = (
        np.array([len(text) == 2 and text.isascii() for text in labels.str.strip()])
        & about["name_en"].notna().to_numpy()
    )
    filled = {"country": codes, "iso2": codes}
    filled |= {name: about[name].to_list() for name in ("name_zh", "continent") if name not in table}
    names = np.where(is_code, about["name_en"].to_numpy(dtype=object), labels.to_numpy(dtype=object))
    return table.assign(name_en=names, **{name: pd.Series(values, dtype="str") for name, values in filled.items()})
