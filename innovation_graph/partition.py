"""Partition: a division of places into communities, its file and the names of its communities."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from innovation_graph._csv import as_written, write_csv
from innovation_graph._files import check_head, write_json
from innovation_graph.errors import FormatError, NetworkError, RecipeError, UnknownNameError
from innovation_graph.network import Network

__all__ = ["Partition", "canonical", "names", "numbers_of", "read_partition"]

_FORMAT = "innovation-graph partition"
_VERSION = 1
_SEPARATORS = {"name_en": ", ", "name_zh": "、"}


@dataclass(frozen=True, eq=False)
class Partition:
    """A division of places into communities.

    Parameters
    ----------
    labels : pandas.Series
        Number of the community of each place, indexed by place id, from 1 on without a gap; as they are
        found, 1 is the largest community, of equally large ones the one with the place that stands
        first. Read-only.
    quality : mapping
        `modularity` of the weights at resolution 1 and `objective`, what was made as large as
        possible; None where there are no links.
    parameters : mapping
        What the communities were made with.
    seed : int
        Seed of the random generator.
    provenance : mapping
        That of the network.

    Raises
    ------
    NetworkError
        If a label is no whole number from 1 on, a number below the largest is missing, or a place occurs twice.
    """

    labels: pd.Series
    quality: Mapping[str, float | None]
    parameters: Mapping[str, Any]
    seed: int
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the labels and freeze the parts."""
        values = numbers_of(self.labels, "labels of a partition")
        used = np.unique(values)
        gaps = np.flatnonzero(used != np.arange(1, len(used) + 1))
        if len(gaps):
            raise NetworkError(f"no place is in community {gaps[0] + 1}; `canonical` numbers them without a gap")
        if self.labels.index.has_duplicates:
            raise NetworkError(f"{self.labels.index[self.labels.index.duplicated()][0]!r} has several labels")
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


def names(
    partition: Partition, network: Network, *, n: int = 2, column: Literal["name_en", "name_zh"] = "name_en"
) -> pd.Series:
    """Name each community after its strongest places: "London, Paris ... (41)".

    Parameters
    ----------
    partition : Partition
        Communities of the places of the network.
    network : Network
        Gives names and strengths; of equally strong places the first one is taken.
    n : int
        Largest number of places in a name.
    column : {"name_en", "name_zh"}
        Names to use. A place without a Chinese name goes by its English one, without that by its id;
        Chinese names are parted by "、".

    Returns
    -------
    pandas.Series
        Names indexed by community: up to `n` places and the number of all.

    Raises
    ------
    NetworkError
        If partition and network are not about the same places.
    RecipeError
        If `n` is below 1.
    UnknownNameError
        If there is no such column.
    """
    if list(partition.labels.index) != list(network.ids):
        raise NetworkError("partition and network must have the same places in the same order")
    if column not in _SEPARATORS:
        raise UnknownNameError("column of names", column, _SEPARATORS)
    if n < 1:
        raise RecipeError(f"names needs n >= 1, not {n}")
    chosen = network.names
    if column == "name_zh":
        chinese = network.places["name_zh"]
        chosen = chinese.where(chinese.notna(), chosen)
    strength = network.adjacency.sum(axis=1)
    order = np.argsort(-strength, kind="stable")
    shown = pd.DataFrame({"community": partition.labels.to_numpy()[order], "name": chosen.to_numpy()[order]})
    texts = {
        community: _SEPARATORS[column].join(group.iloc[:n]) + (" ..." if len(group) > n else "") + f" ({len(group)})"
        for community, group in shown.groupby("community")["name"]
    }
    return pd.Series(texts, index=partition.sizes.index, name="name", dtype="str")


def canonical(labels: ArrayLike) -> NDArray[np.int64]:
    """Give communities numbers by size: 1 is the largest, of equally large ones the one that comes first.

    Parameters
    ----------
    labels : array
        Community of each place, of any kind.

    Returns
    -------
    numpy.ndarray
        Numbers from 1 on, one a place.

    Examples
    --------
    >>> canonical(["b", "a", "a", "c"]).tolist()
    [2, 1, 1, 3]
    """
    codes, _ = pd.factorize(np.asarray(labels))  # numbered by first place
    order = np.argsort(-np.bincount(codes), kind="stable") if len(codes) else codes
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    return rank[codes]


def numbers_of(labels: pd.Series, what: str) -> NDArray[np.int64]:
    """Return the numbers of communities; refuse what is no whole number from 1 on.

    Parameters
    ----------
    labels : pandas.Series
        Number of the community of each place.
    what : str
        What they are, for the message.

    Returns
    -------
    numpy.ndarray
        A new array, one number a place.

    Raises
    ------
    NetworkError
        If one is missing, no whole number or below 1.
    """
    numbers = pd.to_numeric(labels, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~(np.isfinite(numbers) & (numbers >= 1) & (numbers == np.floor(numbers)))
    if wrong.any():
        raise NetworkError(f"{what} must be whole numbers from 1 on, not {labels[wrong].tolist()[0]!r}")
    return numbers.astype(np.int64)


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
    try:
        return Partition(labels, **{name: head[name] for name in keys})
    except NetworkError as error:
        raise FormatError(path, expected="the communities of a partition", got=str(error), hint=hint) from error


def _csv(path: Path | str) -> Path:
    path = Path(path)
    if path.suffix != ".csv":
        raise FormatError(path, expected="a file name ending in .csv", got=f"{path.suffix or 'no'} ending")
    return path
