"""Files of networks in folders and zip archives: which are meant, which are not."""

import re
import zipfile
from collections import Counter
from pathlib import Path

from innovation_graph.errors import FormatError
from innovation_graph.sources._cells import File, shown

__all__ = ["SUFFIXES", "network_files", "one_file"]

SUFFIXES: dict[str, tuple[str, ...]] = {
    "matrix": (".csv", ".tsv", ".txt"),
    "edges": (".csv", ".tsv", ".txt"),
    "vosviewer": (".json",),
    "pajek": (".net",),
    "graphml": (".graphml", ".xml"),
    "gexf": (".gexf",),
    "npz": (".npz",),
    "matrixmarket": (".mtx",),
}
"""How the files of a format are called where they lie among others: in a folder, in an archive."""

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second: an empty one
_MAX_MEMBERS = 100_000


def one_file(path: File | str, form: str) -> File:
    """Return the file of a network: the file itself, or the only one of its format in a zip archive."""
    path = Path(path) if isinstance(path, str) else path
    if not _is_zip(path):
        return path
    files, _ = network_files(path, form)
    if len(files) > 1:
        raise FormatError(
            str(path),
            expected=f"one {form} file in the archive",
            got=f"{len(files)}, {files[0].name} to {files[-1].name}",
            hint="Add --slices (in Python `read_slices`) to read files of several times.",
        )
    return files[0]


def network_files(path: File, form: str) -> tuple[list[File], list[str]]:
    """List the files of a format in a folder or a zip archive, by name; and the names of the others there."""
    suffixes = SUFFIXES[form]
    found: list[tuple[str, File]]
    try:
        if path.is_dir():
            inside = [file for file in path.iterdir() if file.is_file()]
            found = [(file.name, file) for file in inside if not file.name.startswith(".")]
        elif _is_zip(path):
            found = _members(Path(str(path)))
        else:
            path.open("rb").close()
            hint = "Name the column of the time with time=." if form == "edges" else ""
            expected = f"a folder or zip archive of {form} files"
            raise FormatError(str(path), expected=expected, got="another file", hint=hint)
    except OSError as error:
        expected = f"a folder or zip archive of {form} files"
        raise FormatError(str(path), expected=expected, got=error.strerror or str(error)) from error
    found.sort(key=lambda pair: pair[0])
    files = [file for name, file in found if name.casefold().endswith(suffixes)]
    if not files:
        got = f"{len(found)} other files" if found else "nothing"
        raise FormatError(str(path), expected=f"files that end in {' or '.join(suffixes)}", got=got)
    return files, [name for name, _ in found if not name.casefold().endswith(suffixes)]


def _is_zip(path: File) -> bool:
    try:
        with path.open("rb") as file:
            return isinstance(path, Path) and file.read(4) in _ZIP
    except OSError:
        return False


def _members(path: Path) -> list[tuple[str, File]]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        hint = "The file may be cut short; get it again."
        expected = "a zip archive of networks"
        raise FormatError(path, expected=expected, got=f"a broken one: {error}", hint=hint) from error
    names = [info.filename for info in archive.infolist() if not info.filename.endswith("/")]
    names = [name for name in names if name and not re.search(r"(^|/)(\.|__MACOSX/)", name)]
    if len(names) > _MAX_MEMBERS:
        raise FormatError(path, expected=f"at most {_MAX_MEMBERS:,} files in it", got=f"{len(names):,}")
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise FormatError(path, expected="each file in it once", got=f"{shown(twice[0])} more than once")
    return [(name, zipfile.Path(archive, name)) for name in names]
