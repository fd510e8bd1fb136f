"""Writing aside, then renaming: a reader never meets a half-written file or folder."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["new_file", "new_folder", "write_json"]


@contextmanager
def new_folder(final: Path | str, *, marker: str) -> Iterator[Path]:
    """Yield a temporary folder beside `final`; on success it takes the final name, on failure it vanishes.

    A folder that stands there already is replaced only if it holds the file `marker` (one of our own making).
    """
    final = Path(final)
    if final.exists() and not (final.is_dir() and ((final / marker).is_file() or not any(final.iterdir()))):
        raise FileExistsError(f"{final} exists and is not a folder made by this program; choose another --out")
    final.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{final.name}.", suffix=".part", dir=final.parent))
    try:
        yield aside
        aside.chmod(0o777 & ~_umask())
        if final.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{final.name}.", suffix=".old", dir=final.parent))
            final.rename(old / "replaced")
            aside.rename(final)
            shutil.rmtree(old, ignore_errors=True)
        else:
            aside.rename(final)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


@contextmanager
def new_file(final: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `final`; on success it takes the final name, on failure it vanishes."""
    final = Path(final)
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


def write_json(path: Path | str, value: Any) -> None:
    """Write `value` as readable UTF-8 JSON with sorted keys."""
    with new_file(path) as aside:
        aside.write_text(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
