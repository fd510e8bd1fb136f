"""Before anything is compared: which places take part, per what they are counted, and values left out.

References
----------
OECD and JRC (2008), Handbook on constructing composite indicators, steps 2 and 3.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import pandas as pd

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index.spec import Imputation

__all__ = ["IMPUTATIONS", "availability", "denominate", "impute", "latest", "screen"]


def availability(values: pd.DataFrame) -> pd.Series:
    """Return the share of indicators for which each place has a value, 0 to 1."""
    return values.notna().mean(axis=1).rename("availability")


def screen(values: pd.DataFrame, minimum: float) -> tuple[pd.DataFrame, pd.Series]:
    """Leave out places with too few values.

    Parameters
    ----------
    values : pandas.DataFrame
        Place x indicator.
    minimum : float
        Least share of indicators with a value, 0 to 1.

    Returns
    -------
    kept : pandas.DataFrame
        The rows of the places that take part.
    left_out : pandas.Series
        Availability of the others.
    """
    share = availability(values)
    stays = share >= minimum - 1e-12
    return values[stays], share[~stays]


def denominate(
    values: pd.DataFrame, by: Mapping[str, str], denominators: pd.DataFrame, *, scale: float = 1.0
) -> pd.DataFrame:
    """Divide indicators by the size of the place: per inhabitant, per GDP.

    Parameters
    ----------
    values : pandas.DataFrame
        Place x indicator.
    by : mapping
        Column of `denominators` by indicator; other indicators stay as they are.
    denominators : pandas.DataFrame
        Place x size, above 0; a missing size makes the indicator missing.
    scale : float
        Factor, e.g. 1e6 for "per million".

    Returns
    -------
    pandas.DataFrame
        Same shape and labels.

    Raises
    ------
    ScoringError
        If an indicator, a column or a place is missing or a place comes twice, or a size is no number above 0.
    """
    out = values.copy()
    if not denominators.index.is_unique:
        twice = denominators.index[denominators.index.duplicated()][0]
        raise ScoringError(f"the denominators name {twice!r} twice")
    for indicator, column in by.items():
        if indicator not in values.columns:
            raise ScoringError(f"indicator {indicator} is to be divided by {column!r}, but is not among the values")
        if column not in denominators.columns:
            raise ScoringError(
                f"indicator {indicator} is to be divided by {column!r}, which is no column of the denominators; "
                f"there are {list(denominators.columns)}"
            )
        absent = values.index.difference(denominators.index)
        if len(absent):
            raise ScoringError(f"the denominators lack {len(absent)} places, the first is {absent[0]!r}")
        given = denominators.loc[values.index, column]
        size = pd.to_numeric(given, errors="coerce")
        wrong = (size.isna() & given.notna()) | np.isinf(size)
        if wrong.any():
            place = size.index[wrong][0]
            raise ScoringError(f"{column} of {place}: expected a number above 0, got {given[place]}")
        if (size <= 0).any():
            place = size.index[size <= 0][0]
            raise ScoringError(f"{column} of {place} is {size[place]:g}; a denominator must be above 0")
        out[indicator] = values[indicator] / size * scale
    return out


def impute(
    values: pd.DataFrame, how: Imputation | str = "mean", *, groups: pd.Series | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fill missing values.

    ================  ============================================================================
    method            a missing value becomes
    ================  ============================================================================
    `none`            stays missing
    `mean`            the mean of the indicator
    `median`          the median of the indicator
    `group_mean`      the mean among the places of its group; of a group without any value, of all
    `group_median`    the median, likewise
    `nearest`         the mean of the k places nearest in the indicators both have (z, Euclidean)
    ================  ============================================================================

    Parameters
    ----------
    values : pandas.DataFrame
        Place x indicator.
    how : Imputation or str
        Method and its parameters, or the name of a method with its defaults.
    groups : pandas.Series, optional
        Group of each place, for the methods by group.

    Returns
    -------
    filled : pandas.DataFrame
        Same shape and labels.
    imputed : pandas.DataFrame of bool
        True where a value was filled.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    ScoringError
        If groups are needed and missing, an indicator has no value at all, or `neighbours` is below 1.
    """
    how = Imputation(method=how) if isinstance(how, str) else how
    if how.method not in IMPUTATIONS:
        raise UnknownNameError("imputation", how.method, IMPUTATIONS)
    if how.method != "none" and values.isna().all().any():
        empty = [str(name) for name in values.columns[values.isna().all()]]
        raise ScoringError(f"indicators without any value cannot be filled: {', '.join(empty)}; leave them out")
    if wrong := how.wrong():
        raise ScoringError(f"imputation {how.method}: expected {wrong}")
    if how.method.startswith("group"):
        if groups is None or groups.reindex(values.index).isna().any():
            raise ScoringError(f"imputation {how.method} needs the group of every place (column {how.group!r})")
        groups = groups.reindex(values.index)
    filled = IMPUTATIONS[how.method](values, how, groups)
    return filled, values.isna() & filled.notna()


def latest(panel: pd.DataFrame, year: int, *, method: str = "latest") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fill the values of a year from other years of the same place.

    Parameters
    ----------
    panel : pandas.DataFrame
        Indexed by place and year (two levels), one column an indicator.
    year : int
        The year wanted.
    method : {"latest", "linear"}
        "latest": the newest value up to the year. "linear": between the nearest years on both sides the
        straight line; after the last year the newest value, before the first none.

    Returns
    -------
    values : pandas.DataFrame
        Place x indicator, of the year.
    imputed : pandas.DataFrame of bool
        True where the value is not of that year.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    ScoringError
        If a place has two rows of one year.
    """
    if method not in ("latest", "linear"):
        raise UnknownNameError("panel imputation", method, ("latest", "linear"))
    if not panel.index.is_unique:
        raise ScoringError(f"the panel names place and year twice: {panel.index[panel.index.duplicated()][0]}")
    columns, flags = {}, {}
    for name, column in panel.items():
        by_year = column.unstack(level=0)  # noqa: PD010 - a Series, one value a place and year
        years = sorted({*by_year.index, year})
        by_year = by_year.reindex(years)
        before = by_year.loc[year].notna()
        if method == "linear":
            by_year = by_year.interpolate(method="index", limit_area="inside")
        columns[name] = by_year.ffill().loc[year]
        flags[name] = ~before & columns[name].notna()
    return pd.DataFrame(columns), pd.DataFrame(flags)


def _nearest(values: pd.DataFrame, how: Imputation, groups: pd.Series | None) -> pd.DataFrame:  # noqa: ARG001 - all methods are called alike
    x = values.to_numpy(dtype=np.float64)
    sd = np.nanstd(x, axis=0)
    z = (x - np.nanmean(x, axis=0)) / np.where(sd > 0, sd, 1.0)
    there = ~np.isnan(z)
    zero = np.where(there, z, 0.0)
    common = there.astype(float) @ there.T
    squares = (zero**2) @ there.T + there @ (zero**2).T - 2 * zero @ zero.T
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(common > 0, np.maximum(squares, 0) / common, np.inf)  # mean over what both have
    np.fill_diagonal(distance, np.inf)
    out = x.copy()
    for row, column in zip(*np.nonzero(~there), strict=True):
        candidates = np.flatnonzero(there[:, column] & np.isfinite(distance[row]))
        order = candidates[np.argsort(distance[row, candidates], kind="stable")][: how.neighbours]
        out[row, column] = x[order, column].mean() if len(order) else np.nan
    return pd.DataFrame(out, index=values.index, columns=values.columns)


def _of_group(statistic: Literal["mean", "median"]) -> Callable[..., pd.DataFrame]:
    def fill(values: pd.DataFrame, how: Imputation, groups: pd.Series) -> pd.DataFrame:  # noqa: ARG001 - all methods are called alike
        within = values.groupby(groups.to_numpy()).transform(statistic)
        return values.fillna(within).fillna(getattr(values, statistic)())

    return fill


IMPUTATIONS: dict[str, Callable[..., pd.DataFrame]] = {
    "none": lambda values, how, groups: values.copy(),  # noqa: ARG005 - all methods are called alike
    "mean": lambda values, how, groups: values.fillna(values.mean()),  # noqa: ARG005
    "median": lambda values, how, groups: values.fillna(values.median()),  # noqa: ARG005
    "group_mean": _of_group("mean"),
    "group_median": _of_group("median"),
    "nearest": _nearest,
}
"""By name: values, parameters and groups in, filled values out."""
