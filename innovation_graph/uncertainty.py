r"""Uncertainty: error bars for every measure of a place, from resampled works.

A network is made of a finite number of works, and with other works of the same kind its measures would differ.
The bootstrap draws such works: each one counts 0, 1, 2, ... times, a Poisson number of mean 1, and every measure is
computed again for the network of each draw (a replicate). What is said here is that part of the uncertainty only.
How much results hang on decisions (counting rule, catchment, large teams) is the question of `robustness`; wrong
addresses and works missing from the source show in neither.

Works are taken as independent. A project that leads to ten papers of the same teams is not: error bars are then
too short. Under whole counting a work in 40 places adds 39 to the strength of each; a few such works can make up most
of the error bar of a strength, and hardly any of it under fractional counting.

*Bias.* The mean of the replicates may differ from the estimate. Links can vanish from a replicate but none can
appear: a link of m works is missing with probability :math:`e^{-m}`, so that degrees are lower in replicates, by
:math:`\sum_j e^{-m_{ij}}` on average. `summary` reports the bias, and ranks, probabilities and tiers
compare places by *centred* replicates: each place's replicates less its bias. What they claim is spread, not how many
partners a place has beyond those seen. Strength has no bias, eigenvector centrality next to none.

*Coverage.* Works were drawn from known frequencies, 800 times, and the centred intervals of level 0.95 asked for
the truth: strength 94 percent (374 and 49 works in 6 places), eigenvector centrality 94 and 95. Degree
does worse: the bootstrap knows nothing of pairs without a work, and gives links expected to have 0.2, 1 and 3
works on average 0.27, 0.47 and 1.59 times their true variance. In a network of 30 places where most links rest on one
or two works, the intervals held the expected degree in 69 percent of cases (percentile 48, basic 44). Read those of
degrees as a hint, and never as 95 percent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph._replicated import Measures, fast_values, named_measures, values_of
from innovation_graph._resampling import Replicates, collapse, keys_of
from innovation_graph._uncertainty_files import read_parts, write_parts
from innovation_graph.centrality import ranks
from innovation_graph.errors import RecipeError, UnknownNameError
from innovation_graph.incidence import Incidence, IncidenceStream
from innovation_graph.projection import project

__all__ = ["INTERVALS", "Uncertainty", "bootstrap", "read_uncertainty"]

INTERVALS: tuple[str, ...] = ("centred", "percentile", "basic")
"""Names of the kinds of intervals."""

_TIE = 1e-12

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Measures of places with their replicates, immutable.

    Parameters
    ----------
    estimate : pandas.DataFrame
        The measures of the network itself: one row a place, one column a measure.
    replicates : mapping of str to numpy.ndarray
        Values by measure, shape (replicates, places); read-only, as drawn, not centred.
    names : pandas.Series
        Names of the places.
    counting : str
        Counting rule.
    seed : int
        Seed of the draws.
    provenance : mapping
        That of the network.
    """

    estimate: pd.DataFrame
    replicates: Mapping[str, _Floats]
    names: pd.Series
    counting: str
    seed: int
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freeze the parts."""
        held = {}
        for name in self.estimate.columns:
            view = np.asarray(self.replicates[name], dtype=np.float64).view()
            view.flags.writeable = False
            held[name] = view
        object.__setattr__(self, "estimate", self.estimate.copy(deep=False))
        object.__setattr__(self, "names", self.names.copy(deep=False))
        object.__setattr__(self, "replicates", MappingProxyType(held))
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))

    @property
    def n_replicates(self) -> int:
        """Number of replicates."""
        return len(next(iter(self.replicates.values())))

    @property
    def measures(self) -> list[str]:
        """Names of the measures."""
        return list(self.estimate.columns)

    def __repr__(self) -> str:
        """Say what was resampled and how often."""
        shown = ", ".join(self.measures)
        mark = ", synthetic" if self.provenance.get("synthetic") else ""
        counts = f"{self.n_replicates:,} replicates of {len(self.estimate):,} places"
        return f"<Uncertainty: {counts}, {shown}, {self.counting}, seed {self.seed}{mark}>"

    def __eq__(self, other: object) -> bool:
        """Tell whether estimates, replicates, names, counting, seed and provenance are equal."""
        if not isinstance(other, Uncertainty):
            return NotImplemented
        return (
            self.estimate.equals(other.estimate)
            and self.names.equals(other.names)
            and all(np.array_equal(values, other.replicates[name]) for name, values in self.replicates.items())
            and (self.counting, self.seed, self.provenance) == (other.counting, other.seed, other.provenance)
        )

    __hash__ = None  # type: ignore[assignment]

    def centred(self, measure: str) -> pd.DataFrame:
        """Return the replicates less their bias: their mean is the estimate.

        Parameters
        ----------
        measure : str
            Name of the measure.

        Returns
        -------
        pandas.DataFrame
            One row a replicate, one column a place. A value may lie beyond what the measure can be.

        Raises
        ------
        UnknownNameError
            If there is no such measure.
        """
        values = self._values(measure)
        shifted = values - (values.mean(axis=0) - self.estimate[measure].to_numpy(dtype=np.float64))
        return pd.DataFrame(shifted, index=pd.RangeIndex(len(values), name="replicate"), columns=self.estimate.index)

    def summary(
        self, measure: str, level: float = 0.95, *, interval: Literal["centred", "percentile", "basic"] = "centred"
    ) -> pd.DataFrame:
        r"""Describe the replicates of a measure, place by place.

        ==============  ====================================================================================
        interval        bounds, with quantiles q of the replicates, their mean, and the estimate t
        ==============  ====================================================================================
        `"centred"`     q + t - mean: for a measure without bias the same as percentile
        `"percentile"`  q: of a degree, all of it may lie below the estimate
        `"basic"`       2 t - q, upside down: takes bias away twice, to aim at the value for endless works
        ==============  ====================================================================================

        Parameters
        ----------
        measure : str
            Name of the measure.
        level : float
            Probability between `low` and `high`, in the middle; 0 to 1.
        interval : {"centred", "percentile", "basic"}
            Kind of interval, see the table.

        Returns
        -------
        pandas.DataFrame
            One row a place: `estimate`, `standard_error` (standard deviation of the replicates), `bias` (their mean
            less the estimate), `low`, `high` in the unit of the measure, `rank` of the estimate as in
            `centrality.ranks`, and `rank_low`, `rank_high`, quantiles of the rank among the centred replicates:
            whole numbers, low is good. A place without links has error 0 in all of them: unseen is
            not measured.

        Raises
        ------
        UnknownNameError
            If there is no such measure or kind of interval.
        RecipeError
            If the level is not between 0 and 1.

        References
        ----------
        Davison and Hinkley (1997), Bootstrap Methods and their Application, chapter 5.
        """
        if interval not in INTERVALS:
            raise UnknownNameError("interval", interval, INTERVALS)
        _check_level(level)
        values, estimate = self._values(measure), self.estimate[measure].to_numpy(dtype=np.float64)
        ends = [(1 - level) / 2, (1 + level) / 2]
        low, high = np.quantile(values, ends, axis=0)
        bias = values.mean(axis=0) - estimate
        if interval == "centred":
            low, high = low - bias, high - bias
        elif interval == "basic":
            low, high = 2 * estimate - high, 2 * estimate - low
        by_rank = np.quantile(self._ranks(measure), ends, axis=1, method="inverted_cdf").astype(np.int64)
        return pd.DataFrame(
            {
                "estimate": self.estimate[measure],
                "standard_error": values.std(axis=0, ddof=1),
                "bias": bias,
                "low": low,
                "high": high,
                "rank": ranks(self.estimate[[measure]])[measure],
                "rank_low": by_rank[0],
                "rank_high": by_rank[1],
            },
            index=self.estimate.index,
        )

    def probability_above(self, measure: str, a: str, b: str) -> float:
        """Share of the centred replicates in which place a is above place b; equal values count one half.

        Parameters
        ----------
        measure : str
            Name of the measure.
        a, b : str
            Place ids.

        Returns
        -------
        float
            0 to 1; with a and b exchanged, 1 less this. Both come from the same draws, so works that they share
            count for both.

        Raises
        ------
        UnknownNameError
            If there is no such measure or place.
        """
        return float(self.probability_matrix(measure, [a, b]).to_numpy()[0, 1])

    def probability_matrix(self, measure: str, places: Sequence[str] | None = None) -> pd.DataFrame:
        """Compare every place with every other one, as `probability_above` does.

        Parameters
        ----------
        measure : str
            Name of the measure.
        places : sequence of str, optional
            Place ids; default: all, in network order.

        Returns
        -------
        pandas.DataFrame
            Probability that the place of the row is above that of the column; 0.5 on the diagonal.

        Raises
        ------
        UnknownNameError
            If there is no such measure or place.
        """
        centred = self.centred(measure)
        ids = self.estimate.index if places is None else pd.Index(list(places), dtype="str", name="place_id")
        for place in ids.difference(self.estimate.index):
            raise UnknownNameError("place", place, self.estimate.index)
        values = centred[ids].to_numpy()
        noise = self._noise(measure)
        rows = [_above(column, values, noise) for column in values.T]
        return pd.DataFrame(np.array(rows).reshape(len(ids), len(ids)), index=ids, columns=ids)

    def tiers(self, measure: str, level: float = 0.95) -> pd.DataFrame:
        """Group the places that cannot be told from the leader of their group.

        Going down from the largest estimate, the first place leads tier 1. The first place that this leader beats
        with a probability of at least `level` (`probability_above`) leads tier 2, and so on. A tier says that
        its places are not clearly below its leader, not that they are equal, nor that the last of a tier is
        below the first of the next: those two may be as close as any. The probability is one-sided and of one
        comparison: of many, some are wrong by chance.

        Parameters
        ----------
        measure : str
            Name of the measure.
        level : float
            0.5 to 1. The smaller, the more tiers.

        Returns
        -------
        pandas.DataFrame
            One row a place, in network order: `estimate`, `rank`, `tier` from 1, `leader` (place id) and
            `probability` that the leader is above this place (0.5 for the leader). Of equal estimates the place
            that stands first comes first.

        Raises
        ------
        UnknownNameError
            If there is no such measure.
        RecipeError
            If the level is not between 0.5 and 1.
        """
        _check_level(level, least=0.5)
        values, noise = self.centred(measure).to_numpy(), self._noise(measure)
        rank = ranks(self.estimate[[measure]])[measure].to_numpy()
        order = np.argsort(rank, kind="stable")
        n = len(order)
        tier, leader, probability = np.zeros(n, np.int64), np.zeros(n, np.intp), np.full(n, 0.5)
        head, number = (order[0], 1) if n else (0, 1)
        above = _above(values[:, head], values, noise) if n else np.empty(0)
        for place in order:
            if place != head and above[place] >= level:
                head, number = place, number + 1
                above = _above(values[:, head], values, noise)
            tier[place], leader[place], probability[place] = number, head, above[place]
        ids = self.estimate.index
        columns = {"rank": rank, "tier": tier, "leader": ids[leader], "probability": probability}
        return pd.DataFrame({"estimate": self.estimate[measure], **columns}, index=ids)

    def write(self, path: Path | str) -> None:
        """Write a folder: tables for spreadsheets, replicates for programs.

        `summary.csv` holds `summary` and `tiers` (level 0.95) of all measures, with `measure`, `place_id` and `name`
        in front; `estimates.parquet` the estimates, `replicates.parquet` one row a replicate and place with one column
        a measure, `uncertainty.json` the rest. All are marked where the network is synthetic.

        Parameters
        ----------
        path : str or Path
            Name of the folder. An earlier one of this kind is replaced.
        """
        tables = [
            self.summary(name).join(self.tiers(name)[["tier", "leader"]]).assign(measure=name) for name in self.measures
        ]
        table = pd.concat(tables).reset_index()
        table["name"] = table["place_id"].map(self.names)
        front = ["measure", "place_id", "name"]
        summary = table[[*front, *(name for name in table.columns if name not in front)]]
        head = {"counting": self.counting, "seed": self.seed, "provenance": dict(self.provenance)}
        write_parts(path, summary, self.estimate, self.names, self.replicates, head)

    def _values(self, measure: str) -> _Floats:
        if measure not in self.replicates:
            raise UnknownNameError("measure", measure, self.measures)
        return self.replicates[measure]

    def _noise(self, measure: str) -> float:
        """Difference up to which two values are equal: the noise of the arithmetic."""
        return _TIE * float(np.abs(self._values(measure)).max(initial=0))

    def _ranks(self, measure: str) -> NDArray[np.int64]:
        """Ranks in the centred replicates, shape (places, replicates)."""
        return ranks(self.centred(measure).T).to_numpy().reshape(len(self.estimate), self.n_replicates)


def bootstrap(
    incidence: Incidence | IncidenceStream,
    measures: Measures = ("degree", "strength", "eigenvector"),
    *,
    counting: str = "whole",
    replicates: int = 1000,
    seed: int = 0,
    threads: int | None = None,
) -> Uncertainty:
    r"""Measure the places of many networks, each made of the same works with random weights.

    Every work gets an independent Poisson number of mean 1 as its weight; for many works this is the plain
    bootstrap (drawing as many works as there are, with replacement), except that their total number varies too, as
    it does from year to year. The strength of a place then has the variance

    .. math:: \textrm{var}(s_i) = \sum_w c_{wi}^2

    over the works w, of which :math:`c_{wi}` is what the work adds to the strength. Works in the same places are drawn
    together, which changes nothing in the distribution: a set of places with m works gets a Poisson number of mean m.
    With counting "share" only works with equal shares can be drawn together, and there are more sets to draw.

    Parameters
    ----------
    incidence : Incidence or IncidenceStream
        Which works have a site in which places. A stream is read twice, piece by piece.
    measures : sequence of str or callable, or mapping of str to callable
        Names in `centrality.MEASURES`, or functions that take a network and return a Series indexed by place, called
        by their name or by the key of the mapping. Functions see the replicate with its links, works and
        provenance, in turn.
    counting : str
        As for `project`.
    replicates : int
        How many, at least 2. 1,000 give the ends of a 95 percent interval to about a tenth of a
        standard error.
    seed : int
        From 0 on. The same seed gives the same draws whatever the measures; the first of many replicates are
        those of few. Another order of the places, or other works, gives other draws.
    threads : int, optional
        Default: as many as there are processors, at most 8. The result does not depend on it.

    Returns
    -------
    Uncertainty
        Estimates equal to the measures of `project(incidence, counting=counting)`, and the replicates.

    Raises
    ------
    UnknownNameError
        If a measure or the counting rule does not exist.
    RecipeError
        If there are no measures, two of one name, fewer than 2 replicates, or the seed is negative.
    NetworkError
        If a function does not return one value a place, in network order.
    ValueError
        If shares are asked for and the incidence has none.

    Notes
    -----
    Up to 512 places, degree, strength and eigenvector are computed from dense matrices, in threads. Any other
    measure, and all of them for more places, need a network a replicate: about 2 ms at 120 places besides what the
    measure itself takes, one after the other, and more than that for millions of links. Memory: eight bytes a
    measure, replicate and place; for more than 512 places also about fifty
    bytes a pair of places of each distinct set.

    References
    ----------
    Hanley and MacGibbon (2006), Creating non-parametric bootstrap samples using Poisson frequencies, Computer Methods
    and Programs in Biomedicine 83; Chamandy, Muralidharan, Najmi and Naidu (2012), Estimating uncertainty for
    massive data streams, Google.

    Examples
    --------
    >>> import innovation_graph as ig
    >>> from innovation_graph.samples import sample_records
    >>> records = sample_records()
    >>> hubs = ig.places.locate(records, ig.places.gihi2024())
    >>> papers = ig.incidence.stream(records, hubs, ig.Selection(kind="paper", years=(2023, 2023)))
    >>> found = bootstrap(papers, ["strength"], replicates=200)
    >>> found
    <Uncertainty: 200 replicates of 120 places, strength, whole, seed 0, synthetic>
    >>> bool(found.probability_above("strength", "new-york", "paris") > 0.99)
    True
    """
    named = named_measures(measures)
    if replicates < 2 or seed < 0:
        raise RecipeError(f"bootstrap needs replicates >= 2 and seed >= 0, not {replicates} and {seed}")
    network = project(incidence, counting=counting, threads=threads)
    estimate = pd.DataFrame({name: values_of(measure, network) for name, measure in named.items()}, index=network.ids)
    made = Replicates(collapse(incidence, counting, threads=threads), counting, replicates)
    keys = keys_of(seed, replicates)
    values = fast_values(made, keys, named, network, threads)
    slow = {name: measure for name, measure in named.items() if name not in values}
    for name in slow:
        values[name] = np.empty((replicates, network.n_places))
    if slow:
        for row, one in enumerate(made.networks(keys, incidence.places, {**network.provenance, "seed": seed})):
            for name, measure in slow.items():
                values[name][row] = values_of(measure, one)
    return Uncertainty(estimate, values, network.names.rename("name"), counting, seed, network.provenance)


def read_uncertainty(path: Path | str) -> Uncertainty:
    """Read a folder written by `Uncertainty.write`.

    Parameters
    ----------
    path : str or Path
        The folder.

    Returns
    -------
    Uncertainty
        Equal to the one that was written.

    Raises
    ------
    FormatError
        If a file is missing or not what it should be.
    """
    estimate, names, replicates, head = read_parts(path)
    return Uncertainty(estimate, replicates, names, head["counting"], head["seed"], head["provenance"])


def _above(column: _Floats, values: _Floats, noise: float) -> _Floats:
    difference = column[:, None] - values
    wins = (difference > noise).mean(axis=0)
    return np.asarray(wins + 0.5 * (np.abs(difference) <= noise).mean(axis=0))


def _check_level(level: float, least: float = 0.0) -> None:
    if not least < level < 1:
        raise RecipeError(f"level must lie between {least:g} and 1, not {level}")
