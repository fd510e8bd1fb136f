"""International ties: how open the places of a network are, and what lies between countries or blocs.

A tie is domestic if its two places belong to one group, international if they belong to two. The groups are
a column of the place table (`country` unless told otherwise: the group that the places set puts a place in,
so that Hong Kong and Taipei count under CN in the GIHI set; `iso2` is the code of the source) or blocs of
your own. All of it is about ties: one work of many places makes many. `copublication` counts works.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph._ratio import ratio
from innovation_graph.errors import NetworkError, RecipeError, UnknownNameError
from innovation_graph.network import Network
from innovation_graph.places.sphere import great_circle_km

__all__ = [
    "FAR_KM",
    "MEASURES",
    "NEAR_KM",
    "NO_GROUP",
    "OPENNESS",
    "Groups",
    "bilateral",
    "bilateral_table",
    "openness",
    "top_partners",
]

Groups: TypeAlias = str | Mapping[str, str | Iterable[str]]
"""A column of the place table, or the members (country codes, place ids, names) of each bloc."""

NO_GROUP = "(none)"
"""Group of the places that belong to none: no country known, or in no bloc."""

NEAR_KM, FAR_KM = 100.0, 5_000.0
"""Ties shorter than the first are near, longer than the second are far; great-circle distance."""

OPENNESS: dict[str, str] = {
    "domestic_share": "share of the weight of the ties that stays in the own country",
    "international_share": "share of the weight of the ties that goes to other countries",
    "domestic_tie_share": "share of the number of ties that stays in the own country",
    "international_tie_share": "share of the number of ties that goes to other countries",
    "unknown_share": "share of the weight of the ties where the country of one of the two places is not known",
    "partner_countries": "number of other countries with a tie",
    "shannon": "-sum p ln p in nats, p the shares of the other countries in the weight of international ties",
    "effective_countries": "exp(shannon): as many countries of equal shares would be as diverse",
    "simpson": "1 - sum p^2: probability that two draws from the international weight are of two countries",
    "ei_index": "(external - internal) / (external + internal) by number of ties",
    "ei_index_weighted": "(external - internal) / (external + internal) by weight of ties",
    "far_share": "share of the weight of the ties over more than 5,000 km",
    "near_share": "share of the weight of the ties over less than 100 km",
    "mean_km": "mean length of the ties in km, by weight",
}
"""The columns of `openness` and what they are."""


def openness(network: Network, by: Groups = "country") -> pd.DataFrame:
    r"""Measure how far the ties of each place reach, over borders and in km.

    Shares of domestic and international ties leave out ties where one of the two countries is not known
    (`unknown_share` tells their weight), those by distance leave out ties without coordinates on both sides.
    Diversity is about the other countries alone, with shares :math:`p_c` of the weight of international ties:

    .. math:: H = -\sum_c p_c \ln p_c, \qquad e^H, \qquad D = 1 - \sum_c p_c^2

    Parameters
    ----------
    network : Network
        Any network; distances need `lat` and `lon` in its place table.
    by : str or mapping
        What counts as a country: a column of the place table, or blocs, see `Groups`.

    Returns
    -------
    pandas.DataFrame
        One row a place, in network order, with the columns of `OPENNESS`. Shares and `simpson` are 0 to 1,
        E-I indices -1 (all inside) to 1 (all outside), `shannon` 0 to ln(partner_countries). Undefined is
        NaN: everything but `partner_countries` (0) of an isolate, diversity without an international tie, and
        both kinds of shares of a place whose own country is not known (`partner_countries` 0, `unknown_share` 1).
        Nothing changes when all weights are scaled.

    Raises
    ------
    UnknownNameError
        If there is no such column, or a member of a bloc is neither country nor place.
    NetworkError
        If a place belongs to two blocs.

    References
    ----------
    Krackhardt and Stern (1988), Informal networks and organizational crises, Social Psychology Quarterly
    51(2); Jost (2006), Entropy and diversity, Oikos 113(2).

    Examples
    --------
    >>> import pandas as pd
    >>> from innovation_graph import Network
    >>> places = pd.DataFrame({"country": ["CN", "CN", "US", "DE"]}, index=["beijing", "wuhan", "boston", "berlin"])
    >>> links = pd.DataFrame({"source": ["beijing"] * 3, "target": ["wuhan", "boston", "berlin"], "weight": [2, 3, 3]})
    >>> row = openness(Network.from_edges(links, places)).loc["beijing"]
    >>> row[["international_share", "partner_countries", "effective_countries", "simpson"]].round(2).tolist()
    [0.75, 2.0, 2.0, 0.5]
    """
    group, labels = _groups(network, by)
    inside, outside = _inside_and_outside(network, group, len(labels))
    ties_in, ties_out = _inside_and_outside(network, group, len(labels), ones=True)
    weight, ties = inside + outside.sum(axis=1), ties_in + ties_out.sum(axis=1)
    strength = network.adjacency.sum(axis=1)
    countries = np.diff(outside.indptr).astype(np.int64)
    place = np.repeat(np.arange(network.n_places), countries)
    p = outside.data / outside.sum(axis=1)[place]
    shannon, squares = (_added(place, values, network.n_places) for values in (-p * np.log(p), p**2))
    shannon, squares = (np.where(countries > 0, values, np.nan) for values in (shannon, squares))
    share, tie_share = ratio(weight - inside, weight), ratio(ties - ties_in, ties)
    far, near, mean_km = _lengths(network)
    columns = {
        "domestic_share": ratio(inside, weight),
        "international_share": share,
        "domestic_tie_share": ratio(ties_in, ties),
        "international_tie_share": tie_share,
        "unknown_share": ratio(_unknown(network, group), strength),
        "partner_countries": countries,
        "shannon": shannon,
        "effective_countries": np.exp(shannon),
        "simpson": 1 - np.minimum(squares, 1),
        "ei_index": 2 * tie_share - 1,
        "ei_index_weighted": 2 * share - 1,
        "far_share": far,
        "near_share": near,
        "mean_km": mean_km,
    }
    return pd.DataFrame(columns, index=network.ids)


def _measure(name: str, network: Network) -> pd.Series:
    return openness(network)[name]


MEASURES: dict[str, Callable[[Network], pd.Series]] = {name: partial(_measure, name) for name in OPENNESS}
"""The columns of `openness` by country as measures of their own, by name."""


def bilateral(network: Network, by: Groups = "country", *, of: str = "weight") -> pd.DataFrame:
    """Add up the ties between and inside groups of places.

    Parameters
    ----------
    network : Network
        Any network.
    by : str or mapping
        Groups: a column of the place table such as "country", "continent", or blocs, see `Groups`.
    of : {"weight", "ties"}
        What to add up: weights, or 1 for each tie.

    Returns
    -------
    pandas.DataFrame
        Square and symmetric, groups in the order of the alphabet (blocs as given), `NO_GROUP` last if some
        place has none. Inside a group each tie counts once, so that the upper triangle with its diagonal
        sums to the total of the network; 0 where there is no tie.

    Raises
    ------
    UnknownNameError
        If there is no such column or member, or `of` is something else.
    NetworkError
        If a place belongs to two blocs.

    Examples
    --------
    >>> import pandas as pd
    >>> from innovation_graph import Network
    >>> places = pd.DataFrame({"country": ["CN", "CN", "US"]}, index=["beijing", "wuhan", "boston"])
    >>> network = Network.from_matrix([[0, 5, 2], [5, 0, 1], [2, 1, 0]], places)
    >>> bilateral(network)
             CN   US
    country
    CN      5.0  3.0
    US      3.0  0.0
    """
    if of not in ("weight", "ties"):
        raise UnknownNameError("sum", of, ("weight", "ties"))
    sums = _between(network, by)
    upper = (sums.weight if of == "weight" else sums.ties).toarray()
    square = upper + np.triu(upper, 1).T
    names = pd.Index(sums.labels, name=by if isinstance(by, str) else "bloc")
    return pd.DataFrame(square, index=names, columns=sums.labels)


def bilateral_table(network: Network, by: Groups = "country") -> pd.DataFrame:
    r"""List the pairs of groups that have ties, with what chance would give.

    The weight expected between groups a and b if ties fell at random on places of these strengths is
    :math:`\sum s_i s_j / 2m` over their pairs of places (inside a group: over its pairs of two different
    places), with strengths :math:`s` and total weight :math:`m`. So `ratio` is the association strength of
    `similarity`, for groups.

    Parameters
    ----------
    network : Network
        Any network.
    by : str or mapping
        As in `bilateral`.

    Returns
    -------
    pandas.DataFrame
        group_a, group_b (a before b, or the same, in the order of `bilateral`), ties, weight, share (of the
        total weight; they sum to 1), expected, ratio (weight / expected: 1 as by chance). The heaviest pair
        first, equal ones in the order of the groups. Pairs without a tie are left out.

    Raises
    ------
    UnknownNameError, NetworkError
        As in `bilateral`.

    Examples
    --------
    >>> import pandas as pd
    >>> from innovation_graph import Network
    >>> places = pd.DataFrame({"country": ["CN", "CN", "US"]}, index=["beijing", "wuhan", "boston"])
    >>> network = Network.from_matrix([[0, 5, 2], [5, 0, 1], [2, 1, 0]], places)
    >>> bilateral_table(network).round(3)
      group_a group_b  ties  weight  share  expected  ratio
    0      CN      CN     1     5.0  0.625     2.625  1.905
    1      CN      US     2     3.0  0.375     2.438  1.231
    """
    sums = _between(network, by)
    weight, ties = sums.weight.tocoo(), sums.ties.tocoo()
    a, b = weight.coords
    strength = network.adjacency.sum(axis=1)
    total = strength.sum()
    whole, squares = (_added(sums.group, values, len(sums.labels)) for values in (strength, strength**2))
    expected = np.where(a == b, (whole[a] ** 2 - squares[a]) / 2, whole[a] * whole[b]) / (total or 1)
    names = np.array(sums.labels, dtype=object)
    order = np.lexsort((b, a, -weight.data))
    table = {
        "group_a": names[a],
        "group_b": names[b],
        "ties": ties.data.astype(np.int64),
        "weight": weight.data,
        "share": weight.data / ((total or 1) / 2),
        "expected": expected,
        "ratio": ratio(weight.data, expected),
    }
    text = {"group_a": "str", "group_b": "str"}
    return pd.DataFrame({name: values[order] for name, values in table.items()}).astype(text)


def top_partners(
    network: Network, n: int = 10, places: str | Sequence[str] | None = None, *, by: Groups = "country"
) -> pd.DataFrame:
    """List the strongest partners of each place.

    Parameters
    ----------
    network : Network
        Any network.
    n : int
        How many of each, at most.
    places : str or sequence of str, optional
        Whose partners: country codes, ids or names; default all places.
    by : str or mapping
        What counts as a country, as in `openness`.

    Returns
    -------
    pandas.DataFrame
        place (id), rank (from 1), partner (id), partner_country, weight, share (of the strength of the place),
        domestic (NA if one of the two countries is not known). Places in network order; of partners with
        equal weight the one that stands first in the network comes first. Isolates have no row.

    Raises
    ------
    RecipeError
        If `n` is below 1.
    UnknownNameError
        If there is no such place or column.
    NetworkError
        If a place belongs to two blocs.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> network = Network.from_matrix([[0, 5, 2], [5, 0, 1], [2, 1, 0]], ["beijing", "wuhan", "boston"])
    >>> top_partners(network, 1)[["place", "partner", "weight"]].values.tolist()
    [['beijing', 'wuhan', 5.0], ['wuhan', 'beijing', 5.0], ['boston', 'beijing', 2.0]]
    """
    if n < 1:
        raise RecipeError(f"the number of partners must be at least 1, not {n}")
    group, labels = _groups(network, by)
    full = network.adjacency
    place = np.repeat(np.arange(network.n_places), np.diff(full.indptr))
    order = np.lexsort((full.indices, -full.data, place))
    rank = np.arange(len(place)) - full.indptr[:-1][place] + 1
    keep = rank <= n
    if places is not None:
        keep &= network.select(places)[place]
    place, partner, weight, rank = place[keep], full.indices[order][keep], full.data[order][keep], rank[keep]
    known = (group[place] >= 0) & (group[partner] >= 0)
    names = np.array([*labels, None], dtype=object)  # the group -1 is the last
    domestic = pd.array(group[place] == group[partner], dtype="boolean")
    domestic[~known] = pd.NA
    return pd.DataFrame(
        {
            "place": network.ids[place],
            "rank": rank.astype(np.int64),
            "partner": network.ids[partner],
            "partner_country": pd.array(names[group[partner]], dtype="str"),
            "weight": weight,
            "share": weight / full.sum(axis=1)[place],
            "domestic": domestic,
        }
    )


class _Between(NamedTuple):
    """Sums between groups, above and on the diagonal; `group` numbers the places."""

    labels: list[str]
    group: NDArray[np.int64]
    weight: sparse.csr_array
    ties: sparse.csr_array


def _between(network: Network, by: Groups) -> _Between:
    group, labels = _groups(network, by)
    if np.any(group < 0):
        labels = [*labels, NO_GROUP]
        group = np.where(group < 0, len(labels) - 1, group)
    first, second, weight = network.pairs
    a, b = np.minimum(group[first], group[second]), np.maximum(group[first], group[second])
    shape = (len(labels),) * 2
    sums = (sparse.coo_array((values, (a, b)), shape=shape).tocsr() for values in (weight, np.ones(len(weight))))
    return _Between(labels, group, *sums)


def _groups(network: Network, by: Groups) -> tuple[NDArray[np.int64], list[str]]:
    """Return the group of each place (-1: none) and the names of the groups."""
    if isinstance(by, str):
        if by not in network.places.columns:
            raise UnknownNameError("column of the place table", by, network.places.columns)
        codes, labels = pd.factorize(network.places[by], sort=True)
        return codes.astype(np.int64), [str(label) for label in labels]
    group = np.full(network.n_places, -1, dtype=np.int64)
    for number, (name, members) in enumerate(by.items()):
        mask = network.select(members)
        twice = np.flatnonzero(mask & (group >= 0))
        if len(twice):
            other = list(by)[group[twice[0]]]
            raise NetworkError(f"{network.ids[twice[0]]!r} belongs to two blocs, {other!r} and {name!r}; leave one out")
        group[mask] = number
    return group, list(by)


def _inside_and_outside(
    network: Network, group: NDArray[np.int64], n_groups: int, *, ones: bool = False
) -> tuple[NDArray[np.float64], sparse.csr_array]:
    """Return what each place has inside its own group, and with each other group, shape (n, groups)."""
    full = network.adjacency
    data = np.ones(full.nnz) if ones else full.data
    place = np.repeat(np.arange(network.n_places), np.diff(full.indptr))
    mine, theirs = group[place], group[full.indices]
    same = (mine == theirs) & (mine >= 0)
    other = (mine != theirs) & (mine >= 0) & (theirs >= 0)
    inside = _added(place[same], data[same], network.n_places)
    outside = sparse.coo_array((data[other], (place[other], theirs[other])), shape=(network.n_places, n_groups))
    return inside, outside.tocsr()


def _unknown(network: Network, group: NDArray[np.int64]) -> NDArray[np.float64]:
    full = network.adjacency
    none: NDArray[np.float64] = full @ (group < 0).astype(np.float64)
    return np.where(group < 0, full.sum(axis=1), none)


def _lengths(network: Network) -> tuple[NDArray[np.float64], ...]:
    """Return the shares of far and of near weight and the mean length of the ties of each place."""
    first, second, weight = network.pairs
    lat, lon = (network.places[name].to_numpy(dtype=np.float64) for name in ("lat", "lon"))
    km = great_circle_km(lat[first], lon[first], lat[second], lon[second])
    known = np.isfinite(km)
    ends = np.concatenate([first[known], second[known]])

    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return _added(ends, np.tile(values[known], 2), network.n_places)

    total = summed(weight)
    return tuple(ratio(summed(weight * part), total) for part in (km > FAR_KM, km < NEAR_KM, km))


def _added(rows: NDArray[np.integer], values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Add up the values of each row."""
    return np.asarray(np.bincount(rows, weights=values, minlength=n), dtype=np.float64)
