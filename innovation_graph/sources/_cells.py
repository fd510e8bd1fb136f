"""Files and cells of text tables, and readable ids from names."""

import csv
import io
import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

import pandas as pd

from innovation_graph.errors import FormatError
from innovation_graph.places.text import slug
from innovation_graph.sources._input import Broken
from innovation_graph.sources._streams import Member, open_bytes

__all__ = [
    "MAX_BYTES",
    "folded",
    "number",
    "plain",
    "read_bytes",
    "read_lists",
    "read_text",
    "readable_ids",
    "shown",
    "strict_rows",
]

MAX_BYTES = 1 << 31
"""A network is held in memory as a whole, with its file."""

_CHUNK = 1 << 18


def read_bytes(member: Member, *, expected: str) -> bytes:
    """Return the content of a file, or say what is wrong with it; nothing large is unpacked from little."""
    too_large = FormatError(
        str(member), expected=expected, got=f"more than {MAX_BYTES:,} bytes", hint="Cut it into smaller files."
    )
    pieces, size = [], 0
    try:
        if member.name is None and member.path.stat().st_size > MAX_BYTES:
            raise too_large
        with open_bytes(member) as stream:
            while piece := stream.read(_CHUNK):
                pieces.append(piece)
                size += len(piece)
                if size > MAX_BYTES:
                    raise too_large
    except Broken as error:
        hint = "Get the file again, or unpack it first."
        raise FormatError(str(member), expected=expected, got=str(error), hint=hint) from error
    except IsADirectoryError as error:
        raise FormatError(str(member), expected=expected, got="a folder", hint="Name the file in it.") from error
    except OSError as error:
        raise FormatError(str(member), expected=expected, got=error.strerror or str(error)) from error
    return b"".join(pieces)


def read_text(path: Member, *, expected: str) -> str:
    """Return the content of a UTF-8 text file, or say what is wrong with it."""
    try:
        text = read_bytes(path, expected=expected).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = "Save it as UTF-8 text."
        raise FormatError(str(path), expected=expected, got="bytes that are not UTF-8 text", hint=hint) from error
    if "\0" in text:
        raise FormatError(str(path), expected=expected, got="binary data")
    return text


def strict_rows(
    path: Member, *, expected: str, separators: str = ",;\t", may_be_empty: bool = False
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


def _even(rows: Iterator[tuple[int, list[str]]], width: int, path: Member) -> Iterator[tuple[int, list[str]]]:
    for line, row in rows:
        if len(row) != width:
            raise FormatError(str(path), expected=f"{width} cells", got=f"{len(row)}", row=line)
        yield line, row


def read_lists(path: Member, *, expected: str, separators: str = ",;\t") -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a text table of any widths with their line numbers; see `strict_rows`."""
    text = read_text(path, expected=expected)
    start = text[: text.find("\n")] if "\n" in text else text
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(separators, key=start.count))
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise FormatError(str(path), expected=expected, got=str(error), row=reader.line_num) from error


def number(cell: str, path: Member, line: int | None, *, what: str) -> float:
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
