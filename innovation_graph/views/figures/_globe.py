"""The globe on paper: Equal Earth projection, land, and links as curves that know where the map ends."""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from innovation_graph.views.world import coasts, equal_earth

__all__ = ["centred", "curve", "land", "outline", "project"]

_Floats = NDArray[np.float64]


def project(lon: ArrayLike, lat: ArrayLike) -> _Floats:
    """Project with Equal Earth: areas are true, the equator is 5.41 units long.

    Parameters
    ----------
    lon, lat : array
        Degrees; longitudes from the middle of the map, -180 to 180.

    Returns
    -------
    numpy.ndarray
        x and y, shape (n, 2).

    Examples
    --------
    >>> project([0, 180], [0, 0]).round(4).tolist()
    [[0.0, 0.0], [2.7066, 0.0]]
    """
    return np.asarray(equal_earth(lon, lat))


def centred(lon: ArrayLike, centre: float) -> _Floats:
    """Return longitudes counted from the middle of the map, -180 to 180.

    Examples
    --------
    >>> centred([0, 170, -170], 180).tolist()
    [-180.0, -10.0, 10.0]
    """
    return np.asarray((np.asarray(lon, dtype=np.float64) - centre + 180) % 360 - 180)


def land(centre: float = 0.0) -> list[_Floats]:
    """Return the outlines of land as projected polygons, cut where the map ends.

    Parameters
    ----------
    centre : float
        Longitude in the middle of the map.

    Returns
    -------
    list of numpy.ndarray
        Closed outlines, each of shape (n, 2). Lakes are not cut out. Natural Earth 1:110m, public domain.
    """
    return [project(*_dense(ring).T) for ring in coasts(centre)]


def outline() -> _Floats:
    """Return the edge of the map, projected, shape (n, 2)."""
    up = np.arange(-90.0, 91.0, 2.0)
    return np.vstack([project(np.full(len(up), -180.0), up), project(np.full(len(up), 180.0), up[::-1])])


def curve(
    start: ArrayLike, end: ArrayLike, centre: float, *, great_circle: bool, across: bool = True, points: int = 48
) -> list[_Floats]:
    """Return the way between two places as projected lines, in two parts where it leaves the map on one side.

    Parameters
    ----------
    start, end : array
        Longitude and latitude, degrees.
    centre : float
        Longitude in the middle of the map.
    great_circle : bool
        The shortest way over the globe; else the shorter way round by even steps of longitude and latitude, bowed
        towards the pole of its hemisphere, the more the longer it is: easier to follow on a map of the world.
    across : bool
        Whether a bowed line may leave the map on one side and come back on the other.
    points : int
        Number of points.

    Returns
    -------
    list of numpy.ndarray
        One or two lines of shape (k, 2).
    """
    one, two = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    t = np.linspace(0, 1, points)
    if great_circle:
        lon, lat = _great_circle(one, two, t)
    else:
        east = centred(two[0] - one[0], 0.0) if across else centred(two[0], centre) - centred(one[0], centre)
        lon = one[0] + t * east
        lat = one[1] + t * (two[1] - one[1])
        bow = 0.11 * np.hypot(east, two[1] - one[1]) * 4 * t * (1 - t)
        side = 1.0 if one[1] + two[1] >= 0 else -1.0
        lat = lat + side * bow * np.clip((82 - np.abs(lat)) / 40, 0, 1)
    lon = centred(lon, centre)
    jumps = np.flatnonzero(np.abs(np.diff(lon)) > 180)
    pieces, start = [], (np.empty(0), np.empty(0))
    for first, last in pairwise([0, *(jumps + 1).tolist(), points]):
        x, y = np.r_[start[0], lon[first:last]], np.r_[start[1], lat[first:last]]
        if last < points:
            edge = np.copysign(180.0, lon[last - 1])
            step = lon[last] + 2 * edge - lon[last - 1]
            height = lat[last - 1] + (lat[last] - lat[last - 1]) * (edge - lon[last - 1]) / step
            x, y, start = np.r_[x, edge], np.r_[y, height], (np.array([-edge]), np.array([height]))
        pieces.append(project(x, y))
    return pieces


def _great_circle(one: _Floats, two: _Floats, t: _Floats) -> tuple[_Floats, _Floats]:
    def vector(point: _Floats) -> _Floats:
        lon, lat = np.radians(point)
        return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])

    a, b = vector(one), vector(two)
    angle = np.arccos(np.clip(a @ b, -1, 1))
    if np.sin(angle) < 1e-9:
        return one[0] + t * (two[0] - one[0]), one[1] + t * (two[1] - one[1])
    way = (np.sin((1 - t) * angle)[:, None] * a + np.sin(t * angle)[:, None] * b) / np.sin(angle)
    return np.degrees(np.arctan2(way[:, 1], way[:, 0])), np.degrees(np.arcsin(np.clip(way[:, 2], -1, 1)))


def _dense(ring: _Floats, step: float = 4.0) -> _Floats:
    """Add points to long edges, which are no straight lines on the map."""
    closed = np.vstack([ring, ring[:1]])
    parts = []
    for here, there in pairwise(closed):
        n = max(1, int(np.ceil(np.abs(there - here).max() / step)))
        parts.append(here + (there - here) * np.arange(n)[:, None] / n)
    return np.vstack([*parts, closed[-1:]])
