"""Writing aside, then renaming: a reader never meets a half-written file or folder."""

import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from innovation_graph.errors import FormatError

__all__ = ["check_head", "new_file", "new_folder", "write_json"]


@contextmanager
def new_folder(final: Path | str, *, marker: str, known: Collection[str] | None = None) -> Iterator[Path]:
    """Yield a temporary folder beside `final`; on success it takes the final name, on failure it vanishes.

    Parameters
    ----------
    final : str or Path
        The folder. One that stands there already is replaced only if it is empty or holds the file `marker`.
    marker : str
        Name of a file that every folder of this kind holds.
    known : collection of str, optional
        Paths of files inside the folder, with slashes, that may be deleted with it. A folder that holds any
        other file is not replaced. None: no such check.

    Yields
    ------
    Path
        The temporary folder.

    Raises
    ------
    FileExistsError
        If `final` is something that must not be deleted.
    """
    final = Path(final)
    _check_replaceable(final, marker, known)
    final.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{final.name}.", suffix=".part", dir=final.parent))
    try:
        yield aside
        aside.chmod(0o777 & ~_umask())
        # Writing may have taken hours: somebody may have put a file there meanwhile.
        _check_replaceable(final, marker, known)
        if final.exists():
            _replace(final, aside)
        else:
            aside.rename(final)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _check_replaceable(final: Path, marker: str, known: Collection[str] | None) -> None:
    if not final.exists():
        return
    if not (final.is_dir() and ((final / marker).is_file() or not any(final.iterdir()))):
        raise FileExistsError(f"{final} exists and is no folder of the same kind (with {marker}); choose another --out")
    if known is None:
        return
    for path in sorted(final.rglob("*")):
        name = path.relative_to(final).as_posix()
        if name not in known and (path.is_symlink() or not path.is_dir()):
            raise FileExistsError(
                f"{final} holds {name}, which this program did not write and would delete; "
                "move it elsewhere or choose another --out"
            )


def _replace(final: Path, aside: Path) -> None:
    old = Path(tempfile.mkdtemp(prefix=f".{final.name}.", suffix=".old", dir=final.parent))
    kept = old / "replaced"
    try:
        final.rename(kept)
        aside.rename(final)
    except BaseException:
        if kept.exists() and aside.exists():
            kept.rename(final)
        shutil.rmtree(old, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def new_file(final: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `final`; on success it takes the final name, on failure it vanishes."""
    final = Path(final)
    if final.exists() and not final.is_file():
        raise FileExistsError(f"{final} is {'a folder' if final.is_dir() else 'no ordinary file'}; choose another name")
    final.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{final.name}.", suffix=f".part{final.suffix}", dir=final.parent)
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        aside.chmod(0o666 & ~_umask())
        aside.replace(final)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def check_head(head: Any, path: Path, form: str, version: int, *, keys: Collection[str] = (), hint: str = "") -> None:
    """Refuse the JSON head of a file or folder of ours that has another format or version, or lacks entries."""
    found = (head.get("format"), head.get("version")) if isinstance(head, dict) else (None, None)
    if found != (form, version):
        got = f"another format: {found[0]!r}, version {found[1]!r}"
        raise FormatError(path, expected=f"{form!r}, version {version}", got=got, hint=hint)
    if not set(keys) <= set(head):
        raise FormatError(path, expected=f"{', '.join(sorted(keys))}", got=f"only {sorted(head)}", hint=hint)


def write_json(path: Path | str, value: Any) -> None:
    """Write `value` as readable UTF-8 JSON with sorted keys."""
    with new_file(path) as aside:
        aside.write_text(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
