import shutil

import pyarrow.parquet as pq
import pytest

from innovation_graph import read_network
from innovation_graph.errors import FormatError
from innovation_graph.origin import Origin, read_origin
from innovation_graph.pipeline import write_network
from innovation_graph.recipe import NetworkPlan, PlacesPlan
from innovation_graph.records import Records
from innovation_graph.samples import generate, sample_records


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("origin") / "papers"
    origin = Origin.of(sample_records(), PlacesPlan(), NetworkPlan(kind="paper", years=(2023, 2023)))
    write_network(origin.network(), origin, folder)
    return folder


def test_the_network_is_made_again_from_its_folder(papers):
    assert read_origin(papers).network() == read_network(papers)


def test_counting_and_catchment_can_be_changed(papers):
    origin = read_origin(papers)
    other = origin.changed(counting="fractional", catchment_km=0)
    assert other.plan.counting == "fractional"
    assert other.located.n_located < origin.located.n_located
    assert origin.plan.counting == "whole"
    assert other.network().provenance["catchment_km"] == 0


def test_records_beside_the_network_move_with_it(tmp_path):
    first = tmp_path / "first"
    records = generate(seed=3).write(first / "records")
    origin = Origin.of(records, PlacesPlan(set="country"), NetworkPlan(kind="patent"))
    write_network(origin.network(), origin, first / "net")
    assert 'path = "../records"' in (first / "net" / "recipe.toml").read_text()
    first.rename(tmp_path / "second")
    network = read_network(tmp_path / "second" / "net")
    assert read_origin(tmp_path / "second" / "net").network() == network
    (tmp_path / "second" / "records").rename(tmp_path / "elsewhere")
    with pytest.raises(FormatError, match="--records"):
        read_origin(tmp_path / "second" / "net")
    moved = read_origin(tmp_path / "second" / "net", records=tmp_path / "elsewhere")
    assert moved.network() == network


def test_other_records_are_refused(papers, tmp_path):
    records = sample_records()
    works = records.works.slice(0, 10)
    sites = pq.read_table(records.folder / "sites.parquet", filters=[("work", "<", 10)])
    Records.from_tables(works, sites, records.addresses).write(tmp_path / "records")
    with pytest.raises(FormatError, match=r"80000 works .* got 10 works"):
        read_origin(papers, records=tmp_path / "records")


def test_a_table_of_places_moves_with_the_network_and_must_not_change(tmp_path, monkeypatch):
    table = "place_id,name,country,lat,lon\nbj,Beijing,CN,39.9,116.4\nbos,Boston,US,42.36,-71.06\n"
    first = tmp_path / "first"
    first.mkdir()
    (first / "mine.csv").write_text(table, encoding="utf-8")
    monkeypatch.chdir(first)
    origin = Origin.of(sample_records(), PlacesPlan(set="mine.csv"), NetworkPlan(kind="paper"))
    write_network(origin.network(), origin, first / "net")
    monkeypatch.chdir(tmp_path)
    first.rename(tmp_path / "second")
    network = read_network(tmp_path / "second" / "net")
    assert network.n_links == 1
    assert read_origin(tmp_path / "second" / "net").network() == network
    for other in (table.replace("42.36", "10"), table.replace("bos,", "bst,"), table[: table.index("bos")]):
        (tmp_path / "second" / "mine.csv").write_text(other, encoding="utf-8")
        with pytest.raises(FormatError, match="places changed since"):
            read_origin(tmp_path / "second" / "net")
    (tmp_path / "second" / "mine.csv").unlink()
    with pytest.raises(FormatError, match=r"its places, got .*mine\.csv"):
        read_origin(tmp_path / "second" / "net")


@pytest.mark.parametrize("places", ["city", "organisation"])
def test_open_sets_of_places_are_found_again(places, tmp_path):
    origin = Origin.of(sample_records(), PlacesPlan(set=places), NetworkPlan(kind="paper", years=(2023, 2023)))
    write_network(origin.network(), origin, tmp_path / "net")
    assert read_origin(tmp_path / "net").network() == origin.network()


def test_an_imported_network_has_no_works(papers, tmp_path):
    shutil.copytree(papers, tmp_path / "net")
    (tmp_path / "net" / "recipe.toml").unlink()
    with pytest.raises(FormatError, match="no works behind them"):
        read_origin(tmp_path / "net")
