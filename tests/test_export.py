"""Files for other programs, read back by networkx, by the readers of the project, and by a spreadsheet library."""

import json

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from pages import HOSTILE, city_network

from innovation_graph import Network, centrality, communities
from innovation_graph.errors import FormatError, NetworkError, UnknownNameError
from innovation_graph.sources import networks as sources
from innovation_graph.views import export, layout
from innovation_graph.views._palette import COMMUNITIES, OTHER

NAMES = {
    "gexf": "n.gexf",
    "graphml": "n.graphml",
    "vosviewer": "n.json",
    "vosviewer-text": "n_map.txt",
    "pajek": "n.net",
    "csv": "n.csv",
    "excel": "n.xlsx",
}


@pytest.fixture(scope="module")
def net():
    return city_network(18, synthetic=True)


@pytest.fixture(scope="module")
def spots(net):
    return np.random.default_rng(1).normal(size=(net.n_places, 2)) * 100


def weights_by_name(network):
    names = network.names
    return {frozenset((names[a], names[b])): w for a, b, w in network.links().itertuples(index=False)}


@pytest.mark.parametrize("form", ["gexf", "graphml", "vosviewer", "vosviewer-text", "pajek"])
def test_read_back_by_the_importers(net, spots, tmp_path, form):
    path = tmp_path / NAMES[form]
    export.write(net, path, spots=spots)
    back = getattr(sources, f"read_{form.removesuffix('-text')}")(path)
    assert back.names.tolist() == net.names.tolist()
    assert weights_by_name(back) == weights_by_name(net)


def test_gexf_in_networkx(net, spots, tmp_path):
    path = tmp_path / "n.gexf"
    labels = communities.leiden(net, seed=0)
    export.write(net, path, spots=spots, partition=labels)
    graph = nx.read_gexf(path)
    assert list(graph) == list(net.ids)
    assert {frozenset(e[:2]): e[2] for e in graph.edges(data="weight")} == {
        frozenset((a, b)): w for a, b, w in net.links().itertuples(index=False)
    }
    strength = centrality.strength(net)
    sizes = {}
    for place, (x, y) in zip(net.ids, spots, strict=True):
        data = graph.nodes[place]
        assert data["label"] == net.names[place]
        assert data["strength"] == strength[place]
        assert (data["viz"]["position"]["x"], data["viz"]["position"]["y"]) == pytest.approx((x, -y))
        sizes[place] = data["viz"]["size"]
    # Diameters grow with the root of the measure from a least one.
    size = pd.Series(sizes)
    share = np.sqrt(strength / strength.max())
    assert np.allclose(np.polyval(np.polyfit(share, size, 1), share), size, atol=2e-3)
    # One colour a community.
    colours = [str(graph.nodes[place]["viz"]["color"]) for place in net.ids]
    assert len({*zip(colours, labels.labels, strict=True)}) == labels.labels.nunique() == len(set(colours))


def test_graphml_in_networkx(net, spots, tmp_path):
    path = tmp_path / "n.graphml"
    export.write(net, path, spots=spots)
    graph = nx.read_graphml(path)
    assert list(graph) == list(net.ids)
    assert graph.nodes["c0"]["label"] == "Zürich"
    assert graph.nodes["c0"]["name_zh"] == "苏黎世"
    assert "name_zh" not in graph.nodes["c3"]
    assert graph.nodes["c4"]["x"] == pytest.approx(spots[4, 0])
    assert graph.nodes["c4"]["color"].startswith("#")
    total = sum(w for *_, w in graph.edges(data="weight"))
    assert total == net.total_weight


def test_pajek_in_networkx(net, spots, tmp_path):
    path = tmp_path / "n.net"
    export.write(net, path, spots=spots)
    graph = nx.Graph(nx.read_pajek(path, encoding="utf-8"))
    assert graph.number_of_edges() == net.n_links
    assert graph["Zürich"]["New York"]["weight"] == net.adjacency[0, 4]
    places = [float(graph.nodes[name][key]) for name in net.names for key in ("x", "y")]
    assert 0 <= min(places) < max(places) <= 1
    clusters = (tmp_path / "n.clu").read_text().split()[2:]
    assert len(clusters) == net.n_places
    assert clusters.count("1") >= clusters.count("2")


def test_vosviewer_has_what_its_maps_need(net, spots, tmp_path):
    path = tmp_path / "n.json"
    export.write(net, path, spots=spots)
    content = json.loads(path.read_text(encoding="utf-8"))
    item = content["network"]["items"][3]
    assert item["label"] == "Łódź"
    assert item["weights"]["strength"] == centrality.strength(net).iloc[3]
    positions = np.array([[item["x"], item["y"]] for item in content["network"]["items"]])
    assert np.abs(positions).max() == pytest.approx(1)
    assert "SYNTHETIC DATA" in content["info"]["description"]


def test_tables(net, tmp_path):
    export.write(net, tmp_path / "n.csv")
    table = pd.read_csv(tmp_path / "n.csv")
    assert len(table) == net.n_links
    assert table["weight"].is_monotonic_decreasing
    assert set(table["synthetic_data"]) == {"yes"}
    export.write(net, tmp_path / "n.xlsx")
    sheets = pd.read_excel(tmp_path / "n.xlsx", sheet_name=None, engine="openpyxl")
    assert {"about", "places", "links"} <= set(sheets)
    assert sheets["places"]["name"].tolist() == net.names.tolist()
    assert sheets["links"]["weight"].sum() == net.total_weight


@pytest.mark.parametrize("form", list(NAMES))
def test_same_bytes_and_hostile_names(tmp_path, form):
    n = len(HOSTILE)
    places = pd.DataFrame(
        {"name_en": HOSTILE, "name_zh": HOSTILE[::-1], "country": HOSTILE}, index=[f"h{i}" for i in range(n)]
    )
    network = Network.from_matrix(5 - np.eye(n) * 5, places, provenance={"source": HOSTILE[0], "years": HOSTILE[1]})
    first, second = tmp_path / "1" / NAMES[form], tmp_path / "2" / NAMES[form]
    for path in (first, second):
        export.write(network, path)
    assert first.read_bytes() == second.read_bytes()
    reader = getattr(sources, f"read_{form.removesuffix('-text')}", None)
    if reader is not None:
        back = reader(first)
        assert back.n_places == n
        assert back.n_links == network.n_links


@pytest.mark.parametrize("form", list(NAMES))
def test_every_format_says_that_data_are_synthetic(net, spots, tmp_path, form):
    for network, says in ((net, True), (city_network(18), False)):
        path = tmp_path / str(says) / NAMES[form]
        export.write(network, path, spots=spots)
        if form == "excel":
            sheets = pd.read_excel(path, sheet_name=None, header=None, engine="openpyxl")
            text = " ".join(sheet.to_string() for sheet in sheets.values()).lower()
        else:
            text = path.read_text(encoding="utf-8").lower()
        assert ("synthetic data" in text or "synthetic_data" in text) is says


def test_columns_of_yes_and_no_are_read_as_such(net, spots, tmp_path):
    capital = np.arange(net.n_places) % 2 == 0
    odd = net.with_places(net.places.assign(capital=capital))
    for name, read in (("n.gexf", nx.read_gexf), ("n.graphml", nx.read_graphml)):
        export.write(odd, tmp_path / name, spots=spots)
        assert [data["capital"] for _, data in read(tmp_path / name).nodes(data=True)] == capital.tolist()


def test_places_without_community_are_grey_as_in_the_explorer(tmp_path):
    matrix = np.zeros((5, 5))
    matrix[0, 1] = matrix[1, 0] = 2
    export.write(Network.from_matrix(matrix, list("abcde")), tmp_path / "n.graphml")
    found = nx.read_graphml(tmp_path / "n.graphml").nodes
    assert found["a"]["color"] == found["b"]["color"] == COMMUNITIES[0]
    assert {found[place]["color"] for place in "cde"} == {OTHER}
    assert sorted(found[place]["community"] for place in "abcde") == [1, 1, 2, 3, 4]


def test_the_layout_is_that_of_the_explorer(net, tmp_path):
    from innovation_graph import backbone, similarity

    export.write(net, tmp_path / "n.gexf", seed=3)
    expected = layout.kamada_kawai(backbone.readable(net), similarity.association_strength(net), seed=3)
    found = nx.read_gexf(tmp_path / "n.gexf").nodes["c0"]["viz"]["position"]
    assert (found["x"], -found["y"]) == pytest.approx(tuple(expected[0]))


def test_wrong_arguments(net, spots, tmp_path):
    with pytest.raises(UnknownNameError, match=r"format 'dot'.*gexf"):
        export.write(net, tmp_path / "n.dot", "dot")
    with pytest.raises(FormatError, match=r"\.gexf.*map\.txt"):
        export.write(net, tmp_path / "n.dot")
    with pytest.raises(UnknownNameError, match="measure 'fame'"):
        export.write(net, tmp_path / "n.gexf", size_by="fame", spots=spots)
    with pytest.raises(NetworkError, match=r"spots must be finite and of shape \(18, 2\)"):
        export.write(net, tmp_path / "n.gexf", spots=spots[1:])
    with pytest.raises(NetworkError, match="metrics lack 1 of the 18 places"):
        export.write(net, tmp_path / "n.gexf", metrics=centrality.table(net, ["degree"]).iloc[1:])
    with pytest.raises(FormatError, match='"map" in its name'):
        export.write(net, tmp_path / "n.txt", "vosviewer-text", spots=spots)
    assert list(tmp_path.iterdir()) == []
