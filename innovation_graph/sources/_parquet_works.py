"""OpenAlex works out of Parquet: rows become the JSON that the API gives, so that there is one reading of works.

Two layouts are in use: columns nested as in the API (the snapshot, DuckDB, Arrow), and columns that hold JSON as
text (dumps of data bases).
"""

import math
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["is_parquet", "parquet_items"]

_MAGIC = b"PAR1"
_ROWS = 1 << 10  # at once: a work may have thousands of authors
_NESTED = ("authorships", "primary_topic", "topics")
_INSTITUTION = "authorships.institutions"
# Columns of the file that are read, without the names that Parquet gives to the members of lists.
_WANTED = (
    "id",
    "title",
    "display_name",
    "publication_year",
    "type",
    "is_authors_truncated",
    "is_retracted",
    "updated_date",
    "primary_topic.field.display_name",
    "topics.field.display_name",
    "authorships.countries",
    "authorships.raw_affiliation_string",
    "authorships.raw_affiliation_strings",
    "authorships.raw_author_name",
    "authorships.author.id",
    "authorships.author.display_name",
    *(f"{_INSTITUTION}.{name}" for name in ("id", "display_name", "ror", "country_code", "type")),
    *(f"{_INSTITUTION}.geo.{name}" for name in ("city", "geonames_city_id", "region", "country_code")),
    *(f"{_INSTITUTION}.geo.{name}" for name in ("latitude", "longitude")),
)
_TAKEN = frozenset(_WANTED) | frozenset(_NESTED)  # text in the second layout
_IDS = frozenset({"id", "authorships.author.id", "authorships.institutions.id"})
_MEMBERS = frozenset({"list", "element", "item", "bag", "array", "array_element"})

_encode = msgspec.json.Encoder().encode


def is_parquet(path: Path) -> bool:
    """Tell Parquet by its first bytes."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def parquet_items(
    path: Path, on_reject: Callable[[int, str, bytes], None], on_bytes: Callable[[int], None] | None = None
) -> Iterator[tuple[int, bytes]]:
    """Yield the rows as JSON objects with their numbers; only what records need is read.

    Parameters
    ----------
    path : Path
        A file with columns named as in the API, at least `id` and `authorships`.
    on_reject : callable
        Takes line (0: the rest of the file), reason and piece of what cannot be read.
    on_bytes : callable, optional
        Takes the number of bytes read from the disk, by the share of rows.
    """
    size = path.stat().st_size
    try:
        with pq.ParquetFile(path) as file:
            names = set(file.schema_arrow.names)
            if not {"id", "authorships"} <= names:
                shown = ", ".join(file.schema_arrow.names[:12])
                on_reject(0, f"a Parquet file without the columns id and authorships of works; it has {shown}", b"")
                return
            # Column by column, because a list of structures need not be read as a whole.
            leaves = [file.schema.column(number) for number in range(len(file.schema))]
            wanted = [leaf.path for leaf in leaves if _plain(leaf.path) in _TAKEN]
            numbers = any(_plain(leaf.path) in _IDS and leaf.physical_type.startswith("INT") for leaf in leaves)
            total, row = max(file.metadata.num_rows, 1), 0
            for batch in file.iter_batches(_ROWS, columns=wanted, use_threads=False):
                for work in batch.to_pylist():
                    row += 1
                    if numbers:
                        _name_all(work)
                    yield row, _item(work)
                if on_bytes is not None:
                    on_bytes(size * row // total)
    except (pa.ArrowException, OSError, UnicodeError) as error:
        on_reject(0, f"a damaged or foreign Parquet file: {error}", b"")


def _plain(leaf: str) -> str:
    """Return the path of a column without the names of list members."""
    first, *rest = leaf.split(".")
    return ".".join([first, *(part for part in rest if part not in _MEMBERS)])


def _item(work: dict[str, Any]) -> bytes:
    for name in _NESTED:
        if isinstance(work.get(name), str):
            work[name] = msgspec.Raw(work[name].encode())
    updated = work.get("updated_date")
    if isinstance(updated, datetime | date):
        work["updated_date"] = updated.isoformat()
    year = work.get("publication_year")
    if isinstance(year, float):  # pandas writes floats where some years are missing
        work["publication_year"] = int(year) if math.isfinite(year) else None
    # In Parquet a missing list cannot be told from one that is null; in JSON it is simply not there.
    return _encode({name: value for name, value in work.items() if value is not None})


def _name_all(work: dict[str, Any]) -> None:
    """Write identifiers that are numbers as OpenAlex writes them."""
    _name(work, "W")
    authorships = work["authorships"]
    for author in authorships if isinstance(authorships, list) else ():
        if isinstance(author, dict):
            _name(author.get("author"), "A")
            for institution in author.get("institutions") or ():
                _name(institution, "I")


def _name(thing: Any, letter: str) -> None:
    if isinstance(thing, dict) and isinstance(thing.get("id"), int):
        thing["id"] = f"{letter}{thing['id']}"
