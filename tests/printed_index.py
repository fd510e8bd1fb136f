"""Indices made up and printed as reports do: scored from indicators, mapped onto 60..100, rounded, the first n only."""

import numpy as np
import pandas as pd

from innovation_graph._ranks import rank
from innovation_graph.index import scoring
from innovation_graph.index.published import Published
from innovation_graph.index.spec import IndexSpec, Indicator, Node, Rescaling


def tree(widths=(2, 3, 2)):
    """A root with dimensions A, B, ... of weights 0.3, 0.3, 0.4; each with two nodes of `width` indicators."""
    letters = "ABCDEF"[: len(widths)]
    weights = [0.3, 0.3, 0.4, 0.2, 0.5, 0.1]
    nodes = [Node("R", "root")]
    indicators = []
    for letter, width, weight in zip(letters, widths, weights, strict=False):
        nodes.append(Node(letter, letter, "R", weight))
        for number, share in ((1, 0.6), (2, 0.4)):
            nodes.append(Node(f"{letter}{number}", letter, letter, share))
            indicators += [Indicator(f"{letter}{number}{i}", "x", f"{letter}{number}") for i in range(width)]
    return IndexSpec("made up", tuple(nodes), tuple(indicators), rescaling=Rescaling(60.0, 100.0, (0, 1, 2)))


def values(spec, n=60, seed=0):
    """Skewed, correlated indicators of n places."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 1))
    table = np.exp(0.6 * common + 0.8 * rng.normal(size=(n, len(spec.codes))))
    return pd.DataFrame(table, index=[f"p{i:03}" for i in range(n)], columns=spec.codes)


def printed(scores, decimals=2, first=None):
    """Tables of a root and of each dimension, the first places of each, with ranks."""
    spec = scores.spec
    tables, ranks = {}, {}
    for name in [spec.root, *spec.children[spec.root]]:
        codes = [name, *[code for code in spec.children[name] if code in scores.scores]]
        order = scores.scores[name].sort_values(ascending=False, kind="stable").index[:first]
        tables[f"table {name}"] = scores.scores.loc[order, codes].round(decimals)
        own = [code for code in codes if name in {code, spec.root}]
        ranks[f"table {name}"] = scores.scores[own].apply(rank).loc[order].astype("int64")
    places = pd.DataFrame({"name_en": scores.scores.index}, index=scores.scores.index)
    return Published(spec, places, tables, ranks, decimals=decimals)


def made(seed=0, n=60, decimals=2, first=None, widths=(2, 3, 2)):
    """Scores and what is printed of them."""
    spec = tree(widths)
    scores = scoring.score(spec, values(spec, n, seed))
    return scores, printed(scores, decimals, first)


def true_slopes(scores, parent):
    """Points of a parent a point of each child, from the sums before rounding: w r / R."""
    sums, below = scores.steps["aggregated"], scores.spec.children[parent]
    reach = sums.max() - sums.min()
    weights = pd.Series({child: scores.spec.parts[child].weight for child in below})
    return weights / weights.sum() * reach[below] / reach[parent]
