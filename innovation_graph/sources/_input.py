"""Records out of JSON files, plain or compressed: lines, pages of an API, whole documents, folders of parts.

What a file is, its content says and not its name. A file that breaks in the middle gives what stands before
the break.
"""

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import cast

import msgspec
from isal import igzip_lib

from innovation_graph.errors import FormatError
from innovation_graph.sources._parquet_works import is_parquet, parquet_items

__all__ = [
    "DECODE_ERRORS",
    "Broken",
    "Item",
    "Reject",
    "Rejects",
    "list_files",
    "read_blocks",
    "read_items",
    "split_items",
]

DECODE_ERRORS = (ValueError, RecursionError)
"""What the decoder raises on bad input; nesting without end is a RecursionError."""
Item = bytes | msgspec.Raw
"""One JSON value, undecoded."""

_CHUNK = 1 << 18  # compressed bytes read at once
_BLOCK = 1 << 18  # bytes handed on at once: larger blocks leave the processor's cache and are slower
_HEAD = 1 << 20  # bytes from which a file is recognised
_WILD = re.compile(r"[*?\[]")
_MAX_LINE = 1 << 27
_MAX_DOCUMENT = 1 << 31
_SHOWN = 200
_FLUSH_REJECTS = 1 << 10
_GZIP = b"\x1f\x8b"
_IsalError = cast("type[Exception]", igzip_lib.IsalError)  # its stub says it is an instance
_FOREIGN = {
    b"PK\x03\x04": "a zip archive (unpack it first)",
    b"PAR1": "a Parquet file",
    b"\x28\xb5\x2f\xfd": "zstd data (unpack it first)",
    b"BZh": "bzip2 data (unpack it first)",
    b"\xfd7zXZ": "xz data (unpack it first)",
    b"\xff\xfe": "UTF-16 text (save it as UTF-8)",
    b"\xfe\xff": "UTF-16 text (save it as UTF-8)",
}
# Snapshots carry these beside the parts.
_NOT_PARTS = (".", "_", "manifest", "readme", "release_notes", "license")


class Broken(Exception):  # noqa: N818  a signal between two functions of this room, never seen by a user
    """The rest of a file cannot be read."""


@dataclass(frozen=True)
class Reject:
    """A piece of input that could not be used.

    Parameters
    ----------
    file : str
        The file.
    line : int
        Line of the file, or number of the record in a document that is not made of lines; 0: the whole file.
    reason : str
        Why.
    item : bytes or msgspec.Raw
        The piece; its first 200 characters are kept.
    """

    file: str
    line: int
    reason: str
    item: Item = b""

    def to_json(self) -> str:
        """Return one line of JSON."""
        text = bytes(memoryview(self.item)[: 4 * _SHOWN]).decode("utf-8", "replace")[:_SHOWN]
        record = {"file": self.file, "line": self.line, "reason": self.reason, "text": text}
        return json.dumps(record, ensure_ascii=False) + "\n"


class Rejects:
    """Pieces of input that could not be used, written down in lots.

    Parameters
    ----------
    path : Path
        JSON lines; nothing is written where nothing was refused.

    Attributes
    ----------
    count, damaged : int
        Pieces, and those among them that are the rest of a file (line 0).
    first : Reject or None
        The first of them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = self.damaged = 0
        self.first: Reject | None = None
        self._waiting: list[str] = []

    def add(self, file: str, line: int, reason: str, item: Item = b"") -> None:
        """Take a piece; see `Reject`."""
        reject = Reject(file, line, reason, bytes(memoryview(item)[:1000]))
        self.first = self.first or reject
        self.count += 1
        self.damaged += line == 0
        self._waiting.append(reject.to_json())
        if len(self._waiting) >= _FLUSH_REJECTS:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            with self.path.open("a", encoding="utf-8", newline="\n") as file:
                file.writelines(self._waiting)
            self._waiting.clear()


def list_files(paths: Iterable[Path | str], *, what: str) -> list[Path]:
    """List the files of files and folders, each once, sorted by their path.

    Folders are walked; hidden files, manifests and read-me files in them are left out.
    """
    found: dict[Path, Path] = {}
    for path in map(Path, paths):
        if path.is_dir():
            parts = [part for part in sorted(path.rglob("*")) if part.is_file() and _is_part(part, path)]
            if not parts:
                raise FormatError(
                    path, expected=f"files with {what}", got="a folder without any", hint="Check the path."
                )
        elif path.exists():
            parts = [path]
        elif _WILD.search(path.name) and (parts := sorted(path.parent.glob(path.name))):
            pass  # recipes know no shell that would do this
        else:
            raise FormatError(path, expected=f"a file or folder with {what}", got="nothing of that name")
        for part in parts:
            found.setdefault(part.resolve(), part)
    if not found:
        raise FormatError(
            "input", expected=f"one or more files with {what}", got="none", hint="Name at least one path."
        )
    return sorted(found.values(), key=lambda part: part.as_posix())


def _is_part(part: Path, folder: Path) -> bool:
    names = part.relative_to(folder).parts
    return not (names[-1].lower().startswith(_NOT_PARTS) or any(name.startswith(".") for name in names))


def read_items(
    path: Path, on_reject: Callable[[int, str, Item], None], on_bytes: Callable[[int], None] | None = None
) -> Iterator[tuple[int, Item]]:
    """Yield the top-level JSON objects of a file with the number of their line, undecoded.

    A file that is one JSON document (an array, or an object printed over several lines) yields the members of
    the array, or the object, numbered from 1.

    Parameters
    ----------
    path : Path
        JSON lines or a document, plain or gzip (of one or several members), or Parquet with works of OpenAlex.
    on_reject : callable
        Takes line (0: the whole file), reason and beginning of what cannot be read.
    on_bytes : callable, optional
        Takes the number of bytes read from the disk so far.
    """
    if is_parquet(path):
        yield from parquet_items(path, on_reject, on_bytes)
        return
    yield from split_items(read_blocks(path, on_bytes), on_reject)


def read_blocks(path: Path, on_bytes: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """Yield the content of a file, decompressed, block by block; Broken says where it cannot go on."""
    report = on_bytes or (lambda _: None)
    with path.open("rb") as file:
        magic = file.read(6)
        file.seek(0)
        for start, name in _FOREIGN.items():
            if magic.startswith(start):
                raise Broken(f"no JSON: {name}")
        if not magic.startswith(_GZIP):
            while block := file.read(_BLOCK):
                report(file.tell())
                yield block
            return
    yield from _inflate(path, report)


def split_items(blocks: Iterator[bytes], on_reject: Callable[[int, str, Item], None]) -> Iterator[tuple[int, Item]]:
    """Cut the content of a file into JSON objects; see `read_items`."""
    try:
        yield from _items(blocks, on_reject)
    except Broken as broken:
        on_reject(0, str(broken), b"")


def _items(blocks: Iterator[bytes], on_reject: Callable[[int, str, Item], None]) -> Iterator[tuple[int, Item]]:
    head = b""
    trouble: Broken | None = None
    try:
        for block in blocks:
            head += block
            if len(head) >= _HEAD:
                break
    except Broken as broken:
        trouble = broken
    head = head.removeprefix(b"\xef\xbb\xbf")
    if not head or head.isspace():
        raise trouble or Broken("the file is empty")
    rest = _then_raise(trouble) if trouble else blocks
    if _is_document(head):
        yield from _document(chain([head], rest))
        return
    if not any(line.lstrip().startswith(b"{") for line in head.split(b"\n")):
        raise Broken(f"no JSON: the file begins with {head[:20]!r}")
    yield from _lines(chain([head], rest), on_reject)


def _then_raise(trouble: Broken) -> Iterator[bytes]:
    raise trouble
    yield  # makes this a generator: the trouble comes after what was read before it


def _is_document(head: bytes) -> bool:
    """Tell a document from JSON lines by its first two lines that are not blank."""
    lines = (line.strip() for line in head.split(b"\n"))
    first, second, *_ = *(line for line in lines if line), b"", b""
    if first.startswith(b"["):
        return True
    if not second:
        return False  # one long line
    # A cut line may end like a printed object does, but then a new record begins on the next line.
    return first.startswith(b"{") and (
        first.endswith((b"{", b"[", b":")) or (first.endswith(b",") and not second.startswith(b"{"))
    )


def _document(blocks: Iterable[bytes]) -> Iterator[tuple[int, Item]]:
    pieces, size = [], 0
    for block in blocks:
        pieces.append(block)
        size += len(block)
        if size > _MAX_DOCUMENT:
            most = f"{_MAX_DOCUMENT:,}"
            raise Broken(f"one JSON document of more than {most} bytes; write one record a line (jq -c '.[]')")
    text = b"".join(pieces)
    pieces.clear()
    try:
        top = msgspec.json.decode(text, type=msgspec.Raw)
        members = msgspec.json.decode(top, type=list[msgspec.Raw]) if text.lstrip().startswith(b"[") else [top]
    except DECODE_ERRORS as error:
        raise Broken(f"no JSON document: {error}") from error
    yield from enumerate(members, start=1)


def _lines(blocks: Iterable[bytes], on_reject: Callable[[int, str, Item], None]) -> Iterator[tuple[int, Item]]:
    number, open_line, size = 0, [b""], 0
    for block in blocks:
        lines = block.split(b"\n")
        size += len(lines[0])
        if size > _MAX_LINE:
            open_line = [open_line[0][:_SHOWN] or lines[0][:_SHOWN]]
        else:
            open_line.append(lines[0])
        if len(lines) == 1:
            continue
        first = b"".join(open_line)
        if size > _MAX_LINE:
            on_reject(number + 1, f"a line of {size:,} bytes", first)
            first = b""
        open_line = [lines.pop()]
        size = len(open_line[0])
        lines[0] = first
        for line in lines:
            number += 1
            if line and not line.isspace():
                yield number, line
    last = b"".join(open_line)
    if size > _MAX_LINE:
        on_reject(number + 1, f"a line of {size:,} bytes", last)
    elif last and not last.isspace():
        yield number + 1, last


def _inflate(path: Path, on_bytes: Callable[[int], None]) -> Iterator[bytes]:
    """Decompress block by block, which is faster than at once and needs no memory."""
    with path.open("rb") as file:
        chunk = file.read(_CHUNK)
        while chunk:
            member, given = file.tell() - len(chunk), 0
            if not (_GZIP.startswith(chunk[:2]) or chunk.startswith(_GZIP)):
                raise Broken(f"damaged gzip data: {chunk[:20]!r} at byte {member:,} begins no member")
            inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
            while not inflater.eof:
                before = file.tell() - len(chunk)
                try:
                    block = inflater.decompress(chunk, _BLOCK)
                except _IsalError as error:
                    yield from _rescue(path, member, given, before - _CHUNK)
                    raise Broken(f"damaged gzip data before byte {file.tell():,}: {error}") from error
                if block:
                    given += len(block)
                    on_bytes(file.tell())
                    yield block
                chunk = b""
                if inflater.needs_input and not inflater.eof and not (chunk := file.read(_CHUNK)):
                    raise Broken("the gzip data end in the middle; the file is cut, get it again")
            chunk = inflater.unused_data.lstrip(b"\0")  # members may be padded with zeros
            while not chunk and (more := file.read(_CHUNK)):
                chunk = more.lstrip(b"\0")


def _rescue(path: Path, member: int, given: int, sound: int) -> Iterator[bytes]:
    """Yield what is readable before the damage: isal gives nothing of the block in which it finds it.

    The bytes of the file up to `sound` are beyond doubt; behind it zlib gets them one by one.
    """
    inflater = zlib.decompressobj(wbits=31)
    with path.open("rb") as file:
        file.seek(member)
        while piece := file.read(_CHUNK if file.tell() + _CHUNK <= sound else 1):
            try:
                block = inflater.decompress(piece)
            except zlib.error:
                return
            if len(block) > given:
                yield block[given:]
            given = max(0, given - len(block))
