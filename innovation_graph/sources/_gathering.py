"""Works one by one -> records: numbers for addresses and actors, filters, and pieces written as they fill."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from innovation_graph import fields
from innovation_graph.records import ROLES, SCHEMAS, RecordsWriter
from innovation_graph.sources._filters import Filters, check_year
from innovation_graph.sources._work import Actor, Address, Work

__all__ = ["FieldRule", "Gathering"]

_FLUSH_WORKS, _FLUSH_SITES = 1 << 14, 1 << 18
_NOWHERE = Address()
_OWN_COLUMNS = ("kind", "year", "type", "family", "title", "retracted", "truncated", "office", "filed", "published")


@dataclass(frozen=True)
class FieldRule:
    """How patents get their technology fields, see `fields.assign`.

    Parameters
    ----------
    scheme : Scheme
        The fields.
    breadth : str
        "broad" or "narrow".
    keywords : mapping, optional
        Keywords of fields.

    Raises
    ------
    InnovationGraphError
        If the parts do not fit together.
    """

    scheme: fields.Scheme
    breadth: str = "broad"
    keywords: Mapping[str, Sequence[str]] | None = None

    def __post_init__(self) -> None:
        """Try it on nothing, before any file is read."""
        self.assign([])

    def assign(self, works: Sequence[Work]) -> list[list[str] | None]:
        """Return the fields of works; None where they have no symbol."""
        kind = SCHEMAS["works"].field("ipc").type
        ipc, cpc = (pa.array([getattr(work, name) for work in works], kind) for name in ("ipc", "cpc"))
        texts = [f"{work.title or ''} {work.text}" for work in works] if self.keywords else None
        given = fields.assign(ipc, self.scheme, cpc=cpc, breadth=self.breadth, texts=texts, keywords=self.keywords)
        return cast("list[list[str] | None]", given.to_pylist())


@dataclass
class Gathering:
    """Records in the making.

    Parameters
    ----------
    writer : RecordsWriter
        Open.
    filters : Filters
        What to keep.
    rule : FieldRule, optional
        How patents get fields beside those that the source gives.

    Attributes
    ----------
    left_out : Counter
        Works by reason: year, type, retracted.
    notes : Counter
        What had to be assumed, by the works concerned.
    duplicates, sites, addressless : int
        Works that came again, site rows, and those without any address.
    """

    writer: RecordsWriter
    filters: Filters
    rule: FieldRule | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    truncated: int = 0
    sites: int = 0
    addressless: int = 0

    def __post_init__(self) -> None:
        """Begin without works."""
        self._seen: set[str] = set()
        self._addresses: dict[Address, int] = {}
        self._site_count: list[int] = []
        self._actors: dict[str, int] = {}
        self._actor_ids: list[str | None] = []
        self._actor_names: list[str | None] = []
        self._works: list[Work] = []
        self._counts: list[int] = []
        self._rows: dict[str, list[int]] = {name: [] for name in SCHEMAS["sites"].names}

    def add(self, work: Work) -> None:
        """Take a work unless it is filtered out or known; a ValueError says why it is none."""
        if not work.work_id:
            raise ValueError("no identifier of the work")
        check_year(work.year)
        if reason := self.filters.reason(work.year, work.type, retracted=work.retracted):
            self.left_out[reason] += 1
            return
        if work.work_id in self._seen:
            self.duplicates += 1
            return
        self._seen.add(work.work_id)
        self.truncated += work.truncated
        self.notes.update(work.notes)
        count = 0
        number = len(self._works) + self.writer.n_works
        for code, role in enumerate(ROLES):
            actors = _joined([actor for actor in work.actors if actor.role == role])
            if role == ("author" if work.kind == "paper" else "applicant"):
                self._counts.append(work.n_actors if work.n_actors is not None else len(actors))
            for actor in actors:
                row = self._number(actor) if self.filters.keep_actors else count
                count += 1
                for address in dict.fromkeys(actor.addresses) or (_NOWHERE,):
                    self._site(number, row, code, self._address(address))
        self._works.append(work)
        if len(self._works) >= _FLUSH_WORKS or len(self._rows["work"]) >= _FLUSH_SITES:
            self.flush()

    @property
    def works(self) -> int:
        """Number of works taken."""
        return len(self._seen)

    def _site(self, work: int, actor: int, role: int, address: int) -> None:
        for name, value in zip(("work", "actor", "role", "address"), (work, actor, role, address), strict=True):
            self._rows[name].append(value)
        self.sites += 1
        if address < 0:
            self.addressless += 1
        else:
            self._site_count[address] += 1

    def _address(self, address: Address) -> int:
        if address == _NOWHERE:
            return -1
        number = self._addresses.setdefault(address, len(self._addresses))
        if number == len(self._site_count):
            self._site_count.append(0)
        return number

    def _number(self, actor: Actor) -> int:
        number = len(self._actor_ids)
        if actor.key is not None:
            number = self._actors.setdefault(actor.key, number)
        if number == len(self._actor_ids):
            self._actor_ids.append(actor.key)
            self._actor_names.append(actor.name)
        return number

    def flush(self) -> None:
        """Write the works that wait."""
        works = self._works
        if not works:
            return
        columns: dict[str, Any] = {name: [getattr(work, name) for work in works] for name in _OWN_COLUMNS}
        columns |= {name: _lists([getattr(work, name) for work in works]) for name in ("ipc", "cpc")}
        columns |= {"work_id": [work.work_id for work in works], "n_actors": self._counts, "fields": self._fields()}
        table = {column.name: pa.array(columns[column.name], column.type) for column in SCHEMAS["works"]}
        sites = {name: pa.array(values, SCHEMAS["sites"].field(name).type) for name, values in self._rows.items()}
        self.writer.add(pa.table(table), pa.table(sites))
        works.clear()
        self._counts.clear()
        for values in self._rows.values():
            values.clear()

    def _fields(self) -> Any:
        own = _lists([work.fields for work in self._works])
        if self.rule is None:
            return own
        given = self.rule.assign(self._works)
        return [
            list(dict.fromkeys(chain(mine or (), more or ()))) if work.kind == "patent" else mine
            for work, mine, more in zip(self._works, own, given, strict=True)
        ]

    def addresses(self) -> tuple[pa.Table, NDArray[np.int64]]:
        """Return the distinct addresses, row by number, and the number of site rows of each."""
        rows = list(self._addresses)
        columns = zip(*rows, strict=True) if rows else ((),) * len(SCHEMAS["addresses"])
        arrays = [pa.array(values, column.type) for values, column in zip(columns, SCHEMAS["addresses"], strict=True)]
        return pa.table(arrays, schema=SCHEMAS["addresses"]), np.array(self._site_count, dtype=np.int64)

    def actors(self) -> pa.Table | None:
        """Return the actors, row by number, if they are kept."""
        if not self.filters.keep_actors:
            return None
        return pa.table({"actor_id": self._actor_ids, "name": self._actor_names}, schema=SCHEMAS["actors"])


def _lists(values: Sequence[list[str]]) -> list[list[str] | None]:
    return [value or None for value in values]


def _joined(actors: Sequence[Actor]) -> list[Actor]:
    """Join what an actor listed twice in a work gave: its rows must stand together."""
    joined: dict[str | int, Actor] = {}
    for place, actor in enumerate(actors):
        same = joined.setdefault(actor.key if actor.key is not None else place, actor)
        if same is not actor:
            same.addresses += actor.addresses
    return list(joined.values())
