"""What lies where and what could not be located, so that a user sees what stands behind a place."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from innovation_graph.places._columns import coded
from innovation_graph.places.locating import Located
from innovation_graph.records import ROLES, Records

__all__ = ["NO_AFFILIATION", "cities_of_places", "unlocated"]

NO_AFFILIATION = "(no affiliation)"
"""Text of the row that counts sites without any address."""


def unlocated(
    records: Records,
    located: Located,
    *,
    works: NDArray[np.bool_] | None = None,
    roles: Sequence[str] = ROLES,
) -> pd.DataFrame:
    """List the addresses without a place, with what hangs on them.

    Parameters
    ----------
    records : Records
        The records.
    located : Located
        Where their addresses lie. Places looked up by actor leave nothing out: the table is empty.
    works : numpy.ndarray of bool, optional
        Mask of the works to look at, in the order of the works table; default all.
    roles : sequence of str
        Roles whose sites to look at, of `records.ROLES`.

    Returns
    -------
    pandas.DataFrame
        One row for each distinct text, city and country: text (as printed, else the organisation), city,
        country, sites (rows of the sites table), works (distinct works); NA where the source says nothing.
        Sorted by works, the largest first, then by text, city and country. Addresses that no site uses are
        not listed; sites without an address are the row "(no affiliation)".
    """
    if located.by == "actor":
        none = np.empty(0, dtype=np.int64)
        return _table(pd.DataFrame({"text": [], "city": [], "country": []}), none, none)
    lost = np.flatnonzero(located.lookup < 0)
    kinds, group_of_lost = _kinds(records.addresses.take(pa.array(lost)))
    # One more entry at the end serves address -1; located addresses point to group -1.
    group_of = np.full(len(located.lookup) + 1, -1, dtype=np.int64)
    group_of[lost] = group_of_lost
    group_of[-1] = len(kinds) - 1
    n_sites, n_works = _counted(records, group_of, len(kinds), works, roles)
    return _table(kinds, n_sites, n_works)


def cities_of_places(
    records: Records,
    located: Located,
    *,
    works: NDArray[np.bool_] | None = None,
    roles: Sequence[str] = ROLES,
) -> pd.DataFrame:
    """List which cities were counted to which place, and why.

    Parameters
    ----------
    records, located, works, roles
        As in `unlocated`.

    Returns
    -------
    pandas.DataFrame
        One row for each place, city, country and reason (see `Located.reasons`): place (id), city (as the
        addresses have it), country, reason, sites, works (distinct works). Sorted by place, then by works, the
        largest first. Empty if places were looked up by actor.
    """
    columns = ["place", "city", "country", "reason"]
    if located.by == "actor":
        return pd.DataFrame({name: [] for name in [*columns, "sites", "works"]})
    rows = np.flatnonzero(located.lookup >= 0)
    found = records.addresses.select(["city", "country"]).take(pa.array(rows)).to_pandas()
    found.insert(0, "place", located.places.index.to_numpy()[located.lookup[rows]])
    found["reason"] = np.array(list(located.reasons))[located.reason[rows]]
    groups = found.groupby(columns, dropna=False, sort=True, observed=True)
    group_of = np.full(len(located.lookup) + 1, -1, dtype=np.int64)
    group_of[rows] = groups.ngroup()
    table = found.assign(group=group_of[rows]).drop_duplicates("group").sort_values("group")[columns]
    sites, counted = _counted(records, group_of, len(table), works, roles)
    table = table.assign(sites=sites, works=counted)
    table = table[table["sites"] > 0]
    order = ["place", "works", "city", "country", "reason"]
    result: pd.DataFrame = table.sort_values(
        order, ascending=[True, False, True, True, True], kind="stable", ignore_index=True
    )
    return result


def _counted(
    records: Records,
    group_of: NDArray[np.int64],
    n_groups: int,
    works: NDArray[np.bool_] | None,
    roles: Sequence[str],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count sites and distinct works of each group of addresses; the last entry of `group_of` is for no address."""
    n_sites, n_works = np.zeros(n_groups, dtype=np.int64), np.zeros(n_groups, dtype=np.int64)
    wanted = np.array([name in roles for name in ROLES])
    for work, address, role in records.site_batches(["work", "address", "role"]):
        group = group_of[address]
        rows = (group >= 0) & wanted[role]
        if works is not None:
            rows &= works[work]
        group = group[rows]
        n_sites += np.bincount(group, minlength=n_groups)
        # Works come in order, so the pairs are nearly sorted, which a stable sort turns to account.
        pairs = np.sort(work[rows].astype(np.int64) * n_groups + group, kind="stable")
        new = np.ones(len(pairs), dtype=bool)
        new[1:] = pairs[1:] != pairs[:-1]
        n_works += np.bincount(pairs[new] % n_groups, minlength=n_groups)
    return n_sites, n_works


def _kinds(addresses: pa.Table) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return the distinct (text, city, country), last the one for no address, and the number of each row."""
    columns = [coded(addresses, name) for name in ("text", "organisation", "city", "country")]
    text, organisation, city, country = columns
    # A text and an organisation of the same spelling are one.
    words = {value: code for code, value in enumerate(dict.fromkeys([*text.texts, *organisation.texts]))}
    own, other = (
        column.recoded(np.array([words[value] for value in column.texts], dtype=np.int64))
        for column in (text, organisation)
    )
    named = np.where(own >= 0, own, other)
    values = [list(words), city.texts, country.texts]
    parts = [named, city.codes, country.codes]
    sizes = [len(column) + 1 for column in values]
    key = ((parts[0] + 1) * sizes[1] + parts[1] + 1) * sizes[2] + parts[2] + 1
    distinct, group = np.unique(key, return_inverse=True)
    rest, last = np.divmod(distinct, sizes[2])
    first, middle = np.divmod(rest, sizes[1])
    columns_of = {
        name: [*(column[code - 1] if code else None for code in codes.tolist()), extra]
        for name, column, codes, extra in zip(
            ("text", "city", "country"),
            values,
            (first, middle, last),
            (NO_AFFILIATION, None, None),
            strict=True,
        )
    }
    return pd.DataFrame(columns_of).astype("str"), group.astype(np.int64)


def _table(kinds: pd.DataFrame, sites: NDArray[np.int64], works: NDArray[np.int64]) -> pd.DataFrame:
    table = kinds.astype("str").assign(sites=sites, works=works)
    table = table[table["sites"] > 0]
    order = ["works", "text", "city", "country"]
    return table.sort_values(order, ascending=[False, True, True, True], kind="stable", ignore_index=True)
