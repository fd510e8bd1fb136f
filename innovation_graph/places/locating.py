"""From addresses to places: `locate` and its result."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from innovation_graph.errors import RecordsError
from innovation_graph.places._closed import locate_in_districts
from innovation_graph.places._clustered import locate_in_clusters
from innovation_graph.places._open import discover, discover_authors
from innovation_graph.places._reasons import NOISE, NONE, REASONS
from innovation_graph.places.clusters import ClusterRule
from innovation_graph.places.sets import Places
from innovation_graph.records import Records

__all__ = ["Located", "locate"]


_NOWHERE = (REASONS[NONE], REASONS[NOISE])


@dataclass(frozen=True, eq=False)
class Located:
    """The place of every address (or of every actor), immutable.

    Parameters
    ----------
    places : pandas.DataFrame
        The place table, indexed by `place_id`.
    lookup : numpy.ndarray of int32
        Row of `places` for each row of the addresses (or actors) table; -1: none.
    reason : numpy.ndarray of uint8
        How each place was found: index into `REASONS`.
    by : {"address", "actor"}
        Which column of the sites table `lookup` is to be applied to.
    name : str
        Name of the set of places, for the provenance.
    catchment_km : float, optional
        Reach of a district centre, in closed sets.
    rule : ClusterRule, optional
        How clusters were found, if the places are clusters.
    groups : mapping
        Countries that count as one with another, code -> code, as in `Places.groups`.
    """

    places: pd.DataFrame
    lookup: NDArray[np.int32]
    reason: NDArray[np.uint8]
    by: Literal["address", "actor"] = "address"
    name: str = ""
    catchment_km: float | None = None
    rule: ClusterRule | None = None
    groups: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Hold the arrays as read-only views and a table of its own; those of the caller stay as they are."""
        object.__setattr__(self, "places", self.places.copy(deep=False))
        for name in ("lookup", "reason"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def __repr__(self) -> str:
        """Say how many were located and how."""
        how = ", ".join(f"{name} {count:,}" for name, count in self.reasons.items() if count and name not in _NOWHERE)
        share = f"{self.n_located:,} of {len(self.lookup):,}"
        noise = self.reasons["noise"]
        left = f"; noise {noise:,}" if noise else ""
        return f"<Located: {share} by {self.by} in {len(self.places):,} places ({how or 'none'}{left})>"

    @property
    def n_located(self) -> int:
        """Number of addresses (or actors) that have a place."""
        return int(np.count_nonzero(self.lookup >= 0))

    @property
    def reasons(self) -> dict[str, int]:
        """Number of addresses (or actors) by the way their place was found."""
        counts = np.bincount(self.reason, minlength=len(REASONS))
        return dict(zip(REASONS, counts.tolist(), strict=True))


def locate(addresses: pa.Table | Records, places: Places) -> Located:
    """Find the place of every address.

    In a closed set (kind "districts") an address belongs to the place

    1. of the district with its GeoNames id; else
    2. of the district with its city name in the same country. Case, accents, punctuation and words such as
       "City" or "-shi" do not matter. Where states or provinces can be compared (AU, CA, CN, GB, US) they
       must be equal. Where they cannot, the address must lie within 60 km of the district; an address without
       coordinates is accepted only if the name belongs to one place of the set and means one city of the
       country (no other city of that name has more than a third of its inhabitants); else
    3. of the nearest district centre of the same country whose radius (`radius_km`, else the catchment)
       reaches the address.

    Countries of one group (`Places.groups`) count as one. An address without a country is found by id only.
    In an open set the key is the country; the city's GeoNames id, else city, region and country; the
    organisation's ROR, else `organisation_id`, else name and country; or the author. An address with city,
    region and country of exactly one GeoNames id elsewhere in the table is the same city.

    Clusters are found from the coordinates, where an address weighs as many sites as it has in all works of the
    records (`find_clusters` says how). A cluster is called after the city with the greatest weight (of equal ones
    the first by alphabet), " - " and the second, if that one has a fifth or more of what its cities weigh; one
    without any city after its position. Its country is that of the greatest weight, its id made of name and
    country, with a number if a heavier cluster has the same. Addresses outside are "noise"; those without
    coordinates or sites are "none".

    Parameters
    ----------
    addresses : pyarrow.Table or Records
        As in `records.SCHEMAS["addresses"]`; missing columns count as null. Authors and clusters
        need the whole records.
    places : Places
        The set of places.

    Returns
    -------
    Located
        Of a closed set, the table as it is; of an open one, the places that occur, sorted by id (authors: in
        the order of the actors table), named by their most frequent spelling, at the mean of their addresses
        (clusters: weighted by sites).

    Raises
    ------
    RecordsError
        If authors are asked for and the records do not keep them, or clusters of addresses without records.
    """
    if places.kind == "author":
        actors = addresses.actors if isinstance(addresses, Records) else None
        if actors is None:
            advice = "run ingest with --keep-actors (keep_actors=True)"
            raise RecordsError(f"places 'author' need records with an actors table; {advice}")
        table, lookup, reason = discover_authors(actors)
        return Located(table, lookup, reason, by="actor", name=places.name)
    if places.rule is not None:
        if not isinstance(addresses, Records):
            raise RecordsError(
                "places 'clusters' need the whole records, whose sites weigh the addresses, got addresses"
            )
        return Located(*locate_in_clusters(addresses, places.rule), name=places.name, rule=places.rule)
    rows = addresses.addresses if isinstance(addresses, Records) else addresses
    if places.kind == "districts":
        found = locate_in_districts(rows, places)
        return Located(
            places.table, *found, name=places.name, catchment_km=places.catchment_km, groups=dict(places.groups)
        )
    return Located(*discover(rows, places), name=places.name)
