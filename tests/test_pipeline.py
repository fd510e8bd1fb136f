"""The whole chain: recipes, the run, the command line, the tables that come out."""

import filecmp
import gzip
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import innovation_graph as ig
from innovation_graph import cli, pipeline, recipe, scenario
from innovation_graph._csv import write_csv
from innovation_graph.cli import records as records_commands
from innovation_graph.errors import RecipeError, RecordsError
from innovation_graph.samples import sample_records
from innovation_graph.sources.adapters import SOURCES


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return pipeline.run(recipe.sample_recipe(), tmp_path_factory.mktemp("run") / "out")


def command(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def equal_files(one: Path, other: Path) -> bool:
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    return all(filecmp.cmp(one / name, other / name, shallow=False) for name in names)


def test_the_sample_gives_both_networks_tables_and_maps(sample):
    assert set(sample.networks) == {"papers", "patents"}
    for name, network in sample.networks.items():
        assert network.n_places == 120
        assert network.synthetic
        folder = sample.folder / name
        assert ig.read_network(folder / "network") == network
        table = pd.read_csv(folder / "centrality.csv", index_col="place_id")
        assert (table["synthetic_data"] == "yes").all()
        np.testing.assert_allclose(table["strength"][network.ids], network.adjacency.sum(axis=1))
        assert table["strength_rank"].iloc[0] == 1
        for page in ("map.html", "map_cn_us.html"):
            text = (folder / page).read_text(encoding="utf-8")
            assert "SYNTHETIC" in text
        assert "synthetic_data" in (folder / "communities.csv").read_text(encoding="utf-8-sig").splitlines()[0]
        left_out = (folder / "network/unlocated.csv").read_text(encoding="utf-8-sig")
        assert "synthetic_data" in left_out.splitlines()[0]


def test_indicators_are_those_of_networkx(sample):
    """Indicator 17: networkx's eigenvector; 18: number of partners, both over all 120 hubs."""
    import networkx as nx

    table = pd.read_csv(sample.folder / "indicators.csv", index_col="place_id")
    assert len(table) == 120
    graph = sample.networks["papers"].to_networkx()
    assert nx.is_connected(graph)
    expected = pd.Series(nx.eigenvector_centrality_numpy(graph, weight="weight")).abs()
    np.testing.assert_allclose(table["indicator_17"], expected[table.index], atol=1e-9)
    degrees = dict(sample.networks["patents"].to_networkx().degree())
    assert table["indicator_18"].to_dict() == degrees
    assert min(degrees.values()) == 0, "a hub without partners has to stay in the table"


def test_summary_counts_every_stage(sample):
    summary = json.loads((sample.folder / "run.json").read_text(encoding="utf-8"))
    assert summary["synthetic"] is True
    papers = summary["networks"]["papers"]
    counts = [papers[key] for key in ("works_read", "works_selected", "works_located", "works_linking")]
    assert counts == sorted(counts, reverse=True)
    assert papers["works_read"] == summary["networks"]["papers"]["records"]["counts"]["works"] == 80_000
    assert papers["links"] == sample.networks["papers"].n_links
    assert len(papers["top"]) == 10
    assert set(summary["versions"]) >= {"innovation-graph", "python", "numpy", "igraph"}


def test_running_the_stored_recipe_again_gives_equal_files(sample, tmp_path):
    again = recipe.read_recipe(sample.folder / "recipe.toml")
    assert again == recipe.sample_recipe()
    pipeline.run(again, tmp_path / "again")
    assert equal_files(sample.folder, tmp_path / "again")


WORK = {
    "id": "https://openalex.org/W1",
    "publication_year": 2023,
    "type": "article",
    "authorships": [
        {
            "author": {"id": "https://openalex.org/A1"},
            "institutions": [{"id": "https://openalex.org/I1", "country_code": "GB"}],
        },
        {
            "author": {"id": "https://openalex.org/A2"},
            "institutions": [{"id": "https://openalex.org/I2", "country_code": "US"}],
        },
    ],
}
PLACES = [
    {"id": "https://openalex.org/I1", "display_name": "=University of Cambridge", "country_code": "GB",
     "geo": {"city": "Cambridge", "geonames_city_id": "2653941", "country_code": "GB",
             "latitude": 52.2, "longitude": 0.117}},
    {"id": "https://openalex.org/I2", "display_name": "Stanford University", "country_code": "US",
     "geo": {"city": "Stanford", "geonames_city_id": "5398563", "region": "California", "country_code": "US",
             "latitude": 37.424, "longitude": -122.166}},
]  # fmt: skip


@pytest.fixture
def own_files(tmp_path):
    works = [{**WORK, "id": f"https://openalex.org/W{i}"} for i in range(3)]
    with gzip.open(tmp_path / "works.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(work) + "\n" for work in works)
        file.write("no json\n")
    (tmp_path / "institutions.jsonl").write_text("\n".join(map(json.dumps, PLACES)), encoding="utf-8")
    return tmp_path


def test_own_files_by_recipe(own_files):
    (own_files / "mine.toml").write_text(
        """
        title = "Mine"
        seed = 7
        [records]
        source = "openalex"
        files = ["works.jsonl.gz"]
        institutions = "institutions.jsonl"
        [places]
        set = "gihi2024"
        [networks.all]
        counting = "share"
        measures = ["degree", "strength"]
        [networks.all.maps.uk_us]
        title = "Both sides"
        blocs = [["GB"], ["US"]]
        """
    )
    result = pipeline.run(recipe.read_recipe(own_files / "mine.toml"), own_files / "out")
    links = result.networks["all"].links()
    assert links.to_dict("records") == [{"source": "san-francisco-san-jose", "target": "cambridge", "weight": 0.75}]
    assert not result.networks["all"].synthetic
    assert "synthetic" not in (own_files / "out/all/centrality.csv").read_text(encoding="utf-8")
    assert (own_files / "out/all/uk_us.html").is_file()
    assert result.summary["networks"]["all"]["records"]["ingest"]["rejects"] == 1
    stored = tomllib.loads((own_files / "out/recipe.toml").read_text(encoding="utf-8"))
    assert stored["records"]["files"] == [str(own_files / "works.jsonl.gz")]
    again = pipeline.run(recipe.read_recipe(own_files / "out/recipe.toml"), own_files / "again")
    assert again.networks["all"] == result.networks["all"]
    assert equal_files(own_files / "out", own_files / "again")


def test_the_recipe_of_the_readme_is_one(tmp_path):
    text = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    step, block = sorted(re.findall(r"```toml\n(.*?)```", text, re.DOTALL), key=lambda block: "[networks" in block)
    (tmp_path / "scenario.toml").write_text(step, encoding="utf-8")
    assert len(scenario.read_scenario(tmp_path / "scenario.toml").steps) == 2
    (tmp_path / "mine.toml").write_text(block, "utf-8")
    made = recipe.read_recipe(tmp_path / "mine.toml")
    recipe.check(made, tmp_path / "out")
    assert made.networks["patents"].selection().population == {"grant": (2023, 2023), "pct": (2023, 2023)}
    assert made.networks["papers"].records.files == (str(tmp_path / "exports"),)
    for name, wanted in (("patstat", "patstat"), ("own.toml", str(tmp_path / "own.toml"))):
        text = f'[records]\nsource = "table"\nfiles = ["x"]\ncolumns = "{name}"\n[networks.a]\n'
        (tmp_path / "table.toml").write_text(text, "utf-8")
        assert recipe.read_recipe(tmp_path / "table.toml").records.columns == wanted


def test_networks_of_one_run_may_have_records_of_their_own(own_files):
    (own_files / "patents.csv").write_text("id,owner,town,land\n1,A,Boston,US\n1,B,Beijing,CN\n2,C,Boston,US\n")
    (own_files / "map.toml").write_text(
        'kind = "patent"\n[columns]\nwork_id = "id"\norganisation = "owner"\ncity = "town"\ncountry = "land"\n'
        'role = { value = "applicant" }\n'
    )
    (own_files / "both.toml").write_text(
        """
        [networks.papers]
        indicator = 17
        records = { source = "openalex", files = ["works.jsonl.gz"], institutions = "institutions.jsonl" }
        [networks.patents]
        indicator = 18
        min_actors = 2
        records = { source = "table", files = ["patents.csv"], columns = "map.toml", resolve = false }
        """
    )
    result = pipeline.run(recipe.read_recipe(own_files / "both.toml"), own_files / "out")
    assert [network.n_links for network in result.networks.values()] == [1, 1]
    assert (own_files / "out/papers/records").is_dir()
    assert (own_files / "out/patents/records").is_dir()
    table = pd.read_csv(own_files / "out/indicators.csv", index_col="place_id")
    assert table.loc[["beijing", "boston"], "indicator_18"].tolist() == [1.0, 1.0]
    again = pipeline.run(recipe.read_recipe(own_files / "out/recipe.toml"), own_files / "again")
    assert again.networks["patents"] == result.networks["patents"]
    assert equal_files(own_files / "out", own_files / "again")


NAMES = st.text(min_size=1, max_size=8).filter(lambda name: "\0" not in name and name.isprintable())


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=3), min_size=1, max_size=3), NAMES)
def test_any_recipe_survives_being_written(networks, title):
    plans = {
        name: recipe.NetworkPlan(types=tuple(types) or None, maps={name: recipe.MapPlan(title=title)})
        for name, types in networks.items()
    }
    made = recipe.Recipe(networks=plans, title=title, records=recipe.RecordsPlan(path="/r"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.toml"
        path.write_text(recipe.as_toml(made), encoding="utf-8")
        assert recipe.read_recipe(path) == made


def plan_of(**options):
    names = options.pop("names", ("a",))
    return recipe.Recipe(networks={name: recipe.NetworkPlan(**options) for name in names})


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (plan_of(names=("../../escaped",)), "cannot be the name"),
        (plan_of(names=("..",)), "cannot be the name"),
        (plan_of(names=("records",)), "cannot be the name"),
        (plan_of(maps={"x/y": recipe.MapPlan()}), "map name 'x/y'"),
        (plan_of(names=("a", "b"), indicator=17), "indicator = 17 is asked of more than one network"),
        (plan_of(indicator=3), "17 .papers. and 18"),
        (plan_of(years=(2023, 2019)), "years must be"),
        (plan_of(kind="song"), "kind = 'song'; known: paper, patent"),
        (plan_of(counting="full"), "counting = 'full'; known: whole"),
        (plan_of(measures=("size",)), r"measures = \['size'\]; known: degree"),
        (plan_of(maps={"m": recipe.MapPlan(blocs=(("CN",),))}), "either two blocs or some countries"),
        (plan_of(maps={"m": recipe.MapPlan(size_by="size")}), "size_by = 'size'"),
        (recipe.Recipe(networks={}, records=recipe.RecordsPlan(path="r", years=(2000, 2001))), "do not go with it"),
        (
            recipe.Recipe(networks={}, records=recipe.RecordsPlan(source="openalex", files=("w",), breadth="narrow")),
            "breadth cannot be used with the source openalex",
        ),
    ],
)
def test_recipes_that_cannot_be_carried_out(made, message, tmp_path):
    with pytest.raises((RecipeError, RecordsError), match=message):
        pipeline.run(made, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_run_never_deletes_what_it_did_not_make(own_files):
    made = recipe.Recipe(
        networks={"all": recipe.NetworkPlan(measures=("degree",))},
        records=recipe.RecordsPlan(source="openalex", files=(str(own_files / "works.jsonl.gz"),)),
    )
    out = own_files / "out"
    pipeline.run(made, out)
    own = recipe.Recipe(networks=made.networks, records=recipe.RecordsPlan(path=str(out / "records")))
    with pytest.raises(RecipeError, match="lies inside the results folder"):
        pipeline.run(own, out)
    (out / "all/my_notes.txt").write_text("precious")
    with pytest.raises(FileExistsError, match=r"my_notes\.txt"):
        pipeline.run(made, out)
    assert (out / "all/my_notes.txt").read_text() == "precious"
    (out / "all/my_notes.txt").unlink()
    assert pipeline.run(made, out).networks["all"].n_places == 120


def test_what_comes_out_empty_is_said(own_files):
    work = {**WORK, "is_retracted": True}
    with gzip.open(own_files / "gone.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps({**work, "id": f"https://openalex.org/W{i}"}) + "\n" for i in range(500))
    runner = CliRunner()

    def said(*arguments):
        done = runner.invoke(cli.app, [str(argument) for argument in arguments])
        assert done.exit_code == 0, done.output
        return " ".join(done.stderr.split())

    gone = own_files / "gone.jsonl.gz"
    assert "retracted works are left out" in said("ingest", "openalex", gone, "--out", own_files / "none")
    (own_files / "cut.jsonl.gz").write_bytes(gone.read_bytes()[:-40])
    cut = said("ingest", "openalex", own_files / "cut.jsonl.gz", "--keep-retracted", "--out", own_files / "cut")
    assert "damaged, cut or no such exports: 1 files" in cut
    assert "no site has a place: give --institutions" in cut
    alone = said("network", own_files / "cut", "--out", own_files / "net")
    assert "no work links two places" in alone


def test_unlocated_is_that_of_the_network_beside_it(own_files):
    done = command("network", "sample", "--kind", "patent", "--years", "2023", "--out", own_files / "net")
    assert done.exit_code == 0, done.output
    left = pd.read_csv(own_files / "net/unlocated.csv")
    counts = ig.read_network(own_files / "net").provenance
    assert left["sites"].sum() == counts["sites_selected"] - counts["sites_located"] > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("networks = 3", "Expected `object`, got `int` - at `\\$.networks`"),
        ("[networks.a]\nkindd = 'paper'", "unknown field `kindd`"),
        ("[networks.a]\nyears = [2023]", "length 2"),
        ("title = 'x'", "missing required field `networks`"),
        ("title = ", "Invalid value"),
    ],
)
def test_faulty_recipes_name_the_entry(text, message, tmp_path):
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(RecipeError, match=message):
        recipe.read_recipe(tmp_path / "r.toml")


def test_a_failing_run_leaves_nothing(tmp_path):
    plan = recipe.Recipe(networks={"a": recipe.NetworkPlan(types=("song",))})
    with pytest.raises(RecordsError, match="no work has type 'song'"):
        pipeline.run(plan, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_command_line_from_files_to_map(own_files):
    done = command(
        "ingest", "openalex", own_files / "works.jsonl.gz",
        "--institutions", own_files / "institutions.jsonl", "--out", own_files / "records",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "rejects.jsonl" in done.output
    strict = command("ingest", "openalex", own_files / "works.jsonl.gz", "--strict", "--out", own_files / "strict")
    assert strict.exit_code == 1
    assert (own_files / "strict/records.json").is_file()
    made = command("network", own_files / "records", "--years", "2020-2023", "--out", own_files / "net")
    assert made.exit_code == 0, made.output
    assert "1 link" in made.output
    left = pd.read_csv(own_files / "net/unlocated.csv")
    assert list(left.columns) == ["text", "city", "country", "sites", "works"]
    countries = command("network", own_files / "records", "--places", "organisation", "--out", own_files / "orgs")
    assert countries.exit_code == 0, countries.output
    measured = command("centrality", own_files / "orgs", "--out", own_files / "c.csv", "--measures", "degree,strength")
    assert measured.exit_code == 0, measured.output
    table = pd.read_csv(own_files / "c.csv")
    assert sorted(table["name_en"]) == ["'=University of Cambridge", "Stanford University"], "no cell is a formula"
    grouped = command("communities", own_files / "net", "--out", own_files / "groups.csv")
    assert grouped.exit_code == 0, grouped.output
    drawn = command("map", own_files / "net", "--blocs", "GB:US", "--out", own_files / "m.html")
    assert drawn.exit_code == 0, drawn.output
    assert (own_files / "m.html").stat().st_size < 1_000_000


def test_import_and_errors_on_the_command_line(tmp_path):
    (tmp_path / "edges.csv").write_text("source,target,weight\nBeijing,Boston,3\n")
    assert command("import", "edges", tmp_path / "edges.csv", "--out", tmp_path / "net").exit_code == 0
    assert ig.read_network(tmp_path / "net").total_weight == 3
    for arguments, text in (
        (["map", "nowhere"], "error: nowhere: expected a folder with network.json"),
        (["import", "odd", "x", "--out", "y"], "error: unknown format 'odd'; known: edges, gexf, graphml, matrix, "),
        (["network", "sample", "--years", "last", "--out", "y"], "error: --years: expected a year or a range"),
        (["run", "none.toml"], "error: none.toml:"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", "from innovation_graph.cli import main; main()", *arguments],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert " ".join(done.stderr.split()).startswith(text)
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "y").exists()


@pytest.mark.parametrize(
    "name",
    [
        [],
        *(["ingest", source] for source in ("openalex", *SOURCES)),
        ["fetch", "openalex"],
        ["fetch", "ror"],
        ["fetch", "openalex-snapshot"],
        ["network"],
        ["import"],
        ["centrality"],
        ["communities"],
        ["map"],
        ["run"],
    ],
)
def test_help_has_an_example(name):
    done = command(*name, "--help")
    assert done.exit_code == 0
    assert "innovation-graph" in done.output
    assert "xample" in done.output or "Try it" in done.output


def test_links_and_what_lies_in_a_hub_are_tables(tmp_path):
    net, out = tmp_path / "net", tmp_path / "links.csv"
    assert command("network", "sample", "--kind", "paper", "--years", "2023", "--out", net).exit_code == 0
    assert command("links", net, "--out", out).exit_code == 0
    table = pd.read_csv(out)
    network = ig.read_network(net)
    assert (len(table), table["weight"].sum()) == (network.n_links, network.total_weight)
    assert table["weight"].is_monotonic_decreasing
    assert set(table["synthetic_data"]) == {"yes"}
    assert command("links", net, "--minimum", "20", "--out", out).exit_code == 0
    assert len(pd.read_csv(out)) == (table["weight"] >= 20).sum()
    cities = pd.read_csv(net / "located.csv")
    assert cities["sites"].sum() == network.provenance["sites_located"]
    washington = cities[cities["place"] == "baltimore-washington"].set_index("city")
    assert {"Bethesda", "College Park"} <= set(washington.index[washington["reason"] == "catchment"])


@pytest.mark.parametrize("name", ["centrality", "communities", "links", "map"])
def test_a_file_of_the_user_is_not_written_over(name, tmp_path):
    (tmp_path / "edges.csv").write_text("source,target,weight\nBeijing,Boston,3\n")
    command("import", "edges", tmp_path / "edges.csv", "--out", tmp_path / "net")
    mine = tmp_path / f"mine.{'html' if name == 'map' else 'csv'}"
    mine.write_text("my notes")
    done = command(name, tmp_path / "net", "--out", mine)
    assert isinstance(done.exception, FileExistsError)
    assert mine.read_text() == "my notes"
    mine.unlink()
    for _ in range(2):
        assert command(name, tmp_path / "net", "--out", mine).exit_code == 0


def test_folders_of_another_kind_are_named(tmp_path):
    command("network", "sample", "--out", tmp_path / "net")
    sample_records().write(tmp_path / "records")
    done = command("centrality", tmp_path / "records", "--out", tmp_path / "c.csv")
    assert "a folder of records; link their places" in str(done.exception)
    assert "no folder of the same kind" in str(command("network", "sample", "--out", tmp_path / "records").exception)
    blocs = command("map", tmp_path / "net", "--blocs", "China:USA", "--out", tmp_path / "map.html")
    assert blocs.exit_code == 0
    assert "two groups" in str(
        command("map", tmp_path / "net", "--blocs", "CN", "--out", tmp_path / "m.html").exception
    )


def test_every_source_has_its_command():
    shown = command("ingest", "--help").output
    assert all(f" {source} " in shown for source in ("openalex", *SOURCES))
    assert len(records_commands._SOURCES) == len(SOURCES)


def test_importing_the_package_is_light():
    code = (
        "import sys; import innovation_graph;"
        "heavy = {'pyvis', 'numba', 'networkx', 'matplotlib', 'pandas', 'igraph'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_exist():
    for name in ig.__all__:
        assert getattr(ig, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ig.nothing


def test_spreadsheets_get_text_not_formulas(tmp_path):
    table = pd.DataFrame({"name": ["=1+1", "+x", "-y", "@z", "fine", None], "value": [-1.5, 2, 3, 4, 5, np.nan]})
    write_csv(table, tmp_path / "t.csv", index=False)
    assert (tmp_path / "t.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    read = pd.read_csv(tmp_path / "t.csv")
    assert read["name"].tolist()[:5] == ["'=1+1", "'+x", "'-y", "'@z", "fine"]
    assert read["value"].tolist()[:2] == [-1.5, 2.0]
    assert list(tmp_path.iterdir()) == [tmp_path / "t.csv"]
