"""What an adapter is: which files it reads, and what a user is told about them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from innovation_graph.errors import RecipeError
from innovation_graph.sources._reading import Reading
from innovation_graph.sources._work import Work

__all__ = ["Adapter"]


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
