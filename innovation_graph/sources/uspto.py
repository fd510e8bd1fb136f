"""Grants and applications of the US patent office as it publishes them in bulk: XML, many documents a file."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from innovation_graph.errors import FormatError
from innovation_graph.sources._adapter import Adapter, by_member
from innovation_graph.sources._patent import applied, country, document_type, filing_day, publication_id, type_notes
from innovation_graph.sources._reading import Reading, day
from innovation_graph.sources._safe_xml import documents, parse, root_name, text_of
from innovation_graph.sources._streams import Member, open_bytes
from innovation_graph.sources._work import Actor, Address, Work
from innovation_graph.symbols import normalise_all

__all__ = ["ADAPTER"]

_ROOTS = frozenset({"us-patent-grant", "us-patent-application"})
_OLD = {
    "PATDOC": "the SGML of grants of 2001 to 2004 (PATDOC)",
    "patent-application-publication": "the XML of applications of 2001 to 2004 (patent-application-publication)",
}
# Listings of sequences stand behind the patent that they belong to.
_NO_PATENTS = frozenset({"sequence-cwu"})
_WHAT = "XML of US patent grants or applications from 2005 on"
_OLDER = "For earlier years take the tables of PatentsView (source `patentsview`)."
_FIRMS_APPLY = "no assignee: organisations that applied taken"
_PERSONS_APPLY = "no assignee: persons who applied taken, mostly the inventors"
_FROM_PCT = "US patent from an international application"
_ABSTRACT = re.compile(rb"<abstract\b.*?</abstract>", re.DOTALL)
_REFERENCES = (b"us-references-cited", b"references-cited")
_IPC = ("section", "class", "subclass", "main-group", "subgroup")


@by_member
def _read(member: Member, reading: Reading) -> Iterator[Work]:
    """Yield the patents of files of documents, plain or in zip archives.

    The front page without its references and the abstract are parsed; of the rest only the end is looked at, so
    that a cut document is noticed.

    Of the grants, designs (kind S) get the type "design" and plants (kind P) "plant", with a note: they are no
    patents of inventions. Reissues are grants.

    Who applied are the assignees on the front page; if there is none, the applicants (from 2012 `us-applicants`,
    before them the inventors, who alone could apply); if there is none of these, the inventors. Notes "no
    assignee..." count the patents whose applicants are not assignees. What came in by the PCT stays a US grant
    or application, with a note.

    The family is a proxy: country and number of the earliest priority that is claimed from abroad, else the number
    of the application. A grant and its own earlier publication so come together, and what rests on one foreign
    filing; US continuations and divisions that claim nothing from abroad stay apart.
    """
    if member.name is not None and member.suffix != ".xml":
        return  # archives carry reports beside the documents
    with open_bytes(member, reading.progress) as stream:
        # Grants of those years come without XML declarations: the whole file would be one document.
        if (old := root_name(stream.peek())) in _OLD:
            raise FormatError(str(member), expected=_WHAT, got=_OLD[old], hint=_OLDER)
        for line, document in documents(stream, reading.reject):
            root = root_name(document)
            if root in _NO_PATENTS:
                continue
            reading.lines += 1
            try:
                work = _work(document, root)
            except ValueError as error:
                number = re.search(rb"<doc-number>([^<]{1,40})<", document)
                named = f"document {number[1].decode('utf-8', 'replace')}: " if number else ""
                reading.reject(line, f"{named}{error}", document[:200].decode("utf-8", "replace"))
                continue
            work.line = line
            yield work


def _work(document: bytes, root: str) -> Work:
    if root not in _ROOTS:
        raise ValueError(f"<{root[:40]}> instead of <us-patent-grant> or <us-patent-application>")
    page = parse(_front(document, root))
    front = page.find(root.replace("us-patent-", "us-bibliographic-data-"))
    published = front.find("publication-reference/document-id")
    office, number, kind = (text_of(published, name) for name in ("country", "doc-number", "kind"))
    when = day(text_of(published, "date"), what="date of publication")
    if not number or when is None:
        raise ValueError("no number or date of publication")
    application = front.find("application-reference/document-id")
    filed, notes = filing_day(text_of(application, "date"))
    inventors, people, further = _people(front)
    if text_of(front, "pct-or-regional-filing-data/document-id/country") == "WO":
        further += (_FROM_PCT,)
    # The root tells grants from applications whatever the kind; the kind tells designs and plants from inventions.
    granted = document_type("US", kind) if document_type("US", kind) in {"design", "plant"} else "grant"
    type_ = granted if root == "us-patent-grant" else "application"
    return Work(
        work_id=publication_id(office or "US", number, kind),
        kind="patent",
        actors=people + inventors,
        year=when.year,
        type=type_,
        family=_family(front, text_of(application, "doc-number")),
        title=text_of(front, "invention-title") or None,
        office=office or "US",
        filed=filed,
        published=when,
        ipc=normalise_all(_ipc(front)),
        cpc=normalise_all(_symbol(node) for node in front.iterfind("classifications-cpc//classification-cpc")),
        text=text_of(page, "abstract"),
        notes=notes + further + type_notes(type_),
    )


def _front(document: bytes, root: str) -> bytes:
    """Cut references, description and claims out: they are most of the bytes, and nothing is taken from them."""
    end = f"</{root}>".encode()
    if not document[-1000:].rstrip(b" \t\r\n\xef\xbb\xbf").endswith(end):
        raise ValueError(f"the document is cut or followed by something else: no {end.decode()} at its end")
    closing = f"</{root.replace('us-patent-', 'us-bibliographic-data-')}>".encode()
    stop = document.find(closing) + len(closing)
    if stop < len(closing):
        raise ValueError(f"no front page: {closing.decode()} is missing")
    abstract = _ABSTRACT.search(document, stop)
    front = document[:stop]
    for tag in _REFERENCES:
        first, last = front.find(b"<%b>" % tag), front.find(b"</%b>" % tag)
        if 0 <= first < last:
            front = front[:first] + front[last + len(tag) + 3 :]
    return front + (abstract[0] if abstract else b"") + end


def _people(front: Any) -> tuple[list[Actor], list[Actor], tuple[str, ...]]:
    """Return inventors, applicants, and what had to be assumed about them."""
    parties = front.find("us-parties")
    parties = parties if parties is not None else front.find("parties")
    listed = parties if parties is not None else front
    applicants = listed.findall("us-applicants/us-applicant") or listed.findall("applicants/applicant")
    of_old = [node for node in applicants if node.get("app-type") == "applicant-inventor"]
    inventing = listed.findall("inventors/inventor") + listed.findall("inventors/deceased-inventor") or of_old
    assignees = front.findall("assignees/assignee")
    notes: list[str] = []
    inventors = [_actor(node, "inventor", notes) for node in inventing]
    first = [_actor(node, "applicant", notes) for node in assignees or applicants]
    actors, assumed = applied(first, inventors)
    if not assignees and applicants:
        firms = any(address.organisation for actor in first for address in actor.addresses)
        assumed = (_FIRMS_APPLY if firms else _PERSONS_APPLY,)
    return inventors, actors[: len(actors) - len(inventors)], (*dict.fromkeys(notes), *assumed)


def _actor(node: Any, role: str, notes: list[str]) -> Actor:
    book = node.find("addressbook")
    book = book if book is not None else node
    organisation = text_of(book, "orgname")
    name = organisation or f"{text_of(book, 'first-name')} {text_of(book, 'last-name')}".strip()
    address = book.find("address")
    parts = {tag: text_of(address, tag) for tag in ("street", "city", "state", "postcode", "country")}
    printed = parts["country"] or text_of(node, "residence/country")
    code, note = country(printed)
    notes.extend(note)
    if code is None and not note:
        parts["country"] = ""
    text = ", ".join(filter(None, parts.values()))
    place = Address(
        organisation=organisation or None,
        text=text or None,
        city=parts["city"] or None,
        region=parts["state"] or None,
        country=code,
    )
    return Actor((place,) if any(place) else (), role, name or None)


def _family(front: Any, application: str) -> str | None:
    """Return the number of the earliest claimed filing, else of the application itself."""
    claims = [
        (text_of(claim, "date") or "9", text_of(claim, "country"), text_of(claim, "doc-number"))
        for claim in front.iterfind("priority-claims/priority-claim")
    ]
    _, office, number = min(claims, key=lambda claim: claim[0], default=("", "US", application))
    digits = re.sub(r"[\W_]", "", number).upper()
    return f"{office}{digits}" if digits else None


def _ipc(front: Any) -> Iterable[str]:
    for node in front.iterfind("classifications-ipcr/classification-ipcr"):
        yield _symbol(node)
    for node in front.iterfind("classification-ipc/*"):
        if node.tag in {"main-classification", "further-classification"}:
            # The columns matter, so white space must stay.
            yield "".join(node.itertext())


def _symbol(node: Any) -> str:
    section, main, subclass, group, subgroup = (text_of(node, tag) for tag in _IPC)
    return f"{section}{main.zfill(2)}{subclass}{group}/{subgroup}" if group else f"{section}{main.zfill(2)}{subclass}"


ADAPTER = Adapter(
    name="uspto",
    label="USPTO",
    what=_WHAT,
    hint="Take the weekly files ipgYYMMDD.zip (grants) and ipaYYMMDD.zip (applications) from data.uspto.gov as is.",
    read=_read,
)
