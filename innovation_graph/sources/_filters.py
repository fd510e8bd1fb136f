"""Which works stay, and what of them: the same for all sources."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from innovation_graph.errors import RecipeError

__all__ = ["REASONS", "Filters", "check_year"]

REASONS = ("year", "type", "retracted")
"""Why a work is left out."""

_FIRST_YEAR, _LAST_YEAR = 1000, 2100


@dataclass(frozen=True)
class Filters:
    """Which works to keep, and what of them.

    Parameters
    ----------
    years : pair of int, optional
        First and last year; a work without a year is left out then.
    types : frozenset of str, optional
        Types in lower case.
    keep_retracted : bool
        Whether retracted works stay.
    keep_actors : bool
        Whether the identity of authors, applicants and inventors is kept.
    """

    years: tuple[int, int] | None = None
    types: frozenset[str] | None = None
    keep_retracted: bool = False
    keep_actors: bool = False

    @classmethod
    def of(
        cls,
        years: tuple[int, int] | None,
        types: Collection[str] | None,
        *,
        keep_retracted: bool,
        keep_actors: bool,
    ) -> Self:
        """Make filters of what a user said."""
        if years is not None and years[0] > years[1]:
            raise RecipeError(f"years must be (first, last), got {years}")
        return cls(
            years=(int(years[0]), int(years[1])) if years is not None else None,
            types=frozenset(kind.lower() for kind in types) if types is not None else None,
            keep_retracted=keep_retracted,
            keep_actors=keep_actors,
        )

    def reason(self, year: int | None, kind: str | None, *, retracted: bool) -> str:
        """Return which of `REASONS` leaves a work out; empty if none does."""
        if self.years and not (year is not None and self.years[0] <= year <= self.years[1]):
            return "year"
        if self.types is not None and self.types.isdisjoint(_types(kind)):
            return "type"
        return "retracted" if retracted and not self.keep_retracted else ""


def check_year(year: int | None) -> None:
    """Refuse a year that no work has: a ValueError."""
    if year is not None and not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(f"year {year} lies outside {_FIRST_YEAR} to {_LAST_YEAR}")


def _types(printed: str | None) -> set[str]:
    """Return the type as a whole and, where a source gives several in one, each."""
    whole = (printed or "").lower()
    return {whole, *(part.strip() for part in whole.split(";"))}
