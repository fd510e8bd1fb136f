"""Commands that measure networks: centrality, measures, communities, backbone."""

from pathlib import Path
from typing import Annotated, Any

import typer

from innovation_graph.cli.common import (
    Net,
    Seed,
    check_own,
    names,
    print_menu,
    print_table,
    print_top,
    put_tables,
    say,
    warn,
)
from innovation_graph.errors import RecipeError, UnknownNameError

__all__ = ["app"]

app = typer.Typer()

_PANEL = "Measures"

_OF_TIES = (
    "place_name",
    "rank",
    "source_name",
    "target_name",
    "partner_name",
    "weight",
    "expected",
    "ratio",
    "share",
    "tie",
)
_SHOWN = ("strength", "eigenvector", "constraint", "partner_countries", "participation")


@app.command(
    "centrality",
    rich_help_panel=_PANEL,
    epilog="Example: innovation-graph centrality papers --measures strength,eigenvector",
)
def centrality_command(
    net: Net,
    out: Annotated[Path, typer.Option(help="CSV to write.")] = Path("centrality.csv"),
    measures: Annotated[str | None, typer.Option(metavar="A,B", help="Only these; default all.")] = None,
) -> None:
    """Measure every place's position: values and ranks as CSV, the first ten on screen."""
    from innovation_graph import centrality
    from innovation_graph._csv import write_csv
    from innovation_graph.network import read_network
    from innovation_graph.studies import ranked

    check_own(out, "place_id,name_en,name_zh,country,works,")
    network = read_network(net)
    values = centrality.table(network, names(measures))
    table = ranked(network, values)
    write_csv(table, out, synthetic=network.synthetic)
    print_top(f"{net.name}: the first ten of {network.n_places}", table, list(values.columns), network.synthetic)
    say(f"Written to {out}")


@app.command(
    "measures",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph measures papers --out papers_measured | "
    "innovation-graph measures papers --groups openness,ties | innovation-graph measures --menu",
)
def measures_command(
    net: Annotated[Path | None, typer.Argument(metavar="NET", help="A network folder.", show_default=False)] = None,
    out: Annotated[Path, typer.Option(help="Folder of tables to write.")] = Path("measures"),
    groups: Annotated[str | None, typer.Option(metavar="A,B", help="Groups of measures (see below).")] = None,
    menu: Annotated[bool, typer.Option("--menu", help="List every measure and what it tells, and stop.")] = False,
    seed: Seed = 0,
) -> None:
    """Measure a network in many ways, by groups.

    [b]position[/b]    who is central: degree, strength, eigenvector, PageRank, betweenness, closeness, core
    [b]structure[/b]   how a place is embedded: constraint, effective size, clustering, s-core, eccentricity
    [b]openness[/b]    how international it is: domestic share, partner countries, diversity, E-I, distances
    [b]roles[/b]       its part among communities and countries: participation, within-module z, gateway
    [b]network[/b]     the network as a whole: density, assortativity, centralisation, Gini, modularity
    [b]partners[/b]    ten largest partners of each place; tables between countries and continents
    [b]ties[/b]        similarities, gravity expectation, over- and under-represented ties (not by default)
    [b]references[/b]  rich club and small world against random networks (slow, not by default)
    """
    from innovation_graph import studies
    from innovation_graph.network import read_network

    if menu or net is None:
        print_menu(studies.menu())
        return
    network = read_network(net)
    tables = studies.measure(network, names(groups), seed=seed)
    put_tables(out, tables, what="measures", network=network)
    if "places" in tables:
        about = tables["places"]
        title = f"{net.name}: the first ten of {network.n_places}"
        print_top(title, about, [name for name in _SHOWN if name in about], network.synthetic)
    for name in ("ties_gravity", "ties_null_model", "partners"):
        if name in tables:
            columns = [column for column in _OF_TIES if column in tables[name]]
            print_table(name.replace("_", " "), tables[name], columns, synthetic=network.synthetic)
    if "notes" in tables:
        for row in tables["notes"].itertuples():
            warn(f"not made: {row.table}: {row.reason}")


@app.command(
    "communities",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph communities papers --resolution 1.2 --out groups.csv | "
    "innovation-graph communities papers --runs 100 (consensus, and how sure each place is) | "
    "innovation-graph communities papers --scan",
)
def communities_command(
    net: Net,
    out: Annotated[Path, typer.Option(help="CSV to write; a JSON with quality and parameters goes beside it.")] = Path(
        "communities.csv"
    ),
    algorithm: Annotated[
        str, typer.Option(help="leiden, louvain, infomap, walktrap, label_propagation or hierarchical.")
    ] = "leiden",
    resolution: Annotated[
        float | None, typer.Option(help="Leiden, Louvain; larger: more and smaller communities. [default: 1]")
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(help="Leiden: modularity, association_strength (as VOSviewer) or cpm. [default: modularity]"),
    ] = None,
    runs: Annotated[
        int, typer.Option(min=1, help="More than 1: consensus of so many runs; <out>_stability.csv tells how sure.")
    ] = 1,
    scan: Annotated[
        bool, typer.Option("--scan", help="Try many resolutions instead and say which are stable.")
    ] = False,
    seed: Seed = 0,
) -> None:
    """Find communities, and say how far they can be trusted."""
    from innovation_graph import communities, stability, studies
    from innovation_graph._csv import write_csv
    from innovation_graph.network import read_network

    check_own(out, "resolution,communities" if scan else "place_id,community")
    network = read_network(net)
    if scan:
        table = stability.resolution_scan(network, seed=seed)
        write_csv(table, out, synthetic=network.synthetic, index=table.index.name is not None)
        say(table.to_string(max_rows=40))
        say(f"Written to {out}")
        return
    given: dict[str, Any] = {"resolution": resolution, "objective": objective}
    options = {name: value for name, value in given.items() if value is not None}
    if algorithm not in communities.ALGORITHMS:
        raise UnknownNameError("algorithm", algorithm, communities.ALGORITHMS)
    if runs > 1:
        partition, tables = studies.communities_of(network, algorithm=algorithm, runs=runs, seed=seed, **options)
        beside = out.with_name(f"{out.stem}_stability.csv")
        check_own(beside, "place_id,name_en,community")
        write_csv(tables["stability"], beside, synthetic=network.synthetic)
        say(f"How sure each place is of its community: {beside}")
    else:
        partition = communities.find(network, algorithm, seed=seed, **options)
    partition.write(out)
    say(f"{partition!r}")
    named = communities.names(partition, network)[partition.sizes > 1]
    for name in named.head(20):
        say(f"  {name}")
    alone = partition.n_communities - len(named)
    if alone or len(named) > 20:
        more = f"{len(named) - 20} more and " if len(named) > 20 else ""
        say(f"  and {more}{alone} places by themselves")
    say(f"Written to {out}")


@app.command(
    "backbone",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph backbone papers --rule disparity --alpha 0.01 --out core | "
    "innovation-graph backbone papers --rule top_k --k 3 --out core",
)
def backbone_command(
    net: Net,
    out: Annotated[Path, typer.Option(help="Network folder to write.")] = Path("backbone"),
    rule: Annotated[
        str,
        typer.Option(
            help="disparity, noise_corrected, maximum_spanning_tree, doubly_stochastic, top_k, threshold or readable."
        ),
    ] = "disparity",
    alpha: Annotated[float | None, typer.Option(help="disparity, noise_corrected: level of significance.")] = None,
    delta: Annotated[
        float | None, typer.Option(help="noise_corrected: standard deviations above expectation, instead of alpha.")
    ] = None,
    k: Annotated[int | None, typer.Option("--k", min=1, help="top_k: links a place.")] = None,
    minimum: Annotated[float | None, typer.Option(help="threshold: least weight.")] = None,
    share: Annotated[float | None, typer.Option(help="doubly_stochastic: share of the links to keep.")] = None,
) -> None:
    """Keep the links that carry the structure of a dense network."""
    from innovation_graph import backbone
    from innovation_graph.cli.common import fitting
    from innovation_graph.network import read_network

    if rule not in backbone.BACKBONES:
        raise UnknownNameError("backbone", rule, backbone.BACKBONES)
    if out.resolve() == net.resolve() or out.resolve().is_relative_to(net.resolve()):
        raise RecipeError(f"--out {out} would replace the network that is read; choose another name")
    given = {"alpha": alpha, "delta": delta, "k": k, "minimum": minimum, "share": share}
    function = backbone.BACKBONES[rule]
    network = read_network(net)
    kept = function(network, **fitting(function, given, f"the rule {rule}"))
    kept.write(out)
    weight = kept.total_weight / network.total_weight if network.n_links else 0.0
    say(f"{kept!r}")
    say(f"{kept.n_links:,} of {network.n_links:,} links and {weight:.0%} of the weight stay; written to {out}")
