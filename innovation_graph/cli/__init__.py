"""The command line: arguments in, files out, no arithmetic."""

import signal
import sys
from typing import Annotated

import typer
from rich.markup import escape

from innovation_graph._version import __version__
from innovation_graph.cli import (
    drawing,
    fetching,
    figures,
    measures,
    networks,
    published,
    records,
    report,
    scoring,
    sensitivity,
    trust,
    works,
)
from innovation_graph.cli.common import errors, screen
from innovation_graph.errors import InnovationGraphError

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="City collaboration networks from papers and patents: who works with whom, measured and mapped.",
    epilog="Try it: [b]innovation-graph run --out demo[/b] measures and maps the packaged synthetic sample.",
)
app.add_typer(records.ingest_app, name="ingest")
app.add_typer(fetching.app, name="fetch")
app.add_typer(records.app)
app.add_typer(networks.app)
app.add_typer(measures.app)
app.add_typer(works.app)
app.add_typer(trust.app)
app.add_typer(scoring.app)
app.add_typer(sensitivity.app)
app.add_typer(published.app)
app.add_typer(drawing.app)
app.add_typer(figures.app)
app.add_typer(report.app)


def main() -> None:
    """Run the command line; what a user can mend ends with one line and exit code 2."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that half-written folders are removed
    try:
        app(standalone_mode=True)
    except (InnovationGraphError, OSError, MemoryError) as error:
        errors.print(f"[bold red]error:[/] {escape(_told(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)


def _told(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}; ask for less at once"
    if isinstance(error, OSError) and error.strerror is not None:
        return f"{error.filename}: {error.strerror.lower()}; check the path and its permissions"
    return str(error)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False,
) -> None:
    if version:
        screen.print(__version__)
        raise typer.Exit
