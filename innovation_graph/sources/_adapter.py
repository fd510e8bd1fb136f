"""What an adapter is: which files it reads, and what a user is told about them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

from innovation_graph.errors import FormatError, RecipeError
from innovation_graph.sources._input import Broken
from innovation_graph.sources._reading import Reading
from innovation_graph.sources._streams import Member, members
from innovation_graph.sources._work import Work

__all__ = ["Adapter", "by_member"]


@dataclass(frozen=True)
class Adapter:
    """One origin of records.

    Parameters
    ----------
    name : str
        Name in commands and recipes.
    label : str
        Name for people.
    what : str
        What its files are, for messages.
    hint : str
        What to export and how.
    read : callable
        Takes the files and the reading, yields works. It raises FormatError or Broken if the rest cannot be read.
    together : bool
        Whether the files are tables of one data set, or each stands for itself.
    map : callable, optional
        Turns the path of a map of columns into the options of the reading.
    """

    name: str
    label: str
    what: str
    hint: str
    read: Callable[[Sequence[Path], Reading], Iterator[Work]]
    together: bool = False
    map: Callable[[Path | str], Any] | None = None

    def prepare(self, columns: Path | str | None) -> Any:
        """Return the options of the reading."""
        if self.map is None:
            if columns is not None:
                raise RecipeError(f"{self.name}: a map of columns goes with the source `table` only")
            return None
        if columns is None:
            raise RecipeError(f"{self.name}: name the map of columns (TOML); see the examples in data/column_maps")
        return self.map(columns)


def by_member(
    read: Callable[[Member, Reading], Iterator[Work]],
) -> Callable[[Sequence[Path], Reading], Iterator[Work]]:
    """Read files, and those inside archives, one by one; one that cannot be read on is written down as damaged."""

    @wraps(read)
    def read_all(files: Sequence[Path], reading: Reading) -> Iterator[Work]:
        for path in files:
            reading.file = str(path)
            try:
                found = members(path)
            except FormatError as error:
                reading.fail(error)
                continue
            for member in found:
                reading.file = str(member)
                try:
                    yield from read(member, reading)
                except (Broken, FormatError) as error:
                    reading.fail(error)

    return read_all
