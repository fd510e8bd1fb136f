"""What a report says, in English and in Chinese: sentences from a file, numbers put into them."""

import math
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from innovation_graph._data import data_path
from innovation_graph.errors import UnknownNameError
from innovation_graph.views._page import source

__all__ = ["LANGUAGES", "NONE", "Words", "plain", "sentences"]

LANGUAGES: tuple[str, ...] = ("en", "zh")
"""Languages of reports."""

_GAP = {"en": ", ", "zh": "、"}
_WIDE = {"en": "; ", "zh": "\N{FULLWIDTH SEMICOLON}"}
NONE = "\N{EN DASH}"
"""Stands where there is no value."""

# Controls, formats, halves of pairs, breaks of lines and paragraphs.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_MINUS = "\N{MINUS SIGN}"


@cache
def sentences(lang: str) -> dict[str, str]:
    """Return all sentences of a language by key.

    Parameters
    ----------
    lang : {"en", "zh"}
        Language.

    Returns
    -------
    dict of str to str
        Templates with named fields in braces; both languages have the same keys and fields.

    Raises
    ------
    UnknownNameError
        If there is no such language.
    """
    if lang not in LANGUAGES:
        raise UnknownNameError("language", lang, LANGUAGES)
    parts = tomllib.loads(source(f"report_{lang}.toml"))
    return {f"{part}.{key}": text for part, texts in parts.items() for key, text in texts.items()}


def plain(text: object) -> str:
    """Return a text without the characters that no page can show or that turn the direction of others.

    Zero width joiners stay: some scripts need them.
    """
    return "".join(
        letter
        for letter in str(text)
        if letter in "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}" or unicodedata.category(letter) not in _UNSEEN
    )


class Words:
    """Sentences, names and numbers of one language.

    Parameters
    ----------
    lang : {"en", "zh"}
        Language.
    """

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._texts = sentences(lang)

    def __call__(self, key: str, **fields: object) -> Markup:
        """Fill a sentence; whatever is put into it is text, unless it is markup already."""
        # The sentences are part of this package; only what fills them comes from outside.
        return Markup(self._texts[key]).format(**fields)  # noqa: S704

    @property
    def space(self) -> Markup:
        """What stands between two sentences."""
        return Markup(" " if self.lang == "en" else "")  # noqa: S704 - a blank

    def has(self, key: str) -> bool:
        """Tell whether there is such a sentence."""
        return key in self._texts

    def known(self, part: str, name: object) -> Markup:
        """Return the word for a name of the program, or the name where there is none."""
        key = f"{part}.{name}"
        return self(key) if key in self._texts else escape(plain(name))

    def series(self, items: Iterable[str]) -> Markup:
        """List some things that are lists themselves."""
        return Markup(_WIDE[self.lang]).join(items)  # noqa: S704 - a semicolon

    def join(self, items: Iterable[str]) -> Markup:
        """List some things."""
        return Markup(_GAP[self.lang]).join(items)  # noqa: S704 - a comma

    def name(self, place: object, names: pd.DataFrame) -> Markup:
        """Return the name of a place, kept apart from the direction of the text around it."""
        found: object = None
        if place in names.index:
            row = names.loc[str(place)]
            chinese = row.get("name_zh") if self.lang == "zh" else None
            found = chinese if isinstance(chinese, str) else row.get("name_en")
        return self.bdi(found if isinstance(found, str) else place)

    @staticmethod
    def bdi(text: object) -> Markup:
        """Return a text from outside, kept apart from the direction of the text around it."""
        return Markup("<bdi>{}</bdi>").format(plain(text))

    def country(self, code: object) -> Markup:
        """Return the name of a country by its code; what is no code stays as it is."""
        if not isinstance(code, str):
            return Markup(NONE)  # noqa: S704 - a dash
        table = _countries()
        return self.bdi(table[code][self.lang] if code in table else code)

    def number(self, value: Any) -> str:
        """Return a count, or a sum of weights: whole where it is whole, else with one digit."""
        if _missing(value):
            return NONE
        value = float(value)
        return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 * max(1.0, abs(value)) else f"{value:,.1f}"

    def signed(self, value: Any) -> str:
        """Return a change with its sign."""
        if _missing(value):
            return NONE
        shown = self.number(abs(value))
        return shown if shown.strip("0.,") == "" else f"{'+' if value > 0 else _MINUS}{shown}"

    @staticmethod
    def digits(value: Any, digits: int = 3) -> str:
        """Return a value with so many digits behind the point."""
        return NONE if _missing(value) else f"{float(value):,.{digits}f}".replace("-", _MINUS)

    @staticmethod
    def percent(share: Any, digits: int = 1) -> str:
        """Return a share as a percentage; a small one is not rounded to nothing."""
        if _missing(share):
            return NONE
        value = 100 * float(share)
        least = 10.0**-digits
        return f"<{least:g}%" if 0 < value < least / 2 else f"{value:.{digits}f}%".replace("-", _MINUS)

    def part(self, count: Any, whole: Any) -> str:
        """Return a count as a percentage of a whole."""
        return self.percent(float(count) / float(whole) if whole else math.nan)

    def between(self, low: Any, high: Any, *, digits: int | None = None) -> str:
        """Return the two ends of an interval."""
        if _missing(low) or _missing(high):
            return NONE
        ends = [self.digits(end, digits) if digits is not None else f"{float(end):,.0f}" for end in (low, high)]
        return f" {NONE} ".join(ends)

    def years(self, years: Any) -> str:
        """Return a span of years."""
        if not years:
            return str(self("label.all_years"))
        first, last = years[0], years[-1]
        return str(first) if first == last else f"{first}{NONE}{last}"


def _missing(value: Any) -> bool:
    return value is None or bool(pd.isna(value))


@cache
def _countries() -> dict[str, dict[str, str]]:
    table = pd.read_csv(data_path("countries.csv"), keep_default_na=False).set_index("iso2")
    return {str(code): {"en": row["name_en"], "zh": row["name_zh"]} for code, row in table.iterrows()}
