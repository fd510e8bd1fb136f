"""Stability: how far communities agree with each other, from run to run and from resolution to resolution.

A single partition says nothing about how certain it is. An ensemble holds the partitions of many runs,
or of many replicates of the data; from it come the division that all of them agree on, the share of runs
in which each place keeps to its community, and a scan over resolutions. Runs that differ only by chance
show how undecided the algorithm is, not how uncertain the data are: for that, give the partitions of
resampled networks to `Ensemble.of`.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from innovation_graph._consensus import medoid, reclustered
from innovation_graph._overlap import SAME, agreement_of, as_labels, codes_of, in_order, overlap
from innovation_graph._searches import DRAWN, best_of, draws, options_of
from innovation_graph.communities import ALGORITHMS, modularity
from innovation_graph.ensemble import Ensemble
from innovation_graph.errors import NetworkError, RecipeError, UnknownNameError
from innovation_graph.network import Network
from innovation_graph.partition import Partition, canonical

__all__ = ["Ensemble", "agreement", "compare", "consensus", "ensemble", "place_stability", "resolution_scan"]

_NEAR = 0.95  # NMI from which neighbouring resolutions count as giving the same communities
_STRETCH = 3
_METHODS = ("reclustered", "medoid")


def compare(a: Partition | pd.Series, b: Partition | pd.Series) -> pd.Series:
    r"""Measure how far two divisions of the same places agree; the numbers of communities do not matter.

    ======================  =========================================================================
    measure                 what it is
    ======================  =========================================================================
    `nmi`                   :math:`2 I / (H_a + H_b)`, normalised mutual information (arithmetic
                            mean): 0 to 1; 1 if both have a single community
    `adjusted_rand`         pairs of places on which both agree, beyond what sizes alone would give:
                            1 if equal, about 0 by chance, can be negative
    `variation`             :math:`H_a + H_b - 2 I`, variation of information in bits: a distance,
                            0 if equal, up to :math:`\log_2 n`
    `variation_normalised`  the same, divided by :math:`\log_2 n`: 0 to 1
    ======================  =========================================================================

    The first rises with the number of communities even by chance, the second does not.

    Parameters
    ----------
    a, b : Partition or pandas.Series
        Community of each place, indexed by place id, in any order; labels of any kind.

    Returns
    -------
    pandas.Series
        The four measures. Of fewer than two places: 1, 1, 0 and 0.

    Raises
    ------
    NetworkError
        If the two are not about the same places, or a label is missing.

    References
    ----------
    Danon et al. (2005), Comparing community structure identification; Hubert and Arabie (1985),
    Comparing partitions; Meila (2007), Comparing clusterings: an information based distance.

    Examples
    --------
    >>> import pandas as pd
    >>> halves = pd.Series([1, 1, 2, 2], index=list("abcd"))
    >>> compare(halves, pd.Series(["x", "x", "y", "z"], index=list("abcd"))).round(4).to_dict()
    {'nmi': 0.8, 'adjusted_rand': 0.5714, 'variation': 0.5, 'variation_normalised': 0.25}
    """
    first = as_labels(a, "the first partition")
    second = in_order(as_labels(b, "the second partition"), first.index, "the second partition")
    return pd.Series(
        agreement_of(codes_of(first, "the first partition"), codes_of(second, "the second partition")), name="value"
    )


def ensemble(
    network: Network, *, runs: int = 100, algorithm: str = "leiden", seed: int = 0, **options: Any
) -> Ensemble:
    """Run an algorithm many times; every run counts, not only the best.

    Parameters
    ----------
    network : Network
        Any network.
    runs : int
        Number of single runs.
    algorithm : {"leiden", "louvain", "infomap", "label_propagation"}
        One in which chance plays a part; runs of the others do not differ.
    seed : int
        The same seed gives the same runs: the first ten are those `communities.leiden` chooses from.
    **options : object
        The other parameters of that function, without `runs`.

    Returns
    -------
    Ensemble
        One partition a run, in the order of the runs.

    Raises
    ------
    UnknownNameError
        If there is no such algorithm or no such option.
    RecipeError
        If nothing is drawn in this algorithm, or runs is below 1.

    Examples
    --------
    >>> from innovation_graph import Network
    >>> ensemble(Network.from_matrix([[0, 2, 0], [2, 0, 0], [0, 0, 0]]), runs=5)
    <Ensemble: 5 runs, 3 places, 1 different partitions>
    """
    parameters = _options(algorithm, options)
    found = draws(network, algorithm, runs=runs, seed=seed, **parameters)
    return Ensemble(
        np.array([labels for labels, _, _ in found]).reshape(runs, network.n_places),
        network.ids,
        {"algorithm": algorithm, **parameters, "runs": runs},
        seed,
        network.provenance,
    )


def agreement(ensemble: Ensemble) -> pd.Series:
    """Average the measures of `compare` over all pairs of runs.

    Parameters
    ----------
    ensemble : Ensemble
        Partitions of the same places.

    Returns
    -------
    pandas.Series
        `nmi`, `adjusted_rand`, `variation` (bits) and `variation_normalised`; 1, 1, 0 and 0 for a single run.
    """
    rows, counts = ensemble.counted()
    pairs = ensemble.runs * (ensemble.runs - 1) / 2
    alike = (counts * (counts - 1) / 2).sum()
    total = {name: value * alike for name, value in SAME.items()}
    labels = ensemble.labels - 1
    for i in range(len(rows)):
        for j in range(i):
            for name, value in agreement_of(labels[rows[i]], labels[rows[j]]).items():
                total[name] += counts[i] * counts[j] * value
    means = {name: value / pairs for name, value in total.items()} if pairs else SAME
    return pd.Series(means, name="value")


def consensus(
    ensemble: Ensemble,
    network: Network | None = None,
    *,
    method: Literal["reclustered", "medoid"] = "reclustered",
    threshold: float = 0.5,
    runs: int = 20,
    seed: int = 0,
) -> Partition:
    """Find the division that the runs agree on.

    ===============  ======================================================================================
    method           what is done
    ===============  ======================================================================================
    `"reclustered"`  the share of runs in which two places are together becomes the weight of a link between
                     them, if it is at least `threshold`; a place without any such link keeps its strongest
                     one, the first of several. Leiden (modularity) divides this network `runs` times, and so
                     on with those runs, until all are equal
    `"medoid"`       that of the runs with the smallest mean variation of information to the others, the
                     first of several; one that has really occurred, slow for many different runs
    ===============  ======================================================================================

    Parameters
    ----------
    ensemble : Ensemble
        Partitions of the same places.
    network : Network, optional
        The network they are about; gives the modularity of the result. For more than 2,000 places it is
        needed, and then only linked pairs of places are looked at instead of all pairs.
    method : {"reclustered", "medoid"}
        See the table.
    threshold : float
        Above 0, up to 1. Without effect on a medoid, as `runs` and `seed`.
    runs : int
        Runs in each round.
    seed : int
        The same seed gives the same communities.

    Returns
    -------
    Partition
        Objective: minus the mean variation of information to the runs, in bits. Modularity: None without
        a network. `parameters["rounds"]` tells how often was divided, 0 if all runs were equal.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    RecipeError
        If the threshold is out of range, or runs is below 1.
    NetworkError
        If the network has other places, or is missing and there are too many places.

    Warns
    -----
    RuntimeWarning
        If the runs are not equal after 50 rounds; then the most frequent one is taken.

    References
    ----------
    Lancichinetti and Fortunato (2012), Consensus clustering in complex networks; for pairs with links
    only: Tandon et al. (2019), Fast consensus clustering in complex networks.
    """
    if method not in _METHODS:
        raise UnknownNameError("method", method, _METHODS)
    if not 0 < threshold <= 1 or runs < 1:
        raise RecipeError(f"consensus needs threshold above 0 and up to 1 and runs >= 1, not {threshold} and {runs}")
    if network is not None and list(network.ids) != list(ensemble.places):
        raise NetworkError("ensemble and network must have the same places in the same order")
    how: dict[str, Any] = {"algorithm": "consensus", "method": method}
    if method == "medoid":
        found = medoid(ensemble)
    else:
        found, rounds = reclustered(ensemble, network, threshold, runs, seed)
        how |= {"threshold": float(threshold), "runs": runs, "rounds": rounds}
    labels = pd.Series(canonical(found), index=ensemble.places)
    rows, counts = ensemble.counted()
    away = [agreement_of(found - 1, ensemble.labels[row] - 1)["variation"] for row in rows]
    return Partition(
        labels,
        {
            "modularity": None if network is None else modularity(network, labels),
            "objective": 0.0 - float(np.dot(counts, away)) / ensemble.runs,
        },
        {**how, "of": dict(ensemble.parameters)},
        seed,
        ensemble.provenance,
    )


def place_stability(partition: Partition | pd.Series, ensemble: Ensemble) -> pd.DataFrame:
    r"""Tell in what share of the runs each place is in its community.

    In each run the communities are matched to those of the partition one to one, so that as many
    places as possible are in matched communities; of several such matchings the one with the largest
    sum of Jaccard indices counts. A place is "in its community" in a run if it is in the community
    matched to its own. If a run joins two communities, only one of them is matched; if it splits one,
    only one part is.

    Parameters
    ----------
    partition : Partition or pandas.Series
        The communities in question.
    ensemble : Ensemble
        Partitions of the same places.

    Returns
    -------
    pandas.DataFrame
        Indexed by place, in the order of the partition: `community`, `in_community` (share of the runs,
        0 to 1) and `with_fellows` (mean share of the runs in which the place is together with another
        member of its community, 0 to 1; NA for a place by itself).

    Raises
    ------
    NetworkError
        If partition and ensemble are not about the same places, or a label is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> runs = Ensemble.of([[1, 1, 2, 2], [1, 1, 2, 2], [1, 1, 1, 2], [1, 1, 2, 2]], list("abcd"))
    >>> place_stability(pd.Series([1, 1, 2, 2], index=list("abcd")), runs)["in_community"].tolist()
    [1.0, 1.0, 0.75, 1.0]
    """
    labels = as_labels(partition, "the partition")
    in_order(labels, ensemble.places, "the partition")
    codes = codes_of(labels, "the partition")
    at = ensemble.places.get_indexer(labels.index)
    inside, together = np.zeros(len(codes)), np.zeros(len(codes))
    for row, count in zip(*ensemble.counted(), strict=True):
        shared = overlap(codes, ensemble.labels[row][at] - 1)
        inside += count * shared.matched()[shared.pair_of]
        together += count * (shared.places[shared.pair_of] - 1)
    fellows = np.bincount(codes)[codes] - 1 if len(codes) else np.zeros(0)
    return pd.DataFrame(
        {
            "community": labels.to_numpy(),
            "in_community": inside / ensemble.runs,
            "with_fellows": together / ensemble.runs / np.where(fellows > 0, fellows, np.nan),
        },
        index=pd.Index(labels.index, dtype="str", name="place_id"),
    )


def resolution_scan(
    network: Network,
    resolutions: ArrayLike | None = None,
    *,
    runs: int = 20,
    algorithm: str = "leiden",
    seed: int = 0,
    **options: Any,
) -> pd.DataFrame:
    """Find communities at many resolutions, and tell where they are stable: a help to choose one.

    A resolution is worth choosing where runs agree (`variation` small) and neighbouring resolutions
    give the same communities (a long plateau). A plateau is a stretch of at least 3 resolutions whose
    best partitions have, from one to the next, as many communities and an NMI of at least 0.95, and at
    least two communities of more than one place: that very low resolutions join all says nothing.

    Parameters
    ----------
    network : Network
        Any network.
    resolutions : array, optional
        Resolutions, rising; default: 21 from 0.25 to 4, each the same factor above the one before.
    runs : int
        Number of runs at each resolution, with the same seed.
    algorithm : {"leiden", "louvain"}
        One that has a resolution.
    seed : int
        Seed of the random generator.
    **options : object
        The other parameters of that function.

    Returns
    -------
    pandas.DataFrame
        Indexed by `resolution`: `communities`, `communities_with_links` (those of more than one place)
        and `modularity` (at resolution 1) of the best run; `different` (partitions among the runs);
        `variation` and `nmi` (means over pairs of runs, bits and 0 to 1, see `compare`); `nmi_before` and
        `nmi_after` (best run against those at the neighbouring resolutions; NA at the ends); `plateau`
        (number of the plateau, counted from 1; 0: none).

    Raises
    ------
    UnknownNameError
        If there is no such algorithm or option, or the algorithm has no resolution.
    RecipeError
        If the resolutions do not rise, one is negative, or runs is below 1.
    """
    steps = 2 ** np.linspace(-2, 2, 21) if resolutions is None else np.asarray(resolutions, dtype=float)
    if steps.ndim != 1 or not len(steps) or np.any(~np.isfinite(steps)) or np.any(np.diff(steps) <= 0):
        raise RecipeError("resolution_scan needs one or more resolutions that rise")
    rows, best = [], []
    for resolution in steps.tolist():
        parameters = _options(algorithm, {**options, "resolution": resolution})
        found = draws(network, algorithm, runs=runs, seed=seed, **parameters)
        runs_here = Ensemble(np.array([labels for labels, _, _ in found]).reshape(runs, network.n_places), network.ids)
        labels = canonical(best_of(found)[0])
        best.append(labels - 1)
        sizes = np.bincount(labels)[1:] if len(labels) else np.zeros(0)
        means = agreement(runs_here)
        score = modularity(network, pd.Series(labels, index=network.ids))
        rows.append(
            {
                "communities": len(sizes),
                "communities_with_links": int((sizes > 1).sum()),
                "modularity": np.nan if score is None else score,
                "different": len(runs_here.counted()[0]),
                "variation": means["variation"],
                "nmi": means["nmi"],
            }
        )
    table = pd.DataFrame(rows, index=pd.Index(steps, name="resolution"))
    near = [agreement_of(one, other)["nmi"] for one, other in pairwise(best)]
    counts = pairwise(zip(table["communities"], table["communities_with_links"], strict=True))
    same = [nmi >= _NEAR and a == b and linked > 1 for nmi, ((a, linked), (b, _)) in zip(near, counts, strict=True)]
    return table.assign(nmi_before=[np.nan, *near], nmi_after=[*near, np.nan], plateau=_plateaus(same))


def _options(algorithm: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if algorithm not in ALGORITHMS:
        raise UnknownNameError("algorithm", algorithm, ALGORITHMS)
    if algorithm not in DRAWN:
        raise RecipeError(f"{algorithm} draws nothing, all its runs would be equal; take one of {', '.join(DRAWN)}")
    options = options_of(algorithm, ALGORITHMS[algorithm], given)
    return {name: value for name, value in options.items() if name not in ("runs", "seed")}


def _plateaus(same: list[bool]) -> list[int]:
    numbers, count, start = [0] * (len(same) + 1), 0, 0
    for end in range(len(same) + 1):
        if end < len(same) and same[end]:
            continue
        if end - start + 1 >= _STRETCH:
            count += 1
            numbers[start : end + 1] = [count] * (end - start + 1)
        start = end + 1
    return numbers
