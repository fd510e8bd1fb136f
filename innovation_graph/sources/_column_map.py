"""Maps of columns: TOML that says which column of a user's table is what.

One table has `[columns]`, each row a site; several have `[[table]]` each, with a pattern of file names. Tables with
`work_id` are joined by it, those without by one of `JOINS`; the first table says which works there are.
A column is a header or one of the forms in `_FORMS`.
"""

import difflib
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from innovation_graph._data import data_path
from innovation_graph.errors import FormatError
from innovation_graph.sources._rows import Row

__all__ = ["JOINS", "LISTS", "SITE", "WORK", "ColumnMap", "Table", "read_map"]

WORK = (
    "kind",
    "year",
    "type",
    "title",
    "abstract",
    "family",
    "office",
    "filed",
    "published",
    "n_actors",
    "retracted",
    "fields",
    "ipc",
    "cpc",
)
"""What belongs to a work: all its rows should agree."""
LISTS = frozenset({"fields", "ipc", "cpc"})
"""Of these the values of all rows are joined, and a cell may hold several."""
JOINS = ("actor_id", "organisation_id", "location_id")
"""By which a table without `work_id` is joined to the others, in this order."""
_PLACE = ("organisation", "ror", "text", "city", "region", "country", "geonames_id", "lat", "lon")
SITE = ("actor", "actor_id", "role", "organisation_id", "organisation_type", "location_id", *_PLACE)
"""What belongs to a site: an actor at an address."""
_NAMES = frozenset({"work_id", *WORK, *SITE})
_TOP = frozenset({"kind", "columns", "table", "sheet", "separator", "quoted"})
_TABLE = frozenset({"files", "columns", "sheet", "separator", "quoted"})
_FORMS = (
    '"header", {value = "constant"}, {join = ["family", "given"]}, {column = "header", values = {cell = "value"}}, '
    '{flags = {applicant = "header", inventor = "header"}} (of role only), or a list of these'
)
_ABSENT = frozenset({"", "0"})

Getter = Callable[[Row], str]


@dataclass(frozen=True)
class Table:
    """One table of a map.

    Parameters
    ----------
    files : str
        Pattern of the names of its files.
    cells : mapping of str to callable
        Our names, and how to get their values from a row.
    headers : tuple of str
        Columns that the table must have.
    sheet : str or int
        Sheet of a workbook.
    separator : str
        What parts the values in a cell of a list.
    quoted : bool
        Whether cells may stand in quotation marks.
    """

    files: str
    cells: Mapping[str, Getter]
    headers: tuple[str, ...]
    sheet: str | int = 0
    separator: str = ";"
    quoted: bool = True

    @cached_property
    def join(self) -> str:
        """Return the column by which its rows are joined to those of others."""
        return next(name for name in ("work_id", *JOINS) if name in self.cells)

    @cached_property
    def sites(self) -> bool:
        """Whether each row is a site."""
        return not self.cells.keys().isdisjoint(SITE)

    def take(self, row: Row) -> Row:
        """Return the values of a row by our names; what is empty is left out."""
        return {name: value for name, get in self.cells.items() if (value := get(row))}


@dataclass(frozen=True)
class ColumnMap:
    """A map of columns; the first table says which works there are.

    Parameters
    ----------
    path : Path
        Its file.
    kind : str
        Kind of the works; empty if a column says it.
    tables : tuple of Table
        One, or several that are joined.
    """

    path: Path
    kind: str
    tables: tuple[Table, ...]


def read_map(path: Path | str) -> ColumnMap:
    """Read a map of columns.

    Parameters
    ----------
    path : Path or str
        A TOML file, or the name of one of the examples in `data/column_maps` ("patstat").

    Returns
    -------
    ColumnMap
        Checked as far as it can be without the tables.

    Raises
    ------
    FormatError
        If it cannot be read, names something unknown or leaves out what is needed.
    """
    path = Path(path)
    if not path.suffix and not path.exists() and (packaged := data_path("column_maps") / f"{path.name}.toml").exists():
        path = packaged
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FormatError(path, expected="a map of columns in TOML", got=str(error)) from error
    return _Reader(path).map(content)


class _Reader:
    """Turns the content of a map into tables, and names the file where it is wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def wrong(self, expected: str, got: str, hint: str = "See the examples in data/column_maps.") -> FormatError:
        return FormatError(self.path, expected=expected, got=got, hint=hint)

    def map(self, content: Mapping[str, Any]) -> ColumnMap:
        self.known(content, _TOP, "the map")
        if ("columns" in content) == ("table" in content):
            raise self.wrong("either [columns] of one table or several [[table]]", f"{sorted(content)}")
        kind = content.get("kind", "")
        if kind not in {"", "paper", "patent"}:
            raise self.wrong('kind = "paper" or "patent"', repr(kind))
        common = {name: value for name, value in content.items() if name not in {"kind", "columns", "table"}}
        tables: tuple[Table, ...]
        if "columns" in content:
            tables = (self.table({"files": "*", "columns": content["columns"], **common}, "[columns]"),)
        else:
            given = content["table"]
            if not isinstance(given, list) or not all(isinstance(table, dict) for table in given):
                raise self.wrong("tables as [[table]]", "something else called table")
            tables = tuple(self.table({**common, **table}, f"table {n}") for n, table in enumerate(given, start=1))
        self.check(kind, tables)
        return ColumnMap(self.path, kind, tables)

    def check(self, kind: str, tables: tuple[Table, ...]) -> None:
        """Check what the tables have together."""
        if "work_id" not in tables[0].cells:
            raise self.wrong("work_id among the columns of the first table", f"{sorted(tables[0].cells)}")
        together = {name for table in tables for name in table.cells}
        if not kind and "kind" not in together:
            raise self.wrong('kind = "paper" or "patent", or a column kind', "neither")
        if together.isdisjoint(("organisation_id", *_PLACE)):
            raise self.wrong(f"a column that says where: {', '.join(_PLACE)}", f"{sorted(together)}")
        if ("lat" in together) != ("lon" in together):
            raise self.wrong("both lat and lon", "one of them")
        if kind == "patent" and "role" not in together:
            hint = 'Such as role = {value = "applicant"}.'
            raise self.wrong("the role of the actors (applicant or inventor)", "no column role", hint)
        offered = {name for table in tables if table.join == "work_id" for name in table.cells}
        for join in JOINS:
            joined = [table for table in tables if table.join == join]
            if joined and join not in offered:
                raise self.wrong(f"{join} in a table with work_id", f"a table ({joined[0].files}) to join by it", "")
            offered.update(name for table in joined for name in table.cells)

    def table(self, content: Mapping[str, Any], where: str) -> Table:
        self.known(content, _TABLE, where)
        columns = content.get("columns")
        if not isinstance(columns, dict) or not columns:
            raise self.wrong(f"columns of {where}", repr(columns))
        self.known(columns, _NAMES, f"columns of {where}")
        headers: dict[str, None] = {}
        cells = {name: self.getter(name, spec, headers) for name, spec in columns.items()}
        if cells.keys().isdisjoint(("work_id", *JOINS)):
            raise self.wrong(f"work_id in {where} (or one of {', '.join(JOINS)})", f"{sorted(cells)}")
        for name, kinds in {"files": str, "separator": str, "quoted": bool, "sheet": str | int}.items():
            if name in content and not (isinstance(content[name], kinds) and content[name] != ""):
                raise self.wrong(f"{name} of {where} as text, number or true/false", repr(content[name]))
        if "files" not in content:
            raise self.wrong(f'files of {where}, such as files = "tls201*"', "no pattern")
        if not headers:
            raise self.wrong(f"names of columns in {where}", "constants only")
        options = {name: content[name] for name in ("files", "sheet", "separator", "quoted") if name in content}
        return Table(cells=cells, headers=tuple(headers), **options)

    def known(self, content: Mapping[str, Any], names: Collection[str], where: str) -> None:
        for name in content:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else ""
                raise self.wrong(f"in {where} one of {', '.join(sorted(names))}", repr(name), hint)

    def getter(self, name: str, spec: object, headers: dict[str, None]) -> Getter:
        """Return how to get a value: by header, constant, translation or flags, or by the first that gives one."""
        if isinstance(spec, list) and spec:
            several = [self.getter(name, one, headers) for one in spec]
            return lambda row: next(filter(None, (get(row) for get in several)), "")
        if isinstance(spec, str) and spec:
            headers[spec] = None
            return lambda row: row[spec]
        match (name, spec, len(spec) if isinstance(spec, dict) else 0):
            case _, {"value": str(value)}, 1:
                return lambda _: value
            case _, {"column": str(column), "values": dict(values)}, 2 if column:
                headers[column] = None
                given = {str(cell).casefold(): str(value) for cell, value in values.items()}
                return lambda row: given.get(row[column].casefold(), "")
            case "role", {"flags": dict(flags)}, 1 if flags and all(flags.values()):
                headers.update(dict.fromkeys(map(str, flags.values())))
                pairs = [(str(role), str(column)) for role, column in flags.items()]
                return lambda row: "|".join(role for role, column in pairs if row[column] not in _ABSENT)
            case _, {"join": [str(), *_] as parts}, 1 if all(isinstance(part, str) and part for part in parts):
                headers.update(dict.fromkeys(parts))
                return lambda row: ", ".join(filter(None, (row[part] for part in parts)))
            case _:
                raise self.wrong(f"{name} as {_FORMS}", repr(spec))
