"""Commands that fetch from the network: the only ones that do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from innovation_graph.cli.common import Years, errors, print_counts, say, some_of, span, warn

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Fetch source files; nothing else uses the network.")


@app.command(
    "openalex",
    epilog="Example: innovation-graph fetch openalex --year 2023 --filter type:article --sample 9 --seed 1 --out w",
)
def fetch_openalex(
    out: Annotated[Path, typer.Option(help="Folder of pages to write or go on with; `ingest openalex` takes it.")],
    year: Years = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="NAME:VALUE", help="A filter of OpenAlex; several are joined."),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(help="Only N works drawn at random, at most 10,000; needs --seed.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the sample.")] = None,
    lean: Annotated[bool, typer.Option("--lean", help="Only the fields that ingest reads: much smaller.")] = False,
) -> None:
    """Fetch works from the API; the same command again goes on where it stopped.

    Key and mail come from the environment: OPENALEX_API_KEY, OPENALEX_MAILTO.
    """
    from innovation_graph.fetch import openalex

    with _bar() as progress:
        summary = openalex.fetch(
            out,
            years=span(year, option="--year"),
            filters=filters or (),
            sample=sample,
            seed=seed,
            select=openalex.FIELDS if lean else None,
            progress=progress,
            notice=warn,
        )
    counts = summary.to_dict()
    named = counts.pop("truncated_works")
    print_counts(f"Works in {out}", counts)
    if not summary.pages_fetched:
        say("The folder was complete already; nothing was fetched.")
    if named:
        say(f"Author list still cut: {some_of(named)}")
    say(f"Next: innovation-graph ingest openalex {out} --institutions ror.zip --out records")


@app.command("ror", epilog="Example: innovation-graph fetch ror --out ror")
def fetch_ror(out: Annotated[Path, typer.Option(help="Folder for the archive.")]) -> None:
    """Fetch the newest register of organisations (ROR, from Zenodo) and check it against its checksum."""
    from innovation_graph.fetch import ror

    say(f"Written: {ror.fetch(out, notice=warn)}")


@app.command("openalex-snapshot", epilog="Example: innovation-graph fetch openalex-snapshot --out openalex --dry-run")
def fetch_snapshot(
    out: Annotated[Path, typer.Option(help="Folder of the copy; about 670 GB.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the command only.")] = False,
) -> None:
    """Print and run the copy of all works out of the public bucket; needs the AWS command line tool, no account."""
    import shlex

    from innovation_graph.fetch import snapshot

    say(shlex.join(snapshot.command(out)))
    if not dry_run:
        raise typer.Exit(code=snapshot.run(out))


@contextmanager
def _bar() -> Iterator[Any]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,} of {task.total:,} works"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("fetching", total=0)
        yield lambda pages, works, total: bar.update(task, completed=works, total=total, description=f"{pages:,} pages")
