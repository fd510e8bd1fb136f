"""Leaving one thing out: by hand, and by scoring what is left."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from test_index_sensitivity import given, made_spec, made_values

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index import scoring
from innovation_graph.index.reversals import leave_out, without
from innovation_graph.index.spec import Imputation, IndexSpec, Indicator, Node, Normalisation


def plain(values, **changes):
    codes = list(values.columns)
    spec = IndexSpec("plain", (Node("all", "All"),), tuple(Indicator(code, code, "all") for code in codes), **changes)
    return scoring.score(spec, values)


def test_a_place_that_sets_the_scale_reverses_two_others():
    # min-max: x counts for little while w is there, whose x is ten times the others'.
    values = pd.DataFrame(
        {"x": [1.0, 0.0, 10.0, 0.2], "y": [0.0, 0.3, 0.9, 1.0]}, index=pd.Index(list("uvwz"), name="place_id")
    )
    scores = plain(values, normalisation=Normalisation("minmax"))
    # With w: u 0.05, v 0.15, z 0.51, w 0.95. Without: x is divided by 1, so u 0.5, v 0.15, z 0.6.
    found = leave_out(scores, "place")
    pairs = found.pairs()
    assert pairs[pairs["left_out"] == "w"][["above", "below"]].to_numpy().tolist() == [["v", "u"]]
    row = found.summary().loc["w"]
    assert (row["places"], row["reversals"], row["max_shift"]) == (3, 1, 1)
    assert row["share"] == pytest.approx(1 / 3)
    assert row["mean_shift"] == pytest.approx(2 / 3)
    assert row["kendall"] == pytest.approx(1 / 3)
    assert row["movers"] == "u 3 -> 2; v 2 -> 3"
    assert found.shifts()["w"].tolist() == [1, -1, pd.NA, 0]
    assert found.summary().index[0] == "w"


def test_a_place_in_the_middle_leaves_no_gap():
    values = pd.DataFrame({"x": [4.0, 3.0, 2.0, 1.0], "y": [4.0, 3.0, 2.0, 1.0]}, index=list("abcd"))
    found = leave_out(plain(values), "place")
    assert (found.shifts().fillna(0) == 0).all(axis=None)
    assert not len(found.pairs())
    assert (found.summary()["kendall"] == 1).all()


@pytest.mark.parametrize("kind", ["indicator", "node", "place"])
def test_scores_are_those_of_what_is_left(kind):
    values = made_values(9)
    scores = scoring.score(made_spec(imputation=Imputation("mean")), values, **given(values))
    found = leave_out(scores, kind)
    assert list(found.scores.columns) == {"indicator": list("abcdef"), "node": ["left", "right"]}.get(
        kind, list(values.index)
    )
    spec = scores.spec
    for thing in found.scores.columns:
        if kind == "place":
            again = scoring.score(spec, values.drop(index=thing), **given(values))
        else:
            gone = {"left": "abc", "right": "de"}.get(thing, thing)
            indicators = tuple(part for part in spec.indicators if part.code not in gone)
            nodes = tuple(node for node in spec.nodes if node.code != thing)
            rest = spec.replace(indicators=indicators, nodes=nodes)
            again = scoring.score(rest, values[rest.codes], **given(values))
        pd.testing.assert_series_equal(
            found.scores[thing], again.scores["top"].reindex(values.index), check_names=False
        )
        both = pd.DataFrame({"before": scores.scores["top"], "after": again.scores["top"]}).dropna()
        row = found.summary().loc[thing]
        assert row["kendall"] == pytest.approx(stats.kendalltau(both["before"], both["after"]).statistic)
        n = len(both)
        # Without ties tau is 1 - 2 x reversals / pairs.
        assert row["kendall"] == pytest.approx(1 - 4 * row["reversals"] / (n * (n - 1)))
        assert (found.pairs()["left_out"] == thing).sum() == row["reversals"]


def test_a_node_goes_with_its_last_indicator():
    spec = IndexSpec(
        "deep",
        (Node("top", "T"), Node("mid", "M", "top"), Node("low", "L", "mid"), Node("side", "S", "top")),
        (Indicator("x", "X", "low"), Indicator("y", "Y", "side"), Indicator("z", "Z", "side")),
    )
    smaller = without(spec, "x")
    assert [node.code for node in smaller.nodes] == ["top", "side"]
    assert without(spec, "mid").codes == ["y", "z"]
    assert without(spec, "y").codes == ["x", "z"]
    with pytest.raises(ScoringError, match="deep without top has no indicators"):
        without(spec, "top")
    with pytest.raises(UnknownNameError, match="indicator or node 'q'"):
        without(spec, "q")
    values = pd.DataFrame(np.random.default_rng(0).random((5, 3)), columns=list("xyz"))
    scores = scoring.score(spec, values)
    assert list(leave_out(scores, "indicator", node="side").scores.columns) == ["y", "z"]
    assert list(leave_out(scores, "indicator", node="mid").scores.columns) == []
    assert list(leave_out(scores, "node").scores.columns) == ["mid", "low", "side"]


def test_what_cannot_be_scored_has_its_reason():
    values = pd.DataFrame({"x": [1.0, 0.0, 0.0], "y": [1.0, 2.0, 3.0]}, index=list("abc"))
    found = leave_out(plain(values), "place")
    assert found.reasons.to_dict() == {"a": "indicator x is 0 everywhere: it cannot be normalised"}
    row = found.summary().loc["a"]
    assert row["places"] == 0
    assert np.isnan(row["mean_shift"])
    assert row["reason"].startswith("indicator x is 0 everywhere")
    with pytest.raises(UnknownNameError, match="kind of thing to leave out 'country'"):
        leave_out(plain(values), "country")
