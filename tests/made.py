"""Small made-up records for tests."""

import numpy as np
import pandas as pd
import pyarrow as pa

from innovation_graph.places import Located
from innovation_graph.records import Records


def records_of(works: list[list[tuple[int, ...]]], n_addresses: int, **columns: list) -> Records:
    """Build records from works given as lists of (actor, address) or (actor, address, role).

    `columns` override columns of the works table.
    """
    table = {
        "work_id": [f"W{i}" for i in range(len(works))],
        "kind": ["paper"] * len(works),
        "year": [2023] * len(works),
        "n_actors": [len({site[0] for site in sites}) for sites in works],
        "retracted": [False] * len(works),
        "truncated": [False] * len(works),
    }
    full = [[(*site, 0)[:3] for site in sites] for sites in works]
    rows = [(i, a, role, at) for i, sites in enumerate(full) for role, a, at in sorted((s[2], *s[:2]) for s in sites)]
    flat = np.array(rows, dtype=np.int32).reshape(-1, 4)
    sites = pa.table({name: flat[:, i] for i, name in enumerate(["work", "actor", "role", "address"])})
    addresses = pa.table({"text": [f"address {i}" for i in range(n_addresses)]})
    return Records.from_tables(pa.table({**table, **columns}), sites, addresses)


def located_at(lookup: list[int], n_places: int, by: str = "address") -> Located:
    """Say that address i lies in place lookup[i] (-1: nowhere)."""
    places = pd.DataFrame(
        {"name_en": [f"Place {i}" for i in range(n_places)]},
        index=pd.Index([f"p{i}" for i in range(n_places)], name="place_id"),
    )
    array = np.array(lookup, dtype=np.int32)
    return Located(places, array, np.zeros(len(array), dtype=np.uint8), by)


def random_works(rng: np.random.Generator, n_works: int, n_addresses: int, top: int = 9) -> list[list[tuple[int, int]]]:
    """Draw works: some actors with several addresses, some addresses unknown (-1), a few large teams."""
    works = []
    for _ in range(n_works):
        n_actors = int(rng.integers(1, top)) * (1 if rng.random() > 0.02 else 12)
        sites = {
            (actor, int(rng.integers(-1, n_addresses)))
            for actor in range(n_actors)
            for _ in range(int(rng.integers(1, 4)))
        }
        works.append(sorted(sites))
    return works
