"""Drill-down: the works behind a tie, or behind a place, one by one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph import incidence
from innovation_graph.errors import NetworkError, RecipeError
from innovation_graph.incidence import Block, IncidenceStream
from innovation_graph.network import Network
from innovation_graph.places import Located
from innovation_graph.records import ROLES, Records
from innovation_graph.selection import Selection

__all__ = ["works_between", "works_of"]

_BETWEEN = "; "


def works_between(
    records: Records,
    located: Located,
    selection: Selection | None,
    a: str,
    b: str,
    *,
    limit: int | None = None,
    threads: int | None = None,
) -> pd.DataFrame:
    """List the works that two places have in common: those that make the weight of their tie.

    Parameters
    ----------
    records : Records
        The works, as for `incidence.stream`.
    located : Located
        The places of their addresses (or actors).
    selection : Selection or None
        Which works and whose sites; None: all. With `one_per` the works are the merged ones.
    a, b : str
        The two places, by id or by English or Chinese name.
    limit : int, optional
        How many works at most, the first of the list; default all.
    threads : int, optional
        For the search; default: as many as there are processors, at most 8.

    Returns
    -------
    pandas.DataFrame
        One row a work, as many as the weight of the tie under whole counting: work_id, title (NA if the source or
        the ingest left it out), year, kind, type, actors (names in the order of the work, joined by "; "; NA if the
        records did not keep who they are), n_actors (authors, or applicants of a patent), organisations_a and
        organisations_b (distinct names of organisations, else texts of addresses, of its sites in the two places, in
        the order of the work, joined by "; "; NA if there are none) and places (number of distinct places). Actors and
        sites are those of the selected roles. Sorted by year (NA last), then by work_id.

    Raises
    ------
    UnknownNameError
        If no place, or more than one, is called so.
    NetworkError
        If the two are one place.
    RecipeError
        If the limit is below 0.
    RecordsError
        If the places are of other records, or the selection asks for what the records do not have.

    Examples
    --------
    >>> from innovation_graph import Selection, incidence, places, project
    >>> from innovation_graph.samples import sample_records
    >>> records, papers = sample_records(), Selection(kind="paper", years=(2023, 2023))
    >>> hubs = places.locate(records, places.gihi2024())
    >>> works = works_between(records, hubs, papers, "Beijing", "Boston")
    >>> network = project(incidence.stream(records, hubs, papers))
    >>> i, j = network.position("beijing"), network.position("boston")
    >>> len(works) - int(network.adjacency[i, j])
    0
    """
    one, other = _positions(located, [a, b])
    if one == other:
        raise NetworkError(f"a tie has two places, but {a!r} and {b!r} are one; see works_of")
    stream = incidence.stream(records, located, selection)
    return _listed(stream, {"organisations_a": one, "organisations_b": other}, limit, threads)


def works_of(
    records: Records,
    located: Located,
    selection: Selection | None,
    place: str,
    *,
    limit: int | None = None,
    threads: int | None = None,
) -> pd.DataFrame:
    """List the works of a place, also those it has alone.

    Parameters
    ----------
    records, located, selection, limit, threads
        As in `works_between`.
    place : str
        The place, by id or by English or Chinese name.

    Returns
    -------
    pandas.DataFrame
        As from `works_between`, with one column `organisations`; as many rows as `works` of the place says.

    Raises
    ------
    UnknownNameError, RecipeError, RecordsError
        As in `works_between`.
    """
    (row,) = _positions(located, [place])
    return _listed(incidence.stream(records, located, selection), {"organisations": row}, limit, threads)


def _positions(located: Located, names: Sequence[str]) -> list[int]:
    """Return the rows of places by the rules of a network."""
    n = len(located.places)
    network = Network(located.places, sparse.csr_array((n, n)))
    return [network.position(name) for name in names]


def _listed(stream: IncidenceStream, wanted: dict[str, int], limit: int | None, threads: int | None) -> pd.DataFrame:
    """List the works that have sites in all places wanted, which are named by the column of their organisations."""
    if limit is not None and limit < 0:
        raise RecipeError(f"limit must be 0 or more, not {limit}")
    found, batches = _search(stream, list(wanted.values()), threads)
    keys = _columns(stream.records, found, ("year", "work_id")).assign(row=found, batch=batches)
    keys = keys.sort_values(["year", "work_id", "row"], na_position="last")[:limit]
    rows = keys["row"].to_numpy()
    sites = _sites(stream, rows, np.unique(keys["batch"]))
    actors = sites.drop_duplicates(["work", "actor"])
    table = _columns(stream.records, rows, ("work_id", "title", "year", "kind", "type")).assign(
        actors=_joined(actors["work"], _actors(stream.records, actors["actor"]), rows),
        n_actors=stream.records.works_columns(["n_actors"])["n_actors"]
        .take(pa.array(rows))
        .to_numpy()
        .astype(np.int64),
    )
    for column, place in wanted.items():
        here = sites[sites["place"] == place]
        here = here.assign(name=_organisations(stream.records, here["address"])).drop_duplicates(["work", "name"])
        table[column] = _joined(here["work"], here["name"], rows)
    pairs = sites[sites["place"] >= 0].drop_duplicates(["work", "place"])
    return table.assign(places=pairs.groupby("work").size().reindex(rows).to_numpy(dtype=np.int64))


def _columns(records: Records, rows: NDArray[np.int64], names: Sequence[str]) -> pd.DataFrame:
    """Return columns of some works, read one after the other: titles of millions of works are large."""
    columns = {}
    for name in names:
        values = records.works_columns([name])[name].take(pa.array(rows)).to_pandas()
        columns[name] = values.astype("Int64" if name == "year" else "str")
    return pd.DataFrame(columns)


def _search(
    stream: IncidenceStream, wanted: Sequence[int], threads: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the works with a site in all of the places, and the piece of the sites that each is in."""
    number = np.full(len(stream.places) + 1, -1, dtype=np.int32)  # the last is for no place
    number[wanted] = np.arange(len(wanted))
    located = replace(stream.located, places=stream.places.iloc[list(wanted)], lookup=number[stream.located.lookup])

    def hits(block: Block) -> NDArray[np.int64]:
        return np.asarray(block.work[np.diff(block.ptr) == len(wanted)], dtype=np.int64)

    parts = list(replace(stream, located=located).map_blocks(hits, threads=threads))
    batches = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return np.concatenate([np.empty(0, dtype=np.int64), *parts]), batches


def _sites(stream: IncidenceStream, works: NDArray[np.int64], batches: NDArray[np.int64]) -> pd.DataFrame:
    """Return the sites of some works in the roles of the selection, in their order, with the row of their place."""
    columns = ["work", "actor", "role", "address"]
    allowed = np.array([name in stream.selection.roles for name in ROLES])
    wanted = np.zeros(stream.n_works, dtype=bool)
    wanted[works] = True
    lookup = np.append(stream.located.lookup, np.int32(-1))  # the last is for no address
    file = stream.records.open_sites()
    parts: list[list[NDArray[np.int32]]] = [[np.empty(0, dtype=np.int32)] * len(columns)]
    for batch in batches.tolist():
        values = stream.records.read_sites(batch, columns, file=file)
        rows = wanted[values[0]] & allowed[values[2]]
        parts.append([each[rows] for each in values])
    sites = {name: np.concatenate(column) for name, column in zip(columns, zip(*parts, strict=True), strict=True)}
    return pd.DataFrame(sites).assign(place=lookup[sites[stream.located.by]])


def _actors(records: Records, rows: pd.Series) -> list[str | None]:
    """Return name, else id, of actors; None if they were not kept."""
    if records.actors is None:
        return [None] * len(rows)
    table = records.actors.take(pa.array(rows))
    pairs = zip(table["name"].to_pylist(), table["actor_id"].to_pylist(), strict=True)
    return [name or key for name, key in pairs]


def _organisations(records: Records, rows: pd.Series) -> pd.Series:
    """Return organisation, else text, of addresses (-1: none)."""
    table = records.addresses.select(["organisation", "text"]).take(pa.array(rows, mask=(rows < 0).to_numpy()))
    pairs = zip(table["organisation"].to_pylist(), table["text"].to_pylist(), strict=True)
    return pd.Series([organisation or text for organisation, text in pairs], index=rows.index, dtype="str")


def _joined(of: pd.Series, texts: Iterable[Any], works: NDArray[np.int64]) -> pd.Series:
    """Join the texts of each work, in the order of the works asked for; NA where there is none."""
    lists: dict[int, list[str]] = {work: [] for work in works.tolist()}
    for work, text in zip(of.tolist(), texts, strict=True):
        if isinstance(text, str) and text:
            lists[work].append(text)
    return pd.Series([_BETWEEN.join(found) if found else None for found in lists.values()], dtype="str")
