"""Changes between editions: closed forms, an independent mean over orders, and sums that come out."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innovation_graph.errors import ScoringError
from innovation_graph.index import editions, normalisation, spec
from innovation_graph.index.scoring import score


def small(weights=(2.0, 1.0, 1.0), codes="abc", **changes):
    made = spec.IndexSpec(
        name="small",
        nodes=(spec.Node("R", "Root"),),
        indicators=tuple(spec.Indicator(code, code, "R", weight=w) for code, w in zip(codes, weights, strict=True)),
        normalisation=spec.Normalisation("minmax", low=1, high=2),
    )
    return made.replace(**changes)


def values(places="uvwxyz", seed=0, columns="abc"):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.lognormal(size=(len(places), len(columns))), index=list(places), columns=list(columns))


def assert_adds_up(made, *, screened=False):
    table = made.table
    np.testing.assert_allclose(table["after"] - table["before"], table["change"], atol=1e-10)
    np.testing.assert_allclose(table[list(editions.EFFECTS)].sum(axis=1), table["change"], atol=1e-9)
    np.testing.assert_allclose(made.indicators.sum(axis=1), table["data"], atol=1e-9)
    assert (editions.SCREENING in made.indicators) == screened


def test_only_data():
    before, after = score(small(), values()), score(small(), values(seed=1))
    made = editions.change(before, after)
    assert_adds_up(made)
    np.testing.assert_allclose(made.table[["method", "sample"]], 0, atol=1e-12)
    gained = after.steps["normalised"] - before.steps["normalised"]
    np.testing.assert_allclose(made.indicators, gained * [0.5, 0.25, 0.25], atol=1e-12)
    assert made.only.empty
    assert made.notes == ()


def test_only_method():
    table = values()
    before, after = score(small(), table), score(small((1.0, 1.0, 2.0)), table)
    made = editions.change(before, after)
    assert_adds_up(made)
    np.testing.assert_allclose(made.table["method"], after.scores["R"] - before.scores["R"])
    np.testing.assert_allclose(made.table[["data", "sample"]], 0, atol=1e-12)
    np.testing.assert_allclose(made.indicators, 0, atol=1e-12)


def test_only_sample():
    table = values()
    before, after = score(small(), table.iloc[:-1]), score(small(), table.iloc[1:])
    made = editions.change(before, after)
    assert_adds_up(made)
    np.testing.assert_allclose(made.table["sample"], made.table["change"])
    np.testing.assert_allclose(made.table[["data", "method"]], 0, atol=1e-12)
    assert made.table.index.tolist() == list("vwxy")
    assert made.only["edition"].to_dict() == {"u": "before", "z": "after"}
    assert made.only["score"]["u"] == before.scores["R"]["u"]
    assert made.only["rank"]["z"] == after.ranks["R"]["z"]


def test_weights_times_values_are_halved_between_data_and_method():
    """With anchors the score is sum w z: data w-bar dz, method z-bar dw, no sample; written out by hand."""
    old, new = values(), values(seed=1)
    base = normalisation.anchors(old)
    before = score(small((2.0, 1.0, 1.0)), old, anchors=base)
    after = score(small((1.0, 1.0, 2.0)), new.iloc[1:], anchors=base)
    made = editions.change(before, after)
    z0 = 1 + (old - base["minimum"]) / (base["maximum"] - base["minimum"])
    z1 = 1 + (new - base["minimum"]) / (base["maximum"] - base["minimum"])
    w0, w1 = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.25, 0.5])
    places = list("vwxyz")
    np.testing.assert_allclose(made.indicators, ((z1 - z0) * (w0 + w1) / 2).loc[places], atol=1e-12)
    np.testing.assert_allclose(made.table["method"], ((z1 + z0) / 2 * (w1 - w0)).sum(axis=1)[places], atol=1e-12)
    np.testing.assert_allclose(made.table["sample"], 0, atol=1e-12)
    assert_adds_up(made)


def test_effects_are_the_mean_over_the_orders():
    """Scored from scratch for each of the six orders; one place comes, one goes, z-scores, rescaled."""
    method = {
        0: small(normalisation=spec.Normalisation("z"), rescaling=spec.Rescaling(60, 100)),
        1: small((1.0, 3.0, 1.0), normalisation=spec.Normalisation("z"), rescaling=spec.Rescaling(60, 100)),
    }
    data = {0: values("uvwxy"), 1: values("vwxyz", seed=1)}

    def root(d, m, p):
        table = data[d].reindex(list("uvwxyz"))
        table.loc["u"], table.loc["z"] = data[0].loc["u"], data[1].loc["z"]
        return score(method[m], table.loc[data[p].index]).scores["R"].loc[list("vwxy")]

    expected = dict.fromkeys(editions.EFFECTS, 0.0)
    for order in permutations(range(3)):
        state = [0, 0, 0]
        for factor in order:
            was = root(*state)
            state[factor] = 1
            expected[editions.EFFECTS[factor]] = expected[editions.EFFECTS[factor]] + (root(*state) - was) / 6
    made = editions.change(score(method[0], data[0]), score(method[1], data[1]))
    for name in editions.EFFECTS:
        np.testing.assert_allclose(made.table[name], expected[name], atol=1e-10)
    assert_adds_up(made)
    assert any("mapped onto a range" in note for note in made.notes)


@settings(max_examples=5, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    method=st.sampled_from(["arithmetic", "geometric", "owa", "copeland"]),
    weighting=st.sampled_from(["given", "critic", "bod"]),
    rescaled=st.booleans(),
)
def test_effects_always_add_up(seed, method, weighting, rescaled):
    changes = {"weighting": spec.Weighting(weighting), "aggregation": spec.Aggregation(method, owa=(2.0, 1.0))}
    changes |= {"rescaling": spec.Rescaling(0, 100)} if rescaled else {}
    before = score(small(), values("tuvwxy", seed=seed))
    after = score(small((1.0, 2.0, 3.0), **changes), values("uvwxyz", seed=seed + 1))
    made = editions.change(before, after)
    assert_adds_up(made)
    assert (editions.WEIGHTS in made.indicators) == (weighting != "given")
    back = editions.change(after, before)
    np.testing.assert_allclose(back.table["method"], -made.table["method"], atol=1e-9)


def test_new_anchors_are_method():
    table = values()
    base = normalisation.anchors(table)
    wider = base.assign(maximum=base["maximum"] * 2)
    before, after = (score(small(), table, anchors=anchors) for anchors in (base, wider))
    made = editions.change(before, after)
    assert_adds_up(made)
    np.testing.assert_allclose(made.table["method"], made.table["change"])
    assert made.table["change"].abs().max() > 0.1


def test_new_indicator_is_method():
    table = values(columns="abcd")
    before = score(small(), table[list("abc")])
    after = score(small((2.0, 1.0, 1.0, 4.0), "abcd"), table)
    made = editions.change(before, after)
    assert_adds_up(made)
    np.testing.assert_allclose(made.table["method"], made.table["change"])
    assert made.notes == ("indicators only after: d",)


def test_twelve_indicators_are_split_exactly_where_they_are_a_sum():
    codes = "abcdefghijkl"
    wide = small((1.0,) * 12, codes)
    before, after = (score(wide, values(seed=seed, columns=codes)) for seed in (0, 1))
    made = editions.change(before, after)
    expected = (after.steps["normalised"] - before.steps["normalised"]) / 12
    np.testing.assert_allclose(made.indicators, expected, atol=1e-12)
    mapped = [score(wide.replace(rescaling=spec.Rescaling(0, 1)), values(seed=seed, columns=codes)) for seed in (0, 1)]
    assert_adds_up(editions.change(*mapped))


def test_a_place_may_change_its_group():
    old, new = values("stuvwxyz"), values("stuvwxyz", seed=1)
    tiers = [pd.DataFrame({"tier": list(kinds)}, index=old.index) for kinds in ("aaaabbbb", "aaaaabbb")]
    before, after = (
        score(small(apart="tier"), data, places=places) for data, places in zip((old, new), tiers, strict=True)
    )
    made = editions.change(before, after)
    assert_adds_up(made)
    assert made.table["sample"].abs().max() > 0.01


def test_screened_places_are_stated():
    old, new = values(), values(seed=1)
    old.loc["u"] = 10.0
    new.loc["u", ["a", "b"]] = np.nan
    screened = small(screening=spec.Screening(0.6), rescaling=spec.Rescaling(0, 1))
    made = editions.change(score(screened, old), score(screened, new))
    assert_adds_up(made, screened=True)
    assert made.only["edition"].to_dict() == {"u": "before"}


def test_missing_values_leave_the_split_open():
    old, new = values(), values(seed=1)
    new.loc["u", "a"] = np.nan
    made = editions.change(score(small(), old), score(small(), new))
    assert made.table.loc["u", "data"] is not None
    assert np.isnan(made.table.loc["u", "data"])
    assert made.table["data"].isna().sum() == 1
    assert any(note.startswith("u: ") for note in made.notes)


def test_denominators_are_data():
    table = values()
    sizes = [pd.DataFrame({"people": range(start, start + 6)}, index=table.index) for start in (1, 3)]
    per = small().replace(indicators=(*small().indicators[:2], spec.Indicator("c", "c", "R", denominator="people")))
    before, after = (score(per, table, denominators=size) for size in sizes)
    made = editions.change(before, after)
    assert_adds_up(made)
    np.testing.assert_allclose(made.table["data"], made.table["change"])
    np.testing.assert_allclose(made.indicators[["a", "b"]], 0, atol=1e-12)


def test_over_several_editions():
    three = {str(2022 + seed): score(small(), values(seed=seed)) for seed in range(3)}
    table = editions.over_editions(three)
    assert table[["from", "to"]].drop_duplicates().to_numpy().tolist() == [["2022", "2023"], ["2023", "2024"]]
    total = table.groupby("place_id")["change"].sum()
    np.testing.assert_allclose(total, (three["2024"].scores["R"] - three["2022"].scores["R"])[total.index])
    with pytest.raises(ScoringError, match="two editions or more, got 1"):
        editions.over_editions({"2022": three["2022"]})


def test_errors_say_which_mixture():
    with pytest.raises(ScoringError, match="no place has a score in both"):
        editions.change(score(small(), values("abc")), score(small(), values("xyz")))
    old, new = values(), values(seed=1)
    old["a"], new["a"] = new["a"], [1.0, 1, 1, 1, 1, 2]
    after = score(small(), new)
    before = score(small(), old.iloc[:-1])
    with pytest.raises(ScoringError, match=r"new data, old method, old places: indicator a"):
        editions.change(before, after)
