"""Networks by period against sums over plain lists, and against the projection of all works."""

import json
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from made import located_at, random_works, records_of

from innovation_graph import engine, incidence, periods, projection
from innovation_graph import records as records_module
from innovation_graph.errors import FormatError, RecipeError, RecordsError, UnknownNameError
from innovation_graph.periods import by_period, read_periods
from innovation_graph.selection import Selection
from innovation_graph.sources.networks import write_slices
from tests.zoo import build

PAIR = {"whole": lambda _: 1, "fractional": lambda n: 1 / (n - 1), "whole_normalised": lambda n: 2 / n / (n - 1)}


@pytest.fixture(params=["dense", "sparse"])
def form(request, monkeypatch):
    monkeypatch.setattr(periods, "_DENSE_CELLS", 0 if request.param == "sparse" else 10**12)


@pytest.fixture(params=["small", "kernels"])
def machinery(request, monkeypatch):
    monkeypatch.setattr(engine, "_SMALL", 0 if request.param == "kernels" else 10**12)


def made(seed=5, n_works=150, n_addresses=40, n_places=12, years=(2017, 2024)):
    """Return works, their years (some None), the places of addresses, and records of them."""
    rng = np.random.default_rng(seed)
    works = random_works(rng, n_works, n_addresses)
    year = [None if rng.random() < 0.1 else int(rng.integers(*years)) for _ in works]
    lookup = rng.integers(-1, n_places, n_addresses).tolist()
    return works, year, lookup, records_of(works, n_addresses, year=year), located_at(lookup, n_places)


def places_of(work, lookup):
    return sorted({lookup[address] for _, address in work if address >= 0 and lookup[address] >= 0})


def share_of(work, lookup, place):
    actors = {actor for actor, _ in work}
    total = 0
    for actor in actors:
        own = [address for who, address in work if who == actor]
        total += sum(address >= 0 and lookup[address] == place for address in own) / len(own) / len(actors)
    return total


def counted(works, year, lookup, counting, period):
    """Count links and totals of the works of some years in dictionaries."""
    first, last = period
    links, count, solo, fractional = Counter(), Counter(), Counter(), Counter()
    for work, of in zip(works, year, strict=True):
        if of is None or not first <= of <= last:
            continue
        here = places_of(work, lookup)
        for place in here:
            count[place] += 1
            solo[place] += len(here) == 1
            fractional[place] += 1 / len(here)
        for i, j in combinations(here, 2):
            pair = counting == "share" and share_of(work, lookup, i) * share_of(work, lookup, j)
            links[i, j] += pair if counting == "share" else PAIR[counting](len(here))
    return links, count, solo, fractional


def check(network, data, counting, period):
    works, year, lookup = data
    links, *totals = counted(works, year, lookup, counting, period)
    got = {(int(i), int(j)): w for i, j, w in zip(*network.pairs, strict=True)}
    assert got == pytest.approx(dict(links), rel=1e-12)
    for name, expected in zip(("works", "solo_works", "fractional_works"), totals, strict=True):
        values = [expected[place] for place in range(network.n_places)]
        np.testing.assert_allclose(network.places[name], values, rtol=1e-12, err_msg=name)
    inside = range(period[0], period[1] + 1)
    located = [len(places_of(work, lookup)) for work, of in zip(works, year, strict=True) if of in inside]
    assert network.provenance["works_located"] == sum(n > 0 for n in located)
    assert network.provenance["works_linking"] == sum(n > 1 for n in located)


@pytest.mark.usefixtures("machinery", "form")
@pytest.mark.parametrize("counting", projection.COUNTING)
@pytest.mark.parametrize(("window", "step"), [(1, 1), (3, 2)])
def test_every_period_equals_counts_in_dictionaries(counting, window, step, monkeypatch):
    works, year, lookup, records, located = made()
    monkeypatch.setattr(incidence, "_ROWS_PER_BLOCK", 37)
    stored = incidence.build(records, located)
    networks = by_period(stored, records, window=window, step=step, counting=counting)
    starts = list(range(2017, 2023 - window + 2, step))
    assert list(networks) == [f"{y}" if window == 1 else f"{y}-{y + window - 1}" for y in starts]
    for start, network in zip(starts, networks.values(), strict=True):
        check(network, (works, year, lookup), counting, (start, start + window - 1))
        assert list(network.ids) == list(located.places.index)
        assert network.provenance["counting"] == counting
        assert network.provenance["period"] == [start, start + window - 1]


@pytest.mark.usefixtures("machinery", "form")
@pytest.mark.parametrize("threads", [1, 3])
def test_stream_and_stored_incidence_give_the_same(threads, monkeypatch, tmp_path):
    _, year, _, records, located = made(seed=8)
    monkeypatch.setattr(records_module, "_ROWS_PER_GROUP", 150)
    on_disk = records.write(tmp_path / "records")
    stream = incidence.stream(on_disk, located, shares=True)
    assert on_disk.n_batches > 3
    for counting in projection.COUNTING:
        networks = by_period(stream, counting=counting, threads=threads)
        stored = by_period(incidence.build(records, located), records, counting=counting)
        assert list(networks) == list(stored)
        assert by_period(stream, counting=counting, threads=2) == networks  # to the last bit, whatever the threads
        for time, network in networks.items():
            assert network.provenance["works_selected"] == year.count(int(time))
            other = stored[time].adjacency.toarray()
            np.testing.assert_allclose(network.adjacency.toarray(), other, rtol=1e-12)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("counting", projection.COUNTING)
@pytest.mark.parametrize("window", [1, 2, 3])
def test_disjoint_windows_add_up_to_the_whole_network(counting, window):
    works, year, _, _, located = made(seed=2, years=(2018, 2024))
    dated = [(work, of) for work, of in zip(works, year, strict=True) if of]
    records = records_of([work for work, _ in dated], 40, year=[of for _, of in dated])
    stream = incidence.stream(records, located, shares=True)
    parts = by_period(stream, window=window, step=window, counting=counting)
    assert len(parts) == 6 // window
    whole = projection.project(stream, counting=counting)
    total = sum(network.adjacency.toarray() for network in parts.values())
    compare = np.testing.assert_array_equal if counting == "whole" else np.testing.assert_allclose
    compare(total, whole.adjacency.toarray())
    for name in ("works", "solo_works"):
        np.testing.assert_array_equal(sum(n.places[name] for n in parts.values()), whole.places[name])
    fractional = sum(n.places["fractional_works"] for n in parts.values())
    np.testing.assert_allclose(fractional, whole.places["fractional_works"])
    # One window over all years is the whole network as well.
    once = by_period(stream, window=6, counting=counting)["2018-2023"]
    compare(once.adjacency.toarray(), whole.adjacency.toarray())


@pytest.mark.usefixtures("form")
def test_a_year_equals_the_selection_of_that_year():
    _, _, _, records, located = made(seed=3)
    networks = by_period(incidence.stream(records, located))
    for time, network in networks.items():
        alone = projection.project(incidence.stream(records, located, Selection(years=(int(time), int(time)))))
        np.testing.assert_array_equal(network.adjacency.toarray(), alone.adjacency.toarray())
        assert network.places.equals(alone.places)
        for name in ("years", "works_selected", "works_located", "works_linking"):
            assert network.provenance[name] == alone.provenance[name]


@pytest.mark.usefixtures("form")
def test_windows_end_with_the_last_year():
    records = records_of([[(0, 0), (1, 1)]] * 5, 2, year=[2019, 2020, 2021, 2022, 2023])
    stream = incidence.stream(records, located_at([0, 1], 2))
    networks = by_period(stream, window=2, step=2)
    assert {time: n.total_weight for time, n in networks.items()} == {"2020-2021": 2, "2022-2023": 2}
    assert {n.provenance["all_times"]["works_outside"] for n in networks.values()} == {1}
    assert list(by_period(stream, window=2, step=3)) == ["2019-2020", "2022-2023"]
    assert list(by_period(stream, window=3, step=2, last=2022)) == ["2020-2022"]
    # Where the first year is asked for, it is the one to begin with.
    assert list(by_period(stream, window=2, step=2, first=2019)) == ["2019-2020", "2021-2022"]
    assert list(by_period(stream, window=2, step=2, first=2018, last=2022)) == ["2018-2019", "2020-2021"]


@pytest.mark.usefixtures("form", "machinery")
@pytest.mark.parametrize("lookup", [[0, 1], [-1, -1]])
def test_no_works_at_all(lookup):
    records = records_of([[(0, 0), (1, 1)]], 2, year=[2020])
    years = (2030, 2040) if lookup[0] >= 0 else None
    stream = incidence.stream(records, located_at(lookup, 2), Selection(years=years))
    for source in (stream, stream.collect()):
        with pytest.raises(RecordsError, match="no selected work has a place; give the first and the last year"):
            by_period(source, records)
        with pytest.raises(RecordsError, match="no selected work has a place; give the first and the last year"):
            by_period(source, records, first=2030)
        empty = by_period(source, records, first=2030, last=2031)
        assert [(time, n.n_places, n.n_links) for time, n in empty.items()] == [("2030", 2, 0), ("2031", 2, 0)]
        assert empty["2030"].provenance["works_located"] == 0


@pytest.mark.usefixtures("form")
def test_works_without_a_year_or_outside_are_counted():
    works = [[(0, 0), (1, 1)]] * 7 + [[(0, -1)]]
    records = records_of(works, 2, year=[2019, None, 2020, 2022, 2023, 2024, None, None])
    stream = incidence.stream(records, located_at([0, 1], 2))
    networks = by_period(stream, window=2, step=2)
    assert [(time, n.total_weight) for time, n in networks.items()] == [
        ("2019-2020", 2),
        ("2021-2022", 1),
        ("2023-2024", 2),
    ]
    assert [n.provenance["years"] for n in networks.values()] == [[2019, 2020], [2021, 2022], [2023, 2024]]
    chosen = by_period(incidence.stream(records, located_at([0, 1], 2), Selection(years=(2019, 2022))))["2020"]
    assert (chosen.provenance["years"], chosen.provenance["all_times"]["years"]) == ([2020, 2020], [2019, 2022])
    expected = {"works_read": 8, "sites_read": 15, "works_selected": 8, "works_located": 7}
    for network in networks.values():
        assert network.provenance["all_times"] == {**expected, "works_without_year": 2, "works_outside": 0}
    some = by_period(stream, window=2, step=3, first=2020, last=2025)
    assert list(some) == ["2020-2021", "2023-2024"]
    assert some["2020-2021"].provenance["all_times"] == {**expected, "works_without_year": 2, "works_outside": 2}
    empty = by_period(stream, first=2030, last=2031)
    assert [(time, n.n_links, n.places["works"].sum()) for time, n in empty.items()] == [("2030", 0, 0), ("2031", 0, 0)]
    # A year without works lies between two with some, and has a network of its own.
    assert by_period(stream)["2021"].n_links == 0


def test_merged_families_have_the_years_of_their_own_records():
    works = [[(0, 0, 1), (1, 1, 1)]] * 3
    records = records_of(
        works, 2, kind=["patent"] * 3, type=["grant"] * 3, year=[2020, 2021, 2022], family=["a", "a", "b"]
    )
    stream = incidence.stream(records, located_at([0, 1], 2), Selection(one_per="family"))
    networks = by_period(stream, records)
    assert sum(network.total_weight for network in networks.values()) == 2
    assert "works_before" not in networks["2022"].provenance
    stored = stream.collect()
    with pytest.raises(RecordsError, match="the incidence is of 2 works, but these records have 3; if families"):
        by_period(stored, records)
    again = by_period(stored, stream.records)
    assert {time: n.total_weight for time, n in again.items()} == {time: n.total_weight for time, n in networks.items()}


def test_errors_name_what_is_wrong():
    records = records_of([[(0, 0), (1, 1)]], 2, year=[2020])
    stream = incidence.stream(records, located_at([0, 1], 2))
    with pytest.raises(UnknownNameError, match="unknown counting rule 'full'"):
        by_period(stream, counting="full")
    for wrong in ({"window": 0}, {"step": 0}):
        with pytest.raises(RecipeError, match="window and step must be years from 1 on"):
            by_period(stream, **wrong)
    with pytest.raises(RecipeError, match="no window of 3 years fits between 2020 and 2020"):
        by_period(stream, window=3)
    with pytest.raises(RecipeError, match="no window of 1 years fits between 2021 and 2020"):
        by_period(stream, first=2021)
    with pytest.raises(ValueError, match="needs an incidence with shares"):
        by_period(stream, counting="share")
    with pytest.raises(RecordsError, match="does not know the years of its works; give the records it was built"):
        by_period(stream.collect())
    undated = incidence.stream(records_of([[(0, 0)]], 1, year=[None]), located_at([0], 1))
    with pytest.raises(RecordsError, match="no located work has a year; give the first and the last"):
        by_period(undated)
    assert list(by_period(undated, first=2020, last=2021)) == ["2020", "2021"]


def test_slices_are_read_as_they_were_written(tmp_path):
    _, _, _, records, located = made()
    networks = by_period(incidence.stream(records, located), window=2)
    write_slices(networks, tmp_path / "slices")
    assert read_periods(tmp_path / "slices") == networks
    # The order is that of writing, whatever the names say.
    turned = {"2021": build(2, [(0, 1)]), "2020-Q3": build(2, []), "1999": build(3, [(0, 2, 5)])}
    write_slices(turned, tmp_path / "turned")
    assert list(read_periods(tmp_path / "turned").items()) == list(turned.items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": ["../elsewhere"]}, "expected times that are names of folders"),
        ({"times": [".."]}, "expected times that are names of folders"),
        ({"times": [""]}, "expected times that are names of folders"),
        ({"times": "2020"}, "expected times that are names of folders"),
        ({"version": 7}, "expected 'innovation-graph slices', version 1"),
        ({"times": ["1999"]}, "1999: expected a folder with network.json, got nothing of that name"),
    ],
)
def test_spoilt_slices_are_refused(change, message, tmp_path):
    write_slices({"2020": build(2, [(0, 1)])}, tmp_path / "slices")
    marker = tmp_path / "slices/slices.json"
    marker.write_text(json.dumps({**json.loads(marker.read_text()), **change}))
    with pytest.raises(FormatError, match=message):
        read_periods(tmp_path / "slices")


def test_a_folder_that_holds_no_slices_is_refused(tmp_path):
    with pytest.raises(FormatError, match=r"expected a folder with slices.json.*Write one with `write_slices`"):
        read_periods(tmp_path)
