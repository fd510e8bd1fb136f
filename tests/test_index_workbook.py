"""Workbooks: read again with another library."""

import numpy as np
import openpyxl
import pandas as pd
import pytest

from innovation_graph.errors import ScoringError
from innovation_graph.index import spec, workbook
from innovation_graph.index.scoring import score


def sheet(path, name):
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(path)[name].iter_rows()]


def test_values_come_back(tmp_path):
    table = pd.DataFrame(
        {
            "name": ["北京", "a", None],
            "score": [0.1, np.nan, 1e300],
            "rank": pd.array([1, None, 3], dtype="Int64"),
            "flag": [True, False, True],
            "day": pd.to_datetime(["2024-01-31", None, "2024-02-01"]),
        },
        index=pd.Index(["x", "y", "z"], name="place_id"),
    )
    workbook.write_workbook(tmp_path / "a.xlsx", {"one": table})
    assert sheet(tmp_path / "a.xlsx", "one") == [
        ["place_id", "name", "score", "rank", "flag", "day"],
        ["x", "北京", 0.1, 1, True, "2024-01-31T00:00:00"],
        ["y", "a", None, None, False, None],
        ["z", None, 1e300, 3, True, "2024-02-01T00:00:00"],
    ]
    read = openpyxl.load_workbook(tmp_path / "a.xlsx")["one"]
    assert read.freeze_panes == "B2"
    assert read.column_dimensions["A"].width >= 8


def test_nothing_is_computed_or_linked(tmp_path):
    texts = ["=1+1", "@SUM(A1)", "+1", "-1", "{=1}", "http://a.b/c", "mailto:a@b", "a\x07b", "12"]
    path = tmp_path / "a.xlsx"
    workbook.write_workbook(path, {"one": pd.DataFrame({"=head": texts, "n": [np.inf] + [-np.inf] + [1.0] * 7})})
    cells = openpyxl.load_workbook(path)["one"]
    assert cells["B1"].value == "=head"
    assert [cells.cell(row, 2).value for row in range(2, 11)] == [*texts[:7], "a b", "12"]
    assert {cells.cell(row, 2).data_type for row in range(1, 11)} == {"s"}
    assert all(cells.cell(row, 2).hyperlink is None for row in range(1, 11))
    assert [cells.cell(row, 3).value for row in (2, 3, 4)] == ["inf", "-inf", 1]


def test_sheet_names_are_valid(tmp_path):
    names = ["a" * 40, "A" * 40, "x[1]/y:z*?\\", "'quoted'", "History", "[]", ""]
    workbook.write_workbook(tmp_path / "a.xlsx", {name: pd.DataFrame({"v": [1]}) for name in names})
    made = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    assert made == ["a" * 31, "A" * 29 + " 2", "x 1  y z", "quoted", "history_", "sheet", "sheet 2"]


def test_same_tables_same_bytes(tmp_path, monkeypatch):
    tables = {"one": pd.DataFrame({"v": [1.5, 2.5]})}
    workbook.write_workbook(tmp_path / "a.xlsx", tables, about={"index": "x"})
    later = __import__("time").time() + 86_400
    monkeypatch.setattr("time.time", lambda: later)
    workbook.write_workbook(tmp_path / "b.xlsx", tables, about={"index": "x"})
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_synthetic_is_marked_everywhere(tmp_path):
    workbook.write_workbook(
        tmp_path / "a.xlsx", {"one": pd.DataFrame({"v": [1]}), "two": pd.DataFrame()}, synthetic=True
    )
    assert sheet(tmp_path / "a.xlsx", "about")[1][0] == "SYNTHETIC DATA"
    assert sheet(tmp_path / "a.xlsx", "one") == [["index", "v", "synthetic_data"], [0, 1, "yes"]]
    workbook.write_workbook(tmp_path / "b.xlsx", {"one": pd.DataFrame({"v": [1]})})
    assert openpyxl.load_workbook(tmp_path / "b.xlsx").sheetnames == ["one"]


def test_about_lists_sheets_and_notes(tmp_path):
    workbook.write_workbook(tmp_path / "a.xlsx", {"one": pd.DataFrame({"v": [1, 2]})}, about={"notes": ["p", "q"]})
    assert sheet(tmp_path / "a.xlsx", "about")[1:] == [["notes", "p"], ["notes", "q"], ["sheet one", "one: 2 rows"]]


def test_all_tables_of_scores(tmp_path):
    made = spec.IndexSpec(
        "i", (spec.Node("R", "Root"),), (spec.Indicator("a", "=A", "R"), spec.Indicator("b", "B", "R"))
    )
    scores = score(made, pd.DataFrame({"a": [1.0, 2, 4], "b": [3.0, 1, 0]}, index=["x", "y", "z"]))
    names = pd.DataFrame({"name_en": ["X", "Y", "Z"]}, index=["x", "y", "z"])
    tables = workbook.score_tables(scores, names=names)
    workbook.write_workbook(tmp_path / "a.xlsx", tables)
    rows = sheet(tmp_path / "a.xlsx", "scores")
    assert rows[0] == ["index", "name_en", "R", "R_rank", "imputed"]
    assert [row[0] for row in rows[1:]] == scores.table().index.tolist()
    assert rows[1][2] == pytest.approx(scores.scores["R"].max(), rel=1e-15)
    assert sheet(tmp_path / "a.xlsx", "weights")[1:] == [["R", "a", 0.5], ["R", "b", 0.5]]
    assert set(tables) == {
        "scores",
        *(f"step_{step}" for step in scores.steps),
        "imputed",
        "weights",
        "treatment",
        "definition",
    }


def test_failures_leave_nothing(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"old")
    with pytest.raises(ScoringError, match=r"ends in \.xlsx"):
        workbook.write_workbook(tmp_path / "a.csv", {"one": pd.DataFrame()})
    with pytest.raises(ScoringError, match="no table"):
        workbook.write_workbook(tmp_path / "a.xlsx", {})
    with pytest.raises(ScoringError, match="1,048,576 rows"):
        workbook.write_workbook(tmp_path / "a.xlsx", {"one": pd.DataFrame({"v": np.zeros(1_048_576)})})
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]
    assert (tmp_path / "a.xlsx").read_bytes() == b"old"
