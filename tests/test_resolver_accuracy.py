"""How often labelled addresses come out right: the labels are another group's, the places those of ROR."""

import json

import pyarrow as pa
import pytest

from innovation_graph.places import gihi2024, locate
from innovation_graph.places.resolver import Resolver
from innovation_graph.records import SCHEMAS
from innovation_graph.sources.institutions import read_institutions

PLACE = ("city", "region", "country", "geonames_id", "lat", "lon")


@pytest.fixture(scope="module")
def both(real_data):
    """Return what the labels say and what was found, for the labels that the institutions know."""
    table = read_institutions(real_data / "ror/institutions.csv").table
    known = {row["ror"]: row for row in table.to_pylist()}
    items = json.loads((real_data / "affiliations/springer_nature_2023.json").read_text("utf-8"))["items"]
    labelled = [(item["input"], item["output"][0].rpartition("/")[2]) for item in items]
    resolver = Resolver(table)
    pairs = [(known[ror], resolver.resolve(text)) for text, ror in labelled if ror in known]
    assert len(pairs) == 8_295
    return pairs


def scores(wanted, found):
    right = sum(one == other for one, other in zip(wanted, found, strict=True) if one is not None)
    given, asked = (sum(value is not None for value in values) for values in (found, wanted))
    return right / given, right / asked


def hubs(places):
    columns = {name: [place[name] for place in places] for name in PLACE}
    table = pa.table(
        {name: pa.array(values, SCHEMAS["addresses"].field(name).type) for name, values in columns.items()}
    )
    return [hub if hub >= 0 else None for hub in locate(table, gihi2024()).lookup.tolist()]


def test_organisations(both):
    precision, recall = scores([label["ror"] for label, _ in both], [found.ror for _, found in both])
    assert precision > 0.91
    assert 2 * precision * recall / (precision + recall) > 0.82


def test_cities(both):
    found = [one.geonames_id for _, one in both]
    precision, recall = scores([label["geonames_id"] for label, _ in both], found)
    assert precision > 0.93
    assert recall > 0.85


def test_hubs(both):
    precision, recall = scores(hubs([label for label, _ in both]), hubs([found._asdict() for _, found in both]))
    assert precision > 0.96
    assert recall > 0.92


def test_countries(both):
    precision, recall = scores([label["country"] for label, _ in both], [found.country for _, found in both])
    assert min(precision, recall) > 0.995
