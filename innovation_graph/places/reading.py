"""A user's own places from a CSV file, and every set of places by its name."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from innovation_graph.errors import FormatError, RecipeError, UnknownNameError
from innovation_graph.places import countries
from innovation_graph.places.clusters import ClusterRule
from innovation_graph.places.regions import region_code
from innovation_graph.places.sets import (
    CATCHMENT_KM,
    OPEN_KINDS,
    Places,
    cluster_set,
    gihi2024,
    open_set,
    place_table,
)
from innovation_graph.places.sphere import mean_points

__all__ = ["SETS", "get", "read_places"]

SETS: tuple[str, ...] = ("gihi2024", *OPEN_KINDS, "clusters")
"""Names of the sets that `get` knows; anything else is a path."""

_REQUIRED = ("place_id", "name", "country", "lat", "lon")
_OPTIONAL = ("name_zh", "district", "region", "geonames_id", "radius_km", "tier")


@dataclass(frozen=True)
class _Row:
    line: int
    place_id: str
    name: str
    iso2: str
    lat: float
    lon: float
    name_zh: str | None
    district: str | None
    admin1: str | None
    geonames_id: int | None
    radius_km: float
    tier: str | None


def read_places(path: Path | str, catchment_km: float = CATCHMENT_KM) -> Places:
    """Read a set of places from a CSV file (UTF-8, commas).

    Each row is a point: a place, or one district of a place that has several rows with the same `place_id`.
    An address belongs to the place whose point it matches: by GeoNames id, by name (the district's, else the
    place's) in the same country and region, or because it lies within the radius of the nearest point.

    Parameters
    ----------
    path : str or Path
        Columns place_id, name, country (code or name), lat, lon (degrees); optional: name_zh, district (name
        of the point as addresses print it), region (state or province; compared in AU, CA, CN, GB, US),
        geonames_id, radius_km (empty: `catchment_km`; 0: none), tier. Other columns are ignored.
    catchment_km : float
        Radius of the rows that give none, in km; 0 turns it off for them.

    Returns
    -------
    Places
        Of kind "districts", named like the file, in the order of first appearance. The position of a place
        is the mean of its points on the sphere; its name, country, name_zh and tier those of its first row.

    Raises
    ------
    FormatError
        If a column is missing, a country is unknown, a coordinate or radius is no number or out of range, a
        point or GeoNames id comes twice, or rows of a place disagree about its name; with the line.
    RecipeError
        If the catchment is negative.
    """
    path = Path(path)
    rows = list(_rows(path))
    if not rows:
        raise FormatError(path, expected="at least one place", got="no row below the header")
    _check_points(path, rows)
    first: dict[str, _Row] = {}
    for row in rows:
        head = first.setdefault(row.place_id, row)
        if row.name != head.name:
            raise FormatError(
                path,
                row=row.line,
                expected=f"the name {head.name!r}, as in line {head.line} with the same place_id",
                got=repr(row.name),
                hint="Names of parts of a place go into a column `district`.",
            )
    ids = list(first)
    points = pd.DataFrame([vars(row) for row in rows]).assign(district=[row.district or row.name for row in rows])
    lat, lon = mean_points(
        points["lat"], points["lon"], pd.Index(ids).get_indexer(pd.Index(points["place_id"])), len(ids)
    )
    heads = list(first.values())
    columns: dict[str, object] = {
        "name_en": [row.name for row in heads],
        "name_zh": [row.name_zh for row in heads],
        "country": [row.iso2 for row in heads],
        "iso2": [row.iso2 for row in heads],
        "tier": [row.tier for row in heads],
        "lat": lat.round(5),
        "lon": lon.round(5),
    }
    return Places(path.stem, "districts", place_table(columns, ids), points, catchment_km=catchment_km)


def get(
    name_or_path: Path | str,
    catchment_km: float | None = None,
    *,
    radius_km: float | None = None,
    min_weight: int | None = None,
    merge_km: float | None = None,
) -> Places:
    """Return a set of places by its name, or read it from a file.

    Parameters
    ----------
    name_or_path : str or Path
        "gihi2024", "country", "organisation", "city", "author", "clusters", or the path of a CSV file for
        `read_places`.
    catchment_km : float, optional
        Radius around districts, in km; default 25. Only for closed sets.
    radius_km, min_weight, merge_km : float, optional
        What makes a cluster, see `ClusterRule`; default 15 km, 100 and 5 km. Only for "clusters".

    Returns
    -------
    Places
        The set.

    Raises
    ------
    UnknownNameError
        If it is neither a known name nor a file.
    RecipeError
        If a catchment is asked for an open set, or it is negative; or if what makes a cluster is given for
        another set, or out of range.
    FormatError
        If the file is not what it should be.
    """
    text = str(name_or_path)
    knobs = {"radius_km": radius_km, "min_weight": min_weight, "merge_km": merge_km}
    given: dict[str, Any] = {name: value for name, value in knobs.items() if value is not None}
    if given and text != "clusters":
        raise RecipeError(f"{', '.join(given)} say what a cluster is; places {text!r} have none, use 'clusters'")
    if text in (*OPEN_KINDS, "clusters"):
        if catchment_km is not None:
            raise RecipeError(f"places {text!r} have no districts, so a catchment of {catchment_km:g} km means nothing")
        return cluster_set(ClusterRule(**given)) if text == "clusters" else open_set(text)
    radius = CATCHMENT_KM if catchment_km is None else catchment_km
    if text == "gihi2024":
        return gihi2024(radius)
    if not Path(text).is_file():
        raise UnknownNameError("set of places (nor is it a CSV file)", text, SETS)
    return read_places(text, radius)


def _rows(path: Path) -> Iterator[_Row]:
    hint = "Save the file as CSV (UTF-8), separated by commas."
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = header
            missing = [name for name in _REQUIRED if name not in header]
            if missing:
                known = f"columns {', '.join(_REQUIRED)} (optional: {', '.join(_OPTIONAL)})"
                got = f"{', '.join(header) or 'an empty file'}; missing: {', '.join(missing)}"
                raise FormatError(path, row=1, expected=known, got=got, hint=hint)
            for fields in reader:
                if None in fields or None in fields.values():
                    got = "more" if None in fields else "fewer"
                    raise FormatError(path, row=reader.line_num, expected=f"{len(header)} fields", got=got, hint=hint)
                yield _row(path, reader.line_num, {key: value.strip() for key, value in fields.items()})
    except UnicodeDecodeError as error:
        raise FormatError(path, expected="UTF-8 text", got=f"byte {error.start} that is not", hint=hint) from error
    except csv.Error as error:
        raise FormatError(path, expected="CSV", got=str(error), hint=hint) from error


def _row(path: Path, line: int, fields: Mapping[str, str]) -> _Row:
    for column in ("place_id", "name"):
        if not fields[column]:
            raise FormatError(path, row=line, expected=f"a value in column {column!r}", got="nothing")
    iso2 = countries.code_or_name(fields["country"])
    if iso2 is None:
        hint = "Use an ISO 3166-1 code such as CN, or the English or Chinese name."
        raise FormatError(path, row=line, expected="a country", got=repr(fields["country"]), hint=hint)
    region, geonames, radius = (fields.get(column, "") for column in ("region", "geonames_id", "radius_km"))
    if geonames and not (geonames.isascii() and geonames.isdigit() and int(geonames) > 0):
        raise FormatError(path, row=line, expected="a GeoNames id (a whole number)", got=repr(geonames))
    return _Row(
        line=line,
        place_id=fields["place_id"],
        name=fields["name"],
        iso2=iso2,
        lat=_number(path, line, "lat", fields["lat"], most=90),
        lon=_number(path, line, "lon", fields["lon"], most=180),
        name_zh=fields.get("name_zh") or None,
        district=fields.get("district") or None,
        admin1=region_code(iso2, region) if region else None,
        geonames_id=int(geonames) if geonames else None,
        radius_km=_number(path, line, "radius_km", radius, most=20_016, least=0) if radius else np.nan,
        tier=fields.get("tier") or None,
    )


def _number(path: Path, line: int, column: str, text: str, *, most: float, least: float | None = None) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    low = -most if least is None else least
    if not low <= value <= most:
        expected = f"a number from {low:,} to {most:,} in column {column!r}, with a decimal point"
        raise FormatError(path, row=line, expected=expected, got=repr(text) if text else "nothing")
    return value


def _check_points(path: Path, rows: list[_Row]) -> None:
    points: dict[tuple[float, float], _Row] = {}
    geonames: dict[int, _Row] = {}
    for row in rows:
        other = points.setdefault((row.lat, row.lon), row)
        if other is not row:
            got = f"the coordinates {row.lat}, {row.lon} again"
            raise FormatError(path, row=row.line, expected=f"another point than in line {other.line}", got=got)
        if row.geonames_id is not None:
            other = geonames.setdefault(row.geonames_id, row)
            if other is not row:
                expected = f"another GeoNames id than in line {other.line}"
                raise FormatError(path, row=row.line, expected=expected, got=f"{row.geonames_id} again")
