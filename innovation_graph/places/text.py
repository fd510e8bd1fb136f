"""Names made comparable: case, accents and punctuation folded; and readable ids made from names."""

import re
import unicodedata
from functools import lru_cache

__all__ = ["city_keys", "fold", "slug"]

# Letters that Unicode does not take apart into a plain letter and an accent.
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i"})
_ACCENTS = re.compile("[\u0300-\u036f]")
# Marks that join a word (Xi'an, St. Louis) vanish; all others part words.
_JOINING = re.compile("['`\u00b4\u02b9-\u02bf\u2018\u2019\u201b\u2032.]")
_OTHERS = re.compile(r"[\W_]+")
# Where English is spoken, Garden City is another place than Garden; elsewhere "city" is added in translation.
_ENGLISH = frozenset({"AU", "CA", "GB", "IE", "NZ", "US"})
_CITY_WORDS = {"CN": ("shi", "市"), "JP": ("shi", "市"), "KR": ("si", "시"), "TW": ("shi", "市")}


@lru_cache(maxsize=1 << 16)
def fold(text: str) -> str:
    """Fold case, accents and punctuation, so that spellings of one name become equal.

    Parameters
    ----------
    text : str
        A name in any script.

    Returns
    -------
    str
        Words parted by single blanks; "&" reads "and", "Saint" reads "st", a leading "the" is dropped.

    Examples
    --------
    >>> fold("Göteborg"), fold("The Bronx"), fold("Xi'an"), fold("Saint-Denis")
    ('goteborg', 'bronx', 'xian', 'st denis')
    """
    words = _words(text)
    if len(words) > 1 and words[0] == "the":
        del words[0]
    return " ".join("st" if word == "saint" else word for word in words)


def slug(text: str) -> str:
    """Make a readable id of a name: lower case, no accents, hyphens between words.

    Parameters
    ----------
    text : str
        A name in any script; letters that are not Latin stay as they are.

    Returns
    -------
    str
        Empty if the name holds no letter and no digit.

    Examples
    --------
    >>> slug("San Francisco - San Jose"), slug("São Paulo"), slug("Xi'an")
    ('san-francisco-san-jose', 'sao-paulo', 'xian')
    """
    return "-".join(_words(text))


def city_keys(name: str, iso2: str) -> list[str]:
    """Return the folded forms under which a city is looked for: as it is, then without the word for "city".

    Parameters
    ----------
    name : str
        Name of a city.
    iso2 : str
        Its country, which decides what the word for "city" is.

    Returns
    -------
    list of str
        One or two forms.

    Examples
    --------
    >>> city_keys("Gifu-shi", "JP"), city_keys("Jersey City", "US")
    (['gifu shi', 'gifu'], ['jersey city'])
    """
    key = fold(name)
    keys = [key]
    for word in (*_CITY_WORDS.get(iso2, ()), *(() if iso2 in _ENGLISH else ("city",))):
        # A Latin word stands apart, a Chinese or Korean one close.
        ending = f" {word}" if word.isascii() else word
        if key.endswith(ending) and len(key) > len(ending):
            keys.append(key.removesuffix(ending).rstrip())
    return keys


def _words(text: str) -> list[str]:
    plain = text.casefold()
    if not plain.isascii():
        # Composed again at the end: Hangul and kana are taken apart by the same form as accents.
        plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", plain)).translate(_LETTERS)
        plain = unicodedata.normalize("NFC", plain)
    return _OTHERS.sub(" ", _JOINING.sub("", plain.replace("&", " and "))).split()
