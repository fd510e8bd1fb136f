"""Any source -> records: files through an adapter, then the places of addresses, then the folder."""

import gc
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from innovation_graph.errors import FormatError, UnknownNameError
from innovation_graph.fields import read_keywords, read_scheme
from innovation_graph.places.resolver import THRESHOLD
from innovation_graph.records import RecordsWriter
from innovation_graph.sources._adapter import Adapter
from innovation_graph.sources._filters import Filters
from innovation_graph.sources._gathering import FieldRule, Gathering
from innovation_graph.sources._input import Broken, list_files
from innovation_graph.sources._placing import place, resolver_of
from innovation_graph.sources._reading import Reading
from innovation_graph.sources._streams import check_encoding
from innovation_graph.sources._work import Work
from innovation_graph.sources.adapters import SOURCES
from innovation_graph.sources.institutions import Institutions, read_institutions
from innovation_graph.sources.openalex import Progress

__all__ = ["Summary", "ingest"]

_TICK = 0.1


@dataclass(frozen=True)
class Summary:
    """What came in, what was left out, and why.

    Parameters
    ----------
    files : int
        Files read.
    lines : int
        Records met in them.
    works : int
        Works kept.
    left_out_year, left_out_type, left_out_retracted : int
        Works left out by a filter, each counted at the first that applies.
    duplicates : int
        Works whose identifier had come before; the first counts.
    rejects : int
        Records, and rests of files, named in `rejects.jsonl`.
    damaged_files : int
        Files that could not be used, or not to their end; what stood before is kept.
    truncated : int
        Kept works whose list of authors the source cut.
    sites, addresses : int
        Rows of these tables.
    located_by_source, located_by_institutions, located_by_resolver, named_only, unlocated : int
        Site rows by where the place of their address comes from; they sum to `sites`. `named_only`: the source
        names a city, but nothing knows where it lies.
    notes : mapping of str to int
        What had to be assumed, by the number of works concerned.
    """

    files: int
    lines: int
    works: int
    left_out_year: int
    left_out_type: int
    left_out_retracted: int
    duplicates: int
    rejects: int
    damaged_files: int
    truncated: int
    sites: int
    addresses: int
    located_by_source: int
    located_by_institutions: int
    located_by_resolver: int
    named_only: int
    unlocated: int
    notes: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as plain values, ready for JSON."""
        return {**asdict(self), "notes": dict(self.notes)}


def ingest(
    source: str,
    paths: Path | str | Iterable[Path | str],
    out: Path | str,
    *,
    institutions: Institutions | Path | str | None = None,
    resolve: bool = True,
    parents: bool = False,
    threshold: float = THRESHOLD,
    resolver_cache: Path | str | None = None,
    years: tuple[int, int] | None = None,
    types: Collection[str] | None = None,
    keep_retracted: bool = False,
    keep_actors: bool = False,
    fields: Path | str | None = "gihi2024",
    breadth: str = "broad",
    keywords: Path | str | None = None,
    encoding: str | None = None,
    columns: Path | str | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Read the files of a source and write a folder of records.

    Parameters
    ----------
    source : str
        Which adapter, see `adapters.SOURCES`.
    paths : path or iterable of paths
        Files and folders; what they should be is in the description of the adapter. Zip archives and gzip are
        read as they are. Files are taken in the order of their paths.
    out : path
        Folder to write; it appears only when all is written, and replaces only another folder of records.
    institutions : Institutions or path, optional
        Where organisations are; see `read_institutions`. Identifiers and names are looked up there.
    resolve : bool
        Whether addresses without a place are looked up in the gazetteer and among the names of `institutions`;
        see `places.resolver`. What was decided is written to `resolved.csv` in the folder.
    parents : bool
        Whether resolved sub-units roll up to the parent that `institutions` names.
    threshold : float
        Least score of a city that is taken, 0 to 1. Below 0.65 also where the organisation has its seat far away.
    resolver_cache : path, optional
        File that remembers what texts were resolved to.
    years : pair of int, optional
        First and last year to keep; works without a year are left out then.
    types : collection of str, optional
        Types to keep ("Article"; of patents "grant", "application", "pct", "design", "plant"), in any case.
    keep_retracted : bool
        Whether retracted works are kept.
    keep_actors : bool
        Whether the identity of authors, applicants and inventors is kept (table `actors`).
    fields : path or str, optional
        Technology fields of patents: "gihi2024" or a table of your own; None: none.
    breadth : {"broad", "narrow"}
        Whether rows of the fields that also require keywords are taken whole or left out.
    keywords : path, optional
        Keywords of fields; rows that require keywords are then decided by title and abstract.
    encoding : str, optional
        Encoding of text files without a mark of their own; UTF-8 by default.
    columns : path, optional
        Map of columns, for the source `table`.
    progress : callable, optional
        See `openalex.Progress`.

    Returns
    -------
    Summary
        Also stored in `records.json` under `ingest`.

    Raises
    ------
    UnknownNameError
        If there is no such source.
    FormatError
        If there is no file, or none of the files holds a single work.
    OSError
        If a file cannot be opened or the disk is full; nothing is left behind then.

    Notes
    -----
    What cannot be used goes to `rejects.jsonl` in the folder with file, line (0: the rest of the file), reason
    and beginning; the rest goes on.
    """
    if source not in SOURCES:
        raise UnknownNameError("source", source, SOURCES)
    adapter = SOURCES[source]
    check_encoding(encoding)
    filters = Filters.of(years, types, keep_retracted=keep_retracted, keep_actors=keep_actors)
    words = read_keywords(keywords) if keywords is not None else None
    rule = FieldRule(read_scheme(fields), breadth, words) if fields is not None else None
    files = list_files([paths] if isinstance(paths, Path | str) else paths, what=adapter.what)
    options = adapter.prepare(columns)
    where = institutions if isinstance(institutions, Institutions | None) else read_institutions(institutions)
    with RecordsWriter(out, source=adapter.label) as writer:
        reading = Reading(writer.folder, encoding=encoding, options=options)
        gathered = Gathering(writer, filters, rule)
        with _no_collections():
            for work in _works(adapter, files, reading, gathered, progress or (lambda *_: None)):
                try:
                    gathered.add(work)
                except ValueError as error:
                    reading.reject(work.line, str(error), work.work_id)
        gathered.flush()
        reading.rejects.flush()
        if not gathered.works and not gathered.left_out:
            raise _nothing(adapter, files, reading)
        how: dict[str, Any] = {"parents": parents, "threshold": threshold, "cache": resolver_cache}
        resolver = resolver_of(where, **how) if resolve else None
        addresses, sites_of = gathered.addresses()
        placed = place(addresses, sites_of, where, resolver, writer.folder)
        summary = Summary(
            files=len(files),
            lines=reading.lines,
            works=writer.n_works,
            left_out_year=gathered.left_out["year"],
            left_out_type=gathered.left_out["type"],
            left_out_retracted=gathered.left_out["retracted"],
            duplicates=gathered.duplicates,
            rejects=reading.rejects.count,
            damaged_files=reading.rejects.damaged,
            truncated=gathered.truncated,
            sites=gathered.sites,
            addresses=len(addresses),
            located_by_source=placed.by_source,
            located_by_institutions=placed.by_institutions,
            located_by_resolver=placed.by_resolver,
            named_only=placed.named_only,
            unlocated=placed.nowhere + gathered.addressless,
            notes=dict(sorted(gathered.notes.items())),
        )
        told = {
            "source": source,
            "years": list(filters.years) if filters.years else None,
            "types": sorted(filters.types) if filters.types is not None else None,
            "keep_retracted": keep_retracted,
            "keep_actors": keep_actors,
            "institutions": where.source if where else None,
            "resolve": resolve,
            "parents": parents,
            "threshold": threshold,
            "fields": str(fields) if fields is not None else None,
            "breadth": breadth,
            "keywords": str(keywords) if keywords is not None else None,
            "encoding": encoding,
            "columns": str(columns) if columns is not None else None,
        }
        info = {"ingest": summary.to_dict(), "options": told, "files": [file.as_posix() for file in files]}
        writer.finish(placed.addresses, actors=gathered.actors(), info=info)
    return summary


@contextmanager
def _no_collections() -> Iterator[None]:
    """Pause the search for cycles: works and rows have none, and with many of them it takes a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _works(
    adapter: Adapter, files: Sequence[Path], reading: Reading, gathered: Gathering, progress: Progress
) -> Iterator[Work]:
    """Yield the works of all files; a file that cannot be used is written down, and the next one is read."""
    sizes = [file.stat().st_size for file in files]
    total, last = sum(sizes), 0.0

    def follow(before: int) -> Callable[[int], None]:
        def report(done: int) -> None:
            nonlocal last
            if (now := time.monotonic()) - last > _TICK:
                last = now
                progress(min(before + done, total), total, gathered.works)

        return report

    lots: list[list[Path]] = [list(files)] if adapter.together else [[file] for file in files]
    before = 0
    for lot in lots:
        reading.file = str(lot[0] if len(lot) == 1 else lot[0].parent)
        reading.progress = follow(before)
        try:
            yield from adapter.read(lot, reading)
        except (Broken, FormatError) as error:
            reading.fail(error)
        before += sum(file.stat().st_size for file in lot)
    progress(total, total, gathered.works)


def _nothing(adapter: Adapter, files: Sequence[Path], reading: Reading) -> FormatError:
    if isinstance(reading.error, FormatError):
        return reading.error
    first = reading.rejects.first
    if first is None:
        return FormatError(files[0], expected=adapter.what, got="no record at all", hint=adapter.hint)
    return FormatError(first.file, expected=adapter.what, got=first.reason, row=first.line or None, hint=adapter.hint)
