"""Files as bytes or lines of text: plain, gzip or zip, in any encoding, with guards for what would fill the memory."""

import codecs
import errno
import gzip
import io
import re
import struct
import weakref
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, cast

from isal import igzip, igzip_lib

from innovation_graph.errors import FormatError, RecipeError
from innovation_graph.sources._input import Broken

__all__ = [
    "BOMB_BYTES",
    "BOMB_RATIO",
    "LONGEST_LINE",
    "WORKBOOKS",
    "Member",
    "check_encoding",
    "inside",
    "members",
    "open_bytes",
    "read_lines",
]

LONGEST_LINE = 1 << 22
"""Characters of a line beyond which it is no record of any source we know."""

WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
"""How files of table programs are called; most of them are zip archives that are no archives of tables."""

BOMB_BYTES = 1 << 26
BOMB_RATIO = 200
"""No data file unpacks to more than so many bytes and so many times its size."""

_MOST_MEMBERS = 100_000
_CHUNK = 1 << 18
_GZIP, _ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")  # the last: an empty archive
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CONTROLS = bytes(range(9)) + bytes(range(14, 32))
_UNDECODED = re.compile("[\udc80-\udcff]")
_DAMAGE = (
    EOFError,
    zlib.error,
    zipfile.BadZipFile,
    cast("type[Exception]", igzip_lib.IsalError),  # its stub says it is an instance
    NotImplementedError,  # zipfile: a compression it does not know
    RuntimeError,  # zipfile: a password is needed
    gzip.BadGzipFile,
    ValueError,  # zipfile: directory entries that point nowhere
    struct.error,
)


@dataclass(frozen=True)
class Member:
    """A file, or a file inside a zip archive.

    Parameters
    ----------
    path : Path
        The file or the archive.
    name : str, optional
        Name inside the archive.
    archive : ZipFile, optional
        The archive, open: with many files in it, it would else take long to find each.
    """

    path: Path
    name: str | None = None
    archive: zipfile.ZipFile | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        """Return the path, inside an archive with the name."""
        return f"{self.path}/{self.name}" if self.name else str(self.path)

    @property
    def file_name(self) -> str:
        """Return the name without folders and without the mark of a compression."""
        name = PurePosixPath(self.name or self.path.name)
        return name.stem if self.name is None and name.suffix.lower() == ".gz" else name.name

    @property
    def stem(self) -> str:
        """Return that name without its last part."""
        return PurePosixPath(self.file_name).stem

    @property
    def suffix(self) -> str:
        """Return the last part of that name in lower case."""
        return PurePosixPath(self.file_name).suffix.lower()


@contextmanager
def _naming_damage() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise Broken(f"damaged or cut compressed data: {error}") from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # an offset that no file has, out of a damaged directory
            raise Broken(f"damaged compressed data: {error.strerror}") from error
        raise


def members(path: Path) -> list[Member]:
    """List what a file holds: itself, or the files of a zip archive (hidden ones left out), by name.

    Raises
    ------
    FormatError
        If it is a folder, an archive that cannot be read, or one with too many files or several of one name.
    """
    if path.is_dir():
        raise FormatError(path, expected="a file", got="a folder", hint="Name the files in it.")
    if _magic(path) not in _ZIP or path.suffix.lower() in WORKBOOKS:
        return [Member(path)]
    try:
        found = inside(path)
    except Broken as error:
        raise FormatError(path, expected="a zip archive", got=str(error), hint="Get the file again.") from error
    shown = [member for member in found if not re.search(r"(^|/)(\.|__MACOSX)", str(member.name))]
    if not 0 < len(shown) <= _MOST_MEMBERS:
        raise FormatError(path, expected="an archive of data files", got=f"{len(shown):,} files in it")
    name, often = Counter(member.name for member in shown).most_common(1)[0]
    if often > 1:
        raise FormatError(path, expected="each file in it once", got=f"{str(name)[:160]!r} more than once")
    return sorted(shown, key=lambda member: str(member.name))


def inside(path: Path) -> list[Member]:
    """List all files of a zip archive; Broken if it cannot be read."""
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        with _naming_damage():
            archive = zipfile.ZipFile(file)
        weakref.finalize(archive, stack.pop_all().close)  # closed when the last of its members is forgotten
    names = [info.filename for info in archive.infolist()]
    return [Member(path, name, archive) for name in names if name and not name.endswith("/")]


@contextmanager
def open_bytes(member: Member, on_bytes: Callable[[int], None] | None = None) -> Iterator[io.BufferedReader]:
    """Open for reading, decompressed; reading raises Broken where the rest cannot be read or unpacks without end.

    Parameters
    ----------
    member : Member
        What to open.
    on_bytes : callable, optional
        Takes the number of bytes of the file read from the disk so far.
    """
    if member.archive is not None and member.name is not None:
        with _naming_damage():
            unpacked = member.archive.open(member.name)
        packed = cast("IO[bytes]", member.archive.fp)  # open as long as the archive is
        with unpacked:
            yield io.BufferedReader(_Guarded(unpacked, packed, on_bytes, packed=True), _CHUNK)
        return
    with member.path.open("rb") as file:
        if _magic(member.path)[:2] == _GZIP:
            with igzip.open(file, "rb") as inner:  # type: ignore[no-untyped-call]
                yield io.BufferedReader(_Guarded(inner, file, on_bytes, packed=True), _CHUNK)
        else:
            yield io.BufferedReader(_Guarded(file, file, on_bytes, packed=False), _CHUNK)


def check_encoding(encoding: str | None) -> None:
    """Refuse the name of an encoding that does not exist."""
    try:
        "".encode(encoding or "utf-8")  # not `codecs.lookup`: it also knows codecs that are none of text
    except (LookupError, UnicodeError) as error:
        hint = "such as gb18030, cp1252 or utf-16"
        raise RecipeError(
            f"encoding (--encoding): expected the name of an encoding {hint}, got {encoding!r}"
        ) from error


def read_lines(
    member: Member,
    on_reject: Callable[[int, str, str], None],
    *,
    encoding: str | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text with their numbers and their line ends.

    Parameters
    ----------
    member : Member
        The text.
    on_reject : callable
        Takes line, reason and beginning of a line that is too long, holds NUL bytes or cannot be decoded.
    encoding : str, optional
        By default what the mark at the beginning says, else UTF-8.
    on_bytes : callable, optional
        Takes the number of bytes of the file read from the disk so far.

    Raises
    ------
    Broken
        If the file is empty, holds no text, or cannot be read on.
    """
    with open_bytes(member, on_bytes) as stream:
        head = stream.peek(1 << 10)[: 1 << 10]
        if not head:
            raise Broken("the file is empty")
        found = encoding or next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")
        if len(head.translate(None, _CONTROLS)) < 0.95 * len(head) and not found.lower().startswith("utf-16"):
            raise Broken("binary data, no text (or UTF-16 without its mark: --encoding utf-16)")
        # What is no text in this encoding is marked, so that a line can be refused and the rest read.
        text = io.TextIOWrapper(stream, encoding=found, errors="surrogateescape", newline="")
        number = 0
        try:
            while line := text.readline(LONGEST_LINE):
                number += 1
                if trouble := _trouble(line, text):
                    on_reject(number, trouble, line)
                else:
                    yield number, line
        except UnicodeError as error:
            raise Broken(f"bytes that are not {found} text after line {number:,}: {error}") from error


def _trouble(line: str, text: io.TextIOWrapper) -> str:
    """Say why a line is of no use, and skip the rest of one that is too long."""
    if len(line) >= LONGEST_LINE and not line.endswith("\n"):
        size = len(line)
        while rest := text.readline(LONGEST_LINE):
            size += len(rest)
            if rest.endswith("\n"):
                break
        return f"a line of {size:,} characters"
    if "\0" in line:
        return "NUL bytes in the line"
    if not line.isascii() and _UNDECODED.search(line):
        return f"bytes that are not {text.encoding} text; name the encoding of the file (--encoding gb18030, say)"
    return ""


def _magic(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


class _Guarded(io.RawIOBase):
    """A stream that reports how far its file was read, and stops where a small file unpacks without end."""

    def __init__(
        self, inner: IO[bytes], file: IO[bytes], on_bytes: Callable[[int], None] | None, *, packed: bool
    ) -> None:
        self._inner, self._file, self._on_bytes, self._packed = inner, file, on_bytes, packed
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._packed:
            with _naming_damage():
                piece = self._inner.read(len(buffer))
        else:
            piece = self._inner.read(len(buffer))
        self._given += len(piece)
        done = self._file.tell()
        if self._packed and self._given > max(BOMB_BYTES, BOMB_RATIO * done):
            raise Broken(f"{done:,} bytes that unpack to more than {self._given:,}; this is no data file")
        if self._on_bytes is not None:
            self._on_bytes(done)
        buffer[: len(piece)] = piece
        return len(piece)
