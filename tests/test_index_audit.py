"""Audit of printed scores: relations, misprints, tables against each other, ranks, growth."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from printed_index import made, tree, true_slopes

from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index._relations import relate
from innovation_graph.index.audit import audit, growth
from innovation_graph.index.published import Published, gihi2024, gihi2024_mini


@pytest.fixture(scope="module")
def gihi():
    return audit(gihi2024())


def replaced(published, table, cells):
    """The same tables with other numbers at some places."""
    scores = {name: frame.copy() for name, frame in published.scores.items()}
    for (place, code), value in cells.items():
        scores[table].loc[place, code] = value
    return Published(published.spec, published.places, scores, published.ranks, decimals=published.decimals)


# Made-up indices, whose sums are known


@given(seed=st.integers(0, 10_000), decimals=st.sampled_from([1, 2, 3]))
@settings(max_examples=5)
def test_true_coefficients_lie_within_the_bounds(seed, decimals):
    scores, published = made(seed, decimals=decimals)
    found = audit(published)
    assert list(found.relations) == ["R", "A", "B", "C"]
    for parent, relation in found.relations.items():
        true = true_slopes(scores, parent)
        assert relation.fits.all()
        assert (relation.low <= true + 1e-9).all()
        assert (true <= relation.high + 1e-9).all()
    assert not found.findings["kind"].isin(["misfit", "tables", "ranks", "range"]).any()


def test_effective_weights_are_shares_of_the_ranges():
    scores, published = made(3, decimals=8)
    table = audit(published).effective_weights().set_index(["parent", "child"])
    sums = scores.steps["aggregated"]
    reach = sums.max() - sums.min()
    for parent, child in table.index:
        row = table.loc[(parent, child)]
        assert row["relative_range"] == pytest.approx(reach[child] / reach[parent], abs=1e-5)
        assert row["effective"] == pytest.approx(true_slopes(scores, parent)[child] / true_slopes(scores, parent).sum())
    assert table.loc[("R", "C"), "nominal"] == pytest.approx(0.4)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=4)
def test_misprints_are_named_and_replaced_by_what_the_children_say(seed):
    scores, published = made(seed, first=50)
    places = published.scores["table A"].index
    wrong = {
        (places[5], "A"): float(published.scores["table A"].loc[places[5], "A"]) - 0.8,
        (places[9], "A1"): float(published.scores["table A"].loc[places[9], "A1"]) + 1.5,
    }
    only = {"table A": replaced(published, "table A", wrong).scores["table A"]}
    found = audit(Published(published.spec, published.places, only))
    misfits = found.findings[found.findings["kind"] == "misfit"]
    assert set(misfits["place"]) == {places[5], places[9]}
    assert found.scores.loc[places[5], "A"] == pytest.approx(scores.scores.loc[places[5], "A"], abs=0.03)


def test_a_third_of_leverage_points_does_not_turn_the_fit():
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.uniform(60, 70, (60, 2)), columns=["a", "b"])
    y = (3 + 0.5 * x["a"] + 0.4 * x["b"]).rename("y")
    bad = x.index[:20]
    x.loc[bad, "a"] += 30
    found = relate(y.round(2), x.round(2), 0.005)
    assert found.coefficients.to_numpy() == pytest.approx([0.5, 0.4], abs=2e-3)
    assert list(found.fits.index[~found.fits]) == list(bad)


def test_bounds_are_the_ends_of_the_feasible_set():
    # One child, three places: the slope is bounded by the steepest and the flattest line through the boxes.
    x = pd.DataFrame({"a": [0.0, 1.0, 2.0, 4.0]})
    y = pd.Series([0.0, 2.0, 4.0, 8.0], name="y")
    found = relate(y, x, 0.1)
    assert found.low["a"] == pytest.approx((8 - 0.1 - 0.1) / (4 + 0.1 + 0.1))
    assert found.high["a"] == pytest.approx((8 + 0.1 + 0.1) / (4 - 0.1 - 0.1))


def test_order_of_places_changes_nothing():
    _, published = made(5)
    x, y = published.scores["table A"][["A1", "A2"]], published.scores["table A"]["A"]
    turned = relate(y[::-1], x[::-1], 0.005)
    straight = relate(y, x, 0.005)
    pd.testing.assert_series_equal(turned.coefficients, straight.coefficients)
    pd.testing.assert_series_equal(turned.residuals[::-1], straight.residuals)


def test_the_table_that_does_not_fit_is_told():
    _, published = made(7)
    places = published.scores["table R"].index[[3, 10, 20]]
    cells = {(place, "B"): float(published.scores["table R"].loc[place, "B"]) + 0.4 for place in places}
    found = audit(replaced(published, "table R", cells))
    rows = found.findings[(found.findings["kind"] == "tables") & (found.findings["place"] != "")]
    assert set(rows["place"]) == set(places)
    assert rows["verdict"].str.startswith("table B prints").all()
    assert set(found.replaced["table"]) == {"table R"}
    assert (found.scores["B"].reindex(places) == published.scores["table B"].loc[places, "B"]).all()


def test_wrong_ranks_are_told():
    _, published = made(2)
    ranks = {name: table.copy() for name, table in published.ranks.items()}
    first, second = ranks["table R"].index[[8, 9]]
    ranks["table R"].loc[[first, second], "R"] = [10, 9]
    rows = audit(Published(published.spec, published.places, published.scores, ranks)).findings
    wrong = rows[rows["kind"] == "ranks"]
    assert set(wrong["place"]) == {first, second}


# The index as published


def test_overall_is_linear_in_the_dimensions(gihi):
    relation = gihi.relations["GIHI"]
    assert relation.coefficients.round(5).tolist() == pytest.approx([0.34415, 0.45181, 0.30258], abs=1.1e-5)
    assert len(relation.fits) == 100
    assert relation.fits.all()
    assert relation.residuals.abs().max() < 0.008
    ranges = gihi.effective_weights().set_index(["parent", "child"])["relative_range"].loc["GIHI"]
    assert ranges.round(3).tolist() == [1.147, 1.506, 0.756]


def test_science_and_ecosystem_are_linear_in_their_parts(gihi):
    for code in ("A", "C"):
        assert gihi.relations[code].fits.all()
        assert gihi.relations[code].residuals.abs().max() < 0.0085 + 5e-5


def test_table_7_is_misprinted_and_table_2_is_not(gihi):
    rows = gihi.findings[gihi.findings["kind"] == "tables"]
    places = rows.loc[rows["place"] != "", "place"]
    assert len(places) == 12
    assert gihi2024().ranks["table 2"].loc[places, "B"].min() == 86
    summary = rows["verdict"].iloc[0]
    assert "table 2: 12 of 12 fit" in summary
    assert "table 7: 0 of 12 fit" in summary
    others = gihi.findings.loc[gihi.findings["kind"] == "misfit", "place"]
    assert set(others) == {"chennai", "jakarta", "ankara", "lanzhou"}


def test_the_column_of_table_7_is_that_of_table_2_sorted(gihi):
    one, other = gihi2024().scores["table 2"]["B"], gihi2024().scores["table 7"]["B"]
    assert sorted(one) == sorted(other)
    assert gihi.findings["verdict"].str.contains("numbers are those of table 2, sorted").sum() == 1
    # Put right, the column falls with its ranks again.
    ranks = gihi2024().ranks["table 7"]["B"].sort_values()
    assert (np.diff(gihi.scores.loc[ranks.index, "B"]) <= 1e-9).all()


def test_growth_of_the_report_does_not_follow(gihi):
    row = gihi.findings[gihi.findings["kind"] == "growth"].iloc[0]
    assert row["published"] == 8.67
    assert round(row["implied"], 2) == 9.62
    assert row["verdict"].startswith("does not follow")


def test_mini_hubs_follow_a_relation_of_their_own(gihi):
    mini = audit(gihi2024_mini())
    relation = mini.relations["GIHI"]
    assert relation.fits.sum() == 12
    assert (relation.low > gihi.relations["GIHI"].high)[["A", "B", "C"]].all()


def test_what_cannot_be_known_is_said(gihi):
    text = gihi.text()
    assert "changchun, chongqing, lanzhou, zhengzhou, chennai, jakarta, ankara, johannesburg" in text
    assert "single z-scores" in text


def test_write(gihi, tmp_path):
    gihi.write(tmp_path / "audit")
    back = pd.read_csv(tmp_path / "audit" / "findings.csv")
    assert len(back) == len(gihi.findings)
    assert (tmp_path / "audit" / "audit.txt").read_text(encoding="utf-8") == gihi.text()
    gihi.write(tmp_path / "audit")


# Growth and messages


def test_growth_closed_forms():
    assert growth(100, 400, 2).annual_percent == pytest.approx(100)
    assert growth(100, 50, 1).annual_percent == pytest.approx(-50)
    assert growth(100, 121, 2, 10.0).agrees
    assert growth(100, 121, 2, 10.0).years_needed == pytest.approx(2)
    assert not growth(100, 121, 2, 10.1).agrees
    # Ends of 1 and 2, rounded to units, may be 1.5 and 1.5, or 0.5 and 2.5.
    rounded = growth(1, 2, 1, 300.0, rounded_to=1)
    assert (rounded.low, rounded.high) == pytest.approx((0.0, 400.0))
    assert rounded.agrees
    assert growth(1, 2, 1).agrees is None


def test_messages():
    with pytest.raises(ScoringError, match="must be above 0"):
        growth(0, 1, 1)
    spec = tree()
    places = pd.DataFrame(index=["x", "y"])
    table = pd.DataFrame({"R": [60.0, 100.0]}, index=["x", "y"])
    with pytest.raises(UnknownNameError, match="unknown column of t 'Q'"):
        Published(spec, places, {"t": table.rename(columns={"R": "Q"})})
    with pytest.raises(UnknownNameError, match="unknown place in t 'z'"):
        Published(spec, places, {"t": table.rename(index={"y": "z"})})
    with pytest.raises(ScoringError, match=r"t: R of y is 101\.0; expected 60 to 100"):
        Published(spec, places, {"t": table.replace(100.0, 101.0)})
    with pytest.raises(ScoringError, match="R: 2 places with parent and children are too few"):
        relate(table["R"], table.rename(columns={"R": "A"}), 0.005)
    flat = pd.DataFrame({"a": np.arange(9.0), "b": 2 * np.arange(9.0)})
    with pytest.raises(ScoringError, match="do not vary freely"):
        relate(flat["a"].rename("y"), flat, 0.005)
    with pytest.raises(UnknownNameError, match="unknown published node 'A11'"):
        gihi2024().versions("A11")
