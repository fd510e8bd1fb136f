"""Shares of variance: closed forms, scipy, and what is known of correlation ratios."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from test_index_sensitivity import given, made_spec, made_values, two_places

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index import scoring
from innovation_graph.index.sensitivity import Choices, WeightRange
from innovation_graph.index.spec import Aggregation, Imputation, IndexSpec, Indicator, Node, Normalisation, Treatment
from innovation_graph.index.variance import correlation_ratio, importance, sobol, sobol_indices


def ishigami(u):
    x = np.pi * (2 * u - 1)
    return (np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0]))[None]


def test_the_ishigami_function_within_a_hundredth():
    a, b, pi = 7, 0.1, np.pi
    first = 0.5 * (1 + b * pi**4 / 5) ** 2, a**2 / 8, 0.0
    both = b**2 * pi**8 * (1 / 18 - 1 / 50)
    whole = sum(first) + both
    found = sobol_indices(ishigami, ["x1", "x2", "x3"], ["y"], samples=2**13)
    np.testing.assert_allclose(found["first"], np.array(first) / whole, atol=0.01)
    np.testing.assert_allclose(found["total"], np.add(first, [both, 0, both]) / whole, atol=0.01)
    for kind in ("first", "total"):
        assert (found[f"{kind}_low"] <= found[kind]).all()
        assert (found[kind] <= found[f"{kind}_high"]).all()
        assert (found[f"{kind}_high"] - found[f"{kind}_low"]).between(0.001, 0.1).all()


def test_estimates_agree_with_scipy_on_the_same_function():
    ours = sobol_indices(ishigami, ["x1", "x2", "x3"], ["y"], samples=2**12, seed=3)
    theirs = stats.sobol_indices(func=ishigami, n=2**12, dists=[stats.uniform()] * 3)
    np.testing.assert_allclose(ours["first"], theirs.first_order, atol=0.03)
    np.testing.assert_allclose(ours["total"], theirs.total_order, atol=0.03)
    again = sobol_indices(ishigami, ["x1", "x2", "x3"], ["y"], samples=2**12, seed=3)
    pd.testing.assert_frame_equal(ours, again)


def test_intervals_of_a_linear_function_hold_the_truth():
    truth = np.array([1, 4, 9]) / 14
    inside = []
    for seed in range(20):
        found = sobol_indices(
            lambda u: np.array([[1.0, 2.0, 3.0]]) @ u, list("abc"), ["y"], samples=256, seed=seed, resamples=200
        )
        inside.append((found["total_low"] <= truth) & (truth <= found["total_high"]))
    assert np.mean(inside) > 0.8


def test_discrete_choices_in_closed_form():
    # One score of one place: x = 3 with no treatment of anything; two normalisations that differ by a factor.
    spec = IndexSpec("one", (Node("all", "All"),), (Indicator("x", "X", "all"), Indicator("y", "Y", "all")))
    values = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "y": [0.0, 2.0, 1.0, 3.0]}, index=list("abcd"))
    scores = scoring.score(spec.replace(normalisation=Normalisation("minmax", high=2)), values)
    low, square = Normalisation("minmax", high=1), Aggregation("power", power=2.0)
    found = sobol(scores, Choices(normalisation=(low,), aggregation=(square,)), output="score", samples=1024)
    table = found.set_index(["output", "input"])
    # b: (1/3, 2/3) x {1, 2}; arithmetic mean 1/2, quadratic mean sqrt(5/18).
    y = np.outer([2, 1], [0.5, np.sqrt(5 / 18)])
    whole, rows, columns = y.var(), y.mean(axis=1).var(), y.mean(axis=0).var()
    assert table.loc[("b", "normalisation"), "first"] == pytest.approx(rows / whole, abs=0.01)
    assert table.loc[("b", "aggregation"), "first"] == pytest.approx(columns / whole, abs=0.01)
    assert table.loc[("b", "aggregation"), "total"] == pytest.approx(1 - rows / whole, abs=0.01)
    assert table.loc["a"].isna().all(axis=None)  # always 0: nothing to take apart
    assert table.loc[("d", "normalisation"), "first"] == pytest.approx(1, abs=0.01)  # 2 or 1 in any mean


def test_ranks_and_shifts_hang_on_what_moves_them():
    values = made_values()
    scores = scoring.score(made_spec(imputation=Imputation("mean")), values, **given(values))
    choices = Choices(WeightRange("any"), noise={"*": 1e-6}, treatment=(Treatment("winsorise", 1, 1),))
    found = sobol(scores, choices, samples=256).set_index("input")
    assert found["total"].idxmax() == "weights"
    assert found.loc["noise", "total"] < 0.02
    ranks = sobol(scores, choices, output="rank", places=["p3", "p0"], samples=64)
    assert ranks["output"].unique().tolist() == ["p3", "p0"]
    assert len(ranks) == 6


def test_what_cannot_be_taken_apart_is_refused():
    scores = two_places()
    with pytest.raises(ScoringError, match="at least two uncertain choices"):
        sobol(scores, Choices(WeightRange()))
    with pytest.raises(UnknownNameError, match="output 'variance'"):
        sobol(scores, Choices(WeightRange()), output="variance")
    with pytest.raises(UnknownNameError, match="place 'q'"):
        sobol(scores, Choices(WeightRange(), noise={"x": 0.1}), output="rank", places=["q"])
    with pytest.raises(ScoringError, match=r"scorings failed, most often: .*all: geometric aggregation"):
        sobol(scores, Choices(WeightRange(), aggregation=(Aggregation("geometric"),)), samples=16)
    with pytest.raises(ScoringError, match="power of 2, not 100"):
        sobol(scores, Choices(WeightRange(), noise={"x": 0.1}), samples=100)
    with pytest.raises(ScoringError, match="not finite"):
        sobol_indices(lambda u: u[:1] * np.nan, ["a", "b"], ["y"], samples=16)
    with pytest.raises(ScoringError, match=r"shape \(1, 64\)"):
        sobol_indices(lambda u: u, ["a", "b"], ["y"], samples=16)


def test_correlation_ratios_of_known_curves():
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    curve = np.sin(2 * x)
    share = (1 - np.exp(-8)) / 2
    noisy = correlation_ratio(x, curve + rng.normal(size=600) * 0.5)
    assert noisy == pytest.approx(share / (share + 0.25), abs=0.06)
    assert correlation_ratio(x, curve) > 0.99
    assert correlation_ratio(x, 3 - 2 * x) == pytest.approx(1)
    assert correlation_ratio(x, rng.normal(size=600)) < 0.03
    assert np.corrcoef(x**2, x)[0, 1] ** 2 < 0.05
    assert correlation_ratio(x, x**2) > 0.95
    assert correlation_ratio(np.exp(3 * x), np.exp(3 * x) + 1) == pytest.approx(1)  # very skewed
    shifted = correlation_ratio(10 - 5 * x, 7 * (curve + x) - 1)
    assert shifted == pytest.approx(correlation_ratio(x, curve + x))


def test_correlation_ratios_of_few_values_and_of_none():
    group = np.repeat([0.0, 1.0, 2.0], 4)
    y = np.array([1, 2, 1, 2, 5, 6, 5, 6, 3, 3, 4, 4.0])
    within = sum(((y[group == g] - y[group == g].mean()) ** 2).sum() for g in range(3))
    assert correlation_ratio(group, y) == pytest.approx(1 - within / 9 / y.var(ddof=1))
    assert correlation_ratio(np.ones(5), np.arange(5)) == 0
    assert np.isnan(correlation_ratio(np.arange(5), np.ones(5)))
    assert np.isnan(correlation_ratio([1, 2], [1, 3]))
    holes = np.array([np.nan, *np.arange(9.0)])
    assert correlation_ratio(holes, holes * 2) == pytest.approx(1)


def test_importance_sets_weights_against_effects():
    rng = np.random.default_rng(1)
    values = pd.DataFrame(rng.normal(size=(400, 3)) * [1, 3, 1], columns=list("xyz"))
    spec = IndexSpec(
        "made",
        (Node("all", "All"), Node("sub", "Sub", "all", 3.0)),
        (Indicator("x", "X", "all"), Indicator("y", "Y", "sub"), Indicator("z", "Z", "sub")),
        normalisation=Normalisation("none"),
    )
    table = importance(scoring.score(spec, values))
    assert table["weight"].to_dict() == pytest.approx({"x": 0.25, "y": 0.375, "z": 0.375})
    # Independent normals: the effect is w^2 v over the sum of all.
    parts = (np.array([0.25, 0.375, 0.375]) * [1, 3, 1]) ** 2
    np.testing.assert_allclose(table["main_effect"], parts / parts.sum(), atol=0.06)
    np.testing.assert_allclose(table["effect_share"].sum(), 1)
    np.testing.assert_allclose(table["ratio"], table["effect_share"] / table["weight"])
    direct = importance(scoring.score(spec, values), children=True)
    assert direct["weight"].to_dict() == pytest.approx({"x": 0.25, "sub": 0.75})
    with pytest.raises(UnknownNameError, match="node 'nothing'"):
        importance(scoring.score(spec, values), node="nothing")
