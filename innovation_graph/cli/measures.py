"""Commands that measure and draw networks: centrality, communities, map, run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from innovation_graph.cli.common import Net, check_own, names, print_stages, print_top, say, screen
from innovation_graph.errors import RecipeError

__all__ = ["app"]

app = typer.Typer()


@app.command("centrality", epilog="Example: innovation-graph centrality papers --measures strength,eigenvector")
def centrality_command(
    net: Net,
    out: Annotated[Path, typer.Option(help="CSV to write.")] = Path("centrality.csv"),
    measures: Annotated[str | None, typer.Option(metavar="A,B", help="Only these; default all.")] = None,
) -> None:
    """Measure every place's position: values and ranks as CSV, the first ten on screen."""
    from innovation_graph import centrality
    from innovation_graph._csv import write_csv
    from innovation_graph.network import read_network
    from innovation_graph.pipeline import ranked

    check_own(out, "place_id,")
    network = read_network(net)
    values = centrality.table(network, names(measures))
    table = ranked(network, values)
    write_csv(table, out, synthetic=network.synthetic)
    print_top(f"{net.name}: the first ten of {network.n_places}", table, list(values.columns), network.synthetic)
    say(f"Written to {out}")


@app.command("communities", epilog="Example: innovation-graph communities papers --resolution 1.2 --out groups.csv")
def communities_command(
    net: Net,
    out: Annotated[Path, typer.Option(help="CSV to write; a JSON with quality and parameters goes beside it.")] = Path(
        "communities.csv"
    ),
    resolution: Annotated[float, typer.Option(help="Larger: more and smaller communities.")] = 1.0,
    objective: Annotated[str, typer.Option(help="modularity or association_strength (as VOSviewer).")] = "modularity",
    seed: Annotated[int, typer.Option(help="Equal seeds give equal communities.")] = 0,
) -> None:
    """Find communities with the Leiden algorithm."""
    from innovation_graph import communities
    from innovation_graph.network import read_network

    check_own(out, "place_id,")
    network = read_network(net)
    # The function refuses an objective that does not exist.
    partition = communities.leiden(network, resolution=resolution, objective=objective, seed=seed)  # type: ignore[arg-type]
    partition.write(out)
    say(f"{partition!r}")
    names = communities.names(partition, network)[partition.sizes > 1]
    for name in names.head(20):
        say(f"  {name}")
    alone = partition.n_communities - len(names)
    if alone or len(names) > 20:
        more = f"{len(names) - 20} more and " if len(names) > 20 else ""
        say(f"  and {more}{alone} places by themselves")
    say(f"Written to {out}")


@app.command("map", epilog="Example: innovation-graph map papers --blocs CN:US --out sino_us.html")
def map_command(
    net: Net,
    out: Annotated[Path, typer.Option(help="HTML file to write.")] = Path("map.html"),
    countries: Annotated[str | None, typer.Option(metavar="CN,US", help="Only places of these countries.")] = None,
    blocs: Annotated[str | None, typer.Option(metavar="CN:US", help="Two groups face to face; A,B:C for more.")] = None,
    size_by: Annotated[
        str | None, typer.Option(help="Measure that gives the size of the circles. [default: strength]")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Heading.")] = None,
    lang: Annotated[str, typer.Option(help="en or zh; the page can switch.")] = "en",
    seed: Annotated[int, typer.Option(help="Seed of layout and communities.")] = 0,
) -> None:
    """Draw an interactive page: one file that opens anywhere, without a network."""
    from innovation_graph.network import read_network
    from innovation_graph.pipeline import draw
    from innovation_graph.recipe import MapPlan

    sides: tuple[tuple[str, ...], ...] = ()
    if blocs is not None:
        sides = tuple(_coded(side.split(",")) for side in blocs.split(":"))
        if len(sides) != 2 or not all(sides):
            raise RecipeError(f"--blocs: expected two groups of countries or places such as CN:US, got {blocs!r}")
    plan = MapPlan(title=title, countries=_coded(names(countries) or ()), blocs=sides, size_by=size_by, lang=lang)
    check_own(out, "innovation-graph")
    if out.resolve().is_relative_to(net.resolve()):
        raise RecipeError(f"--out {out} lies inside the network folder {net}; write the page elsewhere")
    draw(read_network(net), plan, out, seed=seed)
    say(f"Written to {out} ({out.stat().st_size / 1000:,.0f} kB)")


@app.command("links", epilog="Example: innovation-graph links papers --out links.csv")
def links_command(
    net: Net,
    out: Annotated[Path, typer.Option(help="CSV to write.")] = Path("links.csv"),
    minimum: Annotated[float | None, typer.Option(help="Only links of at least this weight.")] = None,
) -> None:
    """List the links with names, the heaviest first: a table for spreadsheets."""
    from innovation_graph._csv import write_csv
    from innovation_graph.network import read_network
    from innovation_graph.similarity import association_strength

    check_own(out, "source,")
    network = read_network(net)
    table = network.links()
    about = network.places[["name_en", "country"]]
    for end in ("source", "target"):
        table[[f"{end}_name", f"{end}_country"]] = about.loc[table[end]].to_numpy()
    table["association_strength"] = association_strength(network).links()["weight"]
    columns = ["source", "target", "source_name", "source_country", "target_name", "target_country"]
    table = table[table["weight"] >= (minimum or 0)].sort_values("weight", ascending=False, kind="stable")
    write_csv(table[[*columns, "weight", "association_strength"]], out, synthetic=network.synthetic, index=False)
    for _, link in table.head(10).iterrows():
        say(f"  {link['source_name']} - {link['target_name']}: {link['weight']:,.6g}")
    say(f"{len(table):,} links written to {out}")


@app.command(
    "run",
    epilog="Examples: innovation-graph run --out demo (the sample) | innovation-graph run mine.toml --out results",
)
def run_command(
    recipe: Annotated[Path | None, typer.Argument(help="A recipe (TOML); without one, the packaged sample.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for all results.")] = Path("innovation-graph-results"),
) -> None:
    """Go the whole way: records, networks, centralities, communities, indicators and maps."""
    from innovation_graph import pipeline
    from innovation_graph.recipe import read_recipe, sample_recipe

    chosen = sample_recipe() if recipe is None else read_recipe(recipe)
    with screen.status("working") as status:

        def report(line: str) -> None:
            status.update(escape(line[:100]))
            say(line)

        result = pipeline.run(chosen, out, report=report)
    print_stages(result.networks)
    for name, values in result.centralities.items():
        network = result.networks[name]
        table = pipeline.ranked(network, values)
        print_top(f"{name}: the first ten of {network.n_places}", table, list(values.columns), network.synthetic)
    say(f"Results in {out}: tables (CSV), maps (HTML), networks; run.json tells what was done.")


def _coded(given: Sequence[str]) -> tuple[str, ...]:
    """Return codes for names of countries; what is none stays, it may be a place."""
    from innovation_graph.places import countries

    return tuple(countries.code_or_name(name) or name for name in given if name)
