"""Selection: which works, and whose sites."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from innovation_graph.errors import RecordsError
from innovation_graph.fields import read_scheme
from innovation_graph.records import Records

__all__ = ["ACTORS", "KINDS", "ONE_PER", "Selection"]

PATENT_TYPES: tuple[str, ...] = ("grant", "application", "pct", "design", "plant", "utility_model")
"""Types of patents; the first three are of inventions."""

KINDS: tuple[str, ...] = ("paper", "patent")
"""Kinds of works."""

ACTORS: dict[str, tuple[str, ...]] = {
    "authors": ("author",),
    "applicants": ("applicant",),
    "inventors": ("inventor",),
    "both": ("applicant", "inventor"),
    "default": ("author", "applicant"),
}
"""Whose sites count, by the name used in recipes."""

ONE_PER: tuple[str, ...] = ("family",)
"""What works can be merged by."""


@dataclass(frozen=True)
class Selection:
    """Which works and whose sites to use; None means no restriction.

    Parameters
    ----------
    kind : str, optional
        "paper" or "patent".
    years : tuple of int, optional
        First and last year, both included.
    types, fields : tuple of str, optional
        Works of one of these types; works in at least one of these fields.
    min_actors, max_actors : int, optional
        Bounds on the number of authors (papers) or applicants (patents), after merging. VOSviewer drops papers of
        more than 25.
    actors : str
        Whose sites link, see `ACTORS`; "default" is authors of papers and applicants of patents.
    drop_retracted : bool
        Whether to leave out works that the source marks as retracted, if the records hold any.
    population : mapping of str to tuple of int, optional
        First and last year by type: {"grant": (2023, 2023), "pct": (2023, 2023)} are the patents granted in 2023
        and the PCT applications published in 2023. Instead of years and types; it is copied and can only be read.
    one_per : str, optional
        "family": the selected works of a patent family become one, see `families.one_per_family`.

    Raises
    ------
    RecordsError
        If the first year comes after the last, a bound is below 1, nobody is called `actors`, a population is
        empty or comes with years or types, or works cannot be merged by `one_per`.
    """

    kind: str | None = None
    years: tuple[int, int] | None = None
    types: tuple[str, ...] | None = None
    fields: tuple[str, ...] | None = None
    min_actors: int | None = None
    max_actors: int | None = None
    actors: str = "default"
    drop_retracted: bool = False
    population: Mapping[str, tuple[int, int]] | None = field(default=None, hash=False)
    one_per: str | None = None

    def __post_init__(self) -> None:
        """Refuse what could never select anything."""
        if self.years is not None and self.years[0] > self.years[1]:
            raise RecordsError(f"years must be (first, last), not {self.years}")
        if self.population is not None:
            if self.years is not None or self.types is not None:
                raise RecordsError("a population has years and types of its own; leave `years` and `types` out")
            population = {kind: (first, last) for kind, (first, last) in sorted(self.population.items())}
            if not population or any(first > last for first, last in population.values()):
                raise RecordsError(f"population must name a first and a last year for each type, not {population}")
            object.__setattr__(self, "population", MappingProxyType(population))
        if self.one_per not in (None, *ONE_PER):
            raise RecordsError(f"one_per={self.one_per!r} is unknown; known: {', '.join(ONE_PER)}")
        low, high = self.min_actors or 1, self.max_actors
        if low < 1 or (high is not None and high < low):
            raise RecordsError(f"min_actors={self.min_actors} and max_actors={high} leave no work")
        if self.actors not in ACTORS:
            raise RecordsError(f"actors={self.actors!r} is unknown; known: {', '.join(ACTORS)}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel and be copied with the population as a dictionary: a view of one cannot."""
        values = (getattr(self, entry.name) for entry in fields(self))
        return type(self), tuple(dict(value) if isinstance(value, Mapping) else value for value in values)

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles whose sites count."""
        return ACTORS[self.actors]

    def mask(self, records: Records) -> NDArray[np.bool_]:
        """Return a mask of the works that are selected, in the order of the works table.

        Parameters
        ----------
        records : Records
            The works.

        Returns
        -------
        numpy.ndarray
            Boolean, shape (n_works,). A work of unknown year or type fails a test on it. With `one_per`, these
            are the works to merge; bounds on the number of actors are for the merged ones, see `bounds`.

        Raises
        ------
        RecordsError
            If a type, field or kind does not occur at all, with those that do; types of patents and the fields of
        the GIHI 2024 need not occur.
        """
        keep = np.ones(records.n_works, dtype=bool)

        def column(name: str) -> pa.ChunkedArray:
            return records.works_columns([name])[name]

        if self.kind is not None:
            keep &= _is_in("kind", column("kind"), (self.kind,))
        if self.years is not None:
            keep &= _between(column("year"), self.years)
        if self.types is not None:
            keep &= _is_in("type", column("type"), self.types)
        if self.population is not None:
            year, kind = column("year"), column("type")
            parts = [_is_in("type", kind, (name,)) & _between(year, years) for name, years in self.population.items()]
            keep &= np.logical_or.reduce(parts)
        if self.fields is not None:
            keep &= _has_field(column("fields"), self.fields)
        if self.drop_retracted:
            keep &= ~np.asarray(column("retracted"))
        return keep if self.one_per is not None else keep & self.bounds(records)

    def bounds(self, records: Records) -> NDArray[np.bool_]:
        """Return a mask of the works whose number of authors or applicants lies within the bounds.

        Parameters
        ----------
        records : Records
            The works; with `one_per`, the merged ones.

        Returns
        -------
        numpy.ndarray
            Boolean, shape (n_works,).
        """
        if self.min_actors is None and self.max_actors is None:
            return np.ones(records.n_works, dtype=bool)
        actors = records.works_columns(["n_actors"])["n_actors"].to_numpy()
        most = np.inf if self.max_actors is None else self.max_actors
        return np.asarray((actors >= (self.min_actors or 0)) & (actors <= most))

    def describe(self) -> dict[str, Any]:
        """Return the restrictions that are set, as JSON values; `kind` also where types of patents alone imply it."""
        found = {entry.name: _plain(getattr(self, entry.name)) for entry in fields(self)}
        types = set(self.types or self.population or ())
        if self.kind is None and types and types <= set(PATENT_TYPES):
            found["kind"] = "patent"
        return {key: value for key, value in found.items() if value is not None and value is not False}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _between(year: pa.ChunkedArray, years: tuple[int, int]) -> NDArray[np.bool_]:
    inside = pc.and_(pc.greater_equal(year, years[0]), pc.less_equal(year, years[1]))
    return np.asarray(inside.fill_null(fill_value=False).to_numpy())


def _is_in(name: str, column: pa.ChunkedArray, wanted: tuple[str, ...]) -> NDArray[np.bool_]:
    _check_known(name, pc.unique(column), wanted)
    mask = pc.fill_null(pc.is_in(column, value_set=pa.array(wanted, column.type)), fill_value=False)
    return np.asarray(mask.to_numpy())


def _has_field(column: pa.ChunkedArray, wanted: tuple[str, ...]) -> NDArray[np.bool_]:
    values = pc.list_flatten(column)
    _check_known("fields", pc.unique(values), wanted)
    rows = pc.list_parent_indices(column).to_numpy()
    hits = pc.is_in(values, value_set=pa.array(wanted, values.type)).to_numpy()
    mask = np.zeros(len(column), dtype=bool)
    mask[rows[hits]] = True
    return mask


def _check_known(name: str, found: pa.Array, wanted: tuple[str, ...]) -> None:
    known = sorted(value for value in found.to_pylist() if value is not None)
    # What everybody's patents have may be absent from these; any other name is likely misspelt.
    common = {"type": PATENT_TYPES, "fields": read_scheme("gihi2024").fields}.get(name, ())
    missing = [value for value in wanted if value not in known and value not in common]
    if missing:
        shown = ", ".join(map(repr, known[:12])) or "none at all"
        raise RecordsError(f"no work has {name} {', '.join(map(repr, missing))}; the records have {shown}")
