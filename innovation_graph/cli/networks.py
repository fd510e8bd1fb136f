"""Commands that make networks: network, import."""

from pathlib import Path
from typing import Annotated, Any

import typer

from innovation_graph.cli.common import Types, Years, foreign, names, open_records, say, span, warn
from innovation_graph.errors import RecipeError, UnknownNameError

__all__ = ["app"]

app = typer.Typer()

_PANEL = "Records to networks"


@app.command(
    "network",
    rich_help_panel=_PANEL,
    epilog="Example: innovation-graph network records --years 2023 --counting fractional --out papers",
)
def network_command(
    records: Annotated[Path, typer.Argument(help="A folder of records, or `sample`.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Network folder to write.")],
    places: Annotated[
        str, typer.Option(help="gihi2024, country, city, organisation, author, clusters, or a CSV of your own.")
    ] = "gihi2024",
    catchment_km: Annotated[
        float | None, typer.Option("--catchment-km", help="Reach of a district centre; 0 turns it off. [default: 25]")
    ] = None,
    radius_km: Annotated[float | None, typer.Option(help="Clusters: reach of a point. [default: 15]")] = None,
    min_weight: Annotated[int | None, typer.Option(help="Clusters: sites within reach. [default: 100]")] = None,
    merge_km: Annotated[float | None, typer.Option(help="Clusters: borders this near are one. [default: 5]")] = None,
    kind: Annotated[str | None, typer.Option(help="paper or patent.")] = None,
    years: Years = None,
    types: Types = None,
    population: Annotated[
        str | None,
        typer.Option(metavar="grant:2023,pct:2023", help="Works of any of these types and years, instead of both."),
    ] = None,
    one_per: Annotated[str | None, typer.Option(help="family: one work a patent family, applicants united.")] = None,
    fields: Annotated[str | None, typer.Option(metavar="A,B", help="Only works in one of these fields.")] = None,
    counting: Annotated[str, typer.Option(help="whole, fractional, whole_normalised or share.")] = "whole",
    min_actors: Annotated[int | None, typer.Option(help="Only works of at least N authors or applicants.")] = None,
    max_actors: Annotated[int | None, typer.Option(help="Only works of at most N authors or applicants.")] = None,
    actors: Annotated[str, typer.Option(help="authors, applicants, inventors, both or default.")] = "default",
    drop_retracted: Annotated[bool, typer.Option("--drop-retracted", help="Leave retracted works out.")] = False,
) -> None:
    """Link places by the works they have in common."""
    from innovation_graph.origin import Origin
    from innovation_graph.pipeline import write_network
    from innovation_graph.places import SETS
    from innovation_graph.recipe import NetworkPlan, PlacesPlan

    reach = PlacesPlan(
        set=places if places in SETS else str(Path(places).resolve()),
        catchment_km=catchment_km,
        radius_km=radius_km,
        min_weight=min_weight,
        merge_km=merge_km,
    )
    plan = NetworkPlan(
        kind=kind,
        years=span(years),
        types=names(types),
        population=_population(population),
        one_per=one_per,
        fields=names(fields),
        min_actors=min_actors,
        max_actors=max_actors,
        actors=actors,
        drop_retracted=drop_retracted,
        counting=counting,
    )
    plan.selection()  # refuses what does not go together before anything is read
    origin = Origin.of(open_records(records), reach, plan)
    network = origin.network()
    left_out = write_network(network, origin, out)
    if not network.provenance["works_selected"]:
        warn("no work fits the selection")
    elif not network.n_links:
        warn("no work links two places")
    say(f"{origin.located!r}\n{network!r}")
    say(f"Written to {out}; unlocated.csv there lists {left_out:,} texts without a place.")


@app.command(
    "import",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph import vosviewer network.json --group-by address --locate --out cities | "
    "innovation-graph import pajek years.zip --slices --directed max --out years",
)
def import_command(
    form: Annotated[
        str,
        typer.Argument(metavar="FORMAT", help="matrix, edges, vosviewer, pajek, graphml, gexf, npz or matrixmarket."),
    ],
    path: Annotated[Path, typer.Argument(help="The file (VOSviewer text: the map file).", show_default=False)],
    out: Annotated[Path, typer.Option(help="Network folder to write; of slices, a folder of them.")],
    directed: Annotated[
        str | None, typer.Option(metavar="sum|max|mean", help="What the two directions of a pair make together.")
    ] = None,
    drop: Annotated[
        str | None, typer.Option(metavar="EU,World", help="Leave these places out, as labelled in the file.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Edges: column of one end. [default: source]")] = None,
    target: Annotated[str | None, typer.Option(help="Edges: column of the other end. [default: target]")] = None,
    weight: Annotated[
        str | None,
        typer.Option(help="Edges, GraphML, GEXF: column of the weight [default: weight]; empty: each link counts 1."),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Matrices without labels: one a line, or a table of places.")
    ] = None,
    network: Annotated[
        Path | None, typer.Option(help="VOSviewer text: the network file, if not beside the map.")
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            metavar="year,quarter", help="Edges: columns of the time; one network a time. Empty: all times add up."
        ),
    ] = None,
    slices: Annotated[
        bool, typer.Option("--slices", help="PATH is a folder or zip of files named by year: one network a year.")
    ] = False,
    places: Annotated[
        Path | None, typer.Option(help="Table of places: names as in the network, then city, country...")
    ] = None,
    unmatched: Annotated[str, typer.Option(help="Places that the table does not name: error, drop or keep.")] = "error",
    group_by: Annotated[
        str | None, typer.Option(metavar="city,country", help="Merge places that share these attributes.")
    ] = None,
    locate: Annotated[
        bool, typer.Option("--locate", help="Look up coordinates of cities by name and country, for maps.")
    ] = False,
    minimum: Annotated[float | None, typer.Option(help="Keep links of at least this weight.")] = None,
) -> None:
    """Read a ready network, or one for each year."""
    from innovation_graph.places import with_coordinates
    from innovation_graph.sources import networks

    if form not in networks.FORMATS:
        raise UnknownNameError("format", form, networks.FORMATS)
    if minimum is not None and not minimum > 0:
        raise RecipeError(f"--minimum: expected a weight above 0, got {minimum}")
    given: dict[str, Any] = {
        "directed": directed,
        "drop": names(drop),
        "source": source,
        "target": target,
        "weight": weight,
        "labels": labels,
        "network": network,
        "all_times": True if time == "" else None,
    }
    time = time or None
    options = _fitting(form, given, time)

    def finish(made: Any) -> Any:
        if places is not None:
            made = networks.join_places(made, places, group_by=group_by, unmatched=unmatched)  # type: ignore[arg-type]  # it refuses what it does not know
        elif group_by is not None:
            made = networks.group_by(made, group_by)
        if locate:
            made = made.with_places(with_coordinates(made.places))
        return made if minimum is None else made.threshold(minimum)

    if time is not None or slices:
        by_time = networks.read_slices(form, path, time=time, **options)
        by_time = {moment: finish(made) for moment, made in by_time.items()}
        networks.write_slices(by_time, out)
        for moment, made in by_time.items():
            say(f"{moment}: {made!r}")
    else:
        made = finish(networks.FORMATS[form](path, **options))
        made.write(out)
        say(f"{made!r}")
    say(f"Written to {out}")


_OPTIONS = {"all_times": "--time ''"}


def _fitting(form: str, given: dict[str, Any], time: str | None) -> dict[str, Any]:
    """Return the options that were given, if the format takes them."""
    from innovation_graph.sources import networks

    options = {name: value for name, value in given.items() if value is not None}
    strange = foreign(networks.FORMATS[form], options, _OPTIONS)
    if time is not None and form != "edges":
        strange.append("--time")
    if strange:
        raise RecipeError(f"{', '.join(strange)} cannot be used with the format {form}; see `import --help`")
    if options.get("weight") == "":
        options["weight"] = None
    return options


def _population(text: str | None) -> dict[str, tuple[int, int]] | None:
    """Read `grant:2023,pct:2021-2023`."""
    if text is None:
        return None
    found: dict[str, tuple[int, int]] = {}
    for part in names(text) or ():
        kind, _, years = part.partition(":")
        between = span(years, option="--population") if years else None
        if between is None or kind in found:
            raise RecipeError(
                f"--population: expected each type with its years, as in grant:2023,pct:2023, got {text!r}"
            )
        found[kind] = between
    return found
