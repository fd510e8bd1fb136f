"""The command that writes the report of a folder of results: report."""

from pathlib import Path
from typing import Annotated

import typer

from innovation_graph.cli.common import check_own, say

__all__ = ["app"]

app = typer.Typer()

_PANEL = "Maps and lists"


@app.command(
    "report",
    rich_help_panel=_PANEL,
    epilog="Examples: innovation-graph report results --out report.html | "
    "innovation-graph report results --lang zh --scores scores --scores-intervals scores_intervals_main",
)
def report_command(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="A folder that `run` wrote.", show_default=False)],
    out: Annotated[Path, typer.Option(help="HTML file to write.")] = Path("report.html"),
    lang: Annotated[str, typer.Option(help="en or zh.")] = "en",
    scores: Annotated[Path | None, typer.Option(help="A folder that `score` wrote.", show_default=False)] = None,
    scores_intervals: Annotated[
        list[Path] | None, typer.Option(help="Intervals of these scores; once for each group.", show_default=False)
    ] = None,
    change: Annotated[Path | None, typer.Option(help="A folder that `change` wrote.", show_default=False)] = None,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Maps and diagrams.")] = True,
) -> None:
    """Tell what a run found, in order, on one page for readers and for print (to PDF, with any browser).

    What RESULT does not hold is left out, and named at the end of the report.
    """
    from innovation_graph.views import report

    check_own(out, "innovation-graph report", page=True)
    report.write(
        result, out, lang=lang, scores=scores, intervals=scores_intervals or (), change=change, figures=figures
    )
    say(f"Written to {out} ({out.stat().st_size / 1000:,.0f} kB); print it to PDF with your browser.")
