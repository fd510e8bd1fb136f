"""The distinct addresses of one file of works, numbered as they come."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pyarrow as pa

from innovation_graph.records import SCHEMAS
from innovation_graph.sources._schema import (
    Authorship,
    Institution,
    coordinates,
    geonames,
    iso2,
    short_id,
    short_ror,
)

__all__ = ["ADDRESS_COLUMNS", "Addresses"]

ADDRESS_COLUMNS = pa.schema([pa.field("key", pa.string()), *SCHEMAS["addresses"]])
"""As in records, with the key that makes an address distinct: the institution, else text and country."""

_REMEMBERED = 1 << 16


class Addresses:
    """Distinct addresses, numbered as they come."""

    def __init__(self) -> None:
        self.columns: dict[str, list[Any]] = {name: [] for name in ADDRESS_COLUMNS.names}
        self._numbers: dict[str, int] = {}
        self._lists: dict[bytes | tuple[bytes, ...], tuple[int, ...]] = {}
        self._institutions = msgspec.json.Decoder(list[Institution] | None).decode
        self._strings = msgspec.json.Decoder(list[str] | None).decode
        self._string = msgspec.json.Decoder(str | None).decode

    def of_author(self, author: Authorship) -> tuple[int, ...]:
        """Return the numbers of an author's addresses, each once; (-1,) if there are none.

        All institutions; without any, one address a printed text. If such an author has several countries,
        nothing says which text lies in which: one address a country.
        """
        raw = bytes(author.institutions)
        found = self._lists.get(raw)
        if found is None:
            numbers = (self._institution(each) for each in self._institutions(raw) or ())
            found = self._remember(raw, (number for number in numbers if number >= 0))
        if found:
            return found
        texts, text, countries = (
            author.raw_affiliation_strings,
            author.raw_affiliation_string,
            author.countries,
        )
        key = (bytes(texts), bytes(text), bytes(countries))
        return self._lists.get(key) or self._remember(key, self._printed(*key))

    def _remember(self, key: bytes | tuple[bytes, ...], numbers: Iterable[int]) -> tuple[int, ...]:
        found = tuple(dict.fromkeys(numbers))
        if len(self._lists) >= _REMEMBERED:
            self._lists.clear()
        self._lists[key] = found
        return found

    def _printed(self, raw_texts: bytes, raw_text: bytes, raw_countries: bytes) -> list[int]:
        texts = self._strings(raw_texts) or [self._string(raw_text) or ""]
        texts = list(dict.fromkeys(text.strip() for text in texts if text and not text.isspace()))
        countries = list(dict.fromkeys(filter(None, map(iso2, self._strings(raw_countries) or ()))))
        if len(countries) > 1:
            whole = "; ".join(texts) or None
            return [self._text(whole, country) for country in countries]
        country = countries[0] if countries else None
        if not texts:
            return [self._text(None, country) if country else -1]
        return [self._text(text, country) for text in texts]

    def _text(self, text: str | None, country: str | None) -> int:
        return self._number(f"T{country or ''}\0{text or ''}", text=text, country=country)

    def _institution(self, institution: Institution) -> int:
        name, geo = institution.display_name or None, institution.geo
        openalex, ror = short_id(institution.id, "I"), short_ror(institution.ror)
        country = iso2(institution.country_code) or (iso2(geo.country_code) if geo else None)
        if not (openalex or ror or name or country):
            return -1
        key = openalex or (f"R{ror}" if ror else f"N{country or ''}\0{name or ''}")
        if key in self._numbers:
            return self._numbers[key]
        place: dict[str, Any] = {}
        if geo:
            lat, lon = coordinates(geo.latitude, geo.longitude)
            place = {"city": geo.city or None, "region": geo.region or None, "lat": lat, "lon": lon}
            place["geonames_id"] = geonames(geo.geonames_city_id)
        kind = institution.type or None
        return self._number(
            key,
            organisation=name,
            organisation_id=openalex,
            ror=ror,
            type=kind,
            text=name,
            country=country,
            **place,
        )

    def _number(self, key: str, **values: Any) -> int:
        number = self._numbers.setdefault(key, len(self._numbers))
        if number == len(self.columns["key"]):
            values["key"] = key
            for name, column in self.columns.items():
                column.append(values.get(name))
        return number
