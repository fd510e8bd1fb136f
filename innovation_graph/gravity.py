"""Gravity: how strong ties are for the sizes of two places and the distance between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, special

from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.network import Network
from innovation_graph.places.sphere import great_circle_km

__all__ = ["Gravity", "fit", "relative_intensity", "table"]

_PAIRS_AT_ONCE = 1 << 18
_STEPS = 100
_FLAT = 1e-11  # smallest eigenvalue of information with unit diagonal: below it nothing is known in some direction
_NO_MAXIMUM = "the gravity model has no finite maximum: the ties are too few, or too much alike, for its terms"
_HIGHEST = 700.0  # exp of more overflows
_EXACT = 1e-13  # share of all weight that a further step could still explain


@dataclass(frozen=True, eq=False)
class Gravity:
    r"""A fitted gravity model of the ties of all pairs of places.

    Parameters
    ----------
    coefficients : pandas.DataFrame
        Indexed by term: `intercept`, `log_sizes`, `log_km` and, if asked for, `same_country`. Columns: `estimate`;
        `std_error`, robust against any variance of the counts but taking pairs to be independent (sandwich, HC0);
        `std_error_dyadic`, which lets pairs that share a place depend on each other (NaN where that estimate of the
        variance is not positive, as may be with few places). Judge by the larger of the two.
    deviance_explained : float
        1 - deviance / deviance of a constant, 0 to 1.
    n_places : int
        Places in the fit.
    n_pairs : int
        Pairs in the fit, those without a tie included.
    left_out : tuple of str
        Ids of the places that had no coordinates, no positive size or, if it was asked for, no country.
    size : str
        What the size of a place is.
    domestic : bool
        Whether pairs of one country have a term of their own.
    floor_km : float
        Shorter distances count as this long.
    """

    coefficients: pd.DataFrame
    deviance_explained: float
    n_places: int
    n_pairs: int
    left_out: tuple[str, ...]
    size: str
    domestic: bool
    floor_km: float

    def __repr__(self) -> str:
        """Say what was found."""
        terms = ", ".join(f"{name} {value:.3g}" for name, value in self.coefficients["estimate"].items())
        return f"<Gravity: {self.n_pairs:,} pairs of {self.n_places:,} places, {terms}>"


class _Bodies(NamedTuple):
    """What the model knows of each place."""

    able: NDArray[np.bool_]
    log_size: NDArray[np.float64]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    country: NDArray[np.int64] | None
    floor_km: float

    def among_able(self) -> "_Bodies":
        able = self.able
        country = None if self.country is None else self.country[able]
        return _Bodies(able[able], self.log_size[able], self.lat[able], self.lon[able], country, self.floor_km)

    def km(self, a: NDArray[np.integer[Any]], b: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        return great_circle_km(self.lat[a], self.lon[a], self.lat[b], self.lon[b])

    def terms(self, a: NDArray[np.integer[Any]], b: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Return the terms of pairs of places (shapes of a and b are broadcast), one row a term."""
        sizes = self.log_size[a] + self.log_size[b]
        rows = [np.ones(sizes.shape), sizes, np.log(np.maximum(self.km(a, b), self.floor_km))]
        if self.country is not None:
            rows.append((self.country[a] == self.country[b]).astype(np.float64))
        return np.stack(rows)


class _Piece(NamedTuple):
    """Some pairs of places."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    terms: NDArray[np.float64]
    weight: NDArray[np.float64]


def fit(network: Network, *, size: str = "works", domestic: bool = False, floor_km: float = 10.0) -> Gravity:
    r"""Fit the ties of all pairs of places to their sizes and distances.

    .. math:: E[c_{ij}] = \exp(\beta_0) \, (m_i m_j)^{\beta_1} \, d_{ij}^{\beta_2} \, \exp(\beta_3 \, [same\ country])

    by Poisson (pseudo-)maximum likelihood over all pairs of places, those without a tie included: taking logarithms
    of the ties would lose these, and bias the rest. The estimates are right if the mean is, whatever the distribution
    of the ties, so that weights need not be counts. The maximum is found by Newton steps, in pieces of some 260,000
    pairs: memory does not grow with their number.

    Parameters
    ----------
    network : Network
        Weights of any counting; places with `lat` and `lon`.
    size : str
        What m is: "strength" (sum of the weights of a place, which then appear on both sides) or a column of the
        place table with numbers, such as "works".
    domestic : bool
        Whether pairs of the same `country` get a factor of their own.
    floor_km : float
        Distances below it count as this long: two places on one spot would else be infinitely near, and a city is
        some 10 km across itself.

    Returns
    -------
    Gravity
        Coefficients with standard errors, and what was left out: places without coordinates, without a positive size
        or, with `domestic`, without a country. Scaling all weights moves the intercept only.

    Raises
    ------
    UnknownNameError
        If the place table has no such column.
    NetworkError
        If sizes are no numbers, `floor_km` is not positive, fewer places are left than needed, no tie is, a term is
        the same for all pairs or follows from others, or the maximum lies at infinity (no tie abroad, or none at home,
        with `domestic`).

    References
    ----------
    Santos Silva and Tenreyro (2006), The log of gravity, Review of Economics and Statistics 88; Cameron and Miller
    (2014), Robust inference for dyadic data; Ponds, van Oort and Frenken (2007), The geographical and institutional
    proximity of research collaboration, Papers in Regional Science 86.
    """
    if not 0 < floor_km < np.inf:
        raise NetworkError(f"floor_km must be a positive number of km, not {floor_km}")
    everyone = _bodies(network, size, domestic=domestic, floor_km=floor_km)
    bodies = everyone.among_able()
    rows = np.flatnonzero(everyone.able)
    ties = network.upper[rows][:, rows]
    names = ["intercept", "log_sizes", "log_km", *(["same_country"] if domestic else [])]
    if len(rows) < 3:
        raise NetworkError(
            f"a gravity model needs three places with coordinates and {size}, not {len(rows)} of {network.n_places}"
        )
    _check_terms(bodies, ties, names)
    estimate, deviance, null = _maximum(bodies, ties, len(names))
    robust, dyadic = _standard_errors(bodies, ties, estimate)
    columns = {"estimate": estimate, "std_error": robust, "std_error_dyadic": dyadic}
    return Gravity(
        coefficients=pd.DataFrame(columns, index=pd.Index(names, name="term")),
        deviance_explained=float(1 - deviance / null) if null > 0 else 0.0,
        n_places=len(rows),
        n_pairs=len(rows) * (len(rows) - 1) // 2,
        left_out=tuple(network.ids[~everyone.able]),
        size=size,
        domestic=domestic,
        floor_km=float(floor_km),
    )


def table(network: Network, gravity: Gravity | None = None) -> pd.DataFrame:
    """List the links with their distance and the weight that the model expects.

    Parameters
    ----------
    network : Network
        Any network with the columns that the model needs.
    gravity : Gravity, optional
        The model, of this network or of another one (an earlier year, say); default: `fit(network)`.

    Returns
    -------
    pandas.DataFrame
        The links in network order: `source`, `target`, `weight`, `km`, `expected` and `ratio` (weight over expected;
        1 as strong as size and distance suggest, 2 twice as strong). NaN where the model lacks data of a place.

    Examples
    --------
    >>> import pandas as pd
    >>> from innovation_graph import Network
    >>> places = pd.DataFrame(
    ...     {"lat": [39.9, 42.4, 48.9, 51.5], "lon": [116.4, -71.1, 2.4, -0.1], "works": [900.0, 400, 500, 600]},
    ...     index=["beijing", "boston", "paris", "london"],
    ... )
    >>> joint = [[0, 40, 20, 45], [40, 0, 25, 60], [20, 25, 0, 80], [45, 60, 80, 0]]
    >>> table(Network.from_matrix(joint, places)).round({"km": 0, "expected": 1, "ratio": 2})
        source  target  weight       km  expected  ratio
    0  beijing  boston    40.0  10833.0      34.5   1.16
    1  beijing   paris    20.0   8211.0      37.2   0.54
    2  beijing  london    45.0   8140.0      37.6   1.20
    3   boston   paris    25.0   5533.0      39.7   0.63
    4   boston  london    60.0   5266.0      40.5   1.48
    5    paris  london    80.0    339.0      80.4   0.99
    """
    gravity = gravity or fit(network)
    bodies = _bodies(network, gravity.size, domestic=gravity.domestic, floor_km=gravity.floor_km)
    first, second, weight = network.pairs
    known = bodies.able[first] & bodies.able[second]
    km, expected = bodies.km(first, second), np.full(len(weight), np.nan)
    estimate = gravity.coefficients["estimate"].to_numpy()
    expected[known] = np.exp(estimate @ bodies.terms(first[known], second[known]))
    return network.links().assign(km=km, expected=expected, ratio=weight / expected)


def relative_intensity(network: Network, gravity: Gravity | None = None) -> Network:
    """Divide each weight by the one that the gravity model expects.

    Parameters
    ----------
    network : Network
        Any network with the columns that the model needs.
    gravity : Gravity, optional
        The model, of this network or of another one; default: `fit(network)`.

    Returns
    -------
    Network
        The same places, and the links whose two places are in the model, with `ratio` of `table` as weight; it does
        not change when all weights are scaled. `provenance["weights"]` is `"relative intensity"`, `["gravity"]` tells
        the model and `["links_left_out"]` counts the links it could not judge.
    """
    gravity = gravity or fit(network)
    ratio = table(network, gravity)["ratio"].to_numpy()
    known = np.isfinite(ratio)
    model = {
        "size": gravity.size,
        "floor_km": gravity.floor_km,
        **gravity.coefficients["estimate"].to_dict(),
    }
    about = {"weights": "relative intensity", "gravity": model, "links_left_out": int((~known).sum())}
    upper = network.keep_links(known).upper
    weighted = sparse.csr_array((ratio[known], upper.indices, upper.indptr), shape=upper.shape)
    return Network(network.places, weighted, {**network.provenance, **about})


def _bodies(network: Network, size: str, *, domestic: bool, floor_km: float) -> _Bodies:
    places = network.places
    if size == "strength":
        mass = network.adjacency.sum(axis=1)
    elif size not in places:
        raise UnknownNameError("size", size, ["strength", *places.columns])
    else:
        try:
            mass = pd.to_numeric(places[size]).to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise NetworkError(f"column {size!r} of the place table must hold numbers to be a size: {error}") from error
    lat, lon = places["lat"].to_numpy(), places["lon"].to_numpy()
    able = np.isfinite(lat) & np.isfinite(lon) & (mass > 0) & (mass < np.inf)
    country = None
    if domestic:
        country = pd.factorize(places["country"])[0].astype(np.int64)
        able &= country >= 0
    return _Bodies(able, np.log(np.where(able, mass, 1)), lat, lon, country, floor_km)


def _pieces(bodies: _Bodies, ties: sparse.csr_array) -> Iterator[_Piece]:
    """Go through all pairs of places: their two ends, their terms and their ties."""
    n = len(bodies.able)
    step = max(1, _PAIRS_AT_ONCE // n)
    for start in range(0, n - 1, step):
        rows = np.arange(start, min(start + step, n))
        columns = np.arange(start + 1, n)
        mask = columns > rows[:, None]
        first, second = np.nonzero(mask)
        terms = bodies.terms(rows[:, None], columns)[:, mask]
        weight = ties[start : start + step, start + 1 :].toarray()[mask]
        yield _Piece(first + start, second + start + 1, terms, weight)


def _check_terms(bodies: _Bodies, ties: sparse.csr_array, names: list[str]) -> None:
    products, explained = np.zeros((len(names), len(names))), np.zeros(len(names))
    centre = bodies.terms(np.array([0]), np.array([1]))
    centre[0] = 0
    for piece in _pieces(bodies, ties):
        terms = piece.terms - centre
        products += terms @ terms.T
        explained += piece.terms @ piece.weight
    if explained[0] == 0:
        raise NetworkError("no two places that the gravity model knows are linked; it needs ties to explain")
    mean = products[0] / products[0, 0]
    spread = products[1:, 1:] / products[0, 0] - np.outer(mean[1:], mean[1:])
    deviation = np.sqrt(np.maximum(np.diag(spread), 0))
    flat = [name for name, value in zip(names[1:], deviation, strict=True) if value < 1e-9]
    if flat:
        raise NetworkError(f"{' and '.join(flat)}: the same for all pairs of places, so that no effect can be seen")
    if np.linalg.eigvalsh(spread / np.outer(deviation, deviation))[0] < 1e-9:
        raise NetworkError(f"{', '.join(names[1:])}: one follows from the others, so that effects cannot be told apart")
    if "same_country" in names and explained[-1] in (0, explained[0]):
        where = "inside" if explained[-1] == 0 else "between"
        raise NetworkError(f"no tie {where} countries: the effect of the same country has no finite value")


def _maximum(bodies: _Bodies, ties: sparse.csr_array, n_terms: int) -> tuple[NDArray[np.float64], float, float]:
    """Return the estimate, its deviance and that of a constant."""
    n = len(bodies.able)
    pairs, total = n * (n - 1) // 2, float(ties.data.sum())
    mean = total / pairs
    null = 2 * float(special.kl_div(ties.data, mean).sum() + (pairs - ties.nnz) * mean)
    # The first step starts between the ties and their mean, not from coefficients.
    score, information = np.zeros(n_terms), np.zeros((n_terms, n_terms))
    for piece in _pieces(bodies, ties):
        mu = (piece.weight + mean) / 2
        score += piece.terms @ (mu * np.log(mu) + piece.weight - mu)
        information += (piece.terms * mu) @ piece.terms.T
    estimate = _step(information, score)
    deviance, score, information = _slope(bodies, ties, estimate)
    if not deviance <= null:  # true for NaN too
        estimate = np.zeros(n_terms)
        estimate[0] = np.log(mean)
        deviance, score, information = _slope(bodies, ties, estimate)
    for _ in range(_STEPS):
        step = _step(information, score)
        if score @ step <= _EXACT * total:
            return estimate + step, deviance, null
        tried = _slope(bodies, ties, estimate + step)
        while not tried[0] <= deviance + _EXACT * total:
            step = step / 2
            tried = _slope(bodies, ties, estimate + step)
        estimate = estimate + step
        deviance, score, information = tried
    raise NetworkError(_NO_MAXIMUM)


def _step(information: NDArray[np.float64], score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve for the step of Newton; where the likelihood only levels off, the information runs out first."""
    scale = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    scaled = information / np.outer(scale, scale)
    if np.linalg.eigvalsh(scaled)[0] < _FLAT:
        raise NetworkError(_NO_MAXIMUM)
    return np.asarray(np.linalg.solve(scaled, score / scale) / scale)


def _slope(
    bodies: _Bodies, ties: sparse.csr_array, estimate: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return deviance, score and information at an estimate; the deviance is NaN where the model overflows."""
    deviance, score, information = 0.0, np.zeros(len(estimate)), np.zeros((len(estimate),) * 2)
    for piece in _pieces(bodies, ties):
        height = estimate @ piece.terms
        if height.max() > _HIGHEST:
            return np.nan, score, information
        mu = np.exp(height)
        deviance += 2 * float(special.kl_div(piece.weight, mu).sum())
        score += piece.terms @ (piece.weight - mu)
        information += (piece.terms * mu) @ piece.terms.T
    return deviance, score, information


def _standard_errors(
    bodies: _Bodies, ties: sparse.csr_array, estimate: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n, n_terms = len(bodies.able), len(estimate)
    information, alone, of_place = np.zeros((n_terms, n_terms)), np.zeros((n_terms, n_terms)), np.zeros((n_terms, n))
    for piece in _pieces(bodies, ties):
        mu = np.exp(estimate @ piece.terms)
        information += (piece.terms * mu) @ piece.terms.T
        score = piece.terms * (piece.weight - mu)
        alone += score @ score.T
        for term, values in enumerate(score):
            for ends in (piece.first, piece.second):
                of_place[term] += np.bincount(ends, weights=values, minlength=n)
    bread = np.linalg.inv(information)
    # A pair meets itself at both of its ends, any other pair with a place in common once.
    shared = of_place @ of_place.T - alone
    variances = (np.diag(bread @ meat @ bread) for meat in (alone, shared))
    robust, dyadic = (np.sqrt(np.where(variance > 0, variance, np.nan)) for variance in variances)
    return robust, dyadic
