"""Commands about indices as they were published: audit, needed, whatif-index, modes, history."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from innovation_graph.cli.common import Seed, place_id, print_table, put_plain, say
from innovation_graph.cli.scoring import is_synthetic
from innovation_graph.errors import FormatError, RecipeError, ScoringError

__all__ = ["app"]

_PANEL = "Published indices"
_ABOUT = ("name_en", "name_zh", "country", "continent", "tier")

app = typer.Typer()


@app.command(
    "audit",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph audit gihi2024 | "
    "innovation-graph audit mine.toml --scores overall.csv --scores dimensions.csv",
)
def audit_command(
    index: Annotated[
        str, typer.Argument(metavar="INDEX", help="gihi2024, or a definition (name or TOML).")
    ] = "gihi2024",
    scores: Annotated[
        list[Path] | None,
        typer.Option(help="Published tables: CSV with place_id and columns named by codes of the definition."),
    ] = None,
    low: Annotated[float, typer.Option(help="With --scores: lowest score of the range.")] = 60.0,
    high: Annotated[float, typer.Option(help="With --scores: highest score of the range.")] = 100.0,
    decimals: Annotated[int, typer.Option(help="With --scores: digits printed after the point.")] = 2,
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("audit"),
    seed: Seed = 0,
) -> None:
    """Audit published tables: relations between nodes, effective weights, misprints, counts that can be decoded."""
    from innovation_graph.index.audit import audit

    editions = _published(index, scores, low, high, decimals)
    for name, published in editions.items():
        found = audit(published, seed=seed)
        found.write(out / name)
        say(found.text())
        for node, decoding in _decoded(published, found).items():
            tables = {
                "steps": decoding.steps.reset_index(),
                "counts": decoding.counts,
                "alternatives": decoding.alternatives.reset_index(drop=True),
                "anchors": decoding.anchors.reset_index(drop=True),
            }
            put_plain(out / f"{name}_{node}_counts", tables, what=f"counts behind {node}")
            say(f"{node}: {decoding!r}")
    say(f"Written to {out}")


@app.command(
    "needed",
    rich_help_panel=_PANEL,
    epilog="Example: innovation-graph needed Singapore --node C1 --to-pass Munich",
)
def needed_command(
    place: Annotated[str, typer.Argument(help="A hub: id, English or Chinese name.", show_default=False)],
    to_pass: Annotated[str, typer.Option(help="The hub to draw level with.")],
    node: Annotated[str, typer.Option(help="The node that changes.")] = "C1",
    at: Annotated[str | None, typer.Option(help="Where both are compared. [default: the overall score]")] = None,
) -> None:
    """Tell which published score a hub would need to pass another one, all else unchanged."""
    from innovation_graph.index.audit import audit
    from innovation_graph.index.propagation import needed
    from innovation_graph.index.published import gihi2024
    from innovation_graph.places import gihi2024 as gihi2024_places

    ends = [place_id(gihi2024_places().table, name) for name in (place, to_pass)]
    say(str(needed(audit(gihi2024()), ends[0], node, ends[1], at=at)))


@app.command(
    "whatif-index",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph whatif-index --network whatif (a folder of the command whatif) | "
    "innovation-graph whatif-index --changes changes.csv (place_id and columns such as C1: points to add)",
)
def whatif_index_command(
    network: Annotated[
        Path | None, typer.Option(help="What `whatif` wrote: hubs' indicators before and after.")
    ] = None,
    changes: Annotated[Path | None, typer.Option(help="CSV: place_id, and points to add by node.")] = None,
    node: Annotated[str | None, typer.Option(help="Code of the node to show. [default: the overall score]")] = None,
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("whatif_index"),
) -> None:
    """Carry changes through the published GIHI 2024: who moves, with bounds and the assumptions."""
    from innovation_graph.index import propagation
    from innovation_graph.index.audit import audit
    from innovation_graph.index.published import gihi2024

    if (network is None) == (changes is None):
        raise RecipeError("say either --network FOLDER or --changes FILE")
    found = audit(gihi2024())
    if changes is not None:
        outcome = propagation.what_if(found, _table(changes))
    else:
        decodings = {
            code: (decoding, {name: name for name in decoding.steps.index})
            for code, decoding in _decoded(found.published, found).items()
            if decoding.labelled
        }
        scale = propagation.common_scale(found, decodings=decodings)
        outcome = propagation.what_if_network(found, _table(Path(str(network)) / "indicators.csv"), scale)
    mark = network is not None and is_synthetic(network, "whatif.json")
    outcome.write(out, synthetic=mark)
    table = outcome.table(node)
    moved = table[table["rank"] != table["rank_before"]] if (table["rank"] != table["rank_before"]).any() else table
    columns = ["place_id", "before", "after", "rank_before", "rank", "best", "worst"]
    print_table("Who moves", moved.rename_axis("place_id").reset_index(), columns, synthetic=mark, most=30)
    for line in outcome.assumptions:
        say(f"Assumed: {line}")
    say(f"{outcome!r}\nWritten to {out}")


@app.command("modes", rich_help_panel=_PANEL, epilog="Example: innovation-graph modes --linkage complete --scan")
def modes_command(
    distance: Annotated[str, typer.Option(help="correlation, euclidean, cosine...")] = "correlation",
    linkage: Annotated[str, typer.Option(help="complete, average, ward...")] = "complete",
    scan: Annotated[bool, typer.Option("--scan", help="Try all distances, linkages and scalings.")] = False,
    out: Annotated[Path, typer.Option(help="Folder of tables to write.")] = Path("modes"),
    seed: Seed = 0,
) -> None:
    """Group the top 20 of the GIHI 2024 into development modes, from published scores on a common scale."""
    from innovation_graph.index import modes
    from innovation_graph.index.audit import audit
    from innovation_graph.index.published import gihi2024

    found = audit(gihi2024())
    published = found.published.modes
    values = modes.common_values(found).loc[published.index]
    groups = modes.cluster(values, published.nunique(), distance=distance, linkage=linkage)
    agreed = modes.agreement(groups.labels, published)
    stays, runs = modes.stability(
        found, list(published.index), published.nunique(), distance=distance, linkage=linkage, seed=seed
    )
    tables: dict[str, Any] = {"modes": agreed.table, "values": values, "stability": stays, "runs": runs}
    if scan:
        tables["scan"] = modes.scan(modes.scalings(found), published).reset_index(drop=True)
    put_plain(out, tables, what="development modes")
    print_table(f"{agreed.matched} of {len(published)} hubs in the published mode", agreed.table.reset_index(), most=30)
    if scan:
        columns = ["scaling", "distance", "linkage", "matched", "reached_by", "tries"]
        print_table("The best of all tries", tables["scan"], columns)


@app.command("history", rich_help_panel=_PANEL, epilog="Example: innovation-graph history")
def history_command(
    out: Annotated[Path, typer.Option(help="Folder of tables to write.")] = Path("history"),
) -> None:
    """Compare the ranks of 2022 to 2024 as published, and quartiles of ranks by continent."""
    from innovation_graph.index import history
    from innovation_graph.index.published import gihi2024

    published = gihi2024()
    tables = {
        "ranks": history.rank_history(published).reset_index(),
        "movers": history.movers(published).reset_index(),
        "correlations": history.rank_correlations(published).reset_index(drop=True),
        "quartiles": history.quartiles(published).reset_index(),
    }
    put_plain(out, tables, what="published ranks over the editions")
    print_table("Rank correlations", tables["correlations"])
    print_table("Largest moves", tables["movers"])
    print_table("Quartiles by continent", tables["quartiles"], most=30)


def _published(index: str, scores: Sequence[Path] | None, low: float, high: float, decimals: int) -> dict[str, Any]:
    import pandas as pd

    from innovation_graph.index.published import Published, gihi2024, gihi2024_mini
    from innovation_graph.index.spec import read_spec

    if not scores:
        if index != "gihi2024":
            raise RecipeError(f"{index} has no published tables here; give them with --scores FILE (one or several)")
        return {"main": gihi2024(), "mini": gihi2024_mini()}
    tables = {path.name: _table(path) for path in scores}
    ids = pd.unique(pd.Series([place for table in tables.values() for place in table.index], dtype="str"))
    places = pd.DataFrame(index=pd.Index(ids, name="place_id"))
    return {"tables": Published(read_spec(index), places, tables, low=low, high=high, decimals=decimals)}


def _decoded(published: Any, found: Any) -> dict[str, Any]:
    """Decode the lowest printed nodes whose indicators are all counts; those that cannot be are left out."""
    from innovation_graph.index.decoding import decode

    known = None
    if len(published.known):
        known = published.known.pivot_table(index="place_id", columns="indicator", values="value")
    decoded = {}
    for code, below in published.spec.children.items():
        parts = [published.spec.parts[child] for child in below]
        if code not in found.scores or any(getattr(part, "unit", None) != "count" for part in parts):
            continue
        anchors = None if known is None else known.reindex(columns=below)
        try:
            decoded[code] = decode(
                found.scores[code], below, known=anchors, low=published.low, decimals=published.decimals
            )
        except ScoringError as error:
            say(f"{code} cannot be decoded: {error}")
    return decoded


def _table(path: Path) -> Any:
    import pandas as pd

    try:
        table = pd.read_csv(path, index_col=0, encoding="utf-8-sig", keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise FormatError(path, expected="a CSV with place_id first and numbers beside it", got=str(error)) from error
    table.index = table.index.astype("str").rename("place_id")
    table = table.drop(columns=["synthetic_data", *_ABOUT], errors="ignore")
    for name, column in table.items():
        numbers = pd.to_numeric(column, errors="coerce")
        wrong = column.index[numbers.isna() & column.notna()]
        if len(wrong):
            got = f"{column[wrong[0]]!r} in {name}, {wrong[0]}"
            raise FormatError(path, expected="numbers beside place_id", got=got)
    return table.astype("float64")
