"""The packaged sample shows what the report says, counted here the slow way, without the engine."""

import csv
import hashlib
import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import numpy as np
import pyarrow.parquet as pq
import pytest

from innovation_graph import samples
from innovation_graph._data import data_path
from innovation_graph.records import ROLES, SCHEMAS, Records, read_records

FIELDS = {"artificial_intelligence", "smart_chips", "renewable_energy", "biopharma"}
BAY_AREA = "Guangdong - Hong Kong - Macao Greater Bay Area"
FOLDS = 10


def read_csv(name: str) -> list[dict[str, str]]:
    with data_path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


HUBS = {row["hub_id"]: row for row in read_csv("hubs.csv")}
COUNTRY = {row["name_en"]: row["country"] for row in HUBS.values()}
EUROPE = {row["name_en"] for row in HUBS.values() if row["continent"] == "Europe"}
DISTRICTS = read_csv("districts.csv")
CLAIMS = {row["id"]: row["value"] for row in read_csv("gihi2024/network_findings.csv")}


def full_name(short: str) -> str:
    """Find the hub that a statement means by a short name such as Greater Bay Area."""
    if short in COUNTRY:
        return short
    (name,) = (name for name in COUNTRY if short in name)
    return name


def names(claim: str, separator: str = ", ") -> list[str]:
    return [full_name(part.strip()) for part in claim.split(separator)]


def km(lat: float, lon: float, row: dict[str, str]) -> float:
    a, b, c, d = map(math.radians, (lat, lon, float(row["lat"]), float(row["lon"])))
    return 6371 * math.acos(min(1, math.sin(a) * math.sin(c) + math.cos(a) * math.cos(c) * math.cos(b - d)))


def hub_of_addresses(records: Records) -> list[str | None]:
    by_id = {int(row["geonames_id"]): HUBS[row["hub_id"]]["name_en"] for row in DISTRICTS}
    hubs: list[str | None] = []
    for address in records.addresses.to_pylist():
        if address["geonames_id"] is not None:
            hubs.append(by_id[address["geonames_id"]])
        elif address["lat"] is None:
            hubs.append(None)
        else:
            near = [row for row in DISTRICTS if row["iso2"] == address["country"]]
            distance, row = min(
                ((km(address["lat"], address["lon"], row), row) for row in near),
                key=lambda pair: pair[0],
                default=(math.inf, None),
            )
            hubs.append(HUBS[row["hub_id"]]["name_en"] if distance <= 25 else None)
    return hubs


@dataclass
class Links:
    """Joint works of two hubs, both ways round, as a dict of dicts."""

    of: dict[str, Counter[str]]

    def surely_in(self, hub: str, n: int) -> set[str]:
        """The partners that are among the n largest however ties are broken."""
        counts = self.of[hub]
        return {name for name, own in counts.items() if sum(other >= own for other in counts.values()) <= n}

    def perhaps_in(self, hub: str, n: int) -> set[str]:
        """The partners that may be among the n largest, depending on how ties are broken."""
        counts = self.of[hub]
        return {name for name, own in counts.items() if sum(other > own for other in counts.values()) < n}

    def largest(self, hub: str, among: set[str]) -> int:
        return max(count for name, count in self.of[hub].items() if name in among)

    def domestic_share(self, country: str) -> float:
        chosen = [(a, b, n) for a in self.of for b, n in self.of[a].items() if COUNTRY[a] == country]
        return sum(n for _, b, n in chosen if COUNTRY[b] == country) / sum(n for *_, n in chosen)

    def graph(self) -> nx.Graph:
        graph = nx.Graph()
        graph.add_weighted_edges_from((a, b, n) for a in sorted(self.of) for b, n in sorted(self.of[a].items()))
        return graph


def teams(records: Records, kind: str, role: str, fields: set[str] | None = None) -> list[set[str]]:
    """The hubs of each work of 2023."""
    hubs = hub_of_addresses(records)
    works = records.works.select(["kind", "year", "fields"]).to_pylist()
    wanted = {
        row
        for row, work in enumerate(works)
        if work["kind"] == kind and work["year"] == 2023 and (fields is None or fields & set(work["fields"]))
    }
    found: dict[int, set[str]] = defaultdict(set)
    for columns in records.site_batches(["work", "role", "address"]):
        for work, code, address in zip(*(column.tolist() for column in columns), strict=True):
            if work in wanted and ROLES[code] == role and address >= 0 and (hub := hubs[address]) is not None:
                found[work].add(hub)
    return [found[work] for work in sorted(found)]


def count(works: list[set[str]]) -> Links:
    links: dict[str, Counter[str]] = defaultdict(Counter)
    for hubs in works:
        for a in hubs:
            links[a].update(hubs - {a})
    return Links(links)


def without_each_tenth(works: list[set[str]]) -> list[Links]:
    """All works, and all but each tenth of them: a statement that hangs on a few works fails somewhere."""
    return [count(works)] + [
        count([hubs for row, hubs in enumerate(works) if row % FOLDS != fold]) for fold in range(FOLDS)
    ]


@pytest.fixture(scope="module")
def sample() -> Records:
    return samples.sample_records()


@pytest.fixture(scope="module")
def papers(sample: Records) -> list[Links]:
    return without_each_tenth(teams(sample, "paper", "author"))


@pytest.fixture(scope="module")
def patents(sample: Records) -> list[Links]:
    return without_each_tenth(teams(sample, "patent", "applicant", FIELDS))


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return samples.build(tmp_path_factory.mktemp("samples") / "sample")


def test_p1_two_core_communities(papers: list[Links]) -> None:
    china, usa = (set(names(part)) for part in CLAIMS["P1"].replace("China: ", "").replace("USA: ", "").split(" | "))
    for links in papers:
        for seed in range(3):
            found = nx.community.louvain_communities(links.graph(), weight="weight", seed=seed)
            assert any(china <= group and not usa & group for group in found)
            assert any(usa <= group and not china & group for group in found)


@pytest.mark.parametrize("hub", ["Beijing", BAY_AREA, "Shanghai"])
def test_p2_to_p4_ten_largest_partners_are_chinese(papers: list[Links], hub: str) -> None:
    foreign = {name for name, country in COUNTRY.items() if country != "CN"}
    for links in papers:
        tenth = sorted((n for name, n in links.of[hub].items() if COUNTRY[name] == "CN"), reverse=True)[9]
        assert tenth > links.largest(hub, foreign)


def test_p5_new_york_has_one_foreign_partner_of_ten(papers: list[Links]) -> None:
    for links in papers:
        for ten in (links.surely_in("New York", 10), links.perhaps_in("New York", 10)):
            assert {name for name in ten if COUNTRY[name] != "US"} == set(names(CLAIMS["P5"]))


def test_p6_london_has_american_and_european_partners(papers: list[Links]) -> None:
    for links in papers:
        assert set(names(CLAIMS["P6"])) <= links.surely_in("London", 10)


def test_p7_four_of_five_partners_of_singapore_are_chinese(papers: list[Links]) -> None:
    wanted, of = map(int, CLAIMS["P7"].split(" of "))
    for links in papers:
        for five in (links.surely_in("Singapore", of), links.perhaps_in("Singapore", of)):
            assert sum(COUNTRY[name] != "CN" for name in five) == of - wanted


def test_p8_who_stays_at_home(papers: list[Links]) -> None:
    for links in papers:
        assert links.domestic_share("US") > 0.6
        assert links.domestic_share("CN") > 0.6
        joint = [(b, n) for a in EUROPE for b, n in links.of[a].items()]
        near = sum(n for b, n in joint if b in EUROPE or COUNTRY[b] == "US")
        assert near > 0.6 * sum(n for _, n in joint)


def test_t1_five_highest_degrees(patents: list[Links]) -> None:
    for links in patents:
        degrees = {hub: len(partners) for hub, partners in links.of.items()}
        top = set(names(CLAIMS["T1"]))
        assert min(degrees[hub] for hub in top) > 3 + max(d for hub, d in degrees.items() if hub not in top)


def test_t2_t3_close_partners(patents: list[Links]) -> None:
    assert set(names(CLAIMS["T2"])) <= patents[0].surely_in("San Francisco - San Jose", 10)
    assert set(names(CLAIMS["T3"])) <= patents[0].surely_in("Tokyo", 10)


def test_t4_chinese_hubs_stay_at_home(patents: list[Links]) -> None:
    for links in patents:
        assert links.domestic_share("CN") > 0.92
        tight = [hub for hub in links.of if sum(COUNTRY[name] == "CN" for name in links.of[hub]) >= 14]
        assert sum(COUNTRY[hub] == "CN" for hub in tight) >= 15


def test_t5_ties_abroad(patents: list[Links]) -> None:
    for pair in CLAIMS["T5"].split("; "):
        one, other = names(pair, " - ")
        assert patents[0].of[one][other] >= 2, pair


def test_t6_patents_are_sparser_than_papers(papers: list[Links], patents: list[Links]) -> None:
    many, few = (sum(map(len, links[0].of.values())) for links in (papers, patents))
    assert 3 * few < many
    for hub in names(CLAIMS["T1"]):
        assert len({COUNTRY[name] for name in patents[0].of[hub]}) >= 10


def test_volumes_follow_the_published_scores(sample: Records) -> None:
    for kind, role, table, column in (
        ("paper", "author", "table05_science_centre.csv", "A4_knowledge_creation"),
        ("patent", "applicant", "table07_innovation_economy.csv", "B1_technological_capability"),
    ):
        works: Counter[str] = Counter()
        for hubs in teams(sample, kind, role):
            works.update(hubs)
        rows = read_csv(f"gihi2024/{table}")
        scores = [float(row[column]) for row in rows]
        counts = [works[HUBS[row["hub_id"]]["name_en"]] for row in rows]
        assert np.corrcoef(scores, counts)[0, 1] > 0.8


def test_shape(sample: Records) -> None:
    works, addresses = sample.works.to_pandas(), sample.addresses.to_pandas()
    columns = dict(zip(SCHEMAS["sites"].names, next(sample.site_batches(SCHEMAS["sites"].names)), strict=True))
    assert works["kind"].value_counts().to_dict() == {"paper": 60_000, "patent": 20_000}
    assert sorted(works["year"].unique()) == [2019, 2020, 2021, 2022, 2023]
    for kind in ("paper", "patent"):
        by_year = works.loc[works["kind"] == kind, "year"].value_counts().sort_index()
        assert by_year.is_monotonic_increasing
    assert works["work_id"].is_unique
    assert (works["n_actors"] == 1_000).sum() == 6
    assert works["title"].isna().all()
    assert 50 < works["retracted"].sum() < 150
    assert works["family"].notna().tolist() == (works["kind"] == "patent").tolist()
    assert {name for names in works.loc[works["kind"] == "patent", "fields"] for name in names} > FIELDS

    address = columns["address"]
    located = np.append(addresses["lat"].notna().to_numpy(), False)[address]
    assert 0.01 < (address == -1).mean() < 0.03
    assert 0.04 < (~located).mean() < 0.08
    assert set(addresses["type"].dropna()) == {"education", "company", "government"}
    assert {"Stanford", "Bethesda", "Garching bei München"} <= set(addresses["city"].dropna())
    assert None in hub_of_addresses(sample)

    paper_rows = columns["role"] == 0
    pairs = np.stack([columns["work"], columns["actor"], columns["role"]], axis=1)
    actors, sites = np.unique(pairs, axis=0, return_counts=True)
    authors = actors[:, 2] == 0
    assert 1.05 < sites[authors].mean() < 1.3
    assert sites.max() >= 3
    assert paper_rows.sum() > 200_000
    # One actor a number, and as many as the works table says: authors, or applicants.
    first_role = actors[actors[:, 2] != 2]
    assert np.bincount(first_role[:, 0], minlength=len(works)).tolist() == works["n_actors"].tolist()


def test_called_synthetic(sample: Records) -> None:
    assert sample.synthetic
    assert sample.info["synthetic"] is True
    for name in ("works", "sites", "addresses"):
        metadata = pq.read_schema(data_path("sample") / f"{name}.parquet").metadata
        assert metadata[b"innovation_graph.synthetic"] == b"true"


def test_small() -> None:
    assert sum(path.stat().st_size for path in data_path("sample").iterdir()) < 3_000_000


def test_build_makes_the_packaged_sample_again(again: Records) -> None:
    packaged = data_path("sample")
    writer = pq.read_metadata(packaged / "works.parquet").created_by
    assert sorted(path.name for path in packaged.iterdir()) == sorted(path.name for path in again.folder.iterdir())
    same_writer = pq.read_metadata(again.folder / "works.parquet").created_by == writer
    for path in sorted(packaged.iterdir()):
        other = again.folder / path.name
        if path.suffix == ".parquet" and not same_writer:
            assert pq.read_table(path).equals(pq.read_table(other)), path.name
        else:
            assert sha256(path) == sha256(other), path.name


def test_another_seed_makes_another_sample(tmp_path: Path, sample: Records) -> None:
    other = samples.generate(seed=1)
    assert other.works["year"].equals(sample.works["year"])
    assert not other.works["type"].equals(sample.works["type"])
    assert other.synthetic
    written = other.write(tmp_path / "other")
    assert written.synthetic
    assert read_records(tmp_path / "other").info["source"].endswith("seed 1")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
