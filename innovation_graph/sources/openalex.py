"""OpenAlex works -> records: JSON lines, pages of the API, folders of a snapshot, several files at a time."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from innovation_graph.errors import FormatError, RecipeError
from innovation_graph.places.resolver import THRESHOLD
from innovation_graph.records import RecordsWriter
from innovation_graph.sources._collect import Part, read_part
from innovation_graph.sources._filters import Filters
from innovation_graph.sources._input import list_files
from innovation_graph.sources._merge import merge
from innovation_graph.sources._placing import place, resolver_of
from innovation_graph.sources.institutions import Institutions, read_institutions

__all__ = ["IngestSummary", "Progress", "ingest"]

_NAMED = 100  # works with a cut list of authors that the summary names
_BYTES_A_WORKER = 16 << 20  # below this a second process costs more than it brings
_TICK = 0.1


class Progress(Protocol):
    """What is called while files are read, about ten times a second, and once when all are read."""

    def __call__(self, bytes_done: int, bytes_total: int, works: int) -> None:
        """Take bytes read from the disk, bytes to read in all, and works found so far."""


@dataclass(frozen=True)
class IngestSummary:
    """What came in, what was left out, and why.

    Parameters
    ----------
    files : int
        Files read.
    lines : int
        Records met in them: lines that are not blank, members of arrays, results of pages.
    works : int
        Works kept.
    left_out_year, left_out_type, left_out_retracted : int
        Works left out by a filter, each counted at the first that applies; the newest version of a work
        decides.
    duplicates : int
        Older versions of a work that were replaced.
    rejects : int
        Records, and broken files, named in `rejects.jsonl`.
    damaged_files : int
        Files that break off (a cut gzip, say); what stood before the break is kept.
    truncated : int
        Kept works whose list of authors OpenAlex cut.
    truncated_works : tuple of str
        The first hundred of them.
    sites, addresses : int
        Rows of these tables.
    located_by_institutions, located_by_source, located_by_resolver, named_only, unlocated : int
        Site rows by where the place of their address comes from; they sum to `sites`. `named_only`: OpenAlex
        names a city, but nothing knows where it lies.
    institutions_unmatched : int
        Distinct organisations that the institutions file does not have; 0 without such a file.
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
    truncated_works: tuple[str, ...]
    sites: int
    addresses: int
    located_by_institutions: int
    located_by_source: int
    located_by_resolver: int
    named_only: int
    unlocated: int
    institutions_unmatched: int

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as plain values, ready for JSON."""
        return {**asdict(self), "truncated_works": list(self.truncated_works)}


def ingest(
    paths: Path | str | Iterable[Path | str],
    out: Path | str,
    *,
    institutions: Institutions | Path | str | None = None,
    years: tuple[int, int] | None = None,
    types: Collection[str] | None = None,
    keep_retracted: bool = False,
    keep_actors: bool = False,
    resolve: bool = False,
    parents: bool = False,
    threshold: float = THRESHOLD,
    resolver_cache: Path | str | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> IngestSummary:
    """Read OpenAlex works and write a folder of records.

    Parameters
    ----------
    paths : path or iterable of paths
        Files and folders. Files hold one work a line, pages of the API (`{meta, results}`, one, a list, or
        one a line) or an array of works, plain or gzip; their content decides, not their name. Folders are
        walked; manifests, hidden and read-me files in them are skipped. Files are taken in the order of their
        paths.
    out : path
        Folder to write; it appears only when all is written, and replaces only another folder of records.
    institutions : Institutions or path, optional
        Where organisations are; see `read_institutions`. Organisations that it does not place keep what
        OpenAlex itself says (`geo`), else they stay unlocated; a country code is kept in any case.
    years : pair of int, optional
        First and last publication year to keep; works without a year are left out then.
    types : collection of str, optional
        OpenAlex types to keep ("article", "review"), in any case.
    keep_retracted : bool
        Whether retracted works are kept.
    keep_actors : bool
        Whether the identity of authors is kept (table `actors`); else authors are numbered inside their work.
    resolve : bool
        Whether addresses without a place are looked up in the gazetteer and among the names of `institutions`;
        see `places.resolver`. What was decided is written to `resolved.csv` in the folder.
    parents : bool
        Whether resolved sub-units roll up to the parent that `institutions` names.
    threshold : float
        Least score of a city that is taken, 0 to 1.
    resolver_cache : path, optional
        File that remembers what texts were resolved to.
    workers : int, optional
        Processes. By default as many as processors or files, fewer where the files are small. The result does
        not depend on it. With more than one, a script must guard its entry (`if __name__ == "__main__":`).
    progress : callable, optional
        See `Progress`.

    Returns
    -------
    IngestSummary
        Also stored in `records.json` under `ingest`.

    Raises
    ------
    FormatError
        If there is no file, or none of the files holds a single work.
    OSError
        If a file cannot be opened or the disk is full; nothing is left behind then.

    Notes
    -----
    Of a work that comes several times the version with the latest `updated_date` is taken (missing is
    oldest; of equal dates the one read last), and only then the filters apply. Every institution of every
    author is one site row. An author without institutions has one row for each printed address, with the
    country if there is exactly one; if there are several countries, one row for each country; else one row
    without address. An address is one row for each distinct institution, else for each distinct text and
    country.

    What cannot be used (no JSON, no work, a damaged file) goes to `rejects.jsonl` in the folder with file,
    line (0: the file as a whole), reason and beginning; the rest goes on.
    """
    if workers is not None and workers < 1:
        raise RecipeError(f"workers must be at least 1, got {workers}")
    filters = Filters.of(years, types, keep_retracted=keep_retracted, keep_actors=keep_actors)
    files = list_files([paths] if isinstance(paths, Path | str) else paths, what="OpenAlex works")
    where = institutions if isinstance(institutions, Institutions | None) else read_institutions(institutions)
    with RecordsWriter(out, source="OpenAlex") as writer:
        folder = writer.folder / "parts"
        folder.mkdir()
        parts = _read_all(files, folder, filters, workers, progress or (lambda *_: None))
        if not sum(len(part.keys) for part in parts):
            raise _nothing(files, parts)
        merged = merge(parts, writer, named=_NAMED)
        folder.rmdir()
        how: dict[str, Any] = {"parents": parents, "threshold": threshold, "cache": resolver_cache}
        resolver = resolver_of(where, **how) if resolve else None
        placed = place(merged.addresses, merged.sites_of, where, resolver, writer.folder)
        summary = IngestSummary(
            files=len(files),
            lines=sum(part.lines for part in parts),
            works=writer.n_works,
            **{f"left_out_{reason}": count for reason, count in merged.left_out.items()},
            duplicates=merged.duplicates,
            rejects=sum(part.n_rejects for part in parts),
            damaged_files=sum(part.damaged for part in parts),
            truncated=merged.truncated,
            truncated_works=tuple(merged.truncated_works),
            sites=merged.sites,
            addresses=len(placed.addresses),
            located_by_institutions=placed.by_institutions,
            located_by_source=placed.by_source,
            located_by_resolver=placed.by_resolver,
            named_only=placed.named_only,
            unlocated=placed.nowhere + merged.addressless,
            institutions_unmatched=placed.unmatched,
        )
        options = {
            "years": list(filters.years) if filters.years else None,
            "types": sorted(filters.types) if filters.types is not None else None,
            "keep_retracted": keep_retracted,
            "keep_actors": keep_actors,
            "institutions": where.source if where else None,
            "resolve": resolve,
            "parents": parents,
            "threshold": threshold,
        }
        info = {"ingest": summary.to_dict(), "options": options, "files": [file.as_posix() for file in files]}
        writer.finish(placed.addresses, actors=merged.actors, info=info)
    return summary


def _nothing(files: Sequence[Path], parts: Sequence[Part]) -> FormatError:
    first = next((part.first_reject for part in parts if part.first_reject), None)
    hint = "Give OpenAlex works as JSON lines or API pages, plain or gzip."
    if first is None:
        return FormatError(files[0], expected="OpenAlex works", got="no record at all", hint=hint)
    return FormatError(first.file, expected="OpenAlex works", got=first.reason, row=first.line or None, hint=hint)


def _read_all(
    files: Sequence[Path], folder: Path, filters: Filters, workers: int | None, progress: Progress
) -> list[Part]:
    total = sum(file.stat().st_size for file in files)
    jobs = [(file, folder / f"{number:06d}", filters) for number, file in enumerate(files)]
    if workers is None:
        workers = min(os.cpu_count() or 1, 1 + total // _BYTES_A_WORKER)
    if min(workers, len(files)) == 1:
        return _read_here(jobs, total, progress)
    return _read_apart(jobs, min(workers, len(files)), total, progress)


_Job = tuple[Path, Path, Filters]


def _read_here(jobs: Sequence[_Job], total: int, progress: Progress) -> list[Part]:
    parts: list[Part] = []
    before = works = 0
    last = time.monotonic()

    def report(done: int, found: int) -> None:
        nonlocal last
        if (now := time.monotonic()) - last > _TICK:
            last = now
            progress(before + done, total, works + found)

    for job in jobs:
        parts.append(read_part(*job, report))
        before += job[0].stat().st_size
        works += len(parts[-1].keys)
    progress(total, total, works)
    return parts


def _read_apart(jobs: Sequence[_Job], workers: int, total: int, progress: Progress) -> list[Part]:
    context = multiprocessing.get_context("spawn")
    board = context.RawArray("q", 2 * len(jobs) + 1)  # bytes and works of each file, and at the end a stop sign
    with ProcessPoolExecutor(workers, context, _set_up, (board,)) as pool, _stopping(board, pool):
        with _interrupts_held():
            futures: list[Future[Part]] = [pool.submit(_work, number, job) for number, job in enumerate(jobs)]
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=_TICK, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
            progress(sum(board[0:-1:2]), total, sum(board[1:-1:2]))
        return [future.result() for future in futures]


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold interrupts back, here for a moment, in processes that start meanwhile for good: they are stopped."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _stopping(board: Any, pool: ProcessPoolExecutor) -> Iterator[None]:
    """Let running workers stop at their next block if anything goes wrong, an interrupt included."""
    try:
        yield
    except BaseException:
        board[-1] = 1
        pool.shutdown(cancel_futures=True)
        raise


_board: Any = None


def _set_up(board: Any) -> None:
    """Prepare a worker: without a main process there is no work."""
    global _board  # noqa: PLW0603  the only way to hand shared memory to the workers of a pool
    _board = board
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent.join,), daemon=True).start()


def _die_with(join: Callable[[], None]) -> None:
    join()
    os._exit(1)


def _work(number: int, job: _Job) -> Part:
    def report(done: int, works: int) -> None:
        if _board[-1]:
            raise InterruptedError("stopped")
        _board[2 * number], _board[2 * number + 1] = done, works

    part = read_part(*job, report)
    _board[2 * number], _board[2 * number + 1] = job[0].stat().st_size, len(part.keys)
    return part
