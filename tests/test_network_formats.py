import csv
import io
import json
import zipfile
from collections import Counter, defaultdict
from contextlib import suppress

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.io import mmread, mmwrite

from innovation_graph import Network, read_network
from innovation_graph.errors import FormatError, NetworkError, RecipeError, UnknownNameError
from innovation_graph.sources import _cells
from innovation_graph.sources._times import in_order, time_in_name
from innovation_graph.sources.networks import (
    FORMATS,
    group_by,
    join_places,
    read_edges,
    read_gexf,
    read_graphml,
    read_matrix,
    read_matrixmarket,
    read_npz,
    read_pajek,
    read_slices,
    read_vosviewer,
    write_slices,
)

PAJEK = """% made up
*Network "cities"
*Vertices 5
1 "Beijing" 0.10 0.25 0.5
2 "New York" 0.9 0.3
3 "The "Big" Lab" 0.1 0.2 0.5 ellipse ic Red
4 Oslo
5
*Arcs :1 "papers"
1 2 3
2 1 3
3 3 7
*Edges
1 4 1.5 l "a [b] c" c Blue
4 2
"""

GRAPHML = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="d0" for="node" attr.name="label" attr.type="string"/>
  <key id="d1" for="node" attr.name="works" attr.type="long"><default>1</default></key>
  <key id="d2" for="node" attr.name="postcode" attr.type="string"/>
  <key id="d3" for="edge" attr.name="Weight" attr.type="double"/>
  <graph edgedefault="undirected">
    <!-- a comment -->
    <node id="a"><data key="d0">Beijing</data><data key="d1">12</data><data key="d2">010</data></node>
    <node id="b"><data key="d0">Boston &amp; Cambridge</data></node>
    <node id="c"/>
    <edge source="a" target="b"><data key="d3">2.5</data></edge>
    <edge source="b" target="c"/>
    <edge source="c" target="c"><data key="d3">9</data></edge>
    <edge source="b" target="a"><data key="d3">1</data></edge>
  </graph>
</graphml>
"""

GEXF = """<?xml version='1.0' encoding='UTF-8'?>
<gexf xmlns="http://gexf.net/1.3" version="1.3" xmlns:viz="http://gexf.net/1.3/viz">
  <meta lastmodifieddate="2024-03-01"><creator>Gephi 0.10.1</creator></meta>
  <graph defaultedgetype="undirected" mode="static">
    <attributes class="node" mode="static">
      <attribute id="modularity_class" title="Modularity Class" type="integer"><default>0</default></attribute>
      <attribute id="country" title="country" type="string"/>
    </attributes>
    <nodes>
      <node id="0" label="Beijing">
        <attvalues>
          <attvalue for="modularity_class" value="2"/><attvalue for="country" value="CN"/>
        </attvalues>
        <viz:size value="10.0"/><viz:position x="-1.5" y="2.25" z="0"/><viz:color r="1" g="2" b="3" hex="#010203"/>
      </node>
      <node id="1" label="Boston"><attvalues/></node>
      <node id="2"/>
    </nodes>
    <edges>
      <edge id="0" source="0" target="1" weight="3.5"><viz:color r="1" g="2" b="3"/></edge>
      <edge id="1" source="1" target="2"/>
      <edge id="2" source="2" target="2" weight="4.0"/>
    </edges>
  </graph>
</gexf>
"""

MTX = "%%MatrixMarket matrix coordinate real symmetric\n% made up\n\n3 3 3\n2 1 1.5\n3 2 4\n3 3 8\n"

GUARDED = {"pajek": PAJEK, "graphml": GRAPHML, "gexf": GEXF, "matrixmarket": MTX}


def save(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def pack(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def named(network):
    names = network.names
    return {tuple(sorted((names[a], names[b]))): weight for a, b, weight in network.links().itertuples(index=False)}


# Pajek


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("change", [str, str.upper])
def test_pajek(tmp_path, end, mark, change):
    text = PAJEK.replace("*Vertices", change("*Vertices")).replace("*Arcs", change("*Arcs"))
    path = save(tmp_path / "n.net", mark + text.replace("\n", end))
    network = read_pajek(path)
    assert network.names.tolist() == ["Beijing", "New York", 'The "Big" Lab', "Oslo", "5"]
    assert named(network) == {("Beijing", "New York"): 3, ("Beijing", "Oslo"): 1.5, ("New York", "Oslo"): 1}
    assert network.places["x"].tolist()[:3] == [0.1, 0.9, 0.1]
    assert network.places["y"].isna().tolist() == [False, False, False, True, True]
    assert network.provenance == {
        "source": "n.net (pajek)",
        "format": "pajek",
        "loops": 1,
        "both_ways": 1,
        "relations": ["papers"],
    }
    network.write(tmp_path / "net")
    assert read_network(tmp_path / "net") == network


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ('1 "a b"', "a b"),
        ("1 a", "a"),
        ("1\ta\t0.1\t0.2", "a"),
        ('1.0   "a"   0.1 0.2', "a"),
        ('1 "say "yes" or "no"" 0.5 0.5', 'say "yes" or "no"'),
        ('1 ""x" y" 0.5 0.5', '"x" y'),
        ('1 "doubled ""x"" y"', 'doubled "x" y'),
        ('1 "escaped \\"x\\" y" 0.1 0.1', 'escaped "x" y'),
        ('1 "back\\slash"', "back\\slash"),
        ('1 "Z&#252;rich &#x4E2D; &amp;"', "Zürich 中 &amp;"),
        ('1 "plain" 0.1 0.1 box fos 20 font "Arial Bold"', "plain"),
        ("1 0.25 0.5", "1"),
        ("1 0.25 0.5 0.5", "1"),
        ("1 1990 0.25 0.5", "1990"),
        ('1 ""', "1"),
        ('1 "  "', "1"),
        ("1 北京", "北京"),
        ('1 "x [1990]" 0.2 0.2', "x [1990]"),
    ],
)
def test_labels_of_vertices(tmp_path, line, label):
    network = read_pajek(save(tmp_path / "n.net", f"*vertices 2\n{line}\n2 other\n*edges\n1 2\n"))
    assert network.names.tolist() == [label, "other"]


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ("*Edgeslist\n1 2 3\n2 3\n", {("a", "b"): 1, ("a", "c"): 1, ("b", "c"): 1}),
        ("*Arcslist\n1 2 3\n", {("a", "b"): 1, ("a", "c"): 1}),
        ("*Matrix\n0 2 0.5\n2 9 0\n0.5 0 0\n", {("a", "b"): 2, ("a", "c"): 0.5}),
        ("*Matrix\n0 2 0.5 2\n 9 0 0.5\n0 0\n", {("a", "b"): 2, ("a", "c"): 0.5}),
        ("*Matrix\n0 2 0.5\n0 9 0\n0 0 0\n", {("a", "b"): 2, ("a", "c"): 0.5}),
        ("*edges\n1.0 2.0 1e2\n", {("a", "b"): 100}),
        ("*Edges\n1 2 3\n1 2 4\n2 1 1\n", {("a", "b"): 8}),
        ('*Arcs :1 "x"\n1 2 3\n*Arcs :2 "y"\n1 2 4\n1 3 0\n', {("a", "b"): 7}),
        ("*Edges :3\n1: 1 2 5\n% no\n\n2: 2 3 1\n", {("a", "b"): 5, ("b", "c"): 1}),
        ("*Arcs\n1 2 3\n*Edges\n1 2 4\n", {("a", "b"): 7}),
        ("*Arcs\n", {}),
        ("", {}),
    ],
)
def test_links_of_pajek(tmp_path, links, expected):
    assert named(read_pajek(save(tmp_path / "n.net", f"*Vertices 3\n1 a\n2 b\n3 c\n{links}"))) == expected


@pytest.mark.parametrize(("rule", "expected"), [("sum", (9, 2)), ("max", (5, 2)), ("mean", (4.5, 1))])
def test_arcs_that_differ_need_a_rule(tmp_path, rule, expected):
    path = save(tmp_path / "n.net", "*Vertices 3\n1 a\n2 b\n3 c\n*Arcs\n3 1 2\n1 2 5\n2 1 4\n*Edges\n2 3 8\n")
    message = (
        r"'a' - 'b' is 5 one way and 4 the other way \(2 of 2 pairs differ\). Say .*\(--directed\): sum, max or mean"
    )
    with pytest.raises(FormatError, match=message):
        read_pajek(path)
    network = read_pajek(path, directed=rule)
    assert named(network) == {("a", "b"): expected[0], ("a", "c"): expected[1], ("b", "c"): 8}
    assert network.provenance["directed"] == rule


def test_one_way_is_one_link_unless_others_go_both_ways(tmp_path):
    start = "*Vertices 3\n1 a\n2 b\n3 c\n*Arcs\n1 2 5\n3 1 2\n"
    assert named(read_pajek(save(tmp_path / "n.net", start))) == {("a", "b"): 5, ("a", "c"): 2}
    with pytest.raises(FormatError, match="'a' - 'c' is missing one way and 2 the other way"):
        read_pajek(save(tmp_path / "n.net", start + "2 1 5\n"))
    assert named(read_pajek(save(tmp_path / "n.net", start + "2 1 5\n1 3 2\n"))) == {("a", "b"): 5, ("a", "c"): 2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "got no .Vertices"),
        ("1 2 3\n", r"line 1: expected a Pajek network: .*got '1 2 3'"),
        ("*Arcs\n1 2\n", r"line 1: expected \*Vertices first, got \*arcs"),
        ("*Vertices\n", "line 1: expected a number of vertices"),
        ("*Vertices 0\n", "line 1: expected a number of vertices"),
        ("*Vertices many\n", "line 1: expected a number of vertices, 1 to 5,000,000, got 'many'"),
        ("*Vertices 999999999\n", "line 1: expected a number of vertices"),
        ("*Vertices 5 2\n", "line 1: .*got a two-mode network"),
        ("*Vertices 2\n1 a\n1 b\n", "line 3: expected each vertex once, got 1 again"),
        ("*Vertices 2\n3 a\n", "line 2: expected the number of a vertex, 1 to 2, got '3'"),
        ('*Vertices 2\n1 "a\n', "line 2: expected a label between two quotes"),
        ('*Vertices 2\n1 "a" [1-5]\n', "line 2: expected vertices without times.* one network a time"),
        ("*Vertices 2\n*Edges\n1 2 1 [5]\n", "line 3: expected links without times.* one network a time"),
        ("*Vertices 2\n*Edges\n1 3 1\n", "line 3: expected the number of a vertex, 1 to 2, got '3'"),
        ("*Vertices 2\n*Edges\n0 1 1\n", "line 3: expected the number of a vertex"),
        ("*Vertices 2\n*Edges\n1.5 2 1\n", "line 3: expected the number of a vertex"),
        ("*Vertices 2\n*Edges\n-1 2 1\n", "line 3: expected the number of a vertex"),
        ("*Vertices 2\n*Edges\n1\n", "line 3: expected two vertices and a weight, got '1'"),
        ("*Vertices 2\n*Edges\n1:\n", "line 3: expected two vertices and a weight, got '1:'"),
        ("*Vertices 2\n*Edges\n1 2 -1\n", "line 3: expected a number from 0 on in the weight, got '-1'"),
        ("*Vertices 2\n*Edges\n1 2 1_0\n", "line 3: expected a number from 0 on"),
        ("*Vertices 2\n*Edges\n1 2 1,5\n", "line 3: expected a number from 0 on"),
        ("*Vertices 2\n*Edges\n1 2 nan\n", "line 3: expected a number from 0 on"),
        ("*Vertices 2\n*Edges\n1 2 1e999\n", "line 3: expected a number from 0 on"),
        ("*Vertices 2\n*Edgeslist\n1 2 9\n", "line 3: expected the number of a vertex"),
        ("*Vertices 2\n*Matrix\n0 1\n1\n", r"line 4: expected 2 x 2 numbers, got 3\."),
        ("*Vertices 2\n*Matrix\n0 1\n1 0 5\n", "line 4: expected 2 x 2 numbers, got more"),
        ("*Vertices 2\n*Edges\n1 2\n*Vertices 2\n", "line 4: .*project file"),
        ("*Vertices 2\n*Partition x\n", r"line 2: expected a section of \*network, .*got '\*Partition x'"),
    ],
)
def test_spoilt_pajek(tmp_path, content, message):
    with pytest.raises(FormatError, match=message):
        read_pajek(save(tmp_path / "n.net", content))


def test_long_lines_of_quotes_take_no_time(tmp_path):
    with pytest.raises(FormatError, match="a label between two quotes") as error:
        read_pajek(save(tmp_path / "n.net", '*Vertices 1\n1 "' + 'x"' * 2_000_000 + "y\n"))
    assert len(str(error.value)) < 500


# Other programs write, we read

NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs", "P"]), min_size=1, max_size=8)


@given(
    st.lists(NAMES, min_size=1, max_size=5),
    st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 4)), st.floats(1e-9, 1e9), max_size=8),
)
def test_igraph_writes(tmp_path_factory, names, cells):
    names = [f"{i} {' '.join(name.split())} z" for i, name in enumerate(names)]
    cells = {(a, b): w for (a, b), w in cells.items() if a < b < len(names)}
    graph = igraph.Graph(n=len(names), edges=list(cells))
    graph.vs["name"] = names
    graph.vs["id"] = names
    graph.es["weight"] = list(cells.values())
    folder = tmp_path_factory.mktemp("igraph")
    graph.write_pajek(str(folder / "n.net"))
    graph.write_graphml(str(folder / "n.graphml"))
    for network in (read_pajek(folder / "n.net"), read_graphml(folder / "n.graphml")):
        # Pajek has no escape that both sides would know for these.
        if not any(mark in name for name in names for mark in '"&\\'):
            assert network.names.tolist() == names
        first, second, weight = network.pairs
        found = dict(zip(zip(first.tolist(), second.tolist(), strict=True), weight.tolist(), strict=True))
        assert found == pytest.approx(cells, rel=1e-6)
    assert read_graphml(folder / "n.graphml").names.tolist() == names


@pytest.fixture(params=[nx.Graph, nx.DiGraph, nx.MultiGraph])
def drawn(request):
    graph = nx.gnp_random_graph(12, 0.4, seed=3, directed=request.param is nx.DiGraph)
    graph = nx.relabel_nodes(request.param(graph), {i: f"Place {i}" for i in range(12)})
    for n, (a, b) in enumerate(list(graph.edges())):
        graph.add_edge(a, b, weight=n + 0.25)
    return graph


def brute_force(graph):
    """Sum the weights of both directions and of parallel edges."""
    pairs = defaultdict(float)
    for a, b, weight in graph.edges(data="weight", default=1.0):
        if a != b:
            pairs[tuple(sorted((a, b)))] += weight
    return dict(pairs)


@pytest.mark.parametrize(
    ("write", "read"),
    [
        (nx.write_pajek, read_pajek),
        (nx.write_graphml_lxml, read_graphml),
        (nx.write_graphml_xml, read_graphml),
        (nx.write_gexf, read_gexf),
        (lambda graph, path: nx.write_gexf(graph, path, version="1.1draft"), read_gexf),
    ],
)
def test_networkx_writes(tmp_path, drawn, write, read):
    write(drawn, str(tmp_path / "x"))
    network = read(tmp_path / "x", directed="sum")
    assert network.names.tolist() == list(drawn)
    assert named(network) == pytest.approx(brute_force(drawn))


def test_networks_of_ours_come_back(tmp_path):
    places = pd.DataFrame(
        {"name_en": ["Xi'an", "New York"], "country": ["CN", "US"], "lat": [34.3, 40.7], "works": [5.0, 7.0]},
        index=["xian", "new-york"],
    )
    ours = Network.from_matrix([[0, 2.5], [2.5, 0]], places)
    nx.write_graphml(ours.to_networkx(), tmp_path / "n.graphml")
    nx.write_gexf(ours.to_networkx(), tmp_path / "n.gexf")
    ours.to_igraph().write_graphml(str(tmp_path / "i.graphml"))
    again = read_graphml(tmp_path / "n.graphml")
    pd.testing.assert_frame_equal(again.places[list(ours.places)], ours.places)
    assert named(again) == named(ours)
    assert named(read_graphml(tmp_path / "i.graphml")) == named(ours)
    assert read_gexf(tmp_path / "n.gexf").places["works"].tolist() == [5, 7]


# GraphML and GEXF


def test_graphml(tmp_path):
    network = read_graphml(save(tmp_path / "g.graphml", GRAPHML))
    assert network.names.tolist() == ["Beijing", "Boston & Cambridge", "c"]
    assert named(network) == {("Beijing", "Boston & Cambridge"): 3.5, ("Boston & Cambridge", "c"): 1}
    places = network.places
    assert places["graphml_id"].tolist() == ["a", "b", "c"]
    assert places["works"].tolist() == [12, 1, 1]
    assert places["postcode"].tolist()[0] == "010"
    assert (network.provenance["loops"], network.provenance["repeated_links"]) == (1, 1)
    network.write(tmp_path / "net")
    assert read_network(tmp_path / "net") == network


def test_gexf(tmp_path):
    network = read_gexf(save(tmp_path / "g.gexf", GEXF))
    assert network.names.tolist() == ["Beijing", "Boston", "2"]
    assert named(network) == {("Beijing", "Boston"): 3.5, ("2", "Boston"): 1}
    places = network.places
    assert places["Modularity Class"].tolist() == [2, 0, 0]
    assert places["country"].tolist()[0] == "CN"
    assert places["x"].tolist()[0] == -1.5
    assert places["gexf_id"].tolist() == ["0", "1", "2"]
    network.write(tmp_path / "net")
    assert read_network(tmp_path / "net") == network


def test_directions_of_graphs(tmp_path):
    edges = '<edge source="a" target="b"/><edge source="b" target="a"/><edge source="b" target="c"/>'
    nodes = '<node id="a"/><node id="b"/><node id="c"/>'
    graphml = f'<graphml><graph edgedefault="directed">{nodes}{edges}</graph></graphml>'
    gexf = f'<gexf><graph defaultedgetype="directed"><nodes>{nodes}</nodes><edges>{edges}</edges></graph></gexf>'
    for form, text in (("graphml", graphml), ("gexf", gexf)):
        path = save(tmp_path / f"g.{form}", text)
        with pytest.raises(FormatError, match="'b' - 'c' is 1 one way and missing the other way"):
            FORMATS[form](path)
        assert named(FORMATS[form](path, directed="sum")) == {("a", "b"): 2, ("b", "c"): 1}
        assert FORMATS[form](path, directed="sum").provenance["unweighted"] is True
        undirected = text.replace('="directed"', '="undirected"')
        assert named(FORMATS[form](save(path, undirected), directed="mean")) == {("a", "b"): 2, ("b", "c"): 1}
    mixed = graphml.replace('"b"/>', '"b" directed="false"/>', 1).replace('"a"/></', '"a"/></')
    mixed = mixed.replace('<edge source="a" target="b"/>', '<edge source="a" target="b" directed="false"/>')
    network = read_graphml(save(tmp_path / "g", mixed), directed="mean")
    assert named(network) == {("a", "b"): 1.5, ("b", "c"): 0.5}
    mutual = gexf.replace('target="b"/>', 'target="b" type="mutual"/>', 1).replace('<edge source="b" target="a"/>', "")
    assert named(read_gexf(save(tmp_path / "g", mutual))) == {("a", "b"): 1, ("b", "c"): 1}


def test_weights_under_other_names(tmp_path):
    content = GRAPHML.replace('"Weight"', '"papers"')
    path = save(tmp_path / "g.graphml", content)
    assert read_graphml(path).total_weight == 3
    assert read_graphml(path, weight="papers").total_weight == 4.5
    with pytest.raises(FormatError, match=r"expected edges with 'patents', got attributes \['papers'\]"):
        read_graphml(path, weight="patents")
    gexf = GEXF.replace(
        "<nodes>",
        '<attributes class="edge"><attribute id="0" title="Papers" type="double"/></attributes><nodes>',
    ).replace(
        '<edge id="1" source="1" target="2"/>',
        '<edge id="1" source="1" target="2"><attvalues><attvalue for="0" value="6"/></attvalues></edge>',
    )
    assert read_gexf(save(tmp_path / "g.gexf", gexf)).total_weight == 4.5
    assert read_gexf(save(tmp_path / "g.gexf", gexf), weight="papers").total_weight == 7


def test_labels_of_yed(tmp_path):
    text = """<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:y="http://www.yworks.com/xml/graphml">
    <key for="node" id="d6" yfiles.type="nodegraphics"/><key for="port" id="d0" yfiles.type="portgraphics"/>
    <graph edgedefault="directed" id="G">
      <node id="n0"><data key="d6"><y:ShapeNode><y:NodeLabel x="1">Beijing</y:NodeLabel></y:ShapeNode></data></node>
      <node id="n1"/><edge id="e0" source="n0" target="n1"/>
    </graph></graphml>"""
    assert named(read_graphml(save(tmp_path / "y.graphml", text))) == {("Beijing", "n1"): 1}


BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
"""


@pytest.mark.parametrize("form", ["graphml", "gexf"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: BOMB + text.partition("\n")[2].replace("Beijing", "&b;"), "without a document type"),
        (
            lambda text: '<!DOCTYPE graphml SYSTEM "http://127.0.0.1:9/x.dtd">' + text.partition("\n")[2],
            "without a document type",
        ),
        (lambda text: text.replace("Beijing", "&b;"), "Entity 'b' not defined"),
        (lambda text: text[: len(text) // 2], "cut short"),
        (lambda text: text[:-8], "cut short"),
        (lambda text: text.replace("<node ", "<knot ").replace("</node>", "</knot>"), "a graph with nodes, got none"),
        (lambda text: text.replace('target="b"', 'target="z"').replace('target="1"', 'target="z"'), "edges between"),
        (lambda text: text.replace('target="b"', "").replace('target="1"', ""), "a source and a target"),
        (lambda text: text.replace('id="b"', 'id="a"').replace('id="1" label', 'id="0" label'), "again"),
        (lambda text: text.replace("2.5", "-2.5").replace("3.5", "-3.5"), "number from 0 on in the weight of an edge"),
        (lambda text: text.replace("2.5", "many").replace("3.5", "many"), "got 'many'"),
        (lambda text: text.replace(">12<", ">x<").replace('value="2"', 'value="x"'), "expected numbers as"),
        (lambda _: "<html><body/></html>", "without an element 'g"),
        (lambda text: text.replace("Beijing", "x" * 20_000_000), "expected a g"),
        (lambda text: "<a>" * 100_000 + text, "without an element|depth"),
        (lambda text: text.replace("</graph>", '</graph><graph edgedefault="directed"/>'), "expected one graph"),
        (lambda text: text.encode("utf-16"), "not UTF-8"),
        (lambda text: text.replace("Beijing", "Pékin").encode("latin-1"), "not UTF-8"),
    ],
)
def test_spoilt_xml(tmp_path, form, change, message):
    path = save(tmp_path / f"g.{form}", change(GUARDED[form]))
    with pytest.raises(FormatError, match=message) as error:
        FORMATS[form](path)
    assert len(str(error.value)) < 1000


def test_odd_encodings_hide_no_document_type(tmp_path):
    text = BOMB.replace('"1.0"', '"1.0" encoding="UTF-7"').replace("<!DOCTYPE", "+ADw-!DOCTYPE")
    with pytest.raises(FormatError):
        read_graphml(save(tmp_path / "g.graphml", text + GRAPHML.partition("\n")[2].replace("Beijing", "&b;")))
    # What the declaration says of the encoding does not matter.
    renamed = GRAPHML.replace("UTF-8", "ISO-8859-1").replace("Beijing", "Pékin")
    assert read_graphml(save(tmp_path / "g.graphml", renamed)).names.iloc[0] == "Pékin"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace('mode="static">\n    <attr', 'mode="dynamic">\n    <attr'), "a static graph"),
        (lambda text: text.replace('label="Boston"', 'label="Boston" start="1990"'), "without times"),
        (lambda text: text.replace('value="2"', 'value="2" end="2000"'), "without times"),
        (lambda text: text.replace("<attvalues/>", '<spells><spell start="1"/></spells>'), "without times"),
        (lambda text: text.replace('class="node"', 'class="face"'), "attributes of nodes or edges"),
    ],
)
def test_dynamic_gexf(tmp_path, change, message):
    with pytest.raises(FormatError, match=message):
        read_gexf(save(tmp_path / "g.gexf", change(GEXF)))


def test_hyperedges_and_nests(tmp_path):
    hyper = GRAPHML.replace("</graph>", '<hyperedge><endpoint node="a"/></hyperedge></graph>')
    with pytest.raises(FormatError, match=r"line 16: .*got a hyperedge"):
        read_graphml(save(tmp_path / "g.graphml", hyper))
    nested = GRAPHML.replace('<node id="c"/>', '<node id="c"><graph><node id="d"/></graph></node>')
    with pytest.raises(FormatError, match="Nested graphs are not read"):
        read_graphml(save(tmp_path / "g.graphml", nested))


# Matrices


@pytest.mark.parametrize(
    "text",
    [
        "a,b,c\n0,1,2\n1,0,\n2,na,0\n",
        "a,0,1,2\nb,1,0,\nc,2,,0\n",
        ",a,b,c\na,0,1,2\nb,1,0,\nc,2,,0\n",
        "a,b,c\na,0,1,2\nb,1,0,\nc,2,,0\n",
        "a;b;c\n-;1;2\n1;-;0\n2;0;-\n",
        ",a,b,c\na,x,1,2\nb,1,x,\nc,2,,x\n",
        ",a,b,c\na,0,1,2\nb,,0,\nc,,,0\n",
        "a\tb\tc\n0\t0\t0\n1\t0\t0\n2\t0\t0\n",
    ],
)
def test_labels_in_one_direction(tmp_path, text):
    network = read_matrix(save(tmp_path / "m.csv", text))
    assert network.names.tolist() == ["a", "b", "c"]
    assert named(network) == {("a", "b"): 1, ("a", "c"): 2}


def test_labels_that_are_numbers(tmp_path):
    network = read_matrix(save(tmp_path / "m.csv", ",2001,2002\n2001,0,3\n2002,3,0\n"))
    assert named(network) == {("2001", "2002"): 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,1\n1,0\n", "line 1: .*got numbers without labels. Give labels in a file, one a line .--labels"),
        ("0,1,2\n1,0,3\n2,3,0\n", "numbers without labels"),
        ("a,b\n0,1\n1,0\n0,0\n", "as many rows as labels"),
        ("a,b,c\n0,1,1\n1,0,1\n", "as many rows as labels"),
        ("a,A\n0,1\n1,0\n", r"each column label once, got \['A', 'a'\]"),
        ("a,0,1\na,1,0\n", r"each row label once, got \['a'\]"),
        ("a,b\n0,1\n1\n", "line 3: expected 2 cells, got 1"),
    ],
)
def test_matrices_without_enough_labels(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        read_matrix(save(tmp_path / "m.csv", text))


def test_directed_matrices_need_a_rule(tmp_path):
    path = save(tmp_path / "m.csv", "a,b,c\n0,1,2\n3,0,0\n0,0,0\n")
    with pytest.raises(FormatError, match=r"'a' - 'b' is 1 one way and 3 the other way \(2 of 2 pairs differ\)"):
        read_matrix(path)
    assert named(read_matrix(path, directed="mean")) == {("a", "b"): 2, ("a", "c"): 1}
    # One number below, one above: no triangle, and no symmetric matrix.
    with pytest.raises(FormatError, match="'a' - 'b' is 1 one way and missing the other way"):
        read_matrix(save(path, "a,b,c\n0,1,0\n0,0,0\n5,0,0\n"))


@pytest.fixture
def dense():
    values = np.zeros((4, 4))
    values[np.triu_indices(4, 1)] = [1.5, 0, 2, 0, 7, 0]
    return values + values.T


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr", "dia"])
@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csr_matrix])
def test_npz(tmp_path, dense, form, make):
    sparse.save_npz(tmp_path / "m.npz", make(dense + np.eye(4)).asformat(form))
    network = read_npz(tmp_path / "m.npz")
    np.testing.assert_array_equal(network.adjacency.toarray(), dense)
    assert network.names.tolist() == ["1", "2", "3", "4"]
    assert network.provenance["loops"] == 4
    sparse.save_npz(tmp_path / "m.npz", make(np.triu(dense)).asformat(form))
    np.testing.assert_array_equal(read_npz(tmp_path / "m.npz").adjacency.toarray(), dense)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a\nb, c\n\n北京\nd\n", ["a", "b, c", "北京", "d"]),
        ('\ufeff"a"\r\n"b, c"\r\nx\r\ny', ["a", "b, c", "x", "y"]),
        ("label\na\nb\nc\nd\n", ["a", "b", "c", "d"]),
        ("city,lat\na,1\nb,2\nc,3.5\nd,\n", ["a", "b", "c", "d"]),
        ("lat\tlabel\n1\ta\n2\tb\n3.5\tc\n\td\n", ["a", "b", "c", "d"]),
    ],
)
def test_labels_of_matrices(tmp_path, dense, text, names):
    sparse.save_npz(tmp_path / "m.npz", sparse.csr_array(dense))
    mmwrite(tmp_path / "m.mtx", sparse.coo_array(dense))
    np.savetxt(tmp_path / "m.csv", dense, delimiter=",")
    labels = save(tmp_path / "labels.txt", text)
    for form, file in (("npz", "m.npz"), ("matrixmarket", "m.mtx"), ("matrix", "m.csv")):
        network = FORMATS[form](tmp_path / file, labels=labels)
        assert network.names.tolist() == names
        np.testing.assert_array_equal(network.adjacency.toarray(), dense)
        assert ("lat" in text) == (network.places["lat"].tolist()[:3] == [1, 2, 3.5])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\nb\n", "expected 4 labels, .* got 2 lines"),
        ("x,y\na,1\nb\nc,1\nd,1\n", "line 3: expected 2 different columns, got 1 cells"),
        ("x,x\na,1\nb,1\nc,1\nd,1\n", "different columns"),
        ("x,y\na,1\n,1\nc,1\nd,1\n", "line 3: expected a label in every row"),
        ("x,lat\na,1\nb,1\nc,1\nd,north\n", "numbers as 'lat' of places"),
    ],
)
def test_spoilt_labels(tmp_path, dense, text, message):
    sparse.save_npz(tmp_path / "m.npz", sparse.csr_array(dense))
    with pytest.raises(FormatError, match=message):
        read_npz(tmp_path / "m.npz", labels=save(tmp_path / "labels.txt", text))


def arrays(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in members.items():
            content = value
            if not isinstance(value, bytes):
                stream = io.BytesIO()
                np.lib.format.write_array(stream, np.asanyarray(value), allow_pickle=True)
                content = stream.getvalue()
            archive.writestr(f"{name}.npy", content)
    return path


def header(shape, dtype="<f8"):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


GOOD = {"format": b"csr", "shape": [2, 2], "data": [1.0, 1.0], "indices": [1, 0], "indptr": [0, 1, 2]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"indices": [1, 2_000_000_000]}, "indices|index"),
        ({"indices": [1, -5]}, "indices|index"),
        ({"indptr": [0, 900, 2]}, "ind"),
        ({"indptr": [0, 1]}, "ind"),
        ({"shape": [2, 3]}, "a square matrix of .* got shape"),
        ({"shape": [10**12, 10**12]}, "ind"),
        ({"data": [1.0, -1.0]}, r"numbers from 0 on, got -1 in row 2, column 1"),
        ({"data": [1.0, np.nan]}, "numbers from 0 on"),
        ({"data": [1.0, 1j]}, "a matrix of numbers, got complex"),
        ({"data": np.array([1.0, None], dtype=object)}, "expected a sparse matrix"),
        ({"data": header((10**15,))}, "expected a sparse matrix"),
        ({"data": header((10**4,)) + b"\0" * 80}, "of shape .10000,. in"),
        ({"data": b"junk"}, "expected a sparse matrix"),
        ({"data": header((40_000_000,)) + b"\0" * 320_000_000}, "bytes that unpack to 320,"),
        ({"format": b"random"}, "expected a sparse matrix"),
        ({"format": b"coo"}, "expected a sparse matrix"),
        ({"format": 7}, "expected a sparse matrix"),
        ({"data": [1.0, 2.0]}, "'1' - '2' is 1 one way and 2 the other way"),
    ],
)
def test_spoilt_npz(tmp_path, change, message):
    assert read_npz(arrays(tmp_path / "m.npz", **{**GOOD, "format": np.array(b"csr")})).n_links == 1
    members = {**GOOD, **change}
    if members["format"] in (b"csr", b"random", b"coo"):
        members["format"] = np.array(members["format"])
    with pytest.raises(FormatError, match=message):
        read_npz(arrays(tmp_path / "m.npz", **members))


def test_coordinates_outside_of_npz(tmp_path):
    coo = {"format": np.array(b"coo"), "shape": [2, 2], "data": [1.0], "row": [0], "col": [7]}
    with pytest.raises(FormatError, match=r"index 7 exceeds|column index"):
        read_npz(arrays(tmp_path / "m.npz", **coo))
    coo = {**coo, "shape": [10**12, 10**12]}
    with pytest.raises(FormatError, match=r"at most 5,000,000 rows, got shape"):
        read_npz(arrays(tmp_path / "m.npz", **coo))


def test_pickles_in_npz_stay_shut(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").write_text, ("x",))

    members = {**GOOD, "format": np.array(b"csr"), "data": np.array([Trap(), Trap()], dtype=object)}
    with pytest.raises(FormatError):
        read_npz(arrays(tmp_path / "m.npz", **members))
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"junk" * 99, b"PK\x03\x04" + b"\0" * 99])
def test_no_npz(tmp_path, content):
    with pytest.raises(FormatError, match="a sparse matrix written by"):
        read_npz(save(tmp_path / "m.npz", content))
    sparse.save_npz(tmp_path / "good.npz", sparse.eye_array(50, format="csr"))
    good = (tmp_path / "good.npz").read_bytes()
    for end in (len(good) // 2, len(good) - 10):
        with pytest.raises(FormatError, match="a sparse matrix written by"):
            read_npz(save(tmp_path / "m.npz", good[:end]))


@pytest.mark.parametrize("symmetry", ["general", "symmetric"])
@pytest.mark.parametrize(
    ("field", "as_array"),
    [("real", False), ("integer", False), ("pattern", False), ("real", True), ("integer", True)],
)
def test_matrixmarket(tmp_path, dense, symmetry, field, as_array):
    dense = np.ceil(dense) + 3 * np.eye(4)
    matrix = dense if as_array else sparse.coo_array(dense)
    mmwrite(tmp_path / "m.mtx", matrix, symmetry=symmetry, field=field, comment="made up\n 3 3 3")
    network = read_matrixmarket(tmp_path / "m.mtx")
    expected = dense - np.diag(np.diag(dense))
    np.testing.assert_array_equal(network.adjacency.toarray(), expected > 0 if field == "pattern" else expected)
    assert network.provenance["loops"] == 4
    theirs = mmread(tmp_path / "m.mtx")
    theirs = theirs if as_array else theirs.toarray()
    np.testing.assert_array_equal(network.adjacency.toarray(), theirs - np.diag(np.diag(theirs)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("%%MatrixMarket", "%MatrixMarket"), "line 1: expected a Matrix Market file"),
        (lambda text: text.replace("real", "complex"), "line 1: expected real, integer or pattern"),
        (lambda text: text.replace("symmetric", "hermitian"), "line 1: .*general or symmetric"),
        (lambda text: text.replace("symmetric", "skew-symmetric"), "line 1: .*general or symmetric"),
        (lambda text: text.replace("3 3 3\n", ""), r"line 4: .*got '2 1 1.5' as its size"),
        (lambda text: text[:39], "line 1|as its size"),
        (lambda text: text.replace("3 3 3", "3 3 4"), "expected 4 entries, got 3"),
        (lambda text: text[:-8], "line 6: expected 3 numbers, got '3 2'"),
        (lambda text: text.replace("3 2 4", "3 inf 4"), "rows and columns 1 to 3"),
        (lambda text: text.replace("3 2 4", "3 2 4 4"), "line 6: expected 3 numbers"),
        (lambda text: text.replace("3 3 3", "3 3 99999999999"), "expected 99,999,999,999 entries, got 3"),
        (lambda text: text.replace("3 3 3", "99999999999 99999999999 3"), "at most 5,000,000 rows"),
        (lambda text: text.replace("coordinate", "array").replace("3 3 3", "90000 90000"), "expected 1 numbers"),
        (lambda text: text.replace("3 2 4", "9 2 4"), "rows and columns 1 to 3"),
        (lambda text: text.replace("3 2 4", "0 2 4"), "rows and columns 1 to 3"),
        (lambda text: text.replace("3 2 4", "1.5 2 4"), "rows and columns 1 to 3"),
        (lambda text: text.replace("3 2 4", "nan 2 4"), "rows and columns 1 to 3"),
        (lambda text: text.replace("3 2 4", "3 2 -4"), "numbers from 0 on, got -4 in row 3, column 2"),
        (lambda text: text.replace("3 2 4", "3 2 nan"), "numbers from 0 on"),
        (lambda text: text.replace("3 2 4", "3 2 many"), "expected numbers, got .*'many'"),
        (lambda text: text.replace("3 2 4", "3 2 1_0"), "line 6: expected 3 numbers"),
        (lambda text: text.replace("symmetric", "general").replace("3 3 3", "3 4 3"), "a square matrix of .*3 x 4"),
        (lambda text: text.replace("symmetric", "general").replace("3 3 8", "2 3 8"), "is 8 one way and 4 the"),
    ],
)
def test_spoilt_matrixmarket(tmp_path, change, message):
    with pytest.raises(FormatError, match=message):
        read_matrixmarket(save(tmp_path / "m.mtx", change(MTX)))


def test_names_that_promise_compression(tmp_path):
    assert read_matrixmarket(save(tmp_path / "m.mtx.gz", MTX)).n_links == 2


# Edges


def test_both_ways_with_the_same_weight(tmp_path):
    text = "source,target,weight\na,b,5\nb,a,5\nc,a,2\na,c,2\n"
    network = read_edges(save(tmp_path / "e.csv", text))
    assert named(network) == {("a", "b"): 5, ("a", "c"): 2}
    assert network.provenance["both_ways"] == 2
    assert "directed" not in network.provenance
    with pytest.raises(FormatError, match=r"'a' - 'c' is missing one way and 2 the other way .1 of 2 pairs"):
        read_edges(save(tmp_path / "e.csv", text.replace("a,c,2\n", "")))


def test_places_left_out(tmp_path):
    text = "source,target,weight\nEU,US,9\nUS,CN,3\nCN,NA,1\nEU,EU,4\n"
    path = save(tmp_path / "e.csv", text)
    network = read_edges(path, drop=("EU",))
    assert network.ids.tolist() == ["cn", "na", "us"]
    assert network.names.tolist() == ["China", "Namibia", "United States"]
    assert network.provenance["dropped"] == ["EU"]
    assert network.provenance["dropped_links"] == 2
    assert network.provenance["loops"] == 0
    with pytest.raises(UnknownNameError, match="place to leave out 'UK'"):
        read_edges(path, drop=("UK",))
    with pytest.raises(FormatError, match="got no places"):
        read_edges(path, drop=("EU", "US", "CN", "NA"))


def test_numbers_only_python_knows(tmp_path):
    with pytest.raises(FormatError, match="got '1_000'"):
        read_edges(save(tmp_path / "e.csv", "source,target,weight\na,b,1_000\n"))


# Countries


@pytest.mark.parametrize(
    ("labels", "codes", "names"),
    [
        (["CN", "us", "NA"], ["CN", "US", "NA"], ["China", "United States", "Namibia"]),
        (["Peoples R China", "USA"], ["CN", "US"], ["Peoples R China", "USA"]),
        (["CN", "US", "Atlantis"], [None] * 3, ["CN", "US", "Atlantis"]),
        (["AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA"], [None] * 10, None),
    ],
)
def test_labels_that_are_countries(tmp_path, labels, codes, names):
    rows = [",".join(labels), *(",".join("1" * len(labels)) for _ in labels)]
    network = read_matrix(save(tmp_path / "m.csv", "\n".join(rows)))
    for column in ("country", "iso2"):
        assert [None if pd.isna(code) else code for code in network.places[column]] == codes
    assert network.names.tolist() == (names or labels)
    if "Atlantis" not in labels and codes[0]:
        assert network.bloc("CN", "US").n_links == 1
        assert network.places["name_zh"].iloc[0] == "中国"


def test_a_total_among_countries_stays_without_one(tmp_path):
    labels = ["CN", "US", "GB", "DE", "FR", "JP", "KR", "IN", "IT", "EU"]
    rows = [",".join(labels), *(",".join("1" * len(labels)) for _ in labels)]
    places = read_matrix(save(tmp_path / "m.csv", "\n".join(rows))).places
    assert places["country"].tolist()[:9] == labels[:9]
    assert pd.isna(places["country"]["eu"])
    assert places["name_en"]["eu"] == "EU"


def test_countries_that_the_file_names_are_kept(tmp_path):
    text = GEXF.replace('label="Beijing"', 'label="CN"').replace('label="Boston"', 'label="US"')
    text = text.replace('<node id="2"/>', '<node id="2" label="DE"/>')
    places = read_gexf(save(tmp_path / "g.gexf", text)).places
    assert places["name_en"].tolist() == ["CN", "US", "DE"]
    assert places["country"].isna().tolist() == [False, True, True]


# Time slices

QUARTERS = """source,target,weight,year,quarter
a,b,3,2020,1
b,a,4,2020,1
a,b,5,2020,2
c,a,1,2019,4
c,c,1,2019,4
"""


def test_edges_of_several_times(tmp_path):
    path = save(tmp_path / "e.csv", QUARTERS)
    slices = read_slices("edges", path, time="year,quarter", directed="sum")
    assert list(slices) == ["2019-Q4", "2020-Q1", "2020-Q2"]
    assert [named(one) for one in slices.values()] == [{("a", "c"): 1}, {("a", "b"): 7}, {("a", "b"): 5}]
    for time, network in slices.items():
        assert network.ids.tolist() == ["a", "b", "c"]
        assert network.provenance["time"] == time
    assert slices["2019-Q4"].provenance["loops"] == 1
    years = read_slices("edges", path, time="year", directed="max")
    assert [named(one) for one in years.values()] == [{("a", "c"): 1}, {("a", "b"): 8}]
    with pytest.raises(FormatError, match="'a' - 'b' is 3 one way and 4 the other way in 2020-Q1"):
        read_slices("edges", path, time="year,quarter")
    left = read_slices("edges", path, time="year", directed="max", drop=("c",))
    assert [one.n_links for one in left.values()] == [0, 1]
    with pytest.raises(FormatError, match=r"'month'.*got columns"):
        read_slices("edges", path, time="year,month")
    with pytest.raises(FormatError, match=r"Name the column of the time \(--time\)"):
        read_slices("edges", path)


@pytest.mark.parametrize("directed", [None, "sum"])
def test_times_do_not_add_up_unless_on_purpose(tmp_path, directed):
    path = save(tmp_path / "e.csv", QUARTERS)
    message = (
        r"line 4: .*'a' - 'b' again, in a list with times \(year, quarter\).*--time year,quarter; .*all_times=True"
    )
    with pytest.raises(FormatError, match=message):
        read_edges(path, directed=directed)
    network = read_edges(path, directed="sum", all_times=True)
    assert named(network) == {("a", "b"): 12, ("a", "c"): 1}
    assert network.provenance["summed_over"] == ["year", "quarter"]
    # Each pair once: a year is a column like others.
    once = read_edges(save(path, "source,target,weight,Year\na,b,3,2020\nb,c,4,2021\n"))
    assert named(once) == {("a", "b"): 3, ("b", "c"): 4}
    assert "summed_over" not in once.provenance
    # Nobody takes the weight for a time because of its name.
    assert named(read_edges(save(path, "source,target,day\na,b,3\na,b,4\n"), weight="day", directed="sum")) == {
        ("a", "b"): 7
    }


def test_countries_are_read_off_addresses(tmp_path):
    rows = "a,b,1\nb,c,2\nc,d,4\n"
    network = read_edges(save(tmp_path / "e.csv", "source,target,weight\n" + rows))
    address = {"a": "Boston, United States", "b": "Paris, France", "c": "Lyon, France", "d": "Oslo, Norway"}
    table = save(tmp_path / "p.csv", "name,note,address\n" + "".join(f'{n},x,"{a}"\n' for n, a in address.items()))
    merged = join_places(network, table, group_by="country")
    assert merged.names.tolist() == ["France", "Norway", "United States"]
    assert merged.places["country"].tolist() == ["FR", "NO", "US"]
    assert merged.total_weight == 5
    assert merged.provenance["country_from"] == "address"
    with pytest.raises(NetworkError, match=r"4 of 4 places have no 'country'.*several \(city,country\)"):
        group_by(network, "country")
    partly = save(tmp_path / "q.csv", table.read_text(encoding="utf-8").replace("Norway", "Atlantis"))
    with pytest.raises(NetworkError, match="1 of 4 places have no 'country', the first is 'd'"):
        join_places(network, partly, group_by="country")


@pytest.mark.parametrize("time", ["../x", "", "a/b", ".", "..", "2020.", "x" * 99, "-"])
def test_times_that_are_no_times(tmp_path, time):
    path = save(tmp_path / "e.csv", f"source,target,weight,t\na,b,1,{time}\n")
    with pytest.raises(FormatError, match="line 2: expected a time such as"):
        read_slices("edges", path, time="t")


def test_times_of_spreadsheets_and_their_order(tmp_path):
    rows = "".join(f"a,b,1,{year},{month}\n" for year, month in [("2020.0", 10), (2020, 9), (2019, 12)])
    path = save(tmp_path / "e.csv", "source,target,weight,year,month\n" + rows)
    assert list(read_slices("edges", path, time="year,month")) == ["2019-12", "2020-09", "2020-10"]
    with pytest.raises(FormatError, match="one way of writing a time, got several for 2020"):
        read_slices("edges", path, time="year")
    assert in_order(["10", "9", "9-Q2", "9-Q1", "b", "a"]) == ["9", "9-Q1", "9-Q2", "10", "a", "b"]


@pytest.mark.parametrize(
    ("stem", "time"),
    [
        ("WrldCo1990", "1990"),
        ("v2 2015", "2015"),
        ("2015", "2015"),
        ("net-2020q4", "2020-Q4"),
        ("2020-03-31", "2020-03-31"),
        ("2020_13", "2020"),
        ("1990_1995", "1990-1995"),
        ("openalex2024_1990", "1990"),
        ("20201", None),
        ("total", None),
    ],
)
def test_times_in_names(stem, time):
    assert time_in_name(stem) == time


def small(n, links):
    return f"*Vertices {n}\n" + "".join(f"{i + 1} p{i}\n" for i in range(n)) + f"*Edges\n{links}"


FILES = {
    "in/net2001.net": small(2, "1 2 5\n"),
    "in/net1999.net": small(3, "1 3 2\n"),
    "in/netTotal.net": "spoilt",
    "in/net1999.clu": "*Vertices 3\n",
    "__MACOSX/._net1999.net": "junk",
}


@pytest.mark.parametrize("packed", [True, False])
def test_files_of_several_times(tmp_path, packed):
    path = tmp_path / "years.zip"
    if packed:
        pack(path, FILES)
    else:
        path.mkdir()
        for name, content in FILES.items():
            save(path / name.rpartition("/")[2], content)
    slices = read_slices("pajek", path)
    assert list(slices) == ["1999", "2001"]
    assert [one.ids.tolist() for one in slices.values()] == [["p0", "p1", "p2"]] * 2
    assert [named(one) for one in slices.values()] == [{("p0", "p2"): 2}, {("p0", "p1"): 5}]
    assert slices["1999"].provenance == {
        "source": "years.zip/net1999.net (pajek)",
        "format": "pajek",
        "loops": 0,
        "left_out": ["netTotal.net"],
        "time": "1999",
    }


def test_one_member_is_one_network(tmp_path):
    path = pack(tmp_path / "one.zip", {"a/only.net": PAJEK, "only.clu": "x"})
    assert read_pajek(path).n_links == 3
    assert list(read_slices("pajek", path)) == ["only"]
    assert read_graphml(pack(path, {"g.graphml": GRAPHML})).n_links == 2
    assert read_vosviewer(pack(path, {"n.json": json.dumps({"network": {"items": [{"id": 1}]}})})).n_places == 1
    assert read_edges(pack(path, {"e.csv": "source,target,weight\na,b,1\n"})).n_links == 1
    with pytest.raises(FormatError, match=r"expected one pajek file in the archive, got 3, .* Add --slices"):
        read_pajek(pack(path, FILES))
    with pytest.raises(FormatError, match=r"expected files that end in .net, got 1 other files"):
        read_pajek(pack(path, {"x.csv": "a"}))
    with pytest.raises(FormatError, match=r"expected an archive of data files, got 0 files"):
        read_slices("pajek", pack(path, {}))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a1999.net": PAJEK, "b1999.net": PAJEK}, "one file a time, got 'a1999.net' and 'b1999.net' for 1999"),
        ({"a.net": PAJEK, "b.net": PAJEK}, "a year in the names of the files"),
        ({"1.clu": "x"}, "files that end in .net"),
        ({"a1999.net": PAJEK, "a2000.net": PAJEK.replace("1 2 3", "9 2 3")}, r"a2000\.net, line 10: .*got '9'"),
        (
            {"a1999.net": small(2, ""), "a2000.net": small(2, "").replace("p1", "p0")},
            "each label once, to follow places over time, got 'p0' more than once in 2000",
        ),
    ],
)
def test_spoilt_slices(tmp_path, files, message):
    with pytest.raises(FormatError, match=message):
        read_slices("pajek", pack(tmp_path / "years.zip", files))


def test_columns_that_change_with_time(tmp_path):
    first = "label,lat,size\na,1,10\nb,2,20\n"
    second = "label,lat,size\nb,2,21\nc,3,30\n"
    mtx = "%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n2 1 4\n"
    graphs = {}
    for year, table in ((2000, first), (2001, second)):
        path = save(tmp_path / "m.mtx", mtx)
        places = read_matrixmarket(path, labels=save(tmp_path / "l.csv", table))
        graph = nx.relabel_nodes(places.to_networkx(), dict(zip(places.ids, places.names, strict=True)))
        nx.write_gexf(graph, tmp_path / "g.gexf")
        graphs[f"g{year}.gexf"] = (tmp_path / "g.gexf").read_bytes()
    slices = read_slices("gexf", pack(tmp_path / "g.zip", graphs))
    for network in slices.values():
        assert network.names.tolist() == ["a", "b", "c"]
        assert network.places["lat"].tolist() == [1, 2, 3]
        assert "size" not in network.places
        assert network.provenance["changing_columns"] == ["size"]
    assert [named(one) for one in slices.values()] == [{("a", "b"): 4}, {("b", "c"): 4}]


def test_slices_of_any_format(tmp_path):
    matrix = sparse.csr_array([[0, 2.0], [2.0, 0]])
    (tmp_path / "n").mkdir()
    for year in (2000, 2001):
        sparse.save_npz(tmp_path / "n" / f"m{year}.npz", matrix * year)
    slices = read_slices("npz", tmp_path / "n", labels=save(tmp_path / "l.txt", "a\nb\n"))
    assert [named(one) for one in slices.values()] == [{("a", "b"): 4000}, {("a", "b"): 4002}]
    texts = {f"e{year}.csv": f"from,target,weight\na,b,{year}\nb,a,1\n" for year in (2000, 2001)}
    slices = read_slices("edges", pack(tmp_path / "e.zip", texts), source="from", directed="max")
    assert [named(one) for one in slices.values()] == [{("a", "b"): 2000}, {("a", "b"): 2001}]
    with pytest.raises(RecipeError, match="columns of time are for edges"):
        read_slices("pajek", tmp_path, time="year")
    with pytest.raises(UnknownNameError, match="format 'gml'"):
        read_slices("gml", tmp_path)
    with pytest.raises(FormatError, match="No such file"):
        read_slices("pajek", tmp_path / "none")


def test_slices_on_disk(tmp_path):
    slices = read_slices("edges", save(tmp_path / "e.csv", QUARTERS), time="year", directed="sum")
    write_slices(slices, tmp_path / "out")
    assert json.loads((tmp_path / "out/slices.json").read_text())["times"] == ["2019", "2020"]
    assert {time: read_network(tmp_path / "out" / time) for time in slices} == slices
    write_slices({"2020": slices["2020"]}, tmp_path / "out")
    assert not (tmp_path / "out/2019").exists()
    save(tmp_path / "out/thesis.txt", "years of work")
    with pytest.raises(FileExistsError, match=r"holds thesis\.txt"):
        write_slices(slices, tmp_path / "out")
    assert (tmp_path / "out/2020/network.json").exists()
    with pytest.raises(NetworkError, match="no network to write"):
        write_slices({}, tmp_path / "none")


# Archives that do harm


def test_zip_bombs(tmp_path):
    path = pack(tmp_path / "bomb.zip", {"a1990.net": b"0" * (1 << 27)})
    for read in (read_pajek, lambda file: read_slices("pajek", file)):
        with pytest.raises(FormatError, match=r"bytes that unpack to more than .* unpack it first"):
            read(path)


def test_broken_archives(tmp_path):
    good = pack(tmp_path / "n.zip", {"n.net": PAJEK * 50}).read_bytes()
    for end in (5, len(good) // 2, len(good) - 30):
        with pytest.raises(FormatError, match="damaged or cut compressed data"):
            read_pajek(save(tmp_path / "n.zip", good[:end]))
    middle = len(good) // 3
    with pytest.raises(FormatError, match="damaged or cut compressed data"):
        read_pajek(save(tmp_path / "n.zip", good[:middle] + b"\xff\x00\xff\x00" + good[middle + 4 :]))


def test_archives_with_nameless_files(tmp_path):
    content = pack(tmp_path / "n.zip", {"n.net": PAJEK, "x": "y"}).read_bytes()
    entry = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    # The name is one byte long; say that it is none, and that a comment of one byte follows.
    nameless = content[: entry + 28] + b"\0\0\0\0\1\0" + content[entry + 34 :]
    assert read_pajek(save(tmp_path / "n.zip", nameless)).n_links == 3


def test_archives_that_lie(tmp_path):
    path = pack(tmp_path / "n.zip", {"n.net": PAJEK})
    content = path.read_bytes()
    size = len(PAJEK.encode()).to_bytes(4, "little")
    with pytest.raises(FormatError, match="Bad CRC-32"):
        read_pajek(save(path, content.replace(size, (50).to_bytes(4, "little"))))
    # A promise of four gigabytes costs nothing: only what is there is read.
    assert read_pajek(save(path, content.replace(size, b"\xf0\xff\xff\xff"))).n_links == 3
    central = content.index(b"PK\x01\x02")
    locked = content[: central + 8] + b"\x01" + content[central + 9 :]
    with pytest.raises(FormatError, match="is encrypted"):
        read_pajek(save(path, locked))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("n.net", PAJEK)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("n.net", PAJEK)
    with pytest.raises(FormatError, match="each file in it once"):
        read_pajek(path)


def test_files_that_are_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(_cells, "MAX_BYTES", 100)
    with pytest.raises(FormatError, match=r"more than 100 bytes. Cut it into smaller files"):
        read_pajek(save(tmp_path / "n.net", PAJEK))
    with pytest.raises(FormatError, match=r"more than 100 bytes. Cut it into smaller files"):
        read_pajek(pack(tmp_path / "n.zip", {"n.net": PAJEK}))


@pytest.mark.parametrize("form", GUARDED)
@given(data=st.data())
def test_damaged_files_are_refused_or_read(tmp_path_factory, form, data):
    content = bytearray(GUARDED[form].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=4))
    path = save(tmp_path_factory.mktemp("damaged") / f"x.{form}", bytes(content))
    with suppress(FormatError):
        assert FORMATS[form](path).n_places > 0


# Places from a table


@pytest.fixture
def organisations(tmp_path):
    text = "source,target,weight\nMIT,U Cambridge,2\nMIT,Harvard,40\nHarvard,U Cambridge,3\nTsinghua,MIT,1\n"
    return read_edges(save(tmp_path / "organisations.csv", text))


TABLE = """organisation,city,country,lat,lon
mit,Cambridge,United States,42.4,-71.1
Harvard,Cambridge,US,42.4,-71.2
U. Cambridge,Cambridge,United Kingdom,52.2,0.1
Tsinghua,Beijing,China,39.9,116.4
Elsewhere,Oslo,Norway,,
"""


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_organisations_become_cities_by_a_table(tmp_path, organisations, separator):
    table = save(tmp_path / "places.csv", "\ufeff" + TABLE.replace(",", separator))
    joined = join_places(organisations, table)
    assert joined.places["city"].tolist() == ["Cambridge", "Cambridge", "Beijing", "Cambridge"]
    assert joined.places["country"].tolist() == ["US", "US", "CN", "GB"]
    assert joined.provenance["unused_rows"] == 1
    assert joined.provenance["unmatched_places"] == 0
    cities = join_places(organisations, table, group_by="city,country")
    assert cities.ids.tolist() == ["beijing", "cambridge-gb", "cambridge-us"]
    assert cities.names.tolist() == ["Beijing", "Cambridge", "Cambridge"]
    assert named(cities) == {("Beijing", "Cambridge"): 1, ("Cambridge", "Cambridge"): 5}
    assert cities.places["iso2"].tolist() == ["CN", "GB", "US"]
    assert cities.places["lat"].tolist() == [39.9, 52.2, 42.4]
    assert cities.places["lon"].isna().tolist() == [False, False, True]
    assert (cities.provenance["inside_links"], cities.provenance["inside_weight"]) == (1, 40)
    assert cities.bloc("CN", "US").total_weight == 1
    land = join_places(organisations, table, group_by="country")
    assert land.names.tolist() == ["China", "United Kingdom", "United States"]
    assert land.ids.tolist() == ["china", "united-kingdom", "united-states"]
    with pytest.raises(NetworkError, match=r"'Cambridge' stands in several countries: \['GB', 'US'\]; group by city,c"):
        join_places(organisations, table, group_by="city")
    with pytest.raises(UnknownNameError, match="unknown column 'town'"):
        join_places(organisations, table, group_by="town")


def test_places_that_are_not_in_the_table(tmp_path, organisations):
    table = save(tmp_path / "places.csv", TABLE.replace("Tsinghua", "Peking"))
    with pytest.raises(NetworkError, match=r"1 of 4 places are not in .*\['Tsinghua'\]; add them, or drop or keep"):
        join_places(organisations, table, group_by="country")
    dropped = join_places(organisations, table, group_by="city,country", unmatched="drop")
    assert named(dropped) == {("Cambridge", "Cambridge"): 5}
    assert dropped.provenance["unmatched_places"] == 1
    assert dropped.provenance["unmatched"] == ["Tsinghua"]
    assert (dropped.provenance["dropped_links"], dropped.provenance["dropped_weight"]) == (1, 1)
    kept = join_places(organisations, table, group_by="city,country", unmatched="keep")
    assert kept.ids.tolist() == ["cambridge-gb", "cambridge-us", "tsinghua"]
    assert pd.isna(kept.places["country"]["tsinghua"])
    assert join_places(organisations, table, unmatched="keep").places["city"].isna().sum() == 1
    with pytest.raises(NetworkError, match="none of the 4 places is in the first column"):
        join_places(organisations, save(tmp_path / "other.csv", "a,b\nx,y\n"), unmatched="drop")
    with pytest.raises(RecipeError, match="unmatched must be error, drop or keep, not 'lose'"):
        join_places(organisations, table, unmatched="lose")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("organisation\nMIT\n", "line 1: expected a column of names, then others"),
        ("a,b,b\nMIT,1,1\n", "line 1: .*different headings"),
        ("a,place_id\nMIT,1\n", "none of them place_id"),
        ("a,b\nMIT,1\nHarvard,1\nMIT,2\n", "line 4: expected each name once, got 'MIT' with other values"),
        ("a,lat\nMIT,north\n", "expected numbers in column 'lat', got 'north'"),
        ("a,b\nMIT\n", "line 2: expected 2 cells"),
        ("", "an empty file"),
    ],
)
def test_spoilt_tables_of_places(tmp_path, organisations, content, message):
    with pytest.raises(FormatError, match=message):
        join_places(organisations, save(tmp_path / "places.csv", content))


def test_tables_name_places_by_id_too(tmp_path):
    items = [{"id": 7, "label": "Lab"}, {"id": 8, "label": "Lab"}, {"id": 9, "label": "CN"}]
    links = [{"source_id": 7, "target_id": 9}, {"source_id": 8, "target_id": 9}]
    content = json.dumps({"network": {"items": items, "links": links}})
    network = read_vosviewer(save(tmp_path / "n.json", content))
    table = save(tmp_path / "places.csv", "id,city\n7,Oslo\nlab-2,Bergen\ncn,Beijing\n")
    assert join_places(network, table).places["city"].tolist() == ["Oslo", "Bergen", "Beijing"]
    # Two rows that differ in marks only fit what they fit exactly, nothing else.
    table = save(tmp_path / "places.csv", "name,city\nLab,Oslo\nC N,Bergen\nC.N.,Beijing\n")
    with pytest.raises(NetworkError, match=r"1 of 3 places .*\['CN'\]"):
        join_places(network, table)


# Published networks


def slow_pajek(text):
    """Count pairs, loops and labels of a file line by line."""
    labels, pairs, loops, section = [], {}, 0, ""
    for raw in text.removeprefix("\ufeff").split("\n"):
        line = raw.strip()
        if line.startswith("*"):
            section = line.split()[0]
        elif section == "*vertices" and line:
            labels.append(line.split('"')[1])
        elif section == "*arcs" and line:
            a, b, weight = line.split()
            if a == b:
                loops += 1
            else:
                pair = frozenset((labels[int(a) - 1], labels[int(b) - 1]))
                pairs[pair] = max(pairs.get(pair, 0), int(weight))
    return labels, pairs, loops


def test_countries_of_34_years(real_data, tmp_path):
    path = real_data / "openalex_countries_1990_2023" / "WrldCo_years.zip"
    with pytest.raises(FormatError, match=r"WrldCo2004.net: .*'FR' - 'GB' is 4033 one way and 4032 the other way"):
        read_slices("pajek", path)
    slices = read_slices("pajek", path, directed="max")
    assert list(slices) == [str(year) for year in range(1990, 2024)]
    with zipfile.ZipFile(path) as archive:
        for year, network in slices.items():
            labels, pairs, loops = slow_pajek(archive.read(f"WrldCo{year}.net").decode("utf-8"))
            assert [one.upper() for one in network.ids] == labels
            ids = {frozenset((a.upper(), b.upper())): w for a, b, w in network.links().itertuples(index=False)}
            assert ids == pairs
            assert network.provenance["loops"] == loops
    papers = {year: int(slices[year].bloc("CN", "US").total_weight) for year in ("1990", "2010", "2019", "2023")}
    assert papers == {"1990": 884, "2010": 20_580, "2019": 73_485, "2023": 72_794}
    places = slices["1990"].places
    # The Netherlands Antilles are no country any more, and have no single successor.
    assert places.index[places["country"].isna()].tolist() == ["an"]
    assert places["name_en"]["na"] == "Namibia"
    assert slices["2023"].provenance["left_out"] == ["WrldCoComp.net", "WrldCoComplete.net"]
    # Years in which both ways are equal need no rule.
    with zipfile.ZipFile(path) as archive:
        (tmp_path / "one.net").write_bytes(archive.read("WrldCo2023.net"))
    assert read_pajek(tmp_path / "one.net").upper.toarray().tolist() == slices["2023"].upper.toarray().tolist()


@pytest.mark.parametrize("rule", ["sum", "max", "mean"])
def test_economies_of_23_quarters(real_data, rule):
    path = real_data / "github_innovation_graph" / "economy_collaborators.csv"
    slices = read_slices("edges", path, target="destination", time="year,quarter", directed=rule, drop=("EU",))
    rows = 0
    flows = defaultdict(dict)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows += 1
            if "EU" not in (row["source"], row["destination"]):
                flows[f"{row['year']}-Q{row['quarter']}"][row["source"], row["destination"]] = int(row["weight"])
    assert rows == 74_127
    assert list(slices) == sorted(flows)
    assert len(slices) == 23
    merge = {"sum": lambda a, b: a + b, "max": max, "mean": lambda a, b: (a + b) / 2}[rule]
    for time, network in slices.items():
        expected = {
            tuple(sorted(pair)): merge(weight, flows[time].get(pair[::-1], 0)) for pair, weight in flows[time].items()
        }
        codes = network.places["country"]
        ours = {tuple(sorted((codes[a], codes[b]))): w for a, b, w in network.links().itertuples(index=False)}
        assert ours == expected
        assert network.n_places == 218
        assert codes.notna().all()
        assert network.places["name_en"]["na"] == "Namibia"


@pytest.mark.parametrize("table", ["5019", "10060", "10062"])
def test_matrices_of_countries(real_data, table):
    path = real_data / "ncses" / f"{table}.csv"
    network = read_matrix(path)
    total, pairs = 0.0, Counter()
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    for i, row in enumerate(rows[1:]):
        for j, cell in enumerate(row[3:]):
            if cell != "na" and i < j:
                total += float(cell)
                pairs[float(cell) > 0] += 1
    assert network.n_links == pairs[True]
    assert network.total_weight == pytest.approx(total, rel=1e-12)
    assert network.places["country"].notna().all()


def test_covid_organisations_become_cities_by_a_table(real_data, tmp_path):
    path = real_data / "covid_organisations" / "network.json"
    items = json.loads(path.read_text(encoding="utf-8"))["network"]["items"]
    with (tmp_path / "places.tsv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(["organisation", "city", "country"])
        writer.writerows([item["label"], *item["address"].split(", ")] for item in items)
    organisations = read_vosviewer(path)
    cities = join_places(organisations, tmp_path / "places.tsv", group_by="city,country")
    assert (cities.n_places, cities.n_links) == (72, 1851)
    assert cities.total_weight + cities.provenance["inside_weight"] == 11_213
    assert cities.bloc("CN", "US").n_links == 164
    pd.testing.assert_frame_equal(cities.links(), group_by(organisations, "address").links())
    countries = join_places(organisations, tmp_path / "places.tsv", group_by="country")
    assert countries.n_places == len({item["address"].split(", ")[1] for item in items})


def test_leiden_ranking_as_pajek(real_data, tmp_path):
    folder = real_data / "leiden2015"
    with (folder / "map.txt").open(newline="", encoding="utf-8") as file:
        items = [(row["id"], row["label"], row["x"], row["y"]) for row in csv.DictReader(file, delimiter="\t")]
    position = {one: i for i, (one, *_) in enumerate(items, start=1)}
    links = [line.split("\t") for line in (folder / "network.txt").read_text(encoding="utf-8").split("\n") if line]
    lines = [f"*Vertices {len(items)}", *(f'{position[one]} "{name}" {x} {y}' for one, name, x, y in items), "*Edges"]
    lines += [f"{position[a]} {position[b]} {weight.strip()}" for a, b, weight in links]
    network = read_pajek(save(tmp_path / "leiden.net", "\n".join(lines)))
    other = read_vosviewer(folder / "map.txt")
    pd.testing.assert_frame_equal(network.links(), other.links())
    assert network.n_links == 151_644


def test_a_promise_of_millions_of_vertices_is_not_believed(tmp_path):
    (tmp_path / "a.net").write_text("*Vertices 5000000\n*Edges\n1 2 1\n")
    with pytest.raises(FormatError, match=r"5,000,000 vertices, 0 with a label, and 1 links"):
        read_pajek(tmp_path / "a.net")
