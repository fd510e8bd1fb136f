"""Web of Science: exports as tab-delimited text, Excel, plain text or BibTeX, told apart by what they begin with."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from innovation_graph.sources._adapter import Adapter, by_member
from innovation_graph.sources._bibtex import Entry, authors, plain, read_entries
from innovation_graph.sources._input import Broken
from innovation_graph.sources._reading import Reading
from innovation_graph.sources._rows import read_rows
from innovation_graph.sources._streams import WORKBOOKS, Member, read_lines
from innovation_graph.sources._work import Work
from innovation_graph.sources._wos_record import Located, Record, make_work, split_reprint
from innovation_graph.sources._wos_text import read_tagged, whole_lines

__all__ = ["ADAPTER"]

_WHAT = "records of Web of Science (tab-delimited, Excel, plain text or BibTeX)"
_HINT = "Export > Tab delimited file (or Excel, Plain text file, BibTeX), record content: Full Record."

# Tags of text files, names of columns of the Excel file.
_COLUMNS = {
    "publication": ("PT", "Publication Type"),
    "short": ("AU", "Authors"),
    "names": ("AF", "Author Full Names"),
    "groups": ("CA", "Group Authors"),
    "title": ("TI", "Article Title"),
    "source": ("SO", "Source Title"),
    "type": ("DT", "Document Type"),
    "abstract": ("AB", "Abstract"),
    "located": ("C1", "Addresses"),
    "reprint": ("RP", "Reprint Addresses"),
    "published": ("PY", "Publication Year"),
    "early": ("EA", "Early Access Date"),
    "categories": ("WC", "WoS Categories", "Web of Science Categories"),
    "doi": ("DI", "DOI"),
    "ut": ("UT", "UT (Unique WOS ID)", "UT (Unique ID)"),
}
_REQUIRED = frozenset({"short", "located", "published"})
_PEOPLE = ("names", "short", "groups")

_SNIFFED = 60  # lines
_BIBTEX = re.compile(r"\ufeff?\s*@\s*\w+\s*\{")
_TEXT = re.compile(r"\ufeff?(?:FN|PT) ")

_BRACKETED = re.compile(r"\[([^\]]*)\]\s*(.*)", re.DOTALL)
_OUTSIDE = re.compile(r";(?![^\[]*\])")
_CORRESPONDING = re.compile(r"(.*?) \((?:reprint|corresponding) author\), ?(.*)", re.IGNORECASE)


@by_member
def _read(member: Member, reading: Reading) -> Iterator[Work]:
    yield from reading.works(_records(member, reading), make_work)


def _records(member: Member, reading: Reading) -> Iterator[tuple[int, Record]]:
    quoted = True
    if member.suffix not in WORKBOOKS:
        for _, line in islice(read_lines(member, lambda *_: None, encoding=reading.encoding), _SNIFFED):
            if _BIBTEX.match(line):
                return _from_bibtex(member, reading)
            if _TEXT.match(line):
                return _from_text(member, reading)
            # Web of Science writes no quotation marks around cells; a table program that made CSV of it does.
            quoted = quoted and "\t" not in line
    return _from_table(member, reading, quoted=quoted)


def _lines(member: Member, reading: Reading) -> Iterator[tuple[int, str]]:
    return read_lines(member, reading.reject, encoding=reading.encoding, on_bytes=reading.progress)


def _from_table(member: Member, reading: Reading, *, quoted: bool) -> Iterator[tuple[int, Record]]:
    for line, row in read_rows(member, reading, _COLUMNS, _REQUIRED, what=_WHAT, quoted=quoted):
        if row["located"].startswith('"'):
            raise Broken("cells in quotation marks: a table program saved this file; get the export itself")
        people = {name: row[name].split(";") for name in _PEOPLE}
        yield line, _record(row, people, _OUTSIDE.split(row["located"]), row["reprint"])


def _from_text(member: Member, reading: Reading) -> Iterator[tuple[int, Record]]:
    for line, fields in read_tagged(_lines(member, reading), reading):
        lines = {name: fields.get(tags[0], []) for name, tags in _COLUMNS.items()}
        values = {name: " ".join(pieces) for name, pieces in lines.items()}
        yield line, _record(values, lines, whole_lines(lines["located"]), values["reprint"])


def _record(
    values: Mapping[str, str], people: Mapping[str, Iterable[str]], located: Iterable[str], reprint: str
) -> Record:
    names, short, groups = (_folded(people[name]) for name in _PEOPLE)
    record = Record(
        publication=values["publication"],
        ut=values["ut"],
        doi=values["doi"],
        title=" ".join(values["title"].split()),
        source=values["source"],
        published=values["published"],
        early=values["early"],
        type=values["type"],
        categories=" ".join(values["categories"].split()),
        abstract=" ".join(values["abstract"].split()),
        names=names or short,
        short=short,
        groups=groups,
    )
    for text in map(str.strip, located):
        found = _BRACKETED.fullmatch(text)
        called = tuple(_folded(found[1].split(";"))) if found else ()
        if address := (found[2] if found else text).rstrip(" ."):
            record.located.append(Located(called, address))
    record.reprint = split_reprint(" ".join(reprint.split()), record.names, short)
    return record


def _folded(names: Iterable[str]) -> list[str]:
    return [name for name in (" ".join(name.split()) for name in names) if name]


def _from_bibtex(member: Member, reading: Reading) -> Iterator[tuple[int, Record]]:
    def refuse(line: int, reason: str, piece: str) -> None:
        reading.lines += 1
        reading.reject(line, reason, piece)

    ours = others = 0
    for entry in read_entries(_lines(member, reading), refuse):
        record = _of_entry(entry)
        if record is None:
            others += 1
            refuse(entry.line, "an entry that is not from Web of Science (no Unique-ID)", entry.key)
        else:
            ours += 1
            reading.lines += 1
            yield entry.line, record
    if others and not ours:
        raise Broken("BibTeX, but no entry has a Unique-ID of Web of Science")


def _of_entry(entry: Entry) -> Record | None:
    ut = entry.get("uniqueid", "utuniquewosid")
    if not ut and re.match(r"[A-Z]{3,}:\S", entry.key):
        ut = entry.key
    if not ut:
        return None
    record = Record(
        ut=ut,
        doi=entry.get("doi"),
        title=entry.get("title"),
        source=entry.get("journal", "booktitle"),
        published=entry.get("year"),
        early=entry.get("earlyaccessdate"),
        type=entry.get("type"),
        categories=entry.get("webofsciencecategories"),
        abstract=entry.get("abstract"),
        names=authors(entry.fields.get("author", "")),
    )
    for line in whole_lines([text for text in map(plain, entry.fields.get("affiliation", "").split("\n")) if text]):
        if found := _CORRESPONDING.fullmatch(line):
            record.reprint.append(Located(tuple(_folded(found[1].split(";"))), found[2].rstrip(" .")))
        else:
            record.located.append(_behind_names(line.rstrip(" ."), record.names))
    return record


def _behind_names(text: str, names: Sequence[str]) -> Located:
    """Part "Li, Ann; Ma, Bo, Univ X, Paris, France" behind the last name: BibTeX has no brackets."""
    *before, last = text.split("; ")
    own = max((name for name in names if last.startswith(f"{name}, ")), key=len, default="")
    if own:
        return Located((*before, own), last[len(own) + 2 :])
    if before:  # the last name is spelled otherwise than in the list: family name and given names
        family, given, rest = (*last.split(", ", 2), "", "")[:3]
        return Located((*before, f"{family}, {given}"), rest)
    return Located((), text)


ADAPTER = Adapter(name="wos", label="Web of Science", what=_WHAT, hint=_HINT, read=_read)
