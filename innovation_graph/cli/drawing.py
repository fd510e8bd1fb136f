"""Commands that draw, list and export networks, and the one that goes the whole way: map, links, export, run."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from innovation_graph.cli.common import Moved, Net, check_own, names, print_stages, print_top, say, screen
from innovation_graph.errors import RecipeError

__all__ = ["app"]

app = typer.Typer()

_PANEL = "Maps and lists"


@app.command(
    "map",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph map papers --blocs CN:US --out sino_us.html | "
    "innovation-graph map papers --layer patents=patents --errors errors --years --works 20",
)
def map_command(
    net: Net,
    out: Annotated[Path, typer.Option(help="HTML file to write.")] = Path("map.html"),
    view: Annotated[str | None, typer.Option(help="Shown first: network, map, columns, matrix or table.")] = None,
    countries: Annotated[str | None, typer.Option(metavar="CN,US", help="Only places of these countries.")] = None,
    blocs: Annotated[str | None, typer.Option(metavar="CN:US", help="Two groups face to face; A,B:C for more.")] = None,
    size_by: Annotated[
        str | None, typer.Option(help="Measure that gives the size of the circles. [default: strength]")
    ] = None,
    colour_by: Annotated[str, typer.Option(help="community, country, continent or a measure.")] = "community",
    layer: Annotated[
        list[str] | None, typer.Option(metavar="NAME=NET", help="Another network of the same places, e.g. patents=NET.")
    ] = None,
    errors: Annotated[Path | None, typer.Option(help="What `bootstrap` wrote: intervals on the cards.")] = None,
    scores: Annotated[Path | None, typer.Option(help="What `score` wrote: scores as measures.")] = None,
    years: Annotated[bool, typer.Option("--years", help="A slider of years (network made from records).")] = False,
    works: Annotated[int, typer.Option(min=0, help="Pack the works behind so many of the heaviest ties.")] = 0,
    centre: Annotated[str | None, typer.Option(help="Map: atlantic or pacific in the middle.")] = None,
    boundaries: Annotated[Path | None, typer.Option(help="Map: a GeoJSON of boundaries to draw.")] = None,
    title: Annotated[str | None, typer.Option(help="Heading.")] = None,
    lang: Annotated[str, typer.Option(help="en or zh; the page can switch.")] = "en",
    seed: Annotated[int, typer.Option(help="Seed of layout and communities.")] = 0,
    records: Moved = None,
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
    plan = MapPlan(
        title=title,
        countries=_coded(names(countries) or ()),
        blocs=sides,
        size_by=size_by,
        colour_by=colour_by,
        view=view,
        centre=centre,
        boundaries=None if boundaries is None else str(boundaries),
        lang=lang,
    )
    check_own(out, "innovation-graph", page=True)
    if out.resolve().is_relative_to(net.resolve()):
        raise RecipeError(f"--out {out} lies inside the network folder {net}; write the page elsewhere")
    network = read_network(net)
    extras = _extras(network, net, layer or [], errors, scores, years=years, works=works, records=records)
    draw(network, plan, out, seed=seed, **extras)
    say(f"Written to {out} ({out.stat().st_size / 1000:,.0f} kB)")


def _extras(
    network: Any,
    net: Path,
    layers: Sequence[str],
    errors: Path | None,
    scores: Path | None,
    *,
    years: bool,
    works: int,
    records: Path | None,
) -> dict[str, Any]:
    """Return what else a page shows, of what was asked for."""
    from innovation_graph import drilldown, periods
    from innovation_graph.index.scoring import read_scores
    from innovation_graph.network import read_network
    from innovation_graph.origin import read_origin
    from innovation_graph.uncertainty import read_uncertainty

    extras: dict[str, Any] = {}
    for text in layers:
        name, _, path = text.partition("=")
        if not name or not path:
            raise RecipeError(f"--layer: expected a name and a network as in patents=NET, got {text!r}")
        extras.setdefault("layers", {})[name] = read_network(path)
    if errors is not None:
        extras["uncertainty"] = read_uncertainty(errors)
    if scores is not None:
        extras["scores"] = read_scores(scores)
        extras["synthetic"] = bool(json.loads((scores / "scores.json").read_text(encoding="utf-8"))["synthetic"])
    if years or works:
        origin = read_origin(net, records=records)
        if years:
            extras["periods"] = periods.by_period(origin.stream, counting=origin.plan.counting)
        source = (origin.records, origin.located, origin.plan.selection())
        heaviest = network.links().sort_values("weight", ascending=False, kind="stable").head(works)
        pairs = list(zip(heaviest["source"], heaviest["target"], strict=True))
        if pairs:
            extras["works"] = {pair: drilldown.works_between(*source, *pair) for pair in pairs}
    return extras


@app.command(
    "export",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph export papers papers.gexf (Gephi) | innovation-graph export papers map.txt "
    "--format vosviewer-text | innovation-graph export papers papers.xlsx",
)
def export_command(
    net: Net,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="What to write; its ending says the format.")],
    form: Annotated[
        str | None,
        typer.Option("--format", help="gexf, graphml, vosviewer, vosviewer-text, pajek, csv or excel."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of layout and communities.")] = 0,
) -> None:
    """Write a network for Gephi, VOSviewer, Pajek, Excel and others, with positions, communities and measures."""
    from innovation_graph import centrality, communities
    from innovation_graph.network import read_network
    from innovation_graph.views import export

    if path.exists():
        raise FileExistsError(f"{path} exists; choose another name")
    network = read_network(net)
    partition = communities.leiden(network, seed=seed)
    export.write(network, path, form, metrics=centrality.table(network), partition=partition, seed=seed)
    say(f"Written to {path}")


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
