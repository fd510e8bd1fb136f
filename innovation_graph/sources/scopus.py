"""Scopus: exports as CSV (or Excel) and BibTeX."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from innovation_graph.places import countries
from innovation_graph.places.text import fold
from innovation_graph.sources._adapter import Adapter, by_member
from innovation_graph.sources._bibtex import Entry, authors, read_entries
from innovation_graph.sources._input import Broken
from innovation_graph.sources._printed_address import read_address
from innovation_graph.sources._reading import Reading, year
from innovation_graph.sources._rows import Row, read_rows
from innovation_graph.sources._streams import WORKBOOKS, Member, read_lines
from innovation_graph.sources._work import Actor, Address, Work

__all__ = ["ADAPTER"]

_WHAT = "documents of Scopus (CSV, Excel or BibTeX)"
_HINT = "Export > CSV with Citation information and, under Bibliographical information, Affiliations."

_COLUMNS = {
    "authors": ("Authors",),
    "full": ("Author full names",),
    "ids": ("Author(s) ID", "Author IDs", "Authors ID"),
    "title": ("Title",),
    "year": ("Year",),
    "affiliations": ("Affiliations",),
    "with": ("Authors with affiliations",),
    "type": ("Document Type",),
    "abstract": ("Abstract",),
    "doi": ("DOI",),
    "link": ("Link",),
    "eid": ("EID",),
}
_REQUIRED = frozenset({"authors", "title", "year", "with"})

_SNIFFED = 60  # lines
_BIBTEX = re.compile(r"\ufeff?\s*@\s*\w+\s*\{")
_EID = re.compile(r"\b2-s2\.0-\d+")
_IN_BRACKETS = re.compile(r"\s*\((\d+)\)$")
_NOBODY = ("", "[no author name available]", "[no author id available]")
# Before 2018 the BibTeX file had the letters of the addresses behind the names: "Aria, M.a , Iorio, C.b".
_LETTERED = re.compile(r"\s+,\s+")
_LETTER = re.compile(r"(?<=\.)[a-z](?:\s[a-z])*$")

_TO_ALL = "authors tied to all addresses"
_UNLISTED = "part of an author's address that is not among the affiliations, cut at countries"
_NO_ADDRESS = "no address"
_NO_COUNTRY = "no known country in an address"
_NO_KEYS = "author identifiers do not match the authors"
_NO_EID = "no EID: the DOI is the identifier"


@by_member
def _read(member: Member, reading: Reading) -> Iterator[Work]:
    if member.suffix not in WORKBOOKS and _is_bibtex(member, reading):
        yield from reading.works(_entries(member, reading), _of_entry)
    else:
        yield from reading.works(read_rows(member, reading, _COLUMNS, _REQUIRED, what=_WHAT), _of_row)


def _is_bibtex(member: Member, reading: Reading) -> bool:
    head = islice(read_lines(member, lambda *_: None, encoding=reading.encoding), _SNIFFED)
    return any(_BIBTEX.match(line) for _, line in head)


def _of_row(row: Row) -> Work:
    notes: dict[str, None] = {}
    names = _names(row["authors"])
    keys = _keys(row, len(names))
    if names and keys is None:
        notes[_NO_KEYS] = None
    full = [_IN_BRACKETS.sub("", name) for name in _listed(row["full"])]
    shown = full if len(full) == len(names) else names
    listed = {affiliation: _address(affiliation) for affiliation in _listed(row["affiliations"])}
    found = _tied(names, _listed(row["with"]), listed, notes)
    return _work(row, shown, keys, found, notes)


def _listed(text: str) -> list[str]:
    return [part for part in (" ".join(part.split()) for part in text.split(";")) if part]


def _names(text: str) -> list[str]:
    """Part the authors: at semicolons, in files from before 2023 at the commas behind the initials."""
    if text.strip().lower() in _NOBODY:
        return []
    return _listed(text if ";" in text else re.sub(r"(?<=\.), ", "; ", text))


def _keys(row: Mapping[str, str], number: int) -> list[str] | None:
    """Return the identifier of every author, if there are as many of them."""
    keys = [key for key in _listed(row["ids"]) if key.isdecimal()]
    if len(keys) != number:
        keys = [found[1] for name in _listed(row["full"]) if (found := _IN_BRACKETS.search(name))]
    return keys if len(keys) == number else None


def _address(text: str) -> Address:
    return read_address(text, departments_first=True)


def _tied(
    names: Sequence[str], entries: Sequence[str], listed: Mapping[str, Address], notes: dict[str, None]
) -> list[tuple[Address, ...]]:
    """Return the addresses of each author from "Li A., address, address; Ma B., address"."""
    found: list[list[Address]] = [[] for _ in names]
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(names):
        numbers[fold(name)].append(number)
    at = 0
    for entry in entries:
        who, rest = _called(numbers, entry, at)
        if who is None:
            # No author begins here: an address with a semicolon in it goes on.
            if at:
                found[at - 1].extend(_parted(entry, listed, notes))
            continue
        at = who + 1
        found[who].extend(_parted(rest, listed, notes))
    if not any(found) and listed and names:
        if len(names) > 1:
            notes[_TO_ALL] = None
        return [tuple(listed.values())] * len(names)
    return [tuple(dict.fromkeys(own)) for own in found]


def _called(numbers: Mapping[str, Sequence[int]], entry: str, at: int) -> tuple[int | None, str]:
    """Find the author that an entry begins with, rather after the last one, and what stands behind the name."""
    parts = entry.split(", ")
    for size in (1, 2, 3):
        named = numbers.get(fold(" ".join(parts[:size])))
        if named:
            return next((number for number in named if number >= at), named[0]), ", ".join(parts[size:])
    return None, entry


def _parted(text: str, listed: Mapping[str, Address], notes: dict[str, None]) -> list[Address]:
    """Part the addresses of an author, which are joined by commas like their own parts."""
    found, over = [], []
    while text:
        whole = max((one for one in listed if text == one or text.startswith(f"{one}, ")), key=len, default="")
        if whole:
            found.append(listed[whole])
            text = text[len(whole) + 2 :]
        else:
            part, _, text = text.partition(", ")
            over.append(part)
    if over:
        notes[_UNLISTED] = None
        found += _at_countries(over)
    return found


def _at_countries(parts: Sequence[str]) -> list[Address]:
    addresses, begun = [], []
    for part, following in zip(parts, [*parts[1:], ""], strict=True):
        begun.append(part)
        # "Tbilisi, Georgia" ends an address, "Atlanta, Georgia, United States" goes on.
        if countries.code(part) and not countries.code(following):
            addresses.append(_address(", ".join(begun)))
            begun = []
    return [*addresses, _address(", ".join(begun))] if begun else addresses


def _work(
    values: Mapping[str, str],
    names: Sequence[str],
    keys: Sequence[str] | None,
    found: Sequence[tuple[Address, ...]],
    notes: dict[str, None],
) -> Work:
    eid = values["eid"] or next(iter(_EID.findall(values["link"])), "")
    doi = values["doi"].lower().removeprefix("https://doi.org/")
    if not eid:
        if not doi:
            raise ValueError("neither an EID nor a link to Scopus nor a DOI")
        notes[_NO_EID] = None
    if not any(found):
        notes[_NO_ADDRESS] = None
    elif any(address.country is None for own in found for address in own):
        notes[_NO_COUNTRY] = None
    actors = [Actor(own, name=name) for name, own in zip(names, found, strict=True)]
    for actor, key in zip(actors, keys or (), strict=False):
        actor.key = key
    return Work(
        eid or doi,
        "paper",
        actors,
        year=year(values["year"]),
        type=values["type"] or None,
        title=values["title"] or None,
        n_actors=len(names),
        retracted=values["type"].lower() == "retracted",
        text=values["abstract"],
        notes=tuple(notes),
    )


def _entries(member: Member, reading: Reading) -> Iterator[tuple[int, Entry]]:
    def refuse(line: int, reason: str, piece: str) -> None:
        reading.lines += 1
        reading.reject(line, reason, piece)

    ours = others = 0
    lines = read_lines(member, reading.reject, encoding=reading.encoding, on_bytes=reading.progress)
    for entry in read_entries(lines, refuse):
        if entry.get("source").lower() == "scopus" or _EID.search(entry.get("url")):
            ours += 1
            reading.lines += 1
            yield entry.line, entry
        else:
            others += 1
            refuse(entry.line, "an entry that is not from Scopus (neither source nor link)", entry.key)
    if others and not ours:
        raise Broken("BibTeX, but no entry is from Scopus")


def _of_entry(entry: Entry) -> Work:
    """Make a work of an entry, which does not say who is where."""
    printed = entry.fields.get("author", "")
    names = authors(printed)
    if len(names) == 1 and _LETTERED.search(printed):
        names = [_LETTER.sub("", name) for name in _LETTERED.split(names[0]) if name]
    if names and names[0].lower() in _NOBODY:
        names = []
    addresses = tuple(dict.fromkeys(map(_address, _listed(entry.get("affiliations", "affiliation")))))
    values = {
        "eid": "",
        "link": entry.get("url"),
        "doi": entry.get("doi"),
        "year": entry.get("year"),
        "type": entry.get("type", "documenttype"),
        "title": entry.get("title"),
        "abstract": entry.get("abstract"),
    }
    notes: dict[str, None] = {_TO_ALL: None} if len(names) > 1 and addresses else {}
    return _work(values, names, None, [addresses] * len(names), notes)


ADAPTER = Adapter(name="scopus", label="Scopus", what=_WHAT, hint=_HINT, read=_read)
