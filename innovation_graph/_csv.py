"""Tables that spreadsheets open: UTF-8 with its mark, nothing that a cell would execute."""

import re
from pathlib import Path

import pandas as pd

from innovation_graph._files import new_file

__all__ = ["SYNTHETIC_COLUMN", "as_written", "write_csv"]

SYNTHETIC_COLUMN = "synthetic_data"
"""Header of the column that marks every table made from synthetic records."""

# A blank may have been a line break, and some programs look for a formula behind blanks.
_FORMULA = ("=", "+", "-", "@", "\t", " ")
_BREAK = re.compile(r"\r\n|\r|\n")


def write_csv(table: pd.DataFrame, path: Path | str, *, synthetic: bool = False, index: bool = True) -> None:
    """Write a table as CSV.

    Text that a spreadsheet would take for a formula gets a leading apostrophe, also where it has one already,
    so that `as_written` can take it away again. Line breaks inside a text become a blank: many programs read
    lines, not rows. Numbers keep all their digits.

    Parameters
    ----------
    table : pandas.DataFrame
        The table.
    path : str or Path
        The file; it appears only when it is complete.
    synthetic : bool
        Whether to add a column `synthetic_data` (value "yes").
    index : bool
        Whether to write the index.
    """
    safe = table.reset_index() if index else table.copy()
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = safe[name].map(_plain, na_action="ignore")
    safe.columns = pd.Index([_plain(str(name)) for name in safe.columns])
    if synthetic:
        safe[SYNTHETIC_COLUMN] = "yes"
    with new_file(path) as aside:
        safe.to_csv(aside, index=False, encoding="utf-8-sig", lineterminator="\n")


def as_written(cell: str) -> str:
    """Return the text that `write_csv` was given for a cell, except that its line breaks are blanks."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell) else cell


def _plain(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = _BREAK.sub(" ", value)
    return f"'{text}" if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    return text.lstrip("'").startswith(_FORMULA)
