"""Tables that spreadsheets open: UTF-8 with its mark, nothing that a cell would execute."""

from pathlib import Path

import pandas as pd

from innovation_graph._files import new_file

__all__ = ["SYNTHETIC_COLUMN", "as_written", "write_csv"]

SYNTHETIC_COLUMN = "synthetic_data"
"""Header of the column that marks every table made from synthetic records."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(table: pd.DataFrame, path: Path | str, *, synthetic: bool = False, index: bool = True) -> None:
    """Write a table as CSV.

    Text that a spreadsheet would take for a formula gets a leading apostrophe; numbers keep all their digits.

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
    """Return the text that `write_csv` was given for a cell."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
