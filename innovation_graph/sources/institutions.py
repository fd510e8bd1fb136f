"""Where organisations are: the ROR dump, OpenAlex's institutions, or a table, as one lookup by identifier."""

import csv
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
from msgspec import UNSET, Raw, Struct, UnsetType
from numpy.typing import NDArray

from innovation_graph.errors import FormatError
from innovation_graph.sources._input import DECODE_ERRORS, Broken, Item, list_files, read_blocks, split_items
from innovation_graph.sources._other_names import distinct_names, names_in_cells, parent_in_cell
from innovation_graph.sources._schema import Geo, coordinates, geonames, iso2, short_id, short_ror

__all__ = ["PLACE_COLUMNS", "Institutions", "read_institutions"]

PLACE_COLUMNS = ("city", "region", "geonames_id", "lat", "lon")
"""Columns that together say where an organisation is; the country is kept apart."""

_SCHEMA = pa.schema(
    [
        ("ror", pa.string()),
        ("organisation_id", pa.string()),
        ("organisation", pa.string()),
        ("type", pa.string()),
        ("city", pa.string()),
        ("region", pa.string()),
        ("country", pa.string()),
        ("geonames_id", pa.int32()),
        ("lat", pa.float64()),
        ("lon", pa.float64()),
        ("aliases", pa.list_(pa.string())),
        ("parent", pa.string()),
    ]
)
_MAX_UNPACKED = 1 << 31
_NO_TABLE = 4
_HINT = "Give a ROR dump (zip, JSON, CSV), OpenAlex institutions, or a CSV with ror,name,city,sub,cc,lat,lng."
_ROR_V1 = "addresses[0].geonames_city"
_ROR_V2 = "locations.geonames_details"
# The first name that a table has is taken.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "ror": ("ror", "ror_id", "id"),
    "organisation_id": ("openalex", "openalex_id", "organisation_id"),
    "organisation": ("name", "display_name", "organisation", "names.types.ror_display"),
    "type": ("types", "type"),
    "city": ("city", f"{_ROR_V1}.name", f"{_ROR_V2}.name"),
    "region": ("sub", "region", f"{_ROR_V1}.geonames_admin1.name", f"{_ROR_V2}.country_subdivision_name"),
    "country": ("cc", "country_code", "country", "country.country_code", f"{_ROR_V2}.country_code"),
    "geonames_id": ("geonames", "geonames_id", "geonames_city_id", f"{_ROR_V1}.id", "locations.geonames_id"),
    "lat": ("lat", "latitude", "addresses[0].lat", f"{_ROR_V2}.lat"),
    "lon": ("lng", "lon", "longitude", "addresses[0].lng", f"{_ROR_V2}.lng"),
    "parent": ("parent", "relationships"),
    "alias": ("aliases", "names.types.alias"),
    "acronym": ("acronyms", "names.types.acronym"),
    "label": ("labels", "names.types.label"),
}


class _Row(NamedTuple):
    ror: str | None
    organisation_id: str | None
    organisation: str | None
    type: str | None
    city: str | None
    region: str | None
    country: str | None
    geonames_id: int | None
    lat: float | None
    lon: float | None
    aliases: list[str] | None = None
    parent: str | None = None


class _Name(Struct, gc=False):
    value: str | None = None
    types: list[str] | None = None


class _Details(Struct, gc=False):
    name: str | None = None
    country_code: str | None = None
    country_subdivision_name: str | None = None
    lat: float | None = None
    lng: float | None = None


class _Location(Struct, gc=False):
    geonames_id: int | str | None = None
    geonames_details: _Details | None = None


class _Admin(Struct, gc=False):
    name: str | None = None


class _City(Struct, gc=False):
    id: int | str | None = None
    city: str | None = None
    geonames_admin1: _Admin | None = None


class _Address(Struct, gc=False):
    lat: float | None = None
    lng: float | None = None
    city: str | None = None
    state: str | None = None
    geonames_city: _City | None = None


class _Label(Struct, gc=False):
    label: str | None = None


class _Relationship(Struct, gc=False):
    type: str | None = None
    id: str | None = None


class _Country(Struct, gc=False):
    country_code: str | None = None


class _Organisation(Struct, gc=False):
    """An organisation of ROR (`addresses` in schema 1, `locations` in 2) or OpenAlex (`geo`), or a page."""

    id: str | None = None
    ror: str | None = None
    name: str | None = None
    display_name: str | None = None
    names: list[_Name] | None = None
    type: str | None = None
    types: list[str] | None = None
    country_code: str | None = None
    country: _Country | None = None
    geo: Geo | None = None
    addresses: list[_Address] | None = None
    locations: list[_Location] | None = None
    aliases: list[str] | None = None
    acronyms: list[str] | None = None
    labels: list[_Label] | None = None
    display_name_alternatives: list[str] | None = None
    display_name_acronyms: list[str] | None = None
    relationships: list[_Relationship] | None = None
    results: list[Raw] | UnsetType = UNSET


@dataclass(frozen=True, eq=False)
class Institutions:
    """Organisations and their places.

    Parameters
    ----------
    table : pyarrow.Table
        One row an organisation: `ror` (nine characters), `organisation_id` ("I12"), `organisation`, `type`,
        `city`, `region`, `country` (ISO 3166-1 alpha-2), `geonames_id`, `lat`, `lon` (degrees), `aliases`
        (list of its other names, labels in other languages and acronyms), `parent` (ROR identifier of the
        organisation above it, the first if there are several); what is unknown is null.
    source : str
        Name of the file they come from.
    """

    table: pa.Table
    source: str

    def __repr__(self) -> str:
        """Say how many there are and where they come from."""
        located = len(self.table) - self.table["city"].null_count
        return f"<Institutions: {len(self.table):,}, {located:,} with a city; {self.source}>"

    def __len__(self) -> int:
        """Return the number of organisations."""
        return len(self.table)

    def rows(self, rors: Sequence[str | None], organisation_ids: Sequence[str | None]) -> NDArray[np.int64]:
        """Find organisations by either identifier.

        Parameters
        ----------
        rors : sequence of str or None
            ROR identifiers of nine characters; looked for first.
        organisation_ids : sequence of str or None
            OpenAlex identifiers ("I12").

        Returns
        -------
        numpy.ndarray
            Row of `table` for each pair, -1 where neither identifier is known.
        """
        by_ror, by_id = self._by_ror, self._by_id
        found = (by_ror.get(ror, by_id.get(other, -1)) for ror, other in zip(rors, organisation_ids, strict=True))
        return np.fromiter(found, dtype=np.int64, count=len(rors))

    @cached_property
    def _by_ror(self) -> dict[str | None, int]:
        return _index(self.table["ror"])

    @cached_property
    def _by_id(self) -> dict[str | None, int]:
        return _index(self.table["organisation_id"])


def read_institutions(path: Path | str) -> Institutions:
    """Read where organisations are.

    Parameters
    ----------
    path : str or Path
        A dump of the Research Organization Registry (zip; or its JSON or CSV; schema 1 or 2); OpenAlex
        institutions (JSON lines, API pages, plain or gzip, or a folder of them); or a CSV with the columns
        ror (or openalex), name, city, sub, cc, lat, lng, geonames, types. An organisation with several
        locations takes the first. An organisation that comes twice: the last one counts. Organisations
        without a city or coordinates stay, with their country.

    Returns
    -------
    Institutions
        All of them, in the order of the file.

    Raises
    ------
    FormatError
        If there is nothing to read, if it is of none of these formats, unpacks to more than 2 GiB, or a row
        has an identifier, country code or coordinate that cannot be.
    """
    path = Path(path)
    if not path.is_dir() and path.is_file() and zipfile.is_zipfile(path):
        rows = _from_zip(path)
    else:
        files = list_files([path], what="institutions")
        rows = (row for file in files for row in _from_blocks(file, read_blocks(file)))
    columns: dict[str, list[Any]] = {name: [] for name in _SCHEMA.names}
    for row in rows:
        for name, value in zip(_SCHEMA.names, row, strict=True):
            columns[name].append(value)
    table = pa.table(columns, schema=_SCHEMA)
    if len(table) == 0:
        raise FormatError(path, expected="institutions", got="none", hint=_HINT)
    return Institutions(table=table, source=path.name)


def _index(column: pa.ChunkedArray) -> dict[str | None, int]:
    return {value: row for row, value in enumerate(column.to_pylist()) if value is not None}


def _from_zip(path: Path) -> Iterator[_Row]:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if _rank(member.filename) < _NO_TABLE]
        if not members:
            held = ", ".join(member.filename for member in archive.infolist()[:5]) or "nothing"
            raise FormatError(path, expected="a JSON or CSV file in the zip archive", got=held, hint=_HINT)
        member = min(members, key=lambda member: (_rank(member.filename), member.filename))
        _check_size(path, member.file_size)
        try:
            data = archive.read(member)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise FormatError(path, expected="a readable zip archive", got=f"{member.filename}: {error}") from error
    yield from _from_blocks(path / member.filename, iter([data]))


def _from_blocks(path: Path, blocks: Iterator[bytes]) -> Iterator[_Row]:
    try:
        head = next(blocks, b"").removeprefix(b"\xef\xbb\xbf")
        if head.lstrip()[:1] in (b"{", b"["):
            yield from _from_json(path, chain([head], blocks))
            return
        pieces, size = [head], len(head)
        for block in blocks:
            pieces.append(block)
            size += len(block)
            _check_size(path, size)
    except Broken as broken:
        raise FormatError(path, expected="institutions", got=str(broken), hint=_HINT) from broken
    yield from _from_csv(path, b"".join(pieces))


def _check_size(path: Path, size: int) -> None:
    if size > _MAX_UNPACKED:
        raise FormatError(
            path,
            expected=f"at most {_MAX_UNPACKED:,} bytes when unpacked",
            got=f"{size:,}",
            hint="Unpack it yourself.",
        )


def _rank(name: str) -> int:
    """Rank the files of a ROR dump, which holds all several times: JSON before CSV, schema 2 before 1."""
    parts = PurePosixPath(name.lower())
    if parts.suffix not in {".json", ".csv"} or any(part.startswith((".", "__")) for part in parts.parts):
        return _NO_TABLE
    return 2 * (parts.suffix == ".csv") + ("schema_v2" not in parts.name)


def _from_json(path: Path, blocks: Iterator[bytes]) -> Iterator[_Row]:
    def refuse(line: int, reason: str, _: Item) -> None:
        raise FormatError(path, expected="institutions as JSON", got=reason, row=line or None, hint=_HINT)

    decode = msgspec.json.Decoder(_Organisation).decode
    for line, item in split_items(blocks, refuse):
        try:
            organisation = decode(item)
            members = [organisation] if organisation.results is UNSET else map(decode, organisation.results)
            for member in members:
                yield _organisation(member)
        except DECODE_ERRORS as error:
            raise FormatError(path, expected="an institution", got=str(error), row=line, hint=_HINT) from error


def _organisation(record: _Organisation) -> _Row:
    ror, openalex = short_ror(record.ror or record.id), short_id(record.id, "I")
    if not (ror or openalex):
        raise ValueError(f"id {record.id!r}, which is neither of ROR nor of an OpenAlex institution")
    city = region = country = None
    number: str | int | None = None
    lat = lon = None
    if record.geo:
        geo = record.geo
        city, region, country, number = geo.city, geo.region, geo.country_code, geo.geonames_city_id
        lat, lon = geo.latitude, geo.longitude
    elif record.locations and record.locations[0].geonames_details:
        details = record.locations[0].geonames_details
        city, region, country = details.name, details.country_subdivision_name, details.country_code
        number, lat, lon = record.locations[0].geonames_id, details.lat, details.lng
    elif record.addresses:
        address = record.addresses[0]
        town = address.geonames_city or _City()
        city, region = (
            town.city or address.city,
            town.geonames_admin1.name if town.geonames_admin1 else address.state,
        )
        number, lat, lon = town.id, address.lat, address.lng
    country = country or record.country_code or (record.country.country_code if record.country else None)
    name = record.display_name or record.name or _display(record.names or ())
    types = record.types or ([record.type] if record.type else [])
    return _Row(
        ror,
        openalex,
        name,
        _kind(types),
        city or None,
        region or None,
        iso2(country),
        geonames(number),
        *coordinates(lat, lon),
        distinct_names(name, _other_names(record)),
        _parent(record.relationships or ()),
    )


def _other_names(record: _Organisation) -> Iterator[str | None]:
    yield from (name.value for name in record.names or ())
    yield from (label.label for label in record.labels or ())
    for names in (
        record.aliases,
        record.acronyms,
        record.display_name_alternatives,
        record.display_name_acronyms,
    ):
        yield from names or ()


def _parent(relationships: Iterable[_Relationship]) -> str | None:
    parents = (short_ror(one.id) for one in relationships if (one.type or "").lower() == "parent")
    return next(filter(None, parents), None)


def _display(names: Iterable[_Name]) -> str | None:
    shown = sorted(names, key=lambda name: "ror_display" not in (name.types or ()))
    return shown[0].value if shown else None


def _kind(types: Iterable[str]) -> str | None:
    """Return the first type in lower case; that an organisation also gives money says least."""
    kinds = [kind.strip().lower() for kind in types if kind.strip()]
    return next((kind for kind in kinds if kind != "funder"), kinds[0] if kinds else None)


def _from_csv(path: Path, data: bytes) -> Iterator[_Row]:
    first_line = (data[: 1 << 16].splitlines() or [b""])[0].decode("utf-8", "replace").strip()
    header = next(csv.reader([first_line]), [])
    names = {key: next((name for name in known if name in header), None) for key, known in _COLUMNS.items()}
    has_place = names["city"] or names["country"] or (names["lat"] and names["lon"])
    if not (names["ror"] or names["organisation_id"]) or not has_place:
        shown = ", ".join(header[:8])[:200]
        expected = "columns with an identifier (ror, id or openalex) and a place (city, cc, or lat and lng)"
        raise FormatError(path, expected=expected, got=repr(shown), hint=_HINT)
    wanted = [name for name in dict.fromkeys(names.values()) if name]
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(data),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(
                include_columns=wanted,
                column_types=dict.fromkeys(wanted, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowException as error:
        raise FormatError(path, expected="a CSV in UTF-8 with as many fields in every row", got=str(error)) from error
    empty = [""] * len(table)
    columns = [table[name].to_pylist() if name else empty for name in names.values()]
    for row, values in enumerate(zip(*columns, strict=True), start=2):
        try:
            yield _csv_row(values)
        except ValueError as error:
            raise FormatError(path, expected="an institution", got=str(error), row=row, hint=_HINT) from error


def _csv_row(values: Sequence[str]) -> _Row:
    ror, other, name, types, city, region, country, number, lat, lon, above, *others = values
    if ";" in number:  # several locations in one cell each: the first
        city, region, country, number, lat, lon = (
            value.partition(";")[0].strip() for value in (city, region, country, number, lat, lon)
        )
    short, openalex = short_ror(ror), short_id(other, "I") or short_id(ror, "I")
    if not (short or openalex):
        raise ValueError(f"identifier {ror or other!r}, which is neither of ROR nor of an OpenAlex institution")
    code = iso2(country)
    if country and not code:
        raise ValueError(f"country {country!r}, which is no code of two letters (ISO 3166-1)")
    point = (float(lat), float(lon)) if lat.strip() and lon.strip() else (None, None)
    if point != coordinates(*point):
        raise ValueError(f"latitude {lat!r} and longitude {lon!r}, which is no point in degrees")
    return _Row(
        short,
        openalex,
        name or None,
        _kind(types.split(";")),
        city or None,
        region or None,
        code,
        geonames(number),
        point[0],
        point[1],
        distinct_names(name, names_in_cells(others)),
        parent_in_cell(above),
    )
