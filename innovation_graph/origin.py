"""Origin: the recipe that a network folder keeps, so that the works behind its links can be asked again."""

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import msgspec
from scipy import sparse

from innovation_graph import incidence, projection
from innovation_graph.errors import FormatError, UnknownNameError
from innovation_graph.network import Network, read_network
from innovation_graph.places import SETS, Located, locate
from innovation_graph.recipe import NetworkPlan, PlacesPlan, Recipe, RecordsPlan, as_toml, read_recipe
from innovation_graph.records import Records, read_records
from innovation_graph.samples import sample_records

__all__ = ["Origin", "read_origin"]

_FILE = "recipe.toml"


@dataclass(frozen=True, eq=False)
class Origin:
    """Records, places and plan: all that a network is made from.

    Parameters
    ----------
    records : Records
        Works and sites.
    places : PlacesPlan
        Which places, and how far they reach.
    located : Located
        The places of the addresses of these records.
    plan : NetworkPlan
        Which works, whose sites, how they count.
    """

    records: Records
    places: PlacesPlan
    located: Located
    plan: NetworkPlan

    @classmethod
    def of(cls, records: Records, places: PlacesPlan, plan: NetworkPlan) -> Self:
        """Locate the records and return the origin of a network that is yet to be made."""
        return cls(records, places, locate(records, places.places()), plan)

    @cached_property
    def stream(self) -> incidence.IncidenceStream:
        """The incidence, to be projected or collected; with shares if the plan counts by them."""
        shares = self.plan.counting == "share"
        return incidence.stream(self.records, self.located, self.plan.selection(), shares=shares)

    def network(self) -> Network:
        """Make the network."""
        return projection.project(self.stream, counting=self.plan.counting)

    def changed(self, *, catchment_km: float | None = None, **plan: Any) -> "Origin":
        """Return the origin with another catchment, or other entries of the plan (`counting`, `max_actors`...).

        Parameters
        ----------
        catchment_km : float, optional
            Reach of a district centre; None leaves it.
        **plan : object
            Entries of `NetworkPlan` to put in place of its own.

        Returns
        -------
        Origin
            Of the same records.
        """
        kept = {name: value for name, value in plan.items() if value is not None}
        changed = replace(self, plan=msgspec.structs.replace(self.plan, **kept))
        if catchment_km is None:
            return changed
        places = msgspec.structs.replace(self.places, catchment_km=catchment_km)
        return replace(changed, places=places, located=locate(self.records, places.places()))

    def write(self, folder: Path) -> None:
        """Write the recipe of this network into its folder.

        Parameters
        ----------
        folder : Path
            A network folder. Records, or a table of places, beside it or beside the folder it lies in are named
            by a relative path, so that all can be moved together.
        """
        source, places = RecordsPlan(), self.places
        if self.records.folder is not None and self.records.folder != sample_records().folder:
            source = RecordsPlan(path=_path_from(folder, self.records.folder))
        if places.set not in SETS:
            places = msgspec.structs.replace(places, set=_path_from(folder, Path(places.set)))
        plan = msgspec.structs.replace(self.plan, records=None)
        recipe = Recipe(networks={"network": plan}, records=source, places=places)
        (folder / _FILE).write_text(as_toml(recipe), encoding="utf-8")


def read_origin(folder: Path | str, *, records: Path | str | None = None) -> Origin:
    """Open the records behind a network folder.

    Parameters
    ----------
    folder : str or Path
        What `innovation-graph network` or `run` wrote.
    records : str or Path, optional
        Where the records are now, if they were moved.

    Returns
    -------
    Origin
        Its `network()` equals the network of the folder, unless a file changed in what is not checked here: the
        numbers of works and sites, and the table of places.

    Raises
    ------
    FormatError
        If the network was not made from records, or records or places are gone or not the same any more.
    """
    folder = Path(folder)
    network = read_network(folder)
    provenance = network.provenance
    if not (folder / _FILE).is_file():
        raise FormatError(
            folder,
            expected=f"a network made from records, with {_FILE}",
            got="a network without it",
            hint="Imported networks, backbones and results of what-if have no works behind them: name the network that "
            "was made from records. Networks of older versions must be made again.",
        )
    recipe = read_recipe(folder / _FILE)
    path = recipe.records.path if records is None else records
    try:
        read = sample_records() if path is None else read_records(path)
    except FormatError as error:
        hint = "Name the folder of records with --records if it was moved."
        raise FormatError(folder, expected=f"its records at {path}", got=str(error), hint=hint) from error
    size = (read.n_works, read.n_sites)
    before = (provenance.get("works_read"), provenance.get("sites_read"))
    if size != before:
        raise FormatError(
            folder,
            expected=f"records of {before[0]} works and {before[1]} sites at {path}",
            got=f"{size[0]} works and {size[1]} sites",
            hint="The records changed since: make the network again.",
        )
    try:
        origin = Origin.of(read, recipe.places, next(iter(recipe.networks.values())))
    except UnknownNameError as error:
        hint = "Put the table of places back, or make the network again."
        raise FormatError(folder, expected="its places", got=str(error), hint=hint) from error
    now = Network(origin.located.places, sparse.csr_array((len(origin.located.places),) * 2)).places
    own = list(origin.located.places.columns)
    if not now[own].equals(network.places.reindex(columns=own)):
        raise FormatError(
            folder,
            expected=f"the {network.n_places} places of the network in {recipe.places.set}",
            got=f"{len(now)} places that are not the same",
            hint="The places changed since: make the network again.",
        )
    return origin


def _path_from(folder: Path, path: Path) -> str:
    """Return a path to be read from a folder: relative if it lies beside that or one level up, else absolute."""
    base, lies = folder.resolve(), path.resolve()
    near = lies.parent in (base.parent, base.parent.parent)
    return Path(os.path.relpath(lies, base)).as_posix() if near else str(lies)
