"""Tables of a statistical audit: each of one idea, from values and scores."""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from innovation_graph.index.scores import Scores
from innovation_graph.index.spec import IndexSpec
from innovation_graph.index.treatment import shape

__all__ = [
    "CONFLICT",
    "CONSISTENT",
    "REDUNDANT",
    "WEAK",
    "components",
    "consistency",
    "correlations",
    "cronbach_alpha",
    "indicators",
    "links",
    "places_table",
    "with_nodes",
]

REDUNDANT = 0.92
"""Correlation above which two children say the same twice."""

CONFLICT = 0.0
"""Correlation below which two children pull apart."""

WEAK = 0.3
"""Correlation with the node below which a child hardly shows in it."""

CONSISTENT = 0.7
"""Cronbach's alpha from which children are taken to measure one thing."""

_Floats = NDArray[np.float64]


def cronbach_alpha(values: pd.DataFrame, *, standardised: bool = False) -> float:
    r"""Return Cronbach's alpha of the columns of a table.

    .. math:: \alpha = \frac{k}{k - 1} \left(1 - \frac{\sum_j v_j}{v}\right)

    of k columns with variances v_j, whose sum has the variance v.

    Parameters
    ----------
    values : pandas.DataFrame
        Place x child; places with a missing value are left out.
    standardised : bool
        Whether to bring the columns to variance 1 first.

    Returns
    -------
    float
        At most 1; below 0 if the children pull apart; NaN with fewer than two children or three places, or if the
        sum does not vary.

    References
    ----------
    Cronbach (1951), Coefficient alpha and the internal structure of tests, Psychometrika 16.
    """
    x = values.dropna().to_numpy(dtype=np.float64)
    k = x.shape[1]
    if k < 2 or len(x) < 3:
        return float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        if standardised:
            x = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
        whole = x.sum(axis=1).var(ddof=1)
        return float(k / (k - 1) * (1 - x.var(axis=0, ddof=1).sum() / whole)) if whole > 0 else float("nan")


def components(values: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the principal components of the correlation matrix of a table.

    Parameters
    ----------
    values : pandas.DataFrame
        Place x child; places with a missing value and constant children are left out.

    Returns
    -------
    eigenvalues : pandas.DataFrame
        Indexed by component from 1 on: `eigenvalue`, falling, `share` of the variance and `cumulative` share.
    loadings : pandas.DataFrame
        Child x component: correlation of the child with the component; the sign is such that the loadings of a
        component sum to 0 or more.
    """
    known = values.dropna()
    x = known.loc[:, known.max() > known.min()]
    index = pd.RangeIndex(1, x.shape[1] + 1, name="component")
    if x.shape[1] == 0 or len(x) < 3:
        empty = pd.DataFrame(columns=["eigenvalue", "share", "cumulative"], dtype="float64")
        return empty.rename_axis("component"), pd.DataFrame()
    values_, vectors = np.linalg.eigh(np.atleast_2d(np.corrcoef(x.to_numpy(dtype=np.float64), rowvar=False)))
    values_, vectors = np.maximum(values_[::-1], 0.0), vectors[:, ::-1]
    loadings = vectors * np.sqrt(values_) * np.where(vectors.sum(axis=0) < 0, -1.0, 1.0)
    share = values_ / values_.sum()
    table = pd.DataFrame({"eigenvalue": values_, "share": share, "cumulative": share.cumsum()}, index=index)
    return table, pd.DataFrame(loadings, index=x.columns, columns=index)


def indicators(spec: IndexSpec, values: pd.DataFrame, scores: Scores | None) -> pd.DataFrame:
    """Describe every indicator: what is there, how it is spread, whether it has outliers and what became of them."""
    there = [code for code in spec.codes if code in values.columns]
    given = values[there].apply(pd.to_numeric, errors="coerce").astype("float64")
    counted = given if scores is None else scores.steps["denominated"].reindex(columns=there)
    quartiles = counted.quantile([0.25, 0.5, 0.75])
    columns = {
        "name": [spec.parts[code].name for code in there],
        "node": [spec.parts[code].parent for code in there],
        "values": given.notna().sum(),
        "availability": given.notna().mean(),
        "different": counted.nunique(),
        "zeros": (counted == 0).sum() / counted.notna().sum(),
        "minimum": counted.min(),
        "lower_quartile": quartiles.loc[0.25],
        "median": quartiles.loc[0.5],
        "upper_quartile": quartiles.loc[0.75],
        "maximum": counted.max(),
        "mean": counted.mean(),
        "sd": counted.std(),
    }
    table = pd.DataFrame(columns, index=pd.Index(there, name="indicator"))
    table = table.join(shape(counted))
    limits = spec.treatment
    skewed = table["skewness"].abs() > limits.max_skew
    table["outliers"] = skewed & (table["kurtosis"].abs() > limits.max_kurtosis)
    if scores is not None:
        report = scores.treatment[["treatment", "points", "skewness_after", "kurtosis_after"]]
        table = table.join(report)
    return table


def places_table(spec: IndexSpec, values: pd.DataFrame, scores: Scores | None) -> pd.DataFrame:
    """Tell how much is known of every place, of indicators that have a value anywhere, and whether it takes part."""
    there = values.reindex(columns=spec.codes).notna()
    there = there.loc[:, there.any()]
    table = pd.DataFrame({"values": there.sum(axis=1), "availability": there.mean(axis=1)}).rename_axis("place_id")
    if scores is not None:
        table["takes_part"] = table.index.isin(scores.scores.index)
        table["imputed"] = scores.imputed.sum(axis=1).reindex(table.index).fillna(0).astype("int64")
    return table


def correlations(scores: Scores) -> pd.DataFrame:
    """Correlate the children of every node with each other; normalised, so that more is better everywhere."""
    values, rows = _all_values(scores), []
    for node, below in scores.spec.children.items():
        for first, second in combinations(below, 2):
            n, r = _pearson(values[first], values[second])
            flag = "redundant" if r > REDUNDANT else "conflict" if r < CONFLICT else ""
            rows.append((node, first, second, n, r, flag))
    return pd.DataFrame(rows, columns=["node", "first", "second", "places", "correlation", "flag"])


def with_nodes(scores: Scores) -> pd.DataFrame:
    """Correlate every indicator and node with all the nodes above it."""
    values, parts, rows = _all_values(scores), scores.spec.parts, []
    for code, part in parts.items():
        above, steps = part.parent, 1
        while above is not None:
            n, r = _pearson(values[code], values[above])
            alone = steps == 1 and len(scores.spec.children[above]) == 1
            flag = "conflict" if r < CONFLICT else "weak" if r < WEAK else ""
            flag = "dominant" if r > REDUNDANT and steps == 1 and not alone else flag
            rows.append((code, part.name, above, steps, n, r, flag))
            above, steps = parts[above].parent, steps + 1
    return pd.DataFrame(rows, columns=["code", "name", "above", "steps", "places", "correlation", "flag"])


def consistency(scores: Scores) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return, by node, alpha and the principal components of its children, all eigenvalues, and all loadings."""
    values, rows, eigenvalues, loadings = _all_values(scores), {}, [], []
    for node, below in scores.spec.children.items():
        children = values[below]
        found, loaded = components(children)
        above_one = int((found["eigenvalue"] > 1 + 1e-9).sum())
        alpha = cronbach_alpha(children)
        first = found["share"].iloc[0] if len(found) else np.nan
        flags = ["not one-dimensional"] if above_one > 1 else []
        flags += ["inconsistent"] if alpha < CONSISTENT else []
        rows[node] = (
            scores.spec.parts[node].name,
            len(below),
            len(children.dropna()),
            alpha,
            cronbach_alpha(children, standardised=True),
            above_one,
            first,
            ", ".join(flags),
        )
        eigenvalues.append(found.reset_index().assign(node=node))
        long = loaded.rename_axis("code").reset_index().melt("code", var_name="component", value_name="loading")
        loadings.append(long.assign(node=node))
    names = ["name", "children", "places", "alpha", "alpha_standardised", "eigenvalues_above_1", "first_share", "flag"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis("node")
    values_ = pd.concat(eigenvalues, ignore_index=True)[["node", "component", "eigenvalue", "share", "cumulative"]]
    return table, values_, pd.concat(loadings, ignore_index=True)[["node", "component", "code", "loading"]]


def links(score: pd.Series, others: pd.DataFrame) -> pd.DataFrame:
    """Correlate a score with variables that are not part of the index."""
    rows = {}
    for name, column in others.reindex(score.index).select_dtypes("number").items():
        n, r = _pearson(score, column)
        both = pd.concat([score, column], axis=1).dropna()
        varies = len(both) > 2 and (both.max() > both.min()).all()
        rho = float(stats.spearmanr(both.iloc[:, 0], both.iloc[:, 1]).statistic) if varies else np.nan
        rows[name] = (n, r, rho)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["places", "pearson", "spearman"]).rename_axis(
        "variable"
    )


def _all_values(scores: Scores) -> pd.DataFrame:
    return pd.concat([scores.steps["normalised"], scores.steps["aggregated"]], axis=1)


def _pearson(first: pd.Series, second: pd.Series) -> tuple[int, float]:
    both = pd.concat([first, second], axis=1).dropna().to_numpy(dtype=np.float64)
    if len(both) < 3 or (np.ptp(both, axis=0) == 0).any():
        return len(both), float("nan")
    return len(both), float(np.corrcoef(both.T)[0, 1])
