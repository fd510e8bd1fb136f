"""Studies: tables that name their places, in an order that helps, and that say what is missing."""

import numpy as np
import pandas as pd
import pytest

from innovation_graph import Network, incidence, places, project
from innovation_graph.communities import modularity
from innovation_graph.samples import sample_records
from innovation_graph.selection import Selection
from innovation_graph.studies import changes, communities_of, measure
from tests.zoo import build, clique

NAMES = {"a": "Aville", "b": "Bcity", "c": "Cton", "d": "Dburg"}
PAIRS = (("source", "source_name"), ("target", "target_name"), ("place", "place_name"), ("partner", "partner_name"))


def named(matrix, ids="abcd", names=None):
    table = pd.DataFrame({"name_en": [(names or NAMES).get(place) for place in ids]}, index=list(ids))
    return Network.from_matrix(np.array(matrix, dtype=float), table)


@pytest.fixture(scope="module")
def papers():
    records = sample_records()
    located = places.locate(records, places.gihi2024())
    return project(incidence.stream(records, located, Selection(kind="paper", years=(2023, 2023))))


@pytest.fixture(scope="module")
def tied(papers):
    return measure(papers, ["ties", "partners", "roles"])


def check_names(table, names):
    found = [(one, other) for one, other in PAIRS if one in table]
    assert found
    for one, other in found:
        assert table.columns.get_loc(other) == table.columns.get_loc(one) + 1
        assert table[other].tolist() == [names[place] for place in table[one]]


def test_names_stand_beside_ids(papers, tied):
    for name in ("ties", "ties_gravity", "ties_null_model", "partners"):
        check_names(tied[name], papers.names)
    assert "notes" not in tied


def test_changes_name_their_places():
    old = named([[0, 4, 1, 0], [4, 0, 0, 20], [1, 0, 0, 0], [0, 20, 0, 0]])
    new = named([[0, 60, 0], [60, 0, 7], [0, 7, 0]], "abc")
    tables = changes({"2020": old, "2022": new})
    for name in ("ties", "trends", "emerging", "declining"):
        assert len(tables[name])
        check_names(tables[name], NAMES)
    growth = tables["growth"]
    assert list(growth.columns[:3]) == ["measure", "place_id", "name_en"]
    assert growth["name_en"].tolist() == growth["place_id"].map(NAMES).tolist()
    assert tables["loyalty"]["name_en"].to_dict() == NAMES


def test_names_are_those_of_the_last_time_that_has_one():
    links = [[0, 4, 1], [4, 0, 0], [1, 0, 0]]
    times = {
        "2020": named(links, "abc", {"a": "Old A", "b": "Old B"}),
        "2021": named(links, "abc", {"a": "New A"}),
    }
    assert changes(times)["loyalty"]["name_en"].to_dict() == {"a": "New A", "b": "Old B", "c": "c"}


def test_communities_keep_their_numbers_over_time():
    # Two triangles; then the heavier part is the other one, and a place of the first goes over to it.
    first = [(i, j, 9) for i, j in [*clique(range(4)), *clique(range(4, 7))]]
    then = [(i, j, 9) for i, j in [*clique(range(3)), *clique(range(3, 7))]]
    tables = changes({"2020": build(7, first), "2021": build(7, then)})
    table = tables["communities"]
    assert list(table.columns) == ["name_en", "2020", "2021"]
    assert table["2020"].tolist() == [1, 1, 1, 1, 2, 2, 2]
    assert table["2021"].tolist() == [1, 1, 1, 2, 2, 2, 2]
    moved = tables["flows"].set_index(["community_from", "community_to"])["places"]
    assert moved.to_dict() == table.groupby(["2020", "2021"]).size().to_dict()
    # A place that is not there has no community.
    gone = changes({"2020": named([[0, 1], [1, 0]], "ab"), "2021": named([[0, 1], [1, 0]], "ac")})["communities"]
    assert gone.loc["b"].isna().to_dict() == {"name_en": False, "2020": False, "2021": True}
    assert gone.loc["c"].isna().to_dict() == {"name_en": False, "2020": True, "2021": False}


def test_gravity_lists_first_what_exceeds_its_expectation_most(papers, tied):
    table = tied["ties_gravity"]
    w, e = table["weight"], table["expected"]
    expected = np.where(w > e, 1, -1) * np.sqrt(2 * (w * np.log(w / e) - w + e))
    np.testing.assert_allclose(table["residual"], expected, atol=1e-6)
    assert table["residual"].is_monotonic_decreasing
    assert len(table) == papers.n_links
    # Tiny expectations do not lead, as they would by the ratio.
    assert table["ratio"].idxmax() != 0


def test_null_model_lists_the_surest_ties_first(tied):
    table = tied["ties_null_model"]
    ranks = table["tie"].map({"over": 0, "under": 1, "": 2})
    assert set(ranks) == {0, 1, 2}
    assert ranks.is_monotonic_increasing
    for tie, p in (("over", "p_over"), ("under", "p_under"), ("", "p_over")):
        assert table.loc[table["tie"] == tie, p].is_monotonic_increasing


def test_what_cannot_be_made_is_said():
    tables = measure(named([[0, 2, 1], [2, 0, 0], [1, 0, 0]], "abc"), ["ties", "roles"])
    assert set(tables) == {"places", "ties", "notes"}
    notes = tables["notes"].set_index("table")["reason"]
    assert list(tables["notes"].columns) == ["table", "reason"]
    assert notes["ties_gravity"] == "a gravity model needs three places with coordinates and works, not 0 of 3"
    assert notes["ties_null_model"].startswith("3 places with links have no number of works")
    assert notes["places, column gateway_country"] == "3 of 3 places have no country"
    left_out = {
        name for row in notes.index if row.startswith("ties, ") for name in row.split("columns ")[1].split(", ")
    }
    assert left_out == {"collaboration_index", "affinity", "salton", "jaccard", "inclusion"}
    assert not left_out & set(tables["ties"])


def test_consensus_has_its_modularity():
    network = build(6, [*clique(range(3)), *clique(range(3, 6)), (2, 3)])
    partition, tables = communities_of(network, runs=5)
    assert partition.quality["modularity"] == pytest.approx(2 * (3 / 7 - (7 / 14) ** 2))
    assert partition.quality["modularity"] == pytest.approx(modularity(network, partition.labels))
    assert "modularity 0.3571" in repr(partition)
    assert tables["stability"]["in_community"].tolist() == [1.0] * 6
