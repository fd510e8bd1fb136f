"""Distances and means on the sphere (mean Earth radius 6371.0088 km)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["EARTH_RADIUS_KM", "great_circle_km", "mean_points", "unit_vectors"]

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG) in km."""


def great_circle_km(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> NDArray[np.float64]:
    """Return the great-circle distance between points (haversine formula).

    Parameters
    ----------
    lat1, lon1, lat2, lon2 : array-like of float
        Latitude and longitude in degrees; shapes are broadcast.

    Returns
    -------
    numpy.ndarray
        Distance in km, from 0 to 20,015; NaN where a coordinate is NaN.

    Examples
    --------
    >>> round(float(great_circle_km(0, 0, 90, 0)))  # a quarter of a meridian
    10008
    """
    phi1, lambda1, phi2, lambda2 = (np.radians(np.asarray(x, dtype=np.float64)) for x in (lat1, lon1, lat2, lon2))
    chord = np.sin((phi2 - phi1) / 2) ** 2 + np.cos(phi1) * np.cos(phi2) * np.sin((lambda2 - lambda1) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1))))


def unit_vectors(lat: ArrayLike, lon: ArrayLike) -> NDArray[np.float64]:
    """Return points of the unit sphere.

    Parameters
    ----------
    lat, lon : array-like of float
        Degrees, shape (n,).

    Returns
    -------
    numpy.ndarray
        Shape (n, 3).
    """
    phi, lam = np.radians(np.asarray(lat, dtype=np.float64)), np.radians(np.asarray(lon, dtype=np.float64))
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=1)


def mean_points(
    lat: ArrayLike, lon: ArrayLike, group: NDArray[np.integer], n_groups: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean point of each group of points: the direction of the sum of their unit vectors.

    Parameters
    ----------
    lat, lon : array-like of float
        Degrees, shape (n,); points with a NaN are left out.
    group : numpy.ndarray of int
        Group of each point, shape (n,), from 0 to `n_groups` - 1; points of a negative group are left out.
    n_groups : int
        Number of groups.

    Returns
    -------
    lat, lon : numpy.ndarray
        Degrees, shape (n_groups,); NaN for a group without points or whose points cancel out.
    """
    lat, lon = np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64)
    known = np.isfinite(lat) & np.isfinite(lon) & (group >= 0)
    vectors, of = unit_vectors(lat[known], lon[known]), group[known]
    sums = np.stack([np.bincount(of, weights=vectors[:, axis], minlength=n_groups) for axis in range(3)], axis=1)
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    sums = np.where(length < 1e-9, np.nan, sums)
    mean_lat = np.degrees(np.arctan2(sums[:, 2], np.hypot(sums[:, 0], sums[:, 1])))
    return mean_lat, np.degrees(np.arctan2(sums[:, 1], sums[:, 0]))
