"""What patents of all sources have in common: kinds of documents, numbers, countries, days, and who applied."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from innovation_graph.places import countries
from innovation_graph.sources._reading import day
from innovation_graph.sources._work import Actor

__all__ = [
    "INVENTORS_APPLY",
    "applied",
    "country",
    "document_type",
    "filing_day",
    "publication_id",
    "publication_parts",
    "type_notes",
]

INVENTORS_APPLY = "no assignee or applicant: inventors counted as applicants"

_NUMBER = re.compile(r"([A-Z]*)0*([0-9]+)")
_PUBLICATION = re.compile(r"([A-Z]{2})(.*?[0-9])([A-Z][0-9]?)?")
_NOT_PRINTED = frozenset({"", "omitted", "unknown", "unk"})
# Codes that patent offices and Eurostat use beside those of ISO 3166.
_CODES = {"EL": "GR", "UK": "GB"}
_NO_INVENTIONS = {"design": "design patent", "plant": "plant patent", "utility_model": "utility model"}
_TYPES = {
    "A": "application",
    "B": "grant",
    "C": "grant",
    "E": "grant",
    "S": "design",
    "U": "utility_model",
    "Y": "utility_model",
}
_TYPES_OF_OFFICE = {
    ("US", "A"): "grant",  # until 2000 the US published nothing but grants, as A
    ("US", "H"): "grant",
    ("US", "P"): "plant",  # until 2000
    ("US", "P1"): "application",
    ("US", "P2"): "plant",
    ("US", "P3"): "plant",
    ("US", "P4"): "application",
    ("US", "P9"): "application",
    ("US", "I4"): "grant",
    ("US", "I5"): "grant",
    ("TW", "I"): "grant",
}


def document_type(office: str, kind: str) -> str | None:
    """Return the type of a patent document by its office and kind code (WIPO ST.16).

    Parameters
    ----------
    office : str
        WIPO ST.3 code.
    kind : str
        "A1", "B2"...

    Returns
    -------
    str or None
        "grant", "application", "pct", "design", "plant" or "utility_model"; None if the code does not tell
        (translations, search reports apart). Reissues count as grants. Designs protect how a thing looks, utility
        models are registered without examination: they are no patents of inventions. "plant" are the plant patents
        of the US; applications for them are applications like others.

    Examples
    --------
    >>> document_type("US", "A"), document_type("CN", "A"), document_type("WO", "A1"), document_type("DE", "T2")
    ('grant', 'application', 'pct', None)
    >>> document_type("US", "B2"), document_type("US", "E1"), document_type("US", "S1"), document_type("US", "P3")
    ('grant', 'grant', 'design', 'plant')
    """
    if office == "WO" and not kind.startswith("S"):
        return "pct"
    return _TYPES_OF_OFFICE.get((office, kind)) or _TYPES.get(kind[:1])


def type_notes(kind: str | None) -> tuple[str, ...]:
    """Return the note that counts a patent which is none of an invention.

    Examples
    --------
    >>> type_notes("design"), type_notes("grant")
    (('design patent',), ())
    """
    return (_NO_INVENTIONS[kind],) if kind in _NO_INVENTIONS else ()


def publication_id(office: str, number: str, kind: str) -> str:
    """Return the number of a publication as most databases spell it, without zeros before the digits.

    Examples
    --------
    >>> publication_id("US", "06836899", "B1"), publication_id("US", "D0656296", "S1")
    ('US6836899B1', 'USD656296S1')
    """
    found = _NUMBER.fullmatch(number)
    return f"{office}{found[1]}{found[2]}{kind}" if found else f"{office}{number}{kind}"


def publication_parts(number: str) -> tuple[str, str] | None:
    """Return office and kind code of the number of a publication; the kind is empty if it has none.

    Examples
    --------
    >>> publication_parts("US20150123456A1"), publication_parts("CN1234567C"), publication_parts("12345")
    (('US', 'A1'), ('CN', 'C'), None)
    """
    found = _PUBLICATION.fullmatch(number.replace(" ", "").upper())
    return (found[1], found[3] or "") if found else None


@lru_cache(maxsize=1 << 12)
def country(printed: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the country that a code or name stands for, and a note if it stands for none."""
    if printed.lower() in _NOT_PRINTED:
        return None, ()
    code = countries.code_or_name(_CODES.get(printed.upper(), printed))
    return code, () if code else ("country not recognised",)


def filing_day(text: str) -> tuple[date | None, tuple[str, ...]]:
    """Return a day that is not worth losing a work for, and a note if it cannot be read."""
    try:
        return day(text), ()
    except ValueError:
        return None, ("date of filing cannot be read",)


def applied(applicants: Sequence[Actor], inventors: Sequence[Actor]) -> tuple[list[Actor], tuple[str, ...]]:
    """Return applicants and inventors of a patent; if no one applied, the inventors did, with a note."""
    if applicants or not inventors:
        return [*applicants, *inventors], ()
    return [*(replace(actor, role="applicant") for actor in inventors), *inventors], (INVENTORS_APPLY,)
