"""Records: the schema at the door, pieces that never split a work, nothing half-written."""

import copy
import json
import pickle
from itertools import pairwise
from pathlib import Path

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
ACTORS = pa.table({"name": ["Ann", "Bo"]})


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
        (sites(address=(0, 2)), "`address` must lie between -1 and 1, found 0 to 2"),
        (sites(address=(-2, 0)), "found -2 to 0"),
        (sites(actor=(-1, 0)), "`actor` must be at least 0, found -1 to 0"),
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


@pytest.mark.parametrize("actor", [(0, 2), (-1, 0)])
def test_actors_are_rows_of_their_table(actor):
    assert Records.from_tables(WORKS, sites(actor=(1, 0)), ADDRESSES, actors=ACTORS).actors.num_rows == 2
    with pytest.raises(RecordsError, match=f"`actor` must lie between 0 and 1, found {min(actor)} to {max(actor)}"):
        Records.from_tables(WORKS, sites(actor=actor), ADDRESSES, actors=ACTORS)


def test_without_a_table_actors_only_number_the_actors_of_a_work(tmp_path):
    made = Records.from_tables(WORKS, sites(actor=(7, 900)), ADDRESSES)
    read = made.write(tmp_path / "records")
    assert made.actors is None
    assert read.actors is None
    assert read.read_sites(0, ["actor"])[0].tolist() == [7, 900]


def test_a_table_of_actors_that_the_description_does_not_name_is_not_read(tmp_path):
    Records.from_tables(WORKS, sites(actor=(7, 900)), ADDRESSES).write(tmp_path / "records")
    pq.write_table(ACTORS, tmp_path / "records" / "actors.parquet")
    assert read_records(tmp_path / "records").actors is None


def test_info_is_read_only():
    made = Records.from_tables(WORKS, sites(), ADDRESSES)
    with pytest.raises(TypeError):
        made.info["synthetic"] = True
    given = {"source": "mine", "counts": {"works": 0, "sites": 0, "addresses": 0}}
    held = Records(info=given)
    given["source"] = "changed"
    assert held.info["source"] == "mine"
    assert json.loads(json.dumps(dict(made.info)))["counts"] == {"works": 2, "sites": 2, "addresses": 2}


@pytest.mark.parametrize("again", [copy.deepcopy, lambda records: pickle.loads(pickle.dumps(records))])  # noqa: S301 - our own bytes
def test_records_can_be_copied_and_sent(again):
    made = Records.from_tables(WORKS, sites(), ADDRESSES, source="mine")
    other = again(made)
    assert (other.info, other.folder) == (made.info, None)
    assert other.works.equals(made.works)


def fail_outside(writer):
    writer.add(WORKS, sites())
    raise OSError("disk full")


def fail_to_finish(writer):
    writer.add(WORKS, sites())


def fail_on_addresses(writer):
    writer.add(WORKS, sites())
    writer.finish(ADDRESSES.slice(0, 1))


def fail_on_actors(writer):
    writer.add(WORKS, sites(actor=(2, 0)))  # the top actor does not come last
    writer.add(WORKS, sites(work=(2, 3)))
    writer.finish(ADDRESSES, actors=ACTORS)


def fail_on_a_negative_actor(writer):
    writer.add(WORKS, sites(actor=(0, -1)))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (fail_outside, "disk full"),
        (fail_to_finish, "finish"),
        (fail_on_addresses, "point to address 1"),
        (fail_on_actors, "point to actor 2, but there are only 2 actors"),
        (fail_on_a_negative_actor, "`actor` must be at least 0, found -1 to 0"),
    ],
)
def test_nothing_is_left_when_writing_fails(act, message, tmp_path):
    def write():
        with RecordsWriter(tmp_path / "records", source="test") as writer:
            act(writer)

    with pytest.raises((OSError, RecordsError), match=message):
        write()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("act", [fail_outside, fail_to_finish, lambda writer: writer.finish(ADDRESSES)])
@pytest.mark.parametrize("full", ["works.parquet", "sites.parquet"])
def test_nothing_is_left_when_the_disk_is_full_at_the_end(act, full, tmp_path, monkeypatch):
    close = pq.ParquetWriter.close
    closed = []

    def fail(self):
        name = Path(self.where).name
        close(self)
        closed.append(name)
        if name == full:
            raise OSError(f"no space for the footer of {name}")

    writer = RecordsWriter(tmp_path / "records", source="test")  # held, so that no garbage collector tidies up

    def write():
        with writer:
            monkeypatch.setattr(pq.ParquetWriter, "close", fail)
            act(writer)

    with pytest.raises(OSError, match=f"no space for the footer of {full}"):
        write()
    assert {"works.parquet", "sites.parquet"} <= set(closed)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_when_a_file_cannot_be_opened(tmp_path, monkeypatch):
    opened = pq.ParquetWriter

    def refuse(where, *args, **options):
        if Path(where).name == "sites.parquet":
            raise OSError("too many open files")
        return opened(where, *args, **options)

    monkeypatch.setattr(pq, "ParquetWriter", refuse)
    writer = RecordsWriter(tmp_path / "records", source="test")
    with pytest.raises(OSError, match="too many open files"), writer:
        pass
    assert list(tmp_path.iterdir()) == []


def test_files_of_others_are_not_deleted_with_the_records(tmp_path):
    made = Records.from_tables(WORKS, sites(), ADDRESSES, actors=ACTORS)
    target = tmp_path / "records"
    made.write(target)
    (target / "rejects.jsonl").write_text("{}")
    made.write(target)
    (target / "notes.txt").write_text("keep me")
    with pytest.raises(FileExistsError, match=r"records holds notes\.txt.*choose another --out"):
        made.write(target)
    assert (target / "notes.txt").read_text() == "keep me"
    assert [path.name for path in tmp_path.iterdir()] == ["records"]


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


def spoil_sites(folder, column, values):
    table = pq.read_table(folder / "sites.parquet")
    index = table.column_names.index(column)
    table = table.set_column(index, table.schema.field(column), pa.array(values, table.schema.field(column).type))
    pq.write_table(table, folder / "sites.parquet", row_group_size=1)


def spoil_actors(folder):
    spoil_sites(folder, "actor", [0, 2])


def spoil_actors_below(folder):
    spoil_sites(folder, "actor", [0, -1])


def spoil_actors_without_a_table(folder):
    info = json.loads((folder / "records.json").read_text())
    del info["counts"]["actors"]
    (folder / "records.json").write_text(json.dumps(info))
    (folder / "actors.parquet").unlink()
    spoil_actors_below(folder)


def spoil_roles(folder):
    spoil_sites(folder, "role", [0, 3])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_json, "records.json: expected JSON"),
        (spoil_version, "version 2, got .*version 99"),
        (spoil_missing, "sites.parquet: expected a Parquet file"),
        (spoil_bytes, "works.parquet: expected a Parquet file"),
        (spoil_rows, r"works.parquet: expected 2 rows \(records.json\), got 1 rows"),
        (spoil_columns, "works.parquet.*year: missing instead of int16"),
        (spoil_order, "row groups in the order of the works"),
        (spoil_addresses, "column 'address' from -1 to 0, got 1 to 1"),
        (spoil_actors, "sites.parquet: expected column 'actor' from 0 to 1, got 2 to 2"),
        (spoil_actors_below, "expected column 'actor' from 0 to 1, got -1 to -1"),
        (spoil_actors_without_a_table, "expected column 'actor' from 0, got -1 to -1"),
        (spoil_roles, "expected column 'role' from 0 to 2, got 3 to 3"),
    ],
)
def test_spoilt_folders_are_refused_at_the_door(spoil, message, tmp_path, monkeypatch):
    monkeypatch.setattr(records_module, "_ROWS_PER_GROUP", 1)
    Records.from_tables(WORKS, sites(), ADDRESSES, actors=ACTORS).write(tmp_path / "records")
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
