"""The other names of organisations and what stands above them, as dumps of the registry write them in tables."""

import re
from collections.abc import Iterable, Sequence

from innovation_graph.sources._schema import short_ror

__all__ = ["distinct_names", "names_in_cells", "parent_in_cell"]

# Names are parted by semicolons and say their language: "fr: Université; no_lang_code: UdS".
_LANGUAGE = re.compile(r"^\s*(?:[a-z]{2,3}|no_lang_code):\s+")
# Relationships are listed by kind: "child: https://ror.org/012345678, https://...; parent: https://ror.org/087654321".
_PARENT = re.compile(r"\bparent:\s*([^\s,;]+)", re.IGNORECASE)


def distinct_names(name: str | None, others: Iterable[str | None]) -> list[str] | None:
    """Return the distinct names beside the one that is shown; None if there are none."""
    stripped = (text.strip() for text in others if text)
    return [text for text in dict.fromkeys(stripped) if text and text != name] or None


def names_in_cells(cells: Sequence[str]) -> Iterable[str]:
    """Yield the names that cells of a table list."""
    return (_LANGUAGE.sub("", text) for cell in cells for text in cell.split(";"))


def parent_in_cell(cell: str) -> str | None:
    """Return the ROR identifier of the parent: the cell itself, or the first one of a list of relationships."""
    listed = _PARENT.search(cell)
    return short_ror(listed[1] if listed else cell)
