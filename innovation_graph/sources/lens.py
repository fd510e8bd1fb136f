"""The Lens: scholarly works and patents as CSV; both name people and no places."""

import re
from collections.abc import Iterator

from innovation_graph.sources._adapter import Adapter, by_member
from innovation_graph.sources._patent import type_notes
from innovation_graph.sources._reading import Reading, day, year
from innovation_graph.sources._rows import Row, read_rows
from innovation_graph.sources._streams import Member
from innovation_graph.sources._work import Actor, Work
from innovation_graph.symbols import normalise_all

__all__ = ["ADAPTER"]

_COLUMNS = {
    "id": ("Lens ID",),
    "title": ("Title",),
    "published": ("Publication Date", "Date Published"),
    "year": ("Publication Year",),
    # Scholarly works
    "type": ("Publication Type",),
    "authors": ("Author/s", "Authors"),
    "fields": ("Fields of Study",),
    # Patents
    "office": ("Jurisdiction",),
    "kind": ("Kind",),
    "key": ("Display Key",),
    "filed": ("Application Date",),
    "abstract": ("Abstract",),
    "applicants": ("Applicants",),
    "inventors": ("Inventors",),
    "family": ("Simple Family Members",),
    "cpc": ("CPC Classifications",),
    "ipc": ("IPCR Classifications", "IPC Classifications"),
    "document": ("Document Type",),
}
_REQUIRED = ("id", "title", "year")
_ID = re.compile(r"\d{3}-\d{3}-\d{3}-\d{3}-\d{2}[\dX]")
_PLACELESS_PAPERS = "Lens scholarly exports have no addresses"
_PLACELESS_PATENTS = "Lens patent exports have no addresses"
_OTHER = "document of the Lens that is no application and no grant: no type"
_TYPES = {
    **dict.fromkeys(("granted patent", "amended patent", "patent of addition"), "grant"),
    "design right": "design",
    "limited patent": "utility_model",
    "plant patent": "plant",
}
_APPLICATIONS = frozenset({"patent application", "amended application"})


@by_member
def _read(member: Member, reading: Reading) -> Iterator[Work]:
    """Yield the works of an export.

    Of the patents, design rights get the type "design", limited patents "utility_model" and plant patents "plant",
    with a note: they are no patents of inventions.
    """
    what = "scholarly works or patents exported from the Lens"
    yield from reading.works(read_rows(member, reading, _COLUMNS, _REQUIRED, what=what), _work)


def _work(row: Row) -> Work:
    if not _ID.fullmatch(row["id"]):
        raise ValueError(f"Lens ID {row['id'][:40]!r}, which should look like 100-004-910-081-14X")
    # Only patents have an office, only scholarly works authors.
    if row["office"]:
        return _patent(row)
    if row["applicants"] or row["inventors"] or row["document"]:
        raise ValueError("a patent without jurisdiction")
    return Work(
        row["id"],
        "paper",
        [Actor(name=name) for name in _split(row["authors"], ";")],
        year=year(row["year"]),
        type=row["type"] or None,
        fields=_split(row["fields"], ";"),
        title=row["title"] or None,
        notes=(_PLACELESS_PAPERS,),
    )


def _patent(row: Row) -> Work:
    if row["authors"]:
        raise ValueError(f"jurisdiction {row['office'][:20]!r} of a scholarly work")
    office = row["office"].upper()
    if not re.fullmatch("[A-Z]{2}", office):
        raise ValueError(f"jurisdiction {row['office'][:20]!r}, which is no code of a patent office such as US")
    published = day(row["published"], what="publication date")
    document = row["document"].lower()
    kind = _type(office, document)
    notes = [_PLACELESS_PATENTS]
    if kind is None:
        notes.append(_OTHER)
    return Work(
        row["id"],
        "patent",
        [
            *(Actor(role="applicant", name=name) for name in dict.fromkeys(_split(row["applicants"]))),
            *(Actor(role="inventor", name=name) for name in _split(row["inventors"])),
        ],
        year=published.year if published else year(row["year"]),
        type=kind,
        family=_family(row["key"], row["family"]),
        title=row["title"] or None,
        office=office,
        filed=day(row["filed"], what="application date"),
        published=published,
        ipc=normalise_all(_split(row["ipc"])),
        cpc=normalise_all(_split(row["cpc"])),
        text=row["abstract"],
        notes=(*notes, *type_notes(kind)),
    )


def _type(office: str, document: str) -> str | None:
    if document in _APPLICATIONS:
        return "pct" if office == "WO" else "application"
    return _TYPES.get(document)


def _family(key: str, others: str) -> str | None:
    """Name a simple family by the smallest of its document keys, so that all its members find the same name."""
    keys = {" ".join(one.split()) for one in (key, *_split(others)) if one}
    return min(keys, default=None) if others else None


def _split(cell: str, mark: str = ";;") -> list[str]:
    return [piece.strip() for piece in cell.split(mark) if piece.strip()]


ADAPTER = Adapter(
    name="lens",
    label="The Lens",
    what="scholarly works or patents exported from the Lens (CSV)",
    hint="In the Lens: Export > CSV, all fields, of scholarly works or of patents.",
    read=_read,
)
