"""Commands about composite indices: template, check-values, score, explain, editions, compare-indices."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from innovation_graph.cli.common import Seed, check_own, place_id, print_table, say, warn
from innovation_graph.errors import RecipeError, ScoringError

__all__ = ["Index", "ScoresFolder", "app", "check_kind", "is_synthetic"]

_PANEL = "Indices"

app = typer.Typer()

_EXPLAINED = ("indicator", "name", "kind", "value", "value_first", "value_second", "difference", "contribution")

Index = Annotated[str, typer.Argument(metavar="INDEX", help="gihi2024 or another packaged definition, or a TOML file.")]
ScoresFolder = Annotated[
    Path, typer.Argument(metavar="SCORES", help="A folder that `score` wrote.", show_default=False)
]
_Node = Annotated[str | None, typer.Option(help="Code of a node, e.g. C1. [default: the root]")]


@app.command(
    "template",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph template gihi2024 > my_indicators.csv | "
    "innovation-graph template gihi2024 --out my_indicators.xlsx",
)
def template_command(
    index: Index,
    out: Annotated[Path | None, typer.Option(help="A .csv or .xlsx file. [default: standard output, CSV]")] = None,
) -> None:
    """Make a table to fill in: one row a hub, one column an indicator, with units, years and sources."""
    from innovation_graph.index import template
    from innovation_graph.index.spec import read_spec

    table = template.template(read_spec(index))
    if out is None:
        sys.stdout.buffer.write(template.template_csv(table).encode("utf-8"))
        return
    if out.exists():
        raise FileExistsError(f"{out} exists and may have been filled in; choose another --out")
    template.write_template(table, out)
    say(f"Written to {out}; check what you fill in with: innovation-graph check-values {index} {out}")


@app.command(
    "check-values", rich_help_panel=_PANEL, epilog="Example: innovation-graph check-values gihi2024 my_indicators.csv"
)
def check_values_command(
    index: Index,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A filled template, CSV or Excel.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="CSV with all problems. [default: on screen only]")] = None,
) -> None:
    """List everything wrong with a filled template at once; exit code 1 if there is an error."""
    from innovation_graph._csv import write_csv
    from innovation_graph.index import template
    from innovation_graph.index.spec import read_spec

    problems = template.check_filled(path, read_spec(index))
    if out is not None:
        check_own(out, "severity,row,column")
        write_csv(problems, out, index=False)
    if len(problems):
        print_table(f"Problems in {path}", problems, most=1_000)
    errors = int((problems.iloc[:, 0] == "error").sum())
    say(f"{errors} errors, {len(problems) - errors} warnings")
    if errors:
        raise typer.Exit(code=1)


@app.command(
    "score",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph score gihi2024 --indicators mine.csv --papers papers --patents patents | "
    "innovation-graph score gihi2024 --papers papers --patents patents --partial (C1 from 17 and 18 alone)",
)
def score_command(
    index: Index,
    indicators: Annotated[Path | None, typer.Option(help="A filled template, CSV or Excel.")] = None,
    papers: Annotated[Path | None, typer.Option(help="Network of papers; fills the indicators that name it.")] = None,
    patents: Annotated[Path | None, typer.Option(help="Network of patents, likewise.")] = None,
    papers_errors: Annotated[
        Path | None, typer.Option(help="What `bootstrap` wrote for the papers: scores and ranks get intervals.")
    ] = None,
    patents_errors: Annotated[Path | None, typer.Option(help="Likewise for the patents.")] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Score what can be scored where indicators are missing; says so.")
    ] = False,
    denominators: Annotated[Path | None, typer.Option(help="CSV of sizes by place_id, if the index divides.")] = None,
    anchors: Annotated[Path | None, typer.Option(help="CSV of fixed values of a base edition.")] = None,
    out: Annotated[Path, typer.Option(help="Folder to write: scores, every step, a workbook.")] = Path("scores"),
) -> None:
    """Score an index: values and networks in, scores and ranks out, every step kept."""
    import pandas as pd

    from innovation_graph import indicators as feeding
    from innovation_graph.index import scoring, template, workbook
    from innovation_graph.index.spec import read_spec
    from innovation_graph.network import read_network
    from innovation_graph.places import gihi2024

    spec = read_spec(index)
    given = {"papers": papers, "patents": patents}
    networks = {name: read_network(path) for name, path in given.items() if path is not None}
    for name, network in networks.items():
        check_kind(network.provenance, name, given[name])
    synthetic = any(network.synthetic for network in networks.values())
    if indicators is None and not networks:
        raise RecipeError("say where the values come from: --indicators FILE, --papers NET, --patents NET")
    if indicators is not None:
        hubs, values = template.place_table(indicators, spec), template.read_filled(indicators, spec)
    else:
        hubs = gihi2024().table if spec.places else next(iter(networks.values())).places
        values = pd.DataFrame(index=hubs.index)
    if networks:
        fed = feeding.values(spec, networks, hubs=list(hubs.index)).reindex(values.index)
        both = [str(code) for code in fed if code in values and values[code].notna().any()]
        if both:
            warn(f"indicators {', '.join(both)} come from the networks, not from {indicators}")
        values = values.drop(columns=fed.columns, errors="ignore").join(fed)
    made = scoring.score(
        spec,
        values,
        places=hubs,
        denominators=_sizes(denominators),
        anchors=_sizes(anchors),
        partial=partial,
    )
    names = hubs[[name for name in ("name_en", "name_zh", "country", spec.apart) if name in hubs]]
    made.write(out, names=names, synthetic=synthetic)
    about = {"index": spec.name, "notes": "; ".join(made.notes)}
    workbook.write_workbook(
        out / "scores.xlsx", workbook.score_tables(made, names=names), about=about, synthetic=synthetic
    )
    for note in made.notes:
        warn(note)
    lost = made.scores.iloc[:, 0].isna()
    if lost.any():
        which = ", ".join(map(str, lost.index[lost][:5]))
        warn(
            f"{int(lost.sum())} of {len(lost)} places have no {made.scores.columns[0]} ({which}...): too many of their "
            "values are missing; let the definition impute them, or lower the availability of its aggregation"
        )
    shown = made.table().assign(place=names.get("name_en", pd.Series(dtype="str")))
    shown["place"] = shown["place"].fillna(shown.index.to_series())
    columns = ["place", *(name for code in made.scores.columns[:4] for name in (code, f"{code}_rank"))]
    apart = made.spec.apart
    groups = [("", shown)] if apart is None else shown.groupby(hubs[apart].reindex(shown.index), sort=False)
    for group, part in groups:
        print_table(f"{spec.name}{f' ({group})' if group else ''}", part, columns[:9], synthetic=synthetic)
    _intervals(made, {"papers": papers_errors, "patents": patents_errors}, out, synthetic=synthetic)
    say(f"Written to {out}; all tables in one workbook: {out / 'scores.xlsx'}")


def _intervals(made: Any, errors: Mapping[str, Path | None], out: Path, *, synthetic: bool) -> None:
    from innovation_graph.cli.sensitivity import groups_of, network_draws
    from innovation_graph.index.sensitivity import Choices, monte_carlo

    network = network_draws(made, errors)
    for group in groups_of(made) if network is not None else ():
        bands = monte_carlo(made, Choices(), network=network, group=group)
        folder = out.with_name(f"{out.name}_intervals" + (f"_{group}" if group else ""))
        bands.write(folder, synthetic=synthetic)
        say(f"Intervals of scores and ranks{f' ({group})' if group else ''}: {folder}")


@app.command(
    "explain",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph explain scores Boston Shanghai (why is one above the other?) | "
    "innovation-graph explain scores 波士顿 上海 --node C | innovation-graph explain scores Singapore --peers 5",
)
def explain_command(
    scores: ScoresFolder,
    first: Annotated[str, typer.Argument(help="A place: id, English or Chinese name.", show_default=False)],
    second: Annotated[
        str | None, typer.Argument(help="The place to compare with; without it, the profile of the first.")
    ] = None,
    node: _Node = None,
    peers: Annotated[int, typer.Option(min=1, help="Profile: how many places of similar profile to list.")] = 10,
    out: Annotated[Path, typer.Option(help="CSV to write.")] = Path("explained.csv"),
    seed: Seed = 0,
) -> None:
    """Explain a score: why one place is above another, or where a place is strong and weak; parts add up."""
    from innovation_graph._csv import write_csv
    from innovation_graph.index import explain, scoring

    made, mark = scoring.read_scores(scores), is_synthetic(scores)
    a = _place(made, first)
    check_own(out, "indicator,name,parent,")
    if second is None:
        table = explain.strengths(made, a, node, seed=seed).reset_index()
        title = f"Strengths and weaknesses of {first}"
        nearest = explain.peers(made, a, peers).reset_index()
    else:
        b = _place(made, second)
        if a == b:
            raise RecipeError(f"{first} and {second} are the same place; name two, or one alone for its profile")
        table = explain.why(made, a, b, node, seed=seed).reset_index()
        title, nearest = "What the difference is made of", None
        say(explain.say(made, a, b, node, names=made.inputs["places"], seed=seed))
    kept = ["indicator", "name", *(name for name in table if name not in ("indicator", "name"))]
    table = table[kept]
    if "parent" in table:
        table = table[["indicator", "name", "parent", *(name for name in kept[2:] if name != "parent")]]
    write_csv(table, out, synthetic=mark, index=False)
    shown = [name for name in _EXPLAINED if name in table]
    print_table(title, table, shown, synthetic=mark, most=30)
    if nearest is not None:
        print_table("Places of a similar profile", nearest, synthetic=mark, most=peers)
    say(f"Written to {out}")


@app.command("editions", rich_help_panel=_PANEL, epilog="Example: innovation-graph editions scores_2023 scores_2024")
def editions_command(
    before: ScoresFolder,
    after: Annotated[Path, typer.Argument(metavar="SCORES", help="The later edition.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder of tables to write.")] = Path("editions"),
    seed: Seed = 0,
) -> None:
    """Split each change of score between two editions into data, method and sample."""
    from innovation_graph._tables import write_tables
    from innovation_graph.index import editions, scoring

    found = editions.change(scoring.read_scores(before), scoring.read_scores(after), seed=seed)
    tables = {"change": found.table, "indicators": found.indicators, "only": found.only}
    mark = is_synthetic(before) or is_synthetic(after)
    write_tables(out, tables, what="change between editions", synthetic=mark, about={"notes": list(found.notes)})
    for note in found.notes:
        say(f"Note: {note}")
    by_size = found.table["change"].abs().sort_values(ascending=False, kind="stable").index
    print_table("Largest changes", found.table.loc[by_size].reset_index(), synthetic=mark)
    say(f"Written to {out}")


@app.command(
    "compare-indices",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph compare-indices gihi2024 gis100_2025 industrial_innovation_2025 | "
    "innovation-graph compare-indices scores gis100_2025 --network papers --measures eigenvector,strength",
)
def compare_command(
    indices: Annotated[
        list[str], typer.Argument(metavar="A B...", help="Published rankings by name, or folders that `score` wrote.")
    ],
    network: Annotated[Path | None, typer.Option(help="A network to compare with.")] = None,
    measures: Annotated[str, typer.Option(metavar="A,B", help="Its measures of position.")] = "eigenvector",
    top: Annotated[int, typer.Option(help="How many leading places to compare.")] = 10,
    out: Annotated[Path, typer.Option(help="Folder of tables to write.")] = Path("comparison"),
) -> None:
    """Compare rankings: rank correlations with intervals, overlap at the top, largest disagreements."""
    from itertools import combinations

    from innovation_graph import centrality
    from innovation_graph._tables import write_tables
    from innovation_graph.index import compare, scoring
    from innovation_graph.network import read_network

    series, ranks, cut, mark = {}, [], [], False
    for name in indices:
        if (Path(name) / "scores.json").is_file():
            made = scoring.read_scores(name)
            series[name] = _one_group(made).iloc[:, 0]
            mark |= is_synthetic(Path(name))
        else:
            series[name] = compare.published(name)
            ranks.append(name)
            if name in compare.PUBLISHED:  # the others are whole, or nearly so
                cut.append(name)
    if network is not None:
        read = read_network(network)
        mark |= read.synthetic
        for measure, column in centrality.table(read, measures.split(",")).items():
            series[f"{network.name}: {measure}"] = column
    if len(series) < 2:
        raise RecipeError(f"expected two rankings or more, got {', '.join(series)}")
    agreed = compare.agreement(series, ranks=ranks, cut=cut, top=top)
    parts = {
        f"disagreements_{i + 1}": compare.disagreements(series[a], series[b], ranks=(a in ranks, b in ranks))
        for i, (a, b) in enumerate(combinations(series, 2))
    }
    write_tables(
        out,
        {"agreement": agreed, **parts},
        what="comparison of indices",
        synthetic=mark,
        about={"compared": list(series)},
    )
    columns = ("first", "second", "n", "spearman", "spearman_low", "spearman_high", "overlap")
    print_table("How far rankings agree", agreed, columns, synthetic=mark, most=40)
    say(f"Written to {out}")


def _sizes(path: Path | None) -> Any:
    import pandas as pd

    if path is None:
        return None
    try:
        table = pd.read_csv(path, encoding="utf-8-sig", dtype={0: "str"}, keep_default_na=False, na_values=[""])
        return table.set_index(table.columns[0])  # codes such as 17 stay text
    except (OSError, ValueError) as error:
        raise ScoringError(
            f"{path}: expected a CSV with place_id or indicator first and numbers beside it: {error}"
        ) from error


def check_kind(provenance: Mapping[str, Any], name: str, path: Any) -> None:
    """Refuse papers where patents are expected, and the other way round."""
    kind = provenance.get("kind")
    if kind in ("paper", "patent") and f"{kind}s" != name:
        raise RecipeError(f"--{name} {path}: expected {name}, got a network of {kind}s; were the two exchanged?")


def is_synthetic(folder: Path, head: str = "scores.json") -> bool:
    """Tell whether a folder that this program wrote was made from synthetic data."""
    return bool(json.loads((folder / head).read_text(encoding="utf-8"))["synthetic"])


def _one_group(made: Any) -> Any:
    """Return the scores of the largest group: those of different groups cannot be compared."""
    if made.spec.apart is None:
        return made.scores
    group = made.inputs["places"][made.spec.apart].reindex(made.scores.index)
    largest = group.value_counts().index[0]
    say(f"{made.spec.name}: only the places of {made.spec.apart} {largest!r} are compared")
    return made.scores[group == largest]


def _place(made: Any, name: str) -> str:
    table = made.inputs["places"]
    return place_id(made.scores if table is None else table.loc[made.scores.index], name)
