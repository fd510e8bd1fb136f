"""Validation: whether a network shows what a report says of its own network."""

from typing import Literal

import numpy as np
import pandas as pd

from innovation_graph import _claims
from innovation_graph._data import data_path
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.network import Network

__all__ = ["REPORTS", "VERDICTS", "findings", "validate"]

REPORTS = {"gihi2024": "gihi2024/network_findings.csv"}
"""The reports by name: the table of what each says of its networks."""

VERDICTS = ("holds", "fails", "cannot be judged")
"""What a verdict can be."""

_KINDS = {"papers": "paper", "patents": "patent"}
_LEAST_HUBS = 0.9


def findings(network_kind: Literal["papers", "patents"] | None = None, against: str = "gihi2024") -> pd.DataFrame:
    """Return what a report says of its networks, one statement a row.

    Parameters
    ----------
    network_kind : {"papers", "patents"}, optional
        Only the statements about this network; default: all.
    against : str
        Name of the report, in `REPORTS`.

    Returns
    -------
    pandas.DataFrame
        `id`, `network`, `subject`, `kind` (which question it asks, see `validate`), `value` and `statement`.

    Raises
    ------
    UnknownNameError
        If there is no such report or network.

    Examples
    --------
    >>> findings("patents")["id"].tolist()
    ['T1', 'T2', 'T3', 'T4', 'T5', 'T6']
    """
    if against not in REPORTS:
        raise UnknownNameError("report", against, REPORTS)
    if network_kind is not None and network_kind not in _KINDS:
        raise UnknownNameError("kind of network", network_kind, _KINDS)
    table = pd.read_csv(data_path(REPORTS[against]), dtype="str", keep_default_na=False)
    return table if network_kind is None else table[table["network"] == network_kind].reset_index(drop=True)


def validate(
    network: Network,
    against: str = "gihi2024",
    network_kind: Literal["papers", "patents"] = "papers",
    seed: int = 0,
    *,
    papers: Network | None = None,
) -> pd.DataFrame:
    """Judge each statement of a report on a network of your own.

    A verdict is given only where the network can bear it. It is "cannot be judged", with the reason, if

    - fewer than nine tenths of the report's hubs are places of the network (it is no network of hubs),
    - a hub that the statement names is missing or has fewer than ten joint works (see below),
    - a hub whose n largest partners are asked for has fewer partners, or fewer than 10 n joint works,
    - the answer hangs on which of several equally heavy partners is counted among the first ten (or five),
    - the answer hangs on chance: on the seed, or on more works than there are (see below).

    Hubs are found by place id or else by name (and country, if known); places that are no hubs are left out.
    A hub's country and continent are those of the report. What is asked, by the `kind` of a statement:

    communities
        Leiden communities (modularity, resolution 1, one run each) of twenty seeds: all hubs named for one
        country in one community, all those named for the other in another one. Holds if so in at least
        90 percent of the seeds, fails if in at most 10.
    top_partners_domestic, top5_partners_chinese
        Exactly so many of the ten (five) partners of largest weight are hubs of the hub's own country
        (of China).
    top_partners_foreign
        The foreign ones of the ten partners of largest weight are exactly the named ones.
    top_partners_include, partners_include
        All named hubs are among the ten partners of largest weight. The report prints no number for
        "close partners"; ten is that of its other statements.
    partners
        More than half of the strength of European hubs is with European or US hubs; more than half of that of
        US hubs with US hubs, of Chinese hubs with Chinese ones. The strength of a group is the sum over its
        hubs, so that a link inside it counts at both ends.
    domestic_share
        The same share of the group, inside itself, is above the stated one. How tight the network inside is
        gets reported and not judged: the report gives no measure of it.
    top5_degree
        The five hubs with most partners are exactly the named ones.
    international_ties
        All named pairs are linked. A missing link fails only if chance would have given it three works or more
        (product of the strengths over their sum); else the network is too small to tell. That a tie
        is stable over the years is not asked.
    density
        The density is below that of the network of papers, which must be given, and each of the
        five hubs with most partners has partners in ten countries or more besides its own.

    Weights are not works: a work in n hubs adds up to n (n - 1) / 2 in weight. So what there is to observe is
    counted in works wherever the network tells them. The joint works of a hub are its `works` less its
    `solo_works` in the place table, and no more than its strength. The number of observations behind a share is
    the weight of the links of the group, each once, times `works_linking` (of the provenance) over the weight of
    all links of the network, a factor of 1 at most, and no more than the joint works of its hubs. That is
    as many as there can be: works of many hubs count for more than others, which would widen the interval
    further. Where works are unknown the weight has to do; `found` says so. If links were taken away after
    counting (a backbone, a subset), the factor is too large.

    A share is above (below) a limit if its 95 percent interval (Wilson) for so many observations is.

    Parameters
    ----------
    network : Network
        Weights are numbers of joint works by whole counting, as in the report; other countings are judged
        alike. Years and fields should be those of the report.
    against : str
        Name of the report, in `REPORTS`.
    network_kind : {"papers", "patents"}
        Which of the report's networks yours is to be like.
    seed : int
        First of the twenty seeds.
    papers : Network, optional
        The network of papers, for statements that compare the two.

    Returns
    -------
    pandas.DataFrame
        One row a statement: `id`, `network`, `statement`, `verdict` (one of `VERDICTS`), `found` (names and
        numbers behind it, or the reason why there is none) and `asked`.

    Raises
    ------
    UnknownNameError
        If there is no such report or network.
    NetworkError
        If the network says that it is of the other kind.

    References
    ----------
    Global Innovation Hubs Index 2024, on indicators 17 and 18.
    """
    claims = findings(network_kind, against)
    for given, kind in ((network, network_kind), (papers, "papers")):
        made_of = None if given is None else given.provenance.get("kind")
        if made_of is not None and made_of != _KINDS[kind]:
            raise NetworkError(f"expected a network of {kind}, got one of {made_of}s (its provenance says so)")
    hubs = _hub_network(network)
    context = _claims.Context(seed=seed, papers=None if papers is None else _hub_network(papers))
    rows = []
    for claim in claims.itertuples():
        question = _claims.QUESTIONS[str(claim.kind)](str(claim.subject), str(claim.value), context)
        holds, found = _judged(hubs, question)
        verdict = "cannot be judged" if holds is None else "holds" if holds else "fails"
        rows.append((claim.id, claim.network, claim.statement, verdict, found, question.asked))
    columns = ["id", "network", "statement", "verdict", "found", "asked"]
    return pd.DataFrame(rows, columns=columns, dtype="str")


def _judged(hubs: Network, question: _claims.Question) -> tuple[bool | None, str]:
    known = _claims.hub_table()
    if hubs.n_places < _LEAST_HUBS * len(known):
        least = int(np.ceil(_LEAST_HUBS * len(known)))
        return None, f"{hubs.n_places} of the {len(known)} hubs are places of the network, at least {least} are needed"
    missing = [hub for hub in question.about if hub not in hubs.ids]
    if missing:
        return None, f"no place of the network: {', '.join(_claims.hub_names(missing))}"
    joint = _claims.joint_works(hubs)
    few = [hub for hub in question.about if joint["works"][hub] < _claims.LEAST_WORKS]
    if few:
        numbers = joint["shown"]
        shown = ", ".join(f"{name} {numbers[hub]}" for hub, name in zip(few, _claims.hub_names(few), strict=True))
        return None, f"fewer than {_claims.LEAST_WORKS} joint works: {shown}"
    return question.judge(hubs)


def _hub_network(network: Network) -> Network:
    """Keep the hubs and their works, under their ids and with the report's own names, countries and continents."""
    known = _claims.hub_table()
    by_name = dict(zip(known["name_zh"], known.index, strict=True))
    by_name |= {name.casefold(): hub for hub, name in known["name_en"].items()}
    taken = set(network.ids) & set(known.index)
    rows, hubs = [], []
    for row, place in enumerate(network.ids):
        hub = place
        if place not in taken:
            hub = by_name.get(str(network.names.iloc[row]).casefold(), "")
            country = network.places["country"].iloc[row]
            if not hub or hub in taken or (pd.notna(country) and country != known["country"][hub]):
                continue
            taken.add(hub)
        rows.append(row)
        hubs.append(hub)
    counts = {name: network.places[name].to_numpy()[rows] for name in ("works", "solo_works")}
    linking, provenance = network.provenance.get("works_linking"), {}
    if linking and network.total_weight:
        provenance[_claims.WORKS_PER_WEIGHT] = min(1.0, float(linking) / network.total_weight)
    return Network(known.loc[hubs].assign(**counts), network.upper[rows][:, rows], provenance)
