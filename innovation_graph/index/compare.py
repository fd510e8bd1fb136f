"""Comparing indices: the same places in several rankings, and in network measures."""

from collections.abc import Collection, Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from innovation_graph._data import data_path
from innovation_graph._ranks import rank
from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index._hubs import hubs_of
from innovation_graph.index.published import gihi2024 as gihi2024_published

__all__ = ["PUBLISHED", "agreement", "disagreements", "hubs_of", "published", "to_hubs"]

PUBLISHED: Mapping[str, tuple[str, str, str, str]] = {
    "gis100_2025": ("gis100_2025_top30", "rank", "city", "country"),
    "industrial_innovation_2025": ("industrial_innovation_2025_top10", "rank", "city", "country"),
    "wipo_clusters_2025": ("wipo_clusters_2025_known", "rank_2025", "cluster", "economy"),
}
"""Other indices with published ranks: file in `data/other_indices`, columns of rank, city and country.

None is complete: the first 30 places, the first ten, and three single ranks.
"""

_WHOLE = "gihi2024"

_Array = NDArray[np.float64]


def published(name: str) -> pd.Series:
    """Return the published ranks of another index by hub.

    Parameters
    ----------
    name : str
        "gihi2024", or a key of `PUBLISHED`.

    Returns
    -------
    pandas.Series
        Ranks by place id, 1 is the best; of several cities in one hub the best rank. Lists are cut off (that of the
        GIHI after its first hundred): a place that is missing may have any later rank.

    Raises
    ------
    UnknownNameError
        If there is no such index.

    Examples
    --------
    >>> int(published("gis100_2025")["kyoto-osaka-kobe"])
    26
    """
    if name == _WHOLE:
        made = gihi2024_published()
        return made.ranks["table 2"][made.spec.root].rename(name)
    if name not in PUBLISHED:
        raise UnknownNameError("published index", name, (_WHOLE, *PUBLISHED))
    file, value, city, country = PUBLISHED[name]
    table = pd.read_csv(data_path("other_indices") / f"{file}.csv", keep_default_na=False)
    return to_hubs(table, value, city=city, country=country, combine="min")[value].rename(name)


def to_hubs(
    table: pd.DataFrame, value: str, *, city: str = "city", country: str = "country", combine: str = "min"
) -> pd.DataFrame:
    """Bring a list of cities to the hubs that they lie in.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a city.
    value : str
        Column of ranks or scores; rows without a value are left out.
    city, country : str
        Columns of name and two-letter country code; see `hubs_of`.
    combine : {"min", "max", "mean"}
        What a hub with several cities gets: "min" is the best rank, "max" the best score, "mean" the mean.

    Returns
    -------
    pandas.DataFrame
        By place id: the value, `n_cities`, `cities`. Cities in no hub are left out; `hubs_of` names them.

    Raises
    ------
    UnknownNameError
        If there is no such column or rule.
    """
    for column in (value, city):
        if column not in table.columns:
            raise UnknownNameError("column", column, table.columns)
    if combine not in ("min", "max", "mean"):
        raise UnknownNameError("rule for several cities in a hub", combine, ("min", "max", "mean"))
    found = hubs_of(table, city=city, country=country)
    numbers = pd.to_numeric(table[value], errors="coerce")
    rows = found.assign(**{value: numbers})[found["place_id"].notna() & numbers.notna()]
    by_hub = rows.groupby("place_id", sort=False)
    return pd.DataFrame(
        {value: by_hub[value].agg(combine), "n_cities": by_hub.size(), "cities": by_hub["city"].agg("; ".join)}
    )


def agreement(
    measures: Mapping[str, pd.Series],
    *,
    ranks: Collection[str] = (),
    cut: Collection[str] = (),
    top: int = 10,
    level: float = 0.95,
) -> pd.DataFrame:
    """Say how far rankings agree, pair by pair.

    Parameters
    ----------
    measures : mapping of str to pandas.Series
        Scores, ranks or network measures by place id; missing values are left out.
    ranks : collection of str
        Names of those in which 1 is the best; in the others more is better.
    cut : collection of str
        Names of those that list the first places only. Among leaders correlations are lower than among all.
    top : int
        How many leading places are compared.
    level : float
        Of the intervals, 0 to 1.

    Returns
    -------
    pandas.DataFrame
        One row a pair: `first`, `second`; `n`, the places that both have; `spearman` and `kendall` (tau-b), each
        with `_low` and `_high`; `weighted_tau` (exchanges among the leaders weigh more: hyperbolic, additive, mean
        of both orders); `top`, the k that was compared, at most the length of the shorter list; `overlap`, the
        share of the k leaders of each that the other has, ties at the edge counted in; `note`. Correlations
        are over the common places, overlap over each list as it is; NaN below three places or if all are equal.

    Raises
    ------
    UnknownNameError
        If `ranks` or `cut` names a measure that is not there.
    ScoringError
        If a series names a place twice, the level is not between 0 and 1, or `top` is below 1.

    Notes
    -----
    Intervals by Fisher's transformation, with the variances of Bonett and Wright for Spearman, (1 + r^2 / 2) / (n - 3),
    and of Fieller, Hartley and Pearson for Kendall, 0.437 / (n - 4); none below five places. They take the
    common places for a random sample of many, which those of a cut list are not.

    References
    ----------
    Bonett and Wright (2000), Sample size requirements for estimating Pearson, Kendall and Spearman correlations;
    Fieller, Hartley and Pearson (1957), Tests for rank correlation coefficients; Vigna (2015), A weighted correlation
    index for rankings with ties.
    """
    for name in (*ranks, *cut):
        if name not in measures:
            raise UnknownNameError("measure", name, measures)
    if not 0 < level < 1:
        raise ScoringError(f"the level of an interval lies between 0 and 1, not {level}")
    if top < 1:
        raise ScoringError(f"expected to compare at least the first place, got top = {top}")
    better = {name: _better(name, series, is_rank=name in ranks) for name, series in measures.items()}
    return pd.DataFrame(
        [
            _pair(first, second, better, cut=set(cut), top=top, level=level)
            for first, second in combinations(measures, 2)
        ]
    )


def disagreements(first: pd.Series, second: pd.Series, *, ranks: tuple[bool, bool] = (False, False)) -> pd.DataFrame:
    """Return where two rankings differ most.

    Parameters
    ----------
    first, second : pandas.Series
        Scores, ranks or measures by place id.
    ranks : tuple of bool
        For each whether 1 is the best.

    Returns
    -------
    pandas.DataFrame
        Common places, the largest difference first (ties in the order of the first): `first` and `second` as
        given; `rank_first` and `rank_second` anew among the common places (ties: mean); `difference` =
        `rank_second` - `rank_first`, positive where the first sees the place further ahead.

    Raises
    ------
    ScoringError
        If a series names a place twice.
    """
    one, two = (
        _better(name, series, is_rank=is_rank)
        for name, series, is_rank in zip(("first", "second"), (first, second), ranks, strict=True)
    )
    both = one.index[one.index.isin(two.index)]
    table = pd.DataFrame({"first": first[both], "second": second[both]}, index=both)
    table["rank_first"], table["rank_second"] = (rank(each[both], ties="average") for each in (one, two))
    table["difference"] = table["rank_second"] - table["rank_first"]
    return table.loc[table["difference"].abs().sort_values(ascending=False, kind="stable").index].rename_axis(
        "place_id"
    )


def _better(name: str, series: pd.Series, *, is_rank: bool) -> pd.Series:
    if not series.index.is_unique:
        raise ScoringError(f"{name} names {series.index[series.index.duplicated()][0]!r} twice; see to_hubs")
    known = series.dropna().astype(np.float64)
    return -known if is_rank else known


def _pair(
    first: str, second: str, better: Mapping[str, pd.Series], *, cut: set[str], top: int, level: float
) -> dict[str, object]:
    one, two = better[first], better[second]
    both = one.index[one.index.isin(two.index)]
    x, y = (rank(each[both], ties="average").to_numpy(dtype=np.float64) for each in (one, two))
    n, k = len(both), min(top, len(one), len(two))
    spearman, kendall, weighted = _correlations(-x, -y)
    z = stats.norm.ppf((1 + level) / 2)
    leaders = [set(each.index[(rank(each) <= k).to_numpy(dtype=bool)]) for each in (one, two)] if k else [set(), set()]
    largest = max(map(len, leaders))
    notes = [f"{name} gives {len(better[name])} places only" for name in (first, second) if name in cut]
    if n < 10:
        notes.append("very few places")
    row: dict[str, object] = {"first": first, "second": second, "n": n}
    for name, r, variance in (
        ("spearman", spearman, (1 + spearman**2 / 2) / (n - 3) if n > 4 else np.nan),
        ("kendall", kendall, 0.437 / (n - 4) if n > 4 else np.nan),
    ):
        low, high = _interval(r, z * np.sqrt(variance))
        row |= {name: r, f"{name}_low": low, f"{name}_high": high}
    row |= {"weighted_tau": weighted, "top": k}
    row["overlap"] = len(leaders[0] & leaders[1]) / largest if largest else np.nan
    row["note"] = "; ".join(notes)
    return row


def _correlations(x: _Array, y: _Array) -> tuple[float, float, float]:
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan, np.nan, np.nan
    return (
        float(stats.spearmanr(x, y).statistic),
        float(stats.kendalltau(x, y).statistic),
        float(stats.weightedtau(x, y).statistic),
    )


def _interval(r: float, half: float) -> tuple[float, float]:
    if np.isnan(half) or np.isnan(r):
        return np.nan, np.nan
    if abs(r) >= 1 - 1e-12:
        return r, r
    return float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))
