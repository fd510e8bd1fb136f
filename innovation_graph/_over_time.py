"""Networks of several times side by side: times as numbers, all ties that ever were in one table."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import NetworkError
from innovation_graph.network import Network

__all__ = ["Ties", "axis_of", "in_years", "ties_of", "union_of_places"]

_TIME = re.compile(r"([0-9]{4})(?:-?[Qq]([1-4])|-([0-9]{4})|-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01]))?)?")


class Ties(NamedTuple):
    """Weights of all ties that ever were; `weight[t, k]` is that of places `first[k]` < `second[k]` at time t."""

    times: list[str]
    axis: NDArray[np.float64]
    ids: "pd.Index[str]"
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    weight: NDArray[np.float64]

    def ends(self) -> pd.DataFrame:
        """Return a table of the two places of each tie."""
        return pd.DataFrame({"source": self.ids[self.first], "target": self.ids[self.second]})

    def shares(self) -> NDArray[np.float64]:
        """Return the share of each tie in the weight of its time; 0 at a time without ties."""
        total = self.weight.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(self.weight, total, out=np.zeros_like(self.weight), where=total > 0))


def in_years(time: str) -> float | None:
    """Return the middle of a year, quarter, month, day or span of years, counted in years; None if it is none.

    Examples
    --------
    >>> [in_years(time) for time in ("2019", "2020-Q3", "2020-02", "2022-2023", "total")]
    [2019.5, 2020.625, 2020.125, 2023.0, None]
    """
    found = _TIME.fullmatch(time)
    if found is None:
        return None
    year, quarter, end, month, day = (int(part or 0) for part in found.groups())
    start, length = float(year), 1.0
    if quarter:
        start, length = year + (quarter - 1) / 4, 1 / 4
    elif end:
        length = end - year + 1
    elif month:
        # Months are taken for equally long: that is less than two days off.
        start, length = year + (month - 1) / 12, 1 / 12
        if day:
            start, length = start + (day - 1) / 372, 1 / 372
    return start + length / 2 if length > 0 else None


def axis_of(times: Iterable[str], *, least: int = 1) -> NDArray[np.float64]:
    """Return times as years if all can be read so, else their positions; refuse an order that is not rising."""
    names = [str(time) for time in times]
    if len(names) < least:
        raise NetworkError(f"expected {least} or more times, got {len(names)}")
    years = [in_years(name) for name in names]
    if any(year is None for year in years):
        return np.arange(len(names), dtype=np.float64)
    axis = np.array(years, dtype=np.float64)
    falling = np.flatnonzero(np.diff(axis) <= 0)
    if len(falling):
        at = int(falling[0])
        raise NetworkError(
            f"networks must come in the order of their times, but {names[at + 1]} comes after {names[at]}; "
            "sort them, and leave out totals"
        )
    return axis


def union_of_places(networks: Iterable[Network]) -> "pd.Index[str]":
    """Return the places of all networks, those of the first network first."""
    ids = dict.fromkeys(place for network in networks for place in network.ids)
    return pd.Index(list(ids), dtype="str", name="place_id")


def ties_of(networks: Mapping[str, Network], *, least: int = 1) -> Ties:
    """Put the weights of all ties of all times into one table; a tie that is absent weighs 0."""
    axis = axis_of(networks, least=least)
    ids = union_of_places(networks.values())
    codes = []
    for network in networks.values():
        at = ids.get_indexer(network.ids)
        first, second, _ = network.pairs
        one, other = at[first], at[second]
        codes.append(np.minimum(one, other) * np.int64(len(ids)) + np.maximum(one, other))
    known = np.unique(np.concatenate(codes))
    weight = np.zeros((len(axis), len(known)))
    for row, code, network in zip(weight, codes, networks.values(), strict=True):
        row[np.searchsorted(known, code)] = network.pairs[2]
    return Ties([str(time) for time in networks], axis, ids, *np.divmod(known, max(1, len(ids))), weight)
