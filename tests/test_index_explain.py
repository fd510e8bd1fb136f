"""Contributions: closed forms, an independent Shapley value, and sums that come out."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index import explain, spec
from innovation_graph.index._shapley import EXACT, shapley
from innovation_graph.index.scoring import score

METHODS = ("arithmetic", "geometric", "harmonic", "power", "owa", "copeland", "mazziotta_pareto")


def small(method="arithmetic", **changes):
    """Two nodes below the root, weights 3 : 1, the first of two indicators 2 : 1, the second of three."""
    made = spec.IndexSpec(
        name="small",
        nodes=(
            spec.Node("R", "Root"),
            spec.Node("A", "First", parent="R", weight=3),
            spec.Node("B", "Second", parent="R"),
        ),
        indicators=(
            spec.Indicator("a", "a", "A", weight=2),
            spec.Indicator("b", "b", "A", direction=-1),
            spec.Indicator("c", "c", "B"),
            spec.Indicator("d", "d", "B"),
            spec.Indicator("e", "e", "B"),
        ),
        normalisation=spec.Normalisation("minmax", low=10, high=20),
        aggregation=spec.Aggregation(method, owa=(3.0, 2.0, 1.0)),
    )
    return made.replace(**changes)


def values(n=8, seed=0, columns="abcde"):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.lognormal(size=(n, len(columns))), index=[f"p{i}" for i in range(n)], columns=list(columns))


def test_contributions_are_weight_times_value():
    table = pd.DataFrame({"a": [0.0, 1, 4], "b": [2.0, 1, 0], "c": [0.0, 1, 2], "d": [1.0, 0, 3], "e": [5.0, 6, 7]})
    table.index = ["x", "y", "z"]
    made = explain.contributions(score(small(normalisation=spec.Normalisation("minmax")), table), against="zero")
    expected = pd.DataFrame(
        {
            "a": [0, 0.25, 1],  # normalised, then weighted by 3/4 x 2/3 and so on
            "b": [0, 0.5, 1],
            "c": [0, 0.5, 1],
            "d": [1 / 3, 0, 1],
            "e": [0, 0.5, 1],
        },
        index=table.index,
    ) * [1 / 2, 1 / 4, 1 / 12, 1 / 12, 1 / 12]
    pd.testing.assert_frame_equal(made.indicators, expected)
    assert made.base.tolist() == [0, 0, 0]
    assert made.nodes["A"].tolist() == pytest.approx([0, 0.25, 0.75])
    assert list(made.nodes) == ["A", "B"]
    assert made.linear


def test_rescaling_multiplies_contributions():
    table = values()
    plain = explain.contributions(score(small(), table), against="zero").indicators
    mapped = score(small(rescaling=spec.Rescaling(60, 100)), table)
    raw = mapped.steps["aggregated"]["R"]
    factor = 40 / (raw.max() - raw.min())
    made = explain.contributions(mapped, against="zero")
    np.testing.assert_allclose(made.indicators, plain * factor)
    np.testing.assert_allclose(made.base, 60 - factor * raw.min())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("node", ["R", "B"])
def test_base_and_contributions_make_the_score(method, node):
    scores = score(small(method, rescaling=spec.Rescaling(60, 100, levels=(0, 1))), values())
    made = explain.contributions(scores, node)
    np.testing.assert_allclose(made.base + made.indicators.sum(axis=1), scores.scores[node], atol=1e-10)
    whole = made.nodes.sum(axis=1) if node == "R" else made.indicators.sum(axis=1)
    np.testing.assert_allclose(made.base + whole, scores.scores[node], atol=1e-10)
    assert made.linear == (method == "arithmetic")


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), method=st.sampled_from(METHODS), rescaled=st.booleans())
def test_why_adds_up_to_the_difference(seed, method, rescaled):
    scores = score(small(method, rescaling=spec.Rescaling(60, 100) if rescaled else None), values(seed=seed))
    table = explain.why(scores, "p1", "p4")
    expected = scores.scores["R"]["p1"] - scores.scores["R"]["p4"]
    assert table["contribution"].sum() == pytest.approx(expected, abs=1e-9)
    back = explain.why(scores, "p4", "p1")["contribution"]
    np.testing.assert_allclose(back.loc[table.index], -table["contribution"], atol=1e-12)


@pytest.mark.parametrize("method", ["geometric", "harmonic", "mazziotta_pareto"])
def test_why_is_the_mean_over_all_orders(method):
    """The same value from scratch: every order of the five indicators, the formulas written out."""
    scores = score(small(method), values(5))
    x = scores.steps["normalised"]

    def mean(numbers, weights):
        v, w = np.array(numbers), np.array(weights) / sum(weights)
        if method == "geometric":
            return np.prod(v**w)
        if method == "harmonic":
            return 1 / (w / v).sum()
        m = (w * v).sum()
        return m - (w * (v - m) ** 2).sum() / m

    def root(row):
        first, second = mean([row["a"], row["b"]], [2, 1]), mean([row["c"], row["d"], row["e"]], [1, 1, 1])
        return mean([first, second], [3, 1])

    expected = dict.fromkeys("abcde", 0.0)
    for order in permutations("abcde"):
        row = x.loc["p3"].copy()
        for code in order:
            before = root(row)
            row[code] = x.loc["p0", code]
            expected[code] += (root(row) - before) / 120
    made = explain.why(scores, "p0", "p3")["contribution"]
    np.testing.assert_allclose(made[list("abcde")], list(expected.values()), atol=1e-12)


def test_equal_indicators_add_nothing():
    table = values()
    table.loc["p0", "c"] = table.loc["p1", "c"]
    for method in ("arithmetic", "geometric"):
        assert explain.why(score(small(method), table), "p0", "p1")["contribution"]["c"] == 0


def test_a_missing_indicator_passes_its_weight_on():
    table = values()
    table.loc["p0", "d"] = np.nan
    scores = score(small(aggregation=spec.Aggregation(availability=0.5)), table)
    made = explain.contributions(scores, against="zero")
    assert made.indicators["d"]["p0"] == 0
    normal = scores.steps["normalised"].loc["p0"]
    assert made.indicators["c"]["p0"] == pytest.approx(normal["c"] / 4 / 2)
    np.testing.assert_allclose(made.base + made.indicators.sum(axis=1), scores.scores["R"])
    difference = scores.scores["R"]["p0"] - scores.scores["R"]["p5"]
    assert explain.why(scores, "p0", "p5")["contribution"].sum() == pytest.approx(difference)


def test_places_without_a_score_have_no_contributions():
    table = values()
    table.loc["p0", "d"] = np.nan
    scores = score(small(), table)
    made = explain.contributions(scores)
    assert made.indicators.loc["p0"].isna().all()
    assert made.nodes.loc["p0"].isna().all()
    assert made.base.isna().tolist() == [True] + [False] * 7
    np.testing.assert_allclose(made.indicators.mean(), 0, atol=1e-12)
    with pytest.raises(ScoringError, match="p0 has no score of R"):
        explain.why(scores, "p0", "p1")
    with pytest.raises(ScoringError, match="impute"):
        explain.why(score(small("geometric", aggregation=spec.Aggregation("geometric", 0.5)), table), "p0", "p1")


def test_benefit_of_the_doubt_uses_own_weights():
    scores = score(small(weighting=spec.Weighting("bod"), normalisation=spec.Normalisation("minmax")), values())
    made = explain.contributions(scores, against="zero")
    assert made.linear
    np.testing.assert_allclose(made.indicators.sum(axis=1), scores.scores["R"], atol=1e-9)


@pytest.mark.parametrize("weighting", ["equal", "pca", "entropy", "critic"])
def test_weights_read_from_data_are_used(weighting):
    scores = score(small(weighting=spec.Weighting(weighting)), values(20))
    made = explain.contributions(scores, against="zero")
    np.testing.assert_allclose(made.indicators.sum(axis=1), scores.scores["R"])
    expected = scores.steps["normalised"]["a"] * scores.weights["A"]["a"] * scores.weights["R"]["A"]
    np.testing.assert_allclose(made.indicators["a"], expected)


def test_many_indicators_are_sampled_and_still_add_up():
    codes = "abcdefghijklmn"
    assert len(codes) > EXACT
    wide = small("geometric").replace(indicators=tuple(spec.Indicator(c, c, "A" if c < "h" else "B") for c in codes))
    scores = score(wide, values(6, columns=codes))
    made = explain.contributions(scores)
    np.testing.assert_allclose(made.base + made.indicators.sum(axis=1), scores.scores["R"])
    again = explain.contributions(scores)
    pd.testing.assert_frame_equal(made.indicators, again.indicators)


def test_drawn_orders_come_near_all_orders():
    weights = np.random.default_rng(3).uniform(1, 2, size=11)

    def value(inside):
        return (inside @ weights) ** 2

    drawn = shapley(value, 11, orders=2000)
    expected = weights * weights.sum()  # of the square of a sum
    np.testing.assert_allclose(drawn, expected, rtol=0.03)
    np.testing.assert_allclose(shapley(lambda inside: (inside @ weights[:6]) ** 2, 6), weights[:6] * weights[:6].sum())


def apart():
    table = values(10)
    places = pd.DataFrame({"tier": ["main"] * 6 + ["mini"] * 4}, index=table.index)
    return score(small(apart="tier", rescaling=spec.Rescaling(60, 100)), table, places=places)


def test_groups_are_explained_each_on_its_own():
    scores = apart()
    made = explain.contributions(scores)
    np.testing.assert_allclose(made.base + made.indicators.sum(axis=1), scores.scores["R"])
    assert made.base.groupby(scores.inputs["places"]["tier"]).nunique().tolist() == [1, 1]
    np.testing.assert_allclose(made.base.iloc[:6], scores.scores["R"].iloc[:6].mean())
    with pytest.raises(ScoringError, match="different groups of 'tier'"):
        explain.why(scores, "p0", "p9")
    with pytest.raises(ScoringError, match="different groups"):
        explain.contributions(scores, against=["p0", "p9"])
    with pytest.raises(ScoringError, match="different groups"):
        explain.strengths(scores, "p0", against=["p9"])
    assert explain.contributions(scores, against=["p7", "p8"]).indicators.index.tolist() == ["p6", "p7", "p8", "p9"]


def test_contributions_against_places():
    scores = score(small(), values())
    made = explain.contributions(scores, against=["p1", "p2"])
    np.testing.assert_allclose(made.base, scores.scores["R"][["p1", "p2"]].mean())
    np.testing.assert_allclose(made.indicators.loc[["p1", "p2"]].sum(), 0, atol=1e-12)
    one = explain.contributions(scores, against="p3").indicators.loc["p0"]
    table = explain.why(scores, "p0", "p3")["contribution"]
    np.testing.assert_allclose(one, table[one.index])


def test_strengths_are_the_largest_contributions():
    scores = score(small(), values())
    table = explain.strengths(scores, "p2", top=2)
    row = explain.contributions(scores).indicators.loc["p2"].sort_values()
    top = [code for code in row.index[::-1] if row[code] > 0][:2]
    bottom = [code for code in row.index if row[code] < 0][:2]
    assert table.index.tolist() == top + bottom
    assert table["side"].tolist() == ["strength"] * len(top) + ["weakness"] * len(bottom)
    raw = scores.steps["raw"]
    np.testing.assert_allclose(table["reference"], raw[table.index].mean())
    np.testing.assert_allclose(table["value"], raw.loc["p2", table.index])


def test_peers_are_the_nearest():
    scores = score(small(), values(12))
    x = scores.steps["normalised"].to_numpy()
    weights = np.array([1 / 2, 1 / 4, 1 / 12, 1 / 12, 1 / 12])
    distance = np.sqrt((weights * (x - x[3]) ** 2).sum(axis=1))
    order = [f"p{i}" for i in np.argsort(distance) if i != 3]
    made = explain.peers(scores, "p3", 4)
    assert made.index.tolist() == order[:4]
    np.testing.assert_allclose(made["distance"], np.sort(distance)[1:5])
    assert made["rank"].tolist() == scores.ranks["R"][made.index].tolist()


def test_sentences_hold_the_numbers():
    scores = score(small(), values())
    names = pd.DataFrame({"name_en": ["Beijing", "Boston"], "name_zh": ["北京", None]}, index=["p0", "p1"])
    text = explain.say(scores, "p0", "p1", names=names)
    high, low = sorted(["p0", "p1"], key=scores.scores["R"].get, reverse=True)
    gap = scores.scores["R"][high] - scores.scores["R"][low]
    assert f"scores {scores.scores['R'][high]:.2f}, {gap:.2f} above" in text
    assert "Beijing (北京)" in text
    assert "Boston" in text
    assert "Boston (" not in text
    assert text == explain.say(scores, "p1", "p0", names=names)
    best = explain.why(scores, high, low).iloc[0]
    assert f"{best['contribution']:+.2f}" in text.split("Most speaks for it: ")[1].split(";")[0]
    assert "p0" in explain.say(scores, "p0", "p1")


def test_relabelling_places_permutes_contributions():
    table = values()
    straight = explain.contributions(score(small("geometric"), table)).indicators
    mixed = explain.contributions(score(small("geometric"), table[::-1])).indicators
    np.testing.assert_allclose(mixed.loc[straight.index], straight, atol=1e-12)


def test_errors_say_what_is_known():
    scores = score(small("geometric"), values())
    with pytest.raises(UnknownNameError, match="place with a score 'nowhere'"):
        explain.why(scores, "nowhere", "p0")
    with pytest.raises(UnknownNameError, match="known: A, B, R"):
        explain.why(scores, "p0", "p1", "Z")
    with pytest.raises(ScoringError, match="no weighted sum"):
        explain.contributions(scores, against="zero")
    with pytest.raises(ScoringError, match="no places to compare with"):
        explain.contributions(scores, against=[])
