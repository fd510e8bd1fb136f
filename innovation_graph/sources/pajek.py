"""Pajek networks (.net): vertices, arcs, edges, lists of neighbours, matrices."""

import html
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from innovation_graph.errors import FormatError
from innovation_graph.network import Network
from innovation_graph.sources._archives import one_file
from innovation_graph.sources._cells import number, read_text, shown
from innovation_graph.sources._parsed import MAX_PLACES, Parsed, Rule, built, without
from innovation_graph.sources._streams import Member

__all__ = ["parse_pajek", "read_pajek"]

_EXPECTED = "a Pajek network: *Vertices, then *Arcs or *Edges"
_UNNAMED = 100_000
"""Vertices beyond which a file has to say more of them than their number."""
_KINDS = ("network", "vertices", "arcs", "edges", "arcslist", "edgeslist", "matrix")
_HEAD = re.compile(r"\*\s*([a-z]+)\s*(?::\s*(\d+))?(.*)", re.IGNORECASE)
_WHOLE = re.compile(r"[0-9]{1,9}(?:\.0*)?")
_DECIMAL = re.compile(r"[+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]{1,3})?")
_SPOT = re.compile(rf"({_DECIMAL.pattern})\s+({_DECIMAL.pattern})(?=\s|$)")
_QUOTED = re.compile('"[^"]*"')
_ENTITY = re.compile(r"&#(?:[0-9]{1,7}|x[0-9a-fA-F]{1,6});")


def read_pajek(path: Path | str, *, directed: Rule | None = None, drop: Sequence[str] = ()) -> Network:
    """Read a network of Pajek: a `.net` file, or a zip archive with one.

    Sections `*Vertices`, `*Arcs`, `*Edges`, `*Arcslist`, `*Edgeslist` and `*Matrix` are read in any letter
    case, with or without a byte-order mark; comments begin with `%`. A link without a value has weight 1.
    Several lines of one pair add up, and so do relations (`*Arcs :1 "papers"`); the provenance names these.
    Time intervals, two-mode networks and project files with more than one network are refused.

    Parameters
    ----------
    path : str or Path
        UTF-8 text.
    directed : {"sum", "max", "mean"}, optional
        What the two directions of a pair of arcs make together; without it, arcs must stand in one direction
        only, or in both with the same weight. Edges have no direction.
    drop : sequence of str
        Labels of vertices to leave out.

    Returns
    -------
    Network
        One place a vertex, in order; a vertex without a label is called by its number. Coordinates become
        the columns `x` and `y`. Links from a vertex to itself are dropped and counted in `provenance["loops"]`.
        If nine in ten labels are countries, they fill `country`.

    Raises
    ------
    FormatError
        If the file is malformed, or arcs need a rule.
    RecipeError
        If there is no such rule.
    UnknownNameError
        If no vertex to leave out has such a label.
    """
    file = one_file(path, "pajek")
    return built(without(parse_pajek(file), drop), file, "pajek", directed=directed)


@dataclass
class _File:
    """What was read so far."""

    path: Member
    labels: list[str] = field(default_factory=list)
    labelled: int = 0
    where: dict[int, tuple[float, float]] = field(default_factory=dict)
    first: "array[int]" = field(default_factory=lambda: array("q"))
    second: "array[int]" = field(default_factory=lambda: array("q"))
    weight: "array[float]" = field(default_factory=lambda: array("d"))
    directed: "array[int]" = field(default_factory=lambda: array("b"))

    def wrong(self, line: int, expected: str, got: str, hint: str = "") -> FormatError:
        return FormatError(str(self.path), expected=expected, got=got, hint=hint, row=line)

    def vertex(self, token: str, line: int) -> int:
        """Return the position of a vertex from its number."""
        n = len(self.labels)
        if not _WHOLE.fullmatch(token) or not 1 <= int(float(token)) <= n:
            raise self.wrong(line, f"the number of a vertex, 1 to {n}", shown(token), _hint(token))
        return int(float(token)) - 1

    def link(self, first: int, second: int, weight: float, *, directed: bool) -> None:
        self.first.append(first)
        self.second.append(second)
        self.weight.append(weight)
        self.directed.append(directed)


@dataclass
class _Section:
    """A line that begins with a star, and the lines below it."""

    kind: str
    relation: str | None
    rest: str
    line: int
    body: list[tuple[int, str]] = field(default_factory=list)


def parse_pajek(path: Member) -> Parsed:
    """Return vertices and links; see `read_pajek`."""
    file = _File(path)
    relations: dict[str, None] = {}
    kinds: list[str] = []
    for section in _sections(file, read_text(path, expected=_EXPECTED)):
        if section.kind == "network":
            continue
        if section.kind == "vertices":
            if kinds:
                hint = "A project file must be saved as one .net file a network."
                raise file.wrong(section.line, "*Vertices once, before the links", "another *Vertices", hint)
            _read_vertices(file, section)
        elif not kinds:
            raise file.wrong(section.line, "*Vertices first", f"*{section.kind}")
        else:
            _READERS[section.kind.removeprefix("arcs").removeprefix("edges")](file, section)
        kinds.append(section.kind)
        if section.relation:
            relations[section.relation] = None
    if not kinds:
        raise FormatError(str(path), expected=_EXPECTED, got="no *Vertices", hint="The file may be cut short.")
    most = max(_UNNAMED, 100 * (len(file.first) + file.labelled))
    if len(file.labels) > most:
        got = f"{len(file.labels):,} vertices, {file.labelled:,} with a label, and {len(file.first):,} links"
        raise FormatError(str(path), expected=_EXPECTED, got=got, hint="The file may be cut short.")
    where = [file.where.get(i, (np.nan, np.nan)) for i in range(len(file.labels))] if file.where else []
    return Parsed(
        file.labels,
        np.frombuffer(file.first, dtype=np.int64),
        np.frombuffer(file.second, dtype=np.int64),
        np.frombuffer(file.weight, dtype=np.float64),
        np.frombuffer(file.directed, dtype=np.int8) != 0,
        columns=pd.DataFrame(where, columns=["x", "y"]) if where else pd.DataFrame(),
        notes={"relations": list(relations)} if relations else {},
        whole=set(kinds[1:]) == {"matrix"},
    )


def _sections(file: _File, text: str) -> Iterator[_Section]:
    section: _Section | None = None
    for i, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith("%"):
            continue
        if line.startswith("*"):
            if section:
                yield section
            section = _opened(file, i, line)
        elif section is None or section.kind == "network":
            raise file.wrong(i, _EXPECTED, shown(line))
        else:
            section.body.append((i, line))
    if section:
        yield section


def _opened(file: _File, i: int, line: str) -> _Section:
    found = _HEAD.fullmatch(line)
    kind = found[1].lower() if found else ""
    if found is None or kind not in _KINDS:
        hint = "Partitions, vectors and events are not read; save the network alone."
        raise file.wrong(i, f"a section of {', '.join(f'*{name}' for name in _KINDS)}", shown(line), hint)
    rest = found[3].strip()
    return _Section(kind, rest.strip('"') or found[2] if found[2] else None, rest, i)


def _read_vertices(file: _File, section: _Section) -> None:
    counts = section.rest.split()
    if len(counts) == 2:
        hint = "Turn it into a one-mode network in Pajek first."
        raise file.wrong(section.line, "one number of vertices", "a two-mode network", hint)
    if len(counts) != 1 or not _WHOLE.fullmatch(counts[0]) or not 0 < int(float(counts[0])) <= MAX_PLACES:
        raise file.wrong(section.line, f"a number of vertices, 1 to {MAX_PLACES:,}", shown(section.rest))
    file.labels = [str(i + 1) for i in range(int(float(counts[0])))]
    seen: set[int] = set()
    file.labelled = len(section.body)
    for i, line in section.body:
        token, _, rest = line.replace("\t", " ").partition(" ")
        at = file.vertex(token, i)
        if at in seen:
            raise file.wrong(i, "each vertex once", f"{token} again")
        seen.add(at)
        label, tail = _label(file, i, rest.strip())
        if label:
            file.labels[at] = label
        if "[" in _QUOTED.sub("", tail):
            raise file.wrong(i, "vertices without times", shown(line), _hint("["))
        spot = _SPOT.match(tail)
        if spot:
            file.where[at] = (float(spot[1]), float(spot[2]))


def _label(file: _File, i: int, rest: str) -> tuple[str, str]:
    """Part a label from what follows it.

    Quotes may stand inside a label: it ends at the first quote before a blank behind which quotes come in pairs.
    """
    if not rest.startswith('"'):
        tokens = rest.split()
        if 2 <= len(tokens) <= 3 and "." in tokens[0] and all(_DECIMAL.fullmatch(token) for token in tokens):
            return "", rest
        label, _, tail = rest.partition(" ")
    else:
        quotes = [found.start() for found in re.finditer('"', rest)]
        for n, end in enumerate(quotes[1:], start=2):
            after = rest[end + 1 : end + 2]
            if (not after or after == " ") and rest[end - 1] != "\\" and (len(quotes) - n) % 2 == 0:
                break
        else:
            raise file.wrong(i, "a label between two quotes", shown(rest))
        label, tail = rest[1:end].replace('""', '"').replace('\\"', '"').strip(), rest[end + 1 :]
    return _ENTITY.sub(lambda found: html.unescape(found[0]), label), tail.strip()


def _read_lines(file: _File, section: _Section) -> None:
    directed, n = section.kind == "arcs", len(file.labels)
    for i, line in section.body:
        tokens = line.split()
        if len(tokens) == 3 and line.isascii() and "_" not in line:
            # Most lines are like this, and there may be millions.
            try:
                first, second, weight = int(tokens[0]), int(tokens[1]), float(tokens[2])
            except ValueError:
                pass
            else:
                if 0 < first <= n and 0 < second <= n and 0 <= weight < np.inf:
                    file.link(first - 1, second - 1, weight, directed=directed)
                    continue
        if re.fullmatch(r"\d+:", tokens[0]):  # the number of a relation
            del tokens[0]
        if len(tokens) < 2:
            raise file.wrong(i, "two vertices and a weight", shown(line), "The file may be cut short.")
        if any("[" in token for token in _QUOTED.sub("", line).split()):
            raise file.wrong(i, "links without times", shown(line), _hint("["))
        value = number(tokens[2], file.path, i, what="the weight") if len(tokens) > 2 else 1.0
        file.link(file.vertex(tokens[0], i), file.vertex(tokens[1], i), value, directed=directed)


def _read_list(file: _File, section: _Section) -> None:
    for i, line in section.body:
        first, *others = (file.vertex(token, i) for token in line.split())
        for second in others:
            file.link(first, second, 1.0, directed=section.kind == "arcslist")


def _read_matrix(file: _File, section: _Section) -> None:
    n, at, i = len(file.labels), 0, section.line
    for i, line in section.body:
        for token in line.split():
            weight = number(token, file.path, i, what="the matrix")
            if at == n * n:
                raise file.wrong(i, f"{n} x {n} numbers", "more")
            if weight:
                file.link(at // n, at % n, weight, directed=True)
            at += 1
    if at < n * n:
        raise file.wrong(i, f"{n} x {n} numbers", f"{at}", "The file may be cut short.")


_READERS = {"": _read_lines, "list": _read_list, "matrix": _read_matrix}


def _hint(token: str) -> str:
    return "Times in brackets are not read; save one network a time." if "[" in token else ""
