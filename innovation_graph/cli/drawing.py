"""Commands that draw and list networks, and the one that goes the whole way: map, links, run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from innovation_graph.cli.common import Net, check_own, names, print_stages, print_top, say, screen
from innovation_graph.errors import RecipeError

__all__ = ["app"]

app = typer.Typer()

_PANEL = "Maps and lists"


@app.command(
    "map", rich_help_panel=_PANEL, epilog="Example: innovation-graph map papers --blocs CN:US --out sino_us.html"
)
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
    check_own(out, "innovation-graph", page=True)
    if out.resolve().is_relative_to(net.resolve()):
        raise RecipeError(f"--out {out} lies inside the network folder {net}; write the page elsewhere")
    draw(read_network(net), plan, out, seed=seed)
    say(f"Written to {out} ({out.stat().st_size / 1000:,.0f} kB)")


@app.command("links", rich_help_panel=_PANEL, epilog="Example: innovation-graph links papers --out links.csv")
def links_command(
    net: Net,
    out: Annotated[Path, typer.Option(help="CSV to write.")] = Path("links.csv"),
    minimum: Annotated[float | None, typer.Option(help="Only links of at least this weight.")] = None,
) -> None:
    """List the links with names, the heaviest first: a table for spreadsheets."""
    from innovation_graph import similarity
    from innovation_graph._csv import write_csv
    from innovation_graph.network import read_network

    check_own(out, "source,target,source_name,source_country,")
    network = read_network(net)
    table = similarity.table(network)
    about = network.places[["name_en", "country"]]
    for position, end in ((2, "source"), (4, "target")):
        for shift, (name, column) in enumerate((("name", "name_en"), ("country", "country"))):
            table.insert(position + shift, f"{end}_{name}", about.loc[table[end], column].to_numpy())
    table = table[table["weight"] >= (minimum or 0)].sort_values("weight", ascending=False, kind="stable")
    write_csv(table, out, synthetic=network.synthetic, index=False)
    for _, link in table.head(10).iterrows():
        say(f"  {link['source_name']} - {link['target_name']}: {link['weight']:,.6g}")
    say(f"{len(table):,} links written to {out}")


@app.command(
    "run",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph run --out demo (the sample) | innovation-graph run mine.toml --out results",
)
def run_command(
    recipe: Annotated[Path | None, typer.Argument(help="A recipe (TOML); without one, the packaged sample.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for all results.")] = Path("innovation-graph-results"),
) -> None:
    """Go the whole way: records, networks, centralities, communities, indicators and maps."""
    from innovation_graph import pipeline
    from innovation_graph.recipe import read_recipe, sample_recipe
    from innovation_graph.studies import ranked

    chosen = sample_recipe() if recipe is None else read_recipe(recipe)
    with screen.status("working") as status:

        def report(line: str) -> None:
            status.update(escape(line[:100]))
            say(line)

        result = pipeline.run(chosen, out, report=report)
    print_stages(result.networks)
    for name, values in result.centralities.items():
        network = result.networks[name]
        table = ranked(network, values)
        print_top(f"{name}: the first ten of {network.n_places}", table, list(values.columns), network.synthetic)
    say(f"Results in {out}: tables (CSV), maps (HTML), networks; run.json tells what was done.")


def _coded(given: Sequence[str]) -> tuple[str, ...]:
    """Return codes for names of countries; what is none stays, it may be a place."""
    from innovation_graph.places import countries

    return tuple(countries.code_or_name(name) or name for name in given if name)
