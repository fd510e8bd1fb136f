"""An address as printed, taken apart: parts between commas, pieces that may name places, codes."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from innovation_graph.places import countries
from innovation_graph.places._organisation_words import HEADS, canonical
from innovation_graph.places.gazetteer import territory
from innovation_graph.places.text import fold

__all__ = ["AREAS", "Piece", "PrintedAddress", "country_of", "holds_head", "read_address", "stripped"]

_LONGEST = 4_000
"""Characters of an address that are looked at: what is longer is no address, its ends may hold one."""

_PARTS = re.compile(r"[,;|\n\r\t()\[\]{}/\u2022\u00b7\uff0c\u3001\uff1b\uff08\uff09:]+|\s[-\u2013\u2014]+\s")
_CODES = re.compile(r"\b[A-Z]\.?[A-Z](?:\.?[A-Z])?\b")
_HAN = re.compile("[\u4e00-\u9fff]")
_AREA_MARKS = re.compile("(.{2,}?)([省市区县區縣都道府県町村郡州])|(.+)")
_DIGITS = re.compile(r"\d")
_AREA_WORDS = """
autonomous canton county department distretto district do governorate gu gun ilce ken krai oblast parish pref
prefecture province provincia region republic sheng shire state subdistrict territory voivodeship
"""
AREAS = frozenset(_AREA_WORDS.split())
"""Words for areas around or inside cities."""

_ADMINISTRATIVE = AREAS | {"cedex", "city", "municipality", "shi", "si"}
_BEFORE_WORDS = """
city of greater kota near province state region district municipality po p r pr
"""
_BEFORE = frozenset(_BEFORE_WORDS.split())


class Piece(NamedTuple):
    """Words of a part without house numbers and postcodes, by themselves and as one folded text."""

    words: tuple[str, ...]
    key: str

    @classmethod
    def of(cls, words: Sequence[str]) -> "Piece":
        """Make a piece of its words."""
        return cls(tuple(words), " ".join(words))


class PrintedAddress(NamedTuple):
    """What an address consists of."""

    parts: list[list[str]]
    pieces: list[Piece]
    codes: frozenset[str]


def read_address(text: str) -> PrintedAddress:
    """Take an address apart; anything but a text of some length costs little."""
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]}, {text[-_LONGEST // 2 :]}"
    parts: list[list[str]] = []
    pieces: list[Piece] = []
    for printed in _PARTS.split(text):
        folded = fold(printed)
        words = folded.split()
        if not words:
            continue
        if _HAN.match(words[0]):
            words = [name for word in words for name in _divided(word)]
            pieces += [Piece((word,), word) for word in words if not _DIGITS.search(word)]
            parts.append(words)
            continue
        if _DIGITS.search(printed):
            run: list[str] = []
            for word in (*words, "0"):
                if not _DIGITS.search(word):
                    run.append(word)
                elif run:
                    pieces.append(Piece.of(run))
                    run = []
        else:
            pieces.append(Piece(tuple(words), folded))
        parts.append(words)
    return PrintedAddress(parts, pieces, frozenset(code.replace(".", "").lower() for code in _CODES.findall(text)))


def _divided(word: str) -> list[str]:
    """Return what a Chinese or Japanese address names, the smallest first: no district where there is a city."""
    if len(word) < 4:
        return [word]
    marked = [(name or rest, mark) for name, mark, rest in _AREA_MARKS.findall(word)]
    if any(mark == "市" for _, mark in marked):
        marked = [(name, mark) for name, mark in marked if mark in {"市", "省"}]
    return [name for name, _ in reversed(marked)]


def country_of(address: PrintedAddress) -> tuple[str | None, list[Piece], Piece | None]:
    """Find the country that an address ends with.

    Returns the code, the pieces without those that name it, and the piece it was read from.
    """
    named = [(at, code) for at, piece in enumerate(address.pieces) if (code := _named(piece.key, address.codes))]
    if named:
        at, code = named[-1]
        # "Taipei, Taiwan, China": the narrower one of the two.
        narrower = [(i, other) for i, other in named if other != code and other in territory(code)]
        at, code = narrower[-1] if narrower else (at, code)
        # "Luxembourg, Luxembourg": the first one is the city.
        taken = {at, named[-1][0]} | {i for i, other in named if other != code and other in territory(named[-1][1])}
        return code, [piece for i, piece in enumerate(address.pieces) if i not in taken], address.pieces[at]
    if address.pieces:
        *before, last = address.pieces
        for start in range(max(1, len(last.words) - 4), len(last.words)):
            code = _named(" ".join(last.words[start:]), address.codes)
            if code:
                return code, [*before, Piece.of(last.words[:start])], Piece.of(last.words[start:])
    return None, address.pieces, None


def stripped(words: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out the words that say what kind of area a name stands for."""
    start, stop = 0, len(words)
    while stop - start > 1 and words[stop - 1] in _ADMINISTRATIVE:
        stop -= 1
    while stop - start > 1 and words[start] in _BEFORE:
        start += 1
    return words[start:stop]


def holds_head(words: tuple[str, ...]) -> bool:
    """Say whether the words hold one that stands for a kind of organisation."""
    return any(canonical(word) in HEADS for word in words)


def _named(key: str, codes: frozenset[str]) -> str | None:
    if len(key) <= 3 and key.isascii():
        return _short().get(key) if key in codes or key in {"usa", "uk"} else None
    return _code(key)


@lru_cache(maxsize=1 << 16)
def _code(key: str) -> str | None:
    return countries.code(key)


@cache
def _short() -> dict[str, str]:
    known = {key: code for key in ("usa", "uk", "us", "uae", "prc", "roc", "drc") if (code := countries.code(key))}
    iso3 = countries.table()["iso3"]
    return {str(code).lower(): str(iso2) for iso2, code in iso3.items()} | known
