"""Measures of places side by side: ours, igraph, networkx, networkit and scipy on the same network.

    python benchmarks/bench_measures.py --sizes hubs cities --quick --out benchmarks/results/measures.json

The networks are synthetic: `ties` distinct pairs, both ends drawn with chance proportional to
(rank + 10) ** -0.7; the weight is a Pareto variable (exponent 1.2) times the root of the product of the degrees
over their mean, rounded up to a whole number. `hubs` is complete: 120 places, all pairs.

Every measure of every contestant runs in a process of its own. The first call is not counted where it is short (it
loads libraries and compiled code); then the median of the timed calls is taken, one call where a call takes
over five seconds. Conversion into the form of a library is a row of its own and not part of the other rows; ours
starts from `Network`. `peak_mb` is the largest resident size of the process, network included, and `base_mb` what it
was before the measure. Results must agree with ours to 1e-6 (relative), or the run stops: PageRank of networkit is
iterative, the others agree to 1e-9.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

SIZES = {"hubs": (120, 7_140), "cities": (10_000, 1_000_000), "organisations": (110_000, 10_000_000)}
LIBRARIES = ("ours", "igraph", "networkit", "scipy", "networkx")
LARGE = ("convert", "degree", "strength", "eigenvector", "pagerank", "core_number", "s_core", "leiden")
SLOW = 5.0  # seconds from which one call is enough
PATIENCE = 60  # seconds after which `--quick` gives a contestant up


def network_of(size):
    """Draw the network; a second process reads what the first one drew."""
    import pandas as pd
    from scipy import sparse

    from innovation_graph import Network

    n, ties = SIZES[size]
    kept = Path(tempfile.gettempdir()) / f"bench_measures_{size}.npz"
    if kept.exists():
        upper = sparse.csr_array(sparse.load_npz(kept))
    else:
        rng = np.random.default_rng(0)
        if ties == n * (n - 1) // 2:
            first, second = np.triu_indices(n, 1)
        else:
            chance = np.cumsum((np.arange(n) + 10.0) ** -0.7)
            keys = np.empty(0, dtype=np.int64)
            while len(keys) < ties:
                ends = np.searchsorted(chance, rng.random((2, ties)) * chance[-1])
                low, high = ends.min(axis=0), ends.max(axis=0)
                keys = np.unique(np.concatenate([keys, (low * n + high)[low < high]]))
            keys = rng.choice(keys, ties, replace=False)
            place = rng.permutation(n)
            first, second = place[keys // n], place[keys % n]
        degree = np.bincount(first, minlength=n) + np.bincount(second, minlength=n)
        weight = np.ceil((rng.pareto(1.2, ties) + 1e-9) * np.sqrt(degree[first] * degree[second]) / degree.mean())
        ends = (np.minimum(first, second), np.maximum(first, second))
        upper = sparse.csr_array(sparse.coo_array((weight, ends), shape=(n, n)))
        upper.sort_indices()
        sparse.save_npz(kept, sparse.csr_matrix(upper), compressed=False)
    for part in (upper.data, upper.indices, upper.indptr):
        part.flags.writeable = False
    return Network(pd.DataFrame(index=pd.Index([f"p{i}" for i in range(n)], name="place_id")), upper)


def ours(network):
    from innovation_graph import centrality, structure
    from innovation_graph.communities import leiden

    measures = {**centrality.MEASURES, **structure.MEASURES}
    calls = {name: (lambda measure=measure: measure(network).to_numpy()) for name, measure in measures.items()}
    calls["eigenvector"] = lambda: centrality.eigenvector(network, norm="max").to_numpy()
    calls["betweenness_weighted"] = lambda: centrality.betweenness(network, weighted=True).to_numpy()
    calls["closeness_weighted"] = lambda: centrality.closeness(network, weighted=True).to_numpy()
    calls["betweenness_sampled"] = lambda: len(centrality.betweenness_sampled(network, min(200, network.n_places)))
    calls["leiden"] = lambda: leiden(network, runs=1).n_communities
    calls["convert"] = lambda: network.adjacency.nnz
    calls["all"] = lambda: sum(len(measure(network)) for measure in measures.values())
    return calls


def of_igraph(network):
    from innovation_graph._igraph import graph_of, igraph, seeded

    kept = []

    def graph():
        if not kept:
            kept.append(graph_of(network))
        return kept[0]

    length = (network.upper.data.mean() / network.upper.data).tolist()

    def leiden():
        with seeded(0):
            found = graph().community_leiden(objective_function="modularity", weights="weight", n_iterations=-1)
        return len(found)

    def from_array():
        first, second, _ = network.pairs
        return igraph.Graph(network.n_places, np.column_stack((first, second)).astype(np.int64)).ecount()

    def from_list():
        first, second, _ = network.pairs
        return igraph.Graph(network.n_places, list(zip(first.tolist(), second.tolist(), strict=True))).ecount()

    return {
        "convert": lambda: graph_of(network).ecount(),
        "convert, list of pairs": from_list,
        "convert, array": from_array,
        "degree": lambda: graph().degree(),
        "strength": lambda: graph().strength(weights="weight"),
        "eigenvector": lambda: graph().eigenvector_centrality(weights="weight"),
        "pagerank": lambda: graph().pagerank(weights="weight"),
        "betweenness": lambda: graph().betweenness(),
        "betweenness_weighted": lambda: graph().betweenness(weights=length),
        "closeness": lambda: graph().closeness(),
        "closeness_weighted": lambda: graph().closeness(weights=length),
        "harmonic": lambda: graph().harmonic_centrality(),
        "eccentricity": lambda: graph().eccentricity(),
        "core_number": lambda: graph().coreness(),
        "constraint": lambda: graph().constraint(weights="weight"),
        "clustering": lambda: graph().transitivity_local_undirected(),
        "weighted_clustering": lambda: graph().transitivity_local_undirected(weights="weight"),
        "leiden": leiden,
    }


def of_networkit(network):
    import networkit as nk
    from scipy import sparse

    nk.setNumberOfThreads(os.cpu_count() or 1)
    n = network.n_places

    def convert(*, weighted=False):
        first, second, weight = network.pairs
        data = weight if weighted else np.ones(len(weight))
        return nk.GraphFromCoo(sparse.coo_matrix((data, (first, second)), shape=(n, n)), n=n, weighted=weighted)

    kept = {}

    def graph(*, weighted=False):
        if weighted not in kept:
            kept[weighted] = convert(weighted=weighted)
        return kept[weighted]

    def scores(algorithm):
        return np.array(algorithm.run().scores())

    closeness = nk.centrality.ClosenessVariant.GENERALIZED
    return {
        "convert": lambda: convert(weighted=True).numberOfEdges(),
        "pagerank": lambda: scores(nk.centrality.PageRank(graph(weighted=True), damp=0.85, tol=1e-12)),
        "betweenness": lambda: scores(nk.centrality.Betweenness(graph())) / 2,
        "closeness": lambda: scores(nk.centrality.Closeness(graph(), True, closeness)),
        "core_number": lambda: scores(nk.centrality.CoreDecomposition(graph())),
        "clustering": lambda: scores(nk.centrality.LocalClusteringCoefficient(graph())),
    }


def of_scipy(network):
    from scipy.sparse import csgraph, linalg

    full = network.adjacency
    n = network.n_places

    def far():
        return csgraph.dijkstra(full, unweighted=True, directed=True)

    def eigenvector():
        _, vectors = linalg.eigsh(full, k=1, which="LA", v0=np.ones(n))
        found = np.abs(vectors[:, 0])
        return found / found.max()

    def pagerank():
        shares = np.full(n, 1 / n)
        strength = full.sum(axis=1)
        for _ in range(200):
            after = 0.15 / n + 0.85 * (full @ (shares / strength))
            if np.abs(after - shares).sum() < 1e-12:
                break
            shares = after
        return after

    return {
        "strength": lambda: full.sum(axis=1),
        "eigenvector": eigenvector,
        "pagerank": pagerank,
        "closeness": lambda: (n - 1) / far().sum(axis=1),
        "eccentricity": lambda: far().max(axis=1),
    }


def of_networkx(network):
    import networkx as nx

    if network.n_places > 1000:
        return {}
    graph = network.to_networkx()
    values = {
        "degree": lambda: dict(graph.degree),
        "pagerank": lambda: nx.pagerank(graph, tol=1e-12),
        "betweenness": lambda: nx.betweenness_centrality(graph, normalized=False),
        "closeness": lambda: nx.closeness_centrality(graph),
        "core_number": lambda: nx.core_number(graph),
        "constraint": lambda: nx.constraint(graph, weight="weight"),
        "clustering": lambda: nx.clustering(graph),
        "eccentricity": lambda: nx.eccentricity(graph),
    }
    calls = {name: (lambda call=call: np.array(list(call().values()))) for name, call in values.items()}
    return {**calls, "convert": lambda: network.to_networkx().number_of_edges()}


CONTESTANTS = {
    "ours": ours,
    "igraph": of_igraph,
    "networkit": of_networkit,
    "scipy": of_scipy,
    "networkx": of_networkx,
}


def resident():
    # Not `ru_maxrss`, which a process inherits from the one that started it.
    status = Path("/proc/self/status").read_text()
    return round(int(status.split("VmHWM:")[1].split()[0]) / 1024)


def measure(library, name, size, repeats, values):
    """Run one measure of one contestant in this process."""
    network = network_of(size)
    network.pairs  # noqa: B018 - made once, kept by the network
    base = resident()
    call = CONTESTANTS[library](network)[name]
    seconds = []
    start = time.perf_counter()
    found = call()
    first = time.perf_counter() - start
    for _ in range(repeats if first < SLOW else 1):
        start = time.perf_counter()
        found = call()
        seconds.append(time.perf_counter() - start)
        if seconds[-1] > SLOW:
            break
    np.save(values, np.asarray(found, dtype=np.float64))
    return {
        "seconds": statistics.median(seconds),
        "first_call": first,
        "calls": len(seconds),
        "base_mb": base,
        "peak_mb": resident(),
    }


def machine():
    libraries = ("numpy", "scipy", "numba", "igraph", "networkit", "networkx")
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return {
        "processors": os.cpu_count(),
        "processor": next((line.split(":")[1].strip() for line in lines if "model name" in line), "unknown"),
        "load_before": os.getloadavg(),
        **{name: version(name) for name in libraries},
    }


def agree(name, library, found, own):
    if name == "leiden" or found.shape != own.shape or not found.ndim:
        return None
    both = np.isfinite(found) & np.isfinite(own)
    found, own = found[both], own[both]
    size = np.maximum(np.abs(own), 1e-3 * np.abs(own).max(initial=1e-300))
    worst = (np.abs(found - own) / size).max(initial=0)
    if worst > 1e-6:
        raise SystemExit(f"{name}: {library} disagrees with ours by {worst:.2g}")
    return float(worst)


def run_apart(library, name, size, given):
    """Measure in a process of its own; return the row, the values, and what went wrong."""
    limit = PATIENCE if given.quick and library != "ours" else None
    with tempfile.TemporaryDirectory() as folder:
        target, values = Path(folder) / "row.json", Path(folder) / "values.npy"
        command = [sys.executable, __file__, "--repeats", str(given.repeats)]
        command += ["--one", library, name, size, str(target), str(values)]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=limit)
        except subprocess.TimeoutExpired:
            return None, None, f"over {limit} s"
        if done.returncode:
            return None, None, f"failed: {done.stderr.strip()[-200:]}"
        return json.loads(target.read_text()), np.load(values), ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=["hubs", "cities"], choices=SIZES)
    parser.add_argument("--measures", nargs="+")
    parser.add_argument("--libraries", nargs="+", default=LIBRARIES, choices=LIBRARIES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help=f"give up contestants that take over {PATIENCE} s")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        library, name, size, target, values = given.one
        Path(target).write_text(json.dumps(measure(library, name, size, given.repeats, values)))
        return
    about, found = machine(), {}
    for size in given.sizes:
        network = network_of(size)
        offered = {library: list(CONTESTANTS[library](network)) for library in given.libraries}
        del network
        names = list(dict.fromkeys(name for library in given.libraries for name in offered[library]))
        wanted = given.measures or (LARGE if size == "organisations" else names)
        for name in [name for name in names if name in wanted]:
            row, own = {}, None
            for library in given.libraries:
                if name not in offered[library]:
                    continue
                row[library], result, why = run_apart(library, name, size, given)
                if result is None:
                    print(f"{size:14} {name:24} {library:10} {why}", flush=True)
                    continue
                if library == "ours":
                    own = result
                elif own is not None:
                    row[library]["differs_by"] = agree(name, library, result, own)
                base = row.get("ours")
                row[library]["to_ours"] = round(row[library]["seconds"] / base["seconds"], 2) if base else None
                print(
                    f"{size:14} {name:24} {library:10} {row[library]['seconds']:9.4f} s  "
                    f"{row[library]['to_ours'] or 0:8.2f} x ours  {row[library]['peak_mb']:6} MB",
                    flush=True,
                )
            found.setdefault(size, {})[name] = row
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        about["load_after"] = os.getloadavg()
        given.out.write_text(json.dumps({"machine": about, "sizes": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
