"""Patent families: the publications of one invention become one work."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from innovation_graph.errors import RecordsError
from innovation_graph.places.text import fold
from innovation_graph.records import ROLES, SCHEMAS, Records

__all__ = ["one_per_family"]

_TYPES = ("grant", "pct", "application")  # of equal age, the first of these stands for the family
_LISTS = ("fields", "ipc", "cpc")
_NEVER = np.iinfo(np.int64).max
_SITES = tuple(SCHEMAS["sites"].names)

_Ints = NDArray[np.int64]


def one_per_family(records: Records, keep: NDArray[np.bool_] | None = None) -> Records:
    """Merge the works of each patent family into one.

    The work published first stands for the family: of equal dates a grant, else a PCT application, else another
    application, else the first in the table; a work known by its year only counts as of the last day of it. The
    merged work has its identifier, dates, type, office and title, all fields and symbols of the family, and all
    its authors, applicants and inventors with all their addresses.

    With a table of actors, two are the same if they are the same row; rows without an `actor_id` also if their
    names are equal once folded (`places.text.fold`), or, without names, the texts of an address. Without a table,
    actors of two works are the same if they have the same role and their addresses the same folded organisations
    (else texts); of several in one work that are the same in this sense, all stay.

    Parameters
    ----------
    records : Records
        Works with their families.
    keep : numpy.ndarray of bool, optional
        Mask of the works to use, in the order of the works table; the others are left out. Default: all.

    Returns
    -------
    Records
        In memory, in the order of the works that stand for the families; a work without a family stands for
        itself. `n_actors` of a merged work is the number of distinct authors or applicants, but no less than any
        of its members has. Addresses and actors are those of `records`, row for row: places found for them hold.
        `info["families"]` counts works_read and sites_read, works_before and works_after merging, and
        families_merged (those of several works).

    Raises
    ------
    RecordsError
        If the mask does not fit the works.
    """
    keep = np.ones(records.n_works, dtype=bool) if keep is None else np.asarray(keep, dtype=bool)
    if keep.shape != (records.n_works,):
        raise RecordsError(f"the mask of works has the shape {keep.shape}, but there are {records.n_works} works")
    works = records.works
    plan = _Plan.of(works, keep)
    sites = _kept_sites(records, keep)
    many = plan.merged[plan.new[sites["work"]]]
    one = {name: values[~many] for name, values in sites.items()}
    one["work"] = plan.new[one["work"]]
    united, n_actors = _unite(records, {name: values[many] for name, values in sites.items()}, plan)
    rows = {name: np.concatenate([one[name], united[name]]) for name in _SITES}
    order = np.argsort(rows["work"] * len(ROLES) + rows["role"], kind="stable")
    made = Records.from_tables(
        _works(works, plan, n_actors),
        pa.table({name: pa.array(rows[name][order], SCHEMAS["sites"].field(name).type) for name in _SITES}),
        records.addresses,
        actors=records.actors,
    )
    counts = {
        "works_read": records.n_works,
        "sites_read": records.n_sites,
        "works_before": len(plan.members),
        "works_after": len(plan.first),
        "families_merged": int(plan.merged.sum()),
    }
    return replace(made, info={**records.info, "counts": made.info["counts"], "families": counts})


@dataclass(frozen=True, eq=False)
class _Plan:
    """Which works become which.

    Parameters
    ----------
    members : numpy.ndarray
        The works that are used, those of a family side by side, the one that stands for it first.
    new, rank : numpy.ndarray
        Of each work: its row when all is merged (-1: left out), its place among the members of its family.
    first, merged : numpy.ndarray
        Of each new row: the work that stands for it, whether there were several.
    """

    members: _Ints
    new: _Ints
    rank: _Ints
    first: _Ints
    merged: NDArray[np.bool_]

    @classmethod
    def of(cls, works: pa.Table, keep: NDArray[np.bool_]) -> Self:
        rows = np.flatnonzero(keep)
        family = _code(works["family"])[rows]
        alone = family < 0
        family[alone] = len(keep) + np.arange(np.count_nonzero(alone))
        kind = pc.index_in(works["type"], value_set=pa.array(_TYPES)).fill_null(len(_TYPES)).to_numpy()[rows]
        order = np.lexsort((rows, kind, _age(works)[rows], family))
        members, family = rows[order], family[order]
        starts = np.flatnonzero(np.diff(family, prepend=-1))
        sizes = np.diff(np.append(starts, len(members)))
        # The new works stand in the order of those that stand for them.
        place = np.argsort(members[starts])
        number = np.empty_like(place)
        number[place] = np.arange(len(place))
        new, rank = np.full(len(keep), -1, dtype=np.int64), np.zeros(len(keep), dtype=np.int64)
        new[members] = np.repeat(number, sizes)
        rank[members] = np.arange(len(members)) - np.repeat(starts, sizes)
        return cls(members, new, rank, members[starts][place], (sizes > 1)[place])


def _age(works: pa.Table) -> _Ints:
    """Return the day on which each work was published, as a number; the last of its year if only that is known."""
    day = works["published"].cast(pa.int32()).cast(pa.int64())
    next_year = works["year"].cast(pa.int64()).fill_null(0).to_numpy() - 1969
    last_day = next_year.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64) - 1
    last_day[works["year"].is_null().to_numpy()] = _NEVER
    age: _Ints = np.where(day.is_null().to_numpy(), last_day, day.fill_null(0).to_numpy())
    return age


def _code(column: pa.ChunkedArray) -> _Ints:
    """Return a number for each text, equal ones for equal texts; -1 where there is none."""
    encoded = column.combine_chunks().dictionary_encode()
    code: _Ints = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    code[code == encoded.dictionary.index("").as_py()] = -1
    return code


def _kept_sites(records: Records, keep: NDArray[np.bool_]) -> dict[str, _Ints]:
    parts: dict[str, list[NDArray[Any]]] = {name: [np.empty(0, dtype=np.int64)] for name in _SITES}
    for batch in records.site_batches(_SITES):
        rows = keep[batch[0]]
        for name, values in zip(_SITES, batch, strict=True):
            parts[name].append(values[rows])
    return {name: np.concatenate(values) for name, values in parts.items()}


def _unite(records: Records, sites: Mapping[str, _Ints], plan: _Plan) -> tuple[dict[str, _Ints], _Ints]:
    """Unite the actors of the works of each family: return their sites and how many link."""
    target = plan.new[sites["work"]]
    order = np.argsort(_pair(target * len(ROLES) + sites["role"], plan.rank[sites["work"]]), kind="stable")
    work, actor, role, address = (sites[name][order] for name in _SITES)
    target = target[order]
    if records.actors is not None:
        who = _by_row(records, records.actors, actor, address)
    else:
        who = _by_text(records, work, actor, role, address)
    _, first, person = np.unique(_pair(target * len(ROLES) + role, who), return_index=True, return_inverse=True)
    # People are numbered in the order of their first appearance, so by work and role.
    appearance = np.argsort(first)
    first, number = first[appearance], np.empty_like(first)
    number[appearance] = np.arange(len(first))
    person = number[person]
    known = np.zeros(len(first), dtype=bool)
    known[person[address >= 0]] = True
    # Who gave an address in one of the works did not hide it in the other.
    rows = np.flatnonzero((address >= 0) | ~known[person])
    _, distinct = np.unique(_pair(person[rows], address[rows] + 1), return_index=True)
    rows = rows[distinct]
    numbers = actor[first]
    if records.actors is None:
        starts = np.diff(target[first], prepend=-1) > 0
        numbers = np.arange(len(first)) - np.maximum.accumulate(np.where(starts, np.arange(len(first)), 0))
    found = {"work": target[rows], "actor": numbers[person[rows]], "role": role[rows], "address": address[rows]}
    linking = target[first][role[first] != ROLES.index("inventor")]
    return found, np.bincount(linking, minlength=len(plan.first))


def _by_row(records: Records, actors: pa.Table, actor: _Ints, address: _Ints) -> _Ints:
    """Tell actors apart by their rows of the actors table, rows without an identifier by their names."""
    rows, place = np.unique(actor, return_inverse=True)
    table = actors.take(pa.array(rows))
    identified, names = table["actor_id"].is_valid().to_pylist(), table["name"].to_pylist()
    labels = [None if sure else fold(name or "") for sure, name in zip(identified, names, strict=True)]
    least = np.full(len(rows), _NEVER)
    np.minimum.at(least, place, np.where(address < 0, _NEVER, address))
    nameless = np.array([number for number, label in enumerate(labels) if label == ""], dtype=np.int64)
    for number, text in zip(nameless.tolist(), _names(records, least[nameless]), strict=True):
        labels[number] = text
    numbers: dict[str | int, int] = {}
    found = [numbers.setdefault(label or row, len(numbers)) for row, label in zip(rows.tolist(), labels, strict=True)]
    return np.array(found, dtype=np.int64)[place]


def _by_text(records: Records, work: _Ints, actor: _Ints, role: _Ints, address: _Ints) -> _Ints:
    """Tell actors apart by what their addresses say, and by how many of the same there are in one work."""
    if not len(work):
        return work
    used, place = np.unique(address, return_inverse=True)
    numbers: dict[str, int] = {"": 0}
    text = np.array([numbers.setdefault(name, len(numbers)) for name in _names(records, used)], dtype=np.int64)[place]
    changes = np.ones(len(work), dtype=bool)
    changes[1:] = (np.diff(work) != 0) | (np.diff(role) != 0) | (np.diff(actor) != 0)
    starts = np.flatnonzero(changes)
    who = np.minimum.reduceat(text, starts)
    several = np.flatnonzero(who != np.maximum.reduceat(text, starts))
    ends = np.append(starts, len(work))
    sets: dict[tuple[int, ...], int] = {}
    for one in several.tolist():
        names = tuple(sorted(set(text[ends[one] : ends[one + 1]].tolist()) - {0}))
        who[one] = names[0] if len(names) == 1 else len(numbers) + sets.setdefault(names, len(sets))
    # The least address tells namesakes of one work apart in the same way in all works of the family.
    least = np.minimum.reduceat(address, starts)
    group = _pair(work[starts] * len(ROLES) + role[starts], who)
    order = np.argsort(_pair(group, least + 1), kind="stable")
    new = np.diff(group[order], prepend=-1) != 0
    count = np.arange(len(order)) - np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    nth = np.empty_like(count)
    nth[order] = count
    return np.repeat(_pair(who, nth), np.diff(ends))


def _names(records: Records, address: _Ints) -> list[str]:
    """Return the folded organisation, else text, of some addresses; empty where there is none."""
    rows = records.addresses.select(["organisation", "text"]).take(
        pa.array(address, mask=(address < 0) | (address == _NEVER))
    )
    pairs = zip(rows["organisation"].to_pylist(), rows["text"].to_pylist(), strict=True)
    return [fold(organisation or "") or fold(text or "") for organisation, text in pairs]


def _works(works: pa.Table, plan: _Plan, n_actors: _Ints) -> pa.Table:
    """Return the works that stand for their families, with what all members have."""
    table = works.take(pa.array(plan.first))
    target = plan.new[plan.members]
    largest = n_actors.copy()
    np.maximum.at(largest, target, works["n_actors"].to_numpy()[plan.members])
    cut = np.zeros(len(table), dtype=bool)
    np.logical_or.at(cut, target, works["truncated"].to_numpy()[plan.members])
    united = {name: _united(works[name], plan) for name in _LISTS}
    for name, values in {"n_actors": pa.array(largest, pa.int32()), "truncated": pa.array(cut), **united}.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), values)
    return table


def _united(column: pa.ChunkedArray, plan: _Plan) -> pa.Array | pa.ChunkedArray:
    """Return the lists of the new works: distinct values of all members, in their order."""
    if column.null_count == len(column):
        return column.take(pa.array(plan.first))
    place = np.cumsum(plan.merged) - 1
    members = plan.members[plan.merged[plan.new[plan.members]]]
    lists = column.take(pa.array(members)).combine_chunks()
    owner = place[plan.new[members]]
    told = np.zeros(np.count_nonzero(plan.merged), dtype=bool)
    told[owner[lists.is_valid().to_numpy(zero_copy_only=False)]] = True
    owner = np.repeat(owner, pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False))
    values = pc.list_flatten(lists)
    _, first = np.unique(_pair(owner, _code(pa.chunked_array([values])) + 1), return_index=True)
    first = first[np.lexsort((first, owner[first]))]
    ends = np.concatenate([[0], np.cumsum(np.bincount(owner[first], minlength=len(told)))])
    united = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), values.take(pa.array(first)), mask=pa.array(~told))
    own = column.take(pa.array(plan.first)).combine_chunks()
    row = np.where(plan.merged, len(own) + place, np.arange(len(own)))
    return pa.concat_arrays([own, united.cast(own.type)]).take(pa.array(row))


def _pair(one: _Ints, other: _Ints) -> _Ints:
    """Return one number for each pair of numbers from 0, in the same order."""
    if (int(one.max(initial=0)) + 1) * (int(other.max(initial=0)) + 1) > _NEVER:
        one, other = (np.unique(part, return_inverse=True)[1] for part in (one, other))
    return one * (int(other.max(initial=0)) + 1) + other
