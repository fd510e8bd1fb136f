"""A record of Web of Science, whatever file it stood in, and the work it makes: authors tied to addresses."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from innovation_graph.places.text import fold
from innovation_graph.sources._printed_address import read_address
from innovation_graph.sources._work import Actor, Address, Work

__all__ = ["Located", "Record", "Ties", "make_work", "numbered_year", "split_reprint", "tie"]

_NO_BRACKETS = "authors tied to all addresses"
_SOME_BRACKETS = "addresses without names tied to the authors without an address"
_NOBODY = "a name at an address matches no author"
_NO_ADDRESS = "no address"
_NO_COUNTRY = "no known country in an address"
_REPRINT = "address of the corresponding author used"
_EARLY = "year of early access used"
_DOI_ID = "no accession number: the DOI is the identifier"
_MADE_ID = "no accession number: identifier made from title, year and journal"

_MARK = re.compile(r"\s*\((?:reprint|corresponding) author\),?\s*", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)[12]\d{3}(?!\d)")
# Marks of the state of a record, which Web of Science lists among the types of document.
_STATES = frozenset({"early access", "retracted publication"})


class Located(NamedTuple):
    """An address as printed, and the names that the record ties to it."""

    names: tuple[str, ...]
    text: str


@dataclass(slots=True)
class Record:
    """The fields that matter.

    Parameters
    ----------
    names : list of str
        Authors, in full where the file has them so.
    short : list of str
        The same authors with initials, or empty.
    groups : list of str
        Authors that are groups.
    located, reprint : list of Located
        Addresses, and those of the corresponding authors.
    published, early : str
        Year of the issue and date of early access.
    """

    ut: str = ""
    doi: str = ""
    title: str = ""
    source: str = ""
    published: str = ""
    early: str = ""
    type: str = ""
    categories: str = ""
    abstract: str = ""
    publication: str = ""
    names: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    located: list[Located] = field(default_factory=list)
    reprint: list[Located] = field(default_factory=list)


class Ties(NamedTuple):
    """Addresses of each author, and what had to be assumed."""

    addresses: list[tuple[Address, ...]]
    notes: list[str]


class _Names:
    """The authors of one record by their spellings."""

    def __init__(self, names: Sequence[str], short: Sequence[str]) -> None:
        self._names = names
        self._exact: dict[str, list[int]] = defaultdict(list)
        for spellings in (names, short if len(short) == len(names) else ()):
            for number, name in enumerate(spellings):
                if number not in self._exact[fold(name)]:
                    self._exact[fold(name)].append(number)

    def find(self, name: str) -> list[int]:
        """Return who is called so: in full or with initials as listed, else the only one with that initial."""
        exact = self._exact.get(fold(name))
        if exact:
            return exact
        wanted = _initial(name)
        alike = [number for number, other in enumerate(self._names) if _initial(other) == wanted]
        return alike if len(alike) == 1 else []


def _initial(name: str) -> str:
    last, _, given = name.partition(",")
    return f"{fold(last)},{fold(given)[:1]}"


def tie(names: Sequence[str], short: Sequence[str], located: Iterable[Located]) -> Ties:
    """Tie authors to addresses.

    Parameters
    ----------
    names, short : sequence of str
        Authors in full, and with initials.
    located : iterable of Located
        Addresses with names, or without: then they belong to the authors that no other address names, and if
        there are none to all authors.
    """
    known = _Names(names, short)
    found: list[list[Address]] = [[] for _ in names]
    free: list[Address] = []
    notes: dict[str, None] = {}
    for one in located:
        address = read_address(one.text)
        if address.country is None:
            notes[_NO_COUNTRY] = None
        who: set[int] = set()
        for name in one.names:
            numbers = known.find(name)
            who.update(numbers)
            if not numbers:
                notes[_NOBODY] = None
        for number in who:
            found[number].append(address)
        if not who:
            free.append(address)
    if free:
        left = [number for number, own in enumerate(found) if not own]
        if len(names) > 1:
            notes[_NO_BRACKETS if len(left) == len(names) else _SOME_BRACKETS] = None
        for number in left or range(len(names)):
            found[number].extend(free)
    return Ties([tuple(dict.fromkeys(own)) for own in found], list(notes))


def make_work(record: Record) -> Work:
    """Make the work of a record; a ValueError says why it is none."""
    if record.publication == "P":
        raise ValueError("a patent (PT P); this source reads papers, patents have sources of their own")
    notes = []
    year = numbered_year(record.published)
    if year is None and (year := numbered_year(record.early)) is not None:
        notes.append(_EARLY)
    work_id, assumed = _identifier(record, year)
    located = record.located
    if not located and record.reprint:
        located = record.reprint
        notes.append(_REPRINT)
    groups = _groups(record, located)
    names = [*record.names, *groups]
    ties = tie(names, [*record.short, *groups], located)
    if not located:
        notes.append(_NO_ADDRESS)
    kinds = [kind.strip() for kind in record.type.split(";") if kind.strip()]
    states = {kind.lower() for kind in kinds}
    return Work(
        work_id,
        "paper",
        [Actor(addresses, name=name, key=name.lower()) for name, addresses in zip(names, ties.addresses, strict=True)],
        year=year,
        type="; ".join(kind for kind in kinds if kind.lower() not in _STATES) or None,
        fields=[one.strip() for one in record.categories.split(";") if one.strip()],
        title=record.title or None,
        n_actors=len(names),
        retracted="retracted publication" in states,
        text=record.abstract,
        notes=(*assumed, *notes, *ties.notes),
    )


def _groups(record: Record, located: Iterable[Located]) -> list[str]:
    """Return the groups that are authors: all if there are no others, else those that an address names."""
    if not record.names:
        return record.groups
    called = {fold(name) for one in located for name in one.names} if record.groups else set()
    return [group for group in record.groups if fold(group) in called]


def _identifier(record: Record, year: int | None) -> tuple[str, list[str]]:
    ut = record.ut.strip()
    if ut:
        return f"WOS:{ut[4:]}" if ut.upper().startswith("ISI:") else ut, []
    if doi := record.doi.strip().lower():
        return doi.removeprefix("https://doi.org/"), [_DOI_ID]
    if not record.title:
        raise ValueError("no accession number (UT), no DOI and no title")
    text = f"{fold(record.title)}|{year or ''}|{fold(record.source)}"
    return f"title-{hashlib.sha256(text.encode()).hexdigest()[:20]}", [_MADE_ID]


def numbered_year(text: str) -> int | None:
    """Return the year in a date such as "2023" or "OCT 2023"; a ValueError if there is a text without one."""
    if not text.strip():
        return None
    if found := _YEAR.search(text):
        return int(found[0])
    raise ValueError(f"year {text[:40]!r}, which is no year")


def split_reprint(text: str, names: Sequence[str], short: Sequence[str]) -> list[Located]:
    """Take the addresses of corresponding authors apart.

    Parameters
    ----------
    text : str
        "Li, A (corresponding author), Univ X, Paris, France.; Ma, B; Wu, C (corresponding author), ..."; old files
        have no mark behind the name.
    names, short : sequence of str
        Authors of the record, which tell a name from an organisation where the mark is missing.
    """
    marks = list(_MARK.finditer(text))
    if not marks:
        return [_unmarked(text, _Names(names, short))] if text.strip() else []
    found = []
    called = text[: marks[0].start()]
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        if following is None:
            address, after = text[mark.end() :], ""
        else:
            gap = text[mark.end() : following.start()]
            address, stop, after = gap.partition(".;")
            if not stop:
                address, _, after = gap.rpartition(";")
        found.append(Located(_called(called), address.strip(" .")))
        called = after
    return [one for one in found if one.text]


def _called(text: str) -> tuple[str, ...]:
    return tuple(name for name in (part.strip() for part in text.split(";")) if name)


def _unmarked(text: str, known: _Names) -> Located:
    parts = text.strip(" .").split(",")
    for size in (2, 1, 3):
        name = ",".join(parts[:size]).strip()
        if len(parts) > size and known.find(name):
            return Located((name,), ",".join(parts[size:]).strip())
    return Located((), text.strip(" ."))
