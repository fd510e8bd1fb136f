"""The register of research organisations: the newest dump that ROR put on Zenodo."""

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from innovation_graph.fetch._http import Client, FetchError, Notice

__all__ = ["ZENODO", "fetch"]

ZENODO = "https://zenodo.org"

_RECORD = "api/records/6347574"  # of all versions together: it leads to the newest
_LARGEST = 2 << 30  # bytes; a dump of 2026 has about a tenth


class _Links(msgspec.Struct):
    self: str


class _File(msgspec.Struct):
    key: str
    size: int
    checksum: str
    links: _Links


class _Record(msgspec.Struct):
    files: list[_File]


def fetch(
    out: Path | str,
    *,
    base_url: str = ZENODO,
    progress: Callable[[int, int], None] | None = None,
    notice: Notice | None = None,
) -> Path:
    """Fetch the newest dump of ROR, a zip archive that `ingest` takes for `institutions`.

    Parameters
    ----------
    out : path
        Folder for the file; its name is that of the release, such as `v1.60-2025-01-27-ror-data.zip`.
    base_url : str
        Another address of Zenodo.
    progress : callable, optional
        Takes the bytes that are there and the bytes of the file.
    notice : callable, optional
        Takes lines about failed tries and waiting, and what is kept if the user stops the download.

    Returns
    -------
    Path
        The file. Its checksum is the one that Zenodo gives; a file that has it already is not fetched again.

    Raises
    ------
    FetchError
        If Zenodo stays out of reach, or its answer is not what was expected. What came of the file is kept
        aside, and the same call goes on from there.
    """
    folder = Path(out)
    report = progress or (lambda *_: None)
    with Client(base_url, notice=notice) as client:
        record = client.get(_RECORD, lambda body: msgspec.json.decode(body, type=_Record))
        file = _dump(record)
        final = folder / file.key
        aside = folder / f".{file.key}.part"
        if folder.exists() and not folder.is_dir():
            raise FetchError(f"{folder} is not a folder; choose another --out.")
        folder.mkdir(parents=True, exist_ok=True)
        if final.exists() and not aside.exists():
            final.rename(aside)  # checked as if it had just come, and fetched again if it is not sound
        md5 = file.checksum.removeprefix("md5:")
        try:
            client.download(
                file.links.self, aside, size=file.size, md5=md5, on_bytes=lambda have: report(have, file.size)
            )
        except FetchError as error:
            raise FetchError(f"{error}{_kept(aside, file.size)}") from None
        except KeyboardInterrupt:
            if notice:
                notice(f"Stopped.{_kept(aside, file.size)}")
            raise
        aside.replace(final)
    report(file.size, file.size)
    return final


def _kept(aside: Path, size: int) -> str:
    have = aside.stat().st_size if aside.exists() else 0
    return f" {have:,} of {size:,} bytes are kept; the same command goes on from there." if have else ""


def _dump(record: _Record) -> _File:
    zips = [file for file in record.files if file.key.lower().endswith(".zip")]
    dumps = [file for file in zips if "ror-data" in file.key.lower()] or zips
    if len(dumps) != 1:
        names = ", ".join(repr(file.key) for file in record.files[:10])
        raise FetchError(f"expected one zip archive with the dump of ROR at Zenodo, got {names or 'no file'}.")
    file = dumps[0]
    if not re.fullmatch(r"\w[\w.+\-]*", file.key, re.ASCII):  # it becomes the name of a file here
        raise FetchError(f"expected a plain file name at Zenodo, got {file.key!r}.")
    if not re.fullmatch(r"md5:[0-9a-f]{32}", file.checksum):
        raise FetchError(f"expected a checksum of the form md5:..., got {file.checksum[:80]!r}.")
    if not 0 < file.size <= _LARGEST:
        raise FetchError(f"expected a dump of at most {_LARGEST:,} bytes, got {file.size:,}.")
    return file
