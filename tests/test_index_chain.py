"""The chain of scoring, step by step: closed forms, slow forms, laws, and what is refused."""

import itertools

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes
from scipy import optimize, stats
from sklearn.decomposition import PCA
from sklearn.impute import KNNImputer

from innovation_graph.cli.scoring import _sizes
from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index import aggregation, normalisation, preparation, scoring, treatment, weighting
from innovation_graph.index.sensitivity import Choices, monte_carlo
from innovation_graph.index.spec import (
    Aggregation,
    Imputation,
    IndexSpec,
    Indicator,
    Node,
    Normalisation,
    Ranking,
    Rescaling,
    Screening,
    Treatment,
    Weighting,
)

PLACES = list("vwxyz")
VALUES = pd.DataFrame(
    {"a": [1.0, 2, 3, 4, 9], "b": [4.0, 2, 7, 1, 3], "c": [2.0, 9, 1, 3, 5]}, index=pd.Index(PLACES, name="place_id")
)
TREE = IndexSpec(
    name="test",
    nodes=(Node("R", "Root"), Node("A", "First", "R", weight=2.0), Node("B", "Second", "R")),
    indicators=(
        Indicator("a", "a", "A", weight=3.0),
        Indicator("b", "b", "A", direction=-1),
        Indicator("c", "c", "B"),
    ),
)
MEANS = ("arithmetic", "geometric", "harmonic", "power", "owa")
RELATIVE = ("z", "minmax", "percentile", "rank")


def frame(x, **more):
    x = np.asarray(x, dtype=np.float64)
    return pd.DataFrame(x, index=[f"p{i}" for i in range(x.shape[0])], columns=list("abcdefgh")[: x.shape[1]], **more)


def positive(columns=3, least=2, most=8):
    """Tables of positive values without equal ones, so that no rounding decides."""

    def spread(rows):
        cells = st.lists(st.integers(1, 10_000), min_size=rows, max_size=rows, unique=True)
        return st.lists(cells, min_size=columns, max_size=columns).map(lambda x: frame(np.array(x).T / 16))

    return st.integers(least, most).flatmap(spread)


def every(name, **changes):
    """Indicators of the tree, each with these changes."""
    return {name: tuple(msgspec.structs.replace(part, **changes) for part in getattr(TREE, name))}


# Normalisation


@pytest.mark.parametrize(
    ("how", "up", "down"),
    [
        (Normalisation("z"), stats.zscore([1, 2, 6]), -stats.zscore([1, 2, 6])),
        (Normalisation("z", ddof=1), stats.zscore([1, 2, 6], ddof=1), -stats.zscore([1, 2, 6], ddof=1)),
        (
            Normalisation("z", centre=100, spread=10),
            100 + 10 * stats.zscore([1, 2, 6]),
            100 - 10 * stats.zscore([1, 2, 6]),
        ),
        (Normalisation("minmax", low=1, high=11), [1, 3, 11], [11, 9, 1]),
        (Normalisation("goalposts", low=0, high=10), [0, 2.5, 10], [10, 7.5, 0]),
        (Normalisation("percentile", high=100), [0, 50, 100], [100, 50, 0]),
        (Normalisation("rank"), [1, 2, 3], [3, 2, 1]),
        (Normalisation("best", high=60), [10, 20, 60], [60, 30, 10]),
        (Normalisation("share", high=90), [10, 20, 60], [-10, -20, -60]),
        (Normalisation("target", high=100), [0, 50, 100], [100, 100, 0]),
        (Normalisation("none"), [1, 2, 6], [-1, -2, -6]),
    ],
    ids=str,
)
def test_normalised_by_hand(how, up, down):
    table = frame([[1, 1], [2, 2], [6, 6], [np.nan, np.nan]])
    posts = {"a": (1, 5), "b": (1, 5)}
    made = normalisation.normalise(table, how, directions={"b": -1}, goalposts=posts, targets={"a": 3, "b": 2})
    np.testing.assert_allclose(made["a"], [*up, np.nan])
    np.testing.assert_allclose(made["b"], [*down, np.nan])
    assert list(made.index) == list(table.index)


def test_ties_in_ranks_and_percentiles():
    table = frame([[5], [5], [1], [7], [7]])
    assert normalisation.normalise(table, "rank")["a"].tolist() == [3, 3, 1, 5, 5]
    assert normalisation.normalise(table, "percentile")["a"].tolist() == [0.25, 0.25, 0, 0.75, 0.75]
    down = normalisation.normalise(table, "rank", directions={"a": -1})["a"]
    assert down.tolist() == [4, 4, 5, 2, 2]


@pytest.mark.parametrize(("direction", "target"), [(1, 1.0), (1, 0.5), (-1, 3.0), (-1, 9.0)])
def test_a_target_that_all_have_met(direction, target):
    table = frame([[1], [2], [3], [np.nan]])
    made = normalisation.normalise(
        table, Normalisation("target", low=1, high=5), directions={"a": direction}, targets={"a": target}
    )
    assert made["a"].dropna().tolist() == [5, 5, 5]
    assert np.isnan(made["a"].iloc[3])


def test_anchors_of_a_base_edition():
    base = frame([[1, 10], [3, 20]])
    later = frame([[5, 5]])
    fixed = normalisation.anchors(base, ddof=1)
    np.testing.assert_allclose(fixed["sd"], base.std(ddof=1))
    made = normalisation.normalise(later, "minmax", directions={"b": -1}, fixed=fixed)
    np.testing.assert_allclose(made, [[2.0, 1.5]])
    z = normalisation.normalise(later, Normalisation("z", ddof=1), directions={"b": -1}, fixed=fixed)
    np.testing.assert_allclose(z, [[(5 - 2) / np.sqrt(2), (15 - 5) / np.sqrt(50)]])
    again = normalisation.normalise(base, "z", fixed=normalisation.anchors(base))
    pd.testing.assert_frame_equal(again, normalisation.normalise(base, "z"))


@pytest.mark.parametrize(
    ("how", "more", "message"),
    [
        (Normalisation("minmax", low=1, high=1), {}, "normalisation minmax: expected low below high, got 1 and 1"),
        (Normalisation("z", ddof=2), {}, "expected ddof 0 or 1"),
        (Normalisation("z", spread=0), {}, "spread above 0"),
        ("goalposts", {}, "indicator a: the normalisation 'goalposts' needs its goalposts"),
        ("goalposts", {"goalposts": {"a": (3, 1), "b": (1, 2)}}, r"indicator a: goalposts must be \(lower, upper\)"),
        ("target", {"targets": {"a": 1}}, "indicator b: the normalisation 'target' needs its target"),
        ("best", {}, "indicator b, place p1: best needs values above 0, got -2"),
        ("z", {"fixed": pd.DataFrame({"mean": [0], "sd": [1]}, index=["a"])}, "no anchors for the indicators b"),
        ("z", {"fixed": pd.DataFrame({"mean": [0, 0], "sd": [1, 0]}, index=["a", "b"])}, "anchors of b: sd"),
    ],
)
def test_normalisation_refuses(how, more, message):
    with pytest.raises(ScoringError, match=message):
        normalisation.normalise(frame([[1, 2], [3, -2]]), how, **more)


@pytest.mark.parametrize("method", ["z", "minmax", "percentile", "rank", "best", "share", "target"])
@pytest.mark.parametrize("column", [[2, 2], [2, np.nan], [np.nan, np.nan]])
def test_normalisation_refuses_what_has_no_width(method, column):
    with pytest.raises(ScoringError, match=f"indicator a: {method} needs two different values"):
        normalisation.normalise(frame(np.array(column)[:, None]), method, targets={"a": 3})


@given(positive(2), st.sampled_from(RELATIVE), st.sampled_from([0.25, 3.0, 1000.0]), st.sampled_from([-50.0, 0.0, 7.0]))
def test_units_do_not_matter(table, method, factor, shift):
    here = normalisation.normalise(table, method, directions={"b": -1})
    there = normalisation.normalise(table * factor + shift, method, directions={"b": -1})
    np.testing.assert_allclose(here, there, atol=1e-6)


@given(positive(1), st.sampled_from(sorted(normalisation.METHODS)), st.sampled_from([1, -1]))
def test_normalisation_keeps_order(table, method, direction):
    made = normalisation.normalise(
        table,
        Normalisation(method, low=1, high=2),
        directions={"a": direction},
        goalposts={"a": (0, 1000)},
        targets={"a": 300},
    )
    order = np.argsort(direction * table["a"].to_numpy())
    assert (np.diff(made["a"].to_numpy()[order]) >= -1e-9).all()


# Aggregation


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (Aggregation("arithmetic"), (2 + 2 * 8) / 3),
        (Aggregation("geometric"), (2 * 8 * 8) ** (1 / 3)),
        (Aggregation("harmonic"), 3 / (1 / 2 + 2 / 8)),
        (Aggregation("power", power=2), np.sqrt((4 + 2 * 64) / 3)),
        (Aggregation("power", power=-1), 3 / (1 / 2 + 2 / 8)),
        (Aggregation("mazziotta_pareto"), 6 - 8 / 6),
        (Aggregation("owa"), 5.0),
        (Aggregation("owa", owa=(1, 0)), 8.0),
        (Aggregation("owa", owa=(1, 3)), 3.5),
    ],
    ids=str,
)
def test_aggregated_by_hand(how, expected):
    assert aggregation.aggregate(frame([[2, 8]]), [1, 2], how).iloc[0] == pytest.approx(expected)


@given(shapes.arrays(np.float64, (4, 3), elements=st.sampled_from([1.0, 2, 3, np.nan])), st.sampled_from([0.0, 0.5, 1]))
def test_copeland_by_counting(x, availability):
    weights = np.array([0.5, 0.3, 0.2])
    made = aggregation.aggregate(frame(x), weights, Aggregation("copeland", availability=availability))
    for i, row in enumerate(x):
        there = weights[~np.isnan(row)].sum()
        if there < availability or there == 0:
            assert np.isnan(made.iloc[i])
            continue
        score = 0
        for other in x:
            if np.isnan(other).all():
                continue
            own, theirs = (np.where(np.isnan(each), 0, weights) for each in (row, other))
            least = np.minimum(own / own.sum(), theirs / theirs.sum())
            lead = sum(least[k] * np.sign(row[k] - other[k]) for k in range(3) if least[k] > 0)
            score += np.sign(lead) if abs(lead) > 1e-9 else 0
        assert made.iloc[i] == pytest.approx(score / 3)


@given(positive(3, least=1), st.lists(st.integers(1, 9), min_size=3, max_size=3))
def test_means_are_ordered(table, weights):
    low, middle, high = (
        aggregation.aggregate(table, weights, how).to_numpy() for how in ("harmonic", "geometric", "arithmetic")
    )
    assert (low <= middle * (1 + 1e-12)).all()
    assert (middle <= high * (1 + 1e-12)).all()
    punished = aggregation.aggregate(table, weights, "mazziotta_pareto").to_numpy()
    assert (punished <= high * (1 + 1e-12)).all()


@pytest.mark.parametrize("method", [*MEANS, "mazziotta_pareto"])
def test_equal_values_give_that_value(method):
    made = aggregation.aggregate(frame([[3, 3, 3], [7, 7, np.nan]]), [1, 2, 5], Aggregation(method, availability=0.2))
    np.testing.assert_allclose(made, [3, 7])


@given(positive(3, least=2), st.lists(st.integers(1, 9), min_size=3, max_size=3), st.sampled_from([0.01, 7.0]))
def test_only_ratios_of_weights_matter(table, weights, factor):
    for method in aggregation.METHODS:
        one = aggregation.aggregate(table, weights, method)
        other = aggregation.aggregate(table, np.array(weights) * factor, method)
        np.testing.assert_allclose(one, other, rtol=1e-12)


@given(positive(3, least=2), st.sampled_from([*MEANS, "copeland"]), st.integers(0, 2))
def test_more_is_never_worse(table, method, column):
    more = table.copy()
    more.iloc[0, column] *= 1.5
    before, after = (aggregation.aggregate(each, [3, 1, 2], method).iloc[0] for each in (table, more))
    assert after >= before - 1e-12 * abs(before)


@pytest.mark.parametrize("method", [*MEANS, "mazziotta_pareto"])
def test_missing_children_are_left_out_with_their_weight(method):
    table = frame([[1, 4, np.nan], [1, np.nan, 2], [np.nan, np.nan, np.nan]])
    made = aggregation.aggregate(table, [1, 2, 1], Aggregation(method, availability=0))
    np.testing.assert_allclose(made.iloc[0], aggregation.aggregate(table.iloc[:1, :2], [1, 2], method))
    np.testing.assert_allclose(made.iloc[1], aggregation.aggregate(table.iloc[1:2, [0, 2]], [1, 1], method))
    assert np.isnan(made.iloc[2])
    enough = aggregation.aggregate(table, [1, 2, 1], Aggregation(method, availability=0.75))
    assert enough.isna().tolist() == [False, True, True]
    counted = aggregation.aggregate(table, [1, 2, 1], Aggregation(method, availability=2 / 3, count=True))
    assert counted.isna().tolist() == [False, False, True]
    assert aggregation.aggregate(table, [1, 2, 1], method).isna().all()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("geometric", "b, place p1: geometric needs values above 0, got 0"),
        ("harmonic", "b, place p1: harmonic needs values above 0, got 0"),
        (Aggregation("power", power=-2), "b, place p1: power needs values above 0, got 0"),
        (Aggregation("power", power=2), "c, place p0: power needs values from 0 on, got -9"),
        (Aggregation("power", power=0), "power other than 0.*: use geometric"),
        (Aggregation("owa", owa=(1, -1)), "expected owa weights from 0 on"),
        (Aggregation("owa", owa=(0, 0)), "not all 0"),
        ("mazziotta_pareto", "place p0: mazziotta_pareto needs a mean above 0"),
    ],
)
def test_aggregation_refuses(how, message):
    table = frame([[1, 2, -9], [1, 0, 2]]) if "c," in message or "p0" in message else frame([[1, 2, 3], [1, 0, 2]])
    with pytest.raises(ScoringError, match=message):
        aggregation.aggregate(table, None, how)


@pytest.mark.parametrize("weights", [[1, 0], [1], [1, np.inf], pd.Series({"a": 1.0})])
def test_aggregation_refuses_weights(weights):
    with pytest.raises(ScoringError, match="expected 2 weights above 0"):
        aggregation.aggregate(frame([[1, 2]]), weights)


# Treatment


def test_shape_is_that_of_spreadsheets():
    x = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
    n, d = len(x), (x - x.mean()) / x.std(ddof=1)
    skew = n / ((n - 1) * (n - 2)) * (d**3).sum()
    kurtosis = n * (n + 1) / ((n - 1) * (n - 2) * (n - 3)) * (d**4).sum() - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))
    made = treatment.shape(frame(np.r_[x, np.nan][:, None]))
    np.testing.assert_allclose(made.loc["a"], [skew, kurtosis])
    assert treatment.shape(frame([[1], [2], [3]])).isna().all(axis=None)
    assert treatment.shape(frame([[2]] * 6)).isna().all(axis=None)


@pytest.mark.parametrize("side", [1, -1])
def test_winsorised_on_the_side_of_the_skew(side):
    x = side * np.array([*range(1, 31), 400.0, 500])
    made, report = treatment.treat(frame(np.r_[x, np.nan][:, None]), "winsorise")
    np.testing.assert_allclose(made["a"], [*(side * np.array([*range(1, 31), 30, 30])), np.nan])
    assert report.loc["a", ["treatment", "points"]].tolist() == ["winsorise", 2]
    assert np.sign(report.loc["a", "skewness"]) == side


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("method", ["log", "box_cox"])
def test_transformations_keep_order_whatever_the_skew(method, side):
    x = side * np.array([*range(1, 31), 400.0, 4000])
    made, report = treatment.treat(frame(x[:, None]), method)
    assert report.loc["a", "treatment"] == method
    assert stats.rankdata(made["a"]).tolist() == stats.rankdata(x).tolist()
    if method == "log":
        shifted = side * x - 1 + 39.99
        np.testing.assert_allclose(made["a"], side * np.log(shifted))


def test_log_if_winsorising_is_not_enough():
    x = np.array([*range(1, 30), 1000.0, 2000])
    made, report = treatment.treat(frame(x[:, None]), Treatment("winsorise", max_points=1))
    assert report.loc["a", ["treatment", "points"]].tolist() == ["log", 0]
    np.testing.assert_allclose(made["a"], np.log(x - 1 + 19.99))


def test_one_limit_that_holds_is_enough():
    x = frame(np.array([*range(1, 31), 400.0, 500])[:, None])
    for limits in ({"max_skew": 100.0}, {"max_kurtosis": 100.0}):
        made, report = treatment.treat(x, Treatment("winsorise", **limits))
        pd.testing.assert_frame_equal(made, x)
        assert report.loc["a", "treatment"] == "none"


# Preparation


def test_screening_counts_indicators():
    table = frame([[1, 2, 3], [1, np.nan, 3], [np.nan, np.nan, 3]])
    kept, left = preparation.screen(table, 2 / 3)
    assert list(kept.index) == ["p0", "p1"]
    assert left.to_dict() == pytest.approx({"p2": 1 / 3})


@pytest.mark.parametrize("method", ["mean", "median"])
def test_filled_by_column_and_by_group(method):
    table = frame([[1, 1], [2, np.nan], [6, 3], [np.nan, np.nan], [9, np.nan]])
    groups = pd.Series(list("uuuvv"), index=table.index)
    filled, flags = preparation.impute(table, method)
    assert filled["a"].iloc[3] == {"mean": 4.5, "median": 4.0}[method]
    within, _ = preparation.impute(table, f"group_{method}", groups=groups)
    assert within["a"].iloc[3] == 9
    assert within["b"].tolist() == [1, 2, 3, 2, 2]  # no value in the group v: of all
    pd.testing.assert_frame_equal(flags, table.isna())


@given(shapes.arrays(np.float64, (6, 3), elements=st.sampled_from([0.0, 1, 2, 5, 9, np.nan])), st.integers(1, 3))
def test_nearest_by_a_loop(x, k):
    table = frame(x)
    if table.isna().all().any():
        with pytest.raises(ScoringError, match="indicators without any value"):
            preparation.impute(table, Imputation("nearest", neighbours=k))
        return
    spread = np.nanstd(x, axis=0)
    z = (x - np.nanmean(x, axis=0)) / np.where(spread > 0, spread, 1)
    expected = x.copy()
    for i, j in itertools.product(range(6), range(3)):
        if np.isnan(x[i, j]):
            near = []
            for other in range(6):
                both = ~np.isnan(x[i]) & ~np.isnan(x[other])
                if other != i and both.any() and not np.isnan(x[other, j]):
                    near.append((round(float(((z[i] - z[other])[both] ** 2).mean()), 9), other))
            near.sort()
            if len({distance for distance, _ in near}) < len(near):
                return  # equally far: any of them will do
            expected[i, j] = np.mean([x[other, j] for _, other in near[:k]]) if near else np.nan
    filled, _ = preparation.impute(table, Imputation("nearest", neighbours=k))
    np.testing.assert_allclose(filled, expected)


def test_nearest_as_in_scikit_learn():
    rng = np.random.default_rng(5)
    x = np.where(rng.random((30, 5)) < 0.3, np.nan, rng.normal(size=(30, 5)))
    x = x[~np.isnan(x).all(axis=1)]
    z = (x - np.nanmean(x, axis=0)) / np.nanstd(x, axis=0)
    expected = KNNImputer(n_neighbors=3).fit_transform(z) * np.nanstd(x, axis=0) + np.nanmean(x, axis=0)
    filled, _ = preparation.impute(frame(x), Imputation("nearest", neighbours=3))
    np.testing.assert_allclose(filled, expected)


def test_filled_from_other_years():
    index = pd.MultiIndex.from_product([["x", "y"], [2019, 2021, 2023]], names=["place_id", "year"])
    panel = pd.DataFrame({"a": [1.0, np.nan, 5, np.nan, np.nan, 7], "b": [1.0, 2, 3, 4, 5, 6]}, index=index)
    values, flags = preparation.latest(panel, 2021)
    np.testing.assert_array_equal(values, [[1, 2], [np.nan, 5]])
    np.testing.assert_array_equal(flags, [[True, False], [False, False]])
    values, flags = preparation.latest(panel, 2022, method="linear")  # a year without rows
    np.testing.assert_allclose(values, [[4, 2.5], [np.nan, 5.5]])
    assert flags["b"].all()
    values, _ = preparation.latest(panel, 2025, method="linear")
    np.testing.assert_array_equal(values, [[5, 3], [7, 6]])
    with pytest.raises(UnknownNameError, match="panel imputation"):
        preparation.latest(panel, 2021, method="next")
    with pytest.raises(ScoringError, match="names place and year twice"):
        preparation.latest(pd.concat([panel, panel.iloc[:1]]), 2021)


def test_divided():
    sizes = pd.DataFrame({"people": [2.0, 4, np.nan]}, index=["p0", "p1", "p2"])
    made = preparation.denominate(frame([[1, 1], [2, 2], [3, 3]]), {"a": "people"}, sizes, scale=10)
    np.testing.assert_array_equal(made, [[5, 1], [5, 2], [np.nan, 3]])


@pytest.mark.parametrize(
    ("by", "sizes", "message"),
    [
        ({"a": "gdp"}, {"people": [1.0, 2]}, "indicator a is to be divided by 'gdp', which is no column"),
        ({"q": "people"}, {"people": [1.0, 2]}, "indicator q .* not among the values"),
        ({"a": "people"}, {"people": [1.0, 0]}, "people of p1 is 0"),
        ({"a": "people"}, {"people": ["1", "many"]}, "people of p1: expected a number above 0, got many"),
        ({"a": "people"}, {"people": [1.0, np.inf]}, "people of p1: expected a number above 0, got inf"),
    ],
)
def test_division_refuses(by, sizes, message):
    with pytest.raises(ScoringError, match=message):
        preparation.denominate(frame([[1], [2]]), by, pd.DataFrame(sizes, index=["p0", "p1"]))


def test_division_refuses_places():
    table = frame([[1], [2]])
    with pytest.raises(ScoringError, match="lack 1 places, the first is 'p1'"):
        preparation.denominate(table, {"a": "n"}, pd.DataFrame({"n": [1]}, index=["p0"]))
    with pytest.raises(ScoringError, match="name 'p1' twice"):
        preparation.denominate(table, {"a": "n"}, pd.DataFrame({"n": [1, 2, 3]}, index=["p0", "p1", "p1"]))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (Imputation("nearest", neighbours=0), "nearest: expected 1 or more neighbours, got 0"),
        (Imputation("group_mean", group="g"), r"needs the group of every place \(column 'g'\)"),
    ],
)
def test_imputation_refuses(how, message):
    with pytest.raises(ScoringError, match=message):
        preparation.impute(frame([[1], [np.nan]]), how)


# Weights


@pytest.fixture(scope="module")
def children():
    rng = np.random.default_rng(1)
    common = rng.normal(size=(40, 1))
    return frame(10 + common * [1.0, 0.8, 0.3, -0.2] + rng.normal(size=(40, 4)) * [0.5, 1.0, 2.0, 1.5])


def test_weights_from_the_spread(children):
    unit = (children - children.min()) / (children.max() - children.min())
    entropy = [stats.entropy(unit[code] / unit[code].sum(), base=len(unit)) for code in unit]
    expected = 1 - np.array(entropy)
    np.testing.assert_allclose(weighting.weigh(children, "entropy"), expected / expected.sum())
    critic = [unit[a].std() * sum(1 - children[a].corr(children[b]) for b in children) for a in children]
    np.testing.assert_allclose(weighting.weigh(children, "critic"), np.array(critic) / sum(critic))


def test_weights_from_principal_components(children):
    fitted = PCA().fit((children - children.mean()) / children.std())
    kept = (fitted.explained_variance_ > 1).sum()
    assert 1 <= kept < 4
    loadings = fitted.components_[:kept].T * np.sqrt(fitted.explained_variance_[:kept])
    unit = loadings**2 / (loadings**2).sum(axis=0)
    expected = unit @ fitted.explained_variance_ratio_[:kept]
    np.testing.assert_allclose(weighting.weigh(children, "pca"), expected / expected.sum())


@pytest.mark.parametrize("given_weights", [[1, 1, 1], [3, 2, 1]])
def test_weights_for_correlations(children, given_weights):
    table = children.iloc[:, :3]
    weights = weighting.weigh(table, "correlation", given_weights)
    node = ((table - table.mean()) / table.std()) @ weights
    squared = np.array([np.corrcoef(table[code], node)[0, 1] ** 2 for code in table])
    np.testing.assert_allclose(squared / squared.sum(), np.array(given_weights) / sum(given_weights), atol=1e-5)
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("method", sorted(weighting.METHODS))
def test_weights_look_at_complete_places_only(children, method):
    holes = pd.concat([children, frame([[1e6, np.nan, 1, 2]]).rename(index={"p0": "q"})])
    kept, all_weights = (weighting.weigh(each, method, [4, 3, 2, 1]) for each in (children, holes))
    pd.testing.assert_series_equal(kept, all_weights)
    assert (kept >= 0).all()
    assert kept.sum() == pytest.approx(1)
    assert weighting.weigh(children[["a"]], method).to_dict() == {"a": 1.0}


@pytest.mark.parametrize("least", [0.0, 0.2])
def test_benefit_of_the_doubt_by_its_other_form(children, least):
    """With a bound on shares: the same programme in shares of the score; without: the dual, an envelope."""
    table = children.iloc[:12]
    x = table.to_numpy()
    scores, weights = weighting.benefit_of_the_doubt(table, least_share=least)
    np.testing.assert_allclose((weights * x).sum(axis=1), scores)
    assert ((x @ weights.T.to_numpy()) <= 1 + 1e-9).all()
    assert scores.max() == pytest.approx(1)
    for row, score in enumerate(scores):
        if least:
            # Parts u of the score 1 of the place, each at least `least`; the best place then has 1 / score.
            bounds = [(least, None)] * 4 + [(0, None)]
            ratio = np.hstack([x / x[row], -np.ones((len(x), 1))])
            found = optimize.linprog(
                [0, 0, 0, 0, 1], A_ub=ratio, b_ub=np.zeros(len(x)), A_eq=[[1, 1, 1, 1, 0]], b_eq=[1], bounds=bounds
            )
            assert score == pytest.approx(1 / found.fun)
        else:
            found = optimize.linprog(np.ones(len(x)), A_ub=-x.T, b_ub=-x[row])
            assert score == pytest.approx(found.fun)


def test_benefit_of_the_doubt_of_one_child_is_the_share_of_the_best():
    scores, _ = weighting.benefit_of_the_doubt(frame([[0], [2], [8]]))
    assert scores.tolist() == [0, 0.25, 1]
    assert not np.signbit(scores).any()


@pytest.mark.parametrize(
    ("table", "method", "weights", "message"),
    [
        (frame([[1, 2], [2, 1]]), "entropy", None, "needs 3 places without a missing value, got 2"),
        (frame([[1, 2], [2, 2], [3, 2]]), "critic", None, "b is constant: critic finds no weight"),
        (frame([[1, 2], [2, 4], [3, 6]]), "critic", None, "critic: a, b all correlate fully"),
        (frame([[1, 2], [2, 4]]), "given", [1, np.inf], "expected 2 weights above 0"),
        (frame([[1, 2], [2, 4]]), "given", [1, 2, 3], "expected 2 weights above 0"),
    ],
)
def test_weighting_refuses(table, method, weights, message):
    with pytest.raises(ScoringError, match=message):
        weighting.weigh(table, method, weights)


def test_benefit_of_the_doubt_refuses():
    with pytest.raises(ScoringError, match="b, place p1: benefit of the doubt needs values from 0 on, got -1"):
        weighting.benefit_of_the_doubt(frame([[1, 2], [1, -1]]))
    with pytest.raises(ScoringError, match=r"b, place p1: .* got nan"):
        weighting.benefit_of_the_doubt(frame([[1, 2], [1, np.nan]]))
    with pytest.raises(ScoringError, match="least_share must be from 0 to 1 / 2"):
        weighting.benefit_of_the_doubt(frame([[1, 2], [1, 1]]), least_share=0.6)


# Scoring


def test_scored_by_hand():
    made = scoring.score(TREE, VALUES)
    z = (VALUES - VALUES.mean()) / VALUES.std(ddof=0)
    first = (3 * z["a"] - z["b"]) / 4
    np.testing.assert_allclose(made.scores, np.stack([(2 * first + z["c"]) / 3, first, z["c"]], axis=1))
    assert list(made.scores.columns) == ["R", "A", "B"]
    assert made.weights["R"].to_dict() == pytest.approx({"A": 2 / 3, "B": 1 / 3})
    assert TREE.effective_weights() == pytest.approx({"a": 0.5, "b": 1 / 6, "c": 1 / 3})
    expected = stats.rankdata(-made.scores["R"], method="min")
    assert made.ranks["R"].tolist() == expected.tolist()


@settings(max_examples=25)
@given(positive(3, least=3), st.sampled_from(RELATIVE), st.integers(0, 2), st.sampled_from(["arithmetic", "owa"]))
def test_a_benefit_indicator_never_harms_its_place(table, method, column, how):
    spec = TREE.replace(normalisation=Normalisation(method), aggregation=Aggregation(how))
    more = table.copy()
    more.iloc[0, column] = table.iloc[:, column].max() + 1 if column != 1 else table.iloc[:, column].min() / 2
    before, after = (scoring.score(spec, each).ranks["R"].iloc[0] for each in (table, more))
    if method != "z":  # the spread of z moves with the value
        assert after <= before
    alone = [scoring.score(spec, each).steps["normalised"].iloc[0, column] for each in (table, more)]
    assert alone[1] >= alone[0] - 1e-9


@settings(max_examples=25)
@given(positive(3, least=3), st.sampled_from(["z", "minmax"]))
def test_units_do_not_change_scores(table, method):
    spec = TREE.replace(normalisation=Normalisation(method))
    here, there = (scoring.score(spec, each).scores for each in (table, table * [1000, 0.5, 3] + [5, -20, 0]))
    np.testing.assert_allclose(here, there, atol=1e-6)


def test_missing_values_by_the_rule():
    holes = VALUES.mask((VALUES == 9) & (np.arange(3) == 2))  # c of w
    assert scoring.score(TREE, holes).scores.isna().to_numpy().tolist()[1] == [True, False, True]
    some = scoring.score(TREE.replace(aggregation=Aggregation(availability=0.6)), holes)
    assert some.scores.loc["w", "R"] == some.scores.loc["w", "A"]
    assert some.ranks.loc["w", "B"] is pd.NA
    counted = scoring.score(TREE.replace(aggregation=Aggregation(availability=0.6, count=True)), holes)
    assert np.isnan(counted.scores.loc["w", "R"])


@pytest.mark.parametrize("ties", ["min", "max", "average", "dense"])
def test_equal_scores_get_the_rank_that_the_definition_says(ties):
    table = VALUES.assign(a=[1.0, 2, 2, 3, 3], b=[5.0, 4, 4, 1, 1], c=[1.0, 2, 2, 3, 3])
    made = scoring.score(TREE.replace(ranking=Ranking(ties)), table)
    assert made.ranks["R"].tolist() == stats.rankdata([3, 2, 2, 1, 1], method=ties).tolist()


def test_rescaled_levels_keep_raw_scores_and_ranks():
    plain = scoring.score(TREE, VALUES)
    made = scoring.score(TREE.replace(rescaling=Rescaling(60, 100, (0, 1))), VALUES)
    pd.testing.assert_frame_equal(made.steps["aggregated"], plain.steps["aggregated"])
    pd.testing.assert_frame_equal(made.ranks, plain.ranks)
    assert made.scores.min().tolist() == [60, 60, 60]
    assert made.scores.max().tolist() == [100, 100, 100]
    top = scoring.score(TREE.replace(rescaling=Rescaling(60, 100)), VALUES)
    pd.testing.assert_frame_equal(top.scores[["A", "B"]], plain.scores[["A", "B"]])
    equal = scoring.rescale(pd.Series([2.0, 2, np.nan]), 0, 5)
    np.testing.assert_array_equal(equal, [5, 5, np.nan])


def test_groups_apart_are_scored_each_on_its_own():
    places = pd.DataFrame({"tier": ["u", "m", "u", "m", "u"]}, index=VALUES.index)
    spec = TREE.replace(apart="tier", rescaling=Rescaling(0, 1))
    made = scoring.score(spec, VALUES, places=places)
    assert list(made.scores.index) == PLACES
    alone = TREE.replace(rescaling=Rescaling(0, 1))
    for group in ("u", "m"):
        own = VALUES[places["tier"] == group]
        pd.testing.assert_frame_equal(made.scores.loc[own.index], scoring.score(alone, own).scores)
        assert made.ranks.loc[own.index, "R"].min() == 1
    assert "groups of tier" in made.notes[0]
    with pytest.raises(ScoringError, match="tier m: indicator a: z needs two different values"):
        scoring.score(spec, VALUES.assign(a=[1.0, 5, 2, 5, 3]), places=places)
    with pytest.raises(ScoringError, match="needs the column 'tier' of the place table"):
        scoring.score(spec, VALUES)
    with pytest.raises(ScoringError, match="no 'tier' for 'z'"):
        scoring.score(spec, VALUES, places=places.iloc[:4])


@pytest.mark.parametrize(
    ("missing", "root", "partial", "gone"),
    [(["b"], "R", {"R": ["b"], "A": ["b"]}, None), (["c"], "A", {}, "B, R"), (["a", "b"], "B", {}, "A, R")],
)
def test_partial_scores_say_what_is_missing(missing, root, partial, gone):
    made = scoring.score(TREE, VALUES.drop(columns=missing), partial=True)
    assert made.spec.root == root
    assert dict(made.partial) == partial
    assert made.notes[0].startswith(f"PARTIAL: no values of {', '.join(missing)}")
    assert gone is None or f"no scores of {gone}" in made.notes[0]
    again = scoring.regenerate(made)
    assert dict(again.partial) == partial
    assert again.notes == made.notes
    with pytest.raises(ScoringError, match="indicators missing from the values"):
        scoring.score(TREE, VALUES.drop(columns=missing))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"weighting": Weighting("critic")},
        {"normalisation": Normalisation("minmax", low=1, high=2), "weighting": Weighting("bod")},
        {"apart": "tier", "imputation": Imputation("mean")},
    ],
    ids=str,
)
def test_regenerated_scores_are_equal(changes):
    places = pd.DataFrame({"tier": list("uuuvv")}, index=VALUES.index)
    made = scoring.score(TREE.replace(**changes), VALUES.assign(more=1), places=places)
    again = scoring.regenerate(made)
    pd.testing.assert_frame_equal(again.scores, made.scores, check_exact=True)
    pd.testing.assert_frame_equal(again.ranks, made.ranks)
    assert again.notes == made.notes
    assert again.spec == made.spec
    other = scoring.regenerate(made, aggregation=Aggregation("owa"))
    assert other.spec.aggregation.method == "owa"


def test_a_geometric_mean_of_dimensions_between_goalposts():
    """As the Human Development Index: goalposts from 0 to 1, arithmetic inside a dimension, geometric above."""
    spec = TREE.replace(
        **every("indicators", goalposts=(0.0, 10.0), direction=1, weight=1.0),
        nodes=(
            Node("R", "Root", aggregation=Aggregation("geometric")),
            Node("A", "First", "R"),
            Node("B", "Second", "R"),
        ),
        normalisation=Normalisation("goalposts"),
    )
    made = scoring.score(spec, VALUES)
    expected = np.sqrt((VALUES["a"] + VALUES["b"]) / 20 * VALUES["c"] / 10)
    np.testing.assert_allclose(made.scores["R"], expected)
    low = VALUES.assign(c=[0.0, 9, 1, 3, 5])
    with pytest.raises(ScoringError, match="B, place v: geometric needs values above 0, got 0"):
        scoring.score(spec, low)


def test_the_usual_scale_of_mazziotta_and_pareto():
    spec = TREE.replace(
        normalisation=Normalisation("z", centre=100, spread=10), aggregation=Aggregation("mazziotta_pareto")
    )
    made = scoring.score(spec, VALUES)
    z = 100 + 10 * stats.zscore(VALUES) * [1, -1, 1]
    mean = (3 * z[:, 0] + z[:, 1]) / 4
    spread = (3 * (z[:, 0] - mean) ** 2 + (z[:, 1] - mean) ** 2) / 4
    np.testing.assert_allclose(made.scores["A"], mean - spread / mean)


def test_what_may_be_constant():
    posts = TREE.replace(**every("indicators", goalposts=(0.0, 10.0)), normalisation=Normalisation("goalposts"))
    assert scoring.score(posts, VALUES.assign(a=5.0)).steps["normalised"]["a"].tolist() == [0.5] * 5
    fixed = normalisation.anchors(VALUES)
    one = scoring.score(TREE, VALUES.iloc[:1], anchors=fixed)
    np.testing.assert_allclose(one.scores, scoring.score(TREE, VALUES).scores.iloc[:1])
    divided = TREE.replace(
        indicators=(msgspec.structs.replace(TREE.indicators[0], denominator="n"), *TREE.indicators[1:])
    )
    sizes = pd.DataFrame({"n": [1.0, 2, 4, 5, 8]}, index=VALUES.index)
    made = scoring.score(divided, VALUES.assign(a=1.0), denominators=sizes)
    np.testing.assert_allclose(made.steps["denominated"]["a"], 1 / sizes["n"])
    with pytest.raises(ScoringError, match="a are to be divided by n: give denominators"):
        scoring.score(divided, VALUES)


def test_one_place_and_two_places():
    assert scoring.score(TREE.replace(normalisation=Normalisation("none")), VALUES.iloc[:1]).ranks["R"].tolist() == [1]
    two = scoring.score(TREE, VALUES.iloc[:2])
    np.testing.assert_allclose(two.steps["normalised"], [[-1, -1, -1], [1, 1, 1]])
    with pytest.raises(ScoringError, match="indicator a is 1 everywhere"):
        scoring.score(TREE, VALUES.iloc[:1])


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"imputation": Imputation("guess")}, "imputation"),
        ({"treatment": Treatment("cut")}, "treatment"),
        ({"weighting": Weighting("best")}, "weighting"),
        ({"ranking": Ranking("first")}, "rule for ties"),
        ({"normalisation": Normalisation("norm")}, "normalisation"),
        ({"aggregation": Aggregation("sum")}, "aggregation"),
        (every("nodes", aggregation=Aggregation("sum")), "aggregation"),
        (every("indicators", normalisation=Normalisation("norm")), "normalisation"),
    ],
    ids=str,
)
def test_unknown_methods_are_refused(changes, kind):
    with pytest.raises(UnknownNameError, match=kind):
        scoring.score(TREE.replace(**changes), VALUES)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"screening": Screening(1.5)}, "screening: expected a minimum from 0 to 1, got 1.5"),
        ({"imputation": Imputation(neighbours=0)}, "imputation: expected 1 or more neighbours"),
        ({"treatment": Treatment(max_points=-1)}, "max_points from 0 on"),
        ({"normalisation": Normalisation(low=1, high=0)}, "normalisation: expected low below high"),
        (every("indicators", normalisation=Normalisation(ddof=3)), "a: expected ddof 0 or 1"),
        ({"aggregation": Aggregation(availability=66)}, "availability from 0 to 1, got 66"),
        ({"aggregation": Aggregation(power=0)}, "use geometric"),
        (every("nodes", aggregation=Aggregation(owa=(1, -1))), "R: expected owa weights from 0 on"),
        ({"rescaling": Rescaling(100, 60)}, "rescaling: expected low below high, got 100 and 60"),
        (every("indicators", weight=0.0), "a has the weight 0.0; expected a number above 0"),
        (every("indicators", direction=2), "a has the direction 2"),
        (every("indicators", code="a"), "codes used twice: a"),
        ({"nodes": (*TREE.nodes, Node("C", "C", "C"))}, "C lies above itself"),
    ],
    ids=str,
)
def test_definitions_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(ScoringError, match=message):
        TREE.replace(**changes)
    with pytest.raises(ScoringError, match=message):
        scoring.score(msgspec.structs.replace(TREE, **changes), VALUES)  # written in Python, never checked


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (VALUES.set_axis(list("vwxyy")), r"places named twice: \['y'\]"),
        (pd.concat([VALUES, VALUES[["b"]]], axis=1), "indicators twice among the columns of the values: b"),
        (VALUES[["b"]], "indicators missing from the values: a, c"),
        (VALUES.assign(b=["1", "2", "much", "4", "5"]), "indicator b, place x: expected a number, got 'much'"),
        (VALUES.assign(b=[1, 2, 3, np.inf, 5]), "indicator b, place y: the value is infinite"),
        (VALUES.assign(b=np.nan), "indicator b has no value at any place"),
        (VALUES.assign(b=2.0), "indicator b is 2 everywhere"),
    ],
)
def test_values_that_cannot_be_scored_are_refused(values, message):
    with pytest.raises(ScoringError, match=message):
        scoring.score(TREE, values)


@pytest.mark.parametrize(("how", "node"), [("z", "R"), ("minmax", "A"), ("percentile", "A"), ("target", "A")])
@pytest.mark.parametrize("method", ["geometric", "harmonic", "power"])
def test_ranges_that_an_aggregation_cannot_take_are_refused(how, node, method):
    aggregated = Aggregation(method, power=-1)
    nodes = tuple(
        msgspec.structs.replace(part, aggregation=aggregated if part.code == node else None) for part in TREE.nodes
    )
    spec = TREE.replace(normalisation=Normalisation(how), nodes=nodes, **every("indicators", target=100.0))
    message = f"{method} aggregation needs values above 0, but normalisation {how} gives .*indicator a, node {node}"
    with pytest.raises(ScoringError, match=message):
        scoring.score(spec, VALUES)


def test_nobody_left_by_the_screening():
    holes = VALUES.mask(np.eye(5, 3, dtype=bool) | (np.arange(5)[:, None] >= 3) & (np.arange(3) == 0))
    with pytest.raises(ScoringError, match=r"no place has values of 100% of the indicators.*the most is 67%"):
        scoring.score(TREE.replace(screening=Screening(1.0)), holes)


def test_codes_that_look_like_numbers_stay_codes(tmp_path):
    (tmp_path / "anchors.csv").write_text("indicator,total\n1,5\n07,6\n", encoding="utf-8")
    assert list(_sizes(tmp_path / "anchors.csv").index) == ["1", "07"]


def test_many_tables_at_once_follow_the_same_rules():
    """Constant between goalposts, counted availability, z on another scale: replicates agree with single scores."""
    indicators = (
        msgspec.structs.replace(TREE.indicators[0], normalisation=Normalisation("goalposts"), goalposts=(0.0, 10.0)),
        *TREE.indicators[1:],
    )
    spec = TREE.replace(
        indicators=indicators,
        normalisation=Normalisation("z", centre=100, spread=10),
        aggregation=Aggregation("geometric", availability=0.5, count=True),
    )
    holes = VALUES.mask((VALUES == 4) & (np.arange(3) == 1))
    same = pd.DataFrame([[5.0] * 5, VALUES["a"]], columns=PLACES)
    bands = monte_carlo(scoring.score(spec, holes), Choices(), replicates=20, network={"a": same})
    assert bands.n_good == 20
    for number in range(4):
        drawn, values = bands.replicate(number)
        np.testing.assert_allclose(bands.scores.loc[number], scoring.score(drawn, values).scores["R"])
