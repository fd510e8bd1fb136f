"""Studies: several measures at once, as the tables that a folder of results holds.

One function a question, a network (or several) in, named tables out; nothing is measured here that another
module does not measure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

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
    r"""Measure a network by groups of measures.

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
        The other groups have tables of their own; names stand beside the ids of places. Where a table, or a part of
        it, cannot be made of this network, `notes` has a row: `table` (and the columns, if only these are missing)
        and `reason`; else there are no `notes`.

        `ties_gravity` has one more column than `gravity.table`, `residual`: the signed root of what the tie adds to
        the deviance, :math:`\pm \sqrt{2 (w \ln (w / e) - w + e)}` for weight w and expectation e. The table
        is sorted by it: first the ties that exceed their expectation most clearly, last those that fall short of it.
        It is no test: the ties scatter more than Poisson counts do, and the weights need not be counts.
        `ties_null_model` begins with the ties found "over" by `p_over`, the surest first, goes on with those
        "under" by `p_under`, and ends with all others.

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
    notes = [note for name in wanted if name in _NOTES for note in _NOTES[name](network)]
    if columns:
        values = pd.concat(columns, axis=1)
        tables["places"] = ranked(network, values, ranks=[name for name in centrality.MEASURES if name in values])
    for name in wanted:
        if name == "ties":
            found, missing = _ties(network)
            tables |= found
            notes += missing
        elif name in _TABLES:
            tables |= _TABLES[name](network, partition, seed)
    if notes:
        tables["notes"] = pd.DataFrame(notes, columns=["table", "reason"], dtype="str")
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
    partition = stability.consensus(many, network)
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
        one before), `trends`, `emerging`, `declining`; of communities `communities` (the number of that of each
        place, a column a time; one that lasts keeps its number), `flows` and `loyalty`. Names stand beside the ids
        of places: those of the last time that has one.

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
    names = _names_over_time(networks.values())
    kept = {f"{a} - {b}": change.persistence(networks[a], networks[b]) for a, b in pairwise(times)}
    tables = {
        "timeline": change.timeline(networks),
        "growth": _with_names(change.place_growth(networks).reset_index(), names),
        "ties": _with_names(change.tie_changes(networks[times[0]], networks[times[-1]]), names),
        "persistence": pd.DataFrame(kept).T.rename_axis("times"),
        "trends": _with_names(change.trends(networks), names),
    }
    for name, rule in (("emerging", change.emerging), ("declining", change.declining)):
        tables[name] = _with_names(_or_any(rule, networks, alpha), names)
    loyalty = flows.persistence(labels)
    numbers = {time: of.reindex(loyalty.index).astype("Int64") for time, of in labels.items()}
    by_place = names.reindex(loyalty.index)
    tables["communities"] = pd.DataFrame({"name_en": by_place, **numbers}, index=loyalty.index)
    tables["flows"] = flows.flows(labels, strengths=strengths)
    loyalty.insert(0, "name_en", by_place)
    return {**tables, "loyalty": loyalty}


def _names_over_time(networks: Iterable[Network]) -> pd.Series:
    names = pd.concat([network.names.where(network.places["name_en"].notna()) for network in networks])
    # Sorting by what is missing keeps the order of the times among the names that are there.
    names = names.iloc[np.argsort(names.notna().to_numpy(), kind="stable")]
    names = names[~names.index.duplicated(keep="last")]
    return pd.Series(names.where(names.notna(), names.index.to_series()))


def _with_names(table: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    """Put the name of each place behind its id."""
    table = table.copy()
    for column in ("place_id", "source", "target", "place", "partner"):
        if column in table:
            name = "name_en" if column == "place_id" else f"{column}_name"
            table.insert(list(table.columns).index(column) + 1, name, names.reindex(table[column]).to_numpy())
    return table


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
        "partners": _with_names(international.top_partners(network), network.names),
        "countries": international.bilateral_table(network, "country"),
        "continents": international.bilateral_table(network, "continent"),
    }


def _ties(network: Network) -> tuple[Tables, list[tuple[str, str]]]:
    """Return the tables of ties, and what of them the network cannot bear, with the reason."""
    ties = similarity.table(network)
    lacking: dict[str, list[str]] = {}
    for name in similarity.SIMILARITIES:
        if name not in ties:
            try:
                similarity.SIMILARITIES[name](network)
            except NetworkError as error:
                lacking.setdefault(str(error), []).append(name)
    notes = [(f"ties, columns {', '.join(columns)}", reason) for reason, columns in lacking.items()]
    tables = {"ties": _with_names(ties, network.names)}
    for name, table in (("ties_gravity", _by_residual), ("ties_null_model", _by_tie)):
        try:
            tables[name] = _with_names(table(network), network.names)
        except NetworkError as error:
            notes.append((name, str(error)))
    return tables, notes


def _by_residual(network: Network) -> pd.DataFrame:
    table = gravity.table(network)
    weight, expected = table["weight"], table["expected"]
    root = np.sqrt(2 * special.kl_div(weight, expected))
    table["residual"] = np.sign(weight - expected) * root
    return table.sort_values("residual", ascending=False, kind="stable").reset_index(drop=True)


def _by_tie(network: Network) -> pd.DataFrame:
    table = null_model.hypergeometric(network)
    tie = table["tie"]
    rank = np.select([tie == "over", tie == "under"], [0, 1], 2)
    sure = table["p_over"].where(tie != "under", table["p_under"])
    # Tails too small for a number are alike; there the distance from the expectation must tell.
    far = (table["works_in_common"] - table["expected"]).abs()
    order = np.lexsort((-far, sure, rank))
    return table.iloc[order].reset_index(drop=True)


def _no_gateways(network: Network) -> list[tuple[str, str]]:
    return [
        (f"places, column gateway_{column}", f"{n} of {network.n_places} places have no {column}")
        for column in ("country", "continent")
        if (n := int(network.places[column].isna().sum()))
    ]


def _references(network: Network, partition: Partition, seed: int) -> Tables:  # noqa: ARG001 - all groups are called alike
    return {
        "rich_club": topology.rich_club(network, seed=seed),
        "small_world": topology.small_world(network, seed=seed).rename_axis("measure").to_frame("value"),
    }


_NOTES: dict[str, Callable[[Network], list[tuple[str, str]]]] = {"roles": _no_gateways}

_TABLES: dict[str, Callable[[Network, Partition, int], Tables]] = {
    "network": lambda network, partition, _: {"network": topology.table(network, partition)},
    "partners": _partners,
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
