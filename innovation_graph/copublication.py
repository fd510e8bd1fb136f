"""International co-publication: works by people of two or more countries, of the world and of each place.

What counts is the work, not the tie: a paper of five countries is one international paper. The countries of a
work are those of all its addresses (authors of papers, applicants of patents, or whom the selection names),
wherever these lie: an author outside all hubs makes a paper of a hub international. A work without any
country is neither domestic nor international but unknown. One with a single country is domestic, though some of
its addresses may name none: numbers of international works are lower bounds where countries are missing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph import incidence
from innovation_graph._ratio import ratio
from innovation_graph.errors import RecipeError, UnknownNameError
from innovation_graph.incidence import Block, IncidenceStream
from innovation_graph.places import Located, locate, open_set
from innovation_graph.records import Records
from innovation_graph.selection import Selection

__all__ = ["WORLD", "cagr", "copublication", "countries_per_work", "growth", "openness_of_works", "orientation"]

WORLD = "(world)"
"""Place of the rows that count all selected works."""

_BY = ("year", "field")
_PAPERS = Selection(kind="paper")
_UNKNOWN, _DOMESTIC, _INTERNATIONAL = range(3)


def cagr(first: float, last: float, years: float) -> float:
    """Compound annual growth: the yearly rate that leads from the first value to the last.

    (last / first)^(1 / years) - 1; values in between play no part.

    Parameters
    ----------
    first, last : float
        Values at both ends, 0 or more.
    years : float
        Years from the one to the other, so 22 from 2000 to 2022.

    Returns
    -------
    float
        From -1 (down to nothing) on; NaN if the first value is 0 or one is NaN.

    Raises
    ------
    RecipeError
        If a value is negative, or there is not more than 0 years between them.

    Examples
    --------
    >>> round(cagr(129_900, 979_800, 2022 - 2000), 4)
    0.0962
    """
    if years <= 0 or first < 0 or last < 0:
        raise RecipeError(f"growth needs values of 0 or more and more than 0 years, not {first}, {last} and {years}")
    return (last / first) ** (1 / years) - 1 if first > 0 and not math.isnan(last) else math.nan


def countries_per_work(
    records: Records,
    selection: Selection | None = None,
    *,
    groups: Mapping[str, str] | None = None,
    threads: int | None = None,
) -> NDArray[np.int32]:
    """Count the distinct countries of each work.

    Parameters
    ----------
    records : Records
        The works.
    selection : Selection, optional
        Which works and whose addresses; default: papers.
    groups : mapping, optional
        Countries that count as one with another, code -> code, as in `Places.groups`; default: none.
    threads : int, optional
        Default: as many as there are processors, at most 8.

    Returns
    -------
    numpy.ndarray of int32
        One number a work, in the order of the works table (with `one_per`: of the merged works); 0 where no
        address names a country and for works that are not selected.

    Raises
    ------
    RecordsError
        If the selection asks for what the records do not have.
    """
    stream = incidence.stream(records, _countries(records, groups), selection or _PAPERS)
    return _numbers_of_countries(stream, threads)


def copublication(
    records: Records,
    located: Located | None = None,
    selection: Selection | None = None,
    *,
    by: Sequence[str] = ("year",),
    groups: Mapping[str, str] | None = None,
    threads: int | None = None,
) -> pd.DataFrame:
    """Count papers and international papers of the world and of each place.

    Parameters
    ----------
    records : Records
        The works.
    located : Located, optional
        The places of their addresses; default: count the world only.
    selection : Selection, optional
        Which works and whose addresses; default: papers.
    by : sequence of {"year", "field"}
        What to divide by. A paper of several fields counts in each, so that fields do not sum to the total.
    groups : mapping, optional
        Countries that count as one with another, code -> code. Default: those of the set of places, so that Hong
        Kong and Taiwan are China with the hubs of the GIHI, as in `international`; {} and, without places, the
        default leave every code of the source a country of its own.
    threads : int, optional
        Default: as many as there are processors, at most 8.

    Returns
    -------
    pandas.DataFrame
        One row for each place, year and field: place (id, or `WORLD`, which comes first; then the order of the
        places), year and field as asked for (those that occur, sorted, NA last for works without), papers
        (works with an address in the place), domestic (of one country), international (of two or more), unknown
        (no address names a country), share (international / papers, NaN without papers) and share_known
        (international / (domestic + international)). Rows without papers are there, with zeros.

    Raises
    ------
    RecipeError
        If `by` names something twice.
    UnknownNameError
        If `by` names something else.
    RecordsError
        If the places are of other records, or the selection asks for what the records do not have.

    Examples
    --------
    >>> from innovation_graph.samples import sample_records
    >>> table = copublication(sample_records())
    >>> table.columns.tolist()
    ['place', 'year', 'papers', 'domestic', 'international', 'unknown', 'share', 'share_known']
    >>> int(table["papers"].sum())
    60000
    """
    for name in by:
        if name not in _BY:
            raise UnknownNameError("division", name, _BY)
    if len(set(by)) < len(by):
        raise RecipeError(f"each division can be asked for once, not {list(by)}")
    if groups is None and located is not None:
        groups = located.groups
    stream = incidence.stream(records, _countries(records, groups), selection or _PAPERS)
    kind = np.minimum(_numbers_of_countries(stream, threads), _INTERNATIONAL)
    cells, labels = _cells(stream.records, stream.keep, by)
    n_cells = len(labels)
    # Work by (cell, kind): the class of a work is the same in all its cells.
    columns = cells.indices * 3 + kind[np.repeat(np.arange(len(kind)), np.diff(cells.indptr))]
    table = sparse.csr_array((cells.data, columns, cells.indptr), shape=(len(kind), n_cells * 3))
    ids, counts = [WORLD], [np.asarray(table.sum(axis=0))]
    if located is not None:
        incidence.stream(records, located)  # refuses places of other records
        of_places = np.zeros((len(located.places), n_cells * 3), dtype=np.int64)

        def add(block: Block) -> sparse.csr_array:
            entries = np.ones(len(block.place), dtype=np.int64)
            shape = (len(block.work), len(located.places))
            rows = sparse.csr_array((entries, block.place.copy(), block.ptr.copy()), shape=shape)
            return sparse.csr_array(rows.T @ table[block.work])

        for part in replace(stream, located=located).map_blocks(add, threads=threads):
            of_places += part.toarray()
        ids += list(located.places.index)
        counts.append(of_places.ravel())
    numbers = np.concatenate(counts).reshape(-1, 3).astype(np.int64)
    papers = numbers.sum(axis=1)
    international = numbers[:, _INTERNATIONAL]
    result = pd.concat([labels] * len(ids), ignore_index=True)
    result.insert(0, "place", pd.Series(np.repeat(np.array(ids, dtype=object), n_cells), dtype="str"))
    return result.assign(
        papers=papers,
        domestic=numbers[:, _DOMESTIC],
        international=international,
        unknown=numbers[:, _UNKNOWN],
        share=ratio(international, papers),
        share_known=ratio(international, papers - numbers[:, _UNKNOWN]),
    )


def growth(table: pd.DataFrame, first: int | None = None, last: int | None = None) -> pd.DataFrame:
    """Compare two years of each place (and field): number, share and compound annual growth.

    Parameters
    ----------
    table : pandas.DataFrame
        What `copublication` gave, by year or by field and year.
    first, last : int, optional
        The two years; default: the first and the last of the table.

    Returns
    -------
    pandas.DataFrame
        One row for each place (and field), in the order of the table: first_year, last_year, papers_first,
        papers_last, international_first, international_last, share_first, share_last, papers_growth and
        international_growth (`cagr`: NaN where the first number is 0).

    Raises
    ------
    RecipeError
        If the table is not by year, a year does not occur, or they are not two years in order.

    Examples
    --------
    >>> from innovation_graph.samples import sample_records
    >>> growth(copublication(sample_records()))[["place", "first_year", "last_year"]].values.tolist()
    [['(world)', 2019, 2023]]
    """
    if "year" not in table.columns:
        raise RecipeError("growth needs a table by year: copublication(..., by=('year',))")
    years = sorted(int(year) for year in table["year"].dropna().unique())
    start = years[0] if first is None and years else first
    end = years[-1] if last is None and years else last
    if start is None or end is None or start not in years or end not in years or start >= end:
        raise RecipeError(f"growth needs two years of the table in order, not {start} and {end}; it has {years}")
    keys = [name for name in ("place", "field") if name in table.columns]
    values = ["papers", "international", "share"]
    # A field may be NA, which no merge by name would tell from another: rows are in equal order in every year.
    one, two = (table[table["year"] == year].reset_index(drop=True) for year in (start, end))
    result = one[keys].assign(first_year=start, last_year=end)
    for name in values:
        result = result.assign(**{f"{name}_first": one[name], f"{name}_last": two[name]})
    for name in values[:2]:
        pairs = zip(one[name].tolist(), two[name].tolist(), strict=True)
        result[f"{name}_growth"] = np.array([cagr(a, b, end - start) for a, b in pairs], dtype=np.float64)
    return result


def openness_of_works(
    records: Records,
    located: Located,
    selection: Selection | None = None,
    *,
    groups: Mapping[str, str] | None = None,
    threads: int | None = None,
) -> pd.DataFrame:
    """Measure which share of the works of each place involves a second country.

    Not the share of its ties (`international.openness`): a paper of three hubs of one country and one abroad has
    half of its six ties over the border, but is one international paper of each of the four.

    Parameters
    ----------
    records, located, selection, groups, threads
        As in `copublication`.

    Returns
    -------
    pandas.DataFrame
        One row a place, in the order of the place table: works, domestic_share, international_share and
        unknown_share, which sum to 1; NaN for a place without works.

    Raises
    ------
    RecordsError
        If the places are of other records, or the selection asks for what the records do not have.
    """
    table = copublication(records, located, selection, by=(), groups=groups, threads=threads).iloc[1:]
    shares = {f"{name}_share": ratio(table[name], table["papers"]) for name in ("domestic", "international")}
    columns = {
        "works": table["papers"].to_numpy(),
        **shares,
        "unknown_share": ratio(table["unknown"], table["papers"]),
    }
    return pd.DataFrame(columns, index=located.places.index)


def orientation(share: pd.Series, *, rule: Literal["terciles", "mean"] = "terciles", band: float = 0.1) -> pd.Series:
    """Type places by their share of international works: outward, balanced or inward.

    The rule is our own: published typologies do not give their limits. It is relative to the places at hand, so
    the type of a place may change with the set.

    Parameters
    ----------
    share : pandas.Series
        International share of each place, such as a column of `openness_of_works`.
    rule : {"terciles", "mean"}
        "terciles": inward below the first tercile of the shares (linear interpolation), outward above the second.
        "mean": inward below (1 - band) times the mean share of the places, outward above (1 + band) times it.
    band : float
        Width on each side for "mean", 0 to below 1.

    Returns
    -------
    pandas.Series
        "outward", "balanced" (also on a limit) or "inward", index of `share`; NA where the share is NaN.

    Raises
    ------
    UnknownNameError
        If there is no such rule.
    RecipeError
        If the band is out of range.

    Examples
    --------
    >>> import pandas as pd
    >>> orientation(pd.Series([0.1, 0.4, 0.9], index=["tianjin", "boston", "geneva"])).tolist()
    ['inward', 'balanced', 'outward']
    """
    if rule not in ("terciles", "mean"):
        raise UnknownNameError("rule", rule, ("terciles", "mean"))
    if not 0 <= band < 1:
        raise RecipeError(f"band must be at least 0 and below 1, not {band}")
    values = share.to_numpy(dtype=np.float64)
    known = values[~np.isnan(values)]
    low, high = np.nan, np.nan
    if len(known):
        low, high = (
            np.quantile(known, [1 / 3, 2 / 3]) if rule == "terciles" else known.mean() * np.array([1 - band, 1 + band])
        )
    names = np.where(values > high, "outward", np.where(values < low, "inward", "balanced"))
    result = pd.Series(names, index=share.index, name="orientation", dtype="str")
    return result.mask(np.isnan(values))


def _countries(records: Records, groups: Mapping[str, str] | None) -> Located:
    """Return the country of each address, those of a group under one number."""
    found = locate(records, open_set("country"))
    ids = found.places.index
    merged = pd.Index([(groups or {}).get(code, code) for code in ids])
    names = merged.unique().sort_values()
    of = np.append(names.get_indexer(merged), -1).astype(np.int32)
    places = pd.DataFrame(index=pd.Index(names, name="place_id"))
    return Located(places, of[found.lookup], found.reason, name="country")


def _numbers_of_countries(stream: IncidenceStream, threads: int | None) -> NDArray[np.int32]:
    number = np.zeros(stream.n_works, dtype=np.int32)
    for work, sizes in stream.map_blocks(lambda block: (block.work.copy(), np.diff(block.ptr)), threads=threads):
        number[work] = sizes
    return number


def _cells(records: Records, keep: NDArray[np.bool_], by: Sequence[str]) -> tuple[sparse.csr_array, pd.DataFrame]:
    """Return which cells each selected work belongs to, shape (works, cells), and what the cells are."""
    rows, codes, values = np.flatnonzero(keep), {}, {}
    if "field" in by:
        rows, codes["field"], values["field"] = _fields(records, rows)
    if "year" in by:
        codes["year"], values["year"] = _coded(
            records.works_columns(["year"])["year"].cast(pa.int64()).take(pa.array(rows))
        )
    sizes = tuple(len(values[name]) for name in by)
    n_cells = math.prod(sizes)
    cell = (
        np.ravel_multi_index(tuple(codes[name] for name in by), sizes) if by and len(rows) else np.zeros(len(rows), int)
    )
    table = sparse.coo_array((np.ones(len(rows), dtype=np.int64), (rows, cell)), shape=(len(keep), n_cells)).tocsr()
    table.data[:] = 1  # a source may name a field twice
    grid = np.indices(sizes).reshape(len(sizes), n_cells)
    labels = {name: values[name].take(at) for name, at in zip(by, grid, strict=True)}
    return table, pd.DataFrame(labels, index=range(n_cells))


def _fields(records: Records, works: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], Any]:
    """Return a row for each work and field (one with none for a work without fields), and the fields."""
    lists = records.works_columns(["fields"])["fields"].take(pa.array(works)).combine_chunks()
    sizes = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False)
    values = pa.concat_arrays([pc.list_flatten(lists), pa.nulls(int((sizes == 0).sum()), pa.string())])
    rows = np.concatenate([np.repeat(works, sizes), works[sizes == 0]])
    return rows, *_coded(pa.chunked_array([values]))


def _coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], Any]:
    """Return a code for each value, and the values sorted, NA last if there is one."""
    distinct = sorted(value for value in pc.unique(column).to_pylist() if value is not None)
    kind = "Int64" if pa.types.is_integer(column.type) else "str"
    codes = pc.index_in(column, value_set=pa.array(distinct, column.type)).fill_null(len(distinct)).to_numpy()
    values = pd.Series([*distinct, *([pd.NA] if column.null_count else [])], dtype=kind)
    return codes.astype(np.int64), values.array
