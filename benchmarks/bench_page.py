"""The explorer in a real browser: size, time to write, time to the first picture, time of a redraw.

    python benchmarks/bench_page.py --browsers 5

First pictures are those of a new headless Chromium (cold), then of the same page opened again (warm), counted from the
start of the navigation. Redraws are what the page itself measures, with the backbone and with all links: under
the pointer, while the picture is dragged, while it is zoomed, and once it has come to rest, when all is painted anew.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from innovation_graph import Network, places
from innovation_graph.views import explorer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from browser import chromium

FIRST_DRAW = "return performance.getEntriesByName('first-draw')[0].startTime"
FACTS = {"source": "benchmark", "synthetic": True}


def complete_network():
    """Link all 120 hubs with one another: 7,140 links of heavy-tailed weight."""
    table = places.gihi2024().table
    rng = np.random.default_rng(5)
    upper = np.triu(np.ceil(rng.pareto(1.0, (120, 120)) * 10), 1)
    return Network.from_matrix(upper + upper.T, table, provenance=FACTS)


def large_network(n=2_000, links=20_000):
    """Scatter places around the hubs and link them by heavy-tailed sizes."""
    table = places.gihi2024().table
    rng = np.random.default_rng(5)
    hub = rng.integers(0, 120, n)
    near = table.iloc[hub]
    about = pd.DataFrame(
        {
            "name_en": [f"{name.split(' - ')[0]} {i}" for i, name in enumerate(near["name_en"])],
            "country": near["country"].to_numpy(),
            "continent": near["continent"].to_numpy(),
            "lat": near["lat"].to_numpy() + rng.normal(0, 3, n),
            "lon": near["lon"].to_numpy() + rng.normal(0, 3, n),
        },
        index=pd.Index([f"p{i}" for i in range(n)], name="place_id"),
    )
    size = rng.pareto(1.2, n) + 0.3
    drawn = rng.choice(n, (8 * links, 2), p=size / size.sum())
    pairs = np.unique(np.sort(drawn[drawn[:, 0] != drawn[:, 1]], axis=1), axis=0)
    pairs = pairs[np.sort(rng.choice(len(pairs), links, replace=False))]
    weight = np.ceil((rng.pareto(1.1, links) + 0.1) * 3)
    ends = {end: about.index[pairs[:, k]] for k, end in enumerate(("source", "target"))}
    return Network.from_edges(pd.DataFrame({**ends, "weight": weight}), about, provenance=FACTS)


def first_pictures(page, browsers):
    times = {"cold": [], "warm": []}
    for _ in range(browsers):
        with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as browser:
            for values in times.values():
                browser.open(page)
                values.append(browser.js(FIRST_DRAW))
    for kind, values in times.items():
        listed = ", ".join(f"{value:.0f}" for value in sorted(values))
        print(f"  first picture, {kind}: median {statistics.median(values):.0f} ms ({listed})")


def redraws(page):
    def mouse(kind, x, y, **more):
        browser.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **more})
        browser.frame()
        return browser.js("return explorer.redrawn()")

    held = {"button": "left", "buttons": 1}
    with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as browser:
        for position in (0, 100):
            browser.open(page)
            browser.set("#slider", position, "input")
            drawn = browser.js("return explorer.state().links")
            found = {"hover": [mouse("mouseMoved", 450 + 20 * k, 450 + (37 * k) % 200) for k in range(25)]}
            mouse("mousePressed", 700, 500, button="left", clickCount=1)
            found["drag"] = [mouse("mouseMoved", 700 + 6 * k, 500 + 3 * k, **held) for k in range(1, 20)]
            mouse("mouseReleased", 820, 560, button="left")
            found["zoom"] = [mouse("mouseWheel", 700, 500, deltaX=0, deltaY=-60) for _ in range(12)]
            browser.set("#theme", "", "click")
            found["at rest"] = [browser.js("return explorer.redrawn()")]
            told = ", ".join(f"{name} {statistics.median(values):.1f} ms" for name, values in found.items())
            print(f"  redraw with {drawn:,} links, medians: {told}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--browsers", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "map.html"
        explorer.write(complete_network(), page)  # loads libraries
        for network in (complete_network(), large_network()):
            start = time.perf_counter()
            explorer.write(network, page)
            taken = time.perf_counter() - start
            size = page.stat().st_size
            print(f"{network.n_places:,} places, {network.n_links:,} links: {size:,} bytes, written in {taken:.1f} s")
            first_pictures(page, given.browsers)
            redraws(page)


if __name__ == "__main__":
    main()
