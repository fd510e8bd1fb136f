"""GraphML and GEXF, read element by element: no entities, no document types, nothing from the network."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lxml import etree

from innovation_graph.errors import FormatError
from innovation_graph.network import Network
from innovation_graph.sources._archives import one_file
from innovation_graph.sources._cells import number, read_text, shown
from innovation_graph.sources._parsed import MAX_PLACES, Parsed, Rule, built, without
from innovation_graph.sources._safe_xml import HARMLESS
from innovation_graph.sources._streams import Member

__all__ = ["parse_gexf", "parse_graphml", "read_gexf", "read_graphml"]

_NUMBERS = frozenset({"int", "integer", "long", "short", "byte", "float", "double"})
_LABELS = ("label", "name", "name_en")
_WEIGHT = "weight"


def read_graphml(
    path: Path | str, *, weight: str = _WEIGHT, directed: Rule | None = None, drop: Sequence[str] = ()
) -> Network:
    """Read a GraphML file, as written by igraph, networkx, Gephi or yEd.

    Parameters
    ----------
    path : str or Path
        XML in UTF-8, or a zip archive with one such file.
    weight : str
        Name of the attribute of edges that is their weight; an edge without it has weight 1.
    directed : {"sum", "max", "mean"}, optional
        What the two directions of a pair make together, where edges are directed; without it, they must stand
        in one direction only, or in both with the same weight.
    drop : sequence of str
        Labels of nodes to leave out.

    Returns
    -------
    Network
        One place a node, in order, named by its attribute `label`, `name` or `name_en`, else by its id. Other
        attributes are columns of the place table, the id is `graphml_id`. Edges between the same nodes add up;
        loops are dropped and counted in `provenance["loops"]`. If nine in ten labels are
        countries, they fill `country`.

    Raises
    ------
    FormatError
        If the file is no such XML, has a document type (and so could have entities), is nested or has
        hyperedges, or directed edges need a rule.
    RecipeError
        If there is no such rule.
    UnknownNameError
        If no node to leave out has such a label.
    """
    file = one_file(path, "graphml")
    return built(without(parse_graphml(file, weight=weight), drop), file, "graphml", directed=directed)


def read_gexf(
    path: Path | str, *, weight: str = _WEIGHT, directed: Rule | None = None, drop: Sequence[str] = ()
) -> Network:
    """Read a GEXF file (1.1 to 1.3), as written by Gephi or networkx.

    Parameters
    ----------
    path : str or Path
        XML in UTF-8, or a zip archive with one such file.
    weight : str
        Name of the attribute of edges that is their weight; an edge without it has weight 1.
    directed : {"sum", "max", "mean"}, optional
        As for `read_graphml`; an edge of type "mutual" has no direction.
    drop : sequence of str
        Labels of nodes to leave out.

    Returns
    -------
    Network
        One place a node, in order, named by its label, else by its id. Attributes are columns of the place
        table, positions (`viz:position`) are `x` and `y`, the id is `gexf_id`. Edges between the same nodes add
        up; loops are dropped and counted in `provenance["loops"]`. If nine in ten labels are
        countries, they fill `country`.

    Raises
    ------
    FormatError
        If the file is no such XML, has a document type (and so could have entities), is dynamic, or directed
        edges need a rule.
    RecipeError
        If there is no such rule.
    UnknownNameError
        If no node to leave out has such a label.
    """
    file = one_file(path, "gexf")
    return built(without(parse_gexf(file, weight=weight), drop), file, "gexf", directed=directed)


@dataclass
class _Key:
    """An attribute that nodes or edges may have."""

    name: str
    numeric: bool
    default: str | None = None


@dataclass
class _Graph:
    """What was read so far; `keys` are by class ("node" or "edge") and id."""

    path: Member
    wanted: str
    keys: dict[str, dict[str, _Key]] = field(default_factory=lambda: {"node": {}, "edge": {}})
    position: dict[str, int] = field(default_factory=dict)
    nodes: list[dict[str, str]] = field(default_factory=list)
    edges: list[tuple[str, str, float, bool]] = field(default_factory=list)
    graphs: int = 0
    weighted: bool = False

    def wrong(self, element: Any, expected: str, got: str, hint: str = "") -> FormatError:
        return FormatError(str(self.path), expected=expected, got=got, hint=hint, row=element.sourceline)

    def graph(self, element: Any) -> None:
        self.graphs += 1
        if self.graphs > 1:
            raise self.wrong(element, "one graph", "another one", "Nested graphs are not read; write one file each.")

    def key(self, kind: str, name: str, key: _Key) -> None:
        known = {one.name for one in self.keys[kind].values()}
        key.name = f"{key.name} ({name})" if key.name in known else key.name
        self.keys[kind][name] = key

    def node(self, element: Any, values: dict[str, str]) -> None:
        name = element.get("id")
        if name is None or name in self.position:
            raise self.wrong(element, "nodes with different ids", "no id" if name is None else f"{shown(name)} again")
        if len(self.nodes) >= MAX_PLACES:
            raise self.wrong(element, f"at most {MAX_PLACES:,} nodes", "more")
        self.position[name] = len(self.nodes)
        self.nodes.append(values)

    def edge(self, element: Any, weight: str | None, *, directed: bool) -> None:
        source, target = element.get("source"), element.get("target")
        if source is None or target is None:
            raise self.wrong(element, "edges with a source and a target", f"{source!r} and {target!r}")
        self.weighted |= weight is not None
        value = 1.0 if weight is None else number(weight, self.path, element.sourceline, what="the weight of an edge")
        self.edges.append((source, target, value, directed))

    def values(self, kind: str, given: dict[str, str]) -> dict[str, str]:
        """Return attributes by their names, with the defaults of those that are not given."""
        keys = self.keys[kind]
        named = {key.name: key.default for key in keys.values() if key.default is not None}
        named |= {keys[name].name: text for name, text in given.items() if name in keys}
        return {name: text for name, text in named.items() if text.strip()}

    def parsed(self) -> Parsed:
        """Return nodes and edges with positions."""
        if not self.nodes:
            raise FormatError(str(self.path), expected="a graph with nodes", got="none")
        if self.wanted != _WEIGHT and not self.weighted:
            known = shown(sorted(key.name for key in self.keys["edge"].values()))
            raise FormatError(str(self.path), expected=f"edges with {self.wanted!r}", got=f"attributes {known}")
        for source, target, _, _ in self.edges:
            if source not in self.position or target not in self.position:
                got = f"an edge {shown(source)} - {shown(target)}"
                raise FormatError(str(self.path), expected="edges between nodes", got=got)
        ids = list(self.position)
        of = self.position
        labels = self._labels(ids)
        columns = {key.name: column for key in self.keys["node"].values() if (column := self._column(key)) is not None}
        return Parsed(
            labels,
            np.array([of[source] for source, _, _, _ in self.edges], dtype=np.int64),
            np.array([of[target] for _, target, _, _ in self.edges], dtype=np.int64),
            np.array([weight for _, _, weight, _ in self.edges], dtype=np.float64),
            np.array([directed for _, _, _, directed in self.edges], dtype=np.bool_),
            columns=pd.DataFrame(columns),
            ids=ids,
            notes={} if self.weighted or not self.edges else {"unweighted": True},
        )

    def _labels(self, ids: list[str]) -> list[str]:
        names = {key.name.casefold(): key for key in reversed(self.keys["node"].values())}
        found = next((names[name] for name in _LABELS if name in names), None)
        if found is None:
            return ids
        # What names the places is no column beside.
        self.keys["node"] = {name: key for name, key in self.keys["node"].items() if key is not found}
        return [node.get(found.name, one).strip() for node, one in zip(self.nodes, ids, strict=True)]

    def _column(self, key: _Key) -> pd.Series | None:
        values = [node.get(key.name) for node in self.nodes]
        if all(value is None for value in values):
            return None
        if not key.numeric:
            return pd.Series(values, dtype="str")
        try:
            return pd.to_numeric(pd.Series(values, dtype="object"))
        except (TypeError, ValueError) as error:
            expected = f"numbers as {key.name!r} of nodes"
            raise FormatError(str(self.path), expected=expected, got=shown(str(error))) from error


def parse_graphml(path: Member, *, weight: str = _WEIGHT) -> Parsed:
    """Return nodes and edges; see `read_graphml`."""
    graph = _Graph(path, weight)
    default = False
    for event, name, element in _elements(path, "graphml", ("key", "graph", "node", "edge", "hyperedge")):
        if event == "start":
            if name == "graph":
                graph.graph(element)
                default = element.get("edgedefault") == "directed"
        elif name == "key":
            _graphml_key(graph, element)
        elif name == "node":
            graph.node(element, graph.values("node", _data(element)))
            _forget(element)
        elif name == "edge":
            values = graph.values("edge", _data(element))
            way = element.get("directed")
            graph.edge(element, _weight(values, weight), directed=default if way is None else way == "true")
            _forget(element)
        elif name == "hyperedge":
            raise graph.wrong(element, "edges between two nodes", "a hyperedge", "Write its pairs as edges.")
    return graph.parsed()


def _graphml_key(graph: _Graph, element: Any) -> None:
    name = element.get("id")
    if name is None:
        raise graph.wrong(element, "keys with an id", "a key without")
    default = element.findtext("{*}default")
    # yEd keeps labels among shapes and colours.
    title = "label" if element.get("yfiles.type") == "nodegraphics" else element.get("attr.name", name)
    numeric = element.get("attr.type") in _NUMBERS
    for kind in ("node", "edge"):
        if element.get("for", "all") in {kind, "all"}:
            graph.key(kind, name, _Key(title, numeric, default))


def _data(element: Any) -> dict[str, str]:
    texts = {}
    for data in element:
        if _local(data) == "data":
            label = data.find(".//{*}NodeLabel") if len(data) else None
            texts[data.get("key")] = (data if label is None else label).text or ""
    return texts


def _local(element: Any) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _weight(values: dict[str, str], wanted: str) -> str | None:
    """Return the weight as the file writes it; letter case does not matter."""
    return next((text for name, text in values.items() if name.casefold() == wanted.casefold()), None)


def parse_gexf(path: Member, *, weight: str = _WEIGHT) -> Parsed:
    """Return nodes and edges; see `read_gexf`."""
    graph = _Graph(path, weight)
    graph.keys["node"] = {"": _Key("label", numeric=False)}
    default = "undirected"
    for event, name, element in _elements(path, "gexf", ("graph", "attributes", "attribute", "node", "edge")):
        if name in {"graph", "attributes"} and element.get("mode") == "dynamic":
            raise graph.wrong(element, "a static graph", "a dynamic one", "Export one graph a time.")
        if event == "start":
            if name == "graph":
                graph.graph(element)
                default = element.get("defaultedgetype", default)
        elif name == "attribute":
            _gexf_key(graph, element)
        elif name == "node":
            values = _attvalues(graph, element)
            values |= {"": element.get("label", "")}
            spot = element.find("{*}position")
            if spot is not None:
                _place(graph, values, spot)
            graph.node(element, graph.values("node", values))
            _forget(element)
        elif name == "edge":
            values = graph.values("edge", _attvalues(graph, element))
            given = element.get("weight") if weight == _WEIGHT else None
            kind = element.get("type", default)
            graph.edge(element, given or _weight(values, weight), directed=kind == "directed")
            _forget(element)
    return graph.parsed()


def _gexf_key(graph: _Graph, element: Any) -> None:
    name, kind = element.get("id"), element.getparent().get("class")
    if name is None or kind not in graph.keys:
        raise graph.wrong(element, "attributes of nodes or edges with an id", f"class {kind!r}, id {name!r}")
    numeric = element.get("type") in _NUMBERS
    graph.key(kind, name, _Key(element.get("title", name), numeric, element.findtext("{*}default")))


def _attvalues(graph: _Graph, element: Any) -> dict[str, str]:
    values = list(element.iterfind("{*}attvalues/{*}attvalue"))
    timed = [one for one in (element, *values) if {"start", "end", "timestamp"} & set(one.attrib)]
    if timed or element.find("{*}spells") is not None:
        raise graph.wrong(element, "nodes and edges without times", "a dynamic one", "Export one graph a time.")
    return {one.get("for", one.get("id")): one.get("value", "") for one in values}


def _place(graph: _Graph, values: dict[str, str], spot: Any) -> None:
    for axis in ("x", "y"):
        key = f"viz:{axis}"
        if key not in graph.keys["node"]:
            graph.key("node", key, _Key(axis, numeric=True))
        values[key] = spot.get(axis, "")


def _elements(path: Member, root: str, names: Sequence[str]) -> Iterator[tuple[str, str, Any]]:
    """Yield event ("start" or "end"), name and element of what matters in a document that cannot do any harm."""
    expected = f"a {root} file (XML)"
    text = read_text(path, expected=expected)
    if "<!DOCTYPE" in text:
        hint = "Take it out: it may define entities, and none are read."
        raise FormatError(str(path), expected=f"{expected} without a document type", got="<!DOCTYPE ...", hint=hint)
    events = etree.iterparse(
        io.BytesIO(text.encode()),
        events=("start", "end"),
        tag=[f"{{*}}{name}" for name in (root, *names)],
        **HARMLESS,
    )
    found = False
    try:
        for event, element in events:
            found = found or _local(element.getroottree().getroot()) == root
            if not found:
                break
            yield event, _local(element), element
    except etree.XMLSyntaxError as error:
        # The log says more than the error, which may only be that nothing came.
        fault = events.error_log.last_error
        got, row = (fault.message, fault.line) if fault else (str(error.msg), None)
        hint = "The file may be cut short; save it again."
        raise FormatError(str(path), expected=expected, got=shown(got), hint=hint, row=row) from error
    if not found:
        raise FormatError(str(path), expected=expected, got=f"an XML file without an element {root!r} around all")


def _forget(element: Any) -> None:
    """Free an element and those before it, so that no large tree is held."""
    element.clear()
    parent = element.getparent()
    while element.getprevious() is not None:
        del parent[0]
