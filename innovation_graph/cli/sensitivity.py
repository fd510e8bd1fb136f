"""Commands about how far an index can be trusted: sensitivity, health."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from innovation_graph.cli.common import Seed, print_table, put_plain, say
from innovation_graph.cli.scoring import Index, ScoresFolder, check_kind, is_synthetic

__all__ = ["app", "groups_of", "network_draws"]

_PANEL = "Indices"

app = typer.Typer()

_Errors = Annotated[Path | None, typer.Option(help="What `bootstrap` wrote for the network of this kind.")]


@app.command(
    "sensitivity",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph sensitivity scores --replicates 10000 --out trust | "
    "innovation-graph sensitivity scores --choices choices.toml --sobol --leave-out indicator",
)
def sensitivity_command(
    scores: ScoresFolder,
    choices: Annotated[
        Path | None,
        typer.Option(help="TOML of what is uncertain. [default: weights by a quarter up or down, z-scores or min-max]"),
    ] = None,
    replicates: Annotated[int, typer.Option(help="How often to score.")] = 10_000,
    node: Annotated[str | None, typer.Option(help="Code of a node. [default: the root]")] = None,
    group: Annotated[str | None, typer.Option(help="Only this group, where groups are scored apart.")] = None,
    papers_errors: _Errors = None,
    patents_errors: _Errors = None,
    sobol: Annotated[bool, typer.Option("--sobol", help="Say which choice moves ranks (Sobol indices).")] = False,
    leave_out: Annotated[
        str | None, typer.Option(metavar="KIND", help="indicator, node or place: score without each in turn.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of folders to write.")] = Path("sensitivity"),
    seed: Seed = 0,
) -> None:
    """Score an index thousands of times with all that is uncertain drawn at random: rank bands, tiers, what matters."""
    from innovation_graph.index import reversals, scoring, sensitivity, variance
    from innovation_graph.index.spec import Normalisation

    made, mark = scoring.read_scores(scores), is_synthetic(scores)
    both = (Normalisation("z"), Normalisation("minmax"))
    usual = sensitivity.Choices(weights=sensitivity.WeightRange(), normalisation=both)
    chosen = usual if choices is None else sensitivity.read_choices(choices)
    network = network_draws(made, {"papers": papers_errors, "patents": patents_errors})
    for name in groups_of(made) if group is None else [group]:
        how: dict[str, Any] = {"node": node, "group": name}
        folder = out / name if name else out / "all"
        bands = sensitivity.monte_carlo(made, chosen, replicates=replicates, network=network, seed=seed, **how)
        bands.write(folder / "bands", synthetic=mark)
        columns = ["rank", "rank_low", "rank_median", "rank_high"]
        table = bands.summary().sort_values("rank", kind="stable").rename_axis("place").reset_index()
        title = f"{bands.node}{f' ({name})' if name else ''}: ranks in 90 percent of {bands.n_good:,} replicates"
        print_table(title, table, ["place", *(column for column in columns if column in table)], synthetic=mark)
        tables = {"importance": variance.importance(made, **how)}
        if sobol:
            tables["sobol"] = variance.sobol(made, chosen, network=network, seed=seed, **how)
            columns = ["input", "first", "first_low", "first_high", "total", "total_low", "total_high"]
            print_table("What moves ranks (mean absolute shift)", tables["sobol"], columns, synthetic=mark)
        if leave_out is not None:
            left = reversals.leave_out(made, leave_out, **how)
            tables |= {"left_out": left.summary(), "reversals": left.pairs()}
            shown = tables["left_out"].reset_index()
            columns = ["left_out", "mean_shift", "max_shift", "reversals", "movers"]
            print_table(f"Without each {leave_out}", shown, columns, synthetic=mark, most=40)
        put_plain(folder / "tables", tables, what="sensitivity", synthetic=mark)
    say(f"Written to {out}")


@app.command(
    "health", rich_help_panel=_PANEL, epilog="Example: innovation-graph health gihi2024 my_indicators.csv --group main"
)
def health_command(
    index: Index,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A filled template, CSV or Excel.", show_default=False)],
    group: Annotated[str | None, typer.Option(help="Only this group, where groups are scored apart.")] = None,
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("health"),
    seed: Seed = 0,
) -> None:
    """Examine values and definition under the ten steps of the OECD/JRC handbook."""
    from innovation_graph.index import health, template
    from innovation_graph.index.spec import read_spec

    spec = read_spec(index)
    hubs, values = template.place_table(path, spec), template.read_filled(path, spec)
    names = [None] if spec.apart is None else sorted(hubs[spec.apart].reindex(values.index).dropna().unique())
    for name in names if group is None else [group]:
        found = health.examine(spec, values, places=hubs, group=name, seed=seed)
        found.write(out / str(name or "all"))
        say(f"{name.upper()}\n" if name else "")
        say(found.text)
    say(f"Written to {out}")


def groups_of(made: Any) -> list[str | None]:
    """Return the groups that are scored apart, or None alone."""
    apart = made.spec.apart
    if apart is None:
        return [None]
    return sorted(made.inputs["places"][apart].reindex(made.scores.index).unique())


def network_draws(made: Any, errors: Mapping[str, Path | None]) -> dict[str, Any] | None:
    """Return replicates of the indicators that networks fill, from folders of `bootstrap`; None if there are none."""
    from innovation_graph import indicators
    from innovation_graph.uncertainty import read_uncertainty

    given = {name: read_uncertainty(path) for name, path in errors.items() if path is not None}
    for name, found in given.items():
        check_kind(found.provenance, name, errors[name])
    if not given:
        return None
    drawn = indicators.replicates(made.spec, given)
    return {code: table.reindex(columns=made.scores.index, fill_value=0) for code, table in drawn.items()}
