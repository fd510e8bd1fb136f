"""PatentsView: tables of US grants and applications with disambiguated assignees, inventors and places."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from innovation_graph.sources._adapter import Adapter
from innovation_graph.sources._grouped import Group, grouped
from innovation_graph.sources._patent import applied, country, document_type, filing_day, publication_id, type_notes
from innovation_graph.sources._reading import Reading, day
from innovation_graph.sources._rows import Row
from innovation_graph.sources._table_set import Kind, TableSet, one_a_run
from innovation_graph.sources._work import Actor, Address, Work
from innovation_graph.symbols import normalise_all

__all__ = ["ADAPTER"]

_WHAT = "tables of PatentsView"
_HINT = (
    "Take g_patent, g_application, g_assignee_disambiguated, g_inventor_disambiguated, g_location_disambiguated, "
    "g_ipc_at_issue and g_cpc_current (of applications: the same with pg_) as .tsv.zip from data.uspto.gov "
    "(PatentsView) into one folder."
)
_ID = ("patent_id", "pgpub_id")
_PERSON: Mapping[str, Sequence[str]] = {
    "id": _ID,
    "location": ("location_id",),
    "first": ("disambig_assignee_individual_name_first", "disambig_inventor_name_first"),
    "last": ("disambig_assignee_individual_name_last", "disambig_inventor_name_last"),
    "organisation": ("disambig_assignee_organization",),
}
_KINDS = (
    Kind(
        "patent",
        {
            "id": ("patent_id", "id"),
            "date": ("patent_date", "date"),
            "type": ("patent_type", "type"),
            "kind": ("wipo_kind", "kind"),
            "title": ("patent_title", "title"),
            "abstract": ("patent_abstract", "abstract"),
            "withdrawn": ("withdrawn",),
        },
        {"id", "date", "type", "kind"},
    ),
    Kind(
        "publication",
        {
            "id": ("pgpub_id",),
            "date": ("published_date",),
            "kind": ("wipo_kind",),
            "title": ("application_title",),
            "abstract": ("application_abstract",),
            "filed": ("filing_date",),
            "application": ("application_id",),
        },
        {"id", "date", "filed"},
    ),
    Kind(
        "application",
        {
            "id": ("patent_id",),
            "filed": ("filing_date", "date"),
            "application": ("application_id", "number"),
            "series": ("series_code", "patent_application_type"),
        },
        {"id", "filed", "series"},
    ),
    Kind("assignee", {**_PERSON, "key": ("assignee_id",)}, {"id", "key", "location"}),
    Kind("inventor", {**_PERSON, "key": ("inventor_id",)}, {"id", "key", "location"}),
    # The tables of 2015 to 2022 keep the names of assignees apart.
    Kind(
        "name",
        {"key": ("id",), "organisation": ("organization",), "first": ("name_first",), "last": ("name_last",)},
        {"key", "organisation", "last"},
    ),
    Kind(
        "location",
        {
            "key": ("location_id", "id"),
            "city": ("disambig_city", "city"),
            "state": ("disambig_state", "state"),
            "country": ("disambig_country", "country"),
            "lat": ("latitude",),
            "lon": ("longitude",),
        },
        {"key", "city", "country", "lat", "lon"},
    ),
    Kind(
        "ipc",
        {
            "id": _ID,
            "section": ("section",),
            "class": ("ipc_class",),
            "subclass": ("subclass",),
            "group": ("main_group",),
            "subgroup": ("subgroup",),
        },
        {"id", "section", "class", "subclass", "group", "subgroup"},
    ),
    Kind("cpc", {"id": _ID, "symbol": ("cpc_group", "subgroup_id")}, {"id", "symbol"}),
    Kind("abstract", {"id": _ID, "abstract": ("patent_abstract", "application_abstract")}, {"id", "abstract"}),
)
_OPTIONAL = {
    "assignee": "no table of assignees: inventors only",
    "inventor": "no table of inventors: assignees only",
    "location": "no table of locations",
    "ipc": "no table of IPC symbols",
    "cpc": "no table of CPC symbols",
}


def _read(files: Sequence[Path], reading: Reading) -> Iterator[Work]:
    """Yield the patents of a set of tables, recognised by their columns.

    Needed are the patents (or the published applications) and the assignees or inventors; what else is missing
    is noted. The locations (and in the tables before 2022 the names of assignees) are held in memory; all else
    waits on the disk, one patent's rows coming together by its number. A patent without assignee counts its
    inventors as applicants, with a note. Designs get the type "design" and plants "plant", with a note: they are no
    patents of inventions; all other patents are grants. Withdrawn patents are marked as retracted. PatentsView
    names no families; the number of the application stands for them, by which a grant and its own publication come
    together.
    """
    tables = TableSet(files, reading, _KINDS, what=_WHAT)
    if not ("patent" in tables or "publication" in tables):
        raise tables.missing("a table of patents (g_patent or pg_published_application)", files[0].parent, _HINT)
    if not ("assignee" in tables or "inventor" in tables):
        expected = "a table of assignees or inventors (g_assignee_disambiguated, g_inventor_disambiguated)"
        raise tables.missing(expected, files[0].parent, _HINT)
    make = _Making(tables)
    parts = {
        "patent": tables.rows("patent", counted=True),
        "publication": tables.rows("publication", counted=True),
        **{name: tables.rows(name) for name in ("application", "assignee", "inventor", "abstract")},
        "ipc": one_a_run(_ipc(tables.rows("ipc")), "id", "symbol"),
        "cpc": one_a_run(tables.rows("cpc"), "id", "symbol"),
    }
    strangers = 0

    def known() -> Iterator[tuple[int, Group]]:
        nonlocal strangers
        for _, group in grouped(parts, "id", reading.folder):
            if first := group["patent"] or group["publication"]:
                reading.file = tables.file("patent" if group["patent"] else "publication")
                yield first[0][0], group
            else:
                strangers += 1

    yield from reading.works(known(), make.work)
    if strangers:
        reading.file = str(files[0].parent)
        reading.reject(1, f"{strangers:,} patents of other tables are not in the table of patents; left out")


def _ipc(rows: Iterator[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
    for line, row in rows:
        symbol = f"{row['section']}{row['class'].zfill(2)}{row['subclass']}{row['group']}/{row['subgroup']}"
        yield line, {"id": row["id"], "symbol": symbol}


class _Making:
    """Works out of groups of rows."""

    def __init__(self, tables: TableSet) -> None:
        self._locations = {row["key"]: row for _, row in tables.rows("location")}
        self._names = {row["key"]: row for _, row in tables.rows("name")}
        self._notes = tuple(note for name, note in _OPTIONAL.items() if name not in tables)
        if "patent" in tables and "application" not in tables:
            self._notes += ("no table of applications: no dates of filing, no families",)
        self._has_assignees = "assignee" in tables
        # Most locations come again and again.
        self._place = lru_cache(1 << 18)(self._address)

    def work(self, group: Group) -> Work:
        row = (group["patent"] or group["publication"])[0][1]
        when = day(row["date"], what="date of publication")
        if when is None:
            raise ValueError(f"no date of publication of patent {row['id'][:40]!r}")
        application = group["application"][0][1] if group["application"] else row
        filed, notes = filing_day(application.get("filed", ""))
        inventors, further = self._people(group["inventor"], "inventor")
        applicants, more = self._people(group["assignee"], "applicant")
        actors, assumed = applied(applicants, inventors) if self._has_assignees else (inventors, ())
        type_ = _type(row) if group["patent"] else "application"
        digits = "".join(filter(str.isalnum, application.get("application", "")))
        abstract = group["abstract"][0][1]["abstract"] if group["abstract"] else row["abstract"]
        return Work(
            work_id=publication_id("US", row["id"], row["kind"]),
            kind="patent",
            actors=actors,
            year=when.year,
            type=type_,
            family=f"US{digits}" if digits else None,
            title=row["title"] or None,
            retracted=row.get("withdrawn", "").lower() in {"1", "true"},
            office="US",
            filed=filed,
            published=when,
            ipc=_symbols(group["ipc"]),
            cpc=_symbols(group["cpc"]),
            text=abstract,
            notes=(*self._notes, *notes, *dict.fromkeys(further + more), *assumed, *type_notes(type_)),
        )

    def _people(self, rows: Sequence[tuple[int, Row]], role: str) -> tuple[list[Actor], list[str]]:
        actors: list[Actor] = []
        notes: list[str] = []
        for _, row in rows:
            names = self._names.get(row["key"], row) if role == "applicant" else row
            organisation = names["organisation"]
            name = organisation or f"{names['first']} {names['last']}".strip()
            place, note = self._place(row["location"], organisation, row["key"] if organisation else "")
            notes.extend(note)
            actors.append(Actor((place,) if any(place) else (), role, name or None, row["key"] or None))
        return actors, notes

    def _address(self, location: str, organisation: str, identifier: str) -> tuple[Address, tuple[str, ...]]:
        row = self._locations.get(location)
        if row is None:
            return Address(organisation=organisation or None, organisation_id=identifier or None), ()
        code, notes = country(row["country"])
        lat, lon = _degrees(row["lat"], 90), _degrees(row["lon"], 180)
        sound = lat is not None and lon is not None
        address = Address(
            organisation=organisation or None,
            organisation_id=identifier or None,
            text=", ".join(filter(None, (row["city"], row["state"], row["country"]))) or None,
            city=row["city"] or None,
            region=row["state"] or None,
            country=code,
            lat=lat if sound else None,
            lon=lon if sound else None,
        )
        return address, notes


def _type(row: Row) -> str:
    """Tell designs and plants from other grants, by the kind of document where the type says nothing."""
    kinds = (row["type"].lower(), document_type("US", row["kind"]))
    return next((kind for kind in kinds if kind in {"design", "plant"}), "grant")


def _symbols(rows: Sequence[tuple[int, Row]]) -> list[str]:
    return normalise_all(symbol for _, row in rows for symbol in row["symbol"].split("|"))


def _degrees(text: str, most: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if -most <= value <= most else None


ADAPTER = Adapter(name="patentsview", label="PatentsView", what=_WHAT, hint=_HINT, read=_read, together=True)
