"""Schemes of technology fields, and keywords that go with them, as files."""

import csv
import io
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from innovation_graph._data import data_path
from innovation_graph.errors import FormatError, UnknownNameError
from innovation_graph.symbols import Pattern, keys, read_patterns

__all__ = ["SCHEMES", "Row", "Scheme", "read_keywords", "read_scheme"]

SCHEMES: dict[str, str] = {"gihi2024": "patent_fields.csv"}
"""Packaged schemes, by name."""

_COLUMNS = ("domain", "ipc")
_LARGEST = 1 << 24  # bytes of a scheme or of keywords
_MEMO = 1 << 18


@dataclass(frozen=True)
class Row:
    """One row of a scheme.

    Parameters
    ----------
    field, branch : str
        What its symbols belong to; a branch is a part of a field.
    patterns : tuple of Pattern
        Its symbols.
    keywords_required : bool
        Whether the symbols alone do not settle it.
    """

    field: str
    branch: str
    patterns: tuple[Pattern, ...]
    keywords_required: bool = False

    @property
    def label(self) -> str:
        """Field and branch, as `assign` names branches: "renewable_energy/wind", or the field if both are one."""
        return self.field if self.branch == self.field else f"{self.field}/{self.branch}"


@dataclass(frozen=True)
class Scheme:
    """Fields, each made of rows of symbols.

    Parameters
    ----------
    name : str
        For the provenance.
    rows : tuple of Row
        In the order of the file.
    """

    name: str
    rows: tuple[Row, ...]

    def __repr__(self) -> str:
        """Say which it is and how large."""
        return f"<Scheme {self.name}: {len(self.rows)} rows; {', '.join(self.fields)}>"

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields, in the order of their first rows."""
        return tuple(dict.fromkeys(row.field for row in self.rows))

    @property
    def branches(self) -> tuple[str, ...]:
        """Labels of the branches, see `Row.label`."""
        return tuple(dict.fromkeys(row.label for row in self.rows))

    def rows_of(self, symbol: str) -> tuple[int, ...]:
        """Return the numbers of the rows that name a symbol.

        Parameters
        ----------
        symbol : str
            In the spelling of `symbols.normalise`.

        Returns
        -------
        tuple of int
            Rising, from 0.

        Examples
        --------
        >>> scheme = read_scheme("gihi2024")
        >>> [scheme.rows[row].label for row in scheme.rows_of("G06T1/20")]
        ['smart_chips', 'smart_chips/gpu']
        """
        found = self._memo.get(symbol)
        if found is None:
            mine = keys(symbol)
            hits = {row for key in mine for row, without in self._index.get(key, ()) if without.isdisjoint(mine)}
            if len(self._memo) >= _MEMO:
                self._memo.clear()
            found = self._memo[symbol] = tuple(sorted(hits))
        return found

    @cached_property
    def _memo(self) -> dict[str, tuple[int, ...]]:
        return {}

    @cached_property
    def _index(self) -> dict[str, list[tuple[int, frozenset[str]]]]:
        index: dict[str, list[tuple[int, frozenset[str]]]] = {}
        for number, row in enumerate(self.rows):
            for pattern in row.patterns:
                index.setdefault(pattern.key, []).append((number, pattern.without))
        return index


def read_scheme(name_or_path: Path | str) -> Scheme:
    """Return a packaged scheme, or read one from a CSV file (UTF-8, commas).

    Parameters
    ----------
    name_or_path : str or Path
        "gihi2024": the four fields of the Global Innovation Hubs Index 2024. Or a file with the columns domain
        (the field) and ipc (patterns, see `symbols.read_patterns`); optional: branch (default: the field) and
        keywords_also_required (yes or no; default no). Other columns are ignored; a field has one row or more.

    Returns
    -------
    Scheme
        Named like the file.

    Raises
    ------
    UnknownNameError
        If it is neither a packaged scheme nor a file.
    FormatError
        If the file is no such table, or a pattern is bad; with the line.
    """
    text = str(name_or_path)
    path = data_path(SCHEMES[text]) if text in SCHEMES else Path(text)
    if not path.is_file():
        raise UnknownNameError("scheme of fields (nor is it a CSV file)", text, SCHEMES)
    rows = tuple(_row(path, line, cells) for line, cells in _table(path, _COLUMNS))
    if not rows:
        raise FormatError(path, expected="at least one row", got="none below the header")
    return Scheme(text if text in SCHEMES else path.stem, rows)


def read_keywords(path: Path | str) -> dict[str, tuple[str, ...]]:
    """Read keywords of fields or branches from TOML or CSV.

    Parameters
    ----------
    path : str or Path
        TOML (`.toml`): for each name a list of words and phrases, `smart_chips = ["integrated circuit", "芯片"]`.
        Else CSV with the columns name and keyword, one keyword a row.

    Returns
    -------
    dict of str to tuple of str
        Keywords by name, as `assign` takes them.

    Raises
    ------
    FormatError
        If the file is neither, or a list is empty or holds something else than text.
    """
    path = Path(path)
    found: dict[str, list[Any]] = {}
    if path.suffix.lower() == ".toml":
        try:
            found = tomllib.loads(_text(path))
        except tomllib.TOMLDecodeError as error:
            raise FormatError(path, expected="TOML", got=str(error)) from error
    else:
        for _, cells in _table(path, ("name", "keyword")):
            found.setdefault(cells["name"], []).append(cells["keyword"])
    for name, words in found.items():
        if not (isinstance(words, list) and words and all(isinstance(word, str) and word.strip() for word in words)):
            raise FormatError(path, expected=f"a list of keywords for {name!r}", got=repr(words)[:80])
    return {name: tuple(words) for name, words in found.items()}


def _row(path: Path, line: int, cells: Mapping[str, str]) -> Row:
    required = cells.get("keywords_also_required", "").lower() or "no"
    if required not in ("yes", "no"):
        got = repr(cells["keywords_also_required"])
        raise FormatError(path, row=line, expected="yes or no in column 'keywords_also_required'", got=got)
    try:
        patterns = read_patterns(cells["ipc"])
    except ValueError as error:
        expected, _, got = str(error).partition(", got ")
        hint = "H01L21* is a group with all below it, H01L21/02 one symbol, H01L* a subclass."
        raise FormatError(path, row=line, expected=expected, got=got, hint=hint) from error
    return Row(cells["domain"], cells.get("branch") or cells["domain"], patterns, required == "yes")


def _table(path: Path, required: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV file with their lines; the required columns hold a value each."""
    hint = "Save the file as CSV (UTF-8), separated by commas."
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = header
        missing = [name for name in required if name not in header]
        if missing:
            got = f"{', '.join(header)[:200] or 'an empty file'}; missing: {', '.join(missing)}"
            raise FormatError(path, row=1, expected=f"columns {', '.join(required)}", got=got, hint=hint)
        for fields in reader:
            line = reader.line_num
            if None in fields or None in fields.values():
                got = "more" if None in fields else "fewer"
                raise FormatError(path, row=line, expected=f"{len(header)} fields", got=got, hint=hint)
            cells = {name: value.strip() for name, value in fields.items()}
            for name in required:
                if not cells[name]:
                    raise FormatError(path, row=line, expected=f"a value in column {name!r}", got="nothing")
            yield line, cells
    except csv.Error as error:
        raise FormatError(path, row=reader.line_num, expected="CSV", got=str(error), hint=hint) from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise FormatError(path, expected=f"at most {_LARGEST:,} bytes", got="more")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(path, expected="UTF-8 text", got=f"byte {error.start} that is not") from error
    except OSError as error:
        raise FormatError(path, expected="a file that can be read", got=str(error)) from error
