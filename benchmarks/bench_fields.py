"""Fields of a million patents with five symbols each: time of `fields.assign`, and the floor.

    python benchmarks/bench_fields.py --patents 1000000 --symbols 5

Symbols are drawn from 70,000 made-up ones, the frequent ones often (Zipf), so many as the IPC has; they stand in the
IPC's areas that the scheme names and in others. `floor` is what any matcher must do at least: encode the
symbols as numbers and look each number up once.
"""

import argparse
import statistics
import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from innovation_graph import fields
from innovation_graph.symbols import normalise

DISTINCT = 70_000
STEMS = "A61B A61K A61P A61F C07C C07D C07K C12Q C12N G01R G05D G06F G06K G06N G06T G06V G16H H01L H02J H04L B60R E02D"


def made_up(patents, symbols, rng):
    """Draw lists of symbols in the spelling of the records."""
    stems = np.array(STEMS.split())[rng.integers(0, len(STEMS.split()), DISTINCT)]
    groups, subgroups = rng.integers(1, 60, DISTINCT), rng.integers(0, 10_000, DISTINCT)
    spelled = [
        normalise(f"{stem}{group:04d}{subgroup:04d}00")
        for stem, group, subgroup in zip(stems, groups, subgroups, strict=True)
    ]
    rank = np.minimum(rng.zipf(1.1, patents * symbols) - 1, 10**9) % DISTINCT
    flat = pa.array(spelled).take(pa.array(rank))
    return pa.ListArray.from_arrays(pa.array(np.arange(patents + 1) * symbols, pa.int32()), flat)


def floor(column):
    encoded = pc.list_flatten(column).dictionary_encode()
    return np.ones(len(encoded.dictionary), dtype=bool)[encoded.indices.to_numpy()].sum()


def median(call, runs):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patents", type=int, default=1_000_000)
    parser.add_argument("--symbols", type=int, default=5)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    column = made_up(given.patents, given.symbols, rng)
    titles = pa.array(["Method and device for neural-network control of a wind turbine"] * given.patents)
    words = {name: [f"{name} {n}" for n in range(10)] for name in fields.read_scheme("gihi2024").fields}
    tasks = {
        "floor": lambda: floor(column),
        "fields, broad": lambda: fields.assign(column, fields.read_scheme("gihi2024")),
        "fields, narrow": lambda: fields.assign(column, fields.read_scheme("gihi2024"), breadth="narrow"),
        "branches, broad": lambda: fields.assign(column, fields.read_scheme("gihi2024"), by="branch"),
        "with keywords": lambda: fields.assign(column, fields.read_scheme("gihi2024"), texts=titles, keywords=words),
    }
    print(f"{given.patents:,} patents, {given.symbols} symbols each, {len(pc.unique(column.flatten())):,} distinct")
    normalise.cache_clear()
    start = time.perf_counter()
    tasks["fields, broad"]()
    print(f"{'first call, nothing cached':28s} {time.perf_counter() - start:6.2f} s")
    for name, call in tasks.items():
        print(f"{name:28s} {median(call, given.runs):6.2f} s")


if __name__ == "__main__":
    main()
