"""Which works are selected: populations by type and year, and what happens before and after merging."""

import copy
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import located_at, records_of

from innovation_graph import incidence, projection
from innovation_graph.errors import RecordsError
from innovation_graph.selection import Selection

GIHI = {"grant": (2023, 2023), "pct": (2023, 2023)}
APPLICANT = 1


def records_with(types, years, **columns):
    works = [[(0, 0, APPLICANT)]] * len(types)
    return records_of(works, 1, type=types, year=years, kind=["patent"] * len(types), **columns)


def test_a_population_is_one_line():
    types = ["grant", "grant", "pct", "pct", "application", "grant", None]
    years = [2023, 2022, 2023, None, 2023, 2024, 2023]
    records = records_with(types, years)
    assert np.flatnonzero(Selection(population=GIHI).mask(records)).tolist() == [0, 2]
    wider = Selection(population={"grant": [2022, 2024], "application": [2023, 2023]})
    assert np.flatnonzero(wider.mask(records)).tolist() == [0, 1, 4, 5]
    with pytest.raises(
        RecordsError, match="no work has type 'utility'; the records have 'application', 'grant', 'pct'"
    ):
        Selection(population={"utility": (2023, 2023)}).mask(records)


YEARS = st.tuples(st.integers(2020, 2023), st.integers(2020, 2023)).map(sorted).map(tuple)


@given(
    st.lists(st.tuples(st.sampled_from(["grant", "pct"]), st.none() | st.integers(2019, 2024)), max_size=8),
    st.dictionaries(st.sampled_from(["grant", "pct"]), YEARS, min_size=1),
)
def test_population_against_a_loop(works, population):
    # Types that do not occur at all would be refused.
    works = [*works, ("grant", 1900), ("pct", 1900)]
    records = records_with([kind for kind, _ in works], [year for _, year in works])
    expected = [
        kind in population and year is not None and population[kind][0] <= year <= population[kind][1]
        for kind, year in works
    ]
    assert Selection(population=population).mask(records).tolist() == expected


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"population": GIHI, "years": (2023, 2023)}, "leave `years` and `types` out"),
        ({"population": GIHI, "types": ("grant",)}, "leave `years` and `types` out"),
        ({"population": {}}, "must name a first and a last year"),
        ({"population": {"grant": (2023, 2022)}}, "must name a first and a last year"),
        ({"one_per": "inventor"}, "one_per='inventor' is unknown; known: family"),
    ],
)
def test_what_is_refused(wanted, message):
    with pytest.raises(RecordsError, match=message):
        Selection(**wanted)


def test_a_selection_is_a_value():
    given_years = dict(GIHI)
    selection = Selection(kind="patent", population=given_years, min_actors=2, one_per="family")
    given_years["grant"] = (1999, 1999)
    assert selection == Selection(
        kind="patent", population=dict(reversed(GIHI.items())), min_actors=2, one_per="family"
    )
    assert selection != Selection(kind="patent", population={"grant": (2023, 2023)}, min_actors=2, one_per="family")
    with pytest.raises(TypeError):
        selection.population["pct"] = (2000, 2001)
    for other in (pickle.loads(pickle.dumps(selection)), copy.deepcopy(selection)):  # noqa: S301
        assert other == selection
        assert hash(other) == hash(selection)
    told = {
        "kind": "patent",
        "min_actors": 2,
        "actors": "default",
        "population": {"grant": [2023, 2023], "pct": [2023, 2023]},
        "one_per": "family",
    }
    assert json.loads(json.dumps(selection.describe())) == selection.describe() == told


def test_types_of_patents_alone_make_patents():
    assert Selection(population=GIHI).describe()["kind"] == "patent"
    assert Selection(types=("grant", "design")).describe()["kind"] == "patent"
    assert Selection(population=GIHI).kind is None  # what is selected stays as it was asked for
    for other in (Selection(), Selection(types=("grant", "article")), Selection(years=(2020, 2021))):
        assert "kind" not in other.describe()
    assert Selection(kind="paper", types=("grant",)).describe()["kind"] == "paper"
    stream = incidence.stream(
        records_with(["grant", "pct"], [2023, 2023]), located_at([0], 1), Selection(population=GIHI)
    )
    assert projection.project(stream).provenance["kind"] == "patent"


@pytest.fixture
def family():
    """Return a grant in Boston, its application of other years in Berlin, and a patent of both."""
    works = [[(0, 0, 1), (1, 3, 2)], [(0, 1, 1), (1, 3, 2)], [(0, 0, 1), (1, 1, 1)], [(0, 2, 1)], [(0, 3, 1)]]
    return records_of(
        works,
        4,
        kind=["patent"] * 5,
        type=["grant", "pct", "grant", "grant", "grant"],
        year=[2023, 2023, 2023, 2020, 2023],
        family=["F", "F", None, "F", "G"],
        n_actors=[1, 1, 2, 1, 1],
        fields=[["chips"], ["ai"], ["ai"], ["ai"], ["chips"]],
    )


def network(records, **wanted):
    stream = incidence.stream(records, located_at([0, 1, 2, -1], 3), Selection(**wanted))
    return projection.project(stream), stream


def test_bounds_on_actors_hold_after_merging(family):
    alone, _ = network(family, population=GIHI, min_actors=2)
    assert alone.adjacency.toarray()[0, 1] == 1
    made, stream = network(family, population=GIHI, min_actors=2, one_per="family")
    assert made.adjacency.toarray()[0, 1] == 2
    assert made.adjacency.toarray()[:, 2].sum() == 0  # 2020 is no part of the population
    told = {key: made.provenance[key] for key in ("works_read", "sites_read", "works_before", "works_after")}
    assert told == {"works_read": 5, "sites_read": 8, "works_before": 4, "works_after": 3}
    assert made.provenance["families_merged"] == 1
    assert made.provenance["works_selected"] == 2
    assert made.provenance["population"] == {"grant": [2023, 2023], "pct": [2023, 2023]}
    assert stream.n_works == 3
    assert stream.collect().n_works == 3
    most, _ = network(family, population=GIHI, max_actors=1, one_per="family")
    assert most.provenance["works_selected"] == 1


def test_fields_select_before_merging(family):
    made, _ = network(family, fields=("ai",), one_per="family")
    # The grant of the family is in another field; its other members link nothing with Boston.
    assert made.adjacency.toarray().tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    assert made.places["works"].tolist() == [1, 2, 1]


def test_what_has_no_place_is_told_of_merged_works(family):
    for one_per, works in ((None, 3), ("family", 2)):
        _, stream = network(family, population=GIHI, actors="both", one_per=one_per)
        assert stream.unlocated()["works"].tolist() == [works]
    _, stream = network(family, population=GIHI, actors="both", one_per="family", min_actors=2)
    assert stream.unlocated()["works"].tolist() == [1]


def test_the_stored_network_says_how_it_was_merged(family, tmp_path):
    from innovation_graph.network import read_network

    made, _ = network(family, population=GIHI, one_per="family")
    made.write(tmp_path / "network")
    again = read_network(tmp_path / "network")
    assert again == made
    assert again.provenance["one_per"] == "family"


def test_places_are_checked_before_merging(family):
    with pytest.raises(RecordsError, match="places were found for 2 keys"):
        incidence.stream(family, located_at([0, 1], 2), Selection(one_per="family"))
