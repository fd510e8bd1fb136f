"""OECD REGPAT: applications to the European Patent Office and under the PCT, with the regions of persons."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from innovation_graph.places.regions import REGION_COUNTRIES, region_code
from innovation_graph.sources._adapter import Adapter
from innovation_graph.sources._grouped import Group, grouped
from innovation_graph.sources._patent import country
from innovation_graph.sources._reading import Reading, year
from innovation_graph.sources._rows import Row
from innovation_graph.sources._table_set import Kind, TableSet, one_a_run
from innovation_graph.sources._work import Actor, Address, Work
from innovation_graph.symbols import normalise_all

__all__ = ["ADAPTER"]

_WHAT = "tables of OECD REGPAT"
_HINT = (
    "Put EPO_App_reg, EPO_Inv_reg and EPO_IPC (of international applications: PCT_App_reg, PCT_Inv_reg, PCT_IPC), "
    "and if you like CPC_Classes and REGPAT_REGIONS, into one folder as they are in the archive of the OECD."
)
_NUMBERS: Mapping[str, Sequence[str]] = {"appln": ("appln_id",), "epo": ("app_nbr",), "pct": ("pct_nbr",)}
_PERSON: Mapping[str, Sequence[str]] = {
    **_NUMBERS,
    "person": ("person_id",),
    "applicant": ("app_name",),
    "inventor": ("inv_name",),
    "address": ("address",),
    "city": ("city",),
    "postcode": ("postal_code",),
    "region": ("reg_code",),
    "country": ("ctry_code",),
    "share": ("reg_share",),
}
_IPC: Mapping[str, Sequence[str]] = {
    **_NUMBERS,
    "symbol": ("ipc",),
    "priority": ("prio_year",),
    "applied": ("app_year",),
}
_WHERE = {"region", "country"}
_KINDS = (
    Kind("pct applicants", _PERSON, {"pct", "applicant", *_WHERE}),
    Kind("pct inventors", _PERSON, {"pct", "inventor", *_WHERE}),
    Kind("epo applicants", _PERSON, {"epo", "applicant", *_WHERE}),
    Kind("epo inventors", _PERSON, {"epo", "inventor", *_WHERE}),
    Kind("pct ipc", _IPC, {"pct", "symbol"}),
    Kind("epo ipc", _IPC, {"appln", "symbol"}),
    Kind("epo ipc", _IPC, {"epo", "symbol"}),
    Kind("cpc", {"appln": ("appln_id",), "symbol": ("cpc_class", "cpc")}, {"appln", "symbol"}),
    Kind("regions", {"region": ("reg_code",), "above": ("up_reg_label",)}, {"region", "above"}),
)
_OFFICES = {"epo": ("EP", "application"), "pct": ("WO", "pct")}
_EVEN = 0.02


def _read(files: Sequence[Path], reading: Reading) -> Iterator[Work]:
    """Yield the applications of a set of tables, recognised by their columns.

    Needed is a table of applicants or of inventors of either office; what else is missing is noted. A person whose
    address lies in several regions has a row in each of them; the rows become one actor with several addresses.
    The shares of the table are not read on: they are equal parts, and counting by share makes the same of the
    actors and their addresses. Where a table has other shares, that is noted.

    The region of an address is the code of the table; with the table of regions at hand it is in countries
    where city names repeat the state or province (the label one level up). Codes "..ZZZ", not regionalised, are left
    out. Years are those of the application, else of the priority: there are no dates of publication. The table
    of regions is held in memory; all else waits on the disk.
    """
    tables = TableSet(files, reading, _KINDS, what=_WHAT, quoted=False)
    found = [office for office in _OFFICES if f"{office} applicants" in tables or f"{office} inventors" in tables]
    if not found:
        expected = "a table of applicants or inventors (EPO_App_reg, EPO_Inv_reg, PCT_App_reg, PCT_Inv_reg)"
        raise tables.missing(expected, files[0].parent, _HINT)
    states = {row["region"]: row["above"] for _, row in tables.rows("regions")}
    for office in found:
        make = _Making(office, tables, states)
        yield from reading.works(_groups(office, make.key, tables, reading), make.work)


def _groups(office: str, key: str, tables: TableSet, reading: Reading) -> Iterator[tuple[int, Group]]:
    # Symbols of the CPC are those of both offices, by a number that only some editions of PCT tables have.
    cpc = one_a_run(tables.rows("cpc"), "appln", "symbol") if key == "appln" else iter(())
    parts = {
        "applicants": tables.rows(f"{office} applicants"),
        "inventors": tables.rows(f"{office} inventors"),
        "ipc": one_a_run(tables.rows(f"{office} ipc"), key, "symbol"),
        "cpc": cpc,
    }
    strangers = 0
    for number, group in grouped(parts, key, reading.folder):
        role = "applicants" if group["applicants"] else "inventors"
        people = group[role]
        if people:
            reading.file = tables.file(f"{office} {role}")
        if people and number:
            reading.lines += 1
            yield people[0][0], group
        elif people:
            reading.reject(people[0][0], f"{len(people):,} rows of persons without the number of an application")
        else:
            strangers += bool(group["ipc"])
    if strangers:
        reading.reject(1, f"{strangers:,} applications of the table of IPC symbols have no person; left out")


class _Making:
    """Works out of groups of rows."""

    def __init__(self, office: str, tables: TableSet, states: Mapping[str, str]) -> None:
        names = [f"{office} {name}" for name in ("applicants", "inventors", "ipc")]
        self.key = "appln" if all(tables.has(name, "appln") for name in names) else office
        self._number = office
        self._office, self._type = _OFFICES[office]
        self._states = states
        missing = [name for name in (*names, "cpc") if name not in tables]
        self._notes = tuple(f"no table of {name}" for name in missing)
        if "cpc" in tables and self.key != "appln":
            self._notes += (f"no CPC: the tables of the {office} do not all have appln_id",)

    def work(self, group: Group) -> Work:
        first = (group["applicants"] or group["inventors"])[0][1]
        notes = list(self._notes)
        applicants = self._people(group["applicants"], "applicant", notes)
        inventors = self._people(group["inventors"], "inventor", notes)
        about = group["ipc"][0][1] if group["ipc"] else {}
        when = year(about.get("applied", ""), what="app_year") or year(about.get("priority", ""), what="prio_year")
        notes.append("year of application, not of publication" if when else "no year")
        return Work(
            work_id=first[self._number] or first["appln"],
            kind="patent",
            actors=applicants + inventors,
            year=when,
            type=self._type,
            office=self._office,
            ipc=_symbols(group["ipc"]),
            cpc=_symbols(group["cpc"]),
            notes=tuple(dict.fromkeys(notes)),
        )

    def _people(self, rows: Sequence[tuple[int, Row]], role: str, notes: list[str]) -> list[Actor]:
        persons: dict[tuple[str, ...], list[Row]] = {}
        for _, row in rows:
            key = (row["person"],) if row["person"] else (row[role], row["address"], row["city"])
            persons.setdefault(key, []).append(row)
        actors = []
        for regions in persons.values():
            parts = [_share(row["share"]) for row in regions]
            if any(part is not None and abs(part * len(regions) - 1) > _EVEN for part in parts):
                notes.append("unequal shares of regions replaced by equal ones")
            addresses = tuple(self._address(row, role, notes) for row in regions)
            places = tuple(address for address in addresses if any(address))
            actors.append(Actor(places, role, regions[0][role] or None, regions[0]["person"] or None))
        return actors

    def _address(self, row: Row, role: str, notes: list[str]) -> Address:
        code, note = country(row["country"])
        notes.extend(note)
        region = "" if row["region"].endswith("ZZZ") else row["region"]
        state = self._states.get(row["region"], "")
        if code in REGION_COUNTRIES and state and region_code(code, state):
            region = state
        town = f"{row['postcode']} {row['city']}".strip()
        return Address(
            organisation=(row["applicant"] or None) if role == "applicant" else None,
            text=", ".join(filter(None, (row["address"], town, row["country"]))) or None,
            city=row["city"] or None,
            region=region or None,
            country=code,
        )


def _share(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _symbols(rows: Sequence[tuple[int, Row]]) -> list[str]:
    return normalise_all(symbol for _, row in rows for symbol in row["symbol"].split("|"))


ADAPTER = Adapter(name="regpat", label="OECD REGPAT", what=_WHAT, hint=_HINT, read=_read, together=True)
