"""The explorer: what stands in the page."""

import base64
import hashlib
import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import HOSTILE, Elements, city_network, data_of
from scipy.stats import rankdata

from innovation_graph import Network, backbone, centrality
from innovation_graph.communities import Partition
from innovation_graph.errors import InnovationGraphError, NetworkError, UnknownNameError
from innovation_graph.views import explorer
from innovation_graph.views._page import data_block, page
from innovation_graph.views.layout import MOST_PLACES


@pytest.fixture(scope="module")
def net():
    return city_network(synthetic=True)


@pytest.fixture(scope="module")
def html(net):
    return explorer.render(net)


def test_data_are_those_of_the_network(net, html):
    data = {**data_of(html), **data_of(html)["layers"][0]}
    assert data["places"]["id"] == list(net.ids)
    assert data["places"]["en"] == net.names.tolist()
    assert data["places"]["zh"][:4] == ["苏黎世", "圣保罗", "西安", None]
    a, b, w = (np.array(data["links"][key]) for key in "abw")
    drawn = dict(zip(zip(a, b, strict=True), w, strict=True))
    first, second, weight = net.pairs
    assert drawn == dict(zip(zip(first, second, strict=True), weight, strict=True))
    core = backbone.readable(net)
    k = data["backbone"]
    assert k == core.n_links < net.n_links
    assert set(zip(a[:k], b[:k], strict=True)) == set(zip(*core.pairs[:2], strict=True))
    assert np.all(np.diff(w[:k]) <= 0)
    assert np.all(np.diff(w[k:]) <= 0)


def test_measures_and_their_ranks(net, html):
    data = data_of(html)["layers"][0]["metrics"]
    table = centrality.table(net)
    assert list(data) == list(table)
    for name, column in table.items():
        assert data[name]["value"] == pytest.approx(column.tolist(), rel=1e-5)
        assert data[name]["rank"] == rankdata(-column, method="min").tolist()


def test_noise_of_the_arithmetic_gives_no_ranks():
    names = [f"c{i}" for i in range(13)]
    ring = Network.from_edges(pd.DataFrame({"source": names, "target": [*names[1:], names[0]], "weight": 0.1}))
    shown = data_of(explorer.render(ring))["layers"][0]["metrics"]  # in a ring no place differs from any other
    assert {name: set(column["rank"]) for name, column in shown.items()} == {name: {1} for name in centrality.MEASURES}


def test_size_without_strength_is_the_first_measure(net):
    assert data_of(explorer.render(net))["sizeBy"] == "strength"
    some = centrality.table(net, ["pagerank", "degree"])
    assert data_of(explorer.render(net, metrics=some))["sizeBy"] == "pagerank"
    with pytest.raises(NetworkError, match=r"no column of numbers; found \['name'\]"):
        explorer.render(net, metrics=pd.DataFrame({"name": net.names}))


def test_measures_of_whole_numbers_may_be_missing(net):
    score = pd.Series([None, 3, 3, *[1] * 37], index=net.ids, dtype="Int64")
    shown = data_of(explorer.render(net, metrics=score.to_frame("score")))["layers"][0]["metrics"]["score"]
    assert shown["value"] == [None, 3, 3, *[1] * 37]
    assert shown["rank"] == [None, 1, 1, *[3] * 37]


def test_given_measures_and_communities_are_shown(net):
    metrics = pd.DataFrame({"score": [None, -1.5, *range(net.n_places - 1)]}, index=[*net.ids, "elsewhere"])
    labels = pd.Series(["x"] * 15 + ["y"] * 23 + ["z", "q"], index=net.ids)
    data = data_of(explorer.render(net, metrics=metrics[::-1], size_by="score", partition=_Labels(labels)))
    assert data["layers"][0]["metrics"]["score"]["value"][:3] == [None, -1.5, 0]
    assert data["layers"][0]["metrics"]["score"]["rank"][:3] == [None, net.n_places - 1, net.n_places - 2]
    assert data["places"]["group"] == [1] * 15 + [0] * 23 + [2, 2]
    assert [(g["size"], g["other"]) for g in data["groups"]] == [(23, False), (15, False), (2, True)]


class _Labels:
    def __init__(self, labels):
        self.labels = labels


def test_same_input_same_bytes_and_the_file_is_utf8(net, html, tmp_path):
    path = tmp_path / "deep" / "map.html"
    explorer.write(net, path)
    assert path.read_bytes() == html.encode("utf-8")
    explorer.write(net, path, lang="zh", seed=3)
    assert path.read_bytes() == explorer.render(net, lang="zh", seed=3).encode("utf-8") != html.encode("utf-8")
    explorer.write(net, path)
    assert "苏黎世" in path.read_text(encoding="utf-8")
    assert [p.name for p in path.parent.iterdir()] == ["map.html"]


def test_complete_network_of_120_places_is_below_one_megabyte():
    text = explorer.render(city_network(120))
    assert len(data_of(text)["layers"][0]["links"]["w"]) == 7140
    assert len(text.encode()) < 1_000_000


def test_only_our_scripts_are_allowed_and_nothing_comes_from_outside(html):
    found = Elements(html).found
    policy = next(a["content"] for _, a, _ in found if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        bodies = [body for name, attrs, body in found if name == tag and "type" not in attrs]
        marks = [base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in bodies]
        assert rules[rule].split() == [f"'sha256-{mark}'" for mark in marks]
    for _, attrs, _ in found:
        assert not {"src", "href", "style", "srcdoc"} & set(attrs)
        assert not [name for name in attrs if name.startswith("on")]


@given(st.recursive(st.text() | st.sampled_from(HOSTILE), lambda inner: st.lists(inner, max_size=4)))
def test_data_block_reads_back_and_cannot_end_its_element(value):
    block = str(data_block(value))
    assert json.loads(block) == value
    assert not re.search("[<>&\u2028\u2029]", block)
    block.encode("utf-8")


def test_a_script_that_would_end_its_element_is_refused():
    with pytest.raises(InnovationGraphError, match="cannot be inlined"):
        page("explorer.html", scripts=["'</SCRIPT>'"], style="")


def test_wrong_arguments(net):
    with pytest.raises(UnknownNameError, match=r"unknown measure 'fame'; known: .*strength"):
        explorer.render(net, size_by="fame")
    with pytest.raises(UnknownNameError, match="language 'fr'"):
        explorer.render(net, lang="fr")
    with pytest.raises(NetworkError, match="metrics lack 1 of the 40 places, the first is 'c3'"):
        explorer.render(net, metrics=centrality.table(net).drop("c3"))
    some = Partition(pd.Series([1], index=["c0"]), {}, {}, 0)
    with pytest.raises(NetworkError, match="partition labels lack 39"):
        explorer.render(net, partition=some)


def test_too_many_places_are_refused_before_anything_is_measured(monkeypatch):
    def measured(*_, **__):
        raise AssertionError("measured in vain")

    monkeypatch.setattr(centrality, "table", measured)
    ids = [f"p{i}" for i in range(MOST_PLACES + 1)]
    empty = Network.from_edges(pd.DataFrame({"source": [], "target": []}), ids, weight=None)
    with pytest.raises(NetworkError, match=r"Network\.subset.*--countries"):
        explorer.render(empty)


def test_between_two_groups_the_share_is_of_the_other_side(net):
    lopsided = net.subset([*net.ids[net.places["country"] == "CN"][:3], *net.ids[net.places["country"] == "US"][:7]])
    data = data_of(explorer.render(lopsided, blocs=("CN", "US")))
    # Everybody works with everybody on the other side: with 7 of 7, and with 3 of 3.
    assert sorted(data["layers"][0]["metrics"]["degree"]["value"]) == [3] * 7 + [7] * 3
    assert data["layers"][0]["metrics"]["degree_normalised"]["value"] == [1] * 10


def test_columns_hold_the_links_between_the_two_groups_only(net):
    data = data_of(explorer.render(net, blocs=("CN", "US")))
    cross = net.bloc("CN", "US")
    assert data["view"] == "columns"
    assert len(data["layers"][0]["links"]["w"]) == cross.n_links
    side, country = np.array(data["side"]), np.array(data["places"]["country"])
    assert set(country[side == 0]) == {"CN"}
    assert set(country[side == 1]) == {"US"}
    assert data_of(explorer.render(cross))["places"] == data["places"]
