"""The commands that measure, ask back and judge, as a user types them."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from innovation_graph import centrality, cli, read_network


def command(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments], env={"COLUMNS": "160"})


def done(*arguments):
    result = command(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def table(path, **how):
    read = pd.read_csv(path, encoding="utf-8-sig", **how)
    assert (read["synthetic_data"] == "yes").all()
    return read


@pytest.fixture(scope="module")
def nets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nets")
    done("network", "sample", "--kind", "paper", "--years", "2023", "--out", folder / "papers")
    done("network", "sample", "--kind", "paper", "--out", folder / "all")
    fields = "artificial_intelligence,biopharma,renewable_energy,smart_chips"
    how = ("--kind", "patent", "--years", "2023", "--actors", "applicants", "--min-actors", "2", "--fields", fields)
    done("network", "sample", *how, "--out", folder / "patents")
    return folder


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    """A network that was imported: no works behind it."""
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "m.csv").write_text("place,Beijing,Boston,Paris\nBeijing,0,5,2\nBoston,5,0,1\nParis,2,1,0\n")
    done("import", "matrix", folder / "m.csv", "--out", folder / "net")
    return folder / "net"


def test_measures_by_default(nets, tmp_path):
    output = done("measures", nets / "papers", "--out", tmp_path / "m")
    assert "SYNTHETIC" in output
    network = read_network(nets / "papers")
    places = table(tmp_path / "m/places.csv", index_col="place_id")
    np.testing.assert_allclose(places["strength"][network.ids], centrality.strength(network))
    assert {"constraint", "partner_countries", "participation", "strength_rank"} <= set(places.columns)
    partners = table(tmp_path / "m/partners.csv")
    first = partners[(partners["place"] == "beijing") & (partners["rank"] == 1)]
    assert first["partner"].tolist() == [
        network.adjacency[[network.position("Beijing")]].toarray().argmax()
        and network.ids[network.adjacency[[network.position("Beijing")]].toarray().argmax()]
    ]
    assert set(json.loads((tmp_path / "m/tables.json").read_text())["files"]) == {
        "places.csv",
        "network.csv",
        "partners.csv",
        "countries.csv",
        "continents.csv",
    }


def test_groups_can_be_chosen_and_are_a_menu(nets, matrix, tmp_path):
    done("measures", nets / "papers", "--groups", "ties", "--out", tmp_path / "m")
    assert {path.name for path in (tmp_path / "m").iterdir()} == {
        "ties.csv",
        "ties_gravity.csv",
        "ties_null_model.csv",
        "tables.json",
    }
    done("measures", nets / "papers", "--groups", "network", "--out", tmp_path / "m")
    assert {path.name for path in (tmp_path / "m").iterdir()} == {"network.csv", "tables.json"}
    output = done("measures", matrix, "--groups", "ties", "--out", tmp_path / "n")
    assert "not made: ties_null_model" in output
    wrong = command("measures", nets / "papers", "--groups", "centre")
    assert "unknown group of measures 'centre'" in str(wrong.exception)
    assert "constraint" in done("measures", "--menu")
    shown = done("measures", "--help")
    for group in ("position", "structure", "openness", "roles", "network", "partners", "ties", "references"):
        assert group in shown


def test_a_folder_with_other_files_is_not_replaced(nets, tmp_path):
    done("measures", nets / "papers", "--groups", "network", "--out", tmp_path / "m")
    (tmp_path / "m/mine.txt").write_text("mine")
    result = command("measures", nets / "papers", "--groups", "network", "--out", tmp_path / "m")
    assert isinstance(result.exception, FileExistsError)
    assert (tmp_path / "m/mine.txt").read_text() == "mine"


def test_communities_say_how_sure_they_are(nets, tmp_path):
    done("communities", nets / "papers", "--runs", "20", "--out", tmp_path / "groups.csv")
    sure = table(tmp_path / "groups_stability.csv")
    assert len(sure) == 120
    assert sure["in_community"].between(0, 1).all()
    done("communities", nets / "papers", "--algorithm", "walktrap", "--out", tmp_path / "walk.csv")
    wrong = command("communities", nets / "papers", "--algorithm", "walktrap", "--resolution", "2")
    assert wrong.exit_code != 0
    assert "unknown algorithm 'girvan'" in str(
        command("communities", nets / "papers", "--algorithm", "girvan", "--out", tmp_path / "x.csv").exception
    )


def test_backbones_are_networks(nets, tmp_path):
    output = done("backbone", nets / "papers", "--rule", "top_k", "--k", "2", "--out", tmp_path / "core")
    kept = read_network(tmp_path / "core")
    assert 0 < kept.n_links < read_network(nets / "papers").n_links
    assert f"{kept.n_links:,} of" in output
    wrong = command("backbone", nets / "papers", "--rule", "top_k", "--alpha", "0.1", "--out", tmp_path / "x")
    assert "--alpha cannot be used with the rule top_k" in str(wrong.exception)


def test_the_works_behind_a_tie(nets, tmp_path):
    out = tmp_path / "works.csv"
    done("works", nets / "papers", "--between", "北京", "Boston", "--out", out)
    network = read_network(nets / "papers")
    weight = network.adjacency[network.position("beijing"), network.position("boston")]
    assert len(table(out)) == weight > 0
    assert table(out)["work_id"].is_unique
    done("works", nets / "papers", "--of", "Beijing", "--out", out)
    assert len(table(out)) == network.places.loc["beijing", "works"]
    assert command("works", nets / "papers", "--out", out).exit_code == 2


def test_imported_networks_have_no_works(matrix, tmp_path):
    for words in (
        ("works", "--of", "Beijing"),
        ("bootstrap",),
        ("organisations",),
        ("robustness",),
        ("copublication",),
    ):
        name, *rest = words
        result = command(name, matrix, *rest, "--out", tmp_path / "out")
        assert "no works behind them" in str(result.exception), name
    assert not list(tmp_path.iterdir())


def test_organisations_and_copublication(nets, tmp_path):
    done("organisations", nets / "patents", "--top", "3", "--out", tmp_path / "org")
    listed = table(tmp_path / "org/organisations.csv")
    assert listed.groupby("place").size().max() == 3
    done("copublication", nets / "all", "--by", "year", "--out", tmp_path / "cop")
    whole = table(tmp_path / "cop/copublication.csv")
    world = whole[whole["place"] == "(world)"]
    assert world["year"].tolist() == [2019, 2020, 2021, 2022, 2023]
    assert (world["domestic"] + world["international"] + world["unknown"] == world["papers"]).all()
    assert set(table(tmp_path / "cop/places.csv")["orientation"].dropna()) == {"outward", "balanced", "inward"}


def test_error_bars(nets, tmp_path):
    output = done("bootstrap", nets / "papers", "--replicates", "50", "--measures", "strength", "--out", tmp_path / "u")
    assert "New York" in output
    from innovation_graph.uncertainty import read_uncertainty

    found = read_uncertainty(tmp_path / "u")
    assert found.n_replicates == 50
    network = read_network(nets / "papers")
    np.testing.assert_allclose(found.estimate["strength"], centrality.strength(network))


def test_robustness(nets, tmp_path):
    done(
        "robustness",
        nets / "papers",
        "--measures",
        "strength",
        "--catchments",
        "0",
        "--teams",
        "10",
        "--out",
        tmp_path / "r",
    )
    rows = table(tmp_path / "r/robustness.csv")
    assert set(rows["choice"]) == {"fractional", "whole_normalised", "share", "0 km", "at most 10"}
    assert rows["spearman"].between(0.5, 1).all()


def test_change(nets, tmp_path):
    output = done("change", nets / "all", "--out", tmp_path / "c")
    assert "2019" in output
    timeline = table(tmp_path / "c/timeline.csv", dtype={"time": str})
    assert timeline["time"].tolist() == ["2019", "2020", "2021", "2022", "2023"]
    last = read_network(nets / "papers")
    assert timeline["weight"].iloc[-1] == last.total_weight
    flows = table(tmp_path / "c/flows.csv")
    assert (flows.groupby("time_from")["places"].sum() == 120).all()


def test_change_of_slices(tmp_path):
    rows = ["source,target,weight,year", "Beijing,Boston,3,2020", "Beijing,Boston,5,2021", "Beijing,Paris,1,2021"]
    (tmp_path / "e.csv").write_text("\n".join(rows))
    done("import", "edges", tmp_path / "e.csv", "--time", "year", "--out", tmp_path / "years")
    done("change", tmp_path / "years", "--out", tmp_path / "c")
    ties = pd.read_csv(tmp_path / "c/ties.csv")
    assert sorted(ties["status"]) == ["kept", "new"]
    assert "slices are as they are" in str(command("change", tmp_path / "years", "--window", "2").exception)


def test_what_if(nets, tmp_path):
    assert "sino_us_half" in done("whatif", nets / "papers")
    done("whatif", nets / "papers", "--scenario", "sino_us_cut", "--measures", "strength", "--out", tmp_path / "w")
    after = read_network(tmp_path / "w/network")
    before = read_network(nets / "papers")
    assert after.total_weight == before.total_weight - before.bloc("CN", "US").total_weight
    own = tmp_path / "mine.toml"
    own.write_text('title = "fractional"\n[[steps]]\ncounting = "fractional"\n')
    done("whatif", nets / "papers", "--scenario", own, "--measures", "strength", "--out", tmp_path / "f")
    assert read_network(tmp_path / "f/network").total_weight < before.total_weight


def test_validation(nets, tmp_path):
    done("validate", nets / "papers", "--out", tmp_path / "v.csv")
    verdicts = table(tmp_path / "v.csv").set_index("id")["verdict"]
    assert (verdicts[[f"P{n}" for n in range(1, 8)]] == "holds").all()
    done("validate", nets / "patents", "--papers", nets / "papers", "--out", tmp_path / "t.csv")
    verdicts = table(tmp_path / "t.csv").set_index("id")["verdict"]
    assert (verdicts[["T1", "T4"]] == "holds").all()


@pytest.mark.parametrize(
    "name",
    [
        "measures",
        "communities",
        "backbone",
        "works",
        "organisations",
        "copublication",
        "bootstrap",
        "robustness",
        "change",
        "whatif",
        "validate",
    ],
)
def test_every_command_has_help_with_an_example(name):
    shown = done(name, "--help")
    assert f"innovation-graph {name}" in " ".join(shown.split())


def test_a_recipe_asks_for_all_of_it(tmp_path):
    (tmp_path / "r.toml").write_text(
        """
[networks.papers]
kind = "paper"
years = [2023, 2023]
groups = ["structure", "network"]
bootstrap = 20
scenarios = ["sino_us_half", "mine.toml"]
validate = "gihi2024"
maps = {}
"""
    )
    (tmp_path / "mine.toml").write_text('title = "share"\n[[steps]]\ncounting = "share"\n')
    for name in ("one", "two"):
        done("run", tmp_path / "r.toml", "--out", tmp_path / name)
    folder = tmp_path / "one/papers"
    assert {path.name for path in (folder / "measures").iterdir()} == {"places.csv", "network.csv", "tables.json"}
    assert len(table(folder / "validation.csv")) == 8
    assert {path.name for path in (folder / "whatif").iterdir()} == {"sino_us_half", "mine"}
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes() for file in files)
    assert "known: position" in str(command("run", bad(tmp_path, 'groups = ["centre"]')).exception)
    assert "2 or more" in str(command("run", bad(tmp_path, "bootstrap = 1")).exception)
    assert "known: gihi2024" in str(command("run", bad(tmp_path, 'validate = "gihi"')).exception)


def bad(folder, line):
    (folder / "bad.toml").write_text(f'[networks.papers]\nkind = "paper"\n{line}\n')
    return folder / "bad.toml"


@pytest.mark.parametrize(
    ("words", "mine"),
    [
        (("centrality",), "place_id,name,country,lat,lon\n"),
        (("links",), "weight,source,destination\n"),
        (("links",), "source,target,weight\n"),
        (("validate",), "patient_id,age\n"),
        (("communities",), "place_id,group\n"),
        (("works", "--of", "Beijing"), "id,work_id\n"),
    ],
)
def test_files_of_the_user_are_never_written_over(nets, tmp_path, words, mine):
    name, *rest = words
    out = tmp_path / "mine.csv"
    out.write_text(mine)
    result = command(name, nets / "papers", *rest, "--out", out)
    assert isinstance(result.exception, FileExistsError)
    assert out.read_text() == mine
    out.unlink()
    done(name, nets / "papers", *rest, "--out", out)
    done(name, nets / "papers", *rest, "--out", out)  # its own file is replaced


def test_folders_and_devices_are_not_replaced(nets, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    assert "is a folder" in str(command("links", nets / "papers", "--out", tmp_path / "folder.csv").exception)
    assert "no ordinary file" in str(command("links", nets / "papers", "--out", "/dev/null").exception)
    before = sorted((nets / "papers").iterdir())
    assert "would replace the network" in str(command("backbone", nets / "papers", "--out", nets / "papers").exception)
    assert sorted((nets / "papers").iterdir()) == before
    done("measures", nets / "papers", "--groups", "network", "--out", tmp_path / "t")
    other = command("organisations", nets / "papers", "--out", tmp_path / "t")
    assert "tables of another kind (measures)" in str(other.exception)
    assert (tmp_path / "t/network.csv").is_file()


def test_two_places_can_be_compared(nets, tmp_path):
    output = done(
        "bootstrap",
        nets / "papers",
        "--replicates",
        "40",
        "--measures",
        "strength,degree",
        "--compare",
        "New York",
        "巴黎",
        "--out",
        tmp_path / "u",
    )
    assert "New York ranks above Paris in 100.0% of the replicates" in output


def test_a_page_with_everything(nets, tmp_path):
    errors = tmp_path / "errors"
    done("bootstrap", nets / "papers", "--replicates", "10", "--measures", "strength", "--out", errors)
    page = tmp_path / "map.html"
    how = ("--layer", f"patents={nets / 'patents'}", "--errors", errors, "--works", "2", "--view", "map")
    done("map", nets / "papers", *how, "--centre", "pacific", "--out", page)
    assert page.stat().st_size < 1_000_000
    assert "SYNTHETIC" in page.read_text(encoding="utf-8")
    done("map", nets / "all", "--years", "--out", page)
    assert "expected a name and a network" in str(command("map", nets / "papers", "--layer", "x").exception)
    assert "unknown view" in str(command("map", nets / "papers", "--view", "globe", "--out", tmp_path / "x").exception)


def test_networks_leave_for_other_programs(nets, tmp_path):
    import networkx as nx

    network = read_network(nets / "papers")
    done("export", nets / "papers", tmp_path / "n.gexf")
    graph = nx.read_gexf(tmp_path / "n.gexf")
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (network.n_places, network.n_links)
    done("export", nets / "papers", tmp_path / "map.txt", "--format", "vosviewer-text")
    done("import", "vosviewer", tmp_path / "map.txt", "--out", tmp_path / "back")
    assert read_network(tmp_path / "back").total_weight == network.total_weight
    done("export", nets / "papers", tmp_path / "n.xlsx")
    assert len(pd.read_excel(tmp_path / "n.xlsx", sheet_name="links", engine="calamine")) == network.n_links
    assert isinstance(command("export", nets / "papers", tmp_path / "n.xlsx").exception, FileExistsError)
    assert command("export", nets / "papers", tmp_path / "n.xyz").exit_code != 0


def test_cities_of_ready_networks_get_coordinates(real_data, tmp_path):
    file = real_data / "covid_organisations" / "network.json"
    done("import", "vosviewer", file, "--group-by", "address", "--locate", "--out", tmp_path / "cities")
    places = read_network(tmp_path / "cities").places.set_index("name_en")
    assert places[["lat", "lon"]].notna().all(axis=None)
    assert places.loc["Wuhan", ["lat", "lon"]].tolist() == pytest.approx([30.6, 114.3], abs=0.2)
    massachusetts = places.loc[["Cambridge"]].query("iso2 == 'US'")
    assert massachusetts["lat"].tolist() == pytest.approx([42.4], abs=0.2)
