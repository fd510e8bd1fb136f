"""Change: what became of places and ties between the times of several networks.

The networks come as a mapping from times to networks, in the order of the times, as `by_period`, `read_periods` and
`read_slices` give them. Their places need not be the same: all results are over the places of all times, those of
the first network first, and a place or a tie that is absent from a network has there the value 0.

Times that are years ("2019"), quarters ("2020-Q3"), months ("2020-03"), days ("2020-03-31") or spans of years
("2022-2023") are measured in years from middle to middle, so that they need not be equally spaced. If one time can
not be read so, all times are numbered 0, 1, 2, ..., and what is said here of a year is true of a step.

Where a source shows only what exceeds a limit, a tie or place that is "lost" may just have fallen below it.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph import centrality
from innovation_graph._over_time import Ties, axis_of, ties_of, union_of_places
from innovation_graph._ratio import ratio
from innovation_graph._tie_trends import declining, emerging, mann_kendall, trends
from innovation_graph.errors import RecipeError
from innovation_graph.network import Network

__all__ = [
    "declining",
    "emerging",
    "mann_kendall",
    "measures_over_time",
    "novelty",
    "persistence",
    "place_growth",
    "tie_changes",
    "timeline",
    "trends",
]

_Floats = NDArray[np.float64]


def timeline(networks: Mapping[str, Network]) -> pd.DataFrame:
    """Describe every network in one row, and how it differs from the one before.

    Parameters
    ----------
    networks : mapping of str to Network
        In the order of the times.

    Returns
    -------
    pandas.DataFrame
        One row a time: `places` that have ties, number of `ties`, their total `weight`, `density` (ties over pairs
        of places of all times), ties that are `new`, `lost` and `kept` since the time before, their `jaccard`
        (kept over new, lost and kept), and `ties_growth` and `weight_growth`, the compound growth a year since the
        time before: 0.1 is ten percent. NA in the first row and where the value before, or what is divided by, is 0.

    Raises
    ------
    NetworkError
        If there is no network, or the order is not that of the times.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> old = Network.from_matrix([[0, 4, 0], [4, 0, 0], [0, 0, 0]], ["beijing", "boston", "paris"])
    >>> new = Network.from_matrix([[0, 9, 0], [9, 0, 7], [0, 7, 0]], ["beijing", "boston", "paris"])
    >>> timeline({"2020": old, "2022": new})[["ties", "weight", "jaccard", "weight_growth"]]
          ties  weight  jaccard  weight_growth
    time
    2020     1     4.0      NaN            NaN
    2022     2    16.0      0.5            1.0
    """
    ties = ties_of(networks)
    there = ties.weight > 0
    n = len(ties.ids)
    linked = [np.union1d(ties.first[row], ties.second[row]).size for row in there]
    count, weight = there.sum(axis=1), ties.weight.sum(axis=1)
    kept = np.r_[np.nan, (there[1:] & there[:-1]).sum(axis=1)]
    new, lost = count - kept, np.r_[np.nan, count[:-1]] - kept
    columns = {
        "places": np.array(linked, dtype=np.int64),
        "ties": count.astype(np.int64),
        "weight": weight,
        "density": ratio(count, np.full(len(count), n * (n - 1) / 2)),
        "new": new,
        "lost": lost,
        "kept": kept,
        "jaccard": ratio(kept, new + lost + kept),
    }
    years = np.diff(ties.axis)
    for name in ("ties", "weight"):
        values = columns[name].astype(np.float64)
        columns[f"{name}_growth"] = np.r_[np.nan, _growth(values[:-1], values[1:], years)]
    return pd.DataFrame(columns, index=_time_index(ties.times))


def measures_over_time(networks: Mapping[str, Network], measures: Sequence[str] | None = None) -> pd.DataFrame:
    """Compute measures of centrality at every time, each with its defaults.

    Parameters
    ----------
    networks : mapping of str to Network
        In the order of the times.
    measures : sequence of str, optional
        Names in `centrality.MEASURES`; default: all.

    Returns
    -------
    pandas.DataFrame
        One column a measure, one row for each place and time (index `place_id` and `time`), the times of a place
        together; 0 for a place that is absent. `result[name].unstack()[list(networks)]` has a column a time, as
        `mann_kendall` takes it.

    Raises
    ------
    UnknownNameError
        If there is no such measure.
    NetworkError
        If there is no network, or the order is not that of the times.
    """
    axis_of(networks)
    ids = union_of_places(networks.values())
    tables = [centrality.table(network, measures).reindex(ids, fill_value=0) for network in networks.values()]
    index = pd.MultiIndex.from_product([ids, _time_index(networks)])
    names = tables[0].columns
    # Time by time, turned so that the times of a place stand together.
    columns = {name: np.stack([table[name].to_numpy() for table in tables], axis=1).ravel() for name in names}
    return pd.DataFrame(columns, index=index)


def place_growth(
    networks: Mapping[str, Network], measures: Sequence[str] = ("strength", "degree", "eigenvector")
) -> pd.DataFrame:
    """Compare the places at the first and at the last time.

    Parameters
    ----------
    networks : mapping of str to Network
        In the order of the times; those between the first and the last play no part.
    measures : sequence of str
        Names in `centrality.MEASURES`.

    Returns
    -------
    pandas.DataFrame
        One row for each measure and place (index `measure` and `place_id`): value at the `first` and the `last`
        time, `change`, compound `growth` a year (0.1 is ten percent, -1 if the last value is 0, NA if the first is
        0), `rank_first` and `rank_last` (1 is the largest value, equal ones share the best rank), and
        `rank_change`, the ranks that the place rose.

    Raises
    ------
    UnknownNameError
        If there is no such measure.
    RecipeError
        If no measure is named.
    NetworkError
        If there are fewer than two networks, or the order is not that of the times.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> old = Network.from_matrix([[0, 4, 1], [4, 0, 0], [1, 0, 0]], ["beijing", "boston", "paris"])
    >>> new = Network.from_matrix([[0, 4, 9], [4, 0, 0], [9, 0, 0]], ["beijing", "boston", "paris"])
    >>> place_growth({"2020": old, "2022": new}, ["strength"]).loc["strength"]
              first  last  change    growth  rank_first  rank_last  rank_change
    place_id
    beijing     5.0  13.0     8.0  0.612452           1          1            0
    boston      4.0   4.0     0.0  0.000000           2          3           -1
    paris       1.0   9.0     8.0  2.000000           3          2            1
    """
    if not measures:
        raise RecipeError("expected at least one measure, got none")
    axis = axis_of(networks, least=2)
    ids = union_of_places(networks.values())
    moments = list(networks.values())
    old, new = (centrality.table(moments[at], measures).reindex(ids, fill_value=0) for at in (0, -1))
    old_ranks, new_ranks = centrality.ranks(old), centrality.ranks(new)
    parts = {}
    for name in old.columns:
        first, last = old[name].to_numpy(dtype=np.float64), new[name].to_numpy(dtype=np.float64)
        columns = {
            "first": first,
            "last": last,
            "change": last - first,
            "growth": _growth(first, last, axis[-1] - axis[0]),
            "rank_first": old_ranks[name].to_numpy(),
            "rank_last": new_ranks[name].to_numpy(),
            "rank_change": (old_ranks[name] - new_ranks[name]).to_numpy(),
        }
        parts[name] = pd.DataFrame(columns, index=ids)
    return pd.concat(parts, names=["measure", "place_id"])


def tie_changes(before: Network, after: Network) -> pd.DataFrame:
    """List the ties of two networks: which are new, lost and kept.

    Parameters
    ----------
    before, after : Network
        Any two networks. Threshold them first if light ties are to count as none.

    Returns
    -------
    pandas.DataFrame
        One row a tie of either network, in the order of the places: `source`, `target`, `before` and `after` (the
        weights, 0 for none), `change` (their difference) and `status`: "new", "lost" or "kept".

    See Also
    --------
    persistence : The same in a few numbers.
    novelty : The same by place.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> old = Network.from_matrix([[0, 4, 1], [4, 0, 0], [1, 0, 0]], ["beijing", "boston", "paris"])
    >>> new = Network.from_matrix([[0, 9, 0], [9, 0, 7], [0, 7, 0]], ["beijing", "boston", "paris"])
    >>> tie_changes(old, new)
        source  target  before  after  change status
    0  beijing  boston     4.0    9.0     5.0   kept
    1  beijing   paris     1.0    0.0    -1.0   lost
    2   boston   paris     0.0    7.0     7.0    new
    """
    ties = _two(before, after)
    old, new = ties.weight
    status = np.where(old == 0, "new", np.where(new == 0, "lost", "kept"))
    return ties.ends().assign(before=old, after=new, change=new - old, status=pd.Series(status, dtype="str"))


def persistence(before: Network, after: Network) -> pd.Series:
    r"""Say how much of a network is still there in another one.

    Parameters
    ----------
    before, after : Network
        Any two networks.

    Returns
    -------
    pandas.Series
        Numbers of ties `before` and `after`, `kept`, `new` and `lost`; `jaccard`, kept over kept, new and lost;
        `kept_share`, kept over before; `novelty`, new over after; `weighted_jaccard`,
        :math:`\sum \min(w, w') / \sum \max(w, w')` of the weights before and after. The last four are 0 to 1, NA
        where there is nothing to divide by. The weighted one falls with general growth: divide the weights by
        their totals first if only their distribution is to count.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> old = Network.from_matrix([[0, 4, 1], [4, 0, 0], [1, 0, 0]])
    >>> new = Network.from_matrix([[0, 2, 0], [2, 0, 3], [0, 3, 0]])
    >>> persistence(old, new)[["kept_share", "novelty", "weighted_jaccard"]].tolist()
    [0.5, 0.5, 0.25]
    """
    old, new = _two(before, after).weight
    kept, n_old, n_new = (int(mask.sum()) for mask in ((old > 0) & (new > 0), old > 0, new > 0))
    both = np.array([kept, kept, n_new - kept, np.minimum(old, new).sum()])
    of = np.array([n_old + n_new - kept, n_old, n_new, np.maximum(old, new).sum()])
    counts = {"before": n_old, "after": n_new, "kept": kept, "new": n_new - kept, "lost": n_old - kept}
    names = ["jaccard", "kept_share", "novelty", "weighted_jaccard"]
    return pd.Series({**counts, **dict(zip(names, ratio(both, of).tolist(), strict=True))}, name="persistence")


def novelty(before: Network, after: Network) -> pd.DataFrame:
    """Say for every place how many of its ties are new, lost and kept.

    Parameters
    ----------
    before, after : Network
        Any two networks.

    Returns
    -------
    pandas.DataFrame
        One row a place: numbers of ties `before` and `after`, `kept`, `new` and `lost`, `novelty` (new over
        after), `kept_share` (kept over before) and `new_weight` (weight of the new ties over that of all ties
        after); 0 to 1, NA where there is nothing to divide by.
    """
    ties = _two(before, after)
    old, new = ties.weight
    n = len(ties.ids)

    def by_place(values: NDArray[np.bool_] | _Floats) -> _Floats:
        return np.asarray(np.bincount(ties.first, values, n) + np.bincount(ties.second, values, n), dtype=np.float64)

    was, comes = by_place(old > 0), by_place(new > 0)
    kept = by_place((old > 0) & (new > 0))
    counts = {"before": was, "after": comes, "kept": kept, "new": comes - kept, "lost": was - kept}
    table = pd.DataFrame({name: values.astype(np.int64) for name, values in counts.items()}, index=ties.ids)
    return table.assign(
        novelty=ratio(comes - kept, comes),
        kept_share=ratio(kept, was),
        new_weight=ratio(by_place(np.where(old == 0, new, 0)), by_place(new)),
    )


def _two(before: Network, after: Network) -> Ties:
    return ties_of({"before": before, "after": after})


def _time_index(times: Sequence[str] | Mapping[str, Network]) -> "pd.Index[str]":
    return pd.Index([str(time) for time in times], dtype="str", name="time")


def _growth(first: _Floats, last: _Floats, years: _Floats | float) -> _Floats:
    """Return the compound growth a year; NA where the first value is 0."""
    return ratio(last, first) ** (1 / np.asarray(years)) - 1
