"""Times of networks as text: which are readable, how they sort, how file names show them."""

import re
from collections.abc import Iterable

from innovation_graph.errors import FormatError
from innovation_graph.sources._cells import shown
from innovation_graph.sources._streams import Member

__all__ = ["check_time", "in_order", "time_in_name"]

_YEAR = r"(?:1[5-9]|20|21)[0-9]{2}"
_IN_NAME = re.compile(
    rf"(?<![0-9])({_YEAR})(?:[-_ ]?[Qq]([1-4])|[-_]({_YEAR})|[-_](0[1-9]|1[0-2])(?:[-_]([0-3][0-9]))?)?(?![0-9])"
)
# A time becomes the name of a folder.
_TIME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.+-]{0,63}")


def check_time(text: str, path: Member, line: int | None = None) -> str:
    """Return a time that can be the name of a folder, or refuse it."""
    if _TIME.fullmatch(text) and not text.endswith("."):
        return text
    expected = "a time such as 2020, 2020-Q1 or 2020-03-31"
    raise FormatError(str(path), expected=expected, got=shown(text), row=line)


def in_order(times: Iterable[str]) -> list[str]:
    """Sort times: runs of digits as numbers, the rest as text."""
    return sorted(
        times,
        key=lambda time: [
            (not part.isdigit(), int(part) if part.isdigit() else 0, part)
            for part in re.split(r"([0-9]+)", time)
            if part
        ],
    )


def time_in_name(stem: str) -> str | None:
    """Find the time in the name of a file: the last year, with what follows of quarter, month, day or end.

    Examples
    --------
    >>> [time_in_name(stem) for stem in ("WrldCo1990", "net_2020Q3", "papers 2015-2019", "total", "2020_02")]
    ['1990', '2020-Q3', '2015-2019', None, '2020-02']
    """
    found = list(_IN_NAME.finditer(stem))
    if not found:
        return None
    year, quarter, end, month, day = found[-1].groups()
    if end and end <= year:
        return str(end)  # no span, but two years, such as that of an edition before that of the data
    return "-".join(part for part in (year, quarter and f"Q{quarter}", end, month, day) if part)
