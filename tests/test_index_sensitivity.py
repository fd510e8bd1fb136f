"""Monte Carlo of an index: every replicate is what `score` gives, and the summaries are what they say."""

import numpy as np
import pandas as pd
import pytest

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index import aggregation, normalisation, preparation, scoring, treatment, weighting
from innovation_graph.index._set_up import set_up
from innovation_graph.index.sensitivity import Choices, WeightRange, monte_carlo, read_choices
from innovation_graph.index.spec import (
    Aggregation,
    Imputation,
    IndexSpec,
    Indicator,
    Node,
    Normalisation,
    Rescaling,
    Screening,
    Treatment,
    Weighting,
    read_spec,
)

CODES = ("a", "b", "c", "d", "e", "f")
RANGE = {"low": 1.0, "high": 100.0}


def made_spec(**changes):
    """Three nodes, directions both ways, everything a normalisation may need."""
    nodes = (
        Node("top", "Top"),
        Node("left", "Left", parent="top", weight=2.0),
        Node("right", "Right", parent="top", weight=3.0),
    )
    parents = ("left", "left", "left", "right", "right", "top")
    indicators = tuple(
        Indicator(
            code,
            code.upper(),
            parent,
            weight=1.0 + number,
            direction=-1 if code == "c" else 1,
            goalposts=(0.1, 30.0),
            target=5.0,
            denominator="people" if code == "d" else None,
        )
        for number, (code, parent) in enumerate(zip(CODES, parents, strict=True))
    )
    return IndexSpec("made", nodes, indicators, **changes)


def made_values(n=17, seed=0, holes=True):
    rng = np.random.default_rng(seed)
    x = np.exp(rng.normal(size=(n, 1)) * 0.5 + rng.normal(size=(n, len(CODES))))
    x[0, 0], x[3, 1] = 90.0, 70.0  # outliers
    x[5:8, 5] = x[4, 5]  # ties
    if holes:
        x[rng.random(x.shape) < 0.06] = np.nan
    index = pd.Index([f"p{i}" for i in range(n)], name="place_id")
    return pd.DataFrame(x, index=index, columns=CODES)


def given(values, **more):
    places = pd.DataFrame({"area": ["north", "south", "west"] * len(values)}).iloc[: len(values)]
    sizes = pd.DataFrame({"people": np.linspace(1, 2, len(values))}, index=values.index)
    return {"places": places.set_index(values.index), "denominators": sizes, **more}


def assert_same_as_scoring(bands, numbers):
    """Score replicates one by one and compare; failures must fail in both."""
    inputs = dict(bands.nominal.inputs)
    for number in numbers:
        spec, values = bands.replicate(number)
        try:
            found = scoring.score(spec, values, **inputs)
        except ScoringError:
            assert number in bands.reasons.index
            continue
        assert number not in bands.reasons.index
        np.testing.assert_allclose(bands.scores.loc[number], found.scores[bands.node].astype(float), rtol=1e-10)
        ranks = found.ranks[bands.node].astype("Float64").to_numpy(np.float64, na_value=np.nan)
        np.testing.assert_array_equal(bands.ranks.loc[number], ranks)


MOVING = {"weights": WeightRange(), "noise": {"*": 0.2, "b": 0.0}}


def variants():
    positive = Normalisation("minmax", **RANGE)
    for method in normalisation.METHODS:
        yield f"normalisation {method}", made_spec(normalisation=Normalisation(method, **RANGE))
    for method in aggregation.METHODS:
        yield f"aggregation {method}", made_spec(normalisation=positive, aggregation=Aggregation(method))
    yield "power below 0", made_spec(normalisation=positive, aggregation=Aggregation("power", power=-2.0))
    yield "half missing", made_spec(normalisation=positive, aggregation=Aggregation("geometric", availability=0.5))
    for method in treatment.METHODS:
        yield f"treatment {method}", made_spec(treatment=Treatment(method, max_skew=1.0, max_kurtosis=1.0))
    yield "winsorised in vain", made_spec(treatment=Treatment("winsorise", 0.4, 0.4, max_points=2))
    for method in preparation.IMPUTATIONS:
        yield f"imputation {method}", made_spec(imputation=Imputation(method, group="area"))
    for method in (*weighting.METHODS, "bod"):
        if method != "correlation":
            filled = Imputation("mean")
            yield (
                f"weighting {method}",
                made_spec(normalisation=positive, weighting=Weighting(method), imputation=filled),
            )
    for ties in ("min", "max", "average", "dense"):
        ranking = made_spec().ranking.__class__(ties)
        yield f"ties {ties}", made_spec(ranking=ranking, normalisation=Normalisation("percentile"))
    yield "rescaled", made_spec(rescaling=Rescaling(60, 100), screening=Screening(0.8))


STILL = ("aggregation", "imputation", "rescaled", "half missing", "weighting")
CASES = [(name, spec, noisy) for name, spec in variants() for noisy in (True, False) if noisy or name.startswith(STILL)]


@pytest.mark.parametrize(
    ("name", "spec", "noisy"), CASES, ids=[f"{name}{', noise' * noisy}" for name, _, noisy in CASES]
)
def test_a_replicate_is_what_score_gives_with_every_method(name, spec, noisy):
    how = spec.aggregation
    spec = spec.replace(aggregation=Aggregation(how.method, min(how.availability, 0.3), how.power))
    values = made_values(holes="percentile" not in name)
    choices = Choices(**MOVING) if noisy else Choices(weights=WeightRange("dirichlet"))
    bands = monte_carlo(scoring.score(spec, values, **given(values)), choices, replicates=3)
    assert_same_as_scoring(bands, range(3))
    assert bands.n_good >= 2  # a mean of Mazziotta and Pareto may be below 0


def test_all_choices_together_for_a_node_and_with_a_network():
    values = made_values()
    scores = scoring.score(made_spec(), values, **given(values))
    rng = np.random.default_rng(5)
    network = {
        code: pd.DataFrame(rng.random((9, len(values))), columns=values.index[::-1])  # in another order
        for code in ("a", "f")
    }
    choices = Choices(
        WeightRange("any"),
        (Imputation("median"), Imputation("group_mean", "area"), Imputation("nearest")),
        (Treatment("winsorise", 1, 1),),
        (Normalisation("rank"), Normalisation("minmax", **RANGE)),
        (Aggregation("geometric", 0.6), Aggregation("copeland")),
        {"b": 0.1, "a": 0.05},
    )
    for node in ("top", "left"):
        bands = monte_carlo(scores, choices, replicates=60, network=network, node=node, seed=3)
        assert_same_as_scoring(bands, range(25))
    assert len(bands.reasons)
    assert bands.failures().index[0].startswith("geometric aggregation needs values above 0, but normalisation z")
    drawn = bands.taken["network"]
    quiet = monte_carlo(scores, Choices(), replicates=30, network=network)
    assert_same_as_scoring(quiet, range(4))
    for number in range(12):  # both indicators come from the same row
        _, replicate = quiet.replicate(number)
        row = quiet.taken["network"][number]
        for code, table in network.items():
            expected = table.loc[row, values.index].where(values[code].notna())
            np.testing.assert_array_equal(replicate[code], expected)
    assert set(drawn) <= set(range(9))


def test_anchors_and_normalisations_of_single_indicators():
    spec, values = made_spec(normalisation=Normalisation("z")), made_values(holes=False)
    own = (Normalisation("minmax", **RANGE), None, Normalisation("percentile"), None, None, None)
    indicators = tuple(
        Indicator(p.code, p.name, p.parent, direction=p.direction, normalisation=how)
        for p, how in zip(spec.indicators, own, strict=True)
    )
    spec = spec.replace(indicators=indicators)
    anchors = normalisation.anchors(made_values(seed=8, holes=False))
    for fixed in (None, anchors):
        scores = scoring.score(spec, values, anchors=fixed)
        choices = Choices(normalisation=(Normalisation("share"), Normalisation("minmax")), noise={"*": 0.1})
        assert_same_as_scoring(monte_carlo(scores, choices, replicates=6), range(6))


def test_neither_batch_nor_threads_nor_the_number_of_replicates_change_a_replicate():
    values = made_values()
    scores = scoring.score(made_spec(imputation=Imputation("mean")), values, **given(values))
    choices = Choices(WeightRange("dirichlet"), treatment=(Treatment("log"),), noise={"*": 0.1})
    experiment = set_up(scores, choices, seed=1)
    design = np.random.default_rng(0).random((50, len(experiment.factors)))
    whole = experiment.run(design, threads=1, batch=50)
    for threads, batch in ((1, 1), (2, 7), (3, None)):
        other = experiment.run(design, threads=threads, batch=batch)
        np.testing.assert_array_equal(whole.scores, other.scores)
        np.testing.assert_array_equal(whole.ranks, other.ranks)
    few, many = (monte_carlo(scores, choices, replicates=n, seed=4) for n in (20, 45))
    pd.testing.assert_frame_equal(few.scores, many.scores.iloc[:20])
    assert not few.scores.equals(monte_carlo(scores, choices, replicates=20, seed=5).scores)


def test_laws_of_weights():
    values = made_values(holes=False)
    scores = scoring.score(made_spec(), values, **given(values))

    def drawn(law, **more):
        bands = monte_carlo(scores, Choices(WeightRange(law, **more)), replicates=1000)
        rows = []
        for number in range(1000):
            spec, _ = bands.replicate(number)
            parts = [spec.parts[code].weight for code in ("a", "b", "c")]
            rows.append(np.array(parts) / sum(parts))
        return np.array(rows)

    nominal = np.array([1, 2, 3]) / 6
    uniform = drawn("uniform", spread=0.1)
    ratio = uniform / nominal
    assert ratio.min() > 0.9 / 1.1
    assert ratio.max() < 1.1 / 0.9
    dirichlet = drawn("dirichlet", concentration=20.0)
    np.testing.assert_allclose(dirichlet.mean(axis=0), nominal, atol=4 * np.sqrt(0.25 / 21 / 1000))
    np.testing.assert_allclose(dirichlet.var(axis=0), nominal * (1 - nominal) / 21, rtol=0.2)
    anything = drawn("any")
    np.testing.assert_allclose(anything.mean(axis=0), 1 / 3, atol=0.03)
    np.testing.assert_allclose(anything.var(axis=0), 1 / 18, rtol=0.2)  # uniform on the triangle


def two_places():
    spec = IndexSpec(
        "two",
        (Node("all", "All"),),
        (Indicator("x", "X", "all"), Indicator("y", "Y", "all")),
        normalisation=Normalisation("none"),
    )
    values = pd.DataFrame({"x": [3.0, 0.0, -5.0], "y": [0.0, 1.0, -5.0]}, index=["u", "v", "w"])
    return scoring.score(spec, values)


def test_acceptability_and_probabilities_in_closed_form():
    # w is the weight of x, even on (0, 1): u is above v if 3 w > 1 - w, with probability 3/4; w is always last.
    bands = monte_carlo(two_places(), Choices(WeightRange("any")), replicates=8000)
    tolerance = 4 * np.sqrt(0.75 * 0.25 / 8000)
    shares = bands.acceptability()
    np.testing.assert_allclose(shares, [[0.75, 0.25, 0], [0.25, 0.75, 0], [0, 0, 1]], atol=tolerance)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    above = bands.probability_above()
    assert abs(above.loc["u", "v"] - 0.75) < tolerance
    np.testing.assert_allclose(above + above.T, 1)
    assert above.loc["v", "w"] == 1
    table = bands.summary()
    assert table.loc["u", ["rank_low", "rank_median", "rank_high"]].tolist() == [1, 1, 2]
    assert table.loc["w", ["rank_low", "rank_median", "rank_high"]].tolist() == [3, 3, 3]
    # The score of u is 3 w: quantiles of an even distribution from 0 to 3.
    np.testing.assert_allclose(
        table.loc["u", ["score_low", "score_median", "score_high"]], [0.15, 1.5, 2.85], atol=0.07
    )
    assert bands.tiers()["tier"].tolist() == [1, 1, 2]
    assert bands.tiers(0.6)["tier"].tolist() == [1, 2, 3]
    assert bands.tiers()["leader"].tolist() == ["u", "u", "w"]


def test_noise_has_the_size_that_was_asked_for():
    bands = monte_carlo(two_places(), Choices(noise={"x": 0.1}), replicates=600)
    u = np.array([bands.replicate(number)[1].loc["u", "x"] for number in range(600)])
    assert abs(u.mean() - 3) < 4 * 0.3 / np.sqrt(600)
    np.testing.assert_allclose(u.std(), 0.3, rtol=0.12)
    assert (bands.replicate(7)[1].loc["v"] == [0.0, 1.0]).all()  # 0 stays 0, y has no noise


def test_failures_are_counted_with_their_reasons():
    values = made_values(holes=False)
    spec = made_spec(normalisation=Normalisation("minmax", **RANGE))
    scores = scoring.score(spec, values, **given(values))
    flat = pd.DataFrame(np.ones((4, len(values))), columns=values.index)
    flat.iloc[1] = values["a"]
    bands = monte_carlo(scores, Choices(), replicates=200, network={"a": flat})
    assert list(bands.failures().index) == ["indicator a is the same everywhere"]
    assert bands.failures().sum() == 200 - bands.n_good == (bands.taken["network"] != 1).sum()
    np.testing.assert_allclose(bands.acceptability().sum(axis=1), 1)
    np.testing.assert_array_equal(bands.summary()["rank"], bands.summary()["rank_median"])
    assert_same_as_scoring(bands, range(8))
    with pytest.raises(ScoringError, match="none of 5 replicates could be scored; most often: indicator a"):
        monte_carlo(scores, Choices(), replicates=5, network={"a": flat.iloc[[0]]})


def test_scores_on_different_scales_have_no_band():
    values = made_values(holes=False)
    choices = Choices(normalisation=(Normalisation("rank"),))
    plain = monte_carlo(scoring.score(made_spec(), values, **given(values)), choices, replicates=10)
    assert plain.summary()["score_low"].isna().all()
    rescaled = made_spec(rescaling=Rescaling(60, 100))
    assert (
        monte_carlo(scoring.score(rescaled, values, **given(values)), choices, replicates=10)
        .summary()["score_low"]
        .notna()
        .all()
    )
    steps = plain.by_choice()
    assert steps["replicates"].sum() == 10
    assert steps.loc[("normalisation", "z"), "mean_shift"] == 0  # the nominal choice, and nothing else varies


def test_groups_that_are_scored_apart():
    spec = read_spec("gihi2024")
    rng = np.random.default_rng(0)
    index = [f"h{i}" for i in range(20)]
    values = pd.DataFrame(rng.lognormal(size=(20, 30)), index=index, columns=spec.codes)
    places = pd.DataFrame({"tier": ["main"] * 14 + ["mini"] * 6}, index=index)
    scores = scoring.score(spec, values, places=places)
    choices = Choices(weights=WeightRange())
    main = monte_carlo(scores, choices, group="main", replicates=20)
    assert list(main.ranks.columns) == index[:14]
    pd.testing.assert_series_equal(main.nominal.scores["GIHI"], scores.scores["GIHI"][:14])
    alone = scoring.score(spec.replace(apart=None), values[:14])
    pd.testing.assert_frame_equal(main.ranks, monte_carlo(alone, choices, replicates=20).ranks)
    with pytest.raises(ScoringError, match="name one of main, mini"):
        monte_carlo(scores, choices)
    with pytest.raises(UnknownNameError, match="group of tier 'maxi'"):
        monte_carlo(scores, choices, group="maxi")
    with pytest.raises(ScoringError, match="scores all places together"):
        monte_carlo(alone, choices, group="main")


def test_partial_scores_and_their_network(tmp_path):
    spec = read_spec("gihi2024").replace(apart=None)
    rng = np.random.default_rng(2)
    index = [f"h{i}" for i in range(8)]
    values = pd.DataFrame({"17": rng.random(8), "18": rng.integers(1, 8, 8).astype(float)}, index=index)
    scores = scoring.score(spec, values, partial=True)
    draws = {
        code: pd.DataFrame(values[code].to_numpy() + rng.normal(size=(5, 8)) * 0.1, columns=index) for code in values
    }
    bands = monte_carlo(scores, Choices(weights=WeightRange()), replicates=20, network=draws)
    assert bands.node == "C1"
    assert_same_as_scoring(bands, range(20))
    bands.write(tmp_path / "bands", synthetic=True)
    table = pd.read_csv(tmp_path / "bands" / "bands.csv")
    assert {"rank_low", "rank_high", "tier", "synthetic_data"} <= set(table.columns)
    assert read_choices(tmp_path / "bands" / "choices.toml") == bands.choices
    bands.write(tmp_path / "bands")  # replaces its own


def test_choices_come_back_from_toml(tmp_path):
    choices = Choices(
        WeightRange("dirichlet", concentration=30.0),
        (Imputation("median"),),
        (Treatment("none"), Treatment("log")),
        (Normalisation("minmax", low=1, high=100),),
        (Aggregation("geometric"), Aggregation("owa", owa=(0.5, 0.3, 0.2))),
        {"*": 0.02, "01": 0.1},
    )
    (tmp_path / "choices.toml").write_text(choices.to_toml(), encoding="utf-8")
    assert read_choices(tmp_path / "choices.toml") == choices
    (tmp_path / "wrong.toml").write_text("[weight]\nlaw = 'any'\n", encoding="utf-8")
    with pytest.raises(ScoringError, match=r"wrong.toml: .*weight"):
        read_choices(tmp_path / "wrong.toml")


UNEVEN = pd.DataFrame(np.ones((2, 3)), columns=list("uvw"))


@pytest.mark.parametrize(
    ("choices", "more", "error", "message"),
    [
        (Choices(), {}, ScoringError, "nothing is uncertain"),
        (Choices(WeightRange("normal")), {}, UnknownNameError, "law of weights 'normal'"),
        (Choices(WeightRange(spread=1.5)), {}, ScoringError, "spread between 0 and 1"),
        (Choices(noise={"zz": 0.1}), {}, UnknownNameError, "indicator in the noise 'zz'"),
        (Choices(noise={"x": 5}), {}, ScoringError, "noise of x is 5"),
        (Choices(aggregation=(Aggregation("sum"),)), {}, UnknownNameError, "aggregation 'sum'"),
        (Choices(WeightRange()), {"node": "B"}, UnknownNameError, "node 'B'"),
        (Choices(WeightRange()), {"replicates": 1}, ScoringError, "replicates >= 2"),
        (Choices(), {"network": {"q": pd.DataFrame()}}, UnknownNameError, "indicator with replicates 'q'"),
        (Choices(), {"network": {"x": pd.DataFrame({"u": [1.0]})}}, ScoringError, "lack 2 places, the first is 'v'"),
        (
            Choices(),
            {"network": {"x": UNEVEN, "y": UNEVEN[:1]}},
            ScoringError,
            "must be equally many",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(choices, more, error, message):
    with pytest.raises(error, match=message):
        monte_carlo(two_places(), choices, **more)
    bands = monte_carlo(two_places(), Choices(WeightRange()), replicates=2)
    with pytest.raises(ScoringError, match="level"):
        bands.summary(1.5)
    with pytest.raises(ScoringError, match="level"):
        bands.tiers(0.4)
    with pytest.raises(UnknownNameError, match="replicate 9"):
        bands.replicate(9)
