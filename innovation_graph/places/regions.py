"""States and provinces of the countries where city names repeat: AU, CA, CN, GB, US."""

import re
from functools import cache

import pandas as pd

from innovation_graph._data import data_path
from innovation_graph.places.text import fold

__all__ = ["REGION_COUNTRIES", "region_code"]

REGION_COUNTRIES = frozenset({"AU", "CA", "CN", "GB", "US"})
"""Countries whose regions can be compared; elsewhere a region is ignored."""

_SUFFIX = re.compile(r" (province|sheng|shi|state|municipality|zizhiqu|([a-z]+ )?autonomous region)$")


def region_code(iso2: str, region: str) -> str | None:
    """Bring the spellings of a state or province to one code.

    Parameters
    ----------
    iso2 : str
        Country.
    region : str
        "Massachusetts", "MA", "US-MA", "US_MA", "Mass."; GeoNames's own code ("08" for Ontario) works too.

    Returns
    -------
    str or None
        The first-order code of GeoNames; None if the country or the region is not in the table.

    Examples
    --------
    >>> region_code("US", "US-MA"), region_code("CA", "Ontario"), region_code("DE", "Bavaria")
    ('MA', '08', None)
    """
    if iso2 not in REGION_COUNTRIES:
        return None
    key = fold(region)
    key = key.removeprefix(f"{iso2.lower()} ")
    known = _codes()
    return known.get((iso2, key)) or known.get((iso2, _SUFFIX.sub("", key)))


@cache
def _codes() -> dict[tuple[str, str], str]:
    regions = pd.read_csv(data_path("regions.csv"), dtype="str", keep_default_na=False)
    codes: dict[tuple[str, str], str] = {}
    for iso2, admin1, code, name, aliases in regions.itertuples(index=False):
        for text in (admin1, code, name, *filter(None, aliases.split("|"))):
            codes[iso2, fold(text)] = admin1
    return codes
