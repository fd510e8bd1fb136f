"""Files and cells of text tables, and readable ids from names."""

import csv
import io
import json
import math
import re
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import pandas as pd

from innovation_graph.errors import FormatError
from innovation_graph.places.text import slug

__all__ = [
    "MAX_BYTES",
    "MAX_RATIO",
    "RATIO_FROM",
    "File",
    "folded",
    "number",
    "plain",
    "read_bytes",
    "read_lists",
    "read_rows",
    "read_text",
    "readable_ids",
    "shown",
]

File = Path | zipfile.Path
"""A file on disk or inside a zip archive."""

MAX_BYTES = 1 << 31
MAX_RATIO = 200
RATIO_FROM = 1 << 24  # smaller members do no harm, and a matrix of zeros packs well
_UNPACKED = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_SMALLER = "Cut it into smaller files, or import it as a matrix in npz."


def read_bytes(path: File, *, expected: str) -> bytes:
    """Return the content of a file, or say what is wrong with it; nothing large is unpacked from little."""
    if isinstance(path, zipfile.Path):
        return _member_bytes(path, expected)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            got = f"{size:,} bytes, more than {MAX_BYTES:,}"
            raise FormatError(path, expected=expected, got=got, hint=_SMALLER)
        return path.read_bytes()
    except IsADirectoryError as error:
        raise FormatError(path, expected=expected, got="a folder", hint="Name the file in it.") from error
    except OSError as error:
        raise FormatError(path, expected=expected, got=error.strerror or str(error)) from error


def _member_bytes(path: zipfile.Path, expected: str) -> bytes:
    info = path.root.getinfo(path.at)
    if info.file_size > MAX_BYTES or (
        info.file_size > RATIO_FROM and info.file_size > MAX_RATIO * max(info.compress_size, 1)
    ):
        got = f"{info.compress_size:,} bytes that unpack to {info.file_size:,}"
        raise FormatError(str(path), expected=expected, got=got, hint="If it is what it should be, unpack it first.")
    if info.flag_bits & 1 or info.compress_type not in _UNPACKED:
        got = "an encrypted or unusually packed file"
        raise FormatError(str(path), expected=expected, got=got, hint="Unpack it first.")
    try:
        # Never more than the declared size is unpacked; what does not fit it is an error of the check sum.
        return path.root.read(info)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        got = f"a broken member of a zip archive: {error}"
        raise FormatError(str(path), expected=expected, got=got, hint="Get the archive again.") from error


def read_text(path: File, *, expected: str) -> str:
    """Return the content of a UTF-8 text file, or say what is wrong with it."""
    try:
        text = read_bytes(path, expected=expected).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = "Save it as UTF-8 text."
        raise FormatError(str(path), expected=expected, got="bytes that are not UTF-8 text", hint=hint) from error
    if "\0" in text:
        raise FormatError(str(path), expected=expected, got="binary data")
    return text


def read_rows(
    path: File, *, expected: str, separators: str = ",;\t", may_be_empty: bool = False
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Return the first row, and the others with their line numbers; blank lines are left out.

    All rows have the same width. The separator is the one of `separators` that is most frequent in
    the first line.
    """
    rows = read_lists(path, expected=expected, separators=separators)
    first, second = next(rows, None), next(rows, None)
    if not may_be_empty and (first is None or second is None):
        raise FormatError(str(path), expected=expected, got="a header without rows" if first else "an empty file")
    if first is None:
        return [], iter(())
    header = [cell.strip() for cell in first[1]]
    rest = chain([second] if second else [], rows)
    return header, _even(rest, len(header), path)


def _even(rows: Iterator[tuple[int, list[str]]], width: int, path: File) -> Iterator[tuple[int, list[str]]]:
    for line, row in rows:
        if len(row) != width:
            raise FormatError(str(path), expected=f"{width} cells", got=f"{len(row)}", row=line)
        yield line, row


def read_lists(path: File, *, expected: str, separators: str = ",;\t") -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a text table of any widths with their line numbers; see `read_rows`."""
    text = read_text(path, expected=expected)
    start = text[: text.find("\n")] if "\n" in text else text
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(separators, key=start.count))
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise FormatError(str(path), expected=expected, got=str(error), row=reader.line_num) from error


def number(cell: str, path: File, line: int | None, *, what: str) -> float:
    """Return a finite number from 0 on, or say where there is none."""
    try:
        value = math.nan if "_" in cell else float(cell)  # 1_000 is a number to Python only
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise FormatError(str(path), expected=f"a number from 0 on in {what}", got=shown(cell), row=line)
    return value


def shown(value: object, most: int = 160) -> str:
    """Return how a value prints, cut where a message would become a page."""
    text = repr(value[: most + 1] if isinstance(value, (str, list)) else value)
    return text if len(text) <= most else f"{text[:most]}..."


def plain(column: pd.Series) -> pd.Series:
    """Return a column as numbers if all are numbers, else as text; empty is missing, nested values are JSON."""
    filled = column.replace("", None)
    if not any(isinstance(value, (bool, dict, list)) for value in filled):
        try:
            return pd.to_numeric(filled)
        except (TypeError, ValueError):
            pass
    texts = [
        value
        if isinstance(value, str)
        else None
        if pd.api.types.is_scalar(value) and pd.isna(value)
        else json.dumps(value)
        for value in filled
    ]
    return pd.Series(texts, index=column.index, dtype="str")


def folded(label: str) -> str:
    """Return a label as tables spell it in headers: lower case, anything but letters and digits an underscore."""
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFC", label).casefold()).strip("_")


def readable_ids(names: Sequence[str], countries: Sequence[str | None] | None = None) -> list[str]:
    """Make unique ids from names: lower case words; equal ones get their country, then a number."""
    slugs = [slug(name) or "place" for name in names]
    often = Counter(slugs)
    of = countries or [None] * len(slugs)
    slugs = [f"{one}-{code.lower()}" if code and often[one] > 1 else one for one, code in zip(slugs, of, strict=True)]
    often = Counter(slugs)
    taken = {one for one, n in often.items() if n == 1}
    following: Counter[str] = Counter()
    ids = []
    for one in slugs:
        chosen = one
        while often[one] > 1 and chosen in taken:
            following[one] += 1
            chosen = f"{one}-{following[one] + 1}"
        taken.add(chosen)
        ids.append(chosen)
    return ids
