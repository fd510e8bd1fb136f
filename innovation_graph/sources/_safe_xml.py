"""XML from strangers: many documents in one file, split without parsing, and parsed without expanding anything."""

import io
import re
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from innovation_graph.sources._input import Broken

__all__ = ["HARMLESS", "LONGEST_DOCUMENT", "documents", "parse", "root_name", "text_of"]

LONGEST_DOCUMENT = 1 << 26
"""Bytes of a document beyond which it is not opened."""

HARMLESS: dict[str, Any] = {
    "encoding": "utf-8",
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "collect_ids": False,
    "remove_comments": True,
    "remove_pis": True,
}
"""Options of parsers: nothing is expanded, nothing fetched, nothing grows without end."""

_BLOCK = 1 << 18
_START = b"<?xml "
_BLANK = b" \t\r\n\xef\xbb\xbf"
_ELEMENT = re.compile(rb"<([A-Za-z_][\w.:-]*)")
_DECLARED = re.compile(rb"<!ENTITY")
# An image that a document names; anything else that is declared is text to be put in place of a name.
_IMAGE = re.compile(rb"<!ENTITY\s+[\w.:-]+\s+(?:SYSTEM|PUBLIC)\s[^<>]*\sNDATA\s+[\w.:-]+\s*>")


def documents(stream: io.BufferedReader, on_reject: Callable[[int, str, str], None]) -> Iterator[tuple[int, bytes]]:
    """Yield the documents of a file, each with the line that it begins in.

    A document begins with its XML declaration. What stands before the first declaration is a document of its
    own, if it is anything.

    Parameters
    ----------
    stream : io.BufferedReader
        The file.
    on_reject : callable
        Takes line, reason and beginning of a document that is longer than `LONGEST_DOCUMENT`.

    Raises
    ------
    Broken
        If the file is empty or does not begin as XML does.
    """
    held, line, skipping = bytearray(), 1, False
    start = stream.peek(1 << 10)[: 1 << 10].lstrip(_BLANK)
    if not start.startswith(b"<"):
        raise Broken("no XML: the file is empty" if not start else f"no XML: it begins with {start[:20]!r}")
    while block := stream.read(_BLOCK):
        searched = max(len(held) - len(_START) + 1, 1)
        held += block
        while (at := held.find(_START, searched)) > 0:
            if not skipping and held[:at].strip(_BLANK):
                yield line, bytes(held[:at])
            line += held.count(b"\n", 0, at)
            del held[:at]
            skipping, searched = False, 1
        if len(held) > LONGEST_DOCUMENT and not skipping:
            on_reject(line, f"a document of more than {LONGEST_DOCUMENT:,} bytes", _shown(held))
            skipping = True
        if skipping:
            line += held.count(b"\n", 0, len(held) - len(_START))
            del held[: -len(_START)]
    if not skipping and held.strip(_BLANK):
        yield line, bytes(held)


def root_name(document: bytes) -> str:
    """Return the name of the first element; empty if there is none."""
    found = _ELEMENT.search(document)
    return found[1].decode("ascii", "replace") if found else ""


def parse(document: bytes) -> Any:
    """Return the root of a document in UTF-8.

    Nothing is fetched, no entity is put in place of its name, and a document that declares any but images
    is not opened at all: such declarations blow a few bytes up to gigabytes.

    Raises
    ------
    ValueError
        If it is not sound, or declares entities.
    """
    if len(_DECLARED.findall(document)) != len(_IMAGE.findall(document)):
        raise ValueError("the document declares entities of its own; such a document is not opened")
    # A parser of its own each time: they are cheap, and threads must not share one. The encoding is ours, for
    # an odd one could hide a declaration from the look above.
    parser = etree.XMLParser(**HARMLESS)
    try:
        return etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"the XML is not sound: {error.msg}") from error


def text_of(element: Any, path: str | None = None) -> str:
    """Return all text in an element, or in the first one below it on a path, white space folded."""
    found = element if path is None or element is None else element.find(path)
    if found is None:
        return ""
    text = "".join(found.itertext()) if len(found) else found.text or ""
    return " ".join(text.split())


def _shown(held: bytearray) -> str:
    return bytes(held[:200]).decode("utf-8", "replace")
