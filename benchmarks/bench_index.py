"""Re-scoring an index 10,000 times: 108 hubs, 30 indicators, with everything drawn anew.

    python benchmarks/bench_index.py --out benchmarks/results/index.json

Values are random. Three cases: `weights` draws weights only; `methods` also two treatments, three normalisations and
two aggregations; `everything` also an error of 5 percent in every value. `ours_2` and `ours_1` run on two threads and
on one; `pandas` is the plain way, one table a replicate, written with pandas alone (no checks, no tie tolerance, no
report of the steps); `score` calls `scoring.score` for every replicate. A few replicates of the last two are timed and
extrapolated. `difference` is the largest difference of a score from ours. `cpu` is the time of all threads, which a
busy machine leaves as it is, or nearly so.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from bench_projection import machine

from innovation_graph.index import scoring
from innovation_graph.index.sensitivity import Choices, WeightRange, monte_carlo
from innovation_graph.index.spec import Aggregation, Normalisation, Treatment, read_spec

REPLICATES = 10_000
SAMPLE = 10  # replicates of the slow ways


def cases():
    # All from 1 on, so that every combination can be scored.
    other = (Normalisation("percentile", low=1, high=100), Normalisation("goalposts", low=1, high=100))
    methods = {
        "treatment": (Treatment("winsorise"),),
        "normalisation": other,
        "aggregation": (Aggregation("geometric"),),
    }
    return {
        "weights": Choices(WeightRange()),
        "methods": Choices(WeightRange(), **methods),
        "everything": Choices(WeightRange(), **methods, noise={"*": 0.05}),
    }


def inputs():
    rng = np.random.default_rng(0)
    spec = read_spec("gihi2024")
    indicators = [
        {**{f: getattr(p, f) for f in p.__struct_fields__}, "goalposts": (0.0, 10.0)} for p in spec.indicators
    ]
    made = tuple(type(p)(**fields) for p, fields in zip(spec.indicators, indicators, strict=True))
    spec = spec.replace(apart=None, normalisation=Normalisation("minmax", low=1, high=100), indicators=made)
    common = rng.normal(size=(108, 1))
    values = np.exp(0.7 * common + rng.normal(size=(108, 30)))
    return spec, pd.DataFrame(values, columns=spec.codes, index=[f"hub {i}" for i in range(108)])


def plain(spec, values):
    """Score with pandas alone, as one would in a notebook."""
    how, x = spec.treatment, values.copy()
    for code in x if how.method != "none" else ():
        for points in range(1, how.max_points + 1):
            if not (abs(x[code].skew()) > how.max_skew and abs(x[code].kurt()) > how.max_kurtosis):
                break
            x[code] = values[code].clip(upper=values[code].nlargest(points + 1).iloc[-1])
        else:
            if abs(x[code].skew()) > how.max_skew and abs(x[code].kurt()) > how.max_kurtosis:
                x[code] = np.log(values[code] - values[code].min() + np.ptp(values[code]) / 100)
    low, high = spec.normalisation.low, spec.normalisation.high
    if spec.normalisation.method == "minmax":
        share = (x - x.min()) / (x.max() - x.min())
    elif spec.normalisation.method == "percentile":
        share = (x.rank(method="min") - 1) / (len(x) - 1)
    else:
        share = (x / 10).clip(0, 1)
    tree = low + (high - low) * share
    for code, below in spec.children.items():
        weights = pd.Series({child: spec.parts[child].weight for child in below})
        weights /= weights.sum()
        children = tree[below]
        geometric = spec.aggregation.method == "geometric"
        tree[code] = np.exp((np.log(children) * weights).sum(axis=1)) if geometric else (children * weights).sum(axis=1)
    root = tree[spec.root]
    score = 60 + 40 * (root - root.min()) / (root.max() - root.min())
    return score, score.rank(method="min", ascending=False)


def timed(work):
    start, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--replicates", type=int, default=REPLICATES)
    options = parser.parse_args()
    spec, values = inputs()
    nominal = scoring.score(spec, values)
    results = {"replicates": options.replicates, "machine": machine(), "cases": {}}
    for name, choices in cases().items():
        rows = {}
        for threads in (2, 1):
            bands, rows[f"ours_{threads}"] = timed(
                lambda: monte_carlo(nominal, choices, replicates=options.replicates, threads=threads)  # noqa: B023
            )
        drawn = [bands.replicate(number) for number in range(SAMPLE)]
        for way, one in (("pandas", plain), ("score", scoring.score)):
            found, rows[way] = timed(lambda: [one(*replicate) for replicate in drawn])  # noqa: B023
            rows[way] = {key: value / SAMPLE * options.replicates for key, value in rows[way].items()}
            scores = [each[0] if way == "pandas" else each.scores[spec.root] for each in found]
            rows[way]["difference"] = float(np.abs(np.array(scores) - bands.scores.iloc[:SAMPLE]).max(axis=None))
        rows["ratio_pandas"] = rows["pandas"]["seconds"] / rows["ours_2"]["seconds"]
        rows["failed"] = len(bands.reasons)
        results["cases"][name] = rows
        print(name, json.dumps(rows, indent=2))
    if options.out:
        options.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
