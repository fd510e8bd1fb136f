"""A table that somebody filled in: its cells, and the numbers in them."""

import csv
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

from innovation_graph._csv import as_written
from innovation_graph.errors import FormatError

__all__ = ["Cells", "Filled", "numbers", "read_cells"]

_WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_SHEET = "indicators"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}([,' \u00a0\u202f\u2009]\d{3})+(\.\d+)?")
_COMMA = re.compile(r"[+-]?\d+,\d+")
_FIRST = re.compile(r"[\s,;]*\"?place_id\"?([,;\t])")
_ABSENT = frozenset({"na", "n/a", "nan", "null", "none", "-", "--", "..", "…", "#n/a", "?", "x"})
_A_NUMBER = "a number such as 1234.5"
_SAVE = 'In Excel save it as "CSV UTF-8 (comma delimited)", or as .xlsx'


@dataclass(frozen=True, eq=False)
class Cells:
    """Header and rows of a table as text, rows by line; remarks (`#`) and empty rows are gone."""

    header: list[str]
    rows: Mapping[int, list[str]]


@dataclass(frozen=True, eq=False)
class Filled:
    """Values, place x indicator, and the line of each place."""

    table: pd.DataFrame
    rows: Mapping[str, int]


def read_cells(path: Path) -> Cells:
    """Read a CSV file or a sheet of a workbook.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Cells
        The first row that holds something is the header; its first cell must be `place_id`.

    Raises
    ------
    FormatError
        If there is no such file, it is no table of that kind, or no text in UTF-8.
    """
    if not path.is_file():
        raise FormatError(path, expected="a CSV file or a workbook", got="nothing")
    lines = _of_workbook(path) if path.suffix.lower() in _WORKBOOKS else _of_csv(path)
    found = {line: cells for line, cells in lines.items() if any(cell.strip() for cell in cells)}
    if not found:
        raise FormatError(path, expected="a header that begins with place_id", got="an empty table")
    first, *others = found
    header = [cell.strip() for cell in found[first]]
    if header[0] != "place_id":
        got, hint = repr(header[0][:40]), "Keep the header of the template."
        raise FormatError(path, row=first, expected="place_id in the first cell", got=got, hint=hint)
    width = len(header)
    rows = {line: (found[line] + [""] * width)[:width] for line in others if not found[line][0].startswith("#")}
    return Cells(header, rows)


def numbers(
    cells: Cells, columns: Mapping[str, int], rows: Mapping[str, int]
) -> tuple[Filled, list[tuple[int, str, str, str, str, str]]]:
    """Read the numbers.

    Parameters
    ----------
    cells : Cells
        The table.
    columns : mapping of str to int
        Position of each indicator.
    rows : mapping of str to int
        Line of each place.

    Returns
    -------
    filled : Filled
        NaN where a cell is empty or no number.
    wrong : list of tuple
        Line, indicator, place, text, what was expected and what to do, of each cell that is no number.
    """
    table = np.full((len(rows), len(columns)), np.nan)
    wrong: list[tuple[int, str, str, str, str, str]] = []
    for at, (place, line) in enumerate(rows.items()):
        for column, (code, number) in enumerate(columns.items()):
            text = as_written(cells.rows[line][number]).strip()
            if text:
                value, expected, advice = _number(text)
                table[at, column] = value
                if expected:
                    wrong.append((line, code, place, text, expected, advice))
    values = pd.DataFrame(table, index=pd.Index(list(rows), name="place_id"), columns=list(columns))
    return Filled(values, rows), wrong


def _number(text: str) -> tuple[float, str, str]:
    """Return the value, or what was expected and what to do."""
    if not _NUMBER.fullmatch(text):
        return np.nan, *_wrong(text)
    value = float(text)
    return (value, "", "") if math.isfinite(value) else (np.nan, "a finite number", "check the exponent")


def _wrong(text: str) -> tuple[str, str]:
    if text.endswith(("%", "\uff05")):
        return f"{_A_NUMBER}, without a percent sign", "write 12.5 for 12.5 percent"
    if _GROUPED.fullmatch(text):
        plain = re.sub(r"[^\d.+-]", "", text)
        if text.count(",") == 1 and "." not in text:
            return _A_NUMBER, f"is it {plain}, or {text.replace(',', '.')}? write one or the other"
        return f"{_A_NUMBER}, without marks between thousands", f"write {plain}"
    if _COMMA.fullmatch(text):
        return f"{_A_NUMBER}, with a decimal point", f"write {text.replace(',', '.')}"
    if text.casefold() in _ABSENT:
        return "an empty cell where nothing is known", "empty it"
    return _A_NUMBER, "write the number without words, units and marks, or leave the cell empty"


def _of_workbook(path: Path) -> dict[int, list[str]]:
    from innovation_graph.sources._workbooks import read_sheet  # noqa: PLC0415 - loads a reader of workbooks

    try:
        return dict(read_sheet(path, _SHEET))
    except FormatError as error:
        if "a sheet" not in str(error):
            raise
        return dict(read_sheet(path, 0))


def _of_csv(path: Path) -> dict[int, list[str]]:
    raw = path.read_bytes()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError(path, expected="text in UTF-8", got="UTF-16 (Unicode text)", hint=f"{_SAVE}.")
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FormatError(path, expected="text", got="a workbook", hint="Give it the ending .xlsx or .xls.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        got = f"the byte 0x{raw[error.start]:02X}, as in GBK or Windows-1252"
        raise FormatError(path, row=line, expected="text in UTF-8", got=got, hint=f"{_SAVE}.") from error
    if "\0" in text:
        raise FormatError(path, expected="text", got="a zero byte", hint=f"{_SAVE}.")
    parted = _FIRST.match(text)
    reader = csv.reader(StringIO(text, newline=""), delimiter=parted[1] if parted else ",")
    lines: dict[int, list[str]] = {}
    try:
        begins = 1
        for cells in reader:
            lines[begins] = [as_written(cell) for cell in cells]
            begins = reader.line_num + 1
    except csv.Error as error:
        raise FormatError(
            path, row=reader.line_num, expected="a CSV table", got=str(error), hint=f"{_SAVE}."
        ) from error
    return lines
