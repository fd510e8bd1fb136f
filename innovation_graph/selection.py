"""Selection: which works, and whose sites."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from innovation_graph.errors import RecordsError
from innovation_graph.records import Records

__all__ = ["ACTORS", "KINDS", "Selection"]

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
        Bounds on the number of authors (papers) or applicants (patents). VOSviewer drops papers of more than 25.
    actors : str
        Whose sites link, see `ACTORS`; "default" is authors of papers and applicants of patents.
    drop_retracted : bool
        Whether to leave out works that the source marks as retracted, if the records hold any.

    Raises
    ------
    RecordsError
        If the first year comes after the last, a bound is below 1, or nobody is called `actors`.
    """

    kind: str | None = None
    years: tuple[int, int] | None = None
    types: tuple[str, ...] | None = None
    fields: tuple[str, ...] | None = None
    min_actors: int | None = None
    max_actors: int | None = None
    actors: str = "default"
    drop_retracted: bool = False

    def __post_init__(self) -> None:
        """Refuse what could never select anything."""
        if self.years is not None and self.years[0] > self.years[1]:
            raise RecordsError(f"years must be (first, last), not {self.years}")
        low, high = self.min_actors or 1, self.max_actors
        if low < 1 or (high is not None and high < low):
            raise RecordsError(f"min_actors={self.min_actors} and max_actors={high} leave no work")
        if self.actors not in ACTORS:
            raise RecordsError(f"actors={self.actors!r} is unknown; known: {', '.join(ACTORS)}")

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
            Boolean, shape (n_works,). A work of unknown year or type fails a test on it.

        Raises
        ------
        RecordsError
            If a type, field or kind does not occur at all, with those that do.
        """
        keep = np.ones(records.n_works, dtype=bool)

        def column(name: str) -> pa.ChunkedArray:
            return records.works_columns([name])[name]

        if self.kind is not None:
            keep &= _is_in("kind", column("kind"), (self.kind,))
        if self.years is not None:
            year = column("year")
            low, high = self.years
            inside = pc.and_(pc.greater_equal(year, low), pc.less_equal(year, high))
            keep &= pc.fill_null(inside, fill_value=False).to_numpy()
        if self.types is not None:
            keep &= _is_in("type", column("type"), self.types)
        if self.fields is not None:
            keep &= _has_field(column("fields"), self.fields)
        if self.min_actors is not None or self.max_actors is not None:
            actors = column("n_actors").to_numpy()
            keep &= actors >= (self.min_actors or 0)
            if self.max_actors is not None:
                keep &= actors <= self.max_actors
        if self.drop_retracted:
            keep &= ~np.asarray(column("retracted"))
        return keep

    def describe(self) -> dict[str, Any]:
        """Return the restrictions that are set, as JSON values."""
        found = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
        return {key: value for key, value in found.items() if value is not None and value is not False}


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
    missing = [value for value in wanted if value not in known]
    if missing:
        shown = ", ".join(map(repr, known[:12])) or "none at all"
        raise RecordsError(f"no work has {name} {', '.join(map(repr, missing))}; the records have {shown}")
