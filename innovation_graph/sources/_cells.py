"""Cells of text tables, and readable ids from names."""

import csv
import io
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from innovation_graph.errors import FormatError
from innovation_graph.places.text import slug

__all__ = ["folded", "number", "read_rows", "read_text", "readable_ids"]


def read_text(path: Path, *, expected: str) -> str:
    """Return the content of a UTF-8 text file, or say what is wrong with it."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except IsADirectoryError as error:
        raise FormatError(path, expected=expected, got="a folder", hint="Name the file in it.") from error
    except UnicodeDecodeError as error:
        hint = "Save it as UTF-8 text."
        raise FormatError(path, expected=expected, got="bytes that are not UTF-8 text", hint=hint) from error
    except OSError as error:
        raise FormatError(path, expected=expected, got=error.strerror or str(error)) from error
    if "\0" in text:
        raise FormatError(path, expected=expected, got="binary data")
    return text


def read_rows(
    path: Path, *, expected: str, separators: str = ",;\t", may_be_empty: bool = False
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the first row, and the others with their line numbers; blank lines are left out.

    All rows have the same width. The separator is the one of `separators` that is most frequent in
    the first line.
    """
    text = read_text(path, expected=expected)
    start = text[: text.find("\n")] if "\n" in text else text
    separator = max(separators, key=start.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend((reader.line_num, row) for row in reader if any(cell.strip() for cell in row))
    except csv.Error as error:
        raise FormatError(path, expected=expected, got=str(error), row=reader.line_num) from error
    if len(rows) < 2 and not may_be_empty:
        raise FormatError(path, expected=expected, got="a header without rows" if rows else "an empty file")
    if not rows:
        return [], []
    header = [cell.strip() for cell in rows[0][1]]
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise FormatError(path, expected=f"{len(header)} cells", got=f"{len(row)}", row=line)
    return header, rows[1:]


def number(cell: str, path: Path, line: int, *, what: str) -> float:
    """Return a finite number from 0 on, or say where there is none."""
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise FormatError(path, expected=f"a number from 0 on in {what}", got=repr(cell), row=line)
    return value


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
    ids = []
    for one in slugs:
        chosen, n = one, 1
        while often[one] > 1 and chosen in taken:
            n += 1
            chosen = f"{one}-{n}"
        taken.add(chosen)
        ids.append(chosen)
    return ids
