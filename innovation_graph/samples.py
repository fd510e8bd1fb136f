"""The packaged sample: made-up papers and patents of the 120 hubs, from a seeded gravity model.

Nothing here was observed. Volumes follow the published GIHI 2024 sub-scores A4 (papers) and B1 (patents);
hubs without a published value get a guess. The expected number of joint works of hubs i and j is

    W_ij ~ (v_i v_j)^mass (100 km + d_ij)^-distance home^[same country] (reach_i reach_j)^[two countries]
           language^[two countries, one language] europe^[two European countries] bonus_ij

with v the volume and d the distance between the hubs' main districts. All knobs stand in
`data/sample_model.toml`. `home`, `reach` and `bonus` were set by hand until the sample shows what the report
says of the two networks (`data/gihi2024/network_findings.csv`): they describe the report's statements, not
the world. Pairs are drawn by systematic sampling, so that the works of a pair in a year are within one of
their expected number; further hubs, several affiliations and missing addresses then blur it.

The only random numbers are uniform doubles of numpy's PCG64.
"""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from innovation_graph._data import data_path
from innovation_graph.places.sphere import great_circle_km
from innovation_graph.records import SCHEMAS, Records, read_records

__all__ = ["SEED", "build", "generate", "sample_records"]

SEED = 2024
"""Seed of the packaged sample."""

_WIDEST = 40  # hubs of a work by 1,000 authors

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]
_Tables = tuple[dict[str, Any], dict[str, _Ints]]


def sample_records() -> Records:
    """Open the packaged sample.

    Returns
    -------
    Records
        Synthetic (`records.synthetic` is true): 60,000 papers and 20,000 patents, 2019 to 2023.

    Examples
    --------
    >>> sample_records().synthetic
    True
    """
    return read_records(data_path("sample"))


def build(path: Path | str, *, seed: int = SEED) -> Records:
    """Write a sample to a folder of records.

    Parameters
    ----------
    path : str or Path
        Name of the folder. An earlier folder of records there is replaced.
    seed : int
        Seed of the random numbers; `SEED` makes the packaged sample again: byte for byte with the version of
        pyarrow that is named in the packaged files, table for table with others.

    Returns
    -------
    Records
        The sample, backed by the folder.
    """
    return generate(seed=seed).write(path)


def generate(*, seed: int = SEED) -> Records:
    """Make a sample in memory.

    Parameters
    ----------
    seed : int
        Seed of the random numbers.

    Returns
    -------
    Records
        Synthetic records: 60,000 papers (some retracted, six of them by 1,000 authors) and 20,000 patents
        (applicants, inventors, technology fields; each its own family), 2019 to 2023. About six percent
        of the addresses of authors and inventors and three percent of those of applicants cannot be located;
        a few lie outside all hubs. Titles are null.
    """
    model = tomllib.loads(data_path("sample_model.toml").read_text(encoding="utf-8"))
    rng = np.random.Generator(np.random.PCG64(seed))
    hubs = _read_hubs(model)
    directory = _Directory(model, hubs)
    paper_works, paper_sites = _papers(model, hubs, directory, rng)
    patent_works, patent_sites = _patents(model, hubs, directory, rng)
    patent_sites["work"] += len(paper_works["work_id"])
    sites = {name: np.concatenate([paper_sites[name], patent_sites[name]]) for name in paper_sites}
    return Records.from_tables(
        pa.concat_tables([_works_table(paper_works), _works_table(patent_works)]),
        pa.table({name: values.astype(np.int32) for name, values in sites.items()}),
        directory.table(),
        source=f"made up by innovation_graph.samples, seed {seed}",
        synthetic=True,
    )


@dataclass(frozen=True)
class _Hubs:
    name: NDArray[np.str_]
    country: NDArray[np.str_]  # as the index groups it
    continent: NDArray[np.str_]
    places: list[list[dict[str, Any]]]  # of each hub, main district first
    volume: dict[str, _Floats]  # by kind
    km: _Floats  # distances


def _papers(model: Mapping[str, Any], hubs: _Hubs, directory: "_Directory", rng: np.random.Generator) -> _Tables:
    year, team = _teams(model, "papers", hubs, rng)
    numbers = model["numbers"]
    size = (team >= 0).sum(axis=1)
    authors = size + _pick(numbers["authors_beyond_hubs"], len(team), rng)
    authors[size == _WIDEST] = 1_000

    work = np.repeat(np.arange(len(team)), authors)
    actor = _number(authors)
    slot = _slots(size, work, actor, rng)
    # Authors of one hub mostly share an organisation.
    shared = directory.papers.draw(np.maximum(team, 0), rng.random(team.shape))
    own = directory.papers.draw(team[work, slot], rng.random(len(work)))
    address = directory.blur(np.where(rng.random(len(work)) < 0.75, shared[work, slot], own), rng)

    # A further affiliation is another organisation of the hub, or a place of a co-author.
    more = np.where(address >= 0, _pick(numbers["further_affiliations"], len(work), rng), 0)
    row = np.repeat(np.arange(len(work)), more)
    other = (rng.random(len(row)) * size[work[row]]).astype(np.int64)
    other = np.where(rng.random(len(row)) < 0.6, slot[row], other)
    further = directory.papers.draw(team[work[row], other], rng.random(len(row)))
    row, address = _distinct(np.concatenate([np.arange(len(work)), row]), np.concatenate([address, further]))
    sites = {"work": work[row], "actor": actor[row], "role": np.zeros_like(row), "address": address}
    return _describe(model, "papers", year, authors, rng), sites


def _patents(model: Mapping[str, Any], hubs: _Hubs, directory: "_Directory", rng: np.random.Generator) -> _Tables:
    year, team = _teams(model, "patents", hubs, rng)
    size = (team >= 0).sum(axis=1)

    # One applicant a hub, and now and then a second one of the first hub.
    applicants = size + (rng.random(len(team)) < 0.12)
    work = np.repeat(np.arange(len(team)), applicants)
    actor = _number(applicants)
    hub = team[work, np.where(actor < size[work], actor, 0)]
    address = directory.blur(directory.patents.draw(hub, rng.random(len(work))), rng, share=0.5)

    # Inventors live at the applicants' places, or where the first applicant has partners.
    inventors = _pick(model["numbers"]["inventors"], len(team), rng)
    made = np.repeat(np.arange(len(team)), inventors)
    number = _number(inventors)
    home = team[made, _slots(size, made, number, rng)]
    partner = _partners(_gravity(model, "patents", hubs, hubs.volume["patents"]))
    elsewhere = partner.draw(team[made, 0], rng.random(len(made)))
    home = np.where(rng.random(len(made)) < 0.06, elsewhere, home)
    sites = {
        "work": np.concatenate([work, made]),
        "actor": np.concatenate([actor, applicants[made] + number]),
        "role": np.repeat([1, 2], [len(work), len(made)]),
        "address": np.concatenate([address, directory.blur(directory.people.draw(home, rng.random(len(made))), rng)]),
    }
    order = np.lexsort((sites["actor"], sites["work"]))
    works = _describe(model, "patents", year, applicants, rng)
    works["family"] = [f"synthetic:F{row:05d}" for row in range(len(team))]
    return works, {name: values[order] for name, values in sites.items()}


def _describe(
    model: Mapping[str, Any], kind: str, year: _Ints, n_actors: _Ints, rng: np.random.Generator
) -> dict[str, Any]:
    knobs, n = model[kind], len(year)
    one, other = (_pick_names(knobs["fields"], n, rng) for _ in range(2))
    two = (rng.random(n) < knobs["two_fields"]).tolist()
    return {
        "work_id": [f"synthetic:{kind}/{number:05d}" for number in range(n)],
        "kind": [kind.removesuffix("s")] * n,
        "year": year,
        "type": _pick_names(knobs["types"], n, rng),
        "fields": [[a, b] if both and a != b else [a] for a, b, both in zip(one, other, two, strict=True)],
        "n_actors": n_actors,
        "retracted": rng.random(n) < knobs["retracted"],
        "truncated": np.zeros(n, dtype=bool),
    }


def _teams(model: Mapping[str, Any], kind: str, hubs: _Hubs, rng: np.random.Generator) -> tuple[_Ints, _Ints]:
    """Draw years, and the hubs of each work (padded with -1), in the order of the years."""
    knobs, years = model[kind], model["years"]
    growth = _look_up(model["growth"], hubs)
    volumes = [hubs.volume[kind] * growth ** (year - years[-1]) for year in years]
    ends = np.cumsum([volume.sum() for volume in volumes])
    counts = np.diff(np.rint(ends / ends[-1] * knobs["works"]).astype(np.int64), prepend=0)
    first, second = np.triu_indices(len(growth), 1)
    teams = []
    for year, n, volume in zip(years, counts.tolist(), volumes, strict=True):
        gravity = _gravity(model, kind, hubs, volume)
        team = np.full((n, _WIDEST), -1, dtype=np.int64)
        joint = round(n * knobs["joint"])
        pair = _systematic(gravity[first, second], joint, rng)
        turned = rng.random(joint) < 0.5
        team[:joint, 0] = np.where(turned, second[pair], first[pair])
        team[:joint, 1] = np.where(turned, first[pair], second[pair])
        team[joint:, 0] = _systematic(volume, n - joint, rng)
        partner = _partners(gravity)
        going = np.ones(joint, dtype=bool)
        for column in range(2, 6):
            hub = partner.draw(team[:joint, 0], rng.random(joint))
            going &= rng.random(joint) < knobs["further"]
            going &= (team[:joint, :column] != hub[:, None]).all(axis=1)
            team[:joint, column] = np.where(going, hub, -1)
        if kind == "papers":
            team[n - model["thousand_authors"].count(year) :] = np.argsort(-volume, kind="stable")[:_WIDEST]
        teams.append(team[np.argsort(rng.random(n), kind="stable")])
    return np.repeat(years, counts), np.concatenate(teams)


def _gravity(model: Mapping[str, Any], kind: str, hubs: _Hubs, volume: _Floats) -> _Floats:
    """Return the expected joint works of all pairs, up to a factor."""
    knobs = model[kind]
    same = hubs.country[:, None] == hubs.country
    tongues = [np.isin(hubs.country, codes.split()) for codes in model["languages"].values()]
    shared = np.any([np.logical_and.outer(speaks, speaks) for speaks in tongues], axis=0)
    europe = np.logical_and.outer(hubs.continent == "Europe", hubs.continent == "Europe")
    reach = _look_up({"other": 1.0, **knobs.get("reach", {})}, hubs)
    weight: _Floats = np.outer(volume, volume) ** knobs["mass"] * (100.0 + hubs.km) ** -knobs["distance"]
    weight *= np.where(same, _look_up(knobs["home"], hubs)[:, None], np.outer(reach, reach))
    weight *= np.where(shared & ~same, knobs["language"], 1.0)
    weight *= np.where(europe & ~same, knobs["europe"], 1.0)
    for pair, factor in knobs["bonus"].items():
        one, other = ((hubs.name == name) | (hubs.country == name) for name in pair.split(" | "))
        weight[np.logical_and.outer(one, other) | np.logical_and.outer(other, one)] *= factor
    np.fill_diagonal(weight, 0.0)
    return weight


def _look_up(knob: Mapping[str, float], hubs: _Hubs) -> _Floats:
    """Give each hub the value of its own name, else of its country, else `other`."""
    pairs = zip(hubs.name.tolist(), hubs.country.tolist(), strict=True)
    return np.array([knob.get(name, knob.get(country, knob["other"])) for name, country in pairs])


class _Urn:
    """Draw items of a group by weight, with one uniform number a draw."""

    def __init__(self, groups: list[list[tuple[int, float]]]) -> None:
        self._items = np.array([item for group in groups for item, _ in group], dtype=np.int64)
        keys: list[float] = []
        for number, group in enumerate(groups):
            total = sum(weight for _, weight in group)
            keys += [number + share / total for share in accumulate(weight for _, weight in group)]
        self._keys = np.array(keys)

    def draw(self, group: _Ints, uniform: _Floats) -> _Ints:
        at = np.searchsorted(self._keys, group + uniform, side="right")
        return self._items[np.minimum(at, len(self._items) - 1)]


def _partners(gravity: _Floats) -> _Urn:
    return _Urn([list(enumerate(row)) for row in gravity.tolist()])


def _systematic(weights: _Floats, n: int, rng: np.random.Generator) -> _Ints:
    """Draw n positions by weight, each within one of its expected number (Madow 1949)."""
    cumulated = np.cumsum(weights)
    points = (np.arange(n) + rng.random()) / n * cumulated[-1]
    rows: _Ints = np.minimum(np.searchsorted(cumulated, points, side="right"), len(weights) - 1)
    return rows


def _pick(chances: Mapping[str, int], n: int, rng: np.random.Generator) -> _Ints:
    return np.array([int(key) for key in chances])[_pick_rows(chances, n, rng)]


def _pick_names(chances: Mapping[str, int], n: int, rng: np.random.Generator) -> list[str]:
    names = list(chances)
    return [names[row] for row in _pick_rows(chances, n, rng)]


def _pick_rows(chances: Mapping[str, int], n: int, rng: np.random.Generator) -> _Ints:
    cumulated = np.cumsum(list(chances.values()))
    rows: _Ints = np.searchsorted(cumulated, rng.random(n) * cumulated[-1], side="right")
    return rows


def _number(counts: _Ints) -> _Ints:
    """Count 0, 1, 2... within each work."""
    numbers: _Ints = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return numbers


def _slots(size: _Ints, work: _Ints, actor: _Ints, rng: np.random.Generator) -> _Ints:
    """Give the first actors of a work one hub each, the others any, most often the first."""
    free = (rng.random(len(work)) ** 1.5 * size[work]).astype(np.int64)
    return np.where(actor < size[work], actor, free)


def _distinct(row: _Ints, address: _Ints) -> tuple[_Ints, _Ints]:
    """Keep each address of a row once, in the order of the rows."""
    _, first = np.unique(np.stack([row, address], axis=1), axis=0, return_index=True)
    first = first[np.lexsort((first, row[first]))]
    return row[first], address[first]


def _works_table(columns: Mapping[str, Any]) -> pa.Table:
    entries = [entry for entry in SCHEMAS["works"] if entry.name in columns]
    table = pa.table({entry.name: pa.array(columns[entry.name], type=entry.type) for entry in entries})
    for entry in SCHEMAS["works"]:
        if entry.name not in columns:
            table = table.append_column(entry, pa.nulls(len(table), entry.type))
    return table.select(SCHEMAS["works"].names)


class _Directory:
    """All addresses, and the urns to draw them from."""

    def __init__(self, model: Mapping[str, Any], hubs: _Hubs) -> None:
        self._rows: list[dict[str, Any]] = []
        kinds = model["organisations"]
        volume = np.maximum(hubs.volume["papers"], hubs.volume["patents"])
        numbers = [4 + round(v**0.5) for v in volume.tolist()]
        organisations = [
            [(self._add_organisation(places[n % len(places)], kinds[n % len(kinds)], n), n) for n in range(number)]
            for places, number in zip(hubs.places, numbers, strict=True)
        ]
        self.papers, self.patents = (
            _Urn([[(row, kinds[n % len(kinds)][kind] / (n + 2)) for row, n in group] for group in organisations])
            for kind in ("papers", "patents")
        )
        # People are known by the place where they live.
        self.people = _Urn(
            [[(self._add(**place), 1 / (n + 1)) for n, place in enumerate(places)] for places in hubs.places]
        )
        countries = sorted({place["country"] for places in hubs.places for place in places})
        self._nowhere = [self._add(organisation=f"Institute {n:02d}, place not given") for n in range(1, 41)]
        self._nowhere += [self._add(country=country) for country in countries]
        self._outside = [
            self._add(
                organisation=f"{city} University 01",
                type="education",
                city=city,
                country=country,
                lat=lat,
                lon=lon,
            )
            for city, (country, lat, lon) in model["outside"].items()
        ]

    def _add_organisation(self, place: Mapping[str, Any], kind: Mapping[str, Any], n: int) -> int:
        return self._add(organisation=f"{place['city']} {kind['name']} {n + 1:02d}", type=kind["type"], **place)

    def _add(self, **values: Any) -> int:
        text = ", ".join(values[part] for part in ("organisation", "city", "country") if part in values)
        identifier = f"synthetic:organisation/{len(self._rows):04d}" if "organisation" in values else None
        self._rows.append({"organisation_id": identifier, "text": text, **values})
        return len(self._rows) - 1

    def blur(self, address: _Ints, rng: np.random.Generator, *, share: float = 1.0) -> _Ints:
        """Replace 4 percent by text without a place, 2 percent by nothing, 2 percent by places in no hub."""
        chance = rng.random(len(address)) / share
        item = rng.random(len(address))
        nowhere = np.array(self._nowhere)[(item * len(self._nowhere)).astype(np.int64)]
        outside = np.array(self._outside)[(item * len(self._outside)).astype(np.int64)]
        return np.where(chance < 0.04, nowhere, np.where(chance < 0.06, -1, np.where(chance < 0.08, outside, address)))

    def table(self) -> pa.Table:
        return pa.Table.from_pylist(self._rows, schema=SCHEMAS["addresses"])


def _read_hubs(model: Mapping[str, Any]) -> _Hubs:
    rows = _read_csv("hubs.csv")
    names = [row["name_en"] for row in rows]
    places: dict[str, list[dict[str, Any]]] = {row["hub_id"]: [] for row in rows}
    for row in _read_csv("districts.csv"):
        place = {"city": row["district"], "region": row["admin1_geonames"] or None, "country": row["iso2"]}
        where = {"geonames_id": int(row["geonames_id"]), "lat": float(row["lat"]), "lon": float(row["lon"])}
        places[row["hub_id"]].append({**place, **where})
    groups = list(places.values())
    for name, group in zip(names, groups, strict=True):
        # A district that gives the hub its name is its main one.
        group.sort(key=lambda place: place["city"].removesuffix(" City") not in name)
    for city, (hub, country, lat, lon) in model["suburbs"].items():
        groups[names.index(hub)].insert(1, {"city": city, "country": country, "lat": lat, "lon": lon})
    lat, lon = np.array([[group[0]["lat"], group[0]["lon"]] for group in groups]).T
    return _Hubs(
        name=np.array(names),
        country=np.array([row["country"] for row in rows]),
        continent=np.array([row["continent"] for row in rows]),
        places=groups,
        volume={kind: _volumes(model[kind], [row["hub_id"] for row in rows]) for kind in ("papers", "patents")},
        km=great_circle_km(lat[:, None], lon[:, None], lat, lon),
    )


def _volumes(knobs: Mapping[str, Any], hub_ids: list[str]) -> _Floats:
    """Turn scores into volumes: points above 60, plus one.

    Mini hubs get a share of the points of their own table (a guess), main hubs outside the published
    hundred half a point (another).
    """
    (table, column), (mini_column, share) = knobs["volume"], knobs["mini_volume"]
    points = {
        row["hub_id"]: share * (float(row[mini_column]) - 60) for row in _read_csv("gihi2024/table04_mini_hubs.csv")
    }
    points |= {row["hub_id"]: float(row[column]) - 60 for row in _read_csv(f"gihi2024/{table}")}
    return np.array([1 + points.get(hub_id, 0.5) for hub_id in hub_ids])


def _read_csv(name: str) -> list[dict[str, str]]:
    with data_path(name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
