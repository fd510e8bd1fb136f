"""Projection side by side: ours, DuckDB, polars, pandas and scipy on the same records, with the floor.

    python benchmarks/bench_projection.py --millions 10 --out benchmarks/results/projection_10m.json

Every contestant runs in a process of its own, gets the records folder as it was ingested and the place of every
address, and has to count for each pair of places the works they have in common (whole counting). A first, small
run loads libraries and compiled code and is not counted; then the median of the timed runs is taken (polars, scipy
and pandas run once). Memory is the largest resident size of that process.
`floor` reads the two columns piece by piece on two threads, as ours does; `floor_table` with one call of pyarrow.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parent / "data"
LEVELS = ("hubs", "cities", "organisations")
CONTESTANTS = ("floor", "floor_table", "ours_2", "ours_1", "ours_stored", "duckdb", "polars", "scipy", "pandas")
THREADS = 2


def inputs(millions, level):
    places = np.load(DATA / f"places_{millions}m.npz")[level]
    return DATA / f"records_{millions}m", places


def floor(folder, places):
    from concurrent.futures import ThreadPoolExecutor
    from threading import local

    from innovation_graph.records import read_records

    records, own = read_records(folder), local()

    def read(batch):
        if not hasattr(own, "file"):
            own.file = records.open_sites()
        return len(records.read_sites(batch, ["work", "address"], file=own.file)[0])

    def go():
        with ThreadPoolExecutor(THREADS) as pool:
            return sum(pool.map(read, range(records.n_batches))), 0

    return go


def floor_table(folder, places):
    import pyarrow.parquet as pq

    return lambda: (len(pq.read_table(folder / "sites.parquet", columns=["work", "address"])), 0)


def located(places):
    import pandas as pd

    from innovation_graph.places import Located

    table = pd.DataFrame(index=pd.Index([f"p{i}" for i in range(int(places.max()) + 1)], name="place_id"))
    return Located(table, places.astype(np.int32), np.zeros(len(places), dtype=np.uint8), "address")


def ours(threads):
    def prepare(folder, places):
        from innovation_graph import incidence, projection
        from innovation_graph.records import read_records

        where = located(places)

        def go():
            network = projection.project(incidence.stream(read_records(folder), where), threads=threads)
            return network.n_links, network.total_weight

        return go

    return prepare


def ours_stored(folder, places):
    """Answer again from the incidence in memory, as for another counting rule."""
    from innovation_graph import incidence, projection
    from innovation_graph.records import read_records

    stored = incidence.build(read_records(folder), located(places), shares=False)

    def go():
        network = projection.project(stored, threads=THREADS)
        return network.n_links, network.total_weight

    return go


def duckdb(folder, places):
    import duckdb as db
    import pyarrow as pa

    con = db.connect()
    con.execute(f"set threads={THREADS}")
    con.register(
        "places", pa.table({"address": np.arange(len(places), dtype=np.int32), "place": places.astype(np.int32)})
    )
    con.execute("create table place_of as select * from places where place >= 0")
    query = f"""
        create or replace table links as
        with incidence as (
            select distinct work, place from '{folder}/sites.parquet' join place_of using (address)
        )
        select a.place as source, b.place as target, count(*) as weight
        from incidence a join incidence b on a.work = b.work and a.place < b.place group by all
    """

    def go():
        con.execute(query)
        return con.execute("select count(*), sum(weight) from links").fetchall()[0]

    return go


def polars(folder, places):
    os.environ["POLARS_MAX_THREADS"] = str(THREADS)
    import polars as pl

    table = pl.LazyFrame({"address": np.arange(len(places), dtype=np.int32), "place": places.astype(np.int32)})

    def go():
        incidence = (
            pl.scan_parquet(folder / "sites.parquet")
            .select("work", "address")
            .join(table.filter(pl.col("place") >= 0), on="address")
            .select("work", "place")
            .unique()
        )
        links = (
            incidence.join(incidence, on="work", suffix="_b")
            .filter(pl.col("place") < pl.col("place_b"))
            .group_by("place", "place_b")
            .len()
            .collect(engine="streaming")
        )
        return len(links), int(links["len"].sum())

    return go


def frame(folder, places):
    import pandas as pd
    import pyarrow.parquet as pq

    sites = pq.read_table(folder / "sites.parquet", columns=["work", "address"]).to_pandas()
    lookup = np.append(places, -1)  # address -1
    sites["place"] = lookup[sites.pop("address").to_numpy()]
    return pd.DataFrame(sites[sites["place"] >= 0]).drop_duplicates()


def pandas(folder, places):
    def go():
        incidence = frame(folder, places)
        pairs = incidence.merge(incidence, on="work", suffixes=("", "_b"))
        pairs = pairs[pairs["place"] < pairs["place_b"]]
        links = pairs.groupby(["place", "place_b"], sort=False).size()
        return len(links), int(links.sum())

    return go


def scipy(folder, places):
    from scipy import sparse

    def go():
        incidence = frame(folder, places)
        ones = np.ones(len(incidence), dtype=np.int32)
        matrix = sparse.csr_array((ones, (incidence["work"].to_numpy(), incidence["place"].to_numpy())))
        links = sparse.triu(sparse.csr_array(matrix.T) @ matrix, k=1)
        return links.nnz, int(links.sum())

    return go


PREPARE = {
    "floor": floor,
    "floor_table": floor_table,
    "ours_2": ours(2),
    "ours_1": ours(1),
    "ours_stored": ours_stored,
    "duckdb": duckdb,
    "polars": polars,
    "pandas": pandas,
    "scipy": scipy,
}


def measure(name, level, millions, repeats):
    """Run one contestant in this process."""
    prepare = PREPARE[name]
    prepare(*inputs(1, level))()  # loads libraries, compiled code and the disk cache
    go = prepare(*inputs(millions, level))
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        links, weight = go()
        seconds.append(time.perf_counter() - start)
    return {
        "seconds": statistics.median(seconds),
        "all_seconds": seconds,
        "links": int(links),
        "weight": float(weight),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def machine():
    libraries = ("numpy", "scipy", "pandas", "pyarrow", "numba", "duckdb", "polars")
    return {
        "processors": os.cpu_count(),
        "processor": next(
            (
                line.split(":")[1].strip()
                for line in Path("/proc/cpuinfo").read_text().splitlines()
                if "model name" in line
            ),
            platform.processor(),
        ),
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--millions", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--levels", nargs="+", default=LEVELS, choices=LEVELS)
    parser.add_argument("--contestants", nargs="+", default=CONTESTANTS, choices=CONTESTANTS)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        name, level, target = given.one
        Path(target).write_text(json.dumps(measure(name, level, given.millions, given.repeats)))
        return
    found = {}
    for level in given.levels:
        rows = {}
        for name in given.contestants:
            slow = name in ("pandas", "scipy", "polars")
            with tempfile.NamedTemporaryFile(suffix=".json") as target:
                command = [sys.executable, __file__, "--millions", str(given.millions)]
                command += ["--repeats", str(1 if slow else given.repeats), "--one", name, level, target.name]
                done = subprocess.run(command, check=False, capture_output=True, text=True)
                rows[name] = json.loads(Path(target.name).read_text()) if done.returncode == 0 else None
            if rows[name] is None:
                print(f"{level:14} {name:12} failed: {done.stderr.strip().splitlines()[-1:]}", flush=True)
                continue
            row, base = rows[name], rows.get("floor")
            row["to_floor"] = round(row["seconds"] / base["seconds"], 2) if base else None
            print(
                f"{level:14} {name:12} {row['seconds']:8.3f} s  {row['to_floor'] or 0:7.2f} x floor  "
                f"{row['peak_mb']:6} MB  {row['links']:>11,} links",
                flush=True,
            )
        answers = {(row["links"], row["weight"]) for name, row in rows.items() if row and "floor" not in name}
        if len(answers) > 1:
            raise SystemExit(f"{level}: the contestants disagree: {answers}")
        if rows.get("ours_2"):
            for row in filter(None, rows.values()):
                row["to_ours"] = round(row["seconds"] / rows["ours_2"]["seconds"], 2)
        found[level] = rows
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(
            json.dumps({"machine": machine(), "millions": given.millions, "levels": found}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()
