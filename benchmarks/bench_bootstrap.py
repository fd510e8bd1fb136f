"""Bootstrap of ten million works: degree, strength and eigenvector of 120 hubs, 1,000 replicates.

    python benchmarks/make_inputs.py 10
    python benchmarks/bench_bootstrap.py --millions 10 --out benchmarks/results/bootstrap_10m.json

Every contestant runs in a process of its own and reads the records folder as it was ingested. `ours_2` and `ours_1`
are the bootstrap on two threads and on one. `plain` is what one would do without it: draw a weight for each work that
links places, multiply the weighted incidence with itself (scipy), measure, once a replicate; a few replicates are timed
and extrapolated. Loading the compiled loop (compiling it, where the cache is empty) is timed apart, on a tiny input.
Memory is the largest resident size of the process; `cpu` is the time of all its threads, which a busy machine leaves
as it is.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from bench_projection import inputs, located, machine

REPLICATES = 1_000
PLAIN = 3  # replicates that are timed


def compile_kernel():
    from innovation_graph import _resampling

    sets = _resampling.PlaceSets(np.array([0, 2]), np.array([0, 1], np.int32), None, np.array([1]), 2)
    made = _resampling.Replicates(sets, "whole", 1)
    made.compiled = True
    start = time.perf_counter()
    made.weights(_resampling.keys_of(0, 1))
    return time.perf_counter() - start


def ours(threads):
    def go(folder, places):
        from innovation_graph import incidence, uncertainty
        from innovation_graph.records import read_records

        compiling = compile_kernel()
        stream = incidence.stream(read_records(folder), located(places))
        start, cpu = time.perf_counter(), time.process_time()
        found = uncertainty.bootstrap(stream, replicates=REPLICATES, threads=threads)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        return seconds, {"cpu": cpu, "compile_or_load": compiling, "mean_error": errors(found.replicates)}

    return go


def plain(folder, places):
    from scipy import linalg, sparse

    from innovation_graph import incidence
    from innovation_graph.records import read_records

    rows = incidence.build(read_records(folder), located(places), shares=False).rows
    sizes = np.diff(rows.ptr)
    place = rows.place[np.repeat(sizes > 1, sizes)]
    ptr = np.concatenate([[0], np.cumsum(sizes[sizes > 1])])
    n = int(place.max()) + 1
    ones = sparse.csr_array((np.ones(len(place)), place, ptr), shape=(len(ptr) - 1, n))
    rng = np.random.default_rng(0)
    values = {"degree": [], "strength": [], "eigenvector": []}
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(PLAIN):
        weight = rng.poisson(1.0, len(ptr) - 1).astype(float)
        weighted = sparse.csr_array((np.repeat(weight, np.diff(ptr)), place, ptr), shape=ones.shape)
        matrix = (ones.T @ weighted).toarray()
        np.fill_diagonal(matrix, 0)
        values["degree"].append(np.count_nonzero(matrix, axis=1))
        values["strength"].append(matrix.sum(axis=1))
        values["eigenvector"].append(np.abs(linalg.eigh(matrix, subset_by_index=[n - 1, n - 1])[1][:, 0]))
    seconds = (time.perf_counter() - start) / PLAIN * REPLICATES
    cpu = (time.process_time() - cpu) / PLAIN * REPLICATES
    return seconds, {"cpu": cpu, "replicates_timed": PLAIN}


def errors(replicates):
    return {name: float(np.std(values, axis=0, ddof=1).mean()) for name, values in replicates.items()}


CONTESTANTS = {"ours_2": ours(2), "ours_1": ours(1), "plain": plain}


def measure(name, millions):
    seconds, more = CONTESTANTS[name](*inputs(millions, "hubs"))
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return {"seconds": seconds, "peak_mb": peak, **more}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--millions", type=int, default=10)
    parser.add_argument("--contestants", nargs="+", default=list(CONTESTANTS), choices=list(CONTESTANTS))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        name, target = given.one
        Path(target).write_text(json.dumps(measure(name, given.millions)))
        return
    rows = {}
    for name in given.contestants:
        with tempfile.NamedTemporaryFile(suffix=".json") as target:
            command = [sys.executable, __file__, "--millions", str(given.millions), "--one", name, target.name]
            subprocess.run(command, check=True)
            rows[name] = row = json.loads(Path(target.name).read_text())
        print(f"{name:8} {row['seconds']:10.2f} s  {row['peak_mb']:6} MB  {row}", flush=True)
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        found = {"machine": machine(), "millions": given.millions, "replicates": REPLICATES, "contestants": rows}
        given.out.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
