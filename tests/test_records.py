"""Records: the schema at the door, pieces that never split a work, nothing half-written."""

import json
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made import random_works, records_of

from innovation_graph import _record_tables
from innovation_graph import records as records_module
from innovation_graph.errors import FormatError, RecordsError
from innovation_graph.records import SCHEMAS, Records, RecordsWriter, read_records

WORKS = pa.table(
    {
        "work_id": ["a", "b"],
        "kind": ["paper"] * 2,
        "n_actors": [1, 1],
        "retracted": [False] * 2,
        "truncated": [False] * 2,
    }
)
ADDRESSES = pa.table({"text": ["x", "y"]})


def sites(work=(0, 1), actor=(0, 0), role=(0, 0), address=(0, 1)):
    return pa.table({"work": list(work), "actor": list(actor), "role": list(role), "address": list(address)})


def test_written_and_read_records_are_equal(tmp_path):
    made = records_of(random_works(np.random.default_rng(1), 200, 50), 50)
    read = made.write(tmp_path / "records")
    assert read.works.equals(made.works)
    assert read.addresses.equals(made.addresses)
    names = SCHEMAS["sites"].names
    for one, other in zip(made.site_batches(names), read.site_batches(names), strict=True):
        for left, right in zip(one, other, strict=True):
            np.testing.assert_array_equal(left, right)
    assert (read.n_works, read.n_addresses, read.roles) == (200, 50, ("author",))
    assert repr(read).startswith("<Records: 200 works, ")


@pytest.mark.parametrize("rows", [1, 3, 10, 64])
def test_no_piece_splits_a_work_and_none_is_lost(rows, monkeypatch, tmp_path):
    monkeypatch.setattr(records_module, "_ROWS_PER_GROUP", rows)
    works = random_works(np.random.default_rng(rows), 90, 20)
    made = records_of(works, 20)
    with RecordsWriter(tmp_path / "records", source="test") as writer:
        for start in range(0, 90, 7):  # as a source adds them: in portions that fit no row group
            part = records_of(works[start : start + 7], 20)
            table = pa.concat_tables(
                [
                    pa.table(dict(zip(SCHEMAS["sites"].names, batch, strict=True)))
                    for batch in part.site_batches(SCHEMAS["sites"].names)
                ]
            )
            table = table.set_column(0, "work", pa.compute.add(table["work"], pa.scalar(start, pa.int32())))
            writer.add(part.works, table)
        writer.finish(made.addresses)
    read = read_records(tmp_path / "records")
    pieces = [work for (work,) in read.site_batches(["work"])]
    for before, after in pairwise(pieces):
        assert before[-1] < after[0]
    np.testing.assert_array_equal(np.concatenate(pieces), np.repeat(np.arange(90), [len(work) for work in works]))
    if rows < 10:
        assert len(pieces) > 10


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (sites(work=(1, 0)), "must rise from 0"),
        (sites(work=(0, 2)), "at most 1"),
        (sites(address=(0, 2)), "between -1 and 2, found 0 to 2"),
        (sites(address=(-2, 0)), "found -2 to 0"),
        (sites(role=(0, 3)), "role.*found 3"),
        (sites(work=(0, 0), role=(1, 0)), "sorted by role"),
        (sites((0, 0, 0), (0, 1, 0), (0, 0, 0), (0, 1, 1)), "actor 0 of work 0 comes in two runs"),
        (sites().drop_columns(["actor"]), "column 'actor' is missing"),
        (sites().append_column("extra", pa.array([1, 2])), r"unknown columns \['extra'\]"),
        (sites(address=(None, 1)), "'address' has 1 nulls"),
        (
            pa.table({**dict(zip(sites().column_names, sites().columns, strict=True)), "actor": ["a", "b"]}),
            "should be int32",
        ),
    ],
)
def test_tables_that_break_the_schema_are_refused(table, message):
    with pytest.raises(RecordsError, match=message):
        Records.from_tables(WORKS, table, ADDRESSES)


def fail_outside(writer):
    writer.add(WORKS, sites())
    raise OSError("disk full")


def fail_to_finish(writer):
    writer.add(WORKS, sites())


def fail_on_addresses(writer):
    writer.add(WORKS, sites())
    writer.finish(ADDRESSES.slice(0, 1))


@pytest.mark.parametrize(
    ("act", "message"),
    [(fail_outside, "disk full"), (fail_to_finish, "finish"), (fail_on_addresses, "point to address 1")],
)
def test_nothing_is_left_when_writing_fails(act, message, tmp_path):
    def write():
        with RecordsWriter(tmp_path / "records", source="test") as writer:
            act(writer)

    with pytest.raises((OSError, RecordsError), match=message):
        write()
    assert list(tmp_path.iterdir()) == []


def test_only_a_folder_of_records_is_replaced(tmp_path):
    target = tmp_path / "records"
    target.mkdir()
    (target / "precious.txt").write_text("keep me")
    with pytest.raises(FileExistsError, match="choose another"):
        Records.from_tables(WORKS, sites(), ADDRESSES).write(target)
    assert (target / "precious.txt").read_text() == "keep me"
    (target / "precious.txt").unlink()
    Records.from_tables(WORKS, sites(), ADDRESSES).write(target)
    Records.from_tables(WORKS, sites(), ADDRESSES, source="second").write(target)
    assert read_records(target).info["source"] == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["records"]


def spoil_json(folder):
    (folder / "records.json").write_text("{")


def spoil_version(folder):
    info = json.loads((folder / "records.json").read_text())
    (folder / "records.json").write_text(json.dumps({**info, "version": 99}))


def spoil_missing(folder):
    (folder / "sites.parquet").unlink()


def spoil_bytes(folder):
    (folder / "works.parquet").write_bytes(b"no parquet")


def spoil_rows(folder):
    pq.write_table(pq.read_table(folder / "works.parquet").slice(0, 1), folder / "works.parquet")


def spoil_columns(folder):
    pq.write_table(pq.read_table(folder / "works.parquet").drop_columns(["year"]), folder / "works.parquet")


def spoil_order(folder):
    table = pq.read_table(folder / "sites.parquet")
    pq.write_table(pa.concat_tables([table.slice(1), table.slice(0, 1)]), folder / "sites.parquet", row_group_size=1)


def spoil_addresses(folder):
    info = json.loads((folder / "records.json").read_text())
    info["counts"]["addresses"] = 1
    (folder / "records.json").write_text(json.dumps(info))
    pq.write_table(pq.read_table(folder / "addresses.parquet").slice(0, 1), folder / "addresses.parquet")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_json, "records.json: expected JSON"),
        (spoil_version, "version 1, got .*version 99"),
        (spoil_missing, "sites.parquet: expected a Parquet file"),
        (spoil_bytes, "works.parquet: expected a Parquet file"),
        (spoil_rows, r"works.parquet: expected 2 rows \(records.json\), got 1 rows"),
        (spoil_columns, "works.parquet.*year: missing instead of int16"),
        (spoil_order, "row groups in the order of the works"),
        (spoil_addresses, "addresses from -1 to 0, got 1 to 1"),
    ],
)
def test_spoilt_folders_are_refused_at_the_door(spoil, message, tmp_path, monkeypatch):
    monkeypatch.setattr(records_module, "_ROWS_PER_GROUP", 1)
    Records.from_tables(WORKS, sites(), ADDRESSES).write(tmp_path / "records")
    spoil(tmp_path / "records")
    with pytest.raises(FormatError, match=message):
        read_records(tmp_path / "records")


def test_a_path_that_is_no_records_says_what_it_is(tmp_path):
    with pytest.raises(FormatError, match=r"got nothing of that name.*ingest"):
        read_records(tmp_path / "none")
    with pytest.raises(FormatError, match="got a folder without it"):
        read_records(tmp_path)


def test_cutting_gives_whole_works():
    work = np.repeat(np.arange(6), [5, 1, 1, 9, 2, 3])
    assert list(_record_tables.cut(work, 4)) == [(0, 5), (5, 7), (7, 16), (16, 18), (18, 21)]
