import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innovation_graph import read_network
from innovation_graph.errors import FormatError, NetworkError, RecipeError, UnknownNameError
from innovation_graph.places import countries
from innovation_graph.sources._cells import folded, readable_ids
from innovation_graph.sources.networks import FORMATS, group_by, read_edges, read_matrix, read_vosviewer

MATRIX = """table,row,economy,china,united_states,cote_d_ivoire
1,r1,China,na,10,2.5
1,r2,United States,10,na,
1,r3,Cote d'Ivoire,2.5,..,7
"""

EDGES = "source,target,weight\nBoston,Beijing,3\nBeijing,Paris,1.5\nParis,Paris,9\nOslo,Boston,0\n"

ITEMS = [
    {"id": 7, "label": "MIT", "address": "Cambridge, United States", "x": 0.5, "weights": {"Papers": 12}},
    {"id": 3, "label": "University of Cambridge", "address": "Cambridge, United Kingdom", "cluster": 1},
    {"id": 9, "label": "Harvard", "address": "Cambridge, United States", "scores": {"Year": 2019.5}},
    {"id": 4, "label": "Nowhere Institute", "address": "Atlantis, Deep Sea", "founders": ["a", "b"]},
]
LINKS = [
    {"source_id": 7, "target_id": 3, "strength": 2},
    {"source_id": 9, "target_id": 3, "strength": 3.5},
    {"source_id": 7, "target_id": 9, "strength": 40},
    {"source_id": 4, "target_id": 9},
]

MAP = """id\tlabel\tx\tcluster\tweight<Links>
3\t"abad, y."\t1.2\t19\t2
9\tbyrne\t-0.5\t\t1
12\t"abad y"\t0\t3\t1
"""
NETWORK = "3\t9\t1.5\n3\t12\t2\n"


def save(path, content):
    path.write_text(content, encoding="utf-8")
    return path


def vosviewer_json(path, items=ITEMS, links=LINKS):
    return save(path, json.dumps({"network": {"items": items, "links": links}}))


def links_of(network):
    return {(a, b): weight for a, b, weight in network.links().itertuples(index=False)}


# Matrix


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_matrix_with_labels_of_two_spellings(tmp_path, separator, mark, end):
    text = mark + MATRIX.replace(",", separator).replace("\n", end)
    (tmp_path / "m.csv").write_bytes(text.encode())
    network = read_matrix(tmp_path / "m.csv")
    assert network.ids.tolist() == ["china", "united-states", "cote-divoire"]
    assert network.names.tolist() == ["China", "United States", "Cote d'Ivoire"]
    assert links_of(network) == {("china", "united-states"): 10, ("china", "cote-divoire"): 2.5}
    expected = {"source": "m.csv (matrix)", "format": "matrix", "loops": 1, "both_ways": 2}
    assert network.provenance == expected
    assert network.places["country"].tolist() == ["CN", "US", "CI"]


def test_columns_may_be_in_another_order(tmp_path):
    network = read_matrix(save(tmp_path / "m.csv", ",b,a,c\na,1,0,2\nb,0,1,0\nc,0,2,0\n"))
    assert network.ids.tolist() == ["a", "b", "c"]
    assert links_of(network) == {("a", "b"): 1, ("a", "c"): 2}


@given(st.integers(1, 6), st.data())
def test_any_symmetric_matrix_comes_back(tmp_path_factory, n, data):
    values = np.zeros((n, n))
    cells = data.draw(st.lists(st.floats(0, 1e12), min_size=n * (n - 1) // 2, max_size=n * (n - 1) // 2))
    values[np.triu_indices(n, 1)] = cells
    frame = pd.DataFrame(values + values.T, index=list("abcdef")[:n], columns=list("abcdef")[:n])
    path = tmp_path_factory.mktemp("matrix") / "m.csv"
    frame.to_csv(path)
    assert read_matrix(path).adjacency.toarray().tolist() == frame.to_numpy().tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            MATRIX.replace("r2,United States,10", "r2,United States,11"),
            r"both ways, got 'China' - 'United States' is 10 one way and 11 the other way \(1 of 2 pairs differ\)",
        ),
        (
            MATRIX.replace("2.5\n", "many\n"),
            r"line 2: expected a number from 0 on in column 'cote_d_ivoire', got 'many'",
        ),
        (MATRIX.replace("2.5", "-2.5"), r"line 2: .*got '-2\.5'"),
        (MATRIX.replace("2.5", "inf"), r"line 2: .*got 'inf'"),
        (
            MATRIX.replace("cote_d_ivoire", "ivory_coast"),
            r"without a column: \[\"Cote d'Ivoire\"\].*\['ivory_coast'\]",
        ),
        (MATRIX.replace("Cote d'Ivoire", "China"), r"each row label once, got \['China'\]"),
        (MATRIX.replace("cote_d_ivoire", "china"), r"each column label once, got \['china'\]"),
        (MATRIX.replace("na,10,2.5", "na,10"), "line 2: expected 6 cells, got 5"),
        (MATRIX.splitlines()[0], "got a header without rows"),
        ("", "got an empty file"),
        ("a,b\n1,2\n3,4\n5,6\n", "expected a column whose entries name the other columns"),
    ],
)
def test_spoilt_matrices(tmp_path, content, message):
    with pytest.raises(FormatError, match=message) as error:
        read_matrix(save(tmp_path / "m.csv", content))
    assert str(tmp_path / "m.csv") in str(error.value)


# Edges


def test_edges(tmp_path):
    network = read_edges(save(tmp_path / "e.csv", EDGES))
    assert network.ids.tolist() == ["beijing", "boston", "oslo", "paris"]
    assert links_of(network) == {("beijing", "boston"): 3, ("beijing", "paris"): 1.5}
    assert network.provenance["loops"] == 1
    unweighted = read_edges(save(tmp_path / "e.csv", EDGES), weight=None)
    assert set(links_of(unweighted).values()) == {1}
    assert unweighted.n_links == 3


def test_edges_with_other_columns(tmp_path):
    path = save(tmp_path / "e.tsv", "n\tfrom\tto\n4\tNA\tnull\n")
    network = read_edges(path, source="from", target="to", weight="n")
    assert network.names.tolist() == ["NA", "null"]
    assert network.total_weight == 4


@pytest.mark.parametrize(("rule", "expected"), [("sum", 16), ("max", 12), ("mean", 8)])
def test_directed_edges_need_a_rule(tmp_path, rule, expected):
    content = "source,target,weight\na,b,5\nb,a,4\na,b,7\nc,a,6\n"
    path = save(tmp_path / "e.csv", content)
    with pytest.raises(FormatError, match=r"line 4: expected each pair once.*, got 'a' - 'b' again.*--directed\): sum"):
        read_edges(path)
    save(path, content.replace("a,b,7", "c,b,7"))
    message = (
        r"got 'a' - 'b' is 5 one way and 4 the other way \(3 of 3 pairs differ\).*\(--directed\): sum, max or mean"
    )
    with pytest.raises(FormatError, match=message):
        read_edges(path)
    save(path, content)
    network = read_edges(path, directed=rule)
    assert links_of(network) == {("a", "b"): expected, ("a", "c"): 3 if rule == "mean" else 6}
    assert network.provenance["directed"] == rule


def test_rules_that_do_not_exist(tmp_path):
    with pytest.raises(RecipeError, match=r"directed \(--directed\) must be one of sum, max, mean, not 'min'"):
        read_edges(save(tmp_path / "e.csv", EDGES), directed="min")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            EDGES.replace("target", "to"),
            r"line 1: expected columns \['source', 'target', 'weight'\], got columns",
        ),
        (EDGES.replace("1.5", "many"), "line 3: expected a number from 0 on in column 'weight', got 'many'"),
        (EDGES.replace("1.5", "-1.5"), "line 3: .*got '-1.5'"),
        (EDGES.replace("1.5", "nan"), "line 3: .*got 'nan'"),
        (EDGES.replace("1.5", ""), "line 3: .*got ''"),
        (
            EDGES.replace("Beijing,Paris", "Beijing,"),
            "line 3: expected names of two places, got 'Beijing' and ''",
        ),
        (EDGES + "Rome,Oslo\n", "line 6: expected 3 cells, got 2"),
        ('source,target,weight\na,"b,1\n', "expected 3 cells"),
        ("source,target,weight\n", "got a header without rows"),
    ],
)
def test_spoilt_edges(tmp_path, content, message):
    with pytest.raises(FormatError, match=message):
        read_edges(save(tmp_path / "e.csv", content))


def test_line_numbers_count_lines_inside_quotes(tmp_path):
    with pytest.raises(FormatError, match=r"line 5: .*got 'x'"):
        read_edges(save(tmp_path / "e.csv", 'source,target,weight\n"a\nb",c,1\n\na,c,x\n'))


# VOSviewer


def test_vosviewer_json(tmp_path):
    network = read_vosviewer(vosviewer_json(tmp_path / "n.json"))
    assert network.ids.tolist() == ["mit", "university-of-cambridge", "harvard", "nowhere-institute"]
    assert links_of(network) == {
        ("mit", "university-of-cambridge"): 2,
        ("university-of-cambridge", "harvard"): 3.5,
        ("mit", "harvard"): 40,
        ("harvard", "nowhere-institute"): 1,
    }
    places = network.places
    assert places["vosviewer_id"].tolist() == ["7", "3", "9", "4"]
    assert places["weight<Papers>"].iloc[0] == 12
    assert places["score<Year>"].iloc[2] == 2019.5
    assert places["founders"].iloc[3] == '["a", "b"]'
    assert places[["x", "cluster"]].isna().sum().tolist() == [3, 3]
    network.write(tmp_path / "net")
    assert read_network(tmp_path / "net") == network


def test_vosviewer_text(tmp_path):
    save(tmp_path / "map.txt", "\ufeff" + MAP)
    save(tmp_path / "network.txt", "\ufeff" + NETWORK)
    network = read_vosviewer(tmp_path / "map.txt")
    assert network.ids.tolist() == ["abad-y", "byrne", "abad-y-2"]
    assert network.names.tolist() == ["abad, y.", "byrne", "abad y"]
    assert links_of(network) == {("abad-y", "byrne"): 1.5, ("abad-y", "abad-y-2"): 2}
    assert network.places["weight<Links>"].tolist() == [2, 1, 1]
    save(tmp_path / "other", "3\t9\n")
    assert links_of(read_vosviewer(tmp_path / "map.txt", tmp_path / "other")) == {("abad-y", "byrne"): 1}
    save(tmp_path / "other", "")
    assert read_vosviewer(tmp_path / "map.txt", tmp_path / "other").n_links == 0


def test_attributes_named_like_our_own_columns(tmp_path):
    items = [
        {"id": 1, "place_id": "x", "name_en": "y", "country": "CN", "lat": 5},
        {"id": 2, "vosviewer_id": 8},
    ]
    network = read_vosviewer(vosviewer_json(tmp_path / "n.json", items, []))
    network.write(tmp_path / "net")
    again = read_network(tmp_path / "net")
    assert again == network
    assert again.names.tolist() == ["1", "2"]
    assert again.places["country"].iloc[0] == "CN"
    assert again.places["item_vosviewer_id"].iloc[1] == 8
    items[1]["lat"] = "north"
    with pytest.raises(FormatError, match="numbers as 'lat' of places, got "):
        read_vosviewer(vosviewer_json(tmp_path / "n.json", items, []))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (json.dumps({"network": {"items": ITEMS, "links": LINKS}}, indent=1)[:-60], "line 5.: .*cut short"),
        ("[]", "expected VOSviewer JSON"),
        ('{"network": {}}', "KeyError: 'items'"),
        ('{"network": {"items": ["a"]}}', "expected VOSviewer JSON"),
        ('{"network": {"items": []}}', "got 0 items"),
        ('{"network": {"items": [{"label": "a"}]}}', "got 1 items, not each with an id"),
        ('{"network": {"items": [{"id": 1}, {"id": 1}]}}', "each item once, got item '1' again"),
        (
            '{"network": {"items": [{"id": 1}], "links": [{"source_id": 1, "target_id": 2}]}}',
            "got a link 1 - 2",
        ),
        ('{"network": {"items": [{"id": 1}], "links": [{"source_id": 1}]}}', "KeyError: 'target_id'"),
    ],
)
def test_spoilt_vosviewer_json(tmp_path, content, message):
    with pytest.raises(FormatError, match=message):
        read_vosviewer(save(tmp_path / "n.json", content))


@pytest.mark.parametrize("strength", ["3", -1, None, True, float("nan"), float("inf"), [1]])
def test_strengths_that_are_no_strengths(tmp_path, strength):
    links = [{"source_id": 7, "target_id": 3, "strength": strength}]
    with pytest.raises(FormatError, match="expected a strength from 0 on, got "):
        read_vosviewer(vosviewer_json(tmp_path / "n.json", ITEMS, links))


@pytest.mark.parametrize(
    ("map_text", "network_text", "message"),
    [
        (MAP.replace("id\t", "number\t"), NETWORK, "different columns, one of them 'id'"),
        (MAP.replace("cluster", "x"), NETWORK, "different columns, one of them 'id'"),
        (MAP.replace("\n9\t", "\n3\t"), NETWORK, "each item once, got item '3' again"),
        (MAP, NETWORK.replace("12", "13"), "got a link 3 - 13"),
        (MAP, NETWORK.replace("1.5", "many"), r"network\.txt, line 1: .*the strength, got 'many'"),
        (MAP, NETWORK.replace("\t2", "\t-2"), r"network\.txt, line 2: .*got '-2'"),
        (MAP, "3\n", "line 1: expected two ids and a strength, got 1 cells"),
        (MAP, None, "expected a network file with the links beside the map, got none"),
        (MAP.splitlines()[0], NETWORK, "got a header without rows"),
    ],
)
def test_spoilt_vosviewer_text(tmp_path, map_text, network_text, message):
    save(tmp_path / "map.txt", map_text)
    if network_text is not None:
        save(tmp_path / "network.txt", network_text)
    with pytest.raises(FormatError, match=message):
        read_vosviewer(tmp_path / "map.txt")


# All formats


TEXTS = {name: reader for name, reader in FORMATS.items() if name != "npz"}


@pytest.mark.parametrize("reader", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_no_file_no_text_no_network(tmp_path, reader, suffix):
    path = tmp_path / f"x.{suffix}"
    with pytest.raises(FormatError, match="No such file"):
        reader(path)
    for junk, message in (
        (bytes(range(256)) * 4, "bytes that are not UTF-8"),
        (b"\0\0\0", "binary data"),
        (b"", "expected"),
        ("source,target".encode("utf-16"), "bytes that are not UTF-8"),
        (b"x" * 10_000_000, "expected"),
        (b"1," * 5_000_000, "expected"),
        (b"a\n" * 100_000, "expected"),
    ):
        path.write_bytes(junk)
        with pytest.raises(FormatError, match=message) as error:
            reader(path)
        assert len(str(error.value)) < 1000
    folder = tmp_path / f"folder.{suffix}"
    folder.mkdir()
    with pytest.raises(FormatError, match="got a folder"):
        reader(folder)


# Groups and names


def test_organisations_become_cities(tmp_path):
    cities = group_by(read_vosviewer(vosviewer_json(tmp_path / "n.json")), "address")
    assert cities.ids.tolist() == ["atlantis-deep-sea", "cambridge-gb", "cambridge-us"]
    assert cities.names.tolist() == ["Atlantis, Deep Sea", "Cambridge", "Cambridge"]
    assert cities.places["iso2"].tolist()[1:] == cities.places["country"].tolist()[1:] == ["GB", "US"]
    assert pd.isna(cities.places["iso2"].iloc[0])
    assert links_of(cities) == {
        ("cambridge-gb", "cambridge-us"): 5.5,
        ("atlantis-deep-sea", "cambridge-us"): 1,
    }
    assert (cities.provenance["inside_links"], cities.provenance["inside_weight"]) == (1, 40)
    assert cities.provenance["group_by"] == "address"
    assert cities.bloc("GB", "US").n_links == 1


def test_groups_that_are_numbers_or_missing(tmp_path):
    network = read_vosviewer(vosviewer_json(tmp_path / "n.json"))
    with pytest.raises(NetworkError, match="3 of 4 places have no 'cluster', the first is 'mit'"):
        group_by(network, "cluster")
    with pytest.raises(UnknownNameError, match="unknown column 'city'"):
        group_by(network, "city")
    clusters = group_by(network.with_places(network.places.assign(cluster=[1, 2, 1, 2])), "cluster")
    assert clusters.ids.tolist() == ["1", "2"]
    assert clusters.total_weight == 6.5


def test_ids_are_readable_and_unique():
    assert readable_ids(["São Paulo", "Łódź", "Malmö", "Århus", "Straße 7!"]) == [
        "sao-paulo",
        "lodz",
        "malmo",
        "arhus",
        "strasse-7",
    ]
    assert readable_ids(["北京", "!", "place"]) == ["北京", "place", "place-2"]
    assert readable_ids(["a", "a", "a-2", "a"]) == ["a", "a-3", "a-2", "a-4"]
    assert readable_ids(["York", "York", "Oslo"], ["GB", "US", "NO"]) == ["york-gb", "york-us", "oslo"]
    assert readable_ids(["York", "York", "York"], ["GB", None, "GB"]) == ["york-gb", "york", "york-gb-2"]


@given(st.lists(st.text(max_size=4)))
def test_ids_are_unique_for_any_names(names):
    ids = readable_ids(names)
    assert len(set(ids)) == len(ids) == len(names)
    assert all(ids)


def test_folded_labels():
    assert folded(" United  States (USA) ") == folded("united_states_usa") == "united_states_usa"
    assert folded("Türkiye") == folded("Tu\u0308rkiye")


# Published networks


def test_leiden_ranking_links_and_strengths(real_data):
    network = read_vosviewer(real_data / "leiden2015" / "map.txt")
    assert (network.n_places, network.n_links) == (750, 151_644)
    adjacency, places = network.adjacency, network.places
    assert np.diff(adjacency.indptr).tolist() == places["weight<Links>"].tolist()
    # Strengths are printed with four digits, as are the links they are sums of.
    np.testing.assert_allclose(adjacency.sum(axis=1), places["weight<Total link strength>"], rtol=0, atol=1e-9)


def test_covid_organisations_become_72_cities(real_data, tmp_path):
    path = real_data / "covid_organisations" / "network.json"
    organisations = read_vosviewer(path)
    assert (organisations.n_places, organisations.n_links, organisations.total_weight) == (100, 2878, 11_213)
    cities = group_by(organisations, "address")
    assert (cities.n_places, cities.n_links) == (72, 1851)
    assert cities.total_weight + cities.provenance["inside_weight"] == 11_213
    assert cities.places["iso2"].notna().all()
    assert {"cambridge-gb", "cambridge-us", "sao-paulo"} < set(cities.ids)
    assert cities.bloc("CN", "US").n_links == 164
    # The same from the file itself, without a network.
    content = json.loads(path.read_text(encoding="utf-8"))["network"]
    city = {item["id"]: item["address"] for item in content["items"]}
    pairs = Counter()
    for link in content["links"]:
        pairs[frozenset((city[link["source_id"]], city[link["target_id"]]))] += link["strength"]
    inside = {next(iter(pair)): strength for pair, strength in pairs.items() if len(pair) == 1}
    assert len(inside) == 16
    assert sum(inside.values()) == cities.provenance["inside_weight"]
    labels = cities.names + ", " + cities.places["country"]
    ours = {frozenset((labels[a], labels[b])): weight for (a, b), weight in links_of(cities).items()}
    theirs = {
        frozenset(f"{name}, {countries.code(country)}" for name, country in (text.split(", ") for text in pair)): n
        for pair, n in pairs.items()
        if len(pair) == 2
    }
    assert ours == theirs
    cities.write(tmp_path / "net")
    assert read_network(tmp_path / "net") == cities


def test_web_of_science_author_network(real_data):
    network = read_vosviewer(real_data / "wos_csss" / "vosviewer_map.txt")
    assert (network.n_places, network.n_links) == (2234, 15_675)
    places = network.places
    assert np.diff(network.adjacency.indptr).tolist() == places["weight<Links>"].tolist()
    assert network.adjacency.sum(axis=1).tolist() == places["weight<Total link strength>"].tolist()
    assert "abad, y." in set(network.names)


def test_coronavirus_matrix(real_data):
    network = read_matrix(real_data / "ncses" / "5019.csv")
    frame = pd.read_csv(real_data / "ncses" / "5019.csv", index_col=2, na_values="na").iloc[:, 2:]
    assert network.names.tolist() == frame.index.tolist()
    np.testing.assert_array_equal(network.adjacency.toarray(), frame.fillna(0).to_numpy())


def test_directed_flows_between_economies(real_data):
    path = real_data / "github_innovation_graph" / "economy_collaborators.csv"
    with pytest.raises(FormatError, match=r"a list with times .year, quarter."):
        read_edges(path, target="destination", directed="sum")
    network = read_edges(path, target="destination", directed="sum", all_times=True)
    frame = pd.read_csv(path, keep_default_na=False)
    assert network.places["name_en"]["na"] == "Namibia"
    assert network.places["country"].isna().sum() == 1  # the European Union
    assert network.n_places == len(set(frame["source"]) | set(frame["destination"]))
    assert network.total_weight == frame.loc[frame["source"] != frame["destination"], "weight"].sum()
    assert network.bloc("CN", "US").total_weight == sum(
        frame.loc[(frame["source"] == a) & (frame["destination"] == b), "weight"].sum()
        for a, b in (("CN", "US"), ("US", "CN"))
    )
