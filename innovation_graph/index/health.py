"""Statistical audit of an index: one report under the ten steps of the OECD/JRC handbook.

The audit looks at the values and the definition together and says what a careful reader would ask: what is
missing, which indicators a few places dominate, which say the same twice or pull apart, whether a node measures one
thing, whether weights are what they seem, and how far ranks can be trusted. Flags are questions, not verdicts.

References
----------
OECD and JRC (2008), Handbook on constructing composite indicators; Saisana and Saltelli (2011), Rankings and ratings:
instructions for use, Hague Journal on the Rule of Law 3; Becker, Caperna, Del Sorbo, Norlen, Papadimitriou and Saisana
(2022), COINr: An R package for developing composite indicators, Journal of Open Source Software 7.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from innovation_graph._csv import write_csv
from innovation_graph._files import new_folder, write_json
from innovation_graph.errors import ScoringError
from innovation_graph.index._choices import Choices, WeightRange
from innovation_graph.index._groups import in_group
from innovation_graph.index._health_tables import (
    components,
    consistency,
    correlations,
    cronbach_alpha,
    indicators,
    links,
    places_table,
    with_nodes,
)
from innovation_graph.index._health_text import STEPS, findings, told
from innovation_graph.index.scores import Scores
from innovation_graph.index.scoring import score
from innovation_graph.index.sensitivity import Bands, monte_carlo
from innovation_graph.index.spec import IndexSpec
from innovation_graph.index.variance import importance

__all__ = ["STEPS", "Health", "components", "cronbach_alpha", "examine"]

_MARKER = "health.json"
_FORMAT, _VERSION = "innovation-graph health", 1
_TABLES = (
    "findings",
    "indicators",
    "places",
    "correlations",
    "with_nodes",
    "consistency",
    "eigenvalues",
    "loadings",
    "importance",
    "importance_in_nodes",
    "bands",
    "links",
)


@dataclass(frozen=True, eq=False)
class Health:
    """The audit of an index, immutable.

    Parameters
    ----------
    spec : IndexSpec
        The definition, of the group that was asked for.
    scores : Scores or None
        The nominal scores; None if the values cannot be scored.
    tables : mapping of str to pandas.DataFrame
        `indicators` and `places` always; the others if there are scores: `correlations` (children of a node
        with each other), `with_nodes` (each with all nodes above), `consistency` (alpha and components by node),
        `eigenvalues`, `loadings`, `importance` (indicators in the root) and `importance_in_nodes` (children in their
        node), `bands` (ranks), `links` (score with other variables); and `findings`: `step`, `about`, `finding`.
    bands : Bands or None
        What `bands` is made from.
    problem : str
        Why the values cannot be scored; empty if they can.
    """

    spec: IndexSpec
    scores: Scores | None
    tables: Mapping[str, pd.DataFrame]
    bands: Bands | None = None
    problem: str = ""
    _places: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        """Close the tables to writing."""
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))

    def __repr__(self) -> str:
        """Say what was looked at, and how much was found."""
        found = f"{len(self.tables['findings']):,} findings"
        return f"<Health: {self.spec.name}, {self._places:,} places, {len(self.spec.codes):,} indicators, {found}>"

    @property
    def text(self) -> str:
        """The report as plain text, step by step."""
        return told(self.spec, self.tables, self.scores, self.bands, self.problem)

    def write(self, path: Path | str, *, synthetic: bool = False) -> None:
        """Write the report as text, all tables as CSV, the definition as TOML, and `health.json`.

        Parameters
        ----------
        path : str or Path
            The folder; it appears only when everything is written.
        synthetic : bool
            Whether a value was made from synthetic data: every table is then marked, and the report says so.
        """
        known = [_MARKER, "report.txt", "index.toml", *(f"{name}.csv" for name in _TABLES)]
        with new_folder(path, marker=_MARKER, known=known) as folder:
            for name, table in self.tables.items():
                write_csv(table, folder / f"{name}.csv", synthetic=synthetic, index=table.index.name is not None)
            mark = "SYNTHETIC DATA\n\n" if synthetic else ""
            (folder / "report.txt").write_text(mark + self.text, encoding="utf-8")
            (folder / "index.toml").write_text(self.spec.to_toml(), encoding="utf-8")
            head = {"format": _FORMAT, "version": _VERSION, "index": self.spec.name, "synthetic": synthetic}
            counts = {"findings": len(self.tables["findings"]), "places": self._places, "problem": self.problem}
            write_json(folder / _MARKER, {**head, **counts})


def examine(
    spec: IndexSpec,
    values: pd.DataFrame,
    *,
    places: pd.DataFrame | None = None,
    denominators: pd.DataFrame | None = None,
    anchors: pd.DataFrame | None = None,
    group: str | None = None,
    others: pd.DataFrame | None = None,
    bands: Bands | None = None,
    seed: int = 0,
) -> Health:
    """Examine an index and its values under the ten steps.

    Parameters
    ----------
    spec : IndexSpec
        The definition.
    values : pandas.DataFrame
        Place x indicator. Indicators that are missing altogether are reported, and the rest is scored.
    places, denominators, anchors : pandas.DataFrame, optional
        As for `scoring.score`.
    group : str, optional
        Which group, if the definition scores groups apart.
    others : pandas.DataFrame, optional
        Place x variable: what the scores should go along with, or should not. Denominators are looked at anyway.
    bands : Bands, optional
        Bands of ranks with everything that is uncertain; default: 1,000 draws of weights within 25 percent of the
        nominal ones, nothing else.
    seed : int
        From 0 on, of these draws.

    Returns
    -------
    Health
        Tables, findings and a text. Values that cannot be scored are described all the same.

    Raises
    ------
    UnknownNameError
        If a method or the group does not exist.
    ScoringError
        If the definition has groups and none is named, places come twice, or no indicator is there.

    Notes
    -----
    Flags: outliers, if skewness and kurtosis are both beyond the limits of the treatment; `redundant`, r > 0.92;
    `conflict`, r < 0; `weak`, r < 0.3 with a node above; `dominant`, r > 0.92 with the node; `inconsistent`,
    alpha < 0.7; `not one-dimensional`, more than one eigenvalue above 1; availability below 65 percent; a share in
    the effects of less than half or more than twice the weight. The tables hold all flags; findings leave out
    correlations between children that are negative by less than twice their standard error, and weak ones with
    nodes further up.
    """
    spec, values = in_group(spec, values, places, group)
    if not values.index.is_unique:
        raise ScoringError(f"places named twice: {list(values.index[values.index.duplicated()][:5])}")
    if not set(spec.codes) & set(values.columns):
        raise ScoringError(f"none of the indicators is in the values; expected some of {', '.join(spec.codes)}")
    scores, problem = None, ""
    try:
        scores = score(spec, values, places=places, denominators=denominators, anchors=anchors, partial=True)
    except ScoringError as error:
        problem = str(error)
    tables = {"indicators": indicators(spec, values, scores), "places": places_table(spec, values, scores)}
    if scores is not None:
        root = scores.spec.root
        tables["correlations"], tables["with_nodes"] = correlations(scores), with_nodes(scores)
        tables["consistency"], tables["eigenvalues"], tables["loadings"] = consistency(scores)
        tables["importance"] = importance(scores)
        inside = [importance(scores, node=node, children=True).assign(node=node) for node in scores.spec.children]
        tables["importance_in_nodes"] = pd.concat(inside).reset_index()
        bands = bands or _weights_only(scores, seed)
        if bands is not None:
            tables["bands"] = bands.summary().join(bands.tiers()[["tier", "leader"]])
        beside = [table for table in (others, denominators) if table is not None]
        if beside:
            tables["links"] = links(scores.scores[root], pd.concat(beside, axis=1))
    tables["findings"] = findings(spec, values, tables, scores, bands)
    return Health(spec, scores, tables, bands, problem, len(values))


def _weights_only(scores: Scores, seed: int) -> Bands | None:
    """Return bands for weights within 25 percent, if there is more than one thing to weigh."""
    if scores.spec.weighting.method != "given" or len(scores.spec.codes) < 2 or len(scores.scores) < 2:
        return None
    return monte_carlo(scores, Choices(weights=WeightRange()), replicates=1000, seed=seed)
