"""Matrices: text tables with labels, sparse matrices of SciPy (npz), Matrix Market files."""

import io
import math
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph.errors import FormatError
from innovation_graph.network import Network
from innovation_graph.sources._archives import one_file
from innovation_graph.sources._cells import (
    MAX_BYTES,
    folded,
    number,
    plain,
    read_bytes,
    read_lists,
    read_text,
    shown,
)
from innovation_graph.sources._parsed import MAX_PLACES, Parsed, Rule, built, without
from innovation_graph.sources._streams import BOMB_BYTES, BOMB_RATIO, Member

__all__ = ["parse_matrix", "parse_matrixmarket", "parse_npz", "read_matrix", "read_matrixmarket", "read_npz"]

_NONE = frozenset({"", "na", "n/a", "nan", "none", "null", "-", ".", ".."})
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)
_Rows = list[tuple[int, list[str]]]


def read_matrix(
    path: Path | str,
    *,
    labels: Path | str | None = None,
    directed: Rule | None = None,
    drop: Sequence[str] = (),
) -> Network:
    """Read a square matrix from a text file with labels.

    The first row names the columns; the column whose entries fit these names labels the rows, and
    columns in front of it are ignored. Labels fit if they are the same letters and digits: `united_states`
    and "United States" do. Rows give the order and the names. If only the columns or only the rows have
    labels, the others are in the same order. The diagonal is dropped and its numbers counted as loops; an
    empty cell, `na`, `n/a`, `nan`, `none`, `null`, `-`, `.` and `..` mean no link. A matrix with numbers on one
    side of the diagonal only is a triangle of a symmetric one.

    Parameters
    ----------
    path : str or Path
        UTF-8 text, separated by commas, semicolons or tabs.
    labels : str or Path, optional
        Labels for a matrix that has none, as for `read_npz`.
    directed : {"sum", "max", "mean"}, optional
        What the two directions of a pair make together; without it the matrix must be symmetric.
    drop : sequence of str
        Labels to leave out, such as that of a total.

    Returns
    -------
    Network
        One place a row. If nine in ten labels are countries, they fill `country`.

    Raises
    ------
    FormatError
        If labels do not fit, a cell is neither a number from 0 on nor empty, or the matrix is not symmetric.
    RecipeError
        If there is no such rule.
    UnknownNameError
        If a label to leave out does not occur.
    """
    file = one_file(path, "matrix")
    return built(without(parse_matrix(file, labels=labels), drop), file, "matrix", directed=directed)


def read_npz(
    path: Path | str,
    *,
    labels: Path | str | None = None,
    directed: Rule | None = None,
    drop: Sequence[str] = (),
) -> Network:
    """Read a sparse matrix that `scipy.sparse.save_npz` wrote.

    Parameters
    ----------
    path : str or Path
        The file. Nothing in it is executed.
    labels : str or Path, optional
        UTF-8 text with one label a line, or a table with a header and one row a place: the column `label`, else
        the first one, names the places, the others become columns of the place table. Default: "1", "2"...
    directed : {"sum", "max", "mean"}, optional
        What the two directions of a pair make together; without it the matrix must be symmetric or a triangle.
    drop : sequence of str
        Labels to leave out.

    Returns
    -------
    Network
        One place a row; the diagonal is dropped and its numbers counted as loops.

    Raises
    ------
    FormatError
        If the file is no such matrix, is not square or not symmetric, holds something else than numbers from 0
        on, or has not one label a row.
    RecipeError
        If there is no such rule.
    UnknownNameError
        If a label to leave out does not occur.
    """
    file = Member(Path(path))
    return built(without(parse_npz(file, labels=labels), drop), file, "npz", directed=directed)


def read_matrixmarket(
    path: Path | str,
    *,
    labels: Path | str | None = None,
    directed: Rule | None = None,
    drop: Sequence[str] = (),
) -> Network:
    """Read a Matrix Market file (`.mtx`): coordinates or an array, symmetric or general.

    Parameters
    ----------
    path : str or Path
        The file, or a zip archive with one. A pattern gives every entry weight 1.
    labels : str or Path, optional
        As for `read_npz`.
    directed : {"sum", "max", "mean"}, optional
        What the two directions of a pair make together; without it the matrix must be symmetric or a triangle.
    drop : sequence of str
        Labels to leave out.

    Returns
    -------
    Network
        One place a row; the diagonal is dropped and its numbers counted as loops.

    Raises
    ------
    FormatError
        If the file is no such matrix, is not square or not symmetric, holds something else than numbers from 0
        on, or has not one label a row.
    RecipeError
        If there is no such rule.
    UnknownNameError
        If a label to leave out does not occur.
    """
    file = one_file(path, "matrixmarket")
    parsed = without(parse_matrixmarket(file, labels=labels), drop)
    return built(parsed, file, "matrixmarket", directed=directed)


def parse_matrix(path: Member, *, labels: Path | str | None = None) -> Parsed:
    """Return the cells of a text matrix; see `read_matrix`."""
    expected = "a matrix with column labels in the first row and row labels"
    rows = list(read_lists(path, expected=expected))
    if len(rows) < 2:
        raise FormatError(str(path), expected=expected, got="a header without rows" if rows else "an empty file")
    names, heads, cells = _parted(path, rows)
    table = pd.DataFrame()
    if names is None:
        if labels is None:
            hint = "Give labels in a file, one a line (--labels)."
            raise FormatError(str(path), expected=expected, got="numbers without labels", hint=hint, row=1)
        names, table = _labels(labels, len(cells))
        heads = names
    at, other, weight = [], [], []
    for i, (line, row) in enumerate(cells):
        for j, cell in enumerate(row):
            # Published tables print anything on the diagonal.
            if cell.strip().casefold() not in _NONE and (i != j or _is_cell(cell)):
                value = number(cell, path, line, what=f"column {heads[j]!r}")
                if value:
                    at.append(i)
                    other.append(j)
                    weight.append(value)
    first, second = np.array(at, dtype=np.int64), np.array(other, dtype=np.int64)
    arcs = np.ones(len(first), dtype=np.bool_)
    return Parsed(names, first, second, np.array(weight, dtype=np.float64), arcs, columns=table, whole=True)


def _parted(path: Member, rows: _Rows) -> tuple[list[str] | None, list[str], _Rows]:
    """Part a table into names of rows (None: there are none), column headings and square cells."""
    (line, header), rest = rows[0], rows[1:]
    if len(header) + 1 == len(rest[0][1]):
        header = ["", *header]  # as R writes it: nothing above the row labels
    width = len(header)
    uneven = next(((line, row) for line, row in rest if len(row) != width), None)
    if uneven:
        raise FormatError(str(path), expected=f"{width} cells", got=f"{len(uneven[1])}", row=uneven[0])
    header = [cell.strip() for cell in header]
    numeric = all(map(_is_cell, (cell for _, row in rest for cell in row)))
    if numeric and len(rest) + 1 == width and all(map(_is_cell, header)) and header[0]:
        return None, [], rows
    if numeric and len(rest) == width and not all(map(_is_cell, header)):
        _check_unique(path, "column", header)
        return header, header, rest
    every = [(line, header), *rest]
    if width == len(every) + 1 and all(_is_cell(cell) for _, row in every for cell in row[1:]):
        labels = [row[0].strip() for _, row in every]
        _check_unique(path, "row", labels)
        return labels, labels, [(line, row[1:]) for line, row in every]
    at = _label_column(path, header, rest)
    labels = [row[at].strip() for _, row in rest]
    _check_labels(path, labels, header[at + 1 :])
    columns = {folded(name): i for i, name in enumerate(header) if i > at}
    order = [columns[folded(label)] for label in labels]
    return labels, [header[i] for i in order], [(line, [row[i] for i in order]) for line, row in rest]


def _is_cell(text: str) -> bool:
    """Tell whether a text may stand inside a matrix."""
    if text.strip().casefold() in _NONE:
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


def _label_column(path: Member, header: list[str], rows: _Rows) -> int:
    columns = {folded(name) for name in header} - {""}
    fits = [sum(folded(row[i]) in columns for _, row in rows) for i in range(len(header))]
    best = int(np.argmax(fits))
    if fits[best] == 0:
        got = f"columns {shown(header[:6])} and a first row {shown(rows[0][1][:6])}"
        hint = "Without row labels (or without a first row of labels), there must be as many rows as labels."
        expected = "a column whose entries name the other columns"
        raise FormatError(str(path), expected=expected, got=got, hint=hint, row=1)
    return best


def _check_unique(path: Member, what: str, labels: list[str]) -> None:
    often = Counter(map(folded, labels))
    twice = sorted({label for label in labels if often[folded(label)] > 1})
    if twice:
        raise FormatError(str(path), expected=f"each {what} label once", got=f"{shown(twice[:5])} more than once")


def _check_labels(path: Member, rows: list[str], columns: list[str]) -> None:
    _check_unique(path, "row", rows)
    _check_unique(path, "column", columns)
    of_rows, of_columns = set(map(folded, rows)), set(map(folded, columns))
    missing = [label for label in rows if folded(label) not in of_columns]
    beyond = [name for name in columns if folded(name) not in of_rows]
    if missing or beyond:
        got = f"rows without a column: {shown(missing[:5])}; columns without a row: {shown(beyond[:5])}"
        hint = "Letter case, spaces and punctuation are ignored; spell the rest alike."
        raise FormatError(str(path), expected="the same labels on rows and columns", got=got, hint=hint)


def parse_npz(path: Member, *, labels: Path | str | None = None) -> Parsed:
    """Return the entries of a sparse matrix; see `read_npz`."""
    expected = "a sparse matrix written by scipy.sparse.save_npz"
    content = read_bytes(path, expected=expected)
    try:
        _check_arrays(path, content, expected)
        matrix = sparse.load_npz(io.BytesIO(content))
        if matrix.format in {"csr", "csc", "bsr"}:
            # Compiled loops trust positions that nobody has looked at yet.
            matrix.check_format(full_check=True)
        entries = sparse.coo_array(matrix)
    except FormatError:
        raise
    except (*_DAMAGE, TypeError, ValueError, KeyError, IndexError, AttributeError, MemoryError) as error:
        hint = "The file may be cut short; save it again."
        raise FormatError(str(path), expected=expected, got=shown(str(error)), hint=hint) from error
    n = entries.shape[0]
    if entries.ndim != 2 or entries.shape[1] != n or n > MAX_PLACES:
        got, most = f"shape {entries.shape}", f"{MAX_PLACES:,}"
        raise FormatError(str(path), expected=f"a square matrix of at most {most} rows", got=got)
    if entries.dtype.kind not in "biuf":
        raise FormatError(str(path), expected="a matrix of numbers", got=str(entries.dtype))
    ends = np.array(entries.coords, dtype=np.int64)
    return _entries(path, n, ends, np.asarray(entries.data, dtype=np.float64), labels)


def _check_arrays(path: Member, content: bytes, expected: str) -> None:
    """Refuse arrays that are not as large as they say, or would fill the memory."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        total = sum(info.file_size for info in members)
        if total > MAX_BYTES or total > max(BOMB_BYTES, BOMB_RATIO * len(content)):
            raise FormatError(str(path), expected=expected, got=f"{len(content):,} bytes that unpack to {total:,}")
        for info in members:
            with archive.open(info) as file:
                version = np.lib.format.read_magic(file)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, _, dtype = read(file)
                size = file.tell() + dtype.itemsize * math.prod(shape)
            if dtype.hasobject or size != info.file_size:
                got = f"{dtype} of shape {shape} in {info.file_size:,} bytes"
                raise FormatError(str(path), expected=expected, got=got)


def parse_matrixmarket(path: Member, *, labels: Path | str | None = None) -> Parsed:
    """Return the entries of a Matrix Market file; see `read_matrixmarket`.

    SciPy's own reader is not used: entries that are cut short make it crash, and the whole program with it.
    """
    expected = "a Matrix Market file: %%MatrixMarket matrix, then the size, then the entries"
    text = read_text(path, expected=expected)
    banner, _, rest = text.partition("\n")
    words = banner.lower().split()
    if len(words) != 5 or words[:2] != ["%%matrixmarket", "matrix"]:
        raise FormatError(str(path), expected=expected, got=shown(banner), row=1)
    if words[3] not in {"real", "double", "integer", "unsigned-integer", "pattern"} or words[4] not in {
        "general",
        "symmetric",
    }:
        kinds = "real, integer or pattern numbers, general or symmetric"
        raise FormatError(str(path), expected=kinds, got=shown(" ".join(words[3:])), row=1)
    body = ((i, line.split()) for i, line in enumerate(rest.split("\n"), start=2))
    rows = ((i, cells) for i, cells in body if cells and not cells[0].startswith("%"))
    by_entry, symmetric = words[2] == "coordinate", words[4] == "symmetric"
    line, sizes = next(rows, (None, []))
    if len(sizes) != 2 + by_entry or not all(re.fullmatch("[0-9]{1,12}", size) for size in sizes):
        raise FormatError(str(path), expected=expected, got=f"{shown(' '.join(sizes))} as its size", row=line)
    n, width, *_ = counts = [int(size) for size in sizes]
    if n != width or n > MAX_PLACES:
        expected = f"a square matrix of at most {MAX_PLACES:,} rows"
        raise FormatError(str(path), expected=expected, got=f"{n:,} x {width:,}", row=line)
    promised = counts[2] if by_entry else n * (n + 1) // 2 if symmetric else n * n
    numbers = _numbers(path, rows, promised, (2 if words[3] == "pattern" else 3) if by_entry else 1)
    if by_entry:
        places = numbers[:, :2]
        # Written so that NaN is outside.
        if not ((places >= 1) & (places <= n) & (places == np.floor(places))).all():
            raise FormatError(str(path), expected=f"rows and columns 1 to {n:,}", got="others")
        ends = places.T.astype(np.int64) - 1
    elif symmetric:
        ends = np.array(np.triu_indices(n))[::-1]  # column by column from the diagonal down
    else:
        ends = np.array(np.divmod(np.arange(promised), max(n, 1)))[::-1]
    weight = np.ones(promised) if words[3] == "pattern" else numbers[:, -1]
    return _entries(path, n, ends, weight, labels, symmetric=symmetric)


def _numbers(path: Member, rows: Iterator[tuple[int, list[str]]], promised: int, width: int) -> NDArray[np.float64]:
    """Return as many rows of numbers as the size of a Matrix Market file promises."""
    cells: list[str] = []
    line = None
    for line, row in rows:
        if len(row) != width or any("_" in cell for cell in row):
            raise FormatError(str(path), expected=f"{width} numbers", got=shown(" ".join(row)), row=line)
        cells += row
    if len(cells) != promised * width:
        got, hint = f"{len(cells) // width:,}", "The file may be cut short."
        raise FormatError(str(path), expected=f"{promised:,} entries", got=got, hint=hint, row=line)
    try:
        return np.array(cells, dtype=np.float64).reshape(promised, width)
    except ValueError as error:
        raise FormatError(str(path), expected="numbers", got=shown(str(error))) from error


def _entries(
    path: Member,
    n: int,
    ends: NDArray[np.int64],
    weight: NDArray[np.float64],
    labels: Path | str | None,
    *,
    symmetric: bool = False,
) -> Parsed:
    bad = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    if len(bad):
        first, second = ends[:, bad[0]] + 1
        got = f"{weight[bad[0]]:.15g} in row {first}, column {second}"
        raise FormatError(str(path), expected="numbers from 0 on", got=got)
    names, table = ([str(i + 1) for i in range(n)], pd.DataFrame()) if labels is None else _labels(labels, n)
    some = weight > 0  # a stored zero is no link, as in any matrix
    first, second = ends[:, some]
    arcs = np.full(len(first), not symmetric)
    return Parsed(names, first, second, weight[some], arcs, columns=table, whole=True)


def _labels(path: Path | str, n: int) -> tuple[list[str], pd.DataFrame]:
    """Return the n labels of a file, and its further columns."""
    path, expected = Path(path), f"{n} labels, one a line, or a table with a header and {n} rows"
    lines = [line.strip() for line in read_text(Member(path), expected=expected).splitlines() if line.strip()]
    if len(lines) == n:
        single = re.compile(r'"[^"]*"')
        return [line[1:-1] if single.fullmatch(line) else line for line in lines], pd.DataFrame()
    rows = list(read_lists(Member(path), expected=expected))
    if len(rows) != n + 1:
        raise FormatError(path, expected=expected, got=f"{len(lines)} lines")
    header = [cell.strip() for cell in rows[0][1]]
    uneven = next(((line, row) for line, row in rows if len(row) != len(header)), None)
    if uneven or len(set(header)) < len(header):
        got = f"{len(uneven[1])} cells" if uneven else f"columns {shown(header)}"
        raise FormatError(path, expected=f"{len(header)} different columns", got=got, row=uneven[0] if uneven else 1)
    at = header.index("label") if "label" in header else 0
    names = [row[at].strip() for _, row in rows[1:]]
    empty = next((line for (line, _), name in zip(rows[1:], names, strict=True) if not name), None)
    if empty is not None:
        raise FormatError(path, expected="a label in every row", got="an empty one", row=empty)
    columns = {name: plain(pd.Series([row[i] for _, row in rows[1:]])) for i, name in enumerate(header) if i != at}
    return names, pd.DataFrame(columns)
