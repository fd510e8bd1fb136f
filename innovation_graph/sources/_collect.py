"""One file of OpenAlex works -> one part on disk, with its own address numbers; `_merge` joins the parts."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Self, cast

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import UNSET
from numpy.typing import NDArray

from innovation_graph.records import SCHEMAS
from innovation_graph.sources._addresses import ADDRESS_COLUMNS, Addresses
from innovation_graph.sources._filters import REASONS, Filters, check_year
from innovation_graph.sources._input import DECODE_ERRORS, Item, Reject, Rejects, read_items
from innovation_graph.sources._schema import Authorship, NamedAuthorship, NamedWork, Work, short_id

__all__ = ["LEFT_OUT", "Part", "read_part"]

LEFT_OUT = ("kept", *REASONS)
"""What the codes of `Part.status` say: kept, or why not."""

_WORK_COLUMNS = ("work_id", "year", "type", "fields", "title", "n_actors", "retracted", "truncated")
_INTS = pa.list_(pa.int32())
_WORKS = pa.schema([*(SCHEMAS["works"].field(name) for name in _WORK_COLUMNS), ("counts", _INTS), ("sites", _INTS)])
_STRINGS = pa.list_(pa.string())
_NAMED_WORKS = pa.schema([*_WORKS, ("author_ids", _STRINGS), ("author_names", _STRINGS)])
_NEVER = np.iinfo(np.int64).min
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FLUSH_WORKS = 1 << 14
_FLUSH_SITES = 1 << 18


@dataclass(frozen=True, eq=False)
class Part:
    """What one file gave.

    Parameters
    ----------
    works, addresses, rejects : Path
        Where it lies: two Arrow streams and JSON lines; a file is missing where there was nothing.
    keys, dates, status : numpy.ndarray
        Of every work read: its number, when it was updated (microseconds), kept or why not.
    lines, n_rejects : int
        Records met, and those that could not be used.
    first_reject : Reject or None
        The first of them.
    damaged : bool
        Whether the file broke off; what stood before is kept.
    """

    works: Path
    addresses: Path
    rejects: Path
    keys: NDArray[np.int64]
    dates: NDArray[np.int64]
    status: NDArray[np.int8]
    lines: int
    n_rejects: int
    first_reject: Reject | None
    damaged: bool


def read_part(path: Path, stem: Path, filters: Filters, report: Callable[[int, int], None]) -> Part:
    """Read one file and write its part; memory holds some thousand works and the distinct addresses.

    Parameters
    ----------
    path : Path
        A file of works.
    stem : Path
        Beginning of the names of the files to write.
    filters : Filters
        What to keep.
    report : callable
        Takes bytes and works read so far.
    """
    rejects = Rejects(stem.with_suffix(".rejects"))
    refuse = partial(rejects.add, str(path))
    kind = NamedWork if filters.keep_actors else Work
    decode = cast("Callable[[Item], Work]", msgspec.json.Decoder(kind).decode)
    lines = 0
    with _Collector(stem, filters) as works:
        for number, item in read_items(path, refuse, lambda done: report(done, len(works.keys))):
            lines += 1
            try:
                work = decode(item)
                if work.results is UNSET:
                    works.add(work)
                    continue
            except DECODE_ERRORS as error:
                refuse(number, _reason(error), item)
                continue
            lines += len(work.results) - 1
            for place, result in enumerate(work.results, start=1):
                try:
                    works.add(decode(result))
                except DECODE_ERRORS as error:
                    refuse(number, f"result {place} of the page: {_reason(error)}", result)
    rejects.flush()
    keys, status = np.array(works.keys, dtype=np.int64), np.array(works.status, dtype=np.int8)
    dates = np.concatenate([np.empty(0, dtype=np.int64), *works.dates])
    return Part(
        works=works.works_path,
        addresses=works.addresses_path,
        rejects=rejects.path,
        keys=keys,
        dates=dates,
        status=status,
        lines=lines,
        n_rejects=rejects.count,
        first_reject=rejects.first,
        damaged=rejects.damaged > 0,
    )


def _reason(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "nested without end"
    is_json = type(error) is ValueError or isinstance(error, msgspec.ValidationError)
    return str(error) if is_json else f"no JSON: {error}"


class _Collector:
    """Columns of the works of one file, written to disk in batches whose borders depend on the file alone."""

    def __init__(self, stem: Path, filters: Filters) -> None:
        self.works_path, self.addresses_path = stem.with_suffix(".works"), stem.with_suffix(".addresses")
        self.keys, self.status = array("q"), array("b")
        self.dates: list[NDArray[np.int64]] = []
        self._selection = filters
        self._addresses = Addresses()
        self._schema = _NAMED_WORKS if filters.keep_actors else _WORKS
        self._columns: dict[str, list[Any]] = {name: [] for name in self._schema.names}
        self._field_ends: list[int] = [0]
        self._count_ends: list[int] = [0]
        self._site_ends: list[int] = [0]
        self._updated: list[str | None] = []

    def __enter__(self) -> Self:
        self._file = pa.OSFile(str(self.works_path), "wb")
        options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
        self._writer = pa.ipc.new_stream(self._file, self._schema, options=options)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush()
            self._writer.close()
            with pa.ipc.new_stream(str(self.addresses_path), ADDRESS_COLUMNS) as writer:
                writer.write_table(pa.table(self._addresses.columns, schema=ADDRESS_COLUMNS))
        self._file.close()

    def add(self, work: Work) -> None:
        """Take a work; a ValueError says why it is none, and then nothing of it was taken."""
        short = short_id(work.id, "W")
        if short is None or len(short) > 19:
            raise ValueError(f"id {work.id!r} is not that of a work (W and a number)" if work.id else "no id")
        if work.authorships is UNSET:
            raise ValueError("no list of authors (authorships)")
        check_year(work.publication_year)
        reason = self._selection.reason(work.publication_year, work.type, retracted=bool(work.is_retracted))
        if not reason:
            self._keep(short, work)
        self.keys.append(int(short[1:]))
        self.status.append(LEFT_OUT.index(reason or "kept"))
        self._updated.append(work.updated_date)
        if len(self._updated) >= _FLUSH_WORKS or self._site_ends[-1] >= _FLUSH_SITES:
            self._flush()

    def _keep(self, short: str, work: Work) -> None:
        columns, authorships = self._columns, cast("list[Authorship]", work.authorships)
        if self._selection.keep_actors:
            found = self._by_author(cast("list[NamedAuthorship]", authorships))
        else:
            found = [self._addresses.of_author(author) for author in authorships]
        # Nothing is taken before this line: what raises above leaves the columns as they were.
        columns["counts"].extend(map(len, found))
        columns["sites"].extend(chain.from_iterable(found))
        self._count_ends.append(len(columns["counts"]))
        self._site_ends.append(len(columns["sites"]))
        fields: list[str] = []
        for topic in (work.primary_topic, *(work.topics or ())):
            if topic and topic.field and (name := topic.field.display_name) and name not in fields:
                fields.append(name)
        columns["fields"].extend(fields)
        self._field_ends.append(len(columns["fields"]))
        columns["work_id"].append(short)
        columns["year"].append(work.publication_year)
        columns["type"].append(work.type or None)
        columns["title"].append(work.title or work.display_name or None)
        columns["n_actors"].append(len(authorships))
        columns["retracted"].append(bool(work.is_retracted))
        columns["truncated"].append(bool(work.is_authors_truncated))

    def _by_author(self, authorships: list[NamedAuthorship]) -> list[tuple[int, ...]]:
        """Return addresses by author; what an author listed twice gave is joined."""
        joined: dict[str | int, dict[int, None]] = {}
        names: dict[str | int, str | None] = {}
        for position, author in enumerate(authorships):
            known = author.author
            key = (short_id(known.id, "A") if known else None) or position
            joined.setdefault(key, {}).update(dict.fromkeys(self._addresses.of_author(author)))
            names.setdefault(key, (known.display_name if known else None) or author.raw_author_name)
        for addresses in joined.values():
            if len(addresses) > 1:
                addresses.pop(-1, None)
        self._columns["author_ids"].extend(key if isinstance(key, str) else None for key in joined)
        self._columns["author_names"].extend(names.values())
        return [tuple(addresses) for addresses in joined.values()]

    def _flush(self) -> None:
        self.dates.append(_microseconds(self._updated))
        self._updated.clear()
        ends = {"fields": self._field_ends, "sites": self._site_ends}
        if self._columns["work_id"]:
            arrays = [
                _lists(ends.get(column.name, self._count_ends), self._columns[column.name], column.type)
                if pa.types.is_list(column.type)
                else pa.array(self._columns[column.name], type=column.type)
                for column in self._schema
            ]
            self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
        for values in self._columns.values():
            values.clear()
        for borders in (self._field_ends, self._count_ends, self._site_ends):
            del borders[1:]


def _lists(ends: list[int], values: list[Any], kind: pa.ListType) -> pa.Array:
    # numpy takes in a list of integers several times faster than Arrow does.
    flat = np.array(values, dtype=np.int32) if pa.types.is_int32(kind.value_type) else values
    return pa.ListArray.from_arrays(np.array(ends, dtype=np.int32), pa.array(flat, type=kind.value_type))


def _microseconds(dates: list[str | None]) -> NDArray[np.int64]:
    """Turn dates into microseconds since 1970; what is missing or no date is older than everything."""
    texts = pa.array(dates, type=pa.string())
    try:
        stamps = texts.cast(pa.timestamp("us")).cast(pa.int64())
    except pa.ArrowInvalid:
        stamps = pa.array([_moment(date) for date in dates], type=pa.int64())
    return cast("NDArray[np.int64]", stamps.fill_null(_NEVER).to_numpy(zero_copy_only=False))


def _moment(date: str | None) -> int | None:
    try:
        moment = datetime.fromisoformat(date or "")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        elapsed = moment - _EPOCH
    except (ValueError, OverflowError):
        return None
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds
