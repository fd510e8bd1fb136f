"""Names to be drawn: short ones, Chinese ones, those of hubs and countries."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pandas as pd

from innovation_graph._data import data_path
from innovation_graph.views._short_names import SHORT_NAMES
from innovation_graph.views.figures._words import Lang, word

__all__ = ["country_names", "names_of"]


def names_of(
    ids: Iterable[str],
    places: pd.DataFrame | None = None,
    *,
    lang: Lang = "en",
    short: bool | Mapping[str, str] = True,
) -> pd.Series:
    """Return names of places to be drawn.

    Parameters
    ----------
    ids : iterable of str
        Place ids.
    places : pandas.DataFrame, optional
        Place table with `name_en` and `name_zh`, indexed by id. Places that it does not name are looked up among the
        120 hubs and the countries; a name that is nowhere is the id, and one without a Chinese form is the English one.
    lang : {"en", "zh"}
        Language.
    short : bool or mapping of str to str
        Whether to cut names of several parts to their first ("San Francisco - San Jose": San Francisco; for some see
        `SHORT_NAMES`). A mapping from ids or names to short names goes before that.

    Returns
    -------
    pandas.Series
        Names indexed by id.

    Examples
    --------
    >>> names_of(["dallas-fort-worth", "guangdong-hong-kong-macao-greater-bay-area"]).tolist()
    ['Dallas', 'Greater Bay Area']
    """
    index = pd.Index(list(ids), name="place_id")
    english, chinese = (_column(index, places, name) for name in ("name_en", "name_zh"))
    long = chinese.where(chinese.notna(), english) if lang == "zh" else english
    if short is False:
        return long
    own = {} if short is True else dict(short)
    at = 1 if lang == "zh" else 0
    cut = [
        own.get(place)
        or own.get(name)
        or (SHORT_NAMES[plain][at] if plain in SHORT_NAMES else name.split(" - ")[0].split("(")[0].strip() or name)
        for place, plain, name in zip(index, english, long, strict=True)
    ]
    return pd.Series(cut, index=index, dtype="str")


def _column(index: "pd.Index[Any]", places: pd.DataFrame | None, name: str) -> pd.Series:
    found = pd.Series(pd.NA, index=index, dtype="object")
    if places is not None and name in places:
        found = places[name].astype("object").reindex(index)
    if found.isna().any():
        found = found.where(found.notna(), _known_names()[name].reindex(index))
    return found.where(found.notna(), index.to_series()) if name == "name_en" else found


@cache
def _known_names() -> pd.DataFrame:
    """Return names of the hubs and, by codes in small letters as networks of countries have them, of countries."""
    from innovation_graph.places.text import slug  # noqa: PLC0415 - brings the tables of places

    hubs = pd.read_csv(data_path("hubs.csv"), keep_default_na=False)
    hubs = hubs.set_index(hubs["name_en"].map(slug))
    countries = _countries().rename(index=str.lower)
    return pd.concat([hubs, countries])[["name_en", "name_zh"]].astype("object")


def country_names(codes: Iterable[str], *, lang: Lang = "en") -> list[str]:
    """Return names of countries by their codes of two letters; what is no code stays as it is.

    Examples
    --------
    >>> country_names(["CN", "US", "elsewhere"])
    ['China', 'United States', 'elsewhere']
    """
    table = _countries()
    return [str(table.loc[code, f"name_{lang}"]) if code in table.index else word(str(code), lang) for code in codes]


@cache
def _countries() -> pd.DataFrame:
    return pd.read_csv(data_path("countries.csv"), keep_default_na=False).set_index("iso2")
