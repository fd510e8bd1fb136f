"""Countries: their codes, names, continents, and the names under which sources print them."""

from functools import cache
from typing import Literal

import pandas as pd

from innovation_graph._data import data_path
from innovation_graph.errors import UnknownNameError
from innovation_graph.places.text import fold

__all__ = ["code", "code_or_name", "name", "table"]


def table() -> pd.DataFrame:
    """Return the table of countries and territories.

    Returns
    -------
    pandas.DataFrame
        Indexed by `iso2`; columns iso3, name_en, name_zh, continent, aliases (parted by "|").
    """
    return _table().copy()


def code(name: str) -> str | None:
    """Find the country that a source names.

    Parameters
    ----------
    name : str
        A name or an alias, in English or Chinese; case, accents and punctuation do not matter. Nothing is
        guessed: "Georgia" is the country GE, "Guinea" is GN and never part of a longer name.

    Returns
    -------
    str or None
        ISO 3166-1 alpha-2 code; None if no country is called so.

    Examples
    --------
    >>> code("Peoples R China"), code("Türkiye"), code("Georgia"), code("Atlantis")
    ('CN', 'TR', 'GE', None)
    """
    return _codes().get(fold(name))


def code_or_name(text: str) -> str | None:
    """Find a country by its alpha-2 code or else by its name.

    Parameters
    ----------
    text : str
        "CN", "cn" or "China".

    Returns
    -------
    str or None
        ISO 3166-1 alpha-2 code; None if there is no such country.
    """
    upper = text.strip().upper()
    return upper if upper in _table().index else code(text)


def name(iso2: str, lang: Literal["en", "zh"] = "en") -> str:
    """Return the name of a country.

    Parameters
    ----------
    iso2 : str
        ISO 3166-1 alpha-2 code in capitals.
    lang : {"en", "zh"}
        Language of the name.

    Returns
    -------
    str
        The name.

    Raises
    ------
    UnknownNameError
        If there is no such code.

    Examples
    --------
    >>> name("DE"), name("DE", "zh")
    ('Germany', '德国')
    """
    countries = _table()
    if iso2 not in countries.index:
        raise UnknownNameError("country code", iso2, countries.index)
    return str(countries[f"name_{lang}"][iso2])


@cache
def _table() -> pd.DataFrame:
    # "NA" is Namibia, not a missing value.
    return pd.read_csv(data_path("countries.csv"), dtype="str", keep_default_na=False, index_col="iso2")


@cache
def _codes() -> dict[str, str]:
    countries = _table()
    names: dict[str, str] = {}
    for iso2, en, zh, aliases in countries[["name_en", "name_zh", "aliases"]].itertuples():
        names.update({fold(text): iso2 for text in (en, zh, *aliases.split("|")) if text})
    return names
