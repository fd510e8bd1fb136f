"""Entries of BibTeX files, one by one, as bibliographic databases write them."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

__all__ = ["Entry", "authors", "plain", "read_entries"]

_MOST = 1 << 22
"""Characters of an entry beyond which it is no record of any source we know."""

_START = re.compile(r"\s*@\s*([A-Za-z]+)\s*\{")
_NAME = re.compile(r"[\s,]*([A-Za-z][\w()./+-]*)\s*=\s*")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_QUOTED = re.compile(r'\\.|[{}"]', re.DOTALL)
_BARE = re.compile(r"\w+")
_NO_RECORDS = frozenset({"comment", "preamble", "string"})

_ACCENTS = dict(zip("`'^\"~=.uvHcdbrk", "\u0300\u0301\u0302\u0308\u0303\u0304\u0307"
                    "\u0306\u030c\u030b\u0327\u0323\u0331\u030a\u0328", strict=True))  # fmt: skip
_LETTERS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å",
    "AA": "Å", "dh": "ð", "DH": "Ð", "dj": "đ", "DJ": "Đ", "th": "þ", "TH": "Þ", "i": "i", "j": "j",
}  # fmt: skip
# An accent that is a mark stands before its letter, one that is a letter needs a brace or a blank in between.
_ACCENTED = re.compile(r"""\\(?:([`'^"~=.])\s*|([uvHcdbrk])(?:\s+|(?=\{)))(?:\{\s*\\?([A-Za-z])\s*\}|\\?([A-Za-z]))""")
_LETTER = re.compile(rf"\\({'|'.join(sorted(_LETTERS, key=len, reverse=True))})(?![A-Za-z])(?:\s|\{{\}})?")
_SYMBOL = re.compile(r"\\([^A-Za-z0-9\s])")
_KEPT = str.maketrans({"{": "\ue000", "}": "\ue001"})
_GIVEN_BACK = str.maketrans({"\ue000": "{", "\ue001": "}"})


@dataclass(slots=True)
class Entry:
    """One entry.

    Parameters
    ----------
    line : int
        Where it begins.
    kind : str
        What stands behind the @, in lower case.
    key : str
        Its key.
    fields : dict
        Values as printed, without the outer braces, by name in lower case without punctuation.
    """

    line: int
    kind: str
    key: str
    fields: dict[str, str] = field(default_factory=dict)

    def get(self, *names: str) -> str:
        """Return the first of these fields that is not empty, readable and on one line."""
        return next((text for name in names if (text := plain(self.fields.get(name, "")))), "")


def read_entries(lines: Iterable[tuple[int, str]], on_reject: Callable[[int, str, str], None]) -> Iterator[Entry]:
    """Yield the entries of a file; one that is broken is refused, and the next one is looked for.

    Parameters
    ----------
    lines : iterable of (int, str)
        Lines with their numbers.
    on_reject : callable
        Takes line, reason and beginning of an entry that is broken.
    """
    for piece in _pieces(lines):
        try:
            entry = _entry(piece)
        except ValueError as error:
            on_reject(piece.line, str(error), "".join(piece.lines))
            continue
        if entry.kind not in _NO_RECORDS:
            yield entry


@dataclass(slots=True)
class _Piece:
    line: int
    lines: list[str]
    last: int
    size: int = 0
    trouble: str = ""

    def take(self, number: int, line: str) -> None:
        self.size += len(line)
        if number > self.last + 1:
            self.trouble = f"line {self.last + 1} of it cannot be read"
        elif self.size > _MOST:
            self.trouble = f"an entry of more than {_MOST:,} characters; is a brace not closed?"
        else:
            self.lines.append(line)
        self.last = number


def _pieces(lines: Iterable[tuple[int, str]]) -> Iterator[_Piece]:
    """Cut at every line that begins an entry; such lines inside a value are indented by what writes these files."""
    piece: _Piece | None = None
    for number, line in lines:
        start = line.lstrip("\ufeff")
        if start.startswith("@") and _START.match(start):
            if piece is not None:
                yield piece
            piece = _Piece(number, [start], number)
        elif piece is not None:
            piece.take(number, line)
    if piece is not None:
        yield piece


def _entry(piece: _Piece) -> Entry:
    text = "".join(piece.lines)
    start = _START.match(text)
    if start is None or piece.trouble:
        raise ValueError(piece.trouble)
    entry = Entry(piece.line, start[1].lower(), "")
    if entry.kind in _NO_RECORDS:
        return entry
    comma = text.find(",", start.end())
    if comma < 0:
        raise ValueError("an entry without fields; is the file cut?")
    entry.key = text[start.end() : comma].strip()
    at = comma + 1
    while name := _NAME.match(text, at):
        value, at = _value(text, name.end(), name[1])
        entry.fields.setdefault(re.sub(r"[\W_]+", "", name[1]).lower(), value)
    rest = text[at:].lstrip(" \t\r\n,")
    if not rest.startswith("}"):
        got = repr(rest[:40]) if rest else "the end of the file or the next entry"
        raise ValueError(f"expected a field or the closing brace of the entry, got {got}")
    after = re.sub(r"(?m)^\s*%.*$", "", rest[1:]).strip(" \t\r\n,")
    if after:
        raise ValueError(f"text behind the entry: {after[:40]!r}; is there a brace too many in it?")
    return entry


def _value(text: str, at: int, name: str) -> tuple[str, int]:
    opening = text[at : at + 1]
    if opening == "{":
        end = _closing(text, at + 1, _BRACE, "}")
    elif opening == '"':
        end = _closing(text, at + 1, _QUOTED, '"')
    elif bare := _BARE.match(text, at):
        return bare[0], bare.end()
    else:
        raise ValueError(f"field {name}: expected a value, got {text[at : at + 40]!r}")
    if end < 0:
        raise ValueError(f"field {name}: a brace or quotation mark that is not closed")
    return text[at + 1 : end], end + 1


def _closing(text: str, at: int, marks: re.Pattern[str], closing: str) -> int:
    depth = 0
    for mark in marks.finditer(text, at):
        found = mark[0]
        if found == closing and depth == 0:
            return mark.start()
        depth += (found == "{") - (found == "}")
        if depth < 0:
            return -1
    return -1


def plain(text: str) -> str:
    r"""Make a value readable: LaTeX's accents and symbols become letters, braces go, blanks are folded.

    Parameters
    ----------
    text : str
        As it stands in the file.

    Returns
    -------
    str
        On one line.

    Examples
    --------
    >>> plain(r"M{\"u}nchen {\&} \'{E}vora, \O rsted {[}sic]")
    'München & Évora, Ørsted [sic]'
    """
    if "\\" in text:
        text = _ACCENTED.sub(_accented, text)
        text = _LETTER.sub(lambda found: _LETTERS[found[1]], text)
        text = _SYMBOL.sub(lambda found: found[1].translate(_KEPT), text)
    text = text.replace("{", "").replace("}", "").replace("``", '"').replace("''", '"').translate(_GIVEN_BACK)
    return " ".join(text.split())


def _accented(found: re.Match[str]) -> str:
    letter = found[3] or found[4]
    return unicodedata.normalize("NFC", letter + _ACCENTS[found[1] or found[2]])


def authors(text: str) -> list[str]:
    r"""Return the names of a list of authors, parted by `and` outside of braces.

    Parameters
    ----------
    text : str
        As it stands in the file.

    Returns
    -------
    list of str
        Readable names.

    Examples
    --------
    >>> authors(r"Li, Ann and {Sun and Sons} and M{\'e}ry, Jo")
    ['Li, Ann', 'Sun and Sons', 'Méry, Jo']
    """
    names, depth, start = [], 0, 0
    for mark in re.finditer(r"\\.|[{}]|\s+and\s+", text):
        found = mark[0]
        depth += (found == "{") - (found == "}")
        if found[0].isspace() and depth == 0:
            names.append(text[start : mark.start()])
            start = mark.end()
    names.append(text[start:])
    return [name for name in map(plain, names) if name]
