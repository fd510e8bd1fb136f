r"""Which uncertain choice, and which indicator, the result hangs on: shares of its variance.

Of a result Y that depends on independent inputs, the first-order (Sobol) index of input i is the share of the variance
that would vanish if i were known, the total index the share that would remain if all others were known:

.. math:: S_i = \frac{V(E(Y \mid x_i))}{V(Y)} \qquad T_i = 1 - \frac{V(E(Y \mid x_{\sim i}))}{V(Y)}

Without interactions both sum to 1; T - S is what the input does together with others.

References
----------
Saltelli, Annoni, Azzini, Campolongo, Ratto and Tarantola (2010), Variance based sensitivity analysis of model output,
Computer Physics Communications 181; Jansen (1999), Analysis of variance designs for model output, ibid. 117; Paruolo,
Saisana and Saltelli (2013), Ratings and rankings: voodoo or science?, Journal of the Royal Statistical Society A 176.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index._choices import Choices
from innovation_graph.index._groups import check_node, one_group
from innovation_graph.index._set_up import set_up
from innovation_graph.index._smooth import explained
from innovation_graph.index.scores import Scores

__all__ = ["OUTPUTS", "correlation_ratio", "importance", "sobol", "sobol_indices"]

OUTPUTS: tuple[str, ...] = ("mean_shift", "rank", "score")
"""Names of the results that can be taken apart."""

_Floats = NDArray[np.float64]
_FLAT = 1e-12


def sobol(
    scores: Scores,
    choices: Choices,
    *,
    output: str = "mean_shift",
    places: Sequence[str] | None = None,
    samples: int = 1024,
    network: Mapping[str, pd.DataFrame] | None = None,
    node: str | None = None,
    group: str | None = None,
    level: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> pd.DataFrame:
    """Tell which uncertain choice moves ranks or scores.

    The inputs are the choices as groups: all weights are one input, all noise another, the network's replicates
    another, each step with alternative methods one.

    Parameters
    ----------
    scores : Scores
        The nominal scores.
    choices : Choices
        What varies; at least two choices.
    output : {"mean_shift", "rank", "score"}
        "mean_shift": mean over the places of the absolute distance from the nominal rank. "rank" and "score": of
        each place.
    places : sequence of str, optional
        Places whose rank or score is looked at; default: all.
    samples : int
        A power of 2; the index is scored samples x (choices + 2) times.
    network : mapping of str to pandas.DataFrame, optional
        As for `sensitivity.monte_carlo`.
    node : str, optional
        Whose ranks and scores; default: the root.
    group : str, optional
        Which group, if the definition scores groups apart.
    level : float
        Of the confidence intervals, 0 to 1.
    seed : int
        From 0 on.
    threads : int, optional
        Default: as many as there are processors, at most 8.

    Returns
    -------
    pandas.DataFrame
        As of `sobol_indices`: one row an output ("mean_shift", or a place) and choice. A place whose rank never
        changes has no variance to take apart: NaN.

    Raises
    ------
    UnknownNameError
        If an output, a place, a method, a node or a group does not exist.
    ScoringError
        If fewer than two things are uncertain, or a combination of the choices cannot be scored: shares of a
        variance need every combination.
    """
    if output not in OUTPUTS:
        raise UnknownNameError("output", output, OUTPUTS)
    experiment = set_up(scores, choices, network=network, node=node, group=group, seed=seed)
    nominal = experiment.scores.ranks[experiment.node].astype("Float64").to_numpy(np.float64, na_value=np.nan)
    ids = experiment.scores.scores.index
    wanted = ids if places is None else pd.Index(list(places))
    for place in wanted.difference(ids):
        raise UnknownNameError("place", place, ids)
    at = ids.get_indexer(wanted)

    def results(points: _Floats) -> _Floats:
        found = experiment.run(points.T, threads=threads)
        failed = found.reasons[found.reasons != ""]
        if len(failed):
            why = pd.Series(failed).mode()[0]
            raise ScoringError(
                f"{len(failed):,} of {len(points.T):,} scorings failed, most often: {why}. Shares of a variance need "
                "every combination of the choices; leave out alternatives that do not go together"
            )
        if output == "mean_shift":
            return np.asarray(np.nanmean(np.abs(found.ranks - nominal), axis=1)[None])
        return (found.ranks if output == "rank" else found.scores)[:, at].T

    names = ["mean_shift"] if output == "mean_shift" else wanted.tolist()
    return sobol_indices(results, experiment.factors, names, samples=samples, level=level, seed=seed)


def sobol_indices(
    function: Callable[[_Floats], _Floats],
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    samples: int = 1024,
    level: float = 0.95,
    resamples: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """Take the variance of any function of independent inputs apart.

    Parameters
    ----------
    function : callable
        Takes points in [0, 1), shape (inputs, points), and returns shape (outputs, points). An input that is not
        uniform comes from its inverse distribution function.
    inputs, outputs : sequence of str
        Their names; at least two inputs.
    samples : int
        A power of 2: points of a scrambled Sobol sequence, twice. The function is asked for
        samples x (inputs + 2) points.
    level : float
        Of the confidence intervals, 0 to 1.
    resamples : int
        Of the bootstrap over the samples.
    seed : int
        From 0 on.

    Returns
    -------
    pandas.DataFrame
        One row an output and input: `first`, `first_low`, `first_high`, `total`, `total_low`, `total_high`. First
        order by Saltelli et al. (2010), total by Jansen; intervals are percentiles of the bootstrap, which takes
        samples as independent and is too wide rather than too short for a Sobol sequence. Estimates near 0 may be
        slightly negative. NaN where an output does not vary.

    Raises
    ------
    ScoringError
        If there are fewer than two inputs, samples are no power of 2, the level is not between 0 and 1, or a
        result is not finite.

    Examples
    --------
    >>> sobol_indices(lambda x: x[:1] + 2 * x[1:], ["x", "y"], ["z"], samples=4096)["first"].round(2).tolist()
    [0.2, 0.8]
    """
    d = len(inputs)
    if d < 2:
        raise ScoringError(f"shares of a variance need at least two uncertain choices, got {list(inputs)}")
    if samples < 2 or samples & (samples - 1):
        raise ScoringError(f"samples must be a power of 2, not {samples}")
    if not 0 < level < 1:
        raise ScoringError(f"level must lie between 0 and 1, not {level}")
    from scipy.stats import qmc  # noqa: PLC0415 - heavy

    rng = np.random.default_rng([seed, 1])
    first, second = qmc.Sobol(2 * d, bits=53, seed=rng).random(samples).T.reshape(2, d, samples)
    mixed = np.repeat(first[None], d, axis=0)
    mixed[np.arange(d), np.arange(d)] = second
    points = np.concatenate([first[None], second[None], mixed])
    found = _asked(function, np.moveaxis(points, 1, 0).reshape(d, -1), outputs)
    f_a, f_b, *others = np.moveaxis(found.reshape(len(outputs), d + 2, samples), 1, 0)
    centre = (f_a.mean(axis=1) + f_b.mean(axis=1))[:, None] / 2
    f_a, f_b, f_ab = f_a - centre, f_b - centre, np.stack(others) - centre
    drawn = rng.multinomial(samples, np.full(samples, 1 / samples), resamples).astype(np.float64)
    weights = np.vstack([np.ones(samples), drawn]) / samples
    tail = (1 - level) / 2
    rows = []
    for number, name in enumerate(outputs):
        a, b, ab = f_a[number], f_b[number], f_ab[:, number]
        variance = weights @ (a**2 + b**2) / 2 - (weights @ (a + b) / 2) ** 2
        # What the arithmetic leaves of equal numbers is no variance.
        varies = variance[0] > (_FLAT * np.abs(centre[number, 0])) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            estimates = (
                weights @ (b * (ab - a)).T / variance[:, None],
                weights @ ((a - ab) ** 2).T / 2 / variance[:, None],
            )
        for i, label in enumerate(inputs):
            row: list[str | float] = [name, label]
            for found in estimates:
                ends = np.nanquantile(found[1:, i], [tail, 1 - tail]) if varies else [np.nan] * 2
                row += [found[0, i] if varies else np.nan, *ends]
            rows.append(row)
    numbers = [f"{kind}{end}" for kind in ("first", "total") for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["output", "input", *numbers])


def importance(
    scores: Scores, *, node: str | None = None, group: str | None = None, children: bool = False
) -> pd.DataFrame:
    """Set the weight of indicators against what they do to the scores.

    A weight says what was meant; how much a score hangs on an indicator also depends on the spread of the
    indicator and on what it correlates with. The measure is `correlation_ratio`: the share of the variance of the
    score that the indicator alone explains, along a curve, not only along a line.

    Parameters
    ----------
    scores : Scores
        Any scores.
    node : str, optional
        Code of the node whose score (before rescaling) is explained; default: the root.
    group : str, optional
        Which group, if the definition scores groups apart.
    children : bool
        Whether to look at the direct children of the node instead of all indicators below it.

    Returns
    -------
    pandas.DataFrame
        Indexed by code, in the order of the definition: `name`; `weight`, its nominal share in the node, sum 1;
        `correlation` with the node; `main_effect`, the correlation ratio, 0 to 1; `effect_share`, its share in the
        sum of all main effects, to be compared with the weight; `ratio`, effect share by weight. NaN where it
        cannot be computed.

    Raises
    ------
    UnknownNameError
        If there is no such node or group.
    ScoringError
        If the definition has groups and none is named.

    Notes
    -----
    Indicators that correlate explain the same variance: the main effects sum to more than 1. Weights are those of
    an arithmetic mean.
    """
    scores = one_group(scores, group)
    top = check_node(scores, node)
    found = _shares(scores, top, children=children)
    shares = {part.code: found[part.code] for part in scores.spec.members if part.code in found}
    values = pd.concat([scores.steps["normalised"], scores.steps["aggregated"]], axis=1)
    y = scores.steps["aggregated"][top]
    rows = {code: (scores.spec.parts[code].name, share, *_effect(values[code], y)) for code, share in shares.items()}
    columns = ["name", "weight", "correlation", "main_effect"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("code")
    table["effect_share"] = table["main_effect"] / table["main_effect"].sum()
    return table.assign(ratio=table["effect_share"] / table["weight"])


def correlation_ratio(x: _Floats | pd.Series, y: _Floats | pd.Series) -> float:
    """Return the share of the variance of y that x explains along a smooth curve, V(E(y | x)) / V(y).

    The curve is a local linear regression whose width generalised cross-validation chooses; with fewer than five
    different values of x it is the mean of y at each of them. The share is adjusted for the freedom of the curve: of
    what is independent it is about 0, not above. Time and memory grow with the square of the number of pairs.

    Parameters
    ----------
    x, y : array-like
        Pairs; those with a missing value are left out.

    Returns
    -------
    float
        0 to 1; NaN if there are fewer than three pairs, all x differ and are fewer than five, or y is constant; 0 if
        only x is constant.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 41)
    >>> round(correlation_ratio(x, x**2), 2), round(float(np.corrcoef(x, x**2)[0, 1] ** 2), 2)
    (1.0, 0.0)
    """
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    known = ~(np.isnan(first) | np.isnan(second))
    first, second = first[known], second[known]
    if len(first) < 3 or np.ptp(second) <= _FLAT * np.abs(second).max():
        return float("nan")
    if np.ptp(first) == 0:
        return 0.0
    values, which, counts = np.unique(first, return_inverse=True, return_counts=True)
    if len(values) >= 5:
        return float(np.clip(explained(first, second), 0.0, 1.0))
    left = second - (np.bincount(which, second) / counts)[which]
    free = len(second) - len(values)
    return float(np.clip(1 - (left**2).sum() / free / second.var(ddof=1), 0.0, 1.0)) if free else float("nan")


def _effect(x: pd.Series, y: pd.Series) -> tuple[float, float]:
    both = pd.concat([x, y], axis=1).dropna().to_numpy(dtype=np.float64)
    if len(both) < 3 or (np.ptp(both, axis=0) == 0).any():
        return np.nan, np.nan
    return float(np.corrcoef(both.T)[0, 1]), correlation_ratio(both[:, 0], both[:, 1])


def _shares(scores: Scores, node: str, *, children: bool) -> dict[str, float]:
    """Return the share of what lies below a node in it, by the weights that were used."""
    weights = scores.weights[node] / scores.weights[node].sum()
    if children:
        return {str(code): float(share) for code, share in weights.items()}
    found: dict[str, float] = {}
    for code, share in weights.items():
        below = _shares(scores, str(code), children=False) if code in scores.spec.children else {str(code): 1.0}
        found |= {leaf: float(share) * part for leaf, part in below.items()}
    return found


def _asked(function: Callable[[_Floats], _Floats], points: _Floats, outputs: Sequence[str]) -> _Floats:
    found = np.atleast_2d(np.asarray(function(points), dtype=np.float64))
    if found.shape != (len(outputs), points.shape[1]):
        raise ScoringError(
            f"expected results of shape {(len(outputs), points.shape[1])}, one row an output, got {found.shape}"
        )
    if not np.isfinite(found).all():
        raise ScoringError("a result is not finite (a place without a score, say): its variance cannot be taken apart")
    return found
