"""Symbols of the patent classifications IPC and CPC: one spelling for all, and patterns that name many."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Pattern", "keys", "normalise", "normalise_all", "read_patterns"]

_LONGEST = 200
_LABEL = r"(?:(?:INT\.? ?CL|[IC]PC)[^A-Z]{0,20})?"
_STEM = r"([A-HY])\s?([0-9]{2})"
# What sources print behind a symbol: editions, or date, level, position and office as WIPO ST.8 has them.
_TAIL = r"(?:\s*[(\[][^)\]]*[)\]]|\s+[0-9]{8}[A-Z0-9\s]*|\s+[0-9]{4}\.[0-9]{2})*"
_CLASS = re.compile(_LABEL + _STEM + _TAIL, re.ASCII)
_SUBCLASS = re.compile(_LABEL + _STEM + r"\s?([A-Z])(.*?)" + _TAIL, re.ASCII | re.DOTALL)
_NUMBERS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        r"[\s-]*([0-9]{1,6})\s*/\s*([0-9]{2,7})",  # 21/027
        r"[\s-]*([0-9]{4})([0-9]{6})",  # 0021027000
        r"[\s-]*(0[0-9]{3})([0-9]{2,6})",  # 0021027
        r"([\s0-9]{2}[0-9])([0-9]{2,4})",  # " 21027": three columns for the group, as in records of IPC 1 to 7
        r"[\s-]*([0-9]{1,3}|0[0-9]{3})()",  # 21, the group as a whole
    )
)
_PIECES = re.compile(r"(?:[^;()]+|\([^()]*\)|[()])+")
_PATTERN = re.compile(r"([^()*]+?)\s*(\*?)\s*(?:\(\s*EXCLUDING\b([^()]*)\))?")
_SECTION = re.compile(r"[A-HY]")
_BARE_GROUP = re.compile(r"[A-HY]\s?[0-9]{2}\s?[A-Z][\s-]*[0-9]{1,4}", re.ASCII)


@lru_cache(maxsize=1 << 18)
def normalise(text: str) -> str | None:
    """Return a symbol of the IPC or CPC in the one spelling used here.

    Parameters
    ----------
    text : str
        One symbol as any source prints it: blanks, hyphens or zeros between subclass and group, the 14
        characters of WIPO ST.8 and shorter forms of it, the columns of old US records, "Int. Cl." before it,
        edition, date and office behind it. Where nothing parts group and subgroup, the columns decide.

    Returns
    -------
    str or None
        "H01L21/027": the main group without leading zeros, the subgroup with at least two digits and without
        further zeros at its end. "H01L" and "H01" stay as they are; a group alone ("H01L 21") is its first
        symbol, "H01L21/00". None for what is no symbol, or more than one. Whether an edition has the symbol is
        not looked up.

    Examples
    --------
    >>> normalise("H01L 21/00 (2006.01)"), normalise("A61B0005047600"), normalise("H01L  21/02        20060101AFI")
    ('H01L21/00', 'A61B5/0476', 'H01L21/02')
    """
    if len(text) > _LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", text).upper().strip().rstrip(";,. \t")
    if found := _CLASS.fullmatch(plain):
        return "".join(found.groups())
    found = _SUBCLASS.fullmatch(plain)
    if found is None:
        return None
    *stem, rest = found.groups()
    if not rest:
        return "".join(stem)
    for form in _NUMBERS:
        if (numbers := form.fullmatch(rest)) and (group := int(numbers[1])):
            return f"{''.join(stem)}{group}/{numbers[2].rstrip('0').ljust(2, '0')}"
    return None


def normalise_all(texts: Iterable[str | None]) -> list[str]:
    """Return the distinct symbols among some texts, in the order of their first appearance.

    Parameters
    ----------
    texts : iterable of str or None
        One symbol each, see `normalise`; what is no symbol is left out.

    Returns
    -------
    list of str
        In one spelling.

    Examples
    --------
    >>> normalise_all(["h01l 21/00", "none", "H01L0021000000", "G16H"])
    ['H01L21/00', 'G16H']
    """
    found = (normalise(text) for text in texts if text)
    return list(dict.fromkeys(symbol for symbol in found if symbol))


@dataclass(frozen=True)
class Pattern:
    """Symbols that belong together: one symbol, or one and all below it, less some.

    Parameters
    ----------
    key : str
        What `keys` must hold: "=H01L21/00" for the symbol itself; "H", "H01", "H01L", "H01L21/" or
        "H01L21/02" for what lies in the section, class, subclass, main group or at the subgroup and below it.
    without : frozenset of str
        Keys of symbols that are taken out.
    """

    key: str
    without: frozenset[str] = frozenset()


def keys(symbol: str) -> list[str]:
    """Return the keys of all patterns that a symbol falls under.

    Below a main group are all its subgroups. Below a subgroup are the symbols whose digits go on after its own:
    G06F3/012 is below G06F3/01. The dots of an edition, which hang G06F3/02 there too, are not known here.

    Parameters
    ----------
    symbol : str
        In the spelling of `normalise`.

    Returns
    -------
    list of str
        See `Pattern.key`.

    Examples
    --------
    >>> keys("G06F3/012")
    ['=G06F3/012', 'G', 'G06', 'G06F', 'G06F3/', 'G06F3/01', 'G06F3/012']
    """
    group, slash, subgroup = symbol.partition("/")
    found = [f"={symbol}", symbol[:1], symbol[:3], symbol[:4]]
    if slash:
        found += [f"{group}/{subgroup[:size]}" for size in (0, *range(2, len(subgroup) + 1))]
    return found


def read_patterns(text: str) -> tuple[Pattern, ...]:
    """Read a list of patterns, parted by semicolons.

    `G06F40*` is main group 40 of G06F with all below it, `G05D1*` group 1 and not group 10, `C07C*` a subclass,
    `Y02*` a class, `G06F3/01*` a subgroup (see `keys`). Without a star a symbol with a slash is that symbol
    alone. A class or subclass without a star is the whole of it: patents are given groups, so nothing would ever
    match it else. A group needs a star or a slash. `(excluding A;B*)` takes symbols out of the pattern just
    before it.

    Parameters
    ----------
    text : str
        Such as "A61B5*(excluding A61B5/0476;A61B5/0478);G16H".

    Returns
    -------
    tuple of Pattern
        At least one.

    Raises
    ------
    ValueError
        If a piece is no pattern, or takes out what is not in it; with the piece.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    patterns = [_pattern(piece.strip()) for piece in _PIECES.findall(plain) if piece.strip()]
    if not patterns:
        raise ValueError("a pattern such as H01L21*, got nothing")
    return tuple(patterns)


def _pattern(piece: str) -> Pattern:
    found = _PATTERN.fullmatch(piece)
    if found is None:
        raise ValueError(f"a pattern such as H01L21*(excluding H01L21/02), got {piece!r}")
    key = _key(found[1], star=bool(found[2]))
    if found[3] is None:
        return Pattern(key)
    without = set()
    for part in found[3].split(";"):
        stem = part.strip()
        out = _key(stem.removesuffix("*"), star=stem.endswith("*"))
        if key == out or key not in keys(out.removeprefix("=")):
            raise ValueError(f"exclusions that lie below {found[1]}{found[2]}, got {stem!r}")
        without.add(out)
    return Pattern(key, frozenset(without))


def _key(stem: str, *, star: bool) -> str:
    stem = stem.strip()
    if star and _SECTION.fullmatch(stem):
        return stem
    symbol = normalise(stem)
    if symbol is None:
        raise ValueError(f"a symbol such as H01L21/00, H01L21* or H01L, got {stem + '*' * star!r}")
    if "/" not in symbol:
        return symbol
    if star:
        return symbol.removesuffix("00") if symbol.endswith("/00") else symbol
    if _BARE_GROUP.fullmatch(stem):
        group = symbol.removesuffix("/00")
        raise ValueError(f"{group}* for the group and all below it or {symbol} for that symbol alone, got {stem!r}")
    return f"={symbol}"
