"""The packaged definitions of other indices, and the shares that one of them needs."""

import numpy as np
import pandas as pd
import pytest

from innovation_graph.errors import ScoringError
from innovation_graph.index import normalisation, spec, template
from innovation_graph.index.scoring import score

OTHERS = ("gis100_2025", "industrial_innovation_2025", "wipo_clusters_2025")


def values(made, n=12, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.lognormal(size=(n, len(made.codes))), index=[f"p{i}" for i in range(n)], columns=made.codes)


@pytest.mark.parametrize("name", OTHERS)
def test_weights_are_equal_and_say_so(name):
    made = spec.read_spec(name)
    assert name in spec.names()
    assert {part.weight for part in made.members} == {1.0}
    assert any("equal" in note for note in made.notes)


@pytest.mark.parametrize("name", OTHERS)
def test_definitions_score_and_come_back_from_toml(name, tmp_path):
    made = spec.read_spec(name)
    (tmp_path / "a.toml").write_text(made.to_toml(), encoding="utf-8")
    assert spec.read_spec(tmp_path / "a.toml") == made
    scores = score(made, values(made))
    assert scores.scores[made.root].notna().all()


@pytest.mark.parametrize(
    ("name", "dimensions"), [("gis100_2025", 5), ("industrial_innovation_2025", 4), ("wipo_clusters_2025", 3)]
)
def test_dimensions_weigh_the_same(name, dimensions):
    made = spec.read_spec(name)
    top = made.children[made.root]
    assert len(top) == dimensions
    share = made.effective_weights()

    def below(code):
        return sum(map(below, made.children[code])) if code in made.children else share[code]

    assert [below(code) for code in top] == pytest.approx([1 / dimensions] * dimensions)


@pytest.mark.parametrize("name", ["gis100_2025", "industrial_innovation_2025"])
def test_network_measures_may_be_left_out(name):
    made = spec.read_spec(name)
    plugged = template.network_indicators(made)
    assert len(plugged)
    assert set(plugged["network"]) <= {"papers", "patents"}
    for code in plugged.index:
        assert any(code in note and "no part of the published index" in note for note in made.notes)
    table = values(made).drop(columns=plugged.index)
    scores = score(made, table, partial=True)
    low, high = table.min(), table.max()
    unit = 100 * (table - low) / (high - low)
    if name == "gis100_2025":
        expected = (unit[["F1", "F2"]].mean(axis=1) + unit["S1"] + unit["T1"] + unit["I1"] + unit["E1"]) / 5
        np.testing.assert_allclose(scores.scores["GIS"], expected)
    assert scores.scores.shape[1] == len(made.nodes)


def test_clusters_are_ranked_by_their_mean_share():
    made = spec.read_spec("wipo_clusters_2025")
    table = pd.DataFrame({"PCT": [6.0, 3, 1], "PUB": [10.0, 30, 60], "VC": [0.0, 1, 1]}, index=["x", "y", "z"])
    scores = score(made, table)
    expected = [100 * (0.6 + 0.1 + 0) / 3, 100 * (0.3 + 0.3 + 0.5) / 3, 100 * (0.1 + 0.6 + 0.5) / 3]
    np.testing.assert_allclose(scores.scores["CLUSTERS"], expected)
    assert scores.ranks["CLUSTERS"].tolist() == [3, 2, 1]
    world = pd.DataFrame({"total": [20.0, 1000, 4]}, index=["PCT", "PUB", "VC"])
    np.testing.assert_allclose(
        score(made, table, anchors=world).scores["CLUSTERS"],
        [100 * (0.3 + 0.01 + 0) / 3, 100 * (0.15 + 0.03 + 0.25) / 3, 100 * (0.05 + 0.06 + 0.25) / 3],
    )


def test_clusters_without_venture_capital():
    made = spec.read_spec("wipo_clusters_2025")
    table = pd.DataFrame({"PCT": [6.0, 4], "PUB": [1.0, 3]}, index=["x", "y"])
    np.testing.assert_allclose(score(made, table, partial=True).scores["CLUSTERS"], [42.5, 57.5])


def test_shares_of_a_table():
    table = pd.DataFrame({"a": [1.0, 3, np.nan], "b": [2.0, 0, 2]}, index=["x", "y", "z"])
    made = normalisation.normalise(table, "share", directions={"b": -1})
    np.testing.assert_allclose(made, [[0.25, -0.5], [0.75, 0], [np.nan, -0.5]])
    many = np.random.default_rng(0).uniform(1, 2, size=(5, 7, 3))
    how = spec.Normalisation("share", high=100)
    made = normalisation.METHODS["share"](many, np.ones(3), how)
    np.testing.assert_allclose(made.sum(axis=-2), 100)
    np.testing.assert_allclose(made, many / many.sum(axis=1, keepdims=True) * 100)


def test_shares_of_a_base_edition():
    base = pd.DataFrame({"a": [1.0, 3]}, index=["x", "y"])
    later = pd.DataFrame({"a": [2.0, 4]}, index=["x", "y"])
    made = normalisation.normalise(later, "share", fixed=normalisation.anchors(base))
    assert made["a"].tolist() == [0.5, 1.0]


def test_shares_refuse_what_has_none():
    table = pd.DataFrame({"a": [1.0, -3]}, index=["x", "y"])
    with pytest.raises(ScoringError, match="indicator a, place y: share needs values from 0 on, got -3"):
        normalisation.normalise(table, "share")
    total = pd.DataFrame({"total": [0.0]}, index=["a"])
    with pytest.raises(ScoringError, match="indicator a: the total must be above 0"):
        normalisation.normalise(table.abs(), "share", fixed=total)
    with pytest.raises(ScoringError, match="no total of the indicators a"):
        normalisation.normalise(table.abs(), "share", fixed=total.rename(index={"a": "b"}))
