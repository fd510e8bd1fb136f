import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innovation_graph import Network, communities, incidence, places, project
from innovation_graph._claims import QUESTIONS, _largest, _Top
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.partition import Partition
from innovation_graph.recipe import sample_recipe
from innovation_graph.samples import sample_records
from innovation_graph.sources.networks import read_vosviewer
from innovation_graph.validation import REPORTS, findings, validate

HUBS = places.gihi2024().table
AT = {hub: row for row, hub in enumerate(HUBS.index)}
CHINA, USA = (HUBS.index[HUBS["country"] == code].tolist() for code in ("CN", "US"))
BAY_AREA = "guangdong-hong-kong-macao-greater-bay-area"


@pytest.fixture(scope="module")
def sample():
    records = sample_records()
    located = places.locate(records, places.gihi2024())
    return {
        name: project(incidence.stream(records, located, plan.selection()), counting=plan.counting)
        for name, plan in sample_recipe().networks.items()
    }


def verdicts(network, kind, **rest):
    return validate(network, network_kind=kind, **rest).set_index("id")["verdict"]


def row(network, claim, **rest):
    kind = "papers" if claim.startswith("P") else "patents"
    return validate(network, network_kind=kind, **rest).set_index("id").loc[claim]


# The packaged sample: test_samples.py counts the same statements from the records, without the engine.


def test_the_sample_shows_what_the_report_says(sample):
    papers = validate(sample["papers"])
    assert papers["verdict"].tolist() == ["holds"] * 8
    patents = validate(sample["patents"], network_kind="patents", papers=sample["papers"])
    assert patents["verdict"].tolist() == ["holds"] * 6
    for table, kind in ((papers, "papers"), (patents, "patents")):
        assert list(table.columns) == ["id", "network", "statement", "verdict", "found", "asked"]
        said = findings(kind)
        assert table[["id", "network", "statement"]].equals(said[["id", "network", "statement"]])
        assert (table[["found", "asked"]].map(len) > 5).all(axis=None)
    pd.testing.assert_frame_equal(papers, validate(sample["papers"]))


def test_the_wrong_kind_is_refused(sample):
    with pytest.raises(NetworkError, match="expected a network of papers, got one of patents"):
        validate(sample["patents"])
    with pytest.raises(NetworkError, match="expected a network of papers, got one of patents"):
        validate(sample["patents"], network_kind="patents", papers=sample["patents"])


# Made networks: every pair of hubs has a weight of its own, domestic links are a hundred times as heavy.


def made(changes=(), *, keep=None, rename=None):
    rng = np.random.default_rng(0)
    country = HUBS["country"].to_numpy()
    matrix = np.triu(rng.permutation(120 * 120).reshape(120, 120) / 1000 + 10, 1)
    matrix = (matrix + matrix.T) * np.where(country[:, None] == country, 100, 1)
    for one, other, weight in changes:
        matrix[AT[one], AT[other]] = matrix[AT[other], AT[one]] = weight
    rows = np.arange(120) if keep is None else np.sort([AT[hub] for hub in keep])
    table = HUBS.iloc[rows]
    return Network.from_matrix(matrix[np.ix_(rows, rows)], table if rename is None else rename(table))


def test_partners_at_home():
    assert row(made(), "P2").verdict == "holds"
    failed = row(made([("beijing", "london", 9000)]), "P2")
    assert failed.verdict == "fails"
    assert failed.found.startswith("9 of 10: London 9000, ")
    # The tenth Chinese partner and a foreign one weigh the same: who is tenth?
    links = made().links()
    at_home = links[(links["source"].eq("beijing") & links["target"].isin(CHINA))
                    | (links["target"].eq("beijing") & links["source"].isin(CHINA))]  # fmt: skip
    tenth = at_home["weight"].nlargest(10).iloc[-1]
    tied = row(made([("beijing", "london", tenth)]), "P2")
    assert tied.verdict == "cannot be judged"
    assert tied.found.startswith("9 to 10, depending on ties of 10: ")
    assert "tied for 1 more: " in tied.found


def test_named_partners():
    london = [("london", hub, 5000 + i) for i, hub in enumerate(["new-york", "boston", "paris", "barcelona"])]
    assert row(made(london), "P6").verdict == "holds"
    assert row(made(london[:3]), "P6").verdict == "fails"
    assert "not, or not for sure: Barcelona" in row(made(london[:3]), "P6").found
    # Ten partners, six more than are named, and an eleventh that weighs as much as the last named one.
    more = [("london", hub, 8000) for hub in CHINA[:6]]
    assert row(made(london + more), "P6").verdict == "holds"
    assert row(made([*london, *more, ("london", CHINA[6], 5000)]), "P6").verdict == "cannot be judged"
    assert row(made([*london, *more, ("london", CHINA[6], 5000.5)]), "P6").verdict == "fails"


def test_one_foreign_partner():
    assert row(made([("new-york", "london", 9000)]), "P5").verdict == "holds"
    assert row(made(), "P5").verdict == "fails"
    assert row(made(), "P5").found.startswith("none, of ")
    assert row(made([("new-york", "london", 9000), ("new-york", "paris", 8000)]), "P5").verdict == "fails"
    both = row(made([("new-york", "london", 9000), ("new-york", "paris", 9000)]), "P5")
    assert both.verdict == "fails"  # both are in


def test_four_of_five():
    four = [("singapore", hub, 5000 + i) for i, hub in enumerate(CHINA[:4])]
    assert row(made([*four, ("singapore", "london", 4000)]), "P7").verdict == "holds"
    assert row(made([*four, ("singapore", CHINA[5], 4000)]), "P7").verdict == "fails"  # five of five
    tied = [("singapore", CHINA[5], 4000), ("singapore", "london", 4000)]
    assert row(made([*four, *tied]), "P7").verdict == "cannot be judged"


def test_communities():
    assert row(made(), "P1").verdict == "holds"
    assert row(made(), "P1").found == "so in 20 of 20 seeds"
    away = [("nanjing", hub, 9000) for hub in USA] + [("nanjing", hub, 1) for hub in CHINA if hub != "nanjing"]
    assert row(made(away), "P1").verdict == "fails"


def test_communities_that_hang_on_the_seed(monkeypatch):
    network = made()
    right = communities.leiden(network)
    wrong = Partition(right.labels.where(right.labels < 0, 1), {}, {}, 0)
    for often, verdict in ((18, "holds"), (17, "cannot be judged"), (3, "cannot be judged"), (2, "fails")):
        found = {seed: right if seed < often else wrong for seed in range(20)}
        monkeypatch.setattr(communities, "leiden", lambda _, seed, found=found, **__: found[seed])
        judged = row(network, "P1")
        assert (judged.verdict, judged.found) == (verdict, f"so in {often} of 20 seeds")


def test_shares():
    assert row(made(), "T4").verdict == "holds"
    assert row(made(), "P8").verdict == "holds"
    europe = HUBS.index[HUBS["continent"] == "Europe"]
    failed = row(made([(hub, "tokyo", 90_000) for hub in europe]), "P8")
    assert failed.verdict == "fails"
    abroad = [("beijing", hub, 9000) for hub in USA]
    assert row(made(abroad), "T4").verdict == "fails"


def only(links, hubs=HUBS):
    edges = pd.DataFrame(links, columns=["source", "target", "weight"])
    return Network.from_edges(edges, hubs)


def test_a_share_needs_works():
    # 19 of 20 ends at home: 95 percent, and with so few works anything from 80 to 99.
    few = only([(CHINA[0], CHINA[1], 9), (CHINA[0], "london", 1)])
    assert row(few, "T4").verdict == "cannot be judged"
    assert row(only([(CHINA[0], CHINA[1], 9000), (CHINA[0], "london", 1000)]), "T4").verdict == "holds"
    assert row(only([(CHINA[0], CHINA[1], 9000), (CHINA[0], "london", 9000)]), "T4").verdict == "fails"
    # The interval of Wilson for a share of 18/19 of 10: the roots of (x - p)^2 = z^2 x (1 - x) / n.
    share, z2 = 18 / 19, 1.959964**2
    low, high = sorted(np.roots([1 + z2 / 10, -2 * share - z2 / 10, share**2]))
    assert row(few, "T4").found.startswith(f"94.7% ({low:.1%} to {high:.1%}; 10 of link weight)")


def counted(network, joint, linking=None):
    """Say how many works the hubs have with a partner, and how many works have several places."""
    works = pd.Series(joint, dtype=float).reindex(network.ids)
    places = network.places.assign(works=works + 5, solo_works=5.0)
    return Network(places, network.upper, {} if linking is None else {"works_linking": linking})


def test_a_work_of_many_hubs_is_one_observation():
    # 9 of 10 at home, but a work adds up to 50 in weight: some 20 works, of which no 90 percent can be told.
    links = [(CHINA[0], CHINA[1], 900), (CHINA[0], "london", 60), ("paris", "london", 40)]
    assert row(only(links), "T4").verdict == "holds"
    judged = row(counted(only(links), {}, linking=20), "T4")
    share, z2, n = 1800 / 1860, 1.959964**2, 960 * 20 / 1000
    low, high = sorted(np.roots([1 + z2 / n, -2 * share - z2 / n, share**2]))
    assert judged.verdict == "cannot be judged"
    assert judged.found.startswith(
        f"{share:.1%} ({low:.1%} to {high:.1%}; 960 of link weight, about 19 joint works); 2 of"
    )
    # The works of the hubs themselves are a bound as well; more works than weight are no more observations.
    bound = row(counted(only(links), {CHINA[0]: 7, CHINA[1]: 4}, linking=900), "T4")
    assert (bound.verdict, "about 11 joint works" in bound.found) == ("cannot be judged", True)
    assert "960 of link weight, about 960 joint works" in row(counted(only(links), {}, linking=5000), "T4").found


def test_hubs_are_judged_by_works_and_not_by_weight():
    enough = dict.fromkeys(HUBS.index, 100)
    assert row(counted(made(), enough), "P2").verdict == "holds"
    few = row(counted(made(), {**enough, "beijing": 99}), "P2")
    assert few.verdict == "cannot be judged"
    assert few.found.startswith("joint works of Beijing: 99, at least 100 are needed; ")
    fewer = row(counted(made(), {**enough, "beijing": 9}), "P2")
    assert fewer.found == "fewer than 10 joint works: Beijing 9"
    # Works with partners that are no hubs do not help: those with hubs are no more than the strength.
    light = made([("beijing", hub, 0.5) for hub in HUBS.index if hub != "beijing"])
    assert "joint works of Beijing: 59.5, at least 100" in row(counted(light, enough), "P2").found


def test_the_sample_has_no_more_observations_than_works(sample):
    for claim, name in (("P8", "papers"), ("T4", "patents")):
        told = [float(n) for n in re.findall(r"about (\d+) joint works", row(sample[name], claim).found)]
        assert told
        assert 0 < max(told) <= sample[name].provenance["works_linking"]


def test_degrees():
    five = ["san-francisco-san-jose", "new-york", "boston", "tokyo", "paris"]
    spokes = [(hub, other, 9) for hub in five for other in CHINA[:20]]
    assert row(only(spokes), "T1").verdict == "holds"
    same = [("london", other, 9) for other in CHINA[:20]]
    assert row(only(spokes + same), "T1").verdict == "cannot be judged"
    assert row(only([*spokes, *same, ("london", "seoul", 9)]), "T1").verdict == "fails"
    assert row(only(spokes[1:] + same), "T1").verdict == "fails"


def test_ties_between_pairs():
    network = made()
    assert row(network, "T5").verdict == "holds"
    failed = row(made([("nanjing", "seoul", 0)]), "T5")
    assert failed.verdict == "fails"
    assert "Nanjing and Seoul 0 (by chance " in failed.found
    # So few works that chance would hardly have linked the two.
    bare = only([(a, b, 12) for a, b in (("beijing", "san-francisco-san-jose"), (BAY_AREA, "dallas-fort-worth"),
                 ("shanghai", "tokyo"), ("nanjing", "beijing"), ("seoul", "tokyo"))])  # fmt: skip
    assert row(bare, "T5").verdict == "cannot be judged"
    assert "Nanjing and Seoul 0 (by chance 1.2)" in row(bare, "T5").found  # 12 * 12 / 120


def test_density():
    sparse = made([(a, b, 0) for a, b in combinations(HUBS.index, 2) if (AT[a] + AT[b]) % 3])
    assert row(sparse, "T6").verdict == "cannot be judged"
    assert "the network of papers is not given" in row(sparse, "T6").found
    assert row(sparse, "T6", papers=made()).verdict == "holds"
    assert row(made(), "T6", papers=sparse).verdict == "fails"
    assert row(only([(a, b, 9) for a, b in combinations(CHINA[:9], 2)]), "T6", papers=made()).verdict == "fails"


def test_too_little_to_judge():
    for network in (only([]), Network.from_matrix(np.zeros((0, 0)))):
        for kind in ("papers", "patents"):
            assert set(verdicts(network, kind, papers=network)) == {"cannot be judged"}
    for claim, changes, reason in (
        (
            "P2",
            [("beijing", hub, 0) for hub in HUBS.index if hub not in {"beijing", *CHINA[5:12]}],
            "partners of Beijing: 7, at ",
        ),
        (
            "P2",
            [("beijing", hub, 0.5) for hub in HUBS.index if hub != "beijing"],
            "works of Beijing: 59.5 by link weight, at least 100",
        ),
        ("P6", [("boston", hub, 0) for hub in HUBS.index if hub != "boston"], "fewer than 10 joint works: Boston 0"),
    ):
        found = row(made(changes), claim)
        assert found.verdict == "cannot be judged"
        assert reason in found.found


def test_hubs_are_found_by_id_or_name():
    def by_name(table):
        return table.set_axis([f"x{i}" for i in range(len(table))])

    def by_chinese_name(table):
        return by_name(table.assign(name_en=table["name_zh"], country=None))

    expected = verdicts(made(), "papers")
    assert {"holds", "fails"} <= set(expected)
    for rename in (by_name, by_chinese_name, lambda table: table.assign(name_en="x", country="XX")):
        pd.testing.assert_series_equal(verdicts(made(rename=rename), "papers"), expected)
    # A place of that name in another country is another place.
    elsewhere = row(made(rename=lambda table: by_name(table).assign(country="XX")), "P2")
    assert elsewhere.found == "0 of the 120 hubs are places of the network, at least 108 are needed"


def test_other_places_and_missing_hubs():
    matrix = made().adjacency.toarray()
    grown = np.zeros((121, 121))
    grown[:120, :120] = matrix
    grown[120, :120] = grown[:120, 120] = 99_999  # the heaviest partner of all, but no hub
    table = pd.concat([HUBS, pd.DataFrame({"name_en": ["Nowhere"]}, index=["nowhere"])])
    pd.testing.assert_frame_equal(validate(Network.from_matrix(grown, table)), validate(made()))
    main = HUBS.index[HUBS["tier"] == "main"]
    assert len(main) == 108
    assert row(made(keep=main), "P2").verdict == "holds"
    assert row(made(keep=main[1:]), "P2").verdict == "cannot be judged"
    without = row(made(keep=HUBS.index.drop("beijing")), "P2")
    assert without.found == "no place of the network: Beijing"


@given(st.dictionaries(st.sampled_from(HUBS.index[:9].tolist()), st.integers(0, 4)), st.integers(1, 5), st.data())
def test_ties_by_trying_all_ways_to_break_them(weights, n, data):
    top = _largest(pd.Series(weights, dtype=float), n)
    positive = {hub: weight for hub, weight in weights.items() if weight}
    if len(positive) < n:
        assert top == f"{len(positive)}, at least {n} are needed"
        return
    assert isinstance(top, _Top)
    ways = [
        set(chosen)
        for chosen in combinations(positive, n)
        if min(positive[hub] for hub in chosen)
        >= max((w for hub, w in positive.items() if hub not in chosen), default=0)
    ]
    kind = frozenset(data.draw(st.sets(st.sampled_from(sorted(positive)))))
    wanted = frozenset(data.draw(st.sets(st.sampled_from(sorted(positive)), max_size=n)))

    def all_ways(answers):
        return answers.pop() if len(answers) == 1 else None

    counts = [len(way & kind) for way in ways]
    assert top.count(kind) == (min(counts), max(counts))
    assert top.has_all(wanted) == all_ways({wanted <= way for way in ways})
    assert top.has_exactly(kind, wanted) == all_ways({way & kind == wanted for way in ways})


def test_findings():
    said = findings()
    assert said["id"].tolist() == [*findings("papers")["id"], *findings("patents")["id"]]
    assert set(said["kind"]) <= set(QUESTIONS)
    assert list(REPORTS) == ["gihi2024"]
    with pytest.raises(UnknownNameError, match="unknown report 'gihi2023'; known: gihi2024"):
        findings(against="gihi2023")
    with pytest.raises(UnknownNameError, match="unknown kind of network 'paper'; known: papers, patents"):
        validate(made(), network_kind="paper")


def test_real_network_of_cities_cannot_be_judged(real_data):
    organisations = read_vosviewer(real_data / "covid_organisations" / "network.json")
    city = organisations.places["address"]
    table = pd.DataFrame({"name_en": city.str.split(",").str[0].to_numpy()}, index=city)
    cities = organisations.aggregate(table[~table.index.duplicated()], city.tolist())
    assert cities.n_links == 1_851
    found = validate(cities)
    assert set(found["verdict"]) == {"cannot be judged"}
    held = found["found"].str.extract(r"^(\d+) of the 120 hubs are places of the network, at least 108 are needed$")[0]
    assert held.astype(int).between(15, 72).all()
