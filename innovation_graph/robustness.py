"""Robustness: how much the order of places hangs on decisions made before anything is measured.

The decisions are the counting rule, the catchment of the places and the largest team that counts. Each choice gives
a network; `compare` sets the measures of every network against those of a baseline, and `movers` tells which
places change their rank. Any networks over the same places can be compared so (years, sources, fields). The
random part of the uncertainty is the business of `uncertainty`: a place that moves less than its
`rank_low` to `rank_high` has not moved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from innovation_graph import places as places_module
from innovation_graph._replicated import Measures, named_measures, values_of
from innovation_graph.centrality import ranks
from innovation_graph.errors import NetworkError, RecipeError, UnknownNameError
from innovation_graph.incidence import Incidence, IncidenceStream, stream
from innovation_graph.network import Network
from innovation_graph.places import Located
from innovation_graph.projection import COUNTING, project
from innovation_graph.records import Records
from innovation_graph.selection import Selection

__all__ = [
    "by_catchment",
    "by_counting_rule",
    "by_team_size",
    "catchments",
    "compare",
    "counting_rules",
    "movers",
    "team_sizes",
]

_MEASURES = ("degree", "strength", "eigenvector")


def compare(
    networks: Mapping[str, Network], measures: Measures = _MEASURES, *, baseline: str | None = None
) -> pd.DataFrame:
    """Set the measures of several networks against those of one of them.

    Parameters
    ----------
    networks : mapping of str to Network
        At least two networks by name, over the same places or at least some common ones.
    measures : sequence of str or callable, or mapping of str to callable
        As for `uncertainty.bootstrap`. Measures are those of the whole networks.
    baseline : str, optional
        Name of the network to compare with; default: the first.

    Returns
    -------
    pandas.DataFrame
        One row a measure and network other than the baseline:

        - `choice`, `against`: the network and the baseline; `measure`;
        - `places`: number of places that both have; the rest of the row is about these, ranked among themselves
          (`centrality.ranks`: equal values share the best rank);
        - `spearman`, `kendall`: rank correlations in -1 to 1 (Kendall's tau-b; ties count as such); NA where a
          measure is the same everywhere;
        - `mean_rank_change`: mean of the absolute difference of ranks;
        - `largest_movers`: up to three places that change most, "Paris 12 -> 5; ..."; empty where none does.

    Raises
    ------
    NetworkError
        If there are not two networks, or two have no place in common.
    UnknownNameError
        If the baseline or a measure does not exist.

    See Also
    --------
    movers : The same place by place.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> ids = ["beijing", "boston", "paris"]
    >>> one = Network.from_matrix([[0, 9, 2], [9, 0, 1], [2, 1, 0]], ids)
    >>> other = Network.from_matrix([[0, 2, 9], [2, 0, 1], [9, 1, 0]], ids)
    >>> table = compare({"2022": one, "2023": other}, ["strength"])
    >>> table[["choice", "against", "spearman", "mean_rank_change", "largest_movers"]].values.tolist()
    [['2023', '2022', 0.5, 0.666..., 'boston 2 -> 3; paris 3 -> 2']]
    """
    table = _moves(networks, measures, baseline)
    rows = []
    for (measure, choice), part in table.groupby(["measure", "choice"], sort=False):
        before, after = part["rank_from"], part["rank_to"]
        varies = before.min() < before.max() and after.min() < after.max()
        moved = part[part["change"] != 0].head(3)
        told = zip(moved["name"], moved["rank_from"], moved["rank_to"], strict=True)
        rows.append(
            {
                "choice": choice,
                "against": part["against"].iloc[0],
                "measure": measure,
                "places": len(part),
                "spearman": float(stats.spearmanr(before, after).statistic) if varies else np.nan,
                "kendall": float(stats.kendalltau(before, after).statistic) if varies else np.nan,
                "mean_rank_change": float(part["change"].abs().mean()),
                "largest_movers": "; ".join(f"{name} {old} -> {new}" for name, old, new in told),
            }
        )
    return pd.DataFrame(rows)


def movers(
    networks: Mapping[str, Network],
    measures: Measures = _MEASURES,
    *,
    baseline: str | None = None,
    most: int | None = None,
) -> pd.DataFrame:
    """List the ranks of the places in several networks beside those in one of them.

    Parameters
    ----------
    networks, measures, baseline : mapping, sequence and str
        As for `compare`.
    most : int, optional
        Keep only so many places a measure and network, those that change most; default: all.

    Returns
    -------
    pandas.DataFrame
        One row a measure, network and place: `choice`, `against`, `measure`, `place_id`, `name`, `value_from`,
        `value_to`, `rank_from`, `rank_to` and `change`, positive for a place that rises. "From" is the baseline. The
        largest changes come first; of equal ones the place with the better rank in the baseline.

    Raises
    ------
    NetworkError
        If there are not two networks, or two have no place in common.
    UnknownNameError
        If the baseline or a measure does not exist.
    """
    table = _moves(networks, measures, baseline)
    if most is not None:
        table = table.groupby(["measure", "choice"], sort=False).head(most)
    return table.reset_index(drop=True)


def by_counting_rule(
    incidence: Incidence | IncidenceStream, rules: Sequence[str] | None = None, *, threads: int | None = None
) -> dict[str, Network]:
    """Project the same works with several counting rules.

    Parameters
    ----------
    incidence : Incidence or IncidenceStream
        Which works have a site in which places.
    rules : sequence of str, optional
        Names in `projection.COUNTING`; default: all, "share" only if the incidence has shares.
    threads : int, optional
        As for `project`.

    Returns
    -------
    dict of str to Network
        By the name of the rule.

    Raises
    ------
    UnknownNameError
        If a rule does not exist.
    ValueError
        If shares are asked for and the incidence has none.
    """
    shares = incidence.shares if isinstance(incidence, IncidenceStream) else incidence.rows.share is not None
    chosen = [rule for rule in COUNTING if shares or rule != "share"] if rules is None else rules
    return {rule: project(incidence, counting=rule, threads=threads) for rule in chosen}


def by_catchment(
    records: Records,
    places: str | Path = "gihi2024",
    radii: Sequence[float] = (0, 10, 25, 50),
    selection: Selection | None = None,
    *,
    counting: str = "whole",
    threads: int | None = None,
) -> dict[str, Network]:
    """Locate the same addresses with several catchments, and project them.

    Parameters
    ----------
    records : Records
        Works and sites.
    places : str or Path
        "gihi2024" or a file of places, see `places.get`.
    radii : sequence of float
        Catchments, in km: how far a place reaches around its district centres; 0 turns it off.
    selection : Selection, optional
        Which works and whose sites; default all.
    counting : str
        As for `project`; "share" reads the shares.
    threads : int, optional
        As for `project`.

    Returns
    -------
    dict of str to Network
        By the catchment, as "25 km".

    Raises
    ------
    RecipeError
        If the set of places has no catchment, or a radius is negative.
    UnknownNameError
        If the set of places or the counting rule does not exist.
    """
    found = {}
    for radius in radii:
        located = places_module.locate(records, places_module.get(places, catchment_km=radius))
        works = stream(records, located, selection, shares=counting == "share")
        found[f"{radius:g} km"] = project(works, counting=counting, threads=threads)
    return found


def by_team_size(
    records: Records,
    located: Located,
    selection: Selection | None = None,
    limits: Sequence[int | None] = (10, 25, 100, None),
    *,
    counting: str = "whole",
    threads: int | None = None,
) -> dict[str, Network]:
    """Project works of teams up to several sizes.

    Parameters
    ----------
    records : Records
        Works and sites.
    located : Located
        What `places.locate` gave for these records.
    selection : Selection, optional
        Which works and whose sites; its own `max_actors` is replaced. Default all.
    limits : sequence of int or None
        Largest numbers of authors (papers) or applicants (patents) of a work; None: any.
    counting : str
        As for `project`; "share" reads the shares.
    threads : int, optional
        As for `project`.

    Returns
    -------
    dict of str to Network
        By the limit, as "at most 25" or "any size".

    Raises
    ------
    RecordsError
        If a limit leaves no work, or `located` was made for other records.
    UnknownNameError
        If the counting rule does not exist.
    """
    found = {}
    for limit in limits:
        chosen = replace(selection or Selection(), max_actors=limit)
        works = stream(records, located, chosen, shares=counting == "share")
        found["any size" if limit is None else f"at most {limit}"] = project(works, counting=counting, threads=threads)
    return found


def counting_rules(
    incidence: Incidence | IncidenceStream, measures: Measures = _MEASURES, *, threads: int | None = None
) -> pd.DataFrame:
    """Compare the counting rules with whole counting.

    Parameters
    ----------
    incidence : Incidence or IncidenceStream
        Which works have a site in which places.
    measures : sequence of str or callable, or mapping of str to callable
        As for `compare`. Degrees are the same under all rules (with shares, as long as none is 0).
    threads : int, optional
        As for `project`.

    Returns
    -------
    pandas.DataFrame
        As `compare`, of `by_counting_rule`.
    """
    return compare(by_counting_rule(incidence, threads=threads), measures, baseline="whole")


def catchments(
    records: Records,
    places: str | Path = "gihi2024",
    radii: Sequence[float] = (0, 10, 25, 50),
    selection: Selection | None = None,
    measures: Measures = _MEASURES,
    *,
    baseline: float | None = None,
    counting: str = "whole",
    threads: int | None = None,
) -> pd.DataFrame:
    """Compare catchments of the places.

    Parameters
    ----------
    records, places, radii, selection, counting, threads : Records, str, sequence, Selection, str and int
        As for `by_catchment`.
    measures : sequence of str or callable, or mapping of str to callable
        As for `compare`.
    baseline : float, optional
        Catchment to compare with, one of the radii; default: 25 km if it is among them, else the first.

    Returns
    -------
    pandas.DataFrame
        As `compare`, of `by_catchment`.

    Raises
    ------
    RecipeError
        If the baseline is not among the radii, or `by_catchment` refuses.
    """
    base = baseline if baseline is not None else next((radius for radius in radii if radius == 25), *radii[:1])
    if base not in radii:
        raise RecipeError(f"the baseline of {base:g} km is not among the radii {list(radii)}")
    found = by_catchment(records, places, radii, selection, counting=counting, threads=threads)
    return compare(found, measures, baseline=f"{base:g} km")


def team_sizes(
    records: Records,
    located: Located,
    selection: Selection | None = None,
    limits: Sequence[int | None] = (10, 25, 100, None),
    measures: Measures = _MEASURES,
    *,
    counting: str = "whole",
    threads: int | None = None,
) -> pd.DataFrame:
    """Compare limits on the size of teams.

    Parameters
    ----------
    records, located, selection, limits, counting, threads : Records, Located, Selection, sequence, str and int
        As for `by_team_size`.
    measures : sequence of str or callable, or mapping of str to callable
        As for `compare`.

    Returns
    -------
    pandas.DataFrame
        As `compare`, of `by_team_size`; the baseline is the last of the limits.
    """
    found = by_team_size(records, located, selection, limits, counting=counting, threads=threads)
    return compare(found, measures, baseline=next(reversed(found), None))


def _moves(networks: Mapping[str, Network], measures: Measures, baseline: str | None) -> pd.DataFrame:
    if len(networks) < 2:
        raise NetworkError(f"a comparison needs two networks of different names, got {list(networks)}")
    against = next(iter(networks)) if baseline is None else baseline
    if against not in networks:
        raise UnknownNameError("baseline", against, networks)
    parts = []
    for name, measure in named_measures(measures).items():
        values = {choice: values_of(measure, network) for choice, network in networks.items()}
        parts += [
            _pair(networks, values, choice, against).assign(measure=name) for choice in networks if choice != against
        ]
    columns = ["choice", "against", "measure", "place_id", "name", "value_from", "value_to"]
    return pd.concat(parts, ignore_index=True)[[*columns, "rank_from", "rank_to", "change"]]


def _pair(networks: Mapping[str, Network], values: Mapping[str, pd.Series], choice: str, against: str) -> pd.DataFrame:
    base = networks[against].ids
    common = base[base.isin(networks[choice].ids)]
    if not len(common):
        raise NetworkError(
            f"networks {against!r} and {choice!r} have no place in common: ids like {list(base[:1])} and "
            f"{list(networks[choice].ids[:1])}; build them with one set of places"
        )
    both = pd.DataFrame({"from": values[against][common], "to": values[choice][common]}, index=common)
    rank = ranks(both)
    table = pd.DataFrame(
        {
            "choice": choice,
            "against": against,
            "place_id": common,
            "name": networks[against].names[common].to_numpy(),
            "value_from": both["from"].to_numpy(),
            "value_to": both["to"].to_numpy(),
            "rank_from": rank["from"].to_numpy(),
            "rank_to": rank["to"].to_numpy(),
        }
    )
    table["change"] = table["rank_from"] - table["rank_to"]
    order = np.lexsort((table["rank_from"], -table["change"].abs()))
    return table.iloc[order]
