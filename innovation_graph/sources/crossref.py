"""Crossref: works as JSON of the REST API, as JSON lines, or as files of the public data file."""

import io
from collections.abc import Iterator

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from innovation_graph.sources._adapter import Adapter, by_member
from innovation_graph.sources._input import DECODE_ERRORS, Item, split_items
from innovation_graph.sources._reading import Reading
from innovation_graph.sources._schema import short_ror
from innovation_graph.sources._streams import Member, open_bytes
from innovation_graph.sources._work import Actor, Address, Work

__all__ = ["ADAPTER"]

_BLOCK = 1 << 18
_ENDED = frozenset({"retraction", "removal", "withdrawal", "partial_retraction"})
_NONE = "no affiliations in the record"
_SOME = "authors without affiliation beside others with one"
_NOTICE = "notice of a retraction: the retracted work is known only by its own record"


class _Identifier(Struct, gc=False):
    id: str | None = None


class _Affiliation(Struct, gc=False):
    name: str | None = None
    place: list[str | None] | None = None
    id: list[_Identifier] | None = None


class _Author(Struct, gc=False):
    given: str | None = None
    family: str | None = None
    name: str | None = None
    ORCID: str | None = None
    affiliation: list[_Affiliation] | None = None


class _Date(Struct, gc=False):
    parts: list[list[int | None]] = msgspec.field(default_factory=list, name="date-parts")


class _Update(Struct, gc=False):
    type: str | None = None


class _Record(Struct, gc=False):
    """A work, a list of works (`items`), or the answer of the API around one of both (`message`)."""

    DOI: str | None = None
    type: str | None = None
    title: list[str | None] | None = None
    author: list[_Author] | None = None
    published: _Date | None = None
    issued: _Date | None = None
    subject: list[str] | None = None
    updated_by: list[_Update] | None = msgspec.field(default=None, name="updated-by")
    update_to: list[_Update] | None = msgspec.field(default=None, name="update-to")
    items: list[Raw] | UnsetType = UNSET
    message: Raw | UnsetType = UNSET


_decode = msgspec.json.Decoder(_Record).decode


@by_member
def _read(member: Member, reading: Reading) -> Iterator[Work]:
    with open_bytes(member, reading.progress) as stream:
        for line, item in split_items(_blocks(stream), lambda *reject: _refuse(reading, *reject)):
            yield from _works(line, item, reading)


def _blocks(stream: io.BufferedReader) -> Iterator[bytes]:
    while block := stream.read1(_BLOCK):
        yield block


def _refuse(reading: Reading, line: int, reason: str, item: Item) -> None:
    reading.lines += line > 0
    reading.reject(line, reason, _shown(item))


def _shown(item: Item) -> str:
    return bytes(memoryview(item)[:1000]).decode("utf-8", "replace")


def _works(line: int, item: Item, reading: Reading) -> Iterator[Work]:
    """Yield the works of a line: one, or those of a list."""
    try:
        record = _decode(item)
        if record.message is not UNSET:
            record = _decode(record.message)
        work = _work(record, line) if record.items is UNSET else None
    except DECODE_ERRORS as error:
        reading.lines += 1
        reading.reject(line, _reason(error), _shown(item))
        return
    if work is not None:
        reading.lines += 1
        yield work
    for place, piece in enumerate(record.items or (), start=1):
        reading.lines += 1
        try:
            yield _work(_decode(piece), line)
        except DECODE_ERRORS as error:
            reading.reject(line, f"item {place} of the list: {_reason(error)}", _shown(piece))


def _reason(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "nested without end"
    own = type(error) is ValueError or isinstance(error, msgspec.ValidationError)
    return str(error) if own else f"no JSON: {error}"


def _work(record: _Record, line: int) -> Work:
    if not record.DOI or not record.DOI.strip().startswith("10."):
        raise ValueError(f"DOI {record.DOI[:40]!r}, which should begin with '10.'" if record.DOI else "no DOI")
    actors = [_actor(author) for author in record.author or ()]
    placed = sum(bool(actor.addresses) for actor in actors)
    notes = []
    if actors and placed < len(actors):
        notes.append(_SOME if placed else _NONE)
    if any(update.type in _ENDED for update in record.update_to or ()):
        notes.append(_NOTICE)
    return Work(
        record.DOI.strip().lower(),
        "paper",
        actors,
        year=_year(record.published) or _year(record.issued),
        type=record.type or None,
        fields=list(dict.fromkeys(record.subject or ())),
        title=next((title for title in record.title or () if title), None),
        retracted=any(update.type in _ENDED for update in record.updated_by or ()),
        notes=tuple(notes),
        line=line,
    )


def _year(date: _Date | None) -> int | None:
    # An unknown date is printed as [[null]].
    return next((parts[0] for parts in date.parts if parts), None) if date else None


def _actor(author: _Author) -> Actor:
    name = ", ".join(part for part in (author.family, author.given) if part) or author.name
    orcid = (author.ORCID or "").strip().rpartition("/")[2].upper() or None
    found = (_address(affiliation) for affiliation in author.affiliation or ())
    return Actor(tuple(dict.fromkeys(address for address in found if address)), name=name or None, key=orcid)


def _address(affiliation: _Affiliation) -> Address | None:
    """Take an affiliation: the name of an organisation beside its place, or often a whole address as one text."""
    name = " ".join((affiliation.name or "").split())
    place = ", ".join(" ".join(text.split()) for text in affiliation.place or () if text)
    ror = next(filter(None, (short_ror(one.id) for one in affiliation.id or ())), None)
    text = ", ".join(filter(None, (name, place)))
    if not (text or ror):
        return None
    # A name without commas is that of an organisation; where it lies is left to the reading of the text: what
    # stands at its end may be a country or a state of that name.
    return Address(organisation=name if name and "," not in name else None, ror=ror, text=text or None)


ADAPTER = Adapter(
    name="crossref",
    label="Crossref",
    what="works of Crossref as JSON",
    hint="Save answers of https://api.crossref.org/works (JSON), or use files of the public data file.",
    read=_read,
)
