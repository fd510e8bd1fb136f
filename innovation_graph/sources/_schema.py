"""What is read of OpenAlex's JSON, and how its identifiers, countries and coordinates are cleaned."""

import math
import re

from msgspec import UNSET, Raw, Struct, UnsetType

__all__ = [
    "Authorship",
    "Geo",
    "Institution",
    "NamedAuthorship",
    "NamedWork",
    "Work",
    "coordinates",
    "geonames",
    "iso2",
    "short_id",
    "short_ror",
]

_ROR = re.compile(r"0[a-z0-9]{8}")
_NULL = Raw(b"null")


class Geo(Struct, gc=False):
    """Where an institution is."""

    city: str | None = None
    geonames_city_id: str | int | None = None
    region: str | None = None
    country_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None


class Institution(Struct, gc=False):
    """An institution of an author."""

    id: str | None = None
    display_name: str | None = None
    ror: str | None = None
    country_code: str | None = None
    type: str | None = None
    geo: Geo | None = None


class Authorship(Struct, gc=False):
    """An author of a work; lists stay undecoded, because most of them come again and again."""

    institutions: Raw = _NULL
    countries: Raw = _NULL
    raw_affiliation_strings: Raw = _NULL
    raw_affiliation_string: Raw = _NULL


class _Author(Struct, gc=False):
    id: str | None = None
    display_name: str | None = None


class NamedAuthorship(Authorship, gc=False):
    """An author of a work with identity."""

    author: _Author | None = None
    raw_author_name: str | None = None


class _Field(Struct, gc=False):
    display_name: str | None = None


class _Topic(Struct, gc=False):
    field: _Field | None = None


class Work(Struct, gc=False):
    """A work, or a page with works in `results`; in the order in which OpenAlex writes it."""

    id: str | None = None
    title: str | None = None
    display_name: str | None = None
    publication_year: int | None = None
    type: str | None = None
    authorships: list[Authorship] | UnsetType = UNSET
    is_authors_truncated: bool | None = None
    is_retracted: bool | None = None
    primary_topic: _Topic | None = None
    topics: list[_Topic] | None = None
    updated_date: str | None = None
    results: list[Raw] | UnsetType = UNSET


class NamedWork(Work, gc=False):
    """A work with the identity of its authors."""

    authorships: list[NamedAuthorship] | UnsetType = UNSET  # type: ignore[assignment]


def short_id(value: str | None, letter: str) -> str | None:
    """Return an OpenAlex identifier without its address ("W12"), or None if it is none of that letter."""
    if not value:
        return None
    short = value.rpartition("/")[2].upper()
    return short if short[:1] == letter and short[1:].isdecimal() and short.isascii() else None


def short_ror(value: str | None) -> str | None:
    """Return the nine characters of a ROR identifier, or None if it is none."""
    short = (value or "").strip().rpartition("/")[2].lower()
    return short if _ROR.fullmatch(short) else None


def iso2(value: str | None) -> str | None:
    """Return a country code of two letters, or None."""
    code = (value or "").strip().upper()
    return code if len(code) == 2 and code.isalpha() and code.isascii() else None


def geonames(value: str | int | None) -> int | None:
    """Return a GeoNames identifier, or None."""
    text = str(value or "").strip()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else 0
    return number if 0 < number < 2**31 else None


def coordinates(lat: float | None, lon: float | None) -> tuple[float | None, float | None]:
    """Return latitude and longitude in degrees, or two None if one is missing or cannot be."""
    if lat is None or lon is None or not (math.isfinite(lat) and math.isfinite(lon)):
        return None, None
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else (None, None)
