"""Commands that go back to the works behind a network: works, organisations, copublication."""

from pathlib import Path
from typing import Annotated

import typer

from innovation_graph.cli.common import Moved, Net, Years, check_own, print_table, put_tables, say, span

__all__ = ["app"]

app = typer.Typer()

_PANEL = "The works behind"


@app.command(
    "works",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph works papers --between Beijing Boston | "
    "innovation-graph works papers --of 北京 --out beijing.csv",
)
def works_command(
    net: Net,
    between: Annotated[
        tuple[str, str] | None, typer.Option(metavar="A B", help="The works that tie two places.")
    ] = None,
    of: Annotated[str | None, typer.Option(help="All works of one place.")] = None,
    out: Annotated[Path, typer.Option(help="CSV to write.")] = Path("works.csv"),
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many, the earliest first.")] = None,
    records: Moved = None,
) -> None:
    """List the works behind a tie: id, title, year, people, organisations."""
    from innovation_graph import drilldown
    from innovation_graph._csv import write_csv
    from innovation_graph.network import read_network
    from innovation_graph.origin import read_origin

    if (between is None) == (of is None):
        raise typer.BadParameter("say either --between A B or --of A")
    check_own(out, "work_id,title,year,")
    network, origin = read_network(net), read_origin(net, records=records)
    source = (origin.records, origin.located, origin.plan.selection())
    if between is not None:
        ends = [str(network.ids[network.position(name)]) for name in between]
        table = drilldown.works_between(*source, *ends, limit=limit)
    else:
        table = drilldown.works_of(*source, str(network.ids[network.position(str(of))]), limit=limit)
    write_csv(table, out, synthetic=network.synthetic, index=table.index.name is not None)
    for row in table.reset_index().head(10).to_dict("records"):
        title = row["title"] if isinstance(row.get("title"), str) else "(no title)"
        say(f"  {row['work_id']}  {row['year']}  {title[:90]}")
    say(f"{len(table):,} works written to {out}")


@app.command(
    "organisations",
    rich_help_panel=_PANEL,
    epilog="Example: innovation-graph organisations patents --top 20 --out applicants",
)
def organisations_command(
    net: Net,
    out: Annotated[Path, typer.Option(help="Folder of tables to write.")] = Path("organisations"),
    top: Annotated[int, typer.Option(min=1, help="Organisations listed for each place.")] = 20,
    records: Moved = None,
) -> None:
    """Tell which organisations stand behind each place, how concentrated they are, and of which type."""
    from innovation_graph import organisations
    from innovation_graph.network import read_network
    from innovation_graph.origin import read_origin

    network, origin = read_network(net), read_origin(net, records=records)
    mark = network.synthetic
    found = organisations.organisations(origin.records, origin.located, origin.plan.selection())
    tables = {
        "organisations": organisations.leading(found, top),
        "concentration": organisations.concentration(found),
        "types": organisations.kinds(found),
    }
    put_tables(out, tables, what="organisations", network=network)
    about = tables["concentration"].sort_values("works", ascending=False, kind="stable")
    shown = about.assign(place=network.names.reindex(about["place"]).to_numpy())
    columns = ("place", "works", "organisations", "top10_share", "hhi")
    print_table("How concentrated the largest places are (HHI: 0 many small, 1 one)", shown, columns, synthetic=mark)
    first = tables["organisations"][tables["organisations"]["place"] == about["place"].iloc[0]] if len(about) else None
    if first is not None:
        title = f"Behind {network.names[about['place'].iloc[0]]}"
        print_table(title, first, ("rank", "name", "kind", "works", "share"), synthetic=mark)


@app.command(
    "copublication",
    rich_help_panel=_PANEL,
    epilog="Example: innovation-graph copublication papers --years 2019-2023 --by year,field --out international",
)
def copublication_command(
    net: Net,
    out: Annotated[Path, typer.Option(help="Folder of tables to write.")] = Path("copublication"),
    years: Years = None,
    by: Annotated[str, typer.Option(metavar="year,field", help="What to count by.")] = "year",
    orientation: Annotated[
        str, typer.Option(help="terciles or mean: what makes a place outward, balanced or inward.")
    ] = "terciles",
    records: Moved = None,
) -> None:
    """Count international co-publications of each place and of the world: number, share, growth."""
    from innovation_graph import copublication
    from innovation_graph.network import read_network
    from innovation_graph.origin import read_origin

    network = read_network(net)
    origin = read_origin(net, records=records).changed(years=span(years))
    source = (origin.records, origin.located, origin.plan.selection())
    columns: list[str] = [part.strip() for part in by.split(",") if part.strip()]
    table = copublication.copublication(*source, by=columns)
    whole = copublication.openness_of_works(*source)
    kinds = copublication.orientation(whole["international_share"], rule=orientation)  # type: ignore[arg-type]  # it refuses others
    tables = {"copublication": table, "places": whole.join(kinds.rename("orientation"))}
    if "year" in columns and table["year"].nunique() > 1:
        tables["growth"] = copublication.growth(table)
    put_tables(out, tables, what="international co-publication", network=network)
    world = table[table["place"] == copublication.WORLD]
    columns = [*columns, "papers", "international", "share"]
    print_table("All selected works", world, columns, synthetic=network.synthetic, most=40)
    largest = tables["places"].sort_values("works", ascending=False, kind="stable")
    shown = largest.assign(place=network.names.reindex(largest.index))
    columns = ["place", "works", "international_share", "orientation"]
    print_table("Largest places", shown, columns, synthetic=network.synthetic)
