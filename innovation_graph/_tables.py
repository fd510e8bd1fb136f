"""Folders of tables: several CSV files that belong together, and a JSON head that says what they are."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from innovation_graph._csv import write_csv
from innovation_graph._files import new_folder, write_json

__all__ = ["write_tables"]

_MARKER = "tables.json"
_FORMAT, _VERSION = "innovation-graph tables", 1


def write_tables(
    path: Path | str,
    tables: Mapping[str, pd.DataFrame],
    *,
    what: str,
    synthetic: bool = False,
    about: Mapping[str, Any] | None = None,
) -> list[str]:
    """Write tables into a folder of their own; an earlier folder of tables there is replaced.

    Parameters
    ----------
    path : str or Path
        The folder; it appears only when everything is written.
    tables : mapping of str to pandas.DataFrame
        By name of the file, without its ending. A numbered index is not written.
    what : str
        What they are, for the head; tables of another kind are not replaced.
    synthetic : bool
        Whether to mark every table.
    about : mapping, optional
        What else the head should tell; JSON values.

    Returns
    -------
    list of str
        Names of the CSV files.
    """
    path = Path(path)
    _check_same_kind(path, what)
    files = [f"{name}.csv" for name in tables]
    with new_folder(path, marker=_MARKER, known=[*_written(path), _MARKER]) as folder:
        for name, table in tables.items():
            numbered = isinstance(table.index, pd.RangeIndex)
            write_csv(table, folder / f"{name}.csv", synthetic=synthetic, index=not numbered)
        head = {"format": _FORMAT, "version": _VERSION, "what": what, "synthetic": synthetic, "files": files}
        write_json(folder / _MARKER, {**head, **(about or {})})
    return files


def _check_same_kind(path: Path, what: str) -> None:
    try:
        there = json.loads((path / _MARKER).read_text(encoding="utf-8")).get("what", what)
    except (OSError, ValueError, AttributeError):
        return
    if there != what:
        raise FileExistsError(f"{path} holds tables of another kind ({there}); choose another --out")


def _written(path: Path) -> list[str]:
    try:
        return list(json.loads((path / _MARKER).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return []
