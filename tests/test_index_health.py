"""The audit: alpha by hand, components by scikit-learn, flags where they belong."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import scale
from test_index_sensitivity import given, made_spec, made_values

from innovation_graph.errors import ScoringError
from innovation_graph.index.health import STEPS, components, cronbach_alpha, examine
from innovation_graph.index.sensitivity import Choices, WeightRange, monte_carlo
from innovation_graph.index.spec import Imputation, IndexSpec, Indicator, Node, Treatment, read_spec


def test_alpha_by_hand():
    # Variances 1, 1 and 4 (n - 1), of the sum (4, 6, 10): 28/3. Alpha = 3/2 (1 - 6 / (28/3)) = 15/28.
    table = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [2.0, 1.0, 3.0], "c": [1.0, 3.0, 4.0]})
    variances = [1.0, 1.0, 7 / 3]
    whole = pd.Series([4.0, 6.0, 10.0]).var()
    assert whole == pytest.approx(28 / 3)
    assert cronbach_alpha(table) == pytest.approx(1.5 * (1 - sum(variances) / (28 / 3)))
    assert cronbach_alpha(table) == pytest.approx(1.5 * (1 - 13 / 28))


def test_alpha_of_known_structures():
    x = np.random.default_rng(0).normal(size=50)
    assert cronbach_alpha(pd.DataFrame({"a": x, "b": x, "c": x})) == pytest.approx(1)
    assert np.isnan(cronbach_alpha(pd.DataFrame({"a": x, "b": -x})))  # the sum does not vary
    assert np.isnan(cronbach_alpha(pd.DataFrame({"a": x})))
    table = pd.DataFrame(np.random.default_rng(1).normal(size=(40, 4)) + x[:40, None], columns=list("abcd"))
    r = table.corr().to_numpy()[np.triu_indices(4, 1)].mean()
    assert cronbach_alpha(table, standardised=True) == pytest.approx(4 * r / (1 + 3 * r))
    # Scaling one child changes alpha, but not the standardised one.
    bigger = table.assign(a=table["a"] * 10)
    assert cronbach_alpha(bigger, standardised=True) == pytest.approx(4 * r / (1 + 3 * r))
    assert cronbach_alpha(bigger) != pytest.approx(cronbach_alpha(table))


def test_components_agree_with_scikit_learn():
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.normal(size=(60, 5)) @ rng.normal(size=(5, 5)), columns=list("abcde"))
    values, loadings = components(table)
    theirs = PCA().fit(scale(table))
    np.testing.assert_allclose(values["share"], theirs.explained_variance_ratio_, atol=1e-12)
    np.testing.assert_allclose(values["eigenvalue"], theirs.explained_variance_ratio_ * 5, atol=1e-12)
    np.testing.assert_allclose(values["cumulative"].iloc[-1], 1)
    projected = theirs.transform(scale(table))
    for component in range(5):
        expected = [np.corrcoef(table[name], projected[:, component])[0, 1] for name in table]
        np.testing.assert_allclose(np.abs(loadings[component + 1]), np.abs(expected), atol=1e-9)
    assert (loadings.sum() >= 0).all()


def test_components_of_two_children_in_closed_form():
    rng = np.random.default_rng(4)
    table = pd.DataFrame(rng.normal(size=(30, 2)), columns=["a", "b"])
    r = abs(np.corrcoef(table.T)[0, 1])
    np.testing.assert_allclose(components(table)[0]["eigenvalue"], [1 + r, 1 - r])


@pytest.fixture(scope="module")
def made():
    """Make one node where a and b say the same, c pulls apart, and d has one giant; e is alone under its node."""
    rng = np.random.default_rng(0)
    n = 60
    a = rng.normal(size=n)
    values = pd.DataFrame(
        {
            "a": a,
            "b": a + rng.normal(size=n) * 0.1,
            "c": -a + rng.normal(size=n),
            "d": rng.random(n),
            "e": rng.normal(size=n),
        },
        index=pd.Index([f"p{i}" for i in range(n)], name="place_id"),
    )
    values.loc["p0", "d"] = 50.0
    values.loc["p1", ["a", "b", "c"]] = np.nan
    nodes = (Node("top", "Top"), Node("left", "Left", "top"), Node("right", "Right", "top"))
    parents = {"a": "left", "b": "left", "c": "left", "d": "left", "e": "right"}
    spec = IndexSpec(
        "made",
        nodes,
        tuple(Indicator(code, code.upper(), parent) for code, parent in parents.items()),
        imputation=Imputation("mean"),
        treatment=Treatment("winsorise"),
    )
    return spec, values


def test_flags_where_they_belong(made):
    spec, values = made
    health = examine(spec, values)
    pairs = health.tables["correlations"].set_index(["first", "second"])
    assert pairs.loc[("a", "b"), "flag"] == "redundant"
    assert pairs.loc[("a", "c"), "flag"] == "conflict"
    filled = values[["a", "b"]].fillna(values.mean())
    assert pairs.loc[("a", "b"), "correlation"] == pytest.approx(filled.corr().iloc[0, 1])
    table = health.tables["indicators"]
    assert table["outliers"].to_dict() == dict.fromkeys("abce", False) | {"d": True}
    assert table.loc["d", "treatment"] == "winsorise"
    assert table.loc["d", "points"] == 1
    assert table.loc["d", "skewness"] == pytest.approx(values["d"].skew())
    assert table.loc["d", "kurtosis"] == pytest.approx(values["d"].kurt())
    assert table["availability"].to_dict() == pytest.approx(dict.fromkeys("abc", 59 / 60) | dict.fromkeys("de", 1.0))
    places = health.tables["places"]
    assert places.loc["p1", ["availability", "imputed"]].tolist() == [0.4, 3]
    z = health.scores.steps["normalised"]
    node = health.tables["consistency"].loc["left"]
    assert node["alpha"] == pytest.approx(cronbach_alpha(z[list("abcd")]))
    assert node["eigenvalues_above_1"] == (np.linalg.eigvalsh(z[list("abcd")].corr()) > 1).sum()
    assert np.isnan(health.tables["consistency"].loc["right", "alpha"])
    above = health.tables["with_nodes"].set_index(["code", "above"])
    assert above.loc[("e", "right"), "correlation"] == pytest.approx(1)
    assert above.loc[("e", "right"), "flag"] == ""  # an only child is its node
    expected = np.corrcoef(z["c"], health.scores.steps["aggregated"]["left"])[0, 1]
    assert above.loc[("c", "left"), "correlation"] == pytest.approx(expected)
    found = health.tables["findings"]
    assert found["finding"].str.startswith("a and b say the same twice: r = ").sum() == 1
    assert ((found["about"] == "p1") & (found["step"] == 3)).any()
    assert found["step"].is_monotonic_increasing


def test_the_text_goes_through_the_ten_steps_and_files_are_written(made, tmp_path):
    spec, values = made
    others = pd.DataFrame({"same": values["e"].rank(), "flat": 1.0}, index=values.index)
    health = examine(spec, values, others=others)
    lines = health.text.splitlines()
    assert [line for line in lines if line[:1].isdigit()] == [f"{n}. {title}" for n, title in enumerate(STEPS, 1)]
    assert any("Only the weights were varied" in line for line in lines)
    health.write(tmp_path / "health", synthetic=True)
    written = {path.name for path in (tmp_path / "health").iterdir()}
    assert written == {*(f"{name}.csv" for name in health.tables), "report.txt", "index.toml", "health.json"}
    assert (tmp_path / "health" / "report.txt").read_text(encoding="utf-8").startswith("SYNTHETIC DATA")
    assert (pd.read_csv(tmp_path / "health" / "places.csv")["synthetic_data"] == "yes").all()
    health.write(tmp_path / "health")
    links = health.tables["links"]
    root = health.scores.scores["top"]
    assert links.loc["same", "spearman"] == pytest.approx(root.corr(others["same"], method="spearman"))
    assert np.isnan(links.loc["flat", "pearson"])


def test_values_that_cannot_be_scored_are_described(made):
    spec, values = made
    health = examine(spec, values.assign(b=3.0).drop(columns="e"))
    assert health.scores is None
    assert "indicator b is 3 everywhere" in health.problem
    found = set(zip(health.tables["findings"]["about"], health.tables["findings"]["finding"], strict=True))
    assert ("b", "the same everywhere") in found
    assert ("e", "no values at all") in found
    assert "The values cannot be scored: indicator b" in health.text


def test_bands_of_the_user_and_missing_indicators():
    values = made_values()
    spec = made_spec(imputation=Imputation("median"))
    whole = examine(spec, values, **given(values))
    assert "links" in whole.tables  # the denominators
    bands = monte_carlo(whole.scores, Choices(WeightRange(), noise={"*": 0.1}), replicates=50)
    mine = examine(spec, values, **given(values), bands=bands)
    assert "50 draws of weights, noise" in mine.text
    partial = examine(spec, values.drop(columns="e"), **given(values))
    assert ("e", "no values at all") in set(
        partial.tables["findings"][["about", "finding"]].itertuples(index=False, name=None)
    )
    assert partial.scores.partial


def test_groups_and_what_is_refused(made):
    spec, values = made
    places = pd.DataFrame({"tier": ["main"] * 40 + ["mini"] * 20}, index=values.index)
    health = examine(spec.replace(apart="tier"), values, places=places, group="main")
    assert len(health.tables["places"]) == 40
    with pytest.raises(ScoringError, match="name one of main, mini"):
        examine(spec.replace(apart="tier"), values, places=places)
    with pytest.raises(ScoringError, match="needs the column 'tier'"):
        examine(spec.replace(apart="tier"), values)
    with pytest.raises(ScoringError, match="places named twice"):
        examine(spec, pd.concat([values, values.iloc[:1]]))
    with pytest.raises(ScoringError, match="none of the indicators"):
        examine(read_spec("gihi2024").replace(apart=None), values)
