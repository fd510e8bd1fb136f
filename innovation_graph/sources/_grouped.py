"""Rows of several tables brought together by a key, on the disk where they are many."""

import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import msgspec

from innovation_graph.sources._rows import Row

__all__ = ["Group", "grouped"]

Group = dict[str, list[tuple[int, Row]]]
"""Rows with their lines by the name of their table; a table without rows of the key is an empty list."""

_IN_MEMORY = 1 << 19  # rows
_BUCKETS = 128

_Entry = tuple[str, int, int, Row]  # key, table, line, row


def grouped(tables: Mapping[str, Iterable[tuple[int, Row]]], key: str, folder: Path) -> Iterator[tuple[str, Group]]:
    """Yield every key with its rows; rows of one table keep their order.

    Parameters
    ----------
    tables : mapping of str to iterable
        Rows with their lines; every row has the key.
    key : str
        Column that all tables have.
    folder : Path
        Where rows wait on the disk if there are more than half a million.

    Notes
    -----
    Keys come as they first appear; if rows had to wait on the disk, by a checksum of the key and then so.
    """
    names = list(tables)
    entries: Iterator[_Entry] = (
        (row[key], number, line, row) for number, rows in enumerate(tables.values()) for line, row in rows
    )
    waiting: list[_Entry] = []
    for entry in entries:
        waiting.append(entry)
        if len(waiting) >= _IN_MEMORY:
            break
    else:
        yield from _together(waiting, names)
        return
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        yield from _by_bucket(waiting, entries, names, Path(aside))


def _by_bucket(
    waiting: list[_Entry], entries: Iterator[_Entry], names: list[str], aside: Path
) -> Iterator[tuple[str, Group]]:
    encode = msgspec.msgpack.Encoder().encode
    decode = msgspec.msgpack.Decoder(_Entry).decode
    with ExitStack() as stack:
        files: list[IO[bytes]] = [
            stack.enter_context((aside / str(number)).open("wb", 1 << 17)) for number in range(_BUCKETS)
        ]

        def put(entry: _Entry) -> None:
            piece = encode(entry)
            file = files[zlib.crc32(entry[0].encode()) % _BUCKETS]
            file.write(len(piece).to_bytes(4, "little"))
            file.write(piece)

        for entry in waiting:
            put(entry)
        waiting.clear()
        for entry in entries:
            put(entry)
    for number in range(_BUCKETS):
        content = (aside / str(number)).read_bytes()
        yield from _together((decode(piece) for piece in _pieces(content)), names)


def _pieces(content: bytes) -> Iterator[memoryview]:
    view, at = memoryview(content), 0
    while at < len(view):
        size = int.from_bytes(view[at : at + 4], "little")
        yield view[at + 4 : at + 4 + size]
        at += 4 + size


def _together(entries: Iterable[_Entry], names: list[str]) -> Iterator[tuple[str, Group]]:
    groups: dict[str, Group] = {}
    for key, number, line, row in entries:
        group = groups.get(key)
        if group is None:
            group = groups[key] = {name: [] for name in names}
        group[names[number]].append((line, row))
    yield from groups.items()
