"""The command that draws figures: figure."""

from pathlib import Path
from typing import Annotated, Any

import typer

from innovation_graph.cli.common import fitting, names, say
from innovation_graph.errors import RecipeError

__all__ = ["app"]

app = typer.Typer()

_PANEL = "Maps and lists"
_MARK = b"innovation-graph"

_Folder = Path | None


@app.command(
    "figure",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph figure map --network papers --blocs CN:US --out sino_us.pdf | "
    "innovation-graph figure intervals --uncertainty errors --measure eigenvector --out ranks.svg | "
    "innovation-graph figure bump --scores gihi2024",
)
def figure_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which figure (see above).", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="PNG, SVG or PDF to write. [default: NAME.png]", show_default=False)
    ] = None,
    network: Annotated[_Folder, typer.Option(help="A network folder; also for names.")] = None,
    uncertainty: Annotated[_Folder, typer.Option(help="A folder of `bootstrap`.")] = None,
    change: Annotated[_Folder, typer.Option(help="A folder of `change`.")] = None,
    measures: Annotated[_Folder, typer.Option(help="A folder of `measures`.")] = None,
    copublication: Annotated[_Folder, typer.Option(help="A folder of `copublication`.")] = None,
    scores: Annotated[_Folder, typer.Option(help="A folder of index scores, or gihi2024.")] = None,
    table: Annotated[_Folder, typer.Option(help="A CSV with the columns that the figure needs.")] = None,
    measure: Annotated[str | None, typer.Option(help="intervals: which measure; map: size of the circles.")] = None,
    by: Annotated[
        str | None, typer.Option(help="chord, matrix, quartiles: groups; map: colours; alluvial: height.")
    ] = None,
    of: Annotated[str | None, typer.Option(help="intervals: rank or value.")] = None,
    top: Annotated[int | None, typer.Option(help="How many places (bars, groups) to draw.")] = None,
    blocs: Annotated[str | None, typer.Option(metavar="CN:US", help="map: two groups; A,B:C for more.")] = None,
    centre: Annotated[str | None, typer.Option(help="map: atlantic, pacific, americas, asia or a longitude.")] = None,
    columns: Annotated[str | None, typer.Option(metavar="A,B", help="lines, profile, ternary: which columns.")] = None,
    place: Annotated[str | None, typer.Option(help="profile, waterfall: the place.")] = None,
    peers: Annotated[str | None, typer.Option(metavar="A,B", help="profile: ids of places to compare with.")] = None,
    scale: Annotated[str | None, typer.Option(help="profile: percentile or value.")] = None,
    against: Annotated[str | None, typer.Option(help="waterfall: the other place.")] = None,
    node: Annotated[str | None, typer.Option(help="Code of a node of an index, or a measure for quartiles.")] = None,
    output: Annotated[str | None, typer.Option(help="sensitivity: which output.")] = None,
    smallest: Annotated[int | None, typer.Option(help="alluvial: smaller communities are taken together.")] = None,
    source: Annotated[str | None, typer.Option(help="Source, for the note line.")] = None,
    title: Annotated[str | None, typer.Option(help="Another title.")] = None,
    lang: Annotated[str, typer.Option(help="en or zh.")] = "en",
    size: Annotated[str, typer.Option(help="column (3.5 in), page (7.2 in) or slide (13.3 in).")] = "page",
    long: Annotated[bool, typer.Option("--long-names", help="Do not shorten names.")] = False,
    dpi: Annotated[int, typer.Option(help="Resolution of PNG.")] = 200,
) -> None:
    """Draw a figure for print or slides: the same input gives the same bytes.

    [b]map[/b]           --network: places on a world map, or two blocs over an ocean (--blocs)
    [b]chord[/b]         --network: ties between countries, continents or communities (--by)
    [b]matrix[/b]        --network: who works with whom, ordered by community
    [b]distribution[/b]  --network: how unequal degrees and strengths are
    [b]intervals[/b]     --uncertainty: ranks or values (--of) with error bars, tiers shaded
    [b]quartiles[/b]     --scores, --measures: where the places of each continent stand
    [b]profile[/b]       --scores, --measures: a place (--place) against its --peers
    [b]dendrogram[/b]    --scores: development modes as a tree
    [b]ternary[/b]       --scores: the balance of three dimensions
    [b]sensitivity[/b]   --table (of Sobol indices): which uncertain choice an index hangs on
    [b]waterfall[/b]     --scores: why --place stands above the place --against
    [b]bubble[/b]        --copublication: growth, share and number of international papers
    [b]lines[/b]         --change: values over the years (--columns)
    [b]bump[/b]          --scores gihi2024, --table: ranks over the years
    [b]alluvial[/b]      --change: communities over time
    [b]rich-club[/b]     --measures (group references): whether the richest work with one another
    """
    from innovation_graph.views import figures
    from innovation_graph.views.figures.folders import inputs_of

    target = Path(f"{name}.png") if out is None else out
    _check_own(target)
    folders = {
        "network": network,
        "uncertainty": uncertainty,
        "change": change,
        "measures": measures,
        "copublication": copublication,
        "scores": scores,
        "table": table,
    }
    given = {kind: path for kind, path in folders.items() if path is not None}
    language: Any = lang  # others are refused where it is drawn
    found = inputs_of(name, given, place=place, against=against, node=node, lang=language)
    options: dict[str, Any] = {
        ("size_by" if name == "map" else "measure"): measure,
        ("color_by" if name == "map" else "by"): by,
        "of": of,
        "top": top,
        "blocs": _sides(blocs),
        "centre": _number(centre),
        "columns": names(columns),
        "peers": names(peers),
        "output": output,
        "scale": scale,
        "smallest": smallest,
    }
    found |= fitting(figures.FIGURES[name].function, options, f"figure {name}")
    if columns is not None:
        found.pop("labels", None)
    if source is not None:
        data = found.get("network", found.get("uncertainty"))
        own = found.get("provenance") or dict(getattr(data, "provenance", {}))
        found["provenance"] = {**own, "source": source}
    look: dict[str, Any] = {"lang": lang, "size": size, "title": title, "short": not long}
    figures.save(figures.draw(name, **found, **look), target, dpi=dpi)
    say(f"Written to {target} ({target.stat().st_size / 1000:,.0f} kB)")


def _check_own(path: Path) -> None:
    """Refuse to write over a file that is no figure of this program; PDF says so at its end."""
    if path.is_file() and path.stat().st_size and _MARK not in path.read_bytes():
        raise FileExistsError(f"{path} exists and is not a file made by this command; choose another --out")


def _sides(text: str | None) -> tuple[tuple[str, ...], ...] | None:
    if text is None:
        return None
    sides = tuple(names(side) or () for side in text.split(":") if side.strip())
    if len(sides) != 2:
        raise RecipeError(f"--blocs: expected two groups of countries or places such as CN:US, got {text!r}")
    return sides


def _number(text: str | None) -> str | float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return text
