"""Any table -> works: a map of columns says what its columns are, and how several tables go together."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from itertools import chain, product
from pathlib import Path, PurePosixPath

from innovation_graph.errors import FormatError
from innovation_graph.places import countries
from innovation_graph.records import ROLES
from innovation_graph.sources._adapter import Adapter
from innovation_graph.sources._column_map import JOINS, LISTS, WORK, ColumnMap, Table, read_map
from innovation_graph.sources._grouped import grouped
from innovation_graph.sources._input import Broken
from innovation_graph.sources._reading import Reading, day, year
from innovation_graph.sources._rows import Row, read_rows
from innovation_graph.sources._schema import geonames, short_ror
from innovation_graph.sources._streams import Member, members
from innovation_graph.sources._work import Actor, Address, Work
from innovation_graph.symbols import normalise_all

__all__ = ["ADAPTER"]

_Rows = Iterable[tuple[int, Row]]
_SOURCE, _ALONE = "\0source", "\0alone"  # columns of our own: the file of a row; that a join found nothing
_TYPES = frozenset({"grant", "application", "pct", "design", "plant", "utility_model"})
_OFFICE = re.compile("[A-Z]{2}")
_TRUE = frozenset({"1", "true", "t", "yes", "y", "retracted"})
_FALSE = frozenset({"", "0", "false", "f", "no", "n"})
_UNKNOWN_YEAR = "9999"  # in PATSTAT and tables made from it

_NO_COUNTRY = "country that is no name or code of one"
_NOT_JOINED = "actors, organisations or locations that their table does not have"


def _read(files: Sequence[Path], reading: Reading) -> Iterator[Work]:
    return _Joining(reading, files).works()


class _Joining:
    """The tables of a map, read from their files and brought together work by work."""

    def __init__(self, reading: Reading, files: Sequence[Path]) -> None:
        self.reading = reading
        self.map: ColumnMap = reading.options
        self.members: list[tuple[Member, Table]] = []
        self._progress, self._done = reading.progress, 0
        for file in files:
            reading.file = str(file)
            self._assign(file)
        self._parts = Counter(member.path for member, _ in self.members)
        # In this order rows are sorted: what the first table says of a work comes first.
        order = {id(table): number for number, table in enumerate(self.map.tables)}
        self.members.sort(key=lambda pair: order[id(pair[1])])
        for table in self.map.tables:
            if not any(of is table for _, of in self.members):
                raise FormatError(
                    files[0] if len(files) == 1 else files[0].parent,
                    expected=f"a file called {table.files!r} ({self.map.path})",
                    got=", ".join(path.name for path in files[:12]),
                )

    def _assign(self, file: Path) -> None:
        """Find the table of each file; a pattern may name files inside an archive."""
        try:
            found = members(file)
        except FormatError as error:
            self.reading.fail(error)
            return
        for member in found:
            name = PurePosixPath(member.name or file.name).name.lower()
            table = next((table for table in self.map.tables if fnmatchcase(name, table.files.lower())), None)
            if table is None:
                self.reading.reject(0, f"no table of {self.map.path} has files called {name!r}")
            else:
                self.members.append((member, table))

    def works(self) -> Iterator[Work]:
        """Yield the works; of their rows only half a million lie in the memory."""
        folder = self.reading.folder
        streams = [(set(table.cells), self._rows(table)) for table in self.map.tables if table.join == "work_id"]
        for key in JOINS:
            tables = [table for table in self.map.tables if table.join == key]
            if tables:
                joined = [rows for names, rows in streams if key in names]
                names = {name for known, _ in streams if key in known for name in known}
                names.update(name for table in tables for name in table.cells)
                streams = [stream for stream in streams if key not in stream[0]]
                more = [self._rows(table) for table in tables]
                streams.append((names, _joined(chain.from_iterable(joined), more, key, folder)))
        rows = chain.from_iterable(rows for _, rows in streams)
        for work_id, group in grouped({"rows": rows}, "work_id", folder):
            self.reading.lines += 1
            found = sorted(group["rows"], key=lambda each: (int(each[1][_SOURCE]), each[0]))
            line, first = found[0]
            self.reading.file = str(self.members[int(first[_SOURCE])][0])
            if self._table(first) is not self.map.tables[0]:
                reason = f"the first table ({self.map.tables[0].files}) does not have this work"
                self.reading.reject(line, reason, work_id)
                continue
            try:
                work = self._work(work_id, found)
            except ValueError as error:
                self.reading.reject(line, str(error), work_id)
                continue
            work.line = line
            yield work

    def _table(self, row: Row) -> Table:
        return self.members[int(row[_SOURCE])][1]

    def _rows(self, table: Table) -> Iterator[tuple[int, Row]]:
        """Yield the rows of a table from all its files, by our names; a file that breaks off gives what it has."""
        reading = self.reading
        columns, key = {header: (header,) for header in table.headers}, table.join
        what = f"a table with the columns that {self.map.path} names"
        for number, (member, of) in enumerate(self.members):
            if of is not table:
                continue
            reading.file, reading.progress = str(member), self._follow(member)
            try:
                for line, row in read_rows(
                    member,
                    reading,
                    columns,
                    table.headers,
                    what=what,
                    quoted=table.quoted,
                    sheet=table.sheet,
                    named_in=self.map.path,
                ):
                    reading.lines -= 1  # counted as a row, but records are works
                    taken = table.take(row)
                    if key not in taken:
                        reading.reject(line, f"no {key}", row)
                        continue
                    taken[_SOURCE] = str(number)
                    yield line, taken
            except (Broken, FormatError) as error:
                reading.fail(error)

    def _follow(self, member: Member) -> Callable[[int], None]:
        """Return what reports the bytes read of all files while one is read."""
        before = self._done
        share = member.path.stat().st_size // self._parts[member.path]
        self._done += share
        return lambda done: self._progress(before + min(done, share))

    def _work(self, work_id: str, rows: Sequence[tuple[int, Row]]) -> Work:
        notes: dict[str, None] = {}
        own = self._own([row for _, row in rows], notes)
        kind = self.map.kind or own["kind"].lower()
        if kind not in {"paper", "patent"}:
            raise ValueError(f"kind {kind[:40]!r}, which is neither paper nor patent")
        type_ = own["type"] or None
        if kind == "patent" and type_:
            type_ = type_.lower()
            if type_ not in _TYPES:
                raise ValueError(f"type {own['type'][:40]!r}, which is none of {sorted(_TYPES)}; map its values")
        published = _day(own["published"], "published")
        office = own["office"].upper()
        if office and not _OFFICE.fullmatch(office):
            raise ValueError(f"office {office[:40]!r}, which is no code of a patent office such as US")
        if own["retracted"].lower() not in _TRUE | _FALSE:
            raise ValueError(f"retracted {own['retracted'][:40]!r}, which is neither yes nor no")
        lists = {name: self._list(name, rows) for name in LISTS}
        return Work(
            work_id,
            kind,
            self._actors(kind, rows, notes),
            year=published.year if kind == "patent" and published else _year(own["year"]),
            type=type_,
            fields=lists["fields"],
            family=own["family"] or None,
            title=own["title"] or None,
            n_actors=_count(own["n_actors"]),
            retracted=own["retracted"].lower() in _TRUE,
            office=office or None,
            filed=_day(own["filed"], "filed"),
            published=published,
            ipc=normalise_all(lists["ipc"]),
            cpc=normalise_all(lists["cpc"]),
            text=own["abstract"],
            notes=tuple(notes),
        )

    def _own(self, rows: Sequence[Row], notes: dict[str, None]) -> Row:
        """Return what belongs to the work itself: of every name the first value."""
        own = {}
        for name in WORK:
            values = {row[name]: None for row in rows if name in row}
            own[name] = next(iter(values), "")
            if len(values) > 1 and name not in LISTS:
                notes[f"rows of a work differ in {name}: the first taken"] = None
        return own

    def _list(self, name: str, rows: Sequence[tuple[int, Row]]) -> list[str]:
        cells = ((row[name], self._table(row).separator) for _, row in rows if name in row)
        values = (value.strip() for cell, separator in cells for value in cell.split(separator))
        return list(dict.fromkeys(filter(None, values)))

    def _actors(self, kind: str, rows: Sequence[tuple[int, Row]], notes: dict[str, None]) -> list[Actor]:
        actors: dict[tuple[str, str | int], Actor] = {}
        for number, (line, row) in enumerate(rows):
            if not self._table(row).sites:
                continue
            try:
                roles, address = _roles(kind, row.get("role", "")), _address(row, notes)
            except ValueError as error:
                self.reading.file = str(self.members[int(row[_SOURCE])][0])
                self.reading.reject(line, str(error), {name: row[name] for name in row if name[0] != "\0"})
                continue
            if _ALONE in row:
                notes[_NOT_JOINED] = None
            key, name = row.get("actor_id"), row.get("actor")
            for role in roles:
                actor = actors.setdefault((role, key or name or number), Actor(role=role, name=name, key=key))
                actor.addresses += (address,)
        return list(actors.values())


def _joined(rows: _Rows, tables: Sequence[_Rows], key: str, folder: Path) -> Iterator[tuple[int, Row]]:
    """Add to rows what tables say of their key; a row that a table describes twice comes twice."""

    def keyed() -> Iterator[tuple[int, Row]]:
        # Rows without the key get one each: under a common one they would all lie in the memory at once.
        for number, (line, row) in enumerate(rows):
            row.setdefault(key, f"\0{number}")
            yield line, row

    more = {str(number): table for number, table in enumerate(tables)}
    for value, group in grouped({"rows": keyed(), **more}, key, folder):
        known = [[row for _, row in group[name]] or [{}] for name in more]
        alone = {} if any(group[name] for name in more) else {_ALONE: "1"}
        for line, row in group["rows"]:
            if value.startswith("\0"):
                del row[key]
                yield line, row
                continue
            for pieces in product(*known):
                yield line, {**alone, **dict(chain.from_iterable(piece.items() for piece in pieces)), **row}


def _roles(kind: str, cell: str) -> list[str]:
    if not cell and kind == "paper":
        return ["author"]
    roles = cell.lower().split("|")
    fitting = ROLES[:1] if kind == "paper" else ROLES[1:]
    for role in roles:
        if role not in fitting:
            raise ValueError(f"role {cell[:40]!r} of a {kind}, which is not {' or '.join(fitting)}; map its values")
    return roles


def _address(row: Row, notes: dict[str, None]) -> Address:
    printed = row.get("country")
    country = _country(printed) if printed else None
    if printed and country is None:
        notes[_NO_COUNTRY] = None
    ror, number = short_ror(row.get("ror")), geonames(row.get("geonames_id"))
    for name, value in (("ror", ror), ("geonames_id", number)):
        if value is None and name in row:
            raise ValueError(f"{name} {row[name][:40]!r}, which is no such identifier")
    return Address(
        organisation=row.get("organisation"),
        organisation_id=row.get("organisation_id"),
        ror=ror,
        type=row.get("organisation_type"),
        text=row.get("text"),
        city=row.get("city"),
        region=row.get("region"),
        country=country,
        geonames_id=number,
        **_coordinates(row.get("lat"), row.get("lon")),
    )


def _coordinates(lat: str | None, lon: str | None) -> dict[str, float]:
    if lat is None and lon is None:
        return {}
    try:
        degrees = {"lat": float(lat or ""), "lon": float(lon or "")}
    except ValueError:
        degrees = {"lat": 100.0, "lon": 0.0}
    if not (abs(degrees["lat"]) <= 90 and abs(degrees["lon"]) <= 180):
        raise ValueError(f"lat {(lat or '')[:40]!r} and lon {(lon or '')[:40]!r}, which are no degrees")
    return degrees


@cache
def _codes() -> dict[str, str]:
    return {str(iso3): str(iso2) for iso2, iso3 in countries.table()["iso3"].items() if iso3}


@lru_cache(maxsize=1 << 12)
def _country(text: str) -> str | None:
    """Find a country by either code of ISO 3166 or by its name."""
    return countries.code_or_name(text) or _codes().get(text.upper())


def _year(text: str) -> int | None:
    return None if text[:4] == _UNKNOWN_YEAR else year(text)


def _day(text: str, what: str) -> date | None:
    return None if text[:4] == _UNKNOWN_YEAR else day(text, what=what)


def _count(text: str) -> int | None:
    if text and not (text.isascii() and text.isdecimal() and len(text) < 7):
        raise ValueError(f"n_actors {text[:40]!r}, which is no number of actors")
    return int(text) if text else None


ADAPTER = Adapter(
    name="table",
    label="table",
    what="a table with a map of its columns (CSV, TSV, Excel or Parquet)",
    hint="Say in the map of columns what the columns are called; see the examples in data/column_maps.",
    read=_read,
    together=True,
    map=read_map,
)
