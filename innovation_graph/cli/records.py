"""Commands that make records: ingest, fields."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from innovation_graph.cli.common import Types, Years, bar, names, open_records, print_counts, say, some_of, span, warn

__all__ = ["app", "ingest_app"]

app = typer.Typer()

_PANEL = "Files to records"
ingest_app = typer.Typer(no_args_is_help=True, help="Turn source files into a folder of records.")

_Out = Annotated[Path, typer.Option(help="Folder of records to write.")]
_Institutions = Annotated[
    Path | None, typer.Option(help="Where organisations are: ROR dump (zip, JSON, CSV) or OpenAlex institutions.")
]
_Fields = Annotated[str, typer.Option(help="Technology fields of patents: gihi2024, none, or a CSV.")]
_Breadth = Annotated[str, typer.Option(help="broad or narrow: whether rows that also need keywords count without.")]
_Keywords = Annotated[Path | None, typer.Option(help="Keywords of the fields: TOML, or CSV with name,keyword.")]
_Retracted = Annotated[bool, typer.Option("--keep-retracted", help="Keep retracted works.")]
_Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 if anything was rejected.")]
_Parents = Annotated[bool, typer.Option("--parents", help="Roll sub-units up to the parent that ROR names.")]
_Threshold = Annotated[float, typer.Option(help="Least score of a resolved city, 0 to 1.")]
_Cache = Annotated[Path | None, typer.Option(help="File that remembers resolved texts for the next time.")]

# Name, what is read, and an example of its files; the adapters themselves are imported when one is called.
_SOURCES = {
    "wos": ("Web of Science exports: tab-delimited, plain text or BibTeX", "savedrecs.txt"),
    "scopus": ("Scopus exports: CSV or BibTeX with affiliations", "scopus.csv"),
    "dimensions": ("Dimensions exports: CSV or Excel", "dimensions.csv"),
    "lens": ("Lens exports: scholarly works or patents, CSV", "lens-export.csv"),
    "crossref": ("Crossref works: JSON, JSON lines, plain or gzip", "crossref/"),
    "table": ("Any CSV, TSV, Excel or Parquet table, with a map of its columns", "mine.csv --columns map.toml"),
    "uspto": ("USPTO grants and applications: XML as published, also zip", "ipg230103.zip"),
    "patentsview": ("PatentsView tables: TSV, also zip", "patentsview/"),
    "derwent": ("Derwent Innovation exports: CSV or Excel", "derwent.xlsx"),
    "regpat": ("OECD REGPAT tables, also zip", "regpat/"),
}


@ingest_app.command(
    "openalex",
    epilog="Example: innovation-graph ingest openalex works/ --institutions ror.zip --years 2023 --out records",
)
def ingest_openalex(
    paths: Annotated[list[Path], typer.Argument(help="JSON lines (also gz), API pages, Parquet, or folders of them.")],
    out: _Out,
    institutions: _Institutions = None,
    years: Years = None,
    types: Types = None,
    keep_retracted: _Retracted = False,
    keep_actors: Annotated[bool, typer.Option("--keep-actors", help="Keep who the authors are.")] = False,
    resolve: Annotated[
        bool, typer.Option("--resolve", help="Look printed addresses without a place up in the gazetteer.")
    ] = False,
    parents: _Parents = False,
    threshold: _Threshold = 0.7,
    resolver_cache: _Cache = None,
    strict: _Strict = False,
    workers: Annotated[int | None, typer.Option(help="Processes; default one a file, up to the processors.")] = None,
) -> None:
    """Read OpenAlex works; what cannot be used goes to [b]rejects.jsonl[/b] in the folder."""
    from innovation_graph.sources import openalex

    with bar() as progress:
        summary = openalex.ingest(
            paths,
            out,
            institutions=institutions,
            years=span(years),
            types=names(types),
            keep_retracted=keep_retracted,
            keep_actors=keep_actors,
            resolve=resolve,
            parents=parents,
            threshold=threshold,
            resolver_cache=resolver_cache,
            workers=workers,
            progress=progress,
        )
    counts = summary.to_dict()
    named = counts.pop("truncated_works")
    print_counts(f"Records in {out}", counts)
    if named:
        say(f"Author list cut by OpenAlex: {some_of(named)}")
    _finish(summary, out, strict=strict, given=institutions is not None)


def _command(name: str) -> Callable[..., None]:
    def command(
        paths: Annotated[list[Path], typer.Argument(help="Files, zip archives, or folders of them.")],
        out: _Out,
        institutions: _Institutions = None,
        resolve: Annotated[
            bool, typer.Option("--resolve/--no-resolve", help="Look addresses up in the gazetteer of cities.")
        ] = True,
        parents: _Parents = False,
        threshold: _Threshold = 0.7,
        resolver_cache: _Cache = None,
        years: Years = None,
        types: Types = None,
        keep_retracted: _Retracted = False,
        keep_actors: Annotated[
            bool, typer.Option("--keep-actors", help="Keep who authors, applicants and inventors are.")
        ] = False,
        fields: _Fields = "gihi2024",
        breadth: _Breadth = "broad",
        keywords: _Keywords = None,
        encoding: Annotated[
            str | None, typer.Option(metavar="NAME", help="Encoding of text, e.g. gb18030. [default: UTF-8]")
        ] = None,
        columns: Annotated[Path | None, typer.Option(help="Map of columns (TOML), for `table`.")] = None,
        strict: _Strict = False,
    ) -> None:
        from innovation_graph.sources import ingesting

        with bar() as progress:
            summary = ingesting.ingest(
                name,
                paths,
                out,
                institutions=institutions,
                resolve=resolve,
                parents=parents,
                threshold=threshold,
                resolver_cache=resolver_cache,
                years=span(years),
                types=names(types),
                keep_retracted=keep_retracted,
                keep_actors=keep_actors,
                fields=None if fields == "none" else fields,
                breadth=breadth,
                keywords=keywords,
                encoding=encoding,
                columns=columns,
                progress=progress,
            )
        counts = summary.to_dict()
        notes = counts.pop("notes")
        print_counts(f"Records in {out}", counts)
        if notes:
            print_counts("Assumed, by works", notes)
        _finish(summary, out, strict=strict, given=institutions is not None)

    return command


for _name, (_what, _files) in _SOURCES.items():
    ingest_app.command(
        _name,
        help=f"Read {_what}; what cannot be used goes to [b]rejects.jsonl[/b] in the folder.",
        short_help=_what,
        epilog=f"Example: innovation-graph ingest {_name} {_files} --institutions ror.zip --out records",
    )(_command(_name))


@app.command(
    "fields",
    rich_help_panel=_PANEL,
    epilog="Example: innovation-graph fields records --breadth narrow --out records_narrow",
)
def fields_command(
    records: Annotated[Path, typer.Argument(help="A folder of records with patents.", show_default=False)],
    out: _Out,
    scheme: Annotated[str, typer.Option(help="gihi2024, or a CSV in the same form.")] = "gihi2024",
    breadth: _Breadth = "broad",
    keywords: _Keywords = None,
) -> None:
    """Give the patents of records their technology fields again, by another scheme or breadth."""
    from innovation_graph import fields

    read = fields.read_keywords(keywords) if keywords is not None else None
    made = fields.reassign(open_records(records), fields.read_scheme(scheme), out, breadth=breadth, keywords=read)
    print_counts(f"Patents by field in {out}", made.info["fields"]["works"])


def _finish(summary: Any, out: Path, *, strict: bool, given: bool) -> None:
    for warning in _warnings(summary, given=given):
        warn(warning)
    if summary.rejects:
        say(f"{summary.rejects} rejected, see {out / 'rejects.jsonl'}")
        raise typer.Exit(code=1 if strict else 0)


def _warnings(summary: Any, *, given: bool) -> Iterator[str]:
    if summary.damaged_files:
        yield f"damaged, cut or no such exports: {summary.damaged_files} files (or parts of them), see rejects.jsonl"
    if not summary.works:
        yield "no work was kept; see the filters above (retracted works are left out without --keep-retracted)"
    elif summary.sites and summary.unlocated == summary.sites:
        hint = "" if given else ": give --institutions"
        yield f"no site has a place{hint}"
