"""Works from the API of OpenAlex to a folder of pages that `ingest` takes as it is."""

import gzip
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import msgspec

from innovation_graph._files import check_head, new_file, write_json
from innovation_graph.errors import FormatError, RecipeError
from innovation_graph.fetch._http import Client, FetchError, Notice

__all__ = ["API", "FIELDS", "FetchSummary", "Progress", "fetch"]

API = "https://api.openalex.org"
FIELDS = (
    "id",
    "title",
    "display_name",
    "publication_year",
    "type",
    "authorships",
    "is_retracted",
    "primary_topic",
    "topics",
    "updated_date",
)
"""The fields that `ingest` reads, for `select`: pages without abstracts and references are a fraction of the size."""

_STATE = "manifest.fetch.json"  # a name that readers of folders of works leave out
_FORM, _VERSION = "innovation-graph fetch", 1
_PER_PAGE = 100  # the most that OpenAlex promises
_AUTHORS_LISTED = 100  # lists of works end the authors of a work here
_MOST_SAMPLED = 10_000
_NAMED = 100
_KEY, _MAIL = "OPENALEX_API_KEY", "OPENALEX_MAILTO"
_KEY_HINT = f"A key is free at openalex.org/settings/api; set it as {_KEY} in the environment."


class Progress(Protocol):
    """What is called after every page, and once before the first."""

    def __call__(self, pages: int, works: int, total: int) -> None:
        """Take pages and works that are kept so far, and the number of works that OpenAlex announced."""


@dataclass(frozen=True)
class FetchSummary:
    """What a folder of fetched works holds.

    Parameters
    ----------
    pages, works : int
        Files in the folder and works in them.
    total : int
        Works that OpenAlex announced, with the last page; a fetch that takes days may differ from it a little.
    refetched : int
        Works with a cut list of authors that were fetched again, singly and in full.
    truncated : int
        Works whose list of authors stayed cut.
    truncated_works : tuple of str
        The first hundred of them.
    pages_fetched : int
        Pages fetched by this call; 0: the folder was complete before.
    """

    pages: int
    works: int
    total: int
    refetched: int
    truncated: int
    truncated_works: tuple[str, ...]
    pages_fetched: int

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as plain values, ready for JSON."""
        return {**asdict(self), "truncated_works": list(self.truncated_works)}


def fetch(
    out: Path | str,
    *,
    years: tuple[int, int] | None = None,
    filters: Iterable[str] = (),
    sample: int | None = None,
    seed: int | None = None,
    select: Sequence[str] | None = None,
    base_url: str = API,
    progress: Progress | None = None,
    notice: Notice | None = None,
) -> FetchSummary:
    """Fetch works page by page; the same call again goes on where the last one stopped.

    Parameters
    ----------
    out : path
        Folder of pages: `works-000001.jsonl.gz` and so on, one work a line as OpenAlex wrote it, and the state
        in `manifest.fetch.json`. New, empty, or of an earlier fetch with the same query.
    years : pair of int, optional
        First and last publication year.
    filters : iterable of str
        Filters of OpenAlex ("type:article", "authorships.countries:CN"); all of them must hold.
    sample : int, optional
        Only that many works, drawn at random by OpenAlex; at most 10,000. Needs `seed`.
    seed : int, optional
        Seed of the sample. The same seed gives the same works as long as OpenAlex holds the same works.
    select : sequence of str, optional
        Only these fields of a work, see `FIELDS`; `id` always comes.
    base_url : str
        Another address of the API.
    progress : callable, optional
        See `Progress`.
    notice : callable, optional
        Takes lines about failed tries and waiting, and what is kept if the user stops the fetch.

    Returns
    -------
    FetchSummary
        Counts over all calls for this folder.

    Raises
    ------
    FetchError
        If the API says no, stays out of reach, or has no such work. What was fetched is kept.
    RecipeError
        If the query makes no sense, or `out` holds another query.
    FormatError
        If the state in `out` is damaged or pages are missing.

    Notes
    -----
    The key and the mail address come from the environment, `OPENALEX_API_KEY` and `OPENALEX_MAILTO`. They go to
    the API and nowhere else: no file, message or log has them. Since February 2026 OpenAlex gives little without
    a key and ignores the mail address.

    At most ten requests a second are made. Passing trouble (no connection, a cut answer, broken JSON, too many
    requests, errors of the server) is tried eight times with growing pauses, or as late as the server asks;
    a network that is not there from the beginning, three times within seconds.
    Lists of works end at 100 authors; such works are fetched singly, and if the API has no full list, the cut one
    is kept and named.
    """
    query = _query(years, filters, sample, seed, select)
    folder = Path(out)
    state = _read_state(folder, query)
    before = state.pages
    report = progress or (lambda *_: None)
    secrets = {"api_key": os.environ.get(_KEY, "").strip(), "mailto": os.environ.get(_MAIL, "").strip()}
    if not state.finished:
        if notice and not secrets["api_key"]:
            notice(f"OpenAlex answers few requests a day without a key. {_KEY_HINT}")
        with (
            Client(base_url, secrets=secrets, notice=notice) as client,
            _telling_what_is_kept(folder, state, notice),
        ):
            report(state.pages, state.works, state.total)
            while not state.finished:
                _one_page(client, folder, query, state)
                report(state.pages, state.works, state.total)
    return FetchSummary(
        pages=state.pages,
        works=state.works,
        total=state.total,
        refetched=state.refetched,
        truncated=state.truncated,
        truncated_works=tuple(state.truncated_works),
        pages_fetched=state.pages - before,
    )


class _Query(msgspec.Struct, frozen=True):
    filter: str | None
    sample: int | None
    seed: int | None
    select: str | None


class _State(msgspec.Struct):
    """Where a fetch stands; changed in place only after the page it speaks of is on the disk."""

    query: _Query
    cursor: str | None = "*"
    pages: int = 0
    works: int = 0
    total: int = 0
    refetched: int = 0
    truncated: int = 0
    truncated_works: list[str] = []
    finished: bool = False
    begun: str = ""
    ended: str | None = None


class _Meta(msgspec.Struct):
    count: int
    next_cursor: str | msgspec.UnsetType | None = msgspec.UNSET


class _Page(msgspec.Struct):
    meta: _Meta
    results: list[msgspec.Raw]


class _Work(msgspec.Struct):
    id: str
    is_authors_truncated: bool | None = None
    authorships: list[msgspec.Raw] | None = None


def _query(
    years: tuple[int, int] | None,
    filters: Iterable[str],
    sample: int | None,
    seed: int | None,
    select: Sequence[str] | None,
) -> _Query:
    parts = []
    if years is not None:
        first, last = int(years[0]), int(years[1])
        if first > last:
            raise RecipeError(f"years must be (first, last), got {years}")
        same = f"publication_year:{first}"
        parts.append(same if first == last else f"publication_year:>{first - 1},publication_year:<{last + 1}")
    for text in filters:
        if not re.fullmatch(r"\s*[\w.\-]+:\S.*", text):
            raise RecipeError(f"expected a filter of OpenAlex such as type:article, got {text!r}")
        parts.append(text.strip())
    if sample is None and not parts:
        raise RecipeError("without years or filters this would be all of OpenAlex; take the snapshot for that")
    if sample is not None and not 1 <= sample <= _MOST_SAMPLED:
        raise RecipeError(f"a sample has 1 to {_MOST_SAMPLED:,} works, got {sample:,}")
    if (sample is None) != (seed is None):
        raise RecipeError("a sample and a seed come together: without a seed the pages of a sample overlap")
    for name in select or ():
        if not re.fullmatch(r"\w+", name):
            raise RecipeError(f"expected the name of a field of works such as authorships, got {name!r}")
    fields = ",".join(dict.fromkeys(["id", *select])) if select else None
    return _Query(",".join(parts) or None, sample, seed, fields)


def _read_state(folder: Path, query: _Query) -> _State:
    path = folder / _STATE
    hint = "Delete the folder and fetch again, or choose another --out."
    if not path.exists():
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RecipeError(f"{folder} exists and holds no fetch of works; choose another --out")
        return _State(query, begun=_today())
    try:
        head = json.loads(path.read_bytes())
        check_head(head, path, _FORM, _VERSION, hint=hint)
        state = msgspec.convert(head, _State)
    except (ValueError, RecursionError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(path, expected="the state of a fetch", got=str(error), hint=hint) from error
    if state.query != query:
        held = {name: value for name, value in msgspec.to_builtins(state.query).items() if value is not None}
        raise RecipeError(f"{folder} holds the works of another query, {held}; choose another --out")
    for number in range(1, state.pages + 1):
        if not _page_path(folder, number).is_file():
            raise FormatError(
                folder, expected=f"{state.pages} pages", got=f"no {_page_path(folder, number).name}", hint=hint
            )
    for left in folder.glob(".works-*.part.gz"):  # of a run that was killed while it wrote
        left.unlink()
    return state


def _write_state(folder: Path, state: _State) -> None:
    write_json(folder / _STATE, {"format": _FORM, "version": _VERSION, **msgspec.to_builtins(state)})


def _page_path(folder: Path, number: int) -> Path:
    return folder / f"works-{number:06d}.jsonl.gz"


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


@contextmanager
def _telling_what_is_kept(folder: Path, state: _State, notice: Notice | None) -> Iterator[None]:
    try:
        yield
    except FetchError as error:
        key = f" {_KEY_HINT}" if error.status in {401, 403, 429} and not os.environ.get(_KEY) else ""
        told = FetchError(f"{error}{key} {_kept(folder, state)}")
        told.status = error.status
        raise told from None
    except KeyboardInterrupt:
        if notice:
            notice(f"Stopped. {_kept(folder, state)}")
        raise


def _kept(folder: Path, state: _State) -> str:
    if not state.pages:
        return "Nothing is kept yet."
    return f"{state.works:,} works on {state.pages:,} pages are kept in {folder}; the same command goes on from there."


def _one_page(client: Client, folder: Path, query: _Query, state: _State) -> None:
    page = client.get(_list_path(query, state), _reader(query))
    if not page.results and not state.pages:
        raise FetchError(f"OpenAlex has no work that fits: {query.filter}.")
    cursor = page.meta.next_cursor if query.sample is None and isinstance(page.meta.next_cursor, str) else None
    if cursor and cursor == state.cursor:
        raise FetchError(f"OpenAlex sends page {state.pages + 1:,} for ever: its cursor does not move on.")
    lines, refetched, cut = _full_works(client, query, page.results)
    if not state.pages:
        folder.mkdir(parents=True, exist_ok=True)
        _write_state(folder, state)
    if lines:
        with new_file(_page_path(folder, state.pages + 1)) as aside:
            aside.write_bytes(gzip.compress(b"\n".join(lines) + b"\n", 6, mtime=0))
        state.pages += 1
    state.works += len(lines)
    state.total = page.meta.count
    state.cursor = cursor or None
    state.refetched += refetched
    state.truncated += len(cut)
    state.truncated_works = [*state.truncated_works, *cut][:_NAMED]
    state.finished = state.cursor is None if query.sample is None else not lines or _is_drawn(query.sample, state)
    state.ended = _today() if state.finished else None
    _write_state(folder, state)


def _is_drawn(sample: int, state: _State) -> bool:
    return state.pages * _PER_PAGE >= min(sample, state.total)


def _list_path(query: _Query, state: _State) -> str:
    asked: dict[str, Any] = {"filter": query.filter, "select": query.select, "per_page": _PER_PAGE}
    if query.sample:  # a sample has no cursors
        asked |= {"sample": query.sample, "seed": query.seed, "page": state.pages + 1}
    else:
        asked |= {"cursor": state.cursor}
    return "works?" + urlencode({name: value for name, value in asked.items() if value is not None})


def _reader(query: _Query) -> Callable[[bytes], _Page]:
    def read(body: bytes) -> _Page:
        page = msgspec.json.decode(_text(body), type=_Page)
        if page.meta.next_cursor is msgspec.UNSET and not query.sample:
            raise ValueError("a page without next_cursor")
        if page.meta.next_cursor and not page.results:
            raise ValueError("an empty page that is not the last")
        for work in page.results:
            msgspec.json.decode(work, type=_Work)
        return page

    return read


def _text(body: bytes) -> str:
    return body.decode("utf-8")  # msgspec does not look into text that it passes on


def _full_works(client: Client, query: _Query, works: Iterable[msgspec.Raw]) -> tuple[list[bytes], int, list[str]]:
    """Return the works as lines, the number of lists of authors made whole, and the works where that failed."""
    lines, refetched, cut = [], 0, []
    for listed in works:
        work, raw = msgspec.json.decode(listed, type=_Work), listed
        if _is_cut(work):
            full = _full_work(client, query, work)
            if full is None:
                cut.append(work.id)
            else:
                raw, refetched = full, refetched + 1
        lines.append(msgspec.json.format(bytes(raw), indent=-1))
    return lines, refetched, cut


def _is_cut(work: _Work) -> bool:
    # The mark may be missing, where `select` did not ask for it; then a list of this length is suspect.
    return work.is_authors_truncated or (
        work.is_authors_truncated is None and len(work.authorships or ()) == _AUTHORS_LISTED
    )


def _full_work(client: Client, query: _Query, listed: _Work) -> msgspec.Raw | None:
    short = listed.id.rpartition("/")[2]
    if not re.fullmatch(r"W\d+", short, re.ASCII):
        return None

    def read(body: bytes) -> msgspec.Raw:
        msgspec.json.decode(_text(body), type=_Work)
        return msgspec.Raw(body)

    try:
        raw = client.get(f"works/{short}" + (f"?{urlencode({'select': query.select})}" if query.select else ""), read)
    except FetchError as error:
        if error.status is None or error.status == 429:  # the API is away; one work is no reason to stop
            raise
        return None
    full = msgspec.json.decode(raw, type=_Work)
    same = full.id == listed.id and not full.is_authors_truncated
    return raw if same and len(full.authorships or ()) >= len(listed.authorships or ()) else None
