"""The map page in a real browser: size, time to write, time from navigation to the first picture.

    python benchmarks/bench_page.py --browsers 7

Each measurement is the first page of a new headless Chromium (cold), then the same page opened again (warm).
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from innovation_graph import Network, places
from innovation_graph.views import explorer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from browser import chromium

FIRST_DRAW = "return performance.getEntriesByName('first-draw')[0].startTime"


def complete_network():
    """Link all 120 hubs with one another: 7,140 links of heavy-tailed weight."""
    table = places.gihi2024().table
    rng = np.random.default_rng(5)
    upper = np.triu(np.ceil(rng.pareto(1.0, (120, 120)) * 10), 1)
    return Network.from_matrix(upper + upper.T, table, provenance={"source": "benchmark", "synthetic": True})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--browsers", type=int, default=7)
    given = parser.parse_args()
    network = complete_network()
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "map.html"
        explorer.write(network, page)  # loads libraries
        start = time.perf_counter()
        explorer.write(network, page)
        print(f"{network.n_places} places, {network.n_links:,} links: {page.stat().st_size:,} bytes")
        print(f"written in {time.perf_counter() - start:.3f} s")
        times = {"cold": [], "warm": []}
        for _ in range(given.browsers):
            with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as browser:
                for values in times.values():
                    browser.open(page)
                    values.append(browser.js(FIRST_DRAW))
    for kind, values in times.items():
        listed = ", ".join(f"{value:.0f}" for value in sorted(values))
        print(f"first picture, {kind}: median {statistics.median(values):.0f} ms ({listed})")


if __name__ == "__main__":
    main()
