"""Scenarios as data, what each step does to a network, and what comes out of a comparison."""

import json
from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import innovation_graph as ig
from innovation_graph import Network, centrality, scenario
from innovation_graph._data import data_path
from innovation_graph.errors import InnovationGraphError, NetworkError, RecipeError, UnknownNameError
from innovation_graph.samples import sample_records
from innovation_graph.scenario import Merge, Scenario, Step, apply, as_data, as_toml, compare, read_scenario, whatif
from innovation_graph.sources.networks import group_by, read_vosviewer

CITIES = {
    "beijing": ("Beijing", "北京", "CN", 39.9, 116.4, 90),
    "tianjin": ("Tianjin", "天津", "CN", 39.1, 117.2, 30),
    "taipei": ("Taipei", "台北", "CN", 25.0, 121.5, 20),
    "boston": ("Boston", "波士顿", "US", 42.4, -71.1, 80),
    "chicago": ("Chicago", "芝加哥", "US", 41.9, -87.6, 40),
    "berlin": ("Berlin", "柏林", "DE", 52.5, 13.4, 50),
    "paris": ("Paris", "巴黎", "FR", 48.9, 2.4, 60),
}
IDS = list(CITIES)
WEIGHTS = {
    ("beijing", "tianjin"): 9, ("beijing", "taipei"): 2, ("tianjin", "taipei"): 1, ("boston", "chicago"): 8,
    ("beijing", "boston"): 7, ("beijing", "chicago"): 3, ("tianjin", "boston"): 1, ("taipei", "chicago"): 5,
    ("beijing", "berlin"): 4, ("boston", "berlin"): 6, ("berlin", "paris"): 10, ("tianjin", "paris"): 2,
}  # fmt: skip


def table():
    columns = ["name_en", "name_zh", "country", "lat", "lon", "works"]
    places = pd.DataFrame.from_dict(CITIES, orient="index", columns=columns)
    return places.assign(continent=["Asia"] * 3 + ["North America"] * 2 + ["Europe"] * 2, solo_works=1.0, tier="main")


def network_of(weights, **provenance):
    edges = pd.DataFrame([(a, b, w) for (a, b), w in weights.items()], columns=["source", "target", "weight"])
    return Network.from_edges(edges, table(), provenance=provenance)


@pytest.fixture
def network():
    return network_of(WEIGHTS, kind="paper", source="made up")


@st.composite
def networks(draw):
    pairs = list(combinations(IDS, 2))
    weights = draw(st.lists(st.sampled_from([0, 0, 1, 2, 3, 5, 8]), min_size=len(pairs), max_size=len(pairs)))
    return network_of({pair: w for pair, w in zip(pairs, weights, strict=True) if w})


def one(**step):
    return Scenario("test", (Step(**step),))


def many(*steps):
    return Scenario("test", tuple(Step(**step) for step in steps))


def links(network):
    return {frozenset(pair): w for *pair, w in network.links().itertuples(index=False)}


def land(place):
    return CITIES[place][2]


# What ties a step is about, said again in plain Python.
TIES = {
    "between": (("CN", "US"), lambda a, b: {land(a), land(b)} == {"CN", "US"}),
    "within": ("CN", lambda a, b: land(a) == land(b) == "CN"),
    "of": (("Berlin", "US"), lambda a, b: {"berlin", "boston", "chicago"} & {a, b}),
}


@pytest.mark.parametrize("which", TIES)
@settings(max_examples=15)
@given(networks(), st.sampled_from([0, 0.25, 0.5, 1, 2, 3]), st.sampled_from([None, 1, 2.5]))
def test_scaling_against_a_dense_loop(which, network, factor, minimum):
    group, about = TIES[which]
    expected = {}
    matrix = network.adjacency.toarray()
    for i, j in combinations(range(len(IDS)), 2):
        weight = matrix[i, j]
        if about(IDS[i], IDS[j]):
            weight *= factor
            if minimum is not None and weight < minimum:
                weight = 0
        if weight:
            expected[frozenset((IDS[i], IDS[j]))] = weight
    after = apply(one(scale=factor, minimum=minimum, **{which: group}), network)
    assert links(after) == expected
    pd.testing.assert_frame_equal(after.places, network.places)


@settings(max_examples=12)
@given(networks())
def test_scaling_by_one_changes_nothing(network):
    after = apply(one(scale=1, between=("CN", "US")), network)
    assert after.links().equals(network.links())
    outcome = compare(network, after, ["degree", "strength", "eigenvector"])
    changes = outcome.table.filter(regex="_change$")
    assert (changes.fillna(0) == 0).all(axis=None)
    assert (outcome.totals["change"].fillna(0) == 0).all()
    assert outcome.movers("strength").empty


@settings(max_examples=10)
@given(networks())
def test_cutting_is_scaling_by_nothing(network):
    for which, (group, _) in TIES.items():
        cut, scaled = (apply(one(**step, **{which: group}), network) for step in ({"cut": True}, {"scale": 0}))
        assert cut.links().equals(scaled.links())


def test_whole_numbers_become_expected_ones_and_a_minimum_drops_some(network):
    """Half of one joint paper is half a paper; what falls below one is dropped only when asked, by exact weight."""
    half = links(apply(one(scale=0.5, between=("CN", "US")), network))
    assert half[frozenset(("tianjin", "boston"))] == 0.5
    assert half[frozenset(("beijing", "boston"))] == 3.5
    whole = links(apply(one(scale=0.5, between=("CN", "US"), minimum=1), network))
    assert set(half) - set(whole) == {frozenset(("tianjin", "boston"))}
    assert frozenset(("tianjin", "taipei")) in whole, "a weak tie that is not of the step stays"


def test_a_minimum_does_not_drop_what_only_rounding_puts_below_it():
    assert 0.29 * 100 < 29
    network = network_of({("beijing", "boston"): 100})
    assert apply(one(scale=0.29, of="beijing", minimum=29), network).n_links == 1


def test_cutting_all_ties_of_a_place_isolates_it(network):
    cut, gone = apply(one(cut=True, of="北京"), network), apply(one(remove="Beijing"), network)
    assert links(cut) == links(gone) == {pair: w for pair, w in links(network).items() if "beijing" not in pair}
    assert centrality.degree(cut)["beijing"] == 0
    assert cut.n_places == network.n_places


def test_the_order_of_steps_matters_where_it_should(network):
    halve = {"scale": 0.5, "between": ("Beijing", "Boston"), "minimum": 3.5}
    rise = {"scale": 2, "of": "Boston"}
    assert links(apply(many(halve, rise), network))[frozenset(("beijing", "boston"))] == 7
    again = {"scale": 0.5, "between": ("Beijing", "Boston"), "minimum": 3}
    assert frozenset(("beijing", "boston")) not in links(apply(many(halve, again), network))
    merge = {"merge": Merge("Jing-Jin-Ji", ("Beijing", "Tianjin"))}
    cut = {"cut": True, "between": ("Tianjin", "Boston")}
    assert links(apply(many(cut, merge), network))[frozenset(("jing-jin-ji", "boston"))] == 7
    with pytest.raises(RecipeError, match="step 2: unknown place 'Tianjin'"):
        apply(many(merge, cut), network)


def test_names_may_be_chinese_or_countries(network):
    same = [("CN", "US"), ("China", "United States"), (("北京", "天津", "taipei"), ("波士顿", "Chicago"))]
    first, *others = (links(apply(one(cut=True, between=blocs), network)) for blocs in same)
    assert all(other == first for other in others)


def test_removed_places_stay_as_isolates_or_leave(network):
    stay, leave = (apply(one(remove=("Beijing", "DE"), drop=drop), network) for drop in (False, True))
    rest = [place for place in IDS if place not in ("beijing", "berlin")]
    assert list(stay.ids) == IDS
    assert list(leave.ids) == rest
    assert links(stay) == links(leave)
    sub = network.subset(rest)
    assert links(stay) == links(sub)
    pd.testing.assert_frame_equal(leave.places, sub.places)


def expected_merge(matrix, members):
    """Merge rows and columns into the first of them with two plain loops."""
    group = [min(members) if i in members else i for i in range(len(matrix))]
    out = np.zeros_like(matrix)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            if group[i] != group[j]:
                out[group[i], group[j]] += matrix[i, j]
    keep = [i for i in range(len(matrix)) if group[i] == i]
    return out[np.ix_(keep, keep)], [IDS[i] for i in keep]


@settings(max_examples=30)
@given(networks(), st.sets(st.integers(0, 6), min_size=2))
def test_merging_is_aggregating_the_matrix(network, members):
    after = apply(one(merge=Merge("All of them", tuple(IDS[i] for i in sorted(members)))), network)
    matrix, ids = expected_merge(network.adjacency.toarray(), members)
    np.testing.assert_array_equal(after.adjacency.toarray(), matrix)
    assert list(after.ids) == ["all-of-them" if place == IDS[min(members)] else place for place in ids]
    pd.testing.assert_frame_equal(after.places.drop("all-of-them"), network.places.loc[ids].drop(IDS[min(members)]))


def test_what_is_known_of_a_merged_place(network):
    after = apply(one(merge=Merge("京津冀", ("Beijing", "Tianjin"))), network)
    new = after.places.loc["京津冀"]
    assert new[["name_en", "country", "continent", "tier"]].tolist() == ["京津冀", "CN", "Asia", "main"]
    assert new[["name_zh", "works", "solo_works", "fractional_works"]].isna().all()
    assert new[["lat", "lon"]].tolist() == pytest.approx([39.7, 116.6], abs=0.01), (
        "three quarters of the way to Beijing"
    )
    mixed = apply(one(merge=Merge("Two", ("Beijing", "Boston"))), network).places.loc["two"]
    assert mixed[["country", "continent"]].isna().all()


def test_merging_into_one_of_the_places_keeps_its_id(network):
    outcome = whatif(one(merge=Merge("北京", ("天津", "Beijing"))), network, measures=["strength"])
    assert list(outcome.after.ids) == [place for place in IDS if place != "tianjin"]
    assert outcome.after.places.loc["beijing", ["name_en", "name_zh"]].tolist() == ["Beijing", "北京"]
    assert outcome.table["reason"].dropna().to_dict() == {
        "beijing": "merged from beijing, tianjin",
        "tianjin": "merged into beijing",
    }
    # 25 + 13 - 2 x 9: what lay between the two is gone.
    assert outcome.table.loc["beijing", ["strength_before", "strength_after"]].tolist() == [25, 20]
    assert outcome.indicators.loc["tianjin"].isna().tolist() == [False, True, True]


def test_merging_twice_leads_to_the_last_place(network):
    steps = many({"merge": Merge("North", ("Beijing", "Tianjin"))}, {"merge": Merge("East", ("North", "Taipei"))})
    outcome = whatif(steps, network, measures=["degree"])
    assert list(outcome.after.ids) == ["east", *IDS[3:]]
    reasons = outcome.table["reason"].dropna()
    assert reasons["beijing"] == reasons["taipei"] == "merged into east"
    assert reasons["east"] == "merged from beijing, tianjin, taipei"
    assert list(outcome.indicators.index) == [*IDS, "east"]


def independently_substituted(matrix, fixed, may, target, rounds=3000):
    """Fit a table to its totals row by row, then column by column, as Deming and Stephan did."""
    fitted = np.where(may, matrix, 0.0)
    goal = target - np.where(may, 0, fixed).sum(axis=1)
    for _ in range(rounds):
        for axis in (1, 0):
            now = fitted.sum(axis=axis, keepdims=True)
            ratio = np.divide(np.expand_dims(goal, axis), now, out=np.ones_like(now), where=now > 0)
            fitted = fitted * ratio
    return np.where(may, fitted, fixed)


@pytest.mark.parametrize("what", ["domestic", "any"])
def test_substitution_keeps_every_total(what):
    rng = np.random.default_rng(3)
    matrix = np.triu(rng.integers(1, 30, (7, 7)), 1).astype(float)
    matrix += matrix.T
    places = table().assign(country=["CN"] * 3 + ["US"] * 3 + ["FR"])
    network = Network.from_matrix(matrix, places)
    after = apply(one(scale=0.5, between=("CN", "US"), substitute=what), network)
    bloc = places["country"].to_numpy()
    cross = ((bloc[:, None] == "CN") & (bloc == "US")) | ((bloc[:, None] == "US") & (bloc == "CN"))
    may = (bloc[:, None] == bloc) if what == "domestic" else ~cross
    fixed = np.where(cross, matrix / 2, matrix)
    expected = independently_substituted(matrix, fixed, may & (matrix > 0), matrix.sum(axis=1))
    got = after.adjacency.toarray()
    np.testing.assert_allclose(got, expected, rtol=1e-9)
    np.testing.assert_allclose(got.sum(axis=1), matrix.sum(axis=1), rtol=1e-12)
    step = whatif(one(scale=0.5, between=("CN", "US"), substitute=what), network, measures=["strength"]).steps.loc[1]
    assert step["weight_substituted"] == pytest.approx(matrix[cross].sum() / 4)


def test_substitution_that_cannot_be_is_refused(network):
    step = {"scale": 0.5, "between": ("FR", "CN"), "substitute": "domestic"}
    with pytest.raises(RecipeError, match=r"step 1: no tie could take up what these places lose: paris; .*say \"any\""):
        apply(one(**step), network)
    star = network_of({("beijing", "boston"): 4, ("beijing", "berlin"): 2, ("boston", "berlin"): 2})
    with pytest.raises(RecipeError, match="cannot keep their totals with the ties they have"):
        # Berlin would have to grow with both.
        apply(one(cut=True, between=("beijing", "boston"), substitute="any"), star)
    with pytest.raises(RecipeError, match="would have to give up more"):
        apply(one(scale=9, between=("beijing", "boston"), substitute="any"), star)


def test_steps_that_need_records_are_one_call(network):
    asked = []

    def rebuild(**options):
        asked.append(options)
        return network_of({pair: w / 2 for pair, w in WEIGHTS.items()}, counting="fractional", kind="paper")

    steps = many({"counting": "fractional"}, {"max_actors": 25}, {"cut": True, "between": ("CN", "US")})
    after = apply(steps, network, rebuild=rebuild)
    assert asked == [{"counting": "fractional", "catchment_km": None, "max_actors": 25}]
    expected = {pair: w / 2 for pair, w in links(network).items() if {land(p) for p in pair} != {"CN", "US"}}
    assert links(after) == expected
    assert after.provenance["counting"] == "fractional"
    assert after.provenance["scenario"]["steps"] == [
        {"counting": "fractional"},
        {"max_actors": 25},
        {"cut": True, "between": ["CN", "US"]},
    ]
    with pytest.raises(RecipeError, match=r"'test', step 1: counting, max_actors needs the records.*give `rebuild`"):
        apply(steps, network)


def test_provenance_tells_what_was_done(network):
    first = apply(many({"scale": 0.5, "between": ("CN", "US")}, {"remove": "Taipei"}), network)
    note = first.provenance["scenario"]
    assert first.provenance["source"] == "made up"
    assert note["removed"] == ["taipei"]
    assert [effect["ties"] for effect in note["effects"]] == [4, 3]
    assert [effect["weight_before"] for effect in note["effects"]] == [16, 2 + 1 + 2.5]
    assert [effect["total_weight"] for effect in note["effects"]] == [58 - 8, 58 - 8 - 5.5]
    again = apply(one(cut=True, of="Paris"), first)
    assert again.provenance["scenario"]["earlier"] == note
    json.dumps(dict(again.provenance))


def test_the_network_given_stays_as_it_is(network):
    copy = network_of(WEIGHTS, kind="paper", source="made up")
    apply(many({"scale": 0.5, "between": ("CN", "US")}, {"remove": "Taipei", "drop": True}), network)
    assert network == copy


def test_table_of_places_by_hand(network):
    """Strengths before: 25, 13, 8, 22, 16, 20, 12; ranks 1, 5, 7, 2, 4, 3, 6."""
    outcome = whatif(one(cut=True, between=("CN", "US")), network, measures=["strength", "degree"])
    found = outcome.table
    assert list(found.index) == IDS
    assert found["strength_before"].tolist() == [25, 13, 8, 22, 16, 20, 12]
    assert found["strength_after"].tolist() == [15, 12, 3, 14, 8, 20, 12]
    assert found["strength_change"].tolist() == [-10, -1, -5, -8, -8, 0, 0]
    np.testing.assert_allclose(found["strength_change_percent"], [-40, -100 / 13, -62.5, -800 / 22, -50, 0, 0])
    assert found["strength_rank_before"].tolist() == [1, 5, 7, 2, 4, 3, 6]
    assert found["strength_rank_after"].tolist() == [2, 4, 7, 3, 6, 1, 4]
    assert found["strength_rank_change"].tolist() == [-1, 1, 0, -1, -2, 2, 2], "positive climbs"
    assert found["degree_before"].tolist() == [5, 4, 3, 4, 3, 3, 2]
    assert found["degree_change"].tolist() == [-2, -1, -1, -2, -2, 0, 0]
    assert found["reason"].isna().all()
    assert outcome.movers("strength", 3).index.tolist() == ["chicago", "berlin", "paris"]
    gone = whatif(one(remove="Beijing"), network, measures=["strength"])
    assert gone.table.loc["beijing", "strength_rank_change"] == -6
    assert "beijing" not in gone.movers("strength").index, "what was removed has not moved"
    with pytest.raises(UnknownNameError, match="'eigenvector'; known: degree, strength"):
        outcome.movers("eigenvector")


def test_totals_by_hand(network):
    totals = whatif(one(cut=True, between=("CN", "US")), network, measures=["degree"]).totals
    expected = {
        "places": (7, 7), "isolates": (0, 0), "largest_component": (7, 7), "links": (12, 8),
        "density": (12 / 21, 8 / 21),
        "total_weight": (58, 42), "between_countries_links": (8, 4), "between_countries_weight": (38, 22),
        "cn_us_links": (4, 0), "cn_us_weight": (16, 0),
    }  # fmt: skip
    assert {name: tuple(row) for name, *row in totals[["before", "after"]].itertuples()} == expected
    assert totals.loc["cn_us_weight", ["change", "change_percent"]].tolist() == [-16, -100]
    assert np.isnan(totals.loc["isolates", "change_percent"])


def test_totals_of_places_without_countries_are_missing():
    network = Network.from_matrix([[0, 2], [2, 0]], ["a", "b"])
    totals = whatif(one(remove="a"), network).totals
    assert totals.loc[["between_countries_links", "cn_us_weight"], ["before", "after"]].isna().all(axis=None)
    assert totals.loc["isolates"].tolist()[:3] == [0, 2, 2]


def test_indicator_17_is_the_eigenvector_of_networkx_over_the_hubs(network):
    hubs = ["boston", "beijing", "chicago", "tianjin", "taipei", "berlin", "nowhere"]
    outcome = whatif(one(scale=0.5, between=("CN", "US")), network, measures=["degree"], hubs=hubs)
    assert list(outcome.indicators.columns) == [f"indicator_17_{part}" for part in ("before", "after", "change")]
    assert outcome.indicators.index.name == "place_id"
    assert list(outcome.indicators.index) == hubs
    for side, one_network in (("before", network), ("after", outcome.after)):
        graph = one_network.to_networkx().subgraph(hubs)
        expected = pd.Series(nx.eigenvector_centrality_numpy(graph, weight="weight")).abs()
        got = outcome.indicators[f"indicator_17_{side}"]
        np.testing.assert_allclose(got[expected.index], expected, atol=1e-9)
        assert got["nowhere"] == 0


def test_indicator_18_of_patents_and_of_hubs_that_are_gone():
    network = network_of(WEIGHTS, kind="patent")
    stay = whatif(one(remove=("Beijing", "Paris")), network, measures=["degree"]).indicators
    assert stay["indicator_18_before"].tolist() == [5, 4, 3, 4, 3, 3, 2]
    assert stay["indicator_18_after"].tolist() == [0, 2, 2, 3, 2, 1, 0]
    leave = whatif(one(remove=("Beijing", "Paris"), drop=True), network, measures=["degree"]).indicators
    assert leave["indicator_18_after"].isna().tolist() == [True, False, False, False, False, False, True]
    assert leave["indicator_18_after"].dropna().tolist() == [2, 2, 3, 2, 1]
    merged = whatif(one(merge=Merge("Jing-Jin-Ji", ("Beijing", "Tianjin"))), network, measures=["degree"]).indicators
    assert merged.loc["jing-jin-ji", "indicator_18_after"] == 5
    assert pd.isna(merged.loc["jing-jin-ji", "indicator_18_before"])
    assert merged.loc[["beijing", "tianjin"], "indicator_18_after"].isna().all()


def test_which_indicator():
    unknown = network_of(WEIGHTS)
    both = compare(unknown, unknown, ["degree"]).indicators
    assert {name[:12] for name in both} == {"indicator_17", "indicator_18"}
    assert {name[:12] for name in compare(unknown, unknown, ["degree"], indicator=18).indicators} == {"indicator_18"}
    with pytest.raises(RecipeError, match="indicator = 16"):
        compare(unknown, unknown, ["degree"], indicator=16)


def test_all_hubs_dropped_leave_no_indicator(network):
    found = whatif(one(remove=("CN",), drop=True), network, measures=["degree"], hubs=["beijing", "tianjin", "taipei"])
    assert found.indicators["indicator_17_after"].isna().all()


def test_any_two_networks_can_be_compared(network):
    other = Network.from_matrix([[0, 1], [1, 0]], ["beijing", "mars"])
    outcome = compare(network, other, ["strength"])
    assert list(outcome.table.index) == [*IDS, "mars"]
    assert outcome.table.loc["mars", "reason"] == "not in the network before"
    assert outcome.table.loc["paris", "reason"] == "not in the network after"
    assert outcome.table.loc["mars"].filter(like="before").isna().all()
    assert (outcome.title, outcome.scenario, len(outcome.steps)) == (None, None, 0)
    with pytest.raises(UnknownNameError, match="unknown measure 'speed'"):
        compare(network, other, ["speed"])
    with pytest.raises(NetworkError, match="none of the 1 hubs"):
        compare(network, other, ["degree"], ["venus"])


@pytest.mark.parametrize("step", [{"cut": True, "of": "CN"}, {"merge": Merge("x", ("CN",))}, {"remove": "CN"}])
def test_permuting_places_permutes_the_result(network, step):
    order = [3, 6, 1, 0, 5, 2, 4]
    rows = network.adjacency[order][:, order]
    shuffled = Network.from_matrix(rows, network.places.iloc[order], provenance=network.provenance)
    one_way, other = (whatif(one(**step), net, measures=["strength", "degree"]).table for net in (network, shuffled))
    pd.testing.assert_frame_equal(other.drop(columns="reason").loc[one_way.index], one_way.drop(columns="reason"))


def test_outcome_on_disk(network, tmp_path):
    steps = many({"scale": 0.5, "between": ("CN", "US")}, {"merge": Merge("=Jing", ("Beijing", "Tianjin"))})
    marked = Network(network.places, network.upper, {**network.provenance, "synthetic": True})
    outcome = whatif(steps, marked)
    folder = tmp_path / "out"
    outcome.write(folder)
    first = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for name in ("places", "totals", "indicators", "steps"):
        written = pd.read_csv(folder / f"{name}.csv", index_col=0)
        assert (written["synthetic_data"] == "yes").all()
    places = pd.read_csv(folder / "places.csv", index_col="place_id")
    assert places.loc["jing", "name_en"] == "'=Jing"
    np.testing.assert_array_equal(places["strength_after"], outcome.table["strength_after"])
    assert read_scenario(folder / "scenario.toml") == steps
    assert ig.read_network(folder / "network") == outcome.after
    head = json.loads((folder / "whatif.json").read_text(encoding="utf-8"))
    assert (head["title"], head["synthetic"], head["totals"]["cn_us_weight"]) == ("test", True, [16, 8])
    assert "Beijing" in (folder / "steps.csv").read_text(encoding="utf-8-sig")
    outcome.write(folder)
    assert first == {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert compare(marked, ig.read_network(folder / "network")).table.equals(outcome.table)
    (folder / "mine.txt").write_text("keep me", encoding="utf-8")
    with pytest.raises(FileExistsError, match=r"mine\.txt"):
        outcome.write(folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"], "nothing half-written beside it"


def read(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return read_scenario(path)


HEAD = 'title = "t"\n[[steps]]\nscale = 0.5\nbetween = ["CN", "US"]\n'


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ('scale = 0.5\ncut = true\nof = "CN"', "expected one of scale, cut, .*, got scale and cut; make them steps"),
        ('remove = "CN"\nmax_actors = 3', "got remove and max_actors"),
        ('of = "CN"', "expected one of .*, got none"),
        ("scale = 0.5", "scale needs one of between, within, of .* got none"),
        ('cut = true\nof = "CN"\nwithin = "CN"', "cut needs one of .* got within and of"),
        ('scale = -0.5\nof = "CN"', "scale must be a finite number of at least 0, not -0.5"),
        ('scale = inf\nof = "CN"', "scale must be a finite number"),
        ('scale = 0.5\nof = "CN"\nminimum = nan', "minimum must be a finite number"),
        ('cut = true\nof = "CN"\nminimum = 1', "minimum does not go with cut, only with scale"),
        ('cut = true\nof = "CN"\ndrop = true', "drop does not go with cut, only with remove"),
        ('remove = "CN"\nof = "US"', "of does not go with remove, only with scale or cut"),
        ('cut = true\nof = "CN"\nsubstitute = "any"', "substitute goes with between"),
        ('cut = true\nbetween = ["CN", "US"]\nsubstitute = "foreign"', "Invalid enum value 'foreign'.*substitute"),
        ('cut = true\nbetween = ["CN"]', "Expected `array` of length 2, got 1"),
        ("remove = []", "remove must name at least one"),
        ('cut = true\nbetween = [["CN"], []]', "between must name at least one"),
        ('cut = true\nof = ["CN", " "]', "of must name at least one"),
        ('scale = "half"\nof = "CN"', "Expected `float"),
        ('cuts = true\nof = "CN"', "unknown field `cuts`.*it says { cuts = true"),
        ('merge = { into = "A" }', "missing required field `places`"),
        ('merge = { into = " ", places = ["CN", "US"] }', "into must name the new place"),
        ('merge = { into = "A", places = ["CN"], drop = true }', "unknown field `drop`"),
        ('counting = "double"', "counting = 'double' is unknown; known: whole"),
        ("max_actors = 0", "max_actors must be at least 1"),
        ("catchment_km = -1", "catchment_km must be"),
        ("max_actors = 25", "max_actors needs the records; put it before"),
    ],
)
def test_messages_name_file_and_step(tmp_path, step, message):
    with pytest.raises(RecipeError, match=rf"mine\.toml, step 2: .*{message}"):
        read(tmp_path, f"{HEAD}[[steps]]\n{step}\n")


def test_saying_twice_what_needs_records(tmp_path):
    step = '[[steps]]\ncounting = "fractional"\n'
    with pytest.raises(RecipeError, match=r"mine\.toml, step 2: counting was said before"):
        read(tmp_path, f'title = "t"\n{step}{step}')


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ('cut = true\nbetween = ["Atlantis", "US"]', "unknown place 'Atlantis'; known: beijing"),
        ('cut = true\nbetween = [["CN", "Boston"], "US"]', "two blocs of between share 1 places: boston"),
        ('remove = ["北平"]', "unknown place '北平'"),
        ('merge = { into = "A", places = ["Beijing"] }', "at least two places"),
        ('merge = { into = "Paris", places = ["Beijing", "Tianjin"] }', "add it to places"),
        ('merge = { into = "New", places = ["Beijing", "Atlantis"] }', "unknown place 'Atlantis'"),
        ('scale = 1e308\nof = "CN"', "finite"),
    ],
)
def test_messages_about_a_network_name_file_and_step(tmp_path, network, step, message):
    found = read(tmp_path, f"{HEAD}[[steps]]\n{step}\n")
    with pytest.raises(RecipeError, match=rf"mine\.toml, step 2: .*{message}"):
        apply(found, network)


def test_a_new_place_does_not_take_the_id_of_another(network):
    with pytest.raises(RecipeError, match="would get the id 'paris'"):
        apply(one(merge=Merge("Paris!", ("Beijing", "Tianjin"))), network)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", r"mine\.toml: Invalid value"),
        ('title = "t"', "missing required field `steps`"),
        ('title = "t"\nsteps = []', "at least one step"),
        ('title = " "\n[[steps]]\nremove = "CN"', "title must not be empty"),
        ('[[steps]]\nremove = "CN"', "missing required field `title`"),
        ('title = "t"\nseed = 1\n[[steps]]\nremove = "CN"', "unknown field `seed`"),
    ],
)
def test_files_that_are_no_scenario(tmp_path, text, message):
    with pytest.raises(RecipeError, match=message):
        read(tmp_path, text)


def test_missing_files_and_names(tmp_path):
    with pytest.raises(RecipeError, match=r"none\.toml"):
        read_scenario(tmp_path / "none.toml")
    with pytest.raises(RecipeError, match=r"no packaged scenario 'sino_us'; known: .*sino_us_cut, sino_us_half"):
        read_scenario("sino_us")


GROUP = st.one_of(st.sampled_from(IDS), st.lists(st.sampled_from([*IDS, "CN", "北京"]), min_size=1).map(tuple))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
STEP = st.one_of(
    st.builds(
        Step,
        scale=st.floats(0, 1e9),
        between=st.tuples(GROUP, GROUP),
        substitute=st.sampled_from([None, "domestic", "any"]),
        minimum=st.one_of(st.none(), st.floats(0, 10)),
    ),
    st.builds(Step, cut=st.just(value=True), within=GROUP),
    st.builds(Step, remove=GROUP, drop=st.booleans()),
    st.builds(Step, merge=st.builds(Merge, TEXT, GROUP)),
)


@given(TEXT, st.lists(STEP, min_size=1, max_size=4))
def test_toml_and_back(tmp_path_factory, title, steps):
    path = tmp_path_factory.getbasetemp() / "round.toml"
    made = Scenario(title, tuple(steps))
    path.write_text(as_toml(made), encoding="utf-8", newline="")
    assert read_scenario(path) == made
    assert as_data(read_scenario(path)) == as_data(made)


@pytest.fixture(scope="module")
def papers():
    records = sample_records()
    hubs = ig.places.locate(records, ig.places.gihi2024())

    def rebuild(*, counting=None, catchment_km=None, max_actors=None):
        assert catchment_km is None
        chosen = ig.Selection(kind="paper", years=(2023, 2023), max_actors=max_actors)
        return ig.project(ig.incidence.stream(records, hubs, chosen), counting=counting or "whole")

    return rebuild


@pytest.mark.parametrize("name", scenario.packaged())
def test_packaged_scenarios_run_on_the_hubs(papers, name):
    found = read_scenario(name)
    assert found == read_scenario(data_path("scenarios") / f"{name}.toml")
    network = papers()
    outcome = whatif(found, network, rebuild=papers, measures=["strength"])
    assert outcome.title == found.title
    assert outcome.synthetic
    assert outcome.after.links().equals(network.links()) is False
    assert len(outcome.indicators) == len(outcome.table) >= 120


def test_halving_the_sample(papers):
    network = papers()
    matrix, country = network.adjacency.toarray(), network.places["country"].to_numpy()
    for i in range(120):
        for j in range(120):
            if {country[i], country[j]} == {"CN", "US"}:
                matrix[i, j] /= 2
    after = apply(read_scenario("sino_us_half"), network)
    np.testing.assert_array_equal(after.adjacency.toarray(), matrix)


def test_cities_of_covid_papers(real_data):
    """72 cities, 164 Sino-US ties; ties of no other pair of countries change."""
    organisations = read_vosviewer(real_data / "covid_organisations" / "network.json")
    network = group_by(organisations, "address")
    outcome = whatif(read_scenario("sino_us_cut"), network, measures=["strength"])
    step, totals = outcome.steps.loc[1], outcome.totals
    assert step["ties"] == step["ties_lost"] == 164 == totals.loc["cn_us_links", "before"]
    assert totals.loc["links"].tolist()[:3] == [1851, 1851 - 164, -164]
    weight = network.bloc("CN", "US").total_weight
    assert totals.loc["total_weight", "change"] == -weight
    lost = outcome.table["strength_change"].groupby(outcome.table["country"]).sum()
    assert lost["CN"] == lost["US"] == -weight
    assert (lost.drop(["CN", "US"]) == 0).all()


def test_errors_are_of_the_family():
    with pytest.raises(InnovationGraphError):
        Scenario("x", ())
