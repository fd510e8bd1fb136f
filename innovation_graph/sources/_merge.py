"""Parts -> records: the newest version of every work, in the order of the files, addresses numbered once."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from innovation_graph.records import SCHEMAS, RecordsWriter
from innovation_graph.sources._collect import LEFT_OUT, Part

__all__ = ["Merged", "merge", "newest"]

_UNSEEN = -2


@dataclass
class Merged:
    """What the merge made besides the works and sites that it wrote.

    Parameters
    ----------
    addresses : pyarrow.Table
        As in records, without places.
    actors : pyarrow.Table or None
        As in records.
    left_out : dict
        Works by reason.
    duplicates : int
        Versions replaced by newer ones.
    truncated : int
        Works whose list of authors the source cut.
    truncated_works : list of str
        The first of them.
    sites_of : numpy.ndarray
        Number of site rows of each address.
    sites, addressless : int
        Site rows in all, and those without address.
    """

    addresses: pa.Table
    actors: pa.Table | None
    left_out: dict[str, int]
    duplicates: int
    truncated: int = 0
    truncated_works: list[str] = field(default_factory=list)
    sites_of: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    sites: int = 0
    addressless: int = 0


def newest(keys: NDArray[np.int64], dates: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the newest version of each work: the latest date, and of equal dates the last one read.

    Parameters
    ----------
    keys : numpy.ndarray
        Number of the work, shape (n,), in the order of reading.
    dates : numpy.ndarray
        When it was updated, shape (n,).

    Returns
    -------
    numpy.ndarray
        Boolean, shape (n,), True once for each distinct key.
    """
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    same = ordered[1:] == ordered[:-1]
    wins = np.ones(len(keys), dtype=bool)
    if same.any():
        several = np.zeros(len(keys), dtype=bool)
        several[1:] |= same
        several[:-1] |= same
        rows = order[several]  # by key, and inside a key as read: lexsort keeps this order among equal dates
        rows = rows[np.lexsort((dates[rows], keys[rows]))]
        last = np.ones(len(rows), dtype=bool)
        last[:-1] = keys[rows[1:]] != keys[rows[:-1]]
        wins[rows[~last]] = False
    return wins


def merge(parts: Sequence[Part], writer: RecordsWriter, *, named: int) -> Merged:
    """Write the works and sites of the parts, and their rejects, in the order of the parts.

    Parameters
    ----------
    parts : sequence of Part
        In the order of the files.
    writer : RecordsWriter
        Open.
    named : int
        How many works with a cut list of authors to name.
    """
    wins = newest(np.concatenate([part.keys for part in parts]), np.concatenate([part.dates for part in parts]))
    status = np.concatenate([part.status for part in parts])
    counts = np.bincount(status[wins], minlength=len(LEFT_OUT)).tolist()
    numbering, actors = _Numbering(), _Actors()
    merged = Merged(
        addresses=pa.table({}),
        actors=None,
        left_out=dict(zip(LEFT_OUT[1:], counts[1:], strict=True)),
        duplicates=int(len(wins) - wins.sum()),
    )
    start = 0
    for part in parts:
        stop = start + len(part.keys)
        chosen = wins[start:stop][part.status == 0]
        start = stop
        if chosen.any():
            _write_part(part, chosen, writer, merged, numbering=numbering, actors=actors, named=named)
        part.works.unlink()
        part.addresses.unlink()
        if part.rejects.exists():
            with (writer.folder / "rejects.jsonl").open("ab") as target, part.rejects.open("rb") as source:
                shutil.copyfileobj(source, target)
            part.rejects.unlink()
    merged.addresses = numbering.table()
    merged.sites_of = numbering.sites[: numbering.size]
    merged.actors = actors.table() if actors.used else None
    return merged


def _write_part(
    part: Part,
    chosen: NDArray[np.bool_],
    writer: RecordsWriter,
    merged: Merged,
    *,
    numbering: "_Numbering",
    actors: "_Actors",
    named: int,
) -> None:
    with pa.ipc.open_stream(str(part.addresses)) as reader:
        numbering.open(reader.read_all())
    row = 0
    with pa.OSFile(str(part.works), "rb") as file, pa.ipc.open_stream(file) as reader:
        for whole in reader:
            keep = chosen[row : row + len(whole)]
            row += len(whole)
            batch = whole if keep.all() else whole.filter(pa.array(keep))
            if len(batch) == 0:
                continue
            local = batch["sites"].flatten().to_numpy()
            authors = np.diff(batch["counts"].offsets.to_numpy())
            sites_of_author = batch["counts"].flatten().to_numpy()
            work = np.repeat(np.arange(len(batch), dtype=np.int32), np.diff(batch["sites"].offsets.to_numpy()))
            if "author_ids" in batch.schema.names:
                number = actors.number(batch["author_ids"].flatten(), batch["author_names"].flatten())
            else:
                before = np.repeat(np.cumsum(authors) - authors, authors)
                number = np.arange(len(before), dtype=np.int64) - before
            sites = {
                "work": work + np.int32(writer.n_works),
                "actor": np.repeat(number, sites_of_author).astype(np.int32),
                "role": np.zeros(len(local), dtype=np.int8),
                "address": numbering.number(local),
            }
            merged.sites += len(local)
            merged.addressless += int((local < 0).sum())
            cut = batch["work_id"].filter(batch["truncated"])
            merged.truncated += len(cut)
            merged.truncated_works += cut.slice(0, named - len(merged.truncated_works)).to_pylist()
            works = pa.table({name: batch[name] for name in batch.schema.names if name in SCHEMAS["works"].names})
            works = works.append_column("kind", pa.array(["paper"] * len(batch)))
            writer.add(works, pa.table(sites))
    numbering.close()


class _Numbering:
    """One numbering of the addresses of all parts, in the order in which kept works show them."""

    def __init__(self) -> None:
        self.size = 0
        self.sites = np.zeros(1024, dtype=np.int64)
        self._index: dict[str, int] = {}
        self._pieces: list[pa.Table] = []

    def open(self, table: pa.Table) -> None:
        """Begin a part with its own addresses."""
        self._table = table
        # The last entry stands for -1, no address.
        self._known = np.full(len(table) + 1, _UNSEEN, dtype=np.int32)
        self._known[-1] = -1
        self._new: list[int] = []

    def number(self, local: NDArray[np.int32]) -> NDArray[np.int32]:
        """Turn numbers of the open part into common ones."""
        unseen = local[self._known[local] == _UNSEEN]
        distinct, first = np.unique(unseen, return_index=True)
        distinct = distinct[np.argsort(first)]
        for row, key in zip(distinct.tolist(), self._table["key"].take(pa.array(distinct)).to_pylist(), strict=True):
            number = self._index.setdefault(key, self.size)
            self._known[row] = number
            if number == self.size:
                self.size += 1
                self._new.append(row)
        numbers = self._known[local]
        while self.size > len(self.sites):
            self.sites = np.concatenate([self.sites, np.zeros_like(self.sites)])
        used, times = np.unique(numbers[numbers >= 0], return_counts=True)
        self.sites[used] += times
        return numbers

    def close(self) -> None:
        """End a part: keep of its addresses those that are new."""
        self._pieces.append(self._table.take(pa.array(self._new, type=pa.int64())))
        del self._table, self._known, self._new

    def table(self) -> pa.Table:
        """Return the addresses, row by number."""
        if not self._pieces:
            return SCHEMAS["addresses"].empty_table()
        return pa.concat_tables(self._pieces).drop_columns(["key"]).combine_chunks()


class _Actors:
    """Distinct authors in the order in which they come; one without identifier is a new one every time."""

    def __init__(self) -> None:
        self.used = False
        self._index: dict[str, int] = {}
        self._ids: list[str | None] = []
        self._names: list[str | None] = []

    def number(self, ids: pa.Array, names: pa.Array) -> NDArray[np.int64]:
        """Return the number of each author."""
        self.used = True
        numbers = np.empty(len(ids), dtype=np.int64)
        for place, (key, name) in enumerate(zip(ids.to_pylist(), names.to_pylist(), strict=True)):
            number = len(self._ids) if key is None else self._index.setdefault(key, len(self._ids))
            if number == len(self._ids):
                self._ids.append(key)
                self._names.append(name)
            numbers[place] = number
        return numbers

    def table(self) -> pa.Table:
        """Return the authors, row by number."""
        return pa.table({"actor_id": self._ids, "name": self._names}, schema=SCHEMAS["actors"])
