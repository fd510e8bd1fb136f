import json

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from innovation_graph import Network, read_network
from innovation_graph.errors import FormatError, NetworkError, UnknownNameError
from innovation_graph.network import PLACE_COLUMNS
from innovation_graph.places import Located
from tests.zoo import ZOO

COUNTRIES = ("CN", "US", "GB")


@st.composite
def matrices(draw, largest=8):
    n = draw(st.integers(0, largest))
    weight = st.one_of(st.just(0.0), st.just(0.0), st.floats(1e-9, 1e9))
    cells = draw(st.lists(weight, min_size=n * (n - 1) // 2, max_size=n * (n - 1) // 2))
    matrix = np.zeros((n, n))
    matrix[np.triu_indices(n, 1)] = cells
    return matrix + matrix.T


@st.composite
def networks(draw):
    matrix = draw(matrices())
    n = len(matrix)
    ids = draw(st.lists(st.text(min_size=1, max_size=5), min_size=n, max_size=n, unique=True))
    table = pd.DataFrame(
        {
            "name_en": draw(st.lists(st.one_of(st.none(), st.text(max_size=5)), min_size=n, max_size=n)),
            "country": draw(st.lists(st.sampled_from(COUNTRIES), min_size=n, max_size=n)),
            "lat": draw(st.lists(st.one_of(st.none(), st.floats(-90, 90)), min_size=n, max_size=n)),
            "cluster": np.arange(n),
        },
        index=pd.Index(ids, dtype="str"),
    )
    return Network.from_matrix(matrix, table, provenance={"source": "hypothesis", "years": [2019, 2023]})


def small():
    matrix = pd.DataFrame(
        [[0, 5, 1, 0], [5, 0, 2.5, 0], [1, 2.5, 0, 3], [0, 0, 3, 0]],
        index=["beijing", "boston", "london", "shenzhen"],
        columns=["beijing", "boston", "london", "shenzhen"],
    )
    places = pd.DataFrame(
        {
            "name_en": ["Beijing", "Boston", "London", "Shenzhen"],
            "name_zh": ["北京", "波士顿", "伦敦", "深圳"],
            "country": ["CN", "US", "GB", "CN"],
        },
        index=matrix.index,
    )
    return Network.from_matrix(matrix, places, provenance={"source": "a test"})


# From and to


@given(matrices())
def test_matrix_in_matrix_out(matrix):
    network = Network.from_matrix(matrix)
    np.testing.assert_array_equal(network.adjacency.toarray(), matrix)
    np.testing.assert_array_equal(network.upper.toarray(), np.triu(matrix))
    assert network.n_places == len(matrix)
    assert network.n_links == np.count_nonzero(np.triu(matrix))
    assert network.total_weight == pytest.approx(np.triu(matrix).sum())
    assert Network.from_matrix(sparse.csr_array(matrix)) == network
    assert Network.from_matrix(sparse.coo_array(matrix + np.eye(len(matrix)))) == network


@given(matrices(), st.randoms(use_true_random=False))
def test_edges_and_matrix_agree(matrix, random):
    network = Network.from_matrix(matrix)
    ids = network.ids.tolist()
    # Any order of rows and ends; a link in two halves; loops and zeros on top.
    rows = [(ids[i], ids[j], matrix[i, j] / 2) for i in range(len(ids)) for j in range(len(ids)) if matrix[i, j]]
    rows += [(name, name, 3.0) for name in ids] + [(name, ids[0], 0.0) for name in ids]
    random.shuffle(rows)
    assert Network.from_edges(pd.DataFrame(rows, columns=["source", "target", "weight"]), ids) == network
    assert Network.from_edges(network.links(), ids) == network


@given(networks())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # writes to disk
def test_written_and_read_is_equal(tmp_path, network):
    network.write(tmp_path / "net")
    again = read_network(tmp_path / "net")
    assert again == network
    pd.testing.assert_frame_equal(again.places, network.places)
    network.write(tmp_path / "twin")
    for name in ("places.parquet", "links.parquet", "network.json"):
        assert (tmp_path / "net" / name).read_bytes() == (tmp_path / "twin" / name).read_bytes()


@given(networks(), st.randoms(use_true_random=False))
def test_permuting_places_permutes_the_network(network, random):
    order = list(range(network.n_places))
    random.shuffle(order)
    moved = Network.from_edges(network.links(), network.places.iloc[order], provenance=network.provenance)
    np.testing.assert_array_equal(moved.adjacency.toarray(), network.adjacency.toarray()[np.ix_(order, order)])
    pd.testing.assert_frame_equal(moved.places, network.places.iloc[order])
    assert (moved == network) == (order == sorted(order))


@given(networks())
def test_igraph_and_networkx_carry_all(network):
    matrix = network.adjacency.toarray()
    graph = network.to_networkx()
    np.testing.assert_array_equal(nx.to_numpy_array(graph, nodelist=list(network.ids)).reshape(matrix.shape), matrix)
    other = network.to_igraph()
    assert other.vs["name"] == network.ids.tolist()
    assert other.vs["label"] == network.names.tolist()
    back = np.zeros(matrix.shape)
    for edge in other.es:
        back[edge.tuple] = back[edge.tuple[::-1]] = edge["weight"]
    np.testing.assert_array_equal(back, matrix)


def test_networkx_nodes_carry_what_is_known_of_a_place():
    nodes = small().to_networkx().nodes
    assert nodes["boston"] == {"name_en": "Boston", "name_zh": "波士顿", "country": "US"}


# What is refused


@pytest.mark.parametrize("bad", [float("inf"), -1.0, float("-inf")])
def test_matrix_with_a_bad_weight_is_refused(bad):
    matrix = np.array([[0, 1, 0], [1, 0, bad], [0, bad, 0]])
    for given_as in (matrix, sparse.csr_array(matrix)):
        with pytest.raises(NetworkError, match=r"b - c is -?(inf|1\.0); .*finite"):
            Network.from_matrix(given_as, ["a", "b", "c"])


def test_nan_is_no_link_in_a_dense_matrix_and_refused_elsewhere():
    matrix = np.array([[np.nan, 2], [2, np.nan]])
    assert Network.from_matrix(matrix) == Network.from_matrix([[0, 2], [2, 0]])
    hole = np.array([[0, np.nan], [np.nan, 0]])
    assert Network.from_matrix(hole).n_links == 0
    with pytest.raises(NetworkError, match="place-1 - place-2 is nan"):
        Network.from_matrix(sparse.csr_array(hole))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0, 0.0])
def test_constructor_refuses_weights_that_are_no_weights(bad):
    upper = sparse.csr_array((np.array([1.0, bad]), np.array([1, 2]), np.array([0, 2, 2, 2])), shape=(3, 3))
    places = pd.DataFrame(index=["a", "b", "c"])
    with pytest.raises(NetworkError, match=f"finite and positive; 1 are not, the first is {bad}"):
        Network(places, upper)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0])
def test_edges_with_a_bad_weight_are_refused(bad):
    edges = pd.DataFrame({"source": ["a", "a"], "target": ["b", "c"], "weight": [1, bad]})
    with pytest.raises(NetworkError, match="weight of row 1"):
        Network.from_edges(edges)


def test_edges_that_make_no_sense():
    edges = pd.DataFrame({"source": ["a", None], "target": ["b", "c"], "weight": [1, 2]})
    with pytest.raises(NetworkError, match="row 1 has no source or target"):
        Network.from_edges(edges)
    with pytest.raises(NetworkError, match=r"columns \['n'\] are missing; found \['source', 'target', 'weight'\]"):
        Network.from_edges(edges, weight="n")
    with pytest.raises(NetworkError, match=r"1 places that are not in the place table: \['b'\]"):
        Network.from_edges(edges.iloc[:1], ["a"])
    with pytest.raises(NetworkError, match="weights must be numbers"):
        Network.from_edges(edges.iloc[:1].assign(weight="many"))


def test_edges_between_numbers():
    edges = pd.DataFrame({"source": [1, 2], "target": [2, 3], "weight": [4, 5]})
    expected = Network.from_matrix([[0, 4, 0], [4, 0, 5], [0, 5, 0]], ["1", "2", "3"])
    assert Network.from_edges(edges) == expected
    assert Network.from_edges(edges, pd.DataFrame({"name_en": ["1", "2", "3"]}, index=[1, 2, 3])) == expected


def test_matrices_that_make_no_sense():
    with pytest.raises(NetworkError, match="must be square"):
        Network.from_matrix(np.zeros((2, 3)))
    with pytest.raises(NetworkError, match="two dimensions, not 1"):
        Network.from_matrix([1, 2])
    with pytest.raises(NetworkError, match=r"a - b is 1\.0 one way and 2\.0 the other way"):
        Network.from_matrix([[0, 1], [2, 0]], ["a", "b"])
    with pytest.raises(NetworkError, match="same labels"):
        Network.from_matrix(pd.DataFrame([[0, 1], [1, 0]], index=["a", "b"], columns=["a", "c"]))
    with pytest.raises(NetworkError, match="weights must be numbers"):
        Network.from_matrix(pd.DataFrame([[0, "x"], ["x", 0]]))
    with pytest.raises(NetworkError, match=r"place ids must be unique; repeated: \['a'\]"):
        Network.from_matrix(np.zeros((2, 2)), ["a", "a"])
    with pytest.raises(NetworkError, match="3 places need links of shape"):
        Network.from_matrix(np.zeros((2, 2)), ["a", "b", "c"])


def test_constructor_refuses_the_lower_triangle():
    with pytest.raises(NetworkError, match="strictly above the diagonal"):
        Network(pd.DataFrame(index=["a", "b"]), sparse.csr_array([[0, 0], [1, 0]]))
    with pytest.raises(NetworkError, match="strictly above the diagonal"):
        Network(pd.DataFrame(index=["a", "b"]), sparse.csr_array([[1, 0], [0, 0]]))


def test_place_table_with_words_for_numbers():
    with pytest.raises(NetworkError, match="column 'lat' of the place table must hold numbers"):
        Network.from_matrix(np.zeros((1, 1)), pd.DataFrame({"lat": ["north"]}, index=["a"]))


def test_rows_and_columns_of_a_frame_may_be_in_any_order():
    frame = pd.DataFrame([[0, 1, 2], [1, 0, 3], [2, 3, 0]], index=list("abc"), columns=list("abc"))
    assert Network.from_matrix(frame[["c", "a", "b"]]) == Network.from_matrix(frame)


# Immutable


def test_nothing_can_be_changed():
    network = small()
    matrices = (network.upper, network.adjacency)
    buffers = [buffer for matrix in matrices for buffer in (matrix.data, matrix.indices, matrix.indptr)]
    for buffer in (*buffers, *network.pairs):
        with pytest.raises(ValueError, match="read-only"):
            buffer[0] = 7
    with pytest.raises(TypeError):
        network.provenance["source"] = "other"
    places = network.places
    places.loc["beijing", "name_en"] = "Peking"
    assert network.places.loc["beijing", "name_en"] == "Beijing"
    with pytest.raises(TypeError):
        hash(network)


def three_links(index_type):
    """Buffers of the links a-b 1, a-c 2 and b-c 3."""
    return np.array([1.0, 2.0, 3.0]), np.array([1, 2, 2], dtype=index_type), np.array([0, 2, 3, 3], dtype=index_type)


ABC = pd.DataFrame(index=["a", "b", "c"])


@pytest.mark.parametrize("index_type", [np.int32, np.int64])
def test_pairs_cannot_be_changed_whatever_the_type_of_the_indices(index_type):
    network = Network(ABC, sparse.csr_array(three_links(index_type), shape=(3, 3)))
    for values in network.pairs:
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 2


def test_other_buffers_or_another_shape_are_not_those_of_the_network():
    network = small()
    before = network.adjacency.toarray()
    for name in ("upper", "adjacency"):
        getattr(network, name).data = np.full(2 * network.n_links, 99.0)
        getattr(network, name).resize((9, 9))
    np.testing.assert_array_equal(network.upper.toarray(), np.triu(before))
    np.testing.assert_array_equal(network.adjacency.toarray(), before)


@pytest.mark.parametrize("given_as", [np.array, sparse.csr_array])
def test_a_matrix_given_stays_the_callers(given_as):
    matrix = given_as(np.array([[0.0, 2], [2, 0]]))
    network = Network.from_matrix(matrix)
    matrix[[0, 1], [1, 0]] = 9
    assert network.total_weight == 2


@pytest.mark.parametrize("index_type", [np.int32, np.int64])
def test_links_given_stay_the_callers(index_type):
    upper = sparse.csr_array(three_links(index_type), shape=(3, 3))
    network = Network(ABC, upper)
    before = network.upper.toarray()
    upper.data[0], upper.indices[0], upper.indptr[1] = 99, 2, 1
    np.testing.assert_array_equal(network.upper.toarray(), before)


def test_links_that_nobody_can_write_are_not_copied():
    buffers = three_links(np.int32)
    for buffer in buffers:
        buffer.flags.writeable = False
    network = Network(ABC, sparse.csr_array(buffers, shape=(3, 3)))
    again = network.with_places(network.places.assign(country="CN"))
    for holder in (network, again):
        held = (holder.upper.data, holder.upper.indices, holder.upper.indptr)
        assert all(np.shares_memory(*both) for both in zip(held, buffers, strict=True))


def test_provenance_cannot_be_changed_at_any_depth(tmp_path):
    given = {"years": [2019, 2023], "backbone": {"rule": "a", "steps": [1]}}
    network = Network.from_matrix([[0, 1], [1, 0]], provenance=given)
    expected = {"years": [2019, 2023], "backbone": {"rule": "a", "steps": [1]}}
    given["years"].append(1999)
    network.provenance["years"].append(1999)
    network.provenance["backbone"]["steps"].append(2)
    assert network.provenance == expected
    assert network == Network.from_matrix([[0, 1], [1, 0]], provenance=expected)
    network.write(tmp_path / "net")
    assert read_network(tmp_path / "net") == network


def test_tables_of_links_are_the_readers():
    network = small()
    table = network.links()
    table.loc[0, "weight"] = 99
    assert network.links().loc[0, "weight"] == 5


def test_what_locates_leaves_the_callers_arrays_and_table_alone():
    places = pd.DataFrame({"name_en": ["Boston"]}, index=["boston"])
    lookup, reason = np.array([0], dtype=np.int32), np.array([1], dtype=np.uint8)
    located = Located(places, lookup, reason)
    for array in (located.lookup, located.reason):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    lookup[0], reason[0] = 0, 1  # still the caller's to write
    places["name_en"] = "elsewhere"
    places["more"] = 1
    assert located.places["name_en"].tolist() == ["Boston"]
    assert list(located.places) == ["name_en"]


# Looking up


def test_position_by_id_name_or_chinese_name():
    network = small()
    assert [network.position(name) for name in ("boston", "Boston", "BOSTON", "波士顿")] == [1, 1, 1, 1]
    with pytest.raises(UnknownNameError, match="unknown place 'atlantis'; known: beijing, boston"):
        network.position("atlantis")
    twins = network.with_places(network.places.assign(name_en="Springfield"))
    with pytest.raises(UnknownNameError, match="several have that name"):
        twins.position("springfield")


def test_names_fall_back_on_ids():
    network = Network.from_matrix(np.zeros((2, 2)), pd.DataFrame({"name_en": ["Boston", None]}, index=["a", "b"]))
    assert network.names.tolist() == ["Boston", "b"]
    assert list(network.places.columns) == list(PLACE_COLUMNS)


def test_repr_informs():
    assert repr(small()) == "<Network: 4 places, 4 links, total weight 11.5, 0 isolates, a test>"
    assert repr(ZOO["triangle and isolate"].network) == "<Network: 4 places, 3 links, total weight 3, 1 isolates>"
    assert repr(ZOO["empty"].network) == "<Network: 0 places, 0 links, total weight 0, 0 isolates>"
    made_up = Network.from_matrix([[0, 1], [1, 0]], provenance={"synthetic": True})
    assert repr(made_up).endswith("synthetic>")
    assert made_up.synthetic


@given(networks())
def test_equality_looks_at_everything(network):
    assert network == Network(network.places, network.upper, network.provenance)
    assert network != Network(network.places, network.upper, {"source": "other"})
    assert network != network.adjacency
    if network.n_links:
        assert network != Network(network.places, network.upper * 2, network.provenance)
    if network.n_places:
        assert network != network.with_places(network.places.assign(continent="Asia"))


# Parts, against dense arithmetic


@given(networks(), st.data())
def test_subset_against_dense(network, data):
    chosen = data.draw(st.lists(st.sampled_from(network.ids.tolist()), unique=True)) if network.n_places else []
    part = network.subset(chosen)
    rows = [i for i, name in enumerate(network.ids) if name in chosen]
    if not set(chosen) & set(network.places["country"]):  # an id may be spelled like a country
        np.testing.assert_array_equal(part.adjacency.toarray(), network.adjacency.toarray()[np.ix_(rows, rows)])
        pd.testing.assert_frame_equal(part.places, network.places.iloc[rows])
        assert part.provenance["subset"] == chosen


@given(networks())
def test_country_and_bloc_against_dense(network):
    country = network.places["country"].to_numpy()
    present = sorted(set(country))
    matrix = network.adjacency.toarray()
    for code in present:
        rows = np.flatnonzero(country == code)
        np.testing.assert_array_equal(network.subset(code).adjacency.toarray(), matrix[np.ix_(rows, rows)])
    for a in present:
        for b in present:
            if a != b:
                rows = np.flatnonzero((country == a) | (country == b))
                cross = np.where(country[:, None] != country, matrix, 0)[np.ix_(rows, rows)]
                bloc = network.bloc(a, [b])
                np.testing.assert_array_equal(bloc.adjacency.toarray(), cross)
                assert bloc.places["bloc"].tolist() == ["a" if country[i] == a else "b" for i in rows]
                assert bloc.ids.tolist() == network.ids[rows].tolist()


def test_blocs_must_not_share_places():
    with pytest.raises(NetworkError, match=r"share places: \['beijing'\]"):
        small().bloc("CN", ["beijing", "boston"])
    mixed = small().bloc("CN", ["Boston", "伦敦"])
    assert mixed.links().to_numpy().tolist() == [
        ["beijing", "boston", 5.0],
        ["beijing", "london", 1.0],
        ["london", "shenzhen", 3.0],
    ]


@given(networks(), st.floats(0, 1e9))
def test_threshold_against_dense(network, minimum):
    matrix = network.adjacency.toarray()
    kept = network.threshold(minimum)
    np.testing.assert_array_equal(kept.adjacency.toarray(), np.where(matrix >= minimum, matrix, 0))
    pd.testing.assert_frame_equal(kept.places, network.places)


@given(networks(), st.data())
def test_chosen_links_against_the_table_of_links(network, data):
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=network.n_links, max_size=network.n_links)), dtype=bool)
    kept = network.keep_links(mask, source="chosen", rule=["by hand"])
    pd.testing.assert_frame_equal(kept.links(), network.links()[mask].reset_index(drop=True))
    pd.testing.assert_frame_equal(kept.places, network.places)
    assert kept.provenance == {"source": "chosen", "years": [2019, 2023], "rule": ["by hand"]}


def test_a_mask_has_one_truth_value_a_link():
    for bad in (np.ones(3, dtype=bool), np.array([0, 1, 2, 3]), np.ones((4, 1), dtype=bool)):
        with pytest.raises(NetworkError, match=r"bool of shape \(4,\), one value a link, not"):
            small().keep_links(bad)


def test_threshold_looks_at_exact_values():
    matrix = np.array([[0, 0.1 + 0.2, 0.3], [0.1 + 0.2, 0, 0.2999999999], [0.3, 0.2999999999, 0]])
    assert Network.from_matrix(matrix).threshold(0.3).n_links == 2
    assert Network.from_matrix(matrix).threshold(0.1 + 0.2).n_links == 1


@given(networks(), st.data())
def test_aggregate_against_dense(network, data):
    n = network.n_places
    groups = data.draw(st.lists(st.sampled_from(["x", "y", "z"]), min_size=n, max_size=n))
    merged = network.aggregate(pd.DataFrame(index=["x", "y", "z"]), groups)
    member = np.array([[group == name for group in groups] for name in ("x", "y", "z")], dtype=float).reshape(3, n)
    matrix = network.adjacency.toarray()
    expected = member @ matrix @ member.T
    inside = np.diag(expected) / 2
    np.testing.assert_allclose(merged.adjacency.toarray(), expected - np.diag(np.diag(expected)), rtol=1e-12)
    assert merged.provenance["inside_weight"] == pytest.approx(inside.sum())
    same = np.array(groups)[:, None] == np.array(groups) if n else np.zeros((0, 0), dtype=bool)
    assert merged.provenance["inside_links"] == np.count_nonzero(np.triu(matrix) * same)
    of = pd.Series(groups, index=network.ids, dtype="str")
    assert network.aggregate(pd.DataFrame(index=["x", "y", "z"]), of.iloc[::-1]) == merged


def test_aggregate_refuses():
    with pytest.raises(NetworkError, match="1 places belong to groups that are not in the new place table"):
        small().aggregate(pd.DataFrame(index=["x"]), ["x", "x", "x", "elsewhere"])
    with pytest.raises(NetworkError, match="4 places need a group each, not 5"):
        small().aggregate(pd.DataFrame(index=["x"]), ["x"] * 5)


def test_with_places_needs_the_same_ids():
    with pytest.raises(NetworkError, match="same ids in the same order"):
        small().with_places(small().places.iloc[::-1])


# Files that are not what they should be


def test_reading_what_is_no_network(tmp_path):
    with pytest.raises(FormatError, match=r"expected a folder with network\.json"):
        read_network(tmp_path / "nothing")
    folder = tmp_path / "net"
    small().write(folder)
    good = (folder / "network.json").read_text(encoding="utf-8")
    for text, message in (
        (good[: len(good) // 2], r"expected a folder with network\.json"),
        ("[]", "got another format"),
        (json.dumps({**json.loads(good), "version": 99}), "got another format"),
        (json.dumps({**json.loads(good), "links": 7}), "expected 4 places and 7 links, got 4 and 4"),
        (json.dumps({"format": "innovation-graph network", "version": 1}), "expected counts and provenance"),
    ):
        (folder / "network.json").write_text(text, encoding="utf-8")
        with pytest.raises(FormatError, match=message):
            read_network(folder)


def test_reading_spoilt_tables(tmp_path):
    folder = tmp_path / "net"
    small().write(folder)
    links = pd.read_parquet(folder / "links.parquet")
    for spoilt in (links.assign(target=99), links.drop(columns="weight"), links.assign(weight=-1.0)):
        spoilt.to_parquet(folder / "links.parquet", index=False)
        with pytest.raises((FormatError, NetworkError)):
            read_network(folder)
    (folder / "links.parquet").write_bytes(b"PAR1 no parquet")
    with pytest.raises(FormatError, match=r"places\.parquet and links\.parquet"):
        read_network(folder)


def test_writing_replaces_a_network_and_nothing_else(tmp_path):
    small().write(tmp_path / "net")
    ZOO["pair"].network.write(tmp_path / "net")
    assert read_network(tmp_path / "net") == ZOO["pair"].network
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="no folder of the same kind"):
        small().write(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_a_network_with_a_file_of_somebody_else_is_not_replaced(tmp_path):
    small().write(tmp_path / "net")
    (tmp_path / "net" / "unlocated.csv").write_text("ours too")
    small().write(tmp_path / "net")
    (tmp_path / "net" / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match=r"thesis\.txt"):
        ZOO["pair"].network.write(tmp_path / "net")
    assert (tmp_path / "net" / "thesis.txt").read_text() == "years of work"
    assert read_network(tmp_path / "net") == small()


@pytest.mark.parametrize("synthetic", [True, False])
def test_files_say_that_they_are_synthetic(tmp_path, synthetic):
    Network.from_matrix([[0, 1], [1, 0]], provenance={"synthetic": synthetic}).write(tmp_path / "net")
    for name in ("places.parquet", "links.parquet"):
        said = (pq.read_schema(tmp_path / "net" / name).metadata or {}).get(b"innovation_graph.synthetic")
        assert said == (b"true" if synthetic else None)
