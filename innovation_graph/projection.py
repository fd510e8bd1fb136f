"""Projection: from works in places to links between places.

The counting rules, for a work with n places, i and j two of them:

====================  ===========================  =====================================================
`whole`               w_ij = 1                     each pair once a work
`fractional`          w_ij = 1 / (n - 1)           each place of a work gets 1 in all
`whole_normalised`    w_ij = 2 / (n (n - 1))       each work gives 1 in all
`share`               w_ij = s_i s_j               s: shares of the authors (applicants) in the places
====================  ===========================  =====================================================

`fractional` is the rule of Perianes-Rodriguez, Waltman and van Eck (2016, Journal of Informetrics 10, 1178-1195).
A work with one place links nothing; it counts in the place table.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from innovation_graph._counting import Totals, dense_links, network_of, pair_weights, shares_of, totals_of
from innovation_graph.errors import UnknownNameError
from innovation_graph.incidence import Block, Incidence, IncidenceStream
from innovation_graph.network import Network

__all__ = ["COUNTING", "project"]

COUNTING: tuple[str, ...] = ("whole", "fractional", "whole_normalised", "share")
"""Names of the counting rules."""

_DENSE_PLACES = 512  # up to here a dense matrix a thread fits into the cache


def project(incidence: Incidence | IncidenceStream, *, counting: str = "whole", threads: int | None = None) -> Network:
    """Link places by the works they have in common.

    Parameters
    ----------
    incidence : Incidence or IncidenceStream
        Which works have a site in which places. A stream is read once, piece by piece.
    counting : str
        "whole": 1 a pair; "fractional": 1 / (n - 1) for a work in n places, so that each place of a work gets 1;
        "whole_normalised": 2 / (n (n - 1)), so that each work gives 1; "share": product of the author shares of
        the two places (needs an incidence with shares).
    threads : int, optional
        Default: as many as there are processors, at most 8. Results are equal, bit for bit, whatever the number.

    Returns
    -------
    Network
        Over all places of the incidence, isolates included, with `works`, `solo_works` and
        `fractional_works` in its place table and row counts in its provenance.

    Raises
    ------
    UnknownNameError
        If the counting rule does not exist.
    ValueError
        If shares are asked for and the incidence has none.
    """
    if counting not in COUNTING:
        raise UnknownNameError("counting rule", counting, COUNTING)
    into = _dense if len(incidence.places) <= _DENSE_PLACES else _sparse
    upper, totals = into(incidence, counting, threads)
    sites = {"sites_selected": totals.sites, "sites_located": totals.located}
    return network_of(incidence.places, upper, totals, {**incidence.info, "counting": counting, **sites})


def _dense(source: Incidence | IncidenceStream, counting: str, threads: int | None) -> tuple[sparse.csr_array, Totals]:
    n_places, tools = len(source.places), source.engine
    weight = pair_weights(counting, n_places)

    def add(block: Block) -> tuple[NDArray[np.float64], Totals]:
        return dense_links(tools, block, counting, weight, n_places), totals_of(tools, block, n_places)

    # Pieces are summed in their order, so that the last bit does not depend on the number of threads.
    matrix, totals = np.zeros((n_places, n_places)), Totals(n_places)
    for part, counted in source.map_blocks(add, threads=threads):
        matrix += part
        totals.add(counted)
    return sparse.csr_array(matrix), totals


def _sparse(source: Incidence | IncidenceStream, counting: str, threads: int | None) -> tuple[sparse.csr_array, Totals]:
    n_places, tools = len(source.places), source.engine

    def linking(block: Block) -> tuple[tuple[NDArray[Any], ...], Totals]:
        share = shares_of(block) if counting == "share" else np.empty(0)
        sizes, place = np.empty(len(block.work), np.int64), np.empty(len(block.place), np.int32)
        shares = np.empty(len(share))
        rows, entries = tools.linking(block.ptr, block.place, share, sizes, place, shares)
        sizes.resize(rows, refcheck=False)
        place.resize(entries, refcheck=False)
        shares.resize(min(entries, len(share)), refcheck=False)
        return (sizes, place, shares), totals_of(tools, block, n_places)

    totals = Totals(n_places)
    parts: list[tuple[NDArray[Any], ...]] = [(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0))]
    for kept, counted in source.map_blocks(linking, threads=threads):
        parts.append(kept)
        totals.add(counted)
    sizes, place, share = (np.concatenate(column) for column in zip(*parts, strict=True))
    del parts
    ptr = np.concatenate([[0], np.cumsum(sizes)])
    weight = pair_weights(counting, n_places)
    return tools.links(ptr, place, weight, share, n_places, threads), totals
