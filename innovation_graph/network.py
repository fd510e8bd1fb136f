"""Network: places and the weighted, undirected links between them."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy, deepcopy
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from innovation_graph import _links
from innovation_graph._links import PLACE_COLUMNS
from innovation_graph._network_files import read_parts, write_parts
from innovation_graph.errors import NetworkError, UnknownNameError

if TYPE_CHECKING:
    import igraph
    import networkx as nx

__all__ = ["PLACE_COLUMNS", "Network", "read_network"]


class Network:
    """A symmetric network of places, immutable, with labels and provenance.

    Parameters
    ----------
    places : pandas.DataFrame
        One row a place, indexed by unique place ids (`place_id`). Columns of `PLACE_COLUMNS` that
        are missing are added as NA, others are kept.
    upper : scipy.sparse.csr_array
        Weights of the links, shape (n, n), strictly above the diagonal, finite and positive. Buffers
        that can be written are copied. Read-only ones are taken as they are, so that a large network
        need not be held twice: who made them, and sets them read-only, must not write to them any more.
    provenance : mapping, optional
        Where the network comes from: source, years, counting, filters, row counts; JSON values.

    Raises
    ------
    NetworkError
        If ids repeat, shapes differ, or a weight is not finite and positive.
    """

    __slots__ = ("__dict__", "_places", "_provenance", "_upper")

    def __init__(
        self, places: pd.DataFrame, upper: sparse.csr_array, provenance: Mapping[str, Any] | None = None
    ) -> None:
        self._places = _links.place_table(places)
        self._upper = _links.checked_upper(upper, len(self._places))
        self._provenance = deepcopy(dict(provenance or {}))

    @classmethod
    def from_matrix(
        cls,
        matrix: pd.DataFrame | ArrayLike | sparse.sparray,
        places: pd.DataFrame | Sequence[str] | None = None,
        *,
        provenance: Mapping[str, Any] | None = None,
    ) -> Self:
        """Build a network from a symmetric matrix; the diagonal is dropped, NA means no link.

        Parameters
        ----------
        matrix : pandas.DataFrame, array or sparse array
            Weights, shape (n, n). Rows and columns of a DataFrame must carry the same labels.
        places : pandas.DataFrame or sequence of str, optional
            Place table or ids, in the order of the matrix; default: the labels of the DataFrame.
        provenance : mapping, optional
            Where it comes from.

        Returns
        -------
        Network
            With the matrix as weights.

        Raises
        ------
        NetworkError
            If the matrix is not square or not symmetric, with the first pair that differs.

        Examples
        --------
        >>> from innovation_graph import Network
        >>> Network.from_matrix([[0, 2], [2, 0]], ["beijing", "boston"])
        <Network: 2 places, 1 link, total weight 2, 0 isolates>
        """
        table, upper = _links.of_matrix(matrix, places)
        return cls(table, upper, provenance)

    @classmethod
    def from_edges(
        cls,
        edges: pd.DataFrame,
        places: pd.DataFrame | Sequence[str] | None = None,
        *,
        source: str = "source",
        target: str = "target",
        weight: str | None = "weight",
        provenance: Mapping[str, Any] | None = None,
    ) -> Self:
        """Build a network from a list of undirected links; repeated links add up, loops are dropped.

        Parameters
        ----------
        edges : pandas.DataFrame
            One row a link.
        places : pandas.DataFrame or sequence of str, optional
            Place table or ids; default: the labels that occur, sorted.
        source, target : str
            Columns with the two ends.
        weight : str or None
            Column with the weight; None gives each row weight 1. Zero means no link.
        provenance : mapping, optional
            Where it comes from.

        Returns
        -------
        Network
            With one link for each pair that occurs.

        Raises
        ------
        NetworkError
            If a column is missing, an end is unknown, or a weight is no positive number.
        """
        table, upper = _links.of_edges(edges, places, source, target, weight)
        return cls(table, upper, provenance)

    @property
    def places(self) -> pd.DataFrame:
        """The place table, indexed by place id (a copy-on-write view)."""
        return self._places.copy(deep=False)

    @property
    def upper(self) -> sparse.csr_array:
        """Weights above the diagonal, shape (n, n), read-only buffers, sorted indices."""
        return copy(self._upper)  # SciPy lets anyone exchange the buffers of a matrix, but then only of this one

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Where the network comes from: a copy, down to its lists."""
        return MappingProxyType(deepcopy(self._provenance))

    @property
    def ids(self) -> "pd.Index[str]":
        """Ids of the places, in order."""
        return self._places.index

    @property
    def names(self) -> pd.Series:
        """English names of the places; the id where there is none."""
        names = self._places["name_en"]
        return names.where(names.notna(), self._places.index.to_series())

    @property
    def n_places(self) -> int:
        """Number of places, isolates included."""
        return len(self._places)

    @property
    def n_links(self) -> int:
        """Number of linked pairs."""
        return int(self._upper.nnz)

    @property
    def total_weight(self) -> float:
        """Sum of the weights of all links, each link once."""
        return float(self._upper.data.sum())

    @property
    def synthetic(self) -> bool:
        """Whether the network was made from synthetic records."""
        return bool(self._provenance.get("synthetic", False))

    @property
    def adjacency(self) -> sparse.csr_array:
        """Symmetric weights, shape (n, n), zero diagonal, sorted indices, read-only buffers."""
        return copy(self._full)

    @cached_property
    def _full(self) -> sparse.csr_array:
        full = sparse.csr_array(self._upper + self._upper.T)
        full.sum_duplicates()
        return _links.sealed(full)

    @cached_property
    def pairs(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        """Positions of the two ends of each link (first < second) and its weight, in row order, read-only."""
        first = np.repeat(np.arange(self.n_places, dtype=np.int32), np.diff(self._upper.indptr))
        second = self._upper.indices.astype(np.int32, copy=False)
        for ends in (first, second):
            ends.flags.writeable = False
        return first, second, self._upper.data

    def links(self) -> pd.DataFrame:
        """Return the links as a table: `source`, `target` (place ids) and `weight`, in network order."""
        first, second, weight = self.pairs
        return pd.DataFrame({"source": self.ids[first], "target": self.ids[second], "weight": weight})

    def __repr__(self) -> str:
        """Say how large the network is and where it comes from."""
        linked = np.diff(self._upper.indptr) > 0
        linked[self._upper.indices] = True
        isolates = int((~linked).sum())
        links = "1 link" if self.n_links == 1 else f"{self.n_links:,} links"
        parts = [f"{self.n_places:,} places", links, f"total weight {self.total_weight:,.6g}", f"{isolates:,} isolates"]
        parts += [str(self._provenance[key]) for key in ("source", "counting") if key in self._provenance]
        if self.synthetic:
            parts.append("synthetic")
        return f"<Network: {', '.join(parts)}>"

    def __eq__(self, other: object) -> bool:
        """Tell whether places, links and provenance are equal."""
        if not isinstance(other, Network):
            return NotImplemented
        return (
            self._places.equals(other._places)
            and _links.same_links(self._upper, other._upper)
            and self._provenance == other._provenance
        )

    __hash__ = None  # type: ignore[assignment]

    def position(self, place: str) -> int:
        """Return the row of a place, found by id or by English or Chinese name (letter case is ignored).

        Parameters
        ----------
        place : str
            Id or name.

        Returns
        -------
        int
            Row of the place table.

        Raises
        ------
        UnknownNameError
            If no place, or more than one, is called so.
        """
        if place in self.ids:
            return int(self.ids.get_indexer(pd.Index([place]))[0])
        wanted = place.casefold()
        hits = np.flatnonzero(
            (self._places["name_en"].str.casefold() == wanted).fillna(False)
            | (self._places["name_zh"].str.casefold() == wanted).fillna(False)
        )
        if len(hits) != 1:
            what = "place" if len(hits) == 0 else "place (several have that name; use an id)"
            raise UnknownNameError(what, place, self.ids if len(hits) == 0 else self.ids[hits])
        return int(hits[0])

    def select(self, group: str | Iterable[str]) -> NDArray[np.bool_]:
        """Return a mask of the places that belong to a group.

        Parameters
        ----------
        group : str or iterable of str
            Country codes (`country` of the place table), place ids or names; a string is one such name.

        Returns
        -------
        numpy.ndarray
            Boolean, one value a place.

        Raises
        ------
        UnknownNameError
            If a name is neither a country nor a place.
        """
        mask = np.zeros(self.n_places, dtype=bool)
        for name in [group] if isinstance(group, str) else group:
            country = (self._places["country"] == name).fillna(value=False).to_numpy(dtype=bool)
            if country.any():
                mask |= country
            else:
                mask[self.position(name)] = True
        return mask

    def subset(self, places: str | Iterable[str]) -> "Network":
        """Keep only some places and the links between them; works totals stay those of the full set.

        Parameters
        ----------
        places : str or iterable of str
            Country codes, place ids or names.

        Returns
        -------
        Network
            In the order of this network.
        """
        mask = self.select(places)
        rows = np.flatnonzero(mask)
        asked = [places] if isinstance(places, str) else list(places)
        part = _links.sealed(self._upper[rows][:, rows])
        return Network(self._places[mask], part, {**self._provenance, "subset": asked})

    def bloc(self, a: str | Iterable[str], b: str | Iterable[str]) -> "Network":
        """Keep only the links between two groups of places, none inside a group.

        Parameters
        ----------
        a, b : str or iterable of str
            Country codes, place ids or names; the groups must not share a place.

        Returns
        -------
        Network
            The places of both groups, in the order of this network, with a column `bloc` ("a" or "b").
        """
        in_a, in_b = self.select(a), self.select(b)
        if np.any(in_a & in_b):
            raise NetworkError(f"the two blocs share places: {list(self.ids[in_a & in_b][:5])}")
        both = np.flatnonzero(in_a | in_b)
        places = self._places.iloc[both].assign(bloc=np.where(in_a[both], "a", "b"))
        sides = [[g] if isinstance(g, str) else list(g) for g in (a, b)]
        first, second, _ = self.pairs
        cross = self.keep_links(in_a[first] != in_a[second]).upper
        return Network(places, _links.sealed(cross[both][:, both]), {**self._provenance, "blocs": sides})

    def threshold(self, minimum: float) -> "Network":
        """Keep the links of at least a given weight; all places stay.

        Parameters
        ----------
        minimum : float
            Smallest weight to keep, compared with the exact weights.

        Returns
        -------
        Network
            With fewer links.
        """
        return self.keep_links(self._upper.data >= minimum, minimum=minimum)

    def keep_links(self, mask: NDArray[np.bool_], **provenance: Any) -> "Network":
        """Keep some of the links; all places stay.

        Parameters
        ----------
        mask : numpy.ndarray of bool
            True for each link to keep, in the order of `pairs` and `links`; shape (links,).
        **provenance : object
            What to add to the provenance, or to put in place of what it says; JSON values.

        Returns
        -------
        Network
            With fewer links.

        Raises
        ------
        NetworkError
            If the mask is not boolean or has not one value a link.
        """
        return Network(self._places, _links.kept(self._upper, mask), {**self._provenance, **provenance})

    def aggregate(self, places: pd.DataFrame, groups: Sequence[str] | pd.Series) -> "Network":
        """Merge places into larger ones; weights between groups add up, those inside a group are dropped.

        Parameters
        ----------
        places : pandas.DataFrame
            Table of the new places, indexed by id.
        groups : sequence of str or pandas.Series
            Id of the new place of each old place: in network order, or a Series indexed by place id.

        Returns
        -------
        Network
            Between the new places; `provenance["inside_links"]` and `["inside_weight"]` count what lay inside them.
        """
        table = _links.as_places(places)
        of = _links.group_positions(groups, self.ids, table.index)
        first, second, weight = self.pairs
        a, b = of[first], of[second]
        inside = a == b
        counts = {"inside_links": int(inside.sum()), "inside_weight": float(weight[inside].sum())}
        return Network(table, _links.upper_of_pairs(a, b, weight, len(table)), {**self._provenance, **counts})

    def with_places(self, places: pd.DataFrame) -> "Network":
        """Return the same links with another place table of the same ids in the same order."""
        if list(places.index) != list(self.ids):
            raise NetworkError("the new place table must have the same ids in the same order")
        return Network(places, self._upper, self._provenance)

    def to_igraph(self) -> "igraph.Graph":
        """Return an igraph graph: vertices `name` and `label`, edges `weight`."""
        from innovation_graph._igraph import graph_of  # noqa: PLC0415 - igraph is loaded only when asked for

        graph = graph_of(self)
        graph.vs["name"] = list(self.ids)
        graph.vs["label"] = self.names.tolist()
        return graph

    def to_networkx(self) -> "nx.Graph":
        """Return a networkx graph: nodes are place ids with the columns of the place table, edges carry `weight`."""
        import networkx as nx  # noqa: PLC0415 - slow to load

        graph = nx.Graph()
        for place, row in self._places.iterrows():
            graph.add_node(place, **{str(key): value for key, value in row.items() if pd.notna(value)})
        ids = self.ids.to_numpy()
        first, second, weight = self.pairs
        graph.add_weighted_edges_from(zip(ids[first].tolist(), ids[second].tolist(), weight.tolist(), strict=True))
        return graph

    def write(self, path: Path | str) -> None:
        """Write to a folder: `places.parquet`, `links.parquet` and `network.json`.

        Parameters
        ----------
        path : str or Path
            Name of the folder; it appears only when everything is written.
        """
        write_parts(path, self._places, self.pairs, self._provenance)


def read_network(path: Path | str) -> Network:
    """Read a network folder written by `Network.write`.

    Parameters
    ----------
    path : str or Path
        The folder.

    Returns
    -------
    Network
        Equal to the one that was written.

    Raises
    ------
    FormatError
        If a file is missing or not what it should be.
    """
    places, upper, provenance = read_parts(path)
    return Network(places, _links.sealed(upper), provenance)
