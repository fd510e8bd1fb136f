"""What all commands share: the screen, options that come again, progress, tables."""

import codecs
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from innovation_graph.errors import RecipeError, UnknownNameError

__all__ = [
    "Moved",
    "Net",
    "Seed",
    "Types",
    "Years",
    "bar",
    "check_own",
    "errors",
    "fitting",
    "foreign",
    "names",
    "open_records",
    "place_id",
    "print_counts",
    "print_menu",
    "print_stages",
    "print_table",
    "print_top",
    "put_plain",
    "put_tables",
    "say",
    "screen",
    "some_of",
    "span",
    "warn",
]

_LEADING = ("strength", "degree", "eigenvector", "betweenness")

screen = Console()
errors = Console(stderr=True)

Net = Annotated[Path, typer.Argument(metavar="NET", help="A network folder.", show_default=False)]
Years = Annotated[str | None, typer.Option(metavar="2019-2023", help="A year or a range of years.")]
Seed = Annotated[int, typer.Option(help="Equal seeds give equal results.")]
Moved = Annotated[Path | None, typer.Option("--records", help="Where the records are now, if they were moved.")]
Types = Annotated[str | None, typer.Option(metavar="A,B", help="Only works of these types.")]


def open_records(path: Path) -> Any:
    """Open a folder of records, or the packaged sample."""
    from innovation_graph.records import read_records
    from innovation_graph.samples import sample_records

    return sample_records() if str(path) == "sample" and not path.exists() else read_records(path)


def check_own(path: Path, start: str, *, page: bool = False) -> None:
    """Refuse to write over a file that does not begin as those of this command do (a page: says so near its top)."""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(1 << 12).removeprefix(codecs.BOM_UTF8)
        if head and not (start.encode() in head if page else head.startswith(start.encode())):
            raise FileExistsError(f"{path} exists and is not a file made by this command; choose another --out")


def span(text: str | None, *, option: str = "--years") -> tuple[int, int] | None:
    """Read a year or a range of years."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d{4})\s*(?:[-:]\s*(\d{4})\s*)?", text)
    if not found or int(found[1]) > int(found[2] or found[1]):
        raise RecipeError(f"{option}: expected a year or a range such as 2019-2023, got {text!r}")
    return int(found[1]), int(found[2] or found[1])


def names(text: str | None) -> tuple[str, ...] | None:
    """Read names parted by commas."""
    parts = None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())
    if parts == ():
        raise RecipeError(f"expected names parted by commas, got {text!r}")
    return parts


def place_id(table: Any, name: str) -> str:
    """Find a row of a place table by id or by English or Chinese name (letter case is ignored)."""
    if name in table.index:
        return name
    for column in ("name_en", "name_zh"):
        if column not in table:
            continue
        hits = table.index[table[column].str.casefold() == name.casefold()]
        if len(hits) == 1:
            return str(hits[0])
    raise UnknownNameError("place", name, table.index)


@contextmanager
def bar() -> Iterator[Any]:
    """Show how far the reading has come."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def progress(done: int, total: int, works: int) -> None:
            bar.update(task, completed=done, total=total, description=f"{works:,} works")

        yield progress


def warn(line: str) -> None:
    """Say on the error stream what a user should know."""
    errors.print(f"[bold yellow]warning:[/] {escape(line)}", soft_wrap=True, highlight=False)


def say(line: str) -> None:
    """Print a line as it is."""
    screen.print(escape(line), soft_wrap=True, highlight=False)


def some_of(items: Sequence[str]) -> str:
    """Name the first ten."""
    return f"{', '.join(items[:10])}{' ...' if len(items) > 10 else ''}"


def print_counts(title: str, counts: Mapping[str, Any]) -> None:
    """Print counts as a table."""
    table = Table(title=escape(title), show_header=False)
    for key, value in counts.items():
        table.add_row(key.replace("_", " "), f"{value:,}")
    screen.print(table)


def print_stages(networks: Mapping[str, Any]) -> None:
    """Print how many works and sites every stage kept."""
    table = Table(title="From records to links")
    for heading in ("network", "works read", "selected", "in places", "linking", "sites", "in places", "links"):
        table.add_column(heading, justify="left" if heading == "network" else "right")
    for name, network in networks.items():
        keys = ("works_read", "works_selected", "works_located", "works_linking", "sites_selected", "sites_located")
        counts = [network.provenance[key] for key in keys]
        share = f"{counts[5]:,} ({counts[5] / max(counts[4], 1):.0%})"
        table.add_row(escape(name), *(f"{n:,}" for n in counts[:5]), share, f"{network.n_links:,}")
    screen.print(table)


def print_menu(menu: Any) -> None:
    """Print all measures by group, with what they tell."""
    for group, part in menu.groupby("group", sort=False):
        table = Table(title=escape(str(group)), title_justify="left", show_header=False, box=None)
        for row in part.itertuples():
            table.add_row(f"[b]{escape(row.measure)}[/b]", escape(row.tells))
        screen.print(table)


def print_table(
    title: str, rows: Any, columns: Sequence[str] | None = None, *, synthetic: bool = False, most: int = 12
) -> None:
    """Print the first rows of a table, of many columns only those that a narrow screen holds."""
    rows = rows if columns is None else rows[list(columns)]
    table = Table(title=escape(title + (" - SYNTHETIC DATA" if synthetic else "")))
    for name in rows.columns:
        numeric = rows[name].dtype.kind in "if"
        table.add_column(escape(str(name).replace("_", " ")), justify="right" if numeric else "left")
    for row in rows.head(most).itertuples(index=False):
        table.add_row(*(escape(_shown(value)) for value in row))
    screen.print(table)


def _shown(value: Any) -> str:
    from pandas import isna

    if isna(value):
        return ""
    if isinstance(value, float):
        return f"{value:,.4g}" if value % 1 else f"{value:,.0f}"
    return str(value)


def put_plain(
    out: Path, tables: Mapping[str, Any], *, what: str, synthetic: bool = False, about: Mapping[str, Any] | None = None
) -> None:
    """Write a folder of tables and say so."""
    from innovation_graph._tables import write_tables

    files = write_tables(out, tables, what=what, synthetic=synthetic, about=about)
    say(f"Written to {out}: {', '.join(files)}")


def put_tables(out: Path, tables: Mapping[str, Any], *, what: str, network: Any) -> None:
    """Write a folder of tables about a network and say so."""
    put_plain(out, tables, what=what, synthetic=network.synthetic, about={"provenance": dict(network.provenance)})


def fitting(function: Any, given: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Return the options that were given, if the function takes them."""
    options = {name: value for name, value in given.items() if value is not None}
    if strange := foreign(function, options):
        raise RecipeError(f"{', '.join(strange)} cannot be used with {what}")
    return options


def foreign(function: Any, options: Collection[str], shown: Mapping[str, str] | None = None) -> list[str]:
    """Return the options that a function does not take, as a user writes them."""
    strange = [name for name in options if name not in signature(function).parameters]
    return [(shown or {}).get(name, f"--{name.replace('_', '-')}") for name in strange]


def print_top(title: str, rows: Any, measures: list[str], synthetic: bool) -> None:
    """Show ten rows; of many measures only those that most readers look for, so that a narrow screen holds them."""
    if len(measures) > len(_LEADING):
        measures = [name for name in _LEADING if name in measures]
    table = Table(title=escape(title + (" - SYNTHETIC DATA" if synthetic else "")))
    for name in ("place", "country", *measures):
        table.add_column(escape(name), justify="left" if name in ("place", "country") else "right")
    for place, row in rows.head(10).iterrows():
        name = row["name_en"] if isinstance(row["name_en"], str) else str(place)
        country = row["country"] if isinstance(row["country"], str) else ""
        table.add_row(
            escape(name), escape(country), *(f"{row[m]:,.4g}" if row[m] % 1 else f"{row[m]:,.0f}" for m in measures)
        )
    screen.print(table)
