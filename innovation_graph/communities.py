"""Communities: groups of places with more links inside than expected."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from innovation_graph._csv import as_written, write_csv
from innovation_graph._files import check_head, write_json
from innovation_graph.errors import FormatError, NetworkError, RecipeError, UnknownNameError
from innovation_graph.network import Network
from innovation_graph.similarity import association_strength

__all__ = ["Partition", "leiden", "modularity", "names", "read_partition"]

_FORMAT = "innovation-graph partition"
_VERSION = 1
_OBJECTIVES = ("modularity", "association_strength")


@dataclass(frozen=True, eq=False)
class Partition:
    """A division of places into communities.

    Parameters
    ----------
    labels : pandas.Series
        Number of the community of each place, indexed by place id; 1 is the largest community, of
        equally large ones the one with the place that stands first. Read-only.
    quality : mapping
        `modularity` of the weights at resolution 1 and `objective`, what was made as large as
        possible; None where there are no links.
    parameters : mapping
        What the communities were made with.
    seed : int
        Seed of the random generator.
    provenance : mapping
        That of the network.
    """

    labels: pd.Series
    quality: Mapping[str, float | None]
    parameters: Mapping[str, Any]
    seed: int
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freeze the parts."""
        values = self.labels.to_numpy(dtype=np.int64, copy=True)
        values.flags.writeable = False
        index = pd.Index(self.labels.index, dtype="str", name="place_id")
        object.__setattr__(self, "labels", pd.Series(values, index=index, name="community", copy=False))
        for name in ("quality", "parameters", "provenance"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def n_communities(self) -> int:
        """Number of communities."""
        return int(self.labels.max()) if len(self.labels) else 0

    @property
    def sizes(self) -> pd.Series:
        """Number of places in each community, the largest first."""
        counts = np.bincount(self.labels.to_numpy(), minlength=self.n_communities + 1)[1:]
        return pd.Series(counts, index=pd.RangeIndex(1, self.n_communities + 1, name="community"), name="places")

    def __repr__(self) -> str:
        """Say how many communities there are and how good they are."""
        score = self.quality.get("modularity")
        shown = "no links" if score is None else f"modularity {score:.4f}"
        counts = f"{len(self.labels):,} places in {self.n_communities:,} communities"
        return f"<Partition: {counts}, {shown}, seed {self.seed}>"

    def __eq__(self, other: object) -> bool:
        """Tell whether labels, quality, parameters, seed and provenance are equal."""
        if not isinstance(other, Partition):
            return NotImplemented
        return self.labels.equals(other.labels) and self._head() == other._head()

    __hash__ = None  # type: ignore[assignment]

    def _head(self) -> dict[str, Any]:
        parts = {name: dict(getattr(self, name)) for name in ("quality", "parameters", "provenance")}
        return {**parts, "seed": self.seed}

    def write(self, path: Path | str) -> None:
        """Write the labels as CSV, and everything else as JSON under the same name.

        Parameters
        ----------
        path : str or Path
            Name of the CSV file, ending in `.csv`. It is marked where the network is synthetic.
        """
        path = _csv(path)
        write_csv(self.labels.to_frame(), path, synthetic=bool(self.provenance.get("synthetic")))
        write_json(path.with_suffix(".json"), {"format": _FORMAT, "version": _VERSION, **self._head()})


def leiden(
    network: Network,
    *,
    resolution: float = 1.0,
    objective: Literal["modularity", "association_strength"] = "modularity",
    seed: int = 0,
    runs: int = 10,
) -> Partition:
    r"""Find communities with the Leiden algorithm; the best of several runs is kept.

    ========================  ======================================================================
    objective                 made as large as possible, over pairs i, j of the same community
    ========================  ======================================================================
    `"modularity"`            :math:`\frac{1}{2m} \sum_{ij} (c_{ij} - \gamma k_i k_j / 2m)`
    `"association_strength"`  :math:`\sum_{i<j} (2 m c_{ij} / k_i k_j - \gamma)`, as VOSviewer does
    ========================  ======================================================================

    with weights :math:`c`, strengths :math:`k`, total weight :math:`m` and resolution :math:`\gamma`.
    The first lets large places weigh more, the second treats all places alike.

    Parameters
    ----------
    network : Network
        Any network; each isolate is a community of its own.
    resolution : float
        Larger values give more and smaller communities; 0 gives the components.
    objective : {"modularity", "association_strength"}
        See the table.
    seed : int
        The same seed gives the same communities; Python's and igraph's random state stay as they are.
    runs : int
        Number of runs, each until nothing improves; more runs never make the objective worse.

    Returns
    -------
    Partition
        Every place in one community.

    Raises
    ------
    UnknownNameError
        If there is no such objective.
    RecipeError
        If the resolution is negative or no number, or runs is below 1.

    References
    ----------
    Traag, Waltman and van Eck (2019), From Louvain to Leiden; Waltman, van Eck and Noyons (2010), A
    unified approach to mapping and clustering of bibliometric networks.

    Examples
    --------
    >>> import pandas as pd
    >>> from innovation_graph import Network
    >>> links = pd.DataFrame({"source": list("abacd"), "target": list("bccde")})
    >>> leiden(Network.from_edges(links, weight=None)).labels.tolist()
    [1, 1, 1, 2, 2]
    """
    if objective not in _OBJECTIVES:
        raise UnknownNameError("objective", objective, _OBJECTIVES)
    if not 0 <= resolution < np.inf or runs < 1:
        raise RecipeError(f"leiden needs resolution >= 0 and runs >= 1, not {resolution} and {runs}")
    best, score = np.arange(network.n_places), None
    if network.n_links:
        best, score = _best_of_runs(network, resolution, objective, seed, runs)
    labels = pd.Series(_canonical(best), index=network.ids)
    return Partition(
        labels=labels,
        quality={"modularity": modularity(network, labels), "objective": score},
        parameters={
            "algorithm": "leiden",
            "objective": objective,
            "resolution": float(resolution),
            "runs": runs,
        },
        seed=seed,
        provenance=network.provenance,
    )


def modularity(network: Network, labels: pd.Series, *, resolution: float = 1.0) -> float | None:
    """Weight inside communities above what strengths alone would give, as a share of all weight.

    Parameters
    ----------
    network : Network
        Any network.
    labels : pandas.Series
        Community of each place, indexed by place id, in any order.
    resolution : float
        Factor of the expected weight.

    Returns
    -------
    float or None
        -0.5 to 1 at resolution 1; None if there are no links.

    Raises
    ------
    NetworkError
        If a place has no label.

    References
    ----------
    Newman and Girvan (2004), Finding and evaluating community structure in networks.
    """
    aligned = labels.reindex(network.ids)
    missing = network.ids[aligned.isna()]
    if len(missing):
        raise NetworkError(f"{len(missing)} places have no label, the first is {missing[0]!r}")
    return _modularity(network, pd.factorize(aligned)[0], resolution) if network.n_links else None


def names(partition: Partition, network: Network) -> pd.Series:
    """Name each community after its strongest places: "London, Paris ... (41)".

    Parameters
    ----------
    partition : Partition
        Communities of the places of the network.
    network : Network
        Gives names and strengths; of equally strong places the first one is taken.

    Returns
    -------
    pandas.Series
        Names indexed by community: up to two places and the number of all.

    Raises
    ------
    NetworkError
        If partition and network are not about the same places.
    """
    if list(partition.labels.index) != list(network.ids):
        raise NetworkError("partition and network must have the same places in the same order")
    strength = network.adjacency.sum(axis=1)
    order = np.argsort(-strength, kind="stable")
    shown = pd.DataFrame({"community": partition.labels.to_numpy()[order], "name": network.names.to_numpy()[order]})
    texts = {
        community: ", ".join(group.iloc[:2]) + (" ..." if len(group) > 2 else "") + f" ({len(group)})"
        for community, group in shown.groupby("community")["name"]
    }
    return pd.Series(texts, index=partition.sizes.index, name="name", dtype="str")


def read_partition(path: Path | str) -> Partition:
    """Read what `Partition.write` wrote.

    Parameters
    ----------
    path : str or Path
        The CSV file; the JSON file lies beside it.

    Returns
    -------
    Partition
        Equal to the one that was written.

    Raises
    ------
    FormatError
        If a file is missing or not what it should be.
    """
    path = _csv(path)
    beside = path.with_suffix(".json")
    hint = "Make both with `Partition.write`."
    try:
        head = json.loads(beside.read_text(encoding="utf-8"))
        table = pd.read_csv(path, dtype={"place_id": "str", "community": "int64"}, keep_default_na=False)
        labels = pd.Series(table["community"].to_numpy(), index=pd.Index(table["place_id"].map(as_written)))
    except (OSError, ValueError, KeyError) as error:
        raise FormatError(
            path, expected=f"a partition, and {beside.name} beside it", got=str(error), hint=hint
        ) from error
    keys = ("quality", "parameters", "seed", "provenance")
    check_head(head, beside, _FORMAT, _VERSION, keys=keys, hint=hint)
    return Partition(labels, **{name: head[name] for name in keys})


def _csv(path: Path | str) -> Path:
    path = Path(path)
    if path.suffix != ".csv":
        raise FormatError(path, expected="a file name ending in .csv", got=f"{path.suffix or 'no'} ending")
    return path


def _best_of_runs(
    network: Network, resolution: float, objective: str, seed: int, runs: int
) -> tuple[NDArray[np.intp], float]:
    from innovation_graph._igraph import graph_of, seeded  # noqa: PLC0415 - igraph is loaded only when asked for

    similar = association_strength(network)
    weights = network.upper.data / network.upper.data.mean() if objective == "modularity" else similar.upper.data
    how = {
        "objective_function": "modularity" if objective == "modularity" else "CPM",
        "resolution": resolution,
    }
    graph = graph_of(network, weights=False)
    found = []
    with seeded(seed):
        for _ in range(runs):
            membership = graph.community_leiden(weights=weights.tolist(), n_iterations=-1, **how).membership
            labels = np.array(membership)
            score = (
                _modularity(network, labels, resolution)
                if objective == "modularity"
                else _similarity_inside(similar, labels, resolution)
            )
            found.append((score, labels))
    score, labels = max(found, key=lambda pair: pair[0])
    return labels, score


def _modularity(network: Network, labels: NDArray[np.intp], resolution: float) -> float:
    first, second, weight = network.pairs
    inside = weight[labels[first] == labels[second]].sum() / weight.sum()
    shares = np.bincount(labels, network.adjacency.sum(axis=1)) / (2 * weight.sum())
    return float(inside - resolution * (shares**2).sum())


def _similarity_inside(similar: Network, labels: NDArray[np.intp], resolution: float) -> float:
    first, second, weight = similar.pairs
    sizes = np.bincount(labels)
    return float(weight[labels[first] == labels[second]].sum() - resolution * (sizes * (sizes - 1) / 2).sum())


def _canonical(labels: NDArray[np.intp]) -> NDArray[np.int64]:
    codes, _ = pd.factorize(labels)  # numbered by first place
    order = np.argsort(-np.bincount(codes), kind="stable") if len(codes) else codes
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    return rank[codes]
