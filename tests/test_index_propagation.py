"""What if on printed scores, held against scoring the made-up indicators again."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from printed_index import made, printed, tree, values

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index import scoring
from innovation_graph.index.audit import audit
from innovation_graph.index.decoding import decode
from innovation_graph.index.propagation import (
    common_scale,
    implied_correlations,
    needed,
    what_if,
    what_if_indicators,
    what_if_network,
    z_changes,
)
from innovation_graph.index.published import gihi2024


@pytest.fixture(scope="module")
def gihi():
    return audit(gihi2024())


@pytest.fixture(scope="module")
def gihi_scale(gihi):
    table = gihi2024().scores["table 5"]
    return common_scale(
        gihi,
        decodings={
            "A2": (decode(table["A2"], ["u", "i"]), {"u": "03", "i": "04"}),
            "A3": (decode(table["A3"], ["f", "s"]), {"f": "05", "s": "06"}),
        },
    )


def root_range(scores):
    sums = scores.steps["aggregated"]["R"]
    return float(sums.max() - sums.min())


def exact_scale(scores, found):
    """The common scale of a made-up index, which is known."""
    scale = common_scale(found, correlation=(-1.0, 1.0))
    reach = root_range(scores)
    return type(scale)(reach, reach, reach, scale.relative, scale.width, scale.shares, "known", ("known",))


# Against scoring again


@pytest.fixture(scope="module")
def exact():
    """A made-up index printed with many digits, its audit and its scale."""
    scores, tables = made(1, decimals=10)
    found = audit(tables)
    return scores, found, exact_scale(scores, found)


@pytest.mark.parametrize("place", ["p003", "first", "last"])
@pytest.mark.parametrize("factor", [0.2, 3.0, 40.0])
def test_changed_indicators_give_the_scores_of_scoring_again(exact, place, factor):
    scores, found, scale = exact
    order = scores.scores["A1"].sort_values().index
    place = {"first": order[-1], "last": order[0]}.get(place, place)
    raw = scores.steps["raw"]
    after = raw.copy()
    after.loc[place, ["A11", "C20"]] *= factor
    truth = scoring.score(scores.spec, after)
    outcome = what_if_indicators(found, z_changes(raw, after), scale)
    pd.testing.assert_frame_equal(outcome.after[truth.scores.columns], truth.scores, check_names=False, atol=1e-5)
    pd.testing.assert_frame_equal(outcome.ranks[truth.ranks.columns], truth.ranks, check_names=False)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=2)
def test_truth_lies_within_the_bounds_when_places_are_hidden(seed):
    scores, _ = made(seed)
    tables = printed(scores, 2, first=50)
    found = audit(tables)
    raw = scores.steps["raw"]
    rng = np.random.default_rng(seed)
    after = raw * np.exp(0.1 * rng.normal(size=raw.shape))
    truth = scoring.score(scores.spec, after)
    outcome = what_if_indicators(found, z_changes(raw, after), exact_scale(scores, found))
    for code in ("R", "A", "B", "C"):
        table = outcome.table(code)
        true = truth.scores.loc[table.index, code]
        # Rounding of a child reaches its parent through the coefficients.
        assert (true >= table["low"] - 0.1).all()
        assert (true <= table["high"] + 0.1).all()
        assert (table["best"] <= table["rank"]).all()
        assert (table["rank"] <= table["worst"]).all()


def test_nothing_changes_nothing(gihi):
    outcome = what_if(gihi, pd.DataFrame(index=["boston"]))
    pd.testing.assert_frame_equal(outcome.after, gihi.scores)
    assert outcome.rescaled.empty
    pd.testing.assert_frame_equal(outcome.ranks, outcome.ranks_before)
    published = gihi2024().ranks["table 2"]["GIHI"]
    assert (outcome.ranks["GIHI"].reindex(published.index) == published).all()
    assert (outcome.worst["GIHI"].reindex(published.index) == published).all()


def test_a_change_goes_up_by_the_coefficients(gihi):
    outcome = what_if(gihi, pd.DataFrame({"C1": [5.0], "C": [1.0]}, index=["shanghai"]))
    at = "shanghai"
    c1, c = gihi.relations["C"].coefficients["C1"], gihi.relations["GIHI"].coefficients["C"]
    assert outcome.after.loc[at, "C1"] - gihi.scores.loc[at, "C1"] == pytest.approx(5)
    assert outcome.after.loc[at, "C"] - gihi.scores.loc[at, "C"] == pytest.approx(5 * c1 + 1)
    assert outcome.after.loc[at, "GIHI"] - gihi.scores.loc[at, "GIHI"] == pytest.approx((5 * c1 + 1) * c)
    others = gihi.scores.index.drop(at)
    pd.testing.assert_frame_equal(outcome.after.loc[others], gihi.scores.loc[others])


def test_a_new_first_place_moves_the_scale_of_its_node_only(gihi):
    outcome = what_if(gihi, pd.DataFrame({"C1": [30.0]}, index=["shanghai"]))
    assert list(outcome.rescaled.index) == ["C1"]
    new = gihi.scores.loc["shanghai", "C1"] + 30
    assert outcome.after.loc["shanghai", "C1"] == pytest.approx(100)
    assert outcome.after.loc["boston", "C1"] == pytest.approx(60 + 40 * (80.13 - 60) / (new - 60))
    assert outcome.after.loc["boston", "GIHI"] == gihi.scores.loc["boston", "GIHI"]


def test_when_the_first_falls_everybody_rises(gihi):
    outcome = what_if(gihi, pd.DataFrame({"GIHI": [-20.0]}, index=["san-francisco-san-jose"]))
    assert outcome.after.loc["new-york", "GIHI"] == pytest.approx(100)
    assert outcome.after.loc["san-francisco-san-jose", "GIHI"] == pytest.approx(60 + 40 * 20 / 31.88)
    assert outcome.ranks.loc["san-francisco-san-jose", "GIHI"] == 6


def test_a_last_place_that_is_not_printed_stays_the_last(gihi):
    outcome = what_if(gihi, pd.DataFrame({"GIHI": [3.0]}, index=["harbin"]))
    assert "GIHI" not in outcome.rescaled.index
    # The last place of C1 is printed; when it rises, the bottom is somewhere up to the next.
    outcome = what_if(gihi, pd.DataFrame({"C1": [2.0]}, index=["cologne"]))
    assert outcome.rescaled.loc["C1", "bottom_low"] == 60
    assert outcome.rescaled.loc["C1", "bottom_high"] == pytest.approx(60.37)


# Needed


@pytest.mark.parametrize(
    ("place", "node", "other"), [("baltimore-washington", "C1", "tokyo"), ("boston", "A1", "paris")]
)
def test_the_needed_score_draws_level(gihi, place, node, other):
    found = needed(gihi, place, node, other)
    level = what_if(gihi, pd.DataFrame({node: [found.change]}, index=[place])).after["GIHI"]
    assert level[place] == pytest.approx(level[other])
    assert found.low < found.value < found.high
    above = what_if(gihi, pd.DataFrame({node: [found.high - found.printed + 0.1]}, index=[place]))
    assert above.worst.loc[place, "GIHI"] < above.best.loc[other, "GIHI"]


def test_shanghai_cannot_pass_boston_by_c1_alone(gihi):
    found = needed(gihi, "shanghai", "C1", "boston")
    b = gihi.relations["C"].coefficients["C1"] * gihi.relations["GIHI"].coefficients["C"]
    assert found.value == pytest.approx(87.91 + (83.73 - 77.90) / b)
    assert not found.reachable
    assert str(found).startswith("impossible within the scale")


def test_who_is_ahead_needs_less(gihi):
    found = needed(gihi, "shanghai", "C1", "paris")
    assert found.ahead
    assert found.change < 0
    assert "stays so as long as" in str(found)
    within = needed(gihi, "shanghai", "C1", "singapore", at="C")
    assert within.value == pytest.approx(87.91 + (84.75 - 87.93) / gihi.relations["C"].coefficients["C1"])


def test_messages_of_needed(gihi):
    with pytest.raises(UnknownNameError, match="unknown place 'atlantis'"):
        needed(gihi, "atlantis", "C1", "boston")
    with pytest.raises(UnknownNameError, match="unknown published node '17'"):
        needed(gihi, "shanghai", "17", "boston")
    with pytest.raises(ScoringError, match="A does not lie above C1"):
        needed(gihi, "shanghai", "C1", "boston", at="A")
    with pytest.raises(ScoringError, match="GIHI of chennai is not printed"):
        needed(gihi, "shanghai", "C1", "chennai")


# The common scale


@given(seed=st.integers(0, 10_000), first=st.sampled_from([None, 52]))
@settings(max_examples=2)
def test_the_true_range_lies_within_the_certain_bounds(seed, first):
    scores, _ = made(seed)
    found = audit(printed(scores, 2, first))
    scale = common_scale(found, correlation=(-1.0, 1.0))
    # Rounding of the scores themselves adds a little to their spread.
    assert scale.low <= root_range(scores) * 1.001
    assert root_range(scores) <= scale.high * 1.001


@pytest.mark.parametrize("seed", [0, 1])
def test_counts_give_the_true_range(seed):
    spec, rng = tree(), np.random.default_rng(seed)
    raw = values(spec, 80, seed)
    raw["A10"] = rng.geometric(0.45, 80) - 1
    raw["A11"] = rng.geometric(0.35, 80) - 1
    raw.iloc[:4, :2] = [[0, 0], [1, 0], [0, 1], [2, 0]]
    scores = scoring.score(spec, raw)
    tables = printed(scores)
    found = audit(tables)
    decoded = decode(tables.scores["table A"]["A1"], ["x", "y"], known=raw[["A10", "A11"]].set_axis(["x", "y"], axis=1))
    scale = common_scale(found, decodings={"A1": (decoded, {"x": "A10", "y": "A11"})})
    assert scale.low <= root_range(scores) <= scale.high
    assert scale.value == pytest.approx(root_range(scores), rel=0.005)
    low, value, high = scale.points("A10")
    step = decoded.steps.loc["x", "step"]
    assert low < value < high
    assert value * 1 / raw["A10"].std(ddof=0) == pytest.approx(step, rel=0.01)
    implied = implied_correlations(found, scale)
    normal = scores.steps["normalised"]
    for node in implied.index:
        below = normal[spec.children[node]].corr().to_numpy()
        true = below[np.triu_indices(len(below), 1)].mean()
        assert implied.loc[node, "low"] - 0.02 <= true <= implied.loc[node, "high"] + 0.02


def test_four_counts_of_the_published_index_agree_on_one_scale(gihi, gihi_scale):
    both = common_scale(gihi, correlation=(0.0, 1.0))
    assert both.low < gihi_scale.value < both.high
    assert gihi_scale.high / gihi_scale.low < 1.01
    implied = implied_correlations(gihi, gihi_scale)["value"]
    assert len(implied) == 12
    assert implied.between(-0.05, 1.0).all()


def test_messages_of_scale(gihi, gihi_scale):
    with pytest.raises(ScoringError, match=r"no common scale has mean correlations of 0\.9 to 1"):
        common_scale(gihi, correlation=(0.9, 1.0))
    with pytest.raises(UnknownNameError, match="unknown node or indicator with a scale '99'"):
        gihi_scale.points("99")
    decoded = decode(gihi2024().scores["table 5"]["A2"], ["u", "i"])
    with pytest.raises(ScoringError, match="indicator 05 is not among those of A2"):
        common_scale(gihi, decodings={"A2": (decoded, {"u": "05", "i": "04"})})


# Indicators and networks


def test_a_university_more_is_a_step_more(gihi, gihi_scale):
    table = gihi2024().scores["table 5"]
    found = decode(table["A2"], ["u", "i"])
    spread = float(np.std([*found.counts["u"].astype("int64"), *[0] * 8]))
    outcome = what_if_indicators(
        gihi, pd.DataFrame({"03": [1.0]}, index=["shanghai"]), gihi_scale, spread={"03": spread}
    )
    change = outcome.table("A2").loc["shanghai", "change"]
    assert change == pytest.approx(found.steps.loc["u", "step"], rel=0.005)
    assert "stay as they are" in outcome.assumptions[-1]


def test_network_positions_reach_c1_with_a_quarter_each(gihi, gihi_scale):
    rng = np.random.default_rng(0)
    index = [*gihi.scores.index, "oxford"]
    table = pd.DataFrame({"indicator_18_before": rng.integers(1, 40, 109).astype("float64")}, index=index)
    table["indicator_18_after"] = table["indicator_18_before"]
    table.loc["shanghai", "indicator_18_after"] += 10
    outcome = what_if_network(gihi, table, gihi_scale)
    main = table.loc[gihi.scores.index]
    before, after = main["indicator_18_before"], main["indicator_18_after"]
    z = (after - after.mean()) / after.std(ddof=0) - (before - before.mean()) / before.std(ddof=0)
    points = gihi_scale.points("C1")[1] * z / 4
    change = outcome.after["C"] - outcome.before["C"]
    # C itself is rescaled only by what its own ends move.
    expected = gihi.scores["C"] + gihi.relations["C"].coefficients["C1"] * points
    known = expected.dropna().index
    top, shift = expected.max(), points.loc[gihi.scores.index[gihi.scores["C"].isna()]]
    again = 60 + 40 * (expected - 60 - shift.mean() * gihi.relations["C"].coefficients["C1"]) / (top - 60)
    assert change["shanghai"] > 0
    assert (outcome.after["C"] - again)[known].abs().max() < 0.05
    assert (outcome.low["GIHI"] <= outcome.after["GIHI"]).loc[outcome.after["GIHI"].notna()].all()
    assert any("over 108 of 108 places" in text for text in outcome.assumptions)


def test_z_changes_of_a_gap():
    before = pd.DataFrame({"a": [1.0, 2.0, 3.0, np.nan]})
    after = pd.DataFrame({"a": [2.0, 4.0, 6.0, 9.0]})
    assert z_changes(before, after)["a"].tolist() == pytest.approx([0, 0, 0, 0], abs=1e-12)


def test_messages(gihi, gihi_scale):
    with pytest.raises(UnknownNameError, match="unknown place 'atlantis'"):
        what_if(gihi, pd.DataFrame({"A": [1.0]}, index=["atlantis"]))
    with pytest.raises(UnknownNameError, match="unknown published node 'Q'"):
        what_if(gihi, pd.DataFrame({"Q": [1.0]}, index=["boston"]))
    with pytest.raises(ScoringError, match="finite"):
        what_if(gihi, pd.DataFrame({"A": [np.inf]}, index=["boston"]))
    with pytest.raises(ScoringError, match="expected columns <name>_before and"):
        what_if_network(gihi, pd.DataFrame({"x": [1.0]}), gihi_scale)
    same = pd.DataFrame({"a": [1.0, 1.0]})
    with pytest.raises(ScoringError, match="indicator a has no spread"):
        z_changes(same, same)
    with pytest.raises(ScoringError, match="indicator 17: expected a standard deviation above 0, got None"):
        what_if_indicators(gihi, pd.DataFrame({"17": [1.0]}, index=["boston"]), gihi_scale, spread={})


def test_write(gihi, tmp_path):
    outcome = what_if(gihi, pd.DataFrame({"A": [-1.0]}, index=["boston"]))
    outcome.write(tmp_path / "outcome")
    back = pd.read_csv(tmp_path / "outcome" / "GIHI.csv").set_index("place_id")
    assert back.loc["boston", "after"] == pytest.approx(outcome.after.loc["boston", "GIHI"])
    assert (tmp_path / "outcome" / "assumptions.txt").is_file()
