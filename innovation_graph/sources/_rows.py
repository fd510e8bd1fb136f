"""Rows of tables by the names of their columns: CSV, TSV, Excel and Parquet, one by one."""

import csv
import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from innovation_graph.errors import FormatError
from innovation_graph.sources._cells import folded
from innovation_graph.sources._input import Broken
from innovation_graph.sources._reading import Reading
from innovation_graph.sources._streams import LONGEST_LINE, WORKBOOKS, Member, read_lines
from innovation_graph.sources._workbooks import cell_text, read_sheet

__all__ = ["Row", "read_rows"]

Row = dict[str, str]
"""Cells by our own names of the columns; empty where the table has no such column."""

_PREAMBLE = 30  # rows in which the header is looked for: exports put a note before it
_LOT = 1 << 14
_ADVICE = "See the table of sources in README.md for what to export."


def read_rows(
    member: Member,
    reading: Reading,
    columns: Mapping[str, Sequence[str]],
    required: Collection[str],
    *,
    what: str,
    quoted: bool = True,
    sheet: str | int = 0,
    named_in: Path | None = None,
) -> Iterator[tuple[int, Row]]:
    """Yield the rows of a table with their lines.

    Parameters
    ----------
    member : Member
        CSV or TSV (the separator that the header uses most), an Excel or OpenDocument workbook, or Parquet.
    reading : Reading
        Takes what cannot be used: rows with more or fewer cells than the header, lines that are no text.
    columns : mapping of str to sequence of str
        Headers by our own name; the first that the table has is taken. Case and punctuation do not matter.
    required : collection of str
        Own names of columns that must be there. The header is the first row that has them all.
    what : str
        What the file should be, for messages.
    quoted : bool
        Whether cells may stand in quotation marks.
    sheet : str or int
        Sheet of a workbook, by name or position.
    named_in : Path, optional
        Where the user has named the columns and the sheet, for messages.

    Raises
    ------
    FormatError
        If no row has the required columns, with those that are missing and the sheets of a workbook.
    Broken
        If the file cannot be read on.
    """
    if member.suffix in WORKBOOKS and member.name is None:
        table = read_sheet(member.path, sheet)
    elif member.suffix in {".parquet", ".pq"} and member.name is None:
        table = _parquet(member, columns)
    else:
        known = {folded(name) for names in columns.values() for name in names}
        table = _text(member, reading, known, quoted=quoted)
    try:
        at, width, rest = _header(table, columns, required)
    except _NoHeaderError as error:
        advice = f"Correct the names in {named_in}." if named_in else _ADVICE
        known = {folded(name) for names in columns.values() for name in names}
        unused = [header for header in error.headers if named_in and folded(header) not in known]
        missing = [_with_near(name, unused) for name in error.missing]
        hint = f"Missing: {', '.join(missing)}. {advice}" if error.headers else "Export it again."
        hint += _other_sheets(member, sheet, named_in)
        raise FormatError(str(member), expected=what, got=error.got, hint=hint) from None
    for line, cells in rest:
        if len(cells) != width:
            if not any(cells):
                continue
            if any(cells[width:]) or len(cells) < width:
                reason = f"{len(cells)} cells instead of {width}; is the file cut, or a quotation mark not closed?"
                reading.reject(line, reason, "\t".join(cells))
                continue
        reading.lines += 1
        yield line, {name: cells[i].strip() if i >= 0 else "" for name, i in at}


_Rows = Iterator[tuple[int, list[str]]]


class _NoHeaderError(Exception):
    """No row has the required columns; the best one has `headers` and lacks `missing`."""

    def __init__(self, headers: list[str], missing: list[str]) -> None:
        super().__init__()
        self.headers, self.missing = headers, missing

    @property
    def got(self) -> str:
        if not self.headers:
            return "no rows"
        shown = ", ".join(self.headers[:12])[:300] + (", ..." if len(self.headers) > 12 else "")
        return f"columns {shown!r}"


def _with_near(name: str, headers: Sequence[str]) -> str:
    near = difflib.get_close_matches(folded(name), [folded(header) for header in headers], n=1)
    meant = [header for header in headers if folded(header) in near]
    return f"{name} (did you mean {meant[0]!r}?)" if meant else name


def _other_sheets(member: Member, sheet: str | int, named_in: Path | None) -> str:
    if member.suffix not in WORKBOOKS or member.name is not None:
        return ""
    names = CalamineWorkbook.from_path(member.path).sheet_names
    read = sheet if isinstance(sheet, str) else names[sheet]
    others = ", ".join(repr(name) for name in names if name != read)
    advice = f"name the right one in {named_in} (sheet)" if named_in else "save the right one alone, or as the first"
    return f" The sheet {read!r} was read, the others are {others}; {advice}." if others else ""


def _header(
    table: _Rows, columns: Mapping[str, Sequence[str]], required: Collection[str]
) -> tuple[list[tuple[str, int]], int, Iterable[tuple[int, list[str]]]]:
    best: tuple[int, list[str], list[str]] | None = None
    for _ in range(_PREAMBLE):
        line, cells = next(table, (0, []))
        if not line:
            break
        names = [folded(cell) for cell in cells]
        at = [(own, _position(names, known)) for own, known in columns.items()]
        missing = [columns[own][0] for own, i in at if i < 0 and own in required]
        if not missing:
            while names and not names[-1]:
                names.pop()
            return at, len(names), table
        if best is None or sum(i >= 0 for _, i in at) > best[0]:
            best = sum(i >= 0 for _, i in at), missing, [cell for cell in cells if cell.strip()]
    _, missing, headers = best or (0, [], [])
    raise _NoHeaderError(headers, missing)


def _position(names: list[str], known: Sequence[str]) -> int:
    return next((names.index(key) for key in map(folded, known) if key in names), -1)


def _text(member: Member, reading: Reading, known: Collection[str], *, quoted: bool) -> _Rows:
    lines = read_lines(member, reading.reject, encoding=reading.encoding, on_bytes=reading.progress)
    first = list(_take(lines, _PREAMBLE))
    if not first:
        raise Broken("not a single line that can be read")

    def fits(mark: str) -> int:
        return max(sum(folded(cell.strip('"')) in known for cell in line.split(mark)) for _, line in first)

    separator = max("\t,;|", key=fits)
    place = _Place()
    # The default limit of the csv module is shorter than the author lists of large collaborations.
    csv.field_size_limit(LONGEST_LINE)
    reader = csv.reader(
        place.follow(chain(first, lines)),
        delimiter=separator,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
    )
    while True:
        place.start = 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lost = f"lines {place.start:,} to {place.last:,} cannot be read"
            reading.reject(place.start, f"{lost}: {error}; is a quotation mark not closed?")
            continue
        if place.ended:
            # The reader asked for another line and there is none: a quotation mark is open, the row is not whole.
            reading.reject(place.start, "a quotation mark that is not closed; is the file cut?", "\t".join(cells))
            return
        if cells:
            yield place.start, cells


def _take(lines: Iterator[tuple[int, str]], number: int) -> Iterator[tuple[int, str]]:
    for _, line in zip(range(number), lines, strict=False):
        yield line


class _Place:
    """The line at which the row begins that the csv module reads; set `start` to 0 before it does."""

    def __init__(self) -> None:
        self.start = self.last = 0
        self.ended = False

    def follow(self, lines: Iterable[tuple[int, str]]) -> Iterator[str]:
        for number, line in lines:
            self.start, self.last = self.start or number, number
            yield line
        self.ended = True


def _parquet(member: Member, columns: Mapping[str, Sequence[str]]) -> _Rows:
    try:
        with pq.ParquetFile(member.path) as file:
            wanted = {folded(name) for known in columns.values() for name in known}
            names = [name for name in file.schema_arrow.names if folded(name) in wanted]
            yield 1, names or file.schema_arrow.names
            line = 1
            for batch in file.iter_batches(_LOT, columns=names):
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    line += 1
                    yield line, [cell_text(value) for value in cells]
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise FormatError(member.path, expected="a Parquet file", got=str(error)) from error
