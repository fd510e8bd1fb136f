"""Countries: their codes, names, continents, and the names under which sources print them.

Records of many years name states that are no more. One with a single successor is that successor: East and West
Germany are DE, Zaire is CD, Burma is MM, Rhodesia is ZW; so are the homelands of South Africa ZA. One that fell
apart has no code: the USSR may be any of fifteen countries, and a guess would move work from Kyiv to Moscow. `former`
names its successors; the city of the address can tell which.
"""

import re
from functools import cache
from typing import Literal

import pandas as pd

from innovation_graph._data import data_path
from innovation_graph.errors import UnknownNameError
from innovation_graph.places.regions import region_code
from innovation_graph.places.text import fold

__all__ = ["code", "code_or_name", "former", "from_printed", "name", "table"]

_FORMER = {
    ("Czechoslovakia", "CSFR", "CSSR", "Czech & Slovak Federal Republic"): "CZ SK",
    ("Netherlands Antilles", "Neth Antilles", "AN"): "BQ CW SX",
    ("Serbia and Montenegro", "Serbia Monteneg"): "ME RS XK",
    ("USSR", "Soviet Union", "Union of Soviet Socialist Republics", "SU"): (
        "AM AZ BY EE GE KG KZ LT LV MD RU TJ TM UA UZ"
    ),
    ("Yugoslavia", "YU"): "BA HR ME MK RS SI XK",
    # The code of Czechoslovakia until 1993, then of Serbia and Montenegro.
    ("CS",): "CZ ME RS SK XK",
}
"""Names and old codes of states that fell apart, with those that followed."""

_OLD_CODES = {
    "BU": "MM",
    "DD": "DE",
    "DY": "BJ",
    "EL": "GR",
    "FX": "FR",
    "HV": "BF",
    "NH": "VU",
    "RH": "ZW",
    "TP": "TL",
    "UK": "GB",
    "VD": "VN",
    "YD": "YE",
    "ZR": "CD",
}
"""Codes out of use in ISO 3166, with one successor each; and those of the EU for Greece and the United Kingdom."""

_US_TAIL = re.compile(r"([A-Z]{2})?\s*(?:\d{5}(?:-?\d{4})?)?\s+(\D+)")
_HOME_NATIONS = {
    "england": "England",
    "n ireland": "Northern Ireland",
    "north ireland": "Northern Ireland",
    "northern ireland": "Northern Ireland",
    "scotland": "Scotland",
    "wales": "Wales",
}
_US_TERRITORIES = {"AS": "AS", "CM": "MP", "GU": "GU", "MP": "MP", "PR": "PR", "VI": "VI"}
"""Territories that are addressed like states; CM is what the Northern Marianas were until 1988."""


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
        A name or an alias, in English or Chinese, some in the country's own language; case, accents and
        punctuation do not matter. Nothing is guessed: "Georgia" is the country GE, "Guinea" is GN and never
        part of a longer name; "Virgin Islands" and "Yugoslavia" are no country.

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


def from_printed(text: str) -> tuple[str | None, str | None]:
    """Read what stands after the last comma of an address: a country, with the state and ZIP code of American ones.

    Parameters
    ----------
    text : str
        As Web of Science prints it: "Peoples R China", "England", "MA 02139 USA", "IL USA".

    Returns
    -------
    country : str or None
        ISO 3166-1 alpha-2 code; None if no country is called so. What is printed "USA" is US, the territories too.
    region : str or None
        Postal code of an American state or territory; England, Northern Ireland, Scotland or Wales; else None. Military
        post offices ("APO, AE USA") are in no state.

    Examples
    --------
    >>> from_printed("MA 02139 USA"), from_printed("Wales"), from_printed("Peoples R China."), from_printed("MA")
    (('US', 'MA'), ('GB', 'Wales'), ('CN', None), (None, None))
    """
    text = text.strip(" .;,")
    iso2 = code(text)
    if iso2 is not None:
        return iso2, _HOME_NATIONS.get(fold(text))
    tail = _US_TAIL.fullmatch(text)
    if tail is None or code(tail[2]) != "US":
        return None, None
    state = tail[1] or ""
    return "US", _US_TERRITORIES.get(state) or region_code("US", state)


def former(text: str) -> tuple[str, ...]:
    """Name the countries that followed a state which fell apart.

    Parameters
    ----------
    text : str
        Its name or old ISO 3166 code.

    Returns
    -------
    tuple of str
        ISO 3166-1 alpha-2 codes; empty if there was no such state or it has one successor, which `code` knows.

    Examples
    --------
    >>> former("Czechoslovakia"), code("Czechoslovakia"), former("Ger Dem Rep"), code("Ger Dem Rep")
    (('CZ', 'SK'), None, (), 'DE')
    """
    return _successors().get(fold(text), ())


def code_or_name(text: str) -> str | None:
    """Find a country by its alpha-2 code or else by its name.

    Parameters
    ----------
    text : str
        "CN", "cn" or "China"; old codes with one successor count as that ("DD" is DE).

    Returns
    -------
    str or None
        ISO 3166-1 alpha-2 code; None if there is no such country.
    """
    upper = text.strip().upper()
    return upper if upper in _table().index else _OLD_CODES.get(upper) or code(text)


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


@cache
def _successors() -> dict[str, tuple[str, ...]]:
    return {fold(name): tuple(codes.split()) for names, codes in _FORMER.items() for name in names}
