"""What an adapter is given beside its file: where refused pieces go, how far it has come, what it was told."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from innovation_graph.sources._input import Rejects
from innovation_graph.sources._work import Work

__all__ = ["Reading", "day", "year"]

R = TypeVar("R")


class Reading:
    """The reading of the files of a source.

    Parameters
    ----------
    folder : Path
        Folder of the records in the making: `rejects.jsonl` goes there, and what has to wait on the disk.
    encoding : str, optional
        Encoding of texts that carry no mark.
    options : object
        What the adapter was told beside its files, see `Adapter.map`.

    Attributes
    ----------
    lines : int
        Records met; adapters count them.
    file : str
        The file that is being read, for rejects.
    rejects : Rejects
        What was refused.
    progress : callable
        Takes the number of bytes read of the file.
    """

    def __init__(
        self,
        folder: Path,
        *,
        encoding: str | None = None,
        options: Any = None,
    ) -> None:
        self.encoding = encoding
        self.options = options
        self.lines = 0
        self.error: Exception | None = None
        self.file = ""
        self.progress: Callable[[int], None] = lambda _: None
        self.folder = folder
        self.rejects = Rejects(folder / "rejects.jsonl")

    def reject(self, line: int, reason: str, piece: object = "") -> None:
        """Write a piece of the file down as refused; line 0 means the rest of the file."""
        self.rejects.add(self.file, line, reason, str(piece)[:1000].encode("utf-8", "replace"))

    def fail(self, error: Exception) -> None:
        """Write down that the rest of a file cannot be used."""
        self.error = self.error or error
        self.reject(0, str(error).removeprefix(f"{self.file}: "))

    def works(self, rows: Iterable[tuple[int, R]], make: Callable[[R], Work]) -> Iterator[Work]:
        """Make a work of every row; a ValueError says why a row is none, and the rest goes on."""
        for line, row in rows:
            try:
                work = make(row)
            except ValueError as error:
                self.reject(line, str(error), row)
                continue
            work.line = line
            yield work


def year(text: str, *, what: str = "year") -> int | None:
    """Return the year that a text begins with; None if it is empty."""
    if not text:
        return None
    if text[:4].isdecimal() and len(text) >= 4:
        return int(text[:4])
    raise ValueError(f"{what} {text[:40]!r}, which is no year")


def day(text: str, *, what: str = "date") -> date | None:
    """Return a day from `20230131`, `2023-01-31` or `2023/01/31`; None if it is empty.

    A day or month of zero, as old patents print it, is the first.
    """
    digits = text.replace("-", "").replace("/", "").strip()[:8]
    if not text.strip():
        return None
    if len(digits) == 8 and digits.isdecimal():
        try:
            return date(int(digits[:4]), int(digits[4:6]) or 1, int(digits[6:]) or 1)
        except ValueError:
            pass
    raise ValueError(f"{what} {text[:40]!r}, which is no day such as 2023-01-31")
