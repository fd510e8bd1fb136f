"""The world as a flat map: Equal Earth, centred on the Atlantic or on the Pacific; land, and lines of one's own.

Land is that of Natural Earth at 1:110 million (public domain): no borders, no names. Whoever needs
boundaries gives them, and answers for them.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from innovation_graph._data import data_path
from innovation_graph.errors import FormatError, UnknownNameError

__all__ = ["CENTRES", "SCALE", "coasts", "equal_earth", "flat", "land", "lines"]

CENTRES: dict[str, float] = {"atlantic": 11.0, "pacific": 155.0}
"""Longitude in the middle of each map, degrees: its edges run through the Bering Strait, or west of Iceland."""

SCALE = 1_000.0
"""Units of the flat map to one radius of the globe: the world is about 5,413 wide and 2,635 high."""

_A = (1.340264, -0.081106, 0.000893, 0.003796)
_SOUTHERNMOST = -60.0  # beyond it lies Antarctica only

_Points = NDArray[np.float64]


def equal_earth(lon: ArrayLike, lat: ArrayLike, middle: float = 0.0) -> _Points:
    """Project with Equal Earth: all areas in true proportion, poles as lines.

    Parameters
    ----------
    lon, lat : array
        Degrees; longitudes may lie up to 180 on either side of the middle, no further.
    middle : float
        Longitude of the straight meridian in the middle, degrees.

    Returns
    -------
    numpy.ndarray
        x to the right and y upwards, shape (..., 2), in radii of the globe; NaN where a coordinate is.

    References
    ----------
    Savric, Patterson and Jenny (2019), The Equal Earth map projection, International Journal of Geographical
    Information Science 33(3).
    """
    x = np.radians(np.asarray(lon, dtype=np.float64) - middle)
    t = np.arcsin(np.sqrt(3) / 2 * np.sin(np.radians(np.asarray(lat, dtype=np.float64))))
    a, b, c, d = _A
    stretch = 9 * d * t**8 + 7 * c * t**6 + 3 * b * t**2 + a
    y = d * t**9 + c * t**7 + b * t**3 + a * t
    # A point with half a coordinate is nowhere.
    return np.stack([2 * np.sqrt(3) * x * np.cos(t) / (3 * stretch), y + 0 * x], axis=-1)


def flat(lon: ArrayLike, lat: ArrayLike, centre: str = "atlantic") -> _Points:
    """Return where points stand on a map.

    Parameters
    ----------
    lon, lat : array
        Degrees, any longitudes.
    centre : str
        One of `CENTRES`.

    Returns
    -------
    numpy.ndarray
        x to the right and y downwards, shape (..., 2), in units of `SCALE`; NaN where a coordinate is.

    Raises
    ------
    UnknownNameError
        If there is no such centre.
    """
    middle = _middle(centre)
    around = (np.asarray(lon, dtype=np.float64) - middle + 180) % 360 - 180
    return SCALE * equal_earth(around, lat) * [1, -1]


@cache
def land(centre: str = "atlantic") -> tuple[_Points, ...]:
    """Return the outlines of the land on a map, without Antarctica.

    Parameters
    ----------
    centre : str
        One of `CENTRES`.

    Returns
    -------
    tuple of numpy.ndarray
        Rings, each of shape (points, 2), as `flat` places them; what the edge of the map cuts is on both sides.
        They overlap nowhere and have no holes: lakes count as land.

    Raises
    ------
    UnknownNameError
        If there is no such centre.
    """
    inhabited = [ring for ring in coasts(_middle(centre)) if ring[:, 1].max() > _SOUTHERNMOST]
    return tuple(SCALE * equal_earth(ring[:, 0], ring[:, 1]) * [1, -1] for ring in inhabited)


def coasts(middle: float) -> list[_Points]:
    """Return the outlines of all land in degrees, cut where a map ends.

    Parameters
    ----------
    middle : float
        Longitude in the middle of the map, degrees.

    Returns
    -------
    list of numpy.ndarray
        Rings, each of shape (points, 2): longitude from the middle, -180 to 180, and latitude. What the edge of the
        map cuts is on both sides. Lakes count as land.
    """
    found = []
    for ring in _land():
        for turn in (-360.0, 0.0, 360.0):
            around = ring - [middle + turn, 0]
            part = _half(_half(around, -180.0, 1.0), 180.0, -1.0)
            if len(part) > 2:
                found.append(part)
    return found


@cache
def _land() -> tuple[_Points, ...]:
    return tuple(_rings(json.loads((data_path("land") / "land_110m.geojson").read_text(encoding="utf-8"))))


def lines(geojson: Path | str | Mapping[str, Any], centre: str = "atlantic") -> list[_Points]:
    """Return lines of one's own, such as boundaries, on a map.

    Parameters
    ----------
    geojson : str, Path or mapping
        GeoJSON in degrees: a file, or its content. Lines and the outlines of areas are taken, points are not.
    centre : str
        One of `CENTRES`.

    Returns
    -------
    list of numpy.ndarray
        Lines, each of shape (points, 2), as `flat` places them, parted where they cross the edge of the map.

    Raises
    ------
    FormatError
        If it is no GeoJSON, or has no lines.
    UnknownNameError
        If there is no such centre.
    """
    middle = _middle(centre)
    expected = "GeoJSON with lines or areas, coordinates in degrees"
    where = "boundaries" if isinstance(geojson, Mapping) else str(geojson)
    try:
        content = geojson if isinstance(geojson, Mapping) else json.loads(Path(geojson).read_text(encoding="utf-8"))
        found = list(_rings(content))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise FormatError(where, expected=expected, got=f"{type(error).__name__}: {error}"[:120]) from error
    if not found:
        raise FormatError(where, expected=expected, got="no lines")
    out = []
    for line in found:
        lon = (line[:, 0] - middle + 180) % 360 - 180
        leaps = np.flatnonzero(np.abs(np.diff(lon)) > 180) + 1
        for a, b in zip([0, *leaps.tolist()], [*leaps.tolist(), len(lon)], strict=True):
            if b - a > 1:
                out.append(SCALE * equal_earth(lon[a:b], line[a:b, 1]) * [1, -1])
    return out


def _middle(centre: str) -> float:
    if centre not in CENTRES:
        raise UnknownNameError("centre of the map", centre, CENTRES)
    return CENTRES[centre]


_DEPTHS = {"Point": None, "MultiPoint": None, "LineString": 0, "MultiLineString": 1, "Polygon": 1, "MultiPolygon": 2}
"""How deep the lines lie in the coordinates of each kind of geometry."""


def _rings(content: Mapping[str, Any]) -> Iterator[_Points]:
    """Yield all lines and outlines of GeoJSON, shape (points, 2)."""
    kind = content["type"]
    if kind == "Feature":
        parts = [content["geometry"]]
    elif kind == "FeatureCollection":
        parts = content["features"]
    elif kind == "GeometryCollection":
        parts = content["geometries"]
    else:
        yield from _lines(content["coordinates"], _DEPTHS[kind])
        return
    for part in parts:
        if part is not None:
            yield from _rings(part)


def _lines(coordinates: Any, depth: int | None) -> Iterator[_Points]:
    if depth is None:
        return
    found = [coordinates]
    for _ in range(depth):
        found = [line for part in found for line in part]
    for line in found:
        points = np.array([point[:2] for point in line], dtype=np.float64).reshape(-1, 2)
        if not np.isfinite(points).all() or np.any(np.abs(points[:, 1]) > 90):
            raise ValueError("a coordinate is not in degrees")
        yield points


def _half(ring: _Points, edge: float, side: float) -> _Points:
    """Keep the part of a ring on one side of a meridian (Sutherland and Hodgman 1974)."""
    if not len(ring):
        return ring
    depth = side * (ring[:, 0] - edge)
    following = np.roll(np.arange(len(ring)), -1)
    kept = []
    for here, there in enumerate(following.tolist()):
        if depth[here] >= 0:
            kept.append(ring[here])
        if (depth[here] > 0) != (depth[there] > 0) and depth[here] != depth[there]:
            share = depth[here] / (depth[here] - depth[there])
            kept.append(ring[here] + share * (ring[there] - ring[here]))
    return np.array(kept).reshape(-1, 2)
