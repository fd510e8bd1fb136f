"""Lists of links, one row a link, with or without a column of time."""

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from innovation_graph.errors import FormatError
from innovation_graph.network import Network
from innovation_graph.sources._archives import one_file
from innovation_graph.sources._cells import number, shown, strict_rows
from innovation_graph.sources._parsed import Parsed, Rule, built, check_rule, without
from innovation_graph.sources._streams import Member
from innovation_graph.sources._times import check_time, in_order

__all__ = ["parse_edges", "read_edges"]

_CLOCKS = frozenset({"year", "quarter", "month", "week", "day", "date", "time", "period"})
_SHORT = {"quarter": "Q{:d}", "month": "{:02d}", "week": "W{:02d}", "day": "{:02d}"}


@dataclass
class _Rows:
    """The rows of one time, in arrays: a list of a hundred million links has no room for objects."""

    first: "array[int]" = field(default_factory=lambda: array("q"))
    second: "array[int]" = field(default_factory=lambda: array("q"))
    weight: "array[float]" = field(default_factory=lambda: array("d"))
    line: "array[int]" = field(default_factory=lambda: array("q"))


def read_edges(
    path: Path | str,
    *,
    source: str = "source",
    target: str = "target",
    weight: str | None = "weight",
    directed: Rule | None = None,
    drop: Sequence[str] = (),
    all_times: bool = False,
) -> Network:
    """Read a list of links from a text file with a header.

    Parameters
    ----------
    path : str or Path
        UTF-8 text, separated by commas, semicolons or tabs.
    source, target : str
        Columns with the two ends of a link; names of places.
    weight : str or None
        Column with the weight, 0 for no link; None gives each row weight 1.
    directed : {"sum", "max", "mean"}, optional
        What the two directions of a pair make together; rows of the same direction add up before, and
        a direction that is not in the file is 0. None: every pair stands once, or every pair stands both
        ways with the same weight; anything else is an error.
    drop : sequence of str
        Places to leave out, such as a total.
    all_times : bool
        Whether rows of a pair add up although the list has columns called year, quarter, month, week, day, date,
        time or period. `provenance["summed_over"]` names these. `read_slices` keeps the times apart.

    Returns
    -------
    Network
        Places in the order of their names; links from a place to itself are dropped and counted in
        `provenance["loops"]`. If nine in ten labels are countries, they fill `country`.

    Raises
    ------
    FormatError
        If columns are missing, a name is empty, a weight is no number from 0 on, pairs need a rule, or rows of
        several times would add up.
    RecipeError
        If there is no such rule.
    UnknownNameError
        If a place to leave out does not occur.
    """
    file = one_file(path, "edges")
    parts = parse_edges(file, source=source, target=target, weight=weight, directed=directed, all_times=all_times)
    return built(without(parts[""], drop), file, "edges", directed=directed)


def parse_edges(
    path: Member,
    *,
    source: str = "source",
    target: str = "target",
    weight: str | None = "weight",
    directed: str | None = None,
    time: str | None = None,
    all_times: bool = False,
) -> dict[str, Parsed]:
    """Return the links of each time, in order of time and over the same labels; without `time`, those of "".

    Parameters
    ----------
    path : Member
        The file.
    source, target, weight, directed, all_times
        As for `read_edges`.
    time : str, optional
        Column of the time, or several parted by commas, the longest unit first: "year,quarter" gives "2020-Q1".
    """
    check_rule(directed)
    header, rows = strict_rows(path, expected="a list of links with a header")
    when = [name.strip() for name in time.split(",")] if time else []
    wanted = [source, target, *([weight] if weight else []), *when]
    missing = [name for name in wanted if name not in header]
    if missing:
        hint = "Name the columns (--source, --target, --weight, --time)."
        got = f"columns {shown(header)}"
        raise FormatError(str(path), expected=f"columns {wanted}", got=got, hint=hint, row=1)
    at = [header.index(name) for name in wanted]
    moments = at[len(wanted) - len(when) :]
    clocks = [] if time else [name for name in header if name.casefold() in _CLOCKS and name not in wanted]
    position: dict[str, int] = {}
    times: dict[tuple[str, ...], _Rows] = {}
    for line, row in rows:
        a, b = row[at[0]].strip(), row[at[1]].strip()
        if not a or not b:
            raise FormatError(str(path), expected="names of two places", got=f"{a!r} and {b!r}", row=line)
        moment = tuple(row[i].strip() for i in moments)
        if moment not in times:
            times[moment] = _Rows()
        one = times[moment]
        one.first.append(position.setdefault(a, len(position)))
        one.second.append(position.setdefault(b, len(position)))
        one.weight.append(number(row[at[2]], path, line, what=f"column {weight!r}") if weight else 1.0)
        one.line.append(line)
    labels = sorted(position)
    rank = np.empty(len(labels), dtype=np.int64)
    rank[[position[label] for label in labels]] = np.arange(len(labels))
    parts: dict[str, Parsed] = {}
    for moment, one in times.items():
        name = _joined(when, moment, path, one.line[0]) if when else ""
        if name in parts:
            raise FormatError(str(path), expected="one way of writing a time", got=f"several for {name}")
        parts[name] = _parsed(one, labels, rank)
        if directed is None or (clocks and not all_times):
            _check_once(parts[name], one, path, [] if all_times else clocks)
        if clocks and all_times:
            parts[name].notes["summed_over"] = clocks
    return {name: parts[name] for name in in_order(parts)}


def _parsed(one: _Rows, labels: list[str], rank: NDArray[np.int64]) -> Parsed:
    first, second = rank[np.frombuffer(one.first, dtype=np.int64)], rank[np.frombuffer(one.second, dtype=np.int64)]
    weight = np.frombuffer(one.weight, dtype=np.float64)
    return Parsed(labels, first, second, weight, np.ones(len(first), dtype=np.bool_))


def _check_once(parsed: Parsed, one: _Rows, path: Member, clocks: list[str]) -> None:
    """Refuse a pair that stands twice in one direction."""
    labels, first, second = parsed.labels, parsed.first, parsed.second
    key = first * len(labels) + second
    order = np.argsort(key, kind="stable")
    again = order[1:][np.diff(key[order]) == 0]
    if not len(again):
        return
    row = int(again.min())
    if clocks:
        named = ",".join(clocks)
        hint = f"Keep the times apart (--time {named}; in Python `read_slices` with time={named!r}), or add them up "
        hint += "on purpose (--time ''; in Python all_times=True)."
    else:
        hint = "If several rows of a pair add up, say what its two directions make together with directed "
        hint += "(--directed): sum, max or mean. If they are of different times, name their column (--time)."
    raise FormatError(
        str(path),
        expected="each pair once, or once in each direction",
        got=f"{shown(labels[first[row]])} - {shown(labels[second[row]])} again"
        + (f", in a list with times ({', '.join(clocks)})" if clocks else ""),
        hint=hint,
        row=one.line[row],
    )


def _joined(names: list[str], moment: tuple[str, ...], path: Member, line: int) -> str:
    parts = []
    for name, text in zip(names, moment, strict=True):
        plain = re.sub(r"^(\d+)\.0+$", r"\1", text)  # a spreadsheet's year
        form = _SHORT.get(name.casefold())
        parts.append(form.format(int(plain)) if form and re.fullmatch(r"[0-9]{1,4}", plain) else plain)
    return check_time("-".join(parts), path, line)
