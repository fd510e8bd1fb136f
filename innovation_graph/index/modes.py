"""Development modes: places grouped by the shape of their dimension scores, hierarchically, and how sure that is.

Published dimension scores are mapped by min-max one by one and cannot be compared across dimensions. `common_values`
takes them back to one scale by the relations of an audit; `cluster` groups places, `agreement` compares with a
published grouping, `scan` says how many choices of method reach which agreement, `stability` how much hangs on rounding
and on single places.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster import hierarchy
from scipy.optimize import linear_sum_assignment
from scipy.spatial import distance

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index._scale import hidden_bounds, relative_ranges
from innovation_graph.index.audit import Audit

__all__ = [
    "DISTANCES",
    "LINKAGES",
    "Agreement",
    "Modes",
    "agreement",
    "cluster",
    "common_values",
    "scalings",
    "scan",
    "stability",
]

_Array = NDArray[np.float64]

DISTANCES: tuple[str, ...] = ("euclidean", "sqeuclidean", "cityblock", "chebyshev", "cosine", "correlation")
"""Distances between the rows of two places, as in `scipy.spatial.distance`."""

LINKAGES: tuple[str, ...] = ("single", "complete", "average", "weighted", "ward", "centroid", "median")
"""Linkages, as in `scipy.cluster.hierarchy`; the last three take Euclidean distances only."""

_EUCLIDEAN = ("ward", "centroid", "median")


@dataclass(frozen=True, eq=False)
class Modes:
    """Groups of places, and the tree that they were cut from.

    Parameters
    ----------
    dimensions : pandas.DataFrame
        Place x dimension, as clustered.
    merges : numpy.ndarray
        The tree, as `scipy.cluster.hierarchy.linkage` gives it; `dendrogram` draws it.
    labels : pandas.Series
        Number of the group of each place, from 1 in the order of the places.
    distance, linkage : str
        Method.
    """

    dimensions: pd.DataFrame
    merges: _Array
    labels: pd.Series
    distance: str
    linkage: str

    def __repr__(self) -> str:
        """Say how many groups there are."""
        sizes = " + ".join(str(size) for size in self.labels.value_counts(sort=False))
        return f"<Modes: {len(self.labels)} places in groups of {sizes}; {self.distance}, {self.linkage}>"

    def profiles(self) -> pd.DataFrame:
        """Return the mean of each dimension by group, and the number of places."""
        means = self.dimensions.groupby(self.labels).mean()
        return means.assign(places=self.labels.value_counts().reindex(means.index)).rename_axis("mode")


@dataclass(frozen=True, eq=False)
class Agreement:
    """Two groupings of the same places, matched group by group so that most places agree.

    Parameters
    ----------
    matched : int
        Places in matching groups.
    names : mapping of int to str
        Published name of each group; groups left over have their number.
    table : pandas.DataFrame
        By place: `published`, `found`, `agrees`.
    adjusted_rand : float
        Adjusted Rand index: 1 the same, 0 as by chance.
    """

    matched: int
    names: Mapping[int, str]
    table: pd.DataFrame
    adjusted_rand: float

    def __repr__(self) -> str:
        """Say how many agree and who does not."""
        apart = ", ".join(map(str, self.table.index[~self.table["agrees"]])) or "none"
        return f"<Agreement: {self.matched} of {len(self.table)} places, others: {apart}>"


def common_values(audit: Audit, codes: Sequence[str] | None = None) -> pd.DataFrame:
    r"""Take printed scores back to weighted sums of z on one scale, 0 to 100 over all nodes together.

    .. math:: Z_k \propto \rho_k \left( \frac{X_k - low}{high - low} - m_k \right)

    with :math:`\rho_k` the range of node k by that of the root, from the relations, and :math:`m_k` the mean over
    all places, where weighted sums of z are 0. Places that are not printed enter the mean with the middle of their
    bounds. Then one minimum and one maximum over all nodes and places become 0 and 100.

    Parameters
    ----------
    audit : Audit
        Relations and values.
    codes : sequence of str, optional
        Nodes; default: the children of the root.

    Returns
    -------
    pandas.DataFrame
        Place x node; missing where not printed.

    Raises
    ------
    UnknownNameError
        If a node has no relation with the root.
    """
    relative = relative_ranges(audit)
    codes = audit.published.spec.children[audit.published.spec.root] if codes is None else list(codes)
    for code in codes:
        if code not in relative:
            raise UnknownNameError("node with a relation to the root", code, relative)
    raw = _sums(audit, codes)
    bottom, top = float(raw.min().min()), float(raw.max().max())
    return (raw - bottom) / (top - bottom) * 100


def _sums(audit: Audit, codes: Sequence[str]) -> pd.DataFrame:
    """Return weighted sums of z in ranges of the root, 0 in the mean over all places."""
    published, relative = audit.published, relative_ranges(audit)
    low, high = hidden_bounds(audit)
    full = audit.scores.fillna((low + high) / 2)[codes]
    ranges = pd.Series({code: relative[code][1] for code in codes})
    return (audit.scores[codes] - full.mean()) / (published.high - published.low) * ranges


def scalings(audit: Audit) -> dict[str, pd.DataFrame]:
    """Return the dimension scores in the scalings that `scan` goes through.

    Parameters
    ----------
    audit : Audit
        Relations and values.

    Returns
    -------
    dict of str to pandas.DataFrame
        `common`: as `common_values`; `z`: the same sums around 0, not moved to 0..100 (another result with the cosine
        only); `printed`: as printed; `standardised`: each dimension with mean 0 and standard deviation 1 over the
        places printed.
    """
    common = common_values(audit)
    printed = audit.scores[list(common.columns)]
    return {
        "common": common,
        "z": _sums(audit, list(common.columns)),
        "printed": printed,
        "standardised": (printed - printed.mean()) / printed.std(ddof=0),
    }


def cluster(
    values: pd.DataFrame, n_modes: int = 4, *, distance: str = "correlation", linkage: str = "complete"
) -> Modes:
    """Group places hierarchically and cut the tree.

    Parameters
    ----------
    values : pandas.DataFrame
        Place x dimension without missing values.
    n_modes : int
        Number of groups.
    distance, linkage : str
        A name of `DISTANCES` and of `LINKAGES`.

    Returns
    -------
    Modes
        Fewer groups than asked for only if the tree has ties there.

    Raises
    ------
    UnknownNameError
        If there is no such distance or linkage.
    ScoringError
        If a value is missing, groups are more than places, the linkage does not go with the distance, or a place
        has no shape (all dimensions equal) where the distance compares shapes.
    """
    if distance not in DISTANCES:
        raise UnknownNameError("distance", distance, DISTANCES)
    if linkage not in LINKAGES:
        raise UnknownNameError("linkage", linkage, LINKAGES)
    if linkage in _EUCLIDEAN and distance != "euclidean":
        raise ScoringError(f"linkage {linkage} takes Euclidean distances, not {distance}")
    if values.isna().to_numpy().any():
        raise ScoringError(f"{values.index[values.isna().any(axis=1)][0]} lacks a dimension; leave it out")
    if not 1 <= n_modes <= len(values):
        raise ScoringError(f"expected 1 to {len(values)} groups of {len(values)} places, got {n_modes}")
    x = values.to_numpy(dtype=np.float64)
    flat = (np.ptp(x, axis=1) == 0) if distance == "correlation" else (x == 0).all(axis=1)
    if distance in ("correlation", "cosine") and flat.any():
        raise ScoringError(f"{values.index[flat][0]} has no shape that the distance {distance} could compare")
    merges = hierarchy.linkage(_pairs(x, distance), method=linkage)
    cut = hierarchy.fcluster(merges, n_modes, criterion="maxclust")
    numbers = pd.Series(pd.factorize(cut)[0] + 1, index=values.index, name="mode")
    return Modes(values, merges, numbers, distance, linkage)


def agreement(found: pd.Series, published: pd.Series) -> Agreement:
    """Match the groups of two groupings so that most places agree.

    Parameters
    ----------
    found, published : pandas.Series
        Group by place; places of `published` that `found` lacks are left out, and the other way round.

    Returns
    -------
    Agreement
        The best matching (Hungarian method).

    Raises
    ------
    ScoringError
        If they have no place in common.
    """
    both = pd.DataFrame({"published": published, "found": found}).dropna()
    if both.empty:
        raise ScoringError("the two groupings have no place in common")
    counts = pd.crosstab(both["found"], both["published"])
    rows, columns = linear_sum_assignment(-counts.to_numpy())
    names = {int(counts.index[row]): str(counts.columns[column]) for row, column in zip(rows, columns, strict=True)}
    names = {int(group): names.get(int(group), f"group {int(group)}") for group in counts.index}
    table = both.assign(found=both["found"].map(names))
    table["agrees"] = table["found"] == table["published"]
    order = [place for place in published.index if place in table.index]
    return Agreement(int(table["agrees"].sum()), names, table.loc[order], _adjusted_rand(counts.to_numpy()))


def scan(
    versions: Mapping[str, pd.DataFrame],
    published: pd.Series,
    *,
    distances: Sequence[str] = DISTANCES,
    linkages: Sequence[str] = LINKAGES,
) -> pd.DataFrame:
    """Try all combinations of scaling, distance and linkage against a published grouping.

    The best of many tries flatters: what counts is how many tries reach it, and whether the method is the stated one.

    Parameters
    ----------
    versions : mapping of str to pandas.DataFrame
        Place x dimension by name of the scaling.
    published : pandas.Series
        Published group by place; as many groups are cut.
    distances, linkages : sequence of str
        What to try; linkages that take Euclidean distances only are not tried with others.

    Returns
    -------
    pandas.DataFrame
        One row a try, the best first: `scaling`, `distance`, `linkage`, `groups`, `matched`, `of`,
        `adjusted_rand`, `apart`: places that do not agree, `reached_by`: number of tries that agree as well or better,
        `tries`: number of all.
    """
    rows = []
    for scaling, values in versions.items():
        for metric in distances:
            for method in [name for name in linkages if metric == "euclidean" or name not in _EUCLIDEAN]:
                modes = cluster(values.loc[published.index], published.nunique(), distance=metric, linkage=method)
                found = agreement(modes.labels, published)
                apart = ", ".join(map(str, found.table.index[~found.table["agrees"]]))
                rand = found.adjusted_rand
                groups = modes.labels.nunique()
                rows.append((scaling, metric, method, groups, found.matched, len(published), rand, apart))
    columns = ["scaling", "distance", "linkage", "groups", "matched", "of", "adjusted_rand", "apart"]
    table = pd.DataFrame(rows, columns=columns)
    table["reached_by"] = [int((table["matched"] >= matched).sum()) for matched in table["matched"]]
    return table.assign(tries=len(table)).sort_values(["matched", "adjusted_rand"], ascending=False, kind="stable")


def stability(
    audit: Audit,
    places: Sequence[str],
    n_modes: int = 4,
    *,
    distance: str = "correlation",
    linkage: str = "complete",
    replicates: int = 200,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Group again with everything that is not known exactly drawn at random, and without each place in turn.

    Drawn, uniformly: each printed score within rounding, each score that is not printed within its bounds (it shares in
    where zero lies), each range within what rounding permits.

    Parameters
    ----------
    audit : Audit
        Relations and values.
    places : sequence of str
        The places that are grouped.
    n_modes : int
        Number of groups.
    distance, linkage : str
        Method, as for `cluster`.
    replicates : int
        Number of draws.
    seed : int
        Of the draws.

    Returns
    -------
    by_place : pandas.DataFrame
        Share of the runs in which each place stays in its group, after matching: `noise`, `jackknife`.
    runs : pandas.DataFrame
        One row a run: `kind` (noise, jackknife), `without`: the place left out, `matched`, `of`.

    Raises
    ------
    ScoringError
        As `cluster`.
    """
    values = common_values(audit).loc[list(places)]
    base = cluster(values, n_modes, distance=distance, linkage=linkage).labels
    rng = np.random.default_rng(seed)
    drawn = _drawn(audit, list(values.columns), rng, replicates)
    stays: dict[str, list[pd.Series]] = {"noise": [], "jackknife": []}
    runs = []
    for kind, n in (("noise", replicates), ("jackknife", len(values))):
        for run in range(n):
            without = "" if kind == "noise" else str(values.index[run])
            shaken = next(drawn).loc[values.index] if kind == "noise" else values.drop(index=without)
            again = cluster(shaken, n_modes, distance=distance, linkage=linkage)
            found = agreement(again.labels, base.astype("str"))
            stays[kind].append(found.table["agrees"])
            runs.append((kind, without, found.matched, len(shaken)))
    shares = {kind: pd.concat(parts, axis=1).astype("float64").mean(axis=1) for kind, parts in stays.items() if parts}
    by_place = pd.DataFrame(shares).reindex(values.index)
    return by_place, pd.DataFrame(runs, columns=["kind", "without", "matched", "of"])


def _drawn(audit: Audit, codes: list[str], rng: np.random.Generator, replicates: int) -> Iterator[pd.DataFrame]:
    """Yield weighted sums of z, from 0 on as on the common scale, with what is not known exactly drawn."""
    published, values, relative = audit.published, audit.scores[codes], relative_ranges(audit)
    bounds = [side[codes].to_numpy() for side in hidden_bounds(audit)]
    ends = np.array([[relative[code][0] for code in codes], [relative[code][2] for code in codes]])
    printed = values.to_numpy()
    for _ in range(replicates):
        full = printed + rng.uniform(-published.half, published.half, printed.shape)
        full = np.where(np.isnan(printed), bounds[0] + (bounds[1] - bounds[0]) * rng.random(printed.shape), full)
        sums = (full - full.mean(axis=0)) * rng.uniform(ends[0], ends[1])
        yield pd.DataFrame(sums - sums.min(), index=values.index, columns=values.columns)


def _pairs(x: _Array, metric: str) -> _Array:
    pairs = distance.pdist(x, metric)
    # Distances of shapes that are equal come out as tiny numbers of either sign.
    return np.asarray(np.maximum(pairs, 0.0), dtype=np.float64)


def _adjusted_rand(counts: NDArray[np.int64]) -> float:
    def pairs(n: NDArray[np.int64]) -> float:
        return float((n * (n - 1) / 2).sum())

    together, rows, columns = pairs(counts), pairs(counts.sum(axis=1)), pairs(counts.sum(axis=0))
    expected = rows * columns / max(1.0, pairs(counts.sum(keepdims=True)))
    most = (rows + columns) / 2
    return 1.0 if most == expected else (together - expected) / (most - expected)
