"""Small counts read back from printed scores."""

import numpy as np
import pandas as pd
import pytest

from innovation_graph.errors import ScoringError
from innovation_graph.index.decoding import decode
from innovation_graph.index.published import gihi2024


@pytest.fixture(scope="module")
def table():
    return gihi2024().scores["table 5"]


@pytest.fixture(scope="module")
def known():
    rows = gihi2024().known.query("indicator in ['03', '04']")
    wide = rows.pivot_table(index="place_id", columns="indicator", values="value")
    return wide.rename(columns={"03": "universities", "04": "institutes"})


def printed(counts, steps):
    return (60 + counts @ pd.Series(steps)).round(2)


def places(n):
    return [f"p{i:03}" for i in range(n)]


@pytest.mark.parametrize("seed", range(8))
def test_two_counts_come_back(seed):
    rng = np.random.default_rng(seed)
    steps = {"big": 2.0 + rng.random(), "small": 0.9 + rng.random()}
    counts = pd.DataFrame(rng.geometric(0.5, (80, 2)) - 1, index=places(80), columns=["big", "small"])
    # Some places have one unit of one count, as in any table of small counts.
    counts.iloc[:4] = [[1, 0], [0, 1], [1, 1], [0, 0]]
    found = decode(printed(counts, steps), ["big", "small"], known=counts.iloc[:4])
    assert found.labelled
    assert found.n_undecoded == 0
    for name, step in steps.items():
        assert found.steps.loc[name, "low"] - 1e-9 <= step <= found.steps.loc[name, "high"] + 1e-9
    # The true counts are always among the alternatives, and alone where the result says so.
    rows = found.alternatives.set_index("place")
    for place in counts.index:
        assert counts.loc[place].tolist() in rows.loc[[place], ["big", "small"]].to_numpy().tolist()
    unique = found.counts.dropna()
    assert (unique.astype("int64") == counts.loc[unique.index]).all(axis=None)


def test_three_counts_come_back():
    rng = np.random.default_rng(3)
    counts = pd.DataFrame(rng.geometric(0.6, (90, 3)) - 1, index=places(90), columns=["x", "y", "z"])
    scores = printed(counts, {"x": 5.317, "y": 3.141, "z": 1.733})
    found = decode(scores, ["x", "y", "z"])
    assert found.steps["step"].tolist() == pytest.approx([5.317, 3.141, 1.733], abs=0.005)
    unique = found.counts.dropna()
    assert len(unique) > 80
    assert (unique.astype("int64") == counts.loc[unique.index]).all(axis=None)


def test_counts_of_equal_steps_cannot_be_told_apart():
    rng = np.random.default_rng(0)
    counts = pd.DataFrame(rng.geometric(0.3, (80, 2)) - 1, index=places(80), columns=["x", "y"])
    with pytest.raises(ScoringError, match=r"better than chance|cannot be told apart"):
        decode(printed(counts, {"x": 2.0, "y": 1.0}), ["x", "y"])


def test_coinciding_sums_are_all_listed():
    # Two of the one are three of the other: 6 points are 2 and 0 or 0 and 3.
    counts = pd.DataFrame(
        [[1, 0], [0, 1], [1, 1], [0, 0], [2, 0], [0, 2], [2, 1], [1, 2], [0, 3], [3, 1], [1, 4]],
        index=places(11),
        columns=["x", "y"],
    )
    found = decode(printed(counts, {"x": 3.0, "y": 2.0}), ["x", "y"])
    assert found.ambiguous.query("place == 'p004'")[["x", "y"]].to_numpy().tolist() == [[0, 3], [2, 0]]
    assert found.counts.loc["p004"].isna().all()
    assert found.counts.loc["p000"].tolist() == [1, 0]


def test_universities_and_institutes_without_being_told(table, known):
    found = decode(table["A2"], ["universities", "institutes"])
    assert not found.labelled
    assert found.steps["step"].tolist() == pytest.approx([2.6037, 1.917], abs=6e-4)
    assert found.counts.notna().all(axis=None)
    assert found.counts.loc["london"].tolist() == [5, 3]
    assert found.tried["evidence"].iloc[0] > found.tried["evidence"].iloc[1] + 10
    told = decode(table["A2"], ["universities", "institutes"], known=known)
    assert told.labelled
    assert len(told.anchors) == 8
    assert told.anchors["agrees"].all()
    pd.testing.assert_frame_equal(told.counts, found.counts)


def test_known_counts_turn_the_names(table, known):
    found = decode(table["A2"], ["institutes", "universities"], known=known)
    assert found.counts.loc["london", ["universities", "institutes"]].tolist() == [5, 3]
    assert found.steps.loc["institutes", "step"] == pytest.approx(1.917, abs=6e-4)


def test_facilities_and_supercomputers_decode_but_for_one(table):
    found = decode(table["A3"], ["facilities", "supercomputers"])
    assert found.n_undecoded == 0
    assert set(found.ambiguous["place"]) == {"san-francisco-san-jose"}
    implied = 60 + found.counts.astype("float64") @ found.steps["step"]
    assert (implied - table["A3"]).abs().max() < 0.011


def test_equal_weights_of_z_leave_equal_ranges(table):
    """A step times the spread of its count is the same for both counts of a node: nothing above assumed that."""
    for node, names in (("A2", ["universities", "institutes"]), ("A3", ["facilities", "supercomputers"])):
        found = decode(table[node], names)
        nearest = found.alternatives.drop_duplicates("place").set_index("place")[names]
        spread = np.vstack([nearest.to_numpy(), np.zeros((8, 2))]).std(axis=0)
        products = spread * found.steps["step"].to_numpy()
        assert products[0] == pytest.approx(products[1], rel=0.002)


@pytest.mark.parametrize("node", ["A1", "A4"])
def test_other_scores_decode_to_nothing(table, node):
    with pytest.raises(ScoringError, match="better than chance"):
        decode(table[node], ["x", "y"])


def test_random_scores_decode_to_nothing():
    scores = pd.Series(60 + 40 * np.random.default_rng(0).random(100) ** 3, index=places(100)).round(2)
    with pytest.raises(ScoringError, match="better than chance"):
        decode(scores, ["x", "y"])


def test_order_of_places_changes_nothing(table):
    straight = decode(table["A2"], ["u", "i"])
    turned = decode(table["A2"][::-1], ["u", "i"])
    pd.testing.assert_frame_equal(turned.counts[::-1], straight.counts)


def test_messages(table):
    with pytest.raises(ScoringError, match="expected one to three counts, got 4"):
        decode(table["A2"], list("abcd"))
    with pytest.raises(ScoringError, match="2 distinct scores above 60 are too few"):
        decode(pd.Series([60.0, 61.0, 62.0]), ["x", "y"])
