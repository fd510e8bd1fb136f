"""Templates: out, filled in, and in again; every kind of mistake named."""

import codecs

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innovation_graph.errors import FormatError, ScoringError
from innovation_graph.index import spec, template

PLACES = pd.DataFrame(
    {
        "name_en": ["Beijing", "Boston", "=Cairo", "Paris", "São Paulo", "Zürich"],
        "name_zh": ["北京", "波士顿", *[None] * 4],
    },
    index=pd.Index(["beijing", "boston", "cairo", "paris", "sao-paulo", "zurich"], name="place_id"),
)
SPEC = spec.IndexSpec(
    "small",
    (spec.Node("R", "Root"),),
    (
        spec.Indicator(
            "01",
            "Papers, highly cited; all",
            "R",
            unit="count",
            year="2023",
            source="somewhere",
            network=("papers", "degree"),
        ),
        spec.Indicator("02", "Growth", "R", unit="percent"),
        spec.Indicator("B1", "Waiting time", "R", unit="years", direction=-1),
    ),
)
ROWS = ["12,1.5,3", "0,-2,0.25", "5,.5,1e1", "7,0,2", "8,3.25,4.", "9,,1"]


def blank(places=PLACES):
    return template.template(SPEC, places)


EVERY_CELL = "a value in every cell"


def write(path, rows=ROWS, *, encoding="utf-8-sig", head="place_id,01: Papers,02: Growth,B1: Waiting time"):
    lines = [head, *(f"{place},{row}" for place, row in zip(PLACES.index, rows, strict=False))]
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def problems(path, rows=ROWS, severity="error", **how):
    table = template.check_filled(write(path, rows, **how), SPEC, PLACES)
    return table[(table["severity"] == severity) & (table["expected"] != EVERY_CELL)]


def with_cell(place, column, text):
    rows = [row.split(",") for row in ROWS]
    rows[list(PLACES.index).index(place)][["01", "02", "B1"].index(column)] = text
    return [",".join(row) for row in rows]


def test_template_says_what_is_wanted():
    table = blank()
    assert table["place_id"].tolist() == ["# definition", "# unit", "# years", "# source", "# direction", *PLACES.index]
    assert table["01: Papers, highly cited; all"][:5].tolist() == [
        "",
        "count",
        "2023",
        "somewhere",
        "more is better",
    ]
    assert table["B1: Waiting time"][4] == "less is better"
    assert table["name_zh"][5:7].tolist() == ["北京", "波士顿"]
    assert (table.iloc[5:, 3:] == "").all(axis=None)


def test_packaged_definitions_have_templates():
    for name in spec.names():
        made = spec.read_spec(name)
        table = template.template(made)
        assert len(table) == 5 + 120
        assert [title.split(":")[0] for title in table.columns[3:]] == made.codes


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@settings(max_examples=10, deadline=None)
@given(
    numbers=st.lists(
        st.floats(0, 1e6, allow_subnormal=False).map(lambda x: float(f"{x:.12g}")), min_size=18, max_size=18
    )
)
def test_what_is_filled_in_comes_back(tmp_path_factory, suffix, numbers):
    path = tmp_path_factory.mktemp("filled") / f"a{suffix}"
    table = blank()
    cells = np.array(numbers).reshape(6, 3)
    cells[:, 0] = np.arange(6)
    cells[0] += 1  # no column is the same everywhere
    table.iloc[5:, 3:] = [[repr(float(value)) for value in row] for row in cells]
    if (cells[:, 1:] == cells[0, 1:]).all(axis=0).any():
        return
    template.write_template(table, path)
    if suffix == ".xlsx":  # a spreadsheet would hold numbers
        book = openpyxl.load_workbook(path)
        for row, values in enumerate(cells, start=7):
            for column, value in enumerate(values, start=4):
                book["indicators"].cell(row, column).value = value
        book.save(path)
    read = template.read_filled(path, SPEC, PLACES)
    assert read.columns.tolist() == ["01", "02", "B1"]
    pd.testing.assert_frame_equal(read, pd.DataFrame(cells, index=PLACES.index, columns=SPEC.codes), rtol=1e-12)


def test_csv_is_written_for_spreadsheets(tmp_path):
    template.write_template(blank(), tmp_path / "a.csv")
    raw = (tmp_path / "a.csv").read_bytes()
    assert raw.startswith(codecs.BOM_UTF8)
    assert b"'=Cairo" in raw
    assert template.template_csv(blank()).encode() == raw
    template.write_template(blank(), tmp_path / "a.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx")["indicators"]["B9"]
    assert (cell.value, cell.data_type) == ("=Cairo", "s")
    with pytest.raises(ScoringError, match=r"a \.csv or an \.xlsx"):
        template.write_template(blank(), tmp_path / "a.txt")


def test_values_are_read_in_any_order_and_empty_is_missing(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("place_id,B1,02,name_en,1\nboston,3,,x,4\n\nparis,5,6,y,7\nbeijing,,,z,\n", encoding="utf-8")
    read = template.read_filled(path, SPEC, PLACES)
    expected = pd.DataFrame(
        {"01": [4.0, 7], "02": [np.nan, 6], "B1": [3.0, 5]}, index=pd.Index(["boston", "paris"], name="place_id")
    )
    pd.testing.assert_frame_equal(read, expected)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(tmp_path, delimiter):
    path = tmp_path / "a.csv"
    text = "\n".join(["place_id,01: Papers,02,B1", *(f"{p},{r}" for p, r in zip(PLACES.index, ROWS, strict=True))])
    path.write_text(text.replace(",", delimiter), encoding="utf-8")
    assert template.read_filled(path, SPEC, PLACES)["01"].tolist() == [12, 0, 5, 7, 8, 9]


def test_a_sound_table_has_no_problems_but_empty_cells(tmp_path):
    found = template.check_filled(write(tmp_path / "a.csv"), SPEC, PLACES)
    assert found[["severity", "expected", "got"]].to_numpy().tolist() == [
        ["warning", EVERY_CELL, "1 empty cells in 1 columns"]
    ]
    full = [row.replace(",,", ",4,") for row in ROWS]
    assert template.check_filled(write(tmp_path / "b.csv", full), SPEC, PLACES).empty


def test_places_are_those_of_the_file_unless_the_definition_names_them(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("place_id,name_en,area,01,02,B1\nAT,Austria,84,1,2,3\nBE,,31,4,5,6\n", encoding="utf-8")
    places = template.place_table(path, SPEC)
    assert places.index.tolist() == ["AT", "BE"]
    assert places["name_en"].isna().tolist() == [False, True]
    assert template.read_filled(path, SPEC)["B1"].tolist() == [3.0, 6.0]
    assert len(template.place_table(path, spec.read_spec("gihi2024"))) == 120
    with pytest.raises(ScoringError, match="gihi2024"):
        template.template(SPEC.replace(places="gihi2023"))


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ('"1,5"', "write 1.5"),
        ('"1,234"', "is it 1234, or 1.234"),
        ('"1,234.5"', "write 1234.5"),
        ('"1,234,567"', "write 1234567"),
        ("1 234", "write 1234"),
        ("1\u00a0234", "write 1234"),
        ("12%", "write 12.5 for 12.5 percent"),
        ("N/A", "empty it"),
        ("about 5", "without words"),
        ("1e999", "exponent"),
    ],
)
def test_cells_that_are_no_numbers(tmp_path, text, advice):
    found = problems(tmp_path / "a.csv", with_cell("cairo", "02", text))
    assert found[["row", "column", "place"]].to_numpy().tolist() == [[4, "02", "cairo"]]
    assert advice in found["advice"].iloc[0]
    assert text.strip('"')[:3] in found["got"].iloc[0].replace("\\xa0", "\u00a0")
    with pytest.raises(FormatError, match="line 4: expected"):
        template.read_filled(tmp_path / "a.csv", SPEC, PLACES)


def test_all_problems_at_once(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "place_id,name_en,01: Papers,02: Growth,Other\n"
        "beijing,Beijing,-3,x,\n"
        "Boston,Boston,4,1,\n"
        "beijing,Beijing,5,2,\n"
        "paris,Paris,5.5,2,\n"
        "atlantis,Atlantis,1,1,\n",
        encoding="utf-8",
    )
    found = template.check_filled(path, SPEC, PLACES)
    assert list(found) == list(template.PROBLEM_COLUMNS)
    errors = found[found["severity"] == "error"]
    assert [tuple(row) for row in errors[["row", "column", "place"]].astype(object).fillna("").to_numpy()] == [
        (1, "B1", ""),
        (2, "02", "beijing"),
        (2, "01", "beijing"),
        (3, "place_id", "Boston"),
        (4, "place_id", "beijing"),
        (6, "place_id", "atlantis"),
    ]
    assert errors["advice"].str.contains("did you mean 'boston'").any()
    warned = found[found["severity"] == "warning"]
    assert warned.set_index("expected")["got"]["a row for every place"] == "no row of boston and 3 more"
    assert "Other" in warned["column"].tolist()
    assert (warned["expected"] == "whole numbers (count)").any()
    with pytest.raises(FormatError, match="5 more errors"):
        template.read_filled(path, SPEC, PLACES)


def test_columns_named_twice(tmp_path):
    found = problems(tmp_path / "a.csv", head="place_id,01,1,B1")
    assert found["got"].tolist() == ["two", "none"]
    assert found["column"].tolist() == ["01", "02"]


def test_constant_and_empty_columns(tmp_path):
    rows = [f"5,,{row.split(',')[2]}" for row in ROWS]
    assert problems(tmp_path / "a.csv", rows)["got"].tolist() == ["5 everywhere"]
    empty = problems(tmp_path / "a.csv", rows, "warning")
    assert empty[["column", "got"]].to_numpy().tolist() == [["02", "an empty column"]]


def test_values_in_another_unit_are_warned_of(tmp_path):
    found = problems(tmp_path / "a.csv", with_cell("paris", "01", "7000000"), "warning")
    assert found[["row", "column", "place"]].to_numpy().tolist() == [[5, "01", "paris"]]
    shares = [f"{row.split(',')[0]},0.0{number},{row.split(',')[2]}" for number, row in enumerate(ROWS)]
    found = problems(tmp_path / "a.csv", shares, "warning")
    assert found["advice"].tolist() == ["12.5 percent is written 12.5, not 0.125"]
    assert len(template.read_filled(tmp_path / "a.csv", SPEC, PLACES)) == 6


@pytest.mark.parametrize(
    ("raw", "got"),
    [
        ("place_id,01\n北京,1\n".encode("gbk"), "line 2: .*GBK"),
        ("place_id,01\nZürich,1\n".encode("cp1252"), "line 2: .*0xFC"),
        ("place_id,01\nx,1\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest", "a workbook"),
        (b"", "an empty table"),
        (b"city,01\nx,1\n", "line 1: expected place_id"),
        (b'place_id,01\n"x\0",1\n', "zero byte"),
    ],
)
def test_files_that_are_no_tables(tmp_path, raw, got):
    (tmp_path / "a.csv").write_bytes(raw)
    for read in (template.check_filled, template.read_filled):
        with pytest.raises(FormatError, match=got):
            read(tmp_path / "a.csv", SPEC, PLACES)


def test_missing_and_broken_files(tmp_path):
    with pytest.raises(FormatError, match="got nothing"):
        template.read_filled(tmp_path / "none.csv", SPEC, PLACES)
    (tmp_path / "a.xlsx").write_bytes(b"no workbook")
    with pytest.raises(FormatError):
        template.read_filled(tmp_path / "a.xlsx", SPEC, PLACES)


def test_a_sheet_of_another_name_is_read(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "mine"
    for line in ["place_id,01,02,B1", *(f"{p},{r}" for p, r in zip(PLACES.index, ROWS, strict=True))]:
        book.active.append([float(cell) if cell[:1].isdigit() and cell != "01" else cell for cell in line.split(",")])
    book.save(tmp_path / "a.xlsx")
    assert template.read_filled(tmp_path / "a.xlsx", SPEC, PLACES)["01"].tolist() == [12, 0, 5, 7, 8, 9]


def test_network_indicators():
    assert template.network_indicators(SPEC).to_dict("index") == {"01": {"network": "papers", "measure": "degree"}}
    of_gihi = template.network_indicators(spec.read_spec("gihi2024"))
    assert of_gihi.to_dict("index") == {
        "17": {"network": "papers", "measure": "eigenvector"},
        "18": {"network": "patents", "measure": "degree"},
    }
