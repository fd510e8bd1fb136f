"""A work as the adapters hand it on: a paper or patent, its actors, and their addresses."""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

__all__ = ["Actor", "Address", "Work"]


class Address(NamedTuple):
    """One address, as far as the source takes it apart; equal ones become one row of the addresses table."""

    organisation: str | None = None
    organisation_id: str | None = None
    ror: str | None = None
    type: str | None = None
    text: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    geonames_id: int | None = None
    lat: float | None = None
    lon: float | None = None


@dataclass(slots=True)
class Actor:
    """An author, applicant or inventor.

    Parameters
    ----------
    addresses : tuple of Address
        Empty if the source gives none.
    role : str
        Of `records.ROLES`.
    name : str, optional
        As printed.
    key : str, optional
        What tells it from others in all works; without it the actor of every work is another one.
    """

    addresses: tuple[Address, ...] = ()
    role: str = "author"
    name: str | None = None
    key: str | None = None


@dataclass(slots=True)
class Work:
    """A paper or patent; see `records.SCHEMAS`.

    Parameters
    ----------
    text : str
        More text than the title in which keywords of fields may stand (abstract); not stored.
    n_actors : int, optional
        Number of authors or applicants; default: those listed.
    notes : tuple of str
        What had to be assumed about it, in a few words; counted in the summary.
    line : int
        Where it stands in its file.
    """

    work_id: str
    kind: str
    actors: list[Actor]
    year: int | None = None
    type: str | None = None
    fields: list[str] = field(default_factory=list)
    family: str | None = None
    title: str | None = None
    n_actors: int | None = None
    retracted: bool = False
    truncated: bool = False
    office: str | None = None
    filed: date | None = None
    published: date | None = None
    ipc: list[str] = field(default_factory=list)
    cpc: list[str] = field(default_factory=list)
    text: str = ""
    notes: tuple[str, ...] = ()
    line: int = 0
