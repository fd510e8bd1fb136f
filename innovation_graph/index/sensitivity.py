"""Sensitivity of ranks: an index scored thousands of times with everything that is uncertain drawn at random.

Weights, methods and data could all have been otherwise. Each replicate draws them together, scores the index
anew and ranks the places; what is said of a place is how its rank spreads over the replicates. The spread is that
of the choices listed: it says nothing about choices that are not.

References
----------
Saisana, Saltelli and Tarantola (2005), Uncertainty and sensitivity analysis techniques as tools for the quality
assessment of composite indicators, Journal of the Royal Statistical Society A 168; Lahdelma and Salminen (2001),
SMAA-2: Stochastic multicriteria acceptability analysis for group decision making, Operations Research 49; OECD and
JRC (2008), Handbook on constructing composite indicators, step 7.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph._csv import write_csv
from innovation_graph._files import new_folder, write_json
from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index._choices import Choices, WeightRange, read_choices
from innovation_graph.index._experiment import Experiment
from innovation_graph.index._set_up import set_up
from innovation_graph.index.scores import Scores
from innovation_graph.index.spec import IndexSpec

__all__ = ["Bands", "Choices", "WeightRange", "monte_carlo", "read_choices"]

_Floats = NDArray[np.float64]
_MARKER = "bands.json"
_FORMAT, _VERSION = "innovation-graph bands", 1
_TABLES = ("bands", "acceptability", "probability_above", "by_choice", "failures")


@dataclass(frozen=True, eq=False)
class Bands:
    """Scores and ranks of a node in many replicates, immutable.

    Parameters
    ----------
    nominal : Scores
        The scores as the definition and the values have it, of the group that was asked for.
    node : str
        Code of the node.
    scores, ranks : pandas.DataFrame
        One row a replicate, one column a place; NaN where a place has no score or the replicate failed.
    taken : pandas.DataFrame
        What each replicate chose: one row a replicate, one column a step (and `network`: number of the replicate
        of the network).
    reasons : pandas.Series
        Why replicates failed, by number of the replicate; empty if none did.
    choices : Choices
        What was uncertain.
    seed : int
        Seed of all draws.
    notes : tuple of str
        What a reader has to know.
    """

    nominal: Scores
    node: str
    scores: pd.DataFrame
    ranks: pd.DataFrame
    taken: pd.DataFrame
    reasons: pd.Series
    choices: Choices
    seed: int
    notes: tuple[str, ...] = ()
    _experiment: Experiment | None = field(default=None, repr=False)
    _design: _Floats | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        """Say what was drawn and how often."""
        n, places = self.ranks.shape
        failed = f", {len(self.reasons):,} failed" if len(self.reasons) else ""
        return (
            f"<Bands: {self.nominal.spec.name}, {self.node}, {n:,} replicates{failed} of {places:,} places, "
            f"seed {self.seed}>"
        )

    @property
    def n_good(self) -> int:
        """Number of replicates that did not fail."""
        return len(self.ranks) - len(self.reasons)

    def failures(self) -> pd.Series:
        """Return how many replicates failed for each reason, the most frequent first.

        Returns
        -------
        pandas.Series
            Count by reason. All other results are about the replicates that did not fail.
        """
        return self.reasons.value_counts().rename("replicates").rename_axis("reason")

    def summary(self, level: float = 0.9) -> pd.DataFrame:
        """Return bands of ranks and scores.

        Parameters
        ----------
        level : float
            Share of the replicates between the ends of a band, 0 to 1: 0.9 from the 5th to the 95th percentile.

        Returns
        -------
        pandas.DataFrame
            One row a place, in the order of the nominal scores: `score` and `rank` (nominal); `rank_median`,
            `rank_low` and `rank_high`, the least ranks that half, (1 - level) / 2 and (1 + level) / 2 of the
            replicates do not exceed; `rank_mean`, `rank_best`, `rank_worst`; `shift`, the mean absolute distance
            from the nominal rank; `score_median`, `score_low` and `score_high` (linear quantiles), NA where
            replicates are on different scales: with several normalisations and no rescaling of the node.

        Raises
        ------
        ScoringError
            If the level is not between 0 and 1.
        """
        if not 0 < level < 1:
            raise ScoringError(f"level must lie between 0 and 1, not {level}")
        ends = [0.5, (1 - level) / 2, (1 + level) / 2]
        score, rank = self.nominal.scores[self.node], self.nominal.ranks[self.node]
        ranks = [_quantiles(column, ends, "inverted_cdf") for column in self.ranks.to_numpy().T]
        table = pd.DataFrame({"score": score, "rank": rank})
        table[["rank_median", "rank_low", "rank_high"]] = np.array(ranks).reshape(-1, 3)
        table["rank_mean"], table["rank_best"], table["rank_worst"] = (
            self.ranks.mean(),
            self.ranks.min(),
            self.ranks.max(),
        )
        table["shift"] = (self.ranks - rank.astype("Float64").to_numpy(np.float64, na_value=np.nan)).abs().mean()
        if self._one_scale:
            scores = [_quantiles(column, ends, "linear") for column in self.scores.to_numpy().T]
        else:
            scores = [np.full(3, np.nan) for _ in table.index]
        table[["score_median", "score_low", "score_high"]] = np.array(scores).reshape(-1, 3)
        return table

    def acceptability(self) -> pd.DataFrame:
        """Return how often each place has each rank (rank acceptability of SMAA).

        Returns
        -------
        pandas.DataFrame
            One row a place, one column a rank from 1 on: share of the replicates, 0 to 1. A row sums to 1 if the
            place always has a score. Mean ranks of ties count for the better rank.
        """
        n = self.ranks.shape[1]
        whole = np.floor(np.nan_to_num(self.ranks.to_numpy())).astype(np.intp)
        counts = np.zeros((n, n + 1))
        np.add.at(counts, (np.broadcast_to(np.arange(n), whole.shape), whole), 1)
        columns = pd.RangeIndex(1, n + 1, name="rank")
        return pd.DataFrame(counts[:, 1:] / max(1, self.n_good), index=self.ranks.columns, columns=columns)

    def probability_above(self) -> pd.DataFrame:
        """Return how often each place is above each other one.

        Returns
        -------
        pandas.DataFrame
            Share of the replicates, 0 to 1, in which the place of the row is above that of the column; equal
            ranks count half, the diagonal is 0.5. Replicates in which one of the two has no score count half.
        """
        ranks = self.ranks[~self.ranks.index.isin(self.reasons.index)].to_numpy()
        n = max(1, len(ranks))
        wins = np.stack([(column[:, None] < ranks).sum(axis=0) for column in ranks.T]) if ranks.size else 0
        matrix = np.zeros((ranks.shape[1],) * 2) + wins
        return pd.DataFrame(0.5 + (matrix - matrix.T) / (2 * n), index=self.ranks.columns, columns=self.ranks.columns)

    def tiers(self, level: float = 0.95) -> pd.DataFrame:
        """Group the places that cannot be told from the leader of their group.

        Going down by median rank (then mean rank, then nominal rank), the first place leads tier 1. The first place
        that this leader is above in at least a share `level` of the replicates leads tier 2, and so on. A tier
        says that its places are not clearly below its leader, not that they are equal, nor that the last of a
        tier is below the first of the next.

        Parameters
        ----------
        level : float
            0.5 to 1. The smaller, the more tiers.

        Returns
        -------
        pandas.DataFrame
            One row a place: `rank_median`, `tier` from 1, `leader`, and `probability` that the leader is
            above this place (0.5 for the leader).

        Raises
        ------
        ScoringError
            If the level is not between 0.5 and 1.
        """
        if not 0.5 < level < 1:
            raise ScoringError(f"level must lie between 0.5 and 1, not {level}")
        table, above = self.summary(), self.probability_above().to_numpy()
        order = np.lexsort([table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in _BY])
        tier, leader = np.zeros(len(order), np.int64), np.zeros(len(order), np.intp)
        head, number = (order[0], 1) if len(order) else (0, 1)
        for place in order:
            if above[head, place] >= level:
                head, number = place, number + 1
            tier[place], leader[place] = number, head
        columns = {"rank_median": table["rank_median"], "tier": tier, "leader": table.index[leader]}
        return pd.DataFrame({**columns, "probability": above[leader, np.arange(len(order))]}, index=table.index)

    def by_choice(self) -> pd.DataFrame:
        """Return how far ranks lie from the nominal ones under each method.

        Returns
        -------
        pandas.DataFrame
            Indexed by `step` and `method`: `replicates` drawn with it, `failed` of them, `mean_shift`, the mean
            absolute distance from the nominal rank over places and replicates. Everything else varies too.
        """
        nominal = self.nominal.ranks[self.node].astype("Float64").to_numpy(np.float64, na_value=np.nan)
        shift = (self.ranks - nominal).abs().mean(axis=1)
        failed = self.ranks.index.isin(self.reasons.index)
        rows = {}
        for step in self.taken.columns.drop("network", errors="ignore"):
            for method in dict.fromkeys(self.taken[step]):
                own = self.taken[step].to_numpy() == method
                rows[step, method] = (int(own.sum()), int((own & failed).sum()), shift[own].mean())
        index = pd.MultiIndex.from_tuples(list(rows), names=["step", "method"]) if rows else _NO_STEPS
        return pd.DataFrame(list(rows.values()), index=index, columns=["replicates", "failed", "mean_shift"])

    def replicate(self, number: int) -> tuple[IndexSpec, pd.DataFrame]:
        """Return what a replicate was scored with: `scoring.score` gives its scores again.

        Parameters
        ----------
        number : int
            Number of the replicate, from 0 on.

        Returns
        -------
        spec : IndexSpec
            The definition it drew.
        values : pandas.DataFrame
            Its raw values, place x indicator.

        Raises
        ------
        UnknownNameError
            If there is no such replicate.
        """
        if self._experiment is None or self._design is None or not 0 <= number < len(self._design):
            raise UnknownNameError("replicate", number, [f"0 to {len(self.ranks) - 1}"])
        return self._experiment.replicate(self._design[number])

    def write(self, path: Path | str, *, synthetic: bool = False) -> None:
        """Write the tables as CSV, the choices as TOML, and `bands.json`.

        Parameters
        ----------
        path : str or Path
            The folder; it appears only when everything is written.
        synthetic : bool
            Whether a value was made from synthetic data: every table is then marked.
        """
        tables = {
            "bands": self.summary().join(self.tiers()[["tier", "leader"]]),
            "acceptability": self.acceptability().rename(columns=lambda rank: f"rank_{rank}"),
            "probability_above": self.probability_above(),
            "by_choice": self.by_choice(),
            "failures": self.failures().to_frame(),
        }
        known = [_MARKER, "choices.toml", "index.toml", *(f"{name}.csv" for name in _TABLES)]
        with new_folder(path, marker=_MARKER, known=known) as folder:
            for name, table in tables.items():
                write_csv(table, folder / f"{name}.csv", synthetic=synthetic)
            (folder / "choices.toml").write_text(self.choices.to_toml(), encoding="utf-8")
            (folder / "index.toml").write_text(self.nominal.spec.to_toml(), encoding="utf-8")
            counts = {"replicates": len(self.ranks), "failed": len(self.reasons), "places": self.ranks.shape[1]}
            head = {"format": _FORMAT, "version": _VERSION, "index": self.nominal.spec.name, "node": self.node}
            write_json(
                folder / _MARKER,
                {**head, **counts, "seed": self.seed, "synthetic": synthetic, "notes": list(self.notes)},
            )

    @property
    def _one_scale(self) -> bool:
        spec = self.nominal.spec
        rescaled = spec.rescaling is not None and spec.depth[self.node] in spec.rescaling.levels
        return rescaled or "normalisation" not in self.taken.columns


_BY = ("rank", "rank_mean", "rank_median")
_NO_STEPS = pd.MultiIndex.from_arrays([[], []], names=["step", "method"])


def monte_carlo(
    scores: Scores,
    choices: Choices,
    *,
    replicates: int = 1000,
    network: Mapping[str, pd.DataFrame] | None = None,
    node: str | None = None,
    group: str | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Bands:
    """Score an index many times, with everything that is uncertain drawn anew each time.

    Parameters
    ----------
    scores : Scores
        The nominal scores, also partial ones: they carry definition, raw values and place table.
    choices : Choices
        What varies, and how.
    replicates : int
        How often; at least 2. A share p is known to about sqrt(p (1 - p) / replicates).
    network : mapping of str to pandas.DataFrame, optional
        Replicates of indicators by code, one row a replicate and one column a place (as
        `Uncertainty.centred` gives them). One row is drawn for all indicators, so that what was
        measured on the same draw stays together; indicators that are independent may be given in any order of
        rows. A row takes the place of the values, and the noise of `choices` comes on top; what is missing in the
        values stays missing.
    node : str, optional
        Whose ranks are wanted; default: the root.
    group : str, optional
        Which group, if the definition scores groups apart.
    seed : int
        From 0 on. The first of many replicates are those of few; threads make no difference.
    threads : int, optional
        Default: as many as there are processors, at most 8.

    Returns
    -------
    Bands
        Bands of ranks and scores, and all replicates. Replicates that cannot be scored (a geometric mean of
        z-scores, say) are counted with their reason.

    Raises
    ------
    UnknownNameError
        If a method, an indicator, a node or a group does not exist.
    ScoringError
        If nothing is uncertain, a range makes no sense, replicates of the network do not fit the places, or every
        replicate failed.

    Notes
    -----
    All replicates with the same methods are scored together on arrays. Weights read from the data (`pca` and the
    like) and imputation by nearest places under noise are scored one replicate after the other, 0.05 to 0.2 seconds
    each.

    Examples
    --------
    >>> import pandas as pd
    >>> from innovation_graph.index.scoring import score
    >>> from innovation_graph.index.spec import Indicator, IndexSpec, Node
    >>> spec = IndexSpec("two", (Node("all", "All"),), (Indicator("a", "A", "all"), Indicator("b", "B", "all")))
    >>> values = pd.DataFrame({"a": [3.0, 2.0, 0.0], "b": [0.0, 2.5, 1.0]}, index=["x", "y", "z"])
    >>> bands = monte_carlo(score(spec, values), Choices(weights=WeightRange("any")))
    >>> bands.summary()["rank_median"].astype(int).to_dict()
    {'x': 2, 'y': 1, 'z': 3}
    """
    if replicates < 2 or seed < 0:
        raise ScoringError(f"monte_carlo needs replicates >= 2 and seed >= 0, not {replicates} and {seed}")
    experiment = set_up(scores, choices, network=network, node=node, group=group, seed=seed)
    design = np.random.default_rng([seed, 0]).random((replicates, len(experiment.factors)))
    found = experiment.run(design, threads=threads)
    failed = np.flatnonzero(found.reasons != "")
    reasons = pd.Series(found.reasons[failed], index=pd.Index(failed, name="replicate"), name="reason", dtype="str")
    if len(failed) == replicates:
        raise ScoringError(f"none of {replicates} replicates could be scored; most often: {reasons.mode()[0]}")
    index, places = pd.RangeIndex(replicates, name="replicate"), experiment.scores.scores.index
    return Bands(
        experiment.scores,
        experiment.node,
        pd.DataFrame(found.scores, index=index, columns=places),
        pd.DataFrame(found.ranks, index=index, columns=places),
        experiment.taken(design),
        reasons,
        choices,
        seed,
        _notes(len(failed), replicates),
        experiment,
        design,
    )


def _notes(failed: int, replicates: int) -> tuple[str, ...]:
    if not failed:
        return ()
    return (f"{failed:,} of {replicates:,} replicates could not be scored; results are about the others",)


def _quantiles(column: _Floats, ends: list[float], method: str) -> _Floats:
    known = column[~np.isnan(column)]
    if not len(known):
        return np.full(len(ends), np.nan)
    return np.asarray(np.quantile(known, ends, method=method))  # type: ignore[call-overload]
