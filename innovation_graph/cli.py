"""The command line: arguments in, files out, no arithmetic."""

import re
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from innovation_graph._version import __version__
from innovation_graph.errors import InnovationGraphError, RecipeError

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="City collaboration networks from papers and patents: who works with whom, measured and mapped.",
    epilog="Try it: [b]innovation-graph run --out demo[/b] measures and maps the packaged synthetic sample.",
)
ingest_app = typer.Typer(no_args_is_help=True, help="Turn source files into a folder of records.")
app.add_typer(ingest_app, name="ingest")

_LEADING = ("strength", "degree", "eigenvector", "betweenness")

_screen = Console()
_errors = Console(stderr=True)

_Net = Annotated[Path, typer.Argument(metavar="NET", help="A network folder.", show_default=False)]
_Years = Annotated[str | None, typer.Option(metavar="2019-2023", help="A year or a range of years.")]
_Types = Annotated[str | None, typer.Option(metavar="A,B", help="Only works of these types.")]


def main() -> None:
    """Run the command line; what a user can mend ends with one line and exit code 2."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that half-written folders are removed
    try:
        app(standalone_mode=True)
    except (InnovationGraphError, OSError) as error:
        _errors.print(f"[bold red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)


@ingest_app.command(
    "openalex",
    epilog="Example: innovation-graph ingest openalex works/ --institutions ror.zip --years 2023 --out records",
)
def ingest_openalex(
    paths: Annotated[list[Path], typer.Argument(help="JSON lines (also gz), API pages, or folders of them.")],
    out: Annotated[Path, typer.Option(help="Folder of records to write.")],
    institutions: Annotated[
        Path | None, typer.Option(help="Where organisations are: ROR dump (zip, JSON, CSV) or OpenAlex institutions.")
    ] = None,
    years: _Years = None,
    types: _Types = None,
    keep_retracted: Annotated[bool, typer.Option("--keep-retracted", help="Keep retracted works.")] = False,
    keep_authors: Annotated[bool, typer.Option("--keep-authors", help="Keep who the authors are.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if anything was rejected.")] = False,
    workers: Annotated[int | None, typer.Option(help="Processes; default one a file, up to the processors.")] = None,
) -> None:
    """Read OpenAlex works; what cannot be used goes to [b]rejects.jsonl[/b] in the folder."""
    from innovation_graph.sources import openalex

    with _bar() as progress:
        summary = openalex.ingest(
            paths,
            out,
            institutions=institutions,
            years=_range(years),
            types=_list(types),
            keep_retracted=keep_retracted,
            keep_authors=keep_authors,
            workers=workers,
            progress=progress,
        )
    counts = summary.to_dict()
    named = counts.pop("truncated_works")
    _print_counts(f"Records in {out}", counts)
    if named:
        _say(f"Author list cut by OpenAlex: {', '.join(named[:10])}{' ...' if len(named) > 10 else ''}")
    for warning in _warnings(summary, institutions):
        _warn(warning)
    if summary.rejects:
        _say(f"{summary.rejects} rejected, see {out / 'rejects.jsonl'}")
        raise typer.Exit(code=1 if strict else 0)


@app.command(
    "network",
    epilog="Example: innovation-graph network records --years 2023 --counting fractional --out papers",
)
def network_command(
    records: Annotated[Path, typer.Argument(help="A folder of records, or `sample`.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Network folder to write.")],
    places: Annotated[
        str, typer.Option(help="gihi2024, country, city, organisation, author, or a CSV of your own.")
    ] = "gihi2024",
    catchment_km: Annotated[
        float | None, typer.Option("--catchment-km", help="Reach of a district centre; 0 turns it off. [default: 25]")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="paper or patent.")] = None,
    years: _Years = None,
    types: _Types = None,
    fields: Annotated[str | None, typer.Option(metavar="A,B", help="Only works in one of these fields.")] = None,
    counting: Annotated[str, typer.Option(help="whole, fractional, whole_normalised or share.")] = "whole",
    min_actors: Annotated[int | None, typer.Option(help="Only works of at least N authors or applicants.")] = None,
    max_actors: Annotated[int | None, typer.Option(help="Only works of at most N authors or applicants.")] = None,
    actors: Annotated[str, typer.Option(help="authors, applicants, inventors, both or default.")] = "default",
    drop_retracted: Annotated[bool, typer.Option("--drop-retracted", help="Leave retracted works out.")] = False,
) -> None:
    """Link places by the works they have in common."""
    from innovation_graph import incidence, projection
    from innovation_graph import places as places_module
    from innovation_graph.pipeline import write_network
    from innovation_graph.selection import Selection

    read = _records(records)
    located = places_module.locate(read, places_module.get(places, catchment_km))
    selection = Selection(
        kind=kind,
        years=_range(years),
        types=_list(types),
        fields=_list(fields),
        min_actors=min_actors,
        max_actors=max_actors,
        actors=actors,
        drop_retracted=drop_retracted,
    )
    stream = incidence.stream(read, located, selection, shares=counting == "share")
    network = projection.project(stream, counting=counting)
    left_out = write_network(network, stream, out)
    if not network.provenance["works_selected"]:
        _warn("no work fits the selection")
    elif not network.n_links:
        _warn("no work links two places")
    _say(f"{located!r}\n{network!r}")
    _say(f"Written to {out}; unlocated.csv there lists {left_out:,} texts without a place.")


@app.command(
    "import",
    epilog="Example: innovation-graph import vosviewer network.json --group-by address --out cities",
)
def import_command(
    form: Annotated[str, typer.Argument(metavar="FORMAT", help="matrix, edges or vosviewer.")],
    path: Annotated[Path, typer.Argument(help="The file (VOSviewer text: the map file).", show_default=False)],
    out: Annotated[Path, typer.Option(help="Network folder to write.")],
    network: Annotated[
        Path | None, typer.Option(help="VOSviewer text: the network file, if not beside the map.")
    ] = None,
    group_by: Annotated[str | None, typer.Option(help="Merge places that share this attribute, e.g. address.")] = None,
    minimum: Annotated[float | None, typer.Option(help="Keep links of at least this weight.")] = None,
    source: Annotated[str, typer.Option(help="Edges: column of one end.")] = "source",
    target: Annotated[str, typer.Option(help="Edges: column of the other end.")] = "target",
    weight: Annotated[str, typer.Option(help="Edges: column of the weight; empty: every row counts 1.")] = "weight",
    directed: Annotated[str | None, typer.Option(help="Edges given both ways become their sum, max or mean.")] = None,
) -> None:
    """Read a ready network: a matrix, a list of links, or a VOSviewer file."""
    from innovation_graph.errors import UnknownNameError
    from innovation_graph.sources import networks

    options: dict[str, Any] = {
        "matrix": {},
        "edges": {"source": source, "target": target, "weight": weight or None, "directed": directed},
        "vosviewer": {"network": network},
    }
    if form not in networks.FORMATS:
        raise UnknownNameError("format", form, networks.FORMATS)
    made = networks.FORMATS[form](path, **options[form])
    if group_by is not None:
        made = networks.group_by(made, group_by)
    if minimum is not None and not minimum > 0:
        raise RecipeError(f"--minimum: expected a weight above 0, got {minimum}")
    if minimum is not None:
        made = made.threshold(minimum)
    made.write(out)
    _say(f"{made!r}\nWritten to {out}")


@app.command("centrality", epilog="Example: innovation-graph centrality papers --measures strength,eigenvector")
def centrality_command(
    net: _Net,
    out: Annotated[Path, typer.Option(help="CSV to write.")] = Path("centrality.csv"),
    measures: Annotated[str | None, typer.Option(metavar="A,B", help="Only these; default all.")] = None,
) -> None:
    """Measure every place's position: values and ranks as CSV, the first ten on screen."""
    from innovation_graph import centrality
    from innovation_graph._csv import write_csv
    from innovation_graph.network import read_network
    from innovation_graph.pipeline import ranked

    network = read_network(net)
    values = centrality.table(network, _list(measures))
    table = ranked(network, values)
    write_csv(table, out, synthetic=network.synthetic)
    _print_top(f"{net.name}: the first ten of {network.n_places}", table, list(values.columns), network.synthetic)
    _say(f"Written to {out}")


@app.command("communities", epilog="Example: innovation-graph communities papers --resolution 1.2 --out groups.csv")
def communities_command(
    net: _Net,
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

    network = read_network(net)
    # The function refuses an objective that does not exist.
    partition = communities.leiden(network, resolution=resolution, objective=objective, seed=seed)  # type: ignore[arg-type]
    partition.write(out)
    _say(f"{partition!r}")
    names = communities.names(partition, network)[partition.sizes > 1]
    for name in names.head(20):
        _say(f"  {name}")
    alone = partition.n_communities - len(names)
    if alone or len(names) > 20:
        _say(f"  and {max(len(names) - 20, 0)} more, and {alone} places by themselves")
    _say(f"Written to {out}")


@app.command("map", epilog="Example: innovation-graph map papers --blocs CN:US --out sino_us.html")
def map_command(
    net: _Net,
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
        sides = tuple(tuple(name for name in side.split(",") if name) for side in blocs.split(":"))
    plan = MapPlan(title=title, countries=_list(countries) or (), blocs=sides, size_by=size_by, lang=lang)
    if out.resolve().is_relative_to(net.resolve()):
        raise RecipeError(f"--out {out} lies inside the network folder {net}; write the page elsewhere")
    draw(read_network(net), plan, out, seed=seed)
    _say(f"Written to {out} ({out.stat().st_size / 1000:,.0f} kB)")


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
    with _screen.status("working") as status:

        def report(line: str) -> None:
            status.update(escape(line[:100]))
            _say(line)

        result = pipeline.run(chosen, out, report=report)
    _print_stages(result.networks)
    for name, values in result.centralities.items():
        network = result.networks[name]
        table = pipeline.ranked(network, values)
        _print_top(f"{name}: the first ten of {network.n_places}", table, list(values.columns), network.synthetic)
    _say(f"Results in {out}: tables (CSV), maps (HTML), networks; run.json tells what was done.")


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False,
) -> None:
    if version:
        _screen.print(__version__)
        raise typer.Exit


def _records(path: Path) -> Any:
    from innovation_graph.records import read_records
    from innovation_graph.samples import sample_records

    return sample_records() if str(path) == "sample" and not path.exists() else read_records(path)


def _range(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d{4})\s*(?:[-:]\s*(\d{4})\s*)?", text)
    if not found or int(found[1]) > int(found[2] or found[1]):
        raise RecipeError(f"--years: expected a year or a range such as 2019-2023, got {text!r}")
    return int(found[1]), int(found[2] or found[1])


def _list(text: str | None) -> tuple[str, ...] | None:
    parts = None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())
    if parts == ():
        raise RecipeError(f"expected names parted by commas, got {text!r}")
    return parts


@contextmanager
def _bar() -> Iterator[Any]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_errors, transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def progress(done: int, total: int, works: int) -> None:
            bar.update(task, completed=done, total=total, description=f"{works:,} works")

        yield progress


def _warnings(summary: Any, institutions: Path | None) -> Iterator[str]:
    if summary.damaged_files:
        yield f"{summary.damaged_files} of {summary.files} files break off; only what stood before was read"
    if not summary.works:
        yield "no work was kept; see the filters above (retracted works are left out without --keep-retracted)"
    elif summary.sites and summary.unlocated == summary.sites:
        hint = "" if institutions else ": give --institutions"
        yield f"no site has a place{hint}"


def _warn(line: str) -> None:
    _errors.print(f"[bold yellow]warning:[/] {escape(line)}", soft_wrap=True, highlight=False)


def _say(line: str) -> None:
    _screen.print(escape(line), soft_wrap=True, highlight=False)


def _print_counts(title: str, counts: Mapping[str, Any]) -> None:
    table = Table(title=escape(title), show_header=False)
    for key, value in counts.items():
        table.add_row(key.replace("_", " "), f"{value:,}")
    _screen.print(table)


def _print_stages(networks: Mapping[str, Any]) -> None:
    table = Table(title="From records to links")
    for heading in ("network", "works read", "selected", "in places", "linking", "sites", "in places", "links"):
        table.add_column(heading, justify="left" if heading == "network" else "right")
    for name, network in networks.items():
        keys = ("works_read", "works_selected", "works_located", "works_linking", "sites_selected", "sites_located")
        counts = [network.provenance[key] for key in keys]
        share = f"{counts[5]:,} ({counts[5] / max(counts[4], 1):.0%})"
        table.add_row(escape(name), *(f"{n:,}" for n in counts[:5]), share, f"{network.n_links:,}")
    _screen.print(table)


def _print_top(title: str, rows: Any, measures: list[str], synthetic: bool) -> None:
    """Show ten rows; of many measures only those that most readers look for, so that a narrow screen holds them."""
    if len(measures) > len(_LEADING):
        measures = [name for name in _LEADING if name in measures]
    table = Table(title=escape(title + (" - SYNTHETIC DATA" if synthetic else "")))
    for name in ("place", "country", *measures):
        table.add_column(escape(name), justify="left" if name in ("place", "country") else "right")
    for place, row in rows.head(10).iterrows():
        name = row["name_en"] if isinstance(row["name_en"], str) else str(place)
        country = row["country"] if isinstance(row["country"], str) else ""
        table.add_row(
            escape(name), escape(country), *(f"{row[m]:,.4g}" if row[m] % 1 else f"{row[m]:,.0f}" for m in measures)
        )
    _screen.print(table)
