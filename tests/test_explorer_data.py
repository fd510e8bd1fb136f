"""The explorer: layers, periods, intervals, scores, works and maps, as they stand in the page."""

import numpy as np
import pandas as pd
import pytest
from pages import city_network, data_of
from typer.testing import CliRunner

from innovation_graph import Network, backbone, centrality
from innovation_graph.cli.drawing import app
from innovation_graph.errors import FormatError, NetworkError, UnknownNameError
from innovation_graph.index.scoring import score
from innovation_graph.index.spec import IndexSpec, Indicator, Node
from innovation_graph.places import gihi2024
from innovation_graph.uncertainty import Uncertainty
from innovation_graph.views import explorer, world


@pytest.fixture(scope="module")
def net():
    return city_network(15)


def dense(layer, weights, n):
    matrix = np.zeros((n, n))
    matrix[layer["links"]["a"], layer["links"]["b"]] = weights
    return matrix + matrix.T


def test_a_second_layer_is_laid_over_the_same_places(net):
    other = city_network(17, seed=9, kind="patent")
    other = other.subset([*other.ids[3:], other.ids[0]])  # two places more, two fewer, and links of its own
    data = data_of(explorer.render(net, layers={"patents": other}))
    papers, patents = data["layers"]
    assert (papers["name"], patents["name"]) == ("paper", "patents")
    assert patents["provenance"]["kind"] == "patent"
    assert patents["leftOut"] == 2
    known = [place for place in net.ids if place in other.ids]
    expected = pd.DataFrame(other.adjacency.toarray(), other.ids, other.ids).loc[known, known]
    found = pd.DataFrame(dense(patents, patents["links"]["w"], 15), net.ids, net.ids)
    assert (found.loc[known, known] == expected).all(axis=None)
    assert found.to_numpy().sum() == expected.to_numpy().sum()
    strength = pd.Series(patents["metrics"]["strength"]["value"], net.ids)
    assert (strength[known] == expected.sum()).all()
    assert patents["works"][1] is None
    assert patents["works"][0] == other.places["works"]["c0"]


def test_periods_share_links_and_places_with_the_whole(net):
    first, second, weight = net.pairs
    early = net.keep_links(weight % 2 == 0)
    extra = city_network(15, seed=8)
    data = data_of(explorer.render(net.keep_links(weight > 2), periods={"2019": early, "2020": extra}))
    (layer,) = data["layers"]
    assert [period["time"] for period in layer["periods"]] == ["2019", "2020"]
    for period, network in zip(layer["periods"], (early, extra), strict=True):
        assert (dense(layer, period["w"], 15) == network.adjacency.toarray()).all()
        core = backbone.readable(network)
        links = [(layer["links"]["a"][e], layer["links"]["b"][e]) for e in period["core"]]
        assert {frozenset(pair) for pair in links} == {frozenset(pair) for pair in zip(*core.pairs[:2], strict=True)}
        assert period["metrics"]["degree"]["value"] == centrality.degree(network).tolist()
    # Links of a period only are there with weight 0.
    assert sum(w > 0 for w in layer["links"]["w"]) == int((weight > 2).sum())
    assert first.size == second.size


def test_between_two_groups_periods_measure_partners_on_the_other_side(net):
    few = net.keep_links(net.pairs[2] > 3)
    (layer,) = data_of(explorer.render(net, blocs=("CN", "US"), periods={"2020": few}))["layers"]
    bloc = net.bloc("CN", "US")
    cross = few.bloc("CN", "US")
    degree = pd.Series(0, bloc.ids)
    degree[cross.ids] = centrality.degree(cross)
    # Five places stand on either side.
    found = layer["periods"][0]["metrics"]["degree_normalised"]["value"]
    assert found == pytest.approx((degree / 5).tolist(), rel=1e-5)


def test_whatever_is_synthetic_marks_the_page(net):
    made_up = city_network(15, synthetic=True)
    estimate = centrality.table(net, ["strength"]).astype("float64")
    drawn = {"strength": np.tile(estimate["strength"], (2, 1))}
    about = {"synthetic": True}
    for extra in (
        {"layers": {"patents": made_up}},
        {"periods": {"2019": net, "2020": made_up}},
        {"uncertainty": Uncertainty(estimate, drawn, net.names, "whole", 0, about)},
    ):
        assert data_of(explorer.render(net, **extra))["synthetic"] is True
    assert data_of(explorer.render(net, layers={"patents": net}, periods={"2019": net}))["synthetic"] is False


def test_synthetic_scores_mark_the_page(net, tmp_path):
    spec = IndexSpec("x", (Node("N", "all"),), (Indicator("I", "one", "N"),))
    made = score(spec, pd.DataFrame({"I": np.arange(15.0)}, index=net.ids))
    net.write(tmp_path / "net")
    for says in (True, False):
        made.write(tmp_path / f"scores_{says}", synthetic=says)
        page = tmp_path / f"{says}.html"
        call = ["map", str(tmp_path / "net"), "--scores", str(tmp_path / f"scores_{says}"), "--out", str(page)]
        assert CliRunner().invoke(app, call, catch_exceptions=False).exit_code == 0
        assert data_of(page.read_text(encoding="utf-8"))["synthetic"] is says


def test_intervals_of_values_and_ranks(net):
    rng = np.random.default_rng(0)
    estimate = centrality.table(net, ["strength"]).assign(fame=np.arange(15.0))
    replicates = {name: estimate[name].to_numpy() + rng.normal(size=(50, 15)) for name in estimate}
    found = Uncertainty(estimate.astype("float64"), replicates, net.names, "whole", 0)
    metrics = data_of(explorer.render(net, uncertainty=found, size_by="fame"))["layers"][0]["metrics"]
    for name in ("strength", "fame"):
        summary = found.summary(name)
        assert metrics[name]["low"] == pytest.approx(summary["low"].tolist(), rel=1e-5)
        assert metrics[name]["rankHigh"] == summary["rank_high"].tolist()
    assert metrics["fame"]["rank"] == list(range(15, 0, -1))
    assert "low" not in metrics["degree"]
    with pytest.raises(NetworkError, match="uncertainties lack"):
        explorer.render(city_network(16), uncertainty=found)


def test_scores_of_an_index_are_measures_with_names(net):
    spec = IndexSpec("made up", (Node("all", "Overall", name_zh="总分"),), (Indicator("a", "A", "all"),))
    made = score(spec, pd.DataFrame({"a": np.arange(14.0)}, index=net.ids[:14]))
    data = data_of(explorer.render(net, scores=made, colour_by="all"))
    shown = data["layers"][0]["metrics"]["all"]
    assert shown["rank"] == [*range(14, 0, -1), None]
    assert shown["value"][14] is None
    assert data["labels"]["all"] == {"en": "Overall", "zh": "总分"}
    assert data["colourBy"] == "all"


def test_works_stand_under_their_tie_the_latest_first(net):
    table = pd.DataFrame(
        {"title": ["Old", "New", None], "year": [2001, 2020, None], "work_id": ["w1", "w2", "w3"], "other": 1}
    )
    table["year"] = table["year"].astype("Int64")
    works = data_of(explorer.render(net, works={("São Paulo", "c0"): table}))["works"]
    assert works == {"0-1": {"title": ["New", "Old", None], "year": [2020, 2001, None], "work_id": ["w2", "w1", "w3"]}}
    with pytest.raises(NetworkError, match="are one"):
        explorer.render(net, works={("c1", "São Paulo"): table})


def test_maps_hold_places_and_land():
    hubs = gihi2024().table.iloc[[0, 20, 70, 100]].copy()
    hubs.loc[hubs.index[1], "lat"] = None
    network = Network.from_matrix(np.ones((4, 4)) - np.eye(4), hubs)
    data = data_of(explorer.render(network, view="map"))
    assert data["view"] == "map"
    for centre, content in data["map"]["maps"].items():
        spot = world.flat(hubs["lon"], hubs["lat"], centre)
        assert content["x"][1] is None
        for i in (0, 2, 3):
            assert (content["x"][i], content["y"][i]) == pytest.approx(tuple(spot[i]), abs=0.06)
        assert content["lines"] == []
        drawn = [np.cumsum(np.array(ring).reshape(-1, 2), axis=0) for ring in content["land"]]
        assert len(drawn) == len(world.land(centre))
        assert all(np.abs(a[0] - b[0]).max() < 0.51 for a, b in zip(drawn, world.land(centre), strict=True))
    line = {"type": "LineString", "coordinates": [[0, 0], [10, 10]]}
    lines = data_of(explorer.render(network, boundaries=line))["map"]["maps"]["atlantic"]["lines"]
    assert len(lines) == 1
    with pytest.raises(FormatError, match="GeoJSON"):
        explorer.render(network, boundaries={"type": "Point"})


def test_the_middle_of_the_map_is_where_links_are_short():
    hubs = gihi2024().table
    pacific = Network.from_edges(pd.DataFrame({"source": ["beijing"], "target": ["boston"], "weight": [1]}), hubs)
    atlantic = Network.from_edges(pd.DataFrame({"source": ["london"], "target": ["boston"], "weight": [1]}), hubs)
    centres = [data_of(explorer.render(net))["map"]["centre"] for net in (pacific, atlantic)]
    assert centres == ["pacific", "atlantic"]
    assert data_of(explorer.render(pacific, centre="atlantic"))["map"]["centre"] == "atlantic"


def test_a_network_without_coordinates_has_no_map(net):
    assert data_of(explorer.render(net))["map"] is None
    with pytest.raises(NetworkError, match="a map needs coordinates"):
        explorer.render(net, view="map")


def test_chinese_names_have_their_pinyin_and_countries_their_continent():
    hubs = gihi2024().table
    plain = hubs.assign(continent=None)
    data = data_of(explorer.render(Network.from_matrix(np.zeros((120, 120)), plain)))["places"]
    assert all(data["pinyin"])
    assert data["pinyin"][hubs.index.get_loc("chongqing")] == "chong qing"
    assert data["continent"] == hubs["continent"].tolist()


def test_places_called_like_a_hub_have_its_chinese_name():
    places = pd.DataFrame(
        {
            "name_en": ["Cambridge", "Cambridge", "Paris"],
            "country": ["GB", "US", "FR"],
            "name_zh": [None, None, "自己"],
        },
        index=["a", "b", "c"],
    )
    data = data_of(explorer.render(Network.from_matrix(np.zeros((3, 3)), places)))["places"]
    assert data["zh"] == ["剑桥", None, "自己"]
    assert data["pinyin"] == ["jian qiao", None, None]


def test_wrong_choices(net):
    for options, message in (
        ({"view": "globe"}, "view 'globe'.*matrix"),
        ({"colour_by": "fame"}, "colouring 'fame'.*community"),
        ({"size_by": "fame"}, "measure 'fame'"),
    ):
        with pytest.raises(UnknownNameError, match=message):
            explorer.render(net, **options)
    mapped = Network.from_matrix(np.zeros((120, 120)), gihi2024().table)
    with pytest.raises(UnknownNameError, match="centre of the map 'arctic'"):
        explorer.render(mapped, centre="arctic")


def test_a_date_stands_only_where_it_is_given(net):
    assert data_of(explorer.render(net))["date"] is None
    assert data_of(explorer.render(net, date="2024-05-01"))["date"] == "2024-05-01"


def test_groups_given_as_generators_are_read_once(net):
    cross = net.bloc("CN", "US")
    page = explorer.render(net, blocs=(iter(["CN"]), iter(["US"])), layers={"more": net}, periods={"2020": net})
    layers = data_of(page)["layers"]
    for layer in layers:
        assert (dense(layer, layer["links"]["w"], cross.n_places) == cross.adjacency.toarray()).all()
    assert (dense(layers[0], layers[0]["periods"][0]["w"], cross.n_places) == cross.adjacency.toarray()).all()
