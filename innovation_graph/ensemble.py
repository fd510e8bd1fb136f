"""Ensemble: many partitions of the same places, from many runs or from many replicates of the data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from innovation_graph._overlap import as_labels, codes_of, in_order
from innovation_graph.errors import NetworkError
from innovation_graph.partition import Partition, canonical

__all__ = ["Ensemble"]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Partitions of the same places, one a run.

    Parameters
    ----------
    labels : numpy.ndarray
        Number of the community of each place in each run, shape (runs, places); in each run 1 is the
        largest community, so that equal divisions are equal rows. Read-only.
    places : pandas.Index
        Ids of the places.
    parameters : mapping
        What the partitions were made with.
    seed : int, optional
        Seed of the random generator.
    provenance : mapping
        That of the network.

    Raises
    ------
    NetworkError
        If the labels have another shape, or place ids repeat.
    """

    labels: NDArray[np.int64]
    places: pd.Index
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freeze the parts and number the communities of each run."""
        shape = np.shape(self.labels)
        if len(shape) != 2 or shape[0] < 1 or shape[1] != len(self.places):
            raise NetworkError(f"an ensemble needs labels of shape (runs, {len(self.places)}), runs >= 1, not {shape}")
        places = pd.Index(self.places, dtype="str", name="place_id")
        if places.has_duplicates:
            raise NetworkError(f"place ids must be unique; repeated: {places[places.duplicated()][0]!r}")
        labels = np.array([canonical(row) for row in np.asarray(self.labels)], dtype=np.int64).reshape(shape)
        labels.flags.writeable = False
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "places", places)
        for name in ("parameters", "provenance"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @classmethod
    def of(
        cls, partitions: Iterable["Partition | pd.Series | ArrayLike"], places: Sequence[str] | None = None
    ) -> "Ensemble":
        """Collect partitions that were made elsewhere, for instance of resampled networks.

        Parameters
        ----------
        partitions : iterable of Partition, Series or array
            Communities of the same places; a Series is indexed by place id, in any order.
        places : sequence of str, optional
            Ids of the places, needed for arrays; default: the order of the first partition.

        Returns
        -------
        Ensemble
            One run for each partition.

        Raises
        ------
        NetworkError
            If a partition is not about these places, or there is none.
        """
        found = list(partitions)
        if not found:
            raise NetworkError("an ensemble needs at least one partition")
        first = found[0]
        ids = pd.Index(places if places is not None else as_labels(first, "partition 1").index)
        rows = []
        for number, one in enumerate(found, start=1):
            what = f"partition {number}"
            if isinstance(one, Partition | pd.Series):
                rows.append(codes_of(in_order(as_labels(one, what), ids, what), what))
                continue
            row = np.asarray(one)
            if row.shape != (len(ids),):
                raise NetworkError(f"{what} has shape {row.shape}, not one label for each of {len(ids)} places")
            rows.append(codes_of(pd.Series(row), what))
        return cls(np.array(rows).reshape(len(found), len(ids)), ids)

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.labels)

    def distinct(self) -> pd.DataFrame:
        """List the partitions that occur, the most frequent first, of equally frequent ones the earliest.

        Returns
        -------
        pandas.DataFrame
            `first_run` (row of `labels`), `runs`, `share` of all runs and `communities`.
        """
        rows, counts = self.counted()
        order = np.argsort(-counts, kind="stable")
        return pd.DataFrame(
            {
                "first_run": rows[order],
                "runs": counts[order],
                "share": counts[order] / self.runs,
                "communities": self.labels[rows[order]].max(axis=1, initial=0),
            }
        )

    def counted(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows of `labels` where a partition occurs first, and how often each occurs."""
        keys = pd.Series([row.tobytes() for row in self.labels])
        return np.flatnonzero(~keys.duplicated()), np.bincount(pd.factorize(keys)[0])

    def __repr__(self) -> str:
        """Say how many runs and how many different partitions there are."""
        different = len(self.counted()[0])
        return f"<Ensemble: {self.runs:,} runs, {len(self.places):,} places, {different:,} different partitions>"
