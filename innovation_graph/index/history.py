"""Ranks over editions, and where in the ranking the places of each continent stand."""

from itertools import combinations, pairwise

import numpy as np
import pandas as pd
from scipy import stats

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index.published import Published

__all__ = ["movers", "quartiles", "rank_correlations", "rank_history"]

_PREFIX = "rank_"


def rank_history(published: Published, node: str | None = None) -> pd.DataFrame:
    """Return the printed ranks of several editions, the earliest first.

    Parameters
    ----------
    published : Published
        With a history.
    node : str, optional
        The node; default: the root.

    Returns
    -------
    pandas.DataFrame
        Place x year (int), in the order of the latest edition.

    Raises
    ------
    ScoringError
        If no history is printed.
    UnknownNameError
        If none is printed for the node.

    Examples
    --------
    >>> from innovation_graph.index.published import gihi2024
    >>> rank_history(gihi2024()).loc["shanghai"].tolist()
    [10, 10, 7]
    """
    history = published.history
    if history.empty:
        raise ScoringError(f"no ranks of earlier editions are printed for {published.spec.name}")
    node = published.spec.root if node is None else node
    rows = history[history["node"] == node]
    if rows.empty:
        raise UnknownNameError("node with a history", node, history["node"].unique())
    years = sorted(int(name.removeprefix(_PREFIX)) for name in history.columns if name.startswith(_PREFIX))
    table = pd.DataFrame({year: rows[f"{_PREFIX}{year}"].to_numpy() for year in years})
    table.index = pd.Index(rows["place_id"], name="place_id")
    ordered: pd.DataFrame = table.sort_values(by=years[-1], kind="stable")  # type: ignore[call-overload]
    return ordered


def movers(published: Published, node: str | None = None) -> pd.DataFrame:
    """Return by how many ranks each place rose or fell, the highest climb first.

    Only the leaders of the latest edition are printed: who fell out of them is not seen, so climbs prevail.

    Parameters
    ----------
    published : Published
        With a history.
    node : str, optional
        The node; default: the root.

    Returns
    -------
    pandas.DataFrame
        The ranks; `change`: first minus last, above 0 is a rise; `largest_step`: of all steps between neighbouring
        editions the one largest in size.
    """
    ranks = rank_history(published, node)
    steps = pd.DataFrame({late: ranks[early] - ranks[late] for early, late in pairwise(ranks.columns)})
    largest = steps.to_numpy()[np.arange(len(steps)), np.abs(steps.to_numpy()).argmax(axis=1)]
    table = ranks.assign(change=ranks.iloc[:, 0] - ranks.iloc[:, -1], largest_step=largest)
    return table.sort_values("change", ascending=False, kind="stable")


def rank_correlations(published: Published) -> pd.DataFrame:
    """Return how alike the order of the same places is in two editions.

    The places are the leaders of the latest edition, so correlations are those among the leaders, lower than among all.

    Parameters
    ----------
    published : Published
        With a history.

    Returns
    -------
    pandas.DataFrame
        One row a node and pair of years: `node`, `first`, `last`, `places`, `spearman`, `kendall` (tau-b),
        `mean_move`: mean absolute change of rank, `stayed`: number of places with the same rank,
        `newcomers`: places whose first rank is beyond the number of places printed.
    """
    rows = []
    for node in published.history["node"].unique() if not published.history.empty else []:
        ranks = rank_history(published, node)
        for first, last in combinations(ranks.columns, 2):
            x, y = ranks[first], ranks[last]
            rho, tau = stats.spearmanr(x, y).statistic, stats.kendalltau(x, y).statistic
            moved = (x - y).abs()
            counts = (float(moved.mean()), int((moved == 0).sum()), int((x > len(ranks)).sum()))
            rows.append((node, first, last, len(ranks), float(rho), float(tau), *counts))
    columns = ["node", "first", "last", "places", "spearman", "kendall", "mean_move", "stayed", "newcomers"]
    return pd.DataFrame(rows, columns=columns)


def quartiles(published: Published, node: str | None = None, *, by: str = "continent") -> pd.DataFrame:
    """Return how the places of each group spread over the ranking.

    Ranks come from all tables that print the node. A place without a printed rank has one of the numbers left; it
    gets their mean, which settles its quarter if all of them lie in one.

    Parameters
    ----------
    published : Published
        With ranks.
    node : str, optional
        The node; default: the root.
    by : str
        Column of the place table.

    Returns
    -------
    pandas.DataFrame
        By group, largest first: `places`, `first_quarter` ... `fourth_quarter`: number of places in each quarter of
        the ranking; `best`, `lower_quartile`, `median`, `upper_quartile`, `worst` of the ranks; `not_printed`.

    Raises
    ------
    ScoringError
        If no table prints ranks of the node, or those left cannot be told apart by quarter.
    UnknownNameError
        If there is no such column.
    """
    node = published.spec.root if node is None else node
    if by not in published.places.columns:
        raise UnknownNameError("column of the place table", by, published.places.columns)
    printed = [table[node] for table in published.ranks.values() if node in table.columns]
    if not printed:
        raise ScoringError(f"no table prints ranks of {node}")
    n = len(published.places)
    ranks = pd.Series(np.nan, index=published.places.index)
    for column in printed:
        ranks = ranks.fillna(column.reindex(ranks.index))
    hidden = ranks.isna()
    left = sorted(set(range(1, n + 1)) - set(ranks.dropna().astype("int64")))
    quarter = np.ceil(4 * np.array(left) / n)
    if hidden.any() and len(set(quarter.tolist())) > 1:
        raise ScoringError(f"{hidden.sum()} places have no printed rank of {node} and could be in several quarters")
    ranks = ranks.fillna(float(np.mean(left)) if left else np.nan)
    quarters = np.ceil(4 * ranks / n).astype("int64")
    group = published.places[by]
    names = ["first_quarter", "second_quarter", "third_quarter", "fourth_quarter"]
    table = pd.crosstab(group, quarters).reindex(columns=range(1, 5), fill_value=0).set_axis(names, axis=1)
    grouped = ranks.groupby(group)
    table.insert(0, "places", grouped.size())
    table = table.assign(
        best=grouped.min(),
        lower_quartile=grouped.quantile(0.25),
        median=grouped.median(),
        upper_quartile=grouped.quantile(0.75),
        worst=grouped.max(),
        not_printed=hidden.groupby(group).sum(),
    )
    return table.sort_values("places", ascending=False, kind="stable")
