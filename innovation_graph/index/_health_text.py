"""Words of a statistical audit: findings, and the report under the ten steps of the handbook."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from innovation_graph.index._health_tables import CONSISTENT, REDUNDANT, WEAK
from innovation_graph.index.scores import Scores
from innovation_graph.index.sensitivity import Bands
from innovation_graph.index.spec import IndexSpec

__all__ = ["STEPS", "findings", "told"]

STEPS: tuple[str, ...] = (
    "Theoretical framework",
    "Data selection",
    "Imputation of missing data",
    "Multivariate analysis",
    "Normalisation",
    "Weighting and aggregation",
    "Uncertainty and sensitivity",
    "Back to the data",
    "Links to other variables",
    "Presentation",
)
"""The ten steps of the handbook; step 1 comes first."""

_FEW = 0.65  # least availability that is not asked about
_Tables = Mapping[str, pd.DataFrame]
_Finding = tuple[int, str, str]


def findings(
    spec: IndexSpec, values: pd.DataFrame, tables: _Tables, scores: Scores | None, bands: Bands | None
) -> pd.DataFrame:
    """Return what a reader should ask about: `step`, `about` (code or place), `finding`."""
    found = list(_of_data(spec, values, tables))
    if scores is not None:
        found += [*_of_structure(tables), *_of_weights(tables), *_of_ranks(tables, bands), *_of_links(tables)]
    found.sort(key=_step)
    return pd.DataFrame(found, columns=["step", "about", "finding"])


def _step(finding: _Finding) -> int:
    return finding[0]


def _rows(table: pd.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    return [(str(name), row) for name, row in zip(table.index, table.to_dict("records"), strict=True)]  # type: ignore[misc]


def _of_data(spec: IndexSpec, values: pd.DataFrame, tables: _Tables) -> Iterator[_Finding]:
    for code in spec.codes:
        if code not in values.columns:
            yield 2, code, "no values at all"
    for code, row in _rows(tables["indicators"]):
        if row["availability"] < _FEW:
            yield 2, code, f"values of {row['availability']:.0%} of the places"
        if row["values"] and row["different"] < 2:
            yield 2, code, "the same everywhere"
        elif row["different"] < 5:
            yield 2, code, f"only {row['different']} different values"
        if row["outliers"]:
            done = row.get("treatment", "none")
            after = "not treated" if done == "none" else f"treated: {done}"
            points = f" ({row['points']:.0f} points)" if done == "winsorise" else ""
            moments = f"skewness {row['skewness']:.1f}, kurtosis {row['kurtosis']:.1f}"
            yield 5, code, f"outliers: {moments}; {after}{points}"
    for place, row in _rows(tables["places"]):
        if row["availability"] < _FEW and row.get("takes_part", True):
            yield 3, place, f"values of {row['availability']:.0%} of the indicators"


def _of_structure(tables: _Tables) -> Iterator[_Finding]:
    pairs = tables["correlations"]
    for _, row in _rows(pairs[(pairs["flag"] != "") & ~_by_chance(pairs)]):
        says = "say the same twice" if row["flag"] == "redundant" else "pull apart"
        yield 4, str(row["node"]), f"{row['first']} and {row['second']} {says}: r = {row['correlation']:.2f}"
    above = tables["with_nodes"]
    near = above["steps"] == 1
    asked = (above["flag"] != "") & (near | (~_by_chance(above) & (above["flag"] != "weak")))
    for _, row in _rows(above[asked]):
        says = {"conflict": "goes against", "weak": "hardly shows in", "dominant": "is nearly the same as"}[
            str(row["flag"])
        ]
        yield 4, str(row["code"]), f"{says} {row['above']}: r = {row['correlation']:.2f}"
    for node, row in _rows(tables["consistency"]):
        if "not one-dimensional" in row["flag"]:
            count, share = row["eigenvalues_above_1"], row["first_share"]
            yield 4, node, f"{count} eigenvalues above 1; the first component explains {share:.0%}"
        if "inconsistent" in row["flag"]:
            yield 4, node, f"Cronbach's alpha is {row['alpha']:.2f}, below {CONSISTENT}"


def _by_chance(table: pd.DataFrame) -> pd.Series:
    """Tell which correlations differ from 0 by less than twice their standard error."""
    near: pd.Series = table["correlation"].abs() < 2 / np.sqrt(table["places"])
    return near


def _of_weights(tables: _Tables) -> Iterator[_Finding]:
    for _, row in _rows(tables["importance_in_nodes"]):
        if row["ratio"] < 0.5 or row["ratio"] > 2:
            yield (
                6,
                str(row["code"]),
                f"weighs {row['weight']:.0%} in {row['node']}, makes {row['effect_share']:.0%} of the effects",
            )


def _of_ranks(tables: _Tables, bands: Bands | None) -> Iterator[_Finding]:
    if bands is None:
        return
    if len(bands.reasons):
        yield 7, bands.node, f"{len(bands.reasons):,} of {len(bands.ranks):,} replicates could not be scored"
    table = tables["bands"]
    outside = (table["rank"] < table["rank_low"]) | (table["rank"] > table["rank_high"])
    for place, row in _rows(table[outside.fillna(value=False).astype(bool)]):
        yield (
            7,
            place,
            f"rank {row['rank']} lies outside its band, {row['rank_low']:.0f} to {row['rank_high']:.0f}",
        )


def _of_links(tables: _Tables) -> Iterator[_Finding]:
    for name, row in _rows(tables["links"]) if "links" in tables else ():
        if abs(row["spearman"]) > REDUNDANT:
            yield 9, name, f"ranks the places as the index does: rank correlation {row['spearman']:.2f}"


def told(spec: IndexSpec, tables: _Tables, scores: Scores | None, bands: Bands | None, problem: str) -> str:
    """Return the report as plain text."""
    found = tables["findings"]
    lines = [f"Audit of {spec.name}", "=" * (9 + len(spec.name)), ""]
    if problem:
        lines += [f"The values cannot be scored: {problem}", "What follows describes them as they are.", ""]
    says = {
        1: _framework(spec, scores),
        2: _data(tables),
        3: _missing(spec, tables, scores),
        4: [] if scores is None else _structure(tables),
        5: _normalisation(spec),
        6: [] if scores is None else _weights(spec, tables),
        7: [] if bands is None else _trust(tables, bands),
        8: [] if scores is None else _leaders(scores),
        9: _others(tables),
        10: [f"Tables: {', '.join(sorted(tables))}."],
    }
    for number, title in enumerate(STEPS, start=1):
        own = found[found["step"] == number]
        lines += [f"{number}. {title}", *(f"   {line}" for line in says[number])]
        alike = own.groupby("finding", sort=False)["about"].agg(", ".join)
        lines += [f"   ! {about}: {finding}" for finding, about in alike.items()]
        lines.append("")
    return "\n".join(lines)


def _framework(spec: IndexSpec, scores: Scores | None) -> list[str]:
    levels = max(spec.depth.values())
    lines = [f"{len(spec.codes)} indicators under {len(spec.nodes)} nodes, {levels} levels below {spec.root}."]
    if scores is not None and len(scores.spec.codes) < len(spec.codes):
        lines.append(f"Scored in part: {scores.spec.root}, from {len(scores.spec.codes)} indicators.")
    single = [code for code, below in spec.children.items() if len(below) == 1]
    lines += [f"Nodes with a single child: {', '.join(single)}."] if single else []
    weighty = pd.Series(spec.effective_weights()).sort_values(ascending=False, kind="stable")
    top, least = weighty.index[0], weighty.index[-1]
    lines.append(
        f"Nominal shares of indicators: from {weighty.iloc[-1]:.1%} ({least}) to {weighty.iloc[0]:.1%} ({top})."
    )
    return [*lines, *spec.notes]


def _data(tables: _Tables) -> list[str]:
    table = tables["indicators"]
    whole = int((table["availability"] == 1).sum())
    lines = [
        f"{whole} of {len(table)} indicators have a value at every place; {table['outliers'].sum()} have outliers."
    ]
    zeros = table[table["zeros"] > 0.5]
    lines += [f"Zero at most places: {', '.join(zeros.index)}."] if len(zeros) else []
    return lines


def _missing(spec: IndexSpec, tables: _Tables, scores: Scores | None) -> list[str]:
    table = tables["places"]
    whole = int((table["availability"] == 1).sum())
    lines = [f"{whole} of {len(table)} places have all values. Method: {spec.imputation.method}."]
    if scores is None:
        return lines
    filled = int(scores.imputed.to_numpy().sum())
    lines.append(f"{filled} of {scores.imputed.size} values were filled.")
    lines += [f"{len(scores.left_out)} places were left out for lack of values."] if len(scores.left_out) else []
    without = int(scores.scores[scores.spec.root].isna().sum())
    return [*lines, f"{without} places have no score: too little is known of them."] if without else lines


def _structure(tables: _Tables) -> list[str]:
    pairs, nodes = tables["correlations"]["correlation"], tables["consistency"]
    lines = []
    if pairs.notna().any():
        lines.append(
            f"Children of the same node correlate with {pairs.median():.2f} in the median, "
            f"from {pairs.min():.2f} to {pairs.max():.2f}."
        )
    alpha = nodes["alpha"].dropna()
    if len(alpha):
        good = int((alpha >= CONSISTENT).sum())
        lines.append(f"Cronbach's alpha is {CONSISTENT} or more in {good} of {len(alpha)} nodes.")
    above = tables["with_nodes"].query("steps == 1")["correlation"].dropna()
    fine = int(above.between(WEAK, REDUNDANT).sum())
    return [*lines, f"{fine} of {len(above)} children correlate with their node by {WEAK} to {REDUNDANT}."]


def _normalisation(spec: IndexSpec) -> list[str]:
    own = {part.normalisation.method for part in spec.indicators if part.normalisation is not None}
    also = f"; some indicators: {', '.join(sorted(own))}" if own else ""
    return [f"Treatment of outliers: {spec.treatment.method}. Normalisation: {spec.normalisation.method}{also}."]


def _weights(spec: IndexSpec, tables: _Tables) -> list[str]:
    own = {node.aggregation.method for node in spec.nodes if node.aggregation is not None}
    also = f"; some nodes: {', '.join(sorted(own))}" if own else ""
    table = tables["importance"].dropna(subset=["effect_share"])
    lines = [f"Weights: {spec.weighting.method}. Aggregation: {spec.aggregation.method}{also}."]
    if table.empty:
        return lines
    gap = (table["effect_share"] - table["weight"]).sort_values(kind="stable")
    for code, verb in ((gap.index[-1], "more"), (gap.index[0], "less")):
        row = table.loc[code]
        if 0.8 < row["ratio"] < 1.25:
            continue
        lines.append(
            f"Does {verb} than it weighs: {code} ({row['name']}), {row['weight']:.1%} of the weight, "
            f"{row['effect_share']:.1%} of the effects."
        )
    return lines


def _trust(tables: _Tables, bands: Bands) -> list[str]:
    table, choices = tables["bands"], bands.choices
    what = [*bands.taken.columns, *(["weights"] if choices.weights else []), *(["noise"] if choices.noise else [])]
    width = (table["rank_high"] - table["rank_low"]).astype(float)
    firm = int((width <= 2).sum())
    tiers, shift = table["tier"].max(), table["shift"].mean()
    lines = [
        f"{len(bands.ranks):,} draws of {', '.join(what)}: mean distance from the nominal rank {shift:.1f}.",
        f"Bands from 5 to 95 percent are {width.median():.0f} ranks wide in the median, {width.max():.0f} at most.",
        f"{firm} of {len(table)} places keep their rank within two places; {tiers} tiers can be told apart.",
    ]
    if what == ["weights"]:
        lines.append("Only the weights were varied: methods and data errors are not in these bands.")
    return lines


def _leaders(scores: Scores) -> list[str]:
    root, ranks = scores.spec.root, scores.ranks
    below = [code for code in scores.spec.children[root] if code in ranks.columns]
    lines = []
    for place in scores.scores[root].sort_values(ascending=False, kind="stable").index[:3]:
        own = ranks.loc[place, below].dropna().astype(np.int64) if below else pd.Series(dtype=np.int64)
        detail = ", ".join(f"{code} {rank}" for code, rank in own.items())
        lines.append(f"{ranks.loc[place, root]}. {place}" + (f" (ranks: {detail})" if detail else ""))
    return lines


def _others(tables: _Tables) -> list[str]:
    if "links" not in tables:
        return ["No other variables were given."]
    rows = tables["links"].dropna().itertuples()
    return [
        f"{row.Index}: r = {row.pearson:.2f}, rank correlation {row.spearman:.2f}, {row.places} places." for row in rows
    ]
