"""Printed tables against each other: columns printed twice, and ranks against scores."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from innovation_graph.index._relations import Relation
from innovation_graph.index.published import Published

__all__ = ["cell", "check_ranks", "compare_tables", "finding", "undecided"]

_SLACK = 1e-9


def cell(table: pd.DataFrame, place: Hashable, column: Hashable) -> float:
    """Return one number of a table."""
    series: Any = table[column]
    return float(series.loc[place])


def finding(
    kind: str,
    what: str,
    place: str = "",
    published: float = np.nan,
    implied: float = np.nan,
    *,
    verdict: str,
) -> dict[str, object]:
    """Return a row of the table of findings."""
    numbers = {"published": published, "implied": implied}
    return {"kind": kind, "what": what, "place": place, **numbers, "verdict": verdict}


def compare_tables(
    published: Published, code: str, relation: Relation, children: pd.DataFrame
) -> tuple[list[dict[str, object]], pd.Series]:
    """Compare a node that several tables print; return findings, and the version nearest to the relation."""
    versions = published.versions(code)
    differs = versions.max(axis=1) - versions.min(axis=1) > published.half
    apart = versions[differs]
    implied = relation.implied(children.reindex(versions.index))
    off = apart.sub(implied.reindex(apart.index), axis=0).abs()
    known = off.dropna(how="all")
    nearest: dict[Hashable, str] = off.fillna(np.inf).idxmin(axis=1).astype("str").to_dict()
    chosen = pd.Series({place: cell(apart, place, nearest[place]) for place in known.index.to_list()}, dtype="float64")
    rows: list[dict[str, object]] = []
    if len(apart):
        fit = (off <= relation.permitted + _SLACK).sum().to_dict()
        best = [f"{name}: {fit[name]} of {len(known)} fit, off by up to {off[name].max():.4f}" for name in versions]
        common = int(versions.notna().all(axis=1).sum())
        what = f"{code} is printed in {' and '.join(versions.columns)}"
        ranks = [table[code].reindex(apart.index).min() for table in published.ranks.values() if code in table.columns]
        from_rank = f", all of rank {min(ranks):g} or worse" if ranks else ""
        verdict = (
            f"they differ at {len(apart)} of {common} common places{from_rank}; against the relation with "
            f"{', '.join(relation.coefficients.index)} (rounding permits {relation.permitted:.4f}) {'; '.join(best)}"
        )
        rows.append(finding("tables", what, verdict=verdict))
        rows += _borrowed(published, code, off)
    for place in apart.index:
        for name in versions.columns:
            printed, said = cell(apart, place, name), float(implied.get(place, np.nan))
            if pd.isna(printed) or place not in chosen.index or printed == chosen[place]:
                continue
            verdict = f"{nearest[place]} prints {chosen[place]:.{published.decimals}f}, which fits"
            if cell(off, place, nearest[place]) > relation.permitted + _SLACK:
                verdict = "no version fits"
            rows.append(
                finding("tables", f"{code} in {name}", str(place), float(printed), float(said), verdict=verdict)
            )
    return rows, chosen


def undecided(published: Published, values: pd.DataFrame) -> list[dict[str, object]]:
    """List what tables print differently where no relation can decide."""
    rows = []
    for code in published.codes:
        versions = published.versions(code)
        for place in versions.index[values.loc[versions.index, code].isna()]:
            said = ", ".join(f"{name}: {value:g}" for name, value in versions.loc[place].dropna().items())
            rows.append(finding("tables", code, str(place), verdict=f"tables disagree and nothing decides: {said}"))
    return rows


def _borrowed(published: Published, code: str, off: pd.DataFrame) -> list[dict[str, object]]:
    """Find a table whose column is that of another table, sorted, set beside places of its own."""
    rows = []
    tables = {name: table[code] for name, table in published.scores.items() if code in table.columns}
    for name, column in tables.items():
        for other, source in tables.items():
            if (
                name != other
                and off[name].max() > off[other].max()
                and list(column.index) != list(source.index)
                and column.tolist() == sorted(source.tolist(), reverse=True)
            ):
                strange = len(column.index.difference(source.index))
                verdict = (
                    f"its {len(column)} numbers are those of {other}, sorted, but {strange} of its places are others: "
                    "from the first of these on, they stand beside the wrong places"
                )
                rows.append(finding("tables", f"{code} in {name}", verdict=verdict))
    return rows


def check_ranks(published: Published, values: pd.DataFrame) -> list[dict[str, object]]:
    """Compare printed ranks with the order of printed scores, and with each other."""
    rows: list[dict[str, object]] = []
    everyone = len(published.places)
    for name, ranks in published.ranks.items():
        for code in ranks.columns:
            scores, printed = published.scores[name][code], ranks[code]
            ordered = scores.loc[printed.sort_values(kind="stable").index]
            rises = ordered.index[1:][np.diff(ordered.to_numpy()) > _SLACK]
            rows += [
                finding(
                    "ranks",
                    f"rank of {code} in {name}",
                    str(place),
                    float(printed[place]),
                    verdict=f"its score {scores[place]} is above that of the place ranked before it",
                )
                for place in rises
            ]
            # Against everybody whose score is known from any table; the others may stand anywhere.
            known = values[code].fillna(published.versions(code).max(axis=1).reindex(values.index)).dropna().to_numpy()
            x = values[code].reindex(scores.index).to_numpy()
            best = 1 + (known[None, :] > x[:, None] + _SLACK).sum(axis=1)
            worst = everyone - (known[None, :] < x[:, None] - _SLACK).sum(axis=1)
            wrong = (printed.to_numpy() < best) | (printed.to_numpy() > worst)
            rows += [
                finding(
                    "ranks",
                    f"rank of {code} in {name}",
                    str(printed.index[int(row)]),
                    float(printed.iloc[int(row)]),
                    float(best[row]),
                    verdict=f"the scores give {best[row]} to {worst[row]}",
                )
                for row in np.flatnonzero(wrong)
            ]
            ties = int(ordered.duplicated().sum())
            shared = int(printed.duplicated().sum())
            if ties and not shared:
                verdict = (
                    f"{ties} places have the printed score of the place before them and the next rank: hidden digits"
                )
                rows.append(finding("ties", f"rank of {code} in {name}", verdict=verdict))
            elif shared:
                rows.append(finding("ties", f"rank of {code} in {name}", verdict=f"{shared} places share a rank"))
    rows += _crossed(published)
    return rows


def _crossed(published: Published) -> list[dict[str, object]]:
    rows = []
    codes = {code for table in published.ranks.values() for code in table.columns}
    for code in [code for code in published.codes if code in codes]:
        both = pd.DataFrame({name: table[code] for name, table in published.ranks.items() if code in table.columns})
        apart = both[(both.max(axis=1) != both.min(axis=1))]
        for place, row in apart.iterrows():
            said = ", ".join(f"{name}: {value:g}" for name, value in row.dropna().items())
            rows.append(finding("ranks", f"ranks of {code}", str(place), verdict=f"tables disagree: {said}"))
    return rows
