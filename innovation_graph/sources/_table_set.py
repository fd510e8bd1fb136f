"""Tables of one data set in many files: which is which is told by their columns, not by their names."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from innovation_graph.errors import FormatError
from innovation_graph.sources._input import Broken, Rejects
from innovation_graph.sources._reading import Reading
from innovation_graph.sources._rows import Row, read_rows
from innovation_graph.sources._streams import Member, members

__all__ = ["Kind", "TableSet", "one_a_run"]


@dataclass(frozen=True)
class Kind:
    """A table of a data set.

    Parameters
    ----------
    name : str
        Our own name; several kinds of one name are spellings of one table.
    columns : mapping of str to sequence of str
        Headers by our own name, see `read_rows`.
    required : collection of str
        Own names of the columns that tell it from all other tables.
    """

    name: str
    columns: Mapping[str, Sequence[str]]
    required: Collection[str]


class TableSet:
    """The tables among some files.

    Parameters
    ----------
    files : sequence of Path
        Tables, plain, gzip, or in zip archives.
    reading : Reading
        Takes what cannot be used: files that cannot be opened, tables of no kind.
    kinds : sequence of Kind
        The first that fits is taken.
    what : str
        What the files should be, for messages.
    quoted : bool
        Whether cells may stand in quotation marks.
    """

    def __init__(
        self, files: Sequence[Path], reading: Reading, kinds: Sequence[Kind], *, what: str, quoted: bool = True
    ) -> None:
        self._reading, self._what, self._quoted = reading, what, quoted
        self._found: dict[str, list[tuple[Member, Kind, Row]]] = {}
        self._report, self._done = reading.progress, 0
        for path in files:
            self._into(path, kinds)

    def _into(self, path: Path, kinds: Sequence[Kind]) -> None:
        self._reading.file = str(path)
        try:
            found = members(path)
        except FormatError as error:
            self._reading.fail(error)
            return
        for member in found:
            self._reading.file = str(member)
            try:
                self._put(member, kinds)
            except (Broken, FormatError) as error:
                self._reading.fail(error)

    def _put(self, member: Member, kinds: Sequence[Kind]) -> None:
        trouble = None
        for kind in kinds:
            # What this look refuses is refused again, and written down, when the table is read.
            look = Reading(self._reading.folder, encoding=self._reading.encoding)
            look.rejects = Rejects(Path(os.devnull))
            rows = read_rows(member, look, kind.columns, kind.required, what=self._what, quoted=self._quoted)
            try:
                first = next(rows, (0, {}))[1]
            except FormatError as error:
                trouble = trouble or error
                continue
            self._found.setdefault(kind.name, []).append((member, kind, first))
            return
        # Line 1, for the file is not damaged: it holds another table.
        self._reading.reject(1, f"a table that is not used. {trouble}")

    def __contains__(self, name: str) -> bool:
        """Tell whether there is such a table."""
        return name in self._found

    def has(self, name: str, column: str) -> bool:
        """Tell whether all tables of a kind fill a column in their first row."""
        return all(first.get(column) for _, _, first in self._found.get(name, ()) if first)

    def file(self, name: str) -> str:
        """Return the first table of a kind, for messages about what was made of several tables."""
        return str(self._found[name][0][0])

    def rows(self, *names: str, counted: bool = False) -> Iterator[tuple[int, Row]]:
        """Yield the rows of all tables of some kinds with their lines.

        Parameters
        ----------
        *names : str
            Kinds.
        counted : bool
            Whether a row is a record of its own.
        """
        reading = self._reading
        for member, kind, _ in [table for name in names for table in self._found.get(name, ())]:
            reading.file = str(member)
            most = 0

            def follow(done: int) -> None:
                nonlocal most
                most = max(most, done)
                self._report(self._done + done)

            reading.progress = follow
            try:
                for line, row in read_rows(
                    member, reading, kind.columns, kind.required, what=self._what, quoted=self._quoted
                ):
                    reading.lines -= not counted
                    yield line, row
            except (Broken, FormatError) as error:
                reading.fail(error)
            self._done += most

    def missing(self, expected: str, path: Path, hint: str) -> FormatError:
        """Return what to raise if a table that must be there is not."""
        got = ", ".join(sorted(self._found)) or "none that is known"
        return FormatError(path, expected=expected, got=f"tables: {got}", hint=hint)


def one_a_run(rows: Iterator[tuple[int, Row]], key: str, cells: str) -> Iterator[tuple[int, Row]]:
    """Join the rows of a key that stand together into the first of them, with the cells of a column joined by "|".

    Tables of symbols have seven rows a patent; fewer rows are grouped so much faster.
    """
    for _, run in groupby(rows, key=lambda item: item[1][key]):
        together = list(run)
        line, first = together[0]
        yield line, {**first, cells: "|".join(row[cells] for _, row in together)}
