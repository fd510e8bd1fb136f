"""Dimensions: publications as CSV or Excel."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from innovation_graph.places import countries
from innovation_graph.places.text import fold
from innovation_graph.sources._adapter import Adapter, by_member
from innovation_graph.sources._reading import Reading, year
from innovation_graph.sources._rows import Row, read_rows
from innovation_graph.sources._streams import Member
from innovation_graph.sources._work import Actor, Address, Work

__all__ = ["ADAPTER"]

_COLUMNS = {
    "id": ("Publication ID",),
    "title": ("Title",),
    "year": ("PubYear", "Publication Year"),
    "type": ("Publication Type", "Document Type"),
    "authors": ("Authors",),
    "raw": ("Authors (Raw Affiliation)", "Authors Raw Affiliations"),
    "standard": ("Authors Affiliations",),
    # The second name is that of the export for bibliometric mapping, which does not say whose they are.
    "organisations": ("Research Organizations - standardized", "Authors Affiliations - Name of Research organization"),
    "ids": ("GRID IDs",),
    "cities": ("City of Research organization",),
    "regions": ("State of Research organization",),
    "countries": ("Country of Research organization", "Authors Affiliations - Country of Research organization"),
    "fields": ("Fields of Research (ANZSRC 2020)", "FOR (ANZSRC) Categories"),
}
_REQUIRED = ("id", "year", "authors")
_CELL = 32_767  # characters that a cell of Excel holds

_UNEVEN = "places of organisations unknown: lists of unequal length"
_ALL = "all authors tied to all organisations"
_BOTH = "printed affiliations not tied to standardised organisations: both taken"
_BRACKETS = "brackets in the list of authors do not match"
_NONE = "no affiliations"
_LOST = "authors named otherwise beside their affiliations: these left out"
_CUT = "a cell as long as Excel allows: authors may be missing"


class _Person(NamedTuple):
    name: str
    affiliations: list[str]


@by_member
def _read(member: Member, reading: Reading) -> Iterator[Work]:
    what = "publications exported from Dimensions"
    yield from reading.works(read_rows(member, reading, _COLUMNS, _REQUIRED, what=what), _work)


def _work(row: Row) -> Work:
    if not row["id"].lower().startswith("pub."):
        raise ValueError(f"publication ID {row['id'][:40]!r}, which should begin with 'pub.'")
    notes: dict[str, None] = {}
    homes = _organisations(row, notes)
    names = [name for name in _split(row["authors"]) if name]
    printed, standard = (_people(row[column], names, notes) for column in ("raw", "standard"))
    if not (printed or standard):
        actors = [Actor(tuple(homes.values()), name=name) for name in names]
        if homes and names:
            notes[_ALL] = None
    else:
        names = names or [person.name for person in printed or standard]
        raw, own = (_by_author(people, names, notes) for people in (printed, standard))
        actors = [
            Actor(_addresses(texts, orgs, homes, notes), name=name)
            for name, texts, orgs in zip(names, raw, own, strict=True)
        ]
    if not any(actor.addresses for actor in actors):
        notes[_NONE] = None
    truncated = any(len(cell) == _CELL for cell in row.values())
    if truncated:
        notes[_CUT] = None
    return Work(
        row["id"],
        "paper",
        actors,
        year=year(row["year"]),
        type=row["type"] or None,
        fields=[field for field in _split(row["fields"]) if field],
        title=row["title"] or None,
        truncated=truncated,
        notes=tuple(notes),
    )


def _organisations(row: Row, notes: dict[str, None]) -> dict[str, Address]:
    """Return the standardised organisations of a work by their names, with their places where lists run parallel."""
    names = _split(row["organisations"])
    if names == [""]:
        return {}
    ids = _parallel(row["ids"], names, notes)
    # A list of one place may be that of all organisations; of states it may as well be that of one among many.
    cities = _parallel(row["cities"], names, notes, common=True)
    lands = _parallel(row["countries"], names, notes, common=True)
    regions = _parallel(row["regions"], names, notes)
    return {
        name: Address(
            organisation=name, organisation_id=own, city=city, region=region, country=countries.code_or_name(land or "")
        )
        for name, own, city, region, land in zip(names, ids, cities, regions, lands, strict=True)
        if name
    }


def _parallel(cell: str, names: Sequence[str], notes: dict[str, None], *, common: bool = False) -> Sequence[str | None]:
    values = [value or None for value in _split(cell)]
    if len(values) == len(names):
        return values
    if common and len(values) == 1:
        return values * len(names)
    if values != [None]:
        notes[_UNEVEN] = None
    return [None] * len(names)


def _addresses(
    printed: Sequence[str], standard: Sequence[str], homes: dict[str, Address], notes: dict[str, None]
) -> tuple[Address, ...]:
    """Tie what is printed of an author to the standardised organisations: by name, or because one of each is left."""
    texts = [text for text in dict.fromkeys(printed) if text]
    folded = {text: fold(text) for text in texts}
    found: dict[str, str | None] = {}
    for name in dict.fromkeys(filter(None, standard)):
        naming = [text for text in texts if fold(name) in folded[text]]
        found[name] = naming[0] if len(naming) == 1 else None
    tied = {text for text in found.values() if text} | {
        text for text in texts if any(fold(name) in folded[text] for name in found)
    }
    left = [text for text in texts if text not in tied]
    alone = [name for name in found if not any(fold(name) in text for text in folded.values())]
    if len(left) == len(alone) == 1:
        found[alone[0]] = left.pop()
    elif left and alone:
        notes[_BOTH] = None
    return (
        *(homes.get(name, Address(organisation=name))._replace(text=text) for name, text in found.items()),
        *(Address(text=text) for text in left),
    )


def _people(cell: str, names: Sequence[str], notes: dict[str, None]) -> list[_Person]:
    """Take "Smith, John (University X; Institute Y); Doe, Jane (...)" apart."""
    pieces = _split(cell)
    if [piece.partition(" (")[0] for piece in pieces] != names:
        by_name = _at_names(cell, names)
        if by_name is None and cell.count("(") != cell.count(")"):
            notes[_BRACKETS] = None
        pieces = by_name or pieces
    people = []
    for piece in pieces:
        name, bracket, rest = piece.partition(" (")
        if name.strip():
            inner = rest.rstrip().removesuffix(")") if bracket else ""
            people.append(_Person(name.strip(), [text for text in _split(inner) if text]))
    return people


def _by_author(people: list[_Person], names: Sequence[str], notes: dict[str, None]) -> list[list[str]]:
    """Return the affiliations in the order of the authors: by position if the lists are as long, else by name."""
    if len(people) == len(names):
        return [person.affiliations for person in people]
    of: dict[str, list[list[str]]] = {}
    for person in people:
        of.setdefault(fold(person.name), []).append(person.affiliations)
    found = [of[name].pop(0) if of.get(name) else [] for name in map(fold, names)]
    if any(affiliations for left in of.values() for affiliations in left):
        notes[_LOST] = None
    return found


def _at_names(cell: str, names: Sequence[str]) -> list[str] | None:
    """Cut before the names of the authors, which holds where brackets in affiliations do not match."""
    starts, at = [], 0
    for name in names:
        match = re.compile(r"(?:^|;)\s*" + re.escape(name) + r"\s*(?=\(|;|$)").search(cell, at)
        if match is None:
            return None
        starts.append(match.start() + (cell[match.start() : match.start() + 1] == ";"))
        at = match.end()
    return [cell[start:stop].rstrip("; ") for start, stop in zip(starts, [*starts[1:], len(cell)], strict=True)]


def _split(cell: str) -> list[str]:
    """Split at semicolons outside of brackets; at all of them if brackets do not match."""
    if cell.count("(") != cell.count(")"):
        return [piece.strip() for piece in cell.split(";")]
    pieces, start, depth = [], 0, 0
    for match in re.finditer(r"[();]", cell):
        mark = match.group()
        if mark == ";" and depth == 0:
            pieces.append(cell[start : match.start()].strip())
            start = match.end()
        depth += (mark == "(") - (mark == ")" and depth > 0)
    return [*pieces, cell[start:].strip()]


ADAPTER = Adapter(
    name="dimensions",
    label="Dimensions",
    what="publications exported from Dimensions (CSV or Excel)",
    hint="In Dimensions: Save / Export > Export results > Publications (CSV or Excel, full data).",
    read=_read,
)
