"""How often the resolver finds organisation, city and hub of labelled addresses.

    python benchmarks/evaluate_resolver.py LABELLED.json --institutions ror.zip [--by-country] [--errors 20]

LABELLED holds `{"items": [{"input": text, "output": [ROR addresses]}]}`, a list of such items, or one item a line.

Rules. The organisation is right if its ROR id is among the labels; recall counts labels, once over all labels and
once over addresses with a label that the institutions file knows. City and hub leave the others out: their gold is
the record of a label in that file. The city is right if its GeoNames id is the record's, or its folded name and its
country are; "within 25 km" measures from the record's coordinates. Hubs are those of `gihi2024()` for both. Wrong
cities are counted apart where the address itself prints the city found: there the label's seat is elsewhere.

Halves: the weights were fitted on the items with an even `seq_no`; the odd ones are held out. Speed is measured in
process time, every text once, warm index; loading is stated apart, memory is the largest resident size.
"""

import argparse
import json
import resource
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa

from innovation_graph.places import gihi2024, locate
from innovation_graph.places.gazetteer import load_gazetteer
from innovation_graph.places.resolver import THRESHOLD, Resolver
from innovation_graph.places.sphere import great_circle_km
from innovation_graph.places.text import fold
from innovation_graph.records import SCHEMAS
from innovation_graph.sources.institutions import read_institutions

PLACE = ("city", "region", "country", "geonames_id", "lat", "lon")
THRESHOLDS = (THRESHOLD, 0.7, 0.8, 0.9)


def read_labelled(path):
    text = Path(path).read_text("utf-8-sig").strip()
    try:
        data = json.loads(text)
        items = data["items"] if "items" in data else [data] if isinstance(data, dict) else data
    except json.JSONDecodeError:
        items = [json.loads(line) for line in text.splitlines() if line.strip()]
    return [
        (item.get("seq_no", number), item["input"], [label.rpartition("/")[2] for label in item["output"]])
        for number, item in enumerate(items)
    ]


def prf(right, given, wanted):
    precision, recall = right / max(given, 1), right / max(wanted, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    return (
        f"precision {precision:.4f}  recall {recall:.4f}  F1 {f1:.4f}   ({right} right, {given} given, {wanted} wanted)"
    )


def hubs_of(rows):
    types = {name: SCHEMAS["addresses"].field(name).type for name in PLACE}
    table = pa.table({name: pa.array([row.get(name) for row in rows], kind) for name, kind in types.items()})
    return locate(table, gihi2024()).lookup


class Judged:
    """Items with what was found, and the rules of the docstring."""

    def __init__(self, items, found, known):
        self.items, self.found = items, found
        self.gold = [[known[label] for label in labels if label in known] for _, _, labels in items]
        self.hub = hubs_of([row._asdict() for row in found])
        flat = iter(hubs_of([row for rows in self.gold for row in rows]).tolist())
        self.gold_hub = [[next(flat) for _ in rows] for rows in self.gold]

    def city_right(self, i):
        row = self.found[i]
        return any(
            row.geonames_id == gold["geonames_id"]
            or (row.country == gold["country"] and fold(row.city) == fold(gold["city"] or ""))
            for gold in self.gold[i]
        )

    def km(self, i):
        row = self.found[i]
        pairs = [(gold["lat"], gold["lon"]) for gold in self.gold[i] if gold["lat"] is not None]
        return min((float(great_circle_km(row.lat, row.lon, *pair)) for pair in pairs), default=np.inf)

    def report(self, rows, threshold):
        rows = list(rows)
        labels = [self.items[i][2] for i in rows]
        given = [self.found[i].ror for i in rows]
        right = sum(ror in own for ror, own in zip(given, labels, strict=True) if ror)
        known = [i for i in rows if self.gold[i]]
        print(f"  organisation, all labels    {prf(right, sum(map(bool, given)), sum(map(len, labels)))}")
        of_known = sum(self.found[i].ror in self.items[i][2] for i in known)
        wanted = sum(len(self.gold[i]) for i in known)
        print(f"  organisation, known labels  {prf(of_known, sum(bool(self.found[i].ror) for i in known), wanted)}")
        put = [i for i in known if self.found[i].city and self.found[i].score >= threshold]
        cities = sum(map(self.city_right, put))
        print(f"  city                        {prf(cities, len(put), len(known))}")
        print(f"  city within 25 km           {prf(sum(self.km(i) <= 25 for i in put), len(put), len(known))}")
        hubs = sum(self.hub[i] in self.gold_hub[i] for i in put if self.hub[i] >= 0)
        with_hub = sum(any(hub >= 0 for hub in self.gold_hub[i]) for i in known)
        print(f"  hub                         {prf(hubs, sum(self.hub[i] >= 0 for i in put), with_hub)}")
        country = sum(any(self.found[i].country == gold["country"] for gold in self.gold[i]) for i in known)
        print(
            f"  country                     {prf(country, sum(bool(self.found[i].country) for i in known), len(known))}"
        )

    def printed_elsewhere(self, rows):
        """Count wrong cities that the address itself names as a part of its own."""
        wrong = [i for i in rows if self.gold[i] and self.found[i].city and not self.city_right(i)]
        own = 0
        for i in wrong:
            parts = {fold(part) for part in self.items[i][1].replace(";", ",").split(",")}
            gold = {fold(row["city"] or "") for row in self.gold[i]}
            own += self.found[i].reason.startswith("city") and parts.isdisjoint(gold)
        return own, len(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labelled")
    parser.add_argument("--institutions", required=True)
    parser.add_argument("--by-country", action="store_true")
    parser.add_argument("--errors", type=int, default=0, metavar="N")
    options = parser.parse_args()
    items = read_labelled(options.labelled)
    start = time.process_time()
    load_gazetteer()
    gazetteer_time = time.process_time() - start
    table = read_institutions(options.institutions).table
    start = time.process_time()
    resolver = Resolver(table, threshold=0.0)
    index_time = time.process_time() - start
    found, start = {}, time.process_time()
    for _, text, _ in items:
        if text not in found:
            found[text] = resolver.resolve(text)
    spent = time.process_time() - start
    scale = 1e6 if sys.platform == "darwin" else 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
    known = {row["ror"]: row for row in table.to_pylist()}
    labels = [label for _, _, labels in items for label in labels]
    missing = sum(label not in known for label in labels)
    print(
        f"{len(items)} addresses, {len(found)} distinct; {len(labels)} labels, {missing} not in the institutions file"
    )
    print(
        f"gazetteer {gazetteer_time:.1f} s, organisations {index_time:.1f} s, {len(found) / spent:.0f} texts a second,"
    )
    print(f"largest resident size {peak:.0f} MB (before scoring)\n")
    judged = Judged(items, [found[text] for _, text, _ in items], known)
    halves = {"all": range(len(items))}
    for name, odd in (("even seq_no (fitted on)", 0), ("odd seq_no (held out)", 1)):
        halves[name] = [i for i, item in enumerate(items) if item[0] % 2 == odd]
    for threshold in THRESHOLDS:
        for name, rows in halves.items():
            print(f"threshold {threshold:g}, {name}")
            judged.report(rows, threshold)
    own, wrong = judged.printed_elsewhere(range(len(items)))
    print(f"\nof {wrong} wrong cities, {own} are printed in the address, which does not print the label's city")
    if options.by_country:
        by_country(judged)
    if options.errors:
        show_errors(judged, options.errors)


def by_country(judged):
    groups = defaultdict(list)
    for i, rows in enumerate(judged.gold):
        if rows:
            groups[rows[0]["country"]].append(i)
    for country, rows in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        put = [i for i in rows if judged.found[i].city]
        print(f"{country}  city {prf(sum(map(judged.city_right, put)), len(put), len(rows))}")


def show_errors(judged, number):
    put = [i for i, rows in enumerate(judged.gold) if rows and judged.found[i].city]
    wrong = [i for i in put if not judged.city_right(i)]
    print("\n", Counter(judged.found[i].reason for i in wrong).most_common(12))
    for i in wrong[:: max(1, len(wrong) // number)]:
        row, gold = judged.found[i], judged.gold[i][0]
        print(f"{judged.items[i][1]!r}\n    label {gold['organisation']}, {gold['city']} {gold['country']}")
        print(f"    found {row.organisation}, {row.city} {row.country} {row.score} {row.reason}, {judged.km(i):.0f} km")


if __name__ == "__main__":
    main()
