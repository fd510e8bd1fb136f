"""Ranks over editions and by continent."""

import csv

import numpy as np
import pandas as pd
import pytest
from printed_index import tree

from innovation_graph._data import data_path
from innovation_graph.errors import ScoringError, UnknownNameError
from innovation_graph.index.history import movers, quartiles, rank_correlations, rank_history
from innovation_graph.index.published import Published, gihi2024, gihi2024_mini


@pytest.fixture(scope="module")
def published():
    return gihi2024()


def rows(name):
    with (data_path("gihi2024") / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_history_is_what_the_tables_print(published):
    for node, table in (("GIHI", "3"), ("A", "6"), ("B", "8"), ("C", "10")):
        history = rank_history(published, node)
        printed = [row for row in rows("tables03_06_08_10_rank_history") if row["table"] == table]
        assert history[2024].tolist() == list(range(1, 21))
        assert history[2022].tolist() == [int(row["rank_2022"]) for row in printed]
        assert list(history.columns) == [2022, 2023, 2024]


def test_movers(published):
    table = movers(published)
    assert table.index[0] == "chapel-hill-durham-raleigh"
    assert table.loc["chapel-hill-durham-raleigh", "change"] == 27 - 17
    assert table.loc["chicago-naperville-elgin", "largest_step"] == 24 - 14
    assert table.loc["seattle-tacoma-bellevue", "change"] == 11 - 15
    assert movers(published, "B").loc["abu-dhabi", "change"] == 95 - 20


def test_spearman_by_the_closed_form(published):
    table = rank_correlations(published).set_index(["node", "first", "last"])
    assert len(table) == 12
    for node, first, last in table.index:
        ranks = rank_history(published, node)
        x, y = (np.argsort(np.argsort(ranks[year])) for year in (first, last))
        if ranks[first].is_unique and ranks[last].is_unique:
            expected = 1 - 6 * ((x - y) ** 2).sum() / (20 * (20**2 - 1))
            assert table.loc[(node, first, last), "spearman"] == pytest.approx(expected)
    assert table.loc[("GIHI", 2022, 2024), "newcomers"] == 3
    assert table.loc[("GIHI", 2022, 2023), "stayed"] == 10


@pytest.mark.parametrize("node", ["GIHI", "A", "B", "C"])
def test_quartiles_count_every_place_once(published, node):
    table = quartiles(published, node)
    quarters = ["first_quarter", "second_quarter", "third_quarter", "fourth_quarter"]
    assert table[quarters].sum().tolist() == [27, 27, 27, 27]
    assert table["places"].sum() == 108
    assert (table[quarters].sum(axis=1) == table["places"]).all()


def test_quartiles_against_the_printed_list(published):
    table = quartiles(published)
    continent = published.places.set_index("name_en")["continent"].to_dict()
    printed = [(int(row["rank"]), continent[row["name_en"]]) for row in rows("table02_overall")]
    north = [rank for rank, where in printed if where == "North America"]
    assert table.loc["North America", "places"] == len(north)
    assert table.loc["North America", "first_quarter"] == sum(rank <= 27 for rank in north)
    assert table.loc["North America", "median"] == np.median(north)
    assert table.loc["North America", "lower_quartile"] == np.quantile(north, 0.25)
    assert table.loc["Asia", "not_printed"] == 7
    assert table.loc["Africa", "worst"] == 104.5


def test_messages(published):
    with pytest.raises(ScoringError, match="no ranks of earlier editions"):
        rank_history(gihi2024_mini())
    with pytest.raises(UnknownNameError, match="unknown node with a history 'A1'"):
        rank_history(published, "A1")
    with pytest.raises(UnknownNameError, match="unknown column of the place table 'planet'"):
        quartiles(published, by="planet")
    with pytest.raises(ScoringError, match="no table prints ranks of A1"):
        quartiles(published, "A1")
    places = pd.DataFrame({"continent": ["x"] * 8}, index=list("abcdefgh"))
    ranks = {"t": pd.DataFrame({"R": [1, 2]}, index=["a", "b"])}
    with pytest.raises(ScoringError, match="6 places have no printed rank of R"):
        quartiles(Published(tree(), places, {}, ranks))
