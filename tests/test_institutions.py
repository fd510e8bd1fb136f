"""Where organisations are: every format of the same organisations gives the same table."""

import csv
import gzip
import io
import json
import zipfile

import numpy as np
import pytest

from innovation_graph.errors import FormatError
from innovation_graph.sources import institutions
from innovation_graph.sources.institutions import read_institutions

# ror, name, types, city, region, country, geonames, lat, lon
MADE = [
    ("012345678", "Universität, Süd", ["education", "funder"], "Bern", "BE", "CH", 2661552, 46.948, 7.447),
    ("0abcdefg1", 'Namib "D" Lab', ["funder", "facility"], "Omaruru", "Khomas", "NA", 3352136, -22.5594, 17.0),
    ("0zzzzzzz9", "Somewhere\nInstitute", ["funder"], "Hong Kong", None, "HK", 1819729, 22.27832, 114.1),
]  # fmt: skip
OTHERS = ["Other name", "ON", "Autre nom"]
PARENT = "0par3nt45"


def ror_1(row):
    ror, name, types, city, region, country, number, lat, lon = row
    town = {
        "id": number,
        "city": city,
        "geonames_admin1": {"name": region, "code": "X.1"} if region else None,
    }
    return {
        "id": f"https://ror.org/{ror}",
        "name": name,
        "types": [kind.title() for kind in types],
        "links": [],
        "status": "active",
        "addresses": [{"lat": lat, "lng": lon, "state": None, "city": city, "geonames_city": town, "line": None}],
        "country": {"country_code": country, "country_name": "X"},
        "aliases": OTHERS[:1],
        "acronyms": OTHERS[1:2],
        "labels": [{"label": OTHERS[2], "iso639": "fr"}, {"label": name, "iso639": "en"}],
        "relationships": [
            {"type": "Child", "id": "https://ror.org/0ch1ldx67", "label": "X"},
            {"type": "Parent", "id": f"https://ror.org/{PARENT}", "label": "X"},
            {"type": "Parent", "id": "https://ror.org/0ch1ldx68", "label": "X"},
        ],
        "external_ids": {"ISNI": {"preferred": None, "all": ["1"]}},
    }


def ror_2(row):
    ror, name, types, city, region, country, number, lat, lon = row
    details = {
        "continent_code": "EU",
        "country_code": country,
        "country_name": "X",
        "country_subdivision_code": "XX",
        "country_subdivision_name": region,
        "lat": lat,
        "lng": lon,
        "name": city,
    }
    second = {"geonames_id": 1, "geonames_details": {**details, "name": "Elsewhere"}}
    return {
        "id": f"https://ror.org/{ror}",
        "names": [
            {"value": OTHERS[0], "types": ["alias"], "lang": None},
            {"value": OTHERS[1], "types": ["acronym"], "lang": None},
            {"value": OTHERS[2], "types": ["label"], "lang": "fr"},
            {"value": name, "types": ["label", "ror_display"], "lang": "en"},
        ],
        "types": types,
        "status": "active",
        "locations": [{"geonames_id": number, "geonames_details": details}, second],
        "links": [{"type": "website", "value": "https://x.org"}],
        "relationships": [
            {"type": "related", "id": "https://ror.org/0ch1ldx67", "label": "X"},
            {"type": "parent", "id": f"https://ror.org/{PARENT}", "label": "X"},
        ],
    }


def table(header, made):
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(made)
    return text.getvalue().encode()


def other_cells(form):
    related = f"Child: https://ror.org/0ch1ldx67, https://ror.org/0ch1ldx68; Parent: https://ror.org/{PARENT}"
    return [OTHERS[0], OTHERS[1], form.format(OTHERS[2]), related]


def ror_1_csv(made):
    city = "addresses[0].geonames_city"
    header = [
        "id",
        "name",
        "types",
        "status",
        "aliases",
        "acronyms",
        "labels",
        "relationships",
        "addresses[0].lat",
        "addresses[0].lng",
        f"{city}.name",
    ]
    header += [f"{city}.id", f"{city}.geonames_admin1.name", "country.country_code", "country.country_name"]
    return table(
        header,
        [
            [f"https://ror.org/{r}", n, "; ".join(t), "active", *other_cells("{}"), lat, lon, c, g, s, cc, "X"]
            for r, n, t, c, s, cc, g, lat, lon in made
        ],
    )


def ror_2_csv(made):
    place = "locations.geonames_details"
    header = ["id", "locations.geonames_id", f"{place}.country_code", f"{place}.country_subdivision_name"]
    header += [f"{place}.lat", f"{place}.lng", f"{place}.name", "names.types.ror_display", "types"]
    header += ["names.types.alias", "names.types.acronym", "names.types.label", "relationships"]
    return table(
        header,
        [
            [
                f"https://ror.org/{r}",
                f"{g}; 1",
                f"{cc}; {cc}",
                f"{s}; X" if s else "",
                f"{lat}; 1.0",
                f"{lon}; 2.0",
                f"{c}; Elsewhere",
                n,
                "; ".join(t),
                *other_cells("no_lang_code: {}; en: " + n),
            ]
            for r, n, t, c, s, cc, g, lat, lon in made
        ],
    )


def plain_csv(made):
    header = ["ror", "name", "city", "sub", "cc", "lat", "lng", "geonames", "types", "status"]
    return table(
        header,
        [[r, n, c, s, cc, lat, lon, g, ";".join(t), "active"] for r, n, t, c, s, cc, g, lat, lon in made],
    )


def openalex(row, number):
    ror, name, types, city, region, country, geonames, lat, lon = row
    return {
        "id": f"https://openalex.org/I{number}",
        "ror": f"https://ror.org/{ror}",
        "display_name": name,
        "display_name_alternatives": [OTHERS[0], OTHERS[2]],
        "display_name_acronyms": [OTHERS[1]],
        "country_code": country,
        "type": next((kind for kind in types if kind != "funder"), "funder"),
        "geo": {
            "city": city,
            "geonames_city_id": str(geonames),
            "region": region,
            "country_code": country,
            "country": "X",
            "latitude": lat,
            "longitude": lon,
        },
    }


def openalex_all():
    return [openalex(row, number) for number, row in enumerate(MADE)]


def zipped(**members):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return data.getvalue()


def encode(value, **options):
    return json.dumps(value, **options).encode()


def dump_1():
    return encode([ror_1(row) for row in MADE], indent=4)


def dump_2():
    return encode([ror_2(row) for row in MADE], indent=4)


FORMATS = {
    "ROR 1 JSON": dump_1,
    "ROR 2 JSON": dump_2,
    "ROR 1 CSV": lambda: ror_1_csv(MADE),
    "ROR 2 CSV": lambda: ror_2_csv(MADE),
    "ROR zip, schema 1": lambda: zipped(dump__json=dump_1(), dump__csv=b"x"),
    "ROR zip, both": lambda: zipped(v1__json=b"x", v1__csv=b"x", v1_schema_v2__json=dump_2(), v1_schema_v2__csv=b"x"),
    "ROR zip, CSV": lambda: zipped(v1__csv=b"x", v1_schema_v2__csv=ror_2_csv(MADE), read__txt=b"x"),
    "CSV": lambda: plain_csv(MADE),
    "CSV with byte-order mark": lambda: b"\xef\xbb\xbf" + plain_csv(MADE),
    "CSV, gz": lambda: gzip.compress(plain_csv(MADE)),
    "OpenAlex lines": lambda: b"\n".join(map(encode, openalex_all())),
    "OpenAlex lines, gz": lambda: gzip.compress(b"\n".join(map(encode, openalex_all()))),
    "OpenAlex page": lambda: encode({"meta": {}, "results": openalex_all()}),
    "OpenAlex pages": lambda: encode(
        [{"meta": {}, "results": openalex_all()[:2]}, {"meta": {}, "results": openalex_all()[2:]}], indent=1
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats_give_the_same_table(tmp_path, name):
    path = tmp_path / "file"
    path.write_bytes(FORMATS[name]())
    found = read_institutions(path)
    is_openalex, has_names = name.startswith("OpenAlex"), not name.startswith("CSV")
    rows = found.table.to_pylist()
    for row in rows:
        # Formats list the names in orders of their own.
        row["aliases"] = set(row["aliases"] or ())
    assert rows == [
        {
            "ror": ror,
            "organisation_id": f"I{number}" if is_openalex else None,
            "organisation": label,
            "type": next((kind for kind in types if kind != "funder"), "funder"),
            "city": city,
            "region": region,
            "country": country,
            "geonames_id": geonames,
            "lat": lat,
            "lon": lon,
            "aliases": set(OTHERS) if has_names else set(),
            "parent": PARENT if has_names and not is_openalex else None,
        }
        for number, (ror, label, types, city, region, country, geonames, lat, lon) in enumerate(MADE)
    ]
    assert found.source == "file"
    assert len(found) == 3


def test_rows_by_either_identifier(tmp_path):
    records = [*openalex_all(), openalex((*MADE[0][:3], "Thun", *MADE[0][4:]), 0)]
    (tmp_path / "i.jsonl").write_bytes(b"\n".join(map(encode, records)))
    found = read_institutions(tmp_path / "i.jsonl")
    rows = found.rows(["0abcdefg1", None, "099999999", "012345678", None], ["I0", "I2", "I1", None, "I9"])
    assert rows.tolist() == [1, 2, 1, 3, -1]  # of an organisation that comes twice the last one counts
    assert found.table["city"][3].as_py() == "Thun"
    assert repr(found) == "<Institutions: 4, 4 with a city; i.jsonl>"


def test_folder_of_openalex_institutions(tmp_path):
    for number, record in enumerate(openalex_all()):
        part = tmp_path / "in" / f"updated_date=2024-01-0{number + 1}"
        part.mkdir(parents=True)
        (part / "part_000.gz").write_bytes(gzip.compress(encode(record)))
    (tmp_path / "in" / "manifest").write_text("{}")
    assert read_institutions(tmp_path / "in").table["organisation_id"].to_pylist() == ["I0", "I1", "I2"]


def test_unknown_places_stay_with_their_country(tmp_path):
    records = [
        {"id": "https://openalex.org/I1", "country_code": "de", "geo": None},
        {
            "id": "https://openalex.org/I2",
            "country_code": None,
            "geo": {"city": "", "latitude": 95.0, "longitude": 1.0},
        },
        {"id": "https://ror.org/012345678", "names": [], "locations": []},
    ]
    (tmp_path / "i.jsonl").write_bytes(b"\n".join(map(encode, records)))
    rows = read_institutions(tmp_path / "i.jsonl").table.select(["country", "city", "lat", "lon"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [("DE", None, None, None), (None,) * 4, (None,) * 4]


def test_real_table(real_data):
    path = real_data / "ror" / "institutions.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = read_institutions(path)
    assert len(found) == len(rows) == 51414
    table = found.table.to_pydict()
    assert table["ror"] == [row["ror"] for row in rows]
    assert table["city"] == [row["city"] for row in rows]
    assert table["region"] == [row["sub"] or None for row in rows]
    assert table["country"] == [row["cc"] for row in rows]
    assert table["geonames_id"] == [int(row["geonames"]) for row in rows]
    assert np.array_equal(table["lat"], [float(row["lat"]) for row in rows])
    assert np.array_equal(table["lon"], [float(row["lng"]) for row in rows])


def test_real_pages(real_data):
    path = real_data / "openalex" / "openalex-institutions-pages.json"
    records = [record for page in json.loads(path.read_text("utf-8")) for record in page["results"]]
    table = read_institutions(path).table.to_pydict()
    assert table["organisation_id"] == [record["id"].rpartition("/")[2] for record in records]
    assert table["city"] == [record["geo"]["city"] for record in records]
    assert table["lat"] == [record["geo"]["latitude"] for record in records]
    assert table["geonames_id"] == [int(g) if (g := r["geo"]["geonames_city_id"]) else None for r in records]


GOOD = "ror,name,city,cc,lat,lng\n012345678,A,Bern,CH,46.9,7.4\n"
BAD = {
    "empty": (b"", "an identifier"),
    "other table": (b"work,year\nW1,2020\n", "an identifier"),
    "no place": (b"ror,name\n012345678,A\n", "a place"),
    "only a header": (b"ror,name,city,cc,lat,lng\n", "got none"),
    "bad identifier": (GOOD.encode() + b"12,A,Bern,CH,1,1\n", "line 3: .*identifier '12'"),
    "country by name": (GOOD.encode() + b"012345678,A,Bern,Switzerland,1,1\n", "line 3: .*'Switzerland'"),
    "latitude": (GOOD.encode() + b"012345678,A,Bern,CH,91,1\n", "line 3: .*latitude '91'"),
    "no number": (GOOD.encode() + b"012345678,A,Bern,CH,x,1\n", "line 3: .*'x'"),
    "not finite": (GOOD.encode() + b"012345678,A,Bern,CH,nan,1\n", "line 3: .*'nan'"),
    "ragged": (GOOD.encode() + b"012345678,A,Bern\n", "as many fields"),
    "encoding": (GOOD.encode() + "012345678,Zürich,Bern,CH,1,1\n".encode("latin-1"), "UTF-8"),
    "works": (encode({"id": "https://openalex.org/W1", "authorships": []}), "openalex.org/W1"),
    "half a line": (encode(openalex_all()[0]) + b'\n{"id": "https://openalex.org/I', "line 2"),
    "half an array": (dump_2()[:-5], "no JSON document"),
    "cut gz": (gzip.compress(dump_2())[:-20], "end in the middle"),
    "cut gz of CSV": (gzip.compress(plain_csv(MADE * 9))[:-20], "end in the middle"),
    "binary": (b"\x00\x01\x02" * 20, "an identifier"),
    "parquet": (b"PAR1....", "Parquet"),
    "zip without table": (zipped(readme__txt=b"x", __MACOSX="x"), "a JSON or CSV file in the zip"),
    "empty array": (b"[]", "got none"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_named(tmp_path, name):
    data, reason = BAD[name]
    path = tmp_path / "institutions.file"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=reason) as caught:
        read_institutions(path)
    assert str(path) in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(FormatError, match="nothing of that name"):
        read_institutions(tmp_path / "none.csv")


def test_damaged_zip(tmp_path):
    data = bytearray(zipped(a__json=dump_2()))
    at = data.find(b"a.json") + 40
    data[at : at + 20] = bytes(255 - byte for byte in data[at : at + 20])
    (tmp_path / "r.zip").write_bytes(data)
    with pytest.raises(FormatError, match="a readable zip"):
        read_institutions(tmp_path / "r.zip")


@pytest.mark.parametrize("kind", ["zip", "gz"])
def test_bombs_are_not_unpacked(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(institutions, "_MAX_UNPACKED", 100_000)
    bomb = GOOD.encode() + b" " * 10_000_000
    path = tmp_path / "bomb"
    path.write_bytes(zipped(a__csv=bomb) if kind == "zip" else gzip.compress(bomb))
    assert path.stat().st_size < 20_000
    with pytest.raises(FormatError, match="at most 100,000 bytes"):
        read_institutions(path)
