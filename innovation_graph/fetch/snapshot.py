"""All works of OpenAlex: the command that copies them out of its public bucket, run only where its tool is there."""

import shlex
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from innovation_graph.fetch._http import FetchError

__all__ = ["command", "run"]

_TOOL = "aws"
_WORKS = "s3://openalex/data/jsonl/works"


def command(out: Path | str) -> list[str]:
    """Return the command that brings all works to a folder, or brings it up to date.

    Parameters
    ----------
    out : path
        The folder. A copy of 2026 has about 670 GB.

    Returns
    -------
    list of str
        Program and arguments; no account is needed. Nothing is deleted in the folder: works that moved to another
        file are there twice, and `ingest` takes the newer. A fresh folder for each release also forgets the works
        that OpenAlex dropped.

    Examples
    --------
    >>> command("/data/openalex")
    ['aws', 's3', 'sync', 's3://openalex/data/jsonl/works', '/data/openalex', '--no-sign-request']
    """
    # An absolute path cannot be taken for an option or for a bucket.
    return [_TOOL, "s3", "sync", _WORKS, str(Path(out).absolute()), "--no-sign-request"]


def run(out: Path | str) -> int:
    """Run the command and return its exit code; run again, it goes on where it stopped.

    Parameters
    ----------
    out : path
        The folder; see `command`.

    Returns
    -------
    int
        Exit code of the tool; 0: all works are there. A new folder into which nothing came is removed.

    Raises
    ------
    FetchError
        If the tool is not on the PATH.
    """
    tool, *arguments = command(out)
    found = shutil.which(tool)
    if found is None:
        told = shlex.join([tool, *arguments])
        raise FetchError(
            f"the AWS command line tool `{tool}` is not on the PATH. Install it (docs.aws.amazon.com/cli; no account "
            f"is needed), or run this where it is: {told}"
        )
    there = Path(out).exists()
    try:
        return subprocess.run([found, *arguments], check=False).returncode  # noqa: S603  no shell is involved
    finally:
        if not there:
            with suppress(OSError):  # it is not there, or something came
                Path(out).rmdir()
