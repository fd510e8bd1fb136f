"""Clusters of points on the sphere, found from the bottom up: where work is dense, whatever the borders.

The method is that of the innovation clusters in WIPO's Global Innovation Index (Bergquist, Fink and Raffo,
"Identifying and ranking the world's largest clusters of inventive activity", GII 2017; appendix on the cluster
method of GII 2024): DBSCAN (Ester, Kriegel, Sander and Xu, KDD 1996) of the addresses of inventors and authors.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from innovation_graph.errors import RecipeError
from innovation_graph.places.sphere import EARTH_RADIUS_KM, unit_vectors

__all__ = ["ClusterRule", "find_clusters", "weighted_means"]

_MOST_PAIRS = 50_000_000
"""Pairs of neighbours that may be held at once: 400 MB."""

_SAMPLE = 20_000
"""Points whose neighbours are counted to foresee the number of pairs."""

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ClusterRule:
    """How dense a cluster is, and which clusters are one.

    Parameters
    ----------
    radius_km : float
        Radius of the neighbourhood of a point, in km. WIPO: 15 (13 in 2017).
    min_weight : int
        Weight that the neighbourhood must hold, in rows of the sites table. WIPO asks for 4,500 (2,000 in 2017)
        of some tens of millions; 100 suits records of ten to a hundred thousand works. What is dense depends on
        how much there is: raise it with the size of the records.
    merge_km : float
        Clusters whose borders lie within this distance are one, in km; 0 keeps all apart.

    Raises
    ------
    RecipeError
        If a value is out of range.
    """

    radius_km: float = 15.0
    min_weight: int = 100
    merge_km: float = 5.0

    def __post_init__(self) -> None:
        """Refuse values that mean nothing."""
        if not 0 < self.radius_km <= 1000:
            raise RecipeError(f"radius_km is a distance above 0 and up to 1,000 km, not {self.radius_km!r}")
        if not (isinstance(self.min_weight, int) and self.min_weight >= 1):
            raise RecipeError(f"min_weight is a whole number, 1 or more, not {self.min_weight!r}")
        if not 0 <= self.merge_km <= 1000:
            raise RecipeError(f"merge_km is a distance from 0 (merges nothing) to 1,000 km, not {self.merge_km!r}")


def find_clusters(lat: _Floats, lon: _Floats, weight: _Floats, rule: ClusterRule) -> _Ints:
    """Find the cluster of every point.

    1. Points of equal coordinates become one; their weights add up.
    2. A point is dense if the points within `radius_km` of it (great circle, itself among them) weigh at least
       `min_weight` together. Dense points within `radius_km` of each other are in one cluster, directly or
       through others. A point that is not dense but has a dense one within `radius_km` is in the cluster of the
       nearest dense one (DBSCAN leaves open which one, if there are several). All others are noise.
    3. Clusters are merged if a point of one and a point of the other (dense or not) lie within `merge_km`,
       directly or through others. Distance alone decides, not who works with whom.

    Memory: if the neighbourhoods of all points would hold more than 50 million points together, the points of a cell
    become one at their weighted mean, with cells of a sixteenth of the radius (about 1 km), or of twice, four
    times... that, until they do not. A distance is then off by less than three sides of a cell; without cells
    it is exact, and turning the globe on its axis changes nothing.

    Parameters
    ----------
    lat, lon : numpy.ndarray of float
        Degrees, shape (n,), finite.
    weight : numpy.ndarray of float
        Weights above 0, shape (n,).
    rule : ClusterRule
        Radius, weight and distance.

    Returns
    -------
    numpy.ndarray of int
        Shape (n,): numbers from 0, the heaviest cluster first (of equally heavy ones the southernmost, then the
        westernmost by its first point); -1 for noise. The order of the points changes nothing.

    Examples
    --------
    >>> lat, lon = np.array([50.0, 50.1, 60.0]), np.array([8.0, 8.0, 8.0])
    >>> find_clusters(lat, lon, np.array([60.0, 60.0, 90.0]), ClusterRule()).tolist()
    [0, 0, -1]
    """
    if not len(lat):
        return np.empty(0, dtype=np.int64)
    point_of, lat, lon, weight = _distinct(lat, lon, weight)
    cell_of, lat, lon, weight = _in_cells(lat, lon, weight, rule.radius_km)
    points = np.radians(np.stack([lat, lon], axis=1))
    label = _joined(points, _dense(points, weight, rule), rule.merge_km)
    return _by_weight(label, weight)[cell_of][point_of]


def weighted_means(lat: _Floats, lon: _Floats, weight: _Floats, group: _Ints) -> tuple[_Floats, _Floats]:
    """Return the mean point of each group: the direction of the weighted sum of the unit vectors.

    Parameters
    ----------
    lat, lon : numpy.ndarray of float
        Degrees, shape (n,), finite.
    weight : numpy.ndarray of float
        Weights, shape (n,).
    group : numpy.ndarray of int
        Group of each point, numbers from 0, none left out.

    Returns
    -------
    lat, lon : numpy.ndarray
        Degrees, one for each group.
    """
    vectors = unit_vectors(lat, lon)
    x, y, z = (_sums(group, vectors[:, axis] * weight) for axis in range(3))
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def _distinct(lat: _Floats, lon: _Floats, weight: _Floats) -> tuple[_Ints, _Floats, _Floats, _Floats]:
    """Return the number of each point's coordinates, these sorted, and their weights."""
    order = np.lexsort((lon, lat))
    sorted_lat, sorted_lon = lat[order], lon[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(sorted_lat) != 0) | (np.diff(sorted_lon) != 0)
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.cumsum(new) - 1
    return number, sorted_lat[new], sorted_lon[new], _sums(number, weight)


def _in_cells(lat: _Floats, lon: _Floats, weight: _Floats, radius_km: float) -> tuple[_Ints, _Floats, _Floats, _Floats]:
    """Return the number of each point's cell, the cells' mean points and weights; cells only where it needs them."""
    cell_of, cells = np.arange(len(lat)), (lat, lon, weight)
    side_km = radius_km / 16
    while _expected_pairs(cells[0], cells[1], radius_km) > _MOST_PAIRS:
        cell_of = _cells(lat, lon, side_km)
        cells = (*weighted_means(lat, lon, weight, cell_of), _sums(cell_of, weight))
        side_km *= 2
    return cell_of, *cells


def _cells(lat: _Floats, lon: _Floats, side_km: float) -> _Ints:
    """Return the number of each point's cell in bands of latitude that are cut into nearly square pieces."""
    degrees = np.degrees(side_km / EARTH_RADIUS_KM)
    band = np.floor(lat / degrees)
    pieces = np.maximum(1, np.ceil(360 / degrees * np.cos(np.radians((band + 0.5) * degrees))))
    piece = np.floor((lon + 180) / 360 * pieces) % pieces
    _, cell_of = np.unique(band * np.ceil(360 / degrees) + piece, return_inverse=True)
    return cell_of.astype(np.int64)


def _expected_pairs(lat: _Floats, lon: _Floats, radius_km: float) -> float:
    """Count the neighbours of some points, which are sorted, evenly picked; scale it to all."""
    points = np.radians(np.stack([lat, lon], axis=1))
    picked = points[:: len(points) // _SAMPLE + 1]
    counts = _tree(points).query_radius(picked, radius_km / EARTH_RADIUS_KM, count_only=True)
    return float(counts.mean()) * len(points)


def _dense(points: _Floats, weight: _Floats, rule: ClusterRule) -> _Ints:
    """Return the DBSCAN cluster of each point, -1 for noise."""
    from sklearn.cluster import DBSCAN  # noqa: PLC0415 - slow to load

    radius = rule.radius_km / EARTH_RADIUS_KM
    found = DBSCAN(eps=radius, min_samples=int(rule.min_weight), metric="haversine", algorithm="ball_tree")
    found.fit(points, sample_weight=weight)
    dense = found.core_sample_indices_
    label = np.full(len(points), -1, dtype=np.int64)
    label[dense] = found.labels_[dense]
    # DBSCAN gives a point between clusters to the one it meets first, which hangs on the order of the points.
    border = np.flatnonzero((label < 0) & (found.labels_ >= 0))
    if len(border):
        nearest = _tree(points[dense]).query(points[border], k=1, return_distance=False)[:, 0]
        label[border] = label[dense[nearest]]
    return label


def _joined(points: _Floats, label: _Ints, merge_km: float) -> _Ints:
    """Give clusters one number whose points come within a distance of each other."""
    from scipy.sparse import coo_array  # noqa: PLC0415 - slow to load
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - slow to load

    n = int(label.max()) + 1
    if merge_km == 0 or n < 2:
        return label
    inside = np.flatnonzero(label >= 0)
    points, of, reach = points[inside], label[inside], merge_km / EARTH_RADIUS_KM
    tree = _tree(points)
    ends = np.cumsum(tree.query_radius(points, reach, count_only=True))
    cuts = np.unique(np.searchsorted(ends, np.arange(_MOST_PAIRS, ends[-1], _MOST_PAIRS)))
    pairs = [np.empty(0, dtype=np.int64)]
    for rows in np.split(np.arange(len(points)), cuts[cuts > 0]):
        near = tree.query_radius(points[rows], reach)
        one, other = np.repeat(of[rows], [len(found) for found in near]), of[np.concatenate(near)]
        pairs.append(np.unique((one * n + other)[one != other]))
    one, other = np.divmod(np.concatenate(pairs), n)
    touching = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(n, n))
    _, merged = connected_components(touching, directed=False)
    return np.append(merged.astype(np.int64), -1)[label]


def _by_weight(label: _Ints, weight: _Floats) -> _Ints:
    """Give the heaviest cluster the number 0, and so on."""
    inside = np.flatnonzero(label >= 0)
    if not len(inside):
        return label
    _, first, of = np.unique(label[inside], return_index=True, return_inverse=True)
    total = _sums(of, weight[inside])
    number = np.empty(len(total), dtype=np.int64)
    number[np.lexsort((first, -total))] = np.arange(len(total))
    result = np.full(len(label), -1, dtype=np.int64)
    result[inside] = number[of]
    return result


def _sums(group: _Ints, values: _Floats) -> _Floats:
    return np.bincount(group, weights=values).astype(np.float64)


def _tree(points: _Floats) -> Any:
    from sklearn.neighbors import BallTree  # noqa: PLC0415 - slow to load

    return BallTree(points, metric="haversine")
