"""Make the records that the benchmarks read: synthetic, seeded, heavy-tailed.

    python benchmarks/make_inputs.py 1 10          # 1 and 10 million works, into benchmarks/data/

4.5 authorship rows a work, 45 percent of them unlocated, 110,000 organisations in 10,000 cities and 120 hubs,
several address texts an organisation, some works with hundreds of organisations. The same records serve all three
granularities: `places.npz` holds, for each of them, the place of every address (-1: unlocated).
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from innovation_graph.records import RecordsWriter

DATA = Path(__file__).resolve().parent / "data"
ORGANISATIONS, CITIES, HUBS = 110_000, 10_000, 120
TEXTS = 3  # address texts an organisation
UNLOCATABLE = 300_000  # address texts that lead nowhere
CHUNK = 500_000


def heavy_tailed(rng: np.random.Generator, size: int, n: int, exponent: float) -> np.ndarray:
    """Draw ranks 0..n-1 with probability falling as a power of the rank (continuous inverse)."""
    a = 1.0 - exponent
    return (((rng.random(size) * (float(n) ** a - 1.0)) + 1.0) ** (1.0 / a) - 1.0).astype(np.int64)


def sites_of(rng: np.random.Generator, first: int, n: int) -> tuple[pa.Table, np.ndarray]:
    """Make the sites of works first..first+n-1 and their numbers of authors."""
    rows = np.maximum(1, rng.lognormal(1.1, 0.98, n)).astype(np.int64)
    giants = rng.random(n) < 2e-5
    rows[giants] = rng.integers(300, 3_000, int(giants.sum()))
    work = np.repeat(np.arange(n), rows)
    total = len(work)
    starts = np.cumsum(rows) - rows
    home = heavy_tailed(rng, n, ORGANISATIONS, 0.92)[work]
    away = rng.random(n) < 0.15 + rows / 120  # the larger the team, the more organisations
    kind = rng.random(total) + np.where(away, 0.8, 0.0)[work]
    near = (home + np.rint(rng.standard_cauchy(total).clip(-1e6, 1e6) * 6).astype(np.int64)) % ORGANISATIONS
    far = heavy_tailed(rng, total, ORGANISATIONS, 0.92)
    organisation = np.where(kind < 0.94, home, np.where(kind < 1.2, near, far))
    text = np.minimum(rng.geometric(0.7, total) - 1, TEXTS - 1)
    address = organisation * TEXTS + text
    lost = rng.random(total)
    address = np.where(lost < 0.45, -1, address)
    vague = (lost >= 0.25) & (lost < 0.45)
    address[vague] = ORGANISATIONS * TEXTS + heavy_tailed(rng, int(vague.sum()), UNLOCATABLE, 0.7)
    new_actor = rng.random(total) >= 0.12
    new_actor[starts] = True
    actor = np.cumsum(new_actor) - 1
    actor -= actor[starts][work]
    authors = actor[starts + rows - 1] + 1
    table = pa.table(
        {
            "work": (work + first).astype(np.int32),
            "actor": actor.astype(np.int32),
            "role": np.zeros(total, dtype=np.int8),
            "address": address.astype(np.int32),
        }
    )
    return table, authors


def make(millions: int, seed: int = 7) -> Path:
    """Write `benchmarks/data/records_<millions>m` and the places of its addresses."""
    rng = np.random.default_rng([seed, millions])
    folder = DATA / f"records_{millions}m"
    n_works = millions * 1_000_000
    with RecordsWriter(folder, source="benchmark generator", synthetic=True) as writer:
        for first in range(0, n_works, CHUNK):
            n = min(CHUNK, n_works - first)
            sites, authors = sites_of(rng, first, n)
            works = pa.table(
                {
                    "work_id": np.char.mod("W%d", np.arange(first, first + n)),
                    "kind": np.full(n, "paper"),
                    "year": rng.integers(2019, 2024, n).astype(np.int16),
                    "n_actors": authors.astype(np.int32),
                    "retracted": np.zeros(n, dtype=bool),
                    "truncated": np.zeros(n, dtype=bool),
                }
            )
            writer.add(works, sites)
            print(f"\r{first + n:,} of {n_works:,} works", end="", flush=True)
        n_addresses = ORGANISATIONS * TEXTS + UNLOCATABLE
        writer.finish(pa.table({"text": np.char.mod("address %d", np.arange(n_addresses))}))
    print()
    organisation = np.full(n_addresses, -1, dtype=np.int32)
    organisation[: ORGANISATIONS * TEXTS] = np.repeat(np.arange(ORGANISATIONS, dtype=np.int32), TEXTS)
    # Neighbouring organisations are near in rank; cities and hubs mix them so that large and small ones share a place.
    city = heavy_tailed(rng, ORGANISATIONS, CITIES, 0.8).astype(np.int32)
    hub = heavy_tailed(rng, CITIES, HUBS, 0.5).astype(np.int32)
    city[:CITIES], hub[:HUBS] = np.arange(CITIES), np.arange(HUBS)  # none stays empty
    located = organisation >= 0
    of_city = np.where(located, city[organisation], -1).astype(np.int32)
    of_hub = np.where(located, hub[of_city], -1).astype(np.int32)
    np.savez(DATA / f"places_{millions}m.npz", hubs=of_hub, cities=of_city, organisations=organisation)
    return folder


if __name__ == "__main__":
    for size in sys.argv[1:] or ["1"]:
        print(make(int(size)))
