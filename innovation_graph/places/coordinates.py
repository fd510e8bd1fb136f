"""Coordinates for places that are known by name and country only, as in networks that others made."""

import numpy as np
import pandas as pd

from innovation_graph.places._folding import fold_all
from innovation_graph.places.gazetteer import load_gazetteer, territory

__all__ = ["with_coordinates"]


def with_coordinates(places: pd.DataFrame) -> pd.DataFrame:
    """Look places without coordinates up in the gazetteer of cities.

    Parameters
    ----------
    places : pandas.DataFrame
        A place table: `name_en`, `iso2`, `lat`, `lon`.

    Returns
    -------
    pandas.DataFrame
        The same table, with the coordinates of the most populous city of that name in that country where there
        is one. Places that have coordinates, no name or no country stay as they are. A name alone may mean another,
        smaller town: look at a map before you trust distances.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"name_en": ["Wuhan"], "iso2": ["CN"], "lat": [None], "lon": [None]}, index=["wuhan"])
    >>> with_coordinates(table).loc["wuhan", "lat"].round(1)
    np.float64(30.6)
    """
    gazetteer = load_gazetteer()
    wanted = places["lat"].isna() & places["name_en"].notna() & places["iso2"].notna()
    lat, lon = (places[name].astype("float64").to_numpy(copy=True) for name in ("lat", "lon"))
    rows = np.flatnonzero(wanted)
    keys = fold_all(places["name_en"].iloc[rows].tolist())
    for row, key, iso2 in zip(rows, keys, places["iso2"].iloc[rows], strict=True):
        within = territory(iso2)
        found = next((city for city in gazetteer.find(key) if gazetteer.countries[city] in within), None)
        if found is not None:
            lat[row], lon[row] = gazetteer.lat[found], gazetteer.lon[found]
    return places.assign(lat=lat, lon=lon)
