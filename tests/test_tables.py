"""Folders of tables: what is in them, and what they replace."""

import json

import pandas as pd
import pytest

from innovation_graph._tables import write_tables

NAMED = pd.DataFrame({"value": [1.5, 2.5]}, index=pd.Index(["a", "b"], name="place_id"))


def test_files_and_head(tmp_path):
    numbered = pd.DataFrame({"x": [1], "text": ["=1+1"]})
    files = write_tables(
        tmp_path / "out", {"one": NAMED, "two": numbered}, what="trial", synthetic=True, about={"seed": 3}
    )
    assert files == ["one.csv", "two.csv"]
    assert (tmp_path / "out" / "one.csv").read_text(encoding="utf-8-sig") == (
        "place_id,value,synthetic_data\na,1.5,yes\nb,2.5,yes\n"
    )
    assert (tmp_path / "out" / "two.csv").read_text(encoding="utf-8-sig") == "x,text,synthetic_data\n1,'=1+1,yes\n"
    head = json.loads((tmp_path / "out" / "tables.json").read_text(encoding="utf-8"))
    assert {key: head[key] for key in ("what", "synthetic", "files", "seed")} == {
        "what": "trial", "synthetic": True, "files": files, "seed": 3,
    }  # fmt: skip


def test_an_earlier_folder_is_replaced_but_no_file_of_the_user(tmp_path):
    out = tmp_path / "out"
    write_tables(out, {"one": NAMED, "two": NAMED}, what="trial")
    write_tables(out, {"two": NAMED}, what="trial")
    assert sorted(path.name for path in out.iterdir()) == ["tables.json", "two.csv"]
    (out / "mine.csv").write_text("x", encoding="utf-8")
    with pytest.raises(FileExistsError, match=r"holds mine\.csv"):
        write_tables(out, {"one": NAMED}, what="trial")
    assert (out / "two.csv").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.csv").write_text("x", encoding="utf-8")
    with pytest.raises(FileExistsError, match=r"tables\.json"):
        write_tables(other, {"one": NAMED}, what="trial")
