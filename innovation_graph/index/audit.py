r"""Audit of published scores: whether they agree with their own method, and what they tell beyond it.

A node is a weighted sum :math:`Z = \sum_k w_k Z_k` of its children; each may be mapped by min-max onto a range.
So a printed parent is linear in its printed children, :math:`P = a + \sum_k b_k X_k` with
:math:`b_k = w_k r_k / R`, r and R the ranges of the weighted sums of child and parent. Places that do not follow the
relation are misprinted; the coefficients tell how much a point of each child counts, whatever the nominal weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from innovation_graph._csv import write_csv
from innovation_graph._files import new_folder
from innovation_graph.errors import ScoringError
from innovation_graph.index._print_checks import cell, check_ranks, compare_tables, finding, undecided
from innovation_graph.index._relations import Relation, relate
from innovation_graph.index.published import Published

__all__ = ["Audit", "Growth", "audit", "growth"]

_LIMITS = (
    "the common scale of all weighted sums (only counts that can be decoded, or assumptions, fix it)",
    "single z-scores and raw values of indicators (only min-max values of their sums are printed)",
    "weights inside the lowest printed nodes (without their indicators no relation can be fitted)",
    "where zero lies in each weighted sum, to the last digit (places that are not printed share in the mean)",
)
_MARKER = "audit.txt"


class Growth(NamedTuple):
    """What a growth rate and its two ends say of each other; see `growth`."""

    annual_percent: float
    low: float
    high: float
    published: float | None
    years_needed: float
    agrees: bool | None


def growth(
    first: float,
    last: float,
    years: float,
    published: float | None = None,
    *,
    rounded_to: float = 0.0,
    decimals: int = 2,
) -> Growth:
    r"""Return the compound annual growth rate, and whether a published one follows from its ends.

    .. math:: g = 100 \left( (last / first)^{1 / years} - 1 \right)

    Parameters
    ----------
    first, last : float
        Both ends, above 0.
    years : float
        Years between them, above 0.
    published : float, optional
        Published rate in percent a year.
    rounded_to : float
        Unit that both ends are rounded to; 0: exact.
    decimals : int
        Digits of the published rate.

    Returns
    -------
    Growth
        The rate, its bounds by rounding of the ends, the years in which the published rate leads from one end to
        the other (NaN without one), and whether the published rate lies within the bounds.

    Raises
    ------
    ScoringError
        If an end or the number of years is not above 0.

    Examples
    --------
    >>> found = growth(129_900, 979_800, 22, 8.67, rounded_to=100)
    >>> round(found.annual_percent, 2), found.agrees, round(found.years_needed, 1)
    (9.62, False, 24.3)
    """
    half = rounded_to / 2
    if not (first - half > 0 and last - half > 0 and years > 0):
        raise ScoringError(f"growth from {first:g} to {last:g} in {years:g} years: all must be above 0")

    def rate(start: float, end: float) -> float:
        return float(100 * ((end / start) ** (1 / years) - 1))

    low, high = rate(first + half, last - half), rate(first - half, last + half)
    if published is None:
        return Growth(rate(first, last), low, high, None, float("nan"), agrees=None)
    slack = 0.5 * 10.0**-decimals + 1e-12
    needed = float("inf") if published == 0 else float(np.log(last / first) / np.log1p(published / 100))
    return Growth(rate(first, last), low, high, published, needed, agrees=low - slack <= published <= high + slack)


@dataclass(frozen=True, eq=False)
class Audit:
    """What was found in published tables.

    Parameters
    ----------
    published : Published
        The tables.
    findings : pandas.DataFrame
        One row a finding: `id`, `kind` (relation, misfit, tables, ranks, ties, range, growth, limit), `what`, `place`,
        `published`, `implied`, `verdict`. Numbers are missing where a finding has none.
    relations : mapping of str to Relation
        By parent, for every node whose children are printed.
    scores : pandas.DataFrame
        Place x node: the tables brought together. Where they disagree, the version that fits the relation; what
        fits in no table is replaced by what the relation implies. Places that no table prints are missing.
    replaced : pandas.DataFrame
        `place`, `node`, `table`, `printed`, `used`: where `scores` differs from a table.
    limits : tuple of str
        What cannot be known from these tables.
    """

    published: Published
    findings: pd.DataFrame
    relations: Mapping[str, Relation]
    scores: pd.DataFrame
    replaced: pd.DataFrame
    limits: tuple[str, ...]

    def __post_init__(self) -> None:
        """Close the mapping to writing."""
        object.__setattr__(self, "relations", MappingProxyType(dict(self.relations)))

    def __repr__(self) -> str:
        """Say how much was found."""
        doubts = int(self.findings["kind"].isin(["misfit", "tables", "ranks", "growth"]).sum())
        return f"<Audit: {self.published.spec.name}, {len(self.relations)} relations, {doubts} doubts>"

    def effective_weights(self) -> pd.DataFrame:
        r"""Return how much each child counts in its parent: nominal against effective.

        Returns
        -------
        pandas.DataFrame
            `parent`, `child`; `nominal`: share of the weight; `coefficient`: points of the parent a point of the
            child, `low`, `high`: what rounding permits; `effective`: :math:`b_k / \sum b`;
            `relative_range`: :math:`r_k / R = b_k / w_k`, range of the child's weighted sum by the parent's.
        """
        rows = []
        for parent, relation in self.relations.items():
            weight = pd.Series(
                {child: self.published.spec.parts[child].weight for child in relation.coefficients.index}
            )
            share = weight / weight.sum()
            table = pd.DataFrame({"nominal": share, "coefficient": relation.coefficients})
            table["low"], table["high"] = relation.low, relation.high
            table["effective"] = table["coefficient"] / table["coefficient"].sum()
            table["relative_range"] = table["coefficient"] / share
            rows.append(table.rename_axis("child").reset_index().assign(parent=parent))
        columns = ["parent", "child", "nominal", "effective", "coefficient", "low", "high", "relative_range"]
        return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)

    def residuals(self) -> pd.DataFrame:
        """Return every place of every relation.

        Returns
        -------
        pandas.DataFrame
            `parent`, `place`, `residual` of the values brought together before replacing, `permitted`, `fits`.
        """
        rows = [
            pd.DataFrame({"residual": relation.residuals, "fits": relation.fits})
            .rename_axis("place")
            .reset_index()
            .assign(parent=parent, permitted=relation.permitted)
            for parent, relation in self.relations.items()
        ]
        columns = ["parent", "place", "residual", "permitted", "fits"]
        return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)

    def text(self) -> str:
        """Return the findings as readable text, ending with what cannot be known."""
        lines = [f"Audit of {self.published.spec.name}: {', '.join(self.published.scores)}", ""]
        row: Any
        for row in self.findings.itertuples(index=False):
            place = f" [{row.place}]" if row.place else ""
            numbers = "" if pd.isna(row.published) else f" printed {row.published:g}"
            numbers += "" if pd.isna(row.implied) else f", implied {row.implied:.3f}"
            lines.append(f"{row.id} {row.what}{place}:{numbers}{';' if numbers else ''} {row.verdict}")
        lines += ["", "Effective weights", self.effective_weights().round(4).to_string(index=False)]
        return "\n".join(lines) + "\n"

    def write(self, path: Path | str) -> None:
        """Write `findings.csv`, `effective_weights.csv`, `residuals.csv`, `scores.csv`, `replaced.csv`, `audit.txt`.

        Parameters
        ----------
        path : str or Path
            The folder; it appears only when everything is written.
        """
        tables = {
            "findings": self.findings,
            "effective_weights": self.effective_weights(),
            "residuals": self.residuals(),
            "scores": self.scores.reset_index(),
            "replaced": self.replaced,
        }
        with new_folder(path, marker=_MARKER, known=[_MARKER, *(f"{name}.csv" for name in tables)]) as folder:
            for name, table in tables.items():
                write_csv(table, folder / f"{name}.csv", index=False)
            (folder / _MARKER).write_text(self.text(), encoding="utf-8")


def audit(published: Published, *, seed: int = 0) -> Audit:
    """Examine published tables: relations, disagreements between tables, ranks, ranges, growth rates.

    Relations are found as `_relations.relate` says: robust against misprints, judged by what rounding permits.
    Where two tables print a column, the relation is fitted to the places in which they agree, and each version is
    held against it.

    Parameters
    ----------
    published : Published
        The tables.
    seed : int
        Of the draws that the robust fits start from.

    Returns
    -------
    Audit
        Findings, relations and the tables brought together.

    Raises
    ------
    ScoringError
        If a relation cannot be fitted: too few places, or children that do not vary freely.
    """
    spec, half = published.spec, published.half
    values, replaced = _agreed(published), []
    relations: dict[str, Relation] = {}
    findings: list[dict[str, object]] = []
    for parent, below in spec.children.items():
        if parent not in published.codes or not set(below) <= set(published.codes):
            continue
        children = values[below]
        relation = relate(values[parent], children, half, seed=seed)
        versions = published.versions(parent)
        found, chosen = compare_tables(published, parent, relation, children)
        if len(chosen):
            values[parent] = values[parent].fillna(chosen)
            relation = relate(values[parent], children, half, seed=seed)
        findings += _relation_findings(published, relation) + found
        implied = relation.implied(children).round(published.decimals).clip(published.low, published.high)
        off = relation.fits.index[~relation.fits]
        values.loc[off, parent] = implied[off]
        relations[parent] = relation
        for name, column in versions.items():
            differs = column.notna() & ((column - values.loc[column.index, parent]).abs() > half)
            replaced += [
                {
                    "place": place,
                    "node": parent,
                    "table": name,
                    "printed": column[place],
                    "used": cell(values, place, parent),
                }
                for place in column.index[differs]
            ]
    findings += undecided(published, values)
    findings += check_ranks(published, values)
    findings += _range_findings(published, values) + _growth_findings(published)
    limits = _limits(published, values, relations)
    findings += [finding("limit", text, verdict="cannot be known from these tables") for text in limits]
    table = pd.DataFrame(findings, columns=["kind", "what", "place", "published", "implied", "verdict"])
    number = table.groupby("kind").cumcount() + 1
    table.insert(0, "id", table["kind"] + " " + number.astype("str"))
    ordered = {parent: relations[parent] for parent in spec.parts if parent in relations}
    columns = ["place", "node", "table", "printed", "used"]
    return Audit(published, table, ordered, values, pd.DataFrame(replaced, columns=columns), limits)


def _agreed(published: Published) -> pd.DataFrame:
    """Return the columns brought together, missing where tables disagree."""
    values = pd.DataFrame(index=published.places.index, columns=published.codes, dtype="float64")
    for code in published.codes:
        versions = published.versions(code)
        same = versions.max(axis=1) - versions.min(axis=1) <= published.half
        values.loc[versions.index, code] = versions.max(axis=1).where(same)
    return values


def _relation_findings(published: Published, relation: Relation) -> list[dict[str, object]]:
    fits, names = relation.fits, ", ".join(relation.coefficients.index)
    weight = pd.Series({child: published.spec.parts[child].weight for child in relation.coefficients.index})
    ranges = relation.coefficients / (weight / weight.sum())
    formula = " + ".join(f"{value:.5f} {child}" for child, value in relation.coefficients.items())
    verdict = (
        f"{relation.intercept:.4f} + {formula} holds for {fits.sum()} of {len(fits)} places, largest residual "
        f"{relation.residuals[fits].abs().max():.4f} (rounding permits {relation.permitted:.4f}); ranges of the "
        f"weighted sums by that of {relation.parent}: "
        f"{' : '.join(f'{value:.3f}' for value in ranges)}"
    )
    rows = [finding("relation", f"{relation.parent} from {names}", verdict=verdict)]
    ends = [relation.intercept + relation.coefficients.sum() * end for end in (published.low, published.high)]
    if ends[0] > published.low + relation.permitted or ends[1] < published.high - relation.permitted:
        text = f"a place last (first) in every child would get {ends[0]:.2f} ({ends[1]:.2f})"
        rows.append(finding("misfit", f"ends of {relation.parent}", verdict=f"{text}: no weighted sum does that"))
    versions = published.versions(relation.parent)
    for place in fits.index[~fits]:
        printed = versions.loc[place].dropna()
        implied = float(printed.iloc[0] - relation.residuals[place])
        verdict = f"does not follow from {names} (off by {relation.residuals[place]:+.3f})"
        what = f"{relation.parent} in {', '.join(printed.index)}"
        rows.append(finding("misfit", what, str(place), float(printed.iloc[0]), implied, verdict=verdict))
    return rows


def _range_findings(published: Published, values: pd.DataFrame) -> list[dict[str, object]]:
    rows = []
    hidden = len(published.places) - values.notna().sum()
    for code in published.codes:
        column = values[code].dropna()
        if abs(column.max() - published.high) > published.half:
            verdict = f"min-max gives the first place {published.high:g}; it is not printed, or {code} was not rescaled"
            rows.append(finding("range", f"top of {code}", str(column.idxmax()), float(column.max()), verdict=verdict))
        if column.min() - published.low > published.half:
            verdict = (
                f"the place with {published.low:g} is among the {hidden[code]} not printed"
                if hidden[code]
                else f"all places are printed and none has {published.low:g}: {code} was not rescaled"
            )
            rows.append(
                finding("range", f"bottom of {code}", str(column.idxmin()), float(column.min()), verdict=verdict)
            )
    return rows


def _growth_findings(published: Published) -> list[dict[str, object]]:
    rows = []
    fact: Any
    for fact in published.growth.itertuples(index=False):
        years = fact.last_year - fact.first_year
        found = growth(
            fact.first,
            fact.last,
            years,
            fact.published_percent,
            rounded_to=fact.rounded_to,
            decimals=int(fact.percent_decimals),
        )
        ends = f"{fact.first:,} ({fact.first_year}) to {fact.last:,} ({fact.last_year})"
        verdict = (
            f"follows from {ends}"
            if found.agrees
            else f"does not follow from {ends}: they give {found.low:.3f} to {found.high:.3f} percent a year; the "
            f"published rate would need {found.years_needed:.1f} years, not {years}"
        )
        rows.append(
            finding(
                "growth",
                str(fact.what),
                published=fact.published_percent,
                implied=found.annual_percent,
                verdict=verdict,
            )
        )
    return rows


def _limits(published: Published, values: pd.DataFrame, relations: Mapping[str, Relation]) -> tuple[str, ...]:
    hidden = values.index[values[published.spec.root].isna()] if published.spec.root in values else values.index
    lowest = [code for code in published.codes if code not in relations]
    text: Sequence[str] = _LIMITS
    if lowest:
        text = [*text, f"what lies inside {', '.join(lowest)}: none of their children is printed"]
    if len(hidden):
        text = [*text, f"scores of {published.spec.root} of the {len(hidden)} places not printed: {', '.join(hidden)}"]
    return tuple(text)
