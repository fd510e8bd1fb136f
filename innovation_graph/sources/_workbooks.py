"""Workbooks of table programs, row by row as text."""

import math
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from innovation_graph.errors import FormatError
from innovation_graph.sources._input import Broken
from innovation_graph.sources._streams import inside, open_bytes

__all__ = ["cell_text", "read_sheet"]

_CHUNK = 1 << 18
_LONGEST_TAG = 1 << 12
_POSITION = re.compile(rb"\sr=[\"']([A-Z]{0,3})([0-9]{1,7})[\"']")
_MOST_EMPTY = 1 << 23
_MOST_EMPTY_EACH = 16


def read_sheet(path: Path, sheet: str | int) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a sheet with their lines.

    Parameters
    ----------
    path : Path
        An Excel or OpenDocument workbook.
    sheet : str or int
        Name or position.

    Raises
    ------
    FormatError
        If it is no such workbook, has no such sheet, or would fill the memory.
    """
    if path.suffix.lower() != ".xls":
        _check(path)
    try:
        workbook = CalamineWorkbook.from_path(path)
        names = workbook.sheet_names
        if isinstance(sheet, str) and sheet not in names:
            raise FormatError(path, expected=f"a sheet {sheet!r}", got=f"sheets {names}")
        name = sheet if isinstance(sheet, str) else names[sheet]
        rows = workbook.get_sheet_by_name(name).iter_rows()
        for line, cells in enumerate(rows, start=1):
            yield line, [cell_text(value) for value in cells]
    except (CalamineError, OSError) as error:
        raise FormatError(path, expected="a workbook", got=str(error), hint="Save the file again.") from error


def _check(path: Path) -> None:
    """Unpack a workbook to nowhere, so that a library may do so without harm.

    The library makes room for every cell up to the last row and column: one cell in the far corner of a sheet of
    a few bytes would take half a terabyte.
    """
    try:
        for member in inside(path):
            cells, height, columns = 0, 0, {b""}
            with open_bytes(member) as stream:
                held = b""
                while piece := stream.read(_CHUNK):
                    held += piece
                    end = max(held.rfind(b"<"), len(held) - _LONGEST_TAG)
                    places = _POSITION.findall(held, 0, end)
                    held = held[end:]
                    columns.update(column for column, _ in places)
                    cells += sum(column != b"" for column, _ in places)
                    height = max(height, max((int(row) for _, row in places), default=0))
            room = height * max(map(_number, columns))
            if room > max(_MOST_EMPTY, _MOST_EMPTY_EACH * cells):
                got = f"{room:,} cells up to the last one, of which {cells:,} hold something"
                hint = "Delete what stands far off the table, and save the file again."
                raise FormatError(path, expected="a sheet with one table", got=got, hint=hint)
    except Broken as error:
        raise FormatError(path, expected="a sound workbook", got=str(error), hint="Save the file again.") from error


def _number(column: bytes) -> int:
    """Return the number of a column from its letters: A is 1, AA is 27."""
    number = 0
    for letter in column:
        number = number * 26 + letter - 64
    return number


def cell_text(value: Any) -> str:
    """Return a value as text: whole numbers without a point, days without a time, lists parted by semicolons."""
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else "" if math.isnan(value) else repr(value)
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        return value.date().isoformat()
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, list):
        return ";".join(map(cell_text, value))
    return str(value)
