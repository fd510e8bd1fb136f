"""Derwent Innovation: exports as CSV or Excel, a row a publication, lists in a cell."""

import re
from collections.abc import Iterator, Mapping, Sequence

from innovation_graph.places.regions import REGION_COUNTRIES, region_code
from innovation_graph.sources._adapter import Adapter, by_member
from innovation_graph.sources._patent import (
    applied,
    country,
    document_type,
    filing_day,
    publication_parts,
    type_notes,
)
from innovation_graph.sources._reading import Reading, day
from innovation_graph.sources._rows import Row, read_rows
from innovation_graph.sources._streams import Member
from innovation_graph.sources._work import Actor, Address, Work
from innovation_graph.symbols import normalise_all

__all__ = ["ADAPTER"]

_WHAT = "an export of Derwent Innovation (CSV or Excel)"
_ASSIGNEE_PLACES = ("Assignee - Original w/address", "Assignee/Applicant - Original w/address")
_ASSIGNEES = (
    "Assignee - Original",
    "Assignee/Applicant",
    "Assignee/Applicant - Original",
    "Assignee - Standardized",
    "Optimized Assignee",
    "Assignee - DWPI",
    "Assignee/Applicant - DWPI",
)
_INVENTOR_PLACES = ("Inventor - w/address", "Inventor - Original w/address")
_INVENTORS = ("Inventor", "Inventor - Original", "Inventor - DWPI")
_COLUMNS: Mapping[str, Sequence[str]] = {
    "number": ("Publication Number",),
    "people": (*_ASSIGNEE_PLACES, *_ASSIGNEES, *_INVENTOR_PLACES, *_INVENTORS),
    "published": ("Publication Date",),
    "filed": ("Application Date",),
    "kind": ("Publication Kind Code",),
    "title": ("Title", "Title (English)", "Title - DWPI"),
    "title_dwpi": ("Title - DWPI",),
    "abstract": ("Abstract", "Abstract (English)", "Abstract - DWPI"),
    "assignee_places": _ASSIGNEE_PLACES,
    "assignees": _ASSIGNEES,
    "inventor_places": _INVENTOR_PLACES,
    "inventors": _INVENTORS,
    "ipc": ("IPC - Current", "IPC", "IPC - Original", "IPC - DWPI"),
    "cpc": ("CPC - Current", "CPC", "CPC - Original", "CPC - DWPI"),
    "family": ("INPADOC Family ID",),
    "accession": ("DWPI Accession Number", "Accession Number - DWPI"),
    "inpadoc": ("INPADOC Family Members",),
    "dwpi": ("DWPI Family Members",),
}


@by_member
def _read(member: Member, reading: Reading) -> Iterator[Work]:
    """Yield the publications of an export; lines before the header are passed over.

    Assignees and inventors come from the columns "w/address", else from those of bare names, which have no places.
    In "Name,City,State,Country" the city is taken where nothing else can stand there, see `_parted`;
    elsewhere the whole address is kept as text for the gazetteer.

    The family is the INPADOC Family ID, else the accession number of the DWPI, else the first in the alphabet of
    the INPADOC or DWPI family members: it is the same for all members of a family if their lists are.

    The kind code gives the type, see `document_type`; designs and plants are counted by a note.
    """
    rows = read_rows(member, reading, _COLUMNS, {"number", "people", "published"}, what=_WHAT)
    yield from reading.works(rows, _work)


def _work(row: Row) -> Work:
    number = row["number"].replace(" ", "").upper()
    parts = publication_parts(number)
    if parts is None:
        raise ValueError(f"publication number {number[:40]!r}, which is none such as US20150123456A1")
    office, kind = parts[0], row["kind"].upper() or parts[1]
    published = day(row["published"], what="publication date")
    if published is None:
        raise ValueError(f"no publication date of {number}")
    filed, notes = filing_day(row["filed"])
    # Names and addresses are listed side by side if both columns are exported.
    applicants, first = _people(row["assignee_places"], row["assignees"], "applicant")
    inventors, second = _people(row["inventor_places"], row["inventors"], "inventor")
    actors, third = applied(applicants, inventors)
    kind_of = document_type(office, kind)
    fourth = () if kind_of else (f"kind code {kind[:4]!r} of {office[:4]} tells no type",)
    return Work(
        work_id=number,
        kind="patent",
        actors=actors,
        year=published.year,
        type=kind_of,
        family=_family(row),
        title=row["title"] or row["title_dwpi"] or None,
        office=office,
        filed=filed,
        published=published,
        ipc=normalise_all(_list(row["ipc"])),
        cpc=normalise_all(_list(row["cpc"])),
        text=row["abstract"],
        notes=(*notes, *dict.fromkeys(first + second), *third, *fourth, *type_notes(kind_of)),
    )


def _people(places: str, names: str, role: str) -> tuple[list[Actor], list[str]]:
    printed, bare = _list(places), _list(names)
    if not printed:
        notes = [f"{role}s without addresses"] if bare else []
        return [Actor(_where(Address(organisation=_firm(name, role))), role, name) for name in bare], notes
    aligned = bare if len(bare) == len(printed) else [""] * len(printed)
    notes = []
    actors = []
    for text, known in zip(printed, aligned, strict=True):
        name, address, note = _parted(text, known)
        notes.extend(note)
        actors.append(Actor(_where(address._replace(organisation=_firm(name, role))), role, name or None))
    return actors, notes


def _parted(text: str, known: str) -> tuple[str, Address, tuple[str, ...]]:
    """Take "Name,City,State,Country" apart as far as it is certain.

    The name is the one listed beside it if the text begins so, else what stands before the first comma without a
    blank behind it ("Toyota Motor Co., Ltd.,Toyota-shi,JP"), else before the first comma. The country is the last
    piece. The city is taken if it is the only piece between them, or stands before a state or province
    of that country; a piece with digits is a street or a post code, and no city.
    """
    if known and text.casefold().startswith(f"{known},".casefold()):
        name, rest = text[: len(known)], text[len(known) + 1 :]
    else:
        name, *pieces = re.split(r",(?!\s)", text, maxsplit=1)
        if not pieces:
            name, _, rest = text.partition(",")
        else:
            rest = pieces[0]
    pieces = [piece.strip() for piece in rest.split(",") if piece.strip()]
    if not pieces:
        return name.strip(), Address(), ()
    code, notes = country(pieces[-1])
    middle = pieces[:-1] if code else pieces
    city = region = None
    if code and len(middle) == 1:
        city = middle[0]
    elif code in REGION_COUNTRIES and len(middle) == 2 and region_code(str(code), middle[1]):
        city, region = middle
    if city and any(map(str.isdigit, city)):
        city = None
    return name.strip(), Address(text=", ".join(pieces), city=city, region=region, country=code), notes


def _firm(name: str, role: str) -> str | None:
    return (name or None) if role == "applicant" else None


def _where(address: Address) -> tuple[Address, ...]:
    return (address,) if any(address) else ()


def _family(row: Row) -> str | None:
    if row["family"] or row["accession"]:
        return row["family"] or row["accession"]
    listed = _list(row["inpadoc"]) or _list(row["dwpi"])
    return min((member.split()[0] for member in listed), default=None)


def _list(cell: str) -> list[str]:
    return [piece for piece in (piece.strip() for piece in re.split(r"[|\n]", cell)) if piece]


ADAPTER = Adapter(
    name="derwent",
    label="Derwent Innovation",
    what=_WHAT,
    hint="In a result set: Export, format CSV or Excel, with Publication Number, Publication Date, Application Date, "
    "Publication Kind Code, Title, Abstract, Assignee - Original w/address, Inventor - w/address, IPC - Current, "
    "CPC - Current and INPADOC Family ID or Members.",
    read=_read,
)
