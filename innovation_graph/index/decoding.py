r"""Small counts read back from printed scores.

Where a node is the weighted sum of the z-scores of a few small counts, mapped by min-max, a printed score is
:math:`y = low + \sum_j s_j n_j` if the last place has none of them. The scores then lie on a lattice, and both its
steps s and the counts n of each place can be found from the scores alone. Which step belongs to which count
cannot: it takes one place whose counts are known.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize

from innovation_graph.errors import ScoringError
from innovation_graph.index._print_checks import cell

__all__ = ["Decoding", "decode"]

_Array = NDArray[np.float64]
_SMALLEST = 12
_FIRST = 6
_TRIED = 60
_WRONG = 0.01
_USED = 3
_DENSE = 0.6
_SURE = math.log(1000)
_SLACK = 1e-9


@dataclass(frozen=True, eq=False)
class Decoding:
    """Counts behind printed scores.

    Parameters
    ----------
    steps : pandas.DataFrame
        By count: `step`, points a unit; `low`, `high`: what rounding permits.
    counts : pandas.DataFrame
        Place x count, `Int64`; missing where no counts, or more than one set of them, give the printed score.
    alternatives : pandas.DataFrame
        Every set of counts that gives the printed score of its place within rounding: `place`, the counts, `off`:
        printed minus implied with the central steps. One row for a place means unique.
    tried : pandas.DataFrame
        Steps that were tried in full, the best first: `step_1`, ..., `explained`: share of the distinct scores on their
        lattice; `coverage`: share of all scores that lie on it by chance; `evidence`: log-likelihood against chance.
    anchors : pandas.DataFrame
        Known counts: `place`, `count`, `known`, `decoded`, `agrees`.
    labelled : bool
        Whether known counts decide which step belongs to which count; if not, names are in order of falling steps.
    """

    steps: pd.DataFrame
    counts: pd.DataFrame
    alternatives: pd.DataFrame
    tried: pd.DataFrame
    anchors: pd.DataFrame
    labelled: bool

    def __repr__(self) -> str:
        """Say what was decoded."""
        steps = ", ".join(f"{name} {value:.4f}" for name, value in self.steps["step"].items())
        unique = int(self.counts.notna().all(axis=1).sum())
        return (
            f"<Decoding: {steps}; {unique} of {len(self.counts)} places unique, {self.n_undecoded} not on the lattice>"
        )

    @property
    def n_undecoded(self) -> int:
        """Number of places whose printed score no counts give."""
        return len(self.counts.index.difference(self.alternatives["place"].to_list()))

    @property
    def ambiguous(self) -> pd.DataFrame:
        """Rows of `alternatives` of the places that have more than one."""
        return self.alternatives[self.alternatives["place"].duplicated(keep=False)]


def decode(
    scores: pd.Series,
    names: Sequence[str],
    *,
    known: pd.DataFrame | None = None,
    low: float = 60.0,
    decimals: int = 2,
    least_step: float = 0.2,
) -> Decoding:
    r"""Find the counts behind printed scores, and the points a unit of each.

    Candidates for steps are the smallest distinct scores, halves and thirds of them, and their differences; they must
    explain the six smallest scores with six units at most. A set of steps is followed upwards: each score on the
    lattice, and on one point of it only, makes the steps more exact by least squares. Sets are compared by their
    evidence: a score on the lattice counts -log of the share of scores that lie on it by chance (so fine lattices,
    which explain anything, count little), one off it log 0.01. The best must beat chance by log 1000 after allowing for
    the number of sets looked at. With it, the smallest score first, all counts are kept that give the printed score for
    some steps that give all scores decoded uniquely before, within rounding: an exact linear programme.

    Parameters
    ----------
    scores : pandas.Series
        Printed scores by place; missing values are left out.
    names : sequence of str
        Names of the counts, one to three.
    known : pandas.DataFrame, optional
        Known counts, place x count (columns among `names`, gaps allowed). They only decide which step is whose and
        are compared afterwards.
    low : float
        Score of a place without any.
    decimals : int
        Digits printed after the point.
    least_step : float
        Smallest points a unit that are looked for.

    Returns
    -------
    Decoding
        Steps, counts, alternatives, and what else was tried.

    Raises
    ------
    ScoringError
        If there are not one to three names, too few distinct scores, no steps explain the scores better than
        chance, or one of the steps is hardly used.

    Examples
    --------
    >>> places = ["a", "b", "c", "d", "e", "f", "g", "h"]
    >>> printed = pd.Series([60, 62.6, 61.92, 64.52, 65.21, 63.83, 74.25, 78.77], index=places)
    >>> decode(printed, ["universities", "institutes"]).counts.loc["h"].tolist()
    [5, 3]
    """
    k, half = len(names), 0.5 * 10.0**-decimals
    if not 1 <= k <= 3:
        raise ScoringError(f"expected one to three counts, got {k}: {list(names)}")
    given = scores.dropna()
    points = np.round(given.to_numpy(dtype=np.float64) - low, decimals)
    distinct = np.unique(points[points > half])
    if len(distinct) < 3 * k:
        raise ScoringError(f"{len(distinct)} distinct scores above {low:g} are too few to find {k} steps")
    candidates, looked_at = _candidates(distinct, k, half, least_step)
    tried = [_followed(np.array(steps), distinct, half) for steps in candidates]
    tried = [row for row in tried if np.isfinite(row[1])]
    tried.sort(key=lambda row: (-round(row[1], 6), *(-row[0])))
    needed = np.log(looked_at) + _SURE
    if not tried or tried[0][1] < needed:
        best = (
            f"the best has evidence {tried[0][1]:.1f}, {needed:.1f} are needed" if tried else "none fits the smallest"
        )
        raise ScoringError(
            f"no {k} steps of at least {least_step:g} points explain the scores better than chance: {best}"
        )
    steps = np.sort(tried[0][0])[::-1]
    found, ends = _exact(distinct, steps, half)
    used = np.sum([rows[0] > 0 for rows in found.values() if len(rows) == 1], axis=0)
    if (used < _USED).any():
        raise ScoringError(
            f"steps {np.round(steps, 4).tolist()} explain the scores, but only {int(used.min())} of them need one of "
            f"these: {k} counts cannot be told apart; try fewer names"
        )
    order, labelled = _labels(found, given, points, names, known)
    alternatives = _alternatives(found, points, steps, given.index, order, names)
    unique = alternatives[~alternatives["place"].duplicated(keep=False)].set_index("place")
    counts = unique[list(names)].reindex(given.index).astype("Int64")
    table = pd.DataFrame({"step": steps, "low": ends[0], "high": ends[1]}).iloc[list(order)]
    table.index = pd.Index(list(names), name="count")
    return Decoding(table, counts, alternatives, _tried_table(tried), _anchors(counts, known), labelled)


def _lattice(steps: _Array, top: float) -> NDArray[np.int64]:
    """Return all counts whose score is at most `top`, one row a point of the lattice."""
    axes = [np.arange(int(top / step) + 1) for step in steps]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(steps))
    return np.asarray(grid[grid @ steps <= top])


def _candidates(distinct: _Array, k: int, half: float, least: float) -> tuple[list[tuple[float, ...]], int]:
    """Return sets of steps that explain the smallest scores, the coarsest first, and how many were looked at."""
    small = distinct[:_SMALLEST]
    # Scores themselves are more exact than what is made of them, and come first.
    made = np.concatenate([small, small / 2, small / 3, (small[:, None] - small[None, :]).ravel()])
    values: list[float] = []
    for value in made[made >= least].tolist():
        if all(abs(value - other) > 2 * half for other in values):
            values.append(value)
    values.sort()
    sets = np.array(list(combinations(values, k))).reshape(-1, k)
    looked_at = max(1, len(sets))
    # The smallest scores are made of few units: whoever explains them may go on.
    few = _lattice(np.ones(k), 6.0)
    near = np.abs(sets @ few.T - distinct[0]) <= half * (2 + few.sum(axis=1))
    for value in distinct[1:_FIRST]:
        sets = sets[near.any(axis=1)]
        near = np.abs(sets @ few.T - value) <= half * (2 + few.sum(axis=1))
    sets = sets[near.any(axis=1)]
    # A lattice of n dimensions with steps s has about top^n / (n! prod s) points.
    points = distinct[-1] ** k / (math.factorial(k) * sets.prod(axis=1))
    sets = sets[points * 2 * half / distinct[-1] < _DENSE]
    order = np.argsort(-sets.prod(axis=1), kind="stable")
    return [tuple(sets[row].tolist()) for row in order[:_TRIED]], looked_at


def _followed(steps: _Array, distinct: _Array, half: float) -> tuple[_Array, float, float, float]:
    """Return the steps made more exact, their evidence, the share of scores explained and the chance to be so."""
    start, taken = steps, list[tuple[int, float]]()
    counts = _lattice(steps * 0.97, float(distinct[-1]))
    rows = np.empty((0, len(steps)))
    for value in distinct:
        spread = _spread(rows, counts, half)
        off = np.abs(counts @ steps - value)
        here = np.flatnonzero(off <= half + spread)
        if len(here) == 1:
            taken.append((int(here[0]), float(value)))
            rows = counts[[row for row, _ in taken]].astype(np.float64)
            if np.linalg.matrix_rank(rows) == len(steps):
                steps = np.linalg.lstsq(rows, np.array([value for _, value in taken]))[0]
    if (steps <= 0).any() or (np.abs(steps - start) > 0.1 * start).any():
        return start, -np.inf, 0.0, 1.0
    top = float(distinct[-1])
    # Once more with the final steps: on the way, much was let pass.
    allowed = half + np.minimum(_spread(rows, counts, half), half)
    on = sum(bool((np.abs(counts @ steps - value) <= allowed).any()) for value in distinct)
    coverage = min(1.0, len(_lattice(steps, top)) * 2 * half / top)
    evidence = on * -np.log(coverage) + (len(distinct) - on) * np.log(_WRONG)
    return steps, float(evidence), on / len(distinct), coverage


def _spread(rows: _Array, counts: NDArray[np.int64], half: float) -> _Array:
    """Return how far off a score may be because the steps are not exact yet: three standard errors."""
    if len(rows) < rows.shape[1] or np.linalg.matrix_rank(rows) < rows.shape[1]:
        return np.asarray(half * counts.sum(axis=1), dtype=np.float64)
    covariance = np.linalg.inv(rows.T @ rows) * half**2 / 3
    return np.asarray(3 * np.sqrt(np.einsum("ij,jk,ik->i", counts, covariance, counts)))


def _exact(
    distinct: _Array, steps: _Array, half: float
) -> tuple[dict[float, NDArray[np.int64]], tuple[_Array, _Array]]:
    """Return the counts possible for each distinct score, and the ends of the steps."""
    counts = _lattice(steps * 0.97, float(distinct[-1]) + half)
    k = len(steps)
    upper, limit = np.empty((0, k)), np.empty(0)
    box = np.stack([steps * 0.97, steps * 1.03])
    found: dict[float, NDArray[np.int64]] = {0.0: np.zeros((1, k), dtype=np.int64)}
    for last in (False, True):
        for value in distinct:
            near = counts[(counts @ box[0] <= value + half) & (counts @ box[1] >= value - half)]
            possible = [row for row in near if _feasible(row, value, upper, limit, box, half)]
            found[float(value)] = np.array(possible, dtype=np.int64).reshape(-1, k)
            if len(possible) == 1 and not last:
                row = possible[0].astype(np.float64)
                upper = np.vstack([upper, row, -row])
                limit = np.concatenate([limit, [value + half, half - value]])
                box = _box(upper, limit, box)
    return found, (box[0], box[1])


def _box(upper: _Array, limit: _Array, box: _Array) -> _Array:
    ends = box.copy()
    for step in range(box.shape[1]):
        for side, sign in enumerate((1.0, -1.0)):
            cost = np.zeros(box.shape[1])
            cost[step] = sign
            solved = optimize.linprog(cost, A_ub=upper, b_ub=limit + _SLACK, bounds=box.T, method="highs")
            ends[side, step] = sign * solved.fun if solved.success else box[side, step]
    return ends


def _feasible(  # noqa: PLR0917 - the programme in order
    row: NDArray[np.int64], value: float, upper: _Array, limit: _Array, box: _Array, half: float
) -> bool:
    both = np.vstack([upper, row, -row])
    ends = np.concatenate([limit, [value + half, half - value]]) + _SLACK
    return bool(optimize.linprog(np.zeros(len(row)), A_ub=both, b_ub=ends, bounds=box.T, method="highs").success)


def _labels(
    found: dict[float, NDArray[np.int64]],
    given: pd.Series,
    points: _Array,
    names: Sequence[str],
    known: pd.DataFrame | None,
) -> tuple[tuple[int, ...], bool]:
    """Return for each name its step, by the known counts, and whether these decide."""
    orders = list(permutations(range(len(names))))
    if known is None or len(names) == 1:
        return orders[0], len(names) == 1
    hits = []
    for order in orders:
        agree = 0
        for place in known.index.intersection(given.index):
            rows = found[float(points[given.index.get_loc(place)])]
            for name in [name for name in names if name in known.columns and pd.notna(cell(known, place, name))]:
                agree += len(rows) == 1 and int(rows[0, order[list(names).index(name)]]) == int(
                    cell(known, place, name)
                )
        hits.append(agree)
    best = int(np.argmax(hits))
    return orders[best], hits.count(max(hits)) == 1


def _alternatives(  # noqa: PLR0917 - what is known, in order
    found: dict[float, NDArray[np.int64]],
    points: _Array,
    steps: _Array,
    places: pd.Index,
    order: tuple[int, ...],
    names: Sequence[str],
) -> pd.DataFrame:
    rows = [
        (place, *row[list(order)].tolist(), float(value - row @ steps))
        for place, value in zip(places, points, strict=True)
        for row in found.get(float(value), np.zeros((1, len(steps)), dtype=np.int64))
    ]
    return pd.DataFrame(rows, columns=["place", *names, "off"])


def _tried_table(tried: list[tuple[_Array, float, float, float]]) -> pd.DataFrame:
    k = len(tried[0][0])
    rows = [(*np.sort(steps)[::-1], explained, coverage, evidence) for steps, evidence, explained, coverage in tried]
    columns = [*(f"step_{number + 1}" for number in range(k)), "explained", "coverage", "evidence"]
    table = pd.DataFrame(rows, columns=columns)
    return table[~table.iloc[:, :k].round(2).duplicated()].reset_index(drop=True)


def _anchors(counts: pd.DataFrame, known: pd.DataFrame | None) -> pd.DataFrame:
    columns = ["place", "count", "known", "decoded", "agrees"]
    if known is None:
        return pd.DataFrame(columns=columns)
    rows = []
    for name in [name for name in counts.columns if name in known.columns]:
        decoded_counts = counts[name].to_dict()
        for place, value in known[name].dropna().astype("int64").items():
            if place in counts.index:
                decoded = decoded_counts[place]
                rows.append((place, name, value, decoded, bool(pd.notna(decoded) and decoded == value)))
    return pd.DataFrame(rows, columns=columns)
