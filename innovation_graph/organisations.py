"""Organisations behind a place: its leading applicants or institutions, and how much hangs on few of them.

An organisation at an address counts for the place of that address alone: a company in three hubs is a part of
each of them. What is one organisation is settled by `places.open_set("organisation")`: its ROR, else the
source's identifier, else name and country.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph import incidence
from innovation_graph.errors import RecipeError, RecordsError
from innovation_graph.incidence import Block, IncidenceStream
from innovation_graph.places import Located, locate, open_set
from innovation_graph.records import Records
from innovation_graph.selection import Selection

__all__ = ["KINDS", "concentration", "kinds", "leading", "organisations", "organisations_in"]

KINDS: dict[str, str] = {
    "education": "university",
    "university": "university",
    "facility": "research_institute",
    "government": "research_institute",
    "research institute": "research_institute",
    "company": "company",
}
"""Kinds of organisations as the GIHI tells them apart, by the type of the source (ROR's and OpenAlex's names).

ROR calls large national research bodies (Chinese Academy of Sciences, CNRS) "government", so that ministries come
along. Any other type (healthcare, nonprofit, archive, funder...) is "other", a missing one "unknown".
"""

_COLUMNS = ("university", "research_institute", "company", "other", "unknown")


def organisations_in(records: Records, located: Located) -> Located:
    """Make each organisation in a place a place of its own.

    `incidence.stream` then counts, and `project` links, organisations inside places.

    Parameters
    ----------
    records : Records
        Works and addresses.
    located : Located
        The places of these addresses.

    Returns
    -------
    Located
        Its places are the pairs that occur, by the order of the places, then by organisation id; what is known of
        the place stays in the table, `name_en` is the organisation. More columns: place, organisation (id), ror and
        type (the most frequent of its addresses, of equally frequent ones the first by alphabet). Addresses in a
        place that name no organisation are a pair too, with NA as organisation; its id ends with "|". Other ids
        are place, "|" and organisation.

    Raises
    ------
    RecordsError
        If the places are not those of the addresses of these records.
    """
    if located.by != "address":
        raise RecordsError("organisations are read from addresses; these places are authors")
    if len(located.lookup) != records.n_addresses:
        raise RecordsError(
            f"places were found for {len(located.lookup)} addresses, but these records have {records.n_addresses}"
        )
    named = locate(records, open_set("organisation"))
    n = len(named.places) + 1
    organisation = np.where(named.lookup < 0, n - 1, named.lookup).astype(np.int64)
    code = np.where(located.lookup < 0, -1, located.lookup * np.int64(n) + organisation)
    distinct, lookup = np.unique(code, return_inverse=True)
    first = int(np.count_nonzero(distinct < 0))  # nowhere is the least
    place, which = np.divmod(distinct[first:], n)
    ids = pd.Series([*named.places.index, None], dtype="str")
    table = located.places.iloc[place].assign(
        name_en=pd.Series([*named.places["name_en"], None], dtype="str").take(which).array,
        place=located.places.index[place],
        organisation=ids.take(which).array,
        **{name: _most_frequent(records, name, organisation, n).take(which).array for name in ("ror", "type")},
    )
    table.index = pd.Index(table["place"] + "|" + table["organisation"].fillna(""), name="place_id")
    return Located(table, (lookup - first).astype(np.int32), located.reason, name=f"organisations in {located.name}")


def organisations(
    records: Records,
    located: Located,
    selection: Selection | None = None,
    *,
    by_year: bool = False,
    kind_of: Mapping[str, str] = KINDS,
    threads: int | None = None,
) -> pd.DataFrame:
    """Count the works of each organisation in each place.

    Parameters
    ----------
    records : Records
        The works.
    located : Located
        The places of their addresses.
    selection : Selection, optional
        Which works and whose addresses: applicants, inventors or authors, see `Selection.actors`; default all.
    by_year : bool
        Whether to count each year by itself; works without a year have NA.
    kind_of : mapping
        Kind by the type of the source, see `KINDS`; letter case is ignored.
    threads : int, optional
        Default: as many as there are processors, at most 8.

    Returns
    -------
    pandas.DataFrame
        One row for each place and organisation (and year) with works: place (id), year if asked for, rank (in the
        place and year, by works; equal ones share the best), organisation (id), name, ror, type (as the source has
        it), kind, works (with an address of the organisation in the place), fractional_works (each work of the
        place gives 1, split evenly over its organisations there, so that they sum to the works of the place) and
        share (works / works of the place; they sum to more than 1 where organisations work together). Sorted by
        place, in the order of the place table, year, rank, fractional works (the largest first) and id. What
        names no organisation counts as one, without id and rank, in the last row of the place.

    Raises
    ------
    RecordsError
        If the places are not those of the addresses of these records, or the selection asks for what they do not
        have.

    Examples
    --------
    >>> from innovation_graph import Selection, places
    >>> from innovation_graph.samples import sample_records
    >>> records = sample_records()
    >>> hubs = places.locate(records, places.gihi2024())
    >>> table = organisations(records, hubs, Selection(kind="patent"))
    >>> table[table["place"] == "tokyo"][["kind", "works"]].head(2).values.tolist()
    [['company', 471], ['company', 255]]
    """
    pairs = organisations_in(records, located)
    stream = incidence.stream(records, pairs, selection)
    place = located.places.index.get_indexer(pd.Index(pairs.places["place"])).astype(np.int64)
    year, years = _years(stream) if by_year else (np.zeros(stream.n_works, dtype=np.int64), [pd.NA])
    counts = _counted(stream, place, len(located.places), year=year, n_years=len(years), threads=threads)
    pair, when = np.nonzero(counts.works)
    known = pairs.places.iloc[pair]
    kind = {name.lower(): kind for name, kind in kind_of.items()}
    text = known["type"].str.lower()
    table = pd.DataFrame(
        {
            "place": known["place"].array,
            "year": pd.array([years[i] for i in when.tolist()], dtype="Int64"),
            "organisation": known["organisation"].array,
            "name": known["name_en"].array,
            "ror": known["ror"].array,
            "type": known["type"].array,
            "kind": text.map(kind).fillna("other").where(text.notna(), "unknown").astype("str").array,
            "works": counts.works[pair, when],
            "fractional_works": counts.fractional[pair, when],
            "share": counts.works[pair, when] / counts.of_place[place[pair], when],
        }
    )
    nameless = table["organisation"].isna().to_numpy()
    # Pairs stand by place and id already: a stable sort keeps that for what is equal.
    order = np.lexsort((pair, -table["fractional_works"].round(9), -table["works"], nameless, when, place[pair]))
    table, nameless = table.iloc[order].reset_index(drop=True), nameless[order]
    keys = ["place", "year"]
    rank = table[~nameless].groupby(keys, dropna=False)["works"].rank(method="min", ascending=False)
    table.insert(2, "rank", rank.reindex(table.index).astype("Int64"))
    return table if by_year else table.drop(columns="year")


def leading(table: pd.DataFrame, n: int = 20) -> pd.DataFrame:
    """Keep the first organisations of each place (and year).

    Parameters
    ----------
    table : pandas.DataFrame
        What `organisations` gave.
    n : int
        How many, at most; of equal ones at the limit those that stand first.

    Returns
    -------
    pandas.DataFrame
        As the table, without what names no organisation.

    Raises
    ------
    RecipeError
        If `n` is below 1.
    """
    if n < 1:
        raise RecipeError(f"the number of organisations must be at least 1, not {n}")
    named = table[table["organisation"].notna()]
    return named.groupby(_keys(table), dropna=False, sort=False).head(n).reset_index(drop=True)


def concentration(table: pd.DataFrame) -> pd.DataFrame:
    r"""Measure how much of the works of each place (and year) its first organisations have.

    All by fractional works, with shares :math:`q_o` of what named organisations have together:

    .. math:: HHI = \sum_o q_o^2

    Parameters
    ----------
    table : pandas.DataFrame
        What `organisations` gave.

    Returns
    -------
    pandas.DataFrame
        One row for each place (and year) of the table, in its order: works (of the place), named_share (of the
        works, what named organisations have), organisations (named ones), top10_share and top20_share (sum of the
        10 and 20 largest q; 1 if there are no more) and hhi (1 / organisations, all equal, to 1, one has all).
        NaN where no organisation is named.

    References
    ----------
    Rhoades (1993), The Herfindahl-Hirschman index, Federal Reserve Bulletin 79.

    Examples
    --------
    >>> from innovation_graph import Selection, places
    >>> from innovation_graph.samples import sample_records
    >>> records = sample_records()
    >>> hubs = places.locate(records, places.gihi2024())
    >>> concentration(organisations(records, hubs, Selection(kind="patent"))).columns.tolist()
    ['place', 'works', 'named_share', 'organisations', 'top10_share', 'top20_share', 'hhi']
    """
    heads, group = _rows_of_places(table)
    n = len(heads)
    works = np.bincount(group, weights=table["fractional_works"], minlength=n)
    named = table["organisation"].notna().to_numpy()
    part, of = table["fractional_works"].to_numpy()[named], group[named]
    total, number = np.bincount(of, weights=part, minlength=n), np.bincount(of, minlength=n)
    q = part / total[of]
    order = np.lexsort((-q, of))
    nth = np.arange(len(q)) - np.concatenate([[0], np.cumsum(number)])[:-1][of[order]]
    sums = {f"top{k}_share": np.bincount(of[order], weights=q[order] * (nth < k), minlength=n) for k in (10, 20)}
    sums["hhi"] = np.bincount(of, weights=q**2, minlength=n)
    return heads.assign(
        works=np.rint(works).astype(np.int64),
        named_share=total / works,
        organisations=number,
        **{name: np.where(number > 0, values, np.nan) for name, values in sums.items()},
    )


def kinds(table: pd.DataFrame) -> pd.DataFrame:
    """Share the works of each place (and year) out over the kinds of its organisations.

    Parameters
    ----------
    table : pandas.DataFrame
        What `organisations` gave.

    Returns
    -------
    pandas.DataFrame
        One row for each place (and year) of the table, in its order: works, and the share of each kind by fractional
        works: university, research_institute, company, other, unknown (no organisation, or none with a type) and
        those of your own; they sum to 1.
    """
    own = sorted(set(table["kind"]) - set(_COLUMNS))
    names = [*_COLUMNS, *own]
    heads, group = _rows_of_places(table)
    n = len(heads)
    code = group * len(names) + pd.Index(names).get_indexer(pd.Index(table["kind"]))
    sums = np.bincount(code, weights=table["fractional_works"], minlength=n * len(names)).reshape(n, len(names))
    works = sums.sum(axis=1)
    shares = {name: sums[:, i] / works for i, name in enumerate(names)}
    return heads.assign(works=np.rint(works).astype(np.int64), **shares)


class _Counts(NamedTuple):
    """Of each pair of place and organisation and each year; last, works of each place and year."""

    works: NDArray[np.int64]
    fractional: NDArray[np.float64]
    of_place: NDArray[np.int64]


def _counted(
    stream: IncidenceStream,
    place: NDArray[np.int64],
    n_places: int,
    *,
    year: NDArray[np.int64],
    n_years: int,
    threads: int | None,
) -> _Counts:
    """Count the works of the pairs that are the places of the stream; `place` and `year`: of each pair, work."""

    def add(block: Block) -> _Counts:
        sizes = np.diff(block.ptr)
        row = np.repeat(np.arange(len(sizes)), sizes)
        when, at = np.repeat(year[block.work], sizes), place[block.place]
        # The pairs of a work rise, so those in one place stand together.
        starts = np.flatnonzero((np.diff(row, prepend=-1) != 0) | (np.diff(at, prepend=-1) != 0))
        together = np.diff(np.append(starts, len(row)))
        code = block.place * np.int64(n_years) + when
        part = np.repeat(1.0 / together, together)
        return _Counts(
            np.bincount(code, minlength=len(place) * n_years).reshape(-1, n_years),
            np.bincount(code, weights=part, minlength=len(place) * n_years).reshape(-1, n_years).astype(float),
            np.bincount((at * n_years + when)[starts], minlength=n_places * n_years).reshape(-1, n_years),
        )

    works, fractional = np.zeros((len(place), n_years), int), np.zeros((len(place), n_years))
    of_place = np.zeros((n_places, n_years), int)
    for counts in stream.map_blocks(add, threads=threads):
        works += counts.works
        fractional += counts.fractional
        of_place += counts.of_place
    return _Counts(works, fractional, of_place)


def _years(stream: IncidenceStream) -> tuple[NDArray[np.int64], list[Any]]:
    """Return a number for the year of each work, and the years, NA last."""
    column = stream.records.works_columns(["year"])["year"].to_pandas().astype("Int64")
    codes, years = pd.factorize(column, sort=True)
    return np.where(codes < 0, len(years), codes), [*years.tolist(), pd.NA]


def _most_frequent(records: Records, column: str, organisation: NDArray[np.int64], n: int) -> pd.Series:
    """Return the most frequent value of each organisation, by its addresses; NA for the last, which is none."""
    values = pd.DataFrame({"of": organisation, "text": records.addresses[column].to_pandas().astype("str")})
    values = values[(values["of"] < n - 1) & values["text"].notna()]
    times = values.groupby(["of", "text"]).size().rename("times").reset_index()
    times = times.sort_values(["of", "times", "text"], ascending=[True, False, True]).drop_duplicates("of")
    return times.set_index("of")["text"].reindex(range(n))


def _rows_of_places(table: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.integer]]:
    """Return the places (and years) of a table as they come, and which of them each row is of."""
    keys = _keys(table)
    group = table.groupby(keys, dropna=False, sort=False).ngroup().to_numpy()
    return table.loc[~table.duplicated(keys), keys].reset_index(drop=True), group


def _keys(table: pd.DataFrame) -> list[str]:
    return [name for name in ("place", "year") if name in table.columns]
