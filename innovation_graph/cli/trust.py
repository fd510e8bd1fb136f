"""Commands about trust, time and alternatives: bootstrap, robustness, change, whatif, validate."""

from pathlib import Path
from typing import Annotated, Any

import typer

from innovation_graph.cli.common import Moved, Net, Seed, names, print_table, put_tables, say, span, warn
from innovation_graph.errors import RecipeError

__all__ = ["app"]

app = typer.Typer()

_PANEL = "Trust, time and what if"

_Measures = Annotated[str, typer.Option(metavar="A,B", help="Names of measures of position.")]


@app.command(
    "bootstrap",
    rich_help_panel=_PANEL,
    epilog="Example: innovation-graph bootstrap papers --replicates 1000 --measures strength,eigenvector --out errors",
)
def bootstrap_command(
    net: Net,
    out: Annotated[Path, typer.Option(help="Folder to write: tables, and the replicates as Parquet.")] = Path(
        "uncertainty"
    ),
    measures: _Measures = "degree,strength,eigenvector",
    replicates: Annotated[int, typer.Option(min=2, max=1_000_000, help="How many.")] = 1000,
    compare: Annotated[
        tuple[str, str] | None, typer.Option(metavar="A B", help="Print the probability that A ranks above B.")
    ] = None,
    seed: Seed = 0,
    records: Moved = None,
) -> None:
    """Put error bars on places: bootstrap over works, intervals of values and ranks, tiers."""
    from innovation_graph import uncertainty
    from innovation_graph.network import read_network
    from innovation_graph.origin import read_origin

    origin = read_origin(net, records=records)
    wanted = names(measures) or ()
    found = uncertainty.bootstrap(
        origin.stream, wanted, counting=origin.plan.counting, replicates=replicates, seed=seed
    )
    found.write(out)
    network = read_network(net)
    mark = network.synthetic
    for name in wanted:
        table = found.summary(name).sort_values("rank", kind="stable")
        table.insert(0, "place", network.names.reindex(table.index))
        title = f"{net.name}: {name}, 95 percent intervals"
        print_table(title, table, ("place", "estimate", "low", "high", "rank", "rank_low", "rank_high"), synthetic=mark)
        if compare is not None:
            a, b = (str(network.ids[network.position(place)]) for place in compare)
            chance = found.probability_above(name, a, b)
            say(f"{name}: {network.names[a]} ranks above {network.names[b]} in {chance:.1%} of the replicates")
    if "degree" in wanted:
        warn("intervals of degree are too narrow in sparse networks: ties of one work vanish and never appear")
    say("Error bars are of chance among works; wrong addresses and gaps of the source are in none.")
    say(f"{found!r}\nWritten to {out}")


@app.command(
    "robustness", rich_help_panel=_PANEL, epilog="Example: innovation-graph robustness papers --out robustness"
)
def robustness_command(
    net: Net,
    out: Annotated[Path, typer.Option(help="Folder of tables to write.")] = Path("robustness"),
    measures: _Measures = "degree,strength,eigenvector",
    catchments: Annotated[str, typer.Option(metavar="0,25,50", help="Reaches of districts, km.")] = "0,10,25,50",
    teams: Annotated[str, typer.Option(metavar="10,25", help="Largest teams to keep.")] = "10,25,100",
    records: Moved = None,
) -> None:
    """Tell how much ranks hang on choices: the counting rule, the catchment, big teams."""
    import pandas as pd

    from innovation_graph import robustness
    from innovation_graph.network import read_network
    from innovation_graph.origin import read_origin

    network, origin = read_network(net), read_origin(net, records=records)
    counting, wanted = origin.plan.counting, names(measures) or ()
    selection = origin.plan.selection()
    choices = [(robustness.by_counting_rule(origin.changed(counting="share").stream), counting)]
    if origin.located.catchment_km is not None:
        own = origin.located.catchment_km
        radii = sorted({own, *_numbers(catchments)})
        reach = robustness.by_catchment(origin.records, origin.places.set, radii, selection, counting=counting)
        choices.append((reach, f"{own:g} km"))
    sizes = [*(int(n) for n in _numbers(teams)), selection.max_actors]
    by_team = robustness.by_team_size(origin.records, origin.located, selection, sizes, counting=counting)
    choices.append((by_team, list(by_team)[-1]))
    compared = [robustness.compare(made, wanted, baseline=base) for made, base in choices]
    moved = [robustness.movers(made, wanted, baseline=base) for made, base in choices]
    table = pd.concat(compared, ignore_index=True)
    put_tables(
        out, {"robustness": table, "movers": pd.concat(moved, ignore_index=True)}, what="robustness", network=network
    )
    columns = ("choice", "against", "measure", "spearman", "mean_rank_change", "largest_movers")
    print_table("How far ranks hang on choices", table, columns, synthetic=network.synthetic, most=40)


@app.command(
    "change",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph change papers_all_years --window 2 --out change | "
    "innovation-graph change years (a folder of `import --slices`)",
)
def change_command(
    net: Annotated[
        Path,
        typer.Argument(metavar="NET", help="A network of several years, or a folder of slices.", show_default=False),
    ],
    out: Annotated[Path, typer.Option(help="Folder of tables to write.")] = Path("change"),
    window: Annotated[int, typer.Option(min=1, help="Years of one period.")] = 1,
    step: Annotated[
        int | None, typer.Option(min=1, help="Years from one period to the next. [default: the window]")
    ] = None,
    years: Annotated[str | None, typer.Option(metavar="2019-2023", help="First and last year.")] = None,
    seed: Seed = 0,
    records: Moved = None,
) -> None:
    """Tell what changed: growth, ranks, new and lost ties, trends, emerging ties, community flows."""
    from innovation_graph import periods, studies
    from innovation_graph.origin import read_origin

    if (net / "slices.json").is_file():
        if window != 1 or step is not None:
            raise RecipeError("--window and --step are for networks made from records; slices are as they are")
        networks = _between(periods.read_periods(net), span(years))
    else:
        origin = read_origin(net, records=records).changed(years=span(years))
        networks = periods.by_period(origin.stream, window=window, step=step or window, counting=origin.plan.counting)
    tables = studies.changes(networks, seed=seed)
    last = list(networks.values())[-1]
    put_tables(out, tables, what="change", network=last)
    timeline = tables["timeline"].reset_index()
    columns = [name for name in ("time", "places", "ties", "weight", "density", "new", "lost") if name in timeline]
    print_table("Over time", timeline, columns, synthetic=last.synthetic, most=40)
    shown = tables["emerging"].assign(
        source=last.names.reindex(tables["emerging"]["source"]).to_numpy(),
        target=last.names.reindex(tables["emerging"]["target"]).to_numpy(),
    )
    columns = ["source", "target", "score", "earlier", "recent", "expected", "q_value"]
    significant = bool((shown["q_value"] < 0.05).any())
    title = "Emerging ties" if significant else "Ties that grow most (none is significant)"
    print_table(title, shown, columns, synthetic=last.synthetic)
    outside = last.provenance.get("all_times", {}).get("works_outside", 0)
    if outside:
        warn(f"{outside:,} works lie in years outside of all whole windows")


@app.command(
    "whatif",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph whatif papers --scenario sino_us_half --out half | "
    "innovation-graph whatif papers --scenario mine.toml | innovation-graph whatif papers (lists the packaged ones)",
)
def whatif_command(
    net: Net,
    scenario: Annotated[str | None, typer.Option(help="A TOML file, or the name of a packaged scenario.")] = None,
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("whatif"),
    measures: Annotated[str | None, typer.Option(metavar="A,B", help="Measures to compare; default all.")] = None,
    indicator: Annotated[int | None, typer.Option(help="17 or 18; default by the kind of the works.")] = None,
    records: Moved = None,
) -> None:
    """Ask what if: ties cut, hubs gone or merged, works counted otherwise; measures before and after."""
    from innovation_graph import scenario as scenarios
    from innovation_graph.network import read_network
    from innovation_graph.origin import read_origin

    if scenario is None:
        for name in scenarios.packaged():
            say(f"  {name}: {scenarios.read_scenario(name).title}")
        return
    chosen = scenarios.read_scenario(scenario)

    def rebuild(**changes: Any) -> Any:
        return read_origin(net, records=records).changed(**changes).network()

    outcome = scenarios.whatif(
        chosen, read_network(net), rebuild=rebuild, measures=names(measures), indicator=indicator
    )
    outcome.write(out)
    say(f"{outcome!r}")
    columns = ["action", "ties", "ties_lost", "weight_before", "weight_after"]
    print_table("Steps", outcome.steps.reset_index(drop=True), columns, synthetic=outcome.synthetic)
    for measure in ("strength", "eigenvector"):
        if f"{measure}_rank_change" in outcome.table:
            moved = outcome.movers(measure)
            parts = ["before", "after", "rank_before", "rank_after"]
            shown = moved[["name_en", *(f"{measure}_{part}" for part in parts)]].set_axis(["place", *parts], axis=1)
            print_table(f"Largest moves by {measure}", shown, synthetic=outcome.synthetic)
    gone = outcome.table[outcome.table["reason"].notna()]
    if len(gone):
        print_table("Places removed, merged or new", gone, ["name_en", "reason"], synthetic=outcome.synthetic)
    say("Note: cutting ties between blocs moves eigenvector centrality as a whole; look at strength and PageRank too.")
    say(f"Written to {out}; map it with: innovation-graph map {out / 'network'}")


@app.command(
    "validate",
    rich_help_panel=_PANEL,
    epilog="Example: innovation-graph validate papers --against gihi2024 | "
    "innovation-graph validate patents --kind patents --papers papers",
)
def validate_command(
    net: Net,
    against: Annotated[str, typer.Option(help="Name of the report.")] = "gihi2024",
    kind: Annotated[str | None, typer.Option(help="papers or patents. [default: what the network is made of]")] = None,
    papers: Annotated[Path | None, typer.Option(help="Patents: the network of papers, to compare densities.")] = None,
    out: Annotated[Path, typer.Option(help="CSV to write.")] = Path("validation.csv"),
    seed: Seed = 0,
) -> None:
    """Judge each published statement on your own network: holds, fails, or cannot be judged."""
    from innovation_graph import validation
    from innovation_graph._csv import write_csv
    from innovation_graph.cli.common import check_own
    from innovation_graph.network import read_network

    check_own(out, "id,network,statement,verdict")
    network = read_network(net)
    guessed = {"paper": "papers", "patent": "patents"}.get(str(network.provenance.get("kind")))
    if kind is None and guessed is None:
        warn("the network does not say whether it is of papers or patents: judged as papers (see --kind)")
    beside = read_network(papers) if papers is not None else None
    chosen: Any = kind or guessed or "papers"
    table = validation.validate(network, against, chosen, seed, papers=beside)
    write_csv(table, out, synthetic=network.synthetic, index=False)
    print_table(
        f"{net.name} against {against}",
        table[["id", "verdict", "statement", "found"]],
        synthetic=network.synthetic,
        most=40,
    )
    counts = table["verdict"].value_counts()
    say(f"{', '.join(f'{n} {verdict}' for verdict, n in counts.items())}; written to {out}")


def _between(networks: dict[str, Any], years: tuple[int, int] | None) -> dict[str, Any]:
    if years is None:
        return networks
    found = {
        time: made for time, made in networks.items() if time[:4].isdigit() and years[0] <= int(time[:4]) <= years[1]
    }
    if not found:
        raise RecipeError(f"--years: no slice lies between {years[0]} and {years[1]}; there are {', '.join(networks)}")
    return found


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in names(text) or ()]
    except ValueError as error:
        raise RecipeError(f"expected numbers parted by commas, got {text!r}") from error
