"""Workbooks: all tables of a result in one Excel file."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from innovation_graph._csv import SYNTHETIC_COLUMN
from innovation_graph._files import new_file
from innovation_graph.errors import ScoringError
from innovation_graph.index.scores import Scores

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

__all__ = ["score_tables", "write_workbook"]

_MADE = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # the same tables give the same bytes on any day
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_LONGEST_NAME, _LONGEST_TEXT = 31, 32_767
_ROWS, _COLUMNS = 1_048_576, 16_384
_NARROW, _WIDE, _LOOKED_AT = 8, 48, 500
_ABOUT = "about"


def score_tables(scores: Scores, *, names: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    """Return all tables of a result by name.

    Parameters
    ----------
    scores : Scores
        The result of an index.
    names : pandas.DataFrame, optional
        Columns about the places to put before the scores (`name_en`, `name_zh`, `country`).

    Returns
    -------
    dict of str to pandas.DataFrame
        `scores`, one table a step, `imputed` (1: filled), `weights` (node, child, weight), `treatment`, `left_out`
        (places with too few values) and `definition` (the indicators); tables without rows are left out.
    """
    table = scores.table()
    if names is not None:
        table = names.reindex(table.index).join(table)
    weights = [(node, child, weight) for node, own in scores.weights.items() for child, weight in own.to_dict().items()]
    parts = scores.spec.indicators
    columns = ("code", "name", "name_zh", "parent", "weight", "direction", "unit", "year", "source")
    definition = pd.DataFrame({name: [getattr(part, name) for part in parts] for name in columns}).set_index("code")
    tables = {
        "scores": table,
        **{f"step_{name}": step for name, step in scores.steps.items()},
        "imputed": scores.imputed.astype("int64"),
        "weights": pd.DataFrame(weights, columns=["node", "child", "weight"]).set_index("node"),
        "treatment": scores.treatment,
        "left_out": scores.left_out.rename("availability").to_frame(),
        "definition": definition,
    }
    return {name: table for name, table in tables.items() if len(table)}


def write_workbook(
    path: Path | str,
    tables: Mapping[str, pd.DataFrame],
    *,
    about: Mapping[str, object] | None = None,
    synthetic: bool = False,
    index: bool = True,
) -> None:
    """Write tables as the sheets of an Excel workbook.

    Text stays text (cut at 32,767 characters): what begins like a formula is neither computed nor made a link.
    Numbers have 16 digits, missing values are empty cells, infinite ones the text "inf" or "-inf", times are written
    as in ISO 8601. Header and index stay in view. Equal tables give equal bytes.

    Parameters
    ----------
    path : str or Path
        The file (.xlsx); it appears only when it is complete.
    tables : mapping of str to pandas.DataFrame
        In the order of the sheets. Names are cut to what Excel takes: 31 characters, none of them a bracket, slash,
        colon, question mark or asterisk, no name twice.
    about : mapping of str to object, optional
        What a reader has to know, on a first sheet `about` together with a list of the sheets.
    synthetic : bool
        Whether a value was made from synthetic data: `about` says so (it is then there in any case) and every sheet
        gets a column `synthetic_data`.
    index : bool
        Whether to write the index of the tables.

    Raises
    ------
    ScoringError
        If there is no table, the file is not called .xlsx, or a table has more rows or columns than a sheet takes.
    """
    import xlsxwriter  # noqa: PLC0415 - only when a workbook is written

    if Path(path).suffix.lower() != ".xlsx":
        raise ScoringError(f"{path}: expected a name that ends in .xlsx")
    if not tables:
        raise ScoringError(f"{path}: no table to write")
    first = about is not None or synthetic
    flat = {name: _flat(table, synthetic=synthetic, index=index) for name, table in tables.items()}
    for name, table in flat.items():
        if len(table) >= _ROWS or len(table.columns) > _COLUMNS:
            raise ScoringError(
                f"{path}: {name} has {len(table):,} rows and {len(table.columns):,} columns; a sheet takes "
                f"{_ROWS - 1:,} and {_COLUMNS:,}: write it as CSV"
            )
    sheets = _sheet_names([_ABOUT, *flat] if first else list(flat))
    if first:
        listed = dict(zip(sheets[1:], flat, strict=True))
        flat = {_ABOUT: _about(about or {}, listed, flat, synthetic=synthetic), **flat}
    with new_file(path) as aside:
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        workbook = xlsxwriter.Workbook(str(aside), options)
        workbook.set_properties({"created": _MADE, "comments": "SYNTHETIC DATA" if synthetic else ""})
        bold, text = workbook.add_format({"bold": True, "text_wrap": False}), _text_format(workbook)
        for sheet, (name, table) in zip(sheets, flat.items(), strict=True):
            frozen = tables[name].index.nlevels if index and name in tables else 0
            _write(workbook.add_worksheet(sheet), table, frozen, bold, text)
        workbook.close()


def _text_format(workbook: "Workbook") -> "Format":
    # Editing such a cell in Excel leaves it text.
    made: Format = workbook.add_format({"num_format": "@", "quote_prefix": True})
    return made


def _flat(table: pd.DataFrame, *, synthetic: bool, index: bool) -> pd.DataFrame:
    flat = table.reset_index() if index else table.copy()
    if synthetic:
        flat[SYNTHETIC_COLUMN] = "yes"
    return flat


def _about(
    about: Mapping[str, object], listed: Mapping[str, str], tables: Mapping[str, pd.DataFrame], *, synthetic: bool
) -> pd.DataFrame:
    rows: list[tuple[str, object]] = [("SYNTHETIC DATA", "made up, nothing was observed")] if synthetic else []
    for key, value in about.items():
        lines = value if isinstance(value, list | tuple) else [value]
        rows += [(str(key), line) for line in lines]
    rows += [(f"sheet {sheet}", f"{name}: {len(tables[name]):,} rows") for sheet, name in listed.items()]
    return pd.DataFrame(rows, columns=["about", "what"])


def _sheet_names(names: list[str]) -> list[str]:
    out: list[str] = []
    for name in names:
        clean = _FORBIDDEN.sub(" ", str(name)).strip(" '")[:_LONGEST_NAME].strip(" '") or "sheet"
        if clean.casefold() == "history":  # Excel keeps this name to itself
            clean = "history_"
        unique, number = clean, 2
        while unique.casefold() in {other.casefold() for other in out}:
            ending = f" {number}"
            unique, number = clean[: _LONGEST_NAME - len(ending)] + ending, number + 1
        out.append(unique)
    return out


def _write(sheet: "Worksheet", table: pd.DataFrame, frozen: int, bold: "Format", text: "Format") -> None:
    sheet.freeze_panes(1, frozen)
    for column, name in enumerate(table.columns):
        title = _text(" / ".join(map(str, name)) if isinstance(name, tuple) else str(name))
        sheet.write_string(0, column, title, bold)
        values = table.iloc[:, column].tolist()
        for row, value in enumerate(values, start=1):
            _put(sheet, row, column, value, text)
        shown = max((_length(value) for value in values[:_LOOKED_AT]), default=0)
        sheet.set_column(column, column, min(_WIDE, max(_NARROW, _length(title), shown) + 2))
    if len(table):
        sheet.autofilter(0, 0, len(table), len(table.columns) - 1)


def _put(sheet: "Worksheet", row: int, column: int, value: Any, text: "Format") -> None:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return
    if isinstance(value, bool | np.bool_):
        sheet.write_boolean(row, column, bool(value))
    elif isinstance(value, int | float | np.number) and np.isfinite(value):
        sheet.write_number(row, column, value)
    elif isinstance(value, date | datetime):
        sheet.write_string(row, column, value.isoformat(), text)
    elif value != "":
        sheet.write_string(row, column, _text(str(value)), text)


def _text(value: str) -> str:
    return _CONTROL.sub(" ", value)[:_LONGEST_TEXT]


def _length(value: object) -> int:
    """Return about how wide a value is shown: Chinese characters take two places, long fractions are cut."""
    if isinstance(value, float):
        return min(12, len(f"{value:g}")) if np.isfinite(value) else 4
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in str(value)) if value is not None else 0
