from itertools import pairwise, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innovation_graph.communities import leiden
from innovation_graph.errors import NetworkError, RecipeError
from innovation_graph.flows import align, flows, persistence
from tests.zoo import build, clique

few = settings(max_examples=30)  # each example makes a dozen tables


def labelled(text, places=None):
    """Read labels such as "1122", or "11-2" where the third place is absent."""
    labels = {place: int(label) for place, label in zip(places or "abcdefghijkl", text, strict=False) if label != "-"}
    return pd.Series(labels, dtype="int64")


@st.composite
def years(draw, least=1, largest=4, labels=3):
    """Draw labels of up to 7 places at some times; 0 means that the place is absent."""
    n = draw(st.integers(0, 7))
    times = draw(st.integers(least, largest))
    rows = draw(st.lists(st.lists(st.integers(0, labels), min_size=n, max_size=n), min_size=times, max_size=times))
    return {str(2000 + year): labelled("".join(map(str, row)).replace("0", "-")) for year, row in enumerate(rows)}


# Numbers over time


@few
@given(years())
def test_aligned_labels_are_the_same_divisions(labels):
    aligned = align(labels)
    assert list(aligned) == list(labels)
    for time, now in labels.items():
        assert aligned[time].index.tolist() == now.index.tolist()
        both = pd.DataFrame({"before": now, "after": aligned[time]}).drop_duplicates()
        assert both["before"].is_unique
        assert both["after"].is_unique
    first = next(iter(labels))
    assert aligned[first].tolist() == labels[first].tolist()


@few
@given(years(least=2, largest=2))
def test_as_many_places_keep_their_number_as_any_matching_allows(labels):
    old, new = labels.values()
    aligned = align(labels)
    common = old.index.intersection(new.index)
    kept = (old[common] == list(aligned.values())[1][common]).sum()
    mine, theirs = sorted(set(new)), [*sorted(set(old)), *[None] * len(set(new))]
    scores = []
    for order in set(permutations(theirs, len(mine))):
        match = dict(zip(mine, order, strict=True))
        scores.append(sum(match[new[place]] == old[place] for place in common))
    assert kept == max(scores, default=0)


@few
@given(years(), st.randoms(use_true_random=False))
def test_numbers_and_order_within_a_time_do_not_matter(labels, random):
    aligned = align(labels)
    changed = {}
    for number, (time, now) in enumerate(labels.items()):
        shuffled = now.iloc[random.sample(range(len(now)), len(now))]
        changed[time] = shuffled if number == 0 else shuffled + 40  # keeps the order of the numbers
    for time, other in align(changed).items():
        assert other[aligned[time].index].tolist() == aligned[time].tolist()


def aligned_texts(*texts, **options):
    found = align({str(year): labelled(text) for year, text in enumerate(texts)}, **options)
    return ["".join(map(str, labels)) for labels in found.values()]


def test_splits_joins_births_and_deaths():
    assert aligned_texts("1111122", "2222211") == ["1111122", "1111122"]
    # 2 + 2 places in common are more than 3 + 0.
    assert aligned_texts("1111122", "1122222") == ["1111122", "1122222"]
    assert aligned_texts("11111222", "11333222") == ["11111222", "33111222"]  # the larger part keeps the number
    assert aligned_texts("11111222", "11111111") == ["11111222", "11111111"]  # the larger one's number stays
    assert aligned_texts("111222", "111222333") == ["111222", "111222333"]
    # A number that is gone does not come back, and new ones rise above all there were.
    assert aligned_texts("1122", "1111", "1122", "1123") == ["1122", "1111", "1133", "1134"]


def test_of_equally_many_places_the_more_alike_community_decides():
    # Both parts of the first community have two of its places; one of them has a place of another as well.
    assert aligned_texts("1111333", "1122133") == ["1111333", "4411433"]
    assert aligned_texts("1111333", "2211233") == ["1111333", "4411433"]


def test_absent_places_count_where_they_were_last():
    found = align({"1": labelled("1122"), "2": labelled("11--"), "3": labelled("2211")})
    assert found["2"].to_dict() == {"a": 1, "b": 1}
    assert found["3"].tolist() == [1, 1, 2, 2]
    # New places have no say: c and d are new, so that e alone decides.
    found = align({"1": labelled("11--2"), "2": labelled("11222")})
    assert found["2"].tolist() == [1, 1, 2, 2, 2]


def test_a_missing_label_is_an_absent_place():
    later = pd.Series([2, None, 1, 1], index=list("abcd"))
    found = align({"1": labelled("1122"), "2": later})
    assert found["2"].to_dict() == {"a": 1, "c": 2, "d": 2}


def test_too_little_in_common_makes_a_new_number():
    texts = ("111112222", "111111111", "111111112")
    assert aligned_texts(*texts) == ["111112222", "111111111", "111111113"]
    assert aligned_texts(*texts, minimum=5 / 9) == ["111112222", "111111111", "111111113"]
    assert aligned_texts(*texts, minimum=0.6) == ["111112222", "333333333", "333333334"]


def test_partitions_of_networks():
    ring = build(15, [*clique(range(5)), *clique(range(5, 10)), *clique(range(10, 15)), (0, 5), (5, 10)])
    moved = build(15, [*clique(range(4)), *clique(range(4, 10)), *clique(range(10, 15)), (0, 5), (5, 10)])
    found = align({"2014": leiden(ring), "2024": leiden(moved)})
    assert found["2024"].tolist() == [1] * 4 + [2] * 6 + [3] * 5
    assert found["2024"].name == "community"
    assert found["2024"].index.equals(ring.ids)


def test_align_refuses():
    with pytest.raises(NetworkError, match="at least one time"):
        align({})
    with pytest.raises(RecipeError, match="minimum must lie between 0 and 1, not 2"):
        align({"1": labelled("11")}, minimum=2)
    for wrong in (
        pd.Series(["x"], index=["a"]),
        pd.Series([1.5], index=["a"]),
        pd.Series([0], index=["a"]),
        pd.Series([np.inf], ["a"]),
    ):
        with pytest.raises(NetworkError, match="2014: labels must be whole numbers from 1 on, not "):
            align({"2014": wrong})
    with pytest.raises(NetworkError, match="2014: the partition has several labels for 'a'"):
        align({"2014": pd.Series([1, 1], index=["a", "a"])})
    with pytest.raises(NetworkError, match="2014: the partition must be a Partition or a Series"):
        align({"2014": [1, 2]})


# Flows


@few
@given(years(least=2))
def test_flows_by_counting(labels):
    table = flows(labels)
    assert list(table.columns) == ["time_from", "time_to", "community_from", "community_to", "places"]
    rows = table.astype(object).where(table.notna(), None).to_numpy().tolist()
    expected = {}
    for (before, old), (after, new) in pairwise(labels.items()):
        for place in set(old.index) | set(new.index):
            key = (before, after, old.get(place), new.get(place))
            expected[key] = expected.get(key, 0) + 1
    assert {tuple(row[:4]): row[4] for row in rows} == expected
    assert len(rows) == len(expected)


def test_flows_in_order_with_strengths():
    labels = {"1": labelled("1122"), "2": labelled("121-3")}
    strengths = {"1": pd.Series([4, 3, 2, 1.0], list("abcd")), "2": pd.Series([10, 20, 30, 0, 50.0], list("abcde"))}
    expected = pd.DataFrame(
        {
            "time_from": "1",
            "time_to": "2",
            "community_from": pd.array([1, 1, 2, 2, None], dtype="Int64"),
            "community_to": pd.array([1, 2, 1, None, 3], dtype="Int64"),
            "places": [1, 1, 1, 1, 1],
            "strength_from": [4, 3, 2, 1.0, 0],
            "strength_to": [10, 20, 30, 0, 50.0],
        }
    )
    pd.testing.assert_frame_equal(flows(labels, strengths=strengths), expected, check_dtype=False)
    shuffled = {time: one.iloc[::-1] for time, one in labels.items()}
    pd.testing.assert_frame_equal(flows(shuffled, strengths=strengths), expected, check_dtype=False)


@few
@given(years(least=2))
def test_all_places_and_all_strength_of_each_time_are_in_the_flows(labels):
    rng = np.random.default_rng(0)
    strengths = {time: pd.Series(rng.random(7), index=list("abcdefg")) for time in labels}
    table = flows(labels, strengths=strengths)
    times = list(labels)
    for before, after in pairwise(times):
        step = table[table["time_from"] == before]
        assert step.loc[step["community_from"].notna(), "places"].sum() == len(labels[before])
        assert step.loc[step["community_to"].notna(), "places"].sum() == len(labels[after])
        assert step["strength_from"].sum() == pytest.approx(strengths[before][labels[before].index].sum())
        assert step["strength_to"].sum() == pytest.approx(strengths[after][labels[after].index].sum())


def test_flows_of_one_time_are_none():
    assert flows({"1": labelled("12")}).empty
    assert list(flows({}).columns) == ["time_from", "time_to", "community_from", "community_to", "places"]


def test_flows_refuse():
    labels = {"1": labelled("12"), "2": labelled("12")}
    with pytest.raises(NetworkError, match="no strengths at 2; they are there for 1"):
        flows(labels, strengths={"1": pd.Series([1, 2], list("ab"))})
    with pytest.raises(NetworkError, match="1: 'b' has several strengths"):
        flows(labels, strengths={"1": pd.Series([1, 2, 3], list("abb"))})
    with pytest.raises(NetworkError, match="1: 'b' has no strength"):
        flows(labels, strengths={"1": pd.Series([1], ["a"])})


# Persistence


@few
@given(years())
def test_persistence_by_following_each_place(labels):
    table = persistence(labels)
    assert list(table.columns) == ["times", "moves", "stayed", "main", "main_share"]
    ids = list(dict.fromkeys(place for now in labels.values() for place in now.index))
    assert table.index.tolist() == ids
    for place in ids:
        path = [now[place] for now in labels.values() if place in now.index]
        moves = sum(a != b for a, b in pairwise(path))
        main = max(dict.fromkeys(path), key=path.count)
        row = table.loc[place]
        assert (row["times"], row["moves"], row["main"]) == (len(path), moves, main)
        assert row["main_share"] == path.count(main) / len(path)
        if len(path) > 1:
            assert row["stayed"] == pytest.approx(1 - moves / (len(path) - 1))
        else:
            assert np.isnan(row["stayed"])


def test_persistence_of_nothing_is_empty():
    assert persistence({}).empty
    assert persistence({"1": pd.Series(dtype="int64")}).empty
