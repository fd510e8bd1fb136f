"""Parquet with OpenAlex works gives the records that its JSON lines give."""

import gzip
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from innovation_graph.errors import FormatError
from innovation_graph.sources._parquet_works import parquet_items
from innovation_graph.sources.openalex import ingest

PLOS = "openalex/works_retractions_plos1_2018.jsonl.gz"
BASE = "https://openalex.org/"


def author(number, *institutions, texts=()):
    return {
        "author": {"id": f"{BASE}A{number}", "display_name": f"Author {number}"},
        "institutions": [
            {
                "id": f"{BASE}I{i}",
                "display_name": f"University {i}",
                "ror": f"https://ror.org/0{i:08d}",
                "country_code": "GB",
                "type": "education",
                "lineage": [f"{BASE}I{i}"],
            }
            for i in institutions
        ],
        "countries": ["GB"],
        "raw_author_name": f"A. {number}",
        "raw_affiliation_strings": list(texts),
    }


WORKS = [
    {
        "id": f"{BASE}W1",
        "title": "=cmd|' /C calc'!A0",
        "publication_year": 2020,
        "type": "article",
        "authorships": [author(1, 7, 8), author(2, texts=["Lab, Ünttown"])],
        "is_retracted": False,
        "topics": [{"id": "T1", "field": {"display_name": "Physics"}}, {"id": "T2", "field": {"display_name": "Law"}}],
        "primary_topic": {"id": "T2", "field": {"display_name": "Law"}},
        "updated_date": "2024-01-02T03:04:05.000006",
        "abstract_inverted_index": {"skipped": [0]},
    },
    {
        "id": f"{BASE}W2",
        "title": "<script>alert(1)</script>",
        "publication_year": 2021,
        "type": "review",
        "authorships": [],
        "is_retracted": True,
        "topics": [],
        "primary_topic": None,
        "updated_date": "2024-01-03",
        "abstract_inverted_index": {"skipped": [1]},
    },
    {
        "id": f"{BASE}W1",
        "title": "an older version",
        "publication_year": 1999,
        "type": "article",
        "authorships": [author(1, 9)],
        "is_retracted": False,
        "topics": [],
        "primary_topic": None,
        "updated_date": "2023-01-01",
        "abstract_inverted_index": None,
    },
]


def valid(path):
    pq.write_table(pa.Table.from_pylist(WORKS), path)
    return path


def as_lines(path, works):
    path.write_bytes(b"".join(json.dumps(work).encode() + b"\n" for work in works))
    return path


def as_text(works):
    """Columns that hold JSON, as dumps of data bases have them."""
    nested = ("authorships", "topics", "primary_topic")
    return [{k: json.dumps(v) if k in nested and k in work else v for k, v in work.items()} for work in works]


def same(one, other, out):
    """Ingest both and compare every table."""
    options = {"keep_actors": True, "keep_retracted": True}
    found = [ingest(path, out / name, **options) for path, name in ((one, "a"), (other, "b"))]
    assert found[0] == found[1]
    for table in ("works", "sites", "addresses", "actors"):
        first, second = (pq.read_table(out / name / f"{table}.parquet") for name in "ab")
        assert first.equals(second), table
    return found[0]


@pytest.mark.parametrize("layout", ["nested", "text"])
def test_real_works_come_out_as_from_json_lines(tmp_path, real_data, layout):
    with gzip.open(real_data / PLOS) as file:
        works = [json.loads(line) for line in file]
    rows = works if layout == "nested" else as_text(works)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "works.parquet", row_group_size=50)
    summary = same(real_data / PLOS, tmp_path / "works.parquet", tmp_path)
    assert summary.works == len({work["id"] for work in works}) == 237


@pytest.mark.parametrize("layout", ["nested", "text", "dates", "large lists"])
def test_made_up_works_come_out_as_from_json_lines(tmp_path, layout):
    table = pa.Table.from_pylist(as_text(WORKS) if layout == "text" else WORKS)
    if layout == "dates":
        moments = [datetime.fromisoformat(work["updated_date"]).replace(tzinfo=UTC) for work in WORKS]
        column = pa.array(moments, pa.timestamp("ns", "UTC"))
        table = table.set_column(table.schema.get_field_index("updated_date"), "updated_date", column)
    elif layout == "large lists":
        at = table.schema.get_field_index("authorships")
        column = table["authorships"].cast(pa.large_list(table.schema.field(at).type.value_type))
        table = table.set_column(at, "authorships", column)
    pq.write_table(table, tmp_path / "works.parquet")
    summary = same(as_lines(tmp_path / "works.jsonl", WORKS), tmp_path / "works.parquet", tmp_path)
    assert (summary.works, summary.duplicates, summary.rejects) == (2, 1, 0)


def test_identifiers_and_years_may_be_numbers(tmp_path):
    works = json.loads(json.dumps(WORKS))
    for work in works:
        work["id"] = int(work["id"].removeprefix(f"{BASE}W"))
        work["publication_year"] = float(work["publication_year"])
        for one in work["authorships"]:
            one["author"]["id"] = int(one["author"]["id"].removeprefix(f"{BASE}A"))
            for institution in one["institutions"]:
                institution["id"] = int(institution["id"].removeprefix(f"{BASE}I"))
    works.append({**works[1], "id": 5, "publication_year": None})
    pq.write_table(pa.Table.from_pylist(works), tmp_path / "works.parquet")
    expected = [*WORKS, {**WORKS[1], "id": f"{BASE}W5", "publication_year": None}]
    same(as_lines(tmp_path / "works.jsonl", expected), tmp_path / "works.parquet", tmp_path)


def test_only_what_records_need_is_read(tmp_path):
    (_, first), *_ = parquet_items(valid(tmp_path / "w.parquet"), pytest.fail)
    work = json.loads(first)
    assert "abstract_inverted_index" not in work
    assert work["topics"][0] == {"field": {"display_name": "Physics"}}
    assert "lineage" not in work["authorships"][0]["institutions"][0]
    assert work["authorships"][0]["institutions"][0]["id"] == f"{BASE}I7"


def test_a_snapshot_of_parts_mixes_with_json(tmp_path):
    folder = tmp_path / "works" / "updated_date=2024-01-02"
    folder.mkdir(parents=True)
    valid(folder / "part_0000.parquet")
    as_lines(folder / "part_0001.jsonl", [{**WORKS[1], "id": f"{BASE}W9"}])
    (tmp_path / "works" / "manifest.json").write_text("{}")
    done = []
    summary = ingest(tmp_path / "works", tmp_path / "out", keep_retracted=True, progress=lambda *p: done.append(p))
    assert (summary.files, summary.lines, summary.works) == (2, 4, 3)
    assert done[-1][0] == done[-1][1]


def test_a_row_that_is_no_work_is_refused_and_the_rest_goes_on(tmp_path):
    rows = as_text(WORKS)
    rows[0]["authorships"] = "[{"
    rows[1]["id"] = f"{BASE}A1"
    rows.append({**rows[2], "id": f"{BASE}W4", "authorships": None})
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "works.parquet")
    summary = ingest(tmp_path / "works.parquet", tmp_path / "out")
    found = [json.loads(line) for line in (tmp_path / "out" / "rejects.jsonl").read_text().splitlines()]
    assert (summary.works, summary.rejects) == (1, 3)
    assert [each["line"] for each in found] == [1, 2, 4]
    assert "no list of authors" in found[2]["reason"]


@pytest.mark.parametrize("cut", [8, 200, -1])
def test_cut_files_are_errors(tmp_path, cut):
    data = valid(tmp_path / "w.parquet").read_bytes()
    (tmp_path / "w.parquet").write_bytes(data[:cut])
    with pytest.raises(FormatError, match="Parquet"):
        ingest(tmp_path / "w.parquet", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["w.parquet"]


def test_damage_inside_keeps_what_stands_before_or_is_an_error(tmp_path):
    works = [{**WORKS[0], "id": f"{BASE}W{n}", "title": f"{n} " * 50} for n in range(1, 5001)]
    pq.write_table(pa.Table.from_pylist(works), tmp_path / "w.parquet", row_group_size=1000, compression="none")
    data = bytearray((tmp_path / "w.parquet").read_bytes())
    start = pq.ParquetFile(tmp_path / "w.parquet").metadata.row_group(3).column(0).dictionary_page_offset
    data[start : start + 64] = b"\xff" * 64
    (tmp_path / "w.parquet").write_bytes(data)
    summary = ingest(tmp_path / "w.parquet", tmp_path / "out")
    assert summary.damaged_files == 1
    assert 2000 <= summary.works <= 3000


def test_other_tables_are_refused_with_their_columns(tmp_path):
    pq.write_table(pa.table({"id": [1], "name": ["x"]}), tmp_path / "w.parquet")
    with pytest.raises(FormatError, match="without the columns id and authorships of works; it has id, name"):
        ingest(tmp_path / "w.parquet", tmp_path / "out")
    odd = pa.table({"id": [1, 2], "authorships": [["a"], None], "publication_year": ["x", "y"]})
    pq.write_table(odd, tmp_path / "odd.parquet")
    with pytest.raises(FormatError, match="Expected"):
        ingest(tmp_path / "odd.parquet", tmp_path / "out")
