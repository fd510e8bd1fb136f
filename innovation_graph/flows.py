"""Flows: communities of several times set side by side, and the places that pass between them.

Communities found anew each year are numbered anew each year. `align` gives the same number to what is
the same community, as far as its places say so; `flows` and `persistence` count on such labels.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from innovation_graph._overlap import as_labels, overlap
from innovation_graph.errors import NetworkError, RecipeError
from innovation_graph.partition import Partition, numbers_of

__all__ = ["align", "flows", "persistence"]


def align(partitions: Mapping[str, Partition | pd.Series], *, minimum: float = 0.0) -> dict[str, pd.Series]:
    """Give communities numbers that they keep over time.

    The first time keeps its numbers. At each later one the communities are matched one to one to those
    before, so that as many places as possible are in matched communities; of several such matchings the
    one with the largest sum of Jaccard indices (places in both as a share of those in either) is taken.
    Matched communities take over the number, the others get new ones, larger than all before, in order.
    Where a community splits, as a rule the larger part keeps the number; where two join, that of the larger
    one stays. A number that has lost all its places to others does not come back, even if they find together again.

    A place that is absent for a time counts with the community it was in when last seen, and may bring its
    number back; places that appear for the first time have no say.

    Parameters
    ----------
    partitions : mapping of str to Partition or pandas.Series
        Communities by time, in order of time: whole numbers from 1 on, indexed by place id, in any order;
        places may differ. A place with a missing label is absent.
    minimum : float
        Smallest Jaccard index, among places with a past, at which a number is kept; 0 to 1. With 0 one
        place in common is enough.

    Returns
    -------
    dict of str to pandas.Series
        Numbers by time, indexed by place id, in the order of the input; places that are absent are left out.

    Raises
    ------
    NetworkError
        If there is nothing to align, a place occurs twice at a time, or a label is no whole number from 1 on.
    RecipeError
        If `minimum` is out of range.

    References
    ----------
    Greene, Doyle and Cunningham (2010), Tracking the evolution of communities in dynamic social networks,
    for the matching by overlap; Kuhn (1955), The Hungarian method for the assignment problem.

    Examples
    --------
    >>> import pandas as pd
    >>> early = pd.Series([1, 1, 1, 2, 2], index=list("abcde"))
    >>> late = pd.Series([1, 1, 1, 2, 2, 3], index=list("cdebaf"))
    >>> align({"2014": early, "2024": late})["2024"].tolist()
    [2, 2, 2, 1, 1, 3]
    """
    if not 0 <= minimum <= 1:
        raise RecipeError(f"minimum must lie between 0 and 1, not {minimum}")
    labels = _present(partitions)
    if not labels:
        raise NetworkError("align needs the communities of at least one time")
    aligned: dict[str, pd.Series] = {}
    past, largest = pd.Series(dtype=np.int64), 0
    for time, now in labels.items():
        numbers = _numbered(now, past, largest, minimum) if aligned else now
        aligned[time] = numbers
        past = pd.concat([past[~past.index.isin(numbers.index)], numbers])
        largest = max(largest, int(numbers.max()) if len(numbers) else 0)
    return aligned


def flows(
    labels_by_time: Mapping[str, Partition | pd.Series], *, strengths: Mapping[str, pd.Series] | None = None
) -> pd.DataFrame:
    """Count the places that pass from each community to each at the next time: an alluvial table.

    Parameters
    ----------
    labels_by_time : mapping of str to Partition or pandas.Series
        Communities by time, in order of time, as `align` gives them.
    strengths : mapping of str to pandas.Series, optional
        Strength of the places by time, indexed by place id, or anything else to add up.

    Returns
    -------
    pandas.DataFrame
        One row for each pair of communities that share a place, in order of time and numbers: `time_from`,
        `time_to`, `community_from`, `community_to`, `places`; with strengths also `strength_from` and
        `strength_to`, those of these places at the two times. `community_from` is NA for places that appear,
        `community_to` for places that vanish, and their strength there is 0: at each time the rows add up to
        all places that are there.

    Raises
    ------
    NetworkError
        If a place occurs twice at a time, a label is no whole number from 1 on, or a place has no strength or several.

    Examples
    --------
    >>> import pandas as pd
    >>> early = pd.Series([1, 1, 2, 2], index=list("abcd"))
    >>> late = pd.Series([1, 2, 2, 2], index=list("abcd"))
    >>> flows({"2014": early, "2024": late})[["community_from", "community_to", "places"]].to_numpy().tolist()
    [[1, 1, 1], [1, 2, 1], [2, 2, 2]]
    """
    labels = _present(labels_by_time)
    weights = {} if strengths is None else {time: _strength(strengths, time, now) for time, now in labels.items()}
    keys = ["community_from", "community_to"]
    parts = []
    for (before, old), (after, new) in pairwise(labels.items()):
        both = pd.concat([old.rename(keys[0]), new.rename(keys[1])], axis=1).astype("Int64").assign(places=1)
        if weights:
            for end, time in (("from", before), ("to", after)):
                both[f"strength_{end}"] = weights[time].reindex(both.index).fillna(0.0)
        counted = both.groupby(keys, dropna=False).sum().reset_index()
        parts.append(counted.assign(time_from=before, time_to=after))
    columns = ["time_from", "time_to", *keys, "places", *(["strength_from", "strength_to"] if weights else [])]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True)[columns]


def persistence(labels_by_time: Mapping[str, Partition | pd.Series]) -> pd.DataFrame:
    """Tell how faithful each place is to its community over time.

    Parameters
    ----------
    labels_by_time : mapping of str to Partition or pandas.Series
        Communities by time, in order of time, as `align` gives them.

    Returns
    -------
    pandas.DataFrame
        Indexed by place, in order of appearance: `times` (at which it is there), `moves` (times at which its
        number differs from the one before; times at which it is absent are passed over), `stayed`
        (1 - moves / (times - 1), 0 to 1; NA for a place that is there once), `main` (the community it is in most
        often, of equally frequent ones the first it was in) and `main_share` (of its times).

    Raises
    ------
    NetworkError
        If a place occurs twice at a time, or a label is no whole number from 1 on.

    Examples
    --------
    >>> import pandas as pd
    >>> years = {year: pd.Series([1, label], index=["a", "b"]) for year, label in [("1", 2), ("2", 2), ("3", 1)]}
    >>> persistence(years)["stayed"].tolist()
    [1.0, 0.5]
    """
    labels = _present(labels_by_time)
    seen = pd.concat([pd.Series(dtype=np.int64), *labels.values()])
    ids = pd.Index(seen.index.unique(), dtype="str", name="place_id")
    # In order of time within each place.
    table = pd.DataFrame({"place": ids.get_indexer(seen.index), "label": seen.to_numpy(dtype=np.int64)})
    table = table.sort_values("place", kind="stable")
    again = table["place"].duplicated()
    moved = again & (table["label"] != table["label"].shift())
    times = table.groupby("place").size()
    moves = moved.groupby(table["place"]).sum()
    counts = table.groupby(["place", "label"], sort=False).size().rename("n").reset_index()
    main = counts.sort_values(["place", "n"], ascending=[True, False], kind="stable").drop_duplicates("place")
    return pd.DataFrame(
        {
            "times": times.to_numpy(),
            "moves": moves.to_numpy(dtype=np.int64),
            "stayed": (1 - moves / (times - 1).where(times > 1)).to_numpy(dtype=float),
            "main": main["label"].to_numpy(),
            "main_share": main["n"].to_numpy() / times.to_numpy(),
        },
        index=ids,
    )


def _present(partitions: Mapping[str, Partition | pd.Series]) -> dict[str, pd.Series]:
    labels = {}
    for time, one in partitions.items():
        there = as_labels(one, f"{time}: the partition").dropna()
        index = pd.Index(there.index, dtype="str", name="place_id")
        labels[time] = pd.Series(numbers_of(there, f"{time}: labels"), index=index, name="community")
    return labels


def _numbered(now: pd.Series, past: pd.Series, largest: int, minimum: float) -> pd.Series:
    communities, codes = np.unique(now.to_numpy(), return_inverse=True)
    numbers = np.zeros(len(communities), dtype=np.int64)
    known = now.index.isin(past.index)
    if known.any():
        before, old = np.unique(past[now.index[known]].to_numpy(), return_inverse=True)
        here, new = np.unique(codes[known], return_inverse=True)
        shared = overlap(old, new)
        kept = shared.matched() & (shared.jaccard() >= minimum)
        numbers[here[shared.second[kept]]] = before[shared.first[kept]]
    fresh = numbers == 0
    numbers[fresh] = largest + 1 + np.arange(fresh.sum())
    return pd.Series(numbers[codes], index=now.index, name="community")


def _strength(strengths: Mapping[str, pd.Series], time: str, labels: pd.Series) -> pd.Series:
    if time not in strengths:
        raise NetworkError(f"there are no strengths at {time}; they are there for {', '.join(map(str, strengths))}")
    given = strengths[time]
    if given.index.has_duplicates:
        raise NetworkError(f"{time}: {given.index[given.index.duplicated()][0]!r} has several strengths")
    found = given.reindex(labels.index).astype(float)
    if found.isna().any():
        raise NetworkError(f"{time}: {labels.index[found.isna()][0]!r} has no strength")
    return found
