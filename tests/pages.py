"""Made-up networks for the tests of pages, and a reader of the pages."""

import itertools
import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd

from innovation_graph import Network

HOSTILE = (
    "<img src=x onerror=window.pwned=1>",
    "</script><script>window.pwned=1</script>",
    "\"><svg onload='window.pwned=1'>",
    "');window.pwned=1;//",
    "\u202egnijieB\u202c \u2066x",
    "{{ 7*7 }}{% raw %}<!--\u2028\u2029",
    "<a href=javascript:window.pwned=1>href</a>",
    "&lt;b&gt; & ' \" ` \\ \u0000 \u0007",
)


def city_network(n=40, seed=5, **provenance):
    """Three blocks of cities in a complete network; names in both languages, some with accents."""
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(3, 0.8, n))
    block = np.arange(n) % 3
    weight = np.outer(size, size) * np.where(block[:, None] == block, 3.0, 0.2) / 40
    matrix = np.triu(rng.poisson(weight) + 1, 1)
    names = ["Zürich", "São Paulo", "Xi'an", "Łódź", "New York", *(f"City {i}" for i in range(5, n))]
    table = pd.DataFrame(
        {
            "name_en": names,
            "name_zh": ["苏黎世", "圣保罗", "西安", None, "纽约", *(f"城市{i}" for i in range(5, n))],
            "country": np.array(["CN", "US", "DE"])[block],
            "continent": np.array(["Asia", "North America", "Europe"])[block],
            "works": size.round() * 10,
            "solo_works": size.round() * 4,
        },
        index=pd.Index([f"c{i}" for i in range(n)], name="place_id"),
    )
    facts = {
        "source": "made up",
        "years": [2019, 2023],
        "kind": "paper",
        "counting": "whole",
        "places": "city",
    }
    return Network.from_matrix(matrix + matrix.T, table, provenance={**facts, **provenance})


class Elements(HTMLParser):
    """Texts of the elements that stand in a page, by tag, as a browser takes them."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found, self.stack = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append([tag, dict(attrs), ""])
        self.stack.append(self.found[-1])

    def handle_endtag(self, tag):
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if self.stack:
            self.stack[-1][2] += data


def data_of(text):
    return next(json.loads(body) for tag, attrs, body in Elements(text).found if attrs.get("id") == "data")


def overlapping(labels):
    """Pairs of labels on the screen that cover each other."""
    return [
        (p["text"], q["text"])
        for p, q in itertools.combinations(labels, 2)
        if p["x"] < q["x"] + q["w"] - 0.5
        and q["x"] < p["x"] + p["w"] - 0.5
        and p["y"] < q["y"] + q["h"] - 0.5
        and q["y"] < p["y"] + p["h"] - 0.5
    ]
