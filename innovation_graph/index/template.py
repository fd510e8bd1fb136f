"""Templates: a table to fill in with the values of an index, and its reading, with all problems named at once.

One row a place: `place_id`, `name_en`, `name_zh`, then one column an indicator, headed "code: name". Rows whose first
cell begins with `#` say what is wanted (unit, years, source, direction) and are not read.
"""

from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from innovation_graph._csv import write_csv
from innovation_graph.errors import FormatError, ScoringError
from innovation_graph.index._filled import Cells, Filled, numbers, read_cells
from innovation_graph.index.spec import IndexSpec, Indicator
from innovation_graph.index.workbook import write_workbook
from innovation_graph.places.sets import gihi2024
from innovation_graph.places.text import fold

__all__ = [
    "PROBLEM_COLUMNS",
    "check_filled",
    "network_indicators",
    "place_table",
    "read_filled",
    "template",
    "template_csv",
    "write_template",
]

PROBLEM_COLUMNS: tuple[str, ...] = ("severity", "row", "column", "place", "expected", "got", "advice")
"""Columns of `check_filled`; severity is "error" (the table cannot be read) or "warning"."""

_NAMES = ("name_en", "name_zh")
_WHOLE = ("count", "persons")
_NOT_BELOW_0 = (*_WHOLE, "per million inhabitants", "fractional count", "years", "mbps")
_DECADES, _SPREADS = 2.5, 5.0
_Problem = tuple[str, int | None, str | None, str | None, str, str, str]


def template(spec: IndexSpec, places: pd.DataFrame | None = None) -> pd.DataFrame:
    """Make a table to fill in.

    Parameters
    ----------
    spec : IndexSpec
        The definition.
    places : pandas.DataFrame, optional
        `name_en` and `name_zh` (if known) by place id; default: those of the definition, none if it names none.

    Returns
    -------
    pandas.DataFrame
        Text only, without an index of its own: rows that describe the columns, then one row a place.

    Examples
    --------
    >>> from innovation_graph.index.spec import read_spec
    >>> table = template(read_spec("gihi2024"))
    >>> table["17: Co-authorship network centrality"][2]
    '2023'
    """
    places = _own(spec) if places is None else places
    places = pd.DataFrame(columns=list(_NAMES)) if places is None else places
    names = {name: places[name].fillna("").tolist() for name in _NAMES if name in places.columns}
    table: dict[str, list[str]] = {
        "place_id": ["# definition", "# unit", "# years", "# source", "# direction", *map(str, places.index)]
    }
    table |= {name: [""] * 5 + list(map(str, values)) for name, values in names.items()}
    for part in spec.indicators:
        way = "more is better" if part.direction > 0 else "less is better"
        head = [part.definition or "", part.unit or "", part.year or "", part.source or "", way]
        table[_header(part)] = head + [""] * len(places)
    return pd.DataFrame(table, dtype="str")


def template_csv(table: pd.DataFrame) -> str:
    """Return a template as CSV text with its UTF-8 mark, as `write_template` writes it; for standard output."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "template.csv"
        write_template(table, path)
        return path.read_text(encoding="utf-8")


def write_template(table: pd.DataFrame, path: Path | str) -> None:
    """Write a template.

    Parameters
    ----------
    table : pandas.DataFrame
        What `template` made.
    path : str or Path
        A file called .csv (UTF-8 with its mark, so that Excel shows every script) or .xlsx.

    Raises
    ------
    ScoringError
        If it is called otherwise.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".csv":
        write_csv(table, path, index=False)
    elif suffix == ".xlsx":
        write_workbook(path, {"indicators": table}, index=False)
    else:
        raise ScoringError(f"{path}: a template is a .csv or an .xlsx file")


def network_indicators(spec: IndexSpec) -> pd.DataFrame:
    """Return the indicators that a network can fill: `network` and `measure` by code."""
    rows = {part.code: part.network for part in spec.indicators if part.network is not None}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["network", "measure"]).rename_axis("indicator")


def read_filled(path: Path | str, spec: IndexSpec, places: pd.DataFrame | None = None) -> pd.DataFrame:
    """Read a template that was filled in.

    Parameters
    ----------
    path : str or Path
        CSV (UTF-8; commas, semicolons or tabs) or a workbook, its sheet "indicators" or else the first.
    spec : IndexSpec
        The definition.
    places : pandas.DataFrame, optional
        The places that may occur, by id; default: those of the definition, any if it names none.

    Returns
    -------
    pandas.DataFrame
        Place x indicator in the order of the file, for `scoring.score`; empty cells are missing values, rows without
        any value are left out.

    Raises
    ------
    FormatError
        If it is no such file, or `check_filled` finds an error; warnings are let pass.
    """
    filled, problems = _examine(Path(path), spec, places)
    errors = [problem for problem in problems if problem[0] == "error"]
    if errors:
        _, row, column, place, expected, got, advice = errors[0]
        where = ", ".join(part for part in (column, place) if part)
        more = f" ({len(errors) - 1} more errors: check the file)" if len(errors) > 1 else ""
        raise FormatError(
            path,
            row=row,
            expected=f"{expected}{f' in {where}' if where else ''}",
            got=got + more,
            hint=f"{advice[:1].upper()}{advice[1:]}." if advice else "",
        )
    values = filled.table.reindex(columns=[code for code in spec.codes if code in filled.table.columns])
    return values[values.notna().any(axis=1)]


def place_table(path: Path | str, spec: IndexSpec) -> pd.DataFrame:
    """Return the places of a filled template: those of the definition, or as the file has them.

    Parameters
    ----------
    path : str or Path
        As `read_filled`.
    spec : IndexSpec
        The definition.

    Returns
    -------
    pandas.DataFrame
        By place id: the columns of the file that are no indicators (names, country, groups).

    Raises
    ------
    FormatError
        If the file cannot be read at all.
    """
    own = _own(spec)
    if own is not None:
        return own
    cells = read_cells(Path(path))
    columns = _columns(cells.header, spec)[0].values()
    about = {title: at for at, title in enumerate(cells.header) if at and title and at not in columns}
    ids = pd.Index([line[0].strip() for line in cells.rows.values()], dtype="str", name="place_id")
    rows = list(cells.rows.values())
    table = pd.DataFrame({title: [line[at].strip() for line in rows] for title, at in about.items()}, index=ids)
    return table[~ids.duplicated()].replace("", None)


def check_filled(path: Path | str, spec: IndexSpec, places: pd.DataFrame | None = None) -> pd.DataFrame:
    """Find all problems of a template that was filled in.

    Parameters
    ----------
    path : str or Path
        As `read_filled`.
    spec : IndexSpec
        The definition.
    places : pandas.DataFrame, optional
        As `read_filled`.

    Returns
    -------
    pandas.DataFrame
        Columns as `PROBLEM_COLUMNS`, errors first, then by row; empty if all is well. Errors: places unknown or
        named twice, columns missing or named twice, cells that are no number as computers write it (text, percent
        sign, decimal comma, thousands), negative counts, one value everywhere. Warnings: places without a row,
        unknown columns, columns without a value, counts with a fraction, percentages that look like fractions,
        values far from all others (more than two and a half decades and five robust standard deviations of the
        logarithm from the median: often a wrong unit). Places without a row are one warning, and so are the
        counts with a fraction of a column.

    Raises
    ------
    FormatError
        If the file cannot be read at all: no table, or not in UTF-8.
    """
    _, problems = _examine(Path(path), spec, places)
    table = pd.DataFrame(problems, columns=list(PROBLEM_COLUMNS)).astype({"row": "Int64"})
    return table.sort_values(["severity", "row"], kind="stable", ignore_index=True)


def _header(part: Indicator) -> str:
    return f"{part.code}: {part.name}"


def _examine(path: Path, spec: IndexSpec, places: pd.DataFrame | None) -> tuple[Filled, list[_Problem]]:
    places = place_table(path, spec) if places is None else places
    cells = read_cells(path)
    columns, problems = _columns(cells.header, spec)
    rows, more = _places(cells, places)
    filled, wrong = numbers(cells, columns, rows)
    problems += more
    problems += [
        ("error", row, code, place, expected, repr(text[:40]), advice)
        for row, code, place, text, expected, advice in wrong
    ]
    unread = {code for _, code, *_ in wrong}
    for part in spec.indicators:
        if part.code in filled.table.columns:
            problems += _column_problems(part, filled, text_found=part.code in unread)
    empty = filled.table.isna().sum()[filled.table.notna().any()]
    if empty.any():
        got = f"{int(empty.sum())} empty cells in {int((empty > 0).sum())} columns"
        advice = "fill them, let the definition impute, or lower its availability: else scores go missing"
        problems.append(("warning", None, None, None, "a value in every cell", got, advice))
    return filled, problems


def _own(spec: IndexSpec) -> pd.DataFrame | None:
    """Return the places that a definition names."""
    if spec.places is None:
        return None
    if spec.places != "gihi2024":
        raise ScoringError(f'places = {spec.places!r}: expected "gihi2024", or no such entry for places of your own')
    return gihi2024().table


def _columns(header: list[str], spec: IndexSpec) -> tuple[dict[str, int], list[_Problem]]:
    """Find the column of each indicator; spreadsheets turn a code such as 01 into 1."""
    codes = {code: code for code in spec.codes}
    stripped = Counter(code.lstrip("0") for code in spec.codes)
    codes |= {code.lstrip("0"): code for code in spec.codes if stripped[code.lstrip("0")] == 1 and code.lstrip("0")}
    columns: dict[str, int] = {}
    problems: list[_Problem] = []
    for number, title in enumerate(header):
        head = title.split(":")[0].strip()
        code = codes.get(head)
        if number == 0 or head in _NAMES or not title.strip():
            continue
        if code is None:
            problems.append(("warning", 1, title, None, "an indicator of the index", repr(title[:40]), "it is ignored"))
        elif code in columns:
            problems.append(("error", 1, code, None, "one column an indicator", "two", "delete one of them"))
        else:
            columns[code] = number
    for part in spec.indicators:
        if part.code not in columns:
            expected, advice = f"a column {_header(part)!r}", "take a new template, or add the column (it may be empty)"
            problems.append(("error", 1, part.code, None, expected, "none", advice))
    return columns, problems


def _places(cells: Cells, places: pd.DataFrame) -> tuple[dict[str, int], list[_Problem]]:
    names = {fold(str(text)): str(place) for name in _NAMES if name in places for place, text in places[name].items()}
    rows: dict[str, int] = {}
    problems: list[_Problem] = []
    for row, line in cells.rows.items():
        place = line[0].strip()
        if place in rows:
            got, advice = f"lines {rows[place]} and {row}", "delete one of them"
            problems.append(("error", row, "place_id", place, "one row a place", got, advice))
        elif place in places.index:
            rows[place] = row
        else:
            near = names.get(fold(place)) or next(iter(get_close_matches(place, map(str, places.index), 1)), None)
            advice = f"did you mean {near!r}?" if near else "take the ids of the template"
            problems.append(("error", row, "place_id", place, "an id of the places", repr(place[:40]), advice))
    absent = [str(place) for place in places.index if place not in rows]
    if absent:
        got, advice = f"no row of {_and_others(absent)}", "they will have no score"
        problems.append(("warning", None, "place_id", absent[0], "a row for every place", got, advice))
    return rows, problems


def _column_problems(part: Indicator, filled: Filled, *, text_found: bool) -> Iterator[_Problem]:
    known = filled.table[part.code].dropna()
    unit = (part.unit or "").lower()
    if known.empty:
        if not text_found:
            advice = "fill it, or score partially"
            yield "warning", None, part.code, None, "values", "an empty column", advice
        return
    if len(known) > 1 and known.min() == known.max() and not text_found:
        advice = "a column that is the same everywhere cannot be compared; empty it"
        yield "error", None, part.code, None, "different values", f"{known.iloc[0]:g} everywhere", advice
    if unit in _NOT_BELOW_0:
        for place, value in known[known < 0].items():
            yield "error", filled.rows[str(place)], part.code, str(place), f"0 or more ({part.unit})", f"{value:g}", ""
    if unit in _WHOLE:
        broken = known[known % 1 != 0]
        if len(broken):
            place, advice = str(broken.index[0]), "is it in thousands, or a decimal point for a thousands separator?"
            got = _and_others([f"{value:g}" for value in broken])
            yield "warning", filled.rows[place], part.code, place, f"whole numbers ({part.unit})", got, advice
    if unit == "percent" and known.abs().max() <= 1 and known.abs().max() > 0:
        advice = "12.5 percent is written 12.5, not 0.125"
        yield "warning", None, part.code, None, "percent", f"values up to {known.abs().max():g}", advice
    yield from _far_off(part, known[known > 0], filled)


def _and_others(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{texts[0]} and {len(texts) - 1} more"


def _far_off(part: Indicator, known: pd.Series, filled: Filled) -> Iterator[_Problem]:
    if len(known) < 5:
        return
    size = np.log10(known)
    off = (size - size.median()).abs()
    far = off > max(_DECADES, _SPREADS * 1.4826 * off.median())
    for place, value in known[far].items():
        expected = f"about {known.median():.3g} {part.unit or ''}".strip()
        advice = "is it in the unit of the column?"
        yield "warning", filled.rows[str(place)], part.code, str(place), expected, f"{value:g}", advice
