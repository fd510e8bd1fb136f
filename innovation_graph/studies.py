"""Studies: several measures at once, as the tables that a folder of results holds.

One function a question, a network (or several) in, named tables out; nothing is measured here that another
module does not measure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from innovation_graph import (
    centrality,
    change,
    communities,
    flows,
    gravity,
    international,
    null_model,
    roles,
    similarity,
    stability,
    structure,
    topology,
)
from innovation_graph.communities import Partition
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.network import Network

__all__ = ["DEFAULT", "GROUPS", "changes", "communities_of", "measure", "menu", "ranked"]

Tables = dict[str, pd.DataFrame]


def ranked(network: Network, values: pd.DataFrame, *, ranks: Sequence[str] | None = None) -> pd.DataFrame:
    """Join names, values and ranks into one table, the strongest place first.

    Parameters
    ----------
    network : Network
        The network that was measured.
    values : pandas.DataFrame
        Place x measure.
    ranks : sequence of str, optional
        Measures to rank; default: all.

    Returns
    -------
    pandas.DataFrame
        Names and totals of the places, each measure and, behind it, its rank (`<measure>_rank`).
    """
    about = network.places[["name_en", "name_zh", "country", "works", "solo_works", "fractional_works"]]
    wanted = list(values.columns if ranks is None else ranks)
    both = about.join(values).join(centrality.ranks(values[wanted]).add_suffix("_rank"))
    order = [name for measure in values.columns for name in (measure, f"{measure}_rank") if name in both]
    by = "strength" if "strength" in values else values.columns[0]
    return both[[*about.columns, *order]].sort_values(by, ascending=False, kind="stable")


def measure(network: Network, groups: Iterable[str] | None = None, *, seed: int = 0) -> Tables:
    """Measure a network by groups of measures.

    Parameters
    ----------
    network : Network
        Any network.
    groups : iterable of str, optional
        Names in `GROUPS`; default: `DEFAULT`.
    seed : int
        For communities and random references.

    Returns
    -------
    dict of str to pandas.DataFrame
        `places`: names, and all measures of places that were asked for, with ranks of those of position.
        The other groups have tables of their own.

    Raises
    ------
    UnknownNameError
        If there is no such group.
    """
    wanted = list(DEFAULT if groups is None else groups)
    for name in wanted:
        if name not in GROUPS:
            raise UnknownNameError("group of measures", name, GROUPS)
    partition = communities.leiden(network, seed=seed)
    columns = [_OF_PLACES[name](network, partition) for name in wanted if name in _OF_PLACES]
    tables: Tables = {}
    if columns:
        values = pd.concat(columns, axis=1)
        tables["places"] = ranked(network, values, ranks=[name for name in centrality.MEASURES if name in values])
    for name in wanted:
        if name in _TABLES:
            tables |= _TABLES[name](network, partition, seed)
    return tables


def menu() -> pd.DataFrame:
    """List all measures: group, name and what it tells, from their own documentation.

    Returns
    -------
    pandas.DataFrame
        `group`, `measure`, `tells`.
    """
    rows = [
        *(("position", name, _first_line(function)) for name, function in centrality.MEASURES.items()),
        *(("structure", name, _first_line(function)) for name, function in structure.MEASURES.items()),
        *(("openness", name, tells) for name, tells in international.OPENNESS.items()),
        *(("roles", name, _first_line(function)) for name, function in {**_ROLES, "gateway": roles.gateway}.items()),
        *(("network", name, tells) for name, (_, tells) in topology.MEASURES.items()),
        *(("ties", name, _first_line(function)) for name, function in similarity.SIMILARITIES.items()),
        ("ties", "gravity", _first_line(gravity.fit)),
        ("ties", "null_model", _first_line(null_model.hypergeometric)),
    ]
    return pd.DataFrame(rows, columns=["group", "measure", "tells"])


def communities_of(
    network: Network, *, algorithm: str = "leiden", runs: int = 100, seed: int = 0, **options: Any
) -> tuple[Partition, Tables]:
    """Find communities that can be trusted: the consensus of many runs, and how sure each place is of its own.

    Parameters
    ----------
    network : Network
        Any network.
    algorithm : str
        A name of `communities.ALGORITHMS`.
    runs : int
        Number of runs with different seeds.
    seed : int
        Of the first run.
    **options : object
        Of the algorithm.

    Returns
    -------
    partition : Partition
        The consensus.
    tables : dict of str to pandas.DataFrame
        `stability`: for each place its community, its name, and in how many runs it is in it.
    """
    many = stability.ensemble(network, runs=runs, algorithm=algorithm, seed=seed, **options)
    partition = stability.consensus(many)
    sure = stability.place_stability(partition, many)
    names = communities.names(partition, network)
    sure.insert(0, "name_en", network.names)
    sure.insert(2, "community_name", partition.labels.map(names))
    return partition, {"stability": sure}


def changes(networks: Mapping[str, Network], *, alpha: float | None = 0.05, seed: int = 0) -> Tables:
    """Tell what changed between the times.

    Parameters
    ----------
    networks : mapping of str to Network
        By time, in order.
    alpha : float or None
        False discovery rate of emerging and declining ties. Where none is significant (with few times none
        can be), and with None, they are listed all the same: look at their `q_value`.
    seed : int
        For communities.

    Returns
    -------
    dict of str to pandas.DataFrame
        `timeline`, `growth` (places), `ties` (first against last time), `persistence` (each time against the
        one before), `trends`, `emerging`, `declining`, `flows` and `loyalty` (communities).

    Raises
    ------
    NetworkError
        If there are fewer than two times.
    """
    if len(networks) < 2:
        raise NetworkError(f"change needs networks of two times or more, got {list(networks)}")
    times = list(networks)
    partitions = {time: communities.leiden(network, seed=seed) for time, network in networks.items()}
    labels = flows.align(partitions)
    strengths = {time: centrality.strength(network) for time, network in networks.items()}
    kept = {f"{a} - {b}": change.persistence(networks[a], networks[b]) for a, b in pairwise(times)}
    tables = {
        "timeline": change.timeline(networks),
        "growth": change.place_growth(networks).reset_index(),
        "ties": change.tie_changes(networks[times[0]], networks[times[-1]]),
        "persistence": pd.DataFrame(kept).T.rename_axis("times"),
        "trends": change.trends(networks),
    }
    for name, rule in (("emerging", change.emerging), ("declining", change.declining)):
        tables[name] = _or_any(rule, networks, alpha)
    return {**tables, "flows": flows.flows(labels, strengths=strengths), "loyalty": flows.persistence(labels)}


def _or_any(rule: Callable[..., pd.DataFrame], networks: Mapping[str, Network], alpha: float | None) -> pd.DataFrame:
    try:
        found = rule(networks, alpha=alpha)
    except NetworkError:
        if alpha is None:
            raise
        found = pd.DataFrame()
    return found if len(found) or alpha is None else rule(networks, alpha=None)


def _roles(network: Network, partition: Partition) -> pd.DataFrame:
    found = {"community": partition.labels, **{name: tell(network, partition) for name, tell in _ROLES.items()}}
    for column in ("country", "continent"):
        if network.places[column].notna().all():
            found[f"gateway_{column}"] = roles.gateway(network, column)
    return pd.DataFrame(found, index=network.ids)


_ROLES = {
    "participation": roles.participation,
    "within_module_z": roles.within_module_z,
    "role": roles.cartography,
}


_OF_PLACES: dict[str, Callable[[Network, Partition], pd.DataFrame]] = {
    "position": lambda network, _: centrality.table(network),
    "structure": lambda network, _: pd.DataFrame({name: tell(network) for name, tell in structure.MEASURES.items()}),
    "openness": lambda network, _: international.openness(network),
    "roles": _roles,
}


def _partners(network: Network, partition: Partition, seed: int) -> Tables:  # noqa: ARG001 - all groups are called alike
    return {
        "partners": international.top_partners(network),
        "countries": international.bilateral_table(network, "country"),
        "continents": international.bilateral_table(network, "continent"),
    }


def _ties(network: Network, partition: Partition, seed: int) -> Tables:  # noqa: ARG001 - all groups are called alike
    tables = {"ties": similarity.table(network)}
    for name, table in (("ties_gravity", gravity.table), ("ties_null_model", null_model.hypergeometric)):
        try:
            tables[name] = table(network)
        except NetworkError:  # no coordinates, or no works: the network cannot bear it
            continue
    return tables


def _references(network: Network, partition: Partition, seed: int) -> Tables:  # noqa: ARG001 - all groups are called alike
    return {
        "rich_club": topology.rich_club(network, seed=seed),
        "small_world": topology.small_world(network, seed=seed).rename_axis("measure").to_frame("value"),
    }


_TABLES: dict[str, Callable[[Network, Partition, int], Tables]] = {
    "network": lambda network, partition, _: {"network": topology.table(network, partition)},
    "partners": _partners,
    "ties": _ties,
    "references": _references,
}

GROUPS: dict[str, str] = {
    "position": "who is central: degree, strength, eigenvector, PageRank, betweenness, closeness, core",
    "structure": "how a place is embedded: constraint, effective size, clustering, s-core, eccentricity",
    "openness": "how international it is: domestic share, partner countries, diversity, E-I index, distances",
    "roles": "its part among communities and countries: participation, within-module z, gateway",
    "network": "the network as a whole: density, components, assortativity, centralisation, Gini, modularity",
    "partners": "ten largest partners of each place; tables between countries and between continents",
    "ties": "strength of ties: similarities, gravity expectation, over- and under-represented ties",
    "references": "rich club and small world, against random networks of the same degrees (slow)",
}
"""Groups of measures by name, and what they tell."""

DEFAULT: tuple[str, ...] = ("position", "structure", "openness", "roles", "network", "partners")
"""The groups of `measure` unless others are asked for."""


def _first_line(function: Any) -> str:
    return str(function.__doc__).strip().splitlines()[0].rstrip(".")
