"""Files of networks in folders and zip archives: which are meant, which are not."""

from collections.abc import Sequence
from pathlib import Path

from innovation_graph.errors import FormatError
from innovation_graph.sources._streams import Member, members

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


def one_file(path: Path | str, form: str) -> Member:
    """Return the file of a network: the file itself, or the only one of its format in a zip archive."""
    path = Path(path)
    try:
        found = members(path)
    except OSError:
        return Member(path)  # who reads it says what was expected
    if found[0].name is None:
        return found[0]
    files = _of_form(path, found, form)
    if len(files) > 1:
        raise FormatError(
            path,
            expected=f"one {form} file in the archive",
            got=f"{len(files)}, {files[0].file_name} to {files[-1].file_name}",
            hint="Add --slices (in Python `read_slices`) to read files of several times.",
        )
    return files[0]


def network_files(path: Path, form: str) -> list[Member]:
    """List the files of a format in a folder or a zip archive, by name."""
    expected = f"a folder or zip archive of {form} files"
    try:
        if path.is_dir():
            inside = [file for file in sorted(path.iterdir()) if file.is_file() and not file.name.startswith(".")]
            return _of_form(path, [Member(file) for file in inside], form)
        found = members(path)
    except OSError as error:
        raise FormatError(path, expected=expected, got=error.strerror or str(error)) from error
    if found[0].name is None:
        hint = "Name the column of the time (--time)." if form == "edges" else ""
        raise FormatError(path, expected=expected, got="another file", hint=hint)
    return _of_form(path, found, form)


def _of_form(path: Path, found: Sequence[Member], form: str) -> list[Member]:
    suffixes = SUFFIXES[form]
    files = [member for member in found if member.file_name.casefold().endswith(suffixes)]
    if not files:
        got = f"{len(found)} other files" if found else "nothing"
        raise FormatError(path, expected=f"files that end in {' or '.join(suffixes)}", got=got)
    return files
